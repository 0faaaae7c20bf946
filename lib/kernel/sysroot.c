/* kernel/sysroot.c - names of files in the sysroot.
 *
 * Strings and readlink() only: no descriptor of the guest's limit is needed, and one call per component says whether it is there, is a link
 * (to be followed here) or not (EINVAL). Most names that are not in the sysroot end after one or two components. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "base/error.h"
#include "kernel/kernel.h"
#include "kernel/sysroot.h"

#define MAX_LINKS 40 /* Linux's MAXSYMLINKS */

/* A look-up under way: `at` is found, as the host names it; `rest` is not looked at yet. */
struct walk {
    size_t root, len; /* lengths: of the sysroot, of at */
    const struct lp_kernel *k;
    bool hosts;       /* stopped at a folder that is the host's */
    unsigned links;
    char at[PATH_MAX], rest[PATH_MAX];
};

lp_status lp_sysroot_set(struct lp_kernel *k, const char *dir, struct lp_error *err)
{
    struct stat st;
    char *path = *dir ? realpath(dir, NULL) : strdup("/");
    if (!path || stat(path, &st) || !S_ISDIR(st.st_mode)) {
        int e = path ? ENOTDIR : errno;
        free(path);
        lp_fail_sys(err, LP_E_NOT_FOUND, e, "no sysroot");
        return lp_at(err, dir, 0, 0);
    }
    free(k->sysroot);
    k->sysroot = path[1] ? path : NULL;
    k->sysroot_len = strlen(path);
    if (!path[1])
        free(path);
    lp_sysroot_moved(k);
    return LP_OK;
}

/* Others may be looking: what was there is not freed. */
int lp_sysroot_enter(struct lp_kernel *k, const char *dir)
{
    char *copy = strdup(strcmp(dir, "/") ? dir : "");
    if (!copy)
        return -ENOMEM;
    k->sysroot_alone = true;
    k->sysroot_len = strlen(copy);
    k->sysroot = copy;
    lp_sysroot_moved(k);
    return 0;
}

bool lp_sysroot_other(const struct lp_kernel *k) { return k->sysroot_alone && k->sysroot_len; }

bool lp_sysroot_has_proc(const struct lp_kernel *k)
{
    char path[PATH_MAX];
    struct statfs s;
    if (!k->sysroot_alone)
        return true;
    int n = snprintf(path, sizeof path, "%s/proc", k->sysroot);
    return n < (int)sizeof path && statfs(path, &s) == 0 && s.f_type == PROC_SUPER_MAGIC;
}

static bool is_inside(const struct lp_kernel *k, const char *path)
{
    return k->sysroot && !strncmp(path, k->sysroot, k->sysroot_len) && (path[k->sysroot_len] == '/' || !path[k->sysroot_len]);
}

const char *lp_sysroot_guest(const struct lp_kernel *k, const char *path)
{
    if (!is_inside(k, path))
        return path;
    return path[k->sysroot_len] ? path + k->sysroot_len : "/";
}

static bool push(struct walk *w, const char *name, size_t n)
{
    if (n + 2 > sizeof w->at - w->len)
        return false;
    w->at[w->len++] = '/';
    memcpy(w->at + w->len, name, n);
    w->at[w->len += n] = 0;
    return true;
}

static void pop(struct walk *w)
{
    while (w->len > w->root && w->at[--w->len] != '/')
        ;
    w->at[w->len] = 0;
}

static bool is_name(const char *p, size_t n, const char *name) { return strlen(name) == n && !memcmp(p, name, n); }

/* Folders that only a running kernel fills. */
static bool is_hosts(const struct walk *w, const char *p, size_t n)
{
    if (w->len != w->root)
        return false;
    if (w->k->sysroot_alone)
        return is_name(p, n, "proc") && lp_sysroot_has_proc(w->k);
    return is_name(p, n, "proc") || is_name(p, n, "sys") || is_name(p, n, "dev");
}

