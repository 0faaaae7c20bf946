/* diff/write/offsets.c - tables of offsets from their own start to texts and objects (`.word text - table`), which need no relocations. What an entry leads to
 * may be nowhere near in the patched file, so a table that changed is left as it is, and those that use it have another one; as of all constants that are
 * larger or smaller now, and of those whose address is compared. */
#include <config.h>
#include "diff/write/write.h"
#include "base/bits.h"
#include "base/search.h"

#include <elf.h>
#include <string.h>

/* ---- as new data ---- */

/* An entry is relative to the start of the table, and the relocation to the entry: "rel prel32 text+0x8" for the third one. */
static bool print_entry(lp_diff *d, uint64_t table, uint64_t at, const uint8_t *p)
{
    const struct lp_use u = {table + (uint64_t)lp_sext(lp_le32(p), 32), LP_NONE, LP_NONE, 0, 0};
    const struct lp_there t = lp_there_from(lp_there(d, &u), (int64_t)(at - table));
    if (!t.known) return false;
    lp_buf_puts(&d->items, "rel prel32 ");
    lp_there_print(d, &t, &d->items);
    lp_buf_puts(&d->items, "\n");
    return true;
}

bool lp_print_offsets(lp_diff *d, uint64_t at, uint64_t end, const uint8_t *p)
{
    const struct lp_offsets *x = lp_side_offsets(NEW(d), at, at + 1);
    bool good = x && !((at - x->start) & 3) && !((end - at) & 3);
    for (uint64_t off = 0; good && off < end - at; off += 4) good = print_entry(d, x->start, at + off, p + off);
    return good;
}

/* ---- tables of both files that are not the same ---- */

static bool is_table(const struct lp_side *s, const struct lp_atom *a)
{
    return lp_is_datum(a) && lp_is_constant(s, a) && lp_side_offsets(s, a->start, a->end);
}

/* A page that gets away, or from which not all offsets are known, may lead to it, too. */
enum use { USE_NO, USE_MAYBE, USE_PLAIN };

static enum use use_of(const struct lp_side *s, const struct lp_atom *f, const struct lp_atom *table)
{
    enum { PAGE = 4096 };
    bool opaque = false, hit = false, page = false, away = false;
    for (uint32_t k = 0; k < f->nref; k++) {
        const struct lp_ref_at *r = &s->ref[f->ref + k];
        const bool near = r->kind == LP_FLOW_PAGE && r->addr + PAGE > table->start && r->addr < table->end;
        hit |= (r->kind == LP_FLOW_ADDR || r->kind == LP_FLOW_TARGET || r->kind == LP_REF_NUMBER) && r->addr >= table->start && r->addr < table->end;
        opaque |= r->kind == LP_FLOW_OPAQUE;
        page |= near;
        away |= near && r->flags & LP_FLOW_ALONE;
    }
    return away || (opaque && page) ? USE_MAYBE : hit ? USE_PLAIN : USE_NO;
}

static bool leads_into(const struct lp_atom *table, uint64_t v) { return v >= table->start && v < table->end; }

/* Is its address in data, from where any code may have it? In a position-dependent program nothing says which words are addresses. */
bool lp_is_pointed_at(const struct lp_side *s, const struct lp_atom *table)
{
    for (size_t i = 0; i < s->nword; i++)
        if (s->word[i].kind == LP_WORD_ADDR && leads_into(table, s->word[i].value)) return true;
    for (size_t i = 0; i < s->nspan && lp_elf_info(s->elf)->type == ET_EXEC; i++) {
        const struct lp_span *x = &s->span[i];
        for (uint64_t at = lp_align_up(x->start, 8); x->bytes && !(x->flags & (LP_SPAN_CODE | LP_SPAN_LINKER)) && at + 8 <= x->end; at += 8)
            if (leads_into(table, lp_le64(x->bytes + (at - x->start)))) return true;
    }
    return false;
}

/* What led to the old one leads elsewhere: by words in their places, of which there are none if it was a base for others only; or, of a table of offsets and
 * where not all is known, in a new body. */
