/* exec/simd_fp_misc.c - AdvSIMD floating point: two-register miscellaneous, across lanes, fixed point (Arm ARM C7.2). Rows that are scalars too: fp_rows.h. */
#include <config.h>
#include "exec/op.h"
#include "exec/fp_rows.h"

#define FPM_BYTES(fmt) (8u << f.Q)
LP_FP_ROWS(_v, FPM_BYTES)

/* ---- sign: no arithmetic, no flags ---- */
LP_INLINE uint64_t fpm_signs(unsigned fmt)
{
    return fmt == LP_D ? UINT64_C(1) << 63 : fmt == LP_S ? UINT64_C(0x8000000080000000) : UINT64_C(0x8000800080008000);
}
LP_INLINE void fpm_sign(struct lp_cpu *cpu, unsigned fmt, unsigned Q, unsigned Vd, unsigned Vn, bool neg)
{
    const uint64_t s = fpm_signs(fmt), lo = cpu->v[Vn].d[0], hi = cpu->v[Vn].d[1];
    cpu->v[Vd].d[0] = neg ? lo ^ s : lo & ~s;
    cpu->v[Vd].d[1] = !Q ? 0 : neg ? hi ^ s : hi & ~s;
}
LP_OP(FABS_v) { fpm_sign(cpu, LP_S + f.sz, f.Q, f.Vd, f.Vn, false); }
LP_OP(FNEG_v) { fpm_sign(cpu, LP_S + f.sz, f.Q, f.Vd, f.Vn, true); }
LP_OP(FABS_v_h) { fpm_sign(cpu, LP_H, f.Q, f.Vd, f.Vn, false); }
LP_OP(FNEG_v_h) { fpm_sign(cpu, LP_H, f.Q, f.Vd, f.Vn, true); }

/* ---- on the host, if every lane allows it; the loops leave `i` at the first that does not ---- */
#define FPM_LANES(f) ((2u << (f).Q) >> (f).sz)
#define FPM_STORE_IF_DONE                                                                               \
    if (i == FPM_LANES(f)) {                                                                            \
        cpu->v[f.Vd] = r;                                                                               \
        return;                                                                                         \
    }
LP_OP(FSQRT_v)
{
    const union lp_vreg n = cpu->v[f.Vn];
    union lp_vreg r = {{0}};
    unsigned i = 0;
    if (lp_fp_plain(cpu) && f.sz)
        for (; i < FPM_LANES(f) && __builtin_isgreaterequal(n.f64[i], 0.0); i++)
            r.f64[i] = sqrt(n.f64[i]);
    else if (lp_fp_plain(cpu))
        for (; i < FPM_LANES(f) && __builtin_isgreaterequal(n.f32[i], 0.0f); i++)
            r.f32[i] = sqrtf(n.f32[i]);
    FPM_STORE_IF_DONE
    lp_fp_each1(cpu, lp_fp_sqrt, LP_S + f.sz, 8u << f.Q, f.Vd, &n);
}
LP_OP(FSQRT_v_h) { lp_fp_each1(cpu, lp_fp_sqrt, LP_H, 8u << f.Q, f.Vd, &cpu->v[f.Vn]); }

/* Truncation in range is the C conversion; the range is read off the exponent. */
LP_OP(FCVTZS_v)
{
    const union lp_vreg n = cpu->v[f.Vn];
    union lp_vreg r = {{0}};
    unsigned i = 0;
    if (lp_fp_plain(cpu) && f.sz)
        for (; i < FPM_LANES(f) && (n.d[i] >> 52 & 0x7ff) < 1023 + 63; i++)
            r.sd[i] = (int64_t)n.f64[i];
    else if (lp_fp_plain(cpu))
        for (; i < FPM_LANES(f) && (n.s[i] >> 23 & 0xff) < 127 + 31; i++)
            r.ss[i] = (int32_t)n.f32[i];
    FPM_STORE_IF_DONE
    lp_fp_each_to_fixed(cpu, LP_S + f.sz, 8u << f.Q, f.Vd, &n, 0, false, LP_RZ);
}
LP_OP(FCVTZS_v_h) { lp_fp_each_to_fixed(cpu, LP_H, 8u << f.Q, f.Vd, &cpu->v[f.Vn], 0, false, LP_RZ); }

LP_OP(SCVTF_v)
{
    union lp_vreg r = {{0}};
    for (unsigned i = 0; i < FPM_LANES(f); i++)
        if (f.sz)
            r.f64[i] = (double)cpu->v[f.Vn].sd[i];
        else
            r.f32[i] = (float)cpu->v[f.Vn].ss[i];
    cpu->v[f.Vd] = r;
}
LP_OP(SCVTF_v_h) { lp_fp_each_from_fixed(cpu, LP_H, 8u << f.Q, f.Vd, &cpu->v[f.Vn], 0, false); }

