#!/bin/sh
# OpenJDK 17: java.checks.
. "$srcdir/tests/debian-root/lib.sh"
need_groups tools java
checks java.checks
tap_done
