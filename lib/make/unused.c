/* make/unused.c - functions that nothing in the file leads to, because whoever called them has copies of their code: a change of one changes nothing then. Of
 * those whose debug information names the copies warn.c says more. What may be a reference counts as one. */
#include <config.h>
#include "a64/a64.h"
#include "base/bits.h"
#include "base/buf.h"
#include "base/search.h"
#include "elf/dynamic.h"
#include "elf/image.h"
#include "make/maker.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { FAR = 1024 }; /* words from an ADRP to its ADD */
struct changed { uint64_t start, end; const struct lp_elf_symbol *f; const struct lp_made *made; bool used; };
struct look { struct lp_maker *m; struct changed *v; size_t n; };

static int by_start(const void *a, const void *b)
{
    const struct changed *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

static struct changed *around(const struct look *l, uint64_t at)
{
    const size_t n = lp_count_upto(l->v, l->n, sizeof *l->v, at);
    return n && at < l->v[n - 1].end ? &l->v[n - 1] : NULL;
}

static void note(struct look *l, uint64_t at)
{
    struct changed *c = around(l, at);
    if (c && at == c->start) c->used = true;
}

static void note_branch(void *ctx, const struct lp_maker *m, uint64_t from, uint64_t to)
{
    struct changed *c = around(ctx, to);
    (void)m;
    if (c && (from < c->start || from >= c->end)) c->used = true;
}

/* ADR, and ADRP with an ADD of the same register. */
static void note_address(struct look *l, uint64_t at, const uint8_t *p, uint64_t left)
{
    const uint32_t w = lp_le32(p), rd = w & 31;
    uint64_t to;
    if (!lp_a64_is_pcrel_address(w) || !lp_a64_target(w, at, &to)) return;
    if (!(w >> 31)) note(l, to);
    if (!(w >> 31) || to + 4096 <= l->v[0].start || to > l->v[l->n - 1].start) return;
    for (uint64_t i = 4; i + 4 <= left && i < 4 * FAR; i += 4) {
        const uint32_t add = lp_le32(p + i);
        if ((add & 0xffc003e0) == (0x91000000 | rd << 5)) note(l, to + (add >> 10 & 0xfff));
    }
}

/* Call frame information has an entry of every function, and exception tables are of those that are there. */
static bool is_about_all(const struct lp_maker *m, uint64_t at)
{
    size_t n;
    const struct lp_elf_section *s = lp_elf_sections(m->elf, &n);
    for (size_t i = 0; i < n; i++)
        if (s[i].flags & SHF_ALLOC && at - s[i].addr < s[i].size) return strncmp(s[i].name, ".eh_frame", 9) == 0 || strcmp(s[i].name, ".gcc_except_table") == 0;
    return false;
}

/* Addresses in 8 bytes, and distances in 4. */
static void note_data(struct look *l, uint64_t at, const uint8_t *p, uint64_t left)
{
    const uint64_t to = at + (uint64_t)(int64_t)(int32_t)lp_le32(p);
    const struct changed *c = around(l, to);
    if (left >= 8) note(l, lp_le64(p));
    if (c && to == c->start && !is_about_all(l->m, at)) note(l, to);
}

static void scan(struct look *l)
{
    size_t n;
    const struct lp_elf_segment *g = lp_elf_segments(l->m->elf, &n);
    const struct lp_elf_info *info = lp_elf_info(l->m->elf);
    for (size_t i = 0; i < n; i++) {
        if (g[i].type != PT_LOAD || !lp_within(g[i].offset, g[i].filesz, info->image_size)) continue;
        const uint8_t *p = (const uint8_t *)info->image + g[i].offset;
        for (uint64_t at = 0; at + 4 <= g[i].filesz; at += 4) {
            if (g[i].flags & PF_X) note_address(l, g[i].vaddr + at, p + at, g[i].filesz - at);
            note_data(l, g[i].vaddr + at, p + at, g[i].filesz - at);
        }
    }
    struct lp_dynfixes fix = lp_elf_dynfixes(l->m->elf);
    for (size_t i = 0; i < fix.n; i++) note(l, fix.v[i].value);
}

/* What others find by its name, and where the system begins. */
static void note_known(struct look *l)
{
    const struct lp_dynamic *d = lp_elf_dynamic_part(l->m->elf);
    uint64_t at;
    for (size_t i = 0; i < d->nsym; i++)
        if (d->sym[i].shndx != SHN_UNDEF) note(l, d->sym[i].value);
    note(l, lp_elf_info(l->m->elf)->entry);
    for (int k = 0; k < 2; k++)
        if (lp_elf_dynamic(l->m->elf, k ? DT_FINI : DT_INIT, &at)) note(l, at);
}

/* Does the code in front of it go on into it, as assembly may? */
static bool is_fallen_into(const struct lp_maker *m, uint64_t at)
{
    uint32_t w = LP_A64_NOP;
    for (; w == LP_A64_NOP; at -= 4) {
        if (!lp_elf_is_code(m->elf, at - 4) || lp_elf_read(m->elf, at - 4, &w, 4, NULL) != LP_OK) return false;
        w = lp_le32(&w);
    }
    switch (lp_a64_find(w, LP_A64_ALL)) {
    case A64_B: case A64_BR: case A64_BRA: case A64_BRA_Z: case A64_RET: case A64_RETA: case A64_BL: case A64_BLR: case A64_BLRA: case A64_BLRA_Z:
    case A64_BRK: case A64_HLT: case A64_UDF: case A64_UNDEFINED: return false;
    default: return true;
    }
}

static void tell(struct lp_maker *m, const struct changed *c)
{
    const struct lp_elf_inlined *v;
    size_t n;
    bool debug = lp_elf_inlined(m->elf, &v, &n, NULL) == LP_OK && n;
    for (size_t i = 0; debug && i < n; i++)
        if (strcmp(v[i].name, c->f->name) == 0) return; /* which is said */
    lp_edit_warn(m, &c->made->from, "nothing in the file leads to `%.200s`%s", c->f->name, debug ? ", and no copy of its code is known: nobody calls it" :
                 ": whoever calls it has a copy of its code, perhaps, which keeps the old one; in a program that is built with -g those are named");
}

static bool all_used(const struct look *l)
{
    bool all = true;
    for (size_t i = 0; i < l->n; i++) all &= l->v[i].used;
    return all;
}

void lp_warn_unused(struct lp_maker *m)
{
    struct look l = {m, m->warn && m->nmade ? calloc(m->nmade, sizeof *l.v) : NULL, 0};
    for (size_t i = 0; i < m->nmade && l.v; i++) {
        const struct lp_elf_symbol *f = lp_maker_symbol_at(m, m->made[i].addr);
        if (f && f->type == STT_FUNC && f->size) l.v[l.n++] = (struct changed){f->value, f->value + f->size, f, &m->made[i], false};
    }
    if (l.n) qsort(l.v, l.n, sizeof *l.v, by_start);
    size_t n = 0;
    for (size_t i = 0; i < l.n; i++)
        if (!n || l.v[n - 1].start != l.v[i].start) l.v[n++] = l.v[i];
    l.n = n;
    if (l.n) note_known(&l);
    if (l.n && !all_used(&l)) lp_maker_branches(m, note_branch, &l);
    if (l.n && !all_used(&l)) scan(&l);
    for (size_t i = 0; i < l.n; i++)
        if (!l.v[i].used && !is_fallen_into(m, l.v[i].start)) tell(m, &l.v[i]);
    free(l.v);
}
