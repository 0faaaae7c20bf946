/* live/history.c - what was applied, reverted and refused, when and by whom: the last LP_JOURNAL_EVENTS of it. */
#include <config.h>
#include "base/buf.h"
#include "base/text.h"
#include "live/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The three texts in one block that begins with the first; NULL without memory. */
static char *texts(const char *a, const char *b, const char *c, struct lp_live_event *e)
{
    size_t la = strlen(a) + 1, lb = strlen(b) + 1, lc = strlen(c) + 1;
    char *p = malloc(la + lb + lc);
    if (!p) return NULL;
    e->patch = memcpy(p, a, la);
    e->version = memcpy(p + la, b, lb);
    e->text = memcpy(p + la + lb, c, lc);
    if (!*b) e->version = NULL;
    return p;
}

/* An event that there is no memory for is lost. */
void lp_history_add(struct lp_live *live, const char *what, const char *patch, const char *version, const struct lp_live_options *by,
                    const struct lp_error *err)
{
    struct lp_history *h = &live->history;
    char reason[sizeof err->where + sizeof err->text + 32] = "";
    if (err) lp_error_format(err, reason, sizeof reason);
    struct lp_live_event e = {.time_ms = lp_wall_ms(), .what = what, .status = err ? err->status : LP_OK,
                              .pid = by ? by->pid : 0, .uid = by ? by->uid : 0,
                              .stopped_ns = live->stops.longest};
    if (!texts(patch, version ? version : "", reason, &e)) return;
    if (h->n < LP_JOURNAL_EVENTS) {
        struct lp_live_event *v = lp_grow(h->event, &h->cap, h->n, sizeof *v);
        if (!v) {
            free((void *)(uintptr_t)e.patch);
            return;
        }
        h->event = v;
        v[h->n++] = e;
        return;
    }
    free((void *)(uintptr_t)h->event[h->next].patch);
    h->event[h->next] = e;
    h->next = (h->next + 1) % LP_JOURNAL_EVENTS;
}

void lp_history_object(struct lp_live *live, const char *what, const struct lp_patch *p, const struct lp_target *t)
{
    struct lp_error in = {.status = LP_OK};
    snprintf(in.text, sizeof in.text, "%s", t->path);
    lp_history_add(live, what, p->name, p->version, NULL, &in);
}

void lp_history_free(struct lp_history *h)
{
    for (size_t i = 0; i < h->n; i++) free((void *)(uintptr_t)h->event[i].patch);
    free(h->event);
}

lp_status lp_live_journal(struct lp_live *live, int (*fn)(void *ctx, const struct lp_live_event *row), void *ctx, struct lp_error *err)
{
    (void)err;
    pthread_mutex_lock(&live->lock);
    if (!live->working) {
        lp_live_prune(live);
        lp_trials_end(live);
    }
    const struct lp_history *h = &live->history;
    for (size_t i = 0; i < h->n; i++)
        if (fn(ctx, &h->event[(h->next + i) % h->n])) break;
    pthread_mutex_unlock(&live->lock);
    return LP_OK;
}
