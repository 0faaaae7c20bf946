/* kernel/poll.c - waiting for descriptors, and futexes. */
#include <config.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/kernel.h"
#include "kernel/signal.h"

#define SIGSET_SIZE 8

/* A sigmask argument: installed for the guest, and *host is what the host call gets. Address 0 = no change. A held signal that it lets through ends the
 * call, which the host cannot know. */
static int temp_mask(struct lp_thread *t, uint64_t addr, uint64_t size, void **host)
{
    uint64_t mask;
    *host = NULL;
    if (!addr)
        return 0;
    if (size != SIGSET_SIZE)
        return -EINVAL;
    if (lp_get(t, &mask, addr, sizeof mask))
        return -EFAULT;
    t->host_mask = mask & ~LP_SIGMASK_ENGINE;
    *host = &t->host_mask;
    lp_signal_temp_mask(t, mask);
    return lp_sigheld_mask(t) & ~t->signals->mask ? -LP_ERESTARTNOHAND : 0;
}

/* A descriptor of the engine's is none to the guest. Without one the host may look at the guest's own array. */
static bool names_hidden(struct lp_thread *t, uint64_t addr, uint64_t n)
{
    struct pollfd p[64];
    for (uint64_t i = 0, some; i < n; i += some) {
        some = n - i < 64 ? n - i : 64;
        if (lp_get(t, p, addr + i * sizeof *p, some * sizeof *p))
            return false;
        for (uint64_t j = 0; j < some; j++)
            if (lp_fd_hidden(t->k, p[j].fd))
                return true;
    }
    return false;
}

/* POLLNVAL: this number is none of anybody's. */
static int64_t poll_hiding(struct lp_thread *t, const uint64_t *a, void *timeout, void *mask)
{
    const uint64_t n = (uint32_t)a[1], size = n * sizeof(struct pollfd);
    struct pollfd *p = malloc(size);
    int64_t r = !p ? -ENOMEM : lp_get(t, p, a[0], size);
    for (uint64_t i = 0; !r && i < n; i++)
        if (lp_fd_hidden(t->k, p[i].fd))
            p[i].fd = INT32_MAX;
    if (!r)
        r = lp_host_syscall(t, __NR_ppoll, (long)(intptr_t)p, (long)n, (long)(intptr_t)timeout, (long)(intptr_t)mask, SIGSET_SIZE, 0);
    for (uint64_t i = 0; r >= 0 && i < n; i++)
        if (lp_put(t, a[0] + i * sizeof *p + offsetof(struct pollfd, revents), &p[i].revents, sizeof p[i].revents))
            r = -EFAULT;
    free(p);
    return r;
}

LP_SYSCALL(ppoll)
{
    void *fds, *timeout, *mask;
    const uint64_t n = (uint32_t)a[1], most = (uint64_t)t->k->first_engine_fd + LP_ENGINE_FDS;
    if (!lp_user(t, a[0], n * 8, &fds) || !lp_user(t, a[2], 16, &timeout))
        return -EFAULT;
    int r = temp_mask(t, a[3], a[4], &mask);
    if (r)
        return r;
    if (n <= most && names_hidden(t, a[0], n))
        return poll_hiding(t, a, timeout, mask);
    return lp_host_syscall(t, __NR_ppoll, (long)(intptr_t)fds, (long)n, (long)(intptr_t)timeout, (long)(intptr_t)mask, SIGSET_SIZE, 0);
}

/* A closed descriptor in a set is EBADF; so is the engine's. */
static bool set_names_hidden(struct lp_thread *t, uint64_t addr, int n)
{
    uint64_t word;
    int first = t->k->first_engine_fd, end = first + LP_ENGINE_FDS < n ? first + LP_ENGINE_FDS : n;
    for (int fd = first; addr && fd < end; fd++)
        if (lp_fd_hidden(t->k, fd) && lp_get(t, &word, addr + (unsigned)fd / 64 * 8, sizeof word) == 0 && word >> (fd % 64) & 1)
            return true;
    return false;
}

/* Linux looks at no more of a set than it has descriptors for: n may reach beyond the address space, where the host must not look. */
static int within(const struct lp_mem *mem, uint64_t set, int n)
{
    uint64_t at = lp_mem_untag(set), limit = lp_mem_limit(mem), most = at < limit ? (limit - at) / 8 * 64 : 0;
    return set && most < (uint64_t)n ? (int)most : n;
}

