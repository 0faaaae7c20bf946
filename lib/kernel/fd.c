/* kernel/fd.c - the descriptor table that guest and engine share: where the engine's live, and close, dup3, close_range around them.
 *
 * Engine descriptors are placed from first_engine_fd up (kernel.c), above what programs use, with the host's limit raised for a moment. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "base/file.h"
#include "base/os.h"
#include "kernel/copy.h"
#include "kernel/flags.h"
#include "kernel/host.h"
#include "kernel/kernel.h"
#include "kernel/signal.h"

/* Unsigned: a guest may name any descriptor, INT_MIN too. */
static unsigned slot_of(const struct lp_kernel *k, int fd) { return (unsigned)fd - (unsigned)k->first_engine_fd; }

bool lp_fd_hidden(const struct lp_kernel *k, int fd)
{
    unsigned n = slot_of(k, fd);
    return fd >= 0 && n < LP_ENGINE_FDS && k->engine_fd_used[n / 64] >> n % 64 & 1;
}

static void note_slot(struct lp_kernel *k, int fd, bool taken)
{
    const unsigned n = slot_of(k, fd);
    const uint64_t bit = UINT64_C(1) << n % 64;
    if (taken) k->engine_fd_used[n / 64] |= bit;
    else k->engine_fd_used[n / 64] &= ~bit;
}

ssize_t lp_fd_path(int fd, char *out, size_t size)
{
    char link[40];
    snprintf(link, sizeof link, fd == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, size - 1);
    out[n < 0 ? 0 : n] = 0;
    return n < 0 ? -errno : n;
}

int lp_fd_check(struct lp_thread *t, int fd) { return lp_fd_hidden(t->k, fd) ? -EBADF : 0; }

/* Room for the engine's numbers, with limit_lock held until leave_room(); *old is for that. If it fails, nothing is held. */
static int enter_room(struct lp_kernel *k, struct rlimit *old)
{
    pthread_mutex_lock(&k->limit_lock);
    int r = getrlimit(RLIMIT_NOFILE, old) ? -errno : 0;
    if (r == 0) {
        struct rlimit high = {(rlim_t)k->first_engine_fd + LP_ENGINE_FDS, old->rlim_max};
        r = old->rlim_cur < high.rlim_cur && setrlimit(RLIMIT_NOFILE, &high) ? -errno : 0;
    }
    if (r)
        pthread_mutex_unlock(&k->limit_lock);
    return r;
}

static void leave_room(struct lp_kernel *k, const struct rlimit *old)
{
    setrlimit(RLIMIT_NOFILE, old);
    pthread_mutex_unlock(&k->limit_lock);
}

/* The copy on a number from first_engine_fd up; the old number is free again. The room is entered. */
static int move_high(struct lp_kernel *k, int fd)
{
    int n = fcntl(fd, F_DUPFD_CLOEXEC, k->first_engine_fd);
    if (n < 0)
        return -errno;
    if (slot_of(k, n) >= LP_ENGINE_FDS) {
        close(n);
        return -EMFILE;
    }
    note_slot(k, n, true);
    close(fd);
    return n;
}

/* The same of one that was just made, or -errno of what made it: closed if it cannot be moved. */
static int move_new(struct lp_kernel *k, int fd)
{
    int r = fd < 0 ? -errno : move_high(k, fd);
    if (r < 0 && fd >= 0)
        close(fd);
    return r;
}

int lp_fd_hide(struct lp_kernel *k, int fd)
{
    struct rlimit old;
    int r = enter_room(k, &old);
    if (r)
        return r;
    r = move_high(k, fd);
    leave_room(k, &old);
    return r;
}

int lp_fd_open(struct lp_kernel *k, const char *path, int flags)
{
    struct rlimit old;
    int r = enter_room(k, &old);
    if (r)
        return r;
    r = move_new(k, open(path, flags | O_CLOEXEC));
    leave_room(k, &old);
    return r;
}

