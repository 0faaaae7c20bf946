/* The interpreter's core: flags, branches, faults, counters, invalidation, the gate. */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "a64/a64.h"
#include "exec/cpu.h"
#include "exec/gate.h"
#include "mem/fault.h"
#include "mem/mem.h"

enum { BASE = 0x10000, SVC = 0xd4000001, NOP = 0xd503201f, WORDS = 1024 };
static uint32_t code[WORDS];

struct box {
    struct lp_cpu cpu;
    struct lp_mem *mem;
    struct lp_fault fault;
    int faults;
};

static void on_svc(struct lp_cpu *cpu, uint32_t imm) { cpu->stop = 1000 + (int)imm; }
static void on_fault(struct lp_cpu *cpu, const struct lp_fault *fault)
{
    struct box *b = cpu->owner;
    b->fault = *fault;
    b->faults++;
    cpu->stop = -1;
}
static void on_safepoint(struct lp_cpu *cpu) { atomic_fetch_and(&cpu->poll, ~(uint32_t)LP_POLL_SIGNAL), cpu->stop = 7; }
static const struct lp_upcalls upcalls = {.svc = on_svc, .fault = on_fault, .safepoint = on_safepoint};

/* Flat machines are checked; process machines run the fast dispatch: most tests do both. */
static void setup(struct box *b, bool flat, const uint32_t *words, size_t n)
{
    struct lp_error err;
    memset(b, 0, sizeof *b);
    assert_int_equal(lp_fault_install(&err), LP_OK);
    memset(code, 0, sizeof code);
    memcpy(code, words, n * 4);
    if (flat) {
        assert_int_equal(lp_mem_new_flat(code, sizeof code, BASE, &b->mem, &err), LP_OK);
    } else {
        assert_int_equal(lp_mem_new(34, &b->mem, &err), LP_OK);
        assert_int_equal(lp_mem_mmap(b->mem, BASE, sizeof code, 3, 0x32, -1, 0), BASE);
        assert_int_equal(lp_mem_write(b->mem, BASE, code, sizeof code), 0);
        assert_int_equal(lp_mem_mprotect(b->mem, BASE, sizeof code, 7), 0);
    }
    lp_cpu_init(&b->cpu, b->mem, NULL, &upcalls, b);
    b->cpu.pc = BASE;
}
static void teardown(struct box *b)
{
    lp_ops_drop(b->mem);
    lp_mem_free(b->mem);
}
#define SETUP(b, flat, ...) setup(b, flat, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

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

static void flags_case(bool flat, uint64_t x, uint64_t y)
{
    struct box b; /* ADDS x0,x1,x2; MRS x3,NZCV; SUBS w4,w1,w2; MRS x5,NZCV; ADCS x6,x1,x2; MRS x7,NZCV; SBCS w8,w1,w2; MRS x9,NZCV; SVC */
    uint64_t f;
    SETUP(&b, flat, 0xab020020, 0xd53b4203, 0x6b020024, 0xd53b4205, 0xba020026, 0xd53b4207, 0x7a020028, 0xd53b4209, SVC);
    b.cpu.x[1] = x;
    b.cpu.x[2] = y;
    assert_int_equal(lp_cpu_run(&b.cpu), 1000);
    assert_true(b.cpu.x[0] == add_with_carry(64, x, y, 0, &f));
    assert_true(b.cpu.x[3] == f);
    assert_true(b.cpu.x[4] == add_with_carry(32, x, ~y, 1, &f));
    assert_true(b.cpu.x[5] == f);
    assert_true(b.cpu.x[6] == add_with_carry(64, x, y, f >> 29 & 1, &f));
    assert_true(b.cpu.x[7] == f);
    assert_true(b.cpu.x[8] == add_with_carry(32, x, ~y, f >> 29 & 1, &f));
    assert_true(b.cpu.x[9] == f);
    teardown(&b);
}

static void test_flags(void **state)
{
    static const uint64_t v[] = {0, 1, UINT64_MAX, UINT64_C(0x7fffffffffffffff), UINT64_C(0x8000000000000000), 0x7fffffff, 0x80000000, 0xffffffff};
    for (int flat = 0; flat < 2; flat++)
        for (size_t i = 0; i < sizeof v / sizeof v[0]; i++)
            for (size_t j = 0; j < sizeof v / sizeof v[0]; j++)
                flags_case(flat, v[i], v[j]);
}

static void test_loop(void **state)
{
    for (int flat = 0; flat < 2; flat++) {
        struct box b; /* MOVZ x0,#1000; ADD x1,x1,x0; SUBS x0,x0,#1; B.NE .-8; BL .+8; SVC #1; SVC #2 */
        SETUP(&b, flat, 0xd2807d00, 0x8b000021, 0xf1000400, 0x54ffffc1, 0x94000002, 0xd4000021, 0xd4000041);
        assert_int_equal(lp_cpu_run(&b.cpu), 1002);
        assert_int_equal(b.cpu.x[1], 500500);
        assert_int_equal(b.cpu.x[30], BASE + 20);
        assert_int_equal(b.cpu.pc, BASE + 28);
        teardown(&b);
    }
}

