/* make/warn.c - what lpmake says of changes that can be made and may not do what is meant. */
#include <config.h>
#include "a64/a64.h"
#include "base/bits.h"
#include "base/search.h"
#include "base/text.h"
#include "elf/cfi.h"
#include "elf/line.h"
#include "elf/suffix.h"
#include "make/maker.h"
#include "patch/landing.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

static bool ends_in(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

/* ---- where it is ---- */

/* The inlined copies of a function, and the place's own if it is in one. */
static void warn_copies(struct lp_maker *m, const struct lp_edit *e, const char *function, const struct lp_elf_inlined *own)
{
    const struct lp_elf_inlined *v;
    size_t n, others = 0;
    struct lp_buf b = {0};
    if (lp_elf_inlined(m->elf, &v, &n, NULL) != LP_OK) return;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(v[i].name, function) != 0 || v[i].addr != v[i].entry || (own && v[i].entry == own->entry)) continue;
        if (others++ > 2) continue;
        lp_buf_puts(&b, others > 1 ? ", " : "");
        lp_edit_say(m, v[i].entry, &b);
        if (v[i].call_file) lp_buf_printf(&b, " (%.60s:%u)", lp_base_name(v[i].call_file), v[i].call_line);
    }
    if (own)
        lp_edit_warn(m, &e->from, "the place is in %s inlined copy of `%s`%s%s: only this one is changed",
                     e->addr == own->entry ? "an" : "the middle of an", function,
                     others ? ", which has others: " : "", b.data ? b.data : "");
    else if (others)
        lp_edit_warn(m, &e->from, "`%s` is inlined in %zu places, which keep the old code: %s%s", function,
                     others, b.data, others > 3 ? " ..." : "");
    lp_buf_free(&b);
}

void lp_warn_place(struct lp_maker *m, const struct lp_edit *e)
{
    const struct lp_elf_inlined *in;
    if (!m->warn || !e->sym) return;
    if (ends_in(e->sym->name, "@plt"))
        lp_edit_warn(m, &e->from, "%s is a PLT stub: calls from this file are changed, and those from others are not", e->sym->name);
    if (e->sym->type == STT_GNU_IFUNC)
        lp_edit_warn(m, &e->from, "%s is an IFUNC: this is its resolver, which returns the function that calls go to, and that is not changed",
                     e->sym->name);
    bool function = e->sym->type == STT_FUNC && e->sym->value == e->addr && !e->by_line; /* it is meant, whatever is inlined at its start */
    if (!function && (in = lp_inlined_at(m->elf, e->addr)) != NULL) warn_copies(m, e, in->name, in);
    else if (e->sym->type == STT_FUNC) warn_copies(m, e, e->sym->name, NULL);
}

/* ---- what it becomes ---- */

static bool is_bl(const struct lp_edit_word *w) { return lp_a64_is_call(w->word); }

static void warn_frame(struct lp_maker *m, const struct lp_edit *e, const struct lp_cfi *c)
{
    bool frame = c->cfa.kind == LP_CFI_REGISTER && (c->cfa.reg != LP_CFI_SP || c->cfa.off != 0), saved = c->reg[LP_CFI_LR].kind == LP_CFI_OFFSET;
    if (frame && c->cfa.reg == LP_CFI_SP)
        lp_edit_warn(m, &e->from,
                     "%s has a stack frame of %lld bytes here, which nothing takes off: leave it at the "
                     "function's end",
                     e->sym->name, (long long)c->cfa.off);
    else if (frame || saved) lp_edit_warn(m, &e->from, "%s has a stack frame here, which nothing takes off: leave it at the function's end", e->sym->name);
}

