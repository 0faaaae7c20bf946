/* Floating point proven against armfp.c, the manual's pseudocode in unbounded integers: scalars. Every half operand, dense and adversarial sets of
 * the others. FP_EXACT_ALL=1 (hours) adds all 2^32 singles. */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "fp_check.h"

/* ---- every half ---- */
/* AHP and RMode matter to conversions, so those get every FPCR; others get each bit and mode. */
static void half_operands(const struct insn *rows, unsigned n, uint32_t fields, bool every_fpcr)
{
    for (unsigned k = 0; k < n; k++) {
        const struct lp_op op = encode(rows[k].row, fields);
        for (unsigned c = 0; c < (every_fpcr ? 64 : FPCRS); c++) {
            const uint32_t all = (c & 1 ? ARMFP_FZ16 : 0) | (c & 14) << 21 /* RMode, FZ */ | (c & 48) << 21 /* DN, AHP */;
            for (uint64_t a = 0; a < 0x10000; a++)
                check(&rows[k], &op, 16, every_fpcr ? all : fpcrs[c], (const uint64_t[3]){a, 0, 0});
        }
    }
}
static void every_half(void **state)
{
    static const struct insn conversions[] = {
        {.row = A64_FCVT_h_s, .kind = CONVERT, .mode = -1, .out = 32}, {.row = A64_FCVT_h_d, .kind = CONVERT, .mode = -1, .out = 64}};
    static const struct insn rows[] = {
        UNARY(FABS_h, armfp_abs), UNARY(FNEG_h, armfp_neg), UNARY(FSQRT_h, armfp_sqrt), ROUNDS(h), ZEROES(s_h),
        UNARY(FRECPE_s_h, armfp_recpe), UNARY(FRSQRTE_s_h, armfp_rsqrte), UNARY(FRECPX_s_h, armfp_recpx), INTS(_s_h, .out = 16),
    };
    static const struct insn to32[] = {INTS(_h, X_RESULT(32))}, to64[] = {INTS(_h, X_RESULT(64))};
    begin();
    half_operands(conversions, 2, 0, true);
    half_operands(rows, sizeof rows / sizeof rows[0], 0, false);
    half_operands(to32, sizeof to32 / sizeof to32[0], 0, false);
    half_operands(to64, sizeof to64 / sizeof to64[0], 1u << 31, false);
    end("half operands");
}

/* ---- pairs of halves: 512 x 512 ---- */
static void half_pairs(void **state)
{
    static const struct insn rows[] = {
        BINARY(FADD_h, armfp_add), BINARY(FSUB_h, armfp_sub), BINARY(FMUL_h, armfp_mul), BINARY(FNMUL_h, armfp_nmul), BINARY(FDIV_h, armfp_div),
        BINARY(FMAX_h, armfp_max), BINARY(FMIN_h, armfp_min), BINARY(FMAXNM_h, armfp_maxnm), BINARY(FMINNM_h, armfp_minnm),
        BINARY(FMULX_s_h, armfp_mulx), BINARY(FABD_s_h, armfp_abd), BINARY(FRECPS_s_h, armfp_recps), BINARY(FRSQRTS_s_h, armfp_rsqrts),
        BINARY(FCMEQ_s_h, armfp_cmeq), BINARY(FCMGE_s_h, armfp_cmge), BINARY(FCMGT_s_h, armfp_cmgt), BINARY(FACGE_s_h, armfp_acge),
        BINARY(FACGT_s_h, armfp_acgt),
    };
    uint16_t set[512];
    begin();
    for (unsigned i = 0; i < 512; i++)
        set[i] = (uint16_t)(i < 64 ? (i & 1) << 15 | (i >> 1) << 10 : number_near(16, below(31)));
    for (unsigned k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        const struct lp_op op = encode(rows[k].row, 2u << 16);
        for (unsigned i = 0; i < 512; i++)
            for (unsigned j = 0; j < 512; j++)
                check(&rows[k], &op, 16, fpcrs[(i * 7 + j * 3 + k) % FPCRS], (const uint64_t[3]){set[i], set[j], 0});
    }
    end("pairs of halves");
}

