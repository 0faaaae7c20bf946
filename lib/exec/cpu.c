/* exec/cpu.c - one guest thread: its run loop, and how faults become guest signals. */
#include <config.h>
#include <string.h>
#include "a64/a64.h"
#include "base/sanitize.h"
#include "exec/again.h"
#include "exec/fp.h"
#include "exec/gate.h"
#include "exec/model.h"
#include "exec/monitor.h"
#include "exec/op.h"
#include "exec/run.h"
#include "mem/fault.h"

void lp_cpu_init(struct lp_cpu *cpu, struct lp_mem *as, struct lp_gate *gate, const struct lp_upcalls *up, void *owner)
{
    memset(cpu, 0, sizeof *cpu);
    cpu->as = as;
    cpu->model = &lp_cpu_max;
    cpu->mem = lp_mem_base(as);
    cpu->ops = lp_mem_ops(as);
    cpu->limit = lp_mem_limit(as);
    cpu->checked = lp_mem_is_flat(as);
    cpu->gate = gate;
    cpu->up = up;
    cpu->owner = owner;
    cpu->ex.addr = UINT64_MAX;
    cpu->insn_budget = UINT64_MAX;
    cpu->landing = LP_WILD(cpu);
    lp_pauth_init(&cpu->pauth);
}

void lp_cpu_copy(struct lp_cpu *to, const struct lp_cpu *from)
{
    memcpy(to->x, from->x, sizeof to->x);
    memcpy(to->v, from->v, sizeof to->v);
    to->pc = from->pc;
    to->f = from->f;
    to->fpcr = from->fpcr;
    to->fpsr = from->fpsr;
    to->tpidr_el0 = from->tpidr_el0;
    to->tpidrro_el0 = from->tpidrro_el0;
    to->pstate = from->pstate;
    to->pauth = from->pauth;
    to->model = from->model;
    to->checked = from->checked;
}

/* ---- upcalls ---- */

/* A host fault in a higher room is a bug there, not the guest's: our recovery point is taken down meanwhile. */
static struct lp_recover *leave_guest(struct lp_cpu *cpu)
{
    struct lp_recover *r = lp_recover_top;
    if (r != NULL)
        lp_recover_top = r->outer;
    lp_fp_leave(cpu);
    return r;
}

static void enter_guest(struct lp_cpu *cpu, struct lp_recover *r)
{
    lp_fp_enter(cpu);
    lp_recover_top = r;
}

void lp_cpu_svc(struct lp_cpu *cpu, uint32_t imm)
{
    struct lp_recover *r = leave_guest(cpu);
    if (cpu->track != NULL)
        lp_cpu_untrack(cpu);
    cpu->up->svc(cpu, imm);
    cpu->ex.addr = UINT64_MAX; /* so does coming back from one */
    lp_bti_watch(cpu);
    enter_guest(cpu, r);
    if (lp_sp_is_tilted(cpu))
        lp_sp_tilted(cpu, cpu->pc); /* rt_sigreturn, or a handler was entered */
}

static void deliver(struct lp_cpu *cpu, const struct lp_fault *fault)
{
    struct lp_recover *r = leave_guest(cpu);
    cpu->ex.addr = UINT64_MAX; /* taking an exception clears the monitor */
    cpu->up->fault(cpu, fault);
    enter_guest(cpu, r);
}

static void safepoint(struct lp_cpu *cpu)
{
    uint32_t poll = atomic_load(&cpu->poll);
    if ((poll & LP_POLL_GATE) && cpu->gate != NULL)
        lp_gate_park(cpu);
    if (poll & ~(uint32_t)LP_POLL_GATE) {
        struct lp_recover *r = leave_guest(cpu);
        atomic_fetch_and(&cpu->poll, ~(uint32_t)LP_POLL_USER);
        cpu->up->safepoint(cpu);
        enter_guest(cpu, r);
    }
}

/* ---- faults ---- */

/* What the long jump into lp_cpu_run says; the handler of SIGSEGV says BACK_FAULT, too. */
enum { BACK_FAULT = 1, BACK_AGAIN = 2 };

void lp_cpu_again(struct lp_cpu *cpu, const struct lp_op *op)
{
    cpu->pc = lp_op_pc(cpu, op);
    siglongjmp(*cpu->recover, BACK_AGAIN);
}

void lp_sp_tilted(struct lp_cpu *cpu, uint64_t pc)
{
    if (cpu->checked)
        return; /* there it is tested anyway */
    cpu->pc = pc;
    siglongjmp(*cpu->recover, BACK_AGAIN);
}

void lp_cpu_raise_at(struct lp_cpu *cpu, uint64_t pc, int signo, int code, uint64_t addr, uint32_t esr)
{
    cpu->pc = pc;
    cpu->pending = (struct lp_fault){.signo = signo, .code = code, .addr = addr, .esr = esr};
    siglongjmp(*cpu->recover, BACK_FAULT);
}

