/* live/trial.c - patches on trial: a program that is about to die with one of them on the dying thread's stack gets rid of it, and where nothing of what the
 * patched function has done can be seen by anybody else, that function is run again as it was.
 *
 * Each first word of what such a patch changes is watched: a thread that comes there notes where it is (exec/track.c). What is on trial changes under
 * the gate, so that a thread in guest code may look at live->trial_entry. Patches that have failed are remembered until their time is over: several
 * threads may be in their code. */
#include <config.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/search.h"
#include "base/text.h"
#include "live/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lp_trial_entry { uint64_t pc; int64_t until; };

/* Where a thread of the patch may be. A function is one in which words are changed: its code is the patch's only while they are. */
enum piece_kind { ENTRY, BODY, FUNCTION };
struct piece { uint64_t start, end; enum piece_kind kind; };

/* One that has failed its trial; while a death is looked into, also one that is on trial. */
struct lp_suspect {
    struct lp_suspect *next;
    struct lp_applied *patch;      /* NULL = it is reverted */
    char *name, *version;
    int64_t until;
    uint64_t from, gone;           /* eras: threads that came to an entry in one of [from, gone) came into this patch */
    struct piece *code;
    size_t n, cap;
    bool guilty;
};

/* ---- whose code it is ---- */

static bool add_piece(struct lp_suspect *s, uint64_t start, uint64_t end, enum piece_kind kind)
{
    struct piece *v = lp_grow(s->code, &s->cap, s->n, sizeof *v);
    if (!v) return false;
    s->code = v;
    v[s->n++] = (struct piece){start, end, kind};
    return true;
}

/* The function around a changed place, by the patch or by a symbol; where neither says, it is the place itself. */
static bool add_function(const struct lp_live *live, struct lp_suspect *s, const struct lp_applied *a, const struct lp_write *w)
{
    for (size_t i = 0; i < a->plan.nquiet; i++) {
        const struct lp_quiet_range *q = &a->plan.quiet[i];
        if (w->addr >= q->start && w->addr < q->end) return add_piece(s, q->start, q->end, FUNCTION);
    }
    for (size_t i = 0; i < live->objects.n; i++) {
        const struct lp_target *t = live->objects.v[i];
        if (t->gone || !t->elf || (t->end && (w->addr < t->start || w->addr >= t->end))) continue;
        const struct lp_elf_symbol *sym = lp_elf_symbol_at(t->elf, w->addr - t->bias);
        if (sym && sym->size) return add_piece(s, sym->value + t->bias, sym->value + t->bias + sym->size, FUNCTION);
    }
    return add_piece(s, w->addr, w->addr + w->len, FUNCTION);
}

static bool add_code(const struct lp_live *live, struct lp_suspect *s, const struct lp_applied *a)
{
    bool good = true;
    for (size_t i = 0; i < a->plan.nregion && good; i++) {
        const struct lp_region *r = &a->plan.region[i];
        if (!r->left && r->code_len) good = add_piece(s, r->addr, r->addr + r->code_len, BODY);
    }
    for (size_t i = 0; i < a->plan.nwrite && good; i++) {
        const struct lp_write *w = &a->plan.write[i];
        if (!w->code || w->gone) continue;
        good = add_piece(s, w->addr, w->addr + 4, ENTRY) && (w->entry || add_function(live, s, a, w));
    }
    return good;
}

static void free_suspect(struct lp_suspect *s)
{
    if (!s) return;
    free(s->name), free(s->version), free(s->code), free(s);
}

/* NULL without memory. */
static struct lp_suspect *suspect(const struct lp_live *live, struct lp_applied *a)
{
    struct lp_suspect *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    *s = (struct lp_suspect){.patch = a, .until = a->trial_until, .from = a->trial_era, .gone = UINT64_MAX};
    s->name = strdup(a->patch->name);
    s->version = a->patch->version ? strdup(a->patch->version) : NULL;
    bool good = s->name && (s->version || !a->patch->version) && add_code(live, s, a);
    for (const struct lp_applied *part = a->parts; part && good; part = part->next_part) good = add_code(live, s, part);
    if (good) return s;
    free_suspect(s);
    return NULL;
}

