/* patch/plan.c - binding a patch to objects and checking it against what is there. */
#include <config.h>
#include "base/bits.h"
#include "patch/plan.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* That a patch cannot be had at all is worse than that it does not fit, whichever comes first (lpapply(1)). */
static bool is_worse(lp_status s, lp_status than)
{
    return lp_status_class(than) == LP_CLASS_refused && lp_status_class(s) != LP_CLASS_refused;
}

static void deliver(struct lp_plan *pl, uint32_t line, struct lp_error *e)
{
    lp_at(e, pl->patch->file, line, 0);
    e->other = pl->other, pl->other = 0;
    if (pl->errors++ == 0 || is_worse(e->status, pl->status)) {
        pl->status = e->status;
        if (pl->err) *pl->err = *e;
    }
    if (pl->report && pl->errors <= LP_PATCH_ERRORS) pl->report(pl->ctx, e);
}

void lp_plan_fail(struct lp_plan *pl, uint32_t line, lp_status s, const char *fmt, ...)
{
    struct lp_error e;
    va_list ap;
    va_start(ap, fmt);
    lp_vfail(&e, s, fmt, ap);
    va_end(ap);
    deliver(pl, line, &e);
}

void lp_plan_fail_as(struct lp_plan *pl, uint32_t line, const struct lp_error *why, const char *fmt, ...)
{
    struct lp_error e;
    va_list ap;
    va_start(ap, fmt);
    lp_vfail(&e, why->status, fmt, ap);
    va_end(ap);
    memcpy(e.hint, why->hint, sizeof e.hint);
    deliver(pl, line, &e);
}

bool lp_plan_writes_at(const struct lp_plan *pl, uint64_t addr)
{
    for (size_t i = 0; i < pl->nwrite; i++)
        if (addr - pl->write[i].addr < pl->write[i].len) return true;
    return false;
}

bool lp_target_named(const struct lp_space *s, struct lp_target *t, const char *name)
{
    if (strcmp(name, "*") == 0) return t->main;
    if (t->gone) return false;
    if (strcmp(t->name, name) == 0) return true;
    const char *soname = s->soname(s->ctx, t);
    return soname && strcmp(soname, name) == 0;
}

static void hex_or_none(char out[129], const uint8_t *id, size_t len)
{
    if (id) lp_hex(out, id, len);
    else strcpy(out, "none");
}

/* Is the file's build-id the object's, or does it begin with as much of one as will do? */
static bool is_build(const struct lp_object *o, const struct lp_elf_info *info)
{
    const size_t n = o->build_id_len;
    if (!info->build_id || n > info->build_id_len || (n < info->build_id_len && n < LP_BUILD_ID_LEAST)) return false;
    return memcmp(o->build_id, info->build_id, n) == 0;
}

static void fail_build(struct lp_plan *pl, const struct lp_object *o, const struct lp_target *t, const struct lp_elf_info *info)
{
    char have[129], want[129];
    const bool begins = info->build_id && o->build_id_len < info->build_id_len && memcmp(o->build_id, info->build_id, o->build_id_len) == 0;
    hex_or_none(have, info->build_id, info->build_id_len), hex_or_none(want, o->build_id, o->build_id_len);
    if (begins) lp_plan_fail(pl, o->line, LP_E_BINDING, "object `%s`: build-id is %s, of which the patch says too little: %s; the first %d digits will do",
                             t->name, have, want, 2 * LP_BUILD_ID_LEAST);
    else lp_plan_fail(pl, o->line, LP_E_BINDING, "object `%s`: build-id is %s, the patch was made for %s", t->name, have, want);
}

static bool bound_well(struct lp_plan *pl, const struct lp_object *o, struct lp_target *t)
{
    if (!pl->space->open(pl->space->ctx, t)) {
        lp_plan_fail(pl, o->line, LP_E_BINDING, "object `%s` cannot be read: %s", t->name, t->why ? t->why : "out of memory");
        return false;
    }
    const struct lp_elf_info *info = lp_elf_info(t->elf);
    char have[129], want[129];
    if (o->build_id && !is_build(o, info)) return fail_build(pl, o, t, info), false;
    uint8_t sha[32];
    if (!o->sha256) return true;
    if (t->from_memory) {
        lp_plan_fail(pl, o->line, LP_E_BINDING, "object `%s`: its file is another one by now, so its sha256 is not known; bind the patch by build-id", t->name);
        return false;
    }
    lp_elf_sha256(t->elf, sha);
    if (memcmp(sha, o->sha256, 32) == 0) return true;
    hex_or_none(have, sha, 32), hex_or_none(want, o->sha256, 32);
    lp_plan_fail(pl, o->line, LP_E_BINDING, "object `%s`: the file's sha256 is %s, the patch was made for %s", t->name, have, want);
    return false;
}

