#!/bin/sh
# What becomes of a signal: flags of sigaction, handlers that jump, threads that block it and one that does not.
. "$srcdir/tests/torture/lib.sh"
build handlers handlers.c -static && torture handlers 3 40
isolated handlers 10
patched handlers 10
tap_done
