/* exec/fp_host.h - the fast side of floating point: host arithmetic, and the test that says when its result may not be Arm's.
 *
 * Compiled with -frounding-math -ftrapping-math -ffp-contract=off. Comparisons are written with the quiet builtins: what x86's UCOMISD raises
 * for a signalling NaN is what Arm raises, and NaNs take the exact path anyway.
 */
#ifndef LP_EXEC_FP_HOST_H
#define LP_EXEC_FP_HOST_H
#include <math.h>
#include "exec/op.h"
#include "exec/fp_lanes.h"

#define LP_FP_LIKELY(x) __builtin_expect(!!(x), 1)
#define LP_FP_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* The host does not flush as Arm does (IDC, and tininess is seen before rounding). */
LP_INLINE bool lp_fp_plain(const struct lp_cpu *cpu) { return LP_FP_LIKELY(!(cpu->fpcr & LP_FPCR_FZ)); }

LP_INLINE uint64_t lp_bits_d(double r)
{
    uint64_t u;
    memcpy(&u, &r, sizeof u);
    return u;
}
LP_INLINE uint32_t lp_bits_s(float r)
{
    uint32_t u;
    memcpy(&u, &r, sizeof u);
    return u;
}

/* May the result differ from Arm's? Sums and roots: NaNs only. */
LP_INLINE bool lp_nan_d(double r) { return LP_FP_UNLIKELY(__builtin_isunordered(r, r)); }
LP_INLINE bool lp_nan_s(float r) { return LP_FP_UNLIKELY(__builtin_isunordered(r, r)); }
/* Products, quotients, narrowing: also the smallest normal number, which may be a rounded-up tiny one (UFC on Arm, not on x86). In one comparison:
 * shifted left by one and moved up by 2^53 - 1, [0, 2^54) is NaN, zero, subnormal, smallest normal. Zero is excluded again as it is frequent. */
LP_INLINE bool lp_odd_d(double r)
{
    uint64_t t = lp_bits_d(r) << 1;
    return LP_FP_UNLIKELY(t + ((UINT64_C(1) << 53) - 1) < UINT64_C(1) << 54) && t != 0;
}
LP_INLINE bool lp_odd_s(float r)
{
    uint32_t t = lp_bits_s(r) << 1;
    return LP_FP_UNLIKELY(t + ((UINT32_C(1) << 24) - 1) < UINT32_C(1) << 25) && t != 0;
}

LP_INLINE void lp_put_d(struct lp_cpu *cpu, unsigned Vd, double r)
{
    cpu->v[Vd].f64[0] = r;
    cpu->v[Vd].d[1] = 0;
}
LP_INLINE void lp_put_s(struct lp_cpu *cpu, unsigned Vd, float r)
{
    cpu->v[Vd].d[0] = lp_bits_s(r);
    cpu->v[Vd].d[1] = 0;
}

/* One fused operation, by the host's instruction; without it a NaN, which sends the handler to the exact function: libm's fma() is no faster, and
 * whose flags it gives is libm's affair. */
#if defined __x86_64__ && defined __GNUC__
#define LP_FMA(INSN, PORTABLE, NONE)                                                              \
    if (LP_FP_LIKELY(lp_fp_has_fma)) {                                                            \
        __asm__(INSN " %2, %1, %0" : "+x"(a) : "x"(b), "xm"(c));                                  \
        return a;                                                                                 \
    }                                                                                             \
    return NONE;
#elif defined __FP_FAST_FMA && defined __FP_FAST_FMAF
#define LP_FMA(INSN, PORTABLE, NONE) return lp_fp_has_fma ? PORTABLE(a, b, c) : NONE;
#else
#define LP_FMA(INSN, PORTABLE, NONE) return (void)a, (void)b, (void)c, NONE;
#endif
LP_INLINE double lp_fma_d(double a, double b, double c) { LP_FMA("vfmadd213sd", fma, NAN) }
LP_INLINE float lp_fma_s(float a, float b, float c) { LP_FMA("vfmadd213ss", fmaf, NAN) }

