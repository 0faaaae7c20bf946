/* diff/pair/terms.c - on which terms a file is loaded: what the ELF header, the program headers and the dynamic section say besides where things are. A patch
 * changes nothing of it: what makes the file something else for who loads it is a reason for no patch (E153, E154), and all else that differs is said. */
#include <config.h>
#include "diff/pair/pair.h"
#include "base/bits.h"
#include "elf/image.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* PLACE: where something is, or what is compared elsewhere (E101, E102, E120, E130, E151, E152, E160; exports.c). ALSO: it says the same thing as the row in
 * front. */
enum how { PLACE, SAID, REFUSED, ALSO };

static void differs(lp_diff *d, enum how how, bool after, const char *what)
{
    if (how == REFUSED) lp_diff_refuse(d, NEW(d), after ? LP_E153 : LP_E154, what);
    else if (how == SAID && after) lp_diff_remark(d, "in the new file, not in the old one, and not with a patch: %s", what);
    else if (how == SAID) lp_diff_remark(d, "in the old file, and with a patch, and not in the new one: %s", what);
}

/* ---- the dynamic section ---- */

enum { /* not in every C library's elf.h */
    BTI_PLT = DT_LOPROC + 1, PAC_PLT = DT_LOPROC + 3, VARIANT_PCS = DT_LOPROC + 5, MEMTAG_MODE = DT_LOPROC + 9, MEMTAG_HEAP = DT_LOPROC + 11,
    MEMTAG_STACK = DT_LOPROC + 12, MEMTAG_GLOBALS = DT_LOPROC + 13, MEMTAG_GLOBALSSZ = DT_LOPROC + 15,
    RELRENT = 37, GNU_FLAGS_1 = 0x6ffffdf4, UNIQUE = 1, PIE = 0x8000000,
};
#define ALL UINT64_MAX
#define NAMES UINT32_MAX

/* bits: of the value; ALL: the value; 0: that there is one; NAMES: which ones. A bit is of the first row that has it. */
static const struct term { int64_t tag; uint64_t bits; enum how how; const char *what; } terms[] = {
    {DT_SYMBOLIC, 0, REFUSED, "a name is looked for in the library itself first (DT_SYMBOLIC)"},
    {DT_FLAGS, DF_SYMBOLIC, ALSO, NULL},
    {DT_FILTER, NAMES, REFUSED, "its names are those of another library (DT_FILTER)"},
    {DT_AUXILIARY, NAMES, REFUSED, "its names are another library's if that has them (DT_AUXILIARY)"},
    {DT_FLAGS_1, DF_1_NODELETE, REFUSED, "it stays loaded when it is closed (DF_1_NODELETE)"},
    {DT_FLAGS_1, DF_1_INITFIRST, REFUSED, "its constructors run in front of all others (DF_1_INITFIRST)"},
    {DT_FLAGS_1, DF_1_NOOPEN, REFUSED, "it is not for dlopen() (DF_1_NOOPEN)"},
    {DT_FLAGS_1, DF_1_INTERPOSE, REFUSED, "its names are found in front of other libraries' (DF_1_INTERPOSE)"},
    {GNU_FLAGS_1, UNIQUE, REFUSED, "all namespaces share it (DF_GNU_1_UNIQUE)"},
    {DT_AUDIT, NAMES, SAID, "a library watches how it is loaded (DT_AUDIT)"},
    {DT_DEPAUDIT, NAMES, SAID, "a library watches how what it needs is loaded (DT_DEPAUDIT)"},
    {DT_CONFIG, NAMES, SAID, "a file says how it is loaded (DT_CONFIG)"},
    {DT_BIND_NOW, 0, SAID, "all that it imports must be there when it is loaded (DT_BIND_NOW)"},
    {DT_FLAGS, DF_BIND_NOW, ALSO, NULL},
    {DT_FLAGS_1, DF_1_NOW, ALSO, NULL},
    {DT_FLAGS_1, DF_1_NODEFLIB, SAID, "libraries are not looked for where they usually are (DF_1_NODEFLIB)"},
    {MEMTAG_MODE, ALL, SAID, "memory is tagged in this way (DT_AARCH64_MEMTAG_MODE)"},
    {MEMTAG_HEAP, ALL, SAID, "the heap is tagged (DT_AARCH64_MEMTAG_HEAP)"},
    {MEMTAG_STACK, ALL, SAID, "the stack is tagged (DT_AARCH64_MEMTAG_STACK)"},
    {DT_FLAGS, DF_ORIGIN | DF_TEXTREL | DF_STATIC_TLS, PLACE, NULL},
    {DT_FLAGS_1, DF_1_ORIGIN | PIE, PLACE, NULL},
    {DT_FLAGS, ALL, SAID, "a flag that lpdiff does not know (DT_FLAGS)"},
    {DT_FLAGS_1, ALL, SAID, "a flag that lpdiff does not know (DT_FLAGS_1)"},
    {GNU_FLAGS_1, ALL, SAID, "a flag that lpdiff does not know (DT_GNU_FLAGS_1)"},
};
enum { NTERM = sizeof terms / sizeof *terms };

