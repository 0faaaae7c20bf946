/* diff/flow_state.c - what is known of registers and slots where blocks begin, and what is left of it where two ways meet. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "diff/flow_inner.h"

bool lp_fstate_room(struct lp_frun *r, size_t n)
{
    const size_t room = r->nslot > r->room ? r->nslot + r->nslot / 2 : r->room, before = lp_fstate_size(r->room), size = lp_fstate_size(room);
    if (n > SIZE_MAX / 2 / size)
        return !(r->failed = true);
    if (n * size > r->cap_state) {
        char *s = realloc(r->state, 2 * n * size);
        if (s == NULL)
            return !(r->failed = true);
        r->state = s;
        r->cap_state = 2 * n * size;
    }
    for (size_t k = room == r->room ? 0 : r->nstate; k-- > 1;)
        memmove(r->state + k * size, r->state + k * before, before);
    r->room = room;
    return true;
}

void lp_fstate_fill(const struct lp_frun *r, struct lp_fstate *s)
{
    if (s->nslot < r->nslot)
        memset(&s->slot[s->nslot], 0, (r->nslot - s->nslot) * sizeof s->slot[0]);
    s->nslot = r->nslot;
}

void lp_fstate_copy(const struct lp_frun *r, struct lp_fstate *to, const struct lp_fstate *from)
{
    memcpy(to, from, lp_fstate_size(from->nslot));
    lp_fstate_fill(r, to);
}

static bool join_facts(struct lp_fstate *to, const struct lp_fstate *from)
{
    bool changed = false;
    for (unsigned i = 0; i < FACTS; i++) {
        unsigned k = 0;
        while (k < FACTS && (from->fact[k].name != to->fact[i].name || from->fact[k].max > to->fact[i].max))
            k++;
        if (k == FACTS && to->fact[i].name != 0)
            to->fact[i].name = 0, changed = true;
    }
    return changed;
}

/* Two indices that were compared with bounds on two ways to one table: what meets has the larger bound. */
static lp_fv join(struct lp_frun *r, const struct lp_fstate *to, lp_fv a, const struct lp_fstate *from, lp_fv b)
{
    uint32_t max, other;
    bool soft, other_soft;
    if (!r->bounds || !lp_frun_bounded(r, to, a, &max, &soft) || !lp_frun_bounded(r, from, b, &other, &other_soft))
        return lp_fv_join(&r->pool, a, b);
    return lp_fv_make(&r->pool, FV_SMALL, max > other ? max : other, soft || other_soft ? 0 : 1);
}

/* The first of n values, from i on, that is another one. */
static size_t next_other(const lp_fv *to, const lp_fv *from, size_t i, size_t n)
{
    uint64_t a[4], b[4];
    for (; i + 8 <= n; i += 8) {
        memcpy(a, &to[i], sizeof a);
        memcpy(b, &from[i], sizeof b);
        if (((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3])) != 0)
            break;
    }
    while (i < n && to[i] == from[i])
        i++;
    return i;
}

static bool join_values(struct lp_frun *r, struct lp_fstate *s, lp_fv *to, const struct lp_fstate *other, const lp_fv *from, size_t n, bool last)
{
    bool changed = false;
    if (memcmp(to, from, n * sizeof *to) == 0)
        return false;
    for (size_t i = next_other(to, from, 0, n); i < n; i = next_other(to, from, i + 1, n)) {
        if (to[i] == ID_NONE && !lp_fv_is_address(&r->pool, from[i])) /* stays what it is */
            continue;
        const lp_fv v = join(r, s, to[i], other, from[i]);
        changed |= v != to[i];
        to[i] = v == to[i] || !last ? v : ID_OPAQUE;
    }
    return changed;
}

bool lp_fstate_join(struct lp_frun *r, struct lp_fstate *to, const struct lp_fstate *from, bool last)
{
    lp_fstate_fill(r, to);
    bool changed = join_values(r, to, to->reg, from, from->reg, REG_ZR, last);
    changed |= join_values(r, to, to->slot, from, from->slot, r->nslot, last);
    changed |= r->bounds && join_facts(to, from);
    return changed;
}
