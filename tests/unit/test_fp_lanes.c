/* Floating point proven against armfp.c: vectors, pairs, by element, between formats, complex numbers, products of halves, bfloat16, and a host without fused
 * multiply-add. */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "fp_check.h"

/* ---- vectors: the host's lanes together, odd ones among them ---- */
#define V2(ROW, FN) BINARY(ROW##_v, FN), BINARY(ROW##_v_h, FN)
static const struct insn vector_rows[] = {
    V2(FADD, armfp_add), V2(FSUB, armfp_sub), V2(FMUL, armfp_mul), V2(FDIV, armfp_div), V2(FMULX, armfp_mulx), V2(FABD, armfp_abd),
    V2(FMAX, armfp_max), V2(FMIN, armfp_min), V2(FMAXNM, armfp_maxnm), V2(FMINNM, armfp_minnm), V2(FRECPS, armfp_recps), V2(FRSQRTS, armfp_rsqrts),
    V2(FCMEQ, armfp_cmeq), V2(FCMGE, armfp_cmge), V2(FCMGT, armfp_cmgt), V2(FACGE, armfp_acge), V2(FACGT, armfp_acgt),
    {.row = A64_FMLA_v, .kind = FUSED}, {.row = A64_FMLS_v, .kind = FUSED, .flip = 1},
    {.row = A64_FMLA_v_h, .kind = FUSED}, {.row = A64_FMLS_v_h, .kind = FUSED, .flip = 1},
    UNARY(FSQRT_v, armfp_sqrt), UNARY(FSQRT_v_h, armfp_sqrt), UNARY(FRECPE_v, armfp_recpe), UNARY(FRECPE_v_h, armfp_recpe),
    UNARY(FRSQRTE_v, armfp_rsqrte), UNARY(FRSQRTE_v_h, armfp_rsqrte), UNARY(FABS_v, armfp_abs), UNARY(FABS_v_h, armfp_abs),
    UNARY(FNEG_v, armfp_neg), UNARY(FNEG_v_h, armfp_neg), ROUNDS(v), ROUNDS(v_h), INTS(_v, .fbits = 0), INTS(_v_h, .fbits = 0), ZEROES(v), ZEROES(v_h),
    {.row = A64_SCVTF_v, .kind = FROM_INT}, {.row = A64_SCVTF_v_h, .kind = FROM_INT},
    {.row = A64_UCVTF_v, .kind = FROM_INT, .is_unsigned = true}, {.row = A64_UCVTF_v_h, .kind = FROM_INT, .is_unsigned = true},
    {.row = A64_FRINT32Z_v, .kind = RINTN, .mode = ARMFP_Z, .out = 32}, {.row = A64_FRINT32X_v, .kind = RINTN, .mode = -1, .out = 32},
    {.row = A64_FRINT64Z_v, .kind = RINTN, .mode = ARMFP_Z, .out = 64}, {.row = A64_FRINT64X_v, .kind = RINTN, .mode = -1, .out = 64},
};
static uint64_t lane(const union lp_vreg *v, unsigned N, unsigned i) { return N == 64 ? v->d[i] : N == 32 ? v->s[i] : v->h[i]; }
static void set_lane(union lp_vreg *v, unsigned N, unsigned i, uint64_t x)
{
    if (N == 64)
        v->d[i] = x;
    else if (N == 32)
        v->s[i] = (uint32_t)x;
    else
        v->h[i] = (uint16_t)x;
}
static void check_vector(const struct insn *i, const struct lp_op *op, unsigned N, unsigned bytes, uint32_t fpcr)
{
    struct armfp s = {fpcr, 0};
    union lp_vreg v[3], want = {{0}};
    for (unsigned l = 0; l < 128 / N; l++) {
        uint64_t x[3];
        const bool plain = below(4) != 0; /* most lanes near one: the host computes them */
        x[0] = plain ? number_near(N, (1u << (ebits(N) - 1)) - 1) : number(N);
        x[1] = plain ? number_near(N, (1u << (ebits(N) - 1)) - 1) : partner(N, x[0]);
        x[2] = plain ? number_near(N, (1u << (ebits(N) - 1)) - 1) : addend(N, x[0], x[1]);
        for (unsigned k = 0; k < 3; k++)
            set_lane(&v[k], N, l, x[k]);
        if (l < bytes * 8 / N)
            set_lane(&want, N, l, model(&s, i, N, x));
    }
    set_fpcr(fpcr);
    cpu.v[1] = v[0], cpu.v[2] = v[1], cpu.v[0] = v[2];
    const uint32_t fpsr = execute(i->row, op);
    if (memcmp(&cpu.v[0], &want, 16) != 0 || fpsr != s.fpsr) {
        const unsigned at = cpu.v[0].d[0] == want.d[0];
        report(lp_a64_rows[i->row].name, fpcr, (const uint64_t[3]){v[0].d[at], v[1].d[at], v[2].d[at]}, 3, want.d[at], s.fpsr, cpu.v[0].d[at], fpsr);
    }
}
static void vectors(void **state)
{
    begin();
    for (unsigned k = 0; k < COUNT(vector_rows); k++) {
        const struct insn *i = &vector_rows[k];
        const bool half = strcmp(lp_a64_rows[i->row].feature, "FP16") == 0, two = i->kind == TWO || i->kind == FUSED;
        for (unsigned form = 0; form < (half ? 2 : 3); form++) { /* Q = 0, Q = 1, Q = 1 of doubles */
            const struct lp_op op = encode(i->row, (two ? 2u << 16 : 0) | (form > 0) << 30 | (form == 2) << 22);
            for (uint64_t n = 0; n < 4000 * rounds; n++)
                check_vector(i, &op, half ? 16 : form == 2 ? 64 : 32, form ? 16 : 8, fpcrs[below(FPCRS)]);
        }
    }
    end("vectors");
}

