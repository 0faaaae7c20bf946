/* Signals in masses: real-time ones of which none may be lost, storms over every call that blocks, timers of every kind. */
#include "torture.h"
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>

#define RT(i) (SIGRTMIN + 1 + (i))
#define SENDERS 4
#define NUMBERS 4

/* ---- queued: SENDERS processes (or threads) send to one; number and sender are in the value, and so is the place in the row ---- */

static _Atomic long received;
static _Atomic int expected[SENDERS][NUMBERS];
static int ordered;
static void take(int n, const siginfo_t *i)
{
    unsigned v = (unsigned)i->si_value.sival_int, sender = v >> 28, number = v >> 26 & 3;
    int at = (int)(v & 0x3ffffff);
    if (i->si_code != SI_QUEUE || i->si_signo != n || n != RT((int)number) || i->si_uid != getuid() || sender >= SENDERS) bad++;
    if (ordered && at != expected[sender][number]) bad++;
    expected[sender][number] += ordered ? 1 : at;
    received += held() != 0;
}
static void take_handler(int n, siginfo_t *i, void *uc) { (void)uc, take(n, i); }

static long per_number;
static pid_t target;
static void *send_all(void *arg)
{
    unsigned sender = (unsigned)(long)arg;
    for (long i = 0; i < per_number; i++) {
        for (unsigned n = 0; n < NUMBERS; n++) {
            union sigval v = {.sival_int = (int)(sender << 28 | n << 26 | (unsigned)i)};
            while (sigqueue(target, RT((int)n), v)) {
                if (errno != EAGAIN) return (void *)1;
                usleep(200);
            }
        }
    }
    return NULL;
}

/* A short queue: the kernel looks through all of it for each signal. */
static void start_senders(pid_t p[SENDERS])
{
    struct rlimit few = {500, 500};
    setrlimit(RLIMIT_SIGPENDING, &few);
    target = getpid();
    for (long i = 0; i < SENDERS; i++)
        if ((p[i] = fork()) == 0) _exit(send_all((void *)i) != NULL);
}

static void end_senders(pid_t p[SENDERS])
{
    for (int i = 0; i < SENDERS; i++) CHECK(status_of(p[i]) == 0);
    double limit = now() + 20;
    while (received < SENDERS * NUMBERS * per_number && now() < limit) nap(0.001);
    CHECK(received == SENDERS * NUMBERS * per_number);
    for (int s = 0; s < SENDERS; s++)
        for (int n = 0; n < NUMBERS; n++) CHECK(expected[s][n] == (int)(ordered ? per_number : per_number * (per_number - 1) / 2));
}

static void handlers(int flags)
{
    for (int n = 0; n < NUMBERS; n++) {
        struct sigaction sa;
        memset(&sa, 0, sizeof sa);
        sa.sa_sigaction = take_handler;
        sa.sa_flags = SA_SIGINFO | flags;
        if (!(flags & SA_NODEFER)) sigfillset(&sa.sa_mask);
        sigaction(RT(n), &sa, NULL);
    }
}

static void queued(long scale)
{
    pid_t p[SENDERS];
    per_number = 300 * scale, ordered = 1;
    handlers(SA_RESTART);
    start_senders(p);
    end_senders(p);
}

/* Handlers on top of each other: each is interrupted by the next ones. Only the sum can be checked. */
static void nested_queued(long scale)
{
    pid_t p[SENDERS];
    per_number = 100 * scale, ordered = 0;
    handlers(0);
    for (int n = 0; n < NUMBERS; n++) { /* each lets the others in */
        struct sigaction sa;
        sigaction(RT(n), NULL, &sa);
        sigemptyset(&sa.sa_mask);
        sigaction(RT(n), &sa, NULL);
    }
    start_senders(p);
    end_senders(p);
}

static void rt_set(sigset_t *s)
{
    sigemptyset(s);
    for (int n = 0; n < NUMBERS; n++) sigaddset(s, RT(n));
}

static void waited(long scale)
{
    pid_t p[SENDERS];
    sigset_t s;
    siginfo_t i;
    per_number = 300 * scale, ordered = 1;
    rt_set(&s);
    sigprocmask(SIG_BLOCK, &s, NULL);
    start_senders(p);
    struct timespec t = {20, 0};
    while (received < SENDERS * NUMBERS * per_number) {
        int n = received % 2 ? sigwaitinfo(&s, &i) : sigtimedwait(&s, &i, &t);
        if (!CHECK(n > 0)) break;
        take(n, &i);
    }
    end_senders(p);
    t = (struct timespec){0, 1000000};
    errno = 0;
    CHECK(sigtimedwait(&s, &i, &t) == -1 && errno == EAGAIN);
}

