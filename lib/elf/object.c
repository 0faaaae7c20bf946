/* elf/object.c - reading a relocatable object. */
#include <config.h>
#include "elf/object.h"
#include "elf/cfi.h"
#include "elf/image.h"
#include "base/bits.h"
#include "base/error.h"
#include "base/search.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

static lp_status bad(const lp_elf *e, const char *text, struct lp_error *err)
{
    lp_fail(err, LP_E_ELF, "%s", text);
    return lp_at(err, lp_elf_info(e)->name, 0, 0), LP_E_ELF;
}

static bool mapping(const char *name, char kind) { return name[0] == '$' && name[1] == kind && (name[2] == 0 || name[2] == '.'); }

/* The numbers of sections that do not fit into symbols (SHN_XINDEX); NULL: none or not whole. */
static const uint8_t *large_indexes(const struct lp_objfile *o, const struct lp_elf_section *symtab)
{
    for (size_t i = 0; i < o->nsec; i++) {
        const struct lp_elf_section *h = o->sec[i].head;
        if (h->type == SHT_SYMTAB_SHNDX && h->link < o->nsec && o->sec[h->link].head == symtab)
            return o->sec[i].bytes && h->size / 4 >= symtab->size / sizeof(Elf64_Sym) ? o->sec[i].bytes : NULL;
    }
    return NULL;
}

/* Elf64_Sym: name 0, info 4, shndx 6, value 8, size 16. */
static lp_status read_symbols(struct lp_objfile *o, const struct lp_elf_section *s, struct lp_error *err)
{
    const lp_elf *e = o->elf;
    if (s->link >= o->nsec || !lp_within(s->offset, s->size, e->size)) return bad(e, "the symbol table is not inside the file", err);
    const struct lp_elf_section *str = o->sec[s->link].head;
    struct lp_elf_strtab names = lp_elf_strtab(e, str->offset, str->size);
    const uint8_t *p = e->image + s->offset;
    const uint8_t *large = large_indexes(o, s);
    const char *file = NULL;
    if (!(o->sym = calloc(s->size / sizeof(Elf64_Sym) + 1, sizeof *o->sym))) return lp_fail(err, LP_E_NOMEM, "out of memory");
    for (uint64_t i = 0; i < s->size / sizeof(Elf64_Sym); i++, p += sizeof(Elf64_Sym)) {
        const char *name = lp_elf_str(names, lp_le32(p));
        struct lp_objsym *sym = &o->sym[o->nsym++];
        *sym = (struct lp_objsym){name ? name : "", NULL, lp_le64(p + 8), lp_le64(p + 16), lp_le16(p + 6), p[4] & 15, p[4] >> 4, p[5] & 3, 0};
        if (sym->section == SHN_XINDEX && !large) return bad(e, "a symbol's section is not in the file", err);
        if (sym->section == SHN_XINDEX) sym->section = lp_le32(large + 4 * i);
        else if (sym->section >= SHN_LORESERVE) sym->section |= UINT32_C(0xffff0000);
        bool inside = sym->section < LP_OBJ_RESERVED;
        if (inside && (sym->section >= o->nsec || !lp_within(sym->value, sym->size, o->sec[sym->section].head->size)))
            return bad(e, "a symbol is not inside its section", err);
        if (sym->type == STT_FILE) file = sym->name;
        else if (sym->bind == STB_LOCAL) sym->file = file;
        if (inside && mapping(sym->name, 'd') && o->sec[sym->section].head->flags & SHF_EXECINSTR) o->sec[sym->section].split = true;
        if (mapping(sym->name, 'x') || mapping(sym->name, 'd')) sym->mapping = sym->name[1], sym->type = STT_NOTYPE, sym->name = "";
    }
    return LP_OK;
}

static int by_at(const void *a, const void *b)
{
    const struct lp_objrel *x = a, *y = b;
    return x->at != y->at ? (x->at < y->at ? -1 : 1) : (x->type > y->type) - (x->type < y->type);
}

