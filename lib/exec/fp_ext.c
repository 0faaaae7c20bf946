/* exec/fp_ext.c - complex numbers, products of halves added to singles, rounding to integers that fit, bfloat16: what each row of
 * a64/fp_ext.decode does (Arm ARM C7.2). */
#include <config.h>
#include "exec/op.h"
#include "exec/simd.h"
#include "exec/fp_lanes.h"

/* ---- FCMA ---- */
/* FPNeg: NaNs too. */
LP_INLINE uint64_t fx_neg(unsigned fmt, uint64_t a, unsigned negate) { return negate ? a ^ lp_fp_signbit(fmt) : a; }

LP_OP(FCADD_v)
{
    const unsigned fmt = f.size, bytes = 8u << f.Q;
    const union lp_vreg n = cpu->v[f.Vn], m = cpu->v[f.Vm];
    union lp_vreg r = {.q = 0};
    for (unsigned i = 0; i < bytes >> fmt; i += 2) {
        const uint64_t re = fx_neg(fmt, lp_fp_lane(&m, fmt, i + 1), !f.rot), im = fx_neg(fmt, lp_fp_lane(&m, fmt, i), f.rot);
        lp_fp_set_lane(&r, fmt, i, lp_fp_add(cpu, fmt, lp_fp_lane(&n, fmt, i), re));
        lp_fp_set_lane(&r, fmt, i + 1, lp_fp_add(cpu, fmt, lp_fp_lane(&n, fmt, i + 1), im));
    }
    cpu->v[f.Vd] = r;
}

/* d += one part of n (real for rot 0 and 2, else imaginary) times m * i^rot; `by` is the pair of m, or every pair's own if negative. */
static void fx_fcmla(struct lp_cpu *cpu, unsigned fmt, unsigned bytes, unsigned Vd, unsigned Vn, const union lp_vreg *mp, int by, unsigned rot)
{
    const union lp_vreg n = cpu->v[Vn], m = *mp, d = cpu->v[Vd];
    union lp_vreg r = {.q = 0};
    const unsigned swap = rot & 1, flip_re = rot == 1 || rot == 2, flip_im = rot >= 2;
    for (unsigned i = 0; i < bytes >> fmt; i += 2) {
        const unsigned at = by < 0 ? i : 2 * (unsigned)by;
        const uint64_t part = lp_fp_lane(&n, fmt, i + swap);
        const uint64_t re = fx_neg(fmt, lp_fp_lane(&m, fmt, at + swap), flip_re), im = fx_neg(fmt, lp_fp_lane(&m, fmt, at + !swap), flip_im);
        lp_fp_set_lane(&r, fmt, i, lp_fp_mla(cpu, fmt, lp_fp_lane(&d, fmt, i), part, re));
        lp_fp_set_lane(&r, fmt, i + 1, lp_fp_mla(cpu, fmt, lp_fp_lane(&d, fmt, i + 1), part, im));
    }
    cpu->v[Vd] = r;
}
LP_OP(FCMLA_v) { fx_fcmla(cpu, f.size, 8u << f.Q, f.Vd, f.Vn, &cpu->v[f.Vm], -1, f.rot); }
LP_OP(FCMLA_elem_h) { fx_fcmla(cpu, LP_H, 8u << f.Q, f.Vd, f.Vn, &cpu->v[f.Vm], f.H << 1 | f.L, f.rot); }
LP_OP(FCMLA_elem_s) { fx_fcmla(cpu, LP_S, 16, f.Vd, f.Vn, &cpu->v[f.Vm], f.H, f.rot); }

/* ---- FHM ---- */
/* A half as a single of the same value, NaNs with their kind and payload: no flag, no FPCR.AHP. FZ16 flushes as when the half itself
 * is unpacked. (FPMulAddH, FPProcessNaNs3H) */
