/* tools/lpapply.c - apply patches to running programs and to files, take them out, list them. */
#include <config.h>
#include <arm64lp.h>
#include "cli.h"
#include "lpapply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum form { FORM_APPLY, FORM_REVERT, FORM_LOOK, FORM_FILE, FORM_REVERT_FILE, FORM_LIST_FILE, FORM_INSTALL, FORM_UNINSTALL, FORM_STORED }; /* of the synopsis */
enum { OPT_STATS = CLI_OWN, OPT_DEADLINE, OPT_FORCE, OPT_REPLACE, OPT_EXE, OPT_TIMEOUT, OPT_PLACES, OPT_FUNCTIONS, OPT_CHANGED, OPT_JOURNAL,
       OPT_INSTALL, OPT_UNINSTALL, OPT_INSTALLED, OPT_PATCH_DIR, OPT_TRIAL };

static const struct cli_option options[] = {
    {'p', "pid", "PID", "a running program, by its process number; may be repeated; \"all\": all of this user's"},
    {'c', "control", "SOCKET", "a running program, by the socket that lprun -c made; may be repeated"},
    {OPT_EXE, "exe", "FILE", "all running programs whose program is this file; may be repeated"},
    {'R', "reverse", NULL, "take patches out: the named ones, or all, the newest first"},
    {'l', "list", NULL, "list what is applied"},
    {OPT_STATS, "stats", NULL, "count what is applied"},
    {OPT_PLACES, "places", NULL, "list the changed places: executions, the first and the last, threads still in the old code"},
    {OPT_FUNCTIONS, "functions", NULL, "list the program's functions and who changed them"},
    {OPT_CHANGED, "changed", NULL, "with --functions: only those that are changed"},
    {OPT_JOURNAL, "journal", NULL, "list what was applied, reverted and refused, when and by whom"},
    {OPT_INSTALL, "install", NULL, "store patches by build-id: every program with that build-id gets them when it starts"},
    {OPT_UNINSTALL, "uninstall", NULL, "take stored patches out, by their files or names"},
    {OPT_INSTALLED, "installed", NULL, "with -l: list what is stored"},
    {OPT_PATCH_DIR, "patch-dir", "DIR", "the store (default: ~/.config/arm64lp/patches; to list, /etc/arm64lp/patches too)"},
    {'n', "dry-run", NULL, "check everything, change nothing"},
    {'N', "forward", NULL, "say nothing about patches that are applied already"},
    {OPT_REPLACE, "replace", NULL, "an applied patch of the same name leaves in the same step"},
    {OPT_DEADLINE, "deadline", "TIME", "how long to wait for threads to leave changed code: 500ms, 5s"},
    {OPT_FORCE, "force", NULL, "do not wait for threads to leave changed code"},
    {OPT_TRIAL, "trial", "TIME", "if the program is about to crash in what the patch changed within this time, take it out: 30s"},
    {OPT_TIMEOUT, "timeout", "TIME", "how long to wait for a program that does not answer (default: 60s and the deadline)"},
    {'b', "backup", NULL, "of an ELF file: keep it as it was before as FILE.orig"},
    {'o', "output", "FILE", "write the patched ELF file there; of running programs, the list or the outcome"},
    CLI_FORMATS,
    CLI_COMMON,
};
#define TARGET "-p PID | -p all | -c SOCKET | --exe FILE"
static const char *const synopsis[] = {
    "[-nNqv] [--replace] [--deadline TIME] [--force] [--trial TIME] [--timeout TIME] [--json | --tsv] [-o FILE] " TARGET " [patch | -]...",
    "-R [-nqv] [--deadline TIME] [--force] [--timeout TIME] [--json | --tsv] [-o FILE] " TARGET " [patch | NAME | -]...",
    "-l | --stats | --places | --functions [--changed] | --journal [--timeout TIME] [--json | --tsv] [-o FILE] " TARGET,
    "[-nNqv] [-b] [-o FILE] [--json | --tsv] elf patch | - ...",
    "-R [-nqv] [-b] [-o FILE] [--json | --tsv] elf [patch | NAME | -]...",
    "-l [--json | --tsv] [-o FILE] elf",
    "--install [-q] [--patch-dir DIR] [patch | -]...",
    "--uninstall [-q] [--patch-dir DIR] [patch | NAME | -]...",
    "-l --installed | --patch-dir DIR [--json | --tsv] [-o FILE]",
    NULL,
};
static const struct cli_tool tool = {
    .name = "lpapply",
    .summary = "Apply patches to programs that run under lprun, and to ELF files. All patches of one call are applied to a program or file, or none.",
    .synopsis = synopsis,
    .options = options,
    .notes = "Exit status: 0 applied, or applied already; 1 does not apply, nothing was changed;\n"
             "2 trouble; 5 the program did not leave the code in time, nothing was changed. Of several programs, the worst: 2, 1, 5, 0.",
    .exit = {[LP_CLASS_usage] = 2, [LP_CLASS_input] = 2, [LP_CLASS_refused] = 1, [LP_CLASS_busy] = 5, [LP_CLASS_system] = 2},
};

