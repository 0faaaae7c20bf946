/* patch/live.c - apply, revert and list on a running program. */
#include <config.h>
#include "patch/journal.h"
#include "base/bits.h"
#include "base/buf.h"
#include "base/error.h"

#include <stdlib.h>
#include <string.h>

#define REACH (UINT64_C(100) << 20) /* B reaches 128 MiB; the object and the new code need some of it */

lp_status lp_live_new(struct lp_mem *mem, struct lp_gate *gate, struct lp_live **out, struct lp_error *err)
{
    struct lp_live *live = calloc(1, sizeof *live);
    if (!live) return lp_fail(err, LP_E_NOMEM, "out of memory");
    live->mem = mem;
    live->gate = gate;
    pthread_mutex_init(&live->lock, NULL);
    pthread_mutex_init(&live->turn, NULL);
    *out = live;
    return LP_OK;
}

void lp_live_free(struct lp_live *live)
{
    if (!live) return;
    while (live->newest) {
        struct lp_applied *a = live->newest;
        lp_journal_remove(live, a);
        lp_journal_count(live, a); /* nobody counts any more */
        lp_journal_free_one(a);
    }
    pthread_mutex_destroy(&live->lock);
    pthread_mutex_destroy(&live->turn);
    free(live->target), free(live->bucket), free(live->names.bucket), free(live->retired), free(live);
}

lp_status lp_live_add_object(struct lp_live *live, const lp_elf *elf, uint64_t bias, struct lp_error *err)
{
    const char *name = lp_elf_info(elf)->name, *slash = strrchr(name, '/');
    pthread_mutex_lock(&live->lock);
    struct lp_target *v = lp_grow(live->target, &live->target_cap, live->ntarget, sizeof *v);
    if (v) {
        live->target = v;
        v[live->ntarget] = (struct lp_target){slash ? slash + 1 : name, elf, bias, live->ntarget == 0};
        live->ntarget++;
    }
    pthread_mutex_unlock(&live->lock);
    return v ? LP_OK : lp_fail(err, LP_E_NOMEM, "out of memory");
}

void lp_live_mem_changed(void *ctx, uint64_t start, uint64_t end)
{
    struct lp_live *live = ctx;
    lp_ops_invalidate(live->mem, start, end);
    /* On a guest thread, perhaps with a patch in progress: only note that patched pages may be gone; the next call looks. */
    uint64_t lo = atomic_load_explicit(&live->lowest, memory_order_relaxed), hi = atomic_load_explicit(&live->highest, memory_order_relaxed);
    if (start < lo) start = lo;
    if (end > hi) end = hi;
    if (start < end && !lp_mem_check(live->mem, start, end - start, LP_PATCHED, NULL)) atomic_store(&live->moved, true);
}

void lp_live_before_fork(struct lp_live *live) { pthread_mutex_lock(&live->lock); }

void lp_live_after_fork(struct lp_live *live, bool child)
{
    if (!child) {
        pthread_mutex_unlock(&live->lock);
        return;
    }
    pthread_mutex_init(&live->lock, NULL);
    pthread_mutex_init(&live->turn, NULL);
    live->working = false;
    for (struct lp_applied *a = live->newest; a; a = a->older) a->leaving = false;
}

int lp_live_set_fault(struct lp_live *live, int step)
{
    pthread_mutex_lock(&live->lock);
    int last = live->step;
    live->fault_at = step;
    pthread_mutex_unlock(&live->lock);
    return last;
}

/* Free addresses in [from, to) that this call has not given away already; the range is remembered. */
static uint64_t take(struct lp_job *job, uint64_t from, uint64_t to, uint64_t len)
{
    from = lp_align_up(from, LP_PAGE), to = lp_align_down(to, LP_PAGE);
    size_t lo = 0, hi = job->ntaken;
    while (lo < hi) { /* the first range that ends behind `from` */
        size_t mid = lo + (hi - lo) / 2;
        if (job->taken[mid].end <= from) lo = mid + 1;
        else hi = mid;
    }
    uint64_t addr = from < to ? lp_mem_find_free(job->live->mem, from, to, len) : 0;
    for (; addr && lo < job->ntaken && addr + len > job->taken[lo].start; lo++) {
        if (addr >= job->taken[lo].end) continue;
        from = job->taken[lo].end;
        addr = from < to ? lp_mem_find_free(job->live->mem, from, to, len) : 0;
    }
    struct lp_retired *v = addr ? lp_grow(job->taken, &job->taken_cap, job->ntaken, sizeof *v) : NULL;
    if (!v) return 0;
    job->taken = v;
    bool joins = lo && v[lo - 1].end == addr; /* ranges that touch are one, so there are few */
    if (joins) return v[lo - 1].end += len, addr;
    memmove(v + lo + 1, v + lo, (job->ntaken - lo) * sizeof *v);
    v[lo] = (struct lp_retired){addr, addr + len};
    job->ntaken++;
    return addr;
}

