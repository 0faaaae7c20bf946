/* live/quiesce.c - what a call changes that a thread may be in the middle of, and which threads are. */
#include <config.h>
#include "base/buf.h"
#include "base/search.h"
#include "live/journal.h"

#include <stdlib.h>
#include <string.h>

/* ---- the ranges ---- */

static enum lp_mode_kind mode_of(const struct lp_patch *p) { return p->mode.kind == LP_MODE_DEFAULT ? LP_MODE_QUIESCE : p->mode.kind; }

/* What leaves goes as what takes its place comes: if any of that is to wait for a quiet program, it waits for both. */
static enum lp_mode_kind mode_of_drops(const struct lp_job *job, const struct lp_applied *a)
{
    static const int rank[] = {[LP_MODE_NOW] = 0, [LP_MODE_LAZY] = 1, [LP_MODE_QUIESCE] = 2};
    if (!job->nadd) return mode_of(a->patch);
    enum lp_mode_kind m = LP_MODE_NOW;
    for (size_t i = 0; i < job->nadd; i++)
        if (rank[mode_of(job->add[i]->patch)] > rank[m]) m = mode_of(job->add[i]->patch);
    return m;
}

static bool add_span(struct lp_spans *s, struct lp_span span)
{
    struct lp_span *v = lp_grow(s->v, &s->cap, s->n, sizeof *v);
    if (!v) return false;
    s->v = v;
    if (span.end > span.start) v[s->n++] = span;
    return true;
}

static bool add_veneers(struct lp_spans *s, const struct lp_live *live, const struct lp_region *r)
{
    for (size_t i = 0; i < live->nveneer; i++) {
        const struct lp_veneer *v = &live->veneer[i];
        if (v->to - r->addr < r->code_len && !add_span(s, (struct lp_span){v->at, v->at + LP_VENEER_SIZE, false, false})) return false;
    }
    return true;
}

static bool add_regions(struct lp_spans *s, const struct lp_live *live, const struct lp_applied *a, const struct lp_target *t)
{
    for (size_t k = 0; k < a->plan.nregion; k++) {
        const struct lp_region *r = &a->plan.region[k];
        if (r->target != t || r->left) continue;
        if (!add_span(s, (struct lp_span){r->addr, r->addr + r->code_len, true, true}) || !add_veneers(s, live, r)) return false;
    }
    return true;
}

/* Is the object's own body what runs at w then, as far as what is applied already says? */
static bool uncovers_original(const struct lp_live *live, const struct lp_write *w)
{
    for (const struct lp_touch *t = lp_journal_at(live, w->addr); t; t = t->next)
        if (t->word == w->addr >> 2 && !t->owner->leaving && t->write->entry) return false;
    return true;
}

/* Every body of the function but the one that is to run from now on: the object's own, those of patches that leave, and of those below. */
static bool add_function(struct lp_spans *s, const struct lp_job *job, const struct lp_applied *a, const struct lp_write *w, bool drop)
{
    const struct lp_target *t = a->plan.bound[w->item->object];
    uint64_t end = w->addr + w->item->func->old_size;
    if (drop && t && !add_regions(s, job->live, a, t)) return false;
    if ((!drop || !uncovers_original(job->live, w)) && !add_span(s, (struct lp_span){w->addr + 4, end, true, true})) return false;
    for (const struct lp_touch *below = drop ? NULL : lp_journal_at(job->live, w->addr); below; below = below->next)
        if (below->word == w->addr >> 2 && !below->owner->leaving && below->write->entry && t && !add_regions(s, job->live, below->owner, t)) return false;
    return true;
}

/* Several words, the first of which everybody comes through: a thread between two of them would go on in a mixture. */
static bool add_interior(struct lp_spans *s, const struct lp_write *w, enum lp_mode_kind mode)
{
    return add_span(s, (struct lp_span){w->addr + 4, w->addr + w->len, mode == LP_MODE_QUIESCE, false});
}

/* A function in which words are changed in place: its activations have no other body to go on in, whatever the mode says of those. A return address at the
 * start of a part is of what ends there. */
static bool add_quiet(struct lp_spans *s, const struct lp_applied *a, const struct lp_quiet_range *q)
{
    if (!a->plan.bound[q->from->object]) return true;
    if (q->from->part && !add_span(s, (struct lp_span){q->start, q->start + 4, false, false})) return false;
    return add_span(s, (struct lp_span){q->start + 4, q->end, true, true});
}

