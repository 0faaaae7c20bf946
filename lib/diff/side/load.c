/* diff/side/load.c - LOAD: what a file has in memory, which words the dynamic linker fills, what the linker kept of relocations, and the FDEs. */
#include <config.h>
#include "diff/side/data.h"
#include "diff/side/seen.h"
#include "base/bits.h"
#include "base/search.h"
#include "base/sort.h"
#include "base/text.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* ---- spans ---- */

static const char headers[] = ".phdr.lpatch"; /* an ELF header and program headers, in a patched file */

/* What the dynamic linker reads. (Notes, and what has a type of its own, are data for whoever refers to them.) */
static bool is_linkers(uint32_t type)
{
    enum { RELR = 19, ANDROID_REL = 0x60000001, ANDROID_RELA, ANDROID_RELR = 0x6fffff00 };
    static const uint32_t types[] = {SHT_SYMTAB, SHT_STRTAB, SHT_RELA, SHT_HASH, SHT_DYNAMIC, SHT_REL, SHT_SHLIB, SHT_DYNSYM, SHT_GROUP, SHT_SYMTAB_SHNDX, RELR,
                                     SHT_GNU_ATTRIBUTES, SHT_GNU_HASH, SHT_GNU_LIBLIST, SHT_GNU_verdef, SHT_GNU_verneed, SHT_GNU_versym, ANDROID_REL,
                                     ANDROID_RELA, ANDROID_RELR, SHT_NULL};
    size_t i = 0;
    while (types[i] && types[i] != type) i++;
    return types[i] == type || (type >= SHT_LOPROC && type <= SHT_HIPROC);
}

static uint32_t section_flags(const struct lp_elf_section *x)
{
    static const char *const linker[] = {".interp", ".eh_frame", ".eh_frame_hdr", ".gcc_except_table", ".dynamic", ".relr.dyn", ".note.gnu.build-id",
                                         ".note.gnu.property", ".note.ABI-tag", headers, NULL};
    uint32_t f = x->flags & SHF_EXECINSTR ? LP_SPAN_CODE : 0;
    if (x->flags & SHF_WRITE) f |= LP_SPAN_WRITE;
    if (x->type == SHT_NOBITS) return (f & ~LP_SPAN_CODE) | LP_SPAN_BSS | (x->flags & SHF_TLS ? LP_SPAN_LINKER : 0); /* (whatever it is called) */
    if (strncmp(x->name, ".got", 4) == 0) f |= LP_SPAN_GOT;
    if (f & LP_SPAN_CODE && (strncmp(x->name, ".plt", 4) == 0 || strcmp(x->name, ".iplt") == 0)) f |= LP_SPAN_PLT;
    if (x->type == SHT_INIT_ARRAY || x->type == SHT_FINI_ARRAY || x->type == SHT_PREINIT_ARRAY) f |= LP_SPAN_LISTED;
    if (is_linkers(x->type)) f |= LP_SPAN_LINKER;
    if (x->type == SHT_NOTE || strcmp(x->name, "__patchable_function_entries") == 0) f |= LP_SPAN_NOTE; /* (for tracers) */
    if (x->flags & SHF_TLS) f |= LP_SPAN_LINKER; /* what each thread's block is at the start: check.c */
    for (size_t i = 0; linker[i]; i++)
        if (strcmp(x->name, linker[i]) == 0) f |= LP_SPAN_LINKER;
    return f;
}

static int by_start(const void *a, const void *b)
{
    const struct lp_span *x = a, *y = b;
    return x->start != y->start ? (x->start < y->start ? -1 : 1) : (x->end > y->end) - (x->end < y->end);
}

static void add_span(struct lp_side *s, const struct lp_span *x, uint64_t offset)
{
    const struct lp_elf_info *i = lp_elf_info(s->elf);
    struct lp_span v = *x;
    if (v.start >= v.end) return;
    if (!(v.flags & LP_SPAN_BSS)) {
        if (!lp_within(offset, v.end - v.start, i->image_size)) return;
        v.bytes = (const uint8_t *)i->image + offset;
    }
    s->span[s->nspan++] = v;
}

/* Hostile files: where the segment ends in which the section begins. */
static uint64_t end_loaded(const struct lp_side *s, uint64_t at, uint64_t end)
{
    size_t n;
    const struct lp_elf_segment *x = lp_elf_segments(s->elf, &n);
    for (size_t i = 0; i < n; i++)
        if (x[i].type == PT_LOAD && at - x[i].vaddr < x[i].memsz && end - x[i].vaddr > x[i].memsz) end = x[i].vaddr + x[i].memsz;
    return end;
}

