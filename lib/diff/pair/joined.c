/* diff/pair/joined.c - new data that comes along in one piece with what is in front of it: what the first of that is. There may be thousands in one piece. */
#include <config.h>
#include "diff/pair/pair.h"

#include <stdlib.h>
#include <string.h>

/* d->head: of each atom of the new file that is joined to others, one in front of it that it is joined to, as far as is known, and 1 more. */
void lp_forget_heads(lp_diff *d)
{
    if (!d->head) d->head = malloc((NEW(d)->natom + 1) * sizeof *d->head);
    if (d->head) memset(d->head, 0, (NEW(d)->natom + 1) * sizeof *d->head);
}

uint32_t lp_head_of(const lp_diff *d, uint32_t atom)
{
    const struct lp_atom *v = NEW(d)->atom;
    uint32_t h = atom;
    while (h && v[h].joined) h = d->head && d->head[h] ? d->head[h] - 1 : h - 1;
    for (uint32_t i = atom, next; d->head && i != h; i = next) next = d->head[i] ? d->head[i] - 1 : i - 1, d->head[i] = h + 1;
    return h;
}
