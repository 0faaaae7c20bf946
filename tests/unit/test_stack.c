/* test_stack.c - the alignment of SP (Arm ARM D1.8.2): every row that accesses memory through SP faults when SP is no multiple of 16, in fast and in checked mode;
 * every row that makes it so is known to decoding; the other rows do not care. */
#include <config.h>
#include "cpu_rig.h"
#include "../splitmix.h"

enum { FAR = 0x7000000, TRIES = 40, WORD_TRIES = 4000 };
enum { PRFM_SP = 0xf98003e0, MOV_X0_SP = 0x910003e0, LDR_X1_SP = 0xf94003e1, LDUR_X1_SP_8 = 0xf85f83e1, MOV_SP_X9 = 0x9100013f,
       ADD_SP_8 = 0x910023ff, SUB_SP_8 = 0xd10023ff, SUB_SP_16 = 0xd10043ff };

static struct lp_cpu before;

static uint64_t seed = 1;
static uint64_t rnd(void) { return splitmix(&seed); }

static int setup(void **state)
{
    begin(false);
    return 0;
}
static int teardown(void **state)
{
    end();
    return 0;
}

static void fresh(uint64_t sp)
{
    assert_int_equal(lp_fault_install(NULL), LP_OK); /* cmocka has its own during each test */
    lp_cpu_init(&cpu, m, &gate, &upcalls, &fault);
    for (unsigned i = 0; i < 31; i++)
        cpu.x[i] = DATA + (rnd() & (DATA_SIZE / 2 - 1));
    for (unsigned i = 0; i < 32; i++)
        cpu.v[i].d[0] = rnd(), cpu.v[i].d[1] = rnd();
    cpu.x[LP_SLOT_SP] = sp;
    fill();
}

static int run_mode(bool checked, const uint32_t *words, size_t n)
{
    cpu.checked = checked;
    before = cpu;
    return run(words, n);
}
#define RUN_MODE(checked, ...) run_mode(checked, WORDS(__VA_ARGS__))

/* A random word of this row with these bits. */
static bool word_of(unsigned row, uint32_t bits, uint32_t *out, struct lp_op *op)
{
    const struct lp_row_info *r = &lp_a64_rows[row];
    for (int i = 0; i < WORD_TRIES; i++) {
        *out = (((uint32_t)rnd() | bits) & ~r->mask) | r->value;
        if (lp_a64_decode(*out, CODE, LP_A64_ALL, op) == row)
            return true;
    }
    return false;
}

static bool executed(unsigned row) { return (lp_a64_rows[row].flags & (LP_ROW_TODO | LP_ROW_BRANCH | LP_ROW_JUMP)) == 0; }

static void expect_fault(unsigned row, uint32_t word, uint64_t sp)
{
    bool kept = true;
    for (unsigned i = 0; i < DATA_SIZE; i++)
        kept &= data[i] == filled(i);
    if (fault.signo != LP_SIGBUS || fault.code != LP_BUS_ADRALN || fault.addr != sp || fault.esr != 0x9a000000 || cpu.pc != CODE ||
        memcmp(cpu.x, before.x, 32 * sizeof cpu.x[0]) != 0 || memcmp(cpu.v, before.v, sizeof cpu.v) != 0 || !kept)
        fail_msg("%s %08x: signal %d code %d address %#llx, SP %#llx", lp_a64_rows[row].name, (unsigned)word, fault.signo, fault.code,
                 (unsigned long long)fault.addr, (unsigned long long)sp);
}

static void test_bases(void **state)
{
    unsigned rows = 0;
    for (unsigned row = 1; row < A64_ROW_COUNT; row++) {
        uint32_t word;
        struct lp_op op;
        if (!executed(row) || lp_a64_rows[row].base == 0)
            continue;
        rows++;
        for (int t = 0; t < TRIES; t++) {
            const uint64_t sp = DATA + DATA_SIZE / 2 + 1 + rnd() % 15;
            assert_true(word_of(row, 31 << 5, &word, &op));
            fresh(sp);
            assert_int_equal(RUN_MODE(t & 1, word), FAULTED);
            expect_fault(row, word, sp);
        }
    }
    assert_in_range(rows, 150, 300);
}

/* What has no base register is nowhere near SP. */
static void test_others(void **state)
{
    for (unsigned row = 1; row < A64_ROW_COUNT; row++) {
        uint32_t word;
        struct lp_op op;
        if (!executed(row) || lp_a64_rows[row].base != 0)
            continue;
        for (int t = 0; t < TRIES && word_of(row, 31 << 5, &word, &op); t++) {
            fresh(FAR + 8);
            RUN_MODE(false, word);
            if (fault.addr - FAR + DATA_SIZE < 2 * DATA_SIZE || fault.signo == LP_SIGBUS)
                fail_msg("%s %08x: signal %d address %#llx", lp_a64_rows[row].name, (unsigned)word, fault.signo, (unsigned long long)fault.addr);
        }
    }
}

