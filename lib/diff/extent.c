/* diff/extent.c - how large data is. That is a part of what it is: code knows how much of it there is. Of what has a name, the symbol says it. A piece
 * without a name goes as far as the next address that something refers to, so that a new variable in what was padding makes it shorter: it is
 * the same variable if all that is touched is in front of that. */
#include <config.h>
#include "diff/emit.h"
#include "base/bits.h"
#include "base/search.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { ALL = UINT32_MAX };

/* Two registers of which the word behind this one makes the difference, or compares them; false: it does not. */
static bool is_subtracted(const struct lp_side *s, uint64_t at, uint32_t *n, uint32_t *m)
{
    const uint32_t w = lp_code_word(s, at + 4);
    *n = lp_bits(w, 5, 5), *m = lp_bits(w, 16, 5);
    return (w & 0xdfe0fc00) == 0xcb000000; /* SUB, SUBS (CMP) */
}

static bool makes_address(const struct lp_ref_at *r) { return r->kind == LP_FLOW_ADDR && !r->width; }

static bool are_two(const struct lp_side *s, const struct lp_ref_at *r, const struct lp_ref_at *q)
{
    uint32_t n, m;
    if (q == r || !makes_address(q) || q->addr != r->addr) return false;
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
        if (makes_address(r) && is_subtracted(s, r->at, &n, &m)) e->v[e->n++] = r;
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
    size_t i = makes_address(r) ? 0 : s->nspan;
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
    if (i == LP_NONE || s->extent[i] == ALL) return;
    const uint64_t n = reach(s, f, r), end = r->addr - s->atom[i].start + n;
    if (n && n < ALL) s->extent[i] = end < ALL && end > s->extent[i] ? (uint32_t)end : s->extent[i];
    else if (n || !(is_bound(s, &s->atom[f], e, r) || lp_only_base(s, f, r->at))) s->extent[i] = ALL;
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
                    if (s->extent[n] != ALL && may_mean(s, f, r, s->atom[n].start)) s->extent[n] = ALL;
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
        for (size_t i = lp_count_below(s->atom, s->natom, sizeof *s->atom, r->addr); i < s->natom && s->atom[i].start < r->addr + PAGE; i++) s->extent[i] = ALL;
        const uint32_t first = lp_side_atom(s, r->addr);
        if (first != LP_NONE) s->extent[first] = ALL;
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
    if (i != LP_NONE) s->extent[i] = ALL;
}

static void find_extents(struct lp_side *s)
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

/* How many bytes a piece has: to where the next thing begins. */
static uint64_t room(const struct lp_side *s, uint32_t i)
{
    const struct lp_atom *a = &s->atom[i], *next = a + 1;
    const bool more = a->kind == LP_ATOM_PIECE && i + 1 < s->natom && next->kind == LP_ATOM_PIECE && next->span == a->span && next->start == a->end;
    return (more && is_only_bound(s, next) ? next->end : a->end) - a->start;
}

uint64_t lp_used(lp_diff *d, uint32_t a, uint32_t b)
{
    if (lp_is_constant(OLD(d), &OLD(d)->atom[a]) || lp_is_constant(NEW(d), &NEW(d)->atom[b])) return UINT64_MAX;
    if (!OLD(d)->extent || !NEW(d)->extent) lp_for_both(d, find_extents);
    if (!OLD(d)->extent || !NEW(d)->extent || OLD(d)->nomem || NEW(d)->nomem) return UINT64_MAX;
    const uint32_t n = OLD(d)->extent[a], m = NEW(d)->extent[b], most = n > m ? n : m;
    return most == ALL ? UINT64_MAX : most;
}

bool lp_same_room(lp_diff *d, uint32_t a, uint32_t b)
{
    const struct lp_atom *x = &OLD(d)->atom[a], *y = &NEW(d)->atom[b];
    const uint64_t n = room(OLD(d), a), m = room(NEW(d), b), least = n < m ? n : m;
    if (n == m) return true;
    return x->kind == LP_ATOM_PIECE && y->kind == LP_ATOM_PIECE && lp_used(d, a, b) <= least;
}

/* ---- another room, because of what is behind it ---- */

/* Zeros that only make what begins behind them aligned? */
static bool is_padding(const struct lp_side *s, uint64_t from, uint64_t to)
{
    enum { ALIGNED = 64 };
    const uint64_t n = to - from;
    uint64_t avail = 0;
    const uint8_t *p = lp_side_bytes(s, from, &avail);
    if (n >= ALIGNED || n >= (to & -to)) return false;
    const struct lp_span *x = lp_side_span(s, from);
    return p ? avail >= n && lp_all_zero(p, n) : x && x->flags & LP_SPAN_BSS;
}

bool lp_has_more(lp_diff *d, uint32_t a, uint32_t b)
{
    const struct lp_atom *x = &OLD(d)->atom[a];
    const uint64_t used = lp_used(d, a, b);
    return used < x->end - x->start && !is_padding(OLD(d), x->start + used, x->end);
}

