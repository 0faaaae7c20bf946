/* proofs.c - which rows are compared with the oracle at hand, and whether what was compared is what proof.def says. */
#include <config.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "difftest.h"

uint64_t oracle_version;

enum way { SINGLE_CASES, IN_SEQUENCES, WITHOUT_TAGS };
static const struct exclusion { enum way only; const char *pattern, *reason; } exclusions[] = {
#define SINGLE(pattern, reason) {SINGLE_CASES, pattern, reason},
#define SEQUENCES(pattern, reason) {IN_SEQUENCES, pattern, reason},
#define UNTAGGED(pattern, reason) {WITHOUT_TAGS, pattern, reason},
#include "excluded.def"
};
enum { EXCLUSIONS = sizeof exclusions / sizeof exclusions[0] };

/* Why a row is compared in this way only, or NULL. */
static const char *only(unsigned row, enum way way)
{
    for (unsigned i = 0; i < EXCLUSIONS; i++)
        if (exclusions[i].only == way && fnmatch(exclusions[i].pattern, lp_a64_rows[row].name, 0) == 0)
            return exclusions[i].reason;
    return NULL;
}
/* Why it is not compared in this way, or NULL. */
static const char *excluded(unsigned row, enum way way)
{
    if (!mark_compared(row, (unsigned)oracle_version))
        return lp_a64_proof(row)->reason;
    return only(row, way == SINGLE_CASES ? IN_SEQUENCES : SINGLE_CASES);
}
const char *row_excluded(unsigned row) { return excluded(row, SINGLE_CASES); }
bool row_untagged(unsigned row) { return only(row, WITHOUT_TAGS) != NULL; }
bool chunk_row(unsigned row) { return excluded(row, IN_SEQUENCES) == NULL; }

unsigned stale_pattern(const char *file, const char *pattern)
{
    for (unsigned row = 1; row < A64_ROW_COUNT; row++)
        if (!(lp_a64_rows[row].flags & LP_ROW_TODO) && fnmatch(pattern, lp_a64_rows[row].name, 0) == 0)
            return 0;
    printf("# %s: '%s' fits no row\n", file, pattern);
    return 1;
}

unsigned stale_patterns(void)
{
    unsigned n = 0;
    const struct lp_proof *p;
    for (unsigned i = 0; i < EXCLUSIONS; i++)
        n += stale_pattern("excluded.def", exclusions[i].pattern);
    for (unsigned i = 0; (p = lp_a64_proof_line(i)) != NULL; i++)
        n += stale_pattern("proof.def", p->pattern);
    return n + stale_attributes();
}

/* ---- counts ---- */
enum { ENOUGH = 200 };
/* Comparisons of each row, the oldest oracle that made one, and the newest of all. */
static struct { unsigned n, oldest; } counted[A64_ROW_COUNT];
static unsigned newest;

void write_counts(const char *path, const unsigned *compared)
{
    FILE *f = fopen(path, "a");
    for (unsigned row = 1; f != NULL && row < A64_ROW_COUNT; row++)
        if (compared[row] != 0)
            fprintf(f, "%s %u %u\n", lp_a64_rows[row].name, compared[row], (unsigned)oracle_version);
    if (f == NULL || fclose(f) != 0) {
        perror(path);
        exit(2);
    }
}

static void count(const char *name, unsigned n, unsigned version)
{
    newest = version > newest ? version : newest;
    for (unsigned row = 1; row < A64_ROW_COUNT; row++) {
        if (strcmp(lp_a64_rows[row].name, name) != 0)
            continue;
        if (counted[row].n == 0 || version < counted[row].oldest)
            counted[row].oldest = version;
        counted[row].n += n;
    }
}

void read_counts(const char *path)
{
    char name[64];
    unsigned n, version;
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        perror(path);
        exit(2);
    }
    while (fscanf(f, "%63s %u %u", name, &n, &version) == 3)
        count(name, n, version);
    fclose(f);
}

/* ---- judgement ---- */

/* Has tests/a64/<class>.vec a line of the row? (!qemu keeps a line from the oracle, not from us.) */
static bool has_vector(const struct lp_row_info *row, const char *srcdir)
{
    char path[512], line[2048];
    const size_t n = strlen(row->name);
    bool found = false;
    snprintf(path, sizeof path, "%s/tests/a64/%s.vec", srcdir, row->class_);
    FILE *f = fopen(path, "r");
    while (f != NULL && !found && fgets(line, sizeof line, f) != NULL) {
        const char *at = strncmp(line, "!qemu", 5) == 0 || strncmp(line, "qemu-", 5) == 0 ? line + strcspn(line, " ") + 1 : line;
        found = strncmp(at, row->name, n) == 0 && (at[n] == ' ' || at[n] == '\t');
    }
    if (f != NULL)
        fclose(f);
    return found;
}

/* Is the row a line of the file, what property.c has proved? */
static bool has_property(const struct lp_row_info *row, const char *proved)
{
    char line[128];
    bool found = false;
    FILE *f = fopen(proved, "r");
    while (f != NULL && !found && fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = 0;
        found = strcmp(line, row->name) == 0;
    }
    if (f != NULL)
        fclose(f);
    return found;
}

/* A row that no comparison here can prove has the proof that is said of it, and was not compared. */
static bool other_proof(unsigned row, const char *srcdir, const char *proved)
{
    const struct lp_row_info *info = &lp_a64_rows[row];
    if (counted[row].n != 0)
        return false;
    return lp_a64_proof(row)->kind == LP_DIS_PROOF_PROPERTY ? has_property(info, proved) : has_vector(info, srcdir);
}

bool row_proved(unsigned row, const char *srcdir, const char *proved, char *out, size_t size)
{
    const struct lp_proof *p = lp_a64_proof(row);
    const char *name = lp_dis_proof_name(p->kind);
    if (mark_compared(row, newest)) {
        snprintf(out, size, "%s: compared %u times", name, counted[row].n);
        return counted[row].n >= ENOUGH && counted[row].oldest >= p->version;
    }
    snprintf(out, size, "%s (%s)%s", name, p->reason, counted[row].n != 0 ? ", but it was compared" : "");
    return other_proof(row, srcdir, proved);
}
