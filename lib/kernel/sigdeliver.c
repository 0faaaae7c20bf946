/* kernel/sigdeliver.c - what happens to a signal that was taken: handler, default action, restart of the interrupted call. */
#include <config.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "kernel/host.h"
#include "kernel/process.h"
#include "kernel/signal.h"
#include "mem/grow.h"

#define HANDLER_DFL UINT64_C(0)
#define HANDLER_IGN UINT64_C(1)

/* signal(7); what is not listed terminates. */
enum lp_sigdefault lp_signal_default(int signo)
{
    switch (signo) {
    case SIGCHLD: case SIGCONT: case SIGURG: case SIGWINCH:
        return LP_SIG_IGNORE;
    case SIGSTOP: case SIGTSTP: case SIGTTIN: case SIGTTOU:
        return LP_SIG_STOP;
    case SIGQUIT: case SIGILL: case SIGTRAP: case SIGABRT: case SIGBUS: case SIGFPE: case SIGSEGV: case SIGXCPU: case SIGXFSZ: case SIGSYS:
        return LP_SIG_CORE;
    default:
        return LP_SIG_TERM;
    }
}

bool lp_signal_ignored(const struct lp_sigaction *a, int signo)
{
    return a->handler == HANDLER_IGN || (a->handler == HANDLER_DFL && lp_signal_default(signo) == LP_SIG_IGNORE);
}

/* The mask first, then the look (lp_sigheld_hand_on()). */
static void open_mask(struct lp_thread *t, uint64_t mask)
{
    t->signals->mask = mask & ~LP_SIGMASK_NEVER;
    if (lp_sigheld_mask(t) & ~t->signals->mask) atomic_fetch_or(&t->cpu.poll, LP_POLL_SIGNAL);
}

/* The host blocks what the guest blocks; everything, while the slot is full: a second signal must not overwrite it. While one is held that the guest
 * does not block, those that come after it wait. */
static void mirror_mask(struct lp_thread *t)
{
    struct lp_signal_thread *s = t->signals;
    lp_sighost_block_all();
    uint64_t held = lp_sigheld_mask(t) & ~s->mask;
    s->narrow = held && !s->queued;
    if (!s->queued) lp_sighost_mask(s->mask | (held ? ~lp_sigheld_before(held) : 0));
}

void lp_signal_set_mask(struct lp_thread *t, uint64_t mask)
{
    open_mask(t, mask);
    mirror_mask(t);
}

void lp_signal_temp_mask(struct lp_thread *t, uint64_t mask)
{
    struct lp_signal_thread *s = t->signals;
    s->saved_mask = s->mask;
    s->restore_mask = true;
    open_mask(t, mask);
}

/* Stop as the host would: the disposition there is already the default one (sighost.c). */
static void stop_here(int signo)
{
    uint64_t only = ~LP_SIGMASK_ENGINE & ~LP_SIGBIT(signo);
    lp_sighost_default(signo);
    LP_HOST3(SYS_tgkill, getpid(), LP_HOST0(SYS_gettid), signo);
    LP_HOST4(SYS_rt_sigprocmask, SIG_SETMASK, &only, NULL, 8);
}

static void default_action(struct lp_thread *t, int signo)
{
    switch (lp_signal_default(signo)) {
    case LP_SIG_IGNORE:
        return;
    case LP_SIG_STOP:
        stop_here(signo);
        return;
    default:
        lp_kernel_exit(t, 0, signo);
    }
}

/* Did the thread, or its process, do this itself? Not somebody's kill. */
static bool is_own(const struct lp_siginfo *info)
{
    return (info->code == SI_USER || info->code == SI_TKILL || info->code == SI_QUEUE) && (pid_t)(uint32_t)info->addr == getpid();
}

/* May it be the doing of a patch on trial, and is it undone? */
static bool is_spared(struct lp_thread *t, const struct lp_siginfo *info, bool fault)
{
    static const uint64_t crashes = LP_SIGBIT(SIGILL) | LP_SIGBIT(SIGTRAP) | LP_SIGBIT(SIGABRT) | LP_SIGBIT(SIGBUS) | LP_SIGBIT(SIGSEGV);
    const struct lp_patch_hook *h = &t->k->patch_hook;
    if (!h->dies || t->k->shared || t->k->exiting || !(crashes & LP_SIGBIT(info->signo)) || !(fault || is_own(info))) return false;
    return h->dies(h->ctx, t, info->signo, fault);
}

