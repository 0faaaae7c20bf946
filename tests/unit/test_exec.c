/* The interpreter's core: flags, branches, faults, counters, invalidation, the gate. */
#include <config.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>
#include "cpu_rig.h"

/* Flat machines are checked; process machines run the fast dispatch: most tests do both. */
static void setup(bool is_flat, const uint32_t *words, size_t n)
{
    begin(is_flat);
    put_code(m, CODE, words, n);
}
#define SETUP(is_flat, ...) setup(is_flat, WORDS(__VA_ARGS__))

/* AddWithCarry in wide arithmetic, as the Arm ARM (J1) defines it: the result, and NZCV in bits 31:28. */
static uint64_t add_with_carry(unsigned bits, uint64_t a, uint64_t b, unsigned carry, uint64_t *nzcv)
{
    uint64_t mask = bits == 64 ? UINT64_MAX : UINT32_MAX;
    unsigned __int128 u = (unsigned __int128)(a & mask) + (b & mask) + carry;
    __int128 s = bits == 64 ? (__int128)(int64_t)a + (int64_t)b + carry : (__int128)(int32_t)a + (int32_t)b + carry;
    uint64_t r = (uint64_t)u & mask;
    __int128 back = bits == 64 ? (__int128)(int64_t)r : (__int128)(int32_t)r;
    *nzcv = (r >> (bits - 1)) << 31 | (uint64_t)(r == 0) << 30 | (uint64_t)(u != r) << 29 | (uint64_t)(s != back) << 28;
    return r;
}

static void flags_case(bool mode, uint64_t x, uint64_t y)
{
    /* ADDS x0,x1,x2; MRS x3,NZCV; SUBS w4,w1,w2; MRS x5,NZCV; ADCS x6,x1,x2; MRS x7,NZCV; SBCS w8,w1,w2; MRS x9,NZCV; SVC */
    uint64_t f;
    SETUP(mode, 0xab020020, 0xd53b4203, 0x6b020024, 0xd53b4205, 0xba020026, 0xd53b4207, 0x7a020028, 0xd53b4209, SVC);
    cpu.x[1] = x;
    cpu.x[2] = y;
    assert_int_equal(go(CODE), DONE);
    assert_true(cpu.x[0] == add_with_carry(64, x, y, 0, &f));
    assert_true(cpu.x[3] == f);
    assert_true(cpu.x[4] == add_with_carry(32, x, ~y, 1, &f));
    assert_true(cpu.x[5] == f);
    assert_true(cpu.x[6] == add_with_carry(64, x, y, f >> 29 & 1, &f));
    assert_true(cpu.x[7] == f);
    assert_true(cpu.x[8] == add_with_carry(32, x, ~y, f >> 29 & 1, &f));
    assert_true(cpu.x[9] == f);
    end();
}

static void test_flags(void **state)
{
    static const uint64_t v[] = {0, 1, UINT64_MAX, UINT64_C(0x7fffffffffffffff), UINT64_C(0x8000000000000000), 0x7fffffff, 0x80000000, 0xffffffff};
    for (int mode = 0; mode < 2; mode++)
        for (size_t i = 0; i < sizeof v / sizeof v[0]; i++)
            for (size_t j = 0; j < sizeof v / sizeof v[0]; j++)
                flags_case(mode, v[i], v[j]);
}

static void test_loop(void **state)
{
    for (int mode = 0; mode < 2; mode++) {
        /* MOVZ x0,#1000; ADD x1,x1,x0; SUBS x0,x0,#1; B.NE .-8; BL .+8; SVC #1; SVC #2 */
        SETUP(mode, 0xd2807d00, 0x8b000021, 0xf1000400, 0x54ffffc1, 0x94000002, 0xd4000021, 0xd4000041);
        assert_int_equal(go(CODE), DONE + 2);
        assert_int_equal(cpu.x[1], 500500);
        assert_int_equal(cpu.x[30], CODE + 20);
        assert_int_equal(cpu.pc, CODE + 28);
        end();
    }
}

static void test_budget(void **state)
{
    SETUP(true, 0x91000400, 0x17ffffff); /* ADD x0,x0,#1; B .-4 */
    cpu.insn_budget = 10;
    assert_int_equal(go(CODE), 0);
    assert_int_equal(cpu.x[0], 5);
    assert_int_equal(cpu.pc, CODE);
    assert_int_equal(cpu.insn_budget, 0);
    end();
}

