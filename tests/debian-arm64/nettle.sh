#!/bin/sh
# nettle and the GMP beneath it: its fat binary's choices.
. "$srcdir/tests/debian-arm64/lib.sh"
packages nettle-dev libgmp-dev
link nettle -lhogweed -lnettle -lgmp || { tap_done; }
both 'all features' -- $level
both 'all features, checked' --isolate -- 0
for environment in NETTLE_FAT_OVERRIDE=none ${full:+NETTLE_FAT_OVERRIDE=aes NETTLE_FAT_OVERRIDE=pmull NETTLE_FAT_OVERRIDE=sha1,sha2}; do
    both "$environment" -- $level
done
tap_done
