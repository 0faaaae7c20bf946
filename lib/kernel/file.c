/* kernel/file.c - opening, status and contents of files and directories where guest and host differ. */
#include <config.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "kernel/copy.h"
#include "kernel/flags.h"
#include "kernel/host.h"
#include "kernel/kernel.h"
#include "kernel/proc.h"
#include "kernel/process.h"
#include "kernel/sysroot.h"

static unsigned open_how(uint64_t flags)
{
    bool create = flags & LP_O_CREAT;
    return (flags & LP_O_NOFOLLOW || (create && flags & LP_O_EXCL) ? LP_PATH_NOFOLLOW : 0) | (create ? LP_PATH_NEW : 0);
}

LP_SYSCALL(openat)
{
    const char *path;
    int r = lp_user_path_how(t, 0, (int)a[0], a[1], open_how(a[2]), &path);
    if (!r)
        r = lp_fd_check(t, (int)a[0]);
    if (r)
        return r;
    int64_t fd = lp_proc_open(t->k, path, (uint32_t)a[2]);
    if (fd != -ENOSYS)
        return fd;
    fd = lp_host_syscall(t, __NR_openat, (int)a[0], (long)(intptr_t)path, lp_open_flags_to_host((uint32_t)a[2]), (long)a[3], 0, 0);
    return lp_proc_opened(t->k, fd, (uint32_t)a[2]);
}

/* Not below the descriptor but in the guest's own tree: RESOLVE_BENEATH, RESOLVE_IN_ROOT. */
#define RESOLVE_SELF_CONTAINED 0x18
static unsigned resolve_how(uint64_t resolve) /* RESOLVE_NO_MAGICLINKS is 2, RESOLVE_NO_SYMLINKS 4 and the other too */
{
    return (resolve & 6 ? LP_PATH_NOMAGIC : 0) | (resolve & 4 ? LP_PATH_NOLINKS : 0);
}
static int copy_path(struct lp_thread *t, uint64_t addr, const char **out)
{
    int64_t n = lp_get_str(t, t->path[0], addr, sizeof t->path[0]);
    *out = t->path[0];
    return n < 0 ? (int)n : 0;
}

/* struct open_how { u64 flags, mode, resolve; } may grow. */
LP_SYSCALL(openat2)
{
    uint64_t how[3];
    const char *path;
    if (a[3] < sizeof how)
        return -EINVAL;
    int r = lp_get_growing(t, how, sizeof how, a[2], a[3]);
    if (!r && lp_open_flags_unknown(how[0]))
        r = -EINVAL;
    if (!r)
        r = how[2] & RESOLVE_SELF_CONTAINED ? copy_path(t, a[1], &path)
                                            : lp_user_path_how(t, 0, (int)a[0], a[1], open_how(how[0]) | resolve_how(how[2]), &path);
    if (!r)
        r = lp_fd_check(t, (int)a[0]);
    if (r)
        return r;
    int64_t fd = how[2] ? -ENOSYS : lp_proc_open(t->k, path, (uint32_t)how[0]);
    if (fd != -ENOSYS)
        return fd;
    const uint32_t flags = (uint32_t)how[0];
    how[0] = (uint64_t)lp_open_flags_to_host(flags);
    fd = lp_host_syscall(t, __NR_openat2, (int)a[0], (long)(intptr_t)path, (long)(intptr_t)how, sizeof how, 0, 0);
    return lp_proc_opened(t->k, fd, flags);
}

/* What readlinkat gives, in as many bytes as the guest wants. */
static int64_t put_link(struct lp_thread *t, const uint64_t *a, const char *text)
{
    size_t n = strlen(text);
    if (n > (size_t)(int)a[3])
        n = (size_t)(int)a[3];
    int r = lp_put(t, a[2], text, n);
    return r ? r : (int64_t)n;
}

/* cwd, fd/3 ...: files as the guest names them. */
static int64_t proc_link(struct lp_thread *t, const uint64_t *a, const char *path)
{
    char text[PATH_MAX];
    int64_t n = LP_HOST4(__NR_readlinkat, AT_FDCWD, (intptr_t)path, (intptr_t)text, sizeof text - 1);
    if (n < 0)
        return n;
    text[n] = 0;
    return put_link(t, a, lp_sysroot_guest(t->k, text));
}

/* /proc/self/exe names the program, whatever has become of its name. */
static int64_t own_exe(struct lp_thread *t, const uint64_t *a)
{
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", t->k->exe_fd);
    return t->k->exe_fd >= 0 ? proc_link(t, a, link) : put_link(t, a, lp_sysroot_guest(t->k, t->k->exe));
}

