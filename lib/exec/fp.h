/* exec/fp.h - floating point: FPCR and FPSR, the host's environment while guest code runs, and exact arithmetic.
 *
 * Handlers compute with the host's float and double where the result and the flags are provably the same (IEEE 754 leaves no choice), under the
 * host rounding mode that FPCR asks for. Everything that Arm defines more narrowly goes to the exact functions below, which use integers only:
 * NaN results (propagation order, sign of the default NaN, FPCR.DN), results at the edge of the subnormals (Arm detects tininess before
 * rounding, x86 after it), flush-to-zero, half precision, estimates, saturating conversions. An exact function may be called after the host
 * operation was tried: the host's flags are always a subset of Arm's.
 */
#ifndef LP_EXEC_FP_H
#define LP_EXEC_FP_H
#include <stdbool.h>
#include <stdint.h>
#include "exec/cpu.h"

/* FPCR (Arm ARM C5.2.8). Trap enables read as zero: no trapped exceptions here, as on most cores. */
#define LP_FPCR_AHP (UINT32_C(1) << 26)
#define LP_FPCR_DN (UINT32_C(1) << 25)
#define LP_FPCR_FZ (UINT32_C(1) << 24)
#define LP_FPCR_FZ16 (UINT32_C(1) << 19)
#define LP_FPCR_MASK UINT32_C(0x07c80000)
/* FPSR (C5.2.9): NZCV of AArch32, QC, IDC and the five cumulative flags. */
#define LP_FPSR_QC (UINT32_C(1) << 27)
#define LP_FPSR_MASK UINT32_C(0xf800009f)
enum { LP_IOC = 1, LP_DZC = 2, LP_OFC = 4, LP_UFC = 8, LP_IXC = 16, LP_IDC = 128 };

/* Rounding: the first four as in FPCR.RMode and in the rmode field of conversions. */
enum lp_fp_round { LP_RN, LP_RP, LP_RM, LP_RZ, LP_RA /* to nearest, ties away */, LP_RODD };
#define lp_fp_rmode(cpu) ((enum lp_fp_round)((cpu)->fpcr >> 22 & 3))

/* Formats, numbered by log2 of their size in bytes. */
enum { LP_H = 1, LP_S = 2, LP_D = 3 };

/* ---- the environment (fp.c) ---- */
/* Does the host multiply and add with one rounding? If not, the exact function does. Tests clear it. */
extern bool lp_fp_has_fma;
void lp_fp_set_fpcr(struct lp_cpu *cpu, uint32_t v);
uint32_t lp_fp_get_fpsr(struct lp_cpu *cpu);
void lp_fp_set_fpsr(struct lp_cpu *cpu, uint32_t v);
/* Around guest code, on its thread: the host's control word is saved, replaced, put back. Idempotent. */
void lp_fp_enter(struct lp_cpu *cpu);
void lp_fp_leave(struct lp_cpu *cpu);
/* In a host signal handler that will siglongjmp back into the run loop: the kernel gave the handler a fresh FP environment, so collect the
 * guest's flags from the interrupted one (`uc` is the handler's third argument) and set the guest's mode again. */
void lp_fp_recover(struct lp_cpu *cpu, const void *uc);

/* ---- exact arithmetic on bit patterns of format `fmt` (fp_exact.c, fp_round.c, fp_est.c); flags go to cpu->fpsr ---- */
typedef uint64_t lp_fp_fn1(struct lp_cpu *cpu, unsigned fmt, uint64_t a);
typedef uint64_t lp_fp_fn2(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b);
lp_fp_fn2 lp_fp_add, lp_fp_sub, lp_fp_mul, lp_fp_div, lp_fp_nmul, lp_fp_mulx, lp_fp_abd;
lp_fp_fn2 lp_fp_max, lp_fp_min, lp_fp_maxnm, lp_fp_minnm, lp_fp_recps, lp_fp_rsqrts;
lp_fp_fn1 lp_fp_sqrt, lp_fp_recpe, lp_fp_rsqrte, lp_fp_recpx;
/* FPMulAdd: addend + a * b. */
uint64_t lp_fp_mla(struct lp_cpu *cpu, unsigned fmt, uint64_t addend, uint64_t a, uint64_t b);
/* Comparisons that give a mask of 0 or -1 (truncate to the element). */
lp_fp_fn2 lp_fp_cmeq, lp_fp_cmge, lp_fp_cmgt, lp_fp_acge, lp_fp_acgt;
/* FPCompare: NZCV in bits 3:0. */
unsigned lp_fp_compare(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b, bool signal_nans);
/* FPRoundInt; `exact` reports inexactness (FRINTX). */
uint64_t lp_fp_rint(struct lp_cpu *cpu, unsigned fmt, uint64_t a, enum lp_fp_round mode, bool exact);
/* FPConvert. */
uint64_t lp_fp_convert(struct lp_cpu *cpu, unsigned from, unsigned to, uint64_t a, enum lp_fp_round mode);
/* FPToFixed, saturating to `bits` (16, 32, 64); FixedToFP of the 64-bit number v (sign- or zero-extended by the caller). */
uint64_t lp_fp_to_fixed(struct lp_cpu *cpu, unsigned fmt, uint64_t a, unsigned fbits, bool is_unsigned, enum lp_fp_round mode, unsigned bits);
uint64_t lp_fp_from_fixed(struct lp_cpu *cpu, unsigned fmt, uint64_t v, unsigned fbits, bool is_unsigned);
/* FPToFixedJS: *z tells whether the conversion was exact. */
uint32_t lp_fp_to_js(struct lp_cpu *cpu, uint64_t a, bool *z);
/* UnsignedRecipEstimate, UnsignedRSqrtEstimate. */
uint32_t lp_fp_urecpe(uint32_t a);
uint32_t lp_fp_ursqrte(uint32_t a);

