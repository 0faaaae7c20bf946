/* diff/write/offsets.c - tables of offsets from their own start to texts and objects (`.word text - table`), which need no relocations. What an entry leads to
 * may be nowhere near in the patched file, so a table that changed is left as it is, and those that use it have another one; as of all constants that are
 * larger or smaller now, and of those whose address is compared. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/data.h"
#include "diff/side/walk.h"
#include "base/bits.h"
#include "base/search.h"

#include <elf.h>
#include <stdlib.h>
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

/* Data of the new file, in ascending order: what all words and references are looked at for, once. grows: it may be one of another size, and shall not be if it
 * is kept. */
struct datum { uint64_t end, start; uint32_t atom; bool grows, kept; };
struct data { struct datum *v; size_t n, cap; };

static void add(lp_diff *d, struct data *l, uint32_t i, bool grows)
{
    const struct lp_atom *b = &NEW(d)->atom[i];
    struct datum *v = lp_grow(l->v, &l->cap, l->n, sizeof *v);
    if (!v) {
        d->nomem = true;
        return;
    }
    l->v = v;
    v[l->n++] = (struct datum){b->end, b->start, i, grows, false};
}

/* The first that ends behind the address: the one that the address is in, or NULL. */
static const struct datum *first_behind(const struct data *l, uint64_t addr)
{
    const size_t k = lp_count_upto(l->v, l->n, sizeof *l->v, addr);
    return k < l->n ? &l->v[k] : NULL;
}

static struct datum *ending_at(const struct data *l, uint64_t addr)
{
    const size_t k = lp_count_below(l->v, l->n, sizeof *l->v, addr);
    return k < l->n && l->v[k].end == addr && l->v[k].grows && !l->v[k].kept ? &l->v[k] : NULL;
}

/* A page that gets away, or from which not all offsets are known, may lead to it, too. in_place: all that it surely leads to are of another size. at: the first
 * word that leads there, or may. */
enum use { USE_NO, USE_MAYBE, USE_PLAIN };

