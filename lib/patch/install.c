/* patch/install.c - changing a store: every folder that changes is made anew beside the old one, then they change places. */
#include <config.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/os.h"
#include "patch/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct change {
    const char *where;
    int dir;
    struct lp_bin *bin;
    size_t n, cap;
    struct lp_error *err;
};

static lp_status fail(struct change *c, lp_status s, const char *what, const char *text)
{
    lp_fail(c->err, s, "%s", text);
    return lp_at(c->err, what, 0, 0), s;
}

static lp_status fail_sys(struct change *c, const char *text)
{
    lp_fail_sys(c->err, LP_E_IO, errno, "%s", text);
    return lp_at(c->err, c->where, 0, 0), LP_E_IO;
}

/* ---- what is to be ---- */

static struct lp_bin *bin_of(struct change *c, const char *id, lp_status *s)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->bin[i].id, id) == 0) return &c->bin[i];
    struct lp_bin *v = lp_grow(c->bin, &c->cap, c->n, sizeof *v);
    if (!v) return *s = fail(c, LP_E_NOMEM, NULL, "out of memory"), NULL;
    c->bin = v;
    *s = lp_bin_read(c->dir, c->where, id, &v[c->n], NULL, NULL, c->err);
    return *s == LP_OK ? &v[c->n++] : NULL;
}

/* A build-id may have a folder already which has more or fewer of its digits: that is it. */
static lp_status find_folder(struct change *c, char id[LP_STORE_ID])
{
    struct lp_store_ids ids;
    for (size_t i = 0; i < c->n; i++)
        if (lp_same_build(c->bin[i].id, id)) return memcpy(id, c->bin[i].id, LP_STORE_ID), LP_OK;
    lp_status s = lp_store_ids(c->dir, &ids, c->err);
    size_t i = 0;
    while (i < ids.n && !lp_same_build(ids.v[i], id)) i++;
    if (i < ids.n) memcpy(id, ids.v[i], LP_STORE_ID);
    free(ids.v);
    return s;
}

static const lp_patch *patch_in(const struct lp_stored *s) { return s->fresh ? s->fresh : s->patch; }

/* In this folder: instead of one of the same name and of those that it replaces. */
static lp_status put(struct change *c, struct lp_bin *b, const lp_patch *p)
{
    struct lp_stored *v;
    for (size_t i = 0; i < b->n; i++) {
        const lp_patch *old = patch_in(&b->v[i]);
        if (strcmp(old->name, p->name) == 0) b->v[i].gone = true;
        for (size_t k = 0; k < p->nrelation; k++)
            b->v[i].gone |= p->relation[k].kind == LP_REPLACES && lp_relation_met(&p->relation[k], old->name, old->version);
    }
    if (!(v = lp_grow(b->v, &b->cap, b->n, sizeof *v))) return fail(c, LP_E_NOMEM, NULL, "out of memory");
    b->v = v;
    v[b->n] = (struct lp_stored){.fresh = p};
    snprintf(v[b->n++].file, sizeof v->file, "%s.lpatch", p->name);
    b->changed = true;
    return LP_OK;
}

static lp_status may_store(struct change *c, const lp_patch *p)
{
    lp_status s = LP_OK;
    if (strchr(p->name, '/') || p->name[0] == '.' || strlen(p->name) > LP_STORE_NAME)
        s = fail(c, LP_E_INVALID, p->file, "a stored patch has a name without `/`, that does not begin with a dot");
    else if (!p->nobject) s = fail(c, LP_E_BINDING, p->file, "the patch names no object: only one with a build-id can be stored");
    for (size_t o = 0; o < p->nobject && s == LP_OK; o++)
        if (!p->object[o].build_id) s = fail(c, LP_E_BINDING, p->file, "an object has no build-id: only a patch for a certain build can be stored");
    if (s == LP_E_BINDING)
        lp_hint(c->err, "link the program with -Wl,--build-id and make the patch with lpmake -t; or give it to each program with lprun -P");
    return s;
}

/* Would the patches of this folder take each other? */
static lp_status check_relations(struct change *c, const struct lp_bin *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const lp_patch *p = patch_in(&b->v[i]);
        for (size_t k = 0; k < p->nrelation && !b->v[i].gone; k++) {
            const struct lp_relation *r = &p->relation[k];
            bool met = false;
            for (size_t j = 0; j < b->n; j++)
                met |= j != i && !b->v[j].gone && lp_relation_met(r, patch_in(&b->v[j])->name, patch_in(&b->v[j])->version);
            if ((r->kind != LP_REQUIRES || met) && (r->kind != LP_CONFLICTS || !met)) continue;
            lp_fail(c->err, LP_E_RELATION, "the store would have `%s`, which %s `%s`", p->name, r->kind == LP_REQUIRES ? "requires" : "conflicts with",
                    r->name);
            return lp_at(c->err, b->id, 0, 0), LP_E_RELATION;
        }
    }
    return LP_OK;
}

