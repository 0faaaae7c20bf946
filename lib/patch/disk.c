/* patch/disk.c - patches in ELF files. A patched file is made anew each time, of the file as it was (elf/record.c) and all patches that it shall
 * have, in their order: so the same patches give the same bytes however they came, and the last one that leaves gives back the old file. */
#include <config.h>
#include "patch/disk.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "elf/put.h"
#include "elf/dynamic.h"

#include <stdlib.h>
#include <string.h>

static lp_status fail(struct lp_disk *d, const char *where, unsigned line, lp_status s, const char *fmt, ...) LP_PRINTF(5, 6);
static lp_status fail(struct lp_disk *d, const char *where, unsigned line, lp_status s, const char *fmt, ...)
{
    struct lp_error e;
    va_list ap;
    va_start(ap, fmt);
    lp_vfail(&e, s, fmt, ap);
    va_end(ap);
    lp_at(&e, where, line, 0);
    if (d->report) d->report(d->ctx, &e);
    if (d->err) *d->err = e;
    return s;
}

static lp_status nomem(struct lp_disk *d) { return fail(d, NULL, 0, LP_E_NOMEM, "out of memory"); }

/* ---- the space that the plans see: the old file as it is in memory, with the patches so far ---- */

/* Of the view: the bytes of a place in the file; NULL with *avail = 0: it is not in memory, or has none. */
static uint8_t *view_at(const struct lp_disk *d, uint64_t addr, uint64_t *avail)
{
    const uint8_t *p = lp_elf_at(d->elf, addr, avail);
    return p ? d->view + (p - d->elf->image) : (*avail = 0, NULL);
}

static int read_view(void *ctx, uint64_t addr, void *buf, size_t len)
{
    const struct lp_disk *d = ctx;
    uint64_t avail;
    if (lp_elf_read(d->elf, addr, buf, len, NULL) != LP_OK) return -1;
    for (uint8_t *out = buf; len;) { /* where the file ends, memory is 0, as it was read */
        const uint8_t *p = view_at(d, addr, &avail);
        size_t n = p && avail < len ? (size_t)avail : len;
        if (!p) break;
        memcpy(out, p, n);
        out += n, addr += n, len -= n;
    }
    return 0;
}

static uint64_t place(void *ctx, const struct lp_plan *pl, struct lp_region *r, uint64_t len)
{
    (void)pl, (void)r;
    const struct lp_disk *d = ctx;
    return d->next && len < UINT64_MAX / 2 - d->next ? d->next : 0;
}

static struct lp_disk_kind kind_of(const lp_elf *e)
{
    const struct lp_elf_info *info = lp_elf_info(e);
    const struct lp_dynamic *d = lp_elf_dynamic_part(e);
    return (struct lp_disk_kind){info->type == ET_DYN, d->library, d->at != 0};
}

/* Words of data with the address of what the file exports itself: its own, unless another object's is in front. A patch expects it by name. */
static void view_own(struct lp_disk *d)
{
    const struct lp_dynamic *dyn = lp_elf_dynamic_part(d->elf);
    uint64_t avail;
    for (size_t i = 0; i < dyn->nrel; i++) {
        const struct lp_dynrel *r = &dyn->rel[i];
        if (r->type != R_AARCH64_ABS64 || !r->sym || r->sym->shndx == SHN_UNDEF || r->sym->type == STT_GNU_IFUNC) continue;
        uint8_t *p = view_at(d, r->at, &avail);
        if (p && avail >= 8) lp_put64(p, r->sym->value + (uint64_t)r->addend);
    }
}

/* As the dynamic linker leaves it at address 0. */
static bool make_view(struct lp_disk *d)
{
    const struct lp_dynfixes f = lp_elf_dynfixes(d->elf);
    uint64_t avail;
    if (!(d->view = malloc(d->elf->size + 1))) return false;
    memcpy(d->view, d->elf->image, d->elf->size);
    for (size_t i = 0; i < f.n; i++) {
        uint8_t *p = view_at(d, f.v[i].at, &avail);
        if (p && avail >= 8) lp_put64(p, f.v[i].value);
    }
    view_own(d);
    return true;
}

/* ---- the list of patches ---- */

