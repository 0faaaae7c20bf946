/* diff/pair/code.c - COMPARE, two functions word by word: what depends on the layout by what it names. Equal only if every word is. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/code.h"
#include "diff/side/data.h"
#include "diff/side/walk.h"
#include "a64/a64.h"
#include "base/bits.h"
#include "base/search.h"

#include <stdlib.h>

enum unknown { UNKNOWN, NO, YES };
/* A way through a function. What is asked again and again: whether it makes the pages that were asked for last, and whether all its pages are used. */
struct walk {
    const struct lp_side *s;
    uint32_t atom;
    const struct lp_ref_at *ref, *end;
    struct lp_words code;
    struct { uint64_t page; enum unknown made; } asked[16];
    enum unknown used;
};

static struct walk walk(const struct lp_side *s, uint32_t i)
{
    const struct lp_atom *a = &s->atom[i];
    return (struct walk){.s = s, .atom = i, .ref = s->ref + a->ref, .end = s->ref + a->ref + a->nref, .code = lp_words_of(s, i)};
}

/* A word of the function. */
static uint32_t word_of(const struct walk *w, uint64_t pc) { return lp_words_at(&w->code, pc); }

static const struct lp_ref_at *ref_at(struct walk *w, uint64_t at)
{
    while (w->ref < w->end && w->ref->at < at) w->ref++;
    return w->ref < w->end && w->ref->at == at ? w->ref : NULL;
}

/* The bits of an instruction that hold an offset. */
static uint32_t offset_mask(uint32_t w)
{
    if (lp_a64_is_pcrel_address(w)) return 0x60ffffe0;
    if (lp_a64_is_add_sub_imm(w) || lp_a64_is_ldst_pos(w)) return 0x003ffc00;
    if (lp_a64_is_ldst_post(w) || lp_a64_is_ldst_pair_post(w)) return 0; /* post-index: how far the base moves */
    if (lp_a64_is_ldst_imm9(w) || (w & 0x3f200000) == 0x19000000) return 0x001ff000; /* 9 bits */
    if (lp_a64_is_ldst_pair(w)) return 0x003f8000;
    if (lp_a64_is_load_literal(w)) return 0x00ffffe0;
    if (lp_a64_is_mov_wide(w)) return 0x001fffe0;
    return 0;
}

static bool is_number(uint32_t a, uint32_t b)
{
    return lp_a64_is_mov_wide(a) && lp_a64_is_mov_wide(b) && ((a ^ b) & 0x8000001f) == 0;
}

static struct lp_use use(const struct walk *w, const struct lp_ref_at *r)
{
    return (struct lp_use){r->addr, r->base, w->atom, r->width, r->at};
}

/* Is it nothing, or with something added that is not known in another section than its base, where no section anchor leads? */
static bool is_outside(const struct lp_side *s, const struct lp_ref_at *r, int64_t off)
{
    const struct lp_span *from = lp_side_span(s, r->addr - (uint64_t)off);
    const bool index = r->flags & LP_FLOW_INDEXED && !(r->flags & LP_FLOW_OF_PAGE);
    return lp_side_atom(s, r->addr) == LP_NONE || (index && from && from != lp_side_span(s, r->addr));
}

/* ADR and loads of literals make an address of nothing else: there is no base that is compared. */
static bool has_base(uint32_t word) { return !lp_a64_is_adr(word) && !lp_a64_is_load_literal(word); }

/* Outside of everything, an address is what it is made of: an offset from something that is named. (Inside something it is not: two objects behind one
 * section anchor may change their places. A slot is what it holds.) Where a base passes because its users are the same, they do not pass because it is. */