/* The link `text` stands for the component that was pushed last; `after` (in w->rest) follows. */
static int enter_link(struct walk *w, char *text, const char *after, unsigned how)
{
    size_t n = strlen(text), m = strlen(after) + 1;
    if (++w->links > MAX_LINKS || how & LP_PATH_NOLINKS)
        return -ELOOP;
    if (n + m > sizeof w->rest)
        return -ENAMETOOLONG;
    pop(w);
    memmove(w->rest + n, after, m);
    memcpy(w->rest, text, n);
    if (text[0] == '/')
        w->at[w->len = w->root] = 0;
    return 1;
}

/* What was found so far: its own links have been followed. */
static bool is_folder(const struct walk *w)
{
    struct stat st;
    return w->len == w->root || lstat(w->at, &st) || S_ISDIR(st.st_mode);
}

/* One component, at p in w->rest. 1 = go on at w->rest; 0 = not in the sysroot; -errno. */
static int step(struct walk *w, char *p, size_t n, unsigned how)
{
    char link[PATH_MAX];
    char *after = p + n;
    bool end = !*after;
    int r = 1;
    if (is_name(p, n, "..")) {
        if (!is_folder(w))
            return -ENOTDIR;
        pop(w);
    } else if (!is_name(p, n, ".")) {
        size_t before = w->len;
        if ((w->hosts = is_hosts(w, p, n)) || !push(w, p, n))
            return 0;
        ssize_t len = readlink(w->at, link, sizeof link - 1);
        if (len < 0 && (errno == ENOENT || errno == ENOTDIR)) {
            w->at[w->len = before] = 0;
            return 0;
        }
        if (len >= 0 && !(end && how & LP_PATH_NOFOLLOW)) {
            link[len] = 0;
            return enter_link(w, link, after, how);
        }
    }
    memmove(w->rest, after, strlen(after) + 1);
    return r;
}

/* 1 = found, at w->at; 0 = missing from w->rest on; -errno. */
static int walk(struct walk *w, const struct lp_kernel *k, const char *path, unsigned how)
{
    w->root = w->len = k->sysroot_len;
    w->k = k;
    w->hosts = false;
    w->links = 0;
    if (w->root >= sizeof w->at || strlen(path) >= sizeof w->rest)
        return 0;
    strcpy(w->at, k->sysroot);
    strcpy(w->rest, path);
    for (;;) {
        char *p = w->rest + strspn(w->rest, "/");
        if (!*p)
            break;
        int r = step(w, p, strcspn(p, "/"), how);
        if (r <= 0)
            return r;
    }
    return !w->rest[0] || push(w, "", 0); /* a slash at the end asks for a folder: the host says ENOTDIR */
}

/* Does only the last component miss? */
static bool only_name_missing(const struct walk *w)
{
    const char *p = w->rest + strspn(w->rest, "/");
    p += strcspn(p, "/");
    return !p[strspn(p, "/")];
}

static bool has_parent(const char *path)
{
    char dir[PATH_MAX];
    struct stat st;
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    while (n > 0 && path[n - 1] != '/')
        n--;
    if (n == 0 || n >= sizeof dir)
        return true;
    memcpy(dir, path, n);
    dir[n] = 0;
    return stat(dir, &st) == 0;
}

/* at and rest as one name, without the first `skip` bytes, in buf. */
static const char *join(const struct walk *w, size_t skip, char *buf)
{
    const char *rest = w->rest + strspn(w->rest, "/");
    int n = snprintf(buf, PATH_MAX, "%s/%s", w->at + skip, rest);
    return n > 0 && n < PATH_MAX ? buf : NULL;
}

/* What is found, for the host. */
static const char *found(const struct walk *w, char *buf) { return strcpy(buf, w->at[0] ? w->at : "/"); }

/* A link in the sysroot that leads to nothing there leads to the host's file of that name: it hides what the host has in its own place. Where the
 * sysroot is all, the host says what is wrong with the name. */
static const char *not_there(const struct walk *w, const char *path, unsigned how, char *buf)
{
    const char *host = path, *in;
    if (w->k->sysroot_alone && !w->hosts && (in = join(w, 0, buf)) != NULL)
        return in;
    if (w->links && !(host = join(w, w->root, buf)))
        host = path;
    if (how & LP_PATH_NEW && only_name_missing(w) && !has_parent(host) && (in = join(w, 0, buf)) != NULL)
        return in;
    return host;
}

