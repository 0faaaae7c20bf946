/* nettle (with GMP beneath its curves): every digest, cipher, AEAD and MAC of its lists, the modes over AES, and curve operations from fixed scalars. */
#include "common.h"
#include <gmp.h>
#include <nettle/aes.h>
#include <nettle/cbc.h>
#include <nettle/cfb.h>
#include <nettle/ctr.h>
#include <nettle/curve25519.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/ecdsa.h>
#include <nettle/eddsa.h>
#include <nettle/gcm.h>
#include <nettle/memxor.h>
#include <nettle/nettle-meta.h>
#include <nettle/pbkdf2.h>
#include <nettle/poly1305.h>
#include <nettle/umac.h>
#include <nettle/xts.h>

enum { BIG = 8192 };
static unsigned char in[BIG + 64], out[BIG + 64], back[BIG + 64], key[256], iv[64];
static _Alignas(16) unsigned char ctx[65536], ctx2[65536];
static int level;

static size_t next_length(size_t n)
{
    if (n < (size_t)(level > 1 ? 400 : level ? 150 : 20)) return n + 1;
    return n < 900 ? n + (level > 1 ? 7 : 59) : n * 2 + 3;
}
static size_t longest(void) { return level > 1 ? BIG : level ? 3000 : 200; }

static void digests(void)
{
    for (const struct nettle_hash *const *h = nettle_get_hashes(); *h; h++) {
        for (size_t len = 0; len <= longest(); len = next_length(len)) {
            (*h)->init(ctx);
            for (size_t i = 0, piece = len % 90 + 1; i < len; i += piece, piece = piece * 5 % 307 + 1) (*h)->update(ctx, piece < len - i ? piece : len - i, in + len % 19 + i);
            (*h)->digest(ctx, (*h)->digest_size, out);
            fold(out, (*h)->digest_size);
        }
        tell((*h)->name);
    }
}

static void ciphers(void)
{
    for (const struct nettle_cipher *const *c = nettle_get_ciphers(); *c; c++) {
        size_t b = (*c)->block_size;
        (*c)->set_encrypt_key(ctx, key), (*c)->set_decrypt_key(ctx2, key);
        for (size_t n = 0; n <= longest() / b; n = n < 40 ? n + 1 : n * 2) {
            (*c)->encrypt(ctx, n * b, out + n % 16, in + n % 7), (*c)->decrypt(ctx2, n * b, back, out + n % 16);
            fold(out + n % 16, n * b), fold_int(!memcmp(back, in + n % 7, n * b));
            /* in place, and the modes over it */
            memcpy(back, in, n * b);
            (*c)->decrypt(ctx2, n * b, back, back), fold(back, n * b);
            memcpy(iv, in + 100, 32), cbc_encrypt(ctx, (*c)->encrypt, b, iv, n * b, out, in + 1), fold(out, n * b);
            memcpy(iv, in + 100, 32), cbc_decrypt(ctx2, (*c)->decrypt, b, iv, n * b, back, in + 2), fold(back, n * b);
            memcpy(iv, in + 100, 32), memset(iv, 255, b), ctr_crypt(ctx, (*c)->encrypt, b, iv, n * b + n % b, out, in + 3), fold(out, n * b + n % b);
            memcpy(iv, in + 100, 32), cfb_encrypt(ctx, (*c)->encrypt, b, iv, n * b + n % b, out, in + 3), fold(out, n * b + n % b);
        }
        tell((*c)->name);
    }
}

static void aeads(void)
{
    for (const struct nettle_aead *const *a = nettle_get_aeads(); *a; a++) {
        for (size_t len = 0; len <= longest(); len = next_length(len)) {
            (*a)->set_encrypt_key(ctx, key), (*a)->set_decrypt_key(ctx2, key);
            (*a)->set_nonce(ctx, in + 9), (*a)->set_nonce(ctx2, in + 9);
            if ((*a)->update) (*a)->update(ctx, len % 49, in + 1), (*a)->update(ctx2, len % 49, in + 1);
            (*a)->encrypt(ctx, len, out + len % 5, in + len % 9), (*a)->decrypt(ctx2, len, back, out + len % 5);
            fold(out + len % 5, len), fold_int(!memcmp(back, in + len % 9, len));
            if ((*a)->digest) (*a)->digest(ctx, (*a)->digest_size, out), fold(out, (*a)->digest_size);
        }
        tell((*a)->name);
    }
}

