/* diff/write/close.c - CLOSE: which functions the patch has, and what else must be in it because they are. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/code.h"
#include "diff/side/data.h"
#include "diff/side/seen.h"
#include "diff/side/walk.h"
#include "base/bits.h"
#include "base/search.h"

#include <elf.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_IN_PLACE = 8, MOST_TOGETHER = 1 << 16 }; /* bytes of data that must stay together */

/* ---- which ones ---- */

static const char *guess(unsigned rule)
{
    return rule == LP_RULE_ORDER ? "their order" : rule == LP_RULE_CALL ? "who calls them" : rule == LP_RULE_ENTRY ? "being entry points" :
           rule == LP_RULE_SLOT ? "their slots in tables" : NULL;
}


/* By its symbol, or because the dynamic linker, or the program's start, calls it. */
static bool is_resolver(const struct lp_side *s, const struct lp_atom *a)
{
    if (a->sym && a->sym->type == STT_GNU_IFUNC) return true;
    size_t i = s->resolves ? 0 : s->nword;
    while (i < s->nword && (s->word[i].kind != LP_WORD_IFUNC || s->word[i].sym || s->word[i].value != a->start)) i++;
    return i < s->nword;
}

/* BTI or PACIASP. */
static bool is_pad(uint32_t w) { return lp_a64_is_bti(w) || w == 0xd503233f; }

static void refuse_changed(lp_diff *d, struct lp_atom *a, struct lp_atom *b)
{
    char x[32], y[32];
    if (guess(a->rule) && !(d->opt.flags & LP_DIFF_HEURISTIC)) lp_diff_refuse(d, OLD(d), LP_E111, lp_atom_text(a, x), lp_atom_text(b, y), guess(a->rule));
    if (a->kind == LP_ATOM_LOOSE || a->merged || b->merged)
        lp_diff_refuse(d, OLD(d), LP_E142, lp_atom_text(a, x), (unsigned long long)a->start, (unsigned long long)a->end);
    if (is_resolver(OLD(d), a) || is_resolver(NEW(d), b)) lp_diff_refuse(d, OLD(d), LP_E131, lp_atom_text(a, x));
    if (lp_elf_info(OLD(d)->elf)->gnu_property & 1) {
        uint32_t v = lp_code_word(OLD(d), a->start), w = lp_code_word(NEW(d), b->start);
        if (is_pad(v) && !is_pad(w)) lp_diff_refuse(d, NEW(d), LP_E190, lp_atom_text(b, y));
    }
}

/* What differs is line numbers alone, by proof or on request. */
static bool only_lines(lp_diff *d, uint32_t i)
{
    struct lp_atom *a = &OLD(d)->atom[i], *b = &NEW(d)->atom[a->pair];
    int64_t delta = 0;
    char buf[32];
    if (a->why != LP_WHY_NUMBER) return false;
    enum lp_line_proof proof = lp_line_proof(d, i, &delta);
    if (proof == LP_LINE_PROVED || (proof == LP_LINE_LIKELY && d->opt.flags & LP_DIFF_ASSUME_LINE)) {
        a->state = b->state = LP_DIFF_LEFT, a->why = b->why = proof == LP_LINE_PROVED ? LP_WHY_LINE : LP_WHY_LINE_ASSUMED;
        return true;
    }
    if (proof == LP_LINE_LIKELY && !a->included)
        lp_diff_remark(d, "%s: what differs looks like __LINE__ (%+lld), which no debugging information of both (-g, --debug) proves; --assume-line "
                       "leaves it out", lp_atom_text(a, buf), (long long)delta);
    return false;
}

static void include_changed(lp_diff *d)
{
    for (size_t i = 0; i < OLD(d)->natom; i++) {
        struct lp_atom *a = &OLD(d)->atom[i];
        if (!lp_is_function(a) || a->state != LP_DIFF_CHANGED) continue;
        struct lp_atom *b = &NEW(d)->atom[a->pair];
        if (only_lines(d, (uint32_t)i)) continue;
        if (!lp_diff_wants(d, lp_atom_name(a))) {
            a->state = b->state = LP_DIFF_LEFT;
            continue;
        }
        a->included = b->included = true;
        refuse_changed(d, a, b);
    }
}

