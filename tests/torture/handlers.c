/* What becomes of a signal: every flag of sigaction, handlers that jump away, and the threads of a process, of which one takes it. */
#include "torture.h"
#include <poll.h>
#include <setjmp.h>
#include <sys/resource.h>

static int pipe_fds[2];
static _Atomic int ready;
static volatile sig_atomic_t hits[65];
static void hit(int n) { hits[n]++; }

/* ---- every flag of sigaction ---- */

static char alt[65536];
static int on_alt(void)
{
    char here;
    return &here > alt && &here < alt + sizeof alt;
}
static volatile int depth, deepest, was_on_alt, was_blocked, left;
static void nest(int n)
{
    if (++depth > deepest) deepest = depth;
    sigset_t s;
    sigprocmask(SIG_BLOCK, NULL, &s);
    was_blocked += sigismember(&s, n);
    was_on_alt += on_alt();
    if (--left > 0) raise(n);
    depth--;
}
static sigjmp_buf out;
static void jump(int n) { siglongjmp(out, n); }
static jmp_buf plain_out;
static void jump_plain(int n) { (void)n, longjmp(plain_out, 1); }

static void flags(long scale)
{
    stack_t ss = {.ss_sp = alt, .ss_size = sizeof alt}, got;
    CHECK(sigaltstack(&ss, NULL) == 0);
    for (long i = 0; i < 20 * scale; i++) {
        deepest = was_on_alt = was_blocked = 0, left = 5;
        on(SIGUSR1, nest, SA_NODEFER);
        raise(SIGUSR1);
        CHECK(deepest == 5 && was_on_alt == 0 && was_blocked == 0);
        deepest = 0, left = 5;
        on(SIGUSR1, nest, SA_ONSTACK | SA_NODEFER);
        raise(SIGUSR1);
        CHECK(deepest == 5 && was_on_alt == 5);
        deepest = was_blocked = 0, left = 5;
        on(SIGUSR1, nest, SA_ONSTACK);
        raise(SIGUSR1); /* blocked meanwhile: each comes when the one that raised it is over */
        CHECK(deepest == 1 && was_blocked == 5 && left == 0);
        on(SIGUSR1, hit, 0);
        /* SA_RESETHAND: once */
        hits[SIGUSR2] = 0;
        on(SIGUSR2, hit, SA_RESETHAND);
        raise(SIGUSR2);
        struct sigaction sa;
        sigaction(SIGUSR2, NULL, &sa);
        CHECK(hits[SIGUSR2] == 1 && sa.sa_handler == SIG_DFL);
        /* handlers that jump: with the mask, and without; from the alternate stack too */
        volatile int jumps = 0;
        on(SIGUSR2, jump, SA_ONSTACK);
        if (sigsetjmp(out, 1)) jumps++;
        if (jumps < 30) raise(SIGUSR2);
        on(SIGUSR2, jump_plain, SA_NODEFER);
        if (setjmp(plain_out)) jumps++;
        if (jumps < 60) raise(SIGUSR2);
        CHECK(jumps == 60);
        CHECK(sigaltstack(NULL, &got) == 0 && got.ss_flags == 0);
    }
    /* SA_NOCLDWAIT: no zombies; the wait blocks until all are gone. */
    on(SIGCHLD, SIG_DFL, SA_NOCLDWAIT);
    for (int i = 0; i < 20; i++)
        if (fork() == 0) _exit(0);
    errno = 0;
    CHECK(wait(NULL) == -1 && errno == ECHILD);
}

/* A handler jumps out of blocking calls, again and again, in many threads at once. */
static _Thread_local sigjmp_buf away;
static void jump_away(int n) { (void)n, siglongjmp(away, 1); }
static void *blocked_for_ever(void *arg)
{
    volatile long jumps = 0, n = (long)arg;
    char c;
    if (sigsetjmp(away, 1)) jumps++;
    if (jumps == 0) ready++;
    while (jumps < 50) {
        if (n % 3 == 0) read(pipe_fds[0], &c, 1);
        if (n % 3 == 1) pause();
        if (n % 3 == 2) poll(NULL, 0, -1);
    }
    sigset_t s;
    sigfillset(&s);
    pthread_sigmask(SIG_BLOCK, &s, NULL);
    over++;
    return (void *)jumps;
}
static void jumps(long scale)
{
    pthread_t t[12];
    on(SIGUSR1, jump_away, 0);
    CHECK(pipe(pipe_fds) == 0);
    for (long k = 0; k < scale; k++) {
        ready = over = 0;
        for (long i = 0; i < 12; i++) pthread_create(&t[i], NULL, blocked_for_ever, (void *)i);
        while (ready < 12) sched_yield();
        while (over < 12) {
            for (int i = 0; i < 12; i++) pthread_kill(t[i], SIGUSR1);
            usleep(300);
        }
        for (int i = 0; i < 12; i++) {
            void *r;
            pthread_join(t[i], &r);
            CHECK((long)r >= 50); /* one more if a signal comes before it is blocked */
        }
    }
}

