/* diff/side/handed.c - who gets an address that a word of a function makes: which calls, in which registers, and whether it gets anywhere else. */
#include <config.h>
#include "diff/side/code.h"
#include "diff/side/scan.h"
#include "diff/side/walk.h"
#include "a64/access.h"
#include "flow/fop.h"

#include <stdlib.h>

static void give(struct lp_handed *h, uint64_t at, uint64_t to, uint32_t regs)
{
    size_t i = 0;
    while (i < h->n && h->v[i].at != at) i++;
    if (!regs || h->lost) return;
    if (i == LP_HANDED) h->lost = true;
    else if (i == h->n) h->v[h->n++] = (struct lp_handed_at){at, to, regs};
    else h->v[i].regs |= regs;
}

static bool is_csel(uint32_t w) { return (w & 0xffe00c00) == 0x9a800000; }

/* The same where each address in the array counts. To read there, or to compare two of them, gives it to nobody. */
static uint32_t step_inside(const struct scan *x, uint32_t w, unsigned row, struct lp_handed *h)
{
    struct lp_a64_access m;
    if (lp_a64_access(row, w, &m)) {
        h->lost |= m.store && (mask_has(x->mask, m.rt) || mask_has(x->mask, m.rt2));
        return m.writeback && mask_has(x->mask, m.base) ? UINT32_C(1) << m.base : 0;
    }
    const bool goes_on = adds_index(w) || (w & 0x3f800000) == 0x11000000 || (w & 0x7f000000) == 0x1b000000 || lp_a64_is_mov(w) || is_csel(w);
    return goes_on && !compares(w) ? lp_a64_rd_bit(w) : 0;
}

/* The same where nothing but what is there may count: an address is only moved along, and moved on. */
static uint32_t step_copied(const struct scan *x, uint32_t w, struct lp_handed *h)
{
    const bool adds = ((w & 0xff200000) == 0x8b000000 && !(w & 0xfc00 && mask_has(x->mask, w >> 16 & 31))) || (w & 0xffe00000) == 0x8b200000;
    const bool steps = (w & 0xbf800000) == 0x91000000, madd = (w & 0xffe08000) == 0x9b000000 && mask_has(x->mask, w >> 10 & 31);
    h->lost |= !adds && !steps && !madd && !lp_a64_is_mov(w) && !is_csel(w);
    return lp_a64_rd_bit(w);
}

/* A word that is no branch: where the address is then. */
static uint32_t step_along(struct scan *x, uint32_t w, unsigned row, uint32_t reads, struct lp_handed *h)
{
    struct lp_a64_access m;
    if (!reads) return 0;
    if (x->inside) return step_inside(x, w, row, h);
    if (x->copied && !lp_a64_access(row, w, &m) && !lp_scan_has_address(x, x->at)) return step_copied(x, w, h);
    if (lp_a64_is_mov(w) || is_csel(w)) return lp_a64_rd_bit(w);
    if (lp_a64_access(row, w, &m)) {
        const uint32_t base = x->mask & ((m.base < 31 ? UINT32_C(1) << m.base : 0) | (m.index < 31 ? UINT32_C(1) << m.index : 0));
        h->based |= base != 0;
        h->lost |= (m.writeback && !x->copied) || reads & ~base || (m.store && (mask_has(x->mask, m.rt) || mask_has(x->mask, m.rt2)));
        return m.writeback && mask_has(x->mask, m.base) ? UINT32_C(1) << m.base : 0;
    }
    h->lost |= !lp_a64_is_add_imm_any(w) || !lp_scan_has_address(x, x->at); /* not the base of another address */
    return 0;
}

