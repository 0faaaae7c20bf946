#!/bin/sh
# Interpreter speed against qemu-aarch64, interleaved in one run: median CPU time of the whole process, and how many times as fast lprun is.
# usage: bench.sh [ROUNDS]
. "$srcdir/tests/lib.sh"
need_cross
need_qemu
kernels="core sha256 fib stream nbody neon conv simd"
for b in $kernels; do
    arm64_cc "$scratch/$b" "$tests/bench/$b.c" -O2 $(sed -n 's,^/\* flags: \(.*\) \*/,\1,p' "$tests/bench/$b.c") || exit 1
done
arm64_cc "$scratch/hello" "$tests/bench/hello.c" -O2 || exit 1
"$CROSS_CC" -w -O2 -o "$scratch/dynamic" "$tests/bench/hello.c" || exit 1
lprun=$builddir/lprun
[ -x "$builddir/.libs/lprun" ] && { lprun=$builddir/.libs/lprun; LD_LIBRARY_PATH=$builddir/.libs; export LD_LIBRARY_PATH; }
rounds=${1:-5}
# Start-up is measured as users start programs, with the control socket; the rest without.
XDG_RUNTIME_DIR=$scratch
export XDG_RUNTIME_DIR
args="hello 'exec $lprun $scratch/hello' 'exec $QEMU_AARCH64 $scratch/hello'"
root=$(arm64_sysroot) && args="$args dynamic 'exec $lprun -L $root $scratch/dynamic' 'exec $QEMU_AARCH64 -L $root $scratch/dynamic'"
for b in $kernels; do
    args="$args $b 'exec $lprun --no-control $scratch/$b' 'exec $QEMU_AARCH64 $scratch/$b'"
done
eval "\"$builddir\"/tests/bench/compare \"$rounds\" $args"
