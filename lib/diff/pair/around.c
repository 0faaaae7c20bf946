/* diff/pair/around.c - NAME, constants without names: what is around them. Data is cut where something refers to it, and nothing says whether another thing
 * begins there, or whether it is a row of a table, a field of its rows, or where the one in front ends. So what is behind such a cut counts, too, as far as
 * the one thing may go; and what is in front, where an address may be the end of that. (A text ends where it says, and symbols say where a table does.) */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/data.h"
#include "diff/side/seen.h"
#include "diff/side/walk.h"
#include "a64/a64.h"
#include "a64/access.h"
#include "base/search.h"

/* Does the function make the address of the end, to which something goes by steps, or does nothing of it go by steps through what is in front of that? */
static bool steps_to(const struct lp_side *s, uint32_t self, const struct lp_atom *a)
{
    const struct lp_atom *f = &s->atom[self];
    const struct lp_ref_at *r = lp_refs_of_atom(s, f);
    bool steps = false, ends = false;
    for (uint32_t k = 0; k < f->nref; k++) {
        steps |= r[k].flags & LP_FLOW_STEPS && r[k].addr >= a->start && r[k].addr <= a->end;
        ends |= lp_makes_address(&r[k]) && r[k].addr == a->end && lp_ends_steps(s, self, r[k].at, a->end);
    }
    return !steps || ends;
}

/* Does the function read there, by itself and no farther than to the end of the piece? */
static bool is_bounded(const struct lp_side *s, const struct lp_use *u, uint32_t i)
{
    struct lp_handed h;
    if (!u->at || u->self == LP_NONE || !lp_is_read(s, u->self, u->at)) return false;
    if (lp_is_indexed_to(s, u->self, u->at, u->addr, s->atom[i].end)) return false;
    lp_handed(s, u->self, u->at, &h);
    return !h.lost && !h.n && steps_to(s, u->self, &s->atom[i]);
}

/* The same to where the one thing may go. */
static bool same_rows(lp_diff *d, const struct lp_constants_asked *x)
{
    const struct lp_side *o = x->o, *s = NEW(d);
    const struct lp_use *u = x->u, *n = x->n;
    const uint32_t i = lp_last_of_table(o, x->a), k = lp_last_of_table(s, x->b);
    if (i == x->a && k == x->b) return true;
    const uint64_t len = o->atom[i].end - u->addr, other = s->atom[k].end - n->addr, common = len < other ? len : other, most = len < other ? other : len;
    const bool whole = o != OLD(d) || !lp_any_overwritten(d, u->addr, u->addr + most);
    uint64_t at;
    if (!whole && lp_any_overwritten(d, u->addr, o->atom[i].end)) return false;
    if (len != other && whole && lp_same_data(d, o, u->addr, n->addr, most, &at)) return true; /* wherever it ends */
    if (len != other && !(lp_only_zeros(o, u->addr + common, o->atom[i].end) && lp_only_zeros(s, n->addr + common, s->atom[k].end))) return false;
    return lp_same_data(d, o, u->addr, n->addr, common, &at);
}

/* From where what ends at the address goes to it, and is no text; the address: nothing does. */
static uint64_t front_of(const struct lp_side *s, uint32_t i, uint64_t addr)
{
    const uint64_t start = s->atom[i].start;
    if (addr == start) return lp_may_end_at(s, i) ? s->atom[i - 1].start : addr;
    return s->objects || lp_are_texts(s, start, addr) ? addr : start;
}

/* Is something added to it that may lead out of what begins there? */
static bool is_led_out(const struct lp_side *s, const struct lp_use *u)
{
    const uint32_t i = lp_side_atom(s, u->addr);
    return i == LP_NONE || lp_is_indexed_to(s, u->self, u->at, u->addr, s->atom[i].end);
}

/* Are there nothing but addresses in front of it, where the word reads less than one? */
static bool reads_less(const struct lp_side *s, const struct lp_use *u)
{
    const uint32_t i = lp_side_atom(s, u->addr), w = lp_code_word(s, u->at);
    const struct lp_atom *front = i == LP_NONE || !i ? NULL : &s->atom[i - 1];
    struct lp_a64_access m;
    if (!front || !lp_a64_access(lp_a64_find(w, LP_A64_ALL), w, &m) || m.bytes >= 8) return false;
    return front->end - front->start >= 8 && lp_addresses_in(s, front->start, front->end) == (front->end - front->start) / 8;
}

/* Is something read there at once? */
static bool is_start(const struct lp_side *s, const struct lp_use *u)
{
    if (!u->at || u->self == LP_NONE) return false;
    if (reads_less(s, u)) return true;
    return lp_is_read(s, u->self, u->at) ? !is_led_out(s, u) : lp_is_read_by_call(s, u->self, u->at);
}

/* Has data beside a word that holds the address another one that leads into what ends there? */
static bool is_led_into(const struct lp_side *s, uint64_t addr, uint32_t front)
{
    enum { NEAR = 32 };
    const uint64_t start = s->atom[lp_first_of_table(s, front)].start;
    bool led = lp_side_guesses(s);
    for (size_t k = 0; k < s->nword && !led; k++) {
        const struct lp_word_at *w = &s->word[k];
        if (w->kind != LP_WORD_ADDR || w->value != addr) continue;
        for (size_t i = lp_count_below(s->word, s->nword, sizeof *w, w->at - NEAR); i < s->nword && s->word[i].at <= w->at + NEAR; i++)
            led |= s->word[i].kind == LP_WORD_ADDR && s->word[i].value >= start && s->word[i].value < addr;
    }
    return led;
}

