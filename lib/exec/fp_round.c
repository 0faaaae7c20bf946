/* exec/fp_round.c - rounding and everything that is mostly rounding: to integral, to and from integers and fixed point, between formats
 * (Arm ARM shared pseudocode: FPRoundBase, FPRoundInt, FPToFixed, FixedToFP, FPConvert, FPToFixedJS). */
#include <config.h>
#include "exec/fp.h"

typedef lp_u128 u128;

static bool rounds_up(bool odd, int half /* lost part against one half: -1 0 1 */, bool sign, enum lp_fp_round mode)
{
    switch (mode) {
    case LP_RN: return half > 0 || (half == 0 && odd);
    case LP_RA: return half >= 0;
    case LP_RP: return !sign;
    case LP_RM: return sign;
    default: return false; /* LP_RZ; LP_RODD sets the low bit itself */
    }
}

u128 lp_fp_shift_round(u128 m, unsigned s, bool sign, enum lp_fp_round mode, bool *inexact)
{
    u128 q = s < 128 ? m >> s : 0, rest = s < 128 ? m - (q << s) : m;
    *inexact = rest != 0;
    if (s == 0 || rest == 0)
        return q;
    u128 half = (u128)1 << (s - 1 < 127 ? s - 1 : 127);
    int cmp = s > 128 || rest < half ? -1 : rest > half;
    if (mode == LP_RODD)
        return q | 1;
    return q + rounds_up(q & 1, cmp, sign, mode);
}

static int top_bit(u128 m)
{
    uint64_t hi = (uint64_t)(m >> 64);
    return hi ? 127 - __builtin_clzll(hi) : 63 - __builtin_clzll((uint64_t)m);
}

static uint64_t overflow(struct lp_cpu *cpu, unsigned fmt, bool sign, enum lp_fp_round mode)
{
    bool to_inf = mode == LP_RN || mode == LP_RA || (mode == LP_RP && !sign) || (mode == LP_RM && sign);
    lp_fp_raise(cpu, LP_OFC | LP_IXC);
    return lp_fp_signed(fmt, sign, lp_fp_inf(fmt) - !to_inf);
}

/* The magnitude bits of m * 2^exp with an unbounded exponent field; tininess is seen before rounding. */
static uint64_t round_bits(struct lp_cpu *cpu, unsigned fmt, bool sign, int exp, u128 m, enum lp_fp_round mode, bool *inexact)
{
    const struct lp_fp_format *t = &lp_fp_formats[fmt];
    int e = exp + top_bit(m), lsb = (e < t->emin ? t->emin : e) - (int)t->fbits; /* weight of the result's last bit */
    u128 q;
    if (lsb > exp) {
        q = lp_fp_shift_round(m, (unsigned)(lsb - exp), sign, mode, inexact);
    } else {
        q = m << (exp - lsb);
        *inexact = false;
    }
    if (e < t->emin && *inexact)
        lp_fp_raise(cpu, LP_UFC);
    uint64_t biased = e < t->emin ? 0 : (uint64_t)(e - t->emin); /* the implicit bit in q adds the missing one */
    return (biased << t->fbits) + (uint64_t)q;
}

uint64_t lp_fp_round(struct lp_cpu *cpu, unsigned fmt, bool sign, int exp, u128 m, enum lp_fp_round mode)
{
    bool inexact;
    if (lp_fp_flushes(cpu, fmt) && exp + top_bit(m) < lp_fp_formats[fmt].emin) {
        lp_fp_raise(cpu, LP_UFC); /* and not inexact */
        return lp_fp_signed(fmt, sign, 0);
    }
    uint64_t mag = round_bits(cpu, fmt, sign, exp, m, mode, &inexact);
    if (mag >= lp_fp_inf(fmt))
        return overflow(cpu, fmt, sign, mode);
    if (inexact)
        lp_fp_raise(cpu, LP_IXC);
    return lp_fp_signed(fmt, sign, mag);
}

