/* diff/pair/name.c - NAME: what an address stands for, whatever the layout: a place in a paired function or object, an import, a slot, a text, constant
 * bytes, the bound of a section. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/code.h"
#include "diff/side/data.h"
#include "diff/side/seen.h"
#include "diff/side/walk.h"
#include "base/bits.h"
#include "base/search.h"

#include <elf.h>
#include <string.h>

/* ---- places ---- */

static bool same_kind(const struct lp_side *o, const struct lp_atom *x, const struct lp_side *s, const struct lp_atom *y)
{
    enum { KIND = LP_SPAN_CODE | LP_SPAN_WRITE | LP_SPAN_RELRO | LP_SPAN_BSS };
    return ((o->span[x->span].flags ^ s->span[y->span].flags) & KIND) == 0;
}

/* Linkers make these, mostly only for code that uses them. */
static bool is_bound(const char *name)
{
    return lp_is_bound_name(name) || strcmp(name, "__TMC_END__") == 0;
}

/* A bound that has a name. */
static bool same_label(const struct lp_side *o, uint64_t a, const struct lp_side *s, uint64_t b, bool any)
{
    size_t i = lp_count_below(o->label, o->nlabel, sizeof *o->label, a), k = lp_count_below(s->label, s->nlabel, sizeof *s->label, b);
    for (; i < o->nlabel && o->label[i].at == a; i++)
        for (size_t j = k; j < s->nlabel && s->label[j].at == b; j++)
            if (strcmp(o->label[i].name, s->label[j].name) == 0 && (any || is_bound(o->label[i].name))) return true;
    return false;
}

static bool has_label(const struct lp_side *s, uint64_t at)
{
    size_t i = lp_count_below(s->label, s->nlabel, sizeof *s->label, at);
    return i < s->nlabel && s->label[i].at == at;
}

/* Of what the patch brings anew, the old file's own is the other one. */
static bool is_other(const lp_diff *d, const struct lp_side *o, uint32_t a, uint32_t b)
{
    return o->atom[a].pair == b && lp_is_copied(&NEW(d)->atom[b]) && !(o->span[o->atom[a].span].flags & LP_SPAN_NEW);
}

/* Is it only something from which other things are reached? */
static bool is_base(const struct lp_side *s, const struct lp_use *u)
{
    return u->at && !u->width && u->self != LP_NONE && lp_mostly_base(s, u->self, u->at);
}

/* Of what a patch brings in one piece: is it in that of the new file's, from which x begins? All of that is compared as what it is (verify.c). */
static bool is_in_piece(const lp_diff *d, const struct lp_side *o, const struct lp_atom *x, uint32_t b)
{
    const struct lp_atom *v = NEW(d)->atom;
    if (!(o->span[x->span].flags & LP_SPAN_NEW) || x->pair == LP_NONE || x->pair >= b) return false;
    while (b > x->pair && (v[b].joined || v[b].tail)) {
        const uint32_t head = v[b].joined ? lp_head_of(d, b) : b - 1;
        b = head > x->pair ? head : x->pair;
    }
    return b == x->pair;
}

