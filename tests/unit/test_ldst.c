/* test_ldst.c - loads and stores, each in fast mode and in checked mode: forms, writeback, faults, exclusives, atomics, structures. */
#include <config.h>
#include <pthread.h>
#include <signal.h>
#include "cpu_rig.h"

static void fresh(void)
{
    lp_cpu_init(&cpu, m, &gate, &upcalls, &fault);
    for (unsigned i = 0; i < 31; i++)
        cpu.x[i] = 0x1111111111111111u * (i % 15 + 1);
    for (unsigned i = 0; i < 32; i++)
        memset(&cpu.v[i], (int)(0xa0 + i), 16);
    fill();
    cpu.x[1] = DATA + 256;
}

static uint64_t at(uint64_t addr, unsigned size)
{
    uint64_t v = 0;
    memcpy(&v, data + (addr - DATA), size);
    return v;
}
static int64_t sext(uint64_t v, unsigned bytes) { return (int64_t)(v << (64 - 8 * bytes)) >> (64 - 8 * bytes); }
#define EQ(a, b) assert_true((uint64_t)(a) == (uint64_t)(b))

/* ---- general registers ---- */

static void test_loads(void **state)
{
    (void)state;
    const uint64_t b = DATA + 256;
    fresh();
    cpu.x[2] = UINT64_C(0xabcdef00fffffff0); /* -16 as a word */
    cpu.x[3] = 5;
    OK(0x39400c24 /* ldrb w4, [x1, #3] */, 0x79400c25 /* ldrh w5, [x1, #6] */, 0xb9400826 /* ldr w6, [x1, #8] */, 0xf9400827 /* ldr x7, [x1, #16] */, 0x39c00428 /* ldrsb w8, [x1, #1] */,
       0x39800429 /* ldrsb x9, [x1, #1] */, 0x79c0082a /* ldrsh w10, [x1, #4] */, 0x7980082b /* ldrsh x11, [x1, #4] */, 0xb9800c2c /* ldrsw x12, [x1, #12] */, 0xf85f902d /* ldur x13, [x1, #-7] */,
       0x3850002e /* ldurb w14, [x1, #-256] */, 0xb88ff02f /* ldursw x15, [x1, #255] */, 0xf8409830 /* ldtr x16, [x1, #9] */, 0x78dfd831 /* ldtrsh w17, [x1, #-3] */);
    EQ(cpu.x[4], at(b + 3, 1));
    EQ(cpu.x[5], at(b + 6, 2));
    EQ(cpu.x[6], at(b + 8, 4));
    EQ(cpu.x[7], at(b + 16, 8));
    EQ(cpu.x[8], (uint32_t)sext(at(b + 1, 1), 1));
    EQ(cpu.x[9], sext(at(b + 1, 1), 1));
    EQ(cpu.x[10], (uint32_t)sext(at(b + 4, 2), 2));
    EQ(cpu.x[11], sext(at(b + 4, 2), 2));
    EQ(cpu.x[12], sext(at(b + 12, 4), 4));
    EQ(cpu.x[13], at(b - 7, 8));
    EQ(cpu.x[14], at(b - 256, 1));
    EQ(cpu.x[15], sext(at(b + 255, 4), 4));
    EQ(cpu.x[16], at(b + 9, 8));
    EQ(cpu.x[17], (uint32_t)sext(at(b - 3, 2), 2));
    OK(0xf862c824 /* ldr x4, [x1, w2, sxtw] */, 0xf8637825 /* ldr x5, [x1, x3, lsl #3] */, 0xb8635826 /* ldr w6, [x1, w3, uxtw #2] */, 0x7863f827 /* ldrh w7, [x1, x3, sxtx #1] */,
       0x38a36828 /* ldrsb x8, [x1, x3] */, 0xb8a2d829 /* ldrsw x9, [x1, w2, sxtw #2] */, 0x3863582a /* ldrb w10, [x1, w3, uxtw #0] */);
    EQ(cpu.x[4], at(b - 16, 8));
    EQ(cpu.x[5], at(b + 40, 8));
    EQ(cpu.x[6], at(b + 20, 4));
    EQ(cpu.x[7], at(b + 10, 2));
    EQ(cpu.x[8], sext(at(b + 5, 1), 1));
    EQ(cpu.x[9], sext(at(b - 64, 4), 4));
    EQ(cpu.x[10], at(b + 5, 1));
}

