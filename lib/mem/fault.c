/* mem/fault.c - the one SIGSEGV/SIGBUS handler of the process, and where it passes on what is not ours. */
#include <config.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <ucontext.h>
#include "base/error.h"
#include "mem/fault.h"
#include "mem/space.h"

_Thread_local struct lp_recover *lp_recover_top;

static bool (*_Atomic chain)(int, siginfo_t *, void *);
static struct sigaction previous[2]; /* SIGSEGV, SIGBUS */

void lp_fault_chain(bool (*fn)(int signo, siginfo_t *info, void *ucontext)) { atomic_store(&chain, fn); }

/* What the host would have done without us. */
LP_NO_TSAN static void pass_on(int signo, siginfo_t *info, void *uc)
{
    const struct sigaction *old = &previous[signo == SIGBUS];
    bool sent = info->si_code <= 0; /* by a process, not by an instruction */
    if (old->sa_flags & SA_SIGINFO) {
        old->sa_sigaction(signo, info, uc);
    } else if (old->sa_handler == SIG_IGN && sent) {
        return;
    } else if (old->sa_handler == SIG_DFL || old->sa_handler == SIG_IGN) {
        signal(signo, SIG_DFL); /* the instruction faults again, and that ends the process with a true core dump */
        if (sent)
            raise(signo);
    } else {
        old->sa_handler(signo);
    }
}

LP_NO_TSAN static void handler(int signo, siginfo_t *info, void *uc)
{
    struct lp_recover *r = lp_recover_top;
    if (r && info->si_code > 0) {
        r->host_addr = info->si_addr;
        r->signo = signo;
        if (r->hook)
            r->hook(r, info, uc);
#ifdef LP_TSAN
        /* ThreadSanitizer's handler, which called this one, blocks every signal whatever sa_mask said. */
        pthread_sigmask(SIG_SETMASK, &((ucontext_t *)uc)->uc_sigmask, NULL);
#endif
        siglongjmp(r->env, 1);
    }
    bool (*fn)(int, siginfo_t *, void *) = atomic_load(&chain);
    int saved = errno;
    if (!fn || !fn(signo, info, uc))
        pass_on(signo, info, uc);
    errno = saved;
}

/* One signal; a handler that somebody set after ours becomes the one that we pass on to. */
static int install(int signo)
{
    struct sigaction sa, now;
    memset(&sa, 0, sizeof sa);
    /* NODEFER and an empty mask: siglongjmp has no mask to restore. ONSTACK: a guest's stack overflow leaves none. */
    sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sa.sa_sigaction = handler;
    sigemptyset(&sa.sa_mask);
    if (sigaction(signo, NULL, &now) != 0)
        return errno;
    if (now.sa_flags & SA_SIGINFO && now.sa_sigaction == handler)
        return 0;
    previous[signo == SIGBUS] = now;
    return sigaction(signo, &sa, NULL) != 0 ? errno : 0;
}

lp_status lp_fault_install(struct lp_error *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    int e = install(SIGSEGV);
    if (e == 0)
        e = install(SIGBUS);
    pthread_mutex_unlock(&lock);
    return e ? lp_fail_sys(err, LP_E_SYSTEM, e, "no handler for SIGSEGV and SIGBUS") : LP_OK;
}

bool lp_fault_was_ignored(int signo)
{
    const struct sigaction *old = &previous[signo == SIGBUS];
    return !(old->sa_flags & SA_SIGINFO) && old->sa_handler == SIG_IGN;
}

#if defined __x86_64__
uint32_t lp_fault_mxcsr(const void *ucontext)
{
    const ucontext_t *uc = ucontext;
    return uc->uc_mcontext.fpregs ? uc->uc_mcontext.fpregs->mxcsr : 0;
}
#endif