LP_SYSCALL(readlinkat)
{
    const char *path;
    void *buf;
    int r = lp_user_path_how(t, 0, (int)a[0], a[1], LP_PATH_NOFOLLOW, &path);
    if (!r)
        r = lp_fd_check(t, (int)a[0]);
    if (r)
        return r;
    if ((int)a[3] <= 0)
        return -EINVAL;
    const char *name = lp_proc_self(path);
    if (name && !strcmp(name, "exe") && t->k->exe)
        return own_exe(t, a);
    char exe[PATH_MAX];
    if (!name && lp_proc_other_exe(path, exe))
        return put_link(t, a, lp_sysroot_guest(t->k, exe));
    if (t->k->sysroot && !strncmp(path, "/proc/", 6))
        return proc_link(t, a, path);
    if (!lp_user(t, a[2], (uint64_t)(int)a[3], &buf))
        return -EFAULT;
    return LP_HOST4(__NR_readlinkat, (int)a[0], (intptr_t)path, (intptr_t)buf, (int)a[3]);
}

static int64_t put_stat(struct lp_thread *t, uint64_t addr, int64_t r, const struct stat *st)
{
    struct lp_stat g;
    if (r < 0)
        return r;
    lp_stat_from_host(&g, st);
    return lp_put(t, addr, &g, sizeof g);
}

LP_SYSCALL(newfstatat)
{
    struct stat st;
    const char *path = NULL; /* with AT_EMPTY_PATH that is a name, too, since Linux 6.11 */
    int r = !a[1] && a[3] & AT_EMPTY_PATH ? 0 : lp_user_path_how(t, 0, (int)a[0], a[1], a[3] & AT_SYMLINK_NOFOLLOW ? LP_PATH_NOFOLLOW : 0, &path);
    if (!r)
        r = lp_fd_check(t, (int)a[0]);
    if (r)
        return r;
    return put_stat(t, a[2], LP_HOST4(__NR_newfstatat, (int)a[0], (intptr_t)path, (intptr_t)&st, (int)a[3]), &st);
}

LP_SYSCALL(fstat)
{
    struct stat st;
    int r = lp_fd_check(t, (int)a[0]);
    return r ? r : put_stat(t, a[1], LP_HOST2(__NR_fstat, (int)a[0], (intptr_t)&st), &st);
}

/* F_ commands by what their argument is; all numbers are generic. */
enum { ARG_VALUE, ARG_LOCK, ARG_OWNER, ARG_U64, ARG_FLAGS, ARG_NONE };
static const struct { int cmd, kind; } fcntl_args[] = {
    {F_DUPFD, ARG_VALUE}, {F_DUPFD_CLOEXEC, ARG_VALUE}, {F_GETFD, ARG_NONE}, {F_SETFD, ARG_VALUE}, {F_GETFL, ARG_FLAGS},
    {F_SETFL, ARG_FLAGS}, {F_GETLK, ARG_LOCK}, {F_SETLK, ARG_LOCK}, {F_SETLKW, ARG_LOCK}, {36, ARG_LOCK}, {37, ARG_LOCK},
    {38, ARG_LOCK}, /* F_OFD_GETLK, _SETLK, _SETLKW */ {F_SETOWN, ARG_VALUE}, {F_GETOWN, ARG_NONE}, {10, ARG_VALUE}, /* F_SETSIG */
    {11, ARG_NONE}, /* F_GETSIG */ {15, ARG_OWNER}, {16, ARG_OWNER}, /* F_SETOWN_EX, F_GETOWN_EX */ {1024, ARG_VALUE}, /* F_SETLEASE */
    {1025, ARG_NONE}, /* F_GETLEASE */ {1026, ARG_VALUE}, /* F_NOTIFY */ {1031, ARG_VALUE}, {1032, ARG_NONE}, /* F_SETPIPE_SZ, F_GETPIPE_SZ */
    {1033, ARG_VALUE}, {1034, ARG_NONE}, /* F_ADD_SEALS, F_GET_SEALS */ {17, ARG_U64}, /* F_GETOWNER_UIDS */
    {1027, ARG_VALUE}, {1028, ARG_NONE}, /* F_DUPFD_QUERY F_CREATED_QUERY */
    {1035, ARG_U64}, {1036, ARG_U64}, {1037, ARG_U64}, {1038, ARG_U64},
};

static int fcntl_kind(int cmd)
{
    for (size_t i = 0; i < sizeof fcntl_args / sizeof fcntl_args[0]; i++)
        if (fcntl_args[i].cmd == cmd)
            return fcntl_args[i].kind;
    return -1;
}

LP_SYSCALL(fcntl)
{
    static const unsigned size[] = {[ARG_LOCK] = 32, [ARG_OWNER] = 8, [ARG_U64] = 8};
    int fd = (int)a[0], cmd = (int)a[1], kind = fcntl_kind(cmd), r = lp_fd_check(t, fd);
    long arg = (long)a[2];
    void *p;
    if (r)
        return r;
    if (kind < 0)
        return -EINVAL;
    if (kind == ARG_LOCK || kind == ARG_OWNER || kind == ARG_U64) {
        if (!lp_user(t, a[2], size[kind], &p))
            return -EFAULT;
        arg = (long)(intptr_t)p;
    }
    if (cmd == F_SETFL)
        arg = lp_open_flags_to_host((uint32_t)a[2]);
    int64_t res = lp_host_syscall(t, __NR_fcntl, fd, cmd, arg, 0, 0, 0);
    return cmd == F_GETFL && res >= 0 ? lp_open_flags_from_host(res) : res;
}

