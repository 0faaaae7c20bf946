/* patch/trust.c - may what a file says be believed? Only if nobody but root and this user could have written it. */
#include <config.h>
#include "base/error.h"
#include "base/os.h"
#include "patch/store.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

enum { STICKY = 01000 }; /* of a folder: who may write there removes no files of others */

/* For a set-user-ID program "this user" is whoever started it: only root is trusted. */
static bool is_owner(uid_t uid) { return uid == 0 || (uid == geteuid() && !getauxval(AT_SECURE)); }

lp_status lp_trust_stat(const char *path, const struct stat *st, bool above, struct lp_error *err)
{
    bool link = S_ISLNK(st->st_mode); /* its own mode says nothing */
    if (!is_owner(st->st_uid))
        lp_fail(err, LP_E_DENIED, "it belongs to user %u: patches are taken from root and from user %u only", (unsigned)st->st_uid, (unsigned)geteuid());
    else if (!link && (st->st_mode & 022) && !(above && st->st_mode & STICKY))
        lp_fail(err, LP_E_DENIED, "others may write there (mode %04o)", (unsigned)st->st_mode & 07777);
    else return LP_OK;
    lp_hint(err, "close it with chmod go-w, or make a store of your own");
    return lp_at(err, path, 0, 0), LP_E_DENIED;
}

/* From the root down: what was looked at cannot be exchanged by anybody else any more. */
static lp_status check_each(const char *path, struct lp_error *err)
{
    char part[PATH_MAX];
    lp_status s = LP_OK;
    for (const char *end = path; end && s == LP_OK;) {
        struct stat st;
        end = strchr(end + 1, '/');
        snprintf(part, sizeof part, "%.*s", end ? (int)(end - path) : (int)strlen(path), path);
        if (lstat(part, &st) == 0) s = lp_trust_stat(part, &st, end != NULL, err);
        else s = lp_fail_sys(err, errno == ENOENT || errno == ENOTDIR ? LP_E_NOT_FOUND : LP_E_DENIED, errno, "cannot look at it"), lp_at(err, part, 0, 0);
    }
    return s;
}

lp_status lp_store_check(const char *path, struct lp_error *err)
{
    struct lp_error local;
    char full[PATH_MAX], *cwd = NULL, *real;
    if (!err) err = &local;
    int n = path[0] == '/' ? snprintf(full, sizeof full, "%s", path) : (cwd = getcwd(NULL, 0)) ? snprintf(full, sizeof full, "%s/%s", cwd, path) : -1;
    free(cwd);
    if (n < 0 || (size_t)n >= sizeof full) return lp_fail(err, LP_E_INVALID, "the name is too long"), lp_at(err, path, 0, 0);
    lp_status s = check_each(full, err);
    if (s != LP_OK) return s;
    if (!(real = lp_os_realpath(full))) return lp_fail_sys(err, LP_E_DENIED, errno, "cannot look at it"), lp_at(err, path, 0, 0);
    s = strcmp(full, real) == 0 ? LP_OK : check_each(real, err); /* what links lead to */
    free(real);
    return s;
}
