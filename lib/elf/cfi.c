/* elf/cfi.c - the FDE of an address: by the search table of .eh_frame_hdr, else by one that is made of .eh_frame at the first look. */
#include <config.h>
#include "elf/cfi.h"
#include "elf/image.h"
#include "base/bits.h"
#include "base/buf.h"
#include "base/search.h"

#include <stdlib.h>
#include <string.h>

enum { /* DW_EH_PE_*: a format, what it is relative to, indirect */
    PE_ABSPTR = 0, PE_ULEB = 1, PE_UDATA2 = 2, PE_UDATA4 = 3, PE_UDATA8 = 4, PE_SLEB = 9, PE_SDATA2 = 10, PE_SDATA4 = 11, PE_SDATA8 = 12,
    PE_PCREL = 0x10, PE_DATAREL = 0x30, PE_INDIRECT = LP_PE_INDIRECT, PE_OMIT = LP_PE_OMIT,
};
enum { EH_FRAME_HDR = 0x6474e550, LETTERS_MAX = 16 };

/* ---- reading ---- */

void lp_cfi_skip(struct lp_cfi_reader *r, uint64_t n)
{
    if (n > (uint64_t)(r->end - r->p)) r->bad = true, n = (uint64_t)(r->end - r->p);
    r->p += n, r->vaddr += n;
}

uint64_t lp_cfi_bytes(struct lp_cfi_reader *r, unsigned n)
{
    uint64_t v = 0;
    if ((uint64_t)(r->end - r->p) < n) return lp_cfi_skip(r, n), 0;
    for (unsigned i = 0; i < n; i++) v |= (uint64_t)r->p[i] << 8 * i;
    lp_cfi_skip(r, n);
    return v;
}

uint64_t lp_cfi_leb(struct lp_cfi_reader *r, bool is_signed)
{
    uint64_t v = 0;
    for (unsigned shift = 0; !r->bad; shift += 7) {
        uint64_t b = lp_cfi_bytes(r, 1);
        if (shift < 64) v |= (b & 0x7f) << shift;
        if (b & 0x80) continue;
        return is_signed && b & 0x40 && shift + 7 < 64 ? v | ~UINT64_C(0) << (shift + 7) : v;
    }
    return 0;
}

uint64_t lp_cfi_pointer(struct lp_cfi_reader *r, uint8_t enc, uint64_t data)
{
    uint64_t base = 0, v;
    switch (enc & 0x70) {
    case 0: break;
    case PE_PCREL: base = r->vaddr; break;
    case PE_DATAREL: base = data; break;
    default: return r->bad = true, 0;
    }
    switch (enc & 0x0f) {
    case PE_ABSPTR: case PE_UDATA8: case PE_SDATA8: v = lp_cfi_bytes(r, 8); break;
    case PE_ULEB: v = lp_cfi_uleb(r); break;
    case PE_SLEB: v = (uint64_t)lp_cfi_sleb(r); break;
    case PE_UDATA2: v = lp_cfi_bytes(r, 2); break;
    case PE_SDATA2: v = (uint64_t)lp_sext(lp_cfi_bytes(r, 2), 16); break;
    case PE_UDATA4: v = lp_cfi_bytes(r, 4); break;
    case PE_SDATA4: v = (uint64_t)lp_sext(lp_cfi_bytes(r, 4), 32); break;
    default: return r->bad = true, 0;
    }
    if (enc & PE_INDIRECT) r->bad = true;
    return v + base;
}

static bool reader_at(const struct lp_elf *e, uint64_t vaddr, struct lp_cfi_reader *r)
{
    uint64_t avail;
    const uint8_t *p = lp_elf_at(e, vaddr, &avail);
    if (p) *r = (struct lp_cfi_reader){p, p + avail, vaddr, false};
    return p != NULL;
}

/* ---- records ---- */

/* A length and what it covers: r is put behind it, *body is inside. False at the end. */
static bool record(struct lp_cfi_reader *r, struct lp_cfi_reader *body)
{
    uint64_t len = lp_cfi_bytes(r, 4);
    if (len == 0xffffffff) len = lp_cfi_bytes(r, 8);
    if (r->bad || !len || len > (uint64_t)(r->end - r->p)) return false;
    *body = *r;
    body->end = r->p + len;
    lp_cfi_skip(r, len);
    return true;
}

