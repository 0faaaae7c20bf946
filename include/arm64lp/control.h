/* arm64lp/control.h - looking at running programs: who is there, and what patches do in them. Orders that change them are in patch.h. */
#ifndef ARM64LP_CONTROL_H
#define ARM64LP_CONTROL_H
#include <arm64lp/patch.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Call fn with the process number of every running lprun of this user that takes orders, in ascending order, until it does not return 0;
 * returns what fn did. Thread-safe. */
LP_API int lp_control_each(int (*fn)(void *ctx, int64_t pid), void *ctx);

struct lp_control_info {
    int64_t pid;
    const char *version;    /* of its libarm64lp */
    const char *exe;        /* the program's file; "" = not known. Strings are valid until the next call with this handle. */
    uint64_t dev, ino;      /* of that file, as stat() says them */
    const char *build_id;   /* hexadecimal; "" = none */
    uint64_t patches;       /* applied now */
    uint64_t started_ms;    /* CLOCK_REALTIME */
    bool read_only;         /* it refuses to be changed */
    uint64_t bias;          /* run-time address - link-time address of what is in that file */
};
LP_API lp_status lp_control_info(lp_control *c, struct lp_control_info *out, struct lp_error *err);
/* Copy what is in the program's memory, patches and all: what it may read itself. LP_E_ADDRESS: not all of it is there. */
LP_API lp_status lp_control_read(lp_control *c, uint64_t addr, void *buf, size_t len, struct lp_error *err);

/* One changed place of an applied patch. Times are of CLOCK_REALTIME, in milliseconds; 0 = never. */
struct lp_live_place {
    const char *patch;      /* its name */
    const char *where;      /* "function+0x8", or an address */
    const char *kind;       /* "site", "func", "set", "seed" */
    uint64_t addr, size;    /* run-time address; bytes written there */
    uint64_t hits;          /* executions (entries, for func); 0 for data */
    uint64_t first_ms;      /* exact */
    uint64_t last_ms;       /* to half a second */
    uint64_t threads;       /* in the code that it replaced, or returning to it */
};
/* One function of a loaded object. */
struct lp_live_function {
    const char *name, *object;
    uint64_t addr, size;    /* run-time address */
    const char *patch;      /* the newest patch that changed it; NULL = none */
    uint64_t places, hits;  /* changed places in it, their executions */
};
/* One line of the journal: the last LP_JOURNAL_EVENTS of them are kept. */
enum { LP_JOURNAL_EVENTS = 1000 };
struct lp_live_event {
    uint64_t time_ms;
    const char *what;       /* "applied", "reverted", "replaced", "refused" (to apply), "kept" (refused to revert), "retired" (its pages were unmapped),
                             * "failed", "passed" (its trial: text), "loaded", "unloaded" (an object came, and was patched, or went: text) */
    const char *patch, *version; /* version NULL = none */
    lp_status status;       /* why it was refused */
    int64_t pid;            /* who asked: 0 = the program's own lprun */
    uint64_t uid;
    const char *text;       /* the reason; "" = none */
    uint64_t stopped_ns;    /* how long the program stood still for it: the longest time */
};
/* How long the program stood still when it was patched, in nanoseconds: from the order to stop until its threads may go on. `reach`: the part of it
 * until the last of them stood. Median, 99th percentile and maximum are of the last LP_LIVE_STOPS times. */
enum { LP_LIVE_STOPS = 1000 };
struct lp_live_stop { uint64_t last, median, p99, max; };
struct lp_live_stats { uint64_t stops; struct lp_live_stop stop, reach; };
LP_API lp_status lp_control_stats(lp_control *c, struct lp_live_stats *out, struct lp_error *err);
/* Each row goes to fn until it does not return 0. Functions: in the order of their addresses, `changed_only` those that a patch has changed.
 * Events: the oldest first. */
LP_API lp_status lp_control_places(lp_control *c, int (*fn)(void *ctx, const struct lp_live_place *row), void *ctx, struct lp_error *err);
LP_API lp_status lp_control_functions(lp_control *c, bool changed_only, int (*fn)(void *ctx, const struct lp_live_function *row), void *ctx,
                                      struct lp_error *err);
LP_API lp_status lp_control_journal(lp_control *c, int (*fn)(void *ctx, const struct lp_live_event *row), void *ctx, struct lp_error *err);

#ifdef __cplusplus
}
#endif
#endif
