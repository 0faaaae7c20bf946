/* kernel/sigframe.c - the frame of a signal handler on the guest's stack, as arm64 Linux lays it out (struct rt_sigframe and the frame
 * record above it), and the way back. */
#include <config.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include "base/bits.h"
#include "exec/fp.h"
#include "kernel/copy.h"
#include "kernel/sigframe.h"
#include "kernel/signal.h"
#include "kernel/vdso.h"

/* Kernel's <asm/sigcontext.h> numbers. */
#define LP_FPSIMD_MAGIC UINT32_C(0x46508001)
#define LP_ESR_MAGIC UINT32_C(0x45535201)
#define GUEST_SA_RESTORER UINT64_C(0x04000000)

bool lp_on_sigstack(const struct lp_signal_thread *s, uint64_t sp)
{
    if (s->alt.flags & LP_SS_AUTODISARM) return false;
    return sp > s->alt.sp && sp - s->alt.sp <= s->alt.size;
}

void lp_sigframe_save(struct lp_cpu *cpu, uint64_t fault_addr, uint32_t esr, struct lp_sigframe *f)
{
    f->uc.mc.fault_address = fault_addr;
    memcpy(f->uc.mc.regs, cpu->x, sizeof f->uc.mc.regs);
    f->uc.mc.sp = cpu->x[LP_SLOT_SP];
    f->uc.mc.pc = cpu->pc;
    f->uc.mc.pstate = lp_nzcv(cpu) | cpu->pstate;
    struct lp_fpsimd_context *fp = (void *)f->uc.mc.reserved;
    fp->head = (struct lp_ctx_head){LP_FPSIMD_MAGIC, sizeof *fp};
    fp->fpsr = lp_fp_get_fpsr(cpu);
    fp->fpcr = cpu->fpcr;
    memcpy(fp->v, cpu->v, sizeof fp->v);
    if (esr) {
        struct lp_esr_context *e = (void *)(fp + 1);
        e->head = (struct lp_ctx_head){LP_ESR_MAGIC, sizeof *e};
        e->esr = esr;
    } /* the terminator is zero already */
}

static const struct lp_fpsimd_context *find_fpsimd(const struct lp_sigframe *f)
{
    const struct lp_fpsimd_context *fp = NULL;
    size_t off = 0, limit = sizeof f->uc.mc.reserved;
    for (;;) {
        struct lp_ctx_head h;
        if (limit - off < sizeof h) return NULL;
        memcpy(&h, f->uc.mc.reserved + off, sizeof h);
        if (h.magic == 0) return h.size == 0 ? fp : NULL;
        if (h.size < sizeof h || h.size > limit - off || h.size % 16) return NULL;
        if (h.magic == LP_FPSIMD_MAGIC) {
            if (fp || h.size != sizeof *fp) return NULL;
            fp = (const void *)(f->uc.mc.reserved + off);
        } else if (h.magic != LP_ESR_MAGIC) {
            return NULL; /* no SVE, SME, extra_context on this processor */
        }
        off += h.size;
    }
}

bool lp_sigframe_load(struct lp_cpu *cpu, const struct lp_sigframe *f)
{
    const struct lp_fpsimd_context *fp = find_fpsimd(f);
    memcpy(cpu->x, f->uc.mc.regs, sizeof f->uc.mc.regs);
    cpu->x[LP_SLOT_SP] = f->uc.mc.sp;
    cpu->pc = f->uc.mc.pc;
    lp_set_nzcv(cpu, (uint32_t)f->uc.mc.pstate);
    cpu->pstate = (uint32_t)f->uc.mc.pstate & (LP_PSTATE_DIT | LP_PSTATE_SSBS | (lp_cpu_has_bti(cpu) ? LP_PSTATE_BTYPE : 0));
    if (!fp || (f->uc.mc.pstate & LP_PSTATE_NOT_EL0)) return false;
    memcpy(cpu->v, fp->v, sizeof fp->v);
    lp_fp_set_fpsr(cpu, fp->fpsr);
    lp_fp_set_fpcr(cpu, fp->fpcr);
    return true;
}

static uint64_t stack_top(const struct lp_signal_thread *s, const struct lp_sigaction *act, uint64_t sp)
{
    bool switches = (act->flags & SA_ONSTACK) && s->alt.size && !lp_on_sigstack(s, sp);
    return switches ? s->alt.sp + s->alt.size : sp;
}

static void enter_handler(struct lp_thread *t, const struct lp_sigaction *act, int signo, uint64_t frame, uint64_t record, uint64_t restorer)
{
    struct lp_cpu *cpu = &t->cpu;
    cpu->x[0] = (uint64_t)signo;
    if (act->flags & SA_SIGINFO) {
        cpu->x[1] = frame;
        cpu->x[2] = frame + offsetof(struct lp_sigframe, uc);
    }
    cpu->x[LP_SLOT_SP] = frame;
    cpu->x[29] = record;
    cpu->x[30] = restorer;
    cpu->pc = act->handler;
    cpu->ex.addr = UINT64_MAX; /* an exception return clears the monitor */
    cpu->pstate = (cpu->pstate & ~LP_PSTATE_BTYPE) | (lp_cpu_has_bti(cpu) ? LP_BTYPE_C : 0); /* Linux: setup_return() */
}

bool lp_sigframe_push(struct lp_thread *t, const struct lp_sigaction *act, const struct lp_siginfo *info)
{
    struct lp_signal_thread *s = t->signals;
    struct lp_cpu *cpu = &t->cpu;
    uint64_t restorer = act->flags & GUEST_SA_RESTORER ? act->restorer : lp_vdso_sigreturn(t->k);
    uint64_t record = lp_align_down(stack_top(s, act, cpu->x[LP_SLOT_SP]) - 16, 16);
    uint64_t frame = record - sizeof(struct lp_sigframe);
    const uint64_t link[2] = {cpu->x[29], cpu->x[30]};
    struct lp_sigframe f;
    memset(&f, 0, sizeof f);
    if (act->flags & SA_SIGINFO) f.info = *info;
    f.uc.stack = s->alt;
    f.uc.sigmask = s->restore_mask ? s->saved_mask : s->mask;
    lp_sigframe_save(cpu, s->fault_addr, s->fault_esr, &f);
    if (!restorer || lp_put(t, record, link, sizeof link) || lp_put(t, frame, &f, sizeof f)) return false;
    if (s->alt.flags & LP_SS_AUTODISARM) s->alt = (struct lp_sigstack){.flags = SS_DISABLE};
    enter_handler(t, act, info->signo, frame, record, restorer);
    return true;
}

bool lp_sigframe_pop(struct lp_thread *t)
{
    struct lp_sigframe f;
    uint64_t sp = t->cpu.x[LP_SLOT_SP];
    if (sp & 15 || lp_get(t, &f, sp, sizeof f)) return false;
    lp_signal_set_mask(t, f.uc.sigmask); /* even if the rest is refused */
    t->cpu.ex.addr = UINT64_MAX;
    if (!lp_sigframe_load(&t->cpu, &f)) return false;
    lp_sigaltstack_set(t, &f.uc.stack, t->cpu.x[LP_SLOT_SP]); /* a stack that cannot be set stays as it is, as in Linux */
    return true;
}