/* Away from where the object's heap grows: below it, else far above, else close. */
static uint64_t place(void *ctx, const struct lp_target *t, uint64_t len)
{
    struct lp_job *job = ctx;
    size_t n;
    uint64_t lo = UINT64_MAX, hi = 0, addr = 0;
    const struct lp_elf_segment *s = lp_elf_segments(t->elf, &n);
    for (size_t i = 0; i < n; i++) {
        if (s[i].type != 1) continue;
        if (s[i].vaddr < lo) lo = s[i].vaddr;
        if (s[i].vaddr + s[i].memsz > hi) hi = s[i].vaddr + s[i].memsz;
    }
    if (hi <= lo) return 0;
    lo += t->bias, hi += t->bias;
    uint64_t floor = hi > REACH && hi - REACH > 0x100000 ? hi - REACH : 0x100000, end = lo + (UINT64_C(127) << 20);
    addr = take(job, floor, lo, len);
    if (!addr) addr = take(job, lo + REACH > hi ? lo + REACH : hi, end, len);
    return addr ? addr : take(job, hi, end, len);
}

static void begin(struct lp_job *job, struct lp_live *live)
{
    pthread_mutex_lock(&live->turn);
    pthread_mutex_lock(&live->lock);
    live->working = true;
    live->step = 0;
    job->live = live;
    job->space = (struct lp_space){live->target, live->ntarget, job, lp_job_read, place};
    lp_live_prune(live);
}

/* Patches that left are free, if they did. */
static void end(struct lp_job *job, bool done)
{
    struct lp_live *live = job->live;
    for (size_t i = 0; i < job->ndrop; i++) {
        if (done) lp_journal_free_one(job->drop[i]);
        else job->drop[i]->leaving = false;
    }
    lp_job_free(job);
    live->working = false;
    pthread_mutex_unlock(&live->lock);
    pthread_mutex_unlock(&live->turn);
}

static bool same_patch(const struct lp_patch *a, const struct lp_patch *b)
{
    return a->text_len == b->text_len && memcmp(a->text, b->text, a->text_len) == 0;
}

/* Will a patch that the relation means be there after this call? */
static const char *present(const struct lp_job *job, const struct lp_relation *r, const struct lp_patch *self)
{
    const struct lp_applied *a = lp_names_find(&job->live->names, r->name);
    if (a && !a->leaving && lp_relation_met(r, a->patch->name, a->patch->version)) return a->patch->name;
    a = lp_names_find(&job->names, r->name);
    return a && a->patch != self && lp_relation_met(r, a->patch->name, a->patch->version) ? a->patch->name : NULL;
}

static lp_status check_relations(struct lp_job *job, const struct lp_patch *p)
{
    for (size_t i = 0; i < p->nrelation; i++) {
        const struct lp_relation *r = &p->relation[i];
        const char *hit = r->kind == LP_REPLACES ? NULL : present(job, r, p), *op = r->op ? " " : "";
        if (r->kind == LP_REQUIRES && !hit)
            return lp_job_fail(job, p->file, r->line, LP_E_RELATION,
                    "patch `%s` requires `%s%s%s%s%s`, which is not applied", p->name, r->name, op, r->op ? r->op : "", op,
                               r->version ? r->version : "");
        if (r->kind == LP_CONFLICTS && hit) return lp_job_fail(job, p->file, r->line, LP_E_RELATION,
                "patch `%s` conflicts with `%s`, which is applied", p->name, hit);
    }
    return LP_OK;
}

/* What is applied may refuse the newcomer too. */
static lp_status check_refused(struct lp_job *job, const struct lp_patch *p)
{
    for (const struct lp_applied *a = job->live->nrelated ? job->live->newest : NULL; a; a = a->older)
        for (size_t i = 0; i < a->patch->nrelation && !a->leaving; i++)
            if (a->patch->relation[i].kind == LP_CONFLICTS && lp_relation_met(&a->patch->relation[i], p->name, p->version))
                return lp_job_fail(job, p->file, 0, LP_E_RELATION, "the applied patch `%s` conflicts with `%s`", a->patch->name, p->name);
    return LP_OK;
}

static int newest_first(const void *a, const void *b)
{
    const struct lp_applied *x = *(struct lp_applied *const *)a, *y = *(struct lp_applied *const *)b;
    return (x->serial < y->serial) - (x->serial > y->serial);
}

/* All of them leave, so that none is in the way of another. */
static lp_status drop_all(struct lp_job *job, struct lp_applied **v, size_t n)
{
    lp_status s = LP_OK;
    if (n) qsort(v, n, sizeof *v, newest_first);
    for (size_t i = 0; i < n; i++) v[i]->leaving = true;
    for (size_t i = 0; i < n && s == LP_OK; i++) s = lp_job_drop(job, v[i]);
    for (size_t i = job->ndrop; i < n; i++) v[i]->leaving = false;
    return s;
}

