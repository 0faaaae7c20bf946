/* base/sort.h - numbers in ascending order; those that are in order already cost one look. */
#ifndef LP_BASE_SORT_H
#define LP_BASE_SORT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void lp_sort_numbers(uint64_t *v, size_t n);
/* Are n elements of `size` bytes in order? For arrays that mostly are, before qsort(). */
bool lp_is_sorted(const void *v, size_t n, size_t size, int (*compare)(const void *, const void *));
#endif
