/* diff/side/lent.c - pages that functions lend one another. LLVM's outliner (-Oz) moves pieces that several functions have out of them, with an ADRP in the one
 * and the word that completes it in the other: by themselves, neither says what is meant. A piece whose address nobody has is called by branches that are all
 * seen; where each caller has the same page in a register, that is what the piece completes, and where a piece returns always with one page, its callers do.
 * What is known so is never taken back: it follows from what was known before, so that all of it is true. */
#include <config.h>
#include "diff/side/code.h"
#include "diff/side/seen.h"
#include "a64/a64.h"
#include "a64/access.h"
#include "base/bits.h"
#include "base/buf.h"
#include "base/search.h"
#include "base/sort.h"
#include "flow/fop.h"

#include <elf.h>
#include <stdlib.h>

enum { ROUNDS = 12 };
struct edge { uint64_t to, at; uint32_t from; bool call; }; /* to: first: searched */
/* wanted: it completes what it does not make; asked: how it calls, or returns, is to be known; stale: that is not known yet, or more is known of others now;
 * shut: others than branches to its start may lead there; makes: it returns a page; held: by place and register. */
struct piece { bool wanted, asked, stale, shut, gave_up, keeps, makes; uint32_t lent; struct lp_flow_held *held; size_t nheld; };
struct work {
    struct lp_side *s;
    struct piece *piece;    /* of each atom: heads of functions */
    struct edge *edge;      /* by who is called */
    size_t nedge, cap_edge;
    uint64_t *taken;        /* addresses that somebody has, in order */
    size_t ntaken, cap_taken;
    struct lp_flow_lent *lent; /* by function */
    size_t nlent, nlearnt, cap_lent; /* learnt in this round: behind the others */
    bool more;              /* something became known in this round */
};

static uint32_t head_of(const struct lp_side *s, uint32_t i) { return s->atom[i].parent == LP_NONE ? i : s->atom[i].parent; }

/* ---- who calls whom, and which addresses somebody has ---- */

static void add_edge(struct work *w, uint32_t from, uint64_t at, uint64_t target, bool call)
{
    const uint32_t to = lp_side_atom(w->s, target);
    if (to == LP_NONE || head_of(w->s, to) == from) return;
    struct edge *v = lp_grow(w->edge, &w->cap_edge, w->nedge, sizeof *v);
    if (!v) {
        w->s->nomem = true;
        return;
    }
    w->edge = v;
    v[w->nedge++] = (struct edge){to, at, from, call};
    w->piece[to].shut |= target != w->s->atom[to].start;
}

static int by_callee(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    return x->to != y->to ? (x->to < y->to ? -1 : 1) : (x->at > y->at) - (x->at < y->at);
}

static void find_edges(struct work *w)
{
    struct lp_side *s = w->s;
    for (uint32_t i = 0; i < s->natom && !s->nomem; i++) {
        if (!lp_is_code_atom(&s->atom[i])) continue;
        const struct lp_words code = lp_words_of(s, i);
        for (uint64_t at = s->atom[i].start; at + 4 <= s->atom[i].end; at += 4) {
            const uint32_t word = lp_words_at(&code, at);
            uint64_t to;
            uint32_t mask;
            if (lp_word_is_branch(word) && lp_word_target(word, at, &to, &mask)) add_edge(w, head_of(s, i), at, to, lp_a64_is_bl(word));
        }
    }
    lp_sort(w->edge, w->nedge, sizeof *w->edge, by_callee);
}

static void add_taken(struct work *w, uint64_t addr)
{
    const struct lp_span *x = lp_side_span(w->s, addr);
    uint64_t *v = x && x->flags & LP_SPAN_CODE ? lp_grow(w->taken, &w->cap_taken, w->ntaken, sizeof *v) : NULL;
    if (!v) return;
    w->taken = v;
    v[w->ntaken++] = addr;
}

