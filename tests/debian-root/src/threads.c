// Threads that count under each kind of lock, and one exception of C: a signal left by longjmp.
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static atomic_long atomic;
static long locked, written;
static _Thread_local int own;
static sigjmp_buf back;

static void *count(void *arg)
{
    for (int i = 0; i < 5000; i++) {
        atomic++;
        own++;
        pthread_mutex_lock(&lock), locked++, pthread_mutex_unlock(&lock);
        pthread_rwlock_wrlock(&rw), written++, pthread_rwlock_unlock(&rw);
    }
    *(int *)arg = own;
    return 0;
}
static void leave(int sig) { siglongjmp(back, sig); }
int main(void)
{
    pthread_t t[8];
    int n[8], sum = 0;
    for (int i = 0; i < 8; i++) pthread_create(&t[i], 0, count, &n[i]);
    for (int i = 0; i < 8; i++) pthread_join(t[i], 0), sum += n[i];
    printf("%ld %ld %ld %d %.6f\n", (long)atomic, locked, written, sum, sin(1) + exp(0.5));
    signal(SIGSEGV, leave);
    int s = sigsetjmp(back, 1);
    if (!s) *(volatile int *)8 = 1;
    printf("signal %d\n", s);
}
