#!/bin/sh
# nettle and the GMP beneath it: its fat binary's choices.
. "$srcdir/tests/debian-arm64/lib.sh"
packages nettle-dev libgmp-dev
link nettle -lhogweed -lnettle -lgmp || { tap_done; }
both 'all features' -- $level
both 'all features, checked' --isolate -- 0
for cpu in cortex-a72 ${full:+thunderx2t99 neoverse-n1 kunpeng920}; do both "$cpu" --cpu $cpu -- $level; done
for environment in NETTLE_FAT_OVERRIDE=none ${full:+NETTLE_FAT_OVERRIDE=aes NETTLE_FAT_OVERRIDE=pmull NETTLE_FAT_OVERRIDE=sha1,sha2}; do
    both "$environment" -- $level
done
tap_done
