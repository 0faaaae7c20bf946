/* patch/journal.c - the list of applied patches and the index of their places. */
#include <config.h>
#include "patch/journal.h"

#include <stdlib.h>
#include <string.h>

static size_t slot(const struct lp_live *live, uint64_t word) { return (size_t)((word * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (live->nbucket - 1); }

static size_t count_touches(const struct lp_plan *pl)
{
    size_t n = 0;
    for (size_t i = 0; i < pl->nwrite; i++) n += ((pl->write[i].addr + pl->write[i].len - 1) >> 2) - (pl->write[i].addr >> 2) + 1;
    return n;
}

static bool grow_index(struct lp_live *live, size_t want)
{
    size_t n = live->nbucket ? live->nbucket : 64;
    while (n < want) n *= 2;
    if (n == live->nbucket) return true;
    struct lp_touch **v = calloc(n, sizeof *v), **old = live->bucket;
    if (!v) return false;
    size_t m = live->nbucket;
    live->bucket = v, live->nbucket = n;
    for (size_t i = 0; i < m; i++) {
        struct lp_touch *rev = NULL, *next; /* twice reversed: chains keep their order */
        for (struct lp_touch *t = old[i]; t; t = next) next = t->next, t->next = rev, rev = t;
        for (struct lp_touch *t = rev; t; t = next) next = t->next, t->next = v[slot(live, t->word)], v[slot(live, t->word)] = t;
    }
    free(old);
    return true;
}

bool lp_journal_reserve(struct lp_live *live, struct lp_applied *a)
{
    a->ntouch = count_touches(&a->plan);
    a->touch = calloc(a->ntouch + 1, sizeof *a->touch);
    return a->touch && grow_index(live, live->ntouch + a->ntouch);
}

void lp_journal_add(struct lp_live *live, struct lp_applied *a)
{
    size_t n = 0;
    for (size_t i = 0; i < a->plan.nwrite; i++) {
        const struct lp_write *w = &a->plan.write[i];
        for (uint64_t word = w->addr >> 2; word <= (w->addr + w->len - 1) >> 2; word++) {
            struct lp_touch *t = &a->touch[n++];
            *t = (struct lp_touch){word, live->bucket[slot(live, word)], a, w->addr, w->addr + w->len};
            live->bucket[slot(live, word)] = t;
        }
    }
    live->ntouch += a->ntouch;
    a->older = live->newest;
    a->newer = NULL;
    if (a->older) a->older->newer = a;
    live->newest = a;
    a->serial = ++live->serial;
}

void lp_journal_remove(struct lp_live *live, struct lp_applied *a)
{
    for (size_t i = 0; i < a->ntouch; i++) {
        struct lp_touch **p = &live->bucket[slot(live, a->touch[i].word)];
        while (*p && *p != &a->touch[i]) p = &(*p)->next;
        if (*p) *p = (*p)->next;
    }
    live->ntouch -= a->ntouch;
    if (a->newer) a->newer->older = a->older;
    else live->newest = a->older;
    if (a->older) a->older->newer = a->newer;
}

struct lp_applied *lp_journal_named(struct lp_live *live, const char *name)
{
    for (struct lp_applied *a = live->newest; a; a = a->older)
        if (strcmp(a->patch->name, name) == 0) return a;
    return NULL;
}

struct lp_applied *lp_journal_above(struct lp_live *live, const struct lp_applied *a, uint64_t *where)
{
    for (size_t i = 0; i < a->ntouch; i++) {
        const struct lp_touch *mine = &a->touch[i];
        for (const struct lp_touch *t = live->bucket[slot(live, mine->word)]; t && t != mine; t = t->next) {
            if (t->word != mine->word || t->owner->leaving || t->start >= mine->end || t->end <= mine->start) continue;
            *where = t->start > mine->start ? t->start : mine->start;
            return t->owner;
        }
    }
    return NULL;
}

/* A count that cannot be kept (no memory) is a statistic lost, no reason to fail a commit. */
void lp_journal_count(struct lp_live *live, const struct lp_applied *a)
{
    for (size_t i = 0; i < a->plan.nwrite; i++) {
        const struct lp_write *w = &a->plan.write[i];
        struct lp_touch *t = live->bucket[slot(live, w->addr >> 2)];
        while (t && (t->word != w->addr >> 2 || t->start != w->addr)) t = t->next;
        if (w->code) (void)lp_ops_count(live->mem, w->addr, t ? &t->owner->hits : NULL);
    }
}

void lp_journal_free_one(struct lp_applied *a)
{
    if (!a) return;
    lp_plan_free(&a->plan);
    lp_patch_free(a->patch);
    free(a->touch);
    free(a);
}
