/* tools/lpdis_dump.c - what of an ELF file is printed: its sections or segments or functions, as they are or as patches would make them. */
#include <config.h>
#include "lpdis.h"
#include "cli.h"

#include <elf.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dump {
    struct lpdis *d;
    struct lpdis_file f;
    struct lpdis_range *range;
    size_t n_ranges, cap_ranges;
    size_t matched;           /* ranges that are meant, also those outside --start-address and --stop-address */
    struct lpdis_part *part;
    size_t n_parts, cap_parts;
    bool failed;              /* out of memory */
    const struct lp_elf_symbol *around; /* --symbol 0xADDRESS */
    struct lp_elf_symbol *own; /* f.symbol, if it is not the file's */
};

/* The file's symbols, and functions that have none. */
static void read_symbols(struct dump *x)
{
    size_t n, m, out = 0;
    const struct lp_elf_symbol *v = lp_elf_symbols(x->f.elf, &n), *w = lp_elf_unnamed(x->f.elf, &m);
    x->f.symbol = v, x->f.n_symbols = n;
    if (!m) return;
    x->own = malloc((n + m) * sizeof *x->own);
    x->failed |= !x->own;
    for (size_t i = 0, k = 0; x->own && (i < n || k < m);) x->own[out++] = k == m || (i < n && v[i].value <= w[k].value) ? v[i++] : w[k++];
    if (x->own) x->f.symbol = x->own, x->f.n_symbols = out;
}

/* ---- changes ---- */

static void *grow(void *p, size_t *cap, size_t n, size_t size)
{
    if (n < *cap) return p;
    *cap = *cap ? *cap * 2 : 64;
    return realloc(p, *cap * size);
}

int lpdis_keep_change(void *ctx, const struct lp_patch_word *w)
{
    struct lpdis_changes *c = ctx;
    char *body = w->where ? strdup(w->where) : NULL, *import = w->import ? strdup(w->import) : NULL;
    struct lpdis_change *v = grow(c->v, &c->cap, c->n, sizeof *v);
    if (v) c->v = v;
    if (!v || (w->where && !body) || (w->import && !import)) return free(body), free(import), 1;
    c->v[c->n] = (struct lpdis_change){.addr = w->vaddr, .old_word = w->old_word, .new_word = w->new_word, .body = body, .import = import, .order = c->n,
                                          .at = w->at, .patch = c->patch};
    /* A body belongs to the changed word that came before it: the branch at the old entry. */
    if (body) c->v[c->n].owner = c->n && c->v[c->n - 1].body ? c->v[c->n - 1].owner : c->n - 1;
    c->n++;
    return 0;
}

