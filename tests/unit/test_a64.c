/* The decoder, derived operands and the encoder. */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "a64/a64.h"
#include "a64/capstone.h"
#include "a64/decode_bits.h"
#include "a64/fields.gen.h"
#include "a64/regs.h"
#include "exec/model.h"

/* Words whose names are not in doubt: assembled with binutils, named as in the Arm ARM. */
static const struct { uint32_t word; const char *row; } vectors[] = {
    {0x91000420, "ADD_imm"}, {0x8b020020, "ADD_reg"}, {0x8b021020, "ADD_shift"}, {0x8b22c020, "ADD_ext"}, {0xeb02003f, "SUBS_reg"},
    {0x7100043f, "SUBS_imm"}, {0x12001c20, "AND_imm"}, {0xb24003e0, "ORR_imm"}, {0xaa0103e0, "MOV_reg"}, {0xaa020020, "ORR_reg"},
    {0xd2800020, "MOVZ"}, {0x92800000, "MOVN"}, {0xf2a00020, "MOVK"}, {0xd3410820, "UBFM"}, {0xd341fc20, "LSR_imm64"},
    {0x53017c20, "LSR_imm32"}, {0x93407c20, "SXTW"}, {0xb3410820, "BFM"}, {0x13820420, "EXTR"}, {0x13810420, "ROR_imm"},
    {0x10000000, "ADR"}, {0x90000000, "ADRP"}, {0x14000000, "B"}, {0x94000000, "BL"}, {0x54000000, "B_cond"}, {0xb4000000, "CBZ"},
    {0xb7f80000, "TBNZ"}, {0xd61f0000, "BR"}, {0xd63f0000, "BLR"}, {0xd65f03c0, "RET"}, {0xd4000001, "SVC"}, {0xd4200000, "BRK"},
    {0x00000000, "UDF"}, {0xd503201f, "NOP"}, {0xd503245f, "BTI"}, {0xd503251f, "HINT"}, {0xd503233f, "PACIASP"}, {0xd503203f, "YIELD"}, {0xd5033bbf, "DMB"}, {0xd5033fdf, "ISB"},
    {0xd50b7520, "IC_IVAU"}, {0xd50b7420, "DC_ZVA"}, {0xd53bd040, "MRS_TPIDR"}, {0xd53b0020, "MRS_CTR"}, {0xd5380000, "MRS_ID"},
    {0x9ac20820, "UDIV"}, {0x9b020c20, "MADD"}, {0x9b027c20, "MUL"}, {0x9bc27c20, "UMULH"}, {0xfa410800, "CCMP_imm"},
    {0x9a820020, "CSEL"}, {0xdac01020, "CLZ"}, {0x5ac00820, "REV_w"}, {0x1ac24020, "CRC32"}, {0x9ac34c20, "CRC32"},
};
/* Unallocated or reserved. */
static const uint32_t undefined[] = {
    0xd4000000, 0xd4000002, 0xd4000003, /* exception generation without SVC, HVC and SMC at EL0 */
    0x8b2017e0, /* ADD (extended) by 5 */
    0x0b008000, /* W ADD by LSL 32 */
    0x8bc00000, /* ADD by ROR */
    0x12400000, /* W AND with N = 1 */
    0x9240fc00, /* AND with a mask of all ones */
    0x52c00000, /* W MOVZ LSL 32 */
    0x13400000, 0x53008000, 0x93000000, /* bitfields of the wrong size */
    0xd69f03e0, /* ERET */ 0xd5380100, /* MRS of op0=3 CRn=0 CRm=1 */ 0xffffffff, 0xd53be020, /* CNTPCT */
    0x0ee28420, /* add v0.1d, v1.1d, v2.1d: one doubleword needs the scalar form */
    0x4ee20420, /* shadd v0.2d */
    0x4e00040f, /* dup with imm5 = 0 */
    0x2e026820, /* ext v0.8b, v1.8b, v2.8b, #13 */
    0x0f400420, /* sshr of a doubleword with Q = 0 */
    0x4ee2d020, /* sqdmull of doublewords */
    0x0eb1b820, /* addv of two words */
    0x4e22b420, /* sqdmulh of bytes */
    0x2f00f400, /* fmov v0.1d, #imm */
};

