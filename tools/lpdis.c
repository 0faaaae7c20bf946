/* tools/lpdis.c - disassemble a file, a patch, or words. */
#include <config.h>
#include "lpdis.h"
#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum form { FORM_FILE, FORM_PID, FORM_PATCH, FORM_WORDS, FORM_LIST }; /* of the synopsis */
enum { OPT_SYMBOL = CLI_OWN, OPT_START, OPT_STOP, OPT_COVERAGE, OPT_ROWS, OPT_STRICT, MAX_PATCHES = 64 };

static const struct cli_option options[] = {
    {'d', "disassemble", NULL, "sections that hold code (the default)"},
    {'D', "disassemble-all", NULL, "all sections that are loaded; data as .word"},
    {'r', "reloc", NULL, "relocations, each behind the word that it changes"},
    {'C', "demangle", NULL, "names of C++ as they were written, also for --symbol"},
    {'l', "line-numbers", NULL, "source files and lines, by the debug information"},
    {'j', "section", "NAME", "only this section (a glob)"},
    {OPT_SYMBOL, "symbol", "NAME", "only this function (a glob)"},
    {OPT_START, "start-address", "ADDR", "from this address on; with -w: the address of the first word"},
    {OPT_STOP, "stop-address", "ADDR", "up to this address"},
    {'P', "patch", "PATCH", "show the file as patched: changed lines are marked - and +"},
    {'p', "pid", "PID", "a running program, as it is in memory: changed lines are marked - and +"},
    {'w', "words", NULL, "the operands are instruction words in hexadecimal; - takes them from standard input"},
    {OPT_COVERAGE, "coverage", NULL, "list every instruction of the manual, whether lprun executes it, and what proves that"},
    {OPT_ROWS, "rows", NULL, "the same of every row of the instruction tables, SVE and SME too"},
    {OPT_STRICT, "strict", NULL, "exit with 1 if a word of code is undefined"},
    {'o', "output", "FILE", "write to FILE"},
    CLI_FORMATS,
    CLI_COMMON,
};
static const char *const synopsis[] = {
    "[-CdDlqrv] [-j SECTION] [--symbol NAME] [--start-address ADDR] [--stop-address ADDR] [-P PATCH]... [--strict] [--json | --tsv] [-o FILE] FILE | -",
    "[-CdDlqrv] [-j SECTION] [--symbol NAME] [--start-address ADDR] [--stop-address ADDR] [--strict] [--json | --tsv] [-o FILE] -p PID",
    "[--strict] [--json | --tsv] [-o FILE] PATCH | -",
    "[--start-address ADDR] [--strict] [--json | --tsv] [-o FILE] -w WORD...",
    "--coverage | --rows [--json | --tsv] [-o FILE]",
    NULL,
};
static const struct cli_tool tool = {
    .name = "lpdis",
    .summary = "Disassemble AArch64 code: an ELF file, a patch, or single words.",
    .synopsis = synopsis,
    .options = options,
    .notes = "Exit status: 0; 1 an undefined word with --strict, or a -P patch that does not fit; 2 trouble, or no such section or function.",
    .exit = {[LP_CLASS_usage] = 2, [LP_CLASS_input] = 2, [LP_CLASS_refused] = 1, [LP_CLASS_busy] = 2, [LP_CLASS_system] = 2},
};

static struct {
    struct lpdis d;
    const char *patches[MAX_PATCHES];
    bool words, coverage, rows;
    uint64_t pid;
    const char *output;
} opt = {.d = {.stop = UINT64_MAX}};

