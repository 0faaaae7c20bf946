/* kernel/futexv.c - the futex calls that take struct futex_waitv: { u64 val, uaddr; u32 flags, reserved }. */
#include <config.h>
#include <errno.h>
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/kernel.h"

#define WAITV_MAX 128 /* FUTEX_WAITV_MAX */
struct waitv { uint64_t val, uaddr; uint32_t flags, reserved; };

static int waiters(struct lp_thread *t, uint64_t addr, unsigned n, struct waitv *w)
{
    void *p;
    int r = addr ? lp_get(t, w, addr, n * sizeof *w) : -EINVAL;
    for (unsigned i = 0; i < n && !r; i++) {
        if (!lp_user(t, w[i].uaddr, 8, &p))
            r = -EFAULT;
        else
            w[i].uaddr = (uint64_t)(uintptr_t)p;
    }
    return r;
}

LP_SYSCALL(futex_waitv)
{
    struct waitv w[WAITV_MAX];
    void *timeout;
    unsigned n = (unsigned)a[1];
    if ((uint32_t)a[2] || !n || n > WAITV_MAX)
        return -EINVAL;
    int r = waiters(t, a[0], n, w);
    if (!r && !lp_user(t, a[3], 16, &timeout))
        r = -EFAULT;
    return r ? r : lp_host_syscall(t, t->call.row->host_nr, (long)(intptr_t)w, (long)n, 0, (long)(intptr_t)timeout, (int)a[4], 0);
}

/* From the first futex to the second. */
LP_SYSCALL(futex_requeue)
{
    struct waitv w[2];
    int r = (uint32_t)a[1] ? -EINVAL : waiters(t, a[0], 2, w);
    return r ? r : lp_host_raw(t->call.row->host_nr, (long)(intptr_t)w, 0, (int)a[2], (int)a[3], 0, 0);
}
