/* tools/lpapply.c - apply patches to running programs, take them out, list them. */
#include <config.h>
#include <arm64lp.h>
#include "cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { OPT_STATS = CLI_OWN, OPT_DEADLINE, OPT_FORCE };

static const struct cli_option options[] = {
    {'p', "pid", "PID", "the running program, by process number"},
    {'c', "control", "SOCKET", "the running program, by the socket that lprun -c made"},
    {'R', "reverse", NULL, "take patches out: the named ones, or all, the newest first"},
    {'l', "list", NULL, "list what is applied"},
    {OPT_STATS, "stats", NULL, "count what is applied"},
    {'n', "dry-run", NULL, "check everything, change nothing"},
    {'N', "forward", NULL, "say nothing about patches that are applied already"},
    {OPT_DEADLINE, "deadline", "TIME", "how long to wait for threads to leave changed code: 500ms, 5s"},
    {OPT_FORCE, "force", NULL, "do not wait for threads to leave changed code"},
    {'o', "output", "FILE", "write the list to FILE"},
    CLI_FORMATS,
    CLI_COMMON,
};
static const char *const synopsis[] = {
    "[-nNqv] [--deadline TIME] [--force] -p PID | -c SOCKET [patch | -]...",
    "-R [-nqv] [--deadline TIME] [--force] -p PID | -c SOCKET [patch | NAME | -]...",
    "-l | --stats [--json | --tsv] [-o FILE] -p PID | -c SOCKET",
    NULL,
};
static const struct cli_tool tool = {
    .name = "lpapply",
    .summary = "Apply patches to a program that runs under lprun. All patches of one call are applied, or none.",
    .synopsis = synopsis,
    .options = options,
    .notes = "Exit status: 0 applied, or applied already; 1 does not apply, nothing was changed;\n"
             "2 trouble; 5 the program did not leave the code in time, nothing was changed.",
    .exit = {[LP_CLASS_usage] = 2, [LP_CLASS_input] = 2, [LP_CLASS_refused] = 1, [LP_CLASS_busy] = 5, [LP_CLASS_system] = 2},
};

static struct {
    const char *socket, *output;
    int64_t pid;
    bool reverse, list, stats, forward;
    struct lp_live_options live;
} opt;

static void parse_options(int argc, char **argv)
{
    cli_start(&tool, argc, argv);
    for (int c; (c = cli_next()) != -1;) {
        switch (c) {
        case 'p': opt.pid = (int64_t)cli_number("--pid", cli.arg, INT32_MAX); break;
        case 'c': opt.socket = cli.arg; break;
        case 'R': opt.reverse = true; break;
        case 'l': opt.list = true; break;
        case OPT_STATS: opt.stats = true; break;
        case 'n': opt.live.flags |= LP_LIVE_DRY_RUN; break;
        case 'N': opt.forward = true; break;
        case OPT_DEADLINE: opt.live.deadline_ms = cli_duration("--deadline", cli.arg); break;
        case OPT_FORCE: opt.live.flags |= LP_LIVE_FORCE; break;
        case 'o': opt.output = cli.arg; break;
        }
    }
    if (opt.pid && opt.socket) cli_usage("-p and -c exclude each other");
    if (!opt.pid && !opt.socket && cli.n_operands > 0)
        cli_usage("patching files on disk is not supported in this version; use -p or -c");
    if (!opt.pid && !opt.socket) cli_usage("no program is given: use -p or -c");
    if ((opt.list || opt.stats) && (opt.reverse || cli.n_operands > 0)) cli_usage("-l and --stats take no patches");
    if (!opt.list && !opt.stats && (cli.format != OUT_TEXT || opt.output)) cli_usage("--json, --tsv and -o are for -l and --stats");
    if (!opt.list && !opt.stats && !opt.reverse && cli.n_operands == 0) cli_usage("no patch is given");
}

/* ---- list ---- */

struct totals { uint64_t patches, places, hits; };

/* RFC 3339, UTC. */
static const char *when(uint64_t ms, char *buf, size_t size)
{
    time_t t = (time_t)(ms / 1000);
    struct tm tm;
    if (!gmtime_r(&t, &tm) || !strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &tm)) snprintf(buf, size, "-");
    return buf;
}

static int add_up(void *ctx, const struct lp_live_row *row)
{
    struct totals *t = ctx;
    t->patches++;
    t->places += row->places;
    t->hits += row->hits;
    return 0;
}

static int print_row(void *ctx, const struct lp_live_row *row)
{
    (void)ctx;
    char time[32];
    when(row->applied_ms, time, sizeof time);
    if (cli.format == OUT_TEXT) {
        out_text(row->name);
        for (size_t n = strlen(row->name); n < 24; n++) putc(' ', out_file());
        fprintf(out_file(), " %-10s %8" PRIu64 " %12" PRIu64 "  %s\n", row->version ? row->version : "-", row->places, row->hits, time);
        return 0;
    }
    out_record("patch");
    out_str("name", row->name);
    out_str("version", row->version);
    out_uint("places", row->places);
    out_uint("hits", row->hits);
    out_str("applied", time);
    out_end();
    return 0;
}

