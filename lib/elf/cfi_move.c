/* elf/cfi_move.c - the call frame instructions of an FDE for a body that is made of words of its function in another order, with others between them. Each
 * word gets the rules that it has there; a word that is not from there those that the function has behind the last one in front of it that is. */
#include <config.h>
#include "base/buf.h"
#include "base/search.h"
#include "elf/cfi.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH = 16, REGS = 128, ROWS = 4096, CHANGES = 1 << 16, MUCH = 6, CFA = REGS, RULES }; /* CFA: its rule is behind those of registers */
enum kind { UNSAID, SAVED, VALUE, IN_REGISTER, UNDEFINED, SAME, EXPRESSION, VAL_EXPRESSION };
/* SAVED, VALUE: at, is CFA + off. IN_REGISTER: reg; of the CFA reg + off. */
struct rule { uint64_t kind, reg; int64_t off; const uint8_t *block; uint64_t len; };
struct state { struct rule r[RULES]; uint64_t is_signed; };
struct row { uint64_t word; struct state *s; uint32_t same; }; /* same: the first row of the same rules */
struct walk {
    const struct lp_cie *cie;
    struct lp_cfi_reader r;
    struct state now, initial, kept[DEPTH];
    unsigned depth;
    uint64_t word, words; /* of the function */
    struct row row[ROWS];
    size_t nrow;
    bool bad;
};

/* ---- the old rows ---- */

static void set(struct walk *w, uint64_t reg, enum kind kind, uint64_t from, int64_t off)
{
    if (reg > CFA) w->bad = true;
    else w->now.r[reg] = (struct rule){.kind = kind, .reg = from, .off = off};
}

static void set_block(struct walk *w, uint64_t reg, enum kind kind)
{
    const uint64_t n = lp_cfi_uleb(&w->r);
    set(w, reg, kind, 0, 0);
    if (!w->bad) w->now.r[reg].block = w->r.p, w->now.r[reg].len = n;
    lp_cfi_skip(&w->r, n);
}

static void restore(struct walk *w, uint64_t reg)
{
    if (reg >= REGS) w->bad = true;
    else w->now.r[reg] = w->initial.r[reg];
}

/* Up to here the rules are those of now. */
static void end_row(struct walk *w)
{
    struct state *s = w->nrow < ROWS ? malloc(sizeof *s) : NULL;
    if (!s) {
        w->bad = true;
        return;
    }
    *s = w->now;
    w->row[w->nrow++] = (struct row){.word = w->word, .s = s};
}

static void advance(struct walk *w, uint64_t delta)
{
    const uint64_t bytes = delta * w->cie->code_align;
    if (bytes & 3) w->bad = true;
    if (bytes) end_row(w);
    w->word += bytes / 4;
}

static int64_t scaled(const struct walk *w, uint64_t v) { return (int64_t)(v * (uint64_t)w->cie->data_align); }