static void parse_options(int argc, char **argv)
{
    cli_start(&tool, argc, argv);
    for (int c; (c = cli_next()) != -1;) {
        switch (c) {
        case 'd': opt.d.all = false; break;
        case 'D': opt.d.all = true; break;
        case 'r': opt.d.relocs = true; break;
        case 'C': opt.d.demangle = true; break;
        case 'l': opt.d.lines = true; break;
        case 'j': opt.d.section = cli.arg; break;
        case OPT_SYMBOL: opt.d.symbol = cli.arg; break;
        case OPT_START: opt.d.start = cli_number("--start-address", cli.arg, UINT64_MAX); break;
        case OPT_STOP: opt.d.stop = cli_number("--stop-address", cli.arg, UINT64_MAX); break;
        case 'P':
            if (opt.d.n_patches == MAX_PATCHES) cli_usage("more than %d patches", MAX_PATCHES);
            opt.patches[opt.d.n_patches++] = cli.arg;
            break;
        case 'p': opt.pid = cli_number("-p", cli.arg, INT32_MAX); break;
        case 'w': opt.words = true; break;
        case OPT_COVERAGE: opt.coverage = true; break;
        case OPT_ROWS: opt.rows = true; break;
        case OPT_STRICT: opt.d.strict = true; break;
        case 'o': opt.output = cli.arg; break;
        }
    }
    opt.d.patches = opt.patches;
    opt.d.colour = !opt.output && cli.format == OUT_TEXT && cli_colour();
    const bool list = opt.coverage || opt.rows;
    if (opt.coverage && opt.rows) cli_usage("--coverage and --rows exclude each other");
    if (list && (opt.words || cli.n_operands)) cli_usage("%s takes no file", opt.rows ? "--rows" : "--coverage");
    if (list) cli_form(FORM_LIST, opt.rows ? "--rows" : "--coverage");
    if (opt.words && cli.n_operands == 0) cli_usage("-w needs words");
    if (opt.words) cli_form(FORM_WORDS, "-w");
    if (opt.pid && (opt.words || list || opt.d.n_patches || cli.n_operands)) cli_usage("-p takes no file, no words and no patches");
    if (opt.pid) cli_form(FORM_PID, "-p");
    if (opt.d.demangle && !lp_elf_can_demangle()) cli_warn("-C: names stay as they are, as there is neither libstdc++.so.6 nor libc++abi.so.1");
    cli_once('j'), cli_once(OPT_SYMBOL), cli_once('p'), cli_once(OPT_START), cli_once(OPT_STOP);
    if (opt.d.start >= opt.d.stop) cli_usage("--stop-address is not above --start-address");
    if (opt.d.start & 3 && !opt.words && opt.d.start < UINT64_MAX - 3)
        cli_warn("--start-address 0x%" PRIx64 " is no multiple of 4: from 0x%" PRIx64, opt.d.start, (opt.d.start + 3) & ~UINT64_C(3));
    if (!list && !opt.words && !opt.pid && cli.n_operands != 1) cli_usage(cli.n_operands ? "more than one file" : "no file is given");
    if (opt.d.symbol && opt.d.section) cli_usage("-j and --symbol exclude each other");
}

/* ---- words ---- */

/* All of a stream; NULL and *err if it cannot be read. */
static char *slurp(FILE *f, const char *name, size_t *len, struct lp_error *err)
{
    size_t cap = 0;
    char *data = NULL;
    *len = 0;
    errno = 0;
    while (!feof(f) && !ferror(f)) {
        if (*len == cap) {
            char *p = realloc(data, cap = cap ? cap * 2 : 1 << 16);
            if (!p) break;
            data = p;
        }
        *len += fread(data + *len, 1, cap - *len, f);
    }
    if (feof(f) && !ferror(f)) return data;
    cli_io_error(err, name, "cannot read", errno ? errno : EIO);
    free(data);
    return NULL;
}

static bool parse_word(const char *text, uint32_t *word)
{
    const char *p = text[0] == '0' && (text[1] | 32) == 'x' ? text + 2 : text;
    size_t n = strspn(p, "0123456789abcdefABCDEF");
    if (n == 0 || n > 8 || p[n]) return false;
    *word = (uint32_t)strtoul(p, NULL, 16);
    return true;
}

static void do_word(struct lpdis_view *view, const char *text, uint64_t *addr)
{
    uint32_t word;
    if (!parse_word(text, &word)) cli_usage("'%.40s' is no instruction word (1 to 8 hexadecimal digits)", text);
    lpdis_line(view, &(struct lpdis_line){.mark = ' ', .size = 4, .addr = *addr, .word = word});
    *addr += 4;
}

/* Those of standard input, with white space between them. */
static lp_status standard_words(struct lpdis_view *view, uint64_t *addr, struct lp_error *err)
{
    static const char blanks[] = " \t\r\n\v\f";
    size_t len;
    char *text = slurp(stdin, "standard input", &len, err), *end, *save;
    if (!text) return err->status;
    end = realloc(text, len + 1);
    if (!end) return free(text), cli_io_error(err, "standard input", "cannot read", ENOMEM);
    end[len] = 0;
    if (memchr(end, 0, len)) cli_usage("standard input is no text of instruction words");
    for (char *p = strtok_r(end, blanks, &save); p; p = strtok_r(NULL, blanks, &save)) do_word(view, p, addr);
    free(end);
    return LP_OK;
}

