#!/bin/sh
# Servers and clients on loopback: servers.checks.
. "$srcdir/tests/debian-root/lib.sh"
need_groups tools databases web crypto
checks servers.checks
tap_done
