/* exec/exclusive.c - exclusives, load-acquire, store-release (Arm ARM B2.9, C6.2).
 * The monitor is the address, the version of its granule (monitor.h) and the value that was loaded: a store-exclusive is a host compare-and-swap with
 * that value, if no store-exclusive, store-release or atomic operation of another thread was made in the granule meanwhile. Plain stores, system calls
 * and other processes, or another mapping of the same memory, are seen by the value alone: if these change it and change it back (ABA), and nothing else
 * was there, the store does not fail as a processor's would. */
#include <config.h>
#include "exec/op.h"
#include "exec/ldst_addr.h"
#include "exec/atomic128.h"

/* LDAR and STLR are ordered among themselves (RCsc): sequentially consistent on the host. Plain exclusives get the same. */
LP_INLINE uint64_t ex_load(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned size)
{
    const bool odd = lp_ls_unaligned(cpu, op, addr, 1u << size, LP_R);
    void *p = LP_HOST(cpu, op, addr, 1u << size, LP_R);
    if (odd)
        return lp_load_unaligned(p, 1u << size, lp_ls_whole(cpu));
    switch (size) {
    case 0: return __atomic_load_n((uint8_t *)p, __ATOMIC_SEQ_CST);
    case 1: return __atomic_load_n((uint16_t *)p, __ATOMIC_SEQ_CST);
    case 2: return __atomic_load_n((uint32_t *)p, __ATOMIC_SEQ_CST);
    default: return __atomic_load_n((uint64_t *)p, __ATOMIC_SEQ_CST);
    }
}
#define EX_CAS(type) __atomic_compare_exchange_n((type *)p, &(type){(type)old}, (type)v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
LP_INLINE bool ex_cas(struct lp_cpu *cpu, void *p, uint64_t addr, unsigned size, uint64_t v)
{
    uint64_t old = cpu->ex.lo;
    if (addr & ((1u << size) - 1))
        return lp_cas_unaligned(p, 1u << size, lp_ls_whole(cpu), &old, v);
    switch (size) {
    case 0: return EX_CAS(uint8_t);
    case 1: return EX_CAS(uint16_t);
    case 2: return EX_CAS(uint32_t);
    default: return EX_CAS(uint64_t);
    }
}
#undef EX_CAS
static __attribute__((noinline)) bool ex_store_shared(struct lp_cpu *cpu, void *p, uint64_t addr, unsigned size, uint64_t v)
{
    if (!lp_monitor_claim(cpu, addr))
        return false;
    const bool ok = ex_cas(cpu, p, addr, size, v);
    lp_monitor_end(cpu, ok);
    return ok;
}
LP_INLINE bool ex_store(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned size, uint64_t v)
{
    void *p = LP_HOST(cpu, op, addr, 1u << size, LP_W);
    return lp_monitor_shared(cpu) ? ex_store_shared(cpu, p, addr, size, v) : ex_cas(cpu, p, addr, size, v);
}

LP_INLINE void ex_watch(struct lp_cpu *cpu, uint64_t addr, unsigned bytes, uint64_t lo, uint64_t hi)
{
    cpu->ex.addr = lp_mem_untag(addr), cpu->ex.lo = lo, cpu->ex.hi = hi, cpu->ex.size = bytes;
}
LP_INLINE bool ex_watched(const struct lp_cpu *cpu, uint64_t addr, unsigned bytes)
{
    return cpu->ex.addr == lp_mem_untag(addr) && cpu->ex.size == bytes;
}

LP_INLINE void ex_open(struct lp_cpu *cpu, uint64_t addr)
{
    if (!lp_monitor_shared(cpu))
        return;
    const uint64_t v = atomic_load_explicit(lp_granule_of(cpu, addr), memory_order_acquire);
    if ((v & (LP_GRANULE_LOCKED | LP_GRANULE_USED)) == LP_GRANULE_USED)
        cpu->ex.version = v;
    else
        lp_monitor_open(cpu, addr);
}

#define EX_LOAD(name)                                                                                   \
    LP_OP(name)                                                                                         \
    {                                                                                                   \
        const uint64_t addr = cpu->x[f.Rn];                                                             \
        ex_open(cpu, addr);                                                                             \
        const uint64_t v = ex_load(cpu, op, addr, f.size);                                              \
        ex_watch(cpu, addr, 1u << f.size, v, 0);                                                        \
        cpu->x[f.Rt] = v;                                                                               \
    }
