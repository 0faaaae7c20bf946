/* make/own.c - which symbol of the target one of the object's is, if any. What has no name for others is the target's only if it is of the same source file as
 * the function that is replaced, and a numbered variable only if its users are the same. A wrong one would be written over, one that is missed would be
 * there twice: where it cannot be known, it is said what is taken. */
#include <config.h>
#include "base/error.h"
#include "base/text.h"
#include "elf/suffix.h"
#include "make/replace.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

static bool same_kind(unsigned a, unsigned b) { return a == b || (a == STT_FUNC && b == STT_GNU_IFUNC) || (a == STT_OBJECT && b == STT_NOTYPE); }

/* `count.1` and `count.4` may be one static variable of a function: the compiler numbers them anew each time. Length of the name without the number. */
static size_t unnumbered(const struct lp_objsym *s)
{
    size_t n = strlen(s->name), digits = 0;
    while (digits < n && s->name[n - 1 - digits] >= '0' && s->name[n - 1 - digits] <= '9') digits++;
    bool numbered = s->bind == STB_LOCAL && s->type != STT_FUNC && digits && n > digits + 1 && s->name[n - 1 - digits] == '.';
    return numbered ? n - digits - 1 : 0;
}

static bool same_stem(const char *stem, size_t n, const char *name)
{
    return strncmp(stem, name, n) == 0 && name[n] == '.' && name[n + 1] && strspn(name + n + 1, "0123456789") == strlen(name + n + 1);
}

bool lp_carry_told(struct lp_carrier *c, const struct lp_objsym *s)
{
    for (size_t i = 0; i < c->ntold; i++)
        if (c->told[i] == s) return true;
    const struct lp_objsym **v = lp_grow(c->told, &c->told_cap, c->ntold, sizeof *v);
    if (!v) return true;
    c->told = v;
    v[c->ntold++] = s;
    return false;
}

/* ---- by name and source file ---- */

/* An object of several source files (ld -r)? */
static bool is_merged(const struct lp_objfile *o)
{
    const char *file = NULL;
    for (size_t i = 1; i < o->nsym; i++) {
        if (o->sym[i].type != STT_FILE || !*o->sym[i].name) continue;
        if (file && strcmp(file, o->sym[i].name) != 0) return true;
        file = o->sym[i].name;
    }
    return false;
}

enum evidence { OTHER, UNSURE, SURE };

static enum evidence evidence(const struct lp_carrying *x, const struct lp_objsym *s, const struct lp_elf_symbol *t)
{
    bool local = s->bind == STB_LOCAL, was_global = t->bind == STB_LOCAL && !t->file; /* hidden ones of a library */
    if (!local && (t->bind != STB_LOCAL || was_global)) return SURE;
    uint32_t of = lp_unit_of(x->m, x->c->of), unit = lp_unit_of(x->m, t);
    if (of == LP_UNIT_LTO || unit == LP_UNIT_LTO) return of == unit ? UNSURE : OTHER; /* of which one is not known */
    if (of && unit == of) return SURE;
    if (of && unit)
        return is_merged(x->c->o) && !lp_same_base(s->file, lp_unit_name(x->m, of)) && lp_same_base(s->file, lp_unit_name(x->m, unit)) ? SURE : OTHER;
    return s->file && t->file && lp_same_base(s->file, t->file) ? SURE : UNSURE;
}

struct candidate { const struct lp_elf_symbol *t; unsigned rank; enum lp_owner owner; };
struct candidates { struct candidate *v; size_t n, cap; };

static bool add(struct candidates *c, const struct lp_elf_symbol *t, unsigned rank)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->v[i].t->value == t->value) {
            if (rank > c->v[i].rank) c->v[i].t = t, c->v[i].rank = rank;
            return true;
        }
    struct candidate *v = lp_grow(c->v, &c->cap, c->n, sizeof *v);
    if (!v) return false;
    c->v = v;
    v[c->n++] = (struct candidate){t, rank, LP_OWNER_UNKNOWN};
    return true;
}