/* Data: paired, or supposed to be. Constants without a name are compared instead. */
static bool same_datum(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n, uint32_t a, uint32_t b)
{
    const struct lp_atom *x = &o->atom[a], *y = &NEW(d)->atom[b];
    const bool one = !lp_is_constant(NEW(d), y) || y->kind == LP_ATOM_OBJECT;
    for (; o->span[x->span].flags & LP_SPAN_NEW && y->joined && one && b != x->pair; b--) y--; /* what is carried in one is one thing */
    if (is_other(d, o, a, b)) return false;
    if (x->kind == LP_ATOM_TABLE || y->kind == LP_ATOM_TABLE) return x->kind == y->kind && x->pair == b && u->addr - x->start == n->addr - y->start;
    if (!one && is_in_piece(d, o, x, b)) return u->addr - x->start == n->addr - NEW(d)->atom[x->pair].start;
    const bool constant = lp_is_constant(o, x) && lp_is_constant(NEW(d), y);
    if (constant && (x->kind == LP_ATOM_PIECE || y->kind == LP_ATOM_PIECE)) return lp_same_constant(d, &(struct lp_constants_asked){o, u, n, a, b});
    if (lp_same_steady(o, x, NEW(d), y)) return u->addr - o->span[x->span].start == n->addr - NEW(d)->span[y->span].start;
    if (u->addr - x->start != n->addr - y->start) return false;
    if (x->pair == b) return true;
    if (x->kind != y->kind || x->parted || y->parted || !same_kind(o, x, NEW(d), y) || !lp_same_length(d, o, a, b)) return false;
    if ((x->numbered || y->numbered) && !lp_same_stem(x, y)) return false;
    bool label = has_label(o, x->start) || has_label(NEW(d), y->start);
    if (label && x->kind == LP_ATOM_PIECE) return same_label(o, x->start, NEW(d), y->start, true) && lp_suppose(d, o, a, b);
    if (d->same_places && x->kind == LP_ATOM_PIECE && x->start != y->start && !(x->doubted && y->doubted)) return false;
    /* Of a piece with another size, other places in it are used. */
    if (o != OLD(d) || (is_base(o, u) && is_base(NEW(d), n) && lp_is_other_thing(d, a, b))) return false;
    const bool same = lp_same_room(d, a, b);
    if ((!same && !lp_other_room(d, a, b)) || !lp_suppose(d, o, a, b)) return false;
    OLD(d)->atom[a].roomy = NEW(d)->atom[b].roomy = !same;
    return true;
}

static bool same_code_place(const struct lp_side *o, const struct lp_use *u, const struct lp_side *s, const struct lp_use *n, uint32_t a, uint32_t b)
{
    return o->atom[a].pair == b && lp_same_place(o, a, u->addr - o->atom[a].start, s, b, n->addr - s->atom[b].start);
}

/* The bound of a span, or a place in what the linker made: by name and distance from its start, or by being its end. */
static bool same_bound(const struct lp_side *o, uint64_t a, const struct lp_side *s, uint64_t b)
{
    const struct lp_span *x = lp_side_span(o, a), *y = lp_side_span(s, b);
    if (x && y && strcmp(x->name, y->name) == 0 && a - x->start == b - y->start) return true;
    return lp_same_ends(o, a, s, b);
}

/* Constants that have no name, in a file that has names, are merged by linkers, which no section anchor survives; or they are behind one, and whoever uses
 * them adds to it. So of one whose address is made of its page, what is made of an array's start by adding its size is none. (And zeros are padding.) */
bool lp_surely_ending(const struct lp_side *s, const struct lp_use *u)
{
    const uint32_t k = u->at ? lp_ending(s, u) : LP_NONE, i = lp_side_atom(s, u->addr);
    int64_t off;
    if (k == LP_NONE || i == LP_NONE || !lp_word_offset(lp_code_word(s, u->at), &off) || !(s->atom[k].start & 4095)) return false;
    const struct lp_atom *a = &s->atom[i];
    const bool unnamed = s->objects && lp_is_unnamed_constant(s, a);
    return unnamed && (a->paged || (a->end - a->start < 64 && lp_only_zeros(s, a->start, a->end))) && u->addr - (uint64_t)off == s->atom[k].start;
}

/* Does nothing begin there, or does only the place count? */
static bool is_end(const struct lp_side *s, const struct lp_use *u)
{
    return !lp_begins_at(s, u->addr) || lp_surely_ending(s, u) || (u->at && u->self != LP_NONE && lp_only_compared(s, u->self, u->at));
}

