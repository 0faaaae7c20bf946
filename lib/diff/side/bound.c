/* diff/side/bound.c - how far does an access with an index reach? An index that was compared with a bound just in front, or has few bits, leads no farther, and
 * one that steps to a number at which its loop ends: what begins behind that is not meant. */
#include <config.h>
#include "diff/side/code.h"
#include "diff/side/seen.h"
#include "diff/side/walk.h"
#include "flow/fop.h"
#include "a64/a64.h"
#include "a64/access.h"
#include "base/search.h"

#include <stdlib.h>
#include <string.h>

enum { STATES = 64, MOST = 4096, ANY = UINT16_MAX }; /* places that are looked at; bytes that are of interest */

/* The value of a register is asked for in front of a word, on every way that leads there. `wide`: all 64 bits of it count. compared: branches on the way say
 * that what set the flags in front of them was at most (below: less than) a number. low: what 32 bits of a wide one are known to be at most. */
struct state { uint64_t at; uint16_t low, limit; uint8_t reg, wide, compared, below; }; /* limit: 0, or it is known not to be that. No padding. */
enum { NOT_COMPARED, AT_MOST, NOT_EQUAL }; /* compared */
struct way { uint64_t to, from; };
/* closed: not all that leads to places in the function is known. start, natom: of what function, among how many, it is. */
struct lp_search {
    const struct lp_side *s;
    struct lp_parts parts;
    struct way *way; /* branches, by where they lead */
    size_t nway, cap;
    uint64_t start;
    size_t natom;
    bool closed;
    struct state seen[STATES];
    unsigned n, done;
    uint64_t max, first;    /* of the values that were found: the largest one, and the first, if it is a number; several: there are others */
    uint16_t step, limit;   /* or 0: it is a value that was found, or one more step from that on, but never the limit */
    bool several, failed;
};

static void go_on(struct lp_search *x, const struct state *y)
{
    for (unsigned i = 0; i < x->n; i++)
        if (memcmp(&x->seen[i], y, sizeof *y) == 0) return;
    if (x->n == STATES) x->failed = true;
    else x->seen[x->n++] = *y;
}

static void found(struct lp_search *x, const struct state *y, uint64_t max, bool exact)
{
    if (max <= UINT32_MAX && y->low < max) max = y->low, exact = false;
    if (max >= MOST) x->failed = true;
    if (max > x->max) x->max = max;
    if (x->first == UINT64_MAX) x->first = max;
    x->several |= max != x->first || !exact;
}

/* A step on, which the loop that goes around again has compared with its limit: all of them begin at what was found, and none goes past the limit. */
static bool steps(struct lp_search *x, struct state *y, const struct lp_fop *o)
{
    if (o->kind != OP_ADD_IMM || o->rn != y->reg || o->imm <= 0 || o->imm > y->limit || (y->wide && !(o->flags & F_WIDE))) return false;
    if (x->step && (x->step != o->imm || x->limit != y->limit)) return false;
    x->step = (uint16_t)o->imm, x->limit = y->limit;
    y->limit = 0, y->low = ANY;
    return go_on(x, y), true;
}

/* The largest value; UINT64_MAX: it is not known. */
static uint64_t most_of(const struct lp_search *x)
{
    if (x->failed || !x->step) return x->failed ? UINT64_MAX : x->max;
    const bool hits = x->step == 1 || (!x->several && (x->limit - x->first) % x->step == 0);
    return hits && x->max + x->step <= x->limit ? (uint64_t)(x->limit - x->step) : UINT64_MAX;
}

/* ---- one word ---- */

/* B.cond that was taken, or was not. */
static void learn(struct state *y, unsigned cond, bool taken)
{
    enum { EQ = 0, NE = 1, HS = 2, LO = 3, HI = 8, LS = 9 };
    if (cond == (taken ? NE : EQ)) y->compared = NOT_EQUAL, y->below = false;
    if (cond != (taken ? LO : HS) && cond != (taken ? LS : HI)) return;
    y->compared = AT_MOST;
    y->below = cond == HS || cond == LO;
}

/* A word that sets the flags: is it CMP of the register with the number that branches went by? */
static bool compares(const struct state *y, const struct lp_fop *o)
{
    return y->compared && o->kind == OP_ADD_IMM && o->rd == REG_SINK && o->rn == y->reg && o->imm <= 0 && !(y->below && !o->imm);
}

