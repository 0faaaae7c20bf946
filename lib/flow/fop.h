/* flow/fop.h - a word as what the dataflow needs to know of it: op.c. */
#ifndef LP_FLOW_FOP_H
#define LP_FLOW_FOP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Registers by the procedure call standard (AAPCS64 6.1.1), a bit for each. */
#define CALL_ARGUMENTS UINT32_C(0xff)       /* X0-X7 */
#define CALL_CLOBBERED UINT32_C(0x4007ffff) /* X0-X18, X30: a call may change them */
#define CALL_PRESERVED UINT32_C(0x1ff80000) /* X19-X28: functions leave them as they were */
#define CALL_FOREIGN UINT32_C(0x1ff8fe00)   /* X9-X15, X19-X28: no caller hands anything over in them (in X16 and X17 veneers may, in X18 nested functions') */
enum { LAST_CALL_CLOBBERED = 18 };

enum { REG_SP = 31, REG_ZR = 32, REG_SINK = 33, REGS = 34, NO_REG = 32 };
enum lp_fop_kind {
    OP_OTHER, OP_ADRP, OP_ADR, OP_CONST, OP_MOVK, OP_ADD_IMM, OP_ADD_REG, OP_MOV, OP_EXTEND, OP_SHIFT, OP_MASK, OP_SELECT, OP_MEM, OP_THREAD,
    OP_BRANCH, OP_BRANCH_IF, OP_CALL, OP_CALL_REG, OP_JUMP_REG, OP_RETURN, OP_STOP, OP_PAD, OP_DATA
};
enum lp_fop_flags {
    F_WIDE = 1,      /* 64 bits */
    F_SETS = 2,      /* the condition flags */
    F_HIGH = 4,      /* OP_ADD_IMM: LSL #12 */
    F_SUB = 8,       /* OP_ADD_REG */
    F_LOAD = 16, F_STORE = 32, F_SIGNED = 64, /* OP_MEM, OP_EXTEND */
    F_SIMPLE = 128,  /* OP_MEM: rd and rt2 are what is transferred */
    F_BACK = 256,    /* OP_MEM: the base becomes base + back */
    F_LITERAL = 512, /* OP_MEM without a base */
    F_LOW = 1024,    /* imm is a field of 12 bits without a sign: what completes a page has one */
    F_MORE = 2048,   /* OP_SELECT: 1 is added to rm, or not */
};
struct lp_fop {
    uint8_t kind, rd, rn, rm;       /* OP_MEM: rd, rt2 are transferred, rn is the base, rm the index (NO_REG = none) */
    uint8_t rt2, bytes, each, cond; /* each: of one register */
    uint8_t extend, shift;          /* of rm */
    uint16_t flags;
    int32_t back;                   /* OP_CALL, OP_BRANCH out: number of the callee in the survey, + 1; 0: it is not there. cond: does it return?
                                     * OP_ADRP, OP_ADR, OP_CONST, OP_THREAD: the value that it makes, once it has; 0: not yet */
    int64_t imm;                    /* offset, constant, or address */
    uint32_t read, write;           /* registers, by the tables */
};
unsigned lp_fop_decode(uint32_t word, uint64_t pc, struct lp_fop *op); /* its row */
/* Is imm an address that the word has by itself? */
static inline bool lp_fop_is_relative(const struct lp_fop *o)
{
    return o->kind == OP_ADRP || o->kind == OP_ADR || o->kind == OP_BRANCH || o->kind == OP_BRANCH_IF || o->kind == OP_CALL || o->flags & F_LITERAL;
}
/* The same; most words have been seen before, and mean the same again but for their distance from the PC. Valid until the next one. *imm: as in op, where
 * it is relative to the PC: there it is another word's. */
struct lp_fop_seen { uint32_t word; bool there; uint16_t row; struct lp_fop op; };
struct lp_fop_memo { unsigned bits; struct lp_fop other; struct lp_fop_seen seen[]; }; /* 2^bits */
struct lp_fop_memo *lp_fop_memo(uint64_t words); /* for so many; for free() */
/* The word at `code`, with `before` words in front of it: is it the call by which code finds a thread-local variable (R_AARCH64_TLSDESC_CALL)? It leaves
 * registers alone that other calls do not, and compilers keep values there. Then *op is no call, but what it is instead. */
bool lp_fop_finds_tls(const uint8_t *code, size_t before, struct lp_fop *op);
const struct lp_fop *lp_fop_known(struct lp_fop_memo *memo, uint32_t word, uint64_t pc, int64_t *imm);
#endif
