#!/bin/sh
# sigill.sh - which words raise SIGILL: words of every row, words near them and of every leaf of the decision tree, in lprun and in the oracle.
# By hand: sigill.sh --legal 15 --near 25 --leaf 3 --seed S (up to 131072 words; QEMU_AARCH64 names the oracle)
. "${srcdir:?}/tests/lib.sh"
need_cross
ulimit -c 0
sigill=$builddir/tests/a64/sigill
runner=$scratch/runner
bare_cc "$runner" "$tests/a64/sigill_run.c" || { not_ok "the runner compiles"; tap_done; }

# judged NAME OPTION: the answers to the words
judged()
{
    if "$sigill" judge --uses "$scratch/uses" $2 "$scratch/words" "$scratch/answers" >"$scratch/log" 2>&1; then ok "$1"; else not_ok "$1"; fi
    head -n 200 "$scratch/log" | note
}
# ask COMMAND...: the runner in COMMAND; where that dies, the word's answer is 255, and the words behind it are next.
ask()
{
    : >"$scratch/answers"
    n=0 deaths=0
    while tail -c +$((4 * n + 1)) "$scratch/words" >"$scratch/rest" && [ -s "$scratch/rest" ] && [ $deaths -lt 1000 ]; do
        "$@" "$runner" <"$scratch/rest" 3>>"$scratch/answers" >/dev/null && return
        n=$(($(wc -c <"$scratch/answers") + 1)) deaths=$((deaths + 1))
        printf '\377' >>"$scratch/answers"
    done 2>/dev/null
}
compare()
{
    "$sigill" emit --uses "$scratch/uses" "$@" "$scratch/words" >"$scratch/log" 2>&1 && ok "every row has a word" || not_ok "every row has a word"
    note <"$scratch/log"
    ask lprun --no-control
    judged "lprun: SIGILL for what is not executed, and for nothing else" ''
    agrees="the oracle agrees, but for what sigill.def explains"
    have_qemu || { skip "$agrees" "no qemu-aarch64"; return; }
    ask "$QEMU_AARCH64" -cpu max,sve=off,sme=off
    judged "$agrees" "--oracle $(qemu_version "$QEMU_AARCH64")"
}

if [ $# -gt 0 ]; then
    compare "$@"
else
    compare --legal 4 --near 6 --leaf 1 --seed 1
    compare --legal 2 --near 6 --leaf 1 --seed "$(fresh_seed)"
    ! have_qemu || is "$("$sigill" stale --oracle "$(qemu_version "$QEMU_AARCH64")" "$scratch/uses")" "" "every line of sigill.def explains something"
fi
tap_done
