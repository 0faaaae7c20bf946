/* diff/side/relative.c - words of data that hold addresses in another way than 8 bytes at a multiple of 8: distances (`.long f - .`, or from the start of a
 * table, or from a place in it, as the address point of a table of virtual functions), and addresses in 4 bytes or at any place of a position-dependent
 * program. What they lead to in both files: pair/led.c. */
#include <config.h>
#include "diff/side/data.h"
#include "diff/side/walk.h"
#include "base/bits.h"
#include "base/search.h"
#include "elf/reloc.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { PLT32 = 314, GOTPCREL32 = 315 }; /* R_AARCH64_... that elf.h may not have */

/* ---- by relocation ---- */

static const struct field { uint32_t type; uint8_t width; bool relative; } fields[] = {
    {R_AARCH64_ABS32, 4, false}, {R_AARCH64_ABS16, 2, false}, {R_AARCH64_PREL64, 8, true}, {R_AARCH64_PREL32, 4, true}, {R_AARCH64_PREL16, 2, true},
    {PLT32, 4, true}, {GOTPCREL32, 4, true},
};

void lp_side_fields(struct lp_side *s)
{
    size_t cap = 0;
    for (size_t i = 0; i < s->nreloc; i++) {
        const struct lp_reloc_at *r = &s->reloc[i];
        const struct field *f = NULL;
        for (size_t k = 0; k < sizeof fields / sizeof *fields && !f; k++)
            if (fields[k].type == r->type) f = &fields[k];
        const struct lp_span *x = f ? lp_side_span(s, r->at) : NULL;
        if (!x || !x->bytes || x->flags & (LP_SPAN_CODE | LP_SPAN_LINKER) || x->end - r->at < f->width) continue;
        struct lp_field_at *v = lp_grow(s->field, &cap, s->nfield, sizeof *v);
        if (!v) {
            s->nomem = true;
            return;
        }
        s->field = v;
        v[s->nfield++] = (struct lp_field_at){r->at, r->addr, r->sym, f->width, f->relative};
    }
}

const struct lp_field_at *lp_side_field(const struct lp_side *s, uint64_t at)
{
    return lp_find_number(s->field, s->nfield, sizeof *s->field, at);
}

/* ---- what an address is the start of ---- */

enum lp_start lp_start_at(const struct lp_side *s, uint64_t v)
{
    const struct lp_span *x = lp_side_span(s, v);
    const uint32_t i = x && !(x->flags & LP_SPAN_LINKER) ? lp_side_atom(s, v) : LP_NONE;
    const struct lp_atom *a = i == LP_NONE ? NULL : &s->atom[i];
    if (!a) return LP_START_NONE;
    if (lp_is_code_atom(a)) return a->start == v && a->kind != LP_ATOM_LOOSE ? LP_START_FUNC : LP_START_NONE;
    if (a->kind != LP_ATOM_OBJECT && lp_is_constant(s, a) && lp_begins_text(s, v)) return LP_START_TEXT;
    return a->start == v && (a->kind == LP_ATOM_OBJECT || a->used) ? LP_START_DATA : LP_START_NONE;
}

/* Code of which nothing says where its functions begin. */
bool lp_is_loose(const struct lp_side *s, uint64_t v)
{
    const struct lp_span *x = v & 3 ? NULL : lp_side_span(s, v);
    const uint32_t i = x && x->flags & LP_SPAN_CODE ? lp_side_atom(s, v) : LP_NONE;
    return x && x->flags & LP_SPAN_CODE && (i == LP_NONE || s->atom[i].kind == LP_ATOM_LOOSE);
}

uint32_t lp_field_of(const struct lp_side *s, const struct lp_field_at *f)
{
    return f->sym == UINT64_MAX ? LP_NONE : lp_side_start(s, f->sym);
}

/* ---- tables of offsets: as code shows, or, where one function is made of the ends of several (clang -Oz), by what they hold ---- */

/* Behind the end of another text, or of something else that ends in 0. */
static bool is_behind_zero(const struct lp_side *s, uint64_t at)
{
    const struct lp_span *x = at ? lp_side_span(s, at) : NULL;
    const uint8_t *p = x && x->bytes && !(x->flags & (LP_SPAN_CODE | LP_SPAN_LINKER | LP_SPAN_WRITE)) && at > x->start ? x->bytes + (at - x->start) : NULL;
    return p && !p[-1] && lp_side_text(s, at);
}

/* An entry that leads to a text. *sure: there is no doubt about it. */
static bool is_offset(const struct lp_side *s, uint64_t start, uint64_t at, const uint8_t *p, bool *sure)
{
    const struct lp_field_at *f = lp_side_field(s, at);
    const uint64_t to = start + (uint64_t)lp_sext(lp_le32(p), 32);
    if (s->kept && (!f || !f->relative || f->width != 4)) return false;
    *sure = f && f->sym != UINT64_MAX ? f->addr - f->sym == at - start : lp_begins_text(s, to);
    return *sure || (is_behind_zero(s, to) && (!f || f->sym == UINT64_MAX));
}

