/* diff/side/negative.c - indices that are less than 0, or so it seems: a number is taken from 0, or from an address. An array's end is where such ones begin
 * (end[-i]), and the next thing begins there, too, from which they may go back as well (errors[-status]). */
#include <config.h>
#include "diff/side/scan.h"
#include "a64/access.h"

#include <stdlib.h>

enum { AROUND = 32, DEEP = 6 }; /* words, and one made of another */

/* 0 - x: NEG, MNEG, SMNEGL and UMNEGL. */
static bool negates(uint32_t w) { return (w & 0x7f2003e0) == 0x4b0003e0 || (w & 0x7f40fc00) == 0x1b00fc00; }

/* x less something of another register: SUB, MSUB, SMSUBL and UMSUBL, of 64 bits. */
static bool takes_away(uint32_t w)
{
    return (w & 0xff200000) == 0xcb000000 || (w & 0xffe00000) == 0xcb200000 || (w & 0xff408000) == 0x9b008000;
}

/* What is below 0 stays so: MOV, SBFM (SXTW, SBFIZ), LSL. */
static bool keeps_sign(uint32_t w)
{
    const unsigned lsl = (w >> 16 & 63) == (w >> 10 & 63) + 1;
    return lp_a64_is_mov(w) || (w & 0x7f800000) == 0x13000000 || ((w & 0x7f800000) == 0x53000000 && lsl);
}

/* The register from which a word of one operand has its result. */
static unsigned source(uint32_t w) { return lp_a64_is_mov(w) && (w >> 5 & 31) == 31 ? w >> 16 & 31 : w >> 5 & 31; }

/* Is what a register has in front of this word a number below 0; or an address from which one is taken away? (The difference of two numbers need not be below
 * 0: it may be what a division leaves.) */
static bool is_back(const struct lp_side *s, const struct lp_atom *f, uint64_t at, unsigned reg, bool address)
{
    const struct lp_words code = lp_words_of(s, (uint32_t)(f - s->atom));
    uint64_t pc = at;
    for (unsigned deep = 0; deep < DEEP && reg < 31; deep++) {
        const uint64_t end = pc - f->start > 4 * AROUND ? pc - 4 * AROUND : f->start;
        bool made = false;
        while (!made && pc > end) made = mask_has(lp_seen_word(s, lp_words_at(&code, pc -= 4))->regs.write, reg);
        const uint32_t w = made ? lp_words_at(&code, pc) : 0;
        if (!made || negates(w)) return made && !address;
        if (address && takes_away(w)) return true;
        if (address && adds_index(w)) return is_back(s, f, pc, w >> 5 & 31, false) || is_back(s, f, pc, w >> 16 & 31, false);
        if (!keeps_sign(w) && !(address && lp_a64_is_add_sub_imm(w))) return false;
        reg = source(w);
    }
    return false;
}

/* How many bytes an access has at once that goes back; 0: it does not, or is none. */
static unsigned goes_back(const struct lp_side *s, const struct lp_atom *f, const struct lp_ref_at *r)
{
    const uint32_t w = r->kind == LP_FLOW_ADDR && (r->flags & (LP_FLOW_INDEXED | LP_FLOW_STEPS)) == LP_FLOW_INDEXED ? lp_code_word(s, r->at) : 0;
    struct lp_a64_access m;
    if (!w || !lp_a64_access(lp_a64_find(w, LP_A64_ALL), w, &m) || m.writeback || m.base >= 31) return 0;
    const bool whole = m.index == LP_A64_NO_REG, back = is_back(s, f, r->at, m.base, whole) || (!whole && is_back(s, f, r->at, m.index, false));
    return back ? m.each : 0;
}

/* An array of such elements ends there: not what has numbers where the next one has addresses. */
static bool may_end(const struct lp_side *s, const struct lp_atom *a, unsigned width)
{
    return width && (a->end - a->start) % width == 0 && (!lp_side_word(s, a->end) || lp_side_word(s, a->end - width));
}

/* Many addresses of one function are asked about, one after the other. NULL: no memory. */
static const struct lp_seen_back *all_back(const struct lp_side *s, const struct lp_atom *f)
{
    struct lp_seen_back *x = lp_seen_back(s);
    const struct lp_ref_at *r = lp_refs_of_atom(s, f);
    if (x->ref == r && x->nref == f->nref) return x;
    free(x->v);
    *x = (struct lp_seen_back){.nref = f->nref, .v = calloc(f->nref + 1, sizeof *x->v)};
    for (uint32_t k = 0; x->v && k < f->nref; k++)
        if (goes_back(s, f, &r[k])) x->v[x->n++] = k;
    x->ref = x->v ? r : NULL;
    return x->ref ? x : NULL;
}

uint32_t lp_array_in_front(const struct lp_side *s, uint32_t function, uint64_t at, uint64_t addr)
{
    const uint32_t i = addr ? lp_side_atom(s, addr - 1) : LP_NONE;
    if (i == LP_NONE || s->atom[i].end != addr || s->atom[i].kind != LP_ATOM_OBJECT) return LP_NONE;
    const struct lp_atom *f = &s->atom[function];
    unsigned n = f->nref;
    const struct lp_ref_at *r = at ? lp_refs_at(s, f, at, &n) : lp_refs_of_atom(s, f);
    const struct lp_seen_back *all = at ? NULL : all_back(s, f);
    for (unsigned k = 0; k < (all ? all->n : n); k++) {
        const struct lp_ref_at *x = &r[all ? all->v[k] : k];
        if (x->addr == addr && may_end(s, &s->atom[i], goes_back(s, f, x))) return i;
    }
    return LP_NONE;
}