static void extended(struct walk *w, uint64_t op)
{
    struct lp_cfi_reader *r = &w->r;
    const struct rule *cfa = &w->now.r[CFA];
    uint64_t reg;
    switch (op) { /* DWARF 5, 7.24 */
    case 0x00: break;
    case 0x02: advance(w, lp_cfi_bytes(r, 1)); break;
    case 0x03: advance(w, lp_cfi_bytes(r, 2)); break;
    case 0x04: advance(w, lp_cfi_bytes(r, 4)); break;
    case 0x05: reg = lp_cfi_uleb(r); set(w, reg, SAVED, 0, scaled(w, lp_cfi_uleb(r))); break;
    case 0x06: restore(w, lp_cfi_uleb(r)); break;
    case 0x07: set(w, lp_cfi_uleb(r), UNDEFINED, 0, 0); break;
    case 0x08: set(w, lp_cfi_uleb(r), SAME, 0, 0); break;
    case 0x09: reg = lp_cfi_uleb(r); set(w, reg, IN_REGISTER, lp_cfi_uleb(r), 0); break;
    case 0x0a: if (w->depth == DEPTH) w->bad = true; else w->kept[w->depth++] = w->now; break;
    case 0x0b: if (!w->depth) w->bad = true; else w->now = w->kept[--w->depth]; break;
    case 0x0c: reg = lp_cfi_uleb(r); set(w, CFA, IN_REGISTER, reg, (int64_t)lp_cfi_uleb(r)); break;
    case 0x0d: set(w, CFA, IN_REGISTER, lp_cfi_uleb(r), cfa->off); break;
    case 0x0e: set(w, CFA, IN_REGISTER, cfa->reg, (int64_t)lp_cfi_uleb(r)); break;
    case 0x0f: set_block(w, CFA, EXPRESSION); break;
    case 0x10: set_block(w, lp_cfi_uleb(r), EXPRESSION); break;
    case 0x11: reg = lp_cfi_uleb(r); set(w, reg, SAVED, 0, scaled(w, (uint64_t)lp_cfi_sleb(r))); break;
    case 0x12: reg = lp_cfi_uleb(r); set(w, CFA, IN_REGISTER, reg, scaled(w, (uint64_t)lp_cfi_sleb(r))); break;
    case 0x13: set(w, CFA, IN_REGISTER, cfa->reg, scaled(w, (uint64_t)lp_cfi_sleb(r))); break;
    case 0x14: reg = lp_cfi_uleb(r); set(w, reg, VALUE, 0, scaled(w, lp_cfi_uleb(r))); break;
    case 0x15: reg = lp_cfi_uleb(r); set(w, reg, VALUE, 0, scaled(w, (uint64_t)lp_cfi_sleb(r))); break;
    case 0x16: set_block(w, lp_cfi_uleb(r), VAL_EXPRESSION); break;
    case 0x2d: w->now.is_signed ^= 1; break;
    case 0x2e: lp_cfi_uleb(r); break;
    default: w->bad = true;
    }
}

static void run(struct walk *w, struct lp_cfi_reader insns)
{
    w->r = insns;
    while (w->r.p < w->r.end && !w->bad) {
        const uint64_t op = lp_cfi_bytes(&w->r, 1), low = op & 0x3f;
        if (op >> 6 == 1) advance(w, low);
        else if (op >> 6 == 2) set(w, low, SAVED, 0, scaled(w, lp_cfi_uleb(&w->r)));
        else if (op >> 6 == 3) restore(w, low);
        else extended(w, op);
        w->bad |= w->r.bad;
    }
}

static void find_rows(struct walk *w, const struct lp_fde *f)
{
    w->cie = &f->cie;
    w->words = (f->end - f->start) / 4;
    run(w, f->cie.insns);
    w->initial = w->now;
    w->depth = 0;
    run(w, f->insns);
    end_row(w);
}

/* ---- the new instructions ---- */

static void put_block(struct lp_buf *b, const struct rule *r)
{
    lp_cfi_put_uleb(b, r->len);
    lp_buf_add(b, r->block, r->len);
}

static void put_cfa(struct lp_buf *b, const struct rule *was, const struct rule *r)
{
    const bool known = was->kind == IN_REGISTER;
    if (r->kind == EXPRESSION) lp_cfi_put(b, 0x0f), put_block(b, r);
    else if (r->kind != IN_REGISTER || (r->off < 0 && r->off % 8)) b->failed = true;
    else if (r->off < 0) lp_cfi_put(b, 0x12), lp_cfi_put_uleb(b, r->reg), lp_cfi_put_sleb(b, r->off / -8);
    else if (known && r->reg == was->reg) lp_cfi_put(b, 0x0e), lp_cfi_put_uleb(b, (uint64_t)r->off);
    else if (known && r->off == was->off) lp_cfi_put(b, 0x0d), lp_cfi_put_uleb(b, r->reg);
    else lp_cfi_put(b, 0x0c), lp_cfi_put_uleb(b, r->reg), lp_cfi_put_uleb(b, (uint64_t)r->off);
}

