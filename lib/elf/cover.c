/* elf/cover.c - which symbol covers an address, and whether there is code: sorted boundaries, made once. */
#include <config.h>
#include "elf/image.h"
#include "base/search.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

enum { FUNCS, DATAS, LABELS };

static bool is_func(const struct lp_elf_symbol *s) { return s->type == STT_FUNC || s->type == STT_GNU_IFUNC; }

static bool belongs(const struct lp_elf_symbol *s, int what)
{
    if (s->type == STT_TLS) return false;
    return what == LABELS ? s->size == 0 : s->size != 0 && is_func(s) == (what == FUNCS);
}

/* Of two names of the same bytes the one that a person would say: global before weak before local, few underscores. */
static bool better(const struct lp_elf_symbol *a, const struct lp_elf_symbol *b)
{
    static const uint8_t rank[16] = {[STB_LOCAL] = 2, [STB_GLOBAL] = 0, [STB_WEAK] = 0, [3] = 3, [4] = 3, [5] = 3, [6] = 3, [7] = 3, [8] = 3,
                                     [9] = 3, [STB_GNU_UNIQUE] = 0};
    size_t x = strspn(a->name, "_"), y = strspn(b->name, "_");
    if (rank[a->bind & 15] != rank[b->bind & 15]) return rank[a->bind & 15] < rank[b->bind & 15];
    return x != y ? x < y : a->bind == STB_GLOBAL && b->bind != STB_GLOBAL;
}

/* End of a symbol without a size: its section's. */
static uint64_t label_end(const struct lp_elf *e, const struct lp_elf_symbol *s)
{
    if (s->shndx < e->nsec) {
        const struct lp_elf_section *sec = &e->sec[s->shndx];
        if (s->value >= sec->addr && s->value - sec->addr < sec->size) return sec->size > UINT64_MAX - sec->addr ? UINT64_MAX : sec->addr + sec->size;
    }
    uint64_t avail;
    return lp_elf_at(e, s->value, &avail) ? s->value + avail : s->value + 4;
}

static uint64_t end_of(const struct lp_elf *e, const struct lp_elf_symbol *s)
{
    if (!s->size) return label_end(e, s);
    return s->size > UINT64_MAX - s->value ? UINT64_MAX : s->value + s->size;
}

static void boundary(struct lp_elf_covers *c, uint64_t start, const struct lp_elf_symbol *s)
{
    if (c->n && c->v[c->n - 1].start == start) c->n--;
    c->v[c->n++] = (struct lp_elf_cover){start, s};
}

struct open_symbol { uint64_t end; const struct lp_elf_symbol *sym; };

/* Close what ends at or before `upto`; the innermost symbol still open goes on. */
static size_t close_upto(struct lp_elf_covers *c, struct open_symbol *open, size_t depth, uint64_t upto)
{
    while (depth && open[depth - 1].end <= upto) {
        uint64_t end = open[--depth].end;
        while (depth && open[depth - 1].end <= end) depth--;
        boundary(c, end, depth ? open[depth - 1].sym : NULL);
    }
    return depth;
}

static void build(const struct lp_elf *e, int what, struct lp_elf_covers *out)
{
    size_t depth = 0;
    struct open_symbol *open = malloc((e->nsym + 1) * sizeof *open);
    struct lp_elf_covers c = {malloc((2 * e->nsym + 2) * sizeof *c.v), 0};
    if (!open || !c.v) {
        free(open);
        free(c.v);
        return;
    }
    for (size_t i = 0; i < e->nsym; i++) {
        const struct lp_elf_symbol *s = &e->sym[i];
        if (!belongs(s, what)) continue;
        depth = close_upto(&c, open, depth, s->value);
        if (depth && open[depth - 1].sym->value == s->value && open[depth - 1].sym->size == s->size) {
            if (better(s, open[depth - 1].sym)) open[depth - 1].sym = s;
        } else if (end_of(e, s) > s->value) {
            if (what == LABELS) depth = 0; /* a label ends where the next one begins */
            open[depth++] = (struct open_symbol){end_of(e, s), s};
        }
        if (depth) boundary(&c, s->value, open[depth - 1].sym);
    }
    close_upto(&c, open, depth, UINT64_MAX);
    free(open);
    *out = c;
}

static void load_covers(struct lp_elf *e)
{
    if (e->info.type == ET_REL) return; /* values are offsets in sections there */
    build(e, FUNCS, &e->funcs);
    build(e, DATAS, &e->datas);
    build(e, LABELS, &e->labels);
}