/* ---- what they need ---- */

struct list { uint32_t *v; size_t n, cap; };

static void push(lp_diff *d, struct list *l, uint32_t i)
{
    uint32_t *v = lp_grow(l->v, &l->cap, l->n, sizeof *v);
    if (!v) {
        d->nomem = true;
        return;
    }
    l->v = v;
    v[l->n++] = i;
}

static void need(lp_diff *d, struct list *l, uint64_t addr);

/* What the words of new data point at: in a position-dependent program, whose file does not say which ones are addresses, where a new function or
 * object begins. */
static void need_of_words(lp_diff *d, struct list *l, const struct lp_atom *b)
{
    const struct lp_side *s = NEW(d);
    uint64_t avail = 0;
    for (size_t k = lp_count_below(s->word, s->nword, sizeof *s->word, b->start); k < s->nword && s->word[k].at < b->end; k++)
        if (s->word[k].kind == LP_WORD_ADDR) need(d, l, s->word[k].value);
    const uint8_t *p = lp_side_guesses(s) ? lp_side_bytes(s, b->start, &avail) : NULL;
    for (uint64_t at = lp_align_up(b->start, 8); p && at + 8 <= b->end && at - b->start + 8 <= avail; at += 8) {
        uint64_t v = lp_le64(p + (at - b->start));
        uint32_t i = lp_side_start(s, v);
        if (i != LP_NONE && (lp_is_function(&s->atom[i]) || s->atom[i].kind == LP_ATOM_OBJECT)) need(d, l, v);
    }
}

/* A function that the old file has not. */
static void need(lp_diff *d, struct list *l, uint64_t addr)
{
    struct lp_side *s = NEW(d);
    uint32_t i = lp_side_atom(s, addr);
    struct lp_atom *b = i == LP_NONE ? NULL : &s->atom[i];
    if (!b || (b->pair != LP_NONE && !b->resized) || b->included) return;
    if (lp_is_function(b)) {
        b->included = true;
        push(d, l, i);
    } else if (lp_is_datum(b)) {
        b->included = true;
        need_of_words(d, l, b);
    }
}

static void need_of(lp_diff *d, struct list *l, uint32_t atom)
{
    struct lp_side *s = NEW(d);
    uint64_t t;
    uint32_t m;
    for (uint32_t i = 0; i < s->atom[atom].nref; i++)
        if (s->ref[s->atom[atom].ref + i].kind == LP_FLOW_ADDR || s->ref[s->atom[atom].ref + i].kind == LP_REF_NUMBER) {
            const uint64_t addr = s->ref[s->atom[atom].ref + i].addr;
            const struct lp_word_at *w = lp_side_word(s, addr);
            if (w && w->kind == LP_WORD_ADDR) need(d, l, w->value);
            need(d, l, addr);
        }
    for (uint64_t at = s->atom[atom].start; at < s->atom[atom].end; at += 4)
        if (lp_word_target(lp_code_word(s, at), at, &t, &m)) need(d, l, lp_side_through(s, t));
    if (lp_falls(s, atom, &t) == LP_FALL_SURELY) need(d, l, lp_side_through(s, t));
    for (uint32_t p = s->atom[atom].part; s->atom[atom].parent == LP_NONE && p != LP_NONE; p = s->atom[p].part) need(d, l, s->atom[p].start);
}

/* A function that only data of both files lead to, by a word that must have changed: a slot of a vtable. */
static void need_by_word(lp_diff *d, struct list *l, uint64_t at, uint64_t value)
{
    const struct lp_side *s = NEW(d);
    uint32_t f = lp_side_start(s, value), i = f != LP_NONE && lp_is_function(&s->atom[f]) && s->atom[f].pair == LP_NONE ? lp_side_atom(s, at) : LP_NONE;
    if (i != LP_NONE && !lp_is_code_atom(&s->atom[i]) && s->atom[i].pair != LP_NONE) need(d, l, value);
}

