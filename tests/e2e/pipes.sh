#!/bin/sh
# The tools in pipelines: standard input and output, exit statuses, full disks, same bytes for same input.
. "$srcdir/tests/lib.sh"
need_cross
cd "$scratch" || exit 1
printf 'int limit = 3;\n__attribute__((noinline)) int check(int v) { __asm__ volatile(""); return v < limit; }\n__attribute__((noinline,used)) int yes(void) { __asm__ volatile(""); return 1; }\nint main(void) { return check(5); }\n' >app.c
arm64_cc app app.c -O2 -g || { not_ok "compile"; tap_done; }
status()
{
    name=$1 want=$2
    shift 2
    "$@" >out 2>err </dev/null
    have=$?
    is "$have" "$want" "$name: exit status"
    [ "$have" = "$want" ] || note <err
}
status "lpmake to standard output" 0 lpmake -t app 'check=ret 1'
like "$(head -n 1 out)" '^lpatch 1$' "which is a patch"
lpmake -t app 'check=ret 1' >again
same out again "same input, same bytes"
status "lpmake -o" 0 lpmake -t app -o p.lpatch 'check=ret 1'
cmp -s p.lpatch again && ok "-o writes the same" || not_ok "-o writes the same"
status "lprun with it" 1 lprun --no-control -P p.lpatch ./app
# -o that names what is read: nothing is lost.
cp app own && ln -s own link && cp p.lpatch own.lpatch && printf 'check = nop\n' >own.lps
echo 'int check(int a) { return a; }' | "$CROSS_CC" -O2 -c -o own.o -x c - && cp own.o kept.o && printf 'check = replace from own.o\n' >own2.lps
for command in 'lpmake -t own -M own -o p check=nop' 'lpmake -t app -M own.lps -o p own.lps' 'lpmake -t app -M ./own.o -o p own2.lps' 'lpmake -t app -o own.o own2.lps' \
    'lpapply -o own.lpatch app own.lpatch' 'lpapply -l -o own own' 'lprun --no-control -D own ./own' 'lprun --no-control -D own.lpatch -P own.lpatch ./app'; do
    case $command in lprun*) want=125 ;; *) want=2 ;; esac
    status "$command" $want $command
    like "$(cat err)" "which is read: it would be lost" "  said so"
done
for p in new ./new "$PWD/new"; do status "lpmake -M new -o $p" 2 lpmake -t app -M new -o "$p" check=nop; done
[ ! -e new ] && ok "and writes neither" || not_ok "and writes neither"
same own.o kept.o "and the object is as it was"
for command in 'lpmake -t own -o own check=nop' 'lpmake -t own -o link check=nop' 'lpmake -t app -o own.lps own.lps' 'lpdis -o own own' 'lpdis -o own.lpatch -P own.lpatch app' 'lpdiff -o own own app'; do
    status "$command" 2 $command
    like "$(cat err)" "which is read: it would be lost" "  said so"
done
cmp app own && cmp p.lpatch own.lpatch && is "$(cat own.lps)" "check = nop" "all are as they were"
status "lpmake --fmt -o in the place" 0 lpmake --fmt -o own.lps own.lps
status "an empty patch, as a command that failed leaves it" 2 lpapply -o patched app -
like "$(cat err)" 'empty' "it says so"
[ ! -e patched ] && ok "and writes nothing" || not_ok "and writes nothing"
for empty in '' '\n\n' ' # nothing\n'; do
    printf "$empty" >empty
    for command in 'lpmake -t app -' 'lpmake -t app --from-seed' 'lpmake --redigest' 'lpmake --fmt' 'lpdis -' 'lpdis -P - app' 'lpapply -n app -' 'lprun --no-control -P - ./app'; do
        case $command/$empty in 'lpmake --fmt/'*nothing*) continue ;; esac
        $command >out 2>err <empty
        is "$(($? > 0)) $(grep -c 'standard input: .*\(it is empty\|there is no change\)' err)" "1 1" "$command, standard input '$empty': says that it is empty"
    done