static void test_literals(void **state)
{
    (void)state;
    fresh();
    const uint32_t words[] = {0x58000064 /* ldr x4, .+12 */, 0x18000045 /* ldr w5, .+8 */, 0x98000046 /* ldrsw x6, .+8 */,
                              0x2a1f03e0 /* mov w0, wzr */, 0xd8000000 /* prfm pldl1keep, . */, 0x5cffffc0 /* ldr d0, .-8 */};
    assert_int_equal(run(words, 6), DONE);
    EQ(cpu.x[4], UINT64_C(0xd80000002a1f03e0));
    EQ(cpu.x[5], 0x2a1f03e0);
    EQ(cpu.x[6], UINT64_C(0xffffffffd8000000));
    EQ(cpu.v[0].d[0], cpu.x[4]);
    EQ(cpu.v[0].d[1], 0);
}

static void test_stores(void **state)
{
    (void)state;
    const uint64_t b = DATA + 256;
    fresh();
    cpu.x[3] = 4;
    OK(0x39000424 /* strb w4, [x1, #1] */, 0x79000825 /* strh w5, [x1, #4] */, 0xb9000826 /* str w6, [x1, #8] */, 0xf9000827 /* str x7, [x1, #16] */, 0xf8021028 /* stur x8, [x1, #33] */,
       0xb81fc829 /* sttr w9, [x1, #-4] */, 0xf823783f /* str xzr, [x1, x3, lsl #3] */ , 0x7823c82a /* strh w10, [x1, w3, sxtw] */);
    EQ(at(b + 1, 1), cpu.x[4] & 0xff);
    EQ(at(b + 4, 2), cpu.x[10] & 0xffff);
    EQ(at(b + 8, 4), (uint32_t)cpu.x[6]);
    EQ(at(b + 12, 1), filled(256 + 12)); /* no more than four bytes */
    EQ(at(b + 16, 8), cpu.x[7]);
    EQ(at(b + 32, 8), 0);
    EQ(at(b + 40, 1), cpu.x[8] >> 56);
    EQ(at(b - 4, 4), (uint32_t)cpu.x[9]);
}

static void test_writeback(void **state)
{
    (void)state;
    const uint64_t b = DATA + 256;
    fresh();
    OK(0xf85f0424 /* ldr x4, [x1], #-16 */, 0x38409c25 /* ldrb w5, [x1, #9]! */);
    EQ(cpu.x[1], b - 7);
    EQ(cpu.x[4], at(b, 8));
    EQ(cpu.x[5], at(b - 7, 1));
    fresh();
    cpu.x[LP_SLOT_SP] = b;
    OK(0xf81f0fe4 /* str x4, [sp, #-16]! */, 0xa9be1be5 /* stp x5, x6, [sp, #-32]! */, 0xa8c223e7 /* ldp x7, x8, [sp], #32 */, 0xf84107e9 /* ldr x9, [sp], #16 */);
    EQ(cpu.x[LP_SLOT_SP], b);
    EQ(cpu.x[7], cpu.x[5]);
    EQ(cpu.x[8], cpu.x[6]);
    EQ(cpu.x[9], cpu.x[4]);
    /* Base and target the same: a load wins over the writeback, a store stores the old value. */
    fresh();
    OK(0xf8408421 /* ldr x1, [x1], #8 */);
    EQ(cpu.x[1], at(b, 8));
    fresh();
    OK(0xf8008c21 /* str x1, [x1, #8]! */);
    EQ(cpu.x[1], b + 8);
    EQ(at(b + 8, 8), b);
    fresh();
    OK(0xa8c10821 /* ldp x1, x2, [x1], #16 */);
    EQ(cpu.x[1], at(b, 8));
}

