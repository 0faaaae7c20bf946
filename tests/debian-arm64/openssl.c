/* libcrypto: every digest, cipher, MAC and KDF that the default provider has, over many lengths and alignments, in one piece and in uneven pieces;
 * public-key algorithms with a reproducible source of random numbers. Prints a digest per algorithm. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "common.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/modes.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

enum { BIG = 20000 };
static unsigned char in[BIG + 64], out[BIG + 256], back[BIG + 256], key[256], iv[64];
static int level;

/* Lengths: all small ones, then around the multiples at which the bulk loops start and end. */
static size_t next_length(size_t n)
{
    if (n < (size_t)(level > 1 ? 400 : level ? 70 : 34)) return n + 1;
    if (n < 1100) return n + (level > 1 ? 13 : 61);
    return n * 3 + 1;
}

static size_t longest(void) { return level > 1 ? BIG : level ? 4000 : 300; }

/* ---- names are gathered and sorted first: the providers' order is that of a hash table ---- */
static char names[1024][64];
static int count;
static void add(const char *name)
{
    for (int i = 0; i < count; i++) if (!strcmp(names[i], name)) return;
    if (count < 1024) snprintf(names[count++], sizeof names[0], "%s", name);
}
static int by_name(const void *a, const void *b) { return strcmp(a, b); }
static void add_md(EVP_MD *m, void *u) { (void)u; add(EVP_MD_get0_name(m)); }
static void add_cipher(EVP_CIPHER *c, void *u) { (void)u; add(EVP_CIPHER_get0_name(c)); }
static void each(void (*f)(const char *))
{
    qsort(names, (size_t)count, sizeof names[0], by_name);
    for (int i = 0; i < count; i++) f(names[i]);
    count = 0;
}

static void digest(const char *name)
{
    EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    unsigned char h[64];
    unsigned n = 0;
    for (size_t len = 0; len <= longest(); len = next_length(len)) {
        const unsigned char *p = in + len % 17;
        if (!EVP_DigestInit_ex(c, md, NULL)) break;
        EVP_DigestUpdate(c, p, len);
        if (!EVP_DigestFinal_ex(c, h, &n)) break;
        fold(h, n);
        EVP_DigestInit_ex(c, md, NULL);
        for (size_t i = 0, piece = 1; i < len; i += piece, piece = (piece * 5 + 3) % 300 + 1) EVP_DigestUpdate(c, p + i, piece < len - i ? piece : len - i);
        EVP_DigestFinal_ex(c, h, &n);
        fold(h, n);
    }
    tell(name);
    EVP_MD_CTX_free(c);
    EVP_MD_free(md);
}

static int aead(const EVP_CIPHER *c)
{
    int mode = EVP_CIPHER_get_mode(c);
    return mode == EVP_CIPH_GCM_MODE || mode == EVP_CIPH_CCM_MODE || mode == EVP_CIPH_OCB_MODE || strstr(EVP_CIPHER_get0_name(c), "Poly1305") != NULL;
}