static void by_signalfd(long scale)
{
    pid_t p[SENDERS];
    sigset_t s;
    struct signalfd_siginfo f[7];
    per_number = 300 * scale, ordered = 1;
    rt_set(&s);
    sigprocmask(SIG_BLOCK, &s, NULL);
    int fd = signalfd(-1, &s, SFD_CLOEXEC), ep = epoll_create1(0);
    struct epoll_event ev = {.events = EPOLLIN};
    CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) == 0);
    start_senders(p);
    while (received < SENDERS * NUMBERS * per_number) {
        if (!CHECK(epoll_wait(ep, &ev, 1, 20000) == 1)) break;
        ssize_t n = read(fd, f, sizeof f);
        if (!CHECK(n > 0 && n % (ssize_t)sizeof *f == 0)) break;
        for (size_t k = 0; k < (size_t)n / sizeof *f; k++) {
            siginfo_t i = {.si_signo = (int)f[k].ssi_signo, .si_code = f[k].ssi_code};
            i.si_value.sival_int = f[k].ssi_int, i.si_uid = f[k].ssi_uid;
            take(i.si_signo, &i);
        }
    }
    end_senders(p);
}

/* Every thread takes what comes; all are busy, and some come and go. */
static _Atomic long churned;
static void *brief(void *arg) { return churned++, arg; }
static void *come_and_go(void *arg)
{
    while (!over) {
        pthread_t t;
        if (pthread_create(&t, NULL, brief, arg) == 0) pthread_join(t, NULL);
    }
    return NULL;
}

static void among_threads(long scale)
{
    pthread_t t[8];
    pid_t p[SENDERS];
    per_number = 200 * scale, ordered = 0;
    handlers(SA_RESTART);
    for (long i = 0; i < 8; i++) pthread_create(&t[i], NULL, i < 6 ? busy : come_and_go, (void *)i);
    start_senders(p);
    end_senders(p);
    over = 1;
    for (int i = 0; i < 8; i++) pthread_join(t[i], NULL);
}

/* Nobody but threads about to end may take them: none is lost with one. */
static void *ends_at_once(void *arg)
{
    sigset_t s;
    rt_set(&s);
    pthread_sigmask(SIG_UNBLOCK, &s, NULL);
    if ((long)arg % 3 == 0) sched_yield();
    syscall(SYS_exit, 0);
    return NULL;
}
static _Atomic uint32_t gone;
static void taken_by_the_dying(long scale)
{
    pid_t p[SENDERS];
    sigset_t s;
    per_number = 100 * scale, ordered = 0;
    handlers(SA_RESTART);
    rt_set(&s);
    sigprocmask(SIG_BLOCK, &s, NULL);
    start_senders(p);
    double limit = now() + 60;
    pthread_attr_t a;
    pthread_attr_init(&a);
    for (long i = 0; received < SENDERS * NUMBERS * per_number && now() < limit; i++) {
        pthread_t t;
        if (pthread_create(&t, &a, ends_at_once, (void *)i) == 0) pthread_join(t, NULL);
    }
    sigprocmask(SIG_UNBLOCK, &s, NULL);
    end_senders(p);
}

/* Directed at threads: pthread_sigqueue, each has its own row. */
static _Thread_local int my_next;
static _Atomic long at_home;
static _Thread_local int my_number;
static void mine(int n, siginfo_t *i, void *uc)
{
    (void)n, (void)uc;
    if (i->si_value.sival_int != (my_number << 20 | my_next)) bad++;
    my_next++;
    at_home++;
}
static _Atomic int ready;
static void *home(void *arg)
{
    my_number = (int)(long)arg;
    ready++;
    while (!over) {
        struct timespec t = {0, 100000};
        nanosleep(&t, NULL);
    }
    return (void *)(long)my_next;
}

