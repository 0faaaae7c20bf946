/* a64/derive_simd.c - immediates of AdvSIMD instructions, expanded once at decode (Arm ARM, AdvSIMDExpandImm). */
#include <config.h>
#include "a64/a64.h"
#include "a64/decode_bits.h"
#include "a64/derive.gen.h"

static uint64_t imm8_of(uint32_t word) { return (word >> 16 & 7) << 5 | (word >> 5 & 31); }
static uint64_t each_half(uint64_t h) { return h * UINT64_C(0x0001000100010001); }
static uint64_t each_word(uint64_t w) { return w | w << 32; }

/* One byte of ones for each set bit. */
static uint64_t bytes_of_bits(uint64_t imm8)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++)
        v |= (imm8 >> i & 1 ? UINT64_C(0xff) : 0) << 8 * i;
    return v;
}

bool lp_derive_simd_imm(uint32_t word, uint64_t pc, uint64_t *out)
{
    const uint64_t imm8 = imm8_of(word);
    const unsigned cmode = word >> 12 & 15, op = word >> 29 & 1;
    (void)pc;
    if (cmode < 8)
        *out = each_word(imm8 << 8 * (cmode >> 1));
    else if (cmode < 12)
        *out = each_half(imm8 << 8 * (cmode >> 1 & 1));
    else if (cmode == 12)
        *out = each_word(imm8 << 8 | 0xff);
    else if (cmode == 13)
        *out = each_word(imm8 << 16 | 0xffff);
    else if (cmode == 14)
        *out = op ? bytes_of_bits(imm8) : imm8 * UINT64_C(0x0101010101010101);
    else
        *out = op ? lp_a64_fp_imm(imm8, 11, 52) : each_word(lp_a64_fp_imm(imm8, 8, 23));
    return true;
}

bool lp_derive_simd_imm_h(uint32_t word, uint64_t pc, uint64_t *out)
{
    (void)pc;
    *out = each_half(lp_a64_fp_imm(imm8_of(word), 5, 10));
    return true;
}
