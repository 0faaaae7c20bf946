/* The control server against well-behaved and other clients, with an engine that only notes what it is told. */
#include <config.h>
#include "control_rig.h"

/* ---- requests ---- */

static void test_list(void **state)
{
    lp_control *c = client();
    struct lp_error err;
    int fd = raw_connect();
    say(fd, "arm64lp 1\nlist\n");
    assert_string_equal(hear(fd, "\nok"), "arm64lp 1\nrow a%20patch 1.2 3 18446744073709551615 1700000000123 - 30000 70000\nrow b - 1 0 5 waits%20for%20libb.so 0 0\nok 0 0 0 0\n");
    say(fd, "status\n");
    assert_non_null(strstr(hear(fd, "\nok"), " 0.1.0 2 read-write /bin/a%20prog 7 18446744073709551615 00ff 12 65536\nok"));
    close(fd);
    assert_int_equal(lp_control_list(c, NULL, NULL, &err), LP_OK);
    lp_control_close(c);
}

static void test_info(void **state)
{
    lp_control *c = client();
    struct lp_control_info info;
    assert_int_equal(lp_control_info(c, &info, NULL), LP_OK);
    assert_int_equal(info.pid, getpid());
    assert_string_equal(info.version, lp_version());
    assert_string_equal(info.exe, "/bin/a prog");
    assert_string_equal(info.build_id, "00ff");
    uint8_t data[5000];
    assert_int_equal(lp_control_read(c, 16, data, sizeof data, NULL), LP_OK);
    for (size_t i = 0; i < sizeof data; i++) assert_int_equal(data[i], (uint8_t)(16 + i));
    assert_int_equal(lp_control_read(c, 1 << 20, data, 1, NULL), LP_E_ADDRESS);
    assert_int_equal(info.bias, 65536);
    assert_true(info.dev == 7 && info.ino == UINT64_MAX && info.patches == 2 && info.started_ms == 12 && !info.read_only);
    assert_int_equal(lp_control_places(c, NULL, NULL, NULL), LP_E_UNSUPPORTED); /* this engine has none */
    assert_int_equal(lp_control_list(c, NULL, NULL, NULL), LP_OK);
    lp_control_close(c);
}

static void test_read_only(void **state)
{
    struct lp_error err;
    struct lp_live_options dry = {.flags = LP_LIVE_DRY_RUN};
    lp_control_server_stop(server);
    read_only = true;
    assert_int_equal(start(path, 0, &err), LP_OK);
    lp_control *c = client();
    assert_int_equal(lp_control_revert(c, NULL, 0, NULL, NULL, NULL, NULL, &err), LP_E_DENIED);
    assert_non_null(strstr(err.text, "takes no orders that change it"));
    const char *name = "x";
    assert_int_equal(lp_control_revert(c, &name, 1, NULL, NULL, NULL, NULL, &err), LP_E_DENIED);
    assert_int_equal(seen().calls, 0);
    assert_int_equal(lp_control_revert(c, NULL, 0, &dry, NULL, NULL, NULL, &err), LP_OK);
    assert_int_equal(seen().calls, 1);
    assert_int_equal(lp_control_list(c, NULL, NULL, NULL), LP_OK);
    lp_control_close(c);
}

static int check_row(void *ctx, const struct lp_live_row *row)
{
    int i = (*(int *)ctx)++;
    assert_string_equal(row->name, i ? "b" : "a patch");
    if (i) assert_null(row->version);
    else assert_string_equal(row->version, "1.2");
    assert_true(row->hits == (i ? 0 : UINT64_MAX));
    assert_int_equal(row->applied_ms, i ? 5 : 1700000000123);
    if (i) assert_string_equal(row->note, "waits for libb.so");
    else assert_null(row->note);
    assert_int_equal(row->deadline_ms, i ? 0 : 70000);
    return 0;
}

static int stop_at_once(void *ctx, const struct lp_live_row *row) { return ++*(int *)ctx; }

