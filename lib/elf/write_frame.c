/* elf/write_frame.c - call frame information of new functions, beside what the file has: .eh_frame.lpatch, and a new search table that leads to both.
 * The old .eh_frame stays where it is, because what is in it counts from where it is. */
#include <config.h>
#include "elf/writer.h"
#include "elf/put.h"
#include "base/bits.h"
#include "base/error.h"

#include <stdlib.h>
#include <string.h>

struct row { uint64_t start, fde; };
struct rows { struct row *v; size_t n; };

static lp_status nomem(const struct lp_elf_writer *w) { return lp_fail(w->err, LP_E_NOMEM, "out of memory"); }
static uint64_t here(const struct lp_elf_writer *w) { return w->table_at + w->table.len; }

static void add8(struct lp_buf *b, uint8_t v) { lp_buf_add(b, &v, 1); }
static void add32(struct lp_buf *b, uint64_t v)
{
    uint8_t p[4];
    lp_put32(p, (uint32_t)v);
    lp_buf_add(b, p, 4);
}

static void add_leb(struct lp_buf *b, uint64_t v, bool is_signed)
{
    for (bool more = true; more;) {
        uint8_t byte = v & 0x7f;
        v = is_signed ? (uint64_t)((int64_t)v >> 7) : v >> 7;
        more = is_signed ? !((v == 0 && !(byte & 0x40)) || (v == UINT64_MAX && byte & 0x40)) : v != 0;
        add8(b, (uint8_t)(byte | (more ? 0x80 : 0)));
    }
}

/* A record begins with its length, which is known at its end, where DW_CFA_nop fills it up. */
static size_t open_record(struct lp_elf_writer *w)
{
    add32(&w->table, 0);
    return w->table.len;
}

static void close_record(struct lp_elf_writer *w, size_t from)
{
    while (w->table.len % 8 && !w->table.failed) add8(&w->table, 0);
    if (!w->table.failed) lp_put32((uint8_t *)w->table.data + from - 4, (uint32_t)(w->table.len - from));
}

static void add_pcrel(struct lp_elf_writer *w, uint64_t to) { add32(&w->table, to ? to - here(w) : 0); }

/* That of lp_cfi_run_plain(); like: with its personality, and tables, NULL = none. */
static void plain_cie(struct lp_elf_writer *w, const struct lp_cie *like, bool key_b)
{
    static const uint8_t cfa[] = LP_CFI_PLAIN_CFA;
    uint8_t head[LP_CFI_PLAIN_MOST];
    size_t from = open_record(w);
    add32(&w->table, 0);
    lp_buf_add(&w->table, head, lp_cfi_plain_cie(head, like, key_b));
    add8(&w->table, like ? 7 : 1);
    if (like) {
        add8(&w->table, (uint8_t)(LP_PE_PCREL_SDATA4 | (like->personality_enc & LP_PE_INDIRECT))), add_pcrel(w, like->personality);
        add8(&w->table, LP_PE_PCREL_SDATA4);
    }
    add8(&w->table, LP_PE_PCREL_SDATA4);
    lp_buf_add(&w->table, cfa, sizeof cfa);
    close_record(w, from);
}

/* The same as another one, with its pointers counted from here. False: it has something that is not known. */
static bool same_cie(struct lp_elf_writer *w, const struct lp_cie *c)
{
    if (strspn(c->letters, "zPLRSBG") != strlen(c->letters) || (c->letters[0] && c->letters[0] != 'z')) return false;
    if (c->lsda != LP_PE_OMIT && c->lsda & LP_PE_INDIRECT) return false;
    size_t from = open_record(w), n = 0;
    add32(&w->table, 0);
    add8(&w->table, 1);
    lp_buf_add(&w->table, c->letters, strlen(c->letters) + 1);
    add_leb(&w->table, c->code_align, false), add_leb(&w->table, (uint64_t)c->data_align, true), add8(&w->table, c->ra);
    for (const char *l = c->letters; *l; l++) n += *l == 'P' ? 5 : *l == 'L' || *l == 'R';
    if (c->letters[0]) add_leb(&w->table, n, false);
    for (const char *l = c->letters; *l; l++) {
        if (*l == 'L' || *l == 'R') add8(&w->table, LP_PE_PCREL_SDATA4);
        if (*l == 'P') add8(&w->table, (uint8_t)(LP_PE_PCREL_SDATA4 | (c->personality_enc & LP_PE_INDIRECT))), add_pcrel(w, c->personality);
    }
    lp_buf_add(&w->table, c->insns.p, (size_t)(c->insns.end - c->insns.p));
    close_record(w, from);
    return true;
}

