/* diff/bases.c - EMIT: of one function of the new file, by address, which words make it, and which ones say how far from it they are; and of what a word
 * makes, if it is only a base, who uses it: each user asks. */
#include <config.h>
#include "diff/emit.h"
#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

/* asked: of each reference of the function, 1 + which of `uses` it is, or 0: not asked yet. */
struct uses { bool only; uint32_t first, n; };
struct lp_bases {
    uint32_t atom;
    struct lp_base *v;
    size_t n, cap;
    uint32_t *asked;
    size_t nasked;
    struct uses *uses;
    size_t nuses, uses_cap;
    uint64_t *user;
    size_t nuser, user_cap;
};

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

static void forget_uses(lp_diff *d, const struct lp_atom *a)
{
    struct lp_bases *b = d->bases;
    free(b->asked);
    b->asked = calloc(a->nref + 1, sizeof *b->asked);
    b->nasked = b->asked ? a->nref : 0;
    b->nuses = b->nuser = 0;
    d->items.failed |= !b->asked;
}

/* Another function's are forgotten: words are looked at function by function. */
static void read_function(lp_diff *d, uint32_t atom)
{
    const struct lp_atom *a = &NEW(d)->atom[atom];
    d->bases->atom = atom;
    d->bases->n = 0;
    forget_uses(d, a);
    add_refs(d, a, true);
    if (a->parent != LP_NONE) add_refs(d, &NEW(d)->atom[a->parent], false); /* what it goes on with */
    lp_sort(d->bases->v, d->bases->n, sizeof *d->bases->v, by_base);
}

static struct lp_bases *bases_of(lp_diff *d, uint32_t atom)
{
    if (!d->bases && !(d->bases = calloc(1, sizeof *d->bases))) {
        d->items.failed = true;
        return NULL;
    }
    if (!d->bases->asked || d->bases->atom != atom) read_function(d, atom);
    return d->bases;
}

const struct lp_base *lp_bases(lp_diff *d, uint32_t atom, enum lp_base_how how, uint64_t base, size_t *n)
{
    struct lp_bases *b = bases_of(d, atom);
    *n = 0;
    if (!b) return NULL;
    size_t lo = 0, hi = b->n;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (by_base(&b->v[mid], &(struct lp_base){base, 0, (uint8_t)how}) < 0) lo = mid + 1;
        else hi = mid;
    }
    while (lo + *n < b->n && b->v[lo + *n].how == how && b->v[lo + *n].base == base) ++*n;
    return &b->v[lo];
}

/* Walks to all that uses what a reference makes. */
static void ask(lp_diff *d, uint32_t atom, struct lp_bases *b, uint32_t ref)
{
    struct lp_base_users users;
    const struct lp_side *s = NEW(d);
    struct uses u = {lp_base_users(s, atom, s->ref[s->atom[atom].ref + ref].at, &users), (uint32_t)b->nuser, users.n};
    struct uses *v = lp_grow(b->uses, &b->uses_cap, b->nuses, sizeof *v);
    if (v) b->uses = v;
    uint64_t *more = !v || b->user_cap - b->nuser >= users.n ? b->user : realloc(b->user, (b->user_cap = 2 * b->user_cap + LP_BASE_USERS) * sizeof *more);
    if (!v || (!more && users.n)) {
        d->items.failed = true;
        return;
    }
    b->user = more;
    if (users.n) memcpy(b->user + b->nuser, users.at, users.n * sizeof *more);
    b->nuser += users.n;
    v[b->nuses++] = u;
    b->asked[ref] = (uint32_t)b->nuses;
}

static const struct uses *uses_of(lp_diff *d, uint32_t atom, const struct lp_ref_at *r)
{
    struct lp_bases *b = bases_of(d, atom);
    const uint32_t ref = (uint32_t)(r - NEW(d)->ref) - NEW(d)->atom[atom].ref;
    if (!b || ref >= b->nasked) return NULL;
    if (!b->asked[ref]) ask(d, atom, b, ref);
    return b->asked[ref] ? &b->uses[b->asked[ref] - 1] : NULL;
}

bool lp_makes_base(lp_diff *d, uint32_t atom, const struct lp_ref_at *r)
{
    const struct uses *u = uses_of(d, atom, r);
    return u && u->only;
}

bool lp_base_used_by(lp_diff *d, uint32_t atom, const struct lp_ref_at *r, uint64_t at)
{
    const struct uses *u = uses_of(d, atom, r);
    uint32_t i = 0;
    while (u && i < u->n && d->bases->user[u->first + i] != at) i++;
    return u && i < u->n;
}

void lp_bases_free(lp_diff *d)
{
    if (d->bases) free(d->bases->v), free(d->bases->asked), free(d->bases->uses), free(d->bases->user);
    free(d->bases);
}
