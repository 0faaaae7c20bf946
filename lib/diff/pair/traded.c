/* diff/pair/traded.c - COMPARE, functions that have changed their names: paired by name, each gets the other one's body. Who calls them is right either way; a
 * pointer that the running program holds, or that data have from the start, leads to what the name means now. That cannot be seen, so it is said. */
#include <config.h>
#include "diff/pair/pair.h"
#include "base/search.h"
#include "base/sort.h"

#include <stdlib.h>

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

struct body { uint64_t hash; uint32_t old; }; /* first: searched */

static int by_hash(const void *a, const void *b)
{
    const struct body *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return (x->old > y->old) - (x->old < y->old);
}

static void remark(lp_diff *d, uint32_t a, uint32_t b)
{
    char name[32], other[32];
    const struct lp_side *o = OLD(d);
    if (a == b || !has_body_of(d, a, b) || !(is_pointed_to(o, &o->atom[a]) || is_pointed_to(o, &o->atom[b]))) return;
    lp_diff_remark(d, "%s has the body that %s had: pointers to one of them that the running program holds may be meant for the other one now",
                   lp_atom_text(&o->atom[a], name), lp_atom_text(&o->atom[b], other));
}

void lp_remark_traded(lp_diff *d)
{
    enum { MOST_ALIKE = 4 }; /* of one body: what is said of them is the same */
    const struct lp_side *o = OLD(d);
    size_t n = 0, many = 0;
    for (uint32_t i = 0; i < o->natom; i++) many += may_be(&o->atom[i]);
    struct body *v = many > 1 ? malloc(many * sizeof *v) : NULL;
    for (uint32_t i = 0; v && i < o->natom; i++)
        if (may_be(&o->atom[i])) v[n++] = (struct body){lp_body_hash(o, i), i};
    lp_sort(v, n, sizeof *v, by_hash);
    for (uint32_t a = 0, tried = 0; v && a < o->natom && tried < LP_REFUSED_KEPT; a++) {
        const uint64_t hash = may_be(&o->atom[a]) ? lp_body_hash(NEW(d), o->atom[a].pair) : 0;
        size_t i = hash ? lp_count_below(v, n, sizeof *v, hash) : n;
        for (unsigned k = 0; i < n && v[i].hash == hash && k < MOST_ALIKE; i++, k++, tried++) remark(d, a, v[i].old);
    }
    free(v);
}
