/* exec/ldst_simd.c - loads and stores of SIMD&FP registers (Arm ARM C7.2). A load clears the rest of the register. */
#include <config.h>
#include "exec/op.h"
#include "exec/ldst_addr.h"

/* log2 = 0 to 4: B, H, S, D, Q. */
LP_INLINE union lp_vreg lsv_load(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned log2)
{
    union lp_vreg r;
    r.d[1] = 0;
    switch (log2) {
    case 0: r.d[0] = lp_ld8(cpu, op, addr); break;
    case 1: r.d[0] = lp_ld16(cpu, op, addr); break;
    case 2: r.d[0] = lp_ld32(cpu, op, addr); break;
    case 3: r.d[0] = lp_ld64(cpu, op, addr); break;
    default: r.x2 = lp_load128(LP_HOST(cpu, op, addr, 16, LP_R)); break;
    }
    return r;
}
LP_INLINE void lsv_store(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned log2, unsigned vt)
{
    const union lp_vreg *v = &cpu->v[vt];
    switch (log2) {
    case 0: lp_st8(cpu, op, addr, v->b[0]); break;
    case 1: lp_st16(cpu, op, addr, v->h[0]); break;
    case 2: lp_st32(cpu, op, addr, v->s[0]); break;
    case 3: lp_st64(cpu, op, addr, v->d[0]); break;
    default: lp_store128(LP_HOST(cpu, op, addr, 16, LP_W), v->x2); break;
    }
}

#define LSV_FORMS(R, U, log2, ACCESS)                                                                               \
    LP_OP(R##_imm) { ACCESS(lp_ls_imm(cpu, f.Rn, (int64_t)f.imm12 << (log2)), log2); }                              \
    LP_OP(R##_reg) { ACCESS(cpu->x[f.Rn] + lp_ls_offset(cpu, f.Rm, f.x64, f.sgn, f.S ? (log2) : 0), log2); }        \
    LP_OP(U) { ACCESS(lp_ls_imm(cpu, f.Rn, f.imm9), log2); }                                                        \
    LP_OP(R##_post)                                                                                                 \
    {                                                                                                               \
        ACCESS(cpu->x[f.Rn], log2);                                                                                 \
        cpu->x[f.Rn] = lp_ls_imm(cpu, f.Rn, f.imm9);                                                                \
    }                                                                                                               \
    LP_OP(R##_pre)                                                                                                  \
    {                                                                                                               \
        const uint64_t addr = lp_ls_imm(cpu, f.Rn, f.imm9);                                                         \
        ACCESS(addr, log2);                                                                                         \
        cpu->x[f.Rn] = addr;                                                                                        \
    }
#define LSV_LOAD(addr, log2) cpu->v[f.Vt] = lsv_load(cpu, op, addr, log2)
#define LSV_STORE(addr, log2) lsv_store(cpu, op, addr, log2, f.Vt)
LSV_FORMS(LDR_fp, LDUR_fp, f.size, LSV_LOAD)
LSV_FORMS(LDR_q, LDUR_q, 4, LSV_LOAD)
LSV_FORMS(STR_fp, STUR_fp, f.size, LSV_STORE)
LSV_FORMS(STR_q, STUR_q, 4, LSV_STORE)
#undef LSV_FORMS
LP_OP(LDR_fp_lit) { LSV_LOAD(lp_op_pc(cpu, op) + (uint64_t)((int64_t)f.imm19 * 4), 2u + f.opc); }
#undef LSV_LOAD
#undef LSV_STORE

/* ---- pairs. The second store of a pair that faults may follow a first that is done, as on hardware; executed again it stores the same. ---- */
#define LSV_LOAD2(addr)                                                               \
    do {                                                                              \
        const union lp_vreg a = lsv_load(cpu, op, addr, 2u + f.opc);                  \
        cpu->v[f.Vt2] = lsv_load(cpu, op, (addr) + (UINT64_C(4) << f.opc), 2u + f.opc); \
        cpu->v[f.Vt] = a;                                                             \
    } while (0)
#define LSV_STORE2(addr)                                                              \
    do {                                                                              \
        lsv_store(cpu, op, addr, 2u + f.opc, f.Vt);                                   \
        lsv_store(cpu, op, (addr) + (UINT64_C(4) << f.opc), 2u + f.opc, f.Vt2);       \
    } while (0)
#define LSV_OFF ((uint64_t)((int64_t)f.imm7 * (4 << f.opc)))
#define LSV_PAIR(P, NP, ACCESS)                                                       \
    LP_OP(P##_off) { const uint64_t addr = cpu->x[f.Rn] + LSV_OFF; ACCESS(addr); }    \
    LP_OP(NP) { const uint64_t addr = cpu->x[f.Rn] + LSV_OFF; ACCESS(addr); }         \
    LP_OP(P##_post)                                                                   \
    {                                                                                 \
        const uint64_t addr = cpu->x[f.Rn];                                           \
        ACCESS(addr);                                                                 \
        cpu->x[f.Rn] = addr + LSV_OFF;                                                \
    }                                                                                 \
    LP_OP(P##_pre)                                                                    \
    {                                                                                 \
        const uint64_t addr = cpu->x[f.Rn] + LSV_OFF;                                 \
        ACCESS(addr);                                                                 \
        cpu->x[f.Rn] = addr;                                                          \
    }
LSV_PAIR(LDP_fp, LDNP_fp, LSV_LOAD2)
LSV_PAIR(STP_fp, STNP_fp, LSV_STORE2)
#undef LSV_PAIR
#undef LSV_LOAD2
#undef LSV_STORE2
#undef LSV_OFF

#include "a64/ldst_simd.export.gen.h"
