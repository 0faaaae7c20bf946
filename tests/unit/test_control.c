/* The control server against well-behaved and other clients, with an engine that only notes what it is told. */
#include <config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "control/protocol.h"
#include "control/server.h"

/* ---- the engine ---- */

static struct engine {
    size_t n;
    char names[4][64];
    struct lp_live_options options;
    lp_status answer;
    int reports;
    int calls;
} engine;
/* The engine is called on the control thread. */
static pthread_mutex_t engine_lock = PTHREAD_MUTEX_INITIALIZER;

/* What it was told up to now. */
static struct engine seen(void)
{
    pthread_mutex_lock(&engine_lock);
    struct engine copy = engine;
    pthread_mutex_unlock(&engine_lock);
    return copy;
}

static void will_answer(lp_status s, int reports)
{
    pthread_mutex_lock(&engine_lock);
    engine.answer = s;
    engine.reports = reports;
    pthread_mutex_unlock(&engine_lock);
}

static lp_status act(const struct lp_live_options *o, lp_report_fn report, void *rctx, struct lp_error *err)
{
    engine.calls++;
    engine.options = *o;
    for (int i = 0; i < engine.reports; i++) {
        struct lp_error e;
        lp_fail(&e, LP_E_OLD_WORD, "found %d%%\n", i);
        lp_at(&e, "greet: main+0x8", (unsigned)i, 7);
        report(rctx, &e);
    }
    if (engine.answer == LP_OK) return LP_OK;
    lp_fail(err, engine.answer, "no: - and \x01 and \xc3\xa9");
    lp_at(err, "-", 0, 0);
    lp_hint(err, "try again");
    return engine.answer;
}

static lp_status fake_apply(void *ctx, const lp_patch *const *patches, size_t n, const struct lp_live_options *o,
                            struct lp_live_result *result, lp_report_fn report, void *rctx, struct lp_error *err)
{
    assert_ptr_equal(ctx, &engine);
    pthread_mutex_lock(&engine_lock);
    engine.n = n;
    for (size_t i = 0; i < n && i < 4; i++) snprintf(engine.names[i], 64, "%s", lp_patch_name(patches[i]));
    *result = (struct lp_live_result){.applied = n, .already = 2};
    lp_status s = act(o, report, rctx, err);
    pthread_mutex_unlock(&engine_lock);
    return s;
}

static lp_status fake_revert(void *ctx, const char *const *names, size_t n, const struct lp_live_options *o,
                             struct lp_live_result *result, lp_report_fn report, void *rctx, struct lp_error *err)
{
    assert_ptr_equal(ctx, &engine);
    pthread_mutex_lock(&engine_lock);
    engine.n = n;
    for (size_t i = 0; i < n && i < 4; i++) snprintf(engine.names[i], 64, "%s", names[i]);
    *result = (struct lp_live_result){.reverted = n};
    lp_status s = act(o, report, rctx, err);
    pthread_mutex_unlock(&engine_lock);
    return s;
}

static lp_status fake_list(void *ctx, int (*fn)(void *fctx, const struct lp_live_row *row), void *fctx, struct lp_error *err)
{
    assert_ptr_equal(ctx, &engine);
    struct lp_live_row rows[2] = {{"a patch", "1.2", 3, UINT64_MAX, 1700000000123}, {"b", NULL, 1, 0, 5}};
    for (int i = 0; i < 2; i++)
        if (fn(fctx, &rows[i])) break;
    return LP_OK;
}

static const struct lp_control_ops ops = {fake_apply, fake_revert, fake_list, NULL, NULL, NULL};

/* ---- the server under test ---- */

static char dir[] = "/tmp/test_control.XXXXXX", path[64];
static lp_control_server *server;

static lp_status start(const char *at, int min_fd, struct lp_error *err)
{
    struct lp_control_config config = {at, getpid(), min_fd, &ops, &engine};
    return lp_control_server_start(&config, &server, err);
}

