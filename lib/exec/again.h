/* exec/again.h - for instructions whose work has no bound: leaving in the middle when somebody waits for a safepoint, or to begin again. */
#ifndef LP_EXEC_AGAIN_H
#define LP_EXEC_AGAIN_H
#include "exec/cpu.h"

/* Is there a reason to leave? Costs a load; ask behind every piece of work, so that each execution gets something done. */
static inline bool lp_cpu_wanted(const struct lp_cpu *cpu) { return atomic_load_explicit(&cpu->poll, memory_order_relaxed) != 0; }
/* Give up this op for now, registers saying how far it is: safepoint with PC at this instruction, which then is executed again. Not counted as an
 * instruction done (a limited run). Never returns (siglongjmp to lp_cpu_run). */
_Noreturn void lp_cpu_again(struct lp_cpu *cpu, const struct lp_op *op);
#endif
