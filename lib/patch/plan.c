/* patch/plan.c - binding a patch to objects and checking it against what is there. */
#include <config.h>
#include "patch/plan.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lp_plan_fail(struct lp_plan *pl, uint32_t line, lp_status s, const char *fmt, ...)
{
    char text[560];
    struct lp_error e;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    lp_fail(&e, s, "%s", text);
    lp_at(&e, pl->patch->file, line, 0);
    if (pl->errors++ == 0) {
        pl->status = s;
        if (pl->err) *pl->err = e;
    }
    if (pl->report && pl->errors <= LP_PATCH_ERRORS) pl->report(pl->ctx, &e);
}

static bool named(const struct lp_target *t, const char *name)
{
    const char *soname = lp_elf_info(t->elf)->soname;
    if (strcmp(name, "*") == 0) return t->main;
    return strcmp(t->name, name) == 0 || (soname && strcmp(soname, name) == 0);
}

static void hex_or_none(char out[129], const uint8_t *id, size_t len)
{
    if (id) lp_hex(out, id, len);
    else strcpy(out, "none");
}

static bool bound_well(struct lp_plan *pl, const struct lp_object *o, const struct lp_target *t)
{
    const struct lp_elf_info *info = lp_elf_info(t->elf);
    char have[129], want[129];
    if (o->build_id && (o->build_id_len != info->build_id_len || memcmp(o->build_id, info->build_id, o->build_id_len) != 0)) {
        hex_or_none(have, info->build_id, info->build_id_len), hex_or_none(want, o->build_id, o->build_id_len);
        lp_plan_fail(pl, o->line, LP_E_BINDING, "object `%s`: build-id is %s, the patch was made for %s", t->name, have, want);
        return false;
    }
    uint8_t sha[32];
    if (!o->sha256) return true;
    lp_elf_sha256(t->elf, sha);
    if (memcmp(sha, o->sha256, 32) == 0) return true;
    hex_or_none(have, sha, 32), hex_or_none(want, o->sha256, 32);
    lp_plan_fail(pl, o->line, LP_E_BINDING, "object `%s`: the file's sha256 is %s, the patch was made for %s", t->name, have, want);
    return false;
}

static void bind(struct lp_plan *pl)
{
    const struct lp_patch *p = pl->patch;
    const struct lp_space *s = pl->space;
    pl->bound = calloc(p->nobject + 1, sizeof *pl->bound);
    if (!pl->bound) {
        lp_plan_fail(pl, 0, LP_E_NOMEM, "out of memory");
        return;
    }
    for (size_t i = 0; i < s->ntarget && p->seed; i++)
        if (s->target[i].main) pl->bound[0] = &s->target[i];
    for (size_t o = 0; o < p->nobject; o++) {
        const struct lp_object *obj = &p->object[o];
        for (size_t i = 0; i < s->ntarget && !pl->bound[o]; i++)
            if (named(&s->target[i], obj->name)) pl->bound[o] = &s->target[i];
        if (pl->bound[o] && !bound_well(pl, obj, pl->bound[o])) continue;
        if (!pl->bound[o] && !obj->optional)
            lp_plan_fail(pl, obj->line, LP_E_BINDING, "object `%s` is not here (found: %s%s)", obj->name, s->ntarget ? s->target[0].name : "nothing",
                         s->ntarget > 1 ? ", ..." : "");
    }
}

/* Symbols of the patch first, then the object's. */
bool lp_plan_expr(struct lp_plan *pl, const struct lp_target *t, uint32_t line, const struct lp_expr *e, uint64_t *value)
{
    if (!e->symbol) return *value = e->addr + t->bias + (uint64_t)e->addend, true;
    size_t lo = 0, hi = pl->ndef;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = strcmp(pl->by_name[mid]->name, e->symbol);
        if (c == 0) return *value = pl->by_name[mid]->addr + (uint64_t)e->addend, true;
        if (c < 0) lo = mid + 1;
        else hi = mid;
    }
    const struct lp_elf_symbol *sym;
    struct lp_error why;
    lp_status s = lp_elf_find(t->elf, e->symbol, &sym, &why);
    if (s != LP_OK) {
        lp_plan_fail(pl, line, s, "%s: %s", t->name, why.text);
        return false;
    }
    if (sym->type == 6 || sym->type == 10) { /* STT_TLS, STT_GNU_IFUNC: the address is known at run time only */
        lp_plan_fail(pl, line, LP_E_UNSUPPORTED, "`%s` is %s: not applicable in this version", e->symbol,
                sym->type == 6 ? "thread-local" : "an IFUNC");
        return false;
    }
    *value = sym->value + t->bias + (uint64_t)e->addend;
    return true;
}

bool lp_plan_place(struct lp_plan *pl, const struct lp_item *it, const struct lp_elf_symbol **out, uint64_t *addr)
{
    const struct lp_target *t = pl->bound[it->object];
    const struct lp_elf_symbol *sym = NULL;
    struct lp_error why;
    *addr = it->place.off + t->bias;
    if (it->place.symbol) {
        lp_status s = lp_elf_find(t->elf, it->place.symbol, &sym, &why);
        if (s != LP_OK) {
            lp_plan_fail(pl, it->line, s, "%s: %s", t->name, why.text);
            return false;
        }
        if (sym->type == 6) {
            lp_plan_fail(pl, it->line, LP_E_UNSUPPORTED, "`%s` is thread-local: not applicable in this version", it->place.symbol);
            return false;
        }
        *addr = sym->value + it->place.off + t->bias;
    }
    if (out) *out = sym;
    if (it->kind == LP_ITEM_SET || !(*addr & 3)) return true;
    lp_plan_fail(pl, it->line, LP_E_ADDRESS, "0x%llx is no multiple of 4", (unsigned long long)*addr);
    return false;
}

