/* diff/side/frame.c - a variable in the frame, where an address is between two words of a function: code without optimisation keeps every pointer there. Only
 * one that the function itself loads again, and nobody has the address of, so that what is stored there is only where it is loaded. */
#include <config.h>
#include "diff/side/code.h"
#include "diff/side/scan.h"
#include "a64/access.h"

enum { SP = 31, FP = 29 };
#define BIT(reg) (UINT32_C(1) << (reg))

/* fp: how far X29 is above SP once the frame is made; -1: it is no frame pointer. size: of the frame, 0: what SP does is not understood. lowest: from where on
 * places in it have an address that is made. */
struct frame { int64_t fp, size, lowest; };

/* ADD and SUB of an immediate, without flags. */
static bool is_add(uint32_t w, int64_t *imm) { return (w & 0xbf800000) == 0x91000000 && lp_word_offset(w, imm); }

/* By how much a word moves SP by a number; false: in another way, if at all. */
static bool moves_sp(uint32_t w, const struct lp_a64_access *m, bool access, int64_t *by)
{
    if (access) return *by = m->back, m->writeback && m->base == SP && m->back_by == LP_A64_NO_REG;
    return is_add(w, by) && (w & 31) == SP && (w >> 5 & 31) == SP;
}

static bool is_frame_of(const struct lp_side *s, const struct lp_words *code, const struct lp_atom *a, struct frame *f)
{
    int64_t size = 0, at_fp = 0, by;
    bool leaves = false;
    *f = (struct frame){.fp = -1, .lowest = INT64_MAX};
    for (uint64_t at = a->start; at < a->end; at += 4) { /* SP, and X29 */
        const uint32_t w = lp_words_at(code, at);
        const struct lp_seen_word *seen = lp_seen_word(s, w);
        struct lp_a64_access m;
        const bool access = lp_a64_access(seen->row, w, &m), adds = is_add(w, &by);
        if (seen->regs.write & BIT(SP)) {
            if (adds && (w & 0x3ff) == (FP << 5 | SP)) leaves = true; /* back to the frame pointer */
            else if (!moves_sp(w, &m, access, &by) || (by < 0 && leaves)) return false;
            else if (by < 0) size -= by;
            else leaves = true;
        } else if (seen->regs.write & BIT(FP) && !(access && m.load && m.base == SP)) {
            if (!adds || (w & 0x3ff) != (SP << 5 | FP) || f->fp >= 0 || by < 0) return false;
            f->fp = by, at_fp = size;
        }
    }
    if (f->fp >= 0) f->fp += size - at_fp;
    return f->size = size, size > 0;
}

/* Where the access is in the frame; false: it has nothing to do with that. */
static bool place_of(const struct frame *f, const struct lp_a64_access *m, int64_t *at)
{
    if (m->base == SP) return *at = m->off, true;
    return *at = m->off + f->fp, m->base == FP && f->fp >= 0;
}

static bool makes_frame(uint32_t w, const struct lp_a64_access *m) { return m->store && m->base == SP && m->rt == FP && w >> 31; }

/* Which addresses in the frame the function makes, and does it load what is there? */
static bool is_variable(const struct lp_side *s, const struct lp_words *code, const struct lp_atom *a, struct frame *f, int64_t slot)
{
    const uint32_t bases = BIT(SP) | (f->fp >= 0 ? BIT(FP) : 0);
    bool loaded = false;
    for (uint64_t at = a->start; at < a->end; at += 4) {
        const uint32_t w = lp_words_at(code, at);
        const struct lp_seen_word *seen = lp_seen_word(s, w);
        struct lp_a64_access m;
        int64_t by, place = 0;
        if (!(seen->regs.read & bases) || seen->leads) continue;
        if (lp_a64_access(seen->row, w, &m)) {
            const bool other = m.store && (m.rt == FP || m.rt2 == FP) && f->fp >= 0 && !makes_frame(w, &m);
            if (m.index < SP || other || (m.base < SP && m.base != FP)) return false;
            loaded |= m.load && m.simple && m.each == 8 && place_of(f, &m, &place) && (place == slot || (m.rt2 < SP && place + 8 == slot));
        } else if (!is_add(w, &by)) {
            return false;
        } else if ((w & 31) != SP && (w & 31) != FP) {
            place = by + ((w >> 5 & 31) == FP ? f->fp : 0);
            if (place < f->lowest) f->lowest = place;
        }
    }
    return loaded && slot >= 0 && slot + 8 <= f->size && f->lowest > slot;
}

