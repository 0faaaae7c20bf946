/* memcpy, memmove, memset, memcmp: every size to 300 and many alignments, overlaps included. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
static uint64_t h = 1469598103934665603u;
static void mix(const void *p, size_t n) { const uint8_t *b = p; while (n--) h = (h ^ *b++) * 1099511628211u; }
static uint8_t src[1024], dst[1024];
int main(void)
{
    for (int i = 0; i < 1024; i++) src[i] = (uint8_t)(i * 37 + (i >> 3));
    for (size_t n = 0; n <= 300; n++)
        for (int o = 0; o < 17; o += 1 + (n > 40)) {
            memset(dst, 0xee, sizeof dst);
            memcpy(dst + o, src + (o * 5) % 16, n);
            mix(dst, n + 40);
            memmove(dst + 8, dst + o, n);
            mix(dst, n + 40);
            memmove(dst + o, dst + 3, n);
            mix(dst, n + 40);
            memset(dst + o, (int)n, n / 2);
            mix(dst, n + 40);
            int c = memcmp(dst, src, n);
            mix(&(uint8_t){(uint8_t)((c > 0) - (c < 0))}, 1);
        }
    printf("%016llx\n", (unsigned long long)h);
    static char big[1 << 20], copy[1 << 20];
    for (size_t i = 0; i < sizeof big; i++) big[i] = (char)(i * 2654435761u >> 13);
    memcpy(copy, big, sizeof big);
    memmove(copy + 1, copy, sizeof big - 1);
    memmove(copy, copy + 4097, sizeof big - 4097);
    mix(copy, sizeof copy);
    printf("%016llx %d\n", (unsigned long long)h, memcmp(big, copy, 5) != 0);
    return 0;
}
