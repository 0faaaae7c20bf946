/* diff/write/words.c - a word of a new body as the patch has it: what depends on the layout becomes a relocation by name. */
#include <config.h>
#include "diff/write/word.h"
#include "diff/side/code.h"
#include "diff/side/data.h"
#include "diff/side/seen.h"
#include "diff/side/walk.h"
#include "a64/a64.h"
#include <arm64lp/dis.h>
#include "base/bits.h"
#include "elf/spec.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

bool lp_word_refuse(const struct word *x, enum lp_refusal id, const char *why)
{
    char buf[32];
    lp_diff_refuse(x->d, NEW(x->d), id, lp_atom_text(&x->s->atom[x->atom], buf), why);
    return false;
}

bool lp_word_refuse_base(const struct word *x, const char *why)
{
    char text[120];
    if (x->s->atom[x->atom].unreached) return false;
    x->s->atom[x->atom].unreached = true;
    snprintf(text, sizeof text, "at +0x%llx %s", (unsigned long long)(x->at - x->s->atom[x->atom].start), why);
    return lp_word_refuse(x, LP_E181, text);
}

void lp_forget_words(lp_diff *d) { d->texts.len = d->naim = 0; }

struct lp_buf *lp_reloc_text(lp_diff *d, struct lp_new_word *w)
{
    lp_buf_add(&d->texts, "", 1);
    d->nomem |= d->texts.failed || d->texts.len > UINT32_MAX;
    w->reloc = (uint32_t)d->texts.len;
    return &d->texts;
}

static void aim(struct word *x, const struct lp_there *to, const struct lp_there *second)
{
    struct lp_aim *v = lp_grow(x->d->aim, &x->d->aim_cap, x->d->naim, sizeof *v);
    if (!v) {
        x->d->nomem = true;
        return;
    }
    x->d->aim = v;
    v[x->d->naim++] = (struct lp_aim){*to, *second};
    x->out->aim = (uint32_t)x->d->naim;
}

static void set_reloc(struct word *x, const char *name, uint32_t mask, const struct lp_there *t)
{
    struct lp_buf *b = lp_reloc_text(x->d, x->out);
    x->out->has_reloc = true;
    x->out->in_old = !t->own;
    x->out->addr = t->addr;
    x->out->word = x->w & ~mask;
    lp_buf_puts(b, name), lp_buf_puts(b, " ");
    lp_there_print(x->d, t, b);
}

static bool inside(const struct word *x, uint64_t addr) { return addr >= x->s->atom[x->atom].start && addr < x->s->atom[x->atom].end; }

bool lp_word_unresolved(const struct word *x)
{
    struct lp_atom *a = &x->s->atom[x->atom];
    char buf[32];
    if (!a->unresolved) lp_diff_refuse(x->d, NEW(x->d), LP_E141, lp_atom_text(a, buf), (unsigned long long)(x->at - a->start));
    a->unresolved = true;
    return false;
}

/* What is no instruction, or known to be none. */
static bool datum(const struct word *x)
{
    char buf[32];
    const struct lp_atom *a = &x->s->atom[x->atom];
    if (!lp_constant_leads(x->s, x->atom, x->at)) return true;
    if (x->out->datum) lp_refuse_datum(x->d, x->atom, x->at, x->w);
    else lp_diff_refuse(x->d, NEW(x->d), LP_E140, lp_atom_text(a, buf), (unsigned long long)(x->at - a->start), "a constant in code may lead somewhere");
    return false;
}

/* A call of an import for which the old file has no PLT entry: by its name. (So is one of a library's own function, which may be another object's in the
 * end.) */
static bool import(struct word *x, uint64_t target)
{
    const uint32_t i = lp_side_start(x->s, target);
    const struct lp_dynsym *y = i != LP_NONE ? lp_plt_import(x->s, &x->s->atom[i]) : NULL;
    const struct lp_elf_symbol *hit;
    if (!y) return false;
    const struct lp_dynsym *o = lp_old_export(x->d, y->name, y->version);
    const bool own = o && lp_dynsym_preempted(OLD(x->d)->dynamic, o->name, o->version, o->value);
    const bool known = lp_dynsym_wanted(OLD(x->d)->dynamic, y->name, y->version);
    if (!own && (y->shndx != SHN_UNDEF || (known && lp_elf_find(OLD(x->d)->elf, y->name, &hit, NULL) != LP_E_SYMBOL))) return false;
    x->out->has_reloc = true;
    x->out->word = x->w & 0xfc000000;
    struct lp_buf *b = lp_reloc_text(x->d, x->out);
    lp_buf_printf(b, "%s ", x->w >> 31 ? "call26" : "jump26");
    x->refused = !lp_print_import(x->d, y, own, 0, b);
    return !x->refused;
}

