/* compat/store.c - a million patches: records of 32 bytes, an index of 4 bytes per word near a patch, descriptions in one arena. */
#include <config.h>
#include "compat/store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { ARENA_MIN = 1 << 16, HUGE_PAGE = 2 << 20 };
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

bool lp_store_init(struct lp_store *s, size_t size)
{
    memset(s, 0, sizeof *s);
    s->free = s->oldest = s->newest = LP_STORE_NONE;
    s->start = now();
    s->top_size = (size >> 16) + 1;
    s->top = calloc(s->top_size, sizeof *s->top);
    return s->top != NULL;
}

void lp_store_free(struct lp_store *s)
{
    free(s->patch);
    free(s->top);
    free(s->mid);
    free(s->leaf);
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

static uint32_t *entry(const struct lp_store *s, uint64_t offset)
{
    uint32_t mid = s->top[offset >> 16];
    uint32_t leaf = mid ? s->mid[mid - 1][offset >> 8 & (LP_STORE_FAN - 1)] : 0;
    return leaf ? &s->leaf[leaf - 1][offset >> 2 & (LP_STORE_LEAF - 1)] : NULL;
}

uint32_t lp_store_find(const struct lp_store *s, uint64_t offset)
{
    const uint32_t *e = entry(s, offset);
    return e && *e ? *e - 1 : LP_STORE_NONE;
}

/* One more zeroed table of `size` bytes in a pool; its number + 1, 0 without memory. */
static uint32_t new_table(void **pool, size_t *n, size_t *cap, size_t size)
{
    if (*n == *cap) {
        size_t want = *cap ? *cap * 2 : 16;
        void *p = want < UINT32_MAX ? grow(*pool, *n * size, want * size) : NULL;
        if (!p) return 0;
        *pool = p;
        *cap = want;
    }
    memset((char *)*pool + *n * size, 0, size);
    return (uint32_t)++*n;
}

static uint32_t *make_entry(struct lp_store *s, uint64_t offset)
{
    uint32_t *e = entry(s, offset);
    if (e) return e;
    uint32_t *top = &s->top[offset >> 16];
    if (!*top) *top = new_table((void **)&s->mid, &s->mids, &s->mid_cap, sizeof *s->mid);
    if (!*top) return NULL;
    uint32_t *mid = &s->mid[*top - 1][offset >> 8 & (LP_STORE_FAN - 1)];
    if (!*mid) *mid = new_table((void **)&s->leaf, &s->leaves, &s->leaf_cap, sizeof *s->leaf);
    return entry(s, offset);
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

bool lp_store_add(struct lp_store *s, const struct lp_store_patch *p, const char *text, size_t len)
{
    uint32_t slot, at, *e = make_entry(s, p->offset);
    if (!e || !take_slot(s, &slot)) return false;
    if (!arena_put(s, text, len, &at)) {
        give_slot(s, slot);
        return false;
    }
    *e = slot + 1;
    s->patch[slot] = (struct lp_store_patch){p->offset, p->old_word, p->new_word, s->newest, LP_STORE_NONE, at,
                                             (uint32_t)(now() - s->start)};
    if (s->newest != LP_STORE_NONE) s->patch[s->newest].newer = slot;
    else s->oldest = slot;
    s->newest = slot;
    s->count++;
    return true;
}

void lp_store_remove(struct lp_store *s, uint32_t slot)
{
    struct lp_store_patch *q = &s->patch[slot];
    *entry(s, q->offset) = 0;
    if (q->older != LP_STORE_NONE) s->patch[q->older].newer = q->newer;
    else s->oldest = q->newer;
    if (q->newer != LP_STORE_NONE) s->patch[q->newer].older = q->older;
    else s->newest = q->older;
    arena_drop(s, q->text);
    give_slot(s, slot);
    s->count--;
    if (s->arena_dead > ARENA_MIN && s->arena_dead > s->arena_used / 2) arena_compact(s);
}
