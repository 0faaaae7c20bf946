/* elf/plt.c - PLT entries as symbols "name@plt": the stub is decoded, its GOT slot's relocation names the function. */
#include <config.h>
#include "elf/image.h"
#include "elf/dynamic.h"
#include "base/bits.h"
#include "base/buf.h"
#include "base/search.h"
#include "base/sort.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

struct slot { uint64_t got, resolver; const char *name; }; /* resolver: of an IRELATIVE relocation, else 0 */
struct slots { struct slot *v; size_t n, cap; };

/* The function that starts at an address, among the symbols sorted so far. */
static const char *function_at(const struct lp_elf *e, uint64_t value)
{
    size_t lo = 0, hi = e->nsym;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (e->sym[mid].value < value) lo = mid + 1;
        else hi = mid;
    }
    for (; lo < e->nsym && e->sym[lo].value == value; lo++)
        if (e->sym[lo].type == STT_FUNC || e->sym[lo].type == STT_GNU_IFUNC) return e->sym[lo].name;
    return NULL;
}

static const char *dynsym_name(const struct lp_elf *e, uint32_t section, uint64_t index)
{
    if (section >= e->nsec || e->sec[section].link >= e->nsec) return NULL;
    const struct lp_elf_section *s = &e->sec[section], *str = &e->sec[s->link];
    if (s->type != SHT_DYNSYM && s->type != SHT_SYMTAB) return NULL;
    if (!lp_within(s->offset, s->size, e->size) || index >= s->size / sizeof(Elf64_Sym)) return NULL;
    const char *name = lp_elf_str(lp_elf_strtab(e, str->offset, str->size), lp_le32(e->image + s->offset + index * sizeof(Elf64_Sym)));
    return name && *name ? name : NULL;
}

/* Elf64_Rela: r_offset, r_info (symbol in the upper half, type in the lower), r_addend. */
static void read_relocs(const struct lp_elf *e, const struct lp_elf_section *s, struct slots *out)
{
    if (!lp_within(s->offset, s->size, e->size)) return;
    const uint8_t *p = e->image + s->offset;
    for (uint64_t i = 0; i < s->size / 24; i++, p += 24) {
        uint64_t info = lp_le64(p + 8), type = info & 0xffffffff;
        const char *name = NULL;
        uint64_t resolver = type == LP_R_IRELATIVE ? lp_le64(p + 16) : 0;
        if (type == R_AARCH64_JUMP_SLOT || type == R_AARCH64_GLOB_DAT) name = dynsym_name(e, s->link, info >> 32);
        else if (resolver) name = function_at(e, resolver);
        if (!name && !resolver) continue;
        struct slot *v = lp_grow(out->v, &out->cap, out->n, sizeof *v);
        if (!v) return;
        out->v = v;
        v[out->n++] = (struct slot){lp_le64(p), resolver, name};
    }
}

static int by_got(const void *a, const void *b)
{
    const struct slot *x = a, *y = b;
    return (x->got > y->got) - (x->got < y->got);
}

/* adrp x16, P; ldr x17, [x16, #o]; add x16, x16, #o; br x17 (AAELF64 "PLT sequences"): the GOT slot is P + o. */
static bool stub(const uint8_t *p, uint64_t pc, uint64_t *got)
{
    uint32_t adrp = lp_le32(p), ldr = lp_le32(p + 4), add = lp_le32(p + 8), br = lp_le32(p + 12);
    if ((adrp & 0x9f00001f) != 0x90000010 || (ldr & 0xffc003ff) != 0xf9400211) return false;
    if ((add & 0xffc003ff) != 0x91000210 || br != 0xd61f0220) return false;
    int64_t page = lp_sext(lp_bits(adrp, 5, 19) << 2 | lp_bits(adrp, 29, 2), 21);
    *got = (pc & ~UINT64_C(4095)) + (uint64_t)page * 4096 + lp_bits(ldr, 10, 12) * 8;
    return true;
}

static void keep_stub(struct lp_elf *e, uint64_t at, const struct slot *s)
{
    struct lp_elf_stub *v = lp_grow(e->stub, &e->stub_cap, e->nstub, sizeof *v);
    if (!v) return;
    e->stub = v;
    v[e->nstub++] = (struct lp_elf_stub){s->got, at, s->resolver};
}

static int by_slot(const void *a, const void *b)
{
    const struct lp_elf_stub *x = a, *y = b;
    return x->got != y->got ? (x->got < y->got ? -1 : 1) : (x->at > y->at) - (x->at < y->at);
}

