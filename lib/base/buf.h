/* base/buf.h - a growing byte buffer, and allocation that checks its arithmetic. Not thread-safe per object. */
#ifndef LP_BASE_BUF_H
#define LP_BASE_BUF_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <arm64lp/error.h>

struct lp_buf {
    char *data; /* always followed by a 0 byte when data != NULL */
    size_t len, cap;
    bool failed; /* an allocation failed; later appends do nothing */
};

void lp_buf_add(struct lp_buf *b, const void *p, size_t n);
void lp_buf_puts(struct lp_buf *b, const char *s);
void lp_buf_printf(struct lp_buf *b, const char *fmt, ...) LP_PRINTF(2, 3);
/* v in so many lower-case hex digits: most of a patch are such numbers. */
void lp_buf_hex(struct lp_buf *b, uint32_t v, unsigned digits);
/* The text (never NULL unless an allocation failed), owned by the caller (free()); b becomes empty. */
char *lp_buf_take(struct lp_buf *b, size_t *len);
void lp_buf_free(struct lp_buf *b);

/* Grow an array of `size`-byte elements so that one more fits: *cap elements allocated, n used. Returns the array or NULL
 * (the old one is still valid then). */
void *lp_grow(void *array, size_t *cap, size_t n, size_t size);
/* Give back what such an array has beyond n elements: it grows no more for now. */
void *lp_trim(void *array, size_t *cap, size_t n, size_t size);
#endif
