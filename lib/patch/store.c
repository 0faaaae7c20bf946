/* patch/store.c - reading a store of patches: DIR/BUILD-ID/NAME.lpatch. */
#include <config.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "patch/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_patch_name(const char *name)
{
    size_t n = strlen(name);
    return name[0] != '.' && n > 7 && n < LP_STORE_NAME + 8 && strcmp(name + n - 7, ".lpatch") == 0;
}

static int by_file(const void *a, const void *b) { return strcmp(((const struct lp_stored *)a)->file, ((const struct lp_stored *)b)->file); }

static lp_status list_files(int fd, struct lp_bin *b, struct lp_error *err)
{
    DIR *d = fdopendir(dup(fd));
    if (!d) return lp_fail_sys(err, LP_E_IO, errno, "cannot read the folder");
    rewinddir(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (!is_patch_name(e->d_name)) continue;
        struct lp_stored *v = lp_grow(b->v, &b->cap, b->n, sizeof *v);
        if (!v) return closedir(d), lp_fail(err, LP_E_NOMEM, "out of memory");
        b->v = v;
        v[b->n] = (struct lp_stored){.patch = NULL};
        snprintf(v[b->n++].file, sizeof v->file, "%.*s", (int)sizeof v->file - 1, e->d_name);
    }
    closedir(d);
    if (b->n) qsort(b->v, b->n, sizeof *b->v, by_file);
    return LP_OK;
}

/* LP_E_DENIED: it is left out, and *err says why. */
static lp_status read_one(int dir, const char *where, struct lp_stored *s, struct lp_error *err)
{
    char path[PATH_MAX + LP_STORE_NAME + 16];
    struct stat st;
    snprintf(path, sizeof path, "%.*s/%s", PATH_MAX - 1, where, s->file);
    int fd = openat(dir, s->file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int e = errno;
        if (fd >= 0) close(fd);
        return lp_fail_sys(err, e == ELOOP ? LP_E_DENIED : e == ENOENT ? LP_E_NOT_FOUND : LP_E_IO, e, "cannot open it"), lp_at(err, path, 0, 0);
    }
    lp_status r = S_ISREG(st.st_mode) ? lp_trust_stat(path, &st, false, err) : (lp_fail(err, LP_E_DENIED, "it is no regular file"), lp_at(err, path, 0, 0));
    if (r == LP_OK) r = lp_patch_read_fd(fd, path, &s->patch, err);
    close(fd);
    return r;
}

void lp_bin_free(struct lp_bin *b)
{
    for (size_t i = 0; i < b->n; i++) lp_patch_free(b->v[i].patch);
    free(b->v);
    b->v = NULL;
    b->n = b->cap = 0;
}

static lp_status read_files(int fd, const char *where, struct lp_bin *b, lp_report_fn ignored, void *ctx, struct lp_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) return lp_fail_sys(err, LP_E_IO, errno, "cannot look at it"), lp_at(err, where, 0, 0);
    lp_status s = lp_trust_stat(where, &st, false, err);
    if (s == LP_OK) s = list_files(fd, b, err);
    else if (ignored) return ignored(ctx, err), LP_OK;
    size_t n = 0;
    for (size_t i = 0; i < b->n && s == LP_OK; i++) {
        s = read_one(fd, where, &b->v[i], err);
        if (s == LP_OK) b->v[n++] = b->v[i];
        else if (s == LP_E_DENIED && ignored) ignored(ctx, err), s = LP_OK;
    }
    if (s == LP_OK) b->n = n;
    return s;
}

/* A folder that an installation exchanges meanwhile is read again. */
lp_status lp_bin_read(int dir, const char *where, const char *id, struct lp_bin *b, lp_report_fn ignored, void *ctx, struct lp_error *err)
{
    char path[PATH_MAX + LP_STORE_NAME + 16], name[LP_STORE_NEW];
    struct stat mine, now;
    lp_status s = LP_OK;
    snprintf(path, sizeof path, "%s/%s", where, id);
    *b = (struct lp_bin){.v = NULL};
    snprintf(b->id, sizeof b->id, "%s", id);
    for (int tries = 0; tries < 100; tries++) {
        lp_pending_folder(dir, id, name);
        int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT && name[0] == '.') continue; /* it has the other name by now */
        if (fd < 0 && errno == ENOENT) return LP_OK;
        if (fd < 0) return lp_fail_sys(err, LP_E_DENIED, errno, "cannot open it"), lp_at(err, path, 0, 0);
        s = read_files(fd, path, b, ignored, ctx, err);
        lp_pending_folder(dir, id, name);
        bool same = fstat(fd, &mine) == 0 && fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) == 0 && mine.st_ino == now.st_ino && mine.st_dev == now.st_dev;
        close(fd);
        if (same) break;
        lp_bin_free(b);
        s = LP_OK;
    }
    if (s != LP_OK) lp_bin_free(b);
    return s;
}

