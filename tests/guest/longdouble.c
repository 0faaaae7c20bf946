/* binary128 arithmetic by libgcc: soft-float on quad words. */
#include <math.h>
#include <stdio.h>
int main(void)
{
    long double a = 1.0L, e = 1.0L, f = 1.0L;
    for (int i = 1; i < 40; i++) f /= i, e += f;
    printf("e    %.34Lf\n", e);
    for (int i = 0; i < 30; i++) a = (a + 2 / a) / 2;
    printf("rt2  %.34Lf\n", a);
    printf("sqrt %.34Lf\n", sqrtl(2.0L));
    printf("pi   %.34Lf\n", 4 * atanl(1.0L));
    printf("%.30Lg %.30Lg %.30Lg\n", sinl(1), expl(10), logl(1e100L));
    printf("%.30Lg %.30Lg\n", powl(1.0000001L, 1e7L), fmodl(1e30L, 7));
    long double t = 1; int n = 0;
    while (1 + t != 1) t /= 2, n++;
    printf("%d bits\n", n);
    printf("%lld %llu %d %g %g\n", (long long)1e18L, (unsigned long long)1.8e19L, (int)-7.9L, (double)(1.0L / 3), (double)(float)(2.0L / 3));
    printf("%d%d%d%d\n", a < e, a > e, a == a, (long double)NAN != NAN);
    int x; long double m = frexpl(12345.678L, &x);
    printf("%.30Lg %d %.30Lg\n", m, x, ldexpl(m, -20));
    printf("%Lf %Lf %Lf %Lf\n", floorl(-2.5L), ceill(-2.5L), roundl(-2.5L), truncl(-2.5L));
    return 0;
}
