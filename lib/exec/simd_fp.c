/* exec/simd_fp.c - AdvSIMD floating point: three same, pairwise, by element (Arm ARM C7.2). */
#include <config.h>
#include "exec/op.h"
#include "exec/fp_host.h"

/* ---- arithmetic on the host; one odd lane sends the whole vector to the exact function ---- */
/* DOUBLES and SINGLES compute r from vectors a, b; BEFORE (of a, b) or ODD (of r) sends the vector to FN. */
#define FPV_BODY2(BEFORE, DOUBLES, SINGLES, ODD, FN, NP, MP)                                      \
    {                                                                                             \
        if (lp_fp_plain(cpu)) {                                                                   \
            if (f.sz) {                                                                           \
                const lp_v2d a = (lp_v2d)lp_fp_load(NP, f.Q, 0), b = (lp_v2d)lp_fp_load(MP, f.Q, LP_FP_ONES); \
                if (!(BEFORE)) {                                                                  \
                    const lp_v2d r = (lp_v2d)(DOUBLES);                                           \
                    if (!ODD##_vd(r)) {                                                         \
                        lp_fp_store(cpu, f.Vd, f.Q, (lp_v2l)r);                                   \
                        return;                                                                   \
                    }                                                                             \
                }                                                                                 \
            } else {                                                                              \
                const lp_v4s a = (lp_v4s)lp_fp_load(NP, f.Q, 0), b = (lp_v4s)lp_fp_load(MP, f.Q, LP_FP_ONES); \
                if (!(BEFORE)) {                                                                  \
                    const lp_v4s r = (lp_v4s)(SINGLES);                                           \
                    if (!ODD##_vs(r)) {                                                         \
                        lp_fp_store(cpu, f.Vd, f.Q, (lp_v2l)r);                                   \
                        return;                                                                   \
                    }                                                                             \
                }                                                                                 \
            }                                                                                     \
        }                                                                                         \
        lp_fp_cold_each2(cpu, FN, LP_S + f.sz, 8u << f.Q, f.Vd, NP, MP);                          \
    }
#define FPV_BODY(EXPR, ODD, FN, NP, MP) FPV_BODY2(false, EXPR, EXPR, ODD, FN, NP, MP)
#define FPV_N (&cpu->v[f.Vn])
#define FPV_M (&cpu->v[f.Vm])
LP_OP(FADD_v) FPV_BODY(a + b, lp_nan, lp_fp_add, FPV_N, FPV_M)
LP_OP(FSUB_v) FPV_BODY(a - b, lp_nan, lp_fp_sub, FPV_N, FPV_M)
LP_OP(FMUL_v) FPV_BODY(a * b, lp_odd, lp_fp_mul, FPV_N, FPV_M)
LP_OP(FDIV_v) FPV_BODY(a / b, lp_odd, lp_fp_div, FPV_N, FPV_M)

/* d + (+-n) * m */
LP_INLINE void fpv_mla(struct lp_cpu *cpu, unsigned sz, unsigned Q, unsigned Vd, unsigned Vn, const union lp_vreg *m, bool flip)
{
    const union lp_vreg *const n = &cpu->v[Vn], *const d = &cpu->v[Vd];
    if (lp_fp_plain(cpu)) {
        const lp_v2l x = lp_fp_load(n, Q, 0), y = lp_fp_load(m, Q, 0), z = lp_fp_load(d, Q, 0);
        if (sz) {
            const lp_v2d r = lp_fma_vd((lp_v2d)(x ^ (flip ? INT64_MIN : 0)), (lp_v2d)y, (lp_v2d)z);
            if (!lp_odd_vd(r)) {
                lp_fp_store(cpu, Vd, Q, (lp_v2l)r);
                return;
            }
        } else {
            const lp_v4s r = lp_fma_vs((lp_v4s)((lp_v4i)x ^ (flip ? INT32_MIN : 0)), (lp_v4s)y, (lp_v4s)z);
            if (!lp_odd_vs(r)) {
                lp_fp_store(cpu, Vd, Q, (lp_v2l)r);
                return;
            }
        }
    }
    lp_fp_cold_mla(cpu, LP_S + sz, 8u << Q, Vd, d, n, m, flip ? LP_FLIP_N : 0);
}
LP_OP(FMLA_v) { fpv_mla(cpu, f.sz, f.Q, f.Vd, f.Vn, &cpu->v[f.Vm], false); }
LP_OP(FMLS_v) { fpv_mla(cpu, f.sz, f.Q, f.Vd, f.Vn, &cpu->v[f.Vm], true); }

LP_OP(FABD_v) FPV_BODY2(false, (lp_v2l)(a - b) & INT64_MAX, (lp_v4i)(a - b) & INT32_MAX, lp_nan, lp_fp_abd, FPV_N, FPV_M)

