/* diff/pair/chosen.c - addresses to which numbers are added that lead out of what begins there (choice.c): what is meant is what they lead to, and that
 * must be there in both files, as far away. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/walk.h"

enum { REACH = 64 }; /* bytes that what an unknown number leads to may be behind it */

static void add(struct lp_chosen *c, int64_t off)
{
    if (c->n < sizeof c->off / sizeof *c->off) c->off[c->n++] = off;
    else c->more = true;
}

bool lp_chosen(const struct lp_side *s, const struct lp_use *u, struct lp_chosen *c)
{
    struct lp_choice x;
    const uint32_t i = lp_side_meant(s, u->base, u->addr);
    const struct lp_atom *a = i == LP_NONE ? NULL : &s->atom[i];
    c->n = 0, c->more = false;
    if (!a || u->width || !u->at || u->self == LP_NONE || lp_is_code_atom(a) || a->kind == LP_ATOM_TABLE) return false;
    if (u->addr < a->start || u->addr >= a->end) return false;
    if (!lp_choices(s, u->self, u->at, a->end - u->addr, &x)) return false;
    for (unsigned k = 0; k < x.n; k++)
        if (lp_side_atom(s, u->addr + (uint64_t)x.off[k]) != LP_NONE) add(c, x.off[k]);
    /* (Where nothing has a name, what is a variable of so few bytes may be the first of an array.) */
    if (!x.any || a->kind != LP_ATOM_OBJECT || a->start != u->addr) return c->n != 0;
    for (uint32_t k = i + 1; k < s->natom && s->atom[k].start - a->end < REACH && s->atom[k].span == a->span; k++)
        if (s->atom[k].start >= a->end && s->atom[k].kind == LP_ATOM_OBJECT) add(c, (int64_t)(s->atom[k].start - a->start));
    return c->n != 0;
}

bool lp_same_chosen(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n)
{
    struct lp_chosen c;
    if (!lp_chosen(NEW(d), n, &c)) return true;
    if (c.more) return false;
    for (unsigned i = 0; i < c.n; i++) {
        const struct lp_use v = {u->addr + (uint64_t)c.off[i], LP_NONE, LP_NONE, 0, 0}, w = {n->addr + (uint64_t)c.off[i], LP_NONE, LP_NONE, 0, 0};
        if (!lp_same_target(d, o, &v, &w)) return false;
    }
    return true;
}
