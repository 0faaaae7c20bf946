#!/bin/sh
# Patches that come and go by the hundred while 32 threads call what they change: static, with shared libraries, isolated.
. "$srcdir/tests/lib.sh"
. "$srcdir/tests/e2e/driven.sh"
source=threads.c
hammer=$builddir/tests/e2e/hammer

# stop NAME: nothing went wrong; the rest of the answer is in $calls, $step and $stride
stop()
{
    set -- "$1" $(say stop)
    is "$2 $3 $4 $5" "wrong 0 unequal 0" "$1: what must hold"
    calls=$7 step=$9
    shift 9
    stride=$2
}
# between LOW VALUE HIGH NAME
between() { if [ "$1" -le "$2" ] && [ "$2" -le "$3" ]; then ok "$4"; else not_ok "$4"; echo "$1 <= $2 <= $3" | note; fi; }

# storm NAME ROUNDS [LPRUN OPTION...]
storm()
{
    name=$1 rounds=$2
    shift 2
    socket= start threads "$@"
    ln -s rt/arm64lp/"$pid"* sock
    is "$(say start)" started "$name: the threads start"
    if [ -x "$hammer" ]; then
        run "$name: $((2 * rounds)) commits" 0 "$hammer" sock "$rounds" ret.lpatch b.lpatch
        hits=$(sed -n 's/.* \([0-9]*\) hits/\1/p' run)
        # On a busy machine none of the threads may have run while it was patched: here they have time for it.
        run "$name: 20 more, with pauses" 0 env HAMMER_PAUSE=10 "$hammer" sock 10 ret.lpatch b.lpatch
        hits=$((hits + $(sed -n 's/.* \([0-9]*\) hits/\1/p' run)))
        stop "$name: commits"
        between 1 "$hits" $((step + stride)) "$name: no more hits than calls that a patched function answered"
        between 1 $((step + stride)) $((calls - 1)) "$name: both versions ran"
        say start >/dev/null
    fi
    run "$name: by process ID" 0 sh -c "for i in 1 2 3 4 5 6 7 8; do lpapply -q -p $pid ret.lpatch b.lpatch && lpapply -q -p $pid -R || exit; done"
    stop "$name: lpapply"
    say start >/dev/null
    run "$name: applied among running threads" 0 lpapply -c sock ret.lpatch b.lpatch
    sleep 0.3
    stop "$name: applied"
    between 1 "$step" "$calls" "$name: the patch runs"
    is "$(hits ret) $(hits b)" "$step $stride" "$name: every execution is counted, once"
    leave
}

build threads -static || { not_ok "compile"; tap_done; }
lpmake -t threads --meta name=ret -o ret.lpatch 'step=ret 3'
lpmake -t threads --meta name=b -o b.lpatch 'stride=b three'
storm static 100
storm isolated 20 --isolate
if root=$(arm64_sysroot); then
    build threads
    lpmake -t threads --meta name=ret -o ret.lpatch 'step=ret 3'
    lpmake -t threads --meta name=b -o b.lpatch 'stride=b three'
    storm dynamic 100 -L "$root"
else
    skip dynamic "no AArch64 shared libraries"
fi
tap_done
