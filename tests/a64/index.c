/* index.c - lib/a64/index.def against the tables, and against what lpdis writes: every row has lines, every line has rows of its features, and the words of
 * a row are written as one of its lines is called.
 *
 *     index [--seed S] [-v]    -v: each line, its rows, and how often it was met
 *
 * Random legal words of each row, half of them with registers and fields that make aliases, until each line of the row was met. Exit status: 0, 1
 * (something is not so), 2. */
#include <config.h>
#include <arm64lp/dis.h>
#include <ctype.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "a64/a64.h"
#include "a64/index.h"
#include "difftest.h"

enum { LINES = 1024, ROWS = 40, NAMES = 5, AT_LEAST = 2000, AT_MOST = 200000 };

static struct line {
    struct lp_dis_entry e;
    unsigned n_rows, n_names, rows[ROWS];
    char names[NAMES][16]; /* "LDADDA", "B." of B.cond */
    bool unwritten[ROWS];
    unsigned met[ROWS], named[NAMES];
} lines[LINES];
static unsigned n_lines, failures;

#define BAD(...) (failures++, printf("# " __VA_ARGS__), putchar('\n'))

static const struct { const char *section, *name, *rows, *preferred; } unwritten[] = {
#define UNWRITTEN(section, name, rows, preferred) {section, name, rows, preferred},
#include "unwritten.def"
};
enum { UNWRITTEN_LINES = sizeof unwritten / sizeof unwritten[0] };

/* ---- the lines ---- */

/* The mnemonics of a title, which has more behind them: "CASP, CASPA, CASPAL, CASPL", "FMLA (by element)", "PSB CSYNC". */
static void read_names(struct line *l)
{
    const char *p = l->e.name;
    for (;;) {
        size_t n = 0;
        while (isalnum((unsigned char)p[n]) || p[n] == '.')
            n++;
        if (n == 0 || n >= sizeof l->names[0] || l->n_names == NAMES) {
            BAD("%s: no mnemonics", l->e.name);
            return;
        }
        const bool condition = strncmp(p + n - 4 * (n > 4), "cond", 4) == 0;
        snprintf(l->names[l->n_names++], sizeof l->names[0], "%.*s", (int)(condition ? n - 4 : n), p);
        if (strncmp(p + n, ", ", 2) != 0)
            return;
        p += n + 2;
    }
}

static void read_rows(struct line *l)
{
    unsigned row;
    for (const char *p = l->e.rows; (p = lp_a64_index_row(p, &row)) != NULL;) {
        for (unsigned i = 0; i < l->n_rows; i++)
            if (l->rows[i] == row)
                BAD("%s: %s twice", l->e.name, lp_a64_rows[row].name);
        if (row == A64_UNDEFINED || l->n_rows == ROWS)
            BAD("%s: a row of it is unknown, or it has too many: %s", l->e.name, l->e.rows);
        else
            l->rows[l->n_rows++] = row;
    }
    if (l->n_rows == 0)
        BAD("%s: no rows", l->e.name);
}

static struct line *find_line(const char *section, const char *name)
{
    for (unsigned i = 0; i < n_lines; i++)
        if (strcmp(lines[i].e.section, section) == 0 && strcmp(lines[i].e.name, name) == 0)
            return &lines[i];
    return NULL;
}

/* The words of an alias are those of the instruction too. */
static void check_alias(const struct line *l)
{
    const struct line *of = find_line(l->e.section, l->e.alias);
    if (of == NULL || of == l) {
        BAD("%s: an alias of '%s', which is none of the section", l->e.name, l->e.alias);
        return;
    }
    for (unsigned i = 0; i < l->n_rows; i++) {
        bool found = false;
        for (unsigned k = 0; k < of->n_rows; k++)
            found |= of->rows[k] == l->rows[i];
        if (!found)
            BAD("%s: has no %s, as its alias %s", of->e.name, lp_a64_rows[l->rows[i]].name, l->e.name);
    }
}

static void read_lines(void)
{
    for (struct line *l; n_lines < LINES && lp_dis_entry(n_lines, &(l = &lines[n_lines])->e); n_lines++) {
        if (find_line(l->e.section, l->e.name) != NULL)
            BAD("%s: twice", l->e.name);
        read_names(l);
        read_rows(l);
    }
    for (unsigned i = 0; i < n_lines; i++)
        if (*lines[i].e.alias)
            check_alias(&lines[i]);
}

