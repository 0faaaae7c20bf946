/* live/wait.c - waiting until no thread is in what is to be changed.
 *
 * A thread that is in it is watched at the place where it returns from there; one that is not, and comes to an entry of it, waits there. So a program
 * that calls a function without end gets quiet, and the last one that leaves says so. A thread that waits may hold what another needs to leave: if
 * nobody leaves for a while, all are let go, and it is tried again after a pause, with more patience: a busy machine may not let them run so soon.
 * A thread that loads an object waits for the call that is at work; the call gives way to it when it waits for that thread, or gets no further. */
#include <config.h>
#include "base/buf.h"
#include "base/search.h"
#include "base/sort.h"
#include "base/text.h"
#include "live/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { VFORKED_MS = 20, PATIENCE_MS = 10, PATIENCE_MAX_MS = 100, PAUSE_MAX_MS = 50 };

struct inside { const struct lp_cpu *cpu; uint64_t leaves, sp; bool left; };

struct lp_wait {
    pthread_mutex_t lock;       /* held for moments; under the gate's and the engine's */
    pthread_cond_t left, open;
    _Atomic bool closed;        /* entries are */
    bool told;                  /* a thread that is waited for waits itself */
    uint64_t round;             /* how often they have been opened: who is let go then is not held again by the next round */
    struct inside *in;
    size_t nin, in_cap, staying; /* staying: of those, who has not left */
    uint64_t *entry;            /* sorted */
    size_t nentry, entry_cap;
    uint64_t *watched;          /* what lp_ops_watch was asked for */
    size_t nwatched, watched_cap;
    int64_t progress;           /* when somebody left last */
};

static void init_conditions(struct lp_wait *w)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->left, &attr);
    pthread_cond_init(&w->open, NULL);
    pthread_condattr_destroy(&attr);
}

bool lp_wait_new(struct lp_live *live)
{
    live->wait = calloc(1, sizeof *live->wait);
    if (!live->wait) return false;
    pthread_mutex_init(&live->wait->lock, NULL);
    init_conditions(live->wait);
    return true;
}

void lp_wait_free(struct lp_live *live)
{
    struct lp_wait *w = live->wait;
    if (!w) return;
    pthread_cond_destroy(&w->left), pthread_cond_destroy(&w->open), pthread_mutex_destroy(&w->lock);
    free(w->in), free(w->entry), free(w->watched), free(w);
}

/* ---- the program's threads ---- */

static bool is_entry(const struct lp_wait *w, uint64_t pc)
{
    size_t n = lp_count_upto(w->entry, w->nentry, sizeof *w->entry, pc);
    return n && w->entry[n - 1] == pc;
}

static struct inside *find_inside(struct lp_wait *w, const struct lp_cpu *cpu)
{
    for (size_t i = 0; i < w->nin; i++)
        if (w->in[i].cpu == cpu && !w->in[i].left) return &w->in[i];
    return NULL;
}

/* Is the thread in what is to be changed? Notes if it leaves now. */
static bool stays(struct lp_wait *w, const struct lp_cpu *cpu)
{
    struct inside *in = find_inside(w, cpu);
    if (!in) return false;
    if (cpu->pc != in->leaves || cpu->x[LP_SLOT_SP] < in->sp) return true;
    in->left = true;
    w->progress = lp_now_ms();
    if (--w->staying == 0) pthread_cond_signal(&w->left);
    return false;
}

/* A thread that keeps others from stopping the program must not wait for the lock, which a thread that forks has meanwhile. */
static void lock_running(struct lp_wait *w, struct lp_cpu *cpu)
{
    while (pthread_mutex_trylock(&w->lock) != 0) {
        lp_gate_leave(cpu);
        pthread_mutex_lock(&w->lock);
        pthread_mutex_unlock(&w->lock);
        lp_gate_enter(cpu);
    }
}

static void wait_open(struct lp_wait *w, struct lp_cpu *cpu)
{
    lp_gate_leave(cpu);
    pthread_mutex_lock(&w->lock);
    const uint64_t round = w->round;
    while (w->closed && w->round == round && !find_inside(w, cpu) && !atomic_load(&cpu->stop)) pthread_cond_wait(&w->open, &w->lock);
    pthread_mutex_unlock(&w->lock);
    lp_gate_enter(cpu);
}