/* In a position-dependent program that keeps no relocations, any word of data may be an address. */
static void take_words(struct work *w)
{
    const struct lp_side *s = w->s;
    for (size_t i = 0; i < s->nspan && lp_elf_info(s->elf)->type == ET_EXEC; i++)
        for (uint64_t at = lp_align_up(s->span[i].start, 8); s->span[i].bytes && at + 8 <= s->span[i].end; at += 8)
            add_taken(w, lp_le64(s->span[i].bytes + (at - s->span[i].start)));
}

static void find_taken(struct work *w)
{
    const struct lp_side *s = w->s;
    for (size_t i = 0; i < s->nword; i++) add_taken(w, s->word[i].value);
    for (size_t i = 0; i < s->nreloc; i++)
        if (!(lp_side_span(s, s->reloc[i].at) && lp_side_span(s, s->reloc[i].at)->flags & LP_SPAN_CODE)) add_taken(w, s->reloc[i].addr);
    for (uint32_t i = 0; s->dynamic && i < s->dynamic->nsym; i++)
        if (s->dynamic->sym[i].shndx != SHN_UNDEF) add_taken(w, s->dynamic->sym[i].value);
    for (size_t i = 0; i < s->natom; i++)
        for (uint32_t k = 0; lp_is_code_atom(&s->atom[i]) && k < s->atom[i].nref; k++) add_taken(w, s->ref[s->atom[i].ref + k].addr);
    add_taken(w, lp_elf_info(s->elf)->entry);
    take_words(w);
    lp_sort_numbers(w->taken, w->ntaken);
}

static bool is_taken(const struct work *w, const struct lp_atom *a)
{
    const size_t n = lp_count_below(w->taken, w->ntaken, sizeof *w->taken, a->start);
    return n < w->ntaken && w->taken[n] < a->end;
}

/* ---- one round ---- */

static int by_place(const void *a, const void *b)
{
    const struct lp_flow_held *x = a, *y = b;
    return x->at != y->at ? (x->at < y->at ? -1 : 1) : (x->reg > y->reg) - (x->reg < y->reg);
}

static void run(struct work *w, uint32_t i)
{
    struct lp_side *s = w->s;
    struct piece *p = &w->piece[i];
    struct lp_flow f;
    if (!lp_holds_of(s, i, &f)) return;
    free(p->held);
    p->gave_up = f.gave_up, p->lent = f.lent, p->keeps = f.kept_lent;
    p->held = f.held, p->nheld = f.nheld;
    f.held = NULL;
    if (s->atom[i].part != LP_NONE) lp_sort(p->held, p->nheld, sizeof *p->held, by_place);
    lp_flow_free(&f);
}

static void ask(struct piece *p)
{
    p->stale |= !p->asked;
    p->asked = true;
}

/* Those that want pages, who calls these, and whom they call. */
static void choose(struct work *w)
{
    for (uint32_t i = 0; i < w->s->natom; i++)
        if (w->piece[i].wanted) ask(&w->piece[i]);
    for (size_t k = 0; k < w->nedge; k++) {
        struct piece *from = &w->piece[w->edge[k].from], *to = &w->piece[w->edge[k].to];
        if (to->wanted || to->makes) ask(from);
        if ((from->wanted || (!w->edge[k].call && from->asked)) && w->s->atom[w->edge[k].to].kind == LP_ATOM_FUNC) ask(to);
    }
}

static const struct lp_flow_held *held_at(const struct work *w, uint32_t i, uint64_t at, unsigned reg)
{
    const struct piece *p = &w->piece[i];
    size_t k = p->nheld ? lp_count_below(p->held, p->nheld, sizeof *p->held, at) : 0;
    while (k < p->nheld && p->held[k].at == at && p->held[k].reg < reg) k++;
    return k < p->nheld && p->held[k].at == at && p->held[k].reg == reg ? &p->held[k] : NULL;
}

static struct lp_flow_lent *known(const struct work *w, uint64_t at, unsigned reg, bool out)
{
    for (size_t k = lp_count_below(w->lent, w->nlent, sizeof *w->lent, at); k < w->nlent && w->lent[k].at == at; k++)
        if (w->lent[k].reg == reg && w->lent[k].out == out) return &w->lent[k];
    return NULL;
}

