/* exec/monitor.h - exclusive monitors of several threads: has anybody written here since my load-exclusive? (Arm ARM B2.9)
 *
 * A table of granules, 16 bytes of guest memory each (several share one, by hash). A granule's word is
 *     0                    no load-exclusive was ever made here
 *     version << 2 | 2     it was; every store-exclusive, store-release and atomic operation since has made another version of it
 *     cpu | 1              locked by this cpu, for the length of one such access
 * A load-exclusive remembers the word, and the store-exclusive locks the granule from that word or fails. The access under the lock is as
 * atomic as without, for plain loads and stores do not look here.
 *
 * Where no other thread can see the memory (cpu->shared) load- and store-exclusive pass by; other accesses do until the first load-exclusive that does
 * not. An access that has just seen a 0 when that load comes goes unnoticed, so two of them, both in these few instructions when a place is used for the first
 * time ever, could bring the old value back unseen.
 *
 * An access that faults under the lock has stored nothing: lp_cpu_run lets go of the granule before the op is run again or the signal delivered.
 * One whose process was killed (a vfork child, in its parent's memory) is let go when its cpu leaves the gate. */
#ifndef LP_EXEC_MONITOR_H
#define LP_EXEC_MONITOR_H
#include "exec/op.h"

enum { LP_GRANULE_LOCKED = 1, LP_GRANULE_USED = 2, LP_GRANULE_STEP = 4 };
enum { LP_GRANULE = 16, LP_GRANULE_BITS = 14 };
extern lp_granule lp_granules[1 << LP_GRANULE_BITS];
extern _Atomic bool lp_granules_used; /* is any word not 0? */

/* By host address: address spaces do not disturb each other. From the guest's, whose tag does not count. */
LP_INLINE lp_granule *lp_granule_of(const struct lp_cpu *cpu, uint64_t addr)
{
    const uint64_t host = (uintptr_t)cpu->mem + (lp_mem_untag(addr) & ~(uint64_t)(LP_GRANULE - 1));
    return &lp_granules[host * UINT64_C(0x9e3779b97f4a7c15) >> (64 - LP_GRANULE_BITS)];
}

/* Whether there is anything to do: for load- and store-exclusive, and for the others. What there is is done out of line: calls would cost the usual
 * case a tenth. */
LP_INLINE bool lp_monitor_shared(const struct lp_cpu *cpu)
{
    return __builtin_expect(atomic_load_explicit(&cpu->shared, memory_order_relaxed), 0);
}
LP_INLINE bool lp_monitor_used(void) { return __builtin_expect(atomic_load_explicit(&lp_granules_used, memory_order_relaxed), 0); }

/* Before a load-exclusive loads: remember the version. */
void lp_monitor_open(struct lp_cpu *cpu, uint64_t addr);
/* Before a store-exclusive stores: lock the granule. False: it is another version, the store fails. */
bool lp_monitor_claim(struct lp_cpu *cpu, uint64_t addr);
/* Before another access of those that count: lock the granule if a load-exclusive was ever made there. */
void lp_monitor_begin(struct lp_cpu *cpu, uint64_t addr);
/* After these two, or when the access was left in the middle: let go of what this cpu has locked, if it has. Stored: that is another version. */
void lp_monitor_end(struct lp_cpu *cpu, bool stored);
void lp_monitor_after_fork(void); /* the child: nobody else is there to let go */
#endif
