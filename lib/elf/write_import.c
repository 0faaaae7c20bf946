/* elf/write_import.c - what an extended file imports besides: dynamic symbols, their names and their versions.
 *
 * They come behind those that there are, so that no index changes. DT_GNU_HASH has no imports, and stays; DT_HASH has all symbols. All tables are new ones,
 * in the last segment, and what was there before stays unused. */
#include <config.h>
#include "elf/writer.h"
#include "elf/put.h"
#include "base/bits.h"
#include "base/error.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { SYM = sizeof(Elf64_Sym), NEED = sizeof(Elf64_Verneed), AUX = sizeof(Elf64_Vernaux), INDEX = 0x7fff, GLOBAL = 1, TABLES_MAX = 5 };

/* ---- which they are ---- */

static bool is_old(const struct lp_elf_writer *w, const struct lp_dynsym *s)
{
    const struct lp_dynamic *d = lp_elf_dynamic_part(w->e);
    return s >= d->sym && s < d->sym + d->nsym;
}

static size_t find(const struct lp_elf_writer *w, const struct lp_dynsym *s)
{
    size_t i = 0;
    for (; i < w->nimport; i++) {
        const struct lp_dynsym *x = w->import[i];
        if (lp_same_text(x->name, s->name) && lp_same_text(x->version, s->version) && lp_same_text(x->library, s->library)) break;
    }
    return i;
}

uint64_t lp_write_symbol(const struct lp_elf_writer *w, const struct lp_dynsym *s)
{
    return !s ? 0 : is_old(w, s) ? (uint64_t)(s - lp_elf_dynamic_part(w->e)->sym) : w->nsym + find(w, s);
}

/* Of a symbol that one patch can do without, and another one cannot, the file needs what the other one does. */
static lp_status collect(struct lp_elf_writer *w)
{
    if (!(w->import = calloc(w->m->nrel + 1, sizeof(struct lp_dynsym *)))) return lp_fail(w->err, LP_E_NOMEM, "out of memory");
    for (size_t i = 0; i < w->m->nrel; i++) {
        const struct lp_dynsym *s = w->m->rel[i].sym;
        if (!s || is_old(w, s)) continue;
        const size_t k = find(w, s);
        if (k == w->nimport || s->bind != STB_WEAK) w->import[k] = s;
        w->nimport += k == w->nimport;
    }
    return LP_OK;
}

/* ---- the tables that there are, and those that there will be ---- */

struct tables {
    struct lp_elf_writer *w;
    const uint8_t *sym, *str, *versym, *need, *hash; /* NULL = none */
    uint64_t str_size, versym_n, need_avail, hash_avail;
    struct lp_elf_strtab names;
    struct lp_buf text;                              /* the names that there will be */
    struct version { uint32_t record, hash; uint16_t flags, index; uint32_t name; } *version; /* of all records, each with its versions together */
    size_t nversion, version_cap;
    uint32_t *file;                                  /* whose versions a record has: its name */
    size_t nfile, file_cap;
    uint16_t last;                                   /* the highest index of a version */
    int64_t tag[2 * TABLES_MAX];                     /* dynamic entries */
    uint64_t value[2 * TABLES_MAX];
    size_t nentry;
};

static const uint8_t *table(const struct lp_elf_writer *w, int64_t tag, uint64_t *avail)
{
    uint64_t at;
    const uint8_t *p = lp_elf_dynamic(w->e, tag, &at) ? lp_elf_at(w->e, at, avail) : NULL;
    if (!p) *avail = 0;
    return p;
}

/* How many symbols there are: more than relocations and DT_GNU_HASH tell of, if nothing uses the others. */
static uint64_t count_symbols(const struct lp_elf_writer *w, uint64_t avail)
{
    uint64_t at, n = lp_elf_dynamic_part(w->e)->nsym;
    for (size_t i = 1; i < w->nsh && lp_elf_dynamic(w->e, DT_SYMTAB, &at); i++) {
        const uint64_t size = w->sh[i].sh_size;
        if (w->sh[i].sh_type == SHT_DYNSYM && w->sh[i].sh_addr == lp_write_went(w, at) && size <= avail && size / SYM > n) n = size / SYM;
    }
    return n;
}

