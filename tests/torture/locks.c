/* 64 threads on every kind of lock that libc has, on futexes by hand and on atomics of every width; each counts what it did under the lock, and the
 * sums must be right. Built with load/store exclusive and with LSE. */
#include "torture.h"
#include <limits.h>
#include <linux/futex.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define N 64
static long rounds;
static long plain, pair[2];
static pthread_barrier_t start;

static void all(void *(*fn)(void *))
{
    pthread_t t[N];
    pthread_barrier_init(&start, NULL, N);
    for (long i = 0; i < N; i++)
        if (!CHECK(pthread_create(&t[i], NULL, fn, (void *)i) == 0)) exit(1);
    for (int i = 0; i < N; i++) {
        void *r;
        CHECK(pthread_join(t[i], &r) == 0);
        CHECK(r == NULL);
    }
}

/* ---- mutexes: normal, recursive, error-checking, adaptive, shared between processes, robust, priority-inheriting ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static void *with_mutex(void *arg)
{
    pthread_barrier_wait(&start);
    for (long i = 0; i < rounds; i++) {
        if (i % 7 == 0) while (pthread_mutex_trylock(&mutex)) sched_yield();
        else if (i % 11 == 0) {
            struct timespec t;
            do clock_gettime(CLOCK_REALTIME, &t), t.tv_sec++;
            while (pthread_mutex_timedlock(&mutex, &t));
        } else if (pthread_mutex_lock(&mutex)) return arg;
        plain += held() != 0;
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void mutexes(long scale)
{
    static const int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_ADAPTIVE_NP};
    for (int i = 0; i < 7; i++) {
        pthread_mutexattr_t a;
        pthread_mutexattr_init(&a);
        if (i < 4) pthread_mutexattr_settype(&a, types[i]);
        if (i == 4) pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
        if (i == 5) pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
        if (i == 6) pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
        CHECK(pthread_mutex_init(&mutex, &a) == 0);
        rounds = (i == 6 ? 20 : 200) * scale, plain = 0;
        all(with_mutex);
        CHECK(plain == N * rounds);
        CHECK(pthread_mutex_destroy(&mutex) == 0);
    }
}

/* ---- a bounded queue: two condition variables ---- */

