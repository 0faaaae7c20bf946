/* Floating point against the Arm ARM's definitions: NaNs, flags, flushing, rounding, estimates, conversions, and the host environment. */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "a64/a64.h"
#include "exec/fp.h"

#define S_ONE 0x3f800000u
#define S_INF 0x7f800000u
#define S_QNAN 0x7fc00001u
#define S_SNAN 0x7f800001u
#define S_DEFAULT 0x7fc00000u
#define D_ONE 0x3ff0000000000000u
#define D_INF 0x7ff0000000000000u
#define D_QNAN 0x7ff8000000000123u
#define D_SNAN 0x7ff0000000000321u
#define D_DEFAULT 0x7ff8000000000000u
#define D_NEG 0x8000000000000000u
#define D_TINIEST 0x0010000000000000u /* smallest normal */

static struct lp_cpu cpu;

static void begin(uint32_t fpcr)
{
    memset(&cpu, 0, sizeof cpu);
    lp_fp_set_fpcr(&cpu, fpcr);
}
#define EXPECT(call, value, flags)                                  \
    do {                                                            \
        lp_fp_set_fpsr(&cpu, 0);                                    \
        const uint64_t r_ = (call);                                 \
        assert_int_equal(r_, value);                                \
        assert_int_equal(lp_fp_get_fpsr(&cpu), flags);              \
    } while (0)

static void nan_propagation(void **state)
{
    begin(0);
    EXPECT(lp_fp_add(&cpu, LP_D, D_QNAN, D_SNAN), D_SNAN | 1ull << 51, LP_IOC); /* the signalling one first */
    EXPECT(lp_fp_add(&cpu, LP_D, D_QNAN, D_QNAN ^ 1), D_QNAN, 0);               /* else operand order */
    EXPECT(lp_fp_mul(&cpu, LP_D, D_ONE, D_NEG | D_QNAN), D_NEG | D_QNAN, 0);
    EXPECT(lp_fp_sub(&cpu, LP_D, D_ONE, D_QNAN), D_QNAN, 0); /* subtraction does not negate it */
    EXPECT(lp_fp_nmul(&cpu, LP_D, D_ONE, D_QNAN), D_NEG | D_QNAN, 0);
    EXPECT(lp_fp_abd(&cpu, LP_D, D_ONE, D_NEG | D_QNAN), D_QNAN, 0);
    EXPECT(lp_fp_mla(&cpu, LP_S, S_QNAN, S_ONE, S_SNAN), S_SNAN | 1u << 22, LP_IOC);
    EXPECT(lp_fp_mla(&cpu, LP_S, S_QNAN, S_QNAN ^ 2, S_ONE), S_QNAN, 0); /* the addend is the first operand */
    EXPECT(lp_fp_sqrt(&cpu, LP_S, S_SNAN), S_SNAN | 1u << 22, LP_IOC);
    begin(LP_FPCR_DN);
    EXPECT(lp_fp_add(&cpu, LP_D, D_NEG | D_QNAN, D_ONE), D_DEFAULT, 0);
    EXPECT(lp_fp_mul(&cpu, LP_H, 0xfc01, 0x3c00), 0x7e00, LP_IOC);
}

static void invalid_operations(void **state)
{
    begin(0);
    EXPECT(lp_fp_sub(&cpu, LP_D, D_INF, D_INF), D_DEFAULT, LP_IOC); /* positive, unlike x86's */
    EXPECT(lp_fp_mul(&cpu, LP_S, S_INF, 0), S_DEFAULT, LP_IOC);
    EXPECT(lp_fp_div(&cpu, LP_D, 0, D_NEG), D_DEFAULT, LP_IOC);
    EXPECT(lp_fp_div(&cpu, LP_D, D_NEG | D_INF, D_INF), D_DEFAULT, LP_IOC);
    EXPECT(lp_fp_div(&cpu, LP_D, D_NEG | D_ONE, 0), D_NEG | D_INF, LP_DZC);
    EXPECT(lp_fp_sqrt(&cpu, LP_D, D_NEG | D_ONE), D_DEFAULT, LP_IOC);
    EXPECT(lp_fp_sqrt(&cpu, LP_D, D_NEG), D_NEG, 0);
    EXPECT(lp_fp_mla(&cpu, LP_D, D_QNAN, D_INF, 0), D_DEFAULT, LP_IOC); /* even with a quiet NaN added */
    EXPECT(lp_fp_mla(&cpu, LP_D, D_NEG | D_INF, D_INF, D_ONE), D_DEFAULT, LP_IOC);
    EXPECT(lp_fp_mulx(&cpu, LP_D, D_INF, D_NEG), D_NEG | 0x4000000000000000u, 0); /* FMULX: -2 */
    EXPECT(lp_fp_recps(&cpu, LP_S, S_INF, 0), 0x40000000, 0);                     /* 2 */
    EXPECT(lp_fp_rsqrts(&cpu, LP_S, 0, S_INF), 0x3fc00000, 0);                    /* 1.5 */
}

