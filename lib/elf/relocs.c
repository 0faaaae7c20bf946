/* elf/relocs.c - the relocations of a file, those for the linker and those for the dynamic linker, as one sorted table on first use. */
#include <config.h>
#include "elf/dynamic.h"
#include "elf/image.h"
#include "elf/reloc.h"
#include "base/bits.h"
#include "base/buf.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRY = 24, SYMBOL = 24 }; /* bytes of an Elf64_Rela and of an Elf64_Sym */
struct growing { struct lp_elf_reloc *v; size_t n, cap, left; }; /* left: how many the file has room for */

static void add(struct growing *g, struct lp_elf_reloc r)
{
    struct lp_elf_reloc *v = g->left ? lp_grow(g->v, &g->cap, g->n, sizeof *v) : NULL;
    if (!v) return;
    const struct lp_reloc *known = lp_reloc_numbered(r.type);
    r.name = known ? known->name : NULL;
    g->v = v;
    g->left--;
    v[g->n++] = r;
}

static const uint8_t *bytes(const struct lp_elf *e, const struct lp_elf_section *s)
{
    return lp_within(s->offset, s->size, e->size) ? e->image + s->offset : NULL;
}

/* The name of symbol i, a section's for STT_SECTION; NULL for none. */
static const char *symbol_name(const struct lp_elf *e, const struct lp_elf_section *table, uint64_t i)
{
    const uint8_t *p = bytes(e, table);
    if (!p || !i || i >= table->size / SYMBOL || table->link >= e->nsec) return NULL;
    p += i * SYMBOL;
    unsigned section = lp_le16(p + 6);
    if ((p[4] & 15) == STT_SECTION && section < e->nsec) return e->sec[section].name;
    const struct lp_elf_section *str = &e->sec[table->link];
    return lp_elf_str(lp_elf_strtab(e, str->offset, str->size), lp_le32(p));
}

static void read_section(const struct lp_elf *e, const struct lp_elf_section *s, struct growing *g)
{
    const uint8_t *p = bytes(e, s);
    if (s->type != SHT_RELA || (s->flags & SHF_ALLOC) || !p || s->link >= e->nsec || s->info >= e->nsec) return;
    for (uint64_t i = 0; i < s->size / ENTRY; i++, p += ENTRY) {
        uint64_t info = lp_le64(p + 8);
        add(g, (struct lp_elf_reloc){.at = lp_le64(p), .section = s->info, .type = (uint32_t)info, .addend = (int64_t)lp_le64(p + 16),
                                     .symbol = symbol_name(e, &e->sec[s->link], info >> 32)});
    }
}

static int by_place(const void *a, const void *b)
{
    const struct lp_elf_reloc *x = a, *y = b;
    if (x->section != y->section) return x->section < y->section ? -1 : 1;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void load(struct lp_elf *e)
{
    const struct lp_dynamic *d = e->dynamic;
    struct growing g = {.left = 2 * (e->size / 8)};
    for (size_t i = 0; i < e->nsec; i++) read_section(e, &e->sec[i], &g);
    for (size_t i = 0; d && i < d->nrel; i++) {
        const struct lp_dynrel *r = &d->rel[i];
        add(&g, (struct lp_elf_reloc){.at = r->at, .type = r->type, .symbol = r->sym ? r->sym->name : NULL, .addend = r->addend});
    }
    for (size_t i = 0; i < e->nfix; i++) add(&g, (struct lp_elf_reloc){.at = e->fix[i].at, .type = R_AARCH64_RELATIVE, .addend = (int64_t)e->fix[i].value});
    for (size_t i = 0; i < g.n; i++) g.v[i].order = (uint32_t)i, g.v[i].section = e->info.type == ET_REL ? g.v[i].section : 0;
    if (g.n) qsort(g.v, g.n, sizeof *g.v, by_place);
    e->reloc = g.v;
    e->nreloc = g.n;
}

const struct lp_elf_reloc *lp_elf_relocs(const lp_elf *elf, size_t *count)
{
    struct lp_elf *e = (struct lp_elf *)elf;
    lp_elf_dynamic_part(e), lp_elf_dynfixes(e);
    lp_elf_sections(e, NULL);
    lp_elf_once(e, &e->have_relocs, load);
    *count = e->nreloc;
    return e->reloc;
}
