/* diff/side/anchor.c - is an address made only as a base? GCC puts several variables behind one (a section anchor), which is the address of whichever comes
 * first: it means nothing by itself if every use adds an offset, because those words are compared by what they touch. */
#include <config.h>
#include "diff/side/code.h"
#include "diff/side/scan.h"
#include "diff/side/walk.h"
#include "a64/a64.h"
#include "a64/access.h"

#include <stdlib.h>

/* A word that adds an offset. False: there are too many. */
static bool add_user(struct scan *x, uint64_t at)
{
    struct lp_base_users *u = x->users;
    if (!u || lp_is_user(u, at)) return true;
    if (u->n == LP_BASE_USERS) return false;
    u->at[u->n++] = at;
    return true;
}

/* A word that reads an address of which only the place counts, not what is there. */
static bool step_compared(struct scan *x, uint32_t w, uint32_t mask, uint32_t write)
{
    const unsigned other = mask >> (w >> 5 & 31) & 1 ? w >> 16 & 31 : w >> 5 & 31;
    x->compares += compares(w);
    if (compares(w) && other < 31) x->stepped |= lp_stops_at(x->s, x->a, x->end, other, &x->stops);
    if (lp_a64_is_mov(w)) return lp_scan_go_on(x, (mask & ~write) | lp_a64_rd_bit(w));
    return compares(w) && lp_scan_go_on(x, mask & ~write);
}

/* Over a call; false: the address may be an argument. */
static bool call(struct scan *x, const struct lp_callee *c)
{
    const uint32_t args = x->mask & ARGUMENTS & (c->whole ? c->read : ARGUMENTS);
    if ((args && !x->compared) || lp_scan_takes(c, x->mask)) return false;
    x->left |= args;
    return lp_scan_go_on_behind(x, kept(c, x->mask));
}

/* A word that reads it, and is to do no more than add an offset to it, or an index. */
static bool step_base(struct scan *x, uint32_t w, unsigned row, const struct lp_a64_regs *r)
{
    const uint32_t mask = x->mask;
    struct lp_a64_access m;
    const bool access = lp_a64_access(row, w, &m), index = adds_index(w);
    const uint32_t others = access ? r->read & mask & ~(UINT32_C(1) << m.base) : 0;
    if (access ? others || m.writeback || !lp_scan_has_address(x, x->at) : !index && !lp_scan_has_address(x, x->at)) return false;
    if (!index && !add_user(x, x->at)) return false;
    if (access && m.store && (mask_has(mask, m.rt) || mask_has(mask, m.rt2))) return false;
    return lp_scan_go_on(x, (mask & ~r->write) | (!access && index ? lp_a64_rd_bit(w) : 0));
}

/* The next word in the way; false: the address gets away. */
static bool step(struct scan *x)
{
    const uint64_t at = x->at;
    const uint32_t mask = x->mask, w = lp_words_at(&x->code, at);
    const struct lp_seen_word *seen = lp_seen_word(x->s, w);
    const unsigned row = seen->row;
    const struct lp_a64_regs r = seen->regs;
    uint64_t target;
    uint32_t field;
    const bool branch = lp_word_is_branch(w);
    if (lp_seen_passes(seen, mask)) return lp_scan_go_on(x, mask);
    if (row == A64_UNDEFINED) return false;
    if (lp_scan_is_passed(x, at, mask)) return lp_scan_go_on(x, mask);
    if (lp_a64_is_br(w)) return !(r.read & mask) && lp_scan_jump(x, mask);
    const bool calls = lp_a64_is_blr(w);
    if (lp_a64_is_branch_reg(w) && !calls) { /* RET */
        x->mask = 0;
        return lp_a64_is_ret(w) && !(mask & lp_scan_returned(x)) && !(mask >> 30 & 1);
    }
    if (calls) return !(r.read & mask) && call(x, &(struct lp_callee){.seen = true});
    if (lp_a64_is_bl(w)) {
        const struct lp_callee c = lp_word_target(w, at, &target, &field) ? lp_seen_callee(x->s, target) : (struct lp_callee){0};
        return call(x, &c);
    }
    if (branch && r.read & mask) return false;
    if (branch && lp_word_target(w, at, &target, &field)) {
        x->mask = 0;
        if (!lp_is_tail_call(x->s, x->a, w, target)) return lp_scan_branch(x, target, !lp_a64_is_b(w), mask);
        const struct lp_callee c = lp_seen_callee(x->s, target);
        return !(mask & (ARGUMENTS | PRESERVED)) && !lp_scan_takes(&c, mask);
    }
    if (r.read & mask && x->compared) return step_compared(x, w, mask, r.write);
    return r.read & mask ? step_base(x, w, row, &r) : lp_scan_go_on(x, mask & ~r.write);
}