/* One message there and back. uneven: fed in pieces (not where the mode wants the whole message at once). */
static int one_message(const EVP_CIPHER *cipher, size_t len, int uneven)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int mode = EVP_CIPHER_get_mode(cipher), n = 0, total = 0, good = 1;
    const unsigned char *p = in + len % 13;
    unsigned char *o = out + len % 11, tag[16];
    for (int encrypt = 1; encrypt >= 0 && good; encrypt--) {
        good = EVP_CipherInit_ex2(c, cipher, key, iv, encrypt, NULL) > 0;
        if (mode == EVP_CIPH_CCM_MODE) {
            if (!encrypt) EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, 16, tag);
            else EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, 16, NULL);
            good = EVP_CipherInit_ex2(c, NULL, key, iv, encrypt, NULL) > 0;
            EVP_CipherUpdate(c, NULL, &n, NULL, (int)(encrypt ? len : (size_t)total));
        }
        if (aead(cipher)) EVP_CipherUpdate(c, NULL, &n, in + 5, (int)(len % 37 + 1));
        if (mode != EVP_CIPH_WRAP_MODE && !aead(cipher)) EVP_CIPHER_CTX_set_padding(c, len % 2 == 0);
        unsigned char *to = encrypt ? o : back;
        const unsigned char *from = encrypt ? p : o;
        size_t size = encrypt ? len : (size_t)total;
        int done = 0;
        size_t piece = uneven ? 1 : size + 1;
        for (size_t i = 0; i < size && good; i += piece, piece = uneven ? (piece * 7 + 5) % 260 + 1 : size) {
            good = EVP_CipherUpdate(c, to + done, &n, from + i, (int)(piece < size - i ? piece : size - i)) > 0;
            done += good ? n : 0;
        }
        if (aead(cipher) && !encrypt && mode != EVP_CIPH_CCM_MODE) EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, 16, tag);
        if (good) {
            int f = EVP_CipherFinal_ex(c, to + done, &n) > 0;
            done += f ? n : 0;
            fold_int((uint64_t)f);
        }
        fold_int((uint64_t)good);
        if (encrypt) {
            fold(o, (size_t)done);
            if (aead(cipher) && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, tag) > 0) fold(tag, 16);
            total = done;
        } else fold_int(done == (int)len && !memcmp(back, p, len));
    }
    EVP_CIPHER_CTX_free(c);
    return good;
}

static void cipher(const char *name)
{
    EVP_CIPHER *c = EVP_CIPHER_fetch(NULL, name, NULL);
    int mode = EVP_CIPHER_get_mode(c), whole = mode == EVP_CIPH_CCM_MODE || mode == EVP_CIPH_WRAP_MODE || mode == EVP_CIPH_XTS_MODE || strstr(name, "CTS");
    if (mode == EVP_CIPH_SIV_MODE || strstr(name, "HMAC")) {
        EVP_CIPHER_free(c); /* TLS records only, or a key schedule of its own: the MACs and modes beneath are run by the others */
        return;
    }
    /* a bit or a byte at a time, or plain C: shorter */
    int slow = strstr(name, "CFB1") || strstr(name, "CFB8"), plain = strstr(name, "DES") || strstr(name, "ARIA") || strstr(name, "CAMELLIA");
    size_t limit = level <= 1 && (slow || plain) ? 100 : longest();
    if (level <= 1 && (strstr(name, "192") || (slow && plain))) {
        EVP_CIPHER_free(c);
        return;
    }
    for (size_t len = 0; len <= limit; len = next_length(len)) {
        one_message(c, len, 0);
        if (!whole) one_message(c, len, 1);
    }
    tell(name);
    EVP_CIPHER_free(c);
}

static void mac(const char *name, const char *parameter, const char *value, size_t key_size)
{
    EVP_MAC *m = EVP_MAC_fetch(NULL, name, NULL);
    EVP_MAC_CTX *c = EVP_MAC_CTX_new(m);
    unsigned char tag[128];
    size_t n;
    OSSL_PARAM p[3] = {OSSL_PARAM_END, OSSL_PARAM_END, OSSL_PARAM_END};
    if (parameter) p[0] = OSSL_PARAM_construct_utf8_string(parameter, (char *)(uintptr_t)value, 0);
    if (!strcmp(name, "GMAC")) p[1] = OSSL_PARAM_construct_octet_string("iv", iv, 12);
    for (size_t len = 0; len <= longest(); len = next_length(len)) {
        fold_int((uint64_t)EVP_MAC_init(c, key, key_size, p));
        for (size_t i = 0, piece = len % 50 + 1; i < len; i += piece, piece = piece * 3 % 301 + 1) EVP_MAC_update(c, in + len % 9 + i, piece < len - i ? piece : len - i);
        if (EVP_MAC_final(c, tag, &n, sizeof tag)) fold(tag, n);
    }
    char line[96];
    snprintf(line, sizeof line, "%s %s", name, value ? value : "");
    tell(line);
    EVP_MAC_CTX_free(c);
    EVP_MAC_free(m);
}

