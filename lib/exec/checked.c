/* exec/checked.c - the checked accessor: tags, bounds, permissions; raises the precise fault. */
#include <config.h>
#include "exec/run.h"
#include "mem/mem.h"
#define LP_CHECKED 1
#include "exec/access.h"

/* ESR_EL1 of a data abort from EL0 (Arm ARM D19.2.37): EC 0x24, WnR, CM (then WnR is always set), DFSC translation or permission fault of level 3;
 * for an address that is no program's (of 48 bits) Linux shows level 0, whatever it was (set_thread_esr()). What reads and writes counts as a read if that
 * faults: `flags` are the page's. */
static uint32_t data_abort(unsigned need, unsigned flags, uint64_t addr)
{
    const bool write = (need & (LP_R | LP_W)) == LP_W || ((need & LP_W) && (flags & LP_R));
    const uint32_t kind = need & LP_MAINTAIN ? 1u << 8 | 1u << 6 : write ? 1u << 6 : 0;
    return 0x92000000 | kind | (flags & LP_MAPPED ? 0x0f : addr >> 48 ? 0x04 : 0x07);
}

void *lp_access(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned size, unsigned need)
{
    /* Top byte ignore (TCR_EL1.TBI0): Linux always has it for user addresses; bit 55 chooses the half. */
    uint64_t bad, plain = lp_mem_untag(addr);
    cpu->op = op;
    cpu->need = need;
    if (!lp_mem_check(cpu->as, plain, size, need & ~(unsigned)LP_MAINTAIN, &bad)) {
        unsigned flags = lp_mem_flags(cpu->as, bad);
        /* si_addr has the tag stripped (Documentation/arch/arm64/tagged-pointers). */
        lp_cpu_raise_at(cpu, lp_op_pc(cpu, op), LP_SIGSEGV, flags & LP_MAPPED ? LP_SEGV_ACCERR : LP_SEGV_MAPERR, bad,
                        data_abort(need, flags, bad));
    }
    if (__builtin_expect(cpu->track != NULL, 0) && (need & LP_W))
        lp_track_store(cpu, plain, size);
    return (void *)((uintptr_t)cpu->mem + (uintptr_t)plain);
}
