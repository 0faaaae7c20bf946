/* diff/pair/line.c - a function in which nothing but numbers differs, as __LINE__ does: debug information proves that, or nothing. */
#include <config.h>
#include "diff/pair/pair.h"
#include "base/bits.h"
#include "base/search.h"

#include <string.h>

enum { NUMBERS_MAX = 256, LINES_MAX = 16, WORDS_MAX = 64 }; /* LINES_MAX: of one statement */

/* MOVZ of 16 bits to a W or X register: a line number is no larger in sources that people write. */
static bool number_of(uint32_t w, uint64_t *v)
{
    *v = lp_bits(w, 5, 16);
    return (w & 0x7fe00000) == 0x52800000;
}

/* What debugging information says of a function: its rows, and the calls that were inlined into it. */
struct lines { const struct lp_elf_line *row; size_t nrow; const struct lp_elf_inlined *copy; size_t ncopy; uint64_t start; };

/* Of the file that has the symbols, or else of the file itself. */
static struct lines lines_of(const struct lp_side *s, const struct lp_atom *a)
{
    struct lines l = {.start = a->start};
    const lp_elf *e = s->names;
    size_t n, m;
    if (lp_elf_lines(e, &l.row, &n, NULL) != LP_OK && s->names != s->elf) lp_elf_lines(e = s->elf, &l.row, &n, NULL);
    lp_elf_inlined(e, &l.copy, &m, NULL);
    size_t i = lp_count_below(l.row, n, sizeof *l.row, a->start), k = lp_count_below(l.copy, m, sizeof *l.copy, a->start);
    l.nrow = lp_count_below(l.row, n, sizeof *l.row, a->end) - i, l.ncopy = lp_count_below(l.copy, m, sizeof *l.copy, a->end) - k;
    if (l.row) l.row += i;
    if (l.copy) l.copy += k;
    return l;
}

static const struct lp_elf_line *row_at(const struct lines *l, uint64_t off)
{
    size_t n = lp_count_upto(l->row, l->nrow, sizeof *l->row, l->start + off);
    return n && l->start + off < l->row[n - 1].end ? &l->row[n - 1] : NULL;
}

