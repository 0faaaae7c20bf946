/* diff/extent.c - how large data is. That is a part of what it is: code knows how much of it there is. Of what has a name, the symbol says it. A piece
 * without a name goes as far as the next address that something refers to, so that a new variable in what was padding makes it shorter: of zeroed
 * storage, it is the same variable if all that is touched is in front of that. */
#include <config.h>
#include "diff/diff.h"
#include "base/bits.h"
#include "base/search.h"

#include <elf.h>
#include <stdlib.h>

enum { ALL = UINT32_MAX };

/* Two registers of which the word behind this one makes the difference, or compares them; false: it does not. */
static bool is_subtracted(const struct lp_side *s, uint64_t at, uint32_t *n, uint32_t *m)
{
    const uint32_t w = lp_code_word(s, at + 4);
    *n = lp_bits(w, 5, 5), *m = lp_bits(w, 16, 5);
    return (w & 0xdfe0fc00) == 0xcb000000; /* SUB, SUBS (CMP) */
}

static bool are_two(const struct lp_side *s, const struct lp_ref_at *r, const struct lp_ref_at *q)
{
    const uint32_t rd = lp_code_word(s, r->at) & 31, other = lp_code_word(s, q->at) & 31;
    uint32_t n, m;
    if (q == r || q->kind != LP_FLOW_ADDR || q->width || q->addr != r->addr) return false;
    return is_subtracted(s, r->at > q->at ? r->at : q->at, &n, &m) && ((n == rd && m == other) || (n == other && m == rd));
}

/* The references of a function with such a word behind them. */
struct ends { const struct lp_ref_at **v; size_t n; };

static void find_ends(const struct lp_side *s, const struct lp_atom *f, struct ends *e)
{
    uint32_t n, m;
    e->n = 0;
    for (uint32_t i = 0; i < f->nref; i++)
        if (is_subtracted(s, s->ref[f->ref + i].at, &n, &m)) e->v[e->n++] = &s->ref[f->ref + i];
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

static bool is_bound_of(const struct lp_side *s, const struct lp_atom *f, const struct lp_ref_at *r)
{
    struct ends e = {malloc((f->nref + 1) * sizeof *e.v), 0};
    if (e.v) find_ends(s, f, &e);
    const bool bound = e.v && is_bound(s, f, &e, r);
    free(e.v);
    return bound;
}

static void touch(struct lp_side *s, uint32_t f, const struct ends *e, const struct lp_ref_at *r)
{
    if (r->kind != LP_FLOW_ADDR && r->kind != LP_FLOW_TARGET) return;
    const uint32_t i = lp_side_atom(s, r->addr);
    if (i == LP_NONE || s->atom[i].kind != LP_ATOM_PIECE || !(s->span[s->atom[i].span].flags & LP_SPAN_BSS) || s->extent[i] == ALL) return;
    const uint64_t end = r->addr + r->width - s->atom[i].start;
    if (r->width && !(r->flags & LP_FLOW_INDEXED)) s->extent[i] = end < ALL && end > s->extent[i] ? (uint32_t)end : s->extent[i];
    else if (r->width || !(is_bound(s, &s->atom[f], e, r) || lp_only_base(s, f, r->at))) s->extent[i] = ALL;
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
        for (size_t i = lp_count_below(s->atom, s->natom, sizeof *s->atom, r->addr); i < s->natom && s->atom[i].start < r->addr + PAGE; i++) s->extent[i] = ALL;
        const uint32_t first = lp_side_atom(s, r->addr);
        if (first != LP_NONE) s->extent[first] = ALL;
    }
}

/* Words may be the address of anything; in a position-dependent program any word may. */
static void touch_by_word(struct lp_side *s, uint64_t v)
{
    const uint32_t i = lp_side_atom(s, v);
    if (i != LP_NONE) s->extent[i] = ALL;
}

static bool find_extents(struct lp_side *s)
{
    uint32_t most = 0;
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
    if (!s->extent) return false;
    for (size_t i = 0; i < s->nword; i++)
        if (s->word[i].kind == LP_WORD_ADDR) touch_by_word(s, s->word[i].value);
    for (size_t i = 0; i < s->nspan && lp_elf_info(s->elf)->type == ET_EXEC; i++) {
        const struct lp_span *x = &s->span[i];
        for (uint64_t at = lp_align_up(x->start, 8); x->bytes && !(x->flags & LP_SPAN_CODE) && at + 8 <= x->end; at += 8)
            touch_by_word(s, lp_le64(x->bytes + (at - x->start)));
    }
    return true;
}

/* Does nothing begin there but what is behind another section, rounded up? So crtstuff.c has __TMC_END__, which may be in the middle of a variable. */
static bool is_only_bound(const struct lp_side *s, const struct lp_atom *a)
{
    bool bound = false;
    for (size_t i = 0; i < s->nspan && s->span[i].end <= s->span[a->span].start; i++) bound |= lp_align_up(s->span[i].end, 8) == a->start;
    for (uint32_t f = 0; f < s->natom && bound; f++)
        for (uint32_t k = 0; lp_is_code_atom(&s->atom[f]) && k < s->atom[f].nref && bound; k++) {
            const struct lp_ref_at *r = &s->ref[s->atom[f].ref + k];
            bound = r->addr != a->start || (r->kind == LP_FLOW_ADDR && !r->width && is_bound_of(s, &s->atom[f], r));
        }
    for (size_t i = 0; i < s->nword && bound; i++) bound = s->word[i].kind != LP_WORD_ADDR || s->word[i].value != a->start;
    return bound;
}

/* How many bytes a piece has: to where the next thing begins. */
static uint64_t room(const struct lp_side *s, uint32_t i)
{
    const struct lp_atom *a = &s->atom[i], *next = a + 1;
    const bool more = a->kind == LP_ATOM_PIECE && i + 1 < s->natom && next->kind == LP_ATOM_PIECE && next->span == a->span && next->start == a->end;
    return (more && is_only_bound(s, next) ? next->end : a->end) - a->start;
}

bool lp_same_room(lp_diff *d, uint32_t a, uint32_t b)
{
    const struct lp_atom *x = &OLD(d)->atom[a], *y = &NEW(d)->atom[b];
    const uint64_t n = room(OLD(d), a), m = room(NEW(d), b), least = n < m ? n : m;
    if (n == m) return true;
    if (x->kind != LP_ATOM_PIECE || y->kind != LP_ATOM_PIECE || !(OLD(d)->span[x->span].flags & NEW(d)->span[y->span].flags & LP_SPAN_BSS)) return false;
    for (int i = 0; i < 2; i++)
        if (!d->side[i].extent && !find_extents(&d->side[i])) return d->nomem = true, false;
    return OLD(d)->extent[a] <= least && NEW(d)->extent[b] <= least;
}