/* What is behind it; LP_NONE: the end of the section. */
static uint32_t behind(const struct lp_side *s, uint32_t i)
{
    return i + 1 < s->natom && s->atom[i + 1].span == s->atom[i].span ? i + 1 : LP_NONE;
}

/* Does anything make this address, by which nothing is read or written at once? */
static bool is_made(const struct lp_side *s, uint64_t addr)
{
    for (size_t i = 0; i < s->nword; i++)
        if (s->word[i].kind == LP_WORD_ADDR && s->word[i].value == addr) return true;
    for (size_t i = 0; i < s->nref; i++)
        if (makes_address(&s->ref[i]) && s->ref[i].addr == addr) return true;
    return false;
}

/* Are these two in front of the same thing, and not as far from it, but for padding? Then one of them is larger, and the address behind it its end perhaps. */
bool lp_is_resized(const lp_diff *d, uint32_t a, uint32_t b)
{
    const struct lp_side *o = OLD(d), *s = NEW(d);
    const struct lp_atom *x = &o->atom[a], *y = &s->atom[b];
    const uint32_t p = behind(o, a), q = behind(s, b);
    const uint64_t n = x->end - x->start, m = y->end - y->start;
    if (n == m || (p == LP_NONE) != (q == LP_NONE) || (p != LP_NONE && o->atom[p].pair != q && (o->atom[p].pair & s->atom[q].pair) != LP_NONE)) return false;
    if (n > m ? is_padding(o, x->start + m, x->end) : is_padding(s, y->start + n, y->end)) return false;
    return lp_side_guesses(s) || (is_made(o, x->end) && is_made(s, y->end));
}

static bool contains(const struct lp_span *x, const uint8_t *p, uint64_t n)
{
    uint64_t left = x->end - x->start;
    for (const uint8_t *q = x->bytes; left >= n; q++, left--) {
        const uint8_t *hit = memchr(q, *p, left);
        if (!hit) return false;
        left -= (uint64_t)(hit - q), q = hit;
        if (left >= n && memcmp(q, p, n) == 0) return true;
    }
    return false;
}

/* Has a file these bytes, too, in a section of this name? */
static bool has_bytes(const struct lp_side *s, const char *section, const uint8_t *p, uint64_t n)
{
    enum { TELLING = 12 }; /* fewer may be anywhere by chance */
    while (n && !p[n - 1]) n--;
    while (n && !*p) p++, n--;
    for (size_t i = 0; n >= TELLING && i < s->nspan; i++) {
        const struct lp_span *x = &s->span[i];
        if (x->bytes && strcmp(x->name, section) == 0 && contains(x, p, n)) return true;
    }
    return false;
}

bool lp_is_something_else(const lp_diff *d, const struct lp_side *s, uint64_t from, uint64_t to)
{
    if (from >= to) return true; /* nothing is there */
    uint64_t avail = 0;
    const uint8_t *p = lp_side_bytes(s, from, &avail);
    const size_t word = lp_count_below(s->word, s->nword, sizeof *s->word, from);
    if (word < s->nword && s->word[word].at < to) return false; /* what is there, the dynamic linker says */
    if (is_padding(s, from, to)) return true;
    return p && avail >= to - from && has_bytes(s->is_new ? OLD(d) : NEW(d), s->span[s->atom[lp_side_atom(s, from)].span].name, p, to - from);
}

/* What the old file has as much room for is there, whatever is behind it. More room in the new one may be that of a larger variable; or something follows
 * that is aligned to more, or that nothing refers to. */
bool lp_other_room(lp_diff *d, uint32_t a, uint32_t b)
{
    const struct lp_atom *x = &OLD(d)->atom[a], *y = &NEW(d)->atom[b];
    const uint64_t n = x->end - x->start;
    if (x->kind != LP_ATOM_PIECE || y->kind != LP_ATOM_PIECE) return false;
    if (strcmp(OLD(d)->span[x->span].name, NEW(d)->span[y->span].name) != 0) return false;
    return n >= y->end - y->start || (d->opt.flags & LP_DIFF_HEURISTIC && lp_is_something_else(d, NEW(d), y->start + n, y->end));
}

void lp_remark_rooms(lp_diff *d)
{
    unsigned n = 0;
    char buf[32];
    const struct lp_atom *first = NULL;
    for (size_t i = 0; i < NEW(d)->natom; i++) {
        const struct lp_atom *b = &NEW(d)->atom[i], *a = b->pair == LP_NONE || !b->roomy ? NULL : &OLD(d)->atom[b->pair];
        if (a && a->end - a->start < b->end - b->start && !n++) first = b;
    }
    if (first) lp_diff_remark(d, "variables without names have more room in the new file (%u, the first: %s); that one of them is larger is not seen", n,
                              lp_atom_text(first, buf));
}