static void to_threads(long scale)
{
    pthread_t t[16];
    on_info(RT(7), mine, SA_RESTART);
    for (long i = 0; i < 16; i++) pthread_create(&t[i], NULL, home, (void *)i);
    while (ready < 16) sched_yield();
    for (int k = 0; k < 100 * scale; k++)
        for (int i = 0; i < 16; i++) {
            union sigval v = {.sival_int = i << 20 | k};
            int r;
            while ((r = pthread_sigqueue(t[i], RT(7), v)) == EAGAIN) usleep(100);
            if (!CHECK(r == 0)) return;
        }
    double limit = now() + 20;
    while (at_home < 1600 * scale && now() < limit) nap(0.001);
    over = 1;
    for (int i = 0; i < 16; i++) {
        void *r;
        pthread_join(t[i], &r);
        CHECK((long)r == 100 * scale);
    }
}

/* ---- standard ones: at least once when pending ---- */

static volatile sig_atomic_t hits[65];
static void hit(int n) { hits[n]++; }
static void standard(long scale)
{
    static const int n[] = {SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGIO, SIGVTALRM, SIGPROF};
    sigset_t s, none;
    sigemptyset(&s), sigemptyset(&none);
    for (int i = 0; i < 8; i++) on(n[i], hit, 0), sigaddset(&s, n[i]);
    sigprocmask(SIG_BLOCK, &s, NULL);
    for (long r = 0; r < 100 * scale; r++) {
        pid_t p = fork();
        if (p == 0) {
            for (int i = 0; i < 8; i++)
                for (int k = 0; k < 3; k++) kill(getppid(), n[i]);
            _exit(0);
        }
        status_of(p);
        sigset_t pending;
        sigpending(&pending);
        for (int i = 0; i < 8; i++) CHECK(sigismember(&pending, n[i]) && hits[n[i]] == r);
        sigsuspend(&none);
        for (int i = 0; i < 8; i++) CHECK(hits[n[i]] == r + 1);
    }
}

/* ---- storms over calls that block ---- */

static pid_t storm_pid;
static volatile sig_atomic_t storms;
static void on_storm(int n) { (void)n, storms++; }
static void storm_begins(int flags, int gap)
{
    storms = 0;
    on(SIGUSR1, on_storm, flags);
    pid_t me = getpid();
    if ((storm_pid = fork()) == 0)
        while (getppid() == me) kill(me, SIGUSR1), usleep((useconds_t)gap);
}
static void storm_ends(void)
{
    kill(storm_pid, SIGKILL);
    status_of(storm_pid);
    CHECK(storms > 0);
}

static int pipe_fds[2], listener;
static struct sockaddr_in addr;
/* The partner: answers each byte, connects for each 'c', a process ends for each 'w'. */
static pid_t partner(int to[2], int from[2])
{
    pid_t p = fork();
    if (p) return p;
    char c;
    signal(SIGUSR1, SIG_DFL);
    close(to[1]);
    while (read(to[0], &c, 1) == 1) {
        usleep(300);
        if (c == 'c') {
            int s = socket(AF_INET, SOCK_STREAM, 0);
            if (connect(s, (void *)&addr, sizeof addr)) _exit(1);
            close(s);
        } else if (write(from[1], &c, 1) != 1) _exit(2);
    }
    _exit(0);
}