static const struct lp_elf_inlined *copy_at(const struct lines *l, uint64_t off, const struct lp_elf_inlined *like)
{
    size_t i = lp_count_below(l->copy, l->ncopy, sizeof *l->copy, l->start + off);
    for (; i < l->ncopy && l->copy[i].addr == l->start + off; i++)
        if (l->copy[i].depth == like->depth && strcmp(l->copy[i].name, like->name) == 0) return &l->copy[i];
    return NULL;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Of what a line of the old source was made, and of which the same is in the new one. */
struct found { const char *file; bool other; };

static void look_at(struct found *f, const char *file, const char *other, bool same_line)
{
    if (!file || !other || (f->file && strcmp(f->file, base_name(file)) != 0)) return;
    if (same_line) f->file = base_name(file);
    f->other |= !same_line || strcmp(base_name(file), base_name(other)) != 0;
}

/* Does line v of the old source become line w of the new one, wherever the function has code or an inlined call of it? Where that is need not be where
 * the number is: compilers load it earlier, or once for several uses. */
static struct found find(const struct lines *o, const struct lines *n, uint64_t v, uint64_t w)
{
    struct found f = {0};
    for (size_t i = 0; i < o->nrow; i++) {
        const struct lp_elf_line *b = o->row[i].line == v ? row_at(n, o->row[i].addr - o->start) : NULL;
        if (b) look_at(&f, o->row[i].file, b->file, b->line == w);
    }
    for (size_t i = 0; i < o->ncopy; i++) {
        const struct lp_elf_inlined *b = o->copy[i].call_line == v ? copy_at(n, o->copy[i].addr - o->start, &o->copy[i]) : NULL;
        if (b) look_at(&f, o->copy[i].call_file, b->call_file, b->call_line == w);
    }
    return f;
}

static bool found(const struct lines *o, const struct lines *n, uint64_t v, uint64_t w)
{
    const struct found f = find(o, n, v, w);
    return f.file && !f.other;
}

/* A line without code, of a statement that has several: those in front of it and behind it that have code went as far. */
static bool lies_between(const struct lines *o, const struct lines *n, uint64_t v, uint64_t w)
{
    const struct lp_elf_line *below = NULL, *above = NULL;
    for (size_t i = 0; i < o->nrow; i++) {
        const struct lp_elf_line *a = &o->row[i];
        if (!a->line || a->line == v || strcmp(a->file, o->row[0].file) != 0) continue;
        if (a->line < v && (!below || a->line > below->line)) below = a;
        if (a->line > v && (!above || a->line < above->line)) above = a;
    }
    return below && above && above->line - below->line <= LINES_MAX && found(o, n, below->line, below->line + (w - v)) &&
           found(o, n, above->line, above->line + (w - v));
}

static bool becomes(const struct lines *o, const struct lines *n, uint64_t v, uint64_t w)
{
    const struct found f = find(o, n, v, w);
    return f.file ? !f.other : !f.other && lies_between(o, n, v, w);
}

/* ---- what the number is for ---- */

static bool near(uint64_t line, uint64_t v) { return line + LINES_MAX >= v && v + LINES_MAX >= line; }

/* Is the word at this offset of a statement about line v, or of an inlined call there? */
static bool is_of_line(const struct lines *l, uint64_t off, uint64_t v)
{
    const struct lp_elf_line *r = row_at(l, off);
    bool hit = r && near(r->line, v);
    for (size_t i = 0; i < l->ncopy && l->copy[i].addr <= l->start + off && !hit; i++) hit = l->copy[i].end > l->start + off && near(l->copy[i].call_line, v);
    return hit;
}

/* The number's own place, or that of the next call: it is an argument. */
static bool is_for_line(const struct lp_side *s, const struct lp_atom *a, const struct lines *l, uint64_t off, uint64_t v)
{
    uint32_t mask;
    uint64_t to;
    if (is_of_line(l, off, v)) return true;
    for (int i = 0; i < WORDS_MAX && off < a->end - a->start; i++) {
        uint32_t w = lp_code_word(s, a->start + off);
        bool call = lp_a64_is_call(w), jump = lp_a64_is_b(w);
        if (jump) lp_word_target(w, a->start + off, &to, &mask);
        if (call || (jump && (to < a->start || to >= a->end))) return is_of_line(l, off, v);
        off = jump ? to - a->start : off + 4;
    }
    return false;
}

/* Is it the function's result, which nobody else gets? Lines are told, in a call, or kept; a result of its own is mostly something else. */
static bool is_result(const struct lp_side *s, const struct lp_atom *a, uint64_t off)
{
    uint32_t mask;
    uint64_t to;
    if (lp_code_word(s, a->start + off) & 31) return false;
    off += 4;
    for (int i = 0; i < WORDS_MAX && off < a->end - a->start; i++) {
        const uint32_t w = lp_code_word(s, a->start + off);
        if (w == 0xd65f03c0 || w == 0xd65f0bff || w == 0xd65f0fff) return true; /* RET, RETAA, RETAB */
        const bool jump = lp_a64_is_b(w), other = (w & 0x1c000000) == 0x14000000 && !jump, store = (w & 0x0a400000) == 0x08000000;
        if (other || (store && !(w & 31))) return false;
        if (jump && (!lp_word_target(w, a->start + off, &to, &mask) || to < a->start || to >= a->end)) return false;
        off = jump ? to - a->start : off + 4;
    }
    return false;
}

/* Does another function differ by as much, as all behind a new line do? */
static bool others_differ_so(lp_diff *d, uint32_t old_atom, int64_t delta)
{
    enum { OTHERS = 64 };
    uint32_t off;
    uint64_t v, w;
    for (uint32_t i = 0, tries = 0; i < OLD(d)->natom && tries < OTHERS; i++) {
        const struct lp_atom *a = &OLD(d)->atom[i];
        if (i == old_atom || !lp_is_code_atom(a) || a->pair == LP_NONE || (a->why != LP_WHY_NUMBER && a->why != LP_WHY_LINE)) continue;
        tries++;
        if (!lp_differing_words(d, i, &off, 1) || !number_of(lp_code_word(OLD(d), a->start + off), &v)) continue;
        if (number_of(lp_code_word(NEW(d), NEW(d)->atom[a->pair].start + off), &w) && (int64_t)(w - v) == delta) return true;
    }
    return false;
}

enum lp_line_proof lp_line_proof(lp_diff *d, uint32_t old_atom, int64_t *delta)
{
    const struct lp_atom *a = &OLD(d)->atom[old_atom], *b = &NEW(d)->atom[a->pair];
    uint32_t off[NUMBERS_MAX];
    size_t n = lp_differing_words(d, old_atom, off, NUMBERS_MAX);
    const struct lines rows = lines_of(OLD(d), a), others = lines_of(NEW(d), b);
    bool proved = n > 0, uniform = n > 0 && n < NUMBERS_MAX;
    for (size_t i = 0; i < n; i++) {
        uint64_t v, w, pc = a->start + off[i], qc = b->start + off[i];
        if (!number_of(lp_code_word(OLD(d), pc), &v) || !number_of(lp_code_word(NEW(d), qc), &w)) return LP_LINE_NOT;
        proved = proved && is_for_line(OLD(d), a, &rows, off[i], v) && becomes(&rows, &others, v, w);
        uniform &= i == 0 || *delta == (int64_t)(w - v);
        *delta = (int64_t)(w - v);
    }
    if (!proved && uniform && n == 1 && is_result(OLD(d), a, off[0]) && !others_differ_so(d, old_atom, *delta)) return LP_LINE_NOT;
    return proved && n < NUMBERS_MAX ? LP_LINE_PROVED : uniform ? LP_LINE_LIKELY : LP_LINE_NOT;
}
