/* exec/simd_long.h - lane loops between a width and its double: a row's narrow sources sit in the low half of `n` and `m`. */
#ifndef LP_EXEC_SIMD_LONG_H
#define LP_EXEC_SIMD_LONG_H
#include "exec/simd.h"

/* The upper half (q = 1) or the lower half of a register, as the low half of the result. */
LP_INLINE union lp_vreg lp_vhalf(union lp_vreg v, unsigned q) { return (union lp_vreg){.d = {v.d[q], 0}}; }

/* N: narrow member, D: wide member, W: type that holds a product. A long form has a and b narrow; a wide one b only. c is the old
 * Vd; it and wide operands are unsigned: those sums are modular. */
#define LP_EACH_LONG(N, D, W, ...)                                                        \
    for (unsigned i = 0; i < LP_LANE_COUNT(D); i++) {                                     \
        const W a = n.N[i], b LP_UNUSED = m.N[i];                                         \
        const uint64_t c LP_UNUSED = (uint64_t)d.D[i];                                    \
        r.D[i] = (__typeof__(r.D[0]))(__VA_ARGS__);                                       \
    }
#define LP_EACH_WIDE(N, D, W, ...)                                                        \
    for (unsigned i = 0; i < LP_LANE_COUNT(D); i++) {                                     \
        const uint64_t a = (uint64_t)n.D[i], b = (uint64_t)(int64_t)m.N[i];               \
        r.D[i] = (__typeof__(r.D[0]))(__VA_ARGS__);                                       \
    }
/* Narrow results, of `bits`, in the low half of r from wide lanes a, b. */
#define LP_EACH_NARROW(N, D, W, ...)                                                      \
    for (unsigned i = 0; i < LP_LANE_COUNT(D); i++) {                                     \
        enum { bits LP_UNUSED = 64 / LP_LANE_COUNT(D) };                                  \
        const __typeof__(r.D[0]) a = n.D[i], b LP_UNUSED = m.D[i];                        \
        r.N[i] = (__typeof__(r.N[0]))(__VA_ARGS__);                                       \
    }
/* The same, clamped to [lo, hi] in type W; a clamped lane sets qc. */
#define LP_EACH_NARROW_SAT(N, D, W, lo, hi, ...)                                          \
    for (unsigned i = 0; i < LP_LANE_COUNT(D); i++) {                                     \
        enum { bits LP_UNUSED = 64 / LP_LANE_COUNT(D) };                                  \
        const W a = n.D[i], t = (W)(__VA_ARGS__), least = (W)(lo), most = (W)(hi);        \
        const W s = t < least ? least : t > most ? most : t;                              \
        qc |= s != t;                                                                     \
        r.N[i] = (__typeof__(r.N[0]))s;                                                   \
    }
#define LP_LONGS(size, EACH, N0, D0, W0, N1, D1, W1, N2, D2, W2, ...) \
    switch (size) {                                                   \
    case 0: EACH(N0, D0, W0, __VA_ARGS__) break;                      \
    case 1: EACH(N1, D1, W1, __VA_ARGS__) break;                      \
    default: EACH(N2, D2, W2, __VA_ARGS__) break;                     \
    }
#define LP_LONG_U(size, EACH, ...) LP_LONGS(size, EACH, b, h, uint32_t, h, s, uint32_t, s, d, uint64_t, __VA_ARGS__)
#define LP_LONG_S(size, EACH, ...) LP_LONGS(size, EACH, sb, sh, int32_t, sh, ss, int32_t, ss, sd, int64_t, __VA_ARGS__)

/* Ranges of a narrow lane. */
#define LP_SRANGE -(INT64_C(1) << (bits - 1)), (INT64_C(1) << (bits - 1)) - 1
#define LP_URANGE 0, (INT64_C(1) << bits) - 1

/* ---- saturating doubling products of 16-bit (wide = 32) or 32-bit (wide = 64) lanes ---- */
LP_INLINE int64_t lp_sqdmull(int64_t a, int64_t b, unsigned wide, unsigned *qc)
{
    const int64_t max = (int64_t)(UINT64_MAX >> 1 >> (64 - wide)), product = a * b;
    if (product <= max >> 1) /* beyond it only for the smallest number squared */
        return product * 2;
    *qc = 1;
    return max;
}
LP_INLINE int64_t lp_sqadd(int64_t a, int64_t b, unsigned wide, unsigned *qc)
{
    const int64_t max = (int64_t)(UINT64_MAX >> 1 >> (64 - wide));
    int64_t sum;
    if (!__builtin_add_overflow(a, b, &sum) && sum <= max && sum >= -max - 1)
        return sum;
    *qc = 1;
    return a < 0 ? -max - 1 : max;
}
LP_INLINE int64_t lp_sqdmlal(int64_t c, int64_t a, int64_t b, unsigned wide, unsigned *qc)
{
    return lp_sqadd(c, lp_sqdmull(a, b, wide, qc), wide, qc);
}
/* The doubled product is never the smallest number, so that its negation is exact. */
LP_INLINE int64_t lp_sqdmlsl(int64_t c, int64_t a, int64_t b, unsigned wide, unsigned *qc)
{
    return lp_sqadd(c, -lp_sqdmull(a, b, wide, qc), wide, qc);
}
#define LP_EACH_QLONG(N, D, ...)                                                          \
    for (unsigned i = 0; i < LP_LANE_COUNT(D); i++) {                                     \
        enum { wide = 128 / LP_LANE_COUNT(D) };                                           \
        const int64_t a = n.N[i], b = m.N[i], c LP_UNUSED = d.D[i];                       \
        r.D[i] = (__typeof__(r.D[0]))(__VA_ARGS__);                                       \
    }
#define LP_LONG_Q(size, ...)                   \
    if ((size) == 1)                           \
        LP_EACH_QLONG(sh, ss, __VA_ARGS__)     \
    else                                       \
        LP_EACH_QLONG(ss, sd, __VA_ARGS__)
#endif
