/* diff/side/steps.c - pointers that go through an array, step by step. Where they stop, or start, they need not be in the array: what goes through a field of
 * structures stops as far behind the array as the field is in a structure, and what goes back stops in front of it. So the address is one of the array,
 * whatever else is there. So is what an index is added to that is below 0 all the time. */
#include <config.h>
#include "diff/side/code.h"
#include "diff/side/data.h"
#include "diff/side/scan.h"
#include "diff/side/walk.h"
#include "a64/access.h"
#include "base/buf.h"
#include "base/search.h"

#include <stdlib.h>

/* A pointer is `from` at first, and moved on `by` so many bytes, in this register, by the word `at`; first: before anything is read there. */
struct step { uint64_t from, at; int64_t by; unsigned reg; bool first; };
/* Those of the function that was asked for last: whose references these are. */
struct lp_steps { const struct lp_ref_at *ref; uint32_t nref; struct step *v; size_t n, cap; };

void lp_steps_free(struct lp_steps *x)
{
    if (x) free(x->v);
    free(x);
}

static bool step_of(const struct lp_side *s, const struct lp_ref_at *r, struct step *out)
{
    const uint32_t w = r->kind == LP_FLOW_ADDR && r->flags & LP_FLOW_STEPS ? lp_code_word(s, r->at) : 0;
    struct lp_a64_access m;
    int64_t off;
    if (!w) return false;
    if (lp_a64_is_add_sub_imm(w)) {
        if (!lp_word_offset(w, &off) || (w & 31) == 31) return false;
        *out = (struct step){r->addr - (uint64_t)off, r->at, off, w & 31, false};
        return off != 0;
    }
    if (!lp_a64_access(lp_a64_find(w, LP_A64_ALL), w, &m) || !m.writeback || m.base >= 31 || m.back_by != LP_A64_NO_REG) return false;
    *out = (struct step){r->addr - (uint64_t)m.off, r->at, m.back, m.base, m.off != 0}; /* first: it is moved on in front of the access */
    return m.back != 0;
}

static bool is_datum(const struct lp_atom *a) { return a->kind == LP_ATOM_OBJECT || (a->kind == LP_ATOM_PIECE && a->used); }

/* The first address that is in the array. */
static uint64_t first_of(const struct step *t) { return t->from + (t->first ? (uint64_t)t->by : 0); }

/* Does it go backwards through data without names? Then it begins in the middle of what is cut there, if no more is known. */
static bool is_back(const struct lp_side *s, const struct step *t) { return t->by < 0 && !s->objects; }

/* The array; LP_NONE: none is known. */
static uint32_t array_of(const struct lp_side *s, const struct step *t)
{
    const uint32_t i = lp_side_atom(s, first_of(t));
    return i != LP_NONE && (is_datum(&s->atom[i]) || (is_back(s, t) && s->atom[i].kind == LP_ATOM_PIECE)) ? i : LP_NONE;
}

/* The array, as it is from there on. */
static struct lp_stepped stepped(const struct lp_side *s, const struct step *t, uint32_t array)
{
    return (struct lp_stepped){array, is_back(s, t) ? s->atom[array].start : first_of(t)};
}

/* Is the address outside of the array, and no step away from it? */
static bool is_beside(const struct lp_atom *a, uint64_t addr, int64_t by)
{
    const uint64_t step = (uint64_t)(by < 0 ? -by : by);
    return addr < a->start ? a->start - addr <= step : addr > a->end && addr - a->end < step;
}

/* Does the pointer get there? */
static bool gets_to(const struct step *t, uint64_t addr) { return (addr > t->from) == (t->by > 0) && (int64_t)(addr - t->from) % t->by == 0; }

/* The array beside which it starts, or else stops, at this address; LP_NONE: it does not. (In front of data without a name, the first element may be. What
 * goes backwards through such may start, or stop, in its middle.) */
static uint32_t passes(const struct lp_side *s, const struct step *t, uint64_t addr, bool start)
{
    const bool behind = (t->by > 0) != start, may = start ? t->first && addr == t->from && (behind || s->objects) : gets_to(t, addr);
    const uint32_t i = may || (start && is_back(s, t) && addr == t->from) ? array_of(s, t) : LP_NONE;
    if (i != LP_NONE && is_back(s, t) && lp_is_within(s, i, addr)) return i;
    return i != LP_NONE && may && behind == (addr > s->atom[i].end) && is_beside(&s->atom[i], addr, t->by) ? i : LP_NONE;
}

