/* test_mops.c - memory copy and set (MOPS): sizes, directions, overlaps, faults, what is left in the middle, and the steps out of their order. X0 is the
 * destination, X1 the source or the value, X2 the size. */
#include <config.h>
#include <signal.h>
#include <sys/time.h>
#include "cpu_rig.h"

static const uint32_t copy_forward[] = {0x19010440, 0x19410440, 0x19810440}, copy_any[] = {0x1d010440, 0x1d410440, 0x1d810440},
                      set[] = {0x19c10440, 0x19c14440, 0x19c18440};

/* The three steps, or only the first of them; the signal, or 0. */
static int steps(const uint32_t *words, unsigned n, uint64_t to, uint64_t from, uint64_t size)
{
    lp_cpu_init(&cpu, m, &gate, &upcalls, &fault);
    lp_set_nzcv(&cpu, 0xf0000000);
    cpu.x[0] = to, cpu.x[1] = from, cpu.x[2] = size;
    run(words, n);
    return fault.signo;
}

static void copies(const uint32_t *words, unsigned to, unsigned from, unsigned size)
{
    static uint8_t want[2 * LP_PAGE];
    fill();
    memcpy(want, data, sizeof want);
    memmove(want + to, want + from, size);
    assert_int_equal(steps(words, 3, DATA + to, TAG | (DATA + from), size), 0);
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
    assert_int_equal(steps(copy_forward, 1, DATA, DATA + 64, 32), 0);
    assert_true(cpu.x[0] == DATA + 32 && cpu.x[1] == DATA + 96 && cpu.x[2] == (uint64_t)-32 && lp_nzcv(&cpu) == 0);
    assert_int_equal(steps(copy_any, 1, DATA + 8, DATA, 32), 0);
    assert_true(cpu.x[0] == DATA + 8 && cpu.x[1] == DATA && cpu.x[2] == 32);
    assert_int_equal(steps(copy_any, 1, DATA + 32, DATA, 32), 0); /* they touch only */
    assert_true(cpu.x[2] == (uint64_t)-32);
    assert_int_equal(steps(copy_any, 1, DATA, DATA + 64, UINT64_MAX), 0);
    assert_true(cpu.x[2] == -(UINT64_MAX >> 9));
    assert_int_equal(steps(copy_forward, 1, DATA, DATA + 64, UINT64_MAX), 0);
    assert_true(cpu.x[2] == -(UINT64_MAX >> 1));
}

static void test_set(void **state)
{
    fill();
    assert_int_equal(steps(set, 3, DATA + 5, 0xabc, LP_PAGE), 0);
    assert_int_equal(data[4], filled(4));
    for (unsigned i = 5; i < LP_PAGE + 5; i++)
        assert_int_equal(data[i], 0xbc);
    assert_int_equal(data[LP_PAGE + 5], filled(LP_PAGE + 5));
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
            steps(copy_any, 3, DATA, DATA, 0); /* the words */
            cpu.x[0] = DATA + 100 + 64 * back, cpu.x[1] = DATA + (back ? 60 + 64 : 140), cpu.x[2] = 64;
            lp_set_nzcv(&cpu, UINT32_C(0x20000000) | back << 31);
            go(CODE + 4 * step);
            assert_int_equal(fault.signo, 0);
            assert_memory_equal(data, want, sizeof want);
            assert_true(cpu.x[2] == 0 && lp_nzcv(&cpu) == 0 && cpu.pc == CODE + 16);
        }
        fill();
        steps(set, 3, DATA, 0, 0);
        cpu.x[0] = DATA + 8, cpu.x[1] = 0xee, cpu.x[2] = 3;
        lp_set_nzcv(&cpu, 0x20000000);
        go(CODE + 4 * step);
        assert_int_equal(fault.signo, 0);
        assert_true(data[7] == filled(7) && data[8] == 0xee && data[10] == 0xee && data[11] == filled(11) && cpu.x[0] == DATA + 11 && cpu.x[2] == 0);
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
    assert_int_equal(steps(copy_forward, 3, END - 20, DATA, 64), LP_SIGSEGV);
    assert_true(fault.addr == END && cpu.pc == CODE + 4 && cpu.x[2] == (uint64_t)-44);
    assert_memory_equal(data + 2 * LP_PAGE - 20, data, 20);
    cpu.x[0] = DATA + LP_PAGE + 44; /* the rest elsewhere */
    go(CODE + 4);
    assert_int_equal(fault.signo, 0);
    assert_memory_equal(data + LP_PAGE, data + 20, 44);
    assert_true(cpu.x[2] == 0);
    assert_int_equal(steps(copy_any, 3, DATA, END - 4, 16), LP_SIGSEGV);
    assert_true(fault.addr == END && cpu.x[2] == (uint64_t)-12);
    assert_int_equal(steps(set, 3, END - 9, 1, 10), LP_SIGSEGV);
    assert_true(fault.addr == END && cpu.x[2] == (uint64_t)-1);
    assert_int_equal(steps(copy_any, 3, DATA - 3 + LP_PAGE, CODE - 3, 16), LP_SIGSEGV);
}