static enum use use_of(const struct lp_side *s, const struct lp_atom *f, const struct data *l, bool *in_place, uint32_t *at)
{
    enum { PAGE = 4096 };
    bool opaque = false, hit = false, page = false, away = false;
    *in_place = true;
    for (uint32_t k = 0; k < f->nref; k++) {
        const struct lp_ref_at *r = &s->ref[f->ref + k];
        const bool address = r->kind == LP_FLOW_ADDR || r->kind == LP_FLOW_TARGET || r->kind == LP_REF_NUMBER;
        const struct datum *x = address || r->kind == LP_FLOW_PAGE ? first_behind(l, r->addr) : NULL;
        const bool in = x && address && x->start <= r->addr, near = x && !address && x->start < r->addr + PAGE;
        if (in && !x->grows) *in_place = false;
        if ((in || near) && !hit && !page) *at = (uint32_t)(r->at - f->start);
        hit |= in;
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
static void change_user(lp_diff *d, struct lp_atom *f, bool in_place, uint32_t at)
{
    struct lp_atom *a = &OLD(d)->atom[f->pair];
    const bool same = a->state != LP_DIFF_CHANGED || a->why == LP_WHY_NUMBER;
    if (same && in_place && !lp_differing_words(d, f->pair, &at, 1)) return;
    if (!in_place) f->no_place = true;
    a->state = f->state = LP_DIFF_CHANGED;
    if (same) a->why = f->why = LP_WHY_REFS, a->differs = f->differs = at;
}

static void change_users(lp_diff *d, const struct data *l)
{
    for (size_t i = 0; i < NEW(d)->natom && l->n; i++) {
        struct lp_atom *f = &NEW(d)->atom[i];
        bool in_place;
        uint32_t at = 0;
        if (!lp_is_function(f) || f->pair == LP_NONE) continue;
        const enum use use = use_of(NEW(d), f, l, &in_place, &at);
        if (use != USE_NO) change_user(d, f, in_place && use == USE_PLAIN, at);
    }
}

/* ---- constants of another size ---- */

/* The address is for others: what is there stays where it is. */
static void keep_there(lp_diff *d, const struct lp_side *s, const struct data *l, uint64_t addr)
{
    const uint32_t i = lp_side_atom(s, addr), b = i == LP_NONE || s == NEW(d) ? i : s->atom[i].pair;
    struct datum *x = b == LP_NONE ? NULL : ending_at(l, NEW(d)->atom[b].end);
    if (x && x->atom == b) x->kept = true;
}

/* Others find it by its name, or code by a slot: these lead to the old one. */
static void keep_shared(lp_diff *d, const struct lp_side *s, const struct data *l)
{
    for (size_t i = 0; i < s->dynamic->nsym; i++)
        if (s->dynamic->sym[i].shndx != SHN_UNDEF) keep_there(d, s, l, s->dynamic->sym[i].value);
    for (size_t i = 0; i < s->nword; i++) {
        const struct lp_span *x = s->word[i].kind == LP_WORD_ADDR ? lp_side_span(s, s->word[i].at) : NULL;
        if (x && x->flags & LP_SPAN_GOT) keep_there(d, s, l, s->word[i].value);
    }
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

static bool is_used(const struct lp_side *s, const struct lp_atom *f, const struct lp_atom *b)
{
    bool used = false;
    for (uint32_t k = f->ref; k < f->ref + f->nref && !used; k++) used = s->ref[k].kind != LP_FLOW_PAGE && leads_into(b, s->ref[k].addr);
    return used;
}

/* Is the address of its end made for others? It may as well be that of what begins there, and which of the two decides where it leads now. What is read there,
 * or was elsewhere, is the latter; and the former, if it is only compared where the object is used. */
static bool is_end_of(const lp_diff *d, uint32_t f, const struct lp_ref_at *r, const struct lp_atom *b)
{
    const struct lp_side *s = NEW(d);
    if (r->base != LP_NONE || r->width || r->flags & LP_FLOW_INDEXED) return false;
    if (r->kind == LP_REF_NUMBER) return true;
    if (lp_is_read(s, f, r->at) || lp_is_indexed(s, f, r->at) || lp_is_read_by_call(s, f, r->at) || led_elsewhere(d, f, r->at, b)) return false;
    return !lp_only_compared(s, f, r->at) || !is_used(s, &s->atom[f], b);
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

/* Those whose end others have. */
static void keep_ends(lp_diff *d, const struct data *l)
{
    enum { NO_DATA = LP_SPAN_CODE | LP_SPAN_LINKER | LP_SPAN_GOT };
    const struct lp_side *s = NEW(d);
    struct datum *b;
    for (size_t i = 0; i < s->nword; i++) {
        if (s->word[i].kind != LP_WORD_ADDR || !(b = ending_at(l, s->word[i].value))) continue;
        const struct lp_span *x = lp_side_span(s, s->word[i].at);
        b->kept |= x && !(x->flags & (LP_SPAN_GOT | LP_SPAN_LINKER)) && !begins_there(d, s->word[i].at, &s->atom[b->atom]); /* slots are of symbols */
    }
    for (size_t i = 0; i < s->nspan && lp_side_guesses(s); i++) {
        const struct lp_span *x = &s->span[i];
        for (uint64_t at = lp_align_up(x->start, 8); x->bytes && !(x->flags & NO_DATA) && at + 8 <= x->end; at += 8)
            if ((b = ending_at(l, lp_le64(x->bytes + (at - x->start))))) b->kept |= !begins_there(d, at, &s->atom[b->atom]);
    }
    for (uint32_t f = 0; f < s->natom; f++)
        for (uint32_t k = s->atom[f].ref; lp_is_code_atom(&s->atom[f]) && k < s->atom[f].ref + s->atom[f].nref; k++)
            if (s->ref[k].kind != LP_FLOW_PAGE && (b = ending_at(l, s->ref[k].addr))) b->kept |= is_end_of(d, f, &s->ref[k], &s->atom[b->atom]);
}

/* Of C++: tables of virtual functions and the like, to which each object leads that is there already. */
static bool is_of_objects(const struct lp_atom *a) { return a->sym && strncmp(a->sym->name, "_ZT", 3) == 0; }

static bool may_grow(lp_diff *d, uint32_t i)
{
    const struct lp_atom *b = &NEW(d)->atom[i], *a = &OLD(d)->atom[b->pair];
    if (a->kind != LP_ATOM_OBJECT || b->kind != LP_ATOM_OBJECT || is_of_objects(b) || lp_same_room(d, b->pair, i)) return false;
    return lp_stays_constant(OLD(d), a) && lp_stays_constant(NEW(d), b);
}

static void find_data(lp_diff *d, struct data *l)
{
    bool any = false;
    for (uint32_t i = 0; i < NEW(d)->natom; i++) {
        const struct lp_atom *b = &NEW(d)->atom[i];
        if (b->pair == LP_NONE || lp_is_code_atom(b) || lp_is_copied(b)) continue;
        const bool grows = may_grow(d, i);
        if (grows || (NEW(d)->noffsets && is_table(NEW(d), b))) add(d, l, i, grows);
        any |= grows;
    }
    if (any) keep_shared(d, OLD(d), l), keep_shared(d, NEW(d), l), keep_ends(d, l);
    for (size_t k = 0; k < l->n; k++) NEW(d)->atom[l->v[k].atom].resized = l->v[k].grows &= !l->v[k].kept;
}

void lp_diff_offsets(lp_diff *d)
{
    struct data l = {0};
    size_t n = 0;
    find_data(d, &l);
    for (size_t k = 0; k < l.n; k++) {
        struct lp_atom *b = &NEW(d)->atom[l.v[k].atom];
        b->labels = !b->resized && NEW(d)->noffsets && is_table(NEW(d), b) && lp_datum_changed(d, b) && !lp_is_pointed_at(NEW(d), b);
        if (lp_is_copied(b)) l.v[n++] = l.v[k];
    }
    l.n = n;
    change_users(d, &l);
    free(l.v);
}

/* ---- constants of which the patch brings another one, found the same where nobody looked at more of them ---- */

static bool comes_along(const struct lp_side *s, const struct lp_atom *b) { return b->carried && lp_is_lone(s, b); }

/* The first atom of what a word makes the address of, if that comes along; LP_NONE: it does not. */
static uint32_t copy_of(const lp_diff *d, const struct lp_ref_at *r)
{
    const struct lp_side *s = NEW(d);
    const bool made = (r->kind == LP_FLOW_ADDR || r->kind == LP_FLOW_TARGET) && !r->width;
    uint32_t i = made ? lp_side_meant(s, r->base, r->addr) : LP_NONE;
    if (i != LP_NONE) i = lp_head_of(d, i);
    return i != LP_NONE && comes_along(s, &s->atom[i]) ? i : LP_NONE;
}

static void change_users_of_all(lp_diff *d, uint32_t i)
{
    const struct lp_side *s = NEW(d);
    struct datum all = {s->atom[i].end, s->atom[i].start, i, false, false};
    for (uint32_t k = i + 1; k < s->natom && s->atom[k].joined; k++) all.end = s->atom[k].end;
    change_users(d, &(struct data){&all, 1, 0});
}

/* Where a function that stays as it is compares its address with others, these may be the other one's; but not those that it makes itself. */
bool lp_diff_twice(lp_diff *d)
{
    const struct lp_side *s = NEW(d);
    bool some = false, any = false;
    for (uint32_t i = 0; i < s->natom && !some; i++) some = comes_along(s, &s->atom[i]);
    for (uint32_t f = 0; f < s->natom && some; f++) {
        const struct lp_atom *x = &s->atom[f];
        for (uint32_t k = x->ref; lp_is_code_atom(x) && x->pair != LP_NONE && x->state == LP_DIFF_SAME && k < x->ref + x->nref; k++) {
            const struct lp_use u = {s->ref[k].addr, s->ref[k].base, f, s->ref[k].width, s->ref[k].at};
            const uint32_t i = copy_of(d, &s->ref[k]);
            if (i == LP_NONE || !lp_is_compared_with_others(s, f, u.at) || (lp_ending(s, &u) != LP_NONE && lp_only_compared(s, f, u.at))) continue;
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
    const uint64_t v = lp_le_int(p, f->width, f->relative), base = f->relative && i != LP_NONE ? base_of(s, &s->atom[i]) : 0;
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
