#!/bin/sh
# The storm: patches of two functions that belong together, by itself (100 000 in full), with signals in masses, and with a third function in a library
# and a library that comes and goes.
. "$srcdir/tests/torture/storm_lib.sh"
static_storm
storm alone 2000 100000 storm --
storm signals 1000 20000 storm -- signals
! dynamic_storm || storm objects 1000 20000 dynamic -L "$root" -- loads
tap_done