static bool covers(const struct lp_suspect *s, uint64_t addr, bool entry)
{
    for (size_t i = 0; i < s->n; i++)
        if ((s->code[i].kind == ENTRY) == entry && addr >= s->code[i].start && addr < s->code[i].end) return true;
    return false;
}

/* ---- a death ---- */

struct death {
    struct lp_live *live;
    const struct lp_cpu *cpu;
    size_t nguilty;
    bool tracked, older;           /* older: the guilty code was entered before the place that the thread can go back to */
    struct lp_place_back back;     /* that place; `tag`: the era in which the thread came there */
    unsigned contexts;             /* the innermost, and those that signals interrupted */
    int64_t now;
};

static void blame(struct death *d, struct lp_suspect *s)
{
    d->nguilty += !s->guilty;
    s->guilty = true;
}

static void blame_code(struct death *d, uint64_t addr, bool older)
{
    for (struct lp_suspect *s = d->live->suspects; s; s = s->next) {
        if (!covers(s, addr, false)) continue;
        blame(d, s);
        d->older |= older;
    }
}

/* The patches whose function the thread has not left yet, though its code may be on the stack no more. */
static void blame_entry(struct death *d)
{
    for (struct lp_suspect *s = d->live->suspects; s; s = s->next)
        if (d->back.tag >= s->from && d->back.tag < s->gone && covers(s, d->back.pc, true)) blame(d, s);
}

/* A return address is behind the call. A frame at or above SP of the entry, or the one that is returned to from there, is an older one; so is what a signal
 * interrupted, whatever stack it has, for no thread goes back over a signal. */
static bool blame_frame(void *ctx, const struct lp_frame *f)
{
    struct death *d = ctx;
    d->contexts += f->kind == LP_FRAME_PC;
    const bool outer = d->contexts > 1;
    if (f->kind == LP_FRAME_PC) blame_code(d, f->addr, outer);
    if (f->kind == LP_FRAME_LINK) blame_code(d, f->addr - 4, outer || f->addr == d->back.to);
    if (f->kind == LP_FRAME_CALLER) blame_code(d, f->addr - 4, outer || f->sp >= d->back.sp || f->addr == d->back.to);
    return false;
}

/* Who is on trial, and of them who is on the stack or was entered last. */
static void find_guilty(struct death *d)
{
    for (struct lp_applied *a = d->live->newest; a; a = a->older) {
        struct lp_suspect *s = a->trial_until > d->now ? suspect(d->live, a) : NULL;
        if (!s) continue;
        s->next = d->live->suspects;
        d->live->suspects = s;
    }
    d->tracked = lp_cpu_tracked(d->cpu, &d->back);
    lp_unwind_prepare(d->live);
    lp_unwind(d->live, d->cpu, blame_frame, d);
    if (d->tracked) blame_entry(d);
}

static lp_status evict(struct lp_job *job, const struct death *d)
{
    size_t n = 0;
    struct lp_applied **v = calloc(d->nguilty + 1, sizeof *v);
    if (!v) return lp_job_fail(job, NULL, 0, LP_E_NOMEM, "out of memory");
    for (const struct lp_suspect *s = d->live->suspects; s; s = s->next)
        if (s->guilty && s->patch) v[n++] = s->patch;
    lp_status r = n ? lp_job_evict(job, v, n) : LP_OK;
    free(v);
    return r;
}

/* ---- what is said about it ---- */

static const char *signal_name(int signo)
{
    static const char *const names[] = {[4] = "SIGILL", [5] = "SIGTRAP", [6] = "SIGABRT", [7] = "SIGBUS", [11] = "SIGSEGV"};
    return signo > 0 && (size_t)signo < sizeof names / sizeof *names && names[signo] ? names[signo] : "a signal";
}

