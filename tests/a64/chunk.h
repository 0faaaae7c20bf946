/* chunk.h - sequences of instructions: what chunktest (host) packs into a file and chunk_runner (AArch64, no libc) runs.
 *
 * The file: struct chunk_file in a page of its own; the pool; the templates; the chunks; from a page boundary on the code.
 * In the guest, at fixed addresses: the window that memory instructions work in, behind it the pool (read only), behind that the live state.
 * One register of a chunk, its pin, points to the window's middle all along; a chunk gets everything that it needs from there. */
#ifndef TESTS_A64_CHUNK_H
#define TESTS_A64_CHUNK_H
#include "case.h"

#define CHUNK_PAGE UINT64_C(0x1000)
#define WINDOW UINT64_C(0x1100000)
#define WINDOW_SIZE UINT64_C(0x1000)
#define PIN (WINDOW + WINDOW_SIZE / 2)
#define POOL (WINDOW + WINDOW_SIZE)
#define POOL_SIZE UINT64_C(0x6000)
#define LIVE (PIN + 0x7000) /* struct live, in the page behind the pool */
#define CHUNK_CODE UINT64_C(0x4000000)
#define TEMPLATES_SIZE UINT64_C(0x10000)

struct chunk {
    struct state in;    /* x[pin] is PIN; signo is not used */
    uint64_t tpidr;
    uint32_t code, words;   /* index of the first word in the file's code, and how many words before the epilogue */
    uint32_t memory;        /* where in the templates the window's initial contents are */
    uint32_t pin;
};
struct chunk_file {
    uint64_t count, code_words;
    uint64_t pool_at, templates_at, chunks_at, code_at; /* offsets in the file */
};
struct live {
    struct state s;
    uint64_t tpidr;
    uint64_t back; /* where the epilogue goes */
};
struct seen { uint64_t pc, signal, addr; }; /* signal: number | code << 8 */
#define MAX_SEEN 64
/* What the runner writes for one chunk cut off after some words; for all chunks it writes a 64-bit digest each. */
struct dump {
    struct state out;
    uint64_t tpidr, digest, signals;
    struct seen seen[MAX_SEEN];
    uint64_t window[WINDOW_SIZE / 8];
};

/* A step of the digest: the multiplication spreads a bit upwards, the shift downwards; each step can be undone, so no step forgets. */
static inline uint64_t chunk_mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9fb21c651e98df25);
    return h ^ h >> 32;
}
#endif