/* Does another function of the file get it, or perhaps? */
static bool is_handed_on(const struct lp_side *s, const struct lp_use *u)
{
    struct lp_handed h;
    lp_handed(s, u->self, u->at, &h);
    bool own = h.lost || lp_is_compared(s, u->self, u->at);
    for (size_t i = 0; i < h.n && !own; i++) own = h.v[i].to == LP_HANDED_BACK || lp_side_start(s, h.v[i].to) != LP_NONE;
    return own;
}

/* Is it a text's, where whoever has it has nothing else of what is in front of it, as who has the end of a table has? */
static bool is_surely_text(const struct lp_side *s, const struct lp_use *n, uint32_t b)
{
    if (s->atom[b].start != n->addr || !lp_begins_long_text(s, n->addr)) return false;
    if (!lp_may_end_at(s, b)) return true; /* nothing is in front of it */
    if (!n->at || n->self == LP_NONE) return !is_led_into(s, n->addr, b - 1);
    bool any = lp_is_compared(s, n->self, n->at);
    for (uint32_t i = lp_first_of_table(s, b - 1); i < b && !any; i++) any = lp_refers_into(s, n->self, &s->atom[i]);
    return !any || (!is_led_out(s, n) && !is_handed_on(s, n));
}

/* Whose address the new one is, if a constant of the old file is looked for by it; NULL: it is compared with one. */
static const struct lp_use *wanted_at(const lp_diff *d, uint64_t addr) { return d->wanted && d->wanted->addr == addr ? d->wanted : NULL; }

static bool same_front(lp_diff *d, const struct lp_constants_asked *x)
{
    const struct lp_side *o = x->o, *s = NEW(d);
    const struct lp_use *u = x->u, *n = x->n;
    const uint32_t a = x->a, b = x->b;
    if (u->addr < o->atom[a].start && n->addr < s->atom[b].start) return true; /* an index leads to what begins behind it: it is no end */
    const uint64_t len = u->addr - front_of(o, a, u->addr), other = n->addr - front_of(s, b, n->addr), common = len < other ? len : other;
    uint64_t at;
    if (!len && !other) return true;
    if (common && lp_same_data(d, o, u->addr - common, n->addr - common, common, &at)) return true;
    const struct lp_use *wanted = wanted_at(d, n->addr);
    if (is_surely_text(s, wanted ? wanted : n, b)) return true;
    return wanted ? is_start(s, wanted) : is_start(s, n) && (o != OLD(d) || is_start(o, u));
}

bool lp_same_around(lp_diff *d, const struct lp_constants_asked *x)
{
    enum { DEEP = 2 }; /* what a constant leads to, and no farther */
    if (x->u->width || x->n->width || d->depth > DEEP || x->o->span[x->o->atom[x->a].span].flags & LP_SPAN_NEW) return true;
    const struct lp_use *wanted = wanted_at(d, x->n->addr);
    return (same_rows(d, x) || is_bounded(NEW(d), wanted ? wanted : x->n, x->b)) && same_front(d, x);
}

/* ---- what the dynamic linker writes, and nobody else: of that, pairs are the same, whatever they hold ---- */

/* Is what is behind a pair the pair of what is behind the other one, as far as it may be a part of the same table? */
static bool stays_whole(const lp_diff *d, uint32_t a, uint32_t b)
{
    const bool more = lp_goes_on(OLD(d), a + 1), here = lp_goes_on(NEW(d), b + 1);
    if (!more && !here) return true;
    const struct lp_atom *x = &OLD(d)->atom[a], *y = &NEW(d)->atom[b];
    const bool none = more && here && (x[1].pair & y[1].pair) == LP_NONE && !x[1].parted && x[1].end - x[1].start == y[1].end - y[1].start;
    return more && here && (none || x[1].pair == b + 1) && x->end - x->start == y->end - y->start;
}

/* Do both go on as far? */
bool lp_same_length(const lp_diff *d, const struct lp_side *o, uint32_t a, uint32_t b)
{
    const struct lp_side *s = NEW(d);
    if (!lp_goes_on(o, a + 1) && !lp_goes_on(s, b + 1)) return true;
    if (lp_is_constant(s, &s->atom[b]) || !lp_stays_constant(s, &s->atom[b])) return true;
    return o->atom[lp_last_of_table(o, a)].end - o->atom[a].start == s->atom[lp_last_of_table(s, b)].end - s->atom[b].start;
}

/* A row of a table that grew is no pair any more, nor is what is in front of it. True: some are none now. */
bool lp_part_tables(lp_diff *d)
{
    struct lp_side *s = NEW(d);
    bool any = false;
    for (uint32_t i = (uint32_t)s->natom; i-- > 0 && !s->objects && !OLD(d)->objects;) {
        struct lp_atom *b = &s->atom[i], *a = b->pair == LP_NONE ? NULL : &OLD(d)->atom[b->pair];
        if (!a || b->kind != LP_ATOM_PIECE || lp_is_constant(s, b) || !lp_stays_constant(s, b) || stays_whole(d, b->pair, i)) continue;
        a->pair = b->pair = LP_NONE;
        any = a->parted = b->parted = true;
    }
    return any;
}
