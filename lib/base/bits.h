/* base/bits.h - bit fields, alignment, ranges, little-endian loads. */
#ifndef LP_BASE_BITS_H
#define LP_BASE_BITS_H
#include <stdbool.h>
#include <stdint.h>

/* Bits [lo, lo+n) of w; 1 <= n <= 63. */
static inline uint64_t lp_bits(uint64_t w, unsigned lo, unsigned n) { return w >> lo & ((UINT64_C(1) << n) - 1); }
/* The low n bits of v as a two's complement number; 1 <= n <= 64. */
static inline int64_t lp_sext(uint64_t v, unsigned n) { return (int64_t)(v << (64 - n)) >> (64 - n); }
static inline uint64_t lp_align_down(uint64_t v, uint64_t a) { return v & ~(a - 1); }
static inline uint64_t lp_align_up(uint64_t v, uint64_t a) { return (v + a - 1) & ~(a - 1); }
/* Little-endian numbers at any alignment. */
static inline uint16_t lp_le16(const void *p) { const uint8_t *b = p; return (uint16_t)(b[0] | b[1] << 8); }
static inline uint32_t lp_le32(const void *p) { return lp_le16(p) | (uint32_t)lp_le16((const uint8_t *)p + 2) << 16; }
static inline uint64_t lp_le64(const void *p) { return lp_le32(p) | (uint64_t)lp_le32((const uint8_t *)p + 4) << 32; }
/* The same of so many bytes, 1, 2, 4 or 8. */
static inline uint64_t lp_le_int(const void *p, unsigned bytes, bool is_signed)
{
    const uint64_t v = bytes == 1 ? *(const uint8_t *)p : bytes == 2 ? lp_le16(p) : bytes == 4 ? lp_le32(p) : lp_le64(p);
    return is_signed ? (uint64_t)lp_sext(v, 8 * bytes) : v;
}
/* [off, off+len) lies within [0, size)? Never overflows. */
static inline bool lp_within(uint64_t off, uint64_t len, uint64_t size) { return off <= size && len <= size - off; }
#endif
