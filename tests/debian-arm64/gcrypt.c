/* libgcrypt: its own self-tests, then every digest, cipher with its modes, MAC and KDF, and public-key operations with fixed keys.
 * LP_HWF names hardware features that the library shall not use: its C and plain NEON paths run then. */
#include "common.h"
#include <gcrypt.h>
#include <stdarg.h>

enum { BIG = 8192 };
static unsigned char in[BIG + 64], out[BIG + 64], back[BIG + 64], key[256], iv[64];
static int level;

static size_t next_length(size_t n)
{
    if (n < (size_t)(level > 1 ? 300 : level ? 70 : 20)) return n + 1;
    return n < 600 ? n + (level > 1 ? 7 : 59) : n * 2 + 3;
}
static size_t longest(void) { return level > 1 ? BIG : level ? 2500 : 200; }

static void unheard(void *u, int severity, const char *format, va_list a) { (void)u, (void)severity, (void)format, (void)a; }

static void digests(void)
{
    for (int id = 1; id < 400; id++) {
        if (gcry_md_test_algo(id)) continue;
        gcry_md_hd_t h;
        if (gcry_md_open(&h, id, 0)) continue;
        size_t n = gcry_md_get_algo_dlen(id);
        for (size_t len = 0; len <= longest(); len = next_length(len)) {
            gcry_md_reset(h);
            for (size_t i = 0, piece = len % 90 + 1; i < len; i += piece, piece = piece * 5 % 307 + 1) gcry_md_write(h, in + len % 19 + i, piece < len - i ? piece : len - i);
            if (n) fold(gcry_md_read(h, id), n);
            else if (!gcry_md_extract(h, id, back, 77)) fold(back, 77);
        }
        gcry_md_close(h);
        char line[64];
        snprintf(line, sizeof line, "md %s", gcry_md_algo_name(id));
        tell(line);
    }
}

/* One message there and back; the library refuses lengths that the mode cannot have, which is part of the digest. */
static void message(gcry_cipher_hd_t h, int mode, size_t iv_size, size_t len)
{
    const unsigned char *p = in + len % 15;
    unsigned char *o = out + len % 7, tag[16] = {0};
    int aead = mode == GCRY_CIPHER_MODE_GCM || mode == GCRY_CIPHER_MODE_CCM || mode == GCRY_CIPHER_MODE_OCB || mode == GCRY_CIPHER_MODE_EAX || mode == GCRY_CIPHER_MODE_POLY1305 ||
               mode == GCRY_CIPHER_MODE_SIV || mode == GCRY_CIPHER_MODE_GCM_SIV;
    uint64_t lengths[3] = {len, len % 33, 16};
    for (int encrypt = 1; encrypt >= 0; encrypt--) {
        gcry_cipher_reset(h);
        gcry_error_t e = mode == GCRY_CIPHER_MODE_CTR ? gcry_cipher_setctr(h, iv, iv_size) : iv_size ? gcry_cipher_setiv(h, iv, iv_size) : 0;
        if (mode == GCRY_CIPHER_MODE_CCM) e |= gcry_cipher_ctl(h, GCRYCTL_SET_CCM_LENGTHS, lengths, sizeof lengths);
        if (aead) e |= gcry_cipher_authenticate(h, in + 3, len % 33);
        if (!encrypt && (mode == GCRY_CIPHER_MODE_SIV || mode == GCRY_CIPHER_MODE_GCM_SIV)) e |= gcry_cipher_set_decryption_tag(h, tag, 16);
        gcry_cipher_final(h);
        e |= encrypt ? gcry_cipher_encrypt(h, o, len, p, len) : gcry_cipher_decrypt(h, back, len, o, len);
        fold_int(e != 0);
        if (e) return;
        if (encrypt) fold(o, len);
        else fold_int((uint64_t)!memcmp(back, p, len));
        if (aead && encrypt && !gcry_cipher_gettag(h, tag, 16)) fold(tag, 16);
        if (aead && !encrypt) fold_int((uint64_t)!gcry_cipher_checktag(h, tag, 16));
    }
}