/* The address comes to a place in the frame: the only one that it is followed to. */
static bool store(struct scan *x, const struct lp_a64_access *m, int64_t place, bool first)
{
    struct frame f = {.fp = x->fp, .size = x->frame, .lowest = INT64_MAX};
    const int64_t slot = first ? place : place + 8;
    if (!m->simple || m->each != 8 || m->writeback) return false;
    if (x->slot >= 0) return x->slot == slot;
    x->slot = slot;
    return is_variable(x->s, &x->code, x->a, &f, slot);
}

/* An access to the frame; *loaded: the register that has the address then. */
static enum lp_framed in_frame(struct scan *x, const struct lp_a64_access *m, int64_t place, uint32_t *mask, uint32_t *loaded)
{
    const uint32_t before = *mask;
    const bool both = mask_has(before, m->rt) && mask_has(before, m->rt2), stores = m->store && (mask_has(before, m->rt) || mask_has(before, m->rt2));
    const bool there = x->slot >= 0 && place < x->slot + 8 && place + m->bytes > x->slot;
    if (stores) return !both && store(x, m, place, mask_has(before, m->rt)) ? (*mask |= LP_SCAN_SLOT, LP_FRAMED) : LP_FRAMED_LOST;
    if (!there || !(before & LP_SCAN_SLOT)) return LP_FRAMED;
    const bool whole = m->simple && m->each == 8 && m->rt < 32 && (place == x->slot || place + 8 == x->slot);
    if (!whole || (!m->load && !m->store)) return LP_FRAMED_LOST;
    const unsigned reg = place == x->slot ? m->rt : m->rt2;
    if (m->store) *mask &= ~LP_SCAN_SLOT;
    else if (reg < SP) *loaded = BIT(reg);
    return LP_FRAMED;
}

/* One function is gone through many times, for each address that it makes. */
static void ask_frame(struct scan *x)
{
    struct lp_seen_frame *k = lp_seen_frame(x->s);
    struct frame f;
    if (k->start != x->a->start || k->end != x->a->end) {
        const bool is = is_frame_of(x->s, &x->code, x->a, &f);
        *k = (struct lp_seen_frame){x->a->start, x->a->end, is ? f.size : -1, f.fp};
    }
    x->frame = k->size, x->fp = k->fp, x->slot = -1;
}

enum lp_framed lp_scan_frame(struct scan *x, const struct lp_seen_word *seen, uint32_t *mask)
{
    const uint32_t w = seen->word, bases = BIT(SP) | BIT(FP), held = *mask & ~LP_SCAN_SLOT;
    struct lp_a64_access m;
    int64_t place, by;
    if (seen->leads || !(seen->regs.read & bases) || held & bases) return LP_NOT_FRAMED;
    const bool access = lp_a64_access(seen->row, w, &m), any = *mask & LP_SCAN_SLOT || (access && m.store && seen->regs.read & held);
    if (!any) return LP_NOT_FRAMED;
    if (!x->frame) ask_frame(x);
    const struct frame f = {.fp = x->fp, .size = x->frame};
    if (x->frame < 0 || (access && !place_of(&f, &m, &place))) return *mask & LP_SCAN_SLOT && x->frame < 0 ? LP_FRAMED_LOST : LP_NOT_FRAMED;
    uint32_t loaded = 0;
    const enum lp_framed r = access ? in_frame(x, &m, place, mask, &loaded) : held & seen->regs.read ? LP_NOT_FRAMED : LP_FRAMED;
    if (r != LP_FRAMED) return r;
    *mask = (*mask & ~(seen->regs.write & 0x7fffffff)) | loaded;
    if (!(seen->regs.write & BIT(SP))) return LP_FRAMED;
    if (moves_sp(w, &m, access, &by) && (by < 0 || by <= x->slot)) return LP_FRAMED_LOST;
    *mask &= ~LP_SCAN_SLOT; /* the frame is no more */
    return LP_FRAMED;
}