/* The first that is called so and is relocated; the main program and its loader count from the start. */
static struct lp_target *find_target(struct lp_plan *pl, const char *name)
{
    const struct lp_space *s = pl->space;
    for (size_t i = 0; i < s->ntarget; i++)
        if (lp_target_named(s, s->target[i], name) && (s->target[i]->fixed || s->ready(s->ctx, s->target[i]))) return s->target[i];
    return NULL;
}

/* Its file may be called otherwise than where the patch was made: a link led to it, or it has been renamed. */
static bool is_renamed(const struct lp_space *s, struct lp_target *t, const struct lp_object *o)
{
    uint8_t sha[32];
    if (!t->main || (!o->build_id && !o->sha256) || !s->open(s->ctx, t)) return false;
    const struct lp_elf_info *info = lp_elf_info(t->elf);
    if (o->build_id && !is_build(o, info)) return false;
    if (o->sha256 && !t->from_memory) lp_elf_sha256(t->elf, sha);
    return !o->sha256 || (!t->from_memory && memcmp(sha, o->sha256, 32) == 0);
}

bool lp_target_is(const struct lp_space *s, struct lp_target *t, const struct lp_object *o)
{
    return lp_target_named(s, t, o->name) || is_renamed(s, t, o);
}

static void not_here(struct lp_plan *pl, const struct lp_object *obj)
{
    char names[300] = "nothing";
    size_t len = 0;
    for (size_t i = 0; i < pl->space->ntarget && len < sizeof names - 1; i++)
        if (!pl->space->target[i]->gone)
            len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", len ? ", " : "", pl->space->target[i]->name);
    lp_plan_fail(pl, obj->line, LP_E_BINDING, "object `%s` is not here (found: %s)", obj->name, names);
}

static void bind_object(struct lp_plan *pl, size_t o)
{
    const struct lp_object *obj = &pl->patch->object[o];
    bool all = pl->how.only == LP_PLAN_ALL, may_come = pl->how.optional || (pl->how.wait && pl->how.loads);
    if (!all && (size_t)pl->how.only != o) return;
    if (pl->waits[o]) return;
    pl->bound[o] = all ? find_target(pl, obj->name) : pl->how.at;
    for (size_t i = 0; i < pl->space->ntarget && !pl->bound[o]; i++)
        if (is_renamed(pl->space, pl->space->target[i], obj)) pl->bound[o] = pl->space->target[i];
    if (pl->bound[o]) (void)bound_well(pl, obj, pl->bound[o]);
    else if (obj->optional || (may_come && strstr(obj->name, ".so")) || pl->space->disk) pl->waits[o] = true;
    else not_here(pl, obj);
}

static void bind(struct lp_plan *pl)
{
    const struct lp_patch *p = pl->patch;
    const struct lp_space *s = pl->space;
    pl->bound = pl->bound ? pl->bound : calloc(p->nobject + 1, sizeof(struct lp_target *));
    pl->waits = pl->waits ? pl->waits : calloc(p->nobject + 1, sizeof *pl->waits);
    if (!pl->bound || !pl->waits) {
        lp_plan_fail(pl, 0, LP_E_NOMEM, "out of memory");
        return;
    }
    for (size_t i = 0; i < s->ntarget && p->seed; i++)
        if (s->target[i]->main && s->open(s->ctx, s->target[i])) pl->bound[0] = s->target[i];
    for (size_t o = 0; o < p->nobject; o++) bind_object(pl, o);
    bool any = p->seed || !p->nobject || !s->disk; /* a file is one of the objects that the patch is for */
    for (size_t o = 0; o < p->nobject && !any; o++) any = pl->bound[o];
    if (!any) not_here(pl, &p->object[0]);
}

static bool program_ready(struct lp_plan *pl)
{
    for (size_t i = 0; i < pl->space->ntarget; i++)
        if (pl->space->target[i]->main) return pl->space->ready(pl->space->ctx, pl->space->target[i]);
    return true;
}

bool lp_plan_place(struct lp_plan *pl, const struct lp_item *it, const struct lp_elf_symbol **out, uint64_t *addr)
{
    const struct lp_target *t = pl->bound[it->object];
    const struct lp_elf_symbol *sym = NULL;
    struct lp_error why;
    const char *hint = t->from_memory ? "; its file is another one by now, and only exported symbols are known" : "";
    *addr = it->place.off + t->bias;
    if (it->place.symbol) {
        lp_status s = lp_elf_find(t->elf, it->place.symbol, &sym, &why);
        if (s != LP_OK) {
            if (pl->space->disk && s == LP_E_SYMBOL && strstr(it->place.symbol, ".lpatch"))
                lp_hint(&why, "what a patch has brought to a file no other patch changes there: change the patch, or take it out first");
            lp_plan_fail_as(pl, it->line, &why, "%s: %s%s", t->name, why.text, hint);
            return false;
        }
        if (sym->type == 6) {
            lp_plan_fail(pl, it->line, LP_E_UNSUPPORTED, "`%s` is thread-local: each thread has its own, which no patch reaches", it->place.symbol);
            return false;
        }
        *addr = sym->value + t->bias;
        if (it->kind == LP_ITEM_SET && lp_plan_copied(pl, t, sym, addr) && !program_ready(pl)) {
            lp_plan_later(pl, t, it->line, "the program's copy of a variable");
            return false;
        }
        *addr += it->place.off;
    }
    if (out) *out = sym;
    if (it->kind == LP_ITEM_SET || it->kind == LP_ITEM_DATA || !(*addr & 3)) return true;
    lp_plan_fail(pl, it->line, LP_E_ADDRESS, "0x%llx is no multiple of 4", (unsigned long long)*addr);
    return false;
}

