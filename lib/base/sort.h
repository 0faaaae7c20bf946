/* base/sort.h - what is in order already costs one look; numbers by their digits. */
#ifndef LP_BASE_SORT_H
#define LP_BASE_SORT_H
#include <stddef.h>
#include <stdint.h>

void lp_sort_numbers(uint64_t *v, size_t n);
/* The same, and each number once: how many are left. */
size_t lp_sort_distinct(uint64_t *v, size_t n);
/* Elements that begin with a uint64_t, by that, as base/search.h finds them. */
void lp_sort_by_number(void *v, size_t n, size_t size);
/* As qsort(), which does not look whether it has to; v may be NULL if n is 0. */
void lp_sort(void *v, size_t n, size_t size, int (*compare)(const void *, const void *));
#endif
