/* patch/build.c - new bodies and data: layout, content, relocations; and the writes to the object. */
#include <config.h>
#include "a64/a64.h"
#include "base/bits.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "elf/cfi.h"
#include "elf/dynamic.h"
#include "elf/image.h"
#include "elf/put.h"
#include "patch/frame.h"
#include "patch/landing.h"
#include "patch/plan.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define PAGE UINT64_C(4096)
#define DISK_PAGE UINT64_C(65536) /* the largest that Linux has on AArch64 */
#define SLOT sizeof(((struct lp_slot *)0)->value)

static bool is_new_thing(const struct lp_item *it) { return it->kind == LP_ITEM_FUNC || it->kind == LP_ITEM_DATA; }

static void nomem(struct lp_plan *pl) { lp_plan_fail(pl, 0, LP_E_NOMEM, "out of memory"); }

struct lp_region *lp_plan_region(struct lp_plan *pl, const struct lp_target *t)
{
    for (size_t i = 0; i < pl->nregion; i++)
        if (pl->region[i].target == t) return &pl->region[i];
    return NULL;
}

/* One per object that gets something new. */
static struct lp_region *region_of(struct lp_plan *pl, struct lp_target *t)
{
    struct lp_region *r = lp_plan_region(pl, t);
    if (r) return r;
    struct lp_region *v = lp_grow(pl->region, &pl->region_cap, pl->nregion, sizeof *v);
    if (!v) return NULL;
    pl->region = v;
    v[pl->nregion] = (struct lp_region){.target = t};
    return &v[pl->nregion++];
}

/* Does the dynamic linker write into it? */
static bool has_pointers(const struct lp_datum *d)
{
    for (size_t i = 0; i < d->nchunk; i++)
        if (d->chunk[i].kind == LP_CHUNK_REL && d->chunk[i].fix->reloc->op == LP_REL_ABS) return true;
    return false;
}

static enum lp_part part_of(const struct lp_plan *pl, const struct lp_item *it)
{
    const struct lp_disk_kind *disk = pl->space->disk;
    if (it->kind == LP_ITEM_FUNC) return LP_PART_CODE;
    switch (it->data->section) {
    case LP_RODATA: return !disk ? LP_PART_CODE : (disk->moves || disk->dynamic) && has_pointers(it->data) ? LP_PART_DATA : LP_PART_RODATA;
    case LP_BSS: return disk ? LP_PART_BSS : LP_PART_DATA;
    default: return LP_PART_DATA;
    }
}

static bool add_def(struct lp_plan *pl, const struct lp_item *it)
{
    struct lp_region *r = region_of(pl, pl->bound[it->object]);
    struct lp_def *d = lp_grow(pl->def, &pl->def_cap, pl->ndef, sizeof *d);
    if (d) pl->def = d;
    if (!r || !d) return nomem(pl), false;
    uint64_t size = it->kind == LP_ITEM_FUNC ? it->func->size : it->data->size, align = it->kind == LP_ITEM_FUNC ? 16 : it->data->align;
    enum lp_part part = part_of(pl, it);
    uint64_t *end = &r->part[part].len, all = 0;
    *end = lp_align_up(*end, align);
    if (r->align < align) r->align = align;
    bool named = it->kind == LP_ITEM_DATA || it->func->is_new;
    d += pl->ndef++;
    *d = (struct lp_def){.name = named ? it->place.symbol : "", .item = it, .region = (size_t)(r - pl->region), .part = part, .off = *end};
    *end += size;
    if (it->kind == LP_ITEM_FUNC && !lp_plan_cfi(pl, it, &d->cfi, &d->cfi_len)) return false;
    if (d->cfi_len && !pl->space->disk) d->frame = *end, *end += lp_frame_size(d->cfi_len, it->func->lsda != NULL); /* a file has them elsewhere */
    for (size_t i = 0; i < LP_PARTS; i++) all += r->part[i].len;
    if (all <= LP_PATCH_MAX) return true;
    lp_plan_fail(pl, it->line, LP_E_RANGE, "the new code and data are larger than %u bytes", LP_PATCH_MAX);
    return false;
}

static int by_name(const void *a, const void *b) { return strcmp((*(struct lp_def *const *)a)->name, (*(struct lp_def *const *)b)->name); }

