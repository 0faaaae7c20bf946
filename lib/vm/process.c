/* vm/process.c - the process machine: a program, its memory, its kernel, its live patches and its control socket. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <arm64lp/vm.h>
#include "a64/a64.h"
#include "base/error.h"
#include "base/text.h"
#include "exec/model.h"
#include "kernel/process.h"
#include "kernel/remote.h"
#include "kernel/seccomp.h"
#include "kernel/sysroot.h"
#include "kernel/vdso.h"
#include "mem/fault.h"
#include "vm/machine.h"

/* ---- the control socket across fork: a child gets its own ---- */
static void fork_prepare(void *ctx)
{
    struct lp_vm *vm = ctx;
    if (vm->live)
        lp_live_before_fork(vm->live);
    if (vm->control)
        lp_control_server_before_fork(vm->control);
}

static void fork_parent(void *ctx)
{
    struct lp_vm *vm = ctx;
    if (vm->control)
        lp_control_server_after_fork_parent(vm->control);
    if (vm->live)
        lp_live_after_fork(vm->live, false);
}

static void fork_child(void *ctx)
{
    struct lp_vm *vm = ctx;
    struct lp_error err;
    if (vm->live)
        lp_live_after_fork(vm->live, true);
    if (vm->control && lp_control_server_after_fork(vm->control, getpid(), &err) != LP_OK)
        lp_log(&vm->log, 2, "no control socket for process %d: %s", (int)getpid(), err.text);
    lp_vm_watches_after_fork(vm);
}

static void alone(void *ctx, bool begin)
{
    struct lp_vm *vm = ctx;
    struct lp_error err;
    lp_vm_pause_watches(vm, begin);
    if (vm->control && begin)
        lp_control_server_pause(vm->control);
    else if (vm->control && lp_control_server_resume(vm->control, &err) != LP_OK)
        lp_log(&vm->log, 2, "the control socket is not served: %s", err.text);
}

static void child_ends(void *ctx)
{
    struct lp_vm *vm = ctx;
    lp_vm_stop_watches(vm);
    if (vm->control)
        lp_control_server_stop(vm->control);
    vm->control = NULL;
}

/* ---- making ---- */
static lp_status choose_cpu(struct lp_vm *vm, struct lp_error *err)
{
    const char *name = vm->config.cpu ? vm->config.cpu : lp_cpu_max.name;
    vm->kernel->model = lp_cpu_model_find(name);
    return vm->kernel->model ? LP_OK : lp_fail(err, LP_E_INVALID, "no CPU is called %s", name);
}

int lp_vm_cpus(int (*fn)(void *ctx, const char *name, const char *features), void *ctx)
{
    char features[1024];
    int r = 0;
    for (const struct lp_cpu_model *m = lp_cpu_models; m->name && r == 0; m++) {
        lp_cpu_features(m, features, sizeof features);
        r = fn(ctx, m->name, features);
    }
    return r;
}

int lp_vm_syscalls(int (*fn)(void *ctx, const struct lp_vm_syscall *row), void *ctx)
{
    int r = 0;
    for (unsigned nr = 0; nr < lp_syscall_end() && r == 0; nr++) {
        const struct lp_syscall *s = lp_syscall_row(nr);
        if (!s)
            continue;
        struct lp_vm_syscall row = {nr, s->name, LP_SYSCALL_IMPLEMENTED, s->error_name, s->reason};
        row.state = s->error ? LP_SYSCALL_REFUSED : s->fn == lp_sys_pass || s->fn == lp_sys_block ? LP_SYSCALL_PASSED : row.state;
        r = fn(ctx, &row);
    }
    return r;
}

static lp_status set_root(struct lp_vm *vm, struct lp_error *err)
{
    if (!vm->config.rooted)
        return lp_sysroot_set(vm->kernel, vm->config.sysroot, err);
    return lp_sysroot_enter(vm->kernel, vm->config.sysroot) ? lp_fail(err, LP_E_NOMEM, "no memory for a path") : LP_OK;
}