/* ---- to integral, to and from fixed point ---- */
/* |a| * 2^fbits as an integer; saturates far above every format's integers. */
static u128 to_integer(struct lp_real a, int fbits, enum lp_fp_round mode, bool *inexact)
{
    int e = a.exp + fbits;
    *inexact = false;
    if (e <= 0)
        return lp_fp_shift_round(a.m, (unsigned)-e, a.sign, mode, inexact);
    return e < 64 ? (u128)a.m << e : ~(u128)0;
}

/* On the bits: cut the fraction off, and where it rounds away from zero add one in the last place kept (a carry goes into the exponent). */
uint64_t lp_fp_rint(struct lp_cpu *cpu, unsigned fmt, uint64_t a, enum lp_fp_round mode, bool exact)
{
    if (lp_fp_isnan(fmt, a))
        return lp_fp_nan(cpu, fmt, a);
    a = lp_fp_flush(cpu, fmt, a);
    const struct lp_fp_format *t = &lp_fp_formats[fmt];
    const bool sign = a & lp_fp_signbit(fmt);
    const uint64_t mag = lp_fp_mag(fmt, a), one = (uint64_t)(1 - t->emin) << t->fbits;
    const int e = (int)(mag >> t->fbits) - (1 - t->emin);
    uint64_t rest, unit, kept;
    if (mag == 0 || e >= (int)t->fbits)
        return a;
    if (e < 0) /* below one: all is fraction; a half is one less in the exponent */
        rest = mag, kept = 0, unit = one;
    else
        unit = UINT64_C(1) << (t->fbits - (unsigned)e), rest = mag & (unit - 1), kept = mag - rest;
    if (rest == 0)
        return a;
    const uint64_t half = e < 0 ? one - (UINT64_C(1) << t->fbits) : unit / 2;
    const bool odd = e == 0 ? true : kept & unit; /* at e = 0 the last bit is the implicit one */
    if (rounds_up(odd, rest < half ? -1 : rest > half, sign, mode))
        kept += unit;
    if (exact)
        lp_fp_raise(cpu, LP_IXC);
    return lp_fp_signed(fmt, sign, kept);
}

uint64_t lp_fp_to_fixed(struct lp_cpu *cpu, unsigned fmt, uint64_t a, unsigned fbits, bool is_unsigned, enum lp_fp_round mode, unsigned bits)
{
    struct lp_real x = lp_fp_unpack(cpu, fmt, a);
    uint64_t max = UINT64_MAX >> (64 - bits + !is_unsigned), min = is_unsigned ? 0 : max + 1;
    bool inexact = false;
    u128 q = 0;
    if (lp_fp_isnan(fmt, a)) {
        lp_fp_raise(cpu, LP_IOC);
        return 0;
    }
    if (x.type == LP_FP_INF)
        q = ~(u128)0;
    else if (x.type == LP_FP_FINITE)
        q = to_integer(x, (int)fbits, mode, &inexact);
    if (q > (x.sign ? min : max)) {
        lp_fp_raise(cpu, LP_IOC);
        return x.sign ? min : max;
    }
    if (inexact)
        lp_fp_raise(cpu, LP_IXC);
    return (x.sign ? -(uint64_t)q : (uint64_t)q) & UINT64_MAX >> (64 - bits);
}

uint64_t lp_fp_from_fixed(struct lp_cpu *cpu, unsigned fmt, uint64_t v, unsigned fbits, bool is_unsigned)
{
    bool sign = !is_unsigned && v >> 63;
    if (v == 0)
        return 0;
    return lp_fp_round(cpu, fmt, sign, -(int)fbits, sign ? -v : v, lp_fp_rmode(cpu));
}

