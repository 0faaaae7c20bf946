/* vm/watch.c - a patch file that is applied anew whenever it changes. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/error.h"
#include "base/os.h"
#include "base/text.h"
#include "base/thread.h"
#include "patch/model.h"
#include "vm/machine.h"

enum {
    SETTLE_MS = 100, /* an editor's remove and create, or several writes, are one change */
    MOST_MS = 1000,  /* but changes without end are looked at, too */
    LOOK_MS = 2000,  /* for what inotify does not tell: the target of a link, files of other machines */
};

struct lp_watch {
    struct lp_watch *next;
    struct lp_watches *all;
    char *path, *dir;
    const char *base;    /* of path */
    bool quiet;
    char *name;          /* of the patch that is applied because of the file; NULL = none */
    struct stat tried;   /* the file at the last attempt; st_ino 0: it was not there */
    struct stat before;  /* at the last look */
    int wd;              /* of its folder */
    int64_t first, due;  /* ms; of a change that is told of: when, and when it is looked at; 0 = none */
};

/* One thread and one inotify for all files: a program may watch many. */
struct lp_watches {
    struct lp_vm *vm;
    struct lp_watch *list;
    int inotify, wake[2];
    pthread_t thread;
    bool running;
    _Atomic bool ending;
};

/* ---- one attempt ---- */

static void tell(const struct lp_watch *w, int level, const char *what, const char *rest)
{
    char now[16] = "";
    time_t t = time(NULL);
    struct tm tm;
    if (localtime_r(&t, &tm))
        strftime(now, sizeof now, "%H:%M:%S", &tm);
    lp_log(&w->all->vm->log, level, "%s %s: %s%s", now, w->path, what, rest);
}

static void tell_failure(const struct lp_watch *w, const struct lp_error *err)
{
    char text[1100];
    if (w->all->ending)
        return;
    lp_error_format(err, text, sizeof text);
    tell(w, 0, w->name ? "not applied, the former version stays: " : "not applied: ", text);
}

static bool is_ending(void *ctx) { return ((struct lp_watches *)ctx)->ending; }

