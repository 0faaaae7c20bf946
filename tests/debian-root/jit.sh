#!/bin/sh
# Programs that write code: LuaJIT, node; Go and Rust programs: jit.checks.
. "$srcdir/tests/debian-root/lib.sh"
need_groups tools luajit nodejs go rust
checks jit.checks
tap_done
