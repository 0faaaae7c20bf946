/* live/body.c - the new code of patches: which functions are where, for the unwinder, and what becomes of the code when its patch leaves.
 *
 * It stays mapped: coroutines, contexts and jump buffers, which nobody can find, may lead into it. The same patch finds it again when it comes back, so
 * that a patch that comes and goes takes room once. What was made for an object goes when the object is gone, and no thread is in it. */
#include <config.h>
#include "base/buf.h"
#include "base/hash.h"
#include "live/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the functions ---- */

static bool is_func(const struct lp_def *d) { return d->item->kind == LP_ITEM_FUNC; }

bool lp_bodies_reserve(struct lp_live *live, struct lp_applied *const *add, size_t n)
{
    size_t want = live->nbody;
    for (size_t i = 0; i < n; i++) want += add[i]->plan.ndef;
    if (want <= live->body_cap || want <= live->more_cap) return true;
    free(live->more_bodies);
    live->more_bodies = malloc(2 * want * sizeof *live->more_bodies);
    live->more_cap = live->more_bodies ? 2 * want : 0;
    return live->more_bodies != NULL;
}

/* The program's threads look at them too (frames.c), so they move under the gate. */
static void take_room(struct lp_live *live)
{
    if (!live->more_bodies) return;
    if (live->nbody) memcpy(live->more_bodies, live->body, live->nbody * sizeof *live->body);
    free(live->body);
    live->body = live->more_bodies, live->body_cap = live->more_cap;
    live->more_bodies = NULL, live->more_cap = 0;
}

static void add_body(struct lp_live *live, const struct lp_def *d, uint64_t region)
{
    const struct lp_func *f = d->item->func;
    size_t i = live->nbody++;
    for (; i > 0 && live->body[i - 1].start > d->addr; i--) live->body[i] = live->body[i - 1];
    live->body[i] = (struct lp_body){d->addr, d->addr + f->size, d->cfi_len ? malloc(d->cfi_len) : NULL, d->cfi_len, d->frame ? region + d->frame : 0};
    live->nframe += d->frame != 0;
    if (live->body[i].cfi) memcpy(live->body[i].cfi, d->cfi, d->cfi_len);
}

static void remove_bodies(struct lp_live *live, uint64_t start, uint64_t end)
{
    size_t n = 0;
    for (size_t i = 0; i < live->nbody; i++) {
        struct lp_body *b = &live->body[i];
        if (b->start >= start && b->start < end) free(b->cfi);
        else live->body[n++] = *b;
    }
    live->nbody = n;
}

void lp_live_where(const struct lp_live *live, uint64_t addr, char *buf, size_t size)
{
    const struct lp_space space = {.target = live->objects.v, .ntarget = live->objects.n};
    lp_plan_where(&space, addr, buf, size);
    for (const struct lp_applied *a = live->newest; a; a = a->older)
        for (size_t i = 0; i < a->plan.ndef; i++) {
            const struct lp_def *d = &a->plan.def[i];
            if (!is_func(d) || !d->item->place.symbol || addr < d->addr || addr - d->addr >= d->item->func->size) continue;
            snprintf(buf, size, addr == d->addr ? "%.80s:%.80s" : "%.80s:%.80s+0x%llx", a->patch->name, d->item->place.symbol,
                     (unsigned long long)(addr - d->addr));
            return;
        }
}

/* ---- what lies idle ---- */

const struct lp_idle *lp_idle_for(const struct lp_live *live, const struct lp_patch *p, const struct lp_target *t, uint64_t len)
{
    uint8_t of[32];
    if (!live->nidle) return NULL;
    lp_sha256(p->text, p->text_len, of);
    for (size_t i = live->nidle; i-- > 0;) {
        const struct lp_idle *x = &live->idle[i];
        if (x->object == t->serial && x->len == len && memcmp(x->of, of, sizeof of) == 0) return x;
    }
    return NULL;
}

static struct lp_idle *idle_at(struct lp_live *live, uint64_t addr)
{
    for (size_t i = 0; i < live->nidle; i++)
        if (live->idle[i].addr == addr) return &live->idle[i];
    return NULL;
}

void lp_bodies_add(struct lp_live *live, struct lp_applied *a)
{
    for (size_t i = 0; i < a->plan.nregion; i++) {
        struct lp_idle *x = a->plan.region[i].again ? idle_at(live, a->plan.region[i].addr) : NULL;
        if (x) *x = live->idle[--live->nidle];
    }
    take_room(live);
    for (size_t i = 0; i < a->plan.ndef; i++) {
        const struct lp_region *r = &a->plan.region[a->plan.def[i].region];
        if (is_func(&a->plan.def[i]) && !r->again) add_body(live, &a->plan.def[i], r->addr);
    }
    if (live->nframe && live->askers_changed) lp_frames_watch(live);
}

