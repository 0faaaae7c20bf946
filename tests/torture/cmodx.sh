#!/bin/sh
# Code that is forgotten, protected and changed while other threads run it. The last run is in the checked engine.
. "$srcdir/tests/torture/lib.sh"
build cmodx cmodx.c -static && torture cmodx 4 60 && TORTURE= && torture cmodx 2 2 --isolate
tap_done
