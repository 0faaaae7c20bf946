/* kernel/sighost.c - the host's side of signals: raw dispositions and masks, and the handler that takes one signal. */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/sanitize.h"
#include "kernel/host.h"
#include "kernel/signal.h"
#include "mem/fault.h"

static _Thread_local struct lp_thread *current; /* the guest thread on this host thread */
static struct lp_signal_process *_Atomic untouched; /* taken over, while there is no guest thread yet */
static _Atomic int main_tid;                    /* where a signal goes that hits a thread of the embedder */

#if defined __x86_64__
/* The x86-64 kernel has no other way back from a handler. */
void lp_sighost_restorer(void);
__asm__(".text\n.globl lp_sighost_restorer\n.hidden lp_sighost_restorer\n.type lp_sighost_restorer, @function\n"
        "    nop\n" /* unwinders look one byte before the return address */
        "lp_sighost_restorer:\n    movq $15, %rax\n    syscall\n"
        ".size lp_sighost_restorer, . - lp_sighost_restorer\n");
#define HOST_RESTORER ((uint64_t)(uintptr_t)lp_sighost_restorer)
#define HOST_SA_RESTORER UINT64_C(0x04000000)
#else
#define HOST_RESTORER UINT64_C(0)
#define HOST_SA_RESTORER UINT64_C(0)
#endif

int lp_sighost_get(int signo, struct lp_sigaction *out)
{
    return (int)LP_HOST4(SYS_rt_sigaction, signo, NULL, out, 8);
}

LP_NO_TSAN int lp_sighost_set(int signo, const struct lp_sigaction *sa) { return (int)LP_HOST4(SYS_rt_sigaction, signo, sa, NULL, 8); }

static void set_mask(uint64_t mask) { LP_HOST4(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8); }

void lp_sighost_mask(uint64_t guest_mask) { set_mask(guest_mask & ~LP_SIGMASK_ENGINE); }

uint64_t lp_sighost_block_all(void)
{
    uint64_t all = ~LP_SIGMASK_ENGINE, old = 0;
    LP_HOST4(SYS_rt_sigprocmask, SIG_SETMASK, &all, &old, 8);
    return old;
}

void lp_sighost_block_every(void) { set_mask(UINT64_MAX); }

/* SIGBUS, because no guest can block it; nothing but its value is told apart from one that the guest gets. */
void lp_sighost_interrupt(int tid)
{
    siginfo_t info;
    memset(&info, 0, sizeof info);
    info.si_signo = SIGBUS;
    info.si_code = SI_TIMER;
    info.si_value.sival_ptr = LP_HOST_STOP;
    LP_HOST4(SYS_rt_tgsigqueueinfo, getpid(), tid, SIGBUS, &info);
}

void lp_sighost_adopt(struct lp_thread *t)
{
    current = t;
    int none = 0, tid = (int)LP_HOST0(SYS_gettid);
    if (t) {
        atomic_store(&untouched, NULL);
        atomic_compare_exchange_strong(&main_tid, &none, tid);
    } else {
        none = tid;
        atomic_compare_exchange_strong(&main_tid, &none, 0);
    }
}

void lp_sighost_after_fork(void) { atomic_store(&main_tid, (int)LP_HOST0(SYS_gettid)); }

/* A thread of the embedder got a signal of the process: hand it to the guest as it is. */
LP_NO_TSAN static bool forward(int signo, siginfo_t *info)
{
    int tid = atomic_load(&main_tid);
    return tid && LP_HOST4(SYS_rt_tgsigqueueinfo, getpid(), tid, signo, info) == 0;
}

/* Before the first guest thread: what the host did with the signal still holds. The default action is taken once the handler has returned. */
LP_NO_TSAN static void as_before(const struct lp_signal_process *p, int signo, siginfo_t *info, void *ucontext)
{
    const struct lp_sigaction *b = &p->before[signo];
    if (b->handler <= (uint64_t)(uintptr_t)SIG_IGN) {
        lp_sighost_default(signo);
        LP_HOST3(SYS_tgkill, getpid(), LP_HOST0(SYS_gettid), signo);
    } else if (b->flags & SA_SIGINFO) {
        ((void (*)(int, siginfo_t *, void *))(uintptr_t)b->handler)(signo, info, ucontext);
    } else {
        ((void (*)(int))(uintptr_t)b->handler)(signo);
    }
}

/* The signal waits for a safepoint, or for the call that it interrupted to come back. */
LP_NO_TSAN static void wake(struct lp_thread *t, void *uc)
{
    atomic_fetch_or(&t->cpu.poll, LP_POLL_SIGNAL);
    lp_host_fixup(uc);
}

LP_NO_TSAN static void on_signal(int signo, siginfo_t *info, void *ucontext)
{
    struct lp_thread *t = current;
    if (!t || !t->signals) {
        const struct lp_signal_process *p = atomic_load(&untouched);
        if (p) as_before(p, signo, info, ucontext);
        else forward(signo, info);
        return;
    }
    t->signals->slot = *(const struct lp_siginfo *)(const void *)info;
    t->signals->queued = 1;
    ucontext_t *uc = ucontext;
    uint64_t all = ~LP_SIGMASK_ENGINE;
    memcpy(&uc->uc_sigmask, &all, sizeof all); /* the kernel's sigset is 8 bytes */
    wake(t, ucontext);
}