/* One faulting word: the signal, its code, address and PC. */
static void fault_case(bool mode, uint32_t word, uint64_t x1, int signo, int si_code, uint64_t addr, uint64_t pc)
{
    SETUP(mode, NOP, word, SVC);
    cpu.x[1] = x1;
    assert_int_equal(go(CODE), FAULTED);
    assert_int_equal(fault.signo, signo);
    assert_int_equal(fault.code, si_code);
    assert_true(fault.addr == addr);
    assert_true(cpu.pc == pc);
    end();
}

static void test_faults(void **state)
{
    for (int mode = 0; mode < 2; mode++) {
        fault_case(mode, 0x00000000, 0, 4, 1, CODE + 4, CODE + 4);          /* UDF */
        fault_case(mode, 0xd4000000, 0, 4, 1, CODE + 4, CODE + 4);          /* unallocated */
        fault_case(mode, 0xd4200000, 0, 5, 1, CODE + 4, CODE + 4);          /* BRK */
        fault_case(mode, 0xf9400020, 0x5000, 11, 1, 0x5000, CODE + 4);      /* LDR x0,[x1] */
        fault_case(mode, 0xd61f0020, CODE + 2, 7, 1, CODE + 2, CODE + 2);      /* BR x1, misaligned */
        fault_case(mode, 0xd61f0020, 0x5000, 11, 1, 0x5000, 0x5000);        /* BR x1, not mapped */
        fault_case(mode, 0xd65f0020, UINT64_C(0xfff0000000000000), 11, 1, UINT64_C(0xfff0000000000000), UINT64_C(0xfff0000000000000));
        fault_case(mode, 0x14000000 | (0x3ffffff & -0x50000), 0, 11, 1, CODE + 4 - 0x140000, CODE + 4 - 0x140000); /* wraps */
    }
}

static void test_no_exec(void **state)
{
    SETUP(false, SVC);
    assert_int_equal(lp_mem_mprotect(m, CODE, LP_PAGE, 3), 0);
    assert_int_equal(go(CODE), FAULTED);
    assert_int_equal(fault.signo, 11);
    assert_int_equal(fault.code, 2);
    assert_true(fault.addr == CODE);
    end();
}

/* The last word of the address space falls through to an address that is none. */
static void test_end_of_space(void **state)
{
    SETUP(true, NOP);
    put_code(m, END - 4, WORDS(NOP));
    assert_int_equal(go(END - 4), FAULTED);
    assert_int_equal(fault.signo, 11);
    assert_true(fault.addr == END);
    end();
}

/* A tagged address works: the fast access faults, and is done again with the tag stripped. */
static void test_tag(void **state)
{
    for (int mode = 0; mode < 2; mode++) {
        /* LDR x0,[x1]; STR x0,[x1,#8]; SVC */
        SETUP(mode, 0xf9400020, 0xf9000420, SVC);
        uint64_t v = UINT64_C(0x1122334455667788), w = 0;
        assert_int_equal(lp_mem_write(m, CODE + 0x100, &v, 8), 0);
        cpu.x[1] = UINT64_C(0xab00000000000000) | (CODE + 0x100);
        assert_int_equal(go(CODE), DONE);
        assert_true(cpu.x[0] == v);
        assert_int_equal(lp_mem_read(m, &w, CODE + 0x108, 8), 0);
        assert_true(w == v);
        end();
    }
}

static void test_invalidate(void **state)
{
    /* SUBS x0,x0,#1; B.NE .+8; SVC #1; SVC #2: the first two are a pair */
    SETUP(false, 0xf1000400, 0x54000041, 0xd4000021, 0xd4000041);
    cpu.x[0] = 5;
    assert_int_equal(go(CODE), DONE + 2);
    put_code(m, CODE + 4, WORDS(0xd4000061)); /* SVC #3 in place of the branch */
    assert_int_equal(go(CODE), DONE + 3);
    lp_ops_invalidate(m, 0, UINT64_MAX); /* everything, clamped */
    assert_int_equal(go(CODE), DONE + 3);
    end();
}

/* Code that rewrites itself: STR w2,[x1]; IC IVAU x1; SVC #1 (the word at x1 is the SVC's). */
static void test_ic_ivau(void **state)
{
    SETUP(false, 0xd4000001, 0xb9000022, 0xd50b7521, 0xd4000021);
    assert_int_equal(go(CODE), DONE); /* decodes all four */
    cpu.x[1] = CODE + 12;
    cpu.x[2] = 0xd40000a1; /* SVC #5 */
    assert_int_equal(go(CODE + 4), DONE + 5);
    end();
}

