/* exec/ldst_struct.c - LD1-LD4, ST1-ST4 and LD1R-LD4R (Arm ARM C7.2).
 * Everything is loaded before the first register changes, so that a fault in the middle leaves them all as they were. */
#include <config.h>
#include "exec/op.h"
#include "exec/ldst_addr.h"
#include "exec/simd.h"

/* n registers of 8 << q bytes each, in order of address. */
LP_INLINE void st_load_all(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned n, unsigned q, union lp_vreg *r)
{
    for (unsigned i = 0; i < n; i++) {
        r[i].d[1] = 0;
        if (q)
            r[i].q = lp_ld128(cpu, op, addr + 16 * i);
        else
            r[i].d[0] = lp_ld64(cpu, op, addr + 8 * i);
    }
}
LP_INLINE void st_store_all(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned n, unsigned q, const union lp_vreg *r)
{
    for (unsigned i = 0; i < n; i++) {
        if (q)
            lp_st128(cpu, op, addr + 16 * i, r[i].q);
        else
            lp_st64(cpu, op, addr + 8 * i, r[i].d[0]);
    }
}

/* Lane e of register s is lane e * n + s of the memory image: a loop of constant counts for each size and width. Registers of the image are
 * 8 << q bytes, in sixteen. */
#define ST_EACH(M, q, n, ...)                                          \
    for (unsigned e = 0; e < LP_LANE_COUNT(M) >> !(q); e++)            \
        for (unsigned s = 0; s < (n); s++) {                           \
            enum { lanes = LP_LANE_COUNT(M) >> !(q) };                 \
            __typeof__(image->M[0]) *const at = &image[(e * (n) + s) / lanes].M[(e * (n) + s) % lanes]; \
            __VA_ARGS__;                                               \
        }
#define ST_SIZE(M, q, n, ...)               \
    {                                       \
        if (q)                              \
            ST_EACH(M, 1, n, __VA_ARGS__)   \
        else                                \
            ST_EACH(M, 0, n, __VA_ARGS__)   \
    }                                       \
    break
LP_INLINE void st_part(union lp_vreg *r, const union lp_vreg *image, unsigned n, unsigned q, unsigned size)
{
    switch (size) {
    case 0: ST_SIZE(b, q, n, r[s].b[e] = *at);
    case 1: ST_SIZE(h, q, n, r[s].h[e] = *at);
    case 2: ST_SIZE(s, q, n, r[s].s[e] = *at);
    default: ST_SIZE(d, q, n, r[s].d[e] = *at);
    }
}
LP_INLINE void st_join(union lp_vreg *image, const union lp_vreg *r, unsigned n, unsigned q, unsigned size)
{
    switch (size) {
    case 0: ST_SIZE(b, q, n, *at = r[s].b[e]);
    case 1: ST_SIZE(h, q, n, *at = r[s].h[e]);
    case 2: ST_SIZE(s, q, n, *at = r[s].s[e]);
    default: ST_SIZE(d, q, n, *at = r[s].d[e]);
    }
}
#undef ST_EACH
#undef ST_SIZE

LP_INLINE void st_mult_load(struct lp_cpu *cpu, const struct lp_op *op, unsigned n, unsigned interleave, unsigned q, unsigned size,
                            unsigned vt, unsigned rn)
{
    union lp_vreg image[4], r[4];
    st_load_all(cpu, op, cpu->x[rn], n, q, image);
    memset(r, 0, sizeof r);
    if (interleave)
        st_part(r, image, n, q, size);
    for (unsigned s = 0; s < n; s++)
        cpu->v[(vt + s) & 31] = interleave ? r[s] : image[s];
}
LP_INLINE void st_mult_store(struct lp_cpu *cpu, const struct lp_op *op, unsigned n, unsigned interleave, unsigned q, unsigned size,
                             unsigned vt, unsigned rn)
{
    union lp_vreg image[4], r[4];
    for (unsigned s = 0; s < n; s++)
        r[s] = cpu->v[(vt + s) & 31];
    if (interleave)
        st_join(image, r, n, q, size);
    else
        memcpy(image, r, n * sizeof *r);
    st_store_all(cpu, op, cpu->x[rn], n, q, image);
}

/* Post-index: by Xm, or by the size of the transfer if Rm is 31. */
LP_INLINE void st_post(struct lp_cpu *cpu, unsigned rn, unsigned rm, unsigned bytes) { cpu->x[rn] += rm == 31 ? bytes : cpu->x[rm]; }