EX_LOAD(LDXR)
EX_LOAD(LDAXR)
#undef EX_LOAD

#define EX_STORE(name)                                                                                  \
    LP_OP(name)                                                                                         \
    {                                                                                                   \
        const uint64_t addr = cpu->x[f.Rn];                                                             \
        lp_ls_unaligned(cpu, op, addr, 1u << f.size, LP_W);                                             \
        bool ok = ex_watched(cpu, addr, 1u << f.size) && ex_store(cpu, op, addr, f.size, cpu->x[f.Rt]); \
        cpu->ex.addr = UINT64_MAX;                                                                      \
        cpu->x[f.Rs] = !ok;                                                                             \
    }
EX_STORE(STXR)
EX_STORE(STLXR)
#undef EX_STORE

/* Pairs. A load of 16 bytes must be atomic only together with a store that succeeds, and that compares both halves; on most hosts it is by itself. */
LP_INLINE lp_u64x2 ex_load_pair(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned sz)
{
    if (!sz)
        return (lp_u64x2){ex_load(cpu, op, addr, 3), 0};
    lp_ls_unaligned(cpu, op, addr, 16, LP_R);
    const lp_u64x2 v = lp_load128(LP_HOST(cpu, op, addr, 16, LP_R));
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return v;
}
#define EX_LOAD_PAIR(name)                                                                              \
    LP_OP(name)                                                                                         \
    {                                                                                                   \
        const uint64_t addr = cpu->x[f.Rn];                                                             \
        ex_open(cpu, addr);                                                                             \
        const lp_u64x2 v = ex_load_pair(cpu, op, addr, f.sz);                                           \
        ex_watch(cpu, addr, 8u << f.sz, v[0], v[1]);                                                    \
        cpu->x[f.Rt] = f.sz ? v[0] : (uint32_t)v[0];                                                    \
        cpu->x[f.Rt2] = f.sz ? v[1] : v[0] >> 32;                                                       \
    }
EX_LOAD_PAIR(LDXP)
EX_LOAD_PAIR(LDAXP)
#undef EX_LOAD_PAIR

static __attribute__((noinline)) bool ex_store128_shared(struct lp_cpu *cpu, void *p, uint64_t addr, lp_u128 old, lp_u128 v)
{
    if (!lp_monitor_claim(cpu, addr))
        return false;
    const bool ok = lp_cas128(p, &old, v);
    lp_monitor_end(cpu, ok);
    return ok;
}
LP_INLINE bool ex_store_pair(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned sz, uint64_t a, uint64_t b)
{
    if (!sz)
        return ex_store(cpu, op, addr, 3, b << 32 | (uint32_t)a);
    lp_u128 old = (lp_u128)cpu->ex.hi << 64 | cpu->ex.lo, v = (lp_u128)b << 64 | a;
    void *p = LP_HOST(cpu, op, addr, 16, LP_W);
    return lp_monitor_shared(cpu) ? ex_store128_shared(cpu, p, addr, old, v) : lp_cas128(p, &old, v);
}
#define EX_STORE_PAIR(name)                                                                             \
    LP_OP(name)                                                                                         \
    {                                                                                                   \
        const uint64_t addr = cpu->x[f.Rn];                                                             \
        lp_ls_unaligned(cpu, op, addr, 8u << f.sz, LP_W);                                               \
        bool ok = ex_watched(cpu, addr, 8u << f.sz) && ex_store_pair(cpu, op, addr, f.sz, cpu->x[f.Rt], cpu->x[f.Rt2]); \
        cpu->ex.addr = UINT64_MAX;                                                                      \
        cpu->x[f.Rs] = !ok;                                                                             \
    }
EX_STORE_PAIR(STXP)
EX_STORE_PAIR(STLXP)
#undef EX_STORE_PAIR

#define EX_ORDERED(L, S)                                                                                \
    LP_OP(L) { cpu->x[f.Rt] = ex_load(cpu, op, cpu->x[f.Rn], f.size); }                                 \
    LP_OP(S) { lp_ls_release(cpu, op, cpu->x[f.Rn], f.size, cpu->x[f.Rt]); }
EX_ORDERED(LDAR, STLR)
EX_ORDERED(LDLAR, STLLR)
#undef EX_ORDERED

#include "a64/exclusive.export.gen.h"