static void spans_of_sections(struct lp_side *s, const struct lp_elf_section *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!(x[i].flags & SHF_ALLOC) || !x[i].size || x[i].size > UINT64_MAX - x[i].addr) continue;
        if (x[i].flags & SHF_TLS && x[i].type == SHT_NOBITS) continue; /* takes no place */
        const char *name = strcmp(x[i].name, headers) == 0 ? "headers" : x[i].name;
        add_span(s, &(struct lp_span){x[i].addr, end_loaded(s, x[i].addr, x[i].addr + x[i].size), NULL, section_flags(&x[i]), name}, x[i].offset);
    }
}

static void spans_of_segments(struct lp_side *s, const struct lp_elf_segment *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (x[i].type != PT_LOAD || x[i].memsz > UINT64_MAX - x[i].vaddr || x[i].filesz > x[i].memsz) continue;
        uint64_t mid = x[i].vaddr + x[i].filesz, end = x[i].vaddr + x[i].memsz;
        uint32_t f = (x[i].flags & PF_X ? LP_SPAN_CODE : 0) | (x[i].flags & PF_W ? LP_SPAN_WRITE : 0);
        const char *name = f & LP_SPAN_CODE ? "code" : f & LP_SPAN_WRITE ? "data" : "constants";
        add_span(s, &(struct lp_span){x[i].vaddr, mid, NULL, f, name}, x[i].offset);
        add_span(s, &(struct lp_span){mid, end, NULL, f | LP_SPAN_BSS, "bss"}, 0);
    }
}

static void mark_relro(struct lp_side *s)
{
    size_t n;
    const struct lp_elf_segment *x = lp_elf_segments(s->elf, &n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; x[i].type == PT_GNU_RELRO && k < s->nspan; k++)
            if (s->span[k].start >= x[i].vaddr && s->span[k].start - x[i].vaddr < x[i].memsz && s->span[k].flags & LP_SPAN_WRITE)
                s->span[k].flags |= LP_SPAN_RELRO;
}

/* What a segment has in front of its first section: the ELF header. */
static void add_headers(struct lp_side *s, const struct lp_elf_segment *x, size_t n)
{
    size_t have = s->nspan;
    for (size_t i = 0; i < n; i++) {
        if (x[i].type != PT_LOAD || x[i].filesz > UINT64_MAX - x[i].vaddr) continue;
        uint64_t end = x[i].vaddr + x[i].filesz;
        for (size_t k = 0; k < have; k++)
            if (s->span[k].end > x[i].vaddr && s->span[k].start < end) end = s->span[k].start;
        add_span(s, &(struct lp_span){x[i].vaddr, end, NULL, LP_SPAN_LINKER, "headers"}, x[i].offset);
    }
}

static void load_spans(struct lp_side *s)
{
    size_t nsec, nseg, n = 0;
    const struct lp_elf_section *sec = lp_elf_sections(s->elf, &nsec);
    const struct lp_elf_segment *seg = lp_elf_segments(s->elf, &nseg);
    s->span = calloc(nsec + 3 * nseg + 1, sizeof *s->span);
    if (!s->span) {
        s->nomem = true;
        return;
    }
    spans_of_sections(s, sec, nsec);
    if (!s->nspan) spans_of_segments(s, seg, nseg);
    add_headers(s, seg, nseg);
    qsort(s->span, s->nspan, sizeof *s->span, by_start);
    for (size_t i = 0; i < s->nspan; i++) /* hostile files: no overlap */
        if (!n || s->span[i].start >= s->span[n - 1].end) s->span[n++] = s->span[i];
    s->nspan = n;
    for (size_t i = 0; i < n; i++) {
        const struct lp_span *x = &s->span[i];
        size_t *most = x->flags & LP_SPAN_CODE ? &s->text : &s->data;
        if (x->bytes && !(x->flags & LP_SPAN_LINKER) && x->end - x->start > s->span[*most].end - s->span[*most].start) *most = i;
    }
    mark_relro(s);
}

