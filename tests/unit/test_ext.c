/* test_ext.c - instructions beyond Armv8.0, from the manual: complex numbers, half and bfloat16 products, matrices, flags, CSSC, MOPS, DIT, SSBS, RNG, PAuth,
 * and that AT_HWCAP and the ID registers name them. Memory instructions in fast mode and in checked mode. */
#include <config.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include <cmocka.h>
#include "a64/a64.h"
#include "exec/cpu.h"
#include "exec/gate.h"
#include "exec/model.h"
#include "exec/run.h"
#include "mem/fault.h"
#include "mem/mem.h"

/* ---- one instruction: V0 destination, V1 and V2 sources; high half first ---- */
#define V(hi, lo) {lo, hi}
#define ZERO V(0, 0)
struct vector {
    const char *text;
    uint32_t word;
    uint64_t d[2], n[2], m[2], want[2];
    uint32_t fpsr;
};
/* Singles: 1 = 3f800000, 2 = 40000000, 3 = 40400000, 4 = 40800000, 5 = 40a00000, 6 = 40c00000, 10 = 41200000. Halves: 1 = 3c00, 2 = 4000, 3 = 4200.
 * bfloat16: the upper halves of singles. A complex number is real + imaginary, the real part in the lower lane. */
static const struct vector vectors[] = {
    {"fcadd v0.2s, v1.2s, v2.2s, #90: (1 + 2i) + i (3 + 4i)", 0x2e82e420, ZERO,
     V(0, 0x400000003f800000), V(0, 0x4080000040400000), V(0, 0x40a00000c0400000), 0},
    {"fcmla v0.4s, v1.4s, v2.4s, #270: 0 - 2i (3 + 4i), twice", 0x6e82dc20, ZERO,
     V(0x400000003f800000, 0x400000003f800000), V(0x4080000040400000, 0x4080000040400000), V(0xc0c0000041000000, 0xc0c0000041000000), 0},
    {"fcmla v0.4s, v1.4s, v2.s[1], #90: 2i (3 + 4i)", 0x6f823820, ZERO,
     V(0x400000003f800000, 0x400000003f800000), V(0x4080000040400000, 0), V(0x40c00000c1000000, 0x40c00000c1000000), 0},
    {"fcmla v0.4h, v1.4h, v2.h[1], #0: (1 + 2i) + 2 (1 + 3i), 1 + (1 + 3i)", 0x2f621020, V(0, 0x00003c0040003c00),
     V(0, 0x00003c0000004000), V(0, 0x42003c0000000000), V(0, 0x4200400048004200), 0},
    {"fmlal v0.4s, v1.4h, v2.4h", 0x4e22ec20, V(0x3f8000003f800000, 0x3f8000003f800000),
     V(0, 0x3c00400042000001), V(0, 0x4000400040003c00), V(0x4040000040a00000, 0x40e000003f800000), 16},
    {"fmlsl2 v0.2s, v1.2h, v2.2h", 0x2ea2cc20, V(0, 0x3f8000003f800000),
     V(0, 0x4000420000000000), V(0, 0x40003c0000000000), V(0, 0xc0400000c0000000), 0},
    {"frint32z s0, s1: -2.5", 0x1e284020, ZERO, V(0, 0xc0200000), ZERO, V(0, 0xc0000000), 16},
    {"frint32z s0, s1: 2^31", 0x1e284020, ZERO, V(0, 0x4f000000), ZERO, V(0, 0xcf000000), 1},
    {"frint32x d0, d1: 2^31 - 0.5 rounds out of range", 0x1e68c020, ZERO, V(0, 0x41dfffffffe00000), ZERO, V(0, 0xc1e0000000000000), 1},
    {"frint32x d0, d1: -2^31", 0x1e68c020, ZERO, V(0, 0xc1e0000000000000), ZERO, V(0, 0xc1e0000000000000), 0},
    {"frint64z v0.2d, v1.2d: NaN, -0.75", 0x4e61f820, ZERO, V(0x7ff8000000000000, 0xbfe8000000000000), ZERO,
     V(0xc3e0000000000000, 0x8000000000000000), 17},
    {"bfcvt h0, s1: a tie to even", 0x1e634020, ZERO, V(0, 0x3f808000), ZERO, V(0, 0x3f80), 16},
    {"bfcvt h0, s1: overflow", 0x1e634020, ZERO, V(0, 0x7f7fffff), ZERO, V(0, 0x7f80), 20},
    {"bfcvt h0, s1: a signalling NaN", 0x1e634020, ZERO, V(0, 0xffa00001), ZERO, V(0, 0xffe0), 1},
    {"bfcvtn2 v0.8h, v1.4s", 0x4ea16820, V(0, 0x1111222233334444), V(0x3f8180003f800001, 0xc0000000ff800000), ZERO,
     V(0x3f823f80c000ff80, 0x1111222233334444), 16},
    {"bfdot v0.4s, v1.8h, v2.8h: a subnormal addend is zero; infinity times zero", 0x6e42fc20, V(0x3f8000003f800000, 0x3f80000000000001),
     V(0x3f80400040404080, 0x7f803f8000000000), V(0x4040408040003f80, 0x0000400000000000), V(0x4140000041300000, 0x7fc0000000000000), 0},
    {"bfmlalb v0.4s, v1.8h, v2.8h", 0x2ec2fc20, V(0x3f8000003f800000, 0x3f8000003f800000),
     V(0xffff4000ffff4040, 0xffff3f80ffff0000), V(0xffff4000ffff4040, 0xffffc000ffff7f80), V(0x40a0000041200000, 0xbf8000007fc00000), 1},
    {"bfmmla v0.4s, v1.8h, v2.8h", 0x6e42ec20, ZERO, /* rows (1 1 1 1) and (2 2 2 2); (1 0 0 0) and (1 2 0 0) */
     V(0x4000400040004000, 0x3f803f803f803f80), V(0x0000000040003f80, 0x0000000000003f80), V(0x40c0000040000000, 0x404000003f800000), 0},
    {"smmla v0.4s, v1.16b, v2.16b", 0x4e82a420, V(0, 0x0000000000000001),
     V(0x0202020202020202, 0xffffffffffffffff), V(0x8080808080808080, 0x0101010101010101), V(0xfffff80000000010, 0x00000400fffffff9), 0},
    {"ummla v0.4s, v1.16b, v2.16b", 0x6e82a420, ZERO,
     V(0x0202020202020202, 0xffffffffffffffff), V(0x8080808080808080, 0x0101010101010101), V(0x0000080000000010, 0x0003fc00000007f8), 0},
    {"usmmla v0.4s, v1.16b, v2.16b", 0x4e82ac20, ZERO,
     V(0x0202020202020202, 0xffffffffffffffff), V(0x8080808080808080, 0x0101010101010101), V(0xfffff80000000010, 0xfffc0400000007f8), 0},
    {"usdot v0.2s, v1.8b, v2.8b", 0x0e829c20, V(~UINT64_C(0), 0x0000000100000000), V(0, 0xffffffff01020304), V(0, 0xffffffff01010101),
     V(0, 0xfffffc050000000a), 0},
    {"usdot v0.4s, v1.16b, v2.4b[2]", 0x4f82f820, ZERO, V(0, 0xff00000000000001), V(0x00000000800000ff, 0), V(0, 0xffff8080ffffffff), 0},
    {"sudot v0.4s, v1.16b, v2.4b[3]", 0x4f22f820, ZERO, V(0, 0xff00000000000001), V(0x800000ff00000000, 0), V(0, 0xffffff80000000ff), 0},
};

