/* flow/twin.c - a function of another file, of the same words but for parts of addresses, that is followed at once (flow.h, lp_flow_input.twin): whether
 * it goes the same way, and what its words stand for then. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "a64/derive.gen.h"
#include "base/bits.h"
#include "flow/inner.h"

static uint32_t word_of(const struct lp_frun *r, size_t i) { return lp_le32((const uint8_t *)r->twin->part->code + 4 * i); }

int64_t lp_ftwin_imm(const struct lp_frun *r, size_t i, int64_t imm)
{
    if (r->twin == NULL)
        return imm;
    const uint32_t v = lp_le32((const uint8_t *)r->in->part->code + 4 * i), w = word_of(r, i), field = w >> 10 & 0xfff;
    if (v == w)
        return imm;
    if ((w & 0x1f000000) == 0x11000000) /* ADD */
        return (int64_t)field << (w >> 22 & 1 ? 12 : 0);
    return (int64_t)field << (w & 0x04000000 && w & 0x00800000 ? 4 : w >> 30);
}

uint64_t lp_ftwin_page(const struct lp_frun *r, size_t i)
{
    uint64_t page = 0;
    if (r->twin != NULL)
        lp_derive_adrp(word_of(r, i), r->twin->part->at + 4 * i, &page);
    return page;
}

uint64_t lp_ftwin_place(const struct lp_frun *r, uint64_t addr) { return r->twin == NULL ? 0 : addr - r->in->part->at + r->twin->part->at; }

/* ---- does it go the same way? ---- */

void lp_ftwin_same_place(struct lp_frun *r, uint64_t addr, uint64_t w)
{
    if (r->twin != NULL && lp_flow_word(r->in, addr) != lp_flow_word(r->twin, w))
        r->twin = NULL;
}

/* The table of the twin for the same BR. */
static struct lp_flow_table table_of(const struct lp_frun *r, const struct lp_fvalue *v, const struct lp_flow_table *t)
{
    struct lp_flow_table u = *t;
    u.br_at = lp_ftwin_place(r, t->br_at);
    u.at = v->m[0].w;
    u.base = t->offsets ? u.at : v->m[1].w;
    if (!t->offsets)
        lp_frun_table_at(r, r->twin, v, &u);
    return u;
}

void lp_ftwin_same_table(struct lp_frun *r, const struct lp_fvalue *goal, const struct lp_flow_table *t)
{
    if (r->twin == NULL)
        return;
    const struct lp_flow_table u = table_of(r, goal, t);
    uint64_t avail;
    const uint8_t *p = t->n == 0 ? NULL : r->in->bytes(r->in->ctx, t->at, &avail), *q = u.n == 0 ? NULL : r->twin->bytes(r->twin->ctx, u.at, &avail);
    bool same = t->n == u.n && t->guessed == u.guessed && (p == NULL) == (q == NULL);
    for (uint32_t k = 0; same && p != NULL && k < t->n; k++)
        same = lp_flow_word(r->in, lp_flow_table_target(t, p, k)) == lp_flow_word(r->twin, lp_flow_table_target(&u, q, k));
    if (!same)
        r->twin = NULL;
}

/* Two addresses of one value, or what one became an address with. */
struct twins { uint64_t v, w; bool page; };

static int by_value(const void *a, const void *b)
{
    const struct twins *x = a, *y = b;
    return x->page != y->page ? x->page - y->page : x->v != y->v ? (x->v < y->v ? -1 : 1) : (x->w > y->w) - (x->w < y->w);
}