static int setup(void **state)
{
    memset(&engine, 0, sizeof engine);
    struct lp_error err;
    if (start(path, 500, &err) == LP_OK) return 0;
    fprintf(stderr, "%s\n", err.text);
    return -1;
}

static int teardown(void **state)
{
    lp_control_server_stop(server);
    server = NULL;
    return access(path, F_OK) == 0 ? -1 : 0;
}

static int raw_connect(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strcpy(a.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    struct timeval limit = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

static void say(int fd, const char *text) { assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text)); }

/* Everything until the server closes, or until `until` was seen. */
static const char *hear(int fd, const char *until)
{
    static char text[65536];
    size_t n = 0;
    for (;;) {
        ssize_t got = recv(fd, text + n, sizeof text - 1 - n, 0);
        assert_true(got >= 0);
        text[n += (size_t)got] = 0;
        if (got == 0 || (until && strstr(text, until))) return text;
    }
}

static void expect_refusal(const char *said, const char *answer)
{
    int fd = raw_connect();
    say(fd, said);
    assert_non_null(strstr(hear(fd, NULL), answer));
    close(fd);
}

static lp_control *client(void)
{
    lp_control *c = NULL;
    struct lp_error err;
    assert_int_equal(lp_control_open(path, &c, &err), LP_OK);
    return c;
}

/* ---- requests ---- */

static void test_list(void **state)
{
    lp_control *c = client();
    struct lp_error err;
    int fd = raw_connect();
    say(fd, "arm64lp 1\nlist\n");
    assert_string_equal(hear(fd, "\nok"), "arm64lp 1\nrow a%20patch 1.2 3 18446744073709551615 1700000000123\nrow b - 1 0 5\nok 0 0 0\n");
    say(fd, "status\n");
    assert_non_null(strstr(hear(fd, "\nok"), " 0.1.0 2\nok"));
    close(fd);
    assert_int_equal(lp_control_list(c, NULL, NULL, &err), LP_OK);
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
    struct lp_live_options o = {LP_LIVE_FORCE, 250};
    struct lp_live_result r;
    assert_int_equal(lp_control_revert(c, names, 2, &o, &r, NULL, NULL, NULL), LP_OK);
    assert_int_equal(r.reverted, 2);
    assert_int_equal(seen().n, 2);
    assert_string_equal(seen().names[1], names[1]);
    assert_int_equal(seen().options.flags, LP_LIVE_FORCE);
    assert_int_equal(seen().options.deadline_ms, 250);
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
    expect_refusal("arm64lp 1\napply 1 0 0\nname x\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\napply 1 0 0\npatch 99999999999 x\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\nrevert 1 0 0\nname %zz\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\nrevert 1 0 0\nname %00\n", "error PROTOCOL");
    expect_refusal("arm64lp 1\na b c d e f g h i j k l m n\n", "error PROTOCOL");
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
    assert_non_null(strstr(hear(fd, "\nok"), "\nok 0 0 1\n"));
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
    assert_non_null(strstr(hear(half, "\nok"), "\nok 0 2 0\n"));
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

/* ---- the socket ---- */

static void test_descriptors_are_high(void **state)
{
    int probe = open("/dev/null", O_RDONLY);
    assert_true(probe >= 0 && probe < 500);
    int n = 0;
    for (int fd = 500; fd < 520; fd++) n += fcntl(fd, F_GETFD) >= 0;
    assert_int_equal(n, 3); /* listener and both ends of the wake pipe */
    lp_control *c = client();
    assert_int_equal(lp_control_list(c, NULL, NULL, NULL), LP_OK);
    n = 0;
    for (int fd = 500; fd < 520; fd++) n += fcntl(fd, F_GETFD) >= 0;
    assert_int_equal(n, 4);
    lp_control_close(c);
    close(probe);
}

static void test_mode_and_second_server(void **state)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    lp_control_server *first = server;
    struct lp_error err;
    assert_int_equal(start(path, 0, &err), LP_E_IO); /* in use: not taken away */
    assert_string_equal(err.where, path);
    server = first;
    lp_control *c = client();
    lp_control_close(c);
}