/* Elf64_Rela: offset, info, addend. */
static lp_status read_relocations(struct lp_objfile *o, const struct lp_elf_section *s, struct lp_error *err)
{
    const lp_elf *e = o->elf;
    if (s->info >= o->nsec || !lp_within(s->offset, s->size, e->size)) return bad(e, "a relocation section is not inside the file", err);
    struct lp_objsec *to = &o->sec[s->info];
    if (!(to->head->flags & SHF_ALLOC)) return LP_OK; /* nobody asks for those; of debug information that is compressed they count in what it was */
    if (to->rel || !to->bytes) return to->rel ? bad(e, "a section has relocations twice", err) : LP_OK;
    const uint8_t *p = e->image + s->offset;
    size_t n = s->size / sizeof(Elf64_Rela);
    if (!(to->rel = calloc(n + 1, sizeof *to->rel))) return lp_fail(err, LP_E_NOMEM, "out of memory");
    for (; to->nrel < n; p += sizeof(Elf64_Rela)) {
        uint64_t info = lp_le64(p + 8);
        struct lp_objrel r = {lp_le64(p), (uint32_t)info, (uint32_t)(info >> 32), (int64_t)lp_le64(p + 16)};
        if (r.sym >= o->nsym || r.at >= to->head->size) return bad(e, "a relocation is not inside its section", err);
        to->rel[to->nrel++] = r;
    }
    qsort(to->rel, n, sizeof *to->rel, by_at);
    return LP_OK;
}

static lp_status read_all(struct lp_objfile *o, struct lp_error *err)
{
    const lp_elf *e = o->elf;
    lp_status s = LP_OK;
    const struct lp_elf_section *head = lp_elf_sections(e, &o->nsec);
    if (!o->nsec) return bad(e, "the object file has no sections", err);
    if (!(o->sec = calloc(o->nsec, sizeof *o->sec))) return lp_fail(err, LP_E_NOMEM, "out of memory");
    for (size_t i = 0; i < o->nsec; i++) {
        o->sec[i].head = &head[i];
        if (head[i].type == SHT_NOBITS || head[i].type == SHT_NULL) continue;
        if (!lp_within(head[i].offset, head[i].size, e->size)) return bad(e, "a section is not inside the file", err);
        o->sec[i].bytes = e->image + head[i].offset;
    }
    for (size_t i = 0; i < o->nsec && s == LP_OK; i++)
        if (head[i].type == SHT_SYMTAB && !o->sym) s = read_symbols(o, &head[i], err);
    for (size_t i = 0; i < o->nsec && s == LP_OK; i++)
        if (head[i].type == SHT_RELA) s = read_relocations(o, &head[i], err);
    return s;
}

lp_status lp_objfile_open(const lp_elf *elf, struct lp_objfile **out, struct lp_error *err)
{
    if (lp_elf_info(elf)->type != ET_REL) return bad(elf, "not an object file: compile it with -c", err);
    struct lp_objfile *o = calloc(1, sizeof *o);
    if (!o) return lp_fail(err, LP_E_NOMEM, "out of memory");
    o->elf = elf;
    lp_status s = read_all(o, err);
    if (s == LP_OK) *out = o;
    else lp_objfile_free(o);
    return s;
}

void lp_objfile_free(struct lp_objfile *o)
{
    if (!o) return;
    for (size_t i = 0; i < o->nsec && o->sec; i++) free(o->sec[i].rel);
    free(o->sec), free(o->sym), free(o);
}

const struct lp_objsym *lp_objfile_cover(const struct lp_objfile *o, uint32_t section, uint64_t off)
{
    const struct lp_objsym *inside = NULL, *ends = NULL;
    for (size_t i = 1; i < o->nsym; i++) {
        const struct lp_objsym *s = &o->sym[i];
        if (s->section != section || !*s->name || strncmp(s->name, ".L", 2) == 0 ||
            (s->type != STT_FUNC && s->type != STT_OBJECT && s->type != STT_TLS))
            continue;
        bool in = off >= s->value && off - s->value < (s->size ? s->size : 1);
        if (in && (!inside || (inside->bind == STB_LOCAL && s->bind != STB_LOCAL))) inside = s; /* of aliases, the one that others know */
        if (!in && s->size && off == s->value + s->size) ends = s;
    }
    return inside ? inside : ends;
}

size_t lp_objfile_rel(const struct lp_objsec *s, uint64_t at) { return lp_count_below(s->rel, s->nrel, sizeof *s->rel, at); }

bool lp_objfile_is_data(const struct lp_objfile *o, uint32_t section, uint64_t off)
{
    const struct lp_objsym *last = NULL;
    for (size_t i = 1; i < o->nsym && o->sec[section].split; i++) {
        const struct lp_objsym *s = &o->sym[i];
        if (s->mapping && s->section == section && s->value <= off && (!last || s->value >= last->value)) last = s;
    }
    return last && last->mapping == 'd';
}

