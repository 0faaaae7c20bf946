/* values.c - register contents that hurt. */
#include <config.h>
#include <string.h>
#include "difftest.h"
#include "../splitmix.h"

uint64_t rng_next(struct rng *r) { return splitmix(&r->state); }
unsigned below(struct rng *r, unsigned n) { return (unsigned)(rng_next(r) >> 33) % n; }
static uint64_t low_bits(uint64_t v, unsigned bits) { return bits < 64 ? v & ((UINT64_C(1) << bits) - 1) : v; }

/* An integer of `bits`: at the edges of the signed and unsigned ranges, a single bit, small (shift counts), or anything. */
uint64_t integer(struct rng *r, unsigned bits)
{
    const uint64_t top = UINT64_C(1) << (bits - 1);
    switch (below(r, 10)) {
    case 0: return 0;
    case 1: return low_bits(UINT64_MAX, bits);
    case 2: return top;
    case 3: return top - 1;
    case 4: return low_bits(top - 2 + below(r, 5), bits);
    case 5: return low_bits(UINT64_C(1) << below(r, bits), bits);
    case 6: return low_bits((uint64_t)below(r, 2 * bits + 2), bits);
    case 7: return low_bits(0 - (uint64_t)below(r, 2 * bits + 2), bits);
    default: return low_bits(rng_next(r), bits);
    }
}

/* A number of a binary format: zero, infinity, NaN, subnormal, the limits, halves, or exponents close to each other. */
uint64_t number(struct rng *r, unsigned exp, unsigned frac)
{
    const uint64_t sign = (uint64_t)below(r, 2) << (exp + frac), bias = (UINT64_C(1) << (exp - 1)) - 1;
    const uint64_t max_exp = 2 * bias + 1, fraction = low_bits(rng_next(r), frac);
    switch (below(r, 14)) {
    case 0: return sign;
    case 1: return sign | max_exp << frac;
    case 2: return sign | max_exp << frac | fraction | UINT64_C(1) << (frac - 1);
    case 3: return sign | max_exp << frac | (low_bits(fraction, frac - 1) | 1);
    case 4: return sign | fraction;
    case 5: return sign | (below(r, 2) ? 1 : low_bits(UINT64_MAX, frac));
    case 6: return sign | (max_exp - 1) << frac | (below(r, 2) ? fraction : low_bits(UINT64_MAX, frac));
    case 7: return sign | UINT64_C(1) << frac | (below(r, 2) ? fraction : 0);
    case 8: return sign | bias << frac;
    case 9: return sign | (bias - 2 + below(r, 5)) << frac | low_bits(below(r, 4), 2) << (frac - 2);
    case 10: return sign | (bias + below(r, exp == 5 ? 15 : 66)) << frac | fraction;
    case 11: return sign | (uint64_t)below(r, (unsigned)max_exp) << frac | fraction;
    default: return sign | (bias - 2 + below(r, 5)) << frac | fraction;
    }
}

uint64_t lanes(struct rng *r)
{
    uint64_t v = 0;
    switch (below(r, 8)) {
    case 0: for (unsigned i = 0; i < 8; i++) v |= integer(r, 8) << 8 * i; return v;
    case 1: for (unsigned i = 0; i < 4; i++) v |= integer(r, 16) << 16 * i; return v;
    case 2: return integer(r, 32) | integer(r, 32) << 32;
    case 3: return integer(r, 64);
    case 4: for (unsigned i = 0; i < 4; i++) v |= number(r, 5, 10) << 16 * i; return v;
    case 5: return number(r, 8, 23) | number(r, 8, 23) << 32;
    case 6: return number(r, 11, 52);
    default: return rng_next(r);
    }
}

/* Vectors of one kind of lane are more likely to meet: all registers of a case share a kind, half of the time. */
static void fill_vectors(struct rng *r, struct state *s)
{
    const unsigned kind = below(r, 8);
    for (unsigned i = 0; i < 64; i++) {
        uint64_t v = lanes(r);
        if (kind < 2)
            v = number(r, 8, 23) | number(r, 8, 23) << 32;
        else if (kind < 4)
            v = number(r, 11, 52);
        s->v[i / 2][i % 2] = v;
    }
}

void fill_state(struct rng *r, struct state *s)
{
    memset(s, 0, sizeof *s);
    for (unsigned i = 0; i < 31; i++)
        s->x[i] = below(r, 2) ? integer(r, 64) : below(r, 3) ? integer(r, 32) | rng_next(r) << 32 : rng_next(r);
    s->sp = SCRATCH + 0x4000 + 16 * (uint64_t)below(r, 256);
    s->nzcv = (uint64_t)below(r, 16) << 28;
    if (below(r, 2))
        s->fpcr = rng_next(r) & FPCR_BITS;
    if (below(r, 4) == 0)
        s->fpsr = rng_next(r) & FPSR_BITS;
    fill_vectors(r, s);
}
