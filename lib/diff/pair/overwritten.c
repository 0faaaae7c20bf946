/* diff/pair/overwritten.c - NAME, constants of the old file over which the patch writes: they are no longer what they were found to be. */
#include <config.h>
#include "diff/pair/pair.h"
#include "base/search.h"

#include <string.h>

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