/* ---- call frame information ---- */

static bool record(struct lp_cfi_reader *r, struct lp_cfi_reader *body)
{
    uint64_t len = lp_cfi_bytes(r, 4);
    if (r->bad || !len || len > (uint64_t)(r->end - r->p)) return false;
    *body = *r;
    body->end = r->p + len;
    lp_cfi_skip(r, len);
    return true;
}

static void drop_nops(struct lp_cfi_reader *r)
{
    while (r->end > r->p && r->end[-1] == 0) r->end--;
}

/* Behind the id of a CIE: is it the plain one, CFA = SP? In a file that is not linked an augmentation has nothing but letters that are known. */
static bool plain_cie(struct lp_cfi_reader r, bool *handlers)
{
    static const uint8_t start[] = {0x0c, LP_CFI_SP}; /* DW_CFA_def_cfa sp, 0, of which the 0 looks like a nop */
    uint64_t version = lp_cfi_bytes(&r, 1);
    const char *letters = (const char *)r.p;
    const uint8_t *nul = r.bad ? NULL : memchr(r.p, 0, (size_t)(r.end - r.p));
    if (!nul || letters[0] != 'z' || !strchr(letters, 'R')) return false;
    *handlers = strchr(letters, 'L') != NULL;
    lp_cfi_skip(&r, (uint64_t)(nul + 1 - r.p));
    bool good = lp_cfi_uleb(&r) == 4 && lp_cfi_sleb(&r) == -8 && (version == 1 ? lp_cfi_bytes(&r, 1) : lp_cfi_uleb(&r)) == LP_CFI_LR;
    lp_cfi_skip(&r, lp_cfi_uleb(&r));
    drop_nops(&r);
    return good && !r.bad && r.end - r.p == sizeof start && memcmp(r.p, start, sizeof start) == 0;
}

/* Does the word at `at` of .eh_frame stand for the start of the function? */
static bool begins(const struct lp_objfile *o, const struct lp_objsec *frames, uint64_t at, const struct lp_objsym *function)
{
    size_t i = lp_objfile_rel(frames, at);
    if (i == frames->nrel || frames->rel[i].at != at) return false;
    const struct lp_objsym *s = &o->sym[frames->rel[i].sym];
    return s->section == function->section && s->value + (uint64_t)frames->rel[i].addend == function->value;
}

static bool fde(const struct lp_objfile *o, const struct lp_objsec *frames, struct lp_cfi_reader body, const struct lp_objsym *function,
                struct lp_cfi_reader *insns, bool *plain, bool *handlers)
{
    uint64_t id_at = body.vaddr, id = lp_cfi_bytes(&body, 4);
    if (!id || id > id_at || body.bad || !begins(o, frames, body.vaddr, function)) return false;
    struct lp_cfi_reader r = {frames->bytes + (id_at - id), frames->bytes + frames->head->size, id_at - id, false}, cie;
    *plain = record(&r, &cie) && lp_cfi_bytes(&cie, 4) == 0 && plain_cie(cie, handlers);
    lp_cfi_skip(&body, 8);
    lp_cfi_skip(&body, lp_cfi_uleb(&body));
    drop_nops(&body);
    *insns = body;
    return !body.bad;
}

bool lp_objfile_cfi(const struct lp_objfile *o, const struct lp_objsym *function, const uint8_t **insns, size_t *n, bool *handlers)
{
    *handlers = false;
    for (size_t i = 0; i < o->nsec; i++) {
        const struct lp_objsec *s = &o->sec[i];
        if (!s->bytes || strcmp(s->head->name, ".eh_frame") != 0) continue;
        struct lp_cfi_reader r = {s->bytes, s->bytes + s->head->size, 0, false}, body, found;
        bool plain = false;
        struct lp_cfi all;
        while (record(&r, &body)) {
            if (!fde(o, s, body, function, &found, &plain, handlers)) continue;
            *insns = found.p, *n = (size_t)(found.end - found.p);
            bool whole = lp_cfi_run_plain(*insns, *n, UINT64_MAX, &all);
            if (!whole && found.end < body.end) whole = lp_cfi_run_plain(*insns, ++*n, UINT64_MAX, &all); /* the last 0 was an operand */
            return plain && whole;
        }
    }
    return false;
}
