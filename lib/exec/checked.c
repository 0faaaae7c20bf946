/* exec/checked.c - the checked accessor: tags, bounds, permissions; raises the precise fault. */
#include <config.h>
#include "base/bits.h"
#include "exec/run.h"
#include "mem/mem.h"
#define LP_CHECKED 1
#include "exec/access.h"

/* ESR_EL1 of a data abort from EL0 (Arm ARM D19.2.37): EC 0x24, WnR, CM (then WnR is always set), DFSC translation or permission fault of level 3. */
static uint32_t data_abort(unsigned need, bool mapped)
{
    const uint32_t kind = need & LP_MAINTAIN ? 1u << 8 | 1u << 6 : need & LP_W ? 1u << 6 : 0;
    return 0x92000000 | kind | (mapped ? 0x0f : 0x07);
}

void *lp_access(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned size, unsigned need)
{
    /* Top byte ignore (TCR_EL1.TBI0): Linux always has it for user addresses; bit 55 chooses the half. */
    uint64_t bad, plain = (uint64_t)lp_sext(addr, 56);
    cpu->op = op;
    if (!lp_mem_check(cpu->as, plain, size, need & ~(unsigned)LP_MAINTAIN, &bad)) {
        bool mapped = (lp_mem_flags(cpu->as, bad) & LP_MAPPED) != 0;
        /* si_addr has the tag stripped (Documentation/arch/arm64/tagged-pointers). */
        lp_cpu_raise_at(cpu, lp_op_pc(cpu, op), LP_SIGSEGV, mapped ? LP_SEGV_ACCERR : LP_SEGV_MAPERR, bad, data_abort(need, mapped));
    }
    return (void *)((uintptr_t)cpu->mem + (uintptr_t)plain);
}