static void need_of_data(lp_diff *d, struct list *l)
{
    const struct lp_side *s = NEW(d);
    for (size_t i = 0; i < s->nword; i++)
        if (s->word[i].kind == LP_WORD_ADDR) need_by_word(d, l, s->word[i].at, s->word[i].value);
    for (size_t i = 0; i < s->natom && lp_side_guesses(s); i++) {
        const struct lp_atom *a = &s->atom[i];
        uint64_t avail = 0;
        const uint8_t *p = lp_is_code_atom(a) || a->pair == LP_NONE ? NULL : lp_side_bytes(s, a->start, &avail);
        for (uint64_t at = lp_align_up(a->start, 8); p && at + 8 <= a->end && at - a->start + 8 <= avail; at += 8)
            need_by_word(d, l, at, lp_le64(p + (at - a->start)));
    }
}

static void include_needed(lp_diff *d)
{
    struct list l = {0};
    struct lp_side *s = NEW(d);
    need_of_data(d, &l);
    for (uint32_t i = 0; i < s->natom; i++)
        if (lp_is_function(&s->atom[i]) && s->atom[i].included) push(d, &l, i);
    for (size_t k = 0; k < l.n; k++) need_of(d, &l, l.v[k]);
    free(l.v);
}

/* ---- in place, or a new body ---- */

static bool same_size(const struct lp_atom *a, const struct lp_atom *b) { return a->end - a->start == b->end - b->start; }

static bool fits_in_place(lp_diff *d, uint32_t i)
{
    struct lp_atom *a = &OLD(d)->atom[i], *b = &NEW(d)->atom[a->pair];
    uint32_t off[WORDS_IN_PLACE + 1];
    if (b->no_place || !same_size(a, b) || !lp_fall_alike(d, OLD(d), i, a->pair) || a->why == LP_WHY_TABLE || a->why == LP_WHY_PART) return false;
    return lp_differing_words(d, i, off, WORDS_IN_PLACE + 1) <= WORDS_IN_PLACE && lp_same_unwinding(d, i) && !lp_exceptions_differ(d, i);
}

/* Of a function and its parts either all changed ones fit in their places, or all move. */
static void place_group(lp_diff *d, uint32_t head)
{
    struct lp_side *s = NEW(d);
    bool any = false, fits = true, parts = s->atom[head].part != LP_NONE;
    for (uint32_t k = head; k != LP_NONE; k = s->atom[k].part) {
        struct lp_atom *b = &s->atom[k];
        any |= b->included;
        if (b->included) fits &= b->pair != LP_NONE && fits_in_place(d, b->pair);
    }
    if (!any) return;
    for (uint32_t k = head; k != LP_NONE; k = s->atom[k].part) {
        struct lp_atom *b = &s->atom[k];
        b->in_place = fits;
        if (fits || !parts) continue;
        if (!b->included && b->pair != LP_NONE) OLD(d)->atom[b->pair].why = b->why = LP_WHY_PART, OLD(d)->atom[b->pair].state = b->state = LP_DIFF_CHANGED;
        b->included = b->by_entry = true;
        b->moved_part = k != head;
        if (b->pair != LP_NONE) OLD(d)->atom[b->pair].included = true;
    }
}

static void choose_places(lp_diff *d)
{
    struct lp_side *s = NEW(d);
    for (uint32_t i = 0; i < s->natom; i++)
        if (lp_is_function(&s->atom[i]) && s->atom[i].parent == LP_NONE) place_group(d, i);
}

static void refuse_exceptions(lp_diff *d, uint32_t atom)
{
    const struct lp_atom *b = &NEW(d)->atom[atom];
    if (!b->in_place) lp_check_lsda(d, atom), lp_check_unwinding(d, atom);
}

