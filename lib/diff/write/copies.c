/* diff/write/copies.c - EMIT, behind it: constants of which the patch has another one, because their size is another one now. A pointer into the old one that
 * the running program holds leads to the old content, but is no pointer into the new one: code that compares the two, or takes the distance between them, was
 * compiled for one array. Whether there is such a pointer cannot be seen, so where there may be it is said. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/walk.h"

#include <stdlib.h>

/* The old constant that a word makes the address of, or of a place in it. (What is added to the address of a table of offsets leads out of it.) */
static uint32_t constant_at(const struct lp_side *o, const struct lp_ref_at *r)
{
    const bool made = (r->kind == LP_FLOW_ADDR || r->kind == LP_FLOW_TARGET) && !r->width;
    const uint32_t i = made ? lp_side_meant(o, r->base, r->addr) : LP_NONE;
    const struct lp_atom *a = i == LP_NONE ? NULL : &o->atom[i];
    return !a || lp_is_code_atom(a) || !lp_stays_constant(o, a) || lp_side_offsets(o, a->start, a->start + 1) ? LP_NONE : i;
}

/* Without names: one of another size that begins in the same way. */
static bool is_other_size(lp_diff *d, uint32_t a, uint32_t b)
{
    enum { SOME = 8 };
    const struct lp_atom *x = &OLD(d)->atom[a], *y = &NEW(d)->atom[b];
    const uint64_t n = x->end - x->start, m = y->end - y->start, least = n < m ? n : m;
    uint64_t at;
    if (x->kind != LP_ATOM_PIECE || x->pair != LP_NONE || n == m || least < SOME || !lp_may_begin_alike(d, a, b)) return false;
    const bool same = lp_same_data(d, OLD(d), x->start, y->start, least, &at);
    lp_suppose_keep(d, false);
    return same;
}

enum { MOST_LONE = 64 };

/* Those that come along and have no name; *any: something does that has a pair. */
static size_t find_lone(const struct lp_side *s, uint32_t lone[MOST_LONE], bool *any)
{
    size_t n = 0;
    *any = false;
    for (uint32_t i = 0; i < s->natom; i++) {
        const struct lp_atom *b = &s->atom[i];
        if (!b->carried || lp_is_code_atom(b) || !lp_stays_constant(s, b)) continue;
        *any |= b->resized;
        if (b->kind == LP_ATOM_PIECE && b->pair == LP_NONE && !s->objects && n < MOST_LONE) lone[n++] = i;
    }
    return n;
}

/* Of each atom of the old file: is it a constant without a name, of which code makes the address, that is one of these in another size? NULL: no memory. One
 * new constant after the other: what is known of it is looked for once. */
static uint8_t *find_other_sizes(lp_diff *d, const uint32_t *lone, size_t n)
{
    const struct lp_side *o = OLD(d);
    enum { ASKED = 1, FOUND = 2 };
    uint8_t *is = calloc(o->natom + 1, 1);
    for (uint32_t f = 0; is && n && f < o->natom; f++)
        for (uint32_t k = o->atom[f].ref; lp_is_code_atom(&o->atom[f]) && k < o->atom[f].ref + o->atom[f].nref; k++) {
            const uint32_t a = constant_at(o, &o->ref[k]);
            if (a != LP_NONE) is[a] = ASKED;
        }
    for (size_t i = 0; is && i < n; i++)
        for (uint32_t a = 0; a < o->natom; a++)
            if (is[a] == ASKED && is_other_size(d, a, lone[i])) is[a] = FOUND;
    for (uint32_t a = 0; is && a < o->natom; a++) is[a] = is[a] == FOUND;
    return is;
}

void lp_remark_copies(lp_diff *d)
{
    uint32_t lone[MOST_LONE];
    bool any;
    char buf[32];
    const struct lp_side *o = OLD(d);
    const size_t n = find_lone(NEW(d), lone, &any);
    uint8_t *is = n || any ? find_other_sizes(d, lone, n) : NULL;
    d->nomem |= (n || any) && !is;
    for (uint32_t f = 0; is && f < o->natom; f++)
        for (uint32_t k = o->atom[f].ref; lp_is_code_atom(&o->atom[f]) && k < o->atom[f].ref + o->atom[f].nref; k++) {
            const uint32_t a = constant_at(o, &o->ref[k]), b = a == LP_NONE ? LP_NONE : o->atom[a].pair;
            const bool has = b != LP_NONE ? NEW(d)->atom[b].carried && NEW(d)->atom[b].resized : a != LP_NONE && is[a];
            if (!has || o->atom[a].told || !lp_is_put(o, f, o->ref[k].at)) continue;
            OLD(d)->atom[a].told = true;
            lp_diff_remark(d, "%s comes along, of another size: pointers into the old one that a running program holds are none into the new one",
                           lp_atom_text(&o->atom[a], buf));
        }
    free(is);
}
