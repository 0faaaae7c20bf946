/* elf/cfi_move.c - the call frame instructions of an FDE for a body that is made of words of its function in another order, with others between them. Each
 * word gets the rules that it has there; a word that is not from there those that the function has behind the last one in front of it that is. */
#include <config.h>
#include "base/buf.h"
#include "base/search.h"
#include "elf/cfi.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 16, REGS = 128, ROWS = 4096, CHANGES = 1 << 16, MUCH = 6 };
/* The instructions that say so; LP_CFI_NONE: what the CIE says. nreg: those from there on have never had another. */
struct state { struct lp_cfi_insn cfa; bool is_signed; unsigned nreg; struct lp_cfi_insn reg[REGS]; };
struct row { uint64_t word; struct state *s; uint32_t same; }; /* same: the first row of the same rules, which it has from there */
struct walk {
    const struct lp_cie *cie;
    unsigned depth;
    uint64_t word, words; /* of the function */
    size_t nrow, nfirst;
    bool bad;
    struct state now, initial; /* from here on, it is not cleared, but what such a state begins with */
    struct state kept[DEPTH];
    struct row row[ROWS];
    uint32_t first[ROWS]; /* the first row of each rules */
};

static const struct lp_cfi_insn *rule(const struct state *s, unsigned reg)
{
    static const struct lp_cfi_insn none;
    return reg < s->nreg ? &s->reg[reg] : &none;
}

static unsigned most(const struct state *a, const struct state *b) { return a->nreg > b->nreg ? a->nreg : b->nreg; }

/* ---- the old rows ---- */

static size_t size_of(const struct state *s) { return offsetof(struct state, reg) + s->nreg * sizeof *s->reg; }
static void copy(struct state *to, const struct state *s) { memcpy(to, s, size_of(s)); }

static bool same(const struct lp_cfi_insn *a, const struct lp_cfi_insn *b)
{
    if (a->what != b->what || a->what == LP_CFI_NONE) return a->what == b->what;
    return a->kind == b->kind && a->reg == b->reg && a->from == b->from && a->off == b->off && a->len == b->len &&
           (!a->len || memcmp(a->block, b->block, a->len) == 0);
}

static bool same_state(const struct state *a, const struct state *b)
{
    bool equal = same(&a->cfa, &b->cfa) && a->is_signed == b->is_signed;
    for (unsigned i = 0; equal && i < most(a, b); i++) equal = same(rule(a, i), rule(b, i));
    return equal;
}

/* Up to here the rules are those of now: most functions come back to those that they had. */
static void end_row(struct walk *w)
{
    size_t k = 0;
    while (k < w->nfirst && !same_state(w->row[w->first[k]].s, &w->now)) k++;
    const bool known = k < w->nfirst;
    struct state *s = w->nrow == ROWS ? NULL : known ? w->row[w->first[k]].s : malloc(size_of(&w->now));
    if (!s) {
        w->bad = true;
        return;
    }
    if (!known) copy(s, &w->now), w->first[w->nfirst++] = (uint32_t)w->nrow;
    w->row[w->nrow++] = (struct row){w->word, s, w->first[k]};
}

static void advance(struct walk *w, uint64_t bytes)
{
    if (bytes & 3) w->bad = true;
    if (bytes) end_row(w);
    w->word += bytes / 4;
}

static void set(struct walk *w, uint64_t reg, const struct lp_cfi_insn *to)
{
    if (reg >= REGS) {
        w->bad = true;
        return;
    }
    while (w->now.nreg <= reg) w->now.reg[w->now.nreg++] = (struct lp_cfi_insn){0};
    w->now.reg[reg] = *to;
}

static void restore(struct walk *w, uint64_t reg)
{
    if (reg >= REGS) w->bad = true;
    else if (reg < w->now.nreg) w->now.reg[reg] = *rule(&w->initial, (unsigned)reg);
}

static void change_cfa(struct walk *w, uint64_t reg, int64_t off)
{
    if (w->now.cfa.kind != LP_CFI_REGISTER) w->bad = true;
    w->now.cfa.reg = reg, w->now.cfa.off = off;
}

static void step(struct walk *w, const struct lp_cfi_insn *i)
{
    switch ((enum lp_cfi_what)i->what) {
    case LP_CFI_NOTHING: break;
    case LP_CFI_ADVANCE: advance(w, (uint64_t)i->off); break;
    case LP_CFI_RULE: set(w, i->reg, i); break;
    case LP_CFI_RESTORE: restore(w, i->reg); break;
    case LP_CFI_CFA: w->now.cfa = *i; break;
    case LP_CFI_CFA_REG: change_cfa(w, i->reg, w->now.cfa.off); break;
    case LP_CFI_CFA_OFF: change_cfa(w, w->now.cfa.reg, i->off); break;
    case LP_CFI_REMEMBER: if (w->depth == DEPTH) w->bad = true; else copy(&w->kept[w->depth++], &w->now); break;
    case LP_CFI_RECALL: if (!w->depth) w->bad = true; else copy(&w->now, &w->kept[--w->depth]); break;
    case LP_CFI_SIGN: w->now.is_signed ^= 1; break;
    case LP_CFI_NONE: case LP_CFI_PLACE: case LP_CFI_SIGN_WITH_PC: w->bad = true;
    }
}

