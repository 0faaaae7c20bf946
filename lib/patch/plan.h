/* patch/plan.h - a patch bound to objects: addresses, new code and data with their relocations applied, and the writes to make. */
#ifndef LP_PATCH_PLAN_H
#define LP_PATCH_PLAN_H
#include "patch/model.h"

struct lp_target {               /* a loaded object, or a file (bias 0) */
    const char *name;            /* base name of the file */
    const lp_elf *elf;
    uint64_t bias;               /* run-time address - link-time address */
    bool main;                   /* what `object *` means */
};
struct lp_space {                /* where the patch goes */
    const struct lp_target *target;
    size_t ntarget;
    void *ctx;
    /* Current content; 0 or a negative errno. */
    int (*read)(void *ctx, uint64_t addr, void *buf, size_t len);
    /* An address for `len` bytes of new code within reach of the object; 0 = none. */
    uint64_t (*place)(void *ctx, const struct lp_target *t, uint64_t len);
};

enum lp_write_state { LP_WRITE_OLD = 1, LP_WRITE_NEW = 2 }; /* what is there now; both for a change that changes nothing */
struct lp_write {
    uint64_t addr;
    uint32_t len, line;
    bool code, entry;            /* instruction words; a function's entry */
    bool gone;                   /* unmapped by the program since */
    uint8_t state;
    uint8_t *old_bytes;          /* expected; NULL = anything */
    uint8_t *new_bytes;
    uint8_t *saved;              /* what was there, for undoing; filled by verification */
    const struct lp_item *item;
};
/* New code (and rodata), then new data on pages of its own, of one object. */
struct lp_region { const struct lp_target *target; uint64_t addr, code_len, data_len; uint8_t *bytes; bool keep; };
struct lp_def { const char *name; const struct lp_item *item; size_t region; uint64_t off, addr; };

struct lp_plan {
    const lp_patch *patch;
    const struct lp_space *space;
    const struct lp_target **bound; /* by object of the patch; NULL = optional and absent */
    struct lp_write *write;
    size_t nwrite, write_cap;
    struct lp_region *region;
    size_t nregion, region_cap;
    struct lp_def *def;             /* new bodies and data, in item order */
    size_t ndef, def_cap;
    struct lp_def **by_name;
    struct lp_patch pool;           /* memory */
    lp_report_fn report;
    void *ctx;
    struct lp_error *err;           /* the first error */
    lp_status status;
    unsigned errors;
};

/* Bind, resolve, place, relocate. All problems are reported; the status is the first one's. Free the plan in any case. */
lp_status lp_plan_make(struct lp_plan *pl, const lp_patch *p, const struct lp_space *space, lp_report_fn report, void *ctx, struct lp_error *err);
/* Compare with the current content; fills saved and state. LP_E_OLD_WORD, LP_E_PARTLY; *already: every word is the new one. */
lp_status lp_plan_verify(struct lp_plan *pl, bool *already);
void lp_plan_free(struct lp_plan *pl);
/* "main+0x8" for a run-time address. */
void lp_plan_where(const struct lp_space *s, uint64_t addr, char *buf, size_t size);
void lp_plan_fail(struct lp_plan *pl, uint32_t line, lp_status s, const char *fmt, ...) LP_PRINTF(4, 5);
/* build.c */
void lp_plan_regions(struct lp_plan *pl);
void lp_plan_writes(struct lp_plan *pl);
bool lp_plan_place(struct lp_plan *pl, const struct lp_item *it, const struct lp_elf_symbol **sym, uint64_t *addr);
bool lp_plan_expr(struct lp_plan *pl, const struct lp_target *t, uint32_t line, const struct lp_expr *e, uint64_t *value);
#endif