/* The next word in the way. */
static bool step_handed(struct scan *x, struct lp_handed *h)
{
    const uint64_t at = x->at;
    const uint32_t mask = x->mask, w = lp_words_at(&x->code, at), args = mask & (mask & CALL_ARGUMENTS ? CALL_ARGUMENTS : ARGUMENTS);
    const struct lp_seen_word *seen = lp_seen_word(x->s, w);
    const unsigned row = seen->row;
    const struct lp_a64_regs r = seen->regs;
    const bool calls = lp_a64_is_blr(w);
    uint64_t target;
    uint32_t field, on = mask;
    const enum lp_framed framed = lp_scan_frame(x, seen, &on);
    if (framed != LP_NOT_FRAMED) return framed == LP_FRAMED && lp_scan_go_on(x, on);
    if (lp_seen_passes(seen, mask)) return lp_scan_go_on(x, mask);
    if (row == A64_UNDEFINED) return false;
    if (lp_scan_is_passed(x, at, mask)) return lp_scan_go_on(x, mask);
    if (lp_a64_is_br(w) && x->inside) return lp_scan_jump(x, mask) || !(x->mask = 0); /* a function that a table has */
    if (lp_a64_is_br(w)) return !(r.read & mask) && lp_scan_jump(x, mask);
    if (lp_a64_is_branch_reg(w) && !calls) {
        x->mask = 0;
        return give(h, at, LP_HANDED_BACK, mask & RESULTS), lp_a64_is_ret(w) && !(mask >> 30 & 1);
    }
    if (calls || lp_a64_is_bl(w)) {
        struct lp_callee c = {.seen = true};
        if (!calls && lp_word_target(w, at, &target, &field)) c = lp_seen_callee(x->s, target);
        give(h, at, calls ? at : lp_side_through(x->s, target), args);
        return !(calls && r.read & mask) && !lp_scan_takes(&c, mask) && lp_scan_go_on_behind(x, kept(&c, mask) | (mask & LP_SCAN_SLOT));
    }
    if (lp_word_is_branch(w) && lp_word_target(w, at, &target, &field)) {
        x->mask = 0;
        const bool passed = !(r.read & mask) || (x->copied && lp_a64_is_cbz(w));
        if (!lp_is_tail_call(x->s, x->a, w, target)) return passed && lp_scan_branch(x, target, !lp_a64_is_b(w), mask);
        return give(h, at, lp_side_through(x->s, target), args), true;
    }
    const uint32_t along = step_along(x, w, row, r.read & mask, h);
    return !h->lost && lp_scan_go_on(x, (mask & ~r.write) | along);
}

static bool makes_it(uint32_t w) { return (lp_a64_is_adr(w) || lp_a64_is_add_imm_any(w)) && (w & 31) != 31; }

enum walk { OF_ITSELF, OF_ARRAY, OF_COPY };

static void walk_handed(const struct lp_side *s, uint32_t atom, uint64_t at, enum walk how, struct lp_handed *h)
{
    const uint32_t w = lp_code_word(s, at);
    struct scan *x = lp_scan_new(s, atom);
    if (x) x->inside = how == OF_ARRAY, x->copied = how == OF_COPY;
    h->n = 0;
    h->based = false;
    h->lost = !x || !makes_it(w) || !lp_scan_push(x, at + 4, lp_a64_rd_bit(w));
    for (unsigned steps = 0; !h->lost && lp_scan_take(x); steps++)
        if (steps == STEPS_MAX || !step_handed(x, h)) h->lost = true;
    free(x);
}

void lp_handed(const struct lp_side *s, uint32_t atom, uint64_t at, struct lp_handed *h) { walk_handed(s, atom, at, OF_ITSELF, h); }
void lp_handed_copy(const struct lp_side *s, uint32_t atom, uint64_t at, struct lp_handed *h) { walk_handed(s, atom, at, OF_COPY, h); }

bool lp_is_put(const struct lp_side *s, uint32_t atom, uint64_t at)
{
    struct lp_handed h;
    if (!makes_it(lp_code_word(s, at))) return false; /* an access with an index */
    walk_handed(s, atom, at, OF_ARRAY, &h);
    for (size_t i = 0; i < h.n && !h.lost; i++) {
        const struct lp_handed_at *v = &h.v[i];
        const uint32_t to = v->to == LP_HANDED_BACK || v->to == v->at ? LP_NONE : lp_side_atom(s, v->to);
        if (v->to == LP_HANDED_BACK) h.lost = v->regs & 1;
        else if (to != LP_NONE && s->atom[to].kind != LP_ATOM_PLT) h.lost = v->regs & lp_seen_callee(s, v->to).read;
    }
    return h.lost;
}
