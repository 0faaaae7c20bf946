/* tools/lpdis_data.c - the data of patches: what they change, and what they bring. */
#include <config.h>
#include "lpdis.h"
#include "cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int lpdis_keep_datum(void *ctx, const struct lp_patch_datum *d)
{
    struct lpdis_changes *c = ctx;
    const size_t len = (size_t)d->size;
    struct lpdis_datum *v = realloc(c->datum, (c->n_data + 1) * sizeof *v);
    if (!v) return 1;
    c->datum = v;
    v += c->n_data;
    *v = (struct lpdis_datum){.at = d->vaddr, .size = d->size, .order = c->n_data, .patch = c->patch};
    v->bytes = malloc(2 * len + 1);
    v->name = d->name ? malloc(strlen(d->name) + sizeof "data ") : NULL;
    if (!v->bytes || (d->name && !v->name)) return free(v->bytes), free(v->name), 1;
    memcpy(v->bytes, d->new_bytes, len);
    if (d->old_bytes) memcpy(v->old_bytes = v->bytes + len, d->old_bytes, len);
    if (d->name) sprintf(v->name, "data %s", d->name);
    snprintf(v->section, sizeof v->section, "%s", d->section ? d->section : "");
    c->n_data++;
    return 0;
}

void lpdis_free_data(struct lpdis_changes *c)
{
    for (size_t i = 0; i < c->n_data; i++) free(c->datum[i].bytes), free(c->datum[i].name);
    free(c->datum);
}

/* Changes by address, then what is new. */
static int by_place(const void *a, const void *b)
{
    const struct lpdis_datum *x = a, *y = b;
    if (!x->name != !y->name) return x->name ? 1 : -1;
    if (!x->name && x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

void lpdis_sort_data(struct lpdis_changes *c)
{
    if (c->n_data) qsort(c->datum, c->n_data, sizeof *c->datum, by_place);
    while (c->n_sets < c->n_data && !c->datum[c->n_sets].name) c->n_sets++;
}

/* ---- what is changed ---- */

struct lpdis_datum *lpdis_set_at(const struct lpdis_changes *c, uint64_t addr, unsigned size)
{
    size_t lo = 0, hi = c->n_sets; /* they do not overlap: the first that ends behind addr */
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (c->datum[mid].at + c->datum[mid].size <= addr) lo = mid + 1;
        else hi = mid;
    }
    return lo < c->n_sets && c->datum[lo].at < addr + size ? &c->datum[lo] : NULL;
}

bool lpdis_take_change(const struct lpdis_changes *c, uint64_t addr, unsigned size, uint32_t word, uint32_t *was, uint32_t *now)
{
    struct lpdis_datum *d = lpdis_set_at(c, addr, size);
    *was = *now = word;
    for (; d && d < c->datum + c->n_sets && d->at < addr + size; d++) {
        d->printed = true;
        for (unsigned i = 0; i < size; i++) {
            const uint64_t off = addr + i - d->at; /* bytes in front of it are far behind */
            if (off >= d->size) continue;
            *was = (*was & ~(UINT32_C(0xff) << 8 * i)) | (uint32_t)d->old_bytes[off] << 8 * i;
            *now = (*now & ~(UINT32_C(0xff) << 8 * i)) | (uint32_t)d->bytes[off] << 8 * i;
        }
    }
    return *was != *now;
}

/* ---- what no range has shown ---- */

static uint32_t word_of(const uint8_t *p, unsigned size)
{
    uint32_t w = 0;
    while (size--) w = w << 8 | p[size];
    return w;
}

/* Bytes as words, and what is left as less. */
static void print_bytes(struct lpdis_view *v, char mark, uint64_t at, const uint8_t *p, uint64_t len, const char *in)
{
    for (uint64_t off = 0, zeros; off < len;) {
        const unsigned size = len - off >= 4 ? 4 : len - off >= 2 ? 2 : 1;
        for (zeros = 0; cli.format == OUT_TEXT && off + zeros < len && p[off + zeros] == 0;) zeros++;
        if (zeros >= 16) {
            out_puts("\t...\n");
            off += zeros & ~UINT64_C(3);
            continue;
        }
        lpdis_line(v, &(struct lpdis_line){.mark = mark, .data = true, .size = (uint8_t)size, .addr = at + off, .word = word_of(p + off, size), .in = in});
        off += size;
    }
}

static void print_set(struct lpdis_view *v, struct lpdis_datum *d)
{
    const struct lp_elf_symbol *s = lp_elf_symbol_at(v->elf, d->at);
    char head[24] = "\n";
    if (cli.format == OUT_TEXT) {
        out_put(head, 1 + out_digits(head + 1, d->at, 16));
        if (s) out_puts(" <"), lpdis_name(v->d, s->name);
        if (s && s->value != d->at) out_printf("+0x%" PRIx64, d->at - s->value);
        out_puts(s ? ">:\n" : ":\n");
    }
    print_bytes(v, '-', d->at, d->old_bytes, d->size, s ? s->name : NULL);
    print_bytes(v, '+', d->at, d->bytes, d->size, s ? s->name : NULL);
    d->printed = true;
}

static bool is_text(const struct lpdis_datum *d)
{
    if (d->size < 3 || d->bytes[d->size - 1]) return false;
    for (uint64_t i = 0; i + 1 < d->size; i++)
        if ((d->bytes[i] < 0x20 && d->bytes[i] != '\n' && d->bytes[i] != '\t') || d->bytes[i] >= 0x7f) return false;
    return true;
}

static void print_new(struct lpdis_view *v, struct lpdis_datum *d)
{
    enum { SHOWN = 72 };
    if (cli.format == OUT_TEXT) {
        out_puts("\n+ new ");
        out_text(d->name);
        out_printf(", %s, %" PRIu64 " bytes:", d->section, d->size);
        if (is_text(d)) {
            out_puts(" \"");
            out_text_n((const char *)d->bytes, d->size - 1 < SHOWN ? (size_t)d->size - 1 : SHOWN);
            out_puts(d->size - 1 < SHOWN ? "\"" : "\"...");
        }
        out_puts("\n");
    }
    print_bytes(v, '+', d->at, d->bytes, d->size, d->name);
    d->printed = true;
}

void lpdis_data(const struct lpdis_file *f, lp_dis *dis)
{
    struct lpdis_view v = {.d = f->d, .dis = dis, .elf = f->elf};
    const struct lpdis *d = f->d;
    const bool whole = !d->symbol && !d->section && !d->start && d->stop == UINT64_MAX; /* else what is outside is not asked for */
    for (size_t i = 0; i < f->changes.n_data; i++) {
        struct lpdis_datum *x = &f->changes.datum[i];
        if (x->printed) continue;
        if (x->name) print_new(&v, x);
        else if (whole) print_set(&v, x);
    }
}
