/* diff/side/pieces.c - PIECES: unnamed data, cut where something refers to it. */
#include <config.h>
#include "diff/side/code.h"
#include "diff/side/data.h"
#include "diff/side/walk.h"
#include "base/bits.h"
#include "base/search.h"
#include "base/sort.h"

#include <stdlib.h>

/* Is the address in the middle of a word that the dynamic linker fills, or that the linker says holds an address or a distance, or that plainly is the address
 * of a function? A base that is an address on some ways only may seem to lead there, or the last byte of an array, or what is in front of one (v[i - 1]). */
static bool inside_word(const struct lp_side *s, uint64_t addr)
{
    const size_t n = lp_count_upto(s->word, s->nword, sizeof *s->word, addr), k = lp_count_upto(s->field, s->nfield, sizeof *s->field, addr);
    uint64_t avail = 0;
    if (n && addr - s->word[n - 1].at - 1 < 7) return true;
    if (k && addr > s->field[k - 1].at && addr - s->field[k - 1].at < s->field[k - 1].width) return true;
    const uint8_t *p = addr & 7 && lp_side_guesses(s) ? lp_side_bytes(s, addr & ~UINT64_C(7), &avail) : NULL;
    const uint32_t f = p && avail >= 8 ? lp_side_start(s, lp_le64(p)) : LP_NONE;
    return f != LP_NONE && s->atom[f].kind == LP_ATOM_FUNC;
}

static void cut(struct lp_side *s, uint64_t addr)
{
    const struct lp_span *x = lp_side_span(s, addr);
    if (x && x->flags & LP_SPAN_NOTE) s->span[x - s->span].flags |= LP_SPAN_READ;
    if (!x || inside_word(s, addr) || x->flags & (LP_SPAN_CODE | LP_SPAN_LINKER | LP_SPAN_GOT) || lp_side_atom(s, addr) != LP_NONE) return;
    if (s->ncut == s->cut_cap) s->ncut = lp_sort_distinct(s->cut, s->ncut); /* thousands of places may refer to one */
    uint64_t *v = lp_grow(s->cut, &s->cut_cap, s->ncut > s->cut_cap / 2 ? s->cut_cap : s->ncut, sizeof *v);
    if (!v) {
        s->nomem = true;
        return;
    }
    s->cut = v;
    v[s->ncut++] = addr;
}

/* Where words of data lead to that the dynamic linker fills; but not into constants that a loop of code goes through, up to where code says that something else
 * begins: a pointer to an element does not end the array. */
static void cut_at_pointers(struct lp_side *s)
{
    size_t n;
    struct lp_step_start *start = lp_step_starts(s, &n);
    s->ncut = lp_sort_distinct(s->cut, s->ncut);
    const size_t ncode = n ? s->ncut : 0;
    uint64_t *code = malloc((ncode + 1) * sizeof *code);
    if (!code) s->nomem = true;
    for (size_t i = 0; code && i < ncode; i++) code[i] = s->cut[i];
    for (size_t i = 0; code && i < s->nword; i++) {
        const uint64_t to = s->word[i].value;
        if (s->word[i].kind != LP_WORD_ADDR) continue;
        const size_t k = lp_count_upto(code, ncode, sizeof *code, to), j = k ? lp_count_below(start, n, sizeof *start, code[k - 1]) : n;
        if (j == n || start[j].at != code[k - 1] || !lp_goes_through(s, &start[j], to)) cut(s, to);
    }
    free(code), free(start);
}

/* Words of data in a position-dependent program that look like addresses: nothing says whether they are. */
static void cut_at_words(struct lp_side *s)
{
    for (size_t i = 0; i < s->nspan && lp_side_guesses(s); i++) {
        const struct lp_span *x = &s->span[i];
        if (x->flags & (LP_SPAN_CODE | LP_SPAN_LINKER) || !x->bytes) continue;
        for (uint64_t at = lp_align_up(x->start, 8); at + 8 <= x->end; at += 8) cut(s, lp_le64(x->bytes + (at - x->start)));
    }
}

