/* control/client.c - the connection to a running program. Its requests are in request.c. */
#include <config.h>
#include <arm64lp/control.h>
#include "base/text.h"
#include "control/client.h"
#include "control/protocol.h"
#include "base/error.h"
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { GREETING_MS = 30000 };

lp_status lp_control_fail(const struct lp_control *c, struct lp_error *err) { return lp_at(err, c->peer, 0, 0), err->status; }

static lp_status gone(const struct lp_control *c, int e, struct lp_error *err)
{
    bool ended = e == 0 || e == EPIPE || e == ECONNRESET;
    if (ended) lp_fail(err, LP_E_GONE, "the program closed the connection");
    else lp_fail_sys(err, LP_E_IO, e, "the connection failed");
    return lp_control_fail(c, err);
}

/* ---- bytes ---- */

static lp_status wait_for(struct lp_control *c, short what, int64_t deadline, struct lp_error *err)
{
    for (;;) {
        int64_t left = deadline - lp_now_ms();
        if (left <= 0) {
            lp_fail(err, LP_E_SYSTEM, "no answer in time; what was asked may still be done later");
            lp_hint(err, "is the program stopped, or is another patch being applied? `lpapply -l` shows what became of it");
            return lp_control_fail(c, err);
        }
        struct pollfd p = {c->fd, what, 0};
        int n = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
        if (n > 0) return LP_OK;
        if (n < 0 && errno != EINTR) return gone(c, errno, err);
    }
}

lp_status lp_control_send(struct lp_control *c, const char *p, size_t n, struct lp_error *err)
{
    int64_t deadline = lp_now_ms() + LP_CONTROL_ANSWER_MS;
    while (n) {
        ssize_t done = send(c->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (done > 0) {
            p += done;
            n -= (size_t)done;
            continue;
        }
        /* The server may have refused and closed already: its reason is waiting to be read. */
        if (errno == EPIPE || errno == ECONNRESET) return LP_OK;
        if (errno != EAGAIN && errno != EINTR) return gone(c, errno, err);
        lp_status s = wait_for(c, POLLOUT, deadline, err);
        if (s) return s;
    }
    return LP_OK;
}

/* The next line, without LF, valid until the next call. */
lp_status lp_control_read_line(struct lp_control *c, int64_t deadline, char **line, struct lp_error *err)
{
    for (;;) {
        char *start = c->in + c->used, *end = memchr(start, '\n', c->have - c->used);
        if (end) {
            *end = 0;
            *line = start;
            c->used = (size_t)(end - c->in) + 1;
            return LP_OK;
        }
        memmove(c->in, start, c->have -= c->used);
        c->used = 0;
        if (c->have == LP_CONTROL_LINE) return lp_fail(err, LP_E_PROTOCOL, "the answer has an overlong line"), lp_control_fail(c, err);
        lp_status s = wait_for(c, POLLIN, deadline, err);
        if (s) return s;
        ssize_t n = recv(c->fd, c->in + c->have, LP_CONTROL_LINE - c->have, MSG_DONTWAIT);
        if (n == 0) return gone(c, 0, err);
        if (n < 0 && errno != EAGAIN && errno != EINTR) return gone(c, errno, err);
        if (n > 0) c->have += (size_t)n;
    }
}

/* ---- connecting ---- */

static lp_status refused(const struct lp_control *c, int e, struct lp_error *err)
{
    lp_status s = e == ECONNREFUSED ? LP_E_GONE : e == EACCES || e == EPERM ? LP_E_DENIED : e == ENOENT ? LP_E_NOT_FOUND : LP_E_IO;
    if (s == LP_E_GONE) lp_fail(err, s, "nothing listens at this socket: the program has ended");
    else lp_fail_sys(err, s, e, "cannot connect to the control socket");
    if (s == LP_E_NOT_FOUND) lp_hint(err, "is it run by lprun, without --no-control, by the same user?");
    return lp_control_fail(c, err);
}

/* Orders go only to a process of our user (root's lpapply talks to anybody's): a stranger could have made the socket. */
static lp_status check_peer(struct lp_control *c, struct lp_error *err)
{
    struct lp_os_peer peer;
    if (!lp_os_peer(c->fd, &peer)) return gone(c, errno, err);
    if (peer.uid != geteuid() && peer.uid != 0 && geteuid() != 0)
        return lp_fail(err, LP_E_DENIED, "the socket belongs to user %u", peer.uid), lp_control_fail(c, err);
    /* A folder that several containers share has the numbers of all of them. */
    if (!c->pid || peer.pid == c->pid) return LP_OK;
    return lp_fail(err, LP_E_NOT_FOUND, "another process listens there"), lp_control_fail(c, err);
}

static lp_status greet(struct lp_control *c, struct lp_error *err)
{
    char *line;
    lp_status s = lp_control_send(c, LP_CONTROL_GREETING "\n", sizeof LP_CONTROL_GREETING, err);
    if (s == LP_OK) s = lp_control_read_line(c, lp_now_ms() + GREETING_MS, &line, err);
    if (s) return s;
    if (lp_control_greets(line)) return LP_OK;
    if (strncmp(line, "arm64lp ", 8) == 0) lp_fail(err, LP_E_PROTOCOL, "the program speaks version %.20s of the control protocol, expected 1", line + 8);
    else lp_fail(err, LP_E_PROTOCOL, "this is no control socket of arm64lp");
    return lp_control_fail(c, err);
}

static lp_status connect_to(struct lp_control *c, const char *path, struct lp_error *err)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof a.sun_path) {
        lp_fail(err, LP_E_INVALID, "the path of a socket is at most %zu bytes", sizeof a.sun_path - 1);
        return lp_control_fail(c, err);
    }
    strcpy(a.sun_path, path);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0) return refused(c, errno, err);
    /* A full backlog blocks connect(): bound that too. */
    struct timeval limit = {.tv_sec = GREETING_MS / 1000};
    setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(c->fd, (struct sockaddr *)&a, sizeof a) != 0) return refused(c, errno, err);
    lp_status s = check_peer(c, err);
    return s ? s : greet(c, err);
}

