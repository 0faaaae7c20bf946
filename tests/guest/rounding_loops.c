/* Floating-point sums in float and double, FMA contraction, comparisons with NaN, min and max. */
#include <float.h>
#include <math.h>
#include <stdio.h>
int main(void)
{
    float f = 0; double d = 0, c = 0, k = 0; for (int i = 1; i < 50000; i++) { f += 1.0f / (float)i; d += 1.0 / i; double y = 1.0 / ((double)i * i) - c, t = k + y; c = (t - k) - y; k = t; } printf("%a %a %a\n", (double)f, d, k);
    volatile double n = NAN, z = -0.0, i = INFINITY; printf("%d%d%d%d%d%d ", n < 1, n > 1, n == n, n != n, n <= 1, !(n >= 1)); printf("%a %a %a %a\n", fmax(n, 1), fmin(n, 2), fmax(z, 0.0), fmin(0.0, z)); printf("%d %d %d\n", !!signbit(z), 1 / z < 0, i > DBL_MAX); double p = 1; int s = 0; for (int j = 0; j < 200; j++) { p = p * 1.0000001 + 1e-9 * j; s += p > 1.00001 ? 1 : -1; s ^= (int)(p * 1e6) & 3; } printf("%a %d\n", p, s);
    double den = DBL_MIN; int steps = 0; while (den > 0) den /= 2, steps++; printf("%d\n", steps); float fd = FLT_MIN; steps = 0; while (fd > 0) fd *= .5f, steps++; printf("%d\n", steps);
    return 0;
}