/* The next word, where nothing is: a call of a weak symbol that nobody defines. */
static bool is_next(const struct word *x, uint64_t target)
{
    return target == x->at + 4 && target == x->s->atom[x->atom].end && lp_side_atom(x->s, target) == LP_NONE;
}

/* ADR and a literal's load lead 1 MB far, and new code may be farther away. (Branches have veneers.) */
static bool reaches(const struct word *x, uint32_t mask, const struct lp_there *t)
{
    const bool far = (mask == 0x60ffffe0 || (mask == 0x00ffffe0 && lp_a64_is_load_literal(x->w)));
    return !far || t->own != x->s->atom[x->atom].in_place;
}

/* B BL B.cond CBZ CBNZ TBZ TBNZ ADR, LDR (literal): inside the body they are right as they are. */
static bool self_describing(struct word *x, uint64_t target, uint32_t mask)
{
    const char *name = mask == 0x03ffffff ? x->w >> 31 ? "call26" : "jump26" : mask == 0x0007ffe0 ? "tstbr14" :
                       mask == 0x60ffffe0 ? "adr_prel_lo21" : lp_a64_is_load_literal(x->w) ? "ld_prel_lo19" : "condbr19";
    const struct lp_atom *a = &x->s->atom[x->atom];
    if (mask == 0x60ffffe0 && target == a->start && !a->in_place && a->kind == LP_ATOM_FUNC)
        return lp_word_refuse(x, LP_E180, "ADR makes the function's own address, and the new body is elsewhere");
    if (mask == 0x60ffffe0 && target == a->end && !a->in_place && lp_seen_jumps(x->s, a)) /* and not that of what begins there */
        return lp_word_refuse(x, LP_E180,
                              "ADR makes the address of the function's end, from where it may count to where it jumps, and the new body is elsewhere");
    if (inside(x, target) || is_next(x, target)) return true;
    struct lp_use u = {target, x->ref ? x->ref->base : LP_NONE, x->atom, x->ref ? x->ref->width : 0, x->ref ? x->at : 0};
    struct lp_there t = lp_word_there(x, &u);
    if (!t.known) return (mask == 0x03ffffff && import(x, target)) || lp_word_nowhere(x, &u);
    const bool far = !reaches(x, mask, &t);
    if (far && lp_may_be_apart(x->w)) return aim(x, &t, &t), x->out->apart = true; /* ADR */
    if (far) return lp_word_refuse(x, LP_E180, "ADR and a literal's load lead 1 MB far, and new code may be farther away");
    set_reloc(x, name, mask, &t);
    return true;
}

bool lp_new_branch(lp_diff *d, uint32_t atom, uint64_t target, struct lp_new_word *out)
{
    const struct lp_atom *a = &NEW(d)->atom[atom];
    struct word x = {.d = d, .s = NEW(d), .atom = atom, .at = a->end, .w = 0x14000000, .out = out};
    out->word = x.w;
    return self_describing(&x, target, 0x03ffffff);
}

/* What linkers make for themselves, and what begins behind it without a name: a slot may hold the end of the former (`__rela_iplt_end`). */
static bool may_be_bound(struct word *x, uint64_t addr, const struct lp_there *t)
{
    const uint32_t i = t->own ? lp_side_start(x->s, addr) : LP_NONE;
    char buf[32];
    if (i == LP_NONE || x->s->atom[i].sym) return false;
    for (size_t k = 0; k < x->s->nspan && !x->refused; k++) {
        const struct lp_span *p = &x->s->span[k];
        if (!(p->flags & LP_SPAN_LINKER) || p->end != addr) continue;
        lp_diff_refuse(x->d, x->s, LP_E148, lp_atom_text(&x->s->atom[x->atom], buf), (unsigned long long)(x->at - x->s->atom[x->atom].start), p->name);
        x->refused = true;
    }
    return x->refused;
}

