/* exec/atomic.c - FEAT_LSE: atomic read-modify-write, swap, compare-and-swap (Arm ARM C6.2). All fully ordered on the host. */
#include <config.h>
#include "exec/op.h"
#include "exec/ldst_addr.h"
#include "exec/atomic128.h"

/* Slow: not aligned, or where exclusives may watch (monitor.h). */
#define AT_HOST(size)                                                                                          \
    const uint64_t addr = cpu->x[f.Rn];                                                                        \
    const bool odd = lp_ls_unaligned(cpu, op, addr, size, LP_R | LP_W), slow = odd || lp_monitor_used();       \
    void *p = LP_HOST(cpu, op, addr, size, LP_R | LP_W)
#define AT_BY_SIZE(size, DO)                \
    switch (size) {                         \
    case 0: DO(uint8_t, int8_t); break;     \
    case 1: DO(uint16_t, int16_t); break;   \
    case 2: DO(uint32_t, int32_t); break;   \
    default: DO(uint64_t, int64_t); break;  \
    }

/* The same for unaligned operands, by compare-and-swap. */
enum { AT_DO_ADD, AT_DO_AND, AT_DO_OR, AT_DO_XOR, AT_DO_SWAP, AT_DO_SMAX, AT_DO_SMIN, AT_DO_UMAX, AT_DO_UMIN };
static uint64_t at_compute(unsigned what, unsigned bits, uint64_t old, uint64_t s)
{
    const uint64_t u = s << (64 - bits) >> (64 - bits);
    const int64_t a = (int64_t)(old << (64 - bits)), b = (int64_t)(s << (64 - bits));
    switch (what) {
    case AT_DO_ADD: return old + s;
    case AT_DO_AND: return old & s;
    case AT_DO_OR: return old | s;
    case AT_DO_XOR: return old ^ s;
    case AT_DO_SWAP: return s;
    case AT_DO_SMAX: return a > b ? old : u;
    case AT_DO_SMIN: return a < b ? old : u;
    case AT_DO_UMAX: return old > u ? old : u;
    default: return old < u ? old : u;
    }
}
static uint64_t at_unaligned(const struct lp_cpu *cpu, void *p, unsigned size, unsigned what, uint64_t s)
{
    uint64_t seen = lp_load_unaligned(p, size, lp_ls_whole(cpu));
    while (!lp_cas_unaligned(p, size, lp_ls_whole(cpu), &seen, at_compute(what, 8 * size, seen, s))) {
    }
    return seen;
}
#define AT_SLOW static __attribute__((noinline)) uint64_t

