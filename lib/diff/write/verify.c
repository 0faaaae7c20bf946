/* diff/write/verify.c - VERIFY: the patch applied to the old file in memory, and each of its functions and data compared with the new file's. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/seen.h"
#include "base/bits.h"
#include "base/error.h"
#include "base/search.h"
#include "base/sort.h"
#include "elf/lsda.h"
#include "elf/spec.h"
#include "elf/write.h"
#include "patch/plan.h"

#include <elf.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check {
    lp_diff *d;
    struct lp_side side;
    struct lp_file_space file;
    struct lp_plan plan;
    bool *again, words;    /* words: it has a list of its own */
    struct owned { char *name; uint32_t atom; } *owned; /* what has a name of the patch's own, by that */
    size_t nowned;
    struct lp_flow_lent *lent; /* between functions of the old file that stay */
    size_t nlent;
    struct lp_atom *kept;  /* the old file's, as they were */
    size_t nkept;
};

/* ---- imports that the old file has no PLT entry for ---- */

/* Their entries are taken to be here: behind all that a patch brings, and within reach of it. */
enum { IMPORT_BYTES = 16 };
static uint64_t imports_at(const struct check *c)
{
    const uint64_t end = lp_align_up(lp_elf_end(OLD(c->d)->elf), 4096), at = lp_file_room(OLD(c->d)->elf);
    return at > end ? at + LP_FILE_ROOM / 2 : end + LP_FILE_ROOM;
}

static uint64_t import(const struct lp_plan *pl, const char *name, const char *version, const struct lp_dynsym **sym)
{
    const struct check *c = (const struct check *)(const void *)((const char *)pl->space - offsetof(struct check, file.space));
    const struct lp_dynamic *n = NEW(c->d)->dynamic;
    const struct lp_dynsym *y = lp_dynsym_wanted(n, name, version);
    if (!y) y = lp_dynsym_defined(n, name, version);
    if (!*sym) *sym = y;
    return y ? imports_at(c) + IMPORT_BYTES * (uint64_t)(y - n->sym) : 0;
}

static void add_span(struct lp_side *s, const struct lp_span *x) { s->span[s->nspan++] = *x, s->nbrought++; }
static bool is_import(const struct lp_atom *a) { return a->kind == LP_ATOM_PLT && a->pair == LP_NONE; }

/* The new file's, at those places. */
static void add_imports(struct check *c)
{
    struct lp_side *s = &c->side;
    const struct lp_dynamic *n = NEW(c->d)->dynamic;
    const uint64_t at = imports_at(c);
    if (!n->nsym) return;
    add_span(s, &(struct lp_span){at, at + IMPORT_BYTES * (uint64_t)n->nsym, NULL, LP_SPAN_CODE | LP_SPAN_NEW, "imports"});
    for (uint32_t i = 0; i < NEW(c->d)->natom; i++) {
        struct lp_atom a = NEW(c->d)->atom[i];
        const struct lp_dynsym *y = is_import(&a) ? lp_plt_import(NEW(c->d), &a) : NULL;
        if (!y) continue;
        a.start = at + IMPORT_BYTES * (uint64_t)(y - n->sym), a.end = a.start + IMPORT_BYTES;
        a.pair = i, a.span = (uint32_t)(s->nspan - 1);
        lp_side_add_atom(s, &a);
    }
}

/* ---- the old file as it is with the patch ---- */

static void *copy(const void *p, size_t n, size_t more, size_t size)
{
    char *q = malloc((n + more + 1) * size);
    if (q && n) memcpy(q, p, n * size);
    return q;
}

/* What comes along behind a table in code: that ends where it does. (All else that is in one item is one thing.) */
static bool is_part(const lp_diff *d, uint32_t head, uint32_t atom)
{
    const struct lp_atom *b = &NEW(d)->atom[atom];
    return NEW(d)->atom[head].labels && b->joined && lp_is_constant(NEW(d), b);
}