static lp_control *new_control(const char *peer)
{
    lp_control *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->fd = -1;
    snprintf(c->peer, sizeof c->peer, "%s", peer);
    return c;
}

static lp_status open_socket(const char *path, int64_t pid, lp_control **out, struct lp_error *err)
{
    lp_control *c = new_control(path);
    if (!c) return lp_fail(err, LP_E_NOMEM, "out of memory");
    c->pid = pid;
    lp_status s = connect_to(c, path, err);
    if (s == LP_OK) *out = c;
    else lp_control_close(c);
    return s;
}

lp_status lp_control_open(const char *path, lp_control **out, struct lp_error *err)
{
    struct lp_error local;
    return open_socket(path, 0, out, err ? err : &local);
}

static lp_status no_process(int64_t pid, lp_status s, const char *text, struct lp_error *err)
{
    char where[32];
    snprintf(where, sizeof where, "process %" PRId64, pid);
    lp_fail(err, s, "%s", text);
    return lp_at(err, where, 0, 0), s;
}

lp_status lp_control_open_pid(int64_t pid, lp_control **out, struct lp_error *err)
{
    struct lp_error local;
    if (!err) err = &local;
    char path[512];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%" PRId64, pid);
    if (pid <= 0 || stat(path, &st) != 0) return no_process(pid, LP_E_NOT_FOUND, "there is no such process", err);
    for (unsigned i = 0; lp_control_candidate(i, (unsigned)st.st_uid, pid, path, sizeof path); i++) {
        lp_status s = open_socket(path, pid, out, err);
        /* A stale file of an earlier process with this number is no answer. */
        if (s != LP_E_NOT_FOUND && s != LP_E_GONE && s != LP_E_INVALID) return s;
    }
    no_process(pid, LP_E_NOT_FOUND, "it has no control socket", err);
    lp_hint(err, "is it run by lprun, without --no-control, by the same user?");
    return LP_E_NOT_FOUND;
}

void lp_control_close(lp_control *c)
{
    if (!c) return;
    if (c->fd >= 0) close(c->fd);
    free(c->status);
    free(c);
}

int lp_control_each(int (*fn)(void *ctx, int64_t pid), void *ctx)
{
    size_t n;
    int64_t *pids = lp_control_pids(&n);
    int r = 0;
    for (size_t i = 0; i < n && r == 0; i++) r = fn(ctx, pids[i]);
    free(pids);
    return r;
}
