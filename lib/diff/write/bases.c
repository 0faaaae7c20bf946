/* diff/write/bases.c - EMIT: of one function of the new file, by address, which words make it, and which ones say how far from it they are; and
 * of what is made only as a base, who uses what of whom. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/code.h"
#include "diff/side/walk.h"
#include "base/sort.h"

#include <stdlib.h>

/* Of an address: which words make it only as a base for others (lp_base_users()), and which ones those are, as references. In the order of makers, where
 * LP_NONE follows the users of each, and in that of users. */
struct lp_base_pair { uint32_t one, other; };
struct group { struct lp_base_pair *by_maker, *by_user; size_t n, cap; };
/* group: of the first maker of each address, in v: NULL = not asked yet. */
struct lp_bases { uint32_t atom; struct lp_base *v; struct group **group; size_t n, cap, ngroup; };

static int by_base(const void *a, const void *b)
{
    const struct lp_base *x = a, *y = b;
    if (x->how != y->how) return x->how < y->how ? -1 : 1;
    if (x->base != y->base) return x->base < y->base ? -1 : 1;
    return (x->ref > y->ref) - (x->ref < y->ref);
}

static void add(lp_diff *d, uint8_t how, uint64_t base, uint32_t ref)
{
    struct lp_bases *b = d->bases;
    struct lp_base *v = lp_grow(b->v, &b->cap, b->n, sizeof *v);
    if (!v) {
        d->items.failed = true;
        return;
    }
    b->v = v;
    v[b->n++] = (struct lp_base){base, ref, how};
}

static void add_refs(lp_diff *d, const struct lp_atom *a, bool all)
{
    const struct lp_side *s = NEW(d);
    for (uint32_t i = a->ref; i < a->ref + a->nref; i++) {
        const struct lp_ref_at *r = &s->ref[i];
        int64_t off = 0; /* of an access with an index in a register */
        if (r->kind == LP_FLOW_PAGE) add(d, LP_BASE_PAGE, r->addr, i);
        if (r->kind != LP_FLOW_ADDR || !all) continue;
        lp_word_offset(lp_code_word(s, r->at), &off);
        add(d, LP_BASE_USED, r->addr - (uint64_t)off, i);
        if (!r->width) add(d, LP_BASE_MADE, r->addr, i);
    }
}

static void forget_groups(struct lp_bases *b)
{
    for (size_t i = 0; i < b->ngroup; i++)
        if (b->group[i]) free(b->group[i]->by_maker), free(b->group[i]->by_user), free(b->group[i]);
    free(b->group);
    b->group = NULL, b->ngroup = 0;
}

/* Another function's are forgotten: words are looked at function by function. */
static void read_function(lp_diff *d, uint32_t atom)
{
    const struct lp_atom *a = &NEW(d)->atom[atom];
    d->bases->atom = atom;
    d->bases->n = 0;
    forget_groups(d->bases);
    add_refs(d, a, true);
    if (a->parent != LP_NONE) add_refs(d, &NEW(d)->atom[a->parent], false); /* what it goes on with */
    lp_sort(d->bases->v, d->bases->n, sizeof *d->bases->v, by_base);
    d->bases->group = calloc(d->bases->n + 1, sizeof *d->bases->group);
    if (d->bases->group) d->bases->ngroup = d->bases->n;
    else d->items.failed = true;
}

static struct lp_bases *bases_of(lp_diff *d, uint32_t atom)
{
    if (!d->bases && !(d->bases = calloc(1, sizeof *d->bases))) {
        d->items.failed = true;
        return NULL;
    }
    if (!d->bases->group || d->bases->atom != atom) read_function(d, atom);
    return d->bases;
}

