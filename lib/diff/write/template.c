/* diff/write/template.c - CLOSE, code that is read as data, as a template that is copied from its start to its end: who has the address of a function that
 * moves has that of a branch to the new body, and the end is that of the old one. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/seen.h"
#include "a64/a64.h"

#include <string.h>

/* What the registers hold, as one word follows the other: addresses of functions, or 0. */
struct walk { lp_diff *d; const struct lp_side *s; uint32_t atom; struct lp_words code; uint64_t reg[32]; };

static struct lp_atom *function_at(const struct lp_side *s, uint64_t addr)
{
    const uint32_t i = addr ? lp_side_atom(s, addr) : LP_NONE;
    struct lp_atom *a = i == LP_NONE ? NULL : &s->atom[i];
    return a && (a->kind == LP_ATOM_FUNC || a->kind == LP_ATOM_LOOSE) && a->start == addr ? a : NULL;
}

static bool moves(const struct lp_atom *a) { return a->included && !a->in_place; }

/* Is there nothing but padding between them? */
static bool is_end(const struct lp_side *s, const struct lp_atom *a, const struct lp_atom *b)
{
    uint64_t at = a->end;
    while (at < b->start && (!lp_code_word(s, at) || lp_code_word(s, at) == LP_A64_NOP)) at += 4;
    return at == b->start;
}

static void refuse(const struct walk *w, uint64_t at, const struct lp_atom *a)
{
    char x[32], y[32];
    const struct lp_atom *f = &w->s->atom[w->atom];
    lp_diff_refuse(w->d, w->s, LP_E149, lp_atom_text(f, x), (unsigned long long)(at - f->start), lp_atom_text(a, y));
}

/* The distance of two, of which one is where the other ends. */
static void look_at_both(const struct walk *w, uint64_t at, uint64_t one, uint64_t other)
{
    const struct lp_atom *a = function_at(w->s, one < other ? one : other), *b = function_at(w->s, one < other ? other : one);
    if (a && b && a != b && (moves(a) || (moves(b) && b->pair == LP_NONE)) && is_end(w->s, a, b)) refuse(w, at, a);
}

/* What goes from the second argument to the first. */
static bool is_copy(const struct lp_side *s, uint64_t to)
{
    static const char *const names[] = {"memcpy", "memmove", "__memcpy_chk", "__memmove_chk", "mempcpy", "__mempcpy_chk", "bcopy"};
    const uint32_t i = lp_side_atom(s, lp_side_through(s, to));
    const char *name = i == LP_NONE ? NULL : lp_atom_name(&s->atom[i]);
    for (size_t k = 0; name && k < sizeof names / sizeof *names; k++)
        if (strncmp(name, names[k], strlen(names[k])) == 0 && strchr("@", name[strlen(names[k])])) return true;
    return false;
}

static void look_at_call(const struct walk *w, uint64_t at, uint32_t word)
{
    uint64_t to;
    uint32_t mask;
    const struct lp_atom *a = function_at(w->s, w->reg[1]);
    if (a && moves(a) && lp_a64_is_b_bl(word) && lp_word_target(word, at, &to, &mask) && is_copy(w->s, to)) refuse(w, at, a);
}

/* The address of a function that the word makes, or loads from a slot. */
static uint64_t made(const struct walk *w, const struct lp_ref_at *r, uint32_t word)
{
    const struct lp_word_at *x = r->width == 8 && lp_a64_is_load_store(word) ? lp_side_word(w->s, r->addr) : NULL;
    if (x) return x->kind == LP_WORD_ADDR ? x->value : 0;
    return r->width || r->flags & LP_FLOW_INDEXED || (r->kind != LP_FLOW_ADDR && r->kind != LP_FLOW_TARGET) ? 0 : r->addr;
}

static void step(struct walk *w, uint64_t at, uint32_t word, const struct lp_ref_at *r)
{
    const bool sub = (word & 0xdf200000) == 0xcb000000 && !(word >> 10 & 63), moved = lp_a64_is_mov(word); /* SUB, SUBS, CMP of X registers */
    if (sub && (word >> 5 & 31) != 31 && (word >> 16 & 31) != 31) look_at_both(w, at, w->reg[word >> 5 & 31], w->reg[word >> 16 & 31]);
    if (lp_a64_is_call(word) || lp_a64_is_b(word)) look_at_call(w, at, word);
    const uint64_t v = r ? made(w, r, word) : moved && (word >> 16 & 31) != 31 ? w->reg[word >> 16 & 31] : 0;
    uint32_t written = lp_a64_is_call(word) ? 0x4007ffff : lp_a64_is_b(word) || lp_a64_is_branch_reg(word) ? UINT32_MAX : lp_seen_word(w->s, word)->regs.write;
    for (; written; written &= written - 1) w->reg[__builtin_ctz(written)] = 0;
    if (v && (word & 31) != 31) w->reg[word & 31] = v;
}

static void walk(lp_diff *d, uint32_t atom)
{
    struct walk w = {.d = d, .s = NEW(d), .atom = atom, .code = lp_words_of(NEW(d), atom)};
    const struct lp_atom *a = &w.s->atom[atom];
    const struct lp_ref_at *r = w.s->ref + a->ref, *end = r + a->nref;
    for (uint64_t at = a->start; at + 4 <= a->end; at += 4) {
        while (r < end && r->at < at) r++;
        step(&w, at, lp_words_at(&w.code, at), r < end && r->at == at ? r : NULL);
    }
}

/* Who has addresses of functions that move, other than to call them? */
void lp_refuse_templates(lp_diff *d)
{
    const struct lp_side *s = NEW(d);
    for (uint32_t i = 0; i < s->natom; i++) {
        const struct lp_atom *a = &s->atom[i];
        bool any = false;
        if ((a->kind != LP_ATOM_FUNC && a->kind != LP_ATOM_LOOSE) || (a->pair == LP_NONE && !a->included)) continue;
        for (uint32_t k = a->ref; k < a->ref + a->nref && !any; k++) {
            const struct lp_ref_at *r = &s->ref[k];
            const struct lp_word_at *x = r->width == 8 ? lp_side_word(s, r->addr) : NULL;
            const struct lp_atom *f = r->kind == LP_FLOW_PAGE ? NULL : function_at(s, x && x->kind == LP_WORD_ADDR ? x->value : r->addr);
            any = f && moves(f);
        }
        if (any) walk(d, i);
    }
}