static void refuse_moved(lp_diff *d)
{
    char buf[32];
    for (uint32_t i = 0; i < NEW(d)->natom; i++) {
        const struct lp_atom *b = &NEW(d)->atom[i];
        if (lp_is_function(b) && b->included) refuse_exceptions(d, i);
        for (uint32_t k = 0; lp_is_function(b) && b->included && k < b->ntable; k++) {
            const struct lp_flow_table *t = &NEW(d)->table[b->table + k].t;
            if (t->n || t->offsets) continue;
            lp_diff_refuse(d, NEW(d), LP_E140, lp_atom_text(b, buf), (unsigned long long)(t->br_at - b->start), "the jump table is not understood");
        }
    }
}

/* ---- data that must stay together ---- */

/* A word that reaches one unnamed datum, or one behind a copy, from the address of another one; first, last: the two, or instead of what it reaches the
 * array behind that, if an index may lead there. */
struct reach { uint64_t base, array; uint32_t to, first, last; };

/* Does the function make an address in a constant for others than itself? (What is left in X1 where it returns is hardly a result, and X8 has the address of
 * what is written.) */
static bool hands_on(const struct lp_side *s, uint32_t function, const struct lp_atom *a)
{
    enum { X1 = 1 << 1, X8 = 1 << 8 };
    for (uint32_t k = 0; k < s->atom[function].nref; k++) {
        const struct lp_ref_at *r = &s->ref[s->atom[function].ref + k];
        const bool access = lp_a64_is_load_store(lp_code_word(s, r->at));
        struct lp_handed h;
        if (r->kind == LP_FLOW_PAGE || access || r->addr < a->start || r->addr >= a->end) continue;
        lp_handed_copy(s, function, r->at, &h);
        if (h.lost) return true;
        for (size_t i = 0; i < h.n; i++)
            if (h.v[i].regs != (h.v[i].to == LP_HANDED_BACK ? X1 : X8)) return true;
    }
    return false;
}

/* Constants behind a table that new bodies have a copy of, which this function alone uses, and hands on to nobody: a copy of them does, too. */
static bool follow_copy(const struct lp_side *s, uint32_t function, const struct reach *x)
{
    for (uint32_t i = x->first + 1; i <= x->last; i++) {
        const struct lp_atom *a = &s->atom[i];
        const bool datum = lp_is_datum(a);
        if (!datum || lp_is_copied(a) || !lp_stays_constant(s, a) || lp_is_used_else(s, function, i) || hands_on(s, function, a)) return false;
    }
    return true;
}

bool lp_bring_together(lp_diff *d, uint32_t atom)
{
    struct lp_atom *b = &NEW(d)->atom[atom];
    if (b->together) return false;
    return b->apart = d->again = true;
}

/* Of an object that the old file has, too: does a copy do for all new bodies, because none of them hands on its address? */
static bool may_be_copied(const struct lp_side *s, const struct lp_atom *a)
{
    for (uint32_t i = 0; i < s->natom; i++)
        if (lp_is_function(&s->atom[i]) && s->atom[i].included && lp_refers_into(s, i, a) && hands_on(s, i, a)) return false;
    return !lp_is_pointed_at(s, a);
}

bool lp_may_have_copies(const struct lp_side *s, uint32_t first, uint32_t last)
{
    if (s->atom[first].span != s->atom[last].span || s->atom[last].end - s->atom[first].start > MOST_TOGETHER) return false;
    for (uint32_t i = first; i <= last; i++) {
        const struct lp_atom *a = &s->atom[i];
        const bool datum = lp_is_datum(a);
        if (!datum || lp_is_copied(a) || !lp_stays_constant(s, a) || (a->pair != LP_NONE && !may_be_copied(s, a))) return false;
    }
    return true;
}

