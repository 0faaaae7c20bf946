/* armfp_est.c - the estimates of armfp.h, from their definition in reals: the midpoint of an interval of the operand is inverted and rounded
 * to nearest in 8 fraction bits. In integers: x = (2q + 1) / 2^k. */
#include "armfp.h"

/* floor(256 / x + 1/2) for x = (2q + 1) / 1024, 256 <= q < 512 */
static unsigned recip(unsigned q) { return ((1u << 19) + 2 * q + 1) / (2 * (2 * q + 1)); }
/* floor(256 / sqrt(x) + 1/2): the largest s with (s - 1/2)^2 * x <= 256^2. 0.25 <= a / 512 < 1; from 0.5 on one bit less of a counts. */
static unsigned recip_sqrt(unsigned a)
{
    const uint64_t x1024 = a < 256 ? 2 * a + 1 : 2 * (2 * (a / 2) + 1);
    unsigned s = 256;
    while ((2 * (uint64_t)s + 1) * (2 * s + 1) * x1024 <= UINT64_C(1) << 28)
        s++;
    return s;
}
uint32_t armfp_urecpe(uint32_t a) { return a >> 31 ? recip(a >> 23) << 23 : UINT32_MAX; }
uint32_t armfp_ursqrte(uint32_t a) { return a >> 30 ? recip_sqrt(a >> 23) << 23 : UINT32_MAX; }

struct parts {
    bool nan, snan, inf, zero, neg;
    int exp;    /* of the value: 2^exp * (1 + top/256 + ...) */
    unsigned top; /* 8 fraction bits */
};
static unsigned fraction_bits(unsigned N) { return N == 16 ? 10 : N == 32 ? 23 : 52; }
static int bias(unsigned N) { return N == 16 ? 15 : N == 32 ? 127 : 1023; }
static uint64_t field_ones(unsigned N) { return (uint64_t)(2 * bias(N) + 1) << fraction_bits(N); }

static struct parts take_apart(struct armfp *s, unsigned N, uint64_t a)
{
    const unsigned F = fraction_bits(N);
    struct parts p = {.neg = a >> (N - 1) & 1};
    uint64_t frac = a & ((UINT64_C(1) << F) - 1);
    const int exp = (int)(a >> F) & (2 * bias(N) + 1);
    if (exp == 2 * bias(N) + 1) {
        p.nan = frac != 0, p.inf = frac == 0, p.snan = p.nan && !(frac >> (F - 1));
        return p;
    }
    if (exp == 0 && frac != 0 && s->fpcr & (N == 16 ? ARMFP_FZ16 : ARMFP_FZ)) {
        if (N != 16)
            s->fpsr |= ARMFP_IDC;
        frac = 0;
    }
    p.zero = exp == 0 && frac == 0;
    p.exp = (exp ? exp : 1) - bias(N);
    if (exp == 0 && !p.zero) {
        for (; !(frac >> F); frac <<= 1)
            p.exp--;
        frac &= (UINT64_C(1) << F) - 1;
    }
    p.top = (unsigned)(frac >> (F - 8)) & 255;
    return p;
}
static uint64_t nan_result(struct armfp *s, unsigned N, struct parts p, uint64_t a)
{
    const uint64_t quiet = UINT64_C(1) << (fraction_bits(N) - 1);
    if (p.snan)
        s->fpsr |= ARMFP_IOC;
    return s->fpcr & ARMFP_DN ? field_ones(N) | quiet : a | quiet;
}
/* 2^exp * est / 256 with 256 <= est < 512, at most two places below the smallest normal: exact there */
static uint64_t pack(unsigned N, bool neg, int exp, unsigned est)
{
    const unsigned F = fraction_bits(N);
    const uint64_t sign = (uint64_t)neg << (N - 1), m = (uint64_t)est << (F - 8);
    if (exp >= 1 - bias(N))
        return sign | ((uint64_t)(exp + bias(N)) << F) | (m & ((UINT64_C(1) << F) - 1));
    return sign | m >> (1 - bias(N) - exp);
}

uint64_t armfp_recpe(struct armfp *s, unsigned N, uint64_t a)
{
    const struct parts p = take_apart(s, N, a);
    const uint64_t sign = (uint64_t)p.neg << (N - 1);
    if (p.nan)
        return nan_result(s, N, p, a);
    if (p.inf)
        return sign;
    if (p.zero) {
        s->fpsr |= ARMFP_DZC;
        return sign | field_ones(N);
    }
    if (p.exp < -(bias(N) + 1)) { /* |a| < 2^-16, 2^-128, 2^-1024 */
        const enum armfp_mode mode = armfp_rmode(s);
        s->fpsr |= ARMFP_OFC | ARMFP_IXC;
        return sign | (field_ones(N) - !(mode == ARMFP_N || mode == (p.neg ? ARMFP_M : ARMFP_P)));
    }
    if (p.exp >= bias(N) - 1 && s->fpcr & (N == 16 ? ARMFP_FZ16 : ARMFP_FZ)) { /* |a| >= 2^14, 2^126, 2^1022 */
        s->fpsr |= ARMFP_UFC;
        return sign;
    }
    return pack(N, p.neg, -p.exp - 1, recip(256 | p.top));
}

uint64_t armfp_rsqrte(struct armfp *s, unsigned N, uint64_t a)
{
    const struct parts p = take_apart(s, N, a);
    if (p.nan)
        return nan_result(s, N, p, a);
    if (p.zero) {
        s->fpsr |= ARMFP_DZC;
        return (uint64_t)p.neg << (N - 1) | field_ones(N);
    }
    if (p.neg) {
        s->fpsr |= ARMFP_IOC;
        return field_ones(N) | UINT64_C(1) << (fraction_bits(N) - 1);
    }
    if (p.inf)
        return 0;
    /* a = x * 4^k with 0.25 <= x < 1 */
    const bool odd = p.exp & 1;
    const int k = odd ? (p.exp + 1) / 2 : p.exp / 2 + 1;
    return pack(N, false, -k, recip_sqrt(odd ? 256 | p.top : 128 | p.top >> 1));
}

uint64_t armfp_recpx(struct armfp *s, unsigned N, uint64_t a)
{
    const struct parts p = take_apart(s, N, a);
    const uint64_t sign = a & UINT64_C(1) << (N - 1), field = a & field_ones(N);
    if (p.nan)
        return nan_result(s, N, p, a);
    return sign | (field ? field ^ field_ones(N) : field_ones(N) - (UINT64_C(1) << fraction_bits(N)));
}
