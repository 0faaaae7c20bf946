/* live/commit.c - one call: what it will write, the stop, the last check, the writes, and undoing them if one fails. */
#include <config.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"
#include "live/journal.h"
#include "mem/poke.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

lp_status lp_job_fail(struct lp_job *job, const char *where, uint32_t line, lp_status s, const char *fmt, ...)
{
    char text[560];
    struct lp_error e;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    lp_fail(&e, s, "%s", text);
    lp_at(&e, where, line, 0);
    if (job->err) *job->err = e;
    if (job->report) job->report(job->ctx, &e);
    return s;
}

lp_status lp_live_step(struct lp_job *job, const char *what)
{
    if (++job->live->step != job->live->fault_at) return LP_OK;
    return lp_job_fail(job, NULL, 0, LP_E_INTERNAL, "injected failure: %s", what);
}

/* ---- memory as it will be ---- */

static struct lp_over_slot *over_slot(const struct lp_job *job, uint64_t word)
{
    return &job->over_slot[(size_t)((word * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (job->nover_slot - 1)];
}

static void chain_over(struct lp_job *job, uint32_t i)
{
    struct lp_over_slot *s = over_slot(job, job->over[i].word);
    job->over[i].next = 0;
    if (s->last) job->over[s->last - 1].next = i + 1;
    else s->first = i + 1;
    s->last = i + 1;
}

static bool reserve_over(struct lp_job *job, size_t want)
{
    size_t n = job->nover_slot ? job->nover_slot : 64;
    while (n < want) n *= 2;
    if (n == job->nover_slot) return true;
    struct lp_over_slot *v = calloc(n, sizeof *v);
    if (!v || want > UINT32_MAX - 1) return free(v), false;
    free(job->over_slot);
    job->over_slot = v, job->nover_slot = n;
    for (size_t i = 0; i < job->nover; i++) chain_over(job, (uint32_t)i);
    return true;
}

bool lp_job_layer(struct lp_job *job, const struct lp_plan *plan, bool undo)
{
    for (size_t i = 0; i < plan->nwrite; i++) {
        const struct lp_write *w = &plan->write[i];
        for (uint64_t word = w->addr >> 2; word <= (w->addr + w->len - 1) >> 2 && !w->gone; word++) {
            struct lp_over *v = lp_grow(job->over, &job->over_cap, job->nover, sizeof *v);
            if (v) job->over = v;
            if (!v || !reserve_over(job, job->nover + 1)) return false;
            v[job->nover] = (struct lp_over){word, w, job->nlayer, 0, undo};
            chain_over(job, (uint32_t)job->nover++);
        }
    }
    job->nlayer++;
    return true;
}

/* The bytes that word `word` gets from earlier parts of the call, as far as they are in [addr, addr + len). */
static void overlay(const struct lp_job *job, uint64_t word, uint64_t addr, uint8_t *buf, size_t len)
{
    for (uint32_t i = over_slot(job, word)->first; i; i = job->over[i - 1].next) {
        const struct lp_over *o = &job->over[i - 1];
        const struct lp_write *w = o->w;
        if (o->word != word || o->layer >= job->nlayer) continue;
        uint64_t from = word << 2, end = (word << 2) + 4;
        if (from < addr) from = addr;
        if (from < w->addr) from = w->addr;
        if (end > addr + len) end = addr + len;
        if (end > w->addr + w->len) end = w->addr + w->len;
        if (from < end) memcpy(buf + (from - addr), (o->undo ? w->saved : w->new_bytes) + (from - w->addr), end - from);
    }
}

int lp_job_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
    struct lp_job *job = ctx;
    int r = lp_mem_peek(job->live->mem, buf, addr, len);
    for (uint64_t word = addr >> 2; r == 0 && job->nover && word <= (addr + len - 1) >> 2; word++) overlay(job, word, addr, buf, len);
    return r;
}

/* This applied patch goes: nothing may lie on it, and its words must still be there. */
lp_status lp_job_drop(struct lp_job *job, struct lp_applied *a)
{
    uint64_t where = 0;
    char text[200], found[17], want[17];
    a->leaving = true;
    struct lp_applied **v = lp_grow(job->drop, &job->drop_cap, job->ndrop, sizeof *v);
    if (!v) return lp_job_fail(job, NULL, 0, LP_E_NOMEM, "out of memory");
    job->drop = v;
    v[job->ndrop++] = a;
    struct lp_applied *top = lp_journal_above(job->live, a, &where);
    if (top) {
        lp_plan_where(&job->space, where, text, sizeof text);
        return lp_job_fail(job, a->patch->name, 0, LP_E_ORDER, "patch `%s` lies on top at %s", top->patch->name, text);
    }
    for (size_t i = 0; i < a->plan.nwrite; i++) {
        struct lp_write *w = &a->plan.write[i];
        uint8_t now[256];
        for (uint32_t off = 0; off < w->len && !w->gone; off += sizeof now) {
            uint32_t n = w->len - off < sizeof now ? w->len - off : sizeof now, at = 0;
            if (lp_job_read(job, w->addr + off, now, n) != 0) break; /* unmapped since: there is nothing to undo */
            if (memcmp(now, w->new_bytes + off, n) == 0) continue;
            while (now[at] == w->new_bytes[off + at]) at++;
            at &= ~3u;
            uint32_t m = n - at < 4 ? n - at : 4;
            for (uint32_t k = 0; k < m; k++)
                snprintf(found + 2 * k, 3, "%02x", now[at + m - 1 - k]), snprintf(want + 2 * k, 3, "%02x", w->new_bytes[off + at + m - 1 - k]);
            lp_plan_where(&job->space, w->addr + off + at, text, sizeof text);
            return lp_job_fail(job, a->patch->file, w->line, LP_E_OLD_WORD, "%s: found %s, the patch wrote %s: changed since", text, found, want);
        }
    }
    return lp_job_layer(job, &a->plan, true) ? LP_OK : lp_job_fail(job, NULL, 0, LP_E_NOMEM, "out of memory");
}

/* ---- the writes ---- */

/* Pages that [addr, addr + len) touches. */
static size_t pages_of(uint64_t addr, uint64_t len) { return (size_t)(((addr + len - 1) / LP_PAGE) - addr / LP_PAGE + 1); }

static size_t count_pokes(const struct lp_job *job)
{
    size_t n = 0;
    for (size_t k = 0; k < job->ndrop + job->nadd; k++) {
        const struct lp_plan *pl = k < job->ndrop ? &job->drop[k]->plan : &job->add[k - job->ndrop]->plan;
        for (size_t i = 0; i < pl->nwrite; i++) n += pages_of(pl->write[i].addr, pl->write[i].len);
    }
    return n;
}

static void add_pokes(struct lp_job *job, const struct lp_plan *pl, bool undo)
{
    for (size_t i = 0; i < pl->nwrite; i++) {
        const struct lp_write *w = &pl->write[i];
        const uint8_t *bytes = undo ? w->saved : w->new_bytes;
        for (uint32_t off = 0, n; off < w->len && !w->gone; off += n) {
            uint64_t addr = w->addr + off, room = LP_PAGE - addr % LP_PAGE;
            n = w->len - off < room ? w->len - off : (uint32_t)room;
            if (undo && !(lp_mem_flags(job->live->mem, addr) & LP_MAPPED)) continue; /* nothing to undo */
            job->poke[job->npoke] = (struct lp_poke){addr, n, (uint32_t)job->npoke, bytes + off};
            job->npoke++;
        }
    }
}

static int by_page(const void *a, const void *b)
{
    const struct lp_poke *x = a, *y = b;
    uint64_t p = x->addr / LP_PAGE, q = y->addr / LP_PAGE;
    return p != q ? (p < q ? -1 : 1) : (x->order > y->order) - (x->order < y->order);
}

/* A poke to a page that the guest cannot write costs two changes of protection, so such a page is written once, from the first to
 * the last changed byte. A page that it can write gets its bytes one by one: a system call in progress may be writing the others. */
static uint64_t make_batches(struct lp_job *job)
{
    uint64_t total = 0;
    for (size_t i = 0, end; i < job->npoke; i = end) {
        uint64_t page = job->poke[i].addr / LP_PAGE, lo = job->poke[i].addr, hi = lo + job->poke[i].len;
        bool alone = lp_mem_flags(job->live->mem, lo) & LP_W;
        for (end = i + 1; end < job->npoke && !alone && job->poke[end].addr / LP_PAGE == page; end++) {
            uint64_t from = job->poke[end].addr, to = from + job->poke[end].len;
            lo = from < lo ? from : lo, hi = to > hi ? to : hi;
        }
        job->batch[job->nbatch++] = (struct lp_batch){i, end, lo, (uint32_t)(hi - lo), NULL};
        total += hi - lo;
    }
    return total;
}

static lp_status collect(struct lp_job *job)
{
    size_t n = count_pokes(job);
    lp_status s = lp_live_step(job, "collect");
    if (s != LP_OK) return s;
    job->poke = n < UINT32_MAX ? calloc(n + 1, sizeof *job->poke) : NULL;
    job->batch = calloc(n + 1, sizeof *job->batch);
    if (!job->poke || !job->batch) return lp_job_fail(job, NULL, 0, LP_E_NOMEM, "out of memory");
    for (size_t i = 0; i < job->ndrop; i++) add_pokes(job, &job->drop[i]->plan, true);
    for (size_t i = 0; i < job->nadd; i++) add_pokes(job, &job->add[i]->plan, false);
    qsort(job->poke, job->npoke, sizeof *job->poke, by_page);
    uint8_t *before = job->before = malloc(make_batches(job) + 1);
    if (!before) return lp_job_fail(job, NULL, 0, LP_E_NOMEM, "out of memory");
    for (size_t i = 0; i < job->nbatch; i++) job->batch[i].before = before, before += job->batch[i].len;
    return LP_OK;
}

static void unmap_first(struct lp_live *live, const struct lp_applied *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!a->plan.region[i].again) lp_mem_munmap(live->mem, a->plan.region[i].addr, a->plan.region[i].code_len + a->plan.region[i].data_len);
}

