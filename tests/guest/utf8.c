/* UTF-8 by hand and base64. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
static int enc(uint32_t c, char *o) { if (c < 0x80) return o[0] = (char)c, 1; if (c < 0x800) return o[0] = (char)(0xc0 | c >> 6), o[1] = (char)(0x80 | (c & 63)), 2; if (c < 0x10000) return o[0] = (char)(0xe0 | c >> 12), o[1] = (char)(0x80 | (c >> 6 & 63)), o[2] = (char)(0x80 | (c & 63)), 3; return o[0] = (char)(0xf0 | c >> 18), o[1] = (char)(0x80 | (c >> 12 & 63)), o[2] = (char)(0x80 | (c >> 6 & 63)), o[3] = (char)(0x80 | (c & 63)), 4; }
int main(void)
{
    char b[5]; uint64_t h = 0; for (uint32_t c = 1; c < 0x110000; c += 37) { int n = enc(c, b); for (int i = 0; i < n; i++) h = h * 257 + (uint8_t)b[i]; } printf("%016llx\n", (unsigned long long)h); static const char t[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"; const char *s = "Any carnal pleas"; size_t n = strlen(s); for (size_t i = 0; i < n; i += 3) { uint32_t v = (uint32_t)(uint8_t)s[i] << 16 | (i + 1 < n ? (uint32_t)(uint8_t)s[i + 1] << 8 : 0) | (i + 2 < n ? (uint8_t)s[i + 2] : 0); putchar(t[v >> 18]), putchar(t[v >> 12 & 63]), putchar(i + 1 < n ? t[v >> 6 & 63] : '='), putchar(i + 2 < n ? t[v & 63] : '='); } puts(""); return 0;
}
