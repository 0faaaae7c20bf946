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

/* System registers that the oracle keeps from case to case are set first; FPCR gets only the bits that exist. */
static void make_usual(const struct lp_row_info *row, struct test_case *c)
{
    if (strcmp(row->name, "MRS_DIT") == 0 || strcmp(row->name, "MRS_SSBS") == 0)
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
    out->word = usual_word(info, out->word);
    make_usual(info, out);
    if (lp_a64_row(out->word, LP_A64_ALL, false) != row || unpredictable(info, out->word))
        return false;
    if (out->mem && !place_memory(r, info, slot, out))
        return false;
    return lp_a64_row(out->word, LP_A64_ALL, false) == row && !unpredictable(info, out->word);
}
