/* diff/pair/room.c - COMPARE, data without names: have the two as much room? If not, has the new one it because of what is behind it? */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/data.h"
#include "base/text.h"
#include "base/search.h"

#include <string.h>

uint64_t lp_used(lp_diff *d, uint32_t a, uint32_t b)
{
    if (lp_is_constant(OLD(d), &OLD(d)->atom[a]) || lp_is_constant(NEW(d), &NEW(d)->atom[b])) return UINT64_MAX;
    if (!OLD(d)->extent || !NEW(d)->extent) lp_for_both(d, lp_side_extents);
    if (!OLD(d)->extent || !NEW(d)->extent || OLD(d)->nomem || NEW(d)->nomem) return UINT64_MAX;
    const uint32_t n = OLD(d)->extent[a], m = NEW(d)->extent[b], most = n > m ? n : m;
    return most == LP_ALL_OF_IT ? UINT64_MAX : most;
}

bool lp_same_room(lp_diff *d, uint32_t a, uint32_t b)
{
    const struct lp_atom *x = &OLD(d)->atom[a], *y = &NEW(d)->atom[b];
    const uint64_t n = lp_room(OLD(d), a), m = lp_room(NEW(d), b), least = n < m ? n : m;
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
        if (lp_makes_address(&s->ref[i]) && s->ref[i].addr == addr) return true;
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

/* Has a file these bytes, too, in a section of this name? */
static bool has_bytes(const struct lp_side *s, const char *section, const uint8_t *p, uint64_t n)
{
    enum { TELLING = 12 }; /* fewer may be anywhere by chance */
    while (n && !p[n - 1]) n--;
    while (n && !*p) p++, n--;
    for (size_t i = 0; n >= TELLING && i < s->nspan; i++) {
        const struct lp_span *x = &s->span[i];
        if (x->bytes && strcmp(x->name, section) == 0 && lp_has_bytes(x->bytes, x->end - x->start, p, n)) return true;
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
