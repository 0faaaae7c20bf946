/* elf/unnamed.c - functions that no symbol names, as in stripped files: call frame information says where each begins and ends. */
#include <config.h>
#include "elf/cfi.h"
#include "elf/image.h"
#include "base/buf.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>

struct gathering { struct lp_elf *e; struct lp_elf_symbol *v; size_t n, cap; };

/* Symbols without a size say nothing about where a function ends, but they are names. */
static bool has_name(const struct lp_elf *e, uint64_t at)
{
    const struct lp_elf_symbol *s = lp_elf_symbol_at(e, at);
    return s && (s->size || s->value == at);
}

static uint16_t section_of(const struct lp_elf *e, uint64_t at)
{
    for (size_t i = 1; i < e->nsec && i < SHN_LORESERVE; i++)
        if (e->sec[i].flags & SHF_ALLOC && at >= e->sec[i].addr && at - e->sec[i].addr < e->sec[i].size) return (uint16_t)i;
    return SHN_ABS;
}

static bool gather(void *ctx, const struct lp_fde *f)
{
    struct gathering *g = ctx;
    struct lp_elf_symbol *v;
    if (f->start & 3 || f->end <= f->start || f->end - f->start < 4 || !lp_elf_is_code(g->e, f->start) || !lp_elf_is_text(g->e, f->end - 1) ||
        has_name(g->e, f->start))
        return true;
    if (!(v = lp_grow(g->v, &g->cap, g->n, sizeof *v))) return false;
    g->v = v;
    v[g->n++] = (struct lp_elf_symbol){.value = f->start, .size = f->end - f->start, .type = STT_FUNC, .bind = STB_LOCAL, .shndx = section_of(g->e, f->start)};
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct lp_elf_symbol *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return (x->size < y->size) - (x->size > y->size);
}

static void load_unnamed(struct lp_elf *e)
{
    struct gathering g = {.e = e};
    size_t n = 0;
    if (e->info.type == ET_REL) return;
    lp_elf_fdes(e, gather, &g);
    if (g.n) qsort(g.v, g.n, sizeof *g.v, by_place);
    for (size_t i = 0; i < g.n; i++) {
        char name[24];
        int len = snprintf(name, sizeof name, "0x%llx", (unsigned long long)g.v[i].value);
        if (n && g.v[i].value < g.v[n - 1].value + g.v[n - 1].size) continue; /* they do not overlap in a sound file */
        g.v[n] = g.v[i];
        if (!(g.v[n].name = lp_elf_keep(e, name, (size_t)len, ""))) break;
        n++;
    }
    e->unnamed = g.v, e->nunnamed = n;
}

const struct lp_elf_symbol *lp_elf_unnamed(const lp_elf *elf, size_t *count)
{
    struct lp_elf *e = (struct lp_elf *)elf;
    lp_elf_symbol_at(e, 0); /* what it needs is there before the lock is held */
    lp_elf_once(e, &e->have_unnamed, load_unnamed);
    if (count) *count = e->nunnamed;
    return e->unnamed;
}

const struct lp_elf_symbol *lp_elf_unnamed_at(const lp_elf *elf, uint64_t vaddr)
{
    size_t n;
    const struct lp_elf_symbol *v = lp_elf_unnamed(elf, &n);
    size_t lo = 0;
    while (lo < n) {
        const size_t mid = lo + (n - lo) / 2;
        if (v[mid].value <= vaddr) lo = mid + 1;
        else n = mid;
    }
    return lo && vaddr - v[lo - 1].value < v[lo - 1].size ? &v[lo - 1] : NULL;
}