done
status "lpmake: nothing but a head" 1 sh -c 'echo version 2 | lpmake -t app -'
like "$(cat err)" 'no change' "it says so"
status "lpdiff of an empty file" 2 sh -c ': >empty; lpdiff app empty'
like "$(cat err)" 'empty: it is empty' "it says so"
status "lpmake: unknown symbol" 1 lpmake -t app 'chekc=nop'
like "$(cat err)" 'chekc' "named"
like "$(cat err)" 'check' "with the near name"
status "a patch where an ELF file is expected" 2 lpdiff p.lpatch app
like "$(cat err)" 'p.lpatch: it is a patch, not an ELF file' "it says so"
lpdis --symbol mian app >out 2>err
is "$? $(wc -c <out)" "2 0" "lpdis: no title above an error"
# A name that is nearly one is a mistake in typing: every tool that takes one says which it is.
{ sed '/^@/,$d' p.lpatch; printf '@ mian\n- 00000000\n+ d503201f\nend\n'; } >typo.lpatch
printf 'int check(int v) { return v; }\n' >fix.c && arm64_cc fix.o fix.c -O1 -c
for command in 'lpmake -t app mian=nop' 'lpdis --symbol mian app' 'lpdiff --symbol mian app app' 'lpdiff --map mian=main app app' \
    'lpapply -n app typo.lpatch' 'lprun --no-control -P typo.lpatch ./app'; do
    $command >out 2>err
    is "$(($? > 0)) $(grep -c 'hint: did you mean main?$' err)" "1 1" "$command"
done
status "a function of an object file" 1 lpmake -t app 'check=replace from fix.o:chekc'
like "$(cat err)" 'hint: did you mean check?$' "the near name"
status "lpmake: out of range" 1 lpmake -t app 'check+0x4000000=nop'
status "lpmake: misaligned" 1 lpmake -t app 'check+0x2=nop'
status "lpmake: unknown change" 1 lpmake -t app 'check=frob'
status "lpmake: branch to nowhere" 1 lpmake -t app 'check=b nowhere'
for value in 010 +1 0x 0x+1 1k 18446744073709551616 -- -; do status "lpmake: ret $value" 1 lpmake -t app "check=ret $value"; done
for value in 0 10 -1 0xffff000000000000; do status "lpmake: ret $value" 0 lpmake -t app "check=ret $value"; done
status "lpmake: word" 0 lpmake -t app 'check=word 0x52800020'
status "lpmake: not a word" 1 lpmake -t app 'check=word 0x00000001'
status "lpmake: missing target" 2 lpmake -t none 'check=nop'
status "lpmake: target is text" 2 lpmake -t app.c 'check=nop'
status "lpmake: no change" 2 lpmake -t app
status "lpmake: full disk" 2 sh -c 'lpmake -t app check=nop >/dev/full'
status "lpmake: read-only folder" 2 lpmake -t app -o /proc/x.lpatch 'check=nop'
is "$(ls -A | grep -c '^\.arm64lp')" 0 "no temporary file is left"
status "lpdis" 0 lpdis app
grep -q '<check>:' out && ok "lpdis names functions" || not_ok "lpdis names functions"
status "lpdis --symbol" 0 lpdis --symbol check app
n=$(wc -l <out)
[ "$n" -lt 30 ] && ok "lpdis --symbol shows one function" || not_ok "lpdis --symbol shows one function"
status "lpdis -P" 0 lpdis -P p.lpatch --symbol check app
grep -q '^-' out && grep -q '^+' out && ok "lpdis -P shows both" || { not_ok "lpdis -P shows both"; note <out; }
is "$(lpmake -t app 'check=ret 1' | lpdis -P - --symbol check app | grep -c '^+')" "$(grep -c '^+' out)" "lpmake | lpdis -P -"
status "lpdis -w" 0 lpdis -w d503201f 0x8b020020
like "$(cat out)" 'nop' "lpdis -w: nop"
like "$(cat out)" 'add.*x0, x1, x2' "lpdis -w: add"
status "lpdis of a patch" 0 lpdis p.lpatch
status "lpdis of standard input" 0 sh -c 'lpdis - <app'
status "lpdis: full disk" 2 sh -c 'lpdis app >/dev/full'
status "lpdis: closed pipe" 0 sh -c 'lpdis app | head -n 1 >/dev/null'
status "lpdis: not an ELF" 2 lpdis app.c
status "lpdis: missing" 2 lpdis none
lpdis --json app >json
if command -v python3 >/dev/null; then
    python3 -c 'import json,sys
