/* diff/compare.c - COMPARE: paired functions word by word, what depends on the layout by what it names. Equal only if every word is. */
#include <config.h>
#include "diff/emit.h"
#include "base/bits.h"

#include <stdlib.h>
#include <string.h>

struct walk { const struct lp_side *s; uint32_t atom; const struct lp_ref_at *ref, *end; };

static struct walk walk(const struct lp_side *s, uint32_t i)
{
    const struct lp_atom *a = &s->atom[i];
    return (struct walk){s, i, s->ref + a->ref, s->ref + a->ref + a->nref};
}

static const struct lp_ref_at *ref_at(struct walk *w, uint64_t at)
{
    while (w->ref < w->end && w->ref->at < at) w->ref++;
    return w->ref < w->end && w->ref->at == at ? w->ref : NULL;
}

/* The bits of an instruction that hold an offset. */
static uint32_t offset_mask(uint32_t w)
{
    if ((w & 0x1f000000) == 0x10000000) return 0x60ffffe0;                                       /* ADR, ADRP */
    if ((w & 0x1f800000) == 0x11000000 || (w & 0x3b000000) == 0x39000000) return 0x003ffc00;     /* ADD, SUB; load and store with unsigned offset */
    if ((w & 0x3b200000) == 0x38000000 || (w & 0x3f200000) == 0x19000000) return 0x001ff000;     /* 9 bits */
    if ((w & 0x3a000000) == 0x28000000) return 0x003f8000;                                       /* pairs */
    if ((w & 0x1f800000) == 0x12800000) return 0x001fffe0;                                       /* MOVZ, MOVK, MOVN */
    return 0;
}

static bool is_number(uint32_t a, uint32_t b)
{
    return (a & 0x1f800000) == 0x12800000 && (b & 0x1f800000) == 0x12800000 && ((a ^ b) & 0x8000001f) == 0;
}

static struct lp_use use(const struct walk *w, const struct lp_ref_at *r)
{
    return (struct lp_use){r->addr, r->base, w->atom, r->width};
}

/* Outside of everything, an address is what it is made of: an offset from something that is named. (Inside something it is not: two objects behind one
 * section anchor may change their places.) */
static bool same_outside(lp_diff *d, const struct walk *x, const struct lp_ref_at *p, const struct walk *y, const struct lp_ref_at *q)
{
    uint32_t a = lp_code_word(x->s, p->at), b = lp_code_word(y->s, q->at);
    int64_t off = 0, other = 0;
    if (lp_side_atom(x->s, p->addr) != LP_NONE || lp_side_atom(y->s, q->addr) != LP_NONE) return false;
    if (a == b && (p->flags & q->flags) & (LP_FLOW_SEVERAL | LP_FLOW_INDEXED)) return true; /* one of a set that no execution has */
    lp_word_offset(a, &off), lp_word_offset(b, &other);
    if (!off || off != other) return false;
    struct lp_use u = {p->addr - (uint64_t)off, LP_NONE, x->atom, 0}, v = {q->addr - (uint64_t)off, LP_NONE, y->atom, 0};
    return lp_same_target(d, x->s, &u, &v);
}

/* One address each of every word: how many follow one another. */
static size_t run(const struct walk *w, const struct lp_ref_at *r)
{
    size_t n = 1;
    while (r + n < w->end && r[n].at == r->at) n++;
    return n;
}

static bool has_equal(lp_diff *d, const struct walk *x, const struct lp_ref_at *p, size_t n, const struct walk *y, const struct lp_ref_at *q, size_t m)
{
    for (size_t i = 0; i < n; i++) {
        bool hit = false;
        for (size_t k = 0; k < m && !hit; k++) {
            struct lp_use u = use(x, &p[i]), v = use(y, &q[k]);
            hit = lp_same_target(d, x->s, &u, &v) || same_outside(d, x, &p[i], y, &q[k]);
        }
        if (!hit) return false;
    }
    return true;
}

/* Each of one among those of the other, and the other way round. */
static bool same_addresses(lp_diff *d, const struct walk *x, const struct lp_ref_at *p, const struct walk *y, const struct lp_ref_at *q)
{
    size_t n = run(x, p), m = run(y, q);
    if (n == 1 && m == 1) return has_equal(d, x, p, 1, y, q, 1);
    if (n != m || !has_equal(d, x, p, n, y, q, m)) return false;
    for (size_t k = 0; k < m; k++) {
        bool hit = false;
        for (size_t i = 0; i < n && !hit; i++) hit = has_equal(d, x, &p[i], 1, y, &q[k], 1);
        if (!hit) return false;
    }
    return true;
}

