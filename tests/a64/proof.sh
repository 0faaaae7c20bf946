#!/bin/sh
# proof.sh - every row that is executed has been compared with the oracle 200 times in this `make check`, or has another proof: a vector,
# or a line that property.sh printed and that passed.
. "${srcdir:?}/tests/lib.sh"
need_cross
need_qemu
"$builddir/tests/a64/difftest" proof "$srcdir" "$builddir/tests/a64/property.rows" "$builddir/tests/a64/difftest.counts" "$builddir/tests/a64/chunks.counts" >"$scratch/list" 2>&1 &&
    ok "every row has its proof" || not_ok "every row has its proof"
grep -v 'compared [0-9]* times$' "$scratch/list" | sed 's/^# //' | note
tap_done
