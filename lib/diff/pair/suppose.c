/* diff/pair/suppose.c - pairs of data that are supposed while two functions are compared. */
#include <config.h>
#include "diff/pair/pair.h"
#include "base/buf.h"

#include <string.h>

bool lp_suppose(lp_diff *d, const struct lp_side *o, uint32_t a, uint32_t b)
{
    const struct lp_atom *x = &o->atom[a], *y = &NEW(d)->atom[b];
    if (x->pair == b && y->pair == a) return true;
    if (x->pair != LP_NONE || y->pair != LP_NONE || o != OLD(d)) return false;
    struct lp_supposed *v = lp_grow(d->supposed, &d->supposed_cap, d->nsupposed, sizeof *v);
    if (!v) return d->nomem = true, false;
    d->supposed = v;
    v[d->nsupposed++] = (struct lp_supposed){a, b};
    lp_pair(d, a, b, LP_RULE_USE);
    return true;
}

void lp_suppose_back(lp_diff *d, size_t to)
{
    for (; d->nsupposed > to; d->nsupposed--) {
        struct lp_supposed *v = &d->supposed[d->nsupposed - 1];
        OLD(d)->atom[v->a].pair = NEW(d)->atom[v->b].pair = LP_NONE;
    }
}

void lp_suppose_forget(lp_diff *d, size_t before, uint32_t a, bool same)
{
    if (!same) lp_suppose_back(d, before);
    if (d->nsupposed <= before || d->supposed[before].a != a) return;
    OLD(d)->atom[a].pair = NEW(d)->atom[d->supposed[before].b].pair = LP_NONE;
    d->nsupposed--;
    memmove(d->supposed + before, d->supposed + before + 1, (d->nsupposed - before) * sizeof *d->supposed);
}

void lp_suppose_keep(lp_diff *d, bool keep)
{
    if (!keep) lp_suppose_back(d, 0);
    d->npaired += d->nsupposed;
    d->nsupposed = 0;
}
