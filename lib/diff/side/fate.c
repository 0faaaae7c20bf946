/* diff/side/fate.c - of each register in front of each word of a function, what becomes of an address that is there, by going backwards through all of it once:
 * a walk from each word that makes an address (scan.c) would be as long as the function, for each of them. */
#include <config.h>
#include "diff/side/scan.h"
#include "a64/a64.h"
#include "a64/access.h"

#include <stdlib.h>
#include <string.h>

enum { MANY = 64, MOST = 3 << 13 }; /* functions of a side that are kept, and their words; one of them in any case */
enum { LARGE = 512, ALL = 0x7fffffff }; /* words of a function for which they are made; registers */

/* Where a branch leads. behind: the next one to the same word, its index + 1. */
struct way { uint32_t from, to, behind; };
/* A word that branches: its ways, of which `out` says that one leaves the function, or that they are not known. */
struct fork { uint32_t word, way, n; bool out; };

struct lp_fates {
    const struct lp_ref_at *ref; /* with the atom, says what this is of */
    uint64_t start, end;
    uint32_t nref, nword;
    struct lp_fate *fate;
    struct fork *fork;
    struct way *way;
    uint32_t *fork_of, *way_to; /* of each word: the fork that it is, the last way that leads to it; indices + 1 */
    uint32_t *todo;
    bool *waits;
    uint32_t from; /* forks in front of that are looked at later anyway */
    size_t nfork, fork_cap, nway, way_cap, first, ntodo; /* todo: a ring of forks */
};
struct lp_fates_kept { struct lp_fates *v[MANY]; unsigned first, n; size_t words; }; /* a ring: the oldest one goes first */

static void free_work(struct lp_fates *x)
{
    free(x->fork), free(x->way), free(x->fork_of), free(x->way_to), free(x->todo), free(x->waits);
    x->fork = NULL, x->way = NULL, x->fork_of = x->way_to = x->todo = NULL, x->waits = NULL;
}

static void free_one(struct lp_fates *x)
{
    if (x) free_work(x), free(x->fate);
    free(x);
}

void lp_fates_free(struct lp_fates_kept *k)
{
    for (unsigned i = 0; k && i < k->n; i++) free_one(k->v[(k->first + i) % MANY]);
    free(k);
}

void lp_fates_forget(const struct lp_side *s)
{
    struct lp_fates_kept **k = lp_seen_fates(s);
    lp_fates_free(*k);
    *k = NULL;
}

/* ---- the ways ---- */

static bool add_way(struct lp_fates *x, struct fork *f, uint64_t to)
{
    f->out |= to < x->start || to > x->end; /* entries of a table may be the end, which stands for what cannot happen */
    if (to < x->start || to >= x->end) return true;
    struct way *v = lp_grow(x->way, &x->way_cap, x->nway, sizeof *v);
    if (!v) return false;
    x->way = v;
    const uint32_t k = (uint32_t)((to - x->start) / 4);
    v[x->nway] = (struct way){f->word, k, x->way_to[k]};
    x->way_to[k] = (uint32_t)++x->nway;
    return f->n++, true;
}

static bool add_fork(struct lp_fates *x, const struct fork *f)
{
    struct fork *v = lp_grow(x->fork, &x->fork_cap, x->nfork, sizeof *v);
    if (!v) return false;
    x->fork = v;
    v[x->nfork++] = *f;
    x->fork_of[f->word] = (uint32_t)x->nfork;
    return true;
}

/* The table of each BR: the first that says all that it leads to. */
static bool add_tables(struct lp_fates *x, const struct lp_side *s, const struct lp_atom *a)
{
    const struct lp_table_at *v = lp_tables_of_atom(s, a);
    for (uint32_t k = 0; k < a->ntable; k++) {
        const struct lp_flow_table *t = &v[k].t;
        const uint64_t at = t->br_at - x->start;
        if (t->offsets || !t->n || at >= x->end - x->start || x->fork_of[at / 4]) continue;
        struct fork f = {.word = (uint32_t)(at / 4), .way = (uint32_t)x->nway};
        const uint8_t *p = lp_table_bytes(s, t);
        f.out = !p;
        for (uint32_t i = 0; p && i < t->n; i++)
            if (!add_way(x, &f, lp_flow_table_target(t, p, i))) return false;
        if (!add_fork(x, &f)) return false;
    }
    return true;
}

static bool add_branches(struct lp_fates *x, const struct lp_words *code)
{
    for (uint32_t i = 0; i < x->nword; i++) {
        const uint64_t at = x->start + 4 * (uint64_t)i;
        const uint32_t w = lp_words_at(code, at);
        struct fork f = {.word = i, .way = (uint32_t)x->nway};
        uint64_t target;
        uint32_t field;
        if (!lp_word_is_branch(w) || lp_a64_is_bl(w) || !lp_word_target(w, at, &target, &field)) continue;
        f.out = target == x->end;
        if (!add_way(x, &f, target) || !add_fork(x, &f)) return false;
    }
    return true;
}