static bool same_outside(lp_diff *d, const struct walk *x, const struct lp_ref_at *p, const struct walk *y, const struct lp_ref_at *q)
{
    uint32_t a = word_of(x, p->at), b = word_of(y, q->at);
    int64_t off = 0, other = 0;
    lp_word_offset(a, &off), lp_word_offset(b, &other);
    const bool based = a == b && !d->anchors && has_base(a) && !((p->flags | q->flags) & (LP_FLOW_OF_PAGE | LP_REF_APART));
    if (!is_outside(y->s, q, other)) return false;
    if (x->s != OLD(d) && based) return true; /* what a patch brings may be there */
    if (!is_outside(x->s, p, off)) return false;
    if (lp_side_word(x->s, p->addr) && lp_side_word(y->s, q->addr)) return false;
    const struct lp_span *s = lp_side_span(x->s, p->addr);
    if (s && s->flags & LP_SPAN_CODE) return false; /* constants between functions */
    if (based) return true; /* the base is compared where it is made; a page is not */
    if (!off || off != other) return false;
    struct lp_use u = {p->addr - (uint64_t)off, LP_NONE, x->atom, 0, 0}, v = {q->addr - (uint64_t)off, LP_NONE, y->atom, 0, 0};
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
    if ((n != m && x->s == OLD(d)) || !has_equal(d, x, p, n, y, q, m)) return false; /* (of what is the same, a patch may bring one more) */
    for (size_t k = 0; k < m; k++) {
        bool hit = false;
        for (size_t i = 0; i < n && !hit; i++) hit = has_equal(d, x, &p[i], 1, y, &q[k], 1);
        if (!hit) return false;
    }
    return true;
}

static bool is_page(const struct lp_ref_at *r, uint64_t page) { return r->kind == LP_FLOW_PAGE && r->addr == page; }

/* Does the function make this page? Mostly a few words in front of p. */
static bool makes(struct walk *w, const struct lp_ref_at *p, uint64_t page)
{
    const struct lp_ref_at *first = w->s->ref + w->s->atom[w->atom].ref, *r = p;
    const size_t k = (page >> 12) % (sizeof w->asked / sizeof *w->asked);
    if (w->asked[k].made != UNKNOWN && w->asked[k].page == page) return w->asked[k].made == YES;
    while (r > first && !is_page(r - 1, page)) r--;
    bool made = r > first;
    for (r = p; !made && r < w->end; r++) made = is_page(r, page);
    w->asked[k].page = page, w->asked[k].made = made ? YES : NO;
    return made;
}

/* Is the word perhaps the end of an address: ADD, or a load or store with unsigned offset, on a page? */
static bool may_complete(struct walk *w, const struct lp_ref_at *p)
{
    uint32_t word = word_of(w, p->at);
    const struct lp_atom *a = &w->s->atom[w->atom];
    int64_t off = 0;
    if (!lp_a64_is_add_imm_any(word) && !lp_a64_is_ldst_pos(word)) return false;
    lp_word_offset(word, &off);
    for (size_t i = 0, n = run(w, p); i < n; i++)
        if (!((p[i].addr - (uint64_t)off) & 4095) && makes(w, p, p[i].addr - (uint64_t)off)) return true;
    return a->parent != LP_NONE || a->lent; /* a page may come from there */
}

/* Does the offset leave each object in which its base is? */
static bool stays_inside(const struct walk *w, const struct lp_ref_at *p)
{
    int64_t off = 0;
    lp_word_offset(word_of(w, p->at), &off);
    for (size_t i = 0, n = run(w, p); i < n; i++)
        if (lp_side_atom(w->s, p[i].addr) != lp_side_atom(w->s, p[i].addr - (uint64_t)off)) return false;
    return true;
}

/* The same offset within the same object means the same if the base does, which is compared where it is made. Not so where a section anchor was let
 * pass because its users say all. */
static bool follows_base(const lp_diff *d, struct walk *x, const struct lp_ref_at *p, struct walk *y, const struct lp_ref_at *q)
{
    return !d->anchors && !(p->flags & LP_REF_APART) && word_of(x, p->at) == word_of(y, q->at) && p->kind == LP_FLOW_ADDR &&
           !may_complete(x, p) && !may_complete(y, q) && stays_inside(x, p) && stays_inside(y, q);
}

static bool pages_are_used(struct walk *w)
{
    if (w->used == UNKNOWN) w->used = lp_completes_pages(w->s, w->atom) ? YES : NO;
    return w->used == YES;
}

/* An offset from something that is not known: the same bits mean the same, unless they are the end of an address whose page is another one. Pages
 * that other words complete, too, are compared there; and where the layout changed, so did the bits. */
static bool same_opaque(const lp_diff *d, struct walk *x, const struct lp_ref_at *p, struct walk *y, const struct lp_ref_at *q)
{
    if (word_of(x, p->at) != word_of(y, q->at)) return false;
    return (d->same_layout && p->at == q->at) || (pages_are_used(x) && pages_are_used(y));
}

