/* diff/side/anchor.c - is an address made only as a base? GCC puts several variables behind one (a section anchor), which is the address of whichever comes
 * first: it means nothing by itself if every use adds an offset, because those words are compared by what they touch. */
#include <config.h>
#include "diff/side/side.h"
#include "diff/side/scan.h"
#include "a64/a64.h"
#include "a64/access.h"
#include "base/bits.h"
#include "flow/fop.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 8192 };
enum { SOON = 64 }; /* steps of a walk: one that takes more, in a large function, asks for what becomes of all addresses there (fate.c) */
struct scan *lp_scan_new(const struct lp_side *s, uint32_t atom)
{
    struct scan *x = malloc(sizeof *x);
    if (!x) return NULL;
    memset(x, 0, offsetof(struct scan, todo));
    x->s = s, x->a = &s->atom[atom], x->code = lp_words_of(s, atom), x->stops.array = LP_NONE;
    return x;
}

/* The way from there on is still to be gone. */
bool lp_scan_push(struct scan *x, uint64_t at, uint32_t mask)
{
    if (!mask) return true;
    if (at < x->a->start || at >= x->a->end) return false;
    uint16_t *head = &x->head[at / 4 % HEADS];
    for (unsigned i = *head; i; i = x->seen[i - 1].next)
        if (x->seen[i - 1].at == at && (x->seen[i - 1].mask | mask) == x->seen[i - 1].mask) return true;
    if (x->ntodo == SLOTS || x->nseen == SLOTS) return false;
    x->seen[x->nseen].at = at, x->seen[x->nseen].mask = mask, x->seen[x->nseen].next = *head;
    *head = (uint16_t)++x->nseen;
    x->todo[x->ntodo].at = at, x->todo[x->ntodo++].mask = mask;
    return true;
}

/* At a branch: both ways, or the one to its target. */
bool lp_scan_branch_to(struct scan *x, uint64_t target, bool both, uint32_t mask)
{
    const uint64_t next = x->at + 4;
    x->mask = 0;
    return lp_scan_push(x, target, mask) && (!both || lp_scan_push(x, next, mask));
}

/* At a BR: all that its jump table leads to. (The end of the function stands for what cannot happen.) */
bool lp_scan_jump(struct scan *x, uint32_t mask)
{
    const struct lp_table_at *v = lp_tables_of_atom(x->s, x->a);
    uint32_t k = 0;
    while (k < x->a->ntable && (v[k].t.br_at != x->at || v[k].t.offsets || !v[k].t.n)) k++;
    if (k == x->a->ntable) return false;
    const struct lp_flow_table *t = &v[k].t;
    const uint8_t *p = lp_table_bytes(x->s, t);
    bool good = p != NULL;
    for (uint32_t i = 0; good && i < t->n; i++) {
        const uint64_t to = lp_flow_table_target(t, p, i);
        good = to == x->a->end || lp_scan_push(x, to, mask);
    }
    x->mask = 0;
    return good;
}

/* A word that adds an offset. False: there are too many. */
static bool add_user(struct scan *x, uint64_t at)
{
    struct lp_base_users *u = x->users;
    if (!u || lp_is_user(u, at)) return true;
    if (u->n == LP_BASE_USERS) return false;
    u->at[u->n++] = at;
    return true;
}

/* The first reference of this word or of one behind it. (Mostly the word is beside the one that was asked for last.) */
static uint32_t first_ref(struct scan *x, uint64_t at)
{
    enum { NEAR = 4 };
    const struct lp_ref_at *ref = lp_refs_of_atom(x->s, x->a);
    uint32_t lo = 0, hi = x->a->nref, k = x->ref;
    for (unsigned i = 0; i < NEAR && k && ref[k - 1].at >= at; i++) k--;
    for (unsigned i = 0; i < NEAR && k < hi && ref[k].at < at; i++) k++;
    if (k && ref[k - 1].at >= at) hi = k - 1;
    else lo = k, hi = k < hi && ref[k].at < at ? hi : k;
    while (lo < hi) {
        const uint32_t mid = lo + (hi - lo) / 2;
        if (ref[mid].at < at) lo = mid + 1;
        else hi = mid;
    }
    return x->ref = lo;
}

bool lp_scan_has_address(struct scan *x, uint64_t at)
{
    const uint32_t k = first_ref(x, at);
    const struct lp_ref_at *r = &lp_refs_of_atom(x->s, x->a)[k];
    return k < x->a->nref && r->at == at && r->kind == LP_FLOW_ADDR && !(r->flags & (LP_FLOW_STEPS | LP_FLOW_MAYBE));
}