static void test_list_rows(void **state)
{
    lp_control *c = client();
    int n = 0, stopped = 0;
    assert_int_equal(lp_control_list(c, check_row, &n, NULL), LP_OK);
    assert_int_equal(n, 2);
    assert_int_equal(lp_control_list(c, stop_at_once, &stopped, NULL), LP_OK);
    assert_int_equal(stopped, 1);
    assert_int_equal(lp_control_list(c, check_row, (n = 0, &n), NULL), LP_OK); /* still in step */
    lp_control_close(c);
}

static void test_revert(void **state)
{
    lp_control *c = client();
    const char *names[] = {"one", "two words\n%"};
    struct lp_live_options o = {.flags = LP_LIVE_FORCE, .deadline_ms = 250, .trial_ms = 7000};
    struct lp_live_result r;
    assert_int_equal(lp_control_revert(c, names, 2, &o, &r, NULL, NULL, NULL), LP_OK);
    assert_int_equal(r.reverted, 2);
    assert_int_equal(seen().n, 2);
    assert_string_equal(seen().names[1], names[1]);
    assert_int_equal(seen().options.flags, LP_LIVE_FORCE);
    assert_int_equal(seen().options.deadline_ms, 250);
    assert_int_equal(seen().options.trial_ms, 7000);
    assert_int_equal(lp_control_revert(c, NULL, 0, NULL, &r, NULL, NULL, NULL), LP_OK);
    assert_int_equal(seen().n, 0);
    assert_int_equal(seen().calls, 2);
    lp_control_close(c);
}

static void count_report(void *ctx, const struct lp_error *err)
{
    int i = (*(int *)ctx)++;
    assert_int_equal(err->status, LP_E_OLD_WORD);
    assert_string_equal(err->where, "greet: main+0x8");
    assert_int_equal(err->line, i);
    assert_int_equal(err->col, 7);
    assert_non_null(strstr(err->text, "%\n"));
}

static void test_errors_come_back(void **state)
{
    lp_control *c = client();
    struct lp_error err;
    int n = 0;
    will_answer(LP_E_BUSY, 3);
    assert_int_equal(lp_control_revert(c, NULL, 0, NULL, NULL, count_report, &n, &err), LP_E_BUSY);
    assert_int_equal(n, 3);
    assert_string_equal(err.text, "no: - and \x01 and \xc3\xa9");
    assert_string_equal(err.where, "-");
    assert_string_equal(err.hint, "try again");
    will_answer(LP_OK, 0);
    assert_int_equal(lp_control_revert(c, NULL, 0, NULL, NULL, NULL, NULL, NULL), LP_OK); /* the connection goes on */
    lp_control_close(c);
}

static void test_apply(void **state)
{
    lp_patch *p[2];
    struct lp_error err;
    static const char seed[] = "4001000 D503201F NOP patch for debugging\n";
    assert_int_equal(lp_patch_parse("dir/fix.lpatch", seed, sizeof seed - 1, 0, NULL, NULL, &p[0], &err), LP_OK);
    assert_int_equal(lp_patch_parse("other.lpatch", seed, sizeof seed - 1, 0, NULL, NULL, &p[1], &err), LP_OK);
    lp_control *c = client();
    struct lp_live_result r;
    assert_int_equal(lp_control_apply(c, (const lp_patch *const *)p, 2, NULL, &r, NULL, NULL, &err), LP_OK);
    assert_int_equal(r.applied, 2);
    assert_int_equal(r.already, 2);
    assert_string_equal(seen().names[0], "fix");
    assert_string_equal(seen().names[1], "other");
    lp_control_close(c);
    lp_patch_free(p[0]);
    lp_patch_free(p[1]);
}

static void test_bad_patch_text(void **state)
{
    int fd = raw_connect();
    say(fd, "arm64lp 1\napply 2 0 0\npatch 5 x.lpatch\n!!!!\npatch 4 y\n1 2\nlist\n");
    const char *text = hear(fd, "\nok");
    assert_non_null(strstr(text, "report SYNTAX 0 1 "));
    assert_non_null(strstr(text, "x.lpatch"));
    assert_non_null(strstr(text, "\nerror SYNTAX "));
    assert_int_equal(seen().calls, 0); /* nothing was applied, and the next request was answered */
    close(fd);
}