/* A call until it is done: how often it said EINTR. With SA_RESTART that is never (`strict`). */
#define DONE(call) ({ long r_; while ((r_ = (long)(call)) < 0 && errno == EINTR) interrupted++; r_; })
static void blocking(int flags, long scale)
{
    int to[2], from[2], strict = (flags & SA_RESTART) != 0;
    long interrupted = 0;
    char c;
    socklen_t len = sizeof addr;
    addr.sin_family = AF_INET, addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listener, (void *)&addr, sizeof addr) == 0 && listen(listener, 5) == 0 && getsockname(listener, (void *)&addr, &len) == 0);
    CHECK(pipe(to) == 0 && pipe(from) == 0);
    pid_t p = partner(to, from);
    storm_begins(flags, 150);
    for (long i = 0; i < 30 * scale; i++) {
        /* read */
        CHECK(DONE(write(to[1], "r", 1)) == 1);
        CHECK(DONE(read(from[0], &c, 1)) == 1 && c == 'r');
        /* accept */
        CHECK(DONE(write(to[1], "c", 1)) == 1);
        long s = DONE(accept(listener, NULL, NULL));
        CHECK(s >= 0);
        close((int)s);
        /* wait */
        pid_t child;
        while ((child = fork()) < 0) {}
        if (child == 0) usleep(300), _exit(7);
        int st = 0;
        CHECK(DONE(waitpid(child, &st, 0)) == child && WEXITSTATUS(st) == 7);
        /* futex: another process wakes */
        uint32_t *w = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        while ((child = fork()) < 0) {}
        if (child == 0) {
            usleep(300);
            __atomic_store_n(w, 1, __ATOMIC_SEQ_CST);
            syscall(SYS_futex, w, FUTEX_WAKE, 1);
            _exit(0);
        }
        while (!__atomic_load_n(w, __ATOMIC_SEQ_CST))
            if (syscall(SYS_futex, w, FUTEX_WAIT, 0, NULL) && errno == EINTR) interrupted++;
        DONE(waitpid(child, &st, 0));
        munmap(w, 4096);
        CHECK(!strict || interrupted == 0);
        /* nanosleep and its rest: as long as asked for, whatever interrupts it. It never restarts after a handler. */
        struct timespec ts = {0, 2000000}, rest = {0, 0};
        double from_ = now();
        while (nanosleep(&ts, &rest) && CHECK(errno == EINTR) && CHECK(rest.tv_nsec <= ts.tv_nsec + 200000)) ts = rest; /* (and the timer's slack) */
        CHECK(now() - from_ >= 0.002);
        /* ppoll never restarts either */
        sigset_t none;
        sigemptyset(&none);
        struct pollfd pf = {from[0], POLLIN, 0};
        CHECK(DONE(write(to[1], "p", 1)) == 1);
        int r;
        while ((r = ppoll(&pf, 1, NULL, &none)) < 0 && CHECK(errno == EINTR)) {}
        CHECK(r == 1 && DONE(read(from[0], &c, 1)) == 1 && c == 'p');
        interrupted = strict ? interrupted : 0;
    }
    storm_ends();
    close(to[1]);
    CHECK(status_of(p) == 0);
}
static void storm_restart(long scale) { blocking(SA_RESTART, scale); }
static void storm_eintr(long scale) { blocking(0, scale); }
static void storm_nodefer(long scale) { blocking(SA_RESTART | SA_NODEFER, scale); }

/* A signal that is let in only by the wait is never missed, by whichever call. */
static void handshakes(long scale)
{
    sigset_t s, old, in;
    on(SIGUSR2, hit, 0);
    sigemptyset(&s), sigaddset(&s, SIGUSR2), sigprocmask(SIG_BLOCK, &s, &old);
    in = old, sigdelset(&in, SIGUSR2);
    long rounds = 600 * scale, got = 0;
    pid_t parent = getpid(), p = fork();
    if (p == 0) {
        for (long i = 0; i < rounds; i++) kill(parent, SIGUSR2), sigsuspend(&in);
        _exit(0);
    }
    int ep = epoll_create1(0);
    for (long i = 0; i < rounds; i++) {
        struct epoll_event ev;
        long r = i % 4 == 0 ? sigsuspend(&in) : i % 4 == 1 ? ppoll(NULL, 0, NULL, &in) : i % 4 == 2 ? pselect(0, NULL, NULL, NULL, NULL, &in)
                                                                                          : epoll_pwait(ep, &ev, 1, -1, &in);
        got += CHECK(r == -1 && errno == EINTR);
        kill(p, SIGUSR2);
    }
    CHECK(status_of(p) == 0 && got == rounds && hits[SIGUSR2] == rounds);
}

/* ---- timers ---- */

static _Atomic long ticks, foreign, notified;
static pid_t wanted_tid;
static void on_tick(int n, siginfo_t *i, void *uc)
{
    (void)n, (void)uc;
    ticks++;
    if (i->si_code != SI_TIMER || i->si_value.sival_int != 77) bad++;
    if (wanted_tid && syscall(SYS_gettid) != wanted_tid) foreign++;
}
static void notify(union sigval v) { notified += v.sival_int; }
static timer_t timer(int how, int signo, pid_t tid, long us)
{
    timer_t id = 0;
    struct sigevent ev;
    memset(&ev, 0, sizeof ev);
    ev.sigev_notify = how, ev.sigev_signo = signo, ev.sigev_value.sival_int = how == SIGEV_THREAD ? 1 : 77;
    if (how == SIGEV_THREAD) ev.sigev_notify_function = notify;
    else ev._sigev_un._tid = tid;
    struct itimerspec it = {{0, us * 1000}, {0, us * 1000}};
    CHECK(timer_create(CLOCK_MONOTONIC, &ev, &id) == 0);
    CHECK(timer_settime(id, 0, &it, NULL) == 0);
    return id;
}
static void *be_ticked(void *arg)
{
    *(pid_t *)arg = (pid_t)syscall(SYS_gettid);
    ready++;
    while (!over) usleep(1000);
    return NULL;
}

