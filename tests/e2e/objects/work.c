/* A library with everything that a new body may refer to: data, imports, thread-local storage of the usual kind, an IFUNC. */
#include <string.h>
#define PART __attribute__((noinline, used))
int shared_count = 7; /* a position-dependent program has its own copy */
int other_count = 9;
static int table[4] = {1, 2, 3, 4};
int *pointer = &table[1];
__thread int tls_seen = 3;
static int fast(int v) { return v + 1000; }
static void *pick(void) { return fast; }
int chosen(int) __attribute__((ifunc("pick")));
PART int helper(int v) { __asm__ volatile(""); return v + 1; }
PART int work(int v) { __asm__ volatile(""); return helper(v) * 2 + shared_count + tls_seen + (int)strlen("abc") + table[0]; }
PART int use(int v) { __asm__ volatile(""); return chosen(v) + *pointer; }
