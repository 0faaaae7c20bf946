/* lpmake - make a patch. */
#include <config.h>
#include <arm64lp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"

enum { OPT_MODE = CLI_OWN, OPT_META, OPT_FMT, OPT_REDIGEST, OPT_FROM_SEED, OPT_RAW };

static const char *const synopsis[] = {
    "[-nqv] -t TARGET [-o FILE] [--mode MODE] [--meta KEY=VALUE]... 'PLACE=CHANGE'...",
    "[-nqv] [-o FILE] [--raw] {--fmt | --redigest} [PATCH|-]",
    "[-nqv] -t TARGET [-o FILE] [--raw] --from-seed [PATCH|-]",
    NULL,
};
static const struct cli_option options[] = {
    {'t', "target", "ELF", "the program or library that the patch is for"},
    {'o', "output", "FILE", "write the patch there instead of standard output"},
    {'n', "dry-run", NULL, "check everything, write nothing"},
    {OPT_MODE, "mode", "MODE", "when it may be applied: now, quiesce or lazy [deadline 5s] [else lazy]"},
    {OPT_META, "meta", "KEY=VALUE", "a line of the head: name, version, summary, cve, ..."},
    {OPT_FMT, "fmt", NULL, "print a patch in its canonical form"},
    {OPT_REDIGEST, "redigest", NULL, "the same with the right digest, after an edit"},
    {OPT_FROM_SEED, "from-seed", NULL, "turn a file of ADDRESS WORD lines into a patch bound to the target"},
    {OPT_RAW, "raw", NULL, "allow words that are no valid instruction (--fmt, --redigest, --from-seed)"},
    CLI_COMMON,
};
static const struct cli_tool tool = {
    .name = "lpmake",
    .summary = "make a patch",
    .synopsis = synopsis,
    .options = options,
    .notes = "PLACE is SYMBOL[+0xOFFSET] or 0xADDRESS; CHANGE is nop, ret [VALUE], b SYMBOL, bl SYMBOL or word 0xWORD.\n"
             "Exit status: 0 done; 1 the recipe is wrong; 2 trouble.\n",
    .exit = {[LP_CLASS_usage] = 2, [LP_CLASS_input] = 1, [LP_CLASS_refused] = 1, [LP_CLASS_busy] = 2, [LP_CLASS_system] = 2},
};

static struct {
    const char *target, *output, *mode;
    const char **meta;
    size_t nmeta;
    int form;
    bool dry_run, raw;
} opt;

static int write_patch(lp_patch *p)
{
    struct lp_error err;
    lp_status s = opt.dry_run ? LP_OK : lp_patch_write(p, opt.output ? opt.output : "-", &err);
    if (s == LP_OK) cli_note(2, "%s: %zu places", lp_patch_name(p), lp_patch_size(p));
    lp_patch_free(p);
    return s == LP_OK ? 0 : cli_failed(&err);
}

/* --fmt, --redigest: text in, canonical text out. */
static int reformat(void)
{
    lp_patch *p;
    struct lp_error err;
    unsigned flags = (opt.form == OPT_REDIGEST ? LP_PATCH_NO_DIGEST : 0) | (opt.raw ? LP_PATCH_RAW : 0);
    if (cli.n_operands > 1) cli_usage("one patch at a time");
    if (lp_patch_read(cli.n_operands ? cli.operands[0] : "-", flags, cli_report, NULL, &p, &err) != LP_OK) return cli_failed(&err);
    return write_patch(p);
}

static lp_status add_meta(lp_maker *m, struct lp_error *err)
{
    for (size_t i = 0; i < opt.nmeta; i++) {
        const char *eq = strchr(opt.meta[i], '=');
        if (!eq) cli_usage("--meta takes KEY=VALUE");
        char *key = strndup(opt.meta[i], (size_t)(eq - opt.meta[i]));
        if (!key) cli_usage("out of memory");
        lp_status s = lp_maker_meta(m, key, eq + 1, err);
        free(key);
        if (s != LP_OK) return s;
    }
    return opt.mode ? lp_maker_meta(m, "mode", opt.mode, err) : LP_OK;
}

struct seed { lp_maker *m; lp_status s; struct lp_error *err; };

static int add_seed_line(void *ctx, const struct lp_patch_seed_line *l)
{
    struct seed *seed = ctx;
    char change[64];
    snprintf(change, sizeof change, "0x%llx=word 0x%08x", (unsigned long long)l->addr, l->word);
    return (seed->s = lp_maker_change(seed->m, change, seed->err)) != LP_OK;
}

static lp_status add_seed(lp_maker *m, struct lp_error *err)
{
    lp_patch *p;
    lp_status s = lp_patch_read(cli.n_operands ? cli.operands[0] : "-", opt.raw ? LP_PATCH_RAW : 0, cli_report, NULL, &p, err);
    if (s != LP_OK) return s;
    struct seed seed = {m, LP_OK, err};
    lp_patch_seed_lines(p, add_seed_line, &seed);
    lp_patch_free(p);
    return seed.s;
}

static lp_status add_changes(lp_maker *m, struct lp_error *err)
{
    if (opt.form == OPT_FROM_SEED) return add_seed(m, err);
    for (int i = 0; i < cli.n_operands; i++) {
        lp_status s = lp_maker_change(m, cli.operands[i], err);
        if (s != LP_OK) return s;
    }
    return LP_OK;
}

static int make(void)
{
    lp_elf *elf;
    lp_maker *m;
    lp_patch *p;
    struct lp_error err;
    if (lp_elf_open(opt.target, &elf, &err) != LP_OK) {
        cli_failed(&err);
        return 2; /* no target is trouble, not a wrong recipe */
    }
    lp_status s = lp_maker_new(elf, &m, &err);
    int status = 2;
    if (s == LP_OK) {
        s = add_meta(m, &err);
        if (s == LP_OK) s = add_changes(m, &err);
        if (s == LP_OK) s = lp_maker_finish(m, &p, &err);
        status = s == LP_OK ? write_patch(p) : cli_failed(&err);
        lp_maker_free(m);
    } else {
        cli_failed(&err);
    }
    lp_elf_close(elf);
    return status;
}

static void read_options(void)
{
    for (int key; (key = cli_next()) != -1;) {
        switch (key) {
        case 't': opt.target = cli.arg; break;
        case 'o': opt.output = cli.arg; break;
        case 'n': opt.dry_run = true; break;
        case OPT_MODE: opt.mode = cli.arg; break;
        case OPT_META: opt.meta[opt.nmeta++] = cli.arg; break;
        case OPT_RAW: opt.raw = true; break;
        default:
            if (opt.form) cli_usage("--fmt, --redigest and --from-seed exclude one another");
            opt.form = key;
        }
    }
}

int main(int argc, char **argv)
{
    cli_start(&tool, argc, argv);
    opt.meta = calloc((size_t)argc, sizeof *opt.meta);
    if (!opt.meta) cli_usage("out of memory");
    read_options();
    if (opt.form == OPT_FMT || opt.form == OPT_REDIGEST) cli_exit(reformat());
    if (!opt.target) cli_usage("a target is needed: -t ELF");
    if (!cli.n_operands && opt.form != OPT_FROM_SEED) cli_usage("a change is needed: 'PLACE=CHANGE'");
    cli_exit(make());
}
