/* diff/pair/same.c - COMPARE, data: bytes are equal, or lead to the same. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/data.h"
#include "base/bits.h"
#include "base/search.h"

#include <string.h>

/* Where all is in its place: does the address lead to a pair? */
static bool in_place(const lp_diff *d, const struct lp_side *s, uint64_t v)
{
    const uint32_t a = d->same_layout ? lp_side_atom(s, v) : LP_NONE, b = a == LP_NONE ? LP_NONE : lp_side_atom(NEW(d), v);
    return d->same_layout && (a == LP_NONE || (b != LP_NONE && s->atom[a].pair == b && v - s->atom[a].start == v - NEW(d)->atom[b].start));
}

/* What it supposes on the way is the caller's to take back. */
static bool supposed_same(lp_diff *d, const struct lp_side *s, uint64_t v, uint64_t w)
{
    return lp_same_target(d, s, &(struct lp_use){v, LP_NONE, LP_NONE, 0, 0}, &(struct lp_use){w, LP_NONE, LP_NONE, 0, 0});
}

/* Of two words about which the files say nothing. The same number is the same unless it is, or may be, an address of something else now. Another number is
 * the same address of what moved, if it is no number. */
static bool same_guess(lp_diff *d, const struct lp_side *s, uint64_t o, uint64_t v, uint64_t n, uint64_t w)
{
    const size_t before = d->nsupposed;
    if (lp_like_address(s, o, v) == LP_LIKE_NO || lp_like_address(NEW(d), n, w) == LP_LIKE_NO || lp_side_span(s, o)->flags & LP_SPAN_NEW) return v == w;
    if (v == w && in_place(d, s, v)) return true;
    const enum lp_reading r = lp_read_words(s, o, v, NEW(d), n, w);
    if (r == LP_READ_NUMBER) return v == w;
    if (r == LP_READ_EITHER && v != w && supposed_same(d, s, v, v) && supposed_same(d, s, w, w)) return lp_suppose_back(d, before), false; /* nothing moved */
    if (r == LP_READ_EITHER) lp_suppose_back(d, before);
    return supposed_same(d, s, v, w);
}

static bool same_word(lp_diff *d, const struct lp_side *s, uint64_t o, uint64_t n, const uint8_t *p, const uint8_t *q)
{
    const struct lp_word_at *x = lp_side_word(s, o), *y = lp_side_word(NEW(d), n);
    if (x && y) return lp_same_slot(d, s, x, y);
    /* A position-dependent file may not say of a word that it is an address, though the other one, or a patch, does. */
    if ((x || y) && ((x ? x : y)->kind != LP_WORD_ADDR || !(lp_side_guesses(s) || lp_side_guesses(NEW(d))))) return false;
    uint64_t v = x ? x->value : lp_le64(p), w = y ? y->value : lp_le64(q);
    if (x || y) {
        const bool is = x && lp_side_span(s, v), was = y && lp_side_span(NEW(d), w); /* known to be addresses */
        const bool both = (is || lp_like_address(s, o, v) != LP_LIKE_NO) && (was || lp_like_address(NEW(d), n, w) != LP_LIKE_NO);
        return both ? supposed_same(d, s, v, w) : v == w;
    }
    if (!lp_side_guesses(s) || !lp_side_guesses(NEW(d)) || (o | n) & 7) return v == w;
    return same_guess(d, s, o, v, n, w);
}

/* An entry of a table of offsets in both, by what it leads to. */
static bool same_offset(lp_diff *d, const struct lp_side *s, uint64_t o, uint64_t n, const uint8_t *p, const uint8_t *q)
{
    const struct lp_offsets *x = lp_side_offsets(s, o, o + 1), *y = lp_side_offsets(NEW(d), n, n + 1);
    if (!x || !y || o - x->start != n - y->start || (o - x->start) & 3) return false;
    struct lp_use a = {x->start + (uint64_t)lp_sext(lp_le32(p), 32), LP_NONE, LP_NONE, 0, 0};
    struct lp_use b = {y->start + (uint64_t)lp_sext(lp_le32(q), 32), LP_NONE, LP_NONE, 0, 0};
    return lp_same_target(d, s, &a, &b);
}

/* A whole file's worth of words is mostly not filled in: up to the next one that is, bytes are bytes. */
static uint64_t plain(const struct lp_side *s, uint64_t at, uint64_t end)
{
    size_t i = lp_count_below(s->word, s->nword, sizeof *s->word, at);
    const struct lp_offsets *x = lp_side_offsets(s, at, end);
    if (x && x->start > at) end = x->start;
    const size_t k = lp_count_below(s->field, s->nfield, sizeof *s->field, at);
    if (k < s->nfield && s->field[k].at < end) end = s->field[k].at;
    return i < s->nword && s->word[i].at < end ? s->word[i].at : end;
}