/* A slot for an address of the file's own, where the old one has none: the patch has one. */
static bool set_own_slot(struct word *x, uint64_t slot, const struct lp_word_at *w, const char *name, uint32_t mask)
{
    const struct lp_use u = {slot, LP_NONE, x->atom, 8, 0}, held = {w->value, LP_NONE, LP_NONE, 0, 0};
    if (lp_there(x->d, &u).known) return false;
    const struct lp_there t = lp_there_itself(x->d, lp_there(x->d, &held));
    if (!t.known) return false;
    if (may_be_bound(x, w->value, &t)) return true;
    set_reloc(x, name, mask, &t);
    x->out->in_old = false;
    return true;
}

/* "got_page of puts" reads better than the address of a slot; and where the old file imports it without one, the patch has one. */
static bool set_got(struct word *x, uint64_t slot, const char *name, uint32_t mask)
{
    const struct lp_word_at *w = lp_side_word(x->s, slot);
    const struct lp_span *p = lp_side_span(x->s, slot);
    if (!w || !p || !(p->flags & LP_SPAN_GOT)) return false;
    if (w->kind == LP_WORD_ADDR && !w->sym) return set_own_slot(x, slot, w, name, mask);
    if (w->type != R_AARCH64_GLOB_DAT || !w->sym || w->value) return false;
    const struct lp_elf_symbol *hit;
    struct lp_use u = {slot, LP_NONE, x->atom, 8, 0};
    const struct lp_there t = lp_word_there(x, &u);
    if (t.known && !lp_is_ident(w->sym->name, strlen(w->sym->name))) return false;
    if (lp_elf_find(OLD(x->d)->elf, w->sym->name, &hit, NULL) == LP_E_AMBIGUOUS) return false;
    x->out->has_reloc = true;
    x->out->in_old = t.known;
    x->out->addr = t.addr;
    x->out->word = x->w & ~mask;
    struct lp_buf *b = lp_reloc_text(x->d, x->out);
    lp_buf_printf(b, "%s ", name);
    if (t.known) return lp_buf_puts(b, w->sym->name), true;
    return lp_print_import(x->d, w->sym, false, 0, b) || !(x->refused = true);
}

/* Is a page that no word completes an address by itself, as where a linker has made a NOP of the ADD? (Or a word of another function completes it.) */
static bool is_itself(const struct word *x)
{
    const uint32_t i = lp_side_start(x->s, x->ref->addr);
    const bool named = i != LP_NONE && lp_atom_name(&x->s->atom[i]);
    return x->ref->flags & LP_FLOW_ALONE && (named || lp_code_word(x->s, x->at + 4) == LP_A64_NOP);
}

static bool page(struct word *x)
{
    uint32_t of;
    const struct lp_ref_at *r = lp_page_meant(x->d, x->atom, x->ref, &of);
    struct lp_use u = {r ? r->addr : x->ref->addr, r ? r->base : LP_NONE, x->atom, r ? r->width : 0, r ? r->at : 0};
    if (!lp_a64_is_pcrel_address(x->w)) return lp_word_refuse(x, LP_E180, "a part of an address is made in a way that no relocation has");
    if (x->w >> 31 == 0 && !r) return self_describing(x, x->ref->addr, 0x60ffffe0); /* ADR */
    if (!r && !is_itself(x)) return lp_word_unresolved(x);
    x->w |= UINT32_C(1) << 31;
    if (set_got(x, u.addr, "adr_got_page", 0x60ffffe0)) return true;
    struct lp_there t = of != x->atom ? lp_place_of_user(x->d, of, r) : r ? lp_word_base(x, r) : lp_word_there(x, &u);
    if (!t.known) return lp_word_nowhere(x, &u);
    set_reloc(x, "adr_prel_pg_hi21", 0x60ffffe0, &t);
    return true;
}

static bool makes_page(const struct word *x, uint64_t base)
{
    size_t n;
    lp_bases(x->d, x->atom, LP_BASE_PAGE, base, &n);
    return n != 0;
}

