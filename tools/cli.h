/* tools/cli.h - what the commands share: the option table that feeds getopt_long, --help and usage; messages; exit statuses.
 * A command is one process, so its state is one global: `cli`. */
#ifndef LP_TOOLS_CLI_H
#define LP_TOOLS_CLI_H
#include <arm64lp/error.h>
#include <stdbool.h>
#include "out.h"

/* Long-only options have keys from CLI_LONG up; those below CLI_OWN are taken. */
enum { CLI_LONG = 256, CLI_JSON = CLI_LONG, CLI_TSV, CLI_OWN };

struct cli_option {
    int key;          /* the letter, or a number >= CLI_OWN; 0 ends the table */
    const char *name; /* long name, or NULL */
    const char *arg;  /* name of its argument, or NULL; "[NAME]" = optional, only as --long=NAME */
    const char *help; /* one line, or NULL: works but is not shown */
};
/* Rows that cli_next() handles itself; every table ends with CLI_COMMON. */
#define CLI_FORMATS {CLI_JSON, "json", NULL, "one JSON object per line"}, \
                    {CLI_TSV, "tsv", NULL, "tab-separated records, the first column is the kind of record"}
#define CLI_COMMON  {'q', "quiet", NULL, "no remarks and no hints"}, \
                    {'v', "verbose", NULL, "say more; twice: even more"}, \
                    {'h', "help", NULL, "show this help and exit"}, \
                    {'V', "version", NULL, "show the version and exit"}, \
                    {0, NULL, NULL, NULL}

struct cli_tool {
    const char *name;
    const char *summary;          /* "disassemble AArch64 code" */
    const char *const *synopsis;  /* forms of the command line, without the name; ends with NULL */
    const struct cli_option *options;
    const char *notes;            /* printed under the options: "Exit status: ..."; may be NULL */
    bool stop_at_operand;         /* lprun: what follows the program's name is the program's */
    unsigned char exit[6];        /* exit status by enum lp_error_class; [LP_CLASS_none] is unused */
};

extern struct cli {
    const struct cli_tool *tool;
    const char *arg;        /* argument of the option that cli_next() returned */
    char **operands;        /* after cli_next() returned -1; ends with NULL */
    int n_operands;
    int level;              /* 0 with -q, 1, 2 with -v, 3 with -vv */
    enum out_format format; /* --json, --tsv */
    unsigned reported;      /* errors printed so far */
} cli;

/* First call of main(). Closed standard descriptors are filled so that no file takes their place (not with stop_at_operand). */
void cli_start(const struct cli_tool *tool, int argc, char **argv);
/* The next option's key, -1 at the end. Handles CLI_FORMATS and CLI_COMMON; a usage error exits. */
int cli_next(void);

/* Of the forms of the synopsis it is this one (0 = the first): a usage error for an option that is not in it, which would do nothing. `what`: the form
 * by a name, "--coverage". -q, -v and options that are not shown go with each. */
void cli_form(unsigned form, const char *what);
/* A usage error if what an option writes ("-o") is the file `input`: it would be lost. Either may be NULL, or "-". */
void cli_keep(const char *input, const char *option, const char *output);
/* The same of two options that write. */
void cli_apart(const char *option, const char *output, const char *other_option, const char *other_output);
/* A usage error if this option was given twice: only one would count. */
void cli_once(int key);

/* "NAME: text. Try 'NAME --help'." on one line, and exit with the usage status. */
_Noreturn void cli_usage(const char *fmt, ...) LP_PRINTF(1, 2);
/* "NAME: where:line:col: text" and the hint line; counts. Has the shape of an lp_report_fn. */
void cli_report(void *ctx, const struct lp_error *err);
/* Print the error unless its like was reported already (parsers report all of them, then return the first); returns the exit status. */
int cli_failed(const struct lp_error *err);
int cli_exit_status(lp_status s);
/* A file that cannot be read or written, as the library says it: "where: what: the errno's text", and what to do.
 * Returns LP_E_IO; the second one reports it. */
lp_status cli_io_error(struct lp_error *err, const char *where, const char *what, int sys);
void cli_io_failed(const char *where, const char *what, int sys);
/* "NAME: text". Counts as an error. */
void cli_error(const char *fmt, ...) LP_PRINTF(1, 2);
/* "NAME: warning: text", not with -q. */
void cli_warn(const char *fmt, ...) LP_PRINTF(1, 2);
/* A remark on standard error if cli.level >= level. */
void cli_note(int level, const char *fmt, ...) LP_PRINTF(2, 3);
/* Flush and close standard output; a failure is reported and replaces the status. Exits. */
_Noreturn void cli_exit(int status);

/* An option's argument as a number: decimal or 0x...; a usage error exits. `what` names it: "--start-address". */
uint64_t cli_number(const char *what, const char *text, uint64_t max);
/* "500ms", "5s" or "5" (seconds) in milliseconds. */
uint32_t cli_duration(const char *what, const char *text);
/* Is standard output a terminal that wants colours? (NO_COLOR, TERM=dumb) */
bool cli_colour(void);
#endif
