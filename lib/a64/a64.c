/* a64/a64.c - words to rows and ops, by the tables that mkdecode made. */
#include <config.h>
#include <string.h>
#include "a64/a64.h"
#include "a64/decode.gen.h"

bool lp_a64_matches(unsigned row, uint32_t word, uint64_t features)
{
    const struct lp_row_info *r = &lp_a64_rows[row];
    return (word & r->mask) == r->value && (features >> r->feature_no & 1) && (fns[row].guard == NULL || fns[row].guard(word));
}

unsigned lp_a64_find(uint32_t word, uint64_t features)
{
    unsigned n = 0;
    while (nodes[n].width != 0)
        n = kids[nodes[n].first + (word >> nodes[n].shift & ((1u << nodes[n].width) - 1))];
    for (const uint16_t *l = &leaf[nodes[n].first]; *l != 0; l++)
        if (lp_a64_matches(*l, word, features))
            return *l;
    return A64_UNDEFINED;
}

static void visit_leaves(unsigned n, uint32_t mask, uint32_t value, void (*fn)(void *ctx, uint32_t mask, uint32_t value), void *ctx)
{
    if (nodes[n].width == 0) {
        fn(ctx, mask, value);
        return;
    }
    const uint32_t all = (UINT32_C(1) << nodes[n].width) - 1, window = all << nodes[n].shift;
    for (uint32_t v = 0; v <= all; v++) {
        const uint32_t bits = v << nodes[n].shift;
        if (((bits ^ value) & mask & window) == 0) /* else no word comes here: the windows overlap */
            visit_leaves(kids[nodes[n].first + v], mask | window, value | bits, fn, ctx);
    }
}

void lp_a64_leaves(void (*fn)(void *ctx, uint32_t mask, uint32_t value), void *ctx) { visit_leaves(0, 0, 0, fn, ctx); }

unsigned lp_a64_decode(uint32_t word, uint64_t pc, uint64_t features, struct lp_op *op)
{
    memset(op, 0, sizeof *op);
    unsigned row = lp_a64_find(word, features);
    if (row != A64_UNDEFINED && fns[row].pack != NULL && fns[row].pack(word, pc, op)) {
        if (lp_a64_tilts_stack(row, op, word))
            op->code = (uint16_t)LP_CODE_OF_ROW(row);
        return row;
    }
    memset(op, 0, sizeof *op);
    op->code = LP_CODE_UNDEFINED;
    op->w[0] = word;
    return A64_UNDEFINED;
}

unsigned lp_a64_row(uint32_t word, uint64_t features, bool todo)
{
    unsigned row = lp_a64_find(word, features);
    struct lp_op op;
    if (row == A64_UNDEFINED || fns[row].pack == NULL)
        return todo ? row : A64_UNDEFINED;
    /* Only the function that derives a field knows the reserved encodings. */
    if (fns[row].derived && !fns[row].pack(word, 0, &op))
        return A64_UNDEFINED;
    return row;
}

unsigned lp_code_row(unsigned code) { return code < LP_CODE_COUNT ? code_rows[code] : A64_UNDEFINED; }
