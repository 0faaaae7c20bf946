/* diff/pair/places.c - places in two functions that are the same but for NOPs, which compilers put in front of loops for alignment. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/seen.h"
#include "a64/a64.h"

#include <stdlib.h>

uint32_t *lp_places(const struct lp_side *s, const struct lp_atom *a, uint32_t *count)
{
    uint64_t n = (a->end - a->start) / 4;
    uint32_t *v = malloc((n + 1) * sizeof *v);
    *count = 0;
    for (uint64_t i = 0; v && i < n; i++) {
        v[i] = *count;
        *count += lp_code_word(s, a->start + 4 * i) != LP_A64_NOP;
    }
    if (v) v[n] = *count;
    return v;
}

/* Those of the function that was asked for last are there. */
static const uint32_t *places_of(const struct lp_side *s, const struct lp_atom *a)
{
    struct lp_seen_places *x = lp_seen_places(s);
    uint32_t n;
    if (x->place && x->start == a->start && x->end == a->end) return x->place;
    free(x->place);
    *x = (struct lp_seen_places){a->start, a->end, lp_places(s, a, &n)};
    return x->place;
}

/* The place of an offset; UINT32_MAX: there is none. */
static uint32_t place_of(const struct lp_side *s, uint32_t i, uint64_t off)
{
    const struct lp_atom *a = &s->atom[i];
    const uint32_t *v = off <= a->end - a->start ? places_of(s, a) : NULL;
    return v ? v[off / 4] : UINT32_MAX;
}

bool lp_same_place(const struct lp_side *o, uint32_t a, uint64_t off, const struct lp_side *n, uint32_t b, uint64_t other)
{
    if (!n->atom[b].nops || (off ^ other) & 3) return off == other;
    const uint32_t place = place_of(o, a, off);
    return place != UINT32_MAX && place == place_of(n, b, other);
}

/* The instruction, behind the NOPs that are in front of it. */
uint64_t lp_old_place(const lp_diff *d, const struct lp_atom *b, uint64_t off)
{
    const struct lp_side *o = OLD(d);
    const struct lp_atom *a = &o->atom[b->pair];
    const uint32_t *v = b->nops ? places_of(o, a) : NULL;
    const uint32_t place = v ? place_of(NEW(d), a->pair, off) : UINT32_MAX;
    if (place == UINT32_MAX) return off;
    for (uint64_t i = (a->end - a->start) / 4 + 1; i-- > 0;)
        if (v[i] == place) return 4 * i | (off & 3);
    return off;
}
