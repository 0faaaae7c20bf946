/* make/refer.c - what a relocation of an object file means in the patch: something of the target by its
 * symbol, or something that the patch brings.
 *
 * What the object defines and the target has too (own.c) is the target's: a variable keeps its
 * value, a function is not carried again. Constants are the target's if they are equal. Parts that compilers
 * split off a function (.cold, .constprop.0 ...) belong to the new code. */
#include <config.h>
#include "base/error.h"
#include "base/text.h"
#include "elf/debug.h"
#include "elf/spec.h"
#include "elf/suffix.h"
#include "make/replace.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

static bool is_taken(const struct lp_maker *m, const char *name)
{
    const struct lp_elf_symbol *sym;
    for (size_t i = 0; i < m->nown; i++)
        if (strcmp(m->own[i], name) == 0) return true;
    return lp_elf_find(m->elf, name, &sym, NULL) != LP_E_SYMBOL;
}

const char *lp_carry_name(struct lp_maker *m, const char *base)
{
    char name[400];
    struct lp_buf spec = {0};
    for (unsigned n = 1; n < 1000000; n++) {
        snprintf(name, sizeof name, n == 1 ? "%.360s" : "%.360s.%u", base, n);
        spec.len = 0;
        lp_spec_print(&spec, name, NULL, 0, NULL);
        if (spec.failed || !is_taken(m, spec.data)) break;
    }
    const char **v = lp_grow(m->own, &m->own_cap, m->nown, sizeof *v);
    const char *kept = v && !spec.failed ? lp_maker_keep(m, spec.data, spec.len) : NULL;
    m->own = v ? v : m->own;
    if (kept) v[m->nown++] = kept;
    lp_buf_free(&spec);
    return kept;
}

/* ---- pieces ---- */

static lp_status piece(struct lp_carrying *x, uint32_t section, uint64_t start, uint64_t end, const char *base, bool function, const char **name,
                       struct lp_error *err)
{
    struct lp_carrier *c = x->c;
    for (size_t i = 0; i < c->npiece; i++)
        if (c->piece[i].section == section && c->piece[i].start == start && c->piece[i].end == end) return *name = c->piece[i].name, LP_OK;
    struct lp_piece *v = lp_grow(c->piece, &c->piece_cap, c->npiece, sizeof *v);
    c->piece = v ? v : c->piece;
    *name = v ? lp_carry_name(x->m, base) : NULL;
    if (!*name) return lp_carry_nomem(err);
    v[c->npiece++] = (struct lp_piece){section, start, end, *name, function, false};
    return LP_OK;
}

static void put(struct lp_buf *out, const char *name, int64_t delta)
{
    lp_buf_puts(out, name);
    if (delta) lp_buf_printf(out, "%c0x%llx", delta < 0 ? '-' : '+', (unsigned long long)(delta < 0 ? 0 - (uint64_t)delta : (uint64_t)delta));
}

/* ---- objects of one recipe: what is not local is one for all of them, as for a linker ---- */

static const struct lp_piece *carried(const struct lp_carrier *c, const struct lp_objsym *s)
{
    for (size_t i = 0; i < c->npiece; i++) {
        const struct lp_piece *p = &c->piece[i];
        if (p->section == s->section && p->start <= s->value && s->value + s->size <= p->end) return p;
    }
    return NULL;
}

/* Its definition. */
static const struct lp_objsym *definition(const struct lp_carrier *c, const char *name)
{
    for (size_t i = 1; i < c->o->nsym; i++) {
        const struct lp_objsym *y = &c->o->sym[i];
        if (y->bind != STB_LOCAL && y->section != SHN_UNDEF && y->section < LP_OBJ_RESERVED && strcmp(y->name, name) == 0) return y;
    }
    return NULL;
}

