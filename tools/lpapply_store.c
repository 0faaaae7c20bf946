/* tools/lpapply_store.c - patches that programs get when they start: put into a store, taken out, listed. */
#include <config.h>
#include "cli.h"
#include "lpapply.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --patch-dir, else this user's own. */
static const char *store(void)
{
    static char user[PATH_MAX];
    struct lp_error err;
    if (opt.n_patch_dirs) return opt.patch_dirs[0];
    if (lp_store_user_dir(user, sizeof user, &err) == LP_OK) return user;
    cli_exit(cli_failed(&err));
}

static void tell(const char *name, const char *what) { cli_note(1, "%s: %s %s", name, what, store()); }

int do_install(lp_patch *const *patches, size_t n)
{
    struct lp_error err;
    lp_status s = lp_store_install(store(), (const lp_patch *const *)patches, n, &err);
    if (s) {
        cli_failed(&err);
        cli_note(1, "nothing was changed");
    }
    for (size_t i = 0; i < n && s == LP_OK; i++) tell(lp_patch_name(patches[i]), "stored in");
    return cli_exit_status(s);
}

int do_uninstall(char *const *names, size_t n)
{
    struct lp_error err;
    lp_status s = lp_store_uninstall(store(), (const char *const *)names, n, &err);
    if (s) {
        cli_failed(&err);
        cli_note(1, "nothing was changed");
    }
    for (size_t i = 0; i < n && s == LP_OK; i++) tell(names[i], "taken out of");
    return cli_exit_status(s);
}

static int print_stored(void *ctx, const struct lp_store_row *row)
{
    (void)ctx;
    if (cli.format == OUT_TEXT) {
        column(row->name, 24);
        out_printf("%-10s %-40s ", row->version ? row->version : "-", row->build_id);
        out_text(row->objects);
        out_puts("\n");
        return 0;
    }
    out_record("stored");
    out_str("name", row->name);
    out_str("version", row->version);
    out_str("build_id", row->build_id);
    out_str("objects", row->objects);
    out_str("path", row->path);
    out_end();
    return 0;
}

/* A store that was not made yet is empty, unless it was named. */
static lp_status list_one(const char *dir, bool named)
{
    struct lp_error err;
    lp_status s = lp_store_list(dir, print_stored, NULL, cli_report, NULL, &err);
    if (s == LP_E_NOT_FOUND && !named) return LP_OK;
    if (s && cli.reported == 0) cli_report(NULL, &err);
    return s;
}

int do_list_stored(void)
{
    char user[PATH_MAX];
    lp_status s = LP_OK, bad;
    if (!out_open(opt.output)) return cli_exit_status(LP_E_IO);
    if (cli.format == OUT_TEXT && cli.level > 0) out_printf("%-24s %-10s %-40s %s\n", "NAME", "VERSION", "BUILD-ID", "OBJECTS");
    for (size_t i = 0; i < opt.n_patch_dirs; i++)
        if ((bad = list_one(opt.patch_dirs[i], true)) != LP_OK) s = bad;
    if (!opt.n_patch_dirs && (bad = list_one(lp_store_system_dir(), false)) != LP_OK) s = bad;
    if (!opt.n_patch_dirs && lp_store_user_dir(user, sizeof user, NULL) == LP_OK && (bad = list_one(user, false)) != LP_OK) s = bad;
    return out_close() ? cli_exit_status(s) : cli_exit_status(LP_E_IO);
}
