/* patch/observe.c - what patches do in the running program: changed places and functions, and the threads that are still in what they replaced. */
#include <config.h>
#include "base/error.h"
#include "base/buf.h"
#include "patch/journal.h"

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
    size_t lo = 0, hi = c->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (c->v[mid].addr < start) lo = mid + 1;
        else hi = mid;
    }
    for (; bits && lo < c->n && c->v[lo].addr < end; lo++) {
        uint64_t bit = UINT64_C(1) << c->v[lo].thread % 64, *word = &bits[c->v[lo].thread / 64];
        seen += !(*word & bit);
        *word |= bit;
    }
    free(bits);
    return seen;
}

/* The objects and patches as they are now. */
static void settle(struct lp_live *live)
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
    settle(live);
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

/* ---- functions ---- */

struct changed { uint64_t addr; const struct lp_applied *owner; const struct lp_write *write; };

static int by_place(const void *a, const void *b)
{
    const struct changed *x = a, *y = b;
    if (x->addr != y->addr) return x->addr < y->addr ? -1 : 1;
    return (x->owner->serial > y->owner->serial) - (x->owner->serial < y->owner->serial);
}

static struct changed *all_changed(const struct lp_live *live, size_t *n)
{
    size_t most = 0;
    *n = 0;
    for (const struct lp_applied *a = live->newest; a; a = a->older) most += a->plan.nwrite;
    struct changed *v = malloc((most + 1) * sizeof *v);
    for (const struct lp_applied *a = live->newest; a && v; a = a->older)
        for (size_t i = 0; i < a->plan.nwrite; i++)
            if (!a->plan.write[i].gone) v[(*n)++] = (struct changed){a->plan.write[i].addr, a, &a->plan.write[i]};
    if (*n) qsort(v, *n, sizeof *v, by_place);
    return v;
}

enum { STT_FUNC = 2, STT_GNU_IFUNC = 10 };

/* What changed in [row->addr, + size): the newest patch, how many places, their executions. */
static void look_inside(struct lp_live_function *row, const struct changed *v, size_t n)
{
    size_t lo = 0, hi = n;
    const struct lp_applied *newest = NULL;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (v[mid].addr < row->addr) lo = mid + 1;
        else hi = mid;
    }
    for (; lo < n && v[lo].addr < row->addr + (row->size ? row->size : 4); lo++) {
        row->places++;
        row->hits += lp_counter_read(v[lo].write->counter).hits;
        if (!newest || v[lo].owner->serial > newest->serial) newest = v[lo].owner;
    }
    row->patch = newest ? newest->patch->name : NULL;
}

/* An object that is not opened yet need not be opened for nothing. */
static bool any_inside(const struct lp_target *t, const struct changed *v, size_t n)
{
    for (size_t i = 0; i < n && t->end; i++)
        if (v[i].addr >= t->start && v[i].addr < t->end) return true;
    return !t->end;
}

lp_status lp_live_functions(struct lp_live *live, bool changed_only, int (*fn)(void *ctx, const struct lp_live_function *row), void *ctx, struct lp_error *err)
{
    size_t n;
    int stop = 0;
    pthread_mutex_lock(&live->lock);
    settle(live);
    struct changed *v = all_changed(live, &n);
    for (size_t i = 0; i < live->objects.n && v && !stop; i++) {
        struct lp_target *t = live->objects.v[i];
        size_t count;
        if (t->gone || (changed_only && !any_inside(t, v, n)) || !lp_target_open(t, live->mem)) continue;
        const struct lp_elf_symbol *s = lp_elf_symbols(t->elf, &count);
        for (size_t k = 0; k < count && !stop; k++) {
            if (s[k].type != STT_FUNC && s[k].type != STT_GNU_IFUNC) continue;
            struct lp_live_function row = {.name = s[k].name, .object = t->name, .addr = s[k].value + t->bias, .size = s[k].size};
            look_inside(&row, v, n);
            if (row.patch || !changed_only) stop = fn(ctx, &row);
        }
    }
    pthread_mutex_unlock(&live->lock);
    free(v);
    return v ? LP_OK : lp_fail(err, LP_E_NOMEM, "out of memory");
}
