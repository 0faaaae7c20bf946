#!/bin/sh
# GMP's assembly: long carry chains, multiplication and division.
. "$srcdir/tests/debian-arm64/lib.sh"
packages libgmp-dev
link gmp -lgmp || { tap_done; }
both 'numbers' -- $level
both 'numbers, checked' --isolate -- 0
tap_done