for l in sys.stdin: json.loads(l)' <json 2>err && ok "--json is JSON, line by line" || { not_ok "--json is JSON"; note <err; }
fi
# Against objdump, word for word: same addresses, same words.
if command -v aarch64-linux-gnu-objdump >/dev/null; then
    aarch64-linux-gnu-objdump -d -j .text app | sed -n 's/^ *\([0-9a-f]*\):	\([0-9a-f]\{8\}\) .*/\1 \2/p' >want
    lpdis -j .text --json app | sed -n 's/.*"address":"0x0*\([0-9a-f]*\)".*"word":"\(0x\)\{0,1\}\([0-9a-f]\{8\}\)".*/\1 \3/p' >have
    grep -vxFf want have | head -n 3 >diff
    is "$(cat diff)" "" "every word stands where objdump sees it"
fi
# Examples of the format that must be refused, each with its line.
for text in 'lpatch 2' 'lpatch 1\nobject x\n' 'lpatch 1\nfrob 1\n' 'add 1234' '+10 d503201f' '400000 123456789'; do
    printf "$text\n" >bad.lpatch
    lpdis bad.lpatch >out 2>err
    is "$?" 2 "refused: $(printf "$text" | tr '\n' '|')"
    like "$(cat err)" 'bad.lpatch:[0-9]' "with its line"
done

# ---- options that do nothing together are refused, and nothing is written ----
while read -r text; read -r command; do
    $command >out 2>err </dev/null
    is "$(($? > 0)) $(wc -c <out) $(grep -c "^${command%% *}: $text. Try" err)" "1 0 1" "$command: $text"
done <<'E2'
-d does not go with --coverage
lpdis --coverage -d
--strict does not go with --rows
lpdis --rows --strict
-l does not go with -w
lpdis -w -l d503201f
-j does not go with a patch
lpdis -j .text -o never p.lpatch
-j is given twice
lpdis -j .text -j .plt app
--stop-address is not above --start-address
lpdis --start-address 8 --stop-address 8 app
--mode does not go with --fmt
lpmake --fmt --mode now p.lpatch
-M does not go with --from-seed
lpmake -t app --from-seed -M never p.lpatch
one file at a time
lpmake -t app --from-seed p.lpatch p.lpatch
-t is given twice
lpmake -t app -t app check=nop
-s is for the exit status alone: it excludes -o, --summary and --why
lpdiff -s -o never app app
the patch and the list cannot both go to standard output
lpdiff --summary -o - app app
-N does not go with -R of a file
lpapply -R -N app
-n does not go with -l
lpapply -l -n app
-N does not go with --install
lpapply --install -N p.lpatch
--json does not go with --uninstall
lpapply --uninstall --json p.lpatch
-S does not go with --syscalls
lprun -S --syscalls
--trial goes with -P
lprun --trial 3s ./app
--read-only-control and --no-control exclude each other
lprun --no-control --read-only-control ./app
E2
lpdis -w -o never xyz 2>err
is "$? $(ls -A | grep -c 'never\|^\.arm64lp')" "2 0" "no file is left"
lpapply -q -o other app p.lpatch
lpdiff --summary -o both.lpatch app other >out
is "$? $(grep -c '^changed  *check' out) $(lprun --no-control -P both.lpatch ./app; echo $?)" "1 1 1" "lpdiff --summary -o: the list, and the patch"