static void macs(void)
{
    for (const struct nettle_mac *const *m = nettle_get_macs(); *m; m++) {
        (*m)->set_key(ctx, key);
        for (size_t len = 0; len <= longest(); len = next_length(len + 2)) {
            (*m)->update(ctx, len, in + len % 7), (*m)->digest(ctx, (*m)->digest_size, out);
            fold(out, (*m)->digest_size);
        }
        tell((*m)->name);
    }
    struct umac128_ctx *u = (void *)ctx;
    umac128_set_key(u, key), umac128_set_nonce(u, 12, iv);
    for (size_t len = 0; len <= BIG; len = next_length(len + 2)) umac128_update(u, len, in + len % 3), umac128_digest(u, 16, out), fold(out, 16);
    tell("umac128");
    struct xts_aes256_key x;
    xts_aes256_set_encrypt_key(&x, key);
    for (size_t len = 16; len <= longest(); len = next_length(len)) xts_aes256_encrypt_message(&x, iv, len, out, in), fold(out, len);
    tell("xts");
}

static void xors(void)
{
    for (size_t a = 0; a < 16; a += level > 1 ? 1 : 3)
        for (size_t b = 0; b < 16; b += level > 1 ? 1 : 5)
            for (size_t n = 0; n < 70; n += level > 1 ? 1 : 3) memcpy(out, in, 200), memxor(out + a, in + b + 50, n), memxor3(out + 100 + a, in + b, in + a * 2, n), fold(out, 200);
    tell("memxor");
}

static void nothing_random(void *c, size_t n, uint8_t *p) { (void)c, fill(p, n); }

static void curves(void)
{
    const struct ecc_curve *all[] = {nettle_get_secp_256r1(), nettle_get_secp_384r1(), nettle_get_secp_521r1(), nettle_get_secp_224r1(), nettle_get_secp_192r1()};
    for (size_t i = 0; i < (level > 1 ? 5 : 2); i++) {
        struct ecc_scalar k;
        struct ecc_point p;
        struct dsa_signature s;
        mpz_t x, y;
        mpz_inits(x, y, NULL);
        ecc_scalar_init(&k, all[i]), ecc_point_init(&p, all[i]), dsa_signature_init(&s);
        ecdsa_generate_keypair(&p, &k, NULL, nothing_random);
        ecdsa_sign(&k, NULL, nothing_random, 32, in, &s);
        fold_int((uint64_t)ecdsa_verify(&p, 32, in, &s)), fold_int((uint64_t)ecdsa_verify(&p, 32, in + 1, &s));
        ecc_point_mul(&p, &k, &p), ecc_point_get(&p, x, y);
        size_t n;
        mpz_export(out, &n, 1, 1, 0, 0, x), fold(out, n), mpz_export(out, &n, 1, 1, 0, 0, s.s), fold(out, n);
        mpz_clears(x, y, NULL);
        ecc_scalar_clear(&k), ecc_point_clear(&p), dsa_signature_clear(&s);
    }
    tell("ecdsa");
    curve25519_mul_g(out, key), curve25519_mul(out + 32, key + 32, out), fold(out, 64);
    ed25519_sha512_public_key(out, key), ed25519_sha512_sign(out, key, 100, in, back), fold(back, 64), fold_int((uint64_t)ed25519_sha512_verify(out, 100, in, back));
    tell("25519");
}

int main(int argc, char **argv)
{
    level = scale(argc, argv);
    fill(in, sizeof in), fill(key, sizeof key);
    digests(), ciphers(), aeads(), macs(), xors(), curves();
    pbkdf2_hmac_sha256(10, key, 50, 16, iv, 64, out), fold(out, 64), tell("pbkdf2");
    return 0;
}
