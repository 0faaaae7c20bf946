/* a64/decode_bits.h - immediates in instruction words, for derive.c, derive_simd.c and encode.c. */
#ifndef LP_A64_DECODE_BITS_H
#define LP_A64_DECODE_BITS_H
#include <stdbool.h>
#include <stdint.h>
#include "base/bits.h"

/* The signed field of n bits at lo. */
static inline int64_t lp_a64_imm(uint32_t w, unsigned lo, unsigned n) { return lp_sext(w >> lo & ((UINT32_C(1) << n) - 1), n); }
/* immhi:immlo of ADR and ADRP. */
static inline int64_t lp_a64_adr_imm(uint32_t w) { return lp_a64_imm(w, 5, 19) * 4 + (w >> 29 & 3); }
/* DecodeBitMasks (Arm ARM J1) for logical immediates, 64 bits wide; false for reserved encodings. derive.c */
bool lp_a64_bitmask(unsigned n, unsigned immr, unsigned imms, uint64_t *out);
/* VFPExpandImm (Arm ARM J1) for a format of so many bits of exponent and fraction. derive.c */
uint64_t lp_a64_fp_imm(uint64_t imm8, unsigned ebits, unsigned fbits);
#endif