static lp_status read_tables(struct tables *t)
{
    struct lp_elf_writer *w = t->w;
    uint64_t sym_avail, str_avail, avail;
    t->sym = table(w, DT_SYMTAB, &sym_avail), t->str = table(w, DT_STRTAB, &str_avail);
    t->versym = table(w, DT_VERSYM, &avail), t->need = table(w, DT_VERNEED, &t->need_avail), t->hash = table(w, DT_HASH, &t->hash_avail);
    t->versym_n = avail / 2;
    if (!t->sym || !t->str || !lp_elf_dynamic(w->e, DT_STRSZ, &t->str_size) || t->str_size > str_avail || !t->str_size)
        return lp_write_refuse(w, "it has no table of dynamic symbols");
    w->nsym = count_symbols(w, sym_avail);
    if (!w->nsym || w->nsym * SYM > sym_avail) return lp_write_refuse(w, "its table of dynamic symbols is not inside the file");
    t->names = lp_elf_strtab(w->e, (uint64_t)(t->str - w->e->image), t->str_size);
    lp_buf_add(&t->text, t->str, t->str_size);
    lp_buf_add(&t->text, "", 1); /* if the last one does not end */
    return LP_OK;
}

/* A table in the last segment: its dynamic entry, and its section's header, which is made if there is none. */
static Elf64_Shdr *put_table(struct tables *t, int64_t tag, const struct lp_buf *b, const char *name, const Elf64_Shdr *like)
{
    struct lp_elf_writer *w = t->w;
    uint64_t old, at = lp_write_table(w, like->sh_addralign);
    lp_buf_add(&w->table, b->data, b->len);
    w->table.failed |= b->failed;
    t->tag[t->nentry] = tag, t->value[t->nentry++] = at;
    Elf64_Shdr *s = lp_elf_dynamic(w->e, tag, &old) ? lp_write_section_at(w, lp_write_went(w, old)) : NULL;
    if (!s || s->sh_type != like->sh_type) s = lp_write_section(w, name, like);
    s->sh_addr = at, s->sh_offset = lp_write_off(w, at), s->sh_size = b->len;
    return s;
}

static void put_entry(struct tables *t, int64_t tag, uint64_t value) { t->tag[t->nentry] = tag, t->value[t->nentry++] = value; }

static uint32_t add_text(struct tables *t, const char *s)
{
    uint32_t at = (uint32_t)t->text.len;
    lp_buf_add(&t->text, s, strlen(s) + 1);
    return at;
}

/* ---- versions (LSB, "Symbol Versioning") ---- */

static bool add_version(struct tables *t, const struct version *v)
{
    struct version *p = lp_grow(t->version, &t->version_cap, t->nversion, sizeof *p);
    if (!p) return !(t->w->failed = true);
    t->version = p;
    p[t->nversion++] = *v;
    if (v->index > t->last) t->last = v->index;
    return true;
}

static bool add_file(struct tables *t, uint32_t name)
{
    uint32_t *p = lp_grow(t->file, &t->file_cap, t->nfile, sizeof *p);
    if (!p) return !(t->w->failed = true);
    t->file = p;
    p[t->nfile++] = name;
    return true;
}

