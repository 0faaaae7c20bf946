/* control/path.c - where control sockets are: a directory that nobody else can write to. */
#include <config.h>
#include "control/protocol.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* $XDG_RUNTIME_DIR counts only if it is absolute and there (XDG base directory specification). */
static const char *runtime_dir(void)
{
    const char *dir = getenv("XDG_RUNTIME_DIR");
    return dir && dir[0] == '/' && access(dir, W_OK | X_OK) == 0 ? dir : NULL;
}

lp_status lp_control_dir(char *buf, size_t size, bool make, struct lp_error *err)
{
    const char *base = runtime_dir();
    int n = base ? snprintf(buf, size, "%s/arm64lp", base) : snprintf(buf, size, "/tmp/arm64lp-%u", (unsigned)geteuid());
    if (n < 0 || (size_t)n >= size) return lp_fail(err, LP_E_INVALID, "XDG_RUNTIME_DIR is too long");
    if (make && mkdir(buf, 0700) != 0 && errno != EEXIST) {
        lp_fail_sys(err, LP_E_IO, errno, "cannot make the directory of control sockets");
        lp_at(err, buf, 0, 0);
        return LP_E_IO;
    }
    return check_dir(buf, err);
}

bool lp_control_candidate(unsigned i, unsigned uid, int64_t pid, char *buf, size_t size)
{
    const char *base = runtime_dir();
    int n;
    /* The program may have been started with another environment than ours: by cron, by a service, by su. */
    if (i == 0 && base && uid == (unsigned)geteuid()) n = snprintf(buf, size, "%s/arm64lp/%" PRId64 ".sock", base, pid);
    else if (i <= 1) n = snprintf(buf, size, "/run/user/%u/arm64lp/%" PRId64 ".sock", uid, pid);
    else if (i == 2) n = snprintf(buf, size, "/tmp/arm64lp-%u/%" PRId64 ".sock", uid, pid);
    else return false;
    return n > 0 && (size_t)n < size;
}
