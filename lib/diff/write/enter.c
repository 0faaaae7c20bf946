/* diff/write/enter.c - CLOSE, new bodies: what leads into the middle of one. Of its own code that is nothing; tables of labels come along as copies of their
 * own, because the old body goes on with the old ones; other code would go on in the old body, so that there is no patch. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/code.h"
#include "diff/side/data.h"
#include "diff/side/walk.h"
#include "base/bits.h"

struct enter { lp_diff *d; struct lp_side *s; uint64_t lo, hi; }; /* lo, hi: all bodies that move are there */

/* The new body in whose middle an address is. */
static struct lp_atom *entered(const struct enter *e, uint64_t addr)
{
    uint32_t i = addr > e->lo && addr < e->hi ? lp_side_atom(e->s, addr) : LP_NONE;
    struct lp_atom *b = i == LP_NONE ? NULL : &e->s->atom[i];
    return b && lp_is_function(b) && b->included && !b->in_place && addr != b->start ? b : NULL;
}

static bool find_bounds(struct enter *e)
{
    for (size_t i = 0; i < e->s->natom; i++) {
        const struct lp_atom *b = &e->s->atom[i];
        if (!lp_is_function(b) || !b->included || b->in_place) continue;
        if (!e->hi) e->lo = b->start;
        if (b->end > e->hi) e->hi = b->end;
    }
    return e->hi != 0;
}

static void refuse(const struct enter *e, const struct lp_atom *from, uint64_t at, const struct lp_atom *b)
{
    char x[32], y[32];
    lp_diff_refuse(e->d, e->s, LP_E143, lp_atom_text(from, x), (unsigned long long)(at - from->start), lp_atom_text(b, y));
}

/* ---- code ---- */

/* A new body that other new ones lead into, or whose address of a place it makes itself, needs a name. */
static void code_leads(const struct enter *e, const struct lp_atom *from, uint64_t at, uint64_t addr, bool by_page)
{
    struct lp_atom *b = entered(e, addr);
    if (!b || (b == from && !by_page)) return;
    if (from->included) b->by_entry = true;
    else if (from->pair != LP_NONE) refuse(e, from, at, b);
}

/* By a slot, which has a place in the old body, whoever reads it: nothing says which one of the new body that is. */
static void slot_leads(const struct enter *e, const struct lp_atom *from, uint64_t at, uint64_t slot)
{
    const struct lp_span *x = lp_side_span(e->s, slot);
    const struct lp_word_at *w = x && x->flags & LP_SPAN_GOT ? lp_side_word(e->s, slot) : NULL;
    const struct lp_atom *b = w && w->kind == LP_WORD_ADDR && !w->sym ? entered(e, w->value) : NULL;
    if (b && (from->included || from->pair != LP_NONE)) refuse(e, from, at, b);
}

/* Does the word make an address? */
static bool makes(const struct lp_side *s, const struct lp_ref_at *r)
{
    return r->kind == LP_FLOW_ADDR || (r->kind == LP_REF_NUMBER && lp_read_number(s, r) != LP_READ_NUMBER);
}

static void look_at_code(const struct enter *e, uint32_t i)
{
    const struct lp_atom *b = &e->s->atom[i];
    uint64_t avail = 0, t;
    uint32_t m;
    for (uint32_t k = 0; k < b->nref; k++) {
        const struct lp_ref_at *r = &e->s->ref[b->ref + k];
        if (!makes(e->s, r)) continue;
        code_leads(e, b, r->at, r->addr, true);
        slot_leads(e, b, r->at, r->addr);
    }
    const uint8_t *p = lp_side_code(e->s, b->start, &avail);
    for (uint64_t off = 0; p && off + 4 <= avail && off < b->end - b->start; off += 4)
        if (lp_word_target(lp_le32(p + off), b->start + off, &t, &m)) code_leads(e, b, b->start + off, t, false);
    if (lp_falls(e->s, i, &t) == LP_FALL_SURELY) code_leads(e, b, b->end - 4, t, false);
}

/* ---- data ---- */

static void label_in(const struct enter *e, uint64_t at, uint64_t value)
{
    struct lp_atom *b = entered(e, value);
    uint32_t i = b ? lp_side_atom(e->s, at) : LP_NONE;
    struct lp_atom *a = i == LP_NONE ? NULL : &e->s->atom[i];
    uint32_t f = a ? e->s->span[a->span].flags : 0;
    if (!a || !lp_is_datum(a) || lp_is_mere_note(f)) return;
    if (f & LP_SPAN_WRITE && !(f & LP_SPAN_RELRO)) { /* the program may have changed it */
        refuse(e, a, at, b);
        return;
    }
    a->labels = b->by_entry = true;
}

