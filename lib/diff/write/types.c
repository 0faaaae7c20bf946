/* diff/write/types.c - EMIT, types of exceptions: where the old file has one, and that none would be there twice. */
#include <config.h>
#include "diff/write/write.h"
#include "base/search.h"

#include <stdlib.h>
#include <string.h>

/* ---- words that hold a type's address, of which tables say where they are ---- */

/* A word of the old file's tables that holds what the new one's does, mostly the one behind that of the last; 0: there is none. */
static uint64_t find_word(lp_diff *d, uint64_t word)
{
    const struct lp_side *o = OLD(d);
    uint64_t at;
    for (size_t i = 0; i < o->ntype_word; i++) {
        const size_t k = (d->last_type_word + 1 + i) % o->ntype_word;
        if (lp_same_data(d, o, o->type_word[k], word, 8, &at)) return o->type_word[d->last_type_word = k];
    }
    return 0;
}

/* (Looked for once.) */
uint64_t lp_old_type_word(lp_diff *d, uint64_t word)
{
    const struct lp_side *s = NEW(d);
    const uint64_t *v = lp_find_number(s->type_word, s->ntype_word, sizeof *v, word);
    if (!d->old_type_word && !(d->old_type_word = calloc(s->ntype_word + 1, sizeof *d->old_type_word))) d->nomem = true;
    if (!v || !d->old_type_word) return find_word(d, word);
    struct lp_old_type_word *known = &d->old_type_word[v - s->type_word];
    if (!known->sought) *known = (struct lp_old_type_word){find_word(d, word), true};
    return known->at;
}

/* ---- types that come along ---- */

static bool is_carried(const lp_diff *d, uint64_t addr)
{
    const uint32_t i = lp_side_atom(NEW(d), addr);
    return i != LP_NONE && NEW(d)->atom[lp_head_of(d, i)].carried;
}

/* One that the old file has, by its name: who catches it has the old one, and they are compared by their addresses. */
void lp_check_types(lp_diff *d)
{
    const struct lp_side *s = NEW(d);
    char buf[32];
    for (size_t i = 0; i < s->ntype_word; i++) {
        uint64_t avail = 0;
        const uint64_t type = lp_held_at(s, s->type_word[i]), name = type && is_carried(d, type) ? lp_held_at(s, type + 8) : 0;
        const uint8_t *p = name ? lp_side_bytes(s, name, &avail) : NULL;
        const uint8_t *end = p ? memchr(p, 0, avail) : NULL;
        if (!end || !lp_side_has(OLD(d), p, (uint64_t)(end + 1 - p))) continue;
        const char *of = lp_atom_text(&s->atom[lp_side_atom(s, type)], buf);
        lp_diff_refuse(d, s, LP_E172, of);
    }
}
