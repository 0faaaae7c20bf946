/* compat/store.c - a million patches: records of 32 bytes, an index of 16 to 32 bytes per patch, descriptions in one arena. */
#include <config.h>
#include "compat/store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { ARENA_MIN = 1 << 16, HUGE_PAGE = 2 << 20, ENTRIES_MIN = 256, ENTRIES_LINE = 8 };
#define ARENA_MAX ((size_t)UINT32_MAX * 4)

static int64_t now(void)
{
    struct timespec t;
#ifdef CLOCK_REALTIME_COARSE
    clock_gettime(CLOCK_REALTIME_COARSE, &t); /* seconds are enough, and it is several times cheaper */
#else
    clock_gettime(CLOCK_REALTIME, &t);
#endif
    return t.tv_sec;
}

bool lp_store_init(struct lp_store *s)
{
    memset(s, 0, sizeof *s);
    s->free = s->oldest = s->newest = LP_STORE_NONE;
    s->start = now();
    s->entries = ENTRIES_MIN;
    s->entry = calloc(s->entries, sizeof *s->entry);
    return s->entry != NULL;
}

void lp_store_free(struct lp_store *s)
{
    free(s->patch);
    free(s->entry);
    free(s->arena);
    memset(s, 0, sizeof *s);
}

/* realloc() from `used` to `size` bytes. Large arrays get large pages where the host has them: page faults and TLB misses are most
 * of what a patch costs when there are a million. (realloc() itself would move them to where large pages cannot be.) */
static void *grow(void *p, size_t used, size_t size)
{
#ifdef MADV_HUGEPAGE
    void *q;
    if (size >= HUGE_PAGE && size % HUGE_PAGE == 0 && posix_memalign(&q, HUGE_PAGE, size) == 0) {
        madvise(q, size, MADV_HUGEPAGE);
        if (p) memcpy(q, p, used);
        free(p);
        return q;
    }
#endif
    return realloc(p, size);
}

/* ---- index ---- */

/* Where the search for a place begins. */
static size_t home(const struct lp_store *s, uint64_t offset)
{
    uint64_t word = offset >> 2, line = (word / ENTRIES_LINE) * UINT64_C(0x9e3779b97f4a7c15) >> 32;
    return (size_t)(line * ENTRIES_LINE + word % ENTRIES_LINE) & (s->entries - 1);
}

void lp_store_prefetch(const struct lp_store *s, uint64_t offset) { __builtin_prefetch(&s->entry[home(s, offset)], 1); }

/* The entry of a place, or NULL. */
static struct lp_store_entry *entry(const struct lp_store *s, uint64_t offset)
{
    uint32_t word = (uint32_t)(offset >> 2);
    for (size_t i = home(s, offset);; i = (i + 1) & (s->entries - 1)) {
        struct lp_store_entry *e = &s->entry[i];
        if (e->slot == 0) return NULL;
        if (e->word == word && e->slot != LP_STORE_DEAD && s->patch[e->slot - 1].offset == offset) return e;
    }
}

uint32_t lp_store_find(const struct lp_store *s, uint64_t offset)
{
    const struct lp_store_entry *e = entry(s, offset);
    return e ? e->slot - 1 : LP_STORE_NONE;
}

/* A free entry for a place that has none. */
static struct lp_store_entry *free_entry(struct lp_store *s, uint64_t offset)
{
    size_t i = home(s, offset);
    while (s->entry[i].slot != 0) i = (i + 1) & (s->entries - 1);
    return &s->entry[i];
}

/* Room for one more: at most half of the entries are in use, dead ones counted; a new table has no dead ones. */
static bool reserve_entry(struct lp_store *s)
{
    if (2 * (s->entries_used + 1) <= s->entries) return true;
    size_t n = s->entries;
    while (n < 4 * (s->count + 1)) n *= 2;
    struct lp_store_entry *fresh = grow(NULL, 0, n * sizeof *fresh);
    if (!fresh) return false;
    memset(fresh, 0, n * sizeof *fresh);
    free(s->entry);
    s->entry = fresh;
    s->entries = n;
    s->entries_used = s->count;
    for (uint32_t i = s->oldest; i != LP_STORE_NONE; i = s->patch[i].newer)
        *free_entry(s, s->patch[i].offset) = (struct lp_store_entry){(uint32_t)(s->patch[i].offset >> 2), i + 1};
    return true;
}

/* ---- descriptions ---- */

static uint32_t *refs(const struct lp_store *s, uint32_t text) { return (uint32_t *)(void *)(s->arena + (size_t)text * 4); }
static char *text_at(const struct lp_store *s, uint32_t text) { return s->arena + (size_t)text * 4 + 4; }
static size_t text_size(size_t len) { return (4 + len + 1 + 3) & ~(size_t)3; }