static uint64_t fx_widen(struct lp_cpu *cpu, uint64_t a)
{
    const uint64_t h = lp_fp_flush(cpu, LP_H, a), mag = lp_fp_mag(LP_H, h), sign = (h & 0x8000) << 16;
    if (mag >= 0x7c00)
        return sign | 0x7f800000 | (mag & 0x3ff) << 13;
    if (mag >= 0x400)
        return sign | ((mag << 13) + ((uint64_t)(127 - 15) << 23));
    if (mag == 0)
        return sign;
    const unsigned top = 31 - (unsigned)__builtin_clz((unsigned)mag); /* mag * 2^-24 */
    return sign | (uint64_t)(top + 127 - 24) << 23 | ((mag << (23 - top)) & 0x7fffff);
}
/* `upper`: the upper half of the sources; `by`: the lane of m, or every lane's own if negative. */
static void fx_fmlal(struct lp_cpu *cpu, unsigned Q, unsigned upper, unsigned sub, unsigned Vd, unsigned Vn, const union lp_vreg *mp, int by)
{
    const union lp_vreg n = cpu->v[Vn], m = *mp;
    union lp_vreg r = cpu->v[Vd];
    const unsigned lanes = 2u << Q;
    for (unsigned i = 0; i < lanes; i++) {
        const uint64_t a = fx_widen(cpu, fx_neg(LP_H, n.h[i + upper * lanes], sub));
        const uint64_t b = fx_widen(cpu, m.h[by < 0 ? i + upper * lanes : (unsigned)by]);
        r.s[i] = (uint32_t)lp_fp_mla(cpu, LP_S, r.s[i], a, b);
    }
    lp_vput_q(cpu, Vd, Q, r);
}
LP_OP(FMLAL_v) { fx_fmlal(cpu, f.Q, 0, f.sub, f.Vd, f.Vn, &cpu->v[f.Vm], -1); }
LP_OP(FMLAL2_v) { fx_fmlal(cpu, f.Q, 1, f.sub, f.Vd, f.Vn, &cpu->v[f.Vm], -1); }
#define INDEX (f.H << 2 | f.L << 1 | f.M)
LP_OP(FMLAL_elem_v) { fx_fmlal(cpu, f.Q, 0, f.sub, f.Vd, f.Vn, &cpu->v[f.Vm], INDEX); }
LP_OP(FMLAL2_elem_v) { fx_fmlal(cpu, f.Q, 1, f.sub, f.Vd, f.Vn, &cpu->v[f.Vm], INDEX); }