/* The handler that runs decides what the interrupted call gives; Linux: do_signal(). */
static void decide_restart(struct lp_thread *t, const struct lp_sigaction *act)
{
    struct lp_signal_thread *s = t->signals;
    bool again = s->restart == LP_ERESTARTNOINTR || (s->restart == LP_ERESTARTSYS && (act->flags & SA_RESTART));
    if (s->restart && again) {
        t->cpu.x[0] = t->call.arg0;
        t->cpu.pc -= 4;
    }
    s->restart = 0;
}

static void run_handler(struct lp_thread *t, const struct lp_sigaction *act, const struct lp_siginfo *info)
{
    struct lp_signal_thread *s = t->signals;
    decide_restart(t, act);
    lp_cpu_untrack(&t->cpu);
    if (!lp_sigframe_push(t, act, info)) {
        lp_signal_force_segv(t, info->signo);
        return;
    }
    uint64_t mask = s->mask | act->mask;
    if (!(act->flags & SA_NODEFER)) mask |= LP_SIGBIT(info->signo);
    s->mask = mask & ~LP_SIGMASK_NEVER;
    s->restore_mask = false;
}

/* *was: what it was before. */
static struct lp_sigaction take_action(struct lp_thread *t, int signo, bool force, struct lp_sigaction *was)
{
    struct lp_signal_process *p = t->k->signals;
    pthread_mutex_lock(&p->lock);
    struct lp_sigaction *a = &p->action[signo], act;
    *was = *a;
    if (force && (a->handler == HANDLER_IGN || (t->signals->mask & LP_SIGBIT(signo)))) a->handler = HANDLER_DFL;
    act = *a;
    if (act.handler > HANDLER_IGN && (act.flags & SA_RESETHAND)) {
        a->handler = HANDLER_DFL;
        lp_sighost_action(signo, a);
    }
    pthread_mutex_unlock(&p->lock);
    return act;
}

static void give_back(struct lp_thread *t, int signo, uint64_t handler)
{
    struct lp_signal_process *p = t->k->signals;
    pthread_mutex_lock(&p->lock);
    if (p->action[signo].handler == HANDLER_DFL) p->action[signo].handler = handler;
    pthread_mutex_unlock(&p->lock);
}

static void deliver(struct lp_thread *t, const struct lp_siginfo *info, bool force)
{
    struct lp_sigaction was, act = take_action(t, info->signo, force, &was);
    if (act.handler == HANDLER_DFL) {
        if (is_spared(t, info, force)) give_back(t, info->signo, was.handler);
        else default_action(t, info->signo);
    } else if (act.handler != HANDLER_IGN) {
        run_handler(t, &act, info);
    }
}

/* force_sig(): a signal that the instruction itself caused. */
void lp_signal_force(struct lp_thread *t, const struct lp_siginfo *info)
{
    deliver(t, info, true);
    mirror_mask(t);
}

/* force_sigsegv(): no stack to tell the guest on, or a frame that is none. If that was SIGSEGV itself, its handler is given up. */
void lp_signal_force_segv(struct lp_thread *t, int signo)
{
    struct lp_siginfo info = {.signo = SIGSEGV, .code = SI_KERNEL};
    struct lp_signal_process *p = t->k->signals;
    if (signo == SIGSEGV) {
        pthread_mutex_lock(&p->lock);
        p->action[SIGSEGV].handler = HANDLER_DFL;
        pthread_mutex_unlock(&p->lock);
    }
    lp_signal_force(t, &info);
}

/* arm64_notify_segfault(): the address is SP's, which may be the frame's already. */
void lp_signal_bad_frame(struct lp_thread *t)
{
    struct lp_mapping m;
    uint64_t sp = t->cpu.x[LP_SLOT_SP];
    struct lp_siginfo info = {.signo = SIGSEGV, .code = lp_mem_next(t->k->mem, lp_mem_untag(sp), &m) ? SEGV_ACCERR : SEGV_MAPERR, .addr = sp};
    lp_signal_force(t, &info);
}

