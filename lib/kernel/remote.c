/* kernel/remote.c - the memory of other processes: process_vm_readv, process_vm_writev, process_madvise.
 *
 * A process under lprun has its guest's memory at an offset. It says which in `window`, a place in the engine's writable data, which is at the
 * same offset in the same file of each of these processes. Whoever does not have it is a program of the host, whose addresses are its own. */
#include <config.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/remote.h"

#define MARK UINT64_C(0x2d706c34366d7261) /* "arm64lp-" */
static struct window { uint64_t mark, version; struct lp_guest guest; } window = {.mark = MARK, .version = 2};
static const struct window identity = {.mark = MARK, .version = 2, .guest.limit = UINT64_MAX};

void lp_remote_announce(const struct lp_mem *m)
{
    window.guest.base = (uint64_t)(uintptr_t)lp_mem_base(m);
    window.guest.limit = lp_mem_limit(m);
}

void lp_remote_program(const struct lp_kernel *k)
{
    struct lp_guest *g = &window.guest;
    g->arg_start = k->image.arg_start;
    g->arg_end = k->image.arg_end;
    g->env_end = k->image.env_end;
    snprintf(g->exe, sizeof g->exe, "%s", k->exe ? k->exe : "");
}

const struct lp_guest *lp_remote_own(void) { return &window.guest; }

/* ---- where another process has its guest ---- */

struct line { uint64_t start, end, off, ino; unsigned major, minor; char rights[5]; };

static bool read_line(FILE *f, struct line *l)
{
    char text[512];
    while (fgets(text, sizeof text, f)) {
        bool whole = strchr(text, '\n') != NULL;
        int n = sscanf(text, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64, &l->start, &l->end, l->rights, &l->off, &l->major, &l->minor, &l->ino);
        for (int c = 0; !whole && c != '\n' && c != EOF;)
            c = getc(f);
        if (n == 7)
            return true;
    }
    return false;
}

static FILE *open_maps(int pid)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    return fopen(path, "re");
}

/* The file and offset of this process's window; ino 0 = not found. */
static struct line own_place(void)
{
    const uint64_t at = (uint64_t)(uintptr_t)&window;
    struct line l, found = {0};
    FILE *f = open_maps((int)getpid());
    while (f && !found.ino && read_line(f, &l))
        if (l.start <= at && at < l.end) {
            found = l;
            found.off += at - l.start;
        }
    if (f)
        fclose(f);
    return found;
}

static bool read_window(int pid, uint64_t at, struct window *w)
{
    struct iovec local = {w, sizeof *w}, remote = {(void *)(uintptr_t)at, sizeof *w};
    return lp_host_raw(__NR_process_vm_readv, pid, (long)(intptr_t)&local, 1, (long)(intptr_t)&remote, 1, 0) == sizeof *w && w->mark == MARK &&
           w->version == window.version;
}

static struct window find_window(int pid)
{
    struct window w = identity;
    struct line own, l;
    if (pid == getpid())
        return window;
    own = own_place();
    FILE *f = own.ino ? open_maps(pid) : NULL;
    bool found = false;
    while (f && !found && read_line(f, &l))
        found = l.ino == own.ino && l.major == own.major && l.minor == own.minor && l.rights[1] == 'w' && own.off >= l.off &&
                own.off - l.off < l.end - l.start && read_window(pid, l.start + (own.off - l.off), &w);
    if (f)
        fclose(f);
    return found ? w : identity;
}

/* Most processes are told apart by their program. */
static bool runs_lprun(int pid)
{
    char link[32], own[PATH_MAX], other[PATH_MAX];
    snprintf(link, sizeof link, "/proc/%d/exe", pid);
    ssize_t n = readlink(link, other, sizeof other);
    return n > 0 && readlink("/proc/self/exe", own, sizeof own) == n && !memcmp(own, other, (size_t)n);
}

bool lp_remote_find(int pid, struct lp_guest *out)
{
    if (pid <= 0 || pid == getpid() || !runs_lprun(pid))
        return false;
    struct window w = find_window(pid);
    *out = w.guest;
    return w.guest.base && w.guest.arg_end;
}

