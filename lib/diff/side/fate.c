/* diff/side/fate.c - of each register in front of each word of a function, what becomes of an address that is there, by going backwards through all of it once:
 * a walk from each word that makes an address (scan.c) would be as long as the function, for each of them. */
#include <config.h>
#include "diff/side/code.h"
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

/* What a word makes of the fates behind it: those that it keeps; those of the register `to`, which are what it reads then has, too; and its own, whatever
 * comes. added: `to` is more than moved, which counts for fates of that kind alone. leaves: where it branches to is another function. */
struct effect { uint32_t keep, read, to, add[LP_FATES]; bool added, leaves; };

struct lp_fates {
    const struct lp_ref_at *ref; /* with the atom, says what this is of */
    uint64_t start, end;
    uint32_t nref, nword;
    struct lp_fate *fate;
    struct effect *effect;
    struct fork *fork;
    struct way *way;
    uint32_t *fork_of, *way_to; /* of each word: the fork that it is, the last way that leads to it; indices + 1 */
    bool *waits; /* of each word, while they are made: what is behind it, or where it branches to, has become more */
    size_t nfork, fork_cap, nway, way_cap;
};
struct lp_fates_kept { struct lp_fates *v[MANY]; unsigned first, n; size_t words; }; /* a ring: the oldest one goes first */

