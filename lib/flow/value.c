/* flow/value.c - what a register or a slot may hold. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "flow/inner.h"

enum { FIRST_VALUES = 64, FIRST_BYTES = 4096, FIRST_BUCKETS = 128, MOST_VALUES = 1 << 22 };

/* How many members count: those of an address are n, other kinds have one or two numbers there. (That many are kept, and at least one.) */
static unsigned members(const struct lp_fvalue *v)
{
    return v->kind == FV_ADDR ? v->n : v->kind == FV_GOAL ? 2 : v->kind == FV_NONE || v->kind == FV_FOREIGN || v->kind >= FV_MANY ? 0 : 1;
}

static uint32_t hash(const struct lp_fvalue *v)
{
    uint64_t h, x;
    memcpy(&h, v, sizeof h); /* the header */
    for (unsigned i = 0; i < members(v); i++) {
        memcpy(&x, &v->m[i].space, sizeof x);
        h = (h ^ v->m[i].v) * UINT64_C(0x9e3779b97f4a7c15);
        h = (h ^ h >> 29 ^ v->m[i].root ^ x << 40) * UINT64_C(0xbf58476d1ce4e5b9);
    }
    return (uint32_t)((h * UINT64_C(0x94d049bb133111eb)) >> 32);
}

/* Whatever it is in the twin; split: there, they are not. */
static bool equal(const struct lp_fvalue *a, const struct lp_fvalue *b, bool *split)
{
    if (memcmp(a, b, offsetof(struct lp_fvalue, m)) != 0)
        return false;
    bool other = false;
    for (unsigned i = 0, n = members(a); i < n; i++) {
        const struct lp_fv_member *x = &a->m[i], *y = &b->m[i];
        if (x->v != y->v || x->root != y->root || x->space != y->space || x->indexed != y->indexed)
            return false;
        other |= x->w != y->w || x->twin_root != y->twin_root;
    }
    *split |= other;
    return true;
}

static bool set_buckets(struct lp_fv_pool *p, uint32_t n)
{
    uint32_t *b = p->bucket_cap < n ? realloc(p->bucket, (size_t)n * sizeof *b) : p->bucket;
    if (b == NULL)
        return false;
    p->bucket_cap = p->bucket_cap < n ? n : p->bucket_cap;
    p->bucket = b;
    p->buckets = n;
    memset(b, 0, (size_t)n * sizeof *b);
    for (uint32_t i = 0; i < p->n; i++) {
        const uint32_t k = hash(lp_fv_at(p, i)) & (p->buckets - 1);
        p->next[i] = b[k];
        b[k] = i + 1;
    }
    return true;
}

static bool more_values(struct lp_fv_pool *p)
{
    const uint32_t cap = p->cap ? p->cap * 2 : FIRST_VALUES;
    uint32_t *at = realloc(p->at, cap * sizeof *at);
    if (at != NULL)
        p->at = at;
    uint32_t *next = realloc(p->next, cap * sizeof *next);
    if (next != NULL)
        p->next = next;
    if (at == NULL || next == NULL)
        return false;
    p->cap = cap;
    return true;
}

/* For one value more, of so many bytes. */
static bool room(struct lp_fv_pool *p, size_t bytes)
{
    if (p->n >= p->buckets * 2 && !set_buckets(p, p->buckets * 4))
        return false;
    if (p->n >= p->cap && (p->n >= MOST_VALUES || !more_values(p)))
        return false;
    if (p->used + bytes <= p->bytes)
        return true;
    const size_t most = p->bytes ? p->bytes * 2 : FIRST_BYTES;
    char *v = realloc(p->v, most);
    if (v == NULL)
        return false;
    p->v = v;
    p->bytes = most;
    return true;
}

