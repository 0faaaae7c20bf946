/* diff/seen.c - words and functions that were looked at, and what they do with registers: walks through code (anchor.c) come by the same ones again and
 * again. */
#include <config.h>
#include "diff/seen.h"
#include "a64/a64.h"

#include <stdlib.h>

enum { WORDS_BITS = 11, CALLEES_BITS = 8 };
struct lp_seen {
    struct lp_seen_word word[1 << WORDS_BITS];
    struct { uint64_t to; bool there; struct lp_callee is; } callee[1 << CALLEES_BITS];
    uint32_t *users;
    struct lp_search *search;
};

struct lp_seen *lp_seen_new(void) { return calloc(1, sizeof(struct lp_seen)); }

void lp_seen_free(struct lp_seen *seen)
{
    if (seen) free(seen->users), lp_search_free(seen->search);
    free(seen);
}

uint32_t **lp_seen_users(const struct lp_side *s) { return &s->seen->users; }
struct lp_search **lp_seen_search(const struct lp_side *s) { return &s->seen->search; }

const struct lp_seen_word *lp_seen_word(const struct lp_side *s, uint32_t w)
{
    struct lp_seen_word *x = &s->seen->word[w * UINT32_C(0x9e3779b1) >> (32 - WORDS_BITS)];
    if (x->there && x->word == w) return x;
    const unsigned row = lp_a64_find(w, LP_A64_ALL);
    const bool leads = row == A64_UNDEFINED || lp_word_is_branch(w) || (w & 0xfe000000) == 0xd6000000;
    *x = (struct lp_seen_word){w, lp_a64_regs(row, w), (uint16_t)row, true, leads};
    return x;
}

static struct lp_callee look_at(const struct lp_side *s, uint64_t to)
{
    const uint32_t i = lp_side_atom(s, to);
    struct lp_callee c = {.seen = i != LP_NONE};
    if (!c.seen || s->atom[i].kind == LP_ATOM_PLT) return c;
    const struct lp_words code = lp_words_of(s, i);
    for (uint64_t at = to; at < s->atom[i].end && !c.whole; at += 4) {
        const uint32_t w = lp_words_at(&code, at);
        const struct lp_a64_regs r = lp_seen_word(s, w)->regs;
        c.read |= r.read & ~c.write;
        c.whole = (w & 0xfffffc1f) == 0xd65f0000;
        if (lp_word_is_branch(w) || (w & 0xfe000000) == 0xd6000000) break;
        c.write |= r.write;
    }
    return c;
}

struct lp_callee lp_seen_callee(const struct lp_side *s, uint64_t target)
{
    const size_t k = (uint32_t)(target >> 2) * UINT32_C(0x9e3779b1) >> (32 - CALLEES_BITS);
    if (s->seen->callee[k].there && s->seen->callee[k].to == target) return s->seen->callee[k].is;
    const struct lp_callee c = look_at(s, lp_side_through(s, target));
    s->seen->callee[k].to = target, s->seen->callee[k].there = true, s->seen->callee[k].is = c;
    return c;
}