/* The end of what a patch brings, perhaps in one piece with what is in front of it, where nothing is in the new file: so no other thing is meant. */
static bool is_brought_end(const lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n, const struct lp_atom *x, uint32_t b)
{
    if (!(o->span[x->span].flags & LP_SPAN_NEW) || lp_side_atom(NEW(d), n->addr) != LP_NONE) return false;
    return (x->pair == b || is_in_piece(d, o, x, b)) && u->addr - x->start == n->addr - NEW(d)->atom[x->pair].start;
}

/* The same, of a word of data. */
static bool is_brought_end_of_data(const lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n)
{
    const uint32_t i = u->at || n->at || !u->addr || !n->addr || o == OLD(d) ? LP_NONE : lp_side_atom(o, u->addr - 1), k = lp_side_atom(NEW(d), n->addr - 1);
    return i != LP_NONE && k != LP_NONE && o->atom[i].end == u->addr && is_brought_end(d, o, u, n, &o->atom[i], k);
}

/* Paired; or constants without names, which are no pairs, that hold the same. */
static bool same_array(lp_diff *d, const struct lp_side *o, uint32_t a, uint32_t b)
{
    const struct lp_atom *x = &o->atom[a], *y = &NEW(d)->atom[b];
    const struct lp_use u = {x->start, LP_NONE, LP_NONE, 0, 0}, n = {y->start, LP_NONE, LP_NONE, 0, 0};
    if (x->end - x->start != y->end - y->start) return false;
    if (x->pair == b) return !is_other(d, o, a, b);
    return lp_is_unnamed_constant(o, x) && lp_is_unnamed_constant(NEW(d), y) && lp_same_target(d, o, &u, &n);
}

/* Where a pointer to the end is used behind the loop that went there, it may be for what begins there: is that the same? */
static bool same_past(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n, uint32_t a, uint32_t b)
{
    if (!u->at || !n->at || (!lp_goes_past(o, u->self, a) && !lp_goes_past(NEW(d), n->self, b))) return true;
    const struct lp_use x = {u->addr, LP_NONE, LP_NONE, 0, 0}, y = {n->addr, LP_NONE, LP_NONE, 0, 0};
    const bool none = lp_side_atom(o, u->addr) == LP_NONE && lp_side_atom(NEW(d), n->addr) == LP_NONE;
    return none || lp_same_target(d, o, &x, &y);
}

/* The end of an object that the same function uses, which is where the next one begins. */
static bool same_end(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n)
{
    const uint32_t a = lp_ending(o, u), b = lp_ending(NEW(d), n);
    if (a == LP_NONE || b == LP_NONE) return false;
    const struct lp_atom *x = &o->atom[a];
    if (is_brought_end(d, o, u, n, x, b)) return true;
    if (o == OLD(d) && n->at && lp_came_there(d, n)) return false;
    return is_end(o, u) && is_end(NEW(d), n) && same_array(d, o, a, b) && same_past(d, o, u, n, a, b);
}

/* The same of an array that the function does not use otherwise, and of data: where nothing begins, it is the end. */
static bool same_lone_end(const struct lp_side *o, const struct lp_use *u, const struct lp_side *s, const struct lp_use *n)
{
    const uint32_t a = lp_array_to(o, u->addr), b = lp_array_to(s, n->addr);
    if (a == LP_NONE || b == LP_NONE || o->atom[a].pair != b || u->width || n->width || !u->at != !n->at) return false;
    if (lp_side_atom(o, u->addr) != LP_NONE || lp_side_atom(s, n->addr) != LP_NONE) return false;
    return !u->at || (lp_only_compared(o, u->self, u->at) && lp_only_compared(s, n->self, n->at));
}

/* The same of a section: __start_x and __stop_x. */
static bool same_section_end(const struct lp_side *o, const struct lp_use *u, const struct lp_side *s, const struct lp_use *n)
{
    const struct lp_span *x = u->addr ? lp_side_span(o, u->addr - 1) : NULL, *y = n->addr ? lp_side_span(s, n->addr - 1) : NULL;
    if (!x || !y || x->end != u->addr || y->end != n->addr || strcmp(x->name, y->name) != 0 || u->width || n->width) return false;
    struct lp_atom a = {.start = x->start, .end = x->end}, b = {.start = y->start, .end = y->end};
    return lp_refers_into(o, u->self, &a) && lp_refers_into(s, n->self, &b) && is_end(o, u) && is_end(s, n);
}