int lp_fd_accept(struct lp_kernel *k, int listener)
{
    struct rlimit old;
    int r = enter_room(k, &old);
    if (r)
        return r;
    r = move_new(k, lp_os_accept(listener));
    leave_room(k, &old);
    return r;
}

int lp_fd_pidfd(struct lp_kernel *k, pid_t pid, int at)
{
    struct rlimit old;
    int r = enter_room(k, &old);
    if (r)
        return r;
    int fd = (int)LP_HOST2(__NR_pidfd_open, pid, 0);
    r = fd < 0 ? fd : (int)LP_HOST3(__NR_dup3, fd, at, O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    leave_room(k, &old);
    return r < 0 ? r : 0;
}

int lp_fd_memory(struct lp_kernel *k, const char *name, unsigned flags, const void *data, size_t n)
{
    const struct timespec now = {0, 0};
    const uint64_t too_large = UINT64_C(1) << (SIGXFSZ - 1);
    struct rlimit old, high;
    int fd = memfd_create(name, flags);
    if (fd < 0)
        return -errno;
    pthread_mutex_lock(&k->limit_lock);
    uint64_t mask = lp_sighost_block_all();
    getrlimit(RLIMIT_FSIZE, &old);
    high = (struct rlimit){old.rlim_max, old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &high);
    int e = lp_write_all(fd, data, n);
    if (e == EFBIG) /* the hard limit; its signal is not the guest's doing */
        LP_HOST4(__NR_rt_sigtimedwait, &too_large, NULL, &now, 8);
    setrlimit(RLIMIT_FSIZE, &old);
    LP_HOST4(__NR_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
    pthread_mutex_unlock(&k->limit_lock);
    if (!e && lseek(fd, 0, SEEK_SET) < 0)
        e = errno;
    if (e)
        close(fd);
    return e ? -e : fd;
}

void lp_fd_unhide(struct lp_kernel *k, int fd)
{
    pthread_mutex_lock(&k->limit_lock);
    if (lp_fd_hidden(k, fd)) {
        note_slot(k, fd, false);
        close(fd);
    }
    pthread_mutex_unlock(&k->limit_lock);
}

LP_SYSCALL(close)
{
    int r = lp_fd_check(t, (int)a[0]);
    return r ? r : lp_host_syscall(t, __NR_close, (int)a[0], 0, 0, 0, 0, 0);
}

LP_SYSCALL(dup3)
{
    int r = lp_open_flags_unknown((uint32_t)a[2]) ? -EINVAL : lp_fd_check(t, (int)a[0]);
    if (!r)
        r = lp_fd_check(t, (int)a[1]);
    return r ? r : LP_HOST3(__NR_dup3, (int)a[0], (int)a[1], lp_open_flags_to_host((uint32_t)a[2]));
}

/* One host call per stretch between the engine's descriptors. */
LP_SYSCALL(close_range)
{
    uint64_t first = (uint32_t)a[0], last = (uint32_t)a[1];
    int64_t r = first > last ? -EINVAL : 0;
    for (int i = 0; i <= LP_ENGINE_FDS && r == 0 && first <= last; i++) {
        uint64_t fd = (uint64_t)t->k->first_engine_fd + (uint64_t)i;
        if (i < LP_ENGINE_FDS && (!lp_fd_hidden(t->k, (int)fd) || fd < first || fd > last))
            continue;
        uint64_t stop = i < LP_ENGINE_FDS ? fd : last + 1; /* exclusive */
        if (first < stop)
            r = LP_HOST3(__NR_close_range, first, stop - 1, (uint32_t)a[2]);
        first = stop + 1;
    }
    return r;
}

LP_SYSCALL(pipe2)
{
    int fd[2];
    if (lp_open_flags_unknown((uint32_t)a[1]))
        return -EINVAL;
    int64_t r = LP_HOST2(__NR_pipe2, fd, lp_open_flags_to_host((uint32_t)a[1]));
    if (r == 0 && lp_put(t, a[0], fd, sizeof fd)) {
        close(fd[0]);
        close(fd[1]);
        r = -EFAULT;
    }
    return r;
}
