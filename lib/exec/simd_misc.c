/* exec/simd_misc.c - AdvSIMD two-register miscellaneous, across lanes, scalar pairwise (Arm ARM C7.2). */
#include <config.h>
#include "exec/op.h"
#include "exec/simd.h"
#include "exec/simd_long.h"

/* One source: b (m) is not used. */
#define SOURCES(bytes) \
    const union lp_vreg n = lp_vget(cpu, f.Vn, bytes), m LP_UNUSED = n, d LP_UNUSED = lp_vget(cpu, f.Vd, bytes)
#define VEC(ROW, KIND, ...)                                    \
    LP_OP(ROW##_v)                                             \
    {                                                          \
        SOURCES(16);                                           \
        union lp_vreg r;                                       \
        LP_LANES_##KIND(f.size, LP_EACH, __VA_ARGS__)          \
        lp_vput_q(cpu, f.Vd, f.Q, r);                      \
    }
#define VEC_D(ROW, KIND, ...)                                  \
    VEC(ROW, KIND, __VA_ARGS__)                                \
    LP_OP(ROW##_s)                                             \
    {                                                          \
        SOURCES(16);                                           \
        union lp_vreg r;                                       \
        LP_LANES_##KIND(3, LP_EACH, __VA_ARGS__)               \
        lp_vput(cpu, f.Vd, 8, r);                              \
    }
#define SAT_BODY(KIND, EACH, bytes, ...)                       \
    SOURCES(bytes);                                            \
    union lp_vreg r;                                           \
    unsigned qc = 0;                                           \
    LP_LANES_##KIND(f.size, EACH, __VA_ARGS__)                 \
    lp_vput(cpu, f.Vd, bytes, r);                              \
    lp_set_qc(cpu, qc);
#define SAT(ROW, KIND, EACH, ...)                              \
    LP_OP(ROW##_v) { SAT_BODY(KIND, EACH, 8u << f.Q, __VA_ARGS__) } \
    LP_OP(ROW##_s) { SAT_BODY(KIND, EACH, 1u << f.size, __VA_ARGS__) }

/* ---- compare with zero, sign ---- */
VEC_D(CMGT_0, S, a > 0 ? -1 : 0)
VEC_D(CMGE_0, S, a >= 0 ? -1 : 0)
VEC_D(CMEQ_0, U, a == 0 ? -1 : 0)
VEC_D(CMLE_0, S, a <= 0 ? -1 : 0)
VEC_D(CMLT_0, S, a < 0 ? -1 : 0)
VEC_D(NEG, U, 0 - a)
VEC_D(ABS, SW, a < 0 ? -a : a)
SAT(SQABS, SW, LP_EACH_SSAT, a < 0 ? -a : a)
SAT(SQNEG, SW, LP_EACH_SSAT, -a)

/* The accumulator and the addend differ in signedness. */
LP_INLINE uint64_t suqadd(int64_t acc, uint64_t v, unsigned bits, unsigned *qc)
{
    const lp_i128 max = (int64_t)(UINT64_MAX >> 1 >> (64 - bits)), sum = (lp_i128)acc + v;
    if (sum <= max)
        return (uint64_t)sum;
    *qc = 1;
    return (uint64_t)max;
}
LP_INLINE uint64_t usqadd(uint64_t acc, int64_t v, unsigned bits, unsigned *qc)
{
    const lp_i128 max = UINT64_MAX >> (64 - bits), sum = (lp_i128)acc + v;
    if (sum >= 0 && sum <= max)
        return (uint64_t)sum;
    *qc = 1;
    return sum < 0 ? 0 : (uint64_t)max;
}
/* a and c come sign-extended; an unsigned operand is cut to the lane. */
#define LANE_BITS(x) ((uint64_t)(x) & UINT64_MAX >> (64 - bits))
SAT(SUQADD, S, LP_EACH, suqadd(c, LANE_BITS(a), bits, &qc))
SAT(USQADD, S, LP_EACH, usqadd(LANE_BITS(c), a, bits, &qc))

/* ---- bits ---- */
LP_INLINE unsigned clz_lane(uint64_t a, unsigned bits) { return a ? (unsigned)__builtin_clzll(a) - (64 - bits) : bits; }
/* Eight bytes at once: every group of `n` bits changes places with its neighbour, where `low` marks the lower ones. */
#define SWAP(v, n, low) (((v) & (low)) << (n) | ((v) >> (n) & (low)))
#define EACH_BYTE UINT64_C(0x0101010101010101)
LP_INLINE uint64_t rbit_bytes(uint64_t v)
{
    v = SWAP(v, 1, 0x55 * EACH_BYTE);
    v = SWAP(v, 2, 0x33 * EACH_BYTE);
    return SWAP(v, 4, 0x0f * EACH_BYTE);
}
LP_INLINE uint64_t popcount_bytes(uint64_t v)
{
    v -= v >> 1 & 0x55 * EACH_BYTE;
    v = (v & 0x33 * EACH_BYTE) + (v >> 2 & 0x33 * EACH_BYTE);
    return (v + (v >> 4)) & 0x0f * EACH_BYTE;
}
VEC(CLZ, U, clz_lane(a, bits))
/* Bits after the sign bit that equal it: leading zeros of the bits that differ from their left neighbour. */
VEC(CLS, S, clz_lane(LANE_BITS(a ^ (a >> 1)), bits) - 1)
#define BYTES(ROW, ...)                                        \
    LP_OP(ROW##_v)                                             \
    {                                                          \
        SOURCES(8u << f.Q);                                    \
        union lp_vreg r;                                       \
        LP_EACH(d, uint64_t, __VA_ARGS__)                      \
        lp_vput_q(cpu, f.Vd, f.Q, r);                      \
    }
BYTES(CNT, popcount_bytes(a))
BYTES(NOT, ~a)
BYTES(RBIT, rbit_bytes(a))

/* ---- reversal within containers: lane i comes from lane i ^ mask ---- */
LP_INLINE void reverse(struct lp_cpu *cpu, unsigned size, unsigned mask, unsigned vn, unsigned vd, unsigned q)
{
    union lp_vreg r = lp_vget(cpu, vn, 8u << q);
    const unsigned flip = mask << size; /* byte i of the result is byte i ^ flip of the source: lanes keep their inner order */
    if (flip & 1)
        r.x2 = SWAP(r.x2, 8, UINT64_C(0x00ff00ff00ff00ff));
    if (flip & 2)
        r.x2 = SWAP(r.x2, 16, UINT64_C(0x0000ffff0000ffff));
    if (flip & 4)
        r.x2 = r.x2 << 32 | r.x2 >> 32;
    lp_vput_q(cpu, vd, q, r);
}
LP_OP(REV64_v) { reverse(cpu, f.size, (8u >> f.size) - 1, f.Vn, f.Vd, f.Q); }
LP_OP(REV32_v) { reverse(cpu, f.size, (4u >> f.size) - 1, f.Vn, f.Vd, f.Q); }
LP_OP(REV16_v) { reverse(cpu, 0, 1, f.Vn, f.Vd, f.Q); }

/* ---- narrow and lengthen ---- */
LP_OP(XTN_v)
{
    const union lp_vreg n = cpu->v[f.Vn], m = n;
    union lp_vreg r;
    LP_LONG_U(f.size, LP_EACH_NARROW, a)
    lp_vput_half(cpu, f.Vd, f.Q, r.d[0]);
}
#define SAT_NARROW(ROW, SIGN, ...)                             \
    LP_OP(ROW##_v)                                             \
    {                                                          \
        const union lp_vreg n = cpu->v[f.Vn];                  \
        union lp_vreg r;                                       \
        unsigned qc = 0;                                       \
        LP_LONG_##SIGN(f.size, LP_EACH_NARROW_SAT, __VA_ARGS__, a) \
        lp_vput_half(cpu, f.Vd, f.Q, r.d[0]);                  \
        lp_set_qc(cpu, qc);                                    \
    }                                                          \
    LP_OP(ROW##_s)                                             \
    {                                                          \
        const union lp_vreg n = lp_vget(cpu, f.Vn, 2u << f.size); \
        union lp_vreg r;                                       \
        unsigned qc = 0;                                       \
        LP_LONG_##SIGN(f.size, LP_EACH_NARROW_SAT, __VA_ARGS__, a) \
        lp_vput(cpu, f.Vd, 1u << f.size, r);                   \
        lp_set_qc(cpu, qc);                                    \
    }
SAT_NARROW(SQXTN, S, LP_SRANGE)
SAT_NARROW(SQXTUN, S, LP_URANGE)
SAT_NARROW(UQXTN, U, LP_URANGE)
LP_OP(SHLL_v)
{
    const union lp_vreg n = lp_vhalf(cpu->v[f.Vn], f.Q), m = n, d = n;
    union lp_vreg r;
    LP_LONG_U(f.size, LP_EACH_LONG, (uint64_t)a << (8 << f.size))
    cpu->v[f.Vd] = r;
}

/* ---- sums of adjacent lanes, in lanes of twice the width: the two are the halves of the wide lane x ---- */
#define EACH_PAIR_LONG(N, D, W, ...)                           \
    for (unsigned i = 0; i < LP_LANE_COUNT(D); i++) {          \
        enum { half = 64 / LP_LANE_COUNT(D) };                 \
        const W x = n.D[i], a = (__typeof__(n.N[0]))x, b = x >> half; \
        const uint64_t c LP_UNUSED = (uint64_t)d.D[i];         \
        r.D[i] = (__typeof__(r.D[0]))(__VA_ARGS__);            \
    }
#define PAIR_LONG(ROW, SIGN, ...)                              \
    LP_OP(ROW##_v)                                             \
    {                                                          \
        SOURCES(16);                                           \
        union lp_vreg r;                                       \
        LP_LONG_##SIGN(f.size, EACH_PAIR_LONG, __VA_ARGS__)    \
        lp_vput_q(cpu, f.Vd, f.Q, r);                      \
    }
PAIR_LONG(SADDLP, S, a + b)
PAIR_LONG(UADDLP, U, a + b)
PAIR_LONG(SADALP, S, c + (uint64_t)(a + b))
PAIR_LONG(UADALP, U, c + (a + b))

/* ---- across lanes: `acc` starts as lane 0; the result has `scale` times the lane's width. Of a half register the other half becomes what
 * changes nothing: zero, or the same again. ---- */
#define ZERO 0
#define SAME n.d[0]
#define EACH_ACROSS(M, W, ...)                                 \
    {                                                          \
        W acc = (W)n.M[0];                                     \
        for (unsigned i = 1; i < LP_LANE_COUNT(M); i++) {         \
            const W a = (W)n.M[i];                             \
            acc = __VA_ARGS__;                                 \
        }                                                      \
        r.d[0] = (uint64_t)acc;                                \
    }
#define ACROSS(ROW, KIND, scale, other, ...)                   \
    LP_OP(ROW##_v)                                             \
    {                                                          \
        union lp_vreg n = lp_vget(cpu, f.Vn, 8u << f.Q), r = {.d = {0, 0}}; \
        if (!f.Q)                                              \
            n.d[1] = other;                                    \
        LP_LANES_##KIND(f.size, EACH_ACROSS, __VA_ARGS__)      \
        lp_vput(cpu, f.Vd, (scale) << f.size, r);              \
    }
ACROSS(SADDLV, SW, 2u, ZERO, acc + a)
ACROSS(UADDLV, UW, 2u, ZERO, acc + a)
ACROSS(ADDV, U, 1u, ZERO, acc + a)
ACROSS(SMAXV, S, 1u, SAME, a > acc ? a : acc)
ACROSS(UMAXV, U, 1u, SAME, a > acc ? a : acc)
ACROSS(SMINV, S, 1u, SAME, a < acc ? a : acc)
ACROSS(UMINV, U, 1u, SAME, a < acc ? a : acc)
LP_OP(ADDP_s)
{
    const union lp_vreg n = cpu->v[f.Vn];
    cpu->v[f.Vd] = (union lp_vreg){.d = {n.d[0] + n.d[1], 0}};
}

/* The dispatch includes several classes in one unit. */
#undef SOURCES
#undef VEC
#undef VEC_D
#undef SAT_BODY
#undef SAT
#undef LANE_BITS
#undef BYTES
#undef SWAP
#undef EACH_BYTE
#undef SAT_NARROW
#undef EACH_PAIR_LONG
#undef PAIR_LONG
#undef EACH_ACROSS
#undef ACROSS
#undef ZERO
#undef SAME
#include "a64/simd_misc.export.gen.h"
