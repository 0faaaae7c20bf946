/* diff/pair/counted.c - MATCH, functions that compilers number: lambdas and types without names (...UlvE0_, $_1), functions of one name in several files after
 * link-time optimisation (f.1, f.lto_priv.0), functions inside others (f.0), code that clang has moved out (OUTLINED_FUNCTION_3). One more in front gives the
 * others other numbers, and the program may have their addresses: where there are several of a name but for its number, bodies and callers tell which is which
 * (match.c), and names what is left. */
#include <config.h>
#include "diff/pair/pair.h"
#include "base/buf.h"
#include "elf/suffix.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

static const char outlined[] = "OUTLINED_FUNCTION_";

struct one { const char *stem; uint32_t atom; uint8_t side; };
struct all { struct one *v; size_t n, cap; bool failed; };

static const char *digits(const char *p) { return p + strspn(p, "0123456789"); }

/* Where a number of a lambda or of a type without a name ends that begins here: 3$_0, UlvE0_, Ut0_ (the first one of the latter has none); NULL = none does.
 * *keep: how much in front of the number is told. */
static const char *cxx_number(const char *p, size_t *keep)
{
    const char *q = digits(p);
    if (strncmp(q, "$_", 2) == 0) return *keep = 0, digits(q + 2);
    if (p[0] != 'U' || (p[1] != 'l' && p[1] != 't')) return NULL;
    for (q = p + 2; p[1] == 'l' && (q = strchr(q, 'E')) != NULL; q++)
        if (*digits(q + 1) == '_') return *keep = (size_t)(q - p), digits(q + 1) + 1;
    return q && p[1] == 't' && *digits(q) == '_' ? *keep = 2, digits(q) + 1 : NULL;
}

/* ... .lto_priv.0, .1: of one function, and none of several that are made of one (f.constprop.0). */
static const char *suffix_number(const char *p)
{
    if (*p != '.') return NULL;
    if (lp_suffix_kind(p) & LP_SUFFIX_NAME) p = strchr(p + 1, '.');
    return p && digits(p + 1) > p + 1 && (!*digits(p + 1) || *digits(p + 1) == '.') ? digits(p + 1) : NULL;
}

/* The name without what is only a number; false: it has none. */
static bool stem(const char *name, struct lp_buf *out)
{
    const char *p = name, *end;
    const bool cxx = strncmp(name, "_Z", 2) == 0, moved = strncmp(name, outlined, sizeof outlined - 1) == 0;
    bool any = moved;
    out->len = 0;
    if (moved) p = name + strlen(name), lp_buf_add(out, outlined, sizeof outlined - 1);
    else if (!cxx && !strchr(name, '.')) return false;
    while (*p) {
        size_t keep = 0, n = 1;
        const unsigned kind = *p == '.' ? lp_suffix_kind(p) : 0;
        if (kind && !(kind & LP_SUFFIX_NAME)) n = 1 + strcspn(p + 1, "."), n += p[n] == '.' ? (size_t)(digits(p + n + 1) - (p + n)) : 0;
        else if ((end = p > name ? suffix_number(p) : NULL) || (end = cxx ? cxx_number(p, &keep) : NULL)) {
            lp_buf_add(out, p, keep);
            p = end, any = true;
            continue;
        }
        lp_buf_add(out, p, n);
        p += n;
    }
    lp_buf_add(out, "", 1);
    return any && !out->failed;
}

static bool may_be_counted(const struct lp_atom *a) { return a->kind == LP_ATOM_FUNC && a->pair == LP_NONE && a->sym && a->sym->bind != STB_GLOBAL; }

static void add(struct all *x, const char *name, uint32_t atom, uint8_t side)
{
    struct one *v = x->failed ? NULL : lp_grow(x->v, &x->cap, x->n, sizeof *v);
    const char *text = v ? strdup(name) : NULL;
    x->v = v ? v : x->v;
    if (text) v[x->n++] = (struct one){text, atom, side};
    else x->failed = true;
}

static int by_stem(const void *a, const void *b)
{
    const struct one *x = a, *y = b;
    const int c = strcmp(x->stem, y->stem);
    return c ? c : x->side != y->side ? x->side - y->side : (x->atom > y->atom) - (x->atom < y->atom);
}

static int is_stem(const void *name, const void *one) { return strcmp(name, ((const struct one *)one)->stem); }

