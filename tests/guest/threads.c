/* flags: -pthread */
/* Threads: locks of every kind, cancellation, signals, robust and priority-inheriting mutexes, fork, exec and every way to end. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N 16
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t sem;
static _Atomic long atomic;
static long plain, pair[2];
static _Thread_local long local = 7;

static void *count(void *arg)
{
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 2000; i++) {
        atomic++;
        pthread_mutex_lock(&mutex);
        plain++;
        pthread_mutex_unlock(&mutex);
        if (i % 16 == 0) {
            pthread_rwlock_wrlock(&rwlock);
            pair[0]++, pair[1]++;
            pthread_rwlock_unlock(&rwlock);
        } else {
            pthread_rwlock_rdlock(&rwlock);
            if (pair[0] != pair[1]) abort();
            pthread_rwlock_unlock(&rwlock);
        }
        sem_wait(&sem);
        sem_post(&sem);
        local += (long)arg;
    }
    return (void *)local;
}

static int counting(void)
{
    pthread_t t[N];
    long sum = 0;
    pthread_barrier_init(&barrier, NULL, N);
    sem_init(&sem, 0, 3);
    for (long i = 0; i < N; i++)
        if (pthread_create(&t[i], NULL, count, (void *)i)) return 100;
    for (int i = 0; i < N; i++) {
        void *r;
        pthread_join(t[i], &r);
        sum += (long)r;
    }
    printf("  %ld %ld %ld %ld %ld\n", atomic, plain, pair[0], sum, local);
    return 0;
}

/* A token that goes round: each thread waits for its turn. */
static int turn;
static void *pass_on(void *arg)
{
    int me = (int)(long)arg;
    for (int i = 0; i < 300; i++) {
        pthread_mutex_lock(&mutex);
        while (turn % N != me) pthread_cond_wait(&cond, &mutex);
        turn++;
        pthread_cond_broadcast(&cond);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static int token(void)
{
    pthread_t t[N];
    for (long i = 0; i < N; i++) pthread_create(&t[i], NULL, pass_on, (void *)i);
    for (int i = 0; i < N; i++) pthread_join(t[i], NULL);
    printf("  turn %d\n", turn);
    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec = (soon.tv_nsec + 20000000) % 1000000000;
    soon.tv_sec += soon.tv_nsec < 20000000;
    pthread_mutex_lock(&mutex);
    printf("  timed wait: %s\n", strerror(pthread_cond_timedwait(&cond, &mutex, &soon)));
    return 0;
}

static void *die_with_lock(void *m)
{
    pthread_mutex_lock(m);
    return NULL;
}

static int robust(void)
{
    for (int shared = 0; shared < 3; shared++) {
        pthread_mutexattr_t a;
        pthread_mutex_t *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        pthread_t t;
        pthread_mutexattr_init(&a);
        pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
        pthread_mutexattr_setpshared(&a, shared ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE);
        pthread_mutex_init(m, &a);
        if (shared) {
            if (fork() == 0) {
                pthread_mutex_lock(m);
                if (shared == 2) execl("/bin/true", "true", (char *)0); /* or becomes another program */
                _exit(0); /* a process ends with the lock */
            }
            wait(NULL);
        } else {
            pthread_create(&t, NULL, die_with_lock, m);
            pthread_join(t, NULL);
        }
        int r = pthread_mutex_lock(m);
        printf("  robust, %s: %s", shared == 2 ? "execve" : shared ? "process" : "thread", strerror(r));
        pthread_mutex_consistent(m);
        pthread_mutex_unlock(m);
        printf(", then %s\n", strerror(pthread_mutex_lock(m)));
    }
    return 0;
}

static pthread_mutex_t pi;
static void *take_pi(void *arg)
{
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&pi);
        plain += (long)arg;
        pthread_mutex_unlock(&pi);
    }
    return NULL;
}

static int inheriting(void)
{
    pthread_mutexattr_t a;
    pthread_t t[4];
    plain = 0;
    pthread_mutexattr_init(&a);
    if (pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT) || pthread_mutex_init(&pi, &a)) return 100;
    for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, take_pi, (void *)1);
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
    printf("  PI: %ld\n", plain);
    return 0;
}

