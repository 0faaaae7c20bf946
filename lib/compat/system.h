/* compat/system.h - a livepatch system from the inside. Functions with `locked` in their name want system->lock held. */
#ifndef LP_COMPAT_SYSTEM_H
#define LP_COMPAT_SYSTEM_H
#include <livepatch.h>
#include <arm64lp/error.h>
#include <pthread.h>
#include "compat/store.h"

struct LivePatchSystem {
    pthread_mutex_t lock;
    uint8_t *memory;
    size_t mem_size;
    uint64_t base_addr;
    int enabled;
    uint64_t applied, reverted;  /* ever */
    uint32_t last_valid;         /* a word that lp_dis_valid() took: bulk patches repeat themselves */
    uint64_t changed_lo, changed_hi; /* offsets of code that running machines have not been told about yet; equal = none */
    struct lp_store store;
};

/* Trace line on standard error if debugging is on. */
void lp_compat_trace(const char *fmt, ...) LP_PRINTF(1, 2);
/* Set livepatch_last_error() and trace it; returns -1. */
int lp_compat_fail(const char *fmt, ...) LP_PRINTF(1, 2);
/* The thread's reason begins anew. */
void lp_compat_begin(void);

int lp_compat_apply_locked(LivePatchSystem *s, uint64_t addr, uint32_t word, const char *text);
int lp_compat_revert_all_locked(LivePatchSystem *s);
/* Tell running machines; before the lock is released. */
void lp_compat_flush_locked(LivePatchSystem *s);

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