static void lay_out(const struct lp_plan *pl, struct lp_region *r)
{
    uint64_t page = pl->space->disk ? DISK_PAGE : PAGE, off = 0;
    if (r->align < page) r->align = page;
    page = r->align;
    for (size_t i = 0; i < LP_PARTS; i++) {
        bool with_code = i == LP_PART_RODATA && !r->part[i].len; /* an empty part takes no page */
        r->part[i].off = off = with_code ? off : lp_align_up(off, page);
        r->part[i].slot_off = lp_align_up(off + r->part[i].len, SLOT);
        if (r->part[i].nslot) r->part[i].len = r->part[i].slot_off + SLOT * r->part[i].nslot - off;
        off += r->part[i].len;
        if (i == LP_PART_RODATA) r->code_len = lp_align_up(off, page);
    }
    r->data_len = lp_align_up(off, page) - r->code_len;
}

static bool place_regions(struct lp_plan *pl)
{
    for (size_t i = 0; i < pl->nregion; i++) {
        struct lp_region *r = &pl->region[i];
        lay_out(pl, r);
        r->bytes = lp_patch_alloc(&pl->pool, r->code_len + r->data_len);
        if (!r->bytes) return nomem(pl), false;
        r->addr = pl->space->place(pl->space->ctx, pl, r, r->code_len + r->data_len);
        if (r->addr) continue;
        lp_plan_fail(pl, 0, LP_E_RANGE, "no free address space for %llu bytes within reach of %s",
                (unsigned long long)(r->code_len + r->data_len), r->target->name);
        return false;
    }
    pl->by_name = calloc(pl->ndef + 1, sizeof *pl->by_name);
    if (!pl->by_name) return nomem(pl), false;
    for (size_t i = 0; i < pl->ndef; i++) {
        struct lp_def *d = &pl->def[i];
        const struct lp_region *r = &pl->region[d->region];
        d->off += r->part[d->part].off;
        d->addr = r->addr + d->off;
        pl->by_name[i] = d;
    }
    qsort(pl->by_name, pl->ndef, sizeof *pl->by_name, by_name);
    return true;
}

/* In a file that is patched, what is there is another patch's, and a patch that was made of it expects that. */
static bool says_whose(struct lp_plan *pl, const struct lp_item *it, const char *name, uint64_t old)
{
    const struct lp_space *s = pl->space;
    const lp_patch *by = NULL;
    struct lp_error why;
    for (uint64_t off = 0; s->disk && s->owner && !by && off < it->func->old_size; off += 4) by = s->owner(s->ctx, pl, old + off);
    if (!by) return false;
    lp_fail(&why, LP_E_OLD_WORD, "%s: the patch `%s`, which is in the file, has changed it already", name, lp_patch_name(by));
    lp_hint(&why, "make this patch of the file as it was (lpapply -R -o FILE), with `replaces %s` to take its place", lp_patch_name(by));
    return lp_plan_fail_as(pl, it->line, &why, "%s", why.text), true;
}

/* sha256 over the object's own words, which no patch changes: they are the file's. */
static bool old_body_matches(struct lp_plan *pl, const struct lp_item *it, const struct lp_target *t, const struct lp_elf_symbol *sym, uint64_t old)
{
    const struct lp_func *f = it->func;
    uint8_t sha[32];
    if (sym && sym->size && sym->size != f->old_size) {
        lp_plan_fail(pl, it->line, LP_E_OLD_WORD, "%s has %llu bytes, patch expects %llu", sym->name,
                (unsigned long long)sym->size, (unsigned long long)f->old_size);
        return false;
    }
    uint8_t *body = malloc(f->old_size);
    bool read = body && lp_elf_read(t->elf, old, body, f->old_size, NULL) == LP_OK;
    if (read) lp_sha256(body, f->old_size, sha);
    free(body);
    if (!read) return lp_plan_fail(pl, it->line, LP_E_ADDRESS, "the old function is not in the file"), false;
    const char *name = it->place.symbol ? it->place.symbol : "the function";
    if (memcmp(sha, f->old_sha256, f->sha_len) == 0) return true;
    if (says_whose(pl, it, name, old)) return false;
    char have[65], want[65];
    lp_hex(have, sha, f->sha_len), lp_hex(want, f->old_sha256, f->sha_len);
    lp_plan_fail(pl, it->line, LP_E_OLD_WORD, "%s: the old body has sha256 %s, patch expects %s", name, have, want);
    return false;
}

