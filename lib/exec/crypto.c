/* exec/crypto.c - the cryptographic extensions: AES, SHA-1, SHA-256, SHA-512, SHA-3, SM3, SM4 (Arm ARM C7.2). PMULL is in simd_diff.c. */
#include <config.h>
#include "exec/op.h"
#include "exec/simd.h"
#include "exec/crypto_host.h"
#include "exec/crypto_sbox.h"

atomic_bool lp_crypto_portable;

LP_INLINE uint32_t cr_rol(uint32_t v, unsigned n) { return v << n | v >> (32 - n); }
LP_INLINE uint32_t cr_ror(uint32_t v, unsigned n) { return v >> n | v << (32 - n); }
LP_INLINE uint64_t cr_ror64(uint64_t v, unsigned n) { return v >> n | v << (-n & 63); }
/* Choose, majority, parity: of any width. */
#define CHOOSE(x, y, z) ((((y) ^ (z)) & (x)) ^ (z))
#define MAJORITY(x, y, z) (((x) & (y)) | (((x) | (y)) & (z)))
#define PARITY(x, y, z) ((x) ^ (y) ^ (z))

/* ---- AES: byte 4c + r of a vector is row r, column c of the state ---- */
/* The rows shift by `step` columns each, right for decryption (step 3 = -1), and every byte is substituted. */
LP_INLINE void aes_round(struct lp_cpu *cpu, unsigned Vd, unsigned Vn, const uint8_t *sbox, unsigned step)
{
    union lp_vreg t, r;
    t.q = cpu->v[Vd].q ^ cpu->v[Vn].q;
    for (unsigned i = 0; i < 16; i++)
        r.b[i] = sbox[t.b[(i + 4 * step * (i & 3)) & 15]];
    cpu->v[Vd] = r;
}
LP_INLINE void aese(struct lp_cpu *cpu, unsigned Vd, unsigned Vn) { aes_round(cpu, Vd, Vn, lp_aes_sbox, 1); }
LP_INLINE void aesd(struct lp_cpu *cpu, unsigned Vd, unsigned Vn) { aes_round(cpu, Vd, Vn, lp_aes_inverse, 3); }

