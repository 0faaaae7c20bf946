/* patch/quiesce.c - is no thread inside a changed range? PCs, return addresses in x30, in frame records and on the stacks. */
#include <config.h>
#include "patch/journal.h"

#include <stdlib.h>
#include <string.h>

#define FRAMES_MAX 65536
#define ADDRESS_BITS ((UINT64_C(1) << 48) - 1) /* below tags and pointer authentication codes */

struct search { struct lp_live *live; const struct lp_span *span; size_t n; bool any_returns; uint64_t hit; };

static bool inside(struct search *s, uint64_t addr, bool is_return)
{
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->span[mid].start <= addr) lo = mid + 1;
        else hi = mid;
    }
    if (!lo || addr >= s->span[lo - 1].end || (is_return && !s->span[lo - 1].returns)) return false;
    s->hit = addr;
    return true;
}

/* AAPCS64 6.4.6: a frame record is {previous record, return address}; records go up the stack. x29 may be an ordinary
 * register, so a record that cannot be read ends the chain; the stack itself is searched as well. */
bool lp_frames(struct lp_live *live, uint64_t fp, bool (*fn)(void *ctx, uint64_t addr), void *ctx)
{
    uint64_t record[2];
    for (unsigned n = 0; n < FRAMES_MAX && fp && !(fp & 7); n++) {
        if (lp_mem_read(live->mem, record, fp, sizeof record) != 0) return false;
        if (fn(ctx, record[1] & ADDRESS_BITS)) return true;
        if (record[0] <= fp) return false;
        fp = record[0];
    }
    return false;
}

static bool returns_inside(void *ctx, uint64_t addr) { return inside(ctx, addr, true); }

/* Functions without a frame record: any word on the stack that looks like a return address. A stack that cannot be read may hold one;
 * an empty one (sp at the top of its mapping) or none yet (0) does not. */
static bool on_stack(struct search *s, uint64_t sp)
{
    struct lp_mapping m;
    uint64_t word[512];
    sp = (sp + 7) & ~UINT64_C(7);
    if (!sp) return false;
    s->hit = sp;
    if (!lp_mem_next(s->live->mem, sp - 1, &m) || m.start >= sp) return true;
    while (sp < m.end) {
        uint64_t len = m.end - sp < sizeof word ? m.end - sp : sizeof word;
        if (lp_mem_read(s->live->mem, word, sp, len) != 0) return s->hit = sp, true;
        for (size_t i = 0; i < len / 8; i++)
            if (inside(s, word[i] & ADDRESS_BITS, true)) return true;
        sp += len;
    }
    return false;
}

bool lp_quiet(struct lp_live *live, const struct lp_span *span, size_t n, uint64_t *pc, bool *possible)
{
    struct search s = {live, span, n, false, 0};
    *possible = false;
    if (!n || !live->gate) return true;
    for (size_t i = 0; i < n; i++) s.any_returns |= span[i].returns;
    for (struct lp_cpu *c = live->gate->cpus; c; c = c->next) {
        bool certain = inside(&s, c->pc, false);
        if (!certain && s.any_returns) certain = inside(&s, c->x[30] & ADDRESS_BITS, true) || lp_frames(live, c->x[29], returns_inside, &s);
        if (!certain && s.any_returns) *possible = on_stack(&s, c->x[LP_SLOT_SP]);
        if (!certain && !*possible) continue;
        *pc = s.hit;
        return false;
    }
    return true;
}
