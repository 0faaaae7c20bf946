/* exec/fp_exact.c - exact arithmetic on half, single and double by integers: the functions of the Arm ARM's shared pseudocode
 * (J1, "shared/functions/float"). Slow and cold; see fp.h for who comes here. */
#include <config.h>
#include "exec/fp.h"

typedef lp_u128 u128;

const struct lp_fp_format lp_fp_formats[4] = {
    [LP_H] = {5, 10, -14},
    [LP_S] = {8, 23, -126},
    [LP_D] = {11, 52, -1022},
};

/* ---- taking apart (FPUnpack) and NaNs ---- */
uint64_t lp_fp_flush(struct lp_cpu *cpu, unsigned fmt, uint64_t a)
{
    uint64_t mag = lp_fp_mag(fmt, a);
    if (!lp_fp_flushes(cpu, fmt) || mag == 0 || mag >> lp_fp_formats[fmt].fbits)
        return a;
    if (fmt != LP_H) /* flushing a half operand is silent */
        lp_fp_raise(cpu, LP_IDC);
    return a & lp_fp_signbit(fmt);
}

struct lp_real lp_fp_finite(unsigned fmt, bool sign, uint64_t mag)
{
    const struct lp_fp_format *t = &lp_fp_formats[fmt];
    uint64_t m = mag & ((UINT64_C(1) << t->fbits) - 1);
    int e = (int)(mag >> t->fbits);
    if (e)
        m |= UINT64_C(1) << t->fbits;
    else
        e = 1;
    int lz = __builtin_clzll(m);
    return (struct lp_real){LP_FP_FINITE, sign, e - 1 + t->emin - (int)t->fbits - lz, m << lz};
}

struct lp_real lp_fp_unpack(struct lp_cpu *cpu, unsigned fmt, uint64_t a)
{
    a = lp_fp_flush(cpu, fmt, a);
    uint64_t mag = lp_fp_mag(fmt, a);
    struct lp_real r = {LP_FP_ZERO, a & lp_fp_signbit(fmt), 0, 0};
    if (mag == 0)
        return r;
    if (mag < lp_fp_inf(fmt))
        return lp_fp_finite(fmt, r.sign, mag);
    r.type = mag == lp_fp_inf(fmt) ? LP_FP_INF : mag & lp_fp_quiet(fmt) ? LP_FP_QNAN : LP_FP_SNAN;
    return r;
}

uint64_t lp_fp_nan(struct lp_cpu *cpu, unsigned fmt, uint64_t a)
{
    if (lp_fp_issnan(fmt, a))
        lp_fp_raise(cpu, LP_IOC);
    return cpu->fpcr & LP_FPCR_DN ? lp_fp_default_nan(fmt) : a | lp_fp_quiet(fmt);
}

bool lp_fp_nans(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b, uint64_t *r)
{
    if (!lp_fp_isnan(fmt, a) && !lp_fp_isnan(fmt, b))
        return false;
    bool second = lp_fp_issnan(fmt, a) ? false : lp_fp_issnan(fmt, b) || !lp_fp_isnan(fmt, a);
    *r = lp_fp_nan(cpu, fmt, second ? b : a);
    return true;
}

uint64_t lp_fp_invalid(struct lp_cpu *cpu, unsigned fmt)
{
    lp_fp_raise(cpu, LP_IOC);
    return lp_fp_default_nan(fmt);
}

static uint64_t inf(unsigned fmt, bool sign) { return lp_fp_signed(fmt, sign, lp_fp_inf(fmt)); }
static uint64_t zero(unsigned fmt, bool sign) { return lp_fp_signed(fmt, sign, 0); }

/* ---- sums and products: 128-bit significands with bit 126 on top, so that a product is exact and a sum loses only a sticky bit ---- */
struct wide {
    bool sign;
    int exp;
    u128 m; /* 0 = zero */
};

static struct wide widen(struct lp_real a)
{
    return (struct wide){a.sign, a.exp - 63, (u128)a.m << 63};
}

static struct wide product(struct lp_real a, struct lp_real b)
{
    struct wide p = {a.sign ^ b.sign, a.exp + b.exp, (u128)a.m * b.m};
    if (p.m >> 127)
        p.m >>= 1, p.exp++; /* the low bits of two 53-bit significands' product are zero */
    return p;
}

