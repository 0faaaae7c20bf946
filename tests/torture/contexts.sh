#!/bin/sh
# Out of a signal handler by setcontext, by longjmp, by a frame that it rewrites; and back into it.
. "$srcdir/tests/torture/lib.sh"
build contexts contexts.c -static && torture contexts 3 20
dynamic contexts 1 20
isolated contexts 5
patched contexts 10
tap_done
