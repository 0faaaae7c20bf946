/* exec/atomic128.h - compare-and-swap of 16 bytes of guest memory. */
#ifndef LP_EXEC_ATOMIC128_H
#define LP_EXEC_ATOMIC128_H
#include <stdbool.h>
#include <stdint.h>

/* Hosts without the instruction, and buffers that are not 16-byte aligned on the host: one of 64 locks by address. It
 * orders 16-byte operations among themselves only. exec/exclusive.c */
bool lp_cas128_locked(unsigned __int128 *p, unsigned __int128 *expected, unsigned __int128 desired);

/* Stores desired if *p == *expected; else *expected becomes *p. Sequentially consistent. May fault like any access. */
static inline bool lp_cas128(unsigned __int128 *p, unsigned __int128 *expected, unsigned __int128 desired)
{
    if ((uintptr_t)p & 15)
        return lp_cas128_locked(p, expected, desired);
#if defined(__x86_64__)
    /* cmpxchg16b: in every x86-64 since 2006; spelled out because gcc wants -mcx16 and then calls libatomic. */
    uint64_t lo = (uint64_t)*expected, hi = (uint64_t)(*expected >> 64);
    bool ok;
    __asm__ volatile("lock cmpxchg16b %1" : "=@ccz"(ok), "+m"(*p), "+a"(lo), "+d"(hi)
                     : "b"((uint64_t)desired), "c"((uint64_t)(desired >> 64)) : "memory");
    *expected = (unsigned __int128)hi << 64 | lo;
    return ok;
#elif defined(__GCC_HAVE_SYNC_COMPARE_AND_SWAP_16)
    unsigned __int128 old = __sync_val_compare_and_swap(p, *expected, desired);
    bool ok = old == *expected;
    *expected = old;
    return ok;
#else
    return lp_cas128_locked(p, expected, desired);
#endif
}
#endif