static int cleaned;
static void clean(void *arg) { cleaned += (int)(long)arg; }
static int never[2];
static void *block(void *arg)
{
    char c;
    pthread_cleanup_push(clean, (void *)1);
    if (arg) pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    sem_post(&sem);
    if (arg) {
        for (;;) atomic++;
    }
    while (read(never[0], &c, 1) != 1) {}
    pthread_cleanup_pop(0);
    return NULL;
}

static int cancel(void)
{
    sem_init(&sem, 0, 0);
    if (pipe(never)) return 100;
    for (long how = 0; how < 2; how++) {
        for (int i = 0; i < 20; i++) {
            pthread_t t;
            void *r;
            pthread_create(&t, NULL, block, (void *)how);
            sem_wait(&sem);
            if (i % 2) usleep(1000);
            pthread_cancel(t);
            pthread_join(t, &r);
            if (r != PTHREAD_CANCELED) return 101;
        }
    }
    printf("  cleaned up %d\n", cleaned);
    return 0;
}

static _Atomic int got[65];
static _Thread_local sigjmp_buf here;
static void on_signal(int n) { got[n]++; }
static void on_fault(int n) { siglongjmp(here, n); }
static void *wait_signal(void *arg)
{
    sigset_t s;
    int n;
    sigfillset(&s);
    (void)arg;
    sigwait(&s, &n);
    return (void *)(long)n;
}

static void *fault(void *arg)
{
    volatile int caught = 0;
    for (int i = 0; i < 200; i++) {
        if (sigsetjmp(here, 1) == 0) {
            *(volatile int *)arg = 1;
        } else {
            caught++;
        }
    }
    return (void *)(long)caught;
}

static void *be_kicked(void *arg)
{
    int start = got[SIGUSR2];
    (void)arg;
    while (got[SIGUSR2] == start) pause();
    return NULL;
}

static int signals(void)
{
    pthread_t t[8], w;
    void *r;
    long faults = 0;
    sigset_t s;
    sigfillset(&s);
    pthread_sigmask(SIG_SETMASK, &s, NULL);
    pthread_create(&w, NULL, wait_signal, NULL);
    kill(getpid(), SIGUSR1);
    pthread_join(w, &r);
    printf("  sigwait: %s\n", strsignal((int)(long)r));
    pthread_create(&w, NULL, wait_signal, NULL);
    pthread_kill(w, SIGSEGV);
    pthread_join(w, &r);
    printf("  sigwait: %s\n", strsignal((int)(long)r));
    sigemptyset(&s);
    pthread_sigmask(SIG_SETMASK, &s, NULL);
    signal(SIGUSR2, on_signal);
    signal(SIGSEGV, on_fault);
    for (int i = 0; i < 8; i++) pthread_create(&t[i], NULL, fault, NULL);
    for (int i = 0; i < 8; i++) pthread_join(t[i], &r), faults += (long)r;
    printf("  faults: %ld\n", faults);
    pthread_create(&w, NULL, be_kicked, NULL);
    int before = got[SIGUSR2];
    do {
        usleep(2000);
        pthread_kill(w, SIGUSR2);
    } while (got[SIGUSR2] == before);
    while (pthread_tryjoin_np(w, NULL)) pthread_kill(w, SIGUSR2), usleep(1000);
    printf("  pause is over\n");
    return 0;
}

static void *spin(void *arg)
{
    for (;;) atomic++;
    return arg;
}

static void *sleep_long(void *arg)
{
    for (;;) sleep(1000);
    return arg;
}

static void *end_process(void *arg)
{
    usleep(5000);
    if ((long)arg == 0) exit(42);
    if ((long)arg == 1) *(volatile int *)0 = 1;
    if ((long)arg == 2) abort();
    return NULL;
}

static void busy(void)
{
    pthread_t t;
    pthread_create(&t, NULL, spin, NULL);
    pthread_create(&t, NULL, sleep_long, NULL);
    pthread_create(&t, NULL, sleep_long, NULL);
}

/* The process ends from a thread while others compute and sleep, the first one in a join, a read, or gone. */
static int end_by(long how, int first)
{
    pthread_t t;
    char c;
    signal(SIGSEGV, SIG_DFL);
    busy();
    pthread_create(&t, NULL, end_process, (void *)how);
    if (first == 0) pthread_join(t, NULL);
    if (first == 1) pipe(never), read(never[0], &c, 1);
    if (first == 2) {
        sigset_t s;
        sigfillset(&s);
        sigsuspend(&s);
    }
    pthread_exit(NULL);
}
static int end_exit(void) { return end_by(0, 0); }
static int end_fault(void) { return end_by(1, 1); }
static int end_abort(void) { return end_by(2, 2); }
static int end_leader_gone(void) { return end_by(0, 3); }
static int end_main_returns(void)
{
    busy();
    usleep(3000);
    return 17;
}

