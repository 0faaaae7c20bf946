/* exec/ldst_addr.h - what the load/store classes share: addresses and alignment. */
#ifndef LP_EXEC_LDST_ADDR_H
#define LP_EXEC_LDST_ADDR_H
#include "exec/atomic128.h"
#include "exec/monitor.h"
#include "exec/op.h"

/* ExtendReg(): UXTW, LSL (64 bits), SXTW, SXTX. */
LP_INLINE uint64_t lp_ls_offset(const struct lp_cpu *cpu, unsigned rm, unsigned x64, unsigned sgn, unsigned shift)
{
    uint64_t v = cpu->x[rm];
    return (x64 ? v : sgn ? (uint64_t)(int64_t)(int32_t)v : (uint32_t)v) << shift;
}
LP_INLINE uint64_t lp_ls_imm(const struct lp_cpu *cpu, unsigned rn, int64_t imm) { return cpu->x[rn] + (uint64_t)imm; }

/* Exclusive, ordered and atomic accesses (need: LP_R, LP_W or both) must be aligned or, with FEAT_LSE2, within aligned 16 bytes: else SIGBUS,
 * BUS_ADRALN, before any translation fault (Arm ARM, AArch64.UnalignedAccessFaults). False: aligned. exec/unaligned.c */
bool lp_unaligned(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned size, unsigned need);
LP_INLINE bool lp_ls_unaligned(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned size, unsigned need)
{
    return __builtin_expect((addr & (size - 1)) != 0, 0) && lp_unaligned(cpu, op, addr, size, need);
}
/* May all of the aligned 16 bytes around an address be touched? A flat buffer may end in the middle. */
LP_INLINE bool lp_ls_whole(const struct lp_cpu *cpu) { return !lp_mem_is_flat(cpu->as); }

/* Store-release of 1 << size bytes: sequentially consistent on the host, so that a load-acquire that follows stays behind it (RCsc). */
LP_INLINE void lp_ls_release_aligned(void *p, unsigned size, uint64_t v)
{
    switch (size) {
    case 0: __atomic_store_n((uint8_t *)p, (uint8_t)v, __ATOMIC_SEQ_CST); break;
    case 1: __atomic_store_n((uint16_t *)p, (uint16_t)v, __ATOMIC_SEQ_CST); break;
    case 2: __atomic_store_n((uint32_t *)p, (uint32_t)v, __ATOMIC_SEQ_CST); break;
    default: __atomic_store_n((uint64_t *)p, v, __ATOMIC_SEQ_CST); break;
    }
}
/* Unaligned, or where exclusives may watch (monitor.h). exec/unaligned.c */
void lp_ls_release_slow(struct lp_cpu *cpu, void *p, uint64_t addr, unsigned size, bool odd, uint64_t v);
LP_INLINE void lp_ls_release(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned size, uint64_t v)
{
    const bool odd = lp_ls_unaligned(cpu, op, addr, 1u << size, LP_W);
    void *p = LP_HOST(cpu, op, addr, 1u << size, LP_W);
    if (odd || lp_monitor_used())
        lp_ls_release_slow(cpu, p, addr, size, odd, v);
    else
        lp_ls_release_aligned(p, size, v);
}
#endif