static bool augmentation(struct lp_cfi_reader *r, const char *letter, struct lp_cie *c)
{
    c->augmented = true;
    uint64_t len = lp_cfi_uleb(r);
    if (r->bad || len > (uint64_t)(r->end - r->p)) return false;
    const uint8_t *end = r->p + len;
    for (; *letter; letter++) {
        if (*letter == 'R') c->pointers = (uint8_t)lp_cfi_bytes(r, 1);
        else if (*letter == 'L') c->lsda = (uint8_t)lp_cfi_bytes(r, 1);
        else if (*letter == 'P') {
            c->personality_enc = (uint8_t)lp_cfi_bytes(r, 1);
            c->personality = lp_cfi_pointer(r, c->personality_enc & (uint8_t)~PE_INDIRECT, 0);
        }
        else if (!strchr("SBG", *letter)) break; /* S: a signal's; B: signed with key B; G: tagged. What is unknown is behind what is known. */
    }
    if (r->bad || r->p > end) return false;
    lp_cfi_skip(r, (uint64_t)(end - r->p));
    return true;
}

static bool read_cie(const struct lp_elf *e, uint64_t vaddr, struct lp_cie *c)
{
    struct lp_cfi_reader r, b;
    *c = (struct lp_cie){.pointers = PE_ABSPTR, .lsda = PE_OMIT};
    if (!reader_at(e, vaddr, &r) || !record(&r, &b) || lp_cfi_bytes(&b, 4) != 0) return false;
    uint64_t version = lp_cfi_bytes(&b, 1);
    const char *letters = (const char *)b.p;
    const uint8_t *nul = memchr(b.p, 0, b.end - b.p < LETTERS_MAX ? (size_t)(b.end - b.p) : LETTERS_MAX);
    if ((version != 1 && version != 3) || !nul) return false;
    c->letters = letters;
    lp_cfi_skip(&b, (uint64_t)(nul + 1 - b.p));
    c->code_align = lp_cfi_uleb(&b);
    c->data_align = lp_cfi_sleb(&b);
    uint64_t ra = version == 1 ? lp_cfi_bytes(&b, 1) : lp_cfi_uleb(&b);
    if (ra > LP_CFI_LR) return false;
    c->ra = (uint8_t)ra;
    if (*letters && (*letters != 'z' || !augmentation(&b, letters + 1, c))) return false;
    c->insns = b;
    return !b.bad;
}

/* Its length, and what it has: the address of the exception table, an absolute 0 for none. */
static void read_augmentation(struct lp_cfi_reader *r, struct lp_fde *f)
{
    uint64_t len = lp_cfi_uleb(r);
    struct lp_cfi_reader b = *r, c = *r;
    lp_cfi_skip(r, len);
    if (f->cie.lsda != PE_OMIT && len && lp_cfi_pointer(&c, f->cie.lsda & 0x0f, 0)) f->lsda = lp_cfi_pointer(&b, f->cie.lsda & 0x7f, 0);
}

/* body: of an FDE. f->cie is kept if it is the one that it was: most have the same. */
static bool read_fde(const struct lp_elf *e, struct lp_cfi_reader body, struct lp_fde *f)
{
    uint64_t id_at = body.vaddr, id = lp_cfi_bytes(&body, 4);
    f->at = id_at - 4, f->lsda = f->lead = 0;
    if (!id) return false;
    if (!f->cie_good || f->cie_at != id_at - id) f->cie_at = id_at - id, f->cie_good = read_cie(e, f->cie_at, &f->cie);
    if (!f->cie_good) return false;
    f->start = lp_cfi_pointer(&body, f->cie.pointers, 0);
    f->end = f->start + lp_cfi_pointer(&body, f->cie.pointers & 0x0f, 0);
    if (f->cie.augmented) read_augmentation(&body, f);
    f->insns = body;
    return !body.bad && f->end > f->start;
}

static bool covers(const struct lp_fde *f, uint64_t vaddr) { return vaddr >= f->start && vaddr < f->end; }

