/* diff/side/uses.c - what becomes of an address: is an index added to it, is it read or written there, is it compared, which word completes a page? */
#include <config.h>
#include "diff/side/code.h"
#include "diff/side/scan.h"
#include "diff/side/walk.h"
#include "a64/a64.h"
#include "a64/access.h"

#include <stdlib.h>

/* ADD of a register, MADD, SUB of as many elements. */
static bool adds(uint32_t w, uint32_t mask)
{
    return adds_index(w) || (w & 0x7f000000) == 0x1b000000 || ((w & 0x7f200000) == 0x4b000000 && w & 0xfc00 && mask >> (w >> 5 & 31) & 1);
}

/* Of elements that are larger than a byte. */
static bool adds_wide(uint32_t w)
{
    return (w & 0x7f000000) == 0x1b000000 || ((w & 0x1f200000) == 0x0b000000 ? w & 0xfc00 : w & 0x1c00) != 0;
}

unsigned lp_use_of(uint32_t w, unsigned row, uint32_t mask)
{
    struct lp_a64_access m;
    const unsigned index = !adds(w, mask) ? 0 : adds_wide(w) ? INDEXED | WIDE : INDEXED;
    if (compares(w) || (w & 0xffe00c10) == 0xfa400000) return index | COMPARED; /* and CCMP */
    if (!lp_a64_access(row, w, &m)) return index;
    if (!(mask >> m.base & 1)) return 0;
    if (m.index != LP_A64_NO_REG) return m.bytes > 1 ? INDEXED | READ | WIDE : INDEXED | READ;
    return m.off >= 0 && m.back >= 0 ? READ : 0;
}

/* The same of an access whose index, added to the address that was made or to one behind it, is known to stay in front of what is asked for. */
static unsigned use_there(struct scan *x, uint64_t at, uint32_t w, unsigned row, uint32_t mask)
{
    const unsigned use = lp_use_of(w, row, mask);
    const bool added = (w & 0xffc00000) == 0x8b000000 && mask >> (w >> 5 & 31) & 1 && !(mask >> (w >> 16 & 31) & 1);
    const struct lp_ref_at *r = use & INDEXED && x->before && !added ? lp_scan_indexed(x, at) : NULL;
    const uint64_t from = r ? r->addr : x->end;
    if (!(use & INDEXED) || !x->before || !(added || r) || from < x->end || from > x->before) return use;
    const uint64_t reach = lp_index_reach(x->s, (uint32_t)(x->a - x->s->atom), at);
    return reach <= x->before - from ? use & ~(unsigned)(INDEXED | WIDE) : use;
}

/* Is what the register has in front of this word surely an address that the function has made itself? */
static bool is_own(const struct scan *x, uint64_t at, unsigned reg)
{
    enum { NEAR = 16 };
    const uint32_t self = (uint32_t)(x->a - x->s->atom);
    for (unsigned i = 0; reg < 31 && i < NEAR && at > x->a->start && !lp_is_led_to(x->s, self, at); i++) {
        const uint32_t w = lp_words_at(&x->code, at -= 4);
        unsigned n = 0;
        if (mask_has(lp_seen_word(x->s, w)->regs.write, reg)) {
            const struct lp_ref_at *r = lp_refs_at(x->s, x->a, at, &n);
            struct lp_a64_access m;
            const bool access = lp_a64_access(lp_seen_word(x->s, w)->row, w, &m);
            const bool goes_on = access && m.writeback && m.base == reg && m.rt != reg && m.rt2 != reg;
            return n == 1 && r->kind == LP_FLOW_ADDR && !(r->flags & LP_FLOW_MAYBE) && (goes_on || (!access && lp_a64_is_add_sub_imm(w)));
        }
        if (lp_a64_is_bl(w) || lp_a64_is_branch_reg(w)) return false;
    }
    return false;
}

/* Does it compare it with an address that the function need not have made itself? */
static bool compares_others(const struct scan *x, uint64_t at, uint32_t w, uint32_t mask)
{
    const unsigned n = w >> 5 & 31, m = w >> 16 & 31;
    return !compares(w) || !is_own(x, at, mask_has(mask, n) ? m : n);
}

/* Does it complete the page that is looked for? */
static bool completes(struct scan *x, uint64_t at, uint32_t w)
{
    int64_t off;
    for (uint32_t k = lp_scan_ref(x, at); k < x->a->nref && lp_refs_of_atom(x->s, x->a)[k].at == at; k++) {
        const struct lp_ref_at *r = &lp_refs_of_atom(x->s, x->a)[k];
        if (r->at == at && r->kind == LP_FLOW_ADDR && r->flags & LP_FLOW_OF_PAGE && lp_word_offset(w, &off) && r->addr - (uint64_t)off == x->end) return true;
    }
    return false;
}