/* ---- getdents64 ---- */
struct dirent64 {
    uint64_t ino;
    int64_t off;
    uint16_t reclen;
    uint8_t type;
    char name[];
};

/* /proc/.../fd and fdinfo list descriptors, /proc/PID/task threads; any other folder may hold files with such names. */
enum kind { UNKNOWN, DESCRIPTORS, THREADS, FILES };
static enum kind kind_of(int fd)
{
    char path[256];
    if (lp_fd_path(fd, path, sizeof path) < 0)
        return FILES;
    const char *last = strrchr(path, '/');
    if (strncmp(path, "/proc/", 6) || !last)
        return FILES;
    if (!strcmp(last, "/task"))
        return atoi(path + 6) == getpid() ? THREADS : FILES;
    return !strcmp(last, "/fd") || !strcmp(last, "/fdinfo") ? DESCRIPTORS : FILES;
}

static bool is_guest_thread(struct lp_kernel *k, int tid)
{
    pthread_mutex_lock(&k->thread_lock);
    bool found = lp_thread_find(k, tid) != NULL;
    pthread_mutex_unlock(&k->thread_lock);
    return found || tid == getpid();
}

/* Is it the engine's? The folder is looked at for the first candidate only. */
static bool is_hidden_entry(struct lp_kernel *k, int fd, const char *name, enum kind *kind)
{
    if (!isdigit((unsigned char)*name))
        return false;
    int n = atoi(name);
    if (*kind == UNKNOWN && (lp_fd_hidden(k, n) || !is_guest_thread(k, n)))
        *kind = kind_of(fd);
    return *kind == DESCRIPTORS ? lp_fd_hidden(k, n) : *kind == THREADS && !is_guest_thread(k, n);
}

static int64_t drop_hidden(struct lp_kernel *k, int fd, char *buf, int64_t n)
{
    int64_t out = 0;
    enum kind kind = UNKNOWN;
    for (int64_t at = 0; at < n && kind != FILES;) {
        const struct dirent64 *d = (const void *)(buf + at);
        int64_t len = d->reclen;
        if (!is_hidden_entry(k, fd, d->name, &kind)) {
            memmove(buf + out, buf + at, (size_t)len);
            out += len;
        }
        at += len;
    }
    return kind == FILES ? n : out; /* nothing has been dropped, nor moved, before the first candidate */
}

LP_SYSCALL(getdents64)
{
    _Alignas(8) char buf[32768];
    uint32_t size = (uint32_t)a[2] < sizeof buf ? (uint32_t)a[2] : sizeof buf;
    int r = lp_fd_check(t, (int)a[0]);
    if (r)
        return r;
    int64_t n, kept;
    do {
        n = LP_HOST3(__NR_getdents64, (int)a[0], (intptr_t)buf, size);
        kept = n > 0 ? drop_hidden(t->k, (int)a[0], buf, n) : n;
    } while (n > 0 && kept == 0); /* all of them hidden is not the end */
    if (kept > 0 && (r = lp_put(t, a[1], buf, (size_t)kept)) != 0)
        return r;
    return kept;
}

/* readv, writev, preadv, pwritev, preadv2, pwritev2, vmsplice: the position's upper half (a[4]) is 0 on 64-bit. */
LP_SYSCALL(iov)
{
    struct iovec iov[LP_IOV_MAX];
    int r = lp_fd_check(t, (int)a[0]);
    if (!r)
        r = lp_user_iov(t, a[1], a[2], iov);
    if (r)
        return r;
    return lp_host_syscall(t, t->call.row->host_nr, (int)a[0], (long)(intptr_t)iov, (long)a[2], (long)a[3], 0, (long)a[5]);
}

/* setxattrat, getxattrat: struct xattr_args { u64 value; u32 size, flags; } may grow. */
LP_SYSCALL(xattrat)
{
    struct { uint64_t value; uint32_t size, flags; } args;
    long h[6];
    void *value;
    if (a[5] < sizeof args)
        return -EINVAL;
    int r = lp_get_growing(t, &args, sizeof args, a[4], a[5]);
    if (!r)
        r = lp_convert(t, "DsAS", a, h);
    if (r)
        return r;
    if (!lp_user(t, args.value, args.size, &value))
        return -EFAULT;
    args.value = (uint64_t)(uintptr_t)value;
    return lp_host_raw(t->call.row->host_nr, h[0], h[1], h[2], h[3], (long)(intptr_t)&args, sizeof args);
}
