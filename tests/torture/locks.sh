#!/bin/sh
# Locks of every kind among 64 threads, with load/store exclusive and with LSE.
. "$srcdir/tests/torture/lib.sh"
build locks.llsc locks.c -static $llsc && torture locks.llsc 3 30
build locks.lse locks.c -static $lse && torture locks.lse 3 30
dynamic locks 0 30
isolated locks.llsc 10
patched locks.lse 15
! have_root || patched locks.dynamic 15 -L "$root"
tap_done