static u128 shift_jam(u128 m, int s)
{
    if (s > 126)
        return m != 0;
    return m >> s | ((m & (((u128)1 << s) - 1)) != 0);
}

static struct wide sum(struct wide a, struct wide b)
{
    if (a.m == 0 || (b.m != 0 && a.exp < b.exp)) {
        struct wide t = a;
        a = b, b = t;
    }
    if (b.m == 0)
        return a;
    b.m = shift_jam(b.m, a.exp - b.exp);
    if (a.sign == b.sign)
        return (struct wide){a.sign, a.exp, a.m + b.m};
    if (a.m >= b.m)
        return (struct wide){a.sign, a.exp, a.m - b.m};
    return (struct wide){b.sign, a.exp, b.m - a.m};
}

static uint64_t round_sum(struct lp_cpu *cpu, unsigned fmt, struct wide s)
{
    enum lp_fp_round mode = lp_fp_rmode(cpu);
    if (s.m == 0)
        return zero(fmt, mode == LP_RM);
    return lp_fp_round(cpu, fmt, s.sign, s.exp, s.m, mode);
}

static uint64_t add_signed(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b, bool negate)
{
    uint64_t r;
    a = lp_fp_flush(cpu, fmt, a), b = lp_fp_flush(cpu, fmt, b);
    if (lp_fp_nans(cpu, fmt, a, b, &r)) /* first: it is the usual reason to be here */
        return r;
    struct lp_real x = lp_fp_unpack(cpu, fmt, a), y = lp_fp_unpack(cpu, fmt, b);
    y.sign ^= negate;
    if (x.type == LP_FP_INF && y.type == LP_FP_INF && x.sign != y.sign)
        return lp_fp_invalid(cpu, fmt);
    if (x.type == LP_FP_INF || y.type == LP_FP_INF)
        return inf(fmt, x.type == LP_FP_INF ? x.sign : y.sign);
    if (x.type == LP_FP_ZERO && y.type == LP_FP_ZERO && x.sign == y.sign)
        return zero(fmt, x.sign);
    return round_sum(cpu, fmt, sum(widen(x), widen(y)));
}

uint64_t lp_fp_add(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b) { return add_signed(cpu, fmt, a, b, false); }
uint64_t lp_fp_sub(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b) { return add_signed(cpu, fmt, a, b, true); }

uint64_t lp_fp_abd(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b)
{
    return lp_fp_mag(fmt, lp_fp_sub(cpu, fmt, a, b));
}

static bool inf_times_zero(struct lp_real x, struct lp_real y)
{
    return (x.type == LP_FP_INF && y.type == LP_FP_ZERO) || (x.type == LP_FP_ZERO && y.type == LP_FP_INF);
}

/* `mulx`: infinity times zero is +-2 instead of invalid. */
static uint64_t multiply(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b, bool mulx)
{
    uint64_t r;
    a = lp_fp_flush(cpu, fmt, a), b = lp_fp_flush(cpu, fmt, b);
    if (lp_fp_nans(cpu, fmt, a, b, &r))
        return r;
    struct lp_real x = lp_fp_unpack(cpu, fmt, a), y = lp_fp_unpack(cpu, fmt, b);
    bool sign = x.sign ^ y.sign;
    if (inf_times_zero(x, y))
        return mulx ? lp_fp_round(cpu, fmt, sign, 1, 1, LP_RN) : lp_fp_invalid(cpu, fmt);
    if (x.type == LP_FP_INF || y.type == LP_FP_INF)
        return inf(fmt, sign);
    if (x.type == LP_FP_ZERO || y.type == LP_FP_ZERO)
        return zero(fmt, sign);
    return round_sum(cpu, fmt, product(x, y));
}

uint64_t lp_fp_mul(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b) { return multiply(cpu, fmt, a, b, false); }
uint64_t lp_fp_mulx(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b) { return multiply(cpu, fmt, a, b, true); }
/* FNMUL negates whatever FPMul gives, a NaN's sign included. */
uint64_t lp_fp_nmul(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b)
{
    return multiply(cpu, fmt, a, b, false) ^ lp_fp_signbit(fmt);
}

