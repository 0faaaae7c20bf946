/* exec/fp_est.c - reciprocal and reciprocal square root estimates, bit for bit (Arm ARM shared pseudocode: RecipEstimate,
 * RecipSqrtEstimate, FPRecipEstimate, FPRSqrtEstimate, FPRecpX, UnsignedRecipEstimate, UnsignedRSqrtEstimate). */
#include <config.h>
#include "exec/fp.h"

/* a: 256..511 stands for 0.5 <= a/512 < 1; result 256..511 stands for 1 <= r/256 < 2. */
static unsigned recip_estimate(unsigned a)
{
    return (((1u << 19) / (a * 2 + 1)) + 1) / 2;
}

/* a: 128..511 stands for 0.25 <= a/512 < 1. */
static unsigned recip_sqrt_estimate(unsigned a)
{
    uint64_t b = 512, w = a < 256 ? a * 2 + 1 : ((a >> 1 << 1) + 1) * 2;
    while (w * (b + 1) * (b + 1) < UINT64_C(1) << 28)
        b++;
    return (unsigned)((b + 1) / 2);
}

static int biased_exponent(unsigned fmt, uint64_t mag) { return (int)(mag >> lp_fp_formats[fmt].fbits); }
static uint64_t fraction52(unsigned fmt, uint64_t mag)
{
    unsigned f = lp_fp_formats[fmt].fbits;
    return (mag & ((UINT64_C(1) << f) - 1)) << (52 - f);
}
static uint64_t pack(unsigned fmt, bool sign, int exp, uint64_t frac52)
{
    unsigned f = lp_fp_formats[fmt].fbits;
    return lp_fp_signed(fmt, sign, (uint64_t)exp << f | (frac52 & ((UINT64_C(1) << 52) - 1)) >> (52 - f));
}

static uint64_t reciprocal_overflow(struct lp_cpu *cpu, unsigned fmt, bool sign)
{
    enum lp_fp_round mode = lp_fp_rmode(cpu);
    bool to_inf = mode == LP_RN || (mode == LP_RP && !sign) || (mode == LP_RM && sign);
    lp_fp_raise(cpu, LP_OFC | LP_IXC);
    return lp_fp_signed(fmt, sign, lp_fp_inf(fmt) - !to_inf);
}

/* An operand that is neither too small nor too large; its fraction may be subnormal by at most two bits. */
static uint64_t reciprocal(unsigned fmt, bool sign, uint64_t mag)
{
    const uint64_t mask = (UINT64_C(1) << 52) - 1;
    int exp = biased_exponent(fmt, mag), bias = (1 << (lp_fp_formats[fmt].ebits - 1)) - 1;
    uint64_t f = fraction52(fmt, mag);
    if (exp == 0) {
        if (f >> 51)
            f = f << 1 & mask;
        else
            exp = -1, f = f << 2 & mask;
    }
    int result = 2 * bias - 1 - exp;
    f = (uint64_t)(recip_estimate(256 | (unsigned)(f >> 44)) & 255) << 44;
    if (result == 0)
        f = UINT64_C(1) << 51 | f >> 1;
    else if (result == -1)
        f = UINT64_C(1) << 50 | f >> 2, result = 0;
    return pack(fmt, sign, result, f);
}

uint64_t lp_fp_recpe(struct lp_cpu *cpu, unsigned fmt, uint64_t a)
{
    if (lp_fp_isnan(fmt, a))
        return lp_fp_nan(cpu, fmt, a);
    a = lp_fp_flush(cpu, fmt, a);
    bool sign = a & lp_fp_signbit(fmt);
    uint64_t mag = lp_fp_mag(fmt, a);
    int exp = biased_exponent(fmt, mag), max = (1 << lp_fp_formats[fmt].ebits) - 1;
    if (mag == lp_fp_inf(fmt))
        return lp_fp_signed(fmt, sign, 0);
    if (mag == 0) {
        lp_fp_raise(cpu, LP_DZC);
        return lp_fp_signed(fmt, sign, lp_fp_inf(fmt));
    }
    if (exp == 0 && fraction52(fmt, mag) >> 50 == 0) /* below 2^(emin - 2) */
        return reciprocal_overflow(cpu, fmt, sign);
    if (exp >= max - 2 && lp_fp_flushes(cpu, fmt)) { /* the estimate would be subnormal */
        lp_fp_raise(cpu, LP_UFC);
        return lp_fp_signed(fmt, sign, 0);
    }
    return reciprocal(fmt, sign, mag);
}

uint64_t lp_fp_rsqrte(struct lp_cpu *cpu, unsigned fmt, uint64_t a)
{
    if (lp_fp_isnan(fmt, a))
        return lp_fp_nan(cpu, fmt, a);
    a = lp_fp_flush(cpu, fmt, a);
    bool sign = a & lp_fp_signbit(fmt);
    uint64_t mag = lp_fp_mag(fmt, a), f = fraction52(fmt, mag);
    int exp = biased_exponent(fmt, mag), bias = (1 << (lp_fp_formats[fmt].ebits - 1)) - 1;
    if (mag == 0) {
        lp_fp_raise(cpu, LP_DZC);
        return lp_fp_signed(fmt, sign, lp_fp_inf(fmt));
    }
    if (sign)
        return lp_fp_invalid(cpu, fmt);
    if (mag == lp_fp_inf(fmt))
        return 0;
    if (exp == 0) {
        for (; !(f >> 51); f <<= 1)
            exp--;
        f = f << 1 & ((UINT64_C(1) << 52) - 1);
    }
    unsigned scaled = exp & 1 ? 128 | (unsigned)(f >> 45) : 256 | (unsigned)(f >> 44);
    int result = (3 * bias - 1 - exp) / 2;
    return pack(fmt, false, result, (uint64_t)(recip_sqrt_estimate(scaled) & 255) << 44);
}

uint64_t lp_fp_recpx(struct lp_cpu *cpu, unsigned fmt, uint64_t a)
{
    if (lp_fp_isnan(fmt, a))
        return lp_fp_nan(cpu, fmt, a);
    a = lp_fp_flush(cpu, fmt, a);
    uint64_t exp = lp_fp_mag(fmt, a) & lp_fp_inf(fmt), sign = a & lp_fp_signbit(fmt);
    if (exp == 0)
        return sign | (lp_fp_inf(fmt) - (UINT64_C(1) << lp_fp_formats[fmt].fbits));
    return sign | (exp ^ lp_fp_inf(fmt));
}

uint32_t lp_fp_urecpe(uint32_t a) { return a >> 31 ? recip_estimate(a >> 23) << 23 : UINT32_MAX; }
uint32_t lp_fp_ursqrte(uint32_t a) { return a >> 30 ? recip_sqrt_estimate(a >> 23) << 23 : UINT32_MAX; }