/* The other object that has brought it already; NULL = none. */
static struct lp_carrier *other_carrier(const struct lp_carrying *x, const char *name, const struct lp_objsym **y, const struct lp_piece **p)
{
    for (size_t i = 0; i < x->m->ncarrier; i++) {
        struct lp_carrier *c = x->m->carrier[i];
        if (c != x->c && (*y = definition(c, name)) != NULL && (*p = carried(c, *y)) != NULL) return c;
    }
    return NULL;
}

/* LP_E_SYMBOL: no other object has brought it. */
static lp_status refer_elsewhere(struct lp_carrying *x, const struct lp_objsym *s, int64_t delta, struct lp_buf *out, struct lp_error *err)
{
    const struct lp_objsym *y;
    const struct lp_piece *p;
    const struct lp_carrier *c = s->bind == STB_LOCAL || carried(x->c, s) ? NULL : other_carrier(x, s->name, &y, &p);
    if (!c) return LP_E_SYMBOL;
    if (s->bind == STB_GLOBAL && y->bind == STB_GLOBAL)
        return lp_carry_fail(x, err, LP_E_AMBIGUOUS, "`%.100s` is new in %.100s, too, and in one patch it can be only one: make them static, or give "
                             "them two names", s->name, c->path);
    if (s->bind == STB_GLOBAL)
        return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "`%.100s` is weak in %.100s, which came first, where a linker would take this one: name its object "
                             "in front", s->name, c->path);
    if (s->type != STT_FUNC && s->size != y->size)
        return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "`%.100s` has %llu bytes there and %llu in %.100s", s->name, (unsigned long long)s->size,
                             (unsigned long long)y->size, c->path);
    return put(out, p->name, (int64_t)(y->value - p->start) + delta), LP_OK;
}

/* ---- the target's ---- */

static lp_status put_target(struct lp_carrying *x, const struct lp_elf_symbol *t, int64_t delta, struct lp_buf *out)
{
    char spec[600];
    if (lp_carry_preempted(x, t, delta, out)) return LP_OK;
    if (!lp_maker_owns(x->m, t) || lp_elf_symbol_spec(x->m->elf, t, spec, sizeof spec) >= (int)sizeof spec)
        snprintf(spec, sizeof spec, "0x%llx", (unsigned long long)t->value);
    put(out, spec, delta);
    return LP_OK;
}

/* ---- functions ---- */

static bool is_part(const char *name) { return lp_suffix_find(name, LP_SUFFIX_COLD | LP_SUFFIX_COPY | LP_SUFFIX_NAME) != NULL; }

static struct lp_replaced *find_replaced(struct lp_carrier *c, const struct lp_objsym *f)
{
    for (size_t i = 0; i < c->nreplaced; i++)
        if (c->replaced[i].sym->section == f->section && c->replaced[i].sym->value == f->value) return &c->replaced[i];
    return NULL;
}

/* The entry of a replaced function is the program's, so that its address stays one; its middle is the new one's. */
static lp_status refer_replaced(struct lp_carrying *x, struct lp_replaced *r, int64_t delta, struct lp_buf *out, struct lp_error *err)
{
    bool late = r != &x->c->replaced[x->c->nreplaced - 1] && !r->inside;
    if (!delta && strcmp(r->old, r->sym->name) == 0 && lp_carry_preempted(x, NULL, 0, out)) return LP_OK;
    if (!delta) return put(out, r->place, 0), LP_OK;
    if (late) return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "there is a reference into the middle of `%s`, which another change replaces", r->sym->name);
    r->inside = true;
    put(out, r->body, delta);
    return LP_OK;
}

/* A later change may replace it, too: lp_warn_stale() says it in the end. */
static void note_difference(struct lp_carrying *x, const struct lp_objsym *f, const struct lp_elf_symbol *t)
{
    struct lp_maker *m = x->m;
    if (lp_carry_same_code(x, f, t) || lp_carry_told(x->c, f)) return;
    struct lp_stale *v = lp_grow(m->stale, &m->stale_cap, m->nstale, sizeof *v);
    if (!v) return;
    m->stale = v;
    struct lp_origin from = x->e->from;
    from.text = lp_maker_keep(m, from.text, strlen(from.text));
    if (from.text) v[m->nstale++] = (struct lp_stale){from, x->c->path, f->name, t};
}