static struct lp_cpu cpu;
static void execute(uint32_t word)
{
    struct lp_op op;
    const unsigned row = lp_a64_decode(word, 0, LP_A64_ALL, &op);
    assert_int_not_equal(row, A64_UNDEFINED);
    lp_op_table[row].plain(&cpu, &op);
}

static void test_vectors(void **state)
{
    for (const struct vector *v = vectors; v < vectors + sizeof vectors / sizeof vectors[0]; v++) {
        memset(&cpu, 0, sizeof cpu);
        memcpy(cpu.v[0].d, v->d, 16);
        memcpy(cpu.v[1].d, v->n, 16);
        memcpy(cpu.v[2].d, v->m, 16);
        execute(v->word);
        if (memcmp(cpu.v[0].d, v->want, 16) != 0 || cpu.fpsr != v->fpsr)
            fail_msg("%s: %016llx_%016llx FPSR %02x instead of %016llx_%016llx %02x", v->text, (unsigned long long)cpu.v[0].d[1],
                     (unsigned long long)cpu.v[0].d[0], (unsigned)cpu.fpsr, (unsigned long long)v->want[1], (unsigned long long)v->want[0], (unsigned)v->fpsr);
    }
}

/* ---- integers: X1 and X2 are sources, X0 the destination ---- */
static void test_cssc(void **state)
{
    static const struct { const char *text; uint32_t word; uint64_t n, m, want; } t[] = {
        {"ctz w0, w1", 0x5ac01820, UINT64_C(0x1200000000), 0, 32},
        {"ctz w0, w1", 0x5ac01820, UINT64_C(0xffffffff00008000), 0, 15},
        {"ctz x0, x1", 0xdac01820, 0, 0, 64},
        {"ctz x0, x1", 0xdac01820, UINT64_C(1) << 63, 0, 63},
        {"cnt x0, x1", 0xdac01c20, UINT64_MAX, 0, 64},
        {"cnt w0, w1", 0x5ac01c20, UINT64_MAX, 0, 32},
        {"abs w0, w1", 0x5ac02020, UINT64_C(0x1fffffffe), 0, 2},
        {"abs w0, w1: the smallest stays", 0x5ac02020, 0x80000000, 0, 0x80000000},
        {"abs x0, x1", 0xdac02020, (uint64_t)-5, 0, 5},
        {"abs x0, x1: the smallest stays", 0xdac02020, UINT64_C(1) << 63, 0, UINT64_C(1) << 63},
        {"smax x0, x1, x2", 0x9ac26020, UINT64_MAX, 1, 1},
        {"smax w0, w1, w2", 0x1ac26020, UINT64_C(0xffffffff), UINT64_C(0xfffffffffffffffe), UINT64_C(0xffffffff)},
        {"umax w0, w1, w2", 0x1ac26420, UINT64_C(0x700000001), 2, 2},
        {"smin w0, w1, w2", 0x1ac26820, 0x80000000, 0x7fffffff, 0x80000000},
        {"umin x0, x1, x2", 0x9ac26c20, UINT64_MAX, 1, 1},
        {"smax w0, w1, #-5", 0x11c3ec20, (uint64_t)-9, 0, 0xfffffffb},
        {"umax x0, x1, #200", 0x91c72020, 5, 0, 200},
        {"smin x0, x1, #-128", 0x91ca0020, 0, 0, (uint64_t)-128},
        {"umin w0, w1, #7", 0x11cc1c20, UINT64_MAX, 0, 7},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        memset(&cpu, 0, sizeof cpu);
        cpu.x[0] = UINT64_MAX, cpu.x[1] = t[i].n, cpu.x[2] = t[i].m;
        execute(t[i].word);
        if (cpu.x[0] != t[i].want)
            fail_msg("%s: %llx", t[i].text, (unsigned long long)cpu.x[0]);
    }
}

