/* 2000 digits of pi and a big factorial with carry chains (adc/umulh). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
int main(void)
{
    enum { L = 2000 * 10 / 3 }; static int a[L + 1]; for (int i = 0; i <= L; i++) a[i] = 2; unsigned h = 0; int nines = 0, pre = 0;
    for (int j = 0; j < 600; j++) { int q = 0; for (int i = L; i > 0; i--) { int x = 10 * a[i] + q * i; a[i] = x % (2 * i - 1); q = x / (2 * i - 1); } a[1] = q % 10; q /= 10; if (q == 9) nines++; else { h = h * 31 + (unsigned)(pre + q / 10); for (; nines; nines--) h = h * 31 + (unsigned)(9 * (q != 10)); pre = q % 10; } }
    printf("%08x\n", h); static uint64_t f[200] = {1}; int n = 1;
    for (uint64_t k = 2; k <= 1000; k++) { unsigned __int128 c = 0; for (int i = 0; i < n; i++) c += (unsigned __int128)f[i] * k, f[i] = (uint64_t)c, c >>= 64; if (c) f[n++] = (uint64_t)c; }
    uint64_t x = 0; for (int i = 0; i < n; i++) x = x * 1000003 ^ f[i]; printf("%d %016llx\n", n, (unsigned long long)x); static uint64_t s[100], t[100]; for (int i = 0; i < 100; i++) s[i] = ~0ull - (uint64_t)i, t[i] = (uint64_t)i * 0x123456789abcdefull; unsigned char cy = 0; for (int i = 0; i < 100; i++) { uint64_t u; unsigned char c1 = __builtin_add_overflow(s[i], t[i], &u), c2 = __builtin_add_overflow(u, cy, &s[i]); cy = c1 | c2; x ^= s[i] * 31; } printf("%d %016llx\n", cy, (unsigned long long)x);
    return 0;
}
