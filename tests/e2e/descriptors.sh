#!/bin/sh
# The engine hides in the program's process: whatever the program does to its descriptors and its limits is as on Linux, no engine descriptor
# is seen or lost, and lpapply still reaches it.
. "$srcdir/tests/lib.sh"
need_cross
cd "$scratch" || exit 1
cp "$tests/e2e/descriptors.c" .
arm64_cc program descriptors.c -O1 && ${CC:-cc} -w -o native descriptors.c 2>cc.log || { note <cc.log; skip_all "cannot compile"; }
[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 4096 ] || skip_all "a hard limit of $(ulimit -Hn) open files"
ulimit -Sn 1024
./native >want 2>&1 3>&- 4>&- 5>&-
lprun -c socket ./program stay >have 2>&1 3>&- 4>&- 5>&- &
children=$!
done_() { grep -q '^done' have; }
wait_for 20 done_
# The hard limit may be lower: behind it are the engine's.
hard() { sed -n 's/^lim 1024 \([0-9]*\)$/\1/p' "$1" | head -n 1; }
[ "$(hard have)" -le "$(hard want)" ] && ok "no more descriptors than there may be" || not_ok "no more descriptors than there may be"
sed "s/^\(lim [0-9]*\) $(hard have)\$/\1 $(hard want)/" have >seen
same seen want "every call gives what Linux gives"
lpapply -c socket -l >out 2>&1
is "$?" 0 "lpapply reaches it, with all its descriptors in use"
[ "$(wc -l <out)" -ge 1 ] || note <out
kill -USR1 $children
low() { grep -q '^low' have; }
wait_for 10 low
lpapply -c socket -l >out 2>&1
is "$?" 0 "and with a limit of 5 descriptors"
kill $children
wait $children 2>/dev/null
[ ! -e socket ] && ok "the socket is gone" || not_ok "the socket is gone"

arm64_cc hidden "$tests/e2e/hidden.c" -O1 -pthread
is "$(lprun -c s0 ./hidden 2>&1)" "64 invalid to poll, 64 bad to select, 128 bad to clone, 0 sent" "none is polled, selected, cloned from or sent"

# Up to the limit there is no number that the program may not have.
cat >every.c <<'X'
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>
int main(void)
{
    struct rlimit r;
    int none = 0;
    getrlimit(RLIMIT_NOFILE, &r);
    r.rlim_cur = r.rlim_max;
    none += setrlimit(RLIMIT_NOFILE, &r) != 0;
    for (int fd = 3; fd < (int)r.rlim_max; fd++) none += dup2(0, fd) != fd;
    none += dup2(0, (int)r.rlim_max) >= 0;
    printf("%d of %s\n", none, r.rlim_max > 15000 ? "many" : "few");
    return 0;
}
X
arm64_cc every every.c -O1
if [ "$(ulimit -Hn)" != unlimited ] && [ "$(ulimit -Hn)" -lt 17000 ]; then skip "any number can be had" "a hard limit of $(ulimit -Hn) open files"
else is "$(ulimit -n 17000; timeout 60 lprun -c s3 ./every 2>&1)" "0 of many" "any number can be had"; fi

# ---- -c SOCKET: the process that lprun started serves it, also after exec; children serve their own ----
cat >x.c <<'X'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "last")) { puts("last"); fflush(stdout); pause(); }
    if (argc > 1) return 5;
    int status;
    for (int i = 0; i < 3; i++) {
        if (!(i & 1 ? vfork() : fork())) { execl(argv[0], argv[0], "child", NULL); _exit(9); }
        wait(&status);
        printf("%d\n", WEXITSTATUS(status));
    }
    fflush(stdout);
    if (getenv("FIRST")) pause();
    execl(argv[0], argv[0], "last", NULL);
    return 1;
}
X
arm64_cc x x.c -O1
FIRST=1 lprun -c s2 ./x >out2 2>&1 &
children=$!
three() { [ "$(grep -c 5 out2)" = 3 ]; }
wait_for 10 three && ok "programs that a child starts run" || { not_ok "programs that a child starts run"; note <out2; }
lpapply -c s2 -l >out 2>&1 && ok "the parent serves its socket on" || { not_ok "the parent serves its socket on"; note <out; }
kill $children; wait $children 2>/dev/null
lprun -c s3 ./x >out3 2>&1 &
children=$!
last() { grep -q last out3; }
wait_for 10 last
lpapply -c s3 -l >out 2>&1 && ok "after exec the same socket is served" || { not_ok "after exec the same socket is served"; note <out; cat out3 | note; }
kill $children; wait $children 2>/dev/null
children=

# ---- who it is: as root, a program becomes somebody else, and all of its threads with it ----
if [ "$(id -u)" = 0 ]; then
    cat >y.c <<'X'
#include <stdio.h>
#include <grp.h>
#include <unistd.h>
int main(void)
{
    gid_t g[2] = {65533, 65534};
    if (setgroups(2, g) || setgid(65534) || setuid(65534)) return 1;
    puts("changed");
    fflush(stdout);
    pause();
}
X
    arm64_cc y y.c -O1
    lprun -c s4 ./y >out4 2>&1 &
    children=$!
    changed() { grep -q changed out4; }
    wait_for 10 changed
    lpapply -c s4 -l >out 2>&1
    is "$?" 0 "root reaches a program that has become another user"
    is "$(cat /proc/$children/task/*/status | grep -E '^(Uid|Gid|Groups)' | tr -s ' \t' ' ' | sort -u)" "Gid: 65534 65534 65534 65534
Groups: 65533 65534 
Uid: 65534 65534 65534 65534" "and the thread that serves it has become that user too"
    kill $children; wait $children 2>/dev/null
    rm -f s4
else
    skip "the user of the thread that serves" "not root"
fi
children=
is "$(echo s?)" 's?' "no socket is left"
tap_done
