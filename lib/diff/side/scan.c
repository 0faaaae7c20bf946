/* diff/side/scan.c - a walk through a function, along all ways on which registers have an address; what it looks for is in anchor.c, uses.c and handed.c. */
#include <config.h>
#include "diff/side/code.h"
#include "diff/side/scan.h"
#include "a64/a64.h"
#include "flow/fop.h"

#include <stdlib.h>
#include <string.h>

struct scan *lp_scan_new(const struct lp_side *s, uint32_t atom)
{
    struct scan *x = malloc(sizeof *x);
    if (!x) return NULL;
    memset(x, 0, offsetof(struct scan, todo));
    x->s = s, x->a = &s->atom[atom], x->code = lp_words_of(s, atom), x->stops.array = LP_NONE;
    return x;
}

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

bool lp_scan_branch(struct scan *x, uint64_t target, bool both, uint32_t mask)
{
    const uint64_t next = x->at + 4;
    x->mask = 0;
    return lp_scan_push(x, target, mask) && (!both || lp_scan_push(x, next, mask));
}

/* (The end of the function stands for what cannot happen.) */
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

/* The first reference of this word or of one behind it. (Mostly the word is beside the one that was asked for last.) */
uint32_t lp_scan_ref(struct scan *x, uint64_t at)
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
    const uint32_t k = lp_scan_ref(x, at);
    const struct lp_ref_at *r = &lp_refs_of_atom(x->s, x->a)[k];
    return k < x->a->nref && r->at == at && r->kind == LP_FLOW_ADDR && !(r->flags & (LP_FLOW_STEPS | LP_FLOW_MAYBE));
}

const struct lp_ref_at *lp_scan_indexed(struct scan *x, uint64_t at)
{
    const uint32_t k = lp_scan_ref(x, at);
    const struct lp_ref_at *r = &lp_refs_of_atom(x->s, x->a)[k];
    if (k == x->a->nref || r->at != at || r->kind != LP_FLOW_ADDR || r->flags != LP_FLOW_INDEXED) return NULL;
    return k + 1 == x->a->nref || r[1].at != at ? r : NULL;
}

/* Does a function read one of these registers as it finds it, though none is an argument? Code that was moved out of several functions does. */
bool lp_scan_takes(const struct lp_callee *c, uint32_t mask) { return !c->seen || c->read & mask & TEMPORARY; }

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

/* A call that finds a thread-local variable: the address is elsewhere meanwhile, and stays there. */
bool lp_scan_is_passed(const struct scan *x, uint64_t at, uint32_t mask)
{
    struct lp_fop op;
    const uint64_t off = at - x->code.at;
    return off < x->code.len && lp_fop_finds_tls(x->code.p + off, off / 4, &op) && !(op.write & mask);
}
