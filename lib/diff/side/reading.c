/* diff/side/reading.c - is a word of data a number or an address? In a position-dependent program the file does not say, unless the linker kept its relocations
 * (-q). Both are looked at: what is the same, or does the same, either way needs no answer; else the word must be plainly the one or the other. */
#include <config.h>
#include "diff/side/code.h"
#include "diff/side/data.h"
#include "diff/side/seen.h"
#include "diff/side/walk.h"
#include "a64/a64.h"
#include "base/bits.h"
#include "base/search.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

bool lp_side_guesses(const struct lp_side *s) { return lp_elf_info(s->elf)->type == ET_EXEC && !s->kept; }

uint64_t lp_held_at(const struct lp_side *s, uint64_t at)
{
    const struct lp_word_at *w = lp_side_word(s, at);
    uint64_t avail = 0;
    const uint8_t *p = w ? NULL : lp_side_bytes(s, at, &avail);
    if (w) return w->kind == LP_WORD_ADDR && !w->sym ? w->value : 0;
    return p && avail >= 8 && lp_side_guesses(s) ? lp_le64(p) : 0;
}

/* ---- what code touches ---- */

static int by_addr(const void *a, const void *b)
{
    const struct lp_touch *x = a, *y = b;
    return x->addr != y->addr ? (x->addr < y->addr ? -1 : 1) : (x->width > y->width) - (x->width < y->width);
}

static void add_touch(struct lp_side *s, const struct lp_ref_at *r)
{
    const struct lp_span *x = r->kind == LP_FLOW_ADDR || r->kind == LP_FLOW_TARGET ? lp_side_span(s, r->addr) : NULL;
    if (!x || x->flags & (LP_SPAN_CODE | LP_SPAN_LINKER | LP_SPAN_GOT)) return;
    s->touch[s->ntouch++] = (struct lp_touch){r->addr, r->at, r->width, (r->flags & LP_FLOW_MAYBE) != 0};
}

void lp_side_touch(struct lp_side *s)
{
    if (!lp_side_guesses(s)) return;
    s->touch = malloc((s->nref + 1) * sizeof *s->touch);
    if (!s->touch) s->nomem = true;
    for (size_t i = 0; s->touch && i < s->natom; i++)
        for (uint32_t k = 0; lp_is_code_atom(&s->atom[i]) && k < s->atom[i].nref; k++) add_touch(s, &s->ref[s->atom[i].ref + k]);
    if (s->ntouch) qsort(s->touch, s->ntouch, sizeof *s->touch, by_addr);
}

/* An index is added, or nothing is read there: what goes through a field of an array's elements stops as far behind the array as that is in one. */
static bool leads_elsewhere(const struct lp_side *s, uint32_t function, uint64_t at)
{
    return lp_is_indexed(s, function, at) || lp_only_compared(s, function, at);
}

enum split { SPLIT_NOT, SPLIT_MAYBE, SPLIT };

/* Code refers to the middle of these 8 bytes, or reads a part of them: they are no one word. (Where what is plainly an address ends, an array of
 * such does.) If it may be another place that it reads, that is a hint only. */
static enum split split_at(const struct lp_side *s, uint64_t at, enum lp_likeness like)
{
    enum split split = SPLIT_NOT;
    for (size_t i = lp_count_below(s->touch, s->ntouch, sizeof *s->touch, at); i < s->ntouch && s->touch[i].addr < at + 8; i++) {
        const struct lp_touch *t = &s->touch[i];
        const uint32_t f = lp_side_atom(s, t->at);
        if (like == LP_LIKE_PLAINLY && !t->width && t->addr == at + 7) continue;
        if (!(t->width ? t->addr > at || t->width < 8 : t->addr > at && f != LP_NONE && !leads_elsewhere(s, f, t->at))) continue;
        if (!t->maybe) return SPLIT;
        split = SPLIT_MAYBE;
    }
    return split;
}