/* The table at r: n pairs {start, FDE}, in the order of starts. */
static bool search(const struct lp_elf *e, const struct lp_cfi_reader *table, uint64_t n, uint64_t hdr, uint64_t vaddr, struct lp_fde *f)
{
    uint64_t lo = 0;
    if (n > (uint64_t)(table->end - table->p) / 8) return false;
    for (uint64_t hi = n; lo < hi;) {
        uint64_t mid = lo + (hi - lo) / 2;
        if (hdr + (uint64_t)lp_sext(lp_le32(table->p + 8 * mid), 32) <= vaddr) lo = mid + 1;
        else hi = mid;
    }
    struct lp_cfi_reader r, body;
    return lo && reader_at(e, hdr + (uint64_t)lp_sext(lp_le32(table->p + 8 * lo - 4), 32), &r) && record(&r, &body) && read_fde(e, body, f) &&
           covers(f, vaddr);
}

static bool walk(const struct lp_elf *e, struct lp_cfi_reader r, uint64_t vaddr, struct lp_fde *f)
{
    struct lp_cfi_reader body;
    while (record(&r, &body))
        if (read_fde(e, body, f) && covers(f, vaddr)) return true;
    return false;
}

/* ---- a file without the search table, as static programs are ---- */

struct row { uint64_t start, end, reach, at; }; /* reach: the highest end up to here; at: where its FDE is */
struct lp_cfi_table { size_t n, cap; struct row *row; };

static int by_start(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    return x->start != y->start ? (x->start > y->start) - (x->start < y->start) : (x->at > y->at) - (x->at < y->at);
}

void lp_cfi_table_free(struct lp_cfi_table *t)
{
    if (t) free(t->row);
    free(t);
}

/* NULL without memory. */
static struct lp_cfi_table *make_table(const struct lp_elf *e, struct lp_cfi_reader r)
{
    struct lp_cfi_table *t = calloc(1, sizeof *t);
    struct lp_cfi_reader body;
    struct lp_fde f = {.cie_good = false};
    for (uint64_t at = r.vaddr; t && record(&r, &body); at = r.vaddr) {
        if (!read_fde(e, body, &f)) continue;
        struct row *v = lp_grow(t->row, &t->cap, t->n, sizeof *v);
        if (!v) return lp_cfi_table_free(t), NULL;
        t->row = v;
        v[t->n++] = (struct row){f.start, f.end, 0, at};
    }
    if (t && t->n) qsort(t->row, t->n, sizeof *t->row, by_start);
    for (size_t i = 0; t && i < t->n; i++) t->row[i].reach = i && t->row[i - 1].reach > t->row[i].end ? t->row[i - 1].reach : t->row[i].end;
    return t;
}

static const struct lp_cfi_table *table_of(const struct lp_elf *constant, struct lp_cfi_reader r)
{
    struct lp_elf *e = (struct lp_elf *)(uintptr_t)constant;
    struct lp_cfi_table *t = atomic_load_explicit(&e->cfi_table, memory_order_acquire);
    if (t) return t;
    pthread_mutex_lock(&e->lock);
    t = atomic_load_explicit(&e->cfi_table, memory_order_relaxed);
    if (!t) atomic_store_explicit(&e->cfi_table, t = make_table(e, r), memory_order_release);
    pthread_mutex_unlock(&e->lock);
    return t;
}

/* r: all of .eh_frame. Where FDEs overlap, the first that covers the address counts. */
static bool look_up(const struct lp_elf *e, struct lp_cfi_reader r, uint64_t vaddr, struct lp_fde *f)
{
    struct lp_cfi_reader at, body;
    const struct lp_cfi_table *t = table_of(e, r);
    size_t n = t ? lp_count_upto(t->row, t->n, sizeof *t->row, vaddr) : 0;
    if (t && (!n || vaddr >= t->row[n - 1].reach)) return false;
    if (n && reader_at(e, t->row[n - 1].at, &at) && record(&at, &body) && read_fde(e, body, f) && covers(f, vaddr)) return true;
    return walk(e, r, vaddr, f);
}

