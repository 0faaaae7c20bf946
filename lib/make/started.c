/* make/started.c - what of an object file is done before main() or by the linker, and would not be by a patch: constructors that fill new variables, and
 * new elements of the lists that linkers make of sections. */
#include <config.h>
#include "base/bits.h"
#include "elf/reloc.h"
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
    if (s->section == SHN_UNDEF || s->section >= LP_OBJ_RESERVED) return 0;
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

/* The first one that refers to it; NULL = none does itself. */
static const struct lp_objsym *constructor(const struct lp_carrier *c, const struct lp_objsym *s)
{
    for (size_t i = 1; i < c->o->nsym; i++) {
        const struct lp_objsym *f = &c->o->sym[i];
        if (c->started[i] != BY_CONSTRUCTOR || f->type != STT_FUNC) continue;
        const struct lp_objsec *sec = &c->o->sec[f->section];
        for (size_t k = lp_objfile_rel(sec, f->value); k < sec->nrel && sec->rel[k].at < f->value + f->size; k++)
            if (&c->o->sym[meant(c->o, &sec->rel[k])] == s) return f;
    }
    return NULL;
}

/* libgcc's: without it, atomics go by LDXR and STXR, which every CPU has. */
static bool may_stay_zero(const struct lp_objsym *s) { return strcmp(s->name, "__aarch64_have_lse_atomics") == 0; }

/* Under any of its names. */
static uint8_t started_by(const struct lp_carrier *c, const struct lp_objsym *s)
{
    uint8_t by = BY_NOBODY;
    for (size_t i = 1; i < c->o->nsym; i++)
        if (c->o->sym[i].section == s->section && c->o->sym[i].value == s->value && c->o->sym[i].type == STT_OBJECT && c->started[i] > by) by = c->started[i];
    return by;
}

/* A variable of the program that a constructor of the object has to do with: it is as the program's own constructors have left it. */
lp_status lp_carry_filled(struct lp_carrying *x, const struct lp_objsym *s, struct lp_error *err)
{
    struct lp_carrier *c = x->c;
    const struct lp_elf_symbol *t;
    if (!read_constructors(c)) return lp_carry_nomem(err);
    const struct lp_objsym *f = started_by(c, s) == BY_CONSTRUCTOR ? constructor(c, s) : NULL;
    if (!f) return LP_OK;
    lp_status st = lp_carry_find(x, f, &t, NULL);
    if (st == LP_E_NOMEM) return lp_carry_nomem(err);
    if ((st != LP_OK && st != LP_E_SYMBOL) || (st == LP_OK && lp_carry_same_code(x, f, t)) || lp_carry_told(c, f)) return LP_OK;
    lp_edit_warn(x->m, &x->e->from, "%s: the constructor `%.120s`, which uses `%.120s`, is %s, and does not run in a patch: the variable is as the program has "
                 "left it", c->path, f->name, s->name, st == LP_OK ? "another one there" : "new");
    return LP_OK;
}

lp_status lp_carry_unfilled(struct lp_carrying *x, const struct lp_objsym *s, struct lp_error *err)
{
    struct lp_carrier *c = x->c;
    if (!read_constructors(c)) return lp_carry_nomem(err);
    const uint8_t by = started_by(c, s);
    const struct lp_objsym *f = by == BY_CONSTRUCTOR ? constructor(c, s) : NULL;
    if (by == BY_CONSTRUCTOR && !may_stay_zero(s))
        return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "`%.120s` is new, and the constructor `%.120s` fills it, which does not run in a patch: "
                             "fill it when it is first needed, or begin it with constants", s->name, f ? f->name : "of something else");
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

/* An address that the program holds at a place: as it is, or as its dynamic linker makes it. False: another object decides. */
static bool address_at(const struct lp_maker *m, uint64_t at, uint64_t *addr)
{
    size_t n, lo = 0;
    const struct lp_elf_reloc *v = lp_elf_relocs(m->elf, &n);
    uint8_t raw[8];
    if (lp_elf_read(m->elf, at, raw, 8, NULL) != LP_OK) return false;
    *addr = lp_le64(raw);
    for (size_t hi = n; lo < hi;) {
        const size_t mid = lo + (hi - lo) / 2;
        if (v[mid].at < at) lo = mid + 1;
        else hi = mid;
    }
    if (lo == n || v[lo].at != at) return true;
    *addr = (uint64_t)v[lo].addend;
    return v[lo].name && strcmp(v[lo].name, "relative") == 0;
}