static void test_rows(void **state)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        assert_string_equal(lp_a64_rows[lp_a64_row(vectors[i].word, LP_A64_ALL, false)].name, vectors[i].row);
    for (size_t i = 0; i < sizeof undefined / sizeof undefined[0]; i++) {
        struct lp_op op;
        assert_int_equal(lp_a64_row(undefined[i], LP_A64_ALL, false), A64_UNDEFINED);
        assert_int_equal(lp_a64_decode(undefined[i], 0, LP_A64_ALL, &op), A64_UNDEFINED);
        assert_int_equal(op.code, LP_CODE_UNDEFINED);
        assert_int_equal(op.w[0], undefined[i]);
    }
}

/* The tree finds a row that matches if any does, and none of those that match is more specific: has its fixed bits and more. */
static void search_rows(uint32_t word)
{
    const unsigned found = lp_a64_find(word, LP_A64_ALL);
    const uint32_t mask = lp_a64_rows[found].mask;
    if (found != A64_UNDEFINED && !lp_a64_matches(found, word, LP_A64_ALL))
        fail_msg("%08x: the tree finds %s, which does not match", word, lp_a64_rows[found].name);
    for (unsigned i = 1; i < A64_ROW_COUNT; i++) {
        const uint32_t other = lp_a64_rows[i].mask;
        if (lp_a64_matches(i, word, LP_A64_ALL) && (found == A64_UNDEFINED || (other != mask && (other & mask) == mask)))
            fail_msg("%08x: the tree finds %s, not %s", word, lp_a64_rows[found].name, lp_a64_rows[i].name);
    }
}

/* On words of every row, and with up to three of its fixed bits turned over. */
static void test_tree(void **state)
{
    uint64_t seed = 1;
    for (unsigned i = 1; i < A64_ROW_COUNT; i++) {
        for (int n = 0; n < 200; n++) {
            seed = seed * UINT64_C(6364136223846793005) + 1;
            uint32_t word = ((uint32_t)(seed >> 32) & ~lp_a64_rows[i].mask) | lp_a64_rows[i].value;
            for (int k = n & 3; k > 0; k--)
                word ^= lp_a64_rows[i].mask & UINT32_C(1) << (seed >> 6 * k & 31);
            struct lp_op op;
            search_rows(word);
            unsigned got = lp_a64_decode(word, 0x1000, LP_A64_ALL, &op);
            assert_int_equal(got, lp_a64_row(word, LP_A64_ALL, false));
            assert_int_equal(lp_code_row(op.code), got);
            assert_int_not_equal(op.code, LP_CODE_DECODE);
        }
    }
}

/* A row that the CPU lacks matches nothing; a hint becomes one that does nothing. */
static void test_sets(void **state)
{
    static const struct { uint32_t word; uint64_t feature; unsigned with, without; } cases[] = {
        {0xd503233f, LP_A64_SET(PAuth), A64_PACIASP, A64_HINT},
        {0xd65f0bff, LP_A64_SET(PAuth), A64_RETA, A64_UNDEFINED},
        {0x1ac34041, LP_A64_SET(CRC32), A64_CRC32, A64_UNDEFINED},
        {0xd50b7c20, LP_A64_SET(DPB), A64_DC_CVAP, A64_UNDEFINED},
        {0x4e284820, LP_A64_SET(AES), A64_AESE, A64_UNDEFINED},
        {0x0ee2e020, LP_A64_SET(PMULL), A64_PMULL_d_v, A64_UNDEFINED},
    };
    struct lp_op op;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint32_t w = cases[i].word;
        assert_int_equal(lp_a64_rows[cases[i].with].feature_no, __builtin_ctzll(cases[i].feature));
        assert_int_equal(lp_a64_row(w, LP_A64_ALL, false), cases[i].with);
        assert_int_equal(lp_a64_row(w, ~cases[i].feature, false), cases[i].without);
        assert_int_equal(lp_a64_decode(w, 0, LP_A64_SET(A64) | cases[i].feature, &op), cases[i].with);
        assert_int_equal(lp_a64_decode(w, 0, LP_A64_SET(A64), &op), cases[i].without);
    }
    assert_int_equal(lp_a64_row(LP_A64_NOP, 0, true), A64_UNDEFINED);
    assert_true(LP_FEATURE_COUNT <= 64);
}

