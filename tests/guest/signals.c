/* Handlers and what they are told, masks, nesting, queues, the flags of sigaction. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int depth, order[64], count; /* raise() is a leaf to the compiler */
static void note(int n) { if (count < 64) order[count++] = n; }
static void show(const char *what)
{
    printf("%s:", what);
    for (int i = 0; i < count; i++) printf(" %d", order[i]);
    printf("\n");
    count = 0;
}
static void info(int n, siginfo_t *i, void *uc)
{
    (void)uc;
    printf("info %d signo %d code %d errno %d mine %d value %d\n", n, i->si_signo, i->si_code, i->si_errno, i->si_pid == getpid(), i->si_code == SI_QUEUE ? i->si_value.sival_int : 0);
}
static void plain(int n) { note(n); }
static void nested(int n)
{
    note(++depth * 100 + n);
    if (n == SIGUSR1) raise(SIGUSR2);
    note(depth-- * -100 - n);
}
static void again(int n)
{
    note(n + ++depth);
    if (depth < 4) raise(n);
    depth--;
}
static void masks(int n)
{
    sigset_t s;
    sigprocmask(SIG_BLOCK, NULL, &s);
    printf("in %d:", n);
    for (int i = 1; i < 65; i++)
        if (sigismember(&s, i) == 1) printf(" %d", i);
    printf("\n");
}
static void set(int n, void (*fn)(int), int flags, int also)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = fn;
    sa.sa_flags = flags;
    sigemptyset(&sa.sa_mask);
    if (also) sigaddset(&sa.sa_mask, also);
    printf("sigaction %d %d\n", n, sigaction(n, &sa, NULL));
}
static void block(int how, int n, int m)
{
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, n);
    if (m) sigaddset(&s, m);
    sigprocmask(how, &s, NULL);
}
static void queues(void)
{
    union sigval v;
    int rt = SIGRTMIN;
    set(rt, NULL, 0, 0);
    struct sigaction sa = {.sa_flags = SA_SIGINFO};
    sa.sa_sigaction = info;
    sigaction(rt, &sa, NULL), sigaction(rt + 1, &sa, NULL), sigaction(SIGUSR1, &sa, NULL);
    block(SIG_BLOCK, rt, rt + 1), block(SIG_BLOCK, SIGUSR1, 0);
    for (int i = 0; i < 5; i++) v.sival_int = i, sigqueue(getpid(), rt + (i & 1), v);
    kill(getpid(), SIGUSR1), kill(getpid(), SIGUSR1);
    sigset_t p;
    sigpending(&p);
    printf("pending %d %d %d %d\n", sigismember(&p, rt), sigismember(&p, rt + 1), sigismember(&p, SIGUSR1), sigismember(&p, SIGUSR2));
    block(SIG_UNBLOCK, rt + 1, 0), block(SIG_UNBLOCK, rt, 0), block(SIG_UNBLOCK, SIGUSR1, 0);
    printf("sigqueue %d", sigqueue(getpid(), 65, v)), printf(" %d\n", errno);
}
static void waits(void)
{
    sigset_t s, old;
    siginfo_t si;
    struct timespec zero = {0, 0}, ms = {0, 20000000};
    sigemptyset(&s), sigaddset(&s, SIGUSR2), sigaddset(&s, SIGRTMIN + 3);
    sigprocmask(SIG_BLOCK, &s, &old);
    printf("timed %d", sigtimedwait(&s, &si, &zero)), printf(" %d\n", errno == EAGAIN);
    printf("timed %d", sigtimedwait(&s, &si, &ms)), printf(" %d\n", errno == EAGAIN);
    union sigval v = {.sival_int = 77};
    sigqueue(getpid(), SIGRTMIN + 3, v);
    kill(getpid(), SIGUSR2);
    int n = 0;
    printf("sigwait %d", sigwait(&s, &n)), printf(" %d\n", n);
    printf("info %d", sigwaitinfo(&s, &si) == SIGRTMIN + 3), printf(" %d %d\n", si.si_code == SI_QUEUE, si.si_value.sival_int);
    set(SIGUSR2, plain, 0, 0);
    kill(getpid(), SIGUSR2);
    show("before suspend");
    printf("suspend %d", sigsuspend(&old)), printf(" %d\n", errno == EINTR);
    show("after suspend");
    sigprocmask(SIG_BLOCK, NULL, &s);
    printf("blocked again %d\n", sigismember(&s, SIGUSR2));
    sigprocmask(SIG_SETMASK, &old, NULL);
}
static void resets(void)
{
    struct sigaction sa;
    set(SIGUSR1, plain, SA_RESETHAND, 0);
    raise(SIGUSR1);
    sigaction(SIGUSR1, NULL, &sa);
    printf("reset %d\n", sa.sa_handler == SIG_DFL);
    show("once");
    signal(SIGUSR1, SIG_IGN);
    raise(SIGUSR1), raise(SIGCHLD), raise(SIGWINCH), raise(SIGURG), raise(SIGCONT);
    printf("%d", sigaction(SIGKILL, &sa, NULL)), printf(" %d\n", errno);
    printf("%d", sigaction(65, &sa, NULL)), printf(" %d\n", errno);
}
static volatile sig_atomic_t ticks;
static void tick(int n) { (void)n, ticks++; }
static void timers(void)
{
    struct itimerval it = {{0, 2000}, {0, 2000}}, off = {{0, 0}, {0, 0}}, old;
    signal(SIGALRM, tick);
    setitimer(ITIMER_REAL, &it, NULL);
    volatile unsigned long spin = 0;
    while (ticks < 5) spin++;
    setitimer(ITIMER_REAL, &off, &old);
    printf("ticks %d interval %ld\n", ticks >= 5, (long)old.it_interval.tv_usec);
    signal(SIGVTALRM, tick);
    ticks = 0;
    setitimer(ITIMER_VIRTUAL, &it, NULL);
    while (!ticks) spin++;
    setitimer(ITIMER_VIRTUAL, &off, NULL);
    ticks = 0;
    alarm(1);
    printf("pause %d", pause()), printf(" %d ticks %d\n", errno == EINTR, ticks);
    timer_t t;
    struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    struct itimerspec ts = {{0, 0}, {0, 3000000}};
    ticks = 0;
    printf("timer %d\n", timer_create(CLOCK_MONOTONIC, &ev, &t));
    timer_settime(t, 0, &ts, NULL);
    while (!ticks) spin++;
    printf("deleted %d\n", timer_delete(t));
}
int main(void)
{
    struct sigaction sa = {.sa_flags = SA_SIGINFO};
    setvbuf(stdout, NULL, _IOLBF, 0);
    sa.sa_sigaction = info;
    sigaction(SIGUSR1, &sa, NULL);
    kill(getpid(), SIGUSR1);
    union sigval v = {.sival_int = 1234};
    sigqueue(getpid(), SIGUSR1, v);
    raise(SIGUSR1);
    set(SIGUSR1, nested, 0, 0), set(SIGUSR2, nested, 0, 0);
    raise(SIGUSR1);
    show("nested");
    set(SIGUSR1, nested, 0, SIGUSR2);
    raise(SIGUSR1);
    show("masked");
    set(SIGUSR1, again, SA_NODEFER, 0);
    raise(SIGUSR1);
    show("nodefer");
    set(SIGUSR1, masks, 0, SIGHUP), set(SIGUSR2, masks, SA_NODEFER, SIGRTMAX);
    raise(SIGUSR1), raise(SIGUSR2);
    masks(0);
    queues();
    waits();
    resets();
    timers();
    for (int i = 1; i < 5; i++) set(i == 1 ? SIGHUP : i == 2 ? SIGTERM : i == 3 ? SIGUSR1 : SIGUSR2, plain, 0, 0);
    block(SIG_BLOCK, SIGHUP, SIGTERM), block(SIG_BLOCK, SIGUSR1, SIGUSR2);
    kill(getpid(), SIGTERM), kill(getpid(), SIGHUP), kill(getpid(), SIGUSR2), kill(getpid(), SIGUSR1);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    show("stacked");
    raise(SIGTERM);
    show("term");
    signal(SIGTERM, SIG_DFL);
    printf("end\n");
    raise(SIGTERM);
    return 1;
}
