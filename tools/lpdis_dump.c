/* tools/lpdis_dump.c - the code of an ELF file, section by section, as it is or as patches would make it. */
#include <config.h>
#include "lpdis.h"
#include "cli.h"

#include <elf.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A changed word, or one of a new body (then `addr` is its offset). */
struct change { uint64_t addr; uint32_t old_word, new_word; bool has_old; char *body; size_t order, owner; };

struct dump {
    struct lpdis *d;
    const lp_elf *elf;
    const struct lp_elf_symbol *symbol;
    size_t n_symbols;
    struct change *change;    /* changed words by address, then the bodies in order */
    size_t n_changes, cap, n_sites;
    size_t next_body;         /* bodies up to here are printed */
    size_t last_order;        /* order of the last changed word that was printed */
    bool any_site;
    struct lp_error *err;
};

/* A run of words that is printed: a section, a segment, or a function of one. */
struct range {
    const char *name;
    uint64_t addr, size;
    const uint8_t *bytes;
    bool code;
    unsigned shndx;           /* ET_REL: symbols of this section only; 0 = by address */
};

/* ---- changes ---- */

static int keep_change(void *ctx, const struct lp_patch_word *w)
{
    struct dump *x = ctx;
    if (x->n_changes == x->cap) {
        x->cap = x->cap ? x->cap * 2 : 64;
        void *p = realloc(x->change, x->cap * sizeof *x->change);
        if (!p) return 1;
        x->change = p;
    }
    char *body = w->where ? strdup(w->where) : NULL;
    if (w->where && !body) return 1;
    x->change[x->n_changes] = (struct change){w->vaddr, w->old_word, w->new_word, w->has_old, body, x->n_changes, 0};
    x->n_changes++;
    return 0;
}

static int by_address(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    if (!x->body != !y->body) return x->body ? 1 : -1;
    if (!x->body && x->addr != y->addr) return x->addr < y->addr ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static lp_status read_patches(struct dump *x)
{
    for (int i = 0; i < x->d->n_patches; i++) {
        lp_patch *p;
        lp_status s = lp_patch_read(x->d->patches[i], 0, cli_report, NULL, &p, x->err);
        if (s) return s;
        s = lp_patch_check(p, x->elf, cli_report, NULL, x->err);
        if (s == LP_OK) s = lp_patch_words(p, x->elf, keep_change, x, x->err);
        lp_patch_free(p);
        if (s) return s;
    }
    /* A body belongs to the changed word that came before it: the branch at the old entry. */
    for (size_t i = 1; i < x->n_changes; i++) x->change[i].owner = x->change[i].body ? (x->change[i - 1].body ? x->change[i - 1].owner : i - 1) : 0;
    if (x->n_changes) qsort(x->change, x->n_changes, sizeof *x->change, by_address);
    while (x->n_sites < x->n_changes && !x->change[x->n_sites].body) x->n_sites++;
    x->next_body = x->n_sites;
    return LP_OK;
}

static const struct change *change_at(const struct dump *x, uint64_t addr)
{
    size_t lo = 0, hi = x->n_sites;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (x->change[mid].addr < addr) lo = mid + 1;
        else hi = mid;
    }
    return lo < x->n_sites && x->change[lo].addr == addr ? &x->change[lo] : NULL;
}

static void print_body_head(const char *name)
{
    if (cli.format != OUT_TEXT) return;
    fputs("\n+ new body of ", out_file());
    out_text(name);
    fputs(":\n", out_file());
}

/* New bodies whose entry was printed (`all`: the others too: functions that the old file does not have). */
static void print_bodies(struct dump *x, bool all)
{
    const char *name = NULL;
    for (size_t i = x->n_sites; i < x->n_changes; i++) {
        struct change *c = &x->change[i];
        bool due = all || (x->any_site && c->owner == x->last_order);
        if (!c->body || !due || c->old_word == 1) continue;
        if (!name || strcmp(name, c->body) != 0) print_body_head(c->body);
        name = c->body;
        struct lpdis_line line = {'+', c->addr, c->new_word, false, c->body};
        lpdis_line(x->d, NULL, NULL, &line);
        c->old_word = 1; /* printed: bodies have no old words */
    }
    x->any_site = false;
}

/* ---- words ---- */