static void tell(struct lp_job *job, const struct death *d, const char *what, lp_status status, bool again)
{
    struct lp_live *live = d->live;
    struct lp_error note = {.status = LP_OK};
    const char *then = again ? "reverted, and run again as it was"
                     : status == LP_OK ? "reverted; the program ends, for what was done cannot be taken back" : "the program ends, and it cannot be reverted: ";
    snprintf(note.text, sizeof note.text, "%.240s: %s%.160s", what, then, status == LP_OK ? "" : job->err->text);
    for (const struct lp_suspect *s = d->live->suspects; s; s = s->next) {
        char text[900];
        if (!s->guilty) continue;
        snprintf(text, sizeof text, "patch `%.200s' failed its trial: %s", s->name, note.text);
        if (live->events.say) live->events.say(live->events.ctx, 0, text);
        lp_history_add(live, "failed", s->name, s->version, NULL, &note);
    }
    for (size_t i = 0; i < job->ndrop && status == LP_OK; i++) /* what depended on them */
        if (!job->drop[i]->whole && !job->drop[i]->failed)
            lp_history_add(live, "reverted", job->drop[i]->patch->name, job->drop[i]->patch->version, NULL, NULL);
}

/* Its changed words are the old ones again. */
static void convict(struct lp_live *live, struct lp_suspect *s)
{
    s->patch = NULL;
    s->gone = live->era;
    for (size_t i = 0; i < s->n; i++)
        if (s->code[i].kind == FUNCTION) s->code[i].end = s->code[i].start;
}

/* The guilty ones that are reverted now are remembered, and so are those that were before. */
static void remember(struct death *d, bool reverted)
{
    for (struct lp_suspect **p = &d->live->suspects, *s; (s = *p);) {
        if (s->patch && (!s->guilty || !reverted)) {
            *p = s->next;
            free_suspect(s);
            continue;
        }
        if (s->patch) convict(d->live, s);
        s->guilty = false;
        p = &s->next;
    }
}

bool lp_live_dies(struct lp_live *live, struct lp_cpu *cpu, int signo, bool fault)
{
    if (!atomic_load_explicit(&live->ntrials, memory_order_relaxed)) return false;
    struct lp_error err = {0};
    const struct lp_live_options force = {.flags = LP_LIVE_FORCE};
    struct lp_job job = {.options = &force, .err = &err, .turn = LP_TURN_DIES};
    struct death d = {.live = live, .cpu = cpu, .now = lp_now_ms()};
    char where[200], what[260];
    bool again = false;
    lp_job_begin(&job, live);
    find_guilty(&d);
    lp_status s = LP_OK;
    if (d.nguilty) {
        lp_live_where(live, d.cpu->pc, where, sizeof where);
        snprintf(what, sizeof what, "%s in %s", signal_name(signo), where);
        for (struct lp_suspect *g = live->suspects; g; g = g->next)
            if (g->patch) g->patch->failed = g->guilty;
        s = evict(&job, &d);
        again = s == LP_OK && fault && d.tracked && !d.older;
        tell(&job, &d, what, s, again);
    }
    remember(&d, s == LP_OK);
    lp_trials_count(live);
    lp_job_end(&job, s == LP_OK);
    return again;
}

/* ---- beginning and end ---- */

void lp_trial_begin(struct lp_live *live, struct lp_applied *a, uint32_t ms)
{
    a->trial_until = lp_now_ms() + ms;
    atomic_fetch_add(&live->ntrials, 1);
}

void lp_trials_count(struct lp_live *live)
{
    unsigned n = 0;
    uint64_t since = live->era; /* the oldest of them */
    for (const struct lp_applied *a = live->newest; a; a = a->older) {
        if (a->trial_until && a->trial_era && a->trial_era < since) since = a->trial_era;
        n += a->trial_until != 0;
    }
    for (const struct lp_suspect *s = live->suspects; s; s = s->next, n++)
        if (s->from < since) since = s->from;
    atomic_store(&live->ntrials, n);
    if (live->gate) atomic_store(&live->gate->untracked, since);
}

static int by_pc(const void *a, const void *b)
{
    const struct lp_trial_entry *x = a, *y = b;
    return x->pc != y->pc ? (x->pc > y->pc) - (x->pc < y->pc) : (x->until > y->until) - (x->until < y->until);
}

