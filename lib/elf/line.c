/* elf/line.c - the line tables and the inlined copies of all units, read once through libdw. */
#include <config.h>
#include "elf/debug.h"
#include "elf/line.h"
#include "elf/image.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/library.h"
#include "base/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBDW
#include <dwarf.h>
#include <elfutils/libdw.h>

#define LIBDW_SONAME "libdw.so.1"
#define LIBDW_CALLS(X) \
    X(dwarf_begin_elf) X(dwarf_end) X(dwarf_errmsg) X(dwarf_nextcu) X(dwarf_offdie) X(dwarf_getsrclines) X(dwarf_onesrcline) X(dwarf_lineaddr) \
    X(dwarf_lineno) X(dwarf_linecol) X(dwarf_linebeginstatement) X(dwarf_lineendsequence) X(dwarf_linesrc) X(dwarf_child) X(dwarf_siblingof) \
    X(dwarf_tag) X(dwarf_diename) X(dwarf_ranges) X(dwarf_attr) X(dwarf_formudata) X(dwarf_getsrcfiles) X(dwarf_filesrc) X(dwarf_formstring) \
    X(dwarf_attr_integrate) X(dwarf_formref_die)
static struct {
#define FIELD(name) __typeof__(&name) name;
    LIBDW_CALLS(FIELD)
#undef FIELD
} dw;
static char no_libdw[160];
static pthread_once_t libdw_once = PTHREAD_ONCE_INIT;

static void load_libdw(void)
{
    static const struct lp_library_call wanted[] = {
#define ROW(name) {#name, &dw.name},
        LIBDW_CALLS(ROW)
#undef ROW
    };
    if (!lp_library_load(LIBDW_SONAME, wanted, sizeof wanted / sizeof *wanted))
        snprintf(no_libdw, sizeof no_libdw, "no source lines without %s of elfutils", LIBDW_SONAME);
}

/* ---- line tables ---- */

static void add_row(struct lp_lines *l, const struct lp_elf_line *r)
{
    struct lp_elf_line *v = lp_grow(l->row, &l->row_cap, l->nrow, sizeof *v);
    l->failed |= !v;
    if (!v) return;
    l->row = v;
    v[l->nrow++] = *r;
}

/* A row ends where the next one of its sequence begins. A linker that drops a function leaves its sequence at an address without code. */
static void read_lines(const lp_elf *e, struct lp_lines *l, Dwarf_Die *cu)
{
    Dwarf_Lines *lines;
    size_t n;
    struct lp_elf_line now = {0};
    bool open = false;
    if (dw.dwarf_getsrclines(cu, &lines, &n) != 0) return;
    for (size_t i = 0; i < n && !l->failed; i++) {
        Dwarf_Line *at = dw.dwarf_onesrcline(lines, i);
        Dwarf_Addr addr;
        int line, col;
        bool stmt, last;
        if (!at || dw.dwarf_lineaddr(at, &addr) || dw.dwarf_lineno(at, &line) || dw.dwarf_linecol(at, &col) ||
            dw.dwarf_linebeginstatement(at, &stmt) || dw.dwarf_lineendsequence(at, &last)) continue;
        now.end = addr;
        if (open && now.end > now.addr && now.file && lp_elf_is_code(e, now.addr)) add_row(l, &now);
        now = (struct lp_elf_line){.addr = addr, .file = dw.dwarf_linesrc(at, NULL, NULL), .line = line < 0 ? 0 : (unsigned)line,
                                   .column = col < 0 ? 0 : (unsigned)col, .statement = stmt};
        open = !last;
    }
}

