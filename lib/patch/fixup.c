/* patch/fixup.c - one relocation of new code, data or a site: from a symbol of the running program to the bits of a field. */
#include <config.h>
#include "patch/plan.h"
#include "base/bits.h"
#include "base/buf.h"
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

static struct lp_region *region_of(struct lp_plan *pl, const struct lp_target *t)
{
    for (size_t i = 0; i < pl->nregion; i++)
        if (pl->region[i].target == t) return &pl->region[i];
    return NULL;
}

/* The bytes of a slot: `ldr x16, .+8; br x16; .quad address`, a word, two words, or the function of a static descriptor: ldr x0, [x0, #8]; ret.
 * X16 and X17 are any veneer's (AAPCS64 6.1.1), and BR X16 may enter a function with a landing pad (Arm ARM D8.4.5). */
static void fill_slot(uint8_t *p, const struct lp_slot *s)
{
    static const uint32_t veneer[2] = {0x58000050, 0xd61f0200}, descriptor[2] = {0xf9400400, 0xd65f03c0};
    if (s->kind == LP_SLOT_VENEER) memcpy(p, veneer, 8), memcpy(p + 8, &s->value[0], 8);
    else if (s->kind == LP_SLOT_TLSDESC) memcpy(p, descriptor, 8);
    else memcpy(p, s->value, SLOT_BYTES);
}

/* The run-time address of a slot with this content; 0: there is none in this layout. */
static uint64_t slot(struct fixing *x, enum lp_slot_kind kind, uint64_t v0, uint64_t v1)
{
    struct lp_plan *pl = x->pl;
    uint64_t index = 0;
    struct lp_region *r = region_of(pl, x->t);
    struct lp_slot *s = NULL;
    for (size_t i = 0; i < pl->nslot && !s; i++) {
        if (pl->slot[i].target != x->t) continue;
        index++;
        if (pl->slot[i].kind == kind && pl->slot[i].value[0] == v0 && pl->slot[i].value[1] == v1) s = &pl->slot[i];
    }
    if (!s) {
        struct lp_slot *v = lp_grow(pl->slot, &pl->slot_cap, pl->nslot, sizeof *v);
        if (!v) return lp_plan_fail(pl, x->line, LP_E_NOMEM, "out of memory"), 0;
        pl->slot = v;
        s = &v[pl->nslot++];
        *s = (struct lp_slot){x->t, kind, {v0, v1}, index};
    }
    if (!r || s->index >= r->nslot) return pl->again = true, 0;
    fill_slot(r->bytes + r->slot_off + s->index * SLOT_BYTES, s);
    return r->addr + r->slot_off + s->index * SLOT_BYTES;
}

/* ---- slots of the object ---- */

static bool same_symbol(const struct lp_dynsym *s, const struct lp_ref *r)
{
    return s && r->name && strcmp(s->name, r->name) == 0 && (!r->version || !s->version || strcmp(s->version, r->version) == 0);
}

/* A slot that the dynamic linker fills with a symbol's address, thread offset or descriptor. */
static uint64_t linked_slot(const struct fixing *x, uint32_t type)
{
    const struct lp_dynamic *d = lp_elf_dynamic_part(x->t->elf);
    for (size_t i = 0; i < d->nrel; i++) {
        const struct lp_dynrel *r = &d->rel[i];
        if (r->type != type) continue;
        if (r->sym ? same_symbol(r->sym, &x->ref) && r->addend == x->f->expr.addend
                   : x->ref.in == x->t && x->ref.kind == LP_REF_TLS && (uint64_t)r->addend == x->ref.addr + (uint64_t)x->f->expr.addend)
            return r->at + x->t->bias;
        if (type == R_AARCH64_IRELATIVE && x->ref.in == x->t && (uint64_t)r->addend + x->t->bias == x->ref.addr) return r->at + x->t->bias;
    }
    return 0;
}

/* A word of .got that is filled already: a local symbol's, or any in a program without a dynamic linker. */
static uint64_t filled_slot(const struct fixing *x, uint64_t value)
{
    const struct lp_elf_section *s = lp_plan_got(x->t);
    uint64_t now;
    for (uint64_t off = 0; s && off + 8 <= s->size; off += 8)
        if (lp_plan_word(x->pl, s->addr + off + x->t->bias, &now) && now == value) return s->addr + off + x->t->bias;
    return 0;
}

/* ---- values ---- */

/* S + A. A branch to an IFUNC goes by its PLT entry if the object has one. */
static bool address(struct fixing *x, uint64_t *value)
{
    if (!lp_plan_address(x->pl, x->t, x->line, &x->ref, x->f->reloc, value)) return false;
    *value += (uint64_t)x->f->expr.addend;
    return true;
}

