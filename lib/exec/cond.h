/* exec/cond.h - ConditionHolds of the Arm ARM. */
#ifndef LP_EXEC_COND_H
#define LP_EXEC_COND_H
#include "exec/op.h"

/* Condition 15 (NV) always holds, as 14 does. */
LP_INLINE bool lp_cond_holds(const struct lp_cpu *cpu, unsigned cond)
{
    bool r = true;
    switch (cond >> 1) {
    case 0: r = cpu->f.z; break;
    case 1: r = cpu->f.c; break;
    case 2: r = cpu->f.n; break;
    case 3: r = cpu->f.v; break;
    case 4: r = cpu->f.c && !cpu->f.z; break;
    case 5: r = cpu->f.n == cpu->f.v; break;
    case 6: r = cpu->f.n == cpu->f.v && !cpu->f.z; break;
    default: return true;
    }
    return r != (cond & 1);
}
#endif