static bool is_touched(const struct lp_side *s, uint64_t at)
{
    size_t i = lp_count_below(s->touch, s->ntouch, sizeof *s->touch, at);
    return i < s->ntouch && s->touch[i].addr == at;
}

/* ---- one value ---- */

static bool is_text(uint8_t c) { return (c >= 32 && c != 127) || (c >= 7 && c <= 13) || c == 27; }

/* (Very many places may refer to tails of one text.) */
uint64_t lp_side_text(const struct lp_side *s, uint64_t addr)
{
    struct lp_seen_text *seen = lp_seen_text(s);
    uint64_t avail, n = 0;
    const uint8_t *p = lp_side_bytes(s, addr, &avail);
    if (!p) return 0;
    while (n < avail && is_text(p[n]) && addr + n - seen->from >= seen->end - seen->from) n++;
    if (addr + n - seen->from < seen->end - seen->from && seen->end - addr <= avail) n = seen->end - addr - 1;
    if (n >= avail || p[n] != 0) return 0;
    *seen = (struct lp_seen_text){addr < seen->from || addr >= seen->end ? addr : seen->from, addr + n + 1};
    return n + 1;
}

/* A text of two letters or more, with the end of another in front of it. */
bool lp_begins_text(const struct lp_side *s, uint64_t at)
{
    uint64_t avail;
    const uint8_t *p = lp_side_bytes(s, at - 1, &avail);
    return p && !*p && lp_side_text(s, at) >= 3;
}

/* Does nobody refer to the object, as far as it is seen, or a function that this one calls? Compilers move code out of several functions (clang -Oz). */
static enum lp_likeness moved_out(const struct lp_side *s, const struct lp_atom *f, const struct lp_atom *object)
{
    const size_t first = lp_count_below(s->touch, s->ntouch, sizeof *s->touch, object->start);
    const struct lp_words code = lp_words_of(s, (uint32_t)(f - s->atom));
    uint64_t target;
    uint32_t field;
    if (first == s->ntouch || s->touch[first].addr >= object->end) return LP_LIKE_PERHAPS;
    for (uint64_t at = f->start; at + 4 <= f->end; at += 4) {
        const uint32_t w = lp_words_at(&code, at);
        if (!lp_a64_is_bl(w) || !lp_word_target(w, at, &target, &field)) continue;
        target = lp_side_through(s, target);
        for (size_t i = first; i < s->ntouch && s->touch[i].addr < object->end; i++) {
            const uint32_t g = lp_side_atom(s, s->touch[i].at);
            if (g != LP_NONE && s->atom[g].start == target) return LP_LIKE_PLAINLY;
        }
    }
    return LP_LIKE_NO;
}

static bool is_letter(uint8_t c) { return c >= 32 && c < 127; }

static bool are_letters(uint64_t v)
{
    for (; v; v >>= 8)
        if (!is_letter(v & 255)) return false;
    return true;
}

/* Nothing goes on there from in front of it: in assembly, or in what was taken for one function, something that others lead to may begin there. */
static enum lp_likeness like_entry(const struct lp_side *s, const struct lp_atom *f, uint64_t v)
{
    uint64_t at = v;
    if (are_letters(v)) return LP_LIKE_NO;
    while (at > f->start && lp_code_word(s, at - 4) == LP_A64_NOP) at -= 4;
    return at > f->start && lp_ends_way(lp_code_word(s, at - 4)) ? LP_LIKE_PERHAPS : LP_LIKE_NO;
}