/* Those that say where something is, or what is compared elsewhere. The rest is not known. */
static const int64_t places[] = {
    DT_NULL, DT_NEEDED, DT_PLTRELSZ, DT_PLTGOT, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_RELA, DT_RELASZ, DT_RELAENT, DT_STRSZ, DT_SYMENT, DT_INIT, DT_FINI, DT_SONAME,
    DT_RPATH, DT_REL, DT_RELSZ, DT_RELENT, DT_PLTREL, DT_DEBUG, DT_TEXTREL, DT_JMPREL, DT_INIT_ARRAY, DT_FINI_ARRAY, DT_INIT_ARRAYSZ, DT_FINI_ARRAYSZ,
    DT_RUNPATH, DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ, DT_SYMTAB_SHNDX, LP_DT_RELRSZ, LP_DT_RELR, RELRENT, DT_GNU_PRELINKED, DT_GNU_CONFLICTSZ, DT_GNU_LIBLISTSZ,
    DT_CHECKSUM, DT_GNU_HASH, DT_TLSDESC_PLT, DT_TLSDESC_GOT, DT_GNU_CONFLICT, DT_GNU_LIBLIST, DT_VERSYM, DT_RELACOUNT, DT_RELCOUNT, DT_VERDEF, DT_VERDEFNUM,
    DT_VERNEED, DT_VERNEEDNUM, BTI_PLT, PAC_PLT, VARIANT_PCS, MEMTAG_GLOBALS, MEMTAG_GLOBALSSZ,
};

struct entry { int64_t tag; uint64_t value; };
static bool entry_at(const struct lp_side *s, size_t i, struct entry *e)
{
    if (16 * (uint64_t)i + 16 > s->elf->dyn_size) return false;
    const uint8_t *p = s->elf->image + s->elf->dyn_off + 16 * i;
    *e = (struct entry){(int64_t)lp_le64(p), lp_le64(p + 8)};
    return e->tag != DT_NULL;
}

/* The bits of a row that no row in front of it has. */
static uint64_t own_bits(size_t row)
{
    uint64_t bits = terms[row].bits;
    for (size_t i = 0; i < row; i++)
        if (terms[i].tag == terms[row].tag) bits &= ~terms[i].bits;
    return bits;
}

struct value { uint64_t bits; char names[200]; };

static void add_name(struct value *v, const char *name)
{
    const size_t n = strlen(v->names);
    snprintf(v->names + n, sizeof v->names - n, "%s%s", n ? ", " : "", name ? name : "?");
}

static void add_term(const struct lp_side *s, size_t row, struct value *v)
{
    const uint64_t bits = own_bits(row);
    struct entry e;
    for (size_t i = 0; entry_at(s, i, &e); i++) {
        if (e.tag != terms[row].tag) continue;
        if (terms[row].bits == NAMES) add_name(v, lp_dynamic_text(s->elf, e.value));
        else v->bits |= terms[row].bits ? e.value & bits : 1;
    }
}

static void check_term(lp_diff *d, size_t row, size_t end)
{
    struct value v[2] = {{0, ""}, {0, ""}};
    char what[400];
    for (int k = 0; k < 2; k++)
        for (size_t i = row; i < end; i++) add_term(&d->side[k], i, &v[k]);
    const bool flag = terms[row].bits != ALL && terms[row].bits != NAMES, names = strcmp(v[0].names, v[1].names) != 0;
    if (flag ? !v[0].bits == !v[1].bits : v[0].bits == v[1].bits && !names) return;
    const bool after = names ? *v[1].names : v[1].bits > v[0].bits;
    const char *name = v[after].names;
    snprintf(what, sizeof what, "%s%s%s", terms[row].what, *name ? ": " : "", name);
    differs(d, terms[row].how, after, what);
}

