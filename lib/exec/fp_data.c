/* exec/fp_data.c - scalar floating point: moves, arithmetic, comparison, selection (Arm ARM C7.2). */
#include <config.h>
#include "exec/op.h"
#include "exec/fp_host.h"
#include "exec/flags.h"

/* ---- arithmetic ---- */
LP_OP(FADD_s) { LP_FP_SCALAR2(a + b, lp_nan, lp_fp_add) }
LP_OP(FSUB_s) { LP_FP_SCALAR2(a - b, lp_nan, lp_fp_sub) }
LP_OP(FMUL_s) { LP_FP_SCALAR2(a * b, lp_odd, lp_fp_mul) }
/* The product is rounded, then negated: -(a * b) is not (-a) * b under a directed rounding. */
LP_OP(FNMUL_s) { LP_FP_SCALAR2(-(a * b), lp_odd, lp_fp_nmul) }
LP_OP(FDIV_s) { LP_FP_SCALAR2(a / b, lp_odd, lp_fp_div) }

LP_OP(FSQRT_s)
{
    const union lp_vreg *const n = &cpu->v[f.Vn];
    if (lp_fp_plain(cpu)) {
        if (f.sz && LP_FP_LIKELY(__builtin_isgreaterequal(n->f64[0], 0.0))) {
            lp_put_d(cpu, f.Vd, sqrt(n->f64[0]));
            return;
        }
        if (!f.sz && LP_FP_LIKELY(__builtin_isgreaterequal(n->f32[0], 0.0f))) {
            lp_put_s(cpu, f.Vd, sqrtf(n->f32[0]));
            return;
        }
    }
    lp_fp_cold1(cpu, lp_fp_sqrt, LP_S + f.sz, f.Vd, lp_fp_lane(n, LP_S + f.sz, 0));
}

/* Numbers are compared by the host. Equal ones are the same or two zeros: the sign of -0 is lost in a maximum and wins in a minimum. */
#define FP_EXTREMUM(ROW, FIRST, SAME, FN)                                                         \
    LP_OP(ROW)                                                                                    \
    {                                                                                             \
        const union lp_vreg *const n = &cpu->v[f.Vn], *const m = &cpu->v[f.Vm];                   \
        if (lp_fp_plain(cpu)) {                                                                   \
            if (f.sz && LP_FP_LIKELY(!__builtin_isunordered(n->f64[0], m->f64[0]))) {             \
                const uint64_t same = n->d[0] SAME m->d[0];                                       \
                lp_fp_put(cpu, LP_D, f.Vd, FIRST(n->f64[0], m->f64[0]) ? n->d[0] : FIRST(m->f64[0], n->f64[0]) ? m->d[0] : same); \
                return;                                                                           \
            }                                                                                     \
            if (!f.sz && LP_FP_LIKELY(!__builtin_isunordered(n->f32[0], m->f32[0]))) {            \
                const uint32_t same = n->s[0] SAME m->s[0];                                       \
                lp_fp_put(cpu, LP_S, f.Vd, FIRST(n->f32[0], m->f32[0]) ? n->s[0] : FIRST(m->f32[0], n->f32[0]) ? m->s[0] : same); \
                return;                                                                           \
            }                                                                                     \
        }                                                                                         \
        lp_fp_cold2(cpu, FN, LP_S + f.sz, f.Vd, lp_fp_lane(n, LP_S + f.sz, 0), lp_fp_lane(m, LP_S + f.sz, 0)); \
    }
FP_EXTREMUM(FMAX_s, __builtin_isgreater, &, lp_fp_max)
FP_EXTREMUM(FMIN_s, __builtin_isless, |, lp_fp_min)
FP_EXTREMUM(FMAXNM_s, __builtin_isgreater, &, lp_fp_maxnm)
FP_EXTREMUM(FMINNM_s, __builtin_isless, |, lp_fp_minnm)

