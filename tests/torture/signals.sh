#!/bin/sh
# Signals: real-time ones by the million (in full), storms over blocking calls, timers.
. "$srcdir/tests/torture/lib.sh"
build signals signals.c -static && torture signals 3 210
dynamic signals 0 30
tap_done
