/* The cryptographic instructions against the standards' own examples: FIPS 197, 180-4 and 202, GB/T 32905 (SM3) and 32907 (SM4). */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "a64/a64.h"
#include "exec/cpu.h"
#include "exec/crypto_host.h"
#include "exec/run.h"
#include "../splitmix.h"

typedef union lp_vreg V;
/* Destination V0, sources V1, V2, V3. */
enum insn {
    AESE = 0x4e284820, AESD = 0x4e285820, AESMC = 0x4e286820, AESIMC = 0x4e287820,
    SHA1C = 0x5e020020, SHA1P = 0x5e021020, SHA1M = 0x5e022020, SHA1H = 0x5e280820, SHA1SU0 = 0x5e023020, SHA1SU1 = 0x5e281820,
    SHA256H = 0x5e024020, SHA256H2 = 0x5e025020, SHA256SU0 = 0x5e282820, SHA256SU1 = 0x5e026020,
};
/* Above INT_MAX: no enumerators in C11. */
#define SHA512H 0xce628020u
#define SHA512H2 0xce628420u
#define SHA512SU0 0xcec08020u
#define SHA512SU1 0xce628820u
#define EOR3 0xce020c20u
#define BCAX 0xce220c20u
#define RAX1 0xce628c20u
#define XAR 0xce820020u
#define PMULL 0x0ee2e020u
#define PMULL2 0x4ee2e020u
#define SM3PARTW1 0xce62c020u
#define SM3PARTW2 0xce62c420u
#define SM3SS1 0xce420c20u
#define SM3TT1A 0xce428020u
#define SM3TT1B 0xce428420u
#define SM3TT2A 0xce428820u
#define SM3TT2B 0xce428c20u
#define SM4E 0xcec08420u
#define SM4EKEY 0xce62c820u

static struct lp_cpu cpu;
static V run(uint32_t word, V d, V n, V m)
{
    struct lp_op op;
    const unsigned row = lp_a64_decode(word, 0, LP_A64_ALL, &op);
    assert_int_not_equal(row, A64_UNDEFINED);
    cpu.v[0] = d, cpu.v[1] = n, cpu.v[2] = m;
    lp_op_table[row].plain(&cpu, &op);
    return cpu.v[0];
}
static V run4(uint32_t word, V n, V m, V a)
{
    cpu.v[3] = a;
    return run(word, n, n, m);
}
static const V zero;
static V words(uint32_t a, uint32_t b, uint32_t c, uint32_t d) { return (V){.s = {a, b, c, d}}; }
static V pair(uint64_t a, uint64_t b) { return (V){.d = {a, b}}; }
static V add(V a, V b) { return words(a.s[0] + b.s[0], a.s[1] + b.s[1], a.s[2] + b.s[2], a.s[3] + b.s[3]); }
static V from_array(const uint32_t *w) { return words(w[0], w[1], w[2], w[3]); }
static uint32_t rol(uint32_t v, unsigned n) { return n & 31 ? v << (n & 31) | v >> (32 - (n & 31)) : v; }

/* ---- FIPS 197, C.1: AES-128 ---- */
static void test_aes(void **state)
{
    static const uint8_t cipher[16] = {0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b, 0x04, 0x30, 0xd8, 0xcd, 0xb7, 0x80, 0x70, 0xb4, 0xc5, 0x5a};
    static const uint8_t rcon[10] = {1, 2, 4, 8, 16, 32, 64, 128, 0x1b, 0x36};
    V key[11], plain, x;
    for (unsigned i = 0; i < 16; i++)
        key[0].b[i] = (uint8_t)i, plain.b[i] = (uint8_t)(i * 0x11);
    for (unsigned i = 0; i < 10; i++) {
        /* SubWord: four equal columns are not moved by ShiftRows */
        const uint32_t last = key[i].s[3], sub = run(AESE, words(last, last, last, last), zero, zero).s[0];
        key[i + 1].s[0] = key[i].s[0] ^ (sub >> 8 | sub << 24) ^ rcon[i];
        for (unsigned j = 1; j < 4; j++)
            key[i + 1].s[j] = key[i].s[j] ^ key[i + 1].s[j - 1];
    }
    x = plain;
    for (unsigned i = 0; i < 9; i++)
        x = run(AESMC, zero, run(AESE, x, key[i], zero), zero);
    x = run(AESE, x, key[9], zero);
    x.q ^= key[10].q;
    assert_memory_equal(x.b, cipher, 16);
    x = run(AESD, x, key[10], zero);
    for (unsigned i = 9; i > 0; i--)
        x = run(AESD, run(AESIMC, zero, x, zero), run(AESIMC, zero, key[i], zero), zero);
    x.q ^= key[0].q;
    assert_memory_equal(x.b, plain.b, 16);
}

