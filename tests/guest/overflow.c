/* Checked arithmetic builtins and saturating code. */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
int main(void)
{
    int iv[] = {0, 1, -1, 2, INT_MAX, INT_MIN, 65536, -65536, 46341}; long lv[] = {0, 1, -1, 2, LONG_MAX, LONG_MIN, 1L << 32, -(1L << 32), 3037000500L};
    for (int i = 0; i < 9; i++) for (int j = 0; j < 9; j++) { int a; long b; unsigned c; unsigned long d; uint8_t e; volatile int x = iv[i], y = iv[j]; volatile long p = lv[i], q = lv[j];
        printf("%d%d%d ", __builtin_add_overflow(x, y, &a), __builtin_sub_overflow(x, y, &a), __builtin_mul_overflow(x, y, &a)); printf("%d ", a); printf("%d%d%d ", __builtin_add_overflow(p, q, &b), __builtin_sub_overflow(p, q, &b), __builtin_mul_overflow(p, q, &b)); printf("%ld ", b);
        printf("%d%d%d%d ", __builtin_add_overflow((unsigned)x, (unsigned)y, &c), __builtin_sub_overflow((unsigned)x, (unsigned)y, &c), __builtin_mul_overflow((unsigned long)p, (unsigned long)q, &d), __builtin_add_overflow(x, y, &e)); printf("%u %lu %u\n", c, d, e); }
    return 0;
}
