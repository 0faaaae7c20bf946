/* diff/both.c - REFS of both files, by two threads, and before that the survey of their code. Functions of the same words at the same address, about whose
 * surroundings both files say the same, are followed once: then all that the dataflow looks at is equal. */
#include <config.h>
#include "diff/diff.h"
#include "diff/side/code.h"
#include "base/bits.h"
#include "flow/fop.h"

#include <elf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 16 }; /* atoms that a thread takes at a time */

/* ---- threads ---- */

void lp_in_two(void *(*fn)(void *), void *here, void *there)
{
    pthread_t other;
    const bool both = pthread_create(&other, NULL, fn, there) == 0;
    fn(here);
    if (both) pthread_join(other, NULL);
    else fn(there);
}

struct one { struct lp_side *s; void (*fn)(struct lp_side *s); };
static void *run_one(void *p) { return ((struct one *)p)->fn(((struct one *)p)->s), NULL; }

void lp_for_both(lp_diff *d, void (*fn)(struct lp_side *s))
{
    lp_in_two(run_one, &(struct one){NEW(d), fn}, &(struct one){OLD(d), fn});
}

/* ---- survey ---- */

static bool same_atom(const struct lp_atom *x, const struct lp_atom *y)
{
    const char *a = x->kind == LP_ATOM_PLT ? lp_atom_name(x) : NULL, *b = y->kind == LP_ATOM_PLT ? lp_atom_name(y) : NULL;
    return x->start == y->start && x->end == y->end && x->kind == y->kind && (a && b ? strcmp(a, b) == 0 : a == b);
}

/* Are functions and PLT entries where they were, and named so? */
static bool same_shape(const struct lp_side *o, const struct lp_side *n)
{
    bool same = o->natom == n->natom;
    for (size_t i = 0; same && i < o->natom; i++) {
        const bool code = lp_is_code_atom(&o->atom[i]);
        same = code == lp_is_code_atom(&n->atom[i]) && (!code || same_atom(&o->atom[i], &n->atom[i]));
    }
    return same;
}

/* Is there perhaps a linker's way to a far place in it? Who leads there may come back or not. */
static bool has_veneer(const struct lp_flow_part *p)
{
    size_t i = 0;
    while (i < p->words && !lp_a64_is_adrp_x16(lp_le32((const uint8_t *)p->code + 4 * i))) i++;
    return i < p->words;
}

enum { MOST_CHANGED = 256 };

/* The new file's survey from the old one's, where all is in its place, if a few functions differ. */
static bool survey_changes(lp_diff *d)
{
    struct lp_flow_part before[MOST_CHANGED], after[MOST_CHANGED];
    struct lp_flow_changes c = {before, after, 0, NULL, 0};
    bool good = true;
    for (size_t i = 0; good && i < OLD(d)->natom; i++) {
        struct lp_flow_part *p = &before[c.nchanged], *q = &after[c.nchanged];
        const bool x = lp_side_part(OLD(d), &OLD(d)->atom[i], p), y = lp_side_part(NEW(d), &NEW(d)->atom[i], q);
        good = x == y;
        if (!x || !y || memcmp(p->code, q->code, 4 * p->words) == 0) continue;
        good = ++c.nchanged < MOST_CHANGED && !has_veneer(p) && !has_veneer(q);
    }
    return good && lp_side_survey_changed(NEW(d), &OLD(d)->survey, &c);
}

void lp_diff_survey(lp_diff *d)
{
    if (OLD(d)->nomem || NEW(d)->nomem) return;
    lp_for_both(d, lp_side_ending);
    lp_agree_on_endings(OLD(d), NEW(d));
    if (!same_shape(OLD(d), NEW(d))) {
        lp_for_both(d, lp_side_survey);
        return;
    }
    lp_side_survey(OLD(d));
    if (!survey_changes(d)) lp_side_survey(NEW(d));
}

/* What a thread finds, in views of both sides that have lists of their own. */
struct worker { lp_diff *d; struct lp_side side[2]; bool same_constants, of_new, second; atomic_uint *next; atomic_bool *taken; uint32_t apart; };

