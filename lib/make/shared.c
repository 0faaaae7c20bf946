/* make/shared.c - functions that are one body in the program, because compiler or linker found them equal (gcc -fipa-icf, ld --icf): who changes one of them
 * changes all. Names that were meant for one function are none of these. */
#include <config.h>
#include "base/text.h"
#include "elf/dynamic.h"
#include "make/replace.h"

#include <elf.h>
#include <string.h>

static bool is_function(const struct lp_elf_symbol *s) { return s->type == STT_FUNC || s->type == STT_GNU_IFUNC; }

/* open and __libc_open. */
static bool ends_in(const char *name, const char *end)
{
    end += strspn(end, "_");
    const size_t n = strlen(name), m = strlen(end);
    return m && n >= m && strcmp(name + n - m, end) == 0 && (n == m || name[n - m - 1] == '_');
}

/* Constructors and destructors of C++ have several names, which differ in a digit: C1, C2, D0 ... */
static bool one_of_cxx(const char *a, const char *b)
{
    size_t n = 0, differ = 0;
    if (strncmp(a, "_Z", 2) != 0 || strlen(a) != strlen(b)) return false;
    for (; a[n]; n++)
        if (a[n] != b[n] && (++differ > 1 || !n || (a[n - 1] != 'C' && a[n - 1] != 'D'))) return false;
    return differ == 1;
}

/* Hidden ones become local when they are linked. */
static bool is_global(const struct lp_elf_symbol *s) { return s->bind != STB_LOCAL || !s->file; }

static bool is_mangled(const char *name) { return strncmp(name, "_Z", 2) == 0 || strncmp(name, "_R", 2) == 0; }

bool lp_made_by(const struct lp_maker *m, const char *const *mark, size_t n)
{
    bool any = false;
    for (size_t i = 0; i < n && !any; i++) any = lp_elf_made_by(m->elf, mark[i]) || lp_elf_made_by(m->names, mark[i]);
    return any;
}

static bool by_gold(const struct lp_maker *m)
{
    size_t n;
    const struct lp_elf_section *s = lp_elf_sections(m->elf, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(s[i].name, ".note.gnu.gold-version") == 0) return true;
    return false;
}

/* gcc makes global functions of C one body only where the source says so, as their addresses tell them apart. LLVM's linker, gold and mold may be told to
 * (--icf), and rustc does it: these leave their names in the file. */
static bool may_fold(const struct lp_maker *m)
{
    static const char *const marks[] = {"LLD", "mold", "rustc"};
    return lp_made_by(m, marks, sizeof marks / sizeof *marks) || by_gold(m);
}

static bool is_alias(const struct lp_elf_symbol *f, const char *name, const struct lp_elf_symbol *s, bool folds)
{
    if (!folds && is_global(f) && is_global(s) && !is_mangled(f->name) && !is_mangled(s->name)) return true;
    if (strcmp(s->name, name) == 0) return f->bind != STB_LOCAL || s->bind != STB_LOCAL || !f->file || !s->file || strcmp(f->file, s->file) == 0;
    return (f->bind == STB_WEAK) != (s->bind == STB_WEAK) || ends_in(s->name, name) || ends_in(name, s->name) || one_of_cxx(name, s->name);
}

static const struct lp_objsym *in_object(const struct lp_carrier *c, const char *name)
{
    for (size_t i = 1; c && i < c->o->nsym; i++) {
        const struct lp_objsym *s = &c->o->sym[i];
        if (s->type == STT_FUNC && s->section != SHN_UNDEF && s->section < LP_OBJ_RESERVED && strcmp(s->name, name) == 0) return s;
    }
    return NULL;
}

void lp_warn_shared(struct lp_maker *m, const struct lp_edit *e, const struct lp_carrier *c, const struct lp_objsym *source)
{
    const struct lp_elf_symbol *f = e->sym;
    if (!m->warn || !f || !is_function(f)) return;
    const char *name = e->name ? e->name : f->name, *apart = NULL;
    struct lp_buf b = {0};
    size_t n, others = 0;
    const struct lp_elf_symbol *v = lp_elf_symbols(m->names, &n);
    const bool folds = may_fold(m);
    for (size_t i = 0; i < n; i++)
        if (v[i].value == f->value && strcmp(v[i].name, name) == 0 && is_function(&v[i])) f = &v[i];
    for (size_t i = 0; i < n; i++) {
        const struct lp_objsym *y = v[i].value == f->value && &v[i] != f && is_function(&v[i]) ? in_object(c, v[i].name) : NULL;
        const bool same = y && source && y->section == source->section && y->value == source->value, other = y && source && !same && y != source;
        if (v[i].value != f->value || &v[i] == f || !is_function(&v[i]) || same || (!other && is_alias(f, name, &v[i], folds))) continue;
        if (other) apart = v[i].name;
        if (others++ < 3) lp_buf_printf(&b, "%s`%.100s`", others > 1 ? ", " : "", v[i].name);
    }
    if (others)
        lp_edit_warn(m, &e->from, "in the program `%.100s` is one body with %s%s, and all of them change%s%.100s%s%.100s: lpdiff tells such functions apart, "
                     "and in a program that is built with -fno-ipa-icf they are", name, b.data ? b.data : "", others > 3 ? " ..." : "", apart ? "; `" : "",
                     apart ? apart : "", apart ? "` is another function in " : "", apart ? c->path : "");
    lp_buf_free(&b);
}
