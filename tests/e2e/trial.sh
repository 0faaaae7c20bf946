#!/bin/sh
# Patches on trial: what crashes is reverted, and run again as it was where nobody can have seen what it did; other deaths are deaths.
. "$srcdir/tests/lib.sh"
source=scenes/trial.c
. "$srcdir/tests/e2e/driven.sh"

# func FUNCTION LINE...: a func block for $prog; a line is an instruction or, after a bar, one of the format
func()
{
    echo "func $1 size $((4 * ($# - 1)))"
    old_of "$prog" "$1"
    shift
    for line; do
        case $line in
        '|'*) echo "$line" ;;
        *) echo "$line" | tool as -o one.o - && tool objdump -d one.o | awk '/^ +0:/ { print "| " $2 }' ;;
        esac
    done
    echo end
}
# patch NAME FUNCTION LINE...
patch() { name=$1; shift; { head_of "$prog" "$name"; func "$@"; } >"$name.lpatch"; }
# try NAME [OPTION...]: apply it on trial
try() { name=$1; shift; run "$name: on trial" 0 lpapply -c sock --trial 60s "$@" "$name.lpatch"; }
# again NAME ORDER ANSWER WHERE: the order crashes in NAME.lpatch, which goes, and the answer is the old function's
again()
{
    try "$1"
    is "$(say "$2")" "$3" "$1: run again as it was"
    like "$(tail -n 1 err)" "^lprun: patch .$1' failed its trial: $4: reverted, and run again as it was\$" "$1: it is said"
    is "$(names)" "" "$1: reverted"
    is "$(say "$2")" "$3" "$1: and it is gone"
}
# dies NAME ORDER STATUS [PATTERN]: the program, with that status; what it says last matches, or is nothing. (A signal may have ended it before it reads.)
dies()
{
    (trap '' PIPE; echo "$2" >&9) 2>/dev/null
    exec 9>&-
    wait "$pid" 2>/dev/null
    is "$?" "$3" "$1: the program ends as it would have"
    if [ $# = 4 ]; then like "$(tail -n 1 err)" "$4" "$1: the patch is named"; else is "$(cat err)" "" "$1: no patch is named"; fi
}
# death NAME ORDER STATUS WHERE: what NAME.lpatch has done cannot be taken back
death()
{
    start "$prog"
    try "$1"
    dies "$1" "$2" "$3" "^lprun: patch .$1' failed its trial: $4: reverted; the program ends, for what was done cannot be taken back\$"
}

build trial -static -no-pie || { not_ok "compile"; tap_done; }
null='mov x1, #0' load='ldr w0, [x1]'

# ---- run again ----
start trial
patch leaf work "$null" "$load" ret
again leaf 'work 5' 'work 11' 'SIGSEGV in [a-z]*:*work+0x4'
patch frame work 'stp x29, x30, [sp, #-48]!' 'mov x29, sp' 'stp q0, q1, [sp, #16]' 'movi v8.16b, #3' 'mov x19, #7' 'sub sp, sp, #4096' 'str x0, [sp]' \
    'mov x2, sp' 'ldxr x3, [x2]' 'stxr w4, x3, [x2]' 'mov x0, #0' '| 94000000 call26 load' 'add sp, sp, #4096' 'ldp x29, x30, [sp], #48' ret
again frame 'work 6' 'work 13' 'SIGSEGV in load'
patch tail work 'mov x0, #0' '| 14000000 jump26 load'
again tail 'work 6' 'work 13' 'SIGSEGV in load'
patch undefined work 'mov x0, #9' 'hlt #1'
again undefined 'work 1' 'work 3' 'SIGILL in [a-z]*:*work+0x4'
patch trap work 'brk #1000' ret
again trap 'work 1' 'work 3' 'SIGTRAP in [a-z]*:*work'
patch wild work 'mov x1, #16' 'br x1'
again wild 'work 1' 'work 3' 'SIGSEGV in 0x10'
patch odd work 'mov x1, #2' 'br x1'
again odd 'work 1' 'work 3' 'SIGBUS in 0x2'
patch inner work "$null" "$load" ret
again inner 'other 5' 'other 33' 'SIGSEGV in [a-z]*:*work+0x4'
patch recursion work 'stp x29, x30, [sp, #-32]!' 'mov x29, sp' 'str x0, [sp, #16]' 'subs w0, w0, #1' 'b.mi .+16' '| 94000000 call26 work' \
    'ldp x29, x30, [sp], #32' ret "$null" "$load"
again recursion 'work 5' 'work 11' 'SIGSEGV in [a-z]*:*work+0x24'
{ head_of trial site; echo "@ work+0x$(printf %x "$(offset trial work '"nop"')")"; printf -- '- d503201f\n+ d2800001\n- d503201f\n+ b9400021\nend\n'; } >site.lpatch
again site 'work 5' 'work 11' 'SIGSEGV in [a-z]*:*work+0x.*'
{ head_of trial page; echo "@ alone+0x$(printf %x "$(offset trial alone '"nop"')")"; printf -- '- d503201f\n+ d2800001\n- d503201f\n+ b9400021\nend\n'; } >page.lpatch
try page
is "$(say 'move 5')" "moved 25" "page: a page that the program has moved"
is "$(names)" "" "page: reverted there"
run "journal" 0 lpapply -c sock --journal --tsv
is "$(awk -F '\t' '$3 == "failed" { print $4 }' run | tr '\n' ' ')" "leaf frame tail undefined trap wild odd inner recursion site page " "the journal has them"
like "$(cat run)" 'SIGILL in [a-z]*:*work+0x4: reverted, and run again as it was' "and why"

# ---- several patches ----
patch fine other 'mov x0, #77' ret
try fine
try leaf
is "$(say 'other 1')" "other 77" "one of two is good"
is "$(say 'work 5')" "work 11" "the other one fails"
is "$(names)" "fine " "it alone is reverted"
run "revert" 0 lpapply -c sock -R
patch both other 'stp x29, x30, [sp, #-16]!' 'mov x29, sp' '| 94000000 call26 work' 'mov x0, #1' 'ldp x29, x30, [sp], #16' ret
try both
try leaf
is "$(say 'other 5')" "other 33" "one calls the other: from the entry of the outer one"
is "$(names)" "" "both were on the stack"
{ head_of trial needs 'requires  leaf'; func other 'mov x0, #77' ret; } >needs.lpatch
try leaf
run "one that requires it" 0 lpapply -c sock needs.lpatch
is "$(say 'work 5') $(names)" "work 11 " "goes with it"

# ---- not a death, not its fault, not on trial ----
try leaf -n
is "$(names)" "" "a dry run tries nothing"
is "$(say 'handle 11')" "handles 11" "a handler"
try leaf
is "$(say 'caught 5')" "caught 11" "of the program's own decides"
is "$(names)" "leaf " "and nothing is reverted"
run "list" 0 lpapply -c sock -l --json
like "$(cat run)" '"trial_ms":[56][0-9]\{4\}' "how long it is still on trial"
run "list" 0 lpapply -c sock -l
like "$(cat run)" 'leaf .*on trial for [56][0-9]\.[0-9] s' "in words"
leave
start trial
try leaf
dies "a crash elsewhere" crash 139
start trial
patch spin work 'b .'
try spin
echo 'work 1' >&9
wait_for 10 sh -c 'lpapply -c sock --places --tsv | awk -F "\t" "\$7 == 1 { exit 0 } END { exit 1 }"' || sleep 0.5
kill -SEGV "$pid"
dies "a signal from outside" bye 139
start trial
run "a short trial" 0 lpapply -c sock --trial 300ms leaf.lpatch
wait_for 10 sh -c 'lpapply -c sock --journal | grep -q passed'
run "journal" 0 lpapply -c sock --journal --tsv
like "$(cut -f 3,4 run)" 'passed	leaf' "it ends"
is "$(names)" "leaf " "and the patch stays"
run "list" 0 lpapply -c sock -l
is "$(grep -c 'on trial' run)" 0 "as any other"
dies "after the trial" 'work 1' 139
start trial
try leaf
is "$(say 'bad 1')" "bad 1" "the old function crashes too"
dies leaf 'work 1' 139 'failed its trial: .* run again as it was$'
is "$(grep -c trial err)" 1 "leaf: once is enough"
for options in '--trial 0' '--trial 5x' '-R --trial 5s'; do run "usage: $options" 2 lpapply -c sock $options leaf.lpatch; done

# ---- what cannot be taken back ----
patch global work '| 90000001 adr_prel_pg_hi21 shared' '| b9000020 ldst32_abs_lo12_nc shared' "$null" "$load" ret
death global 'work 5' 139 'SIGSEGV in [a-z]*:*work+0xc'
patch hidden work 'stp x29, x30, [sp, #-16]!' 'mov x29, sp' '| 90000001 adr_prel_pg_hi21 shared' '| b9000020 ldst32_abs_lo12_nc shared' 'mov x0, #0' \
    '| 94000000 call26 through' 'ldp x29, x30, [sp], #16' ret
death hidden 'work 5' 139 'SIGSEGV in [a-z]*:*load'
patch aborts work 'stp x29, x30, [sp, #-16]!' 'mov x29, sp' '| 94000000 call26 abort'
death aborts 'work 5' 134 'SIGABRT in .*'
patch call work 'mov x8, #172' 'svc #0' "$null" "$load" ret
death call 'work 5' 139 'SIGSEGV in [a-z]*:*work+0xc'
patch above work 'str x0, [sp, #8]' "$null" "$load" ret
death above 'work 5' 139 'SIGSEGV in [a-z]*:*work+0x8'
patch below work 'stur x0, [sp, #-8]' "$null" "$load" ret
death below 'work 5' 139 'SIGSEGV in [a-z]*:*work+0x8'
patch elsewhere work 'sub x9, sp, #4096' 'mov sp, x9' "$null" "$load" ret
death elsewhere 'work 5' 139 'SIGSEGV in [a-z]*:*work+0xc'
patch deep work 'cmp w0, #5' 'b.ne .+16' 'mov x8, #172' 'svc #0' 'mov w0, #5' 'stp x29, x30, [sp, #-16]!' 'mov x29, sp' 'subs w0, w0, #1' 'b.mi .+16' '| 94000000 call26 work' \
    'ldp x29, x30, [sp], #16' ret 'hlt #1'
death deep 'work 5' 132 'SIGILL in [a-z]*:*work+0x30'

# ---- a handler in between ----
cat >new.c <<'E2'
extern volatile int shared;
int work(int v) { while (!shared) ; return *(volatile int *)0; }
E2
new_code -O2 -x c new.c
{ head_of trial waits; new_func trial work; } >waits.lpatch
start trial
is "$(say 'handle 10')" "handles 10" "a handler of SIGUSR1"
try waits
echo 'work 5' >&9
sleep 0.3
kill -USR1 "$pid"
dies "a handler was run meanwhile" bye 139 "^lprun: patch .waits' failed its trial: SIGSEGV in [a-z]*:*work+0x.*: reverted; the program ends, for"

# ---- threads and processes ----
start trial
for round in 1 2 3 4 5 6 7 8; do
    run "round $round" 0 lpapply -q -c sock --trial 60s leaf.lpatch
    is "$(say 'threads 16 100')" "right 1600" "round $round: 16 threads, of which many crash at once"
    is "$(names)" "" "round $round: reverted"
done
try leaf
is "$(say 'fork 5')" "child 11" "a child is saved"
is "$(names)" "leaf " "its parent is still on trial"
is "$(say 'work 6')" "work 13" "and is saved too"
{ head_of trial wide; echo "@ held+0x$(printf %x "$(($(offset trial held '"nop"') + 4))")"
  at=$(($(offset trial held '"nop"') + 4)); for i in 0 4 8; do echo "- $(word trial held $((at + i)))"; echo "+ $(word trial held $((at + i)))"; done | sed '2s/.*/+ d503203f/'
  echo end; } >wide.lpatch
is "$(say hold)" "holds" "a thread sits in what is to change"
try leaf
timeout 60 lpapply -c sock --deadline 50s wide.lpatch >wait.log 2>&1 &
waiting=$!
children="$children $waiting"
sleep 0.3
is "$(say 'work 5')" "work 11" "a death does not wait for a call that waits"
wait "$waiting"
is "$?" 5 "which is given up"
leave

# Calls of others meanwhile: nobody waits for ever, and nothing is lost.
start trial
(exec 9>&-; while kill -0 "$pid" 2>/dev/null && [ ! -e enough ]; do lpapply -q -c sock fine.lpatch && lpapply -q -c sock -R fine; lpapply -q -c sock -l; done >/dev/null 2>&1) &
other=$!
children="$children $other"
for round in 1 2 3 4 5; do
    lpapply -q -c sock --trial 60s frame.lpatch
    is "$(say 'threads 16 100')" "right 1600" "among other calls, $round"
done
touch enough
wait "$other"
run "the rest" 0 lpapply -q -c sock -R
leave

# A thread that is in the function when the trial ends is as fast as others from then on; before, it takes ten times as long.
patch outlast spin 'subs x0, x0, #1' 'b.ne .-4' ret
start trial
spins() { set -- $(say 'spin 300'); echo "$2"; }
before=$(spins)
run "outlast: on trial for a second" 0 lpapply -c sock --trial 1s outlast.lpatch
took=$(spins)
[ "$took" -lt $((2000 + 4 * before)) ] && ok "a function that outlasts its trial" || not_ok "a function that outlasts its trial"
echo "$before ms before, $took ms on trial" | note
leave

# ---- other ways to run ----
socket= start trial --no-control -P leaf.lpatch --trial 60s
is "$(say 'work 5')" "work 11" "lprun -P --trial"
like "$(cat err)" "patch .leaf' failed its trial" "is said"
leave
start trial -P leaf.lpatch --trial 1ms
sleep 0.1
dies "lprun's trial is over" 'work 5' 139
socket= start trial --no-control -P leaf.lpatch --trial 1ms
sleep 0.1
dies "and without a control thread" 'work 5' 139
start trial --isolate
again frame 'work 6' 'work 13' 'SIGSEGV in load'
leave
if root=$(arm64_sysroot); then
    build trial
    patch leaf work "$null" "$load" ret
    start trial -L "$root"
    again leaf 'work 5' 'work 11' 'SIGSEGV in [a-z]*:*work+0x4'
    leave
else
    skip dynamic "no AArch64 shared libraries"
fi
tap_done
