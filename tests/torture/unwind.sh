#!/bin/sh
# The unwinder through signal frames: backtraces, cleanups, cancellation; with signed return addresses too.
. "$srcdir/tests/torture/lib.sh"
flags='-fexceptions -fnon-call-exceptions'
build unwind unwind.c -static $flags && torture unwind 3 15
build unwind.signed unwind.c -static $flags -mbranch-protection=standard && torture unwind.signed 1 15
dynamic unwind 1 15 $flags
isolated unwind 5
patched unwind 5
tap_done
