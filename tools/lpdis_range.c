/* tools/lpdis_range.c - a part of a range as lines: heads of symbols, code and the data in it, changed words, new bodies. */
#include <config.h>
#include "lpdis.h"
#include "cli.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

enum { PART = 1 << 17, PART_SLACK = 1 << 16, WARM_UP = 256 };

struct state {
    const struct lpdis_file *f;
    const struct lpdis_range *r;
    struct lpdis_view v;
    const char *in;
    uint64_t in_end;          /* of a function without a symbol; behind it nobody knows what there is. 0 = it goes on up to the next one */
    uint64_t run_end;         /* up to here it is code or data, as `code` says */
    bool code;
    const struct lp_elf_line *source; /* the last that was printed */
    size_t next_reloc;
    bool any_site;            /* a changed word was printed, and new bodies may belong to it: */
    size_t last_order;        /* its order */
};

static uint32_t word_at(const struct lpdis_range *r, uint64_t addr, unsigned size)
{
    const uint8_t *p = r->bytes + (addr - r->addr);
    uint32_t w = 0;
    while (size--) w = w << 8 | p[size];
    return w;
}

/* ---- new bodies ---- */

static void body_head(const char *name)
{
    if (cli.format != OUT_TEXT) return;
    out_puts("\n+ new body of ");
    out_text(name);
    out_puts(":\n");
}

static void print_bodies(struct lpdis_view *v, const struct lpdis_changes *c, bool all, size_t owner)
{
    const char *name = NULL;
    for (size_t i = c->n_sites; i < c->n; i++) {
        struct lpdis_change *b = &c->v[i];
        if (b->printed || (!all && b->owner != owner)) continue;
        if (!name || strcmp(name, b->body) != 0) body_head(b->body), v->regs.known = 0;
        name = b->body;
        v->patch = b->patch;
        lpdis_line(v, &(struct lpdis_line){.mark = '+', .size = 4, .addr = b->at, .word = b->new_word, .in = name, .import = b->import});
        b->printed = true;
    }
}

const struct lpdis_body *lpdis_body_at(const struct lpdis_changes *c, int patch, uint64_t addr)
{
    for (size_t i = 0; c && i < c->n_bodies; i++)
        if (addr >= c->body[i].at && addr < c->body[i].end && c->body[i].patch == patch) return &c->body[i];
    return NULL;
}

void lpdis_bodies(const struct lpdis_file *f, lp_dis *dis, uint64_t *undefined)
{
    struct lpdis_view v = {.d = f->d, .dis = dis, .elf = f->elf, .reloc = f->reloc, .n_relocs = f->n_relocs, .changes = &f->changes};
    print_bodies(&v, &f->changes, true, 0);
    *undefined += v.undefined;
}

static void due_bodies(struct state *s)
{
    struct lpdis_view v = s->v;
    v.undefined = 0;
    if (s->any_site) print_bodies(&v, &s->f->changes, false, s->last_order);
    s->v.undefined += v.undefined;
    s->any_site = false;
}

/* ---- words ---- */

static const struct lpdis_change *change_at(const struct lpdis_changes *c, uint64_t addr)
{
    size_t lo = 0, hi = c->n_sites;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (c->v[mid].addr < addr) lo = mid + 1;
        else hi = mid;
    }
    return lo < c->n_sites && c->v[lo].addr == addr ? &c->v[lo] : NULL;
}

static bool is_data(struct state *s, uint64_t addr)
{
    if (!s->r->code) return true;
    if (addr >= s->run_end) s->code = lp_elf_code_run(s->f->elf, s->r->section, addr, &s->run_end);
    return !s->code;
}

/* -l: where the code comes from, when that changes. */
static const struct lp_elf_line *print_source(struct state *s, uint64_t addr)
{
    char line[24] = ":";
    const struct lp_elf_line *l = s->v.d->lines && s->r->code ? lp_elf_line_at(s->f->elf, addr) : NULL;
    if (!l || !l->line) return NULL;
    bool same = s->source && s->source->line == l->line && strcmp(s->source->file, l->file) == 0;
    s->source = l;
    if (same || cli.format != OUT_TEXT) return l;
    out_text(l->file);
    snprintf(line + 1, sizeof line - 1, "%u\n", l->line);
    out_puts(line);
    return l;
}