# ---- what the streams may be like: each tool, each time ----
lpapply -q -o new app p.lpatch
lpdiff --exit-zero -o d.lpatch app new
lpmake --redigest d.lpatch >once
lpmake --redigest once >twice
is "$(head -n -2 once | cmp - d.lpatch && tail -n 1 once | cut -c1-16)" "digest    sha256" "lpmake --redigest adds a digest"
is "$(lpmake --fmt once | cmp - twice && cmp once twice && echo same)" same "that is right, and no second one"
for line in 'digest sha256 00' digest "$(printf 'digest\tmd5 1')"; do
    { head -n -1 once; printf '%s\n' "$line"; } | lpmake --redigest >again
    same again once "lpmake --redigest: instead of \`$line\`"
done
# lprun's exit status for trouble is 125
# unwritten NAME REASON: err, from $command, names the stream or file, the reason and what to do
unwritten()
{
    is "$status $(grep -c "^${command%% *}: $1: cannot write: $2\$" err) $(grep -c "^${command%% *}: hint: " err)" "$trouble 1 1" "  $3"
}
for command in 'lpmake -t app check=ret' 'lpdis app' 'lpdis --json app' 'lpdis --coverage' 'lpdis --rows' 'lpdis p.lpatch' 'lpdis -P p.lpatch app' 'lpdis -w d503201f' 'lpdiff --exit-zero app new' \
    'lpdiff --exit-zero --why app new' 'lpapply -o - app p.lpatch' 'lpapply -l new' 'lpmake --fmt p.lpatch' 'lprun --help' 'lprun --syscalls' 'lprun --version' 'lprun --cpu help'; do
    case $command in lprun*) trouble=125 ;; *) trouble=2 ;; esac
    $command >first 2>err </dev/null && $command >second 2>err </dev/null
    is "$? $(cmp first second && [ -s first ] && echo same)" "0 same" "$command: the same bytes again"
    $command >third 2>err <&-
    is "$? $(cmp first third && echo same)" "0 same" "  standard input closed"
    $command >/dev/full 2>err
    status=$? unwritten "standard output" "No space left on device" "a full disk"
    $command 2>err >&-
    status=$? unwritten "standard output" "Bad file descriptor" "standard output closed"
    (trap '' PIPE; $command 2>err; echo $? >status) | true
    case $(cat status)/$(grep -c 'standard output' err) in 0/0 | $trouble/1) ok "  a reader that has gone, SIGPIPE ignored" ;; *) not_ok "  a reader that has gone, SIGPIPE ignored"; note <err ;; esac
done
# A file system without space: what was there stays, and nothing is beside it.
mkdir full
cat >full.sh <<'S'
mount -t tmpfs -o size=64k none full && echo before >full/there && ! cat /dev/zero >full/zeros 2>/dev/null && touch full/empty || exit 77
S
as_root=
[ "$(id -u)" = 0 ] || as_root=-r
trouble=2
for command in 'lpmake -t app check=ret' 'lpdis app' 'lpdis p.lpatch' 'lpdiff --exit-zero app new' 'lpapply app p.lpatch'; do
    tool=${command%% *}
    { cat full.sh; echo "$tool -o full/there ${command#* } 2>err; echo \$? \$(cat full/there) \$(ls -A full) >status"; } >here.sh
    unshare $as_root -m sh here.sh 2>/dev/null || { skip "$tool -o, a full disk" "no mount of a tmpfs here"; continue; }
    is "$(cut -d ' ' -f 2- status)" "before empty there zeros" "$command, -o on a full disk: nothing was changed"
    status=$(cut -d ' ' -f 1 status) unwritten full/there "No space left on device" "said so"
