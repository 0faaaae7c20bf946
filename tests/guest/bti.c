/* Branch target identification: who may land where, on guarded pages and on others; mprotect, signal handlers, sigreturn. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define PROT_BTI 0x10
#define BTYPE(uc) ((int)((uc)->uc_mcontext.pstate >> 10 & 3))

static uint32_t *guarded, *plain; /* a page of code each */
static volatile int caught;
static uint64_t target;
static int is_plain; /* of the target */

/* Out of the violation: to where the call returns, which X9 holds. */
static void trap(int n, siginfo_t *i, void *p)
{
    ucontext_t *uc = p;
    int at = (uintptr_t)i->si_addr == target && uc->uc_mcontext.pc == target;
    caught = n * 10 + BTYPE(uc);
    if (!at) printf("elsewhere ");
    uc->uc_mcontext.pc = uc->uc_mcontext.regs[9];
    uc->uc_mcontext.pstate &= ~UINT64_C(0xc00);
}

static const struct { const char *name; uint32_t word; } landings[] = {
    {"mov", 0xaa0003e0}, {"nop", 0xd503201f}, {"bti", 0xd503241f}, {"bti c", 0xd503245f}, {"bti j", 0xd503249f}, {"bti jc", 0xd50324df},
    {"paciasp", 0xd503233f}, {"pacibsp", 0xd503237f}, {"paciaz", 0xd503231f}, {"brk", 0xd4200020}, {"udf", 0x00000000}, {"hint 40", 0xd503251f},
};
/* What to do with the target in X0, X16 and X17; X9 and X30 are the way back. */
static const struct { const char *name; uint32_t words[2]; } branches[] = {
    {"blr x0", {0xd503201f, 0xd63f0000}}, {"br x0", {0xd503201f, 0xd61f0000}}, {"br x16", {0xd503201f, 0xd61f0200}},
    {"br x17", {0xd503201f, 0xd61f0220}},
    {"ret x0", {0xd503201f, 0xd65f0000}}, {"blr x16", {0xd503201f, 0xd63f0200}},
    {"blraaz x0", {0xdac123e0, 0xd63f081f}}, {"braaz x0", {0xdac123e0, 0xd61f081f}},
};

static void call(uint32_t *from, uint64_t to)
{
    register uint64_t x0 __asm__("x0") = to;
    register uint64_t x16 __asm__("x16") = to;
    register uint64_t x17 __asm__("x17") = to;
    register uint32_t *x1 __asm__("x1") = from;
    target = to;
    caught = 0;
    /* The two words are entered by RET, which never needs a landing pad. */
    __asm__ volatile("adr x9, 1f\n mov x30, x1\n ret\n 1:"
                     : "+r"(x0), "+r"(x16), "+r"(x17), "+r"(x1) : : "x9", "x30", "memory", "cc");
}

static uint32_t *put(uint32_t *at, const uint32_t *words, int n)
{
    memcpy(at, words, 4 * n);
    __builtin___clear_cache((char *)at, (char *)(at + n));
    return at;
}

/* ADR x30, .+12 in front of the branch: BR and RET come back behind it, as BLR does. RET x9. */
static void table(uint32_t *from_page, uint32_t *to_page, const char *name)
{
    is_plain = !strstr(name + 10, "guarded");
    for (unsigned b = 0; b < sizeof branches / sizeof *branches; b++) {
        uint32_t from[4] = {0x1000007e, branches[b].words[0], branches[b].words[1], 0xd65f0120};
        put(from_page, from, 4);
        printf("%s %-9s:", name, branches[b].name);
        for (unsigned l = 0; l < sizeof landings / sizeof *landings; l++) {
            uint32_t to[3] = {landings[l].word, 0xd50320ff /* xpaclri */, 0xd65f03c0};
            put(to_page + 64, to, 3);
            call(from_page, (uint64_t)(to_page + 64));
            /* Where nobody is guarded, BTYPE of other signals is nobody's business. (qemu-user's si_code is not Linux's: not shown.) */
            if (is_plain) caught = caught / 10 * 10;
            printf(" %d", caught);
        }
        printf("\n");
    }
}

static void protect(int prot_guarded)
{
    if (mprotect(guarded, 4096, PROT_READ | PROT_WRITE | PROT_EXEC | prot_guarded)) printf("mprotect failed\n");
}

static volatile int ran;
static void set_btype(int n, siginfo_t *i, void *p)
{
    (void)n, (void)i;
    ucontext_t *uc = p;
    ran++;
    uc->uc_mcontext.regs[9] = uc->uc_mcontext.pc;
    uc->uc_mcontext.regs[30] = uc->uc_mcontext.pc;
    uc->uc_mcontext.pc = target;
    uc->uc_mcontext.pstate |= (uint64_t)ran % 4 << 10;
}
static void raise_here(void)
{
    register long x0 __asm__("x0") = getpid();
    register long x1 __asm__("x1") = SIGUSR1;
    register long x8 __asm__("x8") = 129;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x1), "r"(x8) : "x9", "x30", "memory");
}

static void handlers(void)
{
    static const uint32_t with[] = {0xd503245f, 0xd65f03c0}, without[] = {0xd503201f, 0xd65f03c0};
    struct sigaction sa = {0};
    put(guarded + 128, with, 2);
    put(guarded + 192, without, 2);
    sa.sa_handler = (void (*)(int))(void *)(guarded + 128);
    sigaction(SIGUSR1, &sa, NULL);
    target = (uint64_t)(guarded + 192);
    caught = 0;
    raise_here();
    printf("handler with bti c: %d\n", caught);
    /* sigreturn gives BTYPE back. */
    sa.sa_sigaction = set_btype;
    sa.sa_flags = SA_SIGINFO;
    sigaction(SIGUSR1, &sa, NULL);
    for (unsigned l = 0; l < 7; l++) {
        uint32_t to[3] = {landings[l].word, 0xd50320ff, 0xd65f03c0};
        put(guarded + 192, to, 3);
        printf("sigreturn to %s:", landings[l].name);
        for (int k = 0; k < 4; k++) {
            caught = 0;
            raise_here();
            printf(" %d", caught);
        }
        printf("\n");
    }
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct sigaction sa = {.sa_flags = SA_SIGINFO};
    sa.sa_sigaction = trap;
    sigaction(SIGILL, &sa, NULL);
    sigaction(SIGTRAP, &sa, NULL);
    guarded = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC | PROT_BTI, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    plain = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    table(plain, plain, "plain   to plain  ");
    table(plain, guarded, "plain   to guarded");
    table(guarded, plain, "guarded to plain  ");
    table(guarded, guarded, "guarded to guarded");
    protect(0);
    table(guarded, guarded, "mprotect: plain   ");
    protect(PROT_BTI);
    table(guarded, guarded, "mprotect: guarded ");
    printf("unknown protection: %d\n", mprotect(guarded, 4096, PROT_READ | 0x40));
    handlers();
    return 0;
}