/* GHASH alone at every length, by the mode's own interface */
static void ghash(void)
{
    static const char *const width[] = {"AES-128-GCM", "AES-192-GCM", "AES-256-GCM"};
    for (int w = 0; w < 3; w++) {
        EVP_CIPHER *c = EVP_CIPHER_fetch(NULL, width[w], NULL);
        EVP_CIPHER_CTX *x = EVP_CIPHER_CTX_new();
        unsigned char tag[16];
        int n;
        for (int ivlen = 1; ivlen < 64; ivlen += 5) { /* any length but 12 goes through GHASH */
            EVP_CipherInit_ex2(x, c, NULL, NULL, 1, NULL);
            EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_SET_IVLEN, ivlen, NULL);
            EVP_CipherInit_ex2(x, NULL, key, iv, 1, NULL);
            EVP_CipherUpdate(x, NULL, &n, in, ivlen * 7);
            EVP_CipherUpdate(x, out, &n, in, 333);
            EVP_CipherFinal_ex(x, out + 333, &n);
            EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_GET_TAG, 16, tag);
            fold(out, 333), fold(tag, 16);
        }
        EVP_CIPHER_CTX_free(x);
        EVP_CIPHER_free(c);
    }
    tell("GCM, IVs of other lengths");
}

/* ---- public keys ---- */
static int our_bytes(unsigned char *p, int n) { fill(p, (size_t)n); return 1; }
static int our_seed(const void *p, int n) { (void)p, (void)n; return 1; }
static int our_status(void) { return 1; }
static int our_add(const void *p, int n, double e) { (void)p, (void)n, (void)e; return 1; }
static const RAND_METHOD reproducible = {our_seed, our_bytes, NULL, our_add, our_bytes, our_status};

static void fold_public(EVP_PKEY *k)
{
    unsigned char *der = NULL;
    size_t n = EVP_PKEY_get1_encoded_public_key(k, &der);
    fold(der, n);
    OPENSSL_free(der);
}

static void derive(EVP_PKEY *a, EVP_PKEY *b)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(a, NULL);
    unsigned char s[256] = {0};
    size_t n = sizeof s;
    fold_int((uint64_t)EVP_PKEY_derive_init(c));
    fold_int((uint64_t)EVP_PKEY_derive_set_peer(c, b));
    if (EVP_PKEY_derive(c, s, &n) > 0) fold(s, n);
    EVP_PKEY_CTX_free(c);
}

static void sign(EVP_PKEY *k, const char *md)
{
    unsigned char s[1024] = {0};
    for (size_t len = 0; len < 200; len += 67) {
        EVP_MD_CTX *c = EVP_MD_CTX_new();
        size_t n = sizeof s;
        fold_int((uint64_t)EVP_DigestSignInit_ex(c, NULL, md, NULL, NULL, k, NULL));
        fold_int((uint64_t)EVP_DigestSign(c, s, &n, in, len));
        fold(s, n);
        EVP_MD_CTX_reset(c);
        EVP_DigestVerifyInit_ex(c, NULL, md, NULL, NULL, k, NULL);
        fold_int((uint64_t)EVP_DigestVerify(c, s, n, in, len));
        s[n / 2] ^= 1;
        EVP_MD_CTX_reset(c);
        EVP_DigestVerifyInit_ex(c, NULL, md, NULL, NULL, k, NULL);
        fold_int(EVP_DigestVerify(c, s, n, in, len) == 1);
        EVP_MD_CTX_free(c);
    }
}

static void curve(const char *name, int times)
{
    for (int i = 0; i < times; i++) {
        EVP_PKEY *a = EVP_EC_gen(name), *b = EVP_EC_gen(name);
        if (!a || !b) {
            printf("%s: no key\n", name);
            return;
        }
        fold_public(a), fold_public(b);
        derive(a, b), derive(b, a);
        sign(a, "SHA2-256");
        EVP_PKEY_free(a), EVP_PKEY_free(b);
    }
    tell(name);
}

static void edwards(const char *name, int derives, int times)
{
    for (int i = 0; i < times; i++) {
        EVP_PKEY *a = EVP_PKEY_Q_keygen(NULL, NULL, name), *b = EVP_PKEY_Q_keygen(NULL, NULL, name);
        fold_public(a), fold_public(b);
        if (derives) derive(a, b), derive(b, a);
        else sign(a, NULL);
        EVP_PKEY_free(a), EVP_PKEY_free(b);
    }
    tell(name);
}