static bool is_known(int64_t tag)
{
    bool known = false;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) known |= places[i] == tag;
    for (size_t i = 0; i < NTERM; i++) known |= terms[i].tag == tag;
    return known;
}

static bool has_entry(const struct lp_side *s, const struct entry *e)
{
    struct entry x;
    for (size_t i = 0; entry_at(s, i, &x); i++)
        if (x.tag == e->tag && x.value == e->value) return true;
    return false;
}

static void check_unknown(lp_diff *d, int k)
{
    enum { MOST = 4096 }; /* hostile files */
    struct entry e;
    char what[80];
    for (size_t i = 0; i < MOST && entry_at(&d->side[k], i, &e); i++) {
        if (is_known(e.tag) || has_entry(&d->side[!k], &e)) continue;
        snprintf(what, sizeof what, "an entry of the dynamic section that lpdiff does not know (0x%llx)", (unsigned long long)e.tag);
        differs(d, SAID, k, what);
        return;
    }
}

static void check_dynamic(lp_diff *d)
{
    for (size_t i = 0, end; i < NTERM; i = end) {
        for (end = i + 1; end < NTERM && terms[end].how == ALSO;) end++;
        check_term(d, i, end);
    }
    for (int k = 0; k < 2; k++) check_unknown(d, k);
}

static const char *looked_for(const struct lp_side *s)
{
    return s->dynamic->runpath ? s->dynamic->runpath : s->dynamic->rpath ? s->dynamic->rpath : "";
}

static void check_libraries(lp_diff *d)
{
    const char *before = looked_for(OLD(d)), *after = looked_for(NEW(d));
    if (strcmp(before, after) != 0)
        lp_diff_remark(d, "the new file looks for its libraries elsewhere (DT_RUNPATH, DT_RPATH), and does not with a patch: `%.200s`, not `%.200s`",
                       after, before);
    for (size_t i = 0; i < OLD(d)->dynamic->nneeded; i++) /* (a new one: E151) */
        if (!lp_dynamic_needs(NEW(d)->dynamic, OLD(d)->dynamic->needed[i]))
            lp_diff_remark(d, "the new file does not need %.200s, which the old one loads, and does with a patch", OLD(d)->dynamic->needed[i]);
}

/* ---- program headers ---- */

static const struct header { uint32_t type; enum how how; const char *what; } headers[] = {
    {PT_NULL, PLACE, NULL}, {PT_LOAD, PLACE, NULL}, {PT_DYNAMIC, PLACE, NULL}, {PT_INTERP, PLACE, NULL}, {PT_NOTE, PLACE, NULL}, {PT_PHDR, PLACE, NULL},
    {PT_TLS, PLACE, NULL}, {PT_GNU_STACK, PLACE, NULL}, {0x6474e553 /* PT_GNU_PROPERTY */, PLACE, NULL},
    {0x6474e554 /* PT_GNU_SFRAME */, SAID, "what unwinders read (PT_GNU_SFRAME)"},
    {PT_GNU_EH_FRAME, SAID, "what unwinders read (PT_GNU_EH_FRAME)"},
    {PT_GNU_RELRO, SAID, "memory is protected once it is relocated (PT_GNU_RELRO)"},
};

static const struct lp_elf_segment *segment_of(const struct lp_side *s, uint32_t type)
{
    size_t n;
    const struct lp_elf_segment *x = lp_elf_segments(s->elf, &n);
    for (size_t i = 0; i < n; i++)
        if (x[i].type == type) return &x[i];
    return NULL;
}

static void check_unknown_segment(lp_diff *d, int k)
{
    enum { NHEADER = sizeof headers / sizeof *headers };
    size_t n, i = 0;
    char what[64];
    const struct lp_elf_segment *x = lp_elf_segments(d->side[k].elf, &n);
    for (size_t j = 0; j < n; j++) {
        for (i = 0; i < NHEADER && headers[i].type != x[j].type;) i++;
        if (i < NHEADER || segment_of(&d->side[!k], x[j].type)) continue;
        snprintf(what, sizeof what, "a program header that lpdiff does not know (0x%x)", x[j].type);
        differs(d, SAID, k, what);
        return;
    }
}

static bool runs_on_stack(const struct lp_side *s)
{
    const struct lp_elf_segment *x = segment_of(s, PT_GNU_STACK);
    return x && x->flags & PF_X;
}