/* Constants, by their names, of which one is new: may all of them come along in one piece? */
static bool may_stay_together(const struct lp_side *s, const struct reach *x)
{
    bool any = false;
    for (uint32_t i = x->first; i <= x->last && !any; i++) any = s->atom[i].kind == LP_ATOM_OBJECT && s->atom[i].pair == LP_NONE;
    return any && lp_stays_constant(s, &s->atom[x->first]) && lp_may_have_copies(s, x->first, x->last);
}

/* What ends where another one begins: the address may be of either. */
static bool is_of_two(const struct lp_side *s, uint32_t atom, const struct lp_ref_at *r, struct reach *x)
{
    const struct lp_use u = {r->addr, r->base, atom, r->width, r->at};
    const uint32_t end = r->kind == LP_FLOW_ADDR ? lp_ending(s, &u) : LP_NONE, i = lp_side_atom(s, r->addr);
    *x = (struct reach){.base = r->addr, .to = i, .first = end, .last = i};
    return end != LP_NONE && i != LP_NONE && may_stay_together(s, x);
}

/* Constants without names that the old file may have anywhere: who has the address of one finds it by what it holds (place.c), so that a copy does. */
static bool are_texts(const struct lp_side *s, uint64_t addr, uint32_t first, uint32_t last)
{
    if (s->objects || !lp_side_text(s, addr)) return false;
    for (uint32_t i = first; i <= last; i++)
        if (!lp_is_lone(s, &s->atom[i])) return false;
    return true;
}

/* Constants in front of an array which an index may mean: where the function reads there and nothing else, a copy of all of them is right for both; so it is of
 * texts, whoever gets the address. */
static bool is_in_front(const struct lp_side *s, uint32_t atom, const struct lp_ref_at *r, struct reach *x)
{
    const struct lp_use u = {r->addr, r->base, atom, r->width, r->at};
    const uint32_t i = lp_side_atom(s, r->addr), array = r->kind == LP_FLOW_ADDR && i != LP_NONE ? lp_behind(s, &u) : LP_NONE;
    *x = (struct reach){.base = r->addr, .to = i, .first = i, .last = array};
    if (array == LP_NONE || i >= array || lp_surely_behind(s, &u)) return false;
    return (lp_only_base(s, atom, r->at) || are_texts(s, r->addr, i, array)) && lp_may_have_copies(s, i, array);
}

static bool reaches(lp_diff *d, uint32_t atom, const struct lp_ref_at *r, struct reach *x)
{
    const struct lp_side *s = NEW(d);
    int64_t off;
    if (s->atom[atom].together && (is_of_two(s, atom, r, x) || is_in_front(s, atom, r, x))) return true;
    if (r->kind != LP_FLOW_ADDR || !lp_word_offset(lp_code_word(s, r->at), &off) || !((r->addr - (uint64_t)off) & 4095)) return false;
    *x = (struct reach){.base = r->addr - (uint64_t)off, .to = lp_side_atom(s, r->addr)};
    const uint32_t from = lp_side_atom(s, x->base);
    if (from == LP_NONE || x->to == LP_NONE || from == x->to) return false;
    x->first = from < x->to ? from : x->to, x->last = from < x->to ? x->to : from;
    const struct lp_atom *a = &s->atom[x->first], *b = &s->atom[x->last];
    if (lp_is_copied(a) && from == x->first && lp_stays_constant(s, a))
        return a->span == b->span && b->end - a->start <= MOST_TOGETHER && follow_copy(s, atom, x);
    if (s->atom[atom].together && may_stay_together(s, x)) return true;
    if (a->pair != LP_NONE || a->kind != LP_ATOM_PIECE || b->kind != LP_ATOM_PIECE || a->span != b->span || b->end - a->start > MOST_TOGETHER) return false;
    for (uint32_t i = x->first; i <= x->last && !lp_is_constant(s, a); i++)
        if (s->atom[i].pair != LP_NONE || lp_may_be_old(d, &s->atom[i])) return false; /* the old file's variable is the one that is meant */
    const struct lp_use u = {r->addr, r->base, atom, r->width, r->at};
    const uint32_t i = lp_is_constant(s, b) ? lp_behind(s, &u) : LP_NONE;
    if (i == LP_NONE || i <= x->to || s->atom[i].span != b->span || s->atom[i].kind != LP_ATOM_PIECE) return true;
    x->array = s->atom[i].start;
    if (i > x->last) x->last = i;
    return true;
}

