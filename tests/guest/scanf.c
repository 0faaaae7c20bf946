/* sscanf, strtol, strtod and friends. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
int main(void)
{
    int a, b, n; char s[20], c; double d; long double L; unsigned x; float f; long long ll;
    n = sscanf("12 -34 word 3.25e2 0xff z", "%d %d %19s %lf %x %c", &a, &b, s, &d, &x, &c);
    printf("%d: %d %d %s %g %u %c\n", n, a, b, s, d, x, c);
    n = sscanf("[abc123] 1e-5 99999999999", "[%19[a-c]%d] %f %lld", s, &a, &f, &ll);
    printf("%d: %s %d %g %lld\n", n, s, a, (double)f, ll);
    n = sscanf("2.718281828459045235360287471352662", "%Lf", &L);
    printf("%d: %.33Lf\n", n, L);
    const char *num[] = {"0", "  42xyz", "-0x1F", "0755", "99999999999999999999", "-9223372036854775808", "abc", "1e3"};
    for (int i = 0; i < 8; i++) {
        char *e; errno = 0;
        long v = strtol(num[i], &e, 0);
        printf("%ld rest=[%s] errno=%d; ", v, e, errno);
        errno = 0;
        printf("%lu; ", strtoul(num[i], &e, 16));
        printf("%.17g rest=[%s]\n", strtod(num[i], &e), e);
    }
    const char *fl[] = {"1.7976931348623157e308", "1.8e308", "2.2250738585072011e-308", "4.9e-324", "1e-400", "inf", "nan", "0x1.8p3", "123456789012345678901234567890", "0.1"};
    for (int i = 0; i < 10; i++) printf("%.17g %.9g %.33Lg\n", strtod(fl[i], 0), (double)strtof(fl[i], 0), strtold(fl[i], 0));
    printf("%d %ld %f\n", atoi("77"), atol("-88"), atof("9.75"));
    return 0;
}