static bool is_written(const struct lp_span *x) { return !x || x->flags & (LP_SPAN_WRITE | LP_SPAN_BSS); }

/* Constants in code: 64 bits of them may be an address, of which the place does not tell whether it leads to the same. */
static bool same_content(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n)
{
    uint64_t at;
    return u->width == n->width && (!u->width || lp_same_data(d, o, u->addr, n->addr, u->width, &at));
}

bool lp_same_beside(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n)
{
    const struct lp_span *x = lp_side_span(o, u->addr), *y = lp_side_span(NEW(d), n->addr);
    uint64_t len = x && y && x->flags & y->flags & LP_SPAN_CODE ? u->width : 0, at;
    if (u->width != n->width) return false;
    for (bool more = x && y && !len && x->flags & y->flags & LP_SPAN_CODE; more && u->addr + len < x->end && n->addr + len < y->end; len += 4)
        if (lp_side_atom(o, u->addr + len) != LP_NONE && lp_side_atom(NEW(d), n->addr + len) != LP_NONE) break;
    return !len || lp_same_data(d, o, u->addr, n->addr, len, &at);
}

/* Code without a name that linkers add, between functions (stubs.c): it is compared with those, and leads nowhere else. */
static bool is_stub(const struct lp_side *s, uint32_t atom) { return atom != LP_NONE && s->atom[atom].kind == LP_ATOM_PLT && !s->atom[atom].sym; }

/* Where nothing is, and what a weak symbol that nobody defines has as its address: the branch there that gold makes of a call of it is never reached. */
static bool is_nowhere(const struct lp_side *s, const struct lp_use *u) { return !u->addr && !u->width && !lp_side_span(s, 0); }

static bool same_by_atom(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n, uint32_t a, uint32_t b)
{
    const struct lp_word_at *v = a == LP_NONE ? lp_stub_slot(o, u->addr) : NULL, *w = b == LP_NONE ? lp_stub_slot(NEW(d), n->addr) : NULL;
    if (v || w) return v && w && !u->width && !n->width && lp_same_slot(d, o, v, w);
    if (a == LP_NONE || b == LP_NONE) {
        const bool there = same_bound(o, u->addr, NEW(d), n->addr) || (d->same_layout && u->addr == n->addr);
        return (a == b && there && lp_same_beside(d, o, u, n)) || (is_nowhere(o, u) && is_nowhere(NEW(d), n));
    }
    if (is_stub(o, a) && is_stub(NEW(d), b)) return d->same_layout && u->addr == n->addr;
    bool code = lp_is_code_atom(&o->atom[a]);
    if (code != lp_is_code_atom(&NEW(d)->atom[b])) return false;
    return code ? same_code_place(o, u, NEW(d), n, a, b) && same_content(d, o, u, n) : same_datum(d, o, u, n, a, b);
}

/* The span of an address, in which the atom is, too. */
static const struct lp_span *span_of(const struct lp_side *s, uint32_t atom, uint64_t addr)
{
    const struct lp_span *x = atom == LP_NONE ? NULL : &s->span[s->atom[atom].span];
    return x && addr >= x->start && addr < x->end ? x : lp_side_span(s, addr);
}

static void go_through(const struct lp_side *s, const struct lp_span *x, struct lp_use *u, uint32_t *atom)
{
    const uint64_t to = x && x->flags & LP_SPAN_CODE ? lp_side_through(s, u->addr) : u->addr;
    if (to != u->addr) *atom = lp_side_atom(s, to);
    u->addr = to;
}