enum { NEAR = 4, EQ = 0, NE = 1 }; /* words behind a comparison where its branch is; conditions */

/* Is what this word compares asked for being equal? */
static bool is_until_equal(const struct lp_words *code, uint64_t at)
{
    unsigned i = 1;
    while (i < NEAR && !lp_a64_is_b_cond(lp_words_at(code, at + 4 * i))) i++;
    const uint32_t w = lp_words_at(code, at + 4 * i);
    return lp_a64_is_b_cond(w) && (w & 15) <= NE;
}

/* NULL: no memory. */
static const struct lp_steps *steps_of(const struct lp_side *s, const struct lp_atom *f)
{
    struct lp_steps **kept = lp_seen_steps(s), *x = *kept;
    const struct lp_ref_at *ref = lp_refs_of_atom(s, f);
    struct step t;
    if (!x && !(*kept = x = calloc(1, sizeof *x))) return NULL;
    if (x->ref == ref && x->nref == f->nref) return x;
    x->ref = ref, x->nref = f->nref, x->n = 0;
    for (uint32_t k = 0; k < f->nref; k++) {
        if (!step_of(s, &ref[k], &t)) continue;
        struct step *v = lp_grow(x->v, &x->cap, x->n, sizeof *v);
        if (!v) return x->ref = NULL, NULL;
        x->v = v, v[x->n++] = t;
    }
    return x;
}

/* In which registers a word leaves what one had, and a number more: ADD, or an access that moves its base on. */
static uint32_t moves_on(uint32_t w)
{
    struct lp_a64_access m;
    const bool back = lp_a64_access(lp_a64_find(w, LP_A64_ALL), w, &m) && m.writeback && m.base < 31;
    return moved(w) | (back ? UINT32_C(1) << m.base : 0);
}

/* In which registers such words, again and again, make of an address in the array that ends there what comes to its end. */
static uint32_t steps_to(const struct lp_side *s, const struct lp_atom *f, uint64_t end)
{
    const uint32_t i = lp_side_atom(s, end - 1);
    const struct lp_ref_at *r = lp_refs_of_atom(s, f);
    uint32_t regs = 0;
    for (uint32_t k = 0; i != LP_NONE && k < f->nref; k++) {
        const bool inner = r[k].kind == LP_FLOW_ADDR && r[k].flags & LP_FLOW_STEPS && r[k].addr >= s->atom[i].start && r[k].addr <= end;
        if (inner) regs |= moves_on(lp_code_word(s, r[k].at));
    }
    return regs;
}

bool lp_stops_at(const struct lp_side *s, const struct lp_atom *f, uint64_t addr, unsigned reg, struct lp_stepped *out)
{
    if (mask_has(steps_to(s, f, addr), reg)) return true;
    const struct lp_steps *x = steps_of(s, f);
    for (size_t k = 0; x && k < x->n; k++) {
        const uint32_t i = x->v[k].reg == reg ? passes(s, &x->v[k], addr, false) : LP_NONE;
        if (i != LP_NONE) return *out = stepped(s, &x->v[k], i), true;
    }
    return false;
}

/* The array in front of which the address is that a word makes by SUB of the array's own: a loop backwards stops there, or would have. LP_NONE: there is
 * none. (What is behind an address may as well be another thing: GCC reaches several from one. In front of its section anchors, which are so far from one
 * another, it reaches some, too.) */
static uint32_t made_in_front(const struct lp_side *s, const struct lp_atom *f, uint64_t at, uint64_t addr)
{
    enum { ANCHORS = 4352 };
    const uint32_t w = lp_code_word(s, at);
    unsigned n;
    int64_t off;
    if (!lp_a64_is_add_sub_imm(w) || !lp_word_offset(w, &off) || off >= 0) return LP_NONE;
    const struct lp_ref_at *r = lp_refs_at(s, f, at, &n);
    const bool known = n == 1 && r->kind == LP_FLOW_ADDR && !r->width && !(r->flags & ~LP_FLOW_ALONE);
    const uint32_t i = known ? lp_side_start(s, addr - (uint64_t)off) : LP_NONE;
    if (i == LP_NONE || !is_datum(&s->atom[i])) return LP_NONE;
    return s->atom[i].start - s->span[s->atom[i].span].start < ANCHORS || lp_side_start(s, addr) == LP_NONE ? i : LP_NONE;
}

