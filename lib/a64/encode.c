/* a64/encode.c - the words that patches are made of, and what a word refers to. */
#include <config.h>
#include "a64/a64.h"
#include "a64/decode_bits.h"

/* Distance in words if it is whole and fits into n bits. */
static bool distance(uint64_t from, uint64_t to, unsigned n, uint32_t *out)
{
    int64_t d = (int64_t)(to - from);
    int64_t reach = INT64_C(1) << (n + 1); /* n bits, of words: 2^(n-1) * 4 */
    if ((from | to) & 3 || d < -reach || d >= reach)
        return false;
    *out = (uint32_t)(d >> 2) & ((UINT32_C(1) << n) - 1);
    return true;
}

static bool branch26(uint32_t *word, uint32_t opcode, uint64_t from, uint64_t to)
{
    uint32_t imm;
    if (!distance(from, to, 26, &imm))
        return false;
    *word = opcode | imm;
    return true;
}
bool lp_a64_b(uint32_t *word, uint64_t from, uint64_t to) { return branch26(word, 0x14000000, from, to); }
bool lp_a64_bl(uint32_t *word, uint64_t from, uint64_t to) { return branch26(word, 0x94000000, from, to); }

bool lp_a64_adrp(uint32_t *word, unsigned rd, uint64_t from, uint64_t to)
{
    int64_t pages = (int64_t)((to & ~UINT64_C(0xfff)) - (from & ~UINT64_C(0xfff))) >> 12;
    if (rd > 31 || from & 3 || pages < -(INT64_C(1) << 20) || pages >= INT64_C(1) << 20)
        return false;
    uint32_t imm = (uint32_t)pages & 0x1fffff;
    *word = 0x90000000 | (imm & 3) << 29 | (imm >> 2) << 5 | rd;
    return true;
}

/* Start from zeros (MOVZ) or ones (MOVN), whichever leaves fewer halfwords to fill in with MOVK. */
unsigned lp_a64_mov_imm(uint32_t out[4], unsigned rd, uint64_t value)
{
    unsigned zeros = 0, ones = 0, n = 0;
    for (unsigned i = 0; i < 4; i++) {
        uint16_t h = (uint16_t)(value >> 16 * i);
        zeros += h == 0;
        ones += h == 0xffff;
    }
    bool invert = ones > zeros;
    uint16_t background = invert ? 0xffff : 0;
    for (uint32_t i = 0; i < 4; i++) {
        uint16_t h = (uint16_t)(value >> 16 * i);
        if (h == background)
            continue;
        uint32_t opcode = n > 0 ? 0xf2800000 : invert ? 0x92800000 : 0xd2800000;
        uint32_t imm = n == 0 && invert ? (uint16_t)~h : h;
        out[n++] = opcode | i << 21 | imm << 5 | (rd & 31);
    }
    if (n == 0)
        out[n++] = (invert ? 0x92800000 : 0xd2800000) | (rd & 31);
    return n;
}

/* What PC-relative words look like: mask, value, place and size of the immediate. */
enum target_kind { T_ADR, T_ADRP, T_WORDS };
static const struct { uint32_t mask, value; enum target_kind kind; unsigned lo, n; } relative[] = {
    {0x7c000000, 0x14000000, T_WORDS, 0, 26},  /* B, BL */
    {0xff000010, 0x54000000, T_WORDS, 5, 19},  /* B.cond */
    {0xff000010, 0x54000010, T_WORDS, 5, 19},  /* BC.cond */
    {0x7e000000, 0x34000000, T_WORDS, 5, 19},  /* CBZ, CBNZ */
    {0x7e000000, 0x36000000, T_WORDS, 5, 14},  /* TBZ, TBNZ */
    {0x9f000000, 0x10000000, T_ADR, 0, 0},
    {0x9f000000, 0x90000000, T_ADRP, 0, 0},
    {0x3b000000, 0x18000000, T_WORDS, 5, 19},  /* LDR, LDRSW, PRFM (literal), general and SIMD */
};

bool lp_a64_target(uint32_t w, uint64_t pc, uint64_t *target)
{
    for (size_t i = 0; i < sizeof relative / sizeof relative[0]; i++) {
        if ((w & relative[i].mask) != relative[i].value)
            continue;
        if (relative[i].kind == T_ADR)
            *target = pc + (uint64_t)lp_a64_adr_imm(w);
        else if (relative[i].kind == T_ADRP)
            *target = (pc & ~UINT64_C(0xfff)) + (uint64_t)lp_a64_adr_imm(w) * 4096;
        else
            *target = pc + (uint64_t)lp_a64_imm(w, relative[i].lo, relative[i].n) * 4;
        return true;
    }
    return false;
}

bool lp_a64_position_independent(uint32_t word)
{
    uint64_t target;
    return !lp_a64_target(word, 0, &target);
}
