/* Waiting for events: epoll (its structure is packed on x86-64 only), eventfd, timerfd, signalfd, inotify, timers, pidfds, queues' notices. */
/* oracle: host */
#define _GNU_SOURCE
#include "syscheck.h"
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

static void epolls(void)
{
    int ep = epoll_create1(EPOLL_CLOEXEC), e1 = eventfd(1, EFD_NONBLOCK), e2 = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK);
    struct epoll_event ev = {EPOLLIN, {.u64 = 0x1122334455667788}}, got[4];
    struct timespec soon = {0, 1000000}, bad = {0, -1};
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(page + 4096, 4096, PROT_NONE);
    E(epoll_ctl(ep, EPOLL_CTL_ADD, e1, &ev));
    ev.data.u64 = 0x99aabbccddeeff00;
    ev.events = EPOLLIN | EPOLLOUT | EPOLLET;
    E(epoll_ctl(ep, EPOLL_CTL_ADD, e2, &ev));
    E(epoll_ctl(ep, EPOLL_CTL_ADD, e2, &ev));
    E(epoll_ctl(ep, EPOLL_CTL_MOD, 0x7ffffff, &ev));
    E(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &ev));
    E(epoll_ctl(ep, EPOLL_CTL_MOD, e1, (void *)16));
    E(epoll_wait(ep, got, 4, 0));
    printf("%x %llx, %x %llx\n", got[0].events, (long long)got[0].data.u64, got[1].events, (long long)got[1].data.u64);
    E(epoll_wait(ep, got, 4, 0));
    E(epoll_wait(ep, got, 0, 0));
    E(epoll_wait(ep, (void *)16, 4, 0));
    E(epoll_wait(ep, (void *)(page + 4096 - sizeof got[0]), 4, 0));
    ev.events = EPOLLIN | EPOLLOUT | EPOLLET;
    E(epoll_ctl(ep, EPOLL_CTL_MOD, e2, &ev));
    E(epoll_wait(ep, (void *)(page + 4096 - sizeof got[0]), 4, 0)); /* one fits, the other is kept */
    E(epoll_wait(ep, got, 4, 0));
    E(epoll_ctl(ep, EPOLL_CTL_DEL, e1, NULL));
    E(syscall(SYS_epoll_pwait2, ep, got, 4, &soon, NULL, 8));
    E(syscall(SYS_epoll_pwait2, ep, got, 4, &bad, NULL, 8));
    E(syscall(SYS_epoll_pwait, ep, got, 4, 1, &soon, 4));
    uint64_t v = 3;
    E(write(e2, &v, 8));
    E(read(e2, &v, 8)); printf("%d\n", (int)v);
    E(read(e1, &v, 8));
    E(read(e1, &v, 8));
    E(read(e1, &v, 4));
    E(eventfd(0, 12345));
}

static void timers(void)
{
    int tf = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct itimerspec it = {{0, 1000000}, {0, 1000000}}, old;
    uint64_t n = 0;
    E(timerfd_settime(tf, 0, &it, NULL));
    struct pollfd p = {tf, POLLIN};
    E(poll(&p, 1, 1000));
    E(read(tf, &n, 8)); printf("%d\n", n >= 1);
    E(timerfd_settime(tf, 0, &(struct itimerspec){{0, 0}, {100, 0}}, &old));
    printf("interval %ld\n", (long)old.it_interval.tv_nsec);
    E(timerfd_gettime(tf, &old)); printf("%d\n", old.it_value.tv_sec >= 98);
    E(timerfd_settime(tf, 0, (void *)16, NULL));
    E(timerfd_create(999, 0));
    timer_t t;
    sigset_t set;
    siginfo_t si;
    sigemptyset(&set), sigaddset(&set, SIGRTMIN + 3), sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    struct sigevent sev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 3, .sigev_value.sival_ptr = (void *)0x123456789abcdef0};
    E(timer_create(CLOCK_MONOTONIC, &sev, &t));
    E(timer_settime(t, 0, &(struct itimerspec){{0, 0}, {0, 1000000}}, NULL));
    E(sigtimedwait(&set, &si, &(struct timespec){2, 0}) - SIGRTMIN);
    printf("code %d value %llx overrun %d\n", si.si_code, (long long)si.si_value.sival_ptr, si.si_overrun);
    E(timer_getoverrun(t));
    E(timer_delete(t));
    E(timer_delete(t));
    sev.sigev_notify = SIGEV_NONE;
    E(timer_create(CLOCK_MONOTONIC, &sev, &t));
    E(timer_settime(t, 0, &it, NULL));
    E(timer_gettime(t, &old)); printf("%d\n", old.it_value.tv_nsec > 0);
    sev.sigev_notify = SIGEV_THREAD_ID, sev._sigev_un._tid = gettid(), sev.sigev_signo = SIGUSR1;
    E(timer_create(CLOCK_MONOTONIC, &sev, &t));
    E(timer_settime(t, 0, &(struct itimerspec){{0, 0}, {0, 1000000}}, NULL));
    E(sigtimedwait(&set, &si, &(struct timespec){2, 0}));
    sev._sigev_un._tid = 1;
    E(timer_create(CLOCK_MONOTONIC, &sev, &t));
    sev.sigev_notify = 77;
    E(timer_create(CLOCK_MONOTONIC, &sev, &t));
    E(syscall(SYS_timer_create, CLOCK_MONOTONIC, 16L, &t));
}

