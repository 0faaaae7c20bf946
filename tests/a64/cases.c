/* cases.c - random legal instruction words, and register contents that hurt. */
#include <config.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include "difftest.h"

/* ---- what is not compared, and why ---- */
static const struct { const char *pattern, *reason; } excluded[] = {
#define EXCLUDE(pattern, reason) {pattern, reason},
#include "excluded.def"
#undef EXCLUDE
    {NULL, NULL},
};

const char *row_excluded(const struct lp_row_info *row)
{
    if (row->flags & LP_ROW_TODO)
        return "not executed";
    if (row->flags & (LP_ROW_BRANCH | LP_ROW_JUMP))
        return "changes the flow of control: tests/guest";
    for (unsigned i = 0; excluded[i].pattern != NULL; i++)
        if (fnmatch(excluded[i].pattern, row->name, 0) == 0)
            return excluded[i].reason;
    return NULL;
}

unsigned stale_exclusions(void)
{
    unsigned stale = 0;
    for (unsigned i = 0; excluded[i].pattern != NULL; i++) {
        bool fits = false;
        for (unsigned row = 1; row < A64_ROW_COUNT && !fits; row++)
            fits = fnmatch(excluded[i].pattern, lp_a64_rows[row].name, 0) == 0;
        if (!fits)
            printf("# excluded.def: '%s' fits no row\n", excluded[i].pattern), stale++;
    }
    return stale;
}

/* ---- values ---- */
#define FPCR_BITS UINT32_C(0x07c80000) /* AHP, DN, FZ, RMode, FZ16 */
uint64_t rng_next(struct rng *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}
static unsigned below(struct rng *r, unsigned n) { return (unsigned)(rng_next(r) >> 33) % n; }
static uint64_t low_bits(uint64_t v, unsigned bits) { return bits < 64 ? v & ((UINT64_C(1) << bits) - 1) : v; }

/* An integer of `bits`: at the edges of the signed and unsigned ranges, a single bit, small (shift counts), or anything. */
static uint64_t integer(struct rng *r, unsigned bits)
{
    const uint64_t top = UINT64_C(1) << (bits - 1);
    switch (below(r, 10)) {
    case 0: return 0;
    case 1: return low_bits(UINT64_MAX, bits);
    case 2: return top;
    case 3: return top - 1;
    case 4: return low_bits(top - 2 + below(r, 5), bits);
    case 5: return low_bits(UINT64_C(1) << below(r, bits), bits);
    case 6: return low_bits((uint64_t)below(r, 2 * bits + 2), bits);
    case 7: return low_bits(0 - (uint64_t)below(r, 2 * bits + 2), bits);
    default: return low_bits(rng_next(r), bits);
    }
}

/* A number of a binary format: zero, infinity, NaN, subnormal, the limits, halves, or exponents close to each other. */
static uint64_t number(struct rng *r, unsigned exp, unsigned frac)
{
    const uint64_t sign = (uint64_t)below(r, 2) << (exp + frac), bias = (UINT64_C(1) << (exp - 1)) - 1;
    const uint64_t max_exp = 2 * bias + 1, fraction = low_bits(rng_next(r), frac);
    switch (below(r, 14)) {
    case 0: return sign;
    case 1: return sign | max_exp << frac;
    case 2: return sign | max_exp << frac | fraction | UINT64_C(1) << (frac - 1);
    case 3: return sign | max_exp << frac | (low_bits(fraction, frac - 1) | 1);
    case 4: return sign | fraction;
    case 5: return sign | (below(r, 2) ? 1 : low_bits(UINT64_MAX, frac));
    case 6: return sign | (max_exp - 1) << frac | (below(r, 2) ? fraction : low_bits(UINT64_MAX, frac));
    case 7: return sign | UINT64_C(1) << frac | (below(r, 2) ? fraction : 0);
    case 8: return sign | bias << frac;
    case 9: return sign | (bias - 2 + below(r, 5)) << frac | low_bits(below(r, 4), 2) << (frac - 2);
    case 10: return sign | (bias + below(r, exp == 5 ? 15 : 66)) << frac | fraction;
    case 11: return sign | (uint64_t)below(r, (unsigned)max_exp) << frac | fraction;
    default: return sign | (bias - 2 + below(r, 5)) << frac | fraction;
    }
}

static uint64_t lanes(struct rng *r)
{
    uint64_t v = 0;
    switch (below(r, 8)) {
    case 0: for (unsigned i = 0; i < 8; i++) v |= integer(r, 8) << 8 * i; return v;
    case 1: for (unsigned i = 0; i < 4; i++) v |= integer(r, 16) << 16 * i; return v;
    case 2: return integer(r, 32) | integer(r, 32) << 32;
    case 3: return integer(r, 64);
    case 4: for (unsigned i = 0; i < 4; i++) v |= number(r, 5, 10) << 16 * i; return v;
    case 5: return number(r, 8, 23) | number(r, 8, 23) << 32;
    case 6: return number(r, 11, 52);
    default: return rng_next(r);
    }
}