/* ---- what is the same ---- */

static bool same_span(const struct lp_span *x, const struct lp_span *y)
{
    const bool constant = !(x->flags & (LP_SPAN_WRITE | LP_SPAN_CODE)) || x->flags & LP_SPAN_RELRO;
    if (x->start != y->start || x->end != y->end || x->flags != y->flags || !x->bytes != !y->bytes) return false;
    return !constant || !x->bytes || memcmp(x->bytes, y->bytes, x->end - x->start) == 0;
}

/* Is what jump tables may be made of the same, but for what is in code? */
static bool same_constants(const struct lp_side *o, const struct lp_side *n)
{
    bool same = o->nspan == n->nspan && o->nword == n->nword && o->survey.nmark == n->survey.nmark;
    for (size_t i = 0; same && i < o->nspan; i++) same = same_span(&o->span[i], &n->span[i]);
    for (size_t i = 0; same && i < o->nword; i++) same = o->word[i].at == n->word[i].at;
    return same && (!o->survey.nmark || memcmp(o->survey.mark, n->survey.mark, o->survey.nmark * sizeof *o->survey.mark) == 0);
}

static bool same_callee(const struct lp_side *o, const struct lp_side *n, uint64_t addr, uint64_t other)
{
    const struct lp_flow_callee *f = lp_flow_survey_callee(&o->survey, addr), *g = lp_flow_survey_callee(&n->survey, other);
    if (!f || !g) return f == g && lp_side_comes_back(o, addr) == lp_side_comes_back(n, other);
    if (!lp_flow_same_piece(f, g)) return false;
    return f->clobbers == g->clobbers && f->unsure == g->unsure && f->returns == g->returns && f->pages_out == g->pages_out;
}

/* A branch out: to what says the same of who goes there? */
static bool same_end(const struct lp_side *o, const struct lp_side *n, uint64_t addr, uint64_t other)
{
    return lp_flow_same_piece(lp_flow_survey_callee(&o->survey, addr), lp_flow_survey_callee(&n->survey, other));
}

/* Of the words of one part, which are equal: is it the same whom they call, and are there no jumps to registers? Their tables are looked at elsewhere. */
static bool same_around(const struct worker *w, const struct lp_flow_part *p)
{
    const struct lp_side *o = OLD(w->d), *n = NEW(w->d);
    for (size_t i = 0; i < p->words; i++) {
        const uint32_t word = lp_le32((const uint8_t *)p->code + 4 * i);
        const uint64_t to = p->at + 4 * i + (uint64_t)(lp_sext(word, 26) * 4);
        if (lp_a64_is_b_bl(word) && (lp_a64_is_bl(word) ? !same_callee(o, n, to, to) : !same_end(o, n, to, to))) return false;
        const bool jump = lp_a64_is_branch_reg(word) && word != 0xd65f03c0 && !lp_a64_is_blr(word); /* BR and what is rare: not RET, BLR */
        if (jump && !w->same_constants) return false;
    }
    return true;
}

static bool same_runs_of_code(const struct lp_side *o, const struct lp_side *n, const struct lp_flow_part *p)
{
    for (uint64_t at = p->at, end = p->at + 4 * p->words, x, y; at < end; at = x)
        if (lp_elf_code_run(o->elf, 0, at, &x) != lp_elf_code_run(n->elf, 0, at, &y) || x != y || x <= at) return false;
    return true;
}

static bool same_words(const struct worker *w, const struct lp_parts *x, const struct lp_parts *y)
{
    const struct lp_side *o = OLD(w->d), *n = NEW(w->d);
    if (!x->n || x->n != y->n) return false;
    const struct lp_flow_callee *f = lp_flow_survey_callee(&o->survey, x->part[0].at), *g = lp_flow_survey_callee(&n->survey, x->part[0].at);
    bool same = !f == !g && (!f || f->pages_in == g->pages_in);
    for (size_t i = 0; i < x->n && same; i++) {
        const struct lp_flow_part *p = &x->part[i], *q = &y->part[i];
        same = p->at == q->at && o->atom[x->atom[i]].lands == n->atom[y->atom[i]].lands && p->words == q->words &&
               memcmp(p->code, q->code, 4 * p->words) == 0 && same_runs_of_code(o, n, p) && same_around(w, p);
    }
    return same;
}