/* head: the first of what is in the item. */
static void add_atom(struct check *c, const struct lp_def *def, uint32_t head, uint32_t new_atom)
{
    struct lp_side *s = &c->side;
    struct lp_atom a = NEW(c->d)->atom[new_atom];
    uint64_t size = def->item->kind == LP_ITEM_FUNC ? def->item->func->size : def->item->data->size;
    const uint64_t front = def->item->kind == LP_ITEM_FUNC ? 0 : lp_carried_at(&NEW(c->d)->atom[head]);
    const uint64_t off = front + a.start - NEW(c->d)->atom[head].start, end = off + (a.end - a.start);
    const bool parts = head + 1 < NEW(c->d)->natom && is_part(c->d, head, head + 1);
    a.start = def->addr + off, a.end = def->addr + (parts && end < size ? end : size);
    a.pair = new_atom;
    const struct lp_span *x = lp_side_span(s, a.start);
    a.span = (uint32_t)(x ? (size_t)(x - s->span) : s->nspan - 1); /* nothing of no size is in none */
    a.parent = a.part = LP_NONE;
    a.nref = a.ntable = 0;
    lp_side_add_atom(s, &a);
}

/* Tables of offsets come along with what they are in. */
static void add_offsets(struct check *c, uint64_t addr, uint64_t end, const struct lp_atom *b)
{
    struct lp_side *s = &c->side, *n = NEW(c->d);
    const uint64_t to = b->start + (end - addr); /* with what stays behind it */
    for (const struct lp_offsets *x = lp_side_offsets(n, b->start, to); x && x < n->offsets + n->noffsets && x->start < to; x++) {
        const struct lp_offsets y = {addr + (x->start - b->start), addr + (x->end - b->start)};
        if (y.end <= end) s->offsets[s->noffsets++] = y;
    }
}

static int by_own_name(const void *a, const void *b)
{
    const struct owned *x = a, *y = b;
    const int c = strcmp(x->name, y->name);
    return c ? c : (x->atom > y->atom) - (x->atom < y->atom);
}

static bool is_owned(const struct lp_atom *a) { return a->carried || (a->included && (a->by_entry || a->pair == LP_NONE)); }

/* The names of all that the patch brings anew. */
static bool name_owned(struct check *c)
{
    size_t n = 0;
    for (size_t i = 0; i < NEW(c->d)->natom; i++) n += is_owned(&NEW(c->d)->atom[i]);
    c->owned = malloc((n + 1) * sizeof *c->owned);
    for (uint32_t i = 0; c->owned && i < NEW(c->d)->natom; i++) {
        struct lp_buf b = {0};
        if (!is_owned(&NEW(c->d)->atom[i])) continue;
        lp_own_name(c->d, i, &b);
        char *name = lp_buf_take(&b, NULL);
        if (!name) return false;
        c->owned[c->nowned++] = (struct owned){name, i};
    }
    if (c->nowned) qsort(c->owned, c->nowned, sizeof *c->owned, by_own_name);
    return c->owned != NULL;
}

/* Which atom of the new file an item of the patch is: they come in the order in which they were written, so by their names. */
static uint32_t atom_named(const struct check *c, const char *name)
{
    size_t lo = 0, hi = c->nowned;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (strcmp(c->owned[mid].name, name) < 0) lo = mid + 1;
        else hi = mid;
    }
    return lo < c->nowned && strcmp(c->owned[lo].name, name) == 0 ? c->owned[lo].atom : LP_NONE;
}

static void add_word(struct lp_side *s, struct lp_word_at w)
{
    struct lp_word_at *v = lp_grow(s->word, &s->word_cap, s->nword, sizeof *v);
    if (!v) {
        s->nomem = true;
        return;
    }
    s->word = v;
    v[s->nword++] = w;
}

/* What the dynamic linker finds, as the patch says it. */
static const struct lp_dynsym *symbol_said(const struct check *c, const char *text)
{
    struct lp_spec x;
    const struct lp_dynsym *y = NULL;
    if (lp_spec_scan(text, strlen(text), &x) && x.name) {
        const char *version = x.version && strcmp(x.version, "*") != 0 ? x.version : NULL;
        const bool is_new = x.version; /* what the old file imports is written without one */
        if (!is_new) y = lp_dynsym_wanted(OLD(c->d)->dynamic, x.name, NULL);
        if (!is_new && !y) y = lp_old_export(c->d, x.name, NULL);
        if (!y) y = lp_dynsym_wanted(NEW(c->d)->dynamic, x.name, version);
    }
    lp_spec_free(&x);
    return y;
}

