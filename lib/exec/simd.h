/* exec/simd.h - lane loops shared by the AdvSIMD integer classes.
 *
 * Every loop runs over all 128 bits with a constant trip count, so that the compiler vectorises it; what is no part of a 64-bit or scalar
 * form is cleared when the result is stored (lp_vput), and cleared in the sources first where a lane has a side effect (FPSR.QC).
 * The loops see `n`, `m`, `d` (sources, copies: a destination may be one of them) and fill `r`; the expression of a
 * row sees one lane of each as `a`, `b`, `c`, the lane's width as `bits` and its number as `i`.
 */
#ifndef LP_EXEC_SIMD_H
#define LP_EXEC_SIMD_H
#include "exec/fp.h"
#include "exec/op.h"

#define LP_UNUSED __attribute__((unused))

/* The low `bytes` (1 2 4 8 16) of a vector; the rest is zero. Vectors are masked and stored whole: the next instruction that loads one would
 * have to wait for two halves to reach the cache. */
LP_INLINE union lp_vreg lp_vlow(union lp_vreg v, unsigned bytes)
{
    static const union lp_vreg low[5] = {{.d = {0xff, 0}}, {.d = {0xffff, 0}}, {.d = {0xffffffff, 0}}, {.d = {UINT64_MAX, 0}}, {.d = {UINT64_MAX, UINT64_MAX}}};
    v.x2 &= low[__builtin_ctz(bytes)].x2;
    return v;
}
/* The low bytes of a register. Scalars are often written as two halves: what needs one half loads only that. */
LP_INLINE union lp_vreg lp_vget(const struct lp_cpu *cpu, unsigned reg, unsigned bytes)
{
    if (bytes == 16)
        return cpu->v[reg];
    const union lp_vreg half = {.x2 = {cpu->v[reg].d[0], 0}};
    return lp_vlow(half, bytes);
}
/* Writing fewer than 16 bytes of a V register zeroes the others (Arm ARM, V[n] of width < 128). */
LP_INLINE void lp_vput(struct lp_cpu *cpu, unsigned reg, unsigned bytes, union lp_vreg r) { cpu->v[reg].x2 = lp_vlow(r, bytes).x2; }
LP_INLINE void lp_vput_q(struct lp_cpu *cpu, unsigned reg, unsigned q, union lp_vreg r) { lp_vput(cpu, reg, 8u << q, r); }
/* A narrowing form writes the low half and clears the high one (Q = 0), or only the high one (Q = 1). */
LP_INLINE void lp_vput_half(struct lp_cpu *cpu, unsigned reg, unsigned q, uint64_t half)
{
    const uint64_t low = cpu->v[reg].d[0];
    cpu->v[reg].x2 = (__typeof__(cpu->v[reg].x2)){q ? low : half, q ? half : 0};
}
LP_INLINE void lp_set_qc(struct lp_cpu *cpu, unsigned qc) { cpu->fpsr |= qc ? LP_FPSR_QC : 0; }

LP_INLINE unsigned lp_differ(union lp_vreg a, union lp_vreg b) { return ((a.d[0] ^ b.d[0]) | (a.d[1] ^ b.d[1])) != 0; }

/* ---- one loop over lanes of member M, computed in type W ---- */
#define LP_LANE_COUNT(M) (sizeof((union lp_vreg *)0)->M / sizeof((union lp_vreg *)0)->M[0])
#define LP_EACH(M, W, ...)                                                       \
    for (unsigned i = 0; i < LP_LANE_COUNT(M); i++) {                            \
        enum { bits LP_UNUSED = 128 / LP_LANE_COUNT(M) };                        \
        const W a LP_UNUSED = n.M[i], b LP_UNUSED = m.M[i], c LP_UNUSED = d.M[i]; \
        r.M[i] = (__typeof__(r.M[0]))(__VA_ARGS__);                              \
    }
