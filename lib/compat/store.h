/* compat/store.h - applied patches: dense records found by place and kept in the order of application. Not locked. */
#ifndef LP_COMPAT_STORE_H
#define LP_COMPAT_STORE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LP_STORE_NONE UINT32_MAX

struct lp_store_patch {
    uint64_t offset;            /* bytes from the start of the memory */
    uint32_t old_word, new_word;
    uint32_t older, newer;      /* slots by time; in a free slot `older` is the next free one */
    uint32_t text;              /* place of the description in the arena, in units of 4 bytes */
    uint32_t when;              /* seconds since lp_store_init() */
    uint64_t serial;            /* of all systems' patches, in the order of writing; 0 = not written yet */
};

/* From a place to its slot: open addressing. Eight neighbouring words share a line of the table, so that patches in a row stay
 * neighbours and scattered ones cost one cache miss. slot: + 1; 0 = free, LP_STORE_DEAD = was used. */
struct lp_store_entry { uint32_t word, slot; }; /* word: the low 32 bits of offset / 4 */
#define LP_STORE_DEAD UINT32_MAX

struct lp_store {
    struct lp_store_patch *patch;
    size_t cap;
    uint32_t used;              /* slots ever taken */
    uint32_t free;              /* list of reverted slots, taken again first */
    uint32_t oldest, newest;
    size_t count;
    struct lp_store_entry *entry;
    size_t entries, entries_used; /* a power of two; used: not free */
    char *arena;                /* descriptions: reference count, text, 0; each at a multiple of 4 */
    size_t arena_used, arena_cap, arena_dead;
    uint32_t last_text;         /* equal descriptions in a row share one copy */
    bool have_last;
    int64_t start;              /* CLOCK_REALTIME, seconds */
};

/* False without memory. */
bool lp_store_init(struct lp_store *s);
void lp_store_free(struct lp_store *s);
/* A search for this offset comes soon. */
void lp_store_prefetch(const struct lp_store *s, uint64_t offset);
/* The slot of the patch at an offset, LP_STORE_NONE if there is none. */
uint32_t lp_store_find(const struct lp_store *s, uint64_t offset);
/* Add a patch at a place that has none, as the newest; false without memory. */
bool lp_store_add(struct lp_store *s, uint64_t offset, uint32_t word, const char *text, size_t len);
void lp_store_remove(struct lp_store *s, uint32_t slot);
const char *lp_store_text(const struct lp_store *s, uint32_t slot);
#endif
