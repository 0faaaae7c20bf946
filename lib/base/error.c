/* base/error.c - errors and their one table. */
#include <config.h>
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *text, *hint;
    enum lp_error_class class;
} rows[] = {
#define LP_ERROR(name, class, text, hint) {#name, text, hint, LP_CLASS_##class},
#include <arm64lp/error.def>
#undef LP_ERROR
};

/* What helps against one reason helps against no other. */
static const struct { int sys; const char *hint; } io_rows[] = {
    {ENOENT, "check the path"},
    {ENOTDIR, "a part of the path is a file and no folder"},
    {EISDIR, "name a file in it"},
    {ELOOP, "its symbolic links lead in a circle"},
    {ENAMETOOLONG, "choose a shorter path"},
    {EACCES, "check the permissions of the file and of its folder"},
    {EPERM, "check the permissions of the file and of its folder"},
    {EROFS, "the file system is mounted read-only: write to another one"},
    {ENOSPC, "free some space there, or write elsewhere"},
    {EDQUOT, "free some space there, or write elsewhere"},
    {EFBIG, "raise the limit on the size of files: ulimit -f"},
    {EMFILE, "raise the limit on open files: ulimit -n"},
    {ENFILE, "too many files are open in this system: close some"},
    {EBADF, "it is closed: has whoever started the command closed it (<&- or >&-), or opened it for the other direction?"},
    {EPIPE, "the reader has gone before the end"},
    {ETXTBSY, "the file is being executed: write to another one, and rename it"},
    {EADDRINUSE, "somebody has this path already: choose another one"},
};

static unsigned row(lp_status s) { return (unsigned)s < LP_E_COUNT ? (unsigned)s : (unsigned)LP_E_INTERNAL; }

const char *lp_status_name(lp_status s) { return rows[row(s)].name; }
const char *lp_status_text(lp_status s) { return rows[row(s)].text; }
const char *lp_status_hint(lp_status s) { return rows[row(s)].hint; }
const char *lp_errno_hint(int sys)
{
    for (size_t i = 0; i < sizeof io_rows / sizeof *io_rows; i++)
        if (io_rows[i].sys == sys) return io_rows[i].hint;
    return NULL;
}
enum lp_error_class lp_status_class(lp_status s) { return rows[row(s)].class; }
const char *lp_version(void) { return PACKAGE_VERSION; }

static void fill(struct lp_error *err, lp_status s, int sys, const char *fmt, va_list ap) LP_PRINTF(4, 0);
static void fill(struct lp_error *err, lp_status s, int sys, const char *fmt, va_list ap)
{
    memset(err, 0, offsetof(struct lp_error, where));
    err->where[0] = 0;
    err->status = s;
    err->sys = sys;
    int n = vsnprintf(err->text, sizeof err->text, fmt, ap);
    if (sys && n >= 0 && (size_t)n < sizeof err->text)
        snprintf(err->text + n, sizeof err->text - (size_t)n, ": %s", strerror(sys));
    const char *hint = s == LP_E_IO ? lp_errno_hint(sys) : rows[row(s)].hint;
    snprintf(err->hint, sizeof err->hint, "%s", hint ? hint : "");
}

lp_status lp_vfail(struct lp_error *err, lp_status s, const char *fmt, va_list ap)
{
    if (err) fill(err, s, 0, fmt, ap);
    return s;
}

lp_status lp_fail(struct lp_error *err, lp_status s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    lp_vfail(err, s, fmt, ap);
    va_end(ap);
    return s;
}

lp_status lp_fail_sys(struct lp_error *err, lp_status s, int sys, const char *fmt, ...)
{
    if (err) {
        va_list ap;
        va_start(ap, fmt);
        fill(err, s, sys, fmt, ap);
        va_end(ap);
    }
    return s;
}

lp_status lp_at(struct lp_error *err, const char *where, unsigned line, unsigned col)
{
    if (!err) return LP_E_INTERNAL;
    snprintf(err->where, sizeof err->where, "%s", where ? where : "");
    err->line = line;
    err->col = col;
    return err->status;
}

void lp_hint(struct lp_error *err, const char *fmt, ...)
{
    if (!err) return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err->hint, sizeof err->hint, fmt, ap);
    va_end(ap);
}

int lp_error_format(const struct lp_error *err, char *buf, size_t size)
{
    char at[32] = "";
    if (err->line && err->col) snprintf(at, sizeof at, ":%u:%u", err->line, err->col);
    else if (err->line) snprintf(at, sizeof at, ":%u", err->line);
    return snprintf(buf, size, "%s%s%s%s", err->where, at, err->where[0] || at[0] ? ": " : "", err->text);
}
