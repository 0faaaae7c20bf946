/* diff/side/choice.c - an address that is one of several: where variables are beside one another, compilers make `k ? &a : &b` of the first one's address and
 * a number that is chosen (GCC: CINC for two bytes; clang, which merges variables: CSEL of two numbers, or a condition that is shifted). */
#include <config.h>
#include "diff/side/code.h"
#include "diff/side/scan.h"
#include "diff/side/walk.h"
#include "a64/access.h"
#include "flow/fop.h"

#include <stdlib.h>

enum { BACK = 32, DEEP = 8, STEPS = 1024 }; /* words that are looked at for a number; of which one is made; and for an address */

struct numbers { uint64_t v[LP_CHOICES]; unsigned n; bool open; }; /* open: others come by another way */
struct place { const struct lp_words *code; uint64_t start; uint32_t atom; }; /* the function */

static bool put(struct numbers *x, uint64_t v)
{
    for (unsigned i = 0; i < x->n; i++)
        if (x->v[i] == v) return true;
    if (x->n == LP_CHOICES) return false;
    return x->v[x->n++] = v, true;
}

static bool numbers_in(const struct place *p, uint64_t at, unsigned reg, unsigned deep, struct numbers *out);

/* What CSEL, CSINC with its second register has, of which it adds one. */
static bool either_of(const struct place *p, uint64_t at, uint32_t w, unsigned deep, struct numbers *out)
{
    struct numbers other = {.n = 0};
    if (!numbers_in(p, at, w >> 5 & 31, deep, out) || !numbers_in(p, at, w >> 16 & 31, deep, &other)) return false;
    bool good = true;
    out->open |= other.open;
    for (unsigned i = 0; good && i < other.n; i++) good = put(out, other.v[i] + (w >> 10 & 1));
    return good;
}

/* UBFM of one bit, or LSL of what is known. */
static bool shifted(const struct place *p, uint64_t at, uint32_t w, unsigned deep, struct numbers *out)
{
    const unsigned bits = w >> 31 ? 64 : 32, r = w >> 16 & 31, rot = w >> 31 ? w >> 16 & 63 : r, last = w >> 10 & 63;
    struct numbers x = {.n = 0};
    if (last < rot && last == 0) return put(out, 0) && put(out, UINT64_C(1) << (bits - rot)); /* UBFIZ */
    if (last == rot) return put(out, 0) && put(out, 1);                                       /* UBFX */
    if (last + 1 != rot || !numbers_in(p, at, w >> 5 & 31, deep, &x)) return false; /* LSL */
    bool good = true;
    out->open |= x.open;
    for (unsigned i = 0; good && i < x.n; i++) good = put(out, x.v[i] << (bits - rot));
    return good;
}

/* The numbers that a register may have in front of a word, if the words in front of that say so. */
static bool numbers_in(const struct place *p, uint64_t at, unsigned reg, unsigned deep, struct numbers *out)
{
    if (reg == 31) return put(out, 0);
    for (unsigned i = 0; i < BACK && at > p->start && deep < DEEP; i++) {
        out->open |= lp_is_led_to(p->code->s, p->atom, at);
        const uint32_t w = lp_words_at(p->code, at -= 4);
        struct lp_fop o;
        lp_fop_decode(w, at, &o);
        if (lp_word_is_branch(w) || lp_a64_is_branch_reg(w) || o.kind == OP_STOP) return false;
        if (!(o.write >> reg & 1)) continue;
        if ((w & 0x7fe00800) == 0x1a800000) return either_of(p, at, w, deep + 1, out);
        if ((w & 0x7f800000) == 0x53000000) return shifted(p, at, w, deep + 1, out);
        if (o.kind == OP_CONST) return put(out, (uint64_t)o.imm);
        if (o.kind == OP_MASK && o.imm > 0 && !(o.imm & (o.imm - 1))) return put(out, 0) && put(out, (uint64_t)o.imm);
        return o.kind == OP_MOV && o.rn < REG_SP && numbers_in(p, at, o.rn, deep + 1, out);
    }
    return false;
}

/* By how much the word that makes the index shifts it, at the least. */
static unsigned shift_of(const struct place *p, uint64_t at, unsigned reg)
{
    for (unsigned i = 0; i < BACK && at > p->start; i++) {
        if (lp_is_led_to(p->code->s, p->atom, at)) return 0;
        const uint32_t w = lp_words_at(p->code, at -= 4);
        struct lp_fop o;
        lp_fop_decode(w, at, &o);
        if (lp_word_is_branch(w) || lp_a64_is_branch_reg(w)) return 0;
        if (!(o.write >> reg & 1)) continue;
        const unsigned rot = w >> 16 & 63, last = w >> 10 & 63;
        return (w & 0x7f800000) == 0x53000000 && last < rot ? (w >> 31 ? 64 : 32) - rot : 0;
    }
    return 0;
}

