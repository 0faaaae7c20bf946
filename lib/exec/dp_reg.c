/* exec/dp_reg.c - data processing on registers: what each row of a64/dp_reg.decode does. */
#include <config.h>
#include "exec/op.h"
#include "exec/flags.h"

/* ShiftReg (J1): LSL, LSR, ASR, ROR by 0..63 (0..31 for W). */
LP_INLINE uint64_t dp_shift(uint64_t v, unsigned sf, unsigned type, unsigned n)
{
    uint32_t w = (uint32_t)v;
    switch (type) {
    case 0: return sf ? v << n : w << n;
    case 1: return sf ? v >> n : w >> n;
    case 2: return sf ? (uint64_t)((int64_t)v >> n) : (uint32_t)((int32_t)w >> n);
    default: return sf ? v >> n | v << (-n & 63) : w >> n | w << (-n & 31);
    }
}
/* ExtendReg (J1). */
LP_INLINE uint64_t dp_extend(uint64_t v, unsigned option, unsigned n)
{
    switch (option) {
    case 0: v = (uint8_t)v; break;
    case 1: v = (uint16_t)v; break;
    case 2: v = (uint32_t)v; break;
    case 4: v = (uint64_t)(int64_t)(int8_t)v; break;
    case 5: v = (uint64_t)(int64_t)(int16_t)v; break;
    case 6: v = (uint64_t)(int64_t)(int32_t)v; break;
    default: break;
    }
    return v << n;
}
#define N lp_rd(cpu, f.Rn)
#define M lp_rd(cpu, f.Rm)
#define SHIFTED dp_shift(M, f.sf, f.shift, f.imm6)
#define EXTENDED dp_extend(M, f.option, f.imm3)
#define SET(v) lp_wr(cpu, f.sf, f.Rd, v)

LP_OP(ADD_shift) { SET(N + SHIFTED); }
LP_OP(SUB_shift) { SET(N - SHIFTED); }
LP_OP(ADDS_shift) { cpu->x[f.Rd] = lp_adds(cpu, f.sf, N, SHIFTED); }
LP_OP(SUBS_shift) { cpu->x[f.Rd] = lp_subs(cpu, f.sf, N, SHIFTED); }
LP_OP(ADD_reg) { SET(N + M); }
LP_OP(SUB_reg) { SET(N - M); }
LP_OP(ADDS_reg) { cpu->x[f.Rd] = lp_adds(cpu, f.sf, N, M); }
LP_OP(SUBS_reg) { cpu->x[f.Rd] = lp_subs(cpu, f.sf, N, M); }
LP_OP(ADD_ext) { SET(N + EXTENDED); }
LP_OP(SUB_ext) { SET(N - EXTENDED); }
LP_OP(ADDS_ext) { cpu->x[f.Rd] = lp_adds(cpu, f.sf, N, EXTENDED); }
LP_OP(SUBS_ext) { cpu->x[f.Rd] = lp_subs(cpu, f.sf, N, EXTENDED); }

LP_OP(ADC) { SET(N + M + cpu->f.c); }
LP_OP(SBC) { SET(N + ~M + cpu->f.c); }
LP_OP(ADCS) { cpu->x[f.Rd] = lp_adcs(cpu, f.sf, N, M); }
LP_OP(SBCS) { cpu->x[f.Rd] = lp_adcs(cpu, f.sf, N, ~M); }

LP_OP(AND_shift) { SET(N & SHIFTED); }
LP_OP(BIC_shift) { SET(N & ~SHIFTED); }
LP_OP(ORR_shift) { SET(N | SHIFTED); }
LP_OP(ORN_shift) { SET(N | ~SHIFTED); }
LP_OP(EOR_shift) { SET(N ^ SHIFTED); }
LP_OP(EON_shift) { SET(N ^ ~SHIFTED); }
LP_OP(ANDS_shift) { cpu->x[f.Rd] = lp_logic(cpu, f.sf, N & SHIFTED); }
LP_OP(BICS_shift) { cpu->x[f.Rd] = lp_logic(cpu, f.sf, N & ~SHIFTED); }
LP_OP(AND_reg) { SET(N & M); }
LP_OP(BIC_reg) { SET(N & ~M); }
LP_OP(ORR_reg) { SET(N | M); }
LP_OP(EOR_reg) { SET(N ^ M); }
LP_OP(MOV_reg) { SET(M); }
LP_OP(ANDS_reg) { cpu->x[f.Rd] = lp_logic(cpu, f.sf, N & M); }

#define CCMP(compare) \
    if (lp_cond(cpu, f.cond)) \
        compare; \
    else \
        lp_set_nzcv(cpu, (uint32_t)f.nzcv << 28)
LP_OP(CCMN_reg) { CCMP(lp_adds(cpu, f.sf, N, M)); }
LP_OP(CCMN_imm) { CCMP(lp_adds(cpu, f.sf, N, f.imm5)); }
LP_OP(CCMP_reg) { CCMP(lp_subs(cpu, f.sf, N, M)); }
LP_OP(CCMP_imm) { CCMP(lp_subs(cpu, f.sf, N, f.imm5)); }

LP_OP(CSEL) { uint64_t n = N, m = M; SET(lp_cond(cpu, f.cond) ? n : m); }
LP_OP(CSINC) { uint64_t n = N, m = M + 1; SET(lp_cond(cpu, f.cond) ? n : m); }
LP_OP(CSINV) { uint64_t n = N, m = ~M; SET(lp_cond(cpu, f.cond) ? n : m); }
LP_OP(CSNEG) { uint64_t n = N, m = -M; SET(lp_cond(cpu, f.cond) ? n : m); }