/* ---- folders ---- */

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

static bool add_id(struct lp_store_ids *l, const char *name)
{
    size_t len = strlen(name);
    if (len < 2 || len >= LP_STORE_ID || strspn(name, "0123456789abcdef") != len) return true;
    void *v = lp_grow(l->v, &l->cap, l->n, sizeof *l->v);
    if (!v) return false;
    l->v = v;
    memcpy(l->v[l->n++], name, len + 1);
    return true;
}

/* With an offset of its own; and closed in what a thread of the program may execute meanwhile. NULL: errno says why. */
static DIR *open_again(int fd)
{
    const int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = own < 0 ? NULL : fdopendir(own);
    if (!d && own >= 0) close(own);
    return d;
}

lp_status lp_store_ids(int fd, struct lp_store_ids *l, struct lp_error *err)
{
    struct lp_pending p;
    size_t n = 0;
    DIR *d = open_again(fd);
    bool good = true;
    *l = (struct lp_store_ids){.v = NULL};
    if (!d) return lp_fail_sys(err, LP_E_IO, errno, "cannot read the folder");
    for (struct dirent *e; (e = readdir(d)) != NULL;) good &= add_id(l, e->d_name);
    closedir(d);
    if (lp_pending_read(fd, &p))
        for (size_t i = 0; i < p.n; i++) good &= add_id(l, p.v[i].id);
    lp_pending_free(&p);
    if (!good) return lp_fail(err, LP_E_NOMEM, "out of memory");
    if (l->n) qsort(l->v, l->n, sizeof *l->v, by_text);
    for (size_t i = 0; i < l->n; i++)
        if (!n || strcmp(l->v[n - 1], l->v[i]) != 0) memmove(l->v[n++], l->v[i], LP_STORE_ID);
    l->n = n;
    return LP_OK;
}

bool lp_same_build(const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b), least = n < m ? n : m;
    return (n == m || least >= 2 * LP_BUILD_ID_LEAST) && memcmp(a, b, least) == 0;
}

/* ---- loading ---- */

/* A later folder's file takes the place of an earlier one's of the same name. */
static bool merge(struct lp_bin *all, struct lp_bin *more)
{
    for (size_t i = 0; i < more->n; i++) {
        size_t k = 0;
        while (k < all->n && strcmp(all->v[k].file, more->v[i].file) != 0) k++;
        struct lp_stored *v = k < all->n ? all->v : lp_grow(all->v, &all->cap, all->n, sizeof *v);
        if (!v) return false;
        all->v = v;
        if (k < all->n) lp_patch_free(v[k].patch);
        v[k] = more->v[i];
        more->v[i].patch = NULL;
        all->n += k == all->n;
    }
    return true;
}

/* What cannot be trusted is told and left out. */
static lp_status may_ignore(lp_status s, lp_report_fn ignored, void *ctx, const struct lp_error *err)
{
    if (s != LP_E_DENIED) return s;
    if (ignored) ignored(ctx, err);
    return LP_OK;
}

static lp_status load_folders(int dir, const char *path, const char *id, struct lp_bin *all, lp_report_fn ignored, void *ctx, struct lp_error *err)
{
    struct lp_bin b;
    struct lp_store_ids ids;
    lp_status s = lp_store_ids(dir, &ids, err);
    for (size_t i = 0; i < ids.n && s == LP_OK; i++) {
        if (!lp_same_build(ids.v[i], id)) continue;
        s = lp_bin_read(dir, path, ids.v[i], &b, ignored, ctx, err);
        if (s == LP_OK && !merge(all, &b)) s = lp_fail(err, LP_E_NOMEM, "out of memory");
        lp_bin_free(&b);
        s = may_ignore(s, ignored, ctx, err);
    }
    free(ids.v);
    return s;
}

