/* live/move.c - the program moves pages that patches have changed (mremap): the journal follows, and so do the branches that were written there. */
#include <config.h>
#include "a64/a64.h"
#include "base/buf.h"
#include "live/journal.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define REACH (UINT64_C(100) << 20) /* B reaches 128 MiB */
struct move { uint64_t from, to, len; };

bool lp_live_may_move(const struct lp_live *live, uint64_t from, uint64_t len)
{
    uint64_t lo = live->lowest & ~(LP_PAGE - 1), hi = live->highest, end = from + len;
    if (lo < from) lo = from;
    if (end > hi) end = hi;
    for (; lo < end; lo += LP_PAGE)
        if (lp_mem_flags(live->mem, lo) & LP_PATCHED) return true;
    return false;
}

bool lp_live_before_move(struct lp_live *live, const struct lp_cpu *cpu, uint64_t from, uint64_t len)
{
    lp_live_lock(live, LP_TURN_LOADS, cpu);
    if (lp_live_may_move(live, from, len)) return true;
    pthread_mutex_unlock(&live->lock);
    return false;
}

/* ---- veneers ---- */

static uint64_t real_target(const struct lp_live *live, uint64_t to)
{
    for (size_t i = 0; i < live->nveneer; i++)
        if (live->veneer[i].at == to) return live->veneer[i].to;
    return to;
}

/* Behind the last one while its page has room, else on a page of its own: within reach of what is at `from`. */
static uint64_t place_veneer(struct lp_live *live, uint64_t from)
{
    const uint64_t last = live->nveneer ? live->veneer[live->nveneer - 1].at + LP_VENEER_SIZE : 0, low = from > REACH ? from - REACH : LP_PAGE;
    if (last % LP_PAGE && last - low < from + REACH - low) return last;
    uint64_t page = lp_mem_find_free(live->mem, low, from + REACH, LP_PAGE);
    if (!page || lp_mem_mmap(live->mem, page, LP_PAGE, 1 | 4, MAP_PRIVATE | LP_MAP_ANONYMOUS | LP_MAP_FIXED_NOREPLACE, -1, 0) != (int64_t)page) return 0;
    lp_mem_name(live->mem, page, LP_PAGE, "[arm64lp: veneers]", 0);
    return page;
}

/* Code that goes on at `to`, however far (fixup.c has more of them). 0: no room. */
static uint64_t veneer(struct lp_live *live, uint64_t from, uint64_t to)
{
    static const uint32_t code[2] = {0x58000050 /* ldr x16, . + 8 */, 0xd61f0200 /* br x16 */};
    uint8_t bytes[LP_VENEER_SIZE];
    uint32_t word;
    for (size_t i = 0; i < live->nveneer; i++)
        if (live->veneer[i].to == to && lp_a64_b(&word, from, live->veneer[i].at)) return live->veneer[i].at;
    struct lp_veneer *v = lp_grow(live->veneer, &live->veneer_cap, live->nveneer, sizeof *v);
    if (!v) return 0;
    live->veneer = v;
    uint64_t at = place_veneer(live, from);
    memcpy(bytes, code, 8), memcpy(bytes + 8, &to, 8);
    if (!at || lp_mem_poke(live->mem, at, bytes, sizeof bytes) != 0) return 0;
    v[live->nveneer++] = (struct lp_veneer){at, to};
    return at;
}

/* ---- branches ---- */

/* A branch that the patch wrote and that leaves the pages goes to where it went. */
enum { AS_IT_WAS, CHANGED, TOO_FAR };
static int keep_branches(struct lp_live *live, struct lp_write *w, uint64_t was, const struct move *m)
{
    int result = AS_IT_WAS;
    for (uint32_t off = 0; w->code && off + 4 <= w->len; off += 4) {
        uint32_t word, old;
        memcpy(&word, w->new_bytes + off, 4);
        memcpy(&old, w->saved + off, 4);
        if (!lp_a64_is_b_bl(word) || word == old) continue;
        bool (*branch)(uint32_t *, uint64_t, uint64_t) = word >> 31 ? lp_a64_bl : lp_a64_b;
        uint64_t from = w->addr + off, to = was + off + (uint64_t)((int64_t)((int32_t)(word << 6) >> 6) * 4);
        if (to >= m->from && to < m->from + m->len) continue;
        to = real_target(live, to);
        if (!branch(&word, from, to) && (!(to = veneer(live, from, to)) || !branch(&word, from, to))) return TOO_FAR;
        memcpy(w->new_bytes + off, &word, 4);
        result = CHANGED;
    }
    return result;
}

static bool inside(const struct lp_write *w, const struct move *m) { return !w->gone && w->addr >= m->from && w->addr + w->len <= m->from + m->len; }

/* What is written over w already; NULL = it is on top. What that restores is what w has now. */
static struct lp_write *above(struct lp_live *live, const struct lp_applied *a, const struct lp_write *w)
{
    struct lp_write *next = NULL;
    for (struct lp_touch *t = lp_journal_at(live, w->addr); t && t->owner->serial > a->serial; t = t->next)
        if (t->start == w->addr) next = (struct lp_write *)(uintptr_t)t->write;
    return next;
}

static void tell_lost(const struct lp_live *live, const struct lp_applied *a, uint64_t was, uint64_t now)
{
    char text[300];
    snprintf(text, sizeof text,
             "%.100s: the program has moved 0x%llx to 0x%llx, from where nothing leads to the new code: it is as it was before the patch",
             a->patch->name, (unsigned long long)was, (unsigned long long)now);
    if (live->events.say) live->events.say(live->events.ctx, 1, text);
}

/* What cannot go along is as it was before the patch. */
static void follow(struct lp_live *live, struct lp_applied *a, struct lp_write *w, const struct move *m)
{
    uint64_t was = w->addr;
    if (w->code) (void)lp_ops_count(live->mem, was, 0);
    w->addr += m->to - m->from;
    int branches = keep_branches(live, w, was, m);
    struct lp_write *over = above(live, a, w);
    w->gone = branches == TOO_FAR;
    if (w->gone) tell_lost(live, a, was, w->addr);
    const uint8_t *now = w->gone ? w->saved : w->new_bytes;
    if (branches != AS_IT_WAS && over && over->len == w->len) memcpy(over->saved, now, w->len);
    if (branches != AS_IT_WAS && !over) lp_mem_poke(live->mem, w->addr, now, w->len);
    lp_ops_invalidate(live->mem, w->addr, w->addr + w->len);
}

static void move_quiet(struct lp_quiet_range *q, const struct move *m)
{
    if (q->start >= m->from && q->start < m->from + m->len) q->start += m->to - m->from, q->end += m->to - m->from;
}

void lp_live_after_move(struct lp_live *live, uint64_t from, uint64_t to, uint64_t len)
{
    const struct move m = {from, to, len};
    lp_live_stop(live);
    for (struct lp_applied *a = to != from ? live->newest : NULL; a; a = a->older) {
        lp_journal_unlink(live, a);
        for (size_t i = 0; i < a->plan.nwrite; i++)
            if (inside(&a->plan.write[i], &m)) follow(live, a, &a->plan.write[i], &m);
        for (size_t i = 0; i < a->plan.nquiet; i++) move_quiet(&a->plan.quiet[i], &m);
        lp_journal_link(live, a);
    }
    for (struct lp_applied *a = live->newest; a; a = a->older) lp_journal_count(live, a);
    lp_trials_watch(live);
    lp_live_resume(live);
    pthread_mutex_unlock(&live->lock);
}