const struct lp_span *lp_side_span(const struct lp_side *s, uint64_t addr)
{
    const struct lp_span *text = s->nspan ? &s->span[s->text] : NULL, *data = text ? &s->span[s->data] : NULL;
    if (text && addr - text->start < text->end - text->start) return text;
    if (data && addr - data->start < data->end - data->start) return data;
    const size_t own = s->nspan - s->nbrought;
    const bool outside = !own || addr < s->span[0].start || addr >= s->span[own - 1].end;
    size_t n = outside ? 0 : lp_count_upto(s->span, own, sizeof *s->span, addr);
    if (n && addr < s->span[n - 1].end) return &s->span[n - 1];
    for (n = s->nspan - s->nbrought; n < s->nspan; n++)
        if (addr >= s->span[n].start && addr < s->span[n].end) return &s->span[n];
    return NULL;
}

const uint8_t *lp_side_bytes(const struct lp_side *s, uint64_t addr, uint64_t *avail)
{
    const struct lp_span *x = lp_side_span(s, addr);
    if (!x || !x->bytes) return NULL;
    *avail = x->end - addr;
    return x->bytes + (addr - x->start);
}

const uint8_t *lp_side_code(const struct lp_side *s, uint64_t addr, uint64_t *avail)
{
    size_t n = s->nover ? lp_count_upto(s->over, s->nover, sizeof *s->over, addr) : 0;
    if (!n || addr >= s->over[n - 1].end) return lp_side_bytes(s, addr, avail);
    *avail = s->over[n - 1].end - addr;
    return s->over[n - 1].bytes + (addr - s->over[n - 1].start);
}

void lp_side_index_views(struct lp_side *s)
{
    const struct lp_span *x = s->nspan ? &s->span[s->text] : NULL;
    s->viewed = x && s->nover ? calloc(1, ((x->end - x->start) >> LP_VIEWED) + 1) : NULL; /* without: slower */
    for (size_t i = 0; s->viewed && i < s->nover; i++) {
        const uint64_t from = s->over[i].start - x->start, len = s->over[i].end - s->over[i].start;
        if (len && s->over[i].start >= x->start && s->over[i].end <= x->end)
            memset(s->viewed + (from >> LP_VIEWED), 1, ((from + len - 1) >> LP_VIEWED) - (from >> LP_VIEWED) + 1);
    }
}

/* ---- words ---- */

static void add_word(struct lp_side *s, const struct lp_word_at *w)
{
    struct lp_word_at *v = lp_grow(s->word, &s->word_cap, s->nword, sizeof *v);
    if (!v) {
        s->nomem = true;
        return;
    }
    s->word = v;
    v[s->nword++] = *w;
    s->resolves |= w->kind == LP_WORD_IFUNC;
}

static void add_dynamic_word(struct lp_side *s, const struct lp_dynrel *r)
{
    struct lp_word_at w = {r->at, (uint64_t)r->addend, r->sym, r->type, LP_WORD_SYMBOL};
    switch (r->type) {
    case R_AARCH64_ABS64:
    case R_AARCH64_GLOB_DAT:
    case R_AARCH64_JUMP_SLOT: break;
    case LP_R_IRELATIVE: w.kind = LP_WORD_IFUNC; break;
    case R_AARCH64_COPY: w.kind = LP_WORD_COPY; break;
    case R_AARCH64_TLS_TPREL:
    case R_AARCH64_TLS_DTPMOD:
    case R_AARCH64_TLS_DTPREL:
    case R_AARCH64_TLSDESC: w.kind = LP_WORD_TLS; break;
    default: return;
    }
    /* A symbol that is defined here still may be another's: it is compared by its name. */
    add_word(s, &w);
}

/* Slots of .got that no relocation fills hold addresses. */
static void add_static_slots(struct lp_side *s)
{
    size_t have = s->nword;
    for (size_t i = 0; i < s->nspan; i++) {
        const struct lp_span *x = &s->span[i];
        if (!(x->flags & LP_SPAN_GOT) || !x->bytes) continue;
        for (uint64_t at = lp_align_up(x->start, 8); at + 8 <= x->end; at += 8)
            if (!lp_find_number(s->word, have, sizeof *s->word, at))
                add_word(s, &(struct lp_word_at){at, lp_le64(x->bytes + (at - x->start)), NULL, 0, LP_WORD_ADDR});
    }
}

