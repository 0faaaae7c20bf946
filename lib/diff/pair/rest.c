/* diff/pair/rest.c - NAME, texts that share their ends. Linkers put the text that is another one's tail into that, so that data is cut in the middle of it, and
 * what is in front of the cut says nothing about the rest. */
#include <config.h>
#include "diff/pair/pair.h"

static bool any_overwritten(const lp_diff *d, uint64_t addr, uint64_t end)
{
    while (addr < end) {
        const uint32_t i = lp_side_atom(OLD(d), addr);
        const uint64_t to = i != LP_NONE && OLD(d)->atom[i].end < end ? OLD(d)->atom[i].end : end;
        if (lp_overwritten(d, addr, to - addr)) return true;
        addr = to;
    }
    return false;
}

/* Is a text the same to its end, too? (Of what is cut in the same place, the tails are compared as what they are: the patch may write over them.) */
bool lp_same_rest(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n, const struct lp_atom *x, const struct lp_atom *y)
{
    if (u->width || n->width) return true;
    const uint64_t text = lp_side_text(o, u->addr), other = lp_side_text(NEW(d), n->addr), len = x->end - u->addr, most = y->end - n->addr;
    uint64_t at;
    if (text <= len && other <= most) return true;
    if (len == most && text > len && other > len) {
        const struct lp_use v = {x->end, LP_NONE, LP_NONE, 0, 0}, w = {y->end, LP_NONE, LP_NONE, 0, 0};
        return lp_same_target(d, o, &v, &w);
    }
    return text == other && lp_same_data(d, o, u->addr, n->addr, text, &at) && (o != OLD(d) || !any_overwritten(d, u->addr, u->addr + text));
}
