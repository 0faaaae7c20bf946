/* diff/side/seen.c - words and functions that were looked at, and what they do with registers: walks through code (scan.c) come by the same ones again and
 * again. */
#include <config.h>
#include "diff/side/code.h"
#include "diff/side/seen.h"
#include "a64/a64.h"
#include "base/search.h"
#include "base/sort.h"

#include <stdlib.h>

enum { WORDS_BITS = 11, CALLEES_BITS = 8 };
struct lp_seen {
    struct lp_seen_word word[1 << WORDS_BITS];
    struct seen_callee { uint64_t to; bool there, asked, stops; struct lp_callee is; } callee[1 << CALLEES_BITS];
    struct lp_seen_jump { uint64_t start, end; bool is; } jump[1 << CALLEES_BITS];
    uint32_t *users;
    struct lp_search *search;
    struct lp_steps *steps;
    struct lp_fates_kept *fates;
    struct lp_seen_places places;
    struct lp_seen_back back;
    struct lp_seen_text text;
    struct lp_seen_frame frame;
    uint32_t *told[LP_SEEN_QUESTIONS][LP_SEEN_UNKNOWN]; /* of each answer, a bit of each word of the text */
    struct { const struct lp_ref_at *ref; uint64_t *addr; uint32_t n; } into; /* of a function with many: where its references lead, in order */
};

struct lp_seen *lp_seen_new(void) { return calloc(1, sizeof(struct lp_seen)); }

void lp_seen_free(struct lp_seen *seen)
{
    if (!seen) return;
    lp_steps_free(seen->steps), lp_search_free(seen->search), lp_fates_free(seen->fates);
    free(seen->users), free(seen->into.addr), free(seen->places.place), free(seen->back.v);
    for (unsigned k = 0; k < LP_SEEN_QUESTIONS; k++) free(seen->told[k][LP_SEEN_NO]), free(seen->told[k][LP_SEEN_YES]);
    free(seen);
}

uint32_t **lp_seen_users(const struct lp_side *s) { return &s->seen->users; }
struct lp_search **lp_seen_search(const struct lp_side *s) { return &s->seen->search; }
struct lp_steps **lp_seen_steps(const struct lp_side *s) { return &s->seen->steps; }
struct lp_seen_places *lp_seen_places(const struct lp_side *s) { return &s->seen->places; }
struct lp_seen_back *lp_seen_back(const struct lp_side *s) { return &s->seen->back; }
struct lp_seen_frame *lp_seen_frame(const struct lp_side *s) { return &s->seen->frame; }
struct lp_seen_text *lp_seen_text(const struct lp_side *s) { return &s->seen->text; }
struct lp_fates_kept **lp_seen_fates(const struct lp_side *s) { return &s->seen->fates; }

const struct lp_seen_word *lp_seen_word(const struct lp_side *s, uint32_t w)
{
    struct lp_seen_word *x = &s->seen->word[w * UINT32_C(0x9e3779b1) >> (32 - WORDS_BITS)];
    if (x->there && x->word == w) return x;
    const unsigned row = lp_a64_find(w, LP_A64_ALL);
    const bool leads = row == A64_UNDEFINED || lp_word_is_branch(w) || lp_a64_is_branch_reg(w);
    *x = (struct lp_seen_word){w, lp_a64_regs(row, w), (uint16_t)row, true, leads};
    return x;
}

/* Of the text; SIZE_MAX: another place. */
static size_t word_of_text(const struct lp_side *s, uint64_t at)
{
    const struct lp_span *x = s->nspan ? &s->span[s->text] : NULL;
    return x && at - x->start < x->end - x->start ? (size_t)((at - x->start) / 4) : SIZE_MAX;
}

static bool is_told(const uint32_t *v, size_t i) { return v && v[i / 32] >> i % 32 & 1; }

enum lp_seen_answer lp_seen_of(const struct lp_side *s, uint64_t at, enum lp_seen_question what)
{
    uint32_t *const *v = s->seen->told[what];
    const size_t i = v[LP_SEEN_NO] || v[LP_SEEN_YES] ? word_of_text(s, at) : SIZE_MAX;
    if (i == SIZE_MAX) return LP_SEEN_UNKNOWN;
    return is_told(v[LP_SEEN_NO], i) ? LP_SEEN_NO : is_told(v[LP_SEEN_YES], i) ? LP_SEEN_YES : LP_SEEN_UNKNOWN;
}

