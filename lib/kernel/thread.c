/* kernel/thread.c - guest threads: each runs on a host thread of its own, so that scheduling, thread IDs, futexes and signals are the host's.
 *
 * A thread belongs to the process (k->threads, the gate) from before its host thread begins until after its last guest instruction. The
 * first thread's host thread is the caller's of lp_kernel_run(): it stays until the process ends, as the leader of a thread group does. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "exec/model.h"
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/process.h"
#include "kernel/signal.h"
#include "kernel/sysroot.h"

#define HOST_STACK ((size_t)512 << 10)
#define LAST_WAIT_MS 1000 /* for threads in host calls that cannot be interrupted */

static void wait_while(_Atomic uint32_t *word, uint32_t value, const struct timespec *timeout)
{
    LP_HOST4(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, timeout);
}

static void wake(_Atomic uint32_t *word) { LP_HOST3(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX); }

void lp_thread_say(const struct lp_thread *t, char *buf, size_t size)
{
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/comm", t->tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, name, sizeof name - 1);
    if (fd >= 0) close(fd);
    if (n > 0) name[strcspn(name, "\n")] = 0;
    const struct lp_syscall *row = t->call.active ? t->call.row : NULL;
    snprintf(buf, size, "thread %d%s%s%s%s%s%s", t->tid, name[0] ? " (" : "", name, name[0] ? ")" : "", row ? ", in " : "", row ? row->name : "",
             row ? "," : "");
}

/* ---- made and unmade ---- */

static struct lp_thread *thread_alloc(struct lp_kernel *k)
{
    struct lp_thread *t = aligned_alloc(64, (sizeof *t + 63) / 64 * 64);
    if (!t) return NULL;
    memset(t, 0, offsetof(struct lp_thread, path));
    lp_cpu_init(&t->cpu, k->mem, k->gate, &lp_kernel_upcalls, t);
    if (k->model) t->cpu.model = k->model;
    /* As Linux starts programs: stores may be bypassed (until PR_SET_SPECULATION_CTRL). */
    if (lp_cpu_has(&t->cpu, LP_FEATURE_SSBS2)) t->cpu.pstate = LP_PSTATE_SSBS;
    t->k = k;
    if (!lp_signal_thread_new(t)) {
        free(t);
        return NULL;
    }
    return t;
}

/* Filters are the creator's (NULL: those that the process begins with), at the moment from which on TSYNC finds the thread itself. */
static void enlist(struct lp_thread *t, const struct lp_thread *creator)
{
    struct lp_kernel *k = t->k;
    lp_gate_add(k->gate, &t->cpu);
    pthread_mutex_lock(&k->thread_lock);
    t->seccomp = creator ? creator->seccomp : k->seccomp;
    t->next = k->threads;
    k->threads = t;
    k->alive++;
    pthread_mutex_unlock(&k->thread_lock);
}

/* A second time nothing happens. */
static void unlist(struct lp_thread *t)
{
    struct lp_kernel *k = t->k;
    pthread_mutex_lock(&k->thread_lock);
    for (struct lp_thread **p = &k->threads; *p; p = &(*p)->next) {
        if (*p == t) {
            *p = t->next;
            break;
        }
    }
    pthread_mutex_unlock(&k->thread_lock);
    lp_gate_remove(k->gate, &t->cpu);
}

struct lp_thread *lp_thread_find(struct lp_kernel *k, int tid)
{
    struct lp_thread *t = k->threads;
    while (t && t->tid != tid) t = t->next;
    return t;
}

struct lp_thread *lp_thread_new(struct lp_kernel *k)
{
    struct lp_thread *t = thread_alloc(k);
    if (!t) return NULL;
    t->tid = (int)LP_HOST0(SYS_gettid);
    lp_signal_thread_begin(t);
    enlist(t, NULL);
    return t;
}

void lp_thread_free(struct lp_thread *t)
{
    unlist(t);
    lp_cpu_untrack(&t->cpu);
    lp_signal_thread_free(t);
    free(t);
}