static void change_user(lp_diff *d, struct lp_atom *f, bool in_place)
{
    struct lp_atom *a = &OLD(d)->atom[f->pair];
    const bool same = a->state != LP_DIFF_CHANGED || a->why == LP_WHY_NUMBER;
    uint32_t first = 0;
    if (same && in_place && !lp_differing_words(d, f->pair, &first, 1)) return;
    if (!in_place) f->no_place = true;
    a->state = f->state = LP_DIFF_CHANGED;
    if (same) a->why = f->why = in_place ? LP_WHY_REFS : LP_WHY_TABLE, a->differs = f->differs = first;
}

static void change_users(lp_diff *d, const struct lp_atom *table, bool in_place)
{
    for (size_t i = 0; i < NEW(d)->natom; i++) {
        struct lp_atom *f = &NEW(d)->atom[i];
        if (!lp_is_function(f) || f->pair == LP_NONE) continue;
        const enum use use = use_of(NEW(d), f, table);
        if (use != USE_NO) change_user(d, f, in_place && use == USE_PLAIN);
    }
}

/* ---- constants of another size ---- */

/* Do others find it by its name, or code by a slot? These lead to the old one. */
static bool is_shared(const struct lp_side *s, const struct lp_atom *a)
{
    for (size_t i = 0; i < s->dynamic->nsym; i++)
        if (s->dynamic->sym[i].shndx != SHN_UNDEF && leads_into(a, s->dynamic->sym[i].value)) return true;
    for (size_t i = 0; i < s->nword; i++) {
        const struct lp_span *x = s->word[i].kind == LP_WORD_ADDR && leads_into(a, s->word[i].value) ? lp_side_span(s, s->word[i].at) : NULL;
        if (x && x->flags & LP_SPAN_GOT) return true;
    }
    return false;
}

/* The same function led to another address than the object's end in the old file: to what begins behind it now. */
static bool led_elsewhere(const lp_diff *d, uint32_t f, uint64_t at, const struct lp_atom *b)
{
    const struct lp_atom *x = &NEW(d)->atom[f];
    if (x->pair == LP_NONE || x->state != LP_DIFF_SAME) return false;
    const struct lp_atom *y = &OLD(d)->atom[x->pair];
    const struct lp_ref_at *v = lp_refs_of_atom(OLD(d), y);
    const size_t k = lp_count_below(v, y->nref, sizeof *v, y->start + (at - x->start));
    const bool one = k < y->nref && v[k].at - y->start == at - x->start && (k + 1 == y->nref || v[k + 1].at != v[k].at);
    return one && v[k].kind != LP_FLOW_PAGE && !v[k].width && v[k].addr != OLD(d)->atom[b->pair].end;
}

/* The same of a word of data. */
static bool held_elsewhere(lp_diff *d, uint64_t at, const struct lp_atom *b)
{
    const uint32_t i = lp_side_atom(NEW(d), at), k = i == LP_NONE ? LP_NONE : NEW(d)->atom[i].pair;
    if (k == LP_NONE || lp_is_code_atom(&NEW(d)->atom[i])) return false;
    const uint64_t was = OLD(d)->atom[k].start + (at - NEW(d)->atom[i].start);
    uint64_t ignored;
    if (was + 8 > OLD(d)->atom[k].end || lp_held_at(OLD(d), was) == OLD(d)->atom[b->pair].end) return false;
    return lp_same_data(d, OLD(d), was, at, 8, &ignored);
}

/* Is the address of its end made for others? It may as well be that of what begins there, and which of the two decides where it leads now. What is read there,
 * or was elsewhere, is the latter; and the former, if it is only compared where the object is used. */
static bool has_end_of(const lp_diff *d, uint32_t f, const struct lp_atom *b)
{
    const struct lp_side *s = NEW(d);
    bool uses = false, compared = false;
    for (uint32_t k = 0; k < s->atom[f].nref; k++) {
        const struct lp_ref_at *r = &s->ref[s->atom[f].ref + k];
        uses |= r->kind != LP_FLOW_PAGE && leads_into(b, r->addr);
        if (r->kind == LP_FLOW_PAGE || r->addr != b->end || r->base != LP_NONE || r->width || r->flags & LP_FLOW_INDEXED) continue;
        if (r->kind == LP_REF_NUMBER) return true;
        if (lp_is_read(s, f, r->at) || lp_is_indexed(s, f, r->at) || lp_is_read_by_call(s, f, r->at) || led_elsewhere(d, f, r->at, b)) continue;
        if (!lp_only_compared(s, f, r->at)) return true;
        compared = true;
    }
    return compared && !uses;
}