/* ---- what is the same elsewhere (lp_flow_input.twin) ---- */

static bool is_all_code(const struct lp_side *s, const struct lp_flow_part *p)
{
    uint64_t end = p->at;
    return lp_elf_code_run(s->elf, 0, p->at, &end) && end >= p->at + 4 * p->words;
}

/* A branch: is it within the function, where words are equal, or out of it in both? */
static bool same_way(const struct lp_flow_part *p, const struct lp_flow_part *q, size_t i, uint32_t v, uint32_t w)
{
    uint64_t t, u;
    uint32_t m, k;
    if (!lp_word_target(v, p->at + 4 * i, &t, &m) || !lp_word_target(w, q->at + 4 * i, &u, &k) || m != k || (v ^ w) & ~m) return false;
    return v == w || (t - p->at >= 4 * p->words && u - q->at >= 4 * q->words);
}

/* ADR of a place of the function, which is not, by chance, a page that linkers make of an ADRP so (flow/op.c). */
static bool is_place(const struct lp_flow_part *p, size_t i, uint32_t w)
{
    uint64_t t;
    uint32_t m;
    return lp_word_target(w, p->at + 4 * i, &t, &m) && t & 4095 && t - p->at < 4 * p->words;
}

static bool is_twin_word(const struct worker *w, const struct lp_flow_part *p, const struct lp_flow_part *q, size_t i)
{
    const uint8_t *x = (const uint8_t *)p->code + 4 * i, *y = (const uint8_t *)q->code + 4 * i;
    const uint32_t a = lp_le32(x), b = lp_le32(y);
    struct lp_fop op;
    const uint64_t to = p->at + 4 * i + (uint64_t)(lp_sext(a, 26) * 4), other = q->at + 4 * i + (uint64_t)(lp_sext(b, 26) * 4);
    if (lp_a64_is_bl(a)) return lp_a64_is_bl(b) && same_callee(OLD(w->d), NEW(w->d), to, other) && (a == b || same_way(p, q, i, a, b));
    if (lp_word_is_branch(a)) return same_way(p, q, i, a, b) && (!lp_a64_is_b_bl(a) || same_end(OLD(w->d), NEW(w->d), to, other));
    if (lp_a64_is_adr(a)) return a == b && is_place(p, i, a) && is_place(q, i, b);
    if (lp_a64_is_load_literal(a)) return false;
    if (lp_a64_is_branch_reg(a) && a != 0xd65f03c0 && !lp_a64_is_blr(a) && !lp_a64_is_br(a)) return false; /* rare ones */
    if (lp_a64_is_blr(a)) return a == b && lp_fop_finds_tls(x, i, &op) == lp_fop_finds_tls(y, i, &op);
    if (a == b) return true;
    if (lp_a64_is_adrp(a)) return !((a ^ b) & ~UINT32_C(0x60ffffe0));
    return (lp_a64_is_add_imm_any(a) || lp_a64_is_ldst_pos(a)) && !((a ^ b) & ~UINT32_C(0x003ffc00));
}

static bool is_twin(const struct worker *w, const struct lp_parts *x, const struct lp_parts *y)
{
    const struct lp_side *o = OLD(w->d), *n = NEW(w->d);
    const struct lp_flow_part *p = x->part, *q = y->part;
    if (x->n != 1 || y->n != 1 || p->words != q->words || o->atom[x->atom[0]].lands != n->atom[y->atom[0]].lands) return false;
    size_t i = 0;
    while (i < p->words && is_twin_word(w, p, q, i)) i++;
    if (i < p->words || !is_all_code(o, p) || !is_all_code(n, q)) return false;
    const struct lp_flow_callee *f = lp_flow_survey_callee(&o->survey, p->at), *g = lp_flow_survey_callee(&n->survey, q->at);
    return !f == !g && (!f || f->pages_in == g->pages_in);
}