void lp_plan_where(const struct lp_space *s, uint64_t addr, char *buf, size_t size)
{
    for (size_t i = 0; i < s->ntarget; i++) {
        const struct lp_target *t = s->target[i];
        bool inside = t->end ? addr >= t->start && addr < t->end : true; /* a file has no extent */
        const struct lp_elf_symbol *sym = inside && t->elf && !t->gone ? lp_elf_symbol_at(t->elf, addr - t->bias) : NULL;
        if (!inside || t->gone || (!sym && t->main && !t->end)) continue;
        uint64_t off = addr - t->bias - (sym ? sym->value : 0);
        int n = t->main && sym ? 0 : snprintf(buf, size, "%.100s:", t->name);
        snprintf(buf + n, size - (size_t)n, sym && !off ? "%.80s" : sym ? "%.80s+0x%llx" : "%.0s0x%llx", sym ? sym->name : "", (unsigned long long)off);
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
        pl->other = a->line;
        lp_plan_fail(pl, b->line, LP_E_OVERLAP, "%s: this place overlaps the one in line %u", where, a->line);
    }
}

/* What an earlier layout left; the slots are how many the next one needs. */
static void clear_layout(struct lp_plan *pl)
{
    pl->nwrite = pl->nregion = pl->ndef = pl->ndyn = 0;
    pl->again = false;
    free(pl->by_name);
    pl->by_name = NULL;
}

/* Laid out again when slots are missing, which shows only at the end, or when an object is to wait for the dynamic linker. */
lp_status lp_plan_make(struct lp_plan *pl, const lp_patch *p, const struct lp_space *space, const struct lp_plan_how *how, lp_report_fn report,
                       void *ctx, struct lp_error *err)
{
    enum { LAYOUTS = 8 };
    *pl = (struct lp_plan){.patch = p, .space = space, .report = report, .ctx = ctx, .err = err, .how = {.only = LP_PLAN_ALL}};
    if (how) pl->how = *how;
    bind(pl);
    for (int i = 0; i < LAYOUTS && !pl->errors && (i == 0 || pl->again); i++) {
        clear_layout(pl);
        for (size_t o = 0; o < p->nobject; o++)
            if (pl->waits[o]) pl->bound[o] = NULL;
        lp_plan_regions(pl);
        if (!pl->errors) lp_plan_writes(pl);
    }
    if (!pl->errors && pl->again) lp_plan_fail(pl, 0, LP_E_RANGE, "no place for the veneers and slots that the new code needs");
    if (!pl->errors) check_overlaps(pl);
    if (!pl->errors) lp_plan_quiet(pl);
    return pl->errors ? pl->status : LP_OK;
}

static void wrong_content(struct lp_plan *pl, const struct lp_write *w)
{
    char where[200], have[33], want[33];
    struct lp_error e;
    uint32_t at = 0;
    while (at < w->len && w->old_bytes[at] == w->saved[at]) at++;
    if (w->code) at &= ~3u;
    lp_plan_where(pl->space, w->addr + at, where, sizeof where);
    if (w->code) {
        uint32_t h, n;
        h = lp_le32(w->saved + at), n = lp_le32(w->old_bytes + at);
        lp_fail(&e, LP_E_OLD_WORD, "%s: found %08x, patch expects %08x", where, h, n);
    } else {
        uint32_t n = w->len - at < 16 ? w->len - at : 16;
        lp_hex(have, w->saved + at, n), lp_hex(want, w->old_bytes + at, n);
        lp_fail(&e, LP_E_OLD_WORD, "%s: found bytes %s, patch expects %s", where, have, want);
    }
    const lp_patch *other = pl->space->owner ? pl->space->owner(pl->space->ctx, pl, w->addr + at) : NULL;
    if (other) lp_hint(&e, "that is of the patch `%.100s`: revert it first, or let this one replace it (`replaces` in lpatch(5))", lp_patch_name(other));
    deliver(pl, w->line, &e);
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
    free(pl->bound), free(pl->waits), free(pl->slot), free(pl->dyn), free(pl->import), free(pl->scope);
    free(pl->write), free(pl->quiet), free(pl->region), free(pl->def), free(pl->by_name);
    for (struct lp_arena_chunk *c = pl->pool.arena, *next; c; c = next) next = c->next, free(c);
    *pl = (struct lp_plan){0};
}
