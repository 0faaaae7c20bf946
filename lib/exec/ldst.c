/* exec/ldst.c - loads and stores of general registers (Arm ARM C6.2). Addresses wrap at 64 bits.
 * Writeback comes last but for a loaded register: where both are the same (CONSTRAINED UNPREDICTABLE) the load wins. */
#include <config.h>
#include "exec/op.h"
#include "exec/ldst_addr.h"

/* What is loaded: width, then what extends it. */
enum { LS_8, LS_16, LS_32, LS_64, LS_S8W, LS_S8X, LS_S16W, LS_S16X, LS_S32X };

LP_INLINE uint64_t ls_load(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned kind)
{
    switch (kind) {
    case LS_8: return lp_ld8(cpu, op, addr);
    case LS_16: return lp_ld16(cpu, op, addr);
    case LS_32: return lp_ld32(cpu, op, addr);
    case LS_64: return lp_ld64(cpu, op, addr);
    case LS_S8W: return (uint32_t)(int8_t)lp_ld8(cpu, op, addr);
    case LS_S8X: return (uint64_t)(int8_t)lp_ld8(cpu, op, addr);
    case LS_S16W: return (uint32_t)(int16_t)lp_ld16(cpu, op, addr);
    case LS_S16X: return (uint64_t)(int16_t)lp_ld16(cpu, op, addr);
    default: return (uint64_t)(int32_t)lp_ld32(cpu, op, addr);
    }
}

LP_INLINE void ls_store(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned kind, uint64_t v)
{
    switch (kind) {
    case LS_8: lp_st8(cpu, op, addr, (uint8_t)v); break;
    case LS_16: lp_st16(cpu, op, addr, (uint16_t)v); break;
    case LS_32: lp_st32(cpu, op, addr, (uint32_t)v); break;
    default: lp_st64(cpu, op, addr, v); break;
    }
}

