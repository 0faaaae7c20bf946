/* proofs.c - which rows are compared with the oracle, and what proves the others. */
#include <config.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include "difftest.h"

uint64_t oracle_version = 702;

static const struct proof proofs[] = {
#define ORACLE(pattern, version, reason) {P_ORACLE, pattern, version, reason},
#define VECTORS(pattern, reason) {P_VECTORS, pattern, 0, reason},
#define PROPERTY(pattern, reason) {P_PROPERTY, pattern, 0, reason},
#define SINGLE(pattern, reason) {P_SINGLE, pattern, 0, reason},
#define CHUNKS(pattern, reason) {P_CHUNKS, pattern, 0, reason},
#include "excluded.def"
};
enum { PROOFS = sizeof proofs / sizeof proofs[0] };

const struct proof *row_proof(const struct lp_row_info *row)
{
    for (unsigned i = 0; i < PROOFS; i++)
        if (fnmatch(proofs[i].pattern, row->name, 0) == 0)
            return &proofs[i];
    return NULL;
}

/* One way or the other. */
static bool compared(const struct proof *p, enum proof_kind way)
{
    return p == NULL || p->kind == way || (p->kind == P_ORACLE && oracle_version >= p->version);
}

const char *row_excluded(const struct lp_row_info *row)
{
    const struct proof *p = row_proof(row);
    if (row->flags & LP_ROW_TODO)
        return "not executed";
    return compared(p, P_SINGLE) ? NULL : p->reason;
}

bool chunk_row(unsigned row)
{
    const struct proof *p = row_proof(&lp_a64_rows[row]);
    return !(lp_a64_rows[row].flags & LP_ROW_TODO) && compared(p, P_CHUNKS);
}

unsigned stale_exclusions(void)
{
    unsigned stale = 0;
    for (unsigned i = 0; i < PROOFS; i++) {
        bool fits = false;
        for (unsigned row = 1; row < A64_ROW_COUNT && !fits; row++)
            fits = fnmatch(proofs[i].pattern, lp_a64_rows[row].name, 0) == 0;
        if (!fits)
            printf("# excluded.def: '%s' fits no row\n", proofs[i].pattern), stale++;
    }
    return stale;
}

/* Has tests/a64/<class>.vec a line of the row? (!qemu keeps a line from the oracle, not from us.) */
static bool has_vector(const struct lp_row_info *row, const char *srcdir)
{
    char path[512], line[2048];
    const size_t n = strlen(row->name);
    bool found = false;
    snprintf(path, sizeof path, "%s/tests/a64/%s.vec", srcdir, row->class_);
    FILE *f = fopen(path, "r");
    while (f != NULL && !found && fgets(line, sizeof line, f) != NULL) {
        const char *at = strncmp(line, "!qemu ", 6) == 0 ? line + 6 : line;
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

bool row_other_proof(const struct lp_row_info *row, const char *srcdir, const char *proved, char *out, size_t size)
{
    const struct proof *p = row_proof(row);
    if (p == NULL || p->kind == P_SINGLE || p->kind == P_CHUNKS) {
        snprintf(out, size, "no other is listed");
        return false;
    }
    if (p->kind == P_PROPERTY) {
        snprintf(out, size, "property (%s)", p->reason);
        return has_property(row, proved);
    }
    snprintf(out, size, "vectors only (%s)", p->reason);
    return has_vector(row, srcdir);
}
