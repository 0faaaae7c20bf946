/* Copy, scale, add on 64-bit words. */
/* flags: -fno-tree-vectorize */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
enum { N = 1 << 15 };
static uint64_t a[N], b[N], c[N];
int main(int argc, char **argv)
{
    for (int i = 0; i < N; i++) a[i] = (uint64_t)i, b[i] = (uint64_t)i * 3;
    for (int r = argc > 1 ? atoi(argv[1]) : 2500; r; r--) {
        for (int i = 0; i < N; i++) c[i] = a[i] * 3 + (uint64_t)r;
        for (int i = 0; i < N; i++) a[i] = b[i] + c[i];
        for (int i = 0; i < N; i++) b[i] = c[i] ^ a[i] >> 1;
    }
    printf("%llx\n", (unsigned long long)b[N - 1]);
    return 0;
}
