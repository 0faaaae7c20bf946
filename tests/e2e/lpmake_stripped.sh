#!/bin/sh
# lpmake and lpdis of stripped programs: functions that call frame information alone knows, by their addresses, and names that a recipe gives.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/making/lib.sh"
cat >app.c <<'C'
#include <stdio.h>
int total = 5;
__attribute__((noipa)) int twice(int a) { return 2 * a; }
__attribute__((noipa)) int work(int a) { int b = twice(a) + 1; total += b; return b; }
__attribute__((noipa)) int tiny(void) { return 4; }
int main(void) { for (int i = 0; i < 2; i++) printf("work %d ", work(i)), printf("tiny %d total %d\n", tiny(), total); return 0; }
C
printf 'int twice(int a); extern int total; static int calls;\nint other(int a) { total += ++calls; return twice(twice(a)) + 100; }\n' | object fix
CROSS=${CROSS_CC%gcc}
at() { "${CROSS}nm" full | sed -n "s/^0*\([0-9a-f]*\) [A-Za-z] $1\$/0x\1/p"; }
for how in -no-pie\ -static -pie; do
    "$CROSS_CC" $STANDARD -mbranch-protection=bti $how -o full app.c && "${CROSS}strip" -o app full || not_ok "compile"
    work=$(at work) twice=$(at twice) total=$(at total) tiny=$(at tiny)
    printf 'symbol twice %s\nsymbol\ttotal   %s  # a variable\n%s = replace from fix.o:other\n' "$twice" "$total" "$work" >fix.lps
    lpmake -t app -o fix.lpatch fix.lps 2>err && ok "$how: a function by its address, from C" || { not_ok "$how: made"; note <err; }
    is "$(run_patched fix.lpatch ./app | tr '\n' ' ')" "work 100 tiny 4 total 6 work 104 tiny 4 total 8 " "  it does what it says"
    is "$(cat err)" "" "  without a warning"
    size=$("${CROSS}nm" -S full | sed -n 's/^[0-9a-f]* 0*\([0-9a-f]*\) T work$/\1/p')
    like "$(cat fix.lpatch)" "^old size $((0x$size)) " "  the whole function is what it expects"
    lpapply -q -o patched app fix.lpatch && is "$(run_lprun ./patched | tr '\n' ' ')" "work 100 tiny 4 total 6 work 104 tiny 4 total 8 " "  in the file, too"
    lpapply -q -R -o back patched fix.lpatch && same back app "  and reverted"
    printf 'symbol twice %s\ntwice+0x4 = word 0x52800020\n%s = asm "bti c; b twice"\n' "$twice" "$work" | lpmake -q -t app - >sites.lpatch
    is "$(run_patched sites.lpatch ./app | head -n 1)" "work 1 tiny 4 total 5" "  a given name is a place, and an operand of assembly"
    lpmake -q -t app "$tiny=ret 7" | lpapply -q -o ret app - && is "$(run_lprun ./ret | head -n 1)" "work 1 tiny 7 total 6" "  ret"
    refused app "and does not go on into the next function" "needs [0-9]* words, $tiny has 3 left" "$tiny=ret 0x123456789abcdef0"
    refused app "an address inside of one is no function" "the start of a function; this is inside of $work" "$(printf '0x%x' $((work + 4)))=replace from fix.o:other"
    refused app "the object's function has to be named" '`replace from FILE:SYMBOL` says which' "$work=replace from fix.o"
    lpmake -t app "$work=replace from fix.o:other" >out 2>err
    like "$(cat err)" '`symbol NAME 0xADDRESS` in a recipe says where' "  a name that is missing: what to do"
    # lpdis: where functions begin
    lpdis app >app.dis
    like "$(cat app.dis)" "<$work>:\$" "  lpdis has heads for them"
    is "$(lpdis --tsv --start-address "$work" app | cut -f 8 | grep -c "^$work\$")" "$((0x$size / 4))" "  which end where they end"
    lpdis -q --symbol "$work" app >one.dis
    is "$(grep -c . one.dis)" "$((0x$size / 4 + 1))" "  --symbol takes such a name"
    lpdis -q --symbol "$(printf '0x%x' $((work + 8)))" app >two.dis && same two.dis one.dis "  or any address in it"
    lpdis -q --symbol "$(printf '0x%x' $((work + 8)))" full >three.dis
    like "$(cat three.dis)" '<work>:$' "  also of a function that has a symbol"
    is "$(grep -v '>:' three.dis | cut -f 1-2)" "$(grep -v '>:' one.dis | cut -f 1-2)" "  which is the same one"
