/* diff/write/labels.c - EMIT, behind it: functions that store addresses of places in themselves (direct threaded code: `code[n++] = &&add`) and have a new
 * body. A running program that holds such an address goes on in the old body, with the frame and the registers of the new one. Whether there is one cannot be
 * seen, so where a function stores them it is said. (What files hold so from the start is looked at by enter.c.) */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/code.h"
#include "diff/side/data.h"
#include "base/search.h"
#include "flow/fop.h"
#include "a64/a64.h"

#include <stdlib.h>

/* The old function that has a new body in whose middle an address is; LP_NONE: none. */
static uint32_t moved_at(const lp_diff *d, uint64_t addr)
{
    const uint32_t i = lp_side_atom(OLD(d), addr);
    const struct lp_atom *a = i == LP_NONE ? NULL : &OLD(d)->atom[i];
    const bool moves = a && lp_is_code_atom(a) && a->pair != LP_NONE && a->included && !NEW(d)->atom[a->pair].in_place;
    return moves && addr != a->start ? i : LP_NONE;
}

/* What this word has made, or loaded: is it stored, returned, or given to a function, instead of being jumped to at once? (A place of the function's own frame
 * is left with that.) */
static bool is_kept(const struct lp_side *o, uint32_t f, uint64_t at)
{
    enum { STEPS = 64 };
    const struct lp_atom *a = &o->atom[f];
    uint32_t mask = lp_a64_rd_bit(lp_code_word(o, at)), field;
    uint64_t to;
    at += 4;
    for (unsigned i = 0; mask && i < STEPS && at >= a->start && at < a->end; i++) {
        const uint32_t w = lp_code_word(o, at);
        struct lp_fop x;
        lp_fop_decode(w, at, &x);
        const bool frame = x.rn == REG_SP || x.rn == 29;
        if (x.kind == OP_MEM && x.flags & F_STORE && !frame && ((x.rd < 31 && mask >> x.rd & 1) || (x.rt2 < 31 && mask >> x.rt2 & 1))) return true;
        if (x.kind == OP_CALL || x.kind == OP_CALL_REG) {
            if (mask & CALL_ARGUMENTS) return true;
            mask &= ~CALL_CLOBBERED;
        }
        if (x.kind == OP_JUMP_REG) return false;
        if (x.kind == OP_RETURN) return mask & 1;
        const bool jumps = x.kind == OP_BRANCH && lp_word_target(w, at, &to, &field);
        if (jumps && (to < a->start || to >= a->end)) return mask & CALL_ARGUMENTS;
        const bool moved = x.kind == OP_MOV && x.rn < 31 && mask >> x.rn & 1;
        mask = (mask & ~x.write) | (moved && x.rd < 31 ? UINT32_C(1) << x.rd : 0);
        at = jumps ? to : at + 4;
    }
    return false;
}

static void remark(lp_diff *d, uint32_t f)
{
    struct lp_atom *a = &OLD(d)->atom[f];
    char buf[32];
    if (a->told) return;
    a->told = true;
    lp_diff_remark(d, "%s has a new body: addresses of places in the old one that a running program has stored lead there", lp_atom_text(a, buf));
}

/* Of each old datum, whose places it has addresses of, + 1; 0: nobody's. NULL: there is no such datum. */
static uint32_t *find_tables(lp_diff *d)
{
    const struct lp_side *o = OLD(d);
    uint32_t *of = NULL;
    for (uint32_t i = 0; i < o->natom; i++) {
        const struct lp_atom *a = &o->atom[i];
        if (!lp_is_datum(a)) continue;
        uint64_t avail = 0;
        const uint8_t *p = lp_side_guesses(o) ? lp_side_bytes(o, a->start, &avail) : NULL;
        uint32_t f = LP_NONE;
        for (uint64_t at = lp_align_up(a->start, 8); p && f == LP_NONE && at + 8 <= a->end && at - a->start + 8 <= avail; at += 8)
            f = moved_at(d, lp_le64(p + (at - a->start)));
        for (size_t k = lp_count_below(o->word, o->nword, sizeof *o->word, a->start); f == LP_NONE && k < o->nword && o->word[k].at < a->end; k++)
            if (o->word[k].kind == LP_WORD_ADDR) f = moved_at(d, o->word[k].value);
        if (f == LP_NONE) continue;
        if (!of && !(of = calloc(o->natom, sizeof *of))) return d->nomem = true, NULL;
        of[i] = f + 1;
    }
    return of;
}

static void look_at(lp_diff *d, const uint32_t *of, uint32_t f, const struct lp_ref_at *r)
{
    const struct lp_side *o = OLD(d);
    const uint32_t w = lp_code_word(o, r->at), i = r->kind == LP_FLOW_ADDR || r->kind == LP_FLOW_TARGET ? lp_side_atom(o, r->addr) : LP_NONE;
    if (i == LP_NONE || (w & 31) == 31) return;
    if (!r->width && moved_at(d, r->addr) != LP_NONE && is_kept(o, f, r->at)) remark(d, moved_at(d, r->addr));
    if (!of || !of[i] || (r->width && r->width != 8)) return;
    struct lp_fop x;
    lp_fop_decode(w, r->at, &x);
    if ((!r->width || (x.kind == OP_MEM && x.flags & F_LOAD)) && is_kept(o, f, r->at)) remark(d, of[i] - 1);
}

void lp_remark_labels(lp_diff *d)
{
    const struct lp_side *o = OLD(d);
    uint32_t *of = find_tables(d);
    for (uint32_t f = 0; f < o->natom; f++)
        for (uint32_t k = o->atom[f].ref; lp_is_code_atom(&o->atom[f]) && k < o->atom[f].ref + o->atom[f].nref; k++) look_at(d, of, f, &o->ref[k]);
    free(of);
}
