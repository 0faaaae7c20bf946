/* elf/dynamic.c - dynamic symbols, relocations and needed libraries, by PT_DYNAMIC. */
#include <config.h>
#include "elf/dynamic.h"
#include "elf/image.h"
#include "base/bits.h"
#include "base/sort.h"
#include "base/search.h"
#include "base/buf.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { VERSIONS = 0x8000, RELR_MAX = 1 << 21 };

/* A table in the image by the tags of its address and size; NULL if it is not there. *n: whole entries of `each` bytes. */
static const uint8_t *table(const struct lp_elf *e, int64_t tag, int64_t size_tag, uint64_t each, uint64_t *n)
{
    uint64_t at, size, avail;
    *n = 0;
    if (!lp_elf_dynamic(e, tag, &at) || !lp_elf_dynamic(e, size_tag, &size)) return NULL;
    const uint8_t *p = lp_elf_at(e, at, &avail);
    if (p) *n = (size < avail ? size : avail) / each;
    return p;
}

static struct lp_elf_strtab strings(const struct lp_elf *e)
{
    uint64_t n;
    const uint8_t *p = table(e, DT_STRTAB, DT_STRSZ, 1, &n);
    return p ? lp_elf_strtab(e, (uint64_t)(p - e->image), n) : (struct lp_elf_strtab){"", 0};
}

const char *lp_dynamic_text(const lp_elf *e, uint64_t off) { return lp_elf_str(strings(e), off); }

/* ---- versions: index -> name (gABI-GNU, "Symbol Versioning") ---- */

/* Records of 20 (verdef) or 16 bytes (verneed), a list of auxiliary ones behind each; at most one of either per 16 bytes, so no loop. */
struct version { const char *name, *library; };
static void read_versions(const uint8_t *p, uint64_t size, bool need, struct lp_elf_strtab str, struct version *v)
{
    uint64_t left = size / 16;
    for (uint64_t at = 0; left && lp_within(at, 20, size); left--) {
        uint32_t aux = lp_le32(p + at + (need ? 8 : 12)), next = lp_le32(p + at + (need ? 12 : 16));
        if (!need && lp_within(at + aux, 8, size)) v[lp_le16(p + at + 4) & (VERSIONS - 1)].name = lp_elf_str(str, lp_le32(p + at + aux));
        for (uint64_t a = at + aux; need && left && lp_within(a, 16, size); left--) { /* hash, flags, other, name, next */
            v[lp_le16(p + a + 6) & (VERSIONS - 1)] = (struct version){lp_elf_str(str, lp_le32(p + a + 8)), lp_elf_str(str, lp_le32(p + at + 4))};
            if (!lp_le32(p + a + 12)) break;
            a += lp_le32(p + a + 12);
        }
        if (!next) break;
        at += next;
    }
}

static struct version *versions(const struct lp_elf *e, struct lp_elf_strtab str)
{
    uint64_t at, avail;
    struct version *v = calloc(VERSIONS, sizeof *v);
    const uint8_t *p = v && lp_elf_dynamic(e, DT_VERDEF, &at) ? lp_elf_at(e, at, &avail) : NULL;
    if (p) read_versions(p, avail, false, str, v);
    p = v && lp_elf_dynamic(e, DT_VERNEED, &at) ? lp_elf_at(e, at, &avail) : NULL;
    if (p) read_versions(p, avail, true, str, v);
    return v;
}

/* One more than the highest symbol that a relocation names: the hash table knows nothing of imports if nothing is exported. */
static uint64_t named(const struct lp_elf *e, int64_t tag, int64_t size_tag)
{
    uint64_t n, most = 0;
    const uint8_t *p = table(e, tag, size_tag, sizeof(Elf64_Rela), &n);
    for (uint64_t i = 0; p && i < n; i++, p += sizeof(Elf64_Rela))
        if (lp_le64(p + 8) >> 32 > most) most = lp_le64(p + 8) >> 32;
    return most ? most + 1 : 0;
}

