/* kernel/kernel.h - the Linux that the guest sees: one struct lp_kernel per process, one struct lp_thread per guest thread.
 *
 * A system call is one row of syscall.def and one function LP_SYSCALL(name). Arguments come as the guest passed them, in
 * 64-bit registers; the result is a value or -errno (Linux numbers are the same on all hosts that matter). Whatever may block goes through
 * lp_host_syscall() (host.h), everything else straight to the host.
 */
#ifndef LP_KERNEL_KERNEL_H
#define LP_KERNEL_KERNEL_H
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <arm64lp/vm.h>
#include "base/log.h"
#include "exec/cpu.h"
#include "exec/gate.h"
#include "load/load.h"
#include "mem/mem.h"

struct lp_kernel;
struct lp_thread;
struct lp_signal_process; /* signal.h: actions, per process */
struct lp_signal_thread; /* signal.h: masks and pending, per thread */

/* Engine descriptors live in [first, first + LP_ENGINE_FDS), where the guest neither sees nor reaches them. */
#define LP_ENGINE_FDS 128 /* a multiple of 64: the clients of lpapply's socket, and as many for all else */

/* What a higher room hears of the program's mappings, on the guest's thread in the system call (memory.c). Each may be NULL. */
struct lp_load_hook {
    void (*mapped)(void *ctx, struct lp_thread *t, bool code);                      /* a file; `code`: executable */
    void (*protected_)(void *ctx, struct lp_thread *t, uint64_t start, uint64_t end); /* no longer writable */
    void (*unmapped)(void *ctx, struct lp_thread *t, uint64_t start, uint64_t end, bool gone); /* not writable, about to go; again when it has gone */
    /* Around mremap of [from, from + len): false = `moved` is not to be called. In between no patch is applied. */
    bool (*moves)(void *ctx, struct lp_thread *t, uint64_t from, uint64_t len);
    void (*moved)(void *ctx, struct lp_thread *t, uint64_t from, uint64_t to, uint64_t len); /* to == from: it was not */
    void *ctx;
};
/* What a higher room does about patches, on the guest's thread in guest code. Each may be NULL. */
struct lp_patch_hook {
    void (*watched)(void *ctx, struct lp_cpu *cpu, bool vforked); /* as lp_upcalls.watched; vforked: the thread is one of a child of vfork */
    /* Not in a vfork child. A signal is about to end the process (fault: the instruction caused it). True: it does not, and the thread goes on at cpu->pc. */
    bool (*dies)(void *ctx, struct lp_thread *t, int signo, bool fault);
    void *ctx;
};
/* Who is asked before each system call (lp_vm_config.syscall). */
struct lp_call_hook { enum lp_vm_answer (*fn)(void *ctx, struct lp_vm_call *call); void *ctx; };

/* What there is one of in an address space: a vfork child has its parent's. */
struct lp_heap {
    pthread_mutex_t lock;
    uint64_t start, end;            /* brk (memory.c) */
    uint64_t vdso;                  /* vdso.h; 0 = not mapped yet */
};