static void gone(struct lp_watch *w)
{
    struct lp_error err;
    const char *name = w->name;
    if (!name)
        return;
    struct lp_live_options o = {.cancelled = is_ending, .cancel_ctx = w->all};
    lp_status s = lp_vm_revert(w->all->vm, &name, 1, &o, NULL, NULL, NULL, &err);
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
    struct lp_live_options o = {.flags = LP_LIVE_REPLACE | flags, .replaces = w->name, .cancelled = is_ending, .cancel_ctx = w->all};
    lp_status s = lp_vm_apply(w->all->vm, &p, 1, &o, &r, NULL, NULL, &err);
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

/* What it is by now may be anything: nothing that is waited for, or that reading would change. */
static lp_status read_it(const struct lp_watch *w, lp_patch **p, struct lp_error *err)
{
    struct stat st;
    int fd = open(w->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return lp_fail_sys(err, LP_E_IO, errno, "cannot open"), lp_at(err, w->path, 0, 0);
    lp_status s = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? lp_patch_read_fd(fd, w->path, p, err)
                                                             : (lp_fail(err, LP_E_IO, "it is no regular file"), lp_at(err, w->path, 0, 0));
    close(fd);
    return s;
}

static void attempt(struct lp_watch *w, unsigned flags)
{
    struct lp_error err;
    lp_patch *p;
    if (stat(w->path, &w->tried) != 0)
        memset(&w->tried, 0, sizeof w->tried);
    lp_status s = read_it(w, &p, &err);
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

static void tell_of(struct lp_watch *w, const struct inotify_event *e)
{
    if (e->wd != w->wd && !(e->mask & IN_Q_OVERFLOW))
        return;
    if (!is_change(w, e))
        return;
    const int64_t now = lp_now_ms();
    if (!w->due)
        w->first = now;
    w->due = now + SETTLE_MS < w->first + MOST_MS ? now + SETTLE_MS : w->first + MOST_MS;
}

static void read_events(struct lp_watches *all)
{
    char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    for (ssize_t n; (n = read(all->inotify, buf, sizeof buf)) > 0;)
        for (char *p = buf; p < buf + n; p += sizeof(struct inotify_event) + ((struct inotify_event *)(void *)p)->len)
            for (struct lp_watch *w = all->list; w; w = w->next)
                tell_of(w, (const struct inotify_event *)(void *)p);
}

/* The folder may come later, or be another one by now: asking again is harmless. */
static void watch_dir(struct lp_watch *w)
{
    w->wd = inotify_add_watch(w->all->inotify, w->dir, IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ONLYDIR);
}

static void look_at(struct lp_watch *w)
{
    struct stat now;
    watch_dir(w);
    if (stat(w->path, &now) != 0)
        memset(&now, 0, sizeof now);
    /* Found by looking: only what has not changed since the last look, so that nobody is writing it. */
    bool changed = w->due || (!same(&now, &w->tried) && same(&now, &w->before));
    w->due = 0;
    if (changed)
        attempt(w, 0);
    w->before = now;
}

/* How long nothing is to be done; `look`: when all are looked at. */
static int pause_ms(const struct lp_watches *all, int64_t look)
{
    int64_t first = look, now = lp_now_ms();
    for (const struct lp_watch *w = all->list; w; w = w->next)
        if (w->due && w->due < first)
            first = w->due;
    return first > now ? (int)(first - now) : 0;
}

static void *watch_thread(void *arg)
{
    struct lp_watches *all = arg;
    for (int64_t look = lp_now_ms() + LOOK_MS;;) {
        struct pollfd p[2] = {{all->wake[0], POLLIN, 0}, {all->inotify, POLLIN, 0}};
        int n = poll(p, 2, pause_ms(all, look));
        if (n > 0 && p[0].revents)
            return NULL;
        if (n > 0)
            read_events(all);
        const int64_t now = lp_now_ms();
        for (struct lp_watch *w = all->list; w && !all->ending; w = w->next)
            if (now >= look || (w->due && now >= w->due))
                look_at(w);
        if (now >= look)
            look = now + LOOK_MS;
    }
}

/* ---- life ---- */

/* Out of the program's sight, or not at all. */
static int hidden(struct lp_vm *vm, int fd)
{
    int n = fd < 0 ? fd : lp_vm_hide_fd(vm, fd), e = n < 0 && fd >= 0 ? -n : errno;
    if (n < 0 && fd >= 0)
        close(fd);
    errno = e;
    return n;
}

static void drop(struct lp_vm *vm, int *fd)
{
    if (*fd >= 0)
        lp_vm_close_fd(vm, *fd);
    *fd = -1;
}

static void close_fds(struct lp_watches *all)
{
    drop(all->vm, &all->inotify);
    drop(all->vm, &all->wake[0]);
    drop(all->vm, &all->wake[1]);
}

static bool open_fds(struct lp_watches *all)
{
    int pipe_fds[2];
    all->inotify = hidden(all->vm, inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (all->inotify < 0 || lp_os_pipe(pipe_fds, O_CLOEXEC) != 0)
        return false;
    for (int i = 0; i < 2; i++)
        all->wake[i] = hidden(all->vm, pipe_fds[i]);
    return all->wake[0] >= 0 && all->wake[1] >= 0;
}

static lp_status start(struct lp_watches *all, struct lp_error *err)
{
    if (!open_fds(all)) {
        lp_fail_sys(err, LP_E_SYSTEM, errno, "cannot watch files");
        close_fds(all);
        return lp_at(err, all->list->path, 0, 0);
    }
    for (struct lp_watch *w = all->list; w; w = w->next) {
        w->before = w->tried;
        w->due = 0;
        watch_dir(w);
    }
    int e = lp_engine_thread(&all->thread, watch_thread, all);
    all->running = e == 0;
    return e ? lp_fail_sys(err, LP_E_SYSTEM, e, "cannot start a thread") : LP_OK;
}

static void free_watch(struct lp_watch *w) { free(w->path), free(w->dir), free(w->name), free(w); }

static struct lp_watches *watches_of(struct lp_vm *vm)
{
    if (!vm->watches && (vm->watches = calloc(1, sizeof *vm->watches)) != NULL)
        *vm->watches = (struct lp_watches){.vm = vm, .inotify = -1, .wake = {-1, -1}};
    return vm->watches;
}

static struct lp_watch *new_watch(struct lp_watches *all, const char *path, bool quiet)
{
    struct lp_watch *w = all ? calloc(1, sizeof *w) : NULL;
    const char *slash = strrchr(path, '/');
    if (!w)
        return NULL;
    *w = (struct lp_watch){.all = all, .quiet = quiet, .wd = -1};
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
    struct lp_watch *w = new_watch(watches_of(vm), path, quiet);
    if (!w)
        return lp_fail(err, LP_E_NOMEM, "no memory");
    w->next = vm->watches->list;
    vm->watches->list = w;
    attempt(w, LP_LIVE_WAIT | LP_LIVE_OPTIONAL);
    return LP_OK;
}

lp_status lp_vm_start_watches(struct lp_vm *vm, struct lp_error *err) { return vm->watches ? start(vm->watches, err) : LP_OK; }

/* The thread is the parent's. */
void lp_vm_watches_after_fork(struct lp_vm *vm)
{
    struct lp_error err;
    struct lp_watches *all = vm->watches;
    if (!all)
        return;
    close_fds(all);
    all->running = false;
    all->ending = false;
    if (start(all, &err) != LP_OK)
        tell_failure(all->list, &err);
}

static void end_thread(struct lp_watches *all)
{
    char woken;
    if (!all->running)
        return;
    while (write(all->wake[1], "", 1) < 0 && errno == EINTR) {}
    pthread_join(all->thread, NULL);
    while (read(all->wake[0], &woken, 1) < 0 && errno == EINTR) {}
    all->running = false;
}

/* A child may have had no thread: one is tried again at the end. */
void lp_vm_pause_watches(struct lp_vm *vm, bool begin)
{
    struct lp_watches *all = vm->watches;
    if (all && begin)
        end_thread(all);
    else if (all && all->wake[0] >= 0)
        all->running = lp_engine_thread(&all->thread, watch_thread, all) == 0;
}

/* A file that is being applied just now is not waited for. */
void lp_vm_stop_watches(struct lp_vm *vm)
{
    struct lp_watches *all = vm->watches;
    if (!all)
        return;
    all->ending = true;
    end_thread(all);
    close_fds(all);
    for (struct lp_watch *w = all->list, *next; w; w = next) {
        next = w->next;
        free_watch(w);
    }
    free(all);
    vm->watches = NULL;
}
