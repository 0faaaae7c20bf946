/* OpenBLAS, whose kernels are assembly for each CPU (OPENBLAS_CORETYPE, or what the ID registers say): levels 1 to 3 over odd sizes and strides.
 * Sums are taken in each kernel's own order, so results are the same only for the same kernels. */
#include "common.h"
#include <openblas-serial/cblas.h>

enum { N = 160 };
static double a[N * N], b[N * N], c[N * N];
static float af[N * N], bf[N * N], cf[N * N];
static int level;

static void numbers(void)
{
    for (int i = 0; i < N * N; i++) {
        a[i] = (double)(int64_t)any() * 0x1p-62, b[i] = (double)(int64_t)any() * 0x1p-61, c[i] = 0.5;
        af[i] = (float)a[i], bf[i] = (float)b[i], cf[i] = 0.25f;
    }
}
static void fold_double(double d) { fold(&d, sizeof d); }

static void vectors(int n, int s)
{
    fold_double(cblas_ddot(n, a, s, b, s)), fold_double(cblas_sdot(n, af, s, bf, s)), fold_double(cblas_dnrm2(n, a, s)), fold_double(cblas_snrm2(n, af, s));
    fold_double(cblas_dasum(n, a, s)), fold_double(cblas_sasum(n, af, s)), fold_int(cblas_idamax(n, a, s)), fold_int(cblas_isamax(n, af, s)), fold_double(cblas_dsdot(n, af, s, bf, s));
    cblas_daxpy(n, 1.25, a, s, c, s), cblas_saxpy(n, -0.75f, af, s, cf, s), cblas_dscal(n, 0.9, c, s), cblas_sscal(n, 1.1f, cf, s), cblas_drot(n, a, s, b, s, 0.6, 0.8);
    cblas_srot(n, af, s, bf, s, 0.8f, 0.6f), cblas_dswap(n, a, s, b, s), cblas_sswap(n, af, s, bf, s), cblas_dcopy(n, c, s, a, s);
    double z[2], w[2] = {0.5, -1.5};
    float x[2];
    cblas_zdotu_sub(n / 2, a, s, b, s, z), fold(z, sizeof z), cblas_cdotc_sub(n / 2, af, s, bf, s, x), fold(x, sizeof x), cblas_zaxpy(n / 2, w, a, s, c, s);
    fold_double(cblas_dznrm2(n / 2, a, s)), fold_double(cblas_scasum(n / 2, af, s)), fold_int(cblas_izamax(n / 2, a, s));
    fold(a, sizeof a), fold(c, sizeof c), fold(cf, sizeof cf);
}

static void matrices(int m, int n, int k)
{
    static const CBLAS_TRANSPOSE t[] = {CblasNoTrans, CblasTrans, CblasConjTrans};
    double one[2] = {1, 0.5}, some[2] = {0.25, -1};
    for (int i = 0; i < (level > 1 ? 3 : 2); i++)
        for (int j = 0; j < (level > 1 ? 3 : 2); j++) {
            cblas_dgemm(CblasColMajor, t[i], t[j], m, n, k, 1.5, a, N, b, N, 0.5, c, N);
            cblas_sgemm(CblasRowMajor, t[i], t[j], m, n, k, 1.5f, af, N, bf, N, 0.5f, cf, N);
            cblas_zgemm(CblasColMajor, t[i], t[j], m / 2, n / 2, k / 2, one, a, N / 2, b, N / 2, some, c, N / 2);
            float of[2] = {1, 0.5f}, sf[2] = {0.25f, -1};
            cblas_cgemm(CblasColMajor, t[i], t[j], m / 2, n / 2, k / 2, of, af, N / 2, bf, N / 2, sf, cf, N / 2);
        }
    cblas_dgemv(CblasColMajor, CblasNoTrans, m, n, 1, a, N, b, 1, 0.5, c, 1), cblas_dgemv(CblasColMajor, CblasTrans, m, n, 1, a, N, b, 2, 0.5, c, 1);
    cblas_sgemv(CblasRowMajor, CblasNoTrans, m, n, 1, af, N, bf, 1, 0.5f, cf, 1), cblas_sgemv(CblasRowMajor, CblasTrans, m, n, 1, af, N, bf, 1, 0.5f, cf, 1);
    cblas_dtrsm(CblasColMajor, CblasLeft, CblasUpper, CblasNoTrans, CblasUnit, m, n, 1, a, N, c, N), cblas_strmm(CblasColMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, m, n, 1, af, N, cf, N);
    cblas_dsyrk(CblasColMajor, CblasUpper, CblasNoTrans, n, k, 1, a, N, 0.5, c, N), cblas_dger(CblasColMajor, m, n, 0.1, a, 1, b, 1, c, N), cblas_dsymv(CblasColMajor, CblasUpper, n, 1, a, N, b, 1, 0, c, 1);
    fold(c, sizeof c), fold(cf, sizeof cf);
}

int main(int argc, char **argv)
{
    level = scale(argc, argv);
    printf("%s\n", openblas_get_corename());
    for (int s = 1; s < 4; s++) {
        for (int n = 0; n < (level > 1 ? 500 : level ? 70 : 20); n += level > 1 ? 1 : 7) numbers(), vectors(n, s);
        tell("vectors");
    }
    for (int n = 1; n < (level > 1 ? N : level ? 50 : 20); n += level > 1 ? 3 : 11) numbers(), matrices(n, (n * 7) % 40 + 1, (n * 5) % 60 + 1);
    tell("matrices");
    return 0;
}
