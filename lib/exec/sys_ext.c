/* exec/sys_ext.c - DIT, SSBS, random numbers, waiting with a limit: what each row of a64/sys_ext.decode does. */
#include <config.h>
#include <sched.h>
#include <time.h>
#include "base/os.h"
#include "base/text.h"
#include "exec/again.h"
#include "exec/op.h"

/* Two bits of PSTATE that a program may set and read back. Data-independent timing and speculative store bypass: nothing here depends on them. */
LP_INLINE void sx_set(struct lp_cpu *cpu, uint32_t bit, bool on) { cpu->pstate = on ? cpu->pstate | bit : cpu->pstate & ~bit; }
LP_OP(MSR_imm_SSBS) { sx_set(cpu, LP_PSTATE_SSBS, f.CRm & 1); }
LP_OP(MSR_imm_DIT) { sx_set(cpu, LP_PSTATE_DIT, f.CRm & 1); }
LP_OP(MRS_SSBS) { cpu->x[f.Rt] = cpu->pstate & LP_PSTATE_SSBS; }
LP_OP(MSR_SSBS) { sx_set(cpu, LP_PSTATE_SSBS, lp_rd(cpu, f.Rt) & LP_PSTATE_SSBS); }
LP_OP(MRS_DIT) { cpu->x[f.Rt] = cpu->pstate & LP_PSTATE_DIT; }
LP_OP(MSR_DIT) { sx_set(cpu, LP_PSTATE_DIT, lp_rd(cpu, f.Rt) & LP_PSTATE_DIT); }

/* The host's generator. NZCV = 0000, or Z and the value zero when there is none to be had (Arm ARM K13.9: within a reasonable time). */
LP_INLINE void sx_random(struct lp_cpu *cpu, unsigned Rt)
{
    uint64_t v = 0;
    const bool none = !lp_os_random(&v, sizeof v);
    cpu->x[Rt] = none ? 0 : v;
    lp_set_nzcv(cpu, (uint32_t)none << 30);
}
LP_OP(MRS_RNDR) { sx_random(cpu, f.Rt); }
LP_OP(MRS_RNDRRS) { sx_random(cpu, f.Rt); }

/* As WFE and WFI, which may end at any time: let others run. With time left nobody spins, but looks again soon, for no event comes here. */
static void sx_wait(const struct lp_cpu *cpu, uint64_t limit)
{
    enum { MOST = 100000 };
    const uint64_t now = lp_now_ns(), left = limit > now ? limit - now : 0;
    const struct timespec nap = {0, left < MOST ? (long)left : MOST};
    if (left == 0 || lp_cpu_wanted(cpu))
        sched_yield();
    else
        nanosleep(&nap, NULL);
}
LP_OP(WFET) { sx_wait(cpu, lp_rd(cpu, f.Rt)); }
LP_OP(WFIT) { sx_wait(cpu, lp_rd(cpu, f.Rt)); }

#include "a64/sys_ext.export.gen.h"
