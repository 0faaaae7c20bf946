/* kernel/process.c - exit, fork and vfork.
 *
 * fork is the host's. A child that shares memory until it calls execve (CLONE_VM|CLONE_VFORK: vfork, posix_spawn) is a host process of the
 * same kind: it runs on an lp_thread of its own in the engine's memory, with its own copy of what a process owns, while the parent
 * waits in the host kernel. So what it writes is there for the parent, as posix_spawn needs to report that execve failed. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/process.h"
#include "kernel/signal.h"
#include "mem/fault.h"

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif
#define LP_CLONE_CLEAR_SIGHAND UINT64_C(0x100000000)
#define LP_CLONE_DETACHED UINT64_C(0x400000) /* ignored by Linux since 2.6 */
#define VFORK_STACK ((size_t)1 << 20)

void lp_kernel_exit(struct lp_thread *t, int status, int signo)
{
    struct lp_kernel *k = t->k;
    pthread_mutex_lock(&k->thread_lock);
    if (!k->exiting) {
        k->exit = (struct lp_exit){.status = status & 0xff, .signo = signo};
        k->exit_pc = t->cpu.pc;
        atomic_store(&k->exiting, 1);
        lp_threads_stop(k, t);
    }
    pthread_mutex_unlock(&k->thread_lock);
    lp_thread_stop(t);
}

LP_SYSCALL(exit_group)
{
    lp_kernel_exit(t, (int)a[0], 0);
    return LP_NO_RESULT;
}

void lp_kernel_add_fork_hook(struct lp_kernel *k, struct lp_fork_hook *hook)
{
    hook->next = k->fork_hooks;
    k->fork_hooks = hook;
}

/* ---- what clone asks for ---- */

static int refuse(struct lp_thread *t, int error, const char *what, uint64_t flags)
{
    lp_log(t->k->log, 2, "clone: %s (flags 0x%llx) is not offered", what, (unsigned long long)flags);
    return -error;
}

/* Linux's own checks first, then ours. */
static int check_flags(struct lp_thread *t, const struct lp_clone *q)
{
    const uint64_t any = CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_SETTLS |
                         CLONE_PIDFD | CLONE_SYSVSEM | CLONE_UNTRACED | CLONE_PTRACE | LP_CLONE_DETACHED | LP_CLONE_CLEAR_SIGHAND;
    const uint64_t thread = CLONE_THREAD | CLONE_SIGHAND | CLONE_FS | CLONE_FILES | CLONE_IO;
    uint64_t f = q->flags, known = any | (f & CLONE_THREAD ? thread : CLONE_IO);
    if ((f & CLONE_THREAD) && !(f & CLONE_SIGHAND)) return -EINVAL;
    if ((f & CLONE_SIGHAND) && !(f & CLONE_VM)) return -EINVAL;
    if ((f & LP_CLONE_CLEAR_SIGHAND) && (f & CLONE_SIGHAND)) return -EINVAL;
    if ((f & CLONE_THREAD) && (f & CLONE_PIDFD)) return -EINVAL;
    if (f & ~known) return refuse(t, EINVAL, "sharing or a new namespace", f & ~known);
    if ((f & CLONE_THREAD) && (f & CLONE_VFORK)) return refuse(t, EINVAL, "a thread that its creator waits for", f);
    if (f & CLONE_THREAD) return t->k->shared ? refuse(t, EAGAIN, "a thread in a vfork child", f) : 0;
    if ((f & CLONE_VM) && !(f & CLONE_VFORK)) return refuse(t, EINVAL, "a process in shared memory that does not wait", f);
    if (!(f & CLONE_VM) && q->exit_signal != SIGCHLD) return refuse(t, EINVAL, "an exit signal other than SIGCHLD", q->exit_signal);
    return 0;
}

/* ---- the child ---- */