void lp_warn_words(struct lp_maker *m, const struct lp_edit *e, bool leaves)
{
    struct lp_cfi c;
    if (!m->warn) return;
    for (size_t i = 0; i < e->n; i++) {
        uint64_t at = e->addr + 4 * i;
        uint32_t old;
        bool known = lp_elf_cfi(m->elf, at, &c), last = i + 1 == e->n;
        if (lp_elf_read(m->elf, at, &old, 4, NULL) != LP_OK) return;
        old = lp_le32(&old);
        struct lp_edit_word was = {old, NULL, NULL};
        if (lp_elf_info(m->elf)->gnu_property & 1 && lp_landing_pad(old) && !lp_landing_pad(e->word[i].word))
            lp_edit_warn(m, &e->from, "the word %08x that goes is a landing pad: an indirect branch to it will be a fault (SIGILL) on a CPU with BTI", old);
        if (known && is_bl(&e->word[i]) && !is_bl(&was) && c.reg[LP_CFI_LR].kind == LP_CFI_SAME)
            lp_edit_warn(m, &e->from, "x30 is not saved here: after this call the function cannot return to its caller");
        if (known && last && e->sym && e->addr != e->sym->value && old != LP_A64_RET && (leaves || e->word[i].word == LP_A64_RET)) {
            if (lp_elf_cfi(m->elf, e->addr, &c)) warn_frame(m, e, &c);
        }
    }
}

/* ---- who leads there ---- */

/* A change, and who branches to its first word and into the rest. */
struct range { uint64_t start, end; const struct lp_made *made; const struct lp_elf_symbol *sym; uint64_t to_start, to_middle, first[3], middle[3]; };
struct ranges { struct range *v; size_t n; uint64_t low, high, longest; };

