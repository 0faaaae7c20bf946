/* diff/pair/completed.c - is each page of a function completed by a word that is understood? Then what is not understood is no part of an address, or is
 * compared there, too. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/code.h"
#include "base/search.h"
#include "base/sort.h"

#include <stdlib.h>

bool lp_completes_pages(const struct lp_side *s, uint32_t atom)
{
    const struct lp_atom *a = &s->atom[atom];
    const struct lp_words code = lp_words_of(s, atom);
    uint64_t *base = malloc((a->nref + 1) * sizeof *base);
    size_t n = 0;
    for (uint32_t i = 0; base && i < a->nref; i++) {
        const struct lp_ref_at *r = &s->ref[a->ref + i];
        int64_t off;
        if (r->kind == LP_FLOW_ADDR && lp_word_offset(lp_words_at(&code, r->at), &off)) base[n++] = r->addr - (uint64_t)off;
    }
    if (base) lp_sort_numbers(base, n);
    struct lp_lent_pages lent;
    lp_lent_pages(s, atom, &lent);
    bool used = base != NULL && !lent.more;
    for (unsigned i = 0; used && i < lent.n; i++) used = !lent.v[i].borrowed || lp_is_among(base, n, lent.v[i].page);
    for (uint32_t i = 0; used && i < a->nref; i++) {
        const struct lp_ref_at *p = &s->ref[a->ref + i];
        const bool asks = p->kind == LP_FLOW_PAGE && !(p->flags & LP_FLOW_ALONE); /* alone: compared as an address */
        used = !asks || lp_is_among(base, n, p->addr);
        for (unsigned k = 0; !used && k < lent.n; k++) used = !lent.v[k].borrowed && lent.v[k].page == p->addr;
    }
    free(base);
    return used;
}
