/* lpmake - make a patch. */
#include <config.h>
#include <arm64lp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli.h"

enum { OPT_MODE = CLI_OWN, OPT_META, OPT_FMT, OPT_REDIGEST, OPT_FROM_SEED, OPT_RAW };

static const char *const synopsis[] = {
    "[-nqv] -t TARGET [-L DIR] [-o FILE] [-M FILE] [--mode MODE] [--meta KEY=VALUE]... [--raw] {'PLACE=CHANGE' | RECIPE | -}...",
    "[-nqv] [-o FILE] [--raw] {--fmt | --redigest} [PATCH|RECIPE|-]",
    "[-nqv] -t TARGET [-o FILE] [--mode MODE] [--meta KEY=VALUE]... [--raw] --from-seed [PATCH|-]",
    NULL,
};
static const struct cli_option options[] = {
    {'t', "target", "ELF", "the program or library that the patch is for"},
    {'L', "sysroot", "DIR", "the target's libraries are there, as if it were / (default: LPRUN_LD_PREFIX, else QEMU_LD_PREFIX)"},
    {'o', "output", "FILE", "write the patch there instead of standard output"},
    {'M', "depfile", "FILE", "write there, for make, what the patch was made from; needs -o"},
    {'n', "dry-run", NULL, "check everything, write nothing"},
    {OPT_MODE, "mode", "MODE", "when it may be applied: now, quiesce or lazy [deadline 5s] [else lazy]"},
    {OPT_META, "meta", "KEY=VALUE", "a line of the head: name, version, summary, cve, ..."},
    {OPT_FMT, "fmt", NULL, "print a patch or a recipe in its canonical form"},
    {OPT_REDIGEST, "redigest", NULL, "the same with the right digest, after an edit or where there is none"},
    {OPT_FROM_SEED, "from-seed", NULL, "turn a file of ADDRESS WORD lines into a patch bound to the target"},
    {OPT_RAW, "raw", NULL, "allow words that are no valid instruction"},
    CLI_COMMON,
};
static const struct cli_tool tool = {
    .name = "lpmake",
    .summary = "make a patch",
    .synopsis = synopsis,
    .options = options,
    .notes = "PLACE is SYMBOL[+0xOFFSET], 0xADDRESS or FILE.c:LINE; CHANGE is nop, ret [VALUE], b SYMBOL, bl SYMBOL, word 0xWORD,\n"
             "asm \"INSTRUCTIONS\", replace from FILE.o[:SYMBOL] or set VALUE. A RECIPE is a file of such lines, lps(5).\n"
             "Exit status: 0 done; 1 the recipe is wrong; 2 trouble.\n",
    .exit = {[LP_CLASS_usage] = 2, [LP_CLASS_input] = 1, [LP_CLASS_refused] = 1, [LP_CLASS_busy] = 2, [LP_CLASS_system] = 2},
};

static struct {
    const char *target, *sysroot, *output, *mode, *depfile;
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

/* ---- --fmt, --redigest: text in, canonical text out ---- */

static bool is_recipe_name(const char *path)
{
    size_t n = strlen(path);
    return n > 4 && strcmp(path + n - 4, ".lps") == 0;
}

static const char *shown(const char *path) { return strcmp(path, "-") == 0 ? "standard input" : path; }

/* All of a file; false after an error, which is reported. */
static bool read_text(const char *path, char **text, size_t *len)
{
    enum { TEXT_MAX = 64 << 20 };
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    size_t cap = 65536, n = 0;
    char *p = f ? malloc(cap) : NULL;
    for (size_t got; p && (got = fread(p + n, 1, cap - n - 1, f)) > 0 && n <= TEXT_MAX;) {
        n += got;
        if (n + 1 < cap) continue;
        char *more = realloc(p, cap *= 2);
        if (!more) free(p);
        p = more;
    }
    if (!f) cli_io_failed(shown(path), "cannot open", errno);
    else if (!p) cli_error("%s: out of memory", shown(path));
    else if (ferror(f)) cli_io_failed(shown(path), "cannot read", errno);
    else if (n > TEXT_MAX) cli_error("%s: longer than %d bytes", shown(path), TEXT_MAX);
    bool good = p && !ferror(f) && n <= TEXT_MAX;
    if (f && f != stdin) fclose(f);
    if (good) p[n] = 0, *text = p, *len = n;
    else free(p);
    return good;
}

/* To a file, whole or not at all. */
static bool write_text(const char *path, const char *text, size_t len)
{
    if (!out_open(path)) return false;
    out_put(text, len);
    return out_close();
}

/* A patch begins with `lpatch 1`, and a line of the original format with a number; a recipe with neither. */
static bool is_recipe_text(const char *text)
{
    for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        p += strspn(p, " \t\r");
        if (*p == '\n' || *p == '#' || !*p) continue;
        return strncmp(p, "lpatch", 6) != 0 && (memchr(p, '=', strcspn(p, "\n")) || strspn(p, "0123456789abcdefABCDEFxX") == 0);
    }
    return false;
}