static void flags_of_results(void **state)
{
    begin(0);
    EXPECT(lp_fp_add(&cpu, LP_S, S_ONE, 0x33000000), S_ONE, LP_IXC);             /* 1 + 2^-25 */
    EXPECT(lp_fp_mul(&cpu, LP_S, 0x7f7fffff, 0x40000000), S_INF, LP_OFC | LP_IXC);
    EXPECT(lp_fp_mul(&cpu, LP_S, 0x00800000, 0x3f000000), 0x00400000, 0);        /* subnormal but exact */
    EXPECT(lp_fp_mul(&cpu, LP_S, 0x00000001, 0x3f000000), 0, LP_UFC | LP_IXC);
    /* (1 + 2^-52)(1 - 2^-52) * 2^-1022 is tiny before rounding, the smallest normal number after it. */
    EXPECT(lp_fp_mul(&cpu, LP_D, D_TINIEST + 1, D_ONE - 2), D_TINIEST, LP_UFC | LP_IXC);
    begin(LP_RZ << 22);
    EXPECT(lp_fp_mul(&cpu, LP_S, 0x7f7fffff, 0x40000000), 0x7f7fffff, LP_OFC | LP_IXC);
    begin(LP_RM << 22);
    EXPECT(lp_fp_sub(&cpu, LP_D, D_ONE, D_ONE), D_NEG, 0); /* an exact zero sum is -0 when rounding down */
    EXPECT(lp_fp_add(&cpu, LP_S, S_ONE, 0xb3000000), 0x3f7fffff, LP_IXC);
    begin(LP_RP << 22);
    EXPECT(lp_fp_div(&cpu, LP_D, D_ONE, 0x4008000000000000u), 0x3fd5555555555556u, LP_IXC);
    EXPECT(lp_fp_sqrt(&cpu, LP_S, 0x40000000), 0x3fb504f4, LP_IXC);
}

static void flush_to_zero(void **state)
{
    begin(LP_FPCR_FZ);
    EXPECT(lp_fp_add(&cpu, LP_S, 0x80000001, 0x80000000), 0x80000000, LP_IDC);
    EXPECT(lp_fp_mul(&cpu, LP_S, 0x00800000, 0x3f000000), 0, LP_UFC); /* not inexact */
    EXPECT(lp_fp_mul(&cpu, LP_D, D_TINIEST + 1, D_ONE - 2), 0, LP_UFC);
    EXPECT(lp_fp_compare(&cpu, LP_D, 1, 0, false), 6, LP_IDC);
    EXPECT(lp_fp_max(&cpu, LP_S, 0x80000001, 0), 0, LP_IDC);
    EXPECT(lp_fp_to_fixed(&cpu, LP_S, 1, 0, false, LP_RP, 32), 0, LP_IDC);
    EXPECT(lp_fp_rint(&cpu, LP_S, 1, LP_RP, true), 0, LP_IDC);
    EXPECT(lp_fp_convert(&cpu, LP_D, LP_S, 0x3800000000000000u, LP_RN), 0, LP_UFC);
    EXPECT(lp_fp_convert(&cpu, LP_S, LP_H, 0x33800000, LP_RN), 0x0001, 0); /* FZ is not for half results */
    EXPECT(lp_fp_add(&cpu, LP_H, 0x0001, 0), 0x0001, 0);
    begin(LP_FPCR_FZ16);
    EXPECT(lp_fp_add(&cpu, LP_H, 0x0001, 0), 0, 0); /* silently */
    EXPECT(lp_fp_convert(&cpu, LP_H, LP_S, 0x0001, LP_RN), 0x33800000, 0);
    EXPECT(lp_fp_add(&cpu, LP_S, 1, 0), 1, 0);
}

