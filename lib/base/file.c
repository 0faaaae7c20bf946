/* base/file.c - whole files in, whole files out. */
#include <config.h>
#include "base/file.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
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

/* A new file beside `target` (`prefix` = its folder with a slash, or ""), its name in `tmp`. open() and not mkostemp(): the user's umask decides
 * what of `mode` remains. */
static int create_temp(struct lp_buf *tmp, const char *prefix, size_t prefix_len, mode_t mode)
{
    for (unsigned i = 0; i < 100; i++) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        tmp->len = 0;
        lp_buf_add(tmp, prefix, prefix_len);
        lp_buf_printf(tmp, ".arm64lp.%ld.%lx.%u", (long)getpid(), (unsigned long)now.tv_nsec, i);
        if (tmp->failed) return errno = ENOMEM, -1;
        int fd = open(tmp->data, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd >= 0 || errno != EEXIST) return fd;
    }
    return -1;
}

/* The new file under its temporary name; removed again on failure. */
static lp_status write_temp(const char *target, const char *path, const struct stat *old, const void *data, size_t len,
                            mode_t mode, struct lp_error *err)
{
    struct lp_buf name = {0};
    const char *slash = strrchr(target, '/');
    int fd = create_temp(&name, target, slash ? (size_t)(slash - target) + 1 : 0, mode);
    const char *tmp = name.data;
    if (fd < 0) {
        int why = errno;
        lp_buf_free(&name);
        return bad(err, path, why, "cannot create a temporary file beside it");
    }
    int e = lp_write_all(fd, data, len);
    /* The owner can be kept by root only; a user's own file stays the user's. */
    if (!e && old && fchown(fd, old->st_uid, old->st_gid) != 0 && errno != EPERM) e = errno;
    if (!e && old && fchmod(fd, old->st_mode & 07777) != 0) e = errno;
    if (!e && fsync(fd) != 0 && errno != EINVAL) e = errno;
    if (close(fd) != 0 && !e) e = errno;
    if (!e && rename(tmp, target) != 0) e = errno;
    if (e) unlink(tmp);
    lp_buf_free(&name);
    return e ? bad(err, path, e, "cannot write") : LP_OK;
}

lp_status lp_file_write(const char *path, const void *data, size_t len, mode_t mode, struct lp_error *err)
{
    if (strcmp(path, "-") == 0) return write_fd(STDOUT_FILENO, "standard output", data, len, err);
    /* Write through a symbolic link, as a shell redirection does. */
    char *real = lp_os_realpath(path);
    const char *target = real ? real : path;
    struct stat st;
    bool exists = stat(target, &st) == 0;
    lp_status s;
    if (exists && !S_ISREG(st.st_mode)) {
        int fd = open(target, O_WRONLY | O_CLOEXEC);
        s = fd < 0 ? bad(err, path, errno, "cannot open") : write_fd(fd, path, data, len, err);
        if (fd >= 0 && close(fd) != 0 && s == LP_OK) s = bad(err, path, errno, "cannot write");
    } else {
        s = write_temp(target, path, exists ? &st : NULL, data, len, mode, err);
    }
    free(real);
    return s;
}
