/* The original API: every promise of its document, and every trap of its first implementation. */
#include <config.h>
#include "livepatch_rig.h"

/* ---- promises ---- */

static void test_apply_and_revert(void **state)
{
    uint32_t old = at(BASE + 0x1000);
    assert_int_equal(livepatch_apply(lp, BASE + 0x1000, RET, "return at once"), 0);
    assert_string_equal(livepatch_last_error(), "");
    assert_int_equal(at(BASE + 0x1000), RET);
    assert_int_equal(livepatch_count(lp), 1);
    assert_int_equal(livepatch_revert(lp, BASE + 0x1000), 0);
    assert_int_equal(at(BASE + 0x1000), old);
    refused(livepatch_revert(lp, BASE + 0x1000), "no patch");
    assert_int_equal(livepatch_count(lp), 0);
}

static void test_revert_all(void **state)
{
    for (int i = 0; i < 100; i++) assert_int_equal(livepatch_apply(lp, BASE + 40 * i, NOP, NULL), 0);
    assert_int_equal(livepatch_revert_all(lp), 100);
    assert_int_equal(livepatch_revert_all(lp), 0);
    for (int i = 0; i < SIZE / 4; i++) assert_int_equal(memory[i], 0x91000400 + ((uint32_t)i & 31));
}

static void test_nop(void **state)
{
    assert_int_equal(livepatch_create_nop(lp, BASE, NULL), 0);
    assert_int_equal(at(BASE), NOP);
    assert_true(is_nop_instruction(at(BASE)));
    assert_false(is_nop_instruction(RET));
}

static void test_branch(void **state)
{
    assert_int_equal(livepatch_create_branch(lp, BASE, BASE + 8, "forward"), 0);
    assert_int_equal(at(BASE), 0x14000002);
    assert_int_equal(livepatch_create_branch(lp, BASE + 8, BASE, "back"), 0);
    assert_int_equal(at(BASE + 8), 0x17fffffe);
    refused(livepatch_create_branch(lp, BASE + 4, BASE + 6, "odd"), "multiples of 4");
    refused(livepatch_create_branch(lp, BASE + 2, BASE + 4, "odd"), "multiples of 4");
}

/* The first implementation stopped at 32 MiB. */
static void test_branch_reach(void **state)
{
    const uint64_t reach = 128 << 20;
    assert_int_equal(livepatch_create_branch(lp, BASE, BASE + reach - 4, NULL), 0);
    assert_int_equal(at(BASE), 0x15ffffff);
    assert_int_equal(livepatch_create_branch(lp, BASE + 4, BASE + 4 - reach, NULL), 0);
    assert_int_equal(at(BASE + 4), 0x16000000);
    refused(livepatch_create_branch(lp, BASE + 8, BASE + 8 + reach, NULL), "128 MiB");
    refused(livepatch_create_branch(lp, BASE + 8, BASE + 4 - reach, NULL), "128 MiB");
    refused(livepatch_create_branch(lp, BASE + 8, BASE + 8 + (UINT64_C(1) << 60), NULL), "128 MiB");
    assert_int_equal(at(BASE + 8), 0x91000402);
}

static void test_redirect_function(void **state)
{
    assert_int_equal(livepatch_redirect_function(lp, BASE + 0x100, BASE + 0x200, "new version"), 0);
    assert_int_equal(at(BASE + 0x100), 0x14000040);
    refused(livepatch_redirect_function(lp, BASE, BASE, NULL), "itself");
    refused(livepatch_redirect_function(lp, BASE, BASE + SIZE, NULL), "outside");
    memory[0x300 / 4] = 0;
    refused(livepatch_redirect_function(lp, BASE, BASE + 0x300, NULL), "no valid");
}