/* ---- the work ---- */

static bool is_head(const struct lp_atom *a) { return lp_is_function(a) && a->parent == LP_NONE; }

static void mark_done(const struct worker *w, struct lp_side *s, const struct lp_parts *x)
{
    for (size_t i = 0; i < x->n; i++) s->atom[x->atom[i]].done = true, s->atom[x->atom[i]].second = w->second;
}

/* A function of the new file is looked at by one thread at a time. */
static bool take(struct worker *w, uint32_t i) { return !atomic_exchange(&w->taken[i], true); }
static void leave(struct worker *w, uint32_t i) { atomic_store(&w->taken[i], false); }

/* A function of the new file that may be followed at once with one of the old file, elsewhere: mostly so many atoms farther on as the last one was. */
static uint32_t find_twin(struct worker *w, uint32_t i, const struct lp_parts *x, struct lp_parts *y)
{
    enum { NEAR = 16 };
    const struct lp_side *n = NEW(w->d);
    for (uint32_t k = 0; k < NEAR && x->n == 1; k++) {
        const uint32_t at = i + w->apart + (k & 1 ? 0 - (k + 1) / 2 : k / 2);
        if (at >= n->natom || !is_head(&n->atom[at]) || (n->atom[at].end - n->atom[at].start) / 4 != x->part[0].words) continue;
        if (!take(w, at)) continue;
        *y = lp_parts_of(n, at);
        if (is_twin(w, x, y)) return w->apart = at - i, at;
        leave(w, at);
    }
    return LP_NONE;
}

static void look_at(struct worker *w, uint32_t i)
{
    struct lp_side *s = &w->side[w->of_new], *other = w->of_new ? NULL : &w->side[1];
    const struct lp_parts x = lp_parts_of(s, i);
    const uint32_t k = other ? lp_side_start(other, s->atom[i].start) : LP_NONE;
    struct lp_parts y = {.n = 0};
    const bool there = k != LP_NONE && is_head(&other->atom[k]) && take(w, k);
    if (there) y = lp_parts_of(other, k);
    const bool same = there && same_words(w, &x, &y);
    if (there && !same) leave(w, k);
    const uint32_t hit = same ? k : other ? find_twin(w, i, &x, &y) : LP_NONE;
    if (lp_refs_of(s, &x, hit != LP_NONE ? other : NULL, &y, !same)) mark_done(w, other, &y);
    else if (hit != LP_NONE) leave(w, hit);
    mark_done(w, s, &x);
}

static void *work(void *p)
{
    struct worker *w = p;
    const struct lp_side *s = &w->side[w->of_new];
    for (uint32_t i; (i = atomic_fetch_add(w->next, CHUNK)) < s->natom && !s->nomem;)
        for (uint32_t end = i + CHUNK; i < end && i < s->natom; i++)
            if (is_head(&s->atom[i]) && !s->atom[i].done) look_at(w, i);
    return NULL;
}

static void work_both(struct worker w[2], bool of_new)
{
    atomic_uint next = 0;
    for (int i = 0; i < 2; i++) w[i].of_new = of_new, w[i].next = &next;
    lp_in_two(work, &w[0], &w[1]);
}

/* ---- what they found ---- */

void *lp_joined(void *first, size_t n, void *second, size_t m, size_t size, bool *nomem)
{
    char *v = m ? realloc(first, (n + m) * size) : first;
    if (m && !v) *nomem = true;
    else if (m) memcpy(v + n * size, second, m * size), first = v;
    free(second);
    return first;
}

static void join_refs(struct lp_side *s, struct lp_side *a, struct lp_side *b)
{
    s->nomem |= a->nref + b->nref >= UINT32_MAX - 1;
    s->ref = lp_joined(a->ref, a->nref, b->ref, b->nref, sizeof *a->ref, &s->nomem);
    s->nref = s->ref_cap = a->nref + b->nref;
}

