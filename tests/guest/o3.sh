#!/bin/sh
exec "${SHELL:-/bin/sh}" "$srcdir/tests/guest/run.sh" -O3