#define ROOM 5
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;
static long queue[ROOM], head, tail, sum_in, sum_out;
static void *produce_or_consume(void *arg)
{
    long me = (long)arg;
    pthread_barrier_wait(&start);
    for (long i = 0; i < rounds; i++) {
        pthread_mutex_lock(&mutex);
        if (me % 2) {
            while (tail - head == ROOM) pthread_cond_wait(&not_full, &mutex);
            sum_in += queue[tail++ % ROOM] = me * 1000 + i;
            pthread_cond_signal(&not_empty);
        } else {
            while (tail == head) {
                struct timespec t;
                clock_gettime(CLOCK_REALTIME, &t);
                t.tv_sec += 30;
                if (!CHECK(pthread_cond_timedwait(&not_empty, &mutex, &t) == 0)) exit(1);
            }
            sum_out += queue[head++ % ROOM];
            pthread_cond_signal(&not_full);
        }
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void conditions(long scale)
{
    rounds = 200 * scale;
    pthread_mutex_init(&mutex, NULL);
    all(produce_or_consume);
    CHECK(sum_in == sum_out && head == tail && head == N / 2 * rounds);
}

/* ---- barriers: nobody is ever a round ahead ---- */

static pthread_barrier_t round_end;
static _Atomic long arrived, serial;
static void *in_rounds(void *arg)
{
    for (long i = 0; i < rounds; i++) {
        arrived++;
        if (pthread_barrier_wait(&round_end) == PTHREAD_BARRIER_SERIAL_THREAD) serial++;
        if (arrived != (i + 1) * N) return arg ? arg : (void *)1;
        pthread_barrier_wait(&round_end);
    }
    return NULL;
}

static void barriers(long scale)
{
    rounds = 40 * scale;
    pthread_barrier_init(&round_end, NULL, N);
    all(in_rounds);
    CHECK(serial == rounds);
    CHECK(pthread_barrier_destroy(&round_end) == 0);
}

/* ---- rwlocks: both preferences ---- */

static pthread_rwlock_t rwlock;
static _Atomic int readers, writers, most;
static void *read_or_write(void *arg)
{
    long me = (long)arg;
    pthread_barrier_wait(&start);
    for (long i = 0; i < rounds; i++) {
        if ((i + me) % 8 == 0) {
            pthread_rwlock_wrlock(&rwlock);
            if (writers++ || readers) return (void *)1;
            pair[0]++, pair[1]++;
            writers--;
        } else {
            pthread_rwlock_rdlock(&rwlock);
            int n = ++readers;
            if (n > most) most = n;
            if (writers || pair[0] != pair[1]) return (void *)2;
            readers--;
        }
        pthread_rwlock_unlock(&rwlock);
    }
    return NULL;
}

static void rwlocks(long scale)
{
    for (int kind = 0; kind < 3; kind++) {
        pthread_rwlockattr_t a;
        pthread_rwlockattr_init(&a);
        pthread_rwlockattr_setkind_np(&a, kind);
        CHECK(pthread_rwlock_init(&rwlock, &a) == 0);
        rounds = 160 * scale;
        pair[0] = pair[1] = 0;
        all(read_or_write);
        CHECK(pair[0] == N * rounds / 8 && pair[1] == pair[0]);
        CHECK(pthread_rwlock_destroy(&rwlock) == 0);
    }
}

/* ---- semaphores, spin locks ---- */

static sem_t sem;
static pthread_spinlock_t spin;
static _Atomic int inside;
static void *through_sem(void *arg)
{
    pthread_barrier_wait(&start);
    for (long i = 0; i < rounds; i++) {
        struct timespec t;
        if (i % 3 == 0) while (sem_trywait(&sem)) sched_yield();
        else if (i % 3 == 1) {
            do clock_gettime(CLOCK_REALTIME, &t), t.tv_sec++;
            while (sem_timedwait(&sem, &t));
        } else while (sem_wait(&sem)) {}
        if (++inside > 3) return (void *)1;
        if (i % 16 == 0) sched_yield();
        inside--;
        sem_post(&sem);
        pthread_spin_lock(&spin);
        plain += held() != 0;
        pthread_spin_unlock(&spin);
    }
    return arg == (void *)-1 ? arg : NULL;
}

static void semaphores(long scale)
{
    rounds = 150 * scale, plain = 0;
    sem_init(&sem, 0, 3);
    pthread_spin_init(&spin, 0);
    all(through_sem);
    int value = -1;
    sem_getvalue(&sem, &value);
    CHECK(value == 3 && plain == N * rounds);
}

/* ---- futexes by hand: a lock of three states, requeue, bitsets, wake-op ---- */

static _Atomic uint32_t word, second, third;
static long futex(_Atomic uint32_t *w, int op, uint32_t v, const void *timeout, _Atomic uint32_t *w2, uint32_t v3)
{
    return syscall(SYS_futex, w, op | FUTEX_PRIVATE_FLAG, v, timeout, w2, v3);
}

static void *with_futex(void *arg)
{
    long me = (long)arg;
    uint32_t bits = 1u << me % 31;
    pthread_barrier_wait(&start);
    for (long i = 0; i < rounds; i++) {
        uint32_t c = 0;
        if (!atomic_compare_exchange_strong(&word, &c, 1)) {
            if (c != 2) c = atomic_exchange(&word, 2);
            for (; c; c = atomic_exchange(&word, 2)) futex(&word, me % 2 ? FUTEX_WAIT : FUTEX_WAIT_BITSET, 2, NULL, NULL, bits);
        }
        plain += held() != 0;
        if (atomic_exchange(&word, 0) == 2) futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0);
    }
    return NULL;
}

/* Waiters on one word move to another; whoever comes last wakes them there. */
static _Atomic int waiting, woken;
static void *requeued(void *arg)
{
    long me = (long)arg;
    if (me == 0) {
        long moved = 0;
        while (waiting < N - 1) sched_yield();
        while (moved < N - 1) {
            long r = futex(&second, FUTEX_CMP_REQUEUE, 0, (void *)(long)INT_MAX, &third, 0);
            if (!CHECK(r >= 0)) break;
            moved += r;
            sched_yield();
        }
        while (woken < N - 1) futex(&third, FUTEX_WAKE, INT_MAX, NULL, NULL, 0), sched_yield();
        return NULL;
    }
    waiting++;
    long r = futex(&second, FUTEX_WAIT, 0, NULL, NULL, 0);
    woken++;
    return r == 0 ? NULL : (void *)1;
}

static void futexes(long scale)
{
    rounds = 300 * scale, plain = 0;
    all(with_futex);
    CHECK(plain == N * rounds && word == 0);
    for (long i = 0; i < scale; i++) {
        waiting = woken = 0;
        all(requeued);
    }
    /* FUTEX_WAKE_OP: the host changes the guest's word. */
    second = 5;
    CHECK(futex(&word, FUTEX_WAKE_OP, 1, (void *)1L, &second, FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 5)) == 0 && second == 8);
    struct timespec t = {0, 20000000};
    double from = now();
    errno = 0;
    CHECK(futex(&word, FUTEX_WAIT, 0, &t, NULL, 0) == -1 && errno == ETIMEDOUT && now() - from > 0.019);
}

/* ---- atomics of every width, side by side in one cache line ---- */

