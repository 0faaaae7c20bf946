/* lpdiff - from two builds to a patch. */
#include <config.h>
#include <arm64lp.h>
#include <getopt.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"

enum { OPT_SYMBOL = CLI_OWN, OPT_DEBUG, OPT_MAP, OPT_HEURISTIC, OPT_SUMMARY, OPT_WHY, OPT_EXIT_ZERO, OPT_DATA, OPT_ASSUME_LINE, OPT_UNRELATED };

static const char *const synopsis[] = {
    "[-qsv] [-o FILE] [--symbol GLOB]... [--map OLD=NEW]... [--debug OLD.DEBUG NEW.DEBUG] [--data] [--heuristic] [--assume-line]\n"
    "              [--force-unrelated] [--summary | --why] [--exit-zero] OLD NEW",
    NULL,
};
static const struct cli_option options[] = {
    {'o', "output", "FILE", "write the patch there instead of standard output"},
    {'s', "silent", NULL, "no patch, the exit status only"},
    {OPT_SUMMARY, "summary", NULL, "a line for each function that is not the same, and for data of the patch, which is written only with -o"},
    {OPT_WHY, "why", NULL, "the same with the reasons, and both disassemblies side by side"},
    {OPT_SYMBOL, "symbol", "GLOB", "these functions only"},
    {OPT_MAP, "map", "OLD=NEW", "this function is that one"},
    {OPT_DEBUG, "debug", "OLD.DEBUG", "symbols and lines are in these two files (a second operand follows)"},
    {OPT_DATA, "data", NULL, "include initial values of writable data"},
    {OPT_HEURISTIC, "heuristic", NULL, "accept changed functions that only their neighbours match"},
    {OPT_ASSUME_LINE, "assume-line", NULL, "leave out functions in which nothing but what looks like line numbers differs"},
    {OPT_UNRELATED, "force-unrelated", NULL, "compare files that look unrelated"},
    {OPT_EXIT_ZERO, "exit-zero", NULL, "exit status 0 where it would be 1"},
    CLI_COMMON,
};
static const struct cli_tool tool = {
    .name = "lpdiff",
    .summary = "compare two builds of a program and make a patch",
    .synopsis = synopsis,
    .options = options,
    .notes = "Exit status: 0 the files are the same; 1 they differ, the patch is written; 2 trouble, or there can be no patch.\n",
    .exit = {[LP_CLASS_usage] = 2, [LP_CLASS_input] = 2, [LP_CLASS_refused] = 2, [LP_CLASS_busy] = 2, [LP_CLASS_system] = 2},
};

static struct {
    const char *output, *debug[2];
    const char **symbol, **map;
    size_t nsymbol, nmap;
    unsigned flags;
    bool silent, summary, why, exit_zero;
} opt;

static const char *state_word(const struct lp_diff_function *f)
{
    static const char *const word[] = {[LP_DIFF_SAME] = "same", [LP_DIFF_CHANGED] = "changed", [LP_DIFF_NEW] = "new", [LP_DIFF_REMOVED] = "removed",
                                       [LP_DIFF_LEFT] = "left out"};
    return word[f->state];
}

struct rows { const lp_diff *diff; unsigned differ; };

static int print_line(void *ctx, const struct lp_diff_line *l)
{
    (void)ctx;
    out_printf("  %c %-58s %s\n", l->differs ? '!' : ' ', l->old_text ? l->old_text : "", l->new_text ? l->new_text : "");
    return 0;
}

static int print_row(void *ctx, const struct lp_diff_function *f)
{
    struct rows *r = ctx;
    char name[32];
    if (f->state == LP_DIFF_SAME) return 0;
    snprintf(name, sizeof name, "0x%llx", (unsigned long long)(f->old_size ? f->old_addr : f->new_addr));
    out_printf("%-9s %s", state_word(f), f->name ? f->name : name);
    if (f->new_name) out_printf(" -> %s", f->new_name);
    if (f->old_size && f->new_size && f->old_size != f->new_size)
        out_printf(" (%llu -> %llu bytes)", (unsigned long long)f->old_size, (unsigned long long)f->new_size);
    if (f->reason) out_printf(": %s", f->reason);
    if (f->detail[0]) out_printf(" at %s", f->detail);
    if (opt.why && f->rule) out_printf("; matched by %s", f->rule);
    if (!f->included && f->state != LP_DIFF_REMOVED) out_printf("; not in the patch");
    out_printf("\n");
    struct lp_error err;
    if (opt.why && f->state == LP_DIFF_CHANGED && lp_diff_lines(r->diff, f, print_line, NULL, &err) != LP_OK) cli_report(NULL, &err);
    r->differ++;
    return 0;
}

static int print_object(void *ctx, const struct lp_diff_object *o)
{
    (void)ctx;
    out_printf("%-9s ", o->brought ? "data" : "set");
    if (!o->name) out_printf("0x%llx", (unsigned long long)o->off);
    else out_printf("%s", o->name);
    if (o->name && o->off) out_printf("+0x%llx", (unsigned long long)o->off);
    out_printf(" (%llu byte%s", (unsigned long long)o->size, o->size == 1 ? "" : "s");
    if (o->section) out_printf(", %s", o->section);
    out_printf(")%s%s\n", o->detail[0] ? ": " : "", o->detail);
    return 0;
}