/* ---- inside the exact files ---- */
struct lp_fp_format {
    unsigned ebits, fbits; /* exponent, fraction */
    int emin;              /* of the smallest normal number */
};
extern const struct lp_fp_format lp_fp_formats[4];
enum lp_fp_type { LP_FP_ZERO, LP_FP_FINITE, LP_FP_INF, LP_FP_QNAN, LP_FP_SNAN };
/* A number taken apart: m * 2^exp, bit 63 of m set if it is finite and not zero. */
struct lp_real {
    enum lp_fp_type type;
    bool sign;
    int exp;
    uint64_t m;
};
static inline void lp_fp_raise(struct lp_cpu *cpu, uint32_t flags) { cpu->fpsr |= flags; }
static inline uint64_t lp_fp_signbit(unsigned fmt) { return UINT64_C(1) << ((8u << fmt) - 1); }
static inline uint64_t lp_fp_inf(unsigned fmt)
{
    return ((UINT64_C(1) << lp_fp_formats[fmt].ebits) - 1) << lp_fp_formats[fmt].fbits;
}
static inline uint64_t lp_fp_quiet(unsigned fmt) { return UINT64_C(1) << (lp_fp_formats[fmt].fbits - 1); }
static inline uint64_t lp_fp_default_nan(unsigned fmt) { return lp_fp_inf(fmt) | lp_fp_quiet(fmt); }
static inline uint64_t lp_fp_signed(unsigned fmt, bool sign, uint64_t mag) { return sign ? mag | lp_fp_signbit(fmt) : mag; }
static inline uint64_t lp_fp_mag(unsigned fmt, uint64_t a) { return a & (lp_fp_signbit(fmt) - 1); }
static inline bool lp_fp_isnan(unsigned fmt, uint64_t a) { return lp_fp_mag(fmt, a) > lp_fp_inf(fmt); }
static inline bool lp_fp_issnan(unsigned fmt, uint64_t a) { return lp_fp_isnan(fmt, a) && !(a & lp_fp_quiet(fmt)); }
/* Does FPCR flush subnormals of this format? */
static inline bool lp_fp_flushes(const struct lp_cpu *cpu, unsigned fmt)
{
    return cpu->fpcr & (fmt == LP_H ? LP_FPCR_FZ16 : LP_FPCR_FZ);
}
/* The operand as FPUnpack sees it: a subnormal may become zero (and IDC). */
uint64_t lp_fp_flush(struct lp_cpu *cpu, unsigned fmt, uint64_t a);
/* A finite number other than zero, whatever its exponent field. */
struct lp_real lp_fp_finite(unsigned fmt, bool sign, uint64_t mag);
struct lp_real lp_fp_unpack(struct lp_cpu *cpu, unsigned fmt, uint64_t a);
/* FPProcessNaN, FPProcessNaNs: false if there is none. */
uint64_t lp_fp_nan(struct lp_cpu *cpu, unsigned fmt, uint64_t a);
bool lp_fp_nans(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b, uint64_t *r);
uint64_t lp_fp_invalid(struct lp_cpu *cpu, unsigned fmt);
/* FPRound of +-m * 2^exp, m != 0. */
uint64_t lp_fp_round(struct lp_cpu *cpu, unsigned fmt, bool sign, int exp, lp_u128 m, enum lp_fp_round mode);
/* Drop the low s bits of m (s >= 0), rounding; *inexact tells whether anything was lost. */
lp_u128 lp_fp_shift_round(lp_u128 m, unsigned s, bool sign, enum lp_fp_round mode, bool *inexact);
#endif