static void minimum_maximum(void **state)
{
    begin(0);
    EXPECT(lp_fp_max(&cpu, LP_D, D_NEG, 0), 0, 0);
    EXPECT(lp_fp_min(&cpu, LP_D, 0, D_NEG), D_NEG, 0);
    EXPECT(lp_fp_max(&cpu, LP_D, D_ONE, D_QNAN), D_QNAN, 0);
    EXPECT(lp_fp_maxnm(&cpu, LP_D, D_ONE, D_QNAN), D_ONE, 0);
    EXPECT(lp_fp_minnm(&cpu, LP_D, D_QNAN, D_NEG | D_INF), D_NEG | D_INF, 0);
    EXPECT(lp_fp_maxnm(&cpu, LP_D, D_ONE, D_SNAN), D_SNAN | 1ull << 51, LP_IOC);
    EXPECT(lp_fp_maxnm(&cpu, LP_D, D_QNAN, D_QNAN ^ 2), D_QNAN, 0);
}

static void comparisons(void **state)
{
    begin(0);
    EXPECT(lp_fp_compare(&cpu, LP_D, 0, D_NEG, false), 6, 0);
    EXPECT(lp_fp_compare(&cpu, LP_S, 0xbf800000, S_ONE, false), 8, 0);
    EXPECT(lp_fp_compare(&cpu, LP_S, S_INF, S_ONE, false), 2, 0);
    EXPECT(lp_fp_compare(&cpu, LP_S, S_QNAN, S_ONE, false), 3, 0);
    EXPECT(lp_fp_compare(&cpu, LP_S, S_QNAN, S_ONE, true), 3, LP_IOC);
    EXPECT(lp_fp_compare(&cpu, LP_S, S_ONE, S_SNAN, false), 3, LP_IOC);
    EXPECT(lp_fp_cmeq(&cpu, LP_S, S_QNAN, S_QNAN), 0, 0);
    EXPECT(lp_fp_cmge(&cpu, LP_S, S_QNAN, S_ONE), 0, LP_IOC);
    EXPECT(lp_fp_acgt(&cpu, LP_D, D_NEG | D_INF, D_ONE), UINT64_MAX, 0);
}

static void estimates(void **state)
{
    begin(0);
    EXPECT(lp_fp_recpe(&cpu, LP_S, S_ONE), 0x3f7f8000, 0); /* 511/512 */
    EXPECT(lp_fp_recpe(&cpu, LP_D, 0x4000000000000000u), 0x3fdff00000000000u, 0);
    EXPECT(lp_fp_recpe(&cpu, LP_S, 0x80000000), 0xff800000, LP_DZC);
    EXPECT(lp_fp_recpe(&cpu, LP_S, 0x001fffff), S_INF, LP_OFC | LP_IXC); /* below 2^-128 */
    EXPECT(lp_fp_recpe(&cpu, LP_S, 0x7f000000), 0x003fe000, 0); /* of 2^127: 511/512 * 2^-127, subnormal */
    EXPECT(lp_fp_recpe(&cpu, LP_S, S_INF | 1u << 31), 0x80000000, 0);
    EXPECT(lp_fp_rsqrte(&cpu, LP_S, S_ONE), 0x3f7f8000, 0);
    EXPECT(lp_fp_rsqrte(&cpu, LP_S, 0x40800000), 0x3eff8000, 0); /* of 4 */
    EXPECT(lp_fp_rsqrte(&cpu, LP_S, 0xbf800000), S_DEFAULT, LP_IOC);
    EXPECT(lp_fp_rsqrte(&cpu, LP_D, D_NEG), D_NEG | D_INF, LP_DZC);
    EXPECT(lp_fp_recpx(&cpu, LP_S, S_ONE), 0x40000000, 0); /* inverted exponent field, no fraction */
    EXPECT(lp_fp_recpx(&cpu, LP_S, 0), 0x7f000000, 0);
    EXPECT(lp_fp_recps(&cpu, LP_D, D_ONE, D_ONE), D_ONE, 0);
    EXPECT(lp_fp_rsqrts(&cpu, LP_D, D_ONE, D_ONE), D_ONE, 0);
    assert_int_equal(lp_fp_urecpe(0x7fffffff), UINT32_MAX);
    assert_int_equal(lp_fp_urecpe(0x80000000), 0xff800000);
    assert_int_equal(lp_fp_ursqrte(0x3fffffff), UINT32_MAX);
    assert_int_equal(lp_fp_ursqrte(0x40000000), 0xff800000);
    begin(LP_FPCR_FZ | LP_RZ << 22);
    EXPECT(lp_fp_recpe(&cpu, LP_S, 0x7f000000), 0, LP_UFC);
    begin(LP_RZ << 22);
    EXPECT(lp_fp_recpe(&cpu, LP_S, 1), 0x7f7fffff, LP_OFC | LP_IXC);
}

