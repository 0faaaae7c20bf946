/* diff/seen.h - what words and functions do with registers, kept for those that walk through code. By one thread at a time, as all of a side. */
#ifndef LP_DIFF_SEEN_H
#define LP_DIFF_SEEN_H
#include "a64/regs.h"
#include "diff/diff.h"

/* leads: it may go elsewhere than to the next word, or is undefined. */
struct lp_seen_word { uint32_t word; struct lp_a64_regs regs; uint16_t row; bool there, leads; };
/* Until the next one is asked for. */
const struct lp_seen_word *lp_seen_word(const struct lp_side *s, uint32_t w);
/* Has the word nothing to do with these registers? */
static inline bool lp_seen_passes(const struct lp_seen_word *x, uint32_t mask) { return !x->leads && !((x->regs.read | x->regs.write) & mask); }
/* What a function does with registers: reads as it finds them; and if it is no more than a row of words that returns (whole), changes. Compilers know that
 * of functions that they see, and keep values in the registers that those leave alone. seen: there is one. */
struct lp_callee { bool seen, whole; uint32_t read, write; };
struct lp_callee lp_seen_callee(const struct lp_side *s, uint64_t target);
/* sibling.c: of each atom, who refers to it; NULL until it is asked. */
uint32_t **lp_seen_users(const struct lp_side *s);
/* bound.c: the branches of a function; NULL until they are asked for. */
struct lp_search;
struct lp_search **lp_seen_search(const struct lp_side *s);
void lp_search_free(struct lp_search *x);
#endif