/* IRELATIVE relocations of a static program are in .rela.plt, which no PT_DYNAMIC names. */
static void add_static_ifuncs(struct lp_side *s)
{
    size_t n;
    const struct lp_elf_section *x = lp_elf_sections(s->elf, &n);
    const struct lp_elf_info *info = lp_elf_info(s->elf);
    for (size_t i = 0; i < n && !s->dynamic->at; i++) {
        if (x[i].type != SHT_RELA || !(x[i].flags & SHF_ALLOC) || !lp_within(x[i].offset, x[i].size, info->image_size)) continue;
        const uint8_t *p = (const uint8_t *)info->image + x[i].offset;
        for (uint64_t k = 0; k + 24 <= x[i].size; k += 24)
            if ((uint32_t)lp_le64(p + k + 8) == LP_R_IRELATIVE)
                add_word(s, &(struct lp_word_at){lp_le64(p + k), lp_le64(p + k + 16), NULL, LP_R_IRELATIVE, LP_WORD_IFUNC});
    }
}

static void sort_words(struct lp_side *s)
{
    lp_sort_by_number(s->word, s->nword, sizeof *s->word);
}

static void add_fix(void *s, const struct lp_dynfix *f) { add_word(s, &(struct lp_word_at){f->at, f->value, NULL, R_AARCH64_RELATIVE, LP_WORD_ADDR}); }

static void load_words(struct lp_side *s)
{
    for (size_t i = 0; i < s->dynamic->nrel; i++) add_dynamic_word(s, &s->dynamic->rel[i]);
    lp_elf_each_dynfix(s->elf, add_fix, s);
    add_static_ifuncs(s);
    sort_words(s);
    add_static_slots(s);
    sort_words(s);
    s->word = lp_trim(s->word, &s->word_cap, s->nword, sizeof *s->word);
}

const struct lp_word_at *lp_side_word(const struct lp_side *s, uint64_t addr)
{
    if (!s->nword || addr < s->word[0].at || addr > s->word[s->nword - 1].at) return NULL; /* most of code */
    return lp_find_number(s->word, s->nword, sizeof *s->word, addr);
}

/* ---- emitted relocations ---- */

static void add_reloc(struct lp_side *s, const struct lp_reloc_at *r)
{
    struct lp_reloc_at *v = lp_grow(s->reloc, &s->reloc_cap, s->nreloc, sizeof *v);
    if (!v) {
        s->nomem = true;
        return;
    }
    s->reloc = v;
    v[s->nreloc++] = *r;
}

/* Elf64_Rela against Elf64_Sym (name 0, info 4, other 5, shndx 6, value 8, size 16). A symbol that is defined elsewhere has no address here, but for a PLT
 * entry that is the function's address for all. */
static void load_relocs_of(struct lp_side *s, const lp_elf *file, const struct lp_elf_section *r, const struct lp_elf_section *sym)
{
    const struct lp_elf_info *info = lp_elf_info(file);
    if (!lp_within(r->offset, r->size, info->image_size) || !lp_within(sym->offset, sym->size, info->image_size)) return;
    const uint8_t *p = (const uint8_t *)info->image + r->offset, *q = (const uint8_t *)info->image + sym->offset;
    for (uint64_t k = 0; k + 24 <= r->size; k += 24) {
        uint64_t type = lp_le32(p + k + 8), i = lp_le32(p + k + 12);
        if (!i || i >= sym->size / 24) continue;
        const uint8_t *x = q + 24 * i;
        uint64_t value = lp_le64(x + 8), kind = x[4] & 15;
        bool defined = (lp_le16(x + 6) != SHN_UNDEF || value) && kind != STT_TLS;
        /* The symbol is kept for what it says about which of two neighbours is meant. */
        bool named = defined && kind != STT_SECTION && lp_le64(x + 16);
        add_reloc(s, &(struct lp_reloc_at){lp_le64(p + k), defined ? value + lp_le64(p + k + 16) : UINT64_MAX, named ? value : UINT64_MAX, (uint32_t)type});
    }
}

static void load_relocs(struct lp_side *s)
{
    size_t n;
    const struct lp_elf_section *x = lp_elf_sections(s->elf, &n);
    for (size_t i = 0; i < n; i++) {
        if (x[i].type != SHT_RELA || x[i].flags & SHF_ALLOC || x[i].link >= n || x[i].info >= n || x[x[i].link].type != SHT_SYMTAB) continue;
        if (x[x[i].info].flags & SHF_ALLOC) load_relocs_of(s, s->elf, &x[i], &x[x[i].link]);
    }
    s->reloc = lp_trim(s->reloc, &s->reloc_cap, s->nreloc, sizeof *s->reloc);
    lp_sort_by_number(s->reloc, s->nreloc, sizeof *s->reloc);
    s->kept = s->nreloc != 0;
}

