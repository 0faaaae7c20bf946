/* control/server.h - the thread that takes orders for a running program. */
#ifndef LP_CONTROL_SERVER_H
#define LP_CONTROL_SERVER_H
#include <arm64lp/control.h>
#include <stdbool.h>

/* What the engine does; called on threads of the server: what changes something one at a time, the others meanwhile. `rctx` goes with `report`,
 * `fctx` with `fn`. */
struct lp_control_ops {
    lp_status (*apply)(void *ctx, const lp_patch *const *patches, size_t n, const struct lp_live_options *o,
                       struct lp_live_result *result, lp_report_fn report, void *rctx, struct lp_error *err);
    lp_status (*revert)(void *ctx, const char *const *names, size_t n, const struct lp_live_options *o,
                        struct lp_live_result *result, lp_report_fn report, void *rctx, struct lp_error *err);
    lp_status (*list)(void *ctx, int (*fn)(void *fctx, const struct lp_live_row *row), void *fctx, struct lp_error *err);
    /* As lp_control_places, lp_control_functions, lp_control_journal and lp_control_stats; NULL: not to be had. */
    lp_status (*places)(void *ctx, int (*fn)(void *fctx, const struct lp_live_place *row), void *fctx, struct lp_error *err);
    lp_status (*functions)(void *ctx, bool changed_only, int (*fn)(void *fctx, const struct lp_live_function *row), void *fctx, struct lp_error *err);
    lp_status (*journal)(void *ctx, int (*fn)(void *fctx, const struct lp_live_event *row), void *fctx, struct lp_error *err);
    lp_status (*stats)(void *ctx, struct lp_live_stats *out, struct lp_error *err);
    lp_status (*read)(void *ctx, uint64_t addr, void *buf, size_t len, struct lp_error *err); /* the program's memory; NULL: not to be had */
    /* Called about twice a second as long as it returns true, and after each change. NULL: nothing to do. */
    bool (*tick)(void *ctx);
    /* Move a descriptor out of the guest's sight and close the old one: the new one, or -1 and errno. NULL: moved to min_fd or above. */
    int (*hide_fd)(void *ctx, int fd);
    /* The server closes a descriptor that hide_fd gave. NULL: close(). */
    void (*close_fd)(void *ctx, int fd);
    /* accept4(SOCK_CLOEXEC | SOCK_NONBLOCK) straight to a hidden descriptor, whatever the process's limit: it, or -1 and errno. NULL: accept4() and hide_fd. */
    int (*accept_fd)(void *ctx, int listener);
};

struct lp_control_config {
    const char *path; /* socket, or NULL = the per-user default for `pid` */
    int64_t pid;
    int min_fd;       /* 0 = anywhere */
    const struct lp_control_ops *ops;
    void *ctx;
    bool read_only;   /* refuse to change anything */
    /* What `status` says of the program. Borrowed; NULL = nothing. */
    const char *exe;      /* its file */
    uint64_t dev, ino;
    const char *build_id; /* hexadecimal */
    uint64_t started_ms;  /* CLOCK_REALTIME */
    uint64_t bias;        /* run-time address - link-time address */
};

typedef struct lp_control_server lp_control_server;
/* Listen and start the thread, which blocks the program's signals. The config is copied, its path too. With a path of its own the per-user default is a
 * link to it, if that can be made. */
lp_status lp_control_server_start(const struct lp_control_config *config, lp_control_server **out, struct lp_error *err);
/* End the thread, close everything, remove the socket file. Not from the control thread. */
void lp_control_server_stop(lp_control_server *s);
/* Without the thread for a while: whoever connects waits. Not from the control thread. */
void lp_control_server_pause(lp_control_server *s);
lp_status lp_control_server_resume(lp_control_server *s, struct lp_error *err);
/* The socket's path, for messages. */
const char *lp_control_server_path(const lp_control_server *s);
/* Around fork(), on the forking thread: before, then in both processes `after`. The child drops what it inherited (the parent's
 * socket file stays) and, unless pid is 0 (no own server wanted), listens at the per-user default of `pid`. A server that cannot
 * start in the child is an error for the log; the handle stays valid and can be stopped. */
void lp_control_server_before_fork(lp_control_server *s);
void lp_control_server_after_fork_parent(lp_control_server *s);
lp_status lp_control_server_after_fork(lp_control_server *s, int64_t pid, struct lp_error *err);
#endif