/* Addresses in new data, as if the dynamic linker put them there. */
static void add_words(struct check *c, const struct lp_def *def)
{
    struct lp_side *s = &c->side;
    const struct lp_datum *data = def->item->data;
    uint64_t at = def->addr, avail;
    for (size_t i = 0; i < data->nchunk; at += data->chunk[i++].len) {
        const struct lp_fixup *f = data->chunk[i].kind == LP_CHUNK_REL ? data->chunk[i].fix : NULL;
        const bool whole = f && f->reloc->op == LP_REL_ABS && data->chunk[i].len == 8;
        const uint8_t *p = whole ? lp_side_bytes(s, at, &avail) : NULL;
        if (!p || avail < 8) continue;
        struct lp_word_at w = {at, lp_le64(p), NULL, R_AARCH64_RELATIVE, LP_WORD_ADDR};
        const struct lp_dynsym *y = f->expr.symbol ? symbol_said(c, f->expr.symbol) : NULL;
        if (y) w = (struct lp_word_at){at, (uint64_t)f->expr.addend, y, R_AARCH64_ABS64, LP_WORD_SYMBOL};
        add_word(s, w);
    }
}

/* Slots that hold addresses of the file's own, as the new file's do. */
static void add_slots(struct check *c)
{
    const uint32_t type = lp_elf_info(OLD(c->d)->elf)->type == ET_EXEC ? 0 : R_AARCH64_RELATIVE;
    for (size_t i = 0; i < c->plan.nslot; i++) {
        const struct lp_slot *x = &c->plan.slot[i];
        for (size_t k = 0; x->kind == LP_SLOT_WORD && !x->sym && k < c->plan.nregion; k++) {
            const struct lp_region *r = &c->plan.region[k];
            const uint64_t at = r->addr + r->part[x->part].slot_off + x->index * sizeof x->value;
            if (r->target == x->target && lp_side_span(&c->side, x->value[0]))
                add_word(&c->side, (struct lp_word_at){at, x->value[0], NULL, type, LP_WORD_ADDR});
        }
    }
}

/* New code and data, and the slots between them, of which the dynamic linker fills those of imports. */
static void add_spans(struct check *c)
{
    struct lp_side *s = &c->side;
    for (size_t i = 0; i < c->plan.nregion; i++) {
        const struct lp_region *r = &c->plan.region[i];
        const uint64_t end = r->addr + r->code_len + r->data_len, slots = r->addr + r->part[LP_PART_CODE].slot_off;
        const uint64_t bound[] = {r->addr, slots, r->part[LP_PART_CODE].nslot ? r->addr + r->part[LP_PART_CODE].off + r->part[LP_PART_CODE].len : slots, end};
        for (int k = 0; k < 3; k++) {
            const unsigned flags = LP_SPAN_CODE | LP_SPAN_NEW | (k == 1 ? LP_SPAN_GOT : 0);
            if (bound[k] < bound[k + 1]) add_span(s, &(struct lp_span){bound[k], bound[k + 1], r->bytes + (bound[k] - r->addr), flags, "new"});
        }
    }
    for (size_t i = 0; i < c->plan.ndyn; i++) {
        const struct lp_dynrel *x = &c->plan.dyn[i];
        if (x->sym) add_word(s, (struct lp_word_at){x->at, (uint64_t)x->addend, x->sym, x->type, LP_WORD_SYMBOL});
    }
}

static uint32_t atom_at(struct check *c, const struct lp_item *it)
{
    const struct lp_elf_symbol *y;
    uint64_t at = it->place.off;
    if (it->place.symbol && lp_elf_find(OLD(c->d)->elf, it->place.symbol, &y, NULL) == LP_OK) at += y->value;
    uint32_t i = lp_side_atom(OLD(c->d), at);
    return i == LP_NONE ? LP_NONE : i;
}