int lp_remote_read(int pid, const struct lp_guest *g, void *dst, uint64_t addr, size_t len)
{
    struct iovec local = {dst, len}, remote = {(void *)(uintptr_t)(g->base + addr), len};
    if (addr >= g->limit || len > g->limit - addr)
        return -EFAULT;
    int64_t n = lp_host_raw(__NR_process_vm_readv, pid, (long)(intptr_t)&local, 1, (long)(intptr_t)&remote, 1, 0);
    return n < 0 ? (int)n : (size_t)n == len ? 0 : -EFAULT;
}

/* The other's addresses made host addresses; what is outside is a hole, where the host stops. */
static int to_remote(struct lp_thread *t, const struct window *w, uint64_t addr, uint64_t n, struct iovec *iov)
{
    if (n > LP_IOV_MAX)
        return -EINVAL;
    int r = lp_get(t, iov, addr, n * sizeof *iov);
    for (uint64_t i = 0; i < n && !r; i++) {
        uint64_t at = w->guest.base ? lp_mem_untag((uint64_t)(uintptr_t)iov[i].iov_base) : (uint64_t)(uintptr_t)iov[i].iov_base;
        if ((int64_t)iov[i].iov_len < 0)
            return -EINVAL;
        bool inside = at < w->guest.limit && iov[i].iov_len <= w->guest.limit - at;
        iov[i].iov_base = (void *)(uintptr_t)(inside ? w->guest.base + at : 16);
    }
    return r;
}

LP_SYSCALL(process_vm)
{
    struct iovec local[LP_IOV_MAX], remote[LP_IOV_MAX];
    const int pid = (int)a[0];
    if (a[5])
        return -EINVAL;
    int r = lp_user_iov(t, a[1], a[2], local);
    struct window w = find_window(pid);
    if (!r)
        r = to_remote(t, &w, a[3], a[4], remote);
    return r ? r : lp_host_raw(t->call.row->host_nr, pid, (long)(intptr_t)local, (long)a[2], (long)(intptr_t)remote, (long)a[4], 0);
}

/* ---- advice ---- */

/* Its "Pid:", which is -1 for a process that has ended. */
#define NO_PIDFD (-2)
static int pid_of(int pidfd)
{
    char path[48], line[128];
    int pid = NO_PIDFD;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pidfd);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f) && sscanf(line, "Pid: %d", &pid) != 1)
        ;
    if (f)
        fclose(f);
    return pid;
}

/* Its own memory: what is patched keeps its content (lp_mem_madvise). Bytes that were advised, or the first error. */
static int64_t advise_own(struct lp_thread *t, const struct iovec *iov, uint64_t n, int advice)
{
    int64_t done = 0;
    for (uint64_t i = 0; i < n; i++) {
        int r = lp_mem_madvise(t->k->mem, (uint64_t)(uintptr_t)iov[i].iov_base, iov[i].iov_len, advice);
        if (r)
            return done ? done : r;
        done += (int64_t)iov[i].iov_len;
    }
    return done;
}

/* MADV_WILLNEED, COLD, PAGEOUT, COLLAPSE: nothing that drops content. */
LP_SYSCALL(process_madvise)
{
    struct iovec iov[LP_IOV_MAX];
    const int advice = (int)a[3];
    int r = lp_fd_check(t, (int)a[0]), pid;
    if (r)
        return r;
    if ((uint32_t)a[4] || (advice != 3 && advice != 20 && advice != 21 && advice != 25))
        return -EINVAL;
    if ((pid = pid_of((int)a[0])) <= 0)
        return pid == NO_PIDFD ? -EBADF : -ESRCH;
    struct window w = pid == getpid() ? identity : find_window(pid);
    if ((r = to_remote(t, &w, a[1], a[2], iov)) != 0)
        return r;
    return pid == getpid() ? advise_own(t, iov, a[2], advice) : lp_host_raw(__NR_process_madvise, (int)a[0], (long)(intptr_t)iov, (long)a[2], advice, 0, 0);
}
