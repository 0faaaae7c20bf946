/* A store that faults at the end of a page: what it had stored before is stored or not, as the Arm ARM allows, but in whole granules of its single-copy
 * atomic accesses and with nothing beside them; the address is the page's, and a base that was to be written back is as before. */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

static sigjmp_buf back;
static unsigned char *page;
static uint64_t fault, base;

static void on(int n, siginfo_t *info, void *context)
{
    (void)n;
    fault = (uint64_t)info->si_addr;
    base = ((ucontext_t *)context)->uc_mcontext.regs[3];
    siglongjmp(back, 1);
}

/* `before` bytes of the store fit; granules of g bytes, from its start. */
static const char *judge(unsigned before, unsigned g)
{
    const unsigned char *from = page + 4096 - before;
    for (const unsigned char *p = page; p < from; p++)
        if (*p != 0xaa) return "stored in front";
    for (unsigned i = 0; i < before; i += g) {
        unsigned n = before - i < g ? before - i : g, old = 0, new = 0;
        for (unsigned j = 0; j < n; j++) old += from[i + j] == 0xaa, new += from[i + j] == 0x55;
        if (old + new != n || (old && new) || (n < g && new)) return "stored in part";
    }
    return fault == (uint64_t)page + 4096 && base == (uint64_t)from ? "exact" : "wrong address";
}
#define CASE(text, before, g)                                                                                                        \
    do {                                                                                                                             \
        memset(page, 0xaa, 4096);                                                                                                    \
        if (!sigsetjmp(back, 1))                                                                                                     \
            __asm__ volatile("mov x3, %0\n\tmov x2, %1\n\tdup v0.2d, x2\n\tdup v1.2d, x2\n\tdup v2.2d, x2\n\tdup v3.2d, x2\n\t" text \
                             ::"r"(page + 4096 - (before)), "r"(0x5555555555555555) : "memory", "x2", "x3", "v0", "v1", "v2", "v3"); \
        printf("%s %d: %s\n", text, before, judge(before, g));                                                                       \
    } while (0)

int main(void)
{
    struct sigaction sa = {.sa_sigaction = on, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &sa, NULL);
    page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(page + 4096, 4096, PROT_NONE);
    CASE("stp x2, x2, [x3]", 8, 8);
    CASE("stp x2, x2, [x3], #16", 8, 8);
    CASE("stp x2, x2, [x3, #0]!", 8, 8);
    CASE("stnp x2, x2, [x3]", 8, 8);
    CASE("stp w2, w2, [x3]", 4, 4);
    CASE("str x2, [x3], #8", 4, 8);
    CASE("str w2, [x3], #8", 2, 4);
    CASE("strh w2, [x3], #8", 1, 2);
    CASE("stp q0, q1, [x3], #32", 16, 8);
    CASE("stp q0, q1, [x3]", 8, 8);
    CASE("stp d0, d1, [x3], #16", 8, 8);
    CASE("stp s0, s1, [x3]", 4, 4);
    CASE("str q0, [x3], #16", 8, 8);
    CASE("st1 {v0.16b}, [x3], #16", 8, 1);
    CASE("st1 {v0.2d, v1.2d, v2.2d, v3.2d}, [x3], #64", 24, 8);
    CASE("st4 {v0.4s, v1.4s, v2.4s, v3.4s}, [x3], #64", 20, 4);
    CASE("st2 {v0.s, v1.s}[1], [x3], #8", 4, 4);
    CASE("st3 {v0.h, v1.h, v2.h}[1], [x3]", 2, 2);
    return 0;
}