static void add_new(struct check *c)
{
    struct lp_side *s = &c->side;
    add_spans(c);
    for (size_t i = 0; i < c->plan.ndef; i++) {
        const struct lp_item *it = c->plan.def[i].item;
        bool named = it->kind == LP_ITEM_DATA || it->func->is_new;
        uint32_t k = named ? atom_named(c, it->place.symbol) : atom_at(c, it);
        if (!named && k != LP_NONE) k = OLD(c->d)->atom[k].pair;
        if (k != LP_NONE) add_atom(c, &c->plan.def[i], k, k);
        for (uint32_t j = k; named && k != LP_NONE && j + 1 < NEW(c->d)->natom && is_part(c->d, k, j + 1); j++) add_atom(c, &c->plan.def[i], k, j + 1);
        const struct lp_atom *b = k != LP_NONE && it->kind == LP_ITEM_DATA ? &NEW(c->d)->atom[k] : NULL;
        if (b) add_offsets(c, c->plan.def[i].addr + lp_carried_at(b), c->plan.def[i].addr + it->data->size, b);
        if (it->kind == LP_ITEM_DATA) add_words(c, &c->plan.def[i]);
    }
    add_slots(c);
    if (c->words) lp_sort_by_number(s->word + OLD(c->d)->nword, s->nword - OLD(c->d)->nword, sizeof *s->word);
    add_imports(c);
    lp_sort_atoms(s->atom + OLD(c->d)->natom, s->natom - OLD(c->d)->natom);
    lp_sort_by_number(s->offsets, s->noffsets, sizeof *s->offsets);
}

static void write_words(const struct check *c)
{
    const struct lp_side *s = &c->side;
    for (size_t k = 0; k < c->plan.nwrite; k++) {
        const struct lp_write *w = &c->plan.write[k];
        const size_t n = lp_count_upto(s->over, s->nover, sizeof *s->over, w->addr); /* data in code, too */
        const struct lp_patched *o = n && s->over[n - 1].changed ? &s->over[n - 1] : NULL;
        if (o && w->addr + w->len <= o->end) memcpy(o->bytes + (w->addr - o->start), w->new_bytes, w->len);
    }
}

/* Functions of which words are changed where they are, and those that are not as the file has them. */
static bool add_patched(struct check *c)
{
    struct lp_side *s = &c->side;
    const size_t most = c->plan.nwrite + OLD(c->d)->nover;
    s->over = calloc(most + 1, sizeof *s->over);
    s->nover = 0;
    if (!s->over) return false;
    for (uint32_t i = 0; i < OLD(c->d)->natom; i++) {
        struct lp_atom *a = &s->atom[i];
        uint64_t avail = 0, len = a->end - a->start;
        const uint8_t *file = lp_is_code_atom(a) ? lp_side_bytes(OLD(c->d), a->start, &avail) : NULL;
        const uint8_t *p = file ? lp_side_code(OLD(c->d), a->start, &avail) : NULL;
        bool changed = p && a->included && a->pair != LP_NONE && NEW(c->d)->atom[a->pair].in_place;
        if ((!changed && p == file) || s->nover >= most) continue;
        struct lp_patched *o = &s->over[s->nover];
        *o = (struct lp_patched){a->start, a->end, avail >= len ? copy(p, len, 0, 1) : NULL, changed};
        if (!o->bytes) return false;
        s->nover++;
    }
    write_words(c);
    return true;
}

/* More than the new file has: stubs (apart.c). */
static bool has_stubs(const struct check *c, uint32_t i)
{
    const struct lp_atom *a = &c->side.atom[i], *b = &NEW(c->d)->atom[a->pair];
    return i >= OLD(c->d)->natom && lp_is_code_atom(a) && b->kind != LP_ATOM_PLT && a->end - a->start > b->end - b->start;
}

/* Of bodies with stubs, room for the words that they stand for. */
static bool add_views(struct check *c)
{
    struct lp_side *s = &c->side;
    size_t n = 0;
    for (uint32_t i = (uint32_t)OLD(c->d)->natom; i < s->natom; i++) n += has_stubs(c, i);
    struct lp_patched *v = n ? realloc(s->over, (s->nover + n) * sizeof *v) : s->over;
    if (!v) return false;
    s->over = v;
    for (uint32_t i = (uint32_t)OLD(c->d)->natom; n && i < s->natom; i++) {
        uint64_t avail = 0;
        const struct lp_atom *a = &s->atom[i];
        const uint8_t *p = has_stubs(c, i) ? lp_side_bytes(s, a->start, &avail) : NULL;
        if (!p) continue;
        v[s->nover] = (struct lp_patched){a->start, a->end, avail >= a->end - a->start ? copy(p, a->end - a->start, 0, 1) : NULL, false};
        if (!v[s->nover].bytes) return false;
        s->nover++;
    }
    lp_sort_by_number(v, s->nover, sizeof *v);
    lp_side_index_views(s);
    return true;
}