/* The next word in the way; where a way ends does not matter. */
static void step_uses(struct scan *x)
{
    const uint64_t at = x->at;
    const uint32_t mask = x->mask, w = lp_words_at(&x->code, at);
    const struct lp_seen_word *seen = lp_seen_word(x->s, w);
    const unsigned row = seen->row;
    const struct lp_a64_regs r = seen->regs;
    uint64_t target;
    uint32_t field;
    if (lp_seen_passes(seen, mask)) {
        if (!lp_scan_go_on(x, mask)) x->mask = 0;
        return;
    }
    if (lp_scan_is_passed(x, at, mask) && lp_scan_go_on(x, mask)) return;
    x->mask = 0;
    if (lp_a64_is_br(w)) lp_scan_jump(x, mask);
    if (row == A64_UNDEFINED || (lp_a64_is_branch_reg(w) && !lp_a64_is_blr(w))) return; /* RET, BR */
    if (lp_word_is_branch(w) && !lp_a64_is_bl(w) && lp_word_target(w, at, &target, &field)) {
        lp_scan_push(x, target, mask);
        if (!lp_a64_is_b(w)) lp_scan_push(x, at + 4, mask);
        return;
    }
    struct lp_callee c = {.seen = lp_a64_is_blr(w)};
    const bool reads = !lp_a64_is_bl(w) && !c.seen && r.read & mask;
    if (lp_a64_is_bl(w) && lp_word_target(w, at, &target, &field)) {
        if (x->over && lp_seen_stops(x->s, target)) return;
        c = lp_seen_callee(x->s, target), c.seen = true;
    }
    if (reads && x->paged && completes(x, at, w)) {
        if (!x->user || at < x->user) x->user = at;
        return;
    }
    unsigned use = reads ? use_there(x, at, w, row, mask) : 0;
    if (use & COMPARED && x->others && !compares_others(x, at, w, mask)) use &= ~(unsigned)COMPARED;
    x->found |= use;
    if (!lp_scan_go_on(x, c.seen ? kept(&c, mask) : (mask & ~r.write) | (reads && !(x->moves && !lp_a64_is_mov(w)) ? moved(w) : 0))) x->mask = 0;
}

void lp_scan_moves(struct scan *x, uint64_t at, unsigned most, lp_scan_look *look, uint64_t size, void *ctx)
{
    x->moves = true;
    lp_scan_push(x, at + 4, lp_a64_rd_bit(lp_code_word(x->s, at)));
    for (unsigned steps = 0; lp_scan_take(x) && steps < most; steps++) {
        const struct lp_seen_word *seen = lp_seen_word(x->s, lp_words_at(&x->code, x->at));
        if (seen->regs.read & x->mask && !seen->leads) look(x, x->at, seen->word, seen->row, seen->regs.read & x->mask, size, ctx);
        step_uses(x);
    }
}

/* Is it said what is asked for? Where a word adds an index, how far it leads may have to be found. */
static bool is_said(const struct lp_side *s, const struct lp_fate *v, uint32_t atom, uint64_t at, uint64_t before, unsigned what, bool *answer)
{
    const unsigned reg = lp_code_word(s, at) & 31;
    *answer = false;
    for (unsigned k = 0; k < LP_FATE_FREE && reg < 31; k++) *answer |= what >> k & 1 && lp_has_fate(s, v, atom, at + 4, reg, k);
    if (!*answer || !before) return true;
    const bool anywhere = lp_has_fate(s, v, atom, at + 4, reg, LP_FATE_FREE);
    if (anywhere && what == INDEXED) lp_seen_tell(s, at, LP_SEEN_INDEXED, LP_SEEN_YES);
    return anywhere;
}

/* Until `what` is found. */
static bool look_for(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t addr, uint64_t before, unsigned what)
{
    const uint32_t made = lp_code_word(s, at);
    const struct lp_fate *v = lp_fates_of(s, atom, false);
    bool answer;
    if (v && is_said(s, v, atom, at, before, what, &answer)) return answer;
    struct scan *x = lp_scan_new(s, atom);
    if (!x) return what & INDEXED;
    x->end = addr, x->before = before;
    lp_scan_push(x, at + 4, lp_a64_rd_bit(made));
    for (unsigned steps = 0; !(x->found & what) && lp_scan_take(x) && steps < STEPS_MAX; steps++) {
        if (!v && steps == SOON && (v = lp_fates_of(s, atom, true)) && is_said(s, v, atom, at, before, what, &answer)) return free(x), answer;
        if (v && !(v[(x->at - x->a->start) / 4].is[LP_FATE_INDEXED] & x->mask)) x->mask = 0;
        else step_uses(x);
    }
    const bool found = x->found & what;
    free(x);
    return found;
}