static int by_address(const void *a, const void *b)
{
    const struct lpdis_change *x = a, *y = b;
    if (!x->body != !y->body) return x->body ? 1 : -1;
    if (!x->body && x->addr != y->addr) return x->addr < y->addr ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static lp_status read_patches(struct dump *x, struct lp_error *err)
{
    struct lpdis_changes *c = &x->f.changes;
    for (int i = 0; i < x->d->n_patches; i++) {
        lp_patch *p;
        lp_status s = lp_patch_read(x->d->patches[i], 0, cli_report, NULL, &p, err);
        if (s) return s;
        s = lp_patch_check(p, x->f.elf, cli_report, NULL, err);
        c->patch = i;
        if (s == LP_OK) s = lp_patch_words(p, x->f.elf, lpdis_keep_change, c, err);
        if (s == LP_OK) s = lp_patch_data(p, x->f.elf, lpdis_keep_datum, c, err);
        lp_patch_free(p);
        if (s) return s;
    }
    return LP_OK;
}

/* Words of one body are one behind the other; new data have names, too. */
static bool name_bodies(struct lpdis_changes *c)
{
    if (!(c->body = malloc((c->n - c->n_sites + c->n_data + 1) * sizeof *c->body))) return false;
    for (size_t i = c->n_sites; i < c->n; i++) {
        const struct lpdis_change *w = &c->v[i];
        struct lpdis_body *last = c->n_bodies ? &c->body[c->n_bodies - 1] : NULL;
        if (last && last->end == w->at && last->patch == w->patch && strcmp(last->name, w->body) == 0) last->end += 4;
        else c->body[c->n_bodies++] = (struct lpdis_body){w->at, w->at + 4, w->body, w->patch, NULL};
    }
    for (size_t i = c->n_sets; i < c->n_data; i++) {
        const struct lpdis_datum *d = &c->datum[i];
        c->body[c->n_bodies++] = (struct lpdis_body){d->at, d->at + d->size, d->name, d->patch, d->bytes};
    }
    return true;
}

static bool sort_changes(struct lpdis_changes *c)
{
    if (c->n) qsort(c->v, c->n, sizeof *c->v, by_address);
    while (c->n_sites < c->n && !c->v[c->n_sites].body) c->n_sites++;
    lpdis_sort_data(c);
    return name_bodies(c);
}

/* Each patch fits the file; so of two that change a word one does not fit what the other leaves. */
static lp_status check_apart(const struct dump *x, struct lp_error *err)
{
    const struct lpdis_changes *c = &x->f.changes;
    const char *what = "word";
    uint64_t at = UINT64_MAX;
    for (size_t i = 1; i < c->n_sites && at == UINT64_MAX; i++)
        if (c->v[i].addr == c->v[i - 1].addr) at = c->v[i].addr;
    for (size_t i = 1; i < c->n_sets && at == UINT64_MAX; i++)
        if (c->datum[i].at < c->datum[i - 1].at + c->datum[i - 1].size) at = c->datum[i].at, what = "datum";
    if (at == UINT64_MAX) return LP_OK;
    *err = (struct lp_error){.status = LP_E_OVERLAP, .hint = "give one of them, or give the file as the first one has patched it (lpapply -o)"};
    snprintf(err->where, sizeof err->where, "%s", lp_elf_info(x->f.elf)->name);
    snprintf(err->text, sizeof err->text, "two of the patches change the %s at 0x%" PRIx64, what, at);
    return LP_E_OVERLAP;
}

/* ---- ranges ---- */

static void add_range(struct dump *x, struct lpdis_range r)
{
    struct lpdis_range *v = grow(x->range, &x->cap_ranges, x->n_ranges, sizeof *v);
    if (v) x->range = v;
    x->failed |= !v;
    x->matched++;
    /* An odd address is moved up to the next instruction. */
    uint64_t start = x->d->start > r.addr ? (x->d->start + 3) & ~UINT64_C(3) : r.addr;
    if (!v || start >= x->d->stop || start - r.addr >= r.size || !r.size) return;
    if (x->d->stop - start < r.size - (start - r.addr)) r.size = x->d->stop - r.addr;
    x->range[x->n_ranges++] = r;
}

static bool wanted(const struct lpdis *d, const struct lp_elf_section *s)
{
    if (s->type == SHT_NOBITS || s->type == SHT_NULL || !s->size) return false;
    if (d->section) return fnmatch(d->section, s->name, 0) == 0;
    return (s->flags & SHF_ALLOC) && (d->all || (s->flags & SHF_EXECINSTR));
}

/* The bytes of a section in the file; false if they are not all there. */
static bool section_range(const lp_elf *elf, const struct lp_elf_section *s, size_t index, struct lpdis_range *r)
{
    const struct lp_elf_info *info = lp_elf_info(elf);
    if (s->offset > info->image_size || s->size > info->image_size - s->offset || s->addr > UINT64_MAX - s->size) return false;
    *r = (struct lpdis_range){.addr = s->addr, .size = s->size, .bytes = (const uint8_t *)info->image + s->offset,
                              .code = s->flags & SHF_EXECINSTR, .section = index, .object = info->type == ET_REL};
    return true;
}

static void find_sections(struct dump *x)
{
    size_t n;
    const struct lp_elf_section *s = lp_elf_sections(x->f.elf, &n);
    for (size_t i = 0; i < n; i++) {
        struct lpdis_range r;
        if (!wanted(x->d, &s[i]) || !section_range(x->f.elf, &s[i], i, &r)) continue;
        r.name = s[i].name;
        add_range(x, r);
    }
}

/* A file without section headers: what the loader would map as code. */
static void find_segments(struct dump *x)
{
    size_t n;
    const struct lp_elf_segment *s = lp_elf_segments(x->f.elf, &n);
    const struct lp_elf_info *info = lp_elf_info(x->f.elf);
    for (size_t i = 0; i < n; i++) {
        if (s[i].type != PT_LOAD || (!x->d->all && !(s[i].flags & PF_X))) continue;
        if (s[i].offset > info->image_size || s[i].filesz > info->image_size - s[i].offset || s[i].vaddr > UINT64_MAX - s[i].filesz) continue;
        add_range(x, (struct lpdis_range){.name = "(segment)", .addr = s[i].vaddr, .size = s[i].filesz,
                                          .bytes = (const uint8_t *)info->image + s[i].offset, .code = s[i].flags & PF_X});
    }
}

/* --symbol 0xADDRESS: what is around it; a label says nothing about where it ends. NULL = it is a name, or there is nothing. */
static const struct lp_elf_symbol *find_around(const struct dump *x)
{
    char *end;
    const uint64_t at = strtoull(x->d->symbol, &end, 16);
    if (strncmp(x->d->symbol, "0x", 2) != 0 || *end || lp_elf_info(x->f.elf)->type == ET_REL) return NULL;
    const struct lp_elf_symbol *s = lp_elf_symbol_at(x->f.elf, at);
    for (size_t i = 0; i < x->f.n_symbols && !(s && s->size); i++)
        if (x->f.symbol[i].type == STT_FUNC && at >= x->f.symbol[i].value && at - x->f.symbol[i].value < x->f.symbol[i].size) s = &x->f.symbol[i];
    return s;
}

static bool is_around(const struct dump *x, const struct lp_elf_symbol *s)
{
    return x->around && s->value == x->around->value && s->size == x->around->size && s->shndx == x->around->shndx;
}

/* With -C a name may be given as it was written, too. */
static bool names(const struct dump *x, const struct lp_elf_symbol *s)
{
    if (is_around(x, s)) return true;
    if (fnmatch(x->d->symbol, s->name, 0) == 0) return true;
    char *plain = x->d->demangle ? lp_elf_demangle(s->name) : NULL;
    bool hit = plain && (fnmatch(x->d->symbol, plain, 0) == 0 || strcmp(x->d->symbol, plain) == 0);
    free(plain);
    return hit;
}

/* A label of hand-written assembly has no size: up to the next name. */
static uint64_t size_of(const struct dump *x, const struct lp_elf_symbol *s)
{
    const struct lp_elf_symbol *end = x->f.symbol + x->f.n_symbols;
    if (s->size) return s->size;
    for (const struct lp_elf_symbol *t = s + 1; t < end; t++)
        if (t->value > s->value && t->shndx == s->shndx) return t->value - s->value;
    return UINT64_MAX;
}

/* A label within a function that is printed. */
static bool is_inside(const struct dump *x, const struct lp_elf_symbol *s)
{
    for (size_t i = x->n_ranges; !s->size && i-- > 0;)
        if (x->range[i].section == s->shndx && s->value - x->range[i].addr < x->range[i].size) return true;
    return false;
}

/* --symbol: the functions (and objects, with -D) whose names match; of several names of a place, one. */
static void find_symbols(struct dump *x)
{
    size_t n;
    const struct lp_elf_section *sections = lp_elf_sections(x->f.elf, &n);
    const struct lp_elf_symbol *last = NULL;
    x->around = find_around(x);
    for (size_t i = 0; i < x->f.n_symbols; i++) {
        const struct lp_elf_symbol *s = &x->f.symbol[i];
        struct lpdis_range r;
        if (s->type == STT_TLS || s->shndx >= n || (last && last->value == s->value && last->shndx == s->shndx) || !names(x, s)) continue;
        const struct lp_elf_section *in = &sections[s->shndx];
        if (in->type == SHT_NOBITS || !section_range(x->f.elf, in, s->shndx, &r) || s->value < r.addr || s->value - r.addr >= r.size) continue;
        if ((!r.code && !x->d->all) || is_inside(x, s)) continue;
        r.bytes += s->value - r.addr;
        r.size -= s->value - r.addr;
        if (size_of(x, s) < r.size) r.size = size_of(x, s);
        r.addr = s->value;
        add_range(x, r);
        last = s;
    }
}

static void find_parts(struct dump *x)
{
    for (size_t i = 0; i < x->n_ranges; i++) {
        const struct lpdis_range *r = &x->range[i];
        uint64_t from = r->addr > x->d->start ? r->addr : (x->d->start + 3) & ~UINT64_C(3);
        for (uint64_t to; from < r->addr + r->size; from = to) {
            struct lpdis_part *v = grow(x->part, &x->cap_parts, x->n_parts, sizeof *v);
            if (!v) x->failed = true;
            if (!v) return;
            x->part = v;
            to = lpdis_part_end(&x->f, r, from);
            v[x->n_parts++] = (struct lpdis_part){r, from, to};
        }
    }
}

/* Names like it, if it is one and no pattern. */
static void hint_near(const struct dump *x, struct lp_error *err)
{
    const struct lp_elf_symbol *sym;
    struct lp_error near;
    if (lp_elf_find(x->f.elf, x->d->symbol, &sym, &near) != LP_E_SYMBOL || strcmp(near.hint, lp_status_hint(LP_E_SYMBOL)) == 0) return;
    memcpy(err->hint, near.hint, sizeof err->hint);
}

/* -j: the sections that there are, as many as there is room for. */
static void hint_sections(const struct dump *x, struct lp_error *err)
{
    size_t n, used = (size_t)snprintf(err->hint, sizeof err->hint, "there are");
    const struct lp_elf_section *s = lp_elf_sections(x->f.elf, &n);
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        if (s[i].type == SHT_NOBITS || s[i].type == SHT_NULL || !s[i].size) continue;
        if (used + strlen(s[i].name) + 8 > sizeof err->hint) {
            snprintf(err->hint + used, sizeof err->hint - used, " ...");
            break;
        }
        used += (size_t)snprintf(err->hint + used, sizeof err->hint - used, "%s %s", any ? "," : "", s[i].name);
        any = true;
    }
    if (!any) snprintf(err->hint, sizeof err->hint, "it has no section headers");
}

