/* a64/access.h - the memory that a load, a store or a prefetch is about, by its word alone. Pure and thread-safe. */
#ifndef LP_A64_ACCESS_H
#define LP_A64_ACCESS_H
#include <stdbool.h>
#include <stdint.h>

struct lp_a64_access {
    int64_t off;     /* of the address, from the base as it was before */
    int64_t back;    /* writeback: how far the base moves, before the access (then it is `off`) or behind it (then `off` is 0) */
    uint8_t bytes;   /* in all; 0: a prefetch */
    uint8_t each;    /* of one register of a pair or a structure, else = bytes */
    uint8_t base;    /* 0-30; 31: SP */
    uint8_t rt, rt2; /* the first and the second general register that is loaded or stored (31: XZR); LP_A64_NO_REG: none, or a SIMD&FP register. What
                      * atomic operations take from Rs is in lp_a64_regs() only */
    uint8_t index;   /* the register that is added; LP_A64_NO_REG: none */
    uint8_t back_by; /* the register by which the base moves instead of `back` (structures); LP_A64_NO_REG: none */
    uint8_t shift, extend; /* of the index: LSL by so much, after UXTW (2), LSL (3), SXTW (6), SXTX (7) */
    bool writeback, load, store, is_signed;
    bool simple;     /* a load or a store of registers in a row: what is read goes to rt and rt2 as it is or extended, or what is written comes from them */
};
enum { LP_A64_NO_REG = 32 };
/* False: a word of this row (lp_a64_find) accesses nothing, a literal, or as much as no field of it says (`block` in the tables: MOPS, cache maintenance). */
bool lp_a64_access(unsigned row, uint32_t word, struct lp_a64_access *out);
#endif
