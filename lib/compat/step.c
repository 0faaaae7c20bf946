/* compat/step.c - the moment at which memory changes: every machine over it between two instructions, each word looked at, and then all are written.
 * Several systems may have patches at one place: they lie on one another, and whichever leaves, the others stay. */
#include <config.h>
#include "compat/system.h"
#include <arm64lp/vm.h>

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

enum { RUN_GAP = 256 };

/* Of all systems: patches lie on one another, so that a change of one may be noted in another. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static LivePatchSystem *systems;
static uint64_t last_serial;

void lp_compat_lock(void) { pthread_mutex_lock(&lock); }
void lp_compat_unlock(void) { pthread_mutex_unlock(&lock); }

void lp_compat_join_locked(LivePatchSystem *s)
{
    s->next = systems;
    systems = s;
}

void lp_compat_leave_locked(LivePatchSystem *s)
{
    LivePatchSystem **p = &systems;
    while (*p != s) p = &(*p)->next;
    *p = s->next;
}

/* ---- memory ---- */

/* A64 words are little-endian. Aligned ones are stored in one piece: a machine may be fetching them. */
static uint32_t to_le(uint32_t w)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap32(w);
#else
    return w;
#endif
}

uint32_t lp_compat_word(const LivePatchSystem *s, uint64_t offset)
{
    const uint8_t *p = s->memory + offset;
    uint32_t w;
    if ((uintptr_t)p % 4 == 0) w = __atomic_load_n((const uint32_t *)(const void *)p, __ATOMIC_RELAXED);
    else memcpy(&w, p, sizeof w);
    return to_le(w);
}

static void store_word(uint8_t *p, uint32_t w)
{
    w = to_le(w);
    if ((uintptr_t)p % 4 == 0) __atomic_store_n((uint32_t *)(void *)p, w, __ATOMIC_RELEASE);
    else memcpy(p, &w, sizeof w);
}

/* Code in [lo, hi) that machines have not been told about yet; empty = none. */
struct changed { const LivePatchSystem *s; uint64_t lo, hi; };

static void tell(struct changed *c)
{
    if (c->lo < c->hi) lp_machine_code_changed(c->s->memory + c->lo, (size_t)(c->hi - c->lo));
    c->lo = c->hi = 0;
}

/* Neighbouring changes are told together. */
static void write_word(struct changed *c, uint64_t offset, uint32_t word)
{
    if (lp_compat_word(c->s, offset) == word) return;
    store_word(c->s->memory + offset, word);
    bool near = c->lo < c->hi && offset + RUN_GAP >= c->lo && offset <= c->hi + RUN_GAP;
    if (!near) {
        tell(c);
        c->lo = offset;
        c->hi = offset + 4;
    } else if (offset < c->lo) c->lo = offset;
    else if (offset + 4 > c->hi) c->hi = offset + 4;
}

static struct changed begin(const LivePatchSystem *s)
{
    lp_machines_stop(s->memory, s->mem_size);
    return (struct changed){s, 0, 0};
}

static void end(struct changed *c)
{
    tell(c);
    lp_machines_resume();
}

/* ---- one place, between begin and end ---- */

/* Another system's patch that lies directly on p; NULL = p is on top. */
static struct lp_store_patch *above(const LivePatchSystem *s, const struct lp_store_patch *p)
{
    const uintptr_t at = (uintptr_t)s->memory + p->offset;
    struct lp_store_patch *next = NULL;
    for (LivePatchSystem *o = systems; o; o = o->next) {
        const uintptr_t offset = at - (uintptr_t)o->memory;
        uint32_t slot = o != s && offset < o->mem_size ? lp_store_find(&o->store, offset) : LP_STORE_NONE;
        struct lp_store_patch *q = slot == LP_STORE_NONE ? NULL : &o->store.patch[slot];
        if (q && q->serial > p->serial && (!next || q->serial < next->serial)) next = q;
    }
    return next;
}

/* Is what the patch wrote still there, or below a later patch? Nobody else's change is undone. */
static int check(const LivePatchSystem *s, const struct lp_store_patch *p)
{
    const struct lp_store_patch *q = above(s, p);
    const uint32_t found = q ? q->old_word : lp_compat_word(s, p->offset);
    if (found == p->new_word) return 0;
    return lp_compat_fail("0x%" PRIx64 ": found %08" PRIx32 "%s, the patch wrote %08" PRIx32 ": changed since", s->base_addr + p->offset, found,
                          q ? " below a later patch" : "", p->new_word);
}