static void test_flags(void **state)
{
    static const struct { const char *text; uint32_t word; uint64_t n; unsigned before, after; } t[] = {
        {"rmif x1, #4, #10", 0xba02042a, 0xa5, 5, 15},
        {"rmif x1, #4, #10", 0xba02042a, 0x05, 15, 5},
        {"setf8 w1: 0x80 without carry out of bit 7", 0x3a00082d, 0x080, 2, 8 + 2 + 1},
        {"setf8 w1: 0x100", 0x3a00082d, 0x100, 0, 4 + 1},
        {"setf16 w1", 0x3a00482d, 0x18000, 0, 8},
        {"cfinv", 0xd500401f, 0, 15, 13},
        {"xaflag: less", 0xd500403f, 0, 0, 8}, {"xaflag: equal", 0xd500403f, 0, 6, 6},
        {"xaflag: greater", 0xd500403f, 0, 2, 2}, {"xaflag: unordered", 0xd500403f, 0, 4, 3},
        {"axflag: less", 0xd500405f, 0, 8, 0}, {"axflag: equal", 0xd500405f, 0, 6, 6},
        {"axflag: greater", 0xd500405f, 0, 2, 2}, {"axflag: unordered", 0xd500405f, 0, 3, 4},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        memset(&cpu, 0, sizeof cpu);
        cpu.x[1] = t[i].n;
        lp_set_nzcv(&cpu, t[i].before << 28);
        execute(t[i].word);
        if (lp_nzcv(&cpu) >> 28 != t[i].after)
            fail_msg("%s: %x", t[i].text, (unsigned)lp_nzcv(&cpu) >> 28);
    }
}

/* ---- DIT, SSBS, RNG, WFxT ---- */
static void test_system(void **state)
{
    struct lp_cpu copy;
    memset(&cpu, 0, sizeof cpu);
    memset(&copy, 0, sizeof copy);
    execute(0xd503415f); /* msr dit, #1 */
    execute(0xd53b42a3); /* mrs x3, dit */
    execute(0xd53b42c4); /* mrs x4, ssbs */
    assert_int_equal(cpu.x[3], 1 << 24);
    assert_int_equal(cpu.x[4], 0);
    lp_cpu_copy(&copy, &cpu);
    assert_int_equal(copy.pstate, 1 << 24);
    cpu.x[1] = UINT64_MAX;
    execute(0xd51b42c1); /* msr ssbs, x1 */
    execute(0xd503405f); /* msr dit, #0 */
    execute(0xd53b42a3);
    execute(0xd53b42c4);
    assert_int_equal(cpu.x[3], 0);
    assert_int_equal(cpu.x[4], 1 << 12);
    lp_set_nzcv(&cpu, 0xf0000000);
    execute(0xd53b2403); /* mrs x3, rndr */
    execute(0xd53b2424); /* mrs x4, rndrrs */
    assert_int_equal(lp_nzcv(&cpu), 0);
    assert_true(cpu.x[3] != cpu.x[4]); /* but once in 2^64 */
    execute(0xd5031001); /* wfet x1: may end at any time */
    execute(0xd5031021); /* wfit x1 */
}

