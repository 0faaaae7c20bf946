/* exec/simd_shift.c - AdvSIMD shifts by immediate (Arm ARM C7.2). */
#include <config.h>
#include "exec/op.h"
#include "exec/simd.h"
#include "exec/simd_long.h"

LP_INLINE unsigned lane_size(unsigned immh) { return immh >= 8 ? 3 : immh >= 4 ? 2 : immh >= 2 ? 1 : 0; }
#define LEFT(esize) (f.immh << 3 | f.immb) - (esize)
#define RIGHT(esize) 2 * (esize) - (f.immh << 3 | f.immb)

/* One source; `sh` is the shift, a the lane of Vn, c the old lane of Vd. */
#define BODY(KIND, size_, bytes, dir, ...)                                      \
    const unsigned size = size_, sh LP_UNUSED = (unsigned)(dir(8u << size));    \
    const union lp_vreg n = lp_vget(cpu, f.Vn, bytes), m = n, d = cpu->v[f.Vd]; \
    union lp_vreg r;                                                            \
    unsigned qc = 0;                                                            \
    LP_LANES_##KIND(size, LP_EACH, __VA_ARGS__)                                 \
    lp_vput(cpu, f.Vd, bytes, r);                                               \
    lp_set_qc(cpu, qc);
#define VEC(ROW, KIND, dir, ...) LP_OP(ROW##_v) { BODY(KIND, lane_size(f.immh), 8u << f.Q, dir, __VA_ARGS__) }
/* The scalar form is a doubleword ... */
#define VEC_D(ROW, KIND, dir, ...)      \
    VEC(ROW, KIND, dir, __VA_ARGS__)    \
    LP_OP(ROW##_s) { BODY(KIND, 3, 8, dir, __VA_ARGS__) }
/* ... or any size. */
#define VEC_S(ROW, KIND, dir, ...)      \
    VEC(ROW, KIND, dir, __VA_ARGS__)    \
    LP_OP(ROW##_s) { BODY(KIND, lane_size(f.immh), 1u << lane_size(f.immh), dir, __VA_ARGS__) }

/* Right, by 1 to the whole width: in two steps, each of less than the width. Rounded: the bit shifted out last is added. */
#define SHR(a) ((a) >> (sh - 1) >> 1)
#define RSHR(a) (SHR(a) + ((a) >> (sh - 1) & 1))
#define UNSIGNED(x) _Generic((x), int32_t: (uint32_t)(x), int64_t: (uint64_t)(x))
VEC_D(SSHR, S, RIGHT, SHR(a))
VEC_D(SSRA, S, RIGHT, UNSIGNED(c) + UNSIGNED(SHR(a)))
VEC_D(USRA, U, RIGHT, c + SHR(a))
VEC_D(SRSHR, S, RIGHT, RSHR(a))
VEC_D(URSHR, U, RIGHT, RSHR(a))
VEC_D(SRSRA, S, RIGHT, UNSIGNED(c) + UNSIGNED(RSHR(a)))
VEC_D(URSRA, U, RIGHT, c + RSHR(a))
#undef UNSIGNED
/* The frequent ones as one vector operation; a shift right by the whole width is left to the caller. */
typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef uint16_t u16x8 __attribute__((vector_size(16)));
typedef uint32_t u32x4 __attribute__((vector_size(16)));
#define SHIFT_LANES(type, count)                      \
    {                                                 \
        type v;                                       \
        memcpy(&v, &n, sizeof v);                     \
        v = left ? v << (count)sh : v >> (count)sh;   \
        memcpy(&r, &v, sizeof r);                     \
    }                                                 \
    break
LP_INLINE union lp_vreg shift_all(union lp_vreg n, unsigned size, bool left, unsigned sh)
{
    union lp_vreg r;
    switch (size) {
    case 0: SHIFT_LANES(u8x16, uint8_t);
    case 1: SHIFT_LANES(u16x8, uint16_t);
    case 2: SHIFT_LANES(u32x4, uint32_t);
    default: SHIFT_LANES(lp_u64x2, uint64_t);
    }
    return r;
}
#undef SHIFT_LANES
#define SHIFT_ALL(size_, bytes, left, dir)                                              \
    const unsigned size = size_, sh = (unsigned)(dir(8u << size));                      \
    const union lp_vreg n = lp_vget(cpu, f.Vn, bytes);                                  \
    union lp_vreg r = {.d = {0, 0}};                                                    \
    if (sh < 8u << size)                                                                \
        r = shift_all(n, size, left, sh);                                               \
    lp_vput(cpu, f.Vd, bytes, r)
LP_OP(USHR_v) { SHIFT_ALL(lane_size(f.immh), 8u << f.Q, false, RIGHT); }
LP_OP(USHR_s) { SHIFT_ALL(3, 8, false, RIGHT); }
LP_OP(SHL_v) { SHIFT_ALL(lane_size(f.immh), 8u << f.Q, true, LEFT); }
LP_OP(SHL_s) { SHIFT_ALL(3, 8, true, LEFT); }
#undef SHIFT_ALL
/* Insert: the bits that the shift leaves free keep the destination's. */
#define ONES ((__typeof__(a))(UINT64_MAX >> (64 - bits)))
VEC_D(SLI, U, LEFT, a << sh | (c & ~(ONES << sh)))
VEC_D(SRI, U, RIGHT, SHR(a) | (c & ~SHR(ONES)))
#undef ONES
VEC_S(SQSHL_imm, S, LEFT, lp_sqshl(a, sh, bits, &qc))
VEC_S(UQSHL_imm, U, LEFT, lp_uqshl(a, sh, bits, &qc))
VEC_S(SQSHLU, S, LEFT, lp_sqshlu(a, sh, bits, &qc))

/* ---- narrow: shift the wide lane right (up to the narrow width), then keep or clamp to the low half ---- */
#define NARROW_LANES(SIGN, EACH, size, source, ...)                             \
    const unsigned sh = (unsigned)(RIGHT(8u << (size)));                        \
    const union lp_vreg n = source, m LP_UNUSED = n;                            \
    union lp_vreg r;                                                            \
    unsigned qc = 0;                                                            \
    LP_LONG_##SIGN(size, EACH, __VA_ARGS__)                                     \
    lp_set_qc(cpu, qc);
#define NARROW(ROW, SIGN, EACH, ...)                                            \
    LP_OP(ROW##_v)                                                              \
    {                                                                           \
        NARROW_LANES(SIGN, EACH, lane_size(f.immh), cpu->v[f.Vn], __VA_ARGS__)        \
        lp_vput_half(cpu, f.Vd, f.Q, r.d[0]);                                   \
    }
#define NARROW_S(ROW, SIGN, ...)                                                \
    NARROW(ROW, SIGN, LP_EACH_NARROW_SAT, __VA_ARGS__)                          \
    LP_OP(ROW##_s)                                                              \
    {                                                                           \
        NARROW_LANES(SIGN, LP_EACH_NARROW_SAT, lane_size(f.immh), lp_vget(cpu, f.Vn, 2u << lane_size(f.immh)), __VA_ARGS__) \
        lp_vput(cpu, f.Vd, 1u << lane_size(f.immh), r);                         \
    }
NARROW(SHRN, U, LP_EACH_NARROW, a >> sh)
NARROW(RSHRN, U, LP_EACH_NARROW, RSHR(a))
NARROW_S(SQSHRN, S, LP_SRANGE, SHR(a))
NARROW_S(SQRSHRN, S, LP_SRANGE, RSHR(a))
NARROW_S(SQSHRUN, S, LP_URANGE, SHR(a))
NARROW_S(SQRSHRUN, S, LP_URANGE, RSHR(a))
NARROW_S(UQSHRN, U, LP_URANGE, SHR(a))
NARROW_S(UQRSHRN, U, LP_URANGE, RSHR(a))

/* ---- lengthen ---- */
#define LONG(ROW, SIGN)                                                         \
    LP_OP(ROW##_v)                                                              \
    {                                                                           \
        const unsigned size = lane_size(f.immh), sh = (unsigned)(LEFT(8u << size)); \
        const union lp_vreg n = lp_vhalf(cpu->v[f.Vn], f.Q), m = n, d = n;      \
        union lp_vreg r;                                                        \
        LP_LONG_##SIGN(size, LP_EACH_LONG, a * ((__typeof__(a))1 << sh))        \
        cpu->v[f.Vd] = r;                                                       \
    }
LONG(SSHLL, S)
LONG(USHLL, U)

/* The dispatch includes several classes in one unit. */
#undef LEFT
#undef RIGHT
#undef BODY
#undef VEC
#undef VEC_D
#undef VEC_S
#undef SHR
#undef RSHR
#undef NARROW_LANES
#undef NARROW
#undef NARROW_S
#undef LONG
#include "a64/simd_shift.export.gen.h"
