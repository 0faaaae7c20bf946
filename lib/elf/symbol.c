/* elf/symbol.c - the symbols of .symtab and .dynsym as one sorted table, on first use. */
#include <config.h>
#include "elf/image.h"
#include "base/bits.h"
#include "base/buf.h"
#include "base/sort.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

/* Symbol versions of .dynsym: index -> name (gABI-GNU, "Symbol Versioning"). */
struct versions { const char **name; size_t n; const uint8_t *index; size_t nindex; };


void lp_elf_raw_add(struct lp_elf_raw *r, const struct lp_elf_symbol *s)
{
    struct lp_elf_symbol *v = lp_grow(r->v, &r->cap, r->n, sizeof *v);
    if (!v) {
        r->failed = true;
        return;
    }
    r->v = v;
    v[r->n++] = *s;
}

static const uint8_t *bytes(const struct lp_elf *e, uint64_t off, uint64_t size) { return lp_within(off, size, e->size) ? e->image + off : NULL; }

/* Elf64_Verdef: vd_ndx at 4, vd_aux at 12, vd_next at 16; Elf64_Verdaux: vda_name at 0. At most one record per 20 bytes, so no loop. */
static void read_verdef(struct versions *v, const uint8_t *p, uint64_t size, struct lp_elf_strtab str)
{
    for (uint64_t at = 0, left = size / 20; left && lp_within(at, 20, size); left--) {
        uint32_t ndx = lp_le16(p + at + 4) & 0x7fff, aux = lp_le32(p + at + 12), next = lp_le32(p + at + 16);
        if (ndx < v->n && lp_within(at + aux, 8, size)) v->name[ndx] = lp_elf_str(str, lp_le32(p + at + aux));
        if (!next) break;
        at += next;
    }
}

static void read_versions(struct lp_elf *e, struct versions *v, uint32_t dynsym)
{
    for (size_t i = 0; i < e->nsec; i++) {
        const struct lp_elf_section *s = &e->sec[i];
        const uint8_t *p = bytes(e, s->offset, s->size);
        if (!p || s->link >= e->nsec) continue;
        if (s->type == SHT_GNU_versym && s->link == dynsym) v->index = p, v->nindex = s->size / 2;
        if (s->type != SHT_GNU_verdef) continue;
        if (!v->name && !(v->name = calloc(0x8000, sizeof *v->name))) return;
        v->n = 0x8000;
        const struct lp_elf_section *str = &e->sec[s->link];
        read_verdef(v, p, s->size, lp_elf_strtab(e, str->offset, str->size));
    }
}

static const char *version_of(const struct versions *v, size_t i)
{
    if (i >= v->nindex) return NULL;
    unsigned ndx = lp_le16(v->index + 2 * i) & 0x7fff; /* bit 15: hidden */
    return ndx >= 2 && ndx < v->n ? v->name[ndx] : NULL; /* 0 local, 1 global without a version */
}

static bool wanted(const GElf_Sym *s)
{
    unsigned type = GELF_ST_TYPE(s->st_info);
    if (s->st_shndx == SHN_UNDEF || s->st_shndx == SHN_ABS || s->st_shndx == SHN_COMMON) return false;
    return type == STT_NOTYPE || type == STT_OBJECT || type == STT_FUNC || type == STT_TLS || type == STT_GNU_IFUNC;
}

/* Symbols of debugging information (clang marks it with $d) have offsets in sections that are not loaded, which are no addresses. */
static bool loaded(const struct lp_elf *e, const GElf_Sym *s)
{
    return e->info.type == ET_REL || s->st_shndx >= e->nsec || e->sec[s->st_shndx].flags & SHF_ALLOC;
}

/* $x, $d, $x.name (AAELF64 5.5.4 "Mapping symbols"). */
static bool mapping(const char *name) { return name[0] == '$' && (name[1] == 'x' || name[1] == 'd') && (name[2] == 0 || name[2] == '.'); }

static void add_mark(struct lp_elf *e, size_t *cap, uint64_t start, bool code)
{
    struct lp_elf_mark *m = lp_grow(e->mark, cap, e->nmark, sizeof *m);
    if (!m) return;
    e->mark = m;
    m[e->nmark++] = (struct lp_elf_mark){start, code};
}

/* "name@@VERSION" and "name@VERSION", as newer linkers write .symtab, become name and version. */
static void split_version(struct lp_elf *e, struct lp_elf_symbol *s)
{
    const char *at = strchr(s->name, '@');
    if (!at || at == s->name) return;
    const char *ver = at + (at[1] == '@' ? 2 : 1);
    const char *name = *ver ? lp_elf_keep(e, s->name, (size_t)(at - s->name), "") : NULL;
    if (!name) return;
    s->name = name;
    if (!s->version) s->version = ver;
}

struct table { Elf_Data *data; struct lp_elf_strtab str; const struct versions *ver; bool full; };

