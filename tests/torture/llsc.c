/* What load/store exclusive promises beyond compare-and-swap: the store fails if the place was written meanwhile, even with what was there. With it, and
 * without counters in pointers, among threads: stacks, and what happens to who holds a place when it faults, forks or is killed. */
#include "torture.h"
#include <setjmp.h>
#include <stdbool.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#define LINE 256 /* further than any processor's granule */
#define N 16
static struct { _Alignas(LINE) uint64_t word; uint64_t other; } place, lines[64];
static struct { _Alignas(LINE) _Atomic uint32_t go; _Atomic uint32_t done, stop; } turn;

#define ASM(...) __asm__ volatile(".arch armv8.4-a\n\t" __VA_ARGS__)

/* ---- one write of another thread: ways to do it. The word is 0x11 in every byte or, in between, 0x22 ---- */

static const uint64_t A = 0x1111111111111111, B = 0x2222222222222222;
static void by_stxr(uint64_t *p, uint64_t from, uint64_t to)
{
    uint64_t v;
    uint32_t failed = 1;
    while (failed) ASM("ldxr %0, [%3]; stxr %w1, %2, [%3]" : "=&r"(v), "=&r"(failed) : "r"(to), "r"(p) : "memory");
}
static void by_stlxrb(uint64_t *p, uint64_t from, uint64_t to)
{
    uint64_t v;
    uint32_t failed = 1;
    while (failed) ASM("ldaxrb %w0, [%3]; stlxrb %w1, %w2, [%3]" : "=&r"(v), "=&r"(failed) : "r"(to), "r"(p) : "memory");
}
static void by_stxp(uint64_t *p, uint64_t from, uint64_t to)
{
    uint64_t v, w;
    uint32_t failed = 1;
    while (failed) ASM("ldxp %0, %1, [%4]; stxp %w2, %3, %1, [%4]" : "=&r"(v), "=&r"(w), "=&r"(failed) : "r"(to), "r"(p) : "memory");
}
static void by_swp(uint64_t *p, uint64_t from, uint64_t to) { ASM("swpal %0, %0, [%1]" : "+r"(to) : "r"(p) : "memory"); }
static void by_cas(uint64_t *p, uint64_t from, uint64_t to) { ASM("casal %0, %1, [%2]" : "+r"(from) : "r"(to), "r"(p) : "memory"); }
static void by_casp(uint64_t *p, uint64_t from, uint64_t to)
{
    register uint64_t a asm("x0") = from, b asm("x1") = p[1], c asm("x2") = to, d asm("x3") = b;
    ASM("caspal x0, x1, x2, x3, [%4]" : "+r"(a), "+r"(b) : "r"(c), "r"(d), "r"(p) : "memory");
}
static void by_stadd(uint64_t *p, uint64_t from, uint64_t to) { ASM("staddl %0, [%1]" : : "r"(to - from), "r"(p) : "memory"); }
static void by_steor(uint64_t *p, uint64_t from, uint64_t to) { ASM("steorl %0, [%1]" : : "r"(to ^ from), "r"(p) : "memory"); }
static void by_ldumax(uint64_t *p, uint64_t from, uint64_t to)
{
    if (to > from) ASM("ldumaxal %0, %0, [%1]" : "+r"(to) : "r"(p) : "memory");
    else ASM("lduminal %0, %0, [%1]" : "+r"(to) : "r"(p) : "memory");
}
static void by_stlr(uint64_t *p, uint64_t from, uint64_t to) { ASM("stlr %0, [%1]" : : "r"(to), "r"(p) : "memory"); }
static void by_stlur(uint64_t *p, uint64_t from, uint64_t to) { ASM("stlur %0, [%1, #-8]" : : "r"(to), "r"(p + 1) : "memory"); }
static void by_unaligned(uint64_t *p, uint64_t from, uint64_t to) { ASM("stlrh %w0, [%1]" : : "r"(to), "r"((char *)p + 1) : "memory"); }

/* ---- the exclusives of every size, and time for the other thread in between ---- */

#define MEANWHILE "str %w[one], [%[turn]]; 1: ldr %w[failed], [%[turn], #4]; cbz %w[failed], 1b;"
#define EXCLUSIVES(name, load, store)                                                                                    \
    static uint32_t name(uint64_t *p)                                                                                    \
    {                                                                                                                    \
        uint64_t v, w;                                                                                                   \
        uint32_t failed;                                                                                                 \
        ASM(load MEANWHILE store : [v] "=&r"(v), [w] "=&r"(w), [failed] "=&r"(failed)                                    \
            : [p] "r"(p), [turn] "r"(&turn), [one] "r"(1) : "memory");                                                   \
        return failed;                                                                                                   \
    }
