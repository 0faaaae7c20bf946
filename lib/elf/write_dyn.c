/* elf/write_dyn.c - the dynamic linker's tables in a file that is extended: relocations come and go, DT_RELA and DT_RELR lead to new tables.
 *
 * New tables and not changed ones: the first DT_RELACOUNT entries of DT_RELA are taken for RELATIVE without a look at their type. */
#include <config.h>
#include "elf/writer.h"
#include "elf/put.h"
#include "base/bits.h"
#include "base/error.h"
#include "base/search.h"

#include <stdlib.h>
#include <string.h>

enum { DYN = sizeof(Elf64_Dyn), RELA = sizeof(Elf64_Rela) };

/* ---- dynamic entries ---- */

static const uint8_t *entry(const struct lp_elf_writer *w, uint64_t i) { return w->e->image + w->e->dyn_off + i * DYN; }
static uint64_t entries(const struct lp_elf_writer *w) { return w->e->dyn_size / DYN; }

static uint64_t find(const struct lp_elf_writer *w, int64_t tag)
{
    for (uint64_t i = 0; i < entries(w); i++) {
        if ((int64_t)lp_le64(entry(w, i)) == tag) return i;
        if (lp_le64(entry(w, i)) == DT_NULL) break;
    }
    return UINT64_MAX;
}

static void put_entry(struct lp_elf_writer *w, uint64_t i, int64_t tag, uint64_t value)
{
    uint8_t p[DYN];
    lp_put64(p, (uint64_t)tag), lp_put64(p + 8, value);
    lp_write_change(w, w->e->dyn_off + i * DYN, p, DYN);
}

bool lp_write_entries(struct lp_elf_writer *w, const int64_t *tag, const uint64_t *value, size_t n)
{
    const uint64_t first = find(w, DT_NULL);
    for (size_t k = 0; k < n; k++) {
        const uint64_t i = find(w, tag[k]), end = first + w->nentry;
        if (i == UINT64_MAX && (first == UINT64_MAX || end + 1 >= entries(w) || lp_le64(entry(w, end + 1)) != DT_NULL)) return false;
        put_entry(w, i != UINT64_MAX ? i : end, tag[k], value[k]);
        w->nentry += i == UINT64_MAX;
    }
    return true;
}

uint64_t lp_write_went(const struct lp_elf_writer *w, uint64_t addr) { return addr - w->moved < w->moved_end - w->moved ? addr + w->moved_by : addr; }

/* Entries that lead to what was moved. */
lp_status lp_write_moved(struct lp_elf_writer *w)
{
    for (size_t k = 0; k < LP_MOVABLE; k++) {
        const int64_t tag = lp_write_movable[k].tag;
        uint64_t i = find(w, tag), v = i == UINT64_MAX ? 0 : lp_le64(entry(w, i) + 8);
        if (i != UINT64_MAX && lp_write_went(w, v) != v) put_entry(w, i, tag, lp_write_went(w, v));
    }
    return LP_OK;
}

/* ---- DT_RELA ---- */

static bool is_gone(const struct lp_elf_writer *w, uint64_t at, uint64_t len)
{
    size_t n = lp_count_upto(w->m->gone, w->m->ngone, sizeof *w->m->gone, at + len - 1);
    return n && w->m->gone[n - 1].end > at;
}

static void add_rela(struct lp_elf_writer *w, const struct lp_dynrel *r)
{
    uint8_t p[RELA];
    lp_put64(p, r->at), lp_put64(p + 8, lp_write_symbol(w, r->sym) << 32 | r->type), lp_put64(p + 16, (uint64_t)r->addend);
    lp_buf_add(&w->table, p, RELA);
}

static void add_new(struct lp_elf_writer *w, bool relative)
{
    for (size_t i = 0; i < w->m->nrel; i++)
        if ((w->m->rel[i].type == R_AARCH64_RELATIVE) == relative) add_rela(w, &w->m->rel[i]);
}

/* Entries [from, to) of the old table that stay; how many. */
static uint64_t keep(struct lp_elf_writer *w, const uint8_t *p, uint64_t from, uint64_t to)
{
    uint64_t kept = 0;
    for (p += from * RELA; from < to; from++, p += RELA)
        if (!is_gone(w, lp_le64(p), lp_dynrel_bytes(lp_le32(p + 8)))) lp_buf_add(&w->table, p, RELA), kept++;
    return kept;
}

/* The old table: n entries, the first `relative` of them RELATIVE. NULL with n = 0: there is none. */
static const uint8_t *old_table(const struct lp_elf_writer *w, uint64_t *n, uint64_t *relative)
{
    uint64_t at, size, avail;
    *n = *relative = 0;
    if (!lp_elf_dynamic(w->e, DT_RELA, &at) || !lp_elf_dynamic(w->e, DT_RELASZ, &size)) return NULL;
    const uint8_t *p = lp_elf_at(w->e, at, &avail);
    *n = p ? (size < avail ? size : avail) / RELA : 0;
    if (!lp_elf_dynamic(w->e, DT_RELACOUNT, relative) || *relative > *n) *relative = 0;
    return p;
}

