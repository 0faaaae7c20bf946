#!/bin/sh
# The unwinder through signal frames: backtraces, cleanups, cancellation; with signed return addresses too.
. "$srcdir/tests/torture/lib.sh"
flags='-fexceptions -fnon-call-exceptions'
build unwind unwind.c -static $flags && torture unwind 3 40
build unwind.signed unwind.c -static $flags -mbranch-protection=standard && torture unwind.signed 1 40
dynamic unwind 1 40 $flags
isolated unwind 5
patched unwind 5
tap_done