/* The virtual counter runs at CNTFRQ_EL0, and never backwards (Arm ARM D11.1.2): a hundredth of a second is a hundredth of its frequency at least. */
static void test_counter(void **state)
{
    memset(&cpu, 0, sizeof cpu);
    execute(0xd53be003); /* mrs x3, cntfrq_el0 */
    const uint64_t second = cpu.x[3];
    execute(0xd53be043); /* mrs x3, cntvct_el0 */
    const uint64_t start = cpu.x[3];
    for (unsigned i = 0; i < 1000; i++) {
        const uint64_t before = cpu.x[3];
        execute(0xd53be043);
        assert_true(cpu.x[3] >= before);
    }
    usleep(10000);
    execute(0xd53be043);
    assert_true(cpu.x[3] - start >= second / 100);
}

/* What is announced is there: the fields that programs read. */
static void test_features(void **state)
{
    static const unsigned hwcap[] = {3, 5, 6, 14, 17, 18, 19, 21, 23, 24, 27, 28, 30, 31}, hwcap2[] = {7, 8, 13, 14, 16, 31, 34, 43};
    static const struct { uint32_t word; unsigned lo, want; } id[] = {
        {0xd5380603, 48, 1}, {0xd5380603, 52, 2}, {0xd5380603, 60, 1}, /* ID_AA64ISAR0_EL1: FHM, TS, RNDR */
        {0xd5380623, 8, 1},  {0xd5380623, 28, 1}, /* ID_AA64ISAR1_EL1: API, GPI */
        {0xd5380623, 16, 1}, {0xd5380623, 32, 1}, {0xd5380623, 44, 1}, {0xd5380623, 52, 1}, /* ID_AA64ISAR1_EL1: FCMA, FRINTTS, BF16, I8MM */
        {0xd5380643, 0, 2},  {0xd5380643, 16, 1}, {0xd5380643, 52, 1},                      /* ID_AA64ISAR2_EL1: WFxT, MOPS, CSSC */
        {0xd5380403, 48, 1}, {0xd5380423, 4, 2},                                            /* ID_AA64PFR0_EL1: DIT, ID_AA64PFR1_EL1: SSBS */
    };
    for (size_t i = 0; i < sizeof hwcap / sizeof hwcap[0]; i++)
        assert_true(lp_cpu_hwcap(&lp_cpu_max, 1) >> hwcap[i] & 1);
    for (size_t i = 0; i < sizeof hwcap2 / sizeof hwcap2[0]; i++)
        assert_true(lp_cpu_hwcap(&lp_cpu_max, 2) >> hwcap2[i] & 1);
#if defined(__x86_64__)
    assert_int_equal(lp_cpu_hwcap(&lp_cpu_max, 1) >> 25 & 1, __builtin_cpu_supports("avx") != 0); /* LSE2 wants 16 bytes at once */
#endif
    memset(&cpu, 0, sizeof cpu);
    for (size_t i = 0; i < sizeof id / sizeof id[0]; i++) {
        execute(id[i].word);
        assert_int_equal(cpu.x[3] >> id[i].lo & 15, id[i].want);
    }
}

/* ---- MOPS: X0 destination, X1 source or value, X2 size ---- */
enum { CODE = 0x100000, DATA = CODE + LP_PAGE, END = DATA + 2 * LP_PAGE };
#define TAG (UINT64_C(0x5a) << 56)
static const uint32_t copy_forward[] = {0x19010440, 0x19410440, 0x19810440}, copy_any[] = {0x1d010440, 0x1d410440, 0x1d810440},
                      set[] = {0x19c10440, 0x19c14440, 0x19c18440};
static struct lp_mem *m;
static struct lp_gate gate;
static struct lp_fault fault;
static uint8_t *data;

static void on_svc(struct lp_cpu *c, uint32_t imm)
{
    (void)imm;
    c->stop = 1;
}
static void on_fault(struct lp_cpu *c, const struct lp_fault *f)
{
    fault = *f;
    c->stop = 1;
}
static volatile unsigned inside; /* safepoints in the middle of a main step */
static void on_safepoint(struct lp_cpu *c) { inside += c->pc == CODE + 4 && c->x[2] != 0 && c->x[2] != (uint64_t)-2 * LP_PAGE; }
static const struct lp_upcalls upcalls = {.svc = on_svc, .fault = on_fault, .safepoint = on_safepoint};

