/* test_order.c - memory ordering and atomicity between threads, and what may be unaligned (Arm ARM B2.2.1, B2.3; FEAT_LSE2). */
#include <config.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
/* Code of two threads, a page each, then data: two arrays with a cache line (or two) for each place, and results. */
enum { PLACES = 2000, STEP = 128, ARRAY = PLACES * STEP, ROUNDS = 30, COUNT = 20000 };
#define CODE_SIZE (2 * LP_PAGE)
#define DATA_SIZE (3 * (uint64_t)ARRAY)
#include "exec/monitor.h"
#include "cpu_rig.h"

#define X DATA
#define Y (X + ARRAY)
#define RESULTS(t) (Y + ARRAY + (uint64_t)(t) * PLACES * 8)

static pthread_barrier_t barrier;
struct thread {
    struct lp_cpu cpu;
    struct lp_fault fault;
    pthread_t id;
};
static struct thread threads[2];

/* Thread t will run these words: X0 and X1 the two arrays, X2 its results, X3 how often. */
static void program(unsigned t, const uint32_t *words, size_t n, uint64_t x0, uint64_t x1, uint64_t count)
{
    struct thread *h = &threads[t];
    put_code(m, CODE + t * LP_PAGE, words, n);
    memset(h, 0, sizeof *h);
    lp_cpu_init(&h->cpu, m, &gate, &upcalls, &h->fault);
    h->cpu.pc = CODE + t * LP_PAGE;
    h->cpu.x[0] = x0, h->cpu.x[1] = x1, h->cpu.x[2] = RESULTS(t), h->cpu.x[3] = count;
}
#define PROGRAM(t, words, x0, x1, count) program(t, words, sizeof words / sizeof words[0], x0, x1, count)

static void *thread_main(void *arg)
{
    struct thread *h = arg;
    lp_gate_add(&gate, &h->cpu);
    pthread_barrier_wait(&barrier);
    int r = lp_cpu_run(&h->cpu);
    lp_gate_remove(&gate, &h->cpu);
    return (void *)(intptr_t)r;
}
static void run_both(void)
{
    void *r[2];
    pthread_barrier_init(&barrier, NULL, 2);
    for (unsigned t = 0; t < 2; t++)
        assert_int_equal(pthread_create(&threads[t].id, NULL, thread_main, &threads[t]), 0);
    for (unsigned t = 0; t < 2; t++)
        pthread_join(threads[t].id, &r[t]);
    pthread_barrier_destroy(&barrier);
    for (unsigned t = 0; t < 2; t++)
        assert_int_equal((intptr_t)r[t], DONE);
}
static uint64_t word_at(uint64_t addr)
{
    uint64_t v;
    memcpy(&v, data + (addr - DATA), 8);
    return v;
}

/* ---- store buffering: X = 1; r0 = Y || Y = 1; r1 = X. Both must not read 0. ---- */

/* MOVZ x4,#1; [store x4,[x0]; load x5,[x1]]; STR x5,[x2],#8; ADD x0,x0,#128; ADD x1,x1,#128; SUBS x3,x3,#1; B.NE; SVC */
#define SB_TAIL(back) 0xf8008445, 0x91020000, 0x91020021, 0xf1000463, back, 0xd4000001
static const uint32_t sb_stlr[] = {0xd2800024, 0xc89ffc04 /* stlr x4, [x0] */, 0xc8dffc25 /* ldar x5, [x1] */, SB_TAIL(0x54ffff41)};
static const uint32_t sb_stlur[] = {0xd2800024, 0xd9000004 /* stlur x4, [x0] */, 0xc8dffc25 /* ldar x5, [x1] */, SB_TAIL(0x54ffff41)};
static const uint32_t sb_dmb[] = {0xd2800024, 0xf9000004 /* str x4, [x0] */, 0xd5033bbf /* dmb ish */, 0xf9400025 /* ldr x5, [x1] */,
                                  SB_TAIL(0x54ffff21)};
static const uint32_t sb_swp[] = {0xd2800024, 0xf8e48006 /* swpal x4, x6, [x0] */, 0xf9400025 /* ldr x5, [x1] */, SB_TAIL(0x54ffff41)};

