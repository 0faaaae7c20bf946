/* a64/stack.c - what instructions do to the alignment of SP. */
#include <config.h>
#include "a64/a64.h"
#include "a64/fields.gen.h"

enum { ALIGN = 16 };

/* By how much SP moves: ADD and SUB of an immediate, and writeback by one (Arm ARM C4.1); 1 where the word does not say. */
static uint32_t distance(uint32_t word)
{
    const bool from_sp = (word >> 5 & 31) == 31;
    const unsigned scale = word >> 26 & 1 ? 2 + (word >> 30) : 2 + (word >> 31);
    switch (word >> 27 & 7) {
    case 5: /* pairs: imm7, scaled */
        return (word >> 15 & 127) << scale;
    case 7: /* single registers: imm9 */
        return word >> 12 & 511;
    default:
        if ((word & 0x1f800000) != 0x11000000 || !from_sp)
            return 1;
        return (word >> 10 & 0xfff) << (word >> 22 & 1 ? 12 : 0);
    }
}

bool lp_a64_tilts_stack(unsigned row, const struct lp_op *op, uint32_t word)
{
    const uint8_t at = lp_a64_rows[row].stack;
    if (at == 0 || ((const uint8_t *)op)[at] != LP_SLOT_SP)
        return false;
    if (row == A64_AND_imm)
        return a64_unpack_AND_imm(op).imm % ALIGN != 0;
    return distance(word) % ALIGN != 0;
}