/* What two words say about addresses; both have a reference. The rules are in flow.h. */
static uint8_t compare_refs(lp_diff *d, const struct walk *x, const struct lp_ref_at *p, const struct walk *y, const struct lp_ref_at *q)
{
    uint32_t a = lp_code_word(x->s, p->at), b = lp_code_word(y->s, q->at);
    enum { STRICT = LP_FLOW_MAYBE | LP_FLOW_INDEXED };
    if (p->kind != q->kind || p->width != q->width || (p->flags ^ q->flags) & STRICT) return LP_WHY_REFS;
    if (p->kind == LP_FLOW_TLS || p->kind == LP_FLOW_DATA) return a == b ? LP_WHY_NONE : LP_WHY_CODE; /* the TLS block has its old layout (E160) */
    if ((a ^ b) & ~offset_mask(a)) return LP_WHY_CODE;
    if (p->flags & LP_FLOW_MAYBE && a != b) return LP_WHY_OPAQUE;
    if (p->kind == LP_FLOW_OPAQUE) return d->same_layout && a == b && p->at == q->at ? LP_WHY_NONE : LP_WHY_OPAQUE;
    if (p->kind == LP_FLOW_PAGE && !((p->flags | q->flags) & LP_FLOW_ALONE)) return LP_WHY_NONE; /* its users are compared */
    if (same_addresses(d, x, p, y, q)) return LP_WHY_NONE;
    bool made = p->kind == LP_FLOW_ADDR && !p->width;
    return made && lp_only_base(x->s, x->atom, p->at) && lp_only_base(y->s, y->atom, q->at) ? LP_WHY_NONE : LP_WHY_REFS;
}

static uint8_t compare_at(lp_diff *d, struct walk *x, uint64_t pc, struct walk *y, uint64_t qc)
{
    uint64_t t, v;
    uint32_t a = lp_code_word(x->s, pc), b = lp_code_word(y->s, qc), m, n;
    const struct lp_ref_at *p = ref_at(x, pc), *q = ref_at(y, qc);
    if (p && q) return compare_refs(d, x, p, y, q);
    if (p || q) return a == b ? LP_WHY_REFS : LP_WHY_CODE;
    if (lp_word_target(a, pc, &t, &m) && lp_word_target(b, qc, &v, &n)) {
        if (m != n || (a ^ b) & ~m) return LP_WHY_CODE;
        struct lp_use u = {t, LP_NONE, x->atom, 0}, w = {v, LP_NONE, y->atom, 0};
        return lp_same_target(d, x->s, &u, &w) ? LP_WHY_NONE : LP_WHY_REFS;
    }
    return a == b ? LP_WHY_NONE : is_number(a, b) ? LP_WHY_NUMBER : LP_WHY_CODE;
}

static uint8_t compare_words(lp_diff *d, struct walk *x, struct walk *y, uint64_t off)
{
    return compare_at(d, x, x->s->atom[x->atom].start + off, y, y->s->atom[y->atom].start + off);
}

/* ---- jump tables ---- */

static const uint8_t *table_bytes(const struct lp_side *s, const struct lp_flow_table *t)
{
    uint64_t len = (uint64_t)t->n * t->entry_bytes, avail;
    const uint8_t *p = lp_side_bytes(s, t->at, &avail);
    if (p && avail < len) p = NULL;
    return p;
}

static bool same_table(lp_diff *d, const struct walk *x, const struct lp_flow_table *t, const struct walk *y, const struct lp_flow_table *u)
{
    uint64_t from = x->s->atom[x->atom].start, to = y->s->atom[y->atom].start;
    if (t->n != u->n || t->br_at - from != u->br_at - to) return false;
    if (!t->n) return d->same_layout;
    const uint8_t *p = table_bytes(x->s, t), *q = table_bytes(y->s, u);
    for (uint32_t i = 0; p && q && i < t->n; i++) {
        struct lp_use v = {lp_flow_table_target(t, p, i), LP_NONE, x->atom, 0}, w = {lp_flow_table_target(u, q, i), LP_NONE, y->atom, 0};
        if (!lp_same_target(d, x->s, &v, &w)) return false;
    }
    return p && q;
}