/* The document's own usage example is out of bounds: 1 MiB at 0x400000 ends at 0x500000. */
static void test_document_example(void **state)
{
    refused(livepatch_apply(lp, 0x4001000, 0xD503201F, "NOP patch"), "outside the memory 0x400000-0x500000");
    refused(livepatch_create_nop(lp, 0x4001000, "Disable check"), "outside");
    refused(livepatch_create_branch(lp, 0x4001000, 0x4002000, "Jump to handler"), "outside");
}

static void test_address_validation(void **state)
{
    static const uint64_t outside[] = {BASE - 4, BASE + SIZE, BASE + SIZE + 4, 0, UINT64_MAX - 3};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) refused(livepatch_apply(lp, outside[i], NOP, NULL), "outside");
    for (int i = 1; i < 4; i++) refused(livepatch_apply(lp, BASE + (uint64_t)i, NOP, NULL), "multiple of 4");
    assert_int_equal(livepatch_apply(lp, BASE + SIZE - 4, NOP, NULL), 0);
    assert_int_equal(livepatch_apply(lp, BASE, NOP, NULL), 0);
}

static void test_instruction_validation(void **state)
{
    static const uint32_t invalid[] = {0x00000000, 0xffffffff, 0x0000beef, 0x9b000000 | 1 << 29};
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        assert_false(lp_dis_valid(invalid[i]));
        refused(livepatch_apply(lp, BASE, invalid[i], NULL), "no valid A64 instruction");
    }
    assert_int_equal(at(BASE), 0x91000400);
    /* The sample file's "custom instruction" is one: and w24, w19, #0xfffff003. */
    assert_int_equal(livepatch_apply(lp, BASE, 0x12345678, "Custom instruction"), 0);
}

static void test_twice(void **state)
{
    assert_int_equal(livepatch_apply(lp, BASE, NOP, "first"), 0);
    refused(livepatch_apply(lp, BASE, RET, "second"), "patched already");
    assert_int_equal(at(BASE), NOP);
    assert_int_equal(livepatch_revert(lp, BASE), 0);
    assert_int_equal(at(BASE), 0x91000400);
}

static void test_no_system(void **state)
{
    refused(livepatch_apply(NULL, BASE, NOP, NULL), "no livepatch system");
    refused(livepatch_revert(NULL, BASE), "no livepatch system");
    refused(livepatch_revert_all(NULL), "no livepatch system");
    refused(livepatch_create_nop(NULL, BASE, NULL), "no livepatch system");
    refused(livepatch_create_branch(NULL, BASE, BASE, NULL), "no livepatch system");
    refused(livepatch_redirect_function(NULL, BASE, BASE, NULL), "no livepatch system");
    refused(livepatch_load_from_file(NULL, "x"), "no livepatch system");
    refused(livepatch_load_from_file(lp, NULL), "no file name");
    refused(livepatch_save_to_file(lp, NULL), "no file name");
    assert_null(livepatch_init(NULL, 4096, 0));
    assert_null(livepatch_init(memory, 3, 0));
    assert_null(livepatch_init(memory, SIZE, UINT64_MAX - 100));
    livepatch_cleanup(NULL);
    livepatch_set_enabled(NULL, 1);
    assert_int_equal(livepatch_count(NULL), 0);
    assert_non_null(strstr(printed(livepatch_list, NULL), "no system"));
}

static void test_enabled(void **state)
{
    assert_int_equal(livepatch_apply(lp, BASE, NOP, NULL), 0);
    livepatch_set_enabled(lp, 0);
    refused(livepatch_apply(lp, BASE + 4, NOP, NULL), "disabled");
    assert_int_equal(at(BASE), NOP);
    assert_int_equal(livepatch_revert(lp, BASE), 0);
    livepatch_set_enabled(lp, 1);
    assert_int_equal(livepatch_apply(lp, BASE + 4, NOP, NULL), 0);
}