/* What the host can do in one instruction. */
#define AT_FETCH(name, what, value)                                                                \
    AT_SLOW slow_##name(struct lp_cpu *cpu, void *p, uint64_t addr, unsigned size, bool odd, uint64_t s) \
    {                                                                                              \
        uint64_t old;                                                                              \
        lp_monitor_begin(cpu, addr);                                                               \
        if (odd)                                                                                   \
            old = at_unaligned(cpu, p, 1u << size, AT_DO_##what, s);                               \
        else                                                                                       \
            AT_BY_SIZE(size, AT_##what)                                                            \
        lp_monitor_end(cpu, true);                                                                 \
        return old;                                                                                \
    }                                                                                              \
    LP_OP(name)                                                                                    \
    {                                                                                              \
        const uint64_t s = value;                                                                  \
        uint64_t old;                                                                              \
        AT_HOST(1u << f.size);                                                                     \
        if (slow)                                                                                  \
            old = slow_##name(cpu, p, addr, f.size, odd, s);                                       \
        else                                                                                       \
            AT_BY_SIZE(f.size, AT_##what)                                                          \
        cpu->x[f.Rt] = old;                                                                        \
    }
#define AT_ADD(type, st) old = __atomic_fetch_add((type *)p, (type)s, __ATOMIC_SEQ_CST)
#define AT_AND(type, st) old = __atomic_fetch_and((type *)p, (type)s, __ATOMIC_SEQ_CST)
#define AT_OR(type, st) old = __atomic_fetch_or((type *)p, (type)s, __ATOMIC_SEQ_CST)
#define AT_XOR(type, st) old = __atomic_fetch_xor((type *)p, (type)s, __ATOMIC_SEQ_CST)
#define AT_SWAP(type, st) old = __atomic_exchange_n((type *)p, (type)s, __ATOMIC_SEQ_CST)
AT_FETCH(LDADD, ADD, cpu->x[f.Rs])
AT_FETCH(LDCLR, AND, ~cpu->x[f.Rs])
AT_FETCH(LDSET, OR, cpu->x[f.Rs])
AT_FETCH(LDEOR, XOR, cpu->x[f.Rs])
AT_FETCH(SWP, SWAP, cpu->x[f.Rs])

/* Minimum and maximum by compare-and-swap; kept values are written, too, as the architecture has it. */
#define AT_CHOOSE(type, T, cmp)                                                                    \
    do {                                                                                           \
        type seen = __atomic_load_n((type *)p, __ATOMIC_RELAXED);                                  \
        while (!__atomic_compare_exchange_n((type *)p, &seen, (T)seen cmp (T)s ? seen : (type)s, true, __ATOMIC_SEQ_CST, \
                                            __ATOMIC_RELAXED)) {                                   \
        }                                                                                          \
        old = seen;                                                                                \
    } while (0)
#define AT_SMAX(type, st) AT_CHOOSE(type, st, >)
#define AT_SMIN(type, st) AT_CHOOSE(type, st, <)
#define AT_UMAX(type, st) AT_CHOOSE(type, type, >)
#define AT_UMIN(type, st) AT_CHOOSE(type, type, <)
AT_FETCH(LDSMAX, SMAX, cpu->x[f.Rs])
AT_FETCH(LDSMIN, SMIN, cpu->x[f.Rs])
AT_FETCH(LDUMAX, UMAX, cpu->x[f.Rs])
AT_FETCH(LDUMIN, UMIN, cpu->x[f.Rs])

/* Rs is read and written: as a source number 31 is zero. */
#define AT_CAS(type, st)                                                                           \
    do {                                                                                           \
        type seen = (type)s;                                                                       \
        same = __atomic_compare_exchange_n((type *)p, &seen, (type)v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
        old = seen;                                                                                \
    } while (0)
AT_SLOW slow_CAS(struct lp_cpu *cpu, void *p, uint64_t addr, unsigned size, bool odd, uint64_t s, uint64_t v)
{
    uint64_t old = s;
    bool same;
    lp_monitor_begin(cpu, addr);
    if (odd)
        same = lp_cas_unaligned(p, 1u << size, lp_ls_whole(cpu), &old, v);
    else
        AT_BY_SIZE(size, AT_CAS)
    lp_monitor_end(cpu, same);
    return old;
}
LP_OP(CAS)
{
    const uint64_t s = f.Rs == LP_SLOT_SINK ? 0 : cpu->x[f.Rs], v = cpu->x[f.Rt];
    uint64_t old;
    bool same;
    AT_HOST(1u << f.size);
    if (slow)
        old = slow_CAS(cpu, p, addr, f.size, odd, s, v);
    else
        AT_BY_SIZE(f.size, AT_CAS)
    (void)same;
    cpu->x[f.Rs] = old;
}

/* Register pairs n, n+1 with n even: X31 of the pair 30, 31 is the zero register. */
LP_INLINE uint64_t at_odd(const struct lp_cpu *cpu, unsigned n) { return n == 30 ? 0 : cpu->x[n + 1]; }
static __attribute__((noinline)) bool slow_cas128(struct lp_cpu *cpu, void *p, uint64_t addr, lp_u128 *seen, lp_u128 want)
{
    lp_monitor_begin(cpu, addr);
    const bool same = lp_cas128(p, seen, want);
    lp_monitor_end(cpu, same);
    return same;
}
LP_OP(CASP)
{
    const uint64_t s = cpu->x[f.Rs], s2 = at_odd(cpu, f.Rs), t = cpu->x[f.Rt], t2 = at_odd(cpu, f.Rt);
    uint64_t lo, hi;
    AT_HOST(8u << f.sz);
    if (f.sz) {
        lp_u128 seen = (lp_u128)s2 << 64 | s;
        const lp_u128 want = (lp_u128)t2 << 64 | t;
        if (slow)
            slow_cas128(cpu, p, addr, &seen, want);
        else
            lp_cas128(p, &seen, want);
        lo = (uint64_t)seen, hi = (uint64_t)(seen >> 64);
    } else {
        uint64_t seen = s2 << 32 | (uint32_t)s;
        const uint64_t want = t2 << 32 | (uint32_t)t;
        if (slow)
            seen = slow_CAS(cpu, p, addr, 3, odd, seen, want);
        else
            __atomic_compare_exchange_n((uint64_t *)p, &seen, want, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
        lo = (uint32_t)seen, hi = seen >> 32;
    }
    cpu->x[f.Rs] = lo;
    cpu->x[f.Rs == 30 ? LP_SLOT_SINK : f.Rs + 1] = hi;
}

#include "a64/atomic.export.gen.h"
