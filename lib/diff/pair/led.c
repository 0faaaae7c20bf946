/* diff/pair/led.c - COMPARE, words that hold addresses in another way than 8 bytes (side/relative.c). With the linker's relocations (-q) it is known which they
 * are. Without, bytes that differ are looked at: what leads to the same in both files, read as one of these, is the same; where that proves nothing, there
 * is no patch. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/data.h"
#include "base/bits.h"
#include "base/search.h"

/* What it supposes on the way stays if it is so. */
static bool leads_to_same(lp_diff *d, const struct lp_side *s, uint64_t x, uint32_t a, uint64_t y, uint32_t b)
{
    const size_t before = d->nsupposed;
    const bool same = lp_same_target(d, s, &(struct lp_use){x, a, LP_NONE, 0, 0}, &(struct lp_use){y, b, LP_NONE, 0, 0});
    if (!same) lp_suppose_back(d, before);
    return same;
}

/* ---- distances ---- */

enum { BASES = 64 }; /* places of a table from which its entries may be counted */
struct verdict { unsigned same, other; enum lp_start what; };

/* Both count from these places? */
static void try_base(lp_diff *d, const struct lp_side *s, uint64_t x, uint64_t y, bool code_alone, struct verdict *out)
{
    const enum lp_start a = lp_start_at(s, x), b = a ? lp_start_at(NEW(d), y) : LP_START_NONE;
    if (!a || a != b || (code_alone && a != LP_START_FUNC)) return;
    if (leads_to_same(d, s, x, LP_NONE, y, LP_NONE)) out->same++;
    else out->other++;
    if (a > out->what) out->what = a;
}

/* Of two words at o and n: what they lead to from themselves, from the start of what they are in, and, if that is code, from each place between. All that
 * may be meant must be the same. */
static struct verdict distances(lp_diff *d, const struct lp_side *s, uint64_t o, uint64_t n, uint64_t v, uint64_t w)
{
    struct verdict out = {0, 0, LP_START_NONE};
    const uint32_t i = lp_side_atom(s, o), k = lp_side_atom(NEW(d), n);
    try_base(d, s, o + v, n + w, false, &out);
    if (i == LP_NONE || k == LP_NONE) return out;
    const uint64_t a = s->atom[i].start, b = NEW(d)->atom[k].start;
    for (uint64_t off = 0; off < 4 * BASES && o - a == n - b && a + off < o; off += 4) try_base(d, s, a + off + v, b + off + w, off != 0, &out);
    return out;
}

bool lp_same_field(lp_diff *d, const struct lp_side *s, uint64_t o, uint64_t n, const uint8_t *p, const uint8_t *q)
{
    const struct lp_field_at *x = lp_side_field(s, o), *y = lp_side_field(NEW(d), n), *f = x ? x : y;
    if (x && y && (x->width != y->width || x->relative != y->relative)) return false;
    if ((x && !y && NEW(d)->kept) || (y && !x && s->kept && s == OLD(d))) return false; /* a number in one of them */
    const uint64_t v = lp_le_int(p, f->width, f->relative), w = lp_le_int(q, f->width, f->relative);
    const uint64_t a = f->relative ? o + v : v, b = f->relative ? n + w : w;
    if (!lp_side_span(s, a) && !lp_side_span(NEW(d), b) && v == w) return true; /* nobody's */
    if (f->width < 4) return v == w && !x == !y && d->same_layout;
    const uint32_t i = x && y && x->addr == a && y->addr == b ? lp_field_of(s, x) : LP_NONE, k = i == LP_NONE ? LP_NONE : lp_field_of(NEW(d), y);
    if (k != LP_NONE && a - x->sym == b - y->sym) return leads_to_same(d, s, x->sym, i, y->sym, k);
    const struct verdict r = f->relative ? distances(d, s, o, n, v, w) : (struct verdict){0, 0, LP_START_NONE};
    return r.same || r.other ? !r.other : leads_to_same(d, s, a, LP_NONE, b, LP_NONE);
}

/* ---- without relocations ---- */

