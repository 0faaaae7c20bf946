/* Division and remainder by variables and constants, with the corner cases. */
#include <limits.h>
#include <stdio.h>
int main(void)
{
    int iv[] = {0, 1, -1, 7, -7, 100, INT_MAX, INT_MIN, INT_MIN + 1};
    long lv[] = {0, 1, -1, 7, -13, 1000000007, LONG_MAX, LONG_MIN, LONG_MIN + 1};
    for (int i = 0; i < 9; i++)
        for (int j = 0; j < 9; j++) {
            volatile int a = iv[i], b = iv[j]; volatile long c = lv[i], d = lv[j];
            if (b && !(a == INT_MIN && b == -1)) printf("%d %d %u %u ", a / b, a % b, (unsigned)a / (unsigned)b, (unsigned)a % (unsigned)b);
            if (d && !(c == LONG_MIN && d == -1)) printf("%ld %ld %lu %lu ", c / d, c % d, (unsigned long)c / (unsigned long)d, (unsigned long)c % (unsigned long)d);
            printf("%d %d %d %ld %ld %lu\n", a / 3, a % 10, a / 8, c / 1000, c % 7, (unsigned long)c / 10);
        }
    return 0;
}
