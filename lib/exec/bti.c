/* exec/bti.c - branch target identification: PSTATE.BTYPE and guarded pages (Arm ARM D8.4.5, and BTypeNext in C6.2).
 *
 * Nobody pays for it without guarded pages: BR and BLR test their target against one word, which has the bits that no code address has. With
 * guarded pages it has all bits, so that every BR and BLR comes here: most of them to find a landing pad, and to go on. RET and direct branches set BTYPE
 * to 0: nothing to do. BTYPE is in cpu->pstate only from another branch to the entry of its target (lp_op_enter), and in between a signal may be delivered.
 */
#include <config.h>
#include "a64/a64.h"
#include "a64/fields.gen.h"
#include "exec/gate.h"
#include "exec/model.h"
#include "exec/run.h"
#include "mem/mem.h"

#define BTYPE(n) (UINT32_C(n) << 10)

bool lp_cpu_has_bti(const struct lp_cpu *cpu) { return lp_cpu_has(cpu, LP_FEATURE_BTI); }

void lp_bti_watch(struct lp_cpu *cpu)
{
    bool watched = atomic_load_explicit(&cpu->landing, memory_order_relaxed) == UINT64_MAX;
    if (watched || !lp_mem_guarded(cpu->as) || !lp_cpu_has_bti(cpu))
        return;
    atomic_store_explicit(&cpu->landing, UINT64_MAX, memory_order_relaxed);
    if (cpu->gate == NULL)
        return;
    pthread_mutex_lock(&cpu->gate->lock);
    for (struct lp_cpu *c = cpu->gate->cpus; c != NULL; c = c->next)
        if (c->as == cpu->as)
            atomic_store_explicit(&c->landing, UINT64_MAX, memory_order_relaxed);
    pthread_mutex_unlock(&cpu->gate->lock);
}

static bool guarded(const struct lp_cpu *cpu, uint64_t pc) { return (lp_mem_flags(cpu->as, pc) & LP_BTI) != 0; }

/* BR through X16 or X17 may call, as linkers' veneers do; from outside of guarded pages every BR may. */
void lp_bti_branch(struct lp_cpu *cpu, const struct lp_op *op, unsigned n)
{
    if (!lp_cpu_has_bti(cpu))
        return;
    uint32_t type = n == LP_BTI_CALL ? LP_BTYPE_C : n == 16 || n == 17 || !guarded(cpu, lp_op_pc(cpu, op)) ? BTYPE(1) : BTYPE(3);
    cpu->pstate = (cpu->pstate & ~LP_PSTATE_BTYPE) | type;
}

/* May an instruction of this row be the target? */
static bool compatible(const struct lp_op *op, unsigned row, uint32_t type)
{
    struct a64_BTI f;
    switch (row) {
    case A64_BTI:
        f = a64_unpack_BTI(op);
        return (f.c && type != BTYPE(3)) || (f.j && type != LP_BTYPE_C);
    case A64_PACIASP: case A64_PACIBSP:
        return type != BTYPE(3); /* SCTLR_EL1.BT0 = 1 under Linux */
    default:
        return false;
    }
}

/* BTYPE would be set and cleared again. What is no pad here may be one with a counter, or not be guarded. */
bool lp_bti_is_pad(const struct lp_cpu *cpu, uint64_t pc, unsigned n)
{
    const struct lp_op *op = lp_op_at(cpu, pc);
    const bool calls = n == LP_BTI_CALL || n == 16 || n == 17;
    switch (__atomic_load_n(&op->code, __ATOMIC_ACQUIRE)) {
    case LP_CODE_BTI_: /* as it is in the dispatch */
        return calls ? a64_unpack_BTI(op).c : a64_unpack_BTI(op).j;
    case LP_CODE_PACIASP: case LP_CODE_PACIBSP:
        return calls;
    default:
        return false;
    }
}

void lp_bti_land(struct lp_cpu *cpu, struct lp_op *op, uint64_t pc)
{
    if (guarded(cpu, pc)) {
        unsigned code;
        while ((code = lp_op_code(cpu, op)) == LP_CODE_DECODE)
            lp_op_decode(cpu, op); /* which raises the fault of fetching it: that comes first */
        unsigned row = lp_code_row(code);
        if (row == A64_BRK || row == A64_HLT)
            return; /* no violations, and the exception that they are shows BTYPE */
        if (!compatible(op, row, cpu->pstate & LP_PSTATE_BTYPE))
            lp_cpu_raise_at(cpu, pc, LP_SIGILL, LP_ILL_ILLOPC, pc, 0);
    }
    cpu->pstate &= ~LP_PSTATE_BTYPE;
}