struct lpapply opt;

static void parse_option(int c)
{
    switch (c) {
    case 'p':
        if (strcmp(cli.arg, "all") == 0) target_add_all();
        else target_add_pid((int64_t)cli_number("--pid", cli.arg, INT32_MAX));
        break;
    case 'c': target_add_socket(cli.arg); break;
    case OPT_EXE: target_add_exe(cli.arg); break;
    case 'R': opt.reverse = true; break;
    case 'l': opt.look |= LOOK_LIST; break;
    case OPT_STATS: opt.look |= LOOK_STATS; break;
    case OPT_PLACES: opt.look |= LOOK_PLACES; break;
    case OPT_FUNCTIONS: opt.look |= LOOK_FUNCTIONS; break;
    case OPT_CHANGED: opt.changed = true; break;
    case OPT_JOURNAL: opt.look |= LOOK_JOURNAL; break;
    case OPT_INSTALL: opt.install = true; break;
    case OPT_UNINSTALL: opt.uninstall = true; break;
    case OPT_INSTALLED: opt.installed = true; break;
    case OPT_PATCH_DIR:
        if (opt.n_patch_dirs == sizeof opt.patch_dirs / sizeof *opt.patch_dirs) cli_usage("too many --patch-dir");
        opt.patch_dirs[opt.n_patch_dirs++] = cli.arg;
        break;
    case 'n': opt.live.flags |= LP_LIVE_DRY_RUN; break;
    case 'N': opt.forward = true; break;
    case OPT_REPLACE: opt.live.flags |= LP_LIVE_REPLACE; break;
    case OPT_DEADLINE: opt.live.deadline_ms = cli_duration("--deadline", cli.arg); break;
    case OPT_TIMEOUT: opt.timeout_ms = cli_duration("--timeout", cli.arg); break;
    case OPT_TRIAL:
        if ((opt.live.trial_ms = cli_duration("--trial", cli.arg)) == 0) cli_usage("--trial: no time is no trial");
        break;
    case OPT_FORCE: opt.live.flags |= LP_LIVE_FORCE; break;
    case 'b': opt.backup = true; break;
    case 'o': opt.output = cli.arg; break;
    }
}