static void read_unwritten(void)
{
    for (unsigned i = 0; i < UNWRITTEN_LINES; i++) {
        struct line *l = find_line(unwritten[i].section, unwritten[i].name);
        unsigned n = 0;
        for (unsigned k = 0; l != NULL && k < l->n_rows; k++) {
            const bool fits = fnmatch(unwritten[i].rows, lp_a64_rows[l->rows[k]].name, 0) == 0;
            l->unwritten[k] |= fits;
            n += fits;
        }
        if (n == 0)
            BAD("unwritten.def: '%s' is no line with such rows", unwritten[i].name);
    }
}

/* ---- features: "FEAT_A, FEAT_B" of the rows, in parentheses if there are rows of Armv8.0 too; "FEAT_A and FEAT_B" if a row of A needs B too ---- */
static bool needs(const char *list, const char *feature)
{
    const size_t n = strlen(feature);
    for (const char *p = list; (p = strstr(p, "FEAT_")) != NULL;)
        if (strncmp(p += 5, feature, n) == 0 && strchr(",) ", p[n]) != NULL)
            return true;
    return false;
}

static const struct { unsigned row; const char *feature; } unsplit[] = {{A64_AT, "PAN2"}, {A64_TLBI, "TLBIOS"}, {A64_TLBI, "TLBIRANGE"}};

static void check_features(const struct line *l)
{
    unsigned named = 0, plain = 0, different = 0, whole = 0; /* whole: rows of AT and TLBI, which are not split by what each operation needs */
    for (const char *p = l->e.feature; (p = strstr(p, "FEAT_")) != NULL; p++)
        named += p - l->e.feature < 4 || strncmp(p - 4, "and ", 4) != 0;
    for (unsigned i = 0; i < l->n_rows; i++) {
        const char *feature = lp_a64_rows[l->rows[i]].feature;
        bool before = false;
        for (unsigned k = 0; k < sizeof unsplit / sizeof *unsplit; k++)
            if (l->rows[i] == unsplit[k].row) whole += needs(l->e.feature, unsplit[k].feature);
        for (unsigned k = 0; k < i; k++)
            before |= strcmp(lp_a64_rows[l->rows[k]].feature, feature) == 0;
        if (strcmp(feature, "A64") == 0)
            plain++;
        else if (!needs(l->e.feature, feature))
            BAD("%s: %s needs FEAT_%s, not '%s'", l->e.name, lp_a64_rows[l->rows[i]].name, feature, l->e.feature);
        else
            different += !before;
    }
    if (named != different + whole || (named != 0 && (plain != 0) != (l->e.feature[0] == '(')))
        BAD("%s: its rows do not need '%s'", l->e.name, l->e.feature);
}

/* ---- words ---- */
static uint32_t with(uint32_t w, unsigned low, unsigned bits, uint32_t value)
{
    const uint32_t mask = (UINT32_C(1) << bits) - 1;
    return (w & ~(mask << low)) | (value & mask) << low;
}

/* Shifts by nothing, the ends of bytes, halves and words, no immediate; registers that are 31 or the same. */
static uint32_t word_of(struct rng *r, const struct lp_row_info *row)
{
    static const unsigned ends[] = {0, 7, 15, 31}, registers[] = {0, 5, 10, 16};
    uint32_t w = (uint32_t)rng_next(r);
    const unsigned same = below(r, 32);
    if (below(r, 4) == 0)
        w = with(with(w, 16, 6, 0), 10, 6, ends[below(r, 4)]);
    if (below(r, 2) == 0)
        for (unsigned i = 0; i < 4; i++)
            if (below(r, 2) == 0)
                w = with(w, registers[i], 5, below(r, 2) ? 31 : same);
    return (w & ~row->mask) | row->value;
}

static bool is_name(const char *name, const char *mnemonic)
{
    const size_t n = strlen(name);
    return name[n - 1] == '.' ? strncasecmp(name, mnemonic, n) == 0 && mnemonic[n] : strcasecmp(name, mnemonic) == 0;
}

struct place { struct line *line; unsigned i; };

/* Counts the word in each line of the row that is called so; false if there is none. */
static bool meet(const struct place *places, unsigned n, const char *mnemonic)
{
    bool found = false;
    for (unsigned i = 0; i < n; i++) {
        struct line *l = places[i].line;
        for (unsigned k = 0; k < l->n_names; k++) {
            if (!is_name(l->names[k], mnemonic))
                continue;
            found = true;
            l->named[k]++;
            l->met[places[i].i]++;
        }
    }
    return found;
}