static void store_buffering(const uint32_t *words, size_t n)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        memset(data, 0, 2 * ARRAY);
        program(0, words, n, X, Y, PLACES);
        program(1, words, n, Y, X, PLACES);
        run_both();
        for (unsigned i = 0; i < PLACES; i++)
            assert_true(word_at(RESULTS(0) + 8 * i) != 0 || word_at(RESULTS(1) + 8 * i) != 0);
    }
}
static void test_store_buffering(void **state)
{
    (void)state;
    begin(false);
    store_buffering(sb_stlr, sizeof sb_stlr / 4);
    store_buffering(sb_stlur, sizeof sb_stlur / 4);
    store_buffering(sb_dmb, sizeof sb_dmb / 4);
    store_buffering(sb_swp, sizeof sb_swp / 4);
    end();
}

/* ---- message passing: data before flag; whoever sees the flag sees the data. X7 counts the violations. ---- */

static const uint32_t mp_write[] = {0xd2800024, 0xf9000004 /* str x4, [x0] */, 0xc89ffc24 /* stlr x4, [x1] */, 0x91020000, 0x91020021, 0xf1000463,
                                    0x54ffff61, 0xd4000001};
static const uint32_t mp_write_dmb[] = {0xd2800024, 0xf9000004 /* str x4, [x0] */, 0xd5033abf /* dmb ishst */, 0xf9000024 /* str x4, [x1] */,
                                        0x91020000, 0x91020021, 0xf1000463, 0x54ffff41, 0xd4000001};
static const uint32_t mp_read[] = {0xf8bfc025 /* ldapr x5, [x1] */, 0xf9400006 /* ldr x6, [x0] */, 0xeb0600bf /* cmp x5, x6 */,
                                   0x9a87d4e7 /* cinc x7, x7, gt */, 0x91020000, 0x91020021, 0xf1000463, 0x54ffff21, 0xd4000001};
static const uint32_t mp_read_dmb[] = {0xf9400025 /* ldr x5, [x1] */, 0xd50339bf /* dmb ishld */, 0xf9400006 /* ldr x6, [x0] */, 0xeb0600bf,
                                       0x9a87d4e7, 0x91020000, 0x91020021, 0xf1000463, 0x54ffff01, 0xd4000001};

static void test_message_passing(void **state)
{
    (void)state;
    begin(false);
    for (unsigned round = 0; round < 2 * ROUNDS; round++) {
        memset(data, 0, 2 * ARRAY);
        if (round & 1) {
            PROGRAM(0, mp_write, X, Y, PLACES);
            PROGRAM(1, mp_read, X, Y, PLACES);
        } else {
            PROGRAM(0, mp_write_dmb, X, Y, PLACES);
            PROGRAM(1, mp_read_dmb, X, Y, PLACES);
        }
        run_both();
        assert_int_equal(threads[1].cpu.x[7], 0);
    }
    end();
}

/* ---- counters: nothing is lost ---- */

/* X7 counts pairs that were torn although the store succeeded. */
static const uint32_t pair_exclusive[] = {0xc87f9404 /* ldaxp x4, x5, [x0] */, 0xcb050088 /* sub x8, x4, x5 */, 0x91000484, 0x910004a5,
                                          0xc8269404 /* stlxp w6, x4, x5, [x0] */, 0x35ffff66 /* cbnz w6, .-20 */, 0xf100011f /* cmp x8, #0 */,
                                          0x9a8704e7 /* cinc x7, x7, ne */, 0xf1000463, 0x54fffee1, 0xd4000001};
static const uint32_t pair_cas[] = {0xa9401404 /* ldp x4, x5, [x0] */, 0xaa0403e8, 0xaa0503e9, 0x9100048a, 0x910004ab,
                                    0x4864fc0a /* caspal x4, x5, x10, x11, [x0] */, 0xeb08009f, 0xfa4900a0 /* ccmp x5, x9, #0, eq */, 0x54ffff21,
                                    0xf1000463, 0x54fffee1, 0xd4000001};
static const uint32_t exclusive[] = {0xc85f7c04 /* ldxr x4, [x0] */, 0x91000484, 0xc8067c04 /* stxr w6, x4, [x0] */, 0x35ffffa6, 0xf1000463,
                                     0x54ffff61, 0xd4000001};
