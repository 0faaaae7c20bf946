/* Code that other threads run while it is forgotten, or changed where the Arm ARM allows that without a barrier (B2.2.5: NOP and B each become the other): what
 * runs is one of the two, with the operands that it was decoded from. The scale is in seconds for all tests together. */
#include "torture.h"
#include <stdbool.h>
#include <sys/mman.h>

enum { PAGES = 32 * 4096, AT = 16 * 4096, LOOPS = 20000, RUNNERS = 2, TESTS = 6 };
enum { NOP = 0xd503201f, B_NEXT_BUT_ONE = 0x14000002, RBIT_X1 = 0xdac00021, ADD_X1 = 0x91001421, SUB_X1 = 0xd1001421, RET = 0xd65f03c0 };
enum { SUBS_X0 = 0xf1000400, B_NE = 0x54000001, INC_X1 = 0x91000421, INC_X2 = 0x91000442, ADD3_X3 = 0x91000c63, ADD5_X4 = 0x91001484 };

static uint32_t *code, *switched;
static _Atomic long rounds;
static double until;

static uint32_t *begin(void)
{
    code = mmap(NULL, PAGES, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED) exit(2);
    return code + AT / 4;
}
/* ... subs x0, x0, #1; b.ne to the start; ret */
static void finish(uint32_t *p)
{
    uint32_t *start = code + AT / 4;
    *p++ = SUBS_X0;
    *p = B_NE | ((uint32_t)(start - p) & 0x7ffff) << 5;
    p[1] = RET;
    __builtin___clear_cache((char *)code, (char *)code + PAGES);
}
/* 24 instructions that leave X1 as it was: called one by one, or chains of the dispatch. */
static void fill(bool called)
{
    uint32_t *p = begin();
    for (int i = 0; i < 24; i++) *p++ = called ? RBIT_X1 : i % 2 ? SUB_X1 : ADD_X1;
    finish(p);
}
static void fill_switched(void)
{
    uint32_t *p = begin();
    *p++ = INC_X2, *p++ = ADD3_X3;
    switched = p;
    *p++ = NOP, *p++ = INC_X1, *p++ = ADD5_X4;
    finish(p);
}

/* ---- what the other threads do ---- */

static void forget_line(const void *p) { __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb" ::"r"(p) : "memory"); }

static void *forgets(void *arg)
{
    while (!over)
        for (int i = 0; i < 4; i++) forget_line((char *)code + AT + 64 * i);
    return arg;
}
static void *protects(void *arg)
{
    while (!over) mprotect(code, PAGES, PROT_READ | PROT_WRITE | PROT_EXEC), mprotect(code, PAGES, PROT_READ | PROT_EXEC);
    return arg;
}
static void *switches(void *arg)
{
    for (long n = 0; !over; n++) {
        __atomic_store_n(switched, n % 2 ? NOP : B_NEXT_BUT_ONE, __ATOMIC_RELAXED);
        forget_line(switched);
    }
    return arg;
}

/* ---- what runs ---- */

struct x { uint64_t n[5]; };
static struct x call(struct x in)
{
    register uint64_t x0 __asm__("x0") = in.n[0], x1 __asm__("x1") = in.n[1], x2 __asm__("x2") = in.n[2], x3 __asm__("x3") = in.n[3], x4 __asm__("x4") = in.n[4];
    register void *f __asm__("x9") = code + AT / 4;
    __asm__ volatile("blr %5" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4) : "r"(f) : "x30", "cc", "memory");
    return (struct x){{x0, x1, x2, x3, x4}};
}

static void *runs_unchanged(void *arg)
{
    const uint64_t mark = 0x123456789abcdef;
    for (; now() < until; rounds++) CHECK(call((struct x){{LOOPS, mark}}).n[1] == mark);
    return arg;
}
static void *runs_switched(void *arg)
{
    for (; now() < until; rounds++) {
        const struct x r = call((struct x){{LOOPS}});
        if (r.n[1] > LOOPS || r.n[2] != LOOPS || r.n[3] != 3 * LOOPS || r.n[4] != 5 * LOOPS) /* which one is not right tells what ran */
            fprintf(stderr, "X0-X4: %ld %ld %ld %ld %ld\n", (long)r.n[0], (long)r.n[1], (long)r.n[2], (long)r.n[3], (long)r.n[4]);
        CHECK(r.n[1] <= LOOPS && r.n[2] == LOOPS && r.n[3] == 3 * LOOPS && r.n[4] == 5 * LOOPS);
    }
    return arg;
}

static void together(long scale, void *(*run)(void *), void *(*disturb)(void *))
{
    pthread_t t[RUNNERS], d;
    until = now() + (double)scale / TESTS;
    pthread_create(&d, NULL, disturb, NULL);
    for (int i = 0; i < RUNNERS; i++) pthread_create(&t[i], NULL, run, NULL);
    for (int i = 0; i < RUNNERS; i++) pthread_join(t[i], NULL);
    over = 1;
    pthread_join(d, NULL);
    CHECK(rounds >= RUNNERS);
}

static void forgotten_calls(long scale) { fill(true), together(scale, runs_unchanged, forgets); }
static void forgotten_chains(long scale) { fill(false), together(scale, runs_unchanged, forgets); }
static void protected_calls(long scale) { fill(true), together(scale, runs_unchanged, protects); }
static void protected_chains(long scale) { fill(false), together(scale, runs_unchanged, protects); }
static void switched_branch(long scale) { fill_switched(), together(scale, runs_switched, switches); }
/* The page's protection changes as well. */
static void *both(void *arg)
{
    pthread_t p;
    pthread_create(&p, NULL, forgets, NULL);
    protects(arg);
    pthread_join(p, NULL);
    return arg;
}
static void forgotten_and_protected(long scale) { fill(true), together(scale, runs_unchanged, both); }

static const struct test tests[TESTS] = {
    {"forgotten_calls", forgotten_calls, 0}, {"forgotten_chains", forgotten_chains, 0}, {"protected_calls", protected_calls, 0},
    {"protected_chains", protected_chains, 0}, {"switched_branch", switched_branch, 0}, {"forgotten_and_protected", forgotten_and_protected, 0},
};
int main(int argc, char **argv) { return run_tests(tests, TESTS, argc, argv); }
