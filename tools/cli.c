/* tools/cli.c - options, help, messages and exit statuses of the commands. */
#include <config.h>
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct cli cli;

enum { MAX_OPTIONS = 64 };
static struct {
    int argc;
    char **argv;
    struct option longs[MAX_OPTIONS + 1];
    char shorts[3 * MAX_OPTIONS + 3];
    unsigned char given[CLI_LONG + MAX_OPTIONS]; /* how often, by key */
} parse;

/* Does a row take no argument, one, or an optional one? */
static int arg_kind(const struct cli_option *o)
{
    return !o->arg ? no_argument : o->arg[0] == '[' ? optional_argument : required_argument;
}

static void build_tables(const struct cli_tool *tool)
{
    char *s = parse.shorts;
    struct option *l = parse.longs;
    if (tool->stop_at_operand) *s++ = '+';
    *s++ = ':'; /* a missing argument comes back as ':' */
    for (const struct cli_option *o = tool->options; o->key && l < parse.longs + MAX_OPTIONS; o++) {
        if (o->key < CLI_LONG) {
            *s++ = (char)o->key;
            if (arg_kind(o) == required_argument) *s++ = ':';
        }
        if (o->name) *l++ = (struct option){o->name, arg_kind(o), NULL, o->key};
    }
    *s = 0;
    *l = (struct option){0};
}

/* A file that is opened later must not become descriptor 0, 1 or 2. The modes are the wrong way round on purpose: reading a
 * closed standard input or writing to a closed standard output stays an error. */
static void fill_standard_fds(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd) _exit(127);
}

void cli_start(const struct cli_tool *tool, int argc, char **argv)
{
    cli.tool = tool;
    cli.level = 1;
    parse.argc = argc;
    parse.argv = argv;
    build_tables(tool);
    opterr = 0;
    if (!tool->stop_at_operand) fill_standard_fds();
}

static void print_option(const struct cli_option *o)
{
    char left[80];
    int n = o->key < CLI_LONG ? snprintf(left, sizeof left, "  -%c", o->key) : snprintf(left, sizeof left, "    ");
    if (o->name) n += snprintf(left + n, sizeof left - (size_t)n, "%s--%s", o->key < CLI_LONG ? ", " : "  ", o->name);
    if (o->arg && o->arg[0] == '[') snprintf(left + n, sizeof left - (size_t)n, "[=%s", o->arg + 1);
    else if (o->arg) snprintf(left + n, sizeof left - (size_t)n, " %s", o->arg);
    if (strlen(left) > 27) out_printf("%s\n%-28s%s\n", left, "", o->help);
    else out_printf("%-28s%s\n", left, o->help);
}

static _Noreturn void help(void)
{
    const char *lead = "Usage: ";
    for (const char *const *form = cli.tool->synopsis; *form; form++, lead = "       ")
        out_printf("%s%s %s\n", lead, cli.tool->name, *form);
    out_printf("\n%s\n\nOptions:\n", cli.tool->summary);
    for (const struct cli_option *o = cli.tool->options; o->key; o++)
        if (o->help) print_option(o);
    if (cli.tool->notes) out_printf("\n%s\n", cli.tool->notes);
    cli_exit(0);
}

/* The word of the command line at which getopt stopped. */
static const char *current_word(void)
{
    return optind > 0 && optind <= parse.argc && parse.argv[optind - 1] ? parse.argv[optind - 1] : "";
}

static _Noreturn void bad_option(int c)
{
    const char *word = current_word();
    bool is_long = strncmp(word, "--", 2) == 0;
    int name = (int)strcspn(word, "=");
    if (c == ':' && is_long) cli_usage("option '%s' needs an argument", word);
    if (c == ':') cli_usage("option '-%c' needs an argument", optopt);
    if (!is_long || (optopt && optopt < CLI_LONG && word[name] == 0)) cli_usage("unknown option '-%c'", optopt);
    if (optopt) cli_usage("option '%.*s' takes no argument", name, word);
    int matches = 0;
    for (const struct option *l = parse.longs; l->name; l++) matches += strncmp(l->name, word + 2, (size_t)name - 2) == 0;
    cli_usage("%s option '%.*s'", matches > 1 ? "ambiguous" : "unknown", name, word);
}

