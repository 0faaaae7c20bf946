/* exec/fp_conv.c - scalar floating point: between formats, to integral values, to and from integers and fixed point (Arm ARM C7.2). */
#include <config.h>
#include "exec/op.h"
#include "exec/fp_host.h"

/* ---- between formats ---- */
LP_INLINE void fp_convert(struct lp_cpu *cpu, unsigned from, unsigned to, unsigned Vd, unsigned Vn)
{
    lp_fp_put(cpu, to, Vd, lp_fp_convert(cpu, from, to, lp_fp_lane(&cpu->v[Vn], from, 0), lp_fp_rmode(cpu)));
}
LP_OP(FCVT_s_d)
{
    const double r = lp_fp_plain(cpu) ? cpu->v[f.Vn].f32[0] : NAN;
    if (lp_nan_d(r))
        fp_convert(cpu, LP_S, LP_D, f.Vd, f.Vn);
    else
        lp_put_d(cpu, f.Vd, r);
}
LP_OP(FCVT_d_s)
{
    const float r = lp_fp_plain(cpu) ? (float)cpu->v[f.Vn].f64[0] : NAN;
    if (lp_odd_s(r))
        fp_convert(cpu, LP_D, LP_S, f.Vd, f.Vn);
    else
        lp_put_s(cpu, f.Vd, r);
}
LP_OP(FCVT_s_h) { fp_convert(cpu, LP_S, LP_H, f.Vd, f.Vn); }
LP_OP(FCVT_d_h) { fp_convert(cpu, LP_D, LP_H, f.Vd, f.Vn); }
LP_OP(FCVT_h_s) { fp_convert(cpu, LP_H, LP_S, f.Vd, f.Vn); }
LP_OP(FCVT_h_d) { fp_convert(cpu, LP_H, LP_D, f.Vd, f.Vn); }

