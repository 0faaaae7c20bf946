/* exec/fuse.c - which ops run as one, by the chains that mkdecode made of fuse.def. */
#include <config.h>
#include <string.h>
#include "exec/fuse.h"
#include "a64/a64.h"
#include "a64/fuse.gen.h"

static bool chain_fits(const struct chain *c, const struct lp_op *in, unsigned n)
{
    if (c->n > n)
        return false;
    for (unsigned i = 2; i < c->n; i++)
        if (in[i].code != c->code[i])
            return false;
    for (unsigned i = 0; i < c->nlinks; i++) {
        const struct lp_op *op = &in[c->links[i].element];
        if (((const uint8_t *)op)[c->links[i].at] != ((const uint8_t *)(op - 1))[c->links[i].from])
            return false;
    }
    return true;
}

static uint32_t chain_key(const struct chain *c) { return (uint32_t)c->code[0] << 16 | c->code[1]; }

/* The first chain that begins with the codes of in[0] and in[1], if there is one. */
static unsigned first_chain(uint32_t key)
{
    unsigned lo = 0, hi = CHAINS;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (chain_key(&chains[mid]) < key)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

unsigned lp_op_fuse(const struct lp_op *in, unsigned n, uint8_t *cost)
{
    const struct chain *best = NULL;
    unsigned after = n > 1 ? cost[1] : 0, here = after;
    cost[0] = (uint8_t)(after + 1);
    if (n < 2)
        return 0;
    uint32_t key = (uint32_t)in[0].code << 16 | in[1].code;
    for (const struct chain *c = &chains[first_chain(key)]; c < &chains[CHAINS] && chain_key(c) == key; c++) {
        if (!chain_fits(c, in, n))
            continue;
        after = n > c->n ? cost[c->n] : 0;
        if (best == NULL || after < here || (after == here && c->nlinks > best->nlinks))
            best = c, here = after;
    }
    if (best == NULL)
        return 0;
    cost[0] = (uint8_t)(here + 1);
    return LP_CODE_CHAINS + (unsigned)(best - chains);
}

unsigned lp_op_chain(unsigned code, uint16_t out[])
{
    if (code < LP_CODE_CHAINS || code >= LP_CODE_COUNT)
        return 0;
    const struct chain *c = &chains[code - LP_CODE_CHAINS];
    memcpy(out, c->code, c->n * sizeof c->code[0]);
    return c->n;
}
