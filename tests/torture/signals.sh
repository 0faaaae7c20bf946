#!/bin/sh
# Signals: real-time ones by the million (in full), storms over blocking calls, timers.
. "$srcdir/tests/torture/lib.sh"
build signals signals.c -static && torture signals 3 210
dynamic signals 0 30
isolated signals 10
patched signals 20
! have_root || patched signals.dynamic 10 -L "$root"
tap_done