/* Vectors of one kind of lane are more likely to meet: all registers of a case share a kind, half of the time. */
static void fill_vectors(struct rng *r, struct state *s)
{
    const unsigned kind = below(r, 8);
    for (unsigned i = 0; i < 64; i++) {
        uint64_t v = lanes(r);
        if (kind < 2)
            v = number(r, 8, 23) | number(r, 8, 23) << 32;
        else if (kind < 4)
            v = number(r, 11, 52);
        s->v[i / 2][i % 2] = v;
    }
}

static void fill_state(struct rng *r, struct state *s)
{
    memset(s, 0, sizeof *s);
    for (unsigned i = 0; i < 31; i++)
        s->x[i] = below(r, 2) ? integer(r, 64) : below(r, 3) ? integer(r, 32) | rng_next(r) << 32 : rng_next(r);
    s->sp = SCRATCH + 0x4000 + 16 * (uint64_t)below(r, 256);
    s->nzcv = (uint64_t)below(r, 16) << 28;
    if (below(r, 2))
        s->fpcr = rng_next(r) & FPCR_BITS;
    if (below(r, 4) == 0)
        s->fpsr = rng_next(r) & UINT32_C(0x0800009f);
    fill_vectors(r, s);
}

/* ---- words ---- */
static bool has(const char *name, const char *part) { return strstr(name, part) != NULL; }
static unsigned reg_n(uint32_t w) { return w >> 5 & 31; }
static unsigned reg_m(uint32_t w) { return w >> 16 & 31; }
static unsigned reg_t(uint32_t w) { return w & 31; }
static unsigned reg_t2(uint32_t w) { return w >> 10 & 31; }

static bool is_store_exclusive(const char *name)
{
    return fnmatch("STXR*", name, 0) == 0 || fnmatch("STLXR*", name, 0) == 0 || fnmatch("STXP*", name, 0) == 0 ||
           fnmatch("STLXP*", name, 0) == 0;
}

/* CONSTRAINED UNPREDICTABLE choices of registers (Arm ARM K1.2): engines may differ. */
static bool unpredictable(const struct lp_row_info *row, uint32_t w)
{
    const char *n = row->name;
    const bool simd = has(n, "_fp") || has(n, "_q") || strcmp(row->class_, "ldst_struct") == 0;
    const bool pair = strncmp(n, "LDP", 3) == 0 || strncmp(n, "STP", 3) == 0 || strncmp(n, "LDNP", 4) == 0;
    if ((has(n, "_pre") || has(n, "_post")) && !simd && reg_n(w) != 31 && (reg_t(w) == reg_n(w) || (pair && reg_t2(w) == reg_n(w))))
        return true;
    if ((n[0] == 'L' && pair) || has(n, "LDXP") || has(n, "LDAXP"))
        return reg_t(w) == reg_t2(w);
    if (is_store_exclusive(n))
        return reg_m(w) == reg_t(w) || (has(n, "XP") && reg_m(w) == reg_t2(w)) || (reg_m(w) == reg_n(w) && reg_n(w) != 31);
    return false;
}

/* A base register that makes every immediate offset end in the scratch area, or none. */
static uint64_t base(struct rng *r, const struct test_case *c, bool aligned)
{
    const uint64_t area = c->mem == FAULT ? NOWHERE : SCRATCH, tag = c->mem == TAGGED ? rng_next(r) << 56 : 0;
    return tag | (area + 0x4000 + (aligned ? 16 * (uint64_t)below(r, 256) : below(r, 4096)));
}

static void set_x(struct state *s, unsigned reg, uint64_t v)
{
    if (reg < 31)
        s->x[reg] = v;
}

/* Register offset: small, in the range and width that the extension takes. */
static void set_index(struct rng *r, uint32_t w, struct state *s)
{
    const bool x64 = w >> 13 & 1, sign = w >> 15 & 1;
    uint64_t v = sign || x64 ? (uint64_t)0 - 128 + below(r, 256) : below(r, 256);
    if (!x64)
        v = (v & UINT32_MAX) | rng_next(r) << 32;
    set_x(s, reg_m(w), v);
}