static void run(struct walk *w, struct lp_cfi_reader r)
{
    struct lp_cfi_insn i;
    while (!w->bad && lp_cfi_next(w->cie, &r, &i)) step(w, &i);
    w->bad |= r.bad;
}

static void find_rows(struct walk *w, const struct lp_fde *f)
{
    w->cie = &f->cie;
    w->words = (f->end - f->start) / 4;
    run(w, f->cie.insns);
    copy(&w->initial, &w->now);
    w->depth = 0;
    advance(w, f->lead);
    run(w, f->insns);
    end_row(w);
}

/* ---- the new instructions ---- */

static void put_cfa(struct lp_buf *b, const struct lp_cfi_insn *was, const struct lp_cfi_insn *cfa)
{
    struct lp_cfi_insn i = *cfa;
    const bool both = i.what == LP_CFI_CFA && i.kind == LP_CFI_REGISTER && was->kind == LP_CFI_REGISTER && i.off >= 0;
    if (both && i.reg == was->reg) i.what = LP_CFI_CFA_OFF;
    else if (both && i.off == was->off) i.what = LP_CFI_CFA_REG;
    lp_cfi_put(b, &i);
}

static void put_state(struct lp_buf *b, const struct state *was, const struct state *s)
{
    if (!same(&was->cfa, &s->cfa)) put_cfa(b, &was->cfa, &s->cfa);
    for (unsigned i = 0; i < most(was, s); i++)
        if (!same(rule(was, i), rule(s, i))) lp_cfi_put(b, rule(s, i)->what ? rule(s, i) : &(struct lp_cfi_insn){.what = LP_CFI_RESTORE, .reg = i});
    if (was->is_signed != s->is_signed) lp_cfi_put(b, &(struct lp_cfi_insn){.what = LP_CFI_SIGN});
}

/* Where the rules change in the new body, and to those of which row; 0: there are too many changes, or a word is not of the function. */
struct change { uint64_t word; uint32_t row, again; }; /* again: the next change to that row, or 0 */
static size_t find_changes(const struct walk *w, const uint32_t *from, size_t n, struct change *c)
{
    uint64_t word = 0;
    size_t count = 0, k = 0; /* k: of which row it is */
    for (size_t i = 0; i < n; i++) {
        if (from[i] != LP_CFI_NEW) word = from[i];
        else if (i && from[i - 1] != LP_CFI_NEW && word + 1 < w->words) word++;
        if (word < w->row[k].word || (k + 1 < w->nrow && word >= w->row[k + 1].word)) k = lp_count_upto(w->row, w->nrow, sizeof *w->row, word) - 1;
        const uint32_t row = w->row[k].same;
        if (word >= w->words || count == CHANGES) return 0;
        if (!count || c[count - 1].row != row) c[count++] = (struct change){.word = i, .row = row};
    }
    return count;
}

/* Does it take much to say these rules when they come again, at change `at`? */
static bool worth(const struct walk *w, const struct change *c, size_t at)
{
    struct lp_buf b = {0};
    if (at) put_state(&b, w->row[c[at - 1].row].s, w->row[c[at].row].s);
    const bool much = b.len > MUCH;
    lp_buf_free(&b);
    return much;
}

/* The rules of one row at a time are remembered: those before an epilogue in the middle. */
static void put_changes(const struct walk *w, struct change *c, size_t n, struct lp_buf *out)
{
    static const struct state first = {.cfa = {.what = LP_CFI_CFA, .kind = LP_CFI_REGISTER, .reg = LP_CFI_SP}};
    uint32_t next[ROWS], kept = ROWS;
    memset(next, 0, w->nrow * sizeof *next);
    for (size_t i = n; i-- > 0;) c[i].again = next[c[i].row], next[c[i].row] = (uint32_t)i;
    put_state(out, &first, w->row[c[0].row].s);
    for (size_t i = 1; i < n && !out->failed; i++) {
        const uint32_t was = c[i - 1].row, row = c[i].row;
        lp_cfi_put(out, &(struct lp_cfi_insn){.what = LP_CFI_ADVANCE, .off = (int64_t)(4 * (c[i].word - c[i - 1].word))});
        if (kept == ROWS && worth(w, c, c[i - 1].again)) kept = was, lp_cfi_put(out, &(struct lp_cfi_insn){.what = LP_CFI_REMEMBER});
        if (row == kept) kept = ROWS, lp_cfi_put(out, &(struct lp_cfi_insn){.what = LP_CFI_RECALL});
        else put_state(out, w->row[was].s, w->row[row].s);
    }
}

bool lp_cfi_move(const struct lp_fde *f, const uint32_t *from, size_t n, struct lp_buf *out)
{
    struct walk *w = f->cie.ra == LP_CFI_LR ? malloc(sizeof *w) : NULL;
    if (!w) return false;
    memset(w, 0, offsetof(struct walk, now));
    memset(&w->now, 0, offsetof(struct state, reg));
    find_rows(w, f);
    struct change *c = w->bad ? NULL : malloc((n < CHANGES ? n + 1 : CHANGES) * sizeof *c);
    const size_t changes = c ? find_changes(w, from, n, c) : 0;
    if (changes) put_changes(w, c, changes, out);
    for (size_t i = 0; i < w->nfirst; i++) free(w->row[w->first[i]].s);
    free(c), free(w);
    return changes && !out->failed;
}
