/* base/hash.c - digests and hex. */
#include <config.h>
#include "base/hash.h"

#include <sha2.h>

void lp_sha256(const void *data, size_t len, uint8_t out[LP_SHA256_SIZE])
{
    SHA2_CTX c;
    SHA256Init(&c);
    SHA256Update(&c, data, len);
    SHA256Final(out, &c);
}

void lp_hex(char *out, const uint8_t *in, size_t n)
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        *out++ = digit[in[i] >> 4];
        *out++ = digit[in[i] & 15];
    }
    *out = 0;
}

int lp_hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}
