/* exec/simd_fp_scalar.c - AdvSIMD scalar floating point: three same, two-register miscellaneous, pairwise, by element, fixed point
 * (Arm ARM C7.2). */
#include <config.h>
#include "exec/op.h"
#include "exec/fp_host.h"

/* One source; _h is FEAT_FP16. */
#define FPS_EACH(ROW, EACH, ...)                                                                        \
    LP_OP(ROW) { EACH(cpu, LP_S + f.sz, 4u << f.sz, f.Vd, &cpu->v[f.Vn], __VA_ARGS__); }                \
    LP_OP(ROW##_h) { EACH(cpu, LP_H, 2, f.Vd, &cpu->v[f.Vn], __VA_ARGS__); }
#define FPS_ONE(ROW, FN)                                                                                \
    LP_OP(ROW) { lp_fp_each1(cpu, FN, LP_S + f.sz, 4u << f.sz, f.Vd, &cpu->v[f.Vn]); }                  \
    LP_OP(ROW##_h) { lp_fp_each1(cpu, FN, LP_H, 2, f.Vd, &cpu->v[f.Vn]); }
FPS_ONE(FRECPE_s, lp_fp_recpe)
FPS_ONE(FRSQRTE_s, lp_fp_rsqrte)
FPS_ONE(FRECPX_s, lp_fp_recpx)

FPS_EACH(FCVTNS_s, lp_fp_each_to_fixed, 0, false, LP_RN)
FPS_EACH(FCVTNU_s, lp_fp_each_to_fixed, 0, true, LP_RN)
FPS_EACH(FCVTPS_s, lp_fp_each_to_fixed, 0, false, LP_RP)
FPS_EACH(FCVTPU_s, lp_fp_each_to_fixed, 0, true, LP_RP)
FPS_EACH(FCVTMS_s, lp_fp_each_to_fixed, 0, false, LP_RM)
FPS_EACH(FCVTMU_s, lp_fp_each_to_fixed, 0, true, LP_RM)
FPS_EACH(FCVTZS_s, lp_fp_each_to_fixed, 0, false, LP_RZ)
FPS_EACH(FCVTZU_s, lp_fp_each_to_fixed, 0, true, LP_RZ)
FPS_EACH(FCVTAS_s, lp_fp_each_to_fixed, 0, false, LP_RA)
FPS_EACH(FCVTAU_s, lp_fp_each_to_fixed, 0, true, LP_RA)
FPS_EACH(UCVTF_s, lp_fp_each_from_fixed, 0, true)
LP_OP(SCVTF_s_h) { lp_fp_each_from_fixed(cpu, LP_H, 2, f.Vd, &cpu->v[f.Vn], 0, false); }
/* What compilers use after an integer load into a SIMD register. */
LP_OP(SCVTF_s)
{
    if (f.sz)
        lp_put_d(cpu, f.Vd, (double)cpu->v[f.Vn].sd[0]);
    else
        lp_put_s(cpu, f.Vd, (float)cpu->v[f.Vn].ss[0]);
}
LP_OP(FCVTXN_s) { lp_fp_put(cpu, LP_S, f.Vd, lp_fp_convert(cpu, LP_D, LP_S, cpu->v[f.Vn].d[0], LP_RODD)); }

/* ---- comparison with zero: x OP 0, or 0 OP x ---- */
#define FPS_COMPARE(ROW, FN, A, B)                                                                      \
    LP_OP(ROW)                                                                                          \
    {                                                                                                   \
        const union lp_vreg zero = {{0}};                                                               \
        lp_fp_each2(cpu, FN, LP_S + f.sz, 4u << f.sz, f.Vd, A, B);                                      \
    }                                                                                                   \
    LP_OP(ROW##_h)                                                                                      \
    {                                                                                                   \
        const union lp_vreg zero = {{0}};                                                               \
        lp_fp_each2(cpu, FN, LP_H, 2, f.Vd, A, B);                                                      \
    }
FPS_COMPARE(FCMEQ_0_s, lp_fp_cmeq, &cpu->v[f.Vn], &zero)
FPS_COMPARE(FCMGE_0_s, lp_fp_cmge, &cpu->v[f.Vn], &zero)
FPS_COMPARE(FCMGT_0_s, lp_fp_cmgt, &cpu->v[f.Vn], &zero)
FPS_COMPARE(FCMLE_0_s, lp_fp_cmge, &zero, &cpu->v[f.Vn])
FPS_COMPARE(FCMLT_0_s, lp_fp_cmgt, &zero, &cpu->v[f.Vn])

/* ---- two sources ---- */
#define FPS_TWO(ROW, FN)                                                                                \
    LP_OP(ROW) { lp_fp_each2(cpu, FN, LP_S + f.sz, 4u << f.sz, f.Vd, &cpu->v[f.Vn], &cpu->v[f.Vm]); }   \
    LP_OP(ROW##_h) { lp_fp_each2(cpu, FN, LP_H, 2, f.Vd, &cpu->v[f.Vn], &cpu->v[f.Vm]); }
FPS_TWO(FMULX_s, lp_fp_mulx)
LP_OP(FABD_s_h) { lp_fp_each2(cpu, lp_fp_abd, LP_H, 2, f.Vd, &cpu->v[f.Vn], &cpu->v[f.Vm]); }
LP_OP(FABD_s) { LP_FP_SCALAR2(fabs(a - b), lp_nan, lp_fp_abd) }
FPS_TWO(FRECPS_s, lp_fp_recps)
FPS_TWO(FRSQRTS_s, lp_fp_rsqrts)
FPS_TWO(FCMEQ_s, lp_fp_cmeq)
FPS_TWO(FCMGE_s, lp_fp_cmge)
FPS_TWO(FCMGT_s, lp_fp_cmgt)
FPS_TWO(FACGE_s, lp_fp_acge)
FPS_TWO(FACGT_s, lp_fp_acgt)

#define FPS_PAIR(ROW, FN)                                                                               \
    LP_OP(ROW) { lp_fp_reduce(cpu, FN, LP_S + f.sz, 8u << f.sz, f.Vd, &cpu->v[f.Vn]); }                 \
    LP_OP(ROW##_h) { lp_fp_reduce(cpu, FN, LP_H, 4, f.Vd, &cpu->v[f.Vn]); }
/* The end of every vectorised sum. */
LP_OP(FADDP_s)
{
    const union lp_vreg *const n = &cpu->v[f.Vn];
    if (lp_fp_plain(cpu)) {
        const double d = f.sz ? n->f64[0] + n->f64[1] : 0;
        const float s = f.sz ? 0 : n->f32[0] + n->f32[1];
        if (!lp_nan_d(d) && !lp_nan_s(s)) {
            lp_fp_put(cpu, LP_D, f.Vd, f.sz ? lp_bits_d(d) : lp_bits_s(s));
            return;
        }
    }
    lp_fp_reduce(cpu, lp_fp_add, LP_S + f.sz, 8u << f.sz, f.Vd, n);
}
LP_OP(FADDP_s_h) { lp_fp_reduce(cpu, lp_fp_add, LP_H, 4, f.Vd, &cpu->v[f.Vn]); }
FPS_PAIR(FMAXP_s, lp_fp_max)
FPS_PAIR(FMINP_s, lp_fp_min)
FPS_PAIR(FMAXNMP_s, lp_fp_maxnm)
FPS_PAIR(FMINNMP_s, lp_fp_minnm)

/* ---- by element ---- */
#define FPS_INDEX (f.sz ? f.H : f.H * 2u + f.L)
LP_OP(FMUL_elem_s) { LP_FP_SCALAR2_AT(a * b, lp_odd, lp_fp_mul, &cpu->v[f.Vm], FPS_INDEX) }
LP_OP(FMULX_elem_s)
{
    const union lp_vreg e = lp_fp_dup(&cpu->v[f.Vm], LP_S + f.sz, FPS_INDEX);
    lp_fp_each2(cpu, lp_fp_mulx, LP_S + f.sz, 4u << f.sz, f.Vd, &cpu->v[f.Vn], &e);
}
LP_INLINE void fps_mla(struct lp_cpu *cpu, unsigned sz, unsigned Vd, unsigned Vn, unsigned Vm, unsigned index, bool flip)
{
    const union lp_vreg *const n = &cpu->v[Vn], *const d = &cpu->v[Vd], e = lp_fp_dup(&cpu->v[Vm], LP_S + sz, index);
    const double r = sz && lp_fp_plain(cpu) ? lp_fma_d(flip ? -n->f64[0] : n->f64[0], e.f64[0], d->f64[0]) : NAN;
    const float q = !sz && lp_fp_plain(cpu) ? lp_fma_s(flip ? -n->f32[0] : n->f32[0], e.f32[0], d->f32[0]) : NAN;
    if (sz && !lp_odd_d(r))
        lp_put_d(cpu, Vd, r);
    else if (!sz && !lp_odd_s(q))
        lp_put_s(cpu, Vd, q);
    else
        lp_fp_each_mla(cpu, LP_S + sz, 4u << sz, Vd, d, n, &e, flip ? LP_FLIP_N : 0);
}
LP_OP(FMLA_elem_s) { fps_mla(cpu, f.sz, f.Vd, f.Vn, f.Vm, FPS_INDEX, false); }
LP_OP(FMLS_elem_s) { fps_mla(cpu, f.sz, f.Vd, f.Vn, f.Vm, FPS_INDEX, true); }
#define FPS_HALF_ELEMENT(ROW, DO)                                                                       \
    LP_OP(ROW)                                                                                          \
    {                                                                                                   \
        const union lp_vreg e = lp_fp_dup(&cpu->v[f.Vm], LP_H, f.H * 4u + f.L * 2u + f.M);              \
        DO;                                                                                             \
    }
FPS_HALF_ELEMENT(FMUL_elem_s_h, lp_fp_each2(cpu, lp_fp_mul, LP_H, 2, f.Vd, &cpu->v[f.Vn], &e))
FPS_HALF_ELEMENT(FMULX_elem_s_h, lp_fp_each2(cpu, lp_fp_mulx, LP_H, 2, f.Vd, &cpu->v[f.Vn], &e))
FPS_HALF_ELEMENT(FMLA_elem_s_h, lp_fp_each_mla(cpu, LP_H, 2, f.Vd, &cpu->v[f.Vd], &cpu->v[f.Vn], &e, 0))
FPS_HALF_ELEMENT(FMLS_elem_s_h, lp_fp_each_mla(cpu, LP_H, 2, f.Vd, &cpu->v[f.Vd], &cpu->v[f.Vn], &e, LP_FLIP_N))

/* ---- fixed point: immh:immb is twice the element's size minus the number of fraction bits ---- */
#define FPS_FIXED(ROW, EACH, ...)                                                                       \
    LP_OP(ROW)                                                                                          \
    {                                                                                                   \
        const unsigned fmt = f.immh & 8 ? LP_D : LP_S, fbits = (16u << fmt) - (f.immh * 8u + f.immb);   \
        EACH(cpu, fmt, 1u << fmt, f.Vd, &cpu->v[f.Vn], fbits, __VA_ARGS__);                             \
    }                                                                                                   \
    LP_OP(ROW##_h) { EACH(cpu, LP_H, 2, f.Vd, &cpu->v[f.Vn], 16u - f.imm4, __VA_ARGS__); }
FPS_FIXED(FCVTZS_fix_s, lp_fp_each_to_fixed, false, LP_RZ)
FPS_FIXED(FCVTZU_fix_s, lp_fp_each_to_fixed, true, LP_RZ)
FPS_FIXED(SCVTF_fix_s, lp_fp_each_from_fixed, false)
FPS_FIXED(UCVTF_fix_s, lp_fp_each_from_fixed, true)

#include "a64/simd_fp_scalar.export.gen.h"