/* A word that may be a number as well: it is one, if what the old file has in its place leads nowhere in that function. */
static bool is_label(const struct enter *e, const struct lp_atom *a, uint64_t at, uint64_t value)
{
    const struct lp_side *o = OLD(e->d);
    const enum lp_reading reading = lp_read_word(e->s, at, value);
    uint64_t avail = 0;
    if (reading != LP_READ_EITHER || a->pair == LP_NONE) return reading != LP_READ_NUMBER;
    const uint64_t there = o->atom[a->pair].start + (at - a->start);
    const uint8_t *p = lp_side_bytes(o, there, &avail);
    const uint64_t v = p && avail >= 8 ? lp_le64(p) : 0;
    const uint32_t f = p ? lp_side_atom(o, v) : LP_NONE;
    return f != LP_NONE && o->atom[f].pair == lp_side_atom(e->s, value) && lp_read_word(o, there, v) != LP_READ_NUMBER;
}

static void look_at_datum(const struct enter *e, const struct lp_atom *a)
{
    uint64_t avail = 0;
    const uint8_t *p = lp_side_bytes(e->s, a->start, &avail);
    for (uint64_t at = lp_align_up(a->start, 8); p && at + 8 <= a->end && at - a->start + 8 <= avail; at += 8)
        if (is_label(e, a, at, lp_le64(p + (at - a->start)))) label_in(e, at, lp_le64(p + (at - a->start)));
}

/* ---- tables of differences of labels ---- */

/* A jump table that has a name is data of the program's own, from which others may jump as well; but each new body has one of its own. */
static void copy_table(const struct enter *e, const struct lp_atom *b, const struct lp_flow_table *t)
{
    char buf[32];
    const uint32_t i = t->n && !t->offsets ? lp_side_atom(e->s, t->at) : LP_NONE;
    struct lp_atom *a = i == LP_NONE ? NULL : &e->s->atom[i];
    if (!a || !lp_is_datum(a) || a->pair == LP_NONE || lp_is_copied(a) || !lp_datum_changed(e->d, a)) return;
    a->labels = lp_is_constant(e->s, a) && t->base >= b->start && t->base < b->end;
    if (!a->labels)
        lp_diff_refuse(e->d, e->s, LP_E140, lp_atom_text(b, buf), (unsigned long long)(t->br_at - b->start), "the jump table cannot be elsewhere");
}

static void copy_tables(const struct enter *e)
{
    for (size_t i = 0; i < e->s->natom; i++) {
        const struct lp_atom *b = &e->s->atom[i];
        for (uint32_t k = 0; lp_is_function(b) && b->included && !b->in_place && k < b->ntable; k++) copy_table(e, b, &e->s->table[b->table + k].t);
    }
}

/* The end of a section that the function goes through, which is where the table begins. */
static bool is_bound(const struct lp_side *s, const struct lp_atom *b, uint64_t addr)
{
    const struct lp_span *x = lp_side_span(s, addr - 1);
    bool hit = false;
    for (uint32_t k = 0; x && x->end == addr && k < b->nref && !hit; k++) hit = s->ref[b->ref + k].addr >= x->start && s->ref[b->ref + k].addr < x->end;
    return hit;
}

/* Who else uses a table that comes along as a copy? */
static void check_users(const struct enter *e)
{
    const struct lp_side *s = e->s;
    for (size_t i = 0; i < s->natom; i++) {
        const struct lp_atom *b = &s->atom[i];
        for (uint32_t k = 0; lp_is_function(b) && !b->included && b->pair != LP_NONE && k < b->nref; k++) {
            const struct lp_ref_at *r = &s->ref[b->ref + k];
            uint32_t t = makes(s, r) ? lp_side_atom(s, r->addr) : LP_NONE;
            if (t != LP_NONE && s->atom[t].labels && !is_bound(s, b, r->addr) && !lp_only_base(s, (uint32_t)i, r->at)) refuse(e, b, r->at, &s->atom[t]);
        }
    }
    for (size_t i = 0; i < s->nword; i++) {
        uint32_t t = s->word[i].kind == LP_WORD_ADDR ? lp_side_atom(s, s->word[i].value) : LP_NONE, a = lp_side_atom(s, s->word[i].at);
        if (t != LP_NONE && s->atom[t].labels && a != LP_NONE && !s->atom[a].labels) refuse(e, &s->atom[a], s->word[i].at, &s->atom[t]);
    }
}

void lp_diff_enter(lp_diff *d)
{
    struct enter e = {.d = d, .s = NEW(d)};
    bool fixed = lp_side_guesses(e.s), labels = false;
    if (!find_bounds(&e)) return;
    copy_tables(&e);
    for (uint32_t i = 0; i < e.s->natom; i++) {
        if (lp_is_function(&e.s->atom[i])) look_at_code(&e, i);
        else if (fixed && lp_is_datum(&e.s->atom[i])) look_at_datum(&e, &e.s->atom[i]);
    }
    for (size_t i = 0; i < e.s->nword; i++)
        if (e.s->word[i].kind == LP_WORD_ADDR) label_in(&e, e.s->word[i].at, e.s->word[i].value);
    for (size_t i = 0; i < e.s->natom && !labels; i++) labels = e.s->atom[i].labels;
    if (labels) check_users(&e);
}