static lp_status build(struct lp_vm *vm, struct lp_error *err)
{
    lp_limits_lift(vm->limits, vm->config.limits != NULL);
    lp_status s = lp_fault_install(err);
    if (s == LP_OK)
        s = lp_mem_new(vm->config.va_bits, &vm->mem, err);
    if (s == LP_OK && !vm->config.va_bits && lp_mem_limit(vm->mem) < UINT64_C(1) << 39)
        lp_log(&vm->log, 2, "the program has an address space of %llu MiB: the host gives no more", (unsigned long long)(lp_mem_limit(vm->mem) >> 20));
    if (s == LP_OK)
        s = lp_kernel_new(vm->mem, &vm->gate, &vm->log, &vm->kernel, err);
    if (s == LP_OK)
        s = choose_cpu(vm, err);
    if (s == LP_OK && vm->config.sysroot)
        s = set_root(vm, err);
    if (s == LP_OK)
        s = lp_live_new(vm->mem, &vm->gate, &vm->live, err);
    if (s != LP_OK)
        return s;
    lp_mem_on_change(vm->mem, lp_live_mem_changed, vm->live);
    lp_limits_keep(vm->kernel, vm->limits);
    if (vm->config.limits && !lp_limits_parse(vm->kernel, vm->config.limits))
        return lp_fail(err, LP_E_INVALID, "these are no limits: %s", vm->config.limits);
    if (vm->config.seccomp && !lp_seccomp_restore(vm->kernel, vm->config.seccomp))
        return lp_fail(err, LP_E_INVALID, "these are no filters: %s", vm->config.seccomp);
    vm->kernel->strace = vm->config.strace;
    vm->kernel->reexec = vm->config.reexec;
    vm->kernel->call_hook = (struct lp_call_hook){vm->config.syscall, vm->config.syscall_ctx};
    lp_vm_watch_objects(vm);
    vm->hook = (struct lp_fork_hook){fork_prepare, fork_parent, fork_child, child_ends, alone, vm, NULL};
    lp_kernel_add_fork_hook(vm->kernel, &vm->hook);
    return LP_OK;
}

static atomic_bool there_is_one; /* of this process's signals, and of fork, there is one owner */

lp_status lp_vm_new(const struct lp_vm_config *config, lp_vm **out, struct lp_error *err)
{
    if (atomic_exchange(&there_is_one, true))
        return lp_fail(err, LP_E_INVALID, "this process has a machine already, and there is one per process: lp_vm_free() it first");
    struct lp_vm *vm = calloc(1, sizeof *vm);
    if (!vm) {
        atomic_store(&there_is_one, false);
        return lp_fail(err, LP_E_NOMEM, "no memory for a machine");
    }
    vm->config = *config;
    vm->log = (struct lp_log){config->log, config->log_ctx, config->log_level};
    lp_gate_init(&vm->gate);
    lp_status s = build(vm, err);
    if (s != LP_OK) {
        lp_vm_free(vm);
        return s;
    }
    *out = vm;
    return LP_OK;
}

void lp_vm_free(lp_vm *vm)
{
    if (!vm)
        return;
    lp_vm_stop_watches(vm);
    if (vm->control)
        lp_control_server_stop(vm->control);
    vm->control = NULL;
    if (vm->running) {
        atomic_store(&there_is_one, false);
        return;
    }
    if (vm->mem)
        lp_mem_on_change(vm->mem, NULL, NULL);
    lp_live_free(vm->live);
    lp_kernel_free(vm->kernel);
    lp_mem_free(vm->mem);
    lp_gate_destroy(&vm->gate);
    lp_limits_restore(vm->limits);
    free(vm->program);
    free(vm->told.exe);
    free(vm);
    atomic_store(&there_is_one, false); /* last: another thread may make one now */
}

/* ---- loading ---- */
static lp_status open_program(const char *path, int *fd, struct lp_error *err)
{
    struct stat st;
    int e = 0;
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0 || fstat(*fd, &st))
        e = errno;
    else if (!S_ISREG(st.st_mode))
        e = S_ISDIR(st.st_mode) ? EISDIR : EACCES;
    else if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS))
        e = errno;
    if (!e)
        return LP_OK;
    if (*fd >= 0)
        close(*fd);
    lp_fail_sys(err, e == ENOENT || e == ENOTDIR ? LP_E_NOT_FOUND : LP_E_DENIED, e, "cannot run it");
    return lp_at(err, path, 0, 0);
}

/* What /proc/self/exe shows: also for a file without a name (a memfd). */
static char *opened_path(int fd)
{
    char link[32], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path);
    return n < 0 ? NULL : strndup(path, (size_t)n);
}