static void join_side(struct lp_side *s, struct lp_side *a, struct lp_side *b, size_t nref)
{
    for (size_t i = 0; i < s->natom; i++)
        if (s->atom[i].second) s->atom[i].ref += (uint32_t)nref, s->atom[i].table += (uint32_t)a->ntable;
    s->nomem |= a->nomem || b->nomem;
    s->lost |= a->lost || b->lost;
    s->table = lp_joined(a->table, a->ntable, b->table, b->ntable, sizeof *a->table, &s->nomem);
    s->ntable = s->table_cap = s->nomem ? 0 : a->ntable + b->ntable;
}

/* Do references say nothing but what words say? Those of equal words are then in a list of both files. (Numbers are addresses where there is something.) */
static bool have_one_list(const struct lp_side *o, const struct lp_side *n)
{
    bool same = o->nspan == n->nspan;
    for (size_t i = 0; same && i < o->nspan; i++) same = o->span[i].start == n->span[i].start && o->span[i].end == n->span[i].end;
    return !o->nreloc && !n->nreloc && (same || (lp_elf_info(o->elf)->type != ET_EXEC && lp_elf_info(n->elf)->type != ET_EXEC));
}

/* The list of the new file goes on where that of the old one ends. */
static void go_on(struct lp_side *o, struct lp_side *n)
{
    n->ref = o->ref, n->nref = o->nref, n->ref_cap = o->ref_cap;
    o->ref = NULL, o->nref = o->ref_cap = 0;
}

/* Both may have one list, which grows. */
static void find_lent(lp_diff *d)
{
    for (int k = 0; k < 2 && !d->side[0].nomem && !d->side[1].nomem; k++) {
        struct lp_side *s = &d->side[k], *other = &d->side[!k];
        if (s->one_list) s->ref_cap = s->nref; /* of the other one, too */
        lp_side_lent(s);
        if (s->one_list) other->ref = s->ref, other->nref = s->nref, other->ref_cap = s->ref_cap;
    }
}

void lp_diff_refs(lp_diff *d)
{
    if (OLD(d)->nomem || NEW(d)->nomem) return;
    const bool constants = same_constants(OLD(d), NEW(d)), one_list = have_one_list(OLD(d), NEW(d));
    struct worker w[2];
    atomic_bool *taken = malloc((NEW(d)->natom + 1) * sizeof *taken);
    NEW(d)->nomem |= !taken;
    for (size_t i = 0; taken && i < NEW(d)->natom; i++) atomic_init(&taken[i], false);
    if (!taken) return;
    for (int k = 0; k < 2; k++) d->side[k].one_list = one_list;
    for (int i = 0; i < 2; i++) { /* memory for the dataflow: a thread uses that of one side */
        w[i] = (struct worker){.d = d, .side = {*OLD(d), *NEW(d)}, .same_constants = constants, .second = i != 0, .taken = taken};
        for (int k = 0; k < 2; k++) w[i].side[k].survey.run = d->side[i].survey.run, w[i].side[k].survey.memo = d->side[i].survey.memo;
    }
    work_both(w, false);
    if (one_list) go_on(&w[0].side[0], &w[0].side[1]), go_on(&w[1].side[0], &w[1].side[1]);
    work_both(w, true);
    free(taken);
    for (int k = 0; k < 2; k++) join_side(&d->side[k], &w[0].side[k], &w[1].side[k], w[0].side[one_list ? 1 : k].nref);
    join_refs(NEW(d), &w[0].side[1], &w[1].side[1]);
    if (one_list) OLD(d)->ref = NEW(d)->ref, OLD(d)->nref = NEW(d)->nref;
    else join_refs(OLD(d), &w[0].side[0], &w[1].side[0]);
    OLD(d)->nomem |= NEW(d)->nomem;
    find_lent(d);
    lp_flow_survey_rest(&OLD(d)->survey); /* verify.c goes on with what is left */
    lp_flow_survey_free(&NEW(d)->survey);
}
