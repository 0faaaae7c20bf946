/* arm64lp/vm.h - machines: the process machine that lprun is made of, and flat machines for embedders. */
#ifndef ARM64LP_VM_H
#define ARM64LP_VM_H
#include <arm64lp/error.h>
#include <arm64lp/control.h>
#ifdef __cplusplus
extern "C" {
#endif

/* ---- the process machine: one per process; it owns signals and fork ---- */
typedef struct lp_vm lp_vm;
/* A system call that the program is about to make, in arm64 Linux's numbers. */
struct lp_vm_call {
    uint32_t number;           /* this, ... */
    uint64_t arg[6];           /* ... with these (addresses are the program's), as the hook leaves them, is what is made */
    int64_t result;            /* or what the program gets instead, a value or -errno */
    const char *name;          /* NULL: no call of this number is known */
};
/* LP_CALL_MAKE: make it. LP_CALL_ANSWERED: do not, `result` is the answer. */
enum lp_vm_answer { LP_CALL_MAKE, LP_CALL_ANSWERED };
struct lp_vm_config {
    unsigned va_bits;          /* size of the guest's address space; 0 = 39 */
    size_t stack_size;         /* 0 = RLIMIT_STACK, at most 1 GiB */
    const char *cpu;           /* which CPU the program sees (lp_vm_cpus); NULL = max, with everything that is executed */
    bool isolate;              /* every access checked: the guest cannot reach host memory */
    bool strace;               /* system calls to the log */
    bool no_control;
    bool secure;               /* the program runs with more rights than its caller (AT_SECURE), as one with file capabilities */
    const char *control_path;  /* NULL = the per-user default */
    const char *const *patch_dirs; /* stores of patches (store.h), NULL-terminated; a later one counts more; NULL = none */
    bool control_read_only;    /* lpapply may look and check, and changes nothing */
    const char *argv0;         /* NULL = argv[0] */
    const char *sysroot;       /* folder that is looked into before / for absolute names; NULL = none */
    bool rooted;               /* that is all it sees: an absolute name for what the program before execve has made its root (chroot) */
    const char *const *reexec; /* argv prefix (NULL-terminated) with which an AArch64 child of execve goes on; NULL = none */
    int program_fd;            /* the program, opened already (execve, binfmt_misc); closed when it is loaded; 0 = open it by its name */
    const char *limits;        /* resource limits that execve under another machine handed on (after --limits); NULL = the process's */
    const char *seccomp;       /* the descriptor of the filters that it handed on (after --seccomp); NULL = none */
    void (*log)(void *ctx, int level, const char *text); /* level -1: a line of the system call trace; any thread */
    void *log_ctx;
    int log_level;             /* 0 errors, 1 warnings, 2 -v, 3 -vv */
    /* Asked before each system call, on the thread that makes it: by several threads at once, again for a call that a signal handler interrupted and
     * that begins anew, and in children of fork; not for what the vDSO answers (the clocks). lp_vm_read and lp_vm_write reach what arguments point to.
     * NULL = none. */
    enum lp_vm_answer (*syscall)(void *ctx, struct lp_vm_call *call);
    void *syscall_ctx;
};
/* How the guest ended. */
struct lp_exit { int status; /* exit status, 0-255 */ int signo; /* fatal signal or 0 */ };

/* Call fn for each CPU that lp_vm_config.cpu may name, with the features that it has, as /proc/cpuinfo says it ("fp asimd ..."), until fn does
 * not return 0; returns what fn did. */
LP_API int lp_vm_cpus(int (*fn)(void *ctx, const char *name, const char *features), void *ctx);
/* A system call of arm64 Linux: implemented here, passed to the host's call of the same name with its arguments converted, or refused with an errno. */
enum lp_vm_syscall_state { LP_SYSCALL_IMPLEMENTED, LP_SYSCALL_PASSED, LP_SYSCALL_REFUSED };
struct lp_vm_syscall {
    unsigned number;
    const char *name;
    enum lp_vm_syscall_state state;
    const char *error, *reason; /* of a refused one: "ENOSYS", and why; else NULL, and what is refused of it, if anything */
};
/* Call fn for each, in the order of their numbers, until it does not return 0; returns what fn did. Any other number is answered with ENOSYS. */
LP_API int lp_vm_syscalls(int (*fn)(void *ctx, const struct lp_vm_syscall *row), void *ctx);
/* The config's strings are borrowed until lp_vm_free. */
LP_API lp_status lp_vm_new(const struct lp_vm_config *config, lp_vm **out, struct lp_error *err);
LP_API void lp_vm_free(lp_vm *vm);
/* The host's name of the file that the program calls `path`: in the sysroot if it is there. free(); NULL: errno, of the look-up or ENOMEM. */
LP_API char *lp_vm_path(const lp_vm *vm, const char *path);
/* Load a program, named as the program itself would name it; argv and envp are NULL-terminated. LP_E_NOT_FOUND, LP_E_ELF*, LP_E_IO ... */
LP_API lp_status lp_vm_load(lp_vm *vm, const char *path, const char *const *argv, const char *const *envp, struct lp_error *err);
/* Apply before the first instruction or while running; all or none. Thread-safe. */
LP_API lp_status lp_vm_apply(lp_vm *vm, const lp_patch *const *patches, size_t n, const struct lp_live_options *o,
                             struct lp_live_result *result, lp_report_fn report, void *ctx, struct lp_error *err);
LP_API lp_status lp_vm_revert(lp_vm *vm, const char *const *names, size_t n, const struct lp_live_options *o,
                              struct lp_live_result *result, lp_report_fn report, void *ctx, struct lp_error *err);
LP_API lp_status lp_vm_list(lp_vm *vm, int (*fn)(void *ctx, const struct lp_live_row *row), void *ctx, struct lp_error *err);
/* As lp_control_places, lp_control_functions, lp_control_journal and lp_control_stats. Thread-safe. */
LP_API lp_status lp_vm_places(lp_vm *vm, int (*fn)(void *ctx, const struct lp_live_place *row), void *ctx, struct lp_error *err);
LP_API lp_status lp_vm_functions(lp_vm *vm, bool changed_only, int (*fn)(void *ctx, const struct lp_live_function *row), void *ctx, struct lp_error *err);
LP_API lp_status lp_vm_journal(lp_vm *vm, int (*fn)(void *ctx, const struct lp_live_event *row), void *ctx, struct lp_error *err);
LP_API lp_status lp_vm_stats(lp_vm *vm, struct lp_live_stats *out, struct lp_error *err);
/* After lp_vm_load: apply what lp_vm_config.patch_dirs have for the program's build-id, all or none. What cannot be trusted goes to the log and is left
 * out. */
LP_API lp_status lp_vm_apply_stored(lp_vm *vm, lp_report_fn report, void *ctx, struct lp_error *err);
/* Apply the patch in a file, now if it is there, and again whenever the file changes: the new version takes the place of the former in one step. A file
 * that is removed takes the patch with it; one that is no patch, or does not fit, changes nothing. Each result goes to the log. Before lp_vm_run;
 * children of fork go on watching. With `quiet` a patch for another program is no fault. */
LP_API lp_status lp_vm_watch(lp_vm *vm, const char *path, bool quiet, struct lp_error *err);
/* Copy from and to the program's memory at `addr`, `len` bytes or none: LP_E_ADDRESS where it may not read or write. Machine code is not to be changed so
 * (lp_vm_apply is for that). Thread-safe. */
LP_API lp_status lp_vm_read(lp_vm *vm, uint64_t addr, void *buf, size_t len, struct lp_error *err);
LP_API lp_status lp_vm_write(lp_vm *vm, uint64_t addr, const void *buf, size_t len, struct lp_error *err);
/* Move one of the caller's descriptors (a log, say) where the guest can neither see nor close it; the old number is closed, the new one is
 * closed on exec. Returns it, or -errno. */
LP_API int lp_vm_hide_fd(lp_vm *vm, int fd);
/* Change lp_vm_config.reexec, before the program runs. Borrowed. */
LP_API void lp_vm_set_reexec(lp_vm *vm, const char *const *reexec);
/* Run the program to its end on the calling thread, whose signal mask and the process's dispositions are then what they were. */
LP_API lp_status lp_vm_run(lp_vm *vm, struct lp_exit *out, struct lp_error *err);
/* Run it as this process, which ends as the program does: with its status, or by its signal. Returns only what went wrong before it started. */
LP_API lp_status lp_vm_exec(lp_vm *vm, struct lp_error *err);

/* ---- flat machines: `mem_size` bytes at guest address `base_addr`, everything readable, writable and executable ---- */
typedef struct lp_machine {
    void *memory;       /* the caller's buffer */
    size_t mem_size;    /* bytes */
    uint64_t base_addr; /* guest address of memory[0] */
    struct lp_machine_state *state;
} lp_machine;
enum lp_machine_stop { LP_STOP_BUDGET, LP_STOP_SVC, LP_STOP_FAULT, LP_STOP_BRK };
/* Fill in *m. Any number of machines; one thread runs a machine at a time, patching is allowed from any thread. */
LP_API lp_status lp_machine_init(lp_machine *m, void *memory, size_t mem_size, uint64_t base_addr, struct lp_error *err);
LP_API void lp_machine_fini(lp_machine *m);
/* n: 0-30 X registers, 31 SP, 32 PC, 33 NZCV (bits 31:28). */
LP_API uint64_t lp_machine_get(const lp_machine *m, unsigned n);
LP_API void lp_machine_set(lp_machine *m, unsigned n, uint64_t value);
/* Run at most max_insns instructions. After LP_STOP_SVC the PC is behind the SVC and *detail is its immediate; after a fault the PC is at the
 * instruction and *detail is the Linux signal number; after LP_STOP_BRK the PC is at the BRK and *detail is its immediate. */
LP_API enum lp_machine_stop lp_machine_run(lp_machine *m, uint64_t max_insns, uint64_t *detail);
/* Tell every machine over this memory that code in [host, host + len) was changed from outside. */
LP_API void lp_machine_code_changed(const void *host, size_t len);
/* Around changes that are to be seen as one: in between every machine over [host, host + len) stands between two instructions. The same thread then writes,
 * tells of it by lp_machine_code_changed(), and makes, runs and ends no machine; others that do one of this wait. */
LP_API void lp_machines_stop(const void *host, size_t len);
LP_API void lp_machines_resume(void);

#ifdef __cplusplus
}
#endif
#endif