/* ---- what becomes of it: from what is behind a word (next; NULL: it is the last one) and where it branches to (there; out: not only there) ---- */

static uint32_t bit(unsigned reg) { return reg < 31 ? UINT32_C(1) << reg : 0; }

/* Of the registers that a word reads, those of which the address gets away there. */
static uint32_t gets_away(struct scan *x, uint64_t at, uint32_t w, const struct lp_seen_word *seen)
{
    struct lp_a64_access m;
    const uint32_t read = seen->regs.read & 0x7fffffff;
    if (!read) return 0;
    if (!lp_a64_access(seen->row, w, &m)) return adds_index(w) || lp_scan_has_address(x, at) ? 0 : read;
    const uint32_t base = bit(m.base), stored = m.store ? bit(m.rt) | bit(m.rt2) : 0;
    return m.writeback || !lp_scan_has_address(x, at) ? read : read & (~base | stored);
}

/* A word that ends a way, or has several. */
static bool fate_of_branch(const struct scan *x, uint64_t at, const struct lp_seen_word *seen, const struct lp_fate *next, const struct lp_fate *there,
                           bool out, struct lp_fate *f)
{
    const uint32_t w = seen->word;
    uint64_t target;
    uint32_t field;
    const uint32_t read = seen->regs.read & ALL;
    const bool br = lp_a64_is_br(w), branch = lp_word_is_branch(w) && !lp_a64_is_bl(w) && lp_word_target(w, at, &target, &field);
    if (seen->row != A64_UNDEFINED && (br || branch)) {
        *f = *there;
        for (unsigned k = 0; branch && !lp_a64_is_b(w) && next && k < LP_FATES; k++) f->is[k] |= next->is[k];
        f->is[LP_FATE_AWAY] |= read | (out || (branch && !lp_a64_is_b(w) && !next) ? ALL : 0);
        if (!branch || !lp_is_tail_call(x->s, x->a, w, target)) return true;
        const struct lp_callee c = lp_seen_callee(x->s, target);
        f->is[LP_FATE_AWAY] = read | ARGUMENTS | PRESERVED | (c.seen ? c.read & TEMPORARY : ALL);
        return true;
    }
    if (seen->row != A64_UNDEFINED && (!lp_a64_is_branch_reg(w) || lp_a64_is_blr(w))) return false;
    f->is[LP_FATE_AWAY] = lp_a64_is_ret(w) && seen->row != A64_UNDEFINED ? lp_scan_returned(x) | UINT32_C(1) << 30 : ALL;
    return true;
}

static void fate_of_call(const struct scan *x, uint64_t at, uint32_t w, uint32_t read, const struct lp_fate *next, struct lp_fate *f)
{
    uint64_t target;
    uint32_t field;
    struct lp_callee c = {.seen = !lp_a64_is_bl(w)};
    if (!c.seen && lp_word_target(w, at, &target, &field)) c = lp_seen_callee(x->s, target);
    for (unsigned k = 0; next && k < LP_FATES; k++) f->is[k] = kept(&c, next->is[k]);
    f->is[LP_FATE_AWAY] |= read | (ARGUMENTS & (c.whole ? c.read : ARGUMENTS)) | (c.seen ? c.read & TEMPORARY : ALL);
}

/* As step() and step_uses() go on, for each register by itself. */
static void fate_of(struct scan *x, uint64_t at, const struct lp_fate *next, const struct lp_fate *there, bool out, struct lp_fate *f)
{
    const uint32_t w = lp_words_at(&x->code, at);
    const struct lp_seen_word *seen = lp_seen_word(x->s, w);
    const uint32_t read = seen->regs.read & ALL, write = seen->regs.write & ALL;
    const struct lp_fate end = {.is[LP_FATE_AWAY] = ALL}, *y = next ? next : &end;
    const bool calls = lp_a64_is_call(w);
    if (!seen->leads && !((read | write) & ALL)) {
        *f = *y;
        return;
    }
    if (calls) {
        fate_of_call(x, at, w, read, next, f);
    } else if (!fate_of_branch(x, at, seen, next, there, out, f)) {
        const uint32_t to = moved(w), on = adds_index(w) ? lp_a64_rd_bit(w) : 0;
        for (unsigned k = 0; k < LP_FATES; k++) f->is[k] = (y->is[k] & ~write) | (y->is[k] & (k == LP_FATE_AWAY || k == LP_FATE_USED ? on : to) ? read : 0);
        f->is[LP_FATE_AWAY] |= gets_away(x, at, w, seen), f->is[LP_FATE_USED] |= read;
        const bool added = (w & 0xffc00000) == 0x8b000000;
        for (uint32_t left = read; left; left &= left - 1) {
            const uint32_t reg = left & -left;
            const unsigned use = lp_use_of(w, seen->row, reg);
            for (unsigned k = 0; k < LP_FATE_FREE; k++) f->is[k] |= use >> k & 1 ? reg : 0;
            if (use & INDEXED && !(added && reg == UINT32_C(1) << (w >> 5 & 31)) && !lp_scan_indexed(x, at)) f->is[LP_FATE_FREE] |= reg;
        }
    }
    if (!lp_scan_is_passed(x, at, 0)) return;
    for (uint32_t left = ALL; left; left &= left - 1) {
        const uint32_t reg = left & -left;
        for (unsigned k = 0; lp_scan_is_passed(x, at, reg) && k < LP_FATES; k++) f->is[k] = (f->is[k] & ~reg) | (y->is[k] & reg);
    }
}

