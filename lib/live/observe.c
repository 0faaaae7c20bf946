/* live/observe.c - what patches do in the running program: changed places, and the threads that are still in what they replaced. */
#include <config.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/search.h"
#include "live/journal.h"

#include <stdlib.h>
#include <string.h>

/* ---- where threads are ---- */

struct spot { uint64_t addr; uint32_t thread; };
struct census { struct spot *v; size_t n, cap; uint32_t thread; bool failed; };

static bool add_spot(void *ctx, const struct lp_frame *f)
{
    struct census *c = ctx;
    if (f->kind > LP_FRAME_CALLER) return false;
    struct spot *v = lp_grow(c->v, &c->cap, c->n, sizeof *v);
    if (!v) return c->failed = true;
    c->v = v;
    v[c->n++] = (struct spot){f->addr, c->thread};
    return false;
}

static int by_addr(const void *a, const void *b)
{
    const struct spot *x = a, *y = b;
    return x->addr != y->addr ? (x->addr > y->addr) - (x->addr < y->addr) : (x->thread > y->thread) - (x->thread < y->thread);
}

/* PC, x30 and return addresses of every thread, in address order. Only this is done while they are stopped. */
static bool take_census(struct lp_live *live, struct census *c)
{
    if (!live->gate) return true;
    lp_unwind_prepare(live);
    lp_gate_stop(live->gate, NULL);
    for (struct lp_cpu *cpu = live->gate->cpus; cpu && !c->failed; cpu = cpu->next, c->thread++)
        (void)lp_unwind(live, cpu, add_spot, c);
    lp_gate_resume(live->gate);
    if (c->n) qsort(c->v, c->n, sizeof *c->v, by_addr);
    return !c->failed;
}

/* How many threads have a spot in [start, end). */
static uint64_t threads_in(const struct census *c, uint64_t start, uint64_t end)
{
    uint64_t seen = 0, *bits = calloc(c->thread / 64 + 1, sizeof *bits);
    for (size_t i = lp_count_below(c->v, c->n, sizeof *c->v, start); bits && i < c->n && c->v[i].addr < end; i++) {
        uint64_t bit = UINT64_C(1) << c->v[i].thread % 64, *word = &bits[c->v[i].thread / 64];
        seen += !(*word & bit);
        *word |= bit;
    }
    free(bits);
    return seen;
}

void lp_live_look(struct lp_live *live)
{
    if (live->working) return;
    lp_live_rescan(live);
    lp_live_prune(live);
    lp_trials_end(live);
}

/* ---- places ---- */

static const char *kind_of(const struct lp_item *it)
{
    static const char *const names[] = {[LP_ITEM_SITE] = "site", [LP_ITEM_FUNC] = "func", [LP_ITEM_DATA] = "data", [LP_ITEM_SET] = "set",
                                        [LP_ITEM_SEED] = "seed"};
    return names[it->kind];
}

static int give_place(const struct lp_live *live, const struct lp_applied *a, const struct lp_write *w, const struct census *census,
                      int (*fn)(void *ctx, const struct lp_live_place *row), void *ctx)
{
    char where[200];
    const struct lp_space space = {.target = live->objects.v, .ntarget = live->objects.n};
    const struct lp_count count = lp_counter_read(w->counter);
    /* A function leaves its whole old body behind; of other ranges the first word is either the old or the new one. */
    uint64_t old = w->code && w->item->kind == LP_ITEM_FUNC ? w->item->func->old_size : w->code ? w->len : 0;
    lp_plan_where(&space, w->addr, where, sizeof where);
    struct lp_live_place row = {.patch = a->patch->name, .where = where, .kind = kind_of(w->item), .addr = w->addr, .size = w->len, .hits = count.hits,
                                .first_ms = count.first_ms, .last_ms = count.last_ms};
    if (old > 4) row.threads = threads_in(census, w->addr + 4, w->addr + old);
    return fn(ctx, &row);
}

lp_status lp_live_places(struct lp_live *live, int (*fn)(void *ctx, const struct lp_live_place *row), void *ctx, struct lp_error *err)
{
    struct census census = {0};
    pthread_mutex_lock(&live->lock);
    lp_live_look(live);
    lp_status s = take_census(live, &census) ? LP_OK : lp_fail(err, LP_E_NOMEM, "out of memory");
    struct lp_applied *a = s == LP_OK ? live->newest : NULL;
    while (a && a->older) a = a->older;
    for (int stop = 0; a && !stop; a = a->newer)
        for (size_t i = 0; i < a->plan.nwrite && !stop; i++)
            if (!a->plan.write[i].gone) stop = give_place(live, a, &a->plan.write[i], &census, fn, ctx);
    pthread_mutex_unlock(&live->lock);
    free(census.v);
    return s;
}