/* ---- started ---- */

struct start {
    struct lp_thread *t;
    const struct lp_clone *q; /* of the creator: gone once `begun` is set */
    _Atomic uint32_t begun;   /* the thread's ID */
};

/* What is not shared with the creator is a copy of its own: pthread_create shares all. */
static void unshare_rest(struct lp_kernel *k, uint64_t flags)
{
    uint64_t own = ~flags & (CLONE_FS | CLONE_FILES | CLONE_SYSVSEM);
    if (own) LP_HOST1(SYS_unshare, own);
    if (own & CLONE_FS) lp_sysroot_apart(k);
}

/* As Linux does it before the thread's first instruction: the creator, too, finds the ID where it wants it. */
static void begin(struct start *s)
{
    struct lp_thread *t = s->t;
    const struct lp_clone *q = s->q;
    int tid = (int)LP_HOST0(SYS_gettid);
    t->tid = tid;
    lp_sighost_adopt(t);
    lp_sighost_reclaim(t->k);
    unshare_rest(t->k, q->flags);
    if (q->flags & CLONE_PARENT_SETTID) lp_put(t, q->parent_tid, &tid, sizeof tid);
    if (q->flags & CLONE_CHILD_SETTID) lp_put(t, q->child_tid, &tid, sizeof tid);
    atomic_store(&s->begun, (uint32_t)tid);
    wake(&s->begun);
}

static void run(struct lp_thread *t)
{
    while (!t->k->exiting && !t->ended) lp_cpu_run(&t->cpu);
}

/* mm_release() in Linux: whoever joins the thread may free its stack from here on. */
static void tell_joiner(struct lp_kernel *k, uint64_t clear_child_tid)
{
    const uint32_t zero = 0;
    void *word = lp_mem_host(k->mem, lp_mem_untag(clear_child_tid), sizeof zero);
    if (!clear_child_tid || lp_mem_write(k->mem, clear_child_tid, &zero, sizeof zero)) return;
    LP_HOST3(SYS_futex, word, FUTEX_WAKE, 1);
}

/* The process is over, or goes on without its first thread until it is. Signals are for the others. */
static bool wait_for_end(struct lp_thread *t)
{
    struct lp_kernel *k = t->k;
    const struct timespec tick = {0, 10000000};
    uint32_t n;
    lp_sighost_block_every();
    lp_sigheld_thread_ends(t);
    unlist(t);
    if (!atomic_load(&k->exiting)) tell_joiner(k, t->clear_child_tid);
    while (!atomic_load(&k->exiting)) wait_while(&k->exiting, 0, NULL);
    for (int ms = 0; (n = atomic_load(&k->host_threads)) && ms < LAST_WAIT_MS; ms += 10) wait_while(&k->host_threads, n, &tick);
    return n == 0;
}

/* Its memory may still fault, so SIGSEGV and SIGBUS stay open. */
static void end_of_guest(struct lp_thread *t)
{
    lp_sighost_block_all();
    lp_thread_unlock(t);
}

/* In a child of fork whose thread was started here there is no lp_kernel_run() to return to. */
_Noreturn static void end_forked(struct lp_thread *t)
{
    struct lp_kernel *k = t->k;
    wait_for_end(t);
    for (struct lp_fork_hook *h = k->fork_hooks; h; h = h->next) {
        if (h->end) h->end(h->ctx);
    }
    lp_process_end(k->exit);
}

static void *thread_main(void *arg)
{
    struct lp_thread *t = ((struct start *)arg)->t;
    struct lp_kernel *k = t->k;
    begin(arg);
    lp_signal_set_mask(t, t->signals->mask);
    run(t);
    end_of_guest(t);
    if (t->tid == (int)LP_HOST0(SYS_getpid)) end_forked(t);
    uint64_t tell = t->clear_child_tid;
    lp_sigheld_thread_ends(t);
    lp_thread_free(t);
    tell_joiner(k, tell);
    lp_sighost_block_every();
    if (atomic_fetch_sub(&k->host_threads, 1) == 1) wake(&k->host_threads);
    return NULL;
}