/* Where its words may be changed; NULL: nowhere. */
static uint8_t *view_of(const struct lp_side *s, const struct lp_atom *a)
{
    const size_t n = lp_count_upto(s->over, s->nover, sizeof *s->over, a->start);
    return n && s->over[n - 1].start == a->start && s->over[n - 1].end == a->end ? s->over[n - 1].bytes : NULL;
}

/* ---- the comparison ---- */

/* Is there a jump table of which it is not known how many entries it has? */
static bool has_guessed(const struct lp_side *s, const struct lp_atom *a)
{
    uint32_t k = 0;
    while (k < a->ntable && !lp_tables_of_atom(s, a)[k].t.guessed) k++;
    return k < a->ntable;
}

/* An address that is another one shows that one base, or one page, cannot do for all that it is for: other things are beside it in the old file. */
static void not_equal(struct check *c, struct lp_atom *b, uint32_t at, const char *why)
{
    char buf[32], text[120];
    snprintf(text, sizeof text, "at +0x%x one base is for things that are not beside one another in the old file", at);
    const bool code = lp_is_code_atom(b);
    if (c->again && b->in_place) b->no_place = *c->again = true;
    else if (c->again && code && lp_bring_together(c->d, (uint32_t)(b - NEW(c->d)->atom))) *c->again = true;
    else if (c->again && code && !b->uniform && strcmp(why, "references") == 0) b->uniform = *c->again = true;
    else if (c->again && code && b->pages < 2 && strcmp(why, "references") == 0) b->pages++, *c->again = true;
    else if (code && strcmp(why, "jump table") == 0 && has_guessed(NEW(c->d), b))
        lp_diff_refuse(c->d, NEW(c->d), LP_E140, lp_atom_text(b, buf), (unsigned long long)at, "how many entries a jump table has is not known");
    else if (code && strcmp(why, "references") == 0) lp_diff_refuse(c->d, NEW(c->d), LP_E181, lp_atom_text(b, buf), text);
    else lp_diff_refuse(c->d, NEW(c->d), LP_E199, lp_atom_text(b, buf), at, why);
}

/* Of a new body: does its exception table say what the new file's does? */
static bool same_handlers(const struct check *c, uint32_t i)
{
    const struct lp_atom *a = &c->side.atom[i], *b = &NEW(c->d)->atom[a->pair];
    const bool had = b->pair != LP_NONE && lp_has_lsda(OLD(c->d), &OLD(c->d)->atom[b->pair]);
    const struct lp_body_lsda *x = lp_find_number(c->side.lsda, c->side.nlsda, sizeof *x, a->start);
    uint64_t avail;
    struct lp_lsda l;
    if (i < OLD(c->d)->natom || (!had && !lp_has_lsda(NEW(c->d), b))) return true;
    if (!x) return true;
    const uint8_t *p = x->lsda ? lp_side_bytes(&c->side, x->lsda, &avail) : NULL;
    if (p && !lp_lsda_read((struct lp_cfi_reader){p, p + avail, x->lsda, false}, a->start, &l)) return false;
    return lp_same_handlers(c->d, &c->side, i, p ? &l : NULL);
}

/* In another round, from the same text: what it leads to is there by name. */
static bool is_proved(const struct check *c, uint32_t i) { return NEW(c->d)->atom[c->side.atom[i].pair].proved; }

static void check_code(struct check *c, uint32_t i)
{
    static const char *const text[] = {"", "code", "references", "size", "a number", "an address that is not resolved", "jump table", "", ""};
    struct lp_side *s = &c->side;
    char buf[32];
    uint8_t why;
    uint32_t at, k = s->atom[i].pair;
    if (is_proved(c, i)) return;
    if (has_stubs(c, i) && !lp_take_stubs(c->d, s, i, view_of(s, &s->atom[i]))) {
        not_equal(c, &NEW(c->d)->atom[k], 0, text[LP_WHY_REFS]);
        return;
    }
    const bool same = lp_same_code(c->d, s, i, k, &why, &at);
    if (!same) not_equal(c, &NEW(c->d)->atom[k], at, text[why]);
    else if (!same_handlers(c, i)) lp_diff_refuse(c->d, NEW(c->d), LP_E199, lp_atom_text(&NEW(c->d)->atom[k], buf), 0u, "exceptions");
    NEW(c->d)->atom[k].proved = same;
    lp_suppose_keep(c->d, true);
}