static const uint32_t lse[] = {0xd2800024, 0xf8240005 /* ldadd x4, x5, [x0] */, 0xb8e40025 /* ldaddal w4, w5, [x1] */, 0xf1000463, 0x54ffffa1,
                               0xd4000001};

static void count(const uint32_t *words, size_t n, uint64_t x0, uint64_t x1)
{
    memset(data, 0, 64);
    for (unsigned t = 0; t < 2; t++)
        program(t, words, n, x0, x1, COUNT);
    run_both();
    assert_int_equal(threads[0].cpu.x[7] + threads[1].cpu.x[7], 0);
}
static void test_counters(void **state)
{
    (void)state;
    begin(false);
    count(pair_exclusive, sizeof pair_exclusive / 4, X, 0);
    assert_int_equal(word_at(X), 2 * COUNT);
    assert_int_equal(word_at(X + 8), 2 * COUNT);
    count(pair_cas, sizeof pair_cas / 4, X + 16, 0);
    assert_int_equal(word_at(X + 16), 2 * COUNT);
    assert_int_equal(word_at(X + 24), 2 * COUNT);
    count(exclusive, sizeof exclusive / 4, X + 8, 0);
    assert_int_equal(word_at(X + 8), 2 * COUNT);
    count(exclusive, sizeof exclusive / 4, X + 3, 0); /* FEAT_LSE2 */
    assert_int_equal(word_at(X + 3), 2 * COUNT);
    count(lse, sizeof lse / 4, X, X + 24);
    assert_int_equal(word_at(X), 2 * COUNT);
    assert_int_equal(word_at(X + 24), 2 * COUNT);
    count(lse, sizeof lse / 4, X + 5, X + 17); /* both in their aligned 16 bytes; the neighbours keep out */
    assert_int_equal(word_at(X + 5), 2 * COUNT);
    assert_int_equal(word_at(X + 17), 2 * COUNT);
    assert_int_equal(word_at(X + 21), 0);
    end();
}

/* ---- 16 bytes in one piece: X7 counts values that nobody stored ---- */

static const uint32_t stp[] = {0xa9000c03 /* stp x3, x3, [x0] */, 0xf1000463, 0x54ffffc1, 0xd4000001};
static const uint32_t ldp[] = {0xa9401404 /* ldp x4, x5, [x0] */, 0xeb05009f, 0x9a8704e7, 0xf1000463, 0x54ffff81, 0xd4000001};
static const uint32_t strq[] = {0x4e080c60 /* dup v0.2d, x3 */, 0x3d800000 /* str q0, [x0] */, 0xf1000463, 0x54ffffa1, 0xd4000001};
static const uint32_t ldrq[] = {0x3dc00000 /* ldr q0, [x0] */, 0x4e083c04, 0x4e183c05, 0xeb05009f, 0x9a8704e7, 0xf1000463, 0x54ffff41, 0xd4000001};
static const uint32_t ldxp[] = {0xc87f1404 /* ldxp x4, x5, [x0] */, 0xeb05009f, 0x9a8704e7, 0xf1000463, 0x54ffff81, 0xd4000001};

/* The host decides: AVX says that aligned 16-byte accesses are atomic. */
static bool host_has_16(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx");
#else
    return false;
#endif
}
static void untorn(const uint32_t *writer, size_t nw, const uint32_t *reader, size_t nr)
{
    memset(data, 0, 16);
    program(0, writer, nw, X, 0, 10 * COUNT);
    program(1, reader, nr, X, 0, 10 * COUNT);
    run_both();
    if (host_has_16())
        assert_int_equal(threads[1].cpu.x[7], 0);
}
static void test_untorn(void **state)
{
    (void)state;
    begin(false);
    untorn(stp, sizeof stp / 4, ldp, sizeof ldp / 4);
    untorn(stp, sizeof stp / 4, ldxp, sizeof ldxp / 4);
    untorn(strq, sizeof strq / 4, ldp, sizeof ldp / 4);
    untorn(stp, sizeof stp / 4, ldrq, sizeof ldrq / 4);
    if (!host_has_16())
        print_message("16 bytes in one piece: not judged, this host does not promise them (no AVX)\n");
    end();
}