struct lp_kernel {
    struct lp_mem *mem;
    struct lp_heap *heap;
    struct lp_gate *gate;
    struct lp_log *log;
    bool strace;
    int first_tid;                  /* of the thread that made it: its trace lines need no number */
    const char *const *reexec;      /* argv prefix for execve of an AArch64 program, or NULL (lp_vm_config) */
    bool forked;                    /* a child: a control socket named by -c is its parent's */
    const struct lp_cpu_model *model; /* of all threads' CPUs; NULL: max */
    struct lp_image image;          /* the program */
    char *exe;                      /* its absolute path, the host's, as it was */
    int exe_fd;                     /* its file, hidden; -1 where the engine has no room */
    char *sysroot;                  /* sysroot.h: canonical, the host's; NULL = none */
    size_t sysroot_len;
    bool sysroot_alone;             /* the guest's root (chroot): there is nothing else; "" = the host's root */
    _Atomic uint32_t cwd_known;     /* is the current directory in the sysroot? (sysroot.c) */
    /* Memory (memory.c) */
    unsigned lock_future;           /* MCL_ flags of mlockall(MCL_FUTURE): new mappings are locked */
    /* Limits that the engine keeps for the guest (limits.c), under limit_lock. */
    pthread_mutex_t limit_lock;
    struct rlimit limit_as, limit_nofile, limit_data, limit_stack;
    int first_engine_fd;
    bool fds_apart;                 /* the guest may have more descriptors than that */
    uint64_t engine_fd_used[LP_ENGINE_FDS / 64]; /* bit n: first_engine_fd + n is taken */
    /* Threads (thread.c) */
    pthread_mutex_t thread_lock;    /* of the list and of what is said here about it */
    struct lp_thread *threads;      /* that run guest code, or will */
    int alive;                      /* threads that have not called exit: with the last one the process ends ... */
    int leader_status;              /* ... with what the first one said */
    _Atomic uint32_t host_threads;  /* started by thread.c and not yet at their end */
    bool shared;                    /* a vfork child in its parent's memory: has no threads */
    struct lp_signal_process *signals;
    struct lp_seccomp *seccomp, *seccomp_all; /* seccomp.c: what the first thread starts with; all filters */
    struct lp_fork_hook *fork_hooks; /* process.h */
    struct lp_load_hook load_hook;
    struct lp_patch_hook patch_hook;
    struct lp_call_hook call_hook;
    /* End of the process: set once, then every thread's cpu.stop. */
    _Atomic uint32_t exiting;       /* a futex */
    struct lp_exit exit;
    uint64_t exit_pc;               /* of the thread that ended it */
};

struct lp_thread {
    struct lp_cpu cpu;              /* cpu.owner == this */
    struct lp_kernel *k;
    struct lp_thread *next;         /* k->threads */
    _Atomic int tid;                /* of the host thread: guest and host IDs are the same; 0 = it has not begun */
    bool ended;                     /* it called exit */
    uint64_t clear_child_tid;       /* set_tid_address */
    uint64_t robust_list;
    struct {                        /* prctl.c: children start with it */
        bool tagged_addr;           /* system calls take tagged addresses (PR_SET_TAGGED_ADDR_CTRL) */
        uint8_t store_bypass;       /* PR_SPEC_DISABLE and others; 0 = enabled */
    } arch;
    struct {                        /* the system call in progress, for restarting it */
        bool active;
        const struct lp_syscall *row;
        uint64_t nr, arg0;          /* X8 and X0 as they were at the SVC */
    } call;
    struct lp_signal_thread *signals;
    struct lp_seccomp *seccomp;     /* the newest filter, NULL = none; others may set it (SECCOMP_FILTER_FLAG_TSYNC) */
    uint64_t host_mask;             /* for the host's ppoll and its like, during the call */
    char path[2][4096];             /* path arguments of the call in progress */
};

static inline struct lp_thread *lp_thread_of(struct lp_cpu *cpu) { return cpu->owner; }

/* ---- system calls (dispatch.c) ---- */
#define LP_SYSCALL(name) int64_t lp_sys_##name(struct lp_thread *t, const uint64_t *a)
/* A result of a handler that has already set all registers (rt_sigreturn) or ends the thread: X0 is left alone. */
#define LP_NO_RESULT INT64_C(-0x10000)
/* What an interrupted call wants, as in Linux: never seen by the guest. The signal code turns them into EINTR or goes back to the SVC. */
enum { LP_ERESTARTSYS = 512, LP_ERESTARTNOINTR = 513, LP_ERESTARTNOHAND = 514 };
enum lp_restart {
    LP_RESTART_NEVER, /* EINTR stays EINTR */
    LP_RESTART_SYS,   /* restarted if no handler ran, or it has SA_RESTART (read, wait4, futex ...) */
    LP_RESTART_NOHAND /* restarted only if no handler ran (poll, select, sleeps ...) */
};
struct lp_syscall {
    const char *name;
    const char *signature;          /* strace.c and pass.c */
    int64_t (*fn)(struct lp_thread *t, const uint64_t *a);
    long host_nr;                   /* of the host's call of the same name, -1 = none */
    enum lp_restart restart;
    int error;                      /* of a call that is refused, with its name and why; 0 = it is not */
    const char *error_name, *reason; /* reason without error: what else is refused of it */
};
#define SYS(nr, name, signature, handler, restart) int64_t lp_sys_##handler(struct lp_thread *t, const uint64_t *a);
#include "kernel/syscall.def"
#undef SYS
/* The row of a number, or NULL. */
const struct lp_syscall *lp_syscall_row(uint64_t nr);
uint64_t lp_syscall_end(void); /* behind the last number */
/* lp_upcalls.svc */
void lp_kernel_svc(struct lp_cpu *cpu, uint32_t imm16);
extern const struct lp_upcalls lp_kernel_upcalls;

