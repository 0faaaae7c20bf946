/* diff/pair/constant.c - NAME, constants: by what they hold; those of the old file over which the patch writes. */
#include <config.h>
#include "diff/pair/pair.h"
#include "base/bits.h"
#include "base/search.h"

#include <string.h>

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

/* (A text is no shorter: what looks like one may be a table.) */
bool lp_same_constant(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n, uint32_t a, uint32_t b)
{
    const struct lp_side *s = NEW(d);
    const struct lp_atom *x = &o->atom[a], *y = &s->atom[b];
    uint64_t len = x->end - u->addr, other = y->end - n->addr, at;
    if (u->width || n->width) return u->width == n->width && lp_same_data(d, o, u->addr, n->addr, u->width, &at);
    uint64_t common = len < other ? len : other, most = len < other ? other : len, words = relative_words(o, u, s, n, common, false);
    uint64_t own = relative_words(o, u, s, n, common, true);
    if (own > words) words = own;
    if (words >= 16) {
        struct lp_use rest = {u->addr + words, LP_NONE, LP_NONE, 0, 0}, others = {n->addr + words, LP_NONE, LP_NONE, 0, 0};
        return words == len || words == other ? len == other : lp_same_constant(d, o, &rest, &others, a, b);
    }
    if (!lp_same_data(d, o, u->addr, n->addr, common, &at)) return false;
    if (lp_only_zeros(o, u->addr + common, x->end) && lp_only_zeros(s, n->addr + common, y->end)) return true;
    return lp_same_data(d, o, u->addr, n->addr, most, &at); /* where the shorter one ends by chance: a number that looks like an address */
}

/* Over which something in front of it may have grown; NULL: nothing. */
static const struct lp_range *grown_over(const lp_diff *d, uint64_t addr)
{
    const size_t n = lp_count_upto(d->grown, d->ngrown, sizeof *d->grown, addr);
    return n && addr < d->grown[n - 1].to ? &d->grown[n - 1] : NULL;
}

/* The piece or object that brings a constant's new content: its own, or the one in front of it that has grown over its place. (Thousands of texts without a
 * pair may follow one another.) */
static const struct lp_atom *writer_of(const lp_diff *d, uint32_t i, uint64_t addr)
{
    const struct lp_side *o = OLD(d);
    if (i == LP_NONE || lp_is_code_atom(&o->atom[i])) return NULL;
    const struct lp_range *over = o->atom[i].pair == LP_NONE ? grown_over(d, addr) : NULL;
    if (o->atom[i].pair == LP_NONE && !over) return NULL;
    for (; o->atom[i].pair == LP_NONE; i--) {
        if (!i || o->atom[i].kind != LP_ATOM_PIECE || o->atom[i - 1].end != o->atom[i].start || o->atom[i - 1].span != o->atom[i].span) return NULL;
        if (o->atom[i - 1].end < over->from) return NULL;
    }
    const struct lp_atom *a = &o->atom[i], *b = &NEW(d)->atom[a->pair];
    /* (What has a name never grows: E120, or it comes along.) */
    return addr < a->end || (a->kind == LP_ATOM_PIECE && addr - a->start < b->end - b->start) ? a : NULL;
}

static bool is_overwritten(const lp_diff *d, uint32_t i, uint64_t addr, uint64_t len)
{
    const struct lp_atom *a = writer_of(d, i, addr);
    uint64_t have = 0, other = 0;
    if (!a) return false;
    const struct lp_atom *b = &NEW(d)->atom[a->pair];
    const uint8_t *p = lp_side_bytes(OLD(d), addr, &have), *q = lp_side_bytes(NEW(d), b->start + (addr - a->start), &other);
    const uint64_t most = b->end - b->start > addr - a->start ? b->end - b->start - (addr - a->start) : 0;
    if (len > most) len = most;
    return p && q && (len > have || len > other || memcmp(p, q, len) != 0);
}

bool lp_overwritten(const lp_diff *d, uint64_t addr, uint64_t len) { return is_overwritten(d, lp_side_atom(OLD(d), addr), addr, len); }

bool lp_any_overwritten(const lp_diff *d, uint64_t addr, uint64_t end)
{
    const struct lp_side *o = OLD(d);
    for (uint32_t i = lp_side_atom(o, addr); addr < end;) {
        const uint64_t to = i != LP_NONE && o->atom[i].end < end ? o->atom[i].end : end;
        if (is_overwritten(d, i, addr, to - addr)) return true;
        addr = to;
        i = i != LP_NONE && i + 1 < o->natom && o->atom[i + 1].start == addr ? i + 1 : lp_side_atom(o, addr);
    }
    return false;
}