/* ---- singles and doubles: scalars ---- */
static const struct insn scalar_rows[] = {
    BINARY(FADD_s, armfp_add), BINARY(FSUB_s, armfp_sub), BINARY(FMUL_s, armfp_mul), BINARY(FNMUL_s, armfp_nmul), BINARY(FDIV_s, armfp_div),
    BINARY(FMAX_s, armfp_max), BINARY(FMIN_s, armfp_min), BINARY(FMAXNM_s, armfp_maxnm), BINARY(FMINNM_s, armfp_minnm),
    BINARY(FMULX_s, armfp_mulx), BINARY(FABD_s, armfp_abd), BINARY(FRECPS_s, armfp_recps), BINARY(FRSQRTS_s, armfp_rsqrts),
    BINARY(FCMEQ_s, armfp_cmeq), BINARY(FCMGE_s, armfp_cmge), BINARY(FCMGT_s, armfp_cmgt), BINARY(FACGE_s, armfp_acge), BINARY(FACGT_s, armfp_acgt),
};
static const struct insn scalar_unary[] = {
    UNARY(FABS_s, armfp_abs), UNARY(FNEG_s, armfp_neg), UNARY(FSQRT_s, armfp_sqrt), ROUNDS(s), ZEROES(s),
    UNARY(FRECPE_s, armfp_recpe), UNARY(FRSQRTE_s, armfp_rsqrte), UNARY(FRECPX_s, armfp_recpx), INTS(_s, .fbits = 0),
    {.row = A64_FRINT32Z_s, .kind = RINTN, .mode = ARMFP_Z, .out = 32}, {.row = A64_FRINT32X_s, .kind = RINTN, .mode = -1, .out = 32},
    {.row = A64_FRINT64Z_s, .kind = RINTN, .mode = ARMFP_Z, .out = 64}, {.row = A64_FRINT64X_s, .kind = RINTN, .mode = -1, .out = 64},
};
static const struct insn scalar_fused[] = {
    {.row = A64_FMADD, .kind = FUSED}, {.row = A64_FMSUB, .kind = FUSED, .flip = 1},
    {.row = A64_FNMADD, .kind = FUSED, .flip = 3}, {.row = A64_FNMSUB, .kind = FUSED, .flip = 2},
};

static void two_operands(void **state)
{
    begin();
    for (unsigned N = 32; N <= 64; N += 32)
        for (unsigned k = 0; k < COUNT(scalar_rows); k++) {
            const struct lp_op op = encode(scalar_rows[k].row, 2u << 16 | (N == 64) << 22);
            for (uint64_t i = 0; i < 60000 * rounds; i++) {
                const uint64_t a = number(N);
                check(&scalar_rows[k], &op, N, fpcrs[below(FPCRS)], (const uint64_t[3]){a, partner(N, a), 0});
            }
        }
    end("two operands");
}
static void one_operand(void **state)
{
    begin();
    for (unsigned N = 32; N <= 64; N += 32)
        for (unsigned k = 0; k < COUNT(scalar_unary); k++) {
            const struct lp_op op = encode(scalar_unary[k].row, (N == 64) << 22);
            for (uint64_t i = 0; i < 30000 * rounds; i++) /* half of them where integers end */
                check(&scalar_unary[k], &op, N, fpcrs[below(FPCRS)],
                      (const uint64_t[3]){below(2) ? number(N) : number_near(N, (1u << (ebits(N) - 1)) - 3 + below(70)), 0, 0});
        }
    end("one operand");
}

static void fused(void **state)
{
    static const struct insn halves[] = {{.row = A64_FMADD_h, .kind = FUSED}, {.row = A64_FMSUB_h, .kind = FUSED, .flip = 1},
                                         {.row = A64_FNMADD_h, .kind = FUSED, .flip = 3}, {.row = A64_FNMSUB_h, .kind = FUSED, .flip = 2}};
    begin();
    three_operands(scalar_fused, 4, 0, 32, 150000 * rounds);
    three_operands(scalar_fused, 4, 1u << 22, 64, 150000 * rounds);
    three_operands(halves, 4, 0, 16, 150000 * rounds);
    end("fused");
}

