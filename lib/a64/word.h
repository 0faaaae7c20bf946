/* a64/word.h - what an instruction word is, as far as a mask tells, under the names of the Arm ARM's encoding tables. For who looks at many words and asks one
 * thing of each; what an instruction means is asked of its row (a64.h). Words that no instruction has belong to a class, too. */
#ifndef LP_A64_WORD_H
#define LP_A64_WORD_H
#include <stdbool.h>
#include <stdint.h>
#include "base/bits.h"

#define LP_A64_CLASSES(X) \
    X(adr,           0x9f000000, 0x10000000) /* ADR */ \
    X(adrp,          0x9f000000, 0x90000000) /* ADRP */ \
    X(pcrel_address, 0x1f000000, 0x10000000) /* ADR, ADRP */ \
    X(add_sub_imm,   0x1f800000, 0x11000000) /* ADD, ADDS, SUB, SUBS, CMP (immediate) */ \
    X(adrp_x16,      0x9f00001f, 0x90000010) /* ADRP X16, with which PLT entries and linkers' veneers begin */ \
    X(add_imm,       0xff800000, 0x91000000) /* ADD Xd, Xn, #imm, also LSL #12 */ \
    X(add_imm_any,   0x7f800000, 0x11000000) /* the same, and of Wd */ \
    X(add_lo12,      0xffc00000, 0x91000000) /* ADD Xd, Xn, #imm without a shift */ \
    X(add_reg,       0xffe0fc00, 0x8b000000) /* ADD Xd, Xn, Xm without a shift */ \
    X(mov_wide,      0x1f800000, 0x12800000) /* MOVN, MOVZ, MOVK */ \
    X(movz,          0xff800000, 0xd2800000) /* MOVZ Xd */ \
    X(movn_low,      0xffe00000, 0x92800000) /* MOVN Xd, #imm without a shift */ \
    X(mov_zero,      0x7fffffe0, 0x52800000) /* MOV Xd, #0, and of Wd */ \
    X(movk,          0xff800000, 0xf2800000) /* MOVK Xd */ \
    X(mov,           0xffe0ffe0, 0xaa0003e0) /* MOV Xd, Xm */ \
    X(b,             0xfc000000, 0x14000000) /* B */ \
    X(bl,            0xfc000000, 0x94000000) /* BL */ \
    X(b_bl,          0x7c000000, 0x14000000) /* B, BL */ \
    X(b_cond,        0xff000010, 0x54000000) /* B.cond */ \
    X(cbz,           0x7e000000, 0x34000000) /* CBZ, CBNZ */ \
    X(tbz,           0x7e000000, 0x36000000) /* TBZ, TBNZ */ \
    X(cbz_tbz,       0x7c000000, 0x34000000) /* CBZ, CBNZ, TBZ, TBNZ */ \
    X(branch_reg,    0xfe000000, 0xd6000000) /* BR, BLR, RET, ERET, DRPS, and those with authentication */ \
    X(br,            0xfffffc1f, 0xd61f0000) /* BR */ \
    X(blr,           0xfffffc1f, 0xd63f0000) /* BLR */ \
    X(ret,           0xfffffc1f, 0xd65f0000) /* RET Xn */ \
    X(load_literal,  0x3b000000, 0x18000000) /* LDR, LDRSW, PRFM (literal) */ \
    X(load_store,    0x0a000000, 0x08000000) /* loads and stores, all of them */ \
    X(ldst_pos,      0x3b000000, 0x39000000) /* a load or store with an unsigned offset */ \
    X(ldst_imm9,     0x3b200000, 0x38000000) /* unscaled, post-indexed, pre-indexed, unprivileged */ \
    X(ldst_post,     0x3b200c00, 0x38000400) /* post-indexed */ \
    X(ldst_pair,     0x3a000000, 0x28000000) /* of a pair */ \
    X(ldst_pair_post,0x3b800000, 0x28800000) /* of a pair, post-indexed */ \
    X(svc,           0xffe0001f, 0xd4000001) /* SVC */ \
    X(bti,           0xffffff3f, 0xd503241f) /* BTI, BTI c, BTI j, BTI jc */ \
    X(tpidr,         0xffffffe0, 0xd53bd040) /* MRS Xd, TPIDR_EL0 */

#define LP_A64_NOP UINT32_C(0xd503201f)
static inline bool lp_a64_is_padding(uint32_t word) { return word == LP_A64_NOP || word < 0x10000; } /* NOP, UDF */

#define X(name, mask, value) static inline bool lp_a64_is_##name(uint32_t word) { return (word & (mask)) == (value); }
LP_A64_CLASSES(X)
#undef X
/* The page that an ADRP makes. */
static inline uint64_t lp_a64_page(uint32_t adrp, uint64_t pc)
{
    return (pc & ~UINT64_C(4095)) + (uint64_t)lp_sext(lp_bits(adrp, 5, 19) << 2 | lp_bits(adrp, 29, 2), 21) * 4096;
}
/* The register that bits 0 to 4 name, as a bit. 31 is none: it is SP or no register. */
static inline uint32_t lp_a64_rd_bit(uint32_t word) { return UINT32_C(1) << (word & 31) & 0x7fffffff; }
static inline bool lp_a64_is_call(uint32_t word) { return lp_a64_is_bl(word) || lp_a64_is_blr(word); }
#endif