/* SIGSEGV or SIGBUS that is no recoverable access of ours. */
LP_NO_TSAN static bool on_engine_signal(int signo, siginfo_t *info, void *ucontext)
{
    struct lp_thread *t = current;
    if (info->si_code > 0) return false; /* a fault in the engine itself */
    if (info->si_code == SI_TIMER && info->si_value.sival_ptr == LP_HOST_KICK) return true;
    if (info->si_code == SI_TIMER && info->si_value.sival_ptr == LP_HOST_STOP) {
        if (t) wake(t, ucontext);
        return true;
    }
    if (!t || !t->signals) return forward(signo, info);
    lp_sigheld_put(t, signo, info);
    wake(t, ucontext);
    return true;
}

/* SA_RESTART always: whether the guest's call restarts is decided at delivery (host.h). */
static struct lp_sigaction host_action(int signo, const struct lp_sigaction *guest)
{
    struct lp_sigaction sa = {.flags = guest->flags & (SA_NOCLDSTOP | SA_NOCLDWAIT), .mask = ~LP_SIGMASK_ENGINE};
    enum lp_sigdefault def = lp_signal_default(signo);
    if (guest->handler == (uint64_t)(uintptr_t)SIG_IGN) {
        sa.handler = guest->handler;
    } else if (guest->handler == (uint64_t)(uintptr_t)SIG_DFL && (def == LP_SIG_IGNORE || def == LP_SIG_STOP)) {
        sa.handler = guest->handler;
    } else {
        sa.handler = (uint64_t)(uintptr_t)on_signal;
        sa.flags |= SA_SIGINFO | SA_RESTART;
    }
    sa.flags |= HOST_SA_RESTORER;
    sa.restorer = HOST_RESTORER;
    return sa;
}

void lp_sighost_action(int signo, const struct lp_sigaction *guest)
{
    if (LP_SIGBIT(signo) & (LP_SIGMASK_NEVER | LP_SIGMASK_ENGINE)) return;
    struct lp_sigaction sa = host_action(signo, guest);
    lp_sighost_set(signo, &sa);
}

/* glibc's first pthread_create takes SIGSETXID for itself, whoever has it. The thread that it makes, and its maker, block all signals yet. What it has
 * not taken is left alone: to ignore a signal once more would discard those that are pending, and with them the timer that sent one. */
void lp_sighost_reclaim(struct lp_kernel *k)
{
    pthread_mutex_lock(&k->signals->lock);
    for (int n = 32; n < 34; n++) {
        struct lp_sigaction now, sa = host_action(n, &k->signals->action[n]);
        if (lp_sighost_get(n, &now) != 0 || now.handler != sa.handler) lp_sighost_set(n, &sa);
    }
    pthread_mutex_unlock(&k->signals->lock);
}

LP_NO_TSAN void lp_sighost_default(int signo)
{
    struct lp_sigaction sa = {.flags = HOST_SA_RESTORER, .restorer = HOST_RESTORER};
    lp_sighost_set(signo, &sa);
}

/* One that the thread blocks must not end its call: the stub decides, as for all others. */
static void restart_after_faults(void)
{
#ifdef LP_HOST_STUB
    struct lp_sigaction sa;
    for (int n = 1; n <= LP_NSIG; n++) {
        if (!(LP_SIGBIT(n) & LP_SIGMASK_ENGINE)) continue;
        lp_sighost_get(n, &sa);
        sa.flags |= SA_RESTART;
        lp_sighost_set(n, &sa);
    }
#endif
}

struct lp_signal_process *lp_signal_process_new(struct lp_kernel *k)
{
    struct lp_signal_process *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    pthread_mutex_init(&p->lock, NULL);
    uint64_t old = lp_sighost_block_all();
    for (int n = 1; n <= LP_NSIG; n++) {
        lp_sighost_get(n, &p->before[n]);
        bool ignored = LP_SIGBIT(n) & LP_SIGMASK_ENGINE ? lp_fault_was_ignored(n) : p->before[n].handler == (uint64_t)(uintptr_t)SIG_IGN;
        if (ignored) p->action[n].handler = (uint64_t)(uintptr_t)SIG_IGN;
        lp_sighost_action(n, &p->action[n]);
    }
    lp_fault_chain(on_engine_signal);
    restart_after_faults();
    atomic_store(&untouched, p);
    set_mask(old);
    k->signals = p;
    return p;
}

void lp_signal_process_free(struct lp_kernel *k)
{
    struct lp_signal_process *p = k->signals;
    if (!p) return;
    uint64_t old = lp_sighost_block_all();
    for (int n = 1; n <= LP_NSIG; n++) {
        if (!(LP_SIGBIT(n) & (LP_SIGMASK_NEVER | LP_SIGMASK_ENGINE))) lp_sighost_set(n, &p->before[n]);
    }
    lp_fault_chain(NULL);
    atomic_store(&untouched, NULL);
    set_mask(old);
    pthread_mutex_destroy(&p->lock);
    free(p);
    k->signals = NULL;
}

struct lp_signal_thread *lp_signal_thread_new(struct lp_thread *t)
{
    struct lp_signal_thread *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->alt.flags = SS_DISABLE;
    t->signals = s;
    return s;
}

void lp_signal_thread_begin(struct lp_thread *t)
{
    struct lp_signal_thread *s = t->signals;
    uint64_t mask = 0;
    LP_HOST4(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
    s->mask = s->before = mask;
    s->embedded = true;
    lp_sighost_mask(s->mask);
    lp_sighost_adopt(t);
}

void lp_signal_thread_free(struct lp_thread *t)
{
    struct lp_signal_thread *s = t->signals;
    if (!s) return;
    bool here = current == t;
    if (here) {
        lp_sighost_block_all();
        lp_sighost_adopt(NULL);
    }
    t->signals = NULL;
    if (here && s->embedded) set_mask(s->before);
    free(s);
}
