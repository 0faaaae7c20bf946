/* diff/bases.c - EMIT: of one function of the new file, by address, which words make it, and which ones say how far from it they are. */
#include <config.h>
#include "diff/emit.h"
#include "base/sort.h"

#include <stdlib.h>

struct lp_bases { uint32_t atom; struct lp_base *v; size_t n, cap; };

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

/* Another function's are forgotten: words are looked at function by function. */
static void read_function(lp_diff *d, uint32_t atom)
{
    const struct lp_atom *a = &NEW(d)->atom[atom];
    d->bases->atom = atom;
    d->bases->n = 0;
    add_refs(d, a, true);
    if (a->parent != LP_NONE) add_refs(d, &NEW(d)->atom[a->parent], false); /* what it goes on with */
    lp_sort(d->bases->v, d->bases->n, sizeof *d->bases->v, by_base);
}

const struct lp_base *lp_bases(lp_diff *d, uint32_t atom, enum lp_base_how how, uint64_t base, size_t *n)
{
    *n = 0;
    if (!d->bases && !(d->bases = calloc(1, sizeof *d->bases))) {
        d->items.failed = true;
        return NULL;
    }
    struct lp_bases *b = d->bases;
    if (!b->cap || b->atom != atom) read_function(d, atom);
    size_t lo = 0, hi = b->n;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (by_base(&b->v[mid], &(struct lp_base){base, 0, (uint8_t)how}) < 0) lo = mid + 1;
        else hi = mid;
    }
    while (lo + *n < b->n && b->v[lo + *n].how == how && b->v[lo + *n].base == base) ++*n;
    return &b->v[lo];
}

void lp_bases_free(lp_diff *d)
{
    if (d->bases) free(d->bases->v);
    free(d->bases);
}