/* In the patched file: the address of a function, in its own new body, is still that of the old one, which goes on there. */
static bool is_own_entry(const lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n)
{
    const uint32_t a = o == OLD(d) || u->self == LP_NONE ? LP_NONE : lp_side_atom(OLD(d), u->addr);
    return a != LP_NONE && n->addr == NEW(d)->atom[n->self].start && u->addr == OLD(d)->atom[a].start && OLD(d)->atom[a].pair == n->self;
}

/* Is it in data that a patch brings? */
static bool is_brought(const struct lp_side *o, const struct lp_use *u)
{
    const struct lp_span *x = lp_side_span(o, u->addr);
    return x && x->flags & LP_SPAN_NEW;
}

/* Just behind the function, where nothing is: the branch to the next word that ld.lld makes of a call of a weak symbol that nobody defines. */
static bool is_behind(const struct lp_side *s, const struct lp_use *u)
{
    return u->self != LP_NONE && u->addr == s->atom[u->self].end && !u->at && lp_side_atom(s, u->addr) == LP_NONE;
}

/* If it may be in front of an array: is it in both, as far in front of the same one? A patch may bring both in one piece. Constants are the same, whichever
 * of them is meant, if all that hold the same. */
static bool same_behind(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n, uint32_t a, uint32_t b)
{
    const uint32_t i = is_brought(o, u) ? lp_side_atom(o, u->addr) : LP_NONE;
    if (i != LP_NONE && b != LP_NONE) return o->atom[i].end - u->addr >= NEW(d)->atom[b].end - n->addr;
    const uint64_t y = b == LP_NONE ? 0 : lp_constants_behind(NEW(d), n->addr, b);
    const uint64_t x = a == LP_NONE || (y && o != OLD(d)) ? 0 : lp_constants_behind(o, u->addr, a); /* of the patched file, what the new one may mean counts */
    uint64_t at;
    if ((x || y) && lp_same_data(d, o, u->addr, n->addr, x > y ? x : y, &at)) return true;
    if (b != LP_NONE && o != OLD(d)) { /* what the new body has is right if it is so for all that may be meant */
        struct lp_use v = {u->addr + (NEW(d)->atom[b].start - n->addr), LP_NONE, LP_NONE, 0, 0}, w = {NEW(d)->atom[b].start, LP_NONE, LP_NONE, 0, 0};
        const uint32_t k = lp_side_atom(o, v.addr);
        return k != LP_NONE && same_by_atom(d, o, &v, &w, k, b);
    }
    if (a == LP_NONE || b == LP_NONE) return false;
    return o->atom[a].start - u->addr == NEW(d)->atom[b].start - n->addr && same_by_atom(d, o, u, n, a, b);
}

/* A patched function has no relocations: what the new one's says is meant is taken for it if it may be that. */
static struct lp_use with_base(const struct lp_side *o, const struct lp_use *u, const struct lp_use *n)
{
    struct lp_use x = *u;
    uint32_t k = u->base == LP_NONE && n->base != LP_NONE ? lp_behind(o, u) : LP_NONE;
    if (u->base == LP_NONE && n->base != LP_NONE && k == LP_NONE) k = lp_ending(o, u);
    if (k != LP_NONE && o->atom[k].pair == n->base) x.base = k;
    return x;
}

/* Where an index below 0 may go back through an array that ends there, too: is that the same one? */
static bool same_in_front(const lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n)
{
    if (!u->at || !n->at || u->base != LP_NONE || n->base != LP_NONE || u->self == LP_NONE || n->self == LP_NONE) return true;
    const uint32_t b = lp_array_in_front(NEW(d), n->self, n->at, n->addr), a = b == LP_NONE ? LP_NONE : lp_array_in_front(o, u->self, u->at, u->addr);
    return a == LP_NONE || (o->atom[a].pair == b && o->atom[a].end - o->atom[a].start == NEW(d)->atom[b].end - NEW(d)->atom[b].start && !is_other(d, o, a, b));
}