/* PLT entries find theirs by number; and glibc takes a table inside DT_RELA for a part of it. */
static bool plt_allows(const struct lp_elf_writer *w)
{
    uint64_t at, size, avail, rela, rela_size;
    if (!lp_elf_dynamic(w->e, DT_JMPREL, &at) || !lp_elf_dynamic(w->e, DT_PLTRELSZ, &size)) return true;
    if (lp_elf_dynamic(w->e, DT_RELA, &rela) && lp_elf_dynamic(w->e, DT_RELASZ, &rela_size) && at >= rela && at - rela < rela_size) return false;
    const uint8_t *p = lp_elf_at(w->e, at, &avail);
    for (uint64_t i = 0; p && i < (size < avail ? size : avail) / RELA; i++)
        if (is_gone(w, lp_le64(p + i * RELA), 8)) return false;
    return true;
}

/* Relocations of symbols say whose: the dynamic ones. */
static uint32_t symbols_section(const struct lp_elf_writer *w)
{
    for (size_t i = 1; i < w->nsh; i++)
        if (w->sh[i].sh_type == SHT_DYNSYM) return (uint32_t)i;
    return 0;
}

static lp_status write_rela(struct lp_elf_writer *w)
{
    uint64_t n, count, old = 0, size, relative = 0, at = lp_write_table(w, 8);
    const uint8_t *p = old_table(w, &n, &count);
    if (!w->e->dyn_size) return lp_write_refuse(w, "it has no dynamic linker: nobody would write the addresses that the patch needs");
    lp_elf_dynamic(w->e, DT_RELA, &old);
    if (p) relative = keep(w, p, 0, count);
    for (size_t i = 0; i < w->m->nrel; i++) relative += w->m->rel[i].type == R_AARCH64_RELATIVE;
    add_new(w, true);
    if (p) keep(w, p, count, n);
    add_new(w, false);
    size = w->table_at + w->table.len - at;
    Elf64_Shdr *s = p ? lp_write_section_at(w, lp_write_went(w, old)) : NULL;
    if (s && s->sh_type != SHT_RELA) s = NULL;
    if (!s) s = lp_write_section(w, ".rela.lpatch", &(Elf64_Shdr){.sh_type = SHT_RELA, .sh_flags = SHF_ALLOC, .sh_addralign = 8, .sh_entsize = RELA});
    s->sh_addr = at, s->sh_offset = lp_write_off(w, at), s->sh_size = size;
    if (!s->sh_link) s->sh_link = symbols_section(w);
    const int64_t tag[] = {DT_RELA, DT_RELASZ, DT_RELAENT, DT_RELACOUNT};
    const uint64_t value[] = {at, size, RELA, relative};
    if (!lp_write_entries(w, tag, value, count || !p ? 4 : 3)) return lp_write_refuse(w, "its dynamic section has no room for a table of relocations");
    return LP_OK;
}

/* ---- DT_RELR: an even entry is an address, an odd one a bitmap of the 63 words that follow (gABI) ---- */

static void add_word(struct lp_elf_writer *w, uint64_t v)
{
    uint8_t p[8];
    lp_put64(p, v);
    lp_buf_add(&w->table, p, 8);
}

static lp_status write_relr(struct lp_elf_writer *w)
{
    const struct lp_dynfixes f = lp_elf_dynfixes(w->e);
    bool any = false;
    for (size_t i = 0; i < f.n; i++) any |= f.v[i].packed && is_gone(w, f.v[i].at, 8);
    if (!any) return LP_OK;
    uint64_t at = lp_write_table(w, 8), old = 0, next = 0, bits = 0;
    for (size_t i = 0; i < f.n; i++) {
        uint64_t a = f.v[i].at;
        if (!f.v[i].packed || is_gone(w, a, 8)) continue;
        while (next && a - next >= 63 * 8 && bits) add_word(w, bits << 1 | 1), bits = 0, next += 63 * 8;
        if (next && a >= next && a - next < 63 * 8 && (a - next) % 8 == 0) bits |= UINT64_C(1) << (a - next) / 8;
        else {
            if (bits) add_word(w, bits << 1 | 1);
            add_word(w, a), next = a + 8, bits = 0;
        }
    }
    if (bits) add_word(w, bits << 1 | 1);
    lp_elf_dynamic(w->e, LP_DT_RELR, &old);
    uint64_t size = w->table_at + w->table.len - at;
    Elf64_Shdr *s = lp_write_section_at(w, old);
    if (s) s->sh_addr = at, s->sh_offset = lp_write_off(w, at), s->sh_size = size;
    const int64_t tag[] = {LP_DT_RELR, LP_DT_RELRSZ};
    const uint64_t value[] = {at, size};
    return lp_write_entries(w, tag, value, 2) ? LP_OK : lp_write_refuse(w, "its dynamic section cannot be changed");
}

lp_status lp_write_relocs(struct lp_elf_writer *w)
{
    bool any = w->m->nrel > 0;
    const struct lp_dynamic *d = lp_elf_dynamic_part(w->e);
    const struct lp_dynfixes f = lp_elf_dynfixes(w->e);
    if (!w->m->nrel && !w->m->ngone) return LP_OK;
    for (size_t i = 0; i < d->nrel && !any; i++) any = is_gone(w, d->rel[i].at, lp_dynrel_bytes(d->rel[i].type));
    for (size_t i = 0; i < f.n && !any; i++) any = !f.v[i].packed && is_gone(w, f.v[i].at, 8);
    if (!plt_allows(w)) return lp_write_refuse(w, "the patch changes a word of the PLT's, or the PLT's relocations are among the others");
    lp_status s = any ? write_rela(w) : LP_OK;
    return s == LP_OK ? write_relr(w) : s;
}