/* Is it the first of some texts that fill all the room to an object whose words lead to each of them? GCC writes the texts of a table in front of that (and
 * without optimisation in the same section), and none that nobody has. */
static bool begins_texts_of(const struct lp_side *s, uint64_t at, uint64_t v)
{
    const uint32_t i = lp_side_atom(s, at);
    const struct lp_atom *a = i == LP_NONE ? NULL : &s->atom[i];
    if (!a || a->kind != LP_ATOM_OBJECT || !s->objects || v >= a->start || lp_side_span(s, v) != &s->span[a->span]) return false;
    for (uint64_t text = v, n; text < a->start; text += n) {
        uint64_t avail = 0, word = lp_align_up(a->start, 8);
        const uint8_t *p = lp_side_bytes(s, text, &avail);
        n = p && *p ? lp_side_text(s, text) : 0;
        while (word + 8 <= a->end && lp_held_at(s, word) != text) word += 8;
        if (!n || word + 8 > a->end) return false;
        while (text + n < a->start && n < avail && !p[n]) n++;
    }
    return true;
}

static bool begins_there(lp_diff *d, uint64_t at, const struct lp_atom *b)
{
    return begins_texts_of(NEW(d), at, b->end) || held_elsewhere(d, at, b);
}

static bool end_is_kept(lp_diff *d, const struct lp_atom *b)
{
    enum { NO_DATA = LP_SPAN_CODE | LP_SPAN_LINKER | LP_SPAN_GOT };
    const struct lp_side *s = NEW(d);
    bool hit = false;
    for (size_t i = 0; i < s->nword && !hit; i++) {
        const struct lp_span *x = s->word[i].kind == LP_WORD_ADDR && s->word[i].value == b->end ? lp_side_span(s, s->word[i].at) : NULL;
        hit = x && !(x->flags & (LP_SPAN_GOT | LP_SPAN_LINKER)) && !begins_there(d, s->word[i].at, b); /* slots are of symbols */
    }
    for (size_t i = 0; i < s->nspan && !hit && lp_side_guesses(s); i++) {
        const struct lp_span *x = &s->span[i];
        for (uint64_t at = lp_align_up(x->start, 8); x->bytes && !(x->flags & NO_DATA) && at + 8 <= x->end && !hit; at += 8)
            hit = lp_le64(x->bytes + (at - x->start)) == b->end && !begins_there(d, at, b);
    }
    for (uint32_t f = 0; f < s->natom && !hit; f++) hit = lp_is_code_atom(&s->atom[f]) && has_end_of(d, f, b);
    return hit;
}

/* Of C++: tables of virtual functions and the like, to which each object leads that is there already. */
static bool is_of_objects(const struct lp_atom *a) { return a->sym && strncmp(a->sym->name, "_ZT", 3) == 0; }

static bool is_resized(lp_diff *d, uint32_t i)
{
    const struct lp_atom *b = &NEW(d)->atom[i], *a = &OLD(d)->atom[b->pair];
    if (a->kind != LP_ATOM_OBJECT || b->kind != LP_ATOM_OBJECT || is_of_objects(b) || lp_same_room(d, b->pair, i)) return false;
    return lp_stays_constant(OLD(d), a) && lp_stays_constant(NEW(d), b) && !is_shared(OLD(d), a) && !is_shared(NEW(d), b) &&
           !end_is_kept(d, b);
}

void lp_diff_offsets(lp_diff *d)
{
    for (uint32_t i = 0; i < NEW(d)->natom; i++) {
        struct lp_atom *b = &NEW(d)->atom[i];
        if (b->pair == LP_NONE || lp_is_code_atom(b) || lp_is_copied(b)) continue;
        b->resized = is_resized(d, i);
        b->labels = !b->resized && NEW(d)->noffsets && is_table(NEW(d), b) && lp_datum_changed(d, b) && !lp_is_pointed_at(NEW(d), b);
        if (lp_is_copied(b)) change_users(d, b, b->resized);
    }
}

