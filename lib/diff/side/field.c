/* diff/side/field.c - the offset that a word has in it: of ADD and SUB, of loads and stores. */
#include <config.h>
#include "diff/side/code.h"
#include "base/bits.h"

struct field { uint8_t lo, bits, shift; bool is_signed, minus; };

static unsigned scale(uint32_t w) { return w & 0x04000000 && w & 0x00800000 ? 4 : w >> 30; }
static unsigned pair_scale(uint32_t w) { return w & 0x04000000 ? 2 + (w >> 30) : w >> 31 ? 3 : 2; } /* LDPSW is of words */

static bool field_of(uint32_t w, struct field *f)
{
    *f = (struct field){10, 12, 0, false, false};
    if (lp_a64_is_add_sub_imm(w)) { /* ADD, SUB (immediate) */
        f->shift = w & 0x00400000 ? 12 : 0;
        f->minus = w >> 30 & 1;
        return true;
    }
    if (lp_a64_is_ldst_pos(w)) return f->shift = (uint8_t)scale(w), true;
    if (lp_a64_is_ldst_post(w) || lp_a64_is_ldst_pair_post(w)) return false; /* post-index: how far the base moves */
    if (lp_a64_is_ldst_imm9(w)) return *f = (struct field){12, 9, 0, true, false}, true;
    if (!lp_a64_is_ldst_pair(w)) return false;
    *f = (struct field){15, 7, (uint8_t)pair_scale(w), true, false};
    return true;
}

bool lp_word_offset(uint32_t w, int64_t *off)
{
    struct field f;
    if (!field_of(w, &f)) return false;
    uint64_t v = lp_bits(w, f.lo, f.bits);
    *off = (f.is_signed ? lp_sext(v, f.bits) : (int64_t)v) * (INT64_C(1) << f.shift);
    if (f.minus) *off = -*off;
    return true;
}

int64_t lp_word_back(uint32_t w)
{
    if (lp_a64_is_ldst_post(w)) return lp_sext(lp_bits(w, 12, 9), 9);
    return lp_a64_is_ldst_pair_post(w) ? lp_sext(lp_bits(w, 15, 7), 7) * (INT64_C(1) << pair_scale(w)) : 0;
}

bool lp_word_set_offset(uint32_t *w, int64_t off)
{
    struct field f;
    if (!field_of(*w, &f)) return false;
    if (f.minus) off = -off;
    int64_t v = off >> f.shift, top = INT64_C(1) << (f.bits - f.is_signed);
    if (v * (INT64_C(1) << f.shift) != off || v >= top || v < (f.is_signed ? -top : 0)) return false;
    uint32_t mask = ((UINT32_C(1) << f.bits) - 1) << f.lo;
    *w = (*w & ~mask) | ((uint32_t)v << f.lo & mask);
    return true;
}

const char *lp_word_lo12_name(uint32_t w)
{
    static const char *const ldst[] = {"ldst8_abs_lo12_nc", "ldst16_abs_lo12_nc", "ldst32_abs_lo12_nc", "ldst64_abs_lo12_nc", "ldst128_abs_lo12_nc"};
    if (lp_a64_is_add_lo12(w)) return "add_abs_lo12_nc";
    return lp_a64_is_ldst_pos(w) ? ldst[scale(w)] : NULL;
}