static void test_slots(void **state)
{
    struct lp_op op;
    lp_a64_decode(0x910003ff, 0, LP_A64_ALL, &op); /* ADD SP, SP, #0 */
    struct a64_ADD_imm add = a64_unpack_ADD_imm(&op);
    assert_int_equal(add.Rd, LP_SLOT_SP);
    assert_int_equal(add.Rn, LP_SLOT_SP);
    lp_a64_decode(0xf10003ff, 0, LP_A64_ALL, &op); /* SUBS XZR, SP, #0 */
    struct a64_SUBS_imm subs = a64_unpack_SUBS_imm(&op);
    assert_int_equal(subs.Rd, LP_SLOT_SINK);
    assert_int_equal(subs.Rn, LP_SLOT_SP);
    lp_a64_decode(0x8b1f03ff, 0, LP_A64_ALL, &op); /* ADD XZR, XZR, XZR */
    struct a64_ADD_reg reg = a64_unpack_ADD_reg(&op);
    assert_int_equal(reg.Rd, LP_SLOT_SINK);
    assert_int_equal(reg.Rn, LP_SLOT_ZR);
    lp_a64_decode(0x17ffffff, 0, LP_A64_ALL, &op); /* B .-4 */
    assert_int_equal(a64_unpack_B(&op).off, -1);
    lp_a64_decode(0xf0ffffe0, 0x5678, LP_A64_ALL, &op); /* ADRP X0, -1 page */
    assert_int_equal(a64_unpack_ADRP(&op).addr, 0x4000);
    lp_a64_decode(0x12800000, 0, LP_A64_ALL, &op); /* MOVN W0, #0 */
    assert_int_equal(a64_unpack_MOVN(&op).imm, 0xffffffff);
}

/* A mask by its definition: bit i of the 64 is set if, in its element, it lies in the run of ones rotated right. */
static bool mask_by_definition(unsigned n, unsigned immr, unsigned imms, uint64_t *out)
{
    unsigned size = 0;
    if (n)
        size = 64;
    else
        for (unsigned s = 32, prefix = 0x00; s >= 2 && size == 0; prefix = 0x20 | prefix >> 1, s /= 2) {
            unsigned mask = ~(s - 1) & 0x3f;
            if ((imms & mask) == (prefix & mask))
                size = s;
        }
    if (size == 0)
        return false;
    unsigned run = (imms & (size - 1)) + 1, rot = immr & (size - 1);
    if (run == size)
        return false;
    *out = 0;
    for (unsigned i = 0; i < 64; i++)
        if ((i + rot) % size < run)
            *out |= UINT64_C(1) << i;
    return true;
}

static void test_bitmask(void **state)
{
    unsigned valid = 0;
    for (unsigned w = 0; w < 1u << 13; w++) {
        uint64_t a = 0, b = 0;
        bool ok = lp_a64_bitmask(w >> 12, w >> 6 & 63, w & 63, &a);
        assert_int_equal(ok, mask_by_definition(w >> 12, w >> 6 & 63, w & 63, &b));
        if (ok)
            assert_true(a == b);
        valid += ok;
    }
    assert_int_equal(valid, 64 * 63 + 64 * (31 + 15 + 7 + 3 + 1));
}