/* (What --map names has a name.) */
static bool is_unnamed(const struct lp_side *s, const struct lp_ref_at *r)
{
    uint32_t i = r->base == LP_NONE ? lp_side_atom(s, r->addr) : LP_NONE;
    return i != LP_NONE && s->atom[i].kind == LP_ATOM_PIECE && (s->atom[i].pair == LP_NONE || s->atom[i].rule != LP_RULE_MAP);
}

/* Another offset from an address that is made elsewhere means another thing, unless names say that it does not. */
static bool strays(const struct walk *x, const struct lp_ref_at *p, const struct walk *y, const struct lp_ref_at *q)
{
    if (p->kind != LP_FLOW_ADDR || p->flags & q->flags & LP_FLOW_OF_PAGE || word_of(x, p->at) == word_of(y, q->at)) return false;
    const struct lp_use u = use(x, p), v = use(y, q);
    return is_unnamed(x->s, p) && is_unnamed(y->s, q) && !(lp_is_bare_end(x->s, &u) && lp_is_bare_end(y->s, &v));
}

/* Data in a function, where it has constants: 64 bits may be an address. (What a patch brings is code.) */
static bool same_pool(lp_diff *d, const struct walk *x, uint64_t pc, const struct walk *y, uint64_t qc)
{
    const struct lp_atom *a = &x->s->atom[x->atom], *b = &y->s->atom[y->atom];
    const uint64_t o = pc & ~UINT64_C(7), n = qc & ~UINT64_C(7);
    uint64_t at;
    const bool whole = pc - o == qc - n && o >= a->start && n >= b->start && o + 8 <= a->end && n + 8 <= b->end;
    return x->s == OLD(d) && whole ? lp_same_data(d, x->s, o, n, 8, &at) : word_of(x, pc) == word_of(y, qc);
}

/* Of MOVZ or MOVK of what is an address, or looks like one: p or q may be missing. What a patch brings is decided already where it is the same word. */
static uint8_t compare_numbers(lp_diff *d, const struct walk *x, const struct lp_ref_at *p, uint32_t a,
                               const struct walk *y, const struct lp_ref_at *q, uint32_t b)
{
    const bool guess = !x->s->kept && !y->s->kept;
    if ((a ^ b) & ~offset_mask(a)) return LP_WHY_CODE;
    if (a == b && x->s != OLD(d)) return LP_WHY_NONE;
    if (!p || !q) return a != b ? LP_WHY_NUMBER : guess ? LP_WHY_NONE : LP_WHY_REFS; /* the one that has none is no address */
    enum lp_reading r = guess ? lp_read_words(x->s, 0, p->addr, y->s, 0, q->addr) : LP_READ_ADDRESS;
    if (guess && (p->flags | q->flags) & LP_FLOW_MAYBE) r = r == LP_READ_ADDRESS ? LP_READ_EITHER : LP_READ_NUMBER;
    if (r == LP_READ_NUMBER) return a == b ? LP_WHY_NONE : LP_WHY_NUMBER;
    const bool same = same_addresses(d, x, p, y, q);
    return same && (r == LP_READ_ADDRESS || p->addr == q->addr) ? LP_WHY_NONE : LP_WHY_REFS;
}

/* Where the base of an access is moved on into another object, that is an address that is made, too. (Loops go on by steps.) */
static bool moves_into_same(lp_diff *d, const struct walk *x, const struct lp_ref_at *p, const struct walk *y, const struct lp_ref_at *q)
{
    const int64_t back = lp_word_back(word_of(x, p->at));
    const uint64_t to = p->addr + (uint64_t)back, other = q->addr + (uint64_t)back;
    if (!back || (p->flags | q->flags) & LP_FLOW_INDEXED) return true;
    if (lp_side_atom(x->s, p->addr) == lp_side_atom(x->s, to) && lp_side_atom(y->s, q->addr) == lp_side_atom(y->s, other)) return true;
    const struct lp_use u = {to, LP_NONE, x->atom, 0, p->at}, v = {other, LP_NONE, y->atom, 0, q->at};
    return run(x, p) == 1 && run(y, q) == 1 && lp_same_target(d, x->s, &u, &v);
}

