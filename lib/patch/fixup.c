/* patch/fixup.c - one relocation of new code, data or a site: from a symbol of the running program to the bits of a field. */
#include <config.h>
#include "patch/plan.h"
#include "patch/landing.h"
#include "base/bits.h"
#include "base/buf.h"
#include "base/error.h"
#include "elf/put.h"
#include "elf/dynamic.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { SLOT_BYTES = sizeof(((struct lp_slot *)0)->value) };
/* What a slot of the TLS kind holds (AAELF64 5.7.11), by the relocation's number. */
enum tls_kind { TLS_GD, TLS_LD, TLS_IE, TLS_DESC };
static enum tls_kind tls_kind(const struct lp_reloc *r)
{
    return r->number >= 560 ? TLS_DESC : r->number >= 539 ? TLS_IE : r->number >= 517 ? TLS_LD : TLS_GD;
}

struct fixing { struct lp_plan *pl; struct lp_target *t; const struct lp_fixup *f; uint32_t line; uint64_t at; struct lp_ref ref; };

/* ---- slots of the patch ---- */

/* A file's dynamic linker shall fill this. */
static bool add_dyn(struct lp_plan *pl, uint32_t line, uint64_t at, uint32_t type, uint64_t addend, const struct lp_dynsym *sym)
{
    struct lp_dynrel *v = lp_grow(pl->dyn, &pl->dyn_cap, pl->ndyn, sizeof *v);
    if (!v) return lp_plan_fail(pl, line, LP_E_NOMEM, "out of memory"), false;
    pl->dyn = v;
    v[pl->ndyn++] = (struct lp_dynrel){at, type, 0, (int64_t)addend, sym};
    return true;
}

bool lp_plan_far(uint32_t out[3], bool load, uint64_t at, uint64_t to, struct lp_error *why)
{
    const struct lp_reloc *page = lp_reloc_numbered(R_AARCH64_ADR_PREL_PG_HI21);
    const struct lp_reloc *low = lp_reloc_numbered(load ? R_AARCH64_LDST64_ABS_LO12_NC : R_AARCH64_ADD_ABS_LO12_NC);
    uint64_t adrp = 0x90000010, second = load ? 0xf9400210 : 0x91000210;
    if (lp_reloc_apply(page, to, at, &adrp, why) != LP_OK || lp_reloc_apply(low, to, at + 4, &second, why) != LP_OK) return false;
    out[0] = (uint32_t)adrp, out[1] = (uint32_t)second, out[2] = 0xd61f0200;
    return true;
}

/* Code that goes on at an address: through a word beside it (any distance), or in a file, which may be loaded anywhere: adrp x16, to; add x16, x16, lo; br x16,
 * or ldr x16 of a slot at `to`. X16 and X17 are any veneer's (AAPCS64 6.1.1), and BR X16 may enter a function with a landing pad (Arm ARM D8.4.5). */
static bool fill_veneer(const struct fixing *x, uint8_t *p, uint64_t at, const struct lp_slot *s)
{
    static const uint32_t literal[2] = {0x58000050, 0xd61f0200};
    if (!x->pl->space->disk) return lp_put32(p, literal[0]), lp_put32(p + 4, literal[1]), lp_put64(p + 8, s->value[0]), true;
    uint32_t w[3];
    struct lp_error why;
    bool good = lp_plan_far(w, s->kind == LP_SLOT_STUB, at, s->value[0], &why);
    for (int i = 0; i < 3 && good; i++) lp_put32(p + 4 * i, w[i]);
    if (!good) lp_plan_fail(x->pl, x->line, LP_E_RANGE, "%s", why.text);
    return good;
}

/* A PLT entry for a GOT slot that one elsewhere goes by: adrp x16; ldr x17, [x16, lo12]; add x16, x16, lo12; br x17 (AAELF64 "PLT sequences"), as the slot
 * may lead to the dynamic linker, which takes X16 for the slot's address. */