static void test_pairs(void **state)
{
    (void)state;
    const uint64_t b = DATA + 256;
    fresh();
    OK(0xa97f1424 /* ldp x4, x5, [x1, #-16] */, 0x29411c26 /* ldp w6, w7, [x1, #8] */, 0x6940a428 /* ldpsw x8, x9, [x1, #4] */, 0xa85fac2a /* ldnp x10, x11, [x1, #504] */,
       0x68e07c2c /* ldpsw x12, xzr, [x1], #-256 */);
    EQ(cpu.x[4], at(b - 16, 8));
    EQ(cpu.x[5], at(b - 8, 8));
    EQ(cpu.x[6], at(b + 8, 4));
    EQ(cpu.x[7], at(b + 12, 4));
    EQ(cpu.x[8], sext(at(b + 4, 4), 4));
    EQ(cpu.x[9], sext(at(b + 8, 4), 4));
    EQ(cpu.x[11], at(b + 512, 8));
    EQ(cpu.x[12], sext(at(b, 4), 4));
    EQ(cpu.x[1], b - 256);
    EQ(cpu.x[LP_SLOT_ZR], 0);
    fresh();
    OK(0xa9017c24 /* stp x4, xzr, [x1, #16] */, 0x29bf1825 /* stp w5, w6, [x1, #-8]! */, 0xa83c2027 /* stnp x7, x8, [x1, #-64] */);
    EQ(at(b + 16, 8), cpu.x[4]);
    EQ(at(b + 24, 8), 0);
    EQ(at(b - 8, 8), cpu.x[6] << 32 | (uint32_t)cpu.x[5]);
    EQ(at(b - 8 - 56, 8), cpu.x[8]);
}

/* ---- faults ---- */

#define FAULTS(sig, where, ...)                     \
    do {                                            \
        struct lp_cpu before = cpu;                 \
        assert_int_equal(RUN(__VA_ARGS__), FAULTED); \
        assert_int_equal(fault.signo, sig);         \
        EQ(fault.addr, where);                      \
        assert_memory_equal(cpu.x, before.x, 33 * 8); \
        assert_memory_equal(cpu.v, before.v, sizeof cpu.v); \
        EQ(cpu.pc, CODE);                           \
    } while (0)

#define REFUSED(...) assert_true(RUN(__VA_ARGS__) == FAULTED && fault.signo == SIGILL)

static void test_faults(void **state)
{
    (void)state;
    fresh();
    cpu.x[1] = END;
    FAULTS(SIGSEGV, END, 0xf9400024 /* ldr x4, [x1] */);
    FAULTS(SIGSEGV, END, 0xf840843f /* ldr xzr, [x1], #8 */); /* a load to the zero register accesses all the same */
    FAULTS(SIGSEGV, END + 8, 0x38408c22 /* ldrb w2, [x1, #8]! */);
    assert_int_equal(fault.code, SEGV_MAPERR);
    cpu.x[1] = END - 8; /* the second half is missing */
    FAULTS(SIGSEGV, END, 0xa9401424 /* ldp x4, x5, [x1] */);
    FAULTS(SIGSEGV, END, 0xa8c11424 /* ldp x4, x5, [x1], #16 */);
    FAULTS(SIGSEGV, END, 0xacc11424 /* ldp q4, q5, [x1], #32 */);
    FAULTS(SIGSEGV, END, 0x4cdf4024 /* ld3 {v4.16b-v6.16b}, [x1], #48 */);
    cpu.x[1] = END - 16;
    FAULTS(SIGSEGV, END, 0xacc11424 /* ldp q4, q5, [x1], #32 */);
    cpu.x[1] = END - 2;
    FAULTS(SIGSEGV, END, 0x0dff2c24 /* ld4 {v4.b-v7.b}[3], [x1], #4 */);
    FAULTS(SIGSEGV, END, 0x0d60e024 /* ld4r {v4.8b-v7.8b}, [x1] */);
    cpu.x[1] = 8;
    FAULTS(SIGSEGV, 0, 0xf85f8024 /* ldur x4, [x1, #-8] */);
    cpu.x[1] = UINT64_MAX - 7; /* wraps */
    FAULTS(SIGSEGV, 8, 0xf9400824 /* ldr x4, [x1, #16] */);
    OK(0xf9800020 /* prfm pldl1keep, [x1] */, 0xf89fd020 /* prfum pldl1keep, [x1, #-3] */);
    if (flat)
        return; /* everything is writable there */
    const uint64_t ro = DATA + LP_PAGE;
    assert_int_equal(lp_mem_mprotect(m, ro, LP_PAGE, LP_R), 0);
    cpu.x[1] = ro;
    FAULTS(SIGSEGV, ro, 0xf8008424 /* str x4, [x1], #8 */);
    assert_int_equal(fault.code, SEGV_ACCERR);
    FAULTS(SIGSEGV, ro, 0xc89ffc24 /* stlr x4, [x1] */);
    FAULTS(SIGSEGV, ro, 0xf8240025 /* ldadd x4, x5, [x1] */);
    FAULTS(SIGSEGV, ro, 0x48247c26 /* casp x4, x5, x6, x7, [x1] */);
    cpu.x[1] = ro - 4;
    FAULTS(SIGSEGV, ro, 0x29801424 /* stp w4, w5, [x1, #0]! */);
}

