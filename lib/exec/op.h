/* exec/op.h - how the semantics of a row are written: one static inline function per row of a decode table, or a macro
 * that makes those of rows which differ in a lane or an operation only.
 *
 *     LP_OP(ADD_imm) { lp_wr(cpu, f.sf, f.Rd, lp_rd(cpu, f.Rn) + f.imm12); }
 *
 * `cpu` is the state, `op` the decoded op, `f` the row's fields by value (struct a64_<ROW>, generated): the dispatch passes constants in the
 * fields that a `hot` row is specialised for, and the compiler folds them.
 *
 *   LP_OP(row)         plain: falls through to the next instruction
 *   LP_BRANCH_OP(row)  returns whether the PC-relative branch is taken; the row's field `off` is the distance in instructions
 *   LP_JUMP_OP(row)    returns the next PC
 *
 * Restartable: a handler changes no register and no flag before its last access that can fault, so that an op that faulted in fast mode
 * is simply executed again in checked mode, which finds the precise fault (or strips the tag of a tagged address and succeeds). Memory copy and set alone
 * (mops.c) keep in a register how far they are, so that they are continued.
 */
#ifndef LP_EXEC_OP_H
#define LP_EXEC_OP_H
#include <string.h>
#include "exec/cpu.h"
#include "a64/fields.gen.h" /* struct a64_<ROW>, a64_unpack_<ROW>(op) */

#define LP_ARGS(row) struct lp_cpu *cpu __attribute__((unused)), const struct lp_op *op __attribute__((unused)), \
                     const struct a64_##row f __attribute__((unused))
#define LP_INLINE static inline __attribute__((always_inline))
#define LP_OP(row) LP_INLINE void x_##row(LP_ARGS(row))
#define LP_BRANCH_OP(row) LP_INLINE bool x_##row(LP_ARGS(row))
#define LP_JUMP_OP(row) LP_INLINE uint64_t x_##row(LP_ARGS(row))

/* Registers by slot (31 = SP, 32 = ZR, 33 = sink: decoding has mapped number 31 already). */
LP_INLINE uint64_t lp_rd(const struct lp_cpu *cpu, unsigned slot) { return cpu->x[slot]; }
LP_INLINE uint32_t lp_rd32(const struct lp_cpu *cpu, unsigned slot) { return (uint32_t)cpu->x[slot]; }
/* A W destination (sf = 0) clears the upper half. */
LP_INLINE void lp_wr(struct lp_cpu *cpu, unsigned sf, unsigned slot, uint64_t v) { cpu->x[slot] = sf ? v : (uint32_t)v; }

/* Give up this op: the guest gets the signal with PC at this instruction. Never returns (siglongjmp to lp_cpu_run). */
_Noreturn void lp_cpu_raise(struct lp_cpu *cpu, const struct lp_op *op, int signo, int code, uint64_t addr);
/* SIGILL, ILL_ILLOPC: for encodings that the tables cannot exclude. */
_Noreturn void lp_cpu_undefined(struct lp_cpu *cpu, const struct lp_op *op);

/* Fast mode is for an SP that is a multiple of 16: the dispatch inlines nothing that may make it another (lp_a64_tilts_stack), and what it calls ends
 * with this. Goes on behind `op` in lp_dispatch_checked(), which tests SP before each access, until SP is a multiple again. */
__attribute__((cold)) void lp_sp_tilted(struct lp_cpu *cpu, uint64_t pc);
LP_INLINE void lp_sp_written(struct lp_cpu *cpu, const struct lp_op *op, unsigned slot)
{
    if (slot == LP_SLOT_SP && __builtin_expect(lp_sp_is_tilted(cpu), 0))
        lp_sp_tilted(cpu, lp_op_pc(cpu, op) + 4);
}

/* Memory: lp_ld8/16/32/64/128 and lp_st8/16/32/64/128, built in two modes. */
#include "exec/access.h"
#endif