LP_FP_ROW(FRINTN_v, FPM_BYTES, lp_fp_each_rint, LP_RN, false)
LP_FP_ROW(FRINTP_v, FPM_BYTES, lp_fp_each_rint, LP_RP, false)
LP_FP_ROW(FRINTM_v, FPM_BYTES, lp_fp_each_rint, LP_RM, false)
LP_FP_ROW(FRINTZ_v, FPM_BYTES, lp_fp_each_rint, LP_RZ, false)
LP_FP_ROW(FRINTA_v, FPM_BYTES, lp_fp_each_rint, LP_RA, false)
LP_FP_ROW(FRINTX_v, FPM_BYTES, lp_fp_each_rint, lp_fp_rmode(cpu), true)
LP_FP_ROW(FRINTI_v, FPM_BYTES, lp_fp_each_rint, lp_fp_rmode(cpu), false)

/* ---- estimates of unsigned fixed point numbers ---- */
#define FPM_WORDS(ROW, FN)                                                                              \
    LP_OP(ROW)                                                                                          \
    {                                                                                                   \
        union lp_vreg r = {{0}};                                                                        \
        for (unsigned i = 0; i < 2u << f.Q; i++)                                                        \
            r.s[i] = FN(cpu->v[f.Vn].s[i]);                                                             \
        cpu->v[f.Vd] = r;                                                                               \
    }
FPM_WORDS(URECPE_v, lp_fp_urecpe)
FPM_WORDS(URSQRTE_v, lp_fp_ursqrte)

/* ---- narrower and wider formats: the lower (Q = 0) or upper half of the narrow register ---- */
LP_INLINE void fpm_narrow(struct lp_cpu *cpu, unsigned from, unsigned Q, unsigned Vd, unsigned Vn, enum lp_fp_round mode)
{
    const union lp_vreg n = cpu->v[Vn];
    const unsigned lanes = 16u >> from;
    union lp_vreg r = cpu->v[Vd];
    if (!Q)
        r.d[1] = 0;
    for (unsigned i = 0; i < lanes; i++)
        lp_fp_set_lane(&r, from - 1, i + Q * lanes, lp_fp_convert(cpu, from, from - 1, lp_fp_lane(&n, from, i), mode));
    cpu->v[Vd] = r;
}
LP_OP(FCVTN_v)
{
    const float lo = lp_fp_plain(cpu) && f.sz ? (float)cpu->v[f.Vn].f64[0] : NAN, hi = lo == lo ? (float)cpu->v[f.Vn].f64[1] : NAN;
    if (lp_odd_s(lo) || lp_odd_s(hi)) {
        fpm_narrow(cpu, LP_S + f.sz, f.Q, f.Vd, f.Vn, lp_fp_rmode(cpu));
        return;
    }
    cpu->v[f.Vd].d[f.Q] = (uint64_t)lp_bits_s(hi) << 32 | lp_bits_s(lo);
    if (!f.Q)
        cpu->v[f.Vd].d[1] = 0;
}
LP_OP(FCVTXN_v) { fpm_narrow(cpu, LP_D, f.Q, f.Vd, f.Vn, LP_RODD); }
LP_OP(FCVTL_v)
{
    const union lp_vreg n = cpu->v[f.Vn];
    const unsigned to = LP_S + f.sz, lanes = 16u >> to;
    union lp_vreg r;
    if (lp_fp_plain(cpu) && f.sz) {
        r.f64[0] = n.f32[2 * f.Q], r.f64[1] = n.f32[2 * f.Q + 1];
        if (!lp_nan_d(r.f64[0]) && !lp_nan_d(r.f64[1])) {
            cpu->v[f.Vd] = r;
            return;
        }
    }
    for (unsigned i = 0; i < lanes; i++)
        lp_fp_set_lane(&r, to, i, lp_fp_convert(cpu, to - 1, to, lp_fp_lane(&n, to - 1, i + f.Q * lanes), lp_fp_rmode(cpu)));
    cpu->v[f.Vd] = r;
}

/* ---- across lanes ---- */
#define FPM_ACROSS(ROW, FN)                                                                             \
    LP_OP(ROW) { lp_fp_reduce(cpu, FN, LP_S, 16, f.Vd, &cpu->v[f.Vn]); }                                \
    LP_OP(ROW##_h) { lp_fp_reduce(cpu, FN, LP_H, 8u << f.Q, f.Vd, &cpu->v[f.Vn]); }
FPM_ACROSS(FMAXV_v, lp_fp_max)
FPM_ACROSS(FMINV_v, lp_fp_min)
FPM_ACROSS(FMAXNMV_v, lp_fp_maxnm)
FPM_ACROSS(FMINNMV_v, lp_fp_minnm)

#include "a64/simd_fp_misc.export.gen.h"