/* How memory at this address may be used. */
static uint32_t access_at(const struct lp_side *s, uint64_t at)
{
    size_t n;
    const struct lp_elf_segment *x = lp_elf_segments(s->elf, &n);
    for (size_t i = 0; i < n; i++)
        if (x[i].type == PT_LOAD && at - x[i].vaddr < x[i].memsz) return x[i].flags & (PF_R | PF_W | PF_X);
    return 0;
}

/* Sections of one name, which linkers may put together with others that are used otherwise: code that may be written, data that may run. *said: that has been
 * said of another one. */
static void check_access(lp_diff *d, const struct lp_span *x, const struct lp_span *y, uint32_t *said)
{
    const uint32_t a = access_at(OLD(d), x->start), b = access_at(NEW(d), y->start), other = (a ^ b) & ~*said;
    char what[120];
    if (other & PF_W) snprintf(what, sizeof what, "%.60s may be written to", x->name), differs(d, SAID, b & PF_W, what);
    if (other & PF_X && (a | b) & PF_W) snprintf(what, sizeof what, "code may run in %.60s", x->name), differs(d, b & PF_X ? REFUSED : PLACE, true, what);
    *said |= other;
}

static void check_spans(lp_diff *d)
{
    uint32_t said = 0;
    for (size_t i = 0, k; i < OLD(d)->nspan; i++) {
        const struct lp_span *x = &OLD(d)->span[i];
        for (k = 0; k < NEW(d)->nspan && strcmp(NEW(d)->span[k].name, x->name) != 0;) k++;
        if (k < NEW(d)->nspan && !((x->flags ^ NEW(d)->span[k].flags) & (LP_SPAN_WRITE | LP_SPAN_CODE))) check_access(d, x, &NEW(d)->span[k], &said);
    }
}

static uint32_t flags_of(const struct lp_side *s)
{
    const struct lp_elf_info *i = lp_elf_info(s->elf);
    return i->image_size >= sizeof(Elf64_Ehdr) ? lp_le32((const uint8_t *)i->image + offsetof(Elf64_Ehdr, e_flags)) : 0;
}

static void check_segments(lp_diff *d)
{
    const struct lp_elf_info *a = lp_elf_info(OLD(d)->elf), *b = lp_elf_info(NEW(d)->elf);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        const bool before = segment_of(OLD(d), headers[i].type), after = segment_of(NEW(d), headers[i].type);
        if (before != after) differs(d, headers[i].how, after, headers[i].what);
    }
    for (int k = 0; k < 2; k++) check_unknown_segment(d, k);
    if (flags_of(OLD(d)) != flags_of(NEW(d))) differs(d, SAID, flags_of(NEW(d)), "flags of the ELF header that lpdiff does not know");
    if (!runs_on_stack(OLD(d)) && runs_on_stack(NEW(d))) differs(d, REFUSED, true, "code may run on the stack (PT_GNU_STACK)");
    const struct lp_elf_segment *x = segment_of(OLD(d), PT_GNU_STACK), *y = segment_of(NEW(d), PT_GNU_STACK);
    if (x && y && x->memsz != y->memsz)
        lp_diff_remark(d, "the new file wants another size of the stack (%llu, not %llu), and does not with a patch", (unsigned long long)y->memsz,
                       (unsigned long long)x->memsz);
    if (a->interp && b->interp && strcmp(a->interp, b->interp) != 0)
        lp_diff_remark(d, "the new file is loaded by another dynamic linker, and is not with a patch: `%.200s`, not `%.200s`", b->interp, a->interp);
}

/* ---- program properties ---- */

/* Bits of GNU_PROPERTY_AARCH64_FEATURE_1_AND (AAELF64); PAC (2) changes nothing for who loads the file. */
static const struct property { uint32_t bit; const char *what; } properties[] = {
    {1, "indirect branches lead to landing pads only (BTI)"},
    {4, "calls have a stack of their own (GCS)"},
};

static void check_properties(lp_diff *d)
{
    const uint32_t before = lp_elf_info(OLD(d)->elf)->gnu_property, after = lp_elf_info(NEW(d)->elf)->gnu_property;
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
        if ((before ^ after) & properties[i].bit) differs(d, SAID, after & properties[i].bit, properties[i].what);
}

void lp_diff_terms(lp_diff *d)
{
    check_dynamic(d);
    check_libraries(d);
    check_segments(d);
    check_properties(d);
    check_spans(d);
}
