/* Table-driven CRC-32 and CRC-64, Adler, Fletcher. */
#include <stdint.h>
#include <stdio.h>
int main(void)
{
    static uint32_t t[256]; static uint64_t q[256]; static uint8_t d[100000];
    for (unsigned i = 0; i < 256; i++) {
        uint32_t c = i; uint64_t e = i;
        for (int k = 0; k < 8; k++) c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1, e = e & 1 ? e >> 1 ^ 0xc96c5795d7870f42u : e >> 1;
        t[i] = c, q[i] = e;
    }
    for (int i = 0; i < 100000; i++) d[i] = (uint8_t)(i * i + (i >> 4));
    uint32_t c = ~0u, a = 1, b = 0; uint64_t e = ~0ull; uint16_t f = 0, g = 0;
    for (int i = 0; i < 100000; i++) {
        c = c >> 8 ^ t[(c ^ d[i]) & 255], e = e >> 8 ^ q[(e ^ d[i]) & 255];
        a = (a + d[i]) % 65521, b = (b + a) % 65521;
        f = (uint16_t)((f + d[i]) % 255), g = (uint16_t)((g + f) % 255);
    }
    printf("%08x %016llx %08x %04x\n", ~c, (unsigned long long)~e, b << 16 | a, g << 8 | f);
    return 0;
}
