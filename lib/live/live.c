/* live/live.c - apply, revert and list on a running program. */
#include <config.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"
#include "live/journal.h"

#include <stdlib.h>
#include <string.h>

lp_status lp_live_new(struct lp_mem *mem, struct lp_gate *gate, struct lp_live **out, struct lp_error *err)
{
    struct lp_live *live = calloc(1, sizeof *live);
    if (!live) return lp_fail(err, LP_E_NOMEM, "out of memory");
    live->mem = mem;
    live->gate = gate;
    atomic_store(&live->stale, true);
    pthread_mutex_init(&live->lock, NULL);
    pthread_cond_init(&live->done, NULL);
    if (!lp_wait_new(live)) return lp_live_free(live), lp_fail(err, LP_E_NOMEM, "out of memory");
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
    pthread_cond_destroy(&live->done);
    lp_trials_free(live);
    lp_objects_free(&live->objects);
    lp_wait_free(live);
    lp_bodies_free(live);
    free(live->bucket), free(live->names.bucket), lp_history_free(&live->history), free(live);
}

lp_status lp_live_add_object(struct lp_live *live, const lp_elf *elf, uint64_t bias, struct lp_error *err)
{
    pthread_mutex_lock(&live->lock);
    bool added = lp_objects_add(&live->objects, elf, bias);
    pthread_mutex_unlock(&live->lock);
    return added ? LP_OK : lp_fail(err, LP_E_NOMEM, "out of memory");
}

void lp_live_mem_changed(void *ctx, uint64_t start, uint64_t end)
{
    struct lp_live *live = ctx;
    lp_ops_invalidate(live->mem, start, end);
    atomic_fetch_add_explicit(&live->changes, 1, memory_order_relaxed);
    /* On a guest thread, perhaps with a patch in progress: only note that patched pages may be gone; the next call looks. */
    uint64_t lo = atomic_load_explicit(&live->lowest, memory_order_relaxed), hi = atomic_load_explicit(&live->highest, memory_order_relaxed);
    if (start < lo) start = lo;
    if (end > hi) end = hi;
    if (start < end && !lp_mem_check(live->mem, start, end - start, LP_PATCHED, NULL)) atomic_store(&live->moved, true);
}

void lp_live_before_fork(struct lp_live *live)
{
    pthread_mutex_lock(&live->lock);
    lp_wait_before_fork(live);
}

void lp_live_after_fork(struct lp_live *live, bool child)
{
    lp_wait_after_fork(live, child);
    if (child) { /* whoever worked or waited is not here */
        pthread_cond_init(&live->done, NULL);
        live->working = false;
        live->stops.longest = 0;
        atomic_store(&live->hurry, 0);
        live->loading = NULL, live->turns = 0, live->resumes = false;
        live->objects.ngoing = 0;
        for (struct lp_applied *a = live->newest; a; a = a->older) a->leaving = false;
    }
    pthread_mutex_unlock(&live->lock);
}

int lp_live_set_fault(struct lp_live *live, int step)
{
    pthread_mutex_lock(&live->lock);
    int last = live->step;
    live->fault_at = step;
    pthread_mutex_unlock(&live->lock);
    return last;
}

static bool open_target(void *ctx, struct lp_target *t) { return lp_target_open(t, ((struct lp_job *)ctx)->live->mem); }
static const char *soname(void *ctx, struct lp_target *t) { return lp_target_soname(t, ((struct lp_job *)ctx)->live->mem); }
static bool is_ready(void *ctx, struct lp_target *t) { return lp_target_relocated(t, ((struct lp_job *)ctx)->live->mem); }

static bool must_wait(const struct lp_live *live, enum lp_turn turn)
{
    return live->working || (turn < LP_TURN_DIES && atomic_load(&live->hurry)) || (turn < LP_TURN_LOADS && live->turns) ||
           (turn < LP_TURN_AGAIN && live->resumes);
}

static void end_loading(struct lp_live *live, const struct lp_loading *me)
{
    struct lp_loading **p = &live->loading;
    while (*p != me) p = &(*p)->next;
    *p = me->next;
    live->turns -= live->turns > 0;
}