static int by_row(const void *a, const void *b)
{
    const struct lp_elf_line *x = a, *y = b;
    if (x->addr != y->addr) return x->addr < y->addr ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/* Hostile tables may overlap; what a row leaves over of an earlier one counts as nobody's. */
static void order_rows(struct lp_lines *l)
{
    size_t n = 0;
    if (l->nrow) qsort(l->row, l->nrow, sizeof *l->row, by_row);
    for (size_t i = 0; i < l->nrow; i++) {
        if (n && l->row[n - 1].end > l->row[i].addr) l->row[n - 1].end = l->row[i].addr;
        if (n && l->row[n - 1].end == l->row[n - 1].addr) n--;
        l->row[n++] = l->row[i];
    }
    l->nrow = n;
}

/* ---- inlined copies ---- */

static uint64_t attribute(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute a;
    Dwarf_Word v;
    return dw.dwarf_attr(die, name, &a) && dw.dwarf_formudata(&a, &v) == 0 ? v : 0;
}

static void add_copy(struct lp_lines *l, Dwarf_Die *die, Dwarf_Files *files, size_t nfiles, unsigned depth)
{
    uint64_t file = attribute(die, DW_AT_call_file);
    struct lp_elf_inlined c = {.name = dw.dwarf_diename(die), .call_line = (unsigned)attribute(die, DW_AT_call_line), .depth = depth, .entry = UINT64_MAX};
    Dwarf_Addr base, start, end;
    size_t first = l->ncopy;
    if (!c.name) return;
    c.call_file = file < nfiles ? dw.dwarf_filesrc(files, file, NULL, NULL) : NULL;
    for (ptrdiff_t off = 0; (off = dw.dwarf_ranges(die, off, &base, &start, &end)) > 0 && !l->failed;) {
        if (end <= start) continue;
        struct lp_elf_inlined *v = lp_grow(l->copy, &l->copy_cap, l->ncopy, sizeof *v);
        l->failed |= !v;
        if (!v) return;
        l->copy = v;
        c.addr = start, c.end = end;
        if (start < c.entry) c.entry = start;
        v[l->ncopy++] = c;
    }
    for (size_t i = first; i < l->ncopy; i++) l->copy[i].entry = c.entry;
}

/* ---- what functions return ---- */

/* The type behind a DIE's DW_AT_type, of which only the size is asked: false = it has none, as a function that returns nothing. */
static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
    Dwarf_Attribute a;
    return dw.dwarf_attr_integrate(die, DW_AT_type, &a) && dw.dwarf_formref_die(&a, type);
}

/* By AAPCS64 6.9; what more than one register may have, or a type that is not looked into, is OTHER. */
static enum lp_elf_result result_of(Dwarf_Die *function)
{
    enum { NAMES_MOST = 32 };
    Dwarf_Die type = *function;
    for (unsigned i = 0; i < NAMES_MOST; i++) {
        if (!type_of(&type, &type)) return LP_RESULT_NONE;
        const uint64_t size = attribute(&type, DW_AT_byte_size), encoding = attribute(&type, DW_AT_encoding);
        switch (dw.dwarf_tag(&type)) {
        case DW_TAG_typedef: case DW_TAG_const_type: case DW_TAG_volatile_type: case DW_TAG_restrict_type: case DW_TAG_atomic_type: continue;
        case DW_TAG_pointer_type: case DW_TAG_reference_type: case DW_TAG_rvalue_reference_type: return LP_RESULT_GENERAL;
        case DW_TAG_enumeration_type: return size && size <= 8 ? LP_RESULT_GENERAL : LP_RESULT_OTHER;
        case DW_TAG_base_type:
            if (encoding == DW_ATE_float) return LP_RESULT_FLOAT;
            return size && size <= 8 && encoding != DW_ATE_complex_float && encoding != DW_ATE_decimal_float ? LP_RESULT_GENERAL : LP_RESULT_OTHER;
        case DW_TAG_structure_type: case DW_TAG_class_type: case DW_TAG_union_type:
            return size && size <= 8 ? LP_RESULT_SMALL : LP_RESULT_OTHER;
        default: return LP_RESULT_OTHER;
        }
    }
    return LP_RESULT_OTHER;
}

static void add_result(struct lp_lines *l, Dwarf_Die *die)
{
    Dwarf_Addr base, start, end;
    if (dw.dwarf_ranges(die, 0, &base, &start, &end) <= 0 || end <= start) return;
    struct lp_function_result *v = lp_grow(l->result, &l->result_cap, l->nresult, sizeof *v);
    l->failed |= !v;
    if (!v) return;
    l->result = v;
    v[l->nresult++] = (struct lp_function_result){start, result_of(die)};
}

