/* live/functions.c - the functions of the running program and those that patches have brought, with what is changed in them. */
#include <config.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/search.h"
#include "live/journal.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

struct changed { uint64_t addr; const struct lp_applied *owner; const struct lp_write *write; };

static int by_place(const void *a, const void *b)
{
    const struct changed *x = a, *y = b;
    if (x->addr != y->addr) return x->addr < y->addr ? -1 : 1;
    return (x->owner->serial > y->owner->serial) - (x->owner->serial < y->owner->serial);
}

static struct changed *all_changed(const struct lp_live *live, size_t *n)
{
    size_t most = 0;
    *n = 0;
    for (const struct lp_applied *a = live->newest; a; a = a->older) most += a->plan.nwrite;
    struct changed *v = malloc((most + 1) * sizeof *v);
    for (const struct lp_applied *a = live->newest; a && v; a = a->older)
        for (size_t i = 0; i < a->plan.nwrite; i++)
            if (!a->plan.write[i].gone) v[(*n)++] = (struct changed){a->plan.write[i].addr, a, &a->plan.write[i]};
    if (*n) qsort(v, *n, sizeof *v, by_place);
    return v;
}

/* What changed in [row->addr, + size): the newest patch, how many places, their executions. */
static const char *look_inside(struct lp_live_function *row, const struct changed *v, size_t n)
{
    const struct lp_applied *newest = NULL;
    for (size_t i = lp_count_below(v, n, sizeof *v, row->addr); i < n && v[i].addr < row->addr + (row->size ? row->size : 4); i++) {
        row->places++;
        row->hits += lp_counter_read(v[i].write->counter).hits;
        if (!newest || v[i].owner->serial > newest->serial) newest = v[i].owner;
    }
    return newest ? newest->patch->name : NULL;
}

/* ---- a copy, so that the program's patches need not wait for whoever reads it ---- */

struct row { struct lp_live_function f; size_t name, object, patch; }; /* where the texts begin */
struct copy { struct row *v; size_t n, cap; struct lp_buf text; bool failed; };

static size_t keep(struct copy *c, const char *text)
{
    size_t at = c->text.len;
    lp_buf_add(&c->text, text, strlen(text) + 1);
    return at;
}

static void add(struct copy *c, const struct lp_live_function *f, const char *name, size_t object, const char *patch)
{
    struct row *v = lp_grow(c->v, &c->cap, c->n, sizeof *v);
    if (!v) {
        c->failed = true;
        return;
    }
    c->v = v;
    v[c->n++] = (struct row){*f, keep(c, name), object, keep(c, patch ? patch : "")};
}

static void add_object(struct copy *c, const struct lp_target *t, const struct changed *v, size_t n, bool changed_only)
{
    size_t count, object = keep(c, t->name);
    const struct lp_elf_symbol *s = lp_elf_symbols(t->elf, &count);
    for (size_t k = 0; k < count; k++) {
        if (s[k].type != STT_FUNC && s[k].type != STT_GNU_IFUNC) continue;
        struct lp_live_function f = {.addr = s[k].value + t->bias, .size = s[k].size};
        const char *patch = look_inside(&f, v, n);
        if (patch || !changed_only) add(c, &f, s[k].name, object, patch);
    }
}

/* Functions that the object did not have. */
static void add_new(struct copy *c, const struct lp_applied *a)
{
    for (size_t i = 0; i < a->plan.ndef; i++) {
        const struct lp_def *d = &a->plan.def[i];
        if (d->item->kind != LP_ITEM_FUNC || !d->item->func->is_new || a->plan.region[d->region].left) continue;
        struct lp_live_function f = {.addr = d->addr, .size = d->item->func->size};
        add(c, &f, d->name, keep(c, a->plan.region[d->region].target->name), a->patch->name);
    }
}

/* An object that is not opened yet need not be opened for nothing. */
static bool any_inside(const struct lp_target *t, const struct changed *v, size_t n)
{
    for (size_t i = 0; i < n && t->end; i++)
        if (v[i].addr >= t->start && v[i].addr < t->end) return true;
    return !t->end;
}

static void fill(struct lp_live *live, struct copy *c, bool changed_only)
{
    size_t n;
    struct changed *v = all_changed(live, &n);
    c->failed = !v;
    for (size_t i = 0; i < live->objects.n && v; i++) {
        struct lp_target *t = live->objects.v[i];
        if (!t->gone && (!changed_only || any_inside(t, v, n)) && lp_target_open(t, live->mem)) add_object(c, t, v, n, changed_only);
    }
    for (const struct lp_applied *a = live->newest; a; a = a->older) add_new(c, a);
    free(v);
}

static int by_address(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->f.addr != y->f.addr) return x->f.addr < y->f.addr ? -1 : 1;
    return (x->name > y->name) - (x->name < y->name);
}

lp_status lp_live_functions(struct lp_live *live, bool changed_only, int (*fn)(void *ctx, const struct lp_live_function *row), void *ctx, struct lp_error *err)
{
    struct copy c = {.v = NULL};
    pthread_mutex_lock(&live->lock);
    lp_live_look(live);
    fill(live, &c, changed_only);
    pthread_mutex_unlock(&live->lock);
    bool good = !c.failed && !c.text.failed;
    if (good && c.n) qsort(c.v, c.n, sizeof *c.v, by_address);
    for (size_t i = 0; i < c.n && good; i++) {
        struct row *r = &c.v[i];
        r->f.name = c.text.data + r->name, r->f.object = c.text.data + r->object;
        r->f.patch = c.text.data[r->patch] ? c.text.data + r->patch : NULL;
        if (fn(ctx, &r->f)) break;
    }
    lp_buf_free(&c.text);
    free(c.v);
    return good ? LP_OK : lp_fail(err, LP_E_NOMEM, "out of memory");
}