static unsigned places_of(unsigned row, struct place *out)
{
    unsigned n = 0;
    for (unsigned i = 0; i < n_lines; i++)
        for (unsigned k = 0; k < lines[i].n_rows; k++)
            if (lines[i].rows[k] == row)
                out[n++] = (struct place){&lines[i], k};
    return n;
}

static bool all_met(const struct place *places, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (!places[i].line->unwritten[places[i].i] && places[i].line->met[places[i].i] == 0)
            return false;
    return true;
}

/* Is the word CONSTRAINED UNPREDICTABLE, so that capstone refuses it (Arm ARM K1.2)? A base that is written back is transferred too, or a pair is loaded
 * into one register. UDF is undefined. */
static bool without_text(const char *row, uint32_t w)
{
    const unsigned t = w & 31, n = w >> 5 & 31, t2 = w >> 10 & 31;
    const bool general = !strstr(row, "_fp") && !strstr(row, "_q"), back = general && (strstr(row, "_post") || strstr(row, "_pre")) && n != 31;
    const bool pair = row[2] == 'P', pairs = strncmp(row, "LD", 2) == 0 && (pair || strncmp(row + 2, "NP", 2) == 0 || strstr(row, "XP") != NULL);
    return strcmp(row, "UDF") == 0 || (back && (t == n || (pair && t2 == n))) || (pairs && t == t2);
}

static void try_row(struct rng *r, lp_dis *dis, unsigned row)
{
    static struct place places[LINES];
    const unsigned n = places_of(row, places);
    char bad[32] = "";
    struct lp_dis_insn insn;
    if (n == 0)
        BAD("%s: in no line of index.def", lp_a64_rows[row].name);
    for (unsigned i = 0; i < AT_MOST && (i < AT_LEAST || !all_met(places, n)); i++) {
        const uint32_t w = word_of(r, &lp_a64_rows[row]);
        if (lp_a64_row(w, LP_A64_ALL, true) != row)
            continue;
        lp_dis_word(dis, w, 0, &insn);
        if ((strcmp(insn.mnemonic, ".inst") == 0 && without_text(lp_a64_rows[row].name, w)) || meet(places, n, insn.mnemonic) || strcmp(bad, insn.mnemonic) == 0)
            continue;
        snprintf(bad, sizeof bad, "%s", insn.mnemonic);
        BAD("%s: %08" PRIx32 " is %s %s, which no line of the row is called", lp_a64_rows[row].name, w, insn.mnemonic, insn.operands);
    }
}

/* ---- judgement ---- */
static void check_met(const struct line *l)
{
    bool written = false;
    for (unsigned i = 0; i < l->n_rows; i++) {
        const char *row = lp_a64_rows[l->rows[i]].name;
        if (l->unwritten[i] != (l->met[i] == 0))
            BAD("%s: %s word of %s is called so", l->e.name, l->unwritten[i] ? "unwritten.def says that none is, but a" : "no", row);
        written |= !l->unwritten[i];
    }
    for (unsigned i = 0; i < l->n_names && written; i++)
        if (l->named[i] == 0)
            BAD("%s: no word is %s", l->e.name, l->names[i]);
}

static void show(const struct line *l)
{
    printf("# %s (%s)%s%s", l->e.name, l->e.section, *l->e.feature ? " " : "", l->e.feature);
    for (unsigned i = 0; i < l->n_rows; i++)
        printf(" %s:%u", lp_a64_rows[l->rows[i]].name, l->met[i]);
    printf("\n");
}

/* SVE and SME have chapters of their own. */
static bool has_index(const struct lp_row_info *row) { return strncmp(row->class_, "sve", 3) != 0 && strcmp(row->class_, "sme") != 0; }

int main(int argc, char **argv)
{
    struct rng r = {1};
    bool verbose = false;
    lp_dis *dis;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            r.state = strtoull(argv[++i], NULL, 0);
        else if (strcmp(argv[i], "-v") == 0)
            verbose = true;
        else
            return fprintf(stderr, "usage: index [--seed S] [-v]\n"), 2;
    }
    if (lp_dis_new(&dis, NULL) != LP_OK)
        return printf("# no capstone\n"), 77;
    read_lines();
    read_unwritten();
    for (unsigned row = 1; row < A64_ROW_COUNT; row++)
        if (has_index(&lp_a64_rows[row]))
            try_row(&r, dis, row);
    for (unsigned i = 0; i < n_lines; i++) {
        check_features(&lines[i]);
        check_met(&lines[i]);
        if (verbose)
            show(&lines[i]);
    }
    lp_dis_free(dis);
    printf("# %u lines, %u things are not so\n", n_lines, failures);
    return failures != 0;
}
