/* diff/side/starts.c - ATOMS: where functions begin that neither a symbol nor call frame information names: what is called, or started; and, in a file without
 * symbols, what something has the address of, or a branch leads to from elsewhere, if that is plainly no place in the middle of a function. */
#include <config.h>
#include "diff/side/code.h"
#include "diff/side/data.h"
#include "a64/a64.h"
#include "base/bits.h"
#include "base/search.h"
#include "base/sort.h"
#include "elf/debug.h"

#include <elf.h>
#include <stdlib.h>

struct list { uint64_t *v; size_t n, cap; };
/* sure: called or started. In code that no atom has, others that may be starts: held, of which something has the address, and last, to which a branch leads
 * from elsewhere, or (near) from the same stretch: the last call of a function. found: which ones are. */
struct starts { struct lp_side *s; struct list sure, held, last, near, found; };

static void add(struct starts *x, struct list *to, uint64_t addr)
{
    uint64_t *v = lp_grow(to->v, &to->cap, to->n, sizeof *v);
    if (!v) {
        x->s->nomem = true;
        return;
    }
    to->v = v;
    v[to->n++] = addr;
}

static bool is_in_gap(const struct lp_side *s, uint64_t addr)
{
    const struct lp_span *x = addr & 3 ? NULL : lp_side_span(s, addr);
    return x && x->flags & LP_SPAN_CODE && x->bytes && !(x->flags & (LP_SPAN_PLT | LP_SPAN_LINKER)) && lp_side_atom(s, addr) == LP_NONE;
}

static bool has(const struct list *x, uint64_t addr) { return lp_is_among(x->v, x->n, addr); }

static void put_in_order(struct list *x) { x->n = lp_sort_distinct(x->v, x->n); }

/* ---- what is called, or started ---- */

static void find_sure(struct starts *x)
{
    struct lp_side *s = x->s;
    for (size_t i = 0; i < s->nspan; i++) {
        const struct lp_span *p = &s->span[i];
        if (p->flags & LP_SPAN_LISTED && p->bytes)
            for (uint64_t at = p->start; at + 8 <= p->end; at += 8) {
                const struct lp_word_at *w = lp_side_word(s, at);
                add(x, &x->sure, w ? w->value : lp_le64(p->bytes + (at - p->start)));
            }
        if (!(p->flags & LP_SPAN_CODE) || !p->bytes) continue;
        for (uint64_t at = lp_align_up(p->start, 4); at + 4 <= p->end; at += 4) {
            const uint32_t w = lp_le32(p->bytes + (at - p->start));
            const uint64_t to = at + (uint64_t)(lp_sext(w, 26) * 4);
            if (lp_a64_is_bl(w) && lp_side_atom(s, to) == LP_NONE) add(x, &x->sure, to);
        }
    }
    add(x, &x->sure, lp_elf_info(s->elf)->entry);
    put_in_order(&x->sure);
}

/* ---- addresses ---- */

static void is_held(struct starts *x, uint64_t addr)
{
    if (is_in_gap(x->s, addr) && !has(&x->sure, addr)) add(x, &x->held, addr);
}

/* (__patchable_function_entries leads to NOPs, in front of functions, too.) */
static bool is_in_note(const struct lp_side *s, uint64_t at)
{
    const struct lp_span *x = lp_side_span(s, at);
    return x && x->flags & LP_SPAN_NOTE;
}

static void look_at_data(struct starts *x)
{
    const struct lp_side *s = x->s;
    for (size_t i = 0; i < s->nword; i++) {
        const struct lp_word_at *w = &s->word[i];
        if (!w->sym && (w->kind == LP_WORD_ADDR || w->kind == LP_WORD_IFUNC) && !is_in_note(s, w->at)) is_held(x, w->value);
    }
    for (size_t i = 0; i < s->nspan && lp_side_guesses(s); i++) {
        const struct lp_span *p = &s->span[i];
        if (p->flags & (LP_SPAN_CODE | LP_SPAN_LINKER | LP_SPAN_NOTE) || !p->bytes) continue;
        for (uint64_t at = lp_align_up(p->start, 8); at + 8 <= p->end; at += 8) is_held(x, lp_le64(p->bytes + (at - p->start)));
    }
}

/* Is the address of an ADR one from which a jump table counts? */
static bool is_jump_base(const uint8_t *p, const uint8_t *end)
{
    enum { FAR = 12 };
    for (unsigned i = 0; i < FAR && end - p >= 4; i++, p += 4)
        if (lp_a64_is_br(lp_le32(p))) return true;
    return false;
}

/* The page of the last ADRP of each register, and where that was. */
struct pages { uint64_t page[32], at[32]; };

/* An ADD completes the page that its register has had last in the words in front of it: if another word has it from there by now, what comes of it hardly is
 * where a function may begin. (Where control flow goes is not known before functions are.) */