static uint64_t count_symbols(const struct lp_elf *e)
{
    uint64_t hashed = lp_elf_count_dynsym(e), data = named(e, DT_RELA, DT_RELASZ), plt = named(e, DT_JMPREL, DT_PLTRELSZ);
    uint64_t most = data > plt ? data : plt;
    return most > hashed ? most : hashed;
}

/* (The names of a hostile file may all end in one very long text.) */
static uint32_t *first_named(const struct lp_dynamic *d, const char *name)
{
    enum { MOST = 256 };
    uint32_t h = 2166136261;
    for (unsigned i = 0; i < MOST && name[i]; i++) h = (h ^ (uint8_t)name[i]) * 16777619;
    return &d->named[h % d->nsym];
}

/* The first symbol of this name from number i - 1 on, as `next`; 0 = none. */
static uint32_t symbol_named(const struct lp_dynamic *d, const char *name, uint32_t i)
{
    while (i && strcmp(d->sym[i - 1].name, name) != 0) i = d->sym[i - 1].next;
    return i;
}

/* In their order. */
static void index_names(struct lp_dynamic *d)
{
    for (size_t i = d->nsym; i-- > 0;) {
        uint32_t *first = first_named(d, d->sym[i].name);
        d->sym[i].next = *first, *first = (uint32_t)(i + 1);
    }
}

static void read_symbols(const struct lp_elf *e, struct lp_dynamic *d, struct lp_elf_strtab str)
{
    uint64_t at, avail, left = 0, n = count_symbols(e);
    const uint8_t *p = lp_elf_dynamic(e, DT_SYMTAB, &at) ? lp_elf_at(e, at, &avail) : NULL;
    if (!p || !n) return;
    if (n > avail / sizeof(Elf64_Sym)) n = avail / sizeof(Elf64_Sym);
    const uint8_t *ver = lp_elf_dynamic(e, DT_VERSYM, &at) ? lp_elf_at(e, at, &left) : NULL;
    struct version *known = ver ? versions(e, str) : NULL;
    d->sym = calloc(n + 1, sizeof *d->sym), d->named = calloc(n + 1, sizeof *d->named);
    if (!d->sym || !d->named) {
        free(known);
        return;
    }
    d->nsym = n;
    for (uint64_t i = 0; i < n; i++, p += sizeof(Elf64_Sym)) { /* name, info, other, shndx, value, size */
        const char *text = lp_elf_str(str, lp_le32(p));
        unsigned v = known && i < left / 2 ? lp_le16(ver + 2 * i) : 1, index = v & (VERSIONS - 1);
        d->sym[i] = (struct lp_dynsym){.name = text ? text : "", .value = lp_le64(p + 8), .size = lp_le64(p + 16), .type = p[4] & 15, .bind = p[4] >> 4,
                                       .visibility = p[5] & 3, .shndx = lp_le16(p + 6), .hidden = v & VERSIONS, .first = index <= 2};
        if (index > 1 && known && known[index].name) d->sym[i].version = known[index].name, d->sym[i].library = known[index].library;
    }
    index_names(d);
    free(known);
}

/* ---- relocations ---- */

/* Elf64_Rela: offset, symbol << 32 | type, addend. */
static void read_rela(const struct lp_elf *e, struct lp_dynamic *d, size_t *cap, int64_t tag, int64_t size_tag)
{
    uint64_t n;
    const uint8_t *p = table(e, tag, size_tag, sizeof(Elf64_Rela), &n);
    for (uint64_t i = 0; p && i < n; i++, p += sizeof(Elf64_Rela)) {
        uint64_t info = lp_le64(p + 8), sym = info >> 32;
        if ((uint32_t)info == R_AARCH64_RELATIVE) continue;
        struct lp_dynrel *v = lp_grow(d->rel, cap, d->nrel, sizeof *v);
        if (!v) return;
        d->rel = v;
        v[d->nrel++] = (struct lp_dynrel){lp_le64(p), (uint32_t)info, 0, (int64_t)lp_le64(p + 16), sym && sym < d->nsym ? &d->sym[sym] : NULL};
    }
}