/* The patch leaves: `word` is what is there without it. */
static void undo(struct changed *c, const struct lp_store_patch *p, uint32_t word)
{
    struct lp_store_patch *q = above(c->s, p);
    if (q) q->old_word = word;
    else write_word(c, p->offset, word);
}

static void put(struct changed *c, const struct lp_store *store, uint32_t slot)
{
    struct lp_store_patch *p = &store->patch[slot];
    write_word(c, p->offset, p->new_word);
    p->serial = ++last_serial;
    lp_compat_trace("0x%" PRIx64 ": %08" PRIx32 " -> %08" PRIx32 " %s", c->s->base_addr + p->offset, p->old_word, p->new_word,
                    lp_store_text(store, slot));
}

/* ---- steps ---- */

void lp_compat_put_locked(LivePatchSystem *s, uint32_t from)
{
    if (from == LP_STORE_NONE) return;
    struct changed c = begin(s);
    for (uint32_t i = from; i != LP_STORE_NONE; i = s->store.patch[i].newer, s->applied++) {
        struct lp_store_patch *p = &s->store.patch[i];
        p->old_word = lp_compat_word(s, p->offset);
        put(&c, &s->store, i);
    }
    end(&c);
}

static void take_out(LivePatchSystem *s, struct changed *c, uint32_t slot)
{
    const struct lp_store_patch *p = &s->store.patch[slot];
    lp_compat_trace("0x%" PRIx64 ": %08" PRIx32 " again", s->base_addr + p->offset, p->old_word);
    undo(c, p, p->old_word);
    lp_store_remove(&s->store, slot);
    s->reverted++;
}

int lp_compat_revert_locked(LivePatchSystem *s, uint32_t slot)
{
    struct changed c = begin(s);
    int r = check(s, &s->store.patch[slot]);
    if (r == 0) take_out(s, &c, slot);
    end(&c);
    return r;
}

int lp_compat_revert_all_locked(LivePatchSystem *s)
{
    int n = 0;
    size_t kept = 0;
    uint32_t older;
    if (s->store.newest == LP_STORE_NONE) return 0;
    struct changed c = begin(s);
    for (uint32_t i = s->store.newest; i != LP_STORE_NONE; i = older) {
        older = s->store.patch[i].older;
        if (check(s, &s->store.patch[i]) == 0) take_out(s, &c, i), n++;
        else kept++;
    }
    end(&c);
    if (kept > 1) lp_compat_fail("%s (and %zu more)", livepatch_last_error(), kept - 1);
    return n;
}

/* Words under a patch of before stay known; the others are looked at. */
static void exchange(LivePatchSystem *s, struct lp_store *next, struct changed *c)
{
    for (uint32_t i = next->oldest; i != LP_STORE_NONE; i = next->patch[i].newer)
        next->patch[i].old_word = lp_compat_word(s, next->patch[i].offset);
    for (uint32_t i = s->store.newest; i != LP_STORE_NONE; i = s->store.patch[i].older) {
        const struct lp_store_patch *p = &s->store.patch[i];
        uint32_t slot = above(s, p) ? LP_STORE_NONE : lp_store_find(next, p->offset);
        if (slot == LP_STORE_NONE) undo(c, p, p->old_word);
        else next->patch[slot].old_word = p->old_word;
    }
    for (uint32_t i = next->oldest; i != LP_STORE_NONE; i = next->patch[i].newer) put(c, next, i);
}

int lp_compat_exchange_locked(LivePatchSystem *s, struct lp_store *next)
{
    int r = 0;
    struct changed c = begin(s);
    for (uint32_t i = s->store.newest; i != LP_STORE_NONE && r == 0; i = s->store.patch[i].older) r = check(s, &s->store.patch[i]);
    if (r == 0) exchange(s, next, &c);
    end(&c);
    if (r) return r;
    const struct lp_store old = s->store;
    s->store = *next, *next = old;
    s->reverted += old.count, s->applied += s->store.count;
    return 0;
}
