#!/bin/sh
# libgcrypt: with everything, and with hardware features hidden from it.
. "$srcdir/tests/debian-arm64/lib.sh"
packages libgcrypt20-dev libgpg-error-dev
link gcrypt -lgcrypt -lgpg-error || { tap_done; }
both 'all features' -- $level
both 'all features, checked' --isolate -- 0
for cpu in cortex-a72 ${full:+thunderx2t99 neoverse-n1 kunpeng920}; do both "$cpu" --cpu $cpu -- $level; done
for environment in LP_HWF=arm-aes,arm-pmull,arm-sha1,arm-sha2 LP_HWF=arm-neon,arm-aes,arm-pmull,arm-sha1,arm-sha2 ${full:+LP_HWF=arm-pmull LP_HWF=arm-aes LP_HWF=arm-sha1,arm-sha2}; do
    both "$environment" -- $less
done
tap_done
