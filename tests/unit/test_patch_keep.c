/* unit/test_patch_keep.c - words of the old body that a new one keeps: what they lead to then, and what is refused. */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "a64/a64.h"
#include "base/bits.h"
#include "base/hash.h"
#include "patch/keep.h"
#include "patch/plan.h"
#include "testelf.h"

#define NOP UINT32_C(0xd503201f)
#define RET UINT32_C(0xd65f03c0)
#define THIRD ((uint32_t)(TEST_CODE + 8) & 4095) /* the low bits of the third word's address */
enum { WORDS = 8 };

static struct {
    struct test_image image;
    lp_elf *elf;
    lp_patch *patch;
    struct lp_file_space file;
    struct lp_plan plan;
    struct lp_error err;
    uint64_t at; /* of the new body */
    const uint8_t *body;
} t;

/* The program's first `words` words are the old body; the new one is `size` words. */
static lp_status plan(const uint32_t *code, unsigned words, unsigned size, const char *body)
{
    uint8_t sha[32];
    char text[1024], hex[65];
    memset(&t, 0, sizeof t);
    t.image = *test_image();
    for (unsigned i = 0; i < WORDS; i++) t.image.code[i] = i < words ? code[i] : NOP;
    assert_int_equal(lp_elf_open_memory(&t.image, sizeof t.image, "greet", &t.elf, NULL), LP_OK);
    lp_sha256(t.image.code, 4 * words, sha);
    lp_hex(hex, sha, 32);
    snprintf(text, sizeof text, "lpatch 1\nobject greet\nbuild-id " TEST_BUILD_ID "\nfunc 0x%llx size %u\nold size %u sha256 %s\n%send\n",
             (unsigned long long)TEST_CODE, 4 * size, 4 * words, hex, body);
    if (lp_patch_parse("fix", text, strlen(text), 0, NULL, NULL, &t.patch, &t.err) != LP_OK) fail_msg("%u: %s", t.err.line, t.err.text);
    lp_file_space(&t.file, t.elf);
    lp_file_space_for(&t.file, t.patch);
    lp_status s = lp_plan_make(&t.plan, t.patch, &t.file.space, NULL, NULL, NULL, &t.err);
    if (s == LP_OK) t.at = t.plan.def[0].addr, t.body = t.plan.region[0].bytes + t.plan.def[0].off;
    return s;
}

static void done(void)
{
    lp_plan_free(&t.plan);
    lp_patch_free(t.patch);
    lp_elf_close(t.elf);
}

/* Where word i of the new body leads: in words of the body. */
static int64_t leads(unsigned i)
{
    uint64_t to;
    assert_true(lp_a64_target(lp_le32(t.body + 4 * i), t.at + 4 * i, &to));
    return ((int64_t)(to - t.at)) / 4;
}

/* Every branch, from word 0 to word 2, where a word is put in front of that; and back from word 3 to word 1. */
static void within(void **state)
{
    static const uint32_t forth[] = {0x54000040, 0x54000051, 0x34000042, 0xb5000042, 0x36180042, 0xb7180042, 0x14000002, 0x94000002};
    static const uint32_t back[] = {0x54ffffc0, 0x54ffffd1, 0x34ffffc2, 0xb5ffffc2, 0x361fffc2, 0xb71fffc2, 0x17fffffe, 0x97fffffe};
    (void)state;
    for (size_t i = 0; i < sizeof forth / sizeof *forth; i++) {
        const uint32_t code[] = {forth[i], NOP, RET, back[i], RET};
        assert_int_equal(plan(code, 5, 7, "= +0x0 2\n| d503201f\n= +0x8 1\n| d503201f\n= +0xc 2\n"), LP_OK);
        assert_int_equal(leads(0), 3);
        assert_int_equal(leads(5), 1);
        assert_int_equal(lp_le32(t.body + 4) == NOP && lp_le32(t.body + 12) == RET, true);
        assert_int_equal(lp_a64_row(lp_le32(t.body), LP_A64_ALL, true), lp_a64_row(forth[i], LP_A64_ALL, true));
        done();
    }
}

/* What is kept twice leads to its own copy; what calls the function goes to its start, wherever its old words are. */
static void copies(void **state)
{
    static const uint32_t loop[] = {0x54000040, NOP, 0x17ffffff, RET}, call[] = {NOP, 0x97ffffff, 0x94000001, RET};
    (void)state;
    assert_int_equal(plan(loop, 4, 7, "= +0x0 3\n= +0x4 2\n| d503201f\n| d65f03c0\n"), LP_OK);
    assert_int_equal(leads(0), 2), assert_int_equal(leads(2), 1), assert_int_equal(leads(4), 3);
    done();
    assert_int_equal(plan(loop, 4, 6, "= +0x0 3\n= +0x0 3\n"), LP_OK);
    for (unsigned i = 0; i < 6; i += 3) assert_int_equal(leads(i), i + 2), assert_int_equal(leads(i + 2), i + 1);
    done();
    assert_int_equal(plan(call, 4, 5, "| d503201f\n= +0x0 4\n"), LP_OK);
    assert_int_equal(leads(2), 0);
    assert_int_equal(leads(3), 4);
    done();
}

