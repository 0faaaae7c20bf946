/* kernel/root.c - chroot, pivot_root and mount: where names of files begin; other namespaces: unshare and setns. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/process.h"
#include "kernel/sysroot.h"

/* May the guest do it? The host's chroot to where it is says so, and changes nothing. */
static int check_root(int fd)
{
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (faccessat(AT_FDCWD, link, X_OK, AT_EACCESS))
        return -errno;
    return (int)LP_HOST1(__NR_chroot, "/");
}

/* The root of the guest's names is another one; the host's stays (sysroot.h). */
LP_SYSCALL(chroot)
{
    const char *path;
    char dir[PATH_MAX];
    int r = lp_user_path(t, 0, a[0], &path);
    int fd = r ? r : lp_fd_open(t->k, path, O_PATH | O_DIRECTORY);
    if (fd < 0)
        return fd;
    r = check_root(fd);
    ssize_t n = r ? r : lp_fd_path(fd, dir, sizeof dir);
    lp_fd_unhide(t->k, fd);
    return n < 0 ? n : lp_sysroot_enter(t->k, dir);
}

/* The host's root is another one by now, and all that there is. */
LP_SYSCALL(pivot_root)
{
    int64_t r = lp_sys_pass(t, a);
    return r == 0 && t->k->sysroot ? lp_sysroot_enter(t->k, "/") : r;
}

/* What a mount at "/" passes on is a matter of the host's root: a sysroot is a folder, no mount. Of MS_BIND and MS_MOVE the source is a file too. */
LP_SYSCALL(mount)
{
    const uint64_t how = MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;
    char target[2] = "";
    if (a[3] & how && !t->k->sysroot_alone && lp_get_str(t, target, a[1], sizeof target) == 1 && target[0] == '/')
        return lp_pass(t, "SSSxS", a);
    return lp_pass(t, a[3] & (MS_BIND | MS_MOVE) && a[0] ? "ssSxS" : "SsSxS", a);
}

/* ---- for processes with one thread ---- */

enum { GONE_MS = 1000 };

static bool is_single(struct lp_thread *t)
{
    pthread_mutex_lock(&t->k->thread_lock);
    bool one = t->k->alive == 1 && !t->k->shared;
    pthread_mutex_unlock(&t->k->thread_lock);
    return one;
}

/* A thread that was joined may still be on its way out. */
static void wait_for_threads(void)
{
    const struct timespec tick = {0, 1000000};
    struct stat st;
    for (int ms = 0; ms < GONE_MS && stat("/proc/self/task", &st) == 0 && st.st_nlink > 3; ms++) /* ., .. and one thread */
        nanosleep(&tick, NULL);
}

static void tell_alone(struct lp_kernel *k, bool begin)
{
    for (struct lp_fork_hook *h = k->fork_hooks; h; h = h->next)
        if (h->alone)
            h->alone(h->ctx, begin);
}

/* The engine's own threads must not be why the host refuses. Whoever they serve may wait for this one to stop. */
static int64_t pass_alone(struct lp_thread *t, const uint64_t *a)
{
    int64_t r = lp_sys_pass(t, a);
    if (r != -EINVAL || !is_single(t))
        return r;
    lp_gate_leave(&t->cpu);
    tell_alone(t->k, true);
    wait_for_threads();
    r = lp_sys_pass(t, a);
    tell_alone(t->k, false);
    lp_gate_enter(&t->cpu);
    return r;
}

LP_SYSCALL(unshare)
{
    int64_t r = pass_alone(t, a);
    if (r == 0 && a[0] & (CLONE_FS | CLONE_NEWNS | CLONE_NEWUSER))
        lp_sysroot_apart(t->k);
    return r;
}

LP_SYSCALL(setns)
{
    int64_t r = pass_alone(t, a);
    if (r == 0)
        lp_sysroot_moved(t->k);
    return r;
}
