/* elf/line.h - source lines of addresses, by debug information, which libdw reads. It is loaded when it is first needed, as the programs that run
 * others never do; a build without its headers, or a machine without it, has no source lines. The questions are in arm64lp/elf.h. */
#ifndef LP_ELF_LINE_H
#define LP_ELF_LINE_H
#include <arm64lp/elf.h>

/* The registers that a function returns something in: GENERAL X0; FLOAT V0; SMALL, a structure of up to 8 bytes, X0, or up to four of V0-V3; OTHER
 * perhaps more. */
enum lp_elf_result { LP_RESULT_UNKNOWN, LP_RESULT_NONE, LP_RESULT_GENERAL, LP_RESULT_FLOAT, LP_RESULT_SMALL, LP_RESULT_OTHER };

/* What is read at once, on the first question. */
struct lp_lines {
    struct lp_elf_line *row;        /* by address, not overlapping */
    size_t nrow, row_cap;
    struct lp_elf_inlined *copy;    /* by address, then the outer one first */
    size_t ncopy, copy_cap;
    struct lp_unit_made { uint64_t addr, end; const char *by; } *made; /* by address: the compiler and its options */
    size_t nmade, made_cap;
    struct lp_function_result { uint64_t addr; enum lp_elf_result kind; } *result; /* by address */
    size_t nresult, result_cap;
    bool failed;
    char why[200];                  /* why there is nothing; "" = there is */
    void *dwarf, *elf;              /* libdw's, which own the names */
    void *image;                    /* theirs, to unpack in */
};
void lp_lines_free(struct lp_lines *l);
/* Where a change of file:line takes place: the first address of each copy of its code. The out-of-line ones come first, each group by address. */
struct lp_line_copy { uint64_t addr; const struct lp_elf_line *row; const struct lp_elf_inlined *inlined; }; /* inlined NULL = out of line */
struct lp_line_copies { struct lp_line_copy *v; size_t n, cap; };
/* file: the end of the path, whole components. LP_E_NOT_FOUND (with the next line that has code), LP_E_AMBIGUOUS (several files). free(out->v). */
lp_status lp_line_copies(const lp_elf *elf, const char *file, unsigned line, struct lp_line_copies *out, struct lp_error *err);
/* The innermost inlined copy that covers an address; NULL = none, or nobody knows. */
const struct lp_elf_inlined *lp_inlined_at(const lp_elf *elf, uint64_t vaddr);
/* Is it known that gcc has compiled what is at an address without this pass of -O2, "ipa-ra"? */
bool lp_made_without(const lp_elf *elf, uint64_t vaddr, const char *pass);
/* Of the function that begins there. */
enum lp_elf_result lp_elf_result_at(const lp_elf *elf, uint64_t entry);
#endif
