/* live/arrive.c - objects that come and go: patches reach a library when its dynamic linker has relocated it, before its constructors run. */
#include <config.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "live/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS = 256 }; /* looked at after a file with code was mapped: a loader makes few */

/* Names of the main program and of nothing are for the objects that are there from the start. */
bool lp_live_wants(const struct lp_applied *a)
{
    for (size_t o = 0; o < a->patch->nobject; o++)
        if (!a->plan.bound[o] || !a->plan.bound[o]->main || a->plan.waits[o]) return true;
    return false;
}

static bool in_use(void *ctx, const struct lp_target *t)
{
    for (const struct lp_applied *a = ((struct lp_live *)ctx)->newest; a; a = a->older) {
        for (size_t o = 0; o < a->patch->nobject; o++)
            if (a->plan.bound[o] == t) return true;
        for (size_t k = 0; k < a->plan.nregion; k++)
            if (a->plan.region[k].target == t && !a->plan.region[k].left) return true;
    }
    return false;
}

void lp_live_rescan(struct lp_live *live)
{
    bool gone = false;
    if (lp_mem_is_flat(live->mem) || !atomic_exchange(&live->stale, false)) return;
    lp_objects_scan(&live->objects, live->mem);
    for (size_t i = 0; i < live->objects.n; i++) gone |= live->objects.v[i]->gone;
    if (!gone) return;
    atomic_store(&live->moved, true); /* so that patches leave what is gone */
    lp_live_prune(live);
    lp_objects_sweep(&live->objects, in_use, live);
}

void lp_live_on_event(struct lp_live *live, const struct lp_live_events *e) { live->events = *e; }

static void say(const struct lp_live *live, int level, const char *what, const struct lp_error *err)
{
    char text[1200], why[900] = "";
    if (!live->events.say) return;
    if (err) lp_error_format(err, why, sizeof why);
    snprintf(text, sizeof text, "%s%s", what, why);
    live->events.say(live->events.ctx, level, text);
}

/* ---- which object of which patch is where ---- */

/* Is there a part of the patch that has object o in this target, or with NULL in any? */
static bool is_in(const struct lp_applied *a, size_t o, const struct lp_target *t)
{
    for (const struct lp_applied *p = a; p; p = p == a ? a->parts : p->next_part)
        if (p->plan.bound[o] && !p->plan.bound[o]->gone && (!t || p->plan.bound[o] == t)) return true;
    return false;
}

static bool is_refused(const struct lp_target *t, const struct lp_applied *a, size_t o)
{
    for (size_t i = 0; i < t->nrefused; i++)
        if (t->refused[i].serial == a->serial && t->refused[i].object == o) return true;
    return false;
}

static void refuse(struct lp_target *t, const struct lp_applied *a, size_t o)
{
    struct lp_refused *v = lp_grow(t->refused, &t->refused_cap, t->nrefused, sizeof *v);
    if (v) t->refused = v, v[t->nrefused++] = (struct lp_refused){a->serial, (uint32_t)o};
}

static void keep_reason(struct lp_applied *a, size_t o, const char *why)
{
    if (!a->said) a->said = calloc(a->patch->nobject + 1, sizeof *a->said);
    if (!a->said) return;
    free(a->said[o]);
    a->said[o] = why ? strdup(why) : NULL;
}

char *lp_live_note(struct lp_live *live, const struct lp_applied *a)
{
    struct lp_buf b = {0};
    (void)live;
    for (size_t o = 0; o < a->patch->nobject && b.len < 1000; o++) {
        const char *name = a->patch->object[o].name, *why = a->said ? a->said[o] : NULL;
        if (why) lp_buf_printf(&b, "%s%s", b.len ? "; " : "", why);
        else if (!is_in(a, o, NULL)) lp_buf_printf(&b, "%swaits for %s", b.len ? "; " : "", name);
    }
    return lp_buf_take(&b, NULL);
}

/* ---- a part ---- */