/* ---- FIPS 180: "abc", one block ---- */
/* The padded block of "abc" in big-endian words. */
static const uint32_t abc[16] = {0x61626380, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 24};

static void test_sha1(void **state)
{
    static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6}, step[4] = {SHA1C, SHA1P, SHA1M, SHA1P};
    const V start = words(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476), e0 = words(0xc3d2e1f0, 0, 0, 0);
    V w[20], x = start, e = e0;
    for (unsigned i = 0; i < 20; i++) {
        const uint32_t c = k[i / 5];
        const V next = run(SHA1H, zero, x, zero);
        w[i] = i < 4 ? from_array(abc + 4 * i) : run(SHA1SU1, run(SHA1SU0, w[i - 4], w[i - 3], w[i - 2]), w[i - 1], zero);
        x = run(step[i / 5], x, e, add(w[i], words(c, c, c, c)));
        e = next;
    }
    x = add(x, start), e = add(e, e0);
    assert_int_equal(x.s[0], 0xa9993e36);
    assert_int_equal(x.s[1], 0x4706816a);
    assert_int_equal(x.s[2], 0xba3e2571);
    assert_int_equal(x.s[3], 0x7850c26c);
    assert_int_equal(e.s[0], 0x9cd0d89d);
}

/* The first 64 bits of the fractional parts: cube roots of the first 80 primes, square roots of the first 8. SHA-256 has their upper halves. */
static const uint64_t sha2_k[80] = {
    UINT64_C(0x428a2f98d728ae22), UINT64_C(0x7137449123ef65cd), UINT64_C(0xb5c0fbcfec4d3b2f), UINT64_C(0xe9b5dba58189dbbc),
    UINT64_C(0x3956c25bf348b538), UINT64_C(0x59f111f1b605d019), UINT64_C(0x923f82a4af194f9b), UINT64_C(0xab1c5ed5da6d8118),
    UINT64_C(0xd807aa98a3030242), UINT64_C(0x12835b0145706fbe), UINT64_C(0x243185be4ee4b28c), UINT64_C(0x550c7dc3d5ffb4e2),
    UINT64_C(0x72be5d74f27b896f), UINT64_C(0x80deb1fe3b1696b1), UINT64_C(0x9bdc06a725c71235), UINT64_C(0xc19bf174cf692694),
    UINT64_C(0xe49b69c19ef14ad2), UINT64_C(0xefbe4786384f25e3), UINT64_C(0x0fc19dc68b8cd5b5), UINT64_C(0x240ca1cc77ac9c65),
    UINT64_C(0x2de92c6f592b0275), UINT64_C(0x4a7484aa6ea6e483), UINT64_C(0x5cb0a9dcbd41fbd4), UINT64_C(0x76f988da831153b5),
    UINT64_C(0x983e5152ee66dfab), UINT64_C(0xa831c66d2db43210), UINT64_C(0xb00327c898fb213f), UINT64_C(0xbf597fc7beef0ee4),
    UINT64_C(0xc6e00bf33da88fc2), UINT64_C(0xd5a79147930aa725), UINT64_C(0x06ca6351e003826f), UINT64_C(0x142929670a0e6e70),
    UINT64_C(0x27b70a8546d22ffc), UINT64_C(0x2e1b21385c26c926), UINT64_C(0x4d2c6dfc5ac42aed), UINT64_C(0x53380d139d95b3df),
    UINT64_C(0x650a73548baf63de), UINT64_C(0x766a0abb3c77b2a8), UINT64_C(0x81c2c92e47edaee6), UINT64_C(0x92722c851482353b),
    UINT64_C(0xa2bfe8a14cf10364), UINT64_C(0xa81a664bbc423001), UINT64_C(0xc24b8b70d0f89791), UINT64_C(0xc76c51a30654be30),
    UINT64_C(0xd192e819d6ef5218), UINT64_C(0xd69906245565a910), UINT64_C(0xf40e35855771202a), UINT64_C(0x106aa07032bbd1b8),
    UINT64_C(0x19a4c116b8d2d0c8), UINT64_C(0x1e376c085141ab53), UINT64_C(0x2748774cdf8eeb99), UINT64_C(0x34b0bcb5e19b48a8),
    UINT64_C(0x391c0cb3c5c95a63), UINT64_C(0x4ed8aa4ae3418acb), UINT64_C(0x5b9cca4f7763e373), UINT64_C(0x682e6ff3d6b2b8a3),
    UINT64_C(0x748f82ee5defb2fc), UINT64_C(0x78a5636f43172f60), UINT64_C(0x84c87814a1f0ab72), UINT64_C(0x8cc702081a6439ec),
    UINT64_C(0x90befffa23631e28), UINT64_C(0xa4506cebde82bde9), UINT64_C(0xbef9a3f7b2c67915), UINT64_C(0xc67178f2e372532b),
    UINT64_C(0xca273eceea26619c), UINT64_C(0xd186b8c721c0c207), UINT64_C(0xeada7dd6cde0eb1e), UINT64_C(0xf57d4f7fee6ed178),
    UINT64_C(0x06f067aa72176fba), UINT64_C(0x0a637dc5a2c898a6), UINT64_C(0x113f9804bef90dae), UINT64_C(0x1b710b35131c471b),
    UINT64_C(0x28db77f523047d84), UINT64_C(0x32caab7b40c72493), UINT64_C(0x3c9ebe0a15c9bebc), UINT64_C(0x431d67c49c100d4c),
    UINT64_C(0x4cc5d4becb3e42b6), UINT64_C(0x597f299cfc657e2a), UINT64_C(0x5fcb6fab3ad6faec), UINT64_C(0x6c44198c4a475817),
};
static const uint64_t sha512_h[8] = {
    UINT64_C(0x6a09e667f3bcc908), UINT64_C(0xbb67ae8584caa73b), UINT64_C(0x3c6ef372fe94f82b), UINT64_C(0xa54ff53a5f1d36f1),
    UINT64_C(0x510e527fade682d1), UINT64_C(0x9b05688c2b3e6c1f), UINT64_C(0x1f83d9abfb41bd6b), UINT64_C(0x5be0cd19137e2179),
};

