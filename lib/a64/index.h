/* a64/index.h - the rows of a line of index.def. */
#ifndef LP_A64_INDEX_H
#define LP_A64_INDEX_H
#include <arm64lp/dis.h>

/* The first name of `rows`, as enum lp_row (A64_UNDEFINED if no row has it), and where the next one begins; NULL if there is none. Thread-safe. */
const char *lp_a64_index_row(const char *rows, unsigned *row);
#endif
