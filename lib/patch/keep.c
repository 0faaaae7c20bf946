/* patch/keep.c - words of the old body in the new one. What refers to a place outside of the old body still refers to that place; a branch within it leads
 * to the same word of the new one, if that has it once. Whatever else would refer to the old body is refused (lpatch(5)). And what unwinds them. */
#include <config.h>
#include "patch/keep.h"
#include "a64/a64.h"
#include "a64/access.h"
#include "a64/regs.h"
#include "base/bits.h"
#include "base/buf.h"
#include "elf/put.h"
#include "patch/plan.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INSTEAD = 1u << 30, NOWHERE = INSTEAD - 1, TWICE = INSTEAD - 2 }; /* INSTEAD: another word is there; bodies are smaller */

const struct lp_reloc *lp_word_reloc(uint32_t w)
{
    const struct lp_row_info *row = lp_a64_relative(w);
    if (!row) return NULL;
    switch (row->off_bits) {
    case 26: return lp_reloc_numbered(w >> 31 ? R_AARCH64_CALL26 : R_AARCH64_JUMP26);
    case 21: return lp_reloc_numbered(row->off_shift ? R_AARCH64_ADR_PREL_PG_HI21 : R_AARCH64_ADR_PREL_LO21);
    case 14: return lp_reloc_numbered(R_AARCH64_TSTBR14);
    default: return lp_reloc_numbered(lp_a64_is_load_literal(w) ? R_AARCH64_LD_PREL_LO19 : R_AARCH64_CONDBR19);
    }
}

/* ---- where the words are ---- */

static uint32_t words_of(const struct lp_change *c) { return c->keep_count ? c->keep_count : 1; }

/* Written words that are in step with old ones, up to new word `to` and old word `old`, stand for those that nothing keeps. */
static void replace(struct lp_keep_map *k, uint32_t from, uint32_t to, uint32_t old_from, uint32_t old)
{
    if (old <= old_from || old - old_from != to - from) return;
    for (; from < to; from++, old_from++) {
        uint32_t *w = &k->where[old_from];
        if (*w == NOWHERE || *w & INSTEAD) *w = *w == NOWHERE ? from | INSTEAD : TWICE;
    }
}

bool lp_keep_map(struct lp_keep_map *k, const struct lp_change *body, size_t nbody, uint64_t old_size)
{
    k->n = old_size / 4;
    k->where = malloc((k->n + 1) * sizeof *k->where);
    if (!k->where) return false;
    for (size_t i = 0; i < k->n; i++) k->where[i] = NOWHERE;
    uint32_t at = 0, from = 0, old_from = 0;
    for (size_t i = 0; i < nbody; at += words_of(&body[i++]))
        for (uint32_t j = 0, o = body[i].keep_off / 4; j < body[i].keep_count; j++) k->where[o + j] = k->where[o + j] == NOWHERE ? at + j : TWICE;
    at = 0;
    for (size_t i = 0; i < nbody; at += words_of(&body[i++])) {
        if (!body[i].keep_count) continue;
        replace(k, from, at, old_from, body[i].keep_off / 4);
        from = at + body[i].keep_count, old_from = body[i].keep_off / 4 + body[i].keep_count;
    }
    replace(k, from, at, old_from, (uint32_t)k->n);
    return true;
}

uint32_t *lp_keep_from(const struct lp_change *body, size_t nbody, size_t n)
{
    uint32_t *from = malloc((n + 1) * sizeof *from);
    size_t at = 0;
    for (size_t i = 0; from && i < nbody; i++) {
        if (!body[i].keep_count && at < n) from[at++] = LP_CFI_NEW;
        for (uint32_t j = 0; j < body[i].keep_count && at < n; j++) from[at++] = body[i].keep_off / 4 + j;
    }
    while (from && at < n) from[at++] = LP_CFI_NEW;
    return from;
}

void lp_keep_map_free(struct lp_keep_map *k) { free(k->where); }