static void test_tags(void **state)
{
    (void)state;
    fresh();
    cpu.x[1] |= TAG;
    OK(0xf8408424 /* ldr x4, [x1], #8 */, 0xa9001825 /* stp x5, x6, [x1] */, 0xc85ffc27 /* ldaxr x7, [x1] */, 0xc8087c29 /* stxr w8, x9, [x1] */, 0xf82a802b /* swp x10, x11, [x1] */, 0x4c407c23 /* ld1 {v3.2d}, [x1] */);
    EQ(cpu.x[1], (DATA + 264) | TAG); /* the tag stays in the register */
    EQ(cpu.x[4], at(DATA + 256, 8));
    EQ(cpu.x[7], cpu.x[5]);
    EQ(cpu.x[8], 0);
    EQ(cpu.x[11], cpu.x[9]);
    EQ(cpu.v[3].d[0], cpu.x[10]);
    EQ(cpu.v[3].d[1], cpu.x[6]);
}

/* ---- SIMD&FP registers ---- */

static void test_simd(void **state)
{
    (void)state;
    const uint64_t b = DATA + 256;
    fresh();
    cpu.x[2] = 3;
    OK(0x3d400420 /* ldr b0, [x1, #1] */, 0x7d400421 /* ldr h1, [x1, #2] */, 0xbd400422 /* ldr s2, [x1, #4] */, 0xfd400423 /* ldr d3, [x1, #8] */, 0x3dc00424 /* ldr q4, [x1, #16] */,
       0x3ce27825 /* ldr q5, [x1, x2, lsl #4] */, 0xbc5fd026 /* ldur s6, [x1, #-3] */, 0x2d40a027 /* ldp s7, s8, [x1, #4] */, 0x6d7f2829 /* ldp d9, d10, [x1, #-16] */, 0xad41302b /* ldp q11, q12, [x1, #32] */,
       0x7c62582d /* ldr h13, [x1, w2, uxtw #1] */, 0x6c403c2e /* ldnp d14, d15, [x1] */);
    EQ(cpu.v[0].d[0], at(b + 1, 1));
    EQ(cpu.v[1].d[0], at(b + 2, 2));
    EQ(cpu.v[2].d[0], at(b + 4, 4));
    EQ(cpu.v[3].d[0], at(b + 8, 8));
    for (unsigned i = 0; i < 4; i++)
        EQ(cpu.v[i].d[1], 0); /* the rest of the register is cleared */
    EQ(cpu.v[4].d[1], at(b + 24, 8));
    EQ(cpu.v[5].d[0], at(b + 48, 8));
    EQ(cpu.v[6].d[0], at(b - 3, 4));
    EQ(cpu.v[8].d[0], at(b + 8, 4));
    EQ(cpu.v[10].d[0], at(b - 8, 8));
    EQ(cpu.v[12].d[1], at(b + 56, 8));
    EQ(cpu.v[13].d[0], at(b + 6, 2));
    EQ(cpu.v[15].d[0], at(b + 8, 8));
    fresh();
    OK(0x3c001434 /* str b20, [x1], #1 */, 0x7c002435 /* str h21, [x1], #2 */, 0xbc001c36 /* str s22, [x1, #1]! */, 0xad80e037 /* stp q23, q24, [x1, #16]! */, 0xfc1f8039 /* stur d25, [x1, #-8] */);
    EQ(at(b, 4), 0x00b5b5b4u | (uint64_t)filled(256 + 3) << 24);
    EQ(at(b + 4, 4), 0xb6b6b6b6u);
    EQ(at(b + 20, 8), 0xb7b7b7b7b7b7b7b7u);
    EQ(at(b + 44, 8), 0xb8b8b8b8b8b8b8b8u);
    EQ(at(b + 12, 8), 0xb9b9b9b9b9b9b9b9u);
    EQ(cpu.x[1], b + 20);
}