static void test_global_system(void **state)
{
    assert_null(livepatch_get_system());
    LivePatchSystem *own = livepatch_init(memory, SIZE, BASE);
    livepatch_set_system(own);
    assert_ptr_equal(livepatch_get_system(), own);
    livepatch_cleanup(livepatch_get_system());
    assert_null(livepatch_get_system());
}

static void test_cleanup_reverts(void **state)
{
    LivePatchSystem *own = livepatch_init(memory, SIZE, BASE);
    for (int i = 0; i < 10; i++) livepatch_create_nop(own, BASE + 4 * i, NULL);
    livepatch_cleanup(own);
    for (int i = 0; i < 10; i++) assert_int_equal(memory[i], 0x91000400 + i);
}

/* The first implementation printed nothing unless it was debugging. */
static void test_list_and_stats_print(void **state)
{
    livepatch_create_nop(lp, BASE + 0x10, "one\x1b[2J\nline");
    livepatch_create_branch(lp, BASE, BASE + 4, "two");
    livepatch_apply(lp, BASE + 0x20, RET, "three");
    const char *text = printed(livepatch_list, lp);
    assert_non_null(strstr(text, "Patches: 3\n0x400010  91000404 -> d503201f"));
    assert_non_null(strstr(text, "one [2J line\n"));
    assert_true(strstr(text, "0x400010") < strstr(text, "0x400000")); /* in the order of application */
    livepatch_revert(lp, BASE);
    text = printed(livepatch_stats, lp);
    assert_non_null(strstr(text, "Active patches: 2\n"));
    assert_non_null(strstr(text, "NOP:          1\n"));
    assert_non_null(strstr(text, "branch:       0\n"));
    assert_non_null(strstr(text, "Applied so far:  3\nReverted so far: 1\n"));
    assert_non_null(strstr(text, "0x400000-0x500000"));
}

static void test_demo(void **state)
{
    const char *text = printed(livepatch_demo, lp);
    assert_non_null(strstr(text, "unpatched:     x0 = 42\n"));
    assert_non_null(strstr(text, "addition = nop: x0 = 1\n"));
    assert_non_null(strstr(text, "reverted:      x0 = 42\n"));
}

static void test_long_description(void **state)
{
    char text[600], want[300];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    memcpy(text + 254, "\xc3\xa9", 2); /* the cut would be in the middle of this letter */
    assert_int_equal(livepatch_apply(lp, BASE, NOP, text), 0);
    snprintf(want, sizeof want, "%.254s\n", text);
    const char *out = printed(livepatch_list, lp);
    assert_non_null(strstr(out, want));
    assert_int_equal(LIVEPATCH_MAX_DESCRIPTION, 256);
}

/* ---- files ---- */

static void test_save_and_load(void **state)
{
    livepatch_create_nop(lp, BASE + 0x1000, "NOP patch for debugging");
    livepatch_create_branch(lp, BASE + 0x2000, BASE + 0x2004, "evil\n500000 D503201F line");
    livepatch_apply(lp, BASE + 0x3000, 0x12345678, NULL);
    assert_int_equal(livepatch_save_to_file(lp, file), 3);
    int fd = open(file, O_RDONLY);
    const char *text = read_all(fd);
    assert_non_null(strstr(text, "\n401000 D503201F NOP patch for debugging\n402000 14000001 evil 500000 D503201F line\n403000 12345678\n"));
    close(fd);
    livepatch_revert_all(lp);
    assert_int_equal(livepatch_load_from_file(lp, file), 3);
    assert_string_equal(livepatch_last_error(), "");
    assert_int_equal(at(BASE + 0x2000), 0x14000001);
    struct stat st;
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
}

static void test_save_errors(void **state)
{
    refused(livepatch_save_to_file(lp, "/nonexistent/x"), "cannot write");
    for (int i = 0; i < 1000; i++) livepatch_create_nop(lp, BASE + 4 * i, "some text");
    refused(livepatch_save_to_file(lp, "/dev/full"), "cannot write");
}

