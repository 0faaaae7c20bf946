/* a64/encode.c - the words that patches are made of, and what a word refers to. */
#include <config.h>
#include "a64/a64.h"
#include "a64/disasm.h"
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

const struct lp_row_info *lp_a64_relative(uint32_t word)
{
    /* Most words are in none of the classes that such words are in: branches, ADR and ADRP, loads of literals. */
    if ((word & 0x1c000000) != 0x14000000 && !lp_a64_is_pcrel_address(word) && !lp_a64_is_load_literal(word))
        return NULL;
    const struct lp_row_info *r = &lp_a64_rows[lp_a64_row(word, LP_A64_ALL, true)];
    return r->flags & LP_ROW_PCREL ? r : NULL;
}

uint64_t lp_a64_row_target(const struct lp_row_info *r, uint32_t w, uint64_t pc)
{
    if (r->off_shift == 2)
        return pc + (uint64_t)lp_a64_imm(w, r->off_lo, r->off_bits) * 4;
    return (pc >> r->off_shift << r->off_shift) + ((uint64_t)lp_a64_adr_imm(w) << r->off_shift);
}

bool lp_a64_target(uint32_t w, uint64_t pc, uint64_t *target)
{
    const struct lp_row_info *r = lp_a64_relative(w);
    if (r == NULL)
        return false;
    *target = lp_a64_row_target(r, w, pc);
    return true;
}

bool lp_a64_position_independent(uint32_t word) { return lp_a64_relative(word) == NULL; }