/* Data processing of 32 bits, which clears the others. */
static bool is_narrow(uint32_t w) { return !(w >> 31) && ((w & 0x1c000000) == 0x10000000 || (w & 0x0e000000) == 0x0a000000) && !lp_a64_is_pcrel_address(w); }

/* A word that writes the register. */
static void written(struct lp_search *x, struct state *y, const struct lp_fop *o, uint32_t w)
{
    const bool extends = o->kind == OP_EXTEND && !(o->flags & F_SIGNED);
    const bool moves = o->kind == OP_MOV || (o->kind == OP_EXTEND && o->shift == 32); /* (what is found is so small that the sign is none) */
    if ((w & 0x7fff0fe0) == 0x1a9f07e0) found(x, y, 1, false); /* CSET */
    else if ((o->kind == OP_CONST || o->kind == OP_MASK) && o->imm >= 0) found(x, y, (uint64_t)o->imm, o->kind == OP_CONST);
    else if (extends && o->shift < 16) found(x, y, (UINT64_C(1) << o->shift) - 1, false);
    else if (y->low != ANY && is_narrow(w)) found(x, y, y->low, false);
    else if (steps(x, y, o)) return;
    else if (!moves || o->rn >= REG_SP) x->failed = true;
    else y->wide &= o->kind == OP_MOV && o->flags & F_WIDE, y->reg = o->rn, go_on(x, y);
}

/* The word in front, which goes on to the next one. */
static void pass(struct lp_search *x, struct state *y)
{
    const uint32_t w = lp_code_word(x->s, y->at);
    struct lp_fop o;
    lp_fop_decode(w, y->at, &o);
    if (o.kind == OP_BRANCH || o.kind == OP_JUMP_REG || o.kind == OP_RETURN || o.kind == OP_STOP) return; /* it does not */
    if (lp_a64_is_b_cond(w)) learn(y, w & 15, false);
    if (o.kind == OP_CALL || o.kind == OP_CALL_REG) o.write |= CALL_CLOBBERED, y->compared = NOT_COMPARED;
    if (o.flags & F_SETS && compares(y, &o)) {
        const uint64_t most = (uint64_t)-o.imm - y->below;
        const bool whole = !y->wide || o.flags & F_WIDE;
        if (whole && y->compared == AT_MOST) {
            found(x, y, most, false);
            return;
        }
        if (y->compared == NOT_EQUAL) y->limit = whole && most < MOST ? (uint16_t)most : 0;
        else if (most < y->low) y->low = (uint16_t)most;
    }
    if (o.flags & F_SETS) y->compared = NOT_COMPARED;
    if (o.write >> y->reg & 1) written(x, y, &o, w);
    else go_on(x, y);
}

/* ---- ways ---- */

static int by_target(const void *a, const void *b)
{
    const struct way *x = a, *y = b;
    return x->to != y->to ? (x->to < y->to ? -1 : 1) : (x->from > y->from) - (x->from < y->from);
}

static void add_way(struct lp_search *x, uint64_t to, uint64_t from)
{
    struct way *v = lp_grow(x->way, &x->cap, x->nway, sizeof *v);
    if (!v) {
        x->failed = true;
        return;
    }
    x->way = v;
    v[x->nway++] = (struct way){to, from};
}

/* Where jump tables lead, nothing is known. */
static bool add_tables(struct lp_search *x, const struct lp_atom *a, unsigned jumps)
{
    for (uint32_t k = 0; k < a->ntable; k++) {
        const struct lp_flow_table *t = &lp_tables_of_atom(x->s, a)[k].t;
        const uint8_t *p = t->offsets ? NULL : lp_table_bytes(x->s, t);
        if (t->offsets) continue;
        if (!t->n || !p) return false;
        for (uint32_t i = 0; i < t->n; i++) add_way(x, lp_flow_table_target(t, p, i), 0);
        jumps--;
    }
    return !jumps;
}

/* The branches of a part, if all that lead to places in it are known. */
static bool add_part(struct lp_search *x, const struct lp_atom *a)
{
    unsigned jumps = 0;
    for (uint64_t at = a->start; at < a->end; at += 4) {
        const uint32_t w = lp_code_word(x->s, at);
        uint64_t to;
        uint32_t field;
        jumps += (w & 0xfee00000) == 0xd6000000; /* BR, BRAA ... */
        if (lp_word_may_lead(w) && lp_word_target(w, at, &to, &field) && !lp_a64_is_bl(w)) add_way(x, to, lp_word_is_branch(w) ? at : 0); /* ADR: a label */
    }
    return !a->lands && add_tables(x, a, jumps);
}

