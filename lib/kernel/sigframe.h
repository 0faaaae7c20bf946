/* kernel/sigframe.h - arm64 Linux's struct rt_sigframe: what a handler finds at SP, X1 and X2. */
#ifndef LP_KERNEL_SIGFRAME_H
#define LP_KERNEL_SIGFRAME_H
#include <stddef.h>
#include "exec/cpu.h"
#include "kernel/signal.h"

#define LP_SS_AUTODISARM (UINT32_C(1) << 31)
#define LP_PSTATE_NOT_EL0 UINT64_C(0x3df) /* PSTATE.DAIF and M: zero in AArch64 EL0, or Linux's valid_user_regs() refuses the frame */

struct lp_ctx_head { uint32_t magic, size; };
struct lp_fpsimd_context { struct lp_ctx_head head; uint32_t fpsr, fpcr; union lp_vreg v[32]; };
struct lp_esr_context { struct lp_ctx_head head; uint64_t esr; };
struct lp_sigcontext {
    uint64_t fault_address, regs[31], sp, pc, pstate;
    uint8_t reserved[4096] __attribute__((aligned(16))); /* records: head, data; ended by a zero head */
};
struct lp_ucontext {
    uint64_t flags, link;
    struct lp_sigstack stack;
    uint64_t sigmask;
    uint8_t unused[120]; /* the mask may grow to 1024 bits */
    struct lp_sigcontext mc __attribute__((aligned(16)));
};
struct lp_sigframe { struct lp_siginfo info; struct lp_ucontext uc; };
_Static_assert(offsetof(struct lp_ucontext, sigmask) == 40 && offsetof(struct lp_ucontext, mc) == 176, "struct ucontext");
_Static_assert(offsetof(struct lp_sigcontext, reserved) == 288 && sizeof(struct lp_sigcontext) == 4384, "struct sigcontext");
_Static_assert(sizeof(struct lp_fpsimd_context) == 528 && sizeof(struct lp_sigframe) == 4688, "struct rt_sigframe");

/* Registers into a zeroed frame and back; load refuses a frame that Linux would; the general registers are loaded then. */
void lp_sigframe_save(struct lp_cpu *cpu, uint64_t fault_addr, uint32_t esr, struct lp_sigframe *f);
bool lp_sigframe_load(struct lp_cpu *cpu, const struct lp_sigframe *f);
#endif