static void test_structures(void **state)
{
    (void)state;
    const uint64_t b = DATA + 256;
    fresh();
    cpu.x[2] = 5;
    OK(0x4cdf443e /* ld3 {v30.8h,v31.8h,v0.8h}, [x1], #48 */, 0xd100c021 /* sub x1, x1, #48 */, 0x0cc20024 /* ld4 {v4.8b-v7.8b}, [x1], x2 */, 0xd1001421 /* sub x1, x1, #5 */,
       0x4c402828 /* ld1 {v8.4s-v11.4s}, [x1] */, 0x4c408c2c /* ld2 {v12.2d, v13.2d}, [x1] */, 0x0c407c2e /* ld1 {v14.1d}, [x1] */);
    for (unsigned i = 0; i < 8; i++) {
        EQ(cpu.v[30].h[i], at(b + 6 * i, 2));
        EQ(cpu.v[31].h[i], at(b + 6 * i + 2, 2));
        EQ(cpu.v[0].h[i], at(b + 6 * i + 4, 2)); /* V31 is followed by V0 */
        EQ(cpu.v[7].b[i], at(b + 4 * i + 3, 1));
    }
    EQ(cpu.v[4].d[1], 0);
    EQ(cpu.v[11].d[1], at(b + 56, 8));
    EQ(cpu.v[13].d[0], at(b + 8, 8));
    EQ(cpu.v[14].d[1], 0);
    EQ(cpu.x[1], b);
    fresh();
    OK(0x4d401423 /* ld1 {v3.b}[13], [x1] */, 0x4dff4824 /* ld2 {v4.h, v5.h}[5], [x1], #4 */, 0xd1001021 /* sub x1, x1, #4 */, 0x4d40a026 /* ld3 {v6.s-v8.s}[2], [x1] */, 0x4dffa429 /* ld4 {v9.d-v12.d}[1], [x1], #32 */,
       0xd1008021 /* sub x1, x1, #32 */, 0x4ddfc42d /* ld1r {v13.8h}, [x1], #2 */, 0xd1000821 /* sub x1, x1, #2 */, 0x0d60c82e /* ld2r {v14.2s, v15.2s}, [x1] */);
    EQ(cpu.v[3].b[13], at(b, 1));
    EQ(cpu.v[3].b[12], 0xa3);
    EQ(cpu.v[5].h[5], at(b + 2, 2));
    EQ(cpu.v[5].h[4], 0xa5a5);
    EQ(cpu.v[8].s[2], at(b + 8, 4));
    EQ(cpu.v[12].d[1], at(b + 24, 8));
    EQ(cpu.v[12].d[0], 0xacacacacacacacacu);
    EQ(cpu.v[13].h[7], at(b, 2));
    EQ(cpu.v[15].s[1], at(b + 4, 4));
    EQ(cpu.v[15].d[1], 0);
    fresh();
    OK(0x4c9f0024 /* st4 {v4.16b-v7.16b}, [x1], #64 */, 0x0d9fb028 /* st3 {v8.s-v10.s}[1], [x1], #12 */, 0x4c00ac2b /* st1 {v11.2d, v12.2d}, [x1] */);
    for (unsigned i = 0; i < 16; i++)
        EQ(at(b + 4 * i, 4), 0xa7a6a5a4u);
    EQ(at(b + 72, 4), 0xaaaaaaaau);
    EQ(at(b + 76 + 16, 8), 0xacacacacacacacacu);
    REFUSED(0x0c408c24 /* ld2 {v4.1d, v5.1d}: reserved */);
    REFUSED(0x0d408424 | 3 << 10 /* ld1 {v4.d}[..]: size 3 reserved */);
}

/* ---- exclusives, ordered accesses ---- */