/* The same array, and as far from where the steps through it begin. */
static bool same_passed(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n, uint64_t first, uint64_t other)
{
    const struct lp_use x = {first, LP_NONE, u->self, 0, 0}, y = {other, LP_NONE, n->self, 0, 0};
    return u->addr - first == n->addr - other && lp_same_target(d, o, &x, &y);
}

/* ---- the rules ---- */

/* Two uses of addresses: do they name the same thing? The second half is what place() finds of where they are. */
struct asked {
    lp_diff *d;
    const struct lp_side *o, *s;
    const struct lp_use *u, *n;
    const struct lp_span *x, *y;
    struct lp_use through, beyond; /* behind veneers */
    uint32_t a, b;                 /* the atoms of those */
};
enum answer { NEXT_RULE, SAME, OTHER };
typedef enum answer rule(const struct asked *q);
static enum answer answer(bool same) { return same ? SAME : OTHER; }
static enum answer same_if(bool same) { return same ? SAME : NEXT_RULE; }

static enum answer by_twins(const struct asked *q) { return same_if(lp_are_twins(q->d, q->u, q->n)); }

static enum answer by_text_end(const struct asked *q)
{
    uint64_t first;
    if (!lp_ends_text(q->s, q->n, &first) || !lp_ends_alike(q->o, q->u->addr, q->s, q->n->addr)) return NEXT_RULE;
    return answer(same_passed(q->d, q->o, q->u, q->n, q->u->addr - (q->n->addr - first), first));
}

/* (Of the patched file, what the new one's means is what it is to be.) */
static enum answer by_steps(const struct asked *q)
{
    struct lp_stepped x = {0}, y = {0};
    const bool patched = q->o != OLD(q->d), there = lp_passed(q->s, q->n, &y), here = lp_passed(q->o, q->u, &x) || (there && patched);
    if (there && patched) x.first = q->u->addr - (q->n->addr - y.first);
    if (!here && !there) return NEXT_RULE;
    return answer(here == there && same_passed(q->d, q->o, q->u, q->n, x.first, y.first));
}

static enum answer by_bare_end(const struct asked *q)
{
    if (!lp_is_bare_end(q->o, q->u) && !lp_is_bare_end(q->s, q->n)) return NEXT_RULE;
    return answer(same_end(q->d, q->o, q->u, q->n));
}

static enum answer by_front_array(const struct asked *q)
{
    return q->o != OLD(q->d) || same_in_front(q->d, q->o, q->u, q->n) ? NEXT_RULE : OTHER;
}

static enum answer by_array_behind(const struct asked *q)
{
    const bool either = lp_is_either(q->d, q->o, q->u, q->n);
    const uint32_t b = either ? LP_NONE : lp_behind(q->s, q->n);
    const bool asked = !either && (q->o == OLD(q->d) || (b != LP_NONE && !is_brought(q->o, q->u)));
    const uint32_t a = asked ? lp_behind(q->o, q->u) : LP_NONE;
    if ((a != LP_NONE || b != LP_NONE) && !same_behind(q->d, q->o, q->u, q->n, a, b)) return OTHER;
    if (a == LP_NONE) return NEXT_RULE;
    if (lp_side_atom(q->o, q->u->addr) == LP_NONE && lp_side_atom(q->s, q->n->addr) == LP_NONE) return SAME;
    return same_if(lp_surely_behind(q->o, q->u) && lp_surely_behind(q->s, q->n));
}

/* (A body of a patch may have stubs where the new file has nothing.) */
static enum answer by_next_word(const struct asked *q)
{
    const struct lp_use *u = q->u;
    if (!is_behind(q->s, q->n)) return NEXT_RULE;
    return same_if(q->o == OLD(q->d) ? is_behind(q->o, u) : u->self != LP_NONE && u->addr == q->o->atom[u->self].end);
}

