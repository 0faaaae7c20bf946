/* a64/access.c - the memory that a load, a store or a prefetch is about (Arm ARM C4.1, loads and stores), by the tables. */
#include <config.h>
#include "a64/a64.h"
#include "a64/access.h"
#include "a64/access.gen.h"
#include "a64/decode_bits.h"

/* The size of a lane (ldst_struct.decode): scale, or more by size. */
static unsigned lane_log2(uint32_t word)
{
    const unsigned scale = word >> 14 & 3;
    return scale < 2 ? scale : 2 + (word >> 10 & 1);
}

static unsigned log2_size(const struct row_access *r, uint32_t word)
{
    return r->how & LANE ? lane_log2(word) : r->log2 + (word >> r->size_lo & ((1u << r->size_bits) - 1));
}

static int64_t offset(unsigned row, uint32_t word, unsigned log2)
{
    const struct row_access *r = &row_access[row];
    if (row == A64_LDRA) /* S:imm9, in units of 8 */
        return (lp_a64_imm(word, 22, 1) * 512 + (word >> 12 & 0x1ff)) * 8;
    switch (r->imm_bits) {
    case 0: return 0;
    case 12: return (int64_t)(word >> r->imm_lo & 0xfff) << log2;
    case 9: return lp_a64_imm(word, r->imm_lo, 9);
    default: return lp_a64_imm(word, r->imm_lo, r->imm_bits) * (INT64_C(1) << log2);
    }
}

/* A structure's base moves by its size, or by a register. */
static void structure_back(uint32_t word, struct lp_a64_access *a)
{
    if ((word >> 16 & 31) == 31) a->back = a->bytes;
    else a->back_by = (uint8_t)(word >> 16 & 31);
}

static void fill_index(uint32_t word, unsigned log2, struct lp_a64_access *a)
{
    a->index = (uint8_t)(word >> 16 & 31);
    a->extend = (uint8_t)(word >> 13 & 7);
    a->shift = (uint8_t)(word >> 12 & 1 ? log2 : 0);
    if (a->index == 31) /* XZR adds nothing */
        a->index = LP_A64_NO_REG;
}

static void fill_registers(unsigned how, uint32_t word, struct lp_a64_access *a)
{
    a->rt = a->rt2 = LP_A64_NO_REG;
    if (how & (SIMD | TOUCH))
        return;
    a->rt = word & 31;
    if (how & TWO)
        a->rt2 = word >> 10 & 31;
    else if (how & NEXT)
        a->rt2 = (uint8_t)(a->rt + 1);
}

bool lp_a64_access(unsigned row, uint32_t word, struct lp_a64_access *a)
{
    const struct row_access *r = &row_access[row];
    const unsigned how = r->how, log2 = log2_size(r, word), n = r->list ? r->list : how & (TWO | NEXT) ? 2 : 1;
    const bool load = how & LOAD, store = how & STORE;
    if (how == 0)
        return false;
    *a = (struct lp_a64_access){.each = (uint8_t)(how & TOUCH ? 0 : 1u << log2), .base = word >> 5 & 31, .index = LP_A64_NO_REG, .back_by = LP_A64_NO_REG,
        .writeback = (lp_a64_rows[row].flags & LP_ROW_BACK) && (row != A64_LDRA || (word >> 11 & 1)), .load = load, .store = store,
        .is_signed = how & SIGNED, .simple = load != store && r->list == 0 && !(how & STATUS)};
    a->bytes = (uint8_t)(n * a->each);
    fill_registers(how, word, a);
    a->off = how & POST ? 0 : offset(row, word, log2);
    if (how & INDEX)
        fill_index(word, log2, a);
    if (a->writeback && r->list != 0)
        structure_back(word, a);
    else if (a->writeback)
        a->back = offset(row, word, log2);
    return true;
}
