/* marks.h - what the marks of lib/a64/proof.def say of an oracle. Its version is in hundreds: 7.2 is 702. */
#ifndef TESTS_A64_MARKS_H
#define TESTS_A64_MARKS_H
#include "a64/proof.h"

/* Is the row compared with this oracle? */
static inline bool mark_compared(unsigned row, unsigned version)
{
    const struct lp_proof *p = lp_a64_proof(row);
    return p->kind == LP_DIS_PROOF_QEMU || (p->version != 0 && version >= p->version);
}
/* Is it unknown to this oracle: SIGILL? (Neither: a property.) */
static inline bool mark_unknown(unsigned row, unsigned version)
{
    const struct lp_proof *p = lp_a64_proof(row);
    return p->version != 0 && version < p->version;
}
#endif