static enum answer by_own_code(const struct asked *q)
{
    const struct lp_use *u = q->u, *n = q->n;
    uint32_t *const *place = q->d->place;
    const bool self = lp_is_within(q->o, u->self, u->addr);
    if (self != lp_is_within(q->s, n->self, n->addr)) return answer(!self && is_own_entry(q->d, q->o, u, n));
    if (!self) return NEXT_RULE;
    if (q->o == OLD(q->d) && !same_content(q->d, q->o, u, n)) return OTHER;
    const uint64_t off = u->addr - q->o->atom[u->self].start, other = n->addr - q->s->atom[n->self].start;
    if (!place[0]) return answer(off == other);
    return answer(!((u->addr ^ n->addr) & 3) && place[0][off / 4] == place[1][other / 4]);
}

/* (A word's value may be the end of what is in front, and no slot.) */
static enum answer by_slot(const struct asked *q)
{
    const bool slots = q->x && q->y && q->x->flags & q->y->flags & LP_SPAN_GOT;
    const struct lp_word_at *v = slots ? lp_side_word(q->o, q->u->addr) : NULL, *w = slots ? lp_side_word(q->s, q->n->addr) : NULL;
    const bool held = !q->u->at && !q->n->at && !q->u->width && !q->n->width;
    if (!v || !w) return NEXT_RULE;
    const bool same = lp_same_slot(q->d, q->o, v, w);
    return same || !held ? answer(same) : NEXT_RULE;
}

static enum answer by_end_twice(const struct asked *q)
{
    return same_if(is_written(q->x) && is_written(q->y) && lp_same_ends_twice(q->o, q->u, q->s, q->n));
}

static enum answer by_atoms(const struct asked *q) { return same_if(same_by_atom(q->d, q->o, &q->through, &q->beyond, q->a, q->b)); }
static enum answer by_end(const struct asked *q) { return same_if(same_end(q->d, q->o, q->u, q->n)); }
static enum answer by_section_end(const struct asked *q) { return same_if(same_section_end(q->o, q->u, q->s, q->n)); }
static enum answer by_lone_end(const struct asked *q) { return same_if(same_lone_end(q->o, q->u, q->s, q->n)); }
static enum answer by_brought_end(const struct asked *q) { return same_if(is_brought_end_of_data(q->d, q->o, q->u, q->n)); }

static enum answer by_label(const struct asked *q)
{
    const struct lp_use *u = q->u, *n = q->n;
    return same_if(!u->width && !n->width && same_label(q->o, u->addr, q->s, n->addr, is_end(q->o, u) && is_end(q->s, n)));
}

/* The first rule that knows decides. What an address is used for is in front of what is there: something else begins where an array ends, and beside it. */
static rule *const by_use[] = {
    by_twins,        /* the same bytes all around: whatever begins or ends there, and however far an index leads */
    by_text_end,     /* the end of a text that is used, too, is where the next one begins, which is none of it */
    by_steps,        /* where a pointer through an array stops or starts beside it, nothing of what is there is meant */
    by_bare_end,     /* an end with nothing behind it can be an end only */
    by_front_array,  /* an index below 0 leads into what ends at the address */
    by_array_behind, /* an index leads into what begins behind the address, which may be in anything */
    by_next_word,    /* the branch to the word behind a function leads to nothing that has a name */
    by_own_code,     /* places in the function itself are the same as far from its start (NOPs do not count): what it is called does not matter */
}, *const by_place[] = {
    by_slot,         /* slots are what fills them, wherever they are */
    by_end_twice,    /* two makings of one address at the end of a section (crtstuff.c), in front of what begins there by chance in one of the files */
    by_atoms,        /* what is there: a place in a pair, or a constant that holds the same */
    by_end,          /* it was not that: then the end of what the function uses besides */
    by_section_end,  /* likewise, of a section whose start it uses */
    by_lone_end,     /* or of an array that it does not use, where nothing begins */
    by_brought_end,  /* or of what the patch brings */
    by_label,        /* a bound that has a name, and no size: last, as others begin at such as well */
};