int lp_sysroot_find(const struct lp_kernel *k, const char *path, unsigned how, char *buf, const char **out)
{
    struct walk w;
    *out = path;
    if (!k->sysroot || path[0] != '/')
        return 0;
    bool inside = !k->sysroot_alone && is_inside(k, path);
    int r = walk(&w, k, inside ? lp_sysroot_guest(k, path) : path, how);
    if (r > 0)
        *out = found(&w, buf);
    else if (r == 0 && !inside)
        *out = not_there(&w, path, how, buf);
    return r < 0 ? r : 0;
}

/* ---- relative names ---- */
/* Path of a descriptor's folder; false if it is not in the sysroot. */
static bool inside_dir(const struct lp_kernel *k, int dirfd, char *dir)
{
    lp_fd_path(dirfd, dir, PATH_MAX);
    return is_inside(k, dir);
}

/* k->cwd_known: one of these, below the number of changes so far. */
enum { CWD_UNKNOWN, CWD_OUTSIDE, CWD_INSIDE, CWD_APART /* threads have their own */, CWD_MASK = 3 };

void lp_sysroot_moved(struct lp_kernel *k)
{
    uint32_t old = atomic_load(&k->cwd_known);
    while ((old & CWD_MASK) != CWD_APART && !atomic_compare_exchange_weak(&k->cwd_known, &old, (old | CWD_MASK) + 1))
        ;
}

void lp_sysroot_apart(struct lp_kernel *k) { atomic_store(&k->cwd_known, CWD_APART); }

/* The same for the current directory, which is looked at once after each change; not remembered if another one came meanwhile. */
static bool inside_cwd(struct lp_kernel *k)
{
    char dir[PATH_MAX];
    uint32_t old = atomic_load(&k->cwd_known), known = old & CWD_MASK;
    if (known == CWD_INSIDE || known == CWD_OUTSIDE)
        return known == CWD_INSIDE;
    bool inside = inside_dir(k, AT_FDCWD, dir);
    if (known == CWD_UNKNOWN)
        atomic_compare_exchange_strong(&k->cwd_known, &old, old | (inside ? CWD_INSIDE : CWD_OUTSIDE));
    return inside;
}

/* A plain name that is no link goes where its folder is: nothing to do. */
static bool is_plain(int dirfd, const char *path, unsigned how)
{
    char c;
    if (!*path || !strcmp(path, "."))
        return true;
    if (strchr(path, '/') || !strcmp(path, ".."))
        return false;
    return how & LP_PATH_NOFOLLOW || readlinkat(dirfd, path, &c, 1) < 0;
}

static bool climbs(const char *path)
{
    for (const char *p = path; (p = strstr(p, "..")) != NULL; p += 2)
        if ((p == path || p[-1] == '/') && (!p[2] || p[2] == '/'))
            return true;
    return false;
}

int lp_sysroot_find_at(struct lp_kernel *k, int dirfd, const char *path, unsigned how, char *buf, const char **out)
{
    char dir[PATH_MAX];
    struct walk w;
    *out = path;
    if (!k->sysroot)
        return 0;
    if (path[0] == '/')
        return lp_sysroot_find(k, path, how, buf, out);
    if ((dirfd == AT_FDCWD && !inside_cwd(k)) || is_plain(dirfd, path, how) || !inside_dir(k, dirfd, dir) ||
        strlen(dir) + strlen(path) + 2 > sizeof dir)
        return 0;
    strcat(strcat(dir, "/"), path);
    const char *guest = lp_sysroot_guest(k, dir);
    int r = walk(&w, k, guest, how);
    if (r > 0)
        *out = found(&w, buf);
    else if (r == 0 && (w.links || climbs(path))) /* else it is what the host says about this name in this folder */
        if ((*out = not_there(&w, guest, how, buf)) == guest)
            *out = strcpy(buf, guest);
    return r < 0 ? r : 0;
}
