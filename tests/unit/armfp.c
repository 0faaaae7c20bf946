/* armfp.c - see armfp.h. Names in comments are the manual's. */
#include <stddef.h>
#include "armfp.h"

typedef unsigned __int128 u128;
enum type { ZERO, NONZERO, INFINITE, QNAN, SNAN };
/* Unpacked: +-m * 2^e, m an integer of at most 53 bits. */
struct un { enum type t; bool neg; uint64_t m; int e; };

static unsigned ebits(unsigned N) { return N == 16 ? 5 : N == 32 ? 8 : 11; }
static unsigned fbits(unsigned N) { return N - 1 - ebits(N); }
static int minimum_exp(unsigned N) { return 2 - (1 << (ebits(N) - 1)); }
static uint64_t ones(unsigned n) { return n ? UINT64_MAX >> (64 - n) : 0; }
static uint64_t sign_bit(unsigned N, bool neg) { return (uint64_t)neg << (N - 1); }
static uint64_t infinity(unsigned N, bool neg) { return sign_bit(N, neg) | ones(ebits(N)) << fbits(N); }
static uint64_t default_nan(unsigned N) { return infinity(N, false) | UINT64_C(1) << (fbits(N) - 1); }
static bool is_nan(struct un a) { return a.t == QNAN || a.t == SNAN; }
static bool is_zero(struct un a) { return a.t == ZERO; }
static bool is_inf(struct un a) { return a.t == INFINITE; }

uint64_t armfp_abs(struct armfp *s, unsigned N, uint64_t a) { return (void)s, a & ones(N - 1); }
uint64_t armfp_neg(struct armfp *s, unsigned N, uint64_t a) { return (void)s, a ^ sign_bit(N, true); }

/* ---- FPUnpack, FPUnpackCV ---- */
static struct un unpack_base(struct armfp *s, unsigned N, uint64_t a, uint32_t fpcr)
{
    const uint64_t exp = a >> fbits(N) & ones(ebits(N)), frac = a & ones(fbits(N));
    struct un r = {ZERO, a >> (N - 1) & 1, 0, 0};
    if (exp == 0) {
        if (frac == 0 || (N == 16 && fpcr & ARMFP_FZ16))
            return r;
        if (N != 16 && fpcr & ARMFP_FZ) {
            s->fpsr |= ARMFP_IDC;
            return r;
        }
        return (struct un){NONZERO, r.neg, frac, minimum_exp(N) - (int)fbits(N)};
    }
    if (exp == ones(ebits(N)) && !(N == 16 && fpcr & ARMFP_AHP)) {
        r.t = frac == 0 ? INFINITE : frac >> (fbits(N) - 1) ? QNAN : SNAN;
        return r;
    }
    return (struct un){NONZERO, r.neg, frac | UINT64_C(1) << fbits(N), (int)exp - 1 + minimum_exp(N) - (int)fbits(N)};
}
static struct un unpack(struct armfp *s, unsigned N, uint64_t a) { return unpack_base(s, N, a, s->fpcr & ~(uint32_t)ARMFP_AHP); }
static struct un unpack_cv(struct armfp *s, unsigned N, uint64_t a) { return unpack_base(s, N, a, s->fpcr & ~(uint32_t)ARMFP_FZ16); }

