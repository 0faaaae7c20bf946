/* patch/file.c - a patch against an ELF file: does it fit, and which words change. */
#include <config.h>
#include "base/bits.h"
#include "base/search.h"
#include "patch/keep.h"
#include "patch/plan.h"
#include "a64/a64.h"
#include "base/text.h"
#include "elf/dynamic.h"
#include "elf/image.h"
#include "elf/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Words that the dynamic linker fills, as it does if the file is at address 0: ld.lld leaves zeros there. */
static void fill(const lp_elf *elf, uint64_t addr, uint8_t *buf, size_t len)
{
    const struct lp_dynfixes f = lp_elf_dynfixes(elf);
    for (size_t i = addr < 8 ? 0 : lp_count_upto(f.v, f.n, sizeof *f.v, addr - 8); i < f.n && (f.v[i].at < addr || f.v[i].at - addr < len); i++)
        for (uint64_t k = 0; k < 8; k++)
            if (f.v[i].at + k - addr < len) buf[f.v[i].at + k - addr] = (uint8_t)(f.v[i].value >> 8 * k);
}

static int read_file(void *ctx, uint64_t addr, void *buf, size_t len)
{
    if (lp_elf_read(ctx, addr, buf, len, NULL) != LP_OK) return -1;
    fill(ctx, addr, buf, len);
    return 0;
}

/* Where that is too far from the code for a branch (a large .bss), a running program has new code in front of its object; here that is near the end of the
 * address space, from which a branch goes on at 0: so new code comes last either way. */
uint64_t lp_file_room(const lp_elf *e)
{
    enum { FAR = 100 << 20, CODE = 60 << 20 }; /* of the 128 MiB */
    uint64_t code, code_end, end = lp_elf_end(e);
    return lp_elf_code_extent(e, &code, &code_end) && end > code && end - code > FAR && code_end < CODE ? 0 - LP_FILE_ROOM : end;
}

static uint64_t place_behind(void *ctx, const struct lp_plan *pl, struct lp_region *r, uint64_t len)
{
    (void)pl, (void)r;
    return len < LP_FILE_ROOM / 2 ? lp_file_room(ctx) : lp_elf_end(ctx);
}

static bool is_open(void *ctx, struct lp_target *t) { return (void)ctx, t->elf != NULL; }
static const char *soname(void *ctx, struct lp_target *t) { return (void)ctx, lp_elf_info(t->elf)->soname; }

void lp_file_space(struct lp_file_space *f, const lp_elf *elf)
{
    f->target = (struct lp_target){.elf = elf, .main = true, .fixed = true, .mapped = true, .relocated = true};
    f->targets[0] = &f->target;
    f->space = (struct lp_space){.target = f->targets, .ntarget = 1, .ctx = (void *)(uintptr_t)elf, .open = is_open, .soname = soname,
                                 .ready = is_open, .read = read_file, .place = place_behind, .file = true};
}

void lp_file_space_for(struct lp_file_space *f, const lp_patch *p)
{
    const bool one = p->nobject == 1 && strcmp(p->object[0].name, "*") != 0;
    f->target.name = one ? p->object[0].name : lp_base_name(lp_elf_info(f->target.elf)->name);
}

struct against { struct lp_file_space file; struct lp_plan plan; };

static lp_status make(struct against *a, const lp_patch *p, const lp_elf *elf, lp_report_fn report, void *ctx, struct lp_error *err)
{
    lp_file_space(&a->file, elf);
    lp_file_space_for(&a->file, p);
    return lp_plan_make(&a->plan, p, &a->file.space, NULL, report, ctx, err);
}

lp_status lp_patch_check(const lp_patch *p, const lp_elf *elf, lp_report_fn report, void *ctx, struct lp_error *err)
{
    struct against a;
    bool already;
    lp_status s = make(&a, p, elf, report, ctx, err);
    if (s == LP_OK) s = lp_plan_verify(&a.plan, &already);
    lp_plan_free(&a.plan);
    return s;
}

/* ---- what changes nothing ---- */

struct stretch { uint64_t at, size; };

/* Do two words at different places do the same? They do if they are the same, or lead to the same address, or to the same word of their own stretch. */
static bool same_word(uint32_t a, uint64_t at, const struct stretch *of, uint32_t b, uint64_t bt, const struct stretch *old)
{
    uint64_t to, was;
    const struct lp_reloc *r = lp_word_reloc(a);
    bool leads = lp_a64_target(a, at, &to), led = lp_a64_target(b, bt, &was);
    if (!leads && !led) return a == b;
    if (!leads || !led || !r || r != lp_word_reloc(b) || (a ^ b) & ~lp_reloc_mask(r)) return false;
    return to == was || (to - of->at < of->size && was - old->at < old->size && to - of->at == was - old->at);
}

