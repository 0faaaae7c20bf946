#!/bin/sh
# A tool chain: programs are compiled and run inside: compiler.checks.
. "$srcdir/tests/debian-root/lib.sh"
need_groups tools compiler
checks compiler.checks
tap_done