/* ---- alignment: what is allowed gives what the aligned instruction gives; the rest is BUS_ADRALN ---- */

static const struct { uint32_t word; unsigned size; bool read, write; } ordered[] = {
    {0x885f7c24 /* ldxr w4, [x1] */, 4, true, false},           {0xc8dffc25 /* ldar x5, [x1] */, 8, true, false},
    {0x48dffc25 /* ldarh w5, [x1] */, 2, true, false},          {0xb8bfc025 /* ldapr w5, [x1] */, 4, true, false},
    {0x59800025 /* ldapursh x5, [x1] */, 2, true, false},       {0x99800025 /* ldapursw x5, [x1] */, 4, true, false},
    {0xc89ffc24 /* stlr x4, [x1] */, 8, false, true},           {0x489ffc24 /* stlrh w4, [x1] */, 2, false, true},
    {0x99000024 /* stlur w4, [x1] */, 4, false, true},          {0xb8240025 /* ldadd w4, w5, [x1] */, 4, true, true},
    {0xf8e40025 /* ldaddal x4, x5, [x1] */, 8, true, true},     {0x78244025 /* ldsmaxh w4, w5, [x1] */, 2, true, true},
    {0xf8245025 /* ldsmin x4, x5, [x1] */, 8, true, true},      {0xf8247025 /* ldumin x4, x5, [x1] */, 8, true, true},
    {0xb8246025 /* ldumax w4, w5, [x1] */, 4, true, true},      {0xf8241025 /* ldclr x4, x5, [x1] */, 8, true, true},
    {0xf8243025 /* ldset x4, x5, [x1] */, 8, true, true},       {0xf8242025 /* ldeor x4, x5, [x1] */, 8, true, true},
    {0xf8248025 /* swp x4, x5, [x1] */, 8, true, true},         {0xc8e4fc25 /* casal x4, x5, [x1] */, 8, true, true},
    {0x887f1424 /* ldxp w4, w5, [x1] */, 8, true, false},       {0xc87f1424 /* ldxp x4, x5, [x1] */, 16, true, false},
    {0x08247c26 /* casp w4, w5, w6, w7, [x1] */, 8, true, true}, {0x48247c26 /* casp x4, x5, x6, x7, [x1] */, 16, true, true},
};
enum { NORDERED = sizeof ordered / sizeof ordered[0] };