/* Without a type in the whole unit (gcc -g1, assembly) none is said of a function, either. */
static void settle_results(struct lp_lines *l, size_t first)
{
    bool typed = false;
    for (size_t i = first; i < l->nresult; i++) typed |= l->result[i].kind != LP_RESULT_NONE;
    if (!typed) l->nresult = first;
}

static int by_function(const void *a, const void *b)
{
    const struct lp_function_result *x = a, *y = b;
    return (x->addr > y->addr) - (x->addr < y->addr);
}

static bool has_code(int tag)
{
    return tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine || tag == DW_TAG_namespace ||
           tag == DW_TAG_try_block || tag == DW_TAG_catch_block || tag == DW_TAG_module;
}

static void read_inlined(struct lp_lines *l, Dwarf_Die *parent, Dwarf_Files *files, size_t nfiles, unsigned depth)
{
    enum { DEPTH_MAX = 200 };
    Dwarf_Die die;
    if (depth > DEPTH_MAX || dw.dwarf_child(parent, &die) != 0) return;
    do {
        int tag = dw.dwarf_tag(&die);
        if (tag == DW_TAG_inlined_subroutine) add_copy(l, &die, files, nfiles, depth);
        else if (tag == DW_TAG_subprogram) add_result(l, &die);
        if (has_code(tag)) read_inlined(l, &die, files, nfiles, depth + 1);
    } while (!l->failed && dw.dwarf_siblingof(&die, &die) == 0);
}

static int by_copy(const void *a, const void *b)
{
    const struct lp_elf_inlined *x = a, *y = b;
    if (x->addr != y->addr) return x->addr < y->addr ? -1 : 1;
    return (x->depth > y->depth) - (x->depth < y->depth);
}

/* ---- compilers and their options ---- */

static void read_producer(struct lp_lines *l, Dwarf_Die *cu)
{
    Dwarf_Attribute a;
    Dwarf_Addr base, start, end;
    const char *by = dw.dwarf_attr(cu, DW_AT_producer, &a) ? dw.dwarf_formstring(&a) : NULL;
    for (ptrdiff_t off = 0; by && (off = dw.dwarf_ranges(cu, off, &base, &start, &end)) > 0 && !l->failed;) {
        struct lp_unit_made *v = end > start ? lp_grow(l->made, &l->made_cap, l->nmade, sizeof *v) : NULL;
        if (end <= start) continue;
        l->failed |= !v;
        if (!v) return;
        l->made = v;
        v[l->nmade++] = (struct lp_unit_made){start, end, by};
    }
}

static int by_made(const void *a, const void *b)
{
    const struct lp_unit_made *x = a, *y = b;
    return (x->addr > y->addr) - (x->addr < y->addr);
}

static void read_units(const lp_elf *e, struct lp_lines *l)
{
    Dwarf_Off off = 0, next;
    size_t header;
    for (; !l->failed && dw.dwarf_nextcu(l->dwarf, off, &next, &header, NULL, NULL, NULL) == 0; off = next) {
        Dwarf_Die cu;
        Dwarf_Files *files = NULL;
        size_t nfiles = 0;
        if (!dw.dwarf_offdie(l->dwarf, off + header, &cu)) continue;
        read_lines(e, l, &cu);
        read_producer(l, &cu);
        if (dw.dwarf_getsrcfiles(&cu, &files, &nfiles) != 0) nfiles = 0;
        const size_t first = l->nresult;
        read_inlined(l, &cu, files, nfiles, 0);
        settle_results(l, first);
    }
    order_rows(l);
    if (l->nmade) qsort(l->made, l->nmade, sizeof *l->made, by_made);
    if (l->ncopy) qsort(l->copy, l->ncopy, sizeof *l->copy, by_copy);
    if (l->nresult) qsort(l->result, l->nresult, sizeof *l->result, by_function);
}

/* Bytes for libelf, which writes into them if it unpacks sections (Go's, gcc -gz): then a copy. */
static char *bytes_for_libelf(const lp_elf *e, struct lp_lines *l)
{
    bool packed = false;
    size_t n;
    const struct lp_elf_section *s = lp_elf_sections(e, &n);
    for (size_t i = 0; i < n; i++) packed |= s[i].flags & SHF_COMPRESSED || strncmp(s[i].name, ".zdebug", 7) == 0;
    if (!packed) return (char *)e->image;
    l->image = malloc(e->size);
    l->failed = !l->image;
    return l->image ? memcpy(l->image, e->image, e->size) : NULL;
}