static struct lp_disk_item *add_item(struct lp_disk *d, const lp_patch *p, lp_patch *own)
{
    struct lp_disk_item *v = lp_grow(d->item, &d->item_cap, d->nitem, sizeof *v);
    if (!v) return NULL;
    d->item = v;
    v[d->nitem] = (struct lp_disk_item){.patch = p, .own = own};
    return &v[d->nitem++];
}

static struct lp_disk_item *find(const struct lp_disk *d, const char *name)
{
    for (size_t i = 0; i < d->nitem; i++)
        if (!d->item[i].leaves && strcmp(lp_patch_name(d->item[i].patch), name) == 0) return &d->item[i];
    return NULL;
}

/* The patches that the file has. */
static lp_status load_kept(struct lp_disk *d, const lp_elf *elf)
{
    size_t n;
    lp_status s = LP_OK;
    struct lp_elf_kept *v = lp_elf_kept(elf, &n);
    for (size_t i = 0; i < n && s == LP_OK; i++) {
        lp_patch *p = NULL;
        s = lp_patch_parse(v[i].file, v[i].text, v[i].len, LP_PATCH_RAW | LP_PATCH_NO_DIGEST | LP_PATCH_LENIENT, NULL, NULL, &p, d->err);
        if (s == LP_OK && !add_item(d, p, p)) lp_patch_free(p), s = nomem(d);
    }
    free(v);
    return s;
}

static const lp_patch *owner(void *ctx, const struct lp_plan *pl, uint64_t addr)
{
    const struct lp_disk *d = ctx;
    for (size_t i = d->nitem; i--;)
        if (&d->item[i].plan != pl && !d->item[i].leaves && lp_plan_writes_at(&d->item[i].plan, addr)) return d->item[i].patch;
    return NULL;
}

static lp_status begin(struct lp_disk *d, const lp_elf *elf)
{
    lp_status s = LP_OK;
    d->elf = elf;
    if (lp_elf_is_extended(elf)) {
        s = lp_elf_original(elf, &d->opened, d->err);
        if (s == LP_OK) d->elf = d->opened, s = load_kept(d, elf);
    }
    if (s != LP_OK) return s;
    if (!make_view(d)) return nomem(d);
    d->kind = kind_of(d->elf);
    d->next = lp_elf_end(d->elf);
    lp_file_space(&d->file, d->elf);
    d->file.space.ctx = d;
    d->file.space.read = read_view;
    d->file.space.place = place;
    d->file.space.owner = owner;
    d->file.space.disk = &d->kind;
    return LP_OK;
}

static void end(struct lp_disk *d)
{
    for (size_t i = 0; i < d->nitem; i++) {
        lp_plan_free(&d->item[i].plan);
        lp_patch_free(d->item[i].own);
    }
    free(d->item), free(d->view);
    lp_disk_more_free(d);
    lp_elf_close(d->opened);
}

/* ---- relations ---- */

static const struct lp_disk_item *present(const struct lp_disk *d, const struct lp_relation *r, const lp_patch *self)
{
    const struct lp_disk_item *it = find(d, r->name);
    return it && it->patch != self && lp_relation_met(r, it->patch->name, it->patch->version) ? it : NULL;
}

/* What it means leaves with this call: who asked for that has no file of the patch that stays. */
static bool leaves(const struct lp_disk *d, const struct lp_relation *r)
{
    for (size_t i = 0; i < d->nitem; i++)
        if (d->item[i].leaves && lp_relation_met(r, d->item[i].patch->name, d->item[i].patch->version)) return true;
    return false;
}

static lp_status still_required(struct lp_disk *d, const lp_patch *p, const struct lp_relation *r)
{
    return fail(d, r->name, 0, LP_E_RELATION, "the applied patch `%s` requires it: revert that one first, or both by one call", p->name);
}