void lp_live_lock(struct lp_live *live, enum lp_turn turn, const struct lp_cpu *cpu)
{
    const bool dies = turn == LP_TURN_DIES, loads = turn == LP_TURN_LOADS;
    struct lp_loading me = {cpu, NULL};
    if (dies) atomic_fetch_add(&live->hurry, 1);
    pthread_mutex_lock(&live->lock);
    if (loads) me.next = live->loading, live->loading = &me;
    if (loads && live->working) lp_wait_loads(live, cpu);
    while (must_wait(live, turn)) pthread_cond_wait(&live->done, &live->lock);
    if (turn == LP_TURN_AGAIN) live->resumes = false;
    if (loads) end_loading(live, &me);
    if (dies) atomic_fetch_sub(&live->hurry, 1);
}

void lp_job_begin(struct lp_job *job, struct lp_live *live)
{
    lp_live_lock(live, job->turn, job->cpu);
    live->working = true;
    live->step = 0;
    lp_live_rescan(live);
    lp_live_prune(live);
    lp_job_setup(job, live);
}

/* Whose place it is: of patches that come by the same call, or that are there and stay. */
static const lp_patch *owner(void *ctx, const struct lp_plan *pl, uint64_t addr)
{
    const struct lp_job *job = ctx;
    for (size_t i = job->nadd; i--;)
        if (&job->add[i]->plan != pl && lp_plan_writes_at(&job->add[i]->plan, addr)) return job->add[i]->patch;
    for (const struct lp_touch *t = lp_journal_at(job->live, addr); t; t = t->next)
        if (t->word == addr >> 2 && !t->owner->leaving && &t->owner->plan != pl) return t->owner->patch;
    return NULL;
}

void lp_job_setup(struct lp_job *job, struct lp_live *live)
{
    job->live = live;
    job->since = lp_now_ms();
    job->space = (struct lp_space){.target = live->objects.v, .ntarget = live->objects.n, .ctx = job, .open = open_target, .soname = soname, .ready = is_ready,
                                   .read = lp_job_read, .place = lp_job_place, .owner = owner};
}

/* Patches that left are free, if they did. */
void lp_job_end(struct lp_job *job, bool done)
{
    struct lp_live *live = job->live;
    for (size_t i = 0; i < job->ndrop; i++) {
        if (done) lp_journal_free_one(job->drop[i]);
        else job->drop[i]->leaving = false;
    }
    lp_job_free(job);
    if (done && atomic_load(&live->nframe)) lp_live_rescan(live), lp_frames_arrive(live); /* what was loaded meanwhile */
    live->stops.longest = 0;
    live->working = false;
    pthread_cond_broadcast(&live->done);
    pthread_mutex_unlock(&live->lock);
}

/* Patches, without their parts. */
static size_t count_whole(struct lp_applied *const *v, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += !v[i]->whole;
    return count;
}

/* 1 = is there already. */
static int known(struct lp_job *job, const struct lp_patch *p, lp_status *s)
{
    const struct lp_applied *a = lp_names_find(&job->live->names, p->name);
    if (a && !a->leaving) {
        if (lp_same_patch(a->patch, p)) return 1;
        *s = lp_job_fail(job, p->file, 0, LP_E_RELATION, "another patch named `%s`%s%s is applied", p->name, a->patch->version ? " version " : "",
                         a->patch->version ? a->patch->version : "");
        if (job->err) lp_hint(job->err, "revert it first, or say `replaces %s` in the new one", p->name);
        return -1;
    }
    a = lp_names_find(&job->names, p->name);
    if (!a) return 0;
    if (lp_same_patch(a->patch, p)) return 1;
    *s = lp_job_fail(job, p->file, 0, LP_E_RELATION, "two different patches are named `%s`", p->name);
    return -1;
}

struct lp_applied *lp_job_copy(struct lp_job *job, const struct lp_patch *p, lp_status *s)
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

bool lp_job_add(struct lp_job *job, struct lp_applied *a)
{
    struct lp_applied **v = lp_grow(job->add, &job->add_cap, job->nadd, sizeof *v);
    if (v) job->add = v;
    if (!v || !lp_job_layer(job, &a->plan, false)) return false;
    v[job->nadd++] = a;
    return true;
}