/* A child of vfork outlives whoever would let it go or give the lock back: it waits for neither, only a while. */
static void watched_vforked(struct lp_wait *w, struct lp_cpu *cpu)
{
    if (!atomic_load(&w->closed) || pthread_mutex_trylock(&w->lock) != 0) return;
    const bool waits = !stays(w, cpu) && w->closed && is_entry(w, cpu->pc);
    pthread_mutex_unlock(&w->lock);
    if (!waits) return;
    lp_gate_leave(cpu);
    for (int ms = 0; ms < VFORKED_MS && atomic_load(&w->closed) && !atomic_load(&cpu->stop); ms++) nanosleep(&(struct timespec){0, 1000000}, NULL);
    lp_gate_enter(cpu);
}

void lp_live_watched(struct lp_live *live, struct lp_cpu *cpu, bool vforked)
{
    struct lp_wait *w = live->wait;
    bool waits = false;
    if (vforked) {
        watched_vforked(w, cpu);
        return;
    }
    if (atomic_load(&w->closed)) {
        lock_running(w, cpu);
        waits = !stays(w, cpu) && w->closed && is_entry(w, cpu->pc);
        pthread_mutex_unlock(&w->lock);
    }
    if (waits) wait_open(w, cpu);
    lp_trial_watched(live, cpu);
    lp_frame_watched(live, cpu);
}

/* ---- the call that waits; under the gate ---- */

static bool watch(struct lp_live *live, uint64_t pc)
{
    struct lp_wait *w = live->wait;
    uint64_t *v = lp_grow(w->watched, &w->watched_cap, w->nwatched, sizeof *v);
    if (!v) return false;
    w->watched = v;
    if (lp_ops_watch(live->mem, pc, true) != 0) return false;
    v[w->nwatched++] = pc;
    return true;
}

static void unwatch(struct lp_live *live)
{
    struct lp_wait *w = live->wait;
    while (w->nwatched) lp_ops_watch(live->mem, w->watched[--w->nwatched], false);
}

static void open_entries(struct lp_live *live)
{
    struct lp_wait *w = live->wait;
    unwatch(live);
    pthread_mutex_lock(&w->lock);
    w->closed = false;
    w->round++;
    w->nin = w->nentry = w->staying = 0;
    pthread_cond_broadcast(&w->open);
    pthread_mutex_unlock(&w->lock);
}

static void add_entry(struct lp_live *live, uint64_t pc)
{
    struct lp_wait *w = live->wait;
    uint64_t *v = lp_grow(w->entry, &w->entry_cap, w->nentry, sizeof *v);
    if (!v) return;
    w->entry = v;
    if (watch(live, pc)) v[w->nentry++] = pc;
}

/* Where everybody comes through who is going to be in a changed range. */
static void add_entries(struct lp_job *job)
{
    struct lp_wait *w = job->live->wait;
    w->nentry = 0;
    for (size_t k = 0; k < job->ndrop + job->nadd; k++) {
        const struct lp_plan *pl = k < job->ndrop ? &job->drop[k]->plan : &job->add[k - job->ndrop]->plan;
        for (size_t i = 0; i < pl->nwrite; i++) {
            const struct lp_write *x = &pl->write[i];
            if (x->code && !x->gone && (x->entry || x->len > 4)) add_entry(job->live, x->addr);
        }
        for (size_t i = 0; i < pl->nquiet; i++)
            if (!pl->quiet[i].from->part && pl->bound[pl->quiet[i].from->object]) add_entry(job->live, pl->quiet[i].start);
    }
    lp_sort_numbers(w->entry, w->nentry);
}

/* What cannot be watched, for want of memory, is found out by looking again. */
static void close_entries(struct lp_job *job, const struct lp_blockers *b)
{
    struct lp_wait *w = job->live->wait;
    unwatch(job->live);
    pthread_mutex_lock(&w->lock);
    add_entries(job);
    w->nin = w->staying = 0;
    for (size_t i = 0; i < b->n; i++) {
        struct inside *v = lp_grow(w->in, &w->in_cap, w->nin, sizeof *v);
        if (!v) break;
        w->in = v;
        v[w->nin++] = (struct inside){b->v[i].cpu, b->v[i].leaves, b->v[i].sp, false};
        w->staying++;
        if (b->v[i].leaves) watch(job->live, b->v[i].leaves);
    }
    if (!w->closed) w->progress = lp_now_ms();
    w->closed = true;
    pthread_cond_broadcast(&w->open); /* who is inside after all: let go by the last round, it was held at the next entry */
    pthread_mutex_unlock(&w->lock);
}

