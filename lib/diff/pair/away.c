/* diff/pair/away.c - distances from another place than the word itself or its table: `.long f - base`, which no relocation says, as the assembler knows them.
 * Code that uses the table adds the address of that place, so it makes it: such places are tried. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/code.h"
#include "diff/side/data.h"
#include "base/bits.h"
#include "base/search.h"
#include "base/sort.h"

#include <stdlib.h>

enum { FUNCTIONS = 16, BASES = 64, TEXT = 8 }; /* of one datum; letters that no small distances are */
/* A place from which distances may count, of a function that makes its address. */
struct from { uint64_t function, base; };
/* Which functions of the new file refer to which data (atom << 32 | function), and from where distances may count; the places of the last one asked for. */
struct lp_away { uint64_t *v; size_t n; struct from *from; size_t nfrom, cap; uint32_t last; uint64_t base[BASES]; unsigned nbase; };

static void add_from(lp_diff *d, struct lp_away *x, uint32_t f, uint64_t base)
{
    size_t i = x->nfrom;
    while (i && x->from[i - 1].function == f && x->from[i - 1].base != base) i--;
    if ((i && x->from[i - 1].function == f) || x->nfrom - i == BASES) return; /* more are never asked for */
    struct from *v = lp_grow(x->from, &x->cap, x->nfrom, sizeof *v);
    if (!v) d->nomem = true;
    else x->from = v, v[x->nfrom++] = (struct from){f, base};
}

/* From functions to functions, and to data from what has a name: where nothing has one, data begin everywhere. */
static bool counts(const struct lp_atom *a) { return lp_is_code_atom(a) || a->kind == LP_ATOM_OBJECT; }

/* What a function makes the address of, or takes it from a slot; i: what is at the address of r. */
static void look_at(lp_diff *d, struct lp_away *x, uint32_t f, const struct lp_ref_at *r, uint32_t i)
{
    const struct lp_side *s = NEW(d);
    const struct lp_span *in = r->kind == LP_FLOW_ADDR && r->width == 8 ? lp_side_span(s, r->addr) : NULL;
    const struct lp_word_at *w = in && in->flags & LP_SPAN_GOT ? lp_side_word(s, r->addr) : NULL;
    if (w && w->kind == LP_WORD_ADDR) add_from(d, x, f, w->value);
    if (i == LP_NONE || !counts(&s->atom[i]) || r->width) return;
    if (!lp_word_is_branch(lp_code_word(s, r->at)) && lp_start_at(s, r->addr)) add_from(d, x, f, r->addr);
}

static struct lp_away *index_of(lp_diff *d)
{
    const struct lp_side *s = NEW(d);
    struct lp_away *x = calloc(1, sizeof *x);
    if (!x || !(x->v = malloc((s->nref + 1) * sizeof *x->v))) return free(x), NULL;
    for (uint32_t f = 0; f < s->natom; f++)
        for (uint32_t k = 0; lp_is_code_atom(&s->atom[f]) && k < s->atom[f].nref && x->n < s->nref; k++) {
            const struct lp_ref_at *r = &lp_refs_of_atom(s, &s->atom[f])[k];
            const uint32_t i = r->kind == LP_FLOW_ADDR || r->kind == LP_FLOW_TARGET || r->kind == LP_REF_NUMBER ? lp_side_atom(s, r->addr) : LP_NONE;
            const uint64_t edge = (uint64_t)i << 32 | f;
            look_at(d, x, f, r, i);
            if (i == LP_NONE || lp_is_code_atom(&s->atom[i]) || (x->n && x->v[x->n - 1] == edge)) continue;
            x->v[x->n++] = edge;
        }
    x->v = lp_trim(x->v, &(size_t){s->nref + 1}, x->n, sizeof *x->v);
    lp_sort_numbers(x->v, x->n);
    x->last = LP_NONE;
    return x;
}

static void add_base(struct lp_away *x, uint64_t base)
{
    for (unsigned i = 0; i < x->nbase; i++)
        if (x->base[i] == base) return;
    if (x->nbase < BASES) x->base[x->nbase++] = base;
}