static void test_sha256(void **state)
{
    static const uint32_t want[8] = {0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223, 0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad};
    uint32_t h[8], got[8];
    for (unsigned i = 0; i < 8; i++)
        h[i] = (uint32_t)(sha512_h[i] >> 32);
    V w[16], x = from_array(h), y = from_array(h + 4);
    for (unsigned i = 0; i < 16; i++) {
        const V before = x;
        w[i] = i < 4 ? from_array(abc + 4 * i) : run(SHA256SU1, run(SHA256SU0, w[i - 4], w[i - 3], zero), w[i - 2], w[i - 1]);
        V wk = w[i];
        for (unsigned j = 0; j < 4; j++)
            wk.s[j] += (uint32_t)(sha2_k[4 * i + j] >> 32);
        x = run(SHA256H, x, y, wk);
        y = run(SHA256H2, y, before, wk);
    }
    for (unsigned i = 0; i < 8; i++)
        got[i] = h[i] + (i < 4 ? x.s[i] : y.s[i - 4]);
    assert_memory_equal(got, want, sizeof want);
}

static void test_sha512(void **state)
{
    static const uint64_t want[8] = {
        UINT64_C(0xddaf35a193617aba), UINT64_C(0xcc417349ae204131), UINT64_C(0x12e6fa4e89a97ea2), UINT64_C(0x0a9eeee64b55d39a),
        UINT64_C(0x2192992a274fc1a8), UINT64_C(0x36ba3c23a3feebbd), UINT64_C(0x454d4423643ce80e), UINT64_C(0x2a9ac94fa54ca49f)};
    uint64_t got[8];
    V w[40] = {pair(UINT64_C(0x6162638000000000), 0), zero, zero, zero, zero, zero, zero, pair(0, 24)};
    V s[4]; /* ab cd ef gh */
    for (unsigned i = 0; i < 4; i++)
        s[i] = pair(sha512_h[2 * i], sha512_h[2 * i + 1]);
    for (unsigned i = 0; i < 40; i++) {
        if (i >= 8) /* words 2i - 7 and 2i - 6 lie across two pairs */
            w[i] = run(SHA512SU1, run(SHA512SU0, w[i - 8], w[i - 7], zero), w[i - 1], pair(w[i - 4].d[1], w[i - 3].d[0]));
        /* the first of the two rounds is the upper lane */
        const V sum = pair(s[3].d[0] + w[i].d[1] + sha2_k[2 * i + 1], s[3].d[1] + w[i].d[0] + sha2_k[2 * i]);
        const V t = run(SHA512H, sum, pair(s[2].d[1], s[3].d[0]), pair(s[1].d[1], s[2].d[0]));
        const V ef = pair(s[1].d[0] + t.d[0], s[1].d[1] + t.d[1]), ab = run(SHA512H2, t, s[1], s[0]);
        s[3] = s[2], s[2] = ef, s[1] = s[0], s[0] = ab;
    }
    for (unsigned i = 0; i < 8; i++)
        got[i] = sha512_h[i] + s[i / 2].d[i % 2];
    assert_memory_equal(got, want, sizeof want);
}

