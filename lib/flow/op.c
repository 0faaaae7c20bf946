/* flow/op.c - a word as what the dataflow needs to know of it. Registers and accesses come from the decode tables (a64/regs.h, a64/access.h). */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "a64/a64.h"
#include "a64/access.h"
#include "a64/decode_bits.h"
#include "a64/derive.gen.h"
#include "a64/disasm.h"
#include "a64/regs.h"
#include "base/bits.h"
#include "flow/inner.h"

static uint8_t source(uint32_t n) { return (uint8_t)(n == 31 ? REG_ZR : n); }
static uint8_t target(uint32_t n) { return (uint8_t)(n == 31 ? REG_SINK : n); }

static void three_registers(uint32_t w, struct lp_fop *o)
{
    o->rd = target(w & 31);
    o->rn = source(w >> 5 & 31);
    o->rm = source(w >> 16 & 31);
}

static void add_imm(uint32_t w, bool sub, bool sets, struct lp_fop *o)
{
    const int64_t imm = (int64_t)(w >> 10 & 0xfff) << (w >> 22 & 1 ? 12 : 0);
    o->kind = OP_ADD_IMM;
    o->rn = w >> 5 & 31;
    o->rd = sets ? target(w & 31) : w & 31;
    o->imm = sub ? -imm : imm;
    o->flags |= w >> 22 & 1 ? F_HIGH : sub ? 0 : F_LOW;
}

static void add_reg(unsigned row, uint32_t w, struct lp_fop *o)
{
    const bool ext = row == A64_ADD_ext || row == A64_SUB_ext, shifted = row == A64_ADD_shift || row == A64_SUB_shift;
    three_registers(w, o);
    o->kind = OP_ADD_REG;
    o->extend = 3; /* LSL */
    if (row == A64_SUB_reg || row == A64_SUB_shift || row == A64_SUB_ext)
        o->flags |= F_SUB;
    if (ext) {
        o->rd = w & 31;
        o->rn = w >> 5 & 31;
        o->extend = w >> 13 & 7;
        o->shift = w >> 10 & 7;
    } else if (shifted) {
        o->shift = w >> 10 & 63;
        if ((w >> 22 & 3) != 0)
            o->rm = REG_SINK, o->shift = 0; /* LSR, ASR: a number that is not known */
    }
}

/* A product is added, as where an array's elements have another size than a power of two: of what is known, rn and a number that is not. */
static void add_product(bool sub, uint32_t w, struct lp_fop *o)
{
    if (!(o->flags & F_WIDE))
        return;
    o->kind = OP_ADD_REG;
    o->rd = target(w & 31);
    o->rn = source(w >> 10 & 31);
    o->rm = REG_SINK;
    o->extend = 3;
    o->flags |= sub ? F_SUB : 0;
}

/* Bitfield moves as far as indices and table entries go through them: extensions, left shifts, fields at the bottom. */
static void bitfield(uint32_t w, bool is_signed, struct lp_fop *o)
{
    const unsigned r = w >> 16 & 63, s = w >> 10 & 63, size = w >> 31 ? 64 : 32;
    o->rd = target(w & 31);
    o->rn = source(w >> 5 & 31);
    o->flags |= is_signed ? F_SIGNED : 0;
    if (r == 0 && s != size - 1) {
        o->kind = OP_EXTEND;
        o->shift = (uint8_t)(s + 1); /* bits that are kept */
    } else if (!is_signed && r != 0 && s + 1 == r && s != size - 1) {
        o->kind = OP_SHIFT;
        o->shift = (uint8_t)(size - r);
    } else if (!is_signed && s >= r && s - r < 16) {
        o->kind = OP_MASK;
        o->imm = (INT64_C(1) << (s - r + 1)) - 1;
    }
}

static void memory(unsigned row, uint32_t w, struct lp_fop *o)
{
    struct lp_a64_access a;
    if (!lp_a64_access(row, w, &a))
        return;
    o->kind = OP_MEM;
    o->rd = a.rt == 31 ? REG_ZR : a.rt; /* LP_A64_NO_REG is REG_ZR: nothing is stored from there */
    o->rt2 = a.rt2 == 31 ? REG_ZR : a.rt2;
    o->rn = a.base;
    o->rm = a.index;
    o->extend = a.extend;
    o->shift = a.shift;
    o->bytes = a.bytes;
    o->each = a.each;
    o->imm = a.off;
    o->back = (int32_t)a.back;
    o->flags |= (uint16_t)((a.load ? F_LOAD : 0) | (a.store ? F_STORE : 0) | (a.is_signed ? F_SIGNED : 0) | (a.simple ? F_SIMPLE : 0));
    if (lp_a64_is_ldst_pos(w))
        o->flags |= F_LOW;
    if (a.writeback && a.back_by == LP_A64_NO_REG)
        o->flags |= F_BACK;
}

