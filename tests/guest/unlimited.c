/* A stack without a limit: what is shown of it, how far it goes, and what programs that are executed have. */
/* oracle: host */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MB (1ul << 20)

static int deep(int n)
{
    volatile char frame[4096];
    frame[0] = (char)n;
    return n ? deep(n - 1) + frame[0] : 0;
}

static void show(const char *when)
{
    struct rlimit r;
    getrlimit(RLIMIT_STACK, &r);
    printf("%s: %lx of %lx\n", when, (long)r.rlim_cur, (long)r.rlim_max);
    fflush(stdout);
}

/* In a child: what happens when the stack grows to 60 MB. */
static void grow(const char *when)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        deep(15000);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    printf("%s: 60 MB: signal %d\n", when, WTERMSIG(status));
    fflush(stdout);
}

/* It has not grown yet, so it takes none of the address space. */
static void limited(void)
{
    struct rlimit r;
    getrlimit(RLIMIT_AS, &r);
    r.rlim_cur = 300 * MB;
    setrlimit(RLIMIT_AS, &r);
    void *p = mmap(NULL, 64 * MB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    puts(p == MAP_FAILED ? "no 64 MB of 300" : "64 MB of 300");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const rlim_t limits[] = {16 * MB, 100 * MB, RLIM_INFINITY};
    if (!strcmp(argv[0], "again")) {
        show("after execve");
        grow("after execve");
        limited();
        execl("/bin/sh", "sh", "-c", "ulimit -s", (char *)0);
    }
    for (unsigned i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct rlimit r;
        int status;
        getrlimit(RLIMIT_STACK, &r);
        r.rlim_cur = limits[i] < r.rlim_max ? limits[i] : r.rlim_max;
        pid_t pid = fork();
        if (pid == 0) {
            setrlimit(RLIMIT_STACK, &r);
            show("set");
            grow("set");
            execl("/proc/self/exe", "again", (char *)0);
            _exit(99);
        }
        waitpid(pid, &status, 0);
        printf("status %x\n", status);
        fflush(stdout);
    }
    return 0;
}