#define FP_FUSED(ROW, N, A, FLIP)                                                                 \
    LP_OP(ROW)                                                                                    \
    {                                                                                             \
        const union lp_vreg *const n = &cpu->v[f.Vn], *const m = &cpu->v[f.Vm], *const a = &cpu->v[f.Va]; \
        if (lp_fp_plain(cpu)) {                                                                   \
            if (f.sz) {                                                                           \
                const double r = lp_fma_d(N n->f64[0], m->f64[0], A a->f64[0]);                        \
                if (!lp_odd_d(r)) {                                                               \
                    lp_put_d(cpu, f.Vd, r);                                                       \
                    return;                                                                       \
                }                                                                                 \
            } else {                                                                              \
                const float r = lp_fma_s(N n->f32[0], m->f32[0], A a->f32[0]);                        \
                if (!lp_odd_s(r)) {                                                               \
                    lp_put_s(cpu, f.Vd, r);                                                       \
                    return;                                                                       \
                }                                                                                 \
            }                                                                                     \
        }                                                                                         \
        lp_fp_cold_mla(cpu, LP_S + f.sz, 4u << f.sz, f.Vd, a, n, m, FLIP);                        \
    }
FP_FUSED(FMADD, +, +, 0)
FP_FUSED(FMSUB, -, +, LP_FLIP_N)
FP_FUSED(FNMADD, -, -, LP_FLIP_N | LP_FLIP_A)
FP_FUSED(FNMSUB, +, -, LP_FLIP_A)

/* ---- moves ---- */
LP_OP(FMOV_s) { lp_fp_put(cpu, LP_S + f.sz, f.Vd, cpu->v[f.Vn].d[0]); }
LP_OP(FABS_s) { lp_fp_put(cpu, LP_S + f.sz, f.Vd, cpu->v[f.Vn].d[0] & (f.sz ? INT64_MAX : INT32_MAX)); }
LP_OP(FNEG_s) { lp_fp_put(cpu, LP_S + f.sz, f.Vd, cpu->v[f.Vn].d[0] ^ (f.sz ? UINT64_C(1) << 63 : UINT64_C(1) << 31)); }
LP_OP(FMOV_imm) { lp_fp_put(cpu, LP_D, f.Vd, f.value); }
LP_OP(FMOV_w_s) { cpu->x[f.Rd] = cpu->v[f.Vn].s[0]; }
LP_OP(FMOV_s_w) { lp_fp_put(cpu, LP_S, f.Vd, cpu->x[f.Rn]); }
LP_OP(FMOV_x_d) { cpu->x[f.Rd] = cpu->v[f.Vn].d[0]; }
LP_OP(FMOV_d_x) { lp_fp_put(cpu, LP_D, f.Vd, cpu->x[f.Rn]); }
LP_OP(FMOV_x_top) { cpu->x[f.Rd] = cpu->v[f.Vn].d[1]; }
LP_OP(FMOV_top_x) { cpu->v[f.Vd].d[1] = cpu->x[f.Rn]; }

/* ---- comparison ---- */
/* `signalling`: FCMPE, where every NaN is invalid. */
LP_INLINE void fp_compare(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b, bool signalling)
{
    lp_set_nzcv(cpu, lp_fp_compare(cpu, fmt, a, b, signalling) << 28);
}
/* Three conditions of one host comparison. */
#define FP_ORDERED(x, y)                                                                          \
    if (LP_FP_LIKELY(!__builtin_isunordered(x, y))) {                                             \
        const bool ge = __builtin_isgreaterequal(x, y), gt = __builtin_isgreater(x, y);           \
        cpu->f.n = !ge, cpu->f.z = ge ^ gt, cpu->f.c = ge, cpu->f.v = 0;                          \
        return;                                                                                   \
    }
#define FP_COMPARE(ROW, D, S, BITS, SIGNALLING)                                                   \
    LP_OP(ROW)                                                                                    \
    {                                                                                             \
        const union lp_vreg *const n = &cpu->v[f.Vn];                                             \
        if (lp_fp_plain(cpu)) {                                                                   \
            if (f.sz) {                                                                           \
                FP_ORDERED(n->f64[0], D)                                                          \
            } else {                                                                              \
                FP_ORDERED(n->f32[0], S)                                                          \
            }                                                                                     \
        }                                                                                         \
        lp_fp_cold_compare(cpu, LP_S + f.sz, lp_fp_lane(n, LP_S + f.sz, 0), BITS, SIGNALLING);            \
    }
FP_COMPARE(FCMP, cpu->v[f.Vm].f64[0], cpu->v[f.Vm].f32[0], lp_fp_lane(&cpu->v[f.Vm], LP_S + f.sz, 0), false)
FP_COMPARE(FCMPE, cpu->v[f.Vm].f64[0], cpu->v[f.Vm].f32[0], lp_fp_lane(&cpu->v[f.Vm], LP_S + f.sz, 0), true)
FP_COMPARE(FCMP_0, 0.0, 0.0f, 0, false)
FP_COMPARE(FCMPE_0, 0.0, 0.0f, 0, true)

