/* control/server.c - the control thread: listens, serves several clients, outlives all that they may send. */
#include <config.h>
#include "base/text.h"
#include "base/thread.h"
#include "control/server.h"
#include "control/creds.h"
#include "control/listen.h"
#include "control/protocol.h"
#include "control/session.h"
#include "base/error.h"
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    MAX_CLIENTS = 64,
    TOTAL_BYTES = 128 << 20,  /* what all clients together may have sent without an answer */
    HALF_MS = 30000,          /* no byte came in the middle of a message, or none could be sent */
    IDLE_MS = 600000,
};

struct client {
    int fd; /* -1: free */
    int64_t active; /* ms */
    struct lp_session session;
    bool working; /* its request is being done on the worker: nobody else touches the session */
};

struct lp_control_server {
    struct lp_control_config config;
    char *explicit_path;
    char path[512], link[256]; /* link: where the process is found by its number, if `path` is elsewhere; "" = none */
    bool bound;           /* `path` is our file */
    bool running;
    int listener, wake[2];
    int status;           /* /proc/self/status: whose credentials to follow */
    pthread_t thread;
    /* Held while descriptors come and go, and across fork(): the child must know all that it has to close. */
    pthread_mutex_t lock;
    size_t budget;
    struct client clients[MAX_CLIENTS];
    /* Changing the program may wait for its threads, so a thread of its own does it, one request after the other. */
    struct client *job;
    pthread_t worker;
    _Atomic bool done;    /* the worker has ended */
};

/* ---- descriptors ---- */

/* Out of the guest's sight, or closed: -1 and errno. The old number is free again. */
static int hide(struct lp_control_server *s, int fd)
{
    if (fd < 0 || (!s->config.ops->hide_fd && fd >= s->config.min_fd)) return fd;
    int moved = s->config.ops->hide_fd ? s->config.ops->hide_fd(s->config.ctx, fd) : fcntl(fd, F_DUPFD_CLOEXEC, s->config.min_fd);
    if (moved < 0 || !s->config.ops->hide_fd) {
        int e = errno;
        close(fd);
        errno = e;
    }
    return moved;
}

static void drop_fd(struct lp_control_server *s, int *fd)
{
    if (*fd < 0) return;
    if (s->config.ops->close_fd) s->config.ops->close_fd(s->config.ctx, *fd);
    else close(*fd);
    *fd = -1;
}

static void drop_client(struct lp_control_server *s, struct client *c)
{
    pthread_mutex_lock(&s->lock);
    drop_fd(s, &c->fd);
    pthread_mutex_unlock(&s->lock);
    lp_session_close(&c->session);
}

/* ---- the socket ---- */

static lp_status fail_path(const struct lp_control_server *s, lp_status status, int e, const char *text, struct lp_error *err)
{
    if (e) lp_fail_sys(err, status, e, "%s", text);
    else lp_fail(err, status, "%s", text);
    return lp_at(err, s->path, 0, 0), status;
}

static lp_status choose_path(struct lp_control_server *s, struct lp_error *err)
{
    char dir[sizeof s->path - 32];
    if (s->explicit_path) {
        if (strlen(s->explicit_path) >= sizeof s->path) return lp_fail(err, LP_E_INVALID, "the path of the control socket is too long");
        strcpy(s->path, s->explicit_path);
        return LP_OK;
    }
    lp_status status = lp_control_dir(dir, sizeof dir, true, err);
    if (status == LP_OK) snprintf(s->path, sizeof s->path, "%s/%" PRId64 ".sock", dir, s->config.pid);
    return status;
}

/* Who looks for the process by its number finds a socket elsewhere too: a link in the private folder. Without one it is named by its path only. */
static void add_link(struct lp_control_server *s)
{
    char dir[sizeof s->link - 32], temporary[sizeof s->link], *real = lp_os_realpath(s->path);
    const char *name;
    int fd = real && lp_control_dir(dir, sizeof dir, true, NULL) == LP_OK ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0) {
        free(real);
        return;
    }
    lp_control_lock_dir(fd);
    snprintf(s->link, sizeof s->link, "%s/%" PRId64 ".sock", dir, s->config.pid);
    snprintf(temporary, sizeof temporary, ".%" PRId64 ".link", s->config.pid);
    name = s->link + strlen(dir) + 1;
    unlinkat(fd, temporary, 0);
    if (symlinkat(real, fd, temporary) != 0 || renameat(fd, temporary, fd, name) != 0) s->link[0] = 0;
    close(fd);
    free(real);
}

static void remove_names(struct lp_control_server *s)
{
    if (s->bound) unlink(s->path);
    if (s->link[0]) unlink(s->link);
    s->bound = false;
    s->link[0] = 0;
}