/* Registers and IDs as copy_process() leaves them. X0 = 0 is the result of the call. */
static void child_begins(struct lp_thread *t, const struct lp_clone *q)
{
    t->tid = (int)LP_HOST0(SYS_gettid);
    t->robust_list = 0;
    t->clear_child_tid = q->flags & CLONE_CHILD_CLEARTID ? q->child_tid : 0;
    if (q->sp) t->cpu.x[LP_SLOT_SP] = q->sp;
    if (q->flags & CLONE_SETTLS) t->cpu.tpidr_el0 = q->tls;
    if (q->flags & CLONE_CHILD_SETTID) lp_put(t, q->child_tid, &t->tid, sizeof t->tid);
    lp_sigheld_forget(t);
    if (q->flags & LP_CLONE_CLEAR_SIGHAND) {
        for (int n = 1; n <= LP_NSIG; n++) {
            struct lp_sigaction *s = &t->k->signals->action[n];
            if (s->handler > 1) s->handler = 0;
            lp_sighost_action(n, s);
        }
    }
}

/* In the parent. */
static int64_t parent_goes_on(struct lp_thread *t, const struct lp_clone *q, int64_t pid)
{
    int32_t tid = (int32_t)pid;
    if (pid < 0) return pid;
    if (q->flags & CLONE_PARENT_SETTID) lp_put(t, q->parent_tid, &tid, sizeof tid);
    return pid;
}

/* ---- fork ---- */

static void lock_all(struct lp_kernel *k)
{
    pthread_mutex_lock(&k->thread_lock);
    pthread_mutex_lock(&k->heap->lock);
    pthread_mutex_lock(&k->limit_lock);
    pthread_mutex_lock(&k->signals->lock);
}

static void unlock_all(struct lp_kernel *k)
{
    pthread_mutex_unlock(&k->signals->lock);
    pthread_mutex_unlock(&k->limit_lock);
    pthread_mutex_unlock(&k->heap->lock);
    pthread_mutex_unlock(&k->thread_lock);
}

/* A pidfd could be asked of the host's clone, but not of its fork: its number is taken before there is a child, which waits until the pidfd is there,
 * for it may end, and be forgotten if SIGCHLD is ignored. */
struct birth {
    _Atomic uint32_t told; /* a futex, in memory that both have */
    pid_t parent;
    int fd;
};