void lp_plan_where(const struct lp_space *s, uint64_t addr, char *buf, size_t size)
{
    for (size_t i = 0; i < s->ntarget; i++) {
        const struct lp_elf_symbol *sym = lp_elf_symbol_at(s->target[i].elf, addr - s->target[i].bias);
        if (!sym) continue;
        uint64_t off = addr - s->target[i].bias - sym->value;
        snprintf(buf, size, off ? "%.150s+0x%llx" : "%.150s", sym->name, (unsigned long long)off);
        return;
    }
    snprintf(buf, size, "0x%llx", (unsigned long long)addr);
}

static int by_addr(const void *a, const void *b)
{
    const struct lp_write *x = a, *y = b;
    return x->addr != y->addr ? (x->addr < y->addr ? -1 : 1) : (x->line > y->line) - (x->line < y->line);
}

/* Places that the text names differently can still be the same bytes. */
static void check_overlaps(struct lp_plan *pl)
{
    if (pl->nwrite) qsort(pl->write, pl->nwrite, sizeof *pl->write, by_addr);
    for (size_t i = 1; i < pl->nwrite; i++) {
        const struct lp_write *a = &pl->write[i - 1], *b = &pl->write[i];
        char where[200];
        if (b->addr - a->addr >= a->len) continue;
        lp_plan_where(pl->space, b->addr, where, sizeof where);
        lp_plan_fail(pl, b->line, LP_E_OVERLAP, "%s: this place overlaps the one in line %u", where, a->line);
    }
}

lp_status lp_plan_make(struct lp_plan *pl, const lp_patch *p, const struct lp_space *space, lp_report_fn report, void *ctx, struct lp_error *err)
{
    *pl = (struct lp_plan){.patch = p, .space = space, .report = report, .ctx = ctx, .err = err};
    bind(pl);
    if (pl->errors) return pl->status;
    lp_plan_regions(pl);
    if (!pl->errors) lp_plan_writes(pl);
    if (!pl->errors) check_overlaps(pl);
    return pl->errors ? pl->status : LP_OK;
}

static void wrong_content(struct lp_plan *pl, const struct lp_write *w)
{
    char where[200], have[33], want[33];
    uint32_t at = 0;
    while (at < w->len && w->old_bytes[at] == w->saved[at]) at++;
    if (w->code) at &= ~3u;
    lp_plan_where(pl->space, w->addr + at, where, sizeof where);
    if (w->code) {
        uint32_t h, n;
        memcpy(&h, w->saved + at, 4), memcpy(&n, w->old_bytes + at, 4);
        lp_plan_fail(pl, w->line, LP_E_OLD_WORD, "%s: found %08x, patch expects %08x", where, h, n);
        return;
    }
    uint32_t n = w->len - at < 16 ? w->len - at : 16;
    lp_hex(have, w->saved + at, n), lp_hex(want, w->old_bytes + at, n);
    lp_plan_fail(pl, w->line, LP_E_OLD_WORD, "%s: found bytes %s, patch expects %s", where, have, want);
}

static void unreadable(struct lp_plan *pl, const struct lp_write *w)
{
    lp_plan_fail(pl, w->line, LP_E_ADDRESS, "0x%llx is not in the program's memory", (unsigned long long)w->addr);
}

lp_status lp_plan_verify(struct lp_plan *pl, bool *already)
{
    size_t olds = 0, news = 0, first_new = SIZE_MAX, first_old = SIZE_MAX;
    for (size_t i = 0; i < pl->nwrite; i++) {
        struct lp_write *w = &pl->write[i];
        if (!(w->saved = lp_patch_alloc(&pl->pool, w->len))) return lp_plan_fail(pl, 0, LP_E_NOMEM, "out of memory"), LP_E_NOMEM;
        if (pl->space->read(pl->space->ctx, w->addr, w->saved, w->len) != 0) {
            unreadable(pl, w);
            continue;
        }
        bool is_new = memcmp(w->saved, w->new_bytes, w->len) == 0, is_old = w->old_bytes ? memcmp(w->saved, w->old_bytes, w->len) == 0 : !is_new;
        w->state = (uint8_t)((is_old ? LP_WRITE_OLD : 0) | (is_new ? LP_WRITE_NEW : 0));
        if (!is_old && !is_new) wrong_content(pl, w);
        if (is_old && !is_new) olds++, first_old = first_old == SIZE_MAX ? i : first_old;
        if (is_new && !is_old && w->old_bytes) news++, first_new = first_new == SIZE_MAX ? i : first_new;
    }
    if (pl->errors) return pl->status;
    *already = olds == 0;
    if (!olds || !news) return LP_OK;
    char a[200], b[200];
    lp_plan_where(pl->space, pl->write[first_new].addr, a, sizeof a);
    lp_plan_where(pl->space, pl->write[first_old].addr, b, sizeof b);
    lp_plan_fail(pl, pl->write[first_new].line, LP_E_PARTLY,
            "partly applied: %s has the new content, %s the old (%zu of %zu places are new)", a, b, news,
                 pl->nwrite);
    return LP_E_PARTLY;
}

void lp_plan_free(struct lp_plan *pl)
{
    free(pl->bound), free(pl->write), free(pl->region), free(pl->def), free(pl->by_name);
    for (struct lp_arena_chunk *c = pl->pool.arena, *next; c; c = next) next = c->next, free(c);
    *pl = (struct lp_plan){0};
}
