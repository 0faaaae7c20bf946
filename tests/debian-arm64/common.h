/* What the drivers share: reproducible bytes, a running digest, one line of output per thing that was tried. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t fnv = 0xcbf29ce484222325u;
static uint64_t seed = 1;

static inline void fold(const void *data, size_t size)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < size; i++) fnv = (fnv ^ p[i]) * 0x100000001b3u;
}

static inline void fold_int(uint64_t v) { fold(&v, sizeof v); }

/* tell NAME: its line, and a fresh digest for the next */
static inline void tell(const char *name)
{
    printf("%-32s %016llx\n", name, (unsigned long long)fnv);
    fflush(stdout);
    fnv = 0xcbf29ce484222325u;
}

/* xorshift64*: the same bytes everywhere */
static inline uint64_t any(void)
{
    seed ^= seed >> 12, seed ^= seed << 25, seed ^= seed >> 27;
    return seed * 0x2545f4914f6cdd1du;
}

static inline void fill(void *data, size_t size)
{
    unsigned char *p = data;
    for (size_t i = 0; i < size; i++) p[i] = (unsigned char)(any() >> 56);
}

/* How much to do: the program's first argument; 1 is a few seconds at most under an interpreter. */
static inline int scale(int argc, char **argv) { return argc > 1 ? atoi(argv[1]) : 1; }