static void test_tilting(void **state)
{
    unsigned kept = 0, tilted = 0;
    for (unsigned row = 1; row < A64_ROW_COUNT; row++) {
        uint32_t word;
        struct lp_op op;
        if (!executed(row))
            continue;
        for (int t = 0; t < TRIES && word_of(row, rnd() & 1 ? 31 | 31 << 5 : rnd() & 1 ? 31 : 31 << 5, &word, &op); t++) {
            fresh(DATA + DATA_SIZE / 2);
            if (RUN_MODE(true, word) != DONE)
                continue;
            if (cpu.x[LP_SLOT_SP] != before.x[LP_SLOT_SP])
                assert_int_not_equal(lp_a64_rows[row].stack, 0);
            if (cpu.x[LP_SLOT_SP] % 16 != 0) {
                tilted++;
                if (!lp_a64_tilts_stack(row, &op, word))
                    fail_msg("%s %08x: SP %#llx", lp_a64_rows[row].name, (unsigned)word, (unsigned long long)cpu.x[LP_SLOT_SP]);
            } else if (cpu.x[LP_SLOT_SP] != before.x[LP_SLOT_SP] && !lp_a64_tilts_stack(row, &op, word)) {
                kept++;
            }
        }
    }
    assert_in_range(kept, 20, UINT32_MAX);
    assert_in_range(tilted, 1000, UINT32_MAX);
}

/* Frames of functions stay in the fast engine. */
static void test_frames(void **state)
{
    static const uint32_t fast[] = {
        0xa9bf7bfd /* stp x29, x30, [sp, #-16]! */, 0xa8c17bfd /* ldp x29, x30, [sp], #16 */, 0xf81f0ffe /* str x30, [sp, #-16]! */,
        0xf84107fe /* ldr x30, [sp], #16 */, 0xd10083ff /* sub sp, sp, #32 */, 0x914007ff /* add sp, sp, #1, lsl #12 */,
        0x927cec1f /* and sp, x0, #-16 */, 0x6dbd27e8 /* stp d8, d9, [sp, #-48]! */, 0x910003e0 /* mov x0, sp */};
    struct lp_op op;
    for (unsigned i = 0; i < sizeof fast / sizeof fast[0]; i++)
        assert_false(lp_a64_tilts_stack(lp_a64_decode(fast[i], CODE, LP_A64_ALL, &op), &op, fast[i]));
    assert_true(lp_a64_tilts_stack(lp_a64_decode(MOV_SP_X9, CODE, LP_A64_ALL, &op), &op, MOV_SP_X9));
}

/* Through a stack that is not aligned, and back. */
static void test_sequences(void **state)
{
    const uint64_t sp = DATA + DATA_SIZE / 2;
    for (int checked = 0; checked < 2; checked++) {
        fresh(sp);
        assert_int_equal(RUN_MODE(checked, SUB_SP_8, PRFM_SP, MOV_X0_SP, ADD_SP_8, LDR_X1_SP, SUB_SP_16, LDUR_X1_SP_8), DONE);
        assert_int_equal(cpu.x[0], sp - 8);
        assert_int_equal(cpu.x[LP_SLOT_SP], sp - 16);
        fresh(sp);
        cpu.x[9] = sp - 1;
        assert_int_equal(RUN_MODE(checked, LDR_X1_SP, MOV_SP_X9, SUB_SP_16, LDR_X1_SP), FAULTED);
        assert_int_equal(fault.addr, sp - 17);
        assert_int_equal(cpu.pc, CODE + 12);
        /* The access that tilts it is done; an alignment fault comes before one of translation. */
        fresh(sp);
        assert_int_equal(RUN_MODE(checked, 0xf84087e1 /* ldr x1, [sp], #8 */, 0xf85f8fe1 /* ldr x1, [sp, #-8]! */), FAULTED);
        assert_int_equal(fault.addr, sp + 8);
        assert_int_equal(cpu.pc, CODE + 4);
        fresh(FAR + 8);
        assert_int_equal(RUN_MODE(checked, LDR_X1_SP), FAULTED);
        assert_int_equal(fault.signo, LP_SIGBUS);
        fresh(FAR);
        assert_int_equal(RUN_MODE(checked, LDR_X1_SP), FAULTED);
        assert_int_equal(fault.signo, LP_SIGSEGV);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bases), cmocka_unit_test(test_others), cmocka_unit_test(test_tilting), cmocka_unit_test(test_frames),
        cmocka_unit_test(test_sequences),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