done
# What to do is advised by what is wrong.
# advised HINT COMMAND...
advised()
{
    want=$1
    shift
    "$@" >/dev/null 2>err
    like "$(cat err)" "hint: $want" "$*: $want"
    is "$(grep -c "^${1}: hint: " err)" 1 "  nothing else"
}
mkdir folder
advised 'name a file in it' lpdis folder
advised 'name a file in it' lpdis -o folder app
advised 'name a file in it' lpmake -t app folder
advised 'name a file in it' lpapply app folder
advised 'name a file in it' lpdiff folder app
advised 'name a file in it' lprun -P folder ./app
advised 'a part of the path is a file' lpdis app/x
advised 'check the path' lpdis -o none/x app
lpdis - >out 2>err <&-
like "$(cat err)" 'hint: it is closed' "lpdis of a closed standard input"
# Files get none of the descriptors that are closed, so that messages do not go into them.
lpmake -t app -o closed.lpatch 'check=ret 1' <&- >&- 2>&-
is "$? $(cmp closed.lpatch p.lpatch && echo same)" "0 same" "lpmake -o, all three closed"
lpapply -o closed app p.lpatch <&- >&- 2>&-
is "$? $(cmp closed new && echo same)" "0 same" "lpapply -o, all three closed"
lpdis app >text && lpdis -o closed.txt app <&- >&- 2>&-
is "$? $(cmp closed.txt text && echo same)" "0 same" "lpdis -o, all three closed"
lpdiff --exit-zero -o closed.d app new <&- >&- 2>&-
is "$? $(cmp closed.d d.lpatch && echo same)" "0 same" "lpdiff -o, all three closed"
lprun --no-control -P p.lpatch ./app <&- >&- 2>&-
is "$?" 1 "lprun, all three closed"
# `-` for each operand that may be one
is "$(lpmake -t - 'check=ret 1' <app | sed 's/^object.*/object app/' | grep -v '^digest' | cksum)" "$(grep -v '^digest' p.lpatch | sed 's/^object.*/object app/' | cksum)" "lpmake -t -"
is "$(echo 'check=ret 1' | lpmake -t app - | grep -v '^name\|^digest' | cksum)" "$(grep -v '^name\|^digest' p.lpatch | cksum)" "lpmake, a recipe"
is "$(lpapply -q -o - - p.lpatch <app | cksum)" "$(cksum <new)" "lpapply, the file"
lpmake -t app --meta name=one -o named.lpatch 'check=ret 1' # else it is called as its file
is "$(lpapply -q -o - app - <named.lpatch | cksum)" "$(lpapply -q -o - app named.lpatch | cksum)" "lpapply, the patch"
is "$(lpdiff --exit-zero - new <app | grep -v '^object\|^digest' | cksum)" "$(grep -v '^object\|^digest' d.lpatch | cksum)" "lpdiff, the old file"
is "$(lpdiff --exit-zero app - <new | cksum)" "$(cksum <d.lpatch)" "lpdiff, the new file"
lpmake -t app 'check=ret 1' | lprun --no-control -P - ./app
is "$?" 1 "lprun -P -"
# A folder that cannot be written
mkdir ro && cp app p.lpatch ro && chmod 555 ro
user=
[ "$(id -u)" != 0 ] || user='setpriv --reuid 65534 --regid 65534 --clear-groups'
chmod 755 .
if ${user:-env} sh -c '[ -r ro/app ] && ! [ -w ro ]' 2>/dev/null && ${user:-env} "$(command -v lpdis)" --version >/dev/null 2>&1; then
    for command in 'lpapply app p.lpatch' 'lpapply -o x app p.lpatch' 'lpmake -t app -o x check=ret' 'lpdis -o x app'; do
        (cd ro && $user $command) >out 2>err
        is "$? $(grep -c 'cannot create a temporary file beside it: Permission denied' err)" "2 1" "$command: a read-only folder"
    done
    is "$(ls -A ro | tr '\n' ' ')$(cmp app ro/app)" "app p.lpatch " "  nothing was changed there"
else
    skip "a read-only folder" "no other user to try it as"
fi
chmod 755 ro
tap_done
