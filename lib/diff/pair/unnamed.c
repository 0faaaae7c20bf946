/* diff/pair/unnamed.c - COMPARE, data without names that no use pairs: by its place among what is paired. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/data.h"
#include "base/search.h"

#include <string.h>

static bool is_piece(const struct lp_atom *a) { return a->kind == LP_ATOM_PIECE || a->kind == LP_ATOM_TABLE; }

static bool is_variable(const struct lp_side *s, const struct lp_atom *a)
{
    return a->kind == LP_ATOM_PIECE && !lp_is_constant(s, a);
}

/* What has grown over the next one's place, and over what that has there, is another constant; the next one may as well be the tail of a text. */
static bool has_room(const lp_diff *d, const struct lp_atom *a, const struct lp_atom *b)
{
    const uint64_t n = a->end - a->start, m = b->end - b->start;
    uint64_t have = 0, other = 0;
    if (OLD(d)->span[a->span].flags & LP_SPAN_WRITE) return true;
    const uint64_t text = lp_side_text(NEW(d), b->start);
    if (text > n && text > lp_side_text(OLD(d), a->start)) return false;
    const uint8_t *p = lp_side_bytes(OLD(d), a->start, &have), *q = lp_side_bytes(NEW(d), b->start, &other);
    return m <= n || (p && q && have >= m && other >= m && memcmp(p + n, q + n, m - n) == 0);
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

/* Is the same there in both files, i and k, if they begin in the same place; or nothing, because the span ends? */
static bool same_there(const lp_diff *d, size_t i, size_t k, const struct lp_atom *a)
{
    const struct lp_atom *x = i < OLD(d)->natom ? &OLD(d)->atom[i] : NULL, *y = k < NEW(d)->natom ? &NEW(d)->atom[k] : NULL;
    if (!x || !y || x->span != a->span) return true;
    uint64_t have = 0, other = 0;
    const uint64_t n = x->end - x->start;
    const uint8_t *p = lp_side_bytes(OLD(d), x->start, &have), *q = lp_side_bytes(NEW(d), y->start, &other);
    return x->start == y->start && p && q && have >= n && other >= n && memcmp(p, q, n) == 0;
}

/* A constant that is another one now: are those in front of it and behind it the same? Where one was put in, or left out, those behind it are elsewhere,
 * and what has their places is something else. */
static bool is_between_same(const lp_diff *d, size_t i, size_t k)
{
    const struct lp_atom *a = &OLD(d)->atom[i];
    if (d->same_layout || OLD(d)->span[a->span].flags & LP_SPAN_WRITE || same_there(d, i, k, a)) return true;
    return same_there(d, i - 1, k - 1, a) && same_there(d, i + 1, k + 1, a);
}

/* Do both belong to tables that end in the same place, and are cut in the same places up to there? Of one that grew, or has fewer rows, the rows in front are
 * no things by themselves; nor are they where a row behind them is nobody's pair, because it is not cut as the old one is. */
static bool ends_there(const lp_diff *d, uint32_t i, uint32_t k)
{
    const struct lp_atom *x = OLD(d)->atom, *y = NEW(d)->atom;
    if (!lp_is_constant(NEW(d), &y[k])) return true;
    const uint32_t last = lp_last_of_table(OLD(d), i), other = lp_last_of_table(NEW(d), k);
    if (last - i != other - k) return false;
    while (i < last && x[i].end == y[k].end) i++, k++;
    return x[i].end == y[k].end;
}

static void pair_in_place(lp_diff *d)
{
    struct lp_side *o = OLD(d), *s = NEW(d);
    for (uint32_t i = 0, k = 0; i < o->natom && k < s->natom; i++) {
        struct lp_atom *a = &o->atom[i];
        while (k < s->natom && s->atom[k].start < a->start) k++;
        if (k >= s->natom || s->atom[k].start != a->start || a->kind != LP_ATOM_PIECE || s->atom[k].kind != LP_ATOM_PIECE) continue;
        if (a->pair != LP_NONE || s->atom[k].pair != LP_NONE || !has_room(d, a, &s->atom[k]) || !is_between_same(d, i, k)) continue;
        if (!ends_there(d, i, k)) continue;
        if (is_variable(o, a) && lp_is_other_thing(d, i, k)) a->doubted = s->atom[k].doubted = true;
        else lp_pair(d, i, k, LP_RULE_ORDER);
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

static bool is_open(const struct lp_side *s, size_t i) { return i < s->natom && s->atom[i].pair == LP_NONE && is_variable(s, &s->atom[i]); }

/* ---- equal ones, which may have changed their places: who uses them tells, if not all do ---- */

struct two { uint32_t x, y; }; /* in the old file and in the new one */
enum told { UNTOLD, APART, CROSSED };

/* Functions that use p in the old file and not q: which of the two does the new one use? */
static enum told tell(lp_diff *d, struct two p, struct two q)
{
    enum told told = UNTOLD;
    for (uint32_t f = lp_next_user(d, 0, p.x, 0); f != LP_NONE && told != CROSSED; f = lp_next_user(d, 0, p.x, f + 1)) {
        const bool same = lp_uses(d, 1, p.y, f), other = lp_uses(d, 1, q.y, f);
        if (!lp_uses(d, 0, q.x, f) && same != other) told = same ? APART : CROSSED;
    }
    return told;
}

bool lp_told_apart(lp_diff *d, uint32_t x, uint32_t y)
{
    const struct two p = {x, OLD(d)->atom[x].pair}, q = {y, OLD(d)->atom[y].pair};
    return tell(d, p, q) == APART || tell(d, q, p) == APART;
}

/* So many, from these on, are to be pairs. False: equal ones among them have changed their places. */
static bool tell_apart(lp_diff *d, struct two first, size_t n)
{
    enum { NEAR = 16 };
    struct lp_atom *x = &OLD(d)->atom[first.x], *y = &NEW(d)->atom[first.y];
    uint64_t at;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = i + 1; k < n && k <= i + NEAR; k++) {
            const uint64_t size = x[i].end - x[i].start < y[k].end - y[k].start ? x[i].end - x[i].start : y[k].end - y[k].start;
            if (!lp_same_room(d, first.x + i, first.y + k) || !lp_same_data(d, OLD(d), x[i].start, y[k].start, size, &at)) continue;
            const struct two p = {first.x + i, first.y + i}, q = {first.x + k, first.y + k};
            const enum told one = tell(d, p, q), other = tell(d, q, p);
            if (one == CROSSED || other == CROSSED) return false;
            if (one == UNTOLD && other == UNTOLD) y[i].alike = y[k].alike = true;
        }
    return true;
}

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
    if (is_open(o, a + n) || is_open(s, b + n) || !tell_apart(d, (struct two){a, b}, n)) return;
    for (size_t i = 0; i < n; i++)
        if (!lp_is_other_thing(d, (uint32_t)(a + i), (uint32_t)(b + i))) lp_pair(d, (uint32_t)(a + i), (uint32_t)(b + i), LP_RULE_ORDER);
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

/* Is one in front of it perhaps larger than it looks: has the old file more room for that, and more than padding? */
static bool may_be_part(lp_diff *d, const struct lp_atom *b)
{
    const struct lp_side *s = NEW(d);
    const struct lp_atom *front = b;
    while (front > s->atom && front[-1].end == front->start && front[-1].span == b->span && front->pair == LP_NONE) front--;
    if (front->pair == LP_NONE || front->kind != LP_ATOM_PIECE || front->span != b->span) return false;
    if (OLD(d)->atom[front->pair].start + (b->start - front->start) >= OLD(d)->atom[front->pair].end) return false;
    return front->roomy || lp_has_more(d, front->pair, (uint32_t)(front - s->atom));
}

/* Is there a variable without a name in the span that has no pair? */
static bool has_left(const struct lp_side *s, uint32_t span)
{
    for (size_t i = lp_count_below(s->atom, s->natom, sizeof *s->atom, s->span[span].start); i < s->natom && s->atom[i].start < s->span[span].end; i++)
        if (s->atom[i].kind == LP_ATOM_PIECE && s->atom[i].used && s->atom[i].pair == LP_NONE) return true;
    return false;
}

/* A variable without a name, or one of several with numbers in their names, that no pair was found for: is there one in the old file that it may be?
 * (What nobody writes may have a copy.) */
bool lp_may_be_old(lp_diff *d, const struct lp_atom *b)
{
    const struct lp_side *o = OLD(d), *s = NEW(d);
    if (lp_steady_place(d, b, b->start)) return true;
    for (size_t i = 0; i < o->natom && b->numbered && !lp_is_constant(s, b); i++)
        if (o->atom[i].numbered && o->atom[i].pair == LP_NONE && lp_same_stem(&o->atom[i], b)) return true;
    if (b->kind != LP_ATOM_PIECE || lp_is_constant(s, b) || s->span[b->span].flags & LP_SPAN_RELRO) return false;
    if (may_be_part(d, b)) return true;
    for (uint32_t k = 0; k < o->nspan; k++)
        if (strcmp(o->span[k].name, s->span[b->span].name) == 0 && has_left(o, k)) return true;
    return false;
}