/* ---- indices below 0 ---- */

enum { AROUND = 64 }; /* words */
#define NOWHERE UINT64_MAX

/* The loop around this word, as far as it is seen: from where the first branch behind it goes that leads back over it, to behind that. */
static bool loop_around(const struct lp_words *code, const struct lp_atom *f, uint64_t at, uint64_t *start, uint64_t *end)
{
    uint32_t field;
    for (uint64_t pc = at; pc < f->end && pc - at <= 4 * AROUND; pc += 4) {
        const uint32_t w = lp_words_at(code, pc);
        const bool branch = lp_word_is_branch(w) && !lp_a64_is_bl(w) && lp_word_target(w, pc, start, &field);
        if (branch && *start <= at && *start >= f->start) return *end = pc + 4, true;
    }
    return false;
}

/* The last word of these that writes the register, or NOWHERE. */
static uint64_t last_write(const struct lp_side *s, const struct lp_words *code, uint64_t start, uint64_t end, unsigned reg)
{
    for (uint64_t pc = end; pc > start;)
        if (mask_has(lp_seen_word(s, lp_words_at(code, pc -= 4))->regs.write, reg)) return pc;
    return NOWHERE;
}

/* What a register is at first that has a number, and is moved on by one in the loop around this word; false: it is not seen, or is not below 0 all the time.
 * (What begins below 0 and goes up ends at 0.) */
static bool is_below(const struct lp_side *s, const struct lp_atom *f, uint64_t at, unsigned reg, int64_t *first)
{
    const struct lp_words code = lp_words_of(s, (uint32_t)(f - s->atom));
    uint64_t start, end;
    int64_t by = 0;
    if (!loop_around(&code, f, at, &start, &end)) return false;
    const uint64_t step = last_write(s, &code, start, end, reg);
    const uint32_t moves = step == NOWHERE ? 0 : lp_words_at(&code, step);
    if (step != NOWHERE && (!lp_a64_is_add_sub_imm(moves) || !lp_word_offset(moves, &by) || (moves >> 5 & 31) != reg)) return false;
    const uint64_t from = start - f->start > 4 * AROUND ? start - 4 * AROUND : f->start, made = last_write(s, &code, from, step == NOWHERE ? start : step, reg);
    if (made == NOWHERE || made >= start) return false;
    const uint32_t w = lp_words_at(&code, made);
    *first = lp_a64_is_movn_low(w) ? -(int64_t)(w >> 5 & 0xffff) - 1 : by;
    return (lp_a64_is_movn_low(w) || lp_a64_is_mov_zero(w)) && *first < 0;
}

/* The index that an access adds, which it has itself or another word has added to its base. */
static unsigned index_of(const struct lp_side *s, const struct lp_atom *f, uint64_t at, unsigned *base)
{
    enum { NEAR_BY = 8 };
    const struct lp_words code = lp_words_of(s, (uint32_t)(f - s->atom));
    const uint32_t w = lp_words_at(&code, at);
    struct lp_a64_access m;
    if (!lp_a64_access(lp_a64_find(w, LP_A64_ALL), w, &m) || m.writeback || m.base >= 31) return 31;
    if (m.index != LP_A64_NO_REG) return *base = m.base, m.index;
    for (uint64_t pc = at; pc > f->start && at - pc < 4 * NEAR_BY;) {
        const uint32_t v = lp_words_at(&code, pc -= 4);
        if (mask_has(lp_seen_word(s, v)->regs.write, m.base)) return *base = v >> 5 & 31, lp_a64_is_add_reg(v) ? v >> 16 & 31 : 31;
    }
    return 31;
}

