/* diff/side/runs.c - which constants without names may be one table: data is cut where something refers to it, and that may be a row of a table, or a field of
 * its rows. */
#include <config.h>
#include "diff/side/code.h"
#include "diff/side/data.h"
#include "diff/side/walk.h"
#include "a64/a64.h"
#include "base/bits.h"
#include "base/search.h"

#include <stdlib.h>

enum { MOST = 1 << 12 }; /* bytes of one table that was cut */

/* Words that lead into one function, each from where it is, or all from the first, but for those that are not used: a table of its places, to which code goes
 * that is not understood. Numbers do not. */
static bool are_places(const struct lp_side *s, uint64_t start, uint64_t end, bool own)
{
    enum { SOME = 4 };
    uint64_t avail = 0;
    const uint8_t *p = (start | end) & 3 ? NULL : lp_side_bytes(s, start, &avail);
    uint32_t f = LP_NONE;
    unsigned n = 0;
    for (uint64_t off = 0; p && off + 4 <= end - start && off + 4 <= avail; off += 4) {
        const uint64_t to = start + (own ? off : 0) + (uint64_t)lp_sext(lp_le32(p + off), 32);
        if (!lp_le32(p + off)) continue;
        if (!n++) f = lp_side_atom(s, to);
        if (!lp_is_within(s, f, to) || !lp_is_code_atom(&s->atom[f])) return false;
    }
    return n >= SOME;
}

/* Does it say itself where it begins and ends? */
static bool has_bounds(const struct lp_side *s, const struct lp_atom *a)
{
    return lp_side_offsets(s, a->start, a->end) || are_places(s, a->start, a->end, true) || are_places(s, a->start, a->end, false);
}

/* ---- arrays of short texts ---- */

enum { ROWS_END = 1, ROWS_GO_ON };

/* Does the function add something to the address there, or go on from it by more than a letter? A text has no elements. */
static bool has_elements(const struct lp_side *s, uint32_t f, const struct lp_ref_at *r)
{
    const uint32_t w = lp_code_word(s, r->at);
    int64_t by = lp_word_back(w);
    if (lp_makes_address(r) && !(r->flags & LP_FLOW_INDEXED)) return lp_is_indexed(s, f, r->at);
    if (!(r->flags & LP_FLOW_STEPS)) return r->flags & LP_FLOW_INDEXED;
    if (!by && (!lp_a64_is_add_sub_imm(w) || !lp_word_offset(w, &by))) by = 0;
    return by > 1 || by < -1;
}

static void mark_rows(struct lp_side *s, uint64_t start, uint64_t end)
{
    for (size_t i = lp_count_upto(s->atom, s->natom, sizeof *s->atom, start); i < s->natom && s->atom[i].start <= end; i++) {
        const uint8_t rows = s->atom[i].start < end ? ROWS_GO_ON : ROWS_END;
        if (s->atom[i].rows < rows) s->atom[i].rows = rows;
    }
}

/* A field of the rows of a table, behind the first one's start: of a text, letters are not taken by an index and a number. */
static bool is_of_rows(const struct lp_side *s, uint32_t i, const struct lp_ref_at *r)
{
    int64_t off;
    if ((r->flags & (LP_FLOW_INDEXED | LP_FLOW_STEPS)) != LP_FLOW_INDEXED || !i || r->addr != s->atom[i].start) return false;
    const struct lp_atom *front = &s->atom[i - 1];
    return lp_word_offset(lp_code_word(s, r->at), &off) && off > 0 && front->end == r->addr && r->addr - (uint64_t)off >= front->start;
}

/* Each looks like a text, and the array like texts that nobody refers to, or other code. */
static void find_rows(struct lp_side *s)
{
    for (uint32_t f = 0; f < s->natom; f++)
        for (uint32_t k = 0; lp_is_code_atom(&s->atom[f]) && k < s->atom[f].nref; k++) {
            const struct lp_ref_at *r = &s->ref[s->atom[f].ref + k];
            const uint32_t i = r->kind == LP_FLOW_ADDR ? lp_side_atom(s, r->addr) : LP_NONE;
            if (i == LP_NONE || !lp_is_unnamed_constant(s, &s->atom[i])) continue;
            const uint64_t end = s->atom[i].end;
            if (is_of_rows(s, i, r)) mark_rows(s, r->addr - 1, r->addr + 1), mark_rows(s, r->addr, end);
            if (lp_rows_end(s, r->addr, end) >= end && has_elements(s, f, r)) mark_rows(s, r->addr, lp_rows_end(s, r->addr, r->addr + MOST));
        }
}

/* ---- runs ---- */

/* What glibc's crt1.o has in front of all constants of a program (_IO_stdin_used), which no code of it uses. */
static bool is_of_start(const struct lp_side *s, const struct lp_atom *a)
{
    enum { STDIN_USED = 0x20001 };
    uint64_t avail = 0;
    const uint8_t *p = a->used || s->span[a->span].start != a->start ? NULL : lp_side_bytes(s, a->start, &avail);
    return p && avail >= 4 && lp_le32(p) == STDIN_USED && lp_only_zeros(s, a->start + 4, a->end);
}

bool lp_may_end_at(const struct lp_side *s, uint32_t i)
{
    if (s->objects || !i || i >= s->natom) return false;
    const struct lp_atom *a = &s->atom[i], *front = a - 1;
    if (a->kind != LP_ATOM_PIECE || front->kind != LP_ATOM_PIECE || front->end != a->start || front->span != a->span) return false;
    if (!lp_stays_constant(s, a) || s->span[a->span].flags & LP_SPAN_NEW || (!lp_is_constant(s, a) && lp_side_guesses(s))) return false;
    if (!a->rows && lp_are_texts(s, front->start, front->end)) return false;
    return !lp_side_offsets(s, a->start, a->start + 1) && !has_bounds(s, front) && !has_bounds(s, a) && !is_of_start(s, front);
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
    const struct lp_atom *a = &s->atom[i];
    return lp_may_end_at(s, i) && (a->rows == ROWS_GO_ON || (!is_text(s, a) && !are_unlike(s, a - 1, a)));
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
    find_rows(s);
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
