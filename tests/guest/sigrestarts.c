/* Interrupted system calls: with SA_RESTART and without, calls that never restart, remaining time, ppoll's mask. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int fds[2], pairs[2];
static volatile sig_atomic_t hits;
static void hit(int n) { (void)n, hits++; }
static void feed(int n)
{
    (void)n;
    hits++;
    if (hits == 2 && write(fds[1], "x", 1) != 1) _exit(9);
}
static void arm(long us, long every)
{
    struct itimerval it = {{0, every}, {0, us}};
    hits = 0;
    setitimer(ITIMER_REAL, &it, NULL);
}
static void off(void)
{
    struct itimerval it = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &it, NULL);
}
static void on(void (*fn)(int), int flags)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = fn;
    sa.sa_flags = flags;
    sigaction(SIGALRM, &sa, NULL);
}
static void result(const char *what, long r) { int e = errno; printf("%s %ld %s\n", what, r, r < 0 ? strerror(e) : "-"); }

int main(void)
{
    char c;
    int st;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (pipe(fds) || socketpair(AF_UNIX, SOCK_STREAM, 0, pairs)) return 1;
    on(feed, SA_RESTART);
    arm(20000, 20000);
    result("read restarts", read(fds[0], &c, 1)), off();
    printf("hits %d\n", hits >= 2);
    on(hit, 0);
    arm(20000, 0), result("read", read(fds[0], &c, 1));
    arm(20000, 0), result("recv", recv(pairs[0], &c, 1, 0));
    arm(20000, 0), result("pause", pause());
    on(hit, SA_RESTART);
    struct pollfd p = {.fd = fds[0], .events = POLLIN};
    arm(20000, 0), result("poll", poll(&p, 1, 5000));
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fds[0], &set);
    struct timeval tv = {5, 0};
    arm(20000, 0), result("select", select(fds[0] + 1, &set, NULL, NULL, &tv));
    int ep = epoll_create1(0);
    struct epoll_event ev = {.events = EPOLLIN};
    epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &ev);
    arm(20000, 0), result("epoll", epoll_wait(ep, &ev, 1, 5000));
    struct timespec ts = {5, 0}, rem = {9, 9};
    arm(20000, 0), result("nanosleep", nanosleep(&ts, &rem));
    printf("rem %d\n", rem.tv_sec == 4);
    clock_gettime(CLOCK_MONOTONIC, &ts), ts.tv_sec += 5;
    arm(20000, 0), printf("clock_nanosleep %d\n", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR);
    ts = (struct timespec){0, 30000000};
    printf("sleeps %d\n", nanosleep(&ts, NULL));

    fflush(stdout);
    pid_t child = fork();
    if (!child) { usleep(80000); _exit(3); }
    arm(20000, 0), result("wait restarts", waitpid(child, &st, 0) == child);
    printf("status %d hits %d\n", WEXITSTATUS(st), hits);
    on(hit, 0);
    child = fork();
    if (!child) { usleep(600000); _exit(4); }
    /* Late enough for a busy machine to be in waitpid() by then. */
    arm(150000, 0), result("wait", waitpid(child, &st, 0));
    result("wait again", waitpid(child, &st, 0) == child);

    /* ppoll: the signal is blocked outside, let in by the mask. */
    sigset_t block, old, now;
    sigemptyset(&block), sigaddset(&block, SIGALRM);
    sigprocmask(SIG_BLOCK, &block, &old);
    arm(1000, 0);
    usleep(5000);
    printf("held back %d\n", hits);
    ts = (struct timespec){5, 0};
    result("ppoll", ppoll(&p, 1, &ts, &old));
    sigprocmask(SIG_BLOCK, NULL, &now);
    printf("hits %d blocked %d\n", hits, sigismember(&now, SIGALRM));
    write(fds[1], "y", 1);
    arm(1000, 0), usleep(5000);
    result("ppoll ready", ppoll(&p, 1, &ts, &block));
    printf("hits %d\n", hits);
    sigprocmask(SIG_SETMASK, &old, NULL);
    printf("hits %d\n", hits);

    /* What is ignored interrupts nothing. */
    signal(SIGALRM, SIG_IGN);
    arm(5000, 5000);
    ts = (struct timespec){0, 40000000};
    result("nanosleep", nanosleep(&ts, NULL)), off();
    return 0;
}
