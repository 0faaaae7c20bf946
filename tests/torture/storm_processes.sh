#!/bin/sh
# The storm while the program forks and its children call the functions too or start the program anew; and with everything at once.
. "$srcdir/tests/torture/storm_lib.sh"
static_storm
storm forks 1000 20000 storm -- forks execs
! dynamic_storm || storm all 500 20000 dynamic -L "$root" -- signals forks execs loads
tap_done
