/* property.c - what must hold of results that no other machine has: keyed, random, counting, or describing this implementation.
 * A program; prints a line for each statement that is wrong, and "done". */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

static void check(int good, const char *what)
{
    if (!good)
        printf("wrong: %s\n", what);
}
#define PAC_FIELD UINT64_C(0x007f000000000000) /* 48-bit addresses, a tag in the top byte: Arm ARM D8.10 */

/* ---- PAuth ---- */
#define SIGN(name, word) \
    static uint64_t name(uint64_t p, uint64_t modifier) \
    { \
        register uint64_t x0 __asm__("x0") = p, x1 __asm__("x1") = modifier; \
        __asm__ volatile(".inst " #word : "+r"(x0) : "r"(x1)); \
        return x0; \
    }
SIGN(pacia, 0xdac10020)
SIGN(pacib, 0xdac10420)
SIGN(pacda, 0xdac10820)
SIGN(pacdb, 0xdac10c20)
SIGN(autia, 0xdac11020)
SIGN(autib, 0xdac11420)
SIGN(autda, 0xdac11820)
SIGN(autdb, 0xdac11c20)
SIGN(paciza, 0xdac123e0)
SIGN(autiza, 0xdac133e0)
SIGN(xpaci, 0xdac143e0)
SIGN(xpacd, 0xdac147e0)
static uint64_t pacga(uint64_t a, uint64_t b)
{
    register uint64_t x0 __asm__("x0") = a, x1 __asm__("x1") = b;
    __asm__ volatile(".inst 0x9ac13000" : "+r"(x0) : "r"(x1)); /* PACGA X0, X0, X1 */
    return x0;
}
/* Hints: X17 with X16, and X30 with SP or zero. */
#define HINT_1716(name, number) \
    static uint64_t name(uint64_t p, uint64_t modifier) \
    { \
        register uint64_t x17 __asm__("x17") = p, x16 __asm__("x16") = modifier; \
        __asm__ volatile("hint #" #number : "+r"(x17) : "r"(x16)); \
        return x17; \
    }
HINT_1716(pacia1716, 8)
HINT_1716(pacib1716, 10)
HINT_1716(autia1716, 12)
HINT_1716(autib1716, 14)
static uint64_t there_and_back(uint64_t p)
{
    uint64_t r;
    __asm__ volatile("mov x30, %1\n hint #25\n hint #29\n hint #27\n hint #31\n" /* PACIASP AUTIASP PACIBSP AUTIBSP */
                     "hint #24\n hint #28\n hint #26\n hint #30\n"              /* PACIAZ AUTIAZ PACIBZ AUTIBZ */
                     "hint #24\n hint #7\n mov %0, x30" : "=r"(r) : "r"(p) : "x30"); /* PACIAZ XPACLRI */
    return r;
}

typedef uint64_t (*sign_fn)(uint64_t, uint64_t);
static void pair(sign_fn pac, sign_fn aut, sign_fn other, const char *what)
{
    unsigned same = 0, wrong_modifier = 0, wrong_key = 0, bits = 0;
    for (uint64_t i = 1; i <= 64; i++) {
        const uint64_t p = i * UINT64_C(0x123456789ab) & UINT64_C(0xffffffffff), m = i * 0x9e3779b9, s = pac(p, m);
        check(aut(s, m) == p && pac(p, m) == s && (s & ~PAC_FIELD) == p, what);
        same += s == p;
        wrong_modifier += aut(s, m + 1) == p;
        wrong_key += other(s, m) == p;
        bits |= (unsigned)(s >> 48);
        check((aut(s ^ UINT64_C(1) << 48, m) & PAC_FIELD) != 0, "a changed signature leaves a pointer that faults");
    }
    check(same < 8 && wrong_modifier < 8 && wrong_key < 8 && bits == 0x7f, what);
}

static int landed;
static int other_side(void) { return ++landed; }
/* BLRAA, BLRAAZ, BRAA by a tail call, RETAA, LDRAA: with the right signature they go where they would. */
static void branches(void)
{
    const uint64_t to = (uint64_t)other_side;
    uint64_t cell = UINT64_C(0x1122334455667788), v;
    register uint64_t x8 __asm__("x8") = pacia(to, 5), x9 __asm__("x9") = 5;
    __asm__ volatile(".inst 0xd73f0909" : : "r"(x8), "r"(x9) : "x0", "x1", "x2", "x3", "x30", "cc", "memory"); /* BLRAA X8, X9 */
    x8 = paciza(to, 0);
    __asm__ volatile(".inst 0xd63f091f" : : "r"(x8) : "x0", "x1", "x2", "x3", "x30", "cc", "memory"); /* BLRAAZ X8 */
    x8 = pacia(to, 5);
    __asm__ volatile("adr x30, 1f\n .inst 0xd71f0909\n1:" : : "r"(x8), "r"(x9) : "x0", "x1", "x2", "x3", "x30", "cc", "memory"); /* BRAA X8, X9 */
    x8 = paciza(to, 0);
    __asm__ volatile("adr x30, 1f\n .inst 0xd61f091f\n1:" : : "r"(x8) : "x0", "x1", "x2", "x3", "x30", "cc", "memory"); /* BRAAZ X8 */
    __asm__ volatile("adr x30, 1f\n hint #25\n .inst 0xd65f0bff\n .inst 0\n1:" : : : "x30"); /* PACIASP, RETAA */
    check(landed == 4, "authenticated branches arrive");
    x8 = pacda((uint64_t)&cell, 0);
    __asm__ volatile(".inst 0xf8200500\n mov %0, x0" : "=r"(v) : "r"(x8) : "x0", "memory"); /* LDRAA X0, [X8] */
    check(v == cell, "LDRAA loads");
}

static void pointers(void)
{
    pair(pacia, autia, autib, "PACIA and AUTIA");
    pair(pacib, autib, autia, "PACIB and AUTIB");
    pair(pacda, autda, autdb, "PACDA and AUTDA");
    pair(pacdb, autdb, autda, "PACDB and AUTDB");
    const uint64_t p = UINT64_C(0x123456789a);
    check(autiza(paciza(p, 0), 0) == p && autia(paciza(p, 0), 0) == p, "the forms with a zero modifier");
    check(xpaci(pacia(p, 9), 0) == p && xpacd(pacdb(p, 9), 0) == p, "XPAC strips");
    check(pacia1716(p, 77) == pacia(p, 77) && autia1716(pacia(p, 77), 77) == p, "the hints use key IA");
    check(pacib1716(p, 77) == pacib(p, 77) && autib1716(pacib(p, 77), 77) == p, "the hints use key IB");
    check(there_and_back(p) == p, "the hints on X30");
    unsigned high = 0;
    for (uint64_t i = 0; i < 32; i++) {
        check((uint32_t)pacga(i, 3) == 0 && pacga(i, 3) == pacga(i, 3), "PACGA: low half 0, stable");
        high |= (unsigned)(pacga(i, 3) >> 32);
    }
    check(high == UINT32_MAX && pacga(1, 2) != pacga(2, 1), "PACGA mixes");
    branches();
}

/* ---- random numbers, time ---- */
static void randoms(void)
{
    uint64_t all = 0, none = UINT64_MAX, last = 0, v, flags;
    for (int i = 0; i < 64; i++) {
        if (i & 1)
            __asm__ volatile("mrs %0, s3_3_c2_c4_0\n mrs %1, nzcv" : "=r"(v), "=r"(flags) : : "cc"); /* RNDR */
        else
            __asm__ volatile("mrs %0, s3_3_c2_c4_1\n mrs %1, nzcv" : "=r"(v), "=r"(flags) : : "cc"); /* RNDRRS */
        check(flags == 0 && v != last, "RNDR succeeds with NZCV 0 and does not repeat");
        all |= v, none &= v, last = v;
    }
    check(all == UINT64_MAX && none == 0, "RNDR: every bit is 0 and 1 at times");
}

static uint64_t counter(void)
{
    uint64_t v;
    __asm__ volatile("isb\n mrs %0, cntvct_el0" : "=r"(v));
    return v;
}
static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
static void times(void)
{
    uint64_t hz, last = counter();
    __asm__("mrs %0, cntfrq_el0" : "=r"(hz));
    check(hz >= 1000000 && hz <= 1000000000, "CNTFRQ_EL0 is between 1 MHz and 1 GHz");
    for (int i = 0; i < 1000; i++) {
        const uint64_t now = counter();
        check(now >= last, "CNTVCT_EL0 does not go back");
        last = now;
    }
    /* Each reading of the counter lies between two of the clock, however long the program has to wait for a CPU. */
    const double a = seconds(), t0 = (double)counter(), b = seconds();
    nanosleep(&(struct timespec){0, 100000000}, NULL);
    const double c = seconds(), t1 = (double)counter(), d = seconds(), counted = (t1 - t0) / (double)hz;
    check(counted > 0.99 * (c - b) && counted < 1.01 * (d - a), "CNTVCT_EL0 counts CNTFRQ_EL0 times a second");
}

/* ---- what describes the implementation ---- */
static volatile int refused;
static void on_ill(int signo, siginfo_t *info, void *uc)
{
    (void)signo, (void)info;
    refused = 1;
    ((ucontext_t *)uc)->uc_mcontext.pc += 4;
}
/* DC CVAP changes no byte; a CPU without FEAT_DPB refuses it, and qemu always does. */
static void clean_to_persistence(unsigned char *block)
{
    const struct sigaction act = {.sa_sigaction = on_ill, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &act, NULL);
    __asm__ volatile("mov x0, %0\n .inst 0xd50b7c20" : : "r"(block) : "x0", "memory");
    signal(SIGILL, SIG_DFL);
    check(!refused || getenv("QEMU") != NULL || (getauxval(AT_HWCAP) >> 16 & 1) == 0, "DC CVAP is executed where AT_HWCAP has it");
}

static void descriptions(void)
{
    uint64_t ctr, dczid, isar0, pfr0;
    __asm__("mrs %0, ctr_el0" : "=r"(ctr));
    __asm__("mrs %0, dczid_el0" : "=r"(dczid));
    __asm__("mrs %0, s3_0_c0_c6_0" : "=r"(isar0));
    __asm__("mrs %0, s3_0_c0_c4_0" : "=r"(pfr0));
    check(ctr >> 31 & 1, "CTR_EL0: bit 31 is RES1");
    check((ctr & 15) <= 9 && (ctr >> 16 & 15) <= 9, "CTR_EL0: lines of at most 2 KiB");
    check((dczid & 16) == 0 && (dczid & 15) <= 9, "DCZID_EL0: DC ZVA is allowed, at most 2 KiB");
    const uint64_t size = UINT64_C(4) << (dczid & 15);
    static unsigned char block[3 * 2048] __attribute__((aligned(2048)));
    memset(block, 0xaa, sizeof block);
    __asm__ volatile("dc zva, %0" : : "r"(block + size + size / 2) : "memory");
    clean_to_persistence(block + size);
    check(block[size - 1] == 0xaa && block[size] == 0 && block[2 * size - 1] == 0 && block[2 * size] == 0xaa, "DC ZVA zeroes one block of that size");
    const unsigned long hwcap = getauxval(AT_HWCAP);
    check(!(hwcap >> 8 & 1) == !(isar0 >> 20 & 15) && !(hwcap >> 7 & 1) == !(isar0 >> 16 & 15), "ID_AA64ISAR0_EL1 agrees with AT_HWCAP: LSE, CRC32");
    check((pfr0 >> 20 & 15) != 15, "ID_AA64PFR0_EL1: AdvSIMD");
}

/* New code, made visible as the architecture asks (B2.7.4): it runs, not what was there. */
static void new_code(void)
{
    uint32_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED) {
        check(0, "memory for code");
        return;
    }
    for (unsigned i = 0; i < 100; i++) {
        code[0] = 0x52800000 | i << 5; /* MOV W0, #i */
        code[1] = 0xd65f03c0;
        __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb" : : "r"(code) : "memory");
        check(((unsigned (*)(void))code)() == i, "IC IVAU: the new code runs");
    }
}

int main(void)
{
    pointers();
    randoms();
    times();
    descriptions();
    new_code();
    puts("done");
    return 0;
}