/* FPProcessNaNs3: signalling ones first, each in operand order. */
static bool nans3(struct lp_cpu *cpu, unsigned fmt, const uint64_t v[3], uint64_t *r)
{
    for (int signalling = 1; signalling >= 0; signalling--)
        for (int i = 0; i < 3; i++)
            if (signalling ? lp_fp_issnan(fmt, v[i]) : lp_fp_isnan(fmt, v[i])) {
                *r = lp_fp_nan(cpu, fmt, v[i]);
                return true;
            }
    return false;
}

uint64_t lp_fp_mla(struct lp_cpu *cpu, unsigned fmt, uint64_t addend, uint64_t a, uint64_t b)
{
    const uint64_t v[3] = {addend, a, b};
    uint64_t r;
    struct lp_real c = lp_fp_unpack(cpu, fmt, addend), x = lp_fp_unpack(cpu, fmt, a), y = lp_fp_unpack(cpu, fmt, b);
    bool nan = nans3(cpu, fmt, v, &r), sign = x.sign ^ y.sign;
    bool infp = x.type == LP_FP_INF || y.type == LP_FP_INF, zerop = x.type == LP_FP_ZERO || y.type == LP_FP_ZERO;
    if (c.type == LP_FP_QNAN && inf_times_zero(x, y))
        return lp_fp_invalid(cpu, fmt); /* even though a quiet NaN is added */
    if (nan)
        return r;
    if (inf_times_zero(x, y) || (c.type == LP_FP_INF && infp && c.sign != sign))
        return lp_fp_invalid(cpu, fmt);
    if (c.type == LP_FP_INF || infp)
        return inf(fmt, infp ? sign : c.sign);
    if (c.type == LP_FP_ZERO && zerop && c.sign == sign)
        return zero(fmt, sign);
    return round_sum(cpu, fmt, sum(widen(c), product(x, y)));
}

/* FPRecipStepFused and FPRSqrtStepFused: (c - a * b) / 2^halve with one rounding; c is given as m * 2^-62. */
static uint64_t step(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b, uint64_t m, int halve)
{
    uint64_t r;
    a ^= lp_fp_signbit(fmt);
    struct lp_real x = lp_fp_unpack(cpu, fmt, a), y = lp_fp_unpack(cpu, fmt, b), c = {LP_FP_FINITE, false, -62, m};
    if (lp_fp_nans(cpu, fmt, a, b, &r))
        return r;
    if (inf_times_zero(x, y))
        return lp_fp_round(cpu, fmt, false, -62 - halve, m, LP_RN);
    if (x.type == LP_FP_INF || y.type == LP_FP_INF)
        return inf(fmt, x.sign ^ y.sign);
    struct wide s = sum(widen(c), product(x, y));
    s.exp -= halve;
    return round_sum(cpu, fmt, s);
}

uint64_t lp_fp_recps(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b)
{
    return step(cpu, fmt, a, b, UINT64_C(2) << 62, 0);
}
uint64_t lp_fp_rsqrts(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b)
{
    return step(cpu, fmt, a, b, UINT64_C(3) << 62, 1);
}

/* ---- division and square root: a quotient or root of at least 62 bits, and a sticky bit ---- */
uint64_t lp_fp_div(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b)
{
    uint64_t r;
    a = lp_fp_flush(cpu, fmt, a), b = lp_fp_flush(cpu, fmt, b);
    if (lp_fp_nans(cpu, fmt, a, b, &r))
        return r;
    struct lp_real x = lp_fp_unpack(cpu, fmt, a), y = lp_fp_unpack(cpu, fmt, b);
    bool sign = x.sign ^ y.sign;
    if (x.type == y.type && x.type != LP_FP_FINITE)
        return lp_fp_invalid(cpu, fmt);
    if (x.type == LP_FP_INF || y.type == LP_FP_ZERO) {
        if (x.type != LP_FP_INF)
            lp_fp_raise(cpu, LP_DZC);
        return inf(fmt, sign);
    }
    if (x.type == LP_FP_ZERO || y.type == LP_FP_INF)
        return zero(fmt, sign);
    u128 n = (u128)x.m << 63, q = n / y.m;
    return lp_fp_round(cpu, fmt, sign, x.exp - y.exp - 63, q | (n % y.m != 0), lp_fp_rmode(cpu));
}

static uint64_t isqrt(u128 n)
{
    u128 root = 0;
    for (int bit = 63; bit >= 0; bit--) {
        u128 t = root | (u128)1 << bit;
        if (t * t <= n)
            root = t;
    }
    return (uint64_t)root;
}

