/* control/path.c - where control sockets are: a directory that nobody else can write to. */
#include <config.h>
#include "control/listen.h"
#include "control/protocol.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Is it a real directory of ours that is closed to others? /tmp is shared: somebody may have made it first. */
static lp_status check_dir(const char *path, struct lp_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        int e = errno;
        if (fd >= 0) close(fd);
        lp_fail_sys(err, e == ENOENT ? LP_E_NOT_FOUND : LP_E_DENIED, e, "cannot use the directory of control sockets");
        lp_at(err, path, 0, 0);
        return e == ENOENT ? LP_E_NOT_FOUND : LP_E_DENIED;
    }
    bool ours = st.st_uid == geteuid();
    if (ours && (st.st_mode & 077) && fchmod(fd, 0700) == 0) st.st_mode &= ~(mode_t)077;
    close(fd);
    if (ours && !(st.st_mode & 077)) return LP_OK;
    lp_fail(err, LP_E_DENIED, "belongs to user %u with mode %03o, expected user %u with mode 700", (unsigned)st.st_uid,
            (unsigned)st.st_mode & 0777, (unsigned)geteuid());
    lp_at(err, path, 0, 0);
    lp_hint(err, "remove it, or name a socket with -c");
    return LP_E_DENIED;
}

/* A variable that names a folder counts only if that is absolute, there and this user's (XDG base directory specification): sudo and su may keep
 * another's. A set-user-ID program has none. */
static const char *own_dir(const char *variable)
{
    const char *dir = lp_os_getenv(variable);
    struct stat st;
    return dir && dir[0] == '/' && stat(dir, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() && access(dir, W_OK | X_OK) == 0 ? dir : NULL;
}

/* Folder i in which processes of user `uid` may have their sockets; false at the end. The first is where ours have them. */
static bool folder(unsigned i, unsigned uid, char *buf, size_t size)
{
    const char *only = own_dir("ARM64LP_RUNTIME_DIR"), *base = only ? only : own_dir("XDG_RUNTIME_DIR");
    bool ours = base && uid == (unsigned)geteuid();
    int n;
    /* The program may have been started with another environment than ours: by cron, by a service, by su. */
    if (ours && i == 0) n = snprintf(buf, size, "%s/arm64lp", base);
    else if (only) return false;
    else if (i == (ours ? 1 : 0)) n = snprintf(buf, size, "/tmp/arm64lp-%u", uid);
    else if (i == (ours ? 2 : 1)) n = snprintf(buf, size, "/run/user/%u/arm64lp", uid);
    else return false;
    return n > 0 && (size_t)n < size;
}

lp_status lp_control_dir(char *buf, size_t size, bool make, struct lp_error *err)
{
    if (!folder(0, (unsigned)geteuid(), buf, size)) return lp_fail(err, LP_E_INVALID, "the name of the directory of control sockets is too long");
    if (make && mkdir(buf, 0700) != 0 && errno != EEXIST) {
        lp_fail_sys(err, LP_E_IO, errno, "cannot make the directory of control sockets");
        lp_at(err, buf, 0, 0);
        return LP_E_IO;
    }
    return check_dir(buf, err);
}

bool lp_control_candidate(unsigned i, unsigned uid, int64_t pid, char *buf, size_t size)
{
    if (!folder(i, uid, buf, size)) return false;
    size_t n = strlen(buf);
    return (size_t)snprintf(buf + n, size - n, "/%" PRId64 ".sock", pid) < size - n;
}

/* ---- who is there ---- */

static int64_t pid_of(const char *name)
{
    char *end;
    long v = name[0] >= '1' && name[0] <= '9' ? strtol(name, &end, 10) : 0;
    return v > 0 && strcmp(end, ".sock") == 0 ? v : 0;
}

/* A socket that nobody listens at, of a process that is not there: nobody else would ever remove it. */
static bool remove_stale(int dir, const char *name, int64_t pid)
{
    if (kill((pid_t)pid, 0) == 0 || errno != ESRCH || !lp_control_stale(dir, name)) return false;
    lp_control_lock_dir(dir);
    if (lp_control_stale(dir, name)) unlinkat(dir, name, 0);
    flock(dir, LOCK_UN);
    return true;
}

struct pids { int64_t *v; size_t n, cap; };

static void scan(const char *path, struct pids *out)
{
    DIR *d = check_dir(path, NULL) == LP_OK ? opendir(path) : NULL;
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        int64_t pid = pid_of(e->d_name), *v;
        if (!pid || remove_stale(dirfd(d), e->d_name, pid) || !(v = lp_grow(out->v, &out->cap, out->n, sizeof *v))) continue;
        out->v = v;
        v[out->n++] = pid;
    }
    if (d) closedir(d);
}

static int by_number(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int64_t *lp_control_pids(size_t *n)
{
    struct pids all = {0};
    char path[512];
    for (unsigned i = 0; lp_control_candidate(i, (unsigned)geteuid(), 1, path, sizeof path); i++) {
        *strrchr(path, '/') = 0;
        scan(path, &all);
    }
    if (all.n) qsort(all.v, all.n, sizeof *all.v, by_number);
    *n = 0;
    for (size_t i = 0; i < all.n; i++)
        if (i == 0 || all.v[i] != all.v[i - 1]) all.v[(*n)++] = all.v[i];
    return all.v;
}
