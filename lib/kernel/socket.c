/* kernel/socket.c - socket calls with addresses, messages and options. Numbers and layouts are asm-generic's on both sides. */
#include <config.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/kernel.h"
#include "kernel/sockname.h"

#define SOL_RDS 276
#define CONTROL_MOST (1 << 20) /* of control messages; Linux takes net.core.optmem_max, 128 KiB */

/* ---- options: those whose value has an address inside ---- */
/* A program (struct sock_fprog), or nothing that may be handed over: the call fails as on a kernel without the option. */
enum { OPT_PROGRAM, OPT_REFUSED };
static const struct option { int level, option, kind; } set_options[] = {
    {SOL_SOCKET, 26, OPT_PROGRAM}, {SOL_SOCKET, 51, OPT_PROGRAM}, /* SO_ATTACH_FILTER SO_ATTACH_REUSEPORT_CBPF */
    {263, 22, OPT_PROGRAM},                                       /* SOL_PACKET PACKET_FANOUT_DATA: of a cBPF fanout */
    {0, 64, OPT_REFUSED}, {0, 96, OPT_REFUSED}, {0, 128, OPT_REFUSED}, {41, 64, OPT_REFUSED}, /* ipt, arpt, ebt, ip6t: SO_SET_REPLACE */
    {0, 129, OPT_REFUSED},                                                                    /* EBT_SO_SET_COUNTERS */
    {SOL_RDS, 2, OPT_REFUSED}, {SOL_RDS, 7, OPT_REFUSED},                                     /* RDS_GET_MR RDS_GET_MR_FOR_DEST */
    {283, 4, OPT_REFUSED},                                                                    /* SOL_XDP XDP_UMEM_REG */
}, get_options[] = {
    {0, 128, OPT_REFUSED}, {0, 129, OPT_REFUSED}, {0, 130, OPT_REFUSED}, {0, 131, OPT_REFUSED}, /* EBT_SO_GET_ */
    {6, 35, OPT_REFUSED},    /* TCP_ZEROCOPY_RECEIVE maps pages */
    {132, 111, OPT_REFUSED}, /* SCTP_SOCKOPT_CONNECTX3 */
    {284, 4, OPT_REFUSED},   /* SOL_MPTCP MPTCP_FULL_INFO */
};
#define KIND(table, a) option_kind(table, sizeof table / sizeof table[0], (int)(a)[1], (int)(a)[2])
static int option_kind(const struct option *row, size_t n, int level, int option)
{
    for (size_t i = 0; i < n; i++)
        if (row[i].level == level && row[i].option == option)
            return row[i].kind;
    return -1;
}

/* struct sock_fprog: 8 bytes per instruction. A PACKET_FANOUT_DATA of another size is a descriptor. */
static int64_t set_program(struct lp_thread *t, const uint64_t *a)
{
    struct { uint16_t len; uint64_t filter; } prog = {0, 0};
    void *filter = NULL;
    int r = lp_get(t, &prog, a[3], sizeof prog);
    if (!r && !lp_user(t, prog.filter, (uint64_t)prog.len * 8, &filter))
        r = -EFAULT;
    prog.filter = (uint64_t)(uintptr_t)filter;
    return r ? r : lp_host_raw(__NR_setsockopt, (int)a[0], (int)a[1], (int)a[2], (long)(intptr_t)&prog, sizeof prog, 0);
}

LP_SYSCALL(setsockopt)
{
    int r = lp_fd_check(t, (int)a[0]), kind = KIND(set_options, a);
    if (r)
        return r;
    if (kind == OPT_REFUSED)
        return -ENOPROTOOPT;
    return kind == OPT_PROGRAM && (int32_t)a[4] == 16 ? set_program(t, a) : lp_pass(t, t->call.row->signature, a);
}

/* SO_GET_FILTER counts its length in instructions of 8 bytes. */
static int64_t get_filter(struct lp_thread *t, const uint64_t *a)
{
    uint32_t n;
    void *p, *len;
    int r = lp_get(t, &n, a[4], sizeof n);
    if (!r && (!lp_user(t, a[3], (uint64_t)n * 8, &p) || !lp_user(t, a[4], sizeof n, &len)))
        r = -EFAULT;
    return r ? r : lp_host_raw(__NR_getsockopt, (int)a[0], SOL_SOCKET, 26, (long)(intptr_t)p, (long)(intptr_t)len, 0);
}

