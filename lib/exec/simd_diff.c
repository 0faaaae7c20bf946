/* exec/simd_diff.c - AdvSIMD three registers of different types: long, wide, narrow forms (Arm ARM C7.2). */
#include <config.h>
#include "exec/op.h"
#include "exec/simd.h"
#include "exec/simd_long.h"
#include "exec/crypto_host.h"

#define LONG(ROW, SIGN, ...)                                                                          \
    LP_OP(ROW##_v)                                                                                    \
    {                                                                                                 \
        const union lp_vreg n = lp_vhalf(cpu->v[f.Vn], f.Q), m = lp_vhalf(cpu->v[f.Vm], f.Q), d LP_UNUSED = cpu->v[f.Vd]; \
        union lp_vreg r;                                                                              \
        LP_LONG_##SIGN(f.size, LP_EACH_LONG, __VA_ARGS__)                                             \
        cpu->v[f.Vd] = r;                                                                             \
    }
#define WIDE(ROW, SIGN, ...)                                                                          \
    LP_OP(ROW##_v)                                                                                    \
    {                                                                                                 \
        const union lp_vreg n = cpu->v[f.Vn], m = lp_vhalf(cpu->v[f.Vm], f.Q);                        \
        union lp_vreg r;                                                                              \
        LP_LONG_##SIGN(f.size, LP_EACH_WIDE, __VA_ARGS__)                                             \
        cpu->v[f.Vd] = r;                                                                             \
    }
#define NARROW(ROW, ...)                                                                              \
    LP_OP(ROW##_v)                                                                                    \
    {                                                                                                 \
        const union lp_vreg n = cpu->v[f.Vn], m = cpu->v[f.Vm];                                       \
        union lp_vreg r;                                                                              \
        LP_LONG_U(f.size, LP_EACH_NARROW, __VA_ARGS__)                                                \
        lp_vput_half(cpu, f.Vd, f.Q, r.d[0]);                                                         \
    }
#define ABSDIFF (a > b ? a - b : b - a)

LONG(SADDL, S, a + b)
LONG(UADDL, U, a + b)
LONG(SSUBL, S, a - b)
LONG(USUBL, U, a - b)
LONG(SABDL, S, ABSDIFF)
LONG(UABDL, U, ABSDIFF)
LONG(SABAL, S, c + (uint64_t)ABSDIFF)
LONG(UABAL, U, c + ABSDIFF)
LONG(SMULL, S, a * b)
LONG(UMULL, U, a * b)
LONG(SMLAL, S, c + (uint64_t)(a * b))
LONG(UMLAL, U, c + a * b)
LONG(SMLSL, S, c - (uint64_t)(a * b))
LONG(UMLSL, U, c - a * b)
WIDE(SADDW, S, a + b)
WIDE(UADDW, U, a + b)
WIDE(SSUBW, S, a - b)
WIDE(USUBW, U, a - b)
NARROW(ADDHN, (a + b) >> bits)
NARROW(SUBHN, (a - b) >> bits)
NARROW(RADDHN, (a + b + (UINT64_C(1) << (bits - 1))) >> bits)
NARROW(RSUBHN, (a - b + (UINT64_C(1) << (bits - 1))) >> bits)

/* Saturating; the scalar form is the low lane. */
#define QLONG(ROW, ...)                                                                               \
    LP_OP(ROW##_v)                                                                                    \
    {                                                                                                 \
        const union lp_vreg n = lp_vhalf(cpu->v[f.Vn], f.Q), m = lp_vhalf(cpu->v[f.Vm], f.Q), d LP_UNUSED = cpu->v[f.Vd]; \
        union lp_vreg r;                                                                              \
        unsigned qc = 0;                                                                              \
        LP_LONG_Q(f.size, __VA_ARGS__)                                                                \
        cpu->v[f.Vd] = r;                                                                             \
        lp_set_qc(cpu, qc);                                                                           \
    }                                                                                                 \
    LP_OP(ROW##_s)                                                                                    \
    {                                                                                                 \
        const unsigned bytes = 1u << f.size;                                                          \
        const union lp_vreg n = lp_vget(cpu, f.Vn, bytes), m = lp_vget(cpu, f.Vm, bytes);       \
        const union lp_vreg d LP_UNUSED = cpu->v[f.Vd];                                               \
        union lp_vreg r;                                                                              \
        unsigned qc = 0;                                                                              \
        LP_LONG_Q(f.size, __VA_ARGS__)                                                                \
        lp_vput(cpu, f.Vd, 2 * bytes, r);                                                             \
        lp_set_qc(cpu, qc);                                                                           \
    }
QLONG(SQDMULL, lp_sqdmull(a, b, wide, &qc))
QLONG(SQDMLAL, lp_sqdmlal(c, a, b, wide, &qc))
QLONG(SQDMLSL, lp_sqdmlsl(c, a, b, wide, &qc))

LP_OP(PMULL_b_v)
{
    const union lp_vreg n = lp_vhalf(cpu->v[f.Vn], f.Q), m = lp_vhalf(cpu->v[f.Vm], f.Q);
    union lp_vreg r;
    for (unsigned i = 0; i < 8; i++)
        r.h[i] = (uint16_t)lp_pmul(n.b[i], m.b[i], 8);
    cpu->v[f.Vd] = r;
}
LP_OP(PMULL_d_v)
{
    const uint64_t n = cpu->v[f.Vn].d[f.Q], m = cpu->v[f.Vm].d[f.Q];
    if (lp_host_has_pmull())
        lp_host_pmull(&cpu->v[f.Vd], n, m);
    else
        cpu->v[f.Vd].q = lp_pmul(n, m, 64);
}

#include "a64/simd_diff.export.gen.h"
