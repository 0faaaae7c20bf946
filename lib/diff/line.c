/* diff/line.c - a function in which nothing but numbers differs, as __LINE__ does: debug information proves that, or nothing. */
#include <config.h>
#include "diff/emit.h"
#include "base/bits.h"

#include <string.h>

enum { NUMBERS_MAX = 256 };

/* MOVZ of 16 bits to a W or X register: a line number is no larger in sources that people write. */
static bool number_of(uint32_t w, uint64_t *v)
{
    *v = lp_bits(w, 5, 16);
    return (w & 0x7fe00000) == 0x52800000;
}

static bool is_line(const struct lp_side *s, uint64_t pc, uint64_t v)
{
    const struct lp_elf_line *l = lp_elf_line_at(s->names, pc);
    if (!l && s->names != s->elf) l = lp_elf_line_at(s->elf, pc);
    return l && l->line == v;
}

enum lp_line_proof lp_line_proof(lp_diff *d, uint32_t old_atom, int64_t *delta)
{
    const struct lp_atom *a = &OLD(d)->atom[old_atom], *b = &NEW(d)->atom[a->pair];
    uint32_t off[NUMBERS_MAX];
    size_t n = lp_differing_words(d, old_atom, off, NUMBERS_MAX);
    bool proved = n > 0, uniform = n > 0 && n < NUMBERS_MAX;
    for (size_t i = 0; i < n; i++) {
        uint64_t v, w, pc = a->start + off[i], qc = b->start + off[i];
        if (!number_of(lp_code_word(OLD(d), pc), &v) || !number_of(lp_code_word(NEW(d), qc), &w)) return LP_LINE_NOT;
        proved &= is_line(OLD(d), pc, v) && is_line(NEW(d), qc, w);
        uniform &= i == 0 || *delta == (int64_t)(w - v);
        *delta = (int64_t)(w - v);
    }
    return proved && n < NUMBERS_MAX ? LP_LINE_PROVED : uniform ? LP_LINE_LIKELY : LP_LINE_NOT;
}