/* What they say about words of data: in a position-dependent program nothing else does. */
static void add_kept_words(struct lp_side *s)
{
    const size_t have = s->nword;
    for (size_t i = 0; i < s->nreloc && lp_elf_info(s->elf)->type == ET_EXEC; i++) {
        const struct lp_reloc_at *r = &s->reloc[i];
        const struct lp_span *x = r->type == R_AARCH64_ABS64 ? lp_side_span(s, r->at) : NULL;
        if (!x || !x->bytes || x->end - r->at < 8 || lp_find_number(s->word, have, sizeof *s->word, r->at)) continue;
        const uint64_t v = lp_le64(x->bytes + (r->at - x->start));
        if (r->addr == UINT64_MAX && !lp_side_span(s, v)) continue; /* nobody's */
        add_word(s, &(struct lp_word_at){r->at, v, NULL, R_AARCH64_RELATIVE, LP_WORD_ADDR});
    }
    sort_words(s);
}

/* ---- FDEs ---- */

static bool add_fde(void *ctx, const struct lp_fde *f)
{
    struct lp_side *s = ctx;
    struct lp_fde_at *v = lp_grow(s->fde, &s->fde_cap, s->nfde, sizeof *v);
    if (!v) return !(s->nomem = true);
    s->fde = v;
    v[s->nfde++] = (struct lp_fde_at){f->start, f->end, f->at, f->lsda != 0};
    lp_add_type_words(s, f);
    return !s->nomem;
}

void lp_diff_load(struct lp_side *s)
{
    s->dynamic = lp_elf_dynamic_part(s->elf);
    load_spans(s);
    load_words(s);
    load_relocs(s);
    add_kept_words(s);
    lp_side_fields(s);
    lp_elf_fdes(s->elf, add_fde, s);
    s->fde = lp_trim(s->fde, &s->fde_cap, s->nfde, sizeof *s->fde);
    lp_sort_by_number(s->fde, s->nfde, sizeof *s->fde);
    s->ntype_word = lp_sort_distinct(s->type_word, s->ntype_word);
    lp_index_entries(s);
}

const struct lp_reloc_at *lp_side_reloc(const struct lp_side *s, uint64_t at) { return lp_find_number(s->reloc, s->nreloc, sizeof *s->reloc, at); }
bool lp_atom_fde(const struct lp_side *s, const struct lp_atom *a, struct lp_fde *out) { return lp_elf_fde_of(s->elf, a->start, a->end, out); }

bool lp_has_lsda(const struct lp_side *s, const struct lp_atom *a)
{
    struct lp_fde f;
    return lp_atom_fde(s, a, &f) && f.lsda;
}

const struct lp_offsets *lp_side_offsets(const struct lp_side *s, uint64_t addr, uint64_t end)
{
    size_t i = lp_count_upto(s->offsets, s->noffsets, sizeof *s->offsets, addr);
    if (i && s->offsets[i - 1].end > addr) return &s->offsets[i - 1];
    return i < s->noffsets && s->offsets[i].start < end ? &s->offsets[i] : NULL;
}

void lp_side_free(struct lp_side *s)
{
    free(s->lent);
    if (!s->is_new || !s->one_list) free(s->ref);
    if (!s->is_new) free(s->ending);
    free(s->span), free(s->atom), free(s->table), free(s->word), free(s->reloc), free(s->fde), free(s->cut), free(s->by_name);
    free(s->label), free(s->nearby.v), free(s->offsets), free(s->touch), free(s->extent), free(s->run), free(s->field), free(s->type_word);
    lp_seen_free(s->seen);
    for (size_t i = 0; i < s->nover; i++) free(s->over[i].bytes);
    free(s->over), free(s->viewed), free(s->entries.slot);
    lp_flow_survey_free(&s->survey);
}

bool lp_all_zero(const uint8_t *p, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (p[i]) return false;
    return true;
}

bool lp_side_has(const struct lp_side *s, const void *p, uint64_t n)
{
    for (size_t i = 0; i < s->nspan; i++) {
        const struct lp_span *x = &s->span[i];
        if (x->bytes && !(x->flags & (LP_SPAN_CODE | LP_SPAN_LINKER)) && lp_has_bytes(x->bytes, x->end - x->start, p, n)) return true;
    }
    return false;
}

const uint8_t *lp_table_bytes(const struct lp_side *s, const struct lp_flow_table *t)
{
    uint64_t len = (uint64_t)t->n * t->entry_bytes, avail;
    const uint8_t *p = lp_side_bytes(s, t->at, &avail);
    if (p && avail < len) p = NULL;
    return p;
}
