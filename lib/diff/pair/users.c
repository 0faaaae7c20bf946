/* diff/pair/users.c - COMPARE, variables that no name pairs: which functions of pairs use them. A base from which others are reached (a section anchor) is not
 * used. Where the functions that use one in the old file all leave what is to be its pair alone, and others use that, the two are two things: one went, another
 * came into its place, or equal ones have changed their places. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/walk.h"
#include "base/sort.h"

#include <stdlib.h>

enum { UNKNOWN, YES, NO };
/* func: in the new file; ref: of all; own: it is in the file's function. Of several words of one function, each is there. */
struct user { uint32_t atom, func, own, ref; uint8_t used; };
struct lp_usage { struct user *v; size_t n, cap; bool *held; }; /* held: of each atom, whether a word has an address in it */

static int by_atom(const void *a, const void *b)
{
    const struct user *x = a, *y = b;
    if (x->atom != y->atom) return x->atom < y->atom ? -1 : 1;
    if (x->func != y->func) return x->func < y->func ? -1 : 1;
    return (x->ref > y->ref) - (x->ref < y->ref);
}

/* What is used, or LP_NONE: it has a pair already, is code, or a constant without a name. */
static uint32_t used_by(const struct lp_side *s, const struct lp_ref_at *r)
{
    if (r->kind != LP_FLOW_ADDR && r->kind != LP_FLOW_TARGET) return LP_NONE;
    const uint32_t i = lp_side_meant(s, r->base, r->addr);
    if (i == LP_NONE || lp_is_code_atom(&s->atom[i])) return LP_NONE;
    if (s->atom[i].pair != LP_NONE && s->atom[i].rule != LP_RULE_USE) return LP_NONE; /* (what is only supposed is open) */
    return s->atom[i].numbered || !lp_is_constant(s, &s->atom[i]) ? i : LP_NONE;
}

static bool add(struct lp_usage *u, struct user x)
{
    struct user *v = lp_grow(u->v, &u->cap, u->n, sizeof *v);
    if (!v) return false;
    u->v = v;
    v[u->n++] = x;
    return true;
}

static bool find_users(const struct lp_side *s, struct lp_usage *u)
{
    if (!(u->held = calloc(s->natom + 1, sizeof *u->held))) return false;
    for (uint32_t i = 0; i < s->natom; i++) {
        const struct lp_atom *f = &s->atom[i];
        for (uint32_t k = f->ref; lp_is_code_atom(f) && f->pair != LP_NONE && k < f->ref + f->nref; k++) {
            const uint32_t a = used_by(s, &s->ref[k]);
            const bool only_made = !s->ref[k].width && !(s->ref[k].flags & LP_FLOW_INDEXED);
            if (a != LP_NONE && !add(u, (struct user){a, s->is_new ? i : f->pair, i, k, only_made ? UNKNOWN : YES})) return false;
        }
    }
    lp_sort(u->v, u->n, sizeof *u->v, by_atom);
    for (size_t i = 0; i < s->nword; i++) {
        const uint32_t a = s->word[i].kind == LP_WORD_ADDR ? lp_side_atom(s, s->word[i].value) : LP_NONE;
        if (a != LP_NONE) u->held[a] = true;
    }
    return true;
}

/* Once: of what has no pair then. */
static struct lp_usage *usage_of(lp_diff *d, int side)
{
    struct lp_usage **u = &d->usage[side];
    if (!*u && (*u = calloc(1, sizeof **u)) && !find_users(&d->side[side], *u)) lp_usage_free(*u), *u = NULL;
    if (!*u) d->nomem = true;
    return *u;
}

void lp_usage_free(struct lp_usage *u)
{
    if (u) free(u->v), free(u->held);
    free(u);
}

static bool is_used(const struct lp_side *s, struct user *x)
{
    if (x->used == UNKNOWN) x->used = lp_mostly_base(s, x->own, s->ref[x->ref].at) ? NO : YES;
    return x->used == YES;
}

/* The first of these words, or of those behind them. */
static size_t first_of(const struct lp_usage *u, uint32_t atom, uint32_t func)
{
    size_t lo = 0, hi = u->n;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (u->v[mid].atom < atom || (u->v[mid].atom == atom && u->v[mid].func < func)) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

bool lp_uses(lp_diff *d, int side, uint32_t atom, uint32_t func)
{
    struct lp_usage *u = usage_of(d, side);
    for (size_t i = u ? first_of(u, atom, func) : 0; u && i < u->n && u->v[i].atom == atom && u->v[i].func == func; i++)
        if (is_used(&d->side[side], &u->v[i])) return true;
    return false;
}

uint32_t lp_next_user(lp_diff *d, int side, uint32_t atom, uint32_t from)
{
    struct lp_usage *u = usage_of(d, side);
    for (size_t i = u ? first_of(u, atom, from) : 0; u && i < u->n && u->v[i].atom == atom; i++)
        if (is_used(&d->side[side], &u->v[i])) return u->v[i].func;
    return LP_NONE;
}

bool lp_share_user(lp_diff *d, uint32_t a, uint32_t b)
{
    uint32_t f = lp_next_user(d, 0, a, 0), g = lp_next_user(d, 1, b, 0);
    while (f != LP_NONE && g != LP_NONE && f != g) {
        if (f < g) f = lp_next_user(d, 0, a, g);
        else g = lp_next_user(d, 1, b, f);
    }
    return f != LP_NONE && g != LP_NONE;
}

/* (What words of data lead to, other functions may use than those that have its address.) */
bool lp_is_other_thing(lp_diff *d, uint32_t a, uint32_t b)
{
    const struct lp_usage *u = usage_of(d, 0), *v = usage_of(d, 1);
    if (!u || !v || (u->held[a] && v->held[b]) || lp_share_user(d, a, b)) return false;
    return lp_next_user(d, 0, a, 0) != LP_NONE && lp_next_user(d, 1, b, 0) != LP_NONE;
}
