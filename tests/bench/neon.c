/* Loops that -O3 turns into AdvSIMD: bytes, 16-bit sums, floats. */
/* flags: -O3 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
enum { N = 1 << 14 };
static uint8_t a[N], b[N];
static int16_t s[N];
static float f[N], g[N];
int main(int argc, char **argv)
{
    for (int i = 0; i < N; i++) a[i] = (uint8_t)(i * 7), b[i] = (uint8_t)(i * 13), f[i] = (float)i, g[i] = (float)(i % 17);
    uint64_t sum = 0;
    for (int r = argc > 1 ? atoi(argv[1]) : 3000; r; r--) {
        for (int i = 0; i < N; i++) a[i] = (uint8_t)((a[i] + b[i] + 1) >> 1);
        for (int i = 0; i < N; i++) s[i] = (int16_t)(s[i] + a[i] * 3);
        for (int i = 0; i < N; i++) f[i] = f[i] * 0.5f + g[i];
        uint32_t t = 0;
        for (int i = 0; i < N; i++) t += (uint32_t)(a[i] > b[i] ? a[i] - b[i] : b[i] - a[i]);
        sum += t;
    }
    printf("%llx %a\n", (unsigned long long)sum + (uint64_t)s[5], (double)f[N - 1]);
    return 0;
}
