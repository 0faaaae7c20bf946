/* exec/track.c - going back: a thread notes its state, and can return to it while all that it did since is in its registers and in the stack below.
 *
 * A tracked thread runs in the checked engine, where each store is looked at. It has left what it began with, and is tracked no more, when SP is
 * above where it was, or there with PC at the return address. What nobody can take back ends it too: a system call, a signal, a store anywhere else,
 * and another stack, which is an SP that went down but was not made from SP; and so does whoever wanted it (lp_gate.untracked), because the checked engine
 * is slow. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "exec/gate.h"
#include "exec/run.h"
#include "mem/mem.h"

struct lp_track {
    struct lp_cpu at;  /* lp_cpu_copy() of the state to return to */
    struct lp_place_back back;
    uint64_t sp;       /* before the instruction in progress */
    uint64_t low;      /* of what the instruction in progress stored below SP: it may be about to move there; UINT64_MAX = nothing */
};

void lp_cpu_track(struct lp_cpu *cpu, uint64_t tag)
{
    struct lp_track *t = cpu->track == NULL ? malloc(sizeof *t) : NULL;
    if (t == NULL)
        return;
    lp_cpu_copy(&t->at, cpu);
    t->sp = cpu->x[LP_SLOT_SP];
    t->back = (struct lp_place_back){cpu->pc, t->sp, lp_branch_addr(cpu->x[30]), tag};
    t->low = UINT64_MAX;
    cpu->track = t;
}

void lp_cpu_untrack(struct lp_cpu *cpu)
{
    free(cpu->track);
    cpu->track = NULL;
}

bool lp_cpu_tracked(const struct lp_cpu *cpu, struct lp_place_back *out)
{
    const struct lp_track *t = cpu->track;
    if (t == NULL || t->low < cpu->x[LP_SLOT_SP])
        return false;
    *out = t->back;
    return true;
}

void lp_cpu_go_back(struct lp_cpu *cpu)
{
    lp_cpu_copy(cpu, &cpu->track->at);
    cpu->ex.addr = UINT64_MAX;
    lp_cpu_untrack(cpu);
}

void lp_track_store(struct lp_cpu *cpu, uint64_t addr, unsigned size)
{
    struct lp_track *t = cpu->track;
    if (addr + size > t->back.sp)
        lp_cpu_untrack(cpu);
    else if (addr < t->low && addr < cpu->x[LP_SLOT_SP])
        t->low = addr;
}

/* SUB and ADD of an immediate or an extended register, and the base of a load or store: all have Rn in bits 9:5. */
static bool made_from_sp(const struct lp_cpu *cpu, const struct lp_op *op)
{
    uint32_t word;
    return lp_mem_read(cpu->as, &word, lp_op_pc(cpu, op), sizeof word) == 0 && (word >> 5 & 31) == LP_SLOT_SP;
}

void lp_track_step(struct lp_cpu *cpu, const struct lp_op *op)
{
    struct lp_track *t = cpu->track;
    const uint64_t sp = cpu->x[LP_SLOT_SP];
    const bool over = cpu->gate != NULL && atomic_load_explicit(&cpu->gate->untracked, memory_order_relaxed) > t->back.tag;
    bool left = over || sp > t->back.sp || (sp == t->back.sp && lp_branch_addr(cpu->pc) == t->back.to);
    if (left || t->low < sp || (sp < t->sp && !made_from_sp(cpu, op))) {
        lp_cpu_untrack(cpu);
        return;
    }
    t->low = UINT64_MAX;
    t->sp = sp;
}