/* Where the thing ends in which an access begins, if that is in front of the access's end; 0 = it is not. */
static uint32_t crosses(const struct lp_side *s, const struct lp_ref_at *r)
{
    const uint32_t i = lp_side_meant(s, r->base, r->addr);
    if (i == LP_NONE || r->kind != LP_FLOW_ADDR || r->flags & LP_FLOW_INDEXED || lp_is_code_atom(&s->atom[i])) return 0;
    const uint64_t left = s->atom[i].end - r->addr;
    return left < r->width && lp_side_atom(s, s->atom[i].end) != LP_NONE ? (uint32_t)left : 0;
}

/* LDP and STP of two that are side by side: both are to be the same. (Pieces of one thing without names may be cut at different places.) */
static bool same_second(lp_diff *d, const struct walk *x, const struct lp_ref_at *p, const struct walk *y, const struct lp_ref_at *q)
{
    const uint32_t n = crosses(x->s, p), m = crosses(y->s, q), k = m ? m : n;
    if ((!n && !m) || p->flags & LP_REF_SPLIT || run(x, p) != 1 || run(y, q) != 1 || (n != m && (is_unnamed(x->s, p) || is_unnamed(y->s, q)))) return true;
    const uint8_t rest = (uint8_t)(p->width - k);
    const struct lp_use u = {p->addr + k, LP_NONE, x->atom, rest, p->at}, v = {q->addr + k, LP_NONE, y->atom, rest, q->at};
    return lp_same_target(d, x->s, &u, &v);
}

/* What two words say about addresses; both have a reference. The rules are in flow.h. */
static uint8_t compare_refs(lp_diff *d, struct walk *x, const struct lp_ref_at *p, struct walk *y, const struct lp_ref_at *q)
{
    uint32_t a = word_of(x, p->at), b = word_of(y, q->at);
    enum { STRICT = LP_FLOW_MAYBE | LP_FLOW_INDEXED };
    if (p->kind + q->kind == LP_FLOW_PAGE + LP_FLOW_TARGET && ((a ^ b) & ~offset_mask(a)) == 0) /* ADR: of a page by chance */
        return same_addresses(d, x, p, y, q) ? LP_WHY_NONE : LP_WHY_REFS;
    /* ADRP and ADR of a page do the same. */
    if (p->kind == LP_FLOW_PAGE && q->kind == LP_FLOW_PAGE && lp_a64_is_pcrel_address(a) && lp_a64_is_pcrel_address(b)) a &= 0x7fffffff, b &= 0x7fffffff;
    if (p->kind != q->kind || p->width != q->width || (p->flags ^ q->flags) & STRICT) return LP_WHY_REFS;
    if (p->kind == LP_FLOW_DATA) return same_pool(d, x, p->at, y, q->at) ? LP_WHY_NONE : LP_WHY_CODE;
    if (p->kind == LP_FLOW_TLS) return a == b ? LP_WHY_NONE : LP_WHY_CODE; /* the TLS block has its old layout (E160) */
    if ((a ^ b) & ~offset_mask(a)) return LP_WHY_CODE;
    if (p->flags & LP_FLOW_MAYBE && a != b) return LP_WHY_OPAQUE;
    /* An offset from whatever the base is, which is compared where it is made. */
    if (p->flags & LP_FLOW_MAYBE && !may_complete(x, p) && !may_complete(y, q)) return LP_WHY_NONE;
    if (p->kind == LP_FLOW_OPAQUE) return same_opaque(d, x, p, y, q) ? LP_WHY_NONE : LP_WHY_OPAQUE;
    if (p->kind == LP_FLOW_PAGE && !((p->flags | q->flags) & LP_FLOW_ALONE)) return LP_WHY_NONE; /* its users are compared */
    if (strays(x, p, y, q)) return LP_WHY_REFS;
    if (!moves_into_same(d, x, p, y, q) || !same_second(d, x, p, y, q)) return LP_WHY_REFS;
    const struct lp_use u = use(x, p), v = use(y, q);
    if (p->kind == LP_FLOW_ADDR && !lp_same_chosen(d, x->s, &u, &v)) return LP_WHY_REFS;
    if (follows_base(d, x, p, y, q) || same_addresses(d, x, p, y, q)) return LP_WHY_NONE;
    if (!d->anchors) return LP_WHY_REFS;
    bool made = p->kind == LP_FLOW_ADDR && !p->width;
    return made && lp_only_base(x->s, x->atom, p->at) && lp_only_base(y->s, y->atom, q->at) ? LP_WHY_NONE : LP_WHY_REFS;
}

