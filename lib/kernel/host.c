/* kernel/host.c - the stub for calls that may block, per host architecture; see host.h. */
#include <config.h>
#include "base/sanitize.h"
#include "kernel/host.h"
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include "kernel/kernel.h"
#include "kernel/signal.h"

_Static_assert(LP_POLL_SIGNAL == 2 && LP_ERESTARTSYS == 512 && LP_ERESTARTNOINTR == 513, "the assembly below has these numbers");

/* lp_host_enter(poll, nr, args): -513 if bit 1 of *poll is set, or a signal comes before the call is made; -512 if the host would make it again; else its
 * result. */
#if defined __x86_64__
#define UC_PC(uc) ((uc)->uc_mcontext.gregs[REG_RIP])
__asm__(".text\n"
        ".globl lp_host_enter, lp_host_window, lp_host_call, lp_host_window_end, lp_host_abort, lp_host_unmade\n"
        ".hidden lp_host_enter, lp_host_window, lp_host_call, lp_host_window_end, lp_host_abort, lp_host_unmade\n"
        ".type lp_host_enter, @function\n"
        ".balign 16\n"
        "lp_host_enter:\n"
        "    .cfi_startproc\n"
        "    movq %rdi, %r11\n"
        "    movq %rsi, %rax\n"
        "    movq %rdx, %rcx\n"
        "    movq (%rcx), %rdi\n"
        "    movq 8(%rcx), %rsi\n"
        "    movq 16(%rcx), %rdx\n"
        "    movq 24(%rcx), %r10\n"
        "    movq 32(%rcx), %r8\n"
        "    movq 40(%rcx), %r9\n"
        "lp_host_window:\n"
        "    testl $2, (%r11)\n"
        "    jnz lp_host_unmade\n"
        "lp_host_call:\n"
        "    syscall\n"
        "lp_host_window_end:\n"
        "    ret\n"
        "lp_host_abort:\n"
        "    movq $-512, %rax\n"
        "    ret\n"
        "lp_host_unmade:\n"
        "    movq $-513, %rax\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size lp_host_enter, . - lp_host_enter\n");

/* Where a system call leaves its return address in RCX (all but CPUs with FRED, which leave it alone), that tells a call that was made. */
LP_NO_TSAN static bool was_made(const ucontext_t *uc, const char *end)
{
    long r = SYS_getpid, rcx, next;
    __asm__ volatile("leaq 1f(%%rip), %2\n\tsyscall\n1:" : "+a"(r), "=c"(rcx), "=&r"(next) : "1"(0L) : "r11", "memory");
    return rcx != next || (uintptr_t)uc->uc_mcontext.gregs[REG_RCX] == (uintptr_t)end;
}
#elif defined __aarch64__
#define UC_PC(uc) ((uc)->uc_mcontext.pc)
__asm__(".text\n"
        ".globl lp_host_enter, lp_host_window, lp_host_call, lp_host_window_end, lp_host_abort, lp_host_unmade\n"
        ".hidden lp_host_enter, lp_host_window, lp_host_call, lp_host_window_end, lp_host_abort, lp_host_unmade\n"
        ".type lp_host_enter, %function\n"
        ".balign 16\n"
        "lp_host_enter:\n"
        "    .cfi_startproc\n"
        "    mov x9, x0\n"
        "    mov x8, x1\n"
        "    mov x10, x2\n"
        "    ldp x0, x1, [x10]\n"
        "    ldp x2, x3, [x10, #16]\n"
        "    ldp x4, x5, [x10, #32]\n"
        "lp_host_window:\n"
        "    ldr w11, [x9]\n"
        "    tbnz w11, #1, lp_host_unmade\n"
        "lp_host_call:\n"
        "    svc #0\n"
        "lp_host_window_end:\n"
        "    ret\n"
        "lp_host_abort:\n"
        "    mov x0, #-512\n"
        "    ret\n"
        "lp_host_unmade:\n"
        "    mov x0, #-513\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size lp_host_enter, . - lp_host_enter\n");