static void ciphers(void)
{
    static const struct { int mode; const char *name; size_t iv; int twice; } modes[] = {
        {GCRY_CIPHER_MODE_ECB, "ECB", 0, 0},  {GCRY_CIPHER_MODE_CBC, "CBC", 1, 0},  {GCRY_CIPHER_MODE_CFB, "CFB", 1, 0}, {GCRY_CIPHER_MODE_CFB8, "CFB8", 1, 0},
        {GCRY_CIPHER_MODE_OFB, "OFB", 1, 0},  {GCRY_CIPHER_MODE_CTR, "CTR", 1, 0},  {GCRY_CIPHER_MODE_GCM, "GCM", 12, 0}, {GCRY_CIPHER_MODE_CCM, "CCM", 12, 0},
        {GCRY_CIPHER_MODE_OCB, "OCB", 12, 0}, {GCRY_CIPHER_MODE_EAX, "EAX", 12, 0}, {GCRY_CIPHER_MODE_XTS, "XTS", 16, 1}, {GCRY_CIPHER_MODE_STREAM, "stream", 8, 0},
        {GCRY_CIPHER_MODE_POLY1305, "Poly1305", 12, 0}, {GCRY_CIPHER_MODE_SIV, "SIV", 12, 1}, {GCRY_CIPHER_MODE_GCM_SIV, "GCM-SIV", 12, 0}};
    for (int id = 1; id < 400; id++) {
        if (gcry_cipher_test_algo(id)) continue;
        const char *name = gcry_cipher_algo_name(id);
        if (level <= 1 && (strstr(name, "192") || strstr(name, "IDEA") || strstr(name, "RFC2268") || strstr(name, "SEED"))) continue;
        for (size_t m = 0; m < sizeof modes / sizeof modes[0]; m++) {
            gcry_cipher_hd_t h;
            if (gcry_cipher_open(&h, id, modes[m].mode, 0)) continue;
            size_t block = gcry_cipher_get_algo_blklen(id), n = gcry_cipher_get_algo_keylen(id) * (modes[m].twice ? 2 : 1);
            if (!gcry_cipher_setkey(h, key, n)) {
                for (size_t len = modes[m].mode == GCRY_CIPHER_MODE_ECB || modes[m].mode == GCRY_CIPHER_MODE_CBC ? block : 1; len <= longest();
                     len = modes[m].mode == GCRY_CIPHER_MODE_ECB || modes[m].mode == GCRY_CIPHER_MODE_CBC ? len + block * (len / 128 + 1) : next_length(len))
                    message(h, modes[m].mode, modes[m].iv == 1 ? block : modes[m].iv, len);
                char line[64];
                snprintf(line, sizeof line, "cipher %s %s", name, modes[m].name);
                tell(line);
            }
            gcry_cipher_close(h);
        }
    }
}

static void macs(void)
{
    for (int id = 1; id < 700; id++) {
        if (gcry_mac_test_algo(id)) continue;
        gcry_mac_hd_t h;
        if (gcry_mac_open(&h, id, 0, NULL)) continue;
        size_t n = gcry_mac_get_algo_maclen(id), step = level > 1 ? 1 : 5;
        unsigned k = gcry_mac_get_algo_keylen(id);
        fold_int(gcry_mac_setkey(h, key, k ? k : 40) != 0);
        for (size_t len = 0; len <= longest() / 2; len = next_length(len + step)) {
            gcry_mac_reset(h);
            gcry_mac_setiv(h, iv, 12);
            gcry_mac_write(h, in + len % 5, len);
            size_t size = n;
            if (!gcry_mac_read(h, out, &size)) fold(out, size);
        }
        gcry_mac_close(h);
        char line[64];
        snprintf(line, sizeof line, "mac %s", gcry_mac_algo_name(id));
        tell(line);
    }
}