static void test_stale_file_is_replaced(void **state)
{
    lp_control_server_stop(server);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strcpy(a.sun_path, path);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    close(fd); /* as after SIGKILL */
    struct lp_error err;
    lp_control *c;
    assert_int_equal(lp_control_open(path, &c, &err), LP_E_GONE);
    assert_int_equal(start(path, 0, &err), LP_OK);
}

static void test_other_file_is_kept(void **state)
{
    lp_control_server_stop(server);
    server = NULL;
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    close(fd);
    struct lp_error err;
    assert_int_equal(start(path, 0, &err), LP_E_IO);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(start("/nonexistent/x.sock", 0, &err), LP_E_IO);
    char longpath[300];
    memset(longpath, 'a', 299);
    longpath[299] = 0;
    assert_int_equal(start(longpath, 0, &err), LP_E_INVALID);
}

static void test_client_errors(void **state)
{
    lp_control *c;
    struct lp_error err;
    assert_int_equal(lp_control_open("/nonexistent/x.sock", &c, &err), LP_E_NOT_FOUND);
    assert_true(err.hint[0]);
    assert_int_equal(lp_control_open_pid(0, &c, &err), LP_E_NOT_FOUND);
    assert_int_equal(lp_control_open_pid(1 << 30, &c, &err), LP_E_NOT_FOUND);
    c = client();
    lp_control_server_stop(server);
    server = NULL;
    assert_int_equal(lp_control_list(c, NULL, NULL, &err), LP_E_GONE);
    lp_control_close(c);
}

/* The program at the other end is something else, or newer. */
static void test_client_wrong_server(void **state)
{
    static const char *const greetings[] = {"arm64lp 2\n", "220 mail ready\n", ""};
    lp_control_server_stop(server);
    server = NULL;
    for (size_t i = 0; i < 3; i++) {
        int l = socket(AF_UNIX, SOCK_STREAM, 0);
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        strcpy(a.sun_path, path);
        assert_int_equal(bind(l, (struct sockaddr *)&a, sizeof a), 0);
        listen(l, 1);
        pid_t pid = fork();
        if (pid == 0) {
            int fd = accept(l, NULL, NULL);
            send(fd, greetings[i], strlen(greetings[i]), MSG_NOSIGNAL);
            _exit(0);
        }
        lp_control *c;
        struct lp_error err;
        assert_int_equal(lp_control_open(path, &c, &err), i < 2 ? LP_E_PROTOCOL : LP_E_GONE);
        waitpid(pid, NULL, 0);
        close(l);
        unlink(path);
    }
}