static bool any_waits(const struct lp_applied *a)
{
    for (size_t o = 0; o < a->patch->nobject; o++)
        if (a->plan.waits[o]) return true;
    return false;
}

/* One patch of the call: bound, built and checked against memory as the earlier ones leave it. */
static lp_status prepare(struct lp_job *job, const struct lp_patch *p, struct lp_live_result *r)
{
    bool already;
    lp_status s = LP_OK;
    int k = known(job, p, &s);
    if (k) return k > 0 ? (r->already++, LP_OK) : s;
    struct lp_applied *a = lp_job_copy(job, p, &s);
    if (!a) return s;
    unsigned flags = job->options ? job->options->flags : 0;
    struct lp_plan_how how = {.only = LP_PLAN_ALL, .wait = flags & LP_LIVE_WAIT, .loads = job->live->objects.n > 1, .optional = flags & LP_LIVE_OPTIONAL};
    a->must = how.wait && !how.optional;
    s = lp_job_plan(job, a, &how);
    if (s == LP_OK) s = lp_plan_verify(&a->plan, &already);
    if (s == LP_OK && already && !a->plan.nregion && job->ndrop == 0 && a->plan.nwrite && !any_waits(a)) {
        r->already++;
        lp_journal_free_one(a);
        return LP_OK;
    }
    a->must = a->must && any_waits(a);
    if (s == LP_OK && !lp_job_add(job, a)) s = lp_job_fail(job, p->file, 0, LP_E_NOMEM, "out of memory");
    if (s != LP_OK) return lp_journal_free_one(a), s;
    lp_names_add(&job->names, a);
    return lp_job_twins(job, a);
}

/* Layers in the order of the commit: what leaves first, then what comes. Patches that leave must not be prepared over. */
static lp_status prepare_all(struct lp_job *job, const lp_patch *const *patches, size_t n, struct lp_live_result *r)
{
    lp_status s = LP_OK;
    if (!lp_names_reserve(&job->names, n)) return lp_job_fail(job, NULL, 0, LP_E_NOMEM, "out of memory");
    s = lp_job_drop_replaced(job, patches, n);
    for (size_t i = 0; i < n && s == LP_OK; i++)
        if (!lp_is_replaced(patches[i], patches + i + 1, n - i - 1)) s = prepare(job, patches[i], r);
    if (s == LP_OK) s = lp_job_check_added(job);
    return s == LP_OK ? lp_job_check_dropped(job) : s;
}

/* What became of the patches of a call: of those that it brought and took, or of all that it was asked for. */
static void note_apply(struct lp_job *job, const lp_patch *const *patches, size_t n, lp_status s)
{
    struct lp_live *live = job->live;
    for (size_t i = 0; i < job->ndrop && s == LP_OK; i++)
        if (!job->drop[i]->whole) lp_history_add(live, "replaced", job->drop[i]->patch->name, job->drop[i]->patch->version, job->options, NULL);
    for (size_t i = 0; i < job->nadd && s == LP_OK; i++)
        if (!job->add[i]->whole) lp_history_add(live, "applied", job->add[i]->patch->name, job->add[i]->patch->version, job->options, NULL);
    for (size_t i = 0; i < n && s != LP_OK; i++) lp_history_add(live, "refused", patches[i]->name, patches[i]->version, job->options, job->err);
}

static void note_revert(struct lp_job *job, const char *const *names, size_t n, lp_status s)
{
    struct lp_live *live = job->live;
    for (size_t i = 0; i < job->ndrop && s == LP_OK; i++)
        if (!job->drop[i]->whole) lp_history_add(live, "reverted", job->drop[i]->patch->name, job->drop[i]->patch->version, job->options, NULL);
    for (size_t i = 0; i < n && s != LP_OK; i++) lp_history_add(live, "kept", names[i], NULL, job->options, job->err);
    if (n == 0 && s != LP_OK) lp_history_add(live, "kept", "*", NULL, job->options, job->err);
}

/* The program may unload an object while a call is at work: then what failed is tried again with the objects that there are now, and what was reported
 * before is forgotten. */
