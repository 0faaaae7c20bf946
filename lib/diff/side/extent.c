/* diff/side/extent.c - how large data is. That is a part of what it is: code knows how much of it there is. Of what has a name, the symbol says it. A piece
 * without a name goes as far as the next address that something refers to, so that a new variable in what was padding makes it shorter: it is
 * the same variable if all that is touched is in front of that. */
#include <config.h>
#include "diff/side/code.h"
#include "diff/side/data.h"
#include "diff/side/walk.h"
#include "base/bits.h"
#include "base/search.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* Two registers of which the word behind this one makes the difference, or compares them; false: it does not. */
static bool is_subtracted(const struct lp_side *s, uint64_t at, uint32_t *n, uint32_t *m)
{
    const uint32_t w = lp_code_word(s, at + 4);
    *n = lp_bits(w, 5, 5), *m = lp_bits(w, 16, 5);
    return (w & 0xdfe0fc00) == 0xcb000000; /* SUB, SUBS (CMP) */
}

/* (What is read with an index from there is no address.) */
static bool are_two(const struct lp_side *s, const struct lp_ref_at *r, const struct lp_ref_at *q)
{
    uint32_t n, m;
    if (q == r || !lp_makes_address(q) || q->addr != r->addr || (r->flags | q->flags) & LP_FLOW_INDEXED) return false;
    const uint32_t rd = lp_code_word(s, r->at) & 31, other = lp_code_word(s, q->at) & 31;
    return is_subtracted(s, r->at > q->at ? r->at : q->at, &n, &m) && ((n == rd && m == other) || (n == other && m == rd));
}

/* The references of a function with such a word behind them. */
struct ends { const struct lp_ref_at **v; size_t n; };

static void find_ends(const struct lp_side *s, const struct lp_atom *f, struct ends *e)
{
    uint32_t n, m;
    e->n = 0;
    for (uint32_t i = 0; i < f->nref; i++) {
        const struct lp_ref_at *r = &s->ref[f->ref + i];
        if (lp_makes_address(r) && is_subtracted(s, r->at, &n, &m)) e->v[e->n++] = r;
    }
}

/* Is this one of two words that make the same address for a comparison, or a difference? So only the bounds of a section are used that nothing is in
 * (crtstuff.c: __TMC_END__ and the list that ends there). */
static bool is_bound(const struct lp_side *s, const struct lp_atom *f, const struct ends *e, const struct lp_ref_at *r)
{
    uint32_t n, m;
    const bool last = is_subtracted(s, r->at, &n, &m);
    for (uint32_t i = 0; last && i < f->nref; i++)
        if (are_two(s, r, &s->ref[f->ref + i])) return true;
    for (size_t i = 0; i < e->n; i++)
        if (are_two(s, r, e->v[i])) return true;
    return false;
}

/* r is one of the function's own, which are in order; both are in registers at once, and so not far from one another. */
static bool is_pair_of(const struct lp_side *s, const struct lp_atom *f, const struct lp_ref_at *r)
{
    enum { FAR = 64 };
    const struct lp_ref_at *first = lp_refs_of_atom(s, f), *end = first + f->nref;
    for (const struct lp_ref_at *q = r; q > first && r->at - q[-1].at <= FAR; q--)
        if (are_two(s, r, q - 1)) return true;
    for (const struct lp_ref_at *q = r + 1; q < end && q->at - r->at <= FAR; q++)
        if (are_two(s, r, q)) return true;
    return false;
}

bool lp_is_inner(const struct lp_side *s, const struct lp_ref_at *r)
{
    int64_t off;
    if (!r->width || r->kind != LP_FLOW_ADDR || r->flags & LP_FLOW_OF_PAGE || !lp_word_offset(lp_code_word(s, r->at), &off) || off <= 0) return false;
    const struct lp_span *x = (r->addr - (uint64_t)off) & 4095 ? lp_side_span(s, r->addr) : NULL;
    return x && !(x->flags & (LP_SPAN_WRITE | LP_SPAN_BSS | LP_SPAN_CODE)) && r->addr - (uint64_t)off >= x->start;
}

/* Does the span end there, perhaps rounded up as __TMC_END__ and _end are? */
static bool ends_at(const struct lp_span *x, uint64_t addr) { return x->end == addr || (lp_align_up(x->end, 8) == addr && !(x->flags & LP_SPAN_CODE)); }

bool lp_same_ends(const struct lp_side *o, uint64_t a, const struct lp_side *s, uint64_t b)
{
    for (size_t i = 0; i < o->nspan; i++) /* few */
        for (size_t k = 0; ends_at(&o->span[i], a) && k < s->nspan; k++)
            if (ends_at(&s->span[k], b) && strcmp(o->span[i].name, s->span[k].name) == 0) return true;
    return false;
}