static lp_status map_part(struct lp_job *job, struct lp_applied *a, uint64_t addr, uint64_t len, int prot)
{
    char name[128];
    if (!len) return LP_OK;
    lp_status s = lp_live_step(job, "map");
    if (s != LP_OK) return s;
    int64_t r = lp_mem_mmap(job->live->mem, addr, len, prot, MAP_PRIVATE | LP_MAP_ANONYMOUS | LP_MAP_FIXED_NOREPLACE, -1, 0);
    if (r != (int64_t)addr) return lp_job_fail(job, a->patch->file, 0, LP_E_SYSTEM, "cannot map %llu bytes at 0x%llx: %s", (unsigned long long)len,
                                               (unsigned long long)addr, r < 0 ? strerror((int)-r) : "taken");
    snprintf(name, sizeof name, "[arm64lp: %.100s]", a->patch->name);
    lp_mem_name(job->live->mem, addr, len, name, 0);
    return LP_OK;
}

static lp_status fill_regions(struct lp_job *job, struct lp_applied *a)
{
    for (size_t i = 0; i < a->plan.nregion; i++) {
        const struct lp_region *r = &a->plan.region[i];
        if (r->again) continue;
        lp_status s = lp_live_step(job, "fill");
        if (s != LP_OK) return s;
        int e = lp_mem_poke(job->live->mem, r->addr, r->bytes, r->code_len + r->data_len);
        if (e) return lp_job_fail(job, a->patch->file, 0, LP_E_SYSTEM, "cannot write the new code: %s", strerror(-e));
    }
    return LP_OK;
}

