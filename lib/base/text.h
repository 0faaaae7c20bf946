/* base/text.h - text and time that more than one room needs. Thread-safe. */
#ifndef LP_BASE_TEXT_H
#define LP_BASE_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes (1-4) of the well-formed UTF-8 character at s, of which n bytes are there (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF);
 * 0 if it is none. */
size_t lp_utf8_len(const char *s, size_t n);
/* Milliseconds and nanoseconds of CLOCK_MONOTONIC, and milliseconds of CLOCK_REALTIME. */
int64_t lp_now_ms(void);
uint64_t lp_now_ns(void);
uint64_t lp_wall_ms(void);
/* What follows the last slash: a part of `path`. */
const char *lp_base_name(const char *path);
/* Is that of two paths the same? NULL: no. */
bool lp_same_base(const char *a, const char *b);
/* Are two texts the same, or both of them NULL? */
bool lp_same_text(const char *a, const char *b);
/* Are these m bytes, one at least, anywhere in those n? */
bool lp_has_bytes(const void *in, size_t n, const void *bytes, size_t m);
#endif
