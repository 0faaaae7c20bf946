#!/bin/sh
# Processes among threads: fork, vfork, posix_spawn, exec, the end, cancellation.
. "$srcdir/tests/torture/lib.sh"
build processes processes.c -static && torture processes 3 10
dynamic processes 0 5
isolated processes 5
patched processes 5
tap_done