/* ---- doing it ---- */

static void remove_folder(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    for (struct dirent *e; d && (e = readdir(d)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) unlinkat(fd, e->d_name, 0);
    if (d) closedir(d);
    else if (fd >= 0) close(fd);
    unlinkat(dir, name, AT_REMOVEDIR);
}

static lp_status write_file(struct change *c, int fd, const struct lp_stored *s)
{
    size_t len;
    char *text = lp_patch_print(patch_in(s), &len);
    if (!text) return fail(c, LP_E_NOMEM, NULL, "out of memory");
    int out = openat(fd, s->file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    int e = out < 0 ? errno : lp_write_all(out, text, len);
    if (!e && (fchmod(out, 0644) != 0 || fsync(out) != 0)) e = errno;
    if (out >= 0 && close(out) != 0 && !e) e = errno;
    free(text);
    errno = e;
    return e ? fail_sys(c, "cannot write a patch into the store") : LP_OK;
}

/* The new folder, complete and on the disk. Files that stay are copied: what a reader has open never changes. */
static lp_status build(struct change *c, const struct lp_bin *b)
{
    char name[LP_STORE_NEW];
    lp_pending_beside(b->id, name);
    if (mkdirat(c->dir, name, 0755) != 0) return fail_sys(c, "cannot make a folder in the store");
    int fd = openat(c->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fchmod(fd, 0755) != 0) {
        lp_status s = fail_sys(c, "cannot open a folder in the store");
        if (fd >= 0) close(fd);
        return s;
    }
    lp_status s = LP_OK;
    for (size_t i = 0; i < b->n && s == LP_OK; i++)
        if (!b->v[i].gone) s = write_file(c, fd, &b->v[i]);
    if (s == LP_OK && fsync(fd) != 0) s = fail_sys(c, "cannot write to the store");
    close(fd);
    return s;
}

/* Back, those that came from nothing too. */
static void undo(const struct change *c, size_t done)
{
    char name[LP_STORE_NEW];
    while (done--) {
        lp_pending_beside(c->bin[done].id, name);
        if (c->bin[done].changed && lp_os_exchange(c->dir, name, c->bin[done].id) != 0) renameat(c->dir, c->bin[done].id, c->dir, name);
    }
}

/* All new folders get their names; of several, the record makes one step. */
static lp_status change_places(struct change *c)
{
    size_t changed = 0, done = 0;
    int e = 0;
    for (size_t i = 0; i < c->n; i++) changed += c->bin[i].changed;
    if (changed > 1) e = lp_pending_decide(c->dir, c->bin, c->n);
    while (!e && done < c->n && (!c->bin[done].changed || (e = lp_pending_exchange(c->dir, c->bin[done].id)) == 0)) done++;
    if (!e && fsync(c->dir) != 0) e = errno;
    if (e) undo(c, done);
    if (changed > 1) lp_pending_done(c->dir);
    errno = e;
    return e ? fail_sys(c, "cannot change the store") : LP_OK;
}

static lp_status commit(struct change *c)
{
    lp_status s = LP_OK;
    char name[LP_STORE_NEW];
    for (size_t i = 0; i < c->n && s == LP_OK; i++)
        if (c->bin[i].changed) s = build(c, &c->bin[i]);
    if (s == LP_OK) s = change_places(c);
    for (size_t i = 0; i < c->n; i++) {
        lp_pending_beside(c->bin[i].id, name);
        remove_folder(c->dir, name);
        if (s == LP_OK) unlinkat(c->dir, c->bin[i].id, AT_REMOVEDIR); /* if it is empty now */
    }
    return s;
}

/* What somebody has left who was killed: first what was decided is done, then the rest goes. */
static lp_status tidy(struct change *c)
{
    errno = lp_pending_finish(c->dir);
    if (errno) return fail_sys(c, "cannot finish an earlier change of the store");
    DIR *d = fdopendir(dup(c->dir));
    if (!d) return fail_sys(c, "cannot read the store");
    rewinddir(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (strncmp(e->d_name, ".new-", 5) == 0 && unlinkat(c->dir, e->d_name, 0) != 0) remove_folder(c->dir, e->d_name);
    closedir(d);
    return LP_OK;
}

static lp_status make_dirs(const char *path)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    for (size_t i = 1; i <= n && n < sizeof part; i++) {
        if (path[i] != '/' && path[i]) continue;
        snprintf(part, sizeof part, "%.*s", (int)i, path);
        bool private = i > 8 && strncmp(part + i - 8, "/.config", 8) == 0; /* XDG base directory specification */
        if (mkdir(part, private ? 0700 : 0755) != 0 && errno != EEXIST && errno != EISDIR) return LP_E_IO;
    }
    return LP_OK;
}

/* Others that change the store wait. */
static lp_status start(struct change *c, const char *dir, bool make, struct lp_error *err)
{
    *c = (struct change){.where = dir, .dir = -1, .err = err};
    if (make && make_dirs(dir) != LP_OK) return fail_sys(c, "cannot make the store");
    c->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (c->dir < 0) {
        lp_status s = errno == ENOENT ? LP_E_NOT_FOUND : LP_E_IO;
        return lp_fail_sys(err, s, errno, "cannot open the store"), lp_at(err, dir, 0, 0), s;
    }
    lp_status s = lp_store_check(dir, err);
    if (s != LP_OK) return s;
    while (flock(c->dir, LOCK_EX) != 0)
        if (errno != EINTR) return fail_sys(c, "cannot lock the store");
    return tidy(c);
}

static lp_status finish(struct change *c, lp_status s)
{
    for (size_t i = 0; i < c->n && s == LP_OK; i++)
        if (c->bin[i].changed) s = check_relations(c, &c->bin[i]);
    if (s == LP_OK) s = commit(c);
    for (size_t i = 0; i < c->n; i++) lp_bin_free(&c->bin[i]);
    free(c->bin);
    if (c->dir >= 0) close(c->dir);
    return s;
}

lp_status lp_store_install(const char *dir, const lp_patch *const *patches, size_t n, struct lp_error *err)
{
    struct lp_error local;
    struct change c;
    lp_status s = start(&c, dir, true, err ? err : &local);
    for (size_t i = 0; i < n && s == LP_OK; i++) s = may_store(&c, patches[i]);
    for (size_t i = 1; i < n && s == LP_OK; i++)
        for (size_t k = 0; k < i && s == LP_OK; k++)
            if (strcmp(patches[i]->name, patches[k]->name) == 0) s = fail(&c, LP_E_RELATION, patches[i]->file, "another patch of this call has the same name");
    for (size_t i = 0; i < n && s == LP_OK; i++)
        for (size_t o = 0; o < patches[i]->nobject && s == LP_OK; o++) {
            char id[LP_STORE_ID];
            lp_hex(id, patches[i]->object[o].build_id, patches[i]->object[o].build_id_len);
            s = find_folder(&c, id);
            struct lp_bin *b = s == LP_OK ? bin_of(&c, id, &s) : NULL;
            bool twice = false;
            for (size_t k = 0; b && k < b->n; k++) twice |= b->v[k].fresh == patches[i];
            if (b && !twice) s = put(&c, b, patches[i]);
        }
    return finish(&c, s);
}

static int note_id(void *ctx, const struct lp_store_row *row)
{
    struct { struct change *c; lp_status s; } *a = ctx;
    (void)bin_of(a->c, row->build_id, &a->s);
    return a->s != LP_OK;
}

lp_status lp_store_uninstall(const char *dir, const char *const *names, size_t n, struct lp_error *err)
{
    struct lp_error local;
    struct change c;
    struct { struct change *c; lp_status s; } all = {&c, LP_OK};
    lp_status s = start(&c, dir, false, err ? err : &local);
    if (s == LP_OK) (void)lp_store_list(dir, note_id, &all, NULL, NULL, NULL);
    if (s == LP_OK) s = all.s;
    for (size_t i = 0; i < n && s == LP_OK; i++) {
        bool found = false;
        for (size_t k = 0; k < c.n; k++)
            for (size_t j = 0; j < c.bin[k].n; j++) {
                if (strcmp(c.bin[k].v[j].patch->name, names[i]) != 0) continue;
                found = c.bin[k].changed = c.bin[k].v[j].gone = true;
            }
        if (found) continue;
        s = lp_fail(c.err, LP_E_NOT_APPLIED, "patch `%s` is not in the store", names[i]), lp_at(c.err, dir, 0, 0);
        lp_hint(c.err, "`lpapply -l --installed` lists what is");
    }
    return finish(&c, s);
}