LP_SYSCALL(pselect6)
{
    uint64_t pack[2] = {0, 0}; /* { const sigset_t *, size_t } */
    void *set[3], *timeout, *mask;
    int n = (int)a[0], r = 0;
    if (n < 0)
        return -EINVAL;
    for (int i = 0; i < 3; i++)
        n = within(t->k->mem, a[1 + i], n);
    for (int i = 0; i < 3; i++)
        if (!lp_user(t, a[1 + i], ((uint64_t)n + 63) / 64 * 8, &set[i]))
            return -EFAULT;
    if (!lp_user(t, a[4], 16, &timeout))
        return -EFAULT;
    for (int i = 0; i < 3; i++)
        if (set_names_hidden(t, a[1 + i], n))
            return -EBADF;
    if (a[5])
        r = lp_get(t, pack, a[5], sizeof pack);
    if (!r)
        r = temp_mask(t, pack[0], pack[1], &mask);
    if (r)
        return r;
    pack[0] = (uint64_t)(uintptr_t)mask;
    return lp_host_syscall(t, __NR_pselect6, n, (long)(intptr_t)set[0], (long)(intptr_t)set[1], (long)(intptr_t)set[2],
                           (long)(intptr_t)timeout, (long)(intptr_t)pack);
}

/* x86-64 packs struct epoll_event (12 bytes); everybody else aligns it. */
struct guest_event {
    uint32_t events, pad;
    uint64_t data;
};

LP_SYSCALL(epoll_ctl)
{
    struct guest_event g;
    struct epoll_event h = {0};
    int r = lp_fd_check(t, (int)a[0]);
    if (!r)
        r = lp_fd_check(t, (int)a[2]);
    if (!r && (int)a[1] != EPOLL_CTL_DEL) {
        r = lp_get(t, &g, a[3], sizeof g);
        h.events = g.events;
        h.data.u64 = g.data;
    }
    return r ? r : LP_HOST4(__NR_epoll_ctl, (int)a[0], (int)a[1], (int)a[2], (intptr_t)&h);
}

/* How many got there, or -EFAULT. */
static int64_t put_events(struct lp_thread *t, uint64_t addr, const struct epoll_event *h, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        struct guest_event g = {h[i].events, 0, h[i].data.u64};
        if (lp_put(t, addr + (uint64_t)i * sizeof g, &g, sizeof g))
            return i ? i : -EFAULT;
    }
    return n;
}

/* No more than the guest has room for: what cannot be delivered would be lost with EPOLLET and EPOLLONESHOT. */
static int event_room(struct lp_thread *t, uint64_t addr, int max)
{
    int n = max < 256 ? max : 256;
    while (n > 1 && !lp_mem_check(t->k->mem, lp_mem_untag(addr), (uint64_t)n * sizeof(struct guest_event), LP_W, NULL))
        n /= 2;
    return n;
}

/* epoll_pwait and epoll_pwait2: the timeout is milliseconds or a struct timespec. At most 256 events at a time: the rest stays ready. */
LP_SYSCALL(epoll_pwait)
{
    struct epoll_event h[256];
    int max = (int)a[2], r = lp_fd_check(t, (int)a[0]);
    void *mask, *p;
    long timeout = (long)a[3];
    if (r)
        return r;
    if (max <= 0 || max > INT32_MAX / 16)
        return -EINVAL;
    if (t->call.row->host_nr != __NR_epoll_pwait) {
        if (!lp_user(t, a[3], 16, &p))
            return -EFAULT;
        timeout = (long)(intptr_t)p;
    }
    if ((r = temp_mask(t, a[4], a[5], &mask)) != 0)
        return r;
    int64_t n = lp_host_syscall(t, t->call.row->host_nr, (int)a[0], (long)(intptr_t)h, event_room(t, a[1], max), timeout,
                                (long)(intptr_t)mask, SIGSET_SIZE);
    return n < 0 ? n : put_events(t, a[1], h, n);
}

/* Does this operation's fourth argument point to a timeout (else: a number), and is there a second word? */
static bool futex_timed(unsigned op) { return op == 0 || op == 6 || op == 9 || op == 11 || op == 13; }
static bool futex_second(unsigned op) { return op == 3 || op == 4 || op == 5 || op == 11 || op == 12; }

/* Guest memory is host memory and a guest thread is a host thread, so every operation is the host's, PI ones included. */
LP_SYSCALL(futex)
{
    unsigned op = (unsigned)a[1] & 0x7f; /* FUTEX_CMD_MASK */
    void *word, *timeout = (void *)(uintptr_t)(uint32_t)a[3], *second = NULL;
    if (!a[0] || !lp_user(t, a[0], 4, &word) || (futex_timed(op) && !lp_user(t, a[3], 16, &timeout)) ||
        (futex_second(op) && !lp_user(t, a[4], 4, &second)))
        return -EFAULT;
    int64_t r = lp_host_syscall(t, __NR_futex, (long)(intptr_t)word, (long)(uint32_t)a[1], (long)(uint32_t)a[2], (long)(intptr_t)timeout,
                                (long)(intptr_t)second, (long)(uint32_t)a[5]);
    if (r != -LP_ERESTARTSYS && r != -EINTR)
        return r;
    /* Linux always goes on with FUTEX_LOCK_PI and LOCK_PI2; else after a handler only if there is no timeout (it keeps a restart block). */
    if (op == 6 || op == 13)
        return -LP_ERESTARTNOINTR;
    return futex_timed(op) && a[3] ? -LP_ERESTARTNOHAND : -LP_ERESTARTSYS;
}