void lp_seen_tell(const struct lp_side *s, uint64_t at, enum lp_seen_question what, enum lp_seen_answer is)
{
    const size_t i = is == LP_SEEN_UNKNOWN ? SIZE_MAX : word_of_text(s, at);
    if (i == SIZE_MAX) return;
    uint32_t **v = &s->seen->told[what][is];
    if (!*v) *v = calloc((size_t)((s->span[s->text].end - s->span[s->text].start) / 128 + 1), sizeof **v);
    if (*v) (*v)[i / 32] |= UINT32_C(1) << i % 32;
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
        c.whole = lp_a64_is_ret(w);
        if (lp_word_is_branch(w) || lp_a64_is_branch_reg(w)) break;
        c.write |= r.write;
    }
    return c;
}

static struct seen_callee *callee_at(const struct lp_side *s, uint64_t target)
{
    struct seen_callee *c = &s->seen->callee[(uint32_t)(target >> 2) * UINT32_C(0x9e3779b1) >> (32 - CALLEES_BITS)];
    if (!c->there || c->to != target) *c = (struct seen_callee){.to = target, .there = true, .is = look_at(s, lp_side_through(s, target))};
    return c;
}

struct lp_callee lp_seen_callee(const struct lp_side *s, uint64_t target) { return callee_at(s, target)->is; }

/* No return, no jump elsewhere: its last word is a call that does not come back, or a branch to a place in it. */
static bool has_no_way_out(const struct lp_side *s, uint64_t to)
{
    const uint32_t i = lp_side_start(s, to);
    const struct lp_atom *a = i == LP_NONE || s->atom[i].kind != LP_ATOM_FUNC ? NULL : &s->atom[i];
    const struct lp_words code = a ? lp_words_of(s, i) : (struct lp_words){.s = s};
    uint32_t w = 0, mask;
    for (uint64_t at = to, there; a && at < a->end; at += 4) {
        w = lp_words_at(&code, at);
        if (lp_a64_is_branch_reg(w) && !lp_a64_is_call(w)) return false;
        if (lp_word_is_branch(w) && !lp_a64_is_bl(w) && lp_word_target(w, at, &there, &mask) && there - a->start >= a->end - a->start) return false;
    }
    return a && (lp_a64_is_call(w) || lp_a64_is_b(w));
}

bool lp_seen_stops(const struct lp_side *s, uint64_t target)
{
    struct seen_callee *c = callee_at(s, target);
    if (!c->asked) c->asked = true, c->stops = has_no_way_out(s, lp_side_through(s, target));
    return c->stops;
}

static bool has_jump(const struct lp_side *s, const struct lp_atom *a)
{
    const struct lp_words code = lp_words_of(s, (uint32_t)(a - s->atom));
    for (uint64_t at = a->start; at + 4 <= a->end; at += 4) {
        const uint32_t w = lp_words_at(&code, at);
        if (lp_a64_is_br(w) || (w & 0xfffff800) == 0xd71f0800 || (w & 0xfffff800) == 0xd61f0800) return true; /* BR, BRAA .., BRAAZ .. */
    }
    return false;
}

bool lp_seen_jumps(const struct lp_side *s, const struct lp_atom *a)
{
    struct lp_seen_jump *x = &s->seen->jump[(uint32_t)(a->start >> 2) * UINT32_C(0x9e3779b1) >> (32 - CALLEES_BITS)];
    if (!x->end || x->start != a->start || x->end != a->end) *x = (struct lp_seen_jump){a->start, a->end, has_jump(s, a)};
    return x->is;
}

/* The addresses of the references of a function, in order; NULL: no memory. */
static const uint64_t *all_into(const struct lp_side *s, const struct lp_ref_at *ref, uint32_t n)
{
    struct lp_seen *x = s->seen;
    if (x->into.addr && x->into.ref == ref && x->into.n == n) return x->into.addr;
    free(x->into.addr);
    x->into.addr = malloc(n * sizeof *x->into.addr);
    x->into.ref = ref, x->into.n = n;
    for (uint32_t i = 0; x->into.addr && i < n; i++) x->into.addr[i] = ref[i].addr;
    if (x->into.addr) lp_sort_numbers(x->into.addr, n);
    return x->into.addr;
}

bool lp_refers_into(const struct lp_side *s, uint32_t self, const struct lp_atom *x)
{
    enum { MANY = 64 };
    const uint32_t n = self == LP_NONE ? 0 : s->atom[self].nref;
    const struct lp_ref_at *r = n ? lp_refs_of_atom(s, &s->atom[self]) : NULL;
    const uint64_t *v = n > MANY ? all_into(s, r, n) : NULL;
    const size_t first = v ? lp_count_below(v, n, sizeof *v, x->start) : 0;
    if (v) return first < n && v[first] < x->end;
    for (uint32_t i = 0; i < n; i++)
        if (r[i].addr >= x->start && r[i].addr < x->end) return true;
    return false;
}