static int reformat_recipe(const char *name, const char *text, size_t len)
{
    struct lp_error err;
    char *out;
    size_t n;
    lp_status s = lp_recipe_format(name, text, len, cli_report, NULL, &out, &n, &err);
    if (s != LP_OK) return cli_failed(&err);
    bool good = opt.dry_run || write_text(opt.output, out, n);
    free(out);
    return good ? 0 : 2;
}

/* The line of the digest, whatever it is; else the end. */
static size_t digest_line(const char *text, size_t len)
{
    for (size_t at = 0; at < len; at += strcspn(text + at, "\n") + 1)
        if (strncmp(text + at, "digest", 6) == 0 && strchr(" \t\r\n", text[at + 6])) return at;
    return len;
}

/* A digest of zeros, which is put right, instead of the one that is there. */
static bool add_digest(char **text, size_t *len)
{
    static const char line[] = "digest    sha256 0000000000000000000000000000000000000000000000000000000000000000";
    if (strncmp(*text, "lpatch", 6) != 0 || memchr(*text, 0, *len)) return true;
    size_t at = digest_line(*text, *len), old = at < *len ? strcspn(*text + at, "\n") : 0, rest = *len - at - old;
    char *more = malloc(*len + sizeof line + 3);
    if (!more) return false;
    int head = snprintf(more, *len + 3, "%.*s%s", (int)at, *text, old ? "" : (*text)[at - 1] == '\n' ? "\n" : "\n\n");
    memcpy(more + head, line, sizeof line - 1);
    memcpy(more + head + sizeof line - 1, *text + at + old, rest + 1);
    free(*text);
    *text = more, *len = (size_t)head + sizeof line - 1 + rest;
    return true;
}

static int reformat(void)
{
    lp_patch *p;
    struct lp_error err;
    char *text;
    size_t len;
    unsigned flags = (opt.form == OPT_REDIGEST ? LP_PATCH_NO_DIGEST : 0) | (opt.raw ? LP_PATCH_RAW : 0);
    if (cli.n_operands > 1) cli_usage("one file at a time");
    const char *path = cli.n_operands ? cli.operands[0] : "-", *name = shown(path);
    if (!read_text(path, &text, &len)) return 2;
    if (opt.form == OPT_FMT && len && (is_recipe_name(path) || is_recipe_text(text))) {
        int status = reformat_recipe(name, text, len);
        free(text);
        return status;
    }
    lp_status s = opt.form == OPT_REDIGEST && !add_digest(&text, &len) ? LP_E_NOMEM : LP_OK;
    if (s != LP_OK) err = (struct lp_error){.status = s, .text = "out of memory"};
    else s = lp_patch_parse(name, text, len, flags, cli_report, NULL, &p, &err);
    free(text);
    return s == LP_OK ? write_patch(p) : cli_failed(&err);
}

/* ---- -M ---- */

/* A name as make reads it: blanks and # behind a backslash, $ twice. */
static void put_name(FILE *f, const char *s)
{
    for (; *s; s++) {
        if (*s == ' ' || *s == '#' || *s == '\\') putc('\\', f);
        if (*s == '$') putc('$', f);
        putc(*s, f);
    }
}

static int put_prerequisite(void *ctx, const char *path) { return putc(' ', ctx), put_name(ctx, path), 0; }
static int put_rule(void *ctx, const char *path) { return put_name(ctx, path), fputs(":\n", ctx), 0; }

/* OUTPUT: TARGET RECIPES OBJECTS, and a rule without anything for each, so that make does not stop when one is gone. */
static bool write_depfile(const lp_maker *m)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (!f) cli_usage("out of memory");
    put_name(f, opt.output);
    putc(':', f);
    put_prerequisite(f, opt.target);
    lp_maker_files(m, put_prerequisite, f);
    putc('\n', f);
    put_rule(f, opt.target);
    lp_maker_files(m, put_rule, f);
    if (fclose(f) != 0) cli_usage("out of memory");
    bool good = write_text(opt.depfile, text, len);
    free(text);
    return good;
}

/* ---- changes ---- */

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
    lp_maker_note(seed->m, l->text);
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

/* 'PLACE=CHANGE', a recipe's file or -. */
static bool is_change(const char *operand)
{
    return strchr(operand, '=') && !(is_recipe_name(operand) && access(operand, F_OK) == 0);
}