/* The one address that it adds an index to; NULL: it does not, or there are several. */
const struct lp_ref_at *lp_scan_indexed(struct scan *x, uint64_t at)
{
    const uint32_t k = first_ref(x, at);
    const struct lp_ref_at *r = &lp_refs_of_atom(x->s, x->a)[k];
    if (k == x->a->nref || r->at != at || r->kind != LP_FLOW_ADDR || r->flags != LP_FLOW_INDEXED) return NULL;
    return k + 1 == x->a->nref || r[1].at != at ? r : NULL;
}

/* Does it leave in this register what it had, and a number more: ADD, or an access that moves its base on? */
static bool moves_on(uint32_t w, unsigned reg)
{
    const bool back = (w & 0x3b200400) == 0x38000400 || (w & 0x3a800000) == 0x28800000;
    return moved(w) == UINT32_C(1) << reg || (back && (w >> 5 & 31) == reg);
}

/* Is it what such words, again and again, make of an address in the array that ends where this one is? */
static bool steps_there(const struct scan *x, uint64_t end, unsigned reg)
{
    const uint32_t i = lp_side_atom(x->s, end - 1);
    for (uint32_t k = 0; i != LP_NONE && k < x->a->nref; k++) {
        const struct lp_ref_at *r = &lp_refs_of_atom(x->s, x->a)[k];
        const bool inner = r->kind == LP_FLOW_ADDR && r->flags & LP_FLOW_STEPS && r->addr >= x->s->atom[i].start && r->addr <= end;
        if (inner && moves_on(lp_code_word(x->s, r->at), reg)) return true;
    }
    return false;
}

/* The same for an address of which only the place counts, not what is there. */
static bool step_compared(struct scan *x, uint32_t w, uint32_t mask, uint32_t write)
{
    const unsigned other = mask >> (w >> 5 & 31) & 1 ? w >> 16 & 31 : w >> 5 & 31;
    x->compares += compares(w);
    if (compares(w) && other < 31) x->stepped |= steps_there(x, x->end, other) || lp_stops_at(x->s, x->a, x->end, other, &x->stops);
    if (lp_a64_is_mov(w)) return go_on(x, (mask & ~write) | lp_a64_rd_bit(w));
    return compares(w) && go_on(x, mask & ~write);
}


/* Does it branch within itself? Code that was moved out of several functions is a part of a basic block of theirs. */
static bool has_blocks(const struct scan *x)
{
    for (uint64_t at = x->a->start; at < x->a->end; at += 4) {
        const uint32_t w = lp_words_at(&x->code, at);
        uint64_t target;
        uint32_t field;
        if (lp_word_is_branch(w) && !lp_a64_is_bl(w) && lp_word_target(w, at, &target, &field) && target >= x->a->start && target < x->a->end) return true;
    }
    return false;
}

/* What may still be meant where the function returns: results, but of code that was moved out of several functions, anything of theirs. What is compared
 * is one result at the most. */
uint32_t lp_scan_returned(const struct scan *x)
{
    if (x->compared || x->single) return 1;
    const char *name = lp_atom_name(x->a);
    const bool gcc = lp_elf_made_by_gcc(x->s->elf); /* which moves no code out so */
    const bool whole = name ? strncmp(name, "OUTLINED_FUNCTION", 17) != 0 : gcc || has_blocks(x);
    return whole ? RESULTS : ARGUMENTS | TEMPORARY;
}

/* Over a call; false: the address may be an argument. */
static bool call(struct scan *x, const struct lp_callee *c)
{
    const uint32_t args = x->mask & ARGUMENTS & (c->whole ? c->read : ARGUMENTS);
    if ((args && !x->compared) || takes(c, x->mask)) return false;
    x->left |= args;
    return go_on_behind(x, kept(c, x->mask));
}

/* A call that finds a thread-local variable: the address is elsewhere meanwhile, and stays there. */
bool lp_scan_is_passed(const struct scan *x, uint64_t at, uint32_t mask)
{
    struct lp_fop op;
    const uint64_t off = at - x->code.at;
    return off < x->code.len && lp_fop_finds_tls(x->code.p + off, off / 4, &op) && !(op.write & mask);
}

