/* elf/cfi_run.c - the instructions of an FDE, run up to an address. */
#include <config.h>
#include "elf/cfi.h"

#include <string.h>

enum { /* DWARF 5, 7.24; the first three have an operand in their low six bits */
    ADVANCE_LOC = 0x40, OFFSET = 0x80, RESTORE = 0xc0,
    NOP = 0, SET_LOC = 1, ADVANCE_LOC1 = 2, ADVANCE_LOC2 = 3, ADVANCE_LOC4 = 4, OFFSET_EXTENDED = 5, RESTORE_EXTENDED = 6, UNDEFINED = 7, SAME_VALUE = 8,
    REGISTER = 9, REMEMBER_STATE = 10, RESTORE_STATE = 11, DEF_CFA = 12, DEF_CFA_REGISTER = 13, DEF_CFA_OFFSET = 14, DEF_CFA_EXPRESSION = 15,
    EXPRESSION = 16, OFFSET_EXTENDED_SF = 17, DEF_CFA_SF = 18, DEF_CFA_OFFSET_SF = 19, VAL_OFFSET = 20, VAL_OFFSET_SF = 21, VAL_EXPRESSION = 22,
    NEGATE_RA_STATE_WITH_PC = 0x2c, NEGATE_RA_STATE = 0x2d, GNU_ARGS_SIZE = 0x2e,
};
enum { DEPTH = 16 };

struct run {
    const struct lp_cie *cie;
    struct lp_cfi_reader r;
    uint64_t loc, stop;        /* rules up to `stop` count */
    struct lp_cfi *now;
    struct lp_cfi initial, kept[DEPTH];
    unsigned depth;
    bool bad;
    uint64_t saved;            /* registers that were saved anywhere: bit n Xn, bit 32 + n Vn (AADWARF64 4.1: 64 + n) */
};

/* Registers beyond SP (V0-V31, RA_SIGN_STATE) have no rules here. */
static void set(struct run *x, uint64_t reg, enum lp_cfi_kind kind, int64_t off, uint64_t from)
{
    if (kind == LP_CFI_OFFSET && (reg < 31 || (reg >= 64 && reg < 96))) x->saved |= UINT64_C(1) << (reg < 31 ? reg : reg - 32);
    if (from >= LP_CFI_REGS) kind = LP_CFI_EXPRESSION, from = 0;
    if (reg < LP_CFI_REGS) x->now->reg[reg] = (struct lp_cfi_rule){(uint8_t)kind, (uint8_t)from, off};
}

static void restore(struct run *x, uint64_t reg)
{
    if (reg < LP_CFI_REGS) x->now->reg[reg] = x->initial.reg[reg];
}

static void def_cfa(struct run *x, uint64_t reg, int64_t off)
{
    if (reg >= LP_CFI_REGS) x->bad = true;
    else x->now->cfa = (struct lp_cfi_rule){LP_CFI_REGISTER, (uint8_t)reg, off};
}

/* Only a CFA that is a register and an offset can have one of the two changed. */
static void change_cfa(struct run *x, const uint64_t *reg, int64_t off)
{
    if (x->now->cfa.kind != LP_CFI_REGISTER) x->bad = true;
    else def_cfa(x, reg ? *reg : x->now->cfa.reg, reg ? x->now->cfa.off : off);
}

static void remember(struct run *x)
{
    if (x->depth == DEPTH) x->bad = true;
    else x->kept[x->depth++] = *x->now;
}

static void recall(struct run *x)
{
    if (x->depth == 0) x->bad = true;
    else *x->now = x->kept[--x->depth];
}

static void block(struct run *x) { lp_cfi_skip(&x->r, lp_cfi_uleb(&x->r)); }
static int64_t scaled(const struct run *x, uint64_t v) { return (int64_t)(v * (uint64_t)x->cie->data_align); }
static void advance(struct run *x, uint64_t delta) { x->loc += delta * x->cie->code_align; }