/* The changes of object o in t, prepared after everything that is in the job; NULL on failure, or if they must wait. */
static struct lp_applied *make_part(struct lp_job *job, struct lp_applied *a, size_t o, struct lp_target *t, lp_status *s)
{
    bool already;
    struct lp_plan_how how = {.only = (int64_t)o, .at = t, .family = &a->plan, .wait = true};
    struct lp_applied *part = lp_job_copy(job, a->patch, s);
    if (!part) return NULL;
    part->whole = a;
    *s = lp_job_plan(job, part, &how);
    if (*s == LP_OK) *s = lp_plan_verify(&part->plan, &already);
    if (*s == LP_OK && part->plan.waits[o]) return lp_journal_free_one(part), NULL;
    if (*s == LP_OK && !lp_job_add(job, part)) *s = lp_job_fail(job, a->patch->file, 0, LP_E_NOMEM, "out of memory");
    if (*s == LP_OK) return part;
    lp_journal_free_one(part);
    return NULL;
}

/* One file may be mapped several times (dlmopen): a patch of it is for all. */
lp_status lp_job_twins(struct lp_job *job, struct lp_applied *a)
{
    lp_status s = LP_OK;
    for (size_t o = 0; o < a->patch->nobject && s == LP_OK; o++)
        for (size_t i = 0; i < job->space.ntarget && s == LP_OK; i++) {
            struct lp_target *t = job->space.target[i];
            if (!a->plan.bound[o] || t->fixed || t == a->plan.bound[o] || !lp_target_named(&job->space, t, a->patch->object[o].name)) continue;
            if (job->space.ready(job, t)) make_part(job, a, o, t, &s);
        }
    return s;
}

/* On its own: what else waits does not depend on it. Nobody runs the object yet, so nobody is waited for. */
static lp_status arrive(struct lp_live *live, struct lp_applied *a, size_t o, struct lp_target *t, struct lp_error *err)
{
    struct lp_live_options force = {.flags = LP_LIVE_FORCE};
    struct lp_job job = {.options = &force, .err = err};
    lp_status s = LP_OK;
    char text[400];
    lp_job_setup(&job, live);
    struct lp_applied *part = make_part(&job, a, o, t, &s);
    if (part && (s = lp_job_commit(&job)) != LP_OK) lp_journal_free_one(part);
    lp_job_free(&job);
    keep_reason(a, o, s == LP_OK ? NULL : err->text);
    if (s == LP_OK && !part) return LP_OK;
    if (s == LP_OK) {
        lp_history_object(live, "loaded", a->patch, t);
        snprintf(text, sizeof text, "patch %.100s: applied to %.200s", a->patch->name, t->path);
        return say(live, 2, text, NULL), LP_OK;
    }
    refuse(t, a, o);
    lp_history_add(live, "refused", a->patch->name, a->patch->version, NULL, err);
    snprintf(text, sizeof text, "patch %.100s: %.200s goes on unpatched: ", a->patch->name, t->name);
    if (!a->must) say(live, 0, text, err);
    return a->must ? s : LP_OK;
}

/* The dynamic linker takes the right to write when it has relocated an object; what has no such part is taken as it was mapped. */
static bool has_arrived(const struct lp_target *t) { return t->mapped && (t->relocated || !t->relro); }

/* Everything that can arrive now. */
static lp_status arrivals(struct lp_live *live, struct lp_job *job, struct lp_error *err)
{
    struct lp_applied *a = live->newest;
    while (a && a->older) a = a->older;
    lp_status s = LP_OK;
    for (struct lp_applied *newer; a && s == LP_OK; a = newer) {
        newer = a->newer;
        for (size_t o = 0; o < a->patch->nobject && !a->whole && s == LP_OK; o++)
            for (size_t i = 0; i < live->objects.n && s == LP_OK; i++) {
                struct lp_target *t = live->objects.v[i];
                if (t->gone || is_in(a, o, t) || is_refused(t, a, o) || (t->fixed && !a->plan.waits[o])) continue;
                if (!lp_target_is(&job->space, t, &a->patch->object[o]) || !has_arrived(t)) continue;
                s = arrive(live, a, o, t, err);
            }
    }
    return s;
}

static bool unfinished(const struct lp_live *live)
{
    struct lp_mapping m;
    if (live->objects.unfinished) return true;
    for (size_t i = 0; i < live->objects.n; i++) {
        const struct lp_target *t = live->objects.v[i];
        if (!t->gone && t->relro && !t->relocated && lp_mem_next(live->mem, t->relro, &m) && m.start <= t->relro && m.flags & LP_W) return true;
    }
    return false;
}

