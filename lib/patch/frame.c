/* patch/frame.c - see frame.h: a CIE, an FDE, and the end. Source: the .eh_frame chapter of the LSB. */
#include <config.h>
#include "base/bits.h"
#include "elf/cfi.h"
#include "elf/put.h"
#include "patch/frame.h"

#include <string.h>

enum { CIE = 0, FDE = LP_FRAME_FDE, FDE_CIE = FDE + 4, FDE_START = FDE + 8, FDE_SIZE = FDE + 12, FDE_AUGMENTED = FDE + 16, FDE_DATA = FDE + 17 }; /* offsets */
enum { ADDRESS = 8 }; /* pointers to elsewhere are absolute, of 8 bytes */

uint64_t lp_frame_size(size_t cfi_len, bool has_lsda) { return lp_align_up(FDE_DATA + (has_lsda ? ADDRESS : 0) + cfi_len, 4) + 4; }

/* That of lp_cfi_run_plain(); addresses of code are pcrel sdata4. */
static void make_cie(uint8_t *p, const struct lp_unwound *u)
{
    static const uint8_t cfa[] = LP_CFI_PLAIN_CFA;
    lp_put32(p, FDE - 4);
    p += 8;
    p += lp_cfi_plain_cie(p, u->lsda, u->key_b);
    *p++ = u->lsda ? 3 + ADDRESS : 1;
    if (u->lsda) {
        *p++ = u->indirect ? LP_PE_ABSPTR | LP_PE_INDIRECT : LP_PE_ABSPTR;
        lp_put64(p, u->personality), p += ADDRESS;
        *p++ = LP_PE_ABSPTR;
    }
    *p++ = LP_PE_PCREL_SDATA4;
    memcpy(p, cfa, sizeof cfa); /* the rest is DW_CFA_nop */
}

/* Distances are of 32 bits: a region is no larger than 64 MiB. */
void lp_frame_make(uint8_t *p, uint64_t at, const struct lp_unwound *u)
{
    const uint64_t len = lp_frame_size(u->cfi_len, u->lsda != 0);
    memset(p, 0, len);
    make_cie(p + CIE, u);
    lp_put32(p + FDE, (uint32_t)(len - 4 - FDE_CIE)); /* what is behind it is the end */
    lp_put32(p + FDE_CIE, FDE_CIE - CIE);
    lp_put32(p + FDE_START, (uint32_t)(u->start - (at + FDE_START))), lp_put32(p + FDE_SIZE, (uint32_t)u->size);
    uint8_t *data = p + FDE_DATA;
    if (u->lsda) p[FDE_AUGMENTED] = ADDRESS, lp_put64(data, u->lsda), data += ADDRESS;
    memcpy(data, u->cfi, u->cfi_len);
}