uint32_t lp_fp_to_js(struct lp_cpu *cpu, uint64_t a, bool *z)
{
    struct lp_real x = lp_fp_unpack(cpu, LP_D, a);
    bool inexact = false;
    uint64_t q = 0; /* |a| modulo 2^64 */
    bool big = x.type == LP_FP_INF || lp_fp_isnan(LP_D, a);
    if (x.type == LP_FP_FINITE) {
        u128 w = x.exp <= 0 ? to_integer(x, 0, LP_RZ, &inexact) : x.exp < 32 ? (u128)x.m << x.exp : 0;
        q = (uint64_t)w;
        big = x.exp > 0 || q > (x.sign ? UINT64_C(0x80000000) : UINT64_C(0x7fffffff));
    }
    lp_fp_raise(cpu, big ? LP_IOC : inexact ? LP_IXC : 0);
    *z = !big && !inexact && a != lp_fp_signbit(LP_D) && !(x.type == LP_FP_ZERO && a != 0);
    return (uint32_t)(x.sign ? -q : q);
}

/* ---- between formats ---- */
static uint64_t convert_nan(struct lp_cpu *cpu, unsigned from, unsigned to, uint64_t a)
{
    bool sign = a & lp_fp_signbit(from), ahp = to == LP_H && cpu->fpcr & LP_FPCR_AHP;
    unsigned ff = lp_fp_formats[from].fbits, tf = lp_fp_formats[to].fbits;
    if (lp_fp_issnan(from, a) || ahp)
        lp_fp_raise(cpu, LP_IOC);
    if (ahp) /* alternative half precision has no NaNs */
        return lp_fp_signed(to, sign, 0);
    if (cpu->fpcr & LP_FPCR_DN)
        return lp_fp_default_nan(to);
    uint64_t frac = (a & ((UINT64_C(1) << ff) - 1)) << (52 - ff) >> (52 - tf);
    return lp_fp_signed(to, sign, lp_fp_default_nan(to) | frac);
}

/* FPRoundCV: flushing of half results is off; alternative half precision has one more binade and no infinity. */
static uint64_t round_convert(struct lp_cpu *cpu, unsigned to, struct lp_real x, enum lp_fp_round mode)
{
    bool inexact;
    if (to != LP_H)
        return lp_fp_round(cpu, to, x.sign, x.exp, x.m, mode);
    uint64_t mag = round_bits(cpu, to, x.sign, x.exp, x.m, mode, &inexact);
    if (cpu->fpcr & LP_FPCR_AHP) {
        if (mag > 0x7fff) {
            lp_fp_raise(cpu, LP_IOC);
            return lp_fp_signed(to, x.sign, 0x7fff);
        }
    } else if (mag >= lp_fp_inf(to)) {
        return overflow(cpu, to, x.sign, mode);
    }
    if (inexact)
        lp_fp_raise(cpu, LP_IXC);
    return lp_fp_signed(to, x.sign, mag);
}

static struct lp_real unpack_convert(struct lp_cpu *cpu, unsigned from, uint64_t a)
{
    if (from != LP_H)
        return lp_fp_unpack(cpu, from, a);
    bool sign = a & lp_fp_signbit(from);
    uint64_t mag = lp_fp_mag(from, a);
    if (mag == 0)
        return (struct lp_real){LP_FP_ZERO, sign, 0, 0};
    if (mag < lp_fp_inf(from) || cpu->fpcr & LP_FPCR_AHP)
        return lp_fp_finite(from, sign, mag);
    return (struct lp_real){mag == lp_fp_inf(from) ? LP_FP_INF : LP_FP_QNAN, sign, 0, 0};
}

uint64_t lp_fp_convert(struct lp_cpu *cpu, unsigned from, unsigned to, uint64_t a, enum lp_fp_round mode)
{
    struct lp_real x = unpack_convert(cpu, from, a);
    switch (x.type) {
    case LP_FP_ZERO: return lp_fp_signed(to, x.sign, 0);
    case LP_FP_FINITE: return round_convert(cpu, to, x, mode);
    case LP_FP_INF: break;
    default: return convert_nan(cpu, from, to, a);
    }
    if (to == LP_H && cpu->fpcr & LP_FPCR_AHP) {
        lp_fp_raise(cpu, LP_IOC);
        return lp_fp_signed(to, x.sign, 0x7fff);
    }
    return lp_fp_signed(to, x.sign, lp_fp_inf(to));
}