/* ---- one source ---- */
LP_OP(RBIT)
{
    uint64_t v = __builtin_bswap64(N);
    v = (v >> 4 & UINT64_C(0x0f0f0f0f0f0f0f0f)) | (v & UINT64_C(0x0f0f0f0f0f0f0f0f)) << 4;
    v = (v >> 2 & UINT64_C(0x3333333333333333)) | (v & UINT64_C(0x3333333333333333)) << 2;
    v = (v >> 1 & UINT64_C(0x5555555555555555)) | (v & UINT64_C(0x5555555555555555)) << 1;
    cpu->x[f.Rd] = f.sf ? v : v >> 32;
}
LP_OP(REV16)
{
    uint64_t v = N;
    SET((v >> 8 & UINT64_C(0x00ff00ff00ff00ff)) | (v & UINT64_C(0x00ff00ff00ff00ff)) << 8);
}
LP_OP(REV_w) { cpu->x[f.Rd] = __builtin_bswap32((uint32_t)N); }
LP_OP(REV32) { uint64_t v = __builtin_bswap64(N); cpu->x[f.Rd] = v >> 32 | v << 32; }
LP_OP(REV_x) { cpu->x[f.Rd] = __builtin_bswap64(N); }

static inline unsigned dp_clz(uint64_t v) { return v ? (unsigned)__builtin_clzll(v) : 64; }
LP_OP(CLZ) { cpu->x[f.Rd] = f.sf ? dp_clz(N) : dp_clz((uint32_t)N) - 32; }
/* Bits below the sign that equal it. */
LP_OP(CLS)
{
    uint64_t v = f.sf ? N : N << 32 | (N >> 31 & 1 ? UINT32_MAX : 0);
    v ^= (uint64_t)((int64_t)v >> 63);
    unsigned n = dp_clz(v) - 1;
    cpu->x[f.Rd] = f.sf ? n : n > 31 ? 31 : n;
}

/* ---- two sources ---- */
/* Division by zero gives 0; INT_MIN / -1 gives INT_MIN. */
LP_OP(UDIV)
{
    uint64_t n = f.sf ? N : (uint32_t)N, m = f.sf ? M : (uint32_t)M;
    if (f.sf)
        cpu->x[f.Rd] = m ? n / m : 0;
    else
        cpu->x[f.Rd] = m ? (uint32_t)n / (uint32_t)m : 0;
}
LP_OP(SDIV)
{
    if (f.sf) {
        int64_t n = (int64_t)N, m = (int64_t)M;
        cpu->x[f.Rd] = m == 0 ? 0 : m == -1 ? -(uint64_t)n : (uint64_t)(n / m);
    } else {
        int32_t n = (int32_t)N, m = (int32_t)M;
        cpu->x[f.Rd] = m == 0 ? 0 : m == -1 ? -(uint32_t)n : (uint32_t)(n / m);
    }
}
LP_OP(LSLV) { cpu->x[f.Rd] = dp_shift(N, f.sf, 0, M & (f.sf ? 63 : 31)); }
LP_OP(LSRV) { cpu->x[f.Rd] = dp_shift(N, f.sf, 1, M & (f.sf ? 63 : 31)); }
LP_OP(ASRV) { cpu->x[f.Rd] = dp_shift(N, f.sf, 2, M & (f.sf ? 63 : 31)); }
LP_OP(RORV) { cpu->x[f.Rd] = dp_shift(N, f.sf, 3, M & (f.sf ? 63 : 31)); }

/* CRC of 1 << sz bytes, bits reflected, four bits at a time: the remainders of 0-15 by the reversed polynomials 0xedb88320 and 0x82f63b78. */
static const uint32_t dp_crc32[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
static const uint32_t dp_crc32c[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
static inline uint32_t dp_crc(uint32_t crc, uint64_t v, unsigned sz, const uint32_t step[16])
{
    for (unsigned i = 0; i < 2u << sz; i++, v >>= 4)
        crc = crc >> 4 ^ step[(crc ^ v) & 15];
    return crc;
}
LP_OP(CRC32) { cpu->x[f.Rd] = dp_crc((uint32_t)N, M, f.sz, dp_crc32); }
LP_OP(CRC32C) { cpu->x[f.Rd] = dp_crc((uint32_t)N, M, f.sz, dp_crc32c); }

/* ---- three sources ---- */
#define A lp_rd(cpu, f.Ra)
#define SN ((int64_t)(int32_t)N)
#define SM ((int64_t)(int32_t)M)
#define UN ((uint64_t)(uint32_t)N)
#define UM ((uint64_t)(uint32_t)M)
LP_OP(MADD) { SET(A + N * M); }
LP_OP(MSUB) { SET(A - N * M); }
LP_OP(MUL) { SET(N * M); }
LP_OP(SMADDL) { cpu->x[f.Rd] = A + (uint64_t)(SN * SM); }
LP_OP(SMSUBL) { cpu->x[f.Rd] = A - (uint64_t)(SN * SM); }
LP_OP(UMADDL) { cpu->x[f.Rd] = A + UN * UM; }
LP_OP(UMSUBL) { cpu->x[f.Rd] = A - UN * UM; }
LP_OP(SMULH) { cpu->x[f.Rd] = (uint64_t)((lp_i128)(int64_t)N * (int64_t)M >> 64); }
LP_OP(UMULH) { cpu->x[f.Rd] = (uint64_t)((lp_u128)N * M >> 64); }

#undef N
#undef M
#undef A
#undef SN
#undef SM
#undef UN
#undef UM
#undef SHIFTED
#undef EXTENDED
#undef SET
#undef CCMP

#include "a64/dp_reg.export.gen.h"
