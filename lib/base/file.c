/* base/file.c - whole files in, whole files out. */
#include <config.h>
#include "base/file.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

lp_status lp_fd_read(int fd, const char *name, size_t max, char **data, size_t *len, struct lp_error *err)
{
    struct lp_buf b = {0};
    char chunk[65536];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            int e = errno;
            lp_buf_free(&b);
            lp_fail_sys(err, LP_E_IO, e, "cannot read");
            return lp_at(err, name, 0, 0), LP_E_IO;
        }
        if (n == 0) break;
        lp_buf_add(&b, chunk, (size_t)n);
        if (b.len > max || b.failed) {
            lp_status s = b.failed ? LP_E_NOMEM : LP_E_IO;
            lp_buf_free(&b);
            lp_fail(err, s, s == LP_E_NOMEM ? "out of memory" : "longer than %zu bytes", max);
            return lp_at(err, name, 0, 0), s;
        }
    }
    *data = lp_buf_take(&b, len);
    return *data ? LP_OK : lp_fail(err, LP_E_NOMEM, "out of memory reading %s", name);
}

lp_status lp_file_read(const char *path, size_t max, char **data, size_t *len, struct lp_error *err)
{
    if (strcmp(path, "-") == 0) return lp_fd_read(STDIN_FILENO, "standard input", max, data, len, err);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        lp_fail_sys(err, LP_E_IO, errno, "cannot open");
        return lp_at(err, path, 0, 0), LP_E_IO;
    }
    lp_status s = lp_fd_read(fd, path, max, data, len, err);
    close(fd);
    return s;
}

int lp_write_all(int fd, const void *data, size_t len)
{
    for (const char *p = data; len;) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static lp_status bad(struct lp_error *err, const char *path, int e, const char *what)
{
    lp_fail_sys(err, LP_E_IO, e, "%s", what);
    return lp_at(err, path, 0, 0), LP_E_IO;
}

static lp_status write_fd(int fd, const char *name, const void *data, size_t len, struct lp_error *err)
{
    int e = lp_write_all(fd, data, len);
    return e ? bad(err, name, e, "cannot write") : LP_OK;
}

/* A name that nothing has, beside `target`, and what is to be there: made by open() and not by mkostemp(), so that the user's umask decides what of `mode`
 * remains; or a name of the file `nameless`, if that is one, or another one of the file `link`. < 0: errno. */
static int create_temp(struct lp_buf *tmp, const char *target, mode_t mode, int nameless, const char *link)
{
    const char *slash = strrchr(target, '/');
    for (unsigned i = 0; i < 100; i++) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        tmp->len = 0;
        lp_buf_add(tmp, target, slash ? (size_t)(slash - target) + 1 : 0);
        lp_buf_printf(tmp, ".arm64lp.%ld.%lx.%u", (long)getpid(), (unsigned long)now.tv_nsec, i);
        if (tmp->failed) return errno = ENOMEM, -1;
        int fd = nameless >= 0 ? lp_os_name(nameless, tmp->data) : link ? linkat(AT_FDCWD, link, AT_FDCWD, tmp->data, 0) :
                 open(tmp->data, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd >= 0 || errno != EEXIST) return fd;
    }
    return -1;
}