const uint64_t *lp_away_bases(lp_diff *d, uint32_t atom, unsigned *n)
{
    *n = 0;
    if (!d->away && !(d->away = index_of(d))) return d->nomem = true, NULL;
    struct lp_away *x = d->away;
    *n = x->nbase;
    if (x->last == atom) return x->base;
    size_t i = lp_count_below(x->v, x->n, sizeof *x->v, (uint64_t)atom << 32);
    x->last = atom, x->nbase = 0;
    for (unsigned k = 0; k < FUNCTIONS && i < x->n && x->v[i] >> 32 == atom; k++, i++) {
        const uint32_t f = (uint32_t)x->v[i];
        for (size_t t = lp_count_below(x->from, x->nfrom, sizeof *x->from, f); t < x->nfrom && x->from[t].function == f; t++) add_base(x, x->from[t].base);
    }
    *n = x->nbase;
    return x->base;
}

void lp_away_free(lp_diff *d)
{
    if (d->away) free(d->away->v), free(d->away->from);
    free(d->away);
}

/* Nothing that it supposes on the way stays. */
static bool would_lead_to_same(lp_diff *d, const struct lp_side *s, uint64_t x, uint64_t y)
{
    const size_t before = d->nsupposed;
    const bool same = lp_same_target(d, s, &(struct lp_use){x, LP_NONE, LP_NONE, 0, 0}, &(struct lp_use){y, LP_NONE, LP_NONE, 0, 0});
    lp_suppose_back(d, before);
    return same;
}

bool lp_may_be_away(const struct lp_side *s, uint32_t atom, uint64_t base, enum lp_start what)
{
    const uint32_t i = lp_side_atom(s, base);
    if (i == LP_NONE || i == atom || !what) return false;
    return counts(&s->atom[i]) && (what == LP_START_FUNC || !lp_is_code_atom(&s->atom[i]));
}

/* Do the words of a datum both count from this place, which is in a pair? */
static enum lp_led led_from(lp_diff *d, const struct lp_side *s, uint32_t k, uint64_t y, uint64_t v, uint64_t w, bool sure)
{
    const enum lp_start what = lp_start_at(NEW(d), y + w);
    if (!what || !lp_may_be_away(NEW(d), k, y, what)) return LP_LED_NOT;
    const struct lp_atom *b = &NEW(d)->atom[lp_side_atom(NEW(d), y)];
    if (b->pair == LP_NONE) return LP_LED_NOT;
    const uint64_t x = s->atom[b->pair].start + (y - b->start);
    if (lp_start_at(s, x + v) != what) return LP_LED_NOT;
    if (would_lead_to_same(d, s, x + v, y + w)) return what == LP_START_FUNC && !lp_is_copied(b) ? LP_LED_SAME : LP_LED_MAYBE;
    if (!sure || (would_lead_to_same(d, s, x + w, y + w) && !lp_is_copied(b))) return LP_LED_NOT; /* right as a number, too */
    return LP_LED_MAYBE;
}

enum lp_led lp_led_away(lp_diff *d, const struct lp_side *s, uint64_t o, uint64_t n, unsigned width, const uint8_t *p, const uint8_t *q)
{
    const uint32_t k = lp_side_atom(NEW(d), n);
    if (k == LP_NONE || lp_is_code_atom(&NEW(d)->atom[k])) return LP_LED_NOT;
    unsigned nbase;
    const uint64_t *base = lp_away_bases(d, k, &nbase);
    if (!nbase || lp_side_atom(s, o) == LP_NONE || (width < 4 && lp_side_text(NEW(d), NEW(d)->atom[k].start) > TEXT)) return LP_LED_NOT;
    enum lp_led best = LP_LED_NOT;
    bool other = false;
    for (int sign = 1; sign >= (width < 4 ? 0 : 1); sign--) {
        const uint64_t v = lp_le_int(p, width, sign), w = lp_le_int(q, width, sign);
        for (unsigned t = 0; t < nbase && v != w; t++) {
            const enum lp_led x = led_from(d, s, k, base[t], v, w, width == 4);
            other |= x == LP_LED_MAYBE;
            if (x > best) best = x;
        }
    }
    return best == LP_LED_SAME && other ? LP_LED_MAYBE : best;
}
