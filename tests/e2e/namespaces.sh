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
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
/* Of a user with no other processes: the limit counts them all. */
static int become(uid_t user, rlim_t most)
{
    struct rlimit r = {most, most};
    return geteuid() == 0 && setrlimit(RLIMIT_NPROC, &r) == 0 && setuid(user) == 0;
}
static int one(void)
{
    if (!become(54329, 2)) return puts("no other user"), 0;
    if (fork() == 0) return puts(unshare(0x10) ? "refused" : "done"), 0;
    return wait(NULL) < 0;
}
int main(int argc, char **argv)
{
    if (argc > 1) return one();
    if (!become(54321, 6)) return puts("no other user"), 0;
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
# few WANT NAME COMMAND...
few()
{
    want=$1 what=$2
    shift 2
    timeout -s KILL 60 "$@" >seen 2>&1
    have=$(grep -v none.lpatch seen)
    if [ "$have" = "no other user" ]; then skip "$what" "$have"; else is "$have" "$want" "$what"; fi
}
few some "children without a socket say nothing of it" lprun -c socket ./many
few refused "a child without the thread that watches is alone" lprun -q --no-control --watch none.lpatch ./many one
tap_done