/* The six addressing forms. At EL0 the unprivileged ones (LDTR, STTR) are plain accesses. */
#define LS_LOADS(R, U, T, kind, scale)                                                                          \
    LP_OP(R##_imm) { cpu->x[f.Rt] = ls_load(cpu, op, lp_ls_imm(cpu, f.Rn, (int64_t)f.imm12 << (scale)), kind); } \
    LP_OP(R##_reg)                                                                                              \
    {                                                                                                           \
        cpu->x[f.Rt] = ls_load(cpu, op, cpu->x[f.Rn] + lp_ls_offset(cpu, f.Rm, f.x64, f.sgn, f.S ? (scale) : 0), kind); \
    }                                                                                                           \
    LP_OP(R##_post)                                                                                             \
    {                                                                                                           \
        const uint64_t v = ls_load(cpu, op, cpu->x[f.Rn], kind);                                                \
        cpu->x[f.Rn] = lp_ls_imm(cpu, f.Rn, f.imm9);                                                            \
        cpu->x[f.Rt] = v;                                                                                       \
    }                                                                                                           \
    LP_OP(R##_pre)                                                                                              \
    {                                                                                                           \
        const uint64_t addr = lp_ls_imm(cpu, f.Rn, f.imm9);                                                     \
        const uint64_t v = ls_load(cpu, op, addr, kind);                                                        \
        cpu->x[f.Rn] = addr;                                                                                    \
        cpu->x[f.Rt] = v;                                                                                       \
    }                                                                                                           \
    LP_OP(U) { cpu->x[f.Rt] = ls_load(cpu, op, lp_ls_imm(cpu, f.Rn, f.imm9), kind); }                           \
    LP_OP(T) { cpu->x[f.Rt] = ls_load(cpu, op, lp_ls_imm(cpu, f.Rn, f.imm9), kind); }

#define LS_STORES(R, U, T, kind, scale)                                                                         \
    LP_OP(R##_imm) { ls_store(cpu, op, lp_ls_imm(cpu, f.Rn, (int64_t)f.imm12 << (scale)), kind, cpu->x[f.Rt]); } \
    LP_OP(R##_reg)                                                                                              \
    {                                                                                                           \
        ls_store(cpu, op, cpu->x[f.Rn] + lp_ls_offset(cpu, f.Rm, f.x64, f.sgn, f.S ? (scale) : 0), kind, cpu->x[f.Rt]); \
    }                                                                                                           \
    LP_OP(R##_post)                                                                                             \
    {                                                                                                           \
        ls_store(cpu, op, cpu->x[f.Rn], kind, cpu->x[f.Rt]);                                                    \
        cpu->x[f.Rn] = lp_ls_imm(cpu, f.Rn, f.imm9);                                                            \
    }                                                                                                           \
    LP_OP(R##_pre)                                                                                              \
    {                                                                                                           \
        const uint64_t addr = lp_ls_imm(cpu, f.Rn, f.imm9);                                                     \
        ls_store(cpu, op, addr, kind, cpu->x[f.Rt]);                                                            \
        cpu->x[f.Rn] = addr;                                                                                    \
    }                                                                                                           \
    LP_OP(U) { ls_store(cpu, op, lp_ls_imm(cpu, f.Rn, f.imm9), kind, cpu->x[f.Rt]); }                           \
    LP_OP(T) { ls_store(cpu, op, lp_ls_imm(cpu, f.Rn, f.imm9), kind, cpu->x[f.Rt]); }

LS_STORES(STRB, STURB, STTRB, LS_8, 0)
LS_STORES(STRH, STURH, STTRH, LS_16, 1)
LS_STORES(STR, STUR, STTR, f.sz ? LS_64 : LS_32, 2 + f.sz)
LS_LOADS(LDRB, LDURB, LDTRB, LS_8, 0)
LS_LOADS(LDRH, LDURH, LDTRH, LS_16, 1)
LS_LOADS(LDR, LDUR, LDTR, f.sz ? LS_64 : LS_32, 2 + f.sz)
LS_LOADS(LDRSB, LDURSB, LDTRSB, f.w ? LS_S8W : LS_S8X, 0)
LS_LOADS(LDRSH, LDURSH, LDTRSH, f.w ? LS_S16W : LS_S16X, 1)
LS_LOADS(LDRSW, LDURSW, LDTRSW, LS_S32X, 2)
#undef LS_LOADS
#undef LS_STORES

LP_OP(PRFM_imm) {}
LP_OP(PRFM_reg) {}
LP_OP(PRFM_lit) {}
LP_OP(PRFUM) {}

/* ---- literals ---- */
LP_OP(LDR_lit) { cpu->x[f.Rt] = ls_load(cpu, op, lp_op_pc(cpu, op) + (uint64_t)((int64_t)f.imm19 * 4), f.sz ? LS_64 : LS_32); }
LP_OP(LDRSW_lit) { cpu->x[f.Rt] = ls_load(cpu, op, lp_op_pc(cpu, op) + (uint64_t)((int64_t)f.imm19 * 4), LS_S32X); }

/* ---- pairs: one access of twice the size, so that a fault leaves both registers as they were; of a store over the end of a page, what is in front of the
 * fault may have been stored, as the Arm ARM allows. Two X registers at a multiple of 16 are one single-copy atomic value (FEAT_LSE2); through a vector
 * register that costs 7% of a recursive function, so only where another thread or process could see the difference ---- */
struct ls_pair { uint64_t a, b; };
LP_INLINE struct ls_pair ls_load2(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned sz)
{
    struct ls_pair p;
    if (sz) {
        const void *at = LP_HOST(cpu, op, addr, 16, LP_R);
        lp_u128 v;
        if (lp_monitor_shared(cpu)) {
            const lp_u64x2 one = lp_load128(at);
            p.a = one[0], p.b = one[1];
            return p;
        }
        __builtin_memcpy(&v, at, sizeof v);
        p.a = (uint64_t)v, p.b = (uint64_t)(v >> 64);
    } else {
        const uint64_t v = lp_ld64(cpu, op, addr);
        p.a = (uint32_t)v, p.b = v >> 32;
    }
    return p;
}
LP_INLINE void ls_store2(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned sz, uint64_t a, uint64_t b)
{
    if (sz) {
        const lp_u128 v = (lp_u128)b << 64 | a;
        void *at = LP_HOST(cpu, op, addr, 16, LP_W);
        if (lp_monitor_shared(cpu))
            lp_store128(at, (lp_u64x2){a, b});
        else
            __builtin_memcpy(at, &v, sizeof v);
    } else {
        lp_st64(cpu, op, addr, b << 32 | (uint32_t)a);
    }
}
LP_INLINE struct ls_pair ls_load_sw(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr)
{
    struct ls_pair p = ls_load2(cpu, op, addr, 0);
    p.a = (uint64_t)(int32_t)p.a, p.b = (uint64_t)(int32_t)p.b;
    return p;
}

#define LS_OFF(scale) ((int64_t)f.imm7 * (1 << (scale)))
#define LS_LOAD_PAIR(name, at, writeback, load)          \
    LP_OP(name)                                          \
    {                                                    \
        const uint64_t base = cpu->x[f.Rn];              \
        const uint64_t addr = base + (uint64_t)(at);     \
        const struct ls_pair p = load;                   \
        writeback;                                       \
        cpu->x[f.Rt] = p.a;                              \
        cpu->x[f.Rt2] = p.b;                             \
    }
#define LS_STORE_PAIR(name, at, writeback)               \
    LP_OP(name)                                          \
    {                                                    \
        const uint64_t base = cpu->x[f.Rn];              \
        const uint64_t addr = base + (uint64_t)(at);     \
        ls_store2(cpu, op, addr, f.sz, cpu->x[f.Rt], cpu->x[f.Rt2]); \
        writeback;                                       \
    }
#define LS_BACK(scale) cpu->x[f.Rn] = base + (uint64_t)LS_OFF(scale)
LS_LOAD_PAIR(LDP_off, LS_OFF(2 + f.sz), (void)0, ls_load2(cpu, op, addr, f.sz))
LS_LOAD_PAIR(LDP_post, 0, LS_BACK(2 + f.sz), ls_load2(cpu, op, addr, f.sz))
LS_LOAD_PAIR(LDP_pre, LS_OFF(2 + f.sz), LS_BACK(2 + f.sz), ls_load2(cpu, op, addr, f.sz))
LS_LOAD_PAIR(LDNP, LS_OFF(2 + f.sz), (void)0, ls_load2(cpu, op, addr, f.sz))
LS_LOAD_PAIR(LDPSW_off, LS_OFF(2), (void)0, ls_load_sw(cpu, op, addr))
LS_LOAD_PAIR(LDPSW_post, 0, LS_BACK(2), ls_load_sw(cpu, op, addr))
LS_LOAD_PAIR(LDPSW_pre, LS_OFF(2), LS_BACK(2), ls_load_sw(cpu, op, addr))
LS_STORE_PAIR(STP_off, LS_OFF(2 + f.sz), (void)0)
LS_STORE_PAIR(STP_post, 0, LS_BACK(2 + f.sz))
LS_STORE_PAIR(STP_pre, LS_OFF(2 + f.sz), LS_BACK(2 + f.sz))
LS_STORE_PAIR(STNP, LS_OFF(2 + f.sz), (void)0)
#undef LS_LOAD_PAIR
#undef LS_STORE_PAIR

/* ---- ordered accesses with an offset; the loads are RCpc ---- */
LP_INLINE uint64_t ls_extend(uint64_t v, unsigned kind)
{
    switch (kind) {
    case LS_S16W: return (uint32_t)(int16_t)v;
    case LS_S16X: return (uint64_t)(int16_t)v;
    case LS_S32X: return (uint64_t)(int32_t)v;
    default: return v;
    }
}
LP_INLINE uint64_t ls_acquire(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned kind)
{
    static const uint8_t size[] = {1, 2, 4, 8, 1, 1, 2, 2, 4};
    uint64_t v;
    if (lp_ls_unaligned(cpu, op, addr, size[kind], LP_R)) {
        v = lp_load_unaligned(LP_HOST(cpu, op, addr, size[kind], LP_R), size[kind], lp_ls_whole(cpu));
        v = ls_extend(v, kind);
    } else {
        v = ls_load(cpu, op, addr, kind); /* a single access on the host too */
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return v;
}
LP_OP(LDAPR) { cpu->x[f.Rt] = ls_acquire(cpu, op, cpu->x[f.Rn], f.size); }
LP_OP(LDAPUR) { cpu->x[f.Rt] = ls_acquire(cpu, op, lp_ls_imm(cpu, f.Rn, f.imm9), f.size); }
LP_OP(LDAPURSB) { cpu->x[f.Rt] = ls_acquire(cpu, op, lp_ls_imm(cpu, f.Rn, f.imm9), f.w ? LS_S8W : LS_S8X); }
LP_OP(LDAPURSH) { cpu->x[f.Rt] = ls_acquire(cpu, op, lp_ls_imm(cpu, f.Rn, f.imm9), f.w ? LS_S16W : LS_S16X); }
LP_OP(LDAPURSW) { cpu->x[f.Rt] = ls_acquire(cpu, op, lp_ls_imm(cpu, f.Rn, f.imm9), LS_S32X); }
LP_OP(STLUR)
{
    /* As ordered as STLR: a later LDAR must not be done first. */
    lp_ls_release(cpu, op, lp_ls_imm(cpu, f.Rn, f.imm9), f.size, cpu->x[f.Rt]);
}

#include "a64/ldst.export.gen.h"
