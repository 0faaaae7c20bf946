#!/bin/sh
# What a store-exclusive must see, and stacks that rely on it; nobody holds a place for good. The last run is in the checked engine, of which qemu has no like.
. "$srcdir/tests/torture/lib.sh"
build llsc llsc.c -static && torture llsc 3 40 && TORTURE= && torture llsc 1 1 --isolate
tap_done
