/* kernel/limits.h - limits of memory, stack and descriptors: those that the guest sees are kept by the engine (kernel.h), and the process's own are as
 * wide as they may be, because the engine lives under them. All functions but the first two are thread-safe. */
#ifndef LP_KERNEL_LIMITS_H
#define LP_KERNEL_LIMITS_H
#include "kernel/kernel.h"

enum { LP_LIMIT_AS, LP_LIMIT_DATA, LP_LIMIT_STACK, LP_LIMIT_NOFILE, LP_LIMITS };

/* Before an address space is made: `before` is what the process has, then it has as much as it may. `again`: another lprun has done it before execve. */
void lp_limits_lift(struct rlimit before[LP_LIMITS], bool again);
/* Those are the guest's; lp_limits_restore() gives them back to the process. */
void lp_limits_keep(struct lp_kernel *k, const struct rlimit before[LP_LIMITS]);
void lp_limits_restore(const struct rlimit before[LP_LIMITS]);
/* Room for the engine's descriptors; what the process has when nobody has lifted anything is the guest's. */
lp_status lp_limits_init(struct lp_kernel *k, struct lp_error *err);
/* The guest begins: from now on the host holds it to its number of descriptors. */
void lp_limits_begin(struct lp_kernel *k);
/* As text, for the lprun that goes on after execve, and back from it (false: not such a text). */
void lp_limits_print(struct lp_kernel *k, char *out, size_t size);
bool lp_limits_parse(struct lp_kernel *k, const char *text);
/* For execve of a program of the host: the process gets the guest's limits. Of lprun: it can open its own files. `saved` is for when that failed. */
void lp_limits_to_host(struct lp_kernel *k, struct rlimit saved[LP_LIMITS]);
void lp_limits_to_engine(struct lp_kernel *k, struct rlimit saved[LP_LIMITS]);
#endif