/* BTI c, j, jc: where the new file has NOP, the old one's may stay. */
static bool is_landing_pad(uint32_t w) { return lp_a64_is_bti(w) && w & 0xc0; }

/* A branch from one place of the function to another, or to the start of another function that is a pair: most are so. (What may be a linker's way to
 * somewhere else begins with ADRP, or a landing pad.) */
static bool same_branch(const lp_diff *d, const struct walk *x, uint64_t t, const struct walk *y, uint64_t v)
{
    const struct lp_side *o = x->s, *n = y->s;
    const struct lp_atom *a = &o->atom[x->atom], *b = &n->atom[y->atom];
    const uint64_t from = t - a->start, to = v - b->start;
    if (o != OLD(d)) return false;
    if (from < a->end - a->start && to < b->end - b->start) return from == to && !d->place[0];
    const uint32_t i = lp_side_atom(o, t), k = lp_side_atom(n, v);
    if (i == LP_NONE || k == LP_NONE || i == x->atom || k == y->atom || o->atom[i].pair != k) return false;
    if (o->atom[i].kind != LP_ATOM_FUNC || n->atom[k].kind != LP_ATOM_FUNC || o->atom[i].start != t || n->atom[k].start != v) return false;
    const uint32_t p = lp_code_word(o, t), q = lp_code_word(n, v);
    return !lp_a64_is_adrp(p) && !lp_a64_is_adrp(q) && !lp_a64_is_bti(p) && !lp_a64_is_bti(q);
}

static uint8_t compare_at(lp_diff *d, struct walk *x, uint64_t pc, struct walk *y, uint64_t qc)
{
    uint64_t t, v;
    uint32_t a = word_of(x, pc), b = word_of(y, qc), m, n;
    const struct lp_ref_at *p = ref_at(x, pc), *q = ref_at(y, qc);
    if ((p && p->kind == LP_REF_NUMBER && (!q || q->kind == LP_REF_NUMBER)) || (!p && q && q->kind == LP_REF_NUMBER))
        return compare_numbers(d, x, p, a, y, q, b);
    if (p && q) return compare_refs(d, x, p, y, q);
    if (!p && q && q->kind == LP_FLOW_DATA && x->s != OLD(d)) return a == b ? LP_WHY_NONE : LP_WHY_CODE; /* words.c: it leads nowhere */
    if (p || q) return a == b ? LP_WHY_REFS : LP_WHY_CODE;
    if (a == b && !lp_word_may_lead(a)) return LP_WHY_NONE;
    if (lp_word_target(a, pc, &t, &m) && lp_word_target(b, qc, &v, &n)) {
        if (m != n || (a ^ b) & ~m) return LP_WHY_CODE;
        if (same_branch(d, x, t, y, v)) return LP_WHY_NONE;
        struct lp_use u = {t, LP_NONE, x->atom, 0, 0}, w = {v, LP_NONE, y->atom, 0, 0};
        return lp_same_target(d, x->s, &u, &w) ? LP_WHY_NONE : LP_WHY_REFS;
    }
    if (b == LP_A64_NOP && is_landing_pad(a)) return LP_WHY_NONE; /* (crti.o of another build) */
    return a == b ? LP_WHY_NONE : is_number(a, b) ? LP_WHY_NUMBER : LP_WHY_CODE;
}

static uint8_t compare_words(lp_diff *d, struct walk *x, struct walk *y, uint64_t off)
{
    return compare_at(d, x, x->s->atom[x->atom].start + off, y, y->s->atom[y->atom].start + off);
}

/* ---- jump tables ---- */

/* The end of the function stands for what cannot happen, where the compiler knew that the index is in range. */
static bool never(const struct walk *x, const struct lp_flow_table *t, uint64_t to) { return t->guessed && to == x->s->atom[x->atom].end; }

