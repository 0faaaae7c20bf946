/* case.h - what the differential test's two sides share: difftest (host) writes cases, runner (AArch64, no libc) answers with results.
 * Both are little-endian; the structs have no padding. */
#ifndef TESTS_A64_CASE_H
#define TESTS_A64_CASE_H
#include <stdint.h>
#include "../splitmix.h"

struct state {
    uint64_t x[31], sp, nzcv, fpcr, fpsr;
    uint64_t signo; /* out: the signal that the instruction got and its si_code << 8, or 0 */
    uint64_t v[32][2];
    uint64_t addr, pc; /* out: the signal's si_addr; where the case ended (in: both 0) */
};
_Static_assert(sizeof(struct state) == 816, "offsets in runner.c and bare.h");

/* A doubleword of memory, by its distance from the scratch area. */
struct change { uint64_t offset, value; };
/* Followed by `pokes` times struct change: memory to set first. */
struct test_case {
    struct state in;
    uint32_t pre[2], word, post; /* all are executed; pre is NOP or what `word` needs before it, as a load-exclusive; post is 0: none */
    uint32_t row;
    uint32_t mem; /* enum access */
    uint32_t slot, pokes;
};
/* NORMAL: compare and restore the scratch area. TAGGED: the same, through a base with a tag in its top byte. FAULT: the base points nowhere. */
enum access { NONE, NORMAL, TAGGED, FAULT };
/* Followed by `changed` times struct change: of the scratch area. */
struct result {
    struct state out;
    uint64_t changed;
};

/* Where things are in the guest. A stub is: the value of X30; LDR X30, it; both pre; word; post if there is one; B back. */
#define STUBS UINT64_C(0x1000000)
#define STUB_SIZE 32
#define STUB_ENTRY 8
#define STUB_WORD 20 /* offset of `word` */
#define MAX_CASES 16384
#define SCRATCH UINT64_C(0x1080000)
#define SCRATCH_SIZE UINT64_C(0x20000)
#define NOWHERE UINT64_C(0x3000000) /* nothing is mapped around it */

static inline uint64_t case_pc(const struct test_case *c) { return STUBS + (uint64_t)c->slot * STUB_SIZE + STUB_WORD; }
/* What is around the stubs stops the case, by a trap or because it cannot be fetched: it has branched there, and that is no signal of its own. */
static inline int case_landed(const struct test_case *c, int signo, uint64_t addr, uint64_t pc)
{
    const uint64_t word = case_pc(c), last = c->post ? word + 4 : word;
    return (pc < word - 8 || pc > last) && (signo == 5 /* SIGTRAP */ || (signo == 11 /* SIGSEGV */ && addr == pc));
}

/* Initial contents of doubleword i of the scratch area. */
static inline uint64_t scratch_word(uint64_t i) { return splitmix_of((i + 1) * SPLITMIX_STEP); }
#endif