static void build_func(struct lp_plan *pl, const struct lp_def *d)
{
    const struct lp_item *it = d->item;
    struct lp_target *t = pl->bound[it->object];
    const struct lp_elf_symbol *sym = NULL;
    uint8_t *p = pl->region[d->region].bytes + d->off;
    uint64_t old = 0, at = d->addr;
    if (!it->func->is_new) {
        if (!lp_plan_place(pl, it, &sym, &old)) return;
        old -= t->bias;
        if (!old_body_matches(pl, it, t, sym, old)) return;
    }
    if (!it->func->is_new) lp_plan_keep(pl, t, it->func, old, at, p);
    for (size_t i = 0; i < it->func->nbody; i++) {
        const struct lp_change *c = &it->func->body[i];
        uint32_t n = c->keep_count ? c->keep_count : 1;
        if (!c->keep_count) lp_put32(p, c->new_word);
        if (c->fix) lp_plan_fix(pl, t, c->fix, c->line, at, p);
        p += 4 * n, at += 4 * n;
    }
}

static void build_data(struct lp_plan *pl, const struct lp_def *d)
{
    const struct lp_datum *data = d->item->data;
    uint64_t off = 0;
    for (size_t i = 0, n = 1; i < data->nchunk; i += n) {
        const struct lp_chunk *c = &data->chunk[i];
        uint8_t *p = pl->region[d->region].bytes + d->off + off;
        if (c->kind == LP_CHUNK_BYTES) memcpy(p, c->bytes, c->len);
        if (c->kind == LP_CHUNK_REL) lp_plan_fix(pl, pl->bound[d->item->object], c->fix, c->line, d->addr + off, p);
        n = c->kind == LP_CHUNK_OLD ? lp_plan_old(pl, d->item, c, data->nchunk - i, p) : 1;
        off += c->len;
    }
}

/* By which key an unwinder authenticates, its CIE says. */
static bool signs_with_b(const uint8_t *body, uint64_t size)
{
    const uint32_t pacibsp = 0xd503237f, pacibz = 0xd503235f;
    uint64_t off = 0;
    while (off < size && lp_le32(body + off) != pacibsp && lp_le32(body + off) != pacibz) off += 4;
    return off < size;
}

static void build_frame(struct lp_plan *pl, struct lp_def *d)
{
    const struct lp_region *r = &pl->region[d->region];
    d->key_b = signs_with_b(r->bytes + d->off, d->item->func->size);
    struct lp_unwound u = {.start = d->addr, .size = d->item->func->size, .cfi = d->cfi, .cfi_len = d->cfi_len, .key_b = d->key_b};
    struct lp_fde like;
    if (d->item->func->lsda && !lp_plan_handlers(pl, d)) return;
    if (d->lsda && lp_elf_fde(r->target->elf, d->like, &like)) {
        u.lsda = d->lsda, u.personality = like.cie.personality + r->target->bias;
        u.indirect = like.cie.personality_enc & LP_PE_INDIRECT;
    }
    if (d->frame) lp_frame_make(r->bytes + d->frame, r->addr + d->frame, &u);
}

/* As many slots as the last layout asked for. */
static bool reserve_slots(struct lp_plan *pl)
{
    for (size_t i = 0; i < pl->nslot; i++) {
        struct lp_region *r = region_of(pl, (struct lp_target *)(uintptr_t)pl->slot[i].target);
        if (!r) return nomem(pl), false;
        r->part[pl->slot[i].part].nslot++;
    }
    pl->nslot = 0;
    return true;
}

void lp_plan_regions(struct lp_plan *pl)
{
    const struct lp_patch *p = pl->patch;
    if (!reserve_slots(pl)) return;
    for (size_t i = 0; i < p->nitem; i++)
        if (is_new_thing(&p->item[i]) && pl->bound[p->item[i].object] && !add_def(pl, &p->item[i])) return;
    if (!place_regions(pl)) return;
    for (size_t i = 0; i < pl->ndef; i++) {
        if (pl->def[i].item->kind == LP_ITEM_FUNC) build_func(pl, &pl->def[i]);
        else build_data(pl, &pl->def[i]);
    }
    for (size_t i = 0; i < pl->ndef; i++)
        if (pl->def[i].item->kind == LP_ITEM_FUNC) build_frame(pl, &pl->def[i]);
}

/* ---- writes ---- */

static struct lp_write *add_write(struct lp_plan *pl, const struct lp_item *it, uint64_t addr, uint32_t len, bool has_old)
{
    struct lp_write *v = lp_grow(pl->write, &pl->write_cap, pl->nwrite, sizeof *v), *w;
    if (!v) return nomem(pl), NULL;
    pl->write = v;
    w = &v[pl->nwrite];
    *w = (struct lp_write){.addr = addr, .len = len, .line = it->line, .item = it, .code = it->kind != LP_ITEM_SET};
    w->new_bytes = lp_patch_alloc(&pl->pool, len);
    if (has_old) w->old_bytes = lp_patch_alloc(&pl->pool, len);
    if (!w->new_bytes || (has_old && !w->old_bytes)) return nomem(pl), NULL;
    pl->nwrite++;
    return w;
}