static void test_exclusives(void **state)
{
    (void)state;
    const uint64_t b = DATA + 256;
    fresh();
    OK(0xc85f7c24 /* ldxr x4, [x1] */, 0xc8057c26 /* stxr w5, x6, [x1] */, 0xc8077c28 /* stxr w7, x8, [x1] */);
    EQ(cpu.x[5], 0);
    EQ(cpu.x[7], 1); /* the monitor is open again */
    EQ(at(b, 8), cpu.x[6]);
    fresh();
    OK(0x085ffc24 /* ldaxrb w4, [x1] */, 0x0805fc26 /* stlxrb w5, w6, [x1] */, 0x485f7c27 /* ldxrh w7, [x1] */, 0x79000028 /* strh w8, [x1] */, 0x48097c2a /* stxrh w9, w10, [x1] */);
    EQ(cpu.x[5], 0);
    EQ(cpu.x[9], 1); /* somebody wrote in between */
    EQ(at(b, 2), cpu.x[8] & 0xffff);
    fresh();
    OK(0xc87f9424 /* ldaxp x4, x5, [x1] */, 0xc826a027 /* stlxp w6, x7, x8, [x1] */, 0x887f2829 /* ldxp w9, w10, [x1] */, 0x882b342c /* stxp w11, w12, w13, [x1] */, 0xd5033f5f /* clrex */);
    EQ(cpu.x[6], 0);
    EQ(at(b + 8, 8), cpu.x[8]);
    EQ(cpu.x[9], (uint32_t)cpu.x[7]);
    EQ(cpu.x[10], cpu.x[7] >> 32);
    EQ(cpu.x[11], 0);
    EQ(at(b, 8), cpu.x[13] << 32 | (uint32_t)cpu.x[12]);
    fresh();
    OK(0xc85f7c24 /* ldxr x4, [x1] */, 0x91002021 /* add x1, x1, #8 */, 0xc8057c26 /* stxr w5, x6, [x1] */);
    EQ(cpu.x[5], 1); /* another place */
    OK(0xc89ffc24 /* stlr x4, [x1] */, 0xc8dffc27 /* ldar x7, [x1] */, 0x089ffc26 /* stlrb w6, [x1] */, 0x48dffc28 /* ldarh w8, [x1] */, 0xf8bfc029 /* ldapr x9, [x1] */, 0x991fc024 /* stlur w4, [x1, #-4] */, 0x999fc02a /* ldapursw x10, [x1, #-4] */);
    EQ(cpu.x[7], cpu.x[4]);
    EQ(cpu.x[8], ((cpu.x[4] & 0xff00) | (cpu.x[6] & 0xff)));
    EQ(cpu.x[10], sext((uint32_t)cpu.x[4], 4));
    cpu.x[1] = b + 14;
    FAULTS(SIGBUS, b + 14, 0x885f7c24 /* ldxr w4, [x1] */);
    assert_int_equal(fault.code, BUS_ADRALN);
    FAULTS(SIGBUS, b + 14, 0x889ffc24 /* stlr w4, [x1] */);
    FAULTS(SIGBUS, b + 14, 0xb8240025 /* ldadd w4, w5, [x1] */);
    cpu.x[1] = b + 8;
    FAULTS(SIGBUS, b + 8, 0xc87f1424 /* ldxp x4, x5, [x1] */);
    FAULTS(SIGBUS, b + 8, 0x48247c26 /* casp x4, x5, x6, x7, [x1] */);
}

/* ---- LSE ---- */

static uint64_t rmw(uint32_t word, unsigned size, uint64_t old, uint64_t rs)
{
    fresh();
    memcpy(data + 256, &old, 8);
    cpu.x[2] = rs;
    OK(word);
    EQ(cpu.x[3], size == 8 ? old : old & ((UINT64_C(1) << 8 * size) - 1));
    if (size < 8)
        EQ(at(DATA + 256 + size, 8 - size), old >> 8 * size);
    return at(DATA + 256, size);
}