/* What of an answer is so for all who ask: of an index that may stay in front of an end, only that there is none. */
static enum lp_seen_answer answer_for_all(unsigned what, uint64_t before, bool found)
{
    if (what == WIDE) return found ? LP_SEEN_YES : LP_SEEN_NO;
    return !found && !before ? LP_SEEN_NO : LP_SEEN_UNKNOWN;
}

/* The same questions come again, from each who asks what an address is. */
static bool uses(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t addr, uint64_t before, unsigned what)
{
    const uint32_t made = lp_code_word(s, at);
    struct lp_a64_access m;
    if (lp_a64_access(lp_seen_word(s, made)->row, made, &m)) /* of no width: an index is in its base, or is its own */
        return what & (INDEXED | READ) && !(before && m.index < 31 && lp_index_reach(s, atom, at) <= before - addr);
    const bool kept = what == WIDE || what == INDEXED;
    const enum lp_seen_question question = what == WIDE ? LP_SEEN_WIDE : LP_SEEN_INDEXED;
    const enum lp_seen_answer answer = kept ? lp_seen_of(s, at, question) : LP_SEEN_UNKNOWN;
    if (answer != LP_SEEN_UNKNOWN) return answer == LP_SEEN_YES;
    const bool found = look_for(s, atom, at, addr, before, what);
    if (kept) lp_seen_tell(s, at, question, answer_for_all(what, before, found));
    return found;
}

bool lp_compares_argument(const struct lp_side *s, uint32_t function, uint32_t regs)
{
    struct scan *x = lp_scan_new(s, function);
    if (!x || !lp_scan_push(x, s->atom[function].start, regs)) return free(x), true;
    unsigned steps = 0;
    while (!(x->found & READ) && lp_scan_take(x) && steps++ < STEPS_MAX) step_uses(x);
    const bool compares = !(x->found & READ) && (x->found & COMPARED || steps >= STEPS_MAX);
    free(x);
    return compares;
}

bool lp_compares_arguments(const struct lp_side *s, uint32_t function, uint32_t regs)
{
    struct scan *x = lp_scan_new(s, function);
    bool together = !x || !lp_scan_push(x, s->atom[function].start, regs);
    for (unsigned steps = 0; !together && lp_scan_take(x); steps++) {
        const uint32_t w = lp_words_at(&x->code, x->at);
        together = steps == STEPS_MAX || (compares(w) && mask_has(x->mask, w >> 5 & 31) && mask_has(x->mask, w >> 16 & 31));
        step_uses(x);
    }
    free(x);
    return together;
}

bool lp_reads_argument(const struct lp_side *s, uint32_t function, uint32_t regs)
{
    struct scan *x = lp_scan_new(s, function);
    if (x) lp_scan_push(x, s->atom[function].start, regs);
    for (unsigned steps = 0; x && !(x->found & (READ | INDEXED)) && lp_scan_take(x) && steps < STEPS_MAX; steps++) step_uses(x);
    const bool reads = x && (x->found & (READ | INDEXED)) == READ;
    free(x);
    return reads;
}

bool lp_is_indexed(const struct lp_side *s, uint32_t atom, uint64_t at) { return uses(s, atom, at, 0, 0, INDEXED); }
bool lp_is_indexed_to(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t addr, uint64_t to) { return uses(s, atom, at, addr, to, INDEXED); }
bool lp_is_wide(const struct lp_side *s, uint32_t atom, uint64_t at) { return uses(s, atom, at, 0, 0, WIDE); }
bool lp_is_read(const struct lp_side *s, uint32_t atom, uint64_t at) { return uses(s, atom, at, 0, 0, READ); }
bool lp_is_compared(const struct lp_side *s, uint32_t atom, uint64_t at) { return uses(s, atom, at, 0, 0, COMPARED); }

bool lp_is_compared_with_others(const struct lp_side *s, uint32_t atom, uint64_t at)
{
    struct scan *x = lp_is_compared(s, atom, at) ? lp_scan_new(s, atom) : NULL;
    if (!x) return lp_is_compared(s, atom, at);
    x->others = true;
    lp_scan_push(x, at + 4, lp_a64_rd_bit(lp_code_word(s, at)));
    unsigned steps = 0;
    while (!(x->found & COMPARED) && lp_scan_take(x) && steps++ < STEPS_MAX) step_uses(x);
    const bool found = x->found & COMPARED || steps >= STEPS_MAX || x->nseen == SLOTS;
    free(x);
    return found;
}

uint64_t lp_page_user(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t page)
{
    struct scan *x = lp_scan_new(s, atom);
    if (!x) return 0;
    x->end = page, x->paged = true;
    lp_scan_push(x, at + 4, lp_a64_rd_bit(lp_code_word(s, at)));
    for (unsigned steps = 0; lp_scan_take(x) && steps < STEPS_MAX; steps++) step_uses(x);
    const uint64_t user = x->user;
    free(x);
    return user;
}