/* At most one record or version per 16 bytes, so no loop. */
static void read_needs(struct tables *t)
{
    const uint8_t *p = t->need;
    uint64_t left = t->need_avail / NEED;
    for (uint64_t at = 0; p && left && lp_within(at, NEED, t->need_avail); left--) {
        const uint32_t next = lp_le32(p + at + 12);
        if (!add_file(t, lp_le32(p + at + 4))) return;
        for (uint64_t a = at + lp_le32(p + at + 8); left && lp_within(a, AUX, t->need_avail); left--) {
            const struct version v = {(uint32_t)t->nfile - 1, lp_le32(p + a), lp_le16(p + a + 4), lp_le16(p + a + 6) & INDEX, lp_le32(p + a + 8)};
            if (!add_version(t, &v) || !lp_le32(p + a + 12)) break;
            a += lp_le32(p + a + 12);
        }
        if (!next) break;
        at += next;
    }
}

/* Indices are of what it defines, too, whether or not a symbol has that version. */
static void find_last(struct tables *t)
{
    uint64_t avail;
    const uint8_t *p = table(t->w, DT_VERDEF, &avail);
    uint64_t left = avail / sizeof(Elf64_Verdef);
    for (uint64_t at = 0; left && lp_within(at, sizeof(Elf64_Verdef), avail); left--) {
        const uint16_t index = lp_le16(p + at + 4) & INDEX;
        if (index > t->last) t->last = index;
        if (!lp_le32(p + at + 16)) break;
        at += lp_le32(p + at + 16);
    }
    for (uint64_t i = 0; t->versym && i < t->w->nsym && i < t->versym_n; i++) {
        const uint16_t index = lp_le16(t->versym + 2 * i) & INDEX;
        if (index > t->last) t->last = index;
    }
    if (t->last < GLOBAL) t->last = GLOBAL;
}

static bool is_called(const struct tables *t, uint32_t name, const char *text) { return lp_same_text(lp_elf_str(t->names, name), text); }

/* Where the name of a library that is needed is among the names. */
static bool needed(const struct tables *t, const char *library, uint32_t *name)
{
    const struct lp_elf *e = t->w->e;
    for (uint64_t off = 0; off + 16 <= e->dyn_size; off += 16) {
        const uint8_t *p = e->image + e->dyn_off + off;
        if ((int64_t)lp_le64(p) == DT_NULL) break;
        if ((int64_t)lp_le64(p) == DT_NEEDED && is_called(t, *name = (uint32_t)lp_le64(p + 8), library)) return true;
    }
    return false;
}

/* The index of a version that the file wants already, of this library, or (NULL) of any; 0 = none. */
static uint16_t wanted(const struct tables *t, const char *version, const char *library)
{
    for (size_t i = 0; i < t->nversion; i++) {
        const struct version *v = &t->version[i];
        const bool is_new = v->name > t->str_size && v->name < t->text.len; /* it came with another import */
        if (!lp_same_text(is_new ? t->text.data + v->name : lp_elf_str(t->names, v->name), version)) continue;
        if (!library || is_called(t, t->file[v->record], library)) return v->index;
    }
    return 0;
}

static uint32_t record_of(struct tables *t, const char *library)
{
    uint32_t name;
    for (uint32_t i = 0; i < t->nfile; i++)
        if (is_called(t, t->file[i], library)) return i;
    return needed(t, library, &name) && add_file(t, name) ? (uint32_t)t->nfile - 1 : UINT32_MAX;
}

/* The index of what an import wants; 0 = it cannot be had. */
static uint16_t index_of(struct tables *t, const struct lp_dynsym *s)
{
    if (!s->version) return GLOBAL;
    const uint16_t index = t->text.failed ? 0 : wanted(t, s->version, s->library);
    if (index || !s->library || t->last + 1 >= INDEX) return index;
    const struct version v = {record_of(t, s->library), (uint32_t)elf_hash(s->version), 0, (uint16_t)(t->last + 1), add_text(t, s->version)};
    return v.record != UINT32_MAX && add_version(t, &v) ? v.index : 0;
}

static int by_record(const void *a, const void *b)
{
    const struct version *x = a, *y = b;
    return x->record != y->record ? (x->record > y->record) - (x->record < y->record) : (x->index > y->index) - (x->index < y->index);
}