static void test_lse(void **state)
{
    (void)state;
    const uint64_t old = UINT64_C(0x80000000fffffff5);
    EQ(rmw(0xf8220023 /* ldadd x2, x3, [x1] */, 8, old, 16), old + 16);
    EQ(rmw(0xb8e20023 /* ldaddal w2, w3, [x1] */, 4, old, 16), 5);
    EQ(rmw(0x38221023 /* ldclrb w2, w3, [x1] */, 1, old, 0x0f), 0xf0);
    EQ(rmw(0x78a22023 /* ldeorah w2, w3, [x1] */, 2, old, 0xffff), 0x000a);
    EQ(rmw(0xf8623023 /* ldsetl x2, x3, [x1] */, 8, old, 2), old | 2);
    EQ(rmw(0xb8224023 /* ldsmax w2, w3, [x1] */, 4, old, 3), 3);
    EQ(rmw(0xf8225023 /* ldsmin x2, x3, [x1] */, 8, old, 3), old);
    EQ(rmw(0xb8226023 /* ldumax w2, w3, [x1] */, 4, old, 3), 0xfffffff5);
    EQ(rmw(0x38227023 /* lduminb w2, w3, [x1] */, 1, old, 0xf03), 3);
    EQ(rmw(0x78e28023 /* swpalh w2, w3, [x1] */, 2, old, 0x12345), 0x2345);
    fresh();
    const uint64_t before = at(DATA + 256, 8);
    cpu.x[2] = before;
    OK(0xc8e2fc23 /* casal x2, x3, [x1] */, 0xc8a27c24 /* cas x2, x4, [x1] */);
    EQ(at(DATA + 256, 8), cpu.x[3]); /* the second finds another value, and returns it */
    EQ(cpu.x[2], cpu.x[3]);
    OK(0xf864003f /* staddl x4, [x1] */, 0x08bf7c25 /* casb wzr, w5, [x1] */);
    EQ(at(DATA + 256, 8), cpu.x[3] + cpu.x[4]);
    fresh();
    cpu.x[2] = at(DATA + 256, 8), cpu.x[3] = at(DATA + 264, 8);
    OK(0x4862fc24 /* caspal x2, x3, x4, x5, [x1] */);
    EQ(at(DATA + 264, 8), cpu.x[5]);
    cpu.x[2] ^= 1;
    OK(0x48227c26 /* casp x2, x3, x6, x7, [x1] */, 0x08287c26 /* casp w8, w9, w6, w7, [x1] */);
    EQ(cpu.x[2], cpu.x[4]);
    EQ(cpu.x[3], cpu.x[5]);
    EQ(cpu.x[9], cpu.x[4] >> 32);
    EQ(at(DATA + 256, 8), cpu.x[4]);
    REFUSED(0x48237c24 /* casp x3: odd */);
}

/* Two threads, one counter: exclusives and atomics lose nothing. */
static struct lp_cpu cpus[2];
static void *count_up(void *arg)
{
    lp_gate_add(&gate, arg);
    lp_cpu_run(arg);
    lp_gate_remove(&gate, arg);
    return NULL;
}
static void test_threads(void **state)
{
    (void)state;
    static const uint32_t code[] = {
        0xc85f7c24 /* ldxr x4, [x1] */, 0x91000484 /* add x4, x4, #1 */, 0xc8057c24 /* stxr w5, x4, [x1] */, 0x35ffffa5 /* cbnz w5, .-12 */, 0x91004026 /* add x6, x1, #16 */,
        0xc87f94c4 /* ldaxp x4, x5, [x6] */, 0x91000484 /* add x4, x4, #1 */, 0x910008a5 /* add x5, x5, #2 */, 0xc82794c4 /* stlxp w7, x4, x5, [x6] */, 0x35ffff87 /* cbnz w7, .-16 */,
        0xf8280049 /* ldadd x8, x9, [x2] */, 0xf1000463 /* subs x3, x3, #1 */, 0x54fffe81 /* b.ne .-48 */, 0xd4000001};
    pthread_t t[2];
    fresh();
    memset(data, 0, 64);
    put_code(m, CODE, code, sizeof code / 4);
    for (unsigned i = 0; i < 2; i++) {
        lp_cpu_init(&cpus[i], m, &gate, &upcalls, &fault);
        cpus[i].x[1] = DATA, cpus[i].x[2] = DATA + 40, cpus[i].x[3] = 20000, cpus[i].x[8] = 1, cpus[i].pc = CODE;
        pthread_create(&t[i], NULL, count_up, &cpus[i]);
    }
    for (unsigned i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    EQ(at(DATA, 8), 40000);
    EQ(at(DATA + 16, 8), 40000);
    EQ(at(DATA + 24, 8), 80000);
    EQ(at(DATA + 40, 8), 40000);
}

/* ---- both modes ---- */
BOTH(test_loads)
BOTH(test_literals)
BOTH(test_stores)
BOTH(test_writeback)
BOTH(test_pairs)
BOTH(test_faults)
BOTH(test_tags)
BOTH(test_simd)
BOTH(test_structures)
BOTH(test_exclusives)
BOTH(test_lse)
BOTH(test_threads)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_loads), T(test_literals), T(test_stores), T(test_writeback), T(test_pairs), T(test_faults), T(test_tags), T(test_simd),
        T(test_structures), T(test_exclusives), T(test_lse), T(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
