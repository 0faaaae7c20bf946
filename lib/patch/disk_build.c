/* patch/disk_build.c - from plans to what a file gets: changed bytes, segments, symbols, call frame information, relocations. */
#include <config.h>
#include "base/bits.h"
#include "patch/disk.h"
#include "base/buf.h"
#include "base/error.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One more of an array of the disk; NULL without memory. */
#define MORE(d, what) more((d), (void **)&(d)->what, &(d)->what##_cap, &(d)->n##what, sizeof *(d)->what)
static void *more(struct lp_disk *d, void **array, size_t *cap, size_t *n, size_t size)
{
    void *v = lp_grow(*array, cap, *n, size);
    if (!v) return lp_fail(d->err, LP_E_NOMEM, "out of memory"), NULL;
    *array = v;
    return (char *)v + (*n)++ * size;
}

/* ---- bytes of the file ---- */

static bool add_edits(struct lp_disk *d, struct lp_plan *pl, const struct lp_write *w)
{
    uint64_t avail;
    for (uint32_t at = 0; at < w->len;) {
        const uint8_t *p = lp_elf_at(d->elf, w->addr + at, &avail);
        if (!p) {
            char where[200];
            lp_plan_where(pl->space, w->addr + at, where, sizeof where);
            lp_plan_fail(pl, w->line, LP_E_UNSUPPORTED, "%s: the file has no bytes for this place, which is 0 when the program starts (.bss)", where);
            return false;
        }
        size_t n = avail < w->len - at ? (size_t)avail : w->len - at;
        struct lp_elf_edit *e = MORE(d, edit);
        if (!e) return false;
        *e = (struct lp_elf_edit){(uint64_t)(p - d->elf->image), n, w->new_bytes + at};
        at += (uint32_t)n;
    }
    return true;
}

/* Does the relocation fill bytes of it? */
static bool meets(const struct lp_dynrel *r, const struct lp_write *w)
{
    return r->at + lp_dynrel_bytes(r->type) > w->addr && r->at < w->addr + w->len;
}

/* What the dynamic linker would write over it. */
static bool add_gone(struct lp_disk *d, struct lp_plan *pl, const struct lp_write *w)
{
    if (lp_elf_start_fills(d->elf, w->addr, w->len)) {
        lp_plan_fail(pl, w->line, LP_E_UNSUPPORTED, "0x%llx: the program itself fills this word when it starts, with the address of an IFUNC: "
                     "apply the patch to the running program", (unsigned long long)w->addr);
        return false;
    }
    if (!lp_elf_dynfix_covers(d->elf, w->addr, w->len) && (w->code || !lp_elf_dynrel_covers(d->elf, w->addr, w->len))) return true;
    struct lp_elf_span *s = MORE(d, gone);
    if (s) *s = (struct lp_elf_span){w->addr, w->addr + w->len};
    return s != NULL;
}

/* Two patches, one on the other: the relocation of the first one goes too. */
static void forget_relocations(struct lp_disk *d, const struct lp_write *w)
{
    size_t n = 0;
    for (size_t i = 0; i < d->nrel; i++)
        if (!meets(&d->rel[i], w)) d->rel[n++] = d->rel[i];
    d->nrel = n;
}

/* ---- segments ---- */

static bool add_part(struct lp_disk *d, const struct lp_region *r, enum lp_part part, const char *section, uint32_t flags)
{
    uint64_t off = r->part[part].off, len = r->part[part].len, bss = part == LP_PART_DATA ? r->part[LP_PART_BSS].len : 0;
    if (!len && !bss) return true;
    struct lp_elf_part *p = MORE(d, part);
    if (p) *p = (struct lp_elf_part){section, flags, r->addr + off, len, r->bytes + off, r->addr + r->part[LP_PART_BSS].off, bss};
    return p != NULL;
}

static bool add_region(struct lp_disk *d, const struct lp_region *r)
{
    return add_part(d, r, LP_PART_CODE, ".text.lpatch", PF_R | PF_X) && add_part(d, r, LP_PART_RODATA, ".rodata.lpatch", PF_R) &&
           add_part(d, r, LP_PART_DATA, ".data.lpatch", PF_R | PF_W);
}

/* ---- functions ---- */

static char *text(struct lp_disk *d, const char *a, const char *b)
{
    char *s = lp_patch_alloc(&d->pool, strlen(a) + strlen(b) + 1);
    if (s) strcpy(s, a), strcat(s, b);
    return s;
}

/* A new body is called as the function that it replaces, with .lpatch behind it. */
static bool add_name(struct lp_disk *d, const struct lp_def *def, const struct lp_elf_symbol *old)
{
    const struct lp_item *it = def->item;
    bool code = it->kind == LP_ITEM_FUNC, replaces = code && !it->func->is_new;
    char number[40];
    snprintf(number, sizeof number, "func_0x%llx", (unsigned long long)it->place.off);
    const char *base = replaces ? old ? old->name : number : it->place.symbol;
    struct lp_elf_named *n = MORE(d, named);
    if (!n) return false;
    *n = (struct lp_elf_named){text(d, base, replaces ? ".lpatch" : ""), def->addr, code ? it->func->size : it->data->size, code};
    return n->name != NULL;
}