const char *lp_store_text(const struct lp_store *s, uint32_t slot) { return text_at(s, s->patch[slot].text); }

static bool arena_reserve(struct lp_store *s, size_t more)
{
    if (s->arena_used + more <= s->arena_cap) return true;
    size_t cap = s->arena_cap ? s->arena_cap * 2 : 4096;
    char *p = cap > ARENA_MAX ? NULL : grow(s->arena, s->arena_used, cap);
    if (!p) return false;
    s->arena = p;
    s->arena_cap = cap;
    return true;
}

static bool arena_put(struct lp_store *s, const char *text, size_t len, uint32_t *at)
{
    if (s->have_last && strncmp(text_at(s, s->last_text), text, len) == 0 && text_at(s, s->last_text)[len] == 0) {
        ++*refs(s, *at = s->last_text);
        return true;
    }
    if (!arena_reserve(s, text_size(len))) return false;
    *at = s->last_text = (uint32_t)(s->arena_used / 4);
    s->have_last = true;
    *refs(s, *at) = 1;
    memcpy(text_at(s, *at), text, len);
    text_at(s, *at)[len] = 0;
    s->arena_used += text_size(len);
    return true;
}

/* More than half of the arena is descriptions of reverted patches: copy the living into a new one. Sharers are neighbours in
 * time, so each text is met once, and what is not dead is exactly what is needed. Without memory the old arena stays. */
static void arena_compact(struct lp_store *s)
{
    size_t cap = s->arena_used - s->arena_dead + ARENA_MIN, used = 0;
    char *fresh = malloc(cap);
    if (!fresh) return;
    uint32_t from = UINT32_MAX, to = 0;
    for (uint32_t i = s->oldest; i != LP_STORE_NONE; i = s->patch[i].newer) {
        if (s->patch[i].text != from) {
            from = s->patch[i].text;
            to = (uint32_t)(used / 4);
            size_t size = text_size(strlen(text_at(s, from)));
            memcpy(fresh + used, refs(s, from), size); /* with its reference count */
            used += size;
        }
        s->patch[i].text = to;
    }
    free(s->arena);
    s->arena = fresh;
    s->arena_used = used;
    s->arena_cap = cap;
    s->arena_dead = 0;
    s->have_last = false;
}

static void arena_drop(struct lp_store *s, uint32_t text)
{
    if (--*refs(s, text)) return;
    s->arena_dead += text_size(strlen(text_at(s, text)));
    if (s->have_last && s->last_text == text) s->have_last = false;
}

/* ---- patches ---- */

static bool take_slot(struct lp_store *s, uint32_t *slot)
{
    if (s->free != LP_STORE_NONE) {
        *slot = s->free;
        s->free = s->patch[s->free].older;
        return true;
    }
    if (s->used == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 64;
        if (cap > LP_STORE_NONE - 1) cap = LP_STORE_NONE - 1;
        struct lp_store_patch *p = cap > s->cap ? grow(s->patch, s->used * sizeof *p, cap * sizeof *p) : NULL;
        if (!p) return false;
        s->patch = p;
        s->cap = cap;
    }
    *slot = s->used++;
    return true;
}

static void give_slot(struct lp_store *s, uint32_t slot)
{
    s->patch[slot].older = s->free;
    s->free = slot;
}

bool lp_store_add(struct lp_store *s, uint64_t offset, uint32_t word, const char *text, size_t len)
{
    uint32_t slot, at;
    if (!reserve_entry(s) || !take_slot(s, &slot)) return false;
    if (!arena_put(s, text, len, &at)) {
        give_slot(s, slot);
        return false;
    }
    *free_entry(s, offset) = (struct lp_store_entry){(uint32_t)(offset >> 2), slot + 1};
    s->entries_used++;
    s->patch[slot] = (struct lp_store_patch){.offset = offset, .new_word = word, .older = s->newest, .newer = LP_STORE_NONE, .text = at,
                                             .when = (uint32_t)(now() - s->start)};
    if (s->newest != LP_STORE_NONE) s->patch[s->newest].newer = slot;
    else s->oldest = slot;
    s->newest = slot;
    s->count++;
    return true;
}

void lp_store_remove(struct lp_store *s, uint32_t slot)
{
    struct lp_store_patch *q = &s->patch[slot];
    entry(s, q->offset)->slot = LP_STORE_DEAD;
    if (q->older != LP_STORE_NONE) s->patch[q->older].newer = q->newer;
    else s->oldest = q->newer;
    if (q->newer != LP_STORE_NONE) s->patch[q->newer].older = q->older;
    else s->newest = q->older;
    arena_drop(s, q->text);
    give_slot(s, slot);
    s->count--;
    if (s->arena_dead > ARENA_MIN && s->arena_dead > s->arena_used / 2) arena_compact(s);
}