#define ST_MULT(name, dir, n, interleave)                                                      \
    LP_OP(name##_mult) { st_mult_##dir(cpu, op, n, interleave, f.Q, f.size, f.Vt, f.Rn); }     \
    LP_OP(name##_mult_post)                                                                    \
    {                                                                                          \
        st_mult_##dir(cpu, op, n, interleave, f.Q, f.size, f.Vt, f.Rn);                        \
        st_post(cpu, f.Rn, f.Rm, n * 8u << f.Q);                                               \
    }
ST_MULT(LD1_1, load, 1, 0)
ST_MULT(LD1_2, load, 2, 0)
ST_MULT(LD1_3, load, 3, 0)
ST_MULT(LD1_4, load, 4, 0)
ST_MULT(LD2, load, 2, 1)
ST_MULT(LD3, load, 3, 1)
ST_MULT(LD4, load, 4, 1)
ST_MULT(ST1_1, store, 1, 0)
ST_MULT(ST1_2, store, 2, 0)
ST_MULT(ST1_3, store, 3, 0)
ST_MULT(ST1_4, store, 4, 0)
ST_MULT(ST2, store, 2, 1)
ST_MULT(ST3, store, 3, 1)
ST_MULT(ST4, store, 4, 1)
#undef ST_MULT

/* ---- one lane ---- */
LP_INLINE uint64_t st_ld(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned log2)
{
    switch (log2) {
    case 0: return lp_ld8(cpu, op, addr);
    case 1: return lp_ld16(cpu, op, addr);
    case 2: return lp_ld32(cpu, op, addr);
    default: return lp_ld64(cpu, op, addr);
    }
}
LP_INLINE void st_st(struct lp_cpu *cpu, const struct lp_op *op, uint64_t addr, unsigned log2, const union lp_vreg *v, unsigned e)
{
    switch (log2) {
    case 0: lp_st8(cpu, op, addr, v->b[e]); break;
    case 1: lp_st16(cpu, op, addr, v->h[e]); break;
    case 2: lp_st32(cpu, op, addr, v->s[e]); break;
    default: lp_st64(cpu, op, addr, v->d[e]); break;
    }
}

struct st_lane { unsigned log2, index; };
/* Q:S:size with the low bits cut by the scale; scale 2 with size 01 is the 64-bit lane. */
LP_INLINE struct st_lane st_lane(unsigned sc, unsigned q, unsigned s, unsigned size)
{
    unsigned all = q << 3 | s << 2 | size;
    unsigned log2 = sc == 2 && size & 1 ? 3 : sc;
    return (struct st_lane){log2, all >> log2};
}
LP_INLINE void st_lane_load(struct lp_cpu *cpu, const struct lp_op *op, unsigned n, struct st_lane l, unsigned vt, unsigned rn)
{
    uint64_t v[4];
    for (unsigned s = 0; s < n; s++)
        v[s] = st_ld(cpu, op, cpu->x[rn] + ((uint64_t)s << l.log2), l.log2);
    for (unsigned s = 0; s < n; s++) {
        union lp_vreg *r = &cpu->v[(vt + s) & 31];
        switch (l.log2) {
        case 0: r->b[l.index] = (uint8_t)v[s]; break;
        case 1: r->h[l.index] = (uint16_t)v[s]; break;
        case 2: r->s[l.index] = (uint32_t)v[s]; break;
        default: r->d[l.index] = v[s]; break;
        }
    }
}
LP_INLINE void st_lane_store(struct lp_cpu *cpu, const struct lp_op *op, unsigned n, struct st_lane l, unsigned vt, unsigned rn)
{
    for (unsigned s = 0; s < n; s++)
        st_st(cpu, op, cpu->x[rn] + ((uint64_t)s << l.log2), l.log2, &cpu->v[(vt + s) & 31], l.index);
}
#define ST_LANE(name, dir, n)                                                                          \
    LP_OP(name##_lane) { st_lane_##dir(cpu, op, n, st_lane(f.sc, f.Q, f.S, f.size), f.Vt, f.Rn); }     \
    LP_OP(name##_lane_post)                                                                            \
    {                                                                                                  \
        const struct st_lane l = st_lane(f.sc, f.Q, f.S, f.size);                                      \
        st_lane_##dir(cpu, op, n, l, f.Vt, f.Rn);                                                      \
        st_post(cpu, f.Rn, f.Rm, n << l.log2);                                                         \
    }
ST_LANE(LD1, load, 1)
ST_LANE(LD2, load, 2)
ST_LANE(LD3, load, 3)
ST_LANE(LD4, load, 4)
ST_LANE(ST1, store, 1)
ST_LANE(ST2, store, 2)
ST_LANE(ST3, store, 3)
ST_LANE(ST4, store, 4)
#undef ST_LANE

/* ---- one element into all lanes ---- */
LP_INLINE void st_replicate(struct lp_cpu *cpu, const struct lp_op *op, unsigned n, unsigned q, unsigned size, unsigned vt, unsigned rn)
{
    /* A multiplication copies the element into every lane of 64 bits. */
    static const uint64_t ones[] = {UINT64_C(0x0101010101010101), UINT64_C(0x0001000100010001), UINT64_C(0x0000000100000001), 1};
    uint64_t v[4];
    for (unsigned s = 0; s < n; s++)
        v[s] = st_ld(cpu, op, cpu->x[rn] + ((uint64_t)s << size), size) * ones[size];
    for (unsigned s = 0; s < n; s++) {
        union lp_vreg *r = &cpu->v[(vt + s) & 31];
        r->d[0] = v[s];
        r->d[1] = q ? v[s] : 0;
    }
}
#define ST_REPLICATE(name, n)                                                                  \
    LP_OP(name) { st_replicate(cpu, op, n, f.Q, f.size, f.Vt, f.Rn); }                         \
    LP_OP(name##_post)                                                                         \
    {                                                                                          \
        st_replicate(cpu, op, n, f.Q, f.size, f.Vt, f.Rn);                                     \
        st_post(cpu, f.Rn, f.Rm, n << f.size);                                                 \
    }
ST_REPLICATE(LD1R, 1)
ST_REPLICATE(LD2R, 2)
ST_REPLICATE(LD3R, 3)
ST_REPLICATE(LD4R, 4)
#undef ST_REPLICATE

#include "a64/ldst_struct.export.gen.h"
