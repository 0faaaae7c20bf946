/* exec/ldst_addr.h - what the load/store classes share: addresses and alignment. */
#ifndef LP_EXEC_LDST_ADDR_H
#define LP_EXEC_LDST_ADDR_H
#include <signal.h>
#include "exec/op.h"

/* ExtendReg(): UXTW, LSL (64 bits), SXTW, SXTX. */
LP_INLINE uint64_t lp_ls_offset(const struct lp_cpu *cpu, unsigned rm, unsigned x64, unsigned sgn, unsigned shift)
{
    uint64_t v = cpu->x[rm];
    return (x64 ? v : sgn ? (uint64_t)(int64_t)(int32_t)v : (uint32_t)v) << shift;
}
LP_INLINE uint64_t lp_ls_imm(const struct lp_cpu *cpu, unsigned rn, int64_t imm) { return cpu->x[rn] + (uint64_t)imm; }

/* Exclusive, ordered and atomic accesses must be aligned (no FEAT_LSE2): SIGBUS, BUS_ADRALN, before any translation fault. */
LP_INLINE void lp_ls_aligned(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned size)
{
    if (addr & (size - 1))
        lp_cpu_raise(cpu, op, SIGBUS, BUS_ADRALN, addr);
}
#endif
