/* tools/lpapply_file.c - patches in ELF files: put in, taken out, listed. */
#include <config.h>
#include "cli.h"
#include "lpapply.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *file(void) { return cli.operands[0]; }
static bool from_stdin(void) { return strcmp(file(), "-") == 0; }
/* The result: -o, else in the place of the file, else standard output. */
static const char *target(void) { return opt.output ? opt.output : file(); }

/* Until the file has been replaced nobody else is to read it for that, or the change that comes first is lost: a lock, of the file that the name stands
 * for once it is held. Kept till the end. false: somebody has it and does not give it back in 30 s. What cannot be opened or locked at all is no matter of
 * ours. */
static bool lock_file(void)
{
    enum { TRIES = 1500, QUIET = 50 };
    const struct timespec pause = {.tv_nsec = 20000000};
    for (unsigned i = 0; i < TRIES; i++) {
        struct stat held, named;
        int fd = open(file(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0) return true;
        const bool mine = flock(fd, LOCK_EX | LOCK_NB) == 0;
        if (!mine && errno != EWOULDBLOCK) return true;
        if (mine && (fstat(fd, &held) != 0 || stat(file(), &named) != 0 || (held.st_ino == named.st_ino && held.st_dev == named.st_dev))) return true;
        close(fd);
        if (i == QUIET) cli_note(1, "%s: waiting for its lock (flock), which another program holds", file());
        if (!mine) nanosleep(&pause, NULL);
    }
    return false;
}

static lp_elf *open_file(int *status)
{
    struct lp_error err;
    lp_elf *e = NULL;
    if (!from_stdin() && !opt.output && !opt.look && !lock_file()) {
        cli_error("%s: another program holds its lock (flock): nothing was changed. Try again when that has ended", file());
        *status = cli_exit_status(LP_E_IO);
        return NULL;
    }
    lp_status s = lp_elf_open(file(), &e, &err);
    if (s) *status = cli_failed(&err);
    return e;
}

/* ---- the list ---- */

static int print_row(void *ctx, const struct lp_disk_row *row)
{
    (void)ctx;
    if (cli.format == OUT_TEXT) {
        column(row->name, 24);
        out_printf("%-10s %8" PRIu64 "  ", row->version ? row->version : "-", row->places);
        out_text(row->summary ? row->summary : "-");
        out_puts("\n");
        return 0;
    }
    out_record("patch");
    out_str("name", row->name);
    out_str("version", row->version);
    out_uint("places", row->places);
    out_str("summary", row->summary);
    out_end();
    return 0;
}

int do_list_file(void)
{
    struct lp_error err;
    int status = 0;
    lp_elf *e = open_file(&status);
    if (!e) return status;
    if (!out_open(opt.output)) return cli_exit_status(LP_E_IO);
    if (cli.format == OUT_TEXT && cli.level > 0) out_printf("%-24s %-10s %8s  %s\n", "NAME", "VERSION", "PLACES", "SUMMARY");
    lp_status s = lp_disk_list(e, print_row, NULL, &err);
    if (s) status = cli_failed(&err);
    lp_elf_close(e);
    if (!out_close()) return cli_exit_status(LP_E_IO);
    return status;
}

/* ---- what comes of it ---- */

/* `prefix` + `suffix`, of which len bytes of the first. */
static char *joined(const char *prefix, size_t len, const char *suffix)
{
    char *s = must(malloc(len + strlen(suffix) + 1));
    memcpy(s, prefix, len), strcpy(s + len, suffix);
    return s;
}

static lp_status failed(struct lp_error *err, const char *name)
{
    *err = (struct lp_error){.status = LP_E_IO, .sys = errno};
    snprintf(err->text, sizeof err->text, "cannot write: %s", strerror(errno));
    snprintf(err->where, sizeof err->where, "%s", name);
    return LP_E_IO;
}

/* The new file in the place of the old one, which is to be called FILE.orig. A backup that there is already goes only when the new file is in its place;
 * until then what will be the new one has a name that nobody uses. So whatever fails, both files are as they were. */
static lp_status replace_and_keep(const lp_elf *e, const struct lp_disk_result *r, unsigned mode, struct lp_error *err)
{
    const struct lp_elf_info *info = lp_elf_info(e);
    const char *slash = strrchr(file(), '/');
    struct stat st;
    char own[64];
    snprintf(own, sizeof own, ".arm64lp.%ld.orig", (long)getpid());
    char *name = joined(file(), strlen(file()), ".orig"), *held = joined(file(), slash ? (size_t)(slash - file()) + 1 : 0, own);
    lp_status s = lstat(name, &st) == 0 && S_ISDIR(st.st_mode) ? (errno = EISDIR, failed(err, name)) : LP_OK;
    if (s == LP_OK) s = lp_disk_keep_file(file(), held, info->image, info->image_size, err);
    if (s == LP_OK) {
        s = lp_disk_write_file(target(), r->image, r->size, mode, err);
        if (s == LP_OK && rename(held, name) != 0) {
            s = failed(err, name);
            char *real = out_real_name(file());
            if (real) rename(held, real);
            free(real);
        }
        unlink(held); /* rename() leaves two names of one file alone */
    }
    free(name), free(held);
    return s;
}

/* A file that nothing changes is written all the same if it is to be another one. */
static lp_status store(const lp_elf *e, const struct lp_disk_result *r, struct lp_error *err)
{
    const struct lp_elf_info *info = lp_elf_info(e);
    struct stat st;
    unsigned mode = from_stdin() || stat(file(), &st) != 0 ? 0777 : st.st_mode & 07777;
    if (opt.live.flags & LP_LIVE_DRY_RUN || (!r->image && !opt.output && !from_stdin())) return LP_OK;
    if (opt.backup && r->image) return replace_and_keep(e, r, mode, err);
    return r->image ? lp_disk_write_file(target(), r->image, r->size, mode, err) : lp_disk_write_file(target(), info->image, info->image_size, mode, err);
}

static const char *outcome(lp_status s, const struct lp_disk_result *r)
{
    if (s) return cli_exit_status(s) == 1 ? "refused" : "failed";
    return r->applied ? "applied" : r->reverted ? "reverted" : r->already ? "already applied" : "nothing to do";
}

static void record(lp_status s, const struct lp_disk_result *r, const struct lp_error *err)
{
    char text[1280] = "";
    if (s) lp_error_format(err, text, sizeof text);
    out_record("file");
    out_str("file", file());
    out_str("output", opt.live.flags & LP_LIVE_DRY_RUN ? NULL : target());
    out_str("state", outcome(s, r));
    out_str("status", lp_status_name(s));
    out_str("reason", s ? text : NULL);
    out_uint("applied", r->applied);
    out_uint("already", r->already);
    out_uint("reverted", r->reverted);
    out_bool("dry_run", opt.live.flags & LP_LIVE_DRY_RUN);
    out_end();
}

/* Standard output may be the file itself. */
static void tell(const struct lp_disk_result *r)
{
    const char *dry = opt.live.flags & LP_LIVE_DRY_RUN ? " (dry run)" : "";
    if (opt.reverse) cli_note(1, r->reverted ? "%s: %zu reverted%s" : "%s: nothing to revert", file(), r->reverted, dry);
    else if (r->applied && r->already && !opt.forward) cli_note(1, "%s: %zu applied, %zu already applied%s", file(), r->applied, r->already, dry);
    else if (r->applied) cli_note(1, "%s: %zu applied%s", file(), r->applied, dry);
    else if (!opt.forward) cli_note(1, "%s: already applied%s", file(), dry);
}

static void report(void *ctx, const struct lp_error *err)
{
    (void)ctx;
    if (cli.format == OUT_TEXT) cli_report(NULL, err);
}

static int finish(lp_elf *e, lp_status s, struct lp_disk_result *r, struct lp_error *err)
{
    if (s == LP_OK) s = store(e, r, err);
    if (cli.format == OUT_TEXT) {
        if (s) cli_failed(err), cli_note(1, "%s: nothing was changed", file());
        else tell(r);
    } else {
        record(s, r, err);
    }
    free(r->image);
    lp_elf_close(e);
    return cli_exit_status(s);
}

int do_apply_file(lp_patch *const *patches, size_t n)
{
    struct lp_error err;
    struct lp_disk_result r = {0};
    int status = 0;
    lp_elf *e = open_file(&status);
    if (!e) return status;
    lp_status s = lp_disk_apply(e, (const lp_patch *const *)patches, n, &r, report, NULL, &err);
    return finish(e, s, &r, &err);
}

int do_revert_file(char *const *names, size_t n)
{
    struct lp_error err;
    struct lp_disk_result r = {0};
    int status = 0;
    lp_elf *e = open_file(&status);
    if (!e) return status;
    lp_status s = lp_disk_revert(e, (const char *const *)names, n, &r, report, NULL, &err);
    return finish(e, s, &r, &err);
}