/* ---- comparison, minimum, maximum: on the host unless there is a NaN ---- */
/* Looked at first: a host comparison of a quiet NaN may raise invalid. */
#define FPV_UNORDERED lp_any((lp_v2l)(a != a) | (lp_v2l)(b != b))
LP_INLINE bool fpv_fine_vd(lp_v2d r) { return (void)r, false; }
LP_INLINE bool fpv_fine_vs(lp_v4s r) { return (void)r, false; }
LP_INLINE lp_v2d fpv_abs_d(lp_v2d a) { return (lp_v2d)((lp_v2l)a & INT64_MAX); }
LP_INLINE lp_v4s fpv_abs_s(lp_v4s a) { return (lp_v4s)((lp_v4i)a & INT32_MAX); }
/* a where `first`, b where `second`, elsewhere (equal numbers, perhaps two zeros) `same`. */
LP_INLINE lp_v2l fpv_choose(lp_v2l first, lp_v2l second, lp_v2l a, lp_v2l b, lp_v2l same)
{
    return (first & a) | (second & b) | (~(first | second) & same);
}
#define FPV_COMPARE(ROW, D, S, FN) LP_OP(ROW) FPV_BODY2(FPV_UNORDERED, D, S, fpv_fine, FN, FPV_N, FPV_M)
FPV_COMPARE(FCMEQ_v, a == b, a == b, lp_fp_cmeq)
FPV_COMPARE(FCMGE_v, a >= b, a >= b, lp_fp_cmge)
FPV_COMPARE(FCMGT_v, a > b, a > b, lp_fp_cmgt)
FPV_COMPARE(FACGE_v, fpv_abs_d(a) >= fpv_abs_d(b), fpv_abs_s(a) >= fpv_abs_s(b), lp_fp_acge)
FPV_COMPARE(FACGT_v, fpv_abs_d(a) > fpv_abs_d(b), fpv_abs_s(a) > fpv_abs_s(b), lp_fp_acgt)
#define FPV_CHOOSE(FIRST, SECOND, SAME) \
    fpv_choose((lp_v2l)(FIRST), (lp_v2l)(SECOND), (lp_v2l)a, (lp_v2l)b, (lp_v2l)a SAME (lp_v2l)b)
#define FPV_EXTREMUM(ROW, FIRST, SECOND, SAME, FN) FPV_COMPARE(ROW, FPV_CHOOSE(FIRST, SECOND, SAME), FPV_CHOOSE(FIRST, SECOND, SAME), FN)
FPV_EXTREMUM(FMAX_v, a > b, a < b, &, lp_fp_max)
FPV_EXTREMUM(FMIN_v, a < b, a > b, |, lp_fp_min)
FPV_EXTREMUM(FMAXNM_v, a > b, a < b, &, lp_fp_maxnm)
FPV_EXTREMUM(FMINNM_v, a < b, a > b, |, lp_fp_minnm)

/* ---- by element: the lane H:L (single) or H (double) in every lane ---- */
LP_INLINE union lp_vreg fpv_element(const struct lp_cpu *cpu, unsigned sz, unsigned Vm, unsigned H, unsigned L)
{
    union lp_vreg r;
    if (sz)
        r.d[0] = r.d[1] = cpu->v[Vm].d[H];
    else
        r.s[0] = r.s[1] = r.s[2] = r.s[3] = cpu->v[Vm].s[H << 1 | L];
    return r;
}
#define FPV_ELEMENT const union lp_vreg e = fpv_element(cpu, f.sz, f.Vm, f.H, f.L);
LP_OP(FMUL_elem_v)
{
    FPV_ELEMENT
    FPV_BODY(a * b, lp_odd, lp_fp_mul, FPV_N, &e)
}
LP_OP(FMLA_elem_v)
{
    FPV_ELEMENT
    fpv_mla(cpu, f.sz, f.Q, f.Vd, f.Vn, &e, false);
}
LP_OP(FMLS_elem_v)
{
    FPV_ELEMENT
    fpv_mla(cpu, f.sz, f.Q, f.Vd, f.Vn, &e, true);
}
LP_OP(FMULX_elem_v)
{
    FPV_ELEMENT
    lp_fp_each2(cpu, lp_fp_mulx, LP_S + f.sz, 8u << f.Q, f.Vd, &cpu->v[f.Vn], &e);
}

/* ---- pairwise: even lanes of n, then of m, plus the odd ones ---- */
LP_OP(FADDP_v)
{
    const lp_v2l n = *(const lp_v2l *)FPV_N, m = *(const lp_v2l *)FPV_M;
    if (lp_fp_plain(cpu) && f.sz) {
        const lp_v2d a = (lp_v2d)n, b = (lp_v2d)m, r = (lp_v2d){a[0], b[0]} + (lp_v2d){a[1], b[1]};
        if (!lp_nan_vd(r)) {
            lp_fp_store(cpu, f.Vd, 1, (lp_v2l)r);
            return;
        }
    } else if (lp_fp_plain(cpu)) {
        const lp_v4s a = (lp_v4s)n, b = (lp_v4s)m;
        const lp_v4s even = f.Q ? (lp_v4s){a[0], a[2], b[0], b[2]} : (lp_v4s){a[0], b[0], 0, 0};
        const lp_v4s odd = f.Q ? (lp_v4s){a[1], a[3], b[1], b[3]} : (lp_v4s){a[1], b[1], 0, 0};
        const lp_v4s r = even + odd;
        if (!lp_nan_vs(r)) {
            lp_fp_store(cpu, f.Vd, f.Q, (lp_v2l)r);
            return;
        }
    }
    lp_fp_pairs(cpu, lp_fp_add, LP_S + f.sz, 8u << f.Q, f.Vd, FPV_N, FPV_M);
}