static lp_status do_words(lp_dis *dis, struct lp_error *err)
{
    struct lpdis_view view = {.d = &opt.d, .dis = dis};
    uint64_t addr = opt.d.start;
    lp_status s = LP_OK;
    for (int i = 0; i < cli.n_operands && s == LP_OK; i++) {
        if (strcmp(cli.operands[i], "-") == 0) s = standard_words(&view, &addr, err);
        else do_word(&view, cli.operands[i], &addr);
    }
    opt.d.undefined = view.undefined;
    return s;
}

/* ---- what is executed ---- */

struct counts { size_t states[LP_DIS_STATES], proofs[LP_DIS_PROOFS]; };

static void note_counts(const struct counts *n)
{
    cli_note(2, "%zu executed, %zu todo, %zu el1 (undefined for programs), %zu off (kept from programs by Linux)", n->states[LP_DIS_EXECUTED],
             n->states[LP_DIS_TODO], n->states[LP_DIS_EL1], n->states[LP_DIS_OFF]);
    cli_note(2, "proved: %zu by the usual qemu, %zu by a newer one, %zu by vectors, %zu by properties", n->proofs[LP_DIS_PROOF_QEMU],
             n->proofs[LP_DIS_PROOF_QEMU_NEW], n->proofs[LP_DIS_PROOF_VECTORS], n->proofs[LP_DIS_PROOF_PROPERTY]);
}

static void list_rows(void)
{
    struct lp_dis_row r;
    struct counts count = {{0}, {0}};
    for (size_t n = 0; lp_dis_row(n, &r); n++) {
        const char *state = lp_dis_state_name(r.state), *proof = lp_dis_proof_name(r.proof);
        count.states[r.state]++;
        count.proofs[r.proof]++;
        if (cli.format == OUT_TEXT) {
            out_printf("%-28s %-16s %-12s %08" PRIx32 "/%08" PRIx32 "  %-8s  %s\n", r.name, r.class_, r.feature, r.value, r.mask, state, proof);
            continue;
        }
        out_record("row");
        out_str("name", r.name);
        out_str("class", r.class_);
        out_str("feature", r.feature);
        out_word("value", r.value);
        out_word("mask", r.mask);
        out_bool("executed", r.state == LP_DIS_EXECUTED);
        out_str("state", state);
        out_str("proof", proof);
        out_end();
    }
    note_counts(&count);
}

/* "executed,off": the names of the bits that are set, up to `end` kinds; counts them. */
static void join(char *to, size_t size, unsigned bits, unsigned end, const char *(*name)(unsigned), size_t *count)
{
    size_t used = 0;
    *to = 0;
    for (unsigned i = 0; i < end; i++) {
        if (!(bits >> i & 1) || used >= size) continue;
        count[i]++;
        used += (size_t)snprintf(to + used, size - used, "%s%s", used ? "," : "", name(i));
    }
}

static const char *state_name(unsigned i) { return lp_dis_state_name((enum lp_dis_state)i); }
static const char *proof_name(unsigned i) { return lp_dis_proof_name((enum lp_dis_proof)i); }

static void list_instructions(void)
{
    struct lp_dis_entry e;
    struct counts count = {{0}, {0}};
    for (size_t n = 0; lp_dis_entry(n, &e); n++) {
        char states[40], proofs[48];
        const unsigned some = e.proofs & ~(1u << LP_DIS_PROOF_NONE);
        join(states, sizeof states, e.states, LP_DIS_STATES, state_name, count.states);
        join(proofs, sizeof proofs, some ? some : e.proofs, LP_DIS_PROOFS, proof_name, count.proofs);
        if (cli.format == OUT_TEXT) {
            out_printf("%-46s %-5s %-16s %-13s %-22s %s", e.name, e.section, states, proofs, *e.feature ? e.feature : "-", e.rows);
            if (*e.alias) out_printf("  (alias of %s)", e.alias);
            out_puts("\n");
            continue;
        }
        out_record("instruction");
        out_str("name", e.name);
        out_str("section", e.section);
        out_str("alias", e.alias);
        out_str("feature", e.feature);
        out_str("state", states);
        out_str("proof", proofs);
        out_str("rows", e.rows);
        out_end();
    }
    note_counts(&count);
}

