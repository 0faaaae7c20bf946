/* diff/write/place.c - where in the patched old file is what the new file has at an address. */
#include <config.h>
#include "diff/write/write.h"
#include "base/bits.h"
#include "base/search.h"
#include "elf/spec.h"

#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

/* The symbol of the old file itself (a debug file's names mean nothing when the patch is applied). */
static const struct lp_elf_symbol *own_symbol(const lp_diff *d, const struct lp_atom *a)
{
    const struct lp_elf_symbol *y = a->sym;
    if (!y || OLD(d)->names == OLD(d)->elf || a->kind == LP_ATOM_PLT) return y;
    y = lp_elf_symbol_at(OLD(d)->elf, a->start);
    return y && y->value == a->start && y->size ? y : NULL;
}

bool lp_old_name(lp_diff *d, uint32_t atom, struct lp_buf *out)
{
    const struct lp_atom *a = &OLD(d)->atom[atom];
    const struct lp_elf_symbol *y = own_symbol(d, a), *hit;
    char spec[512];
    bool named = y && a->kind != LP_ATOM_LOOSE && lp_elf_symbol_spec(OLD(d)->elf, y, spec, sizeof spec) < 200;
    named = named && lp_elf_find(OLD(d)->elf, spec, &hit, NULL) == LP_OK && hit->value == a->start;
    if (named) lp_buf_puts(out, spec);
    else lp_buf_printf(out, "0x%llx", (unsigned long long)a->start);
    return named;
}

static bool taken(const lp_diff *d, const char *name)
{
    const struct lp_elf_symbol *hit;
    return lp_elf_find(OLD(d)->elf, name, &hit, NULL) != LP_E_SYMBOL || lp_dynsym_wanted(OLD(d)->dynamic, name, NULL);
}

/* The new file's name if it is no name of the old one and nobody else's; else one with its address in the new file. */
void lp_own_name(lp_diff *d, uint32_t atom, struct lp_buf *out)
{
    const struct lp_atom *b = &NEW(d)->atom[atom];
    const char *name = lp_atom_name(b);
    bool code = lp_is_code_atom(b);
    size_t n = name ? strlen(name) : 0;
    if (n && n < 100 && lp_is_ident(name, n) && b->pair == LP_NONE && !b->sym->ordinal && !taken(d, name)) lp_buf_puts(out, name);
    else if (n && n < 100 && lp_is_ident(name, n)) lp_buf_printf(out, "%s.%llx", name, (unsigned long long)b->start);
    else lp_buf_printf(out, ".%s.%llx", code ? "code" : b->kind == LP_ATOM_TABLE ? "jumps" : "data", (unsigned long long)b->start);
}

/* ---- constants in code ---- */

/* Does it lead anywhere but into the function itself, from where it is or not? */
static bool leads_away(const struct lp_side *s, const struct lp_atom *f, uint64_t at, uint64_t v)
{
    const uint64_t from_here = at + v;
    return lp_side_span(s, v) || (lp_side_span(s, from_here) && !(from_here >= f->start && from_here < f->end));
}

bool lp_constant_leads(const struct lp_side *s, uint32_t atom, uint64_t at)
{
    const struct lp_atom *f = &s->atom[atom];
    uint64_t avail = 0;
    const uint8_t *p = lp_side_code(s, at, &avail), *q = lp_side_code(s, at - 4, &avail);
    if (!p || (lp_le32(p) && leads_away(s, f, at, (uint64_t)lp_sext(lp_le32(p), 32)))) return true;
    if (at + 4 >= f->start && at + 4 < f->end && lp_le64(p) && leads_away(s, f, at, lp_le64(p))) return true;
    return q && at - 4 >= f->start && at - 4 < f->end && lp_le64(q) && leads_away(s, f, at - 4, lp_le64(q));
}

/* ---- places ---- */

static struct lp_there at_old(uint64_t addr, uint32_t atom, int64_t off) { return (struct lp_there){.known = true, .addr = addr, .atom = atom, .off = off}; }
static struct lp_there at_new(uint32_t atom, int64_t off) { return (struct lp_there){.known = true, .own = true, .atom = atom, .off = off}; }

/* Bounds of spans, and what the linker made, by their distance from the start, or from the end. */
static struct lp_there bound(const lp_diff *d, uint64_t addr)
{
    const struct lp_side *o = OLD(d), *s = NEW(d);
    for (size_t i = 0; i < s->nspan; i++) {
        const uint64_t up = s->span[i].flags & LP_SPAN_CODE ? s->span[i].end : lp_align_up(s->span[i].end, 8);
        if (addr < s->span[i].start || addr > up) continue;
        for (size_t k = 0; k < o->nspan; k++) {
            if (strcmp(o->span[k].name, s->span[i].name) != 0) continue;
            if (addr == s->span[i].end) return at_old(o->span[k].end, LP_NONE, 0);
            if (addr == up) return at_old(lp_align_up(o->span[k].end, 8), LP_NONE, 0);
            uint64_t off = addr - s->span[i].start;
            if (off == 0 || off < o->span[k].end - o->span[k].start) return at_old(o->span[k].start + off, LP_NONE, 0);
        }
    }
    return (struct lp_there){0};
}