/* Whoever waits for a safepoint need not wait for the end: a step leaves behind each piece, with PC at it, and is then executed again. */
static unsigned pieces(const uint32_t *words, uint64_t to, uint64_t from, uint64_t size)
{
    const union lp_op_fn *table = flat ? lp_checked_table : lp_op_table;
    sigjmp_buf env;
    volatile unsigned n = 0;
    assert_int_equal(steps(words, 1, to, from, size), 0);
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
        assert_int_equal(data[i + 2], i == 0 || i == 1001 ? filled(i + 2) : 0x55);
    assert_in_range(pieces(copy_forward, DATA + LP_PAGE, DATA + 1, 999), 1, 999);
    assert_memory_equal(data + LP_PAGE, data + 1, 999);
    assert_int_equal(pieces(set, DATA, 0x11, 1), 0); /* nothing left to come back for */
}
/* The same with a timer: safepoints in the middle, and a limited run counts three instructions. */
static volatile unsigned inside; /* safepoints in the middle of a main step */
static void look_inside(struct lp_cpu *c) { inside += c->pc == CODE + 4 && c->x[2] != 0 && c->x[2] != (uint64_t)-2 * LP_PAGE; }
static void on_timer(int sig) { atomic_fetch_or(&cpu.poll, LP_POLL_USER); }
static void test_left(void **state)
{
    const struct itimerval every = {{0, 50}, {0, 50}}, none = {{0, 0}, {0, 0}};
    const bool limited = flat;
    const struct lp_upcalls looking = {.svc = on_svc, .fault = on_fault, .safepoint = look_inside};
    signal(SIGALRM, on_timer);
    assert_int_equal(steps(set, 3, DATA, 0x22, 2 * LP_PAGE), 0);
    cpu.up = &looking;
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

/* Equal registers; the state of another implementation. */
static void test_refused(void **state)
{
    static const uint32_t same[] = {0x1d000440}, main_only[] = {0x1d410440};
    struct lp_op op;
    assert_int_equal(steps(same, 1, DATA, DATA, 1), LP_SIGILL);
    /* There is no prologue before it: that is where it goes back to. */
    assert_int_equal(steps(main_only, 1, DATA, DATA + 64, 1), LP_SIGSEGV);
    assert_true(fault.addr == CODE - 4 && cpu.x[0] == DATA - 1 && cpu.x[1] == DATA + 63 && cpu.x[2] == 1);
    assert_int_equal(lp_a64_decode(0x1d01045f, 0, LP_A64_ALL, &op), A64_UNDEFINED);
}

BOTH(test_copy)
BOTH(test_prologue)
BOTH(test_other_option)
BOTH(test_set)
BOTH(test_fault)
BOTH(test_pieces)
BOTH(test_left)
BOTH(test_refused)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_copy), T(test_prologue), T(test_other_option), T(test_set), T(test_fault), T(test_pieces), T(test_left), T(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