static const struct lp_atom *part_of(const struct lp_search *x, uint64_t at)
{
    for (size_t i = 0; i < x->parts.n; i++)
        if (at - x->parts.part[i].at < 4 * (uint64_t)x->parts.part[i].words) return &x->s->atom[x->parts.atom[i]];
    return NULL;
}

/* All that may be in front of a word. */
static void step(struct lp_search *x, struct state y)
{
    const struct lp_atom *a = part_of(x, y.at);
    x->failed |= !a || y.at == x->parts.part[0].at;
    for (size_t i = lp_count_below(x->way, x->nway, sizeof *x->way, y.at); !x->failed && i < x->nway && x->way[i].to == y.at; i++) {
        struct state z = y;
        z.at = x->way[i].from;
        const uint32_t w = z.at ? lp_code_word(x->s, z.at) : 0;
        x->failed |= !z.at;
        if (lp_a64_is_b_cond(w)) learn(&z, w & 15, true);
        if (!x->failed) go_on(x, &z);
    }
    if (x->failed || y.at == a->start) return;
    y.at -= 4;
    pass(x, &y);
}

void lp_search_free(struct lp_search *x)
{
    if (x) free(x->way);
    free(x);
}

/* Of the function that was asked for last, the ways are there. */
static struct lp_search *search_of(const struct lp_side *s, uint32_t atom)
{
    const uint32_t head = s->atom[atom].parent == LP_NONE ? atom : s->atom[atom].parent;
    struct lp_search **last = lp_seen_search(s), *x = *last;
    if (!x || x->start != s->atom[head].start || x->natom != s->natom) {
        lp_search_free(x);
        x = *last = calloc(1, sizeof *x);
        if (!x) return NULL;
        x->start = s->atom[head].start, x->natom = s->natom;
        x->s = s, x->parts = lp_parts_of(s, head);
        for (size_t i = 0; i < x->parts.n; i++) x->failed |= !add_part(x, &s->atom[x->parts.atom[i]]);
        if (x->nway) qsort(x->way, x->nway, sizeof *x->way, by_target);
        x->closed = x->failed;
    }
    x->s = s, x->n = x->done = 0, x->max = 0, x->first = UINT64_MAX, x->step = x->limit = 0, x->several = false, x->failed = x->closed;
    return x;
}

bool lp_is_led_to(const struct lp_side *s, uint32_t atom, uint64_t at)
{
    const struct lp_search *x = search_of(s, atom);
    const size_t i = x ? lp_count_below(x->way, x->nway, sizeof *x->way, at) : 0;
    return !x || x->closed || (i < x->nway && x->way[i].to == at);
}

/* An access with an index; or ADD of one, extended or shifted, to an element's address. */
static bool with_index(uint32_t w, struct lp_a64_access *m)
{
    if (lp_a64_access(lp_a64_find(w, LP_A64_ALL), w, m)) return m->index < 31;
    const bool extended = (w & 0xffe00000) == 0x8b200000;
    if (!extended && (w & 0xffe00000) != 0x8b000000) return false;
    *m = (struct lp_a64_access){.index = w >> 16 & 31, .extend = extended ? w >> 13 & 7 : 3, .shift = extended ? w >> 10 & 7 : w >> 10 & 63};
    m->bytes = m->shift <= 4 ? 1 << m->shift : 0;
    return m->index < 31 && m->bytes;
}

uint64_t lp_index_reach(const struct lp_side *s, uint32_t atom, uint64_t at)
{
    struct lp_a64_access m;
    if (!with_index(lp_code_word(s, at), &m)) return UINT64_MAX;
    struct lp_search *x = search_of(s, atom);
    if (!x) return UINT64_MAX;
    const struct state first = {.at = at, .low = ANY, .reg = m.index, .wide = m.extend == 3 || m.extend == 7};
    go_on(x, &first);
    while (!x->failed && x->done < x->n) step(x, x->seen[x->done++]);
    const uint64_t most = most_of(x);
    return most == UINT64_MAX ? most : (most << m.shift) + m.bytes;
}
