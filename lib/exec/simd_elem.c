/* exec/simd_elem.c - AdvSIMD vector or scalar by one element, integer (Arm ARM C7.2). */
#include <config.h>
#include "exec/op.h"
#include "exec/simd.h"
#include "exec/simd_long.h"

/* The element, in every lane. Halfwords: index H:L:M, V0-V15 only; words: index H:L, register M:Vm. */
LP_INLINE union lp_vreg element(const struct lp_cpu *cpu, unsigned size, unsigned h, unsigned l, unsigned m, unsigned vm)
{
    union lp_vreg r;
    if (size == 1) {
        const uint16_t lane = cpu->v[vm].h[h << 2 | l << 1 | m];
        for (unsigned i = 0; i < 8; i++)
            r.h[i] = lane;
    } else {
        const uint32_t lane = cpu->v[m << 4 | vm].s[h << 1 | l];
        for (unsigned i = 0; i < 4; i++)
            r.s[i] = lane;
    }
    return r;
}
#define ELEMENT element(cpu, f.size, f.H, f.L, f.M, f.Vm)

#define LP_LANES_EU(size, EACH, ...)           \
    if ((size) == 1)                           \
        EACH(h, uint32_t, __VA_ARGS__)         \
    else                                       \
        EACH(s, uint32_t, __VA_ARGS__)
#define LP_LANES_ES(size, EACH, ...)           \
    if ((size) == 1)                           \
        EACH(sh, int32_t, __VA_ARGS__)         \
    else                                       \
        EACH(ss, int64_t, __VA_ARGS__)

#define BODY(KIND, EACH, bytes, ...)                                                          \
    const union lp_vreg n = lp_vget(cpu, f.Vn, bytes), m = ELEMENT, d LP_UNUSED = lp_vget(cpu, f.Vd, bytes); \
    union lp_vreg r;                                                                          \
    unsigned qc = 0;                                                                          \
    LP_LANES_##KIND(f.size, EACH, __VA_ARGS__)                                                \
    lp_vput(cpu, f.Vd, bytes, r);                                                             \
    lp_set_qc(cpu, qc);
#define SAME(ROW, ...) LP_OP(ROW##_elem_v) { BODY(EU, LP_EACH, 8u << f.Q, __VA_ARGS__) }
#define SAT(ROW, ...)                                                                         \
    LP_OP(ROW##_elem_v) { BODY(ES, LP_EACH_SSAT, 8u << f.Q, __VA_ARGS__) }                    \
    LP_OP(ROW##_elem_s) { BODY(ES, LP_EACH_SSAT, 1u << f.size, __VA_ARGS__) }
SAME(MUL, a * b)
SAME(MLA, c + a * b)
SAME(MLS, c - a * b)
/* As in simd_three.c: the doubling is folded into the shift. Lanes of zero cannot saturate, whatever the element. */
SAT(SQDMULH, (a * b) >> (bits - 1))
SAT(SQRDMULH, (a * b + (1 << (bits - 2))) >> (bits - 1))
SAT(SQRDMLAH, (c * (INT64_C(1) << (bits - 1)) + a * b + (1 << (bits - 2))) >> (bits - 1))
SAT(SQRDMLSH, (c * (INT64_C(1) << (bits - 1)) - a * b + (1 << (bits - 2))) >> (bits - 1))

#define LONG(ROW, SIGN, ...)                                                                  \
    LP_OP(ROW##_elem_v)                                                                       \
    {                                                                                         \
        const union lp_vreg n = lp_vhalf(cpu->v[f.Vn], f.Q), m = ELEMENT, d = cpu->v[f.Vd];   \
        union lp_vreg r;                                                                      \
        LP_LONG_##SIGN(f.size, LP_EACH_LONG, __VA_ARGS__)                                     \
        cpu->v[f.Vd] = r;                                                                     \
    }
LONG(SMULL, S, a * b)
LONG(UMULL, U, a * b)
LONG(SMLAL, S, c + (uint64_t)(a * b))
LONG(UMLAL, U, c + a * b)
LONG(SMLSL, S, c - (uint64_t)(a * b))
LONG(UMLSL, U, c - a * b)

#define QLONG_BODY(source, bytes, ...)                                                        \
    const union lp_vreg n = source, m = ELEMENT, d LP_UNUSED = lp_vget(cpu, f.Vd, bytes);  \
    union lp_vreg r;                                                                          \
    unsigned qc = 0;                                                                          \
    LP_LONG_Q(f.size, __VA_ARGS__)                                                            \
    lp_vput(cpu, f.Vd, bytes, r);                                                             \
    lp_set_qc(cpu, qc);
#define QLONG(ROW, ...)                                                                       \
    LP_OP(ROW##_elem_v) { QLONG_BODY(lp_vhalf(cpu->v[f.Vn], f.Q), 16, __VA_ARGS__) }          \
    LP_OP(ROW##_elem_s) { QLONG_BODY(lp_vget(cpu, f.Vn, 1u << f.size), 2u << f.size, __VA_ARGS__) }
QLONG(SQDMULL, lp_sqdmull(a, b, wide, &qc))
QLONG(SQDMLAL, lp_sqdmlal(c, a, b, wide, &qc))
QLONG(SQDMLSL, lp_sqdmlsl(c, a, b, wide, &qc))

/* Four byte products per word; the element is a group of four bytes, index H:L, register M:Vm. */
#define DOT(ROW, T)                                                                           \
    LP_OP(ROW##_elem_v)                                                                       \
    {                                                                                         \
        const union lp_vreg n = cpu->v[f.Vn], m = element(cpu, 2, f.H, f.L, f.M, f.Vm);       \
        union lp_vreg r = cpu->v[f.Vd];                                                       \
        for (unsigned i = 0; i < 16; i++)                                                     \
            r.s[i / 4] += (uint32_t)(n.T[i] * m.T[i]);                                        \
        lp_vput_q(cpu, f.Vd, f.Q, r);                                                     \
    }
DOT(SDOT, sb)
DOT(UDOT, b)

#include "a64/simd_elem.export.gen.h"