enum { TRIES = 20 };
struct attempt {
    lp_report_fn report;
    void *ctx;
    struct lp_error *said;
    size_t n, cap;
    unsigned tries;
    uint64_t changes; /* of the program's memory, before */
    int64_t since;    /* when the first attempt began */
    int64_t patience; /* of the last one */
    enum lp_turn turn;
};

static void keep_report(void *ctx, const struct lp_error *e)
{
    struct attempt *at = ctx;
    struct lp_error *v = lp_grow(at->said, &at->cap, at->n, sizeof *v);
    if (v) at->said = v, v[at->n++] = *e;
}

static void attempt_begins(struct attempt *at, struct lp_live *live, struct lp_job *job)
{
    at->n = 0;
    at->changes = atomic_load(&live->changes);
    if (at->since) job->since = at->since;
    at->since = job->since;
    job->patience = at->patience;
    if (at->report) job->report = keep_report, job->ctx = at;
}

static bool attempt_fails(struct attempt *at, const struct lp_job *job, lp_status s)
{
    struct lp_live *live = job->live;
    at->patience = job->patience;
    if (job->yields) return at->turn = LP_TURN_AGAIN, live->resumes = true;
    at->turn = LP_TURN_CALL;
    if (s != LP_E_OLD_WORD && s != LP_E_PARTLY && s != LP_E_ADDRESS && s != LP_E_SYSTEM) return false;
    /* The first time it may have been unloaded just before, without our having been told. A thread that has told of it may not have done it yet. */
    if (++at->tries == TRIES) return false;
    lp_live_stop(live), lp_live_resume(live);
    if (at->tries > 1 && atomic_load(&live->changes) == at->changes) return false;
    atomic_store(&live->stale, true);
    return true;
}

static lp_status attempt_ends(struct attempt *at, lp_status s)
{
    for (size_t i = 0; i < at->n; i++) at->report(at->ctx, &at->said[i]);
    free(at->said);
    return s;
}

static lp_status try_apply(struct lp_live *live, struct attempt *at, const lp_patch *const *patches, size_t n, const struct lp_live_options *o,
                           struct lp_live_result *result, struct lp_error *err, bool *again)
{
    struct lp_job job = {.options = o, .err = err, .turn = o && o->flags & LP_LIVE_LOADS ? LP_TURN_LOADS : at->turn};
    struct lp_live_result r = {0};
    lp_job_begin(&job, live);
    attempt_begins(at, live, &job);
    lp_status s = prepare_all(&job, patches, n, &r);
    bool dry = o && o->flags & LP_LIVE_DRY_RUN;
    if (s == LP_OK && (job.nadd || job.ndrop) && !dry) s = lp_job_commit(&job);
    r.applied = count_whole(job.add, job.nadd), r.reverted = count_whole(job.drop, job.ndrop), r.stopped_ns = live->stops.longest;
    *again = attempt_fails(at, &job, s);
    if (!dry && !*again) note_apply(&job, patches, n, s);
    for (size_t i = 0; i < job.nadd && (s != LP_OK || dry); i++) lp_journal_free_one(job.add[i]);
    if (s == LP_OK && live->nlibrary) lp_live_expect(live);
    lp_job_end(&job, s == LP_OK && !dry);
    if (s == LP_OK && result) *result = r;
    return s;
}

lp_status lp_live_apply(struct lp_live *live, const lp_patch *const *patches, size_t n, const struct lp_live_options *o,
                        struct lp_live_result *result, lp_report_fn report, void *ctx, struct lp_error *err)
{
    struct lp_error local;
    struct attempt at = {.report = report, .ctx = ctx};
    bool again;
    lp_status s;
    do s = try_apply(live, &at, patches, n, o, result, err ? err : &local, &again);
    while (again);
    return attempt_ends(&at, s);
}

static lp_status not_applied(struct lp_job *job, const char *name)
{
    lp_status s = lp_job_fail(job, NULL, 0, LP_E_NOT_APPLIED, "patch `%s` is not applied", name);
    if (job->err) lp_hint(job->err, "`lpapply -l` lists what is");
    return s;
}

