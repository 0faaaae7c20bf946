/* diff/pair/rest.c - NAME, texts that share their ends. Linkers put the text that is another one's tail into that, so that data is cut in the middle of it, and
 * what is in front of the cut says nothing about the rest. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/data.h"

/* How long the character is that begins there, in ASCII or UTF-8; 0 = none does, or a part of one. */
static unsigned character(const uint8_t *p, uint64_t n)
{
    const unsigned more = *p < 0xc2 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : *p < 0xf5 ? 3 : 0;
    if (*p < 0x80) return *p >= ' ' || (*p >= '\t' && *p <= '\r') || *p == 033;
    if (!more) return 0;
    for (unsigned i = 1; i <= more && i < n; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    return more + 1;
}

/* Does a text go on behind so many bytes? *text: its length. (What looks like one may be numbers.) */
static bool goes_on(const struct lp_side *s, uint64_t addr, uint64_t len, uint64_t *text)
{
    uint64_t avail = 0, i = 0;
    const uint8_t *p = lp_side_bytes(s, addr, &avail);
    *text = lp_side_text(s, addr);
    if (!p || *text <= len || lp_side_offsets(s, addr, addr + len)) return false;
    for (unsigned k; i < len && (k = character(p + i, len - i)); i += k) {}
    return i >= len;
}

/* Is a text the same to its end, too? (Of what is cut in the same place, the tails are compared as what they are: the patch may write over them.) */
bool lp_same_rest(lp_diff *d, const struct lp_constants_asked *x)
{
    const struct lp_side *o = x->o;
    const struct lp_use *u = x->u, *n = x->n;
    if (u->width || n->width) return true;
    const uint64_t end = o->atom[x->a].end, other_end = NEW(d)->atom[x->b].end, len = end - u->addr, most = other_end - n->addr;
    uint64_t text, other, at;
    const bool more = goes_on(o, u->addr, len, &text), others = goes_on(NEW(d), n->addr, most, &other);
    if (o == OLD(d) ? !more && !others : !others) return true;
    /* (Not piece by piece: a long text may be cut in very many.) */
    if (text == other && lp_same_data(d, o, u->addr, n->addr, text, &at) && (o != OLD(d) || !lp_any_overwritten(d, u->addr, u->addr + text))) return true;
    if (len != most || !more || !others) return false;
    const struct lp_use v = {end, LP_NONE, LP_NONE, 0, 0}, w = {other_end, LP_NONE, LP_NONE, 0, 0};
    return lp_same_target(d, o, &v, &w);
}
