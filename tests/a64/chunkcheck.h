/* chunkcheck.h - comparison of two runs of a file of chunks. */
#ifndef TESTS_A64_CHUNKCHECK_H
#define TESTS_A64_CHUNKCHECK_H
#include <stdint.h>

/* The commands that run an AArch64 program, and that program. */
struct chunk_sides { const char *runner, *oracle, *ours; uint64_t show; };
/* 0: all the same; 1: differences, printed; 2: trouble. */
int chunk_compare(const struct chunk_sides *s, const char *file, const char *oracle, const char *ours);
#endif
