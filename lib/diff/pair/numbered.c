/* diff/pair/numbered.c - MATCH, variables and constants inside functions: compilers number them (count.3, __func__.0, .L.str.7), and one more of them in front
 * gives the others other numbers. So where several have one name, the number says nothing: constants are paired by what they hold, the others by the functions
 * that use them: equal ones first, then as the only one of this name that both a changed function and its new self use. Of constants with addresses in them, it
 * is the same which one is which, if they lead to the same. What is left is paired if it is the only one on both sides, or if all names are the same. */
#include <config.h>
#include "diff/pair/pair.h"
#include "base/search.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP_MAX = 512 }; /* of which each is compared with each */
struct one { const char *name, *file; size_t len; uint32_t atom; };
struct all { struct one *v; size_t n; };
struct group { struct one *v; size_t n; };

/* Length of the name without its number; 0 = it has none. */
static size_t stem(const char *name)
{
    const size_t n = strlen(name);
    size_t i = n;
    while (i > 0 && name[i - 1] >= '0' && name[i - 1] <= '9') i--;
    return i < n && i > 1 && name[i - 1] == '.' ? i - 1 : 0;
}

bool lp_same_stem(const struct lp_atom *x, const struct lp_atom *y)
{
    const size_t n = x->sym ? stem(x->sym->name) : 0;
    return n && y->sym && stem(y->sym->name) == n && memcmp(x->sym->name, y->sym->name, n) == 0;
}

static int order(const struct one *x, const struct one *y)
{
    const size_t n = x->len < y->len ? x->len : y->len;
    const int c = memcmp(x->name, y->name, n);
    if (c || x->len != y->len) return c ? c : x->len < y->len ? -1 : 1;
    return x->file == y->file ? 0 : !x->file ? -1 : !y->file ? 1 : strcmp(x->file, y->file);
}

static int by_name(const void *a, const void *b)
{
    const struct one *x = a, *y = b;
    const int c = order(x, y);
    return c ? c : (x->atom > y->atom) - (x->atom < y->atom);
}

/* Open ones, by name, file and address. */
static struct all numbered(lp_diff *d, const struct lp_side *s)
{
    struct all k = {malloc((s->nnamed + 1) * sizeof *k.v), 0};
    if (!k.v) d->nomem = true;
    for (size_t i = 0; k.v && i < s->nnamed; i++) {
        const struct lp_atom *a = &s->atom[s->by_name[i]];
        const size_t n = a->kind == LP_ATOM_OBJECT && a->pair == LP_NONE && a->sym->bind == STB_LOCAL ? stem(a->sym->name) : 0;
        if (n) k.v[k.n++] = (struct one){a->sym->name, a->sym->file, n, s->by_name[i]};
    }
    if (k.n) qsort(k.v, k.n, sizeof *k.v, by_name);
    return k;
}

/* What an object holds, if it is constant and no word of it is filled in. */
static const uint8_t *content(const struct lp_side *s, const struct lp_atom *a)
{
    uint64_t avail;
    const uint8_t *p = lp_is_constant(s, a) ? lp_side_bytes(s, a->start, &avail) : NULL;
    const size_t w = lp_count_below(s->word, s->nword, sizeof *s->word, a->start);
    return p && avail >= a->end - a->start && (w >= s->nword || s->word[w].at >= a->end) ? p : NULL;
}

/* In their order, where several hold the same. */
static void pair_contents(lp_diff *d, const struct group *g, const struct group *h)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct lp_atom *a = &OLD(d)->atom[g->v[i].atom];
        const uint8_t *p = content(OLD(d), a), *q;
        for (size_t k = 0; p && k < h->n && a->pair == LP_NONE; k++) {
            const struct lp_atom *b = &NEW(d)->atom[h->v[k].atom];
            if (b->pair != LP_NONE || b->end - b->start != a->end - a->start || !(q = content(NEW(d), b))) continue;
            if (memcmp(p, q, a->end - a->start) == 0) lp_pair(d, g->v[i].atom, h->v[k].atom, LP_RULE_STEM);
        }
    }
}

/* The open ones of a group, at its front. */
static size_t open_ones(const struct lp_side *s, struct group *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++)
        if (s->atom[g->v[i].atom].pair == LP_NONE) g->v[n++] = g->v[i];
    return g->n = n;
}

