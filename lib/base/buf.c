/* base/buf.c - growing buffers. */
#include <config.h>
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct lp_buf *b, size_t more)
{
    if (b->failed || more >= SIZE_MAX / 2 - b->len) return b->failed = true, false;
    if (b->data && b->len + more < b->cap) return true;
    size_t cap = b->cap ? b->cap : 64;
    while (cap <= b->len + more) cap *= 2;
    char *p = realloc(b->data, cap);
    if (!p) return b->failed = true, false;
    b->data = p;
    b->cap = cap;
    return true;
}

void lp_buf_add(struct lp_buf *b, const void *p, size_t n)
{
    if (!reserve(b, n)) return;
    if (n) memcpy(b->data + b->len, p, n);
    b->len += n;
    b->data[b->len] = 0;
}

void lp_buf_puts(struct lp_buf *b, const char *s) { lp_buf_add(b, s, strlen(s)); }

void lp_buf_printf(struct lp_buf *b, const char *fmt, ...)
{
    enum { MOSTLY = 96 }; /* so much is there at the first try */
    int n = 0;
    for (size_t room = MOSTLY; reserve(b, room); room = (size_t)n) {
        va_list ap;
        va_start(ap, fmt);
        n = vsnprintf(b->data + b->len, room + 1, fmt, ap);
        va_end(ap);
        if (n >= 0 && (size_t)n > room) continue;
        b->failed |= n < 0;
        if (n >= 0) b->len += (size_t)n;
        return;
    }
}

void lp_buf_hex(struct lp_buf *b, uint32_t v, unsigned digits)
{
    if (!reserve(b, digits)) return;
    for (unsigned i = 0; i < digits; i++) b->data[b->len++] = "0123456789abcdef"[v >> (4 * (digits - 1 - i)) & 15];
    b->data[b->len] = 0;
}

char *lp_buf_take(struct lp_buf *b, size_t *len)
{
    lp_buf_add(b, "", 0);
    char *p = b->failed ? NULL : lp_trim(b->data, &b->cap, b->len + 1, 1);
    if (!p) free(b->data);
    if (len) *len = p ? b->len : 0;
    *b = (struct lp_buf){0};
    return p;
}

void lp_buf_free(struct lp_buf *b)
{
    free(b->data);
    *b = (struct lp_buf){0};
}

void *lp_grow(void *array, size_t *cap, size_t n, size_t size)
{
    if (n < *cap) return array;
    size_t want = *cap ? *cap * 2 : 16;
    if (want > SIZE_MAX / size) return NULL;
    void *p = realloc(array, want * size);
    if (p) *cap = want;
    return p;
}

void *lp_trim(void *array, size_t *cap, size_t n, size_t size)
{
    void *p = n && n < *cap ? realloc(array, n * size) : NULL;
    if (p) *cap = n;
    return p ? p : array;
}