/* Its address in the object is its resolver's. */
static lp_status refer_ifunc(struct lp_carrying *x, const struct lp_objsym *f, int64_t delta, struct lp_buf *out, struct lp_error *err)
{
    const struct lp_elf_symbol *t = NULL;
    lp_status s = lp_carry_find(x, f, &t, err);
    if (s == LP_E_SYMBOL)
        return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "`%s` is an IFUNC that the program does not have, and nobody would call its resolver: "
                             "call the function that it chooses", f->name);
    return s == LP_OK ? put_target(x, t, delta, out) : s;
}

static lp_status refer_code(struct lp_carrying *x, const struct lp_objsym *f, uint32_t section, uint64_t off, struct lp_buf *out, struct lp_error *err)
{
    const struct lp_elf_symbol *t = NULL;
    const char *name;
    if (f && f->type == STT_GNU_IFUNC) return refer_ifunc(x, f, (int64_t)(off - f->value), out, err);
    if (!f || f->type != STT_FUNC || f->section != section || !f->size)
        return lp_carry_fail(x, err, LP_E_UNSUPPORTED,
                             "there is code at %s+0x%llx that belongs to no function: of a nested function whose address is taken (gcc's trampoline, for "
                             "which a function of its own does), or assembly without .type and .size",
                             x->c->o->sec[section].head->name, (unsigned long long)off);
    int64_t delta = (int64_t)(off - f->value);
    struct lp_replaced *r = find_replaced(x->c, f);
    if (r) return refer_replaced(x, r, delta, out, err);
    lp_status s = is_part(f->name) ? LP_E_SYMBOL : lp_carry_find(x, f, &t, err);
    if (s == LP_OK && delta)
        return lp_carry_fail(x, err, LP_E_UNSUPPORTED,
                             "there is a reference into the middle of `%s`, which stays the program's",
                             f->name);
    if (s == LP_OK) return note_difference(x, f, t), put_target(x, t, 0, out);
    if (s != LP_E_SYMBOL) return s;
    if ((s = refer_elsewhere(x, f, delta, out, err)) != LP_E_SYMBOL) return s;
    s = piece(x, section, f->value, f->value + f->size, f->name, true, &name, err);
    if (s == LP_OK) put(out, name, delta);
    return s;
}

/* ---- data ---- */

static bool of_file(const struct lp_objsym *s, const struct lp_elf_symbol *t)
{
    return s->bind == STB_LOCAL && lp_same_base(s->file, t->file);
}

/* It is of the replaced function's source file, and the object of another one: a variable of its own is meant perhaps. */
static void tell_file(struct lp_carrying *x, const struct lp_objsym *s, const struct lp_elf_symbol *t)
{
    if (s->bind != STB_LOCAL || t->bind != STB_LOCAL || !t->file || of_file(s, t) || lp_carry_told(x->c, s)) return;
    lp_edit_warn(x->m, &x->e->from, "%s: `%s` is taken for the program's static variable of %.100s: if a new one is meant, it needs another name",
                 x->c->path, s->name, t->file);
}

/* In .rodata of the object and nothing to relocate in it? */
static bool is_plain_constant(const struct lp_objsec *sec, uint64_t start, uint64_t end)
{
    size_t i = lp_objfile_rel(sec, start);
    return !(sec->head->flags & SHF_WRITE) && sec->bytes && (i == sec->nrel || sec->rel[i].at >= end);
}

