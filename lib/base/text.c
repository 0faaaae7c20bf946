/* base/text.c - UTF-8, bytes and the clock. */
#include <config.h>
#include "base/text.h"

#include <string.h>
#include <time.h>

size_t lp_utf8_len(const char *s, size_t n)
{
    /* Per lead byte: how many bytes, and the range of the second one (RFC 3629, section 4). */
    static const struct { uint8_t first, last, len, low, high; } form[] = {
        {0x00, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
        {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
        {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
    };
    const uint8_t *b = (const uint8_t *)s;
    for (size_t i = 0; n && i < sizeof form / sizeof *form; i++) {
        if (b[0] < form[i].first || b[0] > form[i].last) continue;
        if (form[i].len > n) return 0;
        if (form[i].len > 1 && (b[1] < form[i].low || b[1] > form[i].high)) return 0;
        for (size_t k = 2; k < form[i].len; k++)
            if ((b[k] & 0xc0) != 0x80) return 0;
        return form[i].len;
    }
    return 0;
}

static uint64_t nanoseconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int64_t lp_now_ms(void) { return (int64_t)(lp_now_ns() / 1000000); }
uint64_t lp_now_ns(void) { return nanoseconds(CLOCK_MONOTONIC); }
uint64_t lp_wall_ms(void) { return nanoseconds(CLOCK_REALTIME) / 1000000; }

const char *lp_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool lp_same_base(const char *a, const char *b) { return a && b && strcmp(lp_base_name(a), lp_base_name(b)) == 0; }

bool lp_same_text(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }

bool lp_has_bytes(const void *in, size_t n, const void *bytes, size_t m)
{
    const uint8_t *p = in, *end = p + n;
    while ((size_t)(end - p) >= m && (p = memchr(p, *(const uint8_t *)bytes, (size_t)(end - p) - m + 1)) != NULL && memcmp(p, bytes, m) != 0) p++;
    return p != NULL && (size_t)(end - p) >= m;
}