static lp_status load_from(const char *path, const char *id, struct lp_bin *all, lp_report_fn ignored, void *ctx, struct lp_error *err)
{
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), e = errno;
    if (dir < 0 && (e == ENOENT || e == ENOTDIR)) return LP_OK;
    lp_status s = dir < 0 ? lp_fail_sys(err, LP_E_DENIED, e, "cannot open it"), lp_at(err, path, 0, 0) : lp_store_check(path, err);
    if (s == LP_OK) s = load_folders(dir, path, id, all, ignored, ctx, err);
    if (dir >= 0) close(dir);
    return may_ignore(s, ignored, ctx, err);
}

lp_status lp_store_load(const char *const *dirs, const char *build_id, lp_report_fn ignored, void *ctx, lp_patch ***out, size_t *n, struct lp_error *err)
{
    struct lp_error local;
    struct lp_bin all = {.v = NULL};
    lp_status s = LP_OK;
    if (!err) err = &local;
    *out = NULL, *n = 0;
    if (!*build_id || strspn(build_id, "0123456789abcdef") != strlen(build_id)) return LP_OK;
    for (; *dirs && s == LP_OK; dirs++) s = load_from(*dirs, build_id, &all, ignored, ctx, err);
    if (s == LP_OK && all.n) {
        qsort(all.v, all.n, sizeof *all.v, by_file);
        *out = calloc(all.n, sizeof **out);
        if (!*out) s = lp_fail(err, LP_E_NOMEM, "out of memory");
        for (size_t i = 0; i < all.n && *out; i++) (*out)[(*n)++] = all.v[i].patch, all.v[i].patch = NULL;
    }
    lp_bin_free(&all);
    return s;
}

/* ---- listing ---- */

static int give(const char *dir, const struct lp_bin *b, int (*fn)(void *ctx, const struct lp_store_row *row), void *ctx)
{
    int stop = 0;
    for (size_t i = 0; i < b->n && !stop; i++) {
        struct lp_buf names = {0};
        char path[PATH_MAX + LP_STORE_NAME + 16];
        const lp_patch *p = b->v[i].patch;
        for (size_t o = 0; o < p->nobject; o++) lp_buf_printf(&names, "%s%s", o ? " " : "", p->object[o].name);
        snprintf(path, sizeof path, "%s/%s/%s", dir, b->id, b->v[i].file);
        struct lp_store_row row = {p->name, p->version, b->id, names.data ? names.data : "", path};
        if (fn) stop = fn(ctx, &row);
        lp_buf_free(&names);
    }
    return stop;
}

struct first { lp_report_fn report; void *ctx; struct lp_error *err; lp_status status; };
static void keep_first(void *ctx, const struct lp_error *err)
{
    struct first *f = ctx;
    if (f->status == LP_OK && f->err != err) *f->err = *err;
    if (f->status == LP_OK) f->status = err->status;
    if (f->report) f->report(f->ctx, err);
}

lp_status lp_store_list(const char *dir, int (*fn)(void *ctx, const struct lp_store_row *row), void *ctx, lp_report_fn report, void *rctx,
                        struct lp_error *err)
{
    struct lp_error local, one;
    struct first first = {report, rctx, err ? err : &local, LP_OK};
    struct lp_store_ids ids;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), stop = 0;
    if (fd < 0) return lp_fail_sys(first.err, errno == ENOENT ? LP_E_NOT_FOUND : LP_E_IO, errno, "cannot open the store"), lp_at(first.err, dir, 0, 0);
    if (lp_store_check(dir, &one) != LP_OK) keep_first(&first, &one);
    lp_status s = lp_store_ids(fd, &ids, first.err);
    for (size_t i = 0; i < ids.n && s == LP_OK && !stop; i++) {
        struct lp_bin b;
        lp_status r = lp_bin_read(fd, dir, ids.v[i], &b, keep_first, &first, &one);
        if (r != LP_OK) keep_first(&first, &one);
        else stop = give(dir, &b, fn, ctx), lp_bin_free(&b);
    }
    close(fd);
    free(ids.v);
    return s ? s : first.status;
}
