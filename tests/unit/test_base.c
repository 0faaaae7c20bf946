/* The base room: errors, buffers, files that appear whole or not at all, hex, UTF-8, numbers in order. */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/search.h"
#include "base/similar.h"
#include "base/sort.h"
#include "base/text.h"

static void test_error(void **state)
{
    struct lp_error e;
    assert_int_equal(lp_fail_sys(&e, LP_E_IO, ENOENT, "cannot open"), LP_E_IO);
    lp_at(&e, "fix.lps", 12, 5);
    char text[100];
    lp_error_format(&e, text, sizeof text);
    assert_string_equal(text, "fix.lps:12:5: cannot open: No such file or directory");
    assert_int_equal(e.sys, ENOENT);
    assert_string_equal(e.hint, "check the path");
    assert_int_equal(lp_fail(NULL, LP_E_NOMEM, "x"), LP_E_NOMEM);
    for (int s = 0; s < LP_E_COUNT; s++) {
        assert_non_null(lp_status_name((lp_status)s));
        assert_true(strlen(lp_status_text((lp_status)s)) > 0);
    }
    assert_int_equal(lp_status_class(LP_E_OLD_WORD), LP_CLASS_refused);
    assert_string_equal(lp_status_name((lp_status)9999), "INTERNAL");
    int need = lp_error_format(&e, text, 10);
    assert_int_equal(need, strlen("fix.lps:12:5: cannot open: No such file or directory"));
    assert_int_equal(strlen(text), 9);
    lp_fail_sys(&e, LP_E_IO, EISDIR, "cannot open");
    assert_string_equal(e.hint, lp_errno_hint(EISDIR));
    assert_null(strstr(e.hint, "space"));
    lp_fail_sys(&e, LP_E_IO, EIO, "cannot open");
    assert_string_equal(e.hint, ""); /* nobody knows */
}

static void test_buf(void **state)
{
    struct lp_buf b = {0};
    for (int i = 0; i < 1000; i++) lp_buf_printf(&b, "%d,", i);
    assert_int_equal(b.len, 10 * 2 + 90 * 3 + 900 * 4);
    size_t n;
    char *text = lp_buf_take(&b, &n);
    assert_int_equal(strlen(text), n);
    assert_memory_equal(text, "0,1,2,3,", 8);
    free(text);
    assert_int_equal(b.len, 0);
    text = lp_buf_take(&b, NULL);
    assert_string_equal(text, "");
    free(text);
}

static void test_grow(void **state)
{
    int *v = NULL;
    size_t cap = 0;
    assert_null(lp_trim(v, &cap, 0, sizeof *v));
    for (size_t n = 0; n < 100; n++) {
        v = lp_grow(v, &cap, n, sizeof *v);
        assert_true(cap > n);
        v[n] = (int)n;
    }
    assert_true(cap > 100);
    v = lp_trim(v, &cap, 100, sizeof *v);
    assert_int_equal(cap, 100);
    for (int n = 0; n < 100; n++) assert_int_equal(v[n], n);
    v = lp_grow(v, &cap, 100, sizeof *v);
    assert_true(cap > 100);
    free(v);
}

static char dir[] = "/tmp/arm64lp-base.XXXXXX";
static int setup(void **state) { return mkdtemp(dir) ? chdir(dir) : -1; }
static int teardown(void **state) { return chdir("/") || rmdir(dir); }

static char *content(const char *path)
{
    char *data;
    size_t len;
    return lp_file_read(path, 1 << 20, &data, &len, NULL) == LP_OK ? data : NULL;
}

static void test_write(void **state)
{
    struct lp_error e;
    struct stat st;
    mode_t old = umask(027);
    assert_int_equal(lp_file_write("f", "one", 3, 0666, &e), LP_OK);
    umask(old);
    stat("f", &st);
    assert_int_equal(st.st_mode & 0777, 0640);
    chmod("f", 0604);
    assert_int_equal(symlink("f", "link"), 0);
    assert_int_equal(lp_file_write("link", "two", 3, 0666, &e), LP_OK);
    lstat("link", &st);
    assert_true(S_ISLNK(st.st_mode));
    stat("f", &st);
    assert_int_equal(st.st_mode & 0777, 0604);
    char *text = content("f");
    assert_string_equal(text, "two");
    free(text);
    assert_int_equal(lp_file_write("/dev/full", "x", 1, 0666, &e), LP_E_IO);
    assert_int_equal(e.sys, ENOSPC);
    assert_int_equal(lp_file_write("no/such/folder", "x", 1, 0666, &e), LP_E_IO);
    assert_string_equal(e.where, "no/such/folder");
    unlink("link");
    unlink("f");
}