static void *last(void *arg)
{
    usleep(10000);
    printf("  the last thread\n");
    fflush(stdout);
    return arg;
}
static int end_last(void)
{
    pthread_t t;
    pthread_create(&t, NULL, last, NULL);
    pthread_detach(t);
    pthread_exit(NULL);
}

static void *fork_here(void *arg)
{
    int status = -1;
    for (int i = 0; i < 10; i++) {
        pid_t p = fork();
        if (p == 0) {
            pthread_t t; /* the child's first thread is a copy of this one; it makes others */
            void *r;
            if (getpid() != syscall(SYS_gettid)) _exit(1);
            sem_init(&sem, 0, 3);
            pthread_barrier_init(&barrier, NULL, 1);
            pthread_create(&t, NULL, count, (void *)1);
            pthread_join(t, &r);
            if (i % 2) exit((int)(long)arg + (r == (void *)2007));
            return NULL; /* the last thread of the child */
        }
        waitpid(p, &status, 0);
        if (status != (i % 2 ? 0x300 : 0)) return (void *)(long)status;
    }
    return (void *)1;
}

static int forking(void)
{
    pthread_t t[4];
    void *r;
    busy();
    for (long i = 0; i < 4; i++) pthread_create(&t[i], NULL, fork_here, (void *)2);
    long fine = 0; /* printed at the end: the children have a copy of stdout's buffer */
    for (int i = 0; i < 4; i++) pthread_join(t[i], &r), fine += (long)r == 1;
    printf("  forked: %ld\n", fine);
    return 0;
}

static pthread_t first;
static void *join_first(void *arg)
{
    void *r;
    pthread_join(first, &r);
    printf("  the first thread left %ld\n", (long)r);
    return arg;
}
static int joined(void)
{
    pthread_t t;
    first = pthread_self();
    pthread_create(&t, NULL, join_first, NULL);
    pthread_exit((void *)5);
}

/* A vfork child has the break of the process: neither knows an old one when the other has moved it. */
static _Atomic int finished;
static void *move_break(void *arg)
{
    long refused = 0, at = syscall(SYS_brk, 0);
    for (int i = 0; !finished || i < 100; i++) {
        long want = i % 64 == 63 ? at - 63 * 4096 : at + 4096, got = syscall(SYS_brk, want);
        refused += got != want;
        at = got;
    }
    return (void *)refused;
}
static int breaks(void)
{
    pthread_t t;
    void *refused;
    pthread_create(&t, NULL, move_break, NULL);
    for (int i = 0; i < 100; i++) {
        pid_t p = vfork();
        if (p == 0) {
            usleep(100);
            _exit(0);
        }
        waitpid(p, NULL, 0);
    }
    finished = 1;
    pthread_join(t, &refused);
    printf("  refused %ld\n", (long)refused);
    return 0;
}

static void *nothing(void *arg) { return arg; }
static int many(void)
{
    pthread_attr_t a;
    pthread_t t;
    int made = 0;
    pthread_attr_init(&a);
    pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
    for (int i = 0; i < 2000; i++) {
        while (pthread_create(&t, i % 2 ? &a : NULL, nothing, NULL)) sched_yield();
        if (i % 2 == 0) pthread_join(t, NULL);
        made++;
    }
    printf("  made %d\n", made);
    return 0;
}

static const struct { const char *name; int (*run)(void); } cases[] = {
    {"counting", counting}, {"token", token}, {"robust", robust}, {"inheriting", inheriting}, {"cancel", cancel},
    {"signals", signals}, {"exit", end_exit}, {"fault", end_fault}, {"abort", end_abort}, {"leader gone", end_leader_gone},
    {"main returns", end_main_returns}, {"last", end_last}, {"forking", forking}, {"joined", joined}, {"breaks", breaks}, {"many", many},
};

int main(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status;
        printf("%s\n", cases[i].name);
        fflush(stdout);
        pid_t p = fork();
        if (p == 0) {
            alarm(100);
            exit(cases[i].run());
        }
        waitpid(p, &status, 0);
        printf("  status 0x%x\n", status & 0xff7f); /* whether there is a core is the system's business */
    }
    return 0;
}
