/* cases.c - single cases: a random legal instruction word, with the registers and the memory that it needs. */
#include <config.h>
#include <fnmatch.h>
#include <string.h>
#include "difftest.h"

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
    const bool aligned = is(row, ALIGNED);
    uint32_t w = c->word;
    if (is(row, LITERAL)) {
        const uint64_t pc = STUBS + (uint64_t)slot * STUB_SIZE + STUB_WORD;
        const uint64_t target = SCRATCH + 4 * (uint64_t)below(r, SCRATCH_SIZE / 4 - 16);
        c->word = (w & ~(UINT32_C(0x7ffff) << 5)) | ((uint32_t)((target - pc) >> 2) & 0x7ffff) << 5;
        return true;
    }
    if (is(row, MAINTENANCE)) {
        if (c->mem == FAULT)
            c->mem = NORMAL; /* the oracle does not translate the address */
        if (row_untagged(c->row))
            c->mem = NORMAL;
        set_x(&c->in, reg_t(w), base(r, c, false));
        return reg_t(w) != 31;
    }
    if (is(row, INDEXED)) {
        if (reg_m(w) == reg_n(w) && reg_n(w) != 31)
            return false;
        set_index(r, w, &c->in);
    }
    set_x(&c->in, reg_n(w), base(r, c, aligned));
    if (aligned && row->feature_no == LP_FEATURE_LRCPC2)
        c->word = w &= ~(UINT32_C(15) << 12); /* imm9 a multiple of 16 */
    if (is(row, STORE_EXCLUSIVE) && below(r, 4) != 0 && reg_n(w) != 30) {
        /* a load-exclusive of the same size first: LDXR XZR */
        c->pre[1] = w | 1u << 22 | 31u << 16 | 31u;
        if (is(row, STORES_PAIR))
            c->pre[1] = (c->pre[1] & ~(31u << 10)) | 30u << 10; /* LDXP XZR, X30 */
    }
    return true;
}

/* ---- branches ---- */
/* Where a case may land: nothing can be fetched below the stubs and behind the scratch area; behind the stub's own end there is landing code. */
static uint64_t landing(struct rng *r, uint64_t pc, uint64_t reach)
{
    const uint64_t low = pc > reach ? pc - reach : 0, high = pc + reach - 4, behind = SCRATCH + SCRATCH_SIZE;
    switch (below(r, 3)) {
    case 0: return pc + 8;
    case 1: return low < STUBS - 0x100000 ? STUBS - 4 * (1 + (uint64_t)below(r, 0x40000)) : low + 4 * (uint64_t)below(r, (unsigned)((STUBS - low) / 4));
    default: return high > behind + 0x100000 ? behind + 4 * (uint64_t)below(r, 0x40000) : behind + 4 * (uint64_t)below(r, (unsigned)((high - behind) / 4));
    }
}

static bool place_branch(struct rng *r, const struct lp_row_info *row, struct test_case *c)
{
    const uint64_t pc = case_pc(c);
    if (is(row, NEAR)) { /* other stubs */
        c->word = (c->word & ~(UINT32_C(0x3fff) << 5)) | 2 << 5;
    } else if (is(row, FAR)) {
        c->word = (c->word & 0xfc000000) | ((uint32_t)((landing(r, pc, UINT64_C(1) << 27) - pc) >> 2) & 0x3ffffff);
    } else {
        c->word = (c->word & ~(UINT32_C(0x7ffff) << 5)) | ((uint32_t)((landing(r, pc, UINT64_C(1) << 20) - pc) >> 2) & 0x7ffff) << 5;
    }
    return true;
}

/* BR, BLR, RET; some to where no instruction can be, some with a tag, which does not count (Arm ARM, AArch64.BranchAddr). Those two need the machinery
 * around a call. A bad alignment comes before a page that is not there (D1.3.5); the oracle sees the page first, so there is one. */
static bool place_jump(struct rng *r, struct test_case *c)
{
    uint64_t target = landing(r, case_pc(c), UINT64_C(1) << 27);
    if (below(r, 8) == 0)
        target = case_pc(c) + 9 + below(r, 3), c->mem = TAGGED;
    else if (below(r, 8) == 0)
        target |= rng_next(r) << 56, c->mem = TAGGED;
    set_x(&c->in, reg_n(c->word), target);
    return reg_n(c->word) != 31;
}

/* System registers that the oracle keeps from case to case are set first; FPCR gets only the bits that exist. */
static void make_usual(struct test_case *c)
{
    if (c->row == A64_MRS_DIT || c->row == A64_MRS_SSBS)
        c->pre[1] = c->in.x[0] & 1 ? (c->word & ~(1u << 21)) : (c->row == A64_MRS_DIT ? 0xd503405f : 0xd503403f) | (c->in.x[1] & 1) << 8;
    else if (c->row == A64_MSR_FPCR)
        set_x(&c->in, reg_t(c->word), c->in.x[reg_t(c->word) % 31] & FPCR_BITS);
}

/* ---- known mistakes of the oracle: oracle.def ---- */
typedef void mend_fn(const struct test_case *c, struct state *answer);

static void mend_sigill(const struct test_case *c, struct state *answer)
{
    (void)c;
    if ((answer->signo & 255) == 4)
        answer->signo = 4 | 1 << 8;
}
static void mend_sign_extension(const struct test_case *c, struct state *answer) { answer->v[reg_t(c->word)][0] &= 0xffff; }
static void mend_flushed_jcvt(const struct test_case *c, struct state *answer)
{
    const uint64_t operand = c->in.v[reg_n(c->word)][0];
    const bool subnormal = operand << 1 >> 53 == 0 && operand << 12 != 0;
    if (subnormal && (c->in.fpcr >> 24 & 1))
        answer->nzcv = 0;
}

static const struct { const char *pattern; mend_fn *mend; const char *reason; } mistakes[] = {
#define MISTAKE(pattern, mend, reason) {pattern, mend, reason},
#include "oracle.def"
};

unsigned stale_mistakes(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++)
        n += stale_pattern("oracle.def", mistakes[i].pattern);
    return n;
}

void correct_oracle(const struct test_case *c, struct state *answer)
{
    for (unsigned i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++)
        if (fnmatch(mistakes[i].pattern, lp_a64_rows[c->row].name, 0) == 0)
            mistakes[i].mend(c, answer);
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
    out->word = usual_word(info, out->word);
    make_usual(out);
    if (lp_a64_row(out->word, LP_A64_ALL, false) != row || unpredictable(info, out->word))
        return false;
    if ((info->flags & LP_ROW_BRANCH ? !place_branch(r, info, out) : info->flags & LP_ROW_JUMP ? !place_jump(r, out) : false) ||
        ((info->flags & LP_ROW_MEM) && !place_memory(r, info, slot, out)))
        return false;
    return lp_a64_row(out->word, LP_A64_ALL, false) == row && !unpredictable(info, out->word);
}