static struct birth *birth_new(struct lp_thread *t, const struct lp_clone *q, int *error)
{
    struct birth *b = mmap(NULL, LP_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *error = -ENOMEM;
    if (b == MAP_FAILED) return NULL;
    b->parent = getpid();
    b->fd = (int)LP_HOST2(SYS_eventfd2, 0, O_CLOEXEC);
    *error = b->fd < 0 ? b->fd : lp_mem_check(t->k->mem, lp_mem_untag(q->pidfd), sizeof b->fd, LP_W, NULL) ? 0 : -EFAULT;
    if (!*error) return b;
    if (b->fd >= 0) close(b->fd);
    munmap(b, LP_PAGE);
    return NULL;
}

static void birth_child(struct birth *b)
{
    const struct timespec tick = {0, 10000000}; /* the parent may have been killed */
    while (!atomic_load(&b->told) && getppid() == b->parent) LP_HOST4(SYS_futex, &b->told, FUTEX_WAIT, 0, &tick);
    close(b->fd);
    munmap(b, LP_PAGE);
}

static void birth_parent(struct lp_thread *t, const struct lp_clone *q, struct birth *b, int64_t pid)
{
    int fd = b->fd;
    if (pid < 0 || lp_fd_pidfd(t->k, (pid_t)pid, fd)) close(fd);
    else lp_put(t, q->pidfd, &fd, sizeof fd);
    atomic_store(&b->told, 1);
    LP_HOST3(SYS_futex, &b->told, FUTEX_WAKE, 1);
    munmap(b, LP_PAGE);
}

static int64_t fork_here(struct lp_thread *t, const struct lp_clone *q)
{
    struct lp_kernel *k = t->k;
    /* Whoever the hooks wait for may itself wait for this thread to stop. */
    lp_gate_leave(&t->cpu);
    for (struct lp_fork_hook *h = k->fork_hooks; h; h = h->next) {
        if (h->prepare) h->prepare(h->ctx);
    }
    lp_gate_enter(&t->cpu);
    lock_all(k);
    lp_gate_before_fork(k->gate);
    lp_mem_before_fork(k->mem);
    errno = EAGAIN;
    pid_t pid = atomic_load(&k->exiting) ? -1 : fork(); /* the child of a process that ends would end at once */
    int error = errno;
    if (pid == 0) {
        k->forked = true;
        k->lock_future = 0;
        lp_threads_after_fork(t);
    }
    lp_mem_after_fork(k->mem, pid == 0);
    lp_gate_after_fork(k->gate, pid == 0 ? &t->cpu : NULL);
    unlock_all(k);
    if (pid == 0) {
        lp_host_after_fork();
        lp_sighost_after_fork();
        child_begins(t, q);
    }
    for (struct lp_fork_hook *h = k->fork_hooks; h; h = h->next) {
        void (*fn)(void *) = pid == 0 ? h->child : h->parent;
        if (fn) fn(h->ctx);
    }
    return pid < 0 ? -error : pid;
}

static int64_t do_fork(struct lp_thread *t, const struct lp_clone *q)
{
    int error;
    if (!(q->flags & CLONE_PIDFD)) return fork_here(t, q);
    struct birth *b = birth_new(t, q, &error);
    if (!b) return error;
    int64_t pid = fork_here(t, q);
    if (pid == 0) birth_child(b);
    else birth_parent(t, q, b, pid);
    return pid;
}

/* ---- vfork ---- */

struct vfork {
    const struct lp_clone *req;
    struct lp_thread t;
    struct lp_kernel k;
    struct lp_signal_process signals;
    struct lp_signal_thread signal_thread;
};

/* The parent's process and thread, copied where the child may change them. */
static struct vfork *vfork_new(struct lp_thread *t, const struct lp_clone *q)
{
    struct vfork *v = calloc(1, sizeof *v);
    if (!v) return NULL;
    v->req = q;
    lock_all(t->k);
    memcpy(&v->k, t->k, sizeof v->k);
    memcpy(&v->signals, t->k->signals, sizeof v->signals);
    memcpy(&v->signal_thread, t->signals, sizeof v->signal_thread);
    v->t.seccomp = t->seccomp;
    unlock_all(t->k);
    pthread_mutex_init(&v->k.limit_lock, NULL);
    pthread_mutex_init(&v->k.thread_lock, NULL);
    pthread_mutex_init(&v->signals.lock, NULL);
    v->k.signals = &v->signals;
    v->k.threads = &v->t;
    v->k.alive = 1;
    v->k.host_threads = 0;
    v->k.shared = true;
    v->k.fork_hooks = NULL; /* the control thread is the parent's */
    v->k.forked = true;
    lp_cpu_init(&v->t.cpu, t->k->mem, t->k->gate, t->cpu.up, &v->t);
    lp_cpu_copy(&v->t.cpu, &t->cpu);
    v->t.arch = t->arch;
    v->t.k = &v->k;
    v->t.signals = &v->signal_thread;
    return v;
}

_Noreturn void lp_process_end(struct lp_exit e)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none); /* a core of the engine would show the wrong program */
    if (e.signo) {
        uint64_t only = ~LP_SIGMASK_ENGINE & ~LP_SIGBIT(e.signo);
        lp_sighost_default(e.signo);
        LP_HOST3(SYS_tgkill, LP_HOST0(SYS_getpid), LP_HOST0(SYS_gettid), e.signo);
        LP_HOST4(SYS_rt_sigprocmask, SIG_SETMASK, &only, NULL, 8);
    }
    for (;;) LP_HOST1(SYS_exit_group, e.signo ? 128 + e.signo : e.status);
}

