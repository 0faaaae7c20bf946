/* exec/exclusive.c - exclusives, load-acquire, store-release (Arm ARM B2.9, C6.2).
 * The monitor is the address and the value that was loaded; a store-exclusive is a host compare-and-swap with that value. */
#include <config.h>
#include <sched.h>
#include "exec/op.h"
#include "exec/ldst_addr.h"
#include "exec/atomic128.h"

/* A tag is no part of the address that is monitored. */
#define EX_ADDR(a) ((a) << 8 >> 8)

/* LDAR and STLR are ordered among themselves (RCsc): sequentially consistent on the host. Plain exclusives get the same. */
LP_INLINE uint64_t ex_load(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned size)
{
    void *p = LP_HOST(cpu, op, addr, 1u << size, LP_R);
    switch (size) {
    case 0: return __atomic_load_n((uint8_t *)p, __ATOMIC_SEQ_CST);
    case 1: return __atomic_load_n((uint16_t *)p, __ATOMIC_SEQ_CST);
    case 2: return __atomic_load_n((uint32_t *)p, __ATOMIC_SEQ_CST);
    default: return __atomic_load_n((uint64_t *)p, __ATOMIC_SEQ_CST);
    }
}
LP_INLINE void ex_store(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned size, uint64_t v)
{
    void *p = LP_HOST(cpu, op, addr, 1u << size, LP_W);
    switch (size) {
    case 0: __atomic_store_n((uint8_t *)p, (uint8_t)v, __ATOMIC_SEQ_CST); break;
    case 1: __atomic_store_n((uint16_t *)p, (uint16_t)v, __ATOMIC_SEQ_CST); break;
    case 2: __atomic_store_n((uint32_t *)p, (uint32_t)v, __ATOMIC_SEQ_CST); break;
    default: __atomic_store_n((uint64_t *)p, v, __ATOMIC_SEQ_CST); break;
    }
}
#define EX_CAS(type) __atomic_compare_exchange_n((type *)p, &(type){(type)old}, (type)v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
LP_INLINE bool ex_cas(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned size, uint64_t old, uint64_t v)
{
    void *p = LP_HOST(cpu, op, addr, 1u << size, LP_W);
    switch (size) {
    case 0: return EX_CAS(uint8_t);
    case 1: return EX_CAS(uint16_t);
    case 2: return EX_CAS(uint32_t);
    default: return EX_CAS(uint64_t);
    }
}
#undef EX_CAS

#define EX_LOAD(name)                                                                                   \
    LP_OP(name)                                                                                         \
    {                                                                                                   \
        const uint64_t addr = cpu->x[f.Rn];                                                             \
        lp_ls_aligned(cpu, op, addr, 1u << f.size);                                                     \
        const uint64_t v = ex_load(cpu, op, addr, f.size);                                              \
        cpu->ex.addr = EX_ADDR(addr), cpu->ex.lo = v, cpu->ex.hi = 0, cpu->ex.size = 1u << f.size;      \
        cpu->x[f.Rt] = v;                                                                               \
    }
EX_LOAD(LDXR)
EX_LOAD(LDAXR)
#undef EX_LOAD

#define EX_STORE(name)                                                                                  \
    LP_OP(name)                                                                                         \
    {                                                                                                   \
        const uint64_t addr = cpu->x[f.Rn];                                                             \
        lp_ls_aligned(cpu, op, addr, 1u << f.size);                                                     \
        bool ok = cpu->ex.addr == EX_ADDR(addr) && cpu->ex.size == 1u << f.size &&                      \
                  ex_cas(cpu, op, addr, f.size, cpu->ex.lo, cpu->x[f.Rt]);                              \
        cpu->ex.addr = UINT64_MAX;                                                                      \
        cpu->x[f.Rs] = !ok;                                                                             \
    }
EX_STORE(STXR)
EX_STORE(STLXR)
#undef EX_STORE