static void add_piece(struct lp_side *s, const struct lp_span *x, uint64_t start, uint64_t end, enum lp_atom_kind kind, bool used)
{
    struct lp_atom a = {.start = start, .end = end, .kind = (uint8_t)kind, .pair = LP_NONE, .span = (uint32_t)(x - s->span), .parent = LP_NONE,
                        .part = LP_NONE, .used = used};
    if (start < end) lp_side_add_atom(s, &a);
}

/* From one address to the next, in [start, end). */
static void pieces_in(struct lp_side *s, const struct lp_span *x, uint64_t start, uint64_t end)
{
    size_t i = lp_count_upto(s->cut, s->ncut, sizeof *s->cut, start);
    for (uint64_t at = start, next; at < end; at = next) {
        while (i < s->ncut && s->cut[i] <= at) i++;
        next = i < s->ncut && s->cut[i] < end ? s->cut[i] : end;
        add_piece(s, x, at, next, LP_ATOM_PIECE, i && s->cut[i - 1] == at);
    }
}

/* fn-less: every stretch of data between the atoms that there are. */
static void fill_gaps(struct lp_side *s)
{
    size_t known = s->natom;
    for (size_t i = 0, k = 0; i < s->nspan; i++) {
        const struct lp_span *x = &s->span[i];
        if (x->flags & (LP_SPAN_CODE | LP_SPAN_LINKER | LP_SPAN_GOT)) continue;
        uint64_t at = x->start;
        while (k < known && s->atom[k].end <= at) k++;
        for (; at < x->end && k < known && s->atom[k].start < x->end; k++) {
            if (s->atom[k].start > at) pieces_in(s, x, at, s->atom[k].start);
            if (s->atom[k].end > at) at = s->atom[k].end;
        }
        if (at < x->end) pieces_in(s, x, at, x->end);
        if (k) k--;
    }
    free(s->cut);
    s->cut = NULL, s->ncut = s->cut_cap = 0;
    lp_merge_atoms(s->atom, known, s->natom);
}

/* Atoms are put in order anew: what points at them by number comes along. */
static void renumber(struct lp_side *s, const uint64_t *start, size_t n)
{
    uint32_t *to = malloc((n + 1) * sizeof *to);
    if (!to) {
        s->nomem = true;
        return;
    }
    for (size_t i = 0; i < n; i++) to[i] = (uint32_t)(lp_count_upto(s->atom, s->natom, sizeof *s->atom, start[i]) - 1);
    for (size_t i = 0; i < s->nref && s->nreloc; i++)
        if (s->ref[i].base != LP_NONE) s->ref[i].base = to[s->ref[i].base];
    size_t named = 0; /* (where symbols contradict one another, another atom may begin at the same place) */
    for (size_t i = 0; i < s->nnamed; i++)
        if (s->atom[to[s->by_name[i]]].sym) s->by_name[named++] = to[s->by_name[i]];
    s->nnamed = named;
    for (size_t i = 0; i < s->natom; i++) {
        struct lp_atom *a = &s->atom[i];
        if (a->parent != LP_NONE) a->parent = to[a->parent];
        if (a->part != LP_NONE) a->part = to[a->part];
    }
    free(to);
}

static void add_tables(struct lp_side *s)
{
    size_t known = s->natom;
    for (size_t i = 0; i < s->ntable; i++) {
        const struct lp_flow_table *t = &s->table[i].t;
        const struct lp_span *x = t->n ? lp_side_span(s, t->at) : NULL;
        uint64_t end = t->at + (uint64_t)t->n * t->entry_bytes;
        if (!x || end > x->end || x->flags & LP_SPAN_CODE) continue;
        size_t k = lp_count_upto(s->atom, known, sizeof *s->atom, end - 1);
        if (k && s->atom[k - 1].end > t->at) continue;
        add_piece(s, x, t->at, end, LP_ATOM_TABLE, true);
    }
    lp_sort_atoms(s->atom + known, s->natom - known);
    lp_merge_atoms(s->atom, known, s->natom);
    size_t n = 0; /* two functions may seem to share one */
    for (size_t i = 0; i < s->natom; i++)
        if (!n || s->atom[i].kind != LP_ATOM_TABLE || s->atom[i].start >= s->atom[n - 1].end) s->atom[n++] = s->atom[i];
    s->natom = n;
}