/* The same, clamped to [lo, hi]; a clamped lane sets qc. No value is further than one range of the lane from these limits, so that clamping it
 * always shows in the lane's own bits: all lanes are compared at once. */
#define LP_EACH_SAT(M, W, lo, hi, ...)                                           \
    {                                                                            \
        union lp_vreg whole;                                                     \
        for (unsigned i = 0; i < LP_LANE_COUNT(M); i++) {                        \
            enum { bits LP_UNUSED = 128 / LP_LANE_COUNT(M) };                    \
            const W a LP_UNUSED = n.M[i], b LP_UNUSED = m.M[i], c LP_UNUSED = d.M[i]; \
            const W t = (__VA_ARGS__);                                           \
            whole.M[i] = (__typeof__(r.M[0]))t;                                  \
            r.M[i] = (__typeof__(r.M[0]))(t < (lo) ? (lo) : t > (hi) ? (hi) : t); \
        }                                                                        \
        qc |= lp_differ(whole, r);                                               \
    }
#define LP_EACH_SSAT(M, W, ...) LP_EACH_SAT(M, W, -((W)1 << (bits - 1)), ((W)1 << (bits - 1)) - 1, __VA_ARGS__)
/* Sums and differences in the lane's own (unsigned) type: `over` is the lane's width of ones where the sum t left the range, `limit` what it is then. */
#define LP_EACH_SUM(M, W, sum, over, limit)                                      \
    {                                                                            \
        union lp_vreg whole;                                                     \
        for (unsigned i = 0; i < LP_LANE_COUNT(M); i++) {                        \
            enum { bits LP_UNUSED = 128 / LP_LANE_COUNT(M) };                    \
            const W a = n.M[i], b = m.M[i], t = (W)(sum), o = (W)(over), l = (W)(limit); \
            whole.M[i] = t;                                                      \
            r.M[i] = (W)((t & ~o) | (l & o));                                    \
        }                                                                        \
        qc |= lp_differ(whole, r);                                               \
    }
#define LP_LANES_SUM(size, EACH, ...) LP_SIZES(size, EACH, b, uint8_t, h, uint16_t, s, uint32_t, d, uint64_t, __VA_ARGS__)
/* Adjacent lanes a, b of the pair `p` (n below m, without a gap). */
#define LP_EACH_PAIR(M, W, ...)                                                  \
    for (unsigned i = 0; i < LP_LANE_COUNT(M); i++) {                            \
        const W a = p.M[2 * i], b = p.M[2 * i + 1];                              \
        r.M[i] = (__typeof__(r.M[0]))(__VA_ARGS__);                              \
    }

/* ---- the loop for a run-time size (0 = bytes ... 3 = doublewords) ---- */
#define LP_SIZES(size, EACH, M0, W0, M1, W1, M2, W2, M3, W3, ...) \
    switch (size) {                                               \
    case 0: EACH(M0, W0, __VA_ARGS__) break;                      \
    case 1: EACH(M1, W1, __VA_ARGS__) break;                      \
    case 2: EACH(M2, W2, __VA_ARGS__) break;                      \
    default: EACH(M3, W3, __VA_ARGS__) break;                     \
    }
/* U, S: modular, in the lane's own width. UW, SW: in a signed type that holds every sum, difference and (up to 32 bits) product. */
#define LP_LANES_U(size, EACH, ...) LP_SIZES(size, EACH, b, uint32_t, h, uint32_t, s, uint32_t, d, uint64_t, __VA_ARGS__)
#define LP_LANES_S(size, EACH, ...) LP_SIZES(size, EACH, sb, int32_t, sh, int32_t, ss, int32_t, sd, int64_t, __VA_ARGS__)
#define LP_LANES_UW(size, EACH, ...) LP_SIZES(size, EACH, b, int32_t, h, int32_t, s, int64_t, d, lp_i128, __VA_ARGS__)
#define LP_LANES_SW(size, EACH, ...) LP_SIZES(size, EACH, sb, int32_t, sh, int32_t, ss, int64_t, sd, lp_i128, __VA_ARGS__)