/* ---- constants of which the patch brings another one, found the same where nobody looked at more of them ---- */

static bool comes_along(const struct lp_side *s, const struct lp_atom *b) { return b->carried && lp_is_lone(s, b); }

/* The first atom of what a word makes the address of, if that comes along; LP_NONE: it does not. */
static uint32_t copy_of(const struct lp_side *s, const struct lp_ref_at *r)
{
    const bool made = (r->kind == LP_FLOW_ADDR || r->kind == LP_FLOW_TARGET) && !r->width;
    uint32_t i = made ? lp_side_meant(s, r->base, r->addr) : LP_NONE;
    while (i != LP_NONE && i && s->atom[i].joined) i--;
    return i != LP_NONE && comes_along(s, &s->atom[i]) ? i : LP_NONE;
}

static void change_users_of_all(lp_diff *d, uint32_t i)
{
    const struct lp_side *s = NEW(d);
    struct lp_atom all = s->atom[i];
    for (uint32_t k = i + 1; k < s->natom && s->atom[k].joined; k++) all.end = s->atom[k].end;
    change_users(d, &all, false);
}

/* Where a function that stays as it is compares its address with others, these may be the other one's. */
bool lp_diff_twice(lp_diff *d)
{
    const struct lp_side *s = NEW(d);
    bool some = false, any = false;
    for (uint32_t i = 0; i < s->natom && !some; i++) some = comes_along(s, &s->atom[i]);
    for (uint32_t f = 0; f < s->natom && some; f++) {
        const struct lp_atom *x = &s->atom[f];
        for (uint32_t k = x->ref; lp_is_code_atom(x) && x->pair != LP_NONE && x->state == LP_DIFF_SAME && k < x->ref + x->nref; k++) {
            const struct lp_use u = {s->ref[k].addr, s->ref[k].base, f, s->ref[k].width, s->ref[k].at};
            const uint32_t i = copy_of(s, &s->ref[k]);
            if (i == LP_NONE || !lp_is_compared(s, f, u.at) || (lp_ending(s, &u) != LP_NONE && lp_only_compared(s, f, u.at))) continue; /* an end is none */
            change_users_of_all(d, i);
            any = true;
        }
    }
    return any;
}

/* ---- words that hold addresses in another way ---- */

/* From where the words of an atom of the new file count that lead by their distance: all of them lead to the start of something then. 0: each from itself. */
static uint64_t base_of(const struct lp_side *s, const struct lp_atom *a)
{
    static const uint64_t from[] = {0, 8, 16};
    for (size_t k = 0; k < sizeof from / sizeof *from; k++) {
        bool all = true;
        for (size_t i = lp_count_below(s->field, s->nfield, sizeof *s->field, a->start); i < s->nfield && s->field[i].at < a->end; i++) {
            const struct lp_field_at *f = &s->field[i];
            all &= !f->relative || (f->addr != UINT64_MAX && lp_start_at(s, f->addr - (f->at - a->start - from[k])));
        }
        if (all) return a->start + from[k];
    }
    return 0;
}

bool lp_print_field(lp_diff *d, const struct lp_field_at *f, const uint8_t *p)
{
    static const char *const name[2][9] = {{[2] = "abs16", [4] = "abs32"}, {[2] = "prel16", [4] = "prel32", [8] = "prel64"}};
    const struct lp_side *s = NEW(d);
    const uint32_t i = lp_side_atom(s, f->at);
    const uint64_t v = lp_field_value(p, f->width, f->relative), base = f->relative && i != LP_NONE ? base_of(s, &s->atom[i]) : 0;
    const uint64_t moved = base ? f->at - base : 0, addr = f->relative ? f->at + v : v;
    if (addr != f->addr) return false;
    const struct lp_use u = {addr - moved, moved ? LP_NONE : lp_field_of(s, f), LP_NONE, 0, 0};
    const struct lp_there t = lp_there_from(lp_there(d, &u), (int64_t)moved);
    if (!t.known) return false;
    lp_buf_printf(&d->items, "rel %s ", name[f->relative][f->width]);
    lp_there_print(d, &t, &d->items);
    lp_buf_puts(&d->items, "\n");
    return true;
}