/* The applied patches that a patch of this call replaces. */
static lp_status drop_replaced(struct lp_job *job, const lp_patch *const *patches, size_t n)
{
    struct lp_applied **v = NULL;
    size_t count = 0, cap = 0;
    for (size_t i = 0; i < n; i++) {
        const struct lp_patch *p = patches[i];
        const struct lp_applied *same = p->nrelation ? lp_names_find(&job->live->names, p->name) : NULL;
        for (size_t k = 0; k < p->nrelation && !(same && same_patch(same->patch, p)); k++) {
            struct lp_applied *a = p->relation[k].kind == LP_REPLACES ? lp_names_find(&job->live->names, p->relation[k].name) : NULL, **w;
            if (!a || a->leaving || !lp_relation_met(&p->relation[k], a->patch->name, a->patch->version)) continue;
            if (!(w = lp_grow(v, &cap, count, sizeof *v))) return free(v), lp_job_fail(job, NULL, 0, LP_E_NOMEM, "out of memory");
            v = w;
            v[count++] = a;
            a->leaving = true;
        }
    }
    lp_status s = drop_all(job, v, count);
    free(v);
    return s;
}

/* 1 = is there already. */
static int known(struct lp_job *job, const struct lp_patch *p, lp_status *s)
{
    const struct lp_applied *a = lp_names_find(&job->live->names, p->name);
    if (a && !a->leaving) {
        if (same_patch(a->patch, p)) return 1;
        *s = lp_job_fail(job, p->file, 0, LP_E_RELATION, "another patch named `%s`%s%s is applied", p->name, a->patch->version ? " version " : "",
                         a->patch->version ? a->patch->version : "");
        if (job->err) lp_hint(job->err, "revert it first, or say `replaces %s` in the new one", p->name);
        return -1;
    }
    a = lp_names_find(&job->names, p->name);
    if (!a) return 0;
    if (same_patch(a->patch, p)) return 1;
    *s = lp_job_fail(job, p->file, 0, LP_E_RELATION, "two different patches are named `%s`", p->name);
    return -1;
}

static struct lp_applied *copy_of(struct lp_job *job, const struct lp_patch *p, lp_status *s)
{
    struct lp_applied *a = calloc(1, sizeof *a);
    *s = lp_live_step(job, "copy");
    if (*s == LP_OK && !a) *s = lp_job_fail(job, p->file, 0, LP_E_NOMEM, "out of memory");
    if (*s == LP_OK) *s = lp_patch_parse(p->file, p->text, p->text_len,
            LP_PATCH_RAW | LP_PATCH_NO_DIGEST | (p->seed ? LP_PATCH_LENIENT : 0), NULL, NULL, &a->patch, job->err);
    if (*s == LP_OK) return a;
    free(a);
    return NULL;
}

/* One patch of the call: bound, built and checked against memory as the earlier ones leave it. */
static lp_status prepare(struct lp_job *job, const struct lp_patch *p, struct lp_live_result *r)
{
    bool already;
    lp_status s = LP_OK;
    int k = known(job, p, &s);
    if (k) return k > 0 ? (r->already++, LP_OK) : s;
    struct lp_applied *a = copy_of(job, p, &s);
    if (!a) return s;
    s = lp_plan_make(&a->plan, a->patch, &job->space, job->report, job->ctx, job->err);
    if (s == LP_OK) s = lp_plan_verify(&a->plan, &already);
    if (s == LP_OK && already && !a->plan.nregion && job->ndrop == 0 && a->plan.nwrite) {
        r->already++;
        lp_journal_free_one(a);
        return LP_OK;
    }
    if (s == LP_OK && !lp_job_layer(job, &a->plan, false)) s = lp_job_fail(job, p->file, 0, LP_E_NOMEM, "out of memory");
    if (s != LP_OK) return lp_journal_free_one(a), s;
    job->add[job->nadd++] = a;
    lp_names_add(&job->names, a);
    return LP_OK;
}

/* Layers in the order of the commit: what leaves first, then what comes. Patches that leave must not be prepared over. */
static lp_status prepare_all(struct lp_job *job, const lp_patch *const *patches, size_t n, struct lp_live_result *r)
{
    lp_status s = LP_OK;
    job->add = calloc(n + 1, sizeof *job->add);
    if (!job->add || !lp_names_reserve(&job->names, n)) return lp_job_fail(job, NULL, 0, LP_E_NOMEM, "out of memory");
    s = drop_replaced(job, patches, n);
    for (size_t i = 0; i < n && s == LP_OK; i++) s = prepare(job, patches[i], r);
    for (size_t i = 0; i < job->nadd && s == LP_OK; i++) {
        s = check_relations(job, job->add[i]->patch);
        if (s == LP_OK) s = check_refused(job, job->add[i]->patch);
    }
    return s;
}