bool lp_carry_equals(const struct lp_carrying *x, const struct lp_objsym *s, const struct lp_elf_symbol *t)
{
    const struct lp_objsec *sec = &x->c->o->sec[s->section];
    uint8_t *old = s->size ? malloc(s->size) : NULL;
    bool same = old && t->size == s->size && lp_elf_read(x->m->elf, t->value, old, s->size, NULL) == LP_OK;
    if (same && sec->bytes) same = memcmp(old, sec->bytes + s->value, s->size) == 0;
    else for (uint64_t i = 0; same && i < s->size; i++) same = old[i] == 0;
    free(old);
    return same;
}

/* A variable with a name. */
static lp_status refer_variable(struct lp_carrying *x, const struct lp_objsym *s, int64_t delta, struct lp_buf *out, struct lp_error *err)
{
    const struct lp_objsec *sec = &x->c->o->sec[s->section];
    const struct lp_elf_symbol *t = NULL;
    const char *name;
    bool constant = !(sec->head->flags & SHF_WRITE) || strncmp(sec->head->name, ".data.rel.ro", 12) == 0;
    lp_status st = lp_carry_find(x, s, &t, err);
    if (st != LP_OK && st != LP_E_SYMBOL) return st;
    size_t rel = lp_objfile_rel(sec, s->value);
    bool relocated = rel < sec->nrel && sec->rel[rel].at < s->value + s->size;
    if (st == LP_OK && !constant) {
        tell_file(x, s, t);
        if ((st = lp_carry_filled(x, s, err)) != LP_OK) return st;
        if (!t->size && !lp_maker_names(x->m, t)) return put_target(x, t, delta, out); /* the recipe gives it a name and no size */
        if (t->size != s->size)
            return lp_carry_fail(x, err, LP_E_UNSUPPORTED,
                                 "`%s` has %llu bytes there and %llu in the program: a variable that exists "
                                 "cannot change its size",
                                 s->name, (unsigned long long)s->size, (unsigned long long)t->size);
        if (!relocated && !lp_carry_equals(x, s, t))
            lp_edit_warn(x->m, &x->e->from,
                         "%s: `%s` begins with another value there, but it is the program's variable and "
                         "keeps its own",
                         x->c->path, s->name);
        return put_target(x, t, delta, out);
    }
    if (st == LP_OK && is_plain_constant(sec, s->value, s->value + s->size) && lp_carry_equals(x, s, t)) return put_target(x, t, delta, out);
    if (!s->size) return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "the size of `%s` is not known", s->name);
    if (!constant && (st = lp_carry_unfilled(x, s, err)) != LP_OK) return st;
    if ((st = refer_elsewhere(x, s, delta, out, err)) != LP_E_SYMBOL) return st;
    st = piece(x, s->section, s->value, s->value + s->size, s->name, false, &name, err);
    if (st == LP_OK) put(out, name, delta);
    return st;
}

/* ---- sections that variables share ----
 *
 * GCC reaches all variables of a section from one label in it (-fsection-anchors), with distances that are no relocations. So what is reached by its section
 * alone may mean any variable there: such a section comes whole, or is refused if one of its variables is the program's. */

static bool nameless(const struct lp_objsym *s) { return s->type == STT_SECTION || s->type == STT_NOTYPE || strncmp(s->name, ".L", 2) == 0; }

/* What keeps variables apart: clang merges those of a file into one object at -O3, whatever their sections. */
static const char *apart(const struct lp_elf_section *h) { return strstr(h->name, "_MergedGlobals") ? "-mno-global-merge" : "-fdata-sections"; }

static bool reached_by_section(const struct lp_objfile *o, uint32_t section)
{
    for (size_t i = 0; i < o->nsec; i++) {
        bool loaded = o->sec[i].head->flags & SHF_ALLOC && strcmp(o->sec[i].head->name, ".eh_frame") != 0;
        for (size_t k = 0; loaded && k < o->sec[i].nrel; k++) {
            const struct lp_objsym *s = &o->sym[o->sec[i].rel[k].sym];
            if (s->section == section && nameless(s)) return true;
        }
    }
    return false;
}