/* The start of a page by chance: an address that another word has completed, and from which this one has an offset. */
static bool is_made(const struct word *x, uint64_t base)
{
    size_t n, i = 0;
    const struct lp_base *made = lp_bases(x->d, x->atom, LP_BASE_MADE, base, &n);
    while (i < n && x->s->ref[made[i].ref].at == x->at) i++;
    return i < n && !(x->ref->flags & LP_FLOW_OF_PAGE);
}

/* A piece of a text that is copied: the text is in the old file, or carried, as a whole. */
static bool is_inside_text(const struct word *x, const struct lp_use *from, const struct lp_use *to)
{
    const uint32_t i = lp_side_atom(x->s, from->addr);
    const bool constant = i != LP_NONE && lp_is_unnamed_constant(x->s, &x->s->atom[i]);
    return constant && to->addr > from->addr && to->addr + to->width - from->addr <= lp_side_text(x->s, from->addr);
}

/* Does no index lead out of the object to which it is added? LLVM, where it has merged variables into one, lets loops count from a variable's distance in that
 * on, so that nothing else says which one is meant; GCC adds distances behind the index. */
static bool index_stays(const struct word *x, const struct lp_ref_at *r)
{
    const uint32_t i = r->flags & LP_FLOW_INDEXED ? lp_side_atom(x->s, r->addr) : LP_NONE;
    const uint64_t reach = i == LP_NONE ? UINT64_MAX : lp_index_reach(x->s, x->atom, r->at);
    return !(r->flags & LP_FLOW_INDEXED) || (reach != UINT64_MAX && reach <= x->s->atom[i].end - r->addr);
}

static bool hides_distances(const struct word *x)
{
    struct lp_atom *a = &x->s->atom[x->atom];
    if (!a->hides_asked) {
        a->hides = false;
        for (uint32_t k = 0; k < a->nref && !a->hides && !lp_elf_made_by_gcc(x->s->elf); k++) a->hides = !index_stays(x, &x->s->ref[a->ref + k]);
    }
    a->hides_asked = true;
    return a->hides;
}

/* The word makes the whole address, in a stub, where that is known for certain, or is it but for an index: then `base` is where it is added. (off < 0: there is
 * none; base: what the second register of LDP and STP is of.) */
static bool apart(struct word *x, const struct lp_ref_at *r, const struct lp_there *to, const struct lp_there *base, int64_t off)
{
    const bool indexed = base && r->flags == LP_FLOW_INDEXED && off >= 0 && lp_may_have_index(x->w);
    if (x->n > 1 || (r->flags && !indexed) || !lp_may_be_apart(x->w) || hides_distances(x)) return false;
    aim(x, to, base ? base : to);
    x->out->indexed = indexed;
    return x->out->apart = true;
}

/* An offset from an address that is made elsewhere: right if the two are as far apart in the old file, or can be. */
static bool offset(struct word *x, const struct lp_ref_at *r, int64_t off)
{
    uint32_t w = x->w;
    struct lp_use to = {r->addr, r->base, x->atom, r->width, r->at}, from = {r->addr - (uint64_t)off, LP_NONE, x->atom, 0, 0};
    if (inside(x, to.addr) && inside(x, from.addr)) return true;
    uint32_t i = lp_side_atom(x->s, from.addr), k = lp_side_atom(x->s, to.addr);
    if (i != LP_NONE && i == k) return true; /* within one object */
    const bool index = r->flags & LP_FLOW_INDEXED;
    if (index && i != LP_NONE && lp_side_span(x->s, from.addr) != lp_side_span(x->s, to.addr)) return true; /* no section anchor leads there */
    if (is_inside_text(x, &from, &to)) return true;
    struct lp_there a = {0};
    if (!lp_word_made_at(x, r, from.addr, &a)) a = lp_word_there(x, &from);
    if (lp_word_is_as_far(x, &to, &a, off)) return true;
    const struct lp_there b = lp_word_there(x, &to);
    if (a.own && b.own && a.atom == b.atom && b.off - a.off == off) return true;
    if (a.known && k == LP_NONE && lp_ending(x->s, &to) == LP_NONE) return true; /* outside of everything */
    if (!a.known || !b.known) return lp_word_nowhere(x, a.known ? &to : &from);
    if ((a.own || b.own) && lp_bring_together(x->d, x->atom)) return true;
    if (a.own || b.own) return apart(x, r, &b, &a, off) || lp_word_refuse_base(x, "new data is reached from the address of other data");
    if (!lp_word_set_offset(&w, (int64_t)(b.addr - a.addr)))
        return apart(x, r, &b, &a, off) || lp_word_refuse_base(x, "two objects are too far apart in the old file");
    if (index && off < 0 && w != x->w) return lp_word_refuse_base(x, "an index is added to an address behind other data");
    if (x->n > 1 && w != x->w) return lp_word_refuse_base(x, "an offset is from several objects");
    if (w != x->w && hides_distances(x)) return lp_word_refuse_base(x, "another offset is needed, and an index may have one in it, too");
    x->out->word = w;
    return true;
}

