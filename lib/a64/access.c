/* a64/access.c - the memory that a load, a store or a prefetch is about (Arm ARM C4.1, loads and stores; the rows' names tell the forms apart). */
#include <config.h>
#include "a64/a64.h"
#include "a64/access.h"
#include "a64/decode_bits.h"

/* How the address is made. BASE: no offset. STRUCT: of LD1-LD4, with writeback or without. */
enum form { NO_FORM, IMM12, IMM9, POST9, PRE9, REG, PAIR_OFF, PAIR_POST, PAIR_PRE, BASE, BASE_PAIR, STRUCT, AUTHENTICATED };
/* The size of one register as a power of two: 0-4, or a field. SIZE: 31:30; BIT30, BIT31: 2 or 3; OPC: 2 to 4 at 31:30. */
enum size { B, H, S, D, Q, SIZE, BIT30, BIT31, OPC };
/* What is done, and how. */
enum { LOAD = 1, STORE = 2, SIGNED = 4, SIMD = 8, SIMPLE = 16, HINT = 32 };

#define ONE(row, size, how) \
    [A64_##row##_imm] = {IMM12, size, how}, [A64_##row##_post] = {POST9, size, how}, [A64_##row##_pre] = {PRE9, size, how}, \
    [A64_##row##_reg] = {REG, size, how}
#define PAIR(row, size, how) \
    [A64_##row##_off] = {PAIR_OFF, size, how}, [A64_##row##_post] = {PAIR_POST, size, how}, [A64_##row##_pre] = {PAIR_PRE, size, how}
#define ATOMIC(row) [A64_##row] = {BASE, SIZE, LOAD | STORE}
#define STRUCTURE(row, how) [A64_##row] = {STRUCT, B, how | SIMD}, [A64_##row##_post] = {STRUCT, B, how | SIMD}

static const struct { uint8_t form, size, how; } rows[A64_ROW_COUNT] = {
    ONE(STRB, B, STORE | SIMPLE), ONE(STRH, H, STORE | SIMPLE), ONE(STR, BIT30, STORE | SIMPLE),
    ONE(LDRB, B, LOAD | SIMPLE), ONE(LDRH, H, LOAD | SIMPLE), ONE(LDR, BIT30, LOAD | SIMPLE),
    ONE(LDRSB, B, LOAD | SIMPLE | SIGNED), ONE(LDRSH, H, LOAD | SIMPLE | SIGNED), ONE(LDRSW, S, LOAD | SIMPLE | SIGNED),
    ONE(STR_fp, SIZE, STORE | SIMPLE | SIMD), ONE(LDR_fp, SIZE, LOAD | SIMPLE | SIMD),
    ONE(STR_q, Q, STORE | SIMPLE | SIMD), ONE(LDR_q, Q, LOAD | SIMPLE | SIMD),
    [A64_STURB] = {IMM9, B, STORE | SIMPLE}, [A64_STTRB] = {IMM9, B, STORE | SIMPLE}, [A64_STURH] = {IMM9, H, STORE | SIMPLE},
    [A64_STTRH] = {IMM9, H, STORE | SIMPLE}, [A64_STUR] = {IMM9, BIT30, STORE | SIMPLE}, [A64_STTR] = {IMM9, BIT30, STORE | SIMPLE},
    [A64_LDURB] = {IMM9, B, LOAD | SIMPLE}, [A64_LDTRB] = {IMM9, B, LOAD | SIMPLE}, [A64_LDURH] = {IMM9, H, LOAD | SIMPLE},
    [A64_LDTRH] = {IMM9, H, LOAD | SIMPLE}, [A64_LDUR] = {IMM9, BIT30, LOAD | SIMPLE}, [A64_LDTR] = {IMM9, BIT30, LOAD | SIMPLE},
    [A64_LDURSB] = {IMM9, B, LOAD | SIMPLE | SIGNED}, [A64_LDTRSB] = {IMM9, B, LOAD | SIMPLE | SIGNED},
    [A64_LDURSH] = {IMM9, H, LOAD | SIMPLE | SIGNED}, [A64_LDTRSH] = {IMM9, H, LOAD | SIMPLE | SIGNED},
    [A64_LDURSW] = {IMM9, S, LOAD | SIMPLE | SIGNED}, [A64_LDTRSW] = {IMM9, S, LOAD | SIMPLE | SIGNED},
    [A64_STUR_fp] = {IMM9, SIZE, STORE | SIMPLE | SIMD}, [A64_LDUR_fp] = {IMM9, SIZE, LOAD | SIMPLE | SIMD},
    [A64_STUR_q] = {IMM9, Q, STORE | SIMPLE | SIMD}, [A64_LDUR_q] = {IMM9, Q, LOAD | SIMPLE | SIMD},
    [A64_PRFM_imm] = {IMM12, D, HINT}, [A64_PRFM_reg] = {REG, D, HINT}, [A64_PRFUM] = {IMM9, D, HINT},
    PAIR(STP, BIT31, STORE | SIMPLE), PAIR(LDP, BIT31, LOAD | SIMPLE), PAIR(LDPSW, S, LOAD | SIMPLE | SIGNED),
    PAIR(STP_fp, OPC, STORE | SIMPLE | SIMD), PAIR(LDP_fp, OPC, LOAD | SIMPLE | SIMD),
    [A64_STNP] = {PAIR_OFF, BIT31, STORE | SIMPLE}, [A64_LDNP] = {PAIR_OFF, BIT31, LOAD | SIMPLE},
    [A64_STNP_fp] = {PAIR_OFF, OPC, STORE | SIMPLE | SIMD}, [A64_LDNP_fp] = {PAIR_OFF, OPC, LOAD | SIMPLE | SIMD},
    [A64_LDAPR] = {BASE, SIZE, LOAD | SIMPLE}, [A64_STLUR] = {IMM9, SIZE, STORE | SIMPLE}, [A64_LDAPUR] = {IMM9, SIZE, LOAD | SIMPLE},
    [A64_LDAPURSB] = {IMM9, B, LOAD | SIMPLE | SIGNED}, [A64_LDAPURSH] = {IMM9, H, LOAD | SIMPLE | SIGNED},
    [A64_LDAPURSW] = {IMM9, S, LOAD | SIMPLE | SIGNED},
    [A64_STXR] = {BASE, SIZE, STORE}, [A64_STLXR] = {BASE, SIZE, STORE}, [A64_LDXR] = {BASE, SIZE, LOAD}, [A64_LDAXR] = {BASE, SIZE, LOAD},
    [A64_STXP] = {BASE_PAIR, BIT30, STORE}, [A64_STLXP] = {BASE_PAIR, BIT30, STORE}, [A64_LDXP] = {BASE_PAIR, BIT30, LOAD},
    [A64_LDAXP] = {BASE_PAIR, BIT30, LOAD}, [A64_STLR] = {BASE, SIZE, STORE | SIMPLE}, [A64_LDAR] = {BASE, SIZE, LOAD | SIMPLE},
    [A64_STLLR] = {BASE, SIZE, STORE | SIMPLE}, [A64_LDLAR] = {BASE, SIZE, LOAD | SIMPLE},
    ATOMIC(LDADD), ATOMIC(LDCLR), ATOMIC(LDEOR), ATOMIC(LDSET), ATOMIC(LDSMAX), ATOMIC(LDSMIN), ATOMIC(LDUMAX), ATOMIC(LDUMIN), ATOMIC(SWP), ATOMIC(CAS),
    [A64_CASP] = {BASE_PAIR, BIT30, LOAD | STORE},
    STRUCTURE(ST1_1_mult, STORE), STRUCTURE(ST1_2_mult, STORE), STRUCTURE(ST1_3_mult, STORE), STRUCTURE(ST1_4_mult, STORE),
    STRUCTURE(ST2_mult, STORE), STRUCTURE(ST3_mult, STORE), STRUCTURE(ST4_mult, STORE),
    STRUCTURE(ST1_lane, STORE), STRUCTURE(ST2_lane, STORE), STRUCTURE(ST3_lane, STORE), STRUCTURE(ST4_lane, STORE),
    STRUCTURE(LD1_1_mult, LOAD), STRUCTURE(LD1_2_mult, LOAD), STRUCTURE(LD1_3_mult, LOAD), STRUCTURE(LD1_4_mult, LOAD),
    STRUCTURE(LD2_mult, LOAD), STRUCTURE(LD3_mult, LOAD), STRUCTURE(LD4_mult, LOAD),
    STRUCTURE(LD1_lane, LOAD), STRUCTURE(LD2_lane, LOAD), STRUCTURE(LD3_lane, LOAD), STRUCTURE(LD4_lane, LOAD),
    STRUCTURE(LD1R, LOAD), STRUCTURE(LD2R, LOAD), STRUCTURE(LD3R, LOAD), STRUCTURE(LD4R, LOAD),
    [A64_LDRA] = {AUTHENTICATED, D, LOAD | SIMPLE},
};

static unsigned log2_size(unsigned size, uint32_t word)
{
    switch (size) {
    case SIZE: return word >> 30;
    case BIT30: return 2 + (word >> 30 & 1);
    case BIT31: return 2 + (word >> 31);
    case OPC: return 2 + (word >> 30);
    default: return size;
    }
}

/* LD1-LD4, ST1-ST4: whole registers (bit 24 clear), else one lane of each, or one element for all lanes. */
static void structure(uint32_t word, struct lp_a64_access *a)
{
    static const uint8_t registers[16] = {[0] = 4, [2] = 4, [4] = 3, [6] = 3, [7] = 1, [8] = 2, [10] = 2};
    const unsigned lane = word >> 14 & 3, size = word >> 10 & 3;
    unsigned n = registers[word >> 12 & 15];
    a->each = word >> 30 & 1 ? 16 : 8;
    if (word >> 24 & 1) {
        n = 1 + (word >> 21 & 1) + 2 * (word >> 13 & 1);
        a->each = (uint8_t)(1u << (lane == 3 ? size : lane == 2 ? 2 + (size & 1) : lane));
    }
    a->bytes = (uint8_t)(n * a->each);
    if (!a->writeback)
        return;
    if ((word >> 16 & 31) == 31) a->back = a->bytes;
    else a->back_by = (uint8_t)(word >> 16 & 31);
}

static void single_offset(unsigned form, uint32_t word, unsigned log2, struct lp_a64_access *a)
{
    const int64_t imm9 = lp_a64_imm(word, 12, 9);
    if (form == IMM12)
        a->off = (int64_t)(word >> 10 & 0xfff) << log2;
    else if (form == AUTHENTICATED)
        a->back = a->off = (lp_a64_imm(word, 22, 1) * 512 + (word >> 12 & 0x1ff)) * 8;
    else if (form == POST9)
        a->back = imm9;
    else if (form == PRE9)
        a->back = a->off = imm9;
    else if (form == IMM9)
        a->off = imm9;
}

static void pair_offset(unsigned form, uint32_t word, unsigned log2, struct lp_a64_access *a)
{
    const int64_t imm = lp_a64_imm(word, 15, 7) * (INT64_C(1) << log2);
    if (form != PAIR_POST)
        a->off = imm;
    if (form != PAIR_OFF)
        a->back = imm;
}

static void fill_index(uint32_t word, unsigned log2, struct lp_a64_access *a)
{
    a->index = (uint8_t)(word >> 16 & 31);
    a->extend = (uint8_t)(word >> 13 & 7);
    a->shift = (uint8_t)(word >> 12 & 1 ? log2 : 0);
    if (a->index == 31) /* XZR adds nothing */
        a->index = LP_A64_NO_REG;
}

bool lp_a64_access(unsigned row, uint32_t word, struct lp_a64_access *out)
{
    const unsigned form = rows[row].form, how = rows[row].how, log2 = log2_size(rows[row].size, word);
    if (form == NO_FORM)
        return false;
    const bool pair = form == PAIR_OFF || form == PAIR_POST || form == PAIR_PRE || form == BASE_PAIR, general = !(how & (SIMD | HINT));
    *out = (struct lp_a64_access){.each = (uint8_t)(how & HINT ? 0 : 1u << log2), .base = word >> 5 & 31, .index = LP_A64_NO_REG, .back_by = LP_A64_NO_REG,
        .rt = (uint8_t)(general ? word & 31 : LP_A64_NO_REG), .rt2 = (uint8_t)(general && pair ? word >> 10 & 31 : LP_A64_NO_REG),
        .writeback = (lp_a64_rows[row].flags & LP_ROW_BACK) && (form != AUTHENTICATED || (word >> 11 & 1)), .load = how & LOAD, .store = how & STORE,
        .is_signed = how & SIGNED, .simple = how & SIMPLE};
    out->bytes = (uint8_t)(pair ? 2 * out->each : out->each);
    if (form == STRUCT)
        structure(word, out);
    else if (form == REG)
        fill_index(word, log2, out);
    else if (pair && form != BASE_PAIR)
        pair_offset(form, word, log2, out);
    else
        single_offset(form, word, log2, out);
    return true;
}
