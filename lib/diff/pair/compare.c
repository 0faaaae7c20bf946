/* diff/pair/compare.c - COMPARE: which pairs are the same (code.c), again and again as more is known of their data. */
#include <config.h>
#include "diff/pair/pair.h"

void lp_compare_pair(lp_diff *d, uint32_t i)
{
    struct lp_atom *a = &OLD(d)->atom[i], *b = &NEW(d)->atom[a->pair];
    bool same = lp_same_code(d, OLD(d), i, a->pair, &a->why, &a->differs);
    if (!same && a->why != LP_WHY_NUMBER) {
        lp_suppose_keep(d, false);
        if (lp_same_without_nops(d, i, a->pair)) same = true, a->why = LP_WHY_NONE;
    }
    if ((same || a->why == LP_WHY_NUMBER) && a->kind == LP_ATOM_FUNC && lp_exceptions_differ(d, i)) same = false, a->why = LP_WHY_EXCEPTIONS;
    lp_suppose_keep(d, same);
    a->state = b->state = same ? LP_DIFF_SAME : LP_DIFF_CHANGED;
    b->why = a->why, b->differs = a->differs;
}

static void compare_all(lp_diff *d, bool first)
{
    for (uint32_t i = 0; i < OLD(d)->natom; i++) {
        struct lp_atom *a = &OLD(d)->atom[i];
        if (!lp_is_function(a) || a->pair == LP_NONE) continue;
        if (first || a->state == LP_DIFF_CHANGED) lp_compare_pair(d, i);
    }
}

static void mark_unpaired(struct lp_side *s, enum lp_diff_state state)
{
    for (size_t i = 0; i < s->natom; i++)
        if (s->atom[i].pair == LP_NONE && s->atom[i].kind != LP_ATOM_PLT) s->atom[i].state = (uint8_t)state;
}

/* Twice: what an equal function shows about data helps where another one was in doubt. */
void lp_diff_compare(lp_diff *d)
{
    lp_pair_in_place(d);
    for (int pass = 0; pass < 2; pass++) compare_all(d, pass == 0);
    if (lp_find_exchanged(d)) compare_all(d, false);
    lp_match_numbered_rest(d);
    lp_pair_unnamed(d);
    if (lp_find_steady(d)) compare_all(d, false);
    if (lp_match_slots(d)) compare_all(d, false);
    if (lp_pair_shared(d)) compare_all(d, false);
    if (lp_part_tables(d)) compare_all(d, true);
    lp_diff_threads(d);
    lp_remark_rooms(d);
    lp_remark_traded(d);
    mark_unpaired(OLD(d), LP_DIFF_REMOVED), mark_unpaired(NEW(d), LP_DIFF_NEW);
}