static void before(lp_diff *d, struct group *g, struct group *h)
{
    if (g->n <= GROUP_MAX && h->n <= GROUP_MAX) pair_contents(d, g, h);
    const size_t n = open_ones(OLD(d), g), k = open_ones(NEW(d), h);
    if (n == 1 && k == 1) lp_pair(d, g->v[0].atom, h->v[0].atom, LP_RULE_STEM);
    for (size_t i = 0; i < n && n + k > 2; i++) OLD(d)->atom[g->v[i].atom].numbered = true;
    for (size_t i = 0; i < k && n + k > 2; i++) NEW(d)->atom[h->v[i].atom].numbered = true;
}

/* ---- what only changed functions use ---- */

static void pair_used(lp_diff *d, const struct group *g, const struct group *h)
{
    for (size_t i = 0; i < g->n; i++) {
        size_t hits = 0, back = 0, hit = 0;
        for (size_t k = 0; k < h->n; k++)
            if (lp_share_user(d, g->v[i].atom, h->v[k].atom)) hits++, hit = k;
        for (size_t k = 0; k < g->n && hits == 1; k++) back += lp_share_user(d, g->v[k].atom, h->v[hit].atom);
        if (hits == 1 && back == 1) lp_pair(d, g->v[i].atom, h->v[hit].atom, LP_RULE_STEM);
    }
}

/* Constants that lead to the same: one is as good as another one. In their order, as those that only hold the same. */
static void pair_same(lp_diff *d, const struct group *g, const struct group *h)
{
    for (size_t k = 0; k < h->n; k++) {
        const struct lp_atom *b = &NEW(d)->atom[h->v[k].atom];
        for (size_t i = 0; i < g->n && b->pair == LP_NONE && lp_stays_constant(NEW(d), b); i++) {
            const struct lp_atom *a = &OLD(d)->atom[g->v[i].atom];
            const bool same = a->pair == LP_NONE && lp_stays_constant(OLD(d), a) && lp_same_datum(d, a, b);
            lp_suppose_keep(d, same);
            if (same) lp_pair(d, g->v[i].atom, h->v[k].atom, LP_RULE_STEM);
        }
    }
}

static void after(lp_diff *d, struct group *g, struct group *h)
{
    pair_used(d, g, h);
    if (g->n <= GROUP_MAX && h->n <= GROUP_MAX) pair_same(d, g, h);
    bool same = open_ones(OLD(d), g) == open_ones(NEW(d), h);
    for (size_t i = 0; i < g->n && same && g->n > 1; i++) same = strcmp(g->v[i].name, h->v[i].name) == 0;
    for (size_t i = 0; i < g->n && same; i++)
        if (!lp_is_other_thing(d, g->v[i].atom, h->v[i].atom)) lp_pair(d, g->v[i].atom, h->v[i].atom, LP_RULE_STEM);
}

/* ---- group by group ---- */

static size_t same_as_first(const struct all *k, size_t i)
{
    size_t n = 1;
    while (i + n < k->n && order(&k->v[i], &k->v[i + n]) == 0) n++;
    return n;
}

static void each_group(lp_diff *d, void (*fn)(lp_diff *d, struct group *g, struct group *h))
{
    struct all a = numbered(d, OLD(d)), b = numbered(d, NEW(d));
    for (size_t i = 0, k = 0; a.v && b.v && i < a.n && k < b.n;) {
        const int c = order(&a.v[i], &b.v[k]);
        struct group g = {&a.v[i], same_as_first(&a, i)}, h = {&b.v[k], same_as_first(&b, k)};
        i += c <= 0 ? g.n : 0;
        k += c >= 0 ? h.n : 0;
        if (!c) fn(d, &g, &h);
    }
    free(a.v), free(b.v);
}

void lp_match_numbered(lp_diff *d)
{
    each_group(d, before);
}

void lp_match_numbered_rest(lp_diff *d)
{
    bool any = false;
    for (size_t i = 0; i < NEW(d)->natom && !any; i++) any = NEW(d)->atom[i].numbered && NEW(d)->atom[i].pair == LP_NONE;
    if (!any) return;
    each_group(d, after);
}