/* ---- files ---- */

static lp_status do_patch(const char *name, const char *text, size_t len, struct lp_error *err)
{
    lp_patch *p;
    lp_status s = lp_patch_parse(name, text, len, LP_PATCH_RAW, cli_report, NULL, &p, err);
    if (s) return s;
    cli_form(FORM_PATCH, "a patch");
    struct lpdis_view view = {.d = &opt.d};
    s = lp_dis_new(&view.dis, err);
    if (s == LP_OK) s = lpdis_patch(&view, p, err);
    opt.d.undefined = view.undefined;
    lp_dis_free(view.dis);
    lp_patch_free(p);
    return s;
}

static lp_status show_elf(const char *name, lp_elf *elf, struct lp_error *err)
{
    opt.d.title = name;
    lp_status s = lpdis_dump(&opt.d, elf, err);
    lp_elf_close(elf);
    return s;
}

static lp_status do_elf(const char *name, const char *data, size_t len, struct lp_error *err)
{
    lp_elf *elf;
    lp_status s = data ? lp_elf_open_memory(data, len, name, &elf, err) : lp_elf_open(name, &elf, err);
    return s ? s : show_elf(name, elf, err);
}

static lp_status do_process(struct lp_error *err)
{
    lp_elf *elf;
    char name[400];
    struct lpdis_live live = {.control = NULL};
    lp_status s = lpdis_open_live(&live, (int64_t)opt.pid, &elf, err);
    opt.d.live = &live;
    snprintf(name, sizeof name, "process %" PRIu64 ", %.300s", opt.pid, live.info.exe ? live.info.exe : "");
    if (s == LP_OK) s = show_elf(name, elf, err);
    lp_control_close(live.control);
    return s;
}

/* A file is a patch unless it is an ELF file; the first bytes tell. */
static lp_status do_file(const char *path, struct lp_error *err)
{
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "standard input" : path;
    FILE *f = standard ? stdin : fopen(path, "re");
    size_t len = 0;
    char magic[4] = "";
    if (!f) return cli_io_error(err, path, "cannot open", errno);
    if (!standard && fread(magic, 1, 4, f) == 4 && memcmp(magic, "\177ELF", 4) == 0) {
        fclose(f);
        return do_elf(path, NULL, 0, err);
    }
    if (!standard) rewind(f);
    char *data = slurp(f, name, &len, err);
    if (!standard) fclose(f);
    if (!data) return err->status;
    bool elf = len >= 4 && memcmp(data, "\177ELF", 4) == 0;
    if (!elf && opt.d.n_patches) {
        free(data);
        *err = (struct lp_error){.status = LP_E_ELF, .text = "not an ELF file: -P shows one as patched"};
        snprintf(err->where, sizeof err->where, "%s", name);
        return LP_E_ELF;
    }
    lp_status s = elf ? do_elf(name, data, len, err) : do_patch(name, data, len, err);
    free(data);
    return s;
}

int main(int argc, char **argv)
{
    struct lp_error err = {.status = LP_OK};
    lp_dis *dis = NULL;
    parse_options(argc, argv);
    if (!opt.coverage && !opt.rows && lp_dis_new(&dis, &err) != LP_OK) cli_exit(cli_failed(&err));
    if (!opt.pid && !opt.coverage && !opt.rows && !opt.words && cli.n_operands) cli_keep(cli.operands[0], "-o", opt.output);
    for (int i = 0; i < opt.d.n_patches; i++) cli_keep(opt.patches[i], "-o", opt.output);
    if (!out_open(opt.output)) cli_exit(cli_exit_status(LP_E_IO));
    lp_status s = LP_OK;
    if (opt.coverage) list_instructions();
    else if (opt.rows) list_rows();
    else if (opt.words) s = do_words(dis, &err);
    else if (opt.pid) s = do_process(&err);
    else s = do_file(cli.operands[0], &err);
    lp_dis_free(dis);
    int status = s ? cli_failed(&err) : opt.d.strict && opt.d.undefined ? 1 : 0;
    if (s) out_discard();
    else if (!out_close()) status = cli_exit_status(LP_E_IO);
    cli_exit(status);
}