/* Is the body the old one word for word, but for what relocations fill in? Then what unwinds the old one unwinds it. */
static bool same_shape(const struct lp_disk *d, const struct lp_func *f, uint64_t old)
{
    uint32_t off = 0, word;
    if (f->size != f->old_size) return false;
    for (size_t i = 0; i < f->nbody; i++) {
        const struct lp_change *c = &f->body[i];
        uint32_t mask = c->fix ? ~lp_reloc_mask(c->fix->reloc) : UINT32_MAX;
        if (c->keep_count && (c->keep_off != off || c->rename)) return false;
        if (!c->keep_count && (lp_elf_read(d->elf, old + off, &word, 4, NULL) != LP_OK || (lp_le32(&word) ^ c->new_word) & mask)) return false;
        off += 4 * (c->keep_count ? c->keep_count : 1);
    }
    return true;
}

static bool add_frame(struct lp_disk *d, struct lp_plan *pl, const struct lp_def *def, uint64_t old)
{
    const struct lp_func *f = def->item->func;
    struct lp_fde fde = {.lsda = 0};
    bool had = !f->is_new && lp_elf_fde_of(d->elf, old, old + f->old_size, &fde), same = had && !f->no_lsda && same_shape(d, f, old);
    if (had && fde.lsda && !same && !def->lsda && !f->no_lsda) {
        lp_plan_fail(pl, def->item->line, LP_E_UNSUPPORTED, "%s catches exceptions or cleans up after them, and a new body has no handlers: "
                     "change words of it", def->item->place.symbol ? def->item->place.symbol : "the function");
        return false;
    }
    if (!same && !def->cfi_len) return true; /* nobody knows */
    struct lp_elf_frame *v = MORE(d, frame);
    if (!v) return false;
    if (same && !def->lsda) *v = (struct lp_elf_frame){.start = def->addr + fde.lead, .size = f->size - fde.lead, .like = old + fde.lead};
    else *v = (struct lp_elf_frame){def->addr, f->size, def->cfi, def->cfi_len, def->key_b, def->like, def->lsda};
    return true;
}

static bool add_def(struct lp_disk *d, struct lp_plan *pl, const struct lp_def *def)
{
    const struct lp_elf_symbol *sym = NULL;
    uint64_t old = 0;
    if (def->item->kind == LP_ITEM_FUNC && !def->item->func->is_new && !lp_plan_place(pl, def->item, &sym, &old)) return false;
    return add_name(d, def, sym) && (def->item->kind != LP_ITEM_FUNC || add_frame(d, pl, def, old));
}

lp_status lp_disk_collect(struct lp_disk *d, struct lp_disk_item *it)
{
    struct lp_plan *pl = &it->plan;
    bool good = true;
    for (size_t i = 0; i < pl->nwrite; i++) {
        forget_relocations(d, &pl->write[i]);
        good &= add_edits(d, pl, &pl->write[i]) && add_gone(d, pl, &pl->write[i]);
    }
    for (size_t i = 0; i < pl->nregion; i++) good &= add_region(d, &pl->region[i]);
    for (size_t i = 0; i < pl->ndef; i++) good &= add_def(d, pl, &pl->def[i]);
    for (size_t i = 0; i < pl->ndyn && good; i++) {
        struct lp_dynrel *r = MORE(d, rel);
        if (r) *r = pl->dyn[i];
        else good = false;
    }
    return good ? LP_OK : pl->errors ? pl->status : LP_E_NOMEM;
}

/* ---- the file ---- */

static int by_start(const void *a, const void *b)
{
    const struct lp_elf_span *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* Spans that touch are one, so that they can be searched. */
static void sort_gone(struct lp_disk *d)
{
    size_t n = 0;
    if (d->ngone) qsort(d->gone, d->ngone, sizeof *d->gone, by_start);
    for (size_t i = 0; i < d->ngone; i++) {
        struct lp_elf_span *last = n ? &d->gone[n - 1] : NULL;
        if (!last || d->gone[i].start > last->end) d->gone[n++] = d->gone[i];
        else if (d->gone[i].end > last->end) last->end = d->gone[i].end;
    }
    d->ngone = n;
}

static int by_address(const void *a, const void *b)
{
    const struct lp_elf_part *x = a, *y = b;
    return (x->vaddr > y->vaddr) - (x->vaddr < y->vaddr);
}

lp_status lp_disk_write(struct lp_disk *d)
{
    size_t n = 0;
    struct lp_elf_kept *kept = calloc(d->nitem + 1, sizeof *kept);
    if (!kept) return lp_fail(d->err, LP_E_NOMEM, "out of memory");
    for (size_t i = 0; i < d->nitem; i++) {
        const lp_patch *p = d->item[i].patch;
        if (d->item[i].leaves) continue;
        kept[n++] = (struct lp_elf_kept){text(d, lp_patch_name(p), ".lpatch"), p->text, p->text_len};
        if (!kept[n - 1].file) return free(kept), lp_fail(d->err, LP_E_NOMEM, "out of memory");
    }
    sort_gone(d);
    if (d->npart) qsort(d->part, d->npart, sizeof *d->part, by_address);
    const struct lp_elf_more m = {d->edit, d->nedit, d->part, d->npart, d->named, d->nnamed, d->frame, d->nframe,
                                  d->rel, d->nrel, d->gone, d->ngone, kept, n};
    uint8_t *image = NULL;
    lp_status s = lp_elf_extend(d->elf, &m, &image, &d->result->size, d->err);
    d->result->image = image;
    free(kept);
    return s;
}

void lp_disk_more_free(struct lp_disk *d)
{
    free(d->edit), free(d->part), free(d->named), free(d->frame), free(d->rel), free(d->gone);
    for (struct lp_arena_chunk *c = d->pool.arena, *next; c; c = next) next = c->next, free(c);
}