static bool is_indexed_in_front(const struct lp_side *s, const struct lp_atom *f, const struct lp_ref_at *r, uint64_t *first)
{
    const bool indexed = r->kind == LP_FLOW_ADDR && (r->flags & (LP_FLOW_INDEXED | LP_FLOW_STEPS)) == LP_FLOW_INDEXED;
    unsigned base = 31;
    const unsigned index = indexed ? index_of(s, f, r->at, &base) : 31;
    int64_t off;
    if (index == 31 || (!is_below(s, f, r->at, index, &off) && !is_below(s, f, r->at, base, &off))) return false;
    return *first = r->addr + (uint64_t)off, true;
}

/* The word is such an access, or makes the address for one that is near behind it. */
bool lp_indexed_in_front(const struct lp_side *s, const struct lp_atom *f, const struct lp_ref_at *r, uint64_t *first)
{
    enum { NEAR_BY = 8 };
    const struct lp_ref_at *v = lp_refs_of_atom(s, f), *end = v + f->nref;
    if (is_indexed_in_front(s, f, r, first)) return true;
    if (!lp_makes_address(r) || r->flags & (LP_FLOW_INDEXED | LP_FLOW_STEPS)) return false;
    for (const struct lp_ref_at *q = r + 1; q < end && q - r <= NEAR_BY; q++)
        if (q->addr == r->addr && is_indexed_in_front(s, f, q, first)) return true;
    return false;
}

/* With which number a word compares the register, or what it becomes is 0; false: with none. */
static bool compared_with(uint32_t w, unsigned reg, int64_t *number)
{
    const bool sets = (w & 0x3f000000) == 0x31000000 && (w >> 5 & 31) == reg;
    if (!sets || ((w & 31) != 31 && (w & 31) != reg)) return false;
    const int64_t imm = (int64_t)(w >> 10 & 0xfff) << (w >> 22 & 1 ? 12 : 0);
    return *number = (w & 31) == reg ? 0 : w >> 30 & 1 ? imm : -imm, true;
}

/* From the first to the last number that an index has which a loop counts, from one number to another. */
static bool counts(const struct lp_side *s, const struct lp_atom *f, uint64_t at, unsigned reg, int64_t *first, int64_t *last)
{
    const struct lp_words code = lp_words_of(s, (uint32_t)(f - s->atom));
    uint64_t start, end;
    int64_t by, stop = 0;
    if (reg >= 31 || !loop_around(&code, f, at, &start, &end)) return false;
    const uint64_t step = last_write(s, &code, start, end, reg), from = start - f->start > 4 * AROUND ? start - 4 * AROUND : f->start;
    const uint64_t made = step == NOWHERE ? NOWHERE : last_write(s, &code, from, start, reg);
    const uint32_t moves = step == NOWHERE ? 0 : lp_words_at(&code, step), w = made == NOWHERE ? 0 : lp_words_at(&code, made);
    if (!lp_a64_is_add_sub_imm(moves) || !lp_word_offset(moves, &by) || (moves >> 5 & 31) != reg || !by) return false;
    if (!lp_a64_is_mov_zero(w) && !lp_a64_is_movn_low(w)) return false;
    *first = lp_a64_is_movn_low(w) ? -(int64_t)(w >> 5 & 0xffff) - 1 : 0;
    uint64_t pc = step;
    while (pc < end && !(compared_with(lp_words_at(&code, pc), reg, &stop) && is_until_equal(&code, pc))) pc += 4;
    if (at > step) *first += by;
    *last = at > step && at < pc ? stop : stop - by;
    return pc < end && (stop - *first) % by == 0 && (*last - *first) / by >= 0;
}

/* The array to which an access with such an index is, whose address is behind it. */
static uint32_t indexed_from(const struct lp_side *s, const struct lp_atom *f, uint64_t at, uint64_t addr)
{
    unsigned n;
    uint64_t first;
    const struct lp_ref_at *r = lp_refs_at(s, f, at, &n);
    const uint32_t i = n == 1 && lp_indexed_in_front(s, f, r, &first) ? lp_side_atom(s, first) : LP_NONE;
    return i != LP_NONE && is_datum(&s->atom[i]) && addr >= s->atom[i].end ? i : LP_NONE;
}

