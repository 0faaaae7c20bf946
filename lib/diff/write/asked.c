/* diff/write/asked.c - EMIT, --symbol: which data do the functions of the patch use, by themselves or by what that leads to? What else changed is for
 * functions that were not asked for. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/code.h"
#include "diff/side/data.h"
#include "diff/side/walk.h"
#include "base/bits.h"
#include "base/search.h"

#include <stdlib.h>

struct asked { const struct lp_side *s; uint8_t *in; uint32_t *todo; size_t n; };

static void add_atom(struct asked *x, uint32_t i)
{
    if (i == LP_NONE || x->in[i] || lp_is_code_atom(&x->s->atom[i])) return;
    x->in[i] = 1, x->todo[x->n++] = i;
}

static void add(struct asked *x, uint64_t addr) { add_atom(x, lp_side_atom(x->s, addr)); }

static void add_slot(struct asked *x, uint64_t addr)
{
    const struct lp_word_at *w = lp_side_word(x->s, addr);
    if (w) add(x, lp_word_own(w));
    add(x, addr);
}

static void add_function(struct asked *x, const struct lp_atom *b)
{
    uint64_t to;
    uint32_t mask;
    for (uint32_t k = b->ref; k < b->ref + b->nref; k++) {
        const struct lp_ref_at *r = &x->s->ref[k];
        if (r->kind == LP_FLOW_PAGE || (r->kind == LP_FLOW_ADDR && !r->width && lp_only_base(x->s, (uint32_t)(b - x->s->atom), r->at))) continue;
        add_slot(x, r->addr);
        add_atom(x, r->base);
    }
    for (uint64_t at = b->start; at < b->end; at += 4)
        if (lp_word_target(lp_code_word(x->s, at), at, &to, &mask)) add(x, to);
}

/* What a datum leads to, and what may be more of it: without a name, it ends where something refers to. */
static void add_led(struct asked *x, uint32_t i)
{
    const struct lp_side *s = x->s;
    const struct lp_atom *b = &s->atom[i];
    uint64_t avail = 0;
    const uint8_t *p = lp_side_bytes(s, b->start, &avail);
    for (size_t k = lp_count_below(s->word, s->nword, sizeof *s->word, b->start); k < s->nword && s->word[k].at < b->end; k++)
        add(x, lp_word_own(&s->word[k]));
    for (size_t k = lp_count_below(s->field, s->nfield, sizeof *s->field, b->start); k < s->nfield && s->field[k].at < b->end; k++)
        if (s->field[k].addr != UINT64_MAX) add(x, s->field[k].addr);
    for (uint64_t at = lp_align_up(b->start, 8); p && lp_side_guesses(s) && at + 8 <= b->end && at - b->start + 8 <= avail; at += 8)
        if (lp_read_word(s, at, lp_le64(p + (at - b->start))) != LP_READ_NUMBER) add(x, lp_le64(p + (at - b->start)));
    for (uint64_t at = b->start; p && at + 4 <= b->end && at - b->start + 4 <= avail; at += 4) {
        const struct lp_offsets *t = lp_side_offsets(s, at, at + 1);
        if (t) add(x, t->start + (uint64_t)lp_sext(lp_le32(p + (at - b->start)), 32));
    }
    const struct lp_atom *next = b->kind == LP_ATOM_PIECE && i + 1 < s->natom ? b + 1 : NULL;
    if (next && next->kind == LP_ATOM_PIECE && next->span == b->span && next->start == b->end) add_atom(x, i + 1);
}

uint8_t *lp_asked_data(lp_diff *d)
{
    struct asked x = {.s = NEW(d)};
    if (!d->opt.symbol || !d->opt.symbol[0]) return NULL;
    x.in = calloc(NEW(d)->natom + 1, 1), x.todo = malloc((NEW(d)->natom + 1) * sizeof *x.todo);
    if (!x.in || !x.todo) return free(x.in), free(x.todo), d->nomem = true, NULL;
    for (uint32_t i = 0; i < x.s->natom; i++)
        if (lp_is_code_atom(&x.s->atom[i]) && x.s->atom[i].included) add_function(&x, &x.s->atom[i]);
    for (size_t k = 0; k < x.n; k++) add_led(&x, x.todo[k]);
    free(x.todo);
    return x.in;
}