/* The next word in the way; false: the address gets away. */
static bool step(struct scan *x)
{
    const uint64_t at = x->at;
    const uint32_t mask = x->mask, w = lp_words_at(&x->code, at);
    const struct lp_seen_word *seen = lp_seen_word(x->s, w);
    const unsigned row = seen->row;
    const struct lp_a64_regs r = seen->regs;
    struct lp_a64_access m;
    uint64_t target;
    uint32_t field;
    const bool branch = lp_word_is_branch(w);
    if (lp_seen_passes(seen, mask)) return go_on(x, mask);
    if (row == A64_UNDEFINED) return false;
    if (lp_scan_is_passed(x, at, mask)) return go_on(x, mask);
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
        if (!lp_is_tail_call(x->s, x->a, w, target)) return lp_scan_branch_to(x, target, !lp_a64_is_b(w), mask);
        const struct lp_callee c = lp_seen_callee(x->s, target);
        return !(mask & (ARGUMENTS | PRESERVED)) && !takes(&c, mask);
    }
    if (r.read & mask && x->compared) return step_compared(x, w, mask, r.write);
    if (r.read & mask) {
        bool access = lp_a64_access(row, w, &m);
        uint32_t others = access ? r.read & mask & ~(UINT32_C(1) << m.base) : 0;
        if (access ? others || m.writeback || !lp_scan_has_address(x, at) : !lp_scan_has_address(x, at) && !adds_index(w)) return false;
        if (!adds_index(w) && !add_user(x, at)) return false;
        if (access && m.store && ((m.rt < 31 && mask >> m.rt & 1) || (m.rt2 < 31 && mask >> m.rt2 & 1))) return false;
        if (!access && adds_index(w)) return go_on(x, (mask & ~r.write) | lp_a64_rd_bit(w));
    }
    return go_on(x, mask & ~r.write);
}

/* What becomes of it in this register from there on; all = there is no such place. */
static bool has_fate(const struct lp_side *s, const struct lp_fate *v, uint32_t atom, uint64_t at, unsigned reg, unsigned kind)
{
    const struct lp_atom *a = &s->atom[atom];
    return at >= a->start && at < a->end ? v[(at - a->start) / 4].is[kind] >> reg & 1 : kind == LP_FATE_AWAY;
}