static void set_format(enum out_format f)
{
    if (cli.format != OUT_TEXT && cli.format != f) cli_usage("--json and --tsv exclude each other");
    cli.format = f;
}

int cli_next(void)
{
    for (;;) {
        int c = getopt_long(parse.argc, parse.argv, parse.shorts, parse.longs, NULL);
        cli.arg = optarg;
        if (c >= 0 && c < (int)sizeof parse.given && parse.given[c] < 2) parse.given[c]++;
        switch (c) {
        case -1:
            cli.operands = parse.argv + optind;
            cli.n_operands = parse.argc - optind;
            return -1;
        case '?':
        case ':': bad_option(c);
        case 'h': help();
        case 'V':
            out_printf("%s (arm64lp) %s\n", cli.tool->name, lp_version());
            cli_exit(0);
        case 'q': cli.level = 0; break;
        case 'v': cli.level += cli.level < 3; break;
        case CLI_JSON: set_format(OUT_JSON); break;
        case CLI_TSV: set_format(OUT_TSV); break;
        default: return c;
        }
    }
}

/* ---- which options go together: the synopsis says it ---- */

/* Is it in this form: a letter of a word with one dash, or a word with two? */
static bool in_form(const char *form, const struct cli_option *o)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    for (const char *p = form; *p; p++) {
        if (*p != '-' || (p > form && !strchr(" [|{\n", p[-1]))) continue;
        bool is_long = p[1] == '-';
        const char *word = p + 1 + is_long;
        size_t n = strspn(word, letters);
        if (is_long) n = strcspn(word, " ]|}[=\n");
        if (is_long ? o->name && strlen(o->name) == n && strncmp(word, o->name, n) == 0 : o->key < CLI_LONG && memchr(word, o->key, n)) return true;
        p = word + n - 1;
    }
    return false;
}

static const char *spelt(const struct cli_option *o, char buf[80])
{
    if (o->key < CLI_LONG) snprintf(buf, 80, "-%c", o->key);
    else snprintf(buf, 80, "--%s", o->name);
    return buf;
}

void cli_form(unsigned form, const char *what)
{
    char name[80];
    for (const struct cli_option *o = cli.tool->options; o->key; o++)
        if (parse.given[o->key] && o->help && o->key != 'q' && o->key != 'v' && !in_form(cli.tool->synopsis[form], o))
            cli_usage("%s does not go with %s", spelt(o, name), what);
}

void cli_once(int key)
{
    char name[80];
    for (const struct cli_option *o = cli.tool->options; o->key; o++)
        if (o->key == key && parse.given[key] > 1) cli_usage("%s is given twice", spelt(o, name));
}

static bool same_inode(const struct stat *a, const struct stat *b) { return a->st_dev == b->st_dev && a->st_ino == b->st_ino; }

/* Of files that are not there, the same name in the same folder. */
static bool same_new(const char *a, const char *b)
{
    struct stat x, y;
    const char *base_a = strrchr(a, '/'), *base_b = strrchr(b, '/');
    char *dir_a = strndup(a, base_a ? (size_t)(base_a - a) + 1 : 0), *dir_b = strndup(b, base_b ? (size_t)(base_b - b) + 1 : 0);
    bool same = dir_a && dir_b && strcmp(base_a ? base_a + 1 : a, base_b ? base_b + 1 : b) == 0 && stat(*dir_a ? dir_a : ".", &x) == 0 &&
                stat(*dir_b ? dir_b : ".", &y) == 0 && same_inode(&x, &y);
    free(dir_a), free(dir_b);
    return same;
}

void cli_keep(const char *input, const char *option, const char *output)
{
    struct stat in, out;
    if (!input || !output || strcmp(input, "-") == 0 || strcmp(output, "-") == 0 || stat(input, &in) != 0 || stat(output, &out) != 0) return;
    if (S_ISREG(in.st_mode) && same_inode(&in, &out)) cli_usage("%s names '%s', which is read: it would be lost", option, input);
}

void cli_apart(const char *option, const char *output, const char *other_option, const char *other_output)
{
    struct stat a, b;
    if (!output || !other_output || strcmp(output, "-") == 0 || strcmp(other_output, "-") == 0) return;
    bool there = stat(output, &a) == 0 && stat(other_output, &b) == 0;
    if (there ? S_ISREG(a.st_mode) && same_inode(&a, &b) : same_new(output, other_output))
        cli_usage("%s and %s name one file, '%s'", option, other_option, output);
}

