/* exec/fp.c - FPCR, FPSR and the host's floating-point environment while guest code runs (Arm ARM C5.2.8, C5.2.9). */
#include <config.h>
#include "exec/fp.h"
#include "exec/model.h"
#include "mem/fault.h"
#include <fenv.h>
#if defined __x86_64__
#include <xmmintrin.h>
#endif

bool lp_fp_has_fma = true;
#if defined __x86_64__ && defined __GNUC__
static __attribute__((constructor)) void look_for_fma(void)
{
    __builtin_cpu_init();
    lp_fp_has_fma = __builtin_cpu_supports("fma");
}
#endif

#if defined __x86_64__
/* MXCSR directly: <fenv.h> also moves the x87 unit, which costs 50 ns and is never used for float and double here. */
enum { CSR_DEFAULT = 0x1f80, CSR_FLAGS = 0x3f };

static void host_set(uint32_t fpcr)
{
    static const uint16_t rc[4] = {0x0000, 0x4000, 0x2000, 0x6000}; /* RN RP RM RZ */
    _mm_setcsr(CSR_DEFAULT | rc[fpcr >> 22 & 3]);
}

static uint32_t host_save(void) { return _mm_getcsr(); }
static void host_restore(uint32_t saved) { _mm_setcsr(saved); }

/* IE, ZE, OE, UE, PE are bits 0, 2, 3, 4, 5; DE (1) is no flag of Arm's. */
static uint32_t from_csr(uint32_t csr) { return (csr & 1) | (csr >> 1 & 0x1e); }
static uint32_t host_flags(void) { return from_csr(_mm_getcsr()); }
static void host_clear(void) { _mm_setcsr(_mm_getcsr() & ~(uint32_t)CSR_FLAGS); }

static uint32_t interrupted_flags(const void *uc)
{
    return from_csr(lp_fault_mxcsr(uc));
}
#else
static void host_clear(void) { feclearexcept(FE_ALL_EXCEPT); }

static void host_set(uint32_t fpcr)
{
    static const int mode[4] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    host_clear();
    fesetround(mode[fpcr >> 22 & 3]);
}

static uint32_t host_save(void) { return (uint32_t)fegetround(); }
static void host_restore(uint32_t saved) { fesetround((int)saved); }

static uint32_t host_flags(void)
{
    int e = fetestexcept(FE_ALL_EXCEPT);
    return (e & FE_INVALID ? LP_IOC : 0) | (e & FE_DIVBYZERO ? LP_DZC : 0) | (e & FE_OVERFLOW ? LP_OFC : 0) |
           (e & FE_UNDERFLOW ? LP_UFC : 0) | (e & FE_INEXACT ? LP_IXC : 0);
}

static uint32_t interrupted_flags(const void *uc) { return (void)uc, host_flags(); }
#endif

void lp_fp_enter(struct lp_cpu *cpu)
{
    if (cpu->host_fp.in)
        return;
    cpu->host_fp.saved = host_save();
    cpu->host_fp.in = true;
    host_set(cpu->fpcr);
}

void lp_fp_leave(struct lp_cpu *cpu)
{
    if (!cpu->host_fp.in)
        return;
    cpu->fpsr |= host_flags();
    cpu->host_fp.in = false;
    host_restore(cpu->host_fp.saved);
}

void lp_fp_recover(struct lp_cpu *cpu, const void *uc)
{
    if (!cpu->host_fp.in)
        return;
    cpu->fpsr |= interrupted_flags(uc);
    host_set(cpu->fpcr);
}

void lp_fp_set_fpcr(struct lp_cpu *cpu, uint32_t v)
{
    if (cpu->host_fp.in) {
        cpu->fpsr |= host_flags();
        host_set(v);
    }
    cpu->fpcr = v & LP_FPCR_MASK & ~(lp_cpu_has(cpu, LP_FEATURE_FP16) ? 0 : LP_FPCR_FZ16);
}

uint32_t lp_fp_get_fpsr(struct lp_cpu *cpu)
{
    return cpu->host_fp.in ? cpu->fpsr | host_flags() : cpu->fpsr;
}

void lp_fp_set_fpsr(struct lp_cpu *cpu, uint32_t v)
{
    if (cpu->host_fp.in)
        host_clear();
    cpu->fpsr = v & LP_FPSR_MASK;
}