/* Patches at addresses that read like words: "ADD 1234" would not load again. */
static void test_address_that_is_a_word(void **state)
{
    LivePatchSystem *own = livepatch_init(memory, SIZE, 0xabcde000);
    assert_int_equal(livepatch_create_nop(own, 0xabcdeadc, "x"), 0);
    assert_int_equal(livepatch_save_to_file(own, file), 1);
    assert_int_equal(livepatch_revert_all(own), 1);
    assert_int_equal(livepatch_load_from_file(own, file), 1);
    livepatch_cleanup(own);
}

static void test_load_original_lines(void **state)
{
    write_file("# Comment\n# Format: address instruction description\n"
               "401000 D503201F NOP patch for debugging\n0x402000 0x14000001 Jump to error handler\n\n403000 12345678 Custom instruction\n");
    assert_int_equal(livepatch_load_from_file(lp, file), 3);
    assert_int_equal(at(0x401000), NOP);
    assert_int_equal(at(0x402000), 0x14000001);
    assert_int_equal(at(0x403000), 0x12345678);
    assert_non_null(strstr(printed(livepatch_list, lp), "Jump to error handler\n"));
}

/* Lines that fail are told about, and the rest loads. */
static void test_load_goes_on(void **state)
{
    write_file("401000 D503201F good\nadd 1234 english\n402000 D503201FF nine digits\n4001000 D503201F outside\n"
               "403000 00000000 no instruction\n-404000 D503201F sign\n405000\n401000 D65F03C0 twice\n406000 D503201F last\n");
    assert_int_equal(livepatch_load_from_file(lp, file), 2);
    assert_non_null(strstr(livepatch_last_error(), ":2"));
    assert_non_null(strstr(livepatch_last_error(), "more)"));
    assert_int_equal(at(0x401000), NOP);
    assert_int_equal(at(0x406000), NOP);
    assert_int_equal(at(0x403000), 0x91000400);
    assert_int_equal(livepatch_count(lp), 2);
}

static void test_load_errors(void **state)
{
    refused(livepatch_load_from_file(lp, "/nonexistent/x"), "/nonexistent/x");
    refused(livepatch_load_from_file(lp, "/tmp"), "/tmp");
    write_file("lpatch 1\nname x\nobject *\nbuild-id 1462c13bab944f35c6be9f78a4e8bfaf3c5bd731\n"
               "@ 0x401000\n- 91000400\n+ d503201f\nend\n");
    refused(livepatch_load_from_file(lp, file), "version 1");
    assert_int_equal(livepatch_count(lp), 0);
    write_file("");
    assert_int_equal(livepatch_load_from_file(lp, file), 0);
}

static void test_json(void **state)
{
    write_file("[{\"address\": \"0x401000\", \"instruction\": \"0xD503201F\", \"description\": \"caf\\u00e9 \\\"q\\\" \\ud83d\\ude00\"},\n"
               " {\"addr\": 4202496, \"word\": 3596551104, \"other\": [1, {\"a\": null}, -2.5e3, true]},\n"
               " {\"instr\": \"d503201f\", \"addr\": \"403000\"}]\n");
    assert_int_equal(livepatch_load_from_json(lp, file), 3);
    assert_int_equal(at(0x401000), NOP);
    assert_int_equal(at(0x402000), RET);
    assert_int_equal(at(0x403000), NOP);
    assert_non_null(strstr(printed(livepatch_list, lp), "caf\xc3\xa9 \"q\" \xf0\x9f\x98\x80"));
    livepatch_revert_all(lp);
    write_file("{\"version\": 1, \"patches\": [{\"address\": \"401000\", \"word\": \"d503201f\"}], \"x\": []}");
    assert_int_equal(livepatch_load_from_json(lp, file), 1);
}