static int run_one(struct thread *h, uint32_t word, uint64_t addr, uint64_t tag)
{
    const uint32_t words[] = {word, 0xd4000001};
    const struct lp_cpu_model *model = h->cpu.model;
    PROGRAM(0, words, 0, addr | tag, 0);
    if (model != NULL)
        h->cpu.model = model;
    h->cpu.x[4] = 0x8877665544332211, h->cpu.x[5] = 0x0f1e2d3c4b5a6978, h->cpu.x[6] = 6, h->cpu.x[7] = 7;
    return lp_cpu_run(&h->cpu);
}
/* One instruction at an address, and the same at a multiple of 64 with the same operand: the same registers and memory. */
static void one_place(unsigned i, unsigned off, bool lse2)
{
    struct thread *h = &threads[0];
    const unsigned size = ordered[i].size;
    const uint64_t tag = UINT64_C(0xa5) << 56, addr = X + 512 + off;
    struct lp_cpu want;
    uint8_t result[16], before[64];
    for (unsigned k = 0; k < 64; k++)
        data[512 + k] = (uint8_t)(0x91 + 29 * k + 3 * i);
    memcpy(data, data + 512 + off, size);
    memcpy(before, data + 512, 64);
    assert_int_equal(run_one(h, ordered[i].word, X, 0), DONE);
    want = h->cpu;
    memcpy(result, data, size);
    int r = run_one(h, ordered[i].word, addr, tag);
    if (off % size && (!lse2 || off % 16 + size > 16)) {
        assert_int_equal(r, FAULTED);
        assert_int_equal(h->fault.signo, SIGBUS);
        assert_int_equal(h->fault.code, 1); /* BUS_ADRALN */
        assert_true(h->fault.addr == addr && h->cpu.pc == CODE);
        assert_int_equal(h->fault.esr, 0x92000021 | (ordered[i].read ? 0 : 0x40));
        assert_memory_equal(data + 512, before, 64);
        return;
    }
    assert_int_equal(r, DONE);
    memcpy(before + off, result, size);
    assert_memory_equal(data + 512, before, 64);
    for (unsigned k = 2; k < 31; k++)
        assert_true(h->cpu.x[k] == want.x[k]);
}
static void all_places(void)
{
    static struct lp_cpu_model old;
    for (unsigned lse2 = 0; lse2 < 2; lse2++) {
        struct thread *h = &threads[0];
        lp_cpu_init(&h->cpu, m, &gate, &upcalls, &h->fault);
        old = *lp_cpu_model(&h->cpu);
        old.features &= ~LP_A64_SET(LSE2);
        const struct lp_cpu_model *model = lse2 ? &lp_cpu_max : &old;
        for (unsigned i = 0; i < NORDERED; i++)
            for (unsigned off = 0; off < 32; off++) {
                h->cpu.model = model;
                one_place(i, off, lse2);
            }
    }
}
static void test_alignment(void **state)
{
    (void)state;
    begin(false);
    all_places();
    end();
}
/* A flat buffer that begins and ends in the middle of aligned 16 bytes. */
static void test_alignment_flat(void **state)
{
    (void)state;
    static uint8_t buffer[4 * LP_PAGE + 8] __attribute__((aligned(16)));
    assert_int_equal(lp_fault_install(NULL), LP_OK);
    assert_int_equal(lp_mem_new_flat(buffer + 4, 4 * LP_PAGE, CODE, &m, NULL), LP_OK);
    lp_gate_init(&gate);
    data = buffer + 4 + (DATA - CODE);
    all_places();
    /* ldadd w4, w5 at the last bytes: nothing behind them is touched. */
    const uint64_t last = CODE + 4 * LP_PAGE - 4;
    assert_int_equal(run_one(&threads[0], 0xb8240025, last, 0), DONE);
    assert_int_equal(run_one(&threads[0], 0x78240025 /* ldaddh */, last + 1, 0), DONE);
    assert_int_equal(run_one(&threads[0], 0xb8240025, last + 4, 0), FAULTED);
    assert_true(threads[0].fault.signo == SIGSEGV && threads[0].fault.addr == last + 4);
    end();
}

/* ---- what the kernel hears of an abort: an instruction that reads and writes counts as a read if that faults (ESR_EL1.WnR) ---- */

static void test_aborts(void **state)
{
    (void)state;
    enum { LDADD = 0xb8240025, CAS = 0xc8e4fc25, LDR = 0xf9400025 /* ldr x5, [x1] */, STR = 0xf9000024 /* str x4, [x1] */, ZVA = 0xd50b7421 };
    const uint64_t ro = X + ARRAY - ARRAY % LP_PAGE, none = ro + LP_PAGE, kernel = UINT64_C(0xff80000000001000);
    const struct { uint32_t word; uint64_t addr; int code; uint32_t esr; } cases[] = {
        {LDADD, ro, 2, 0x9200004f}, {CAS, ro, 2, 0x9200004f}, {STR, ro + 8, 2, 0x9200004f}, {ZVA, ro + 40, 2, 0x9200004f},
        {LDADD, none, 1, 0x92000007}, {CAS, none, 1, 0x92000007}, {LDR, none, 1, 0x92000007}, {STR, none, 1, 0x92000047},
        {ZVA, none + 77, 1, 0x92000047}, {LDR, kernel, 1, 0x92000004}, {STR, kernel, 1, 0x92000044},
    };
    begin(false);
    assert_int_equal(lp_mem_mprotect(m, ro, LP_PAGE, 1), 0);
    assert_int_equal(lp_mem_munmap(m, none, LP_PAGE), 0);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (unsigned checked = 0; checked < 2; checked++) {
            struct thread *h = &threads[0];
            const uint32_t words[] = {cases[i].word, 0xd4000001};
            PROGRAM(0, words, 0, cases[i].addr, 0);
            h->cpu.checked = checked;
            assert_int_equal(lp_cpu_run(&h->cpu), FAULTED);
            assert_true(h->fault.signo == SIGSEGV && h->fault.code == cases[i].code);
            assert_true(h->fault.addr == cases[i].addr && h->cpu.pc == CODE);
            assert_int_equal(h->fault.esr, cases[i].esr);
        }
    end();
}

