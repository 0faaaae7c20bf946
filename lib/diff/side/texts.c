/* diff/side/texts.c - does data without a name look like texts, and like no numbers that happen to be letters? */
#include <config.h>
#include "diff/side/data.h"
#include "base/search.h"

enum { SHORT = 3, LONG = 5 }; /* letters: too many for a number of 2 bytes, of 4 */

static bool is_letter(uint8_t c) { return (c >= ' ' && c <= '~') || (c >= '\t' && c <= '\r') || c == 033; }

/* Where the text begins in which it is: another one's tail has letters in front of it. 0: that is no text. */
static uint64_t head_of(const struct lp_side *s, uint64_t at)
{
    enum { FAR = 4096 };
    const struct lp_span *x = lp_side_span(s, at);
    for (unsigned n = 0; x && x->bytes && at > x->start && n < FAR; at--, n++)
        if (!is_letter(x->bytes[at - 1 - x->start])) return x->bytes[at - 1 - x->start] ? 0 : at;
    return x && at == x->start ? at : 0;
}

/* The same behind it: another one's tail is cut off. */
static bool ends_in_text(const uint8_t *p, uint64_t avail)
{
    uint64_t n = 0;
    while (n < avail && is_letter(p[n])) n++;
    return n < avail && !p[n];
}

/* Is there a word that the dynamic linker fills? (0xc0c is two form feeds.) */
static bool is_filled(const struct lp_side *s, uint64_t start, uint64_t end)
{
    const size_t i = lp_count_below(s->word, s->nword, sizeof *s->word, start);
    return i < s->nword && s->word[i].at < end;
}

/* Is a text that is too long for a number beside it, or beside others that are beside it? */
static bool is_among_texts(const struct lp_side *s, uint64_t head, uint64_t end)
{
    enum { MOST = 8, PADDING = 8 };
    const struct lp_span *x = lp_side_span(s, head);
    const uint8_t *p = x && x->bytes ? x->bytes : NULL;
    const uint64_t size = p ? x->end - x->start : 0;
    uint64_t at = end - (p ? x->start : end), n, k;
    for (unsigned i = 0; p && i < MOST && at < size; i++, at += n + k) {
        for (n = 0; at + n < size && is_letter(p[at + n]); n++) {}
        for (k = 0; at + n + k < size && !p[at + n + k] && k <= PADDING; k++) {}
        if (!n || !k || k > PADDING) break;
        if (n >= LONG) return true;
    }
    at = head - (p ? x->start : head);
    for (unsigned i = 0; p && i < MOST && at; i++, at -= n + k) {
        for (k = 0; k < at && !p[at - k - 1] && k <= PADDING; k++) {}
        for (n = 0; n + k < at && is_letter(p[at - k - n - 1]); n++) {}
        if (!n || !k || k > PADDING || (n + k < at && p[at - k - n - 1])) break;
        if (n >= LONG) return true;
    }
    return false;
}

/* Nothing but texts, each to its end? Compilers align them to 8 bytes; other zeros behind a short one make a number of it, as any do behind one letter, or
 * where no longer one is near. (No number of 4 bytes begins at an odd place.) */
bool lp_are_texts(const struct lp_side *s, uint64_t start, uint64_t end)
{
    enum { ALIGNED = 8 };
    uint64_t avail = 0, k = 0, text, n, head = head_of(s, start);
    const uint8_t *p = lp_side_bytes(s, start, &avail);
    if (!p || avail < end - start || !head || is_filled(s, start, end)) return false;
    for (; k < end - start; k = n, head = start + n) {
        for (text = k; text < end - start && is_letter(p[text]); text++) {}
        if (k < text && text == end - start) return ends_in_text(p + text, avail - text);
        for (n = text; n < end - start && !p[n]; n++) {}
        const bool padded = n - text > 1, aligned = !(head & (ALIGNED - 1)) && !((start + n) & (ALIGNED - 1)) && n - text <= ALIGNED;
        const uint64_t letters = start + text - head;
        const bool is_short = head & 3 ? letters < SHORT : letters < LONG && (!aligned || letters == 1);
        if (!letters || n == text || n - text > 2 * ALIGNED || (padded && is_short)) return false;
        if (padded && letters < LONG && !(head & 3) && !is_among_texts(s, head, start + n)) return false;
    }
    return true;
}

/* (Zeros behind it may align what comes next.) */
bool lp_begins_long_text(const struct lp_side *s, uint64_t at)
{
    uint64_t avail = 0, n = 0;
    const uint8_t *p = lp_begins_text(s, at) ? lp_side_bytes(s, at, &avail) : NULL;
    while (p && n < avail && is_letter(p[n])) n++;
    return p && n > SHORT && n < avail && !p[n];
}

/* Letters, and zeros up to its end? *empty: nothing but zeros. */
static bool is_row(const uint8_t *p, uint64_t n, bool *empty)
{
    uint64_t k = 0;
    while (k < n && is_letter(p[k])) k++;
    *empty = !k;
    while (k < n && !p[k]) k++;
    return k == n;
}

uint64_t lp_rows_end(const struct lp_side *s, uint64_t start, uint64_t most)
{
    enum { LEAST = 2, LARGEST = 64 };
    uint64_t avail = 0, n = 0;
    bool empty = false;
    const uint8_t *p = lp_side_bytes(s, start, &avail);
    while (p && n < avail && n <= LARGEST && is_letter(p[n])) n++;
    if (!n || n >= avail || n > LARGEST || p[n]) return start;
    while (n < avail && n <= LARGEST && !p[n]) n++;
    uint64_t end = n;
    while (n >= LEAST && n <= LARGEST && !empty && (end == n || start + end < most) && avail - end >= n && is_row(p + end, n, &empty))
        end += n; /* an empty one is the last */
    return end > n ? start + end : start;
}

bool lp_only_zeros(const struct lp_side *s, uint64_t addr, uint64_t end)
{
    uint64_t avail;
    const uint8_t *p = addr < end ? lp_side_bytes(s, addr, &avail) : NULL;
    return !p || lp_all_zero(p, end - addr < avail ? end - addr : avail);
}