static bool fill_plt(const struct fixing *x, uint8_t *p, uint64_t at, uint64_t got)
{
    uint32_t w[3];
    struct lp_error why;
    uint64_t load = 0xf9400211;
    if (!lp_plan_far(w, false, at, got, &why) || lp_reloc_apply(lp_reloc_numbered(R_AARCH64_LDST64_ABS_LO12_NC), got, at + 4, &load, &why) != LP_OK)
        return lp_plan_fail(x->pl, x->line, LP_E_RANGE, "%s", why.text), false;
    lp_put32(p, w[0]), lp_put32(p + 4, (uint32_t)load), lp_put32(p + 8, w[1]), lp_put32(p + 12, 0xd61f0220);
    return true;
}

/* Code that asks the resolver of an IFUNC each time and goes on where it says: saves X0-X8, V0-V7 and X30, calls it with 0 for the CPU's features (which
 * glibc's do not look at, and by which others choose what each CPU can do), and branches there by X16. It fills several slots; the resolver's address is
 * the last word. */
static const uint32_t asking[] = {
    0xd503245f, 0xa9b27bfd, 0x910003fd, 0xa90107e0, 0xa9020fe2, 0xa90317e4, 0xa9041fe6, 0xf9002be8, /* bti c; stp x29, x30, [sp, #-224]!; mov x29, sp; ... */
    0xad0307e0, 0xad040fe2, 0xad0517e4, 0xad061fe6, 0xd2800000, 0xd2800001, 0x58000210, 0xd63f0200, /* ...; mov x0, #0; mov x1, #0; ldr x16, =; blr x16 */
    0xaa0003f0, 0xad461fe6, 0xad4517e4, 0xad440fe2, 0xad4307e0, 0xf9402be8, 0xa9441fe6, 0xa94317e4, /* mov x16, x0; ldp ... */
    0xa9420fe2, 0xa94107e0, 0xa8ce7bfd, 0xd61f0200, 0xd503201f, 0xd503201f, 0, 0,                   /* ...; ldp x29, x30, [sp], #224; br x16; nop; nop; 0 */
};
enum { ASKING_SLOTS = sizeof asking / SLOT_BYTES };

static void fill_asking(uint8_t *p, const struct lp_slot *s)
{
    for (unsigned i = 0; i < 4; i++) lp_put32(p + 4 * i, asking[4 * s->value[1] + i]);
    if (s->value[1] + 1 == ASKING_SLOTS) lp_put64(p + 8, s->value[0]);
}

/* The bytes of a slot: code, a word, two words, or the function of a static descriptor: ldr x0, [x0, #8]; ret. */
static bool fill_slot(const struct fixing *x, uint8_t *p, uint64_t at, const struct lp_slot *s)
{
    static const uint32_t descriptor[2] = {0xf9400400, 0xd65f03c0};
    if (s->kind == LP_SLOT_VENEER || s->kind == LP_SLOT_STUB) return fill_veneer(x, p, at, s);
    if (s->kind == LP_SLOT_PLT) return fill_plt(x, p, at, s->value[0]);
    if (s->kind == LP_SLOT_IFUNC) return fill_asking(p, s), true;
    if (s->kind == LP_SLOT_TLSDESC) return lp_put32(p, descriptor[0]), lp_put32(p + 4, descriptor[1]), true;
    for (int i = 0; i < 2; i++) {
        if (!s->dyn[i] || s->dyn[i] == R_AARCH64_RELATIVE) lp_put64(p + 8 * i, s->value[i]);
        if (s->dyn[i] && !add_dyn(x->pl, x->line, at + 8 * (uint64_t)i, s->dyn[i], s->value[i], s->sym)) return false;
    }
    return true;
}

static bool same_slot(const struct lp_slot *a, const struct lp_slot *b)
{
    return a->target == b->target && a->kind == b->kind && a->value[0] == b->value[0] && a->value[1] == b->value[1] && a->dyn[0] == b->dyn[0] &&
           a->dyn[1] == b->dyn[1] && a->sym == b->sym;
}