/* New bodies and data: no thread can know them yet, so this and filling them is done while the program runs. */
static lp_status map_regions(struct lp_job *job, struct lp_applied *a)
{
    for (size_t i = 0; i < a->plan.nregion; i++) {
        const struct lp_region *r = &a->plan.region[i];
        if (r->again) continue;
        lp_status s = map_part(job, a, r->addr, r->code_len, 1 | 4);
        if (s == LP_OK && (s = map_part(job, a, r->addr + r->code_len, r->data_len, 1 | 2)) != LP_OK && r->code_len)
            lp_mem_munmap(job->live->mem, r->addr, r->code_len);
        if (s == LP_OK) continue;
        unmap_first(job->live, a, i);
        return s;
    }
    return LP_OK;
}

/* ---- under the gate ---- */

/* Without a gate threads may be running there. */
static void forget(struct lp_live *live, uint64_t start, uint64_t end) { (live->gate ? lp_ops_reset : lp_ops_invalidate)(live->mem, start, end); }

static int poke(struct lp_live *live, uint64_t addr, const uint8_t *bytes, uint32_t len)
{
    int e = lp_mem_poke(live->mem, addr, bytes, len);
    forget(live, addr, addr + len);
    return e;
}

static lp_status write_batch(struct lp_job *job, const struct lp_batch *b)
{
    uint8_t after[LP_PAGE];
    lp_status s = lp_live_step(job, "write");
    if (s != LP_OK) return s;
    int e = lp_mem_peek(job->live->mem, b->before, b->addr, b->len);
    if (e) return lp_job_fail(job, NULL, 0, LP_E_SYSTEM, "cannot read at 0x%llx: %s", (unsigned long long)b->addr, strerror(-e));
    memcpy(after, b->before, b->len);
    for (size_t i = b->from; i < b->to; i++) memcpy(after + (job->poke[i].addr - b->addr), job->poke[i].bytes, job->poke[i].len);
    e = poke(job->live, b->addr, after, b->len);
    if (!e) return LP_OK;
    poke(job->live, b->addr, b->before, b->len); /* perhaps half of it is there */
    return lp_job_fail(job, NULL, 0, LP_E_SYSTEM, "cannot write at 0x%llx: %s", (unsigned long long)b->addr, strerror(-e));
}

