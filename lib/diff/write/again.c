/* diff/write/again.c - EMIT, another round. A body is what it was if all that it was made of is: so the text of each function is kept, and which atoms it asked
 * what becomes of them in the patch, with what that was, and with what it made of it. All else that decides about words is the same in all rounds, unless there
 * are new pairs, or other things are in the patch: then nothing is kept. */
#include <config.h>
#include "diff/write/write.h"

#include <stdlib.h>
#include <string.h>

/* head: lp_head_of(); before, after: state_of(); aims: the function leads there. */
struct look { uint32_t atom, head; uint16_t before, after; bool aims; };
struct body { uint32_t atom, nlook; size_t npaired, len; struct look *look; char *text; };
struct lp_rounds {
    struct body *v;      /* in the order in which they are emitted; the first `at` of this round */
    size_t n, cap, at;
    bool open;           /* one is emitted now: from there on in the text, with so many pairs, and it has looked at this */
    size_t from, npaired, nlook, look_cap;
    struct look *look;
    uint32_t *index;     /* of each atom of the new file, its place in `look`, if it is there */
    uint8_t *shape;      /* of each atom: shape_of() in the last round */
};

/* What a round, or a function in it, may decide about an atom. */
static uint16_t state_of(const struct lp_side *s, uint32_t i)
{
    const struct lp_atom *a = &s->atom[i];
    const bool head = i + 1 < s->natom && a[1].joined;
    return (uint16_t)(a->carry | a->tail << 1 | a->aligned << 2 | a->joined << 7 | head << 8 | a->in_place << 9 | a->together << 10 | a->uniform << 11 |
                      a->pages << 12);
}

static void set_state(struct lp_atom *a, const struct look *x)
{
    a->carry = x->after & 1, a->tail = x->after >> 1 & 1, a->aligned = x->after >> 2 & 31;
    a->aimed |= x->aims;
}

/* What anything may ask. */
static uint8_t shape_of(const struct lp_atom *a)
{
    return (uint8_t)(a->included | a->by_entry << 1 | a->moved_part << 2 | a->labels << 3 | a->resized << 4);
}

static void free_body(struct body *b) { free(b->look), free(b->text); }

void lp_rounds_free(lp_diff *d)
{
    struct lp_rounds *r = d->rounds;
    for (size_t i = 0; r && i < r->n; i++) free_body(&r->v[i]);
    if (r) free(r->v), free(r->look), free(r->index), free(r->shape);
    free(r);
    d->rounds = NULL;
}

static struct lp_rounds *rounds_of(lp_diff *d)
{
    const size_t n = NEW(d)->natom + 1;
    struct lp_rounds *r = d->rounds ? d->rounds : calloc(1, sizeof *r);
    if (r && !r->index) r->index = calloc(n, sizeof *r->index);
    if (r && !r->shape) r->shape = calloc(n, sizeof *r->shape);
    d->rounds = r;
    if (!r || !r->index || !r->shape) d->nomem = true, lp_rounds_free(d);
    return d->nomem ? NULL : r;
}

void lp_next_round(lp_diff *d)
{
    struct lp_rounds *r = rounds_of(d);
    bool same = true;
    for (size_t i = 0; r && i < NEW(d)->natom; i++) {
        const uint8_t shape = shape_of(&NEW(d)->atom[i]);
        same &= r->shape[i] == shape;
        r->shape[i] = shape;
    }
    for (; r && !same && r->n; r->n--) free_body(&r->v[r->n - 1]);
    if (r) r->at = 0;
    lp_forget_heads(d);
}

void lp_look(lp_diff *d, uint32_t atom, bool aims)
{
    struct lp_rounds *r = d->rounds;
    if (!r || !r->open) return;
    uint32_t *i = &r->index[atom];
    if (*i >= r->nlook || r->look[*i].atom != atom) {
        struct look *v = lp_grow(r->look, &r->look_cap, r->nlook, sizeof *v);
        if (!v) {
            d->nomem = true;
            return;
        }
        r->look = v;
        *i = (uint32_t)r->nlook++;
        v[*i] = (struct look){.atom = atom, .head = lp_head_of(d, atom), .before = state_of(NEW(d), atom)};
    }
    r->look[*i].aims |= aims;
}

static bool is_as_it_was(const lp_diff *d, const struct body *b)
{
    bool same = !d->nsupposed && b->npaired == d->npaired;
    for (uint32_t i = 0; same && i < b->nlook; i++) {
        const struct look *x = &b->look[i];
        same = state_of(NEW(d), x->atom) == x->before && lp_head_of(d, x->atom) == x->head;
    }
    return same;
}

bool lp_emit_as_before(lp_diff *d, uint32_t atom)
{
    struct lp_rounds *r = d->rounds;
    const struct body *b = r && r->at < r->n ? &r->v[r->at] : NULL;
    if (b && b->atom == atom && is_as_it_was(d, b)) {
        for (uint32_t i = 0; i < b->nlook; i++) set_state(&NEW(d)->atom[b->look[i].atom], &b->look[i]);
        lp_buf_add(&d->items, b->text, b->len);
        return ++r->at;
    }
    NEW(d)->atom[atom].proved = false;
    lp_pages_free(d); /* they look at what others carry */
    if (!r) return false;
    r->open = true, r->nlook = 0, r->from = d->items.len, r->npaired = d->nsupposed ? SIZE_MAX : d->npaired;
    lp_look(d, atom, false); /* the first: itself */
    return false;
}

static void *copy(const void *p, size_t n)
{
    void *q = malloc(n + 1);
    return q && n ? memcpy(q, p, n) : q;
}

void lp_emitted(lp_diff *d)
{
    struct lp_rounds *r = d->rounds;
    struct body *v = !r ? NULL : r->at < r->n ? r->v : lp_grow(r->v, &r->cap, r->n, sizeof *v);
    if (!v || d->items.failed || d->nomem) {
        d->nomem = true;
        return;
    }
    r->v = v, r->open = false;
    for (size_t i = 0; i < r->nlook; i++) r->look[i].after = state_of(NEW(d), r->look[i].atom);
    if (r->at < r->n) free_body(&v[r->at]);
    else r->n++;
    struct body *b = &v[r->at++];
    *b = (struct body){r->look[0].atom, (uint32_t)r->nlook, r->npaired, d->items.len - r->from, NULL, NULL};
    b->look = copy(r->look, r->nlook * sizeof *r->look), b->text = copy(d->items.data + r->from, b->len);
    d->nomem |= !b->look || !b->text;
}
