/* unit/test_elf.c - lib/elf: relocations, specs, and a small ELF made here. */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/bits.h"
#include "elf/reloc.h"
#include "elf/spec.h"
#include "elf/suffix.h"
#include "testelf.h"

static void opens(void **state)
{
    lp_elf *e = test_elf();
    const struct lp_elf_info *i = lp_elf_info(e);
    assert_int_equal(i->type, ET_EXEC);
    assert_int_equal(i->build_id_len, 20);
    assert_int_equal(i->gnu_property, 0);
    assert_null(i->interp);
    size_t n;
    assert_int_equal(lp_elf_segments(e, &n)[0].vaddr, TEST_BASE);
    assert_int_equal(n, 2);
    lp_elf_sections(e, &n);
    assert_int_equal(n, 5);
    lp_elf_close(e);
}

static void refuses(void **state)
{
    static const struct { size_t at; uint8_t byte; lp_status status; const char *text; } cases[] = {
        {0, 0, LP_E_ELF, "not an ELF file (no \\177ELF at its start)"},
        {4, 1, LP_E_ELF_MACHINE, "not an AArch64 ELF64 little-endian file: class 1, data encoding 1 (expected 2 and 1)"},
        {5, 2, LP_E_ELF_MACHINE, "not an AArch64 ELF64 little-endian file: class 2, data encoding 2 (expected 2 and 1)"},
        {18, 62, LP_E_ELF_MACHINE, "not an AArch64 ELF64 little-endian file: machine 62 (expected 183)"},
        {16, 4, LP_E_ELF, "neither an executable, a shared object nor an object file"},
        {54, 55, LP_E_ELF, "e_phentsize is wrong"},
        {64 + 32 + 3, 1, LP_E_ELF, "program header 0: p_filesz is larger than p_memsz"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct test_image f = *test_image();
        struct lp_error err;
        lp_elf *e;
        ((uint8_t *)&f)[cases[i].at] = cases[i].byte;
        assert_int_equal(lp_elf_open_memory(&f, sizeof f, "bad", &e, &err), cases[i].status);
        assert_string_equal(err.text, cases[i].text);
        assert_string_equal(err.where, "bad");
    }
}

static void reads(void **state)
{
    lp_elf *e = test_elf();
    uint32_t w[2];
    struct lp_error err;
    assert_int_equal(lp_elf_read(e, TEST_CODE, w, 8, NULL), LP_OK);
    assert_int_equal(lp_le32(w), 0x7100041f);
    assert_int_equal(lp_elf_read(e, TEST_BASE + sizeof(struct test_image) + 100, w, 8, NULL), LP_OK);
    assert_int_equal(w[0] | w[1], 0);
    assert_int_equal(lp_elf_read(e, 0, w, 8, &err), LP_E_ADDRESS);
    assert_string_equal(err.text, "no loaded segment holds address 0x0");
    assert_int_equal(lp_elf_offset(e, TEST_CODE), offsetof(struct test_image, code));
    assert_int_equal(lp_elf_offset(e, 1), -1);
    lp_elf_close(e);
}

static void finds(void **state)
{
    lp_elf *e = test_elf();
    const struct lp_elf_symbol *s;
    struct lp_error err;
    char spec[64];
    assert_int_equal(lp_elf_find(e, "main", &s, NULL), LP_OK);
    assert_int_equal(s->value, TEST_CODE);
    assert_int_equal(lp_elf_find(e, "twin", &s, &err), LP_E_AMBIGUOUS);
    assert_non_null(strstr(err.text, "#1 0x"));
    assert_non_null(strstr(err.text, "(b.c)"));
    assert_int_equal(lp_elf_find(e, "twin#2", &s, NULL), LP_OK);
    assert_int_equal(s->value, TEST_CODE + 24);
    assert_int_equal(lp_elf_find(e, "twin!a.c", &s, NULL), LP_OK);
    assert_int_equal(s->value, TEST_CODE + 20);
    lp_elf_symbol_spec(e, s, spec, sizeof spec);
    assert_string_equal(spec, "twin!a.c");
    assert_int_equal(lp_elf_find(e, "twin#3", &s, NULL), LP_E_SYMBOL);
    assert_int_equal(lp_elf_find(e, "mian", &s, &err), LP_E_SYMBOL);
    assert_string_equal(err.text, "symbol `mian` not found");
    assert_string_equal(err.hint, "did you mean main?");
    assert_int_equal(lp_elf_find(e, "nobody", &s, &err), LP_E_SYMBOL);
    assert_string_equal(err.hint, "readelf -sW FILE lists the symbols");
    assert_int_equal(lp_elf_find(e, "parsee", &s, &err), LP_E_SYMBOL);
    assert_string_equal(err.hint, "did you mean parse?");
    assert_string_equal(lp_elf_symbol_at(e, TEST_CODE + 12)->name, "parse");
    assert_null(lp_elf_symbol_at(e, TEST_BASE));
    assert_true(lp_elf_is_code(e, TEST_CODE + 4));
    assert_false(lp_elf_is_code(e, TEST_CODE + 28)); /* $d */
    assert_false(lp_elf_is_code(e, TEST_BASE));
    lp_elf_close(e);
}

static void specs(void **state)
{
    static const struct { const char *text; size_t len; const char *name, *version, *file; unsigned ordinal; } cases[] = {
        {"puts@plt", 8, "puts@plt", NULL, NULL, 0}, {"puts@GLIBC_2.17", 15, "puts", "GLIBC_2.17", NULL, 0},
        {"a#2!b.c+0x8", 7, "a", NULL, "b.c", 2},    {"\"x y\"#1", 7, "x y", NULL, NULL, 1},
        {"main+0x8", 4, "main", NULL, NULL, 0},     {"8a", 0, NULL, NULL, NULL, 0},
        {"\"open", 0, NULL, NULL, NULL, 0},         {".L$x_1", 6, ".L$x_1", NULL, NULL, 0},
        {"api@@V2#1=", 9, "api", "V2", NULL, 1},    {"api@@=", 3, "api", NULL, NULL, 0},
        {"api@@plt", 8, "api", "plt", NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lp_spec s;
        assert_int_equal(lp_spec_scan(cases[i].text, strlen(cases[i].text), &s), cases[i].len);
        if (cases[i].len) assert_string_equal(s.name, cases[i].name);
        if (cases[i].version) assert_string_equal(s.version, cases[i].version);
        if (cases[i].file) assert_string_equal(s.file, cases[i].file);
        assert_int_equal(s.ordinal, cases[i].ordinal);
        lp_spec_free(&s);
    }
    struct lp_buf b = {0};
    lp_quote(&b, "a\0001\n\377", 5);
    assert_string_equal(b.data, "\"a\\0001\\n\\377\"");
    lp_buf_free(&b);
}

/* What compilers add to a function's name: where it begins, and its kind. */
static void suffixes(void **state)
{
    static const struct { const char *name; size_t at; unsigned kind; } cases[] = {
        {"f.cold", 1, LP_SUFFIX_COLD}, {"f.cold.1", 1, LP_SUFFIX_COLD}, {"f.constprop.0", 1, LP_SUFFIX_COPY}, {"f.part.0.cold", 1, LP_SUFFIX_COPY},
        {"f.isra.0", 1, LP_SUFFIX_COPY}, {"f.specialized.2", 1, LP_SUFFIX_COPY}, {"f.lto_priv.3", 1, LP_SUFFIX_NAME}, {"f.llvm.1234", 1, LP_SUFFIX_NAME},
        {"f.localalias", 1, LP_SUFFIX_ALIAS}, {"f.3.isra.0", 3, LP_SUFFIX_COPY}, {"f.partial", 0, 0}, {".cold", 0, 0}, {"f.12", 0, 0}, {"", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *at = lp_suffix_find(cases[i].name, ~0u);
        assert_int_equal(at ? at - cases[i].name : 0, cases[i].at);
        assert_int_equal(at ? lp_suffix_kind(at) : 0, cases[i].kind);
    }
    assert_string_equal(lp_suffix_find("f.part.0.cold", LP_SUFFIX_COLD), ".cold");
    assert_null(lp_suffix_find("f.part.0", LP_SUFFIX_COLD | LP_SUFFIX_NAME));
}

/* AAELF64 5.7: value, place, word before, word after; 0 = out of range. */
static void relocations(void **state)
{
    static const struct { const char *name; uint64_t value, place, before, after; } cases[] = {
        {"call26", 0x401000, 0x400000, 0x94000000, 0x94000400}, {"jump26", 0x3ffffc, 0x400000, 0x14000000, 0x17ffffff},
        {"call26", 0x8400000, 0x400000, 0x94000000, 0},         {"call26", 0x401002, 0x400000, 0x94000000, 0},
        {"adr_prel_pg_hi21", 0x412345, 0x400ff8, 0x90000000, 0xd0000080}, {"adr_prel_pg_hi21", UINT64_C(0x200000000), 0, 0x90000000, 0},
        {"adr_prel_lo21", 0x400005, 0x400000, 0x10000001, 0x30000021}, {"add_abs_lo12_nc", 0x412345, 0, 0x91000000, 0x910d1400},
        {"ldst64_abs_lo12_nc", 0x412348, 0, 0xf9400000, 0xf941a400},   {"ldst64_abs_lo12_nc", 0x412344, 0, 0xf9400000, 0},
        {"condbr19", 0x400008, 0x400000, 0x54000000, 0x54000040},      {"tstbr14", 0x407ffc, 0x400000, 0x36000000, 0x3603ffe0},
        {"tstbr14", 0x408000, 0x400000, 0x36000000, 0},                {"movw_uabs_g1_nc", 0x12345678, 0, 0xf2a00000, 0xf2a24680},
        {"movw_sabs_g0", UINT64_C(0xffffffffffffffff), 0, 0xd2800000, 0x92800000}, {"prel32", 0x400010, 0x400000, 0, 0x10},
        {"abs32", UINT64_C(0x100000000), 0, 0, 0},                     {"abs64", UINT64_C(0x123456789abcdef0), 0, 0, UINT64_C(0x123456789abcdef0)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct lp_reloc *r = lp_reloc_named(cases[i].name, strlen(cases[i].name));
        struct lp_error err;
        assert_non_null(r);
        assert_ptr_equal(r, lp_reloc_numbered(r->number));
        uint64_t at = cases[i].before;
        lp_status s = lp_reloc_apply(r, cases[i].value, cases[i].place, &at, &err);
        assert_int_equal(s, cases[i].after ? LP_OK : LP_E_RANGE);
        if (at != (cases[i].after ? cases[i].after : cases[i].before)) print_error("%s: %llx\n", cases[i].name, (unsigned long long)at);
        assert_true(at == (cases[i].after ? cases[i].after : cases[i].before));
    }
    assert_null(lp_reloc_named("call27", 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(opens), cmocka_unit_test(refuses), cmocka_unit_test(reads),
                                       cmocka_unit_test(finds), cmocka_unit_test(specs),   cmocka_unit_test(suffixes), cmocka_unit_test(relocations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