static size_t count_below(const struct lp_bases *b, const struct lp_base *key)
{
    size_t lo = 0, hi = b->n;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (by_base(&b->v[mid], key) < 0) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

const struct lp_base *lp_bases(lp_diff *d, uint32_t atom, enum lp_base_how how, uint64_t base, size_t *n)
{
    struct lp_bases *b = bases_of(d, atom);
    *n = 0;
    if (!b) return NULL;
    const size_t first = count_below(b, &(struct lp_base){base, 0, (uint8_t)how});
    const size_t end = first + (base == UINT64_MAX ? 0 : count_below(b, &(struct lp_base){base + 1, 0, (uint8_t)how}) - first);
    *n = end - first;
    return &b->v[first];
}

/* ---- who makes a base, and who uses it ---- */

static int by_one(const void *a, const void *b)
{
    const struct lp_base_pair *x = a, *y = b;
    return x->one != y->one ? (x->one < y->one ? -1 : 1) : (x->other > y->other) - (x->other < y->other);
}

static bool add_pair(struct group *g, uint32_t maker, uint32_t user)
{
    struct lp_base_pair *v = lp_grow(g->by_maker, &g->cap, g->n, sizeof *v);
    if (!v) return false;
    g->by_maker = v;
    v[g->n++] = (struct lp_base_pair){maker, user};
    return true;
}

size_t lp_base_behind(const struct lp_side *s, const struct lp_base *v, size_t n, uint64_t at)
{
    size_t lo = 0;
    for (size_t hi = n; lo < hi;) {
        const size_t mid = lo + (hi - lo) / 2;
        if (s->ref[v[mid].ref].at < at) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

/* What one word makes: `user` are all that have an offset from its address. */
static bool add_maker(const struct lp_side *s, uint32_t atom, struct group *g, uint32_t maker, const struct lp_base *user, size_t n)
{
    struct lp_base_users users;
    if (!lp_base_users(s, atom, s->ref[maker].at, &users)) return true;
    bool good = add_pair(g, maker, LP_NONE);
    for (unsigned k = 0; good && k < users.n; k++)
        for (size_t i = lp_base_behind(s, user, n, users.at[k]); good && i < n && s->ref[user[i].ref].at == users.at[k]; i++)
            good = add_pair(g, maker, user[i].ref);
    return good;
}

static struct group *make_group(lp_diff *d, uint32_t atom, const struct lp_base *made, size_t n)
{
    size_t nuser;
    const struct lp_base *user = lp_bases(d, atom, LP_BASE_USED, made->base, &nuser);
    struct group *g = calloc(1, sizeof *g);
    bool good = g != NULL;
    for (size_t i = 0; good && i < n; i++) good = add_maker(NEW(d), atom, g, made[i].ref, user, nuser);
    if (g && !(g->by_user = malloc((g->n + 1) * sizeof *g->by_user))) good = false;
    for (size_t i = 0; good && i < g->n; i++) g->by_user[i] = (struct lp_base_pair){g->by_maker[i].other, g->by_maker[i].one};
    d->items.failed |= !good;
    if (!g) return NULL;
    if (!good) g->n = 0;
    lp_sort(g->by_maker, g->n, sizeof *g->by_maker, by_one);
    lp_sort(g->by_user, g->n, sizeof *g->by_user, by_one);
    return g;
}

static const struct group *group_of(lp_diff *d, uint32_t atom, uint64_t base)
{
    size_t n;
    const struct lp_base *made = lp_bases(d, atom, LP_BASE_MADE, base, &n);
    const size_t k = n ? (size_t)(made - d->bases->v) : 0;
    if (!n || k >= d->bases->ngroup) return NULL;
    if (!d->bases->group[k]) d->bases->group[k] = make_group(d, atom, made, n);
    return d->bases->group[k];
}

/* The pairs of this one, of a sorted list. */
static struct lp_base_list list_of(const struct lp_base_pair *v, size_t n, uint32_t one)
{
    size_t lo = 0;
    for (size_t hi = n; lo < hi;) {
        const size_t mid = lo + (hi - lo) / 2;
        if (v[mid].one < one) lo = mid + 1;
        else hi = mid;
    }
    struct lp_base_list x = {n ? &v[lo] : NULL, 0};
    while (lo + x.n < n && v[lo + x.n].one == one) x.n++;
    return x;
}

struct lp_base_list lp_base_users_of(lp_diff *d, uint32_t atom, const struct lp_ref_at *r, bool *only)
{
    const struct group *g = group_of(d, atom, r->addr);
    struct lp_base_list x = {NULL, 0};
    if (g) x = list_of(g->by_maker, g->n, (uint32_t)(r - NEW(d)->ref));
    *only = x.n != 0;
    x.n -= *only; /* LP_NONE */
    return x;
}

struct lp_base_list lp_base_makers_of(lp_diff *d, uint32_t atom, const struct lp_ref_at *user, uint64_t base)
{
    const struct group *g = group_of(d, atom, base);
    return g ? list_of(g->by_user, g->n, (uint32_t)(user - NEW(d)->ref)) : (struct lp_base_list){NULL, 0};
}

uint32_t lp_base_listed(const struct lp_base_list *x, size_t i) { return x->v[i].other; }

void lp_bases_free(lp_diff *d)
{
    if (d->bases) forget_groups(d->bases), free(d->bases->v);
    free(d->bases);
}
