/* live/journal.c - the list of applied patches, found by name, and the index of their places. */
#include <config.h>
#include "live/journal.h"

#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

static struct lp_applied **name_slot(const struct lp_names *t, const char *name)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (const char *p = name; *p; p++) h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
    return &t->bucket[(h ^ h >> 32) & (t->nbucket - 1)];
}

bool lp_names_reserve(struct lp_names *t, size_t n)
{
    struct lp_names fresh = {NULL, t->nbucket ? t->nbucket : 64};
    while (fresh.nbucket < n) fresh.nbucket *= 2;
    if (fresh.nbucket == t->nbucket) return true;
    fresh.bucket = calloc(fresh.nbucket, sizeof *fresh.bucket);
    if (!fresh.bucket) return false;
    for (size_t i = 0; i < t->nbucket; i++)
        for (struct lp_applied *a = t->bucket[i], *next; a; a = next) next = a->same_slot, lp_names_add(&fresh, a);
    free(t->bucket);
    *t = fresh;
    return true;
}

void lp_names_add(struct lp_names *t, struct lp_applied *a)
{
    struct lp_applied **p = name_slot(t, a->patch->name);
    a->same_slot = *p;
    *p = a;
}

void lp_names_remove(struct lp_names *t, struct lp_applied *a)
{
    struct lp_applied **p = name_slot(t, a->patch->name);
    while (*p && *p != a) p = &(*p)->same_slot;
    if (*p) *p = a->same_slot;
}

struct lp_applied *lp_names_find(const struct lp_names *t, const char *name)
{
    struct lp_applied *a = t->nbucket ? *name_slot(t, name) : NULL;
    while (a && strcmp(a->patch->name, name) != 0) a = a->same_slot;
    return a;
}

/* ---- places ---- */

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

/* A counter that is not to be had is a statistic lost, no reason to refuse. */
static void make_counters(struct lp_plan *pl)
{
    for (size_t i = 0; i < pl->nwrite; i++)
        if (pl->write[i].code) pl->write[i].counter = lp_counter_new();
}

uint64_t lp_journal_hits(const struct lp_applied *a)
{
    uint64_t hits = 0;
    for (size_t i = 0; i < a->plan.nwrite; i++) hits += lp_counter_read(a->plan.write[i].counter).hits;
    return hits;
}

bool lp_journal_reserve(struct lp_live *live, struct lp_applied *const *add, size_t n)
{
    size_t touches = live->ntouch;
    for (size_t i = 0; i < n; i++) {
        add[i]->ntouch = count_touches(&add[i]->plan);
        add[i]->touch = calloc(add[i]->ntouch + 1, sizeof *add[i]->touch);
        if (!add[i]->touch) return false;
        make_counters(&add[i]->plan);
        touches += add[i]->ntouch;
    }
    return grow_index(live, touches) && lp_names_reserve(&live->names, live->napplied + n);
}

static bool related(const struct lp_applied *a)
{
    if (a->whole) return false;
    for (size_t i = 0; i < a->patch->nrelation; i++)
        if (a->patch->relation[i].kind != LP_REPLACES) return true;
    return false;
}

static void widen(struct lp_live *live, uint64_t start, uint64_t end)
{
    if (end > live->highest) live->highest = end;
    if (start < live->lowest || !live->lowest) live->lowest = start;
}

static void link_touch(struct lp_live *live, struct lp_touch *t)
{
    struct lp_touch **p = &live->bucket[slot(live, t->word)];
    while (*p && (*p)->owner->serial > t->owner->serial) p = &(*p)->next;
    t->next = *p;
    *p = t;
}

static void unlink_touch(struct lp_live *live, struct lp_touch *t)
{
    struct lp_touch **p = &live->bucket[slot(live, t->word)];
    while (*p && *p != t) p = &(*p)->next;
    if (*p) *p = t->next;
}

void lp_journal_link(struct lp_live *live, struct lp_applied *a)
{
    size_t n = 0;
    for (size_t i = 0; i < a->plan.nwrite; i++) {
        const struct lp_write *w = &a->plan.write[i];
        if (!w->gone) widen(live, w->addr, w->addr + w->len);
        for (uint64_t word = w->addr >> 2; word <= (w->addr + w->len - 1) >> 2; word++) {
            struct lp_touch *t = &a->touch[n++];
            *t = (struct lp_touch){.word = word, .owner = a, .write = w, .start = w->addr, .end = w->addr + w->len};
            if (!w->gone) link_touch(live, t);
        }
    }
}

void lp_journal_unlink(struct lp_live *live, struct lp_applied *a)
{
    for (size_t i = 0; i < a->ntouch; i++) unlink_touch(live, &a->touch[i]);
}

void lp_journal_add(struct lp_live *live, struct lp_applied *a)
{
    a->serial = ++live->serial;
    lp_journal_link(live, a);
    live->ntouch += a->ntouch;
    live->napplied++;
    live->nrelated += related(a);
    if (a->whole) {
        a->next_part = a->whole->parts;
        a->whole->parts = a;
    } else {
        lp_names_add(&live->names, a);
        a->library = lp_live_wants(a);
        live->nlibrary += a->library;
        live->nmust += a->must;
    }
    a->older = live->newest;
    a->newer = NULL;
    if (a->older) a->older->newer = a;
    live->newest = a;
}