static void test_budget(void **state)
{
    struct box b;
    SETUP(&b, true, 0x91000400, 0x17ffffff); /* ADD x0,x0,#1; B .-4 */
    b.cpu.insn_budget = 10;
    assert_int_equal(lp_cpu_run(&b.cpu), 0);
    assert_int_equal(b.cpu.x[0], 5);
    assert_int_equal(b.cpu.pc, BASE);
    assert_int_equal(b.cpu.insn_budget, 0);
    teardown(&b);
}

/* One faulting word: the signal, its code, address and PC. */
static void fault_case(bool flat, uint32_t word, uint64_t x1, int signo, int si_code, uint64_t addr, uint64_t pc)
{
    struct box b;
    SETUP(&b, flat, NOP, word, SVC);
    b.cpu.x[1] = x1;
    assert_int_equal(lp_cpu_run(&b.cpu), -1);
    assert_int_equal(b.faults, 1);
    assert_int_equal(b.fault.signo, signo);
    assert_int_equal(b.fault.code, si_code);
    assert_true(b.fault.addr == addr);
    assert_true(b.cpu.pc == pc);
    teardown(&b);
}

static void test_faults(void **state)
{
    for (int flat = 0; flat < 2; flat++) {
        fault_case(flat, 0x00000000, 0, 4, 1, BASE + 4, BASE + 4);          /* UDF */
        fault_case(flat, 0xd4000000, 0, 4, 1, BASE + 4, BASE + 4);          /* unallocated */
        fault_case(flat, 0xd4200000, 0, 5, 1, BASE + 4, BASE + 4);          /* BRK */
        fault_case(flat, 0xf9400020, 0x5000, 11, 1, 0x5000, BASE + 4);      /* LDR x0,[x1] */
        fault_case(flat, 0xd61f0020, 0x10002, 7, 1, 0x10002, 0x10002);      /* BR x1, misaligned */
        fault_case(flat, 0xd61f0020, 0x5000, 11, 1, 0x5000, 0x5000);        /* BR x1, not mapped */
        fault_case(flat, 0xd65f0020, UINT64_C(0xfff0000000000000), 11, 1, UINT64_C(0xfff0000000000000), UINT64_C(0xfff0000000000000));
        fault_case(flat, 0x14000000 | (0x3ffffff & -0x10000), 0, 11, 1, (uint64_t)BASE + 4 - 0x40000, (uint64_t)BASE + 4 - 0x40000);
    }
}

static void test_no_exec(void **state)
{
    struct box b;
    SETUP(&b, false, SVC);
    assert_int_equal(lp_mem_mprotect(b.mem, BASE, LP_PAGE, 3), 0);
    assert_int_equal(lp_cpu_run(&b.cpu), -1);
    assert_int_equal(b.fault.signo, 11);
    assert_int_equal(b.fault.code, 2);
    assert_true(b.fault.addr == BASE);
    teardown(&b);
}

/* The last word of the address space falls through to an address that is none. */
static void test_end_of_space(void **state)
{
    struct box b;
    SETUP(&b, true, NOP);
    code[WORDS - 1] = NOP;
    b.cpu.pc = BASE + sizeof code - 4;
    assert_int_equal(lp_cpu_run(&b.cpu), -1);
    assert_int_equal(b.fault.signo, 11);
    assert_true(b.fault.addr == BASE + sizeof code);
    teardown(&b);
}

/* A tagged address works: the fast access faults, and is done again with the tag stripped. */
static void test_tag(void **state)
{
    for (int flat = 0; flat < 2; flat++) {
        struct box b; /* LDR x0,[x1]; STR x0,[x1,#8]; SVC */
        SETUP(&b, flat, 0xf9400020, 0xf9000420, SVC);
        uint64_t v = UINT64_C(0x1122334455667788), w = 0;
        assert_int_equal(lp_mem_write(b.mem, BASE + 0x100, &v, 8), 0);
        b.cpu.x[1] = UINT64_C(0xab00000000000000) | (BASE + 0x100);
        assert_int_equal(lp_cpu_run(&b.cpu), 1000);
        assert_true(b.cpu.x[0] == v);
        assert_int_equal(lp_mem_read(b.mem, &w, BASE + 0x108, 8), 0);
        assert_true(w == v);
        teardown(&b);
    }
}

static void test_invalidate(void **state)
{
    struct box b; /* SUBS x0,x0,#1; B.NE .+8; SVC #1; SVC #2: the first two are a pair */
    SETUP(&b, false, 0xf1000400, 0x54000041, 0xd4000021, 0xd4000041);
    b.cpu.x[0] = 5;
    assert_int_equal(lp_cpu_run(&b.cpu), 1002);
    uint32_t word = 0xd4000061; /* SVC #3 in place of the branch */
    assert_int_equal(lp_mem_poke(b.mem, BASE + 4, &word, 4), 0);
    lp_ops_invalidate(b.mem, BASE + 4, BASE + 8);
    b.cpu.pc = BASE;
    assert_int_equal(lp_cpu_run(&b.cpu), 1003);
    lp_ops_invalidate(b.mem, 0, UINT64_MAX); /* everything, clamped */
    b.cpu.pc = BASE;
    assert_int_equal(lp_cpu_run(&b.cpu), 1003);
    teardown(&b);
}

