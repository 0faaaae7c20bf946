/* base/os.c - calls beyond POSIX: see os.h. */
#include <config.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "base/os.h"

char *lp_os_realpath(const char *path) { return realpath(path, NULL); }

void lp_os_copy_attributes(int from, int to)
{
    enum { MAX = 65536 }; /* XATTR_LIST_MAX, XATTR_SIZE_MAX */
    char *names = malloc(2 * MAX), *value = names ? names + MAX : NULL;
    ssize_t n = names ? flistxattr(from, names, MAX) : 0;
    for (const char *name = names; name && name < names + n; name += strlen(name) + 1) {
        ssize_t len = fgetxattr(from, name, value, MAX);
        if (len >= 0) (void)!fsetxattr(to, name, value, (size_t)len, 0);
    }
    free(names);
}

int lp_os_open_nameless(const char *dir, unsigned mode) { return open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, (mode_t)mode); }

/* (AT_EMPTY_PATH, without /proc, is for the privileged.) */
int lp_os_name(int fd, const char *path)
{
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, link, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

const char *lp_os_getenv(const char *variable) { return secure_getenv(variable); }
int lp_os_pipe(int fds[2], int flags) { return pipe2(fds, flags); }
/* RENAME_EXCHANGE and RENAME_NOREPLACE; not every C library has renameat2(). */
static int rename_how(int dir, const char *from, const char *to, unsigned how) { return (int)syscall(SYS_renameat2, dir, from, dir, to, how); }
int lp_os_exchange(int dir, const char *a, const char *b) { return rename_how(dir, a, b, 2); }
int lp_os_rename_new(int dir, const char *from, const char *to) { return rename_how(dir, from, to, 1); }
int lp_os_open_path(const char *dir) { return open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC); }
int lp_os_accept(int fd) { return accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }

bool lp_os_peer(int fd, struct lp_os_peer *out)
{
    struct ucred cred;
    socklen_t n = sizeof cred;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) != 0) return false;
    *out = (struct lp_os_peer){.pid = cred.pid, .uid = cred.uid};
    return true;
}

bool lp_os_random(void *buf, size_t len) { return getentropy(buf, len) == 0; }
void lp_os_sigmask(int how, const uint64_t *set, uint64_t *old) { syscall(SYS_rt_sigprocmask, how, set, old, sizeof *set); }