/* Is it surely not followed to an end, or, of an address that need not be compared, is there nothing to find out on the way? */
static bool is_answered(const struct lp_side *s, uint32_t atom, uint64_t at, bool ask, bool compared, const struct lp_base_users *users, bool *only)
{
    const struct lp_fate *v = lp_fates_of(s, atom, ask);
    const unsigned reg = lp_code_word(s, at) & 31;
    if (!v || reg == 31) return false;
    *only = !compared && !has_fate(s, v, atom, at + 4, reg, LP_FATE_AWAY);
    return compared ? !has_fate(s, v, atom, at + 4, reg, LP_FATE_COMPARED) : !*only || !users;
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
        for (uint32_t i = compared ? first_ref(x, at) : x->a->nref; i < x->a->nref && ref[i].at == at; i++) x->end = ref[i].addr;
        only = lp_scan_push(x, at + 4, lp_a64_rd_bit(w));
    }
    for (unsigned steps = 0; only && take(x); steps++) {
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

/* ---- what becomes of an address ---- */

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

/* One word that has the address: does it add an index, of elements that are larger than a byte, does it read or write there (and not in front of it), does
 * it compare it with another one? */
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

/* Does it complete the page that is looked for? */
static bool completes(struct scan *x, uint64_t at, uint32_t w)
{
    int64_t off;
    for (uint32_t k = first_ref(x, at); k < x->a->nref && lp_refs_of_atom(x->s, x->a)[k].at == at; k++) {
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
        if (!go_on(x, mask)) x->mask = 0;
        return;
    }
    if (lp_scan_is_passed(x, at, mask) && go_on(x, mask)) return;
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
    if (lp_a64_is_bl(w) && lp_word_target(w, at, &target, &field)) c = lp_seen_callee(x->s, target), c.seen = true;
    if (reads && x->paged && completes(x, at, w)) {
        if (!x->user || at < x->user) x->user = at;
        return;
    }
    if (reads) x->found |= use_there(x, at, w, row, mask);
    if (!go_on(x, c.seen ? kept(&c, mask) : (mask & ~r.write) | (reads && !(x->moves && !lp_a64_is_mov(w)) ? moved(w) : 0))) x->mask = 0;
}

void lp_scan_moves(struct scan *x, uint64_t at, unsigned most, lp_scan_look *look, uint64_t size, void *ctx)
{
    x->moves = true;
    lp_scan_push(x, at + 4, lp_a64_rd_bit(lp_code_word(x->s, at)));
    for (unsigned steps = 0; take(x) && steps < most; steps++) {
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
    for (unsigned k = 0; k < LP_FATE_FREE && reg < 31; k++) *answer |= what >> k & 1 && has_fate(s, v, atom, at + 4, reg, k);
    return !*answer || !before || has_fate(s, v, atom, at + 4, reg, LP_FATE_FREE);
}

/* Until `what` is found. */
static bool uses(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t addr, uint64_t before, unsigned what)
{
    const uint32_t made = lp_code_word(s, at);
    struct lp_a64_access m;
    if (lp_a64_access(lp_a64_find(made, LP_A64_ALL), made, &m)) /* of no width: an index is in its base, or is its own */
        return what & (INDEXED | READ) && !(before && m.index < 31 && lp_index_reach(s, atom, at) <= before - addr);
    const struct lp_fate *v = lp_fates_of(s, atom, false);
    bool answer;
    if (v && is_said(s, v, atom, at, before, what, &answer)) return answer;
    struct scan *x = lp_scan_new(s, atom);
    if (!x) return what & INDEXED;
    x->end = addr, x->before = before;
    lp_scan_push(x, at + 4, lp_a64_rd_bit(made));
    for (unsigned steps = 0; !(x->found & what) && take(x) && steps < STEPS_MAX; steps++) {
        if (!v && steps == SOON && (v = lp_fates_of(s, atom, true)) && is_said(s, v, atom, at, before, what, &answer)) return free(x), answer;
        if (v && !(v[(x->at - x->a->start) / 4].is[LP_FATE_INDEXED] & x->mask)) x->mask = 0;
        else step_uses(x);
    }
    const bool found = x->found & what;
    free(x);
    return found;
}

bool lp_compares_argument(const struct lp_side *s, uint32_t function, uint32_t regs)
{
    struct scan *x = lp_scan_new(s, function);
    if (!x || !lp_scan_push(x, s->atom[function].start, regs)) return free(x), true;
    unsigned steps = 0;
    while (!(x->found & READ) && take(x) && steps++ < STEPS_MAX) step_uses(x);
    const bool compares = !(x->found & READ) && (x->found & COMPARED || steps >= STEPS_MAX);
    free(x);
    return compares;
}

bool lp_reads_argument(const struct lp_side *s, uint32_t function, uint32_t regs)
{
    struct scan *x = lp_scan_new(s, function);
    if (x) lp_scan_push(x, s->atom[function].start, regs);
    for (unsigned steps = 0; x && !(x->found & (READ | INDEXED)) && take(x) && steps < STEPS_MAX; steps++) step_uses(x);
    const bool reads = x && (x->found & (READ | INDEXED)) == READ;
    free(x);
    return reads;
}

bool lp_is_indexed(const struct lp_side *s, uint32_t atom, uint64_t at) { return uses(s, atom, at, 0, 0, INDEXED); }
bool lp_is_indexed_to(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t addr, uint64_t to) { return uses(s, atom, at, addr, to, INDEXED); }
bool lp_is_wide(const struct lp_side *s, uint32_t atom, uint64_t at) { return uses(s, atom, at, 0, 0, WIDE); }
bool lp_is_read(const struct lp_side *s, uint32_t atom, uint64_t at) { return uses(s, atom, at, 0, 0, READ); }
bool lp_is_compared(const struct lp_side *s, uint32_t atom, uint64_t at) { return uses(s, atom, at, 0, 0, COMPARED); }

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
    for (unsigned steps = 0; only && take(x); steps++) only = steps < SOON && step(x);
    free(x);
    return only;
}

bool lp_base_users(const struct lp_side *s, uint32_t atom, uint64_t at, struct lp_base_users *users) { return follow(s, atom, at, false, users, NULL, NULL); }

uint64_t lp_page_user(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t page)
{
    struct scan *x = lp_scan_new(s, atom);
    if (!x) return 0;
    x->end = page, x->paged = true;
    lp_scan_push(x, at + 4, lp_a64_rd_bit(lp_code_word(s, at)));
    for (unsigned steps = 0; take(x) && steps < STEPS_MAX; steps++) step_uses(x);
    const uint64_t user = x->user;
    free(x);
    return user;
}