/* -j: a section that is there, and nothing of it in the file. */
static bool is_empty(const struct dump *x)
{
    size_t n;
    const struct lp_elf_section *s = lp_elf_sections(x->f.elf, &n);
    for (size_t i = 0; i < n; i++)
        if (s[i].type == SHT_NOBITS && fnmatch(x->d->section, s[i].name, 0) == 0) return true;
    return false;
}

static lp_status nothing(struct dump *x, struct lp_error *err)
{
    const struct lpdis *d = x->d;
    *err = (struct lp_error){.status = LP_E_NOT_FOUND};
    snprintf(err->where, sizeof err->where, "%s", lp_elf_info(x->f.elf)->name);
    if (d->symbol) snprintf(err->text, sizeof err->text, "no function matches '%.100s'%s", d->symbol, d->all ? "" : " (-D takes objects too)");
    else if (d->section && is_empty(x))
        snprintf(err->text, sizeof err->text, "section '%.100s' has no bytes in the file, and is 0 when the program starts", d->section);
    else if (d->section) snprintf(err->text, sizeof err->text, "no section matches '%.100s'", d->section);
    else {
        cli_warn("%s: there is no code in it", err->where);
        return err->status = LP_OK;
    }
    if (d->symbol) hint_near(x, err);
    else hint_sections(x, err);
    return err->status;
}