/* ---- shifts of one lane, sign- or zero-extended to 64 bits; any count ---- */
LP_INLINE int64_t lp_sshr(int64_t a, unsigned n) { return a >> (n > 63 ? 63 : n); }
LP_INLINE uint64_t lp_ushr(uint64_t a, unsigned n) { return n > 63 ? 0 : a >> n; }
LP_INLINE uint64_t lp_shl(uint64_t a, unsigned n) { return n > 63 ? 0 : a << n; }
/* Rounded: the bit shifted out last is added; no intermediate sum can overflow. n >= 1. */
LP_INLINE int64_t lp_srshr(int64_t a, unsigned n) { return lp_sshr(a, n) + (lp_sshr(a, n - 1) & 1); }
LP_INLINE uint64_t lp_urshr(uint64_t a, unsigned n) { return lp_ushr(a, n) + (lp_ushr(a, n - 1) & 1); }
/* Left by a signed count, as SSHL, USHL, SRSHL, URSHL take it from the low byte of a lane. */
LP_INLINE uint64_t lp_sshl_reg(int64_t a, int n, bool round)
{
    if (n >= 0)
        return lp_shl((uint64_t)a, (unsigned)n);
    return (uint64_t)(round ? lp_srshr(a, (unsigned)-n) : lp_sshr(a, (unsigned)-n));
}
LP_INLINE uint64_t lp_ushl_reg(uint64_t a, int n, bool round)
{
    if (n >= 0)
        return lp_shl(a, (unsigned)n);
    return round ? lp_urshr(a, (unsigned)-n) : lp_ushr(a, (unsigned)-n);
}
/* Saturating left shifts of a lane of `bits`; *qc is set when the result was clamped. n >= 0. */
LP_INLINE int64_t lp_sqshl(int64_t a, unsigned n, unsigned bits, unsigned *qc)
{
    const int64_t max = (int64_t)(UINT64_MAX >> 1 >> (64 - bits));
    if (a == 0 || (n < bits && a <= max >> n && a >= (-max - 1) >> n))
        return (int64_t)lp_shl((uint64_t)a, n);
    *qc = 1;
    return a < 0 ? -max - 1 : max;
}
LP_INLINE uint64_t lp_uqshl(uint64_t a, unsigned n, unsigned bits, unsigned *qc)
{
    const uint64_t max = UINT64_MAX >> (64 - bits);
    if (a == 0 || (n < bits && a <= max >> n))
        return lp_shl(a, n);
    *qc = 1;
    return max;
}
/* SQSHLU: a signed lane into an unsigned range. */
LP_INLINE uint64_t lp_sqshlu(int64_t a, unsigned n, unsigned bits, unsigned *qc)
{
    if (a >= 0)
        return lp_uqshl((uint64_t)a, n, bits, qc);
    *qc = 1;
    return 0;
}
LP_INLINE uint64_t lp_sqshl_reg(int64_t a, int n, unsigned bits, bool round, unsigned *qc)
{
    return n < 0 ? lp_sshl_reg(a, n, round) : (uint64_t)lp_sqshl(a, (unsigned)n, bits, qc);
}
LP_INLINE uint64_t lp_uqshl_reg(uint64_t a, int n, unsigned bits, bool round, unsigned *qc)
{
    return n < 0 ? lp_ushl_reg(a, n, round) : lp_uqshl(a, (unsigned)n, bits, qc);
}

/* Carry-less product of two polynomials over {0,1}; the second has `bits` coefficients. */
LP_INLINE lp_u128 lp_pmul(uint64_t a, uint64_t b, unsigned bits)
{
    lp_u128 r = 0;
    for (unsigned j = 0; j < bits; j++)
        r ^= (lp_u128)a << j & -(lp_u128)(b >> j & 1);
    return r;
}
#endif
