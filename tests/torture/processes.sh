#!/bin/sh
# Processes among threads: fork, vfork, posix_spawn, exec, the end, cancellation.
. "$srcdir/tests/torture/lib.sh"
build processes processes.c -static && torture processes 3 40
tap_done