static void integral_values(void **state)
{
    static const struct { uint32_t in; enum lp_fp_round mode; uint32_t out; } t[] = {
        {0x40200000, LP_RN, 0x40000000}, {0x40600000, LP_RN, 0x40800000}, {0x40200000, LP_RA, 0x40400000}, /* 2.5 3.5 2.5 */
        {0xc0200000, LP_RA, 0xc0400000}, {0xbf000000, LP_RN, 0x80000000}, {0xbf000000, LP_RM, 0xbf800000}, /* -2.5 -0.5 */
        {0x3dcccccd, LP_RP, S_ONE},      {0x3f7fffff, LP_RZ, 0},          {0x4b800001, LP_RP, 0x4b800001},
        {0xff800000, LP_RN, 0xff800000}, {0x80000000, LP_RP, 0x80000000},
    };
    begin(0);
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
        EXPECT(lp_fp_rint(&cpu, LP_S, t[i].in, t[i].mode, false), t[i].out, 0);
    EXPECT(lp_fp_rint(&cpu, LP_S, 0x40200000, LP_RN, true), 0x40000000, LP_IXC);
    EXPECT(lp_fp_rint(&cpu, LP_S, 0x40000000, LP_RN, true), 0x40000000, 0);
}

static void integers(void **state)
{
    bool z;
    begin(0);
    EXPECT(lp_fp_to_fixed(&cpu, LP_D, 0xc004000000000000u, 0, false, LP_RA, 64), (uint64_t)-3, LP_IXC); /* -2.5 */
    EXPECT(lp_fp_to_fixed(&cpu, LP_D, 0xc004000000000000u, 0, false, LP_RN, 32), 0xfffffffeu, LP_IXC);
    EXPECT(lp_fp_to_fixed(&cpu, LP_D, D_NEG | D_ONE, 0, true, LP_RZ, 64), 0, LP_IOC);
    EXPECT(lp_fp_to_fixed(&cpu, LP_D, 0xbfe0000000000000u, 0, true, LP_RZ, 64), 0, LP_IXC); /* -0.5 truncates into range */
    EXPECT(lp_fp_to_fixed(&cpu, LP_D, 0x41e0000000000000u, 0, false, LP_RZ, 32), 0x7fffffff, LP_IOC);
    EXPECT(lp_fp_to_fixed(&cpu, LP_D, 0xc1e0000000000000u, 0, false, LP_RZ, 32), 0x80000000u, 0);
    EXPECT(lp_fp_to_fixed(&cpu, LP_D, 0xc1e0000000100000u, 0, false, LP_RZ, 32), 0x80000000u, LP_IXC);
    EXPECT(lp_fp_to_fixed(&cpu, LP_D, D_QNAN, 0, false, LP_RZ, 64), 0, LP_IOC);
    EXPECT(lp_fp_to_fixed(&cpu, LP_S, S_INF, 0, true, LP_RZ, 64), UINT64_MAX, LP_IOC);
    EXPECT(lp_fp_to_fixed(&cpu, LP_S, 0x3fc00000, 8, false, LP_RZ, 32), 0x180, 0); /* 1.5 in 24.8 */
    EXPECT(lp_fp_to_fixed(&cpu, LP_H, 0x7bff, 0, false, LP_RZ, 16), 0x7fff, LP_IOC); /* 65504 */
    EXPECT(lp_fp_from_fixed(&cpu, LP_S, 0x1000001, 0, false), 0x4b800000, LP_IXC);
    EXPECT(lp_fp_from_fixed(&cpu, LP_D, UINT64_MAX, 0, true), 0x43f0000000000000u, LP_IXC);
    EXPECT(lp_fp_from_fixed(&cpu, LP_D, UINT64_MAX, 64, false), 0xbbf0000000000000u, 0); /* -1 * 2^-64 */
    EXPECT(lp_fp_from_fixed(&cpu, LP_H, 65520, 0, false), 0x7c00, LP_OFC | LP_IXC);
    EXPECT(lp_fp_to_js(&cpu, 0x41f0000000100000u, &z), 1, LP_IOC); /* 2^32 + 1 */
    assert_false(z);
    EXPECT(lp_fp_to_js(&cpu, 0xc008000000000000u, &z), 0xfffffffdu, 0); /* -3 */
    assert_true(z);
    EXPECT(lp_fp_to_js(&cpu, D_NEG, &z), 0, 0);
    assert_false(z);
}