static void look_at_word(struct starts *x, struct pages *g, uint64_t at, const uint8_t *p, const uint8_t *end)
{
    enum { FAR = 4 * 256 };
    const uint32_t w = lp_le32(p), rn = lp_bits(w, 5, 5);
    uint64_t to;
    uint32_t mask;
    if (lp_a64_is_adrp(w)) {
        g->page[w & 31] = lp_a64_page(w, at), g->at[w & 31] = at;
    } else if (lp_a64_is_adr(w) && lp_word_target(w, at, &to, &mask) && !is_jump_base(p, end)) {
        is_held(x, to);
    } else if (lp_a64_is_add_lo12(w) && g->at[rn] && at - g->at[rn] <= FAR) {
        is_held(x, g->page[rn] + lp_bits(w, 10, 12));
    }
}

/* Branches from one function to another are the last calls of the first one. */
static void look_at_branch(struct starts *x, uint64_t at, uint32_t w)
{
    const uint64_t to = at + (uint64_t)(lp_sext(w, 26) * 4);
    if (!lp_a64_is_b(w) || !is_in_gap(x->s, to) || has(&x->sure, to)) return;
    const uint64_t first = at < to ? at : to, last = at < to ? to : at;
    const size_t n = lp_count_upto(x->sure.v, x->sure.n, sizeof *x->sure.v, first);
    if (lp_side_atom(x->s, at) != LP_NONE || (n < x->sure.n && x->sure.v[n] <= last)) add(x, &x->last, to);
}

static void look_at_code(struct starts *x, bool branches)
{
    for (size_t i = 0; i < x->s->nspan; i++) {
        const struct lp_span *p = &x->s->span[i];
        struct pages g = {{0}, {0}};
        if (!(p->flags & LP_SPAN_CODE) || !p->bytes) continue;
        for (uint64_t at = lp_align_up(p->start, 4); at + 4 <= p->end; at += 4) {
            const uint8_t *w = p->bytes + (at - p->start);
            if (branches) look_at_branch(x, at, lp_le32(w));
            else look_at_word(x, &g, at, w, p->bytes + (p->end - p->start));
        }
    }
    put_in_order(branches ? &x->last : &x->held);
}

/* ---- which of them are starts ---- */

/* The code from one sure start to the next, or to an atom. Words are counted from its start. cond, other: how many branches, conditional ones and others, lead
 * over a word from in front of it to it or behind, or from behind it to in front; padding: where what may be padding in front of it begins. labels: something
 * has the address of a place that is no start. */
struct stretch { struct starts *x; const uint8_t *p; uint64_t start; uint32_t n, *cond, *other, *padding; bool labels; };

static uint32_t word_at(const struct stretch *g, uint32_t i) { return lp_le32(g->p + 4 * (size_t)i); }

/* (Very many may be starts behind much of it.) */
static void find_padding(struct stretch *g)
{
    for (uint32_t i = 1; i < g->n; i++) {
        const uint32_t w = word_at(g, i - 1);
        g->padding[i] = lp_a64_is_padding(w) ? g->padding[i - 1] : i;
    }
}

/* BTI, PACIASP and the like; registers are saved below the stack, or it grows. */
static bool makes_frame(uint32_t w)
{
    const bool pushes = (w & 0x3bf00fe0) == 0x38100fe0 || (w & 0x3be003e0) == 0x29a003e0; /* pre-indexed, of SP, by a negative number */
    return lp_a64_is_bti(w) || w == 0xd503233f || w == 0xd503237f || pushes || (w & 0xff8003ff) == 0xd10003ff;
}

/* What may be in front of a function: the end of another one. NOT: it may be gone into. CALL: if that call does not come back. */
enum front { FRONT_NOT, FRONT_END, FRONT_JUMP, FRONT_CALL };

static enum front in_front(const struct stretch *g, uint32_t i)
{
    const uint32_t k = g->padding[i], w = k ? word_at(g, k - 1) : 0;
    uint64_t to;
    uint32_t mask;
    if (!k || lp_ends_way(w)) return k == i && lp_a64_is_br(w) ? FRONT_JUMP : FRONT_END;
    if (!lp_a64_is_bl(w)) return FRONT_NOT;
    const bool ends = k < i || (lp_word_target(w, g->start + 4 * (uint64_t)(k - 1), &to, &mask) && !lp_side_returns(g->x->s, to));
    return ends ? FRONT_END : FRONT_CALL;
}

/* Behind a jump by a register there may be a label that others jump to, and behind a call what it comes back to; where there are labels, they are behind any
 * end. */
static bool may_be_start(const struct stretch *g, uint32_t i)
{
    const enum front front = in_front(g, i);
    return (front == FRONT_END && !g->labels) || (front != FRONT_NOT && makes_frame(word_at(g, i)));
}