/* The run-time address of a slot with this content; 0: there is none in this layout. */
static uint64_t find_slot(struct fixing *x, struct lp_slot want)
{
    struct lp_plan *pl = x->pl;
    struct lp_region *r = lp_plan_region(pl, x->t);
    struct lp_slot *s = NULL;
    bool code = want.kind == LP_SLOT_VENEER || want.kind == LP_SLOT_STUB || want.kind == LP_SLOT_PLT || want.kind == LP_SLOT_TLSDESC;
    want.target = x->t;
    want.part = code || !pl->space->disk ? LP_PART_CODE : LP_PART_DATA;
    for (size_t i = 0; i < pl->nslot && !s; i++) {
        if (same_slot(&pl->slot[i], &want)) s = &pl->slot[i];
        else want.index += pl->slot[i].target == x->t && pl->slot[i].part == want.part;
    }
    bool is_new = !s;
    if (is_new) {
        struct lp_slot *v = lp_grow(pl->slot, &pl->slot_cap, pl->nslot, sizeof *v);
        if (!v) return lp_plan_fail(pl, x->line, LP_E_NOMEM, "out of memory"), 0;
        pl->slot = v;
        s = &v[pl->nslot++];
        *s = want;
    }
    if (!r || s->index >= r->part[s->part].nslot) return pl->again = true, 0;
    uint64_t off = r->part[s->part].slot_off + s->index * SLOT_BYTES;
    return is_new && !fill_slot(x, r->bytes + off, r->addr + off, s) ? 0 : r->addr + off;
}

static uint64_t slot(struct fixing *x, enum lp_slot_kind kind, uint64_t v0, uint64_t v1)
{
    return find_slot(x, (struct lp_slot){.kind = kind, .value = {v0, v1}});
}

/* One whose first word is an address of the object. */
static uint64_t address_slot(struct fixing *x, enum lp_slot_kind kind, uint64_t v0, uint64_t v1)
{
    const struct lp_disk_kind *disk = x->pl->space->disk;
    return find_slot(x, (struct lp_slot){.kind = kind, .value = {v0, v1}, .dyn = {disk && disk->moves ? R_AARCH64_RELATIVE : 0}});
}

/* One that the file's dynamic linker fills. */
static uint64_t linker_slot(struct fixing *x, enum lp_slot_kind kind, uint32_t first, uint64_t addend, uint32_t second, uint64_t addend2)
{
    return find_slot(x, (struct lp_slot){.kind = kind, .value = {addend, addend2}, .dyn = {first, second}, .sym = x->ref.sym});
}

/* ---- slots of the object ---- */

static bool same_symbol(const struct lp_dynsym *s, const struct lp_ref *r)
{
    return s && r->name && strcmp(s->name, r->name) == 0 && (!r->version || !s->version || strcmp(s->version, r->version) == 0);
}

/* Without a symbol: of a thread-local variable, or the choice of an IFUNC, of its own. */
static bool is_own_slot(const struct fixing *x, const struct lp_dynrel *r)
{
    if (r->type == LP_R_IRELATIVE) return (uint64_t)r->addend + x->t->bias == x->ref.addr;
    return x->ref.kind == LP_REF_TLS && (uint64_t)r->addend == x->ref.addr + (uint64_t)x->f->expr.addend;
}

/* A slot that the dynamic linker fills with a symbol's address, thread offset or descriptor. */
static uint64_t linked_slot(const struct fixing *x, uint32_t type)
{
    const struct lp_dynamic *d = lp_elf_dynamic_part(x->t->elf);
    const bool own = x->ref.in == x->t && (x->ref.kind == LP_REF_TLS || type == LP_R_IRELATIVE);
    for (const struct lp_dynrel *r = x->ref.name ? lp_dynrel_named(d, x->ref.name, NULL) : NULL; r; r = lp_dynrel_named(d, x->ref.name, r))
        if (r->type == type && same_symbol(r->sym, &x->ref) && r->addend == x->f->expr.addend) return r->at + x->t->bias;
    for (size_t i = 0; own && i < d->nrel; i++)
        if (d->rel[i].type == type && !d->rel[i].sym && is_own_slot(x, &d->rel[i])) return d->rel[i].at + x->t->bias;
    return 0;
}

