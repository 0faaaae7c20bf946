/* kernel/sockname.c - AF_UNIX addresses and the sysroot. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/kernel.h"
#include "kernel/sockname.h"
#include "kernel/sysroot.h"

#define NAME_AT offsetof(struct sockaddr_un, sun_path)

/* A name that does not fit behind the sysroot's is said relative to its folder. */
static int through_folder(struct lp_kernel *k, const char *path, struct lp_sockname *out)
{
    const char *name = strrchr(path, '/');
    char dir[PATH_MAX];
    memcpy(dir, path, (size_t)(name - path));
    dir[name - path] = 0;
    if ((out->fd = lp_fd_open(k, dir, O_PATH | O_DIRECTORY)) < 0)
        return out->fd;
    int n = snprintf(out->addr.sun_path, sizeof out->addr.sun_path, "/proc/self/fd/%d%s", out->fd, name);
    if (n < (int)sizeof out->addr.sun_path)
        return 0;
    lp_fd_unhide(k, out->fd);
    return -ENAMETOOLONG;
}

int lp_sockname(struct lp_thread *t, uint64_t addr, uint64_t len, unsigned how, struct lp_sockname *out)
{
    char guest[sizeof out->addr + 1] = "", buf[PATH_MAX];
    const char *path = guest + NAME_AT, *host;
    sa_family_t family;
    if (!t->k->sysroot || !addr || len <= NAME_AT || len > sizeof out->addr)
        return 0;
    int r = lp_get(t, guest, addr, len);
    memcpy(&family, guest, sizeof family);
    if (r || family != AF_UNIX || path[0] != '/')
        return r;
    r = lp_sysroot_find(t->k, path, how, buf, &host);
    if (r || host == path)
        return r;
    out->addr.sun_family = AF_UNIX;
    out->fd = -1;
    if (strlen(host) < sizeof out->addr.sun_path)
        strcpy(out->addr.sun_path, host);
    else if ((r = through_folder(t->k, host, out)) != 0)
        return r;
    out->len = (uint32_t)(NAME_AT + strlen(out->addr.sun_path) + 1);
    return 1;
}

void lp_sockname_done(struct lp_kernel *k, const struct lp_sockname *n)
{
    if (n->fd >= 0)
        lp_fd_unhide(k, n->fd);
}

void lp_sockname_shown(struct lp_thread *t, uint64_t addr, uint32_t size, uint32_t *len)
{
    char name[sizeof(struct sockaddr_un) + 1] = "";
    sa_family_t family;
    uint32_t n = size < *len ? size : *len;
    if (!t->k->sysroot || !addr || n <= NAME_AT || n >= sizeof name || lp_get(t, name, addr, n))
        return;
    memcpy(&family, name, sizeof family);
    const char *host = name + NAME_AT, *guest = lp_sysroot_guest(t->k, host);
    if (family != AF_UNIX || guest == host)
        return;
    uint32_t got = (uint32_t)strlen(guest) + 1, cut = (uint32_t)(guest - host);
    if (lp_put(t, addr + NAME_AT, guest, got) == 0)
        *len -= cut;
}

/* bind, connect, sendto: the address is the arguments at 1 or 4. */
LP_SYSCALL(named)
{
    struct lp_sockname n;
    long nr = t->call.row->host_nr;
    int at = nr == __NR_sendto ? 4 : 1;
    void *data = NULL;
    int r = lp_sockname(t, a[at], (uint32_t)a[at + 1], nr == __NR_bind ? LP_PATH_NOFOLLOW | LP_PATH_NEW : 0, &n);
    if (r <= 0)
        return r ? r : lp_sys_block(t, a);
    r = lp_fd_check(t, (int)a[0]);
    if (!r && at == 4 && !lp_user(t, a[1], a[2], &data))
        r = -EFAULT;
    int64_t res = r;
    if (!r && at == 4)
        res = lp_host_syscall(t, nr, (int)a[0], (long)(intptr_t)data, (long)a[2], (long)a[3], (long)(intptr_t)&n.addr, n.len);
    else if (!r)
        res = lp_host_syscall(t, nr, (int)a[0], (long)(intptr_t)&n.addr, n.len, 0, 0, 0);
    lp_sockname_done(t->k, &n);
    return res;
}

/* accept, accept4, getsockname, getpeername, recvfrom: address and where its length is. */
LP_SYSCALL(naming)
{
    int at = t->call.row->host_nr == __NR_recvfrom ? 4 : 1;
    uint32_t size = 0, len;
    bool look = t->k->sysroot && a[at] && a[at + 1] && lp_get(t, &size, a[at + 1], sizeof size) == 0;
    int64_t r = lp_sys_block(t, a);
    if (r < 0 || !look || lp_get(t, &len, a[at + 1], sizeof len))
        return r;
    uint32_t host_len = len;
    lp_sockname_shown(t, a[at], size, &len);
    if (len != host_len)
        lp_put(t, a[at + 1], &len, sizeof len);
    return r;
}
