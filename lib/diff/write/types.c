/* diff/write/types.c - EMIT, types of exceptions: where the old file has one, and that none would be there twice. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/data.h"
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

/* One type, and whether the old file has its name. */
struct type { uint64_t at; const char *name; bool there; };
/* begins: of which two bytes some name begins. */
struct types { struct type *v; size_t n; uint64_t begins[1024]; };

static unsigned pair_of(const char *p) { return (unsigned)(uint8_t)p[0] << 8 | (uint8_t)p[1]; }

static void add_type(lp_diff *d, struct types *t, uint64_t at)
{
    uint64_t avail;
    const uint64_t text = at && is_carried(d, at) ? lp_held_at(NEW(d), at + 8) : 0;
    const char *name = text ? (const char *)lp_side_bytes(NEW(d), text, &avail) : NULL;
    if (!name || !memchr(name, 0, avail) || !*name) return;
    t->v[t->n++] = (struct type){at, name, false};
    t->begins[pair_of(name) / 64] |= UINT64_C(1) << (pair_of(name) & 63);
}

static int by_name(const void *a, const void *b) { return strcmp(((const struct type *)a)->name, ((const struct type *)b)->name); }
static int by_place(const void *a, const void *b)
{
    const struct type *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* Those whose name this text is. */
static void mark_named(struct types *t, const char *text, uint64_t avail)
{
    size_t lo = 0;
    for (size_t hi = t->n; lo < hi;) {
        const size_t mid = lo + (hi - lo) / 2;
        if (strncmp(t->v[mid].name, text, avail) < 0) lo = mid + 1;
        else hi = mid;
    }
    for (; lo < t->n && !t->v[lo].there && strlen(t->v[lo].name) < avail && strcmp(t->v[lo].name, text) == 0; lo++) t->v[lo].there = true;
}

/* One walk over what the old file has. */
static void mark_old(struct types *t, const struct lp_side *o)
{
    for (size_t i = 0; i < o->nspan; i++) {
        const struct lp_span *x = &o->span[i];
        const char *p = (const char *)x->bytes, *end = p + (x->end - x->start);
        if (!p || x->flags & (LP_SPAN_CODE | LP_SPAN_LINKER)) continue;
        for (; p + 2 <= end; p++)
            if (t->begins[pair_of(p) / 64] >> (pair_of(p) & 63) & 1) mark_named(t, p, (uint64_t)(end - p));
    }
}

/* One that the old file has, by its name: who catches it has the old one, and they are compared by their addresses. */
void lp_check_types(lp_diff *d)
{
    const struct lp_side *s = NEW(d);
    struct types t = {.v = calloc(s->ntype_word + 1, sizeof *t.v)};
    char buf[32];
    if (!t.v) d->nomem = true;
    for (size_t i = 0; i < s->ntype_word && t.v; i++) add_type(d, &t, lp_held_at(s, s->type_word[i]));
    if (t.n) qsort(t.v, t.n, sizeof *t.v, by_name), mark_old(&t, OLD(d)), qsort(t.v, t.n, sizeof *t.v, by_place);
    for (size_t i = 0; i < t.n; i++) {
        const char *of = lp_atom_text(&s->atom[lp_side_atom(s, t.v[i].at)], buf);
        if (t.v[i].there) lp_diff_refuse(d, s, LP_E172, of);
    }
    free(t.v);
}
