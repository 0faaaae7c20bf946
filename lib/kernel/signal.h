/* kernel/signal.h - the guest's signals.
 *
 * The host kernel keeps the queue. Dispositions and masks of the guest are mirrored to the host: what the guest ignores the host
 * ignores, what the guest blocks stays pending in the host (sigpending, sigtimedwait, signalfd, execve see the truth), and the
 * host handler runs only where the guest's handler or a deadly default action will. It takes one signal into the thread's
 * slot and blocks all others on its return, so that order, priorities and real-time queues remain the kernel's; the next safepoint
 * delivers it and lets the following one in. SIGSEGV and SIGBUS cannot be blocked on the host, because guest memory accesses raise them
 * (mem/fault.h): when a process sends one, it is held here (sigheld.c).
 */
#ifndef LP_KERNEL_SIGNAL_H
#define LP_KERNEL_SIGNAL_H
#include <signal.h>
#include "kernel/kernel.h"

#define LP_NSIG 64
#define LP_SIGBIT(n) (UINT64_C(1) << ((n) - 1))
#define LP_SIGMASK_NEVER (LP_SIGBIT(9) | LP_SIGBIT(19))  /* SIGKILL, SIGSTOP */
#define LP_SIGMASK_ENGINE (LP_SIGBIT(11) | LP_SIGBIT(7)) /* SIGSEGV, SIGBUS: never blocked on the host */
#define LP_HOST_KICK ((void *)&lp_host_fixup)            /* si_value of the portable stub's own signal (host.c) */
#define LP_HOST_STOP ((void *)&lp_host_syscall)          /* ... and of lp_sighost_interrupt() */

/* struct sigaction and struct sigaltstack as the kernel has them on arm64 (and on x86-64): the guest's view. */
struct lp_sigaction { uint64_t handler, flags, restorer, mask; };
struct lp_sigstack { uint64_t sp; uint32_t flags, pad; uint64_t size; };
/* siginfo_t: 128 bytes with the same layout on every 64-bit little-endian Linux. */
struct lp_siginfo {
    int32_t signo, err, code, pad;
    uint64_t addr;
    uint8_t rest[104];
};
_Static_assert(sizeof(struct lp_siginfo) == 128 && sizeof(siginfo_t) == 128, "siginfo is 128 bytes");

/* A pending SIGSEGV or SIGBUS: written by handlers and read by threads, without a lock. */
enum { LP_HELD_NONE, LP_HELD_BUSY, LP_HELD_FULL };
struct lp_held { _Atomic int state; struct lp_siginfo info; };

struct lp_signal_process {
    pthread_mutex_t lock;                  /* of action; never taken in a handler */
    struct lp_sigaction action[LP_NSIG + 1];
    struct lp_sigaction before[LP_NSIG + 1]; /* the host's, to be restored */
    struct lp_held held[2];                  /* SIGBUS, SIGSEGV: of the process */
};

struct lp_signal_thread {
    _Atomic uint64_t mask;                 /* blocked by the guest; others read it */
    _Atomic uint64_t waits;                /* what sigtimedwait waits for */
    uint64_t saved_mask;                   /* what `mask` becomes again after sigsuspend, ppoll ... */
    bool restore_mask;
    bool embedded;                         /* the host thread is the embedder's */
    uint64_t before;                       /* its mask then */
    volatile sig_atomic_t queued;          /* the slot is full; all host signals are blocked then */
    struct lp_siginfo slot;
    bool narrow;                           /* the host blocks more than the guest, until a held signal is taken */
    struct lp_held held[2];                /* SIGBUS, SIGSEGV: of this thread */
    struct lp_sigstack alt;
    uint64_t fault_addr;                   /* of the last fault, for sigcontext and esr_context */
    uint32_t fault_esr;
    int restart;                           /* result of the interrupted call (LP_ERESTART*), until a handler or its absence decides */
};

