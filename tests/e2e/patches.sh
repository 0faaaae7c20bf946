#!/bin/sh
# Every worked example under patches/ does what its README says.
. "$srcdir/tests/lib.sh"
need_cross
for demo in "$srcdir"/patches/*/demo.sh; do
    name=$(basename "$(dirname "$demo")")
    if timeout 120 sh "$demo" "$builddir" >"$scratch/log" 2>&1; then ok "$name"; else not_ok "$name"; note <"$scratch/log"; fi
done
tap_done