char *lp_vm_path(const lp_vm *vm, const char *path)
{
    char buf[PATH_MAX];
    const char *host;
    int e = -lp_sysroot_find_at(vm->kernel, AT_FDCWD, path, 0, buf, &host);
    char *found = e ? NULL : strdup(host);
    errno = e ? e : found ? 0 : ENOMEM;
    return found;
}

static lp_status no_path(struct lp_error *err, const char *path)
{
    if (errno == ENOMEM)
        return lp_fail(err, LP_E_NOMEM, "no memory for a path");
    lp_fail_sys(err, LP_E_NOT_FOUND, errno, "cannot look it up");
    return lp_at(err, path, 0, 0);
}

/* What is wrong with the loader is told of the program, which asks for it. */
static lp_status interp_failed(const struct lp_vm *vm, const char *name, lp_status s, struct lp_error *err)
{
    if (!err)
        return s;
    struct lp_error why = *err;
    lp_fail(err, s, "its interpreter \"%s\": %s", name, why.text);
    lp_hint(err, "%s", why.hint);
    return lp_at(err, vm->program, 0, 0);
}

/* The dynamic loader, if the program asks for one. */
static lp_status load_interp(struct lp_vm *vm, struct lp_error *err)
{
    struct lp_kernel *k = vm->kernel;
    const char *name = lp_elf_info(k->image.elf)->interp;
    int fd;
    if (!name)
        return LP_OK;
    char *path = lp_vm_path(vm, name), *opened;
    if (!path)
        return no_path(err, name);
    lp_status s = open_program(path, &fd, err);
    free(path);
    if (s != LP_OK) {
        lp_hint(err, "it is the loader of a dynamically linked program: name the folder with an AArch64 system by lprun -L (on Debian, "
                     "libc6-arm64-cross has one in /usr/aarch64-linux-gnu)");
        return interp_failed(vm, name, s, err);
    }
    opened = opened_path(fd);
    s = lp_load_interp(vm->mem, fd, opened ? opened : name, &k->image, err);
    free(opened);
    close(fd);
    return s == LP_OK ? s : interp_failed(vm, name, s, err);
}

static uint64_t stack_size(const struct lp_vm *vm)
{
    const uint64_t most = LP_STACK_MOST, room = lp_mem_limit(vm->mem) / 8;
    uint64_t n = vm->config.stack_size ? vm->config.stack_size : vm->kernel->limit_stack.rlim_cur;
    n = n < most ? n : most;
    return n < room ? n : room;
}

/* What getrlimit shall say. */
static void set_stack_limit(struct rlimit *l, uint64_t size)
{
    l->rlim_cur = size;
    if (l->rlim_max < size)
        l->rlim_max = size;
}

static lp_status load_stack(struct lp_vm *vm, const char *path, const char *const *argv, const char *const *envp, struct lp_error *err)
{
    size_t argc = 0;
    while (argv[argc])
        argc++;
    const char **args = calloc(argc + 2, sizeof *args);
    if (!args)
        return lp_fail(err, LP_E_NOMEM, "no memory for the arguments");
    memcpy(args, argv, (argc + 1) * sizeof *args);
    if (vm->config.argv0)
        args[0] = vm->config.argv0;
    struct lp_stack_args a = {.argv = args, .envp = envp, .execfn = path, .size = stack_size(vm), .vdso = lp_vdso(vm->kernel),
                              .hwcap = lp_cpu_hwcap(vm->kernel->model, 1), .hwcap2 = lp_cpu_hwcap(vm->kernel->model, 2),
                              .uid = getuid(), .euid = geteuid(), .gid = getgid(), .egid = getegid(), .secure = vm->config.secure};
    lp_status s = LP_OK;
    if (getrandom(a.random, sizeof a.random, 0) != sizeof a.random)
        s = lp_fail_sys(err, LP_E_SYSTEM, errno, "getrandom");
    if (s == LP_OK)
        s = lp_load_stack(vm->mem, &vm->kernel->image, &a, err);
    free(args);
    if (vm->config.stack_size)
        set_stack_limit(&vm->kernel->limit_stack, a.size);
    return s;
}