/* from: what has the debug information, e itself or its debug file. */
static void read_debug(const lp_elf *e, const lp_elf *from, struct lp_lines *l)
{
    static const char none[] = "no debug information with source lines: compile with -g, and do not strip, or have its debug file";
    if (!lp_elf_has_lines(from)) { /* libdw has libraries of its own, and takes as much memory as a small program */
        snprintf(l->why, sizeof l->why, "%s", none);
        return;
    }
    pthread_once(&libdw_once, load_libdw);
    snprintf(l->why, sizeof l->why, "%s", no_libdw);
    if (l->why[0]) return;
    char *image = bytes_for_libelf(from, l);
    l->elf = image ? elf_memory(image, from->size) : NULL; /* not from->elf, which has no lock */
    l->dwarf = l->elf ? dw.dwarf_begin_elf(l->elf, DWARF_C_READ, NULL) : NULL;
    if (l->dwarf) read_units(e, l);
    if (!l->nrow) snprintf(l->why, sizeof l->why, "%s", none);
}

void lp_lines_free(struct lp_lines *l)
{
    if (!l) return;
    if (l->dwarf) dw.dwarf_end(l->dwarf);
    if (l->elf) elf_end(l->elf);
    free(l->image), free(l->row), free(l->copy), free(l->made), free(l->result), free(l);
}
#else
static void read_debug(const lp_elf *e, const lp_elf *from, struct lp_lines *l)
{
    snprintf(l->why, sizeof l->why, "built without libdw of elfutils: no source lines");
}

void lp_lines_free(struct lp_lines *l)
{
    if (l) free(l->row), free(l->copy), free(l->made), free(l);
}
#endif

/* ---- questions ---- */

/* LP_OK: *out has them. */
static lp_status need_lines(const lp_elf *elf, const struct lp_lines **out, struct lp_error *err)
{
    struct lp_elf *e = (struct lp_elf *)elf; /* filled on first use, constant afterwards */
    struct lp_lines *l = atomic_load_explicit(&e->lines, memory_order_acquire);
    if (!l) {
        lp_elf_symbols(e, NULL);
        const lp_elf *from = lp_elf_has_lines(e) ? e : lp_elf_debug(e);
        pthread_mutex_lock(&e->lock);
        if (!(l = atomic_load_explicit(&e->lines, memory_order_relaxed)) && (l = calloc(1, sizeof *l)) != NULL) {
            read_debug(e, from ? from : e, l);
            atomic_store_explicit(&e->lines, l, memory_order_release);
        }
        pthread_mutex_unlock(&e->lock);
    }
    if (!l || l->failed) return lp_fail(err, LP_E_NOMEM, "out of memory");
    *out = l;
    if (!l->why[0]) return LP_OK;
    lp_fail(err, LP_E_UNSUPPORTED, "%s", l->why);
    lp_at(err, e->name, 0, 0);
    return LP_E_UNSUPPORTED;
}

/* NULL: there are none. */
static const struct lp_lines *lines_of(const lp_elf *e)
{
    const struct lp_lines *l = NULL;
    return need_lines(e, &l, NULL) == LP_OK ? l : NULL;
}

lp_status lp_elf_lines(const lp_elf *e, const struct lp_elf_line **rows, size_t *n, struct lp_error *err)
{
    const struct lp_lines *l = NULL;
    lp_status s = need_lines(e, &l, err);
    *rows = s == LP_OK ? l->row : NULL;
    *n = s == LP_OK ? l->nrow : 0;
    return s;
}

lp_status lp_elf_inlined(const lp_elf *e, const struct lp_elf_inlined **copies, size_t *n, struct lp_error *err)
{
    const struct lp_lines *l = NULL;
    lp_status s = need_lines(e, &l, err);
    *copies = s == LP_OK ? l->copy : NULL;
    *n = s == LP_OK ? l->ncopy : 0;
    return s;
}

