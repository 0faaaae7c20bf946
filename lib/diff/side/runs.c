/* diff/side/runs.c - which constants without names may be one table: data is cut where something refers to it, and that may be a row of a table, or a field of
 * its rows. */
#include <config.h>
#include "diff/side/side.h"
#include "base/bits.h"
#include "base/search.h"

#include <stdlib.h>

enum { MOST = 1 << 12 }; /* bytes of one table that was cut */

/* Of its constants most are the C library's: linkers put texts of that among tables of distances in another order each time, and what is beside one says
 * nothing. */
static bool is_static(const struct lp_side *s) { return !lp_elf_info(s->elf)->interp && !s->dynamic->library; }

bool lp_may_end_at(const struct lp_side *s, uint32_t i)
{
    if (s->objects || !i || i >= s->natom || is_static(s)) return false;
    const struct lp_atom *a = &s->atom[i], *front = a - 1;
    if (a->kind != LP_ATOM_PIECE || front->kind != LP_ATOM_PIECE || front->end != a->start || front->span != a->span) return false;
    if (!lp_stays_constant(s, a) || s->span[a->span].flags & LP_SPAN_NEW || (!lp_is_constant(s, a) && lp_side_guesses(s))) return false;
    if (lp_side_offsets(s, a->start, a->start + 1) || lp_side_offsets(s, front->start, front->end)) return false; /* these have bounds */
    return !lp_are_texts(s, front->start, front->end);
}

static bool is_text(const struct lp_side *s, const struct lp_atom *a) { return lp_begins_text(s, a->start) && lp_are_texts(s, a->start, a->end); }

uint64_t lp_addresses_in(const struct lp_side *s, uint64_t start, uint64_t end)
{
    uint64_t n = 0, avail = 0;
    const uint8_t *p = lp_side_bytes(s, start, &avail);
    for (uint64_t at = lp_align_up(start, 8); p && at + 8 <= end; at += 8) {
        const struct lp_word_at *w = lp_side_word(s, at);
        n += w || (lp_side_guesses(s) && at - start + 8 <= avail && lp_read_word(s, at, lp_le64(p + (at - start))) != LP_READ_NUMBER);
    }
    return n;
}

/* Numbers in front of nothing but addresses, or the other way round: rows of one table are alike. */
static bool are_unlike(const struct lp_side *s, const struct lp_atom *front, const struct lp_atom *a)
{
    enum { SOME = 2 };
    const uint64_t n = lp_addresses_in(s, front->start, front->end), m = lp_addresses_in(s, a->start, a->end);
    const uint64_t most = (front->end - front->start) / 8, others = (a->end - a->start) / 8;
    return (!n && m >= SOME && m == others) || (!m && n >= SOME && n == most && others);
}

static bool goes_on(const struct lp_side *s, uint32_t i)
{
    return lp_may_end_at(s, i) && !is_text(s, &s->atom[i]) && !are_unlike(s, &s->atom[i - 1], &s->atom[i]);
}

/* Once for each side: many words may lead into one of them. */
void lp_find_runs(struct lp_side *s)
{
    if (s->objects || !s->natom) return;
    s->run = malloc(s->natom * sizeof *s->run);
    if (!s->run) {
        s->nomem = true;
        return;
    }
    s->nrun = s->natom;
    for (uint32_t i = 0; i < s->natom; i++) s->run[i].first = i && goes_on(s, i) ? s->run[i - 1].first : i;
    for (uint32_t i = (uint32_t)s->natom; i-- > 0;) s->run[i].last = i + 1 < s->natom && s->run[i + 1].first <= i ? s->run[i + 1].last : i;
}

bool lp_goes_on(const struct lp_side *s, uint32_t i) { return i < s->nrun && s->run[i].first < i; }

uint32_t lp_last_of_table(const struct lp_side *s, uint32_t i)
{
    uint32_t lo = i, hi = i < s->nrun ? s->run[i].last : i;
    while (lo < hi) {
        const uint32_t mid = lo + (hi - lo + 1) / 2;
        if (s->atom[mid].end - s->atom[i].start <= MOST) lo = mid;
        else hi = mid - 1;
    }
    return lo;
}

uint32_t lp_first_of_table(const struct lp_side *s, uint32_t i)
{
    uint32_t lo = i < s->nrun ? s->run[i].first : i, hi = i;
    while (lo < hi) {
        const uint32_t mid = lo + (hi - lo) / 2;
        if (s->atom[i].end - s->atom[mid].start <= MOST) hi = mid;
        else lo = mid + 1;
    }
    return lo;
}