static void count(uint32_t *v, uint32_t from, uint32_t to)
{
    v[from < to ? from + 1 : to + 1]++, v[from < to ? to + 1 : from + 1]--;
}

static void sum_up(uint32_t *v, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) v[i] += v[i - 1];
}

/* The word of the stretch that word i branches to; false: it leads elsewhere, or is none of these. */
static bool leads_within(const struct stretch *g, uint32_t i, bool cond, uint32_t *to)
{
    const uint32_t w = word_at(g, i);
    uint64_t target;
    uint32_t mask;
    if (cond ? lp_a64_is_b(w) || !lp_word_is_branch(w) : !lp_a64_is_b(w)) return false;
    if (lp_a64_is_bl(w) || !lp_word_target(w, g->start + 4 * (uint64_t)i, &target, &mask) || target - g->start >= 4 * (uint64_t)g->n) return false;
    *to = (uint32_t)((target - g->start) / 4);
    return true;
}

/* Conditional branches stay in their functions. */
static void count_conditional(struct stretch *g)
{
    uint32_t to;
    for (uint32_t i = 0; i < g->n; i++)
        if (leads_within(g, i, true, &to)) count(g->cond, i, to);
    sum_up(g->cond, g->n);
}

/* Others do, too, unless they lead to where another one may well begin: they are the last calls of one. */
static void count_others(struct stretch *g)
{
    uint32_t to;
    for (uint32_t i = 0; i < g->n; i++) {
        if (!leads_within(g, i, false, &to)) continue;
        const uint64_t at = g->start + 4 * (uint64_t)to;
        const bool frame = makes_frame(word_at(g, to));
        if (!to || g->cond[to] || !may_be_start(g, to) || !(frame || has(&g->x->held, at) || has(&g->x->last, at))) count(g->other, i, to);
        else if (frame) add(g->x, &g->x->near, at);
    }
    sum_up(g->other, g->n);
}

/* The numbers of a list from the stretch on, *n of them in it. */
static const uint64_t *in_stretch(const struct stretch *g, const struct list *l, size_t *n)
{
    const size_t i = lp_count_below(l->v, l->n, sizeof *l->v, g->start);
    *n = lp_count_below(l->v, l->n, sizeof *l->v, g->start + 4 * (uint64_t)g->n) - i;
    return l->v + i;
}

static void find_labels(struct stretch *g)
{
    size_t n;
    const uint64_t *v = in_stretch(g, &g->x->held, &n);
    for (size_t k = 0; k < n && !g->labels; k++) {
        const uint32_t i = (uint32_t)((v[k] - g->start) / 4);
        const enum front front = in_front(g, i);
        g->labels = g->cond[i] || g->other[i] || front == FRONT_NOT || (front == FRONT_JUMP && !makes_frame(word_at(g, i)));
    }
}

static void try_starts(struct stretch *g, const struct list *l)
{
    size_t n;
    const uint64_t *v = in_stretch(g, l, &n);
    for (size_t k = 0; k < n; k++) {
        const uint32_t i = (uint32_t)((v[k] - g->start) / 4);
        if (!g->cond[i] && !g->other[i] && may_be_start(g, i)) add(g->x, &g->x->found, v[k]);
    }
}

/* Where a frame is made there is no label. */
static void try_frames(struct stretch *g)
{
    size_t n;
    const uint64_t *v = in_stretch(g, &g->x->held, &n);
    for (size_t k = 0; k < n; k++) {
        const uint32_t i = (uint32_t)((v[k] - g->start) / 4);
        if (!g->cond[i] && makes_frame(word_at(g, i)) && in_front(g, i) != FRONT_NOT) add(g->x, &g->x->found, v[k]);
    }
}

static void try_stretch(struct stretch *g, bool frames)
{
    struct starts *x = g->x;
    g->cond = calloc(3 * ((size_t)g->n + 1), sizeof *g->cond);
    if (!g->cond) {
        x->s->nomem = true;
        return;
    }
    g->other = g->cond + g->n + 1, g->padding = g->other + g->n + 1;
    x->near.n = 0;
    find_padding(g);
    count_conditional(g);
    if (frames) {
        try_frames(g);
    } else {
        count_others(g);
        find_labels(g);
        put_in_order(&x->near);
        try_starts(g, &x->held), try_starts(g, &x->last), try_starts(g, &x->near);
    }
    free(g->cond);
}

