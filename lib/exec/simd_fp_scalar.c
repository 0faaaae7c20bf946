/* exec/simd_fp_scalar.c - AdvSIMD scalar floating point: three same, two-register miscellaneous, pairwise, by element, fixed point
 * (Arm ARM C7.2). Rows that are vectors too: fp_rows.h. */
#include <config.h>
#include "exec/op.h"
#include "exec/fp_rows.h"

#define FPS_BYTES(fmt) (1u << (fmt))
LP_FP_ROWS(_s, FPS_BYTES)
LP_FP_ROW1(FRECPX_s, FPS_BYTES, lp_fp_recpx)
LP_FP_ROW(FCVTZS_s, FPS_BYTES, lp_fp_each_to_fixed, 0, false, LP_RZ)
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

#include "a64/simd_fp_scalar.export.gen.h"
