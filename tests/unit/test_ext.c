/* test_ext.c - beyond Armv8.0, what one vector (tests/a64) cannot show: state between instructions (DIT, SSBS, RNG, WFxT), counters, that AT_HWCAP and the
 * ID registers name what is there, PAuth by its properties, and what changes nothing. */
#include <config.h>
#include <unistd.h>
#include "cpu_rig.h"

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

/* A wait with a limit that is to come takes time, not turns: each lasts up to 0.1 ms, and none much longer than the limit. */
static void test_wait(void **state)
{
    enum { WAIT = 20000000 };
    memset(&cpu, 0, sizeof cpu);
    execute(0xd53be043); /* mrs x3, cntvct_el0 */
    const uint64_t start = cpu.x[3];
    unsigned turns = 0;
    for (cpu.x[1] = start + WAIT; cpu.x[3] < cpu.x[1]; turns++) {
        execute(turns % 2 ? 0xd5031001 : 0xd5031021); /* wfet x1; wfit x1 */
        execute(0xd53be043);
    }
    assert_in_range(turns, 1, 2 * WAIT / 100000);
    execute(0xd53be043);
    cpu.x[1] = cpu.x[3] - 1;
    execute(0xd5031001); /* over: at once */
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
    assert_int_equal(run(code, sizeof code / 4), DONE);
    assert_true(cpu.pc == CODE + 8);
    cpu.x[30] = 0; /* nothing is there even if 0 is its code */
    assert_true(RUN(0xd65f0bff) == FAULTED && fault.signo == LP_SIGSEGV);
    cpu.x[0] = DATA + 64;
    OK(0xdac12be0 /* pacdza x0 */, 0xf8201c04 /* ldraa x4, [x0, #8]! */);
    assert_true(cpu.x[0] == DATA + 72 && (cpu.x[4] & 255) == data[72]);
}

/* BC.cond goes where B.cond goes. */
static void test_hinted_branch(void **state)
{
    static const uint32_t code[] = {0xf100001f /* cmp x0, #0 */, 0x54000050 /* bc.eq +8 */, 0x91000421 /* add x1, x1, #1 */,
                                    0x54000051 /* bc.ne +8 */, 0x91000821 /* add x1, x1, #2 */, 0x91001021 /* add x1, x1, #4 */};
    for (unsigned x = 0; x < 2; x++) {
        cpu.x[0] = x, cpu.x[1] = 0;
        assert_int_equal(run(code, 6), DONE);
        assert_int_equal(cpu.x[1], x ? 5 : 6);
    }
}

/* DC CVADP faults where a load would; the barriers and hints change nothing; the self-synchronised counter goes on. */
static void test_quiet(void **state)
{
    cpu.x[0] = 64;
    assert_true(RUN(0xd50b7d20 /* dc cvadp, x0 */) == FAULTED && fault.signo == LP_SIGSEGV);
    cpu.x[0] = DATA;
    OK(0xd50b7d20);
    cpu.x[1] = 2, cpu.x[2] = 3;
    OK(0xd503323f /* dsb oshnxs */, 0xd5033e3f /* dsb synxs */, 0xd503309f /* ssbb */, 0xd503349f /* pssbb */, 0xd50320df /* dgh */, 0xd503221f /* esb */,
       0xd503223f /* psb csync */, 0xd503225f /* tsb csync */, 0xd503229f /* csdb */, 0xd503209f /* sev */, 0xd50320bf /* sevl */);
    assert_true(cpu.x[0] == DATA && cpu.x[1] == 2 && cpu.x[2] == 3);
    OK(0xd53be0c0 /* mrs x0, CNTVCTSS_EL0 */, 0xd53be0c1);
    assert_true(cpu.x[0] != 0 && cpu.x[1] >= cpu.x[0]);
}

BOTH(test_pauth_flow)
BOTH(test_hinted_branch)
BOTH(test_quiet)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_system), cmocka_unit_test(test_counter), cmocka_unit_test(test_wait), cmocka_unit_test(test_features),
        cmocka_unit_test(test_pauth), T(test_pauth_flow), T(test_hinted_branch), T(test_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
