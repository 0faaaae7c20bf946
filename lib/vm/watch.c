/* vm/watch.c - a patch file that is applied anew whenever it changes. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "base/error.h"
#include "base/os.h"
#include "kernel/signal.h"
#include "vm/machine.h"

enum {
    SETTLE_MS = 100, /* an editor's remove and create, or several writes, are one change */
    LOOK_MS = 2000,  /* for what inotify does not tell: the target of a link, files of other machines */
};

struct lp_watch {
    struct lp_watch *next;
    struct lp_vm *vm;
    char *path, *dir;
    const char *base;    /* of path */
    bool quiet;
    char *name;          /* of the patch that is applied because of the file; NULL = none */
    struct stat tried;   /* the file at the last attempt; st_ino 0: it was not there */
    int inotify, wake[2];
    pthread_t thread;
    bool running;
};

/* ---- one attempt ---- */

static void tell(const struct lp_watch *w, int level, const char *what, const char *rest)
{
    char now[16] = "";
    time_t t = time(NULL);
    struct tm tm;
    if (localtime_r(&t, &tm))
        strftime(now, sizeof now, "%H:%M:%S", &tm);
    lp_log(&w->vm->log, level, "%s %s: %s%s", now, w->path, what, rest);
}

static void tell_failure(const struct lp_watch *w, const struct lp_error *err)
{
    char text[1100];
    lp_error_format(err, text, sizeof text);
    tell(w, 0, w->name ? "not applied, the former version stays: " : "not applied: ", text);
}

static void gone(struct lp_watch *w)
{
    struct lp_error err;
    const char *name = w->name;
    if (!name)
        return;
    lp_status s = lp_vm_revert(w->vm, &name, 1, NULL, NULL, NULL, NULL, &err);
    if (s != LP_OK && s != LP_E_NOT_APPLIED) {
        tell_failure(w, &err);
        return;
    }
    tell(w, 1, "removed, and the patch reverted: ", name);
    free(w->name);
    w->name = NULL;
}

static void come(struct lp_watch *w, const lp_patch *p, unsigned flags)
{
    struct lp_error err;
    struct lp_live_result r = {0};
    struct lp_live_options o = {.flags = LP_LIVE_REPLACE | flags, .replaces = w->name};
    lp_status s = lp_vm_apply(w->vm, &p, 1, &o, &r, NULL, NULL, &err);
    if (s == LP_E_BINDING && w->quiet && !w->name)
        return;
    if (s != LP_OK) {
        tell_failure(w, &err);
        return;
    }
    char *name = strdup(lp_patch_name(p));
    if (r.applied)
        tell(w, 1, r.reverted ? "applied in the place of the former version: " : "applied: ", lp_patch_name(p));
    free(w->name);
    w->name = name;
}

static void attempt(struct lp_watch *w, unsigned flags)
{
    struct lp_error err;
    lp_patch *p;
    if (stat(w->path, &w->tried) != 0)
        memset(&w->tried, 0, sizeof w->tried);
    lp_status s = lp_patch_read(w->path, 0, NULL, NULL, &p, &err);
    if (s == LP_OK) {
        come(w, p, flags);
        lp_patch_free(p);
    } else if (w->tried.st_ino == 0) {
        gone(w);
    } else {
        tell_failure(w, &err);
    }
}

/* ---- waiting for changes ---- */

static bool same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A file that was just made is empty, and told of again when it is written; a link is all there is. */
static bool is_change(const struct lp_watch *w, const struct inotify_event *e)
{
    struct stat st;
    if (e->mask & (IN_IGNORED | IN_Q_OVERFLOW))
        return true;
    if (e->len == 0 || strcmp(e->name, w->base) != 0)
        return false;
    return !(e->mask & IN_CREATE) || (lstat(w->path, &st) == 0 && (S_ISLNK(st.st_mode) || st.st_nlink > 1));
}

static bool read_events(const struct lp_watch *w)
{
    char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool changed = false;
    for (ssize_t n; (n = read(w->inotify, buf, sizeof buf)) > 0;)
        for (char *p = buf; p < buf + n; p += sizeof(struct inotify_event) + ((struct inotify_event *)(void *)p)->len)
            changed |= is_change(w, (const struct inotify_event *)(void *)p);
    return changed;
}

/* The folder may come later, or be another one by now: asking again is harmless. */
static void watch_dir(const struct lp_watch *w)
{
    (void)inotify_add_watch(w->inotify, w->dir, IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ONLYDIR);
}