static struct stretch stretch_at(struct starts *x, uint64_t addr)
{
    const struct lp_side *s = x->s;
    const struct lp_span *p = lp_side_span(s, addr);
    uint64_t from = lp_align_up(p->start, 4), to = p->end;
    const size_t i = lp_count_upto(s->atom, s->natom, sizeof *s->atom, addr), k = lp_count_upto(x->sure.v, x->sure.n, sizeof *x->sure.v, addr);
    if (i && s->atom[i - 1].end > from) from = lp_align_up(s->atom[i - 1].end, 4);
    if (k && x->sure.v[k - 1] > from && !(x->sure.v[k - 1] & 3)) from = x->sure.v[k - 1];
    if (i < s->natom && s->atom[i].start < to) to = s->atom[i].start;
    if (k < x->sure.n && x->sure.v[k] < to) to = x->sure.v[k];
    return (struct stretch){.x = x, .p = p->bytes + (from - p->start), .start = from, .n = (uint32_t)((to - from) / 4)};
}

/* Those that have something in the list. */
static void try_stretches(struct starts *x, const struct list *l, const struct list *done, bool frames)
{
    for (size_t i = 0; i < l->n;) {
        struct stretch g = stretch_at(x, l->v[i]);
        size_t n = 0;
        if (done) in_stretch(&g, done, &n);
        if (!n) try_stretch(&g, frames);
        for (i++; i < l->n && l->v[i] < g.start + 4 * (uint64_t)g.n;) i++;
    }
}

static void take_found(struct starts *x)
{
    for (size_t i = 0; i < x->found.n; i++) add(x, &x->sure, x->found.v[i]);
    x->found.n = 0;
    put_in_order(&x->sure);
}

uint64_t *lp_find_starts(struct lp_side *s, size_t *n)
{
    struct starts x = {.s = s};
    find_sure(&x);
    if (!lp_elf_has_symtab(s->names)) {
        look_at_data(&x);
        look_at_code(&x, false);
        try_stretches(&x, &x.held, NULL, true);
        take_found(&x);
        look_at_code(&x, true);
        try_stretches(&x, &x.held, NULL, false);
        try_stretches(&x, &x.last, &x.held, false);
        take_found(&x);
    }
    free(x.held.v), free(x.last.v), free(x.near.v), free(x.found.v);
    return *n = x.sure.n, x.sure.v;
}

/* ---- in front of call frame information ---- */

/* A function whose FDE begins at `start`, behind nothing but NOPs from `entry` on. called: that is called, or a word of data leads there; led: something leads
 * to `start`, or between the two. */
struct early { uint64_t entry, start; uint32_t atom; bool called, led; };
struct earlier { struct early *v; size_t n; };

static void leads(struct earlier *x, uint64_t to, bool calls)
{
    const size_t k = lp_count_upto(x->v, x->n, sizeof *x->v, to);
    struct early *e = k && to <= x->v[k - 1].start ? &x->v[k - 1] : NULL;
    if (e && to == e->entry) e->called |= calls;
    else if (e) e->led = true;
}

static void find_leads(struct lp_side *s, struct earlier *x)
{
    uint64_t to;
    uint32_t mask;
    for (size_t i = 0; i < s->nspan; i++) {
        const struct lp_span *p = &s->span[i];
        if (!(p->flags & LP_SPAN_CODE) || !p->bytes) continue;
        for (uint64_t at = lp_align_up(p->start, 4); at + 4 <= p->end; at += 4) {
            const uint32_t w = lp_le32(p->bytes + (at - p->start));
            if (lp_word_is_branch(w) && lp_word_target(w, at, &to, &mask)) leads(x, to, lp_a64_is_bl(w));
        }
    }
    for (size_t i = 0; i < s->nword; i++)
        if (s->word[i].kind == LP_WORD_ADDR && !is_in_note(s, s->word[i].at)) leads(x, s->word[i].value, true);
}

static void find_early(const struct lp_side *s, const uint64_t *start, size_t n, struct earlier *x)
{
    struct lp_fde f;
    for (size_t i = 0; i < n; i++) {
        const size_t k = lp_count_upto(s->atom, s->natom, sizeof *s->atom, start[i]);
        const struct lp_atom *a = k < s->natom ? &s->atom[k] : NULL;
        if (!a || a->sym || !lp_is_function(a) || (k && s->atom[k - 1].end > start[i]) || (x->n && x->v[x->n - 1].atom == k)) continue;
        if (lp_elf_fde_of(s->elf, start[i], a->end, &f) && f.start + f.lead == a->start)
            x->v[x->n++] = (struct early){start[i], a->start, (uint32_t)k, false, false};
    }
}

/* (-fpatchable-function-entry.) */
void lp_begin_earlier(struct lp_side *s, const uint64_t *start, size_t n)
{
    struct earlier x = {calloc(n + 1, sizeof *x.v), 0};
    if (!x.v) s->nomem = true;
    else find_early(s, start, n, &x);
    if (x.n) find_leads(s, &x);
    for (size_t i = 0; i < x.n; i++)
        if (x.v[i].called && !x.v[i].led) s->atom[x.v[i].atom].start = x.v[i].entry;
    free(x.v);
}