static void extended(struct run *x, uint64_t op)
{
    struct lp_cfi_reader *r = &x->r;
    uint64_t reg;
    switch (op) {
    case NOP: case NEGATE_RA_STATE: break; /* a code is taken off every address anyway */
    case NEGATE_RA_STATE_WITH_PC: break;
    case SET_LOC: x->loc = lp_cfi_pointer(r, x->cie->pointers, 0); break;
    case ADVANCE_LOC1: advance(x, lp_cfi_bytes(r, 1)); break;
    case ADVANCE_LOC2: advance(x, lp_cfi_bytes(r, 2)); break;
    case ADVANCE_LOC4: advance(x, lp_cfi_bytes(r, 4)); break;
    case OFFSET_EXTENDED: reg = lp_cfi_uleb(r); set(x, reg, LP_CFI_OFFSET, scaled(x, lp_cfi_uleb(r)), 0); break;
    case OFFSET_EXTENDED_SF: reg = lp_cfi_uleb(r); set(x, reg, LP_CFI_OFFSET, scaled(x, (uint64_t)lp_cfi_sleb(r)), 0); break;
    case VAL_OFFSET: reg = lp_cfi_uleb(r); set(x, reg, LP_CFI_VALUE, scaled(x, lp_cfi_uleb(r)), 0); break;
    case VAL_OFFSET_SF: reg = lp_cfi_uleb(r); set(x, reg, LP_CFI_VALUE, scaled(x, (uint64_t)lp_cfi_sleb(r)), 0); break;
    case RESTORE_EXTENDED: restore(x, lp_cfi_uleb(r)); break;
    case UNDEFINED: set(x, lp_cfi_uleb(r), LP_CFI_UNDEFINED, 0, 0); break;
    case SAME_VALUE: set(x, lp_cfi_uleb(r), LP_CFI_SAME, 0, 0); break;
    case REGISTER: reg = lp_cfi_uleb(r); set(x, reg, LP_CFI_REGISTER, 0, lp_cfi_uleb(r)); break;
    case EXPRESSION: case VAL_EXPRESSION: set(x, lp_cfi_uleb(r), LP_CFI_EXPRESSION, 0, 0); block(x); break;
    case REMEMBER_STATE: remember(x); break;
    case RESTORE_STATE: recall(x); break;
    case DEF_CFA: reg = lp_cfi_uleb(r); def_cfa(x, reg, (int64_t)lp_cfi_uleb(r)); break;
    case DEF_CFA_SF: reg = lp_cfi_uleb(r); def_cfa(x, reg, scaled(x, (uint64_t)lp_cfi_sleb(r))); break;
    case DEF_CFA_REGISTER: reg = lp_cfi_uleb(r); change_cfa(x, &reg, 0); break;
    case DEF_CFA_OFFSET: change_cfa(x, NULL, (int64_t)lp_cfi_uleb(r)); break;
    case DEF_CFA_OFFSET_SF: change_cfa(x, NULL, scaled(x, (uint64_t)lp_cfi_sleb(r))); break;
    case DEF_CFA_EXPRESSION: block(x); x->now->cfa = (struct lp_cfi_rule){LP_CFI_EXPRESSION, 0, 0}; break;
    case GNU_ARGS_SIZE: lp_cfi_uleb(r); break;
    default: x->bad = true;
    }
}

static bool run(struct run *x, struct lp_cfi_reader insns)
{
    x->r = insns;
    while (x->r.p < x->r.end && x->loc <= x->stop && !x->bad && !x->r.bad) {
        uint64_t op = lp_cfi_bytes(&x->r, 1), low = op & 0x3f;
        if ((op & 0xc0) == ADVANCE_LOC) advance(x, low);
        else if ((op & 0xc0) == OFFSET) set(x, low, LP_CFI_OFFSET, scaled(x, lp_cfi_uleb(&x->r)), 0);
        else if ((op & 0xc0) == RESTORE) restore(x, low);
        else extended(x, op);
    }
    return !x->bad && !x->r.bad;
}

bool lp_cfi_run(const struct lp_fde *f, uint64_t vaddr, struct lp_cfi *out)
{
    struct run x = {.cie = &f->cie, .now = out, .stop = UINT64_MAX};
    memset(out, 0, sizeof *out);
    out->cfa.kind = LP_CFI_EXPRESSION; /* until it is said */
    if (!run(&x, f->cie.insns)) return false;
    x.initial = *out;
    x.loc = f->start, x.stop = vaddr, x.depth = 0;
    if (!run(&x, f->insns)) return false;
    out->ra = f->cie.ra;
    return true;
}

static struct lp_fde plain(const uint8_t *insns, size_t n)
{
    static const uint8_t start[] = {DEF_CFA, LP_CFI_SP, 0};
    return (struct lp_fde){.cie = {.insns = {start, start + sizeof start, 0, false}, .code_align = 4, .data_align = -8, .ra = LP_CFI_LR},
                           .insns = {insns, insns + n, 0, false}};
}

bool lp_cfi_run_plain(const uint8_t *insns, size_t n, uint64_t at, struct lp_cfi *out)
{
    struct lp_fde f = plain(insns, n);
    return lp_cfi_run(&f, at, out);
}

uint64_t lp_cfi_saves(const uint8_t *insns, size_t n)
{
    struct lp_cfi rules = {0};
    struct lp_fde f = plain(insns, n);
    struct run x = {.cie = &f.cie, .now = &rules, .stop = UINT64_MAX};
    return run(&x, f.cie.insns) && run(&x, f.insns) ? x.saved : 0;
}