/* Has it more in it than one variable? */
static bool is_shared(const struct lp_objfile *o, uint32_t section)
{
    size_t n = 0;
    uint64_t bytes = 0;
    for (size_t i = 1; i < o->nsym; i++) {
        const struct lp_objsym *s = &o->sym[i];
        if (s->section != section || (s->type != STT_OBJECT && s->type != STT_TLS) || strncmp(s->name, ".L", 2) == 0) continue;
        n++, bytes += s->size;
    }
    return n > 1 || (n == 1 && bytes + 16 < o->sec[section].head->size);
}

static lp_status share_section(struct lp_carrying *x, uint32_t section, bool *whole, struct lp_error *err)
{
    const struct lp_objfile *o = x->c->o;
    const struct lp_elf_section *h = o->sec[section].head;
    bool constant = !(h->flags & SHF_WRITE) || strncmp(h->name, ".data.rel.ro", 12) == 0;
    *whole = !(h->flags & SHF_MERGE) && is_shared(o, section) && reached_by_section(o, section);
    for (size_t i = 1; *whole && !constant && i < o->nsym; i++) {
        const struct lp_elf_symbol *t = NULL;
        const struct lp_objsym *s = &o->sym[i];
        if (s->section != section || (s->type != STT_OBJECT && s->type != STT_TLS) || strncmp(s->name, ".L", 2) == 0) continue;
        lp_status st = lp_carry_find(x, s, &t, err);
        if (st == LP_OK)
            return lp_carry_fail(x, err, LP_E_UNSUPPORTED,
                                 "`%s`, which is the program's, shares %s with other variables, and the "
                                 "compiler may reach one from another: "
                                 "compile it with %s",
                                 s->name, h->name, apart(h));
        if (st != LP_E_SYMBOL) return st;
    }
    return LP_OK;
}

static lp_status refer_tls(struct lp_carrying *x, const struct lp_objsym *s, int64_t delta, struct lp_buf *out, struct lp_error *err)
{
    const struct lp_elf_symbol *t = NULL;
    if (!s || s->type != STT_TLS) return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "it uses thread-local storage that has no name");
    lp_status st = lp_carry_find(x, s, &t, err);
    if (st == LP_E_SYMBOL)
        return lp_carry_fail(x, err, LP_E_UNSUPPORTED,
                             "`%s` is a new thread-local variable: threads that run have no room for it",
                             s->name);
    if (st == LP_OK && !lp_maker_owns(x->m, t))
        return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "`%s` is thread-local, and the program's symbols are in its debug file alone: a patch cannot name it",
                             s->name);
    if (st == LP_OK) tell_file(x, s, t);
    return st == LP_OK ? put_target(x, t, delta, out) : st;
}

/* What has no name: a string, a constant of one of the linker's merged sections, or all bytes between two variables that have one. */
static void extent(const struct lp_objfile *o, uint32_t section, uint64_t off, uint64_t *start, uint64_t *end)
{
    const struct lp_objsec *sec = &o->sec[section];
    uint64_t size = sec->head->size, unit = sec->head->entsize ? sec->head->entsize : 1;
    *start = 0, *end = size;
    if (sec->head->flags & SHF_STRINGS && sec->bytes && unit == 1) {
        const uint8_t *nul = memchr(sec->bytes + off, 0, size - off);
        *start = off, *end = nul ? (uint64_t)(nul - sec->bytes) + 1 : size;
        return;
    }
    if (sec->head->flags & SHF_MERGE && !(sec->head->flags & SHF_STRINGS)) {
        *start = off / unit * unit, *end = *start + unit < size ? *start + unit : size;
        return;
    }
    for (size_t i = 1; i < o->nsym; i++) {
        const struct lp_objsym *s = &o->sym[i];
        if (s->section != section || s->type != STT_OBJECT || !s->size) continue;
        if (s->value + s->size <= off && s->value + s->size > *start) *start = s->value + s->size;
        if (s->value > off && s->value < *end) *end = s->value;
    }
}

