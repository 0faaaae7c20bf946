/* kernel/dispatch.c - SVC #0: the row of X8, its handler, its trace. */
#include <config.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include "kernel/host.h"
#include "kernel/hostnr.h"
#include "kernel/kernel.h"
#include "kernel/seccomp.h"
#include "kernel/signal.h"
#include "kernel/strace.h"
#include "kernel/vdso.h"

static const struct lp_syscall rows[] = {
#define SYS(nr, name, signature, handler, restart) [nr] = {#name, signature, lp_sys_##handler, __NR_##name, LP_RESTART_##restart, 0, NULL, NULL},
#define PART(nr, name, signature, handler, restart, refused) \
    [nr] = {#name, signature, lp_sys_##handler, __NR_##name, LP_RESTART_##restart, 0, NULL, refused},
#define NO(nr, name, signature, error, reason) [nr] = {#name, signature, lp_sys_refuse, -1, LP_RESTART_NEVER, error, #error, reason},
#include "kernel/syscall.def"
#undef SYS
};

const struct lp_syscall *lp_syscall_row(uint64_t nr)
{
    return nr < sizeof rows / sizeof rows[0] && rows[nr].name ? &rows[nr] : NULL;
}

uint64_t lp_syscall_end(void) { return sizeof rows / sizeof rows[0]; }

LP_SYSCALL(refuse)
{
    const struct lp_syscall *row = t->call.row;
    (void)a;
    lp_log(t->k->log, 2, "system call %s is not offered: %s (%s)", row->name, row->error_name, row->reason);
    return -row->error;
}

/* What an interrupted call means for this row. -LP_ERESTARTSYS comes from the stub: the host would restart the call, which it does to SYS rows only;
 * of others, it was not made, where the stub cannot tell. -EINTR is the host's own word: where it stands for a call that only a handler ends, Linux
 * may still restart that. */
static int64_t restart_class(enum lp_restart class, int64_t r)
{
    if (r == -EINTR && class == LP_RESTART_NOHAND)
        return -LP_ERESTARTNOHAND;
    return r == -LP_ERESTARTSYS && class != LP_RESTART_SYS ? -LP_ERESTARTNOINTR : r;
}

static int64_t call(struct lp_thread *t, const uint64_t *a)
{
    const struct lp_syscall *row = t->call.row;
    if (!row) {
        lp_log(t->k->log, 2, "unknown system call %llu: ENOSYS", (unsigned long long)t->call.nr);
        return -ENOSYS;
    }
    return restart_class(row->restart, row->fn(t, a));
}

/* The embedder may answer a call, or make another one of it. */
static bool answered(struct lp_thread *t, uint64_t *a, int64_t *r)
{
    const struct lp_call_hook *h = &t->k->call_hook;
    struct lp_vm_call c = {.number = t->call.nr, .name = t->call.row ? t->call.row->name : NULL};
    memcpy(c.arg, a, sizeof c.arg);
    if (h->fn(h->ctx, &c) == LP_CALL_ANSWERED) {
        *r = c.result;
        return true;
    }
    memcpy(a, c.arg, sizeof c.arg);
    t->call.row = lp_syscall_row(t->call.nr = c.number);
    return false;
}

void lp_kernel_svc(struct lp_cpu *cpu, uint32_t imm16)
{
    struct lp_thread *t = lp_thread_of(cpu);
    uint64_t a[6];
    struct lp_strace trace;

    if (imm16 && lp_vdso_call(t, imm16))
        return;
    for (int i = 0; i < 6; i++)
        a[i] = cpu->x[i];
    t->call.nr = (uint32_t)cpu->x[8]; /* Linux looks at W8 only */
    t->call.arg0 = a[0];
    t->call.row = lp_syscall_row(t->call.nr);
    if (cpu->stop || lp_signal_before_syscall(t))
        return; /* a process that ends makes no more calls */
    t->call.active = true;
    if (t->k->strace)
        lp_strace_enter(&trace, t, a);
    int64_t r;
    if (!(t->k->call_hook.fn && answered(t, a, &r)) && (!__atomic_load_n(&t->seccomp, __ATOMIC_RELAXED) || lp_seccomp_allows(t, a, &r)))
        r = call(t, a);
    if (t->k->strace)
        lp_strace_leave(&trace, t, a, r);
    lp_signal_after_syscall(t, r);
    t->call.active = false;
}

static void watched(struct lp_cpu *cpu)
{
    const struct lp_kernel *k = lp_thread_of(cpu)->k;
    if (k->patch_hook.watched)
        k->patch_hook.watched(k->patch_hook.ctx, cpu, k->shared);
}

const struct lp_upcalls lp_kernel_upcalls = {.svc = lp_kernel_svc, .fault = lp_signal_fault, .safepoint = lp_signal_safepoint, .watched = watched};