static lp_status add_recipe(lp_maker *m, const char *path, struct lp_error *err)
{
    char *text;
    size_t len;
    if (strcmp(path, "-") != 0 && !is_recipe_name(path) && access(path, R_OK) != 0) {
        cli_io_error(err, path, "cannot open", errno);
        snprintf(err->hint, sizeof err->hint, "without a `=` it is the file of a recipe: a change is one argument, 'PLACE=CHANGE'");
        return LP_E_IO;
    }
    if (!read_text(path, &text, &len)) return err->status = LP_E_IO;
    lp_status s = lp_maker_recipe(m, shown(path), text, len, err);
    free(text);
    return s;
}

/* All of them, so that all errors are reported. */
static lp_status add_changes(lp_maker *m, struct lp_error *err)
{
    lp_status all = LP_OK;
    if (opt.form == OPT_FROM_SEED) return add_seed(m, err);
    for (int i = 0; i < cli.n_operands; i++) {
        struct lp_error e;
        bool change = is_change(cli.operands[i]);
        unsigned before = cli.reported;
        lp_status s = change ? lp_maker_change(m, cli.operands[i], &e) : add_recipe(m, cli.operands[i], &e);
        if (s == LP_OK) continue;
        if (cli.reported == before) cli_report(NULL, &e);
        if (all == LP_OK || lp_status_class(s) == LP_CLASS_system) all = s, *err = e;
    }
    return all;
}

static void warn(void *ctx, const struct lp_error *w)
{
    char text[1280];
    (void)ctx;
    lp_error_format(w, text, sizeof text);
    cli_warn("%s", text);
}

/* What is read is not written. */
static int keep(void *ctx, const char *path)
{
    (void)ctx;
    cli_keep(path, "-o", opt.output), cli_keep(path, "-M", opt.depfile);
    return 0;
}

/* As lprun has it. */
static const char *sysroot(void)
{
    static const char *const names[] = {"LPRUN_LD_PREFIX", "QEMU_LD_PREFIX"};
    const char *dir = opt.sysroot;
    for (int i = 0; i < 2 && !(dir && *dir); i++) dir = getenv(names[i]);
    return dir && *dir ? dir : NULL;
}

static int make(void)
{
    lp_elf *elf;
    lp_maker *m;
    lp_patch *p = NULL;
    struct lp_error err;
    if (lp_elf_open(opt.target, &elf, &err) != LP_OK) {
        cli_failed(&err);
        return 2; /* no target is trouble, not a wrong recipe */
    }
    lp_status s = lp_maker_new(elf, &m, &err);
    int status = 2;
    if (s == LP_OK) {
        lp_maker_listen(m, opt.raw ? LP_MAKER_RAW : 0, cli_report, cli.level ? warn : NULL, NULL);
        lp_maker_sysroot(m, sysroot());
        s = add_meta(m, &err);
        if (s == LP_OK) s = add_changes(m, &err);
        if (s == LP_OK) s = lp_maker_finish(m, &p, &err);
        if (s == LP_OK) lp_maker_files(m, keep, NULL);
        bool good = s != LP_OK || !opt.depfile || opt.dry_run || write_depfile(m);
        status = s != LP_OK ? cli_failed(&err) : good ? write_patch(p) : 2;
        if (s == LP_OK && !good) lp_patch_free(p);
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
        case 'L': opt.sysroot = cli.arg; break;
        case 't': opt.target = cli.arg; break;
        case 'o': opt.output = cli.arg; break;
        case 'M': opt.depfile = cli.arg; break;
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
    if (opt.form == OPT_FMT || opt.form == OPT_REDIGEST) {
        if (opt.depfile || opt.target) cli_usage("--fmt and --redigest take no target");
        cli_form(1, opt.form == OPT_FMT ? "--fmt" : "--redigest");
        cli_exit(reformat());
    }
    if (opt.form == OPT_FROM_SEED) cli_form(2, "--from-seed");
    if (opt.form == OPT_FROM_SEED && cli.n_operands > 1) cli_usage("one file at a time");
    cli_once('t'), cli_once('o'), cli_once('M'), cli_once(OPT_MODE);
    if (!opt.target) cli_usage("a target is needed: -t ELF");
    if (!cli.n_operands && opt.form != OPT_FROM_SEED) cli_usage("a change is needed: 'PLACE=CHANGE', or a recipe");
    if (opt.depfile && (!opt.output || strcmp(opt.output, "-") == 0)) cli_usage("--depfile needs -o: the file that depends on the others");
    cli_apart("-M", opt.depfile, "-o", opt.output);
    keep(NULL, opt.target);
    for (int i = 0; i < cli.n_operands; i++)
        if (!is_change(cli.operands[i])) keep(NULL, cli.operands[i]);
    cli_exit(make());
}
