/* exec/i8mm.c - 8-bit integer matrix products and mixed-sign dot products: what each row of a64/i8mm.decode does (Arm ARM C7.2). */
#include <config.h>
#include "exec/op.h"
#include "exec/simd.h"

/* A 2 x 8 matrix times the transpose of another, added to a 2 x 2 matrix of words. */
#define MATRIX(ROW, N, M)                                                                      \
    LP_OP(ROW)                                                                                 \
    {                                                                                          \
        const union lp_vreg n = cpu->v[f.Vn], m = cpu->v[f.Vm];                                \
        union lp_vreg r = cpu->v[f.Vd];                                                        \
        for (unsigned i = 0; i < 4; i++)                                                       \
            for (unsigned k = 0; k < 8; k++)                                                   \
                r.s[i] += (uint32_t)(n.N[8 * (i >> 1) + k] * m.M[8 * (i & 1) + k]);            \
        cpu->v[f.Vd] = r;                                                                      \
    }
MATRIX(SMMLA_v, sb, sb)
MATRIX(UMMLA_v, b, b)
MATRIX(USMMLA_v, b, sb)

/* Four products per word; AT is the byte of the second source that goes with byte i of the first. */
#define DOT(ROW, N, M, AT)                                                                     \
    LP_OP(ROW)                                                                                 \
    {                                                                                          \
        const union lp_vreg n = cpu->v[f.Vn], m = cpu->v[f.Vm];                                \
        union lp_vreg r = cpu->v[f.Vd];                                                        \
        for (unsigned i = 0; i < 16; i++)                                                      \
            r.s[i / 4] += (uint32_t)(n.N[i] * m.M[AT]);                                        \
        lp_vput_q(cpu, f.Vd, f.Q, r);                                                          \
    }
#define ELEMENT (4u * (f.H << 1 | f.L) + (i & 3))
DOT(USDOT_v, b, sb, i)
DOT(USDOT_elem_v, b, sb, ELEMENT)
DOT(SUDOT_elem_v, sb, b, ELEMENT)

#include "a64/i8mm.export.gen.h"
