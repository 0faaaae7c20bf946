/* diff/pair/held.c - NAME, constants without names: where the old file has one of the new file's. What may be it is found by what it holds; whether it is, the
 * order of rules says that all others go through (lp_same_target()). */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/data.h"
#include "base/bits.h"
#include "base/search.h"

#include <stdlib.h>

struct constant { uint64_t hash, addr; uint8_t width; };
struct lp_constants { struct constant *v; size_t n; };

static uint64_t hash_constant(const struct lp_side *s, uint64_t addr, uint8_t width)
{
    enum { HALF = 64 };
    const uint64_t prime = UINT64_C(1099511628211);
    uint64_t avail = 0, n = width ? width : lp_side_text(s, addr), i = 0;
    const uint8_t *p = lp_side_bytes(s, addr, &avail);
    if (!n) n = 8;
    if (n > avail) n = avail;
    uint64_t h = (UINT64_C(14695981039346656037) + width) ^ n << 8;
    for (; p && i + 8 <= n && i < HALF; i += 8) h = (h ^ h >> 29 ^ lp_le64(p + i)) * prime;
    for (i = n - i > HALF ? n - HALF : i; p && i < n; i++) h = (h ^ h >> 29 ^ p[i]) * prime; /* (long texts may have very many tails) */
    return h;
}

static int by_hash(const void *a, const void *b)
{
    const struct constant *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return (x->addr > y->addr) - (x->addr < y->addr);
}

static size_t offsets_in_all(const struct lp_side *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->noffsets; i++) n += (s->offsets[i].end - s->offsets[i].start) / 4;
    return n;
}

/* (What is behind an array up to the next variable holds the same as "" does, but an address there is that array's end.) */
static void add_constant(struct lp_constants *c, const struct lp_side *o, uint64_t addr, uint8_t width)
{
    if (lp_is_unnamed_constant_at(o, addr) && (lp_begins_at(o, addr) || lp_array_to(o, addr) == LP_NONE))
        c->v[c->n++] = (struct constant){hash_constant(o, addr, width), addr, width};
}

/* What tables of offsets lead to. */
static void add_by_offsets(struct lp_constants *c, const struct lp_side *o)
{
    for (size_t i = 0; i < o->noffsets; i++) {
        const struct lp_offsets *x = &o->offsets[i];
        uint64_t avail = 0;
        const uint8_t *p = lp_side_bytes(o, x->start, &avail);
        for (uint64_t off = 0; p && off + 4 <= x->end - x->start && off + 4 <= avail; off += 4)
            add_constant(c, o, x->start + (uint64_t)lp_sext(lp_le32(p + off), 32), 0);
    }
}

static bool index_constants(lp_diff *d)
{
    struct lp_side *o = OLD(d);
    struct lp_constants *c = calloc(1, sizeof *c);
    size_t most = o->nref + o->nword + offsets_in_all(o) + 1;
    if (c) c->v = malloc(most * sizeof *c->v);
    d->constants = c;
    if (!c || !c->v) return d->nomem = true, false;
    for (size_t i = 0; i < o->natom; i++)
        for (uint32_t k = 0; lp_is_code_atom(&o->atom[i]) && k < o->atom[i].nref; k++) {
            const struct lp_ref_at *r = &o->ref[o->atom[i].ref + k];
            if (r->kind == LP_FLOW_ADDR) add_constant(c, o, r->addr, r->width);
        }
    for (size_t i = 0; i < o->nword; i++)
        if (o->word[i].kind == LP_WORD_ADDR) add_constant(c, o, o->word[i].value, 0);
    add_by_offsets(c, o);
    c->v = lp_trim(c->v, &most, c->n, sizeof *c->v);
    if (c->n) qsort(c->v, c->n, sizeof *c->v, by_hash);
    return true;
}

uint64_t lp_old_constant(lp_diff *d, const struct lp_use *u)
{
    const uint64_t twin = lp_twin(d, u->addr);
    if (twin) return twin;
    if (!d->constants && !index_constants(d)) return 0;
    struct lp_constants *c = d->constants;
    uint64_t h = hash_constant(NEW(d), u->addr, u->width);
    enum { TRIES = 16 };
    size_t i = lp_count_below(c->v, c->n, sizeof *c->v, h);
    for (unsigned tries = 0; i < c->n && c->v[i].hash == h && tries < TRIES; i++, tries++) {
        struct lp_use x = {c->v[i].addr, LP_NONE, LP_NONE, c->v[i].width, 0}, y = {u->addr, LP_NONE, LP_NONE, u->width, 0};
        if (lp_same_target(d, OLD(d), &x, &y)) return c->v[i].addr;
    }
    return 0;
}

void lp_constants_free(lp_diff *d)
{
    if (d->constants) free(d->constants->v);
    free(d->constants);
}