lp_status lp_live_apply(struct lp_live *live, const lp_patch *const *patches, size_t n, const struct lp_live_options *o,
                        struct lp_live_result *result, lp_report_fn report, void *ctx, struct lp_error *err)
{
    struct lp_job job = {.options = o, .report = report, .ctx = ctx, .err = err};
    struct lp_live_result r = {0};
    begin(&job, live);
    lp_status s = prepare_all(&job, patches, n, &r);
    bool dry = o && o->flags & LP_LIVE_DRY_RUN;
    if (s == LP_OK && (job.nadd || job.ndrop) && !dry) s = lp_job_commit(&job);
    r.applied = job.nadd, r.reverted = job.ndrop;
    for (size_t i = 0; i < job.nadd && (s != LP_OK || dry); i++) lp_journal_free_one(job.add[i]);
    end(&job, s == LP_OK && !dry);
    if (s == LP_OK && result) *result = r;
    return s;
}

static lp_status not_applied(struct lp_job *job, const char *name)
{
    lp_status s = lp_job_fail(job, NULL, 0, LP_E_NOT_APPLIED, "patch `%s` is not applied", name);
    if (job->err) lp_hint(job->err, "`lpapply -l` lists what is");
    return s;
}

static lp_status select_named(struct lp_job *job, const char *const *names, size_t n, struct lp_applied ***out, size_t *count)
{
    struct lp_applied **v = calloc((n ? n : job->live->napplied) + 1, sizeof *v);
    lp_status s = LP_OK;
    *out = v, *count = 0;
    if (!v) return lp_job_fail(job, NULL, 0, LP_E_NOMEM, "out of memory");
    for (struct lp_applied *a = job->live->newest; a && !n; a = a->older) v[(*count)++] = a;
    for (size_t i = 0; i < n && s == LP_OK; i++) {
        struct lp_applied *a = lp_names_find(&job->live->names, names[i]);
        if (!a) s = not_applied(job, names[i]);
        else if (!a->leaving) a->leaving = true, v[(*count)++] = a; /* a name may be given twice */
    }
    for (size_t i = 0; i < *count; i++) v[i]->leaving = false;
    return s;
}

/* A patch that stays must not require one that goes. */
static lp_status check_required(struct lp_job *job, const struct lp_applied *gone)
{
    for (const struct lp_applied *a = job->live->nrelated ? job->live->newest : NULL; a; a = a->older)
        for (size_t i = 0; i < a->patch->nrelation && !a->leaving; i++) {
            const struct lp_relation *r = &a->patch->relation[i];
            if (r->kind == LP_REQUIRES && lp_relation_met(r, gone->patch->name, gone->patch->version) && !present(job, r, a->patch))
                return lp_job_fail(job, gone->patch->name, 0, LP_E_RELATION, "the applied patch `%s` requires it", a->patch->name);
        }
    return LP_OK;
}

lp_status lp_live_revert(struct lp_live *live, const char *const *names, size_t n, const struct lp_live_options *o,
                         struct lp_live_result *result, lp_report_fn report, void *ctx, struct lp_error *err)
{
    struct lp_job job = {.options = o, .report = report, .ctx = ctx, .err = err};
    struct lp_applied **v = NULL;
    size_t count = 0;
    begin(&job, live);
    lp_status s = select_named(&job, names, n, &v, &count);
    if (s == LP_OK) s = drop_all(&job, v, count);
    for (size_t i = 0; i < count && s == LP_OK; i++) s = check_required(&job, v[i]);
    bool dry = o && o->flags & LP_LIVE_DRY_RUN;
    if (s == LP_OK && count && !dry) s = lp_job_commit(&job);
    if (s == LP_OK && result) *result = (struct lp_live_result){.reverted = count};
    free(v);
    end(&job, s == LP_OK && !dry);
    return s;
}

lp_status lp_live_list(struct lp_live *live, int (*fn)(void *ctx, const struct lp_live_row *row), void *ctx, struct lp_error *err)
{
    (void)err;
    pthread_mutex_lock(&live->lock);
    if (!live->working) lp_live_prune(live);
    struct lp_applied *a = live->newest;
    while (a && a->older) a = a->older;
    for (; a; a = a->newer) {
        size_t places = 0;
        for (size_t i = 0; i < a->plan.nwrite; i++) places += !a->plan.write[i].gone;
        struct lp_live_row row = {a->patch->name, a->patch->version, places, atomic_load_explicit(&a->hits,
                memory_order_relaxed), a->applied_ms};
        if (fn(ctx, &row)) break;
    }
    pthread_mutex_unlock(&live->lock);
    return LP_OK;
}
