/* elf/cfi_run.c - the instructions of an FDE, run up to an address. */
#include <config.h>
#include "elf/cfi.h"

#include <string.h>

enum { DEPTH = 16 };

struct run {
    const struct lp_cie *cie;
    uint64_t loc, stop;        /* rules up to `stop` count */
    uint64_t at;               /* the address of the instruction */
    struct lp_cfi *now;
    struct lp_cfi initial, kept[DEPTH];
    unsigned depth;
    bool bad;
    uint64_t saved;            /* registers that were saved anywhere: bit n Xn, bit 32 + n Vn (AADWARF64 4.1: 64 + n) */
};

/* Registers beyond SP (V0-V31, RA_SIGN_STATE) have no rules here. */
static void set(struct run *x, const struct lp_cfi_insn *i)
{
    const bool known = i->kind < LP_CFI_EXPRESSION && i->from < LP_CFI_REGS;
    const uint64_t reg = i->reg;
    if (i->kind == LP_CFI_OFFSET && (reg < 31 || (reg >= 64 && reg < 96))) x->saved |= UINT64_C(1) << (reg < 31 ? reg : reg - 32);
    if (reg < LP_CFI_REGS) x->now->reg[reg] = (struct lp_cfi_rule){known ? i->kind : LP_CFI_EXPRESSION, known ? (uint8_t)i->from : 0, i->off};
}

static void restore(struct run *x, uint64_t reg)
{
    if (reg < LP_CFI_REGS) x->now->reg[reg] = x->initial.reg[reg];
}

static void set_cfa(struct run *x, const struct lp_cfi_insn *i)
{
    if (i->reg >= LP_CFI_REGS) x->bad = true;
    else x->now->cfa = (struct lp_cfi_rule){i->kind, (uint8_t)i->reg, i->off};
}

/* Only a CFA that is a register and an offset can have one of the two changed. */
static void change_cfa(struct run *x, uint64_t reg, int64_t off)
{
    if (x->now->cfa.kind != LP_CFI_REGISTER) x->bad = true;
    else set_cfa(x, &(struct lp_cfi_insn){.kind = LP_CFI_REGISTER, .reg = reg, .off = off});
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

static void step(struct run *x, const struct lp_cfi_insn *i)
{
    switch ((enum lp_cfi_what)i->what) {
    case LP_CFI_NONE: case LP_CFI_NOTHING: break;
    case LP_CFI_SIGN: case LP_CFI_SIGN_WITH_PC: break; /* a code is taken off every address anyway */
    case LP_CFI_ADVANCE: x->loc += (uint64_t)i->off; break;
    case LP_CFI_PLACE: x->loc = (uint64_t)i->off; break;
    case LP_CFI_RULE: set(x, i); break;
    case LP_CFI_RESTORE: restore(x, i->reg); break;
    case LP_CFI_CFA: set_cfa(x, i); break;
    case LP_CFI_CFA_REG: change_cfa(x, i->reg, x->now->cfa.off); break;
    case LP_CFI_CFA_OFF: change_cfa(x, x->now->cfa.reg, i->off); break;
    case LP_CFI_REMEMBER: remember(x); break;
    case LP_CFI_RECALL: recall(x);
    }
}

static bool run(struct run *x, struct lp_cfi_reader r)
{
    struct lp_cfi_insn i;
    for (x->at = r.vaddr; x->loc <= x->stop && !x->bad && lp_cfi_next(x->cie, &r, &i); x->at = x->bad ? x->at : r.vaddr) step(x, &i);
    return !x->bad && !r.bad;
}

/* Those of the CIE and of the FDE, into *x->now. */
static bool run_both(struct run *x, const struct lp_fde *f)
{
    const uint64_t stop = x->stop;
    memset(x->now, 0, sizeof *x->now);
    x->now->cfa.kind = LP_CFI_EXPRESSION; /* until it is said */
    x->cie = &f->cie, x->stop = UINT64_MAX;
    if (!run(x, f->cie.insns)) return false;
    x->initial = *x->now;
    x->loc = f->start + f->lead, x->stop = stop, x->depth = 0;
    if (!run(x, f->insns)) return false;
    x->now->ra = f->cie.ra;
    return true;
}

bool lp_cfi_run(const struct lp_fde *f, uint64_t vaddr, struct lp_cfi *out)
{
    struct run x = {.now = out, .stop = vaddr};
    return run_both(&x, f);
}

uint64_t lp_cfi_fault(const struct lp_fde *f)
{
    struct lp_cfi all;
    struct run x = {.now = &all, .stop = UINT64_MAX};
    return run_both(&x, f) ? 0 : x.at;
}

static struct lp_fde plain(const uint8_t *insns, size_t n)
{
    static const uint8_t start[] = {0x0c, LP_CFI_SP, 0}; /* DW_CFA_def_cfa */
    return (struct lp_fde){.cie = {.insns = {start, start + sizeof start, 0, false}, .code_align = 4, .data_align = -8, .ra = LP_CFI_LR},
                           .insns = {insns, insns + n, 0, false}};
}

size_t lp_cfi_plain_cie(uint8_t *out, bool lsda, bool key_b)
{
    static const char *const letters[2][2] = {{"zR", "zRB"}, {"zPLR", "zPLRB"}};
    static const uint8_t align[] = {4, 0x78, LP_CFI_LR}; /* of code 4, of data -8 */
    const size_t n = strlen(letters[lsda][key_b]) + 1;
    out[0] = 1; /* the version */
    memcpy(out + 1, letters[lsda][key_b], n);
    memcpy(out + 1 + n, align, sizeof align);
    return 1 + n + sizeof align;
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
