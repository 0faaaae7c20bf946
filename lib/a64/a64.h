/* a64/a64.h - what an A64 instruction word is. Everything here is pure and thread-safe. */
#ifndef LP_A64_A64_H
#define LP_A64_A64_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "a64/op.h"
#include "a64/word.h"

/* enum lp_row {A64_UNDEFINED = 0, A64_<ROW>..., A64_ROW_COUNT}, enum lp_feature {LP_FEATURE_A64 ..., LP_FEATURE_COUNT}, enum lp_row_flags {LP_ROW_TODO ...} and
 * enum lp_code {LP_CODE_DECODE = 0, ... rows, specialised rows, chains ..., LP_CODE_COUNT}. */
#include "a64/rows.gen.h"

struct lp_row_info {
    const char *name;    /* "ADD_imm" */
    const char *class_;  /* "dp_imm": the table's file name */
    const char *feature; /* "A64", "LSE", "FP16" ... */
    uint32_t mask, value;
    uint32_t flags;      /* enum lp_row_flags */
    uint32_t feature_no; /* enum lp_feature */
    uint8_t base;        /* the byte of an op that has the slot of the register that an access is based on, if that may be SP; else 0 */
    uint8_t stack;       /* the byte with the slot of the register that is written, if that may be SP; else 0 */
    uint8_t off_lo, off_bits, off_shift; /* LP_ROW_PCREL: the offset's lowest bit, its bits, and its unit's log2; 21 bits are immhi:immlo (ADR, ADRP) */
};
extern const struct lp_row_info lp_a64_rows[A64_ROW_COUNT];

/* Sets of features, one bit for each enum lp_feature. A row whose feature is not in the set matches no word; a less specific one may (HINT). */
#define LP_A64_ALL UINT64_MAX
#define LP_A64_SET(feature) (UINT64_C(1) << LP_FEATURE_##feature)
/* The row that a word belongs to; A64_UNDEFINED if none, or (unless `todo` is set) if the row is not executed yet. */
unsigned lp_a64_row(uint32_t word, uint64_t features, bool todo);
/* Does the row's pattern fit the word, do its conditions hold, and is its feature there? The first row for which it is so, by the decision tree; it
 * may still refuse the word when it derives an operand (lp_a64_row). For tests. */
bool lp_a64_matches(unsigned row, uint32_t word, uint64_t features);
unsigned lp_a64_find(uint32_t word, uint64_t features);
/* Every leaf of the decision tree: the words with these bits meet the same rows. For tests. */
void lp_a64_leaves(void (*fn)(void *ctx, uint32_t mask, uint32_t value), void *ctx);
/* Decode a word at address pc; always fills *op (LP_CODE_UNDEFINED if the word is undefined: op->w[0] is the word). Returns the row. What
 * lp_a64_tilts_stack() has the row's own code, not a specialised one. */
unsigned lp_a64_decode(uint32_t word, uint64_t pc, uint64_t features, struct lp_op *op);
/* Can this instruction, decoded to a row and an op, make an SP that is a multiple of 16 into one that is not? Says yes where it does not know. */
bool lp_a64_tilts_stack(unsigned row, const struct lp_op *op, uint32_t word);
/* The row of a code (a specialised or fused code gives its first row). */
unsigned lp_code_row(unsigned code);

/* ---- encode: the few words that patches need. All offsets in bytes. Return false if out of range or misaligned. ---- */
bool lp_a64_b(uint32_t *word, uint64_t from, uint64_t to);  /* +-128 MiB */
bool lp_a64_bl(uint32_t *word, uint64_t from, uint64_t to);
/* movz/movn/movk sequence for `value` into Xrd: 1 to 4 words into out[]; returns how many. */
unsigned lp_a64_mov_imm(uint32_t out[4], unsigned rd, uint64_t value);
#define LP_A64_RET UINT32_C(0xd65f03c0)
/* The row of a word that is relative to the PC (LP_ROW_PCREL); NULL if it is not. */
const struct lp_row_info *lp_a64_relative(uint32_t word);
/* The target of a PC-relative branch, ADR, ADRP or literal load at pc; false if the word is none. */
bool lp_a64_target(uint32_t word, uint64_t pc, uint64_t *target);
/* Does the meaning of this word not depend on its address (no ADR/ADRP/literal/direct branch)? */
bool lp_a64_position_independent(uint32_t word);
#endif