static enum answer ask(const struct asked *q, rule *const *v, size_t n)
{
    enum answer a = NEXT_RULE;
    for (size_t i = 0; i < n && a == NEXT_RULE; i++) a = v[i](q);
    return a;
}

static void place(struct asked *q)
{
    q->through = *q->u, q->beyond = *q->n;
    q->a = lp_side_atom(q->o, q->u->addr), q->b = lp_side_atom(q->s, q->n->addr);
    q->x = span_of(q->o, q->a, q->u->addr), q->y = span_of(q->s, q->b, q->n->addr);
    if (q->u->base != LP_NONE && q->n->base != LP_NONE) q->a = q->u->base, q->b = q->n->base;
    else go_through(q->o, q->x, &q->through, &q->a), go_through(q->s, q->y, &q->beyond, &q->b);
}

bool lp_same_target(lp_diff *d, const struct lp_side *o, const struct lp_use *use, const struct lp_use *n)
{
    const struct lp_use u = o == OLD(d) ? *use : with_base(o, use, n);
    struct asked q = {.d = d, .o = o, .s = NEW(d), .u = &u, .n = n};
    enum answer a = ask(&q, by_use, sizeof by_use / sizeof *by_use);
    if (a != NEXT_RULE) return a == SAME;
    place(&q);
    return ask(&q, by_place, sizeof by_place / sizeof *by_place) == SAME;
}

/* ---- slots ---- */

/* The slot of a weak thread-local symbol that nobody defines: how far address 0 is from the storage. */
static bool is_no_tls(const struct lp_side *s, uint64_t value)
{
    size_t n;
    const struct lp_elf_segment *x = lp_elf_segments(s->elf, &n);
    for (size_t i = 0; i < n; i++)
        if (x[i].type == PT_TLS) return value >> 63 && value + x[i].vaddr == lp_align_up(16, x[i].align ? x[i].align : 1);
    return false;
}

/* A module of thread-local storage, this one: of the general-dynamic pair of words, the second says what of it, without a relocation. */
static bool same_pair_of_tls(const lp_diff *d, const struct lp_side *o, const struct lp_word_at *u, const struct lp_word_at *n)
{
    uint64_t have = 0, other = 0;
    const uint8_t *p = lp_side_bytes(o, u->at + 8, &have), *q = lp_side_bytes(NEW(d), n->at + 8, &other);
    return u->type != R_AARCH64_TLS_DTPMOD || u->sym || (p && q && have >= 8 && other >= 8 && lp_le64(p) == lp_le64(q));
}

bool lp_same_slot(lp_diff *d, const struct lp_side *o, const struct lp_word_at *u, const struct lp_word_at *n)
{
    const bool lazy = u->type == R_AARCH64_JUMP_SLOT; /* it may still lead to the dynamic linker, which only PLT entries may call */
    bool fill = u->type == n->type || (u->kind == LP_WORD_SYMBOL && n->kind == LP_WORD_SYMBOL && lazy == (n->type == R_AARCH64_JUMP_SLOT));
    if (u->kind != n->kind || !fill || !u->sym != !n->sym || !same_pair_of_tls(d, o, u, n)) return false;
    if (u->sym && (strcmp(u->sym->name, n->sym->name) != 0 || !lp_same_version(u->sym, n->sym))) return false;
    if (u->kind == LP_WORD_TLS || u->sym) return u->value == n->value;
    struct lp_use x = {u->value, LP_NONE, LP_NONE, 0, 0}, y = {n->value, LP_NONE, LP_NONE, 0, 0};
    if (is_no_tls(o, u->value) && is_no_tls(NEW(d), n->value)) return true;
    if ((!lp_side_span(o, u->value) || !lp_side_span(NEW(d), n->value)) && u->value == n->value) return true; /* an offset of static TLS */
    return lp_same_target(d, o, &x, &y);
}
