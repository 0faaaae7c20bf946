/* patch/journal.h - inside the live engine: applied patches, who lies on top where, and one call in progress. */
#ifndef LP_PATCH_JOURNAL_H
#define LP_PATCH_JOURNAL_H
#include <pthread.h>
#include <stdatomic.h>
#include "patch/live.h"
#include "patch/plan.h"
#include "mem/mem.h"
#include "exec/gate.h"

/* One aligned word that a write touches; chains in the index run from the newest to the oldest. */
struct lp_touch { uint64_t word; struct lp_touch *next; struct lp_applied *owner; uint64_t start, end; };

struct lp_applied {
    struct lp_applied *older, *newer;
    lp_patch *patch;             /* the engine's own copy */
    struct lp_plan plan;
    struct lp_touch *touch;
    size_t ntouch;
    uint64_t serial, applied_ms;
    _Atomic uint64_t hits;
    bool leaving;                /* reverted or replaced by the call in progress */
};
struct lp_retired { uint64_t start, end; };

struct lp_live {
    struct lp_mem *mem;
    struct lp_gate *gate;
    pthread_mutex_t lock;
    struct lp_target *target;
    size_t ntarget, target_cap;
    struct lp_applied *newest;
    uint64_t serial;
    struct lp_touch **bucket;
    size_t nbucket, ntouch;
    struct lp_retired *retired;  /* bodies of reverted patches that a thread may still be in */
    size_t nretired, retired_cap;
    int fault_at, step;
};

/* Memory as it will be once earlier parts of the call are done. */
struct lp_layer { const struct lp_plan *plan; bool undo; };
struct lp_poke { uint64_t addr; uint32_t len; const uint8_t *bytes; uint8_t *before; };

struct lp_job {
    struct lp_live *live;
    const struct lp_live_options *options;
    lp_report_fn report;
    void *ctx;
    struct lp_error *err;
    struct lp_layer *layer;
    size_t nlayer, layer_cap;
    struct lp_applied **add;     /* in order */
    size_t nadd;
    struct lp_applied **drop;    /* newest first */
    size_t ndrop, drop_cap;
    struct lp_poke *poke;
    size_t npoke;
    uint8_t *before, *run;
    struct lp_space space;
    struct lp_retired *taken;    /* addresses given to this call's new code, not mapped yet */
    size_t ntaken, taken_cap;
};

/* May this step fail? LP_OK, or the injected failure. */
lp_status lp_live_step(struct lp_job *job, const char *what);
lp_status lp_job_fail(struct lp_job *job, const char *where, uint32_t line, lp_status s, const char *fmt, ...) LP_PRINTF(5, 6);
/* journal.c */
bool lp_journal_reserve(struct lp_live *live, struct lp_applied *a);    /* before commit: memory for add */
void lp_journal_add(struct lp_live *live, struct lp_applied *a);
void lp_journal_remove(struct lp_live *live, struct lp_applied *a);
struct lp_applied *lp_journal_named(struct lp_live *live, const char *name);
/* Who lies on top of one of a's places and does not leave with it; NULL = nobody. */
struct lp_applied *lp_journal_above(struct lp_live *live, const struct lp_applied *a, uint64_t *where);
void lp_journal_free_one(struct lp_applied *a);
/* Count executions of a's places on behalf of who is on top of them now. */
void lp_journal_count(struct lp_live *live, const struct lp_applied *a);
/* commit.c */
lp_status lp_job_drop(struct lp_job *job, struct lp_applied *a);
int lp_job_read(void *job, uint64_t addr, void *buf, size_t len);
bool lp_job_layer(struct lp_job *job, const struct lp_plan *plan, bool undo);
lp_status lp_job_commit(struct lp_job *job);
void lp_job_free(struct lp_job *job);
/* quiesce.c: under the gate. False: a thread is there; its place goes to *pc. */
struct lp_span { uint64_t start, end; bool returns; }; /* PCs in [start, end), return addresses too if `returns` */
bool lp_quiet(struct lp_live *live, const struct lp_span *span, size_t n, uint64_t *pc, bool *possible);
#endif