/* ---- and outside it ---- */

static struct timespec in_ms(int64_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t ns = t.tv_nsec + ms % 1000 * 1000000;
    return (struct timespec){t.tv_sec + (time_t)(ms / 1000 + ns / 1000000000), (long)(ns % 1000000000)};
}

/* Until the last one has left, at most so long. The engine's lock is let go, so that the program can fork. */
static void sleep_until_left(struct lp_live *live, int64_t ms)
{
    struct lp_wait *w = live->wait;
    const struct timespec end = in_ms(ms);
    pthread_mutex_unlock(&live->lock);
    pthread_mutex_lock(&w->lock);
    while ((w->staying || !w->closed) && !w->told && pthread_cond_timedwait(&w->left, &w->lock, &end) == 0) { }
    w->told = false;
    pthread_mutex_unlock(&w->lock);
    pthread_mutex_lock(&live->lock);
}

void lp_wait_loads(struct lp_live *live, const struct lp_cpu *cpu)
{
    struct lp_wait *w = live->wait;
    pthread_mutex_lock(&w->lock);
    w->told |= find_inside(w, cpu) != NULL;
    if (w->told) pthread_cond_signal(&w->left);
    pthread_mutex_unlock(&w->lock);
}

static bool loads(const struct lp_live *live, const struct lp_cpu *cpu)
{
    const struct lp_loading *l = live->loading;
    while (l && l->cpu != cpu) l = l->next;
    return l != NULL;
}

/* Is one of them in the middle of loading an object? Then it leaves only when the call is over, or lets it. */
static bool any_loads(const struct lp_live *live, const struct lp_blockers *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (loads(live, b->v[i].cpu)) return true;
    return false;
}

/* Those that load come first, and the call begins anew. */
static lp_status yield(struct lp_job *job, const char *to)
{
    struct lp_live *live = job->live;
    for (const struct lp_loading *l = live->loading; l; l = l->next) live->turns++;
    job->yields = true;
    return lp_job_fail(job, NULL, 0, LP_E_BUSY, "a thread of the program is about to %s", to);
}