bool lp_live_mapped(struct lp_live *live, bool code)
{
    atomic_store(&live->stale, true);
    if (code) lp_live_expect(live);
    return lp_live_expects(live);
}

bool lp_live_expects(struct lp_live *live)
{
    return (atomic_load(&live->nlibrary) || atomic_load(&live->curious) || atomic_load(&live->nframe)) && atomic_load(&live->fresh) > 0;
}

void lp_live_want_objects(struct lp_live *live) { atomic_store(&live->curious, true); }

bool lp_live_next_object(struct lp_live *live, char id[129])
{
    bool found = false;
    pthread_mutex_lock(&live->lock);
    if (!live->working) lp_live_rescan(live);
    for (size_t i = 0; i < live->objects.n && !found; i++) {
        struct lp_target *t = live->objects.v[i];
        if (t->gone || t->asked || t->fixed || !has_arrived(t)) continue;
        t->asked = true;
        const struct lp_elf_info *info = lp_target_open(t, live->mem) ? lp_elf_info(t->elf) : NULL;
        found = info && info->build_id;
        if (found) lp_hex(id, info->build_id, info->build_id_len);
    }
    pthread_mutex_unlock(&live->lock);
    return found;
}

lp_status lp_live_settle(struct lp_live *live, const struct lp_cpu *cpu, uint64_t start, uint64_t end, struct lp_error *err)
{
    struct lp_job job = {.err = err, .turn = LP_TURN_LOADS, .cpu = cpu};
    atomic_fetch_sub(&live->fresh, 1);
    lp_job_begin(&job, live);
    if (end) lp_objects_protected(&live->objects, start, end);
    lp_status s = arrivals(live, &job, err);
    lp_frames_arrive(live);
    if (!unfinished(live)) atomic_store(&live->fresh, 0);
    lp_job_end(&job, false);
    return s;
}

void lp_live_expect(struct lp_live *live) { atomic_store(&live->fresh, EVENTS); }

/* Before it goes, because another object may come to the same place at once. Who looks in between must not find it again, as a new object with patched code. */
void lp_live_unmapped(struct lp_live *live, uint64_t start, uint64_t end, bool gone)
{
    pthread_mutex_lock(&live->lock);
    if (gone) {
        lp_objects_went(&live->objects, start, end);
    } else {
        lp_objects_going(&live->objects, start, end);
        lp_frames_unmapped(live, start, end);
    }
    atomic_store(&live->stale, true);
    pthread_mutex_unlock(&live->lock);
}

bool lp_live_waits(struct lp_live *live)
{
    pthread_mutex_lock(&live->lock);
    bool waits = live->nmust > 0;
    pthread_mutex_unlock(&live->lock);
    return waits;
}

static lp_status missing(const struct lp_applied *a, size_t o, struct lp_error *err)
{
    const struct lp_object *obj = &a->patch->object[o];
    lp_fail(err, LP_E_BINDING, "object `%s` is not loaded, and the program's own code is about to start", obj->name);
    lp_hint(err, "say `optional` in the patch if the program may load it later, or not at all");
    return lp_at(err, a->patch->file, obj->line, 0);
}

/* The lock, so that nobody else stops the program meanwhile. */
static void unwatch(struct lp_live *live, uint64_t pc)
{
    if (live->gate) lp_gate_stop(live->gate, NULL);
    lp_ops_watch(live->mem, pc, false);
    if (live->gate) lp_gate_resume(live->gate);
}

lp_status lp_live_started(struct lp_live *live, const struct lp_cpu *cpu, uint64_t entry, struct lp_error *err)
{
    lp_status s = LP_OK;
    lp_live_lock(live, LP_TURN_LOADS, cpu);
    unwatch(live, entry);
    for (struct lp_applied *a = live->newest; a; a = a->older) {
        for (size_t o = 0; a->must && o < a->patch->nobject && s == LP_OK; o++)
            if (!a->patch->object[o].optional && !is_in(a, o, NULL)) s = missing(a, o, err);
        live->nmust -= a->must;
        a->must = false;
    }
    pthread_mutex_unlock(&live->lock);
    return s;
}