/* ---- to integral values ---- */
#define FP_RINT(ROW, MODE, EXACT)                                                                     \
    LP_OP(ROW##_s) { lp_fp_each_rint(cpu, LP_S + f.sz, 4u << f.sz, f.Vd, &cpu->v[f.Vn], MODE, EXACT); } \
    LP_OP(ROW##_h) { lp_fp_each_rint(cpu, LP_H, 2, f.Vd, &cpu->v[f.Vn], MODE, EXACT); }
FP_RINT(FRINTN, LP_RN, false)
FP_RINT(FRINTP, LP_RP, false)
FP_RINT(FRINTM, LP_RM, false)
FP_RINT(FRINTZ, LP_RZ, false)
FP_RINT(FRINTA, LP_RA, false)
FP_RINT(FRINTX, lp_fp_rmode(cpu), true)
FP_RINT(FRINTI, lp_fp_rmode(cpu), false)

/* ---- to integers ---- */
LP_INLINE void fp_to_fixed(struct lp_cpu *cpu, unsigned fmt, unsigned sf, unsigned Rd, unsigned Vn, unsigned fbits, bool is_unsigned,
                           enum lp_fp_round mode)
{
    cpu->x[Rd] = lp_fp_to_fixed(cpu, fmt, lp_fp_lane(&cpu->v[Vn], fmt, 0), fbits, is_unsigned, mode, 32u << sf);
}
/* Is |v| < 2^bits (not a NaN)? By the exponent: no flag. */
LP_INLINE bool fp_below_d(double v, unsigned bits) { return (lp_bits_d(v) >> 52 & 0x7ff) < 1023 + bits; }
LP_INLINE bool fp_below_s(float v, unsigned bits) { return (lp_bits_s(v) >> 23 & 0xff) < 127 + bits; }

/* Truncation is what a C conversion does, with the same inexact flag, where the value is in range for sure. */
LP_OP(FCVTZS)
{
    const union lp_vreg *const n = &cpu->v[f.Vn];
    if (lp_fp_plain(cpu)) {
        if (f.sz && LP_FP_LIKELY(fp_below_d(n->f64[0], f.sf ? 63 : 31))) {
            lp_wr(cpu, f.sf, f.Rd, (uint64_t)(int64_t)n->f64[0]);
            return;
        }
        if (!f.sz && LP_FP_LIKELY(fp_below_s(n->f32[0], f.sf ? 63 : 31))) {
            lp_wr(cpu, f.sf, f.Rd, (uint64_t)(int64_t)n->f32[0]);
            return;
        }
    }
    fp_to_fixed(cpu, LP_S + f.sz, f.sf, f.Rd, f.Vn, 0, false, LP_RZ);
}
LP_OP(FCVTZU)
{
    const union lp_vreg *const n = &cpu->v[f.Vn];
    if (lp_fp_plain(cpu)) {
        if (f.sz && LP_FP_LIKELY(fp_below_d(n->f64[0], f.sf ? 63 : 32) && n->sd[0] >= 0)) {
            lp_wr(cpu, f.sf, f.Rd, (uint64_t)(int64_t)n->f64[0]);
            return;
        }
        if (!f.sz && LP_FP_LIKELY(fp_below_s(n->f32[0], f.sf ? 63 : 32) && n->ss[0] >= 0)) {
            lp_wr(cpu, f.sf, f.Rd, (uint64_t)(int64_t)n->f32[0]);
            return;
        }
    }
    fp_to_fixed(cpu, LP_S + f.sz, f.sf, f.Rd, f.Vn, 0, true, LP_RZ);
}
#define FP_TO_INT_H(ROW, UNSIGNED, MODE) LP_OP(ROW##_h) { fp_to_fixed(cpu, LP_H, f.sf, f.Rd, f.Vn, 0, UNSIGNED, MODE); }
#define FP_TO_INT(ROW, UNSIGNED, MODE)                                                                \
    LP_OP(ROW) { fp_to_fixed(cpu, LP_S + f.sz, f.sf, f.Rd, f.Vn, 0, UNSIGNED, MODE); }                \
    FP_TO_INT_H(ROW, UNSIGNED, MODE)
FP_TO_INT(FCVTNS, false, LP_RN)
FP_TO_INT(FCVTNU, true, LP_RN)
FP_TO_INT(FCVTAS, false, LP_RA)
FP_TO_INT(FCVTAU, true, LP_RA)
FP_TO_INT(FCVTPS, false, LP_RP)
FP_TO_INT(FCVTPU, true, LP_RP)
FP_TO_INT(FCVTMS, false, LP_RM)
FP_TO_INT(FCVTMU, true, LP_RM)
FP_TO_INT_H(FCVTZS, false, LP_RZ)
FP_TO_INT_H(FCVTZU, true, LP_RZ)

LP_OP(FJCVTZS)
{
    bool exact;
    cpu->x[f.Rd] = lp_fp_to_js(cpu, cpu->v[f.Vn].d[0], &exact);
    lp_set_nzcv(cpu, (uint32_t)exact << 30);
}

/* ---- from integers ---- */
LP_INLINE void fp_from_fixed(struct lp_cpu *cpu, unsigned fmt, unsigned sf, unsigned Vd, unsigned Rn, unsigned fbits, bool is_unsigned)
{
    uint64_t v = cpu->x[Rn];
    if (!sf)
        v = is_unsigned ? (uint32_t)v : (uint64_t)(int32_t)v;
    lp_fp_put(cpu, fmt, Vd, lp_fp_from_fixed(cpu, fmt, v, fbits, is_unsigned));
}
LP_INLINE void fp_from_int(struct lp_cpu *cpu, unsigned sz, unsigned Vd, int64_t v)
{
    if (sz)
        lp_put_d(cpu, Vd, (double)v);
    else
        lp_put_s(cpu, Vd, (float)v);
}
LP_OP(SCVTF) { fp_from_int(cpu, f.sz, f.Vd, f.sf ? (int64_t)cpu->x[f.Rn] : (int32_t)cpu->x[f.Rn]); }
LP_OP(UCVTF)
{
    const int64_t v = f.sf ? (int64_t)cpu->x[f.Rn] : (int64_t)(uint32_t)cpu->x[f.Rn];
    if (LP_FP_LIKELY(v >= 0))
        fp_from_int(cpu, f.sz, f.Vd, v);
    else
        fp_from_fixed(cpu, LP_S + f.sz, 1, f.Vd, f.Rn, 0, true);
}
LP_OP(SCVTF_h) { fp_from_fixed(cpu, LP_H, f.sf, f.Vd, f.Rn, 0, false); }
LP_OP(UCVTF_h) { fp_from_fixed(cpu, LP_H, f.sf, f.Vd, f.Rn, 0, true); }

/* ---- fixed point ---- */
LP_OP(FCVTZS_fix) { fp_to_fixed(cpu, LP_S + f.sz, f.sf, f.Rd, f.Vn, 64 - f.scale, false, LP_RZ); }
LP_OP(FCVTZU_fix) { fp_to_fixed(cpu, LP_S + f.sz, f.sf, f.Rd, f.Vn, 64 - f.scale, true, LP_RZ); }
LP_OP(SCVTF_fix) { fp_from_fixed(cpu, LP_S + f.sz, f.sf, f.Vd, f.Rn, 64 - f.scale, false); }
LP_OP(UCVTF_fix) { fp_from_fixed(cpu, LP_S + f.sz, f.sf, f.Vd, f.Rn, 64 - f.scale, true); }
LP_OP(FCVTZS_fix_h) { fp_to_fixed(cpu, LP_H, f.sf, f.Rd, f.Vn, 64 - f.scale, false, LP_RZ); }
LP_OP(FCVTZU_fix_h) { fp_to_fixed(cpu, LP_H, f.sf, f.Rd, f.Vn, 64 - f.scale, true, LP_RZ); }
LP_OP(SCVTF_fix_h) { fp_from_fixed(cpu, LP_H, f.sf, f.Vd, f.Rn, 64 - f.scale, false); }
LP_OP(UCVTF_fix_h) { fp_from_fixed(cpu, LP_H, f.sf, f.Vd, f.Rn, 64 - f.scale, true); }

#include "a64/fp_conv.export.gen.h"