/* ---- other clients ---- */

static void test_garbage(void **state)
{
    expect_refusal("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "error PROTOCOL");
    expect_refusal("\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\nfrobnicate\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\nlist now\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\napply 1 0\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\napply -1 0 0\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\napply 99999 0 0\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\napply 1 64 0\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\napply 1 0 99999999999999999999999\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\napply 1 0 0 99999999999999999999999\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\napply 1 0 0\nname x\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\napply 1 0 0\npatch 99999999999 x\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\nrevert 1 0 0\nname %zz\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\nrevert 1 0 0\nname %00\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\na b c d e f g h i j k l m n o p q r\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\nfunctions 2\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\nfunctions\n", "error PROTOCOL");
    assert_int_equal(seen().calls, 0);
}

static void test_wrong_version(void **state) { expect_refusal("arm64lp 2\n", "arm64lp 1\nerror PROTOCOL"); }

static void test_overlong_line(void **state)
{
    char *line = malloc(20000);
    memset(line, 'x', 19999);
    line[19999] = 0;
    expect_refusal(line, "too%20long");
    free(line);
}

static void test_noise(void **state)
{
    unsigned seed = 1;
    for (int round = 0; round < 200; round++) {
        int fd = raw_connect();
        char bytes[512];
        for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(seed = seed * 1103515245 + 12345) >> 8;
        if (round % 2) say(fd, "arm64lp 1\n");
        send(fd, bytes, sizeof bytes, MSG_NOSIGNAL);
        close(fd);
    }
    lp_control *c = client();
    assert_int_equal(lp_control_list(c, NULL, NULL, NULL), LP_OK);
    lp_control_close(c);
}

static void test_byte_by_byte(void **state)
{
    int fd = raw_connect();
    for (const char *p = "arm64lp 1\nrevert 1 0 0\nname abc\n"; *p; p++) assert_int_equal(send(fd, p, 1, 0), 1);
    assert_non_null(strstr(hear(fd, "\nok"), "\nok 0 0 1 "));
    assert_string_equal(seen().names[0], "abc");
    close(fd);
}

/* Clients that stop in the middle or say nothing do not keep others from being served. */
static void test_half_and_silent(void **state)
{
    int half = raw_connect(), silent = raw_connect(), text = raw_connect();
    say(half, "arm64lp 1\nappl");
    say(text, "arm64lp 1\napply 1 0 0\npatch 1000 x\nabc");
    lp_control *c = client();
    int n = 0;
    assert_int_equal(lp_control_list(c, check_row, &n, NULL), LP_OK);
    lp_control_close(c);
    close(text);
    say(half, "y 0 0 0\n");
    assert_non_null(strstr(hear(half, "\nok"), "\nok 0 2 0 "));
    close(half);
    close(silent);
}

static void test_many_requests_in_one_write(void **state)
{
    struct lp_buf b = {0};
    lp_buf_puts(&b, "arm64lp 1\n");
    for (int i = 0; i < 500; i++) lp_buf_puts(&b, "revert 0 0 0\n");
    lp_buf_puts(&b, "stop\n");
    int fd = raw_connect();
    say(fd, b.data);
    assert_non_null(strstr(hear(fd, NULL), "error PROTOCOL"));
    assert_int_equal(seen().calls, 500);
    lp_buf_free(&b);
    close(fd);
}

/* 1000 connections at once: the oldest silent ones give way, a new client is served. */
static void test_thousand_connections(void **state)
{
    struct rlimit lim;
    getrlimit(RLIMIT_NOFILE, &lim);
    lim.rlim_cur = lim.rlim_max < 4096 ? lim.rlim_max : 4096;
    setrlimit(RLIMIT_NOFILE, &lim);
    static int fds[1000];
    for (int i = 0; i < 1000; i++) fds[i] = raw_connect();
    lp_control *c = client();
    int n = 0;
    assert_int_equal(lp_control_list(c, check_row, &n, NULL), LP_OK);
    lp_control_close(c);
    for (int i = 0; i < 1000; i++) close(fds[i]);
}

static void *revert_all(void *arg)
{
    lp_status *s = arg;
    lp_control *c = client();
    *s = lp_control_revert(c, NULL, 0, NULL, NULL, NULL, NULL, NULL);
    lp_control_close(c);
    return NULL;
}

/* While one client's change waits for the program, others look, and hundreds of silent ones do not push it out. */
static void test_work_does_not_block(void **state)
{
    int hold[2], n = 0;
    static int fds[200];
    lp_status s[2] = {LP_E_INTERNAL, LP_E_INTERNAL};
    pthread_t t[2];
    assert_int_equal(pipe(hold), 0);
    pthread_mutex_lock(&engine_lock);
    engine.hold = hold[0];
    pthread_mutex_unlock(&engine_lock);
    pthread_create(&t[0], NULL, revert_all, &s[0]);
    while (seen().calls == 0) usleep(1000);
    pthread_create(&t[1], NULL, revert_all, &s[1]);
    lp_control *c = client();
    for (int i = 0; i < 100; i++) assert_int_equal(lp_control_list(c, NULL, NULL, NULL), LP_OK);
    for (int i = 0; i < 200; i++) fds[i] = raw_connect();
    assert_int_equal(lp_control_list(c, check_row, &n, NULL), LP_OK);
    assert_int_equal(n, 2);
    assert_int_equal(seen().calls, 1); /* the second waits for the first */
    assert_int_equal(write(hold[1], "x", 1), 1);
    for (int i = 0; i < 2; i++) pthread_join(t[i], NULL);
    assert_true(s[0] == LP_OK && s[1] == LP_OK);
    assert_int_equal(seen().calls, 2);
    lp_control_close(c);
    for (int i = 0; i < 200; i++) close(fds[i]);
    close(hold[0]), close(hold[1]);
}

/* One that goes away while its change is being done or waits for that of another, and the end of the program meanwhile. */
static void test_gone_while_working(void **state)
{
    int hold[2], fd = raw_connect();
    assert_int_equal(pipe(hold), 0);
    pthread_mutex_lock(&engine_lock);
    engine.hold = hold[0];
    pthread_mutex_unlock(&engine_lock);
    say(fd, "arm64lp 1\nrevert 0 0 0\nlist\n");
    while (seen().calls == 0) usleep(1000);
    int queued = raw_connect();
    say(queued, "arm64lp 1\nrevert 0 0 0\n");
    lp_control *c = client();
    assert_int_equal(lp_control_list(c, NULL, NULL, NULL), LP_OK);
    close(queued);
    assert_int_equal(lp_control_list(c, NULL, NULL, NULL), LP_OK);
    assert_int_equal(seen().cancelled, 0);
    close(fd);
    while (seen().cancelled == 0) usleep(1000);
    assert_int_equal(write(hold[1], "x", 1), 1);
    assert_int_equal(lp_control_revert(c, NULL, 0, NULL, NULL, NULL, NULL, NULL), LP_OK);
    assert_int_equal(seen().calls, 2);
    assert_int_equal(seen().cancelled, 1);
    lp_control_close(c);
    close(hold[0]), close(hold[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_list), T(test_list_rows), T(test_revert), T(test_errors_come_back), T(test_apply), T(test_bad_patch_text), T(test_garbage),
        T(test_wrong_version), T(test_overlong_line), T(test_noise), T(test_byte_by_byte), T(test_half_and_silent),
        T(test_many_requests_in_one_write), T(test_thousand_connections), T(test_info), T(test_read_only), T(test_work_does_not_block),
        T(test_gone_while_working),
    };
    if (!make_dir()) return 99;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(dir);
    return failed;
}
