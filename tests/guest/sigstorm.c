/* A storm of signals over calls that block, fork, memory faults and plain code: nothing is lost, nothing hangs. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t alarms, faults, sum;
static char *page;
static void on_alarm(int n) { (void)n, alarms++; }
static void on_fault(int n) { (void)n, faults++, mprotect(page, 4096, PROT_READ | PROT_WRITE); }
static void on_rt(int n, siginfo_t *i, void *uc) { (void)n, (void)uc, sum += i->si_value.sival_int; }
static void storm(long us)
{
    struct itimerval it = {{0, us}, {0, us}};
    setitimer(ITIMER_REAL, &it, NULL);
}
/* Bytes through two pipes and a child, byte for byte, with interruptions. */
static int echo(int flags)
{
    int to[2], from[2], bad = 0, eintr = 0;
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = on_alarm;
    sa.sa_flags = flags;
    sigaction(SIGALRM, &sa, NULL);
    if (pipe(to) || pipe(from)) return -1;
    pid_t p = fork();
    if (p == 0) {
        char c;
        close(to[1]);
        while (read(to[0], &c, 1) == 1)
            if (write(from[1], &c, 1) != 1) _exit(1);
        _exit(0);
    }
    close(to[0]), close(from[1]);
    for (int i = 0; i < 3000; i++) {
        char c = (char)i, d = 0;
        ssize_t r;
        while ((r = write(to[1], &c, 1)) < 0 && errno == EINTR) eintr++;
        while ((r = read(from[0], &d, 1)) < 0 && errno == EINTR) eintr++;
        if (r != 1 || c != d) bad++;
    }
    close(to[1]);
    int st = -1;
    while (waitpid(p, &st, 0) < 0 && errno == EINTR) eintr++;
    close(from[0]);
    if ((flags & SA_RESTART) && eintr) bad++;
    return bad + st;
}
/* Real-time signals are queued, each arrives. */
static int queue(void)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_sigaction = on_rt;
    sa.sa_flags = SA_SIGINFO | SA_RESTART;
    sigaction(SIGRTMIN + 1, &sa, NULL), sigaction(SIGRTMIN + 5, &sa, NULL);
    pid_t self = getpid(), p = fork();
    if (p == 0) {
        for (int i = 1; i <= 500; i++) {
            union sigval v = {.sival_int = i};
            while (sigqueue(self, i & 1 ? SIGRTMIN + 1 : SIGRTMIN + 5, v)) usleep(100);
        }
        _exit(0);
    }
    int st = -1;
    while (waitpid(p, &st, 0) < 0 && errno == EINTR) continue;
    return sum;
}
/* A signal that is let in only while waiting is never missed: the wait would last for ever. */
static int handshakes(void)
{
    sigset_t s, old;
    struct sigaction sa = {.sa_handler = on_alarm};
    int got = 0;
    sigaction(SIGUSR1, &sa, NULL);
    sigemptyset(&s), sigaddset(&s, SIGUSR1), sigaddset(&s, SIGALRM), sigprocmask(SIG_BLOCK, &s, &old);
    sigset_t wait = old;
    sigaddset(&wait, SIGALRM), sigdelset(&wait, SIGUSR1);
    pid_t parent = getpid(), p = fork();
    if (p == 0) {
        for (int i = 0; i < 500; i++) kill(parent, SIGUSR1), sigsuspend(&wait);
        _exit(0);
    }
    for (int i = 0; i < 500; i++) {
        struct pollfd none = {.fd = -1};
        if (i & 1) got += sigsuspend(&wait) < 0;
        else got += ppoll(&none, 1, NULL, &wait) < 0;
        kill(p, SIGUSR1);
    }
    int st = -1;
    waitpid(p, &st, 0);
    sigprocmask(SIG_SETMASK, &old, NULL);
    return got + st;
}
static unsigned work(void)
{
    unsigned h = 1;
    for (unsigned i = 0; i < 3000000; i++) h = (h ^ i) * 16777619u + (h >> 3);
    return h;
}
int main(void)
{
    storm(1000000);
    page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    signal(SIGALRM, on_alarm);
    storm(150);
    printf("handshakes %d\n", handshakes());
    printf("restart %d\n", echo(SA_RESTART));
    printf("eintr %d\n", echo(0));
    printf("queue %d\n", queue());
    unsigned a = work(), b = work();
    printf("work %u %d\n", a, a == b);
    signal(SIGSEGV, on_fault);
    for (int i = 0; i < 500; i++) mprotect(page, 4096, PROT_READ), ((volatile char *)page)[i]++;
    printf("faults %d\n", faults);
    int bad = 0, st;
    for (int i = 0; i < 40; i++) {
        pid_t p;
        while ((p = fork()) < 0) continue;
        if (p == 0) _exit(i);
        while (waitpid(p, &st, 0) < 0 && errno == EINTR) continue;
        bad += WEXITSTATUS(st) != i;
    }
    printf("forks %d\n", bad);
    storm(0);
    printf("alarms %d\n", alarms > 100);
    return 0;
}