/* A file system that is full in the middle: the old file stays, no temporary is left. */
static void test_write_full(void **state)
{
    assert_int_equal(lp_file_write("f", "old", 3, 0666, NULL), LP_OK);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit old, small = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};
    getrlimit(RLIMIT_FSIZE, &old);
    small.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small);
    static char big[100000];
    struct lp_error e;
    assert_int_equal(lp_file_write("f", big, sizeof big, 0666, &e), LP_E_IO);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(e.sys, EFBIG);
    char *text = content("f");
    assert_string_equal(text, "old");
    free(text);
    unlink("f"); /* teardown's rmdir proves that nothing else is here */
}

/* Two of the C library's, replaced: a signal comes when all is written and nothing is at its place yet; and a file may not get its name later. */
static bool is_ended, named_only;

int fsync(int fd)
{
    struct stat st;
    if (is_ended && fstat(fd, &st) == 0 && (st.st_nlink || !named_only)) raise(SIGTERM);
    return 0;
}

int linkat(int from, const char *a, int to, const char *b, int flags)
{
    return named_only ? (errno = ENOENT, -1) : (int)syscall(SYS_linkat, from, a, to, b, flags);
}

static const char *written_and_ended(bool named)
{
    int status;
    assert_int_equal(lp_file_write("f", "old", 3, 0666, NULL), LP_OK);
    pid_t child = fork();
    if (child == 0) {
        is_ended = true, named_only = named;
        signal(SIGTERM, SIG_DFL);
        lp_file_write("f", "new", 3, 0666, NULL);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    char *text = content("f");
    const char *is = text && strcmp(text, "old") == 0 ? "old" : text && strcmp(text, "new") == 0 ? "new" : "neither";
    free(text);
    unlink("f"); /* teardown's rmdir proves that nothing else is here */
    return is;
}

/* Ended by a signal while it is written: no temporary is left, with files that have no name and where there are none of those. */
static void test_write_ended(void **state)
{
    assert_string_not_equal(written_and_ended(false), "neither");
    assert_string_equal(written_and_ended(true), "new");
}

static void test_read(void **state)
{
    struct lp_error e;
    char *data;
    size_t len;
    assert_int_equal(lp_file_read("none", 10, &data, &len, &e), LP_E_IO);
    assert_int_equal(e.sys, ENOENT);
    lp_file_write("f", "0123456789", 10, 0666, NULL);
    assert_int_equal(lp_file_read("f", 9, &data, &len, &e), LP_E_IO);
    assert_int_equal(lp_file_read("f", 10, &data, &len, &e), LP_OK);
    assert_int_equal(len, 10);
    assert_int_equal(data[10], 0);
    free(data);
    assert_int_equal(lp_file_read(".", 10, &data, &len, &e), LP_E_IO);
    unlink("f");
}

static void test_hash(void **state)
{
    uint8_t h[LP_SHA256_SIZE];
    char hex[2 * LP_SHA256_SIZE + 1];
    lp_sha256("abc", 3, h); /* FIPS 180-4 */
    lp_hex(hex, h, sizeof h);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(lp_hex_digit('f'), 15);
    assert_int_equal(lp_hex_digit('A'), 10);
    assert_int_equal(lp_hex_digit('g'), -1);
    assert_int_equal(lp_hex_digit('/'), -1);
    assert_int_equal(lp_hex_digit(':'), -1);
}

static void test_utf8(void **state)
{
    static const struct { const char *s; size_t n, want; } v[] = {
        {"a", 1, 1},           {"\xc3\xa9", 2, 2},         {"\xe2\x82\xac", 3, 3},     {"\xf0\x9f\x98\x80", 4, 4}, {"\xc3", 1, 0},
        {"\xc0\x80", 2, 0},    {"\xe0\x80\x80", 3, 0},     {"\xed\xa0\x80", 3, 0},     {"\xf0\x80\x80\x80", 4, 0}, {"\xf4\x90\x80\x80", 4, 0},
        {"\x80", 1, 0},        {"\xff", 1, 0},             {"\xe2\x82", 2, 0},         {"\xe2\x28\xa1", 3, 0},     {"", 0, 0},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) assert_int_equal(lp_utf8_len(v[i].s, v[i].n), v[i].want);
}

static void test_similar(void **state)
{
    static const struct { const char *a, *b; unsigned max, want; } v[] = {
        {"main", "main", 2, 0}, {"mian", "main", 2, 1}, {"main", "man", 2, 1}, {"main", "mains", 2, 1},  {"main", "mail", 2, 1},    {"ab", "ba", 2, 1},
        {"abcd", "badc", 2, 2}, {"ca", "abc", 3, 3},    {"", "abc", 2, 3},     {"kitten", "sitting", 3, 3}, {"kitten", "sitting", 2, 3},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) assert_int_equal(lp_edits(v[i].a, v[i].b, v[i].max), v[i].want);
    char longer[66];
    memset(longer, 'a', 65), longer[65] = 0;
    assert_int_equal(lp_edits(longer, longer, 2), 3); /* no time for such */

    struct lp_error e = {.hint = "as before"};
    struct lp_similar s = {.name = "check"};
    assert_false(lp_similar_hint(&s, &e));
    assert_string_equal(e.hint, "as before");
    const char *names[] = {"chick2", "chekc", "unrelated", "checks", "CHECK", "cheek", "cheek"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) lp_similar_look(&s, names[i]);
    assert_true(lp_similar_hint(&s, &e));
    assert_string_equal(e.hint, "did you mean CHECK, chekc, checks?");
    s = (struct lp_similar){.name = "x"};
    lp_similar_look(&s, "y"), lp_similar_look(&s, "X");
    assert_true(lp_similar_hint(&s, &e));
    assert_string_equal(e.hint, "did you mean X?");
}

static void test_has_bytes(void **state)
{
    static const uint8_t in[] = {1, 2, 1, 2, 3, 0, 1};
    (void)state;
    for (size_t from = 0; from < sizeof in; from++)
        for (size_t n = 1; from + n <= sizeof in; n++) assert_true(lp_has_bytes(in, sizeof in, in + from, n));
    assert_true(lp_has_bytes(in, 5, "\1\2\3", 3));
    assert_false(lp_has_bytes(in, 4, "\1\2\3", 3));
    assert_false(lp_has_bytes(in, sizeof in, "\1\1", 2));
    assert_false(lp_has_bytes(in, sizeof in, "\4", 1));
    assert_false(lp_has_bytes(in, 0, "\1", 1));
    assert_false(lp_has_bytes(in, 2, in, 3));
}

static void test_bits(void **state)
{
    static const uint8_t b[] = {0x01, 0x82, 0x03, 0x84, 0x05, 0x86, 0x07, 0x88};
    assert_int_equal(lp_le16(b), 0x8201);
    assert_int_equal(lp_le32(b), 0x84038201);
    assert_true(lp_le64(b) == UINT64_C(0x8807860584038201));
    assert_true(lp_sext(0x1ff, 9) == -1 && lp_sext(0xff, 9) == 255);
    assert_true(lp_within(0, 0, 0) && lp_within(5, 5, 10) && !lp_within(5, 6, 10) && !lp_within(UINT64_MAX, 2, 10));
}

/* Few numbers and many, of few digits and of all; some are there more than once. */
static void test_numbers(void **state)
{
    enum { MOST = 1000 };
    for (size_t n = 0; n <= MOST; n += n < 3 ? 1 : 199) {
        for (unsigned shift = 0; shift <= 54; shift += 27) {
            uint64_t v[MOST] = {0};
            for (size_t i = 0; i < n; i++) v[i] = (uint64_t)(i * 7919 % 613) << shift;
            const size_t left = lp_sort_distinct(v, n);
            assert_int_equal(left, n < 613 ? n : 613);
            for (size_t i = 1; i < left; i++) assert_true(v[i - 1] < v[i]);
            for (size_t i = 0; i < n; i++) assert_true(lp_is_among(v, left, (uint64_t)(i * 7919 % 613) << shift));
            assert_false(lp_is_among(v, left, (UINT64_C(613) << shift) + 1));
            assert_int_equal(lp_count_below(v, left, sizeof *v, v[0]), 0);
            assert_int_equal(lp_count_upto(v, left, sizeof *v, UINT64_MAX), left);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error), cmocka_unit_test(test_buf),  cmocka_unit_test(test_grow), cmocka_unit_test(test_write), cmocka_unit_test(test_write_full),
        cmocka_unit_test(test_write_ended),
        cmocka_unit_test(test_read),  cmocka_unit_test(test_hash), cmocka_unit_test(test_utf8),  cmocka_unit_test(test_bits),
        cmocka_unit_test(test_similar), cmocka_unit_test(test_numbers), cmocka_unit_test(test_has_bytes),
    };
    return cmocka_run_group_tests_name("base", tests, setup, teardown);
}