/* A word of .got that is filled already: a local symbol's, or any in a program without a dynamic linker. */
static uint64_t filled_slot(const struct fixing *x, uint64_t value)
{
    const struct lp_elf_section *s = lp_plan_got(x->t);
    const struct lp_disk_kind *disk = x->pl->space->disk;
    uint64_t now;
    if (disk && disk->moves && !lp_elf_dynfixes(x->t->elf).n) return 0;
    for (uint64_t off = 0; s && off + 8 <= s->size && lp_plan_word(x->pl, s->addr + off + x->t->bias, &now); off += 8)
        if (now == value) return s->addr + off + x->t->bias;
    return 0;
}

/* ---- values ---- */

/* A call of what another object has, from a file that has no PLT entry for it. */
static bool import_stub(struct fixing *x, uint64_t *value)
{
    uint64_t own = linked_slot(x, R_AARCH64_GLOB_DAT);
    if (!own && !(own = linker_slot(x, LP_SLOT_WORD, R_AARCH64_GLOB_DAT, 0, 0, 0))) return false;
    return (*value = slot(x, LP_SLOT_STUB, own, 0)) != 0;
}

/* An IFUNC whose choice nobody in the running program holds. Slots that are asked for one behind the other are so. */
static bool is_unchosen(const struct fixing *x)
{
    uint64_t at;
    if (x->ref.kind != LP_REF_IFUNC || x->f->expr.addend || x->pl->space->file || !lp_plan_usable(x->pl, x->t)) return false;
    return !lp_plan_holds_chosen(x->pl, x->t, &x->ref, &at);
}

static bool asking_stub(struct fixing *x, uint64_t *value)
{
    for (uint64_t i = 0; i < ASKING_SLOTS; i++) {
        const uint64_t at = slot(x, LP_SLOT_IFUNC, x->ref.addr, i);
        if (i == 0) *value = at;
    }
    return *value != 0;
}

/* S + A. A branch to an IFUNC or to another object goes by its PLT entry if the object has one. */
static bool address(struct fixing *x, uint64_t *value)
{
    bool branch = x->f->reloc->field == LP_FIELD_IMM26 && !x->f->expr.addend;
    if (x->ref.kind == LP_REF_IMPORT && branch && !lp_plan_plt(x->t, &x->ref, value)) return import_stub(x, value);
    if (is_unchosen(x)) return asking_stub(x, value);
    if (!lp_plan_address(x->pl, x->t, x->line, &x->ref, x->f->reloc, value)) return false;
    *value += (uint64_t)x->f->expr.addend;
    return true;
}

/* The GOT slot that the object itself has; 0 = none. */
static uint64_t own_got(struct fixing *x)
{
    uint64_t own = linked_slot(x, R_AARCH64_GLOB_DAT);
    return !own && x->ref.kind == LP_REF_IFUNC ? linked_slot(x, LP_R_IRELATIVE) : own;
}

