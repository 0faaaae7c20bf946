/* exec/fp_lanes.c - the exact functions over the lanes of a vector. */
#include <config.h>
#include "exec/fp_lanes.h"

#define EACH_LANE(i, bytes, fmt) for (unsigned i = 0; i < (bytes) >> (fmt); i++)

union lp_vreg lp_fp_dup(const union lp_vreg *v, unsigned fmt, unsigned i)
{
    union lp_vreg r = {{0}};
    const uint64_t x = lp_fp_lane(v, fmt, i);
    EACH_LANE(k, 16u, fmt)
        lp_fp_set_lane(&r, fmt, k, x);
    return r;
}

void lp_fp_each1(struct lp_cpu *cpu, lp_fp_fn1 *fn, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *n)
{
    union lp_vreg r = {{0}};
    EACH_LANE(i, bytes, fmt)
        lp_fp_set_lane(&r, fmt, i, fn(cpu, fmt, lp_fp_lane(n, fmt, i)));
    cpu->v[Vd] = r;
}

void lp_fp_each2(struct lp_cpu *cpu, lp_fp_fn2 *fn, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *n, const union lp_vreg *m)
{
    union lp_vreg r = {{0}};
    EACH_LANE(i, bytes, fmt)
        lp_fp_set_lane(&r, fmt, i, fn(cpu, fmt, lp_fp_lane(n, fmt, i), lp_fp_lane(m, fmt, i)));
    cpu->v[Vd] = r;
}

void lp_fp_each_mla(struct lp_cpu *cpu, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *a, const union lp_vreg *n,
                    const union lp_vreg *m, unsigned flip)
{
    const uint64_t flip_n = flip & LP_FLIP_N ? lp_fp_signbit(fmt) : 0, flip_a = flip & LP_FLIP_A ? lp_fp_signbit(fmt) : 0;
    union lp_vreg r = {{0}};
    EACH_LANE(i, bytes, fmt) {
        uint64_t x = lp_fp_lane(n, fmt, i) ^ flip_n, c = lp_fp_lane(a, fmt, i) ^ flip_a;
        lp_fp_set_lane(&r, fmt, i, lp_fp_mla(cpu, fmt, c, x, lp_fp_lane(m, fmt, i)));
    }
    cpu->v[Vd] = r;
}

void lp_fp_pairs(struct lp_cpu *cpu, lp_fp_fn2 *fn, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *n, const union lp_vreg *m)
{
    union lp_vreg r = {{0}};
    const unsigned half = (bytes >> fmt) / 2;
    EACH_LANE(i, bytes, fmt) {
        const union lp_vreg *v = i < half ? n : m;
        unsigned k = i < half ? 2 * i : 2 * (i - half);
        lp_fp_set_lane(&r, fmt, i, fn(cpu, fmt, lp_fp_lane(v, fmt, k), lp_fp_lane(v, fmt, k + 1)));
    }
    cpu->v[Vd] = r;
}

static uint64_t reduce(struct lp_cpu *cpu, lp_fp_fn2 *fn, unsigned fmt, unsigned lanes, unsigned at, const union lp_vreg *n)
{
    if (lanes == 1)
        return lp_fp_lane(n, fmt, at);
    uint64_t lo = reduce(cpu, fn, fmt, lanes / 2, at, n), hi = reduce(cpu, fn, fmt, lanes / 2, at + lanes / 2, n);
    return fn(cpu, fmt, lo, hi);
}

void lp_fp_reduce(struct lp_cpu *cpu, lp_fp_fn2 *fn, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *n)
{
    lp_fp_put(cpu, fmt, Vd, reduce(cpu, fn, fmt, bytes >> fmt, 0, n));
}

void lp_fp_each_rint(struct lp_cpu *cpu, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *n, enum lp_fp_round mode, bool exact)
{
    union lp_vreg r = {{0}};
    EACH_LANE(i, bytes, fmt)
        lp_fp_set_lane(&r, fmt, i, lp_fp_rint(cpu, fmt, lp_fp_lane(n, fmt, i), mode, exact));
    cpu->v[Vd] = r;
}

void lp_fp_each_to_fixed(struct lp_cpu *cpu, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *n, unsigned fbits,
                         bool is_unsigned, enum lp_fp_round mode)
{
    union lp_vreg r = {{0}};
    EACH_LANE(i, bytes, fmt)
        lp_fp_set_lane(&r, fmt, i, lp_fp_to_fixed(cpu, fmt, lp_fp_lane(n, fmt, i), fbits, is_unsigned, mode, 8u << fmt));
    cpu->v[Vd] = r;
}

void lp_fp_each_from_fixed(struct lp_cpu *cpu, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *n, unsigned fbits,
                           bool is_unsigned)
{
    const unsigned unused = 64 - (8u << fmt);
    union lp_vreg r = {{0}};
    EACH_LANE(i, bytes, fmt) {
        uint64_t v = lp_fp_lane(n, fmt, i);
        if (!is_unsigned)
            v = (uint64_t)((int64_t)(v << unused) >> unused);
        lp_fp_set_lane(&r, fmt, i, lp_fp_from_fixed(cpu, fmt, v, fbits, is_unsigned));
    }
    cpu->v[Vd] = r;
}

void lp_fp_cold1(struct lp_cpu *cpu, lp_fp_fn1 *fn, unsigned fmt, unsigned Vd, uint64_t a) { lp_fp_put(cpu, fmt, Vd, fn(cpu, fmt, a)); }

void lp_fp_cold2(struct lp_cpu *cpu, lp_fp_fn2 *fn, unsigned fmt, unsigned Vd, uint64_t a, uint64_t b)
{
    lp_fp_put(cpu, fmt, Vd, fn(cpu, fmt, a, b));
}

void lp_fp_cold_each2(struct lp_cpu *cpu, lp_fp_fn2 *fn, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *n,
                      const union lp_vreg *m)
{
    lp_fp_each2(cpu, fn, fmt, bytes, Vd, n, m);
}

void lp_fp_cold_mla(struct lp_cpu *cpu, unsigned fmt, unsigned bytes, unsigned Vd, const union lp_vreg *a, const union lp_vreg *n,
                    const union lp_vreg *m, unsigned flip)
{
    lp_fp_each_mla(cpu, fmt, bytes, Vd, a, n, m, flip);
}

void lp_fp_cold_compare(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b, bool signal_nans)
{
    lp_set_nzcv(cpu, lp_fp_compare(cpu, fmt, a, b, signal_nans) << 28);
}
