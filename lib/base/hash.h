/* base/hash.h - SHA-256 (from libmd). Thread-safe. */
#ifndef LP_BASE_HASH_H
#define LP_BASE_HASH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#define LP_SHA256_SIZE 32
void lp_sha256(const void *data, size_t len, uint8_t out[LP_SHA256_SIZE]);
/* n bytes as 2n lower-case hex digits and a 0 byte. */
void lp_hex(char *out, const uint8_t *in, size_t n);
/* Value of a hex digit of either case, or -1. */
int lp_hex_digit(char c);
#endif
