/* control/client.c - lp_control_*: orders to a running program. */
#include <config.h>
#include <arm64lp/patch.h>
#include "base/text.h"
#include "control/protocol.h"
#include "patch/model.h"
#include "base/buf.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct lp_control {
    int fd;
    char peer[128];          /* socket path or "process N" */
    char in[LP_CONTROL_LINE + 1];
    size_t have, used;       /* bytes of `in`: received, consumed */
};

enum { GREETING_MS = 30000, LIST_MS = 30000, ANSWER_MS = 600000, GRACE_MS = 60000 };

static lp_status fail_at(const struct lp_control *c, struct lp_error *err) { return lp_at(err, c->peer, 0, 0), err->status; }

static lp_status gone(const struct lp_control *c, int e, struct lp_error *err)
{
    bool ended = e == 0 || e == EPIPE || e == ECONNRESET;
    if (ended) lp_fail(err, LP_E_GONE, "the program closed the connection");
    else lp_fail_sys(err, LP_E_IO, e, "the connection failed");
    return fail_at(c, err);
}

/* ---- bytes ---- */

static lp_status wait_for(struct lp_control *c, short what, int64_t deadline, struct lp_error *err)
{
    for (;;) {
        int64_t left = deadline - lp_now_ms();
        if (left <= 0) {
            lp_fail(err, LP_E_SYSTEM, "no answer in time; what was asked may still be done later");
            lp_hint(err, "is the program stopped, or is another patch being applied? `lpapply -l` shows what became of it");
            return fail_at(c, err);
        }
        struct pollfd p = {c->fd, what, 0};
        int n = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
        if (n > 0) return LP_OK;
        if (n < 0 && errno != EINTR) return gone(c, errno, err);
    }
}

static lp_status send_bytes(struct lp_control *c, const char *p, size_t n, struct lp_error *err)
{
    int64_t deadline = lp_now_ms() + ANSWER_MS;
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
static lp_status read_line(struct lp_control *c, int64_t deadline, char **line, struct lp_error *err)
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
        if (c->have == LP_CONTROL_LINE) return lp_fail(err, LP_E_PROTOCOL, "the answer has an overlong line"), fail_at(c, err);
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
    return fail_at(c, err);
}

/* Orders go only to a process of our user (root's lpapply talks to anybody's): a stranger could have made the socket. */
static lp_status check_peer(const struct lp_control *c, struct lp_error *err)
{
    struct ucred cred;
    socklen_t n = sizeof cred;
    if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) != 0) return gone(c, errno, err);
    if (cred.uid == geteuid() || cred.uid == 0 || geteuid() == 0) return LP_OK;
    return lp_fail(err, LP_E_DENIED, "the socket belongs to user %u", (unsigned)cred.uid), fail_at(c, err);
}

static lp_status greet(struct lp_control *c, struct lp_error *err)
{
    char *line;
    lp_status s = send_bytes(c, LP_CONTROL_GREETING "\n", sizeof LP_CONTROL_GREETING, err);
    if (s == LP_OK) s = read_line(c, lp_now_ms() + GREETING_MS, &line, err);
    if (s) return s;
    if (strcmp(line, LP_CONTROL_GREETING) == 0) return LP_OK;
    if (strncmp(line, "arm64lp ", 8) == 0) lp_fail(err, LP_E_PROTOCOL, "the program speaks version %.20s of the control protocol, expected 1", line + 8);
    else lp_fail(err, LP_E_PROTOCOL, "this is no control socket of arm64lp");
    return fail_at(c, err);
}

static lp_status connect_to(struct lp_control *c, const char *path, struct lp_error *err)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof a.sun_path) {
        lp_fail(err, LP_E_INVALID, "the path of a socket is at most %zu bytes", sizeof a.sun_path - 1);
        return fail_at(c, err);
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

lp_status lp_control_open(const char *path, lp_control **out, struct lp_error *err)
{
    struct lp_error local;
    if (!err) err = &local;
    lp_control *c = new_control(path);
    if (!c) return lp_fail(err, LP_E_NOMEM, "out of memory");
    lp_status s = connect_to(c, path, err);
    if (s == LP_OK) *out = c;
    else lp_control_close(c);
    return s;
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
        lp_status s = lp_control_open(path, out, err);
        /* A stale file of an earlier process with this number is no answer. */
        if (s != LP_E_NOT_FOUND && s != LP_E_GONE && s != LP_E_INVALID) return s;
    }
    no_process(pid, LP_E_NOT_FOUND, "it has no control socket", err);
    lp_hint(err, "is it run by lprun, without --no-control, by the same user? A socket given with lprun -c is named with -c here too");
    return LP_E_NOT_FOUND;
}

void lp_control_close(lp_control *c)
{
    if (!c) return;
    if (c->fd >= 0) close(c->fd);
    free(c);
}

/* ---- requests ---- */

struct answer {
    struct lp_live_result *result;
    lp_report_fn report;
    void *report_ctx;
    int (*row)(void *ctx, const struct lp_live_row *row);
    void *row_ctx;
    bool stopped; /* row() does not want more; the rest is read all the same */
};

static lp_status malformed(const struct lp_control *c, const char *what, struct lp_error *err)
{
    lp_fail(err, LP_E_PROTOCOL, "the answer is not understood: %.60s", what);
    return fail_at(c, err);
}

static bool take_row(struct answer *a, int n, char **f)
{
    struct lp_live_row row;
    if (n != 6 || !lp_control_string(f[1]) || !lp_control_string(f[2]) || !lp_control_number(f[3], UINT64_MAX, &row.places) ||
        !lp_control_number(f[4], UINT64_MAX, &row.hits) || !lp_control_number(f[5], UINT64_MAX, &row.applied_ms))
        return false;
    row.name = f[1];
    row.version = f[2][0] ? f[2] : NULL;
    if (a->row && !a->stopped) a->stopped = a->row(a->row_ctx, &row) != 0;
    return true;
}