/* Without an offset: where the old body is behind what was kept, and as many words further as were written. */
static void in_step(void **state)
{
    static const uint32_t code[] = {0xd2800020, 0xd2800040, 0xd2800060, 0xd2800080, 0xd28000a0, RET};
    (void)state;
    assert_int_equal(plan(code, 6, 7, "= 1\n| d503201f d503201f\n= 1\n= +0x4 1\n| d503201f\n= 1\n"), LP_OK);
    static const uint32_t want[] = {0xd2800020, NOP, NOP, 0xd2800080, 0xd2800040, NOP, 0xd2800080};
    for (unsigned i = 0; i < 7; i++) assert_int_equal(lp_le32(t.body + 4 * i), want[i]);
    done();
}

/* To a word that is written in its place: in front of, between and behind runs. */
static void instead(void **state)
{
    static const uint32_t code[] = {NOP, 0x54000080, 0x54ffffc0, NOP, 0x54ffffa0, RET};
    (void)state;
    assert_int_equal(plan(code, 6, 7, "| d503201f\n= 2\n| d503201f\n= 1\n| d503201f d65f03c0\n"), LP_E_INSTRUCTION);
    done();
    assert_int_equal(plan(code, 6, 6, "| d2800020\n= 2\n| d503201f\n= 1\n| d503201f\n"), LP_OK);
    assert_int_equal(leads(1), 5);
    assert_int_equal(leads(2), 0);
    assert_int_equal(leads(4), 1);
    done();
}

/* The old body is four words: a call, a jump, a page and a load beside it. */
static void outside(void **state)
{
    static const uint32_t code[] = {0x94000005, 0x17ffff00, 0xb0000001, RET};
    uint64_t to, old;
    (void)state;
    assert_int_equal(plan(code, 4, 5, "| d503201f\n= +0x0 4\n"), LP_OK);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(lp_a64_target(code[i], TEST_CODE + 4 * i, &old));
        assert_true(lp_a64_target(lp_le32(t.body + 4 + 4 * i), t.at + 4 + 4 * i, &to));
        assert_int_equal(to, old);
        assert_int_not_equal(lp_le32(t.body + 4 + 4 * i), code[i]);
    }
    done();
}

static void refused(void **state)
{
    static const struct { uint32_t code[WORDS]; const char *body; unsigned size; lp_status status; const char *text; } row[] = {
        {{0x54000040, NOP, RET}, "= +0x0 2\n", 2, LP_E_INSTRUCTION, "the old word 54000040 at +0x0 cannot be kept: it leads to +0x8, which the new body does not keep"},
        {{0x54000040, NOP, RET}, "= +0x0 2\n| d503201f d503201f\n", 4, LP_E_INSTRUCTION, "it leads to +0x8, which the new body does not keep"},
        {{0x54000040, NOP, RET, NOP}, "= 2\n| d503201f\n= 1\n= +0x4 1\n| d503201f\n= 1\n", 7, LP_E_INSTRUCTION, "it leads to +0x8, which the new body has more than once"},
        {{NOP, RET}, "= 2\ncfi old\n", 2, LP_E_UNSUPPORTED, "the file has no call frame instructions of the old body"},
        {{0x54000040, NOP, RET}, "= +0x0 1\n= +0x8 1\n= +0x8 1\n", 3, LP_E_INSTRUCTION, "it leads to +0x8, which the new body has more than once"},
        {{NOP, 0x17ffffff, RET}, "| d503201f\n= +0x0 2\n", 3, LP_E_INSTRUCTION, "it leads to +0x0, which is not where the new body begins"},
        {{NOP, 0x10000020, RET}, "= +0x0 3\n", 3, LP_E_INSTRUCTION, "the old word 10000020 at +0x4 cannot be kept: it uses +0x8 of the old body as an address or as data"},
        {{NOP, 0x18000020, RET}, "= +0x0 3\n", 3, LP_E_INSTRUCTION, "it uses +0x8 of the old body"},
        {{NOP, 0x90000001, 0, RET}, "= +0x0 4\n", 4, LP_E_INSTRUCTION, "it uses +0x8 of the old body"}, /* adrp and the add of word 2 */
        {{0x90000001, 0x34000040, 0, RET}, "= 4\n", 4, LP_E_INSTRUCTION, "it uses +0x8 of the old body"}, /* past a branch */
        {{0x90000001, NOP, 0, RET}, "= 1\n| d503201f\n= +0x8 2\n", 4, LP_E_INSTRUCTION, "it uses +0x8 of the old body"},
        {{0x90000001, NOP, 0xb9400022 | THIRD / 4 << 10, RET}, "= 4\n", 4, LP_E_INSTRUCTION, "it uses +0x8 of the old body"}, /* a load */
        {{0x90000001, NOP, 0, RET}, "= 2\n| d503201f\n= 1\n", 4, LP_OK, NULL}, /* the add is not kept */
        {{0x90000001, 0x94000003, 0, RET}, "= 4\n", 4, LP_OK, NULL}, /* a call changes x1 */
        {{NOP, 0x37f80781, RET}, "= +0x0 3\n", 3, LP_E_RANGE, "relocation tstbr14"},
        {{NOP, 0x10000781, RET}, "= +0x0 3\n", 3, LP_OK, NULL}, /* of something near, which is still in reach */
    };
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        uint32_t code[WORDS];
        unsigned n = 0;
        memcpy(code, row[i].code, sizeof code);
        if (!code[2]) code[2] = 0x91000021 | THIRD << 10;
        while (n < WORDS && code[n]) n++;
        lp_status s = plan(code, n, row[i].size, row[i].body);
        if (s != row[i].status || (row[i].text && !strstr(t.err.text, row[i].text))) fail_msg("%zu: status %d: %s", i, s, t.err.text);
        if (s == LP_E_INSTRUCTION || s == LP_E_RANGE) assert_int_equal(t.err.line, row[i].body[0] == '=' ? 6 : 7);
        done();
    }
}

