/* patch/frame.c - see frame.h: a CIE, an FDE, and the end. Source: the .eh_frame chapter of the LSB. */
#include <config.h>
#include "base/bits.h"
#include "elf/put.h"
#include "patch/frame.h"

#include <string.h>

enum { CIE = 0, FDE = LP_FRAME_FDE, FDE_CIE = FDE + 4, FDE_START = FDE + 8, FDE_SIZE = FDE + 12, FDE_INSNS = FDE + 17 }; /* offsets */

uint64_t lp_frame_size(size_t cfi_len) { return lp_align_up(FDE_INSNS + cfi_len, 4) + 4; }

/* Distances are of 32 bits: a region is no larger than 64 MiB. */
void lp_frame_make(uint8_t *p, uint64_t at, uint64_t start, uint64_t size, const uint8_t *cfi, size_t cfi_len)
{
    static const uint8_t cie[] = {1, 'z', 'R', 0, 4, 0x78, 30, 1, 0x1b, 0x0c, 31, 0}; /* version 1; code 4, data -8, x30; pcrel sdata4; CFA = SP + 0 */
    const uint64_t len = lp_frame_size(cfi_len);
    memset(p, 0, len);
    lp_put32(p + CIE, FDE - 4);
    memcpy(p + CIE + 8, cie, sizeof cie);
    lp_put32(p + FDE, (uint32_t)(len - 4 - FDE_CIE)); /* what is behind it is the end */
    lp_put32(p + FDE_CIE, FDE_CIE - CIE);
    lp_put32(p + FDE_START, (uint32_t)(start - (at + FDE_START))), lp_put32(p + FDE_SIZE, (uint32_t)size);
    memcpy(p + FDE_INSNS, cfi, cfi_len);
}