lp_fv lp_fv_intern(struct lp_fv_pool *p, struct lp_fvalue *v)
{
    const uint32_t h = hash(v);
    for (uint32_t i = p->bucket[h & (p->buckets - 1)]; i != 0; i = p->next[i - 1])
        if (equal(lp_fv_at(p, i - 1), v, &p->split))
            return i - 1;
    const size_t n = members(v), bytes = offsetof(struct lp_fvalue, m) + (n == 0 ? 1 : n) * sizeof v->m[0];
    if (!room(p, bytes)) {
        p->failed = true;
        return ID_OPAQUE;
    }
    memcpy(p->v + p->used, v, bytes);
    p->at[p->n] = (uint32_t)(p->used / FV_UNIT);
    p->used += bytes;
    p->next[p->n] = p->bucket[h & (p->buckets - 1)];
    p->bucket[h & (p->buckets - 1)] = p->n + 1;
    return p->n++;
}

struct lp_fvalue lp_fv_copy(const struct lp_fv_pool *p, lp_fv id)
{
    struct lp_fvalue v = {0};
    const struct lp_fvalue *x = lp_fv_at(p, id);
    memcpy(&v, x, offsetof(struct lp_fvalue, m) + members(x) * sizeof v.m[0]);
    return v;
}

lp_fv lp_fv_make(struct lp_fv_pool *p, enum lp_fv_kind kind, uint64_t v, uint64_t root)
{
    struct lp_fvalue x = {.kind = (uint8_t)kind, .n = 1, .m[0] = {.v = v, .root = root}};
    return lp_fv_intern(p, &x);
}

lp_fv lp_fv_address(struct lp_fv_pool *p, enum lp_fv_space space, uint64_t v, uint64_t root, uint64_t w)
{
    struct lp_fvalue x = {.kind = FV_ADDR, .n = 1, .m[0] = {.v = v, .root = root, .space = space, .w = w, .twin_root = space == IN_ADDR ? w : 0}};
    return lp_fv_intern(p, &x);
}

bool lp_fv_sites(struct lp_fv_pool *p, size_t n)
{
    if (p->site_cap < n) {
        free(p->site);
        p->site = malloc(n * sizeof *p->site);
        p->site_cap = p->site == NULL ? 0 : n;
    }
    for (size_t i = 0; i < n && p->site != NULL; i++)
        p->site[i] = (uint32_t)i;
    return n == 0 || p->site != NULL;
}

bool lp_fv_start(struct lp_fv_pool *p)
{
    p->n = 0;
    p->used = 0;
    p->failed = p->split = false;
    if (!set_buckets(p, FIRST_BUCKETS))
        return false;
    struct lp_fvalue none = {.kind = FV_NONE}, opaque = {.kind = FV_OPAQUE}, many = {.kind = FV_MANY}, foreign = {.kind = FV_FOREIGN};
    lp_fv_intern(p, &none); /* ID_NONE */
    lp_fv_make(p, FV_CONST, 0, 0);
    lp_fv_intern(p, &opaque);
    lp_fv_intern(p, &many);
    lp_fv_intern(p, &foreign);
    return !p->failed;
}

void lp_fv_free(struct lp_fv_pool *p)
{
    free(p->v);
    free(p->at);
    free(p->next);
    free(p->bucket);
    free(p->site);
}

uint32_t lp_fv_site(struct lp_fv_pool *p, uint32_t ref)
{
    while (p->site[ref] != ref)
        ref = p->site[ref] = p->site[p->site[ref]];
    return ref;
}

/* ---- joins ---- */

static bool same_but_step(const struct lp_fv_member *a, const struct lp_fv_member *b) { return a->space == b->space && a->root == b->root; }

/* Put one more into v; false: there are too many. */
static bool add_member(struct lp_fv_pool *p, struct lp_fvalue *v, const struct lp_fv_member *m)
{
    for (unsigned i = 0; i < v->n; i++) {
        struct lp_fv_member *k = &v->m[i];
        if (k->space == IN_PAGE && m->space == IN_PAGE && k->v == m->v) {
            const uint32_t a = lp_fv_site(p, (uint32_t)k->root), b = lp_fv_site(p, (uint32_t)m->root);
            p->site[a > b ? a : b] = a > b ? b : a;
            k->indexed |= m->indexed;
            return true;
        }
        if (same_but_step(k, m)) {
            k->indexed |= m->indexed | (k->v != m->v ? BY_STEPS : 0);
            return true;
        }
    }
    if (v->n == MEMBERS)
        return false;
    v->m[v->n++] = *m;
    return true;
}

