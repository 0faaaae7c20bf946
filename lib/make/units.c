/* make/units.c - of which source file the parts of the target are: .symtab has the local symbols of each behind its STT_FILE, and on this machine a mapping
 * symbol at the start of each section of each. Two files of one name are two. */
#include <config.h>
#include "base/bits.h"
#include "base/buf.h"
#include "base/search.h"
#include "make/maker.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* From `at` on it is the file's, up to the next one. TLS: at their offsets, above all addresses. */
struct mark { uint64_t at; uint32_t unit, order; bool sized; };
struct lp_units { struct mark *mark; size_t nmark, cap; const char **name; size_t nname, name_cap; };
#define OF_TLS(value) (UINT64_C(1) << 63 | (value))

static int by_place(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    if (x->sized != y->sized) return x->sized ? 1 : -1;
    return (x->order > y->order) - (x->order < y->order);
}

static const char *name_of(const uint8_t *text, uint64_t size, uint32_t off)
{
    return off < size && memchr(text + off, 0, size - off) ? (const char *)text + off : "";
}

static bool is_mapping(const char *name) { return name[0] == '$' && (name[1] == 'x' || name[1] == 'd') && (!name[2] || name[2] == '.'); }

/* Elf64_Sym: name 0, info 4, shndx 6, value 8, size 16. Behind an STT_FILE without a name there is what was global in its object, and what link-time
 * optimisation has made, of which the mapping symbols tell. False without memory. */
static bool read_table(struct lp_units *u, const uint8_t *p, uint64_t n, const uint8_t *text, uint64_t size)
{
    uint32_t unit = LP_UNIT_LTO;
    for (uint64_t i = 0; i < n; i++, p += sizeof(Elf64_Sym)) {
        const char *name = name_of(text, size, lp_le32(p));
        unsigned type = p[4] & 15, section = lp_le16(p + 6);
        bool sized = lp_le64(p + 16) > 0 && (type == STT_FUNC || type == STT_OBJECT || type == STT_TLS);
        if (p[4] >> 4 != STB_LOCAL) break;
        if (type == STT_FILE) {
            const char **v = lp_grow(u->name, &u->name_cap, u->nname, sizeof *v);
            if (!v) return false;
            u->name = v;
            v[u->nname++] = name;
            unit = !*name || strcmp(name, "<artificial>") == 0 ? LP_UNIT_LTO : (uint32_t)u->nname;
            continue;
        }
        if (!section || section >= SHN_LORESERVE || !(is_mapping(name) || (sized && unit != LP_UNIT_LTO))) continue;
        struct mark *v = lp_grow(u->mark, &u->cap, u->nmark, sizeof *v);
        if (!v) return false;
        u->mark = v;
        v[u->nmark++] = (struct mark){type == STT_TLS ? OF_TLS(lp_le64(p + 8)) : lp_le64(p + 8), unit, (uint32_t)i, sized};
    }
    return true;
}

static const struct lp_units *units_of(struct lp_maker *m)
{
    const struct lp_elf_info *info = lp_elf_info(m->names);
    size_t n;
    const struct lp_elf_section *s = lp_elf_sections(m->names, &n);
    if (m->units) return m->units;
    m->units = calloc(1, sizeof *m->units);
    if (!m->units) return m->nomem = true, NULL;
    for (size_t i = 0; i < n; i++) {
        if (s[i].type != SHT_SYMTAB || s[i].link >= n || !lp_within(s[i].offset, s[i].size, info->image_size)) continue;
        const struct lp_elf_section *t = &s[s[i].link];
        const uint8_t *image = info->image;
        if (!lp_within(t->offset, t->size, info->image_size)) continue;
        m->nomem |= !read_table(m->units, image + s[i].offset, s[i].size / sizeof(Elf64_Sym), image + t->offset, t->size);
    }
    if (m->units->nmark) qsort(m->units->mark, m->units->nmark, sizeof *m->units->mark, by_place);
    return m->units;
}

uint32_t lp_unit_of(struct lp_maker *m, const struct lp_elf_symbol *s)
{
    const struct lp_units *u = units_of(m);
    uint64_t at = s->type == STT_TLS ? OF_TLS(s->value) : s->value;
    size_t n = u ? lp_count_upto(u->mark, u->nmark, sizeof *u->mark, at) : 0;
    return n && (s->type != STT_TLS || u->mark[n - 1].at == at) ? u->mark[n - 1].unit : 0;
}

const char *lp_unit_name(struct lp_maker *m, uint32_t unit)
{
    const struct lp_units *u = units_of(m);
    return u && unit && unit != LP_UNIT_LTO && unit <= u->nname ? u->name[unit - 1] : NULL;
}

void lp_units_free(struct lp_units *u)
{
    if (u) free(u->mark), free(u->name), free(u);
}
