#!/bin/sh
# /proc shows the program, its threads and the programs that it starts, not the engine: as the same program natively.
. "$srcdir/tests/lib.sh"
need_cross
cd "$scratch" || exit 1
mkdir native guest
${CC:-cc} -w -O1 -pthread -o native/program "$tests/e2e/proc.c" 2>cc.log || { note <cc.log; skip_all "cannot compile"; }
arm64_cc guest/program "$tests/e2e/proc.c" -O1 -pthread
./native/program >want 2>&1
for options in '' --isolate; do
    lprun --no-control $options ./guest/program >have 2>&1
    same have want "as natively${options:+ ($options)}"
done
if root=$(arm64_sysroot); then
    "$CROSS_CC" -w -O1 -pthread -o guest/program "$tests/e2e/proc.c"
    lprun --no-control -L "$root" ./guest/program >have 2>&1
    same have want "dynamically linked"
fi
tap_done