/* ---- for the vm room and dispatch ---- */
/* Take over the host's signals: k->signals. What the host ignores the guest ignores. NULL on no memory. */
struct lp_signal_process *lp_signal_process_new(struct lp_kernel *k);
void lp_signal_process_free(struct lp_kernel *k);
/* t->signals; NULL on no memory. */
struct lp_signal_thread *lp_signal_thread_new(struct lp_thread *t);
/* On the embedder's thread: it is the guest's now, and its mask the guest's, which lp_signal_thread_free() gives back. */
void lp_signal_thread_begin(struct lp_thread *t);
void lp_signal_thread_free(struct lp_thread *t);
/* Start of a system call: was a signal taken before it? Then it is delivered now, the PC is back at the SVC. */
bool lp_signal_before_syscall(struct lp_thread *t);
/* End of a system call: store X0 = r (unless LP_NO_RESULT), or restart the call, and deliver what is pending. */
void lp_signal_after_syscall(struct lp_thread *t, int64_t r);
/* The mask for the duration of this system call (the host's mask is the host call's business). */
void lp_signal_temp_mask(struct lp_thread *t, uint64_t mask);
void lp_signal_safepoint(struct lp_cpu *cpu);                             /* lp_upcalls.safepoint */
void lp_signal_fault(struct lp_cpu *cpu, const struct lp_fault *fault);   /* lp_upcalls.fault */

/* ---- between the signal files ---- */
/* sighost.c */
void lp_sighost_mask(uint64_t guest_mask);                                /* the host mask that goes with it */
uint64_t lp_sighost_block_all(void);                                      /* all but the engine's; returns the old mask */
void lp_sighost_block_every(void);                                        /* on a thread that runs no guest code any more */
void lp_sighost_interrupt(int tid);                                       /* a thread of this process, out of a blocking call */
void lp_sighost_action(int signo, const struct lp_sigaction *guest);
void lp_sighost_reclaim(struct lp_kernel *k);                             /* after pthread_create: 32 and 33 from the C library */
void lp_sighost_default(int signo);                                       /* SIG_DFL on the host, for stop and execve */
int lp_sighost_get(int signo, struct lp_sigaction *out);
int lp_sighost_set(int signo, const struct lp_sigaction *sa);
void lp_sighost_adopt(struct lp_thread *t);                               /* signals of this host thread are t's */
void lp_sighost_after_fork(void);
/* sigdeliver.c */
enum lp_sigdefault { LP_SIG_TERM, LP_SIG_CORE, LP_SIG_IGNORE, LP_SIG_STOP };
enum lp_sigdefault lp_signal_default(int signo);
bool lp_signal_ignored(const struct lp_sigaction *a, int signo);
void lp_signal_set_mask(struct lp_thread *t, uint64_t mask);
void lp_signal_force(struct lp_thread *t, const struct lp_siginfo *info); /* synchronous: deadly when blocked or ignored */
void lp_signal_force_segv(struct lp_thread *t, int signo);                /* for want of a frame for signo */
void lp_signal_bad_frame(struct lp_thread *t);                            /* in rt_sigreturn */
/* sigheld.c */
void lp_sigheld_put(struct lp_thread *t, int signo, const void *info);                   /* in the handler, on t */
uint64_t lp_sigheld_mask(const struct lp_thread *t);                                      /* what is there for t: its own and the process's */
uint64_t lp_sigheld_before(uint64_t held);                                                /* what Linux takes before the first of these */
bool lp_sigheld_take(struct lp_thread *t, uint64_t set, struct lp_siginfo *out);          /* one of the set */
void lp_sigheld_drop(struct lp_thread *t, int signo);                                     /* it is ignored now */
void lp_sigheld_forget(struct lp_thread *t);                                              /* in a child: pending ones are the parent's */
void lp_sigheld_hand_on(struct lp_thread *t);                                             /* what t blocks, to a thread that does not */
void lp_sigheld_thread_ends(struct lp_thread *t);                                         /* what t was given for the process, to another */
/* sigframe.c */
bool lp_sigframe_push(struct lp_thread *t, const struct lp_sigaction *act, const struct lp_siginfo *info); /* false: cannot be written */
bool lp_sigframe_pop(struct lp_thread *t);                                                                /* false: bad frame */
bool lp_on_sigstack(const struct lp_signal_thread *s, uint64_t sp);
/* sigsys.c */
int lp_sigaltstack_set(struct lp_thread *t, const struct lp_sigstack *ss, uint64_t sp);
#endif
