/* kernel/remote.h - so that other processes under lprun find this guest's memory (remote.c). */
#ifndef LP_KERNEL_REMOTE_H
#define LP_KERNEL_REMOTE_H
#include "kernel/kernel.h"

/* What another process may want to know: addresses are the guest's, `base` is the host's of guest address 0. */
struct lp_guest {
    uint64_t base, limit;
    uint64_t arg_start, arg_end, env_end;
    char exe[4096];              /* the host's path */
};
void lp_remote_announce(const struct lp_mem *m);
void lp_remote_program(const struct lp_kernel *k); /* it is loaded */
/* Is this another process under lprun, with a program? */
bool lp_remote_find(int pid, struct lp_guest *out);
/* Of this process. */
const struct lp_guest *lp_remote_own(void);
/* From its memory: 0 or -errno. */
int lp_remote_read(int pid, const struct lp_guest *g, void *dst, uint64_t addr, size_t len);
#endif