static bool is_made_twice(const struct lp_side *s, const struct lp_use *u)
{
    if (u->self == LP_NONE || s->patched) return false;
    const struct lp_atom *f = &s->atom[u->self];
    const struct lp_ref_at *r = lp_refs_of_atom(s, f), *end = r + f->nref;
    for (size_t n = f->nref; n;) { /* in their order */
        const size_t half = n / 2;
        if (r[half].at < u->at) r += half + 1, n -= half + 1;
        else n = half;
    }
    while (r < end && r->at == u->at && r->addr != u->addr) r++;
    return r < end && r->at == u->at && is_pair_of(s, f, r);
}

bool lp_same_ends_twice(const struct lp_side *o, const struct lp_use *u, const struct lp_side *s, const struct lp_use *n)
{
    return u->at && n->at && lp_same_ends(o, u->addr, s, n->addr) && is_made_twice(o, u) && is_made_twice(s, n);
}

bool lp_is_end_twice(const struct lp_side *s, const struct lp_atom *f, const struct lp_ref_at *r)
{
    size_t i = lp_makes_address(r) ? 0 : s->nspan;
    while (i < s->nspan && (s->span[i].flags & LP_SPAN_CODE || lp_align_up(s->span[i].end, 8) != r->addr)) i++;
    return i < s->nspan && is_pair_of(s, f, r);
}

/* A variable that a word is about. */
static uint32_t variable_at(const struct lp_side *s, const struct lp_ref_at *r)
{
    const uint32_t i = r->kind == LP_FLOW_ADDR || r->kind == LP_FLOW_TARGET ? lp_side_atom(s, r->addr) : LP_NONE;
    return i != LP_NONE && s->atom[i].kind == LP_ATOM_PIECE && !lp_is_constant(s, &s->atom[i]) ? i : LP_NONE;
}

/* So many bytes from the address on are read or written there; UINT64_MAX: it is an index that says how many. */
static uint64_t reach(const struct lp_side *s, uint32_t f, const struct lp_ref_at *r)
{
    return r->flags & LP_FLOW_INDEXED ? lp_index_reach(s, f, r->at) : r->width;
}

static void touch(struct lp_side *s, uint32_t f, const struct ends *e, const struct lp_ref_at *r)
{
    const uint32_t i = variable_at(s, r);
    if (i == LP_NONE || s->extent[i] == LP_ALL_OF_IT) return;
    const uint64_t n = reach(s, f, r), end = r->addr - s->atom[i].start + n;
    if (n && n < LP_ALL_OF_IT) s->extent[i] = end < LP_ALL_OF_IT && end > s->extent[i] ? (uint32_t)end : s->extent[i];
    else if (n || !(is_bound(s, &s->atom[f], e, r) || lp_only_base(s, f, r->at))) s->extent[i] = LP_ALL_OF_IT;
}

/* May what begins at `to` be meant by a word that has an address in front of it? */
static bool may_mean(const struct lp_side *s, uint32_t f, const struct lp_ref_at *r, uint64_t to)
{
    return r->flags & LP_FLOW_INDEXED ? reach(s, f, r) > to - r->addr : r->width || lp_is_indexed_to(s, f, r->at, r->addr, to);
}

/* Where nothing but indices are added to an address, an array that begins a little behind that may be meant: a[i - 1] is from &a[-1] on. */
static void touch_behind(struct lp_side *s, bool *direct)
{
    enum { REACH = 64 };
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t f = 0; f < s->natom; f++)
            for (uint32_t k = 0; lp_is_code_atom(&s->atom[f]) && k < s->atom[f].nref; k++) {
                const struct lp_ref_at *r = &s->ref[s->atom[f].ref + k];
                const uint32_t i = variable_at(s, r);
                if (i == LP_NONE || direct[i]) continue;
                if (pass == 0) direct[i] = !(r->flags & LP_FLOW_INDEXED) && (r->width || !lp_is_indexed(s, f, r->at));
                for (size_t n = i + 1; pass == 1 && n < s->natom && s->atom[n].start <= r->addr + REACH; n++)
                    if (s->extent[n] != LP_ALL_OF_IT && may_mean(s, f, r, s->atom[n].start)) s->extent[n] = LP_ALL_OF_IT;
            }
}

