/* diff/pair/around.c - NAME, constants without names: what is around them. Data is cut where something refers to it, and nothing says whether another thing
 * begins there, or whether it is a row of a table, a field of its rows, or where the one in front ends. So what is behind such a cut counts, too, as far as
 * the one thing may go; and what is in front, where an address may be the end of that. (A text ends where it says, and symbols say where a table does.) */
#include <config.h>
#include "diff/pair/pair.h"
#include "a64/a64.h"
#include "a64/access.h"
#include "base/bits.h"
#include "base/search.h"

#include <stdlib.h>

enum { MOST = 1 << 12 }; /* bytes of one table that was cut */
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

/* Nothing but texts, each to its end? Compilers align them to 8 bytes; other zeros behind a short one make a number of it, as any do behind one letter. (No
 * number of 4 bytes begins at an odd place.) */
static bool are_texts(const struct lp_side *s, uint64_t start, uint64_t end)
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
    }
    return true;
}

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
    return !are_texts(s, front->start, front->end);
}

static bool is_text(const struct lp_side *s, const struct lp_atom *a) { return lp_begins_text(s, a->start) && are_texts(s, a->start, a->end); }

/* How many words there are that hold addresses, of whole ones. */
static uint64_t addresses(const struct lp_side *s, uint64_t start, uint64_t end)
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
    const uint64_t n = addresses(s, front->start, front->end), m = addresses(s, a->start, a->end);
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

/* Does the function make the address of the end, to which something goes by steps, or does nothing of it go by steps through what is in front of that? */
static bool steps_to(const struct lp_side *s, uint32_t self, const struct lp_atom *a)
{
    const struct lp_atom *f = &s->atom[self];
    const struct lp_ref_at *r = lp_refs_of_atom(s, f);
    bool steps = false, ends = false;
    for (uint32_t k = 0; k < f->nref; k++) {
        steps |= r[k].flags & LP_FLOW_STEPS && r[k].addr >= a->start && r[k].addr <= a->end;
        ends |= lp_makes_address(&r[k]) && r[k].addr == a->end && lp_ends_steps(s, self, r[k].at, a->end);
    }
    return !steps || ends;
}

/* Does the function read there, by itself and no farther than to the end of the piece? */
static bool is_bounded(const struct lp_side *s, const struct lp_use *u, uint32_t i)
{
    struct lp_handed h;
    if (!u->at || u->self == LP_NONE || !lp_is_read(s, u->self, u->at)) return false;
    if (lp_is_indexed_to(s, u->self, u->at, u->addr, s->atom[i].end)) return false;
    lp_handed(s, u->self, u->at, &h);
    return !h.lost && !h.n && steps_to(s, u->self, &s->atom[i]);
}

/* The same to where the one thing may go. */
static bool same_rows(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n, uint32_t a, uint32_t b)
{
    const struct lp_side *s = NEW(d);
    const uint32_t i = lp_last_of_table(o, a), k = lp_last_of_table(s, b);
    if (i == a && k == b) return true;
    const uint64_t len = o->atom[i].end - u->addr, other = s->atom[k].end - n->addr, common = len < other ? len : other;
    uint64_t at;
    if (o == OLD(d) && lp_any_overwritten(d, u->addr, o->atom[i].end)) return false;
    if (len != other && !(lp_only_zeros(o, u->addr + common, o->atom[i].end) && lp_only_zeros(s, n->addr + common, s->atom[k].end))) return false;
    return lp_same_data(d, o, u->addr, n->addr, common, &at);
}

/* From where what ends at the address goes to it, and is no text; the address: nothing does. */
static uint64_t front_of(const struct lp_side *s, uint32_t i, uint64_t addr)
{
    const uint64_t start = s->atom[i].start;
    if (addr == start) return lp_may_end_at(s, i) ? s->atom[i - 1].start : addr;
    return s->objects || are_texts(s, start, addr) ? addr : start;
}

/* Is something added to it that may lead out of what begins there? */
static bool is_led_out(const struct lp_side *s, const struct lp_use *u)
{
    const uint32_t i = lp_side_atom(s, u->addr);
    return i == LP_NONE || lp_is_indexed_to(s, u->self, u->at, u->addr, s->atom[i].end);
}

/* Are there nothing but addresses in front of it, where the word reads less than one? */
static bool reads_less(const struct lp_side *s, const struct lp_use *u)
{
    const uint32_t i = lp_side_atom(s, u->addr), w = lp_code_word(s, u->at);
    const struct lp_atom *front = i == LP_NONE || !i ? NULL : &s->atom[i - 1];
    struct lp_a64_access m;
    if (!front || !lp_a64_access(lp_a64_find(w, LP_A64_ALL), w, &m) || m.bytes >= 8) return false;
    return front->end - front->start >= 8 && addresses(s, front->start, front->end) == (front->end - front->start) / 8;
}

/* Is something read there at once? */
static bool is_start(const struct lp_side *s, const struct lp_use *u)
{
    if (!u->at || u->self == LP_NONE) return false;
    if (reads_less(s, u)) return true;
    return lp_is_read(s, u->self, u->at) ? !is_led_out(s, u) : lp_is_read_by_call(s, u->self, u->at);
}

/* Has data beside a word that holds the address another one that leads into what ends there? */
static bool is_led_into(const struct lp_side *s, uint64_t addr, uint32_t front)
{
    enum { NEAR = 32 };
    const uint64_t start = s->atom[lp_first_of_table(s, front)].start;
    bool led = lp_side_guesses(s);
    for (size_t k = 0; k < s->nword && !led; k++) {
        const struct lp_word_at *w = &s->word[k];
        if (w->kind != LP_WORD_ADDR || w->value != addr) continue;
        for (size_t i = lp_count_below(s->word, s->nword, sizeof *w, w->at - NEAR); i < s->nword && s->word[i].at <= w->at + NEAR; i++)
            led |= s->word[i].kind == LP_WORD_ADDR && s->word[i].value >= start && s->word[i].value < addr;
    }
    return led;
}