LP_SYSCALL(getsockopt)
{
    int r = lp_fd_check(t, (int)a[0]);
    if (r)
        return r;
    if (KIND(get_options, a) == OPT_REFUSED)
        return -ENOPROTOOPT;
    return (int)a[1] == SOL_SOCKET && (int)a[2] == 26 ? get_filter(t, a) : lp_pass(t, t->call.row->signature, a);
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
    if (g->name && (int32_t)g->name_len < 0)
        return -EINVAL;
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

/* SCM_RIGHTS must not hand out descriptors that the guest does not have, and RDS's messages have addresses. Control messages keep one layout on all
 * 64-bit hosts. */
static int check_control(struct lp_thread *t, const uint8_t *control, uint64_t len)
{
    struct { uint64_t len; int32_t level, type; } c;
    for (uint64_t at = 0; len - at >= sizeof c && at < len; at += (c.len + 7) & ~UINT64_C(7)) {
        int r, fd;
        memcpy(&c, control + at, sizeof c);
        if (c.len < sizeof c || c.len > len - at)
            return 0; /* the host says EINVAL */
        if (c.level == SOL_RDS)
            return -EINVAL;
        for (uint64_t i = sizeof c; c.level == SOL_SOCKET && c.type == SCM_RIGHTS && i + sizeof fd <= c.len; i += sizeof fd) {
            memcpy(&fd, control + at + i, sizeof fd);
            if ((r = lp_fd_check(t, fd)) != 0)
                return r;
        }
    }
    return 0;
}

/* The host gets a copy: another thread may write to what was looked at. *copy is to be freed. */
static int control_to_host(struct lp_thread *t, const struct message *g, struct message *h, void **copy)
{
    *copy = NULL;
    if (!g->control || !g->control_len)
        return 0;
    if (g->control_len > CONTROL_MOST || !(*copy = malloc(g->control_len)))
        return -ENOBUFS;
    h->control = (uint64_t)(uintptr_t)*copy;
    return lp_get(t, *copy, g->control, g->control_len) ? -EFAULT : check_control(t, *copy, g->control_len);
}

static int64_t send_host(struct lp_thread *t, int fd, const struct message *g, struct message *h, long flags)
{
    struct lp_sockname name;
    int named = lp_sockname(t, g->name, g->name_len, 0, &name);
    if (named < 0)
        return named;
    if (named) {
        h->name = (uint64_t)(uintptr_t)&name.addr;
        h->name_len = name.len;
    }
    int64_t n = lp_host_syscall(t, __NR_sendmsg, fd, (long)(intptr_t)h, flags, 0, 0, 0);
    if (named)
        lp_sockname_done(t->k, &name);
    return n;
}

static int64_t send_one(struct lp_thread *t, int fd, uint64_t addr, long flags)
{
    struct message g, h;
    struct iovec iov[LP_IOV_MAX];
    void *copy = NULL;
    int64_t r = lp_get(t, &g, addr, sizeof g);
    if (!r)
        r = to_host(t, &g, &h, iov);
    if (!r)
        r = control_to_host(t, &g, &h, &copy);
    if (!r)
        r = send_host(t, fd, &g, &h, flags);
    free(copy);
    return r;
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
    lp_sockname_shown(t, g.name, g.name_len, &h.name_len);
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

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The m-calls are loops, as in Linux: an error after the first message is not reported, and the end is looked at only between messages. */
static int64_t many(struct lp_thread *t, const uint64_t *a, int64_t (*one)(struct lp_thread *, int, uint64_t, long), long flags, long later,
                    int64_t end)
{
    uint64_t n = (uint32_t)a[2] < 1024 ? (uint32_t)a[2] : 1024, i;
    int64_t r = lp_fd_check(t, (int)a[0]);
    for (i = 0; i < n && r >= 0; i++) {
        if (i && end != INT64_MAX && now_ns() >= end)
            break;
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

LP_SYSCALL(sendmmsg) { return many(t, a, send_one, (long)a[3], 0, INT64_MAX); }

LP_SYSCALL(recvmmsg)
{
    struct { int64_t sec, nsec; } timeout = {0, 0};
    int64_t end = INT64_MAX;
    long flags = (long)a[3] & ~(long)MSG_WAITFORONE;
    int r = a[4] ? lp_get(t, &timeout, a[4], sizeof timeout) : 0;
    if (r)
        return r;
    if (timeout.sec < 0 || timeout.nsec < 0 || timeout.nsec >= 1000000000)
        return -EINVAL;
    if (a[4] && timeout.sec < INT32_MAX)
        end = now_ns() + timeout.sec * 1000000000 + timeout.nsec;
    int64_t n = many(t, a, receive_one, flags, a[3] & MSG_WAITFORONE ? MSG_DONTWAIT : 0, end);
    if (n <= 0 || end == INT64_MAX)
        return n;
    /* Linux tells how much is left. */
    int64_t left = end - now_ns();
    timeout.sec = left > 0 ? left / 1000000000 : 0;
    timeout.nsec = left > 0 ? left % 1000000000 : 0;
    r = lp_put(t, a[4], &timeout, sizeof timeout);
    return r ? r : n;
}