/* .eh_frame_hdr: where .eh_frame is, 0 = it does not say; and a search table of n pairs, if table.p is not NULL. */
struct header { uint64_t at, frames, n; struct lp_cfi_reader table; };

/* False: there is none. *h is all 0 if it is malformed. */
static bool read_header(const struct lp_elf *e, struct header *h)
{
    struct lp_cfi_reader r;
    *h = (struct header){0};
    for (size_t i = 0; i < e->nseg; i++) {
        if (e->seg[i].type != EH_FRAME_HDR || !reader_at(e, e->seg[i].vaddr, &r)) continue;
        uint64_t at = r.vaddr, version = lp_cfi_bytes(&r, 1);
        uint8_t ptr = (uint8_t)lp_cfi_bytes(&r, 1), count = (uint8_t)lp_cfi_bytes(&r, 1), table = (uint8_t)lp_cfi_bytes(&r, 1);
        if (version != 1 || ptr == PE_OMIT) return true;
        uint64_t frames = lp_cfi_pointer(&r, ptr, at), n = 0;
        bool sorted = count != PE_OMIT && table == (PE_DATAREL | PE_SDATA4);
        if (sorted) n = lp_cfi_pointer(&r, count, at);
        if (!r.bad) *h = (struct header){at, frames, n, sorted ? r : (struct lp_cfi_reader){0}};
        return true;
    }
    return false;
}

static bool section_frames(const struct lp_elf *e, struct lp_cfi_reader *r)
{
    size_t n;
    const struct lp_elf_section *s = lp_elf_sections(e, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(s[i].name, ".eh_frame") == 0) return reader_at(e, s[i].addr, r);
    return false;
}

static bool find(const struct lp_elf *e, uint64_t vaddr, struct lp_fde *f)
{
    struct header h;
    struct lp_cfi_reader frames;
    if (!read_header(e, &h)) return section_frames(e, &frames) && look_up(e, frames, vaddr, f);
    if (h.table.p) return search(e, &h.table, h.n, h.at, vaddr, f);
    return h.frames && reader_at(e, h.frames, &frames) && look_up(e, frames, vaddr, f);
}

bool lp_elf_fde(const lp_elf *e, uint64_t vaddr, struct lp_fde *out)
{
    out->cie_good = false;
    return find(e, vaddr, out);
}

/* By which no rule changes. */
static bool does_nothing(const struct lp_elf *e, uint64_t at)
{
    const uint32_t nop = 0xd503201f, bti = 0xd503241f, bti_mask = 0xffffff3f;
    uint64_t avail;
    const uint8_t *p = lp_elf_at(e, at, &avail);
    return p && avail >= 4 && (lp_le32(p) == nop || (lp_le32(p) & bti_mask) == bti);
}

bool lp_elf_fde_of(const lp_elf *e, uint64_t start, uint64_t end, struct lp_fde *out)
{
    uint64_t at = start;
    while (at + 4 < end && does_nothing(e, at)) at += 4;
    if (start >= end || !lp_elf_fde(e, at, out) || out->start < start || (out->start - start) & 3) return false;
    out->lead = out->start - start, out->start = start;
    return true;
}

/* Where .eh_frame is: its section, or what .eh_frame_hdr says. */
static bool frames_at(const struct lp_elf *e, struct lp_cfi_reader *r)
{
    struct header h;
    return section_frames(e, r) || (read_header(e, &h) && h.frames && reader_at(e, h.frames, r));
}

uint64_t lp_elf_frames(const lp_elf *e)
{
    struct lp_cfi_reader r;
    return frames_at(e, &r) ? r.vaddr : 0;
}

void lp_elf_fdes(const lp_elf *e, bool (*fn)(void *ctx, const struct lp_fde *f), void *ctx)
{
    struct lp_cfi_reader r, body;
    struct lp_fde f = {.cie_good = false};
    if (!frames_at(e, &r)) return;
    while (record(&r, &body))
        if (read_fde(e, body, &f) && !fn(ctx, &f)) return;
}

bool lp_elf_cfi(const lp_elf *e, uint64_t vaddr, struct lp_cfi *out)
{
    struct lp_fde f = {.cie_good = false};
    return find(e, vaddr, &f) && lp_cfi_run(&f, vaddr, out);
}