enum lp_keep_how lp_keep_target(const struct lp_keep_map *k, uint32_t word, const struct lp_change *c, uint32_t run, uint64_t to, uint64_t *place)
{
    const struct lp_reloc *r = lp_word_reloc(word);
    if (r->field == LP_FIELD_ADR || r->number == R_AARCH64_LD_PREL_LO19 || to & 3) return LP_KEPT_DATA;
    if (!to && r->number == R_AARCH64_CALL26) return *place = 0, LP_KEPT; /* it calls itself */
    const bool same_run = to >= c->keep_off && to - c->keep_off < 4 * (uint64_t)c->keep_count;
    uint32_t where = same_run ? run + (uint32_t)(to - c->keep_off) / 4 : k->where[to / 4];
    if (!to && where & ~(uint32_t)INSTEAD) return LP_KEPT_START;
    if (where == NOWHERE || where == TWICE) return where == TWICE ? LP_KEPT_TWICE : LP_KEPT_NOWHERE;
    return *place = 4 * (uint64_t)(where & ~(uint32_t)INSTEAD), LP_KEPT;
}

/* ---- into the new body ---- */

struct keeping {
    struct lp_plan *pl;
    struct lp_target *t;
    const struct lp_func *f;
    const struct lp_change *c;
    uint64_t old, at;
    struct lp_keep_map kept;
    struct lp_keep_walk walk;
};

static bool refuse(const struct keeping *x, uint32_t word, uint64_t off, uint64_t to, enum lp_keep_how how)
{
    static const char *const why[] = {
        [LP_KEPT_NOWHERE] = "leads to +0x%llx, which the new body does not keep",
        [LP_KEPT_TWICE] = "leads to +0x%llx, which the new body has more than once",
        [LP_KEPT_START] = "leads to +0x%llx, which is not where the new body begins: is the function meant, or the place?",
        [LP_KEPT_DATA] = "uses +0x%llx of the old body as an address or as data",
    };
    char text[100];
    snprintf(text, sizeof text, why[how], (unsigned long long)to);
    lp_plan_fail(x->pl, x->c->line, LP_E_INSTRUCTION, "the old word %08x at +0x%llx cannot be kept: it %s", word, (unsigned long long)off, text);
    return false;
}

static bool inside(const struct keeping *x, uint64_t addr) { return addr - x->old < x->f->old_size; }

/* ---- addresses of the old body ---- */

bool lp_keep_walk_new(struct lp_keep_walk *k, uint64_t old, size_t n)
{
    k->old = old, k->n = n, k->ntodo = 0;
    k->word = malloc((n + 1) * sizeof *k->word), k->todo = malloc((n + 1) * sizeof *k->todo), k->seen = malloc((n + 1) * sizeof *k->seen);
    return k->word && k->todo && k->seen;
}

void lp_keep_walk_free(struct lp_keep_walk *k) { free(k->word), free(k->todo), free(k->seen); }

/* Does this word make the address of a place in the old body of a page that rd has, or access that place? Its start is the function's own address. */
static bool uses_place(const struct lp_keep_walk *k, uint32_t w, unsigned row, unsigned rd, uint64_t page, uint64_t *place)
{
    struct lp_a64_access a;
    const bool adds = lp_a64_is_add_lo12(w) && (w >> 5 & 31) == rd;
    if (adds) *place = page + (w >> 10 & 0xfff) - k->old;
    else if (lp_a64_access(row, w, &a) && a.base == rd && a.index == LP_A64_NO_REG) *place = page + (uint64_t)a.off - k->old;
    else return false;
    return *place < 4 * k->n && (*place || !adds);
}

static bool is_kept(const struct lp_keep_map *k, size_t i) { return k->where[i] != NOWHERE && !(k->where[i] & INSTEAD); }
static bool is_call(uint32_t w) { return lp_a64_is_bl(w) || (w >> 25 == 0x6b && (w >> 21 & 7) == 1); }
static bool ends(uint32_t w, unsigned row)
{
    return row == A64_UNDEFINED || lp_a64_is_b(w) || (lp_a64_rows[row].flags & LP_ROW_JUMP && !is_call(w) && w >> 24 != 0xd4);
}