done
"$CROSS_CC" $STANDARD -mbranch-protection=bti -Wl,-z,force-bti -o full app.c 2>/dev/null && "${CROSS}strip" -o guarded full || not_ok "compile"
like "$(lpmake -t guarded "$(at tiny)=ret 7")" '^+ d503245f *; bti c' "the landing pad of a guarded entry stays"
# What is compiled with _FORTIFY_SOURCE imports other names.
printf '#include <stdio.h>\n__attribute__((noipa)) void say(int a) { printf("%%d\\n", a); }\nint main(int c, char **v) { say(c); return 0; }\n' >chk.c
"$CROSS_CC" $STANDARD -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -o chk chk.c || not_ok "compile"
printf '#include <stdio.h>\nvoid say(int a) { printf("%%d!\\n", a); }\n' >new.c
"$CROSS_CC" $SECTIONS -U_FORTIFY_SOURCE -c -o new.o new.c && lpmake -L /nowhere -t chk -o x.lpatch 'say=replace from new.o' 2>err
like "$? $(cat err)" '^0 .*`printf` is neither .* its checked form, as what is compiled with -O2 -D_FORTIFY_SOURCE=2 does$' "an import of the other kind: what to do"
"$CROSS_CC" $SECTIONS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -c -o new.o new.c && lpmake -t chk -o x.lpatch 'say=replace from new.o' 2>err
is "$? $(cat err) $(run_patched x.lpatch ./chk)" "0  1!" "  which helps"
# ---- who is inside of a function without a name ----
printf '#include <unistd.h>\nint main(void) { write(1, "ready\\n", 6); pause(); return 0; }\n' >wait.c
echo 'int main(void) { return 3; }' | object main
"$CROSS_CC" $STANDARD -no-pie -o full wait.c && "${CROSS}strip" -o waits full && lpmake -t waits -o main.lpatch "$(at main)=replace from main.o:main" || not_ok "compile"
timeout 60 lprun -c "$scratch/sock" -L "$sysroot" ./waits >served 2>&1 &
children="$children $!"
wait_for 60 grep -q ready served
wait_for 60 lpapply -c sock -l
status=0
lpapply -c sock --deadline 300ms main.lpatch 2>err || status=$?
like "$status $(cat err)" "^5 .*is in waits:0x[0-9a-f]* (.* < waits:0x" "a thread in a function without a name: where in the file it is"
# ---- the statement ----
printf 'symbol    twice 0x%x  # it is\nsymbol NAME\nsymbol twice 0x10 x\nsymbol twice %s\nsymbol a:b %s\nsymbol there 0x7fffffff0000\nsymbol odd 0x%x\nsymbol 0x12\nsymbol = nop\n' \
    $((twice)) "$twice" "$twice" $((twice + 2)) >bad.lps
lpmake -t app bad.lps >out 2>err
is "$(sed -n 's/^lpmake: bad.lps:\([0-9:]*\): .*/\1/p' err | tr '\n' ' ')" "2:12 3:18 4:8 5:8 6:8 7:8 8:12 9:1 " "what is wrong with a symbol line has its place"
like "$(cat err)" '^lpmake: bad.lps:4:8: `twice` has an address already$' "  given twice"
printf 'symbol main %s\nmain = nop\n' "$(at main)" >has.lps
refused full "a name that the target has" 'has.lps:1:8: the target has a `main`' has.lps
is "$(sed -n '1,2p' fix.lps | lpmake --fmt -)" "symbol    twice $twice
symbol    total $total  # a variable" "its canonical form"
tap_done