static void write_site(struct lp_plan *pl, const struct lp_item *it, uint64_t addr)
{
    struct lp_write *w = add_write(pl, it, addr, (uint32_t)(4 * it->site.count), true);
    for (size_t i = 0; w && i < it->site.count; i++) {
        const struct lp_change *c = &it->site.change[i];
        lp_put32(w->old_bytes + 4 * i, c->old_word);
        lp_put32(w->new_bytes + 4 * i, c->new_word);
        if (c->fix) lp_plan_fix(pl, pl->bound[it->object], c->fix, c->line, addr + 4 * i, w->new_bytes + 4 * i);
    }
}

/* at: where it is to be written; 0 = nowhere. */
static bool set_value(struct lp_plan *pl, const struct lp_item *it, const struct lp_value *v, uint64_t at, uint8_t *out)
{
    uint64_t value;
    if (v->any) return true;
    if (v->bytes) return memcpy(out, v->bytes, it->set->len), true;
    if (pl->space->disk && at ? !lp_plan_pointer(pl, pl->bound[it->object], it->line, v->expr, at, &value)
                              : !lp_plan_expr(pl, pl->bound[it->object], it->line, v->expr, &value)) return false;
    lp_put64(out, value);
    return true;
}

/* The address of another object's that the file has there: its dynamic linker writes it, and a patch expects it by name. */
static bool old_pointer(struct lp_plan *pl, const struct lp_item *it, uint64_t addr, uint8_t *out)
{
    struct lp_target *t = pl->bound[it->object];
    const struct lp_expr *e = it->set->old_value.expr;
    const struct lp_dynamic *d = lp_elf_dynamic_part(t->elf);
    struct lp_ref r;
    if (!pl->space->disk || !e || !e->symbol) return set_value(pl, it, &it->set->old_value, 0, out);
    if (!lp_plan_refer(pl, t, it->line, e, &r)) return false;
    if (r.kind != LP_REF_IMPORT) return set_value(pl, it, &it->set->old_value, 0, out);
    for (size_t i = 0; i < d->nrel; i++) {
        const struct lp_dynrel *q = &d->rel[i];
        const bool hit = q->type == R_AARCH64_ABS64 && q->at == addr && q->sym && q->addend == e->addend && strcmp(q->sym->name, r.name) == 0 &&
                         (!r.version || !q->sym->version || strcmp(q->sym->version, r.version) == 0);
        if (hit) return pl->space->read(pl->space->ctx, addr, out, it->set->len) == 0;
    }
    lp_plan_fail(pl, it->line, LP_E_OLD_WORD, "0x%llx: found no relocation with the address of `%s`, which the patch expects", (unsigned long long)addr,
                 e->symbol);
    return false;
}

/* Does the dynamic linker still have to write there? */
static bool to_be_relocated(struct lp_plan *pl, struct lp_target *t, uint64_t addr, uint64_t len)
{
    if (!pl->how.wait || pl->space->ready(pl->space->ctx, t)) return false;
    return lp_elf_dynfix_covers(t->elf, addr - t->bias, len) || lp_elf_dynrel_covers(t->elf, addr - t->bias, len);
}

static void write_set(struct lp_plan *pl, const struct lp_item *it, uint64_t addr)
{
    struct lp_target *t = pl->bound[it->object];
    if (to_be_relocated(pl, t, addr, it->set->len)) {
        lp_plan_later(pl, t, it->line, "a relocated datum");
        return;
    }
    struct lp_write *w = add_write(pl, it, addr, it->set->len, !it->set->old_value.any);
    if (w && old_pointer(pl, it, addr, w->old_bytes)) set_value(pl, it, &it->set->new_value, addr, w->new_bytes);
}

/* Does code outside of the function branch into its first words behind the entry? */
static bool is_entered(const lp_elf *e, uint64_t addr, uint64_t words, uint64_t size)
{
    size_t n;
    const struct lp_elf_segment *s = lp_elf_segments(e, &n);
    for (size_t i = 0; i < n; i++) {
        uint64_t avail = 0, to;
        const uint8_t *p = s[i].type == PT_LOAD && s[i].flags & PF_X ? lp_elf_at(e, s[i].vaddr, &avail) : NULL;
        for (uint64_t off = -s[i].vaddr & 3; p && off + 4 <= avail; off += 4) {
            uint64_t at = s[i].vaddr + off;
            if (at - addr >= size && lp_a64_target(lp_le32(p + off), at, &to) && to > addr && to - addr < 4 * words) return true;
        }
    }
    return false;
}