static lp_status write_all(struct lp_job *job)
{
    size_t done = 0;
    lp_status s = LP_OK;
    while (done < job->nbatch && (s = write_batch(job, &job->batch[done])) == LP_OK) done++;
    while (s != LP_OK && done--) poke(job->live, job->batch[done].addr, job->batch[done].before, job->batch[done].len);
    return s;
}

/* Is what PREPARE saw at w still there, below the parts of the call from `layer` on? What leaves may have been unmapped since: nothing is undone there. */
static lp_status still(struct lp_job *job, const struct lp_patch *p, const struct lp_write *w, size_t layer, bool drop)
{
    uint8_t now[256];
    const uint8_t *want = drop ? w->new_bytes : w->saved;
    const uint32_t layers = job->nlayer;
    lp_status s = LP_OK;
    job->nlayer = (uint32_t)layer;
    for (uint32_t off = 0; off < w->len && s == LP_OK; off += sizeof now) {
        uint32_t n = w->len - off < sizeof now ? w->len - off : sizeof now;
        int e = lp_job_read(job, w->addr + off, now, n);
        if (e ? drop : memcmp(now, want + off, n) == 0) continue;
        s = lp_job_fail(job, p->file, w->line, LP_E_OLD_WORD, "0x%llx was changed by the program meanwhile", (unsigned long long)w->addr);
    }
    job->nlayer = layers;
    return s;
}

static lp_status recheck(struct lp_job *job)
{
    lp_status s = lp_live_step(job, "check");
    for (size_t k = 0; k < job->ndrop + job->nadd && s == LP_OK; k++) {
        const bool drop = k < job->ndrop;
        const struct lp_plan *pl = drop ? &job->drop[k]->plan : &job->add[k - job->ndrop]->plan;
        for (size_t i = 0; i < pl->nwrite && s == LP_OK; i++)
            if (!pl->write[i].gone) s = still(job, pl->patch, &pl->write[i], k, drop);
    }
    return s;
}