/* All of one callee; *n of them. */
static const struct edge *edges_to(const struct work *w, uint32_t i, size_t *n)
{
    const size_t first = lp_count_below(w->edge, w->nedge, sizeof *w->edge, i);
    for (*n = 0; first + *n < w->nedge && w->edge[first + *n].to == i;) ++*n;
    return &w->edge[first];
}

static void know(struct work *w, uint64_t at, unsigned reg, bool out, const struct lp_flow_held *h)
{
    const size_t n = w->nlent + w->nlearnt;
    struct lp_flow_lent *v = lp_grow(w->lent, &w->cap_lent, n, sizeof *v);
    if (!v) return;
    w->lent = v;
    v[n] = (struct lp_flow_lent){at, h->v, (uint8_t)reg, h->what, out, false, false};
    w->nlearnt++;
    w->more = true;
}

/* Something else is known of a function: those that have to do with it are looked at again. */
static void tell(struct work *w, uint32_t i)
{
    size_t n;
    const struct edge *e = edges_to(w, i, &n);
    w->piece[i].stale = w->more = true;
    for (size_t k = 0; k < n; k++) w->piece[e[k].from].stale |= w->piece[e[k].from].asked;
}

static bool is_same(const struct lp_flow_held *a, const struct lp_flow_held *b)
{
    return a->what == b->what && (a->what >= LP_HOLDS_NONE || a->v == b->v);
}

/* What all who call it have in this register. Who has found it there itself wants it, too. */
static void know_in(struct work *w, uint32_t i, unsigned reg)
{
    size_t n, good = 0;
    const struct edge *e = edges_to(w, i, &n);
    const struct lp_flow_held *first = NULL;
    for (size_t k = 0; k < n; k++) {
        const struct lp_flow_held *h = w->piece[e[k].from].asked && !w->piece[e[k].from].gave_up ? held_at(w, e[k].from, e[k].at, reg) : NULL;
        struct piece *from = &w->piece[e[k].from];
        if (h && h->what == LP_HOLDS_FOREIGN && !from->wanted && lp_seen_callee(w->s, w->s->atom[i].start).read >> reg & 1) from->wanted = w->more = true;
        if (h && !first) first = h;
        good += h && h->what != LP_HOLDS_FOREIGN && is_same(first, h);
    }
    if (n && good == n && !(first->what == LP_HOLDS_NONE && !(CALL_FOREIGN >> reg & 1))) know(w, w->s->atom[i].start, reg, false, first), tell(w, i);
}

/* Is what it finds in a register kept somewhere, and so perhaps what is there in the end? */
static bool stores(const struct lp_side *s, const struct lp_words *code, uint32_t i, unsigned reg)
{
    for (uint64_t at = s->atom[i].start; at + 4 <= s->atom[i].end; at += 4) {
        const uint32_t word = lp_words_at(code, at);
        struct lp_a64_access m;
        if (lp_a64_access(lp_seen_word(s, word)->row, word, &m) && m.store && (m.rt == reg || m.rt2 == reg)) return true;
    }
    return false;
}

/* Does a function leave a register as it was? */
static bool preserves(const struct lp_side *s, uint64_t at, unsigned reg)
{
    const struct lp_flow_callee *fn = lp_flow_survey_callee(&s->survey, at);
    return fn && ((fn->saves | ~fn->clobbers) >> reg & 1);
}