/* ---- estimates: all exponents, all fractions that the tables see ---- */
static void estimates(void **state)
{
    static const struct insn rows[] = {UNARY(FRECPE_s, armfp_recpe), UNARY(FRSQRTE_s, armfp_rsqrte)};
    begin();
    for (unsigned k = 0; k < 2; k++) {
        const struct lp_op single = encode(rows[k].row, 0), dbl = encode(rows[k].row, 1u << 22);
        for (uint64_t top = 0; top < 1u << 18; top++) /* sign, exponent, 9 bits */
            check(&rows[k], &single, 32, fpcrs[top % FPCRS], (const uint64_t[3]){top << 14 | (next() & 1) * 0x3fff, 0, 0});
        for (uint64_t top = 0; top < 1u << 21; top += 1 + 14 * ((top >> 9 & 0x7ff) > 4 && (top >> 9 & 0x7ff) < 0x7fa))
            check(&rows[k], &dbl, 64, fpcrs[top % FPCRS], (const uint64_t[3]){top << 43 | (next() & 1) * ones(43), 0, 0});
    }
    for (uint32_t top = 0; top < 1u << 10; top++)
        for (uint32_t low = 0; low < 4; low++) {
            const uint32_t a = top << 22 | (low & 1 ? 0x3fffff : 0) >> (low >> 1);
            assert_int_equal(lp_fp_urecpe(a), armfp_urecpe(a));
            assert_int_equal(lp_fp_ursqrte(a), armfp_ursqrte(a));
        }
    end("estimates");
}

/* ---- between formats: every pattern of the bits that stay, and what decides the rounding of those that go ---- */
static void narrow(const struct insn *i, uint32_t fields, unsigned N, unsigned M, unsigned step)
{
    const struct lp_op op = encode(i->row, fields);
    const unsigned F = N - 1 - ebits(N), drop = F - (M - 1 - ebits(M)), keep = N - drop;
    const uint64_t low[] = {0, 1, ones(drop - 1), UINT64_C(1) << (drop - 1), (UINT64_C(1) << (drop - 1)) + 1, ones(drop)};
    for (uint64_t top = 0; top < UINT64_C(1) << keep; top += 1 + below(step))
        for (unsigned l = 0; l < COUNT(low); l++)
            check(i, &op, N, fpcrs[below(FPCRS)] ^ below(2) * ARMFP_AHP, (const uint64_t[3]){top << drop | low[l], 0, 0});
}
static void narrowing(void **state)
{
    static const struct insn half_s = {.row = A64_FCVT_s_h, .kind = CONVERT, .mode = -1, .out = 16};
    static const struct insn half_d = {.row = A64_FCVT_d_h, .kind = CONVERT, .mode = -1, .out = 16};
    static const struct insn single = {.row = A64_FCVT_d_s, .kind = CONVERT, .mode = -1, .out = 32};
    static const struct insn odd = {.row = A64_FCVTXN_s, .kind = CONVERT, .mode = ARMFP_ODD, .out = 32};
    static const struct insn wide = {.row = A64_FCVT_s_d, .kind = CONVERT, .mode = -1, .out = 64};
    const struct lp_op op_single = encode(single.row, 0), op_odd = encode(odd.row, 0), op_half = encode(half_d.row, 0), op_wide = encode(wide.row, 0);
    begin();
    narrow(&half_s, 0, 32, 16, 5);
    for (uint64_t i = 0; i < 100000 * rounds; i++) { /* doubles around the range of halves and singles, with their ties */
        const unsigned M = below(2) ? 16 : 32, bias = M == 16 ? 15 : 127, drop = 52 - (M == 16 ? 10 : 23);
        const uint64_t cut = below(3) ? next() >> (64 - drop) : (UINT64_C(1) << (drop - 1)) + below(3) - 1;
        const uint64_t a = (number_near(64, 1023 + below(3) * bias - bias) & ~ones(drop)) | cut >> (below(2) ? below(drop) : 0);
        const uint32_t fpcr = fpcrs[below(FPCRS)];
        check(&single, &op_single, 64, fpcr, (const uint64_t[3]){a, 0, 0});
        check(&odd, &op_odd, 64, fpcr, (const uint64_t[3]){a, 0, 0});
        check(&half_d, &op_half, 64, fpcr, (const uint64_t[3]){a, 0, 0});
        check(&wide, &op_wide, 32, fpcr, (const uint64_t[3]){number(32), 0, 0});
    }
    end("between formats");
}