void lp_live_prune(struct lp_live *live)
{
    if (!atomic_exchange(&live->moved, false)) return;
    lp_unwind_prepare(live);
    lp_live_stop(live);
    for (struct lp_applied *a = live->newest, *older; a; a = older) {
        older = a->older;
        if (!lp_journal_forget(live, a)) continue;
        if (!a->whole) lp_history_add(live, "retired", a->patch->name, a->patch->version, NULL, NULL);
        lp_journal_remove(live, a);
        lp_journal_count(live, a);
        lp_live_retire_regions(live, a, NULL);
        lp_journal_free_one(a);
    }
    lp_trials_watch(live);
    lp_live_reap(live);
    lp_live_resume(live);
}

/* A page of a shared mapping without a patch shows what the others show: the code of a JIT that writes by another mapping. */
static void share_again(struct lp_live *live, const struct lp_write *w)
{
    const unsigned both = LP_SHARED | LP_PATCHED;
    for (uint64_t page = w->addr & ~(LP_PAGE - 1); page < w->addr + w->len; page += LP_PAGE)
        if ((lp_mem_flags(live->mem, page) & both) == both && !lp_journal_in(live, page, page + LP_PAGE) && lp_mem_share_again(live->mem, page))
            forget(live, page, page + LP_PAGE);
}

static void book(struct lp_job *job)
{
    struct lp_live *live = job->live;
    const uint64_t now = lp_wall_ms();
    for (size_t i = 0; i < job->ndrop; i++) {
        struct lp_applied *a = job->drop[i];
        lp_journal_remove(live, a);
        lp_live_retire_regions(live, a, NULL);
    }
    for (size_t i = 0; i < job->nadd; i++) {
        job->add[i]->applied_ms = now;
        if (!job->add[i]->whole && job->options && job->options->trial_ms) lp_trial_begin(live, job->add[i], job->options->trial_ms);
        lp_journal_add(live, job->add[i]);
        lp_bodies_add(live, job->add[i]);
    }
    for (size_t i = 0; i < job->ndrop; i++) {
        lp_journal_count(live, job->drop[i]);
        for (size_t k = 0; k < job->drop[i]->plan.nwrite; k++) share_again(live, &job->drop[i]->plan.write[k]);
    }
    for (size_t i = 0; i < job->nadd; i++) lp_journal_count(live, job->add[i]);
    lp_trials_watch(live);
    lp_live_reap(live);
}

static bool brings_frames(const struct lp_job *job)
{
    for (size_t i = 0; i < job->nadd; i++)
        for (size_t k = 0; k < job->add[i]->plan.ndef; k++)
            if (job->add[i]->plan.def[k].frame) return true;
    return false;
}

lp_status lp_job_commit(struct lp_job *job)
{
    struct lp_live *live = job->live;
    lp_status s = collect(job);
    size_t mapped = 0;
    if (s == LP_OK) s = lp_live_step(job, "reserve");
    if (s == LP_OK && (!lp_journal_reserve(live, job->add, job->nadd) || !lp_bodies_reserve(live, job->add, job->nadd)))
        s = lp_job_fail(job, NULL, 0, LP_E_NOMEM, "out of memory");
    for (size_t i = 0; i < job->nadd && s == LP_OK; i++)
        if ((s = map_regions(job, job->add[i])) == LP_OK) mapped++, s = fill_regions(job, job->add[i]);
    if (s == LP_OK && brings_frames(job)) lp_frames_seek(live);
    if (s == LP_OK && (s = lp_job_stop(job)) == LP_OK) {
        s = recheck(job);
        if (s == LP_OK) s = write_all(job);
        if (s == LP_OK) book(job);
        lp_live_resume(live);
    }
    for (size_t i = 0; i < mapped && s != LP_OK; i++) unmap_first(live, job->add[i], job->add[i]->plan.nregion);
    return s;
}

void lp_job_free(struct lp_job *job)
{
    free(job->taken), free(job->over), free(job->over_slot), free(job->drop), free(job->add), free(job->names.bucket);
    free(job->poke), free(job->batch), free(job->before);
}