/* ---- guarded pages: tests/guest/bti.c has every combination; here what qemu-user does not show, and a CPU without BTI ---- */

static void test_bti(void **state)
{
    (void)state;
    static const uint32_t words[] = {0xd63f0000 /* blr x0 */, 0xd4000001, 0xd503201f /* nop */, 0xd4000001, 0xd503245f /* bti c */, 0xd4000001};
    static struct lp_cpu_model old;
    struct lp_cpu *c = &threads[0].cpu;
    begin(false);
    for (unsigned checked = 0; checked < 2; checked++) {
        assert_int_equal(lp_mem_mprotect(m, CODE, LP_PAGE, 7 | LP_PROT_BTI), 0);
        PROGRAM(0, words, CODE + 8, 0, 0);
        c->checked = checked;
        assert_int_equal(lp_cpu_run(c), FAULTED);
        assert_true(threads[0].fault.signo == SIGILL && threads[0].fault.code == 1 && threads[0].fault.esr == 0); /* ILL_ILLOPC */
        assert_true(threads[0].fault.addr == CODE + 8 && c->pc == CODE + 8 && c->x[30] == CODE + 4);
        assert_int_equal(c->pstate & LP_PSTATE_BTYPE, LP_BTYPE_C);
        PROGRAM(0, words, CODE + 16, 0, 0);
        c->checked = checked;
        assert_int_equal(lp_cpu_run(c), DONE);
        assert_true(c->pc == CODE + 24 && (c->pstate & LP_PSTATE_BTYPE) == 0);
        PROGRAM(0, words, CODE + 8, 0, 0);
        c->checked = checked;
        old = *lp_cpu_model(c);
        old.features &= ~LP_A64_SET(BTI);
        c->model = &old;
        assert_int_equal(lp_cpu_run(c), DONE);
        assert_int_equal(lp_mem_mprotect(m, CODE, LP_PAGE, 7), 0);
        PROGRAM(0, words, CODE + 8, 0, 0);
        c->checked = checked;
        assert_int_equal(lp_cpu_run(c), DONE);
    }
    end();
}

/* ---- the monitor ---- */

/* LDXR x4,[x0]; SVC #1; STXR w6,x4,[x0]; SVC #0: the way to the kernel and back ends it. */
static void test_monitor(void **state)
{
    (void)state;
    static const uint32_t words[] = {0xc85f7c04, 0xd4000021, 0xc8067c04, 0xd4000001};
    begin(false);
    PROGRAM(0, words, X, 0, 0);
    assert_int_equal(lp_cpu_run(&threads[0].cpu), DONE + 1);
    assert_int_equal(lp_cpu_run(&threads[0].cpu), DONE);
    assert_int_equal(threads[0].cpu.x[6], 1);
    end();
}

/* Memory that others see from the middle of the pair on: the store may fail, and comes to an end. */
static void test_monitor_alone(void **state)
{
    (void)state;
    begin(false);
    uint64_t addr = X;
    while (atomic_load(lp_granule_of(&cpu, addr)) != 0) /* a place that no load-exclusive was made at */
        addr += LP_GRANULE;
    alarm(20);
    cpu.x[0] = addr, cpu.x[4] = 1;
    execute(0xc85f7c05); /* ldxr x5, [x0] */
    lp_gate_add(&gate, &cpu);
    lp_gate_share(&gate);
    execute(0xc8067c04); /* stxr w6, x4, [x0] */
    assert_true(cpu.x[6] == !word_at(addr));
    execute(0xc85f7c05);
    execute(0xc8067c04);
    assert_true(cpu.x[6] == 0 && word_at(addr) == 1);
    lp_gate_remove(&gate, &cpu);
    alarm(0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store_buffering), cmocka_unit_test(test_message_passing), cmocka_unit_test(test_counters),
        cmocka_unit_test(test_untorn), cmocka_unit_test(test_alignment), cmocka_unit_test(test_alignment_flat), cmocka_unit_test(test_aborts),
        cmocka_unit_test(test_bti), cmocka_unit_test(test_monitor), cmocka_unit_test(test_monitor_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