/* The host's TLS is the parent's, which does not run meanwhile. */
static int vfork_main(void *arg)
{
    struct vfork *v = arg;
    lp_recover_top = NULL;
    lp_sighost_adopt(&v->t);
    child_begins(&v->t, v->req);
    v->t.cpu.x[0] = 0;
    lp_signal_set_mask(&v->t, v->signal_thread.mask);
    while (!v->k.exiting) lp_cpu_run(&v->t.cpu);
    lp_thread_unlock(&v->t);
    lp_process_end(v->k.exit);
}

/* The host writes the pidfd into guest memory, or makes no child. */
static int64_t do_vfork(struct lp_thread *t, const struct lp_clone *q)
{
    const uint64_t flags = CLONE_VM | CLONE_VFORK | (q->flags & CLONE_PIDFD) | q->exit_signal;
    void *pidfd = NULL;
    if ((q->flags & CLONE_PIDFD) && (!lp_user(t, q->pidfd, sizeof(int32_t), &pidfd) || !pidfd)) return -EFAULT;
    char *stack = mmap(NULL, VFORK_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    struct vfork *v = vfork_new(t, q);
    int64_t pid = -ENOMEM;
    if (stack != MAP_FAILED && v) {
        struct lp_recover *recover = lp_recover_top;
        lp_gate_add(t->k->gate, &v->t.cpu);
        lp_host_before_vfork();
        lp_gate_leave(&t->cpu);
        pid = clone(vfork_main, stack + VFORK_STACK, (int)flags, v, pidfd);
        if (pid < 0) pid = -errno;
        lp_recover_top = recover;
        lp_host_after_fork();
        lp_sighost_adopt(t);
        lp_gate_remove(t->k->gate, &v->t.cpu);
        lp_gate_enter(&t->cpu);
    }
    if (stack != MAP_FAILED) munmap(stack, VFORK_STACK);
    free(v);
    return pid;
}

/* All host signals are blocked across the call: none is taken by one process and delivered by both. */
static int64_t do_clone(struct lp_thread *t, const struct lp_clone *q)
{
    lp_sighost_block_all();
    if (t->signals->queued) return -LP_ERESTARTNOINTR;
    int64_t pid = q->flags & CLONE_THREAD ? lp_thread_start(t, q) : q->flags & CLONE_VM ? do_vfork(t, q) : do_fork(t, q);
    int64_t r = pid == 0 || q->flags & CLONE_THREAD ? pid : parent_goes_on(t, q, pid);
    lp_signal_set_mask(t, t->signals->mask);
    return r;
}

LP_SYSCALL(clone)
{
    struct lp_clone q = {.flags = a[0] & 0xffffff00, .exit_signal = a[0] & 0xff, .sp = a[1], .parent_tid = a[2], .tls = a[3],
                          .child_tid = a[4], .pidfd = a[2]};
    if ((q.flags & CLONE_PIDFD) && (q.flags & (CLONE_PARENT_SETTID | LP_CLONE_DETACHED))) return -EINVAL;
    int r = check_flags(t, &q);
    return r ? r : do_clone(t, &q);
}

LP_SYSCALL(clone3)
{
    struct { uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup; } c;
    if (a[1] < 64) return -EINVAL;
    int r = lp_get_growing(t, &c, sizeof c, a[0], a[1]);
    if (r) return r;
    if ((c.flags & 0xff) || c.exit_signal > LP_NSIG || !c.stack != !c.stack_size) return -EINVAL;
    if (c.set_tid || c.set_tid_size) return refuse(t, EPERM, "a chosen process ID", c.flags);
    struct lp_clone q = {.flags = c.flags, .exit_signal = c.exit_signal, .sp = c.stack ? c.stack + c.stack_size : 0, .tls = c.tls,
                          .parent_tid = c.parent_tid, .child_tid = c.child_tid, .pidfd = c.pidfd};
    r = check_flags(t, &q);
    return r ? r : do_clone(t, &q);
}
