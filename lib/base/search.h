/* base/search.h - in arrays whose elements begin with a uint64_t and are in ascending order of it. */
#ifndef LP_BASE_SEARCH_H
#define LP_BASE_SEARCH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* How many of the n elements of `size` bytes have a number that is at most `key`. */
static inline size_t lp_count_upto(const void *v, size_t n, size_t size, uint64_t key)
{
    size_t lo = 0;
    for (size_t half; n; n -= half) { /* no branch: which way it goes cannot be foretold */
        half = n - n / 2;
        uint64_t at;
        memcpy(&at, (const char *)v + (lo + half - 1) * size, sizeof at);
        lo += at <= key ? half : 0;
    }
    return lo;
}

/* How many have one that is below `key`: the index of the first that has not. */
static inline size_t lp_count_below(const void *v, size_t n, size_t size, uint64_t key) { return key ? lp_count_upto(v, n, size, key - 1) : 0; }
/* The last element that has this number; NULL = none. */
static inline const void *lp_find_number(const void *v, size_t n, size_t size, uint64_t number)
{
    const size_t k = lp_count_upto(v, n, size, number);
    const void *last = k ? (const char *)v + (k - 1) * size : NULL;
    return last && memcmp(last, &number, sizeof number) == 0 ? last : NULL;
}

/* Is it one of these numbers? */
static inline bool lp_is_among(const uint64_t *v, size_t n, uint64_t number) { return lp_find_number(v, n, sizeof *v, number) != NULL; }
#endif