/* ---- integers and fixed point ---- */
static uint64_t integer(void)
{
    const uint64_t v = next() >> below(64);
    switch (below(5)) {
    case 0: return (UINT64_C(1) << below(64)) + below(5) - 2;
    case 1: return ~v;
    case 2: return (v & 0xff) << below(57); /* few significant bits: ties */
    case 3: return ((v | 1) << 1 | 1) << below(40) | below(2);
    default: return v;
    }
}
static void integers(void **state)
{
    static const unsigned from[2][2] = {{A64_SCVTF, A64_UCVTF}, {A64_SCVTF_fix, A64_UCVTF_fix}};
    static const unsigned to[2] = {A64_FCVTZS_fix, A64_FCVTZU_fix};
    static const struct insn ints32[] = {INTS(, X_RESULT(32))}, ints64[] = {INTS(, X_RESULT(64))};
    begin();
    for (unsigned n = 0; n < 8; n++) { /* signed or not, W or X, single or double */
        const uint32_t fields = (n >> 1 & 1) << 31 | (n >> 2) << 22;
        const unsigned N = n >> 2 ? 64 : 32, M = n >> 1 & 1 ? 64 : 32;
        for (uint64_t i = 0; i < 20000 * rounds; i++) {
            const unsigned fbits = below(2) ? 1 + below(M) : 0;
            const uint32_t fpcr = fpcrs[below(FPCRS)], scale = fbits ? (64 - fbits) << 10 : 0;
            const struct insn in = {.row = from[fbits != 0][n & 1], .kind = FROM_INT, .is_unsigned = n & 1, .fbits = (int)fbits, .out = M, .from_x = true};
            const struct insn out = {.row = to[n & 1], .kind = TO_INT, .mode = ARMFP_Z, .is_unsigned = n & 1, .fbits = (int)fbits, X_RESULT(M)};
            const struct lp_op op = encode(in.row, fields | scale);
            check(&in, &op, N, fpcr, (const uint64_t[3]){integer(), 0, 0});
            if (fbits) {
                const struct lp_op back = encode(out.row, fields | scale);
                check(&out, &back, N, fpcr, (const uint64_t[3]){number_near(N, (1u << (ebits(N) - 1)) - 1 + M - fbits), 0, 0});
            }
        }
    }
    for (unsigned k = 0; k < COUNT(ints32); k++)
        for (unsigned N = 32; N <= 64; N += 32) {
            const struct lp_op w = encode(ints32[k].row, (N == 64) << 22), x = encode(ints64[k].row, 1u << 31 | (N == 64) << 22);
            for (uint64_t i = 0; i < 20000 * rounds; i++) {
                const uint32_t fpcr = fpcrs[below(FPCRS)];
                const uint64_t a = number_near(N, (1u << (ebits(N) - 1)) - 3 + below(70));
                check(&ints32[k], &w, N, fpcr, (const uint64_t[3]){a, 0, 0});
                check(&ints64[k], &x, N, fpcr, (const uint64_t[3]){a, 0, 0});
            }
        }
    end("integers");
}
static void javascript(void **state)
{
    const struct lp_op op = encode(A64_FJCVTZS, 0);
    begin();
    for (uint64_t i = 0; i < 200000 * rounds; i++) {
        bool z;
        struct armfp s = {fpcrs[below(FPCRS)], 0};
        const uint64_t a = below(3) ? number_near(64, 1023 + below(90)) : number(64), want = armfp_to_js(&s, a, &z);
        set_fpcr(s.fpcr);
        cpu.v[1].d[0] = a;
        const uint32_t fpsr = execute(A64_FJCVTZS, &op);
        if (cpu.x[0] != want || fpsr != s.fpsr || lp_nzcv(&cpu) != (uint32_t)z << 30)
            report("FJCVTZS", s.fpcr, &a, 1, want | (uint64_t)z << 32, s.fpsr, cpu.x[0] | (uint64_t)(lp_nzcv(&cpu) >> 30) << 32, fpsr);
    }
    end("FJCVTZS");
}

