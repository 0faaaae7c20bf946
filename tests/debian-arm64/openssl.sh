#!/bin/sh
# OpenSSL's libcrypto: its assembly for each set of features that it knows (OPENSSL_armcap: 0 plain C and integer assembly, 1 NEON, then the extensions).
. "$srcdir/tests/debian-arm64/lib.sh"
packages libssl-dev
link openssl -lcrypto || { tap_done; }
both 'all features' -- $level
both 'all features, checked' --isolate -- 0
for cpu in cortex-a72 ${full:+thunderx2t99 neoverse-n1 kunpeng920}; do both "$cpu" --cpu $cpu -- $level; done
for environment in OPENSSL_armcap=0x0 OPENSSL_armcap=0x1 ${full:+OPENSSL_armcap=0x25 OPENSSL_armcap=0x1d OPENSSL_armcap=0x7d}; do
    both "$environment" -- $level
done
tap_done