/* A text that is too long for a number. (Zeros behind it may align what comes next.) */
static bool begins_long_text(const struct lp_side *s, uint64_t at)
{
    uint64_t avail = 0, n = 0;
    const uint8_t *p = lp_begins_text(s, at) ? lp_side_bytes(s, at, &avail) : NULL;
    while (p && n < avail && is_letter(p[n])) n++;
    return p && n > SHORT && n < avail && !p[n];
}

/* Does another function of the file get it, or perhaps? */
static bool is_handed_on(const struct lp_side *s, const struct lp_use *u)
{
    struct lp_handed h;
    lp_handed(s, u->self, u->at, &h);
    bool own = h.lost || lp_is_compared(s, u->self, u->at);
    for (size_t i = 0; i < h.n && !own; i++) own = h.v[i].to == LP_HANDED_BACK || lp_side_start(s, h.v[i].to) != LP_NONE;
    return own;
}

/* Is it a text's, where whoever has it has nothing else of what is in front of it, as who has the end of a table has? */
static bool is_surely_text(const struct lp_side *s, const struct lp_use *n, uint32_t b)
{
    if (s->atom[b].start != n->addr || !begins_long_text(s, n->addr)) return false;
    if (!lp_may_end_at(s, b)) return true; /* nothing is in front of it */
    if (!n->at || n->self == LP_NONE) return !is_led_into(s, n->addr, b - 1);
    bool any = lp_is_compared(s, n->self, n->at);
    for (uint32_t i = lp_first_of_table(s, b - 1); i < b && !any; i++) any = lp_refers_into(s, n->self, &s->atom[i]);
    return !any || (!is_led_out(s, n) && !is_handed_on(s, n));
}

/* Whose address the new one is, if a constant of the old file is looked for by it; NULL: it is compared with one. */
static const struct lp_use *wanted_at(const lp_diff *d, uint64_t addr) { return d->wanted && d->wanted->addr == addr ? d->wanted : NULL; }

static bool same_front(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n, uint32_t a, uint32_t b)
{
    const struct lp_side *s = NEW(d);
    const uint64_t len = u->addr - front_of(o, a, u->addr), other = n->addr - front_of(s, b, n->addr), common = len < other ? len : other;
    uint64_t at;
    if (!len && !other) return true;
    if (common && lp_same_data(d, o, u->addr - common, n->addr - common, common, &at)) return true;
    const struct lp_use *wanted = wanted_at(d, n->addr);
    if (is_surely_text(s, wanted ? wanted : n, b)) return true;
    return wanted ? is_start(s, wanted) : is_start(s, n) && (o != OLD(d) || is_start(o, u));
}

bool lp_same_around(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n, uint32_t a, uint32_t b)
{
    enum { DEEP = 2 }; /* what a constant leads to, and no farther */
    if (u->width || n->width || d->depth > DEEP || o->span[o->atom[a].span].flags & LP_SPAN_NEW) return true;
    const struct lp_use *wanted = wanted_at(d, n->addr);
    return (same_rows(d, o, u, n, a, b) || is_bounded(NEW(d), wanted ? wanted : n, b)) && same_front(d, o, u, n, a, b);
}

/* ---- what the dynamic linker writes, and nobody else: of that, pairs are the same, whatever they hold ---- */

/* Is what is behind a pair the pair of what is behind the other one, as far as it may be a part of the same table? */
static bool stays_whole(const lp_diff *d, uint32_t a, uint32_t b)
{
    const bool more = lp_goes_on(OLD(d), a + 1), here = lp_goes_on(NEW(d), b + 1);
    if (!more && !here) return true;
    const struct lp_atom *x = &OLD(d)->atom[a], *y = &NEW(d)->atom[b];
    const bool none = more && here && (x[1].pair & y[1].pair) == LP_NONE && !x[1].parted && x[1].end - x[1].start == y[1].end - y[1].start;
    return more && here && (none || x[1].pair == b + 1) && x->end - x->start == y->end - y->start;
}

/* Do both go on as far? */
bool lp_same_length(const lp_diff *d, const struct lp_side *o, uint32_t a, uint32_t b)
{
    const struct lp_side *s = NEW(d);
    if (!lp_goes_on(o, a + 1) && !lp_goes_on(s, b + 1)) return true;
    if (lp_is_constant(s, &s->atom[b]) || !lp_stays_constant(s, &s->atom[b])) return true;
    return o->atom[lp_last_of_table(o, a)].end - o->atom[a].start == s->atom[lp_last_of_table(s, b)].end - s->atom[b].start;
}

/* A row of a table that grew is no pair any more, nor is what is in front of it. True: some are none now. */
bool lp_part_tables(lp_diff *d)
{
    struct lp_side *s = NEW(d);
    bool any = false;
    for (uint32_t i = (uint32_t)s->natom; i-- > 0 && !s->objects && !OLD(d)->objects;) {
        struct lp_atom *b = &s->atom[i], *a = b->pair == LP_NONE ? NULL : &OLD(d)->atom[b->pair];
        if (!a || b->kind != LP_ATOM_PIECE || lp_is_constant(s, b) || !lp_stays_constant(s, b) || stays_whole(d, b->pair, i)) continue;
        a->pair = b->pair = LP_NONE;
        any = a->parted = b->parted = true;
    }
    return any;
}
