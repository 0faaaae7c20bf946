/* control/listen.c - a listening socket under a name that others can only see once it listens, and that is never taken from a live one. */
#include <config.h>
#include "base/error.h"
#include "base/os.h"
#include "base/text.h"
#include "control/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_MS = 2000, BACKLOG = 64, SHORT = sizeof((struct sockaddr_un *)0)->sun_path };

static lp_status fail_at(const char *path, lp_status status, int e, struct lp_error *err)
{
    lp_fail_sys(err, status, e, "cannot listen at the control socket");
    return lp_at(err, path, 0, 0), status;
}

/* The folder's name is followed once: what happens to it afterwards does not lead elsewhere. A full path to it would also be too long at times. */
static struct sockaddr_un address(int dir, const char *name)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/%.80s", dir, name);
    return a;
}

bool lp_control_stale(int dir, const char *name)
{
    struct stat st;
    struct sockaddr_un a = address(dir, name);
    if (strlen(name) > 80 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !(S_ISSOCK(st.st_mode) || S_ISLNK(st.st_mode))) return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool stale = fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof a) != 0 && (errno == ECONNREFUSED || (errno == ENOENT && S_ISLNK(st.st_mode)));
    if (fd >= 0) close(fd);
    return stale;
}

void lp_control_lock_dir(int dir)
{
    /* Somebody may hold it for ever in a folder that is not ours alone: then do without. */
    for (int64_t end = lp_now_ms() + LOCK_MS; flock(dir, LOCK_EX | LOCK_NB) != 0 && (errno == EWOULDBLOCK || errno == EINTR) && lp_now_ms() < end;)
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

/* Two that find the same stale file must not remove each other's socket, so this is done under a lock of the folder. */
static int give_name(int dir, const char *temporary, const char *name)
{
    int e = linkat(dir, temporary, dir, name, 0) == 0 ? 0 : errno;
    if (e == EEXIST && lp_control_stale(dir, name) && unlinkat(dir, name, 0) == 0) e = linkat(dir, temporary, dir, name, 0) == 0 ? 0 : errno;
    return e == EEXIST ? EADDRINUSE : e;
}

static int bind_in(int dir, int fd, const char *name)
{
    char temporary[40];
    snprintf(temporary, sizeof temporary, ".%ld.new", (long)getpid());
    struct sockaddr_un a = address(dir, temporary);
    /* The mode that the file will have; the umask belongs to the guest. */
    fchmod(fd, 0600);
    unlinkat(dir, temporary, 0); /* of a process with our number that was killed in the middle of this */
    if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0) return errno;
    int e = fchmodat(dir, temporary, 0600, 0) == 0 && listen(fd, BACKLOG) == 0 ? 0 : errno;
    if (!e) e = give_name(dir, temporary, name);
    unlinkat(dir, temporary, 0);
    return e;
}

int lp_control_open_dir(const char *path, const char **name)
{
    char dir[SHORT];
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    int fd = open(*dir ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 || errno != EACCES ? fd : lp_os_open_path(*dir ? dir : "/"); /* then it cannot be locked */
}

lp_status lp_control_listen(int fd, const char *path, struct lp_error *err)
{
    const char *name;
    if (strlen(path) >= SHORT) {
        lp_fail(err, LP_E_INVALID, "the path of a socket is at most %d bytes", SHORT - 1);
        return lp_at(err, path, 0, 0), LP_E_INVALID;
    }
    int dir = lp_control_open_dir(path, &name);
    if (dir < 0) return fail_at(path, LP_E_IO, errno, err);
    lp_control_lock_dir(dir);
    int e = strlen(name) > 80 ? ENAMETOOLONG : bind_in(dir, fd, name);
    close(dir);
    return e ? fail_at(path, LP_E_IO, e, err) : LP_OK;
}
