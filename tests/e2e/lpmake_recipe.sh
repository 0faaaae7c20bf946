#!/bin/sh
# Recipes: what they mean, their errors with line and column, their canonical form, the depfile, and the rules of arm64lp(7) in a sample project.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/making/lib.sh"
AS=${CROSS_CC%gcc}as
have "$AS" || skip_all "no assembler for AArch64"
made_app static
mv app-static app
"$CROSS_CC" $SECTIONS -c -o fix.o fix.c
mkdir src
cp fix.o src/beside.o
# Two blanks, tabs, CRLF and odd order: all the same.
printf '# A recipe.\n\nname full\nversion   2\nsummary  check() and others # not a comment of the head\n\nmode\tquiesce deadline 5s\nobject app\n  check=ret   77   # always\nother = asm "mov w0, #5; ret"\r\ncounted = replace from fix.o\nname_of=replace from beside.o:name_of\n\ncalc = asm {\n  mov w0, #3\n1:  sub w0, w0, #1     // counts\n\tcbnz w0, 1b\n  mov w0, #9\nret\n}\n' >src/full.lps
lpmake -t app -o full.lpatch src/full.lps 2>err && ok "made" || not_ok "made"
note <err
is "$(head -n 5 full.lpatch)" "$(printf 'lpatch 1\nname      full\nversion   2\nsummary   check() and others\nmode      quiesce deadline 5s')" "its head"
run_patched full.lpatch ./app >got
is "$(sed -n '/^check/p; /^name/p; /^counted/p; /^calc/p; /^other/p' got | tr '\n' ' ')" "check 77 name nil counted 20 calc 9 other 5 " "what it does"
lpmake -t app - <src/full.lps >stdin.lpatch 2>err
is "$?" 1 "from standard input, an object beside the recipe is not found"
like "$(cat err)" '^lpmake: standard input:12:17: .*beside.o' "  said with its place"
cp src/beside.o .
lpmake -t app - <src/full.lps >stdin.lpatch 2>err && sed 's/^digest.*//' full.lpatch | cmp -s - "$scratch/x" 2>/dev/null
same stdin.lpatch full.lpatch "standard input gives the same"
lpmake -t app src/full.lps -o mixed.lpatch 'app.c:'"$(awk '/return 2 \* clamp/ { print NR }' app.c)"'=nop' 2>/dev/null && ok "a recipe and a change" || not_ok "a recipe and a change"
printf 'check = nop\n' >plain.lps
like "$(lpmake -t app plain.lps)" '^name      plain$' "a patch without a name has the recipe's"
like "$(lpmake -t app --meta name=other plain.lps)" '^name      other$' "or the one of --meta"
printf 'object *\noptional\ncheck = nop\n' >opt.lps
like "$(lpmake -t app opt.lps | tr '\n' ' ')" 'object    \* build-id .* optional ' "object and optional"

# ---- errors: all of them, each with its place ----
cat >bad.lps <<'E2'
name      bad name
check = frob
  chekc = nop
