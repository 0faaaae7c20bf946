/* patch/commit.c - one call: what it will write, the stop, the last check, the writes, and undoing them if one fails. */
#include <config.h>
#include "patch/journal.h"
#include "base/buf.h"
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void overlay(const struct lp_layer *l, uint64_t addr, uint8_t *buf, size_t len)
{
    const struct lp_write *w = l->plan->write;
    size_t lo = 0, hi = l->plan->nwrite;
    while (lo < hi) { /* the first write that ends behind addr */
        size_t mid = lo + (hi - lo) / 2;
        if (w[mid].addr + w[mid].len <= addr) lo = mid + 1;
        else hi = mid;
    }
    for (; lo < l->plan->nwrite && w[lo].addr < addr + len; lo++) {
        uint64_t from = w[lo].addr > addr ? w[lo].addr : addr, end = w[lo].addr + w[lo].len < addr + len ? w[lo].addr + w[lo].len : addr + len;
        memcpy(buf + (from - addr), (l->undo ? w[lo].saved : w[lo].new_bytes) + (from - w[lo].addr), end - from);
    }
}

int lp_job_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
    struct lp_job *job = ctx;
    int r = lp_mem_read(job->live->mem, buf, addr, len);
    for (size_t i = 0; r == 0 && i < job->nlayer; i++) overlay(&job->layer[i], addr, buf, len);
    return r;
}

