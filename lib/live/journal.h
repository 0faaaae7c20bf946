/* live/journal.h - inside the live engine: applied patches, who lies on top where, and one call in progress. */
#ifndef LP_LIVE_JOURNAL_H
#define LP_LIVE_JOURNAL_H
#include <pthread.h>
#include <stdatomic.h>
#include "exec/gate.h"
#include "live/frames.h"
#include "live/live.h"
#include "live/objects.h"
#include "live/unwind.h"
#include "mem/mem.h"

/* One aligned word that a write touches; chains in the index run from the newest to the oldest. */
struct lp_touch { uint64_t word; struct lp_touch *next; struct lp_applied *owner; const struct lp_write *write; uint64_t start, end; };

/* A patch, or a part of one: its changes of one object that was loaded later, or of another mapping of it. Parts are in the list, but have no name. */
struct lp_applied {
    struct lp_applied *older, *newer, *same_slot; /* same_slot: chain of struct lp_names */
    struct lp_applied *whole;    /* of a part; NULL = it is a patch */
    struct lp_applied *parts, *next_part;
    char **said;                 /* of a patch, by object: why it does not fit there; NULL */
    bool library;                /* lp_live_wants(), when it was applied */
    bool must;                   /* every object that is not optional must be there when the program's own code starts */
    lp_patch *patch;             /* the engine's own copy */
    struct lp_plan plan;
    struct lp_touch *touch;
    size_t ntouch;
    uint64_t serial, applied_ms;
    int64_t trial_until;         /* of a patch: lp_now_ms() when its trial is over; 0 = it is on none */
    uint64_t trial_era;          /* live->era since when */
    bool failed;                 /* its trial */
    bool leaving;                /* reverted or replaced by the call in progress */
};
struct lp_retired { uint64_t start, end; };
/* New code of a patch that has left: it stays, because contexts that no thread is in now may lead there, and is used again if the same patch comes
 * again. `of` says whose it is. */
struct lp_idle { uint8_t of[32]; uint64_t object, addr, len; }; /* object: the target's serial; 0 = nobody's any more */
/* From pages that have moved out of a branch's reach to where a patch's branch there went: at -> to. It stays: a thread may be in it. */
struct lp_veneer { uint64_t at, to; };
enum { LP_VENEER_SIZE = 16 };
/* What happened: a ring of the last LP_JOURNAL_EVENTS. */
struct lp_history { struct lp_live_event *event; size_t n, cap, next; };
/* How long the program stood still: a ring of the last LP_LIVE_STOPS times, in nanoseconds. */
struct lp_stops { uint64_t n, begun, reached, longest, stop[LP_LIVE_STOPS], reach[LP_LIVE_STOPS]; }; /* longest: of the call in progress */
/* Patches by name; `bucket` has a power of two of chains. */
struct lp_names { struct lp_applied **bucket; size_t nbucket; };