bool lp_reads_from_behind(const struct lp_side *s, uint32_t function, uint64_t at, uint64_t addr, struct lp_stepped *out)
{
    const uint32_t i = indexed_from(s, &s->atom[function], at, addr);
    if (i != LP_NONE) *out = (struct lp_stepped){i, s->atom[i].start};
    return i != LP_NONE;
}

bool lp_stepped_from(const struct lp_side *s, uint32_t function, uint64_t at, uint64_t addr, struct lp_stepped *out)
{
    const struct lp_steps *x = steps_of(s, &s->atom[function]);
    uint32_t front = made_in_front(s, &s->atom[function], at, addr);
    if (front == LP_NONE) front = indexed_from(s, &s->atom[function], at, addr);
    bool asked = false;
    if (front != LP_NONE) return *out = (struct lp_stepped){front, s->atom[front].start}, true;
    for (size_t k = 0; x && k < x->n; k++) {
        const struct step *t = &x->v[k];
        const uint32_t i = t->at == at ? LP_NONE : passes(s, t, addr, true);
        if (i != LP_NONE) return *out = stepped(s, t, i), true;
        if (asked || t->at == at || passes(s, t, addr, false) == LP_NONE) continue;
        if (lp_stopped(s, function, at, out)) return true;
        asked = true;
    }
    return false;
}

/* ---- what becomes of them there ---- */

/* Where it goes on behind this word, which compares a pointer with the end to which it goes, once it is there; 0: it is not seen. */
static uint64_t way_out(const struct lp_words *code, uint64_t at)
{
    for (unsigned i = 1; i <= NEAR; i++) {
        const uint64_t pc = at + 4 * i;
        const uint32_t w = lp_words_at(code, pc), cond = w & 15;
        uint64_t to;
        uint32_t field;
        if (!lp_a64_is_b_cond(w) || !lp_word_target(w, pc, &to, &field)) continue;
        return cond == EQ || (cond != NE && to > pc) ? to : pc + 4;
    }
    return 0;
}

/* Does the function that is called read an argument there, as far as is seen? (Most that are left over are none.) */
static bool is_taken(const struct scan *x, uint32_t w, uint32_t mask)
{
    uint64_t to;
    uint32_t field;
    return lp_word_target(w, x->at, &to, &field) && lp_seen_callee(x->s, to).read & mask & ARGUMENTS;
}

/* Has any word from there on to do with what these registers have, before they get something else? */
static bool is_used_from(const struct lp_side *s, uint32_t atom, uint64_t at, uint32_t mask)
{
    struct scan *x = lp_scan_new(s, atom);
    bool used = !x || !lp_scan_push(x, at, mask);
    for (unsigned steps = 0; !used && lp_scan_take(x); steps++) {
        const uint32_t w = lp_words_at(&x->code, x->at);
        const struct lp_seen_word *seen = lp_seen_word(s, w);
        const uint32_t has = x->mask, read = seen->regs.read & has;
        uint64_t to;
        uint32_t field;
        if (steps == STEPS_MAX || seen->row == A64_UNDEFINED || lp_a64_is_br(w)) used = true;
        else if (lp_seen_passes(seen, has)) used = !lp_scan_go_on(x, has);
        else if (lp_a64_is_blr(w)) used = read || !lp_scan_go_on_behind(x, has & PRESERVED);
        else if (lp_a64_is_bl(w)) used = is_taken(x, w, has) || !lp_scan_go_on_behind(x, has & PRESERVED);
        else if (lp_a64_is_branch_reg(w)) used = has & RESULTS, x->mask = 0;
        else if (read) used = true;
        else if (lp_word_is_branch(w) && lp_word_target(w, x->at, &to, &field)) used = !lp_scan_branch(x, to, !lp_a64_is_b(w), has);
        else used = !lp_scan_go_on(x, has & ~seen->regs.write);
    }
    free(x);
    return used;
}

bool lp_goes_past(const struct lp_side *s, uint32_t atom, uint32_t array)
{
    const struct lp_atom *f = &s->atom[atom];
    const struct lp_words code = lp_words_of(s, atom);
    const uint32_t regs = steps_to(s, f, s->atom[array].end);
    bool past = false;
    for (uint64_t at = f->start; regs && at + 4 < f->end && !past; at += 4) {
        const uint32_t w = lp_words_at(&code, at), n = w >> 5 & 31, m = w >> 16 & 31;
        const uint32_t goes = compares(w) && n < 31 && m < 31 ? regs & (UINT32_C(1) << n | UINT32_C(1) << m) : 0;
        past = goes && is_used_from(s, atom, way_out(&code, at), goes);
    }
    return past;
}