/* Words that only exception tables lead to, where no symbol says so. */
static void add_type_words(struct lp_side *s)
{
    const size_t known = s->natom;
    const uint64_t *v = s->type_word;
    for (size_t i = 0; i < s->ntype_word; i++) {
        const struct lp_span *x = lp_side_span(s, v[i]);
        if (!x || x->flags & (LP_SPAN_CODE | LP_SPAN_GOT | LP_SPAN_LINKER) || x->end - v[i] < 8 || (i && v[i] - v[i - 1] < 8)) continue;
        const size_t k = lp_count_upto(s->atom, known, sizeof *s->atom, v[i] + 7);
        if (!k || s->atom[k - 1].end <= v[i]) add_piece(s, x, v[i], v[i] + 8, LP_ATOM_WORD, true);
    }
    lp_merge_atoms(s->atom, known, s->natom);
}

/* The data that tables of offsets lead to. */
static void cut_at_offsets(struct lp_side *s)
{
    lp_find_offsets(s);
    for (size_t i = 0; i < s->noffsets; i++) {
        uint64_t start = s->offsets[i].start, avail = 0;
        const uint8_t *p = lp_side_bytes(s, start, &avail);
        for (uint64_t off = 0; p && start + off + 4 <= s->offsets[i].end && off + 4 <= avail; off += 4)
            cut(s, start + (uint64_t)lp_sext(lp_le32(p + off), 32));
    }
}

/* What words lead to that are by themselves: those of a table count from its start. */
static void cut_at_fields(struct lp_side *s)
{
    for (size_t i = 0; i < s->nfield; i++)
        if (s->field[i].addr != UINT64_MAX && !lp_side_offsets(s, s->field[i].at, s->field[i].at + 1)) cut(s, s->field[i].addr);
}

/* Does the word by itself say where something is? (Where a pointer goes that is moved on, again and again, is in what it was at first.) */
static bool leads(const struct lp_ref_at *r)
{
    return (r->kind == LP_FLOW_ADDR && !(r->flags & LP_FLOW_STEPS)) || r->kind == LP_FLOW_TARGET || r->kind == LP_REF_NUMBER || r->flags & LP_FLOW_ALONE;
}

static void find_paged(struct lp_side *s)
{
    for (size_t i = 0; i < s->nref; i++) {
        const struct lp_ref_at *r = &s->ref[i];
        const uint32_t a = (r->kind == LP_FLOW_ADDR && r->flags & LP_FLOW_OF_PAGE) || r->kind == LP_FLOW_TARGET ? lp_side_start(s, r->addr) : LP_NONE;
        if (a != LP_NONE && s->atom[a].kind == LP_ATOM_PIECE) s->atom[a].paged = true;
    }
}

/* ---- fields of an array's elements ---- */

struct fields { uint64_t *v; size_t n, cap; };

/* The addresses to which a function adds an index; not a[i - 1], which is in front of the array. */
static size_t indexed_by(const struct lp_side *s, const struct lp_atom *a, uint64_t *v, size_t most)
{
    size_t n = 0;
    for (uint32_t k = 0; k < a->nref && n < most; k++) {
        const struct lp_ref_at *r = &s->ref[a->ref + k];
        int64_t off;
        const bool in_front = lp_word_offset(lp_code_word(s, r->at), &off) && off < 0;
        if (r->kind == LP_FLOW_ADDR && r->flags & LP_FLOW_INDEXED && !in_front) v[n++] = r->addr;
    }
    lp_sort_numbers(v, n);
    return n;
}

/* Of two that are so near one another, the second is probably a field of the first one's elements. (Two small arrays are as well one piece.) */
static bool is_field(const struct lp_side *s, uint64_t first, uint64_t second)
{
    enum { ELEMENT = 32 };
    const struct lp_span *x = second != first && second - first < ELEMENT ? lp_side_span(s, second) : NULL;
    return x && !(x->flags & (LP_SPAN_WRITE | LP_SPAN_BSS | LP_SPAN_CODE)) && lp_side_span(s, first) == x;
}