/* ---- FPRound, FPRoundCV ---- */
static bool overflows_to_infinity(enum armfp_mode mode, bool neg)
{
    return mode == ARMFP_N || (mode == ARMFP_P && !neg) || (mode == ARMFP_M && neg);
}
static uint64_t overflow(struct armfp *s, unsigned N, bool neg, enum armfp_mode mode)
{
    s->fpsr |= ARMFP_OFC | ARMFP_IXC;
    return infinity(N, neg) - !overflows_to_infinity(mode, neg);
}
static uint64_t round_base(struct armfp *s, unsigned N, struct armfp_num *x, enum armfp_mode mode, uint32_t fpcr)
{
    const int emin = minimum_exp(N), F = (int)fbits(N), before = armfp_top(x);
    const bool tiny = before < emin, ahp = N == 16 && fpcr & ARMFP_AHP;
    if (tiny && fpcr & (N == 16 ? ARMFP_FZ16 : ARMFP_FZ)) {
        s->fpsr |= ARMFP_UFC;
        return sign_bit(N, x->neg);
    }
    const bool inexact = armfp_quantize(x, (tiny ? emin : before) - F, mode);
    if (tiny && inexact)
        s->fpsr |= ARMFP_UFC;
    const int exp = armfp_top(x);
    if (ahp && exp > 1 - emin + 1) { /* one binade more, no infinity */
        s->fpsr |= ARMFP_IOC;
        return sign_bit(N, x->neg) | ones(N - 1);
    }
    if (!ahp && exp > 1 - emin)
        return overflow(s, N, x->neg, mode);
    if (inexact)
        s->fpsr |= ARMFP_IXC;
    if (exp < emin) /* zero and subnormals */
        return sign_bit(N, x->neg) | armfp_bits(x, emin - F, (unsigned)F);
    return sign_bit(N, x->neg) | (uint64_t)(exp - emin + 1) << F | armfp_bits(x, exp - F, (unsigned)F);
}
static uint64_t round_mode(struct armfp *s, unsigned N, struct armfp_num *x, enum armfp_mode mode)
{
    return round_base(s, N, x, mode, s->fpcr & ~(uint32_t)ARMFP_AHP);
}
/* A sum that may be zero: the sign is the rounding mode's. */
static uint64_t round_sum(struct armfp *s, unsigned N, struct armfp_num *x)
{
    if (armfp_top(x) == ARMFP_NO_BIT)
        return sign_bit(N, armfp_rmode(s) == ARMFP_M);
    return round_mode(s, N, x, armfp_rmode(s));
}

/* ---- FPProcessNaN, FPProcessNaNs, FPProcessNaNs3 ---- */
static uint64_t process_nan(struct armfp *s, unsigned N, struct un u, uint64_t a)
{
    if (u.t == SNAN)
        s->fpsr |= ARMFP_IOC;
    return s->fpcr & ARMFP_DN ? default_nan(N) : a | UINT64_C(1) << (fbits(N) - 1);
}
static bool process_nans(struct armfp *s, unsigned N, unsigned n, const struct un u[], const uint64_t a[], uint64_t *r)
{
    for (enum type t = SNAN; t >= QNAN; t--)
        for (unsigned i = 0; i < n; i++)
            if (u[i].t == t) {
                *r = process_nan(s, N, u[i], a[i]);
                return true;
            }
    return false;
}
static uint64_t invalid(struct armfp *s, unsigned N)
{
    s->fpsr |= ARMFP_IOC;
    return default_nan(N);
}
/* Unpack two operands; true if *r is the result already: a NaN. */
static bool two(struct armfp *s, unsigned N, uint64_t a, uint64_t b, struct un u[2], uint64_t *r)
{
    const uint64_t v[2] = {a, b};
    u[0] = unpack(s, N, a), u[1] = unpack(s, N, b);
    return process_nans(s, N, 2, u, v, r);
}
static bool zero_times_infinity(const struct un *u) { return (is_inf(u[0]) && is_zero(u[1])) || (is_zero(u[0]) && is_inf(u[1])); }

/* ---- FPAdd, FPSub, FPAbd ---- */
static uint64_t sum(struct armfp *s, unsigned N, uint64_t a, uint64_t b, bool subtract)
{
    struct un u[2];
    struct armfp_num x;
    uint64_t r;
    if (two(s, N, a, b, u, &r))
        return r;
    u[1].neg ^= subtract;
    if (is_inf(u[0]) && is_inf(u[1]) && u[0].neg != u[1].neg)
        return invalid(s, N);
    if (is_inf(u[0]) || is_inf(u[1]))
        return infinity(N, is_inf(u[0]) ? u[0].neg : u[1].neg);
    if (is_zero(u[0]) && is_zero(u[1]) && u[0].neg == u[1].neg)
        return sign_bit(N, u[0].neg);
    armfp_set(&x, N, u[0].neg, u[0].m, u[0].e);
    armfp_plus(&x, u[1].neg, u[1].m, u[1].e);
    return round_sum(s, N, &x);
}
uint64_t armfp_add(struct armfp *s, unsigned N, uint64_t a, uint64_t b) { return sum(s, N, a, b, false); }
uint64_t armfp_sub(struct armfp *s, unsigned N, uint64_t a, uint64_t b) { return sum(s, N, a, b, true); }
uint64_t armfp_abd(struct armfp *s, unsigned N, uint64_t a, uint64_t b) { return armfp_abs(s, N, armfp_sub(s, N, a, b)); }

