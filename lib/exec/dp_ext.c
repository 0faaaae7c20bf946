/* exec/dp_ext.c - flag manipulation and common short sequences: what each row of a64/dp_ext.decode does (Arm ARM C6.2). */
#include <config.h>
#include "exec/op.h"

/* ---- FlagM ---- */
LP_OP(RMIF)
{
    const uint64_t v = lp_rd(cpu, f.Rn), r = v >> f.imm6 | v << (-f.imm6 & 63);
    const uint32_t keep = lp_nzcv(cpu) & (uint32_t)(~f.mask & 15) << 28;
    lp_set_nzcv(cpu, keep | (uint32_t)(r & f.mask) << 28);
}
/* The flags of an 8- or 16-bit sum that is in the register with its carry; C stays. */
LP_INLINE void dx_setf(struct lp_cpu *cpu, uint32_t v, unsigned bits)
{
    cpu->f.n = v >> (bits - 1) & 1;
    cpu->f.z = v << (32 - bits) == 0;
    cpu->f.v = (v >> bits ^ v >> (bits - 1)) & 1;
}
LP_OP(SETF8) { dx_setf(cpu, lp_rd32(cpu, f.Rn), 8); }
LP_OP(SETF16) { dx_setf(cpu, lp_rd32(cpu, f.Rn), 16); }
LP_OP(CFINV) { cpu->f.c ^= 1; }

/* FlagM2: between Arm's flags of a floating-point comparison and the form that other instruction sets have. */
LP_OP(XAFLAG)
{
    const uint8_t z = cpu->f.z, c = cpu->f.c;
    cpu->f.n = !c && !z;
    cpu->f.z = z & c;
    cpu->f.c = c | z;
    cpu->f.v = !c && z;
}
LP_OP(AXFLAG)
{
    cpu->f.z |= cpu->f.v;
    cpu->f.c = cpu->f.c && !cpu->f.v;
    cpu->f.n = cpu->f.v = 0;
}

/* ---- CSSC ---- */
LP_OP(CTZ)
{
    const uint64_t v = f.sf ? lp_rd(cpu, f.Rn) : lp_rd32(cpu, f.Rn) | UINT64_C(1) << 32;
    cpu->x[f.Rd] = v ? (unsigned)__builtin_ctzll(v) : 64;
}
LP_OP(CNT) { cpu->x[f.Rd] = (unsigned)__builtin_popcountll(f.sf ? lp_rd(cpu, f.Rn) : lp_rd32(cpu, f.Rn)); }
/* Operands as 64-bit numbers of the same order. */
LP_INLINE int64_t dx_signed(const struct lp_cpu *cpu, unsigned sf, unsigned slot)
{
    return sf ? (int64_t)lp_rd(cpu, slot) : (int32_t)lp_rd32(cpu, slot);
}
LP_INLINE uint64_t dx_unsigned(const struct lp_cpu *cpu, unsigned sf, unsigned slot) { return sf ? lp_rd(cpu, slot) : lp_rd32(cpu, slot); }
LP_OP(ABS)
{
    const int64_t v = dx_signed(cpu, f.sf, f.Rn);
    lp_wr(cpu, f.sf, f.Rd, v < 0 ? -(uint64_t)v : (uint64_t)v);
}
#define EXTREME(ROW, READ, T, REL, IMM)                                                        \
    LP_OP(ROW##_reg)                                                                           \
    {                                                                                          \
        const T a = READ(cpu, f.sf, f.Rn), b = READ(cpu, f.sf, f.Rm);                          \
        lp_wr(cpu, f.sf, f.Rd, (uint64_t)(a REL b ? a : b));                                   \
    }                                                                                          \
    LP_OP(ROW##_imm)                                                                           \
    {                                                                                          \
        const T a = READ(cpu, f.sf, f.Rn), b = IMM;                                            \
        lp_wr(cpu, f.sf, f.Rd, (uint64_t)(a REL b ? a : b));                                   \
    }
EXTREME(SMAX, dx_signed, int64_t, >, f.simm)
EXTREME(UMAX, dx_unsigned, uint64_t, >, f.imm8)
EXTREME(SMIN, dx_signed, int64_t, <, f.simm)
EXTREME(UMIN, dx_unsigned, uint64_t, <, f.imm8)

#include "a64/dp_ext.export.gen.h"