uint64_t lp_fp_sqrt(struct lp_cpu *cpu, unsigned fmt, uint64_t a)
{
    struct lp_real x = lp_fp_unpack(cpu, fmt, a);
    if (lp_fp_isnan(fmt, a))
        return lp_fp_nan(cpu, fmt, a);
    if (x.type == LP_FP_ZERO)
        return zero(fmt, x.sign);
    if (x.sign)
        return lp_fp_invalid(cpu, fmt);
    if (x.type == LP_FP_INF)
        return inf(fmt, false);
    int k = x.exp & 1 ? 63 : 62; /* makes the exponent even */
    u128 n = (u128)x.m << k;
    uint64_t root = isqrt(n);
    return lp_fp_round(cpu, fmt, false, (x.exp - k) / 2, root | ((u128)root * root != n), lp_fp_rmode(cpu));
}

/* ---- comparisons ---- */
/* A number as an integer of the same order; both zeros are 0. Not for NaNs. */
static int64_t order(unsigned fmt, uint64_t a)
{
    int64_t mag = (int64_t)lp_fp_mag(fmt, a);
    return a & lp_fp_signbit(fmt) ? -mag : mag;
}

unsigned lp_fp_compare(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b, bool signal_nans)
{
    a = lp_fp_flush(cpu, fmt, a), b = lp_fp_flush(cpu, fmt, b);
    if (lp_fp_isnan(fmt, a) || lp_fp_isnan(fmt, b)) {
        if (signal_nans || lp_fp_issnan(fmt, a) || lp_fp_issnan(fmt, b))
            lp_fp_raise(cpu, LP_IOC);
        return 3;
    }
    int64_t x = order(fmt, a), y = order(fmt, b);
    return x == y ? 6 : x < y ? 8 : 2;
}

uint64_t lp_fp_cmeq(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b)
{
    return lp_fp_compare(cpu, fmt, a, b, false) == 6 ? UINT64_MAX : 0;
}
uint64_t lp_fp_cmge(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b)
{
    unsigned nzcv = lp_fp_compare(cpu, fmt, a, b, true);
    return nzcv == 6 || nzcv == 2 ? UINT64_MAX : 0;
}
uint64_t lp_fp_cmgt(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b)
{
    return lp_fp_compare(cpu, fmt, a, b, true) == 2 ? UINT64_MAX : 0;
}
uint64_t lp_fp_acge(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b)
{
    return lp_fp_cmge(cpu, fmt, lp_fp_mag(fmt, a), lp_fp_mag(fmt, b));
}
uint64_t lp_fp_acgt(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b)
{
    return lp_fp_cmgt(cpu, fmt, lp_fp_mag(fmt, a), lp_fp_mag(fmt, b));
}

static uint64_t extremum(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b, bool max)
{
    uint64_t r;
    a = lp_fp_flush(cpu, fmt, a), b = lp_fp_flush(cpu, fmt, b);
    if (lp_fp_nans(cpu, fmt, a, b, &r))
        return r;
    int64_t x = order(fmt, a), y = order(fmt, b);
    if (x == 0 && y == 0) /* -0 is below +0 */
        return max ? a & b : a | b;
    return (max ? x > y : x < y) ? a : b;
}

uint64_t lp_fp_max(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b) { return extremum(cpu, fmt, a, b, true); }
uint64_t lp_fp_min(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b) { return extremum(cpu, fmt, a, b, false); }

/* FPMaxNum, FPMinNum: one quiet NaN gives way to a number. */
static uint64_t extremum_number(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b, bool max)
{
    bool qa = lp_fp_isnan(fmt, a) && !lp_fp_issnan(fmt, a), qb = lp_fp_isnan(fmt, b) && !lp_fp_issnan(fmt, b);
    if (qa && !qb)
        a = inf(fmt, max);
    else if (qb && !qa)
        b = inf(fmt, max);
    return extremum(cpu, fmt, a, b, max);
}

uint64_t lp_fp_maxnm(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b) { return extremum_number(cpu, fmt, a, b, true); }
uint64_t lp_fp_minnm(struct lp_cpu *cpu, unsigned fmt, uint64_t a, uint64_t b) { return extremum_number(cpu, fmt, a, b, false); }
