#!/bin/sh
# How long a program stands still while it is patched, and how long the whole call takes; what it costs that a program can be patched, and that it is.
# usage: patching.sh [ROUNDS [COMPARISONS]]
. "$srcdir/tests/lib.sh"
need_cross
rounds=${1:-300} comparisons=${2:-7}
arm64_cc "$scratch/crowd" "$tests/bench/crowd.c" -O2 -pthread -Wl,--build-id || exit 1
cd "$scratch" || exit 1
PATH=$builddir:$PATH
lpmake -t crowd --meta name=word -o word.lpatch 'one=nop'
set --
for i in $(seq 0 99); do set -- "$@" "many+0x$(printf %x $((4 * i)))=word 0x91000800"; done
lpmake -t crowd --meta name=sites -o sites.lpatch "$@"
. "$tests/body.sh"
same_patch crowd outer func >func.lpatch

# crowd NAME RUNNING BLOCKED: rows of the table
crowd()
{
    rm -f sock
    lprun -c sock ./crowd "$2" "$3" &
    children=$!
    wait_for 10 test -S sock
    wait_for 20 sh -c "[ \$(ls /proc/$children/task | wc -l) -ge $(($2 + $3)) ]"
    sleep 0.2
    for p in word sites func; do "$builddir/tests/bench/latency" sock "$rounds" "$1, $(what $p)" $p.lpatch; done
    kill "$children"
    wait "$children" 2>/dev/null
    children=
}
what() { case $1 in word) echo 'one word' ;; sites) echo '100 sites' ;; func) echo function ;; esac; }
printf '%-32s %19s %19s\n' 'microseconds' 'stands still' 'whole call'
printf '%-32s %9s %9s %9s %9s\n' threads median p99 median p99
crowd '1 thread' 1 0
crowd '8: 2 run, 6 blocked' 2 6
crowd '8 run' 8 0
crowd '64: 2 run, 62 blocked' 2 62

# What it costs, without the start of the program: libtool's scripts are not measured.
[ -x "$builddir/.libs/lprun" ] && { PATH=$builddir/.libs:$PATH; LD_LIBRARY_PATH=$builddir/.libs; export LD_LIBRARY_PATH; }
XDG_RUNTIME_DIR=$scratch
export XDG_RUNTIME_DIR
for b in core calls; do arm64_cc $b "$tests/bench/$b.c" -O2 -Wl,--build-id || exit 1; done
same_patch calls called func >func.lpatch
compare="$builddir/tests/bench/compare -h"
echo
$compare 'no control' control "$comparisons" core 'lprun --no-control ./core' 'lprun ./core'
$compare unpatched patched "$comparisons" calls 'lprun ./calls 100' 'lprun -P func.lpatch ./calls 100' | tee calls.out
instructions=$(sed -n 's/.*INSTRUCTIONS = \([0-9]*\).*/\1/p' "$tests/bench/calls.c")
awk -v n="$instructions" '$1 == "calls" { printf "a call of a patched function: %.2f ns more, the time of %.1f of the %.2f ns instructions around it\n",
    ($3 - $2) / 100, ($3 - $2) / ($2 / n), $2 / 100 / n }' calls.out