/* ---- FPMul, FPMulX ---- */
static uint64_t product(struct armfp *s, unsigned N, uint64_t a, uint64_t b, bool mulx)
{
    struct un u[2];
    struct armfp_num x;
    uint64_t r;
    if (two(s, N, a, b, u, &r))
        return r;
    const bool neg = u[0].neg != u[1].neg;
    if (zero_times_infinity(u))
        return mulx ? sign_bit(N, neg) | UINT64_C(1) << (N - 2) /* 2.0 */ : invalid(s, N);
    if (is_inf(u[0]) || is_inf(u[1]))
        return infinity(N, neg);
    if (is_zero(u[0]) || is_zero(u[1]))
        return sign_bit(N, neg);
    armfp_set(&x, N, neg, (u128)u[0].m * u[1].m, u[0].e + u[1].e);
    return round_mode(s, N, &x, armfp_rmode(s));
}
uint64_t armfp_mul(struct armfp *s, unsigned N, uint64_t a, uint64_t b) { return product(s, N, a, b, false); }
uint64_t armfp_mulx(struct armfp *s, unsigned N, uint64_t a, uint64_t b) { return product(s, N, a, b, true); }
uint64_t armfp_nmul(struct armfp *s, unsigned N, uint64_t a, uint64_t b) { return armfp_neg(s, N, armfp_mul(s, N, a, b)); }

/* ---- FPMulAdd, FPMulAddH ---- */
static uint64_t fused(struct armfp *s, unsigned N, struct un c, const struct un u[2])
{
    struct armfp_num x;
    const bool neg = u[0].neg != u[1].neg, inf = is_inf(u[0]) || is_inf(u[1]), zero = is_zero(u[0]) || is_zero(u[1]);
    if (zero_times_infinity(u) || (is_inf(c) && inf && c.neg != neg))
        return invalid(s, N);
    if (is_inf(c) || inf)
        return infinity(N, is_inf(c) ? c.neg : neg);
    if (is_zero(c) && zero && c.neg == neg)
        return sign_bit(N, neg);
    armfp_set(&x, N, c.neg, c.m, c.e);
    armfp_plus(&x, neg, (u128)u[0].m * u[1].m, u[0].e + u[1].e);
    return round_sum(s, N, &x);
}
uint64_t armfp_muladd(struct armfp *s, unsigned N, uint64_t addend, uint64_t a, uint64_t b)
{
    const uint64_t v[3] = {addend, a, b};
    const struct un u[3] = {unpack(s, N, addend), unpack(s, N, a), unpack(s, N, b)};
    uint64_t r;
    const bool nan = process_nans(s, N, 3, u, v, &r);
    if (u[0].t == QNAN && zero_times_infinity(u + 1))
        return invalid(s, N);
    return nan ? r : fused(s, N, u[0], u + 1);
}

/* FPConvertNaN */
static uint64_t convert_nan(unsigned N, unsigned M, uint64_t a)
{
    const uint64_t payload = (a & ones(fbits(N) - 1)) << (52 - fbits(N)) >> (52 - fbits(M));
    return sign_bit(M, a >> (N - 1) & 1) | default_nan(M) | payload;
}
uint32_t armfp_muladdh(struct armfp *s, uint32_t addend, uint16_t a, uint16_t b)
{
    const struct un c = unpack(s, 32, addend), u[2] = {unpack(s, 16, a), unpack(s, 16, b)};
    const struct un *first = NULL;
    if (c.t == QNAN && zero_times_infinity(u))
        return (uint32_t)invalid(s, 32);
    for (enum type t = SNAN; t >= QNAN && first == NULL; t--)
        first = c.t == t ? &c : u[0].t == t ? &u[0] : u[1].t == t ? &u[1] : NULL;
    if (first == &c)
        return (uint32_t)process_nan(s, 32, c, addend);
    if (first != NULL)
        return (uint32_t)convert_nan(16, 32, process_nan(s, 16, *first, first == u ? a : b));
    return (uint32_t)fused(s, 32, c, u);
}

