/* A small LZ77 compressor and its inverse. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
static uint8_t in[60000], out[120000], back[60000]; static int head[4096];
int main(void)
{
    for (size_t i = 0; i < sizeof in; i++) in[i] = (uint8_t)("the quick brown fox jumps over "[(i * i / 97 + i) % 31] + (i % 501 == 0)); size_t o = 0, n = sizeof in; memset(head, -1, sizeof head);
    for (size_t i = 0; i < n;) { size_t best = 0, dist = 0; if (i + 4 < n) { uint32_t k; memcpy(&k, in + i, 4); int *h = &head[(k * 2654435761u) >> 20]; if (*h >= 0 && i - (size_t)*h < 65535) { size_t m = 0; while (i + m < n && m < 255 && in[(size_t)*h + m] == in[i + m]) m++; best = m, dist = i - (size_t)*h; } *h = (int)i; } if (best >= 4) out[o++] = (uint8_t)best, out[o++] = (uint8_t)dist, out[o++] = (uint8_t)(dist >> 8), i += best; else out[o++] = 0, out[o++] = in[i++]; }
    size_t p = 0; for (size_t i = 0; i < o;) if (out[i]) { size_t d = out[i + 1] | (size_t)out[i + 2] << 8; for (int k = out[i]; k; k--, p++) back[p] = back[p - d]; i += 3; } else back[p++] = out[i + 1], i += 2; printf("%zu %d\n", o, memcmp(in, back, n)); return 0;
}