/* The bytes at i are others, or read as what they seem to be they are not the same: do they lead to the same in another way? Then: up to where. */
static uint64_t led_step(lp_diff *d, const struct lp_side *s, const struct lp_twice *t, uint64_t i, uint64_t *at)
{
    for (; i < t->len && t->p[i] == t->q[i]; i++) {}
    uint64_t from = 0;
    unsigned width;
    if (i == t->len || lp_find_led(d, s, t, i, &from, &width) != LP_LED_SAME) return 0;
    return from + width - *at;
}

bool lp_is_one_word(const lp_diff *d, const struct lp_side *s, const struct lp_twice *t, uint64_t i)
{
    if (lp_side_word(s, t->o + i) || lp_side_word(NEW(d), t->n + i)) return true;
    return lp_like_address(s, t->o + i, lp_le64(t->p + i)) != LP_LIKE_NO && lp_like_address(NEW(d), t->n + i, lp_le64(t->q + i)) != LP_LIKE_NO;
}

/* The same numbers in both, of 8 bytes each, that lead nowhere: how far they go within so many bytes of which the files say nothing. */
static uint64_t numbers(const lp_diff *d, const struct lp_side *s, const struct lp_twice *t, uint64_t i, uint64_t len)
{
    uint64_t k = 0;
    for (; k + 8 <= len; k += 8) {
        const uint64_t v = lp_le64(t->p + i + k);
        if (v != lp_le64(t->q + i + k) || !lp_is_far(s, v) || !lp_is_far(NEW(d), v)) break;
    }
    return k;
}

/* How many bytes from i on are the same; 0 = they are not, *at: where. */
static uint64_t same_step(lp_diff *d, const struct lp_side *s, const struct lp_twice *t, uint64_t i, bool addresses, uint64_t *at)
{
    enum { AT_ONCE = 64 };
    const uint64_t o = t->o + i, n = t->n + i;
    const uint8_t *p = t->p + i, *q = t->q + i;
    if (lp_side_offsets(s, o, o + 1) || lp_side_offsets(NEW(d), n, n + 1)) return i + 4 <= t->len && same_offset(d, s, o, n, p, q) ? 4 : 0;
    const struct lp_field_at *x = lp_side_field(s, o), *y = lp_side_field(NEW(d), n);
    if (x || y) {
        const uint64_t width = (x ? x : y)->width;
        return i + width <= t->len && lp_same_field(d, s, o, n, p, q) ? width : 0;
    }
    const bool filled = lp_side_word(s, o) || lp_side_word(NEW(d), n);
    const uint64_t a = filled ? 0 : plain(s, o, t->o + t->len) - o, b = filled ? 0 : plain(NEW(d), n, t->n + t->len) - n;
    uint64_t end = a < b ? a : b, k = addresses && !(o & 7) ? numbers(d, s, t, i, end) : 0;
    if (k) return k;
    if (filled || (addresses && !(o & 7))) {
        if (i + 8 > t->len) return memcmp(p, q, t->len - i) == 0 ? t->len - i : 0;
        if (same_word(d, s, o, n, p, q)) return 8;
        return lp_is_one_word(d, s, t, i) ? 0 : led_step(d, s, t, i, at);
    }
    if (addresses && end > 8 - (o & 7)) end = 8 - (o & 7);
    while (end - k >= AT_ONCE && memcmp(p + k, q + k, AT_ONCE) == 0) k += AT_ONCE;
    while (k < end && p[k] == q[k]) k++;
    *at = i + k;
    if (k == end) return k;
    const uint64_t more = led_step(d, s, t, i + k, at);
    return more ? k + more : 0;
}

bool lp_same_data(lp_diff *d, const struct lp_side *s, uint64_t o, uint64_t n, uint64_t len, uint64_t *at)
{
    uint64_t have = 0, other = 0;
    const uint8_t *p = lp_side_bytes(s, o, &have), *q = lp_side_bytes(NEW(d), n, &other);
    const bool addresses = lp_side_guesses(s) && lp_side_guesses(NEW(d)) && !((o ^ n) & 7);
    if (!p || !q) { /* bss is zeros, which a patch brings as bytes */
        const struct lp_span *x = lp_side_span(s, o), *y = lp_side_span(NEW(d), n);
        *at = 0;
        if (!x || !y || q || !(y->flags & LP_SPAN_BSS)) return false;
        return p ? x->flags & LP_SPAN_NEW && have >= len && lp_all_zero(p, len) : (x->flags & LP_SPAN_BSS) != 0;
    }
    if (have < len || other < len) return *at = have < other ? have : other, false;
    const struct lp_twice t = {o, n, len, p, q};
    for (uint64_t i = 0, step; i < len; i += step) {
        *at = i;
        step = same_step(d, s, &t, i, addresses, at);
        if (!step) return false;
    }
    return true;
}

bool lp_same_datum(lp_diff *d, const struct lp_atom *a, const struct lp_atom *b)
{
    uint64_t at;
    return a->end - a->start == b->end - b->start && lp_same_data(d, OLD(d), a->start, b->start, b->end - b->start, &at);
}

bool lp_datum_changed(lp_diff *d, const struct lp_atom *b)
{
    const bool same = lp_same_datum(d, &OLD(d)->atom[b->pair], b);
    lp_suppose_keep(d, same);
    return !same;
}
