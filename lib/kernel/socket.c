/* kernel/socket.c - socket calls with addresses, messages and options. Numbers and layouts are asm-generic's on both sides. */
#include <config.h>
#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/kernel.h"

/* An address buffer whose length is at len_addr (read and written by the host kernel). */
static int address(struct lp_thread *t, uint64_t addr, uint64_t len_addr, void **p, void **len)
{
    uint32_t n = 0;
    int r = addr && len_addr ? lp_get(t, &n, len_addr, sizeof n) : 0;
    if (!r && (!lp_user(t, addr, (int32_t)n > 0 ? n : 0, p) || !lp_user(t, len_addr, sizeof n, len)))
        r = -EFAULT;
    return r;
}

LP_SYSCALL(accept)
{
    void *p, *len;
    int r = lp_fd_check(t, (int)a[0]);
    if (!r)
        r = address(t, a[1], a[2], &p, &len);
    long flags = t->call.row->host_nr == __NR_accept4 ? (long)a[3] : 0;
    return r ? r : lp_host_syscall(t, t->call.row->host_nr, (int)a[0], (long)(intptr_t)p, (long)(intptr_t)len, flags, 0, 0);
}

LP_SYSCALL(getsockname)
{
    void *p, *len;
    int r = lp_fd_check(t, (int)a[0]);
    if (!r)
        r = address(t, a[1], a[2], &p, &len);
    return r ? r : LP_HOST3(t->call.row->host_nr, (int)a[0], (intptr_t)p, (intptr_t)len);
}

LP_SYSCALL(recvfrom)
{
    void *buf, *p, *len;
    int r = lp_fd_check(t, (int)a[0]);
    if (!r && !lp_user(t, a[1], a[2], &buf))
        r = -EFAULT;
    if (!r)
        r = address(t, a[4], a[5], &p, &len);
    return r ? r : lp_host_syscall(t, __NR_recvfrom, (int)a[0], (long)(intptr_t)buf, (long)a[2], (long)a[3], (long)(intptr_t)p,
                                   (long)(intptr_t)len);
}

LP_SYSCALL(setsockopt)
{
    struct { uint16_t len; uint64_t filter; } prog; /* struct sock_fprog: 8 bytes per instruction */
    void *p, *filter = NULL;
    int r = lp_fd_check(t, (int)a[0]);
    long len = (long)a[4];
    if (!r && !lp_user(t, a[3], (int32_t)a[4] > 0 ? (uint32_t)a[4] : 0, &p))
        r = -EFAULT;
    if (!r && (int)a[1] == SOL_SOCKET && ((int)a[2] == 26 || (int)a[2] == 51)) { /* SO_ATTACH_FILTER, SO_ATTACH_REUSEPORT_CBPF */
        r = lp_get(t, &prog, a[3], sizeof prog);
        if (!r && !lp_user(t, prog.filter, (uint64_t)prog.len * 8, &filter))
            r = -EFAULT;
        prog.filter = (uint64_t)(uintptr_t)filter;
        p = &prog;
    }
    return r ? r : lp_host_raw(__NR_setsockopt, (int)a[0], (int)a[1], (int)a[2], (long)(intptr_t)p, len, 0);
}

LP_SYSCALL(getsockopt)
{
    void *p, *len;
    int r = lp_fd_check(t, (int)a[0]);
    if (!r)
        r = address(t, a[3], a[4], &p, &len);
    return r ? r : lp_host_raw(__NR_getsockopt, (int)a[0], (int)a[1], (int)a[2], (long)(intptr_t)p, (long)(intptr_t)len, 0);
}

/* struct msghdr and struct mmsghdr as every 64-bit little-endian Linux has them. */
struct message {
    uint64_t name;
    uint32_t name_len, pad;
    uint64_t iov, iov_len, control, control_len;
    int32_t flags, pad2;
};
struct mmessage {
    struct message msg;
    uint32_t len, pad;
};

static int to_host(struct lp_thread *t, const struct message *g, struct message *h, struct iovec *iov)
{
    void *name, *control;
    *h = *g;
    int r = g->iov_len > LP_IOV_MAX ? -EMSGSIZE : lp_user_iov(t, g->iov, g->iov_len, iov);
    if (r)
        return r;
    if (!lp_user(t, g->name, (int32_t)g->name_len > 0 ? g->name_len : 0, &name) || !lp_user(t, g->control, g->control_len, &control))
        return -EFAULT;
    h->name = (uint64_t)(uintptr_t)name;
    h->control = (uint64_t)(uintptr_t)control;
    h->iov = (uint64_t)(uintptr_t)iov;
    return 0;
}

static int64_t send_one(struct lp_thread *t, int fd, uint64_t addr, long flags)
{
    struct message g, h;
    struct iovec iov[LP_IOV_MAX];
    int r = lp_get(t, &g, addr, sizeof g);
    if (!r)
        r = to_host(t, &g, &h, iov);
    return r ? r : lp_host_syscall(t, __NR_sendmsg, fd, (long)(intptr_t)&h, flags, 0, 0, 0);
}

static int64_t receive_one(struct lp_thread *t, int fd, uint64_t addr, long flags)
{
    struct message g, h;
    struct iovec iov[LP_IOV_MAX];
    int r = lp_get(t, &g, addr, sizeof g);
    if (!r)
        r = to_host(t, &g, &h, iov);
    if (r)
        return r;
    int64_t n = lp_host_syscall(t, __NR_recvmsg, fd, (long)(intptr_t)&h, flags, 0, 0, 0);
    if (n < 0)
        return n;
    g.name_len = h.name_len;
    g.control_len = h.control_len;
    g.flags = h.flags;
    r = lp_put(t, addr, &g, sizeof g);
    return r ? r : n;
}

LP_SYSCALL(sendmsg)
{
    int r = lp_fd_check(t, (int)a[0]);
    return r ? r : send_one(t, (int)a[0], a[1], (long)a[2]);
}

LP_SYSCALL(recvmsg)
{
    int r = lp_fd_check(t, (int)a[0]);
    return r ? r : receive_one(t, (int)a[0], a[1], (long)a[2]);
}

/* The m-calls are loops, as in Linux: an error after the first message is not reported. */
static int64_t many(struct lp_thread *t, const uint64_t *a, int64_t (*one)(struct lp_thread *, int, uint64_t, long), long flags, long later)
{
    uint64_t n = (uint32_t)a[2] < 1024 ? (uint32_t)a[2] : 1024, i;
    int64_t r = lp_fd_check(t, (int)a[0]);
    for (i = 0; i < n && r >= 0; i++) {
        uint64_t at = a[1] + i * sizeof(struct mmessage);
        r = one(t, (int)a[0], at, flags | (i ? later : 0));
        uint32_t len = (uint32_t)r;
        if (r >= 0)
            r = lp_put(t, at + offsetof(struct mmessage, len), &len, sizeof len);
        if (r < 0)
            break;
    }
    return i ? (int64_t)i : r;
}

LP_SYSCALL(sendmmsg) { return many(t, a, send_one, (long)a[3], 0); }

/* The timeout (checked only between messages by Linux) is turned into "do not wait for more than the first". */
LP_SYSCALL(recvmmsg)
{
    long flags = (long)a[3] & ~(long)MSG_WAITFORONE;
    return many(t, a, receive_one, flags, a[3] & MSG_WAITFORONE || a[4] ? MSG_DONTWAIT : 0);
}