/* ---- the process's signals go to a thread that does not block them, faults' signals sent by kill too ---- */

static _Thread_local int am_open;
static _Atomic int right, wrong;
static void who(int n) { (void)n, *(am_open ? &right : &wrong) += 1; }
static void *open_one(void *arg)
{
    sigset_t s;
    am_open = 1;
    sigemptyset(&s);
    pthread_sigmask(SIG_SETMASK, &s, NULL);
    ready++;
    while (!over) {
        if (arg) usleep(500);
        else sched_yield();
    }
    return NULL;
}
static void *closed_one(void *arg)
{
    char c;
    ready++;
    while (read(pipe_fds[0], &c, 1) < 0) { /* nothing may interrupt it */
        wrong++;
        if (over) break;
    }
    return arg;
}
static void open_thread(long scale)
{
    static const int n[] = {SIGUSR1, SIGTERM, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    sigset_t s;
    pthread_t t[6];
    CHECK(pipe(pipe_fds) == 0);
    sigfillset(&s);
    sigprocmask(SIG_BLOCK, &s, NULL);
    for (size_t i = 0; i < sizeof n / sizeof *n; i++) on(n[i], who, 0);
    for (long i = 0; i < 6; i++) pthread_create(&t[i], NULL, i == 3 ? open_one : closed_one, (void *)(i == 3 ? scale % 2 : i));
    while (ready < 6) sched_yield();
    int sent = 0;
    for (long k = 0; k < 20 * scale; k++)
        for (size_t i = 0; i < sizeof n / sizeof *n; i++) {
            kill(getpid(), n[i]);
            sent++;
            double limit = now() + 5;
            while (right + wrong < sent && now() < limit) sched_yield();
            if (!CHECK(right == sent && wrong == 0)) {
                fprintf(stderr, "signal %d: %d of %d, %d wrong\n", n[i], right, sent, wrong);
                exit(1);
            }
        }
    over = 1;
    CHECK(write(pipe_fds[1], "12345", 5) == 5);
    for (int i = 0; i < 6; i++) pthread_join(t[i], NULL);
}

/* All block them: they are pending for whoever asks, and come when the first opens. */
static void *ask(void *arg)
{
    sigset_t s;
    int n = 0;
    sigemptyset(&s);
    sigaddset(&s, (int)(long)arg);
    sigwait(&s, &n);
    return (void *)(long)n;
}
static void all_blocked(long scale)
{
    static const int n[] = {SIGUSR1, SIGSEGV, SIGBUS};
    sigset_t s;
    sigfillset(&s);
    sigprocmask(SIG_BLOCK, &s, NULL);
    for (long k = 0; k < 20 * scale; k++)
        for (int i = 0; i < 3; i++) {
            pthread_t t;
            void *r;
            sigset_t p;
            on(n[i], who, 0);
            kill(getpid(), n[i]);
            sigpending(&p);
            CHECK(sigismember(&p, n[i]));
            pthread_create(&t, NULL, ask, (void *)(long)n[i]);
            pthread_join(t, &r);
            CHECK((long)r == n[i]);
            sigpending(&p);
            CHECK(!sigismember(&p, n[i]));
            pthread_create(&t, NULL, ask, (void *)(long)n[i]);
            if (k % 2) usleep(1000);
            kill(getpid(), n[i]);
            pthread_join(t, &r);
            CHECK((long)r == n[i]);
        }
}

/* Libc changes the user of all threads by a signal of its own, which each must get. */
static void all_users(long scale)
{
    pthread_t t[6];
    for (long i = 0; i < 6; i++) pthread_create(&t[i], NULL, busy, (void *)i);
    for (long i = 0; i < 20 * scale; i++) CHECK(setuid(getuid()) == 0 && setgid(getgid()) == 0);
    over = 1;
    for (int i = 0; i < 6; i++) pthread_join(t[i], NULL);
}

/* Actions change while signals come in and other threads deliver them. */
static void *change_actions(void *arg)
{
    while (!over) {
        on(SIGUSR1, hit, SA_RESTART);
        signal(SIGUSR1, SIG_IGN);
        on(SIGUSR1, hit, SA_NODEFER);
        struct sigaction sa;
        sigaction(SIGUSR1, NULL, &sa);
    }
    return arg;
}
static void actions(long scale)
{
    pthread_t t[4];
    signal(SIGUSR1, SIG_IGN);
    for (long i = 0; i < 4; i++) pthread_create(&t[i], NULL, i < 2 ? change_actions : busy, (void *)i);
    for (long i = 0; i < 3000 * scale; i++) {
        kill(getpid(), SIGUSR1);
        pthread_kill(t[i % 4], SIGUSR1);
    }
    over = 1;
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
    CHECK(hits[SIGUSR1] > 0);
}

static const struct test tests[] = {
    {"flags", flags}, {"jumps", jumps}, {"open_thread", open_thread}, {"all_blocked", all_blocked}, {"all_users", all_users},
    {"actions", actions},
};

int main(int argc, char **argv) { return run_tests(tests, sizeof tests / sizeof *tests, argc, argv); }