/* Not above an error. */
static void print_title(const struct lpdis *d)
{
    if (cli.format != OUT_TEXT || cli.level < 1) return;
    out_puts("\n");
    out_text(d->title);
    out_puts(":     file format elf64-littleaarch64\n");
}

static lp_status print_all(struct dump *x, struct lp_error *err)
{
    size_t n;
    lp_elf_sections(x->f.elf, &n);
    if (x->d->symbol) find_symbols(x);
    else if (n) find_sections(x);
    else find_segments(x);
    lp_status s = x->d->live && !x->failed ? lpdis_look(x->d->live, &x->f, &x->f.changes, x->range, x->n_ranges, !x->d->symbol, err) : LP_OK;
    if (s) return s;
    x->failed |= !sort_changes(&x->f.changes);
    if ((s = check_apart(x, err)) != LP_OK) return s;
    find_parts(x);
    if (x->failed) {
        *err = (struct lp_error){.status = LP_E_NOMEM, .text = "out of memory"};
        return LP_E_NOMEM;
    }
    if (x->matched || (!x->d->symbol && !x->d->section)) print_title(x->d);
    return x->matched ? lpdis_run(&x->f, x->part, x->n_parts, &x->d->undefined, err) : nothing(x, err);
}

/* -l is no reason to show nothing. */
static void need_lines(struct lpdis *d, const lp_elf *elf)
{
    struct lp_error err;
    const struct lp_elf_line *rows;
    size_t n;
    bool object = lp_elf_info(elf)->type == ET_REL;
    if (!object && lp_elf_lines(elf, &rows, &n, &err) == LP_OK) return;
    cli_warn("no line numbers: %s", object ? "those of an object file are not known before it is linked" : err.text);
    d->lines = false;
}

lp_status lpdis_dump(struct lpdis *d, const lp_elf *elf, struct lp_error *err)
{
    struct dump x = {.d = d, .f = {.d = d, .elf = elf}};
    read_symbols(&x);
    x.f.reloc = lp_elf_relocs(elf, &x.f.n_relocs);
    if (d->lines) need_lines(d, elf);
    lp_status s = read_patches(&x, err);
    if (s == LP_OK) s = print_all(&x, err);
    for (size_t i = 0; i < x.f.changes.n; i++) free(x.f.changes.v[i].body), free(x.f.changes.v[i].import);
    free(x.f.changes.v), free(x.f.changes.body), lpdis_free_data(&x.f.changes);
    free(x.range);
    free(x.part);
    free(x.own);
    return s;
}
