/* diff/pair/line.c - a function in which nothing but numbers differs, as __LINE__ does: debug information proves that, number by number, or the
 * parameter that it is; or nothing. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/code.h"
#include "diff/side/seen.h"
#include "base/bits.h"
#include "base/search.h"

#include <elf.h>
#include <string.h>

enum { NUMBERS_MAX = 256, WORDS_MAX = 64, AROUND = 12, SUFFIX_MAX = 4 }; /* words of a call; ".cpp" */

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

/* The inlined copy of that depth around a place: there is one at most. */
static const struct lp_elf_inlined *copy_at(const struct lines *l, uint64_t off, const struct lp_elf_inlined *like)
{
    for (size_t i = 0; i < l->ncopy && l->copy[i].addr <= l->start + off; i++)
        if (l->copy[i].end > l->start + off && l->copy[i].depth == like->depth) return strcmp(l->copy[i].name, like->name) == 0 ? &l->copy[i] : NULL;
    return NULL;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The next line of a source that the function has code of; 0 = none is known. */
static uint64_t line_behind(const struct lines *l, const char *file, uint64_t line)
{
    uint64_t next = 0;
    for (size_t i = 0; i < l->nrow; i++)
        if (l->row[i].line > line && (!next || l->row[i].line < next) && strcmp(l->row[i].file, file) == 0) next = l->row[i].line;
    return next;
}

/* A number of both files. file: base name of a source that the call gets, too, as __FILE__; or NULL. */
struct number { uint64_t v, w; const char *file; };

/* Is the number this line, in both? No line nearby will do, since any number of its size is near; but with the source's name it may be a further line of what
 * begins there, which has no code of its own: of a macro, compilers mean the first line or the last one. */
static bool is_at(const struct lines *o, const char *file, uint64_t line, const struct lines *n, const char *other, uint64_t now, const struct number *x)
{
    if (!file || !other || !line || strcmp(base_name(file), base_name(other)) != 0) return false;
    if (line == x->v && now == x->w) return true;
    return x->file && strcmp(base_name(file), x->file) == 0 && x->v > line && x->v - line == x->w - now && x->v < line_behind(o, file, line) &&
           x->w < line_behind(n, other, now);
}

/* Was the word at this offset made of that line: as a statement there, or in a call there that was inlined? */
static bool is_of_line(const struct lines *o, const struct lines *n, uint64_t off, const struct number *x)
{
    const struct lp_elf_line *a = row_at(o, off), *b = row_at(n, off);
    if (a && b && is_at(o, a->file, a->line, n, b->file, b->line, x)) return true;
    for (size_t i = 0; i < o->ncopy && o->copy[i].addr <= o->start + off; i++) {
        const struct lp_elf_inlined *c = &o->copy[i], *d = c->end > o->start + off ? copy_at(n, off, c) : NULL;
        if (d && is_at(o, c->call_file, c->call_line, n, d->call_file, d->call_line, x)) return true;
    }
    return false;
}

/* ---- what the number is for ---- */

/* Where the number is used that the word at *off makes: compilers load it earlier than that. The call that gets it, or the next word that reads it.
 * CALL_ALONE: no way leads past that call, to where it may be something else. */
enum use { NO_USE, BY_CALL, CALL_ALONE, BY_WORD };
static enum use to_use(const struct lp_side *s, const struct lp_atom *a, uint64_t *off)
{
    const unsigned reg = lp_code_word(s, a->start + *off) & 31;
    uint32_t mask;
    uint64_t to, at = *off + 4;
    bool forks = false;
    for (int i = 0; i < WORDS_MAX && at < a->end - a->start; i++) {
        const uint32_t w = lp_code_word(s, a->start + at);
        const bool call = lp_a64_is_call(w), jump = lp_a64_is_b(w);
        const struct lp_a64_regs r = lp_seen_word(s, w)->regs;
        if (jump) lp_word_target(w, a->start + at, &to, &mask);
        const bool leaves = jump && (to < a->start || to >= a->end);
        const enum use use = (call || leaves) && reg < 8 ? (forks ? BY_CALL : CALL_ALONE) : r.read >> reg & 1 ? BY_WORD : NO_USE;
        if (use) return *off = at, use;
        forks |= !jump && (lp_word_is_branch(w) || lp_ends_way(w));
        if (leaves || r.write >> reg & 1 || (call && reg < 19)) break;
        at = jump ? to - a->start : at + 4;
    }
    return NO_USE;
}

/* The text with the name of a source that the words around this one make, as far as the same call is meant: __FILE__. */
static const char *file_of(const struct lp_side *s, const struct lp_atom *a, uint64_t off)
{
    uint64_t from = off, to = off, n;
    while (from && from + 4 * AROUND > off && !lp_word_is_branch(lp_code_word(s, a->start + from - 4))) from -= 4;
    while (to < a->end - a->start && to < off + 4 * AROUND && !lp_word_is_branch(lp_code_word(s, a->start + to))) to += 4;
    for (uint32_t i = 0; i < a->nref; i++) {
        const struct lp_ref_at *r = &lp_refs_of_atom(s, a)[i];
        const bool here = r->kind == LP_FLOW_ADDR && r->at >= a->start + from && r->at < a->start + to;
        const char *text = here ? (const char *)lp_side_bytes(s, r->addr, &n) : NULL;
        const char *end = text ? memchr(text, 0, n) : NULL, *dot = end ? strrchr(text, '.') : NULL;
        if (dot && dot > base_name(text) && end - dot <= SUFFIX_MAX) return base_name(text);
    }
    return NULL;
}

/* What libraries declare with a line among the parameters: which. */
static const struct { const char *name; unsigned reg; } lined[] = {
    {"__assert_fail", 2}, {"__assert_perror_fail", 2},
    {"g_assertion_message", 2}, {"g_assertion_message_expr", 2}, {"g_assertion_message_cmpnum", 2}, {"g_assertion_message_cmpstr", 2},
    {"g_assertion_message_error", 2},
};

/* Is the number that parameter, and nothing else? No debugging information is needed for that. */
static bool is_lined(const struct lp_side *s, const struct lp_atom *a, uint64_t off)
{
    const unsigned reg = lp_code_word(s, a->start + off) & 31;
    uint32_t mask;
    uint64_t to;
    if (to_use(s, a, &off) != CALL_ALONE || !lp_word_target(lp_code_word(s, a->start + off), a->start + off, &to, &mask)) return false;
    to = lp_side_through(s, to);
    const uint32_t i = lp_side_atom(s, to);
    const struct lp_atom *f = i != LP_NONE && s->atom[i].start == to ? &s->atom[i] : NULL;
    const struct lp_dynsym *y = f && f->kind == LP_ATOM_PLT ? lp_plt_import(s, f) : NULL;
    const bool global = f && f->kind == LP_ATOM_FUNC && f->sym && f->sym->bind != STB_LOCAL;
    const char *name = y ? y->name : global ? f->sym->name : NULL;
    for (size_t k = 0; name && k < sizeof lined / sizeof *lined; k++)
        if (lined[k].reg == reg && strcmp(lined[k].name, name) == 0) return true;
    return false;
}

/* By the place of its use; or by its own, if it is a call's argument: where several calls became one, that has the line of one of them, or none. What is loaded
 * long before its use, or at the head of a function, has no line of its own, and the table gives it that of the word in front of it. */
static bool is_line(const struct lp_side *s, const struct lp_atom *a, const struct lines *o, const struct lines *n, uint64_t off, uint64_t v, uint64_t w)
{
    const struct number x = {v, w, file_of(s, a, off)};
    const struct lp_elf_line *own = row_at(o, off);
    uint64_t at = off;
    const enum use use = to_use(s, a, &at);
    const bool argument = use == BY_CALL || use == CALL_ALONE;
    return (use && is_of_line(o, n, at, &x)) || (argument && own && own->line != o->row[0].line && is_of_line(o, n, off, &x));
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

static bool is_number(const struct lp_atom *a) { return a->why == LP_WHY_NUMBER || a->why == LP_WHY_LINE || a->why == LP_WHY_LINE_ASSUMED; }

/* Does another function differ by as much, as all behind a new line do? */
static bool others_differ_so(lp_diff *d, uint32_t old_atom, int64_t delta)
{
    enum { OTHERS = 64 };
    uint32_t off;
    uint64_t v, w;
    for (uint32_t i = 0, tries = 0; i < OLD(d)->natom && tries < OTHERS; i++) {
        const struct lp_atom *a = &OLD(d)->atom[i];
        if (i == old_atom || !lp_is_code_atom(a) || a->pair == LP_NONE || !is_number(a)) continue;
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
    bool proved = n > 0 && n < NUMBERS_MAX, uniform = proved;
    for (size_t i = 0; i < n; i++) {
        uint64_t v, w, pc = a->start + off[i], qc = b->start + off[i];
        if (!number_of(lp_code_word(OLD(d), pc), &v) || !number_of(lp_code_word(NEW(d), qc), &w)) return LP_LINE_NOT;
        proved = proved && (is_lined(OLD(d), a, off[i]) || (!is_result(OLD(d), a, off[i]) && is_line(OLD(d), a, &rows, &others, off[i], v, w)));
        uniform &= i == 0 || *delta == (int64_t)(w - v);
        *delta = (int64_t)(w - v);
    }
    if (proved) return LP_LINE_PROVED;
    return uniform && (n > 1 || !is_result(OLD(d), a, off[0]) || others_differ_so(d, old_atom, *delta)) ? LP_LINE_LIKELY : LP_LINE_NOT;
}

static void remark(lp_diff *d, uint8_t why, const char *text)
{
    unsigned n = 0;
    char buf[32];
    const struct lp_atom *first = NULL;
    for (size_t i = 0; i < OLD(d)->natom; i++) {
        const struct lp_atom *a = &OLD(d)->atom[i];
        if (a->why == why && lp_diff_wants(d, lp_atom_name(a)) && !n++) first = a;
    }
    if (n) lp_diff_remark(d, "functions are left out in which nothing but %s (%u, the first: %s)", text, n, lp_atom_text(first, buf));
}

void lp_remark_lines(lp_diff *d)
{
    remark(d, LP_WHY_LINE, "line numbers differ, as debugging information or what gets them shows");
    remark(d, LP_WHY_LINE_ASSUMED, "numbers differ that look like line numbers, which --assume-line takes them for without proof");
}