static void print_totals(const struct totals *t)
{
    if (cli.format == OUT_TEXT) {
        fprintf(out_file(), "patches %" PRIu64 "\nplaces  %" PRIu64 "\nhits    %" PRIu64 "\n", t->patches, t->places, t->hits);
        return;
    }
    out_record("stats");
    out_uint("patches", t->patches);
    out_uint("places", t->places);
    out_uint("hits", t->hits);
    out_end();
}

static int do_list(lp_control *c)
{
    struct lp_error err;
    struct totals totals = {0};
    if (!out_open(opt.output)) return cli_exit_status(LP_E_IO);
    if (opt.list && cli.format == OUT_TEXT && cli.level > 0)
        fprintf(out_file(), "%-24s %-10s %8s %12s  %s\n", "NAME", "VERSION", "PLACES", "HITS", "APPLIED");
    lp_status s = opt.list ? lp_control_list(c, print_row, NULL, &err) : LP_OK;
    if (s == LP_OK && opt.stats) s = lp_control_list(c, add_up, &totals, &err);
    if (s == LP_OK && opt.stats) print_totals(&totals);
    if (s) {
        out_discard();
        return cli_failed(&err);
    }
    return out_close() ? 0 : cli_exit_status(LP_E_IO);
}

/* ---- apply and revert ---- */

static void *must(void *p)
{
    if (p) return p;
    cli_error("out of memory");
    cli_exit(cli_exit_status(LP_E_NOMEM));
}

static void tell(const char *name, const char *what) { cli_note(1, "%s: %s%s", name, what, opt.live.flags & LP_LIVE_DRY_RUN ? " (dry run)" : ""); }

/* "2 patches applied, 1 already applied": what became of the patches of this call. */
static void tell_result(const char *what, size_t n, const struct lp_live_result *r)
{
    const char *dry = opt.live.flags & LP_LIVE_DRY_RUN ? " (dry run)" : "";
    if (n <= 1 && r->applied + r->already + r->reverted <= 1) {
        if (r->already && !opt.forward) tell(what, "already applied");
        else if (r->applied) tell(what, "applied");
        else if (r->reverted) tell(what, "reverted");
        else if (opt.reverse) cli_note(1, "nothing to revert");
        return;
    }
    if (opt.reverse) cli_note(1, "%zu reverted%s", r->reverted, dry);
    else if (opt.forward || r->already == 0) cli_note(1, "%zu applied%s", r->applied, dry);
    else cli_note(1, "%zu applied, %zu already applied%s", r->applied, r->already, dry);
}

static int do_apply(lp_control *c)
{
    struct lp_error err;
    struct lp_live_result r = {0};
    size_t n = (size_t)cli.n_operands;
    lp_patch **patches = must(calloc(n + 1, sizeof *patches));
    lp_status s = LP_OK, bad;
    for (size_t i = 0; i < n; i++)
        if ((bad = lp_patch_read(cli.operands[i], 0, cli_report, NULL, &patches[i], &err)) != LP_OK) s = bad, cli_failed(&err);
    if (s == LP_OK) s = lp_control_apply(c, (const lp_patch *const *)patches, n, &opt.live, &r, cli_report, NULL, &err);
    if (s) {
        cli_failed(&err);
        if (n > 1) cli_note(1, "nothing was changed");
    } else tell_result(n == 1 ? lp_patch_name(patches[0]) : "", n, &r);
    for (size_t i = 0; i < n; i++) lp_patch_free(patches[i]);
    free(patches);
    return cli_exit_status(s);
}

/* An operand of -R: a file that can be read as a patch stands for that patch's name, anything else is a name. */
static char *name_of(const char *operand, lp_status *s)
{
    struct lp_error err;
    lp_patch *p = NULL;
    FILE *f = strcmp(operand, "-") == 0 ? NULL : fopen(operand, "re");
    if (f) fclose(f);
    else if (strcmp(operand, "-") != 0) return must(strdup(operand));
    lp_status bad = lp_patch_read(operand, 0, cli_report, NULL, &p, &err);
    if (bad) {
        *s = bad;
        cli_failed(&err);
        return must(strdup(""));
    }
    char *name = must(strdup(lp_patch_name(p)));
    lp_patch_free(p);
    return name;
}

static int do_revert(lp_control *c)
{
    struct lp_error err;
    struct lp_live_result r = {0};
    size_t n = (size_t)cli.n_operands;
    char **names = must(calloc(n + 1, sizeof *names));
    lp_status s = LP_OK;
    for (size_t i = 0; i < n; i++) names[i] = name_of(cli.operands[i], &s);
    if (s == LP_OK) s = lp_control_revert(c, (const char *const *)names, n, &opt.live, &r, cli_report, NULL, &err);
    if (s && cli.reported == 0) cli_failed(&err);
    else if (s == LP_OK) tell_result(n == 1 ? names[0] : "all", n, &r);
    for (size_t i = 0; i < n; i++) free(names[i]);
    free(names);
    return cli_exit_status(s);
}

int main(int argc, char **argv)
{
    struct lp_error err;
    lp_control *c = NULL;
    parse_options(argc, argv);
    lp_status s = opt.socket ? lp_control_open(opt.socket, &c, &err) : lp_control_open_pid(opt.pid, &c, &err);
    if (s) cli_exit(cli_failed(&err));
    int status = opt.list || opt.stats ? do_list(c) : opt.reverse ? do_revert(c) : do_apply(c);
    lp_control_close(c);
    cli_exit(status);
}