void lp_cpu_raise(struct lp_cpu *cpu, const struct lp_op *op, int signo, int code, uint64_t addr)
{
    lp_cpu_raise_at(cpu, lp_op_pc(cpu, op), signo, code, addr, 0);
}

void lp_cpu_undefined(struct lp_cpu *cpu, const struct lp_op *op)
{
    lp_cpu_raise(cpu, op, LP_SIGILL, LP_ILL_ILLOPC, lp_op_pc(cpu, op));
}

/* The host refused what the page flags allow: a page of a file that got shorter, or one that another thread has just unmapped. */
static void host_fault(struct lp_cpu *cpu, const struct lp_recover *r)
{
    uint64_t addr = (uintptr_t)r->host_addr - (uintptr_t)cpu->mem;
    bool bus = r->signo == SIGBUS;
    uint32_t write = cpu->need & LP_W ? 1u << 6 : 0;
    cpu->pc = lp_op_pc(cpu, cpu->op);
    deliver(cpu, &(struct lp_fault){.signo = bus ? LP_SIGBUS : LP_SIGSEGV,
                                    .code = bus ? LP_BUS_ADRERR : LP_SEGV_MAPERR,
                                    .addr = addr,
                                    .esr = 0x92000007 | write}); /* data abort, EL0, translation fault: to Linux both begin as one */
}

static void run_one(struct lp_cpu *cpu, const struct lp_op *op, unsigned code)
{
    cpu->pc = lp_run_checked(cpu, op, code);
    if (cpu->track != NULL)
        lp_track_step(cpu, op);
}

/* Back from a long jump into lp_cpu_run: out of a handler that raised a fault, or out of the host's signal handler. In fast mode the latter
 * says only that something is wrong with this access: running the op again, checked, finds out what, or gets it done. */
static void come_back(struct lp_cpu *cpu, const struct lp_recover *r, int back)
{
    bool rerun = cpu->rerun;
    cpu->rerun = false;
    lp_monitor_end(cpu, false);
    if (back == BACK_AGAIN)
        return;
    if (cpu->pending.signo != 0) {
        struct lp_fault fault = cpu->pending;
        cpu->pending.signo = 0;
        deliver(cpu, &fault);
        return;
    }
    if (rerun || cpu->checked) {
        host_fault(cpu, r);
        return;
    }
    unsigned code = lp_op_code(cpu, cpu->op);
    cpu->pc = lp_op_pc(cpu, cpu->op);
    if (code == LP_CODE_DECODE)
        return; /* forgotten meanwhile: decoded again */
    cpu->rerun = true;
    run_one(cpu, cpu->op, code);
    cpu->rerun = false;
}

LP_NO_TSAN static void keep_fp(struct lp_recover *r, siginfo_t *info, void *ucontext) { lp_fp_recover(r->hook_ctx, ucontext); }

/* ---- watched ops ---- */

bool lp_cpu_watched(struct lp_cpu *cpu, uint64_t pc)
{
    if (cpu->up->watched == NULL)
        return false;
    const bool slow = lp_is_slow(cpu);
    struct lp_recover *r = leave_guest(cpu);
    cpu->pc = pc;
    cpu->up->watched(cpu);
    enter_guest(cpu, r);
    if (cpu->pc == pc && atomic_load_explicit(&cpu->stop, memory_order_relaxed) == 0)
        return !slow && lp_is_slow(cpu);
    if (cpu->pc != pc)
        cpu->ex.addr = UINT64_MAX; /* as after an exception */
    siglongjmp(*cpu->recover, BACK_AGAIN);
}

void lp_cpu_run_slowly(struct lp_cpu *cpu, const struct lp_op *op, unsigned code)
{
    run_one(cpu, op, code);
    siglongjmp(*cpu->recover, BACK_AGAIN);
}

/* ---- the loop ---- */

static void run(struct lp_cpu *cpu)
{
    while (atomic_load_explicit(&cpu->stop, memory_order_relaxed) == 0 && cpu->insn_budget != 0) {
        if (atomic_load_explicit(&cpu->poll, memory_order_relaxed) != 0)
            safepoint(cpu);
        else if (lp_is_slow(cpu))
            lp_dispatch_checked(cpu);
        else
            lp_dispatch(cpu);
    }
}

int lp_cpu_run(struct lp_cpu *cpu)
{
    struct lp_recover r;
    sigjmp_buf *outer = cpu->recover; /* nested: an upcall may run guest code */
    lp_gate_enter(cpu);
    lp_bti_watch(cpu);
    lp_count_enter(cpu);
    lp_fp_enter(cpu);
    int back = lp_recover_begin(&r);
    lp_recover_top = &r;
    r.hook = keep_fp;
    r.hook_ctx = cpu;
    cpu->recover = &r.env;
    if (back != 0)
        come_back(cpu, &r, back);
    run(cpu);
    lp_recover_end(&r);
    cpu->recover = outer;
    lp_fp_leave(cpu);
    lp_gate_leave(cpu);
    return atomic_exchange(&cpu->stop, 0);
}