static lp_status refer_nameless(struct lp_carrying *x, uint32_t section, uint64_t off, int64_t extra, struct lp_buf *out, struct lp_error *err)
{
    const struct lp_objsec *sec = &x->c->o->sec[section];
    uint64_t start, end;
    const char *name, *base = sec->head->flags & SHF_STRINGS ? ".str" : !(sec->head->flags & SHF_WRITE) ? ".const" : sec->bytes ? ".data" : ".bss";
    const bool at_end = off == sec->head->size && !(sec->head->flags & SHF_MERGE); /* where a loop over it stops, or all of an empty array */
    if (off >= sec->head->size && !at_end)
        return lp_carry_fail(x, err, LP_E_UNSUPPORTED,
                             "there is a reference to the end of %s: compile it with %s",
                             sec->head->name, apart(sec->head));
    if (at_end && !off) start = end = 0;
    else extent(x->c->o, section, off - at_end, &start, &end);
    lp_status s = piece(x, section, start, end, base, false, &name, err);
    if (s == LP_OK) put(out, name, (int64_t)(off - start) + extra);
    return s;
}

static lp_status refer_whole(struct lp_carrying *x, uint32_t section, uint64_t off, struct lp_buf *out, struct lp_error *err)
{
    const char *name;
    const struct lp_objsym *y;
    const struct lp_piece *p;
    for (size_t i = 1; i < x->c->o->nsym; i++) {
        const struct lp_objsym *v = &x->c->o->sym[i];
        const struct lp_carrier *c = v->section == section && v->bind != STB_LOCAL && !carried(x->c, v) ? other_carrier(x, v->name, &y, &p) : NULL;
        if (c)
            return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "`%.100s` comes with %.100s already, and shares %s with other variables: compile it with %s",
                                 v->name, c->path, x->c->o->sec[section].head->name, apart(x->c->o->sec[section].head));
    }
    const struct lp_elf_section *h = x->c->o->sec[section].head;
    lp_status s = h->flags & SHF_WRITE ? lp_carry_unfilled_all(x, section, err) : LP_OK;
    if (s == LP_OK) s = piece(x, section, 0, h->size, h->name[0] == '.' ? h->name : ".data", false, &name, err);
    if (s == LP_OK) put(out, name, (int64_t)off);
    return s;
}

/* The data around a place among code: between instructions, and outside of functions. */
static void data_run(const struct lp_objfile *o, uint32_t section, uint64_t off, uint64_t *start, uint64_t *end)
{
    uint64_t code = 0;
    *start = off, *end = o->sec[section].head->size;
    for (size_t i = 1; i < o->nsym; i++) {
        const struct lp_objsym *s = &o->sym[i];
        const uint64_t last = s->mapping == 'x' ? s->value + 4 : s->type == STT_FUNC ? s->value + s->size : 0;
        if (s->section != section || (s->type != STT_FUNC && !s->mapping)) continue;
        if (last <= off && last > code) code = last;
        if (s->value > off && s->value < *end && s->mapping != 'd') *end = s->value;
    }
    for (size_t i = 1; i < o->nsym; i++)
        if (o->sym[i].section == section && o->sym[i].mapping == 'd' && o->sym[i].value >= code && o->sym[i].value < *start) *start = o->sym[i].value;
}

/* Literals behind a function (-mcmodel=large, .ltorg): all of them that stand together, as constants. */
lp_status lp_carry_literal(struct lp_carrying *x, uint32_t section, uint64_t off, struct lp_buf *out, struct lp_error *err)
{
    uint64_t start, end;
    const char *name;
    data_run(x->c->o, section, off, &start, &end);
    lp_status s = piece(x, section, start, end, ".literals", false, &name, err);
    if (s == LP_OK) put(out, name, (int64_t)(off - start));
    return s;
}

/* ---- all ---- */

static bool is_end(const struct lp_objsym *s, uint64_t off) { return s && s->size && off == s->value + s->size; }

