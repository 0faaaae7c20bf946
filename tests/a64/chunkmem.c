/* chunkmem.c - base and index registers for the memory instructions of a chunk, so that they stay in the window, or fail as they should. */
#include <config.h>
#include <fnmatch.h>
#include <string.h>
#include "chunkgen.h"

enum { MOVZ = 0xd2800000, MOVN = 0x92800000, MOVK_32 = 0xf2c00000, ADD = 0x91000000, SUB = 0xd1000000, ORR_imm = 0xb2400000 };

/* A tag in the top byte: ones from bit 56..63 on, rotated as logical immediates are. */
static uint32_t tag(struct builder *b)
{
    const unsigned low = 56 + below(b->rng, 8), ones = 1 + below(b->rng, 64 - low);
    return ORR_imm | (64 - low) << 16 | (ones - 1) << 10;
}

void set_base(struct builder *b, unsigned reg, bool aligned, unsigned strange)
{
    const uint32_t regs = b->c.pin << 5 | reg;
    const unsigned off = aligned || reg == 31 ? 16 * below(b->rng, 31) : below(b->rng, 481);
    const unsigned choice = below(b->rng, 32);
    if (choice == 0 && (strange & FAULTS) && reg != 31)
        emit(b, MOVZ | 1u << 21 | (uint32_t)(NOWHERE >> 16) << 5 | reg);
    else if (choice == 1 && (strange & TAGS))
        emit(b, tag(b) | regs);
    else
        emit(b, (choice & 2 ? ADD : SUB) | off << 10 | regs);
}

/* Small, in the range and the width that the extension takes; the rest of the register is anything. */
void set_index(struct builder *b, uint32_t w)
{
    const bool x64 = w >> 13 & 1, sign = w >> 15 & 1;
    const unsigned m = reg_m(w);
    if (m == 31)
        return;
    emit(b, ((sign || x64) && below(b->rng, 2) ? MOVN : MOVZ) | below(b->rng, 63) << 5 | m);
    if (!x64)
        emit(b, MOVK_32 | below(b->rng, 65536) << 5 | m);
}

/* A load-exclusive of the same size first, mostly; else none. */
static void set_monitor(struct builder *b, const struct lp_row_info *row, uint32_t w)
{
    const bool pair = is(row, STORES_PAIR);
    if (below(b->rng, 4) == 0 || (pair && reg_n(w) == 30))
        emit(b, 0xd5033f5f); /* CLREX */
    else if (pair)
        emit(b, ((w | 1u << 22 | 31u << 16 | 31u) & ~(31u << 10)) | 30u << 10); /* LDXP XZR, X30 */
    else
        emit(b, w | 1u << 22 | 31u << 16 | 31u); /* LDXR XZR */
}

bool chunk_memory(struct builder *b, const struct lp_row_info *row, uint32_t *word)
{
    const uint32_t w = *word;
    if (is(row, LITERAL)) {
        b->literal[b->nliteral++] = b->n;
        *word = w & ~(UINT32_C(0x7ffff) << 5);
        return true;
    }
    if (is(row, MAINTENANCE)) {
        if (reg_t(w) == 31)
            return false;
        set_base(b, reg_t(w), false, row_untagged((unsigned)(row - lp_a64_rows)) ? 0 : TAGS); /* the oracle does not translate the address */
        return true;
    }
    if (is(row, INDEXED) && reg_m(w) == reg_n(w))
        return false;
    /* A store-exclusive without the monitor need not look at its address. */
    set_base(b, reg_n(w), is(row, ALIGNED), is(row, STORE_EXCLUSIVE) ? TAGS : TAGS | FAULTS);
    if (is(row, INDEXED))
        set_index(b, w);
    if (is(row, STORE_EXCLUSIVE))
        set_monitor(b, row, w);
    return true;
}