static void test_json_items_that_fail(void **state)
{
    write_file("[{\"address\": \"add\", \"word\": \"d503201f\"},\n{\"address\": \"0x401000\"},\n"
               "{\"address\": \"0x401000\", \"word\": \"1d503201f\"}, 7, {\"address\": 1.5, \"word\": 1},\n"
               "{\"address\": 18446744073709551616, \"word\": 1}, {\"address\": \"0x401000\", \"word\": \"d503201f\"}]");
    assert_int_equal(livepatch_load_from_json(lp, file), 1);
    assert_non_null(strstr(livepatch_last_error(), ":1: no address"));
}

static void test_bad_json(void **state)
{
    static const char *const bad[] = {
        "", "x", "{", "[", "[1", "[1,]", "[{]", "[{\"a\"}]", "[{\"a\":}]", "[\"\\x\"]", "[\"\\u12\"]", "[\"abc", "[01]", "[-]", "[1e]",
        "[tru]", "[]x", "7", "[\"\n\"]", "{\"patches\": [}", "[nul", "\"", "[{\"a\":1,}]", "[{'a':1}]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_file(bad[i]);
        refused(livepatch_load_from_json(lp, file), "no JSON");
    }
    char deep[4000];
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = 0;
    write_file(deep);
    refused(livepatch_load_from_json(lp, file), "deeply");
    write_file("[{\"address\": \"0x401000\", \"word\": \"d503201f\"}, ");
    refused(livepatch_load_from_json(lp, file), "no JSON");
    assert_int_equal(livepatch_count(lp), 0); /* nothing of a broken file is applied */
    refused(livepatch_load_from_json(lp, "/nonexistent/x"), "No such file");
}

static void test_reload(void **state)
{
    write_file("401000 D503201F one\n402000 D503201F two\n");
    assert_int_equal(livepatch_load_from_file(lp, file), 2);
    write_file("402000 D65F03C0 two, better\n403000 D503201F three\n");
    assert_int_equal(livepatch_reload_patches(lp, file, 0), 2);
    assert_int_equal(at(0x401000), 0x91000400);
    assert_int_equal(at(0x402000), RET);
    unlink(file);
    refused(livepatch_reload_patches(lp, file, 0), "No such file");
    assert_int_equal(livepatch_count(lp), 2); /* what was there stays */
    write_file("[{\"address\": \"0x401000\", \"word\": \"d503201f\"}]");
    assert_int_equal(livepatch_reload_patches(lp, file, 1), 1);
    assert_int_equal(livepatch_count(lp), 1);
}

/* What somebody else has written since is not undone. */
static void test_drift(void **state)
{
    const uint32_t old = at(BASE), other = 0xd2800020 /* mov x0, #1 */;
    for (uint64_t i = 0; i < 3; i++) assert_int_equal(livepatch_apply(lp, BASE + 4 * i, NOP, NULL), 0);
    memory[1] = other;
    refused(livepatch_revert(lp, BASE + 4), "0x400004: found d2800020, the patch wrote d503201f: changed since");
    assert_int_equal(at(BASE + 4), other);
    write_file("400000 D65F03C0 one\n");
    refused(livepatch_reload_patches(lp, file, 0), "changed since");
    assert_int_equal(at(BASE), NOP); /* nothing was reloaded */
    assert_int_equal(livepatch_count(lp), 3);
    assert_int_equal(livepatch_revert_all(lp), 2);
    assert_non_null(strstr(livepatch_last_error(), "0x400004"));
    assert_int_equal(at(BASE), old);
    assert_int_equal(at(BASE + 4), other);
    assert_int_equal(livepatch_count(lp), 1);
    memory[1] = NOP;
    assert_int_equal(livepatch_revert(lp, BASE + 4), 0);
    assert_int_equal(at(BASE + 4), old + 1);
}