/* ---- FIPS 202: SHA3-256 of the empty message; two equal states side by side ---- */
static void keccak_round(V a[25], uint64_t constant)
{
    V c[5], b[25];
    for (unsigned x = 0; x < 5; x++)
        c[x] = run4(EOR3, run4(EOR3, a[x], a[x + 5], a[x + 10]), a[x + 15], a[x + 20]);
    unsigned rotation = 0, x = 1, y = 0;
    b[0].q = a[0].q ^ run(RAX1, zero, c[4], c[1]).q;
    for (unsigned t = 0; t < 24; t++) { /* rho and pi follow one path through the lanes */
        const V d = run(RAX1, zero, c[(x + 4) % 5], c[(x + 1) % 5]);
        rotation = (rotation + t + 1) % 64;
        const unsigned to_x = y, to_y = (2 * x + 3 * y) % 5;
        b[to_x + 5 * to_y] = run(XAR | ((64 - rotation) & 63) << 10, zero, a[x + 5 * y], d);
        x = to_x, y = to_y;
    }
    for (unsigned i = 0; i < 5; i++)
        for (unsigned j = 0; j < 5; j++)
            a[5 * i + j] = run4(BCAX, b[5 * i + j], b[5 * i + (j + 2) % 5], b[5 * i + (j + 1) % 5]);
    a[0].d[0] ^= constant, a[0].d[1] ^= constant;
}

/* The round constants come from a shift register of eight bits. */
static uint64_t keccak_constant(uint8_t *lfsr)
{
    uint64_t constant = 0;
    for (unsigned j = 0; j < 7; j++) {
        if (*lfsr & 1)
            constant |= UINT64_C(1) << ((1u << j) - 1);
        *lfsr = (uint8_t)(*lfsr << 1 ^ (*lfsr >> 7) * 0x71);
    }
    return constant;
}

static void test_sha3(void **state)
{
    static const uint8_t want[32] = {0xa7, 0xff, 0xc6, 0xf8, 0xbf, 0x1e, 0xd7, 0x66, 0x51, 0xc1, 0x47, 0x56, 0xa0, 0x61, 0xd6, 0x62,
                                     0xf5, 0x80, 0xff, 0x4d, 0xe4, 0x3b, 0x49, 0xfa, 0x82, 0xd8, 0x0a, 0x4b, 0x80, 0xf8, 0x43, 0x4a};
    V a[25] = {pair(6, 6)};
    uint8_t lfsr = 1;
    a[16] = pair(UINT64_C(1) << 63, UINT64_C(1) << 63);
    for (unsigned i = 0; i < 24; i++)
        keccak_round(a, keccak_constant(&lfsr));
    for (unsigned i = 0; i < 4; i++) {
        assert_memory_equal(&a[i].d[0], want + 8 * i, 8);
        assert_memory_equal(&a[i].d[1], want + 8 * i, 8);
    }
}