static void decode_section(struct lp_elf *e, size_t index, const struct slots *slots, struct lp_elf_raw *raw)
{
    const struct lp_elf_section *s = &e->sec[index];
    if (!lp_within(s->offset, s->size, e->size) || s->size > UINT64_MAX - s->addr) return;
    const uint8_t *p = e->image + s->offset;
    size_t last = SIZE_MAX;
    for (uint64_t at = 0; at + 16 <= s->size; at += 4) {
        struct slot key = {0}, *hit;
        if (!stub(p + at, s->addr + at, &key.got)) continue;
        hit = bsearch(&key, slots->v, slots->n, sizeof key, by_got);
        const char *name = hit && hit->name ? lp_elf_keep(e, hit->name, strnlen(hit->name, LP_ELF_NAME_MAX), "@plt") : NULL;
        uint64_t start = at >= 4 && lp_le32(p + at - 4) == 0xd503245f ? at - 4 : at; /* bti c */
        if (hit) keep_stub(e, s->addr + start, hit);
        if (!name) continue;
        if (last != SIZE_MAX) raw->v[last].size = s->addr + start - raw->v[last].value;
        lp_elf_raw_add(raw, &(struct lp_elf_symbol){.name = name, .value = s->addr + start, .size = at + 16 - start, .type = STT_FUNC,
                                                    .bind = STB_LOCAL, .shndx = (uint16_t)index});
        if (raw->failed) return;
        last = raw->n - 1;
        at += 12;
    }
}

void lp_elf_load_plt(struct lp_elf *e, struct lp_elf_raw *raw)
{
    struct slots slots = {0};
    unsigned tables = 0, plts = 0;
    for (size_t i = 0; i < e->nsec && tables < 64; i++)
        if (e->sec[i].type == SHT_RELA && (e->sec[i].flags & SHF_ALLOC)) read_relocs(e, &e->sec[i], &slots), tables++;
    if (slots.n) qsort(slots.v, slots.n, sizeof *slots.v, by_got);
    for (size_t i = 0; i < e->nsec && slots.n && plts < 16; i++) {
        const struct lp_elf_section *s = &e->sec[i];
        if (s->type != SHT_PROGBITS || !(s->flags & SHF_EXECINSTR)) continue;
        if (strncmp(s->name, ".plt", 4) == 0 || strcmp(s->name, ".iplt") == 0) decode_section(e, i, &slots, raw), plts++;
    }
    free(slots.v);
    lp_sort(e->stub, e->nstub, sizeof *e->stub, by_slot);
}

/* ---- from a function to its entry: linkers make several for one IFUNC, and every one of them leads to what its resolver has chosen ---- */

static const struct lp_dynsym *named_by(const struct lp_dynrel *r)
{
    return r->type == R_AARCH64_JUMP_SLOT || r->type == R_AARCH64_GLOB_DAT ? r->sym : NULL;
}

/* An exported IFUNC: the dynamic linker asks its resolver by the symbol. */
static bool slot_by_symbol(const struct lp_dynamic *d, uint64_t got, uint64_t resolver)
{
    for (size_t i = 0; i < d->nrel; i++) {
        const struct lp_dynsym *s = d->rel[i].at == got ? named_by(&d->rel[i]) : NULL;
        if (s && s->shndx != SHN_UNDEF && s->type == STT_GNU_IFUNC && s->value == resolver) return true;
    }
    return false;
}

uint64_t lp_elf_plt_ifunc(const lp_elf *e, uint64_t resolver)
{
    lp_elf_symbols(e, NULL);
    const struct lp_dynamic *d = lp_elf_dynamic_part(e);
    uint64_t first = 0;
    for (size_t i = 0; i < e->nstub && resolver; i++) {
        const struct lp_elf_stub *s = &e->stub[i];
        if ((!first || s->at < first) && (s->resolver == resolver || slot_by_symbol(d, s->got, resolver))) first = s->at;
    }
    return first;
}

uint64_t lp_elf_plt_slot(const lp_elf *e, uint64_t at)
{
    lp_elf_symbols(e, NULL);
    for (size_t i = 0; i < e->nstub; i++)
        if (e->stub[i].at == at) return e->stub[i].got;
    return 0;
}

uint64_t lp_elf_plt_import(const lp_elf *e, const char *name, const char *version)
{
    lp_elf_symbols(e, NULL);
    const struct lp_dynamic *d = lp_elf_dynamic_part(e);
    for (const struct lp_dynrel *r = lp_dynrel_named(d, name, NULL); r; r = lp_dynrel_named(d, name, r)) {
        const struct lp_dynsym *s = named_by(r);
        if (!s || (version && s->version && strcmp(s->version, version) != 0)) continue;
        const size_t i = lp_count_below(e->stub, e->nstub, sizeof *e->stub, r->at);
        if (i < e->nstub && e->stub[i].got == r->at) return e->stub[i].at;
    }
    return 0;
}