static void check_data(struct check *c, uint32_t i)
{
    const struct lp_atom *a = &c->side.atom[i];
    uint64_t at;
    if (a->kind == LP_ATOM_TABLE) return; /* compared with its function */
    if (!lp_same_data(c->d, &c->side, a->start, NEW(c->d)->atom[a->pair].start, a->end - a->start, &at))
        not_equal(c, &NEW(c->d)->atom[a->pair], (uint32_t)at, "data");
}

/* A body of the patch, and not a branch to one. */
static bool is_body(const struct check *c, uint32_t i)
{
    const struct lp_atom *a = &c->side.atom[i], *b = &NEW(c->d)->atom[a->pair];
    const bool entry = a->end - a->start == 4 && b->by_entry && b->end - b->start != 4;
    return lp_is_function(b) && !entry;
}

static struct lp_reread reread(const struct check *c, uint32_t i) { return (struct lp_reread){i, NEW(c->d)->atom[c->side.atom[i].pair].lent}; }

static void read_bodies(struct check *c)
{
    struct lp_side *s = &c->side;
    const uint32_t first = (uint32_t)OLD(c->d)->natom;
    struct lp_reread *v = malloc((s->natom - first + 1) * sizeof *v);
    size_t n = 0;
    if (!v) s->nomem = true;
    for (uint32_t i = first; v && i < s->natom; i++)
        if (is_body(c, i) && !is_proved(c, i)) v[n++] = reread(c, i);
    lp_reread(s, v, n);
    free(v);
}

static void check_in_place(struct check *c, uint32_t i)
{
    const struct lp_reread one = reread(c, i);
    if (!is_proved(c, i)) lp_reread(&c->side, &one, 1);
    check_code(c, i);
}

static void check_all(struct check *c)
{
    struct lp_side *s = &c->side;
    s->survey.lent = c->lent, s->survey.nlent = c->nlent;
    read_bodies(c);
    if (s->nomem) return; /* what is there may be the first thread's alone */
    for (uint32_t i = (uint32_t)OLD(c->d)->natom; i < s->natom; i++) {
        if (is_body(c, i)) check_code(c, i);
        else if (!lp_is_code_atom(&NEW(c->d)->atom[s->atom[i].pair])) check_data(c, i);
    }
    for (size_t k = 0; k < s->nover; k++)
        if (s->over[k].changed) check_in_place(c, lp_side_atom(s, s->over[k].start));
}

/* What may be another atom's in this view of the old file: with references of its own, or another table for a pair. */
static bool is_other(const struct lp_atom *a)
{
    return a->kind == LP_ATOM_TABLE || (lp_is_code_atom(a) && (a->included || a->parent != LP_NONE || a->part != LP_NONE));
}

/* The old file's atoms, with room for those of the patch behind them. Few change, and are as they were afterwards. */
static bool borrow_atoms(struct check *c)
{
    struct lp_side *s = &c->side, *o = OLD(c->d);
    size_t want = o->natom + c->plan.ndef + 1;
    for (size_t i = 0; i < NEW(c->d)->natom; i++) want += is_import(&NEW(c->d)->atom[i]) || NEW(c->d)->atom[i].joined;
    struct lp_atom *v = want > o->atom_cap ? realloc(o->atom, want * sizeof *v) : o->atom;
    s->atom = NULL;
    if (!v) return false;
    if (want > o->atom_cap) o->atom = v, o->atom_cap = want;
    for (size_t i = 0; i < o->natom; i++) c->nkept += is_other(&v[i]);
    c->kept = malloc((c->nkept + 1) * sizeof *c->kept);
    if (!c->kept) return false;
    for (size_t i = 0, n = 0; i < o->natom; i++)
        if (is_other(&v[i])) c->kept[n++] = v[i];
    s->atom = v, s->atom_cap = o->atom_cap, s->nfirst = o->natom;
    return true;
}

