/* make/started.c - what of an object file is done before main() or by the linker, and would not be by a patch: constructors that fill new variables, and
 * new elements of the lists that linkers make of sections. */
#include <config.h>
#include "make/replace.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* ---- constructors ---- */

/* What refers to a symbol. BY_OTHERS: only functions that a constructor calls and others may call, too, which are the program's perhaps. */
enum lp_started_by { BY_NOBODY, BY_OTHERS, BY_CONSTRUCTOR };

static bool is_list(const struct lp_objsec *s)
{
    return s->head->type == SHT_INIT_ARRAY || s->head->type == SHT_PREINIT_ARRAY || strncmp(s->head->name, ".ctors", 6) == 0;
}

static size_t meant(const struct lp_objfile *o, const struct lp_objrel *r)
{
    const struct lp_objsym *s = &o->sym[r->sym];
    if (s->section == SHN_UNDEF || s->section >= SHN_LORESERVE) return 0;
    if (s->type == STT_FUNC || s->type == STT_OBJECT) return r->sym;
    const struct lp_objsym *at = lp_objfile_cover(o, s->section, s->value + (uint64_t)r->addend);
    return at ? (size_t)(at - o->sym) : 0;
}

/* Functions whose references are to be followed: each one twice at most. */
struct todo { uint32_t *v; size_t n; };

static void mark(struct lp_carrier *c, const struct lp_objsec *sec, uint64_t start, uint64_t end, uint8_t by, struct todo *todo)
{
    for (size_t i = lp_objfile_rel(sec, start); i < sec->nrel && sec->rel[i].at < end; i++) {
        size_t k = meant(c->o, &sec->rel[i]);
        const struct lp_objsym *s = &c->o->sym[k];
        uint8_t as = by == BY_CONSTRUCTOR && !is_list(sec) && s->type == STT_FUNC && s->bind != STB_LOCAL ? BY_OTHERS : by;
        if (!k || c->started[k] >= as) continue;
        c->started[k] = as;
        if (s->type == STT_FUNC) todo->v[todo->n++] = (uint32_t)k;
    }
}

static bool read_constructors(struct lp_carrier *c)
{
    struct todo todo = {0};
    if (c->started) return true;
    c->started = calloc(c->o->nsym + 1, 1);
    todo.v = calloc(2 * c->o->nsym + 2, sizeof *todo.v);
    for (size_t i = 0; i < c->o->nsec && c->started && todo.v; i++)
        if (is_list(&c->o->sec[i])) mark(c, &c->o->sec[i], 0, UINT64_MAX, BY_CONSTRUCTOR, &todo);
    while (todo.n) {
        const size_t k = todo.v[--todo.n];
        const struct lp_objsym *f = &c->o->sym[k];
        mark(c, &c->o->sec[f->section], f->value, f->value + f->size, c->started[k], &todo);
    }
    const bool good = c->started && todo.v;
    free(todo.v);
    if (!good) free(c->started), c->started = NULL;
    return good;
}

static const char *constructor(const struct lp_carrier *c, const struct lp_objsym *s)
{
    const char *any = "a constructor";
    for (size_t i = 1; i < c->o->nsym; i++) {
        const struct lp_objsym *f = &c->o->sym[i];
        if (c->started[i] != BY_CONSTRUCTOR || f->type != STT_FUNC) continue;
        const struct lp_objsec *sec = &c->o->sec[f->section];
        for (size_t k = lp_objfile_rel(sec, f->value); k < sec->nrel && sec->rel[k].at < f->value + f->size; k++)
            if (&c->o->sym[meant(c->o, &sec->rel[k])] == s) return f->name;
    }
    return any;
}

/* libgcc's: without it, atomics go by LDXR and STXR, which every CPU has. */
static bool may_stay_zero(const struct lp_objsym *s) { return strcmp(s->name, "__aarch64_have_lse_atomics") == 0; }

lp_status lp_carry_unfilled(struct lp_carrying *x, const struct lp_objsym *s, struct lp_error *err)
{
    struct lp_carrier *c = x->c;
    if (!read_constructors(c)) return lp_carry_nomem(err);
    uint8_t by = BY_NOBODY;
    for (size_t i = 1; i < c->o->nsym; i++) /* under any of its names */
        if (c->o->sym[i].section == s->section && c->o->sym[i].value == s->value && c->o->sym[i].type == STT_OBJECT && c->started[i] > by) by = c->started[i];
    if (by == BY_CONSTRUCTOR && !may_stay_zero(s))
        return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "`%.120s` is new, and the constructor `%.120s` fills it, which does not run in a patch: "
                             "fill it when it is first needed, or begin it with constants", s->name, constructor(c, s));
    if (by == BY_OTHERS && !lp_carry_told(c, s))
        lp_edit_warn(x->m, &x->e->from, "%s: `%s` is new, and constructors call what uses it: they do not run in a patch", c->path, s->name);
    return LP_OK;
}

lp_status lp_carry_unfilled_all(struct lp_carrying *x, uint32_t section, struct lp_error *err)
{
    lp_status st = LP_OK;
    for (size_t i = 1; i < x->c->o->nsym && st == LP_OK; i++)
        if (x->c->o->sym[i].section == section && x->c->o->sym[i].type == STT_OBJECT) st = lp_carry_unfilled(x, &x->c->o->sym[i], err);
    return st;
}

/* ---- lists that linkers make ---- */

/* A reference to __start_NAME or __stop_NAME: a section of that name in the object has its part of the list. */
lp_status lp_carry_list(struct lp_carrying *x, const struct lp_objsym *bound, struct lp_error *err)
{
    const struct lp_objfile *o = x->c->o;
    const char *name = strncmp(bound->name, "__start_", 8) == 0 ? bound->name + 8 : strncmp(bound->name, "__stop_", 7) == 0 ? bound->name + 7 : NULL;
    for (size_t i = 1; name && i < o->nsym; i++) {
        const struct lp_objsym *s = &o->sym[i];
        const struct lp_elf_symbol *t;
        if (s->type != STT_OBJECT || !s->section || s->section >= SHN_LORESERVE || strcmp(o->sec[s->section].head->name, name) != 0) continue;
        lp_status st = lp_carry_find(x, s, &t, NULL);
        if (st == LP_E_NOMEM) return lp_carry_nomem(err);
        if (st == LP_E_SYMBOL && !lp_carry_told(x->c, s))
            lp_edit_warn(x->m, &x->e->from, "%s: `%s` in the section `%s` is not in the program's list of that name, which a patch does not lengthen",
                         x->c->path, s->name, name);
    }
    return LP_OK;
}