static bool all_leave_somewhere(const struct lp_blockers *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (!b->v[i].leaves || b->v[i].possible) return false;
    return true;
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

static void print_blocker(const struct lp_live *live, const struct lp_blocker *b, struct lp_buf *out)
{
    char where[200];
    lp_live_where(live, b->at, where, sizeof where);
    lp_buf_printf(out, "%s %s %s (0x%llx)", b->who[0] ? b->who : "a thread", b->unreadable ? "has a stack that cannot be read at" :
                  b->possible ? "possibly returns to" : "is in", where, (unsigned long long)b->at);
    for (unsigned i = 0; i < b->nchain && b->nchain > 1; i++) {
        if (b->chain[i].addr) lp_live_where(live, b->chain[i].addr, where, sizeof where);
        lp_buf_printf(out, "%s%s", i ? " < " : ": ", b->chain[i].addr ? where : "a signal");
        if (b->chain[i].times > 1) lp_buf_printf(out, " (%u times)", b->chain[i].times);
    }
}

static void name_blockers(struct lp_live *live, struct lp_blockers *b)
{
    for (size_t i = 0; i < b->n && live->events.who; i++) live->events.who(live->events.ctx, b->v[i].cpu, b->v[i].who, sizeof b->v[i].who);
}

/* As many of them as the text of an error has room for; the first one in any case. */
static lp_status busy(struct lp_job *job, const struct lp_blockers *b, uint32_t ms)
{
    enum { ROOM = 480 };
    struct lp_buf all = {0}, one = {0};
    size_t said = 0;
    for (; said < b->n; said++) {
        one.len = 0;
        print_blocker(job->live, &b->v[said], &one);
        if (said && all.len + one.len > ROOM) break;
        lp_buf_printf(&all, "%s%.*s", said ? "; " : "", (int)(one.len < ROOM ? one.len : ROOM), one.data);
    }
    if (said < b->n) lp_buf_printf(&all, "; and %zu more", b->n - said);
    lp_status s = lp_job_fail(job, NULL, 0, LP_E_BUSY, "after %u ms %.*s", ms, (int)all.len, all.len ? all.data : "");
    lp_buf_free(&all), lp_buf_free(&one);
    return s;
}

/* What is running finishes as it was. */
static lp_status make_lazy(struct lp_job *job, struct lp_spans *s)
{
    free(s->v);
    return lp_job_spans(job, true, s) ? LP_OK : lp_job_fail(job, NULL, 0, LP_E_NOMEM, "out of memory");
}

struct patience { int64_t start, pause; uint32_t ms; enum lp_else_kind otherwise; bool force; };

/* The deadline has passed, under the gate. LP_OK: to be looked at again, as the patch says. */
static lp_status out_of_time(struct lp_job *job, struct lp_spans *s, struct lp_blockers *b, struct patience *p)
{
    const enum lp_else_kind otherwise = p->otherwise;
    open_entries(job->live);
    if (otherwise == LP_ELSE_FAIL) name_blockers(job->live, b);
    lp_live_resume(job->live);
    p->otherwise = LP_ELSE_FAIL;
    p->force = otherwise == LP_ELSE_FORCE;
    return otherwise == LP_ELSE_FAIL ? busy(job, b, p->ms) : otherwise == LP_ELSE_LAZY ? make_lazy(job, s) : LP_OK;
}

/* Whoever asked has gone away, and others may be waiting for the engine. */
static lp_status give_up(struct lp_job *job)
{
    open_entries(job->live);
    lp_live_resume(job->live);
    return lp_job_fail(job, NULL, 0, LP_E_BUSY, "whoever asked has gone away meanwhile");
}

/* The same before. */
static lp_status not_quiet(struct lp_job *job, struct lp_spans *s, struct lp_blockers *b, struct patience *p)
{
    struct lp_live *live = job->live;
    const int64_t now = lp_now_ms();
    if (job->options && job->options->cancelled && job->options->cancelled(job->options->cancel_ctx)) return give_up(job);
    if (now - p->start >= (int64_t)p->ms) return out_of_time(job, s, b, p);
    const bool dies = atomic_load(&live->hurry), stuck = live->wait->closed && now - live->wait->progress >= job->patience;
    const bool load = live->loading && (stuck || any_loads(live, b));
    if (stuck || dies || load) open_entries(live);
    else close_entries(job, b);
    lp_live_resume(live);
    const bool told = !stuck && all_leave_somewhere(b);
    int64_t nap = told ? job->patience : p->pause;
    if (stuck && job->patience < PATIENCE_MAX_MS) job->patience *= 2;
    if (dies || load) return yield(job, dies ? "end it" : "load an object");
    if (!told && p->pause < PAUSE_MAX_MS) p->pause *= 2;
    int64_t left = p->start + (int64_t)p->ms - now;
    sleep_until_left(live, nap < left ? nap : left);
    return LP_OK;
}

lp_status lp_job_stop(struct lp_job *job)
{
    struct lp_live *live = job->live;
    struct lp_spans spans;
    struct lp_blockers b = {0};
    struct patience p = {.start = job->since, .pause = 1, .force = job->options && job->options->flags & LP_LIVE_FORCE};
    p.ms = deadline_of(job, &p.otherwise);
    if (!job->patience) job->patience = PATIENCE_MS;
    lp_status s = lp_live_step(job, "stop");
    if (s == LP_OK && !lp_job_spans(job, false, &spans)) s = lp_job_fail(job, NULL, 0, LP_E_NOMEM, "out of memory");
    if (s != LP_OK) return s;
    while (s == LP_OK) {
        if (spans.n || live->nretired) lp_unwind_prepare(live);
        lp_live_stop(live);
        if (p.force || lp_quiet(live, &spans, &b)) break;
        s = not_quiet(job, &spans, &b, &p);
    }
    if (s == LP_OK) open_entries(live);
    free(spans.v), free(b.v);
    return s;
}

/* ---- fork ---- */

void lp_wait_before_fork(struct lp_live *live) { pthread_mutex_lock(&live->wait->lock); }

/* Nobody waits in the child. */
void lp_wait_after_fork(struct lp_live *live, bool child)
{
    struct lp_wait *w = live->wait;
    if (child) {
        init_conditions(w);
        unwatch(live);
        w->closed = false;
        w->nin = w->nentry = w->staying = 0;
    }
    pthread_mutex_unlock(&w->lock);
}