/* Three systems have patches at one place: whoever leaves, what the others wrote stays, and the last one leaves the first word. */
static void test_systems_on_one_another(void **state)
{
    static const int orders[][3] = {{2, 1, 0}, {0, 1, 2}, {1, 0, 2}, {1, 2, 0}, {0, 2, 1}, {2, 0, 1}};
    static const uint32_t words[][3] = {{NOP, RET, 0xd2800020}, {NOP, NOP, NOP}, {NOP, RET, NOP}, {RET, 0x91000400, RET}};
    const uint32_t old = at(BASE);
    for (size_t o = 0; o < 6; o++)
        for (size_t w = 0; w < 4; w++) {
            LivePatchSystem *s[3];
            bool there[3] = {true, true, true};
            for (int i = 0; i < 3; i++) {
                s[i] = livepatch_init(memory, SIZE, BASE);
                assert_int_equal(livepatch_apply(s[i], BASE, words[w][i], NULL), 0);
            }
            for (int k = 0; k < 3; k++) {
                const int leaves = orders[o][k];
                if (o % 2) assert_int_equal(livepatch_revert(s[leaves], BASE), 0);
                else livepatch_cleanup(s[leaves]);
                there[leaves] = false;
                uint32_t expected = old;
                for (int i = 0; i < 3; i++) expected = there[i] ? words[w][i] : expected;
                assert_int_equal(at(BASE), expected);
            }
            for (int i = 0; i < 3 && o % 2; i++) livepatch_cleanup(s[i]);
        }
}

/* A later patch of another system does not keep the file from being loaded again, nor is it lost. */
static void test_reload_below_another(void **state)
{
    const uint32_t first = at(0x401000), second = at(0x402000);
    LivePatchSystem *other = livepatch_init(memory + 0x400, SIZE - 0x1000, BASE + 0x1000);
    write_file("401000 D503201F one\n402000 D503201F two\n");
    assert_int_equal(livepatch_load_from_file(lp, file), 2);
    assert_int_equal(livepatch_apply(other, 0x401000, RET, NULL), 0);
    assert_int_equal(livepatch_apply(other, 0x402000, RET, NULL), 0);
    write_file("401000 D2800020 one\n");
    assert_int_equal(livepatch_reload_patches(lp, file, 0), 1);
    assert_int_equal(at(0x401000), 0xd2800020);
    assert_int_equal(at(0x402000), RET);
    assert_int_equal(livepatch_revert_all(other), 2);
    assert_int_equal(at(0x401000), 0xd2800020);
    assert_int_equal(at(0x402000), second);
    assert_int_equal(livepatch_revert_all(lp), 1);
    assert_int_equal(at(0x401000), first);
    assert_int_equal(livepatch_apply(lp, 0x401000, RET, NULL), 0);
    memory[0x400] = first; /* by somebody else, below a later patch */
    assert_int_equal(livepatch_apply(other, 0x401000, NOP, NULL), 0);
    refused(livepatch_revert(lp, 0x401000), "below a later patch");
    livepatch_cleanup(other);
    memory[0x400] = RET;
    assert_int_equal(livepatch_revert(lp, 0x401000), 0);
    memory[0x400] = first;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_apply_and_revert), T(test_revert_all), T(test_nop), T(test_branch), T(test_branch_reach), T(test_redirect_function),
        T(test_document_example), T(test_address_validation), T(test_instruction_validation), T(test_twice), T(test_no_system), T(test_enabled),
        T(test_global_system), T(test_cleanup_reverts), T(test_list_and_stats_print), T(test_demo), T(test_long_description), T(test_save_and_load),
        T(test_save_errors), T(test_address_that_is_a_word), T(test_load_original_lines), T(test_load_goes_on), T(test_load_errors), T(test_json),
        T(test_json_items_that_fail), T(test_bad_json), T(test_reload), T(test_drift), T(test_systems_on_one_another),
        T(test_reload_below_another),
    };
    if (!mkdtemp(dir)) return 99;
    snprintf(file, sizeof file, "%s/patches.txt", dir);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(dir);
    return failed;
}