/* No text is in the table itself, to which small numbers and zeros of a structure would lead. Where one begins, the table ends. */
static bool leads_out(uint64_t start, uint64_t at, const uint8_t *p, uint64_t *end)
{
    const uint64_t to = start + (uint64_t)lp_sext(lp_le32(p), 32);
    if (to - start < at + 4 - start) return false;
    if (to > at && to < *end) *end = to;
    return true;
}

/* From a place that something refers to up to `end`, where something else is: how far a table of offsets from there to texts goes. start: it is none. */
static uint64_t end_of_texts(const struct lp_side *s, uint64_t start, uint64_t end)
{
    enum { SOME = 4 };
    uint64_t avail = 0, n = 0, all = 0, at = start;
    const uint8_t *p = start & 3 ? NULL : lp_side_bytes(s, start, &avail);
    bool sure = false;
    if (!p || avail < end - start) return start;
    for (; at + 4 <= end; at += 4, all++, n += sure) {
        if (!s->kept && !leads_out(start, at, p + (at - start), &end)) break;
        if (!is_offset(s, start, at, p + (at - start), &sure)) break;
    }
    const bool enough = s->kept ? n > 1 || (n && all == 1) : n >= SOME && 4 * n >= 3 * all && lp_all_zero(p + (at - start), end - at);
    return enough ? at : start;
}

/* Too few to be sure: each of at least two words leads to the start of a text, and code that is not seen gets the address. 0: it is not so. */
uint64_t lp_may_be_offsets(const struct lp_side *s, const struct lp_atom *a)
{
    uint64_t avail = 0, at = a->start, end = a->end;
    const uint8_t *p = s->kept || a->start & 3 ? NULL : lp_side_bytes(s, a->start, &avail);
    bool sure = true, away = false;
    for (; p && at + 4 <= end && at + 4 - a->start <= avail && sure; at += sure ? 4 : 0)
        sure = leads_out(a->start, at, p + (at - a->start), &end) && is_offset(s, a->start, at, p + (at - a->start), &sure) && sure;
    if (at < a->start + 8 || !lp_all_zero(p + (at - a->start), end - at)) return 0;
    for (uint32_t f = 0; f < s->natom && !away; f++)
        for (uint32_t k = 0; lp_is_code_atom(&s->atom[f]) && k < s->atom[f].nref && !away; k++) {
            const struct lp_ref_at *r = &lp_refs_of_atom(s, &s->atom[f])[k];
            away = r->kind == LP_FLOW_ADDR && !r->width && r->addr == a->start && !lp_only_base(s, f, r->at);
        }
    return away ? at : 0;
}

/* How far a table of offsets goes: as far as its symbol, else up to the next address that is referred to, or an entry that leads nowhere. */
static uint64_t end_of_offsets(const struct lp_side *s, uint64_t start)
{
    uint32_t a = lp_side_atom(s, start);
    const struct lp_span *x = lp_side_span(s, start);
    size_t next = lp_count_upto(s->cut, s->ncut, sizeof *s->cut, start), i = lp_count_upto(s->atom, s->natom, sizeof *s->atom, start);
    if (a != LP_NONE) return s->atom[a].end;
    if (!x || !x->bytes) return start;
    uint64_t end = x->end, at = start;
    const struct lp_field_at *f = lp_side_field(s, at);
    if (next < s->ncut && s->cut[next] < end) end = s->cut[next];
    if (i < s->natom && s->atom[i].start < end) end = s->atom[i].start;
    for (; f && at + 4 <= end && f < s->field + s->nfield && f->at == at && f->relative && f->width == 4; f++) at += 4;
    if (at > start) return at;
    while (at + 4 <= end && lp_side_span(s, start + (uint64_t)lp_sext(lp_le32(x->bytes + (at - x->start)), 32))) at += 4;
    return at;
}

static int by_start(const void *a, const void *b)
{
    const struct lp_offsets *x = a, *y = b;
    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    return (x->end < y->end) - (x->end > y->end);
}

static void add_offsets(struct lp_side *s, size_t *n, size_t *cap, uint64_t start, uint64_t end)
{
    struct lp_offsets *v = end > start ? lp_grow(s->offsets, cap, *n, sizeof *v) : NULL;
    if (!v) {
        s->nomem |= end > start;
        return;
    }
    s->offsets = v;
    v[(*n)++] = (struct lp_offsets){start, end};
}

