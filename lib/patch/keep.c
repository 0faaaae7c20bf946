/* patch/keep.c - words of the old body in the new one. What refers to a place outside of the old body still refers to that place; a branch within it leads
 * to the same word of the new one, if that has it once. Whatever else would refer to the old body is refused (lpatch(5)). */
#include <config.h>
#include "patch/keep.h"
#include "a64/a64.h"
#include "a64/regs.h"
#include "base/bits.h"
#include "elf/put.h"
#include "patch/plan.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>

enum { NOWHERE = UINT32_MAX, TWICE = UINT32_MAX - 1 };

const struct lp_reloc *lp_word_reloc(uint32_t w)
{
    const struct lp_row_info *row = lp_a64_relative(w);
    if (!row) return NULL;
    switch (row->off_bits) {
    case 26: return lp_reloc_numbered(w >> 31 ? R_AARCH64_CALL26 : R_AARCH64_JUMP26);
    case 21: return lp_reloc_numbered(row->off_shift ? R_AARCH64_ADR_PREL_PG_HI21 : R_AARCH64_ADR_PREL_LO21);
    case 14: return lp_reloc_numbered(R_AARCH64_TSTBR14);
    default: return lp_reloc_numbered((w & 0x3b000000) == 0x18000000 ? R_AARCH64_LD_PREL_LO19 : R_AARCH64_CONDBR19);
    }
}

/* ---- where the words are ---- */

bool lp_keep_map(struct lp_keep_map *k, const struct lp_change *body, size_t nbody, uint64_t old_size)
{
    k->n = old_size / 4;
    k->where = malloc((k->n + 1) * sizeof *k->where);
    if (!k->where) return false;
    for (size_t i = 0; i < k->n; i++) k->where[i] = NOWHERE;
    uint32_t at = 0;
    for (size_t i = 0; i < nbody; i++) {
        for (uint32_t j = 0, o = body[i].keep_off / 4; j < body[i].keep_count; j++) k->where[o + j] = k->where[o + j] == NOWHERE ? at + j : TWICE;
        at += body[i].keep_count ? body[i].keep_count : 1;
    }
    return true;
}

void lp_keep_map_free(struct lp_keep_map *k) { free(k->where); }

enum lp_keep_how lp_keep_target(const struct lp_keep_map *k, uint32_t word, const struct lp_change *c, uint32_t run, uint64_t to, uint64_t *place)
{
    const struct lp_reloc *r = lp_word_reloc(word);
    if (r->field == LP_FIELD_ADR || r->number == R_AARCH64_LD_PREL_LO19 || to & 3) return LP_KEPT_DATA;
    if (!to && r->number == R_AARCH64_CALL26) return *place = 0, LP_KEPT; /* it calls itself */
    const bool same_run = to >= c->keep_off && to - c->keep_off < 4 * (uint64_t)c->keep_count;
    uint32_t where = same_run ? run + (uint32_t)(to - c->keep_off) / 4 : k->where[to / 4];
    if (!to && where) return LP_KEPT_START;
    if (where == NOWHERE || where == TWICE) return where == TWICE ? LP_KEPT_TWICE : LP_KEPT_NOWHERE;
    return *place = 4 * (uint64_t)where, LP_KEPT;
}

/* ---- into the new body ---- */

struct keeping { struct lp_plan *pl; struct lp_target *t; const struct lp_func *f; const struct lp_change *c; uint64_t old, at; struct lp_keep_map kept; };

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

/* ADRP and an ADD behind it that make the address of a place in the old body; its start is the function's own. */
static bool makes_place(const struct keeping *x, const uint8_t *p, const uint8_t *end, uint64_t page, uint64_t *place)
{
    const uint32_t rd = lp_le32(p) & 31;
    for (p += 4; p < end; p += 4) {
        const uint32_t w = lp_le32(p), row = lp_a64_find(w, LP_A64_ALL);
        *place = page + (w >> 10 & 0xfff) - x->old;
        if ((w & 0xffc00000) == 0x91000000 && (w >> 5 & 31) == rd) return *place && *place < x->f->old_size;
        if (lp_a64_rows[row].flags & (LP_ROW_BRANCH | LP_ROW_JUMP) || lp_a64_regs(row, w).write >> rd & 1) return false;
    }
    return false;
}

/* The word at `off` of the old body, which is at p of the new one, now at `at`; end: of its run, of which this and what is behind are as in the old body. */
static bool keep_word(struct keeping *x, uint32_t run, uint64_t off, uint64_t at, uint8_t *p, const uint8_t *end)
{
    const uint32_t w = lp_le32(p);
    const struct lp_reloc *r = lp_word_reloc(w);
    struct lp_fixup f = {.reloc = r};
    uint64_t to, place, word = w;
    struct lp_error why;
    if (!r || !lp_a64_target(w, x->old + off, &to)) return true;
    if (r->op == LP_REL_PAGE && makes_place(x, p, end, to, &place)) return refuse(x, w, off, place, LP_KEPT_DATA);
    if (r->op == LP_REL_PAGE || !inside(x, to)) return f.expr.addr = to, lp_plan_fix(x->pl, x->t, &f, x->c->line, at, p), true;
    enum lp_keep_how how = lp_keep_target(&x->kept, w, x->c, run, to - x->old, &place);
    if (how != LP_KEPT) return refuse(x, w, off, to - x->old, how);
    if (lp_reloc_apply(r, x->at + place, at, &word, &why) != LP_OK) return lp_plan_fail(x->pl, x->c->line, LP_E_RANGE, "%s", why.text), false;
    return lp_put32(p, (uint32_t)word), true;
}

static bool keep_run(struct keeping *x, uint32_t run, uint8_t *body)
{
    uint8_t *p = body + 4 * (uint64_t)run, *end = p + 4 * (uint64_t)x->c->keep_count;
    const uint64_t at = x->at + 4 * (uint64_t)run;
    if (lp_elf_read(x->t->elf, x->old + x->c->keep_off, p, (size_t)(end - p), NULL) != LP_OK) {
        lp_plan_fail(x->pl, x->c->line, LP_E_ADDRESS, "the old function is not in the file");
        return false;
    }
    for (uint64_t k = 0; 4 * k < (uint64_t)(end - p); k++)
        if (!keep_word(x, run, x->c->keep_off + 4 * k, at + 4 * k, p + 4 * k, end)) return false;
    return true;
}

void lp_plan_keep(struct lp_plan *pl, struct lp_target *t, const struct lp_func *f, uint64_t old, uint64_t at, uint8_t *body)
{
    struct keeping x = {.pl = pl, .t = t, .f = f, .old = old, .at = at};
    uint32_t word = 0;
    bool good = lp_keep_map(&x.kept, f->body, f->nbody, f->old_size);
    if (!good) lp_plan_fail(pl, 0, LP_E_NOMEM, "out of memory");
    for (size_t i = 0; i < f->nbody && good; word += f->body[i].keep_count ? f->body[i].keep_count : 1, i++)
        if ((x.c = &f->body[i])->keep_count) good = keep_run(&x, word, body);
    lp_keep_map_free(&x.kept);
}
