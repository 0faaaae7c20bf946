/* arm64lp/diff.h - from two linked AArch64 programs or libraries to a patch that turns the first into the second.
 * Nothing is called equal without proof. A handle may be read by any number of threads. */
#ifndef ARM64LP_DIFF_H
#define ARM64LP_DIFF_H
#include <arm64lp/patch.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct lp_diff lp_diff;

enum lp_diff_flags {
    LP_DIFF_HEURISTIC = 1,   /* accept pairs of functions that only their neighbours suggest */
    LP_DIFF_DATA = 2,        /* initial values of writable data, too, with what is expected there */
    LP_DIFF_ASSUME_LINE = 4, /* a number that alone differs, as __LINE__ does, needs no proof */
    LP_DIFF_UNRELATED = 8,   /* files of different compilers of which most functions differ */
};
struct lp_diff_options {
    unsigned flags;
    const char *const *symbol;  /* globs: only these functions; ends with NULL, may be NULL */
    const char *const *map;     /* "OLD=NEW": pairs of functions; the same */
    const lp_elf *debug_old, *debug_new; /* separate debug files, or NULL */
};
/* Compare; `old_` and `new_` must live as long as the result. Every reason why there can be no patch goes to `report`, and the first one to *err
 * (LP_E_UNSUPPORTED; the text begins with its number, "E120: "). */
LP_API lp_status lp_diff_make(const lp_elf *old_, const lp_elf *new_, const struct lp_diff_options *o, lp_report_fn report, void *ctx, lp_diff **out,
                              struct lp_error *err);
LP_API void lp_diff_free(lp_diff *d);
/* The patch; NULL if there is nothing to change. It belongs to the handle. */
LP_API const lp_patch *lp_diff_patch(const lp_diff *d);

enum lp_diff_state {
    LP_DIFF_SAME,    /* proved equal */
    LP_DIFF_CHANGED, /* in the patch */
    LP_DIFF_NEW,     /* only the new file has it; in the patch if `included` */
    LP_DIFF_REMOVED, /* only the old file has it: it stays */
    LP_DIFF_LEFT,    /* changed, but need not be in the patch: `reason` says why */
};
struct lp_diff_function {
    const char *name;        /* in the old file, or in the new one; NULL = it has none */
    const char *new_name;    /* if it is another one */
    enum lp_diff_state state;
    bool included;
    const char *reason;      /* "code", "references", "size", ..., or NULL */
    const char *rule;        /* how the pair was found: "name", "body" ... */
    uint64_t old_addr, new_addr, old_size, new_size;
    char detail[256];        /* the first difference */
};
/* Every function, in the order of the old file, then the new ones; stops if fn returns != 0. */
LP_API void lp_diff_functions(const lp_diff *d, int (*fn)(void *ctx, const struct lp_diff_function *f), void *ctx);
/* What else the patch changes, in its order: data of the old file that it writes, and data that it brings. */
struct lp_diff_object {
    const char *name;        /* as in the patch; NULL = it has none, and `off` is its address in the old file */
    uint64_t off, size;      /* bytes */
    bool brought;            /* new, in `section`; else written: */
    const char *section;     /* "rodata", "data", "bss" */
    char detail[256];        /* what it was and is, or its text; perhaps "" */
};
LP_API void lp_diff_objects(const lp_diff *d, int (*fn)(void *ctx, const struct lp_diff_object *o), void *ctx);
/* One line of two function bodies side by side; either text is NULL where that side has nothing. */
struct lp_diff_line { uint64_t old_off, new_off; const char *old_text, *new_text; bool differs; };
/* The functions of a row, side by side. */
LP_API lp_status lp_diff_lines(const lp_diff *d, const struct lp_diff_function *f, int (*fn)(void *ctx, const struct lp_diff_line *l), void *ctx,
                               struct lp_error *err);
/* Remarks that are no refusals: "looks like __LINE__", what is left out. */
LP_API void lp_diff_remarks(const lp_diff *d, int (*fn)(void *ctx, const char *text), void *ctx);

#ifdef __cplusplus
}
#endif
#endif