static void test_default_path_and_pid(void **state)
{
    lp_control_server_stop(server);
    server = NULL;
    setenv("XDG_RUNTIME_DIR", dir, 1);
    struct lp_error err;
    assert_int_equal(start(NULL, 0, &err), LP_OK);
    char want[128];
    snprintf(want, sizeof want, "%s/arm64lp/%d.sock", dir, (int)getpid());
    assert_string_equal(lp_control_server_path(server), want);
    struct stat st;
    snprintf(want, sizeof want, "%s/arm64lp", dir);
    assert_int_equal(stat(want, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    lp_control *c;
    assert_int_equal(lp_control_open_pid(getpid(), &c, &err), LP_OK);
    assert_int_equal(lp_control_list(c, NULL, NULL, NULL), LP_OK);
    lp_control_close(c);
    lp_control_server_stop(server);
    server = NULL;
    assert_int_equal(lp_control_open_pid(getpid(), &c, &err), LP_E_NOT_FOUND);
    assert_int_equal(rmdir(want), 0);
}

static void test_hostile_directory(void **state)
{
    char sub[128], buf[256];
    struct lp_error err;
    setenv("XDG_RUNTIME_DIR", dir, 1);
    snprintf(sub, sizeof sub, "%s/arm64lp", dir);
    assert_int_equal(symlink("/tmp", sub), 0);
    assert_int_equal(lp_control_dir(buf, sizeof buf, true, &err), LP_E_DENIED);
    unlink(sub);
    close(open(sub, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(lp_control_dir(buf, sizeof buf, true, &err), LP_E_DENIED);
    unlink(sub);
    assert_int_equal(lp_control_dir(buf, sizeof buf, false, &err), LP_E_NOT_FOUND);
}

/* Not under ThreadSanitizer: it cannot start a thread in the child of a process with threads. */
#ifndef __SANITIZE_THREAD__
/* The child drops what it inherited and serves its own socket; the parent's goes on. */
static void test_fork(void **state)
{
    setenv("XDG_RUNTIME_DIR", dir, 1);
    int idle = raw_connect(), ready[2], done[2];
    say(idle, "arm64lp 1\n");
    hear(idle, "\n");
    assert_int_equal(pipe(ready) | pipe(done), 0);
    lp_control_server_before_fork(server);
    pid_t pid = fork();
    if (pid == 0) {
        char c = lp_control_server_after_fork(server, getpid(), NULL) == LP_OK;
        if (write(ready[1], &c, 1) != 1 || read(done[0], &c, 1) != 1) _exit(2);
        lp_control_server_stop(server);
        _exit(access(path, F_OK) == 0 ? 0 : 1);
    }
    lp_control_server_after_fork_parent(server);
    close(ready[1]);
    close(done[0]);
    char c = 0;
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(c, 1);
    lp_control *own = client(), *childs;
    struct lp_error err;
    assert_int_equal(lp_control_open_pid(pid, &childs, &err), LP_OK);
    assert_int_equal(lp_control_list(own, NULL, NULL, NULL), LP_OK);
    assert_int_equal(lp_control_list(childs, NULL, NULL, NULL), LP_OK);
    assert_int_equal(seen().calls, 0);
    lp_control_close(own);
    lp_control_close(childs);
    int status;
    assert_int_equal(write(done[1], "x", 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    close(ready[0]);
    close(done[1]);
    close(idle);
    char sub[128];
    snprintf(sub, sizeof sub, "%s/arm64lp", dir);
    assert_int_equal(rmdir(sub), 0); /* the child's socket file is gone */
}
#endif

static void test_signals_are_blocked(void **state)
{
    lp_control_close(client()); /* it runs */
    FILE *f = popen("grep -h SigBlk /proc/$PPID/task/*/status | sort -u", "r");
    char line[128];
    bool blocked = false;
    while (fgets(line, sizeof line, f)) blocked |= strstr(line, "fffffffffffbfeff") != NULL;
    pclose(f);
    assert_true(blocked); /* all but SIGKILL and SIGSTOP */
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_list), T(test_list_rows), T(test_revert), T(test_errors_come_back), T(test_apply), T(test_bad_patch_text),
        T(test_garbage), T(test_wrong_version), T(test_overlong_line), T(test_noise), T(test_byte_by_byte),
        T(test_half_and_silent), T(test_many_requests_in_one_write), T(test_thousand_connections),
        T(test_descriptors_are_high), T(test_mode_and_second_server), T(test_stale_file_is_replaced),
        T(test_other_file_is_kept), T(test_client_errors), T(test_client_wrong_server), T(test_default_path_and_pid),
        T(test_hostile_directory), T(test_signals_are_blocked),
#ifndef __SANITIZE_THREAD__
        T(test_fork),
#endif
    };
    if (!mkdtemp(dir)) return 99;
    snprintf(path, sizeof path, "%s/s.sock", dir);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(dir);
    return failed;
}
