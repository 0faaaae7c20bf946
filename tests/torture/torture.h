/* torture.h - what the torture programs share: a check that says where it failed, an argument that scales the work, a deadline. */
#ifndef TORTURE_H
#define TORTURE_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Not 0, whether it is patched meanwhile (lib.sh) or not. */
static __attribute__((noipa)) int held(void) { return 1; }
static _Atomic int bad;
#define CHECK(cond) ((cond) && held() ? 1 : (bad++, fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__, #cond, errno), 0)) /* gives whether it held */

static inline void on(int n, void (*fn)(int), int flags)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = fn;
    sa.sa_flags = flags;
    sigaction(n, &sa, NULL);
}

static inline void on_info(int n, void (*fn)(int, siginfo_t *, void *), int flags)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_sigaction = fn;
    sa.sa_flags = flags | SA_SIGINFO;
    sigaction(n, &sa, NULL);
}

static inline double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline void nap(double s)
{
    struct timespec t = {(time_t)s, (long)((s - (double)(time_t)s) * 1e9)};
    while (nanosleep(&t, &t) && errno == EINTR) {}
}

static inline int status_of(pid_t p)
{
    int st = -1;
    while (waitpid(p, &st, 0) < 0 && errno == EINTR) {}
    return st;
}

/* A thread that computes until it is over; with an odd argument it sleeps now and then. */
static _Atomic int over;
static inline void *busy(void *arg)
{
    volatile long n = 0;
    while (!over) {
        n++;
        if ((long)arg % 2) usleep(100);
    }
    return NULL;
}

/* `most`: the scale beyond which a test would only take longer (0: none). */
struct test { const char *name; void (*run)(long scale); long most; };

/* Each test in a process group of its own, so that one that hangs or dies is named and leaves nothing behind. Arguments: the scale, and names of
 * tests (none: all); or `list`. */
static inline int run_tests(const struct test *tests, size_t n, int argc, char **argv)
{
    long scale = argc > 1 ? atol(argv[1]) : 1;
    if (argc > 1 && !strcmp(argv[1], "list")) {
        for (size_t i = 0; i < n; i++) puts(tests[i].name);
        return 0;
    }
    int failed = 0, seconds = getenv("TORTURE_SECONDS") ? atoi(getenv("TORTURE_SECONDS")) : 100;
    for (size_t i = 0; i < n; i++) {
        int wanted = argc < 3;
        for (int a = 2; a < argc; a++) wanted |= !strcmp(argv[a], tests[i].name);
        if (!wanted) continue;
        fflush(stdout);
        double start = now();
        pid_t p = fork();
        if (p == 0) {
            setpgid(0, 0);
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            tests[i].run(tests[i].most && scale > tests[i].most ? tests[i].most : scale);
            exit(bad != 0);
        }
        int st = 0, r;
        while ((r = waitpid(p, &st, WNOHANG)) == 0 && now() - start < seconds) nap(0.005);
        if (r == 0) {
            kill(-p, SIGKILL);
            st = status_of(p);
            printf("%s: hangs\n", tests[i].name);
        } else if (st) {
            printf("%s: status 0x%x\n", tests[i].name, st);
        }
        failed += st != 0;
        if (getenv("TORTURE_TIMES")) printf("%s %.2f s\n", tests[i].name, now() - start);
    }
    printf("%s\n", failed ? "failed" : "all fine");
    return failed != 0;
}
#endif