/* -r: what is relocated below `end`. */
static void print_relocs(struct state *s, uint64_t end)
{
    const struct lpdis_file *f = s->f;
    size_t section = s->r->object ? s->r->section : 0;
    for (; s->next_reloc < f->n_relocs; s->next_reloc++) {
        const struct lp_elf_reloc *r = &f->reloc[s->next_reloc];
        if (r->section != section || r->at >= end) return;
        lpdis_reloc(s->v.d, r);
    }
}

static void print_word(struct state *s, uint64_t addr)
{
    const struct lp_elf_line *source = print_source(s, addr);
    const struct lpdis_change *c = s->f->changes.n_sites ? change_at(&s->f->changes, addr) : NULL;
    struct lpdis_line line = {.mark = c ? '-' : ' ', .data = is_data(s, addr), .size = 4, .addr = addr, .word = word_at(s->r, addr, 4), .in = s->in,
                              .source = source};
    uint32_t now = c ? c->new_word : 0;
    if (!c && s->f->changes.n_sets && lpdis_take_change(&s->f->changes, addr, 4, line.word, &line.word, &now)) line.mark = '-';
    lpdis_line(&s->v, &line);
    if (c) s->v.patch = c->patch, s->any_site = true, s->last_order = c->order;
    if (line.mark == '-') {
        line.mark = '+';
        line.word = now;
        line.import = c ? c->import : NULL;
        lpdis_line(&s->v, &line);
    }
    if (s->v.d->relocs) print_relocs(s, addr + 4);
}

/* What is left at the end of a section whose size is no multiple of 4. */
static void print_rest(struct state *s, uint64_t addr, uint64_t end)
{
    for (uint8_t size; addr < end; addr += size) {
        size = end - addr >= 2 ? 2 : 1;
        struct lpdis_line line = {.mark = ' ', .data = true, .size = size, .addr = addr, .word = word_at(s->r, addr, size), .in = s->in};
        uint32_t now;
        if (lpdis_take_change(&s->f->changes, addr, size, line.word, &line.word, &now)) line.mark = '-';
        lpdis_line(&s->v, &line);
        if (line.mark == '-') line.mark = '+', line.word = now, lpdis_line(&s->v, &line);
    }
}

/* ---- symbols ---- */