static void add_field(struct lp_side *s, struct fields *f, uint64_t addr)
{
    uint64_t *more = lp_grow(f->v, &f->cap, f->n, sizeof *more);
    if (more) f->v = more, more[f->n++] = addr;
    else s->nomem = true;
}

static void find_fields(struct lp_side *s, const struct lp_atom *a, struct fields *f)
{
    uint64_t v[64];
    const size_t n = indexed_by(s, a, v, sizeof v / sizeof *v);
    for (size_t k = 1; k < n; k++)
        if (is_field(s, v[k - 1], v[k])) add_field(s, f, v[k]);
}

struct walked { struct lp_side *s; struct fields *f; };

static void add_walked(void *ctx, uint64_t first, uint64_t last)
{
    struct walked *x = ctx;
    for (size_t i = lp_count_upto(x->s->cut, x->s->ncut, sizeof *x->s->cut, first); i < x->s->ncut && x->s->cut[i] <= last; i++)
        add_field(x->s, x->f, x->s->cut[i]);
}

/* Nothing begins at a field, and what is in front goes on behind. */
static void mend_cuts(struct lp_side *s)
{
    struct fields f = {0};
    size_t n = 0;
    for (uint32_t i = 0; i < s->natom && !s->objects; i++) {
        if (!lp_is_code_atom(&s->atom[i])) continue;
        find_fields(s, &s->atom[i], &f);
        lp_each_walk(s, i, add_walked, &(struct walked){s, &f});
    }
    lp_sort_numbers(f.v, f.n);
    for (size_t i = 0; i < s->ncut; i++)
        if (!lp_is_among(f.v, f.n, s->cut[i])) s->cut[n++] = s->cut[i];
    s->ncut = n;
    free(f.v);
}

/* Does anything begin where the word leads? (inner: not by what is a part of a constant whose address was made.) */
static bool begins_there(const struct lp_side *s, uint32_t function, const struct lp_ref_at *r, bool inner)
{
    const struct lp_atom *f = &s->atom[function];
    uint64_t first;
    if (!leads(r) || lp_is_end_twice(s, f, r) || (inner && lp_is_inner(s, r)) || lp_goes_back_from(s, function, r)) return false;
    return s->objects || !lp_indexed_in_front(s, f, r, &first);
}

void lp_diff_pieces(struct lp_side *s)
{
    size_t n = s->natom;
    uint64_t *start = malloc((n + 1) * sizeof *start);
    if (!start) s->nomem = true;
    if (s->nomem || !n) {
        free(start);
        return;
    }
    for (size_t i = 0; i < n; i++) start[i] = s->atom[i].start;
    s->objects = lp_side_has_objects(s);
    const bool inner = !s->objects && lp_elf_made_by(s->elf, "clang");
    add_tables(s);
    add_type_words(s);
    for (uint32_t i = 0; i < s->natom; i++)
        for (uint32_t k = 0; lp_is_code_atom(&s->atom[i]) && k < s->atom[i].nref; k++) {
            const struct lp_ref_at *r = &s->ref[s->atom[i].ref + k];
            if (begins_there(s, i, r, inner)) cut(s, r->addr);
        }
    cut_at_pointers(s);
    for (size_t i = 0; i < s->nreloc; i++)
        if (s->reloc[i].addr != UINT64_MAX && !lp_side_field(s, s->reloc[i].at)) cut(s, s->reloc[i].addr);
    cut_at_words(s);
    s->ncut = lp_sort_distinct(s->cut, s->ncut);
    cut_at_offsets(s);
    cut_at_fields(s);
    s->ncut = lp_sort_distinct(s->cut, s->ncut);
    mend_cuts(s);
    fill_gaps(s);
    s->atom = lp_trim(s->atom, &s->atom_cap, s->natom, sizeof *s->atom);
    lp_side_index(s);
    renumber(s, start, n);
    for (size_t i = 0; i < s->ntable; i++) {
        uint32_t a = s->table[i].t.n ? lp_side_start(s, s->table[i].t.at) : LP_NONE;
        if (a != LP_NONE && s->atom[a].kind == LP_ATOM_TABLE) s->table[i].atom = a;
    }
    find_paged(s);
    lp_side_touch(s);
    free(start);
}
