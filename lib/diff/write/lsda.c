/* diff/write/lsda.c - EMIT, exception tables of new bodies, as data. What they say of places counts from the start of the function, so it is right for the new
 * body as it is; addresses they have of types only, mostly of words that hold those. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/data.h"
#include "base/search.h"
#include "base/sort.h"
#include "elf/lsda.h"
#include "patch/plan.h"

#include <stdlib.h>
#include <string.h>

/* ---- what the new file has ---- */

struct table { struct lp_fde fde; struct lp_lsda l; uint64_t end, types; };

static const char *read_table(const lp_diff *d, uint32_t atom, struct table *t)
{
    const struct lp_atom *b = &NEW(d)->atom[atom];
    if (!lp_atom_fde(NEW(d), b, &t->fde) || !lp_elf_lsda(NEW(d)->elf, &t->fde, &t->l) ||
        !lp_lsda_extent(t->l, &t->end, &t->types)) return "it is malformed";
    return t->l.landing == b->start + t->fde.lead ? NULL : "its landing pads are not relative to the function";
}

static const char *leads_out(const struct lp_atom *b, struct lp_lsda l)
{
    struct lp_lsda_site s;
    while (lp_lsda_site(&l, &s))
        if (!lp_lsda_site_within(&s, b->start, b->end - b->start)) return "exceptions lead out of the function";
    return NULL;
}

/* Is it the same routine that reads the tables of these two? */
static bool same_reader(lp_diff *d, const struct lp_fde *f, const struct lp_fde *g)
{
    uint64_t at;
    if ((f->cie.personality_enc ^ g->cie.personality_enc) & LP_PE_INDIRECT) return false;
    if (f->cie.personality_enc & LP_PE_INDIRECT) return lp_same_data(d, OLD(d), f->cie.personality, g->cie.personality, 8, &at);
    const struct lp_use u = {f->cie.personality, LP_NONE, LP_NONE, 0, 0}, v = {g->cie.personality, LP_NONE, LP_NONE, 0, 0};
    return lp_same_target(d, OLD(d), &u, &v);
}

/* Why the routine that would read it (patch/handlers.c) is not that of the new file. */
static const char *other_reader(lp_diff *d, const struct lp_atom *b, const struct lp_fde *g)
{
    const bool replaces = b->pair != LP_NONE && !b->by_entry;
    const struct lp_atom *a = replaces ? &OLD(d)->atom[b->pair] : NULL;
    struct lp_fde f;
    if (!lp_elf_lsda_reader(OLD(d)->elf, a ? a->start : 0, a ? a->end : 0, &f))
        return "no function of the old file has one, so nothing there reads it";
    return same_reader(d, &f, g) ? NULL : "another language's routine reads those of the old body, or of the first function of the old file with one";
}

static void refuse(lp_diff *d, uint32_t atom, const char *why)
{
    char buf[32];
    if (why) lp_diff_refuse(d, NEW(d), LP_E170, lp_atom_text(&NEW(d)->atom[atom], buf), why);
}

void lp_check_lsda(lp_diff *d, uint32_t atom)
{
    const struct lp_atom *b = &NEW(d)->atom[atom];
    struct table t;
    if (!lp_has_lsda(NEW(d), b)) {
        if (NEW(d)->nfde && b->lands) refuse(d, atom, "it is not from the function's start on");
        return;
    }
    const char *why = read_table(d, atom, &t);
    if (!why) why = leads_out(b, t.l);
    refuse(d, atom, why ? why : other_reader(d, b, &t.fde));
}

/* ---- as data ---- */

/* In `width` bytes: more than it takes put what is behind it at a place that fits. */
static void put_length(struct lp_buf *b, uint64_t v, unsigned width)
{
    for (; width; width--, v >>= 7) lp_buf_add(b, &(uint8_t){(uint8_t)((v & 0x7f) | (width > 1 ? 0x80 : 0))}, 1);
}

/* What is in front of the actions, with places that count from where the function begins: its FDE begins behind that (lp_atom_fde()). */
static bool shifted_front(const struct lp_atom *b, const struct table *t, struct lp_buf *out)
{
    enum { WIDTH = 4, ULEB = 1 }; /* of ULEB128: of this table's lengths; its encoding */
    struct lp_lsda l = t->l;
    struct lp_lsda_site x;
    struct lp_buf sites = {0};
    while (lp_lsda_site(&l, &x)) {
        const uint64_t field[] = {x.start, x.len, x.pad ? x.pad - b->start : 0, x.action};
        for (size_t i = 0; i < sizeof field / sizeof *field; i++) lp_cfi_put_uleb(&sites, field[i]);
    }
    const uint64_t least = 2 + (l.has_types ? WIDTH : 0) + 1 + WIDTH + sites.len, more = (l.actions.vaddr - t->fde.lsda - least) & 3;
    const uint8_t head[] = {LP_PE_OMIT, l.type_enc}, sites_enc = ULEB;
    lp_buf_add(out, head, sizeof head);
    if (l.has_types) put_length(out, 1 + WIDTH + more + sites.len + (l.types.vaddr - l.actions.vaddr), WIDTH);
    lp_buf_add(out, &sites_enc, 1);
    put_length(out, sites.len, WIDTH + (unsigned)more);
    lp_buf_add(out, sites.data, sites.len);
    const bool good = !sites.failed && !out->failed && !(out->len >> 7 * WIDTH) && !((l.types.vaddr - l.actions.vaddr) >> (7 * WIDTH - 1) && l.has_types);
    lp_buf_free(&sites);
    return good;
}

