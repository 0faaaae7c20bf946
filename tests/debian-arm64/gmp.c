/* GMP: the low-level functions in assembly at every size, and the high-level ones at sizes that take each algorithm. */
#include "common.h"
#include <gmp.h>

enum { LIMBS = 600 };
static mp_limb_t a[LIMBS + 8], b[LIMBS + 8], r[2 * LIMBS + 16], s[2 * LIMBS + 16];
static int level;

/* Runs of ones and zeros, so that carries go far. */
static void runs(mp_limb_t *p, size_t n)
{
    fill(p, n * sizeof *p);
    for (size_t i = 0; i < n; i++) if (any() >> 63) p[i] = any() >> 62 ? ~(mp_limb_t)0 : any() >> 63;
}

static void low(mp_size_t n)
{
    runs(a, LIMBS), runs(b, LIMBS);
    mp_limb_t v = any();
#define TRY(call, size) memset(r, 0, sizeof r), fold_int((uint64_t)(call)), fold(r, (size_t)(size) * sizeof *r)
    TRY(mpn_add_n(r, a, b, n), n), TRY(mpn_sub_n(r, a, b, n), n), TRY(mpn_mul_1(r, a, n, v), n), TRY(mpn_lshift(r, a, n, (unsigned)(v % 63 + 1)), n);
    TRY(mpn_rshift(r, a, n, (unsigned)(v % 63 + 1)), n), TRY((mpn_mul_n(r, a, b, n), 0), 2 * n), TRY((mpn_sqr(r, a, n), 0), 2 * n), TRY(mpn_neg(r, a, n), n);
    TRY((mpn_and_n(r, a, b, n), 0), n), TRY((mpn_andn_n(r, a, b, n), 0), n), TRY((mpn_nand_n(r, a, b, n), 0), n), TRY((mpn_ior_n(r, a, b, n), 0), n);
    TRY((mpn_iorn_n(r, a, b, n), 0), n), TRY((mpn_xor_n(r, a, b, n), 0), n), TRY((mpn_xnor_n(r, a, b, n), 0), n), TRY((mpn_com(r, a, n), 0), n);
    TRY((mpn_copyi(r, a, n), 0), n), TRY((mpn_copyd(r, a, n), 0), n), TRY(mpn_divrem_1(r, 2, a, n, v | 1), n + 2), TRY(mpn_divexact_by3(r, a, n), n);
    fold_int(mpn_popcount(a, n)), fold_int(mpn_hamdist(a, b, n)), fold_int(mpn_mod_1(a, n, v | 1)), fold_int((uint64_t)mpn_cmp(a, b, n));
    memcpy(r, a, sizeof a), fold_int(mpn_addmul_1(r, b, n, v)), fold(r, (size_t)n * 8), fold_int(mpn_submul_1(r, a, n, ~v)), fold(r, (size_t)n * 8);
    memcpy(s, b, sizeof b), fold_int(mpn_cnd_add_n(v & 1, r, a, b, n)), fold_int(mpn_cnd_sub_n(1, r, r, s, n)), fold(r, (size_t)n * 8);
}

static void number(mpz_t z, size_t limbs) { runs(a, limbs), mpz_import(z, limbs, -1, 8, 0, 0, a); }
static void fold_z(const mpz_t z)
{
    size_t n;
    void *p = mpz_export(NULL, &n, -1, 8, 0, 0, z);
    fold(p, n * 8), fold_int((uint64_t)mpz_sgn(z));
    free(p);
}

static void high(size_t n, size_t m)
{
    mpz_t x, y, q, t, u;
    mpz_inits(x, y, q, t, u, NULL);
    number(x, n), number(y, m);
    mpz_setbit(y, 5);
    mpz_mul(q, x, y), fold_z(q), mpz_tdiv_qr(t, u, x, y), fold_z(t), fold_z(u), mpz_fdiv_qr(t, u, q, x), fold_z(t), mpz_divexact(t, q, y), fold_z(t);
    mpz_gcdext(t, u, NULL, x, y), fold_z(t), fold_z(u), mpz_sqrtrem(t, u, x), fold_z(t), fold_z(u), mpz_root(t, x, 5), fold_z(t);
    mpz_setbit(y, 0);
    if (n < 40) mpz_powm(t, x, q, y), fold_z(t), fold_int((uint64_t)mpz_probab_prime_p(y, 3)), fold_int((uint64_t)mpz_jacobi(x, y)), fold_int((uint64_t)mpz_invert(t, x, y)), fold_z(t);
    char *text = mpz_get_str(NULL, 10, x);
    fold(text, strlen(text)), mpz_set_str(t, text, 10), fold_int((uint64_t)mpz_cmp(t, x)), free(text);
    mpz_clears(x, y, q, t, u, NULL);
}

int main(int argc, char **argv)
{
    level = scale(argc, argv);
    for (mp_size_t n = 1; n < (level > 1 ? LIMBS : level ? 80 : 20); n += n < 50 ? 1 : 9) low(n);
    tell("mpn");
    for (size_t n = 1; n < (level > 1 ? 500u : level ? 50u : 12u); n += n / 3 + 1)
        for (size_t m = 1; m <= n; m += m / 2 + 1) high(n, m);
    tell("mpz");
    mpz_t z;
    mpz_init(z);
    mpz_fac_ui(z, level ? 3000 : 300), fold_z(z), mpz_fib_ui(z, level ? 20000 : 2000), fold_z(z), mpz_bin_uiui(z, 900, 333), fold_z(z), mpz_nextprime(z, z), fold_z(z);
    if (level > 1) mpz_ui_pow_ui(z, 3, 200000), mpz_mul(z, z, z), fold_z(z);
    tell("functions");
    mpf_t f, g;
    mpf_init2(f, 2000), mpf_init2(g, 2000);
    mpf_sqrt_ui(f, 2), mpf_set_d(g, 0.1), mpf_div(f, f, g), gmp_printf("%.100Ff %a\n", f, mpf_get_d(f));
    return 0;
}
