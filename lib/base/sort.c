/* base/sort.c - by digits, the lowest first: a digit that all numbers share, as addresses share the high ones, costs nothing. */
#include <config.h>
#include "base/sort.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 64, DIGIT = 8, DIGITS = 256 };

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void count_digits(const uint64_t *v, size_t n, unsigned shift, size_t count[DIGITS])
{
    memset(count, 0, DIGITS * sizeof *count);
    for (size_t i = 0; i < n; i++) count[v[i] >> shift & (DIGITS - 1)]++;
    for (size_t i = 0, at = 0, next; i < DIGITS; i++, at = next) next = at + count[i], count[i] = at;
}

static void sort_digits(uint64_t *v, uint64_t *other, size_t n, uint64_t varies)
{
    uint64_t *from = v, *to = other;
    size_t at[DIGITS];
    for (unsigned shift = 0; shift < 64; shift += DIGIT) {
        if (!(varies >> shift & (DIGITS - 1))) continue;
        count_digits(from, n, shift, at);
        for (size_t i = 0; i < n; i++) to[at[from[i] >> shift & (DIGITS - 1)]++] = from[i];
        uint64_t *x = from;
        from = to, to = x;
    }
    if (from != v) memcpy(v, from, n * sizeof *v);
}

void lp_sort_numbers(uint64_t *v, size_t n)
{
    uint64_t varies = 0, *other;
    bool sorted = true;
    for (size_t i = 1; i < n; i++) sorted &= v[i - 1] <= v[i], varies |= v[i] ^ v[0];
    if (sorted) return;
    other = n > FEW ? malloc(n * sizeof *v) : NULL;
    if (other) sort_digits(v, other, n, varies);
    else qsort(v, n, sizeof *v, by_value);
    free(other);
}

size_t lp_sort_distinct(uint64_t *v, size_t n)
{
    size_t left = 0;
    lp_sort_numbers(v, n);
    for (size_t i = 0; i < n; i++)
        if (!left || v[i] != v[left - 1]) v[left++] = v[i];
    return left;
}

void lp_sort(void *v, size_t n, size_t size, int (*compare)(const void *, const void *))
{
    size_t i = 1;
    while (i < n && compare((const char *)v + (i - 1) * size, (const char *)v + i * size) <= 0) i++;
    if (i < n) qsort(v, n, size, compare);
}

void lp_sort_by_number(void *v, size_t n, size_t size) { lp_sort(v, n, size, by_value); }
