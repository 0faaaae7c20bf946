/* diff/pair/exports.c - what other objects find by its name. A patch changes bodies, and the names stay where they are: two names of one body stay so, and
 * there are no new ones. */
#include <config.h>
#include "diff/pair/pair.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { EXPORTED = 1 << STT_FUNC | 1 << STT_GNU_IFUNC | 1 << STT_OBJECT | 1 << STT_TLS };
struct exports { const struct lp_dynsym **v; size_t n; };

static int by_name(const void *a, const void *b)
{
    const struct lp_dynsym *x = *(const struct lp_dynsym *const *)a, *y = *(const struct lp_dynsym *const *)b;
    int c = strcmp(x->name, y->name);
    return c ? c : strcmp(x->version ? x->version : "", y->version ? y->version : "");
}

/* A number that has a name. (Linkers give each version of the file one, 0.) */
static bool is_number(const struct lp_dynsym *y)
{
    return y->shndx == SHN_ABS && y->type != STT_FILE && y->type != STT_SECTION && !(y->version && strcmp(y->version, y->name) == 0);
}

/* A label of assembly. (Those of data are bounds.) */
static bool is_code_label(const struct lp_side *s, const struct lp_dynsym *y)
{
    const struct lp_span *x = y->type == STT_NOTYPE ? lp_side_span(s, y->value) : NULL;
    return x && x->flags & LP_SPAN_CODE;
}

static bool is_export(const struct lp_side *s, const struct lp_dynsym *y)
{
    const struct lp_word_at *w;
    if (y->shndx == SHN_UNDEF || y->bind == STB_LOCAL || !*y->name) return false;
    if (y->shndx >= SHN_LORESERVE) return is_number(y);
    if (!(EXPORTED >> y->type & 1) && !is_code_label(s, y)) return false;
    w = y->type == STT_TLS ? NULL : lp_side_word(s, y->value);
    return !w || w->kind != LP_WORD_COPY; /* a library's own */
}

static struct exports exports_of(const struct lp_side *s)
{
    struct exports e = {malloc((s->dynamic->nsym + 1) * sizeof *e.v), 0};
    for (size_t i = 0; e.v && i < s->dynamic->nsym; i++)
        if (is_export(s, &s->dynamic->sym[i])) e.v[e.n++] = &s->dynamic->sym[i];
    if (e.n) qsort(e.v, e.n, sizeof *e.v, by_name);
    return e;
}

/* ---- what a library exports anew, and uses itself ---- */

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* A patch makes no export: nobody else has to do with it, and the library's own use of it, by a PLT entry or a slot, is of what comes along. (In the new file,
 * it is of another object's that has the name, too, and is in front: that is said.) */
void lp_diff_owned(lp_diff *d)
{
    const struct lp_dynamic *o = OLD(d)->dynamic;
    const char **old = NEW(d)->dynamic->library ? malloc((o->nsym + 1) * sizeof *old) : NULL;
    for (size_t i = 0; old && i < o->nsym; i++) old[i] = o->sym[i].name;
    d->nomem |= NEW(d)->dynamic->library && !old;
    if (old && o->nsym) qsort(old, o->nsym, sizeof *old, by_text);
    for (size_t i = 0; old && i < NEW(d)->nword; i++) {
        struct lp_word_at *w = &NEW(d)->word[i];
        const struct lp_dynsym *y = w->kind == LP_WORD_SYMBOL ? w->sym : NULL;
        const bool own = y && y->shndx != SHN_UNDEF && y->shndx < SHN_LORESERVE && (y->type == STT_FUNC || y->type == STT_OBJECT);
        if (!own || (o->nsym && bsearch(&y->name, old, o->nsym, sizeof *old, by_text))) continue;
        *w = (struct lp_word_at){w->at, y->value + w->value, NULL, R_AARCH64_RELATIVE, LP_WORD_ADDR};
        if (!d->owned) d->owned = y->name;
    }
    free(old);
}

/* ---- names of one body ---- */

static bool same_constants(lp_diff *d, const struct lp_atom *a, const struct lp_atom *b)
{
    return lp_stays_constant(OLD(d), a) && lp_stays_constant(NEW(d), b) && lp_same_datum(d, a, b);
}

/* Not paired: is what the old file has, and goes on having, what the new one has? */
static bool same_thing(lp_diff *d, uint32_t i, uint32_t k)
{
    const struct lp_atom *a = &OLD(d)->atom[i], *b = &NEW(d)->atom[k];
    uint8_t why;
    uint32_t at;
    if (lp_is_code_atom(a) != lp_is_code_atom(b) || (lp_is_code_atom(a) && a->state == LP_DIFF_CHANGED)) return false;
    bool same = lp_is_code_atom(a) ? lp_same_code(d, OLD(d), i, k, &why, &at) : same_constants(d, a, b);
    lp_suppose_keep(d, false);
    return same;
}