/* A place in a function: the address of a label if the function refers to what holds it, and jumps there. Compilers make no other use of labels. */
static enum lp_likeness like_label(const struct lp_side *s, const struct lp_atom *f, uint64_t at, uint64_t v)
{
    const uint32_t i = lp_side_atom(s, at);
    if (v & 3) return LP_LIKE_NO;
    if (!lp_seen_jumps(s, f)) return like_entry(s, f, v);
    if (i == LP_NONE || lp_is_code_atom(&s->atom[i])) return LP_LIKE_PERHAPS;
    const struct lp_ref_at *r = lp_refs_of_atom(s, f);
    for (uint32_t k = 0; k < f->nref; k++)
        if (r[k].addr >= s->atom[i].start && r[k].addr < s->atom[i].end) return LP_LIKE_PLAINLY;
    const enum lp_likeness like = moved_out(s, f, &s->atom[i]);
    return like == LP_LIKE_NO ? like_entry(s, f, v) : like;
}

/* Behind the last variable of a section: is it the end of that one? */
static enum lp_likeness like_end(const struct lp_side *s, uint64_t v)
{
    const uint32_t i = v > 4095 ? lp_side_atom(s, v - 1) : LP_NONE;
    return i != LP_NONE && lp_is_datum(&s->atom[i]) && s->atom[i].end == v ? LP_LIKE_PERHAPS : LP_LIKE_NO;
}

enum lp_likeness lp_like_address(const struct lp_side *s, uint64_t at, uint64_t v)
{
    if (lp_is_far(s, v)) return LP_LIKE_NO;
    const struct lp_span *x = v > 4095 ? lp_side_span(s, v) : NULL;
    const uint32_t i = x ? lp_side_atom(s, v) : LP_NONE;
    const struct lp_atom *a = i == LP_NONE ? NULL : &s->atom[i];
    if (!x) return like_end(s, v);
    if (x->flags & LP_SPAN_LINKER) return v == x->start && !(x->flags & LP_SPAN_CODE) ? LP_LIKE_PERHAPS : LP_LIKE_NO;
    if (!a) return x->flags & LP_SPAN_CODE ? LP_LIKE_NO : LP_LIKE_PERHAPS;
    if (lp_is_code_atom(a)) {
        if (a->start == v) return a->kind == LP_ATOM_LOOSE ? LP_LIKE_PERHAPS : LP_LIKE_PLAINLY;
        return like_label(s, a, at, v);
    }
    if (a->kind == LP_ATOM_OBJECT ? a->start == v : is_touched(s, v)) return LP_LIKE_PLAINLY;
    return a->kind != LP_ATOM_OBJECT && !(x->flags & LP_SPAN_WRITE) && lp_begins_text(s, v) ? LP_LIKE_PLAINLY : LP_LIKE_PERHAPS;
}

/* ---- a word of each ---- */

static bool value_at(const struct lp_side *s, const struct lp_atom *a, uint64_t at, uint64_t *v)
{
    uint64_t avail = 0;
    const uint8_t *p = at >= a->start && at < a->end && a->end - at >= 8 ? lp_side_bytes(s, at, &avail) : NULL;
    if (!p || avail < 8) return false;
    *v = lp_le64(p);
    return true;
}

/* Is there plainly an address as far from this word, in the same object of both? Tables repeat themselves. (NULL: one side only.) */
static bool is_among(const struct lp_side *o, uint64_t at, const struct lp_side *n, uint64_t other)
{
    enum { FAR = 64 };
    const uint32_t i = lp_side_atom(o, at), k = n ? lp_side_atom(n, other) : LP_NONE;
    for (int64_t off = -FAR; i != LP_NONE && off <= FAR; off += 8) {
        uint64_t v, w;
        if (!off || !value_at(o, &o->atom[i], at + (uint64_t)off, &v) || lp_like_address(o, at + (uint64_t)off, v) != LP_LIKE_PLAINLY) continue;
        if (!n) return true;
        if (k != LP_NONE && value_at(n, &n->atom[k], other + (uint64_t)off, &w) && lp_like_address(n, other + (uint64_t)off, w) == LP_LIKE_PLAINLY) return true;
    }
    return false;
}

