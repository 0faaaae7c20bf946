/* proofs.c - which rows are compared with the oracle, and what proves the others. */
#include <config.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include "difftest.h"

uint64_t oracle_version = 702;

static const struct proof proofs[] = {
#define ORACLE(pattern, version, reason) {P_ORACLE, pattern, version, NULL, reason},
#define VECTORS(pattern, reason) {P_VECTORS, pattern, 0, NULL, reason},
#define PROPERTY(pattern, test, reason) {P_PROPERTY, pattern, 0, test, reason},
#define SINGLE(pattern, reason) {P_SINGLE, pattern, 0, NULL, reason},
#define CHUNKS(pattern, reason) {P_CHUNKS, pattern, 0, NULL, reason},
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
    if (row->flags & (LP_ROW_BRANCH | LP_ROW_JUMP))
        return "changes the flow of control: tests/guest";
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
