/* kernel/strace.h - system calls as text, for lprun -S. */
#ifndef LP_KERNEL_STRACE_H
#define LP_KERNEL_STRACE_H
#include <stdint.h>
#include "base/buf.h"

struct lp_thread;
#define LP_LOG_STRACE (-1) /* level of these lines: shown whatever the log's level */

/* A line in the making. Arguments up to the first that the call fills in are formatted before the call. */
struct lp_strace {
    struct lp_buf text;
    const char *sig; /* the rest of the signature */
    int arg;
};
void lp_strace_enter(struct lp_strace *s, struct lp_thread *t, const uint64_t *a);
void lp_strace_leave(struct lp_strace *s, struct lp_thread *t, const uint64_t *a, int64_t r);
#endif