/* Two words of 4 bytes, one of which is another number. */
static enum lp_led led(lp_diff *d, const struct lp_side *s, uint64_t o, uint64_t n, const uint8_t *p, const uint8_t *q)
{
    const uint64_t v = lp_le_int(p, 4, true), w = lp_le_int(q, 4, true);
    const struct verdict r = distances(d, s, o, n, v, w);
    if (r.other) return LP_LED_MAYBE;
    if (r.same) return r.what == LP_START_FUNC ? LP_LED_SAME : LP_LED_MAYBE;
    if (lp_is_loose(s, o + v) && lp_is_loose(NEW(d), n + w)) return LP_LED_MAYBE;
    const uint32_t i = lp_side_atom(s, o + v);
    if (i != LP_NONE && lp_is_code_atom(&s->atom[i]) && leads_to_same(d, s, o + v, LP_NONE, n + w, LP_NONE)) return LP_LED_MAYBE;
    if (!lp_side_guesses(s) || !lp_side_guesses(NEW(d))) return LP_LED_NOT;
    const enum lp_likeness x = lp_like_address(s, o, v), y = lp_like_address(NEW(d), n, w);
    if (x == LP_LIKE_NO || y == LP_LIKE_NO) return LP_LED_NOT;
    const bool same = leads_to_same(d, s, v, LP_NONE, w, LP_NONE);
    if (x == LP_LIKE_PLAINLY && y == LP_LIKE_PLAINLY) return same ? LP_LED_SAME : LP_LED_MAYBE;
    return same ? LP_LED_MAYBE : LP_LED_NOT;
}

enum { DEEP = 2 }; /* constants that refer to constants */

/* Of one width; distances from elsewhere are in no relocations. */
static enum lp_led led_of(lp_diff *d, const struct lp_side *s, const struct lp_twice *t, uint64_t i, unsigned width)
{
    const bool kept = s->kept && NEW(d)->kept;
    const enum lp_led x = width < 4 || kept ? LP_LED_NOT : led(d, s, t->o + i, t->n + i, t->p + i, t->q + i);
    if (x != LP_LED_NOT || (t->o + i) & (width - 1)) return x;
    return lp_led_away(d, s, t->o + i, t->n + i, width, t->p + i, t->q + i);
}

/* What the dynamic linker fills, whole, is no part of anything else. */
static bool meets_word(const struct lp_side *s, uint64_t at, uint64_t len)
{
    const size_t k = lp_count_below(s->word, s->nword, sizeof *s->word, at < 7 ? 0 : at - 7);
    return k < s->nword && s->word[k].at < at + len;
}

enum lp_led lp_find_led(lp_diff *d, const struct lp_side *s, const struct lp_twice *t, uint64_t off, uint64_t *at, unsigned *width)
{
    enum lp_led best = LP_LED_NOT;
    const size_t before = d->nsupposed;
    *width = 4;
    if (d->depth > DEEP) return LP_LED_NOT;
    const uint64_t from = off < 3 ? 0 : off - 3;
    const bool met = meets_word(s, t->o + from, off + 4 - from) || meets_word(NEW(d), t->n + from, off + 4 - from); /* mostly none is near */
    for (int aligned = 1; aligned >= 0 && best != LP_LED_SAME; aligned--)
        for (uint64_t i = from; i <= off && i + 4 <= t->len && best != LP_LED_SAME; i++) {
            if (aligned != !((t->o + i) & 3) || (met && (meets_word(s, t->o + i, 4) || meets_word(NEW(d), t->n + i, 4)))) continue;
            const enum lp_led x = led_of(d, s, t, i, 4);
            if (x != LP_LED_SAME) lp_suppose_back(d, before);
            if (x > best) best = x, *at = i;
        }
    const uint64_t half = off - ((t->o + off) & 1);
    if (best != LP_LED_NOT || half > off || half + 2 > t->len) return best;
    const enum lp_led x = led_of(d, s, t, half, 2);
    if (x != LP_LED_NOT) *at = half, *width = 2;
    return x;
}
