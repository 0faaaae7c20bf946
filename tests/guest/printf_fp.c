/* printf of floating point, long double (binary128, software) included. */
#include <float.h>
#include <math.h>
#include <stdio.h>
int main(void)
{
    double v[] = {0.0, -0.0, 1.0, -1.5, 0.1, 1e10, 1e-10, 123456.789, DBL_MAX, DBL_MIN, 4.9e-324, INFINITY, -INFINITY, NAN, 2.5, 3.5, 0.5, 9.995, 1e22, 1e23};
    for (unsigned i = 0; i < sizeof v / sizeof *v; i++) {
        printf("[%f][%e][%g][%a]\n", v[i], v[i], v[i], v[i]);
        printf("[%.0f][%.1f][%10.3f][%-10.2e][%+g][%#g][%015.4f]\n", v[i], v[i], v[i], v[i], v[i], v[i], v[i]);
        long double l = (long double)v[i] / 3;
        printf("[%Lf][%Le][%.30Lg][%La]\n", l, l, l, l);
    }
    printf("%.40f\n%.17g\n%.60Lf\n", 0.1, 0.1, 0.1L);
    return 0;
}