static void print_needs(const struct tables *t, struct lp_buf *b)
{
    uint8_t p[NEED > AUX ? NEED : AUX];
    for (size_t r = 0, i = 0; r < t->nfile; r++) {
        size_t n = 0;
        while (i + n < t->nversion && t->version[i + n].record == r) n++;
        lp_put16(p, 1), lp_put16(p + 2, (uint16_t)n), lp_put32(p + 4, t->file[r]), lp_put32(p + 8, n ? NEED : 0);
        lp_put32(p + 12, r + 1 < t->nfile ? (uint32_t)(NEED + n * AUX) : 0);
        lp_buf_add(b, p, NEED);
        for (; n; n--, i++) {
            const struct version *v = &t->version[i];
            lp_put32(p, v->hash), lp_put16(p + 4, v->flags), lp_put16(p + 6, v->index), lp_put32(p + 8, v->name), lp_put32(p + 12, n > 1 ? AUX : 0);
            lp_buf_add(b, p, AUX);
        }
    }
}

static lp_status put_versions(struct tables *t, uint16_t *index)
{
    struct lp_elf_writer *w = t->w;
    struct lp_buf b = {0};
    uint8_t p[2];
    const size_t before = t->nversion;
    bool any = t->versym != NULL;
    for (size_t i = 0; i < w->nimport; i++) {
        if (!(index[i] = index_of(t, w->import[i])) && !w->failed) return lp_write_refuse(w, "it cannot have the version of a symbol that the patch imports");
        any |= index[i] != GLOBAL;
    }
    if (!any) return LP_OK;
    for (uint64_t i = 0; i < w->nsym; i++) {
        lp_put16(p, t->versym ? i < t->versym_n ? lp_le16(t->versym + 2 * i) : GLOBAL : i > 0);
        lp_buf_add(&b, p, 2);
    }
    for (size_t i = 0; i < w->nimport; i++) lp_put16(p, index[i]), lp_buf_add(&b, p, 2);
    put_table(t, DT_VERSYM, &b, ".gnu.version.lpatch", &(Elf64_Shdr){.sh_type = SHT_GNU_versym, .sh_flags = SHF_ALLOC, .sh_addralign = 2, .sh_entsize = 2});
    lp_buf_free(&b);
    if (t->nversion == before) return LP_OK;
    qsort(t->version, t->nversion, sizeof *t->version, by_record);
    print_needs(t, &b);
    Elf64_Shdr *s = put_table(t, DT_VERNEED, &b, ".gnu.version_r.lpatch", &(Elf64_Shdr){.sh_type = SHT_GNU_verneed, .sh_flags = SHF_ALLOC, .sh_addralign = 8});
    s->sh_info = (uint32_t)t->nfile;
    put_entry(t, DT_VERNEEDNUM, t->nfile);
    lp_buf_free(&b);
    return LP_OK;
}

/* ---- symbols ---- */

static void put_symbols(struct tables *t)
{
    struct lp_elf_writer *w = t->w;
    struct lp_buf b = {0};
    lp_buf_add(&b, t->sym, w->nsym * SYM);
    for (size_t i = 0; i < w->nimport; i++) {
        uint8_t p[SYM] = {0};
        lp_put32(p, add_text(t, w->import[i]->name));
        p[4] = ELF64_ST_INFO(w->import[i]->bind, w->import[i]->type);
        lp_buf_add(&b, p, SYM);
    }
    put_table(t, DT_SYMTAB, &b, ".dynsym.lpatch",
              &(Elf64_Shdr){.sh_type = SHT_DYNSYM, .sh_flags = SHF_ALLOC, .sh_info = 1, .sh_addralign = 8, .sh_entsize = SYM});
    lp_buf_free(&b);
}

static uint32_t word(const struct lp_buf *b, uint64_t i) { return b->failed ? 0 : lp_le32((const uint8_t *)b->data + 4 * i); }
static void set_word(struct lp_buf *b, uint64_t i, uint64_t v)
{
    if (!b->failed) lp_put32((uint8_t *)b->data + 4 * i, (uint32_t)v);
}

