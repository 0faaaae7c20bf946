/* kernel/sigsys.c - the system calls about signals. */
#include <config.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/sigframe.h"
#include "kernel/signal.h"

#define SIGSET_BYTES 8
#define LP_MINSIGSTKSZ 5120 /* arm64's MINSIGSTKSZ */
/* Flags that a kernel knows; it drops the others, so that programs can probe: for SA_EXPOSE_TAGBITS, as si_addr never has a tag. */
#define KNOWN_SA_FLAGS (SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER | (uint32_t)SA_RESETHAND | 0x04000000)

static bool signal_valid(uint64_t n) { return (int32_t)n >= 1 && (int32_t)n <= LP_NSIG; }

LP_SYSCALL(rt_sigaction)
{
    struct lp_signal_process *p = t->k->signals;
    struct lp_sigaction new = {0}, old;
    int n = (int)a[0];
    if (a[3] != SIGSET_BYTES) return -EINVAL;
    if (a[1] && lp_get(t, &new, a[1], sizeof new)) return -EFAULT;
    if (!signal_valid(a[0]) || (a[1] && (LP_SIGBIT(n) & LP_SIGMASK_NEVER))) return -EINVAL;
    new.mask &= ~LP_SIGMASK_NEVER;
    new.flags &= KNOWN_SA_FLAGS;
    pthread_mutex_lock(&p->lock);
    old = p->action[n];
    if (a[1]) {
        p->action[n] = new;
        lp_sighost_action(n, &new);
        /* POSIX: what is ignored is no longer pending. */
        if (lp_signal_ignored(&new, n) && (LP_SIGBIT(n) & LP_SIGMASK_ENGINE)) lp_sigheld_drop(t, n);
    }
    pthread_mutex_unlock(&p->lock);
    return a[2] ? lp_put(t, a[2], &old, sizeof old) : 0;
}

LP_SYSCALL(rt_sigprocmask)
{
    uint64_t set, old = t->signals->mask;
    if (a[3] != SIGSET_BYTES) return -EINVAL;
    if (a[1]) {
        if (lp_get(t, &set, a[1], sizeof set)) return -EFAULT;
        const uint32_t how = (uint32_t)a[0];
        if (how > SIG_SETMASK) return -EINVAL;
        uint64_t new = how == SIG_BLOCK ? old | set : how == SIG_UNBLOCK ? old & ~set : set;
        /* One that was taken before the mask changed is delivered under the old mask. */
        lp_sighost_block_all();
        if (t->signals->queued) return -LP_ERESTARTNOINTR;
        lp_signal_set_mask(t, new);
    }
    return a[2] ? lp_put(t, a[2], &old, sizeof old) : 0;
}

LP_SYSCALL(rt_sigpending)
{
    uint64_t set = 0;
    if (a[1] > SIGSET_BYTES) return -EINVAL;
    int64_t r = LP_HOST2(SYS_rt_sigpending, &set, sizeof set);
    set |= lp_sigheld_mask(t) & t->signals->mask;
    return r < 0 ? r : lp_put(t, a[0], &set, a[1]);
}

LP_SYSCALL(rt_sigsuspend)
{
    uint64_t set;
    if (a[1] != SIGSET_BYTES) return -EINVAL;
    if (lp_get(t, &set, a[0], sizeof set)) return -EFAULT;
    /* One that was taken before is delivered first; from here on the host call's own mask decides. */
    lp_sighost_block_all();
    if (t->signals->queued) return -LP_ERESTARTNOINTR;
    lp_signal_temp_mask(t, set);
    if (lp_sigheld_mask(t) & ~t->signals->mask) return -LP_ERESTARTNOHAND;
    set &= ~LP_SIGMASK_ENGINE;
    int64_t r = lp_host_syscall(t, SYS_rt_sigsuspend, (long)&set, sizeof set, 0, 0, 0, 0);
    return r == -EINTR ? -LP_ERESTARTNOHAND : r;
}

/* SIGSEGV and SIGBUS that a process sent are not in the host's queue, where others may come before them. */
static bool take_held(struct lp_thread *t, uint64_t set, struct lp_siginfo *info)
{
    const uint64_t held = lp_sigheld_mask(t) & set, sooner = held ? set & lp_sigheld_before(held) & ~LP_SIGMASK_ENGINE : 0;
    const struct timespec now = {0, 0};
    if (sooner && LP_HOST4(SYS_rt_sigtimedwait, &sooner, info, &now, sizeof sooner) > 0) return true;
    return lp_sigheld_take(t, set, info);
}