/* What else the dynamic linker makes of a name. */
static void check_binding(lp_diff *d, const struct lp_dynsym *x, const struct lp_dynsym *y)
{
    if (x->hidden != y->hidden && x->version)
        lp_diff_remark(d, "who looks for %s without a version finds %s %s in the new file, and with a patch what it finds in the old one",
                       x->name, x->version, y->hidden ? "no longer" : "now");
    if ((x->bind == STB_GNU_UNIQUE) != (y->bind == STB_GNU_UNIQUE))
        lp_diff_remark(d, "there is one %s for all that have one in the %s file only (STB_GNU_UNIQUE), which a patch does not change", x->name,
                       y->bind == STB_GNU_UNIQUE ? "new" : "old");
    if ((x->visibility == STV_PROTECTED) != (y->visibility == STV_PROTECTED))
        lp_diff_remark(d, "the library uses its own %s, whoever has one, in the %s file only (STV_PROTECTED), which a patch does not change", x->name,
                       y->visibility == STV_PROTECTED ? "new" : "old");
}

static void check_name(lp_diff *d, const struct lp_dynsym *x, const struct lp_dynsym *y)
{
    if ((x->shndx == SHN_ABS || y->shndx == SHN_ABS) && (x->shndx != y->shndx || x->value != y->value)) {
        lp_diff_refuse(d, NEW(d), LP_E113, x->name, (unsigned long long)x->value, (unsigned long long)y->value);
        return;
    }
    check_binding(d, x, y);
    if (x->shndx == SHN_ABS || x->type == STT_TLS || y->type == STT_TLS) return; /* of the storage: E160 */
    const uint32_t i = lp_side_atom(OLD(d), x->value), k = lp_side_atom(NEW(d), y->value);
    char buf[32];
    if (i == LP_NONE || k == LP_NONE || OLD(d)->atom[i].start != x->value || NEW(d)->atom[k].start != y->value) return;
    if (OLD(d)->atom[i].pair == k || !lp_diff_wants(d, x->name) || same_thing(d, i, k)) return;
    lp_diff_refuse(d, NEW(d), LP_E112, x->name, lp_atom_text(&OLD(d)->atom[i], buf));
}

const struct lp_dynsym *lp_old_export(const lp_diff *d, const char *name, const char *version)
{
    const struct lp_dynsym *y = OLD(d)->dynamic->library ? lp_dynsym_defined(OLD(d)->dynamic, name, version) : NULL;
    return y && (y->type == STT_FUNC || y->type == STT_OBJECT || y->type == STT_NOTYPE) ? y : NULL;
}

uint64_t lp_word_own(const struct lp_word_at *w)
{
    const struct lp_dynsym *y = w->kind == LP_WORD_SYMBOL ? w->sym : NULL;
    if (y) return y->shndx != SHN_UNDEF && y->shndx < SHN_LORESERVE ? y->value + w->value : 0;
    return w->kind == LP_WORD_ADDR ? w->value : 0;
}

void lp_diff_exports(lp_diff *d)
{
    struct exports o = exports_of(OLD(d)), n = exports_of(NEW(d));
    const struct lp_dynsym *first = NULL, *gone = NULL;
    size_t more = 0, less = 0;
    for (size_t i = 0, k = 0; o.v && n.v && (i < o.n || k < n.n);) {
        const int c = i == o.n ? 1 : k == n.n ? -1 : by_name(&o.v[i], &n.v[k]);
        if (c == 0) check_name(d, o.v[i], n.v[k]);
        else if (c < 0 && !less++) gone = o.v[i];
        else if (c > 0 && !more++) first = n.v[k];
        i += c <= 0, k += c >= 0;
    }
    d->nomem |= !o.v || !n.v;
    free(o.v), free(n.v);
    if (less)
        lp_diff_remark(d, "other objects do not find in the new file what they find in the old one, and with a patch (symbols: %zu, the first: %s)", less,
                       gone->name);
    static const char *const more_text = "other objects find more in the new file, which they do not with a patch";
    if (more && d->owned)
        lp_diff_remark(d, "%s (symbols: %zu, the first: %s); and where an object in front of it has such a name, too, the new file uses that object's, and a "
                       "patch its own (the first that it uses: %s)", more_text, more, first->name, d->owned);
    else if (more) lp_diff_remark(d, "%s (symbols: %zu, the first: %s)", more_text, more, first->name);
}

bool lp_same_version(const struct lp_dynsym *a, const struct lp_dynsym *b)
{
    return !a->version || !b->version || strcmp(a->version, b->version) == 0;
}