/* ---- pairs, complex numbers, products of halves, bfloat16: lanes of a register against the manual's loop ---- */
static uint64_t bf16_or_half(bool bf) { return bf ? number(32) >> 16 : number(16); }
static void fill(union lp_vreg *v, unsigned N, bool bf)
{
    for (unsigned i = 0; i < 128 / N; i++)
        set_lane(v, N, i, bf ? bf16_or_half(true) : below(3) ? number_near(N, (1u << (ebits(N) - 1)) - 1) : number(N));
}
static void compare(unsigned row, const struct lp_op *op, const struct armfp *s, const union lp_vreg in[3], const union lp_vreg *want)
{
    set_fpcr(s->fpcr);
    cpu.v[0] = in[0], cpu.v[1] = in[1], cpu.v[2] = in[2];
    const uint32_t fpsr = execute(row, op);
    if (memcmp(&cpu.v[0], want, 16) != 0 || fpsr != s->fpsr) {
        const unsigned at = cpu.v[0].d[0] == want->d[0];
        report(lp_a64_rows[row].name, s->fpcr, (const uint64_t[3]){in[0].d[at], in[1].d[at], in[2].d[at]}, 3, want->d[at], s->fpsr, cpu.v[0].d[at], fpsr);
    }
}
static void pairs(void **state)
{
    static const struct { unsigned row[2]; armfp_fn2 *fn; } rows[] = {
        {{A64_FADDP_v, A64_FADDP_v_h}, armfp_add}, {{A64_FMAXP_v, A64_FMAXP_v_h}, armfp_max}, {{A64_FMINP_v, A64_FMINP_v_h}, armfp_min},
        {{A64_FMAXNMP_v, A64_FMAXNMP_v_h}, armfp_maxnm}, {{A64_FMINNMP_v, A64_FMINNMP_v_h}, armfp_minnm}};
    begin();
    for (unsigned k = 0; k < COUNT(rows); k++)
        for (unsigned form = 0; form < 5; form++) { /* 2S, 4S, 2D, 4H, 8H */
            const unsigned N = form > 2 ? 16 : form == 2 ? 64 : 32, n = (form == 0 || form == 3 ? 64 : 128) / N, row = rows[k].row[form > 2];
            const struct lp_op op = encode(row, 2u << 16 | (form != 0 && form != 3) << 30 | (form == 2) << 22);
            for (uint64_t i = 0; i < 5000 * rounds; i++) {
                struct armfp s = {fpcrs[below(FPCRS)], 0};
                union lp_vreg v[3], want = {{0}};
                for (unsigned j = 0; j < 3; j++)
                    fill(&v[j], N, false);
                for (unsigned j = 0; j < n; j++) {
                    const union lp_vreg *from = j < n / 2 ? &v[1] : &v[2];
                    const unsigned at = 2 * (j % (n / 2));
                    set_lane(&want, N, j, rows[k].fn(&s, N, lane(from, N, at), lane(from, N, at + 1)));
                }
                compare(row, &op, &s, v, &want);
            }
        }
    end("pairs");
}
/* One lane of the second source for all of the first. */
static void by_element(void **state)
{
    static const struct insn rows[] = {
        BINARY(FMUL_elem_v, armfp_mul), BINARY(FMULX_elem_v, armfp_mulx), {.row = A64_FMLA_elem_v, .kind = FUSED}, {.row = A64_FMLS_elem_v, .kind = FUSED, .flip = 1},
        BINARY(FMUL_elem_v_h, armfp_mul), BINARY(FMULX_elem_v_h, armfp_mulx), {.row = A64_FMLA_elem_v_h, .kind = FUSED},
        {.row = A64_FMLS_elem_v_h, .kind = FUSED, .flip = 1},
    };
    begin();
    for (unsigned k = 0; k < COUNT(rows); k++)
        for (uint64_t i = 0; i < 10000 * rounds; i++) {
            const unsigned N = k >= 4 ? 16 : below(2) ? 32 : 64, Q = N == 64 ? 1 : below(2), at = below(128 / N), bits = at * N / 16; /* H:L:M */
            const struct lp_op op = encode(rows[k].row, 2u << 16 | Q << 30 | (N == 64) << 22 | (bits & 1) << 20 | (bits >> 1 & 1) << 21 | bits >> 2 << 11);
            struct armfp s = {fpcrs[below(FPCRS)], 0};
            union lp_vreg v[3], want = {{0}};
            for (unsigned j = 0; j < 3; j++)
                fill(&v[j], N, false);
            for (unsigned j = 0; j < (64u << Q) / N; j++)
                set_lane(&want, N, j, model(&s, &rows[k], N, (const uint64_t[3]){lane(&v[1], N, j), lane(&v[2], N, at), lane(&v[0], N, j)}));
            compare(rows[k].row, &op, &s, v, &want);
        }
    end("by element");
}
/* FCVTN, FCVTXN, FCVTL and the forms that use the upper half. */
static void formats(void **state)
{
    begin();
    for (uint64_t i = 0; i < 40000 * rounds; i++) {
        const unsigned kind = below(3), wide = kind == 1 || below(2) ? 64 : 32, Q = below(2), lanes = 128 / wide;
        const unsigned row = kind == 0 ? A64_FCVTN_v : kind == 1 ? A64_FCVTXN_v : A64_FCVTL_v;
        const struct lp_op op = encode(row, Q << 30 | (wide == 64) << 22);
        struct armfp s = {fpcrs[below(FPCRS)], 0};
        union lp_vreg v[3], want = {{0}};
        fill(&v[0], 64, false), fill(&v[1], kind == 2 ? wide / 2 : wide, false), fill(&v[2], 64, false);
        if (kind != 2 && Q)
            want.d[0] = v[0].d[0];
        for (unsigned j = 0; j < lanes; j++) {
            const enum armfp_mode mode = kind == 1 ? ARMFP_ODD : armfp_rmode(&s);
            if (kind == 2)
                set_lane(&want, wide, j, armfp_convert(&s, wide / 2, wide, lane(&v[1], wide / 2, j + Q * lanes), mode));
            else
                set_lane(&want, wide / 2, j + Q * lanes, armfp_convert(&s, wide, wide / 2, lane(&v[1], wide, j), mode));
        }
        compare(row, &op, &s, v, &want);
    }
    end("formats");
}
static void complex_numbers(void **state)
{
    begin();
    for (unsigned k = 0; k < 4 * 6; k++) { /* rotations; 4H 8H 2S 4S 2D, and an addition */
        const unsigned rot = k & 3, form = k >> 2, N = form < 2 ? 16 : form < 4 ? 32 : 64, n = (form & 1 || form == 4 ? 128 : 64) / N;
        const bool add = form == 5;
        const unsigned width = add ? 32 : N, lanes = add ? 4 : n, row = add ? A64_FCADD_v : A64_FCMLA_v;
        const struct lp_op op = encode(row, 2u << 16 | (width == 16 ? 1u : width == 32 ? 2u : 3u) << 22 | (lanes * width == 128) << 30 |
                                                (add ? (rot & 1) << 12 : rot << 11));
        for (uint64_t i = 0; i < 5000 * rounds; i++) {
            struct armfp s = {fpcrs[below(FPCRS)], 0};
            union lp_vreg v[3], want = {{0}};
            for (unsigned j = 0; j < 3; j++)
                fill(&v[j], width, false);
            for (unsigned j = 0; j < lanes; j += 2) {
                const uint64_t minus = UINT64_C(1) << (width - 1), re = lane(&v[2], width, j), im = lane(&v[2], width, j + 1);
                const uint64_t x = lane(&v[1], width, j), y = lane(&v[1], width, j + 1), c = lane(&v[0], width, j), d = lane(&v[0], width, j + 1);
                const uint64_t pair[4][3] = {{x, re, im}, {y, im ^ minus, re}, {x, re ^ minus, im ^ minus}, {y, im, re ^ minus}}; /* FCMLA */
                const uint64_t turned[2][2] = {{im ^ minus, re}, {im, re ^ minus}};                                                /* FCADD */
                set_lane(&want, width, j, add ? armfp_add(&s, width, x, turned[rot & 1][0]) : armfp_muladd(&s, width, c, pair[rot][0], pair[rot][1]));
                set_lane(&want, width, j + 1,
                         add ? armfp_add(&s, width, y, turned[rot & 1][1]) : armfp_muladd(&s, width, d, pair[rot][0], pair[rot][2]));
            }
            compare(row, &op, &s, v, &want);
        }
    }
    end("complex numbers");
}
static void widening_products(void **state)
{
    begin();
    for (uint64_t i = 0; i < 100000 * rounds; i++) {
        const unsigned upper = below(2), sub = below(2), top = below(2);
        const unsigned rows[4] = {upper ? A64_FMLAL2_v : A64_FMLAL_v, A64_BFDOT_v, A64_BFMLAL_v, A64_BFMMLA_v};
        union lp_vreg v[3], w[3], want[4];
        struct armfp s[4];
        for (unsigned k = 0; k < 4; k++)
            s[k] = (struct armfp){fpcrs[below(FPCRS)], 0};
        for (unsigned j = 0; j < 3; j++)
            fill(&v[j], j ? 16 : 32, false), w[j] = v[j];
        fill(&w[1], 16, true), fill(&w[2], 16, true);
        for (unsigned j = 0; j < 4; j++) {
            const unsigned h = j + 4 * upper, b = 2 * j + top;
            want[0].s[j] = armfp_muladdh(&s[0], v[0].s[j], v[1].h[h] ^ (uint16_t)(sub << 15), v[2].h[h]);
            want[1].s[j] = armfp_bfdot(v[0].s[j], w[1].s[j], w[2].s[j]);
            want[2].s[j] = (uint32_t)armfp_muladd(&s[2], 32, v[0].s[j], (uint64_t)w[1].h[b] << 16, (uint64_t)w[2].h[b] << 16);
            want[3].s[j] = armfp_bfdot(armfp_bfdot(v[0].s[j], w[1].s[2 * (j / 2)], w[2].s[2 * (j & 1)]), w[1].s[2 * (j / 2) + 1], w[2].s[2 * (j & 1) + 1]);
        }
        for (unsigned k = 0; k < 4; k++) {
            const struct lp_op op = encode(rows[k], 2u << 16 | (k == 0 ? 1u << 30 | sub << 23 : k == 2 ? top << 30 : 1u << 30));
            compare(rows[k], &op, &s[k], k ? w : v, &want[k]);
        }
    }
    end("widening products");
}
static void bfloat16(void **state)
{
    const struct lp_op op = encode(A64_BFCVT, 0);
    begin();
    for (uint64_t top = 0; top < 1u << 17; top++) { /* what stays, the half unit below, and anything behind */
        struct armfp s = {fpcrs[top % FPCRS], 0};
        const uint64_t a = top << 15 | (below(2) ? next() & 0x7fff : below(2) * 0x7fff);
        const uint16_t want = armfp_convert_bf(&s, (uint32_t)a);
        set_fpcr(s.fpcr);
        cpu.v[1].d[0] = a;
        const uint32_t fpsr = execute(A64_BFCVT, &op);
        if (cpu.v[0].d[0] != want || fpsr != s.fpsr)
            report("BFCVT", s.fpcr, &a, 1, want, s.fpsr, cpu.v[0].d[0], fpsr);
    }
    end("bfloat16");
}