/* like: of f->like, NULL = none. */
static void add_fde(struct lp_elf_writer *w, uint64_t cie, const struct lp_elf_frame *f, const struct lp_fde *like)
{
    size_t from = open_record(w);
    const bool lsda = f->lsda || (like && like->cie.lsda != LP_PE_OMIT);
    add32(&w->table, here(w) - cie);
    add_pcrel(w, f->start);
    add32(&w->table, f->size);
    if (f->lsda || !like || like->cie.letters[0]) add8(&w->table, lsda ? 4 : 0);
    if (lsda) add_pcrel(w, f->lsda ? f->lsda : like->lsda);
    if (f->insns) lp_buf_add(&w->table, f->insns, f->len);
    else lp_buf_add(&w->table, like->insns.p, (size_t)(like->insns.end - like->insns.p));
    close_record(w, from);
}

/* False: that of `like` has something that is not known. */
static bool add_cie(struct lp_elf_writer *w, const struct lp_elf_frame *f, const struct lp_cie *like)
{
    if (like && !f->lsda) return same_cie(w, like);
    plain_cie(w, like, f->key_b);
    return true;
}

/* New CIEs and FDEs; where the FDEs are goes to rows. */
static void add_frames(struct lp_elf_writer *w, struct rows *rows)
{
    uint64_t plain[2] = {0, 0}; /* by the key; most have one of these */
    for (size_t i = 0; i < w->m->nframe; i++) {
        const struct lp_elf_frame *f = &w->m->frame[i];
        struct lp_fde like;
        uint64_t cie = f->like ? 0 : plain[f->key_b];
        if (f->like && !lp_elf_fde(w->e, f->like, &like)) continue;
        const bool is_new = !cie;
        if (is_new) cie = here(w);
        if (is_new && !add_cie(w, f, f->like ? &like.cie : NULL)) continue;
        if (!f->like) plain[f->key_b] = cie;
        rows->v[rows->n++] = (struct row){f->start, here(w)};
        add_fde(w, cie, f, f->like ? &like : NULL);
    }
    add32(&w->table, 0);
}

static int by_start(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    return x->start != y->start ? (x->start > y->start) - (x->start < y->start) : (x->fde > y->fde) - (x->fde < y->fde);
}

/* .eh_frame_hdr: version, three encodings, a pointer to .eh_frame, the number of rows, the rows. What it has counts from its start. */
static bool old_rows(const struct lp_elf_writer *w, uint64_t hdr, uint64_t *frames, struct rows *rows)
{
    uint64_t avail;
    const uint8_t *p = lp_elf_at(w->e, hdr, &avail);
    if (!p || avail < 12 || p[0] != 1 || p[1] != LP_PE_PCREL_SDATA4 || p[2] != LP_PE_UDATA4 || p[3] != LP_PE_DATAREL_SDATA4) return false;
    uint64_t n = lp_le32(p + 8);
    if (n > (avail - 12) / 8) return false;
    *frames = hdr + 4 + (uint64_t)lp_sext(lp_le32(p + 4), 32);
    rows->v = calloc(n + w->m->nframe + 1, sizeof *rows->v);
    for (uint64_t i = 0; rows->v && i < n; i++) {
        const uint8_t *r = p + 12 + 8 * i;
        rows->v[rows->n++] = (struct row){hdr + (uint64_t)lp_sext(lp_le32(r), 32), hdr + (uint64_t)lp_sext(lp_le32(r + 4), 32)};
    }
    return true;
}