/* What it leaves in a register where it ends at this word, with whom it ends with. NULL: not known. */
static const struct lp_flow_held *left_at(const struct work *w, uint32_t f, uint64_t at, uint64_t to, unsigned reg, struct lp_flow_held *out)
{
    const uint32_t i = lp_side_atom(w->s, to);
    const struct lp_flow_held *h = held_at(w, f, at, reg);
    const bool plt = i != LP_NONE && w->s->atom[i].kind == LP_ATOM_PLT;
    const struct lp_flow_lent *x = i == LP_NONE || plt || w->s->atom[i].start != to ? NULL : known(w, to, reg, true);
    const bool function = i != LP_NONE && w->s->atom[i].kind == LP_ATOM_FUNC && w->s->atom[i].start == to;
    if ((x && x->what == LP_HOLDS_FOREIGN) || ((plt || (function && !x && preserves(w->s, to, reg))) && CALL_PRESERVED >> reg & 1)) return h;
    *out = (struct lp_flow_held){at, x ? x->v : 0, (uint8_t)reg, x ? x->what : 0};
    return x ? out : NULL;
}

/* Where a function ends, and comes back. */
enum { ENDS = 64 };
struct ends { struct { uint64_t at, to; } v[ENDS]; unsigned n; bool more; };

static void find_ends(const struct lp_side *s, uint32_t i, struct ends *x)
{
    const struct lp_words code = lp_words_of(s, i);
    x->n = 0, x->more = s->atom[i].part != LP_NONE;
    for (uint64_t at = s->atom[i].start; at + 4 <= s->atom[i].end; at += 4) {
        const uint32_t word = lp_words_at(&code, at);
        uint64_t to = 0;
        uint32_t mask;
        const bool leads = lp_word_is_branch(word) && !lp_a64_is_bl(word) && lp_word_target(word, at, &to, &mask);
        const bool leaves = leads && (to < s->atom[i].start || to >= s->atom[i].end) && lp_side_comes_back(s, to);
        x->more |= lp_a64_is_branch_reg(word) && !lp_a64_is_ret(word) && !lp_a64_is_blr(word);
        if (!lp_a64_is_ret(word) && !leaves) continue;
        if (x->n < ENDS) x->v[x->n].at = at, x->v[x->n++].to = leaves ? to : 0;
        else x->more = true;
    }
}

/* The same wherever it ends. */
static void know_out(struct work *w, uint32_t i, unsigned reg, const struct ends *x)
{
    struct lp_flow_held first = {0}, last;
    for (unsigned k = 0; k < x->n; k++) {
        const struct lp_flow_held *h = x->v[k].to ? left_at(w, i, x->v[k].at, x->v[k].to, reg, &last) : held_at(w, i, x->v[k].at, reg);
        if (!h || (k && !is_same(&first, h))) return;
        first = *h;
    }
    const bool plain = first.what >= LP_HOLDS_NONE;
    if (!x->n || (plain && (!(CALL_PRESERVED >> reg & 1) || preserves(w->s, w->s->atom[i].start, reg)))) return;
    const struct lp_words code = lp_words_of(w->s, i);
    if (first.what == LP_HOLDS_NONE && stores(w->s, &code, i, reg)) return;
    know(w, w->s->atom[i].start, reg, true, &first), tell(w, i);
    w->piece[i].makes |= first.what == LP_HOLDS_PAGE;
}

static bool falls_into(const struct lp_side *s, uint32_t i)
{
    uint64_t to;
    return i && lp_is_function(&s->atom[i - 1]) && lp_falls(s, i - 1, &to) != LP_FALL_NONE;
}

static void learn(struct work *w)
{
    struct lp_side *s = w->s;
    for (uint32_t i = 0; i < s->natom; i++) {
        const struct piece *p = &w->piece[i];
        if (!p->asked || p->gave_up || s->atom[i].kind != LP_ATOM_FUNC || s->atom[i].parent != LP_NONE) continue;
        const bool in = p->wanted && !p->shut && !is_taken(w, &s->atom[i]) && !falls_into(s, i);
        struct ends ends;
        find_ends(s, i, &ends);
        for (unsigned reg = 0; reg < LP_FLOW_LENDING; reg++) {
            if (in && !known(w, s->atom[i].start, reg, false)) know_in(w, i, reg);
            if (!ends.more && !known(w, s->atom[i].start, reg, true)) know_out(w, i, reg, &ends);
        }
    }
}

