#!/bin/sh
# operands.sh - do the instructions read and write the registers and the memory that the tables say? Every row, a fixed seed and a fresh one.
# By hand: operands.sh --row 'LD*' --count 500 [--seed S]
. "${srcdir:?}/tests/lib.sh"
operands=$builddir/tests/a64/operands
tried()
{
    name=$1
    shift
    if "$operands" "$@" >"$scratch/log" 2>&1; then ok "$name"; else not_ok "$name"; fi
    sed 's/^# //' "$scratch/log" | head -n 200 | note
}
with_seeds tried "$@"
tap_done