struct lp_live {
    struct lp_mem *mem;
    struct lp_gate *gate;
    pthread_mutex_t lock;        /* of all that follows; let go while a call waits for the program, so that it can fork */
    bool working;                /* a call that changes something is in progress: one at a time */
    pthread_cond_t done;         /* it is not any more */
    struct lp_objects objects;
    struct lp_live_events events;
    size_t nmust;                /* patches with `must` */
    _Atomic size_t nlibrary;     /* patches that name other objects than the first ones */
    _Atomic bool curious;        /* lp_live_want_objects() */
    _Atomic bool stale;          /* there may be other objects now */
    _Atomic int fresh;           /* > 0: an object is being loaded; so many more events are looked at */
    struct lp_applied *newest;
    struct lp_names names;
    size_t napplied, nrelated;   /* nrelated: those that require or conflict with others */
    uint64_t serial;
    struct lp_touch **bucket;
    size_t nbucket, ntouch;
    struct lp_retired *retired;  /* new code for objects that are gone, which a thread may still be in */
    size_t nretired, retired_cap;
    struct lp_idle *idle;
    size_t nidle, idle_cap;
    struct lp_veneer *veneer;
    size_t nveneer, veneer_cap;
    struct lp_body *body;        /* all new functions that are mapped, by address; changes under the gate */
    size_t nbody, body_cap;
    struct lp_body *more_bodies; /* room for them, once there are more; NULL = body has enough */
    size_t more_cap;
    _Atomic size_t nframe;       /* of those, which the program's unwinder can be told of; they are not counted down */
    struct lp_asker *asker;      /* where the program's unwinder asks, which is watched (frames.c) */
    size_t nasker, asker_cap;
    bool askers_changed;
    struct lp_cfi_slot *cfi;     /* LP_CFI_CACHE; NULL = no memory */
    struct lp_wait *wait;        /* wait.c */
    _Atomic uint64_t lowest, highest; /* bounds of all places ever written */
    _Atomic uint64_t changes;    /* of the program's mappings, and of code */
    _Atomic bool moved;          /* a patched page may have been unmapped */
    struct lp_trial_entry *trial_entry; /* watched places, by address; changes under the gate (trial.c) */
    size_t ntrial_entry;
    uint64_t era;                /* how often patches came or went; likewise */
    struct lp_suspect *suspects; /* patches that have failed */
    _Atomic unsigned ntrials;    /* patches on trial, and those that have failed */
    _Atomic unsigned hurry;      /* threads that wait to see who is to blame for their death */
    struct lp_loading *loading;  /* threads that wait because they have loaded or are about to move an object */
    size_t turns;                /* so many of them come before other calls */
    bool resumes;                /* and then the one that has given way to them */
    struct lp_history history;
    struct lp_stops stops;
    int fault_at, step;
};

/* Memory as it will be once earlier parts of the call are done: for each aligned word the writes that touch it, in order. */
struct lp_over { uint64_t word; const struct lp_write *w; uint32_t layer, next; bool undo; };
struct lp_over_slot { uint32_t first, last; }; /* index + 1; 0 = none */
/* What is written, cut at page boundaries; pokes of one batch go to memory in one go. */
struct lp_poke { uint64_t addr; uint32_t len, order; const uint8_t *bytes; };
struct lp_batch { size_t from, to; uint64_t addr; uint32_t len; uint8_t *before; };

/* While a call waits for a quiet program others wait for it, and it is begun anew after: a thread that dies, at once; a thread that loads or moves an
 * object, when the call waits for that one, or gets no further. */
enum lp_turn { LP_TURN_CALL, LP_TURN_AGAIN, LP_TURN_LOADS, LP_TURN_DIES }; /* AGAIN: a call that has given way */
struct lp_loading { const struct lp_cpu *cpu; struct lp_loading *next; };

struct lp_job {
    struct lp_live *live;
    const struct lp_live_options *options;
    lp_report_fn report;
    void *ctx;
    struct lp_error *err;
    struct lp_over *over;
    struct lp_over_slot *over_slot;
    size_t nover, over_cap, nover_slot;
    uint32_t nlayer;
    struct lp_applied **add;     /* in order; parts behind their patch */
    size_t nadd, add_cap;
    struct lp_names names;       /* of add */
    struct lp_applied **drop;    /* newest first */
    size_t ndrop, drop_cap;
    struct lp_poke *poke;
    size_t npoke;
    struct lp_batch *batch;
    size_t nbatch;
    uint8_t *before;
    int64_t since;               /* when the call began (lp_now_ms()) */
    enum lp_turn turn;
    const struct lp_cpu *cpu;    /* of a thread that loads: the thread; NULL = not known */
    bool yields;                 /* not done, because of a thread that loads or dies */
    int64_t patience;            /* with threads that do not leave (wait.c); kept when the call is begun anew */
    struct lp_space space;
    struct lp_retired *taken;    /* addresses given to this call's new code, not mapped yet; in address order */
    size_t ntaken, taken_cap;
};