/* Four bytes at once, times x in the field. */
LP_INLINE uint32_t aes_double(uint32_t v) { return (v & 0x7f7f7f7f) << 1 ^ (v >> 7 & 0x01010101) * 0x1b; }
LP_INLINE uint32_t aes_mix(uint32_t v)
{
    const uint32_t twice = aes_double(v);
    return twice ^ cr_ror(v ^ twice, 8) ^ cr_ror(v, 16) ^ cr_ror(v, 24);
}
LP_INLINE void aesmc(struct lp_cpu *cpu, unsigned Vd, unsigned Vn)
{
    union lp_vreg r = cpu->v[Vn];
    for (unsigned i = 0; i < 4; i++)
        r.s[i] = aes_mix(r.s[i]);
    cpu->v[Vd] = r;
}
/* The inverse matrix is the forward one times (5, 0, 4, 0). */
LP_INLINE void aesimc(struct lp_cpu *cpu, unsigned Vd, unsigned Vn)
{
    union lp_vreg r = cpu->v[Vn];
    for (unsigned i = 0; i < 4; i++) {
        const uint32_t fourfold = aes_double(aes_double(r.s[i]));
        r.s[i] = aes_mix(r.s[i] ^ fourfold ^ cr_ror(fourfold, 16));
    }
    cpu->v[Vd] = r;
}
#define AES(ROW, portable)                                                                     \
    LP_OP(ROW)                                                                                 \
    {                                                                                          \
        if (lp_host_has_aes())                                                                 \
            lp_host_aes(LP_HOST_##ROW, &cpu->v[f.Vd], &cpu->v[f.Vn]);                          \
        else                                                                                   \
            portable(cpu, f.Vd, f.Vn);                                                         \
    }
AES(AESE, aese)
AES(AESD, aesd)
AES(AESMC, aesmc)
AES(AESIMC, aesimc)

/* ---- SHA-1 ---- */
#define SHA1(ROW, MIX)                                                                         \
    LP_OP(ROW)                                                                                 \
    {                                                                                          \
        const union lp_vreg w = cpu->v[f.Vm];                                                  \
        uint32_t e = cpu->v[f.Vn].s[0];                                                        \
        union lp_vreg x = cpu->v[f.Vd];                                                        \
        for (unsigned i = 0; i < 4; i++) {                                                     \
            const uint32_t t = e + cr_rol(x.s[0], 5) + MIX(x.s[1], x.s[2], x.s[3]) + w.s[i];   \
            e = x.s[3], x.s[3] = x.s[2], x.s[2] = cr_rol(x.s[1], 30), x.s[1] = x.s[0], x.s[0] = t; \
        }                                                                                      \
        cpu->v[f.Vd] = x;                                                                      \
    }
SHA1(SHA1C, CHOOSE)
SHA1(SHA1P, PARITY)
SHA1(SHA1M, MAJORITY)
LP_OP(SHA1H)
{
    cpu->v[f.Vd].d[0] = cr_rol(cpu->v[f.Vn].s[0], 30);
    cpu->v[f.Vd].d[1] = 0;
}
LP_OP(SHA1SU0)
{
    const union lp_vreg d = cpu->v[f.Vd], m = cpu->v[f.Vm];
    union lp_vreg *r = &cpu->v[f.Vd];
    const uint64_t next = cpu->v[f.Vn].d[0];
    r->d[0] = d.d[1] ^ d.d[0] ^ m.d[0];
    r->d[1] = next ^ d.d[1] ^ m.d[1];
}
LP_OP(SHA1SU1)
{
    union lp_vreg t;
    t.q = cpu->v[f.Vd].q ^ cpu->v[f.Vn].q >> 32;
    union lp_vreg r;
    for (unsigned i = 0; i < 4; i++)
        r.s[i] = cr_rol(t.s[i], 1);
    r.s[3] ^= cr_rol(t.s[0], 2);
    cpu->v[f.Vd] = r;
}

/* ---- SHA-256 ---- */
/* Four rounds; x = abcd, y = efgh. */
LP_INLINE void sha256_rounds(union lp_vreg *x, union lp_vreg *y, const union lp_vreg w)
{
    for (unsigned i = 0; i < 4; i++) {
        const uint32_t a = x->s[0], e = y->s[0];
        const uint32_t t = y->s[3] + (cr_ror(e, 6) ^ cr_ror(e, 11) ^ cr_ror(e, 25)) + CHOOSE(e, y->s[1], y->s[2]) + w.s[i];
        const uint32_t u = t + (cr_ror(a, 2) ^ cr_ror(a, 13) ^ cr_ror(a, 22)) + MAJORITY(a, x->s[1], x->s[2]);
        y->s[3] = y->s[2], y->s[2] = y->s[1], y->s[1] = e, y->s[0] = x->s[3] + t;
        x->s[3] = x->s[2], x->s[2] = x->s[1], x->s[1] = a, x->s[0] = u;
    }
}
LP_OP(SHA256H)
{
    union lp_vreg x = cpu->v[f.Vd], y = cpu->v[f.Vn];
    sha256_rounds(&x, &y, cpu->v[f.Vm]);
    cpu->v[f.Vd] = x;
}
LP_OP(SHA256H2)
{
    union lp_vreg x = cpu->v[f.Vn], y = cpu->v[f.Vd];
    sha256_rounds(&x, &y, cpu->v[f.Vm]);
    cpu->v[f.Vd] = y;
}
LP_OP(SHA256SU0)
{
    const union lp_vreg d = cpu->v[f.Vd], n = cpu->v[f.Vn];
    union lp_vreg r;
    for (unsigned i = 0; i < 4; i++) {
        const uint32_t t = i < 3 ? d.s[i + 1] : n.s[0];
        r.s[i] = d.s[i] + (cr_ror(t, 7) ^ cr_ror(t, 18) ^ t >> 3);
    }
    cpu->v[f.Vd] = r;
}
LP_OP(SHA256SU1)
{
    const union lp_vreg n = cpu->v[f.Vn], m = cpu->v[f.Vm];
    union lp_vreg r = cpu->v[f.Vd];
    for (unsigned i = 0; i < 4; i++) {
        const uint32_t t = i < 2 ? m.s[i + 2] : r.s[i - 2];
        r.s[i] += (cr_ror(t, 17) ^ cr_ror(t, 19) ^ t >> 10) + (i < 3 ? n.s[i + 1] : m.s[0]);
    }
    cpu->v[f.Vd] = r;
}

/* ---- SHA-512 ---- */
LP_OP(SHA512H)
{
    const union lp_vreg x = cpu->v[f.Vn], y = cpu->v[f.Vm];
    union lp_vreg r = cpu->v[f.Vd];
#define SIGMA1(v) (cr_ror64(v, 14) ^ cr_ror64(v, 18) ^ cr_ror64(v, 41))
    r.d[1] += SIGMA1(y.d[1]) + CHOOSE(y.d[1], x.d[0], x.d[1]);
    const uint64_t t = r.d[1] + y.d[0];
    r.d[0] += SIGMA1(t) + CHOOSE(t, y.d[1], x.d[0]);
#undef SIGMA1
    cpu->v[f.Vd] = r;
}
LP_OP(SHA512H2)
{
    const union lp_vreg x = cpu->v[f.Vn], y = cpu->v[f.Vm];
    union lp_vreg r = cpu->v[f.Vd];
#define SIGMA0(v) (cr_ror64(v, 28) ^ cr_ror64(v, 34) ^ cr_ror64(v, 39))
    r.d[1] += SIGMA0(y.d[0]) + MAJORITY(x.d[0], y.d[1], y.d[0]);
    r.d[0] += SIGMA0(r.d[1]) + MAJORITY(r.d[1], y.d[0], y.d[1]);
#undef SIGMA0
    cpu->v[f.Vd] = r;
}
LP_OP(SHA512SU0)
{
    const union lp_vreg w = cpu->v[f.Vd];
    const uint64_t next = cpu->v[f.Vn].d[0];
    cpu->v[f.Vd].d[0] += cr_ror64(w.d[1], 1) ^ cr_ror64(w.d[1], 8) ^ w.d[1] >> 7;
    cpu->v[f.Vd].d[1] += cr_ror64(next, 1) ^ cr_ror64(next, 8) ^ next >> 7;
}
LP_OP(SHA512SU1)
{
    const union lp_vreg x = cpu->v[f.Vn], y = cpu->v[f.Vm];
    union lp_vreg r = cpu->v[f.Vd];
    for (unsigned i = 0; i < 2; i++)
        r.d[i] += (cr_ror64(x.d[i], 19) ^ cr_ror64(x.d[i], 61) ^ x.d[i] >> 6) + y.d[i];
    cpu->v[f.Vd] = r;
}

/* ---- SHA-3 ---- */
LP_OP(EOR3) { cpu->v[f.Vd].x2 = cpu->v[f.Vn].x2 ^ cpu->v[f.Vm].x2 ^ cpu->v[f.Va].x2; }
LP_OP(BCAX) { cpu->v[f.Vd].x2 = cpu->v[f.Vn].x2 ^ (cpu->v[f.Vm].x2 & ~cpu->v[f.Va].x2); }
LP_OP(RAX1)
{
    const union lp_vreg n = cpu->v[f.Vn], m = cpu->v[f.Vm];
    cpu->v[f.Vd].x2 = n.x2 ^ (m.x2 << 1 | m.x2 >> 63);
}
LP_OP(XAR)
{
    union lp_vreg t = cpu->v[f.Vn], r;
    t.x2 ^= cpu->v[f.Vm].x2;
    for (unsigned i = 0; i < 2; i++)
        r.d[i] = cr_ror64(t.d[i], f.imm6);
    cpu->v[f.Vd] = r;
}

/* ---- SM3 (GB/T 32905) ---- */
LP_INLINE uint32_t sm3_p1(uint32_t v) { return v ^ cr_rol(v, 15) ^ cr_rol(v, 23); }
LP_OP(SM3PARTW1)
{
    const union lp_vreg m = cpu->v[f.Vm];
    union lp_vreg r;
    r.q = cpu->v[f.Vd].q ^ cpu->v[f.Vn].q;
    for (unsigned i = 0; i < 4; i++)
        r.s[i] = sm3_p1(r.s[i] ^ cr_rol(i < 3 ? m.s[i + 1] : r.s[0], 15));
    cpu->v[f.Vd] = r;
}
LP_OP(SM3PARTW2)
{
    const union lp_vreg n = cpu->v[f.Vn], m = cpu->v[f.Vm];
    union lp_vreg r = cpu->v[f.Vd];
    for (unsigned i = 0; i < 4; i++)
        r.s[i] ^= n.s[i] ^ cr_rol(m.s[i], 7);
    r.s[3] ^= sm3_p1(cr_rol(n.s[0] ^ cr_rol(m.s[0], 7), 15));
    cpu->v[f.Vd] = r;
}
LP_OP(SM3SS1)
{
    const uint32_t r = cr_rol(cr_rol(cpu->v[f.Vn].s[3], 12) + cpu->v[f.Vm].s[3] + cpu->v[f.Va].s[3], 7);
    cpu->v[f.Vd] = (union lp_vreg){.s = {0, 0, 0, r}};
}
/* One round of one half of the state; s[3] is A or E. */
#define SM3TT(ROW, MIX, SUM, ROTATE, LAST)                                                     \
    LP_OP(ROW)                                                                                 \
    {                                                                                          \
        const union lp_vreg d = cpu->v[f.Vd], n = cpu->v[f.Vn];                                \
        const uint32_t t = MIX(d.s[3], d.s[2], d.s[1]) + d.s[0] + (SUM) + cpu->v[f.Vm].s[f.imm2]; \
        cpu->v[f.Vd] = (union lp_vreg){.s = {d.s[1], cr_rol(d.s[2], ROTATE), d.s[3], LAST}};   \
    }
#define SM3_P0(v) ((v) ^ cr_rol(v, 9) ^ cr_rol(v, 17))
SM3TT(SM3TT1A, PARITY, n.s[3] ^ cr_rol(d.s[3], 12), 9, t)
SM3TT(SM3TT1B, MAJORITY, n.s[3] ^ cr_rol(d.s[3], 12), 9, t)
SM3TT(SM3TT2A, PARITY, n.s[3], 19, SM3_P0(t))
SM3TT(SM3TT2B, CHOOSE, n.s[3], 19, SM3_P0(t))

/* ---- SM4 (GB/T 32907): four rounds of the cipher or of its key schedule ---- */
LP_INLINE uint32_t sm4_substitute(uint32_t v)
{
    return (uint32_t)lp_sm4_sbox[v >> 24] << 24 | (uint32_t)lp_sm4_sbox[v >> 16 & 255] << 16 | (uint32_t)lp_sm4_sbox[v >> 8 & 255] << 8 |
           lp_sm4_sbox[v & 255];
}
#define SM4(ROW, STATE, KEY, SPREAD)                                                           \
    LP_OP(ROW)                                                                                 \
    {                                                                                          \
        union lp_vreg x = STATE;                                                               \
        const union lp_vreg k = KEY;                                                           \
        for (unsigned i = 0; i < 4; i++) {                                                     \
            const uint32_t v = sm4_substitute(x.s[3] ^ x.s[2] ^ x.s[1] ^ k.s[i]), t = x.s[0] ^ (SPREAD); \
            x.q = x.q >> 32 | (lp_u128)t << 96;                                      \
        }                                                                                      \
        cpu->v[f.Vd] = x;                                                                      \
    }
SM4(SM4E, cpu->v[f.Vd], cpu->v[f.Vn], v ^ cr_rol(v, 2) ^ cr_rol(v, 10) ^ cr_rol(v, 18) ^ cr_rol(v, 24))
SM4(SM4EKEY, cpu->v[f.Vn], cpu->v[f.Vm], v ^ cr_rol(v, 13) ^ cr_rol(v, 23))

#include "a64/crypto.export.gen.h"