static void test_encode(void **state)
{
    uint32_t w;
    uint64_t t, base = UINT64_C(0x10000000);
    assert_true(lp_a64_b(&w, base, base + 8));
    assert_int_equal(w, 0x14000002);
    assert_true(lp_a64_bl(&w, base, base - 4));
    assert_int_equal(w, 0x97ffffff);
    assert_true(lp_a64_b(&w, base, base + (128 << 20) - 4));
    assert_true(lp_a64_target(w, base, &t) && t == base + (128 << 20) - 4);
    assert_true(lp_a64_b(&w, base, base - (128 << 20)));
    assert_true(lp_a64_target(w, base, &t) && t == base - (128 << 20));
    assert_false(lp_a64_b(&w, base, base + (128 << 20)));
    assert_false(lp_a64_b(&w, base, base - (128 << 20) - 4));
    assert_false(lp_a64_bl(&w, base, base + 2));
    assert_false(lp_a64_bl(&w, base + 1, base + 1));
    assert_true(lp_a64_target(0xb0000003, 0x400004, &t) && t == 0x401000); /* ADRP */
    assert_true(lp_a64_target(0xd0ffffe3, 0x400ffc, &t) && t == 0x3fe000);
    assert_true(lp_a64_target(0x54000050, 0x100, &t) && t == 0x108); /* BC.cond */
    assert_true(lp_a64_target(0xb4000041, 0x100, &t) && t == 0x108); /* CBZ */
    assert_true(lp_a64_target(0x36ffffe0, 0x100, &t) && t == 0xfc);  /* TBZ */
    assert_true(lp_a64_target(0x58000040, 0x100, &t) && t == 0x108); /* LDR literal */
    assert_true(lp_a64_target(0x10000001, 0x102, &t) && t == 0x102); /* ADR */
    assert_false(lp_a64_target(LP_A64_NOP, 0, &t));
    assert_true(lp_a64_position_independent(LP_A64_RET));
    assert_false(lp_a64_position_independent(0x90000000));
}

/* One word at an address, as capstone writes its operands; false if it does not know it. */
static bool operands(const struct lp_capstone *cs, csh handle, cs_insn *insn, uint32_t word, uint64_t pc, char out[160])
{
    const uint8_t bytes[4] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16), (uint8_t)(word >> 24)};
    const uint8_t *p = bytes;
    size_t n = sizeof bytes;
    if (!cs->disasm_iter(handle, &p, &n, &pc, insn))
        return false;
    strcpy(out, insn->op_str);
    return true;
}

/* Relative to the PC is what capstone writes differently at another address, and the target is what it writes. */
static void test_relative(void **state)
{
    const char *why;
    const struct lp_capstone *cs = lp_capstone(&why);
    csh handle;
    unsigned compared = 0;
    uint64_t seed = 1, target;
    if (cs == NULL || cs->open(CS_ARCH_ARM64, CS_MODE_ARM, &handle) != CS_ERR_OK) {
        print_message("words relative to the PC are not compared: no capstone\n");
        return;
    }
    cs_insn *insn = cs->malloc(handle);
    for (unsigned n = 0; n < 50 * A64_ROW_COUNT; n++) {
        const struct lp_row_info *row = &lp_a64_rows[n % A64_ROW_COUNT];
        char at[2][160];
        seed = seed * UINT64_C(6364136223846793005) + 1;
        const uint32_t word = ((uint32_t)(seed >> 32) & ~row->mask) | row->value;
        const uint64_t pc = UINT64_C(0x100000000) + (seed >> 8 & 0xffc);
        if (&lp_a64_rows[lp_a64_row(word, LP_A64_ALL, true)] != row || !operands(cs, handle, insn, word, pc, at[0]))
            continue;
        assert_true(operands(cs, handle, insn, word, pc + 0x1000, at[1]));
        const bool relative = strcmp(at[0], at[1]) != 0;
        if (lp_a64_position_independent(word) == relative || !(row->flags & LP_ROW_PCREL) == relative)
            fail_msg("%s: %08x is %s at one address, %s at another", row->name, word, at[0], at[1]);
        if (!relative)
            continue;
        assert_true(lp_a64_target(word, pc, &target));
        assert_int_equal(target, strtoull(strrchr(at[0], '#') + 1, NULL, 0));
        compared++;
    }
    assert_true(compared > 500);
    cs->free(insn, 1);
    cs->close(&handle);
}

