/* diff/pair/steady.c - COMPARE, variables without names that functions use which changed: no equal one tells which they are. Where a section is as large as in
 * the old file, holds the same, and all that is known in it is where it was, the rest of it is taken for that, too. That is a guess (--heuristic), and is
 * said. */
#include <config.h>
#include "diff/pair/pair.h"

#include <string.h>

/* What was found of a section: pairs at the same offset, variables of the new file that have none, and the first of these. */
struct found { unsigned pairs, open; uint32_t first; bool moved; };

static bool is_variables(const struct lp_span *x)
{
    enum { OTHERS = LP_SPAN_CODE | LP_SPAN_RELRO | LP_SPAN_LINKER | LP_SPAN_GOT | LP_SPAN_PLT | LP_SPAN_LISTED };
    return x->flags & (LP_SPAN_WRITE | LP_SPAN_BSS) && !(x->flags & OTHERS);
}

static bool is_open(const struct lp_atom *a) { return a->pair == LP_NONE || a->roomy; }

/* The atoms of one span, x, against those of its counterpart in the other file. */
static void look(const struct lp_side *s, uint32_t x, const struct lp_side *other, uint32_t y, struct found *f)
{
    for (uint32_t i = 0; i < s->natom; i++) {
        const struct lp_atom *a = &s->atom[i], *b = a->pair == LP_NONE ? NULL : &other->atom[a->pair];
        if (a->span != x) continue;
        if (b && (b->span != y || a->start - s->span[x].start != b->start - other->span[y].start)) f->moved = true;
        if ((!b && a->kind != LP_ATOM_PIECE) || a->doubted) f->moved = true;
        f->pairs += !is_open(a);
        if (!is_open(a) || !a->used) continue;
        if (!f->open++) f->first = i;
    }
}

/* Is there one that may be none of the old file's? */
static bool has_new(lp_diff *d, uint32_t x, uint32_t y)
{
    const struct lp_side *o = OLD(d), *s = NEW(d);
    for (uint32_t i = 0; i < s->natom; i++) {
        const struct lp_atom *b = &s->atom[i];
        if (b->span != y || !b->used || !is_open(b)) continue;
        const uint32_t k = lp_side_atom(o, o->span[x].start + (b->start - s->span[y].start));
        if (k == LP_NONE || (b->pair == LP_NONE && !lp_may_be_old(d, b)) || !lp_share_user(d, k, i)) return true; /* one may have gone, and another one come */
    }
    return false;
}

/* Is what no pair has the same in both? (Pairs are compared one by one.) */
static bool same_rest(lp_diff *d, uint32_t x, uint32_t y)
{
    const struct lp_side *o = OLD(d), *s = NEW(d);
    const struct lp_span *p = &o->span[x], *q = &s->span[y];
    uint64_t from = q->start, at;
    for (uint32_t i = 0; i <= s->natom; i++) {
        const struct lp_atom *a = i < s->natom ? &s->atom[i] : NULL;
        if (a && (a->span != y || is_open(a))) continue;
        const uint64_t to = a ? a->start : q->end;
        if (from < to && !lp_same_data(d, o, p->start + (from - q->start), from, to - from, &at)) return false;
        if (a && a->end > from) from = a->end;
    }
    return true;
}

/* What begins and ends at the same places in both is compared as a pair, too: its initial value may be another one. */
static void suppose_there(lp_diff *d, uint32_t x, uint32_t y)
{
    const struct lp_side *o = OLD(d), *s = NEW(d);
    for (uint32_t i = 0; i < s->natom; i++) {
        const struct lp_atom *b = &s->atom[i];
        const uint64_t start = o->span[x].start + (b->start - s->span[y].start);
        const uint32_t k = b->span == y && b->pair == LP_NONE ? lp_side_start(o, start) : LP_NONE;
        if (k != LP_NONE && o->atom[k].end - start == b->end - b->start) lp_suppose(d, o, k, i);
    }
}

static bool is_steady(lp_diff *d, uint32_t x, uint32_t y, struct found *f)
{
    const struct lp_span *p = &OLD(d)->span[x], *q = &NEW(d)->span[y];
    struct found back = {0};
    if (!is_variables(p) || p->flags != q->flags || strcmp(p->name, q->name) != 0 || p->end - p->start != q->end - q->start) return false;
    look(NEW(d), y, OLD(d), x, f), look(OLD(d), x, NEW(d), y, &back);
    if (f->moved || back.moved || !f->open || f->pairs < f->open || has_new(d, x, y)) return false;
    suppose_there(d, x, y);
    const bool same = same_rest(d, x, y);
    lp_suppose_keep(d, same);
    return same;
}

bool lp_find_steady(lp_diff *d)
{
    bool any = false;
    char buf[32];
    if (!(d->opt.flags & LP_DIFF_HEURISTIC)) return false;
    for (uint32_t x = 0; x < OLD(d)->nspan; x++)
        for (uint32_t y = 0; y < NEW(d)->nspan; y++) {
            struct found f = {0};
            if (!is_steady(d, x, y, &f)) continue;
            OLD(d)->span[x].flags |= LP_SPAN_STEADY, NEW(d)->span[y].flags |= LP_SPAN_STEADY;
            lp_diff_remark(d, "variables without names are taken for those in the same places of the old file's %s, which is as large and where all others are "
                           "(%u, the first: %s)", NEW(d)->span[y].name, f.open, lp_atom_text(&NEW(d)->atom[f.first], buf));
            any = true;
        }
    return any;
}

bool lp_same_steady(const struct lp_side *o, const struct lp_atom *x, const struct lp_side *s, const struct lp_atom *y)
{
    const struct lp_span *p = &o->span[x->span], *q = &s->span[y->span];
    return p->flags & q->flags & LP_SPAN_STEADY && strcmp(p->name, q->name) == 0;
}

uint64_t lp_steady_place(const lp_diff *d, const struct lp_atom *b, uint64_t addr)
{
    const struct lp_span *q = &NEW(d)->span[b->span];
    size_t x = 0;
    while (x < OLD(d)->nspan && (!(OLD(d)->span[x].flags & LP_SPAN_STEADY) || strcmp(OLD(d)->span[x].name, q->name) != 0)) x++;
    return x < OLD(d)->nspan && q->flags & LP_SPAN_STEADY ? OLD(d)->span[x].start + (addr - q->start) : 0;
}
