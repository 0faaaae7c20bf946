/* base/os.h - what Linux's C libraries have and POSIX.1-2008 has not; the rest of the rooms that tests/lint/strict.sh lists does without. */
#ifndef LP_BASE_OS_H
#define LP_BASE_OS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The name of a file without links (free()); NULL: errno. */
char *lp_os_realpath(const char *path);
/* Extended attributes (access control lists, file capabilities) of one open file to another, as far as this user may. */
void lp_os_copy_attributes(int from, int to);
/* A file in folder `dir` that has no name and is gone when it is closed; < 0 where there is no such thing. And a name for it. */
int lp_os_open_nameless(const char *dir, unsigned mode);
int lp_os_name(int fd, const char *path);
/* getenv() that knows nothing in a set-user-ID program. */
const char *lp_os_getenv(const char *variable);
/* pipe() with O_CLOEXEC, O_NONBLOCK. */
int lp_os_pipe(int fds[2], int flags);
/* In folder `dir`: two files change names; a file gets a name that none has yet. */
int lp_os_exchange(int dir, const char *a, const char *b);
int lp_os_rename_new(int dir, const char *from, const char *to);
/* A folder that may be searched but not read. */
int lp_os_open_path(const char *dir);
/* Of a socket that listens: one that does not block and is closed on exec. */
int lp_os_accept(int fd);
/* Who is at the other end of an AF_UNIX socket. */
struct lp_os_peer { int64_t pid; unsigned uid; };
bool lp_os_peer(int fd, struct lp_os_peer *out);
/* `len` random bytes, at most 256. */
bool lp_os_random(void *buf, size_t len);
/* The calling thread's mask with all 64 signals, those that the C library keeps for itself too; `old` may be NULL. */
void lp_os_sigmask(int how, const uint64_t *set, uint64_t *old);
#endif