/* The host without fused multiply-add: no row may depend on it. */
static void without_fma(void **state)
{
    static const struct insn scalars[] = {{.row = A64_FMADD, .kind = FUSED}, {.row = A64_FMSUB, .kind = FUSED, .flip = 1},
                                          {.row = A64_FNMADD, .kind = FUSED, .flip = 3}, {.row = A64_FNMSUB, .kind = FUSED, .flip = 2}};
    const bool had = lp_fp_has_fma;
    lp_fp_has_fma = false;
    begin();
    three_operands(scalars, 4, 0, 32, 20000);
    three_operands(scalars, 4, 1u << 22, 64, 20000);
    for (unsigned k = 0; k < COUNT(vector_rows); k++)
        if (vector_rows[k].row == A64_FMLA_v || vector_rows[k].row == A64_FMLS_v)
            for (unsigned sz = 0; sz < 2; sz++) {
                const struct lp_op op = encode(vector_rows[k].row, 2u << 16 | 1u << 30 | sz << 22);
                for (unsigned n = 0; n < 4000; n++)
                    check_vector(&vector_rows[k], &op, sz ? 64 : 32, 16, fpcrs[below(FPCRS)]);
            }
    lp_fp_has_fma = had;
    end("without FMA");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),  cmocka_unit_test(pairs), cmocka_unit_test(by_element), cmocka_unit_test(formats),
        cmocka_unit_test(complex_numbers), cmocka_unit_test(widening_products),
        cmocka_unit_test(bfloat16), cmocka_unit_test(without_fma),
    };
    options();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
