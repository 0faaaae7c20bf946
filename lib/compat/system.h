/* compat/system.h - a livepatch system from the inside. Functions with `locked` in their name want lp_compat_lock() held. */
#ifndef LP_COMPAT_SYSTEM_H
#define LP_COMPAT_SYSTEM_H
#include <livepatch.h>
#include <arm64lp/error.h>
#include "compat/store.h"

struct LivePatchSystem {
    LivePatchSystem *next;       /* all systems (step.c) */
    uint8_t *memory;
    size_t mem_size;
    uint64_t base_addr;
    int enabled;
    uint64_t applied, reverted;  /* ever */
    uint32_t last_valid;         /* a word that lp_dis_valid() took: bulk patches repeat themselves */
    struct lp_store store;
};

/* Trace line on standard error if debugging is on. */
void lp_compat_trace(const char *fmt, ...) LP_PRINTF(1, 2);
/* Set livepatch_last_error() and trace it; returns -1. */
int lp_compat_fail(const char *fmt, ...) LP_PRINTF(1, 2);
/* The thread's reason begins anew. */
void lp_compat_begin(void);

/* Check and note in `to` a patch that is still to be written: 0, or -1 and the reason. */
int lp_compat_add_locked(LivePatchSystem *s, struct lp_store *to, uint64_t addr, uint32_t word, const char *text);

/* ---- step.c ---- */
/* Nothing changes meanwhile, in no system; not held over input or output, which may wait for another thread. `locked` below means this. */
void lp_compat_lock(void);
void lp_compat_unlock(void);
void lp_compat_join_locked(LivePatchSystem *s);
void lp_compat_leave_locked(LivePatchSystem *s);
uint32_t lp_compat_word(const LivePatchSystem *s, uint64_t offset);
/* Each of these is one step for the machines that run there. Put: write the patch in slot `from` and those that were added after it. */
void lp_compat_put_locked(LivePatchSystem *s, uint32_t from);
/* -1 and the reason: somebody else has changed the word since. */
int lp_compat_revert_locked(LivePatchSystem *s, uint32_t slot);
/* How many were reverted; the others have been changed since. */
int lp_compat_revert_all_locked(LivePatchSystem *s);
/* All patches leave, and those in *next come; *next is what was there. -1 and the reason: nothing happened. */
int lp_compat_exchange_locked(LivePatchSystem *s, struct lp_store *next);

/* A file that was read but not applied yet. */
struct lp_compat_batch {
    struct lp_compat_line { uint64_t addr; uint32_t word; unsigned line; char *text; } *line;
    size_t n, cap;
    char first[512];  /* the first complaint */
    unsigned complaints;
};
void lp_compat_complain(struct lp_compat_batch *b, const char *fmt, ...) LP_PRINTF(2, 3);
/* False without memory. */
int lp_compat_batch_add(struct lp_compat_batch *b, uint64_t addr, uint32_t word, unsigned line, const char *text, size_t len);
/* -1 and the reason: the text is no such JSON. */
int lp_compat_parse_json(const char *name, const char *text, size_t len, struct lp_compat_batch *b);
#endif
