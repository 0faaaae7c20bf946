/* kernel/process.h - processes: how the guest ends, forks, becomes another program. */
#ifndef LP_KERNEL_PROCESS_H
#define LP_KERNEL_PROCESS_H
#include "kernel/kernel.h"

/* The guest ends: every thread's cpu.stop, k->exit (the first call decides). */
void lp_kernel_exit(struct lp_thread *t, int status, int signo);
/* What higher rooms do around a fork of the guest, on the forking thread: prepare before, then one of the others. Each may be NULL.
 * Added while the guest has one thread; kept by the caller until lp_kernel_free. */
struct lp_fork_hook {
    void (*prepare)(void *ctx);
    void (*parent)(void *ctx);
    void (*child)(void *ctx);
    void *ctx;
    struct lp_fork_hook *next;
};
void lp_kernel_add_fork_hook(struct lp_kernel *k, struct lp_fork_hook *hook);
/* "#! interpreter [argument]" in the first bytes of a file (at most 256, room for one more), cut into two; *arg NULL if there is none. 0 or -ENOEXEC. */
int lp_exec_parse_script(char *line, size_t len, char **interp, char **arg);
/* Linux's execveat(): returns only on failure (-errno), and nothing has changed then. argv and envp are guest addresses. */
int64_t lp_execve(struct lp_thread *t, const char *path, uint64_t argv, uint64_t envp);
#endif
