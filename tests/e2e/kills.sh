#!/bin/sh
# lpapply is killed at each of its system calls, the line is cut at each byte, the disk fails at each write, the program itself dies: what is patched is in the
# old state or the new one, and the store is always whole.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
interfere=$builddir/tests/e2e/interfere
[ -x "$interfere" ] || skip_all "make check builds what this needs"
build prog -static -no-pie || { not_ok "compile"; tap_done; }
# Two places, so that half of it would show.
lpmake -t prog --meta name=two -o two.lpatch 'counted=ret 77' 'thrice=ret 1' 'site=ret 99'
lpmake -t prog --meta name=three -o three.lpatch 'counted=ret 33' 'site=ret 66'
"$interfere" kill 1 lpmake -t prog -o none.lpatch "counted=ret"
[ $? = 137 ] || skip_all "no process may be traced here"

# state: old, new (two) or other (three); anything else is a mixture
state()
{
    set -- $(say call)
    case "$2 $3" in "2 4") echo old ;; "77 99") echo new ;; "33 66") echo other ;; *) echo "mixture: $*" ;; esac
}
# sweep NAME HOW FROM TO COMMAND...: at each step the state is FROM or TO, until the command ends by itself, which is TO. $back brings FROM back.
sweep()
{
    name=$1 how=$2 from=$3 to=$4 bad=0 olds=0 news=0 n=0
    shift 4
    while n=$((n + ${stride:-1})); [ $n -lt 1000 ]; do
        timeout 20 "$interfere" "$how" $n "$@" >cmd 2>&1 </dev/null
        status=$?
        [ $status != 99 ] || break
        found=$($state)
        case $found in
        "$from") olds=$((olds + 1)); [ "$status" != 0 ] || [ "$from" = "$to" ] || { bad=$((bad + 1)); echo "step $n: status 0, but $found" | note; } ;;
        "$to") news=$((news + 1)) ;;
        *) bad=$((bad + 1)); echo "step $n: $found" | note; note <cmd ;;
        esac
        $back >back 2>&1
        [ $state = stored ] || found=$($state)
        [ $state = stored ] || [ "$found" = "$from" ] || { bad=$((bad + 1)); echo "after step $n: $found" | note; note <back; break; }
    done
    is "$bad $($state)" "0 $to" "$name: $olds times the old state, $news times the new one"
    [ $olds -gt 2 ] && ok "$name: at $((n - 1)) steps" || not_ok "$name: at $((n - 1)) steps"
    $back >back 2>&1
}

# ---- lpapply is killed ----
state=state
start prog
back='lpapply -q -c sock -R'
sweep "apply, killed" kill old new lpapply -c sock two.lpatch
lpapply -q -c sock two.lpatch
back='lpapply -q -c sock two.lpatch'
sweep "revert, killed" kill new old lpapply -c sock -R two
back='lpapply -q -c sock --replace renamed.lpatch'
sed 's/^name .*/name two/; /^digest/d' three.lpatch >instead.lpatch
cp two.lpatch renamed.lpatch
sweep "replace, killed" kill new other lpapply -c sock --replace instead.lpatch
back=true
sweep "dry run, killed" kill new new lpapply -n -c sock --replace instead.lpatch
lpapply -q -c sock -R

# ---- the line is cut ----
# cut_at UP DOWN COMMAND...: its status
cut_at()
{
    rm -f cut.sock
    timeout 20 "$interfere" cut "$1" "$2" cut.sock sock >cut.log 2>&1 &
    proxy=$!
    shift 2
    wait_for 5 test -S cut.sock
    timeout 20 "$@" >cmd 2>&1 </dev/null
    status=$?
    wait $proxy
    cut=$?
}
# cuts NAME UP|DOWN STRIDE: apply over a line that is cut further and further on
cuts()
{
    bad=0 olds=0 news=0 at=1
    while [ $at -lt 20000 ]; do
        [ $2 = up ] && cut_at $at 0 lpapply -c cut.sock two.lpatch || cut_at 0 $at lpapply -c cut.sock two.lpatch
        [ $cut != 99 ] || break
        found=$(state)
        # Half an order is none; an answer that is lost leaves the client in doubt, and it says so.
        case "$2 $found $status" in
        "up old "[1-9]* | "down old "[1-9]*) olds=$((olds + 1)) ;;
        "up new "* | "down new "*) news=$((news + 1)) ;;
        *) bad=$((bad + 1)); echo "byte $at: $found, status $status" | note; note <cmd ;;
        esac
        lpapply -q -c sock -R >back 2>&1
        at=$((at + $3))
    done
    is "$bad $status $(state)" "0 0 new" "$1: $olds times the old state, $news times the new one"
    lpapply -q -c sock -R
    is "$(state)" old "$1: and out"
}
cuts "an order is cut" up 17
cuts "an answer is cut" down 5
leave