/* May this step fail? LP_OK, or the injected failure. */
lp_status lp_live_step(struct lp_job *job, const char *what);
lp_status lp_job_fail(struct lp_job *job, const char *where, uint32_t line, lp_status s, const char *fmt, ...) LP_PRINTF(5, 6);
/* journal.c */
bool lp_journal_reserve(struct lp_live *live, struct lp_applied *const *add, size_t n); /* before commit: memory for lp_journal_add */
void lp_journal_add(struct lp_live *live, struct lp_applied *a);
void lp_journal_remove(struct lp_live *live, struct lp_applied *a);
/* Its places in the index, by their addresses now. */
void lp_journal_link(struct lp_live *live, struct lp_applied *a);
void lp_journal_unlink(struct lp_live *live, struct lp_applied *a);
bool lp_names_reserve(struct lp_names *t, size_t n);
void lp_names_add(struct lp_names *t, struct lp_applied *a);
void lp_names_remove(struct lp_names *t, struct lp_applied *a);
struct lp_applied *lp_names_find(const struct lp_names *t, const char *name);
/* The pages of these places have been unmapped: what the journal said about them is history. True if nothing of a is left. What it is bound to
 * is looked at too: an object that is gone is waited for again. */
bool lp_journal_forget(struct lp_live *live, struct lp_applied *a);
/* The touches of the word at addr and others, the newest first. */
struct lp_touch *lp_journal_at(const struct lp_live *live, uint64_t addr);
/* Does a patch touch a word of [start, end)? */
bool lp_journal_in(const struct lp_live *live, uint64_t start, uint64_t end);
/* Who lies on top of one of a's places and does not leave with it; NULL = nobody. */
struct lp_applied *lp_journal_above(struct lp_live *live, const struct lp_applied *a, uint64_t *where);
void lp_journal_free_one(struct lp_applied *a);
/* Count executions of a's places on behalf of who is on top of them now. */
void lp_journal_count(struct lp_live *live, const struct lp_applied *a);
/* Executions of all its places. */
uint64_t lp_journal_hits(const struct lp_applied *a);
/* observe.c: the objects and patches as they are now; with the lock held. */
void lp_live_look(struct lp_live *live);
/* history.c: with the lock held. `err` NULL = it was done. */
void lp_history_add(struct lp_live *live, const char *what, const char *patch, const char *version, const struct lp_live_options *by,
                    const struct lp_error *err);
