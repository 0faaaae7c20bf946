/* mem/segment.h - System V shared memory. */
#ifndef LP_MEM_SEGMENT_H
#define LP_MEM_SEGMENT_H
#include "mem/mem.h"

/* What is left of the segment that was attached at addr (lp_mem_segment) goes. 0, or -EINVAL if there is nothing of one. */
int lp_mem_detach(struct lp_mem *m, uint64_t addr);
#endif