/* ---- of all ---- */

static void wait_for(struct lp_fates *x, uint32_t fork)
{
    if (x->waits[fork] || x->fork[fork].word < x->from) return;
    x->waits[fork] = true;
    x->todo[(x->first + x->ntodo++) % x->nfork] = fork;
}

/* In front of this word, from what is behind it; true: that is more than was known. */
static bool look_at(struct lp_fates *x, uint32_t i, struct scan *scan)
{
    const struct fork *f = x->fork_of[i] ? &x->fork[x->fork_of[i] - 1] : NULL;
    struct lp_fate there = {{0}}, fate = {{0}};
    for (uint32_t k = 0; f && k < f->n; k++)
        for (unsigned m = 0; m < LP_FATES; m++) there.is[m] |= x->fate[x->way[f->way + k].to].is[m];
    fate_of(scan, x->start + 4 * (uint64_t)i, i + 1 < x->nword ? &x->fate[i + 1] : NULL, &there, !f || f->out, &fate);
    if (memcmp(&fate, &x->fate[i], sizeof fate) == 0) return false;
    x->fate[i] = fate;
    for (uint32_t k = x->way_to[i]; k; k = x->way[k - 1].behind) wait_for(x, x->fork_of[x->way[k - 1].from] - 1);
    return true;
}

/* From the end to the start, and again where a branch leads back to what was not known then. */
static void go_back(struct lp_fates *x, struct scan *scan)
{
    for (uint32_t i = x->nword; i-- > 0;) {
        x->from = i;
        look_at(x, i, scan);
    }
    while (x->ntodo) {
        const uint32_t fork = x->todo[x->first];
        x->first = (x->first + 1) % x->nfork, x->ntodo--;
        x->waits[fork] = false;
        for (uint32_t i = x->fork[fork].word; look_at(x, i, scan) && i > 0;) i--;
    }
}

static struct lp_fates *make_fates(const struct lp_side *s, uint32_t atom, struct scan *scan)
{
    const struct lp_atom *a = &s->atom[atom];
    const struct lp_words code = lp_words_of(s, atom);
    struct lp_fates *x = calloc(1, sizeof *x);
    if (!x) return NULL;
    x->start = a->start, x->end = a->end, x->ref = lp_refs_of_atom(s, a), x->nref = a->nref, x->nword = (uint32_t)((a->end - a->start) / 4);
    x->fate = calloc(x->nword + 1, sizeof *x->fate);
    x->fork_of = calloc(x->nword + 1, sizeof *x->fork_of), x->way_to = calloc(x->nword + 1, sizeof *x->way_to);
    bool good = x->fate && x->fork_of && x->way_to && add_tables(x, s, a) && add_branches(x, &code);
    if (good) x->todo = malloc((x->nfork + 1) * sizeof *x->todo), x->waits = calloc(x->nfork + 1, sizeof *x->waits);
    good = good && x->todo && x->waits;
    if (good) go_back(x, scan);
    free_work(x);
    if (good) return x;
    free_one(x);
    return NULL;
}

static void keep(struct lp_fates_kept *k, struct lp_fates *x)
{
    while (k->n == MANY || (k->n && k->words + x->nword > MOST)) {
        struct lp_fates *oldest = k->v[k->first];
        k->first = (k->first + 1) % MANY, k->n--, k->words -= oldest->nword;
        free_one(oldest);
    }
    k->v[(k->first + k->n++) % MANY] = x, k->words += x->nword;
}

const struct lp_fate *lp_fates_of(const struct lp_side *s, uint32_t atom, bool make)
{
    const struct lp_atom *a = &s->atom[atom];
    struct lp_fates_kept **k = lp_seen_fates(s);
    if (a->end - a->start < 4 * LARGE) return NULL;
    if (!*k && (!make || !(*k = calloc(1, sizeof **k)))) return NULL;
    for (unsigned i = (*k)->n; i-- > 0;) {
        const struct lp_fates *x = (*k)->v[((*k)->first + i) % MANY];
        if (x->start == a->start && x->end == a->end && x->ref == lp_refs_of_atom(s, a) && x->nref == a->nref) return x->fate;
    }
    struct scan *scan = make ? lp_scan_new(s, atom) : NULL;
    struct lp_fates *x = scan ? make_fates(s, atom, scan) : NULL;
    free(scan);
    if (!x) return NULL;
    keep(*k, x);
    return x->fate;
}