/* Where linkers make no search table, as GNU ld for static programs, of all FDEs that the file has: who looks in the new one looks nowhere else. */
struct found { struct rows *rows; size_t cap; bool failed; };

static bool add_found(void *ctx, const struct lp_fde *f)
{
    struct found *x = ctx;
    struct row *v = lp_grow(x->rows->v, &x->cap, x->rows->n, sizeof *v);
    if (!v) return !(x->failed = true);
    x->rows->v = v;
    v[x->rows->n++] = (struct row){f->start, f->at};
    return true;
}

/* With room for those of the new ones. */
static bool find_rows(const struct lp_elf_writer *w, uint64_t *frames, struct rows *rows)
{
    struct found x = {.rows = rows};
    lp_elf_fdes(w->e, add_found, &x);
    struct row *v = x.failed ? NULL : realloc(rows->v, (rows->n + w->m->nframe + 1) * sizeof *v);
    if (!v) return false;
    rows->v = v;
    if (rows->n) *frames = lp_elf_frames(w->e);
    return true;
}

static void add_table(struct lp_elf_writer *w, uint64_t frames, const struct rows *rows)
{
    static const uint8_t head[] = {1, LP_PE_PCREL_SDATA4, LP_PE_UDATA4, LP_PE_DATAREL_SDATA4};
    uint64_t hdr = here(w);
    lp_buf_add(&w->table, head, sizeof head);
    add_pcrel(w, frames);
    add32(&w->table, rows->n);
    for (size_t i = 0; i < rows->n; i++) add32(&w->table, rows->v[i].start - hdr), add32(&w->table, rows->v[i].fde - hdr);
}

static void set_header(const struct lp_elf_writer *w, Elf64_Phdr *h, uint64_t at, uint64_t size)
{
    h->p_vaddr = h->p_paddr = at, h->p_offset = lp_write_off(w, at), h->p_filesz = h->p_memsz = size;
}

/* A static program without a search table finds its own frames by having registered them, and asks for a table only then; a search table in another
 * form stays as it is. */
lp_status lp_write_frames(struct lp_elf_writer *w)
{
    Elf64_Phdr *h = NULL;
    struct rows rows = {0};
    if (!w->m->nframe) return LP_OK;
    uint64_t at = lp_write_table(w, 8), frames = at, old = 0;
    for (size_t i = 0; i < w->nph && !h; i++)
        if (w->ph[i].p_type == PT_GNU_EH_FRAME) h = &w->ph[i];
    if (h && !old_rows(w, old = h->p_vaddr, &frames, &rows)) return LP_OK;
    if (!h && !find_rows(w, &frames, &rows)) return free(rows.v), nomem(w);
    if (!rows.v) return nomem(w);
    add_frames(w, &rows);
    lp_write_section(w, ".eh_frame.lpatch", &(Elf64_Shdr){0, SHT_PROGBITS, SHF_ALLOC, at, lp_write_off(w, at), here(w) - at, 0, 0, 8, 0});
    qsort(rows.v, rows.n, sizeof *rows.v, by_start);
    at = lp_write_table(w, 8);
    add_table(w, frames, &rows);
    free(rows.v);
    Elf64_Shdr *s = old ? lp_write_section_at(w, old) : NULL;
    if (!s) s = lp_write_section(w, ".eh_frame_hdr", &(Elf64_Shdr){.sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC, .sh_addralign = 4});
    s->sh_addr = at, s->sh_offset = lp_write_off(w, at), s->sh_size = here(w) - at;
    if (!h) w->ph[w->nph++] = (Elf64_Phdr){.p_type = PT_GNU_EH_FRAME, .p_flags = PF_R, .p_align = 4}, h = &w->ph[w->nph - 1];
    set_header(w, h, at, here(w) - at);
    return LP_OK;
}