/* A new body that is the old one; a reference that needs a place of its own beside the new code counts as another. */
static bool same_body(const struct lp_plan *pl, const struct lp_def *d, const lp_elf *elf)
{
    uint64_t old;
    uint32_t was;
    const struct lp_func *f = d->item->kind == LP_ITEM_FUNC ? d->item->func : NULL;
    if (!f || f->is_new || f->size != f->old_size || !lp_plan_place((struct lp_plan *)(uintptr_t)pl, d->item, NULL, &old)) return false;
    const struct stretch here = {d->addr, f->size}, there = {old, f->size};
    for (uint64_t off = 0; off < f->size; off += 4) {
        uint32_t word = lp_le32(pl->region[d->region].bytes + d->off + off);
        if (lp_elf_read(elf, old + off, &was, 4, NULL) != LP_OK || !same_word(word, here.at + off, &here, lp_le32(&was), old + off, &there)) return false;
    }
    return true;
}

void lp_plan_idle(const struct lp_plan *pl, const lp_elf *elf, void (*fn)(void *ctx, uint32_t line), void *ctx)
{
    for (size_t i = 0; i < pl->nwrite; i++)
        if (memcmp(pl->write[i].saved, pl->write[i].new_bytes, pl->write[i].len) == 0) fn(ctx, pl->write[i].line);
    for (size_t i = 0; i < pl->ndef; i++)
        if (same_body(pl, &pl->def[i], elf)) fn(ctx, pl->def[i].item->line);
}

static int give(const struct lp_plan *pl, const struct lp_write *w, int (*fn)(void *, const struct lp_patch_word *), void *ctx)
{
    for (uint32_t i = 0; i + 4 <= w->len; i += 4) {
        struct lp_patch_word out = {.vaddr = w->addr + i, .has_old = true};
        out.old_word = lp_le32((w->old_bytes ? w->old_bytes : w->saved) + i);
        out.new_word = lp_le32(w->new_bytes + i);
        if (w->item && w->item->kind == LP_ITEM_SITE && i / 4 < w->item->site.count) out.import = lp_plan_imported(pl, w->item->site.change[i / 4].fix);
        int r = fn(ctx, &out);
        if (r) return r;
    }
    return 0;
}

static int give_body(const struct lp_plan *pl, const struct lp_def *d, int (*fn)(void *, const struct lp_patch_word *), void *ctx)
{
    char where[256];
    snprintf(where, sizeof where, "func %s", d->item->place.symbol ? d->item->place.symbol : "at an address");
    const struct lp_func *f = d->item->func;
    uint64_t off = 0;
    for (size_t i = 0; i < f->nbody; i++) {
        const uint64_t end = off + 4 * (uint64_t)(f->body[i].keep_count ? f->body[i].keep_count : 1);
        for (; off < end; off += 4) {
            struct lp_patch_word out = {.vaddr = off, .where = where, .at = d->addr + off, .import = lp_plan_imported(pl, f->body[i].fix)};
            out.new_word = lp_le32(pl->region[d->region].bytes + d->off + off);
            int r = fn(ctx, &out);
            if (r) return r;
        }
    }
    return 0;
}

static lp_status make_verified(struct against *a, const lp_patch *p, const lp_elf *elf, struct lp_error *err)
{
    bool already;
    lp_status s = make(a, p, elf, NULL, NULL, err);
    return s == LP_OK ? lp_plan_verify(&a->plan, &already) : s;
}

lp_status lp_patch_words(const lp_patch *p, const lp_elf *elf, int (*fn)(void *ctx, const struct lp_patch_word *w), void *ctx, struct lp_error *err)
{
    struct against a;
    int stop = 0;
    lp_status s = make_verified(&a, p, elf, err);
    for (size_t i = 0; s == LP_OK && i < a.plan.nwrite && !stop; i++)
        if (a.plan.write[i].code) stop = give(&a.plan, &a.plan.write[i], fn, ctx);
    for (size_t i = 0; s == LP_OK && i < a.plan.ndef && !stop; i++)
        if (a.plan.def[i].item->kind == LP_ITEM_FUNC) stop = give_body(&a.plan, &a.plan.def[i], fn, ctx);
    lp_plan_free(&a.plan);
    return s;
}

lp_status lp_patch_data(const lp_patch *p, const lp_elf *elf, int (*fn)(void *ctx, const struct lp_patch_datum *d), void *ctx, struct lp_error *err)
{
    static const char *const sections[] = {[LP_RODATA] = "rodata", [LP_DATA] = "data", [LP_BSS] = "bss"};
    struct against a;
    int stop = 0;
    lp_status s = make_verified(&a, p, elf, err);
    for (size_t i = 0; s == LP_OK && i < a.plan.nwrite && !stop; i++) {
        const struct lp_write *w = &a.plan.write[i];
        if (!w->code) stop = fn(ctx, &(struct lp_patch_datum){w->addr, w->len, w->old_bytes ? w->old_bytes : w->saved, w->new_bytes, NULL, NULL});
    }
    for (size_t i = 0; s == LP_OK && i < a.plan.ndef && !stop; i++) {
        const struct lp_def *d = &a.plan.def[i];
        if (d->item->kind != LP_ITEM_DATA) continue;
        const struct lp_datum *x = d->item->data;
        stop = fn(ctx, &(struct lp_patch_datum){d->addr, x->size, NULL, a.plan.region[d->region].bytes + d->off, d->name, sections[x->section]});
    }
    lp_plan_free(&a.plan);
    return s;
}
