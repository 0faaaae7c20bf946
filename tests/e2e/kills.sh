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
"$interfere" kill 1 true
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
    while n=$((n + 1)); [ $n -lt 1000 ]; do
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
        found=$($state)
        [ "$found" = "$from" ] || { bad=$((bad + 1)); echo "after step $n: $found" | note; note <back; break; }
    done
    is "$bad $($state)" "0 $to" "$name: $olds times the old state, $news times the new one"
    [ $olds -gt 3 ] && ok "$name: at $((n - 1)) steps" || not_ok "$name: at $((n - 1)) steps"
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
cuts "an answer is cut" down 1
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
tap_done