/* ---- FPRecipStepFused, FPRSqrtStepFused: (constant - a * b) / 2^halve ---- */
static uint64_t step(struct armfp *s, unsigned N, uint64_t a, uint64_t b, unsigned constant, int halve)
{
    struct un u[2];
    struct armfp_num x;
    uint64_t r;
    if (two(s, N, armfp_neg(s, N, a), b, u, &r))
        return r;
    armfp_set(&x, N, false, constant, -halve);
    if (zero_times_infinity(u))
        return round_mode(s, N, &x, ARMFP_N);
    if (is_inf(u[0]) || is_inf(u[1]))
        return infinity(N, u[0].neg != u[1].neg);
    armfp_plus(&x, u[0].neg != u[1].neg, (u128)u[0].m * u[1].m, u[0].e + u[1].e - halve);
    return round_sum(s, N, &x);
}
uint64_t armfp_recps(struct armfp *s, unsigned N, uint64_t a, uint64_t b) { return step(s, N, a, b, 2, 0); }
uint64_t armfp_rsqrts(struct armfp *s, unsigned N, uint64_t a, uint64_t b) { return step(s, N, a, b, 3, 1); }

/* ---- FPDiv, FPSqrt: digit by digit, a last bit for what is left ---- */
static void normalise(struct un *u, unsigned N)
{
    while (!(u->m >> fbits(N)))
        u->m <<= 1, u->e--;
}
uint64_t armfp_div(struct armfp *s, unsigned N, uint64_t a, uint64_t b)
{
    struct un u[2];
    struct armfp_num x;
    uint64_t r;
    if (two(s, N, a, b, u, &r))
        return r;
    const bool neg = u[0].neg != u[1].neg;
    if ((is_inf(u[0]) && is_inf(u[1])) || (is_zero(u[0]) && is_zero(u[1])))
        return invalid(s, N);
    if (is_inf(u[0]) || is_zero(u[1])) {
        if (!is_inf(u[0]))
            s->fpsr |= ARMFP_DZC;
        return infinity(N, neg);
    }
    if (is_zero(u[0]) || is_inf(u[1]))
        return sign_bit(N, neg);
    normalise(&u[0], N), normalise(&u[1], N);
    const int digits = (int)fbits(N) + 4;
    uint64_t rest = u[0].m, quotient = 0;
    for (int i = 0; i <= digits; i++) {
        const bool digit = rest >= u[1].m;
        quotient = quotient << 1 | digit;
        rest = (rest - (digit ? u[1].m : 0)) << 1;
    }
    armfp_set(&x, N, neg, quotient << 1 | (rest != 0), u[0].e - u[1].e - digits - 1);
    return round_mode(s, N, &x, armfp_rmode(s));
}
uint64_t armfp_sqrt(struct armfp *s, unsigned N, uint64_t a)
{
    struct un u = unpack(s, N, a);
    struct armfp_num x;
    if (is_nan(u))
        return process_nan(s, N, u, a);
    if (is_zero(u))
        return sign_bit(N, u.neg);
    if (u.neg)
        return invalid(s, N);
    if (is_inf(u))
        return infinity(N, false);
    normalise(&u, N);
    const int shift = (int)fbits(N) + 7 + ((u.e + (int)fbits(N) + 7) & 1); /* an even exponent, and 4 digits more than the result has */
    u128 rest = (u128)u.m << shift, root = 0;
    for (u128 bit = (u128)1 << ((2 * (int)fbits(N) + 8) & ~1); bit; bit >>= 2) {
        const u128 t = root + bit;
        root >>= 1;
        if (rest >= t)
            rest -= t, root += bit;
    }
    armfp_set(&x, N, false, root << 1 | (rest != 0), (u.e - shift) / 2 - 1);
    return round_mode(s, N, &x, armfp_rmode(s));
}