LP_INLINE void fp_ccompare(struct lp_cpu *cpu, unsigned fmt, unsigned Vn, unsigned Vm, unsigned cond, unsigned nzcv, bool signalling)
{
    if (lp_cond(cpu, cond))
        fp_compare(cpu, fmt, lp_fp_lane(&cpu->v[Vn], fmt, 0), lp_fp_lane(&cpu->v[Vm], fmt, 0), signalling);
    else
        lp_set_nzcv(cpu, nzcv << 28);
}
LP_OP(FCCMP) { fp_ccompare(cpu, LP_S + f.sz, f.Vn, f.Vm, f.cond, f.nzcv, false); }
LP_OP(FCCMPE) { fp_ccompare(cpu, LP_S + f.sz, f.Vn, f.Vm, f.cond, f.nzcv, true); }
LP_OP(FCSEL) { lp_fp_put(cpu, LP_S + f.sz, f.Vd, cpu->v[lp_cond(cpu, f.cond) ? f.Vn : f.Vm].d[0]); }

/* ---- half precision (FEAT_FP16): always exact ---- */
#define FP_HALF2(ROW, FN) LP_OP(ROW) { lp_fp_each2(cpu, FN, LP_H, 2, f.Vd, &cpu->v[f.Vn], &cpu->v[f.Vm]); }
FP_HALF2(FADD_h, lp_fp_add)
FP_HALF2(FSUB_h, lp_fp_sub)
FP_HALF2(FMUL_h, lp_fp_mul)
FP_HALF2(FNMUL_h, lp_fp_nmul)
FP_HALF2(FDIV_h, lp_fp_div)
FP_HALF2(FMAX_h, lp_fp_max)
FP_HALF2(FMIN_h, lp_fp_min)
FP_HALF2(FMAXNM_h, lp_fp_maxnm)
FP_HALF2(FMINNM_h, lp_fp_minnm)
#define FP_HALF_FUSED(ROW, FLIP) \
    LP_OP(ROW) { lp_fp_each_mla(cpu, LP_H, 2, f.Vd, &cpu->v[f.Va], &cpu->v[f.Vn], &cpu->v[f.Vm], FLIP); }
FP_HALF_FUSED(FMADD_h, 0)
FP_HALF_FUSED(FMSUB_h, LP_FLIP_N)
FP_HALF_FUSED(FNMADD_h, LP_FLIP_N | LP_FLIP_A)
FP_HALF_FUSED(FNMSUB_h, LP_FLIP_A)

LP_OP(FSQRT_h) { lp_fp_each1(cpu, lp_fp_sqrt, LP_H, 2, f.Vd, &cpu->v[f.Vn]); }
LP_OP(FMOV_h) { lp_fp_put(cpu, LP_H, f.Vd, cpu->v[f.Vn].h[0]); }
LP_OP(FABS_h) { lp_fp_put(cpu, LP_H, f.Vd, cpu->v[f.Vn].h[0] & 0x7fff); }
LP_OP(FNEG_h) { lp_fp_put(cpu, LP_H, f.Vd, cpu->v[f.Vn].h[0] ^ 0x8000u); }
LP_OP(FMOV_imm_h) { lp_fp_put(cpu, LP_H, f.Vd, f.value); }
LP_OP(FMOV_w_h) { cpu->x[f.Rd] = cpu->v[f.Vn].h[0]; }
LP_OP(FMOV_x_h) { cpu->x[f.Rd] = cpu->v[f.Vn].h[0]; }
LP_OP(FMOV_h_w) { lp_fp_put(cpu, LP_H, f.Vd, cpu->x[f.Rn]); }
LP_OP(FMOV_h_x) { lp_fp_put(cpu, LP_H, f.Vd, cpu->x[f.Rn]); }
LP_OP(FCMP_h) { fp_compare(cpu, LP_H, cpu->v[f.Vn].h[0], f.z ? 0 : cpu->v[f.Vm].h[0], f.e); }
LP_OP(FCCMP_h) { fp_ccompare(cpu, LP_H, f.Vn, f.Vm, f.cond, f.nzcv, f.e); }
LP_OP(FCSEL_h) { lp_fp_put(cpu, LP_H, f.Vd, cpu->v[lp_cond(cpu, f.cond) ? f.Vn : f.Vm].h[0]); }

#include "a64/fp_data.export.gen.h"