/* Behind an access to one object, the base is moved on into another one: right if the two are as far apart in the old file. (Loops go on by steps.) */
static bool moves_base(struct word *x, const struct lp_ref_at *r)
{
    const int64_t back = lp_word_back(x->w);
    const struct lp_use from = {r->addr, r->base, x->atom, 0, 0}, to = {r->addr + (uint64_t)back, LP_NONE, x->atom, 0, x->at};
    if (!back || r->flags & LP_FLOW_INDEXED || lp_side_atom(x->s, from.addr) == lp_side_atom(x->s, to.addr)) return true;
    const struct lp_there a = lp_word_there(x, &from), b = lp_word_there(x, &to);
    if (!a.known || !b.known) return lp_word_nowhere(x, a.known ? &to : &from);
    if (lp_is_there_from(&a, &b, back)) return true;
    return lp_word_refuse_base(x, a.own || b.own ? "new data is reached from the address of other data" : "two objects are too far apart in the old file");
}

/* LDP and STP of two objects: right if these are side by side in the old file, too. */
static bool reads_on(struct word *x, const struct lp_ref_at *r)
{
    const uint32_t i = lp_side_meant(x->s, r->base, r->addr);
    if (i == LP_NONE || !r->width || r->flags & LP_FLOW_INDEXED || lp_is_code_atom(&x->s->atom[i]) || lp_is_constant(x->s, &x->s->atom[i])) return true;
    const uint64_t end = x->s->atom[i].end, left = end - r->addr;
    if (left >= r->width || lp_side_atom(x->s, end) == LP_NONE) return true;
    const struct lp_use one = {r->addr, r->base, x->atom, (uint8_t)left, r->at}, two = {end, LP_NONE, x->atom, (uint8_t)(r->width - left), r->at};
    const struct lp_there a = lp_word_there(x, &one), b = lp_word_there(x, &two);
    if (!a.known || (!b.known && x->s->atom[i].kind == LP_ATOM_PIECE)) return true; /* (it may be one thing) */
    if (!b.known) return lp_word_nowhere(x, &two);
    if (lp_is_there_from(&a, &b, (int64_t)left)) return true;
    if ((a.own || b.own) && lp_bring_together(x->d, x->atom)) return true;
    if (b.known && lp_may_be_split(x->w, left) && apart(x, r, &a, &b, -1)) return x->out->split = true;
    return lp_word_refuse_base(x, a.own || b.own ? "new data is reached from the address of other data" : "two objects are too far apart in the old file");
}

