/* kernel/path.c - path arguments: copied, looked up in the sysroot, and /proc/self made the guest's. */
#include <config.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/text.h"
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/kernel.h"
#include "kernel/proc.h"
#include "kernel/sysroot.h"

/* Could a relative path with this end be a file of /proc/self that is not the engine's? Most names stop here. */
static bool may_be_special(const char *path)
{
    static const char *const names[] = {"exe", "mem", "maps", "cmdline", "environ", "auxv", "stat", "statm", "status", "smaps", "smaps_rollup",
                                        "numa_maps", "pagemap", "limits", "cwd", "root"};
    const char *last = lp_base_name(path);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(last, names[i]))
            return true;
    return isdigit((unsigned char)*last) != 0;
}

/* A path relative to a directory of /proc, made absolute in place. */
static void make_absolute(char *path, size_t size, int dirfd)
{
    char dir[256];
    ssize_t n = lp_fd_path(dirfd, dir, sizeof dir);
    if (n < 6 || n >= (ssize_t)sizeof dir - 1 || (size_t)n + strlen(path) + 2 > size)
        return;
    if (strncmp(dir, "/proc/", 6) != 0 && strcmp(dir, "/proc") != 0)
        return;
    while (path[0] == '.' && path[1] == '/')
        memmove(path, path + 2, strlen(path + 2) + 1);
    memmove(path + n + 1, path, strlen(path) + 1);
    memcpy(path, dir, (size_t)n);
    path[n] = '/';
}

/* Does the component before `slash` lead elsewhere than it says: cwd, root, exe, fd/3, task/3/cwd ...? */
static bool is_magic(const char *path, const char *slash)
{
    const char *p = slash, *q;
    while (p > path && p[-1] != '/')
        p--;
    for (q = p > path ? p - 1 : p; q > path && q[-1] != '/'; q--)
        ;
    return !strncmp(p, "cwd/", 4) || !strncmp(p, "root/", 5) || !strncmp(p, "exe/", 4) || !strncmp(q, "fd/", 3) || !strncmp(q, "ns/", 3);
}

/* A name below /proc without what says nothing: //, /. and, behind a folder, /.. */
static void tidy(char *path)
{
    char *out = path;
    for (const char *p = path; *p;) {
        const char *next = p + 1 + strspn(p + 1, "/");
        size_t n = strcspn(next, "/");
        if (n == 1 && next[0] == '.') {
            p = next + n;
            continue;
        }
        if (n == 2 && !memcmp(next, "..", 2)) {
            *out = '/';
            if (!is_magic(path, out)) {
                while (out > path && *--out != '/')
                    ;
                p = next + n;
                continue;
            }
        }
        *out++ = '/';
        memmove(out, next, n);
        out += n;
        p = next + n;
    }
    if (out == path)
        *out++ = '/';
    *out = 0;
}

static bool is_below_proc(const char *path)
{
    const char *p = path + strspn(path, "/.");
    return path[0] == '/' && p[-1] == '/' && !strncmp(p, "proc/", 5);
}

int lp_user_path_how(struct lp_thread *t, int slot, int dirfd, uint64_t addr, unsigned how, const char **out)
{
    char *path = t->path[slot], buf[PATH_MAX];
    int64_t n = lp_get_str(t, path, addr, sizeof t->path[slot]);
    if (n < 0)
        return (int)n;
    *out = path;
    if (path[0] != '/' && may_be_special(path))
        make_absolute(path, sizeof t->path[slot], dirfd);
    if (is_below_proc(path))
        tidy(path);
    const char *name = lp_proc_self(path);
    if (name && !lp_sysroot_has_proc(t->k))
        name = NULL;
    const bool as_is = how & (LP_PATH_NOFOLLOW | LP_PATH_NOLINKS | LP_PATH_NOMAGIC);
    if (name && !strcmp(name, "exe") && t->k->exe && !as_is) {
        if (t->k->exe_fd >= 0)
            snprintf(path, sizeof t->path[slot], "/proc/self/fd/%d", t->k->exe_fd);
        else
            *out = t->k->exe;
        return 0;
    }
    if (!name && !as_is && lp_proc_other_exe(path, buf)) {
        strcpy(path, buf);
        return 0;
    }
    if (name && !strncmp(name, "fd/", 3) && isdigit((unsigned char)name[3]) && lp_fd_hidden(t->k, atoi(name + 3)))
        return -ENOENT;
    if (name || !t->k->sysroot)
        return 0;
    int r = lp_sysroot_find_at(t->k, dirfd, path, how, buf, out);
    if (r == 0 && *out == buf)
        *out = strcpy(path, buf);
    return r;
}

int lp_user_path_at(struct lp_thread *t, int slot, int dirfd, uint64_t addr, const char **out)
{
    return lp_user_path_how(t, slot, dirfd, addr, 0, out);
}

int lp_user_path(struct lp_thread *t, int slot, uint64_t addr, const char **out) { return lp_user_path_at(t, slot, AT_FDCWD, addr, out); }

/* ---- the current directory ---- */
/* chdir, fchdir */
LP_SYSCALL(chdir)
{
    int64_t r = lp_sys_pass(t, a);
    if (r == 0)
        lp_sysroot_moved(t->k);
    return r;
}

/* Linux's word for a folder outside the root. */
static const char *unreachable(char *dir, size_t size)
{
    static const char word[] = "(unreachable)";
    size_t n = strlen(dir) + 1, m = sizeof word - 1;
    if (n + m <= size) {
        memmove(dir + m, dir, n);
        memcpy(dir, word, m);
    }
    return dir;
}

LP_SYSCALL(getcwd)
{
    char buf[PATH_MAX];
    int64_t n = LP_HOST2(__NR_getcwd, buf, sizeof buf);
    if (n < 0)
        return n;
    const char *dir = lp_sysroot_guest(t->k, buf);
    if (dir == buf && lp_sysroot_other(t->k))
        dir = unreachable(buf, sizeof buf);
    size_t len = strlen(dir) + 1;
    if (a[1] < len)
        return -ERANGE;
    int r = lp_put(t, a[0], dir, len);
    return r ? r : (int64_t)len;
}
