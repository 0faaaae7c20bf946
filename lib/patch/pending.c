/* patch/pending.c - a change of several folders of a store that is decided, though perhaps not all of them have changed places yet.
 *
 * The record names each folder and its new one's inode: from the moment that the record is there, the new ones count, whichever name they have. */
#include <config.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/os.h"
#include "patch/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORD ".commit"
#define DRAFT ".new-commit"
enum { RECORD_MAX = 16 << 20 };

void lp_pending_beside(const char *id, char name[LP_STORE_NEW]) { snprintf(name, LP_STORE_NEW, ".new-%s", id); }

static bool is_at(int dir, const char *name, uint64_t ino)
{
    struct stat st;
    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == ino;
}

static bool parse(struct lp_pending *p, char *text)
{
    size_t cap = 0;
    for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        struct lp_pending_row *v = lp_grow(p->v, &cap, p->n, sizeof *v), row = {.ino = 0};
        unsigned long long ino;
        if (!v) return false;
        p->v = v;
        if (sscanf(line, "%128[0-9a-f] %llu", row.id, &ino) != 2) continue;
        row.ino = ino;
        v[p->n++] = row;
    }
    return true;
}

bool lp_pending_read(int dir, struct lp_pending *p)
{
    struct lp_error err;
    struct stat st;
    char *text = NULL;
    size_t len;
    *p = (struct lp_pending){.v = NULL};
    int fd = openat(dir, RECORD, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return false;
    bool good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && lp_trust_stat(RECORD, &st, false, &err) == LP_OK &&
                lp_fd_read(fd, RECORD, RECORD_MAX, &text, &len, &err) == LP_OK && parse(p, text);
    close(fd);
    free(text);
    return good;
}

void lp_pending_free(struct lp_pending *p)
{
    free(p->v);
    *p = (struct lp_pending){.v = NULL};
}

void lp_pending_folder(int dir, const char *id, char name[LP_STORE_NEW])
{
    struct lp_pending p;
    bool fresh = false;
    lp_pending_beside(id, name);
    if (lp_pending_read(dir, &p))
        for (size_t i = 0; i < p.n; i++) fresh |= strcmp(p.v[i].id, id) == 0 && is_at(dir, name, p.v[i].ino);
    if (!fresh) snprintf(name, LP_STORE_NEW, "%s", id);
    lp_pending_free(&p);
}

static int write_draft(int dir, const struct lp_buf *b)
{
    int fd = openat(dir, DRAFT, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    int e = fd < 0 ? errno : lp_write_all(fd, b->data, b->len);
    if (!e && (fchmod(fd, 0644) != 0 || fsync(fd) != 0)) e = errno;
    if (fd >= 0 && close(fd) != 0 && !e) e = errno;
    return e;
}

int lp_pending_decide(int dir, const struct lp_bin *bin, size_t n)
{
    struct lp_buf b = {0};
    char name[LP_STORE_NEW];
    struct stat st;
    int e = 0;
    for (size_t i = 0; i < n && !e; i++) {
        lp_pending_beside(bin[i].id, name);
        if (!bin[i].changed) continue;
        if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) e = errno;
        else lp_buf_printf(&b, "%s %llu\n", bin[i].id, (unsigned long long)st.st_ino);
    }
    if (!e) e = b.failed ? ENOMEM : write_draft(dir, &b);
    lp_buf_free(&b);
    if (!e && fsync(dir) != 0) e = errno; /* the new folders have their names before the record does */
    if (!e && renameat(dir, DRAFT, dir, RECORD) != 0) e = errno;
    if (e) unlinkat(dir, DRAFT, 0);
    return e;
}

int lp_pending_exchange(int dir, const char *id)
{
    char name[LP_STORE_NEW];
    lp_pending_beside(id, name);
    if (lp_os_exchange(dir, name, id) == 0) return 0;
    return errno == ENOENT && lp_os_rename_new(dir, name, id) == 0 ? 0 : errno;
}

void lp_pending_done(int dir) { unlinkat(dir, RECORD, 0); }

int lp_pending_finish(int dir)
{
    struct lp_pending p;
    char name[LP_STORE_NEW];
    int e = 0;
    if (!lp_pending_read(dir, &p)) return 0;
    for (size_t i = 0; i < p.n && !e; i++) {
        lp_pending_beside(p.v[i].id, name);
        if (is_at(dir, name, p.v[i].ino)) e = lp_pending_exchange(dir, p.v[i].id);
    }
    if (!e && fsync(dir) != 0) e = errno;
    for (size_t i = 0; i < p.n && !e; i++) unlinkat(dir, p.v[i].id, AT_REMOVEDIR); /* of one that is empty now */
    if (!e) lp_pending_done(dir);
    lp_pending_free(&p);
    return e;
}