static bool same_table(lp_diff *d, const struct walk *x, const struct lp_flow_table *t, const struct walk *y, const struct lp_flow_table *u)
{
    uint64_t from = x->s->atom[x->atom].start, to = y->s->atom[y->atom].start;
    if (t->n != u->n || (t->br_at - from != u->br_at - to && !d->place[0])) return false;
    if (t->offsets || u->offsets) return t->offsets == u->offsets; /* what they hold is compared as data */
    if (!t->n) return d->same_layout;
    const uint8_t *p = lp_table_bytes(x->s, t), *q = lp_table_bytes(y->s, u);
    for (uint32_t i = 0; p && q && i < t->n; i++) {
        struct lp_use v = {lp_flow_table_target(t, p, i), LP_NONE, x->atom, 0, 0}, w = {lp_flow_table_target(u, q, i), LP_NONE, y->atom, 0, 0};
        if (!(never(x, t, v.addr) && never(y, u, w.addr)) && !lp_same_target(d, x->s, &v, &w)) return false;
    }
    return p && q;
}

/* Tables are paired by their order in the function; where NOPs make other entries of the same places, only if all of it is the same. */
static bool same_tables(lp_diff *d, const struct walk *x, const struct walk *y)
{
    const struct lp_atom *a = &x->s->atom[x->atom], *b = &y->s->atom[y->atom];
    if (a->ntable != b->ntable) return false;
    for (uint32_t i = 0; i < a->ntable; i++) {
        const struct lp_table_at *t = &x->s->table[a->table + i], *u = &y->s->table[b->table + i];
        if (!same_table(d, x, &t->t, y, &u->t)) return false;
        if (t->atom == LP_NONE || u->atom == LP_NONE) continue;
        if (d->place[0] && !lp_suppose(d, x->s, t->atom, u->atom)) return false;
        if (d->place[0]) continue;
        if (x->s == OLD(d)) lp_pair(d, t->atom, u->atom, (enum lp_rule)OLD(d)->atom[t->atom].rule);
        else x->s->atom[t->atom].pair = u->atom;
    }
    return true;
}

/* From `off` on, how far plain words go that are the same: without a reference, and leading nowhere. */
static uint64_t plain_words(struct walk *x, struct walk *y, uint64_t off)
{
    const uint64_t n = x->code.len < y->code.len ? x->code.len : y->code.len;
    for (; off + 4 <= n; off += 4) {
        const uint32_t w = lp_le32(x->code.p + off);
        if (w != lp_le32(y->code.p + off) || lp_word_may_lead(w) || ref_at(x, x->code.at + off) || ref_at(y, y->code.at + off)) break;
    }
    return off;
}