EXCLUSIVES(byte, "ldxrb %w[v], [%[p]];", "stxrb %w[failed], %w[v], [%[p]]")
EXCLUSIVES(half, "ldaxrh %w[v], [%[p]];", "stlxrh %w[failed], %w[v], [%[p]]")
EXCLUSIVES(single, "ldxr %w[v], [%[p]];", "stlxr %w[failed], %w[v], [%[p]]")
EXCLUSIVES(whole, "ldaxr %[v], [%[p]];", "stxr %w[failed], %[v], [%[p]]")
EXCLUSIVES(pair, "ldxp %w[v], %w[w], [%[p]];", "stxp %w[failed], %w[v], %w[w], [%[p]]")
EXCLUSIVES(wide, "ldaxp %[v], %[w], [%[p]];", "stlxp %w[failed], %[v], %[w], [%[p]]")
static uint32_t (*const exclusives[])(uint64_t *) = {byte, half, single, whole, pair, wide};
enum { SIZES = sizeof exclusives / sizeof *exclusives };

/* ---- written and written back ---- */

static void (*const ways[])(uint64_t *, uint64_t, uint64_t) = {by_stxr, by_stlxrb, by_stxp, by_swp, by_cas, by_casp, by_stadd, by_steor, by_ldumax, by_stlr,
                                                               by_stlur, by_unaligned};
static const char *const way_names[] = {"stxr", "stlxrb", "stxp", "swp", "cas", "casp", "stadd", "steor", "ldumax", "stlr", "stlur", "unaligned stlrh"};
static long way_count(void)
{
    const bool uscat = getauxval(AT_HWCAP) >> 25 & 1;
    return (long)(sizeof ways / sizeof *ways) - !uscat; /* without it the last one is SIGBUS */
}

static bool my_turn(void)
{
    while (!turn.go)
        if (turn.stop) return false;
    turn.go = 0;
    return true;
}
static void *there_and_back(void *way)
{
    while (my_turn()) {
        ways[(long)way](&place.word, A, B);
        ways[(long)way](&place.word, B, A);
        turn.done = 1;
    }
    return NULL;
}
/* How many of so many store-exclusives do not fail? */
static long stored(uint32_t (*exclusive)(uint64_t *), long rounds)
{
    long n = 0;
    for (long i = 0; i < rounds; i++) {
        turn.done = 0;
        n += exclusive(&place.word) == 0;
    }
    return n;
}
static void aba(long scale)
{
    for (long way = 0; way < way_count(); way++) {
        pthread_t t;
        turn.stop = 0, place.word = A;
        pthread_create(&t, NULL, there_and_back, (void *)way);
        for (int size = 0; size < SIZES; size++) {
            long n = stored(exclusives[size], 2 * scale);
            if (!CHECK(n == 0)) printf("%s, exclusive %d: %ld of %ld stored\n", way_names[way], size, n, 2 * scale);
        }
        turn.stop = 1;
        pthread_join(t, NULL);
        CHECK(place.word == A);
    }
}

/* ---- read, or another place written ---- */

static void *elsewhere(void *unused)
{
    for (long i = 0; my_turn(); i++) {
        uint64_t v, w, *read = &place.word, *other = &lines[i % 64].word;
        ASM("ldr %0, [%2]; ldar %0, [%2]; ldxr %0, [%2]; clrex; ldxp %0, %1, [%2]; clrex" : "=&r"(v), "=&r"(w) : "r"(read) : "memory");
        ways[i % way_count()](other, *other, *other ^ 3);
        *other = i;
        turn.done = 1;
    }
    return unused;
}
static void quiet(long scale)
{
    pthread_t t;
    turn.stop = 0, place.word = A;
    pthread_create(&t, NULL, elsewhere, NULL);
    for (int size = 0; size < SIZES; size++) CHECK(stored(exclusives[size], 100 * scale) > 0);
    turn.stop = 1;
    pthread_join(t, NULL);
    CHECK(place.word == A);
}

/* ---- a stack whose links are plain pointers ---- */