/* Pairs. A 128-bit load need not be atomic by itself: only together with a store that succeeds, and that compares both halves. */
#define EX_LOAD_PAIR(name)                                                                              \
    LP_OP(name)                                                                                         \
    {                                                                                                   \
        const uint64_t addr = cpu->x[f.Rn];                                                             \
        lp_ls_aligned(cpu, op, addr, 8u << f.sz);                                                       \
        const uint64_t lo = ex_load(cpu, op, addr, 3);                                                  \
        const uint64_t hi = f.sz ? ex_load(cpu, op, addr + 8, 3) : 0;                                   \
        cpu->ex.addr = EX_ADDR(addr), cpu->ex.lo = lo, cpu->ex.hi = hi, cpu->ex.size = 8u << f.sz;      \
        cpu->x[f.Rt] = f.sz ? lo : (uint32_t)lo;                                                        \
        cpu->x[f.Rt2] = f.sz ? hi : lo >> 32;                                                           \
    }
EX_LOAD_PAIR(LDXP)
EX_LOAD_PAIR(LDAXP)
#undef EX_LOAD_PAIR

LP_INLINE bool ex_cas_pair(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned sz, uint64_t a, uint64_t b)
{
    if (!sz)
        return ex_cas(cpu, op, addr, 3, cpu->ex.lo, b << 32 | (uint32_t)a);
    unsigned __int128 old = (unsigned __int128)cpu->ex.hi << 64 | cpu->ex.lo;
    return lp_cas128(LP_HOST(cpu, op, addr, 16, LP_W), &old, (unsigned __int128)b << 64 | a);
}
#define EX_STORE_PAIR(name)                                                                             \
    LP_OP(name)                                                                                         \
    {                                                                                                   \
        const uint64_t addr = cpu->x[f.Rn];                                                             \
        lp_ls_aligned(cpu, op, addr, 8u << f.sz);                                                       \
        bool ok = cpu->ex.addr == EX_ADDR(addr) && cpu->ex.size == 8u << f.sz &&                        \
                  ex_cas_pair(cpu, op, addr, f.sz, cpu->x[f.Rt], cpu->x[f.Rt2]);                        \
        cpu->ex.addr = UINT64_MAX;                                                                      \
        cpu->x[f.Rs] = !ok;                                                                             \
    }
EX_STORE_PAIR(STXP)
EX_STORE_PAIR(STLXP)
#undef EX_STORE_PAIR

#define EX_ORDERED(L, S)                                                                                \
    LP_OP(L)                                                                                            \
    {                                                                                                   \
        lp_ls_aligned(cpu, op, cpu->x[f.Rn], 1u << f.size);                                             \
        cpu->x[f.Rt] = ex_load(cpu, op, cpu->x[f.Rn], f.size);                                          \
    }                                                                                                   \
    LP_OP(S)                                                                                            \
    {                                                                                                   \
        lp_ls_aligned(cpu, op, cpu->x[f.Rn], 1u << f.size);                                             \
        ex_store(cpu, op, cpu->x[f.Rn], f.size, cpu->x[f.Rt]);                                          \
    }
EX_ORDERED(LDAR, STLR)
EX_ORDERED(LDLAR, STLLR)
#undef EX_ORDERED

#if !defined(LP_CHECKED) && !defined(LP_DISPATCH)
bool lp_cas128_locked(unsigned __int128 *p, unsigned __int128 *expected, unsigned __int128 desired)
{
    static atomic_flag locks[64]; /* spun on for a few instructions */
    atomic_flag *lock = &locks[(uintptr_t)p / 16 % 64];
    unsigned __int128 now;
    /* Faults happen here, before the lock is taken. */
    __atomic_fetch_or((volatile uint8_t *)p, 0, __ATOMIC_RELAXED);
    __atomic_fetch_or((volatile uint8_t *)p + 15, 0, __ATOMIC_RELAXED);
    while (atomic_flag_test_and_set_explicit(lock, memory_order_acquire))
        sched_yield();
    memcpy(&now, p, sizeof now);
    bool ok = now == *expected;
    if (ok)
        memcpy(p, &desired, sizeof desired);
    *expected = now;
    atomic_flag_clear_explicit(lock, memory_order_release);
    return ok;
}
#endif

#include "a64/exclusive.export.gen.h"
