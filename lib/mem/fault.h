/* mem/fault.h - host SIGSEGV and SIGBUS while touching guest memory become a return, not a crash.
 *
 *     struct lp_recover r;
 *     if (lp_recover_begin(&r)) { ... fault: r.host_addr, r.signo ...; }
 *     else { touch guest memory; }
 *     lp_recover_end(&r);
 * Nests per thread. The handler of the process is installed by lp_fault_install(); a fault with no recovery point (or a signal sent
 * by a process: si_code <= 0) goes to the chained handler: the one the kernel room registers, else the host's previous action.
 */
#ifndef LP_MEM_FAULT_H
#define LP_MEM_FAULT_H
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <arm64lp/error.h>

/* Was this signal (SIGSEGV, SIGBUS) ignored when the handler was installed? An execve hands that on. */
bool lp_fault_was_ignored(int signo);

struct lp_recover {
    sigjmp_buf env;
    struct lp_recover *outer;
    void *host_addr; /* si_addr; NULL for a non-canonical address */
    int signo;
    /* Called in the handler just before the jump (async-signal context); set it after lp_recover_begin(). */
    void (*hook)(struct lp_recover *r, siginfo_t *info, void *ucontext);
    void *hook_ctx;
};
/* initial-exec: the first touch in a signal handler must not allocate. */
extern _Thread_local struct lp_recover *lp_recover_top __attribute__((tls_model("initial-exec")));

/* Thread-safe. May be called again: takes the signals back from a handler set since (a test framework's), which is chained then. */
lp_status lp_fault_install(struct lp_error *err);
#if defined __x86_64__
/* MXCSR of the code that a signal handler (ucontext) interrupted. */
uint32_t lp_fault_mxcsr(const void *ucontext);
#endif
/* Called for a SIGSEGV/SIGBUS that is not ours. Returns true if it was handled. Async-signal context. */
void lp_fault_chain(bool (*fn)(int signo, siginfo_t *info, void *ucontext));

#define lp_recover_begin(r) ((r)->outer = lp_recover_top, (r)->hook = 0, lp_recover_top = (r), sigsetjmp((r)->env, 0))
#define lp_recover_end(r) ((void)(lp_recover_top = (r)->outer))
#endif
