/* exec/fp_lanes.h - the exact functions of fp.h over the lanes of a vector; a scalar is a vector of one lane. Everything above `bytes` is
 * cleared in the destination. Out of line: this is where handlers go when the host's arithmetic will not do. */
#ifndef LP_EXEC_FP_LANES_H
#define LP_EXEC_FP_LANES_H
#include "exec/fp.h"

static inline uint64_t lp_fp_lane(const union lp_vreg *v, unsigned fmt, unsigned i)
{
    return fmt == LP_D ? v->d[i] : fmt == LP_S ? v->s[i] : v->h[i];
}
static inline void lp_fp_set_lane(union lp_vreg *v, unsigned fmt, unsigned i, uint64_t x)
{
    if (fmt == LP_D)
        v->d[i] = x;
    else if (fmt == LP_S)
        v->s[i] = (uint32_t)x;
    else
        v->h[i] = (uint16_t)x;
}
/* Write a scalar; the rest of the register becomes zero. */
static inline void lp_fp_put(struct lp_cpu *cpu, unsigned fmt, unsigned Vd, uint64_t x)
{
    cpu->v[Vd].d[0] = fmt == LP_D ? x : fmt == LP_S ? (uint32_t)x : (uint16_t)x;
    cpu->v[Vd].d[1] = 0;
}
/* Lane i in every lane. */
union lp_vreg lp_fp_dup(const union lp_vreg *v, unsigned fmt, unsigned i);

void lp_fp_each1(struct lp_cpu *cpu, lp_fp_fn1 *fn, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *n);
void lp_fp_each2(struct lp_cpu *cpu, lp_fp_fn2 *fn, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *n, const union lp_vreg *m);
/* +-a + (+-n) * m: LP_FLIP_N negates n, LP_FLIP_A negates a. */
enum { LP_FLIP_N = 1, LP_FLIP_A = 2 };
void lp_fp_each_mla(struct lp_cpu *cpu, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *a, const union lp_vreg *n,
                    const union lp_vreg *m, unsigned flip);
/* Adjacent lanes of n, then of m. */
void lp_fp_pairs(struct lp_cpu *cpu, lp_fp_fn2 *fn, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *n, const union lp_vreg *m);
/* Across `bytes` of n, halves first (Reduce() of the pseudocode), into a scalar. */
void lp_fp_reduce(struct lp_cpu *cpu, lp_fp_fn2 *fn, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *n);
void lp_fp_each_rint(struct lp_cpu *cpu, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *n, enum lp_fp_round mode, bool exact);
void lp_fp_each_to_fixed(struct lp_cpu *cpu, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *n, unsigned fbits,
                         bool is_unsigned, enum lp_fp_round mode);
void lp_fp_each_from_fixed(struct lp_cpu *cpu, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *n, unsigned fbits,
                           bool is_unsigned);

/* The same behind hot handlers, scalars by value: called rarely, and placed away from the fast path. */
#define LP_FP_COLD __attribute__((cold, noinline))
LP_FP_COLD void lp_fp_cold1(struct lp_cpu *cpu, lp_fp_fn1 *fn, unsigned fmt, unsigned Vd, uint64_t a);
LP_FP_COLD void lp_fp_cold2(struct lp_cpu *cpu, lp_fp_fn2 *fn, unsigned fmt, unsigned Vd, uint64_t a, uint64_t b);
LP_FP_COLD void lp_fp_cold_each2(struct lp_cpu *cpu, lp_fp_fn2 *fn, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *n,
                                 const union lp_vreg *m);
LP_FP_COLD void lp_fp_cold_mla(struct lp_cpu *cpu, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *a, const union lp_vreg *n,
                               const union lp_vreg *m, unsigned flip);
LP_FP_COLD void lp_fp_cold_compare(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b, bool signal_nans);
#endif