/* The members of a value that are addresses; false: they are of several kinds, which are put in order together, or of thread-local storage elsewhere. */
static bool add_members(const struct lp_fvalue *v, struct twins *t, size_t *n)
{
    const unsigned count = v->kind == FV_ADDR ? v->n : v->kind == FV_ENTRY ? 1 : v->kind == FV_GOAL ? 2 : 0;
    for (unsigned i = 0; i < count; i++) {
        const struct lp_fv_member *m = &v->m[i];
        if (v->kind == FV_ADDR && m->space != v->m[0].space)
            return false;
        if (v->kind == FV_ADDR && m->space == IN_TLS) {
            if (m->v != m->w)
                return false;
            continue;
        }
        const bool page = v->kind == FV_ADDR && m->space == IN_PAGE, root = v->kind == FV_ADDR && !page;
        t[(*n)++] = (struct twins){m->v, m->w, page};
        if (root)
            t[(*n)++] = (struct twins){m->root, m->twin_root, false};
    }
    return true;
}

/* All that is decided by addresses is which are equal, and their order. So of all that there were, equal ones must be equal in the twin, and larger ones
 * larger. */
static bool goes_the_same_way(const struct lp_frun *r)
{
    struct twins *t = malloc((2 * MEMBERS * (size_t)r->pool.n + 1) * sizeof *t);
    size_t n = 0;
    bool same = t != NULL;
    for (uint32_t i = 0; same && i < r->pool.n; i++)
        same = add_members(lp_fv_at(&r->pool, i), t, &n);
    if (same && n != 0)
        qsort(t, n, sizeof *t, by_value);
    for (size_t i = 1; same && i < n; i++)
        same = t[i - 1].page != t[i].page || (t[i - 1].v == t[i].v ? t[i - 1].w == t[i].w : t[i - 1].w < t[i].w);
    free(t);
    return same;
}

/* ---- what its words stand for ---- */

/* Where word i of it leads by itself. */
static uint64_t own_target(const struct lp_frun *r, size_t i)
{
    struct lp_fop o;
    lp_fop_decode(word_of(r, i), r->twin->part->at + 4 * i, &o);
    return (uint64_t)o.imm;
}

static void tell(struct lp_frun *r, size_t i, struct lp_flow_ref *t)
{
    const struct lp_flow_ref *ref = lp_flow_ref_of(r->out, i);
    const struct lp_fvalue *v = lp_fv_at(&r->pool, ref->told);
    if (lp_fop_is_relative(lp_frun_op(r, i))) {
        t->addr = own_target(r, i);
    } else if (v->kind == FV_ADDR && r->kind[i] != OP_ADD_REG && ref->n == v->n && ref->kind != LP_FLOW_NONE) {
        const uint64_t *addr = ref->flags & LP_FLOW_SEVERAL ? &r->out->addr[ref->addr] : &ref->addr;
        const int64_t imm = lp_frun_op(r, i)->imm, more = lp_ftwin_imm(r, i, imm) - imm;
        uint64_t *to = ref->flags & LP_FLOW_SEVERAL ? &r->out->twin_addr[ref->addr] : &t->addr;
        for (unsigned k = 0; k < v->n; k++)
            to[k] = v->m[k].w + (addr[k] - v->m[k].v) + (uint64_t)more;
    }
}

void lp_ftwin_tell(struct lp_frun *r)
{
    struct lp_flow *out = r->out;
    if (r->pool.split || !goes_the_same_way(r))
        return;
    out->twin = malloc(out->nref * sizeof *out->twin);
    out->twin_addr = malloc((out->naddr + 1) * sizeof *out->twin_addr);
    out->twin_table = malloc((out->ntable + 1) * sizeof *out->twin_table);
    if (out->twin == NULL || out->twin_addr == NULL || out->twin_table == NULL) {
        free(out->twin);
        out->twin = NULL;
        return;
    }
    memcpy(out->twin, out->ref, out->nref * sizeof *out->twin);
    for (size_t i = 0; i < r->n; i++)
        if (lp_frun_has_ref(r, i))
            tell(r, i, &out->twin[out->of[i]]);
    for (size_t k = 0; k < out->ntable; k++) {
        const struct lp_flow_table *t = &out->table[k];
        out->twin_table[k] = table_of(r, lp_fv_at(&r->pool, lp_flow_ref_of(out, lp_frun_word(r, t->br_at))->told), t);
    }
}