static void free_work(struct lp_fates *x)
{
    free(x->fork), free(x->way), free(x->fork_of), free(x->way_to), free(x->waits), free(x->effect);
    x->effect = NULL, x->fork = NULL, x->way = NULL, x->fork_of = x->way_to = NULL, x->waits = NULL;
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

/* The last word has nothing behind it: there, the address gets away. */
static const struct lp_fate lost = {.is[LP_FATE_AWAY] = ALL};

/* A word that ends a way, or has several. */
static bool effect_of_branch(const struct scan *x, uint64_t at, const struct lp_seen_word *seen, bool last, bool out, struct effect *e)
{
    const uint32_t w = seen->word;
    uint64_t target;
    uint32_t field;
    const uint32_t read = seen->regs.read & ALL;
    const bool br = lp_a64_is_br(w), branch = lp_word_is_branch(w) && !lp_a64_is_bl(w) && lp_word_target(w, at, &target, &field);
    if (seen->row != A64_UNDEFINED && (br || branch)) {
        const bool both = branch && !lp_a64_is_b(w);
        e->keep = both && !last ? ALL : 0;
        e->add[LP_FATE_AWAY] = read | (out || (both && last) ? ALL : 0);
        if (!branch || !lp_is_tail_call(x->s, x->a, w, target)) return true;
        const struct lp_callee c = lp_seen_callee(x->s, target);
        e->add[LP_FATE_AWAY] = read | ARGUMENTS | PRESERVED | (c.seen ? c.read & TEMPORARY : ALL);
        return e->leaves = true;
    }
    if (seen->row != A64_UNDEFINED && (!lp_a64_is_branch_reg(w) || lp_a64_is_blr(w))) return false;
    e->add[LP_FATE_AWAY] = lp_a64_is_ret(w) && seen->row != A64_UNDEFINED ? lp_scan_returned(x) | UINT32_C(1) << 30 : ALL;
    return true;
}

static void effect_of_call(const struct scan *x, uint64_t at, uint32_t w, uint32_t read, bool last, struct effect *e)
{
    uint64_t target;
    uint32_t field;
    struct lp_callee c = {.seen = !lp_a64_is_bl(w)};
    if (!c.seen && lp_word_target(w, at, &target, &field)) c = lp_seen_callee(x->s, target);
    e->keep = last ? 0 : kept(&c, ALL);
    e->add[LP_FATE_AWAY] = read | (ARGUMENTS & (c.whole ? c.read : ARGUMENTS)) | (c.seen ? c.read & TEMPORARY : ALL);
}

/* A word that goes on in the next one. */
static void effect_of_step(struct scan *x, uint64_t at, const struct lp_seen_word *seen, struct effect *e)
{
    const uint32_t w = seen->word, read = seen->regs.read & ALL;
    const bool added = (w & 0xffc00000) == 0x8b000000;
    e->keep = ALL & ~seen->regs.write, e->read = read;
    e->added = adds_index(w), e->to = e->added ? lp_a64_rd_bit(w) : moved(w);
    e->add[LP_FATE_AWAY] = gets_away(x, at, w, seen), e->add[LP_FATE_USED] = read;
    for (uint32_t left = read; left; left &= left - 1) {
        const uint32_t reg = left & -left;
        const unsigned use = lp_use_of(w, seen->row, reg);
        for (unsigned k = 0; k < LP_FATE_FREE; k++) e->add[k] |= use >> k & 1 ? reg : 0;
        if (use & INDEXED && !(added && reg == UINT32_C(1) << (w >> 5 & 31)) && !lp_scan_indexed(x, at)) e->add[LP_FATE_FREE] |= reg;
    }
}

/* What a call that finds a thread-local variable leaves alone has the fate that it has behind that. */
static void pass(const struct scan *x, uint64_t at, struct effect *e)
{
    uint32_t passed = 0;
    for (uint32_t left = ALL; left; left &= left - 1) passed |= lp_scan_is_passed(x, at, left & -left) ? left & -left : 0;
    e->keep |= passed, e->read &= ~passed;
    for (unsigned k = 0; k < LP_FATES; k++) e->add[k] &= ~passed;
}

/* As step() and step_uses() go on, for each register by itself. out: it does not only branch to what is known. */
static void effect_of(struct scan *x, uint64_t at, bool last, bool out, struct effect *e)
{
    const uint32_t w = lp_words_at(&x->code, at);
    const struct lp_seen_word *seen = lp_seen_word(x->s, w);
    *e = (struct effect){.keep = 0};
    if (lp_seen_passes(seen, ALL)) {
        e->keep = ALL;
        return;
    }
    if (lp_a64_is_call(w)) effect_of_call(x, at, w, seen->regs.read & ALL, last, e);
    else if (!effect_of_branch(x, at, seen, last, out, e)) effect_of_step(x, at, seen, e);
    if (lp_scan_is_passed(x, at, 0)) pass(x, at, e);
}

/* From what is behind the word. */
static void fate_of(const struct effect *e, const struct lp_fate *next, struct lp_fate *f)
{
    for (unsigned k = 0; k < LP_FATES; k++) f->is[k] = (next->is[k] & e->keep) | e->add[k];
    for (unsigned k = 0; e->to && k < LP_FATES; k++)
        if (next->is[k] & e->to && e->added == (k == LP_FATE_AWAY || k == LP_FATE_USED)) f->is[k] |= e->read;
}

/* ---- of all ---- */

static void add(struct lp_fate *f, const struct lp_fate *more)
{
    for (unsigned k = 0; k < LP_FATES; k++) f->is[k] |= more->is[k];
}

/* In front of this word, from what is behind it; true: that is more than was known. */
static bool look_at(struct lp_fates *x, uint32_t i)
{
    const struct fork *f = x->fork_of[i] ? &x->fork[x->fork_of[i] - 1] : NULL;
    struct lp_fate fate;
    fate_of(&x->effect[i], i + 1 < x->nword ? &x->fate[i + 1] : &lost, &fate);
    for (uint32_t k = 0; f && k < f->n; k++) add(&fate, &x->fate[x->way[f->way + k].to]);
    if (x->effect[i].leaves) fate.is[LP_FATE_AWAY] = x->effect[i].add[LP_FATE_AWAY];
    if (memcmp(&fate, &x->fate[i], sizeof fate) == 0) return false;
    x->fate[i] = fate;
    return true;
}

/* Words that wait to be looked at: so many in front of `at`, which this sweep comes to; and others, the last of which is in front of `end`. */
struct sweep { uint32_t at, n, others, end; };

static void wait_for(struct lp_fates *x, struct sweep *w, uint32_t i)
{
    if (x->waits[i]) return;
    x->waits[i] = true;
    if (i < w->at) w->n++;
    else w->others++, w->end = i < w->end ? w->end : i + 1;
}

/* From the end to the start, and again from where a branch leads back to what was not known then. */
static void go_back(struct lp_fates *x)
{
    struct sweep w = {.others = x->nword, .end = x->nword};
    memset(x->waits, true, x->nword);
    while (w.others)
        for (w = (struct sweep){.at = w.end, .n = w.others}; w.n;) {
            const uint32_t i = --w.at;
            if (!x->waits[i]) continue;
            x->waits[i] = false, w.n--;
            if (!look_at(x, i)) continue;
            if (i) wait_for(x, &w, i - 1);
            for (uint32_t k = x->way_to[i]; k; k = x->way[k - 1].behind) wait_for(x, &w, x->way[k - 1].from);
        }
}

static struct lp_fates *make_fates(const struct lp_side *s, uint32_t atom, struct scan *scan)
{
    const struct lp_atom *a = &s->atom[atom];
    const struct lp_words code = lp_words_of(s, atom);
    struct lp_fates *x = calloc(1, sizeof *x);
    if (!x) return NULL;
    x->start = a->start, x->end = a->end, x->ref = lp_refs_of_atom(s, a), x->nref = a->nref, x->nword = (uint32_t)((a->end - a->start) / 4);
    x->fate = calloc(x->nword + 1, sizeof *x->fate), x->effect = malloc((x->nword + 1) * sizeof *x->effect);
    x->fork_of = calloc(x->nword + 1, sizeof *x->fork_of), x->way_to = calloc(x->nword + 1, sizeof *x->way_to);
    x->waits = malloc(x->nword + 1);
    const bool good = x->fate && x->effect && x->fork_of && x->way_to && x->waits && add_tables(x, s, a) && add_branches(x, &code);
    if (good) {
        for (uint32_t i = 0; i < x->nword; i++)
            effect_of(scan, x->start + 4 * (uint64_t)i, i + 1 == x->nword, !x->fork_of[i] || x->fork[x->fork_of[i] - 1].out, &x->effect[i]);
        go_back(x);
    }
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