static void unlink_part(struct lp_applied *a)
{
    struct lp_applied **p = &a->whole->parts;
    while (*p && *p != a) p = &(*p)->next_part;
    if (*p) *p = a->next_part;
}

void lp_journal_remove(struct lp_live *live, struct lp_applied *a)
{
    lp_journal_unlink(live, a);
    live->ntouch -= a->ntouch;
    live->napplied--;
    live->nrelated -= related(a);
    if (a->whole) {
        unlink_part(a);
    } else {
        lp_names_remove(&live->names, a);
        live->nlibrary -= a->library;
        live->nmust -= a->must;
    }
    if (a->newer) a->newer->older = a->older;
    else live->newest = a->older;
    if (a->older) a->older->newer = a->newer;
}

/* Every page that a patch wrote to keeps LP_PATCHED for as long as it is mapped. */
static bool is_unmapped(const struct lp_live *live, uint64_t start, uint64_t end)
{
    for (uint64_t page = start & ~(LP_PAGE - 1); page < end; page += LP_PAGE)
        if (lp_mem_flags(live->mem, page) & LP_PATCHED) return false;
    return true;
}

/* A program may put its own copy of its code into the place of it, on larger pages: what the patch wrote is there all the same. */
static bool is_gone(const struct lp_live *live, const struct lp_write *w)
{
    uint8_t now[256];
    if (!is_unmapped(live, w->addr, w->addr + w->len)) return false;
    for (uint32_t off = 0; off < w->len; off += sizeof now) {
        uint32_t n = w->len - off < sizeof now ? w->len - off : sizeof now;
        if (lp_mem_read(live->mem, now, w->addr + off, n) != 0 || memcmp(now, w->new_bytes + off, n) != 0) return true;
    }
    return false;
}

/* Places of one object that are left, and whether there ever were any. */
static bool object_left(const struct lp_applied *a, size_t o)
{
    bool any = false;
    for (size_t i = 0; i < a->plan.nwrite; i++) {
        const struct lp_write *w = &a->plan.write[i];
        if (w->item->object != o) continue;
        if (!w->gone) return true;
        any = true;
    }
    return !any && !a->plan.bound[o]->gone;
}

/* What the patch put beside an object goes with it. */
static void leave_objects(struct lp_live *live, struct lp_applied *a)
{
    for (size_t o = 0; o < a->patch->nobject; o++) {
        struct lp_target *t = a->plan.bound[o];
        if (!t || object_left(a, o)) continue;
        lp_live_retire_regions(live, a, t);
        if (!t->fixed) lp_history_object(live, "unloaded", a->patch, t);
        a->plan.bound[o] = NULL;
        a->plan.waits[o] = true;
    }
}

bool lp_journal_forget(struct lp_live *live, struct lp_applied *a)
{
    size_t left = 0, k = 0;
    for (size_t i = 0; i < a->plan.nwrite; i++) {
        struct lp_write *w = &a->plan.write[i];
        bool was = w->gone;
        /* With the object its places go, though another one may be patched where it was. */
        const struct lp_target *in = a->plan.bound[w->item->object];
        if (!w->gone) w->gone = (in && in->gone && w->addr >= in->start && w->addr < in->end) || is_gone(live, w);
        left += !w->gone;
        for (uint64_t word = w->addr >> 2; word <= (w->addr + w->len - 1) >> 2; word++, k++) /* as lp_journal_add made them */
            if (w->gone && !was) unlink_touch(live, &a->touch[k]);
    }
    leave_objects(live, a);
    for (size_t o = 0; o < a->patch->nobject && !a->whole; o++)
        if (a->parts || a->must || (a->patch->object[o].optional && a->plan.waits[o])) return false;
    return left == 0 && a->plan.nwrite;
}

struct lp_touch *lp_journal_at(const struct lp_live *live, uint64_t addr) { return live->nbucket ? live->bucket[slot(live, addr >> 2)] : NULL; }

bool lp_journal_in(const struct lp_live *live, uint64_t start, uint64_t end)
{
    for (uint64_t word = start >> 2; word < end >> 2; word++)
        for (const struct lp_touch *t = lp_journal_at(live, word << 2); t; t = t->next)
            if (t->word == word) return true;
    return false;
}

struct lp_applied *lp_journal_above(struct lp_live *live, const struct lp_applied *a, uint64_t *where)
{
    for (size_t i = 0; i < a->ntouch; i++) {
        const struct lp_touch *mine = &a->touch[i], *t = live->bucket[slot(live, mine->word)];
        for (; t && t->owner->serial > a->serial; t = t->next) {
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
        if (w->code) (void)lp_ops_count(live->mem, w->addr, t ? t->write->counter : 0);
    }
}

void lp_journal_free_one(struct lp_applied *a)
{
    if (!a) return;
    for (size_t i = 0; i < a->plan.nwrite; i++) lp_counter_free(a->plan.write[i].counter);
    for (size_t o = 0; a->said && o < a->patch->nobject; o++) free(a->said[o]);
    free(a->said);
    lp_plan_free(&a->plan);
    lp_patch_free(a->patch);
    free(a->touch);
    free(a);
}