static bool compare_all_words(lp_diff *d, const struct lp_side *o, uint32_t a, uint32_t b, uint8_t *why, uint32_t *at)
{
    struct walk x = walk(o, a), y = walk(NEW(d), b);
    uint64_t n = o->atom[a].end - o->atom[a].start, m = NEW(d)->atom[b].end - NEW(d)->atom[b].start;
    *why = LP_WHY_NONE, *at = 0;
    if (!same_tables(d, &x, &y)) *why = LP_WHY_TABLE;
    for (uint64_t off = plain_words(&x, &y, 0); off < n && off < m; off = plain_words(&x, &y, off + 4)) {
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

/* Bases first; if that fails, users. */
static bool same_words(lp_diff *d, const struct lp_side *o, uint32_t a, uint32_t b, uint8_t *why, uint32_t *at)
{
    uint8_t other;
    uint32_t there;
    size_t before = d->nsupposed;
    d->anchors = false;
    if (compare_all_words(d, o, a, b, why, at)) return true;
    if (*why == LP_WHY_SIZE || *why == LP_WHY_CODE || *why == LP_WHY_TABLE) return false;
    lp_suppose_back(d, before);
    d->anchors = true;
    bool same = compare_all_words(d, o, a, b, &other, &there);
    if (same || there > *at) *why = other, *at = there;
    return same;
}

/* Do both go on in the same, if they have no end of their own (side/fall.c)? Whether a call comes back is nobody's to see. */
bool lp_fall_alike(lp_diff *d, const struct lp_side *o, uint32_t a, uint32_t b)
{
    struct lp_use u = {0, LP_NONE, a, 0, 0}, v = {0, LP_NONE, b, 0, 0};
    const bool one = lp_falls(o, a, &u.addr) == LP_FALL_SURELY, other = lp_falls(NEW(d), b, &v.addr) == LP_FALL_SURELY;
    return one == other && (!one || lp_same_target(d, o, &u, &v));
}

bool lp_same_code(lp_diff *d, const struct lp_side *o, uint32_t a, uint32_t b, uint8_t *why, uint32_t *at)
{
    if (!same_words(d, o, a, b, why, at)) return false;
    if (lp_fall_alike(d, o, a, b)) return true;
    *why = LP_WHY_REFS, *at = (uint32_t)(o->atom[a].end - o->atom[a].start) - 4;
    return false;
}

/* ---- without NOPs ---- */

static bool same_others(lp_diff *d, uint32_t a, uint32_t b)
{
    struct walk x = walk(OLD(d), a), y = walk(NEW(d), b);
    uint64_t p = OLD(d)->atom[a].start, q = NEW(d)->atom[b].start, pe = OLD(d)->atom[a].end, qe = NEW(d)->atom[b].end;
    if (!same_tables(d, &x, &y)) return false; /* first: words have their addresses */
    for (;; p += 4, q += 4) {
        while (p < pe && lp_code_word(OLD(d), p) == LP_A64_NOP) p += 4;
        while (q < qe && lp_code_word(NEW(d), q) == LP_A64_NOP) q += 4;
        if (p >= pe || q >= qe) return p >= pe && q >= qe;
        if (compare_at(d, &x, p, &y, q) != LP_WHY_NONE) return false;
    }
}

/* A place is the next instruction that is none. */
bool lp_same_without_nops(lp_diff *d, uint32_t a, uint32_t b)
{
    uint32_t n, m;
    d->place[0] = lp_places(OLD(d), &OLD(d)->atom[a], &n), d->place[1] = lp_places(NEW(d), &NEW(d)->atom[b], &m);
    bool some = 4 * (uint64_t)n != OLD(d)->atom[a].end - OLD(d)->atom[a].start || 4 * (uint64_t)m != NEW(d)->atom[b].end - NEW(d)->atom[b].start;
    bool same = false;
    OLD(d)->atom[a].nops = NEW(d)->atom[b].nops = true; /* meanwhile: constants may lead there */
    for (int users = 0; users < 2 && !same && d->place[0] && d->place[1] && n == m && some; users++) {
        lp_suppose_keep(d, false);
        d->anchors = users;
        same = same_others(d, a, b) && lp_fall_alike(d, OLD(d), a, b);
    }
    OLD(d)->atom[a].nops = NEW(d)->atom[b].nops = same;
    free(d->place[0]), free(d->place[1]);
    d->place[0] = d->place[1] = NULL;
    return same;
}

/* ---- some words ---- */

size_t lp_differing_words(lp_diff *d, uint32_t a, uint32_t *off, size_t max)
{
    const uint64_t n = OLD(d)->atom[a].end - OLD(d)->atom[a].start;
    size_t hits = 0;
    for (int mode = 0, modes = 1; mode < modes; mode++) { /* both ways of comparing, then the first again, if it was the better one */
        struct walk x = walk(OLD(d), a), y = walk(NEW(d), OLD(d)->atom[a].pair);
        const size_t last = hits;
        d->anchors = mode == 1;
        hits = 0;
        for (uint64_t at = plain_words(&x, &y, 0); at < n && hits < max; at = plain_words(&x, &y, at + 4)) {
            const uint8_t why = compare_words(d, &x, &y, at);
            if (why != LP_WHY_NONE) off[hits++] = (uint32_t)at;
            if (why == LP_WHY_REFS) modes = 3; /* else users, the other way, let nothing more pass */
        }
        if (mode == 1 && hits < last) break;
    }
    lp_suppose_keep(d, true);
    return hits;
}

bool lp_same_word(lp_diff *d, uint32_t a, uint64_t off, uint32_t b, uint64_t other)
{
    struct walk x = walk(OLD(d), a), y = walk(NEW(d), b);
    uint64_t pc = OLD(d)->atom[a].start + off, qc = NEW(d)->atom[b].start + other;
    x.ref += lp_count_below(x.ref, (size_t)(x.end - x.ref), sizeof *x.ref, pc), y.ref += lp_count_below(y.ref, (size_t)(y.end - y.ref), sizeof *y.ref, qc);
    bool same = compare_at(d, &x, pc, &y, qc) == LP_WHY_NONE;
    lp_suppose_keep(d, true);
    return same;
}