static lp_status check_relations(struct lp_disk *d)
{
    lp_status s = LP_OK;
    for (size_t i = 0; i < d->nitem; i++)
        for (size_t k = 0; k < d->item[i].patch->nrelation && !d->item[i].leaves; k++) {
            const lp_patch *p = d->item[i].patch;
            const struct lp_relation *r = &p->relation[k];
            bool hit = present(d, r, p) != NULL;
            if (r->kind == LP_REQUIRES && !hit && d->item[i].own && leaves(d, r)) s = still_required(d, p, r);
            else if (r->kind == LP_REQUIRES && !hit)
                s = fail(d, p->file, r->line, LP_E_RELATION, "patch `%s` requires `%s%s%s%s%s`, which is not applied", p->name, r->name, r->op ? " " : "",
                         r->op ? r->op : "", r->op ? " " : "", r->version ? r->version : "");
            if (r->kind == LP_CONFLICTS && hit)
                s = fail(d, p->file, r->line, LP_E_RELATION, "patch `%s` conflicts with `%s`, which is applied", p->name, r->name);
        }
    return s;
}

static bool same_text(const lp_patch *a, const lp_patch *b) { return a->text_len == b->text_len && memcmp(a->text, b->text, a->text_len) == 0; }

static void leave(struct lp_disk *d, struct lp_disk_item *it)
{
    it->leaves = true;
    d->result->reverted += it->own != NULL;
}

/* Patches of this call join the list; those that they replace leave it. */
static lp_status join(struct lp_disk *d, const lp_patch *p)
{
    if (!p->nitem) return fail(d, p->file, 0, LP_E_SYNTAX, "the patch is empty"); /* of a pipe whose other end has failed, say */
    struct lp_disk_item *same = find(d, lp_patch_name(p)), *old;
    if (same && same_text(same->patch, p)) return d->result->already++, LP_OK;
    for (size_t k = 0; k < p->nrelation; k++) {
        const struct lp_relation *r = &p->relation[k];
        old = r->kind == LP_REPLACES ? find(d, r->name) : NULL;
        if (old && lp_relation_met(r, old->patch->name, old->patch->version)) leave(d, old);
    }
    if ((same = find(d, lp_patch_name(p)))) {
        lp_status s = fail(d, p->file, 0, LP_E_RELATION, "another patch named `%s`%s%s is applied", p->name, same->patch->version ? " version " : "",
                           same->patch->version ? same->patch->version : "");
        if (d->err) lp_hint(d->err, "revert it first, or say `replaces %s` in the new one", p->name);
        return s;
    }
    return add_item(d, p, NULL) ? LP_OK : nomem(d);
}

/* ---- one patch after the other ---- */

static void write_view(struct lp_disk *d, const struct lp_write *w)
{
    uint64_t avail;
    for (uint32_t at = 0; at < w->len;) {
        uint8_t *p = view_at(d, w->addr + at, &avail);
        uint32_t n = p && avail < w->len - at ? (uint32_t)avail : w->len - at;
        if (!p) return;
        memcpy(p, w->new_bytes + at, n);
        at += n;
    }
}

static lp_status plan_one(struct lp_disk *d, struct lp_disk_item *it)
{
    bool already = false;
    lp_file_space_for(&d->file, it->patch);
    lp_status s = lp_plan_make(&it->plan, it->patch, &d->file.space, NULL, d->report, d->ctx, d->err);
    if (s == LP_OK) s = lp_plan_verify(&it->plan, &already);
    if (s != LP_OK) return s;
    if (already && !it->own && !it->plan.nregion && it->plan.nwrite) {
        it->leaves = true;
        d->result->already++;
        return LP_OK;
    }
    if ((s = lp_disk_collect(d, it)) != LP_OK) return s;
    for (size_t i = 0; i < it->plan.nwrite; i++) write_view(d, &it->plan.write[i]);
    for (size_t i = 0; i < it->plan.nregion; i++) d->next += it->plan.region[i].code_len + it->plan.region[i].data_len;
    d->result->applied += !it->own;
    return LP_OK;
}

/* All problems of all new patches are told; an old one that does not fit lay on one that leaves. */
static lp_status plan_all(struct lp_disk *d)
{
    lp_status s = LP_OK, bad;
    for (size_t i = 0; i < d->nitem; i++) {
        struct lp_disk_item *it = &d->item[i];
        if (it->leaves) continue;
        lp_report_fn report = d->report;
        if (it->own) d->report = NULL;
        bad = plan_one(d, it);
        d->report = report;
        if (bad && it->own && bad != LP_E_NOMEM)
            return fail(d, lp_elf_info(d->elf)->name, 0, LP_E_ORDER, "patch `%s` lies on top of what is to leave", lp_patch_name(it->patch));
        if (bad && s == LP_OK) s = bad;
    }
    return s;
}