static const struct lp_elf_symbol *lookup(const struct lp_elf_covers *c, uint64_t vaddr)
{
    size_t n = lp_count_upto(c->v, c->n, sizeof *c->v, vaddr);
    return n ? c->v[n - 1].sym : NULL;
}

const struct lp_elf_symbol *lp_elf_symbol_at(const lp_elf *elf, uint64_t vaddr)
{
    struct lp_elf *e = (struct lp_elf *)elf;
    lp_elf_symbols(e, NULL);
    lp_elf_once(e, &e->have_covers, load_covers);
    const struct lp_elf_symbol *s = lookup(&e->funcs, vaddr);
    if (!s) s = lookup(&e->datas, vaddr);
    return s ? s : lookup(&e->labels, vaddr);
}

static int by_span(const void *a, const void *b)
{
    const struct lp_elf_span *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* Executable sections, or segments when there are none. */
void lp_elf_load_exec(struct lp_elf *e)
{
    size_t max = e->nsec > e->nload ? e->nsec : e->nload;
    e->exec = calloc(max + 1, sizeof *e->exec);
    if (!e->exec) return;
    for (size_t i = 0; i < e->nsec; i++) {
        const struct lp_elf_section *s = &e->sec[i];
        if ((s->flags & (SHF_ALLOC | SHF_EXECINSTR)) != (SHF_ALLOC | SHF_EXECINSTR) || s->type == SHT_NOBITS) continue;
        if (s->size && s->size <= UINT64_MAX - s->addr) e->exec[e->nexec++] = (struct lp_elf_span){s->addr, s->addr + s->size};
    }
    for (size_t i = 0; i < e->nload && !e->nsec; i++) {
        const struct lp_elf_segment *s = &e->seg[e->load[i]];
        if (s->flags & PF_X && s->filesz) e->exec[e->nexec++] = (struct lp_elf_span){s->vaddr, s->vaddr + s->filesz};
    }
    if (!e->nexec) return;
    qsort(e->exec, e->nexec, sizeof *e->exec, by_span);
    size_t n = 1;
    for (size_t i = 1; i < e->nexec; i++) {
        struct lp_elf_span *last = &e->exec[n - 1];
        if (e->exec[i].start >= last->end) e->exec[n++] = e->exec[i];
        else if (e->exec[i].end > last->end) last->end = e->exec[i].end;
    }
    e->nexec = n;
}

/* What the marks say of `at`, in a section that begins at `start`, and how far on the next one is. */
static bool marked(const lp_elf *e, uint64_t start, uint64_t at, uint64_t *run)
{
    size_t n = lp_count_upto(e->mark, e->nmark, sizeof *e->mark, at);
    *run = n < e->nmark ? e->mark[n].start - at : UINT64_MAX;
    return !n || e->mark[n - 1].start < start || e->mark[n - 1].code;
}

static bool object_run(const lp_elf *e, size_t section, uint64_t at, uint64_t *run)
{
    *run = UINT64_MAX;
    if (section >= e->nsec || !(e->sec[section].flags & SHF_EXECINSTR)) return false;
    return marked(e, LP_ELF_MARK_AT(e, section, 0), LP_ELF_MARK_AT(e, section, at), run);
}

bool lp_elf_code_run(const lp_elf *e, size_t section, uint64_t vaddr, uint64_t *end)
{
    uint64_t run = UINT64_MAX, limit = UINT64_MAX;
    bool code;
    lp_elf_symbols(e, NULL);
    if (e->info.type == ET_REL) {
        code = object_run(e, section, vaddr, &run);
    } else {
        size_t n = lp_count_upto(e->exec, e->nexec, sizeof *e->exec, vaddr);
        code = n && vaddr < e->exec[n - 1].end;
        if (code) limit = e->exec[n - 1].end;
        else if (n < e->nexec) limit = e->exec[n].start;
        if (code) code = marked(e, e->exec[n - 1].start, vaddr, &run);
    }
    *end = run < limit - vaddr ? vaddr + run : limit;
    return code;
}

bool lp_elf_is_text(const lp_elf *e, uint64_t vaddr)
{
    lp_elf_symbols(e, NULL);
    size_t n = lp_count_upto(e->exec, e->nexec, sizeof *e->exec, vaddr);
    return n && vaddr < e->exec[n - 1].end;
}

bool lp_elf_is_code(const lp_elf *e, uint64_t vaddr)
{
    uint64_t end;
    return e->info.type != ET_REL ? lp_elf_code_run(e, 0, vaddr, &end) : lp_elf_is_text(e, vaddr);
}
