#!/bin/sh
# lp_vm_run: a program in a process that goes on after it.
. "$srcdir/tests/lib.sh"
need_cross
cat >"$scratch/p.c" <<'C'
#include <signal.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
    signal(SIGTERM, SIG_DFL), signal(SIGUSR1, SIG_IGN);
    sigset_t all;
    sigfillset(&all), sigprocmask(SIG_SETMASK, &all, 0);
    return argc > 1 ? sigprocmask(SIG_UNBLOCK, &all, 0), raise(atoi(argv[1])) : 7;
}
C
arm64_cc "$scratch/p" "$scratch/p.c" -O2 || exit 1
is "$(timeout 60 "$builddir/tests/e2e/embed" "$scratch/p")" "status 7 signal 0 mask kept handler kept" "a status"
is "$(timeout 60 "$builddir/tests/e2e/embed" "$scratch/p" 15)" "status 0 signal 15 mask kept handler kept" "a signal"
timeout 60 "$builddir/tests/e2e/embed" "$scratch/nothing" >"$scratch/out" 2>&1
is "$?" 2 "no program: an error"
tap_done