/* Patches on disk: true if that is what is asked for. */
static bool is_store(void)
{
    if (!opt.install && !opt.uninstall && !opt.installed && !opt.n_patch_dirs) return false;
    if (opt.install + opt.uninstall + (opt.look != 0) + opt.reverse != 1 || (opt.look && opt.look != LOOK_LIST))
        cli_usage("--patch-dir goes with one of --install, --uninstall and -l");
    if (!targets_none()) cli_usage("stored patches are for programs that start: -p, -c and --exe are for those that run");
    if (opt.live.flags || opt.live.deadline_ms || opt.live.trial_ms || opt.timeout_ms)
        cli_usage("-n, --replace, --force, --deadline, --trial and --timeout are for programs that run");
    if (opt.installed && !opt.look) cli_usage("--installed goes with -l");
    if (!opt.look && opt.n_patch_dirs > 1) cli_usage("only one --patch-dir can be changed");
    if ((cli.n_operands > 0) == (opt.look != 0)) cli_usage(opt.look ? "-l takes no patches" : "no patch is given");
    if (opt.look) cli_form(FORM_STORED, "stored patches");
    else cli_form(opt.install ? FORM_INSTALL : FORM_UNINSTALL, opt.install ? "--install" : "--uninstall");
    return true;
}

/* An ELF file: true if that is what is asked for. */
static bool is_file(void)
{
    if (!targets_none() || cli.n_operands == 0) return false;
    bool to_self = !opt.output && strcmp(cli.operands[0], "-") != 0;
    if (opt.look && (opt.look != LOOK_LIST || cli.n_operands != 1 || opt.reverse)) cli_usage("of a file there is only -l, with the file alone");
    if (opt.live.flags & ~(unsigned)LP_LIVE_DRY_RUN || opt.live.deadline_ms || opt.live.trial_ms || opt.timeout_ms)
        cli_usage("--replace, --force, --deadline, --trial and --timeout are for programs that run");
    if (!opt.look && !opt.reverse && cli.n_operands < 2)
        cli_usage("no patch is given: '%s' is the ELF file to be patched; a program that runs is named by -p, -c or --exe", cli.operands[0]);
    if (opt.backup && (!to_self || opt.look)) cli_usage("-b goes with a file that is changed in its place");
    if (!opt.look && cli.format != OUT_TEXT && !to_self && strcmp(opt.output ? opt.output : "-", "-") == 0)
        cli_usage("the file and the records cannot both go to standard output");
    cli_form(opt.look ? FORM_LIST_FILE : opt.reverse ? FORM_REVERT_FILE : FORM_FILE, opt.look ? "-l" : opt.reverse ? "-R of a file" : "a file");
    return opt.file = true;
}

/* All but the ELF file that becomes the result. */
static void keep_operands(void)
{
    for (int i = opt.file && !opt.look ? 1 : 0; i < cli.n_operands; i++) cli_keep(cli.operands[i], "-o", opt.output);
}

static void parse_options(int argc, char **argv)
{
    cli_start(&tool, argc, argv);
    for (int c; (c = cli_next()) != -1;) parse_option(c);
    const bool done = is_store() || is_file();
    keep_operands();
    if (done) return;
    if (targets_none()) cli_usage("no program and no file is given: use -p, -c, --exe or the name of an ELF file");
    if (opt.backup) cli_usage("-b is for files");
    if (opt.look && (opt.reverse || cli.n_operands > 0)) cli_usage("-l, --stats, --places, --functions and --journal take no patches");
    if (opt.live.trial_ms && (opt.look || opt.reverse)) cli_usage("--trial is for patches that are applied");
    if (opt.changed && !(opt.look & LOOK_FUNCTIONS)) cli_usage("--changed goes with --functions");
    if (!opt.look && opt.output && cli.format == OUT_TEXT) cli_usage("-o is for lists, --json and --tsv");
    if (!opt.look && !opt.reverse && cli.n_operands == 0) cli_usage("no patch is given");
    if (opt.look) cli_form(FORM_LOOK, "a list");
    else cli_form(opt.reverse ? FORM_REVERT : FORM_APPLY, opt.reverse ? "-R" : "patches for programs that run");
}

/* ---- apply and revert ---- */

void *must(void *p)
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

/* ---- several programs, or records ---- */

static bool in_text(void) { return cli.format == OUT_TEXT; }