/* Members in one order, so that equal sets are equal values. */
static void sort_members(struct lp_fvalue *v)
{
    for (unsigned i = 1; i < v->n; i++)
        for (unsigned k = i; k > 0 && (v->m[k].v < v->m[k - 1].v || (v->m[k].v == v->m[k - 1].v && v->m[k].root < v->m[k - 1].root)); k--) {
            const struct lp_fv_member m = v->m[k];
            v->m[k] = v->m[k - 1];
            v->m[k - 1] = m;
        }
}

/* (What is no address has numbers where an address has members.) */
static bool has_pages(const struct lp_fvalue *v)
{
    for (unsigned i = 0; v->kind == FV_ADDR && i < v->n; i++)
        if (v->m[i].space != IN_ADDR)
            return true;
    return false;
}

/* Only the members that something must still be added to. */
static void keep_pages(struct lp_fvalue *v)
{
    unsigned n = 0;
    for (unsigned i = 0; i < v->n; i++)
        if (v->m[i].space != IN_ADDR)
            v->m[n++] = v->m[i];
    v->n = (uint8_t)n;
}

static bool add_members(struct lp_fv_pool *p, struct lp_fvalue *v, const struct lp_fvalue *other)
{
    for (unsigned i = 0; i < other->n; i++)
        if (!(v->maybe & MAYBE_MANY && other->m[i].space == IN_ADDR) && !add_member(p, v, &other->m[i]))
            return false;
    return true;
}

/* One of too many: addresses are not told from each other any more, pages are. */
static lp_fv join_many(struct lp_fv_pool *p, const struct lp_fvalue *a, const struct lp_fvalue *b)
{
    if (!has_pages(a) && !has_pages(b))
        return ID_MANY;
    struct lp_fvalue v = has_pages(a) ? *a : *b;
    const struct lp_fvalue *other = has_pages(a) ? b : a;
    v.maybe = MAYBE_OTHER | MAYBE_MANY;
    keep_pages(&v);
    if (other->kind == FV_ADDR && !add_members(p, &v, other))
        return ID_OPAQUE;
    sort_members(&v);
    return lp_fv_intern(p, &v);
}

static lp_fv join_addresses(struct lp_fv_pool *p, lp_fv a, lp_fv b)
{
    struct lp_fvalue v = lp_fv_copy(p, a);
    const struct lp_fvalue first = v, other = lp_fv_copy(p, b);
    v.maybe |= other.maybe;
    if (v.maybe & MAYBE_MANY || !add_members(p, &v, &other))
        return join_many(p, &first, &other);
    sort_members(&v);
    return lp_fv_intern(p, &v);
}

lp_fv lp_fv_doubt(struct lp_fv_pool *p, lp_fv a)
{
    if (lp_fv_at(p, a)->kind != FV_ADDR || lp_fv_at(p, a)->maybe)
        return a;
    struct lp_fvalue v = lp_fv_copy(p, a);
    v.maybe |= MAYBE_OTHER;
    return lp_fv_intern(p, &v);
}

lp_fv lp_fv_pages(struct lp_fv_pool *p, lp_fv a)
{
    unsigned n = 0;
    if (lp_fv_at(p, a)->kind != FV_ADDR || lp_fv_at(p, a)->n == 1)
        return a;
    struct lp_fvalue v = lp_fv_copy(p, a);
    for (unsigned i = 0; i < v.n; i++)
        if (v.m[i].space == IN_PAGE)
            v.m[n++] = v.m[i];
    v.n = (uint8_t)n;
    return n == 0 ? a : lp_fv_intern(p, &v);
}

