/* diff/traded.c - COMPARE, functions that have changed their names: paired by name, each gets the other one's body. Who calls them is right either way; a
 * pointer that the running program holds, or that data have from the start, leads to what the name means now. That cannot be seen, so it is said. */
#include <config.h>
#include "diff/diff.h"

static bool may_be(const struct lp_atom *a)
{
    return a->kind == LP_ATOM_FUNC && a->pair != LP_NONE && a->state == LP_DIFF_CHANGED && (a->rule == LP_RULE_NAME || a->rule == LP_RULE_FILE) &&
           (a->why == LP_WHY_CODE || a->why == LP_WHY_SIZE);
}

/* Does data or code have its address, other than to call it? */
static bool is_pointed_to(const struct lp_side *s, const struct lp_atom *a)
{
    for (size_t i = 0; i < s->nword; i++)
        if (s->word[i].kind == LP_WORD_ADDR && s->word[i].value == a->start) return true;
    for (uint32_t f = 0; f < s->natom; f++)
        for (uint32_t k = s->atom[f].ref; lp_is_code_atom(&s->atom[f]) && k < s->atom[f].ref + s->atom[f].nref; k++)
            if (s->ref[k].addr == a->start && !s->ref[k].width && (s->ref[k].kind == LP_FLOW_ADDR || s->ref[k].kind == LP_FLOW_TARGET)) return true;
    return false;
}

/* Is the new body of one the old one of the other? */
static bool has_body_of(lp_diff *d, uint32_t a, uint32_t other)
{
    const struct lp_atom *x = &OLD(d)->atom[other], *y = &NEW(d)->atom[OLD(d)->atom[a].pair];
    uint8_t why;
    uint32_t at;
    if (x->end - x->start != y->end - y->start) return false;
    const bool same = lp_same_code(d, OLD(d), other, OLD(d)->atom[a].pair, &why, &at);
    lp_suppose_keep(d, false);
    return same;
}

void lp_remark_traded(lp_diff *d)
{
    char name[32], other[32];
    const struct lp_side *o = OLD(d);
    for (uint32_t a = 0; a < o->natom; a++)
        for (uint32_t b = 0; may_be(&o->atom[a]) && b < o->natom; b++) {
            if (a == b || !may_be(&o->atom[b]) || !has_body_of(d, a, b) || !(is_pointed_to(o, &o->atom[a]) || is_pointed_to(o, &o->atom[b]))) continue;
            lp_diff_remark(d, "%s has the body that %s had: pointers to one of them that the running program holds may be meant for the other one now",
                           lp_atom_text(&o->atom[a], name), lp_atom_text(&o->atom[b], other));
        }
}
