/* libm in double and float over a grid, printed exactly. */
#include <math.h>
#include <stdio.h>
#define D1(f) for (int i = 0; i < n; i++) printf(#f "(%a)=%a\n", v[i], f(v[i]));
#define F1(f) for (int i = 0; i < n; i++) printf(#f "(%a)=%a\n", v[i], (double)f((float)v[i]));
int main(void)
{
    double v[] = {0, -0.0, 0.1, 0.5, 1, -1, 1.5, 2, 3.14159265358979, -7.25, 10, 100.5, 1e-10, 1e5, 1e300, 1e-300, INFINITY};
    int n = sizeof v / sizeof *v;
    D1(sin) D1(cos) D1(tan) D1(exp) D1(exp2) D1(expm1) D1(log) D1(log2) D1(log10) D1(log1p) D1(sqrt) D1(cbrt)
    D1(atan) D1(asinh) D1(sinh) D1(cosh) D1(tanh) D1(erf) D1(tgamma) D1(lgamma) D1(floor) D1(ceil) D1(rint) D1(round) D1(trunc) D1(logb) D1(j0)
    F1(sinf) F1(cosf) F1(tanf) F1(expf) F1(logf) F1(log2f) F1(sqrtf) F1(atanf) F1(floorf) F1(roundf) F1(rintf)
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            printf("%a %a: %a %a %a %a %a\n", v[i], v[j], pow(fabs(v[i]), v[j]), atan2(v[i], v[j]), fmod(v[i], v[j]), hypot(v[i], v[j]), fma(v[i], v[j], 0.3));
    printf("%ld %lld %ld\n", lrint(2.5), llround(-2.5), lround(1e9 + 0.5));
    printf("%a %a %a %a\n", nextafter(1, 2), remainder(10, 3), copysign(3, -0.0), scalbn(1.5, 40));
    printf("%d%d%d%d%d\n", !!isnan(NAN), !!isinf(INFINITY), !!signbit(-0.0), fpclassify(1e-310) == FP_SUBNORMAL, isgreater(1.0, (double)NAN));
    return 0;
}