/* G: where the symbol's address is. */
static bool got(struct fixing *x, bool near, uint64_t *value)
{
    uint64_t s = 0, own = own_got(x);
    bool linker = x->ref.sym != NULL; /* the dynamic linker of a file is to say */
    if (own && !near) return *value = own, true;
    if (!linker && (!lp_plan_preempt(x->pl, x->t, x->line, &x->ref) || !address(x, &s))) return false;
    if (!own && !linker) own = filled_slot(x, s);
    if (!own && near && x->f->reloc->op == LP_REL_GOT_PAGEOFF) {
        lp_plan_fail(x->pl, x->line, LP_E_UNSUPPORTED, "%s has no GOT slot of `%s`, and relocation %s reaches no other place: "
                     "compile the new code with -fPIC", x->t->name, x->f->expr.symbol ? x->f->expr.symbol : "the address", x->f->reloc->name);
        return false;
    }
    if (own && (!near || x->f->reloc->op == LP_REL_GOT_PAGEOFF)) return *value = own, true;
    if (own && own - x->at + (1 << 20) < (2 << 20)) return *value = own, true;
    if (linker) return (*value = linker_slot(x, LP_SLOT_WORD, R_AARCH64_GLOB_DAT, (uint64_t)x->f->expr.addend, 0, 0)) != 0;
    return (*value = address_slot(x, LP_SLOT_WORD, s, 0)) != 0;
}

static bool need_tls(struct fixing *x)
{
    if (x->ref.kind == LP_REF_TLS) return true;
    lp_plan_fail(x->pl, x->line, LP_E_UNSUPPORTED, "`%s` is not thread-local: relocation %s does not suit it",
                 x->f->expr.symbol ? x->f->expr.symbol : "the target", x->f->reloc->name);
    return false;
}

/* Of what a file does not import yet, only the relocation tells that it is thread-local. */
static void import_tls(struct fixing *x)
{
    const enum lp_reloc_op op = x->f->reloc->op;
    if (op != LP_REL_TLS && op != LP_REL_TPREL && op != LP_REL_DTPREL) return;
    if (x->ref.sym && lp_plan_import_tls(x->pl, x->ref.sym)) x->ref.kind = LP_REF_TLS, x->ref.in = x->t, x->ref.addr = 0;
}

/* In a file: not known before it is loaded. */
static bool tls_is_linkers(const struct fixing *x) { return x->pl->space->disk && (x->pl->space->disk->library || x->ref.sym); }

/* The offset from the thread pointer. */
static bool tprel(struct fixing *x, uint64_t *value)
{
    uint64_t off;
    if (!need_tls(x)) return false;
    if (tls_is_linkers(x)) {
        lp_plan_fail(x->pl, x->line, LP_E_UNSUPPORTED, "`%s` is thread-local, and its place is not known before the library is loaded: "
                     "relocation %s does not suit it; compile the new code with -fPIC", x->ref.name, x->f->reloc->name);
        return false;
    }
    if (!lp_plan_tls_offset(x->pl, x->ref.in, &off)) {
        if (x->pl->how.wait && !x->pl->space->ready(x->pl->space->ctx, x->ref.in)) return lp_plan_later(x->pl, x->t, x->line, "thread-local storage"), false;
        lp_plan_fail(x->pl, x->line, LP_E_UNSUPPORTED, "`%s` is thread-local, and nothing tells where %s has its thread-local storage: use it by a descriptor "
                     "(tlsdesc) that the object has already, or change the file (lpapply -o)", x->ref.name, x->ref.in->name);
        return false;
    }
    *value = off + x->ref.addr + (uint64_t)x->f->expr.addend;
    return true;
}

/* Module and offset, as __tls_get_addr takes them. */
static bool tls_pair(struct fixing *x, bool whole_module, uint64_t *value)
{
    uint64_t module;
    if (!need_tls(x)) return false;
    if (!lp_plan_tls_module(x->pl, x->ref.in, &module)) {
        lp_plan_fail(x->pl, x->line, LP_E_UNSUPPORTED, "`%s` is thread-local, and nothing tells the number of %s's thread-local storage: "
                     "compile the new code with -mtls-dialect=desc", x->ref.name, x->ref.in->name);
        return false;
    }
    return (*value = slot(x, LP_SLOT_PAIR, module, whole_module ? 0 : x->ref.addr + (uint64_t)x->f->expr.addend)) != 0;
}

