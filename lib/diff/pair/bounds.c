/* diff/pair/bounds.c - sections that code goes through from __start_NAME to __stop_NAME: what is in one, and how much, is what that code does. */
#include <config.h>
#include "diff/pair/pair.h"

#include <ctype.h>
#include <string.h>

/* Linkers make the two symbols for sections that have such a name; without symbols one may have them. */
static bool may_have_bounds(const struct lp_side *s, const struct lp_span *x)
{
    const char *c = x->name;
    if (!isalpha((unsigned char)*c) && *c != '_') return false;
    while (isalnum((unsigned char)*c) || *c == '_') c++;
    if (*c || x->flags & (LP_SPAN_CODE | LP_SPAN_NEW | LP_SPAN_LINKER) || lp_is_mere_note(x->flags)) return false;
    for (size_t i = 0; i < s->nlabel; i++)
        if (s->label[i].at == x->end && strncmp(s->label[i].name, "__stop_", 7) == 0 && strcmp(s->label[i].name + 7, x->name) == 0) return true;
    return !s->objects;
}

static const struct lp_span *called(const struct lp_side *s, const char *name)
{
    for (size_t i = 0; i < s->nspan; i++)
        if (strcmp(s->span[i].name, name) == 0) return &s->span[i];
    return NULL;
}

static bool all_paired(const struct lp_side *s, const struct lp_span *x)
{
    for (size_t i = 0; i < s->natom; i++)
        if (s->atom[i].start >= x->start && s->atom[i].start < x->end && s->atom[i].pair == LP_NONE) return false;
    return true;
}

/* The same in the same order, or else all of it. */
static bool same_elements(lp_diff *d, const struct lp_span *x, const struct lp_span *y)
{
    uint64_t at;
    bool same = lp_same_data(d, OLD(d), x->start, y->start, x->end - x->start, &at);
    lp_suppose_keep(d, same);
    return same || (all_paired(OLD(d), x) && all_paired(NEW(d), y));
}

void lp_diff_bounds(lp_diff *d)
{
    for (size_t i = 0; i < OLD(d)->nspan; i++) {
        const struct lp_span *x = &OLD(d)->span[i], *y = called(NEW(d), x->name);
        if (!y || !may_have_bounds(OLD(d), x) || !may_have_bounds(NEW(d), y)) continue;
        const uint64_t n = x->end - x->start, m = y->end - y->start;
        if (n != m || !same_elements(d, x, y)) lp_diff_refuse(d, NEW(d), LP_E123, x->name, (unsigned long long)n, (unsigned long long)m);
    }
}