/* A text of letters, digits and signs, of one at least, with the end of something in front of it, in constants without a name. */
static bool is_short_text(const struct lp_side *s, uint64_t v)
{
    const uint32_t i = lp_side_atom(s, v);
    uint64_t avail = 0;
    const uint8_t *p = i != LP_NONE && s->atom[i].kind == LP_ATOM_PIECE && lp_is_constant(s, &s->atom[i]) ? lp_side_bytes(s, v - 1, &avail) : NULL;
    uint64_t n = 1;
    while (p && n < avail && is_letter(p[n])) n++;
    return p && !p[0] && n > 1 && n < avail && !p[n];
}

/* Is it one of several words beside one another that lead to where different texts begin, and no other one may be an address? Each by itself says little
 * ("a"), but numbers do not do so together. */
static bool is_in_list(const struct lp_side *s, uint64_t at)
{
    enum { FAR = 64, WORDS = 2 * FAR / 8 + 1 };
    const uint32_t i = lp_side_atom(s, at);
    uint64_t seen[WORDS];
    unsigned n = 0;
    for (int64_t off = -FAR; i != LP_NONE && off <= FAR; off += 8) {
        const uint64_t place = at + (uint64_t)off;
        uint64_t v;
        if (!value_at(s, &s->atom[i], place, &v) || lp_like_address(s, place, v) == LP_LIKE_NO) continue;
        if (!is_short_text(s, v)) return false;
        unsigned k = 0;
        while (k < n && seen[k] != v) k++;
        if (k == n) seen[n++] = v;
    }
    return n > 1;
}

/* Do all who refer to these 8 bytes hand on the address, and no more? */
static bool is_handed_on(const struct lp_side *s, uint64_t at)
{
    bool any = false;
    for (size_t i = lp_count_below(s->touch, s->ntouch, sizeof *s->touch, at); i < s->ntouch && s->touch[i].addr < at + 8; i++) {
        const struct lp_touch *t = &s->touch[i];
        struct lp_handed h = {.lost = true};
        if (!t->width && t->addr == at) lp_handed(s, lp_side_atom(s, t->at), t->at, &h);
        if (h.lost || h.based || !h.n) return false;
        any = true;
    }
    return any;
}

/* A piece that is one text of letters, digits and signs, behind another text, and gets to others as a whole. "#%X" is 0x582523. */
static bool is_plain_text(const struct lp_side *s, const struct lp_atom *a)
{
    uint64_t avail;
    const uint8_t *p = lp_begins_text(s, a->start) ? lp_side_bytes(s, a->start, &avail) : NULL;
    for (; p && *p; p++)
        if (!is_letter(*p)) return false;
    return p && lp_align_up(a->start + lp_side_text(s, a->start), 8) >= a->end && is_handed_on(s, a->start);
}

/* Is it of the text that a piece begins with? "... == NULL" ends in 0x4c4c55. */
static bool is_of_text(const struct lp_side *s, uint64_t at)
{
    const uint32_t i = lp_side_atom(s, at);
    const struct lp_atom *a = i == LP_NONE ? NULL : &s->atom[i];
    if (!a || a->kind != LP_ATOM_PIECE || !a->used) return false;
    return at == a->start ? is_plain_text(s, a) : lp_side_text(s, a->start) > at - a->start;
}

/* Words of letters in objects: arrays of texts, structures with a name in them. Is it the end of one, begun in front ("cpuid")? */
static bool goes_on(const struct lp_side *s, uint64_t at)
{
    const uint32_t i = lp_side_atom(s, at);
    uint64_t avail;
    const uint8_t *p = i != LP_NONE && at > s->atom[i].start ? lp_side_bytes(s, at - 1, &avail) : NULL;
    return p && is_letter(*p);
}