static uint32_t word_at(const struct range *r, uint64_t addr)
{
    const uint8_t *p = r->bytes + (addr - r->addr);
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void print_word(struct dump *x, const struct range *r, struct lpdis_regs *regs, uint64_t addr, const char *in)
{
    const struct change *c = change_at(x, addr);
    bool data = !r->code || (!r->shndx && !lp_elf_is_code(x->elf, addr));
    struct lpdis_line line = {c ? '-' : ' ', addr, word_at(r, addr), data, in};
    if (!c) {
        lpdis_line(x->d, x->elf, regs, &line);
        return;
    }
    lpdis_line(x->d, x->elf, NULL, &line);
    line.mark = '+';
    line.word = c->new_word;
    lpdis_line(x->d, x->elf, regs, &line);
    x->any_site = true;
    x->last_order = c->order;
}

/* First symbol at or above an address. */
static size_t first_symbol(const struct dump *x, uint64_t addr)
{
    size_t lo = 0, hi = x->n_symbols;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (x->symbol[mid].value < addr) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

static bool belongs(const struct range *r, const struct lp_elf_symbol *s)
{
    return s->type != STT_TLS && (!r->shndx || s->shndx == r->shndx);
}

static void head(struct dump *x, uint64_t addr, const char *name)
{
    if (x->any_site) print_bodies(x, false);
    if (cli.format != OUT_TEXT) return;
    fprintf(out_file(), "\n%016" PRIx64 " <", addr);
    out_text(name);
    fputs(">:\n", out_file());
}

/* Zero words of data are folded as objdump does. */
static size_t zeros(const struct range *r, uint64_t addr, uint64_t end)
{
    size_t n = 0;
    while (!r->code && addr + 4 * n + 4 <= end && word_at(r, addr + 4 * n) == 0) n++;
    return n;
}

static void print_range(struct dump *x, const struct range *r)
{
    uint64_t addr = r->addr > x->d->start ? r->addr : (x->d->start + 3) & ~UINT64_C(3);
    uint64_t end = r->addr + r->size < x->d->stop ? r->addr + r->size : x->d->stop;
    struct lpdis_regs regs = {.known = 0};
    const char *in = NULL;
    if (addr >= end || end - addr < 4) return;
    const struct lp_elf_symbol *s = r->shndx ? NULL : lp_elf_symbol_at(x->elf, addr);
    if (s && s->value != addr) in = s->name;
    for (size_t i = first_symbol(x, addr); end - addr >= 4; addr += 4) {
        bool found = false;
        for (; i < x->n_symbols && x->symbol[i].value <= addr; i++) {
            if (found || x->symbol[i].value < addr || !belongs(r, &x->symbol[i])) continue;
            head(x, addr, in = x->symbol[i].name);
            regs.known = 0;
            found = true;
        }
        size_t skip = cli.format == OUT_TEXT ? zeros(r, addr, i < x->n_symbols && x->symbol[i].value < end ? x->symbol[i].value : end) : 0;
        if (skip >= 4) {
            fputs("\t...\n", out_file());
            addr += 4 * (skip - 1);
        } else print_word(x, r, &regs, addr, in);
        if (ferror(out_file())) return;
    }
    if (x->any_site) print_bodies(x, false);
}

/* ---- ranges ---- */

static void section_head(const char *name)
{
    if (cli.format != OUT_TEXT || cli.level < 1) return;
    fputs("\nDisassembly of section ", out_file());
    out_text(name);
    fputs(":\n", out_file());
}

static bool wanted(const struct lpdis *d, const struct lp_elf_section *s)
{
    if (s->type == SHT_NOBITS || s->type == SHT_NULL || s->size < 4) return false;
    if (d->section) return fnmatch(d->section, s->name, 0) == 0;
    return (s->flags & SHF_ALLOC) && (d->all || (s->flags & SHF_EXECINSTR));
}

/* The bytes of a section in the file; false if they are not all there. */
static bool section_range(const lp_elf *elf, const struct lp_elf_section *s, unsigned index, struct range *r)
{
    const struct lp_elf_info *info = lp_elf_info(elf);
    if (s->offset > info->image_size || s->size > info->image_size - s->offset || s->addr > UINT64_MAX - s->size) return false;
    *r = (struct range){s->name, s->addr, s->size, (const uint8_t *)info->image + s->offset, s->flags & SHF_EXECINSTR,
                        info->type == ET_REL ? index : 0};
    return true;
}

static size_t dump_sections(struct dump *x)
{
    size_t n, printed = 0;
    const struct lp_elf_section *s = lp_elf_sections(x->elf, &n);
    for (size_t i = 0; i < n; i++) {
        struct range r;
        if (!wanted(x->d, &s[i]) || !section_range(x->elf, &s[i], (unsigned)i, &r)) continue;
        printed++;
        if (r.addr >= x->d->stop || r.addr + r.size <= x->d->start) continue;
        section_head(s[i].name);
        print_range(x, &r);
    }
    return printed;
}

/* A file without section headers: what the loader would map as code. */
static size_t dump_segments(struct dump *x)
{
    size_t n, printed = 0;
    const struct lp_elf_segment *s = lp_elf_segments(x->elf, &n);
    const struct lp_elf_info *info = lp_elf_info(x->elf);
    for (size_t i = 0; i < n; i++) {
        if (s[i].type != PT_LOAD || (!x->d->all && !(s[i].flags & PF_X))) continue;
        if (s[i].offset > info->image_size || s[i].filesz > info->image_size - s[i].offset || s[i].vaddr > UINT64_MAX - s[i].filesz) continue;
        struct range r = {"(segment)", s[i].vaddr, s[i].filesz, (const uint8_t *)info->image + s[i].offset, s[i].flags & PF_X, 0};
        section_head(r.name);
        print_range(x, &r);
        printed++;
    }
    return printed;
}

/* --symbol: the functions (and objects, with -D) whose names match. */
static size_t dump_symbols(struct dump *x)
{
    size_t n, printed = 0;
    const struct lp_elf_section *sections = lp_elf_sections(x->elf, &n);
    for (size_t i = 0; i < x->n_symbols; i++) {
        const struct lp_elf_symbol *s = &x->symbol[i];
        struct range r;
        if (fnmatch(x->d->symbol, s->name, 0) != 0 || s->size < 4 || s->shndx >= n) continue;
        const struct lp_elf_section *in = &sections[s->shndx];
        if (!section_range(x->elf, in, s->shndx, &r) || in->type == SHT_NOBITS || s->value < r.addr || s->value - r.addr > r.size) continue;
        if ((!r.code && !x->d->all) || (i && x->symbol[i - 1].value == s->value && fnmatch(x->d->symbol, x->symbol[i - 1].name, 0) == 0)) continue;
        r.bytes += s->value - r.addr;
        r.size -= s->value - r.addr;
        if (s->size < r.size) r.size = s->size;
        r.addr = s->value;
        print_range(x, &r);
        printed++;
    }
    return printed;
}

static lp_status nothing(struct dump *x)
{
    const struct lpdis *d = x->d;
    *x->err = (struct lp_error){.status = d->symbol ? LP_E_SYMBOL : LP_E_NOT_FOUND};
    snprintf(x->err->where, sizeof x->err->where, "%s", lp_elf_info(x->elf)->name);
    if (d->symbol) snprintf(x->err->text, sizeof x->err->text, "no function matches '%.100s'%s", d->symbol, d->all ? "" : " (-D takes objects too)");
    else if (d->section) snprintf(x->err->text, sizeof x->err->text, "no section matches '%.100s'", d->section);
    else snprintf(x->err->text, sizeof x->err->text, "there is no code in it");
    return x->err->status;
}

lp_status lpdis_dump(struct lpdis *d, const lp_elf *elf, struct lp_error *err)
{
    struct dump x = {.d = d, .elf = elf, .err = err};
    x.symbol = lp_elf_symbols(elf, &x.n_symbols);
    lp_status s = read_patches(&x);
    if (s == LP_OK) {
        size_t n, printed;
        lp_elf_sections(elf, &n);
        if (d->symbol) printed = dump_symbols(&x);
        else if (n) printed = dump_sections(&x);
        else printed = dump_segments(&x);
        if (!d->symbol) print_bodies(&x, true);
        if (!printed) s = nothing(&x);
    }
    for (size_t i = 0; i < x.n_changes; i++) free(x.change[i].body);
    free(x.change);
    return s;
}