/* Tables are paired by their order in the function. */
static bool same_tables(lp_diff *d, const struct walk *x, const struct walk *y)
{
    const struct lp_atom *a = &x->s->atom[x->atom], *b = &y->s->atom[y->atom];
    if (a->ntable != b->ntable) return false;
    for (uint32_t i = 0; i < a->ntable; i++) {
        const struct lp_table_at *t = &x->s->table[a->table + i], *u = &y->s->table[b->table + i];
        if (!same_table(d, x, &t->t, y, &u->t)) return false;
        if (t->atom == LP_NONE || u->atom == LP_NONE) continue;
        x->s->atom[t->atom].pair = u->atom;
        if (x->s == OLD(d)) y->s->atom[u->atom].pair = t->atom;
    }
    return true;
}

bool lp_same_code(lp_diff *d, const struct lp_side *o, uint32_t a, uint32_t b, uint8_t *why, uint32_t *at)
{
    struct walk x = walk(o, a), y = walk(NEW(d), b);
    uint64_t n = o->atom[a].end - o->atom[a].start, m = NEW(d)->atom[b].end - NEW(d)->atom[b].start;
    *why = LP_WHY_NONE;
    *at = 0;
    if (!same_tables(d, &x, &y)) *why = LP_WHY_TABLE;
    for (uint64_t off = 0; off < n && off < m; off += 4) {
        uint8_t w = compare_words(d, &x, &y, off);
        if (w == LP_WHY_NONE) continue;
        if (*why == LP_WHY_NONE || *why == LP_WHY_TABLE) *at = (uint32_t)off;
        if (*why == LP_WHY_NONE || *why == LP_WHY_NUMBER || *why == LP_WHY_TABLE) *why = w;
        if (n != m || (*why != LP_WHY_NUMBER && w != LP_WHY_NUMBER)) break;
    }
    if (n != m) {
        if (*why == LP_WHY_NONE) *at = (uint32_t)(n < m ? n : m);
        *why = LP_WHY_SIZE;
    }
    return *why == LP_WHY_NONE;
}

static void compare_pair(lp_diff *d, uint32_t i)
{
    struct lp_atom *a = &OLD(d)->atom[i], *b = &NEW(d)->atom[a->pair];
    bool same = lp_same_code(d, OLD(d), i, a->pair, &a->why, &a->differs);
    lp_suppose_keep(d, same);
    a->state = b->state = same ? LP_DIFF_SAME : LP_DIFF_CHANGED;
    b->why = a->why, b->differs = a->differs;
}

static bool same_layout(const lp_diff *d)
{
    const struct lp_side *o = OLD(d), *n = NEW(d);
    if (o->natom != n->natom || o->nspan != n->nspan) return false;
    for (size_t i = 0; i < o->natom; i++)
        if (o->atom[i].start != n->atom[i].start || o->atom[i].end != n->atom[i].end || o->atom[i].kind != n->atom[i].kind) return false;
    return true;
}

/* Twice: what an equal function shows about data helps where another one was in doubt. */
void lp_diff_compare(lp_diff *d)
{
    d->same_layout = same_layout(d);
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < OLD(d)->natom; i++) {
            struct lp_atom *a = &OLD(d)->atom[i];
            if (!lp_is_code_atom(a) || a->kind == LP_ATOM_PLT || a->pair == LP_NONE) continue;
            if (pass == 0 || a->state == LP_DIFF_CHANGED) compare_pair(d, i);
        }
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < d->side[k].natom; i++) {
            struct lp_atom *a = &d->side[k].atom[i];
            if (a->pair == LP_NONE && a->kind != LP_ATOM_PLT) a->state = k ? LP_DIFF_NEW : LP_DIFF_REMOVED;
        }
}

size_t lp_differing_words(lp_diff *d, uint32_t a, uint32_t *off, size_t max)
{
    struct walk x = walk(OLD(d), a), y = walk(NEW(d), OLD(d)->atom[a].pair);
    uint64_t n = OLD(d)->atom[a].end - OLD(d)->atom[a].start;
    size_t hits = 0;
    for (uint64_t at = 0; at < n && hits < max; at += 4)
        if (compare_words(d, &x, &y, at) != LP_WHY_NONE) off[hits++] = (uint32_t)at;
    lp_suppose_keep(d, true);
    return hits;
}

bool lp_same_word(lp_diff *d, uint32_t a, uint64_t off, uint32_t b, uint64_t other)
{
    struct walk x = walk(OLD(d), a), y = walk(NEW(d), b);
    uint64_t pc = OLD(d)->atom[a].start + off, qc = NEW(d)->atom[b].start + other;
    bool same = compare_at(d, &x, pc, &y, qc) == LP_WHY_NONE;
    lp_suppose_keep(d, true);
    return same;
}
