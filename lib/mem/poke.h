/* mem/poke.h - what a debugger does with pages, whatever the guest's permission; lp_mem_poke (mem.h) is the other half. */
#ifndef LP_MEM_POKE_H
#define LP_MEM_POKE_H
#include "mem/mem.h"

/* As lp_mem_read, also of a page that is there without rights. */
int lp_mem_peek(struct lp_mem *m, void *dst, uint64_t addr, size_t len);
/* What was poked into this page has all been taken back: if it was a shared one it is again, but if the guest has written to the private copy. True: what
 * it holds may be something else now. The caller holds the gate. */
bool lp_mem_share_again(struct lp_mem *m, uint64_t page);
#endif
