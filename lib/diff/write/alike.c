/* diff/write/alike.c - EMIT, constants without names: how many of the other file are the same as one. Each is compared with those only that may be: bytes that
 * differ are the same only where they may lead somewhere. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/data.h"
#include "base/bits.h"
#include "base/search.h"
#include "base/sort.h"

#include <stdlib.h>

/* What a piece begins with. brief: it has no whole word; open: the file says that other bytes may be the same; leads: if they may lead somewhere in both;
 * filled: the dynamic linker may write there, so that nothing but the size counts, of those without a pair; bound: a name of a place is there. */
struct head { uint64_t word; uint32_t atom; uint8_t first; bool brief, open, leads, filled, bound, paired; };
/* The first `loose` ones are brief, open or bounds, the others in the order of their words. */
struct lp_alike { struct heads { struct head *v; size_t n, loose; } of[2]; };

bool lp_is_counted(const struct lp_side *s, size_t i)
{
    return s->atom[i].kind == LP_ATOM_PIECE && s->atom[i].used && lp_stays_constant(s, &s->atom[i]);
}

bool lp_same_piece(lp_diff *d, size_t a, size_t b)
{
    const struct lp_use u = {OLD(d)->atom[a].start, LP_NONE, LP_NONE, 0, 0}, v = {NEW(d)->atom[b].start, LP_NONE, LP_NONE, 0, 0};
    const bool same = lp_same_target(d, OLD(d), &u, &v);
    lp_suppose_keep(d, false);
    return same;
}

/* ---- what a piece begins with ---- */

enum { HEAD = 4 };

static bool is_code(const struct lp_side *s, uint64_t addr)
{
    const struct lp_span *x = lp_side_span(s, addr);
    return x && x->flags & LP_SPAN_CODE;
}

static bool has_label(const struct lp_side *s, uint64_t at)
{
    const size_t l = lp_count_below(s->label, s->nlabel, sizeof *s->label, at);
    return l < s->nlabel && s->label[l].at == at;
}

/* Is there something in the head of which the file says that it is no number? */
static bool is_known(const struct lp_side *s, uint64_t at)
{
    const uint64_t from = at < 7 ? 0 : at - 7;
    const size_t w = lp_count_below(s->word, s->nword, sizeof *s->word, from), f = lp_count_below(s->field, s->nfield, sizeof *s->field, from);
    return (w < s->nword && s->word[w].at < at + HEAD) || (f < s->nfield && s->field[f].at < at + HEAD) || lp_side_offsets(s, at, at + HEAD);
}

/* Does a word that begins in the head perhaps lead to code, from where it is or from the start, or anywhere as an address? */
static bool may_lead(const struct lp_side *s, uint64_t at, const uint8_t *p, uint64_t avail)
{
    const bool guess = lp_side_guesses(s);
    for (uint64_t k = 0; k < HEAD && k + 4 <= avail; k++) {
        const uint64_t v = (uint64_t)lp_sext(lp_le32(p + k), 32);
        if (is_code(s, at + v) || is_code(s, at + k + v) || (guess && lp_like_address(s, at + k, v) == LP_LIKE_PLAINLY)) return true;
        if (guess && !((at + k) & 7) && k + 8 <= avail && lp_like_address(s, at + k, lp_le64(p + k)) != LP_LIKE_NO) return true;
    }
    return false;
}

static struct head head_of(const struct lp_side *s, uint32_t i)
{
    const struct lp_atom *a = &s->atom[i];
    uint64_t avail = 0;
    const uint8_t *p = lp_side_bytes(s, a->start, &avail);
    struct head h = {.atom = i, .open = true, .filled = !lp_is_constant(s, a), .bound = has_label(s, a->start), .paired = a->pair != LP_NONE};
    if (!p || !avail || h.filled || is_known(s, a->start)) return h;
    h.open = false, h.first = *p;
    h.leads = may_lead(s, a->start, p, avail);
    h.brief = avail < HEAD || a->end - a->start < HEAD;
    h.word = h.brief ? 0 : lp_le32(p);
    return h;
}

