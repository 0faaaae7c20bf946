/* exec/pauth.c - pointer authentication: what each row of a64/pauth.decode does (Arm ARM C6.2 and D8.10).
 *
 * The code is a keyed hash of this implementation's own (ID_AA64ISAR1_EL1.API), in bits 54:48 of a pointer: user addresses have 48 bits and a
 * tag byte. Where bit 55 is set there is no tag, as Linux leaves TCR_EL1.TBI1 0, and the code has bits 63:56 too. The keys are the thread's:
 * a forked child keeps them, a new program has new ones, as on Linux. With a key that is disabled nothing is added and nothing checked.
 */
#include <config.h>
#include "exec/op.h"
#include "exec/run.h"

LP_INLINE bool pa_upper(uint64_t p) { return p >> 55 & 1; }
/* Where the code is in this pointer. */
LP_INLINE uint64_t pa_bits(uint64_t p) { return (pa_upper(p) ? UINT64_C(0xff7f) : UINT64_C(0x7f)) << 48; }
/* The pointer as it was before: copies of bit 55. */
LP_INLINE uint64_t pa_strip(uint64_t p) { return pa_upper(p) ? p | pa_bits(p) : p & ~pa_bits(p); }
LP_INLINE uint64_t pa_add(const struct lp_cpu *cpu, uint64_t p, uint64_t modifier, unsigned key)
{
    if (cpu->pauth.disabled >> key & 1)
        return p;
    const uint64_t plain = pa_strip(p);
    uint64_t code = lp_pauth_code(&cpu->pauth, plain, modifier, key);
    if (p != plain) /* was no canonical address: its code must not be right */
        code ^= UINT64_C(1) << 54;
    return (p & ~pa_bits(p)) | (code & pa_bits(p));
}
/* A wrong code gives an address that faults when used: bits 54:53, or 62:61 where there is no tag, are 01 (A) or 10 (B). */
LP_INLINE uint64_t pa_check(const struct lp_cpu *cpu, uint64_t p, uint64_t modifier, unsigned key)
{
    if (cpu->pauth.disabled >> key & 1)
        return p;
    const uint64_t plain = pa_strip(p);
    const unsigned error = pa_upper(p) ? 61 : 53;
    if (((lp_pauth_code(&cpu->pauth, plain, modifier, key) ^ p) & pa_bits(p)) == 0)
        return plain;
    return (plain & ~(UINT64_C(3) << error)) | (key & 1 ? UINT64_C(2) : UINT64_C(1)) << error;
}

/* ---- hints: X17 with X16, X30 with zero or SP ---- */
#define HINTS(SUFFIX, POINTER, MODIFIER)                                                       \
    LP_OP(PACIA##SUFFIX) { cpu->x[POINTER] = pa_add(cpu, cpu->x[POINTER], MODIFIER, LP_PAUTH_IA); } \
    LP_OP(PACIB##SUFFIX) { cpu->x[POINTER] = pa_add(cpu, cpu->x[POINTER], MODIFIER, LP_PAUTH_IB); } \
    LP_OP(AUTIA##SUFFIX) { cpu->x[POINTER] = pa_check(cpu, cpu->x[POINTER], MODIFIER, LP_PAUTH_IA); } \
    LP_OP(AUTIB##SUFFIX) { cpu->x[POINTER] = pa_check(cpu, cpu->x[POINTER], MODIFIER, LP_PAUTH_IB); }
HINTS(1716, 17, cpu->x[16])
HINTS(Z, 30, 0)
HINTS(SP, 30, cpu->x[LP_SLOT_SP])
LP_OP(XPACLRI) { cpu->x[30] = pa_strip(cpu->x[30]); }

/* ---- any register ---- */
LP_OP(PAC) { cpu->x[f.Rd] = pa_add(cpu, cpu->x[f.Rd], cpu->x[f.Rn], f.key); }
LP_OP(AUT) { cpu->x[f.Rd] = pa_check(cpu, cpu->x[f.Rd], cpu->x[f.Rn], f.key); }
LP_OP(PAC_Z) { cpu->x[f.Rd] = pa_add(cpu, cpu->x[f.Rd], 0, f.key); }
LP_OP(AUT_Z) { cpu->x[f.Rd] = pa_check(cpu, cpu->x[f.Rd], 0, f.key); }
LP_OP(XPAC) { cpu->x[f.Rd] = pa_strip(cpu->x[f.Rd]); }
LP_OP(PACGA) { cpu->x[f.Rd] = lp_pauth_code(&cpu->pauth, lp_rd(cpu, f.Rn), cpu->x[f.Rm], LP_PAUTH_GA) & ~(uint64_t)UINT32_MAX; }

/* ---- branches, loads ---- */
LP_JUMP_OP(BRA)
{
    lp_bti_branch(cpu, op, f.Rn);
    return pa_check(cpu, lp_rd(cpu, f.Rn), cpu->x[f.Rm], f.M);
}
LP_JUMP_OP(BRA_Z)
{
    lp_bti_branch(cpu, op, f.Rn);
    return pa_check(cpu, lp_rd(cpu, f.Rn), 0, f.M);
}
LP_JUMP_OP(BLRA)
{
    const uint64_t target = pa_check(cpu, lp_rd(cpu, f.Rn), cpu->x[f.Rm], f.M); /* either may be X30 */
    lp_bti_branch(cpu, op, LP_BTI_CALL);
    cpu->x[30] = lp_op_pc(cpu, op) + 4;
    return target;
}
LP_JUMP_OP(BLRA_Z)
{
    const uint64_t target = pa_check(cpu, lp_rd(cpu, f.Rn), 0, f.M);
    lp_bti_branch(cpu, op, LP_BTI_CALL);
    cpu->x[30] = lp_op_pc(cpu, op) + 4;
    return target;
}
LP_JUMP_OP(RETA) { return pa_check(cpu, cpu->x[30], cpu->x[LP_SLOT_SP], f.M); }
LP_OP(LDRA)
{
    const uint64_t offset = ((uint64_t)f.imm9 - ((uint64_t)f.S << 9)) << 3;
    const uint64_t addr = pa_check(cpu, cpu->x[f.Rn], 0, LP_PAUTH_DA + f.M) + offset, v = lp_ld64(cpu, op, addr);
    if (f.W)
        cpu->x[f.Rn] = addr;
    cpu->x[f.Rt] = v;
}

#include "a64/pauth.export.gen.h"