static lp_status open_listener(struct lp_control_server *s, struct lp_error *err)
{
    lp_status status = choose_path(s, err);
    if (status) return status;
    int fd = hide(s, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd < 0) return fail_path(s, LP_E_SYSTEM, errno, "cannot make a socket", err);
    s->listener = fd;
    status = lp_control_listen(fd, s->path, err);
    if (status) return status;
    s->bound = true;
    if (s->explicit_path) add_link(s);
    if (lp_os_pipe(s->wake, O_CLOEXEC | O_NONBLOCK) != 0) return fail_path(s, LP_E_SYSTEM, errno, "cannot make a pipe", err);
    s->wake[0] = hide(s, s->wake[0]);
    s->wake[1] = hide(s, s->wake[1]);
    if (s->wake[0] < 0 || s->wake[1] < 0) return fail_path(s, LP_E_SYSTEM, errno, "cannot make a pipe", err);
    s->status = hide(s, open("/proc/self/status", O_RDONLY | O_CLOEXEC));
    return LP_OK;
}

/* ---- clients ---- */

/* Everybody but the same user and root is turned away before a byte is read. */
static bool may_connect(int fd, struct lp_os_peer *peer) { return lp_os_peer(fd, peer) && (peer->uid == geteuid() || peer->uid == 0); }

static size_t connections(const struct lp_control_server *s, int64_t pid)
{
    size_t n = 0;
    for (const struct client *c = s->clients; c < s->clients + MAX_CLIENTS; c++) n += c->fd >= 0 && c->session.pid == pid;
    return n;
}

/* Whom to drop first: one of the process that has the most connections, that never said a word, or has been silent longest. */
static bool worse(const struct lp_control_server *s, const struct client *a, const struct client *b)
{
    size_t n = connections(s, a->session.pid), m = connections(s, b->session.pid);
    if (n != m) return n > m;
    return a->session.greeted != b->session.greeted ? !a->session.greeted : a->active < b->active;
}

/* Another's place; one whose request is being done keeps it. The lock is held. */
static struct client *push_out(struct lp_control_server *s)
{
    struct client *out = NULL;
    for (struct client *c = s->clients; c < s->clients + MAX_CLIENTS; c++)
        if (c->fd >= 0 && !c->working && !c->session.ready && (!out || worse(s, c, out))) out = c;
    if (!out) return NULL;
    drop_fd(s, &out->fd);
    lp_session_close(&out->session);
    return out;
}

static struct client *place(struct lp_control_server *s)
{
    for (struct client *c = s->clients; c < s->clients + MAX_CLIENTS; c++)
        if (c->fd < 0) return c;
    return push_out(s);
}

