/* SHA-256 in plain C. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
static uint32_t k[64];
static inline uint32_t ror(uint32_t v, int n) { return v >> n | v << (32 - n); }
static void block(uint32_t *h, const uint8_t *p)
{
    uint32_t w[64], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], j = h[7];
    for (int i = 0; i < 16; i++) w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < 64; i++) w[i] = w[i - 16] + w[i - 7] + (ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3) + (ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10);
    for (int i = 0; i < 64; i++) {
        uint32_t t = j + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i];
        uint32_t u = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        j = g, g = f, f = e, e = d + t, d = c, c = b, b = a, a = t + u;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e, h[5] += f, h[6] += g, h[7] += j;
}
int main(int argc, char **argv)
{
    static uint8_t buf[1 << 16];
    uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    for (int i = 0; i < 64; i++) k[i] = 0x428a2f98u * (uint32_t)(2 * i + 1);
    for (size_t i = 0; i < sizeof buf; i++) buf[i] = (uint8_t)(i * 167);
    for (int n = argc > 1 ? atoi(argv[1]) : 1000; n; n--)
        for (size_t i = 0; i < sizeof buf; i += 64) block(h, buf + i);
    printf("%08x\n", h[0]);
    return 0;
}
