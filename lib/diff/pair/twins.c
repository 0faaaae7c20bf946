/* diff/pair/twins.c - NAME, constants of stripped files: sections that hold the same in both. There an address is as far from the start in the other file,
 * whatever begins or ends there, and however far an index leads. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/data.h"
#include "base/search.h"

#include <string.h>

/* Does nothing there lead somewhere, by what a loader or a linker says (whatever the bytes are), or, where nobody says it, by looking like an address? (In
 * packed structs those are wherever numbers are.) */
static bool are_numbers(const struct lp_side *s, const struct lp_span *x)
{
    const size_t n = lp_count_below(s->word, s->nword, sizeof *s->word, x->start);
    if (n < s->nword && s->word[n].at < x->end) return false;
    uint64_t at = lp_align_up(x->start, 4);
    while (at + 8 <= x->end && lp_is_far(s, lp_le64(x->bytes + (at - x->start)))) at += 4;
    return !lp_side_guesses(s) || at + 8 > x->end;
}

/* Constants of which the place does not count: no words that lead somewhere, or may. */
static bool may_be_one(const struct lp_side *s, const struct lp_span *x)
{
    enum { OTHER = LP_SPAN_CODE | LP_SPAN_WRITE | LP_SPAN_RELRO | LP_SPAN_BSS | LP_SPAN_LINKER | LP_SPAN_GOT | LP_SPAN_LISTED | LP_SPAN_NOTE | LP_SPAN_NEW };
    return x->bytes && !(x->flags & OTHER) && !lp_side_offsets(s, x->start, x->end);
}

static bool are_twins(const struct lp_side *o, const struct lp_span *x, const struct lp_side *s, const struct lp_span *y)
{
    const uint64_t size = y->end - y->start;
    if (x->end - x->start != size || strcmp(x->name, y->name) != 0 || !may_be_one(o, x) || !may_be_one(s, y)) return false;
    return memcmp(x->bytes, y->bytes, size) == 0 && are_numbers(o, x) && are_numbers(s, y);
}

/* The old file's section that holds the same. (Sections may be large, and many addresses in turn are in one.) */
static const struct lp_span *twin_of(lp_diff *d, const struct lp_span *y)
{
    const struct lp_side *o = OLD(d), *s = NEW(d);
    if (d->twins.new == y) return d->twins.old;
    d->twins.new = y, d->twins.old = NULL;
    for (size_t i = 0; i < o->nspan && !d->twins.old; i++)
        if (are_twins(o, &o->span[i], s, y)) d->twins.old = &o->span[i];
    return d->twins.old;
}

static bool is_piece(const struct lp_side *s, uint32_t i) { return i != LP_NONE && lp_is_unnamed_constant(s, &s->atom[i]); }

uint64_t lp_twin(lp_diff *d, uint64_t addr)
{
    const struct lp_side *o = OLD(d), *s = NEW(d);
    if (s->objects || o->objects || s->kept || o->kept || s->lost || o->lost) return 0;
    const uint32_t i = lp_side_atom(s, addr);
    const struct lp_span *y = is_piece(s, i) ? &s->span[s->atom[i].span] : NULL, *x = y ? twin_of(d, y) : NULL;
    const uint64_t there = x ? x->start + (addr - y->start) : 0;
    const uint32_t k = x ? lp_side_atom(o, there) : LP_NONE;
    return is_piece(o, k) && !lp_any_overwritten(d, there, o->atom[lp_last_of_table(o, k)].end) ? there : 0;
}

bool lp_are_twins(lp_diff *d, const struct lp_use *u, const struct lp_use *n)
{
    return u->width == n->width && u->base == LP_NONE && n->base == LP_NONE && u->addr && u->addr == lp_twin(d, n->addr);
}