/* Has the symbol of the target this name, but for what link-time optimisation adds? */
static bool same_name(const char *name, const struct lp_elf_symbol *t)
{
    size_t n = strlen(name);
    return strncmp(name, t->name, n) == 0 && (!t->name[n] || (t->bind == STB_LOCAL && lp_suffix_kind(t->name + n) & LP_SUFFIX_NAME));
}

/* All that it may be. */
static bool look_among(const struct lp_carrying *x, const lp_elf *elf, const struct lp_objsym *s, struct candidates *c)
{
    size_t n, stem = unnumbered(s);
    const struct lp_elf_symbol *v = lp_elf_symbols(elf, &n);
    for (size_t i = 0; i < n; i++) {
        bool exact = same_name(s->name, &v[i]);
        if ((!exact && !(stem && v[i].bind == STB_LOCAL && same_stem(s->name, stem, v[i].name))) || !same_kind(s->type, v[i].type)) continue;
        enum evidence e = evidence(x, s, &v[i]);
        if (e != OTHER && !add(c, &v[i], 2 * e + (!stem && (s->bind == STB_LOCAL) == (v[i].bind == STB_LOCAL)))) return false;
    }
    return true;
}

static void keep_best(struct candidates *c)
{
    unsigned best = 0;
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        if (c->v[i].rank > best) best = c->v[i].rank;
    for (size_t i = 0; i < c->n; i++)
        if (c->v[i].rank == best) c->v[n++] = c->v[i];
    c->n = n;
}

/* ---- numbered ones: by their users ---- */

static enum lp_owner owner(const struct lp_carrying *x, const struct lp_objsym *s, const struct lp_elf_symbol *t)
{
    return lp_owner_common(x, lp_unit_of(x->m, t), s, t, NULL);
}

/* Has another variable of the object a better claim? The same users or, with claims that are equal otherwise, the same size. -1: a worse one; 1: as good. */
static int rival(const struct lp_carrying *x, const struct lp_objsym *s, size_t stem, const struct lp_elf_symbol *t, enum lp_owner mine)
{
    int worst = -1;
    for (size_t i = 1; i < x->c->o->nsym; i++) {
        const struct lp_objsym *y = &x->c->o->sym[i];
        if (y == s || y->section == SHN_UNDEF || unnumbered(y) != stem || y->type != s->type || !same_stem(s->name, stem, y->name)) continue;
        enum lp_owner its = owner(x, y, t);
        if (its < LP_OWNER_SAME) continue;
        int more = its != mine ? (its > mine) - (its < mine) : (y->size == t->size) - (s->size == t->size);
        if (more > 0) return 2;
        if (more == 0) worst = 1;
    }
    return worst;
}

/* Has the function the same numbered variables on both sides, by name? Then the numbers say it. */
static bool same_names(const struct lp_carrying *x, const struct lp_objsym *s, size_t stem, const struct candidates *c)
{
    size_t n = 0, mine = 0;
    for (size_t i = 0; i < c->n; i++) n += c->v[i].owner >= LP_OWNER_SAME;
    for (size_t i = 1; i < x->c->o->nsym; i++) {
        const struct lp_objsym *y = &x->c->o->sym[i];
        bool of = false, named = false;
        if (y->section == SHN_UNDEF || unnumbered(y) != stem || y->type != s->type || !same_stem(s->name, stem, y->name)) continue;
        for (size_t k = 0; k < c->n; k++) {
            if (owner(x, y, c->v[k].t) < LP_OWNER_SAME) continue;
            of |= c->v[k].owner >= LP_OWNER_SAME;
            named |= strcmp(y->name, c->v[k].t->name) == 0 && y->size == c->v[k].t->size;
        }
        if (of && !named) return false;
        mine += of;
    }
    return mine == n;
}

/* Of more than so many nobody looks who else may be meant: it is said, or refused, instead. */
enum { MANY = 64 };