/* One message in one write, so that lines of several processes do not mix. */
static void message(const char *kind, const char *fmt, va_list ap) LP_PRINTF(2, 0);
static void message(const char *kind, const char *fmt, va_list ap)
{
    char text[2048];
    vsnprintf(text, sizeof text, fmt, ap);
    fprintf(stderr, "%s: %s%s\n", cli.tool->name, kind, text);
}

void cli_error(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    message("", fmt, ap);
    va_end(ap);
    cli.reported++;
}

void cli_warn(const char *fmt, ...)
{
    if (cli.level < 1) return;
    va_list ap;
    va_start(ap, fmt);
    message("warning: ", fmt, ap);
    va_end(ap);
}

void cli_note(int level, const char *fmt, ...)
{
    if (cli.level < level) return;
    va_list ap;
    va_start(ap, fmt);
    message("", fmt, ap);
    va_end(ap);
}

void cli_usage(const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fprintf(stderr, "%s: %s. Try '%s --help'.\n", cli.tool->name, text, cli.tool->name);
    out_discard();
    cli_exit(cli.tool->exit[LP_CLASS_usage]);
}

void cli_report(void *ctx, const struct lp_error *err)
{
    (void)ctx;
    char text[1280];
    lp_error_format(err, text, sizeof text);
    cli_error("%s", text);
    /* Twenty errors of one kind have one piece of advice. */
    static char last_hint[sizeof err->hint];
    if (err->hint[0] && strcmp(err->hint, last_hint) != 0) cli_note(1, "hint: %s", err->hint);
    memcpy(last_hint, err->hint, sizeof last_hint);
}

lp_status cli_io_error(struct lp_error *err, const char *where, const char *what, int sys)
{
    *err = (struct lp_error){.status = LP_E_IO, .sys = sys};
    snprintf(err->where, sizeof err->where, "%s", where);
    snprintf(err->text, sizeof err->text, "%s: %s", what, strerror(sys));
    const char *hint = lp_errno_hint(sys);
    snprintf(err->hint, sizeof err->hint, "%s", hint ? hint : "");
    return LP_E_IO;
}

void cli_io_failed(const char *where, const char *what, int sys)
{
    struct lp_error err;
    cli_io_error(&err, where, what, sys);
    cli_report(NULL, &err);
}

int cli_failed(const struct lp_error *err)
{
    if (cli.reported == 0) cli_report(NULL, err);
    return cli_exit_status(err->status);
}

int cli_exit_status(lp_status s)
{
    return s == LP_OK ? 0 : cli.tool->exit[lp_status_class(s)];
}

void cli_exit(int status)
{
    /* EBADF from fclose alone: nothing was written to a descriptor that was closed from the start. */
    int e = out_error();
    if (fflush(stdout) != 0 && !e) e = errno;
    if (fclose(stdout) != 0 && errno != EBADF && !e) e = errno;
    if (e) {
        cli_io_failed("standard output", "cannot write", e);
        status = cli_exit_status(LP_E_IO);
    }
    exit(status);
}

uint64_t cli_number(const char *what, const char *text, uint64_t max)
{
    char *end;
    errno = 0;
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *digits = hex ? text + 2 : text;
    unsigned long long v = strtoull(digits, &end, hex ? 16 : 10);
    if (!strchr(hex ? "0123456789abcdefABCDEF" : "0123456789", digits[0]) || !digits[0] || *end)
        cli_usage("%s: '%s' is no number (decimal, or hexadecimal with 0x)", what, text);
    if (errno == ERANGE || v > max) cli_usage("%s: '%s' is too large", what, text);
    return v;
}

uint32_t cli_duration(const char *what, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits;
    bool ms = strcmp(unit, "ms") == 0;
    if (digits == 0 || digits > 9 || (!ms && *unit && strcmp(unit, "s") != 0))
        cli_usage("%s: '%s' is no time (500ms, 5s)", what, text);
    unsigned long v = strtoul(text, NULL, 10);
    if (!ms && v > UINT32_MAX / 1000) cli_usage("%s: '%s' is too long", what, text);
    return (uint32_t)(ms ? v : v * 1000);
}

bool cli_colour(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return !(no && *no) && !(term && strcmp(term, "dumb") == 0) && isatty(STDOUT_FILENO);
}