/* Scalar multiplication on each curve, from fixed scalars (keys of the library's own would be random). */
static void curves(void)
{
    static const char *const names[] = {"NIST P-256", "NIST P-384", "NIST P-521", "secp256k1", "brainpoolP256r1", "sm2p256v1", "Ed25519", "Curve25519", "Ed448", "X448"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i += level > 1 ? 1 : 3) {
        gcry_ctx_t c;
        if (gcry_mpi_ec_new(&c, NULL, names[i])) continue;
        gcry_mpi_point_t g = gcry_mpi_ec_get_point("g", c, 1), q = gcry_mpi_point_new(0);
        gcry_mpi_t k, x = gcry_mpi_new(0), y = gcry_mpi_new(0);
        gcry_mpi_scan(&k, GCRYMPI_FMT_USG, in + i, 30, NULL);
        gcry_mpi_ec_mul(q, k, g, c);
        int montgomery = names[i][0] == 'C' || names[i][0] == 'X';
        fold_int((uint64_t)gcry_mpi_ec_get_affine(x, montgomery ? NULL : y, q, c));
        size_t n = 0;
        gcry_mpi_print(GCRYMPI_FMT_USG, out, BIG, &n, x);
        fold(out, n);
        gcry_mpi_release(k), gcry_mpi_release(x), gcry_mpi_release(y), gcry_mpi_point_release(g), gcry_mpi_point_release(q);
        gcry_ctx_release(c);
        tell(names[i]);
    }
}

static void numbers(void)
{
    gcry_mpi_t a, e, m, r = gcry_mpi_new(0);
    for (unsigned bytes = 8; bytes <= (level > 1 ? 512u : 128u); bytes += bytes < 64 ? 8 : 40) {
        gcry_mpi_scan(&a, GCRYMPI_FMT_USG, in + bytes, bytes, NULL);
        gcry_mpi_scan(&e, GCRYMPI_FMT_USG, in + 7, 9, NULL);
        gcry_mpi_scan(&m, GCRYMPI_FMT_USG, in + 99, bytes, NULL);
        gcry_mpi_set_bit(m, 0);
        gcry_mpi_powm(r, a, e, m);
        gcry_mpi_mul(a, a, r), gcry_mpi_add(a, a, m), gcry_mpi_div(r, e, a, m, 0), gcry_mpi_gcd(a, r, m), gcry_mpi_mulm(a, a, e, m), gcry_mpi_add(r, r, a), gcry_mpi_add(r, r, e);
        size_t n = 0;
        gcry_mpi_print(GCRYMPI_FMT_USG, out, BIG, &n, r);
        fold(out, n);
        gcry_mpi_release(a), gcry_mpi_release(e), gcry_mpi_release(m);
    }
    tell("numbers");
}

static void kdfs(void)
{
    gcry_kdf_derive("password", 8, GCRY_KDF_PBKDF2, GCRY_MD_SHA512, iv, 16, 40, 64, out);
    fold(out, 64);
    gcry_kdf_derive("password", 8, GCRY_KDF_SCRYPT, 16, iv, 16, 1, 64, out);
    fold(out, 64);
    tell("kdf");
}

int main(int argc, char **argv)
{
    level = scale(argc, argv);
    fill(in, sizeof in), fill(key, sizeof key), fill(iv, sizeof iv);
    char *hwf = getenv("LP_HWF");
    for (char *f = hwf ? strtok(hwf, ",") : NULL; f; f = strtok(NULL, ",")) gcry_control(GCRYCTL_DISABLE_HWF, f, NULL);
    if (!gcry_check_version(GCRYPT_VERSION)) return 1;
    gcry_set_log_handler(unheard, NULL);
    gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
    gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    if (level) printf("self-test %d\n", gcry_control(GCRYCTL_SELFTEST, level > 1) != 0);
    digests(), ciphers(), macs(), curves(), numbers(), kdfs();
    return 0;
}