bool lp_job_layer(struct lp_job *job, const struct lp_plan *plan, bool undo)
{
    struct lp_layer *v = lp_grow(job->layer, &job->layer_cap, job->nlayer, sizeof *v);
    if (!v) return false;
    job->layer = v;
    v[job->nlayer++] = (struct lp_layer){plan, undo};
    return true;
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
        for (uint32_t off = 0; off < w->len; off += sizeof now) {
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

#define RUN_MAX 65536u /* bytes written in one go */

static size_t count_pokes(const struct lp_job *job, size_t *bytes)
{
    size_t n = 0;
    for (size_t k = 0; k < job->ndrop + job->nadd; k++) {
        const struct lp_plan *pl = k < job->ndrop ? &job->drop[k]->plan : &job->add[k - job->ndrop]->plan;
        for (size_t i = 0; i < pl->nwrite; i++, n++) *bytes += pl->write[i].len;
    }
    return n;
}

static void add_pokes(struct lp_job *job, const struct lp_plan *pl, bool undo, uint8_t **before)
{
    for (size_t i = 0; i < pl->nwrite; i++) {
        const struct lp_write *w = &pl->write[i];
        uint64_t bad;
        if (undo && !lp_mem_check(job->live->mem, w->addr, w->len, LP_MAPPED, &bad)) continue;
        job->poke[job->npoke++] = (struct lp_poke){w->addr, w->len, undo ? w->saved : w->new_bytes, *before};
        *before += w->len;
    }
}

static lp_status collect(struct lp_job *job)
{
    size_t bytes = 0, n = count_pokes(job, &bytes);
    lp_status s = lp_live_step(job, "collect");
    if (s != LP_OK) return s;
    job->poke = calloc(n + 1, sizeof *job->poke);
    uint8_t *before = job->before = malloc(bytes + 1);
    job->run = malloc(RUN_MAX);
    if (!job->poke || !before || !job->run) return lp_job_fail(job, NULL, 0, LP_E_NOMEM, "out of memory");
    for (size_t i = 0; i < job->ndrop; i++) add_pokes(job, &job->drop[i]->plan, true, &before);
    for (size_t i = 0; i < job->nadd; i++) add_pokes(job, &job->add[i]->plan, false, &before);
    return LP_OK;
}

enum { MAP_PRIVATE_ANON_NEW = 0x2 | 0x20 | 0x100000 }; /* MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, Linux's generic numbers */

static void unmap_first(struct lp_live *live, const struct lp_applied *a, size_t n)
{
    for (size_t i = 0; i < n; i++) lp_mem_munmap(live->mem, a->plan.region[i].addr, a->plan.region[i].code_len + a->plan.region[i].data_len);
}

static lp_status map_part(struct lp_job *job, struct lp_applied *a, uint64_t addr, uint64_t len, int prot)
{
    char name[128];
    if (!len) return LP_OK;
    lp_status s = lp_live_step(job, "map");
    if (s != LP_OK) return s;
    int64_t r = lp_mem_mmap(job->live->mem, addr, len, prot, MAP_PRIVATE_ANON_NEW, -1, 0);
    if (r != (int64_t)addr) return lp_job_fail(job, a->patch->file, 0, LP_E_SYSTEM, "cannot map %llu bytes at 0x%llx: %s", (unsigned long long)len,
                                               (unsigned long long)addr, r < 0 ? strerror((int)-r) : "taken");
    snprintf(name, sizeof name, "[arm64lp: %.100s]", a->patch->name);
    lp_mem_name(job->live->mem, addr, len, name, 0);
    return LP_OK;
}

/* New bodies and data: no thread can know them yet, so this is done while the program runs. */
static lp_status map_regions(struct lp_job *job, struct lp_applied *a)
{
    for (size_t i = 0; i < a->plan.nregion; i++) {
        const struct lp_region *r = &a->plan.region[i];
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

static lp_status fill_regions(struct lp_job *job, struct lp_applied *a)
{
    for (size_t i = 0; i < a->plan.nregion; i++) {
        const struct lp_region *r = &a->plan.region[i];
        lp_status s = lp_live_step(job, "fill");
        if (s != LP_OK) return s;
        int e = lp_mem_poke(job->live->mem, r->addr, r->bytes, r->code_len + r->data_len);
        if (e) return lp_job_fail(job, a->patch->file, 0, LP_E_SYSTEM, "cannot write the new code: %s", strerror(-e));
    }
    return LP_OK;
}

static int poke(struct lp_live *live, uint64_t addr, const uint8_t *bytes, uint32_t len)
{
    int e = lp_mem_poke(live->mem, addr, bytes, len);
    lp_ops_invalidate(live->mem, addr, addr + len);
    return e;
}

/* Neighbours are written in one go: a poke costs system calls. Their `before` bytes lie next to one another too. */
static size_t gather(const struct lp_job *job, size_t from, size_t *len)
{
    size_t i = from;
    for (*len = 0; i < job->npoke; i++) {
        const struct lp_poke *p = &job->poke[i];
        if (i > from && (p->addr != job->poke[from].addr + *len || *len + p->len > RUN_MAX)) break;
        if (i > from || p->len < RUN_MAX) memcpy(job->run + *len, p->bytes, p->len);
        *len += p->len;
        if (*len >= RUN_MAX) return i + 1;
    }
    return i;
}

static lp_status write_run(struct lp_job *job, size_t from, size_t len)
{
    struct lp_poke *p = &job->poke[from];
    lp_status s = lp_live_step(job, "write");
    if (s != LP_OK) return s;
    int e = lp_mem_read(job->live->mem, p->before, p->addr, len);
    bool saved = e == 0;
    if (saved) e = poke(job->live, p->addr, p->len >= RUN_MAX ? p->bytes : job->run, (uint32_t)len);
    if (!e) return LP_OK;
    if (saved) poke(job->live, p->addr, p->before, (uint32_t)len); /* perhaps half of it is there */
    return lp_job_fail(job, NULL, 0, LP_E_SYSTEM, "cannot write at 0x%llx: %s", (unsigned long long)p->addr, strerror(-e));
}

static lp_status write_all(struct lp_job *job)
{
    size_t done = 0, len, next;
    lp_status s = LP_OK;
    while (done < job->npoke && s == LP_OK) {
        next = gather(job, done, &len);
        s = write_run(job, done, len);
        if (s == LP_OK) done = next;
    }
    while (s != LP_OK && done--) poke(job->live, job->poke[done].addr, job->poke[done].before, job->poke[done].len);
    return s;
}

/* The words that PREPARE saw must still be there. */
static lp_status recheck(struct lp_job *job)
{
    lp_status s = lp_live_step(job, "check");
    for (size_t k = 0; k < job->nadd && s == LP_OK; k++) {
        struct lp_plan *pl = &job->add[k]->plan;
        for (size_t i = 0; i < pl->nwrite && s == LP_OK; i++) {
            uint8_t now[256];
            const struct lp_write *w = &pl->write[i];
            size_t layers = job->nlayer;
            job->nlayer = job->ndrop + k; /* what lies under this patch */
            for (uint32_t off = 0; off < w->len && s == LP_OK; off += sizeof now) {
                uint32_t n = w->len - off < sizeof now ? w->len - off : sizeof now;
                if (lp_job_read(job, w->addr + off, now, n) == 0 && memcmp(now, w->saved + off, n) == 0) continue;
                s = lp_job_fail(job, pl->patch->file, w->line, LP_E_OLD_WORD,
                        "0x%llx was changed by the program meanwhile", (unsigned long long)w->addr);
            }
            job->nlayer = layers;
        }
    }
    return s;
}

static enum lp_mode_kind mode_of(const struct lp_patch *p) { return p->mode.kind == LP_MODE_DEFAULT ? LP_MODE_QUIESCE : p->mode.kind; }

static int by_start(const void *a, const void *b)
{
    const struct lp_span *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* Ranges of several words: a thread between two of them would go on in a mixture. One word has no interior. */
static struct lp_span *interiors(const struct lp_job *job, size_t *n)
{
    size_t bytes = 0;
    struct lp_span *v = malloc((count_pokes(job, &bytes) + 1) * sizeof *v);
    *n = 0;
    for (size_t k = 0; v && k < job->ndrop + job->nadd; k++) {
        const struct lp_applied *a = k < job->ndrop ? job->drop[k] : job->add[k - job->ndrop];
        if (mode_of(a->patch) == LP_MODE_NOW) continue;
        for (size_t i = 0; i < a->plan.nwrite; i++) {
            const struct lp_write *w = &a->plan.write[i];
            if (w->code && w->len > 4) v[(*n)++] = (struct lp_span){w->addr + 4, w->addr + w->len, mode_of(a->patch) == LP_MODE_QUIESCE};
        }
    }
    if (v) qsort(v, *n, sizeof *v, by_start);
    size_t m = 0; /* a patch and the one it replaces may share a range */
    for (size_t i = 0; v && i < *n; i++) {
        if (m && v[i].start < v[m - 1].end) {
            if (v[i].end > v[m - 1].end) v[m - 1].end = v[i].end;
            v[m - 1].returns |= v[i].returns;
        } else {
            v[m++] = v[i];
        }
    }
    *n = m;
    return v;
}

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void stop(struct lp_live *live)
{
    if (live->gate) lp_gate_stop(live->gate, NULL);
}

static void resume(struct lp_live *live)
{
    if (live->gate) lp_gate_resume(live->gate);
}

/* The longest deadline of the call, and whether every patch has a way out when it passes. */
static uint32_t deadline_of(const struct lp_job *job, enum lp_else_kind *otherwise)
{
    uint32_t ms = 0;
    *otherwise = LP_ELSE_FORCE;
    for (size_t k = 0; k < job->ndrop + job->nadd; k++) {
        const struct lp_patch *p = (k < job->ndrop ? job->drop[k] : job->add[k - job->ndrop])->patch;
        if (p->mode.deadline_ms > ms) ms = p->mode.deadline_ms;
        if (p->mode.otherwise < *otherwise) *otherwise = p->mode.otherwise;
    }
    if (job->options && job->options->deadline_ms) ms = job->options->deadline_ms;
    return ms ? ms : 5000;
}

static lp_status busy(struct lp_job *job, uint64_t pc, bool possible, uint32_t ms)
{
    char where[200];
    lp_plan_where(&job->space, pc, where, sizeof where);
    return lp_job_fail(job, NULL, 0, LP_E_BUSY, "a thread %s %s (0x%llx) after %u ms",
            possible ? "possibly returns to" : "is in", where, (unsigned long long)pc, ms);
}

/* Stop, and stay stopped if no thread is inside a changed range; else let them run and try again, ever less often. */
static lp_status stop_quiet(struct lp_job *job)
{
    size_t n;
    enum lp_else_kind otherwise;
    uint32_t ms = deadline_of(job, &otherwise);
    uint64_t start = now_ms(), pc = 0, pause = 1;
    bool possible, force = job->options && job->options->flags & LP_LIVE_FORCE;
    lp_status s = lp_live_step(job, "stop");
    if (s != LP_OK) return s;
    struct lp_span *span = interiors(job, &n);
    if (!span) return lp_job_fail(job, NULL, 0, LP_E_NOMEM, "out of memory");
    for (;;) {
        stop(job->live);
        if (force || lp_quiet(job->live, span, n, &pc, &possible)) break;
        resume(job->live);
        if (now_ms() - start >= ms) {
            if (otherwise == LP_ELSE_FORCE) force = true;
            else if (otherwise == LP_ELSE_LAZY) for (size_t i = 0; i < n; i++) span[i].returns = false;
            else s = busy(job, pc, possible, ms);
            if (s != LP_OK) break;
            otherwise = LP_ELSE_FAIL;
        }
        struct timespec nap = {0, (long)pause * 1000000};
        nanosleep(&nap, NULL);
        if (pause < 50) pause *= 2;
    }
    free(span);
    return s;
}

static bool retire(struct lp_live *live, uint64_t start, uint64_t end)
{
    struct lp_retired *v = lp_grow(live->retired, &live->retired_cap, live->nretired, sizeof *v);
    if (v) live->retired = v, v[live->nretired++] = (struct lp_retired){start, end};
    return v != NULL;
}

/* A reverted body goes once no thread is in it. What pointers may lead to (new functions, data) stays for ever. */
static void reap(struct lp_live *live)
{
    size_t n = 0;
    for (size_t i = 0; i < live->nretired; i++) {
        struct lp_retired r = live->retired[i];
        struct lp_span span = {r.start, r.end, true};
        uint64_t pc;
        bool possible;
        if (lp_quiet(live, &span, 1, &pc, &possible)) lp_mem_munmap(live->mem, r.start, r.end - r.start);
        else live->retired[n++] = r;
    }
    live->nretired = n;
}

static void book(struct lp_job *job)
{
    struct lp_live *live = job->live;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    for (size_t i = 0; i < job->ndrop; i++) {
        struct lp_applied *a = job->drop[i];
        lp_journal_remove(live, a);
        for (size_t k = 0; k < a->plan.nregion; k++) {
            const struct lp_region *r = &a->plan.region[k];
            if (!r->keep) (void)retire(live, r->addr, r->addr + r->code_len + r->data_len); /* without memory it just stays mapped */
        }
    }
    for (size_t i = 0; i < job->nadd; i++) {
        job->add[i]->applied_ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
        lp_journal_add(live, job->add[i]);
    }
    for (size_t i = 0; i < job->ndrop; i++) lp_journal_count(live, job->drop[i]);
    for (size_t i = 0; i < job->nadd; i++) lp_journal_count(live, job->add[i]);
    reap(live);
}

lp_status lp_job_commit(struct lp_job *job)
{
    struct lp_live *live = job->live;
    lp_status s = collect(job);
    size_t mapped = 0;
    for (size_t i = 0; i < job->nadd && s == LP_OK; i++) {
        s = lp_live_step(job, "reserve");
        if (s == LP_OK && !lp_journal_reserve(live, job->add[i])) s = lp_job_fail(job, NULL, 0, LP_E_NOMEM, "out of memory");
        if (s == LP_OK && (s = map_regions(job, job->add[i])) == LP_OK) mapped++;
    }
    if (s == LP_OK && (s = stop_quiet(job)) == LP_OK) {
        s = recheck(job);
        for (size_t i = 0; i < job->nadd && s == LP_OK; i++) s = fill_regions(job, job->add[i]);
        if (s == LP_OK) s = write_all(job);
        if (s == LP_OK) book(job);
        resume(live);
    }
    for (size_t i = 0; i < mapped && s != LP_OK; i++) unmap_first(live, job->add[i], job->add[i]->plan.nregion);
    return s;
}

void lp_job_free(struct lp_job *job)
{
    free(job->taken), free(job->run), free(job->layer), free(job->drop), free(job->add), free(job->poke), free(job->before);
}
