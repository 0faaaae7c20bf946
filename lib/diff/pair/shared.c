/* diff/pair/shared.c - COMPARE, variables without names that functions use which changed, in a section in which others came or moved. One of which the users
 * are just those of one of the old file's, and of no other one of these, and that is of its size and content, is taken for that: a guess (--heuristic), which
 * is said. So what is left is known to be new. */
#include <config.h>
#include "diff/pair/pair.h"
#include "base/search.h"
#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

/* By the first function that uses it: function << 32 | atom. */
struct opens { uint64_t *v; size_t n; };

static bool is_open(const struct lp_side *s, const struct lp_atom *a)
{
    return a->kind == LP_ATOM_PIECE && a->used && a->pair == LP_NONE && !lp_is_constant(s, a) && !(s->span[a->span].flags & LP_SPAN_RELRO);
}

static struct opens find_open(lp_diff *d, int side)
{
    const struct lp_side *s = &d->side[side];
    struct opens o = {malloc((s->natom + 1) * sizeof *o.v), 0};
    if (!o.v) d->nomem = true;
    for (uint32_t i = 0; o.v && i < s->natom; i++) {
        const uint32_t f = is_open(s, &s->atom[i]) ? lp_next_user(d, side, i, 0) : LP_NONE;
        if (f != LP_NONE) o.v[o.n++] = (uint64_t)f << 32 | i;
    }
    if (o.v) lp_sort_numbers(o.v, o.n);
    return o;
}

static bool same_users(lp_diff *d, uint32_t a, uint32_t b)
{
    uint32_t f = lp_next_user(d, 0, a, 0), g = lp_next_user(d, 1, b, 0);
    while (f != LP_NONE && f == g) f = lp_next_user(d, 0, a, f + 1), g = lp_next_user(d, 1, b, g + 1);
    return f == g;
}

static bool are_alike(lp_diff *d, uint32_t a, uint32_t b)
{
    const struct lp_side *o = OLD(d), *s = NEW(d);
    const struct lp_atom *x = &o->atom[a], *y = &s->atom[b];
    const uint64_t n = x->end - x->start, m = y->end - y->start;
    const size_t before = d->nsupposed;
    uint64_t at;
    if (strcmp(o->span[x->span].name, s->span[y->span].name) != 0 || !same_users(d, a, b) || !lp_same_room(d, a, b)) return false;
    const bool same = lp_same_data(d, o, x->start, y->start, n < m ? n : m, &at);
    lp_suppose_back(d, before);
    return same;
}

/* The only one of some like this one; LP_NONE: there is none, or several. */
static uint32_t only_one(lp_diff *d, const struct opens *x, uint32_t user, uint32_t atom, bool is_new)
{
    enum { MOST = 64 };
    uint32_t hit = LP_NONE;
    const size_t first = lp_count_below(x->v, x->n, sizeof *x->v, (uint64_t)user << 32);
    for (size_t i = first; i < x->n && x->v[i] >> 32 == user; i++) {
        const uint32_t other = (uint32_t)x->v[i];
        if (i - first == MOST) return LP_NONE;
        if (!(is_new ? are_alike(d, other, atom) : are_alike(d, atom, other))) continue;
        if (hit != LP_NONE) return LP_NONE;
        hit = other;
    }
    return hit;
}

bool lp_pair_shared(lp_diff *d)
{
    char buf[32];
    unsigned n = 0;
    const struct lp_atom *first = NULL;
    if (!(d->opt.flags & LP_DIFF_HEURISTIC)) return false;
    struct opens o = find_open(d, 0), s = find_open(d, 1);
    for (size_t i = 0; !d->nomem && i < s.n; i++) {
        const uint32_t b = (uint32_t)s.v[i], user = (uint32_t)(s.v[i] >> 32), a = only_one(d, &o, user, b, true);
        if (a == LP_NONE || OLD(d)->atom[a].pair != LP_NONE || only_one(d, &s, user, a, false) != b) continue;
        lp_pair(d, a, b, LP_RULE_ORDER);
        if (!n++) first = &NEW(d)->atom[b];
    }
    if (n)
        lp_diff_remark(d, "variables without names are taken for those of the old file that the same functions use (%u, the first: %s, which is 0x%llx there)",
                       n, lp_atom_text(first, buf), (unsigned long long)OLD(d)->atom[first->pair].start);
    free(o.v), free(s.v);
    return n;
}