/* Is a page that is lent completed by who gets it, and nothing else done with it? Only then it need not be compared where it is made. */
static void see_uses(struct work *w)
{
    for (size_t k = 0; k < w->nlent; k++) {
        struct lp_flow_lent *x = &w->lent[k];
        const uint32_t i = lp_side_atom(w->s, x->at);
        const bool before = x->completed;
        size_t n = 0;
        const struct edge *e = x->out ? edges_to(w, i, &n) : NULL;
        if (x->what != LP_HOLDS_PAGE) continue;
        x->completed = !x->out && w->piece[i].lent >> x->reg & 1, x->kept = false;
        for (size_t j = 0; j < n; j++) {
            const struct piece *from = &w->piece[e[j].from];
            x->completed |= from->lent >> LP_FLOW_OF_CALLEES & 1, x->kept |= !from->asked || from->keeps || from->gave_up;
        }
        x->completed &= !x->kept;
        if (before != x->completed) tell(w, i);
    }
}

static int by_function(const void *a, const void *b)
{
    const struct lp_flow_lent *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->out != y->out ? x->out - y->out : (x->reg > y->reg) - (x->reg < y->reg);
}

static void run_round(struct work *w)
{
    struct lp_side *s = w->s;
    choose(w);
    s->survey.lent = w->lent, s->survey.nlent = w->nlent;
    for (uint32_t i = 0; i < s->natom && !s->nomem; i++)
        if (w->piece[i].stale && lp_is_function(&s->atom[i]) && s->atom[i].parent == LP_NONE) run(w, i);
    for (uint32_t i = 0; i < s->natom; i++) w->piece[i].stale = false;
    w->more = false;
    see_uses(w);
    learn(w);
    w->nlent += w->nlearnt, w->nlearnt = 0;
    lp_sort(w->lent, w->nlent, sizeof *w->lent, by_function);
}

/* ---- the result ---- */

static unsigned opaque(const struct lp_side *s, const struct lp_parts *x)
{
    unsigned n = 0;
    for (size_t k = 0; k < x->n; k++)
        for (uint32_t i = 0; i < s->atom[x->atom[k]].nref; i++) n += s->ref[s->atom[x->atom[k]].ref + i].kind == LP_FLOW_OPAQUE;
    return n;
}

/* One more time, with what is lent: that is to say more, or it stays as it was. */
static void reread(struct lp_side *s, uint32_t i)
{
    const struct lp_parts x = lp_parts_of(s, i);
    struct lp_atom was[LP_MOST_PARTS];
    const unsigned before = opaque(s, &x);
    for (size_t k = 0; k < x.n; k++) was[k] = s->atom[x.atom[k]];
    lp_refs_function(s, i);
    if (s->nomem || opaque(s, &x) <= before) return;
    for (size_t k = 0; k < x.n; k++) {
        struct lp_atom *a = &s->atom[x.atom[k]];
        a->ref = was[k].ref, a->nref = was[k].nref, a->table = was[k].table, a->ntable = was[k].ntable;
        a->lent = false;
    }
}

/* Functions that have to do with what is lent are looked at once more. */
static void look_again(struct work *w)
{
    struct lp_side *s = w->s;
    for (size_t k = 0; k < w->nlent; k++) {
        size_t n;
        const uint32_t i = lp_side_atom(s, w->lent[k].at);
        const struct edge *e = edges_to(w, i, &n);
        s->atom[i].lent = true;
        for (size_t j = 0; j < n; j++) s->atom[e[j].from].lent = true;
    }
    for (uint32_t i = 0; i < s->natom && !s->nomem; i++)
        if (s->atom[i].lent && lp_is_function(&s->atom[i])) reread(s, i);
    for (uint32_t i = 0; i < s->natom; i++)
        if (s->atom[i].parent != LP_NONE) s->atom[i].lent |= s->atom[s->atom[i].parent].lent;
}

