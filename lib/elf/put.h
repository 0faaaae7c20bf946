/* elf/put.h - little-endian numbers into memory, at any alignment. */
#ifndef LP_ELF_PUT_H
#define LP_ELF_PUT_H
#include <stdint.h>

static inline void lp_put16(uint8_t *p, uint16_t v) { p[0] = (uint8_t)v, p[1] = (uint8_t)(v >> 8); }
static inline void lp_put32(uint8_t *p, uint32_t v) { lp_put16(p, (uint16_t)v), lp_put16(p + 2, (uint16_t)(v >> 16)); }
static inline void lp_put64(uint8_t *p, uint64_t v) { lp_put32(p, (uint32_t)v), lp_put32(p + 4, (uint32_t)(v >> 32)); }
#endif