/* Code that rewrites itself: STR w2,[x1]; IC IVAU x1; SVC #1 (the word at x1 is the SVC's). */
static void test_ic_ivau(void **state)
{
    struct box b;
    SETUP(&b, false, 0xd4000001, 0xb9000022, 0xd50b7521, 0xd4000021);
    assert_int_equal(lp_cpu_run(&b.cpu), 1000); /* decodes all four */
    b.cpu.x[1] = BASE + 12;
    b.cpu.x[2] = 0xd40000a1; /* SVC #5 */
    assert_int_equal(lp_cpu_run(&b.cpu), 1005);
    teardown(&b);
}

static void test_count(void **state)
{
    for (int flat = 0; flat < 2; flat++) {
        struct box b;
        unsigned first = lp_counter_new(), second = lp_counter_new();
        struct timespec before, after;
        clock_gettime(CLOCK_REALTIME, &before);
        assert_true(first && second && first != second);
        SETUP(&b, flat, 0xd2800140, 0xf1000400, 0x54ffffe1, SVC); /* MOVZ x0,#10; SUBS x0,x0,#1; B.NE .-4; SVC */
        assert_int_equal(lp_ops_count(b.mem, BASE + 4, first), 0);
        assert_int_equal(lp_ops_count(b.mem, BASE + 8, second), 0);
        assert_int_equal(lp_cpu_run(&b.cpu), 1000);
        assert_int_equal(lp_counter_read(first).hits, 10);
        assert_int_equal(lp_counter_read(second).hits, 10);
        lp_ops_invalidate(b.mem, BASE, BASE + 16);
        assert_int_equal(lp_ops_count(b.mem, BASE + 8, 0), 0);
        b.cpu.pc = BASE;
        assert_int_equal(lp_cpu_run(&b.cpu), 1000);
        assert_int_equal(lp_counter_read(first).hits, 20);
        assert_int_equal(lp_counter_read(second).hits, 10);
        for (unsigned i = 0; i < 500; i++) /* the table grows */
            assert_int_equal(lp_ops_count(b.mem, BASE + 16 + 4 * i, second), 0);
        b.cpu.pc = BASE;
        assert_int_equal(lp_cpu_run(&b.cpu), 1000);
        assert_int_equal(lp_counter_read(first).hits, 30);
        clock_gettime(CLOCK_REALTIME, &after);
        struct lp_count c = lp_counter_read(first);
        assert_true(c.first_ms >= (uint64_t)before.tv_sec * 1000 && c.first_ms <= c.last_ms && c.last_ms <= (uint64_t)after.tv_sec * 1000 + 999);
        usleep(20000);
        assert_true(lp_counter_tick());
        b.cpu.pc = BASE;
        assert_int_equal(lp_cpu_run(&b.cpu), 1000);
        assert_true(lp_counter_read(first).last_ms >= c.last_ms + 20);
        assert_int_equal(lp_counter_read(first).first_ms, c.first_ms);
        teardown(&b);
        lp_counter_free(first), lp_counter_free(second);
        assert_int_equal(lp_counter_new(), first); /* again, from the beginning */
        assert_int_equal(lp_counter_read(first).hits, 0);
        lp_counter_free(first);
    }
}

static void test_poll(void **state)
{
    struct box b;
    SETUP(&b, false, 0x14000000); /* B . */
    atomic_store(&b.cpu.poll, LP_POLL_USER);
    assert_int_equal(lp_cpu_run(&b.cpu), 7);
    atomic_store(&b.cpu.poll, LP_POLL_SIGNAL);
    assert_int_equal(lp_cpu_run(&b.cpu), 7);
    teardown(&b);
}

/* ---- the gate ---- */

enum { THREADS = 3 };
static struct lp_gate gate;
static struct lp_cpu cpus[THREADS];

static void *spin(void *arg)
{
    struct lp_cpu *cpu = arg;
    lp_cpu_run(cpu);
    return NULL;
}

static void test_gate(void **state)
{
    struct box b; /* ADD x0,x0,#1; B .-4 */
    pthread_t threads[THREADS];
    SETUP(&b, false, 0x91000400, 0x17ffffff);
    lp_gate_init(&gate);
    for (int i = 0; i < THREADS; i++) {
        lp_cpu_init(&cpus[i], b.mem, &gate, &upcalls, &b);
        cpus[i].pc = BASE;
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
    uint32_t word = 0xd4000121;
    assert_int_equal(lp_mem_poke(b.mem, BASE, &word, 4), 0);
    lp_ops_invalidate(b.mem, BASE, BASE + 4);
    lp_gate_resume(&gate);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(cpus[i].pc, BASE + 4);
        lp_gate_remove(&gate, &cpus[i]);
    }
    lp_gate_destroy(&gate);
    teardown(&b);
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