static void formats(void **state)
{
    begin(0);
    EXPECT(lp_fp_convert(&cpu, LP_S, LP_D, 0xff800001, LP_RN), 0xfff8000020000000u, LP_IOC);
    EXPECT(lp_fp_convert(&cpu, LP_D, LP_S, 0x7ff8000020000000u, LP_RN), 0x7fc00001, 0);
    EXPECT(lp_fp_convert(&cpu, LP_D, LP_H, 0x40effe0000000000u, LP_RN), 0x7c00, LP_OFC | LP_IXC); /* 65520 */
    EXPECT(lp_fp_convert(&cpu, LP_D, LP_S, D_ONE + 1, LP_RODD), 0x3f800001, LP_IXC);
    EXPECT(lp_fp_convert(&cpu, LP_D, LP_S, 0x7fefffffffffffffu, LP_RODD), 0x7f7fffff, LP_OFC | LP_IXC);
    EXPECT(lp_fp_convert(&cpu, LP_H, LP_D, 0x8001, LP_RN), 0xbe70000000000000u, 0); /* -2^-24 */
    EXPECT(lp_fp_convert(&cpu, LP_S, LP_H, 0x33000000, LP_RN), 0, LP_UFC | LP_IXC); /* 2^-25, halfway */
    begin(LP_FPCR_AHP);
    EXPECT(lp_fp_convert(&cpu, LP_H, LP_S, 0x7c00, LP_RN), 0x47800000, 0); /* 65536: no infinity */
    EXPECT(lp_fp_convert(&cpu, LP_S, LP_H, S_INF, LP_RN), 0x7fff, LP_IOC);
    EXPECT(lp_fp_convert(&cpu, LP_S, LP_H, 0x80000000 | S_QNAN, LP_RN), 0x8000, LP_IOC);
    EXPECT(lp_fp_convert(&cpu, LP_S, LP_H, 0x48000000, LP_RN), 0x7fff, LP_IOC);
}

/* Handlers, as the dispatch and the JIT call them. */
typedef void handler(struct lp_cpu *, const struct lp_op *);
handler lp_op_FMUL_s, lp_op_FDIV_s, lp_op_FADD_v, lp_op_FDIV_v, lp_op_FMOV_imm, lp_op_FCMP, lp_op_FCVTZS, lp_op_FMADD, lp_op_FNMUL_s;

static void execute(uint32_t word, unsigned row, handler *fn)
{
    struct lp_op op;
    assert_int_equal(lp_a64_decode(word, 0, LP_A64_ALL, &op), row);
    fn(&cpu, &op);
}

static void handlers(void **state)
{
    begin(0);
    lp_fp_enter(&cpu);
    memset(cpu.v, 0xff, sizeof cpu.v);
    execute(0x1e6e1001, A64_FMOV_imm, lp_op_FMOV_imm); /* fmov d1, #1.0 */
    assert_int_equal(cpu.v[1].d[0], D_ONE);
    assert_int_equal(cpu.v[1].d[1], 0);
    cpu.v[2].d[0] = D_TINIEST + 1, cpu.v[3].d[0] = D_ONE - 2;
    execute(0x1e630840, A64_FMUL_s, lp_op_FMUL_s); /* fmul d0, d2, d3 */
    assert_int_equal(cpu.v[0].d[0], D_TINIEST);
    assert_int_equal(lp_fp_get_fpsr(&cpu), LP_UFC | LP_IXC);
    lp_fp_set_fpsr(&cpu, 0);
    cpu.v[2].d[0] = 0, cpu.v[3].d[0] = 0;
    execute(0x1e631840, A64_FDIV_s, lp_op_FDIV_s); /* fdiv d0, d2, d3 */
    assert_int_equal(cpu.v[0].d[0], D_DEFAULT);
    execute(0x1e632040, A64_FCMP, lp_op_FCMP); /* fcmp d2, d3 */
    assert_int_equal(lp_nzcv(&cpu), 0x60000000);
    cpu.v[2].d[0] = 0xc1e0000000000000u;
    execute(0x1e780045, A64_FCVTZS, lp_op_FCVTZS); /* fcvtzs w5, d2 */
    assert_int_equal(cpu.x[5], 0x80000000u);
    /* fmadd s0, s1, s2, s3: inf * 0 + qNaN */
    cpu.v[1].d[0] = S_INF, cpu.v[2].d[0] = 0, cpu.v[3].d[0] = S_QNAN;
    execute(0x1f020c20, A64_FMADD, lp_op_FMADD);
    assert_int_equal(cpu.v[0].d[0], S_DEFAULT);
    lp_fp_leave(&cpu);
}

