/* tools/lpdis.h - the parts of lpdis. */
#ifndef LP_TOOLS_LPDIS_H
#define LP_TOOLS_LPDIS_H
#include <arm64lp.h>
#include <stdbool.h>

struct lpdis {
    lp_dis *dis;
    bool all;                 /* -D */
    bool colour, strict;
    const char *section, *symbol; /* globs or NULL */
    uint64_t start, stop;
    const char *const *patches;   /* -P */
    int n_patches;
    uint64_t undefined;       /* words of code that are no instruction */
};

/* ---- one line (lpdis_line.c) ---- */
/* What the loop knows about registers, to say what adrp + add points to. */
struct lpdis_regs { uint64_t value[32]; uint32_t known; };
struct lpdis_line {
    char mark;                /* ' ', or '-' and '+' for what a patch changes */
    uint64_t addr;
    uint32_t word;
    bool data;
    const char *in;           /* the function, or NULL */
};
/* Print one; `elf` (for symbols and strings) and `regs` may be NULL. */
void lpdis_line(struct lpdis *d, const lp_elf *elf, struct lpdis_regs *regs, const struct lpdis_line *line);

/* ---- whole files (lpdis_dump.c) ---- */
lp_status lpdis_dump(struct lpdis *d, const lp_elf *elf, struct lp_error *err);
#endif
