/* diff/pair/exchange.c - COMPARE, variables without names that were taken for those in their places: have some of them changed places, because they are
 * declared in another order? So it is where a function, which differs in nothing but which of them it refers to, is equal with all that it uses exchanged. (To
 * use each in the other one's stead is the same. It is said.) In a function that changed otherwise, too, those that hold the same may be either. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/seen.h"

enum { MOST = 16 };
struct set { uint32_t v[MOST]; size_t n; bool many; };

static bool has(const struct set *x, uint32_t i)
{
    size_t k = 0;
    while (k < x->n && x->v[k] != i) k++;
    return k < x->n;
}

/* What was paired by nothing but its place, or LP_NONE. */
static uint32_t by_place(const struct lp_side *s, const struct lp_ref_at *r)
{
    const uint32_t i = r->kind == LP_FLOW_ADDR || r->kind == LP_FLOW_TARGET ? lp_side_meant(s, r->base, r->addr) : LP_NONE;
    const struct lp_atom *a = i == LP_NONE ? NULL : &s->atom[i];
    return a && a->kind == LP_ATOM_PIECE && a->pair != LP_NONE && a->rule == LP_RULE_ORDER && !lp_stays_constant(s, a) ? i : LP_NONE;
}

/* Those that a function uses. */
static struct set used_by(const struct lp_side *s, uint32_t function)
{
    struct set x = {.n = 0};
    for (uint32_t k = 0; k < s->atom[function].nref; k++) {
        const uint32_t i = by_place(s, &s->ref[s->atom[function].ref + k]);
        if (i == LP_NONE || has(&x, i)) continue;
        if (x.n == MOST) return x.many = true, x;
        x.v[x.n++] = i;
    }
    return x;
}

/* Does a changed function use them one after the other as it did? */
static bool same_order(const lp_diff *d, const struct lp_atom *a, const struct lp_atom *b)
{
    const struct lp_ref_at *p = &OLD(d)->ref[a->ref], *q = &NEW(d)->ref[b->ref], *const pe = p + a->nref, *const qe = q + b->nref;
    for (;; p++, q++) {
        while (p < pe && by_place(OLD(d), p) == LP_NONE) p++;
        while (q < qe && by_place(NEW(d), q) == LP_NONE) q++;
        if (p >= pe || q >= qe) return p >= pe && q >= qe;
        if (OLD(d)->atom[by_place(OLD(d), p)].pair != by_place(NEW(d), q)) return false;
    }
}

/* Do the two functions use the same ones, by their places? */
static bool same_set(const lp_diff *d, const struct set *x, const struct set *y)
{
    if (x->many || y->many || x->n != y->n || x->n < 2) return false;
    for (size_t i = 0; i < x->n; i++)
        if (!has(y, OLD(d)->atom[x->v[i]].pair)) return false;
    return true;
}

/* Is there another proof of their pairs: an equal function, or a word that has the address of one? */
static bool is_settled(const struct lp_side *s, const struct set *x)
{
    for (size_t i = 0; i < s->nword; i++)
        if (s->word[i].kind == LP_WORD_ADDR && has(x, lp_side_atom(s, s->word[i].value))) return true;
    for (uint32_t f = 0; f < s->natom; f++)
        for (size_t i = 0; lp_is_code_atom(&s->atom[f]) && s->atom[f].state == LP_DIFF_SAME && i < x->n; i++)
            if (lp_refers_into(s, f, &s->atom[x->v[i]])) return true;
    return false;
}

static void open(lp_diff *d, const struct set *x, struct lp_atom *a, struct lp_atom *b)
{
    for (size_t i = 0; i < x->n; i++) {
        struct lp_atom *p = &OLD(d)->atom[x->v[i]], *q = &NEW(d)->atom[p->pair];
        a[i] = *p, b[i] = *q;
        p->pair = q->pair = LP_NONE;
        p->doubted = q->doubted = true; /* the place says nothing */
    }
}

/* Has each a pair now that holds the same? */
static bool all_same(lp_diff *d, const struct set *x)
{
    const size_t before = d->nsupposed;
    bool same = true;
    for (size_t i = 0; i < x->n && same; i++) {
        const struct lp_atom *a = &OLD(d)->atom[x->v[i]];
        same = a->pair != LP_NONE && !a->roomy && lp_same_datum(d, a, &NEW(d)->atom[a->pair]);
    }
    return same && d->nsupposed == before;
}

static bool try_exchange(lp_diff *d, uint32_t f, const struct set *x)
{
    struct lp_atom a[MOST], b[MOST];
    uint8_t why;
    uint32_t at;
    open(d, x, a, b);
    const bool same = lp_same_code(d, OLD(d), f, OLD(d)->atom[f].pair, &why, &at) && all_same(d, x);
    lp_suppose_keep(d, same);
    for (size_t i = 0; i < x->n; i++) {
        struct lp_atom *p = &OLD(d)->atom[x->v[i]], *q = &NEW(d)->atom[a[i].pair];
        if (!same) *p = a[i], *q = b[i];
    }
    return same;
}

/* A function that it does not show of: which of them hold the same, and nobody tells them apart? */
static void mark_alike(lp_diff *d, const struct set *x)
{
    const size_t before = d->nsupposed;
    uint64_t at;
    for (size_t i = 0; i < x->n; i++)
        for (size_t k = 0; k < x->n; k++) {
            const uint32_t a = x->v[i], b = OLD(d)->atom[x->v[k]].pair;
            const struct lp_atom *p = &OLD(d)->atom[a], *q = &NEW(d)->atom[b];
            if (i == k || p->end - p->start != q->end - q->start || lp_told_apart(d, a, x->v[k])) continue;
            const bool same = lp_same_data(d, OLD(d), p->start, q->start, q->end - q->start, &at);
            lp_suppose_back(d, before);
            if (same && !is_settled(OLD(d), &(struct set){{a}, 1, false})) NEW(d)->atom[b].alike = NEW(d)->atom[p->pair].alike = true;
        }
}

bool lp_find_exchanged(lp_diff *d)
{
    bool any = false;
    char buf[32];
    for (uint32_t f = 0; f < OLD(d)->natom && d->same_places; f++) {
        const struct lp_atom *a = &OLD(d)->atom[f];
        if (!lp_is_code_atom(a) || a->pair == LP_NONE || a->state != LP_DIFF_CHANGED || same_order(d, a, &NEW(d)->atom[a->pair])) continue;
        const struct set x = used_by(OLD(d), f), y = used_by(NEW(d), a->pair);
        const bool settled = is_settled(OLD(d), &x) || is_settled(NEW(d), &y);
        if (a->why != LP_WHY_REFS || settled || !same_set(d, &x, &y) || !try_exchange(d, f, &x)) {
            mark_alike(d, &x);
            continue;
        }
        lp_diff_remark(d, "variables without names have changed places, as %s uses them, unless it uses each in another one's stead now", lp_atom_text(a, buf));
        any = true;
    }
    return any;
}
