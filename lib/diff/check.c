/* diff/check.c - CHECK: are these two builds of one program or library? */
#include <config.h>
#include "diff/diff.h"
#include "base/bits.h"
#include "base/hash.h"
#include "elf/write.h"

#include <elf.h>
#include <string.h>

static const char *type_name(const lp_elf *e)
{
    const struct lp_elf_info *i = lp_elf_info(e);
    if (i->type == ET_EXEC) return "a position-dependent program";
    return i->interp ? "a position-independent program" : lp_elf_dynamic_part(e)->library ? "a library" : "a static program";
}

/* The first of two libraries that both need, in the other order in the new file. */
static void check_order(lp_diff *d, const struct lp_dynamic *p, const struct lp_dynamic *q)
{
    size_t i = 0, k = 0;
    for (;; i++, k++) {
        while (i < p->nneeded && !lp_dynamic_needs(q, p->needed[i])) i++;
        while (k < q->nneeded && !lp_dynamic_needs(p, q->needed[k])) k++;
        if (i >= p->nneeded || k >= q->nneeded) return;
        if (strcmp(p->needed[i], q->needed[k]) != 0) break;
    }
    lp_diff_refuse(d, NEW(d), LP_E152, q->needed[k], p->needed[i]);
}

/* A place in the storage. (GNU ld says of a bound beside it, __preinit_array_start, that it is one, too, but gives its address.) */
static bool is_tls(const struct lp_side *s, const struct lp_elf_symbol *y, uint64_t size)
{
    return y->type == STT_TLS && y->value <= size && !lp_is_named_here(s, y);
}

/* Storage of each thread: by its symbols if there are any, else as a whole. */
static void check_tls(lp_diff *d)
{
    uint64_t size[2] = {0, 0}, align[2] = {0, 0}, skew[2] = {0, 0}; /* skew: where it is in as much as it is aligned to */
    for (int k = 0; k < 2; k++) {
        size_t n;
        const struct lp_elf_segment *s = lp_elf_segments(d->side[k].elf, &n);
        for (size_t i = 0; i < n; i++)
            if (s[i].type == PT_TLS) size[k] = s[i].memsz, align[k] = s[i].align, skew[k] = s[i].align ? s[i].vaddr % s[i].align : 0;
    }
    size_t n, m;
    const struct lp_elf_symbol *a = lp_elf_symbols(OLD(d)->names, &n), *b = lp_elf_symbols(NEW(d)->names, &m);
    for (size_t i = 0, k = 0; i < n || k < m;) { /* both in the order of their offsets */
        while (i < n && !is_tls(OLD(d), &a[i], size[0])) i++;
        while (k < m && !is_tls(NEW(d), &b[k], size[1])) k++;
        if (i >= n && k >= m) break;
        bool same = i < n && k < m && a[i].value == b[k].value && a[i].size == b[k].size && strcmp(a[i].name, b[k].name) == 0;
        if (!same) {
            lp_diff_refuse(d, k < m ? NEW(d) : OLD(d), LP_E160, k < m ? b[k].name : a[i].name);
            return;
        }
        i++, k++;
    }
    if (size[0] != size[1] || align[0] != align[1] || skew[0] != skew[1]) lp_diff_refuse(d, NEW(d), LP_E160, "storage");
}

enum { ID_TEXT = 2 * 64 + 1 };

static const char *id_text(const struct lp_elf_info *i, char out[ID_TEXT])
{
    if (!i->build_id) return "none";
    lp_hex(out, i->build_id, i->build_id_len);
    return out;
}

/* Names and lines of another build would be believed. */
static void check_debug(lp_diff *d, const struct lp_side *s)
{
    const struct lp_elf_info *a = lp_elf_info(s->elf), *b = lp_elf_info(s->names);
    char id[ID_TEXT], other[ID_TEXT];
    if (s->names == s->elf || !a->build_id) return;
    if (b->build_id_len == a->build_id_len && memcmp(a->build_id, b->build_id, a->build_id_len) == 0) return;
    lp_diff_refuse(d, s, LP_E105, b->name, id_text(b, other), id_text(a, id));
}

/* Is it where a segment has it? (Storage of each thread takes no place if it is zeros.) */
static bool is_loaded(const struct lp_elf_section *x, const struct lp_elf_segment *s, size_t n)
{
    const bool zeros = x->type == SHT_NOBITS;
    if (!(x->flags & SHF_ALLOC) || !x->size || (zeros && x->flags & SHF_TLS)) return true;
    for (size_t i = 0; i < n; i++) {
        if (s[i].type != PT_LOAD || !lp_within(x->addr - s[i].vaddr, x->size, zeros ? s[i].memsz : s[i].filesz)) continue;
        if (zeros || x->offset - s[i].offset == x->addr - s[i].vaddr) return true;
    }
    return false;
}

