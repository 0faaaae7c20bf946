/* kernel/process.h - processes: how the guest ends, forks, becomes another program. */
#ifndef LP_KERNEL_PROCESS_H
#define LP_KERNEL_PROCESS_H
#include "kernel/kernel.h"

/* The guest ends: every thread's cpu.stop, k->exit (the first call decides). */
void lp_kernel_exit(struct lp_thread *t, int status, int signo);
/* On the process's only thread: what the host shows of the guest's end, without going back to the caller of lp_kernel_run(). */
_Noreturn void lp_process_end(struct lp_exit e);

/* ---- threads (thread.c) ---- */
/* What clone() and clone3() ask for; addresses are the guest's, flags without the exit signal. */
struct lp_clone { uint64_t flags, exit_signal, sp, tls, parent_tid, child_tid, pidfd; };
/* CLONE_THREAD: a host thread for a new guest thread. Its ID, or -errno. All host signals are blocked. */
int64_t lp_thread_start(struct lp_thread *t, const struct lp_clone *q);
/* The thread with this ID, NULL if there is none. The caller holds thread_lock. */
struct lp_thread *lp_thread_find(struct lp_kernel *k, int tid);
/* "thread 4711 (worker), in read," of a thread that stands or is in a host call. */
void lp_thread_say(const struct lp_thread *t, char *buf, size_t size);
/* Leave guest code at the next safepoint, for ever. */
void lp_thread_stop(struct lp_thread *t);
/* All but `self`, out of blocking calls too. The caller holds thread_lock. */
void lp_threads_stop(struct lp_kernel *k, struct lp_thread *self);
/* In the child of fork, with thread_lock held: t is the only one, and the first. */
void lp_threads_after_fork(struct lp_thread *t);
/* Locks that a thread holds at its end: the robust list, where it has told of one. */
void lp_thread_unlock(struct lp_thread *t);
/* The same for all threads, which end with execve. */
void lp_threads_unlock(struct lp_kernel *k);

/* What higher rooms do around a fork of the guest, on the forking thread: prepare before, then one of the others. Each may be NULL.
 * `end`: the child of a thread other than the first ends, and nobody returns to the caller of lp_kernel_run().
 * `alone`: begin = threads that are not the guest's end, for a call that Linux refuses a process with several; else they may begin again.
 * Added while the guest has one thread; kept by the caller until lp_kernel_free. */
struct lp_fork_hook {
    void (*prepare)(void *ctx);
    void (*parent)(void *ctx);
    void (*child)(void *ctx);
    void (*end)(void *ctx);
    void (*alone)(void *ctx, bool begin);
    void *ctx;
    struct lp_fork_hook *next;
};
void lp_kernel_add_fork_hook(struct lp_kernel *k, struct lp_fork_hook *hook);
/* "#! interpreter [argument]" in the first bytes of a file (at most 256, room for one more), cut into two; *arg NULL if there is none. 0 or -ENOEXEC. */
int lp_exec_parse_script(char *line, size_t len, char **interp, char **arg);
/* Linux's execve() of the file that the guest calls `name` and the host `file`: returns only on failure (-errno), and
 * nothing has changed then. argv and envp are guest addresses. */
int64_t lp_execve(struct lp_thread *t, const char *name, const char *file, uint64_t argv, uint64_t envp);
#endif
