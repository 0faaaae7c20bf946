/* 32 threads that call two functions all the time, under locks of several kinds and from a signal handler; both versions of the functions keep what must
 * hold. Started and stopped from standard input; each time it says how many calls there were and how many of them a patched function answered. */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define THREADS 32
/* 1 as they are, 3 as patched */
__attribute__((noinline)) int step(int v) { __asm__ volatile("" : "+r"(v)); return 1; }
__attribute__((noinline)) int stride(int v) { __asm__ volatile("" : "+r"(v)); return v - v + 1; }
__attribute__((noinline, used)) int three(int v) { __asm__ volatile("" : "+r"(v)); return 3; }

static struct { pthread_mutex_t mutex; pthread_cond_t turn; pthread_spinlock_t spin; pthread_rwlock_t rw; sem_t sem; } lock;
static struct sums { long a, b, calls; } under[4]; /* the same is added to a and b, under one of the locks */
static _Atomic long single, patched_step, patched_stride, wrong, in_handler;
static _Atomic int running;
static long turn;

static int call(int which, int v)
{
    int r = which ? stride(v) : step(v);
    if (r == 3) ++*(which ? &patched_stride : &patched_step);
    else if (r != 1) wrong++;
    return r;
}
static void add(struct sums *s, int r) { s->a += r, s->calls++, s->b += r; }
static void *work(void *arg)
{
    long me = (long)arg;
    for (int i = 0; running; i++) {
        int which = (i + me) % 2;
        switch (i % 4) {
        case 0:
            pthread_mutex_lock(&lock.mutex);
            add(&under[0], call(which, i));
            if (turn++ % 64 == 0) pthread_cond_broadcast(&lock.turn);
            else if (turn % 16 == me % 16 && running > 1) pthread_cond_wait(&lock.turn, &lock.mutex);
            pthread_mutex_unlock(&lock.mutex);
            break;
        case 1:
            pthread_spin_lock(&lock.spin);
            add(&under[1], call(which, i));
            pthread_spin_unlock(&lock.spin);
            break;
        case 2:
            pthread_rwlock_wrlock(&lock.rw);
            add(&under[2], call(which, i));
            pthread_rwlock_unlock(&lock.rw);
            break;
        default:
            while (sem_wait(&lock.sem)) {}
            add(&under[3], call(which, i));
            sem_post(&lock.sem);
        }
        if (i % 7 == 0) single += call(which, i) ? 1 : 0;
    }
    return NULL;
}
static void on_alarm(int n) { (void)n, call(0, n), call(1, n), in_handler += 2; }

int main(void)
{
    static pthread_t t[THREADS];
    char line[20];
    pthread_mutex_init(&lock.mutex, NULL), pthread_cond_init(&lock.turn, NULL), pthread_spin_init(&lock.spin, 0);
    pthread_rwlock_init(&lock.rw, NULL), sem_init(&lock.sem, 0, 1);
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct sigaction sa = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &sa, NULL);
    printf("ready %d\n", (int)getpid());
    while (fgets(line, sizeof line, stdin)) {
        struct itimerval it = {{0, 1000}, {0, 1000}};
        if (!strncmp(line, "bye", 3)) return 0;
        if (!strncmp(line, "start", 5)) {
            memset(under, 0, sizeof under);
            single = patched_step = patched_stride = in_handler = 0, running = 2;
            for (long i = 0; i < THREADS; i++) pthread_create(&t[i], NULL, work, (void *)i);
            setitimer(ITIMER_REAL, &it, NULL);
            printf("started\n");
        } else {
            memset(&it, 0, sizeof it);
            setitimer(ITIMER_REAL, &it, NULL);
            running = 1;
            pthread_mutex_lock(&lock.mutex);
            running = 0;
            pthread_cond_broadcast(&lock.turn);
            pthread_mutex_unlock(&lock.mutex);
            for (int i = 0; i < THREADS; i++) pthread_join(t[i], NULL);
            long calls = single + in_handler, unequal = 0;
            for (int i = 0; i < 4; i++) calls += under[i].calls, unequal += under[i].a != under[i].b;
            printf("wrong %ld unequal %ld calls %ld step %ld stride %ld\n", (long)wrong, unequal, calls, (long)patched_step, (long)patched_stride);
        }
    }
}
