/* armfp_num.c - see armfp_num.h. */
#include <string.h>
#include "armfp_num.h"

typedef unsigned __int128 u128;

/* Half: from 2^-64 (fixed point) and the guard bits of a quotient to 2^64. Single, double: from the square of the smallest number
 * (quotients: smallest by largest, and their guard bits) to that of the largest. */
static void room(struct armfp_num *x, unsigned N)
{
    x->lsb = N == 16 ? -80 : N == 32 ? -384 : -2240;
    x->words = N == 16 ? 3 : N == 32 ? 11 : ARMFP_WORDS;
}

/* The word that holds weights from 2^exp on, at bit *shift of it. */
static int place(const struct armfp_num *x, int exp, unsigned *shift)
{
    *shift = (unsigned)(exp - x->lsb) % 64;
    return (exp - x->lsb) / 64;
}

/* Three words of m << shift. */
static void spread(uint64_t out[3], u128 m, unsigned shift)
{
    out[0] = (uint64_t)m << shift;
    out[1] = (uint64_t)(shift ? m >> (64 - shift) : m >> 64);
    out[2] = shift ? (uint64_t)(m >> 64) >> (64 - shift) : 0;
}

/* The magnitude plus (or minus, `minus` all ones) three words at word `at`; the result fits. */
static void accumulate(struct armfp_num *x, const uint64_t add[3], int at, bool minus)
{
    unsigned carry = 0;
    for (int i = at; i < x->words; i++) {
        const u128 y = i - at < 3 ? add[i - at] : 0;
        if (i - at >= 3 && !carry)
            return;
        const u128 r = minus ? (u128)x->w[i] - y - carry : (u128)x->w[i] + y + carry;
        x->w[i] = (uint64_t)r;
        carry = (unsigned)(r >> 64) & 1;
    }
}

/* Is the magnitude below the three words at word `at`? */
static bool below(const struct armfp_num *x, const uint64_t other[3], int at)
{
    for (int i = x->words - 1; i >= 0; i--) {
        const uint64_t y = i >= at && i - at < 3 ? other[i - at] : 0;
        if (x->w[i] != y)
            return x->w[i] < y;
    }
    return false;
}

static void negate_magnitude(struct armfp_num *x)
{
    unsigned carry = 1;
    for (int i = 0; i < x->words; i++) {
        const u128 r = (u128)(uint64_t)~x->w[i] + carry;
        x->w[i] = (uint64_t)r;
        carry = (unsigned)(r >> 64);
    }
}

void armfp_set(struct armfp_num *x, unsigned N, bool neg, u128 m, int exp)
{
    room(x, N);
    memset(x->w, 0, (size_t)x->words * sizeof x->w[0]);
    x->neg = neg;
    armfp_plus(x, neg, m, exp);
}

void armfp_plus(struct armfp_num *x, bool neg, u128 m, int exp)
{
    unsigned shift;
    uint64_t add[3];
    if (m == 0)
        return;
    const int at = place(x, exp, &shift);
    spread(add, m, shift);
    const bool crosses = x->neg != neg && below(x, add, at);
    accumulate(x, add, at, x->neg != neg);
    if (crosses) {
        negate_magnitude(x);
        x->neg = neg;
    }
}

int armfp_top(const struct armfp_num *x)
{
    for (int i = x->words - 1; i >= 0; i--)
        if (x->w[i] != 0)
            return x->lsb + 64 * i + 63 - __builtin_clzll(x->w[i]);
    return ARMFP_NO_BIT;
}

uint64_t armfp_bits(const struct armfp_num *x, int exp, unsigned n)
{
    unsigned shift;
    const int at = place(x, exp, &shift);
    u128 two = at < x->words ? x->w[at] : 0;
    if (at + 1 < x->words)
        two |= (u128)x->w[at + 1] << 64;
    return (uint64_t)(two >> shift) & UINT64_MAX >> (64 - n);
}

/* Clear what is below 2^exp; tells whether anything was there. */
static bool truncate(struct armfp_num *x, int exp)
{
    unsigned shift;
    const int at = place(x, exp, &shift);
    const uint64_t mask = (UINT64_C(1) << shift) - 1;
    uint64_t lost = x->w[at] & mask;
    x->w[at] &= ~mask;
    for (int i = 0; i < at; i++)
        lost |= x->w[i], x->w[i] = 0;
    return lost != 0;
}

bool armfp_quantize(struct armfp_num *x, int exp, enum armfp_mode mode)
{
    bool half = false, away = false;
    if (exp - 1 >= x->lsb) {
        half = armfp_bits(x, exp - 1, 1);
        if (half)
            armfp_plus(x, !x->neg, 1, exp - 1);
    }
    const bool less = truncate(x, exp), odd = armfp_bits(x, exp, 1), inexact = half || less;
    switch (mode) {
    case ARMFP_N: away = half && (less || odd); break;
    case ARMFP_A: away = half; break;
    case ARMFP_P: away = inexact && !x->neg; break;
    case ARMFP_M: away = inexact && x->neg; break;
    case ARMFP_ODD: away = inexact && !odd; break; /* an even multiple becomes the next odd one */
    case ARMFP_Z: break;
    }
    if (away)
        armfp_plus(x, x->neg, 1, exp);
    return inexact;
}