/* By the names of their symbols, in their order. */
static void index_relocs(struct lp_dynamic *d)
{
    for (size_t i = d->nrel; i-- > 0;) {
        struct lp_dynrel *r = &d->rel[i];
        if (!r->sym) continue;
        struct lp_dynsym *s = &d->sym[symbol_named(d, r->sym->name, *first_named(d, r->sym->name)) - 1];
        r->next = s->rel, s->rel = (uint32_t)(i + 1);
    }
}

typedef void (*fix_fn)(void *ctx, const struct lp_dynfix *f);

static void each_relative(const struct lp_elf *e, int64_t tag, int64_t size_tag, fix_fn fn, void *ctx)
{
    uint64_t n;
    const uint8_t *p = table(e, tag, size_tag, sizeof(Elf64_Rela), &n);
    for (uint64_t i = 0; p && i < n; i++, p += sizeof(Elf64_Rela))
        if (lp_le32(p + 8) == R_AARCH64_RELATIVE) fn(ctx, &(struct lp_dynfix){lp_le64(p), lp_le64(p + 16), false});
}

static bool packed(const struct lp_elf *e, uint64_t at, fix_fn fn, void *ctx)
{
    uint64_t avail;
    const uint8_t *p = lp_elf_at(e, at, &avail);
    if (!p || avail < 8) return false;
    fn(ctx, &(struct lp_dynfix){at, lp_le64(p), true});
    return true;
}

/* DT_RELR (gABI): an even entry is an address, an odd one a bitmap of the 63 words that follow. */
static void each_packed(const struct lp_elf *e, fix_fn fn, void *ctx)
{
    uint64_t n, next = 0, count = 0;
    const uint8_t *p = table(e, LP_DT_RELR, LP_DT_RELRSZ, 8, &n);
    for (uint64_t i = 0; p && i < n && count < RELR_MAX; i++, p += 8) {
        uint64_t entry = lp_le64(p);
        if (!(entry & 1)) {
            count += packed(e, entry, fn, ctx);
            next = entry + 8;
            continue;
        }
        for (unsigned bit = 1; bit < 64; bit++)
            if (entry >> bit & 1) count += packed(e, next + 8 * (uint64_t)(bit - 1), fn, ctx);
        next += 63 * 8;
    }
}

void lp_elf_each_dynfix(const lp_elf *e, fix_fn fn, void *ctx)
{
    each_relative(e, DT_RELA, DT_RELASZ, fn, ctx);
    each_relative(e, DT_JMPREL, DT_PLTRELSZ, fn, ctx);
    each_packed(e, fn, ctx);
}

