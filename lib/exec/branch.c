/* exec/branch.c - branches and exceptions: what each row of a64/branch.decode does. */
#include <config.h>
#include "exec/op.h"
#include "exec/flags.h"
#include "exec/run.h"

LP_BRANCH_OP(B) { return true; }
LP_BRANCH_OP(BL)
{
    cpu->x[30] = lp_op_pc(cpu, op) + 4;
    return true;
}
LP_BRANCH_OP(B_cond) { return lp_cond(cpu, f.cond); }
LP_BRANCH_OP(BC_cond) { return lp_cond(cpu, f.cond); } /* hinted: the same way most of the time */
LP_BRANCH_OP(CBZ) { return (f.sf ? lp_rd(cpu, f.Rt) : lp_rd32(cpu, f.Rt)) == 0; }
LP_BRANCH_OP(CBNZ) { return (f.sf ? lp_rd(cpu, f.Rt) : lp_rd32(cpu, f.Rt)) != 0; }
/* f.bit: the mask of the tested bit. */
LP_BRANCH_OP(TBZ) { return (lp_rd(cpu, f.Rt) & f.bit) == 0; }
LP_BRANCH_OP(TBNZ) { return (lp_rd(cpu, f.Rt) & f.bit) != 0; }

/* In line, the dispatch looks after PSTATE.BTYPE by itself, and only where somebody wants to know. */
#ifdef LP_DISPATCH
#define BR_TYPE(n) ((void)0)
#else
#define BR_TYPE(n) lp_bti_branch(cpu, op, n)
#endif
LP_JUMP_OP(BR)
{
    BR_TYPE(f.Rn);
    return lp_rd(cpu, f.Rn);
}
LP_JUMP_OP(BLR)
{
    BR_TYPE(LP_BTI_CALL);
    uint64_t target = lp_rd(cpu, f.Rn); /* Rn may be X30 */
    cpu->x[30] = lp_op_pc(cpu, op) + 4;
    return target;
}
#undef BR_TYPE
LP_JUMP_OP(RET) { return lp_rd(cpu, f.Rn); }

LP_JUMP_OP(SVC)
{
    cpu->pc = lp_op_pc(cpu, op) + 4;
    lp_cpu_svc(cpu, f.imm16);
    return cpu->pc;
}
LP_OP(BRK) { lp_cpu_raise(cpu, op, LP_SIGTRAP, LP_TRAP_BRKPT, lp_op_pc(cpu, op)); }
/* HLT without halting debug, and UDF, are undefined. */
LP_OP(HLT) { lp_cpu_undefined(cpu, op); }
LP_OP(UDF) { lp_cpu_undefined(cpu, op); }

#include "a64/branch.export.gen.h"