static int by_start(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

static bool is_branch(uint32_t w)
{
    return lp_a64_is_b_bl(w) || (w & 0xfe000000) == 0x54000000 || lp_a64_is_cbz_tbz(w);
}

/* From what does not run any more once the whole function is replaced? */
static bool is_own(const struct lp_maker *m, const struct range *r, uint64_t from)
{
    const struct lp_elf_symbol *s = lp_maker_symbol_at(m, from);
    if (!r->sym || !s) return false;
    size_t n = strlen(r->sym->name);
    return s->value == r->sym->value || (strncmp(s->name, r->sym->name, n) == 0 && lp_suffix_kind(s->name + n) == LP_SUFFIX_COLD);
}

static void note_branch(const struct lp_maker *m, struct range *r, uint64_t from, uint64_t to)
{
    bool whole = r->made->kind != LP_MADE_SITE, at_start = to == r->start;
    if (from >= r->start && from < r->end) return;
    if (at_start && (whole || (r->sym && r->sym->value == to))) return; /* it is called */
    if ((whole && is_own(m, r, from)) || !lp_elf_is_code(m->elf, from)) return;
    uint64_t *n = at_start ? &r->to_start : &r->to_middle, *v = at_start ? r->first : r->middle;
    if (*n < 3) v[*n] = from;
    ++*n;
}

static void note_branches(void *ctx, const struct lp_maker *m, uint64_t from, uint64_t to)
{
    struct ranges *r = ctx;
    if (to < r->low || to >= r->high) return;
    for (size_t n = lp_count_upto(r->v, r->n, sizeof *r->v, to); n-- && to - r->v[n].start < r->longest;)
        if (to < r->v[n].end) note_branch(m, &r->v[n], from, to);
}

static void scan(const struct lp_maker *m, uint64_t addr, const uint8_t *p, uint64_t size, lp_branch_fn fn, void *ctx)
{
    uint64_t to;
    for (uint64_t at = 0; at + 4 <= size; at += 4) {
        uint32_t w = lp_le32(p + at);
        if (is_branch(w) && lp_a64_target(w, addr + at, &to)) fn(ctx, m, addr + at, to);
    }
}

void lp_maker_branches(const struct lp_maker *m, lp_branch_fn fn, void *ctx)
{
    const struct lp_elf_info *info = lp_elf_info(m->elf);
    size_t nsec, nseg;
    const struct lp_elf_section *s = lp_elf_sections(m->elf, &nsec);
    const struct lp_elf_segment *g = lp_elf_segments(m->elf, &nseg);
    for (size_t i = 0; i < nsec; i++)
        if (s[i].flags & SHF_EXECINSTR && s[i].type == SHT_PROGBITS && lp_within(s[i].offset, s[i].size, info->image_size))
            scan(m, s[i].addr, (const uint8_t *)info->image + s[i].offset, s[i].size, fn, ctx);
    for (size_t i = 0; i < nseg && !nsec; i++)
        if (g[i].type == PT_LOAD && g[i].flags & PF_X) scan(m, g[i].vaddr, (const uint8_t *)info->image + g[i].offset, g[i].filesz, fn, ctx);
}

/* ---- the compiler's copies of a function, which are functions of their own ---- */

static bool is_clone(const struct lp_elf_symbol *f, const struct lp_elf_symbol *s)
{
    const size_t n = strlen(f->name);
    if (s->type != STT_FUNC || s->value == f->value || strncmp(s->name, f->name, n) != 0) return false;
    if (f->bind == STB_LOCAL && f->file && s->file && strcmp(f->file, s->file) != 0) return false;
    return lp_suffix_kind(s->name + n) == LP_SUFFIX_COPY;
}

static bool is_made(const struct lp_maker *m, const struct lp_elf_symbol *s)
{
    for (size_t i = 0; i < m->nmade; i++)
        if (m->made[i].addr >= s->value && m->made[i].addr < s->value + s->size) return true;
    return false;
}

void lp_warn_clones(struct lp_maker *m)
{
    const struct lp_elf_symbol *last = NULL;
    size_t n;
    const struct lp_elf_symbol *v = lp_elf_symbols(m->names, &n);
    for (size_t i = 0; m->warn && i < m->nmade; i++) {
        const struct lp_elf_symbol *f = lp_maker_symbol_at(m, m->made[i].addr);
        struct lp_buf b = {0};
        size_t others = 0;
        if (!f || f == last || f->type != STT_FUNC || !*f->name) continue;
        for (size_t k = 0; k < n; k++)
            if (is_clone(f, &v[k]) && !is_made(m, &v[k]) && others++ < 3) lp_buf_printf(&b, "%s`%.200s`", others > 1 ? ", " : "", v[k].name);
        if (others)
            lp_edit_warn(m, &m->made[i].from, "the compiler has made copies of `%s`, which keep the old code: %s%s: change them, too", f->name,
                         b.data ? b.data : "", others > 3 ? " ..." : "");
        lp_buf_free(&b);
        last = f;
    }
}

/* The compiler may also have used what it knew of the function beside it (-fipa-ra: which registers it leaves alone). */
void lp_warn_stale(struct lp_maker *m)
{
    for (size_t i = 0; i < m->nstale; i++) {
        const struct lp_stale *f = &m->stale[i];
        if (is_made(m, f->sym)) continue;
        lp_edit_warn(m, &f->from, "%s: `%s` is another one there than the program's, which stays: replace it too if it has changed, else compile the file as "
                     "the program was, with -fno-ipa-ra", f->path, f->name);
    }
}

static void tell(struct lp_maker *m, const struct range *r, const char *what, uint64_t n, const uint64_t *from)
{
    struct lp_buf b = {0};
    for (uint64_t i = 0; i < n && i < 3; i++) {
        lp_buf_puts(&b, i ? ", " : "");
        lp_edit_say(m, from[i], &b);
    }
    if (b.data) lp_edit_warn(m, &r->made->from, "%s: %s%s", what, b.data, n > 3 ? " ..." : "");
    lp_buf_free(&b);
}

void lp_warn_branches(struct lp_maker *m)
{
    struct ranges r = {.v = m->warn && m->nmade ? calloc(m->nmade, sizeof *r.v) : NULL, .low = UINT64_MAX};
    for (size_t i = 0; i < m->nmade && r.v; i++) {
        const struct lp_made *d = &m->made[i];
        r.v[r.n++] = (struct range){.start = d->addr, .end = d->addr + 4 * d->words, .made = d, .sym = lp_maker_symbol_at(m, d->addr)};
        if (d->addr < r.low) r.low = d->addr;
        if (d->addr + 4 * d->words > r.high) r.high = d->addr + 4 * d->words;
        if (4 * d->words > r.longest) r.longest = 4 * d->words;
    }
    if (!r.v) return;
    qsort(r.v, r.n, sizeof *r.v, by_start);
    lp_maker_branches(m, note_branches, &r);
    for (size_t i = 0; i < r.n; i++) {
        if (r.v[i].to_start) tell(m, &r.v[i], "other code branches to this place too, and finds the change", r.v[i].to_start, r.v[i].first);
        if (r.v[i].to_middle) tell(m, &r.v[i], "other code branches into the middle of the change", r.v[i].to_middle, r.v[i].middle);
    }
    free(r.v);
}
