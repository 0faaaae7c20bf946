#!/bin/sh
# property.sh - keyed, random, counting and describing results have no oracle: what must hold of them (property.c), under lprun in both modes.
# What all of them proved is for proof.sh: property.rows.
. "${srcdir:?}/tests/lib.sh"
need_cross
rows=$builddir/tests/a64/property.rows
rm -f "$rows"
arm64_cc "$scratch/property" "$tests/a64/property.c" -O1 || { not_ok "the program compiles"; tap_done; }
# judge FILE NAME: complete, and nothing in it is wrong
judge()
{
    if grep -q '^1\.\.[1-9]' "$1" && ! grep -v '^ok \|^1\.\.' "$1" >/dev/null; then
        ok "$2: $(grep -c '^ok ' "$1") statements"
    else
        not_ok "$2"
        grep -v '^ok ' "$1" | note
    fi
}
for mode in "" --isolate; do
    lprun -q --no-control $mode "$scratch/property" >"$scratch/out$mode" 2>&1
    judge "$scratch/out$mode" "properties, lprun $mode"
done
sed -n 's/^ok [0-9]* - //p' "$scratch/out" "$scratch/out--isolate" | sort | uniq -d >"$rows"
# It has other keys, and the statements are about the architecture.
if ! have_qemu; then
    skip "properties, qemu-aarch64" "no qemu-aarch64"
elif [ "$(qemu_version "$QEMU_AARCH64")" -ge 802 ]; then
    skip "properties, qemu-aarch64" "it has FEAT_FPAC and FEAT_EPAC: other properties"
else
    QEMU=y "$QEMU_AARCH64" -cpu max "$scratch/property" >"$scratch/qemu" 2>&1
    judge "$scratch/qemu" "properties, qemu-aarch64"
fi
tap_done
