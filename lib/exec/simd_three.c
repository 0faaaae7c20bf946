/* exec/simd_three.c - AdvSIMD three registers of the same type: integer, logical, RDM, DotProd (Arm ARM C7.2). */
#include <config.h>
#include "exec/op.h"
#include "exec/simd.h"

#define SOURCES const union lp_vreg n = cpu->v[f.Vn], m = cpu->v[f.Vm], d LP_UNUSED = cpu->v[f.Vd]
/* Sources without the lanes that are no part of the operation: those must not saturate. */
#define LOW_SOURCES(bytes) \
    const union lp_vreg n = lp_vget(cpu, f.Vn, bytes), m = lp_vget(cpu, f.Vm, bytes), d LP_UNUSED = lp_vget(cpu, f.Vd, bytes)

/* ROW_v: one expression for all lanes, computed as KIND (U S UW SW, see simd.h). */
#define VEC(ROW, KIND, ...)                                    \
    LP_OP(ROW##_v)                                             \
    {                                                          \
        SOURCES;                                               \
        union lp_vreg r;                                       \
        LP_LANES_##KIND(f.size, LP_EACH, __VA_ARGS__)          \
        lp_vput_q(cpu, f.Vd, f.Q, r);                      \
    }
/* ROW_v and ROW_s, the scalar form being the low doubleword lane only. */
#define VEC_D(ROW, KIND, ...)                                  \
    VEC(ROW, KIND, __VA_ARGS__)                                \
    LP_OP(ROW##_s)                                             \
    {                                                          \
        SOURCES;                                               \
        union lp_vreg r;                                       \
        LP_LANES_##KIND(3, LP_EACH, __VA_ARGS__)               \
        lp_vput(cpu, f.Vd, 8, r);                              \
    }
/* Saturating: ROW_v and ROW_s of every size. EACH clamps (LP_EACH_SSAT) or the expression itself sets qc. */
#define SAT(ROW, KIND, EACH, ...)                              \
    LP_INLINE void ROW##_lanes(struct lp_cpu *cpu, const struct a64_##ROW##_s f, unsigned bytes) \
    {                                                          \
        LOW_SOURCES(bytes);                                    \
        union lp_vreg r;                                       \
        unsigned qc = 0;                                       \
        LP_LANES_##KIND(f.size, EACH, __VA_ARGS__)             \
        lp_vput(cpu, f.Vd, bytes, r);                          \
        lp_set_qc(cpu, qc);                                    \
    }                                                          \
    LP_OP(ROW##_v)                                             \
    {                                                          \
        const struct a64_##ROW##_s g = {.size = f.size, .Vm = f.Vm, .Vn = f.Vn, .Vd = f.Vd}; \
        ROW##_lanes(cpu, g, 8u << f.Q);                        \
    }                                                          \
    LP_OP(ROW##_s) { ROW##_lanes(cpu, f, 1u << f.size); }
/* Lanes from adjacent pairs of Vm:Vn. */
#define PAIRWISE(ROW, KIND, ...)                               \
    LP_OP(ROW##_v)                                             \
    {                                                          \
        const union lp_vpair p = lp_pair(cpu, f.Vn, f.Vm, f.Q); \
        union lp_vreg r;                                       \
        LP_LANES_##KIND(f.size, LP_EACH_PAIR, __VA_ARGS__)     \
        lp_vput_q(cpu, f.Vd, f.Q, r);                      \
    }
union lp_vpair {
    union lp_vreg v[2];
    uint64_t d[4];
    int64_t sd[4];
    uint32_t s[8];
    int32_t ss[8];
    uint16_t h[16];
    int16_t sh[16];
    uint8_t b[32];
    int8_t sb[32];
};
LP_INLINE union lp_vpair lp_pair(const struct lp_cpu *cpu, unsigned n, unsigned m, unsigned q)
{
    union lp_vpair p = {.v = {cpu->v[n], cpu->v[m]}};
    if (!q)
        p.d[1] = p.d[2];
    return p;
}

/* The same expression for doublewords as one vector operation: two lanes are too few for the compiler's vectoriser, and what it stores as two
 * halves the next instruction waits for. */
#define WHOLE(ROW, KIND, ...)                                  \
    LP_OP(ROW##_v)                                             \
    {                                                          \
        SOURCES;                                               \
        union lp_vreg r;                                       \
        if (f.size == 3) {                                     \
            const lp_u64x2 a = n.x2, b = m.x2;                    \
            r.x2 = (__VA_ARGS__);                              \
        } else {                                               \
            LP_LANES_##KIND(f.size, LP_EACH, __VA_ARGS__)      \
        }                                                      \
        lp_vput_q(cpu, f.Vd, f.Q, r);                          \
    }                                                          \
    LP_OP(ROW##_s)                                             \
    {                                                          \
        const uint64_t a = cpu->v[f.Vn].d[0], b = cpu->v[f.Vm].d[0]; \
        cpu->v[f.Vd].x2 = (lp_u64x2){(__VA_ARGS__), 0};           \
    }

/* ---- logical: the low half by itself where only that counts (it may have been written as a half, by FMOV) ---- */
#define LOGICAL(ROW, ...)                                      \
    LP_OP(ROW##_v)                                             \
    {                                                          \
        union lp_vreg *vd = &cpu->v[f.Vd];                     \
        const union lp_vreg *vn = &cpu->v[f.Vn], *vm = &cpu->v[f.Vm]; \
        if (f.Q) {                                             \
            const lp_u64x2 a = vn->x2, b = vm->x2, c LP_UNUSED = vd->x2; \
            vd->x2 = (__VA_ARGS__);                            \
        } else {                                               \
            const uint64_t a = vn->d[0], b = vm->d[0], c LP_UNUSED = vd->d[0]; \
            vd->x2 = (lp_u64x2){(__VA_ARGS__), 0};                \
        }                                                      \
    }
LOGICAL(AND, a & b)
LOGICAL(BIC, a & ~b)
LOGICAL(ORR, a | b)
LOGICAL(ORN, a | ~b)
LOGICAL(EOR, a ^ b)
LOGICAL(BSL, (a & c) | (b & ~c))
LOGICAL(BIT, (a & b) | (c & ~b))
LOGICAL(BIF, (c & b) | (a & ~b))

/* ---- add, subtract, halving, absolute difference ---- */
WHOLE(ADD, U, a + b)
WHOLE(SUB, U, a - b)
VEC(SHADD, SW, (a + b) >> 1)
VEC(UHADD, UW, (a + b) >> 1)
VEC(SRHADD, SW, (a + b + 1) >> 1)
VEC(URHADD, UW, (a + b + 1) >> 1)
VEC(SHSUB, SW, (a - b) >> 1)
VEC(UHSUB, UW, (a - b) >> 1)
VEC(SABD, SW, a > b ? a - b : b - a)
VEC(UABD, UW, a > b ? a - b : b - a)
VEC(SABA, SW, c + (a > b ? a - b : b - a))
VEC(UABA, UW, c + (a > b ? a - b : b - a))
/* The signed range is left when the sum's sign is that of neither operand (for a difference: of neither a nor -b); the limit goes by the sign of a. */
#define SIGN(x) (0 - ((x) >> (bits - 1) & 1u))
#define LIMIT ((a >> (bits - 1)) + (UINT64_MAX >> (65 - bits)))
SAT(SQADD, SUM, LP_EACH_SUM, a + b, SIGN((a ^ t) & (b ^ t)), LIMIT)
SAT(UQADD, SUM, LP_EACH_SUM, a + b, t < a ? -1 : 0, UINT64_MAX)
SAT(SQSUB, SUM, LP_EACH_SUM, a - b, SIGN((a ^ b) & (a ^ t)), LIMIT)
SAT(UQSUB, SUM, LP_EACH_SUM, a - b, a < b ? -1 : 0, 0u)
#undef SIGN
#undef LIMIT

/* ---- compare, minimum, maximum ---- */
VEC_D(CMGT, S, a > b ? -1 : 0)
VEC_D(CMHI, U, a > b ? -1 : 0)
VEC_D(CMGE, S, a >= b ? -1 : 0)
VEC_D(CMHS, U, a >= b ? -1 : 0)
VEC_D(CMEQ, U, a == b ? -1 : 0)
VEC_D(CMTST, U, (a & b) != 0 ? -1 : 0)
VEC(SMAX, S, a > b ? a : b)
VEC(UMAX, U, a > b ? a : b)
VEC(SMIN, S, a < b ? a : b)
VEC(UMIN, U, a < b ? a : b)
PAIRWISE(ADDP, U, a + b)
PAIRWISE(SMAXP, S, a > b ? a : b)
PAIRWISE(UMAXP, U, a > b ? a : b)
PAIRWISE(SMINP, S, a < b ? a : b)
PAIRWISE(UMINP, U, a < b ? a : b)

/* ---- shifts by a signed count in the low byte of each lane ---- */
VEC_D(SSHL, S, lp_sshl_reg(a, (int8_t)b, false))
VEC_D(USHL, U, lp_ushl_reg(a, (int8_t)b, false))
VEC_D(SRSHL, S, lp_sshl_reg(a, (int8_t)b, true))
VEC_D(URSHL, U, lp_ushl_reg(a, (int8_t)b, true))
SAT(SQSHL, S, LP_EACH, lp_sqshl_reg(a, (int8_t)b, bits, false, &qc))
SAT(UQSHL, U, LP_EACH, lp_uqshl_reg(a, (int8_t)b, bits, false, &qc))
SAT(SQRSHL, S, LP_EACH, lp_sqshl_reg(a, (int8_t)b, bits, true, &qc))
SAT(UQRSHL, U, LP_EACH, lp_uqshl_reg(a, (int8_t)b, bits, true, &qc))

/* ---- multiply ---- */
VEC(MUL, U, a * b)
VEC(MLA, U, c + a * b)
VEC(MLS, U, c - a * b)
LP_OP(PMUL_v)
{
    SOURCES;
    union lp_vreg r;
    LP_EACH(b, uint8_t, lp_pmul(a, b, 8))
    lp_vput_q(cpu, f.Vd, f.Q, r);
}

/* Doubling, high half: the doubling is folded into the shift, which keeps a 32-bit lane's product within 64 bits. */
#define LP_LANES_HW(size, EACH, ...)                             \
    if ((size) == 1)                                           \
        EACH(sh, int32_t, __VA_ARGS__)                         \
    else                                                       \
        EACH(ss, int64_t, __VA_ARGS__)
SAT(SQDMULH, HW, LP_EACH_SSAT, (a * b) >> (bits - 1))
SAT(SQRDMULH, HW, LP_EACH_SSAT, (a * b + (1 << (bits - 2))) >> (bits - 1))
SAT(SQRDMLAH, HW, LP_EACH_SSAT, (c * (INT64_C(1) << (bits - 1)) + a * b + (1 << (bits - 2))) >> (bits - 1))
SAT(SQRDMLSH, HW, LP_EACH_SSAT, (c * (INT64_C(1) << (bits - 1)) - a * b + (1 << (bits - 2))) >> (bits - 1))

/* Four byte products added to each word lane. */
#define DOT(ROW, M)                                            \
    LP_OP(ROW##_v)                                             \
    {                                                          \
        SOURCES;                                               \
        union lp_vreg r = d;                                   \
        for (unsigned i = 0; i < 16; i++)                      \
            r.s[i / 4] += (uint32_t)(n.M[i] * m.M[i]);         \
        lp_vput_q(cpu, f.Vd, f.Q, r);                      \
    }
DOT(SDOT, sb)
DOT(UDOT, b)

/* The dispatch includes several classes in one unit. */
#undef SOURCES
#undef LOW_SOURCES
#undef VEC
#undef VEC_D
#undef SAT
#undef PAIRWISE
#undef LOGICAL
#undef WHOLE
#undef LP_LANES_HW
#undef DOT
#include "a64/simd_three.export.gen.h"