/* A new thread each time. The library's signal for that may be ignored from the start, as posix_spawn leaves it to children: it is blocked and waited for
 * all the same, and to ignore it once more would discard it. */
static void thread_timer(long scale)
{
    for (int ignored = 0; ignored < 2; ignored++) {
        struct { void (*handler)(int); unsigned long flags, restorer, mask; } ign = {.handler = SIG_IGN};
        const long least = (ignored ? 50 : 5) * scale;
        if (ignored) syscall(SYS_rt_sigaction, 32, &ign, NULL, 8);
        notified = 0;
        timer_t a = timer(SIGEV_THREAD, 0, 0, ignored ? 300 : 2000);
        double from = now();
        while (notified <= least && now() - from < 20) nap(0.01); /* a busy machine starts threads slowly */
        timer_delete(a);
        CHECK(notified > least);
    }
}

static void timers(long scale)
{
    pthread_t t;
    pid_t tid = 0;
    on_info(RT(6), on_tick, SA_RESTART);
    /* SIGEV_SIGNAL, with overruns: no tick is lost, only counted elsewhere. */
    timer_t a = timer(SIGEV_SIGNAL, RT(6), 0, 500);
    double from = now();
    long over_ticks = 0, last = 0;
    while (now() - from < 0.1 * (double)scale) {
        if (ticks != last) last = ticks, over_ticks += timer_getoverrun(a);
        nap(0.0003);
    }
    CHECK(ticks > 5);
    timer_delete(a);
    /* SIGEV_THREAD_ID: that thread and no other. */
    pthread_create(&t, NULL, be_ticked, &tid);
    while (!ready) sched_yield();
    wanted_tid = tid, ticks = 0;
    a = timer(SIGEV_THREAD_ID, RT(6), tid, 300);
    nap(0.1 * (double)scale);
    timer_delete(a);
    over = 1;
    pthread_join(t, NULL);
    CHECK(ticks > 5 && foreign == 0);
    wanted_tid = 0;
    thread_timer(scale);
    /* setitimer: three clocks */
    on(SIGALRM, hit, SA_RESTART), on(SIGVTALRM, hit, SA_RESTART), on(SIGPROF, hit, SA_RESTART);
    struct itimerval it = {{0, 1000}, {0, 1000}}, left;
    setitimer(ITIMER_REAL, &it, NULL), setitimer(ITIMER_VIRTUAL, &it, NULL), setitimer(ITIMER_PROF, &it, NULL);
    from = now();
    while ((hits[SIGALRM] < 5 || hits[SIGVTALRM] < 3 || hits[SIGPROF] < 3) && now() - from < 20) {}
    CHECK(hits[SIGALRM] >= 5 && hits[SIGVTALRM] >= 3 && hits[SIGPROF] >= 3);
    CHECK(getitimer(ITIMER_REAL, &left) == 0 && left.it_interval.tv_usec == 1000);
    memset(&it, 0, sizeof it);
    setitimer(ITIMER_REAL, &it, NULL), setitimer(ITIMER_VIRTUAL, &it, NULL), setitimer(ITIMER_PROF, &it, NULL);
    /* timerfd: expirations add up */
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    struct itimerspec its = {{0, 1000000}, {0, 1000000}};
    timerfd_settime(fd, 0, &its, NULL);
    uint64_t sum = 0, n;
    from = now();
    while (sum < 50 && CHECK(read(fd, &n, 8) == 8)) sum += n, nap(0.0021);
    CHECK(now() - from > 0.045);
}

static const struct test tests[] = {
    {"queued", queued}, {"nested_queued", nested_queued}, {"waited", waited}, {"by_signalfd", by_signalfd}, {"among_threads", among_threads},
    {"taken_by_the_dying", taken_by_the_dying}, {"to_threads", to_threads}, {"standard", standard, 10}, {"storm_restart", storm_restart, 20},
    {"storm_eintr", storm_eintr, 20}, {"storm_nodefer", storm_nodefer, 20}, {"handshakes", handshakes}, {"timers", timers, 10},
};

int main(int argc, char **argv) { return run_tests(tests, sizeof tests / sizeof *tests, argc, argv); }