/* ---- FPCompare and its kin ---- */
/* -1, 0, 1 of numbers and infinities */
static int order(unsigned N, const struct un u[2])
{
    struct armfp_num x;
    if (is_inf(u[0]) || is_inf(u[1])) {
        const int a = is_inf(u[0]) ? (u[0].neg ? -1 : 1) : 0, b = is_inf(u[1]) ? (u[1].neg ? -1 : 1) : 0;
        return (a > b) - (a < b);
    }
    armfp_set(&x, N, u[0].neg, u[0].m, u[0].e);
    armfp_plus(&x, !u[1].neg, u[1].m, u[1].e);
    return armfp_top(&x) == ARMFP_NO_BIT ? 0 : x.neg ? -1 : 1;
}
unsigned armfp_compare(struct armfp *s, unsigned N, uint64_t a, uint64_t b, bool signal_nans)
{
    const struct un u[2] = {unpack(s, N, a), unpack(s, N, b)};
    if (is_nan(u[0]) || is_nan(u[1])) {
        if (signal_nans || u[0].t == SNAN || u[1].t == SNAN)
            s->fpsr |= ARMFP_IOC;
        return 3;
    }
    const int o = order(N, u);
    return o == 0 ? 6 : o < 0 ? 8 : 2;
}
static uint64_t mask(unsigned N, bool c) { return c ? ones(N) : 0; }
uint64_t armfp_cmeq(struct armfp *s, unsigned N, uint64_t a, uint64_t b) { return mask(N, armfp_compare(s, N, a, b, false) == 6); }
uint64_t armfp_cmge(struct armfp *s, unsigned N, uint64_t a, uint64_t b)
{
    const unsigned c = armfp_compare(s, N, a, b, true);
    return mask(N, c == 6 || c == 2);
}
uint64_t armfp_cmgt(struct armfp *s, unsigned N, uint64_t a, uint64_t b) { return mask(N, armfp_compare(s, N, a, b, true) == 2); }
uint64_t armfp_acge(struct armfp *s, unsigned N, uint64_t a, uint64_t b) { return armfp_cmge(s, N, a & ones(N - 1), b & ones(N - 1)); }
uint64_t armfp_acgt(struct armfp *s, unsigned N, uint64_t a, uint64_t b) { return armfp_cmgt(s, N, a & ones(N - 1), b & ones(N - 1)); }

/* FPMax (want 1), FPMin (want -1) */
static uint64_t extremum(struct armfp *s, unsigned N, uint64_t a, uint64_t b, int want)
{
    struct un u[2];
    struct armfp_num x;
    uint64_t r;
    if (two(s, N, a, b, u, &r))
        return r;
    const struct un *p = order(N, u) == want ? &u[0] : &u[1];
    if (is_inf(*p))
        return infinity(N, p->neg);
    if (is_zero(*p))
        return sign_bit(N, want > 0 ? u[0].neg && u[1].neg : u[0].neg || u[1].neg);
    armfp_set(&x, N, p->neg, p->m, p->e);
    return round_mode(s, N, &x, armfp_rmode(s));
}
uint64_t armfp_max(struct armfp *s, unsigned N, uint64_t a, uint64_t b) { return extremum(s, N, a, b, 1); }
uint64_t armfp_min(struct armfp *s, unsigned N, uint64_t a, uint64_t b) { return extremum(s, N, a, b, -1); }
/* FPMaxNum, FPMinNum */
static uint64_t extremum_num(struct armfp *s, unsigned N, uint64_t a, uint64_t b, int want)
{
    const struct un u[2] = {unpack(s, N, a), unpack(s, N, b)};
    if (u[0].t == QNAN && u[1].t != QNAN)
        a = infinity(N, want > 0);
    else if (u[0].t != QNAN && u[1].t == QNAN)
        b = infinity(N, want > 0);
    return extremum(s, N, a, b, want);
}
uint64_t armfp_maxnm(struct armfp *s, unsigned N, uint64_t a, uint64_t b) { return extremum_num(s, N, a, b, 1); }
uint64_t armfp_minnm(struct armfp *s, unsigned N, uint64_t a, uint64_t b) { return extremum_num(s, N, a, b, -1); }

