/* kernel/host.h - the one stub through which calls that may block enter the host kernel.
 *
 * The race to avoid: a signal arrives after "nothing is pending" was seen and before the call blocks; its handler returns,
 * and the call sleeps on with the signal undelivered. The stub's test and system call instruction lie between two labels. A handler
 * that interrupts in between moves the PC out of there (lp_host_fixup), and the call returns -LP_ERESTARTNOINTR without having been
 * made: it is made after the guest's handler, as if the signal had come before it. The host's own restart (SA_RESTART puts the PC back on the
 * instruction) ends there as well, with -LP_ERESTARTSYS: so what an interrupted call means to the guest is decided by the guest's flags, in one place
 * (signal.h).
 */
#ifndef LP_KERNEL_HOST_H
#define LP_KERNEL_HOST_H
#include <stdbool.h>
#include <stdint.h>

struct lp_thread;

/* Is the stub there? Elsewhere a timer interrupts calls, which the host must then not restart (host.c). */
#if defined __x86_64__ || defined __aarch64__
#define LP_HOST_STUB 1
#endif

/* Make host system call nr: the gate is left meanwhile (the thread counts as stopped). Host result: >= 0, -errno,
 * -LP_ERESTARTSYS, or -LP_ERESTARTNOINTR if it was not made. */
int64_t lp_host_syscall(struct lp_thread *t, long nr, long a0, long a1, long a2, long a3, long a4, long a5);
/* For signal handlers on a guest thread: leave the window, if the interrupted PC is in it. Async-signal-safe. */
void lp_host_fixup(void *ucontext);
/* The portable stub's timer is not inherited: in the child of fork, and in the parent after a vfork (whose child uses the same TLS). */
void lp_host_after_fork(void);
void lp_host_before_vfork(void);
/* A host call that cannot block: no stub, no errno. */
int64_t lp_host_raw(long nr, long a0, long a1, long a2, long a3, long a4, long a5);
#define LP_HOST0(nr) lp_host_raw(nr, 0, 0, 0, 0, 0, 0)
#define LP_HOST1(nr, a) lp_host_raw(nr, (long)(a), 0, 0, 0, 0, 0)
#define LP_HOST2(nr, a, b) lp_host_raw(nr, (long)(a), (long)(b), 0, 0, 0, 0)
#define LP_HOST3(nr, a, b, c) lp_host_raw(nr, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define LP_HOST4(nr, a, b, c, d) lp_host_raw(nr, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#endif