/* Is what a relocation of the object means surely something else than what the program has at the address? */
static bool leads_elsewhere(struct lp_carrying *x, const struct lp_objrel *r, uint64_t addr)
{
    const struct lp_objfile *o = x->c->o;
    const struct lp_objsym *s = &o->sym[r->sym];
    const struct lp_elf_symbol *t;
    const bool local = s->section != SHN_UNDEF && s->section < LP_OBJ_RESERVED;
    const struct lp_objsec *sec = local ? &o->sec[s->section] : NULL;
    uint64_t off = s->value + (uint64_t)r->addend;
    char c;
    if (sec && sec->head->flags & SHF_STRINGS && sec->bytes && sec->head->entsize == 1) {
        for (;; off++, addr++) {
            if (off >= sec->head->size || lp_elf_read(x->m->elf, addr, &c, 1, NULL) != LP_OK || (uint8_t)c != sec->bytes[off]) return true;
            if (!c) return false;
        }
    }
    if (local && s->type != STT_FUNC && s->type != STT_OBJECT) s = lp_objfile_cover(o, s->section, off);
    if (!s) return false; /* of what has no name it is not known */
    const lp_status st = local ? lp_carry_find(x, s, &t, NULL) : lp_maker_find(x->m, s->name, &t, NULL);
    if (st != LP_OK) return local && st == LP_E_SYMBOL; /* new, or it is not known which */
    return t->value + (local ? off - s->value : off) != addr;
}

/* Holds an element of a list what the program's does? */
static bool same_element(struct lp_carrying *x, const struct lp_objsym *s, const struct lp_elf_symbol *t)
{
    const struct lp_objsec *sec = &x->c->o->sec[s->section];
    uint8_t *old = s->size ? malloc(s->size) : NULL;
    bool same = old && t->size == s->size && sec->bytes && lp_elf_read(x->m->elf, t->value, old, s->size, NULL) == LP_OK;
    uint64_t at = 0, addr;
    for (size_t i = lp_objfile_rel(sec, s->value); same && i < sec->nrel && sec->rel[i].at < s->value + s->size; i++) {
        const struct lp_reloc *row = lp_reloc_numbered(sec->rel[i].type);
        const uint64_t here = sec->rel[i].at - s->value, bytes = row ? lp_reloc_bytes(row) : 0;
        if (here < at || here + bytes > s->size) break;
        same = memcmp(old + at, sec->bytes + s->value + at, here - at) == 0;
        if (same && bytes == 8 && address_at(x->m, t->value + here, &addr)) same = !leads_elsewhere(x, &sec->rel[i], addr);
        at = here + bytes;
    }
    if (same) same = memcmp(old + at, sec->bytes + s->value + at, s->size - at) == 0;
    free(old);
    return same;
}

/* A reference to __start_NAME or __stop_NAME: a section of that name in the object has its part of the list. */
lp_status lp_carry_list(struct lp_carrying *x, const struct lp_objsym *bound, struct lp_error *err)
{
    const struct lp_objfile *o = x->c->o;
    const char *name = strncmp(bound->name, "__start_", 8) == 0 ? bound->name + 8 : strncmp(bound->name, "__stop_", 7) == 0 ? bound->name + 7 : NULL;
    for (size_t i = 1; name && i < o->nsym; i++) {
        const struct lp_objsym *s = &o->sym[i];
        const struct lp_elf_symbol *t;
        if (s->type != STT_OBJECT || !s->section || s->section >= LP_OBJ_RESERVED || strcmp(o->sec[s->section].head->name, name) != 0) continue;
        lp_status st = lp_carry_find(x, s, &t, NULL);
        if (st == LP_E_NOMEM) return lp_carry_nomem(err);
        if (st == LP_E_SYMBOL && !lp_carry_told(x->c, s))
            lp_edit_warn(x->m, &x->e->from, "%s: `%s` in the section `%s` is not in the program's list of that name, which a patch does not lengthen",
                         x->c->path, s->name, name);
        if (st == LP_OK && !same_element(x, s, t) && !lp_carry_told(x->c, s))
            lp_edit_warn(x->m, &x->e->from, "%s: `%s` in the section `%s` is another one there than in the program's list of that name, which a patch leaves "
                         "as it is: `set` changes it, lpatch(5)", x->c->path, s->name, name);
    }
    return LP_OK;
}