const struct lp_elf_line *lp_elf_line_at(const lp_elf *e, uint64_t vaddr)
{
    const struct lp_lines *l = lines_of(e);
    size_t n = l ? lp_count_upto(l->row, l->nrow, sizeof *l->row, vaddr) : 0;
    return n && vaddr < l->row[n - 1].end ? &l->row[n - 1] : NULL;
}

/* The one that begins last is the innermost: copies are nested. */
const struct lp_elf_inlined *lp_inlined_at(const lp_elf *e, uint64_t vaddr)
{
    const struct lp_lines *l = lines_of(e);
    for (size_t n = l ? lp_count_upto(l->copy, l->ncopy, sizeof *l->copy, vaddr) : 0; n--;)
        if (vaddr < l->copy[n].end) return &l->copy[n];
    return NULL;
}

/* The last -O counts; without one, as with -O0, no pass is run. */
static bool optimises(const char *by)
{
    bool on = false;
    for (const char *p = by; (p = strstr(p, " -O")) != NULL; p += 3) on = p[3] != '0';
    return on;
}

bool lp_made_without(const lp_elf *e, uint64_t vaddr, const char *pass)
{
    char off[40], on[40];
    const struct lp_lines *l = lines_of(e);
    size_t n = l ? lp_count_upto(l->made, l->nmade, sizeof *l->made, vaddr) : 0;
    const char *by = n && vaddr < l->made[n - 1].end ? l->made[n - 1].by : NULL, *without;
    if (!by || strncmp(by, "GNU ", 4) != 0) return false;
    snprintf(off, sizeof off, " -fno-%s", pass), snprintf(on, sizeof on, " -f%s", pass);
    without = strstr(by, off);
    return !optimises(by) || (without && !strstr(without, on));
}

enum lp_elf_result lp_elf_result_at(const lp_elf *e, uint64_t entry)
{
    const struct lp_lines *l = lines_of(e);
    const size_t n = l ? lp_count_upto(l->result, l->nresult, sizeof *l->result, entry) : 0;
    if (!n || l->result[n - 1].addr != entry || (n > 1 && l->result[n - 2].addr == entry)) return LP_RESULT_UNKNOWN;
    return l->result[n - 1].kind;
}

/* ---- file:line ---- */

enum { NAME_MAX_BYTES = 4096 };

/* Does the path end in these components? */
static bool same_path(const char *path, const char *file)
{
    size_t n = strlen(path), m = strlen(file);
    if (m > n || strcmp(path + n - m, file) != 0) return false;
    return m == n || path[n - m - 1] == '/' || file[0] == '/';
}

/* Without `.`, `x/..` and double slashes: a header that is included by two ways is one file. False: it is too long. */
static bool canonical(const char *path, char out[NAME_MAX_BYTES])
{
    size_t n = 0, floor = *path == '/'; /* floor: what no `..` takes away */
    if (strlen(path) >= NAME_MAX_BYTES) return false;
    if (floor) out[n++] = '/';
    for (size_t len; *path; path += len) {
        path += strspn(path, "/");
        len = strcspn(path, "/");
        if (!len || (len == 1 && *path == '.')) continue;
        bool up = len == 2 && memcmp(path, "..", 2) == 0;
        if (up && n > floor) {
            while (n > floor && out[n - 1] != '/') n--;
            n -= n > floor;
            continue;
        }
        if (up && floor == 1 && out[0] == '/') continue;
        if (n && out[n - 1] != '/') out[n++] = '/';
        memcpy(out + n, path, len), n += len;
        if (up) floor = n;
    }
    out[n] = 0;
    return true;
}

/* Is it the file that is meant? By the name that the debug information has, or the one that it comes to. */
static bool is_named(const char *path, const char *file)
{
    char plain[NAME_MAX_BYTES], wanted[NAME_MAX_BYTES];
    return same_path(path, file) || (canonical(path, plain) && (same_path(plain, file) || (canonical(file, wanted) && same_path(plain, wanted))));
}

/* Rows of one file follow one another, and their names are one string. */
struct asked { const char *file, *last; bool is; };
static bool is_asked(struct asked *a, const char *path)
{
    if (path != a->last) a->last = path, a->is = is_named(path, a->file);
    return a->is;
}