/* The candidates become those that it may be. */
static void by_users(const struct lp_carrying *x, const struct lp_objsym *s, size_t stem, struct candidates *c, bool *unclaimed)
{
    enum lp_owner best = LP_OWNER_OTHER;
    size_t n = 0;
    bool several = false, named;
    *unclaimed = false;
    for (size_t i = 0; i < c->n; i++) {
        c->v[i].owner = owner(x, s, c->v[i].t);
        several |= c->v[i].owner >= LP_OWNER_SAME && best >= LP_OWNER_SAME;
        if (c->v[i].owner > best) best = c->v[i].owner;
    }
    for (size_t i = n = 0; i < c->n && best >= LP_OWNER_SAME; i++)
        if (c->v[i].owner >= LP_OWNER_SAME) c->v[n++] = c->v[i];
    if (best >= LP_OWNER_SAME) c->n = n;
    n = 0;
    named = several && stem && c->n <= MANY && same_names(x, s, stem, c);
    for (size_t i = 0; i < c->n; i++) {
        const struct candidate k = c->v[i];
        int r = stem && c->n <= MANY ? rival(x, s, stem, k.t, k.owner) : -1;
        if (named && k.owner >= LP_OWNER_SAME) r = strcmp(k.t->name, s->name) == 0 ? -1 : 2;
        if (r < 0) *unclaimed = true;
        if (k.owner == best && best != LP_OWNER_OTHER && (best >= LP_OWNER_SAME ? r < 2 : r < 0)) {
            c->v[n] = k;
            c->v[n++].rank = r == 1;
        }
    }
    c->n = n;
    for (size_t i = n = 0; i < c->n; i++) n += c->v[i].t->size == s->size;
    if (n == 1 && c->n > 1)
        for (size_t i = 0; i < c->n; i++)
            if (c->v[i].t->size == s->size) c->v[0] = c->v[i], c->n = 1;
}

static void tell_new(struct lp_carrying *x, const struct lp_objsym *s, const struct lp_elf_symbol *t)
{
    struct lp_buf who = {0};
    if (lp_carry_told(x->c, s)) return;
    lp_owner_common(x, lp_unit_of(x->m, t), s, t, &who);
    lp_edit_warn(x->m, &x->e->from, "%s: `%s` is new: the program's `%s` is another variable, by its users (%s); an object of the whole source file "
                 "shows it better", x->c->path, s->name, t->name, who.data ? who.data : "none is seen");
    lp_buf_free(&who);
}

static lp_status ambiguous(struct lp_carrying *x, const struct lp_objsym *s, const struct candidates *c, bool claimed, struct lp_error *err)
{
    struct lp_buf b = {0};
    for (size_t i = 0; i < c->n && b.len < 250; i++)
        lp_buf_printf(&b, "%s0x%llx %.60s (%.60s)", b.len ? ", " : "", (unsigned long long)c->v[i].t->value, c->v[i].t->name,
                      c->v[i].t->file ? c->v[i].t->file : "no file");
    const char *list = b.data ? b.data : "";
    if (claimed)
        lp_carry_fail(x, err, LP_E_AMBIGUOUS, "`%.100s` and others of the object may be the program's %s: give the new ones other names", s->name, list);
    else
        lp_carry_fail(x, err, LP_E_AMBIGUOUS, "which of the program's is `%.100s`? %s. Give it the name and the source file of the one that is meant, or "
                      "another name; or say in a recipe, `symbol %.60s 0xADDRESS`", s->name, list, s->name);
    lp_buf_free(&b);
    return LP_E_AMBIGUOUS;
}

/* A constant is any that holds the same. */
static void by_content(const struct lp_carrying *x, const struct lp_objsym *s, struct candidates *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n && !n; i++)
        if (lp_carry_equals(x, s, c->v[i].t)) c->v[n++] = c->v[i];
    c->n = n;
}

static bool is_constant(const struct lp_carrying *x, const struct lp_objsym *s)
{
    return s->section < LP_OBJ_RESERVED && s->type == STT_OBJECT && !(x->c->o->sec[s->section].head->flags & SHF_WRITE);
}