/* off: a place that belongs to what is meant; extra: how far from there. Of a section that linkers merge it is what begins there, and never the end of what
 * is in front of it. */
static lp_status refer_to(struct lp_carrying *x, uint32_t section, uint64_t off, int64_t extra, const struct lp_objsym *named, struct lp_buf *out,
                          struct lp_error *err)
{
    const struct lp_objfile *o = x->c->o;
    const struct lp_elf_section *h = o->sec[section].head;
    const struct lp_objsym *s = named ? named : lp_objfile_cover(o, section, off);
    const bool behind = !named && is_end(s, off) && off < h->size; /* of something, and the start of something without a name */
    if (behind && h->flags & SHF_MERGE) s = NULL;
    if (!(h->flags & SHF_ALLOC)) return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "there is a reference to %s, which is not loaded", h->name);
    const uint64_t at = off + (uint64_t)extra;
    const bool outside = !s || s->type != STT_FUNC || at - s->value >= s->size;
    if (h->flags & SHF_EXECINSTR && lp_objfile_is_data(o, section, at)) {
        if (outside) return lp_carry_literal(x, section, at, out, err);
        return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "there is a reference to %s+0x%llx, data among the code of `%.100s`, which a patch has no place for",
                             h->name, (unsigned long long)at, s->name);
    }
    if (h->flags & SHF_EXECINSTR) return refer_code(x, s, section, at, out, err);
    bool whole;
    lp_status st = share_section(x, section, &whole, err);
    if (st != LP_OK) return st;
    if (h->flags & SHF_TLS) return refer_tls(x, s, s ? (int64_t)(off - s->value) + extra : extra, out, err);
    if (whole || (behind && !(h->flags & (SHF_MERGE | SHF_WRITE)))) return refer_whole(x, section, at, out, err); /* both */
    if (s && s->type == STT_OBJECT) return refer_variable(x, s, (int64_t)(off - s->value) + extra, out, err);
    return refer_nameless(x, section, off, extra, out, err);
}

lp_status lp_carry_place(struct lp_carrying *x, uint32_t section, uint64_t off, struct lp_buf *out, struct lp_error *err)
{
    x->rel = NULL;
    return refer_to(x, section, off, 0, NULL, out, err);
}

/* A tentative definition (-fcommon) has no place in the object. */
static lp_status refer_common(struct lp_carrying *x, const struct lp_objsym *s, struct lp_buf *out, struct lp_error *err)
{
    const struct lp_elf_symbol *t = NULL;
    lp_status st = lp_carry_find(x, s, &t, err);
    if (st == LP_E_SYMBOL) return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "`%s` is a common symbol: compile it with -fno-common", s->name);
    return st == LP_OK ? put_target(x, t, 0, out) : st;
}

static bool is_distance(const struct lp_objrel *r)
{
    const struct lp_reloc *row = lp_reloc_numbered(r->type);
    return row && row->op == LP_REL_PREL && !lp_reloc_is_code(row);
}

/* What only the section says: the one variable in it is meant, or all. The addend of an entry in a table of distances from its start has its own place in the
 * table; and a loop over an array goes down to where it begins, a[c - '0'] counts from far in front. */
static lp_status refer_by_section(struct lp_carrying *x, uint32_t section, uint64_t off, struct lp_buf *out, struct lp_error *err)
{
    const struct lp_objfile *o = x->c->o;
    const struct lp_objsym *only = NULL;
    for (size_t i = 1; i < o->nsym && !is_shared(o, section); i++)
        if (o->sym[i].section == section && o->sym[i].type == STT_OBJECT) only = &o->sym[i];
    if (only) return refer_to(x, section, only->value, (int64_t)(off - only->value), only, out, err);
    bool whole = false;
    lp_status st = share_section(x, section, &whole, err);
    return st == LP_OK ? refer_whole(x, section, off, out, err) : st;
}

