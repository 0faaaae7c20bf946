/* a64/proof.c - looks rows up in proof.def. */
#include <config.h>
#include "a64/proof.h"

#include <fnmatch.h>

static const struct lp_proof lines[] = {
#define NEWER(pattern, version, reason) {LP_DIS_PROOF_QEMU_NEW, pattern, version, reason},
#define VECTORS(pattern, version, reason) {LP_DIS_PROOF_VECTORS, pattern, version, reason},
#define PROPERTY(pattern, reason) {LP_DIS_PROOF_PROPERTY, pattern, 0, reason},
#include "a64/proof.def"
};
enum { LINES = sizeof lines / sizeof lines[0] };

const struct lp_proof *lp_a64_proof_line(unsigned i) { return i < LINES ? &lines[i] : NULL; }

const struct lp_proof *lp_a64_proof(unsigned row)
{
    static const struct lp_proof none = {LP_DIS_PROOF_NONE, "*", 0, "not executed"}, usual = {LP_DIS_PROOF_QEMU, "*", 0, "compared"};
    if (row == A64_UNDEFINED || lp_a64_rows[row].flags & LP_ROW_TODO) return &none;
    for (unsigned i = 0; i < LINES; i++)
        if (fnmatch(lines[i].pattern, lp_a64_rows[row].name, 0) == 0) return &lines[i];
    return &usual;
}