/* Is it compared with what goes there, or kept where it may be compared later? */
static void look_for_end(const struct scan *x, uint64_t at, uint32_t w, unsigned row, uint32_t mask, uint64_t addr, void *ctx)
{
    struct lp_a64_access m;
    const unsigned other = mask >> (w >> 5 & 31) & 1 ? w >> 16 & 31 : w >> 5 & 31;
    const bool stored = lp_a64_access(row, w, &m) && m.store && (mask_has(mask, m.rt) || mask_has(mask, m.rt2));
    const uint32_t regs = stored || compares(w) ? steps_to(x->s, x->a, addr) : 0;
    (void)at;
    if (regs && (stored || mask_has(regs, other))) *(bool *)ctx = true;
}

bool lp_ends_steps(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t addr)
{
    const uint32_t w = lp_code_word(s, at);
    struct scan *x = lp_a64_is_add_imm_any(w) || lp_a64_is_adr(w) ? lp_scan_new(s, atom) : NULL;
    bool ends = false;
    if (x) lp_scan_moves(x, at, STEPS_MAX, look_for_end, addr, &ends);
    free(x);
    return ends;
}

/* ---- of the whole file ---- */

static int by_start(const void *a, const void *b)
{
    const struct lp_step_start *x = a, *y = b;
    return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : (x->by > y->by) - (x->by < y->by);
}

struct lp_step_start *lp_step_starts(struct lp_side *s, size_t *n)
{
    enum { ELEMENT = 4 }; /* less is a text, which ends where it says */
    struct lp_step_start *v = NULL;
    size_t cap = 0;
    *n = 0;
    for (size_t i = 0; i < s->nref; i++) {
        struct step t;
        if (!step_of(s, &s->ref[i], &t) || t.by < ELEMENT) continue;
        struct lp_step_start *more = lp_grow(v, &cap, *n, sizeof *v);
        if (!more) return s->nomem = true, free(v), *n = 0, NULL;
        v = more, v[(*n)++] = (struct lp_step_start){t.from, (uint64_t)t.by};
    }
    if (*n) qsort(v, *n, sizeof *v, by_start);
    return v;
}

bool lp_goes_through(const struct lp_side *s, const struct lp_step_start *t, uint64_t addr)
{
    const struct lp_span *x = addr > t->at ? lp_side_span(s, t->at) : NULL;
    const bool constant = x && x->bytes && (!(x->flags & LP_SPAN_WRITE) || x->flags & LP_SPAN_RELRO) && x == lp_side_span(s, addr);
    for (uint64_t at = t->at; constant && at + t->by <= addr; at += t->by) {
        const size_t k = lp_count_upto(s->word, s->nword, sizeof *s->word, at + t->by - 1);
        const bool filled = k && s->word[k - 1].at + 8 > at;
        if (!filled && lp_all_zero(x->bytes + (at - x->start), t->by)) return false;
    }
    return constant;
}

/* ---- backwards through data without names ---- */

/* Where the accesses are of what goes as `t` does, in front of its first step and behind it: by its register, or (kept in memory, it is in others) by any
 * if none is by that. False: there are none. */
static bool reached_first(const struct lp_side *s, const struct lp_atom *f, const struct step *t, uint64_t *lo, uint64_t *hi)
{
    const struct lp_ref_at *r = lp_refs_of_atom(s, f);
    const uint64_t step = (uint64_t)(t->by < 0 ? -t->by : t->by);
    *lo = UINT64_MAX, *hi = 0;
    for (unsigned any = 0; any < 2 && !*hi; any++)
        for (uint32_t k = 0; k < f->nref; k++) {
            const uint32_t w = r[k].kind == LP_FLOW_ADDR && r[k].flags & LP_FLOW_STEPS ? lp_code_word(s, r[k].at) : 0;
            struct lp_a64_access m;
            if (!w || !lp_a64_access(lp_a64_find(w, LP_A64_ALL), w, &m) || r[k].addr + step - t->from > 2 * step) continue;
            if (!any && m.base != t->reg) continue;
            if (r[k].addr < *lo) *lo = r[k].addr;
            if (r[k].addr > *hi) *hi = r[k].addr;
        }
    return *hi;
}