/* ---- GB/T 32905, A.1: "abc" ---- */
static void test_sm3(void **state)
{
    static const uint32_t start[8] = {0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};
    static const uint32_t want[8] = {0x66c7f0f4, 0x62eeedd9, 0xd1f2d46b, 0xdc10e4e2, 0x4167c487, 0x5cf2f7a2, 0x297da02b, 0x8f4ba8e0};
    uint32_t w[68], got[8];
    memcpy(w, abc, sizeof abc);
    for (unsigned i = 16; i < 68; i += 4) {
        const uint32_t *o = w + i - 16;
        const V part = run(SM3PARTW1, from_array(o + 7), from_array(o), words(o[12], o[13], o[14], o[15]));
        const V next = run(SM3PARTW2, part, from_array(o + 10), from_array(o + 3));
        memcpy(w + i, next.s, 16);
    }
    V x = words(start[3], start[2], start[1], start[0]), y = words(start[7], start[6], start[5], start[4]);
    for (unsigned j = 0; j < 64; j++) {
        const uint32_t *at = w + j / 4 * 4, lane = j % 4 << 12;
        const V ss1 = run4(SM3SS1, x, y, words(0, 0, 0, rol(j < 16 ? 0x79cc4519 : 0x7a879d8a, j)));
        const V wj = from_array(at), with4 = words(at[0] ^ at[4], at[1] ^ at[5], at[2] ^ at[6], at[3] ^ at[7]);
        x = run((j < 16 ? SM3TT1A : SM3TT1B) | lane, x, ss1, with4);
        y = run((j < 16 ? SM3TT2A : SM3TT2B) | lane, y, ss1, wj);
    }
    for (unsigned i = 0; i < 8; i++)
        got[i] = start[i] ^ (i < 4 ? x.s[3 - i] : y.s[7 - i]);
    assert_memory_equal(got, want, sizeof want);
}

/* ---- GB/T 32907, A.1: the key is the plaintext ---- */
static void test_sm4(void **state)
{
    const V text = words(0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210), fk = words(0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc);
    V key, x = text, rk[8];
    key.q = text.q ^ fk.q;
    for (unsigned i = 0; i < 8; i++) {
        V ck;
        for (unsigned j = 0; j < 16; j++) /* byte k of word n is 7 * (4n + k) */
            ck.b[j ^ 3] = (uint8_t)(7 * (16 * i + j));
        rk[i] = key = run(SM4EKEY, zero, key, ck);
        x = run(SM4E, x, rk[i], zero);
    }
    assert_int_equal(x.s[3], 0x681edf34);
    assert_int_equal(x.s[2], 0xd206965e);
    assert_int_equal(x.s[1], 0x86b3e94f);
    assert_int_equal(x.s[0], 0x536e4246);
    x = words(x.s[3], x.s[2], x.s[1], x.s[0]); /* deciphering: the keys backwards */
    for (unsigned i = 8; i-- > 0;)
        x = run(SM4E, x, words(rk[i].s[3], rk[i].s[2], rk[i].s[1], rk[i].s[0]), zero);
    x = words(x.s[3], x.s[2], x.s[1], x.s[0]);
    assert_true(x.q == text.q);
}

/* ---- the host's instructions and the portable functions are the same; both do the example above ---- */
static void test_host(void **state)
{
    static const uint32_t insns[] = {AESE, AESD, AESMC, AESIMC, PMULL, PMULL2};
    uint64_t seed = 1;
    for (unsigned i = 0; i < 20000; i++) {
        V d = pair(splitmix(&seed), splitmix(&seed)), n = pair(splitmix(&seed), splitmix(&seed)), m = d;
        if (i < 256)
            memset(n.b, (int)i, sizeof n), d = zero; /* every byte through the tables, the columns alike */
        for (unsigned k = 0; k < sizeof insns / sizeof *insns; k++) {
            const V host = run(insns[k], d, n, m);
            atomic_store(&lp_crypto_portable, true);
            const V portable = run(insns[k], d, n, m);
            atomic_store(&lp_crypto_portable, false);
            assert_memory_equal(host.b, portable.b, 16);
        }
    }
    atomic_store(&lp_crypto_portable, true);
    test_aes(state);
    atomic_store(&lp_crypto_portable, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host), cmocka_unit_test(test_aes), cmocka_unit_test(test_sha1), cmocka_unit_test(test_sha256), cmocka_unit_test(test_sha512),
        cmocka_unit_test(test_sha3), cmocka_unit_test(test_sm3), cmocka_unit_test(test_sm4),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