/* Body of a scalar handler with operands a, b: EXPR on the host, FN exactly. MP points to the second operand, LANE is its lane. */
#define LP_FP_SCALAR2_AT(EXPR, ODD, FN, MP, LANE)                                                 \
    const union lp_vreg *const n = &cpu->v[f.Vn], *const m = MP;                                  \
    if (lp_fp_plain(cpu)) {                                                                       \
        if (f.sz) {                                                                               \
            const double a = n->f64[0], b = m->f64[LANE], r = EXPR;                               \
            if (!ODD##_d(r)) {                                                                    \
                lp_put_d(cpu, f.Vd, r);                                                           \
                return;                                                                           \
            }                                                                                     \
        } else {                                                                                  \
            const float a = n->f32[0], b = m->f32[LANE], r = EXPR;                                \
            if (!ODD##_s(r)) {                                                                    \
                lp_put_s(cpu, f.Vd, r);                                                           \
                return;                                                                           \
            }                                                                                     \
        }                                                                                         \
    }                                                                                             \
    lp_fp_cold2(cpu, FN, LP_S + f.sz, f.Vd, lp_fp_lane(n, LP_S + f.sz, 0), lp_fp_lane(m, LP_S + f.sz, LANE));
#define LP_FP_SCALAR2(EXPR, ODD, FN) LP_FP_SCALAR2_AT(EXPR, ODD, FN, &cpu->v[f.Vm], 0)

/* ---- vectors ---- */
typedef double lp_v2d __attribute__((vector_size(16), may_alias));
typedef float lp_v4s __attribute__((vector_size(16), may_alias));
typedef int64_t lp_v2l __attribute__((vector_size(16), may_alias));
typedef int32_t lp_v4i __attribute__((vector_size(16), may_alias));

LP_INLINE bool lp_any(lp_v2l t) { return LP_FP_UNLIKELY((t[0] | t[1]) != 0); }
LP_INLINE bool lp_nan_vd(lp_v2d r) { return lp_any((lp_v2l)(r != r)); }
LP_INLINE bool lp_nan_vs(lp_v4s r) { return lp_any((lp_v2l)(r != r)); }
LP_INLINE bool lp_odd_vd(lp_v2d r)
{
    const lp_v2l mag = (lp_v2l)r & INT64_MAX;
    return lp_any((lp_v2l)(r != r) | (lp_v2l)((lp_v2d)mag == 0x1p-1022));
}
LP_INLINE bool lp_odd_vs(lp_v4s r)
{
    const lp_v4i mag = (lp_v4i)r & INT32_MAX;
    return lp_any((lp_v2l)(r != r) | (lp_v2l)((lp_v4s)mag == 0x1p-126f));
}
LP_INLINE lp_v2d lp_fma_vd(lp_v2d a, lp_v2d b, lp_v2d c)
{
#define LP_LANES2(x, y, z) ((lp_v2d){fma(x[0], y[0], z[0]), fma(x[1], y[1], z[1])})
    LP_FMA("vfmadd213pd", LP_LANES2, ((lp_v2d){NAN, NAN}))
#undef LP_LANES2
}
LP_INLINE lp_v4s lp_fma_vs(lp_v4s a, lp_v4s b, lp_v4s c)
{
#define LP_LANE(i) fmaf(a[i], b[i], c[i])
#define LP_LANES4(x, y, z) ((lp_v4s){LP_LANE(0), LP_LANE(1), LP_LANE(2), LP_LANE(3)})
    LP_FMA("vfmadd213ps", LP_LANES4, ((lp_v4s){NAN, NAN, NAN, NAN}))
#undef LP_LANES4
#undef LP_LANE
}

/* A source of a 64-bit form (Q = 0) gets `pad` above: what is computed there must raise no flag. 0 op 1 does for + - * /. */
#define LP_FP_ONES INT64_C(0x3f8000003f800000)
LP_INLINE lp_v2l lp_fp_load(const union lp_vreg *v, unsigned Q, int64_t pad)
{
    lp_v2l r = *(const lp_v2l *)v;
    if (!Q)
        r[1] = pad;
    return r;
}
LP_INLINE void lp_fp_store(struct lp_cpu *cpu, unsigned Vd, unsigned Q, lp_v2l r)
{
    if (!Q)
        r[1] = 0;
    *(lp_v2l *)&cpu->v[Vd] = r;
}
#endif