/* What the program lacks and an object that was named in front defines. LP_E_SYMBOL: none does. */
static lp_status refer_defined(struct lp_carrying *x, const char *name, int64_t addend, struct lp_buf *out, struct lp_error *err)
{
    const struct lp_elf_symbol *t;
    const struct lp_objsym *y = NULL;
    if (x->m->ncarrier < 2 || lp_maker_find(x->m, name, &t, NULL) != LP_E_SYMBOL) return LP_E_SYMBOL;
    for (size_t i = 0; i < x->m->ncarrier; i++) {
        struct lp_carrying other = *x;
        other.c = x->m->carrier[i];
        if (other.c != x->c && other.c->of && (y = definition(other.c, name)) != NULL) return refer_to(&other, y->section, y->value, addend, y, out, err);
    }
    return LP_E_SYMBOL;
}

static lp_status refer_undefined(struct lp_carrying *x, const struct lp_objsym *s, int64_t addend, struct lp_buf *out, struct lp_error *err)
{
    struct lp_buf name = {0};
    bool weak = s->bind == STB_WEAK;
    lp_status st = lp_carry_list(x, s, err);
    if (st != LP_OK) return st;
    if ((st = refer_defined(x, s->name, addend, out, err)) != LP_E_SYMBOL) return st;
    if (lp_carry_preempted(x, NULL, addend, out)) return LP_OK;
    if ((st = lp_carry_reaches(x, s, err)) != LP_OK) return st;
    st = lp_edit_symbol(x->m, x->e, x->arg, s->name, &weak, &name, err);
    if (st == LP_E_SYMBOL) lp_carry_missing(x, s, "the program does not have", err);
    if (st == LP_E_AMBIGUOUS)
        lp_hint(err, "in a recipe, `symbol %.60s 0xADDRESS` or `symbol %.60s %.60s#N` says which one is meant: lps(5)", s->name, s->name, s->name);
    if (st == LP_OK) put(out, name.data, addend);
    if (st == LP_OK && weak) lp_buf_puts(out, " weak");
    lp_buf_free(&name);
    return st;
}

lp_status lp_carry_refer(struct lp_carrying *x, const struct lp_objrel *r, struct lp_buf *out, struct lp_error *err)
{
    const struct lp_objsym *s = &x->c->o->sym[r->sym];
    x->rel = r;
    if (s->section == LP_OBJ_ABS || !r->sym) return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "there is a reference to an absolute address");
    if (s->section == SHN_UNDEF) return refer_undefined(x, s, r->addend, out, err);
    if (s->section == LP_OBJ_COMMON) {
        struct lp_buf name = {0};
        const lp_status st = refer_common(x, s, &name, err);
        if (st == LP_OK) put(out, name.data, r->addend);
        lp_buf_free(&name);
        return st;
    }
    if (s->section >= LP_OBJ_RESERVED) return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "`%s` is in a section of an unknown kind", s->name);
    const struct lp_objsec *sec = &x->c->o->sec[s->section];
    if (!nameless(s)) return refer_to(x, s->section, s->value, r->addend, s, out, err);
    /* As a linker does: in a section that it merges, a label says what is meant and the addend how far from there; the section's own symbol
     * and the addend say it together. */
    if (sec->head->flags & SHF_MERGE && s->type != STT_SECTION) return refer_to(x, s->section, s->value, r->addend, NULL, out, err);
    uint64_t off = s->value + (uint64_t)r->addend;
    const bool alone = !(sec->head->flags & (SHF_MERGE | SHF_EXECINSTR | SHF_TLS));
    if (alone && (is_distance(r) || off > sec->head->size)) return refer_by_section(x, s->section, off, out, err);
    if (off > sec->head->size)
        return lp_carry_fail(x, err, LP_E_UNSUPPORTED, "there is a reference outside of %s: compile it with %s", sec->head->name, apart(sec->head));
    return refer_to(x, s->section, off, 0, NULL, out, err);
}