lp_fv lp_fv_join(struct lp_fv_pool *p, lp_fv a, lp_fv b)
{
    const struct lp_fvalue *x = lp_fv_at(p, a), *y = lp_fv_at(p, b);
    if (a == b)
        return a;
    if (x->kind == FV_OPAQUE || y->kind == FV_OPAQUE)
        return ID_OPAQUE;
    if (x->kind == FV_MANY || y->kind == FV_MANY) {
        const struct lp_fvalue v = lp_fv_copy(p, a), w = lp_fv_copy(p, b);
        return join_many(p, &v, &w);
    }
    if (x->kind == FV_ADDR && y->kind == FV_ADDR)
        return join_addresses(p, a, b);
    if ((x->kind == FV_STACK && has_pages(y)) || (y->kind == FV_STACK && has_pages(x)))
        return ID_OPAQUE; /* what is added completes the one and leads elsewhere from the other: one way is none, and it is not known which */
    if (x->kind == FV_ADDR)
        return lp_fv_doubt(p, a);
    if (y->kind == FV_ADDR)
        return lp_fv_doubt(p, b);
    return ID_NONE;
}

/* ---- arithmetic ---- */

lp_fv lp_fv_add(struct lp_fv_pool *p, lp_fv a, int64_t imm, int64_t twin, bool high)
{
    const unsigned kind = lp_fv_at(p, a)->kind;
    if (kind != FV_CONST && kind != FV_STACK && kind != FV_ADDR)
        return kind >= FV_MANY ? a : ID_NONE;
    struct lp_fvalue v = lp_fv_copy(p, a);
    if (kind != FV_ADDR) {
        v.m[0].v += (uint64_t)imm;
        return lp_fv_intern(p, &v);
    }
    for (unsigned i = 0; i < v.n; i++) {
        struct lp_fv_member *m = &v.m[i];
        m->v += (uint64_t)imm, m->w += (uint64_t)twin;
        if (m->space != IN_PAGE || high)
            continue;
        m->space = IN_ADDR;
        m->root = m->v, m->twin_root = m->w;
        v.maybe &= (uint8_t)~MAYBE_MANY; /* those would be so many others */
    }
    sort_members(&v);
    return lp_fv_intern(p, &v);
}

/* An address + something that is not known. Of the thread pointer itself it is some variable's offset from the GOT. */
static lp_fv indexed(struct lp_fv_pool *p, lp_fv a)
{
    struct lp_fvalue v = lp_fv_copy(p, a);
    for (unsigned i = 0; i < v.n; i++) {
        if (v.m[i].space == IN_TLS && v.m[i].v == 0)
            return ID_NONE;
        v.m[i].indexed |= BY_INDEX;
    }
    return lp_fv_intern(p, &v);
}

lp_fv lp_fv_sum(struct lp_fv_pool *p, lp_fv a, lp_fv b, bool subtract)
{
    const struct lp_fvalue *x = lp_fv_at(p, a), *y = lp_fv_at(p, b);
    if (y->kind == FV_CONST)
        return lp_fv_add(p, a, (int64_t)(subtract ? -y->m[0].v : y->m[0].v), (int64_t)(subtract ? -y->m[0].v : y->m[0].v), false);
    if (x->kind == FV_CONST && !subtract)
        return lp_fv_add(p, b, (int64_t)x->m[0].v, (int64_t)x->m[0].v, false);
    if (x->kind == FV_OPAQUE || (y->kind == FV_OPAQUE && !subtract))
        return ID_OPAQUE;
    if (x->kind == FV_MANY || (y->kind == FV_MANY && !subtract))
        return ID_MANY;
    if (x->kind == FV_ADDR)
        return y->kind == FV_ADDR ? ID_NONE : indexed(p, a);
    return y->kind == FV_ADDR && !subtract ? indexed(p, b) : ID_NONE;
}

/* The base may be a page by chance: what ADR makes. */
lp_fv lp_fv_goal(struct lp_fv_pool *p, lp_fv base, lp_fv entry)
{
    struct lp_fvalue v = lp_fv_copy(p, entry);
    const struct lp_fvalue *b = lp_fv_at(p, base);
    if (v.kind != FV_ENTRY || b->kind != FV_ADDR || b->n != 1 || b->maybe || b->m[0].space == IN_TLS || b->m[0].indexed)
        return ID_NONE;
    v.kind = FV_GOAL;
    v.m[1] = (struct lp_fv_member){.v = b->m[0].v, .w = b->m[0].w};
    return lp_fv_intern(p, &v);
}