/* In a file, whose new code is behind all that it has, a branch may not reach it: then three words do, which are to be the function's own. A guarded page
 * (BTI) wants a pad there, since they are no direct branch. */
static bool far_entry(struct lp_plan *pl, const struct lp_item *it, uint64_t addr, uint32_t n, const struct lp_def *d, uint32_t out[3])
{
    const struct lp_target *t = pl->bound[it->object];
    const char *name = it->place.symbol ? it->place.symbol : "the function", *bad = NULL;
    struct lp_error why;
    bool guarded = lp_elf_info(t->elf)->gnu_property & 1;
    if (it->func->old_size < 4 * (n + 3)) bad = "it is too short for a branch that reaches it";
    else if (is_entered(t->elf, addr, n + 3, it->func->old_size)) bad = "other code branches into the words that a branch which reaches it needs";
    else if (guarded && !lp_landing_pad(lp_le32(pl->region[d->region].bytes + d->off))) bad = "the new body has no landing pad (-mbranch-protection=bti)";
    if (!bad && lp_plan_far(out, false, addr + 4 * n, d->addr, &why)) return true;
    lp_fail(&why, LP_E_RANGE, "%s: the new body is %llu MiB away, behind all data of the file, and %s", name,
            (unsigned long long)((d->addr - addr) >> 20), bad ? bad : "that is too far");
    lp_hint(&why, "apply the patch to the running program (lprun -P, lpapply -p)");
    return lp_plan_fail_as(pl, it->line, &why, "%s", why.text), false;
}

static void write_entry(struct lp_plan *pl, const struct lp_item *it, uint64_t addr)
{
    const struct lp_target *t = pl->bound[it->object];
    const struct lp_def *d = pl->def;
    uint32_t old[4] = {0}, words[4], pad = 0, n = 0;
    while (d->item != it) d++;
    if (lp_elf_read(t->elf, addr - t->bias, old, it->func->old_size < sizeof old ? it->func->old_size & ~UINT64_C(3) : sizeof old, NULL) != LP_OK) {
        lp_plan_fail(pl, it->line, LP_E_ADDRESS, "the old function is not in the file");
        return;
    }
    if (lp_elf_info(t->elf)->gnu_property & 1) pad = lp_landing_pad(lp_le32(old));
    if (pad && it->func->old_size < 8) {
        lp_plan_fail(pl, it->line, LP_E_UNSUPPORTED, "the function is too short for a landing pad and a branch");
        return;
    }
    if (pad) words[n++] = pad;
    if (lp_a64_b(&words[n], addr + 4 * n, d->addr)) {
        n++;
    } else if (!pl->space->disk) {
        lp_plan_fail(pl, it->line, LP_E_RANGE, "the branch from 0x%llx to the new body at 0x%llx is out of range",
                (unsigned long long)addr, (unsigned long long)d->addr);
        return;
    } else {
        if (!far_entry(pl, it, addr, n, d, words + n)) return;
        n += 3;
    }
    struct lp_write *w = add_write(pl, it, addr, 4 * n, true);
    if (!w) return;
    w->entry = true;
    memcpy(w->old_bytes, old, w->len);
    for (uint32_t k = 0; 4 * k < w->len; k++) lp_put32(w->new_bytes + 4 * k, words[k]);
}

void lp_plan_writes(struct lp_plan *pl)
{
    const struct lp_patch *p = pl->patch;
    for (size_t i = 0; i < p->nitem && pl->status != LP_E_NOMEM; i++) {
        const struct lp_item *it = &p->item[i];
        uint64_t addr;
        if (!pl->bound[it->object] || it->kind == LP_ITEM_DATA || (it->kind == LP_ITEM_FUNC && it->func->is_new)) continue;
        if (!lp_plan_place(pl, it, NULL, &addr)) continue;
        if (it->kind == LP_ITEM_SITE) write_site(pl, it, addr);
        if (it->kind == LP_ITEM_SET) write_set(pl, it, addr);
        if (it->kind == LP_ITEM_FUNC) write_entry(pl, it, addr);
        if (it->kind != LP_ITEM_SEED) continue;
        struct lp_write *w = add_write(pl, it, addr, 4, false);
        if (w) lp_put32(w->new_bytes, it->seed.word);
    }
}
