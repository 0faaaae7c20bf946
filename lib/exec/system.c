/* exec/system.c - hints, barriers, cache maintenance and system registers: what each row of a64/system.decode does. */
#include <config.h>
#include <sched.h>
#include <stdatomic.h>
#include "base/text.h"
#include "exec/op.h"
#include "exec/fp.h"
#include "exec/model.h"
#include "exec/run.h"

LP_OP(HINT) {}
LP_OP(BTI) {} /* who arrives was asked for it already (bti.c) */
LP_OP(NOP) {}
/* Spinning guests say so: let the thread that they wait for run. */
LP_OP(YIELD) { sched_yield(); }
LP_OP(WFE) { sched_yield(); }
LP_OP(WFI) { sched_yield(); }

/* Nobody waits for an event, and there are no errors to synchronise, no profiling or tracing buffers, no speculation. */
LP_OP(SEV) {}
LP_OP(SEVL) {}
LP_OP(DGH) {}
LP_OP(ESB) {}
LP_OP(PSB_CSYNC) {}
LP_OP(TSB_CSYNC) {}
LP_OP(CSDB) {}

LP_OP(CLREX) { cpu->ex.addr = UINT64_MAX; }
LP_OP(DSB) { atomic_thread_fence(memory_order_seq_cst); }
LP_OP(DSB_nXS) { atomic_thread_fence(memory_order_seq_cst); }
LP_OP(SSBB) { atomic_thread_fence(memory_order_seq_cst); }
LP_OP(PSSBB) { atomic_thread_fence(memory_order_seq_cst); }
/* CRm<1:0>: loads against all, stores against stores, all; the first two cost nothing on a host with total store order. */
LP_OP(DMB)
{
    if ((f.CRm & 3) == 1)
        atomic_thread_fence(memory_order_acquire);
    else if ((f.CRm & 3) == 2)
        atomic_thread_fence(memory_order_release);
    else
        atomic_thread_fence(memory_order_seq_cst);
}
LP_OP(ISB) { atomic_thread_fence(memory_order_seq_cst); }
LP_OP(SB) { atomic_thread_fence(memory_order_seq_cst); }

/* Maintenance by address faults where a load would. */
#define TOUCH(addr) (void)*(volatile uint8_t *)LP_HOST(cpu, op, addr, 1, LP_R | LP_MAINTAIN)
LP_OP(IC_IVAU)
{
    uint64_t addr = lp_rd(cpu, f.Rt);
    TOUCH(addr);
    lp_cpu_icache(cpu, addr);
}
LP_OP(DC_ZVA)
{
    /* The address of a fault is the register's, not the block's (FAR_EL1): its byte is the first. A flat buffer may end inside the block. */
    const uint64_t addr = lp_rd(cpu, f.Rt), block = addr & ~(uint64_t)(LP_LINE - 1);
    *(volatile uint8_t *)LP_HOST(cpu, op, addr, 1, LP_W) = 0;
    memset(LP_HOST(cpu, op, block, LP_LINE, LP_W), 0, LP_LINE);
}
LP_OP(DC_CVAC) { TOUCH(lp_rd(cpu, f.Rt)); }
LP_OP(DC_CVAU) { TOUCH(lp_rd(cpu, f.Rt)); }
LP_OP(DC_CVAP) { TOUCH(lp_rd(cpu, f.Rt)); }
LP_OP(DC_CVADP) { TOUCH(lp_rd(cpu, f.Rt)); }
LP_OP(DC_CIVAC) { TOUCH(lp_rd(cpu, f.Rt)); }

LP_OP(MRS_NZCV) { cpu->x[f.Rt] = lp_nzcv(cpu); }
LP_OP(MSR_NZCV) { lp_set_nzcv(cpu, lp_rd32(cpu, f.Rt)); }
LP_OP(MRS_FPCR) { cpu->x[f.Rt] = cpu->fpcr; }
LP_OP(MSR_FPCR) { lp_fp_set_fpcr(cpu, lp_rd32(cpu, f.Rt)); }
LP_OP(MRS_FPSR) { cpu->x[f.Rt] = lp_fp_get_fpsr(cpu); }
LP_OP(MSR_FPSR) { lp_fp_set_fpsr(cpu, lp_rd32(cpu, f.Rt)); }
LP_OP(MRS_TPIDR) { cpu->x[f.Rt] = cpu->tpidr_el0; }
LP_OP(MSR_TPIDR) { cpu->tpidr_el0 = lp_rd(cpu, f.Rt); }
LP_OP(MRS_TPIDRRO) { cpu->x[f.Rt] = cpu->tpidrro_el0; }

/* CTR_EL0: the line in words, as a power of two, in DminLine, CWG, ERG and IminLine; PIPT. IDC = 1: data needs no cleaning before code is
 * fetched from it; DIC = 0: code needs IC IVAU, which is when decoded ops are forgotten. */
enum { LINE_WORDS = LP_LINE_LOG2 - 2 };
LP_OP(MRS_CTR) { cpu->x[f.Rt] = UINT64_C(1) << 31 | 1u << 28 | LINE_WORDS * (1u << 24 | 1u << 20 | 1u << 16 | 1u) | 3u << 14; }
LP_OP(MRS_DCZID) { cpu->x[f.Rt] = LINE_WORDS; }

/* The virtual counter runs at 1 GHz, so that it is the host's monotonic clock in nanoseconds. */
LP_OP(MRS_CNTFRQ) { cpu->x[f.Rt] = UINT64_C(1000000000); }
LP_OP(MRS_CNTVCT) { cpu->x[f.Rt] = lp_now_ns(); }
LP_OP(MRS_CNTVCTSS) { cpu->x[f.Rt] = lp_now_ns(); } /* in program order, as everything here */

LP_OP(MRS_ID) { cpu->x[f.Rt] = lp_cpu_id(lp_cpu_model(cpu), f.CRm, f.op2); }
#undef TOUCH

#include "a64/system.export.gen.h"