static void go(uint64_t pc)
{
    memset(&fault, 0, sizeof fault);
    cpu.pc = pc;
    lp_gate_add(&gate, &cpu);
    lp_cpu_run(&cpu);
    lp_gate_remove(&gate, &cpu);
}
/* The three steps, or only the first of them; the signal, or 0. */
static int run(const uint32_t *words, unsigned steps, uint64_t to, uint64_t from, uint64_t size)
{
    static const uint32_t svc = 0xd4000001;
    assert_int_equal(lp_mem_poke(m, CODE, words, 4 * steps), 0);
    assert_int_equal(lp_mem_poke(m, CODE + 4 * steps, &svc, 4), 0);
    lp_ops_invalidate(m, CODE, CODE + 16);
    lp_cpu_init(&cpu, m, &gate, &upcalls, NULL);
    lp_set_nzcv(&cpu, 0xf0000000);
    cpu.x[0] = to, cpu.x[1] = from, cpu.x[2] = size;
    go(CODE);
    return fault.signo;
}
static void fill(void)
{
    for (unsigned i = 0; i < 2 * LP_PAGE; i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
}

static void copies(const uint32_t *words, unsigned to, unsigned from, unsigned size)
{
    static uint8_t want[2 * LP_PAGE];
    fill();
    memcpy(want, data, sizeof want);
    memmove(want + to, want + from, size);
    assert_int_equal(run(words, 3, DATA + to, TAG | (DATA + from), size), 0);
    assert_memory_equal(data, want, sizeof want);
    assert_int_equal(cpu.x[2], 0);
    assert_int_equal(lp_nzcv(&cpu), 0);
}

static void test_copy(void **state)
{
    static const unsigned sizes[] = {0, 1, 7, 8, 9, 64, 1000, LP_PAGE};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        copies(copy_any, 3, 5, sizes[i]);
        copies(copy_any, 5, 3, sizes[i]);
        copies(copy_any, 100, 0, sizes[i]);
        copies(copy_any, LP_PAGE, 1, sizes[i] / 2);
        copies(copy_forward, 0, 13, sizes[i]);
        copies(copy_forward, LP_PAGE - 1, 1, sizes[i] / 2);
    }
}

/* Forward, the addresses end behind the bytes and the size counts up from its negative; backward they stay. */
static void test_prologue(void **state)
{
    assert_int_equal(run(copy_forward, 1, DATA, DATA + 64, 32), 0);
    assert_true(cpu.x[0] == DATA + 32 && cpu.x[1] == DATA + 96 && cpu.x[2] == (uint64_t)-32 && lp_nzcv(&cpu) == 0);
    assert_int_equal(run(copy_any, 1, DATA + 8, DATA, 32), 0);
    assert_true(cpu.x[0] == DATA + 8 && cpu.x[1] == DATA && cpu.x[2] == 32);
    assert_int_equal(run(copy_any, 1, DATA + 32, DATA, 32), 0); /* they touch only */
    assert_true(cpu.x[2] == (uint64_t)-32);
    assert_int_equal(run(copy_any, 1, DATA, DATA + 64, UINT64_MAX), 0);
    assert_true(cpu.x[2] == -(UINT64_MAX >> 9));
    assert_int_equal(run(copy_forward, 1, DATA, DATA + 64, UINT64_MAX), 0);
    assert_true(cpu.x[2] == -(UINT64_MAX >> 1));
}

static void test_set(void **state)
{
    fill();
    assert_int_equal(run(set, 3, DATA + 5, 0xabc, LP_PAGE), 0);
    assert_int_equal(data[4], 28);
    for (unsigned i = 5; i < LP_PAGE + 5; i++)
        assert_int_equal(data[i], 0xbc);
    assert_int_equal(data[LP_PAGE + 5], (uint8_t)((LP_PAGE + 5) * 7 + LP_PAGE / 256));
    assert_true(cpu.x[0] == DATA + 5 + LP_PAGE && cpu.x[1] == 0xabc && cpu.x[2] == 0);
}