/* ---- FRINTTS ---- */
/* FPRoundIntN: what does not fit in `bits`, NaN and infinity too, becomes the smallest integer and is invalid (and not inexact). */
static uint64_t fx_rint(struct lp_cpu *cpu, unsigned fmt, uint64_t a, enum lp_fp_round mode, unsigned bits)
{
    const struct lp_fp_format *t = &lp_fp_formats[fmt];
    const uint64_t limit = (uint64_t)((int)bits - 1 + 1 - t->emin) << t->fbits, lowest = limit | lp_fp_signbit(fmt);
    const uint32_t before = cpu->fpsr;
    if (!lp_fp_isnan(fmt, a)) {
        const uint64_t r = lp_fp_rint(cpu, fmt, a, mode, true);
        if (lp_fp_mag(fmt, r) < limit || r == lowest)
            return r;
    }
    cpu->fpsr = before | LP_IOC;
    return lowest;
}
#define RINT(ROW, MODE, BITS)                                                                  \
    LP_OP(ROW##_s) { lp_fp_put(cpu, LP_S + f.sz, f.Vd, fx_rint(cpu, LP_S + f.sz, lp_fp_lane(&cpu->v[f.Vn], LP_S + f.sz, 0), MODE, BITS)); } \
    LP_OP(ROW##_v)                                                                             \
    {                                                                                          \
        const unsigned fmt = LP_S + f.sz, bytes = 8u << f.Q;                                   \
        const union lp_vreg n = cpu->v[f.Vn];                                                  \
        union lp_vreg r = {.q = 0};                                                            \
        for (unsigned i = 0; i < bytes >> fmt; i++)                                            \
            lp_fp_set_lane(&r, fmt, i, fx_rint(cpu, fmt, lp_fp_lane(&n, fmt, i), MODE, BITS)); \
        cpu->v[f.Vd] = r;                                                                      \
    }
RINT(FRINT32Z, LP_RZ, 32)
RINT(FRINT32X, lp_fp_rmode(cpu), 32)
RINT(FRINT64Z, LP_RZ, 64)
RINT(FRINT64X, lp_fp_rmode(cpu), 64)

/* ---- BF16: conversion ---- */
/* FPConvertBF: the upper half of a single, rounded. */
static uint16_t fx_to_bf(struct lp_cpu *cpu, uint32_t a)
{
    if (lp_fp_isnan(LP_S, a))
        return (uint16_t)(lp_fp_nan(cpu, LP_S, a) >> 16);
    a = (uint32_t)lp_fp_flush(cpu, LP_S, a);
    bool inexact;
    const enum lp_fp_round mode = lp_fp_rmode(cpu);
    const bool sign = a >> 31;
    const uint32_t mag = a & 0x7fffffff, r = (uint32_t)lp_fp_shift_round(mag, 16, sign, mode, &inexact);
    if (mag < 0x7f800000 && r >= 0x7f80) {
        const bool to_inf = mode == LP_RN || mode == (sign ? LP_RM : LP_RP);
        lp_fp_raise(cpu, LP_OFC | LP_IXC);
        return (uint16_t)(sign << 15 | (0x7f80 - !to_inf));
    }
    if (inexact) /* tiny before rounding */
        lp_fp_raise(cpu, mag < 0x00800000 ? LP_UFC | LP_IXC : LP_IXC);
    return (uint16_t)(sign << 15 | r);
}
LP_OP(BFCVT)
{
    const uint16_t r = fx_to_bf(cpu, cpu->v[f.Vn].s[0]);
    cpu->v[f.Vd].d[0] = r;
    cpu->v[f.Vd].d[1] = 0;
}
LP_OP(BFCVTN_v)
{
    const union lp_vreg n = cpu->v[f.Vn];
    union lp_vreg r;
    for (unsigned i = 0; i < 4; i++)
        r.h[i] = fx_to_bf(cpu, n.s[i]);
    lp_vput_half(cpu, f.Vd, f.Q, r.d[0]);
}

/* ---- BF16: dot products. Without FEAT_EBF16 FPCR plays no part: round to odd, subnormals are zero, the default NaN, no flags. ---- */
enum { BF_INF = 0x7f800000, BF_NAN = 0x7fc00000 };
static uint32_t bf_flush(uint32_t a) { return a << 1 >> 24 ? a : a & 0x80000000; }
static uint32_t bf_mag(uint32_t a) { return a & 0x7fffffff; }
/* m * 2^exp with any number of bits, m != 0 (BFRound). */
static uint32_t bf_round(uint32_t sign, int exp, uint64_t m)
{
    const int top = 63 - __builtin_clzll(m), biased = exp + top + 127, drop = top - 23;
    if (biased < 1)
        return sign;
    if (biased > 254)
        return sign | BF_INF;
    uint64_t q = drop > 0 ? m >> drop : m << -drop;
    if (drop > 0 && m & ((UINT64_C(1) << drop) - 1))
        q |= 1;
    return sign | (uint32_t)biased << 23 | ((uint32_t)q & 0x7fffff);
}
/* Two bfloat16 (as singles) have an exact product of 16 bits. */
static uint32_t bf_mul(uint32_t a, uint32_t b)
{
    const uint32_t sign = (a ^ b) & 0x80000000;
    a = bf_mag(bf_flush(a)), b = bf_mag(bf_flush(b));
    if (a > BF_INF || b > BF_INF || (a == BF_INF && b == 0) || (a == 0 && b == BF_INF))
        return BF_NAN;
    if (a == BF_INF || b == BF_INF)
        return sign | BF_INF;
    if (a == 0 || b == 0)
        return sign;
    const uint64_t m = (uint64_t)((a & 0x7fffff) | 0x800000) * ((b & 0x7fffff) | 0x800000);
    return bf_round(sign, (int)(a >> 23) + (int)(b >> 23) - 2 * 150, m);
}
static uint32_t bf_add(uint32_t a, uint32_t b)
{
    a = bf_flush(a), b = bf_flush(b);
    if (bf_mag(a) < bf_mag(b)) {
        const uint32_t t = a;
        a = b, b = t;
    }
    const uint32_t sign = a & 0x80000000;
    if (bf_mag(a) > BF_INF || (bf_mag(b) == BF_INF && a != b))
        return BF_NAN;
    if (bf_mag(a) == BF_INF || bf_mag(b) == 0)
        return bf_mag(a) ? a : a & b;
    const unsigned ea = a << 1 >> 24, shift = ea - (b << 1 >> 24);
    const uint64_t ma = (uint64_t)((a & 0x7fffff) | 0x800000) << 32, mb = (uint64_t)((b & 0x7fffff) | 0x800000) << 32;
    const uint64_t low = shift > 60 ? 1 : mb >> shift | ((mb & ((UINT64_C(1) << shift) - 1)) != 0);
    const uint64_t m = (a ^ b) >> 31 ? ma - low : ma + low;
    return m ? bf_round(sign, (int)ea - 150 - 32, m) : 0;
}
/* BFDotAdd: d + (n0 * m0 + n1 * m1), of the pairs in two words. */
static uint32_t bf_dot(uint32_t d, uint32_t n, uint32_t m)
{
    return bf_add(d, bf_add(bf_mul(n << 16, m << 16), bf_mul(n & 0xffff0000, m & 0xffff0000)));
}
#define DOT(ROW, AT)                                                                           \
    LP_OP(ROW)                                                                                 \
    {                                                                                          \
        const union lp_vreg n = cpu->v[f.Vn], m = cpu->v[f.Vm];                                \
        union lp_vreg r = cpu->v[f.Vd];                                                        \
        for (unsigned i = 0; i < 2u << f.Q; i++)                                               \
            r.s[i] = bf_dot(r.s[i], n.s[i], m.s[AT]);                                          \
        lp_vput_q(cpu, f.Vd, f.Q, r);                                                          \
    }
DOT(BFDOT_v, i)
DOT(BFDOT_elem_v, f.H << 1 | f.L)
/* A 2 x 4 matrix times the transpose of another. */
LP_OP(BFMMLA_v)
{
    const union lp_vreg n = cpu->v[f.Vn], m = cpu->v[f.Vm];
    union lp_vreg r = cpu->v[f.Vd];
    for (unsigned i = 0; i < 4; i++)
        for (unsigned k = 0; k < 2; k++)
            r.s[i] = bf_dot(r.s[i], n.s[2 * (i >> 1) + k], m.s[2 * (i & 1) + k]);
    cpu->v[f.Vd] = r;
}
/* BFMLALB, BFMLALT (Q = 1): the even or odd lanes, a fused step under FPCR. `by`: as above. */
static void fx_bfmlal(struct lp_cpu *cpu, unsigned top, unsigned Vd, unsigned Vn, const union lp_vreg *mp, int by)
{
    const union lp_vreg n = cpu->v[Vn], m = *mp;
    for (unsigned i = 0; i < 4; i++) {
        const uint32_t a = (uint32_t)n.h[2 * i + top] << 16, b = (uint32_t)m.h[by < 0 ? 2 * i + top : (unsigned)by] << 16;
        cpu->v[Vd].s[i] = (uint32_t)lp_fp_mla(cpu, LP_S, cpu->v[Vd].s[i], a, b);
    }
}
LP_OP(BFMLAL_v) { fx_bfmlal(cpu, f.Q, f.Vd, f.Vn, &cpu->v[f.Vm], -1); }
LP_OP(BFMLAL_elem_v) { fx_bfmlal(cpu, f.Q, f.Vd, f.Vn, &cpu->v[f.Vm], INDEX); }

#include "a64/fp_ext.export.gen.h"