static lp_status build(struct lp_disk *d)
{
    size_t left = 0;
    bool changed = d->result->reverted > 0;
    for (size_t i = 0; i < d->nitem; i++) left += !d->item[i].leaves, changed |= !d->item[i].leaves && !d->item[i].own;
    if (!changed) return LP_OK;
    if (left) return lp_disk_write(d);
    if (!(d->result->image = malloc(d->elf->size + 1))) return nomem(d);
    memcpy(d->result->image, d->elf->image, d->result->size = d->elf->size);
    return LP_OK;
}

static lp_status finish(struct lp_disk *d, lp_status s)
{
    if (s == LP_OK) s = check_relations(d);
    if (s == LP_OK) s = plan_all(d);
    if (s == LP_OK) s = build(d);
    end(d);
    return s;
}

lp_status lp_disk_apply(const lp_elf *elf, const lp_patch *const *patches, size_t n, struct lp_disk_result *result, lp_report_fn report, void *ctx,
                        struct lp_error *err)
{
    struct lp_disk d = {.result = result, .report = report, .ctx = ctx, .err = err};
    *result = (struct lp_disk_result){0};
    lp_status s = begin(&d, elf);
    for (size_t i = 0; i < n && s == LP_OK; i++) s = join(&d, patches[i]);
    return finish(&d, s);
}

lp_status lp_disk_try(const lp_elf *elf, const lp_patch *p, lp_report_fn report, void (*idle)(void *ctx, uint32_t line), void *ctx)
{
    struct lp_disk_result result = {0};
    struct lp_disk d = {.result = &result, .report = report, .ctx = ctx};
    lp_status s = begin(&d, elf);
    if (s == LP_OK) s = add_item(&d, p, NULL) ? plan_all(&d) : nomem(&d);
    if (s == LP_OK) lp_plan_idle(&d.item[d.nitem - 1].plan, d.elf, idle, ctx);
    end(&d);
    return s;
}

lp_status lp_disk_revert(const lp_elf *elf, const char *const *names, size_t n, struct lp_disk_result *result, lp_report_fn report, void *ctx,
                         struct lp_error *err)
{
    struct lp_disk d = {.result = result, .report = report, .ctx = ctx, .err = err};
    *result = (struct lp_disk_result){0};
    lp_status s = begin(&d, elf), bad = LP_OK;
    for (size_t i = 0; i < d.nitem && s == LP_OK && n == 0; i++) leave(&d, &d.item[i]);
    for (size_t i = 0; i < n && s == LP_OK; i++) {
        struct lp_disk_item *it = find(&d, names[i]);
        if (it) leave(&d, it);
        else bad = fail(&d, lp_elf_info(elf)->name, 0, LP_E_NOT_APPLIED, "patch `%s` is not applied", names[i]);
    }
    return finish(&d, s ? s : bad);
}

static const char *meta(const lp_patch *p, const char *key)
{
    for (size_t i = 0; i < p->nmeta; i++)
        if (strcmp(p->meta[i].key, key) == 0) return p->meta[i].value;
    return NULL;
}

lp_status lp_disk_list(const lp_elf *elf, int (*fn)(void *ctx, const struct lp_disk_row *row), void *ctx, struct lp_error *err)
{
    struct lp_disk d = {.err = err};
    lp_status s = load_kept(&d, elf);
    for (size_t i = 0; i < d.nitem && s == LP_OK; i++) {
        const lp_patch *p = d.item[i].patch;
        struct lp_disk_row row = {lp_patch_name(p), p->version, meta(p, "summary"), 0, p->text, p->text_len};
        for (size_t k = 0; k < p->nitem; k++) row.places += lp_item_extent(&p->item[k]) > 0;
        if (fn(ctx, &row)) break;
    }
    end(&d);
    return s;
}

lp_status lp_disk_write_file(const char *path, const void *image, size_t size, unsigned mode, struct lp_error *err)
{
    return lp_file_write(path, image, size, (mode_t)mode, err);
}

lp_status lp_disk_keep_file(const char *path, const char *as, const void *image, size_t size, struct lp_error *err)
{
    return lp_file_keep(path, as, image, size, err);
}