static int by_start(const void *a, const void *b)
{
    const struct lp_span *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* In order, and without overlaps: a patch and the one that it replaces have ranges in common. */
static void merge(struct lp_spans *s)
{
    size_t m = 0;
    if (s->n) qsort(s->v, s->n, sizeof *s->v, by_start);
    for (size_t i = 0; i < s->n; i++) {
        struct lp_span *last = m ? &s->v[m - 1] : NULL, *v = &s->v[i];
        if (!last || v->start >= last->end) {
            s->v[m++] = *v;
            continue;
        }
        if (v->end >= last->end) last->last = v->last || (v->end == last->end && last->last);
        if (v->end > last->end) last->end = v->end;
        last->returns |= v->returns;
    }
    s->n = m;
}

bool lp_job_spans(const struct lp_job *job, bool lazy, struct lp_spans *out)
{
    bool good = true;
    *out = (struct lp_spans){0};
    for (size_t k = 0; k < job->ndrop + job->nadd && good; k++) {
        const bool drop = k < job->ndrop;
        const struct lp_applied *a = drop ? job->drop[k] : job->add[k - job->ndrop];
        enum lp_mode_kind mode = drop ? mode_of_drops(job, a) : mode_of(a->patch);
        if (lazy && mode == LP_MODE_QUIESCE) mode = LP_MODE_LAZY;
        for (size_t i = 0; i < a->plan.nwrite && good && mode != LP_MODE_NOW; i++) {
            const struct lp_write *w = &a->plan.write[i];
            if (!w->code || w->gone) continue;
            good = add_interior(out, w, mode) && (!w->entry || mode != LP_MODE_QUIESCE || add_function(out, job, a, w, drop));
        }
        for (size_t i = 0; i < a->plan.nquiet && good && mode != LP_MODE_NOW; i++) good = add_quiet(out, a, &a->plan.quiet[i]);
    }
    merge(out);
    return good;
}

/* ---- the threads ---- */

struct search { const struct lp_spans *s; struct lp_blocker b; bool hit, was; bool all; };

static bool inside(const struct lp_spans *s, uint64_t addr, bool is_return)
{
    size_t n = lp_count_upto(s->v, s->n, sizeof *s->v, addr);
    if (!n) return false;
    const struct lp_span *v = &s->v[n - 1];
    if (!is_return) return addr < v->end;
    /* The range that ends where the next one starts is the one that the call was in. */
    if (addr == v->start && n > 1 && v[-1].end == addr && v[-1].returns && v[-1].last) return true;
    return v->returns && (addr < v->end || (addr == v->end && v->last));
}

/* Recursion is one link; what a handler returns to is not of interest. */
static void add_link(struct lp_blocker *b, const struct lp_frame *f)
{
    unsigned n = b->nchain;
    if (n && f->kind == LP_FRAME_PC) b->chain[n - 1].addr = 0;
    if (n && b->chain[n - 1].addr == f->addr) b->chain[n - 1].times++;
    else if (n < LP_CHAIN) b->chain[n].addr = f->addr, b->chain[b->nchain++].times = 1;
}

static bool look(void *ctx, const struct lp_frame *f)
{
    struct search *x = ctx;
    struct lp_blocker *b = &x->b;
    const bool certain = f->kind <= LP_FRAME_CALLER, in = f->kind == LP_FRAME_NONE || inside(x->s, f->addr, f->kind != LP_FRAME_PC);
    if (f->kind == LP_FRAME_PC || f->kind == LP_FRAME_CALLER) {
        add_link(b, f);
        if (x->was && f->kind == LP_FRAME_CALLER && !in) b->leaves = f->addr, b->sp = f->sp;
        x->was = in;
    }
    if (!in || (x->hit && !b->possible) || (x->hit && !certain)) return false;
    if (!x->hit || certain) b->at = f->addr, b->possible = !certain, b->unreadable = f->kind == LP_FRAME_NONE;
    x->hit = true;
    return !x->all;
}

bool lp_quiet(struct lp_live *live, const struct lp_spans *s, struct lp_blockers *b)
{
    bool quiet = true;
    if (b) b->n = 0;
    for (struct lp_cpu *c = live->gate && s->n ? live->gate->cpus : NULL; c && (quiet || b); c = c->next) {
        struct search x = {.s = s, .all = b != NULL, .b = {.cpu = c}};
        lp_unwind(live, c, look, &x);
        if (!x.hit) continue;
        quiet = false;
        struct lp_blocker *v = b ? lp_grow(b->v, &b->cap, b->n, sizeof *v) : NULL;
        if (!v) break;
        b->v = v;
        v[b->n++] = x.b;
    }
    return quiet;
}