static int by_address(const void *a, const void *b)
{
    const struct lp_dynfix *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* DT_NEEDED, DT_RUNPATH, DT_DEBUG and flags, entry by entry. */
static void read_entries(const struct lp_elf *e, struct lp_dynamic *d, struct lp_elf_strtab str)
{
    size_t cap = 0;
    uint64_t flags1 = 0;
    for (uint64_t off = 0; off + 16 <= e->dyn_size; off += 16) {
        const uint8_t *p = e->image + e->dyn_off + off;
        int64_t tag = (int64_t)lp_le64(p);
        if (tag == DT_NULL) break;
        if (tag == DT_DEBUG) d->debug_at = d->at + off + 8;
        if (tag == DT_SYMBOLIC || (tag == DT_FLAGS && lp_le64(p + 8) & DF_SYMBOLIC)) d->symbolic = true;
        if (tag == DT_FLAGS_1) flags1 = lp_le64(p + 8);
        if (tag == DT_RUNPATH) d->runpath = lp_elf_str(str, lp_le64(p + 8));
        if (tag == DT_RPATH) d->rpath = lp_elf_str(str, lp_le64(p + 8));
        const char *name = tag == DT_NEEDED ? lp_elf_str(str, lp_le64(p + 8)) : NULL;
        const char **v = name ? lp_grow(d->needed, &cap, d->nneeded, sizeof *v) : NULL;
        if (v) d->needed = v, v[d->nneeded++] = name;
    }
    d->library = d->at && e->info.type == ET_DYN && !(flags1 & DF_1_PIE) && (e->info.soname || !e->info.interp);
}

void lp_elf_load_dynamic(struct lp_elf *e)
{
    struct lp_dynamic *d = e->dynamic;
    size_t cap = 0;
    struct lp_elf_strtab str = strings(e);
    for (size_t i = 0; i < e->nseg && e->dyn_size; i++)
        if (e->seg[i].type == PT_DYNAMIC && !d->at) d->at = e->seg[i].vaddr;
    read_symbols(e, d, str);
    read_rela(e, d, &cap, DT_RELA, DT_RELASZ);
    read_rela(e, d, &cap, DT_JMPREL, DT_PLTRELSZ);
    d->rel = lp_trim(d->rel, &cap, d->nrel, sizeof *d->rel);
    index_relocs(d);
    read_entries(e, d, str);
}

void lp_elf_free_dynamic(struct lp_elf *e)
{
    free(e->fix);
    if (!e->dynamic) return;
    free(e->dynamic->sym), free(e->dynamic->named), free(e->dynamic->rel), free(e->dynamic->needed);
    free(e->dynamic);
}

const struct lp_dynamic *lp_elf_dynamic_part(const lp_elf *elf)
{
    static const struct lp_dynamic none;
    struct lp_elf *e = (struct lp_elf *)elf; /* filled on first use, constant afterwards */
    pthread_mutex_lock(&e->lock);
    if (!e->dynamic && (e->dynamic = calloc(1, sizeof *e->dynamic)) != NULL) lp_elf_load_dynamic(e);
    pthread_mutex_unlock(&e->lock);
    return e->dynamic ? e->dynamic : &none;
}

struct fixes { struct lp_elf *e; size_t cap; };

static void add_fix(void *ctx, const struct lp_dynfix *f)
{
    struct fixes *g = ctx;
    struct lp_dynfix *v = lp_grow(g->e->fix, &g->cap, g->e->nfix, sizeof *v);
    if (!v) return;
    g->e->fix = v;
    v[g->e->nfix++] = *f;
}

static void load_fixes(struct lp_elf *e)
{
    struct fixes g = {e, 0};
    lp_elf_each_dynfix(e, add_fix, &g);
    e->fix = lp_trim(e->fix, &g.cap, e->nfix, sizeof *e->fix);
    lp_sort(e->fix, e->nfix, sizeof *e->fix, by_address);
}

struct lp_dynfixes lp_elf_dynfixes(const lp_elf *elf)
{
    struct lp_elf *e = (struct lp_elf *)elf;
    lp_elf_once(e, &e->have_fixes, load_fixes);
    return (struct lp_dynfixes){e->fix, e->nfix};
}

/* ---- look-ups ---- */

static bool is_public(const struct lp_dynsym *s) { return s->bind != STB_LOCAL && s->visibility != STV_HIDDEN && s->visibility != STV_INTERNAL; }

/* The first symbol of this name, or the one behind `last`. */
static const struct lp_dynsym *next_named(const struct lp_dynamic *d, const char *name, const struct lp_dynsym *last)
{
    const uint32_t i = symbol_named(d, name, last ? last->next : d->nsym ? *first_named(d, name) : 0);
    return i ? &d->sym[i - 1] : NULL;
}

const struct lp_dynsym *lp_dynsym_defined(const struct lp_dynamic *d, const char *name, const char *version)
{
    const struct lp_dynsym *plain = NULL;
    for (const struct lp_dynsym *s = next_named(d, name, NULL); s; s = next_named(d, name, s)) {
        if (s->shndx == SHN_UNDEF || s->shndx == SHN_ABS || !is_public(s)) continue;
        if (version && s->version && strcmp(s->version, version) == 0) return s;
        if (version ? !s->version : !s->hidden) plain = s;
    }
    return plain;
}

const struct lp_dynsym *lp_dynsym_plain(const struct lp_dynamic *d, const char *name)
{
    const struct lp_dynsym *later = NULL;
    size_t n = 0;
    for (const struct lp_dynsym *s = next_named(d, name, NULL); s; s = next_named(d, name, s)) {
        if (s->shndx == SHN_UNDEF || s->shndx == SHN_ABS || !is_public(s)) continue;
        if (s->first) return s;
        if (!s->hidden) later = s, n++;
    }
    return n == 1 ? later : NULL;
}

bool lp_dynamic_needs(const struct lp_dynamic *d, const char *library)
{
    for (size_t i = 0; i < d->nneeded; i++)
        if (strcmp(d->needed[i], library) == 0) return true;
    return false;
}

const struct lp_dynsym *lp_dynsym_preempted(const struct lp_dynamic *d, const char *name, const char *version, uint64_t value)
{
    const struct lp_dynsym *s = d->library && !d->symbolic ? lp_dynsym_defined(d, name, version) : NULL;
    return s && s->value == value && s->visibility == STV_DEFAULT && s->type != STT_GNU_IFUNC && s->type != STT_TLS ? s : NULL;
}

const struct lp_dynsym *lp_dynsym_wanted(const struct lp_dynamic *d, const char *name, const char *version)
{
    for (const struct lp_dynsym *s = next_named(d, name, NULL); s; s = next_named(d, name, s))
        if (s->shndx == SHN_UNDEF && (!version || !s->version || strcmp(s->version, version) == 0)) return s;
    return NULL;
}

const struct lp_dynrel *lp_dynrel_named(const struct lp_dynamic *d, const char *name, const struct lp_dynrel *last)
{
    const struct lp_dynsym *s = last ? NULL : next_named(d, name, NULL);
    const uint32_t i = last ? last->next : s ? s->rel : 0;
    return i ? &d->rel[i - 1] : NULL;
}

bool lp_elf_dynfix_covers(const lp_elf *e, uint64_t at, uint64_t len)
{
    const struct lp_dynfixes f = lp_elf_dynfixes(e);
    size_t i = at < 8 ? 0 : lp_count_upto(f.v, f.n, sizeof *f.v, at - 8); /* the first that ends behind `at` */
    return i < f.n && f.v[i].at < at + len;
}

bool lp_elf_dynrel_covers(const lp_elf *e, uint64_t at, uint64_t len)
{
    const struct lp_dynamic *d = lp_elf_dynamic_part(e);
    size_t i = 0;
    while (i < d->nrel && (d->rel[i].at + lp_dynrel_bytes(d->rel[i].type) <= at || d->rel[i].at >= at + len)) i++;
    return i < d->nrel;
}

bool lp_elf_start_fills(const lp_elf *e, uint64_t at, uint64_t len)
{
    size_t n;
    const struct lp_elf_section *s = lp_elf_sections(e, &n);
    for (size_t i = 0; i < n && !lp_elf_dynamic_part(e)->at; i++) {
        if (s[i].type != SHT_RELA || !(s[i].flags & SHF_ALLOC) || !lp_within(s[i].offset, s[i].size, e->size)) continue;
        const uint8_t *p = e->image + s[i].offset;
        for (uint64_t k = 0; k + sizeof(Elf64_Rela) <= s[i].size; k += sizeof(Elf64_Rela))
            if (lp_le64(p + k) + 8 > at && lp_le64(p + k) < at + len) return true;
    }
    return false;
}