static void signals(void)
{
    sigset_t set;
    struct signalfd_siginfo si;
    sigemptyset(&set), sigaddset(&set, SIGUSR2), sigaddset(&set, SIGRTMIN + 1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    E(read(fd, &si, sizeof si));
    union sigval v = {.sival_int = 4711};
    E(sigqueue(getpid(), SIGRTMIN + 1, v));
    E(kill(getpid(), SIGUSR2));
    E(read(fd, &si, sizeof si)); printf("%d code %d pid %d\n", (int)si.ssi_signo, si.ssi_code, (int)si.ssi_pid == getpid());
    E(read(fd, &si, sizeof si)); printf("%d code %d value %d\n", (int)si.ssi_signo - SIGRTMIN, si.ssi_code, si.ssi_int);
    E(syscall(SYS_signalfd4, fd, &set, 4, 0));
    E(syscall(SYS_signalfd4, 0, &set, 8, 0));
}

/* SIGBUS that was sent is pending like any other: a wait whose mask lets it through ends at once. */
static int hits;
static void hit(int n) { (void)n, hits++; }
static void lets_through(void)
{
    struct sigaction sa = {.sa_handler = hit};
    struct timespec second = {1, 0};
    struct epoll_event ev;
    sigset_t set, none;
    int ep = epoll_create1(0);
    sigemptyset(&none), sigemptyset(&set), sigaddset(&set, SIGBUS);
    sigprocmask(SIG_BLOCK, &set, NULL);
    E(syscall(SYS_rt_sigprocmask, SIG_BLOCK | 1L << 40, &set, NULL, 8)); /* an int */
    sigprocmask(SIG_BLOCK, NULL, &set); printf("still blocked %d\n", sigismember(&set, SIGUSR2));
    sigaction(SIGBUS, &sa, NULL);
    kill(getpid(), SIGBUS); E(ppoll(NULL, 0, &second, &none)); printf("%d\n", hits);
    kill(getpid(), SIGBUS); E(pselect(0, NULL, NULL, NULL, &second, &none)); printf("%d\n", hits);
    kill(getpid(), SIGBUS); E(epoll_pwait(ep, &ev, 1, 1000, &none)); printf("%d\n", hits);
    E(ppoll(NULL, 0, &(struct timespec){0, 1000}, &none));
    close(ep);
}

/* Of the sets no more is looked at than there are descriptors. */
static void large_sets(void)
{
    long set[512] = {0};
    struct timespec none = {0, 0};
    E(syscall(SYS_pselect6, 1048576, set, set, set, &none, NULL)); E(syscall(SYS_pselect6, 0x7fffffff, set, NULL, NULL, &none, NULL));
    E(syscall(SYS_pselect6, -1, set, NULL, NULL, &none, NULL)); E(syscall(SYS_pselect6, 0x7fffffff, 16L, NULL, NULL, &none, NULL));
    E(syscall(SYS_pselect6, 64, 1L << 60, NULL, NULL, &none, NULL));
}

static void watches(void)
{
    char dir[] = "/tmp/lp-sysevents-XXXXXX", file[64], b[512] __attribute__((aligned(8)));
    mkdtemp(dir);
    snprintf(file, sizeof file, "%s/f", dir);
    int in = inotify_init1(IN_NONBLOCK), w = inotify_add_watch(in, dir, IN_CREATE | IN_DELETE | IN_CLOSE_WRITE);
    printf("watch %d\n", w);
    close(open(file, O_CREAT | O_WRONLY, 0600));
    unlink(file);
    ssize_t n = read(in, b, sizeof b);
    for (char *p = b; p < b + n; p += sizeof(struct inotify_event) + ((struct inotify_event *)p)->len) {
        struct inotify_event *e = (void *)p;
        printf("%x %s\n", e->mask, e->name);
    }
    E(read(in, b, sizeof b));
    E(inotify_rm_watch(in, w));
    E(inotify_add_watch(in, "/no/such", IN_CREATE));
    E(inotify_add_watch(in, (char *)16, IN_CREATE));
    rmdir(dir);
}

static void pidfds(void)
{
    fflush(stdout);
    int ready[2];
    pipe(ready);
    pid_t pid = fork();
    if (!pid) {
        signal(SIGUSR1, SIG_DFL);
        sigset_t none;
        sigemptyset(&none), sigprocmask(SIG_SETMASK, &none, NULL);
        write(ready[1], "r", 1);
        for (;;) pause();
    }
    char c;
    siginfo_t si;
    read(ready[0], &c, 1);
    int fd = syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = {fd, POLLIN};
    E(poll(&p, 1, 0));
    E(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
    int got = syscall(SYS_pidfd_getfd, fd, ready[0], 0);
    printf("getfd %d\n", got >= 0 && !fcntl(got, F_GETFL));
    E(syscall(SYS_pidfd_getfd, fd, 12345, 0));
    E(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, NULL, 0));
    E(poll(&p, 1, 2000));
    E(waitid(3 /* P_PIDFD */, fd, &si, WEXITED | WNOWAIT)); printf("%d %d\n", si.si_code == CLD_KILLED, si.si_status);
    E(waitid(P_PID, pid, &si, WEXITED));
    E(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
    E(waitid(P_ALL, 0, &si, WEXITED));
    E(syscall(SYS_pidfd_open, 0x3fffffff, 0));
}

/* A pidfd with the child: none of them where there is no room for it; it is there for a child that nobody will wait for. */
static long clone3_(unsigned long long flags, int *pidfd, size_t size, int more)
{
    unsigned long long a[12] = {flags, (uintptr_t)pidfd, 0, 0, SIGCHLD};
    a[11] = more;
    fflush(stdout);
    long pid = syscall(SYS_clone3, a, size);
    if (pid == 0) _exit(7);
    return pid;
}
static int end_at_once(void *arg) { _exit((int)(long)arg); }

static void born(void)
{
    static char stack[65536];
    int fd = -1, st, top = dup(0);
    struct rlimit l, low;
    siginfo_t si;
    close(top);
    getrlimit(RLIMIT_NOFILE, &l), low = l, low.rlim_cur = top;
    setrlimit(RLIMIT_NOFILE, &low);
    E(clone3_(CLONE_PIDFD, &fd, 64, 0));
    E(clone(end_at_once, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, (void *)3, &fd));
    E(waitpid(-1, &st, __WALL));
    printf("fd %d\n", fd);
    setrlimit(RLIMIT_NOFILE, &l);
    E(clone3_(CLONE_PIDFD, (void *)16, 64, 0));
    E(waitpid(-1, &st, 0));
    E(clone3_(CLONE_PIDFD, &fd, 88, 0) > 0);
    printf("fd %d cloexec %d\n", fd - top, fcntl(fd, F_GETFD));
    E(waitid(3 /* P_PIDFD */, fd, &si, WEXITED)); printf("%d\n", si.si_status);
    close(fd), fd = -1;
    E(clone(end_at_once, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_PIDFD, (void *)3, &fd) > 0);
    E(waitid(3, fd, &si, WEXITED)); E(waitid(3, fd, &si, WEXITED | __WALL)); printf("%d\n", si.si_status);
    close(fd), fd = -1;
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 20; i++) {
        if (clone3_(CLONE_PIDFD, &fd, 64, 0) < 0 || fd != top) printf("fd %d\n", fd - top);
        close(fd), fd = -1;
    }
    signal(SIGCHLD, SIG_DFL);
    while (wait(NULL) > 0) {}
    E(clone3_(0, NULL, 96, 0) > 0); E(wait(&st) > 0); printf("%d\n", WEXITSTATUS(st));
    E(clone3_(0, NULL, 96, 1)); E(clone3_(0, NULL, 56, 0)); E(clone3_(0, NULL, 5000, 0));
}

static void notices(void)
{
    char name[40];
    snprintf(name, sizeof name, "/lp-sysevents-%d", (int)getpid());
    struct mq_attr at = {.mq_maxmsg = 2, .mq_msgsize = 8};
    mqd_t q = mq_open(name, O_CREAT | O_RDWR | O_NONBLOCK, 0600, &at);
    if (q < 0) { printf("no queues\n"); return; }
    mq_unlink(name);
    sigset_t set;
    siginfo_t si;
    sigemptyset(&set), sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_ptr = (void *)0xfedcba987654321};
    E(mq_notify(q, &ev));
    E(mq_notify(q, &ev));
    E(mq_send(q, "x", 1, 0));
    E(sigtimedwait(&set, &si, &(struct timespec){2, 0}));
    printf("code %d value %llx\n", si.si_code, (long long)si.si_value.sival_ptr);
    ev.sigev_notify = SIGEV_NONE;
    E(mq_notify(q, &ev));
    E(mq_notify(q, NULL));
    ev.sigev_notify = 99;
    E(mq_notify(q, &ev));
    E(syscall(SYS_mq_notify, q, 16L));
}

int main(void)
{
    epolls();
    timers();
    signals();
    lets_through();
    large_sets();
    watches();
    pidfds();
    born();
    notices();
    return 0;
}