/* The second word of the pair for a local symbol is the linker's: the relocation does not tell which symbol it is. */
static bool holds_offset(const struct fixing *x, uint64_t at)
{
    uint64_t now;
    return lp_plan_word(x->pl, at + 8, &now) && now == x->ref.addr + (uint64_t)x->f->expr.addend;
}

/* A slot that the file's dynamic linker fills; without a symbol the addend is the offset in the object's own block. */
static bool tls_linkers(struct fixing *x, enum tls_kind kind, uint64_t *value)
{
    uint64_t off = (uint64_t)x->f->expr.addend + (x->ref.sym ? 0 : x->ref.addr);
    switch (kind) {
    case TLS_IE: *value = linker_slot(x, LP_SLOT_WORD, R_AARCH64_TLS_TPREL, off, 0, 0); break;
    case TLS_DESC: *value = linker_slot(x, LP_SLOT_PAIR, R_AARCH64_TLSDESC, off, 0, 0); break;
    case TLS_GD: *value = linker_slot(x, LP_SLOT_PAIR, R_AARCH64_TLS_DTPMOD, 0, x->ref.sym ? R_AARCH64_TLS_DTPREL : 0, off); break;
    case TLS_LD: x->ref.sym = NULL, *value = linker_slot(x, LP_SLOT_PAIR, R_AARCH64_TLS_DTPMOD, 0, 0, 0); break;
    }
    return *value != 0;
}

/* The slot of a TLS relocation: the object's, else one of the patch. */
static bool tls_slot(struct fixing *x, uint64_t *value)
{
    static const uint32_t type[] = {[TLS_GD] = R_AARCH64_TLS_DTPMOD, [TLS_IE] = R_AARCH64_TLS_TPREL, [TLS_DESC] = R_AARCH64_TLSDESC};
    enum tls_kind kind = tls_kind(x->f->reloc);
    uint64_t offset, function;
    if (!need_tls(x)) return false;
    if (kind != TLS_LD && x->f->reloc->field != LP_FIELD_IMM19 && (*value = linked_slot(x, type[kind])) != 0 && (kind != TLS_GD || holds_offset(x, *value)))
        return true;
    if (tls_is_linkers(x)) return tls_linkers(x, kind, value);
    if (kind == TLS_GD || kind == TLS_LD) return tls_pair(x, kind == TLS_LD, value);
    if (!tprel(x, &offset)) return false;
    if (kind == TLS_IE) return (*value = slot(x, LP_SLOT_WORD, offset, 0)) != 0;
    function = slot(x, LP_SLOT_TLSDESC, 0, 0);
    return function && (*value = address_slot(x, LP_SLOT_PAIR, function, offset)) != 0;
}

/* Less _GLOBAL_OFFSET_TABLE_ where the relocation counts from there. */
static bool from_got(struct fixing *x, uint64_t *value)
{
    const struct lp_reloc *r = x->f->reloc;
    bool off = r->op == LP_REL_GOT_OFF || r->op == LP_REL_GOTREL || (r->op == LP_REL_TLS && (r->field == LP_FIELD_MOVW || r->field == LP_FIELD_MOVNZ));
    if (!off && r->op != LP_REL_GOT_PAGEOFF) return true;
    const struct lp_elf_section *s = lp_plan_got(x->t);
    uint64_t base = s ? s->addr + x->t->bias : 0;
    if (!s) {
        lp_plan_fail(x->pl, x->line, LP_E_UNSUPPORTED, "%s has no global offset table: relocation %s does not suit it", x->t->name, r->name);
        return false;
    }
    *value -= off ? base : lp_align_down(base, 4096);
    return true;
}

/* A weak symbol that nobody has (AAELF64 5.7.3, "Weak references"): 0 where an address is meant, the place itself where a distance is. A branch to it does
 * nothing: that is the caller's. */
