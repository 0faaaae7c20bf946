/* exec/flags.h - PSTATE.NZCV: arithmetic that sets it, and conditions that read it. */
#ifndef LP_EXEC_FLAGS_H
#define LP_EXEC_FLAGS_H
#include "exec/op.h"

/* ConditionHolds (Arm ARM J1): AL and NV are both "always". */
LP_INLINE bool lp_cond(const struct lp_cpu *cpu, unsigned cond)
{
    bool r;
    switch (cond >> 1) {
    case 0: r = cpu->f.z; break;
    case 1: r = cpu->f.c; break;
    case 2: r = cpu->f.n; break;
    case 3: r = cpu->f.v; break;
    case 4: r = cpu->f.c > cpu->f.z; break; /* C and not Z: both are 0 or 1 */
    case 5: r = cpu->f.n == cpu->f.v; break;
    case 6: r = cpu->f.n == cpu->f.v && !cpu->f.z; break;
    default: return true;
    }
    return (cond & 1) ? !r : r;
}

/* a + b and its flags. */
LP_INLINE uint64_t lp_adds(struct lp_cpu *cpu, unsigned sf, uint64_t a, uint64_t b)
{
    if (sf) {
        int64_t r;
        cpu->f.v = __builtin_add_overflow((int64_t)a, (int64_t)b, &r);
        cpu->f.c = (uint64_t)r < a;
        cpu->f.z = r == 0;
        cpu->f.n = r < 0;
        return (uint64_t)r;
    }
    int32_t r;
    cpu->f.v = __builtin_add_overflow((int32_t)a, (int32_t)b, &r);
    cpu->f.c = (uint32_t)r < (uint32_t)a;
    cpu->f.z = r == 0;
    cpu->f.n = r < 0;
    return (uint32_t)r;
}

/* a - b and its flags: C is "no borrow". */
LP_INLINE uint64_t lp_subs(struct lp_cpu *cpu, unsigned sf, uint64_t a, uint64_t b)
{
    if (sf) {
        int64_t r;
        cpu->f.v = __builtin_sub_overflow((int64_t)a, (int64_t)b, &r);
        cpu->f.c = a >= b;
        cpu->f.z = a == b;
        cpu->f.n = r < 0;
        return (uint64_t)r;
    }
    int32_t r;
    cpu->f.v = __builtin_sub_overflow((int32_t)a, (int32_t)b, &r);
    cpu->f.c = (uint32_t)a >= (uint32_t)b;
    cpu->f.z = (uint32_t)a == (uint32_t)b;
    cpu->f.n = r < 0;
    return (uint32_t)r;
}

/* AddWithCarry (J1): a + b + carry; a - b with borrow is a + ~b + carry. */
LP_INLINE uint64_t lp_adcs(struct lp_cpu *cpu, unsigned sf, uint64_t a, uint64_t b)
{
    unsigned carry = cpu->f.c;
    uint64_t r;
    if (sf) {
        r = a + b + carry;
        cpu->f.c = carry ? r <= a : r < a;
        cpu->f.v = (~(a ^ b) & (a ^ r)) >> 63;
        cpu->f.n = r >> 63;
    } else {
        uint64_t wide = (uint64_t)(uint32_t)a + (uint32_t)b + carry;
        r = (uint32_t)wide;
        cpu->f.c = (uint8_t)(wide >> 32);
        cpu->f.v = (~(a ^ b) & (a ^ r)) >> 31 & 1;
        cpu->f.n = r >> 31 & 1;
    }
    cpu->f.z = r == 0;
    return r;
}

/* Flags of a logical result. */
LP_INLINE uint64_t lp_logic(struct lp_cpu *cpu, unsigned sf, uint64_t r)
{
    if (!sf)
        r = (uint32_t)r;
    cpu->f.n = sf ? (int64_t)r < 0 : (int32_t)r < 0;
    cpu->f.z = r == 0;
    cpu->f.c = cpu->f.v = 0;
    return r;
}
#endif
