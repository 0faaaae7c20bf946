/* diff/side/fall.c - REFS: functions without an end of their own, which go on in what is behind them, as several entries of one routine do in assembly;
 * and those that end with a call. */
#include <config.h>
#include "diff/side/code.h"
#include <arm64lp/dis.h>
#include "a64/a64.h"

enum how { PASSES, STOPS, CALLS };

/* BR, RET and the like; BRK, HLT; what is no instruction. */
bool lp_ends_way(uint32_t w)
{
    if (lp_a64_is_b(w) || (lp_a64_is_branch_reg(w) && (w >> 21 & 7) != 1)) return true;
    return (w & 0xffa0001f) == 0xd4200000 || (w & 0xffe0001f) == 0xd4400000 || !lp_dis_valid(w);
}

bool lp_is_tail_call(const struct lp_side *s, const struct lp_atom *a, uint32_t w, uint64_t to)
{
    const uint32_t i = lp_a64_is_b(w) && (to < a->start || to >= a->end) ? lp_side_start(s, to) : LP_NONE;
    const struct lp_atom *b = i == LP_NONE ? NULL : &s->atom[i];
    return b && (b->kind == LP_ATOM_PLT || (b->kind == LP_ATOM_FUNC && b->parent == LP_NONE && a->parent == LP_NONE));
}

/* A system call may end the program, and so may any call: only of some it is known, by their names (what the dataflow knows of both files' functions is not
 * kept). */
static enum how how_of(const struct lp_side *s, uint64_t at)
{
    const uint32_t w = lp_code_word(s, at);
    uint64_t to;
    uint32_t mask;
    if (lp_ends_way(w)) return STOPS;
    if (lp_a64_is_bl(w) && lp_word_target(w, at, &to, &mask)) return lp_is_known_to_end(s, to) ? STOPS : CALLS;
    return lp_a64_is_blr(w) || lp_a64_is_branch_reg(w) || lp_a64_is_svc(w) ? CALLS : PASSES;
}

/* Does a branch or a jump table of the function lead there, or behind that? */
static bool leads_to(const struct lp_side *s, const struct lp_atom *a, uint64_t from)
{
    uint64_t to;
    uint32_t mask;
    for (uint64_t at = a->start; at + 4 <= a->end; at += 4)
        if (lp_word_is_branch(lp_code_word(s, at)) && lp_word_target(lp_code_word(s, at), at, &to, &mask) && to >= from && to < a->end) return true;
    const struct lp_table_at *v = lp_tables_of_atom(s, a);
    for (uint32_t k = 0; k < a->ntable; k++) {
        const uint8_t *p = v[k].t.n && !v[k].t.offsets ? lp_table_bytes(s, &v[k].t) : NULL;
        for (uint32_t i = 0; p && i < v[k].t.n; i++)
            if ((to = lp_flow_table_target(&v[k].t, p, i)) >= from && to < a->end) return true;
    }
    return false;
}

/* What is behind the NOPs behind it; UINT64_MAX: nothing that goes on. In a patch, a branch to what goes on. */
static uint64_t behind(const struct lp_side *s, uint64_t at)
{
    uint64_t to;
    uint32_t mask;
    while (lp_code_word(s, at) == LP_A64_NOP && lp_side_start(s, at) == LP_NONE) at += 4;
    const struct lp_span *x = lp_side_span(s, at);
    const uint32_t w = lp_code_word(s, at);
    if (!x || !(x->flags & LP_SPAN_CODE) || !lp_dis_valid(w)) return UINT64_MAX;
    if (!(x->flags & LP_SPAN_NEW)) return at;
    return lp_a64_is_b(w) && lp_word_target(w, at, &to, &mask) ? to : UINT64_MAX;
}

/* The words at the end, one behind the other, of which all but the last are passed. A NOP is padding, or a branch to a weak symbol that nobody defines. */
enum lp_fall lp_falls(const struct lp_side *s, uint32_t atom, uint64_t *to)
{
    const struct lp_atom *a = &s->atom[atom];
    uint64_t end = a->end, at;
    *to = UINT64_MAX;
    while (end > a->start && lp_code_word(s, end - 4) == LP_A64_NOP) end -= 4;
    const enum how how = end > a->start ? how_of(s, end - 4) : PASSES;
    const bool padded = end < a->end;
    if ((how == STOPS && !padded) || a->start == a->end) return LP_FALL_NONE;
    *to = behind(s, a->end);
    if (*to == UINT64_MAX) return LP_FALL_NONE;
    if (how != PASSES || padded) return LP_FALL_PERHAPS;
    for (at = end - 4; at > a->start && how_of(s, at - 4) != STOPS;) at -= 4;
    return at == a->start || leads_to(s, a, at) ? LP_FALL_SURELY : LP_FALL_PERHAPS;
}