static void join(lp_diff *d, uint32_t atom, const struct lp_ref_at *r)
{
    struct reach x;
    if (reaches(d, atom, r, &x))
        for (uint32_t j = x.first + 1; j <= x.last; j++) NEW(d)->atom[j].joined = true;
}

/* Has the old file the constants as far apart? */
static bool has_all(lp_diff *d, const struct reach *x, const struct lp_ref_at *r)
{
    const struct lp_use from = {x->base, LP_NONE, LP_NONE, 0, 0}, to = {r->addr, LP_NONE, LP_NONE, r->width, 0}, array = {x->array, LP_NONE, LP_NONE, 0, 0};
    const size_t before = d->nsupposed;
    const uint64_t a = lp_old_constant(d, &from);
    bool same = a && lp_old_constant(d, &to) - a == r->addr - x->base && (!x->array || lp_old_constant(d, &array) - a == x->array - x->base);
    if (a && !same) same = lp_is_constant_as(d, a + (NEW(d)->atom[x->first].start - x->base), NEW(d)->atom[x->first].start,
                                             NEW(d)->atom[x->last].end - NEW(d)->atom[x->first].start);
    lp_suppose_back(d, before);
    return same;
}

static void find_needed(lp_diff *d, uint32_t atom, const struct lp_ref_at *r)
{
    struct lp_side *s = NEW(d);
    struct reach x;
    if (!reaches(d, atom, r, &x)) return;
    if (!s->atom[atom].together && lp_is_constant(s, &s->atom[x.to]) && !lp_is_copied(&s->atom[x.first]) && has_all(d, &x, r)) return;
    s->atom[lp_head_of(d, x.first)].needed = true;
}

/* Offsets between data of its own: a new object that is reached from another one stays with it, and all that is reached from there. */
static void join_data(lp_diff *d)
{
    struct lp_side *s = NEW(d);
    bool needed = false;
    for (uint32_t i = 0; i < s->natom; i++) s->atom[i].together |= s->atom[i].apart;
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < s->natom; i++)
            for (uint32_t k = 0; lp_is_function(&s->atom[i]) && s->atom[i].included && k < s->atom[i].nref; k++) {
                const struct lp_ref_at *r = &s->ref[s->atom[i].ref + k];
                if (pass == 0) join(d, i, r);
                else find_needed(d, i, r);
            }
    for (uint32_t i = 0; i < s->natom; i++) {
        if (!needed && s->atom[i].needed) s->atom[i].joined = false; /* ends.c: from here on */
        if (!s->atom[i].joined) needed = s->atom[i].needed;
        s->atom[i].joined &= needed;
    }
}

/* Are other functions in the patch than the last time, or elsewhere? What is refused because of them alone has been refused then. */
static bool moved_since(lp_diff *d)
{
    const struct lp_side *s = NEW(d);
    bool moved = false;
    if (!d->closed && !(d->closed = calloc(s->natom + 1, sizeof *d->closed))) return d->nomem = true;
    for (size_t i = 0; i < s->natom; i++) {
        const struct lp_atom *a = &s->atom[i];
        const uint8_t now = lp_is_function(a) ? (uint8_t)(1 | a->included << 1 | a->in_place << 2) : 0;
        moved |= d->closed[i] != now;
        d->closed[i] = now;
    }
    return moved;
}

void lp_diff_close(lp_diff *d)
{
    lp_diff_offsets(d);
    include_changed(d);
    include_needed(d);
    choose_places(d);
    lp_diff_enter(d);
    if (moved_since(d)) refuse_moved(d), lp_refuse_templates(d);
    join_data(d);
    lp_align_joined(NEW(d));
}
