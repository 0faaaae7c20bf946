/* flow/state.c - what is known of registers and slots where blocks begin, and what is left of it where two ways meet. Where the same is known in many
 * places, it is there once. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "flow/inner.h"

bool lp_fstate_room(struct lp_frun *r, size_t n)
{
    const size_t room = r->nslot > r->room ? r->nslot + r->nslot / 2 : r->room, before = lp_fstate_size(r->room), size = lp_fstate_size(room);
    if (n > SIZE_MAX / 2 / size)
        return !(r->failed = true);
    if (n * size > r->cap_state) {
        const size_t most = n * size + n * size / 2;
        char *s = realloc(r->state, most);
        if (s == NULL)
            return !(r->failed = true);
        r->state = s;
        r->cap_state = most;
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

/* ---- who has which ---- */

/* Where to look for a state as this one. */
static uint32_t *recent(struct lp_frun *r, const struct lp_fstate *s)
{
    uint64_t h = 0, x;
    for (size_t i = 0; i + 2 <= REGS; i += 2) {
        memcpy(&x, &s->reg[i], sizeof x);
        h = (h ^ x) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    return &r->recent[h % (sizeof r->recent / sizeof *r->recent)];
}

static bool equal(const struct lp_frun *r, struct lp_fstate *k, const struct lp_fstate *s)
{
    if (memcmp(k, s, offsetof(struct lp_fstate, nslot)) != 0)
        return false;
    lp_fstate_fill(r, k);
    size_t i = s->nslot;
    if (memcmp(k->slot, s->slot, i * sizeof s->slot[0]) != 0)
        return false;
    while (i < k->nslot && k->slot[i] == ID_NONE)
        i++;
    return i >= k->nslot;
}

/* A number that nobody has. */
static uint32_t unused(struct lp_frun *r)
{
    if (r->spare != 0) {
        const uint32_t k = r->spare - 1;
        r->spare = lp_fstate_at(r, k)->reg[0];
        return k;
    }
    uint32_t *v = r->nstate < NO_STATE ? lp_grow(r->users, &r->cap_users, r->nstate, sizeof *v) : NULL;
    r->users = v != NULL ? v : r->users;
    if (v == NULL || !lp_fstate_room(r, r->nstate + 1))
        return NO_STATE;
    return (uint32_t)r->nstate++;
}

uint32_t lp_fstate_new(struct lp_frun *r, const struct lp_fstate *s)
{
    uint32_t *seen = recent(r, s), k = *seen - 1;
    if (!lp_fstate_room(r, r->nstate))
        return NO_STATE;
    if (*seen != 0 && r->users[k] != 0 && equal(r, lp_fstate_at(r, k), s))
        return lp_fstate_use(r, k);
    k = unused(r);
    if (k == NO_STATE) {
        r->failed = true;
        return NO_STATE;
    }
    lp_fstate_copy(r, lp_fstate_at(r, k), s);
    r->users[k] = 1;
    *seen = k + 1;
    return k;
}

uint32_t lp_fstate_use(struct lp_frun *r, uint32_t k)
{
    if (k != NO_STATE)
        r->users[k]++;
    return k;
}

void lp_fstate_drop(struct lp_frun *r, uint32_t k)
{
    if (k == NO_STATE || --r->users[k] != 0)
        return;
    lp_fstate_at(r, k)->reg[0] = r->spare;
    r->spare = k + 1;
}

uint32_t lp_fstate_meet(struct lp_frun *r, uint32_t k, const struct lp_fstate *s, bool last, bool *changed)
{
    struct lp_fstate own;
    if (r->users[k] == 1) {
        *changed = lp_fstate_join(r, lp_fstate_at(r, k), s, last);
        return k;
    }
    lp_fstate_copy(r, &own, lp_fstate_at(r, k));
    *changed = lp_fstate_join(r, &own, s, last);
    if (!*changed)
        return k;
    lp_fstate_drop(r, k);
    return lp_fstate_new(r, &own);
}