static void put_rule(struct lp_buf *b, uint64_t reg, const struct rule *r)
{
    static const uint8_t op[] = {[UNSAID] = 0x06, [VALUE] = 0x15, [IN_REGISTER] = 0x09, [UNDEFINED] = 0x07, [SAME] = 0x08,
                                 [EXPRESSION] = 0x10, [VAL_EXPRESSION] = 0x16};
    if (r->kind == SAVED || (r->kind == UNSAID && reg < 0x40)) {
        if (r->kind == SAVED) lp_cfi_put_saved(b, reg, r->off);
        else lp_cfi_put(b, 0xc0 | reg);
        return;
    }
    lp_cfi_put(b, op[r->kind]), lp_cfi_put_uleb(b, reg);
    if (r->kind == VALUE) lp_cfi_put_sleb(b, r->off / -8), b->failed |= r->off % 8 != 0;
    if (r->kind == IN_REGISTER) lp_cfi_put_uleb(b, r->reg);
    if (r->kind == EXPRESSION || r->kind == VAL_EXPRESSION) put_block(b, r);
}

static bool same(const struct rule *a, const struct rule *b)
{
    return a->kind == b->kind && a->reg == b->reg && a->off == b->off && a->len == b->len && (!a->len || memcmp(a->block, b->block, a->len) == 0);
}

static void put_state(struct lp_buf *b, const struct state *was, const struct state *s)
{
    if (!same(&was->r[CFA], &s->r[CFA])) put_cfa(b, &was->r[CFA], &s->r[CFA]);
    for (uint64_t i = 0; i < REGS; i++)
        if (!same(&was->r[i], &s->r[i])) put_rule(b, i, &s->r[i]);
    if (was->is_signed != s->is_signed) lp_cfi_put(b, 0x2d);
}

static bool same_state(const struct state *a, const struct state *b)
{
    for (size_t i = 0; i < RULES; i++)
        if (!same(&a->r[i], &b->r[i])) return false;
    return a->is_signed == b->is_signed;
}

static void find_same(struct walk *w)
{
    for (size_t i = 0, k; i < w->nrow; w->row[i++].same = (uint32_t)k)
        for (k = 0; k < i && !same_state(w->row[k].s, w->row[i].s);) k++;
}

/* Where the rules change in the new body, and to those of which row; 0: there are too many changes, or a word is not of the function. */
struct change { uint64_t word; uint32_t row, again; }; /* again: the next change to that row, or 0 */
static size_t find_changes(const struct walk *w, const uint32_t *from, size_t n, struct change *c)
{
    uint64_t word = 0;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (from[i] != LP_CFI_NEW) word = from[i];
        else if (i && from[i - 1] != LP_CFI_NEW && word + 1 < w->words) word++;
        const uint32_t row = w->row[lp_count_upto(w->row, w->nrow, sizeof *w->row, word) - 1].same;
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
    static const struct state first = {.r[CFA] = {.kind = IN_REGISTER, .reg = LP_CFI_SP}};
    uint32_t next[ROWS] = {0}, kept = ROWS;
    for (size_t i = n; i-- > 0;) c[i].again = next[c[i].row], next[c[i].row] = (uint32_t)i;
    put_state(out, &first, w->row[c[0].row].s);
    for (size_t i = 1; i < n && !out->failed; i++) {
        const uint32_t was = c[i - 1].row, row = c[i].row;
        lp_cfi_put_advance(out, c[i].word - c[i - 1].word);
        if (kept == ROWS && worth(w, c, c[i - 1].again)) kept = was, lp_cfi_put(out, 0x0a);
        if (row == kept) lp_cfi_put(out, 0x0b), kept = ROWS;
        else put_state(out, w->row[was].s, w->row[row].s);
    }
}

bool lp_cfi_move(const struct lp_fde *f, const uint32_t *from, size_t n, struct lp_buf *out)
{
    struct walk *w = f->cie.ra == LP_CFI_LR ? calloc(1, sizeof *w) : NULL;
    if (!w) return false;
    find_rows(w, f);
    struct change *c = w->bad ? NULL : malloc(CHANGES * sizeof *c);
    if (c) find_same(w);
    const size_t changes = c ? find_changes(w, from, n, c) : 0;
    if (changes) put_changes(w, c, changes, out);
    for (size_t i = 0; i < w->nrow; i++) free(w->row[i].s);
    free(c), free(w);
    return changes && !out->failed;
}