/* The trial that ends last of those of the patches that lie on one another at pc; NULL = none. */
static const struct lp_trial_entry *entry_at(const struct lp_live *live, uint64_t pc)
{
    size_t n = lp_count_upto(live->trial_entry, live->ntrial_entry, sizeof *live->trial_entry, pc);
    return n && live->trial_entry[n - 1].pc == pc ? &live->trial_entry[n - 1] : NULL;
}

static int64_t until(const struct lp_applied *a) { return a->whole ? a->whole->trial_until : a->trial_until; }

/* A place that cannot be watched is one from which nothing is run again. */
static void watch_all(struct lp_live *live)
{
    size_t most = 0;
    for (struct lp_applied *a = live->newest; a; a = a->older) {
        if (a->trial_until && !a->trial_era) a->trial_era = live->era;
        most += until(a) ? a->plan.nwrite : 0;
    }
    live->trial_entry = most ? malloc(most * sizeof *live->trial_entry) : NULL;
    for (const struct lp_applied *a = live->newest; a && live->trial_entry; a = a->older)
        for (size_t i = 0; i < a->plan.nwrite && until(a); i++) {
            const struct lp_write *w = &a->plan.write[i];
            if (!w->code || w->gone || lp_ops_watch(live->mem, w->addr, true) != 0) continue;
            live->trial_entry[live->ntrial_entry++] = (struct lp_trial_entry){w->addr, until(a)};
        }
    if (live->ntrial_entry) qsort(live->trial_entry, live->ntrial_entry, sizeof *live->trial_entry, by_pc);
}

void lp_trials_watch(struct lp_live *live)
{
    for (size_t i = 0; i < live->ntrial_entry; i++) lp_ops_watch(live->mem, live->trial_entry[i].pc, false);
    free(live->trial_entry);
    live->trial_entry = NULL;
    live->ntrial_entry = 0;
    live->era++;
    if (!live->ntrials) return; /* as nearly always: no look at every patch while the program stands */
    lp_trials_count(live);
    if (live->ntrials) watch_all(live);
}

static void forget_suspects(struct lp_live *live, int64_t now)
{
    for (struct lp_suspect **p = &live->suspects, *s; (s = *p);) {
        if (s->until > now) {
            p = &s->next;
            continue;
        }
        *p = s->next;
        free_suspect(s);
    }
}

void lp_trials_end(struct lp_live *live)
{
    const int64_t now = lp_now_ms();
    bool any = false;
    if (!live->ntrials) return;
    forget_suspects(live, now);
    for (struct lp_applied *a = live->newest; a; a = a->older) {
        if (!a->trial_until || a->trial_until > now) continue;
        a->trial_until = 0;
        lp_history_add(live, "passed", a->patch->name, a->patch->version, NULL, NULL);
        any = true;
    }
    if (any) {
        lp_live_stop(live);
        lp_trials_watch(live);
        lp_live_resume(live);
    }
    lp_trials_count(live);
}

bool lp_live_tick(struct lp_live *live)
{
    if (!live->ntrials || pthread_mutex_trylock(&live->lock) != 0) return live->ntrials != 0;
    if (!live->working) lp_trials_end(live);
    pthread_mutex_unlock(&live->lock);
    return live->ntrials != 0;
}

void lp_trial_watched(struct lp_live *live, struct lp_cpu *cpu)
{
    const struct lp_trial_entry *e = entry_at(live, cpu->pc);
    if (!e) return;
    if (e->until > lp_now_ms()) {
        lp_cpu_track(cpu, live->era);
        return;
    }
    lp_gate_leave(cpu); /* whoever has the lock may wait for this thread to stop */
    lp_live_tick(live);
    lp_gate_enter(cpu);
}

void lp_trials_unmapped(struct lp_live *live, uint64_t start, uint64_t end)
{
    for (struct lp_suspect *s = live->suspects; s; s = s->next)
        for (size_t i = 0; i < s->n; i++)
            if (s->code[i].start < end && s->code[i].end > start) s->code[i].end = s->code[i].start;
}

void lp_trials_free(struct lp_live *live)
{
    forget_suspects(live, INT64_MAX);
    free(live->trial_entry);
}