/* Does an object hold the same bytes in both? */
static bool is_the_same(const struct lp_side *o, uint64_t at, const struct lp_side *n, uint64_t other)
{
    const uint32_t i = lp_side_atom(o, at), k = lp_side_atom(n, other);
    const struct lp_atom *a = i == LP_NONE || k == LP_NONE ? NULL : &o->atom[i], *b = a ? &n->atom[k] : NULL;
    uint64_t x = 0, y = 0;
    const uint8_t *p = a ? lp_side_bytes(o, a->start, &x) : NULL, *q = a ? lp_side_bytes(n, b->start, &y) : NULL;
    const uint64_t len = a ? a->end - a->start : 0;
    return p && q && b->end - b->start == len && x >= len && y >= len && memcmp(p, q, len) == 0;
}

enum lp_reading lp_read_word(const struct lp_side *s, uint64_t at, uint64_t v)
{
    const enum lp_likeness like = lp_like_address(s, at, v);
    const enum split split = like == LP_LIKE_NO || (at & 7) ? SPLIT : split_at(s, at, like);
    if (split == SPLIT || (like == LP_LIKE_PERHAPS && is_of_text(s, at))) return LP_READ_NUMBER;
    return (like == LP_LIKE_PLAINLY && split == SPLIT_NOT) || is_among(s, at, NULL, 0) || is_in_list(s, at) ? LP_READ_ADDRESS : LP_READ_EITHER;
}

enum lp_reading lp_read_number(const struct lp_side *s, const struct lp_ref_at *r)
{
    const enum lp_reading x = s->kept ? LP_READ_ADDRESS : lp_read_word(s, 0, r->addr);
    if (!(r->flags & LP_FLOW_MAYBE)) return x;
    return x == LP_READ_ADDRESS ? LP_READ_EITHER : LP_READ_NUMBER;
}

enum lp_reading lp_read_words(const struct lp_side *o, uint64_t at, uint64_t v, const struct lp_side *n, uint64_t other, uint64_t w)
{
    const enum lp_likeness x = lp_like_address(o, at, v), y = lp_like_address(n, other, w);
    if ((at | other) & 7 || (y == LP_LIKE_NO && w)) return LP_READ_NUMBER;
    const enum split here = split_at(o, at, x), there = split_at(n, other, y), split = here > there ? here : there;
    const bool plainly = x == LP_LIKE_PLAINLY && y == LP_LIKE_PLAINLY;
    if (split == SPLIT && !(plainly && v != w)) return LP_READ_NUMBER; /* a number does not change from one such address into another one */
    if (plainly && split != SPLIT_NOT) return split == SPLIT_MAYBE && is_among(o, at, n, other) ? LP_READ_ADDRESS : LP_READ_EITHER;
    if (v == w && (x == LP_LIKE_NO || (are_letters(v) && goes_on(o, at) && goes_on(n, other)))) return LP_READ_NUMBER;
    if (plainly) return LP_READ_ADDRESS;
    if (x != LP_LIKE_PLAINLY && y != LP_LIKE_PLAINLY && is_of_text(o, at) && is_of_text(n, other)) return LP_READ_NUMBER;
    if (!v || x != LP_LIKE_NO) {
        if (!w) return x == LP_LIKE_NO ? LP_READ_NUMBER : LP_READ_EITHER;
        if ((x == LP_LIKE_PLAINLY || y == LP_LIKE_PLAINLY || v != w) && is_among(o, at, n, other)) return LP_READ_ADDRESS;
        if (is_in_list(o, at) && is_in_list(n, other)) return LP_READ_ADDRESS;
    }
    const bool letters = v == w && are_letters(v) && is_the_same(o, at, n, other);
    return letters ? LP_READ_NUMBER : LP_READ_EITHER;
}

bool lp_only_texts(const struct lp_side *s, uint64_t at, uint64_t end)
{
    uint64_t avail = 0, n;
    const uint8_t *p = lp_side_bytes(s, at, &avail);
    if (!p || at > end || avail < end - at) return false;
    for (uint64_t k = 0; k < end - at; k += n) {
        n = p[k] ? lp_side_text(s, at + k) : 1;
        if (!n || n > end - at - k) return false;
    }
    return true;
}