static bool holds(lp_diff *d, size_t i, const struct lp_word_at *w) { return OLD(d)->word[i].kind == w->kind && lp_same_slot(d, OLD(d), &OLD(d)->word[i], w); }

/* The first word of those in [from, to) that holds the same, its index + 1; 0: none does. */
static uint32_t slot_in(lp_diff *d, uint64_t from, uint64_t to, const struct lp_word_at *w)
{
    const struct lp_side *o = OLD(d);
    size_t i = lp_count_below(o->word, o->nword, sizeof *o->word, from);
    while (i < o->nword && o->word[i].at < to && !holds(d, i, w)) i++;
    return i < o->nword && o->word[i].at < to ? (uint32_t)(i + 1) : 0;
}

/* The same of one that is filled by a symbol: only those by its name may be. */
static uint32_t slot_named(lp_diff *d, const struct lp_word_at *w)
{
    const struct lp_side *o = OLD(d);
    uint32_t found = 0;
    for (const struct lp_dynrel *r = lp_dynrel_named(o->dynamic, w->sym->name, NULL); r; r = lp_dynrel_named(o->dynamic, w->sym->name, r)) {
        const struct lp_span *x = lp_side_span(o, r->at);
        const uint32_t i = x && x->flags & LP_SPAN_GOT ? slot_in(d, r->at, r->at + 1, w) : 0;
        if (i && (!found || i < found)) found = i;
    }
    return found;
}

/* A slot of the old file that holds the same. (Many words have the same slot.) */
static struct lp_there slot(lp_diff *d, const struct lp_word_at *w)
{
    const struct lp_side *o = OLD(d), *s = NEW(d);
    if (!d->slots && !(d->slots = calloc(s->nword, sizeof *d->slots))) return d->nomem = true, (struct lp_there){0};
    uint32_t *found = &d->slots[w - s->word]; /* its index + 1 */
    if (*found && !holds(d, *found - 1, w)) *found = 0;
    if (!*found && w->sym) *found = slot_named(d, w);
    for (size_t k = 0; !*found && !w->sym && k < o->nspan; k++)
        if (o->span[k].flags & LP_SPAN_GOT) *found = slot_in(d, o->span[k].start, o->span[k].end, w);
    return *found ? at_old(o->word[*found - 1].at, LP_NONE, 0) : (struct lp_there){0};
}

/* A PLT entry of the old file with the same slot. (Those of a static program have no names.) */
static struct lp_there stub(lp_diff *d, const struct lp_word_at *w)
{
    const struct lp_side *o = OLD(d);
    for (size_t i = 0; i < o->nspan; i++)
        for (uint64_t at = o->span[i].start; o->span[i].flags & LP_SPAN_PLT && at + 12 <= o->span[i].end; at += 4) {
            const struct lp_word_at *v = lp_stub_slot(o, at);
            if (v && lp_same_slot(d, o, v, w)) return at_old(at, LP_NONE, 0);
        }
    return (struct lp_there){0};
}

/* Carried along: the head of what must stay together. */
static struct lp_there carried(lp_diff *d, uint32_t i, uint64_t addr)
{
    struct lp_side *s = NEW(d);
    const uint32_t head = lp_head_of(d, i);
    lp_look(d, i, false), lp_look(d, head, false);
    s->atom[head].carry = true;
    return at_new(head, (int64_t)(addr - s->atom[head].start));
}

const struct lp_word_at *lp_copied(const struct lp_side *s, const struct lp_atom *a)
{
    const struct lp_word_at *w = lp_side_word(s, a->start);
    return w && w->kind == LP_WORD_COPY && w->sym ? w : NULL;
}

static struct lp_there in_code(lp_diff *d, uint32_t i, int64_t off)
{
    const struct lp_atom *b = &NEW(d)->atom[i];
    bool moved = b->included && (b->pair == LP_NONE || b->by_entry);
    if (moved && (off || b->pair == LP_NONE || b->moved_part)) return at_new(i, off);
    if (b->pair == LP_NONE) return (struct lp_there){0};
    if (off && b->included && !b->in_place) return (struct lp_there){0};
    off = (int64_t)lp_old_place(d, b, (uint64_t)off);
    return at_old(OLD(d)->atom[b->pair].start + (uint64_t)off, b->pair, off);
}

/* Data in code, of which the place does not say that it is the same. */
static struct lp_there with_content(lp_diff *d, struct lp_there t, const struct lp_use *u)
{
    const struct lp_use old = {t.addr, LP_NONE, LP_NONE, u->width, 0};
    uint64_t at;
    if (!t.known || t.own) return t;
    const bool same = t.atom == LP_NONE ? lp_same_beside(d, OLD(d), &old, u) : !u->width || lp_same_data(d, OLD(d), t.addr, u->addr, u->width, &at);
    return same ? t : (struct lp_there){0};
}

