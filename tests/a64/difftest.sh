#!/bin/sh
# difftest.sh - every instruction row against qemu-aarch64: a fixed seed, and a fresh one (printed).
# By hand: difftest.sh --row 'SQ*' --count 500 [--seed S] [--engine calls|dispatch|checked|all]
. "${srcdir:?}/tests/lib.sh"
need_cross
need_qemu
difftest=$builddir/tests/a64/difftest version=$(qemu_version "$QEMU_AARCH64")
runner=$scratch/runner
bare_cc "$runner" "$tests/a64/runner.c" || { not_ok "the runner compiles"; tap_done; }

# compare NAME OPTION...: generate, ask the oracle, compare; pointer authentication off, as here
compare()
{
    name=$1
    shift
    if "$difftest" emit --oracle-version "$version" "$@" "$scratch/cases" >"$scratch/log" 2>&1 &&
        { "$QEMU_AARCH64" -cpu max,pauth=off "$runner" <"$scratch/cases" >"$scratch/results" || { echo "# the oracle's exit status: $?" >>"$scratch/log"; false; }; } &&
        "$difftest" check --oracle-version "$version" "$@" "$scratch/cases" "$scratch/results" >>"$scratch/log" 2>&1; then
        ok "$name"
    else
        not_ok "$name"
    fi
    sed 's/^# //' "$scratch/log" | head -n 400 | note
}

# The comparison itself must notice one bit of an answer turned over.
notices_a_wrong_answer()
{
    "$difftest" emit --oracle-version "$version" --row ADD_v --count 1 "$scratch/cases" >/dev/null &&
        "$QEMU_AARCH64" -cpu max,pauth=off "$runner" <"$scratch/cases" >"$scratch/results"
    byte=$(od -An -tu1 -j 288 -N 1 "$scratch/results" | tr -d ' ')
    printf "\\$(printf %o $((byte ^ 1)))" | dd of="$scratch/results" bs=1 seek=288 conv=notrunc 2>/dev/null
    "$difftest" check --oracle-version "$version" "$scratch/cases" "$scratch/results" >"$scratch/log" 2>&1
    is "$? $(grep -c 'oracle' "$scratch/log")" "1 3" "a wrong answer is noticed by each engine"
}

if [ $# -gt 0 ]; then
    compare "by hand" "$@"
else
    "$difftest" list --oracle-version "$version" >"$scratch/list" 2>&1 && ok "every line of the exceptions fits a row" || not_ok "an exception fits no row"
    fresh=$(fresh_seed)
    counts=$builddir/tests/a64/difftest.counts # for proof.sh
    rm -f "$counts"
    # One run takes 16384 cases.
    for part in 0 1 2 3 4 5 6; do
        compare "seed 1, part $part of 7" --count 100 --seed 1 --part "$part/7" --counts "$counts"
        compare "seed $fresh, part $part of 7" --count 100 --seed "$fresh" --part "$part/7" --counts "$counts"
    done
    notices_a_wrong_answer
fi
tap_done