struct node { _Alignas(64) struct node *next; _Atomic int owned; };
static struct node nodes[6];
static _Alignas(64) struct node *top;
static struct node *pop(void)
{
    struct node *n, *next;
    uint32_t failed;
    do ASM("ldaxr %0, [%3]; mov %w2, #1; cbz %0, 1f; ldr %1, [%0]; stlxr %w2, %1, [%3]; 1:" : "=&r"(n), "=&r"(next), "=&r"(failed) : "r"(&top) : "memory");
    while (failed && n);
    return n;
}
static void push(struct node *n)
{
    struct node *old;
    uint32_t failed;
    do ASM("ldaxr %0, [%2]; str %0, [%3]; stlxr %w1, %3, [%2]" : "=&r"(old), "=&r"(failed) : "r"(&top), "r"(n) : "memory");
    while (failed);
}
static long rounds;
static void *shuffle(void *unused)
{
    for (long i = 0; i < rounds; i++) {
        struct node *n[2] = {pop(), pop()};
        for (int k = 0; k < 2; k++)
            if (n[k] && n[k]->owned++) return (void *)1;
        for (int k = 0; k < 2; k++)
            if (n[k]) n[k]->owned--, push(n[k]);
    }
    return unused;
}
static void all(void *(*fn)(void *), long n)
{
    pthread_t t[64];
    for (long i = 0; i < n; i++) CHECK(pthread_create(&t[i], NULL, fn, NULL) == 0);
    for (long i = 0; i < n; i++) {
        void *r;
        pthread_join(t[i], &r);
        CHECK(r == NULL);
    }
}
static void stacks(long scale)
{
    enum { NODES = sizeof nodes / sizeof *nodes };
    for (long threads = 4; threads <= 64; threads *= 4) {
        top = NULL;
        for (int i = 0; i < NODES; i++) nodes[i].owned = 0, push(&nodes[i]);
        rounds = 200000 * scale / threads;
        all(shuffle, threads);
        int n = 0;
        while (pop() && n <= NODES) n++;
        CHECK(n == NODES);
    }
}

/* ---- tags, faults: nobody keeps a place ---- */

static _Atomic uint64_t *page;
static void *count_tagged(void *unused)
{
    for (long i = 0; i < rounds; i++) {
        uint64_t v;
        uint32_t failed;
        _Atomic uint64_t *p = (void *)((uintptr_t)page | (uintptr_t)(i % 3) << 56);
        do ASM("ldxr %0, [%2]; add %0, %0, #1; stxr %w1, %0, [%2]" : "=&r"(v), "=&r"(failed) : "r"(p) : "memory");
        while (failed);
        ASM("stadd %0, [%1]" : : "r"(1), "r"(p) : "memory");
        by_stlr((uint64_t *)p + 1, 0, 1);
    }
    return unused;
}
static sigjmp_buf back;
static void on_fault(int n) { siglongjmp(back, n); }
static int fault_of(void (*way)(uint64_t *, uint64_t, uint64_t))
{
    int n = sigsetjmp(back, 1);
    if (!n) way((uint64_t *)page, 0, 1);
    return n;
}
static void faults(long scale)
{
    rounds = 100 * scale;
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    all(count_tagged, N);
    CHECK(*page == 2 * N * rounds);
    on(SIGSEGV, on_fault, SA_NODEFER);
    for (int way = 0; way < way_count(); way++) {
        mprotect((void *)page, 4096, PROT_READ);
        CHECK(fault_of(ways[way]) == SIGSEGV);
        mprotect((void *)page, 4096, PROT_READ | PROT_WRITE);
        uint64_t was = *page;
        all(count_tagged, 2);
        CHECK(*page == was + 4 * rounds);
    }
}

/* ---- a process that forks, or shares memory with one that is killed ---- */

static void hammer_once(void)
{
    for (int i = 0; i < 8; i++) ways[i % way_count()](&lines[i].word, 0, 1);
}
static void *hammer(void *unused)
{
    while (!turn.stop) hammer_once();
    return unused;
}
static void forks(long scale)
{
    pthread_t t[3];
    turn.stop = 0;
    for (int i = 0; i < 3; i++) pthread_create(&t[i], NULL, hammer, NULL);
    for (long i = 0; i < 20 * scale; i++) {
        pid_t p = fork();
        if (p == 0) {
            alarm(100);
            hammer_once();
            _exit(7);
        }
        CHECK(WEXITSTATUS(status_of(p)) == 7);
    }
    turn.stop = 1;
    for (int i = 0; i < 3; i++) pthread_join(t[i], NULL);
}

static _Atomic pid_t *victim;
static void *killer(void *unused)
{
    for (;;) {
        while (!*victim)
            if (turn.stop) return unused;
        nap(0.0005);
        const pid_t p = *victim;
        *victim = 0; /* before the kill: behind it, the next one's name may be there */
        kill(p, SIGKILL);
        hammer_once();
    }
}
static void killed(long scale)
{
    pthread_t t;
    turn.stop = 0;
    victim = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_create(&t, NULL, killer, NULL);
    for (long i = 0; i < 20 * scale; i++) {
        pid_t p = vfork();
        if (p == 0) {
            alarm(100);
            *victim = getpid();
            for (;;) hammer_once();
        }
        CHECK(WTERMSIG(status_of(p)) == SIGKILL);
        hammer_once();
    }
    while (*victim) sched_yield();
    turn.stop = 1;
    pthread_join(t, NULL);
}

static const struct test tests[] = {{"aba", aba}, {"quiet", quiet}, {"stacks", stacks}, {"faults", faults}, {"forks", forks}, {"killed", killed}};

int main(int argc, char **argv) { return run_tests(tests, sizeof tests / sizeof *tests, argc, argv); }