static lp_status choose(struct lp_carrying *x, const struct lp_objsym *s, struct candidates *c, const struct lp_elf_symbol **out, struct lp_error *err)
{
    const size_t stem = unnumbered(s);
    const struct lp_elf_symbol *first = c->n ? c->v[0].t : NULL;
    bool unclaimed = false, unsure = c->n && c->v[0].rank / 2 == UNSURE, merged = unsure && s->type != STT_FUNC && lp_unit_of(x->m, first) == LP_UNIT_LTO;
    if (stem && c->n && is_constant(x, s)) by_content(x, s, c);
    else if ((stem && c->n && !unsure) || merged) {
        by_users(x, s, stem, c, &unclaimed);
        if (c->n == 1) unsure = c->v[0].owner == LP_OWNER_UNKNOWN;
        if (c->n == 1 && c->v[0].rank) return ambiguous(x, s, c, true, err);
        if (!c->n && unclaimed) tell_new(x, s, first);
    }
    if (!c->n) return LP_E_SYMBOL;
    if (c->n > 1) return ambiguous(x, s, c, false, err);
    *out = c->v[0].t;
    if (unsure && !lp_carry_told(x->c, s))
        lp_edit_warn(x->m, &x->e->from, "%s: `%s` is taken for the program's `%s` (%s): if it is another one, give it another name", x->c->path, s->name,
                     (*out)->name, (*out)->file ? (*out)->file : "of an unknown source file");
    return LP_OK;
}

/* What an object's symbol is, is decided once, by the first function that needs it; another one may be of another source file. */
static lp_status remember(struct lp_carrying *x, const struct lp_objsym *s, const struct lp_elf_symbol *t, struct lp_error *err)
{
    struct lp_carrier *c = x->c;
    struct lp_owned *v = lp_grow(c->owned, &c->owned_cap, c->nowned, sizeof *v);
    if (!v) return lp_carry_nomem(err);
    c->owned = v;
    v[c->nowned++] = (struct lp_owned){s, t, lp_unit_of(x->m, x->c->of)};
    return t ? LP_OK : LP_E_SYMBOL;
}

static lp_status find(struct lp_carrying *x, const struct lp_objsym *s, const struct lp_elf_symbol **out, struct lp_error *err)
{
    struct candidates c = {0};
    const struct lp_elf_symbol *given = lp_maker_given(x->m, s->name);
    if (given && same_kind(s->type, given->type)) return *out = given, LP_OK; /* the recipe says it */
    bool good = look_among(x, x->m->elf, s, &c) && (x->m->names == x->m->elf || look_among(x, x->m->names, s, &c));
    keep_best(&c);
    lp_status st = good ? choose(x, s, &c, out, err) : LP_E_NOMEM;
    free(c.v);
    return x->m->nomem || st == LP_E_NOMEM ? lp_carry_nomem(err) : st; /* on half of the facts nothing is decided */
}

lp_status lp_carry_find(struct lp_carrying *x, const struct lp_objsym *s, const struct lp_elf_symbol **out, struct lp_error *err)
{
    const struct lp_owned *known = NULL;
    const uint32_t unit = lp_unit_of(x->m, x->c->of);
    *out = NULL;
    for (size_t i = 0; i < x->c->nowned && !(known && known->unit == unit); i++)
        if (x->c->owned[i].s == s) known = &x->c->owned[i];
    if (known && known->unit == unit) return (*out = known->t) != NULL ? LP_OK : LP_E_SYMBOL;
    const struct lp_elf_symbol *before = known ? known->t : NULL;
    const bool again = known != NULL;
    lp_status st = find(x, s, out, err);
    if (st != LP_OK && st != LP_E_SYMBOL) return st;
    if (again && (before ? before->value : 0) != (*out ? (*out)->value : 0))
        return lp_carry_fail(x, err, LP_E_AMBIGUOUS, "`%.100s` is %s for a function that is replaced in front, and %s for %.100s, which is of another "
                             "source file: they need objects of their own", s->name, before ? "the program's" : "new", *out ? "the program's" : "new",
                             x->c->of->name);
    return remember(x, s, *out, err);
}
