#!/bin/sh
# property.sh - keyed, random, counting and describing results have no oracle: what must hold of them (property.c), under lprun in both modes.
. "${srcdir:?}/tests/lib.sh"
need_cross
arm64_cc "$scratch/property" "$tests/a64/property.c" -O1 || { not_ok "the program compiles"; tap_done; }
for mode in "" --isolate; do
    is "$(lprun -q --no-control $mode "$scratch/property" 2>&1)" done "properties, lprun $mode"
done
# It has other keys, and the statements are about the architecture.
if have_qemu; then
    is "$(QEMU=y "$QEMU_AARCH64" -cpu max "$scratch/property" 2>&1)" done "properties, qemu-aarch64"
fi
tap_done