/* clang says it by the name; each entry leads somewhere then. */
static bool is_named_so(const struct lp_side *s, const struct lp_atom *a)
{
    uint64_t avail = 0;
    const bool named = a->sym && !s->kept && strncmp(a->sym->name, "reltable.", 9) == 0 && !((a->start | a->end) & 3);
    const uint8_t *p = named ? lp_side_bytes(s, a->start, &avail) : NULL;
    for (uint64_t off = 0; p && off < a->end - a->start; off += 4)
        if (off + 4 > avail || !lp_side_span(s, a->start + (uint64_t)lp_sext(lp_le32(p + off), 32))) return false;
    return p;
}

/* What code refers to, or a symbol names, and no code shows to be such a table. */
static void offsets_by_content(struct lp_side *s, size_t *n, size_t *cap)
{
    for (size_t i = 0; i < s->ncut; i++) {
        const struct lp_span *x = lp_side_span(s, s->cut[i]);
        const size_t k = lp_count_upto(s->atom, s->natom, sizeof *s->atom, s->cut[i]);
        uint64_t end = i + 1 < s->ncut && s->cut[i + 1] < x->end ? s->cut[i + 1] : x->end;
        if (k < s->natom && s->atom[k].start < end) end = s->atom[k].start;
        if (!(x->flags & (LP_SPAN_WRITE | LP_SPAN_BSS))) add_offsets(s, n, cap, s->cut[i], end_of_texts(s, s->cut[i], end));
    }
    for (size_t i = 0; i < s->natom; i++) {
        const struct lp_atom *a = &s->atom[i];
        if (a->kind == LP_ATOM_OBJECT && lp_is_constant(s, a)) add_offsets(s, n, cap, a->start, is_named_so(s, a) ? a->end : end_of_texts(s, a->start, a->end));
    }
}

void lp_find_offsets(struct lp_side *s)
{
    size_t n = 0, cap = 0;
    for (size_t i = 0; i < s->ntable; i++) {
        const uint64_t at = s->table[i].t.at;
        if (s->table[i].t.offsets) add_offsets(s, &n, &cap, at, end_of_offsets(s, at));
    }
    offsets_by_content(s, &n, &cap);
    if (n) qsort(s->offsets, n, sizeof *s->offsets, by_start);
    for (size_t i = 0; i < n; i++)
        if (!s->noffsets || s->offsets[i].start >= s->offsets[s->noffsets - 1].end) s->offsets[s->noffsets++] = s->offsets[i];
}

static bool is_function(const struct lp_side *s, uint64_t v) { return lp_start_at(s, v) == LP_START_FUNC; }

/* Does a word that is so much lead to the start of a function, or to code that may be one: from itself, from the start of what it is in, or from a place
 * between or near the start (as the address point of a table of virtual functions)? */
static bool leads_to_function(const struct lp_side *s, uint64_t start, uint64_t at, uint64_t v)
{
    enum { NEAR = 8, MOST = 256 };
    const uint64_t last = start + (at - start < NEAR ? NEAR : at - start < MOST ? at - start : MOST);
    if (lp_is_loose(s, at + v) || is_function(s, at + v)) return true;
    const struct lp_span *x = lp_side_span(s, start + v), *y = lp_side_span(s, last + v);
    if (!(x && x->flags & LP_SPAN_CODE) && !(y && y->flags & LP_SPAN_CODE)) return false; /* as most numbers */
    for (uint64_t base = start; base <= last; base += 4)
        if (is_function(s, base + v)) return true;
    return false;
}

/* Most of what is not zero leads to functions: no numbers do, unless by chance. */
static bool like_distances(const struct lp_side *s, uint64_t start, uint64_t end, unsigned width)
{
    uint64_t avail = 0, n = 0, hits = 0;
    const uint8_t *p = s->kept ? NULL : lp_side_bytes(s, start, &avail);
    for (uint64_t off = 0; p && off + width <= end - start && off + width <= avail; off += width) {
        const uint64_t v = lp_le_int(p + off, width, true);
        n += v != 0, hits += v && leads_to_function(s, start, start + off, v);
    }
    return hits && 2 * hits >= n && (hits > 1 || p[width - 1] & 0x80);
}

bool lp_like_distances(const struct lp_side *s, uint64_t start, uint64_t end) { return like_distances(s, start, end, 4) || like_distances(s, start, end, 8); }

/* Its first words lead to other things. Not asked but where some code reads tables that are not known: numbers may do, too. */
bool lp_may_be_lost(const struct lp_side *s, uint64_t start, uint64_t end)
{
    enum { WORDS = 2 };
    uint64_t avail = 0, off = 0, stop = end;
    const uint8_t *p = s->kept || !s->lost || start & 3 ? NULL : lp_side_bytes(s, start, &avail);
    while (p && off < 4 * WORDS && off + 4 <= end - start && off + 4 <= avail) {
        if (!leads_out(start, start + off, p + off, &stop) || !lp_side_span(s, start + (uint64_t)lp_sext(lp_le32(p + off), 32))) return false;
        off += 4;
    }
    return off;
}