static lp_status find_program(struct lp_vm *vm, const char *path, int *fd, struct lp_error *err)
{
    char *host;
    *fd = vm->config.program_fd;
    if (*fd > 0)
        return LP_OK;
    if (!(host = lp_vm_path(vm, path)))
        return no_path(err, path);
    lp_status s = open_program(host, fd, err);
    free(host);
    return s;
}

/* Nothing of it is there: another program may be loaded. */
static lp_status forget_program(struct lp_vm *vm, int fd, lp_status s)
{
    close(fd);
    free(vm->kernel->exe), free(vm->program);
    vm->kernel->exe = vm->program = NULL;
    vm->config.program_fd = 0;
    return s;
}

lp_status lp_vm_load(lp_vm *vm, const char *path, const char *const *argv, const char *const *envp, struct lp_error *err)
{
    struct lp_kernel *k = vm->kernel;
    int fd;
    if (vm->spoilt)
        return lp_fail(err, LP_E_INVALID, "parts of a program that could not be loaded are in this machine: make another one (lp_vm_free, lp_vm_new)");
    if (k->exe)
        return lp_fail(err, LP_E_INVALID, "a program is loaded already");
    lp_status s = find_program(vm, path, &fd, err);
    if (s != LP_OK)
        return s;
    k->exe = opened_path(fd);
    vm->program = strdup(path);
    s = k->exe && vm->program ? lp_load_image(vm->mem, fd, k->exe, &k->image, err) : lp_fail(err, LP_E_NOMEM, "no memory for a path");
    if (s != LP_OK) {
        lp_at(err, path, 0, 0); /* as the caller named it */
        return forget_program(vm, fd, s);
    }
    struct stat st;
    if (fstat(fd, &st) == 0)
        vm->program_dev = st.st_dev, vm->program_ino = st.st_ino;
    if ((k->exe_fd = lp_fd_hide(k, fd)) < 0) {
        k->exe_fd = -1;
        close(fd);
    }
    s = load_interp(vm, err);
    if (s == LP_OK)
        s = load_stack(vm, path, argv, envp, err);
    if (s == LP_OK)
        s = lp_live_add_object(vm->live, k->image.elf, k->image.bias, err);
    if (s == LP_OK && k->image.interp_elf)
        s = lp_live_add_object(vm->live, k->image.interp_elf, k->image.interp_bias, err);
    k->heap->start = k->heap->end = k->image.brk;
    lp_remote_program(k);
    vm->spoilt = s != LP_OK;
    return s;
}

/* ---- patching ---- */
lp_status lp_vm_apply(lp_vm *vm, const lp_patch *const *patches, size_t n, const struct lp_live_options *o, struct lp_live_result *result,
                      lp_report_fn report, void *ctx, struct lp_error *err)
{
    return lp_live_apply(vm->live, patches, n, o, result, report, ctx, err);
}

lp_status lp_vm_revert(lp_vm *vm, const char *const *names, size_t n, const struct lp_live_options *o, struct lp_live_result *result,
                       lp_report_fn report, void *ctx, struct lp_error *err)
{
    return lp_live_revert(vm->live, names, n, o, result, report, ctx, err);
}

lp_status lp_vm_list(lp_vm *vm, int (*fn)(void *ctx, const struct lp_live_row *row), void *ctx, struct lp_error *err)
{
    return lp_live_list(vm->live, fn, ctx, err);
}

lp_status lp_vm_places(lp_vm *vm, int (*fn)(void *ctx, const struct lp_live_place *row), void *ctx, struct lp_error *err)
{
    return lp_live_places(vm->live, fn, ctx, err);
}

lp_status lp_vm_functions(lp_vm *vm, bool changed_only, int (*fn)(void *ctx, const struct lp_live_function *row), void *ctx, struct lp_error *err)
{
    return lp_live_functions(vm->live, changed_only, fn, ctx, err);
}

lp_status lp_vm_journal(lp_vm *vm, int (*fn)(void *ctx, const struct lp_live_event *row), void *ctx, struct lp_error *err)
{
    return lp_live_journal(vm->live, fn, ctx, err);
}

lp_status lp_vm_stats(lp_vm *vm, struct lp_live_stats *out, struct lp_error *err) { return lp_live_stats(vm->live, out, err); }