static struct { _Atomic uint8_t b[4]; _Atomic uint16_t h[2]; _Atomic uint32_t w; _Atomic uint64_t x; } line __attribute__((aligned(64)));
static struct { uint64_t lo, hi; } wide __attribute__((aligned(16)));
/* Both halves count; gcc has no such atomic without a call of libatomic. */
static void count_wide(void)
{
#ifdef __ARM_FEATURE_ATOMICS
    register uint64_t a asm("x0"), b asm("x1"), lo asm("x2"), hi asm("x3");
    uint64_t was_lo = wide.lo, was_hi = wide.hi;
    for (;;) {
        a = was_lo, b = was_hi, lo = a + 1, hi = b + 1;
        asm volatile("caspal x0, x1, x2, x3, [%4]" : "+r"(a), "+r"(b) : "r"(lo), "r"(hi), "r"(&wide) : "memory");
        if (a == was_lo && b == was_hi) return;
        was_lo = a, was_hi = b;
    }
#else
    uint64_t a, b;
    uint32_t failed;
    do asm volatile("ldaxp %0, %1, [%3]; add %0, %0, 1; add %1, %1, 1; stlxp %w2, %0, %1, [%3]" : "=&r"(a), "=&r"(b), "=&r"(failed) : "r"(&wide) : "memory");
    while (failed);
#endif
}
static _Atomic long max, bits_set;
static void *count(void *arg)
{
    long me = (long)arg;
    pthread_barrier_wait(&start);
    for (long i = 0; i < rounds; i++) {
        line.b[me % 4]++;
        line.h[me % 2] += 3;
        line.w -= 1;
        line.x ^= (uint64_t)(me * rounds + i);
        atomic_fetch_or(&bits_set, 1L << me);
        long m = max;
        while (m < me * rounds + i && !atomic_compare_exchange_weak(&max, &m, me * rounds + i)) {}
        count_wide();
    }
    return NULL;
}

static void widths(long scale)
{
    rounds = 500 * scale;
    line.w = 0;
    all(count);
    uint64_t x = 0;
    for (long i = 0; i < N * rounds; i++) x ^= (uint64_t)i;
    for (int i = 0; i < 4; i++) CHECK(line.b[i] == (uint8_t)(N / 4 * rounds));
    for (int i = 0; i < 2; i++) CHECK(line.h[i] == (uint16_t)(N / 2 * rounds * 3));
    CHECK(line.w == (uint32_t)(-N * rounds) && line.x == x && max == N * rounds - 1 && bits_set == -1);
    CHECK(wide.lo == (uint64_t)(N * rounds) && wide.hi == wide.lo);
}

/* ---- the same locks between processes ---- */

static void processes(long scale)
{
    struct { pthread_mutex_t m; pthread_cond_t c; pthread_barrier_t b; sem_t s; long n, turn; } *sh;
    sh = mmap(NULL, sizeof *sh, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t ma;
    pthread_condattr_t ca;
    pthread_barrierattr_t ba;
    pthread_mutexattr_init(&ma), pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED), pthread_mutex_init(&sh->m, &ma);
    pthread_condattr_init(&ca), pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED), pthread_cond_init(&sh->c, &ca);
    pthread_barrierattr_init(&ba), pthread_barrierattr_setpshared(&ba, PTHREAD_PROCESS_SHARED), pthread_barrier_init(&sh->b, &ba, 8);
    sem_init(&sh->s, 1, 2);
    pid_t p[8];
    for (int me = 0; me < 8; me++) {
        if ((p[me] = fork())) continue;
        pthread_barrier_wait(&sh->b);
        for (long i = 0; i < 30 * scale; i++) {
            while (sem_wait(&sh->s)) {}
            sem_post(&sh->s);
            pthread_mutex_lock(&sh->m);
            while (sh->turn % 8 != me) pthread_cond_wait(&sh->c, &sh->m);
            sh->turn++, sh->n++;
            pthread_cond_broadcast(&sh->c);
            pthread_mutex_unlock(&sh->m);
        }
        _exit(0);
    }
    for (int me = 0; me < 8; me++) CHECK(status_of(p[me]) == 0);
    CHECK(sh->n == 8 * 30 * scale);
}

/* A robust mutex passes from one dying thread (or process) to the next. */
static pthread_mutex_t *robust;
static long inherited;
static void *die_holding(void *arg)
{
    int r = pthread_mutex_lock(robust);
    if (r == EOWNERDEAD) pthread_mutex_consistent(robust), inherited++;
    else if (r) return (void *)(long)r;
    plain++;
    if ((long)arg % 2) pthread_mutex_unlock(robust);
    return NULL;
}

static void robusts(long scale)
{
    pthread_mutexattr_t a;
    robust = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(robust, &a);
    plain = 0;
    for (long i = 0; i < scale; i++) all(die_holding);
    CHECK(plain == N * scale && inherited >= N * scale / 2 - 1);
    for (int i = 0; i < 4; i++) {
        pid_t p = fork();
        if (p == 0) {
            int r = pthread_mutex_lock(robust);
            if (r == EOWNERDEAD) pthread_mutex_consistent(robust);
            _exit(i && r != EOWNERDEAD);
        }
        CHECK(status_of(p) == 0);
    }
}

static const struct test tests[] = {
    {"mutexes", mutexes}, {"conditions", conditions}, {"barriers", barriers}, {"rwlocks", rwlocks}, {"semaphores", semaphores},
    {"futexes", futexes}, {"widths", widths}, {"processes", processes}, {"robusts", robusts},
};

int main(int argc, char **argv) { return run_tests(tests, sizeof tests / sizeof *tests, argc, argv); }