/* DT_HASH: how many buckets, how many symbols, buckets, chains. */
static lp_status put_hash(struct tables *t)
{
    struct lp_elf_writer *w = t->w;
    struct lp_buf b = {0};
    if (!t->hash) return LP_OK;
    const uint64_t buckets = t->hash_avail < 8 ? 0 : lp_le32(t->hash), chains = buckets ? lp_le32(t->hash + 4) : 0, n = w->nsym + w->nimport;
    if (!buckets || chains > w->nsym || 8 + 4 * (buckets + chains) > t->hash_avail) return lp_write_refuse(w, "its hash table is not inside the file");
    lp_buf_add(&b, t->hash, 8 + 4 * (buckets + chains));
    for (uint64_t i = chains; i < n; i++) lp_buf_add(&b, "\0\0\0", 4);
    set_word(&b, 1, n);
    for (size_t i = 0; i < w->nimport; i++) {
        const uint64_t bucket = 2 + elf_hash(w->import[i]->name) % buckets, number = w->nsym + i;
        set_word(&b, 2 + buckets + number, word(&b, bucket));
        set_word(&b, bucket, number);
    }
    put_table(t, DT_HASH, &b, ".hash.lpatch", &(Elf64_Shdr){.sh_type = SHT_HASH, .sh_flags = SHF_ALLOC, .sh_addralign = 8, .sh_entsize = 4});
    lp_buf_free(&b);
    return LP_OK;
}

static uint32_t number_of(const struct tables *t, int64_t tag)
{
    for (size_t i = 0; i < t->nentry; i++)
        for (size_t k = 1; t->tag[i] == tag && k < t->w->nsh; k++)
            if (t->w->sh[k].sh_flags & SHF_ALLOC && t->w->sh[k].sh_addr == t->value[i]) return (uint32_t)k;
    return 0;
}

/* Sections that had no header lead to each other, too. */
static void link_sections(const struct tables *t)
{
    static const struct { int64_t from, to; } link[] = {{DT_SYMTAB, DT_STRTAB}, {DT_VERSYM, DT_SYMTAB}, {DT_VERNEED, DT_STRTAB}, {DT_HASH, DT_SYMTAB}};
    for (size_t i = 0; i < sizeof link / sizeof *link; i++) {
        const uint32_t from = number_of(t, link[i].from);
        if (from && !t->w->sh[from].sh_link) t->w->sh[from].sh_link = number_of(t, link[i].to);
    }
}

static lp_status put_all(struct tables *t, uint16_t *index)
{
    struct lp_elf_writer *w = t->w;
    lp_status s = read_tables(t);
    if (s != LP_OK) return s;
    read_needs(t);
    find_last(t);
    if ((s = put_versions(t, index)) != LP_OK) return s;
    put_symbols(t);
    if ((s = put_hash(t)) != LP_OK) return s;
    if (t->text.len > UINT32_MAX) return lp_write_refuse(w, "it has too many names");
    put_table(t, DT_STRTAB, &t->text, ".dynstr.lpatch", &(Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_flags = SHF_ALLOC, .sh_addralign = 1});
    put_entry(t, DT_STRSZ, t->text.len);
    link_sections(t);
    return lp_write_entries(w, t->tag, t->value, t->nentry) ? LP_OK : lp_write_refuse(w, "its dynamic section has no room for versions of symbols");
}

lp_status lp_write_imports(struct lp_elf_writer *w)
{
    lp_status s = collect(w);
    if (s != LP_OK || !w->nimport) return s;
    struct tables t = {.w = w};
    uint16_t *index = calloc(w->nimport, sizeof *index);
    s = index ? put_all(&t, index) : lp_fail(w->err, LP_E_NOMEM, "out of memory");
    free(index), free(t.version), free(t.file);
    lp_buf_free(&t.text);
    return s;
}