/* The state of option B in a main step or an epilogue: the prologue begins again with what is left, as Linux has it. */
static void test_other_option(void **state)
{
    for (unsigned step = 1; step < 3; step++) {
        for (unsigned back = 0; back < 2; back++) {
            static uint8_t want[2 * LP_PAGE];
            fill();
            memcpy(want, data, sizeof want);
            memmove(want + 100, want + (back ? 60 : 140), 64);
            run(copy_any, 3, DATA, DATA, 0); /* the words */
            cpu.x[0] = DATA + 100 + 64 * back, cpu.x[1] = DATA + (back ? 60 + 64 : 140), cpu.x[2] = 64;
            lp_set_nzcv(&cpu, UINT32_C(0x20000000) | back << 31);
            go(CODE + 4 * step);
            assert_int_equal(fault.signo, 0);
            assert_memory_equal(data, want, sizeof want);
            assert_true(cpu.x[2] == 0 && lp_nzcv(&cpu) == 0 && cpu.pc == CODE + 16);
        }
        fill();
        run(set, 3, DATA, 0, 0);
        cpu.x[0] = DATA + 8, cpu.x[1] = 0xee, cpu.x[2] = 3;
        lp_set_nzcv(&cpu, 0x20000000);
        go(CODE + 4 * step);
        assert_int_equal(fault.signo, 0);
        assert_true(data[7] == 49 && data[8] == 0xee && data[10] == 0xee && data[11] == 77 && cpu.x[0] == DATA + 11 && cpu.x[2] == 0);
        /* Nothing left is nothing to do. */
        lp_set_nzcv(&cpu, 0x20000000);
        go(CODE + 4 * step);
        assert_int_equal(lp_nzcv(&cpu), 0x20000000);
    }
}

/* A fault in the middle: everything before it is done, and going on at the same instruction does the rest. */
static void test_fault(void **state)
{
    fill();
    assert_int_equal(run(copy_forward, 3, END - 20, DATA, 64), LP_SIGSEGV);
    assert_true(fault.addr == END && cpu.pc == CODE + 4 && cpu.x[2] == (uint64_t)-44);
    assert_memory_equal(data + 2 * LP_PAGE - 20, data, 20);
    cpu.x[0] = DATA + LP_PAGE + 44; /* the rest elsewhere */
    go(CODE + 4);
    assert_int_equal(fault.signo, 0);
    assert_memory_equal(data + LP_PAGE, data + 20, 44);
    assert_true(cpu.x[2] == 0);
    assert_int_equal(run(copy_any, 3, DATA, END - 4, 16), LP_SIGSEGV);
    assert_true(fault.addr == END && cpu.x[2] == (uint64_t)-12);
    assert_int_equal(run(set, 3, END - 9, 1, 10), LP_SIGSEGV);
    assert_true(fault.addr == END && cpu.x[2] == (uint64_t)-1);
    assert_int_equal(run(copy_any, 3, DATA - 3 + LP_PAGE, CODE - 3, 16), LP_SIGSEGV);
}

/* Whoever waits for a safepoint need not wait for the end: a step leaves behind each piece, with PC at it, and is then executed again. */
static unsigned pieces(const uint32_t *words, uint64_t to, uint64_t from, uint64_t size)
{
    const union lp_op_fn *table = lp_mem_is_flat(m) ? lp_checked_table : lp_op_table;
    sigjmp_buf env;
    volatile unsigned n = 0;
    assert_int_equal(run(words, 1, to, from, size), 0);
    struct lp_op *const op = lp_op_at(&cpu, CODE + 4);
    const unsigned row = lp_a64_decode(words[1], CODE + 4, LP_A64_ALL, op);
    cpu.recover = &env;
    cpu.poll = LP_POLL_SIGNAL;
    if (sigsetjmp(env, 0) != 0) {
        n++;
        assert_true(cpu.pc == CODE + 4 && cpu.x[2] + size - 1 < size - 1); /* 1 to size - 1 bytes are done */
    }
    cpu.pc = 0;
    table[row].plain(&cpu, op);
    assert_true(cpu.pc == 0 && cpu.x[2] == 0);
    return n;
}
static void test_pieces(void **state)
{
    fill();
    assert_in_range(pieces(set, DATA + 3, 0x55, 1000), 1, 1000);
    for (unsigned i = 0; i < 1002; i++)
        assert_int_equal(data[i + 2], i == 0 || i == 1001 ? (uint8_t)((i + 2) * 7 + (i + 2) / 256) : 0x55);
    assert_in_range(pieces(copy_forward, DATA + LP_PAGE, DATA + 1, 999), 1, 999);
    assert_memory_equal(data + LP_PAGE, data + 1, 999);
    assert_int_equal(pieces(set, DATA, 0x11, 1), 0); /* nothing left to come back for */
}
/* The same with a timer: safepoints in the middle, and a limited run counts three instructions. */
static void on_timer(int sig) { atomic_fetch_or(&cpu.poll, LP_POLL_USER); }
static void test_left(void **state)
{
    const struct itimerval every = {{0, 50}, {0, 50}}, none = {{0, 0}, {0, 0}};
    const bool limited = lp_mem_is_flat(m);
    signal(SIGALRM, on_timer);
    assert_int_equal(run(set, 3, DATA, 0x22, 2 * LP_PAGE), 0);
    inside = 0;
    for (unsigned i = 0; i < 100000 && inside == 0; i++) {
        cpu.x[0] = DATA, cpu.x[1] = i & 255, cpu.x[2] = 2 * LP_PAGE;
        cpu.insn_budget = limited ? 3 : UINT64_MAX;
        setitimer(ITIMER_REAL, &every, NULL);
        go(CODE);
        setitimer(ITIMER_REAL, &none, NULL);
        assert_true(fault.signo == 0 && cpu.x[0] == DATA + 2 * LP_PAGE && cpu.x[2] == 0 && cpu.insn_budget == (limited ? 0 : UINT64_MAX));
        assert_true(data[0] == (i & 255) && memcmp(data, data + 1, 2 * LP_PAGE - 1) == 0);
    }
    assert_int_not_equal(inside, 0);
}

