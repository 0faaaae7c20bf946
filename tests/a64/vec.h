/* vec.h - test vectors: what one word does to one state, written down from the manual. CLASS.vec stands for the rows of CLASS.decode.
 *
 *     [!qemu[-VERSION]|qemu-VERSION] ROW WORD IN... -> OUT... ; assembly
 *     ROW - property                           no vector is possible: property.c, as lib/a64/proof.def says
 *     # comment
 *
 * Numbers are hexadecimal, with _ where it helps. IN and OUT:
 *     x0= ... x30= sp=    a number; m, n, pc or page, with +N or -N: the scratch area, memory that is not mapped, the instruction, its 4 KiB page;
 *                         TT:value: with a tag
 *     v0= ... v31=        128 bits, most significant first; shorter: zero-extended
 *     nzcv= fpcr= fpsr=   nzcv is one digit: N 8, Z 4, C 2, V 1
 *     [m+N]= [pc+N]=      bytes in memory order (pc: IN only, behind the instruction, for literals)
 * only IN:
 *     pre=WORD            executed before WORD (up to two)
 *     post=WORD           executed after it
 * only OUT:
 *     pc=+N pc=-N pc=value            the next instruction; N may be beyond 8 and 14 bytes (hexadecimal): nearer is the test's own code
 *     x0=?                            whatever the implementation makes of it
 *     sig=NAME[/CODE][:address]       ILL, TRAP, BUS, SEGV; the instruction is where it happens, unless pc= says otherwise
 * What is not named starts as fixed junk (fpcr and fpsr as 0), in two variants, and must be unchanged; so must what only IN names.
 * !qemu: the oracle (from VERSION on, as 10.0) is wrong about this one and is not asked: the comment in the line before says why. qemu-VERSION: older ones
 * cannot do it and are not asked. Assembly is compared with WORD unless it begins with .inst.
 */
#ifndef TESTS_A64_VEC_H
#define TESTS_A64_VEC_H
#include <stdbool.h>
#include "difftest.h"

struct vec_value {
    enum { VEC_ABSOLUTE, VEC_SCRATCH, VEC_NOWHERE, VEC_PC, VEC_PAGE } base;
    uint64_t number;
    bool tagged;
    uint8_t tag;
};
enum { VEC_SP = 31, VEC_NZCV, VEC_FPCR, VEC_FPSR, VEC_REGS }; /* behind x0 to x30 */
enum { VEC_MEM = 8, VEC_BYTES = 64 };
/* One side of a vector: what it names. */
struct vec_side {
    bool has_reg[VEC_REGS], has_v[32], any[VEC_REGS];
    struct vec_value reg[VEC_REGS];
    uint64_t v[32][2];
    unsigned nmem;
    struct { struct vec_value at; unsigned n; uint8_t bytes[VEC_BYTES]; } mem[VEC_MEM];
};
struct vec {
    unsigned line, row;
    unsigned not_qemu; /* oracles of this version (in hundreds) on are not asked; 0: all are */
    unsigned since;    /* nor are those before this one */
    bool property;     /* no vector: the rest is empty */
    uint32_t word, pre[2], post;
    unsigned npre;
    struct vec_side in, out;
    bool has_pc, has_addr;
    struct vec_value pc, addr;
    unsigned signo, code; /* code 0: any */
    char *text;           /* assembly */
};
struct vec_file {
    const char *path;
    char *data;
    struct vec *vecs;
    unsigned n, errors; /* printed */
};
/* Where a vector's scratch address 0 is: offsets of 32 KiB back and 96 KiB forward end in the area. */
#define VEC_M (SCRATCH + 0x8000)
/* A vector's stub has room for branches around it. */
enum { VEC_STRIDE = 8, VEC_SLOT = 4, VEC_VARIANTS = 2, VEC_MAX = MAX_CASES / VEC_STRIDE / VEC_VARIANTS };

/* Read a file, check it against the decoder; mistakes are printed as PATH:LINE:COLUMN: text and counted. */
void vec_read(const char *path, struct vec_file *out);
void vec_free(struct vec_file *f);
uint64_t vec_resolve(const struct vec_value *v, uint64_t pc);
bool vec_asked(const struct vec *v, unsigned version); /* is such an oracle asked? */
bool vec_is_inst(const struct vec *v); /* its assembly is .inst */

/* ---- vec_case.c ---- */
enum { VEC_CHANGES = 96 };
struct vec_case {
    struct test_case c;
    struct change pokes[VEC_CHANGES];
    struct state want;
    struct change memory[VEC_CHANGES]; /* what the scratch area has afterwards, where it is not as it was at first */
    unsigned changed;
};
/* Variant (0 to VEC_VARIANTS - 1) of the file's vector number i. */
void vec_case(const struct vec *v, unsigned i, unsigned variant, struct vec_case *out);
/* Print how an answer differs; false if it does not. `changes`: n doublewords of the scratch area. */
bool vec_differs(const struct vec_file *f, const struct vec *v, const struct vec_case *c, const struct state *got, const struct change *changes,
                 uint64_t n);
#endif