static bool same_content(struct lp_live *live, const struct lp_region *r)
{
    uint8_t *now = malloc(r->code_len);
    bool same = now && lp_mem_read(live->mem, now, r->addr, r->code_len) == 0 && memcmp(now, r->bytes, r->code_len) == 0;
    free(now);
    return same;
}

/* What the plan's symbols stand for may have changed since: then what lies there is nobody's any more. */
static bool idle_fits(struct lp_live *live, const struct lp_plan *pl)
{
    bool fits = true;
    for (size_t i = 0; i < pl->nregion; i++) {
        struct lp_idle *x = pl->region[i].again ? idle_at(live, pl->region[i].addr) : NULL;
        if (!x || same_content(live, &pl->region[i])) continue;
        x->object = 0;
        fits = false;
    }
    return fits;
}

lp_status lp_job_plan(struct lp_job *job, struct lp_applied *a, const struct lp_plan_how *how)
{
    lp_status s;
    while ((s = lp_plan_make(&a->plan, a->patch, &job->space, how, job->report, job->ctx, job->err)) == LP_OK && !idle_fits(job->live, &a->plan))
        lp_plan_free(&a->plan);
    return s;
}

/* ---- and what goes ---- */

static bool retire(struct lp_live *live, uint64_t start, uint64_t end)
{
    struct lp_retired *v = lp_grow(live->retired, &live->retired_cap, live->nretired, sizeof *v);
    if (v) live->retired = v, v[live->nretired++] = (struct lp_retired){start, end};
    return v != NULL;
}

static void lie_idle(struct lp_live *live, const struct lp_applied *a, const struct lp_region *r)
{
    struct lp_idle *v = r->data_len ? NULL : lp_grow(live->idle, &live->idle_cap, live->nidle, sizeof *v);
    if (!v) return; /* variables are not as they were; without memory it is not found again */
    live->idle = v;
    v[live->nidle] = (struct lp_idle){.object = r->target->serial, .addr = r->addr, .len = r->code_len};
    lp_sha256(a->patch->text, a->patch->text_len, v[live->nidle++].of);
}

void lp_live_retire_regions(struct lp_live *live, const struct lp_applied *a, const struct lp_target *only)
{
    for (size_t k = 0; k < a->plan.nregion; k++) {
        struct lp_region *r = &a->plan.region[k];
        if (r->left || (only && r->target != only)) continue;
        r->left = true;
        if (r->target->gone) retire(live, r->addr, r->addr + r->code_len + r->data_len);
        else lie_idle(live, a, r);
    }
}

/* Those for objects that are gone. */
static void retire_idle(struct lp_live *live)
{
    for (size_t i = 0; i < live->objects.n; i++) {
        const struct lp_target *t = live->objects.v[i];
        for (size_t k = t->gone ? live->nidle : 0; k-- > 0;) {
            struct lp_idle *x = &live->idle[k];
            if (x->object != t->serial || !retire(live, x->addr, x->addr + x->len)) continue;
            *x = live->idle[--live->nidle];
        }
    }
}

static int retired_by_start(const void *a, const void *b)
{
    const struct lp_retired *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* All of [from, to) at once, because a look at every stack is dear; the halves if somebody is in one of them. */
static size_t reap_range(struct lp_live *live, const struct lp_spans *s, size_t kept)
{
    if (!s->n) return kept;
    if (lp_quiet(live, s, NULL)) {
        for (size_t i = 0; i < s->n; i++) {
            lp_mem_munmap(live->mem, s->v[i].start, s->v[i].end - s->v[i].start);
            remove_bodies(live, s->v[i].start, s->v[i].end);
            lp_trials_unmapped(live, s->v[i].start, s->v[i].end);
        }
        return kept;
    }
    if (s->n == 1) return live->retired[kept] = (struct lp_retired){s->v->start, s->v->end}, kept + 1;
    const struct lp_spans low = {.v = s->v, .n = s->n / 2}, high = {.v = s->v + s->n / 2, .n = s->n - s->n / 2};
    return reap_range(live, &high, reap_range(live, &low, kept));
}

void lp_live_reap(struct lp_live *live)
{
    retire_idle(live);
    struct lp_span *v = live->nretired ? malloc(live->nretired * sizeof *v) : NULL;
    if (!v) return;
    qsort(live->retired, live->nretired, sizeof *live->retired, retired_by_start);
    for (size_t i = 0; i < live->nretired; i++)
        v[i] = (struct lp_span){.start = live->retired[i].start, .end = live->retired[i].end, .returns = true, .last = true};
    const struct lp_spans all = {.v = v, .n = live->nretired};
    live->nretired = reap_range(live, &all, 0);
    free(v);
}

void lp_bodies_free(struct lp_live *live)
{
    for (size_t i = 0; i < live->nbody; i++) free(live->body[i].cfi);
    free(live->body), free(live->more_bodies), free(live->asker), free(live->idle), free(live->retired), free(live->veneer), free(live->cfi);
}