/* ---- PAuth: by properties, as the hash is our own ---- */
#define CODE_BITS (UINT64_C(0x7f) << 48)
static void test_pauth(void **state)
{
    const uint64_t pointer = TAG | UINT64_C(0x7f1234567890);
    uint64_t seen = 0;
    memset(&cpu, 0, sizeof cpu);
    lp_pauth_init(&cpu.pauth);
    for (unsigned i = 0; i < 1000; i++) {
        cpu.x[0] = pointer + i / 100, cpu.x[1] = i;
        execute(0xdac10020); /* pacia x0, x1 */
        const uint64_t signed_pointer = cpu.x[0];
        assert_true((signed_pointer & ~CODE_BITS) == pointer + i / 100);
        seen |= UINT64_C(1) << (signed_pointer >> 48 & 63);
        execute(0xdac11020); /* autia x0, x1 */
        assert_true(cpu.x[0] == pointer + i / 100);
        cpu.x[0] = signed_pointer ^ UINT64_C(1) << (48 + i % 7);
        execute(0xdac11020);
        assert_true(cpu.x[0] == ((pointer + i / 100) | UINT64_C(1) << 53));
        cpu.x[0] = signed_pointer;
        execute(0xdac143e0); /* xpaci x0 */
        assert_true(cpu.x[0] == pointer + i / 100);
    }
    assert_true(__builtin_popcountll(seen) > 32);
    cpu.x[0] = UINT64_MAX - 15; /* the upper half of addresses has ones there */
    execute(0xdac12fe0); /* pacdzb x0 */
    execute(0xdac13fe0); /* autdzb x0 */
    assert_true(cpu.x[0] == UINT64_MAX - 15);
    cpu.x[0] ^= UINT64_C(1) << 50; /* not canonical: never gets a right code */
    execute(0xdac12fe0);
    execute(0xdac13fe0);
    assert_int_equal(cpu.x[0] >> 61 & 3, 2); /* no tag up there: the code goes up to bit 63, the error is in 62:61 */
    execute(0x9ac23020); /* pacga x0, x1, x2 */
    assert_true((uint32_t)cpu.x[0] == 0 && cpu.x[0] != 0);
    cpu.pauth.disabled = 1 << LP_PAUTH_DB; /* SCTLR_EL1.EnDB is 0 */
    cpu.x[0] = pointer;
    execute(0xdac12fe0);
    assert_true(cpu.x[0] == pointer);
    cpu.x[0] = pointer ^ UINT64_C(1) << 50;
    execute(0xdac13fe0);
    assert_true(cpu.x[0] == (pointer ^ UINT64_C(1) << 50));
    execute(0xdac12be0); /* pacdza x0: another key */
    assert_true(cpu.x[0] != (pointer ^ UINT64_C(1) << 50));
}

/* Signed calls, returns and loads; what does not authenticate faults when it is used. */
static void test_pauth_flow(void **state)
{
    static const uint32_t code[] = {
        0x94000003, /* bl sign: 12 on */
        0xd4000001, /* svc #0 */
        0xd503201f, 0xd503233f, /* sign: paciasp */
        0xd65f0bff, /* retaa */
    };
    fill();
    assert_int_equal(run(code, sizeof code / 4, 0, 0, 0), 0);
    assert_true(cpu.pc == CODE + 8);
    assert_int_equal(run((const uint32_t[]){0xd65f0bff}, 1, 0, 0, 0), LP_SIGSEGV); /* x30 = 0: nothing is there even if 0 is its code */
    static const uint32_t load[] = {0xdac12be0 /* pacdza x0 */, 0xf8201c04 /* ldraa x4, [x0, #8]! */};
    assert_int_equal(run(load, 2, DATA + 64, 0, 0), 0);
    assert_true(cpu.x[0] == DATA + 72 && (cpu.x[4] & 255) == data[72]);
}

