/* diff/pair/slots.c - COMPARE, functions that only words of data lead to, in tables that are pairs. Where all words that held the one in such tables hold the
 * other one now, the two are compared. If they differ, that they are one is a guess (--heuristic); without it the table has a new function. */
#include <config.h>
#include "diff/pair/pair.h"

#include <stdlib.h>

/* Two words in one place of a pair. */
struct slot { const struct lp_word_at *x, *y; };

/* The new file's word at the same place. y NULL: there is none. */
static struct slot slot_at(const lp_diff *d, const struct lp_word_at *x)
{
    const struct lp_side *o = OLD(d), *s = NEW(d);
    const uint32_t i = x->kind == LP_WORD_ADDR && !x->sym ? lp_side_atom(o, x->at) : LP_NONE;
    const struct lp_atom *a = i == LP_NONE || lp_is_code_atom(&o->atom[i]) || o->atom[i].pair == LP_NONE ? NULL : &o->atom[i];
    const struct lp_atom *b = a ? &s->atom[a->pair] : NULL;
    const struct lp_word_at *y = b && x->at - a->start + 8 <= b->end - b->start ? lp_side_word(s, b->start + (x->at - a->start)) : NULL;
    return (struct slot){x, y && y->kind == LP_WORD_ADDR && !y->sym ? y : NULL};
}

/* Of each function without a pair, which one of the other file its slots hold there: LP_NONE = it has none yet, SEVERAL: or what is paired. */
struct found { uint32_t *there[2]; };
#define SEVERAL (LP_NONE - 1)

static bool is_open(const struct lp_atom *a) { return a->kind == LP_ATOM_FUNC && a->pair == LP_NONE; }

static bool any_open(const struct lp_side *s)
{
    size_t i = 0;
    while (i < s->natom && !is_open(&s->atom[i])) i++;
    return i < s->natom;
}

/* The one that begins there; LP_NONE = none does. */
static uint32_t open_at(const struct lp_side *s, uint64_t addr)
{
    const uint32_t i = lp_side_start(s, addr);
    return i != LP_NONE && is_open(&s->atom[i]) ? i : LP_NONE;
}

static void note(uint32_t *there, uint32_t one, uint32_t other)
{
    if (one == LP_NONE) return;
    there[one] = other != LP_NONE && (there[one] == LP_NONE || there[one] == other) ? other : SEVERAL;
}

/* Data behind pointers that is the same: as EMIT finds it when it compares what changed. */
static bool suppose_data(lp_diff *d, struct slot t)
{
    const size_t before = d->nsupposed;
    if (lp_side_atom(OLD(d), t.x->value) == LP_NONE || !lp_same_slot(d, OLD(d), t.x, t.y)) lp_suppose_back(d, before);
    return d->nsupposed != before;
}

/* True: there is more data now. */
static bool go_through(lp_diff *d, struct found *f)
{
    bool more = false;
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < d->side[k].natom; i++) f->there[k][i] = LP_NONE;
    for (size_t i = 0; i < OLD(d)->nword; i++) {
        const struct slot t = slot_at(d, &OLD(d)->word[i]);
        if (!t.y) continue;
        const uint32_t a = open_at(OLD(d), t.x->value), b = open_at(NEW(d), t.y->value);
        note(f->there[0], a, b), note(f->there[1], b, a);
        if (a == LP_NONE && b == LP_NONE) more |= suppose_data(d, t);
    }
    lp_suppose_keep(d, true);
    return more;
}

static bool pair_found(lp_diff *d, const struct found *f)
{
    bool any = false;
    for (uint32_t a = 0; a < OLD(d)->natom; a++) {
        const uint32_t b = f->there[0][a];
        if (b >= SEVERAL || f->there[1][b] != a || (OLD(d)->atom[a].sym && NEW(d)->atom[b].sym)) continue;
        lp_pair(d, a, b, LP_RULE_SLOT);
        any = true;
    }
    return any;
}

static void part(struct lp_atom *x, struct lp_atom *y)
{
    x->pair = y->pair = LP_NONE;
    x->rule = y->rule = LP_RULE_NONE;
    x->why = y->why = LP_WHY_NONE;
}

/* All of them are compared; true: one that is none was among them, so that what was equal with it is to be compared again. */
static bool compare_found(lp_diff *d)
{
    bool apart = false;
    for (uint32_t a = 0; a < OLD(d)->natom; a++)
        if (OLD(d)->atom[a].pair != LP_NONE && OLD(d)->atom[a].rule == LP_RULE_SLOT) lp_compare_pair(d, a);
    for (uint32_t a = 0; a < OLD(d)->natom; a++) {
        struct lp_atom *x = &OLD(d)->atom[a];
        if (x->pair == LP_NONE || x->rule != LP_RULE_SLOT || x->state == LP_DIFF_SAME || d->opt.flags & LP_DIFF_HEURISTIC) continue;
        part(x, &NEW(d)->atom[x->pair]);
        apart = true;
    }
    return apart;
}

bool lp_match_slots(lp_diff *d)
{
    enum { ROUNDS = 12 };
    if (!any_open(OLD(d)) || !any_open(NEW(d))) return false;
    struct found f = {{malloc((OLD(d)->natom + 1) * sizeof **f.there), malloc((NEW(d)->natom + 1) * sizeof **f.there)}};
    bool any = false;
    if (!f.there[0] || !f.there[1]) d->nomem = true;
    for (int i = 0; i < ROUNDS && !d->nomem && go_through(d, &f); i++) {}
    if (!d->nomem) any = pair_found(d, &f);
    while (any && compare_found(d)) {}
    free(f.there[0]), free(f.there[1]);
    return any;
}