void lp_vm_set_reexec(lp_vm *vm, const char *const *reexec) { vm->kernel->reexec = reexec; }
lp_status lp_vm_read(lp_vm *vm, uint64_t addr, void *buf, size_t len, struct lp_error *err)
{
    if (lp_mem_read(vm->mem, buf, addr, len) == 0)
        return LP_OK;
    return lp_fail(err, LP_E_ADDRESS, "the program cannot read %zu bytes at 0x%llx", len, (unsigned long long)addr);
}

lp_status lp_vm_write(lp_vm *vm, uint64_t addr, const void *buf, size_t len, struct lp_error *err)
{
    if (lp_mem_write(vm->mem, addr, buf, len) == 0)
        return LP_OK;
    return lp_fail(err, LP_E_ADDRESS, "the program cannot write %zu bytes at 0x%llx", len, (unsigned long long)addr);
}

int lp_vm_hide_fd(lp_vm *vm, int fd) { return lp_fd_hide(vm->kernel, fd); }

/* ---- running ---- */
/* Not an instruction, one that is not executed in this version or that the CPU lacks, or UDF. */
static bool is_illegal(uint32_t word, uint64_t features)
{
    unsigned row = lp_a64_row(word, features, false);
    return row == A64_UNDEFINED || !strcmp(lp_a64_rows[row].name, "UDF");
}

/* Say which instruction it was; not if somebody sent the signal. */
static void explain_sigill(struct lp_vm *vm, uint64_t pc)
{
    const struct lp_image *im = &vm->kernel->image;
    uint32_t word;
    if (lp_mem_read(vm->mem, &word, pc, sizeof word) || !is_illegal(word, lp_cpu_in_effect(vm->kernel->model)))
        return;
    const struct lp_elf_symbol *sym = lp_elf_symbol_at(im->elf, pc - im->bias);
    if (sym)
        lp_log(&vm->log, 0, "%s: illegal instruction 0x%08x at 0x%llx (%s+0x%llx)", vm->program, word, (unsigned long long)pc, sym->name,
               (unsigned long long)(pc - im->bias - sym->value));
    else
        lp_log(&vm->log, 0, "%s: illegal instruction 0x%08x at 0x%llx", vm->program, word, (unsigned long long)pc);
}

static lp_status start(struct lp_vm *vm, struct lp_thread **out, struct lp_error *err)
{
    struct lp_kernel *k = vm->kernel;
    if (!k->image.elf || !k->image.sp)
        return lp_fail(err, LP_E_INVALID, "no program is loaded");
    struct lp_thread *t = lp_thread_new(k);
    if (!t)
        return lp_fail(err, LP_E_NOMEM, "no memory for a thread");
    lp_status s = lp_vm_watch_entry(vm, err); /* before anybody else may change what is watched */
    if (s == LP_OK)
        s = lp_vm_start_control(vm, err);
    if (s == LP_OK)
        s = lp_vm_start_watches(vm, err);
    if (s != LP_OK)
        return lp_thread_free(t), s;
    t->cpu.checked = vm->config.isolate;
    t->cpu.pc = k->image.first_pc;
    t->cpu.x[LP_SLOT_SP] = k->image.sp;
    prctl(PR_SET_NAME, lp_base_name(vm->program)); /* as exec does: ps and top show it */
    lp_limits_begin(k);
    *out = t;
    return LP_OK;
}

static void run(struct lp_vm *vm, struct lp_thread *t)
{
    struct lp_kernel *k = vm->kernel;
    vm->running = !lp_kernel_run(t);
    if (k->exit.signo == SIGILL)
        explain_sigill(vm, k->exit_pc);
}

lp_status lp_vm_run(lp_vm *vm, struct lp_exit *out, struct lp_error *err)
{
    struct lp_thread *t = NULL;
    lp_status s = start(vm, &t, err);
    if (s != LP_OK)
        return s;
    run(vm, t);
    *out = vm->kernel->exit;
    lp_thread_free(t);
    return LP_OK;
}

/* Nothing is given back but the socket: with dispositions as they were before, a signal that comes at the end would be the end. */
lp_status lp_vm_exec(lp_vm *vm, struct lp_error *err)
{
    struct lp_thread *t = NULL;
    lp_status s = start(vm, &t, err);
    if (s != LP_OK)
        return s;
    run(vm, t);
    child_ends(vm);
    lp_process_end(vm->kernel->exit);
}