static void literal(uint32_t w, uint64_t pc, struct lp_fop *o)
{
    uint64_t addr = 0;
    lp_a64_target(w, pc, &addr);
    o->kind = OP_MEM;
    o->flags |= F_LITERAL | F_LOAD;
    o->imm = (int64_t)addr;
    const unsigned opc = w >> 30;
    o->bytes = (uint8_t)(w >> 26 & 1 ? 4u << opc : opc == 3 ? 0 : opc == 1 ? 8 : 4);
    if (opc == 1 && !(w >> 26 & 1))
        o->flags |= F_WIDE, o->rd = (w & 31) == 31 ? REG_ZR : w & 31;
}

static void constant(unsigned row, uint32_t w, struct lp_fop *o)
{
    uint64_t v = 0;
    o->kind = OP_CONST;
    o->rd = target(w & 31);
    if (row == A64_MOVZ) lp_derive_movz(w, 0, &v);
    else if (row == A64_MOVN) lp_derive_movn(w, 0, &v);
    else if (!lp_derive_bitmask(w, 0, &v) || (w >> 5 & 31) != 31 || (w & 31) == 31) o->kind = OP_OTHER; /* ORR (immediate): MOV of a bitmask */
    o->imm = (int64_t)v;
}

static void mask(uint32_t w, struct lp_fop *o)
{
    uint64_t v;
    if (!lp_derive_bitmask(w, 0, &v))
        return;
    o->kind = OP_MASK;
    o->rd = w & 31; /* may be SP: a frame is aligned */
    o->rn = source(w >> 5 & 31);
    o->imm = (int64_t)v;
}

static void branch(uint32_t w, uint64_t pc, enum lp_fop_kind kind, struct lp_fop *o)
{
    uint64_t addr = pc;
    lp_a64_target(w, pc, &addr);
    o->kind = (uint8_t)kind;
    o->imm = (int64_t)addr;
    o->cond = 0xff;
}

unsigned lp_fop_decode(uint32_t w, uint64_t pc, struct lp_fop *o)
{
    const unsigned row = lp_a64_find(w, LP_A64_ALL);
    const struct lp_a64_regs regs = lp_a64_regs(row, w);
    *o = (struct lp_fop){.kind = OP_OTHER, .rd = REG_SINK, .rn = REG_ZR, .rm = NO_REG, .rt2 = NO_REG, .read = regs.read, .write = regs.write};
    o->flags = (uint16_t)((w >> 31 ? F_WIDE : 0) | (lp_a64_sets_flags(row) ? F_SETS : 0));
    switch (row) {
    case A64_UNDEFINED: case A64_UDF: case A64_BRK: case A64_HLT: o->kind = w == 0 ? OP_PAD : OP_STOP; break;
    case A64_NOP: o->kind = OP_PAD; break;
    case A64_ADRP: lp_derive_adrp(w, pc, (uint64_t *)&o->imm); o->kind = OP_ADRP; o->rd = target(w & 31); break;
    case A64_ADR: /* of a page, in one of the last two words of one: what linkers make of an ADRP (erratum 843419 of Cortex-A53); others by chance */
        lp_derive_adr(w, pc, (uint64_t *)&o->imm);
        o->kind = o->imm & 4095 || (pc & 0xff8) != 0xff8 ? OP_ADR : OP_ADRP;
        o->rd = target(w & 31);
        break;
    case A64_ADD_imm: case A64_SUB_imm: add_imm(w, row == A64_SUB_imm, false, o); break;
    case A64_ADDS_imm: case A64_SUBS_imm: add_imm(w, row == A64_SUBS_imm, true, o); break;
    case A64_MOVZ: case A64_MOVN: case A64_ORR_imm: constant(row, w, o); break;
    case A64_MOVK:
        o->kind = OP_MOVK;
        o->rd = target(w & 31);
        o->shift = (uint8_t)(16 * (w >> 21 & 3));
        o->imm = w >> 5 & 0xffff;
        break;
    case A64_AND_imm: mask(w, o); break;
    case A64_ADD_reg: case A64_SUB_reg: case A64_ADD_shift: case A64_SUB_shift: case A64_ADD_ext: case A64_SUB_ext: add_reg(row, w, o); break;
    case A64_MADD: case A64_SMADDL: case A64_UMADDL: add_product(false, w, o); break;
    case A64_MSUB: case A64_SMSUBL: case A64_UMSUBL: add_product(true, w, o); break;
    case A64_MOV_reg: o->kind = OP_MOV; o->rd = target(w & 31); o->rn = source(w >> 16 & 31); break;
    case A64_UBFM: case A64_LSR_imm64: case A64_LSR_imm32: case A64_UXTB: case A64_UXTH: bitfield(w, false, o); break;
    case A64_SBFM: case A64_SXTW: bitfield(w, true, o); break;
    case A64_CSEL: case A64_CSINC:
        o->kind = OP_SELECT;
        o->flags |= w >> 10 & 1 ? F_MORE : 0;
        three_registers(w, o);
        break;
    case A64_MRS_TPIDR: o->kind = OP_THREAD; o->rd = target(w & 31); break;
    case A64_LDR_lit: case A64_LDRSW_lit: case A64_PRFM_lit: case A64_LDR_fp_lit: literal(w, pc, o); break;
    case A64_B: branch(w, pc, OP_BRANCH, o); break;
    case A64_BL: branch(w, pc, OP_CALL, o); break;
    case A64_B_cond: case A64_BC_cond: branch(w, pc, OP_BRANCH_IF, o); o->cond = w & 15; break;
    case A64_CBZ: case A64_CBNZ: case A64_TBZ: case A64_TBNZ: branch(w, pc, OP_BRANCH_IF, o); break;
    case A64_BR: case A64_BRA: case A64_BRA_Z: o->kind = OP_JUMP_REG; o->rn = source(w >> 5 & 31); break;
    case A64_BLR: case A64_BLRA: case A64_BLRA_Z: o->kind = OP_CALL_REG; break;
    case A64_RET: case A64_RETA: o->kind = OP_RETURN; break;
    case A64_SVC: o->write |= 1; break; /* Linux's answer */
    default: memory(row, w, o);
    }
    return row;
}

