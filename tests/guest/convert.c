/* Conversions between integer and floating types, saturation and rounding included. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
int main(void)
{
    volatile double d[] = {0, -0.0, .5, -.5, 1.5, 2.5, -2.5, 1e9, 4294967295.0, 4294967296.0, 9.2e18, 1.8e19, 1e300, -1e300, 127.9, -128.9, 2147483647.5, NAN, INFINITY};
    for (int i = 0; i < 19; i++) {
        double v = d[i]; float f = (float)v;
        printf("%d %u %lld %llu %a %a\n", (int)v, (unsigned)v, (long long)v, (unsigned long long)v, (double)f, (double)(int)f);
        printf("%a %a %a %a %a\n", floor(v), ceil(v), trunc(v), round(v), nearbyint(v));
    }
    volatile int64_t n[] = {0, 1, -1, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 1ll << 53, (1ll << 53) + 1, 16777217};
    for (int i = 0; i < 10; i++) printf("%a %a %a %a %a\n", (double)n[i], (double)(uint64_t)n[i], (double)(float)n[i], (double)(float)(uint64_t)n[i], (double)(int32_t)n[i]);
    volatile __fp16 h[] = {0.1, 65504, 1e-7, -3.14159, 0.00006};
    for (int i = 0; i < 5; i++) printf("%a %a\n", (double)h[i], (double)(__fp16)(h[i] * 1.5f));
    return 0;
}