static uint64_t run_moves(const uint32_t *w, unsigned n)
{
    uint64_t x = 0x5555;
    for (unsigned i = 0; i < n; i++) {
        unsigned at = 16 * (w[i] >> 21 & 3);
        uint64_t imm = w[i] >> 5 & 0xffff;
        assert_int_equal(w[i] & 31, 7);
        switch (w[i] >> 23) {
        case 0x1a5: x = imm << at; break;
        case 0x125: x = ~(imm << at); break;
        case 0x1e5: x = (x & ~(UINT64_C(0xffff) << at)) | imm << at; break;
        default: fail();
        }
    }
    return x;
}

/* V registers, by binutils' names of the words. */
static void test_vectors(void **state)
{
    static const struct { uint32_t word, read, write; } words[] = {
        {0x4e23d441, 0xc, 0x2},           /* fadd v1.4s, v2.4s, v3.4s */
        {0x4e23cc41, 0xe, 0x2},           /* fmla v1.4s, v2.4s, v3.4s */
        {0x1f431041, 0x1c, 0x2},          /* fmadd d1, d2, d3, d4 */
        {0x4c00881e, 0xc0000000, 0},      /* st2 {v30.4s, v31.4s}, [x0] */
        {0x4cdf201e, 0, 0xc0000003},      /* ld1 {v30.16b, v31.16b, v0.16b, v1.16b}, [x0], #64 */
        {0x6d4127e8, 0, 0x300},           /* ldp d8, d9, [sp, #16] */
        {0x3c810427, 0x80, 0},            /* str q7, [x1], #16 */
        {0x9e6600a3, 0x20, 0}, {0x9e670065, 0, 0x20}, /* fmov x3, d5; fmov d5, x3 */
        {0x4f798041, 0x204, 0x2},         /* mul v1.8h, v2.8h, v9.h[3] */
        {0x1e612000, 0x3, 0},             /* fcmp d0, d1 */
        {0x0d40e004, 0, 0x70},            /* ld3r {v4.8b-v6.8b}, [x0] */
        {0x2e605841, 0x4, 0x2},           /* rbit v1.8b, v2.8b */
        {0xaa0203e1, 0, 0},               /* mov x1, x2 */
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const struct lp_a64_regs v = lp_a64_vectors(lp_a64_find(words[i].word, LP_A64_ALL), words[i].word);
        if (v.read != words[i].read || v.write != words[i].write)
            fail_msg("%08x reads %08x and writes %08x", words[i].word, v.read, v.write);
    }
}

