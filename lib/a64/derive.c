/* a64/derive.c - operands that are worked out once, at decode. Each returns false if the encoding is reserved. */
#include <config.h>
#include <stddef.h>
#include "a64/a64.h"
#include "a64/decode_bits.h"
#include "a64/derive.gen.h"

bool lp_a64_bitmask(unsigned n, unsigned immr, unsigned imms, uint64_t *out)
{
    unsigned len = n << 6 | (~imms & 63);
    if (len < 2)
        return false; /* an element has at least 2 bits */
    unsigned bits = 1u << (31 - __builtin_clz(len)); /* of an element */
    unsigned ones = (imms & (bits - 1)) + 1, rot = immr & (bits - 1);
    if (ones == bits)
        return false; /* all ones is not encodable */
    uint64_t all = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    uint64_t v = (UINT64_C(1) << ones) - 1;
    if (rot != 0)
        v = (v >> rot | v << (bits - rot)) & all;
    for (; bits < 64; bits *= 2)
        v |= v << bits;
    *out = v;
    return true;
}

bool lp_derive_bitmask(uint32_t w, uint64_t pc, uint64_t *out)
{
    bool sf = w >> 31;
    unsigned n = w >> 22 & 1;
    if (!sf && n)
        return false;
    if (!lp_a64_bitmask(n, w >> 16 & 63, w >> 10 & 63, out))
        return false;
    if (!sf)
        *out = (uint32_t)*out;
    return true;
}

bool lp_derive_adr(uint32_t w, uint64_t pc, uint64_t *out)
{
    *out = pc + (uint64_t)lp_a64_adr_imm(w);
    return true;
}

bool lp_derive_adrp(uint32_t w, uint64_t pc, uint64_t *out)
{
    *out = (pc & ~UINT64_C(0xfff)) + (uint64_t)lp_a64_adr_imm(w) * 4096;
    return true;
}

bool lp_derive_movz(uint32_t w, uint64_t pc, uint64_t *out)
{
    *out = (uint64_t)(w >> 5 & 0xffff) << 16 * (w >> 21 & 3);
    return true;
}

bool lp_derive_movn(uint32_t w, uint64_t pc, uint64_t *out)
{
    lp_derive_movz(w, pc, out);
    *out = w >> 31 ? ~*out : (uint32_t)~*out;
    return true;
}

bool lp_derive_tbit(uint32_t w, uint64_t pc, uint64_t *out)
{
    *out = UINT64_C(1) << ((w >> 31) << 5 | (w >> 19 & 31));
    return true;
}

/* The checks that SBFM, BFM and UBFM share; the size of the register in bits, or 0. */
static unsigned bitfield_size(uint32_t w, unsigned *r, unsigned *s)
{
    unsigned sf = w >> 31, size = sf ? 64 : 32;
    *r = w >> 16 & 63;
    *s = w >> 10 & 63;
    return (w >> 22 & 1) == sf && *r < size && *s < size ? size : 0;
}

/* A bitfield move is a shift left that drops what lies above the field, then one right that puts its low end in place. */
bool lp_derive_bitfield(uint32_t w, uint64_t pc, uint64_t *out)
{
    unsigned r, s, size = bitfield_size(w, &r, &s);
    if (size == 0)
        return false;
    unsigned left = size - 1 - s;
    unsigned right = s >= r ? left + r : r - s - 1;
    *out = left | right << 8;
    return true;
}

/* BFM: the bits of Rd that ROR(Rn, immr) replaces. */
bool lp_derive_bfm(uint32_t w, uint64_t pc, uint64_t *out)
{
    unsigned r, s, size = bitfield_size(w, &r, &s);
    if (size == 0)
        return false;
    unsigned width = s >= r ? s - r + 1 : s + 1, at = s >= r ? 0 : size - r;
    *out = (width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1) << at;
    return true;
}

/* Sign, inverted bit 6, bit 6 repeated, two more exponent bits, four fraction bits. */
uint64_t lp_a64_fp_imm(uint64_t imm8, unsigned ebits, unsigned fbits)
{
    const uint64_t b = imm8 >> 6 & 1, repeated = b ? (UINT64_C(1) << (ebits - 3)) - 1 : 0;
    const uint64_t exp = (b ^ 1) << (ebits - 1) | repeated << 2 | (imm8 >> 4 & 3);
    return (imm8 >> 7) << (ebits + fbits) | exp << fbits | (imm8 & 15) << (fbits - 4);
}

/* The immediate of a scalar FMOV. */
bool lp_derive_fp_imm(uint32_t word, uint64_t pc, uint64_t *out)
{
    const uint64_t imm8 = word >> 13 & 0xff;
    const unsigned ftype = word >> 22 & 3;
    if (ftype == 0)
        *out = lp_a64_fp_imm(imm8, 8, 23);
    else if (ftype == 1)
        *out = lp_a64_fp_imm(imm8, 11, 52);
    else
        *out = lp_a64_fp_imm(imm8, 5, 10);
    return ftype != 2;
}