static void go_to(struct lp_keep_walk *k, uint64_t i)
{
    if (i < k->n && !k->seen[i]) k->seen[i] = true, k->todo[k->ntodo++] = (uint32_t)i;
}

bool lp_keep_page_is_body(const struct lp_keep_map *map, struct lp_keep_walk *k, size_t i, uint64_t *place)
{
    enum { FARTHEST = 0x10000, CALL_SAVED = 19 };
    const unsigned rd = k->word[i] & 31;
    uint64_t page = 0;
    if (!lp_a64_target(k->word[i], k->old + 4 * i, &page) || page >= k->old + 4 * k->n || page + FARTHEST <= k->old) return false;
    memset(k->seen, 0, k->n * sizeof *k->seen);
    for (go_to(k, i + 1); k->ntodo;) {
        i = k->todo[--k->ntodo];
        const uint32_t w = k->word[i];
        const unsigned row = lp_a64_find(w, LP_A64_ALL);
        uint64_t to;
        if (is_kept(map, i) && uses_place(k, w, row, rd, page, place)) return k->ntodo = 0, true;
        if (lp_a64_regs(row, w).write >> rd & 1 || (is_call(w) && rd < CALL_SAVED)) continue;
        if (lp_a64_rows[row].flags & LP_ROW_BRANCH && !is_call(w) && lp_a64_target(w, k->old + 4 * i, &to)) go_to(k, (to - k->old) / 4);
        if (!ends(w, row)) go_to(k, i + 1);
    }
    return false;
}

/* ---- words ---- */

/* The word at `off` of the old body, which is at p of the new one, now at `at`. What the file marks as data is kept as it is. */
static bool keep_word(struct keeping *x, uint32_t run, uint64_t off, uint64_t at, uint8_t *p)
{
    const uint32_t w = lp_le32(p);
    const struct lp_reloc *r = lp_word_reloc(w);
    struct lp_fixup f = {.reloc = r};
    uint64_t to, place, word = w;
    struct lp_error why;
    if (!r || !lp_elf_is_code(x->t->elf, x->old + off) || !lp_a64_target(w, x->old + off, &to)) return true;
    if (r->op == LP_REL_PAGE && lp_keep_page_is_body(&x->kept, &x->walk, off / 4, &place)) return refuse(x, w, off, place, LP_KEPT_DATA);
    if (r->op == LP_REL_PAGE || !inside(x, to)) return f.expr.addr = to, lp_plan_fix(x->pl, x->t, &f, x->c->line, at, p), true;
    enum lp_keep_how how = lp_keep_target(&x->kept, w, x->c, run, to - x->old, &place);
    if (how != LP_KEPT) return refuse(x, w, off, to - x->old, how);
    if (lp_reloc_apply(r, x->at + place, at, &word, &why) != LP_OK) return lp_plan_fail(x->pl, x->c->line, LP_E_RANGE, "%s", why.text), false;
    return lp_put32(p, (uint32_t)word), true;
}

/* What the file marks as data names no registers. */
static bool rename_word(const struct keeping *x, uint64_t off, uint8_t *p)
{
    uint32_t w = lp_le32(p);
    if (!lp_elf_is_code(x->t->elf, x->old + off)) return true;
    if (lp_rename_word(x->c->rename, &w)) return lp_put32(p, w), true;
    lp_plan_fail(x->pl, x->c->line, LP_E_INSTRUCTION, "the old word at +0x%llx cannot be kept with other registers: which ones it names is not known",
                 (unsigned long long)off);
    return false;
}

