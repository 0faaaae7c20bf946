/* Of the matrix: compress and expand at several levels, whole and damaged. */
#include <stdio.h>
#include <string.h>
#include "zlib.h"
static unsigned char in[60000], out[70000], back[60000];
static void expand(unsigned long n)
{
    z_stream z = {.next_in = out, .avail_in = (unsigned)n, .next_out = back, .avail_out = sizeof back};
    inflateInit2(&z, 47);
    const int r = inflate(&z, Z_FINISH);
    printf("%d %lu %lx %s\n", r, z.total_out, crc32(0, back, z.total_out), z.msg ? z.msg : "");
    inflateEnd(&z);
}
static void both(int level, int strategy)
{
    z_stream z = {.next_in = in, .avail_in = 20000 + (unsigned)level, .next_out = out, .avail_out = sizeof out};
    printf("%d ", deflateInit2(&z, level, Z_DEFLATED, level == 6 ? 31 : 15, 8, strategy));
    printf("%d ", deflate(&z, Z_SYNC_FLUSH));
    z.avail_in = 1000;
    printf("%d %lu ", deflate(&z, Z_FINISH), z.total_out);
    printf("%lx\n", adler32(1, out, z.total_out));
    deflateEnd(&z), expand(z.total_out);
    out[50] ^= 85, expand(z.total_out);
}
int main(void)
{
    unsigned seed = 1;
    uLongf n = sizeof out, m = sizeof back;
    for (int i = 0; i < (int)sizeof in; i++) {
        seed = seed * 1103515245 + 12345;
        in[i] = i % 7 ? "the quick brown fox "[(seed >> 16) % 20] : in[i / 2];
    }
    for (int level = 0; level <= 9; level += 3)
        for (int strategy = 0; strategy < 5; strategy++) both(level, strategy);
    printf("%d %lu ", compress(out, &n, in, 3000), n);
    printf("%d %lu %d %s\n", uncompress(back, &m, out, n), m, memcmp(in, back, m), zError(-3));
    printf("%lx %lx\n", crc32_combine(1, 2, 77), adler32_combine(3, 4, 99));
    return 0;
}