static void test_mov_imm(void **state)
{
    static const struct { uint64_t v; unsigned n; } cases[] = {
        {0, 1}, {1, 1}, {0xffff, 1}, {0x10000, 1}, {0x12345678, 2}, {UINT64_MAX, 1}, {UINT64_MAX - 1, 1}, {0xffffffff, 2},
        {UINT64_C(0xffffffff12345678), 2}, {UINT64_C(0x123456789abcdef0), 4}, {UINT64_C(0xffff0000ffff0000), 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t w[4];
        unsigned n = lp_a64_mov_imm(w, 7, cases[i].v);
        assert_int_equal(n, cases[i].n);
        assert_true(run_moves(w, n) == cases[i].v);
    }
}

/* AT_HWCAP and the ID registers announce what is executed, every row of the feature. */
static const struct { const char *feature; unsigned word, bit; } announced[] = {
#define FEATURE(word, bit, name, feature, reg, lo, add) {#feature, word, bit},
#include "exec/features.def"
};
enum { ANNOUNCED = sizeof announced / sizeof announced[0] };

/* Rows of a feature that are executed, and that are not yet; those that Linux keeps from programs do not count. */
static void count_rows(const char *feature, unsigned *executed, unsigned *todo)
{
    *executed = *todo = 0;
    for (unsigned r = 1; r < A64_ROW_COUNT; r++)
        if (strcmp(lp_a64_rows[r].feature, feature) == 0 && !(lp_a64_rows[r].flags & (LP_ROW_EL1 | LP_ROW_OFF)))
            ++*(lp_a64_rows[r].flags & LP_ROW_TODO ? todo : executed);
}

static void test_features(void **state)
{
    for (size_t i = 0; i < ANNOUNCED; i++) {
        unsigned executed, todo;
        count_rows(announced[i].feature, &executed, &todo);
        if (todo)
            fail_msg("HWCAP bit %u announces %s, of which %u rows are not executed", announced[i].bit, announced[i].feature, todo);
        const bool possible = strcmp(announced[i].feature, "LSE2") != 0 || lp_cpu_in_effect(&lp_cpu_max) & LP_A64_SET(LSE2); /* not on every host */
        if (announced[i].word != 0)
            assert_int_equal(lp_cpu_hwcap(&lp_cpu_max, announced[i].word) >> announced[i].bit & 1, possible);
    }
    for (unsigned r = 1; r < A64_ROW_COUNT; r++)
        if (!(lp_a64_rows[r].flags & LP_ROW_TODO) && !(lp_cpu_max.features >> lp_a64_rows[r].feature_no & 1))
            fail_msg("%s is written, but features.def does not have %s: it never runs", lp_a64_rows[r].name, lp_a64_rows[r].feature);
    assert_int_equal(lp_cpu_id(&lp_cpu_max, 6, 0) >> 4 & 15, 2);  /* ISAR0: AES and PMULL */
    assert_int_equal(lp_cpu_id(&lp_cpu_max, 6, 0) >> 12 & 15, 2); /* SHA256 and SHA512 */
    assert_int_equal(lp_cpu_id(&lp_cpu_max, 6, 1) >> 20 & 15, 2); /* ISAR1: LRCPC2 */
    assert_int_equal(lp_cpu_id(&lp_cpu_max, 4, 0), 0x1000000110011);
}

/* Every CPU can be found, has Armv8.0, and nothing that max lacks; what a few are known to say of themselves. */
static void test_cpus(void **state)
{
    static const struct { const char *name; uint32_t midr; uint64_t hwcap, isar0, isar1, pfr0, pfr1; } known[] = {
        {"cortex-a53", 0x410fd034, 0x8ff, 0x11120, 0, 0x11, 0},
        {"cortex-a72", 0x410fd083, 0x8ff, 0x11120, 0, 0x11, 0},
        {"cortex-a76", 0x414fd0b1, 0x119fff, 0x100010211120, 0x100001, 0x110011, 0x10},
        {"neoverse-n1", 0x414fd0c1, 0x10119fff, 0x100010211120, 0x100001, 0x110011, 0x20},
    };
    char text[1024];
    for (const struct lp_cpu_model *m = lp_cpu_models; m->name; m++) {
        assert_ptr_equal(lp_cpu_model_find(m->name), m);
        assert_int_equal(m->features & ~lp_cpu_max.features, 0);
        assert_true(m->features & LP_A64_SET(A64));
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const struct lp_cpu_model *m = lp_cpu_model_find(known[i].name);
        assert_non_null(m);
        assert_int_equal(lp_cpu_hwcap(m, 1), known[i].hwcap);
        assert_int_equal(lp_cpu_hwcap(m, 2), 0);
        assert_int_equal(lp_cpu_id(m, 0, 0), known[i].midr);
        assert_int_equal(lp_cpu_id(m, 4, 0), known[i].pfr0);
        assert_int_equal(lp_cpu_id(m, 4, 1), known[i].pfr1);
        assert_int_equal(lp_cpu_id(m, 6, 0), known[i].isar0);
        assert_int_equal(lp_cpu_id(m, 6, 1), known[i].isar1);
    }
    assert_null(lp_cpu_model_find("cortex-z80"));
    lp_cpu_features(lp_cpu_model_find("cortex-a57"), text, sizeof text);
    assert_string_equal(text, "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid");
    lp_cpu_features(&lp_cpu_max, text, 10);
    assert_string_equal(text, "fp asimd ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows), cmocka_unit_test(test_tree), cmocka_unit_test(test_sets), cmocka_unit_test(test_slots), cmocka_unit_test(test_bitmask),
        cmocka_unit_test(test_encode), cmocka_unit_test(test_relative), cmocka_unit_test(test_vectors), cmocka_unit_test(test_mov_imm), cmocka_unit_test(test_features), cmocka_unit_test(test_cpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