static void print_name(lp_diff *d, const char *what, uint32_t atom, uint64_t number)
{
    lp_buf_printf(&d->items, ".%s.%llx", what, (unsigned long long)NEW(d)->atom[atom].start);
    if (number) lp_buf_printf(&d->items, ".%llu", (unsigned long long)number);
}

/* The word of an indirect type: the old file's, or one that comes along. */
static void print_word(lp_diff *d, uint32_t atom, uint64_t number, uint64_t word)
{
    const uint64_t old = lp_old_type_word(d, word);
    const uint32_t i = old ? lp_side_atom(OLD(d), old) : LP_NONE;
    const struct lp_there t = {.known = true, .addr = old, .atom = i, .off = i == LP_NONE ? 0 : (int64_t)(old - OLD(d)->atom[i].start)};
    if (old) lp_there_print(d, &t, &d->items);
    else print_name(d, "type", atom, number);
}

static bool print_type(lp_diff *d, uint32_t atom, const struct table *t, uint64_t number, const struct lp_lsda_type *type)
{
    lp_buf_printf(&d->items, "rel %s%u ", t->l.type_enc & LP_PE_PCREL ? "prel" : "abs", 8 * lp_lsda_type_size(&t->l));
    bool good = true;
    if (type->indirect) {
        print_word(d, atom, number, type->addr);
    } else {
        const struct lp_there there = lp_there(d, &(struct lp_use){type->addr, LP_NONE, LP_NONE, 0, 0});
        if ((good = there.known)) lp_there_print(d, &there, &d->items);
    }
    lp_buf_puts(&d->items, "\n");
    return good;
}

static bool print_held(lp_diff *d, uint64_t at)
{
    const struct lp_word_at *w = lp_side_word(NEW(d), at), guessed = {.at = at, .value = lp_held_at(NEW(d), at), .kind = LP_WORD_ADDR};
    return w ? lp_print_filled(d, w) : guessed.value && lp_print_filled(d, &guessed);
}

/* The words that the old file has not. */
static bool emit_words(lp_diff *d, uint32_t atom, const struct table *t)
{
    struct lp_lsda_type type;
    bool good = true;
    for (uint64_t i = 1; i <= t->types; i++) {
        if (!lp_lsda_type(&t->l, i, &type) || !type.addr || !type.indirect || lp_old_type_word(d, type.addr)) continue;
        lp_buf_puts(&d->items, "\ndata "), print_name(d, "type", atom, i), lp_buf_puts(&d->items, " rodata size 8\n");
        good &= print_held(d, type.addr);
        lp_buf_puts(&d->items, "end\n");
    }
    return good;
}

void lp_emit_lsda_line(lp_diff *d, uint32_t atom, bool entry)
{
    const struct lp_atom *b = &NEW(d)->atom[atom];
    const bool replaces = b->pair != LP_NONE && entry == b->by_entry, had = replaces && lp_has_lsda(OLD(d), &OLD(d)->atom[b->pair]);
    const bool has = !entry && lp_has_lsda(NEW(d), b);
    if (!has && !had) return;
    lp_buf_puts(&d->items, "lsda ");
    if (has) print_name(d, "lsda", atom, 0);
    else lp_buf_puts(&d->items, "none");
    lp_buf_puts(&d->items, "\n");
}

void lp_emit_lsda(lp_diff *d, uint32_t atom)
{
    const struct lp_atom *b = &NEW(d)->atom[atom];
    struct table t;
    struct lp_lsda_type type;
    uint64_t avail;
    if (!lp_has_lsda(NEW(d), b) || read_table(d, atom, &t)) return; /* (refused: lp_check_lsda()) */
    const uint8_t *p = lp_side_bytes(NEW(d), t.fde.lsda, &avail);
    const unsigned width = lp_lsda_type_size(&t.l);
    bool good = p && t.end - t.fde.lsda <= avail && (!t.types || width >= 4); /* (no compiler writes 2) */
    uint64_t at = t.fde.lead ? t.l.actions.vaddr : t.fde.lsda;
    struct lp_buf front = {0};
    if (good && t.fde.lead) good = shifted_front(b, &t, &front);
    lp_buf_puts(&d->items, "\ndata "), print_name(d, "lsda", atom, 0);
    lp_buf_printf(&d->items, " rodata size %llu align 4\n", (unsigned long long)(front.len + (t.end - at)));
    if (front.len) lp_print_bytes(&d->items, (const uint8_t *)front.data, front.len);
    lp_buf_free(&front);
    for (uint64_t i = good ? t.types : 0; i; i--) {
        const uint64_t from = t.l.types.vaddr - i * width;
        if (!lp_lsda_type(&t.l, i, &type) || !type.addr) continue;
        lp_print_bytes(&d->items, p + (at - t.fde.lsda), from - at);
        good &= print_type(d, atom, &t, i, &type);
        at = from + width;
    }
    if (good) lp_print_bytes(&d->items, p + (at - t.fde.lsda), t.end - at);
    lp_buf_puts(&d->items, "end\n");
    good &= emit_words(d, atom, &t);
    refuse(d, atom, good ? NULL : "it names a type that the old file has not");
}

/* ---- VERIFY ---- */

bool lp_take_tables(struct lp_side *s, const struct lp_plan *p)
{
    s->lsda = malloc((p->ndef + 1) * sizeof *s->lsda), s->nlsda = 0;
    for (size_t i = 0; s->lsda && i < p->ndef; i++)
        if (p->def[i].item->kind == LP_ITEM_FUNC) s->lsda[s->nlsda++] = (struct lp_body_lsda){p->def[i].addr, p->def[i].lsda};
    if (s->nlsda) lp_sort_by_number(s->lsda, s->nlsda, sizeof *s->lsda);
    return s->lsda != NULL;
}
