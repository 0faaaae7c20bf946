/* diff/side/pads.c - where exceptions land that leave a function's calls, for the dataflow (lp_flow_input.pad). */
#include <config.h>
#include "diff/side/code.h"
#include "base/bits.h"
#include "base/buf.h"
#include "base/search.h"
#include "base/sort.h"
#include "elf/lsda.h"

#include <stdlib.h>

/* The exception table of all of a function; false: it has none, or it is not known which. */
static bool read_table(const struct lp_side *s, const struct lp_atom *a, struct lp_lsda *l)
{
    const struct lp_body_lsda *b = lp_find_number(s->lsda, s->nlsda, sizeof *b, a->start);
    uint64_t avail;
    struct lp_fde f;
    const uint8_t *p = b && b->lsda ? lp_side_bytes(s, b->lsda, &avail) : NULL;
    if (p) return lp_lsda_read((struct lp_cfi_reader){p, p + avail, b->lsda, false}, a->start, l);
    return lp_atom_fde(s, a, &f) && f.end == a->end && lp_elf_lsda(s->elf, &f, l);
}

static bool take(const struct lp_side *s, const struct lp_atom *a, struct lp_pads *out)
{
    struct lp_lsda l;
    struct lp_lsda_site x;
    if (!a->lands) return true;
    if (!read_table(s, a, &l)) return false;
    while (lp_lsda_site(&l, &x)) {
        if (!x.pad) continue;
        struct lp_flow_pad *v = lp_grow(out->v, &out->cap, out->n, sizeof *v);
        if (!v) return false;
        out->v = v;
        if (!lp_within(x.start, x.len, a->end - a->start)) return false;
        v[out->n++] = (struct lp_flow_pad){a->start + x.start, a->start + x.start + x.len, x.pad};
    }
    return !l.sites.bad;
}

/* All or none: where one call's way is missing, what lands has another one's registers alone. */
void lp_pads_of(const struct lp_side *s, const struct lp_parts *x, struct lp_pads *out)
{
    *out = (struct lp_pads){0};
    bool good = true;
    for (size_t i = 0; i < x->n && good; i++) good = take(s, &s->atom[x->atom[i]], out);
    if (out->n) lp_sort_by_number(out->v, out->n, sizeof *out->v);
    for (size_t i = 1; i < out->n && good; i++) good = out->v[i].from >= out->v[i - 1].to;
    if (!good) lp_pads_free(out);
}

void lp_pads_free(struct lp_pads *p)
{
    free(p->v);
    *p = (struct lp_pads){0};
}

/* Of two functions of as many words. */
bool lp_same_pads(const struct lp_pads *p, uint64_t at, const struct lp_pads *q, uint64_t other)
{
    bool same = p->n == q->n;
    for (size_t i = 0; i < p->n && same; i++)
        same = p->v[i].from - at == q->v[i].from - other && p->v[i].to - at == q->v[i].to - other && p->v[i].at - at == q->v[i].at - other;
    return same;
}