static void test_count(void **state)
{
    for (int mode = 0; mode < 2; mode++) {
        unsigned first = lp_counter_new(), second = lp_counter_new();
        struct timespec before, after;
        clock_gettime(CLOCK_REALTIME, &before);
        assert_true(first && second && first != second);
        SETUP(mode, 0xd2800140, 0xf1000400, 0x54ffffe1, SVC); /* MOVZ x0,#10; SUBS x0,x0,#1; B.NE .-4; SVC */
        assert_int_equal(lp_ops_count(m, CODE + 4, first), 0);
        assert_int_equal(lp_ops_count(m, CODE + 8, second), 0);
        assert_int_equal(go(CODE), DONE);
        assert_int_equal(lp_counter_read(first).hits, 10);
        assert_int_equal(lp_counter_read(second).hits, 10);
        lp_ops_invalidate(m, CODE, CODE + 16);
        assert_int_equal(lp_ops_count(m, CODE + 8, 0), 0);
        assert_int_equal(go(CODE), DONE);
        assert_int_equal(lp_counter_read(first).hits, 20);
        assert_int_equal(lp_counter_read(second).hits, 10);
        for (unsigned i = 0; i < 500; i++) /* the table grows */
            assert_int_equal(lp_ops_count(m, CODE + 16 + 4 * i, second), 0);
        assert_int_equal(go(CODE), DONE);
        assert_int_equal(lp_counter_read(first).hits, 30);
        clock_gettime(CLOCK_REALTIME, &after);
        struct lp_count c = lp_counter_read(first);
        assert_true(c.first_ms >= (uint64_t)before.tv_sec * 1000 && c.first_ms <= c.last_ms && c.last_ms <= (uint64_t)after.tv_sec * 1000 + 999);
        usleep(20000);
        assert_true(lp_counter_tick());
        assert_int_equal(go(CODE), DONE);
        assert_true(lp_counter_read(first).last_ms >= c.last_ms + 20);
        assert_int_equal(lp_counter_read(first).first_ms, c.first_ms);
        end();
        lp_counter_free(first), lp_counter_free(second);
        assert_int_equal(lp_counter_new(), first); /* again, from the beginning */
        assert_int_equal(lp_counter_read(first).hits, 0);
        lp_counter_free(first);
    }
}

static void test_poll(void **state)
{
    SETUP(false, 0x14000000); /* B . */
    atomic_store(&cpu.poll, LP_POLL_USER);
    assert_int_equal(go(CODE), POLLED);
    atomic_store(&cpu.poll, LP_POLL_SIGNAL);
    assert_int_equal(go(CODE), POLLED);
    end();
}

/* ---- the gate ---- */

enum { THREADS = 3 };
static struct lp_cpu cpus[THREADS];

static void *spin(void *arg)
{
    lp_cpu_run(arg);
    return NULL;
}

static void test_gate(void **state)
{
    /* ADD x0,x0,#1; B .-4 */
    pthread_t threads[THREADS];
    SETUP(false, 0x91000400, 0x17ffffff);
    for (int i = 0; i < THREADS; i++) {
        lp_cpu_init(&cpus[i], m, &gate, &upcalls, &fault);
        cpus[i].pc = CODE;
        lp_gate_add(&gate, &cpus[i]);
        assert_int_equal(pthread_create(&threads[i], NULL, spin, &cpus[i]), 0);
    }
    for (int round = 0; round < 50; round++) {
        lp_gate_stop(&gate, NULL);
        uint64_t seen[THREADS];
        for (int i = 0; i < THREADS; i++) {
            assert_int_equal(atomic_load(&cpus[i].where), LP_PARKED);
            seen[i] = cpus[i].x[0];
        }
        usleep(100);
        for (int i = 0; i < THREADS; i++)
            assert_true(cpus[i].x[0] == seen[i]);
        lp_gate_resume(&gate);
    }
    /* Change the code while it runs: every thread meets SVC #9. */
    lp_gate_stop(&gate, NULL);
    put_code(m, CODE, WORDS(0xd4000121));
    lp_gate_resume(&gate);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(cpus[i].pc, CODE + 4);
        lp_gate_remove(&gate, &cpus[i]);
    }
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flags), cmocka_unit_test(test_loop), cmocka_unit_test(test_budget), cmocka_unit_test(test_faults),
        cmocka_unit_test(test_no_exec), cmocka_unit_test(test_end_of_space), cmocka_unit_test(test_tag), cmocka_unit_test(test_invalidate),
        cmocka_unit_test(test_ic_ivau), cmocka_unit_test(test_count), cmocka_unit_test(test_poll), cmocka_unit_test(test_gate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
