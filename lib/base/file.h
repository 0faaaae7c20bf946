/* base/file.h - whole files in, whole files out. */
#ifndef LP_BASE_FILE_H
#define LP_BASE_FILE_H
#include <arm64lp/error.h>
#include <sys/types.h>

/* Read all of `path` ("-" = standard input) into *data (free(); a 0 byte follows the last), at most `max` bytes. */
lp_status lp_file_read(const char *path, size_t max, char **data, size_t *len, struct lp_error *err);
lp_status lp_fd_read(int fd, const char *name, size_t max, char **data, size_t *len, struct lp_error *err);

/* Replace `path` ("-" = standard output) by these bytes, whole or not at all: a temporary in the same directory, fsync, rename.
 * `mode` is the permission of a new file (0666 usually; the umask applies), which is never set-user-ID. An existing one keeps its mode, its owner, and its
 * extended attributes as far as this user may set them. A signal that ends the process leaves nothing else there. A path that is no regular file (a device,
 * a pipe) is written directly. */
lp_status lp_file_write(const char *path, const void *data, size_t len, mode_t mode, struct lp_error *err);
/* `path` is to stay as it is under the name `as`, too, before it is replaced: the file itself, or, where a file cannot have two names, a new one with these
 * bytes, which are its content, and its permissions. */
lp_status lp_file_keep(const char *path, const char *as, const void *data, size_t len, struct lp_error *err);
/* Write all, across short writes and EINTR. Returns 0 or an errno value. */
int lp_write_all(int fd, const void *data, size_t len);
#endif