static void read_table(struct lp_elf *e, const struct table *t, struct lp_elf_raw *raw, size_t *mark_cap)
{
    const char *file = NULL;
    GElf_Sym s;
    size_t n = t->data->d_size / sizeof(Elf64_Sym);
    for (size_t i = 1; i < n && i < INT32_MAX && gelf_getsym(t->data, (int)i, &s); i++) {
        const char *name = lp_elf_str(t->str, s.st_name);
        if (!name) continue;
        if (GELF_ST_TYPE(s.st_info) == STT_FILE) {
            file = *name ? name : NULL;
            continue;
        }
        if (!*name || !wanted(&s) || !loaded(e, &s)) continue;
        if (t->full && mapping(name)) {
            if (GELF_ST_TYPE(s.st_info) != STT_TLS) /* an offset in the TLS block is no address */
                add_mark(e, mark_cap, LP_ELF_MARK_AT(e, s.st_shndx, s.st_value), name[1] == 'x');
            continue;
        }
        bool local = GELF_ST_BIND(s.st_info) == STB_LOCAL; /* globals follow the last file's locals and belong to none */
        struct lp_elf_symbol sym = {.name = name, .file = local ? file : NULL, .value = s.st_value, .size = s.st_size,
                                    .version = t->ver ? version_of(t->ver, i) : NULL, .type = (uint8_t)GELF_ST_TYPE(s.st_info),
                                    .bind = (uint8_t)GELF_ST_BIND(s.st_info), .shndx = s.st_shndx};
        split_version(e, &sym);
        lp_elf_raw_add(raw, &sym);
    }
}

static void read_section(struct lp_elf *e, size_t i, struct lp_elf_raw *raw, size_t *mark_cap)
{
    const struct lp_elf_section *s = &e->sec[i];
    Elf_Scn *scn = elf_getscn(e->elf, i);
    Elf_Data *d = scn && bytes(e, s->offset, s->size) ? elf_getdata(scn, NULL) : NULL;
    if (!d || d->d_type != ELF_T_SYM || s->link >= e->nsec) return;
    struct versions v = {0};
    if (s->type == SHT_DYNSYM) read_versions(e, &v, (uint32_t)i);
    struct table t = {d, lp_elf_strtab(e, e->sec[s->link].offset, e->sec[s->link].size), &v, s->type == SHT_SYMTAB};
    read_table(e, &t, raw, mark_cap);
    free(v.name);
}

/* How many dynamic symbols there are when no section says so: DT_HASH's nchain, or the end of the last DT_GNU_HASH chain. */
/* One more than the highest symbol of a table of relocations. */
static uint64_t count_referred(const struct lp_elf *e, int64_t tag, int64_t size_tag)
{
    uint64_t at, size, avail, n = 0;
    if (!lp_elf_dynamic(e, tag, &at) || !lp_elf_dynamic(e, size_tag, &size)) return 0;
    const uint8_t *p = lp_elf_at(e, at, &avail);
    for (uint64_t i = 0; p && i < (size < avail ? size : avail) / sizeof(Elf64_Rela); i++)
        if (lp_le32(p + i * sizeof(Elf64_Rela) + 12) >= n) n = lp_le32(p + i * sizeof(Elf64_Rela) + 12) + UINT64_C(1);
    return n;
}

static uint64_t count_hashed(const struct lp_elf *e)
{
    uint64_t at, avail, max = 0;
    const uint8_t *h = lp_elf_dynamic(e, DT_HASH, &at) ? lp_elf_at(e, at, &avail) : NULL;
    if (h && avail >= 8) return lp_le32(h + 4);
    h = lp_elf_dynamic(e, DT_GNU_HASH, &at) ? lp_elf_at(e, at, &avail) : NULL;
    if (!h || avail < 16) return 0;
    uint64_t nbuckets = lp_le32(h), base = lp_le32(h + 4), buckets = 16 + 8 * (uint64_t)lp_le32(h + 8);
    if (!lp_within(buckets, 4 * nbuckets, avail)) return 0;
    for (uint64_t i = 0; i < nbuckets; i++)
        if (lp_le32(h + buckets + 4 * i) > max) max = lp_le32(h + buckets + 4 * i);
    if (max < base) return base;
    uint64_t chain = buckets + 4 * nbuckets + 4 * (max - base);
    while (lp_within(chain, 4, avail) && !(lp_le32(h + chain) & 1)) chain += 4, max++;
    return max + 1;
}

/* DT_GNU_HASH tells of no import where nothing is exported. */
uint64_t lp_elf_count_dynsym(const struct lp_elf *e)
{
    uint64_t n = count_hashed(e), more[2] = {count_referred(e, DT_RELA, DT_RELASZ), count_referred(e, DT_JMPREL, DT_PLTRELSZ)};
    for (int i = 0; i < 2; i++)
        if (more[i] > n) n = more[i];
    return n;
}