/* Sections say what is compared, and segments what is there when the program runs. */
static void check_loaded(lp_diff *d, const struct lp_side *s)
{
    size_t n, m;
    const struct lp_elf_section *x = lp_elf_sections(s->elf, &n);
    const struct lp_elf_segment *g = lp_elf_segments(s->elf, &m);
    for (size_t i = 0; i < n; i++)
        if (!is_loaded(&x[i], g, m)) {
            lp_diff_refuse(d, s, LP_E107, x[i].name);
            return;
        }
}

void lp_diff_check(lp_diff *d)
{
    const struct lp_elf_info *a = lp_elf_info(OLD(d)->elf), *b = lp_elf_info(NEW(d)->elf);
    for (int k = 0; k < 2; k++) {
        unsigned type = lp_elf_info(d->side[k].elf)->type;
        if (type != ET_EXEC && type != ET_DYN) lp_diff_refuse(d, &d->side[k], LP_E101, type);
    }
    for (int k = 0; k < 2 && !d->refusals; k++) check_debug(d, &d->side[k]), check_loaded(d, &d->side[k]);
    if (d->refusals) return;
    bool soname = a->soname && b->soname ? strcmp(a->soname, b->soname) == 0 : a->soname == b->soname;
    const struct lp_dynamic *p = lp_elf_dynamic_part(OLD(d)->elf), *q = lp_elf_dynamic_part(NEW(d)->elf);
    if (a->type != b->type || !a->interp != !b->interp || !soname || p->library != q->library) {
        bool names = a->soname && b->soname;
        lp_diff_refuse(d, NEW(d), LP_E102, names ? a->soname : type_name(OLD(d)->elf), names ? b->soname : type_name(NEW(d)->elf));
        return;
    }
    for (size_t i = 0; i < q->nneeded; i++)
        if (!lp_dynamic_needs(p, q->needed[i])) lp_diff_refuse(d, NEW(d), LP_E151, q->needed[i]);
    check_order(d, p, q);
    check_tls(d);
}

/* ---- when there is no patch ---- */

/* Is it because of what lpapply -o adds to a file: headers elsewhere, sections behind all others? */
void lp_diff_patched(lp_diff *d)
{
    for (int k = 0; k < 2; k++)
        if (lp_elf_is_extended(d->side[k].elf)) lp_diff_refuse(d, &d->side[k], LP_E106);
}

/* ---- when they are compared ---- */

struct comment { const char *text; size_t n; };

static struct comment comment_of(const lp_elf *e)
{
    size_t n;
    const struct lp_elf_section *x = lp_elf_sections(e, &n);
    const struct lp_elf_info *info = lp_elf_info(e);
    for (size_t i = 0; i < n; i++) {
        if (!x[i].name || strcmp(x[i].name, ".comment") != 0 || !lp_within(x[i].offset, x[i].size, info->image_size)) continue;
        const char *p = (const char *)info->image + x[i].offset;
        return (struct comment){p, x[i].size && !p[x[i].size - 1] ? x[i].size : 0};
    }
    return (struct comment){0};
}

/* The first compiler of a file that the other one does not name. */
static const char *other_compiler(struct comment a, struct comment b)
{
    for (size_t i = 0; i < a.n; i += strlen(a.text + i) + 1) {
        bool hit = !a.text[i];
        for (size_t k = 0; k < b.n && !hit; k += strlen(b.text + k) + 1) hit = strcmp(a.text + i, b.text + k) == 0;
        if (!hit) return a.text + i;
    }
    return NULL;
}

/* Two compilers, and hardly a function the same (what comes with the C library is). */
void lp_diff_related(lp_diff *d)
{
    const struct comment a = comment_of(OLD(d)->elf), b = comment_of(NEW(d)->elf);
    const char *x = other_compiler(a, b), *y = other_compiler(b, a);
    unsigned all = 0, differ = 0;
    if ((!x && !y) || !a.n || !b.n || d->opt.flags & LP_DIFF_UNRELATED) return;
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < d->side[k].natom; i++) {
            const struct lp_atom *f = &d->side[k].atom[i];
            if (f->kind != LP_ATOM_FUNC || (k && f->pair != LP_NONE)) continue;
            all++, differ += f->state != LP_DIFF_SAME && f->why != LP_WHY_NUMBER;
        }
    if (5 * differ > 2 * all) lp_diff_refuse(d, NEW(d), LP_E104, differ, all, x ? x : a.text, y ? y : b.text);
}
