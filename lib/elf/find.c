/* elf/find.c - from a symbol spec to a symbol and back. */
#include <config.h>
#include "elf/debug.h"
#include "elf/image.h"
#include "elf/spec.h"
#include "elf/suffix.h"
#include "base/error.h"
#include "base/similar.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Index in by_name of the first symbol whose name is not below (`upper`: is above) this one. */
static size_t bound(const struct lp_elf *e, const char *name, bool upper)
{
    size_t lo = 0, hi = e->nsym;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = strcmp(e->sym[e->by_name[mid]].name, name);
        if (c < 0 || (upper && c == 0)) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

static bool same_file(const char *file, const char *want)
{
    if (!file) return false;
    return strcmp(file, want) == 0 || strcmp(lp_base_name(file), want) == 0;
}

static bool matches(const struct lp_elf_symbol *s, const struct lp_spec *spec)
{
    if (spec->version && (!s->version || strcmp(s->version, spec->version) != 0)) return false;
    if (spec->ordinal && s->ordinal != spec->ordinal && !(spec->ordinal == 1 && s->ordinal == 0)) return false;
    return !spec->file || same_file(s->file, spec->file);
}

/* A::b as it is within the names of C++: 1A1b. */
static char *mangled_part(const char *name)
{
    struct lp_buf b = {0};
    for (const char *p = name; *p; p += strspn(p, ":")) {
        size_t n = strcspn(p, ":");
        lp_buf_printf(&b, "%zu", n);
        lp_buf_add(&b, p, n);
        p += n;
    }
    return lp_buf_take(&b, NULL);
}

static bool is_mangled(const char *symbol, const char *part)
{
    const char *at = strncmp(symbol, "_Z", 2) == 0 ? strstr(symbol, part) : NULL;
    return at && !(at[-1] >= '0' && at[-1] <= '9');
}

/* What the compiler has made of a function besides: f.constprop.0, f.part.1, f.isra.0. */
static bool is_clone(const char *symbol, const char *name)
{
    size_t n = strlen(name);
    return strncmp(symbol, name, n) == 0 && symbol[n] == '.' && n;
}

/* Names like this one. */
static bool hint_near(const struct lp_elf *e, const char *name, struct lp_error *err)
{
    char *part = mangled_part(name);
    struct lp_similar x = {.name = name};
    for (size_t i = 0; i < e->nsym && part; i++) {
        const char *s = e->sym[e->by_name[i]].name;
        if (is_mangled(s, part) || is_clone(s, name)) lp_similar_add(&x, s, is_clone(s, name) ? 0 : 1);
        else lp_similar_look(&x, s);
    }
    free(part);
    bool copy = false;
    for (unsigned i = 0; i < x.n; i++) copy |= is_clone(x.best[i].name, name) && lp_suffix_find(x.best[i].name, LP_SUFFIX_COPY);
    if (!lp_similar_hint(&x, err)) return false;
    char *said = copy ? strdup(err->hint) : NULL;
    if (said) lp_hint(err, "%.150s What the compiler has made of a function may have other parameters", said);
    free(said);
    return true;
}

static void hint_missing(const struct lp_elf *e, const char *name, struct lp_error *err)
{
    char stub[200];
    if (!err) return;
    snprintf(stub, sizeof stub, "%s@plt", name);
    if (bound(e, stub, false) != bound(e, stub, true))
        lp_hint(err, "it is imported: change the library that has it, or %s, by which this file calls it", stub);
    else if (!hint_near(e, name, err) && !lp_elf_has_symtab(e))
        lp_hint(err, "it is stripped, and has the names of what it exports alone: give an address (0x...), or install its debug file, see lpmake(1)");
}

static lp_status not_found(const struct lp_elf *e, const char *text, const struct lp_spec *spec, size_t same, struct lp_error *err)
{
    if (same)
        lp_fail(err, LP_E_SYMBOL, "symbol `%.200s` not found: %zu symbols are named `%.200s`, none of them with "
                "this version, number or file", text, same, spec->name);
    else
        lp_fail(err, LP_E_SYMBOL, "symbol `%.200s` not found", text);
    if (!same) hint_missing(e, spec->name, err);
    lp_at(err, e->name, 0, 0);
    return LP_E_SYMBOL;
}

static lp_status ambiguous(const struct lp_elf *e, const char *text, const struct lp_spec *spec, size_t first, size_t end, struct lp_error *err)
{
    struct lp_buf b = {0};
    for (size_t i = first; i < end && b.len < 600; i++) {
        const struct lp_elf_symbol *s = &e->sym[e->by_name[i]];
        if (!matches(s, spec)) continue;
        lp_buf_printf(&b, "%s#%u 0x%llx size %llu", b.len ? ", " : "", s->ordinal, (unsigned long long)s->value, (unsigned long long)s->size);
        if (s->version) lp_buf_printf(&b, " @%.40s", s->version);
        if (s->file) lp_buf_printf(&b, " (%.80s)", s->file);
    }
    lp_fail(err, LP_E_AMBIGUOUS, "symbol `%.100s` is ambiguous: %s", text, b.data ? b.data : "");
    lp_buf_free(&b);
    lp_at(err, e->name, 0, 0);
    return LP_E_AMBIGUOUS;
}

static lp_status resolve(const struct lp_elf *e, const char *text, const struct lp_spec *spec, const struct lp_elf_symbol **out, struct lp_error *err)
{
    size_t first = bound(e, spec->name, false), end = bound(e, spec->name, true), hits = 0, from = first, to = end;
    if (spec->ordinal && spec->ordinal <= end - first) from = first + spec->ordinal - 1, to = from + 1;
    for (size_t i = from; i < to; i++) {
        const struct lp_elf_symbol *s = &e->sym[e->by_name[i]];
        if (!matches(s, spec)) continue;
        /* Aliases that differ in nothing but size or version are one place. */
        if (!hits++) *out = s;
        else if ((*out)->value == s->value) hits--;
    }
    if (hits == 1) return LP_OK;
    return hits ? ambiguous(e, text, spec, first, end, err) : not_found(e, text, spec, end - first, err);
}

lp_status lp_elf_find(const lp_elf *e, const char *text, const struct lp_elf_symbol **out, struct lp_error *err)
{
    struct lp_spec spec;
    lp_elf_symbols(e, NULL);
    size_t n = strlen(text), used = lp_spec_scan(text, n, &spec);
    lp_status s;
    if (!used || used != n || !spec.name) {
        s = lp_fail(err, LP_E_SYMBOL, "`%.200s` is no symbol: name[@version][#number][!file] is expected", text);
        if (strstr(text, "::") && err) hint_near(e, text, err);
        lp_at(err, e->name, 0, 0);
    } else {
        s = resolve(e, text, &spec, out, err);
    }
    lp_spec_free(&spec);
    return s;
}

static bool unique(const struct lp_elf *e, const struct lp_elf_symbol *sym, const char *text)
{
    const struct lp_elf_symbol *hit;
    return lp_elf_find(e, text, &hit, NULL) == LP_OK && hit->value == sym->value && strcmp(hit->name, sym->name) == 0;
}

int lp_elf_symbol_spec(const lp_elf *e, const struct lp_elf_symbol *sym, char *buf, size_t size)
{
    struct lp_buf b = {0};
    const char *base = sym->file ? lp_base_name(sym->file) : NULL;
    bool crowd = sym->ordinal && bound(e, sym->name, true) - bound(e, sym->name, false) > 64; /* trying each would be quadratic */
    for (int i = crowd ? 3 : 0; i < 4; i++) {
        if ((i == 1 && !sym->version) || (i == 2 && !sym->file)) continue;
        lp_buf_free(&b);
        lp_spec_print(&b, sym->name, i == 1 ? sym->version : NULL, i == 3 ? sym->ordinal : 0, i == 2 ? base : NULL);
        if (b.failed || sym->ordinal == 0 || unique(e, sym, b.data)) break;
    }
    int n = snprintf(buf, size, "%s", b.data ? b.data : "");
    lp_buf_free(&b);
    return n;
}