/* Is the register of the step compared with this one for being equal, near it, as the loop goes on? Where; 0: it is not. */
static uint64_t compared_at(const struct lp_words *code, const struct lp_atom *f, const struct step *t, unsigned end)
{
    enum { LOOP = 16 }; /* words */
    const uint64_t from = t->at - f->start > 4 * LOOP ? t->at - 4 * LOOP : f->start, to = f->end - t->at > 4 * LOOP ? t->at + 4 * LOOP : f->end;
    for (uint64_t at = from; at < to; at += 4) {
        const uint32_t w = lp_words_at(code, at), n = w >> 5 & 31, m = w >> 16 & 31;
        if (compares(w) && ((n == t->reg && m == end) || (n == end && m == t->reg)) && is_until_equal(code, at)) return at;
    }
    return 0;
}

/* Is it where it stops, as it was made in front of the loop? */
static bool is_stop(const struct lp_side *s, const struct lp_atom *f, const struct step *t, const struct lp_ref_at *r)
{
    enum { FAR = 256 }; /* words */
    if (!lp_makes_address(r) || r->flags & LP_FLOW_STEPS || !gets_to(t, r->addr)) return false;
    const struct lp_words code = lp_words_of(s, (uint32_t)(f - s->atom));
    const unsigned end = lp_words_at(&code, r->at) & 31;
    const uint64_t to = compared_at(&code, f, t, end);
    uint64_t at = r->at + 4;
    if (to < at || to - at > 4 * FAR) return false;
    while (at < to && !mask_has(lp_seen_word(s, lp_words_at(&code, at))->regs.write, end)) at += 4;
    return at == to;
}

bool lp_goes_back_from(const struct lp_side *s, uint32_t function, const struct lp_ref_at *r)
{
    const struct lp_atom *f = &s->atom[function];
    const struct lp_steps *x = !s->objects && lp_makes_address(r) && !(r->flags & LP_FLOW_STEPS) ? steps_of(s, f) : NULL;
    uint64_t lo, hi;
    for (size_t k = 0; x && k < x->n; k++) {
        const struct step *t = &x->v[k];
        const bool starts = r->addr == t->from, stops = is_back(s, t) && !starts && is_stop(s, f, t, r);
        if ((stops || (starts && is_back(s, t))) && reached_first(s, f, t, &lo, &hi) && (stops || hi >= t->from)) return true;
    }
    return false;
}

void lp_each_walk(const struct lp_side *s, uint32_t function, void (*fn)(void *ctx, uint64_t first, uint64_t last), void *ctx)
{
    const struct lp_atom *f = &s->atom[function];
    const struct lp_ref_at *r = lp_refs_of_atom(s, f);
    const struct lp_steps *x = steps_of(s, f);
    for (size_t k = 0; x && k < x->n; k++) {
        const struct step *t = &x->v[k];
        uint64_t lo, hi;
        for (uint32_t i = 0; t->by < 0 && i < f->nref; i++)
            if (is_stop(s, f, t, &r[i]) && reached_first(s, f, t, &lo, &hi)) fn(ctx, lo - (t->from - r[i].addr + (uint64_t)t->by), hi);
    }
    for (uint32_t i = 0; i < f->nref; i++) {
        int64_t first, last, off;
        unsigned base;
        if (r[i].kind != LP_FLOW_ADDR || (r[i].flags & (LP_FLOW_INDEXED | LP_FLOW_STEPS)) != LP_FLOW_INDEXED) continue;
        if (!counts(s, f, r[i].at, index_of(s, f, r[i].at, &base), &first, &last) || first <= last) continue;
        if (lp_word_offset(lp_code_word(s, r[i].at), &off) && off > 0 && off + last >= 0) continue; /* the base is in front of all of it, and says so itself */
        fn(ctx, r[i].addr + (uint64_t)last, r[i].addr + (uint64_t)first);
    }
}
