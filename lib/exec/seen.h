/* exec/seen.h - for the loops that call op handlers: ThreadSanitizer does not look into those (local.mk), so the operands that they read are read here. */
#ifndef LP_EXEC_SEEN_H
#define LP_EXEC_SEEN_H
#include "a64/op.h"
#include "base/sanitize.h"

static inline const struct lp_op *lp_op_seen(const struct lp_op *op)
{
#ifdef LP_TSAN
    for (size_t i = sizeof op->code; i < sizeof *op; i += sizeof(uint16_t))
        (void)*(const volatile uint16_t *)(const volatile void *)((const char *)op + i);
#endif
    return op;
}
#endif
