/* exec/dp_imm.c - data processing with immediates: what each row of a64/dp_imm.decode does. */
#include <config.h>
#include "exec/op.h"
#include "exec/flags.h"

/* Arithmetic; the immediate is optionally shifted by 12. */
#define IMM12 ((uint64_t)f.imm12 << (f.sh ? 12 : 0))
LP_OP(ADD_imm) { lp_wr(cpu, f.sf, f.Rd, lp_rd(cpu, f.Rn) + IMM12); }
LP_OP(SUB_imm) { lp_wr(cpu, f.sf, f.Rd, lp_rd(cpu, f.Rn) - IMM12); }
LP_OP(ADDS_imm) { cpu->x[f.Rd] = lp_adds(cpu, f.sf, lp_rd(cpu, f.Rn), IMM12); }
LP_OP(SUBS_imm) { cpu->x[f.Rd] = lp_subs(cpu, f.sf, lp_rd(cpu, f.Rn), IMM12); }
#undef IMM12

/* The address was worked out at decode. */
LP_OP(ADR) { cpu->x[f.Rd] = f.addr; }
LP_OP(ADRP) { cpu->x[f.Rd] = f.addr; }

LP_OP(AND_imm) { lp_wr(cpu, f.sf, f.Rd, lp_rd(cpu, f.Rn) & f.imm); }
LP_OP(ORR_imm) { lp_wr(cpu, f.sf, f.Rd, lp_rd(cpu, f.Rn) | f.imm); }
LP_OP(EOR_imm) { lp_wr(cpu, f.sf, f.Rd, lp_rd(cpu, f.Rn) ^ f.imm); }
LP_OP(ANDS_imm) { cpu->x[f.Rd] = lp_logic(cpu, f.sf, lp_rd(cpu, f.Rn) & f.imm); }

LP_OP(MOVN) { cpu->x[f.Rd] = f.imm; }
LP_OP(MOVZ) { cpu->x[f.Rd] = f.imm; }
LP_OP(MOVK)
{
    unsigned at = 16u * f.hw;
    lp_wr(cpu, f.sf, f.Rd, (cpu->x[f.Rd] & ~(UINT64_C(0xffff) << at)) | (uint64_t)f.imm16 << at);
}

/* f.sh: left shift in bits 7:0, right shift in bits 15:8 (derive.c). */
LP_OP(UBFM)
{
    unsigned l = (uint8_t)f.sh, r = (uint8_t)(f.sh >> 8);
    cpu->x[f.Rd] = f.sf ? lp_rd(cpu, f.Rn) << l >> r : lp_rd32(cpu, f.Rn) << l >> r;
}
LP_OP(SBFM)
{
    unsigned l = (uint8_t)f.sh, r = (uint8_t)(f.sh >> 8);
    cpu->x[f.Rd] = f.sf ? (uint64_t)((int64_t)(lp_rd(cpu, f.Rn) << l) >> r) : (uint32_t)((int32_t)(lp_rd32(cpu, f.Rn) << l) >> r);
}
LP_OP(BFM)
{
    uint64_t n = lp_rd(cpu, f.Rn), rot;
    if (f.sf)
        rot = n >> f.immr | n << (-f.immr & 63);
    else
        rot = (uint32_t)n >> f.immr | (uint32_t)n << (-f.immr & 31);
    lp_wr(cpu, f.sf, f.Rd, (cpu->x[f.Rd] & ~f.mask) | (rot & f.mask));
}
LP_OP(LSR_imm64) { cpu->x[f.Rd] = lp_rd(cpu, f.Rn) >> f.immr; }
LP_OP(LSR_imm32) { cpu->x[f.Rd] = lp_rd32(cpu, f.Rn) >> f.sa; }
LP_OP(ASR_imm64) { cpu->x[f.Rd] = (uint64_t)((int64_t)lp_rd(cpu, f.Rn) >> f.immr); }
LP_OP(ASR_imm32) { cpu->x[f.Rd] = (uint32_t)((int32_t)lp_rd32(cpu, f.Rn) >> f.sa); }
LP_OP(UXTB) { cpu->x[f.Rd] = (uint8_t)lp_rd(cpu, f.Rn); }
LP_OP(UXTH) { cpu->x[f.Rd] = (uint16_t)lp_rd(cpu, f.Rn); }
LP_OP(SXTW) { cpu->x[f.Rd] = (uint64_t)(int64_t)(int32_t)lp_rd32(cpu, f.Rn); }

LP_OP(ROR_imm)
{
    if (f.sf) {
        uint64_t n = lp_rd(cpu, f.Rn);
        cpu->x[f.Rd] = n >> f.imms | n << (-f.imms & 63);
    } else {
        uint32_t n = lp_rd32(cpu, f.Rn);
        cpu->x[f.Rd] = n >> f.imms | n << (-f.imms & 31);
    }
}
LP_OP(EXTR)
{
    uint64_t hi = lp_rd(cpu, f.Rn), lo = lp_rd(cpu, f.Rm);
    if (f.sf)
        cpu->x[f.Rd] = hi << 1 << (63 - f.imms) | lo >> f.imms;
    else
        cpu->x[f.Rd] = (uint32_t)((hi << 32 | (uint32_t)lo) >> f.imms);
}

#include "a64/dp_imm.export.gen.h"