LP_SYSCALL(rt_sigtimedwait)
{
    uint64_t set;
    struct lp_siginfo info;
    void *timeout;
    if (a[3] != SIGSET_BYTES) return -EINVAL;
    if (lp_get(t, &set, a[0], sizeof set) || !lp_user(t, a[2], 16, &timeout)) return -EFAULT;
    int64_t r = 0;
    t->signals->waits = set;
    if (!take_held(t, set, &info)) {
        uint64_t host = set & ~LP_SIGMASK_ENGINE;
        r = lp_host_syscall(t, SYS_rt_sigtimedwait, (long)&host, (long)&info, (long)timeout, sizeof host, 0, 0);
    }
    t->signals->waits = 0;
    /* It may have woken up for a held one: the handler has put it aside, or another thread has handed it on. */
    if (r == 0 || ((r == -EINTR || r == -LP_ERESTARTSYS || r == -LP_ERESTARTNOINTR) && lp_sigheld_take(t, set, &info))) r = info.signo;
    if (r > 0 && a[1] && lp_put(t, a[1], &info, sizeof info)) return -EFAULT;
    return r;
}

static int64_t queueinfo(struct lp_thread *t, long nr, const uint64_t *a, unsigned args)
{
    struct lp_siginfo info;
    if (lp_get(t, &info, a[args - 1], sizeof info)) return -EFAULT;
    return args == 3 ? LP_HOST3(nr, (int)a[0], (int)a[1], &info) : LP_HOST4(nr, (int)a[0], (int)a[1], (int)a[2], &info);
}

LP_SYSCALL(rt_sigqueueinfo) { return queueinfo(t, SYS_rt_sigqueueinfo, a, 3); }
LP_SYSCALL(rt_tgsigqueueinfo) { return queueinfo(t, SYS_rt_tgsigqueueinfo, a, 4); }
LP_SYSCALL(kill) { return LP_HOST2(SYS_kill, (int)a[0], (int)a[1]); }
LP_SYSCALL(tkill) { return LP_HOST2(SYS_tkill, (int)a[0], (int)a[1]); }
LP_SYSCALL(tgkill) { return LP_HOST3(SYS_tgkill, (int)a[0], (int)a[1], (int)a[2]); }

/* do_sigaltstack() */
int lp_sigaltstack_set(struct lp_thread *t, const struct lp_sigstack *ss, uint64_t sp)
{
    struct lp_sigstack *alt = &t->signals->alt;
    uint32_t mode = ss->flags & ~LP_SS_AUTODISARM;
    if (lp_on_sigstack(t->signals, sp)) return -EPERM;
    if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0) return -EINVAL;
    if (mode == SS_DISABLE) {
        *alt = (struct lp_sigstack){.flags = ss->flags};
        return 0;
    }
    if (ss->size < LP_MINSIGSTKSZ) return -ENOMEM;
    *alt = (struct lp_sigstack){.sp = ss->sp, .flags = ss->flags, .size = ss->size};
    return 0;
}

LP_SYSCALL(sigaltstack)
{
    uint64_t sp = t->cpu.x[LP_SLOT_SP];
    struct lp_sigstack new, old = t->signals->alt;
    uint32_t status = !old.size ? SS_DISABLE : lp_on_sigstack(t->signals, sp) ? SS_ONSTACK : 0;
    old.flags = status | (old.flags & LP_SS_AUTODISARM);
    if (a[0]) {
        if (lp_get(t, &new, a[0], sizeof new)) return -EFAULT;
        int r = lp_sigaltstack_set(t, &new, sp);
        if (r < 0) return r;
    }
    return a[1] ? lp_put(t, a[1], &old, sizeof old) : 0;
}

LP_SYSCALL(rt_sigreturn)
{
    if (!lp_sigframe_pop(t)) lp_signal_bad_frame(t);
    return LP_NO_RESULT;
}

/* SIGSEGV and SIGBUS are never pending in the host: asking for them gives a descriptor that stays silent about them. */
LP_SYSCALL(signalfd4)
{
    uint64_t set;
    int r = (int)a[0] == -1 ? 0 : lp_fd_check(t, (int)a[0]);
    if (r) return r;
    if (a[2] != SIGSET_BYTES) return -EINVAL;
    if (lp_get(t, &set, a[1], sizeof set)) return -EFAULT;
    return LP_HOST4(SYS_signalfd4, (int)a[0], &set, sizeof set, (int)a[3]); /* its flags have the same values everywhere but on a few old hosts */
}