static void give_back(struct check *c)
{
    struct lp_side *o = OLD(c->d);
    for (size_t i = 0, n = 0; c->side.atom && i < o->natom; i++)
        if (is_other(&o->atom[i])) o->atom[i] = c->kept[n++];
    free(c->kept);
}

/* Only then it has words besides the old file's. */
static bool brings_words(const struct check *c)
{
    size_t i = 0;
    while (i < c->plan.ndef && c->plan.def[i].item->kind != LP_ITEM_DATA) i++;
    return i < c->plan.ndef || c->plan.ndyn || c->plan.nslot; /* data, or slots */
}

static bool stay_lent(struct check *c)
{
    c->lent = lp_stay_lent(c->d, &c->nlent);
    return c->lent;
}

static bool make_side(struct check *c)
{
    struct lp_side *s = &c->side;
    *s = *OLD(c->d);
    s->over = NULL, s->nover = s->over_cap = 0, s->viewed = NULL;
    s->ref = NULL, s->nref = s->ref_cap = 0, s->one_list = false;
    s->patched = OLD(c->d);
    s->table = NULL, s->ntable = s->table_cap = 0;
    s->survey = (struct lp_flow_survey){0}; /* its own */
    s->seen = lp_seen_new(); /* other bodies */
    s->reloc = NULL, s->nreloc = 0; /* they are of what was there before */
    s->span = NULL, s->offsets = NULL;
    if (!borrow_atoms(c) || !s->seen) return false;
    c->words = brings_words(c);
    if (c->words) s->word = copy(OLD(c->d)->word, s->nword, 0, sizeof *s->word);
    s->word_cap = s->nword;
    s->span = copy(OLD(c->d)->span, s->nspan, 3 * c->plan.nregion + 1, sizeof *s->span);
    s->offsets = copy(OLD(c->d)->offsets, s->noffsets, NEW(c->d)->noffsets, sizeof *s->offsets);
    if (!s->span || (c->words && !s->word) || !s->offsets || !name_owned(c)) return false;
    add_new(c);
    return lp_take_tables(s, &c->plan) && add_patched(c) && add_views(c) && lp_resurvey(c->d, s) && stay_lent(c);
}

static void free_check(struct check *c)
{
    for (size_t i = 0; i < c->side.nover; i++) free(c->side.over[i].bytes);
    for (size_t i = 0; i < c->nowned; i++) free(c->owned[i].name);
    give_back(c);
    c->side.lent = NULL;
    free(c->lent), free(c->owned), free(c->side.over), free(c->side.viewed), free(c->side.span), free(c->side.lsda);
    free(c->words ? c->side.word : NULL), free(c->side.ref), free(c->side.table), free(c->side.offsets);
    lp_seen_free(c->side.seen);
    lp_flow_survey_free(&c->side.survey);
    lp_plan_free(&c->plan);
}

lp_status lp_diff_verify(lp_diff *d, bool *again, struct lp_error *err)
{
    struct check c = {.d = d, .again = again};
    struct lp_error why;
    lp_fates_forget(OLD(d)), lp_fates_forget(NEW(d)); /* room for the patch, and what it comes to */
    lp_file_space(&c.file, OLD(d)->elf);
    lp_file_space_for(&c.file, d->patch);
    c.file.space.import = import;
    lp_status s = lp_plan_make(&c.plan, d->patch, &c.file.space, NULL, NULL, NULL, &why);
    if (s != LP_OK) {
        lp_plan_free(&c.plan);
        if (s == LP_E_NOMEM) return lp_fail(err, s, "out of memory");
        if (s == LP_E_RANGE) lp_diff_refuse(d, OLD(d), LP_E180, "new code", why.text); /* code and data take more than a branch reaches */
        else lp_diff_refuse(d, OLD(d), LP_E199, "the old file", 0u, why.text);
        return LP_OK;
    }
    bool good = make_side(&c);
    if (good) check_all(&c);
    good &= !c.side.nomem;
    free_check(&c);
    return good ? LP_OK : lp_fail(err, LP_E_NOMEM, "out of memory");
}