/* Of several outcomes: trouble is worse than a patch that does not fit, and that is worse than one for which there was no time. */
static int worse(int a, int b)
{
    static const int rank[] = {[0] = 0, [5] = 1, [1] = 2, [2] = 3};
    return rank[a] > rank[b] ? a : b;
}

/* A program that was found and has ended since has no say. */
static int status_of(const struct target *t) { return t->found && strcmp(t->state, "gone") == 0 ? 0 : cli_exit_status(t->status); }

static void collect(void *ctx, const struct lp_error *err)
{
    struct target *t = ctx;
    if (t->nreport < 20) t->report = must(realloc(t->report, (t->nreport + 1) * sizeof *t->report)), t->report[t->nreport++] = *err;
}

/* One line for each reason that a program gave, and one for what became of it. */
static void tell_target(struct target *t)
{
    char text[1280];
    const struct lp_error *one = &t->err, *v = t->nreport ? t->report : one;
    const char *dry = opt.live.flags & LP_LIVE_DRY_RUN && t->status == LP_OK ? " (dry run)" : "";
    if (!in_text() || (opt.forward && strcmp(t->state, "already applied") == 0)) return;
    for (size_t i = 0; t->status && i < (t->nreport ? t->nreport : 1); i++) {
        lp_error_format(&v[i], text, sizeof text);
        if (t->found && strcmp(t->state, "gone") == 0) cli_note(1, "%s: gone: it has ended meanwhile", t->name);
        else cli_error("%s: %s: %s", t->name, t->state, text);
    }
    if (t->status == LP_OK) cli_note(1, "%s: %s%s", t->name, t->state, dry);
    if (t->status && t->err.hint[0] && status_of(t)) cli_note(1, "hint: %s", t->err.hint);
}

static void record_target(const struct target *t)
{
    char text[1280] = "";
    if (t->status) lp_error_format(t->nreport ? &t->report[0] : &t->err, text, sizeof text);
    out_record("target");
    out_str("target", t->socket ? t->socket : t->name);
    if (t->pid) out_uint("pid", (uint64_t)t->pid);
    else out_null("pid");
    out_str("exe", t->exe[0] ? t->exe : NULL);
    out_str("state", t->state);
    out_str("status", lp_status_name(t->status));
    out_str("reason", t->status ? text : NULL);
    out_uint("applied", t->result.applied);
    out_uint("already", t->result.already);
    out_uint("reverted", t->result.reverted);
    out_bool("dry_run", opt.live.flags & LP_LIVE_DRY_RUN);
    out_end();
}

/* Everything is done: the outcome of all of it. */
static int tell_outcome(void)
{
    int status = 0;
    size_t n = 0;
    if (!in_text() && !out_open(opt.output)) return cli_exit_status(LP_E_IO);
    for (size_t i = 0; target_at(i); i++) {
        const struct target *t = target_at(i);
        if (t->skipped) continue;
        status = worse(status, status_of(t));
        if (!in_text()) record_target(t);
        n++;
    }
    if (!in_text() && !out_close()) return cli_exit_status(LP_E_IO);
    if (n == 0) cli_error("no such program is running"), status = cli_exit_status(LP_E_NOT_APPLIED);
    return status;
}

/* ---- the work ---- */

static struct {
    lp_patch **patches;
    char **names;
    size_t n;
} work;

static int may_take(void *ctx, const struct lp_live_row *row)
{
    (void)ctx;
    target_may_take(row->deadline_ms);
    return 0;
}

static void apply_to(struct target *t)
{
    t->status = lp_control_list(t->control, may_take, NULL, &t->err);
    if (t->status) return;
    t->status = lp_control_apply(t->control, (const lp_patch *const *)work.patches, work.n, &opt.live, &t->result, collect, t, &t->err);
}

static void revert_from(struct target *t)
{
    t->status = lp_control_list(t->control, may_take, NULL, &t->err);
    if (t->status) return;
    t->status = lp_control_revert(t->control, (const char *const *)work.names, work.n, &opt.live, &t->result, collect, t, &t->err);
}

