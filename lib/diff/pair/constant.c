/* diff/pair/constant.c - NAME, constants of which one has no name, and so may be paired with nothing: the rules, in their order, by which two of them are the
 * same. In front of all is the one that no layout changes (twins.c, lp_same_target()): it needs not know where one begins or ends. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/data.h"
#include "base/bits.h"

enum { DEPTH_MAX = 24 }; /* of constants that refer to constants */

/* How many bytes from both addresses on are words that lead, from there or (own) from where they are, to the same places of the function that uses
 * them: a jump table in hand-written code. */
static uint64_t relative_words(const struct lp_side *o, const struct lp_use *u, const struct lp_side *s, const struct lp_use *n, uint64_t len, bool own)
{
    uint64_t have = 0, other = 0, at = 0;
    const uint8_t *p = lp_side_bytes(o, u->addr, &have), *q = lp_side_bytes(s, n->addr, &other);
    for (; p && q && at + 4 <= len && at + 4 <= have && at + 4 <= other; at += 4) {
        uint64_t from = own ? at : 0, x = u->addr + from + (uint64_t)lp_sext(lp_le32(p + at), 32), y = n->addr + from + (uint64_t)lp_sext(lp_le32(q + at), 32);
        if (!lp_le32(p + at) && !lp_le32(q + at)) continue; /* not used */
        if (!lp_is_within(o, u->self, x) || !lp_is_within(s, n->self, y) || x - o->atom[u->self].start != y - s->atom[n->self].start) break;
    }
    return at;
}

static bool holds_the_same(lp_diff *d, const struct lp_constants_asked *x)
{
    const struct lp_side *o = x->o, *s = NEW(d);
    const struct lp_use *u = x->u, *n = x->n;
    const uint64_t end = o->atom[x->a].end, other_end = s->atom[x->b].end, len = end - u->addr, other = other_end - n->addr;
    const uint64_t common = len < other ? len : other, most = len < other ? other : len;
    uint64_t at;
    if (u->width || n->width) return u->width == n->width && lp_same_data(d, o, u->addr, n->addr, u->width, &at);
    uint64_t words = relative_words(o, u, s, n, common, false), own = relative_words(o, u, s, n, common, true);
    if (own > words) words = own;
    if (words >= 16) {
        const struct lp_use rest = {u->addr + words, LP_NONE, LP_NONE, 0, 0}, others = {n->addr + words, LP_NONE, LP_NONE, 0, 0};
        const struct lp_constants_asked behind = {o, &rest, &others, x->a, x->b};
        return words == len || words == other ? len == other : holds_the_same(d, &behind);
    }
    if (!lp_same_data(d, o, u->addr, n->addr, common, &at)) return false;
    if (lp_only_zeros(o, u->addr + common, end) && lp_only_zeros(s, n->addr + common, other_end)) return true;
    return lp_same_data(d, o, u->addr, n->addr, most, &at); /* where the shorter one ends by chance: a number that looks like an address */
}

/* (A constant that leads to itself by others never ends. To say no is safe: it comes along.) */
static bool is_near(lp_diff *d, const struct lp_constants_asked *x)
{
    (void)x;
    return d->depth < DEPTH_MAX;
}

static bool stays(lp_diff *d, const struct lp_constants_asked *x)
{
    return x->o != OLD(d) || !lp_overwritten(d, x->u->addr, x->u->width ? x->u->width : x->o->atom[x->a].end - x->u->addr);
}

typedef bool rule(lp_diff *d, const struct lp_constants_asked *x);
static bool all_say_so(lp_diff *d, const struct lp_constants_asked *x, rule *const *v, size_t n)
{
    size_t i = 0;
    while (i < n && v[i](d, x)) i++;
    return i == n;
}

/* What must be so before the bytes are looked at; what the bytes say, while it is supposed that the two are a pair: constants may lead in a circle. */
static rule *const before[] = {
    is_near, /* how far from the first one that was asked for */
    stays,   /* what the patch writes over says nothing */
}, *const content[] = {
    holds_the_same, /* as much as is read, or up to where the next thing begins. (A text is no shorter: what looks like one may be a table) */
    lp_same_rest,   /* rest.c: a linker cuts a text where another one is its tail, so that its beginning is not all of it */
    lp_same_around, /* around.c: a cut may be in the middle of a table, so that what is behind it counts, and what is in front if it may be an end */
};

bool lp_same_constant(lp_diff *d, const struct lp_constants_asked *x)
{
    enum { BEFORE = sizeof before / sizeof *before, CONTENT = sizeof content / sizeof *content };
    const struct lp_atom *a = &x->o->atom[x->a], *b = &NEW(d)->atom[x->b];
    const size_t supposed = d->nsupposed;
    /* (What is a pair is compared as such, by whoever made it one, and nothing else is that.) */
    if (a->pair == x->b) return x->u->addr - a->start == x->n->addr - b->start && lp_same_rest(d, x);
    if (!all_say_so(d, x, before, BEFORE)) return false;
    d->depth++;
    const bool circle = x->u->addr == a->start && x->n->addr == b->start && a->kind == b->kind && lp_suppose(d, x->o, x->a, x->b);
    const bool same = all_say_so(d, x, content, CONTENT);
    d->depth--;
    if (circle) lp_suppose_forget(d, supposed, x->a, same);
    return same;
}

bool lp_is_constant_as(lp_diff *d, uint64_t old, uint64_t addr, uint64_t len)
{
    const uint32_t i = lp_side_atom(OLD(d), old);
    uint64_t at;
    if (i == LP_NONE || !lp_is_constant(OLD(d), &OLD(d)->atom[i]) || lp_overwritten(d, old, len)) return false;
    return lp_same_data(d, OLD(d), old, addr, len, &at);
}