/* Nothing tells: the restart puts every register back. */
static bool was_made(const ucontext_t *uc, const char *end) { return (void)uc, (void)end, true; }
#endif

LP_NO_TSAN int64_t lp_host_raw(long nr, long a0, long a1, long a2, long a3, long a4, long a5)
{
    int saved = errno;
    long r = syscall(nr, a0, a1, a2, a3, a4, a5);
    int64_t result = r == -1 ? -errno : r;
    errno = saved;
    return result;
}

#ifdef LP_HOST_STUB
extern const char lp_host_window[], lp_host_call[], lp_host_window_end[], lp_host_abort[], lp_host_unmade[];
long lp_host_enter(const _Atomic uint32_t *poll, long nr, const long *args);

static int64_t enter(struct lp_thread *t, long nr, const long *args)
{
    return lp_host_enter(&t->cpu.poll, nr, args);
}

LP_NO_TSAN void lp_host_fixup(void *ucontext)
{
    ucontext_t *uc = ucontext;
    uintptr_t pc = (uintptr_t)UC_PC(uc);
    if (pc < (uintptr_t)lp_host_window || pc >= (uintptr_t)lp_host_window_end)
        return;
    bool made = pc == (uintptr_t)lp_host_call && was_made(uc, lp_host_window_end);
    UC_PC(uc) = (uintptr_t)(made ? lp_host_abort : lp_host_unmade);
}

void lp_host_after_fork(void) {}
void lp_host_before_vfork(void) {}
#else
/* Portable fallback: the PC window is unknown here, so a signal may fall between the test and the call. The handler then has
 * set LP_POLL_SIGNAL while in_host is set, and starts a periodic timer that interrupts this thread until it is out of the call: a
 * late wake-up (at most 1 ms), never a lost one. The timer's signal is SIGBUS, which no guest can block, told apart by its value. */
static _Thread_local struct { volatile sig_atomic_t in_host, kicking, made; timer_t timer; } kick;

LP_NO_TSAN static void kick_set(long ns)
{
    struct itimerspec every = {{0, ns}, {0, ns}};
    timer_settime(kick.timer, 0, &every, NULL);
    kick.kicking = ns != 0;
}

static int64_t enter(struct lp_thread *t, long nr, const long *a)
{
    if (!kick.made) {
        struct sigevent ev = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGBUS, .sigev_value.sival_ptr = LP_HOST_KICK};
        ev._sigev_un._tid = (pid_t)syscall(SYS_gettid);
        if (timer_create(CLOCK_MONOTONIC, &ev, &kick.timer) != 0) return -errno;
        kick.made = 1;
    }
    kick.in_host = 1;
    int64_t r = -LP_ERESTARTNOINTR;
    if (!(atomic_load(&t->cpu.poll) & LP_POLL_SIGNAL)) r = lp_host_raw(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
    kick.in_host = 0;
    if (kick.kicking) {
        kick_set(0);
        if (r == -EINTR) r = -LP_ERESTARTSYS; /* the timer's doing */
    }
    return r;
}

LP_NO_TSAN void lp_host_fixup(void *ucontext)
{
    (void)ucontext;
    if (kick.in_host && !kick.kicking) kick_set(1000000);
}

void lp_host_after_fork(void) { kick.made = kick.kicking = 0; }

void lp_host_before_vfork(void)
{
    if (kick.made) timer_delete(kick.timer);
    lp_host_after_fork();
}
#endif

int64_t lp_host_syscall(struct lp_thread *t, long nr, long a0, long a1, long a2, long a3, long a4, long a5)
{
    const long args[6] = {a0, a1, a2, a3, a4, a5};
    lp_gate_leave(&t->cpu);
    int64_t r = enter(t, nr, args);
    lp_gate_enter(&t->cpu);
    return r;
}
