#!/bin/sh
# Namespaces of a process with one thread, which the engine's threads leave alone; mounts of the root with a sysroot; children that can have no threads.
. "$srcdir/tests/lib.sh"
need_cross
cd "$scratch" || exit 1
arm64_cc program "$tests/e2e/namespaces.c" -O1 -pthread && ${HOST_CC:-${CC:-cc}} -w -pthread -o native "$tests/e2e/namespaces.c" 2>cc.log ||
    { note <cc.log; skip_all "cannot compile"; }
timeout 60 ./native >want 2>&1
timeout 60 lprun -c socket ./program >have 2>&1
same have want "what a process with one thread may do"
: >none.lpatch
timeout 60 lprun -q -c socket --watch none.lpatch ./program >have 2>&1
grep -v none.lpatch have >seen
same seen want "also with a file that is watched"

lprun -c socket ./program stay >out 2>&1 &
children=$!
wait_for 20 grep -q . out
is "$(cat out)" alone "in the process that has the socket"
timeout 20 lpapply -c socket -l >list 2>&1
is "$?" 0 "which is served again"
kill $children
wait $children 2>/dev/null
children=

want=$(timeout 20 ./native mount)
mkdir root
is "$(timeout 20 lprun --no-control -L "$scratch/root" ./program mount 2>&1)" "$want" "how mounts of / are passed on, with a sysroot"

# ---- no threads to be had ----
cat >many.c <<'X'
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    struct rlimit r = {6, 6};
    setrlimit(RLIMIT_NPROC, &r);
    if (geteuid() == 0 && setuid(54321)) return 1;
    int n = 0;
    for (; n < 20; n++) {
        pid_t pid = fork();
        if (pid == 0) { sleep(1); _exit(0); }
        if (pid < 0) break;
    }
    while (wait(NULL) > 0) {}
    puts(n > 1 && n < 20 ? "some" : "none or all");
    return 0;
}
X
arm64_cc many many.c -O1
is "$(timeout 60 lprun -c socket ./many 2>&1)" some "children without a socket say nothing of it"
tap_done
