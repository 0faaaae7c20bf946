/* patch/tls.c - where modules have their thread-local storage, as what the dynamic linker left in their slots tells. */
#include <config.h>
#include "patch/plan.h"
#include "base/bits.h"
#include "elf/dynamic.h"

#include <elf.h>
#include <string.h>

/* The module that is the program begins behind the thread control block of 16 bytes (AAELF64 "Thread Local Storage", variant 1). */
static bool program_offset(const struct lp_target *t, uint64_t *off)
{
    size_t n;
    const struct lp_elf_segment *s = lp_elf_segments(t->elf, &n);
    for (size_t i = 0; i < n; i++)
        if (s[i].type == PT_TLS) return *off = lp_align_up(16, s[i].align > 1 ? s[i].align : 1), true;
    return false;
}

/* The offset in t's block that a relocation of u is about; false: of another module. */
static bool offset_in(const struct lp_target *t, const struct lp_target *u, const struct lp_dynrel *r, uint64_t *off)
{
    *off = (uint64_t)r->addend;
    if (!r->sym) return t == u;
    const struct lp_dynsym *s = r->sym;
    if (s->shndx == SHN_UNDEF || t != u) s = lp_dynsym_defined(lp_elf_dynamic_part(t->elf), s->name, s->version);
    if (!s || s->type != STT_TLS) return false;
    *off += s->value;
    return true;
}

/* A static descriptor: its function is ldr x0, [x0, #8]; ret in every dynamic linker, and its argument the offset from the thread pointer. */
static bool static_descriptor(struct lp_plan *pl, uint64_t at, uint64_t *value)
{
    uint64_t function;
    uint32_t code[3];
    if (!lp_plan_word(pl, at, &function) || pl->space->read(pl->space->ctx, function, code, sizeof code) != 0) return false;
    const uint32_t *p = code + (code[0] == 0xd503245f || code[0] == 0xd503201f); /* bti c, or a nop in its place */
    return p[0] == 0xf9400400 && p[1] == 0xd65f03c0 && lp_plan_word(pl, at + 8, value);
}

static bool offset_by(struct lp_plan *pl, struct lp_target *t, struct lp_target *u, uint64_t *off)
{
    const struct lp_dynamic *d = lp_elf_dynamic_part(u->elf);
    for (size_t i = 0; i < d->nrel; i++) {
        const struct lp_dynrel *r = &d->rel[i];
        uint64_t inner, value;
        if ((r->type != R_AARCH64_TLS_TPREL && r->type != R_AARCH64_TLSDESC) || !offset_in(t, u, r, &inner)) continue;
        if (r->type == R_AARCH64_TLS_TPREL ? lp_plan_word(pl, r->at + u->bias, &value) : static_descriptor(pl, r->at + u->bias, &value))
            return *off = value - inner, true;
    }
    return false;
}

bool lp_plan_tls_offset(struct lp_plan *pl, struct lp_target *t, uint64_t *off)
{
    *off = 0;
    if (t->main && program_offset(t, off)) return true;
    if (pl->space->file) return true;
    if (lp_plan_usable(pl, t) && offset_by(pl, t, t, off)) return true;
    for (size_t i = 0; i < pl->space->ntarget; i++)
        if (pl->space->target[i] != t && lp_plan_usable(pl, pl->space->target[i]) && offset_by(pl, t, pl->space->target[i], off)) return true;
    return false;
}

bool lp_plan_tls_module(struct lp_plan *pl, struct lp_target *t, uint64_t *module)
{
    uint64_t inner;
    *module = 1; /* the program's */
    if (t->main || pl->space->file) return true;
    const struct lp_dynamic *d = lp_plan_usable(pl, t) ? lp_elf_dynamic_part(t->elf) : NULL;
    for (size_t i = 0; d && i < d->nrel; i++)
        if (d->rel[i].type == R_AARCH64_TLS_DTPMOD && offset_in(t, t, &d->rel[i], &inner) && lp_plan_word(pl, d->rel[i].at + t->bias, module)) return true;
    return false;
}