static void read_dynamic(struct lp_elf *e, struct lp_elf_raw *raw, size_t *mark_cap)
{
    uint64_t sym, str, size, avail, left, n = lp_elf_count_dynsym(e);
    if (!lp_elf_dynamic(e, DT_SYMTAB, &sym) || !lp_elf_dynamic(e, DT_STRTAB, &str) || !lp_elf_dynamic(e, DT_STRSZ, &size)) return;
    const uint8_t *p = lp_elf_at(e, sym, &avail), *q = lp_elf_at(e, str, &left);
    if (!p || !q || !n) return;
    if (n > avail / sizeof(Elf64_Sym)) n = avail / sizeof(Elf64_Sym);
    Elf_Data *d = elf_getdata_rawchunk(e->elf, p - e->image, n * sizeof(Elf64_Sym), ELF_T_SYM);
    if (!d) return;
    struct table t = {d, lp_elf_strtab(e, (uint64_t)(q - e->image), size < left ? size : left), NULL, false};
    read_table(e, &t, raw, mark_cap);
}

static int by_address(const void *a, const void *b)
{
    const struct lp_elf_symbol *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    int c = x->name == y->name ? 0 : strcmp(x->name, y->name);
    return c ? c : (x->file == NULL) - (y->file == NULL);
}

/* One symbol that both tables have is one symbol: .symtab knows the file, .dynsym the version. */
static void merge(struct lp_elf_raw *raw)
{
    size_t n = 0;
    for (size_t i = 0; i < raw->n; i++) {
        struct lp_elf_symbol *s = &raw->v[i], *last = n ? &raw->v[n - 1] : NULL;
        bool same = last && last->value == s->value && last->size == s->size && (last->type == STT_TLS) == (s->type == STT_TLS) &&
                    strcmp(last->name, s->name) == 0 && (!last->version || !s->version || strcmp(last->version, s->version) == 0);
        if (!same) {
            raw->v[n++] = *s;
            continue;
        }
        if (!last->version) last->version = s->version;
        if (!last->file) last->file = s->file;
        if (last->bind == STB_LOCAL) last->bind = s->bind;
    }
    raw->n = n;
}

static int by_start(const void *a, const void *b)
{
    const struct lp_elf_mark *x = a, *y = b;
    return x->start != y->start ? (x->start < y->start ? -1 : 1) : x->code - y->code;
}

struct name_key { const struct lp_elf_symbol *sym; };
static int by_name(const void *a, const void *b)
{
    const struct lp_elf_symbol *x = ((const struct name_key *)a)->sym, *y = ((const struct name_key *)b)->sym;
    int c = x->name == y->name ? 0 : strcmp(x->name, y->name);
    return c ? c : (x > y) - (x < y); /* the table is in address order */
}

/* The index by name, and with it the ordinals. */
static bool index_names(struct lp_elf *e)
{
    struct name_key *k = malloc((e->nsym + 1) * sizeof *k);
    e->by_name = malloc((e->nsym + 1) * sizeof *e->by_name);
    if (!k || !e->by_name) return free(k), false;
    for (size_t i = 0; i < e->nsym; i++) k[i].sym = &e->sym[i];
    qsort(k, e->nsym, sizeof *k, by_name);
    for (size_t i = 0; i < e->nsym; i++) e->by_name[i] = (uint32_t)(k[i].sym - e->sym);
    free(k);
    for (size_t i = 0, j; i < e->nsym; i = j) {
        const char *name = e->sym[e->by_name[i]].name;
        for (j = i + 1; j < e->nsym && strcmp(e->sym[e->by_name[j]].name, name) == 0;) j++;
        for (size_t k2 = i; j - i > 1 && k2 < j; k2++) e->sym[e->by_name[k2]].ordinal = (uint16_t)(k2 - i < UINT16_MAX ? k2 - i + 1 : UINT16_MAX);
    }
    return true;
}

void lp_elf_load_symbols(struct lp_elf *e)
{
    struct lp_elf_raw raw = {0};
    size_t mark_cap = 0, tables = 0;
    for (size_t i = 0; i < e->nsec; i++) {
        if (e->sec[i].type != SHT_SYMTAB && e->sec[i].type != SHT_DYNSYM) continue;
        if (++tables > 4) break; /* a linker writes two; a thousand headers may name the same bytes */
        read_section(e, i, &raw, &mark_cap);
    }
    if (!tables) read_dynamic(e, &raw, &mark_cap);
    lp_sort(raw.v, raw.n, sizeof *raw.v, by_address);
    merge(&raw);
    e->sym = raw.v;
    e->nsym = raw.n;
    lp_elf_load_plt(e, &raw); /* resolves IRELATIVE through the symbols so far */
    raw.v = lp_trim(raw.v, &raw.cap, raw.n, sizeof *raw.v);
    lp_sort(raw.v, raw.n, sizeof *raw.v, by_address);
    e->sym = raw.v;
    e->nsym = raw.n < UINT32_MAX ? raw.n : 0;
    if (!index_names(e)) e->nsym = 0;
    e->mark = lp_trim(e->mark, &mark_cap, e->nmark, sizeof *e->mark);
    lp_sort(e->mark, e->nmark, sizeof *e->mark, by_start);
    lp_elf_load_exec(e);
}

const struct lp_elf_symbol *lp_elf_symbols(const lp_elf *elf, size_t *count)
{
    struct lp_elf *e = (struct lp_elf *)elf;
    lp_elf_sections(e, NULL);
    lp_elf_once(e, &e->have_symbols, lp_elf_load_symbols);
    if (count) *count = e->nsym;
    return e->sym;
}
