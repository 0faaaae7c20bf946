/* storm.c - 16 threads call f(), which calls g() and, with -DOBJECTS, h() of a library. Each has the number of its version in its code, and all of one
 * call must have the same one, whatever is patched meanwhile. Meanwhile go on what the arguments name: signals, forks, execs, loads. It ends with
 * its standard input, and says what it saw. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "storm.h"

enum { THREADS = 16, EVERY = 16 };
static _Atomic int running = 1, ready;
static _Atomic long disagreements, handled, forks, execs, loads, failures;
/* of one thread: calls, the longest time between two looks at the clock, the last look */
static struct thread { pthread_t id; _Atomic long calls; _Atomic double longest, last; char pad[64]; } threads[THREADS];
static char *self;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* What happens between the two calls of g(): mostly nothing. */
PART void between(unsigned n)
{
    struct timespec nap = {0, 20000};
    if (n % 512 == 0) nanosleep(&nap, NULL);
    else if (n % 64 == 0) sched_yield();
    else for (unsigned i = 0; i < n % 32; i++) __asm__ volatile("");
}

PART unsigned g(void) { return VERSION(); }
PART unsigned f(unsigned n)
{
    unsigned mine = VERSION(), seen = g() ^ mine;
    between(n);
    seen |= g() ^ mine;
#ifdef OBJECTS
    seen |= h() ^ mine;
#endif
    return seen | (VERSION() ^ mine);
}

static void call(unsigned n)
{
    if (f(n)) disagreements++;
}

static void look(struct thread *t)
{
    double time = now();
    if (t->last != 0 && time - t->last > t->longest) t->longest = time - t->last;
    t->last = time;
}

static void *work(void *arg)
{
    struct thread *t = arg;
    ready++;
    for (unsigned n = (unsigned)(t - threads); running; n++) {
        if (n % EVERY == 0) look(t);
        call(n);
        t->calls++;
    }
    look(t);
    return NULL;
}

static void on_signal(int n)
{
    (void)n;
    call(1), handled++;
}

/* Signals that every thread gets, as fast as one can send them. */
static void *signals(void *arg)
{
    struct timespec nap = {0, 100000};
    for (unsigned i = 0; running; i++) {
        if (pthread_kill(threads[i % THREADS].id, i % 3 ? SIGUSR1 : SIGRTMIN)) failures++;
        if (i % 8 == 0) nanosleep(&nap, NULL);
    }
    return arg;
}

static void reap(pid_t pid, _Atomic long *good)
{
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) failures++;
    else ++*good;
}

static void *forking(void *arg)
{
    while (running) {
        pid_t pid = fork();
        if (pid == 0) {
            disagreements = 0;
            for (unsigned i = 0; i < 200; i++) call(i);
            _exit(disagreements != 0);
        }
        reap(pid, &forks);
    }
    return arg;
}

static void *execing(void *arg)
{
    while (running) {
        pid_t pid = fork();
        if (pid == 0) execl(self, self, "child", (char *)NULL), _exit(9);
        reap(pid, &execs);
    }
    return arg;
}

static void *loading(void *arg)
{
    struct timespec nap = {0, 500000};
    while (running) {
        void *plug = dlopen("./plug.so", RTLD_NOW);
        unsigned (*check)(void) = plug ? (unsigned (*)(void))dlsym(plug, "plug_f") : NULL;
        if (!check) failures++, fprintf(stderr, "%s\n", dlerror()), exit(1);
        for (int i = 0; i < 20; i++)
            if (check()) disagreements++;
        dlclose(plug);
        loads++;
        nanosleep(&nap, NULL);
    }
    return arg;
}

static const struct { const char *name; void *(*run)(void *); } others[] = {{"signals", signals}, {"forks", forking}, {"execs", execing}, {"loads", loading}};
enum { OTHERS = sizeof others / sizeof *others };

static void report(void)
{
    double longest = 0;
    long calls = 0, least = threads[0].calls;
    for (int i = 0; i < THREADS; i++) {
        if (threads[i].longest > longest) longest = threads[i].longest;
        if (threads[i].calls < least) least = threads[i].calls;
        calls += threads[i].calls;
    }
    printf("disagreements %ld failures %ld starved %d longest %.0f calls %ld least %ld signals %ld forks %ld execs %ld loads %ld\n", (long)disagreements,
           (long)failures, longest > 1000, longest, calls, least, (long)handled, (long)forks, (long)execs, (long)loads);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    pthread_t other[OTHERS];
    int wanted[OTHERS] = {0};
    char line[20];
    struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    self = argv[0];
    if (argc > 1 && !strcmp(argv[1], "child")) {
        for (unsigned i = 0; i < 200; i++) call(i);
        return disagreements != 0;
    }
    sigaction(SIGUSR1, &sa, NULL);
    sigaction(SIGRTMIN, &sa, NULL);
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i].id, NULL, work, &threads[i]);
    while (ready < THREADS) sched_yield();
    for (int k = 0; k < OTHERS; k++) {
        for (int a = 1; a < argc; a++) wanted[k] |= !strcmp(argv[a], others[k].name);
        if (wanted[k]) pthread_create(&other[k], NULL, others[k].run, NULL);
    }
    printf("ready %d\n", (int)getpid());
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) && strcmp(line, "bye\n")) report();
    running = 0;
    for (int k = 0; k < OTHERS; k++)
        if (wanted[k]) pthread_join(other[k], NULL);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i].id, NULL);
    report();
    return 0;
}