# ---- the program dies ----
bad=0
for i in 1 2 3 4 5 6 7 8; do
    start prog
    say busy >/dev/null
    "$builddir/tests/e2e/hammer" sock 100000 two.lpatch >/dev/null 2>&1 &
    hammer=$!
    sleep "0.0$i"
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    exec 9>&-
    wait_for 10 sh -c "! kill -0 $hammer 2>/dev/null" || { bad=$((bad + 1)); kill "$hammer"; }
    timeout 20 lpapply -c sock two.lpatch >cmd 2>&1
    [ $? != 0 ] || bad=$((bad + 1))
    wait "$hammer" 2>/dev/null
done
is "$bad" 0 "clients of a program that is killed do not wait for it"
run "all of none" 1 lpapply -p all two.lpatch
is "$(ls rt/arm64lp 2>/dev/null)" "" "no socket is left over"

# ---- the store ----
cat >value.c <<'E2'
#include <stdio.h>
__attribute__((noinline)) int value(int v) { __asm__ volatile(""); return v + N; }
int main(void) { printf("%d\n", value(4)); }
E2
for n in 1 2; do
    arm64_cc value$n value.c -O2 -Wl,--build-id -DN=$n
    lpmake -t value$n --meta name=ten$n -o ten$n.lpatch "value=ret 10"
    lpmake -t value$n --meta name=ten$n --meta version=2 -o twenty$n.lpatch "value=ret 20"
done
stored()
{
    set -- "$(timeout 20 lprun --no-control --patch-dir store ./value1 2>&1)" "$(timeout 20 lprun --no-control --patch-dir store ./value2 2>&1)"
    case "$1 $2" in "5 6") echo old ;; "10 10") echo ten ;; "20 20") echo twenty ;; *) echo "mixture: $*" ;; esac
}
state=stored
mkdir store
for how in kill ENOSPC EIO; do
    stride=3 back='lpapply -q --uninstall --patch-dir store ten1 ten2'
    sweep "install for two programs, $how" $how old ten lpapply -q --install --patch-dir store ten1.lpatch ten2.lpatch
    back='lpapply -q --install --patch-dir store ten1.lpatch ten2.lpatch'
    $back
    stride=1
    sweep "in the place of others, $how" $how ten twenty lpapply -q --install --patch-dir store twenty1.lpatch twenty2.lpatch
    stride=3
    sweep "uninstall, $how" $how ten old lpapply -q --uninstall --patch-dir store ten1 ten2
    lpapply -q --uninstall --patch-dir store ten1 ten2
    is "$(stored) $(ls -A store)" "old " "$how: nothing is left over"
done
stride=1
# Killed twice in a row, the second time in what is left of the first.
bad=0
for i in 8 12 16 20 24 28; do
    for k in 2 8 12 16 20 28; do
        "$interfere" kill $i lpapply -q --install --patch-dir store ten1.lpatch ten2.lpatch >cmd 2>&1
        "$interfere" kill $k lpapply -q --install --patch-dir store twenty1.lpatch twenty2.lpatch >cmd 2>&1
        lpapply -l --patch-dir store --tsv >list 2>&1 || bad=$((bad + 1))
        case "$(cut -f2,3 list | tr '\t\n' ' ;')" in "" | "ten1 ;ten2 ;" | "ten2 ;ten1 ;" | "ten1 2;ten2 2;" | "ten2 2;ten1 2;") ;; *) bad=$((bad + 1)); note <list ;; esac
        lpapply -q --uninstall --patch-dir store ten1 ten2 >cmd 2>&1
    done
done
is "$bad $(stored)" "0 old" "killed twice in a row: all or none, each time"

# ---- a file that is written ----
# Whoever writes a patch leaves the old file or the new one; whoever writes the watched file in place is no such writer, and lprun sees that.
written() { cmp -s w.lpatch two.lpatch && echo old && return; cmp -s w.lpatch made.lpatch && echo new || echo "mixture: $(wc -c <w.lpatch)"; }
state=written back='cp two.lpatch w.lpatch'
lpmake -t prog --meta name=made -o made.lpatch 'counted=ret 5'
cp two.lpatch w.lpatch
for how in kill ENOSPC EIO; do sweep "lpmake -o, $how" $how old new lpmake -t prog --meta name=made -o w.lpatch 'counted=ret 5'; done
run "a full disk" 2 lpmake -t prog -o /dev/full 'counted=ret 5'
run "a file that may not be so long" 2 sh -c "ulimit -f 0; trap '' XFSZ; exec lpmake -t prog -o w.lpatch 'counted=ret 5'"
is "$(written)" old "the file stays as it was"
start prog --watch w.lpatch
wait_for 10 sh -c "lpapply -c sock -l | grep -q two"
watched() { sleep 0.3; state; }
state() { set -- $(say call); case "$2 $3" in "77 99") echo new ;; "33 66") echo other ;; *) echo "mixture: $*" ;; esac; }
state=watched back='mv fresh w.lpatch'
restore() { cp two.lpatch fresh && mv fresh w.lpatch && wait_for 5 sh -c "lpapply -c sock -l | grep -q two"; }
back=restore
sweep "cp to a watched file, kill" kill new other cp three.lpatch w.lpatch
leave
tap_done