/* Those of both files with a number, and those whose whole name is what others have but for theirs. */
static struct all collect(lp_diff *d)
{
    struct all x = {0};
    struct lp_buf b = {0};
    for (uint8_t s = 0; s < 2; s++)
        for (uint32_t i = 0; i < d->side[s].natom; i++)
            if (may_be_counted(&d->side[s].atom[i]) && stem(d->side[s].atom[i].sym->name, &b)) add(&x, b.data, i, s);
    if (x.n) qsort(x.v, x.n, sizeof *x.v, by_stem);
    const size_t n = x.n;
    for (uint8_t s = 0; s < 2 && n; s++)
        for (uint32_t i = 0; i < d->side[s].natom; i++) {
            const struct lp_atom *a = &d->side[s].atom[i];
            if (may_be_counted(a) && bsearch(a->sym->name, x.v, n, sizeof *x.v, is_stem)) add(&x, a->sym->name, i, s);
        }
    if (x.n > n) qsort(x.v, x.n, sizeof *x.v, by_stem);
    if (x.failed || b.failed) d->nomem = true;
    lp_buf_free(&b);
    return x;
}

static void free_all(struct all *x)
{
    for (size_t i = 0; i < x->n; i++) free((char *)x->v[i].stem);
    free(x->v);
}

static struct lp_atom *atom(lp_diff *d, const struct one *x) { return &d->side[x->side].atom[x->atom]; }

/* One stem's: n[0] of the old file, then n[1] of the new one. */
static size_t group(const struct all *x, size_t i, size_t n[2])
{
    size_t k = i;
    for (n[0] = n[1] = 0; k < x->n && strcmp(x->v[i].stem, x->v[k].stem) == 0; k++) n[x->v[k].side]++;
    return k;
}

void lp_find_counted(lp_diff *d)
{
    struct all x = collect(d);
    size_t n[2];
    for (size_t i = 0, end; i < x.n && !d->nomem; i = end) {
        end = group(&x, i, n);
        for (; i < end && (n[0] > 1 || n[1] > 1); i++) atom(d, &x.v[i])->counted = true;
    }
    free_all(&x);
}

bool lp_same_counted(const struct lp_atom *x, const struct lp_atom *y)
{
    struct lp_buf a = {0}, b = {0};
    bool same = x->counted && y->counted;
    if (same && !stem(x->sym->name, &a)) a.len = 0, lp_buf_add(&a, x->sym->name, strlen(x->sym->name) + 1);
    if (same && !stem(y->sym->name, &b)) b.len = 0, lp_buf_add(&b, y->sym->name, strlen(y->sym->name) + 1);
    same = same && !a.failed && !b.failed && strcmp(a.data, b.data) == 0;
    lp_buf_free(&a), lp_buf_free(&b);
    return same;
}

/* Is the same left of both, by name? Code that was moved out gets to nobody but its callers: any pair will do. */
static bool same_names(lp_diff *d, const struct one *v, const size_t n[2])
{
    size_t hits = 0;
    if (strncmp(v->stem, outlined, sizeof outlined - 1) == 0) return true;
    for (size_t i = 0; i < n[0] && n[0] == n[1]; i++)
        for (size_t k = n[0]; k < n[0] + n[1]; k++) hits += strcmp(atom(d, &v[i])->sym->name, atom(d, &v[k])->sym->name) == 0;
    return hits == n[0] && n[0] == n[1];
}

static void pair_left(lp_diff *d, const struct one *v, const size_t n[2])
{
    enum { GROUP_MAX = 512 };
    if (n[0] > GROUP_MAX || n[1] > GROUP_MAX) return;
    if (n[0] == 1 && n[1] == 1) {
        lp_pair(d, v[0].atom, v[1].atom, LP_RULE_STEM);
        return;
    }
    const enum lp_rule rule = same_names(d, v, n) ? LP_RULE_NAME : LP_RULE_ORDER;
    for (size_t i = 0; i < n[0]; i++)
        for (size_t k = n[0]; k < n[0] + n[1]; k++) {
            const struct lp_atom *a = atom(d, &v[i]), *b = atom(d, &v[k]);
            if (a->pair == LP_NONE && b->pair == LP_NONE && strcmp(a->sym->name, b->sym->name) == 0) lp_pair(d, v[i].atom, v[k].atom, rule);
        }
}

void lp_match_counted_rest(lp_diff *d)
{
    struct all x = collect(d);
    size_t n[2];
    for (size_t i = 0, end; i < x.n && !d->nomem; i = end) {
        end = group(&x, i, n);
        if (n[0] && n[1]) pair_left(d, &x.v[i], n);
    }
    free_all(&x);
}
