/* exec/simd_copy.c - AdvSIMD copy, extract, table lookup, permute, modified immediate (Arm ARM C7.2). */
#include <config.h>
#include "exec/op.h"
#include "exec/simd.h"

/* ---- copies: M is the lane, SM the signed lane ---- */
#define SPLAT(M, value)                                        \
    union lp_vreg r;                                           \
    const __typeof__(r.M[0]) lane = (__typeof__(r.M[0]))(value); \
    for (unsigned i = 0; i < LP_LANE_COUNT(M); i++)            \
        r.M[i] = lane;
#define DUP_INS(M, bytes, q)                                   \
    LP_OP(DUP_elem_##M##_v) { SPLAT(M, cpu->v[f.Vn].M[f.i]) lp_vput_q(cpu, f.Vd, q, r); } \
    LP_OP(DUP_gen_##M##_v) { SPLAT(M, lp_rd(cpu, f.Rn)) lp_vput_q(cpu, f.Vd, q, r); }     \
    LP_OP(DUP_elem_##M##_s)                                    \
    {                                                          \
        union lp_vreg r = {.d = {0, 0}};                       \
        r.M[0] = cpu->v[f.Vn].M[f.i];                          \
        cpu->v[f.Vd] = r;                                      \
    }                                                          \
    LP_OP(INS_gen_##M) { cpu->v[f.Vd].M[f.i] = (__typeof__(cpu->v[0].M[0]))lp_rd(cpu, f.Rn); }  \
    LP_OP(INS_elem_##M) { cpu->v[f.Vd].M[f.i] = cpu->v[f.Vn].M[f.j]; }                          \
    LP_OP(UMOV_##M) { lp_wr(cpu, 1, f.Rd, cpu->v[f.Vn].M[f.i]); }
DUP_INS(b, 1, f.Q)
DUP_INS(h, 2, f.Q)
DUP_INS(s, 4, f.Q)
DUP_INS(d, 8, 1)
LP_OP(SMOV_b) { lp_wr(cpu, f.Q, f.Rd, (uint64_t)(int64_t)cpu->v[f.Vn].sb[f.i]); }
LP_OP(SMOV_h) { lp_wr(cpu, f.Q, f.Rd, (uint64_t)(int64_t)cpu->v[f.Vn].sh[f.i]); }
LP_OP(SMOV_s) { lp_wr(cpu, 1, f.Rd, (uint64_t)(int64_t)cpu->v[f.Vn].ss[f.i]); }

/* ---- EXT: bytes from the middle of Vm:Vn ---- */
LP_OP(EXT_v)
{
    const union lp_vreg n = cpu->v[f.Vn], m = cpu->v[f.Vm];
    const unsigned shift = 8u * f.imm4;
    union lp_vreg r = {.d = {0, 0}};
    if (f.Q)
        r.q = shift ? n.q >> shift | m.q << (128 - shift) : n.q;
    else
        r.d[0] = shift ? n.d[0] >> shift | m.d[0] << (64 - shift) : n.d[0];
    cpu->v[f.Vd] = r;
}

/* ---- table lookup: 1 to 4 registers from Vn on, wrapping at V31 ---- */
LP_INLINE void table_lookup(struct lp_cpu *cpu, unsigned count, unsigned vn, unsigned vm, unsigned vd, unsigned q, bool keep)
{
    union lp_vreg table[4];
    const union lp_vreg index = cpu->v[vm];
    union lp_vreg r = {.d = {0, 0}};
    for (unsigned k = 0; k < count; k++)
        table[k] = cpu->v[(vn + k) & 31];
    if (keep)
        r = cpu->v[vd];
    for (unsigned i = 0; i < 8u << q; i++)
        if (index.b[i] < 16 * count)
            r.b[i] = table[index.b[i] / 16].b[index.b[i] % 16];
    lp_vput_q(cpu, vd, q, r);
}
LP_OP(TBL_v) { table_lookup(cpu, f.len + 1u, f.Vn, f.Vm, f.Vd, f.Q, false); }
LP_OP(TBX_v) { table_lookup(cpu, f.len + 1u, f.Vn, f.Vm, f.Vd, f.Q, true); }

/* ---- permutes, over whole registers: constant lanes become host shuffles ---- */
#define UZP_LANES(M, W, odd)                                   \
    for (unsigned i = 0; i < LP_LANE_COUNT(M) / 2; i++) {      \
        r.M[i] = n.M[2 * i + (odd)];                           \
        r.M[i + LP_LANE_COUNT(M) / 2] = m.M[2 * i + (odd)];    \
    }
#define TRN_LANES(M, W, odd)                                   \
    for (unsigned i = 0; i < LP_LANE_COUNT(M); i += 2) {       \
        r.M[i] = n.M[i + (odd)];                               \
        r.M[i + 1] = m.M[i + (odd)];                           \
    }
#define ZIP_LANES(M, W, first)                                 \
    for (unsigned i = 0; i < LP_LANE_COUNT(M) / 2; i++) {      \
        r.M[2 * i] = n.M[i + (first)];                         \
        r.M[2 * i + 1] = m.M[i + (first)];                     \
    }
#define ZIP2_LANES(M, W, unused) ZIP_LANES(M, W, LP_LANE_COUNT(M) / 2)
#define PERMUTE(ROW, LANES, which, fit)                        \
    LP_OP(ROW##_v)                                             \
    {                                                          \
        union lp_vreg n = lp_vget(cpu, f.Vn, 8u << f.Q), m = lp_vget(cpu, f.Vm, 8u << f.Q), r; \
        if (!f.Q)                                              \
            fit;                                               \
        LP_LANES_U(f.size, LANES, which)                       \
        lp_vput_q(cpu, f.Vd, f.Q, r);                          \
    }
/* Half registers: Vm:Vn is one register's worth of lanes to choose from; the high halves of ZIP2 are the low ones moved up. */
PERMUTE(UZP1, UZP_LANES, 0, n.d[1] = m.d[0])
PERMUTE(UZP2, UZP_LANES, 1, n.d[1] = m.d[0])
PERMUTE(TRN1, TRN_LANES, 0, (void)0)
PERMUTE(TRN2, TRN_LANES, 1, (void)0)
PERMUTE(ZIP1, ZIP_LANES, 0, (void)0)
PERMUTE(ZIP2, ZIP2_LANES, 0, (n.q <<= 32, m.q <<= 32))

/* ---- modified immediate ---- */
LP_INLINE void put_imm(struct lp_cpu *cpu, unsigned vd, unsigned q, uint64_t imm)
{
    cpu->v[vd].d[0] = imm;
    cpu->v[vd].d[1] = q ? imm : 0;
}
LP_INLINE void orr_imm(struct lp_cpu *cpu, unsigned vd, unsigned q, uint64_t imm)
{
    cpu->v[vd].d[0] |= imm;
    cpu->v[vd].d[1] = q ? cpu->v[vd].d[1] | imm : 0;
}
LP_INLINE void bic_imm(struct lp_cpu *cpu, unsigned vd, unsigned q, uint64_t imm)
{
    cpu->v[vd].d[0] &= ~imm;
    cpu->v[vd].d[1] = q ? cpu->v[vd].d[1] & ~imm : 0;
}
LP_OP(MOVI_v) { put_imm(cpu, f.Vd, f.Q, f.imm); }
LP_OP(MVNI_v) { put_imm(cpu, f.Vd, f.Q, ~f.imm); }
LP_OP(MOVI_d_v) { put_imm(cpu, f.Vd, f.Q, f.imm); }
LP_OP(FMOV_imm_s_v) { put_imm(cpu, f.Vd, f.Q, f.imm); }
LP_OP(FMOV_imm_d_v) { put_imm(cpu, f.Vd, 1, f.imm); }
LP_OP(FMOV_imm_h_v) { put_imm(cpu, f.Vd, f.Q, f.imm); }
LP_OP(ORR_imm_s_v) { orr_imm(cpu, f.Vd, f.Q, f.imm); }
LP_OP(ORR_imm_h_v) { orr_imm(cpu, f.Vd, f.Q, f.imm); }
LP_OP(BIC_imm_s_v) { bic_imm(cpu, f.Vd, f.Q, f.imm); }
LP_OP(BIC_imm_h_v) { bic_imm(cpu, f.Vd, f.Q, f.imm); }

/* The dispatch includes several classes in one unit. */
#undef SPLAT
#undef DUP_INS
#undef UZP_LANES
#undef TRN_LANES
#undef ZIP_LANES
#undef ZIP2_LANES
#undef PERMUTE
#include "a64/simd_copy.export.gen.h"