/* As far behind what is at another address as in the new file. */
static struct lp_there behind(lp_diff *d, const struct lp_use *u, uint64_t first)
{
    const struct lp_use start = {first, LP_NONE, u->self, 0, 0};
    return lp_there_from(lp_there(d, &start), (int64_t)(u->addr - first));
}

struct lp_there lp_there(lp_diff *d, const struct lp_use *u)
{
    struct lp_side *s = NEW(d);
    uint64_t first;
    if (lp_ends_text(s, u, &first)) {
        const struct lp_there t = behind(d, u, first);
        if (!t.known || t.own || lp_ends_alike(OLD(d), t.addr, s, u->addr)) return t;
    }
    const struct lp_span *x = lp_side_span(s, u->addr);
    const struct lp_word_at *w = x && x->flags & LP_SPAN_GOT ? lp_side_word(s, u->addr) : NULL;
    if (w) return slot(d, w);
    uint64_t addr = x && x->flags & LP_SPAN_CODE ? lp_side_through(s, u->addr) : u->addr;
    uint32_t i = lp_side_meant(s, u->base, addr);
    const bool code = x && x->flags & LP_SPAN_CODE;
    if (i == LP_NONE && code && lp_stub_slot(s, addr)) return stub(d, lp_stub_slot(s, addr));
    if (i == LP_NONE) return code ? with_content(d, bound(d, addr), u) : bound(d, addr);
    struct lp_atom *b = &s->atom[i];
    int64_t off = (int64_t)(addr - b->start);
    lp_look(d, i, true);
    b->aimed = true;
    if (lp_is_code_atom(b)) return with_content(d, in_code(d, i, off), u);
    const bool head = i + 1 < s->natom && s->atom[i + 1].joined;
    if (!b->carry && (b->joined || head) && b->pair == LP_NONE && !lp_is_copied(b) && lp_may_be_old(d, b)) return (struct lp_there){0};
    if (b->carry || b->joined || head || lp_is_copied(b)) return carried(d, i, addr);
    if (b->kind == LP_ATOM_PIECE && lp_is_unnamed_constant_at(s, addr) && b->pair == LP_NONE) {
        d->wanted = u;
        const uint64_t old = lp_old_constant(d, u);
        d->wanted = NULL;
        return old ? at_old(old, LP_NONE, 0) : carried(d, i, addr);
    }
    const uint64_t steady = b->pair == LP_NONE || b->roomy ? lp_steady_place(d, b, addr) : 0;
    if (steady) return at_old(steady, LP_NONE, 0);
    if (b->roomy && !lp_stays_constant(s, b)) return (struct lp_there){0};
    if (b->pair == LP_NONE || b->roomy) { /* (there may be two of a constant) */
        if (lp_copied(s, b) || lp_may_be_old(d, b)) return (struct lp_there){0};
        return carried(d, i, addr);
    }
    if (b->alike && !d->alike_told)
        lp_diff_remark(d, "variables without names that are alike are taken for those in the same places of the old file, the first: 0x%llx, which is "
                       "0x%llx there", (unsigned long long)b->start, (unsigned long long)OLD(d)->atom[b->pair].start);
    d->alike_told |= b->alike;
    return at_old(OLD(d)->atom[b->pair].start + (uint64_t)off, b->pair, off);
}

struct lp_there lp_there_itself(const lp_diff *d, struct lp_there t)
{
    const struct lp_elf_symbol *y = t.own || t.atom == LP_NONE ? NULL : own_symbol(d, &OLD(d)->atom[t.atom]);
    if (y && lp_old_export(d, y->name, y->version)) t.atom = LP_NONE;
    return t;
}

void lp_there_print(lp_diff *d, const struct lp_there *t, struct lp_buf *out)
{
    if (!t->own && t->atom == LP_NONE) {
        lp_buf_printf(out, "0x%llx", (unsigned long long)t->addr);
        return;
    }
    const struct lp_atom *b = t->own ? &NEW(d)->atom[t->atom] : NULL;
    const int64_t off = t->off + (b && !lp_is_code_atom(b) ? (int64_t)lp_carried_at(b) : 0);
    const size_t before = out->len;
    bool named = true;
    if (t->own) lp_own_name(d, t->atom, out);
    else named = lp_old_name(d, t->atom, out);
    if (!named) { /* an address: with the offset in it */
        out->len = before;
        lp_buf_printf(out, "0x%llx", (unsigned long long)t->addr);
    } else if (off) {
        lp_buf_printf(out, "%c0x%llx", off < 0 ? '-' : '+', (unsigned long long)(off < 0 ? -off : off));
    }
}