/* ---- FPRoundInt, FPRoundIntN, FPToFixed, FixedToFP, FPToFixedJS ---- */
uint64_t armfp_roundint(struct armfp *s, unsigned N, uint64_t a, enum armfp_mode mode, bool exact)
{
    const struct un u = unpack(s, N, a);
    struct armfp_num x;
    if (is_nan(u))
        return process_nan(s, N, u, a);
    if (is_inf(u) || is_zero(u))
        return is_inf(u) ? infinity(N, u.neg) : sign_bit(N, u.neg);
    armfp_set(&x, N, u.neg, u.m, u.e);
    if (armfp_quantize(&x, 0, mode) && exact)
        s->fpsr |= ARMFP_IXC;
    return armfp_top(&x) == ARMFP_NO_BIT ? sign_bit(N, u.neg) : round_mode(s, N, &x, ARMFP_Z);
}
uint64_t armfp_roundintn(struct armfp *s, unsigned N, uint64_t a, enum armfp_mode mode, int size)
{
    const struct un u = unpack(s, N, a);
    const uint64_t bad = sign_bit(N, true) | (uint64_t)(1 - minimum_exp(N) + size - 1) << fbits(N); /* -2^(size - 1) */
    struct armfp_num x;
    if (is_nan(u) || is_inf(u)) {
        s->fpsr |= ARMFP_IOC;
        return bad;
    }
    if (is_zero(u))
        return sign_bit(N, u.neg);
    armfp_set(&x, N, u.neg, u.m, u.e);
    const bool inexact = armfp_quantize(&x, 0, mode);
    struct armfp_num y = x;
    armfp_plus(&y, !x.neg, 1, size - 1);
    const int top = armfp_top(&x);
    if (top >= size || (top == size - 1 && (!x.neg || armfp_top(&y) != ARMFP_NO_BIT))) {
        s->fpsr |= ARMFP_IOC;
        return bad;
    }
    if (inexact)
        s->fpsr |= ARMFP_IXC;
    return top == ARMFP_NO_BIT ? sign_bit(N, u.neg) : round_mode(s, N, &x, ARMFP_Z);
}
/* SatQ of +-v, v below 2^65 */
static uint64_t saturate(struct armfp *s, bool neg, u128 v, bool is_unsigned, unsigned M, bool inexact)
{
    const u128 max = is_unsigned ? ones(M) : ones(M - 1), min = is_unsigned ? 0 : max + 1;
    if (v > (neg ? min : max)) {
        s->fpsr |= ARMFP_IOC;
        v = neg ? min : max;
    } else if (inexact) {
        s->fpsr |= ARMFP_IXC;
    }
    return (uint64_t)(neg ? -v : v) & ones(M);
}
uint64_t armfp_to_fixed(struct armfp *s, unsigned N, uint64_t a, int fraction, bool is_unsigned, enum armfp_mode mode, unsigned M)
{
    const struct un u = unpack(s, N, a);
    struct armfp_num x;
    if (is_nan(u)) {
        s->fpsr |= ARMFP_IOC;
        return 0;
    }
    if (is_inf(u))
        return saturate(s, u.neg, (u128)1 << 64, is_unsigned, M, false);
    armfp_set(&x, N, u.neg, u.m, u.e);
    const bool inexact = armfp_quantize(&x, -fraction, mode);
    const u128 v = armfp_top(&x) + fraction >= 64 ? (u128)1 << 64 : armfp_bits(&x, -fraction, 64);
    return saturate(s, u.neg, v, is_unsigned, M, inexact);
}
uint64_t armfp_from_fixed(struct armfp *s, unsigned N, uint64_t v, unsigned M, int fraction, bool is_unsigned)
{
    struct armfp_num x;
    v &= ones(M);
    const bool neg = !is_unsigned && v >> (M - 1);
    if (v == 0)
        return 0;
    armfp_set(&x, N, neg, neg ? ((u128)1 << M) - v : v, -fraction);
    return round_mode(s, N, &x, armfp_rmode(s));
}
uint32_t armfp_to_js(struct armfp *s, uint64_t a, bool *z)
{
    const struct un u = unpack(s, 64, a);
    struct armfp_num x;
    *z = false;
    if (is_nan(u) || is_inf(u)) {
        s->fpsr |= ARMFP_IOC;
        return 0;
    }
    armfp_set(&x, 64, u.neg, u.m, u.e);
    const bool inexact = armfp_quantize(&x, 0, ARMFP_Z);
    const uint64_t low = armfp_bits(&x, 0, 64);
    if (armfp_top(&x) >= 32 || low > (u.neg ? UINT64_C(0x80000000) : UINT64_C(0x7fffffff)))
        s->fpsr |= ARMFP_IOC;
    else if (inexact)
        s->fpsr |= ARMFP_IXC;
    else
        *z = !(is_zero(u) && (u.neg || (a & ones(52)) != 0));
    return (uint32_t)(u.neg ? -low : low);
}