static void *watch_thread(void *arg)
{
    struct lp_watch *w = arg;
    struct stat before = w->tried, now;
    bool pending = false;
    lp_sighost_block_every();
    for (;;) {
        struct pollfd p[2] = {{w->wake[0], POLLIN, 0}, {w->inotify, POLLIN, 0}};
        int n = poll(p, 2, pending ? SETTLE_MS : LOOK_MS);
        if (p[0].revents && n > 0)
            return NULL;
        if (n > 0) {
            pending |= read_events(w);
            continue;
        }
        watch_dir(w);
        if (stat(w->path, &now) != 0)
            memset(&now, 0, sizeof now);
        /* Found by looking: only what has not changed since the last look, so that nobody is writing it. */
        if (pending || (!same(&now, &w->tried) && same(&now, &before)))
            attempt(w, 0);
        before = now;
        pending = false;
    }
}

/* ---- life ---- */

static int hidden(struct lp_vm *vm, int fd)
{
    int n = fd < 0 ? -1 : lp_vm_hide_fd(vm, fd);
    return n < 0 ? fd : n;
}

static void drop(struct lp_vm *vm, int *fd)
{
    if (*fd >= 0)
        lp_vm_close_fd(vm, *fd);
    *fd = -1;
}

static void close_fds(struct lp_watch *w)
{
    drop(w->vm, &w->inotify);
    drop(w->vm, &w->wake[0]);
    drop(w->vm, &w->wake[1]);
}

static lp_status start(struct lp_watch *w, struct lp_error *err)
{
    int pipe_fds[2];
    w->inotify = hidden(w->vm, inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (w->inotify < 0 || lp_os_pipe(pipe_fds, O_CLOEXEC) != 0) {
        lp_fail_sys(err, LP_E_SYSTEM, errno, "cannot watch the file");
        return lp_at(err, w->path, 0, 0);
    }
    for (int i = 0; i < 2; i++)
        w->wake[i] = hidden(w->vm, pipe_fds[i]);
    watch_dir(w);
    int e = pthread_create(&w->thread, NULL, watch_thread, w);
    w->running = e == 0;
    return e ? lp_fail_sys(err, LP_E_SYSTEM, e, "cannot start a thread") : LP_OK;
}

static void free_watch(struct lp_watch *w)
{
    close_fds(w);
    free(w->path), free(w->dir), free(w->name), free(w);
}

static struct lp_watch *new_watch(struct lp_vm *vm, const char *path, bool quiet)
{
    struct lp_watch *w = calloc(1, sizeof *w);
    const char *slash = strrchr(path, '/');
    if (!w)
        return NULL;
    *w = (struct lp_watch){.vm = vm, .quiet = quiet, .inotify = -1, .wake = {-1, -1}};
    w->path = strdup(path);
    w->dir = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    w->base = w->path && slash ? w->path + (slash - path) + 1 : w->path;
    if (w->path && w->dir)
        return w;
    free_watch(w);
    return NULL;
}

lp_status lp_vm_watch(lp_vm *vm, const char *path, bool quiet, struct lp_error *err)
{
    struct lp_watch *w = new_watch(vm, path, quiet);
    if (!w)
        return lp_fail(err, LP_E_NOMEM, "no memory");
    w->next = vm->watches;
    vm->watches = w;
    attempt(w, LP_LIVE_WAIT | LP_LIVE_OPTIONAL);
    return LP_OK;
}

lp_status lp_vm_start_watches(struct lp_vm *vm, struct lp_error *err)
{
    lp_status s = LP_OK;
    for (struct lp_watch *w = vm->watches; w && s == LP_OK; w = w->next)
        s = start(w, err);
    return s;
}

/* The threads are the parent's. */
void lp_vm_watches_after_fork(struct lp_vm *vm)
{
    struct lp_error err;
    for (struct lp_watch *w = vm->watches; w; w = w->next) {
        close_fds(w);
        w->running = false;
        if (start(w, &err) != LP_OK)
            tell_failure(w, &err);
    }
}

void lp_vm_stop_watches(struct lp_vm *vm)
{
    for (struct lp_watch *w = vm->watches, *next; w; w = next) {
        next = w->next;
        while (w->running && write(w->wake[1], "", 1) < 0 && errno == EINTR) {}
        if (w->running)
            pthread_join(w->thread, NULL);
        free_watch(w);
    }
    vm->watches = NULL;
}
