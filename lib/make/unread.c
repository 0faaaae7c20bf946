/* make/unread.c - constants that nothing in the file leads to, because the compiler has put their values into the code: who sets one changes nothing. What may
 * be a reference counts as one: also an address near it which nothing else explains. */
#include <config.h>
#include "a64/a64.h"
#include "a64/access.h"
#include "base/bits.h"
#include "elf/dynamic.h"
#include "elf/image.h"
#include "make/maker.h"

#include <elf.h>
#include <string.h>

enum { FAR = 1024, /* words from an ADRP to what adds to it, in its function */
       AHEAD = 4096 }; /* what loads and stores add to an address */
struct look { const struct lp_maker *m; const struct lp_elf_section *in; uint64_t start, end; bool read; };

static const struct lp_elf_section *section_of(const struct lp_maker *m, uint64_t at)
{
    size_t n;
    const struct lp_elf_section *s = lp_elf_sections(m->elf, &n);
    for (size_t i = 0; i < n; i++)
        if (s[i].flags & SHF_ALLOC && !(s[i].flags & SHF_TLS) && at >= s[i].addr && at - s[i].addr < s[i].size) return &s[i];
    return NULL;
}

static bool is_constant(const struct lp_elf_section *s)
{
    return s && !(s->flags & SHF_EXECINSTR) && (!(s->flags & SHF_WRITE) || strncmp(s->name, ".data.rel.ro", 12) == 0);
}

static void note(struct look *l, uint64_t at) { l->read |= at >= l->start && at < l->end; }

/* Does something begin there that has a name of its own, or is it a text? */
static bool is_other(const struct look *l, uint64_t at)
{
    uint64_t avail = 0, n = 0;
    const struct lp_elf_symbol *s = lp_maker_symbol_at(l->m, at);
    const uint8_t *p = lp_elf_at(l->m->elf, at, &avail);
    if (s && s->value == at && s->type == STT_OBJECT) return true;
    while (p && n < avail && (p[n] >= ' ' || strchr("\t\n\r\033", p[n])) && p[n] && p[n] != 0x7f) n++;
    return n && n < avail && !p[n];
}

/* An address that code makes. */
static void note_made(struct look *l, uint64_t at)
{
    note(l, at);
    if (!l->read && at + AHEAD > l->start && at <= l->end) l->read = section_of(l->m, at) == l->in && !is_other(l, at);
}

static bool is_add(uint32_t w, uint32_t reg) { return (w & 0xffc003e0) == (0x91000000 | reg << 5); }

/* What is added to an address in a register, or read through it. */
static void note_from(struct look *l, uint64_t from, uint32_t reg, uint32_t w)
{
    struct lp_a64_access a;
    if (is_add(w, reg)) note_made(l, from + (w >> 10 & 0xfff));
    else if (lp_a64_access(lp_a64_find(w, LP_A64_ALL), w, &a) && a.base == reg)
        l->read |= from + (uint64_t)a.off < l->end && from + (uint64_t)a.off + a.bytes > l->start;
}

static void note_all_from(struct look *l, uint64_t from, uint32_t reg, const uint8_t *p, uint64_t left)
{
    for (uint64_t i = 4; i + 4 <= left && i < 4 * FAR && !l->read; i += 4) note_from(l, from, reg, lp_le32(p + i));
}

static void note_code(struct look *l, uint64_t at, const uint8_t *p, uint64_t left)
{
    const uint32_t w = lp_le32(p);
    uint64_t to;
    if (lp_a64_is_load_literal(w) && lp_a64_target(w, at, &to)) note(l, to);
    if (!lp_a64_is_pcrel_address(w) || !lp_a64_target(w, at, &to)) return;
    if (!(w >> 31)) note_made(l, to);
    if (!(w >> 31) || to + AHEAD + 4096 <= l->start || to > l->end) return;
    const struct lp_elf_symbol *f = lp_maker_symbol_at(l->m, at);
    if (!lp_elf_is_text(l->m->elf, at)) return;
    if (f && f->type == STT_FUNC && at - f->value < f->size && left > f->size - (at - f->value)) left = f->size - (at - f->value);
    note_all_from(l, to, w & 31, p, left);
    for (uint64_t i = 4; i + 4 <= left && i < 4 * FAR && !l->read; i += 4) {
        const uint32_t add = lp_le32(p + i);
        if (is_add(add, w & 31)) note_all_from(l, to + (add >> 10 & 0xfff), add & 31, p + i, left - i);
    }
}

/* Among data, not in the tables of the file itself. */
static void note_distance(struct look *l, uint64_t at, uint32_t distance)
{
    const uint64_t to = at + (uint64_t)(int64_t)(int32_t)distance;
    const struct lp_elf_section *s = to >= l->start && to < l->end ? section_of(l->m, at) : NULL;
    l->read |= s && s->type == SHT_PROGBITS && !(s->flags & SHF_EXECINSTR) && strncmp(s->name, ".eh_frame", 9) != 0;
}

static void scan(struct look *l)
{
    size_t n;
    const struct lp_elf_segment *g = lp_elf_segments(l->m->elf, &n);
    const struct lp_elf_info *info = lp_elf_info(l->m->elf);
    const bool moves = info->type == ET_DYN; /* then its addresses are the dynamic linker's */
    for (size_t i = 0; i < n; i++) {
        if (g[i].type != PT_LOAD || !lp_within(g[i].offset, g[i].filesz, info->image_size)) continue;
        const uint8_t *p = (const uint8_t *)info->image + g[i].offset;
        for (uint64_t at = 0; at + 4 <= g[i].filesz && !l->read; at += 4) {
            if (g[i].flags & PF_X) note_code(l, g[i].vaddr + at, p + at, g[i].filesz - at);
            note_distance(l, g[i].vaddr + at, lp_le32(p + at));
            if (!moves && at + 8 <= g[i].filesz) note(l, lp_le64(p + at));
        }
    }
    struct lp_dynfixes fix = lp_elf_dynfixes(l->m->elf);
    for (size_t i = 0; i < fix.n; i++) note(l, fix.v[i].value);
    const struct lp_dynamic *d = lp_elf_dynamic_part(l->m->elf);
    for (size_t i = 0; i < d->nsym; i++)
        if (d->sym[i].shndx != SHN_UNDEF) note(l, d->sym[i].value);
}

void lp_warn_unread(struct lp_maker *m, const struct lp_edit *e)
{
    const struct lp_elf_symbol *s = e->sym;
    if (!m->warn || !s || s->type != STT_OBJECT || !s->size || e->addr - s->value >= s->size) return;
    struct look l = {m, section_of(m, s->value), s->value, s->value + s->size, false};
    if (!is_constant(l.in)) return;
    scan(&l);
    if (!l.read)
        lp_edit_warn(m, &e->from, "nothing in the file leads to `%.200s`: the compiler has put its value into the code that uses it, perhaps, which keeps the "
                     "old one: change that (`replace`)", s->name);
}
