#!/bin/sh
# Interpreters: languages.checks.
. "$srcdir/tests/debian-root/lib.sh"
need_groups languages
checks languages.checks
tap_done