static bool is_loose(const struct head *h) { return h->brief || h->open || h->bound; }

static bool may_be(const struct head *x, const struct head *y)
{
    if (x->bound && y->bound) return true;
    if (x->filled || y->filled) return x->filled == y->filled && !x->paired && !y->paired;
    return x->open || y->open || (x->leads && y->leads) || (x->first == y->first && (x->brief || y->brief || x->word == y->word));
}

static int by_word(const void *a, const void *b)
{
    const struct head *x = a, *y = b;
    return x->word != y->word ? (x->word < y->word ? -1 : 1) : (x->atom > y->atom) - (x->atom < y->atom);
}

bool lp_may_begin_alike(const lp_diff *d, uint32_t a, uint32_t b)
{
    const struct head x = head_of(OLD(d), a), y = head_of(NEW(d), b);
    return may_be(&x, &y);
}

static bool find_heads(const struct lp_side *s, struct heads *h)
{
    h->v = malloc((s->natom + 1) * sizeof *h->v);
    if (!h->v) return false;
    for (uint32_t i = 0; i < s->natom; i++) {
        if (!lp_is_counted(s, i)) continue;
        h->v[h->n++] = head_of(s, i);
        const struct head x = h->v[h->n - 1];
        if (!is_loose(&x)) continue;
        h->v[h->n - 1] = h->v[h->loose];
        h->v[h->loose++] = x;
    }
    h->v = lp_trim(h->v, &(size_t){s->natom + 1}, h->n, sizeof *h->v);
    lp_sort(h->v + h->loose, h->n - h->loose, sizeof *h->v, by_word);
    return true;
}

struct lp_alike *lp_alike_new(lp_diff *d)
{
    struct lp_alike *a = calloc(1, sizeof *a);
    if (a && find_heads(OLD(d), &a->of[0]) && find_heads(NEW(d), &a->of[1])) return a;
    d->nomem = true;
    lp_alike_free(a);
    return NULL;
}

void lp_alike_free(struct lp_alike *a)
{
    if (a) free(a->of[0].v), free(a->of[1].v);
    free(a);
}

/* ---- counting ---- */

struct found { unsigned n; uint32_t last; bool pair; }; /* pair: it was among those */

static void look_at(lp_diff *d, int side, const struct head *x, const struct head *y, struct found *f)
{
    const bool pair = d->side[side].atom[x->atom].pair == y->atom;
    f->pair |= pair;
    if (!pair && !may_be(x, y)) return;
    if (!(side ? lp_same_piece(d, y->atom, x->atom) : lp_same_piece(d, x->atom, y->atom))) return;
    if (!f->n++ || y->atom > f->last) f->last = y->atom;
}

unsigned lp_alike_count(lp_diff *d, const struct lp_alike *a, int side, uint32_t i, uint32_t *last)
{
    const struct lp_side *other = &d->side[!side];
    const struct heads *h = &a->of[!side];
    const struct head x = head_of(&d->side[side], i);
    const uint32_t pair = d->side[side].atom[i].pair;
    struct found f = {0, LP_NONE, false};
    size_t from = h->loose, to = h->n;
    if (!is_loose(&x) && !x.leads) {
        from += lp_count_below(h->v + h->loose, h->n - h->loose, sizeof *h->v, x.word);
        to = h->loose + lp_count_upto(h->v + h->loose, h->n - h->loose, sizeof *h->v, x.word);
    }
    for (size_t k = 0; k < h->loose; k++) look_at(d, side, &x, &h->v[k], &f);
    for (size_t k = from; k < to; k++) look_at(d, side, &x, &h->v[k], &f);
    if (pair != LP_NONE && !f.pair && lp_is_counted(other, pair)) look_at(d, side, &x, &(struct head){.atom = pair}, &f);
    if (f.n) *last = f.last;
    return f.n;
}
