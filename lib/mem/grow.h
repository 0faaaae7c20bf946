/* mem/grow.h - how far a stack reaches down. */
#ifndef LP_MEM_GROW_H
#define LP_MEM_GROW_H
#include "mem/mem.h"

/* Linux's stack_guard_gap: mmap places nothing so close below a mapping that grows down (MAP_GROWSDOWN). */
#define LP_STACK_GAP (256 * LP_PAGE)
/* Let the stack below `top` be `size` bytes, as far as there is room. A stack that has grown does not shrink: pages that were touched stay, and those
 * at or above `keep` (0: all). 0 or -errno. */
int lp_mem_reach(struct lp_mem *m, uint64_t top, uint64_t size, uint64_t keep);
/* The first address in [from, to), all of it mapped, whose page was ever touched; `to` if none was. */
uint64_t lp_mem_touched(struct lp_mem *m, uint64_t from, uint64_t to);
/* Nothing was mapped at addr: let a mapping that grows down (MAP_GROWSDOWN) and begins above grow to it, to no more than `most` bytes. True: there is one
 * now, the access may be made again. */
bool lp_mem_grow(struct lp_mem *m, uint64_t addr, uint64_t most);
#endif