static bool same_file(const char *a, const char *b)
{
    char x[NAME_MAX_BYTES], y[NAME_MAX_BYTES];
    return strcmp(a, b) == 0 || (canonical(a, x) && canonical(b, y) && strcmp(x, y) == 0);
}

static bool add_line_copy(struct lp_line_copies *out, const lp_elf *e, const struct lp_elf_line *row)
{
    const struct lp_elf_inlined *in = lp_inlined_at(e, row->addr);
    const struct lp_elf_symbol *sym = lp_elf_symbol_at(e, row->addr);
    for (size_t i = 0; i < out->n; i++) { /* more of a copy that is known: a loop's head is in two places */
        const struct lp_line_copy *c = &out->v[i];
        bool same = in && c->inlined ? in->entry == c->inlined->entry && in->depth == c->inlined->depth : in == c->inlined;
        if (same && lp_elf_symbol_at(e, c->addr) == sym) return true;
    }
    struct lp_line_copy *v = lp_grow(out->v, &out->cap, out->n, sizeof *v);
    if (!v) return false;
    out->v = v;
    v[out->n++] = (struct lp_line_copy){row->addr, row, in};
    return true;
}

static int by_line_copy(const void *a, const void *b)
{
    const struct lp_line_copy *x = a, *y = b;
    if (!x->inlined != !y->inlined) return x->inlined ? 1 : -1;
    return (x->addr > y->addr) - (x->addr < y->addr);
}

static lp_status no_such_line(const lp_elf *e, const char *file, unsigned line, const struct lp_elf_line *rows, size_t n, struct lp_error *err)
{
    const struct lp_elf_line *next = NULL;
    bool known = false;
    struct asked asked = {.file = file};
    for (size_t i = 0; i < n; i++) {
        if (!is_asked(&asked, rows[i].file)) continue;
        known = true;
        if (rows[i].line > line && (!next || rows[i].line < next->line)) next = &rows[i];
    }
    if (!known) lp_fail(err, LP_E_NOT_FOUND, "no source file `%.200s` in the debug information", file);
    else if (next) lp_fail(err, LP_E_NOT_FOUND, "%.200s:%u has no code; the next line that has is %u", file, line, next->line);
    else lp_fail(err, LP_E_NOT_FOUND, "%.200s:%u has no code, nor have the lines behind it", file, line);
    lp_at(err, lp_elf_info(e)->name, 0, 0);
    return LP_E_NOT_FOUND;
}

static lp_status find_copies(const lp_elf *e, const char *file, unsigned line, bool statements, struct lp_line_copies *out, struct lp_error *err)
{
    const struct lp_elf_line *rows, *first = NULL;
    size_t n;
    struct asked asked = {.file = file};
    lp_status s = lp_elf_lines(e, &rows, &n, err);
    for (size_t i = 0; i < n && s == LP_OK; i++) {
        if (rows[i].line != line || (statements && !rows[i].statement) || !is_asked(&asked, rows[i].file)) continue;
        if (!first) first = &rows[i];
        if (!same_file(first->file, rows[i].file)) {
            s = lp_fail(err, LP_E_AMBIGUOUS, "`%.100s` is ambiguous: %.200s, %.200s", file, first->file, rows[i].file);
            lp_at(err, lp_elf_info(e)->name, 0, 0);
        } else if (!add_line_copy(out, e, &rows[i])) s = lp_fail(err, LP_E_NOMEM, "out of memory");
    }
    if (s == LP_OK && !out->n && !statements) s = no_such_line(e, file, line, rows, n, err);
    return s;
}

/* Optimised code may have nothing but rows at which no statement begins. */
lp_status lp_line_copies(const lp_elf *e, const char *file, unsigned line, struct lp_line_copies *out, struct lp_error *err)
{
    *out = (struct lp_line_copies){0};
    lp_status s = find_copies(e, file, line, true, out, err);
    if (s == LP_OK && !out->n) s = find_copies(e, file, line, false, out, err);
    if (s != LP_OK) free(out->v), out->v = NULL;
    else qsort(out->v, out->n, sizeof *out->v, by_line_copy);
    return s;
}