static bool keep_run(struct keeping *x, uint32_t run, uint8_t *body)
{
    uint8_t *p = body + 4 * (uint64_t)run;
    const uint64_t at = x->at + 4 * (uint64_t)run;
    for (uint64_t k = 0; k < x->c->keep_count; k++) lp_put32(p + 4 * k, x->walk.word[x->c->keep_off / 4 + k]);
    for (uint64_t k = 0; k < x->c->keep_count; k++)
        if (!keep_word(x, run, x->c->keep_off + 4 * k, at + 4 * k, p + 4 * k)) return false;
    for (uint64_t k = 0; k < x->c->keep_count && x->c->rename; k++)
        if (!rename_word(x, x->c->keep_off + 4 * k, p + 4 * k)) return false;
    return true;
}

static bool read_old(struct keeping *x)
{
    struct lp_keep_walk *k = &x->walk;
    if (!lp_keep_walk_new(k, x->old, x->kept.n)) return lp_plan_fail(x->pl, 0, LP_E_NOMEM, "out of memory"), false;
    if (lp_elf_read(x->t->elf, x->old, k->word, k->n * 4, NULL) != LP_OK)
        return lp_plan_fail(x->pl, x->f->body[0].line, LP_E_ADDRESS, "the old function is not in the file"), false;
    for (size_t i = 0; i < k->n; i++) k->word[i] = lp_le32((const uint8_t *)&k->word[i]);
    return true;
}

void lp_plan_keep(struct lp_plan *pl, struct lp_target *t, const struct lp_func *f, uint64_t old, uint64_t at, uint8_t *body)
{
    struct keeping x = {.pl = pl, .t = t, .f = f, .old = old, .at = at};
    uint32_t word = 0;
    bool any = false;
    for (size_t i = 0; i < f->nbody; i++) any |= f->body[i].keep_count != 0;
    if (!any) return;
    bool good = lp_keep_map(&x.kept, f->body, f->nbody, f->old_size);
    if (!good) lp_plan_fail(pl, 0, LP_E_NOMEM, "out of memory");
    good = good && read_old(&x);
    for (size_t i = 0; i < f->nbody && good; word += words_of(&f->body[i++]))
        if ((x.c = &f->body[i])->keep_count) good = keep_run(&x, word, body);
    lp_keep_map_free(&x.kept);
    lp_keep_walk_free(&x.walk);
}

/* ---- call frame instructions ---- */

static bool moved_cfi(struct lp_plan *pl, const struct lp_item *it, uint64_t old, struct lp_buf *out)
{
    const struct lp_func *f = it->func;
    struct lp_fde fde;
    uint32_t *from = lp_keep_from(f->body, f->nbody, f->size / 4);
    struct lp_cfi all;
    bool good = from && lp_elf_fde_of(pl->bound[it->object]->elf, old, old + f->old_size, &fde) && lp_cfi_move(&fde, from, f->size / 4, out) &&
                lp_cfi_run_plain((const uint8_t *)out->data, out->len, UINT64_MAX, &all);
    free(from);
    if (!good)
        lp_plan_fail(pl, it->line, LP_E_UNSUPPORTED, "the file has no call frame instructions of the old body that would do for the new one: write them");
    return good;
}

bool lp_plan_cfi(struct lp_plan *pl, const struct lp_item *it, const uint8_t **cfi, size_t *len)
{
    const struct lp_target *t = pl->bound[it->object];
    struct lp_buf b = {0};
    uint64_t old;
    *cfi = it->func->cfi, *len = it->func->cfi_len;
    if (!it->func->cfi_old) return true;
    bool good = lp_plan_place(pl, it, NULL, &old) && moved_cfi(pl, it, old - t->bias, &b);
    uint8_t *p = good && b.len ? lp_patch_alloc(&pl->pool, b.len) : NULL;
    if (p) memcpy(p, b.data, b.len), *cfi = p, *len = b.len;
    if (good && b.len && !p) lp_plan_fail(pl, it->line, LP_E_NOMEM, "out of memory"), good = false;
    lp_buf_free(&b);
    return good;
}