/* FCMP, FCMPE, also with zero. */
static void comparisons(void **state)
{
    static const struct { unsigned row; bool zero, signalling; } rows[] = {
        {A64_FCMP, false, false}, {A64_FCMPE, false, true}, {A64_FCMP_0, true, false}, {A64_FCMPE_0, true, true}, {A64_FCMP_h, false, false}};
    begin();
    for (unsigned k = 0; k < COUNT(rows); k++)
        for (unsigned N = rows[k].row == A64_FCMP_h ? 16 : 32; N <= 64; N = N == 16 ? 128 : N + 32) {
            const struct lp_op op = encode(rows[k].row, (rows[k].zero ? 0 : 2u << 16) | (N == 64) << 22);
            for (uint64_t i = 0; i < 60000 * rounds; i++) {
                struct armfp s = {fpcrs[below(FPCRS)], 0};
                const uint64_t a = number(N), b = rows[k].zero ? 0 : partner(N, a) & ones(N);
                const unsigned want = armfp_compare(&s, N, a, b, rows[k].signalling);
                set_fpcr(s.fpcr);
                cpu.v[1].d[0] = a, cpu.v[2].d[0] = b;
                const uint32_t fpsr = execute(rows[k].row, &op);
                if (lp_nzcv(&cpu) >> 28 != want || fpsr != s.fpsr)
                    report(lp_a64_rows[rows[k].row].name, s.fpcr, (const uint64_t[2]){a, b}, 2, want, s.fpsr, lp_nzcv(&cpu) >> 28, fpsr);
            }
        }
    end("comparisons");
}

/* The same operation under another mode or after other flags: nothing of the host's state leaks from one to the next. */
static void cumulative_flags(void **state)
{
    static const struct insn rows[] = {BINARY(FADD_s, armfp_add), BINARY(FMUL_s, armfp_mul), BINARY(FDIV_s, armfp_div)};
    struct lp_op op[3];
    begin();
    for (unsigned k = 0; k < 3; k++)
        op[k] = encode(rows[k].row, 2u << 16 | 1u << 22);
    for (uint64_t i = 0; i < 20000 * rounds; i++) {
        struct armfp s = {0, (uint32_t)next() & (ARMFP_IOC | ARMFP_DZC | ARMFP_OFC | ARMFP_UFC | ARMFP_IXC | ARMFP_IDC | LP_FPSR_QC)};
        lp_fp_set_fpsr(&cpu, s.fpsr);
        for (unsigned n = 0; n < 4; n++) {
            const unsigned k = below(3);
            const uint64_t a = number(64), b = partner(64, a);
            s.fpcr = fpcrs[below(FPCRS)];
            set_fpcr(s.fpcr);
            cpu.v[1].d[0] = a, cpu.v[2].d[0] = b;
            lp_op_table[rows[k].row].plain(&cpu, &op[k]);
            if (cpu.v[0].d[0] != rows[k].fn.two(&s, 64, a, b))
                failures++;
            if (below(4) == 0) /* as around a system call */
                lp_fp_leave(&cpu), lp_fp_enter(&cpu);
        }
        if (lp_fp_get_fpsr(&cpu) != s.fpsr)
            report("FPSR", s.fpcr, NULL, 0, 0, s.fpsr, 0, lp_fp_get_fpsr(&cpu));
    }
    end("cumulative flags");
}

/* By hand, two hours: every single through what has one operand. */
static void every_single(void **state)
{
    if (getenv("FP_EXACT_ALL") == NULL)
        return;
    begin();
    for (unsigned k = 0; k < COUNT(scalar_unary); k++) {
        const struct lp_op op = encode(scalar_unary[k].row, 0);
        for (uint64_t a = 0; a < UINT64_C(1) << 32; a++)
            check(&scalar_unary[k], &op, 32, fpcrs[(a + k) % FPCRS], (const uint64_t[3]){a, 0, 0});
    }
    end("every single");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half), cmocka_unit_test(half_pairs), cmocka_unit_test(two_operands), cmocka_unit_test(one_operand),
        cmocka_unit_test(fused),      cmocka_unit_test(estimates),  cmocka_unit_test(narrowing),    cmocka_unit_test(integers),
        cmocka_unit_test(javascript), cmocka_unit_test(comparisons), cmocka_unit_test(cumulative_flags), cmocka_unit_test(every_single),
    };
    options();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
