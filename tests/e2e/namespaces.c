/* Calls that Linux refuses a process with several threads, by a process with one: each in a child, and what it says. With "stay": in this process, which waits. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define T(x) do { fflush(stdout); if (fork() == 0) { errno = 0; int r = (x); printf("%s: %s\n", #x, r < 0 ? strerrorname_np(errno) : "done"); fflush(stdout); _exit(0); } wait(NULL); } while (0)

static void *nothing(void *arg) { return arg; }
static void *waits(void *arg) { return pause(), arg; }

static int after(void *(*thread)(void *), int join)
{
    pthread_t t;
    pthread_create(&t, NULL, thread, NULL);
    if (join) pthread_join(t, NULL);
    return unshare(CLONE_NEWUSER);
}

static int into(const char *file, int kind) { return setns(open(file, O_RDONLY | O_CLOEXEC), kind); }

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "mount")) {
        printf("%s\n", unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ? strerrorname_np(errno) : "done");
        return 0;
    }
    if (argc > 1) {
        printf("%s\n", unshare(CLONE_VM | CLONE_SIGHAND) ? strerrorname_np(errno) : "alone");
        fflush(stdout);
        return pause();
    }
    T(unshare(CLONE_VM));
    T(unshare(CLONE_SIGHAND | CLONE_VM));
    T(unshare(CLONE_THREAD));
    T(unshare(CLONE_NEWUSER));
    T(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID));
    T(unshare(CLONE_FILES | CLONE_FS | CLONE_SYSVSEM));
    T(unshare(0x10));
    T(after(nothing, 1));
    T(after(waits, 0));
    T(into("/proc/self/ns/mnt", CLONE_NEWNS));
    T(into("/proc/self/ns/net", CLONE_NEWNET));
    T(into("/proc/self/ns/user", CLONE_NEWUSER));
    T(into("/dev/null", 0));
    return 0;
}