static int print_remark(void *ctx, const char *text)
{
    (void)ctx;
    cli_warn("%s", text);
    return 0;
}

static int show(const lp_diff *d)
{
    struct lp_error err;
    struct rows rows = {d, 0};
    const lp_patch *p = lp_diff_patch(d);
    lp_diff_remarks(d, print_remark, NULL);
    const bool list = opt.summary || opt.why;
    if (list) lp_diff_functions(d, print_row, &rows), lp_diff_objects(d, print_object, NULL);
    if (p && !opt.silent && (!list || opt.output) && lp_patch_write(p, opt.output ? opt.output : "-", &err) != LP_OK) return cli_failed(&err);
    if (p) cli_note(2, "%zu places", lp_patch_size(p));
    return p && !opt.exit_zero ? 1 : 0;
}

static int compare(const lp_elf *old_, const lp_elf *new_, const lp_elf *const debug[2])
{
    lp_diff *d = NULL;
    struct lp_error err;
    struct lp_diff_options o = {.flags = opt.flags, .symbol = opt.symbol, .map = opt.map, .debug_old = debug[0], .debug_new = debug[1]};
    lp_status s = lp_diff_make(old_, new_, &o, cli_report, NULL, &d, &err);
    int status = 2;
    if (s == LP_OK) {
        status = show(d);
    } else {
        cli_failed(&err);
        struct rows rows = {d, 0};
        if (d && (opt.summary || opt.why)) lp_diff_functions(d, print_row, &rows);
    }
    lp_diff_free(d);
    return status;
}

/* Another machine's file is no build of the program either. */
static int cannot_open(struct lp_error *err)
{
    const struct lp_error e = *err;
    if (e.status == LP_E_ELF_MACHINE) snprintf(err->text, sizeof err->text, "E101: %.600s", e.text);
    cli_report(NULL, err);
    return 2;
}

static int run(void)
{
    const char *path[4] = {cli.operands[0], cli.operands[1], opt.debug[0], opt.debug[1]};
    lp_elf *elf[4] = {NULL, NULL, NULL, NULL};
    struct lp_error err;
    int status = 0;
    for (int i = 0; i < 4; i++)
        if (path[i] && lp_elf_open(path[i], &elf[i], &err) != LP_OK) status = cannot_open(&err);
    const lp_elf *debug[2] = {elf[2], elf[3]};
    if (!status) status = compare(elf[0], elf[1], debug);
    for (int i = 0; i < 4; i++) lp_elf_close(elf[i]);
    return status;
}

static void read_options(int argc, char **argv)
{
    for (int key; (key = cli_next()) != -1;) {
        switch (key) {
        case 'o': opt.output = cli.arg; break;
        case 's': opt.silent = true; break;
        case OPT_SYMBOL: opt.symbol[opt.nsymbol++] = cli.arg; break;
        case OPT_MAP:
            if (!strchr(cli.arg, '=')) cli_usage("--map takes OLD=NEW");
            opt.map[opt.nmap++] = cli.arg;
            break;
        case OPT_DEBUG:
            if (optind >= argc) cli_usage("--debug takes two files: OLD.DEBUG NEW.DEBUG");
            opt.debug[0] = cli.arg, opt.debug[1] = argv[optind++];
            break;
        case OPT_DATA: opt.flags |= LP_DIFF_DATA; break;
        case OPT_HEURISTIC: opt.flags |= LP_DIFF_HEURISTIC; break;
        case OPT_ASSUME_LINE: opt.flags |= LP_DIFF_ASSUME_LINE; break;
        case OPT_UNRELATED: opt.flags |= LP_DIFF_UNRELATED; break;
        case OPT_SUMMARY: opt.summary = true; break;
        case OPT_WHY: opt.why = true; break;
        default: opt.exit_zero = true;
        }
    }
}

/* Each large table gets pages of its own, however many have been freed, so that they go back when it does. */
static void keep_memory_small(void)
{
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, 64 << 10);
#endif
}

int main(int argc, char **argv)
{
    keep_memory_small();
    cli_start(&tool, argc, argv);
    opt.symbol = calloc((size_t)argc + 1, sizeof *opt.symbol);
    opt.map = calloc((size_t)argc + 1, sizeof *opt.map);
    if (!opt.symbol || !opt.map) cli_usage("out of memory");
    read_options(argc, argv);
    if (opt.silent && (opt.output || opt.summary || opt.why)) cli_usage("-s is for the exit status alone: it excludes -o, --summary and --why");
    if (opt.output && (opt.summary || opt.why) && strcmp(opt.output, "-") == 0) cli_usage("the patch and the list cannot both go to standard output");
    cli_once('o'), cli_once(OPT_DEBUG);
    if (cli.n_operands != 2) cli_usage("two files are needed: OLD NEW");
    cli_keep(cli.operands[0], "-o", opt.output), cli_keep(cli.operands[1], "-o", opt.output);
    cli_exit(run());
}