static size_t first_symbol(const struct lpdis_file *f, uint64_t addr)
{
    size_t lo = 0, hi = f->n_symbols;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (f->symbol[mid].value < addr) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

static bool belongs(const struct lpdis_range *r, const struct lp_elf_symbol *s)
{
    return s->type != STT_TLS && (!r->object || s->shndx == r->section);
}

static void head(struct state *s, uint64_t addr, const char *name)
{
    due_bodies(s);
    s->in = name;
    s->v.regs.known = 0;
    if (cli.format != OUT_TEXT) return;
    char t[24] = "\n";
    out_put(t, 1 + out_digits(t + 1, addr, 16));
    out_puts(" <");
    lpdis_name(s->v.d, name);
    out_puts(">:\n");
}

/* lp_elf_unnamed() calls them by their address. */
static bool is_unnamed(const struct lp_elf_symbol *s) { return s->name[0] == '0' && s->name[1] == 'x'; }

/* The head of an address, if it has one: its first symbol. `i` is behind its symbols then. */
static void heads(struct state *s, size_t *i, uint64_t addr)
{
    bool found = false;
    const struct lpdis_file *f = s->f;
    for (; *i < f->n_symbols && f->symbol[*i].value <= addr; ++*i) {
        if (found || f->symbol[*i].value < addr || !belongs(s->r, &f->symbol[*i])) continue;
        head(s, addr, f->symbol[*i].name);
        s->in_end = is_unnamed(&f->symbol[*i]) ? addr + f->symbol[*i].size : 0;
        found = true;
    }
    if (found || !s->in_end || addr < s->in_end) return;
    due_bodies(s);
    s->in = NULL, s->in_end = 0, s->v.regs.known = 0;
    if (cli.format == OUT_TEXT) out_puts("\n");
}

/* ---- a part ---- */

/* Zero words of data are folded as objdump does. */
static size_t zeros(const struct state *s, uint64_t addr, uint64_t end)
{
    size_t n = 0;
    if (s->r->code || cli.format != OUT_TEXT || s->v.d->relocs) return 0;
    while (addr + 4 * n + 4 <= end && word_at(s->r, addr + 4 * n, 4) == 0 && !lpdis_set_at(&s->f->changes, addr + 4 * n, 4)) n++;
    return n < 4 ? 0 : n;
}

static const struct lp_elf_symbol *unnamed_at(const lp_elf *elf, uint64_t addr)
{
    size_t n, lo = 0;
    const struct lp_elf_symbol *v = lp_elf_unnamed(elf, &n);
    while (lo < n) {
        size_t mid = lo + (n - lo) / 2;
        if (v[mid].value <= addr) lo = mid + 1;
        else n = mid;
    }
    return lo && addr - v[lo - 1].value < v[lo - 1].size ? &v[lo - 1] : NULL;
}

/* What the registers are in the middle of a function; in whose middle we are. */
static void warm_up(struct state *s, uint64_t from)
{
    const struct lp_elf_symbol *sym = s->r->object ? NULL : lp_elf_symbol_at(s->f->elf, from);
    if (!sym && !s->r->object) sym = unnamed_at(s->f->elf, from);
    if (sym && sym->value == from) return;
    if (sym) s->in = sym->name, s->in_end = is_unnamed(sym) ? sym->value + sym->size : 0;
    uint64_t at = from - s->r->addr > 4 * WARM_UP ? from - 4 * WARM_UP : s->r->addr;
    if (sym && sym->value > at && sym->value < from) at = sym->value;
    for (; s->r->code && from - at >= 4; at += 4) lpdis_follow(&s->v, at, word_at(s->r, at, 4));
}

static void section_head(const char *name)
{
    if (cli.format != OUT_TEXT || cli.level < 1) return;
    out_puts("\nDisassembly of section ");
    out_text(name);
    out_puts(":\n");
}

void lpdis_part(const struct lpdis_file *f, lp_dis *dis, const struct lpdis_part *p, uint64_t *undefined)
{
    struct state s = {.f = f, .r = p->range, .v = {.d = f->d, .dis = dis, .reloc = f->reloc, .n_relocs = f->n_relocs, .changes = &f->changes,
                                                            .unlinked = p->range->object}};
    if (!p->range->object) s.v.elf = f->elf;
    uint64_t addr = p->from;
    if (p->range->name && addr == p->range->addr) section_head(p->range->name);
    warm_up(&s, addr);
    s.next_reloc = lpdis_first_reloc(f->reloc, f->n_relocs, s.r->object ? s.r->section : 0, addr);
    for (size_t i = first_symbol(f, addr); p->to - addr >= 4; addr += 4) {
        heads(&s, &i, addr);
        size_t skip = zeros(&s, addr, i < f->n_symbols && f->symbol[i].value < p->to ? f->symbol[i].value : p->to);
        if (skip) out_puts("\t...\n"), addr += 4 * (skip - 1);
        else print_word(&s, addr);
    }
    if (p->to == p->range->addr + p->range->size) print_rest(&s, addr, p->to);
    due_bodies(&s);
    *undefined += s.v.undefined;
}

uint64_t lpdis_part_end(const struct lpdis_file *f, const struct lpdis_range *r, uint64_t from)
{
    uint64_t end = r->addr + r->size;
    if (f->changes.n || f->changes.n_data || end - from <= PART + PART_SLACK) return end;
    for (size_t i = first_symbol(f, from + PART); i < f->n_symbols && f->symbol[i].value < from + PART + PART_SLACK; i++)
        if (belongs(r, &f->symbol[i]) && f->symbol[i].value % 4 == 0) return f->symbol[i].value;
    return from + PART;
}
