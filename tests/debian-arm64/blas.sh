#!/bin/sh
# OpenBLAS picks its kernels by the CPU's ID registers, which --cpu decides here and a variable under qemu.
. "$srcdir/tests/debian-arm64/lib.sh"
packages libopenblas-serial-dev
link blas -L"$root/usr/lib/aarch64-linux-gnu/openblas-serial" -lopenblas || { tap_done; }
oracle=OPENBLAS_CORETYPE=armv8
both 'max' -- $level
both 'max, checked' --isolate -- 0
while read -r cpu core; do
    oracle=OPENBLAS_CORETYPE=$core
    both "$cpu: $core" --cpu "$cpu" -- $level
done <<E
cortex-a53 cortexa53
cortex-a57 cortexa57
cortex-a73 cortexa73
neoverse-n1 neoversen1
thunderxt88 thunderx
thunderx2t99 thunderx2t99
falkor falkor
emag emag8180
kunpeng920 tsv110
E
tap_done
