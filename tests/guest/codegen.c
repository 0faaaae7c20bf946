/* flags: -pthread */
/* Code that the program writes: in place, through another view of the same pages, under other threads' feet, after munmap and mprotect. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#define LEN 8192
typedef int (*fn)(void);
enum { RW = PROT_READ | PROT_WRITE, RX = PROT_READ | PROT_EXEC };

/* mov w0, #n; ret */
static void emit(uint32_t *at, unsigned n)
{
    at[0] = 0x52800000u | n << 5;
    at[1] = 0xd65f03c0u;
}

static void flush(void *p) { __builtin___clear_cache((char *)p, (char *)p + 8); }

/* n functions one after another at `at`, each written, told of at `tell`, and called at `run`. */
static int sum(uint32_t *at, void *tell, void *run)
{
    int s = 0;
    for (unsigned i = 0; i < 100; i++) {
        emit(at, i);
        flush(tell);
        s += ((fn)(uintptr_t)run)();
    }
    return s;
}

static void views(const char *name, void *w, void *x)
{
    if (w == MAP_FAILED || x == MAP_FAILED) abort();
    printf("%s: %d %d", name, sum(w, x, x), sum(w, w, x));
    uint32_t *w2 = (uint32_t *)((char *)w + 4096 + 64);
    printf(" %d\n", sum(w2, w2, (char *)x + 4096 + 64));
}

static void dual(void)
{
    char *both = mmap(NULL, LEN, RW | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    views("one page", both, both);
    int fd = memfd_create("code", 0);
    if (ftruncate(fd, 4 * LEN)) abort();
    views("memfd", mmap(NULL, LEN, RW, MAP_SHARED, fd, 0), mmap(NULL, LEN, RX, MAP_SHARED, fd, 0));
    views("memfd at an offset", (char *)mmap(NULL, 3 * LEN, RW, MAP_SHARED, fd, LEN) + LEN, mmap(NULL, LEN, RX, MAP_SHARED, fd, 2 * LEN));
    views("memfd, private view", mmap(NULL, LEN, RW, MAP_SHARED, fd, LEN), mmap(NULL, LEN, RX, MAP_PRIVATE, fd, LEN));
    char *anon = mmap(NULL, 2 * LEN, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char *again = mremap(anon, 0, 2 * LEN, MREMAP_MAYMOVE);
    if (mprotect(again + LEN, LEN, RX)) abort();
    views("anonymous, seen twice", anon + LEN, again + LEN);
    int id = shmget(IPC_PRIVATE, LEN, 0700 | IPC_CREAT);
    char *s1 = shmat(id, NULL, 0), *s2 = shmat(id, NULL, SHM_RDONLY | SHM_EXEC);
    shmctl(id, IPC_RMID, NULL);
    views("System V", s1, s2);
}

static void protect(void)
{
    char *p = mmap(NULL, LEN, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int s = 0;
    for (unsigned i = 0; i < 50; i++) {
        mprotect(p, LEN, RW);
        emit((uint32_t *)(void *)p, i);
        mprotect(p, LEN, RX);
        flush(p);
        s += ((fn)(uintptr_t)p)();
        if (i % 8 == 0) {
            munmap(p, LEN);
            p = mmap(p, LEN, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        }
    }
    printf("mprotect: %d\n", s);
}

/* One branch is turned between two targets while others run it: each call gives one of two results (Arm ARM B2.2.5). */
static uint32_t *hot;
static _Atomic int done;
static _Atomic long bad;
static void *call_it(void *arg)
{
    long seen[2] = {0, 0};
    while (!done) {
        int r = ((fn)(uintptr_t)hot)();
        if (r == 1 || r == 2) seen[r - 1]++;
        else bad++;
    }
    (void)arg;
    return (void *)(seen[0] && seen[1] ? 1L : 0L);
}

static void modified_while_run(void)
{
    pthread_t t[4];
    hot = mmap(NULL, LEN, RW | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    hot[0] = 0x14000004; /* b +16 */
    emit(hot + 4, 1);
    emit(hot + 8, 2);
    __builtin___clear_cache((char *)hot, (char *)(hot + 10));
    for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, call_it, NULL);
    for (int i = 0; i < 3000; i++) {
        __atomic_store_n(hot, i % 2 ? 0x14000004u : 0x14000008u, __ATOMIC_RELEASE);
        flush(hot);
        if (i % 64 == 0) usleep(100);
    }
    done = 1;
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
    printf("modified while run: %ld bad\n", bad);
}

/* Each thread makes code, calls it and gives the memory back: no address may keep what another had there. */
static void *churn(void *arg)
{
    unsigned k = (unsigned)(long)arg;
    for (unsigned i = 0; i < 400; i++) {
        char *p = mmap(NULL, 4096, RW | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        unsigned want = (k * 400 + i) & 0xffff;
        for (unsigned j = 0; j < 16; j++) emit((uint32_t *)(void *)p + 4 * j, (want + j) & 0xffff);
        __builtin___clear_cache(p, p + 256);
        for (unsigned j = 0; j < 16; j++)
            if (((fn)(uintptr_t)(p + 16 * j))() != (int)((want + j) & 0xffff)) bad++;
        munmap(p, 4096);
    }
    return NULL;
}

static void churning(void)
{
    pthread_t t[8];
    for (long i = 0; i < 8; i++) pthread_create(&t[i], NULL, churn, (void *)i);
    for (int i = 0; i < 8; i++) pthread_join(t[i], NULL);
    printf("churning: %ld bad\n", bad);
}

int main(void)
{
    uint64_t ctr;
    __asm__("mrs %0, ctr_el0" : "=r"(ctr));
    printf("instruction caches must be told: %d\n", !(ctr >> 29 & 1));
    dual();
    protect();
    modified_while_run();
    churning();
    return bad != 0;
}