/* ADD of an index, and an access with an offset behind that: the array is that far from what the address is of, as of a section anchor (GCC). */
static bool is_of_another(const struct scan *x, uint64_t at, uint64_t size)
{
    const uint32_t add = lp_words_at(&x->code, at);
    const unsigned reg = add & 31;
    struct lp_a64_access m;
    if ((add & 0xff200000) != 0x8b000000 && (add & 0xffe00000) != 0x8b200000) return false;
    for (unsigned i = 0; i < BACK && (at += 4) < x->a->end; i++) {
        const uint32_t w = lp_words_at(&x->code, at);
        struct lp_fop o;
        if (lp_word_is_branch(w) || lp_a64_is_branch_reg(w)) return false;
        if (lp_a64_access(lp_a64_find(w, LP_A64_ALL), w, &m) && m.base == reg) return m.index >= 31 && !m.writeback && m.off >= 0 && (uint64_t)m.off >= size;
        lp_fop_decode(w, at, &o);
        if (o.write >> reg & 1 || (w >> 5 & 31) == reg || (w >> 16 & 31) == reg) return false;
    }
    return false;
}

static void choose(struct lp_choice *out, int64_t off)
{
    if (out->n < LP_CHOICES) out->off[out->n++] = off;
    else out->any = true;
}

/* A register is added to an address in an object of so many bytes. */
static void add_index(const struct scan *x, uint64_t at, unsigned reg, unsigned shift, uint64_t element, uint64_t size, struct lp_choice *out)
{
    struct numbers v = {.n = 0};
    const struct place p = {&x->code, x->a->start, (uint32_t)(x->a - x->s->atom)};
    const bool known = numbers_in(&p, at, reg, 0, &v);
    bool leads_out = false;
    out->added = true;
    for (unsigned i = 0; known && (v.n > 1 || v.open) && i < v.n; i++)
        if (v.v[i] << shift >= size) choose(out, (int64_t)(v.v[i] << shift)), leads_out = true;
    out->any |= leads_out && v.open;
    if (known && v.n > 1 && !v.open) return;
    if (!shift && element < size) shift = shift_of(&p, at, reg);
    if (element < UINT64_C(1) << shift) element = UINT64_C(1) << shift;
    out->any |= size <= element && !is_of_another(x, at, size);
}

/* A word that has the address in some registers. */
static void look_at(const struct scan *x, uint64_t at, uint32_t w, unsigned row, uint32_t mask, uint64_t size, void *ctx)
{
    struct lp_choice *out = ctx;
    const unsigned n = w >> 5 & 31, m = w >> 16 & 31;
    struct lp_a64_access acc;
    if (lp_a64_access(row, w, &acc)) {
        if (acc.index < 31 && acc.base < 31 && mask >> acc.base & 1 && !(mask >> acc.index & 1)) add_index(x, at, acc.index, acc.shift, acc.bytes, size, out);
    } else if ((w & 0xffe00800) == 0x9a800000 && w & 0x400) { /* CSINC */
        if (m >= 31 || !(mask >> m & 1)) return;
        out->added = true;
        if (size <= 1) choose(out, 1);
    } else if ((w & 0xffe00800) == 0xda800000) { /* CSINV, CSNEG */
        const bool has = m < 31 && mask >> m & 1;
        out->any |= has, out->added |= has;
    } else if ((w & 0xff200000) == 0x8b000000 && !(w >> 22 & 3) && n < 31 && m < 31) {
        const bool swaps = !(mask >> n & 1); /* the index is the first one */
        if ((mask >> n & 1) != (mask >> m & 1) && !(swaps && w & 0xfc00)) add_index(x, at, swaps ? n : m, w >> 10 & 63, 1, size, out);
    } else if ((w & 0xffe00000) == 0x8b200000 && n < 31 && mask >> n & 1) {
        add_index(x, at, m, w >> 10 & 7, 1, size, out);
    }
}

bool lp_choices(const struct lp_side *s, uint32_t atom, uint64_t at, uint64_t size, struct lp_choice *out)
{
    *out = (struct lp_choice){.n = 0};
    if (lp_seen_of(s, at, LP_SEEN_ADDED) == LP_SEEN_NO) return false;
    const uint32_t made = lp_code_word(s, at);
    struct lp_a64_access m;
    const bool access = lp_a64_access(lp_a64_find(made, LP_A64_ALL), made, &m);
    const bool makes = (lp_a64_is_adr(made) || lp_a64_is_add_imm(made)) && (made & 31) != 31;
    if (access ? m.index >= 31 || m.base >= 31 : !makes) return false;
    struct scan *x = lp_scan_new(s, atom);
    if (!x) return out->any = true;
    if (access) add_index(x, at, m.index, m.shift, m.bytes, size, out);
    else x->over = true, lp_scan_moves(x, at, STEPS, look_at, size, out);
    free(x);
    if (!access && !out->added) lp_seen_tell(s, at, LP_SEEN_ADDED, LP_SEEN_NO);
    return out->any || out->n;
}