static lp_status select_named(struct lp_job *job, const char *const *names, size_t n, struct lp_applied ***out, size_t *count)
{
    struct lp_applied **v = calloc(job->live->napplied + 1, sizeof *v);
    lp_status s = LP_OK;
    *out = v, *count = 0;
    if (!v) return lp_job_fail(job, NULL, 0, LP_E_NOMEM, "out of memory");
    for (struct lp_applied *a = job->live->newest; a && !n; a = a->older) v[(*count)++] = a;
    for (size_t i = 0; i < n && s == LP_OK; i++) {
        struct lp_applied *a = lp_names_find(&job->live->names, names[i]);
        if (!a) s = not_applied(job, names[i]);
        if (!a || a->leaving) continue; /* a name may be given twice */
        a->leaving = true, v[(*count)++] = a;
        for (struct lp_applied *part = a->parts; part; part = part->next_part) v[(*count)++] = part;
    }
    for (size_t i = 0; i < *count; i++) v[i]->leaving = false;
    return s;
}

static lp_status try_revert(struct lp_live *live, struct attempt *at, const char *const *names, size_t n, const struct lp_live_options *o,
                            struct lp_live_result *result, struct lp_error *err, bool *again)
{
    struct lp_job job = {.options = o, .err = err, .turn = at->turn};
    struct lp_applied **v = NULL;
    size_t count = 0;
    lp_job_begin(&job, live);
    attempt_begins(at, live, &job);
    lp_status s = select_named(&job, names, n, &v, &count);
    if (s == LP_OK) s = lp_job_drop_all(&job, v, count);
    if (s == LP_OK) s = lp_job_check_dropped(&job);
    bool dry = o && o->flags & LP_LIVE_DRY_RUN;
    if (s == LP_OK && count && !dry) s = lp_job_commit(&job);
    if (s == LP_OK && result) *result = (struct lp_live_result){.reverted = count_whole(v, count), .stopped_ns = live->stops.longest};
    *again = attempt_fails(at, &job, s);
    if (!dry && !*again) note_revert(&job, names, n, s);
    free(v);
    lp_job_end(&job, s == LP_OK && !dry);
    return s;
}

lp_status lp_live_revert(struct lp_live *live, const char *const *names, size_t n, const struct lp_live_options *o,
                         struct lp_live_result *result, lp_report_fn report, void *ctx, struct lp_error *err)
{
    struct lp_error local;
    struct attempt at = {.report = report, .ctx = ctx};
    bool again;
    lp_status s;
    do s = try_revert(live, &at, names, n, o, result, err ? err : &local, &again);
    while (again);
    return attempt_ends(&at, s);
}

static size_t places_of(const struct lp_applied *a)
{
    size_t n = 0;
    for (size_t i = 0; i < a->plan.nwrite; i++) n += !a->plan.write[i].gone;
    return n;
}

static uint64_t trial_left(const struct lp_applied *a)
{
    const int64_t ms = a->trial_until ? a->trial_until - lp_now_ms() : 0;
    return ms > 0 ? (uint64_t)ms : 0;
}

static int give_row(struct lp_live *live, const struct lp_applied *a, int (*fn)(void *ctx, const struct lp_live_row *row), void *ctx)
{
    char *note = lp_live_note(live, a);
    struct lp_live_row row = {a->patch->name, a->patch->version, places_of(a), lp_journal_hits(a), a->applied_ms, note, trial_left(a),
                              a->patch->mode.deadline_ms};
    for (const struct lp_applied *part = a->parts; part; part = part->next_part) {
        row.places += places_of(part);
        row.hits += lp_journal_hits(part);
    }
    int r = fn(ctx, &row);
    free(note);
    return r;
}

lp_status lp_live_list(struct lp_live *live, int (*fn)(void *ctx, const struct lp_live_row *row), void *ctx, struct lp_error *err)
{
    (void)err;
    pthread_mutex_lock(&live->lock);
    lp_live_look(live);
    struct lp_applied *a = live->newest;
    while (a && a->older) a = a->older;
    for (; a; a = a->newer)
        if (!a->whole && give_row(live, a, fn, ctx)) break;
    pthread_mutex_unlock(&live->lock);
    return LP_OK;
}