/* The upper half of a 64-bit form neither computes nor survives. */
static void vector_halves(void **state)
{
    begin(0);
    lp_fp_enter(&cpu);
    for (unsigned i = 0; i < 2; i++)
        cpu.v[1].d[i] = 0, cpu.v[2].d[i] = (uint64_t)S_ONE << 32 | S_ONE;
    cpu.v[2].d[1] = 0;
    execute(0x2e22fc20, A64_FDIV_v, lp_op_FDIV_v); /* fdiv v0.2s, v1.2s, v2.2s: 0/0 above */
    assert_int_equal(cpu.v[0].d[0] | cpu.v[0].d[1], 0);
    assert_int_equal(lp_fp_get_fpsr(&cpu), 0);
    cpu.v[1].s[0] = S_SNAN, cpu.v[1].s[1] = S_ONE;
    execute(0x0e22d420, A64_FADD_v, lp_op_FADD_v); /* fadd v0.2s, v1.2s, v2.2s */
    assert_int_equal(cpu.v[0].d[0], (uint64_t)0x40000000 << 32 | S_SNAN | 1u << 22);
    assert_int_equal(cpu.v[0].d[1], 0);
    assert_int_equal(lp_fp_get_fpsr(&cpu), LP_IOC);
    lp_fp_leave(&cpu);
}

static volatile double host_one = 1, host_three = 3, host_sink;
static void environment(void **state)
{
    const double third = host_one / host_three;
    begin(0);
    lp_fp_set_fpcr(&cpu, UINT32_MAX);
    assert_int_equal(cpu.fpcr, LP_FPCR_MASK); /* no trap enables */
    lp_fp_set_fpcr(&cpu, LP_RP << 22);
    lp_fp_enter(&cpu);
    cpu.v[2].d[0] = D_ONE, cpu.v[3].d[0] = 0x4008000000000000u;
    execute(0x1e631840, A64_FDIV_s, lp_op_FDIV_s);
    assert_int_equal(cpu.v[0].d[0], 0x3fd5555555555556u);
    /* fnmul d0, d2, d0 rounds the product up, then negates: (1 + 2^-52)^2 */
    cpu.v[2].d[0] = cpu.v[3].d[0] = D_ONE + 1;
    execute(0x1e638840, A64_FNMUL_s, lp_op_FNMUL_s);
    assert_int_equal(cpu.v[0].d[0], D_NEG | (D_ONE + 3));
    lp_fp_leave(&cpu);
    host_sink = host_one / host_three;
    assert_memory_equal(&third, (const void *)&host_sink, sizeof third); /* the host's own mode is back */
    assert_int_equal(cpu.fpsr, LP_IXC);
    assert_int_equal(lp_fp_get_fpsr(&cpu), LP_IXC);
    lp_fp_set_fpsr(&cpu, UINT32_MAX);
    assert_int_equal(lp_fp_get_fpsr(&cpu), LP_FPSR_MASK);
    lp_fp_enter(&cpu);
    lp_fp_set_fpsr(&cpu, 0); /* clears the host's sticky flags as well */
    assert_int_equal(lp_fp_get_fpsr(&cpu), 0);
    lp_fp_leave(&cpu);
    assert_int_equal(cpu.fpsr, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nan_propagation), cmocka_unit_test(invalid_operations), cmocka_unit_test(flags_of_results),
        cmocka_unit_test(flush_to_zero),   cmocka_unit_test(minimum_maximum),    cmocka_unit_test(comparisons),
        cmocka_unit_test(estimates),       cmocka_unit_test(integral_values),    cmocka_unit_test(integers),
        cmocka_unit_test(formats),         cmocka_unit_test(handlers),           cmocka_unit_test(vector_halves),
        cmocka_unit_test(environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
