/* exec/dispatch.c - the fast interpreter: one label per code, threaded. Hot rows are inlined here, the rest is called.
 *
 * Compiled with flags of its own (DISPATCH_CFLAGS, configure.ac). In registers all along: cpu, op.
 * Without computed goto, and under sanitizers (which need minutes for a function of this size), a loop over the same out-of-line functions
 * does the same, slower. */
#include <config.h>
#define LP_DISPATCH 1
#include "a64/a64.h"
#include "exec/op.h"
#include "exec/run.h"

#if !defined(__GNUC__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LP_LOOP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define LP_LOOP 1
#endif
#endif

#ifdef LP_LOOP
#include "exec/seen.h"
static uint64_t step(struct lp_cpu *cpu, const struct lp_op *op, unsigned code) /* one instruction; returns the next PC */
{
    unsigned row = lp_code_row(code);
    if (row == A64_UNDEFINED)
        lp_cpu_undefined(cpu, op);
    if (lp_a64_rows[row].flags & (LP_ROW_BRANCH | LP_ROW_JUMP))
        return lp_op_table[row].next(cpu, op);
    lp_op_table[row].plain(cpu, op);
    return lp_op_pc(cpu, op) + 4;
}

void lp_dispatch(struct lp_cpu *cpu)
{
    do {
        struct lp_op *op = lp_op_enter(cpu, cpu->pc);
        unsigned code;
        while ((code = __atomic_load_n(&op->code, __ATOMIC_ACQUIRE)) == LP_CODE_DECODE)
            lp_op_decode(cpu, op);
        if (lp_code_counts(code))
            code = lp_op_counted(cpu, op);
        uint64_t pc = step(cpu, lp_op_seen(op), code);
        cpu->pc = lp_branch_addr(pc);
    } while (atomic_load_explicit(&cpu->stop, memory_order_relaxed) == 0 && atomic_load_explicit(&cpu->poll, memory_order_relaxed) == 0);
}
#else

/* Clang's search for uninitialised variables takes time in proportion to variables times handlers: minutes here. Each row's own file has it on. */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wuninitialized"
#endif

#define LP_GEN_INCLUDES
#include "a64/dispatch.gen.h"
#undef LP_GEN_INCLUDES

/* Acquire: the operands were published before the code. It is read once: another thread may forget the op meanwhile. */
#define LP_DISPATCH_OP() \
    do { \
        code = __atomic_load_n(&op->code, __ATOMIC_ACQUIRE); \
        goto *labels[code]; \
    } while (0)
#define LP_NEXT(n) \
    do { \
        op += (n); \
        LP_DISPATCH_OP(); \
    } while (0)
#define LP_GET(at_op, member, at, type) \
    do { \
        typedef type at_ __attribute__((aligned(1), may_alias)); \
        f.member = *(const at_ *)((const char *)(at_op) + (at)); \
    } while (0)
/* Every taken branch polls: testing its direction would cost as much as testing the word. */
#define LP_TAKE(at, cond, off) \
    do { \
        if (cond) { \
            op += (ptrdiff_t)(off) + (at); \
            if (__builtin_expect(atomic_load_explicit(&cpu->poll, memory_order_relaxed) != 0, 0)) \
                goto L_leave; \
            LP_DISPATCH_OP(); \
        } \
        LP_NEXT((at) + 1); \
    } while (0)
/* `special`: bits that need a closer look, unless the target is an address and a `pad` for whoever comes so; `type` is done then, and when the target is
 * not run at once. */
#define LP_GO(target, special, pad, type) \
    do { \
        uint64_t pc_ = (target); \
        if (__builtin_expect((pc_ & (special)) != 0, 0) && ((pc_ & wild) != 0 || !(pad))) { \
            type; \
            cpu->pc = pc_; \
            goto L_wild; \
        } \
        if (__builtin_expect(atomic_load_explicit(&cpu->poll, memory_order_relaxed) != 0, 0)) { \
            type; \
            cpu->pc = pc_; \
            return; \
        } \
        op = (const struct lp_op *)((uintptr_t)cpu->ops + pc_ * 4); \
        LP_DISPATCH_OP(); \
    } while (0)
#define LP_GO_RET(target) LP_GO(target, wild, false, (void)0)
#define LP_GO_BY(target, n) \
    LP_GO(target, atomic_load_explicit(&cpu->landing, memory_order_relaxed), lp_bti_is_pad(cpu, pc_, n), lp_bti_branch(cpu, op, n))
#define LP_GO_BR(target) LP_GO_BY(target, f.Rn)
#define LP_GO_BLR(target) LP_GO_BY(target, LP_BTI_CALL)

void lp_dispatch(struct lp_cpu *cpu)
{
    static const void *const labels[LP_CODE_COUNT] = {
#define LP_GEN_LABELS
#include "a64/dispatch.gen.h"
#undef LP_GEN_LABELS
    };
    const uint64_t wild = LP_WILD(cpu);
    const struct lp_op *op = lp_op_enter(cpu, cpu->pc);
    unsigned code; /* what runs, which op->code need not be any more */
    LP_DISPATCH_OP();

L_decode:
    lp_op_decode(cpu, lp_op_at(cpu, lp_op_pc(cpu, op)));
    LP_DISPATCH_OP();
L_counter:
    code = lp_op_counted(cpu, op);
    goto *labels[code];
L_counted_b:
    { /* the entry of a patched function, as opmap.c has prepared it */
        const uint32_t at = op->w[0];
        op = (const struct lp_op *)((uintptr_t)op + (uintptr_t)(intptr_t)op->s[1]);
        lp_count_at(cpu, at);
        LP_TAKE(0, true, 0);
    }
L_undefined:
    lp_cpu_undefined(cpu, op);
L_call:
    lp_op_table[code - LP_CODE_OF_ROW(0)].plain(cpu, op);
    LP_NEXT(1);
L_call_next:
    /* SVC among them: the upcall may have asked to stop. */
    cpu->pc = lp_op_table[code - LP_CODE_OF_ROW(0)].next(cpu, op);
    if (atomic_load_explicit(&cpu->stop, memory_order_relaxed) != 0)
        return;
L_wild:
    if (atomic_load_explicit(&cpu->poll, memory_order_relaxed) != 0)
        return;
    op = lp_op_enter(cpu, cpu->pc);
    LP_DISPATCH_OP();
L_leave:
    cpu->pc = lp_op_pc(cpu, op);
    return;

#define LP_GEN_HANDLERS
#include "a64/dispatch.gen.h"
#undef LP_GEN_HANDLERS
}
#endif