/* A page that gets away, or from which not all offsets are known, may lead to all that is in it. */
static void touch_pages(struct lp_side *s, const struct lp_atom *f)
{
    enum { PAGE = 4096 };
    bool opaque = false;
    for (uint32_t k = 0; k < f->nref; k++) opaque |= s->ref[f->ref + k].kind == LP_FLOW_OPAQUE;
    for (uint32_t k = 0; k < f->nref; k++) {
        const struct lp_ref_at *r = &s->ref[f->ref + k];
        if (r->kind != LP_FLOW_PAGE || !(opaque || r->flags & LP_FLOW_ALONE)) continue;
        for (size_t i = lp_count_below(s->atom, s->natom, sizeof *s->atom, r->addr); i < s->natom && s->atom[i].start < r->addr + PAGE; i++)
            s->extent[i] = LP_ALL_OF_IT;
        const uint32_t first = lp_side_atom(s, r->addr);
        if (first != LP_NONE) s->extent[first] = LP_ALL_OF_IT;
    }
}

/* crtstuff.c's __dso_handle, one of the first two words of .data, has its own address, which says nothing but which object it is in. */
static bool is_handle(const struct lp_side *s, uint64_t at, uint64_t v)
{
    const struct lp_span *x = v == at ? lp_side_span(s, at) : NULL;
    return x && strcmp(x->name, ".data") == 0 && at - x->start <= 8 && !lp_side_word(s, at + 8);
}

/* Words may be the address of anything; in a position-dependent program any word may. */
static void touch_by_word(struct lp_side *s, uint64_t v)
{
    const uint32_t i = lp_side_atom(s, v);
    if (i != LP_NONE) s->extent[i] = LP_ALL_OF_IT;
}

void lp_side_extents(struct lp_side *s)
{
    uint32_t most = 0;
    if (s->extent) return;
    for (size_t f = 0; f < s->natom; f++)
        if (lp_is_code_atom(&s->atom[f]) && s->atom[f].nref > most) most = s->atom[f].nref;
    struct ends e = {malloc((most + 1) * sizeof *e.v), 0};
    s->extent = e.v ? calloc(s->natom + 1, sizeof *s->extent) : NULL;
    for (uint32_t f = 0; s->extent && f < s->natom; f++) {
        if (!lp_is_code_atom(&s->atom[f])) continue;
        touch_pages(s, &s->atom[f]);
        find_ends(s, &s->atom[f], &e);
        for (uint32_t k = 0; k < s->atom[f].nref; k++) touch(s, f, &e, &s->ref[s->atom[f].ref + k]);
    }
    free(e.v);
    bool *direct = s->extent ? calloc(s->natom + 1, sizeof *direct) : NULL;
    if (!direct) {
        s->nomem = true;
        return;
    }
    touch_behind(s, direct);
    free(direct);
    for (size_t i = 0; i < s->nword; i++)
        if (s->word[i].kind == LP_WORD_ADDR && !is_handle(s, s->word[i].at, s->word[i].value)) touch_by_word(s, s->word[i].value);
    for (size_t i = 0; i < s->nspan && lp_elf_info(s->elf)->type == ET_EXEC; i++) {
        const struct lp_span *x = &s->span[i];
        for (uint64_t at = lp_align_up(x->start, 8); x->bytes && !(x->flags & LP_SPAN_CODE) && at + 8 <= x->end; at += 8)
            touch_by_word(s, lp_le64(x->bytes + (at - x->start)));
    }
}

/* Does nothing begin there but what is behind another section, rounded up? So crtstuff.c has __TMC_END__, which may be in the middle of a variable. */
static bool is_only_bound(const struct lp_side *s, const struct lp_atom *a)
{
    bool bound = false;
    for (size_t i = 0; i < s->nspan && s->span[i].end <= s->span[a->span].start; i++) bound |= lp_align_up(s->span[i].end, 8) == a->start;
    for (uint32_t f = 0; f < s->natom && bound; f++)
        for (uint32_t k = 0; lp_is_code_atom(&s->atom[f]) && k < s->atom[f].nref && bound; k++) {
            const struct lp_ref_at *r = &s->ref[s->atom[f].ref + k];
            bound = r->addr != a->start || (r->kind == LP_FLOW_ADDR && !r->width && is_pair_of(s, &s->atom[f], r));
        }
    for (size_t i = 0; i < s->nword && bound; i++) bound = s->word[i].kind != LP_WORD_ADDR || s->word[i].value != a->start;
    return bound;
}

uint64_t lp_room(const struct lp_side *s, uint32_t i)
{
    const struct lp_atom *a = &s->atom[i], *next = a + 1;
    const bool more = a->kind == LP_ATOM_PIECE && i + 1 < s->natom && next->kind == LP_ATOM_PIECE && next->span == a->span && next->start == a->end;
    return (more && is_only_bound(s, next) ? next->end : a->end) - a->start;
}
