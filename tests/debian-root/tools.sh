#!/bin/sh
# The programs that every Debian has: tools.checks.
. "$srcdir/tests/debian-root/lib.sh"
need_groups base tools
checks tools.checks
tap_done
