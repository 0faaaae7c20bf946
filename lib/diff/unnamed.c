/* diff/unnamed.c - COMPARE, data without names that no use pairs: by its place among what is paired. */
#include <config.h>
#include "diff/diff.h"

#include <string.h>

static bool is_piece(const struct lp_atom *a) { return a->kind == LP_ATOM_PIECE || a->kind == LP_ATOM_TABLE; }

/* A text that has grown over the next one's place is another text. */
static bool has_room(const lp_diff *d, const struct lp_atom *a, const struct lp_atom *b)
{
    return OLD(d)->span[a->span].flags & LP_SPAN_WRITE || lp_side_text(NEW(d), b->start) <= a->end - a->start;
}

/* Are sections, functions and what has a name where they were? Then data without a name is, too. */
static bool same_places(const lp_diff *d)
{
    const struct lp_side *o = OLD(d), *n = NEW(d);
    size_t i = 0, k = 0;
    for (size_t x = 0; x < o->nspan; x++)
        if (o->nspan != n->nspan || o->span[x].start != n->span[x].start || o->span[x].end != n->span[x].end) return false;
    for (;; i++, k++) {
        while (i < o->natom && is_piece(&o->atom[i])) i++;
        while (k < n->natom && is_piece(&n->atom[k])) k++;
        if (i >= o->natom || k >= n->natom) return i >= o->natom && k >= n->natom;
        if (o->atom[i].start != n->atom[k].start || o->atom[i].end != n->atom[k].end || o->atom[i].kind != n->atom[k].kind) return false;
    }
}

static void pair_in_place(lp_diff *d)
{
    struct lp_side *o = OLD(d), *s = NEW(d);
    for (uint32_t i = 0, k = 0; i < o->natom && k < s->natom; i++) {
        struct lp_atom *a = &o->atom[i];
        while (k < s->natom && s->atom[k].start < a->start) k++;
        if (k >= s->natom || s->atom[k].start != a->start || a->kind != LP_ATOM_PIECE || s->atom[k].kind != LP_ATOM_PIECE) continue;
        if (a->pair == LP_NONE && s->atom[k].pair == LP_NONE && has_room(d, a, &s->atom[k]))
            lp_pair(d, i, k, LP_RULE_ORDER);
    }
}

static bool same_layout(const lp_diff *d)
{
    const struct lp_side *o = OLD(d), *n = NEW(d);
    if (o->natom != n->natom || o->nspan != n->nspan) return false;
    for (size_t i = 0; i < o->natom; i++)
        if (o->atom[i].start != n->atom[i].start || o->atom[i].end != n->atom[i].end || o->atom[i].kind != n->atom[i].kind) return false;
    return true;
}

void lp_pair_in_place(lp_diff *d)
{
    d->same_layout = same_layout(d);
    d->same_places = same_places(d);
    if (d->same_places) pair_in_place(d);
}

/* ---- what no equal function uses ---- */

static bool is_variable(const struct lp_side *s, const struct lp_atom *a)
{
    return a->kind == LP_ATOM_PIECE && !lp_is_constant(s, a);
}

static bool is_open(const struct lp_side *s, size_t i) { return i < s->natom && s->atom[i].pair == LP_NONE && is_variable(s, &s->atom[i]); }

/* Behind a pair: as many open ones here as there, of the same sizes and content, up to the next pair or the end of the span. */
static void pair_behind(lp_diff *d, uint32_t a, uint32_t b)
{
    struct lp_side *o = OLD(d), *s = NEW(d);
    size_t n = 0;
    uint64_t at;
    while (is_open(o, a + n) && is_open(s, b + n)) {
        const struct lp_atom *x = &o->atom[a + n], *y = &s->atom[b + n];
        if (x->end - x->start != y->end - y->start || !lp_same_room(d, (uint32_t)(a + n), (uint32_t)(b + n))) return;
        if (strcmp(o->span[x->span].name, s->span[y->span].name) != 0) return;
        if (!lp_same_data(d, o, x->start, y->start, x->end - x->start, &at)) return;
        n++;
    }
    if (is_open(o, a + n) || is_open(s, b + n)) return;
    for (size_t i = 0; i < n; i++) lp_pair(d, (uint32_t)(a + i), (uint32_t)(b + i), LP_RULE_ORDER);
}

static uint32_t first_of(const struct lp_side *s, const char *span)
{
    for (uint32_t i = 0; i < s->natom; i++)
        if (strcmp(s->span[s->atom[i].span].name, span) == 0) return i;
    return LP_NONE;
}

static void pair_variables(lp_diff *d)
{
    struct lp_side *o = OLD(d);
    for (uint32_t i = 0; i < o->natom; i++) {
        const struct lp_atom *a = &o->atom[i];
        bool first = !i || o->atom[i - 1].span != a->span;
        uint32_t b = first && is_open(o, i) ? first_of(NEW(d), o->span[a->span].name) : LP_NONE;
        if (b != LP_NONE) pair_behind(d, i, b);
        else if (a->pair != LP_NONE && !lp_is_code_atom(a)) pair_behind(d, i + 1, a->pair + 1);
    }
    lp_suppose_keep(d, true);
}

static bool is_unused(const struct lp_side *s, size_t i)
{
    return i < s->natom && s->atom[i].kind == LP_ATOM_PIECE && s->atom[i].pair == LP_NONE && !s->atom[i].used && !is_variable(s, &s->atom[i]);
}

/* Constants that no code refers to: compared as those in the same place. */
static void pair_unused(lp_diff *d)
{
    struct lp_side *o = OLD(d), *s = NEW(d);
    for (uint32_t i = 0; i < o->natom; i++) {
        if (!is_unused(o, i)) continue;
        bool first = !i || o->atom[i - 1].span != o->atom[i].span;
        uint32_t b = first ? first_of(s, o->span[o->atom[i].span].name) : o->atom[i - 1].pair == LP_NONE ? LP_NONE : o->atom[i - 1].pair + 1;
        if (!is_unused(s, b) || o->atom[i].end - o->atom[i].start != s->atom[b].end - s->atom[b].start) continue;
        lp_pair(d, i, b, LP_RULE_ORDER);
    }
}

void lp_pair_unnamed(lp_diff *d)
{
    pair_variables(d);
    pair_unused(d);
}
