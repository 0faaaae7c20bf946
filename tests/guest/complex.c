/* Complex arithmetic and a small FFT. */
#include <complex.h>
#include <math.h>
#include <stdio.h>
static void fft(double complex *v, int n)
{
    if (n == 1) return;
    double complex e[n / 2], o[n / 2];
    for (int i = 0; i < n / 2; i++) e[i] = v[2 * i], o[i] = v[2 * i + 1];
    fft(e, n / 2), fft(o, n / 2);
    for (int i = 0; i < n / 2; i++) { double complex t = cexp(-2 * M_PI * I * i / n) * o[i]; v[i] = e[i] + t, v[i + n / 2] = e[i] - t; }
}
int main(void)
{
    double complex a = 1 + 2 * I, b = 3 - I, v[64];
    printf("%g%+gi %g%+gi %g%+gi %g\n", creal(a * b), cimag(a * b), creal(a / b), cimag(a / b), creal(csqrt(a)), cimag(csqrt(a)), cabs(b));
    for (int i = 0; i < 64; i++) v[i] = sin(i * .7) + I * cos(i * .3);
    fft(v, 64);
    for (int i = 0; i < 64; i += 5) printf("%.10f %.10f\n", creal(v[i]), cimag(v[i]));
    return 0;
}
