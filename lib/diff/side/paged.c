/* diff/side/paged.c - which words complete the page that an ADRP makes */
#include <config.h>
#include "diff/side/code.h"
#include "diff/side/scan.h"
#include "diff/side/walk.h"

#include <stdlib.h>

enum { STEPS = 8192 };

struct paged { uint64_t page; struct lp_base_users *users; bool lost; };

/* It is of one page or of several: that is for others to judge. */
static bool completes(const struct scan *x, uint64_t at, uint32_t w, uint64_t page)
{
    unsigned n;
    const struct lp_ref_at *v = lp_refs_at(x->s, x->a, at, &n);
    int64_t off;
    if (!lp_word_offset(w, &off)) return false;
    for (unsigned k = 0; k < n; k++)
        if (v[k].kind == LP_FLOW_ADDR && v[k].flags & LP_FLOW_OF_PAGE && v[k].addr - (uint64_t)off == page) return true;
    return false;
}

static void look_at(const struct scan *x, uint64_t at, uint32_t w, unsigned row, uint32_t mask, uint64_t size, void *ctx)
{
    struct paged *p = ctx;
    (void)row, (void)mask, (void)size;
    if (lp_a64_is_mov(w)) return;
    if (!completes(x, at, w, p->page) || p->users->n == LP_BASE_USERS) p->lost = true; /* kept on the stack, for one */
    else if (!lp_is_user(p->users, at)) p->users->at[p->users->n++] = at;
}

bool lp_page_users(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t page, struct lp_base_users *users)
{
    struct paged p = {page, users, false};
    struct scan *x = lp_scan_new(s, atom);
    users->n = 0;
    if (!x) return false;
    lp_scan_moves(x, at, STEPS, look_at, 0, &p);
    free(x);
    return !p.lost;
}