static bool none(struct fixing *x, uint64_t *value)
{
    const uint64_t addend = (uint64_t)x->f->expr.addend;
    switch (x->f->reloc->op) {
    case LP_REL_ABS: return *value = addend, true;
    case LP_REL_PREL:
    case LP_REL_PLT: return *value = x->at + addend, true;
    case LP_REL_PAGE: return *value = lp_align_down(x->at, 4096) + addend, true;
    case LP_REL_GOT_PAGE:
    case LP_REL_GOT_ABS:
    case LP_REL_GOT_PREL:
    case LP_REL_GOT_OFF:
        *value = linked_slot(x, R_AARCH64_GLOB_DAT);
        return *value || (*value = slot(x, LP_SLOT_WORD, addend, 0)) != 0;
    case LP_REL_GOT_PAGEOFF: return got(x, true, value);
    default:
        lp_plan_fail(x->pl, x->line, LP_E_SYMBOL, "%s: nobody has the weak symbol `%s`, and relocation %s does not suit that", x->t->name, x->f->expr.symbol,
                     x->f->reloc->name);
        return false;
    }
}

static bool value_of(struct fixing *x, uint64_t *value)
{
    const struct lp_reloc *r = x->f->reloc;
    if (x->ref.kind == LP_REF_NONE && r->op != LP_REL_MARK) return none(x, value);
    switch (r->op) {
    case LP_REL_MARK: return true;
    case LP_REL_ABS:
        if (r->field == LP_FIELD_64 && !lp_plan_preempt(x->pl, x->t, x->line, &x->ref)) return false;
        return address(x, value);
    case LP_REL_PREL:
    case LP_REL_PAGE:
    case LP_REL_PLT:
    case LP_REL_GOTREL: return address(x, value);
    case LP_REL_GOT_PAGE:
    case LP_REL_GOT_ABS:
    case LP_REL_GOT_OFF: return got(x, false, value);
    case LP_REL_GOT_PAGEOFF:
    case LP_REL_GOT_PREL: return got(x, true, value);
    case LP_REL_TLS: return tls_slot(x, value);
    case LP_REL_TPREL: return tprel(x, value);
    case LP_REL_DTPREL: return need_tls(x) && (*value = x->ref.addr + (uint64_t)x->f->expr.addend, true);
    default:
        lp_plan_fail(x->pl, x->line, LP_E_UNSUPPORTED, "relocation %s is the dynamic linker's, not one of code or data", r->name);
        return false;
    }
}

/* An address in a file that is loaded anywhere, or that another object has, is the dynamic linker's to write. */
static bool pointer(struct fixing *x, uint64_t *value)
{
    const struct lp_disk_kind *disk = x->pl->space->disk;
    uint64_t addend = (uint64_t)x->f->expr.addend;
    if (x->ref.sym && x->ref.kind != LP_REF_TLS) return *value = 0, add_dyn(x->pl, x->line, x->at, R_AARCH64_ABS64, addend, x->ref.sym);
    if (!lp_plan_address(x->pl, x->t, x->line, &x->ref, x->f->reloc, value)) return false;
    *value += addend;
    return !disk->moves || add_dyn(x->pl, x->line, x->at, R_AARCH64_RELATIVE, *value, NULL);
}

bool lp_plan_pointer(struct lp_plan *pl, struct lp_target *t, uint32_t line, const struct lp_expr *e, uint64_t at, uint64_t *value)
{
    const struct lp_fixup f = {lp_reloc_numbered(R_AARCH64_ABS64), *e};
    struct fixing x = {.pl = pl, .t = t, .f = &f, .line = line, .at = at};
    return lp_plan_refer(pl, t, line, e, &x.ref) && pointer(&x, value);
}

/* What only a dynamic linker could write, and none writes into code, or in less than 64 bits. */
static bool fixed_address(const struct fixing *x)
{
    const struct lp_reloc *r = x->f->reloc;
    if (!x->pl->space->disk || !x->pl->space->disk->moves || r->op != LP_REL_ABS || r->field == LP_FIELD_IMM12 || r->field == LP_FIELD_64) return false;
    lp_plan_fail(x->pl, x->line, LP_E_UNSUPPORTED, "%s is loaded anywhere: relocation %s does not suit it; compile the new code with -fPIC",
                 x->t->name, r->name);
    return true;
}