/* An object that came or went. */
void lp_history_object(struct lp_live *live, const char *what, const struct lp_patch *p, const struct lp_target *t);
void lp_history_free(struct lp_history *h);
/* stops.c: close the gate and open it again, with an eye on the clock. */
void lp_live_stop(struct lp_live *live);
void lp_live_resume(struct lp_live *live);
/* live.c: one call at a time */
void lp_live_lock(struct lp_live *live, enum lp_turn turn, const struct lp_cpu *cpu); /* when no call is at work */
void lp_job_begin(struct lp_job *job, struct lp_live *live);
void lp_job_setup(struct lp_job *job, struct lp_live *live); /* another job of the same call */
void lp_job_end(struct lp_job *job, bool done);
struct lp_applied *lp_job_copy(struct lp_job *job, const struct lp_patch *p, lp_status *s);
bool lp_job_add(struct lp_job *job, struct lp_applied *a);
/* relations.c */
bool lp_same_patch(const struct lp_patch *a, const struct lp_patch *b);
/* All of them leave, so that none is in the way of another. */
lp_status lp_job_drop_all(struct lp_job *job, struct lp_applied **v, size_t n);
/* By one that comes behind it in the same call? Then it does not come at all. */
bool lp_is_replaced(const struct lp_patch *p, const lp_patch *const *later, size_t n);
/* The applied patches that this call replaces do. */
lp_status lp_job_drop_replaced(struct lp_job *job, const lp_patch *const *patches, size_t n);
lp_status lp_job_check_added(struct lp_job *job);   /* what comes has what it requires, and no conflict */
lp_status lp_job_check_dropped(struct lp_job *job); /* no patch that stays requires one that leaves */
/* These applied patches go at once, and with them what lies on them or requires them. */
lp_status lp_job_evict(struct lp_job *job, struct lp_applied *const *v, size_t n);
/* trial.c */
void lp_trials_watch(struct lp_live *live); /* under the gate: patches came, went or moved */
void lp_trials_count(struct lp_live *live);
void lp_trials_end(struct lp_live *live);   /* of those that are over; while no call is in progress */
void lp_trial_begin(struct lp_live *live, struct lp_applied *a, uint32_t ms); /* lp_trials_watch() makes it so */
void lp_trial_watched(struct lp_live *live, struct lp_cpu *cpu); /* part of lp_live_watched */
void lp_trials_unmapped(struct lp_live *live, uint64_t start, uint64_t end); /* code of a reverted patch */
void lp_trials_free(struct lp_live *live);
/* room.c: lp_space.place of a running program. */
uint64_t lp_job_place(void *job, const struct lp_plan *pl, struct lp_region *r, uint64_t len);
/* lp_plan_make for this job. */
lp_status lp_job_plan(struct lp_job *job, struct lp_applied *a, const struct lp_plan_how *how);
/* As lp_plan_where, and "fix:parse+0x8" for a new body of patch `fix`. */
void lp_live_where(const struct lp_live *live, uint64_t addr, char *buf, size_t size);
/* arrive.c */
bool lp_live_wants(const struct lp_applied *a); /* does it name an object that may come and go? */
void lp_live_rescan(struct lp_live *live);
void lp_live_expect(struct lp_live *live); /* an object may be being loaded: look at what the program maps and protects */
/* The parts of a for the other mappings of its objects go into the job. */
lp_status lp_job_twins(struct lp_job *job, struct lp_applied *a);
/* What is missing of a, as text; free(). NULL = nothing. */
char *lp_live_note(struct lp_live *live, const struct lp_applied *a);
/* commit.c */
lp_status lp_job_drop(struct lp_job *job, struct lp_applied *a);
int lp_job_read(void *job, uint64_t addr, void *buf, size_t len);
bool lp_job_layer(struct lp_job *job, const struct lp_plan *plan, bool undo);
/* Take patches out of the journal whose pages the program has unmapped. */
void lp_live_prune(struct lp_live *live);
lp_status lp_job_commit(struct lp_job *job);
void lp_job_free(struct lp_job *job);
/* body.c: what becomes of new code */
bool lp_bodies_reserve(struct lp_live *live, struct lp_applied *const *add, size_t n);
void lp_bodies_add(struct lp_live *live, struct lp_applied *a); /* it is in use */
void lp_bodies_free(struct lp_live *live);
/* That of a patch that leaves, or of what it has for one object, which is gone. */
void lp_live_retire_regions(struct lp_live *live, const struct lp_applied *a, const struct lp_target *only);
void lp_live_reap(struct lp_live *live); /* under the gate */
const struct lp_idle *lp_idle_for(const struct lp_live *live, const struct lp_patch *p, const struct lp_target *t, uint64_t len);
/* quiesce.c: PCs in [start, end), with `returns` return addresses too, with `last` one that is `end`: the function's last instruction was the call. */
struct lp_span { uint64_t start, end; bool returns, last; };
struct lp_spans { struct lp_span *v; size_t n, cap; };
enum { LP_CHAIN = 24 };
struct lp_blocker {              /* a thread in one of them */
    const struct lp_cpu *cpu;
    uint64_t at;
    bool possible, unreadable;
    uint64_t leaves, sp;         /* when it is at `leaves` with this SP or a higher one it is in none of them; 0 = not known */
    struct { uint64_t addr; uint32_t times; } chain[LP_CHAIN]; /* addr 0: a signal */
    unsigned nchain;
    char who[128];               /* "thread 4711 (worker), in read,"; empty unless it is to be told */
};
struct lp_blockers { struct lp_blocker *v; size_t n, cap; };
/* What the job changes and somebody may be in the middle of, by address. False without memory. */
bool lp_job_spans(const struct lp_job *job, bool lazy, struct lp_spans *out); /* lazy: those of LP_MODE_LAZY in any case */
/* Under the gate: is nobody in them? Who is goes to *b (may be NULL), or one of them without memory for all. */
bool lp_quiet(struct lp_live *live, const struct lp_spans *s, struct lp_blockers *b);
/* wait.c: stop, and stay stopped if no thread is inside a changed range; else wait until it is so, or the deadline has passed. */
bool lp_wait_new(struct lp_live *live);
void lp_wait_free(struct lp_live *live);
lp_status lp_job_stop(struct lp_job *job);
void lp_wait_loads(struct lp_live *live, const struct lp_cpu *cpu); /* this thread has begun to wait for the call */
void lp_wait_before_fork(struct lp_live *live);
void lp_wait_after_fork(struct lp_live *live, bool child);
#endif