static bool take_result(struct answer *a, int n, char **f)
{
    uint64_t v[3];
    for (int i = 0; i < 3; i++)
        if (n != 4 || !lp_control_number(f[i + 1], SIZE_MAX, &v[i])) return false;
    if (a->result) *a->result = (struct lp_live_result){(size_t)v[0], (size_t)v[1], (size_t)v[2]};
    return true;
}

/* Read answer lines up to the last one. */
static lp_status read_answer(struct lp_control *c, int64_t wait_ms, struct answer *a, struct lp_error *err)
{
    int64_t deadline = lp_now_ms() + wait_ms;
    for (;;) {
        char *line, *f[LP_CONTROL_FIELDS], word[64];
        lp_status s = read_line(c, deadline, &line, err);
        if (s) return s;
        snprintf(word, sizeof word, "%s", line);
        int n = lp_control_split(line, f);
        struct lp_error e;
        bool good = n > 0;
        if (good && strcmp(f[0], "ok") == 0) return take_result(a, n, f) ? LP_OK : malformed(c, word, err);
        if (good && strcmp(f[0], "row") == 0) good = take_row(a, n, f);
        else if (good && (strcmp(f[0], "report") == 0 || strcmp(f[0], "error") == 0)) {
            good = n == 8 && lp_control_get_error(f + 1, &e);
            if (good && f[0][0] == 'e') return *err = e, e.status;
            if (good && a->report) a->report(a->report_ctx, &e);
        } else good = false;
        if (!good) return malformed(c, word, err);
    }
}

static void put_request(struct lp_buf *b, const char *verb, size_t n, const struct lp_live_options *o)
{
    lp_buf_puts(b, verb);
    lp_control_put_number(b, n);
    lp_control_put_number(b, o ? o->flags : 0);
    lp_control_put_number(b, o ? o->deadline_ms : 0);
    lp_buf_puts(b, "\n");
}

static lp_status ask(struct lp_control *c, struct lp_buf *b, int64_t wait_ms, struct answer *a, struct lp_error *err)
{
    lp_status s = b->failed ? lp_fail(err, LP_E_NOMEM, "out of memory") : send_bytes(c, b->data, b->len, err);
    lp_buf_free(b);
    return s ? s : read_answer(c, wait_ms, a, err);
}

static int64_t patience(const struct lp_live_options *o)
{
    return (o && o->deadline_ms ? (int64_t)o->deadline_ms : ANSWER_MS) + GRACE_MS;
}

static lp_status put_patch(struct lp_buf *b, const lp_patch *p, struct lp_error *err)
{
    size_t len;
    char *text = lp_patch_print(p, &len);
    if (!text) return lp_fail(err, LP_E_NOMEM, "out of memory");
    if (len > LP_CONTROL_TEXT) {
        free(text);
        lp_fail(err, LP_E_INVALID, "the patch is %zu bytes long, at most %d can be sent", len, LP_CONTROL_TEXT);
        return lp_at(err, lp_patch_name(p), 0, 0), LP_E_INVALID;
    }
    lp_buf_puts(b, "patch");
    lp_control_put_number(b, len);
    lp_control_put_string(b, p->file); /* for messages; a patch without a name takes it from there too */
    lp_buf_puts(b, "\n");
    lp_buf_add(b, text, len);
    free(text);
    return LP_OK;
}

static lp_status too_many(size_t n, struct lp_error *err)
{
    return lp_fail(err, LP_E_INVALID, "%zu patches in one call, at most %d", n, LP_CONTROL_ITEMS);
}

lp_status lp_control_apply(lp_control *c, const lp_patch *const *patches, size_t n, const struct lp_live_options *o,
                           struct lp_live_result *result, lp_report_fn report, void *ctx, struct lp_error *err)
{
    struct lp_error local;
    if (!err) err = &local;
    if (n > LP_CONTROL_ITEMS) return too_many(n, err);
    struct lp_buf b = {0};
    put_request(&b, "apply", n, o);
    for (size_t i = 0; i < n; i++) {
        lp_status s = put_patch(&b, patches[i], err);
        if (s) return lp_buf_free(&b), s;
    }
    struct answer a = {.result = result, .report = report, .report_ctx = ctx};
    return ask(c, &b, patience(o), &a, err);
}

lp_status lp_control_revert(lp_control *c, const char *const *names, size_t n, const struct lp_live_options *o,
                            struct lp_live_result *result, lp_report_fn report, void *ctx, struct lp_error *err)
{
    struct lp_error local;
    if (!err) err = &local;
    if (n > LP_CONTROL_ITEMS) return too_many(n, err);
    struct lp_buf b = {0};
    put_request(&b, "revert", n, o);
    for (size_t i = 0; i < n; i++) {
        lp_buf_puts(&b, "name");
        lp_control_put_string(&b, names[i]);
        lp_buf_puts(&b, "\n");
    }
    struct answer a = {.result = result, .report = report, .report_ctx = ctx};
    return ask(c, &b, patience(o), &a, err);
}

lp_status lp_control_list(lp_control *c, int (*fn)(void *ctx, const struct lp_live_row *row), void *ctx, struct lp_error *err)
{
    struct lp_error local;
    if (!err) err = &local;
    struct lp_buf b = {0};
    lp_buf_puts(&b, "list\n");
    struct answer a = {.row = fn, .row_ctx = ctx};
    return ask(c, &b, LIST_MS, &a, err);
}