bool lp_kernel_run(struct lp_thread *t)
{
    run(t);
    end_of_guest(t);
    return wait_for_end(t);
}

static struct lp_thread *copy_of(struct lp_thread *t, const struct lp_clone *q)
{
    struct lp_thread *n = thread_alloc(t->k);
    if (!n) return NULL;
    lp_cpu_copy(&n->cpu, &t->cpu);
    n->arch = t->arch;
    n->cpu.x[0] = 0;
    if (q->sp) n->cpu.x[LP_SLOT_SP] = q->sp;
    if (q->flags & CLONE_SETTLS) n->cpu.tpidr_el0 = q->tls;
    n->clear_child_tid = q->flags & CLONE_CHILD_CLEARTID ? q->child_tid : 0;
    n->signals->mask = t->signals->mask;
    return n;
}

static int host_thread(struct start *s)
{
    pthread_attr_t attr;
    pthread_t id;
    int e = pthread_attr_init(&attr);
    if (e) return e;
    pthread_attr_setstacksize(&attr, HOST_STACK);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    e = pthread_create(&id, &attr, thread_main, s);
    pthread_attr_destroy(&attr);
    return e;
}

int64_t lp_thread_start(struct lp_thread *t, const struct lp_clone *q)
{
    struct start s = {copy_of(t, q), q, 0};
    if (!s.t) return -ENOMEM;
    atomic_fetch_add(&t->k->host_threads, 1);
    enlist(s.t, t);
    lp_gate_leave(&t->cpu);
    int e = host_thread(&s);
    while (!e && !atomic_load(&s.begun)) wait_while(&s.begun, 0, NULL);
    if (e) lp_thread_free(s.t);
    lp_gate_enter(&t->cpu);
    if (!e) return atomic_load(&s.begun);
    atomic_fetch_sub(&t->k->host_threads, 1);
    return -e;
}

/* ---- ended ---- */

void lp_thread_stop(struct lp_thread *t)
{
    atomic_store(&t->cpu.stop, 1);
    atomic_fetch_or(&t->cpu.poll, LP_POLL_USER);
}

void lp_threads_stop(struct lp_kernel *k, struct lp_thread *self)
{
    for (struct lp_thread *t = k->threads; t; t = t->next) {
        if (t == self) continue;
        lp_thread_stop(t);
        if (t->tid) lp_sighost_interrupt(t->tid);
    }
    wake(&k->exiting);
}

void lp_threads_after_fork(struct lp_thread *t)
{
    struct lp_kernel *k = t->k;
    for (struct lp_thread *o = k->threads, *next; o; o = next) {
        next = o->next;
        if (o == t) continue;
        lp_cpu_untrack(&o->cpu);
        lp_signal_thread_free(o);
        free(o);
    }
    k->threads = t;
    t->next = NULL;
    k->alive = 1;
    atomic_exchange(&k->host_threads, 0); /* what threads did that have ended is behind us */
}

LP_SYSCALL(set_tid_address)
{
    t->clear_child_tid = a[0];
    return t->tid;
}

LP_SYSCALL(exit)
{
    struct lp_kernel *k = t->k;
    /* A signal of the process that this thread has taken is not lost with it. */
    lp_sighost_block_all();
    if (t->signals->queued) return -LP_ERESTARTNOINTR;
    pthread_mutex_lock(&k->thread_lock);
    if (t->tid == (int)LP_HOST0(SYS_getpid)) k->leader_status = (int)a[0];
    bool last = --k->alive == 0;
    t->ended = true;
    pthread_mutex_unlock(&k->thread_lock);
    if (last) lp_kernel_exit(t, k->leader_status, 0);
    lp_thread_stop(t);
    return LP_NO_RESULT;
}
