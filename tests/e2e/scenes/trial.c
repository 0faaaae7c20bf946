/* What patches on trial are applied to: each line of the input is an order. Patches change work() and other(). */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FUNCTION __attribute__((noinline, noclone))
volatile int shared;
static sigjmp_buf back;
static int bad; /* of the old work() */

FUNCTION int work(int v)
{
    __asm__ volatile("nop\n\tnop" : "+r"(v));
    if (bad == 1) return *(volatile int *)0;
    return 2 * v + 1;
}
FUNCTION int other(int v)
{
    __asm__ volatile("nop\n\tnop" : "+r"(v));
    return 3 * work(v);
}
/* On a page of its own, which the program can move. */
#define ALONE __attribute__((used, aligned(4096), section(".text.alone")))
enum { PAGE = 4096 };
FUNCTION ALONE int alone(int v)
{
    __asm__ volatile("nop\n\tnop" : "+r"(v));
    return 5 * v;
}
ALONE int behind(int v) { return v; }
static int moved(int v)
{
    void *page = (void *)alone, *to = mmap(NULL, PAGE, 0, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    to = mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
    return ((int (*)(int))to)(v);
}
/* For new bodies to call. This one has no frame record. */
FUNCTION int load(const volatile int *p);
FUNCTION __attribute__((optimize("omit-frame-pointer"))) int through(const volatile int *p)
{
    int v = load(p);
    __asm__ volatile("" : "+r"(v));
    return v + 1;
}
FUNCTION int load(const volatile int *p) { return *p; }

/* Takes a while, and does nothing that cannot be taken back; how many milliseconds. */
FUNCTION long spin(long n)
{
    while (n) __asm__ volatile("sub %0, %0, #1" : "+r"(n));
    return n;
}
static long milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

FUNCTION void held(void)
{
    __asm__ volatile("nop\n\tnop");
    for (;;) pause();
}
static void *hold(void *none) { held(); return none; }

static void on_signal(int signo)
{
    if (signo == SIGUSR1) shared = 1;
    else siglongjmp(back, signo);
}
static void set_handler(int signo, void (*fn)(int))
{
    struct sigaction a = {.sa_handler = fn};
    sigaction(signo, &a, NULL);
}

static pthread_barrier_t gather;
static void *at_once(void *count)
{
    pthread_barrier_wait(&gather);
    long sum = 0;
    for (int i = 0; i < (int)(long)count; i++) sum += work(i) == 2 * i + 1;
    return (void *)sum;
}

/* How many calls gave the right result? */
static long threads(int n, int calls)
{
    pthread_t t[64];
    long right = 0;
    void *r;
    pthread_barrier_init(&gather, NULL, (unsigned)n);
    for (int i = 0; i < n; i++) pthread_create(&t[i], NULL, at_once, (void *)(long)calls);
    for (int i = 0; i < n; i++) pthread_join(t[i], &r), right += (long)r;
    pthread_barrier_destroy(&gather);
    return right;
}

static void in_child(int v)
{
    int status;
    pid_t p = fork();
    if (p == 0) _exit(work(v));
    waitpid(p, &status, 0);
    if (WIFSIGNALED(status)) printf("child signal %d\n", WTERMSIG(status));
    else printf("child %d\n", WEXITSTATUS(status));
}

int main(void)
{
    char line[80];
    int a, b;
    setvbuf(stdout, NULL, _IONBF, 0);
    puts("ready");
    while (fgets(line, sizeof line, stdin)) {
        int n = sscanf(line, "%*s %d %d", &a, &b);
        if (!strncmp(line, "work", 4)) printf("work %d\n", work(a));
        if (!strncmp(line, "other", 5)) printf("other %d\n", other(a));
        if (!strncmp(line, "move", 4)) printf("moved %d\n", moved(a));
        if (!strncmp(line, "shared", 6)) printf("shared %d\n", shared);
        if (!strncmp(line, "bad", 3)) printf("bad %d\n", bad = a);
        if (!strncmp(line, "crash", 5)) printf("crash %d\n", load(NULL));
        if (!strncmp(line, "abort", 5)) abort();
        if (!strncmp(line, "threads", 7)) printf("right %ld\n", threads(a, b));
        if (!strncmp(line, "fork", 4)) in_child(a);
        if (!strncmp(line, "spin", 4)) b = (int)milliseconds(), spin(1000000L * a), printf("spun %d\n", (int)milliseconds() - b);
        if (!strncmp(line, "handle", 6)) set_handler(a, on_signal), printf("handles %d\n", a);
        if (!strncmp(line, "hold", 4)) {
            pthread_t t;
            pthread_create(&t, NULL, hold, NULL);
            usleep(50000);
            puts("holds");
        }
        if (!strncmp(line, "block", 5)) {
            sigset_t s;
            sigemptyset(&s), sigaddset(&s, a), sigprocmask(SIG_BLOCK, &s, NULL);
            printf("blocked %d\n", a);
        }
        if (!strncmp(line, "caught", 6)) {
            int signo = sigsetjmp(back, 1);
            printf("caught %d\n", signo ? signo : work(a));
        }
        if (!strncmp(line, "bye", 3)) break;
        (void)n;
    }
    return 0;
}