/* The flag goes first: what arrives after it sets it again. */
static bool take(struct lp_thread *t, struct lp_siginfo *out)
{
    struct lp_signal_thread *s = t->signals;
    atomic_fetch_and(&t->cpu.poll, ~(uint32_t)LP_POLL_SIGNAL);
    if (!s->queued) return lp_sigheld_take(t, ~s->mask, out);
    *out = s->slot; /* it was not blocked when it came in, and comes before what is held (mirror_mask()) */
    s->queued = 0;
    return true;
}

/* Each frame on top of the one before, as Linux stacks them: the host mask opens after each, and the next one comes in. */
static void deliver_all(struct lp_thread *t)
{
    struct lp_siginfo info;
    while (!t->cpu.stop && take(t, &info)) {
        deliver(t, &info, false);
        mirror_mask(t);
    }
    if (t->signals->narrow && !t->cpu.stop) mirror_mask(t); /* another thread has taken what was held */
    lp_sigheld_hand_on(t);
}

void lp_signal_safepoint(struct lp_cpu *cpu)
{
    struct lp_thread *t = lp_thread_of(cpu);
    t->signals->restart = 0;
    deliver_all(t);
}

static bool grows(struct lp_thread *t, uint64_t addr)
{
    pthread_mutex_lock(&t->k->limit_lock);
    uint64_t most = t->k->limit_stack.rlim_cur;
    pthread_mutex_unlock(&t->k->limit_lock);
    return lp_mem_grow(t->k->mem, lp_mem_untag(addr), most);
}

void lp_signal_fault(struct lp_cpu *cpu, const struct lp_fault *fault)
{
    struct lp_thread *t = lp_thread_of(cpu);
    if (fault->signo == SIGSEGV && fault->code == SEGV_MAPERR && grows(t, fault->addr)) return;
    bool memory = fault->esr >> 26 == 0x20 || fault->esr >> 26 == 0x24; /* instruction and data aborts; not a misaligned PC or SP */
    struct lp_siginfo info = {.signo = fault->signo, .code = fault->code, .addr = fault->addr};
    t->signals->fault_addr = memory ? fault->addr : 0;
    t->signals->fault_esr = fault->esr;
    t->signals->restart = 0;
    lp_signal_force(t, &info);
}

bool lp_signal_before_syscall(struct lp_thread *t)
{
    if (!(atomic_load_explicit(&t->cpu.poll, memory_order_relaxed) & LP_POLL_SIGNAL)) return false;
    t->cpu.pc -= 4;
    lp_signal_safepoint(&t->cpu);
    return true;
}

static int restart_kind(struct lp_thread *t, int64_t r)
{
    if (r == -LP_ERESTARTSYS || r == -LP_ERESTARTNOINTR || r == -LP_ERESTARTNOHAND) return (int)-r;
    /* Without the stub, the handlers of SIGSEGV and SIGBUS have no SA_RESTART on the host (sighost.c). */
    bool held = lp_sigheld_mask(t) & ~t->signals->mask;
    if (r == -EINTR && held && t->call.row && t->call.row->restart == LP_RESTART_SYS) return LP_ERESTARTSYS;
    return 0;
}

void lp_signal_after_syscall(struct lp_thread *t, int64_t r)
{
    struct lp_signal_thread *s = t->signals;
    s->restart = restart_kind(t, r);
    if (r != LP_NO_RESULT) t->cpu.x[0] = (uint64_t)(s->restart ? -EINTR : r);
    /* A call that was not interrupted has its own mask back before anything is delivered. */
    if (s->restore_mask && !s->restart && r != -EINTR) {
        s->restore_mask = false;
        open_mask(t, s->saved_mask);
    }
    if (atomic_load_explicit(&t->cpu.poll, memory_order_relaxed) & LP_POLL_SIGNAL) deliver_all(t);
    if (s->restore_mask) {
        s->restore_mask = false;
        lp_signal_set_mask(t, s->saved_mask);
    }
    if (s->restart && !t->cpu.stop) { /* no handler ran */
        t->cpu.x[0] = t->call.arg0;
        t->cpu.pc -= 4;
    }
    s->restart = 0;
}
