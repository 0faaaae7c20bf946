/* a64/a64.c - words to rows and ops, by the tables that mkdecode made. */
#include <config.h>
#include <string.h>
#include "a64/a64.h"
#include "a64/decode.gen.h"

static unsigned find_row(uint32_t word)
{
    unsigned n = 0;
    while (nodes[n].width != 0)
        n = kids[nodes[n].first + (word >> nodes[n].shift & ((1u << nodes[n].width) - 1))];
    for (const uint16_t *l = &leaf[nodes[n].first]; *l != 0; l++)
        if ((word & lp_a64_rows[*l].mask) == lp_a64_rows[*l].value && (fns[*l].guard == NULL || fns[*l].guard(word)))
            return *l;
    return A64_UNDEFINED;
}

unsigned lp_a64_decode(uint32_t word, uint64_t pc, struct lp_op *op)
{
    memset(op, 0, sizeof *op);
    unsigned row = find_row(word);
    if (row != A64_UNDEFINED && fns[row].pack != NULL && fns[row].pack(word, pc, op))
        return row;
    memset(op, 0, sizeof *op);
    op->code = LP_CODE_UNDEFINED;
    op->w[0] = word;
    return A64_UNDEFINED;
}

unsigned lp_a64_row(uint32_t word, bool todo)
{
    unsigned row = find_row(word);
    struct lp_op op;
    if (row == A64_UNDEFINED || fns[row].pack == NULL)
        return todo ? row : A64_UNDEFINED;
    /* Only the function that derives a field knows the reserved encodings. */
    if (fns[row].derived && !fns[row].pack(word, 0, &op))
        return A64_UNDEFINED;
    return row;
}

unsigned lp_code_row(unsigned code) { return code < LP_CODE_COUNT ? code_rows[code] : A64_UNDEFINED; }

unsigned lp_a64_fuse(unsigned first, unsigned second)
{
    unsigned lo = 0, hi = PAIRS;
    uint32_t key = (uint32_t)first << 16 | second;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        uint32_t at = (uint32_t)fused[mid].first << 16 | fused[mid].second;
        if (at == key)
            return LP_CODE_COUNT - PAIRS + mid;
        if (at < key)
            lo = mid + 1;
        else
            hi = mid;
    }
    return 0;
}