/* One program: as if there were no others. */
static int tell_single(const struct target *t)
{
    for (size_t i = 0; i < t->nreport; i++) cli_report(NULL, &t->report[i]);
    const char *what = opt.reverse ? work.n == 1 ? work.names[0] : "all" : work.n == 1 ? lp_patch_name(work.patches[0]) : "";
    if (t->status == LP_OK) tell_result(what, work.n, &t->result);
    else {
        cli_failed(&t->err);
        if (!opt.reverse && work.n > 1) cli_note(1, "nothing was changed");
    }
    return cli_exit_status(t->status);
}

static int do_work(void)
{
    bool single = targets_one() && in_text();
    targets_run(opt.reverse ? revert_from : apply_to, true, single ? NULL : tell_target);
    return single ? tell_single(target_at(0)) : tell_outcome();
}

static void wait_as_long_as(const lp_patch *p)
{
    if (lp_patch_deadline_ms(p) > opt.patience_ms) opt.patience_ms = lp_patch_deadline_ms(p);
}

static int do_apply(void)
{
    struct lp_error err;
    lp_status s = LP_OK, bad;
    work.n = (size_t)(cli.n_operands - opt.file);
    work.patches = must(calloc(work.n + 1, sizeof *work.patches));
    for (size_t i = 0; i < work.n; i++)
        if ((bad = lp_patch_read(cli.operands[i + opt.file], 0, cli_report, NULL, &work.patches[i], &err)) != LP_OK) s = bad, cli_failed(&err);
        else wait_as_long_as(work.patches[i]);
    for (size_t i = 0; i < work.n && !s; i++)
        if (lp_patch_is_idle(work.patches[i])) cli_note(1, "%s: it changes nothing: its new words are the old ones", lp_patch_name(work.patches[i]));
    if (s) return cli_exit_status(s);
    return opt.file ? do_apply_file(work.patches, work.n) : opt.install ? do_install(work.patches, work.n) : do_work();
}

/* Does it look like a file's name rather than a patch's? Then what is wrong in the file is of interest. */
static bool means_file(const char *operand)
{
    const char *dot = strrchr(operand, '.');
    return strcmp(operand, "-") == 0 || strchr(operand, '/') || (dot && strcmp(dot, ".lpatch") == 0);
}

/* An operand of -R or --uninstall: a file that can be read as a patch stands for that patch's name, anything else is a name. */
static char *name_of(const char *operand, lp_status *s)
{
    struct lp_error err;
    struct stat st;
    lp_patch *p = NULL;
    bool file = means_file(operand);
    if (strcmp(operand, "-") != 0 && (stat(operand, &st) != 0 || S_ISDIR(st.st_mode))) return must(strdup(operand));
    lp_status bad = lp_patch_read(operand, 0, file ? cli_report : NULL, NULL, &p, &err);
    if (bad && !file) return must(strdup(operand));
    if (bad) {
        *s = bad;
        cli_failed(&err);
        return must(strdup(""));
    }
    char *name = must(strdup(lp_patch_name(p)));
    wait_as_long_as(p);
    lp_patch_free(p);
    return name;
}

static int do_revert(void)
{
    lp_status s = LP_OK;
    work.n = (size_t)(cli.n_operands - opt.file);
    work.names = must(calloc(work.n + 1, sizeof *work.names));
    for (size_t i = 0; i < work.n; i++) work.names[i] = name_of(cli.operands[i + opt.file], &s);
    if (s) return cli_exit_status(s);
    return opt.file ? do_revert_file(work.names, work.n) : opt.uninstall ? do_uninstall(work.names, work.n) : do_work();
}

int main(int argc, char **argv)
{
    parse_options(argc, argv);
    if (opt.look) cli_exit(opt.file ? do_list_file() : targets_none() ? do_list_stored() : do_list());
    cli_exit(opt.reverse || opt.uninstall ? do_revert() : do_apply());
}