static bool place_memory(struct rng *r, const struct lp_row_info *row, unsigned slot, struct test_case *c)
{
    /* Those fault on unaligned addresses. */
    const bool aligned = strcmp(row->class_, "exclusive") == 0 || strcmp(row->class_, "atomic") == 0 ||
                         fnmatch("LRCPC*", row->feature, 0) == 0;
    uint32_t w = c->word;
    if (has(row->name, "_lit")) {
        const uint64_t pc = STUBS + (uint64_t)slot * STUB_SIZE + STUB_WORD;
        const uint64_t target = SCRATCH + 4 * (uint64_t)below(r, SCRATCH_SIZE / 4 - 16);
        c->word = (w & ~(UINT32_C(0x7ffff) << 5)) | ((uint32_t)((target - pc) >> 2) & 0x7ffff) << 5;
        return true;
    }
    if (strncmp(row->name, "DC_", 3) == 0) {
        if (c->mem == FAULT)
            c->mem = NORMAL; /* the oracle does not translate the address */
        set_x(&c->in, reg_t(w), base(r, c, false));
        return reg_t(w) != 31;
    }
    if (has(row->name, "_reg")) {
        if (reg_m(w) == reg_n(w) && reg_n(w) != 31)
            return false;
        set_index(r, w, &c->in);
    }
    set_x(&c->in, reg_n(w), base(r, c, aligned));
    if (aligned && strcmp(row->feature, "LRCPC2") == 0)
        c->word = w &= ~(UINT32_C(15) << 12); /* imm9 a multiple of 16 */
    if (is_store_exclusive(row->name) && below(r, 4) != 0 && reg_n(w) != 30) {
        /* a load-exclusive of the same size first: LDXR XZR */
        c->pre[1] = w | 1u << 22 | 31u << 16 | 31u;
        if (has(row->name, "XP"))
            c->pre[1] = (c->pre[1] & ~(31u << 10)) | 30u << 10; /* LDXP XZR, X30 */
    }
    return true;
}

/* Should-be bits that the oracle insists on, and bits of system registers that it has and we need not. */
static void make_usual(const struct lp_row_info *row, struct test_case *c)
{
    if (strcmp(row->name, "LDAPR") == 0)
        c->word |= 31u << 16;
    else if (strcmp(row->name, "SB") == 0 || strcmp(row->name, "CFINV") == 0 || strcmp(row->feature, "FlagM2") == 0)
        c->word &= ~(15u << 8);
    else if (strcmp(row->name, "MRS_DIT") == 0 || strcmp(row->name, "MRS_SSBS") == 0) /* the oracle keeps them from case to case: set first */
        c->pre[1] = c->in.x[0] & 1 ? (c->word & ~(1u << 21)) : (row->name[4] == 'D' ? 0xd503405f : 0xd503403f) | (c->in.x[1] & 1) << 8;
    else if (strcmp(row->name, "MSR_FPCR") == 0)
        set_x(&c->in, reg_t(c->word), c->in.x[reg_t(c->word) % 31] & FPCR_BITS);
}

void correct_oracle(const struct test_case *c, struct state *answer)
{
    /* qemu 7.2 says ILL_ILLOPN; Linux does ILL_ILLOPC (arch/arm64/kernel/traps.c, do_el0_undef). */
    if ((answer->signo & 255) == 4)
        answer->signo = 4 | 1 << 8;
    /* qemu 7.2 leaves the 16-bit result sign-extended; V[d] is written with 16 bits (Arm ARM, FCVTZS (vector, fixed-point)). */
    if (strcmp(lp_a64_rows[c->row].name, "FCVTZS_fix_s_h") == 0)
        answer->v[reg_t(c->word)][0] &= 0xffff;
    /* qemu 7.2 calls the conversion of a subnormal that FPCR.FZ flushes exact (Arm ARM, FPToFixedJS: Z = 0 unless the fraction is 0). */
    const uint64_t operand = c->in.v[reg_n(c->word)][0];
    const bool subnormal = operand << 1 >> 53 == 0 && operand << 12 != 0, flushed = subnormal && (c->in.fpcr >> 24 & 1);
    if (strcmp(lp_a64_rows[c->row].name, "FJCVTZS") == 0 && flushed)
        answer->nzcv = 0;
}

bool make_case(struct rng *r, unsigned row, unsigned slot, struct test_case *out)
{
    const struct lp_row_info *info = &lp_a64_rows[row];
    fill_state(r, &out->in);
    out->pre[0] = out->pre[1] = LP_A64_NOP;
    out->post = out->pokes = 0;
    out->row = row;
    out->slot = slot;
    out->mem = !(info->flags & LP_ROW_MEM) ? NONE : below(r, 8) ? NORMAL : below(r, 2) ? TAGGED : FAULT;
    out->word = ((uint32_t)rng_next(r) & ~info->mask) | info->value;
    /* Equal registers, and register 31, are worth more than their share. */
    if (below(r, 8) == 0)
        out->word = (out->word & ~(31u | info->mask)) | (reg_n(out->word) & ~info->mask & 31) | info->value;
    make_usual(info, out);
    if (lp_a64_row(out->word, LP_A64_ALL, false) != row || unpredictable(info, out->word))
        return false;
    if (out->mem && !place_memory(r, info, slot, out))
        return false;
    return lp_a64_row(out->word, LP_A64_ALL, false) == row && !unpredictable(info, out->word);
}