#define ADR_FIELD UINT32_C(0x60ffffe0)

/* The bits of an offset from the PC. */
static uint32_t relative_field(uint32_t w)
{
    if ((w & 0x14000000) != 0x14000000 && (w & 0x1b000000) != 0x10000000 && !lp_a64_is_load_literal(w)) return 0;
    if (lp_a64_is_b_bl(w)) return 0x03ffffff;
    if (lp_a64_is_tbz(w)) return 0x0007ffe0;
    if ((w & 0xff000000) == 0x54000000 || lp_a64_is_cbz(w) || lp_a64_is_load_literal(w))
        return 0x00ffffe0;
    return lp_a64_is_pcrel_address(w) ? ADR_FIELD : 0;
}

enum { FEWEST_BITS = 10, MOST_BITS = 12, WORDS_EACH = 8 };

struct lp_fop_memo *lp_fop_memo(uint64_t words)
{
    unsigned bits = FEWEST_BITS;
    while (bits < MOST_BITS && words >> bits >= WORDS_EACH)
        bits++;
    struct lp_fop_memo *m = calloc(1, sizeof *m + (sizeof m->seen[0] << bits));
    if (m != NULL)
        m->bits = bits;
    return m;
}

const struct lp_fop *lp_fop_known(struct lp_fop_memo *memo, uint32_t w, uint64_t pc, int64_t *imm)
{
    const uint32_t field = relative_field(w), key = w & ~field;
    if (field == ADR_FIELD && !(w >> 31)) { /* ADR: what it is depends on where it leads */
        lp_fop_decode(w, pc, &memo->other);
        *imm = memo->other.imm;
        return &memo->other;
    }
    struct lp_fop_seen *m = &memo->seen[(key * UINT32_C(0x9e3779b1)) >> (32 - memo->bits)];
    if (!m->there || m->word != key) {
        m->there = true;
        m->word = key;
        m->row = (uint16_t)lp_fop_decode(w, pc, &m->op);
    }
    *imm = field != 0 && lp_fop_is_relative(&m->op) ? (int64_t)lp_a64_row_target(&lp_a64_rows[m->row], w, pc) : m->op.imm;
    return &m->op;
}

/* ldr xN, [x0, #off]; add x0, x0, #off; blr xN, which the ABI keeps together. (What an ordinary call of this form leaves, nobody reads.) */
bool lp_fop_finds_tls(const uint8_t *code, size_t before, struct lp_fop *op)
{
    const uint32_t blr = lp_le32(code);
    if (!lp_a64_is_blr(blr) || before < 2)
        return false;
    const uint32_t n = blr >> 5 & 31, ldr = lp_le32(code - 8), add = lp_le32(code - 4);
    if ((ldr & 0xffc003ff) != (0xf9400000 | n) || (add & 0xffc003ff) != 0x91000000 || (ldr >> 10 & 0xfff) * 8 != (add >> 10 & 0xfff))
        return false;
    *op = (struct lp_fop){.kind = OP_OTHER, .rd = NO_REG, .rn = NO_REG, .rm = NO_REG, .rt2 = NO_REG, .write = 1 | UINT32_C(1) << n | UINT32_C(1) << 30};
    return true;
}
