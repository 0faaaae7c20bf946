/* malloc, calloc, realloc, free in random order; large blocks go through mmap and mremap. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static uint64_t s = 88172645463325252u;
static uint64_t rnd(void) { s ^= s << 13, s ^= s >> 7, s ^= s << 17; return s; }
int main(void)
{
    static struct { uint8_t *p; size_t n; uint8_t tag; } slot[500];
    uint64_t sum = 0;
    for (int round = 0; round < 60000; round++) {
        int i = (int)(rnd() % 500);
        if (slot[i].p) {
            for (size_t k = 0; k < slot[i].n; k += 1 + slot[i].n / 16)
                if (slot[i].p[k] != slot[i].tag) return printf("corrupt\n"), 1;
            sum += slot[i].n;
        }
        size_t n = rnd() % 16 == 0 ? rnd() % 300000 : rnd() % 800;
        switch (rnd() % 3) {
        case 0: free(slot[i].p), slot[i].p = calloc(1, n + 1); break;
        case 1: slot[i].p = realloc(slot[i].p, n + 1); break;
        default: free(slot[i].p), slot[i].p = NULL, n = 0;
        }
        slot[i].n = slot[i].p ? n + 1 : 0;
        slot[i].tag = (uint8_t)rnd();
        if (slot[i].p) memset(slot[i].p, slot[i].tag, slot[i].n);
    }
    printf("sum %llu\n", (unsigned long long)sum);
    void *a = aligned_alloc(4096, 8192);
    printf("aligned %d\n", (int)((uintptr_t)a % 4096));
    char *m = malloc(50 << 20);
    m[0] = 1, m[(50 << 20) - 1] = 2;
    m = realloc(m, 90 << 20);
    printf("%d %d\n", m[0], m[(50 << 20) - 1]);
    free(m), free(a);
    return 0;
}
