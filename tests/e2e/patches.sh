#!/bin/sh
# Every worked example under patches/ does what its README says.
. "$srcdir/tests/lib.sh"
need_cross
for demo in "$srcdir"/patches/*/demo.sh; do
    name=$(basename "$(dirname "$demo")")
    timeout 120 sh "$demo" "$builddir" >"$scratch/log" 2>&1
    case $? in
    0) ok "$name" ;;
    77) skip "$name" "$(tail -n 1 "$scratch/log")" ;;
    *) not_ok "$name"; note <"$scratch/log" ;;
    esac
done
tap_done