static void turn_away(int fd)
{
    static const char text[] = LP_CONTROL_GREETING "\nerror DENIED 0 0 0 - another%20user's%20program -\n";
    send(fd, text, sizeof text - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static struct client *admit(struct lp_control_server *s, int fd)
{
    struct lp_os_peer peer;
    struct client *c = NULL;
    if (!may_connect(fd, &peer)) turn_away(fd);
    else if ((c = place(s)) != NULL) {
        lp_session_open(&c->session, &s->config, &s->budget);
        c->session.pid = peer.pid;
        c->session.uid = peer.uid;
        c->active = lp_now_ms();
        c->fd = fd;
        return c;
    }
    drop_fd(s, &fd);
    return NULL;
}

static int accept_hidden(struct lp_control_server *s)
{
    if (s->config.ops->accept_fd) return s->config.ops->accept_fd(s->config.ctx, s->listener);
    return hide(s, lp_os_accept(s->listener));
}

static struct client *accept_one(struct lp_control_server *s)
{
    pthread_mutex_lock(&s->lock);
    int fd = accept_hidden(s);
    if (fd < 0 && errno == EMFILE && push_out(s)) fd = accept_hidden(s);
    int e = fd < 0 ? errno : 0;
    struct client *c = e ? NULL : admit(s, fd);
    pthread_mutex_unlock(&s->lock);
    /* No descriptor left: the connection stays pending and poll() would report it at once again. */
    if (e && e != EAGAIN && e != EINTR && e != ECONNABORTED) poll(NULL, 0, 100);
    return c;
}

/* False: the connection is over. */
static bool send_some(struct client *c)
{
    struct lp_buf *out = &c->session.out;
    ssize_t n = send(c->fd, out->data, out->len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    c->active = lp_now_ms();
    if ((size_t)n == out->len) lp_buf_free(out);
    else {
        memmove(out->data, out->data + n, out->len - (size_t)n);
        out->len -= (size_t)n;
    }
    return true;
}

static bool receive_some(struct client *c)
{
    char chunk[65536];
    ssize_t n = recv(c->fd, chunk, sizeof chunk, MSG_DONTWAIT);
    if (n == 0) return false;
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    c->active = lp_now_ms();
    lp_session_feed(&c->session, chunk, (size_t)n);
    return true;
}

static void serve(struct lp_control_server *s, struct client *c, short events)
{
    bool alive = true;
    if (c->session.out.len == 0 && (events & (POLLIN | POLLHUP | POLLERR))) alive = receive_some(c);
    /* Answer, and go on with requests that came together, as long as the client takes the answers. */
    while (alive) {
        lp_session_run(&c->session);
        if (c->session.ready) return;
        if (c->session.out.len == 0) break;
        alive = send_some(c);
        if (c->session.out.len != 0) break;
    }
    if (!alive || (c->session.closing && c->session.out.len == 0)) drop_client(s, c);
}

/* One look at every client for each that comes in: what it has sent already counts before the next one may take its place. */
static void accept_some(struct lp_control_server *s)
{
    struct client *c = accept_one(s);
    if (c) serve(s, c, POLLIN);
}

static void drop_silent(struct lp_control_server *s)
{
    int64_t now = lp_now_ms();
    for (struct client *c = s->clients; c < s->clients + MAX_CLIENTS; c++) {
        if (c->fd < 0 || c->working || c->session.ready) continue;
        bool half = lp_session_half(&c->session) || c->session.out.len;
        if (now - c->active > (half ? HALF_MS : IDLE_MS)) drop_client(s, c);
    }
}

/* ---- the worker ---- */

/* What is told to the control thread: a request is done; end, and whoever waits is told that it is over; end when what is being done is done. */
enum { DONE = 'd', END = 'e', PAUSE = 'p' };

static void wake_up(struct lp_control_server *s, char why)
{
    while (write(s->wake[1], &why, 1) < 0 && errno == EINTR) {}
}

static void *worker_thread(void *arg)
{
    struct lp_control_server *s = arg;
    lp_session_work(&s->job->session);
    s->done = true;
    wake_up(s, DONE);
    return NULL;
}

/* Start the next request that is complete. Where no thread can be had, the others wait. */
static void start_work(struct lp_control_server *s)
{
    struct client *first = NULL;
    for (struct client *c = s->clients; c < s->clients + MAX_CLIENTS && !s->job; c++)
        if (c->fd >= 0 && c->session.ready && (!first || c->active < first->active)) first = c;
    if (!first) return;
    s->job = first;
    s->done = false;
    first->working = true;
    if (lp_engine_thread(&s->worker, worker_thread, s) == 0) return;
    lp_session_work(&first->session);
    s->job = NULL;
    first->working = false;
    serve(s, first, 0);
}

static void end_work(struct lp_control_server *s)
{
    struct client *c = s->job;
    if (!c || !s->done) return;
    pthread_join(s->worker, NULL);
    s->job = NULL;
    c->working = false;
    c->active = lp_now_ms();
    serve(s, c, 0);
}

/* ---- the control thread ---- */

/* END, PAUSE, or DONE if neither was said. */
static char what_is_told(struct lp_control_server *s)
{
    char said[16];
    ssize_t n = read(s->wake[0], said, sizeof said);
    if (n > 0 && memchr(said, END, (size_t)n)) return END;
    return n > 0 && memchr(said, PAUSE, (size_t)n) ? PAUSE : DONE;
}

/* What to wait for: the pipe, the listener and the clients, whose places go to `whose`. */
static int gather(struct lp_control_server *s, struct pollfd *p, struct client **whose)
{
    int all = 2;
    p[0] = (struct pollfd){s->wake[0], POLLIN, 0};
    p[1] = (struct pollfd){s->listener, POLLIN, 0};
    for (struct client *c = s->clients; c < s->clients + MAX_CLIENTS; c++) {
        if (c->fd < 0 || c->session.gone) continue;
        const bool waits = c->working || c->session.ready; /* only a hang-up is of interest */
        p[all] = (struct pollfd){c->fd, waits ? 0 : c->session.out.len ? POLLOUT : POLLIN, 0};
        whose[all++] = c;
    }
    return all;
}

/* One that has hung up wants nothing any more: what waits for others or for the program's threads is over. */
static void hear(struct lp_control_server *s, struct client *c, short events)
{
    if (c->working) c->session.gone = true;
    else if (c->session.ready) drop_client(s, c);
    else serve(s, c, events);
}

static bool tick(struct lp_control_server *s) { return s->config.ops->tick && s->config.ops->tick(s->config.ctx); }

static void *control_thread(void *arg)
{
    struct lp_control_server *s = arg;
    char told = DONE;
    for (bool ticks = tick(s);; ticks = tick(s)) {
        struct pollfd p[MAX_CLIENTS + 2];
        struct client *whose[MAX_CLIENTS + 2];
        int all = gather(s, p, whose), n = poll(p, (nfds_t)all, ticks ? 500 : 5000);
        /* More than RLIMIT_NOFILE, which the guest lowers as it likes, are refused: look at all of them now and then. */
        if (n < 0 && errno == EINVAL) {
            poll(NULL, 0, 20);
            for (int i = 0; i < all; i++) p[i].revents = 0, n = poll(&p[i], 1, 0) > 0 ? 1 : n;
        }
        if (n < 0 && errno != EINTR && errno != EAGAIN && errno != EINVAL) break;
        if (n > 0 && p[0].revents && (told = what_is_told(s)) != DONE) break;
        if (n > 0) lp_control_follow(s->status);
        end_work(s);
        for (int i = 2; n > 0 && i < all; i++)
            if (p[i].revents && whose[i]->fd == p[i].fd) hear(s, whose[i], p[i].revents);
        if (n > 0 && p[1].revents) accept_some(s);
        start_work(s);
        drop_silent(s);
    }
    if (s->job) {
        if (told != PAUSE) s->job->session.gone = true;
        pthread_join(s->worker, NULL);
        s->job->working = false;
        s->job = NULL;
    }
    return NULL;
}

/* ---- life ---- */

static lp_status start_thread(struct lp_control_server *s, struct lp_error *err)
{
    int e = lp_engine_thread(&s->thread, control_thread, s);
    if (e) return lp_fail_sys(err, LP_E_SYSTEM, e, "cannot start the control thread");
    s->running = true;
    return LP_OK;
}

static void close_all(struct lp_control_server *s)
{
    for (struct client *c = s->clients; c < s->clients + MAX_CLIENTS; c++) drop_fd(s, &c->fd);
    drop_fd(s, &s->listener);
    drop_fd(s, &s->wake[0]);
    drop_fd(s, &s->wake[1]);
    drop_fd(s, &s->status);
}

static void forget_clients(struct lp_control_server *s)
{
    memset(s->clients, 0, sizeof s->clients);
    s->job = NULL;
    for (struct client *c = s->clients; c < s->clients + MAX_CLIENTS; c++) c->fd = -1;
    s->budget = TOTAL_BYTES;
}

static lp_status start(struct lp_control_server *s, struct lp_error *err)
{
    lp_status status = open_listener(s, err);
    if (status == LP_OK) status = start_thread(s, err);
    if (status == LP_OK) return LP_OK;
    close_all(s);
    remove_names(s);
    return status;
}

lp_status lp_control_server_start(const struct lp_control_config *config, lp_control_server **out, struct lp_error *err)
{
    struct lp_control_server *s = calloc(1, sizeof *s);
    if (!s) return lp_fail(err, LP_E_NOMEM, "out of memory");
    s->config = *config;
    s->config.path = NULL;
    s->listener = s->wake[0] = s->wake[1] = s->status = -1;
    forget_clients(s);
    pthread_mutex_init(&s->lock, NULL);
    s->explicit_path = config->path ? strdup(config->path) : NULL;
    lp_status status = config->path && !s->explicit_path ? lp_fail(err, LP_E_NOMEM, "out of memory") : start(s, err);
    if (status) lp_control_server_stop(s);
    else *out = s;
    return status;
}

static void end_thread(struct lp_control_server *s, char how)
{
    wake_up(s, how);
    pthread_join(s->thread, NULL);
    s->running = false;
}

/* An order under way is waited for. */
void lp_control_server_pause(lp_control_server *s)
{
    if (s->running) end_thread(s, PAUSE);
}

lp_status lp_control_server_resume(lp_control_server *s, struct lp_error *err)
{
    return s->running || s->listener < 0 ? LP_OK : start_thread(s, err);
}

void lp_control_server_stop(lp_control_server *s)
{
    if (!s) return;
    if (s->running) end_thread(s, END);
    for (struct client *c = s->clients; c < s->clients + MAX_CLIENTS; c++)
        if (c->fd >= 0) lp_session_close(&c->session);
    close_all(s);
    remove_names(s);
    pthread_mutex_destroy(&s->lock);
    free(s->explicit_path);
    free(s);
}

const char *lp_control_server_path(const lp_control_server *s) { return s->path; }

/* ---- fork ---- */

void lp_control_server_before_fork(lp_control_server *s)
{
    if (s) pthread_mutex_lock(&s->lock);
}

void lp_control_server_after_fork_parent(lp_control_server *s)
{
    if (s) pthread_mutex_unlock(&s->lock);
}

lp_status lp_control_server_after_fork(lp_control_server *s, int64_t pid, struct lp_error *err)
{
    if (!s) return LP_OK;
    /* The thread is not here, and it may have been in the middle of a session: its buffers are left alone. */
    pthread_mutex_unlock(&s->lock);
    s->running = s->bound = false;
    close_all(s);
    forget_clients(s);
    free(s->explicit_path);
    s->explicit_path = NULL;
    s->config.pid = pid;
    s->path[0] = s->link[0] = 0;
    return pid ? start(s, err) : LP_OK;
}