/* ---- FPConvert, FPConvertBF ---- */
uint64_t armfp_convert(struct armfp *s, unsigned N, unsigned M, uint64_t a, enum armfp_mode mode)
{
    const struct un u = unpack_cv(s, N, a);
    const bool alternative = M == 16 && s->fpcr & ARMFP_AHP;
    struct armfp_num x;
    if (is_nan(u)) {
        if (u.t == SNAN || alternative)
            s->fpsr |= ARMFP_IOC;
        return alternative ? sign_bit(M, u.neg) : s->fpcr & ARMFP_DN ? default_nan(M) : convert_nan(N, M, a);
    }
    if (is_inf(u)) {
        if (!alternative)
            return infinity(M, u.neg);
        s->fpsr |= ARMFP_IOC;
        return sign_bit(M, u.neg) | ones(M - 1);
    }
    if (is_zero(u))
        return sign_bit(M, u.neg);
    armfp_set(&x, N > M ? N : M, u.neg, u.m, u.e);
    return round_base(s, M, &x, mode, s->fpcr & ~(uint32_t)ARMFP_FZ16);
}
uint16_t armfp_convert_bf(struct armfp *s, uint32_t a)
{
    const struct un u = unpack(s, 32, a);
    struct armfp_num x;
    if (is_nan(u))
        return (uint16_t)(process_nan(s, 32, u, a) >> 16);
    if (is_inf(u) || is_zero(u))
        return (uint16_t)((is_inf(u) ? infinity(32, u.neg) : sign_bit(32, u.neg)) >> 16);
    armfp_set(&x, 32, u.neg, u.m, u.e);
    /* A single with 7 fraction bits: round to those first; what is left is exact. */
    const enum armfp_mode mode = armfp_rmode(s);
    const int top = armfp_top(&x);
    const bool inexact = armfp_quantize(&x, (top < -126 ? -126 : top) - 7, mode);
    if (armfp_top(&x) > 127) {
        s->fpsr |= ARMFP_OFC | ARMFP_IXC;
        return (uint16_t)(u.neg << 15 | (0x7f80 - !overflows_to_infinity(mode, u.neg)));
    }
    if (inexact)
        s->fpsr |= top < -126 ? ARMFP_UFC | ARMFP_IXC : ARMFP_IXC;
    struct armfp exact = {0, 0};
    return (uint16_t)((armfp_top(&x) == ARMFP_NO_BIT ? sign_bit(32, u.neg) : round_mode(&exact, 32, &x, ARMFP_Z)) >> 16);
}

/* ---- BFUnpack, BFRound, BFMul, BFAdd, BFDotAdd ---- */
static struct un bf_unpack(uint32_t a)
{
    struct armfp s = {ARMFP_FZ, 0};
    return unpack(&s, 32, a);
}
/* Round to odd; tiny is zero; overflow is infinity though round to odd never rounds up. */
static uint32_t bf_round(struct armfp_num *x)
{
    struct armfp s = {ARMFP_FZ, 0};
    const uint64_t r = round_mode(&s, 32, x, ARMFP_ODD);
    return (uint32_t)(s.fpsr & ARMFP_OFC ? infinity(32, x->neg) : r);
}
static uint32_t bf_mul(uint16_t a, uint16_t b)
{
    const struct un u[2] = {bf_unpack((uint32_t)a << 16), bf_unpack((uint32_t)b << 16)};
    struct armfp_num x;
    const bool neg = u[0].neg != u[1].neg;
    if (is_nan(u[0]) || is_nan(u[1]) || zero_times_infinity(u))
        return (uint32_t)default_nan(32);
    if (is_inf(u[0]) || is_inf(u[1]))
        return (uint32_t)infinity(32, neg);
    if (is_zero(u[0]) || is_zero(u[1]))
        return (uint32_t)sign_bit(32, neg);
    armfp_set(&x, 32, neg, (u128)u[0].m * u[1].m, u[0].e + u[1].e);
    return bf_round(&x);
}
static uint32_t bf_add(uint32_t a, uint32_t b)
{
    const struct un u[2] = {bf_unpack(a), bf_unpack(b)};
    struct armfp_num x;
    if (is_nan(u[0]) || is_nan(u[1]) || (is_inf(u[0]) && is_inf(u[1]) && u[0].neg != u[1].neg))
        return (uint32_t)default_nan(32);
    if (is_inf(u[0]) || is_inf(u[1]))
        return (uint32_t)infinity(32, is_inf(u[0]) ? u[0].neg : u[1].neg);
    if (is_zero(u[0]) && is_zero(u[1]))
        return (uint32_t)sign_bit(32, u[0].neg && u[1].neg);
    armfp_set(&x, 32, u[0].neg, u[0].m, u[0].e);
    armfp_plus(&x, u[1].neg, u[1].m, u[1].e);
    return armfp_top(&x) == ARMFP_NO_BIT ? 0 : bf_round(&x);
}
uint32_t armfp_bfdot(uint32_t d, uint32_t n, uint32_t m)
{
    return bf_add(d, bf_add(bf_mul((uint16_t)n, (uint16_t)m), bf_mul((uint16_t)(n >> 16), (uint16_t)(m >> 16))));
}
