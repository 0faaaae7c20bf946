/* a64/op.h - the decoded form of one instruction: what the interpreter dispatches on and a JIT takes in. */
#ifndef LP_A64_OP_H
#define LP_A64_OP_H
#include <stdint.h>

/* 16 bytes. One op stands for exactly one instruction word, at a place computed from its address (exec/cpu.h), so its
 * PC is never stored. `code` 0 (all zero bytes) means "not decoded yet". The operand bytes hold the row's field
 * struct (struct a64_<ROW>, generated, at most 14 bytes) at a layout that the generator chose: small fields in b[], wide ones in
 * the last 8 bytes. Publication order: operands first, then `code` with release. */
struct lp_op {
    uint16_t code; /* enum lp_code */
    uint8_t b[6];
    union {
        uint8_t c[8];
        uint16_t h[4];
        uint32_t w[2];
        int32_t s[2];
        uint64_t imm;
        int64_t simm;
    };
};
_Static_assert(sizeof(struct lp_op) == 16, "an op is 16 bytes");

/* Register slots: decoding maps register number 31 by the role of the field, so that handlers never test for it. */
enum {
    LP_SLOT_SP = 31,   /* Rn.sp, Rd.sp */
    LP_SLOT_ZR = 32,   /* sources: always 0 */
    LP_SLOT_SINK = 33, /* destinations: never read */
    LP_SLOTS = 34
};
#endif