/* Equal registers; the state of another implementation. */
static void test_refused(void **state)
{
    static const uint32_t same[] = {0x1d000440}, main_only[] = {0x1d410440};
    struct lp_op op;
    assert_int_equal(run(same, 1, DATA, DATA, 1), LP_SIGILL);
    /* There is no prologue before it: that is where it goes back to. */
    assert_int_equal(run(main_only, 1, DATA, DATA + 64, 1), LP_SIGSEGV);
    assert_true(fault.addr == CODE - 4 && cpu.x[0] == DATA - 1 && cpu.x[1] == DATA + 63 && cpu.x[2] == 1);
    assert_int_equal(lp_a64_decode(0x1d01045f, 0, LP_A64_ALL, &op), A64_UNDEFINED);
}

/* BC.cond goes where B.cond goes. */
static void test_hinted_branch(void **state)
{
    static const uint32_t code[] = {0xf100001f /* cmp x0, #0 */, 0x54000050 /* bc.eq +8 */, 0x91000421 /* add x1, x1, #1 */,
                                    0x54000051 /* bc.ne +8 */, 0x91000821 /* add x1, x1, #2 */, 0x91001021 /* add x1, x1, #4 */};
    assert_int_equal(run(code, 6, 0, 0, 0), 0);
    assert_int_equal(cpu.x[1], 6);
    assert_int_equal(run(code, 6, 1, 0, 0), 0);
    assert_int_equal(cpu.x[1], 5);
}

/* DC CVADP faults where a load would; the barriers and hints change nothing; the self-synchronised counter goes on. */
static void test_quiet(void **state)
{
    static const uint32_t point[] = {0xd50b7d20 /* dc cvadp, x0 */}, quiet[] = {0xd503323f /* dsb oshnxs */, 0xd5033e3f /* dsb synxs */,
        0xd503309f /* ssbb */, 0xd503349f /* pssbb */, 0xd50320df /* dgh */, 0xd503221f /* esb */, 0xd503223f /* psb csync */,
        0xd503225f /* tsb csync */, 0xd503229f /* csdb */, 0xd503209f /* sev */, 0xd50320bf /* sevl */};
    static const uint32_t twice[] = {0xd53be0c0 /* mrs x0, CNTVCTSS_EL0 */, 0xd53be0c1};
    assert_int_equal(run(point, 1, DATA, 0, 0), 0);
    assert_int_equal(run(point, 1, 64, 0, 0), LP_SIGSEGV);
    assert_int_equal(run(quiet, sizeof quiet / 4, 1, 2, 3), 0);
    assert_true(cpu.x[0] == 1 && cpu.x[1] == 2 && cpu.x[2] == 3);
    assert_int_equal(run(twice, 2, 0, 0, 0), 0);
    assert_true(cpu.x[0] != 0 && cpu.x[1] >= cpu.x[0]);
}

static void setup_fast(void)
{
    const int map = 0x32; /* MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED */
    assert_int_equal(lp_mem_new(32, &m, NULL), LP_OK);
    assert_int_equal(lp_mem_mmap(m, CODE, LP_PAGE, LP_R | LP_X, map, -1, 0), CODE);
    assert_int_equal(lp_mem_mmap(m, DATA, 2 * LP_PAGE, LP_R | LP_W, map, -1, 0), DATA);
    data = lp_mem_base(m) + DATA;
}
static void setup_flat(void)
{
    static _Alignas(4096) uint8_t buffer[3 * LP_PAGE];
    assert_int_equal(lp_mem_new_flat(buffer, sizeof buffer, CODE, &m, NULL), LP_OK);
    data = buffer + LP_PAGE;
}
#define BOTH(name)                                                                                              \
    static void name##_fast(void **state) { setup_fast(); lp_gate_init(&gate); name(state); lp_gate_destroy(&gate); lp_mem_free(m); } \
    static void name##_flat(void **state) { setup_flat(); lp_gate_init(&gate); name(state); lp_gate_destroy(&gate); lp_mem_free(m); }
BOTH(test_copy)
BOTH(test_prologue)
BOTH(test_other_option)
BOTH(test_set)
BOTH(test_fault)
BOTH(test_pieces)
BOTH(test_left)
BOTH(test_refused)
BOTH(test_pauth_flow)
BOTH(test_hinted_branch)
BOTH(test_quiet)

#define T(name) cmocka_unit_test(name##_fast), cmocka_unit_test(name##_flat)
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors), cmocka_unit_test(test_cssc), cmocka_unit_test(test_flags), cmocka_unit_test(test_system),
        cmocka_unit_test(test_counter), cmocka_unit_test(test_features), T(test_copy), T(test_prologue), T(test_other_option), T(test_set), T(test_fault),
        T(test_pieces), T(test_left), T(test_refused),
        cmocka_unit_test(test_pauth), T(test_pauth_flow), T(test_hinted_branch), T(test_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