static void rsa(int bits)
{
    EVP_PKEY *k = EVP_RSA_gen((unsigned)bits);
    unsigned char s[512] = {0};
    size_t n = sizeof s, m = sizeof s;
    sign(k, "SHA2-256");
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(k, NULL);
    EVP_PKEY_encrypt_init(c);
    EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_OAEP_PADDING);
    fold_int((uint64_t)EVP_PKEY_encrypt(c, out, &n, in, 20));
    fold(out, n);
    EVP_PKEY_decrypt_init(c);
    EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_OAEP_PADDING);
    fold_int((uint64_t)EVP_PKEY_decrypt(c, s, &m, out, n) > 0);
    fold(s, m);
    EVP_PKEY_CTX_free(c);
    EVP_PKEY_free(k);
    char line[32];
    snprintf(line, sizeof line, "RSA-%d", bits);
    tell(line);
}

/* Montgomery multiplication and squaring at each width: the assembly has paths for multiples of 4 and 8 limbs and for the rest. */
static void bignum(void)
{
    BN_CTX *c = BN_CTX_new();
    BIGNUM *a = BN_new(), *e = BN_new(), *m = BN_new(), *r = BN_new();
    for (int bits = 64; bits <= (level > 1 ? 2112 : 1024); bits += 64) {
        BN_rand(a, bits - 3, 0, 0), BN_rand(e, 61, 0, 0), BN_rand(m, bits, 0, 1);
        BN_mod_exp_mont(r, a, e, m, c, NULL);
        fold(out, (size_t)BN_bn2bin(r, out));
        BN_mod_exp_mont_consttime(r, a, e, m, c, NULL);
        fold(out, (size_t)BN_bn2bin(r, out));
        BN_mul(r, a, m, c), BN_sqr(a, r, c);
        fold(out, (size_t)BN_bn2bin(a, out));
        BN_div(r, a, a, m, c);
        fold(out, (size_t)BN_bn2bin(r, out));
    }
    tell("bignum");
    BN_free(a), BN_free(e), BN_free(m), BN_free(r);
    BN_CTX_free(c);
}

static void kdf(void)
{
    PKCS5_PBKDF2_HMAC("password", 8, iv, 16, 100, EVP_sha256(), 64, out);
    fold(out, 64);
    EVP_PBE_scrypt("password", 8, iv, 16, 64, 8, 1, 1 << 25, out, 64);
    fold(out, 64);
    tell("PBKDF2, scrypt");
}

int main(int argc, char **argv)
{
    level = scale(argc, argv);
    fill(in, sizeof in), fill(key, sizeof key), fill(iv, sizeof iv);
    RAND_set_rand_method(&reproducible);
    EVP_MD_do_all_provided(NULL, add_md, NULL);
    each(digest);
    EVP_CIPHER_do_all_provided(NULL, add_cipher, NULL);
    each(cipher);
    ghash();
    mac("HMAC", "digest", "SHA1", 33), mac("HMAC", "digest", "SHA2-512", 200), mac("CMAC", "cipher", "AES-128-CBC", 16), mac("GMAC", "cipher", "AES-256-GCM", 32);
    mac("Poly1305", NULL, NULL, 32), mac("SipHash", NULL, NULL, 16), mac("BLAKE2bMac", NULL, NULL, 64), mac("KMAC128", NULL, NULL, 32);
    kdf();
    bignum();
    static const char *const curves[] = {"P-256", "P-384", "P-521", "P-224", "secp256k1", "brainpoolP256r1", "B-283", "K-409"};
    for (size_t i = 0; i < (level > 1 ? 8 : 1); i++) curve(curves[i], level > 1 ? level : 1);
    edwards("X25519", 1, level + 1), edwards("ED25519", 0, level + 1);
    if (level > 1) edwards("X448", 1, level), edwards("ED448", 0, level);
    if (level) rsa(level > 1 ? 2048 : 512);
    return 0;
}
