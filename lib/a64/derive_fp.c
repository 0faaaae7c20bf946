/* a64/derive_fp.c - the 8-bit immediate of a scalar FMOV, expanded once at decode (Arm ARM, VFPExpandImm). */
#include <config.h>
#include "a64/a64.h"
#include "a64/derive.gen.h"

/* Sign, inverted bit 6, bit 6 repeated, two more exponent bits, four fraction bits. */
static uint64_t expand(uint64_t imm8, unsigned ebits, unsigned fbits)
{
    const uint64_t b = imm8 >> 6 & 1, repeated = b ? (UINT64_C(1) << (ebits - 3)) - 1 : 0;
    const uint64_t exp = (b ^ 1) << (ebits - 1) | repeated << 2 | (imm8 >> 4 & 3);
    return (imm8 >> 7) << (ebits + fbits) | exp << fbits | (imm8 & 15) << (fbits - 4);
}

bool lp_derive_fp_imm(uint32_t word, uint64_t pc, uint64_t *out)
{
    const uint64_t imm8 = word >> 13 & 0xff;
    const unsigned ftype = word >> 22 & 3;
    (void)pc;
    if (ftype == 0)
        *out = expand(imm8, 8, 23);
    else if (ftype == 1)
        *out = expand(imm8, 11, 52);
    else
        *out = expand(imm8, 5, 10);
    return ftype != 2;
}