/* G: where the symbol's address is. */
static bool got(struct fixing *x, bool near, uint64_t *value)
{
    uint64_t s, own = linked_slot(x, R_AARCH64_GLOB_DAT);
    if (!own && x->ref.kind == LP_REF_IFUNC) own = linked_slot(x, R_AARCH64_IRELATIVE);
    if (own && !near) return *value = own, true;
    if (!address(x, &s)) return false;
    if (!own) own = filled_slot(x, s);
    if (!own && near && x->f->reloc->op == LP_REL_GOT_PAGEOFF) {
        lp_plan_fail(x->pl, x->line, LP_E_UNSUPPORTED, "%s has no GOT slot of `%s`, and relocation %s reaches no other place: "
                     "compile the new code with -fPIC", x->t->name, x->f->expr.symbol ? x->f->expr.symbol : "the address", x->f->reloc->name);
        return false;
    }
    if (own && (!near || x->f->reloc->op == LP_REL_GOT_PAGEOFF)) return *value = own, true;
    if (own && own - x->at + (1 << 20) < (2 << 20)) return *value = own, true;
    return (*value = slot(x, LP_SLOT_WORD, s, 0)) != 0;
}

static bool need_tls(struct fixing *x)
{
    if (x->ref.kind == LP_REF_TLS) return true;
    lp_plan_fail(x->pl, x->line, LP_E_UNSUPPORTED, "`%s` is not thread-local: relocation %s does not suit it",
                 x->f->expr.symbol ? x->f->expr.symbol : "the target", x->f->reloc->name);
    return false;
}

/* The offset from the thread pointer. */
static bool tprel(struct fixing *x, uint64_t *value)
{
    uint64_t off;
    if (!need_tls(x)) return false;
    if (!lp_plan_tls_offset(x->pl, x->ref.in, &off)) {
        if (x->pl->how.wait && !x->pl->space->ready(x->pl->space->ctx, x->ref.in)) return lp_plan_later(x->pl, x->t, x->line, "thread-local storage"), false;
        lp_plan_fail(x->pl, x->line, LP_E_UNSUPPORTED, "`%s` is thread-local, and nothing tells where %s has its thread-local storage: use it by a descriptor "
                     "(tlsdesc) that the object has already", x->ref.name, x->ref.in->name);
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

/* The slot of a TLS relocation: the object's, else one of the patch. */
static bool tls_slot(struct fixing *x, uint64_t *value)
{
    static const uint32_t type[] = {[TLS_GD] = R_AARCH64_TLS_DTPMOD, [TLS_IE] = R_AARCH64_TLS_TPREL, [TLS_DESC] = R_AARCH64_TLSDESC};
    enum tls_kind kind = tls_kind(x->f->reloc);
    uint64_t offset, function;
    if (!need_tls(x)) return false;
    if (kind != TLS_LD && x->f->reloc->field != LP_FIELD_IMM19 && (*value = linked_slot(x, type[kind])) != 0 && (kind != TLS_GD || holds_offset(x, *value)))
        return true;
    if (kind == TLS_GD || kind == TLS_LD) return tls_pair(x, kind == TLS_LD, value);
    if (!tprel(x, &offset)) return false;
    if (kind == TLS_IE) return (*value = slot(x, LP_SLOT_WORD, offset, 0)) != 0;
    function = slot(x, LP_SLOT_TLSDESC, 0, 0);
    return function && (*value = slot(x, LP_SLOT_PAIR, function, offset)) != 0;
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

static bool value_of(struct fixing *x, uint64_t *value)
{
    const struct lp_reloc *r = x->f->reloc;
    switch (r->op) {
    case LP_REL_MARK: return true;
    case LP_REL_ABS:
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

void lp_plan_fix(struct lp_plan *pl, struct lp_target *t, const struct lp_fixup *f, uint32_t line, uint64_t at, uint8_t *p)
{
    struct fixing x = {.pl = pl, .t = t, .f = f, .line = line, .at = at};
    uint64_t value = 0, word = 0;
    struct lp_error why;
    unsigned n = lp_reloc_bytes(f->reloc);
    if (!n || f->reloc->op == LP_REL_MARK) return;
    if (!lp_plan_refer(pl, t, line, &f->expr, &x.ref) || !value_of(&x, &value) || !from_got(&x, &value)) return;
    memcpy(&word, p, n);
    lp_status s = lp_reloc_apply(f->reloc, value, at, &word, &why);
    uint32_t there;
    bool code = !(value & 3) && (pl->space->file || pl->space->read(pl->space->ctx, value, &there, sizeof there) == 0);
    if (s != LP_OK && f->reloc->field == LP_FIELD_IMM26 && code) { /* too far */
        if (!(value = slot(&x, LP_SLOT_VENEER, value, 0))) return;
        s = lp_reloc_apply(f->reloc, value, at, &word, &why);
    }
    if (s != LP_OK) lp_plan_fail(pl, line, LP_E_RANGE, "%s", why.text);
    else memcpy(p, &word, n);
}