nonsense
other = asm "mov w0, #5
calc = word 0xffffffff
check+0x2 = nop
other = replace from missing.o
counted = asm {
    mov w0, #1
    movv w0, #2
    ret
}
object    nobody
colour    red
check = ret 1 2
app.c:99999 = nop
E2
lpmake -t app -o bad.lpatch bad.lps 2>err
is "$? $(ls bad.lpatch 2>/dev/null)" "1 " "nothing is written"
sed -n 's/^lpmake: bad.lps:\([0-9]*:[0-9]*\): .*/\1/p' err | tr '\n' ' ' >places
is "$(cat places)" "1:11 2:9 3:3 4:1 5:13 7:1 8:17 11:1 14:11 15:1 16:13 17:1 " "line and column of each error"
like "$(cat err)" 'bad.lps:11:1: asm: unknown mnemonic' "the assembler's line is the recipe's"
like "$(cat err)" 'did you mean check' "a near name"
printf 'check = ret 1\ncheck = nop\n' >twice.lps
lpmake -t app twice.lps >out 2>err
is "$?" 1 "two changes of one place"
like "$(cat err)" '^lpmake: twice.lps:2:1: .*overlaps the one in twice.lps:1$' "  both are named"
printf 'name a\nmode  whenever\ncheck = nop\nname b\n' >head.lps
lpmake -t app --meta version=1 head.lps >out 2>err
is "$(cat err)" "lpmake: head.lps:2:7: meta \`mode\`: quiesce, lazy or now is expected
lpmake: hint: see lpatch(5)
lpmake: head.lps:4:1: meta \`name\`: \`name\` again, it is in head.lps:1 already" "a line of the head again, and a value that is none: places of the recipe"
printf 'check = nop\nmode now\n' >mode.lps
lpmake -t app --mode lazy mode.lps >out 2>err
like "$(cat err)" '^lpmake: mode.lps:2:1: .*it is given already: mode lazy$' "  or what the command line says"
printf 'check = 0x2\n' | lpmake -t app - >out 2>err
like "$(cat err)" '^lpmake: hint: `word 0x...` puts .* `ret 0x2` makes a function return this' "a number is no change, and what is meant by it"
printf 'limit = word 0x2\n' | lpmake -t app - >out 2>err
like "$(cat err)" '^lpmake: hint: `limit` is data, which is changed by `set`' "nor has a variable words"
printf 'calc = word 0xffffffff\n' >word.lps
lpmake -t app word.lps >out 2>err
like "$(cat err)" '^lpmake: word.lps:1:1: .*no valid A64 instruction' "a word that is none"
printf 'calc = asm {\n nop\n' >open.lps
lpmake -t app open.lps >out 2>err
like "$(cat err)" '^lpmake: open.lps:1:1: .*without a line' "a block without an end"
printf 'check = nop\n\377\n' >utf.lps
lpmake -t app utf.lps >out 2>err
like "$(cat err)" '^lpmake: utf.lps:2:1: .*UTF-8' "no UTF-8"

# ---- canonical form ----
lpmake --fmt src/full.lps >fmt.lps
cat >want <<'E2'
# A recipe.

name      full
version   2
summary   check() and others  # not a comment of the head

mode      quiesce deadline 5s
object    app
check = ret 77  # always
other = asm "mov w0, #5; ret"
counted = replace from fix.o
name_of = replace from beside.o:name_of

calc = asm {
    mov w0, #3
    1:  sub w0, w0, #1     // counts
    cbnz w0, 1b
    mov w0, #9
    ret
}
E2
same fmt.lps want "--fmt"
lpmake --fmt - <fmt.lps >again && same again fmt.lps "--fmt of that changes nothing"
printf 'calc=asm{\nnop\n}\ncheck  =  asm  {   # why\nnop\n}\n' >brace.lps
is "$(lpmake --fmt brace.lps)" "calc = asm {
    nop
}
check = asm {  # why
    nop
}" "--fmt: a brace right behind the word"
lpmake -t app brace.lps >brace.lpatch && ok "  which is a block, too" || not_ok "  which is a block, too"
lpmake -t app -o fmt.lpatch --meta name=full fmt.lps 2>/dev/null
lpmake -t app fmt.lps >fmt.lpatch && same fmt.lpatch full.lpatch "and means the same"
lpmake --fmt -o full.again full.lpatch && same full.again full.lpatch "--fmt of a patch"
sed 's/ret 77/ret 78/' full.lpatch >edited.lpatch
lpmake --fmt bad.lps >out 2>err
is "$? $(wc -c <out)" "1 0" "--fmt of what is no recipe"

# ---- the depfile ----
mkdir 'a b'
cp src/full.lps 'a b/r$1.lps'
lpmake -q -t app -o 'out put.lpatch' -M dep.d 'a b/r$1.lps' || not_ok "depfile"
is "$(cat dep.d)" "$(printf 'out\\ put.lpatch: app a\\ b/r$$1.lps fix.o beside.o\napp:\na\\ b/r$$1.lps:\nfix.o:\nbeside.o:')" "the depfile"
is "$(printf 'include dep.d\nall:\n' | make -s -f - -q 'out put.lpatch' 2>&1; echo $?)" 0 "make understands it"

# ---- the rules of arm64lp(7) ----
if ! command -v make >/dev/null; then skip "the rules of arm64lp(7)" "no make"; tap_done; fi
mkdir project
cp app.c fix.c project
printf 'object    app\nparse = replace from fix.o\ncheck = ret 5\n' >project/fix.lps
sed -n '/^\.Bd -literal -offset indent make$/d; /^APP = app$/,/^\.Ed$/p' "$srcdir/man/arm64lp.7" | sed '/^\.Ed$/d; s/^\\&//; s/\\e/\\/g' >project/Makefile
grep -q lpmake project/Makefile || not_ok "arm64lp(7) has rules"
cd project || exit 1
m() { make CROSS_CC="$CROSS_CC" "$@" >log 2>&1 || { not_ok "make $*"; note <log; }; }
m
out=$(run_patched fix.lpatch ./app)
like "$out" '^parse 10247$\|^parse 92' "make: the patched program"
is "$(make CROSS_CC="$CROSS_CC" -q; echo $?)" 0 "make: nothing to do again"
for f in fix.lps fix.c app.c; do
    sleep 1
    touch $f
    m -n
    like "$(cat log)" "lpmake" "make: $f is a prerequisite"
    m
done
rm fix.lps
sleep 0.1 # for make, what is written in the same tick of the clock is as old
printf 'check = ret 6\n' >fix.lps
m
like "$(run_patched fix.lpatch ./app)" '^check 6$' "make: a new recipe"
rm fix.o fix.c
m
ok "make: an object that is not needed any more is not missed"
cd ..
tap_done