/* ---- process (vm room) ---- */
lp_status lp_kernel_new(struct lp_mem *mem, struct lp_gate *gate, struct lp_log *log, struct lp_kernel **out, struct lp_error *err);
void lp_kernel_free(struct lp_kernel *k);
/* ---- threads (thread.c) ---- */
/* The first guest thread, on the calling host thread; its cpu is initialised and in the gate's list, OUTSIDE. NULL = no memory. */
struct lp_thread *lp_thread_new(struct lp_kernel *k);
void lp_thread_free(struct lp_thread *t);
/* Run the first thread, then wait for the end of the process: k->exit. False: another thread sits in a host call that does not end (the parent of
 * a vfork, say): it never runs guest code again, but what it may touch (k, its memory) must stay. */
bool lp_kernel_run(struct lp_thread *t);

/* ---- for system calls: copies, paths, descriptors (copy.c, path.c, fd.c) ---- */
/* Host pointer to a guest buffer that the host kernel reads or writes. NULL stays NULL; false = EFAULT. */
bool lp_user(struct lp_thread *t, uint64_t addr, uint64_t len, void **out);
/* A path argument copied into t->path[slot]: looked up in the sysroot, /proc/self names of the engine's replaced. 0 or -errno. */
int lp_user_path(struct lp_thread *t, int slot, uint64_t addr, const char **out);
/* The same for a path that is relative to a descriptor. */
int lp_user_path_at(struct lp_thread *t, int slot, int dirfd, uint64_t addr, const char **out);
/* The same for a call that does not follow a link at the end, or may create the file: LP_PATH_ of sysroot.h. */
int lp_user_path_how(struct lp_thread *t, int slot, int dirfd, uint64_t addr, unsigned how, const char **out);
/* The host's name of an open file or folder, AT_FDCWD: of the current one; cut to what `out` holds. Its length, or -errno and "". */
ssize_t lp_fd_path(int fd, char *out, size_t size);
/* 0, or -EBADF for an engine descriptor. */
int lp_fd_check(struct lp_thread *t, int fd);
/* open() for the engine, likewise whatever the guest's limit is and has used: hidden. -errno. */
int lp_fd_open(struct lp_kernel *k, const char *path, int flags);
/* pidfd_open(), likewise, in the place of the guest's descriptor `at` (close-on-exec). 0 or -errno. */
int lp_fd_pidfd(struct lp_kernel *k, pid_t pid, int at);
/* A memfd (MFD_ flags) with this in it, to be read from its start, whatever the guest's RLIMIT_FSIZE is. A guest's number, or -errno. */
int lp_fd_memory(struct lp_kernel *k, const char *name, unsigned flags, const void *data, size_t n);
/* Move an engine's descriptor where the guest cannot reach it (close-on-exec); the old number is closed. The new one, or -errno. */
int lp_fd_hide(struct lp_kernel *k, int fd);
/* close() of a hidden one. */
void lp_fd_unhide(struct lp_kernel *k, int fd);
/* accept4() of an engine's listener straight to a hidden, non-blocking descriptor, whatever the guest's limit is and has used. -errno. */
int lp_fd_accept(struct lp_kernel *k, int listener);
/* Is it one of the engine's? */
bool lp_fd_hidden(const struct lp_kernel *k, int fd);
#endif
