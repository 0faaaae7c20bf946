/* diff/write/pointers.c - EMIT, words of data that hold addresses: that of the end of an array is that of what begins there. The linker may say which of the
 * two it is (-q), or the old file's word; or the word in front of it has the array's start, so that it may be either. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/data.h"

/* What the word in front of it holds, if both are in one datum. */
static uint64_t held_in_front(const struct lp_side *s, uint64_t at)
{
    const uint32_t i = lp_side_atom(s, at);
    return i != LP_NONE && at - s->atom[i].start >= 8 ? lp_held_at(s, at - 8) : 0;
}

bool lp_is_said(const struct lp_side *s, uint64_t at, uint64_t addr)
{
    const struct lp_reloc_at *r = lp_side_reloc(s, at);
    return r && r->sym == addr;
}

static struct lp_there start_of(lp_diff *d, uint64_t v) { return lp_there(d, &(struct lp_use){v, LP_NONE, LP_NONE, 0, 0}); }

static struct lp_there end_of(lp_diff *d, uint32_t array)
{
    const struct lp_atom *a = &NEW(d)->atom[array];
    return lp_there_from(lp_there(d, &(struct lp_use){a->start, array, LP_NONE, 0, 0}), (int64_t)(a->end - a->start));
}

/* Both are new: they come along in one piece, so that one place is both. */
static bool join(lp_diff *d, uint32_t a)
{
    struct lp_atom *v = NEW(d)->atom;
    if (v[a].pair != LP_NONE || v[a + 1].pair != LP_NONE || v[a + 1].start != v[a].end || v[a].span != v[a + 1].span || v[a + 1].joined) return false;
    v[a + 1].joined = d->again = true;
    return v[lp_head_of(d, a)].needed = true;
}

/* Where nothing begins, it is the end of what is in front, or of a section: if these are two places in the old file, nowhere. */
static struct lp_there lone_end(lp_diff *d, uint32_t array, uint64_t at, uint64_t v)
{
    const struct lp_side *s = NEW(d);
    const struct lp_atom *a = &s->atom[array];
    const struct lp_there t = start_of(d, v), e = end_of(d, array);
    const struct lp_span *x = lp_side_span(s, v);
    const bool bound = !x || v == x->start || v == s->span[a->span].end;
    if (lp_is_said(s, at, a->start) || held_in_front(s, at) == a->start) return e;
    return bound && (e.own || !t.known || t.addr != e.addr) ? (struct lp_there){0} : e;
}

/* Has the old file in the same place the address of the start of what begins there? */
static bool was_start(const lp_diff *d, uint32_t from, uint64_t at, uint32_t began)
{
    const struct lp_side *o = OLD(d);
    const struct lp_atom *b = from == LP_NONE ? NULL : &NEW(d)->atom[from], *a = !b || b->pair == LP_NONE ? NULL : &o->atom[b->pair];
    const uint64_t off = b ? at - b->start : 0, v = a && off + 8 <= a->end - a->start ? lp_held_at(o, a->start + off) : 0;
    const uint32_t i = v ? lp_side_start(o, v) : LP_NONE;
    return i != LP_NONE && o->atom[i].pair == began;
}

/* Where nothing begins: the end of a table without a name that comes along? */
static bool ends_along(const struct lp_side *s, uint64_t v)
{
    const uint32_t i = v && !s->objects ? lp_side_atom(s, v - 1) : LP_NONE;
    const struct lp_atom *a = i == LP_NONE ? NULL : &s->atom[i];
    return a && a->end == v && a->kind == LP_ATOM_PIECE && lp_stays_constant(s, a) && (a->carry || a->joined);
}

struct lp_there lp_there_of_word(lp_diff *d, uint64_t at, uint64_t v)
{
    const struct lp_side *s = NEW(d);
    const uint32_t i = lp_side_atom(s, v), array = i == LP_NONE || s->atom[i].start == v ? lp_array_to(s, v) : LP_NONE;
    const struct lp_atom *a = array == LP_NONE ? NULL : &s->atom[array];
    char buf[32], name[32];
    if (i == LP_NONE && ends_along(s, v)) return end_of(d, lp_side_atom(s, v - 1));
    if (!a || (i == LP_NONE ? a->kind == LP_ATOM_PIECE : lp_is_unnamed_constant(s, a))) return start_of(d, v); /* (of constants without names, ends.c) */
    if (i == LP_NONE) return lone_end(d, array, at, v);
    if (lp_is_said(s, at, a->start)) return end_of(d, array);
    if (lp_is_said(s, at, v) || held_in_front(s, at) != a->start) return start_of(d, v);
    const uint32_t from = lp_side_atom(s, at);
    if (from == array || was_start(d, from, at, i)) return start_of(d, v); /* (nothing holds its own end) */
    const struct lp_there t = start_of(d, v), e = end_of(d, array);
    if (!lp_same_there(&t, &e) && !join(d, array) && from != LP_NONE)
        lp_diff_refuse(d, s, LP_E148, lp_atom_text(&s->atom[from], buf), (unsigned long long)(at - s->atom[from].start), lp_atom_text(a, name));
    return t;
}
