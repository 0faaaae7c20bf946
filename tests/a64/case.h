/* case.h - what the differential test's two sides share: difftest (host) writes cases, runner (AArch64, no libc) answers with results.
 * Both are little-endian; the structs have no padding. */
#ifndef TESTS_A64_CASE_H
#define TESTS_A64_CASE_H
#include <stdint.h>

struct state {
    uint64_t x[31], sp, nzcv, fpcr, fpsr;
    uint64_t signo; /* out: the signal that the instruction got, or 0; SIGSEGV with its address << 8 */
    uint64_t v[32][2];
};
_Static_assert(sizeof(struct state) == 800, "offsets in runner.c");

struct test_case {
    struct state in;
    uint32_t pre, word; /* both are executed; pre is NOP or what `word` needs before it, a load-exclusive */
    uint32_t row;
    uint32_t mem; /* enum access */
};
/* NORMAL: compare and restore the scratch area. TAGGED: the same, through a base with a tag in its top byte. FAULT: the base points nowhere. */
enum access { NONE, NORMAL, TAGGED, FAULT };
/* Followed by `changed` times struct change. */
struct result {
    struct state out;
    uint64_t changed;
};
struct change { uint64_t offset, value; }; /* a doubleword of the scratch area */

/* Where things are in the guest. A stub is: LDR X30, literal; pre; word; B back; the literal. */
#define STUBS UINT64_C(0x1000000)
#define STUB_SIZE 32
#define STUB_WORD 8 /* offset of `word` */
#define MAX_CASES 16384
#define SCRATCH UINT64_C(0x1080000)
#define SCRATCH_SIZE UINT64_C(0x20000)
#define NOWHERE UINT64_C(0x3000000) /* nothing is mapped around it */

/* Initial contents of doubleword i of the scratch area (splitmix64). */
static inline uint64_t scratch_word(uint64_t i)
{
    uint64_t z = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}
#endif
