/* a64/proof.h - what proves the rows: proof.def. */
#ifndef LP_A64_PROOF_H
#define LP_A64_PROOF_H
#include <arm64lp/dis.h>
#include "a64/a64.h"

struct lp_proof {
    enum lp_dis_proof kind;
    const char *pattern;
    unsigned version; /* of the first qemu that knows the row, in hundreds; 0: the usual one does, or none is asked (a property) */
    const char *reason;
};
/* Never NULL. Thread-safe. */
const struct lp_proof *lp_a64_proof(unsigned row);
/* Line i of proof.def; NULL at the end. */
const struct lp_proof *lp_a64_proof_line(unsigned i);
#endif
