/* exec/dispatch_checked.c - one instruction at a time, every access checked: flat memory, --isolate, limited runs, an SP that is no multiple of 16, a
 * thread whose stores are looked at (track.c), and the op that faulted in fast mode. Also the tables of the out-of-line functions. */
#include <config.h>
#include "a64/a64.h"
#include "exec/op.h"
#include "exec/run.h"
#include "exec/seen.h"

#define LP_GEN_ROWS
#define LP_DECLARE_plain(name) void name(struct lp_cpu *cpu, const struct lp_op *op);
#define LP_DECLARE_next(name) uint64_t name(struct lp_cpu *cpu, const struct lp_op *op);
#define LP_CHECKED_pure(row) lp_op_##row
#define LP_CHECKED_mem(row) lp_opc_##row
#define LP_ROW_FN(row, kind, access) LP_DECLARE_##kind(lp_op_##row)
#include "a64/dispatch.gen.h"
#undef LP_ROW_FN
#define LP_ROW_FN(row, kind, access) LP_DECLARE_##kind(LP_CHECKED_##access(row))
#include "a64/dispatch.gen.h"
#undef LP_ROW_FN

const union lp_op_fn lp_op_table[A64_ROW_COUNT] = {
#define LP_ROW_FN(row, kind, access) [A64_##row] = {.kind = lp_op_##row},
#include "a64/dispatch.gen.h"
#undef LP_ROW_FN
};
const union lp_op_fn lp_checked_table[A64_ROW_COUNT] = {
#define LP_ROW_FN(row, kind, access) [A64_##row] = {.kind = LP_CHECKED_##access(row)},
#include "a64/dispatch.gen.h"
#undef LP_ROW_FN
};

/* CheckSPAlignment() of the Arm ARM: SCTLR_EL1.SA0 is set under Linux, whose do_sp_pc_abort() shows SP as the address. ESR_EL1: EC 0x26, IL.
 * What needs no memory, prefetches among it, does not care. */
static void check_sp(struct lp_cpu *cpu, const struct lp_op *op, unsigned row)
{
    const uint8_t base = lp_a64_rows[row].base;
    if (base != 0 && ((const uint8_t *)op)[base] == LP_SLOT_SP)
        lp_cpu_raise_at(cpu, lp_op_pc(cpu, op), LP_SIGBUS, LP_BUS_ADRALN, cpu->x[LP_SLOT_SP], 0x9a000000);
}

uint64_t lp_run_checked(struct lp_cpu *cpu, const struct lp_op *op, unsigned code)
{
    unsigned row = lp_code_row(code);
    if (row == A64_UNDEFINED)
        lp_cpu_undefined(cpu, op);
    if (__builtin_expect(lp_sp_is_tilted(cpu), 0))
        check_sp(cpu, op, row);
    lp_op_seen(op);
    if (lp_a64_rows[row].flags & (LP_ROW_BRANCH | LP_ROW_JUMP))
        return lp_checked_table[row].next(cpu, op);
    lp_checked_table[row].plain(cpu, op);
    return lp_op_pc(cpu, op) + 4;
}

void lp_dispatch_checked(struct lp_cpu *cpu)
{
    while (atomic_load_explicit(&cpu->stop, memory_order_relaxed) == 0 && cpu->insn_budget != 0 &&
           atomic_load_explicit(&cpu->poll, memory_order_relaxed) == 0 && lp_is_slow(cpu)) {
        struct lp_op *op = lp_op_enter(cpu, cpu->pc);
        unsigned code = __atomic_load_n(&op->code, __ATOMIC_ACQUIRE);
        if (code == LP_CODE_DECODE) {
            lp_op_decode(cpu, op);
            continue;
        }
        if (lp_code_counts(code))
            code = lp_op_counted(cpu, op);
        uint64_t pc = lp_run_checked(cpu, op, code);
        cpu->pc = lp_branch_addr(pc);
        if (__builtin_expect(cpu->track != NULL, 0))
            lp_track_step(cpu, op);
        if (cpu->insn_budget != UINT64_MAX)
            cpu->insn_budget--;
    }
}
