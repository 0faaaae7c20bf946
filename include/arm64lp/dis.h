/* arm64lp/dis.h - one instruction word as text. */
#ifndef ARM64LP_DIS_H
#define ARM64LP_DIS_H
#include <arm64lp/error.h>
#include <stdbool.h>
#ifdef __cplusplus
extern "C" {
#endif

struct lp_dis_insn {
    char mnemonic[32];
    char operands[160];
    bool defined;        /* false: no instruction that this library knows; ".inst 0x........ ; undefined" */
    bool executable;     /* lprun executes it */
    const char *row;     /* our table's name of it ("ADD_imm"), or "" */
    bool has_target;     /* a direct branch, ADR, ADRP or literal load */
    uint64_t target;
};
typedef struct lp_dis lp_dis;
/* A disassembler; use one per thread. */
LP_API lp_status lp_dis_new(lp_dis **out, struct lp_error *err);
LP_API void lp_dis_free(lp_dis *d);
/* Always fills *out. An instruction that only the tables know reads ".inst 0x........ ; ROW". The operand that is a target is
 * the absolute address, "0x400588". */
LP_API void lp_dis_word(lp_dis *d, uint32_t word, uint64_t pc, struct lp_dis_insn *out);
/* Is the word an instruction (UDF is none)? Thread-safe. */
LP_API bool lp_dis_valid(uint32_t word);
/* What becomes of an instruction: a program gets SIGILL for all but the first. */
enum lp_dis_state {
    LP_DIS_EXECUTED,
    LP_DIS_TODO, /* not yet */
    LP_DIS_EL1,  /* undefined for programs */
    LP_DIS_OFF,  /* Linux does not let programs use it */
    LP_DIS_STATES
};
/* What proves that it is executed rightly. */
enum lp_dis_proof {
    LP_DIS_PROOF_NONE,     /* not executed */
    LP_DIS_PROOF_QEMU,     /* compared with qemu-aarch64 7.2 */
    LP_DIS_PROOF_QEMU_NEW, /* compared with a later one: 7.2 does not know it */
    LP_DIS_PROOF_VECTORS,  /* vectors from the manual: the qemu-aarch64 of Debian 12 and its backports do not know it */
    LP_DIS_PROOF_PROPERTY, /* keyed, random, counting or describing: what must hold of its results */
    LP_DIS_PROOFS
};
/* "executed", "todo", "el1", "off"; "none", "qemu", "qemu-new", "vectors", "property". Thread-safe. */
LP_API const char *lp_dis_state_name(enum lp_dis_state s);
LP_API const char *lp_dis_proof_name(enum lp_dis_proof p);
/* Row i of the instruction tables, for coverage listings: false at the end. Thread-safe. */
struct lp_dis_row {
    const char *name, *class_, *feature;
    uint32_t mask, value;
    enum lp_dis_state state;
    enum lp_dis_proof proof;
};
LP_API bool lp_dis_row(size_t i, struct lp_dis_row *out);
/* Instruction i of the manual's index of A64 up to Armv8.7, without SVE and SME: false at the end. Thread-safe. */
struct lp_dis_entry {
    const char *name;        /* the section's title: "ADD (extended register)", "CASB, CASAB, CASALB, CASLB" */
    const char *section;     /* "C6.2" (base), "C7.2" (SIMD and floating point) */
    const char *alias;       /* the title of what it is an alias of, or "" */
    const char *feature;     /* "FEAT_LSE", or "" (Armv8.0); in parentheses: for some of its forms */
    const char *rows;        /* names of rows, with a blank between them */
    unsigned states, proofs; /* of these rows: the bits 1 << enum lp_dis_state, 1 << enum lp_dis_proof */
};
LP_API bool lp_dis_entry(size_t i, struct lp_dis_entry *out);

#ifdef __cplusplus
}
#endif
#endif
