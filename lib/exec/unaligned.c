/* exec/unaligned.c - accesses that must be single-copy atomic and are not aligned (FEAT_LSE2; Arm ARM B2.2.1.1), and 16 bytes where the
 * host has no instruction for them. All slow: nobody does this in a loop. */
#include <config.h>
#include <sched.h>
#include <stdatomic.h>
#include "exec/op.h"
#include "exec/atomic128.h"
#include "exec/ldst_addr.h"
#include "exec/model.h"
#include "exec/run.h"

static atomic_flag locks[64]; /* spun on for a few instructions */

static atomic_flag *lock_of(const void *p)
{
    atomic_flag *lock = &locks[(uintptr_t)p / 16 % 64];
    while (atomic_flag_test_and_set_explicit(lock, memory_order_acquire))
        sched_yield();
    return lock;
}
static void unlock(atomic_flag *lock) { atomic_flag_clear_explicit(lock, memory_order_release); }
/* Faults happen before the lock is taken. */
static void touch(void *p, unsigned size)
{
    __atomic_fetch_or((volatile uint8_t *)p, 0, __ATOMIC_RELAXED);
    __atomic_fetch_or((volatile uint8_t *)p + size - 1, 0, __ATOMIC_RELAXED);
}

bool lp_cas128_locked(lp_u128 *p, lp_u128 *expected, lp_u128 desired)
{
    lp_u128 now;
    touch(p, sizeof now);
    atomic_flag *lock = lock_of(p);
    memcpy(&now, p, sizeof now);
    bool ok = now == *expected;
    if (ok)
        memcpy(p, &desired, sizeof desired);
    *expected = now;
    unlock(lock);
    return ok;
}

static uint64_t mask_of(unsigned size) { return UINT64_MAX >> (64 - 8 * size); }
static bool within(const void *p, unsigned size, bool whole) { return whole && ((uintptr_t)p & 15) + size <= 16; }
static void *block_of(const void *p) { return (void *)((uintptr_t)p & ~(uintptr_t)15); }

static uint64_t load_unaligned(const void *p, unsigned size, bool whole)
{
    uint64_t v = 0;
    if (within(p, size, whole)) {
        const lp_u128 all = (lp_u128)lp_load128(block_of(p));
        return (uint64_t)(all >> 8 * ((uintptr_t)p & 15)) & mask_of(size);
    }
    (void)*(volatile const uint8_t *)p;
    (void)((volatile const uint8_t *)p)[size - 1];
    atomic_flag *lock = lock_of(p);
    memcpy(&v, p, size); /* all hosts of this engine are little-endian */
    unlock(lock);
    return v;
}

/* Whoever calls is a load-acquire, or may as well be one. */
uint64_t lp_load_unaligned(const void *p, unsigned size, bool whole)
{
    const uint64_t v = load_unaligned(p, size, whole);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return v;
}

static bool cas_locked(void *p, unsigned size, uint64_t *expected, uint64_t desired)
{
    uint64_t now = 0;
    touch(p, size);
    atomic_flag *lock = lock_of(p);
    memcpy(&now, p, size);
    bool ok = now == *expected;
    if (ok)
        memcpy(p, &desired, size);
    *expected = now;
    unlock(lock);
    return ok;
}

bool lp_cas_unaligned(void *p, unsigned size, bool whole, uint64_t *expected, uint64_t desired)
{
    *expected &= mask_of(size);
    if (!within(p, size, whole))
        return cas_locked(p, size, expected, desired);
    const unsigned shift = 8 * ((uintptr_t)p & 15);
    const lp_u128 mask = (lp_u128)mask_of(size) << shift;
    lp_u128 *block = block_of(p), seen = (lp_u128)lp_load128(block);
    for (;;) {
        const uint64_t now = (uint64_t)((seen & mask) >> shift);
        const bool same = now == *expected;
        const lp_u128 want = same ? (seen & ~mask) | ((lp_u128)desired << shift & mask) : seen;
        /* What differs is written as it is: it was there, all of it, at one moment; and the page is asked for the right to write. */
        if (lp_cas128(block, &seen, want)) {
            *expected = now;
            return same;
        }
    }
}

void lp_ls_release_slow(struct lp_cpu *cpu, void *p, uint64_t addr, unsigned size, bool odd, uint64_t v)
{
    uint64_t old = 0;
    lp_monitor_begin(cpu, addr);
    if (!odd)
        lp_ls_release_aligned(p, size, v);
    else
        while (!lp_cas_unaligned(p, 1u << size, lp_ls_whole(cpu), &old, v)) {
        }
    lp_monitor_end(cpu, true);
}

/* ESR_EL1 of an alignment fault from EL0 (DFSC 0x21). An instruction that reads and writes counts as a read. */
static void misaligned(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned need)
{
    lp_cpu_raise_at(cpu, lp_op_pc(cpu, op), LP_SIGBUS, LP_BUS_ADRALN, lp_mem_untag(addr), 0x92000021 | (need == LP_W ? 1u << 6 : 0));
}

bool lp_unaligned(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned size, unsigned need)
{
    if (!lp_cpu_has(cpu, LP_FEATURE_LSE2) || (addr & 15) + size > 16)
        misaligned(cpu, op, addr, need);
    return true;
}
