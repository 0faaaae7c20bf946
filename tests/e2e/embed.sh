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

# ---- what cannot be loaded, and another program after it ----
cp "$scratch/p" "$scratch/machine" && printf '\003' | dd of="$scratch/machine" bs=1 seek=18 conv=notrunc 2>/dev/null
EMBED_BAD="/no/such/file:$scratch/p.c:$scratch/machine" timeout 60 "$builddir/tests/e2e/embed" "$scratch/p" >"$scratch/out" 2>&1
is "$?" 0 "a program after those that cannot be loaded"
is "$(tail -n 1 "$scratch/out")" "status 7 signal 0 mask kept handler kept" "  runs"
is "$(grep -c . "$scratch/out")" 5 "  each failed: three files"
like "$(head -n 1 "$scratch/out")" 'this process has a machine already, and there is one per process' "  and a second machine"
is "$(grep -c 'loaded already' "$scratch/out")" 0 "  none because of one before"
"$CROSS_CC" -w -O2 -Wl,--dynamic-linker=/no/such/linker -o "$scratch/linker" "$scratch/p.c" 2>/dev/null
EMBED_SPOILT="$scratch/linker" timeout 60 "$builddir/tests/e2e/embed" "$scratch/p" >"$scratch/out" 2>&1
is "$?" 2 "a program after one without its dynamic linker"
like "$(cat "$scratch/out")" 'parts of a program that could not be loaded are in this machine' "  is refused, and why"
tap_done
