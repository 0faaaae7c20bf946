/* exec/atomic128.h - atomic accesses to 16 bytes of guest memory, and to a few bytes within aligned 16 (FEAT_LSE2). */
#ifndef LP_EXEC_ATOMIC128_H
#define LP_EXEC_ATOMIC128_H
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "exec/cpu.h" /* lp_u64x2 */

/* Hosts without the instruction, and buffers that are not 16-byte aligned on the host: one of 64 locks by address. It
 * orders 16-byte operations among themselves only. exec/unaligned.c */
bool lp_cas128_locked(lp_u128 *p, lp_u128 *expected, lp_u128 desired);

/* One access of 16 bytes: atomic on x86-64 with AVX (Intel's and AMD's manuals say so) where they are aligned, and harmless where they are not. */
static inline __attribute__((always_inline)) lp_u64x2 lp_load128(const void *p)
{
    lp_u64x2 v;
#if defined(__x86_64__)
    __asm__ volatile("movdqu %1, %0" : "=x"(v) : "m"(*(const char (*)[16])p)); /* the compiler may make two loads of anything else */
#else
    memcpy(&v, p, sizeof v);
#endif
    return v;
}

static inline __attribute__((always_inline)) void lp_store128(void *p, lp_u64x2 v)
{
#if defined(__x86_64__)
    __asm__ volatile("movdqu %1, %0" : "=m"(*(char (*)[16])p) : "x"(v));
#else
    memcpy(p, &v, sizeof v);
#endif
}

/* `size` bytes (2, 4, 8) at p, which has no need to be aligned: in one access if they lie within aligned 16 bytes and `whole` says that all of these
 * may be touched; else behind a lock, which orders such accesses among themselves only. What follows the load stays behind it. exec/unaligned.c */
uint64_t lp_load_unaligned(const void *p, unsigned size, bool whole);
bool lp_cas_unaligned(void *p, unsigned size, bool whole, uint64_t *expected, uint64_t desired);

/* Stores desired if *p == *expected; else *expected becomes *p. Sequentially consistent. May fault like any access. */
static inline bool lp_cas128(lp_u128 *p, lp_u128 *expected, lp_u128 desired)
{
    if ((uintptr_t)p & 15)
        return lp_cas128_locked(p, expected, desired);
#if defined(__x86_64__)
    /* cmpxchg16b: in every x86-64 since 2006; spelled out because gcc wants -mcx16 and then calls libatomic. */
    uint64_t lo = (uint64_t)*expected, hi = (uint64_t)(*expected >> 64);
    bool ok;
    __asm__ volatile("lock cmpxchg16b %1" : "=@ccz"(ok), "+m"(*p), "+a"(lo), "+d"(hi)
                     : "b"((uint64_t)desired), "c"((uint64_t)(desired >> 64)) : "memory");
    *expected = (lp_u128)hi << 64 | lo;
    return ok;
#elif defined(__GCC_HAVE_SYNC_COMPARE_AND_SWAP_16)
    lp_u128 old = __sync_val_compare_and_swap(p, *expected, desired);
    bool ok = old == *expected;
    *expected = old;
    return ok;
#else
    return lp_cas128_locked(p, expected, desired);
#endif
}
#endif