/* ---- the exact functions, lane by lane; _h is FEAT_FP16 ---- */
#define FPV_HALF(ROW, EACH, FN) LP_OP(ROW##_h) { EACH(cpu, FN, LP_H, 8u << f.Q, f.Vd, &cpu->v[f.Vn], &cpu->v[f.Vm]); }
#define FPV_EXACT(ROW, EACH, FN)                                                                      \
    LP_OP(ROW) { EACH(cpu, FN, LP_S + f.sz, 8u << f.Q, f.Vd, &cpu->v[f.Vn], &cpu->v[f.Vm]); }         \
    FPV_HALF(ROW, EACH, FN)
FPV_EXACT(FMULX_v, lp_fp_each2, lp_fp_mulx)
FPV_EXACT(FRECPS_v, lp_fp_each2, lp_fp_recps)
FPV_EXACT(FRSQRTS_v, lp_fp_each2, lp_fp_rsqrts)
FPV_EXACT(FMAXP_v, lp_fp_pairs, lp_fp_max)
FPV_EXACT(FMINP_v, lp_fp_pairs, lp_fp_min)
FPV_EXACT(FMAXNMP_v, lp_fp_pairs, lp_fp_maxnm)
FPV_EXACT(FMINNMP_v, lp_fp_pairs, lp_fp_minnm)
FPV_HALF(FABD_v, lp_fp_each2, lp_fp_abd)
FPV_HALF(FMAX_v, lp_fp_each2, lp_fp_max)
FPV_HALF(FMIN_v, lp_fp_each2, lp_fp_min)
FPV_HALF(FMAXNM_v, lp_fp_each2, lp_fp_maxnm)
FPV_HALF(FMINNM_v, lp_fp_each2, lp_fp_minnm)
FPV_HALF(FCMEQ_v, lp_fp_each2, lp_fp_cmeq)
FPV_HALF(FCMGE_v, lp_fp_each2, lp_fp_cmge)
FPV_HALF(FCMGT_v, lp_fp_each2, lp_fp_cmgt)
FPV_HALF(FACGE_v, lp_fp_each2, lp_fp_acge)
FPV_HALF(FACGT_v, lp_fp_each2, lp_fp_acgt)
FPV_HALF(FADDP_v, lp_fp_pairs, lp_fp_add)
FPV_HALF(FADD_v, lp_fp_each2, lp_fp_add)
FPV_HALF(FSUB_v, lp_fp_each2, lp_fp_sub)
FPV_HALF(FMUL_v, lp_fp_each2, lp_fp_mul)
FPV_HALF(FDIV_v, lp_fp_each2, lp_fp_div)

LP_INLINE void fpv_half_mla(struct lp_cpu *cpu, unsigned Q, unsigned Vd, unsigned Vn, const union lp_vreg *m, unsigned flip)
{
    lp_fp_each_mla(cpu, LP_H, 8u << Q, Vd, &cpu->v[Vd], &cpu->v[Vn], m, flip);
}
LP_OP(FMLA_v_h) { fpv_half_mla(cpu, f.Q, f.Vd, f.Vn, &cpu->v[f.Vm], 0); }
LP_OP(FMLS_v_h) { fpv_half_mla(cpu, f.Q, f.Vd, f.Vn, &cpu->v[f.Vm], LP_FLIP_N); }
#define FPV_HALF_ELEMENT const union lp_vreg e = lp_fp_dup(&cpu->v[f.Vm], LP_H, (unsigned)(f.H << 2 | f.L << 1 | f.M));
LP_OP(FMLA_elem_v_h)
{
    FPV_HALF_ELEMENT
    fpv_half_mla(cpu, f.Q, f.Vd, f.Vn, &e, 0);
}
LP_OP(FMLS_elem_v_h)
{
    FPV_HALF_ELEMENT
    fpv_half_mla(cpu, f.Q, f.Vd, f.Vn, &e, LP_FLIP_N);
}
LP_OP(FMUL_elem_v_h)
{
    FPV_HALF_ELEMENT
    lp_fp_each2(cpu, lp_fp_mul, LP_H, 8u << f.Q, f.Vd, &cpu->v[f.Vn], &e);
}
LP_OP(FMULX_elem_v_h)
{
    FPV_HALF_ELEMENT
    lp_fp_each2(cpu, lp_fp_mulx, LP_H, 8u << f.Q, f.Vd, &cpu->v[f.Vn], &e);
}

#include "a64/simd_fp.export.gen.h"