/* The register is another's before the ADD, which so makes another address. */
static void other_register(void **state)
{
    const uint32_t add = 0x91000021 | THIRD << 10, code[] = {0x90000001, 0xaa0203e1 /* mov x1, x2 */, add, RET};
    (void)state;
    assert_int_equal(plan(code, 4, 4, "= +0x0 4\n"), LP_OK);
    assert_int_equal(lp_le32(t.body + 8), add);
    done();
}

/* With other registers: what a word names, and nothing else of it; SP and XZR are none. */
static void renamed(void **state)
{
    static const struct { uint32_t from, to; } row[] = {
        {0x8b140273, 0x8b130294} /* add x19, x19, x20 */, {0x0b1303f3, 0x0b1403f4} /* add w19, wzr, w19 */,
        {0x910043f3, 0x910043f4} /* add x19, sp, #16 */, {0xa94153f3, 0xa9414ff4} /* ldp x19, x20, [sp, #16] */,
        {0x9b135294, 0x9b144e73} /* madd x20, x20, x19, x20 */, {0xb4000053, 0xb4000054} /* cbz x19, +8 */,
        {0xf8737a94, 0xf8747a73} /* ldr x20, [x20, x19, lsl #3] */, {0xc813fe95, 0xc814fe75} /* stlxr w19, x21, [x20] */,
        {0x1e270260, 0x1e270280} /* fmov s0, w19 */, {0x0e143e73, 0x0e143e74} /* mov w19, v19.s[2] */,
        {0x3cc10673, 0x3cc10693} /* ldr q19, [x19], #16 */, {0xd63f0260, 0xd63f0280} /* blr x19 */,
    };
    const uint32_t code[WORDS] = {0xd1004273, 0x97fffffe, 0x54000040, NOP, 0x8b140273, RET}; /* sub x19, x19, #16; bl before; b.eq; nop; add; ret */
    uint8_t to[LP_RENAMED];
    (void)state;
    for (unsigned i = 0; i < LP_RENAMED; i++) to[i] = (uint8_t)(i == 19 ? 20 : i == 20 ? 19 : i);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        uint32_t w = row[i].from;
        if (!lp_rename_word(to, &w) || w != row[i].to) fail_msg("%08x: %08x, not %08x", row[i].from, w, row[i].to);
    }
    uint32_t casp = 0x48347f16, data = 0xffffffff; /* casp x20, x21, x22, x23, [x24] */
    assert_false(lp_rename_word(to, &casp) || lp_rename_word(to, &data));
    assert_int_equal(plan(code, 6, 7, "| d503201f\n~ +0x0 3 x19>x1 x20>x19\n= 1\n~ 1\n= 1\n"), LP_OK);
    assert_int_equal(lp_le32(t.body + 4), 0xd1004021); /* sub x1, x1, #16 */
    assert_int_equal(t.at + 8 + 4 * (uint64_t)lp_sext(lp_le32(t.body + 8), 26), TEST_CODE - 4); /* the call, as ever */
    assert_int_equal(lp_le32(t.body + 12), code[2]);
    assert_int_equal(lp_le32(t.body + 20), 0x8b130021); /* add x1, x1, x19 */
    done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(within), cmocka_unit_test(copies), cmocka_unit_test(in_step), cmocka_unit_test(instead), cmocka_unit_test(outside), cmocka_unit_test(refused), cmocka_unit_test(other_register), cmocka_unit_test(renamed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
