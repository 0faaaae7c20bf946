/* exec/fuse.h - ops in a straight line that run as one (fuse.def). Pure and thread-safe. */
#ifndef LP_EXEC_FUSE_H
#define LP_EXEC_FUSE_H
#include <stdint.h>
#include "a64/op.h"

/* The code that runs in[0] and some that follow, of n, as one op (each one's operands stay in its own slot), or 0. cost[i] is how many ops run
 * from in[i] to the end: the chain that leaves the fewest wins, and cost[0] is set. */
unsigned lp_op_fuse(const struct lp_op *in, unsigned n, uint8_t *cost);
/* The codes that a chain's code stands for, up to LP_CHAIN_MAX, and how many; 0 if it is no chain. */
unsigned lp_op_chain(unsigned code, uint16_t out[]);
#endif