static bool address(struct word *x)
{
    for (unsigned i = 0; i < x->n; i++)
        if (!reads_on(x, &x->ref[i])) return false;
    if (x->out->apart) return true;
    const char *name = lp_word_lo12_name(x->w);
    int64_t off;
    if (!lp_word_offset(x->w, &off)) { /* no field that depends on it */
        struct lp_chosen c;
        const struct lp_use chosen = {x->ref->addr, x->ref->base, x->atom, x->ref->width, x->at};
        if (lp_chosen(x->s, &chosen, &c) && !lp_word_there(x, &chosen).known) return lp_word_nowhere(x, &chosen);
        bool good = true;
        for (unsigned i = 0; good && i < x->n; i++) good = moves_base(x, &x->ref[i]);
        return good;
    }
    uint64_t base = x->ref->addr - (uint64_t)off;
    const bool lent = x->s->atom[x->atom].lent && x->ref->flags & LP_FLOW_OF_PAGE;
    if (!name || base & 4095 || x->ref->flags & LP_FLOW_INDEXED || (!makes_page(x, base) && !lent) || is_made(x, base)) {
        for (unsigned i = 0; i < x->n; i++)
            if (!offset(x, &x->ref[i], off)) return false;
        return true;
    }
    if (x->n > 1) return lp_word_refuse(x, LP_E180, "one word is the end of several addresses");
    const bool apart = !lp_has_page(x->d, x->atom, x->ref) && lp_may_be_apart(x->w);
    if (name[3] == 't' && x->ref->width == 8 && set_got(x, x->ref->addr, "ld64_got_lo12_nc", 0x003ffc00)) {
        if (apart) x->out->apart = x->out->slot = true, x->out->word = x->w;
        return true;
    }
    struct lp_use u = {x->ref->addr, x->ref->base, x->atom, x->ref->width, x->at};
    struct lp_there t = lp_word_base(x, x->ref);
    if (!t.known) return lp_word_nowhere(x, &u);
    if (!lp_carries(x->d, &t, x->ref->width))
        return lp_word_refuse(x, LP_E180, "it reads beyond what is known of new data, or needs it aligned to more than that is");
    if (apart) return aim(x, &t, &t), x->out->apart = true;
    set_reloc(x, name, 0x003ffc00, &t);
    return true;
}

/* A part of an address that MOVZ and MOVK make: the uppermost one is checked. */
static bool number(struct word *x)
{
    static const char *const part[] = {"movw_uabs_g0_nc", "movw_uabs_g1_nc", "movw_uabs_g2_nc", "movw_uabs_g3"};
    static const char *const last[] = {"movw_uabs_g0", "movw_uabs_g1", "movw_uabs_g2", "movw_uabs_g3"};
    const uint64_t v = x->ref->addr;
    const unsigned hw = (unsigned)lp_bits(x->w, 21, 2);
    char buf[32];
    struct lp_use u = {v, x->ref->base, x->atom, 0, 0};
    const enum lp_reading r = lp_read_number(x->s, x->ref);
    if (r == LP_READ_NUMBER) return true;
    if (r == LP_READ_EITHER && !lp_both_readings(x->d, v))
        return lp_diff_refuse(x->d, NEW(x->d), LP_E146, lp_atom_text(&x->s->atom[x->atom], buf),
                              (unsigned long long)(x->at - x->s->atom[x->atom].start), (unsigned long long)v), false;
    if (r == LP_READ_EITHER) return true;
    struct lp_there t = lp_word_there(x, &u);
    if (!t.known) return lp_word_nowhere(x, &u);
    set_reloc(x, x->ref->flags & LP_FLOW_ALONE ? last[hw] : part[hw], 0x001fffe0, &t);
    return true;
}

bool lp_new_word(lp_diff *d, uint32_t atom, uint64_t at, struct lp_new_word *out)
{
    struct word x = {.d = d, .s = NEW(d), .atom = atom, .at = at, .w = lp_code_word(NEW(d), at), .out = out};
    uint64_t target;
    uint32_t mask;
    out->word = x.w;
    out->has_reloc = out->in_old = out->apart = out->split = out->indexed = out->slot = false;
    out->reloc = out->aim = 0;
    out->datum = !lp_dis_valid(x.w);
    if (out->datum) return datum(&x);
    x.ref = lp_refs_at(x.s, &x.s->atom[atom], at, &x.n);
    if (!x.n) x.ref = NULL;
    bool itself = !x.ref || (x.ref->kind != LP_FLOW_DATA && x.ref->kind != LP_FLOW_PAGE);
    if (itself && lp_word_target(x.w, at, &target, &mask)) return self_describing(&x, target, mask);
    if (!x.ref) return true;
    switch (x.ref->kind) {
    case LP_FLOW_PAGE: return page(&x);
    case LP_FLOW_ADDR: return address(&x);
    case LP_REF_NUMBER: return number(&x);
    case LP_FLOW_OPAQUE: return lp_word_unresolved(&x);
    case LP_FLOW_DATA: return datum(&x);
    default: return true;
    }
}