static bool makes(const struct lp_side *s, uint32_t i, uint64_t page)
{
    for (uint32_t k = 0; k < s->atom[i].nref; k++) {
        const struct lp_ref_at *r = &s->ref[s->atom[i].ref + k];
        if (r->kind == LP_FLOW_PAGE && r->addr == page) return true;
    }
    return i != head_of(s, i) && makes(s, head_of(s, i), page);
}

/* Does the word complete what others make? With the linker's relocations it is known what that is; it still is to be known who makes it. */
static bool is_others(const struct lp_side *s, uint32_t i, const struct lp_ref_at *r)
{
    int64_t off;
    if (r->kind == LP_FLOW_OPAQUE) return true;
    if (!s->nreloc || r->kind != LP_FLOW_ADDR || !(r->flags & LP_FLOW_OF_PAGE) || !lp_word_offset(lp_code_word(s, r->at), &off)) return false;
    return !makes(s, i, r->addr - (uint64_t)off) && !((r->addr - (uint64_t)off) & 4095);
}

static bool find_wanted(struct work *w)
{
    struct lp_side *s = w->s;
    bool any = false;
    for (uint32_t i = 0; i < s->natom; i++)
        for (uint32_t k = 0; lp_is_code_atom(&s->atom[i]) && k < s->atom[i].nref; k++)
            if (is_others(s, i, &s->ref[s->atom[i].ref + k])) any = w->piece[head_of(s, i)].wanted = true;
    return any;
}

void lp_side_lent(struct lp_side *s)
{
    struct work w = {.s = s, .piece = lp_elf_made_by_gcc(s->elf) ? NULL : calloc(s->natom + 1, sizeof *w.piece)};
    if (w.piece && find_wanted(&w)) {
        find_edges(&w);
        find_taken(&w);
        unsigned round = 0;
        for (w.more = true; w.more && round < ROUNDS && !s->nomem; round++) run_round(&w);
        if (w.more) w.nlent = 0; /* not settled */
        s->survey.lent = w.lent, s->survey.nlent = w.nlent;
        look_again(&w);
        s->lent = w.lent, s->nlent = w.nlent;
        w.lent = NULL;
    }
    for (size_t i = 0; w.piece && i < s->natom; i++) free(w.piece[i].held);
    free(w.piece), free(w.edge), free(w.taken), free(w.lent);
}

/* Of the facts about one function, those of pages that are completed by who gets them. */
static void add_pages(const struct lp_side *s, uint64_t function, bool out, bool borrowed, struct lp_lent_pages *p)
{
    for (size_t k = lp_count_below(s->lent, s->nlent, sizeof *s->lent, function); k < s->nlent && s->lent[k].at == function; k++) {
        const struct lp_flow_lent *x = &s->lent[k];
        if (x->out != out || x->what != LP_HOLDS_PAGE || !x->completed) continue;
        unsigned i = 0;
        while (i < p->n && (p->v[i].page != x->v || p->v[i].borrowed != borrowed || p->v[i].with != function)) i++;
        if (i == LP_LENT_PAGES) p->more = true;
        else if (i == p->n) p->v[p->n++] = (struct lp_lent_page){x->v, function, borrowed};
    }
}

void lp_lent_pages(const struct lp_side *s, uint32_t atom, struct lp_lent_pages *p)
{
    const struct lp_atom *a = &s->atom[atom];
    const struct lp_words code = lp_words_of(s, atom);
    p->n = 0, p->more = false;
    if (!a->lent) return;
    const uint64_t own = s->atom[head_of(s, atom)].start;
    add_pages(s, own, false, true, p);
    add_pages(s, own, true, false, p);
    for (uint64_t at = a->start; at + 4 <= a->end; at += 4) {
        const uint32_t word = lp_words_at(&code, at);
        uint64_t to;
        uint32_t mask;
        if (!lp_word_is_branch(word) || !lp_word_target(word, at, &to, &mask) || to - a->start < a->end - a->start) continue;
        add_pages(s, to, false, false, p);
        add_pages(s, to, true, true, p);
    }
}