/* Of another object only a slot is sure to be near. */
static void out_of_range(const struct fixing *x, struct lp_error *why)
{
    const bool others = x->ref.in && x->ref.in != x->t;
    if (others) lp_hint(why, "`%.100s` is in %.100s: compile the new code with -fPIC", x->ref.name ? x->ref.name : "the target", x->ref.in->name);
    lp_plan_fail_as(x->pl, x->line, why, "%s", why->text);
}

/* A branch by register, to what is too far for another one. In guarded pages of a file (BTI) that needs a landing pad, which a PLT entry of a PIE has not. */
static bool veneer(struct fixing *x, uint64_t *value)
{
    const struct lp_target *t = x->t;
    const uint64_t to = *value - t->bias;
    uint32_t word;
    struct lp_error why;
    const bool guarded = x->pl->space->disk && lp_elf_info(t->elf)->gnu_property & 1 && lp_elf_read(t->elf, to, &word, sizeof word, NULL) == LP_OK;
    if (!guarded || lp_landing_pad(lp_le32(&word))) return (*value = slot(x, LP_SLOT_VENEER, *value, 0)) != 0;
    const uint64_t got = lp_elf_plt_slot(t->elf, to);
    if (got) return (*value = slot(x, LP_SLOT_PLT, got + t->bias, 0)) != 0;
    lp_fail(&why, LP_E_RANGE, "`%.100s` is %llu MiB away from the new code, which is behind all data of the file, and has no landing pad, which the branch "
            "there needs (BTI)", x->f->expr.symbol ? x->f->expr.symbol : "the target", (unsigned long long)((x->at - *value) >> 20));
    lp_hint(&why, "apply the patch to the running program (lprun -P, lpapply -p)");
    return lp_plan_fail_as(x->pl, x->line, &why, "%s", why.text), false;
}

void lp_plan_fix(struct lp_plan *pl, struct lp_target *t, const struct lp_fixup *f, uint32_t line, uint64_t at, uint8_t *p)
{
    struct fixing x = {.pl = pl, .t = t, .f = f, .line = line, .at = at};
    uint64_t value = 0, word = 0;
    struct lp_error why;
    unsigned n = lp_reloc_bytes(f->reloc);
    if (!n || f->reloc->op == LP_REL_MARK) return;
    if (!lp_plan_refer(pl, t, line, &f->expr, &x.ref)) return;
    import_tls(&x);
    const bool nobody = x.ref.kind == LP_REF_NONE;
    if (nobody && f->reloc->field == LP_FIELD_IMM26) {
        lp_put32(p, 0xd503201f); /* NOP */
        return;
    }
    if (!nobody && fixed_address(&x)) return;
    if (!nobody && pl->space->disk && f->reloc->op == LP_REL_ABS && n == 8) {
        if (pointer(&x, &value)) lp_put64(p, value);
        return;
    }
    if (!value_of(&x, &value) || !from_got(&x, &value)) return;
    word = n == 8 ? lp_le64(p) : n == 4 ? lp_le32(p) : lp_le16(p);
    lp_status s = lp_reloc_apply(f->reloc, value, at, &word, &why);
    uint32_t there;
    bool code = !(value & 3) && (pl->space->file || pl->space->read(pl->space->ctx, value, &there, sizeof there) == 0);
    if (s != LP_OK && f->reloc->field == LP_FIELD_IMM26 && code) { /* too far */
        if (!veneer(&x, &value)) return;
        s = lp_reloc_apply(f->reloc, value, at, &word, &why);
    }
    if (s != LP_OK) out_of_range(&x, &why);
    else if (n == 8) lp_put64(p, word);
    else if (n == 4) lp_put32(p, (uint32_t)word);
    else lp_put16(p, (uint16_t)word);
}