/* Is it surely not followed to an end, or, of an address that need not be compared, is there nothing to find out on the way? */
static bool is_answered(const struct lp_side *s, uint32_t atom, uint64_t at, bool ask, bool compared, const struct lp_base_users *users, bool *only)
{
    const struct lp_fate *v = lp_fates_of(s, atom, ask);
    const unsigned reg = lp_code_word(s, at) & 31;
    if (!v || reg == 31) return false;
    *only = !compared && !lp_has_fate(s, v, atom, at + 4, reg, LP_FATE_AWAY);
    return compared ? !lp_has_fate(s, v, atom, at + 4, reg, LP_FATE_COMPARED) : !*only || !users;
}

/* Of what is compared, *stepped: whether it is with what goes through the array that it is an end of; *stops: the array beside which it is then. */
static bool follow(const struct lp_side *s, uint32_t atom, uint64_t at, bool compared, struct lp_base_users *users, bool *stepped, struct lp_stepped *stops)
{
    bool answer;
    if (compared || lp_a64_is_add_imm_any(lp_code_word(s, at)))
        if (is_answered(s, atom, at, false, compared, users, &answer)) return answer;
    const struct lp_fate *v = users && !compared ? lp_fates_of(s, atom, false) : NULL;
    struct scan *x = lp_scan_new(s, atom);
    uint32_t w = lp_code_word(s, at);
    if (users) users->n = 0;
    const bool other = compared && (lp_a64_is_adr(w) || lp_a64_is_add_sub_imm(w));
    bool only = x && (other || lp_a64_is_add_imm_any(w)) && (w & 31) != 31;
    if (only) {
        x->users = users;
        x->compared = compared;
        const struct lp_ref_at *ref = lp_refs_of_atom(s, x->a);
        for (uint32_t i = compared ? lp_scan_ref(x, at) : x->a->nref; i < x->a->nref && ref[i].at == at; i++) x->end = ref[i].addr;
        only = lp_scan_push(x, at + 4, lp_a64_rd_bit(w));
    }
    for (unsigned steps = 0; only && lp_scan_take(x); steps++) {
        if (steps == SOON && is_answered(s, atom, at, true, compared, users, &answer)) return free(x), answer;
        if (steps == SOON && users) v = lp_fates_of(s, atom, false);
        if (v && !(v[(x->at - x->a->start) / 4].is[LP_FATE_USED] & x->mask)) x->mask = 0; /* there is no user any more */
        else only = steps < STEPS_MAX && step(x);
    }
    /* What is compared may stay in its register over a call of a function that has no such argument. */
    only = only && (!compared || (x->compares && (!x->left || x->stepped)));
    if (stepped) *stepped = only && x->stepped;
    if (stops && only) *stops = x->stops;
    free(x);
    return only;
}

bool lp_only_base(const struct lp_side *s, uint32_t atom, uint64_t at) { return follow(s, atom, at, false, NULL, NULL, NULL); }
bool lp_only_compared(const struct lp_side *s, uint32_t atom, uint64_t at) { return follow(s, atom, at, true, NULL, NULL, NULL); }
bool lp_is_stepped_to(const struct lp_side *s, uint32_t atom, uint64_t at)
{
    bool stepped = false;
    return follow(s, atom, at, true, NULL, &stepped, NULL) && stepped;
}

bool lp_stopped(const struct lp_side *s, uint32_t atom, uint64_t at, struct lp_stepped *out)
{
    *out = (struct lp_stepped){LP_NONE, 0};
    return follow(s, atom, at, true, NULL, NULL, out) && out->array != LP_NONE;
}

bool lp_mostly_base(const struct lp_side *s, uint32_t atom, uint64_t at)
{
    if (lp_only_base(s, atom, at)) return true;
    struct scan *x = (lp_code_word(s, at) & 0x7f80001f) == 0x11000001 ? lp_scan_new(s, atom) : NULL;
    bool only = x && lp_scan_push(x, at + 4, 2);
    if (x) x->single = true;
    for (unsigned steps = 0; only && lp_scan_take(x); steps++) only = steps < SOON && step(x);
    free(x);
    return only;
}

bool lp_base_users(const struct lp_side *s, uint32_t atom, uint64_t at, struct lp_base_users *users) { return follow(s, atom, at, false, users, NULL, NULL); }
