/* a64/regs.c - the registers that an instruction reads and writes. */
#include <config.h>
#include "a64/a64.h"
#include "a64/regs.h"
#include "a64/regs.gen.h"

static uint32_t registers(const uint8_t *place, unsigned n, uint32_t word)
{
    uint32_t set = 0;
    for (unsigned i = 0; i < n && place[i] != 0; i++) {
        const unsigned reg = word >> ((place[i] & (SP - 1)) - 1) & 31;
        if (reg != 31)
            set |= UINT32_C(1) << reg | (place[i] & PAIR ? UINT32_C(2) << reg : 0);
        else if (place[i] & SP)
            set |= UINT32_C(1) << 31;
    }
    return set;
}

struct lp_a64_regs lp_a64_regs(unsigned row, uint32_t word)
{
    return (struct lp_a64_regs){registers(row_regs[row].read, sizeof row_regs[row].read, word) | row_regs[row].reads,
                                registers(row_regs[row].write, sizeof row_regs[row].write, word) | row_regs[row].writes};
}

int lp_a64_named(unsigned row, uint8_t at[LP_A64_NAMED])
{
    const uint8_t *const place[] = {row_regs[row].read, row_regs[row].write};
    int n = 0;
    if (row == A64_UNDEFINED || lp_a64_rows[row].flags & LP_ROW_TODO) return -1;
    for (unsigned k = 0; k < 2; k++)
        for (unsigned i = 0; i < sizeof row_regs[row].read && place[k][i] != 0; i++) {
            const uint8_t lo = (uint8_t)((place[k][i] & (SP - 1)) - 1);
            int seen = 0;
            if (place[k][i] & PAIR) return -1;
            while (seen < n && at[seen] != lo) seen++;
            if (seen == n) at[n++] = lo;
        }
    return n;
}

static uint32_t vectors(const struct vector_place *p, unsigned n, uint32_t word)
{
    uint32_t set = 0;
    for (unsigned i = 0; i < n && p[i].at != 0; i++) {
        const bool four = p[i].four == 1 || (p[i].four == 2 && (word >> 22 & 3) != 2);
        const unsigned reg = word >> (p[i].at - 1) & (four ? 15 : 31), more = p[i].count ? word >> (p[i].count - 1) & 3 : p[i].more;
        for (unsigned k = 0; k <= more; k++)
            set |= UINT32_C(1) << ((reg + k) & 31);
    }
    return set;
}

#define PLACES(a) (a), sizeof(a) / sizeof *(a)
struct lp_a64_regs lp_a64_vectors(unsigned row, uint32_t word)
{
    return (struct lp_a64_regs){vectors(PLACES(row_vectors[row].read), word), vectors(PLACES(row_vectors[row].write), word)};
}

bool lp_a64_sets_flags(unsigned row) { return row == A64_UNDEFINED || lp_a64_rows[row].flags & (LP_ROW_NZCV | LP_ROW_TODO); }