/* While a temporary has a name, what would end the process and leave it there waits. */
static void hold_signals(uint64_t *mask)
{
    static const int sigs[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
    uint64_t set = 0;
    for (size_t i = 0; i < sizeof sigs / sizeof *sigs; i++) set |= UINT64_C(1) << (sigs[i] - 1);
    lp_os_sigmask(SIG_BLOCK, &set, mask);
}

static void release_signals(const uint64_t *mask) { lp_os_sigmask(SIG_SETMASK, mask, NULL); }

/* The file that is replaced, if there is one. fd: -1 where it cannot be read. */
struct old { bool exists; int fd; struct stat st; };

/* No link is followed here: what it leads to could be somebody else's, with set-id bits. */
static struct old look_at_old(const char *target)
{
    struct old old = {.fd = open(target, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
    old.exists = (old.fd >= 0 ? fstat(old.fd, &old.st) : lstat(target, &old.st)) == 0 && S_ISREG(old.st.st_mode);
    return old;
}

/* Owner first, which takes set-id bits and capabilities away. Only root can keep it; where it is not kept, the bits are not, either. */
static int be_like(int fd, const struct old *old)
{
    bool owned = fchown(fd, old->st.st_uid, old->st.st_gid) == 0;
    if (!owned && errno != EPERM) return errno;
    if (fchmod(fd, old->st.st_mode & (owned ? 07777 : 0777)) != 0) return errno;
    if (owned && old->fd >= 0) lp_os_copy_attributes(old->fd, fd);
    return 0;
}

static int fill(int fd, const struct old *old, const void *data, size_t len)
{
    int e = lp_write_all(fd, data, len);
    if (!e && old->exists) e = be_like(fd, old);
    return !e && fsync(fd) != 0 && errno != EINVAL ? errno : e;
}

/* The whole new file, without a name: nothing is left of it, whatever ends the process. < 0: there is no such thing here. *e: what writing it came to. */
static int fill_nameless(const char *target, const struct old *old, const void *data, size_t len, mode_t mode, int *e)
{
    struct lp_buf dir = {0};
    const char *slash = strrchr(target, '/');
    lp_buf_add(&dir, target, slash ? (size_t)(slash - target) + 1 : 0);
    lp_buf_puts(&dir, ".");
    int fd = dir.failed ? -1 : lp_os_open_nameless(dir.data, mode);
    lp_buf_free(&dir);
    if (fd >= 0) *e = fill(fd, old, data, len);
    return fd;
}

/* The new file under its temporary name, which it has from the start where it cannot do without; removed again on failure. */
static lp_status write_temp(const char *target, const char *path, const struct old *old, const void *data, size_t len,
                            mode_t mode, struct lp_error *err)
{
    struct lp_buf name = {0};
    uint64_t mask;
    int e = 0, fd = fill_nameless(target, old, data, len, mode & 0777, &e);
    hold_signals(&mask);
    if (!e && (fd < 0 || create_temp(&name, target, 0, fd, NULL) != 0)) {
        if (fd >= 0) close(fd);
        fd = create_temp(&name, target, mode & 0777, -1, NULL);
        e = fd < 0 ? errno : fill(fd, old, data, len);
    }
    const char *what = fd < 0 ? "cannot create a temporary file beside it" : "cannot write";
    if (fd >= 0 && close(fd) != 0 && !e) e = errno;
    if (!e && rename(name.data, target) != 0) e = errno;
    if (e && fd >= 0 && name.data) unlink(name.data);
    release_signals(&mask);
    lp_buf_free(&name);
    return e ? bad(err, path, e, what) : LP_OK;
}

lp_status lp_file_write(const char *path, const void *data, size_t len, mode_t mode, struct lp_error *err)
{
    if (strcmp(path, "-") == 0) return write_fd(STDOUT_FILENO, "standard output", data, len, err);
    /* Write through a symbolic link, as a shell redirection does. */
    char *real = lp_os_realpath(path);
    const char *target = real ? real : path;
    struct stat st;
    lp_status s;
    if (stat(target, &st) == 0 && !S_ISREG(st.st_mode)) {
        int fd = open(target, O_WRONLY | O_CLOEXEC);
        s = fd < 0 ? bad(err, path, errno, "cannot open") : write_fd(fd, path, data, len, err);
        if (fd >= 0 && close(fd) != 0 && s == LP_OK) s = bad(err, path, errno, "cannot write");
    } else {
        struct old old = look_at_old(target);
        s = write_temp(target, path, &old, data, len, mode, err);
        if (old.fd >= 0) close(old.fd);
    }
    free(real);
    return s;
}

lp_status lp_file_keep(const char *path, const char *as, const void *data, size_t len, struct lp_error *err)
{
    struct lp_buf tmp = {0};
    struct stat st;
    char *real = lp_os_realpath(path);
    uint64_t mask;
    hold_signals(&mask);
    bool linked = real && create_temp(&tmp, as, 0, -1, real) == 0;
    lp_status s = LP_OK;
    if (linked && rename(tmp.data, as) != 0) s = bad(err, as, errno, "cannot write");
    if (linked) unlink(tmp.data); /* rename() leaves two names of one file alone */
    release_signals(&mask);
    if (!linked) s = lp_file_write(as, data, len, real && stat(real, &st) == 0 ? st.st_mode : 0600, err);
    lp_buf_free(&tmp);
    free(real);
    return s;
}
