/* control_rig.h - a control server with an engine that only notes what it is told. */
#ifndef TESTS_UNIT_CONTROL_RIG_H
#define TESTS_UNIT_CONTROL_RIG_H
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
    int cancelled;
    int hold; /* a descriptor: a call waits until something can be read there */
} engine;
/* The engine is called on the control thread. */
static pthread_mutex_t engine_lock = PTHREAD_MUTEX_INITIALIZER;

/* What it was told up to now. */
static inline struct engine seen(void)
{
    pthread_mutex_lock(&engine_lock);
    struct engine copy = engine;
    pthread_mutex_unlock(&engine_lock);
    return copy;
}

static inline void will_answer(lp_status s, int reports)
{
    pthread_mutex_lock(&engine_lock);
    engine.answer = s;
    engine.reports = reports;
    pthread_mutex_unlock(&engine_lock);
}

static inline lp_status act(const struct lp_live_options *o, lp_report_fn report, void *rctx, struct lp_error *err)
{
    engine.calls++;
    engine.options = *o;
    for (int i = 0; i < engine.reports; i++) {
        struct lp_error e;
        lp_fail(&e, LP_E_OLD_WORD, "found %d%%\n", i);
        lp_at(&e, "greet: main+0x8", (unsigned)i, 7);
        report(rctx, &e);
    }
    if (engine.hold) {
        struct pollfd p = {engine.hold, POLLIN, 0};
        pthread_mutex_unlock(&engine_lock); /* as a call that waits for the program */
        for (int i = 0; i < 2000 && !o->cancelled(o->cancel_ctx) && poll(&p, 1, 10) == 0; i++) { }
        pthread_mutex_lock(&engine_lock);
        engine.cancelled += o->cancelled(o->cancel_ctx);
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

static inline lp_status fake_list(void *ctx, int (*fn)(void *fctx, const struct lp_live_row *row), void *fctx, struct lp_error *err)
{
    assert_ptr_equal(ctx, &engine);
    struct lp_live_row rows[2] = {{"a patch", "1.2", 3, UINT64_MAX, 1700000000123, NULL, 30000, 70000}, {"b", NULL, 1, 0, 5, "waits for libb.so", 0, 0}};
    for (int i = 0; i < 2; i++)
        if (fn(fctx, &rows[i])) break;
    return LP_OK;
}

/* Every byte is its address, up to 1 MiB. */
static inline lp_status fake_read(void *ctx, uint64_t addr, void *buf, size_t len, struct lp_error *err)
{
    (void)ctx;
    if (addr + len > 1 << 20) return lp_fail(err, LP_E_ADDRESS, "nothing is there");
    for (size_t i = 0; i < len; i++) ((uint8_t *)buf)[i] = (uint8_t)(addr + i);
    return LP_OK;
}

static const struct lp_control_ops ops = {.apply = fake_apply, .revert = fake_revert, .list = fake_list, .read = fake_read};

/* ---- the server under test ---- */

static char dir[] = "/tmp/test_control.XXXXXX", path[64], sub[64]; /* sub: the private folder of the default sockets */
static lp_control_server *server;
static bool read_only;
/* The group's folder. */
static inline bool make_dir(void)
{
    if (!mkdtemp(dir)) return false;
    snprintf(path, sizeof path, "%s/s.sock", dir);
    snprintf(sub, sizeof sub, "%s/arm64lp", dir);
    return setenv("XDG_RUNTIME_DIR", dir, 1) == 0;
}

static inline lp_status start(const char *at, int min_fd, struct lp_error *err)
{
    struct lp_control_config config = {.path = at, .pid = getpid(), .min_fd = min_fd, .ops = &ops, .ctx = &engine, .read_only = read_only,
                                       .exe = "/bin/a prog", .dev = 7, .ino = UINT64_MAX, .build_id = "00ff", .started_ms = 12, .bias = 65536};
    return lp_control_server_start(&config, &server, err);
}

static inline int setup(void **state)
{
    memset(&engine, 0, sizeof engine);
    struct lp_error err;
    if (start(path, 500, &err) == LP_OK) return 0;
    fprintf(stderr, "%s\n", err.text);
    return -1;
}

static inline int teardown(void **state)
{
    lp_control_server_stop(server);
    server = NULL;
    read_only = false;
    rmdir(sub);
    return access(path, F_OK) == 0 || access(sub, F_OK) == 0 ? -1 : 0;
}

static inline int raw_connect(void)
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

static inline void say(int fd, const char *text) { assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text)); }

/* Everything until the server closes, or until `until` was seen. */
static inline const char *hear(int fd, const char *until)
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

static inline void expect_refusal(const char *said, const char *answer)
{
    int fd = raw_connect();
    say(fd, said);
    assert_non_null(strstr(hear(fd, NULL), answer));
    close(fd);
}

static inline lp_control *client(void)
{
    lp_control *c = NULL;
    struct lp_error err;
    assert_int_equal(lp_control_open(path, &c, &err), LP_OK);
    return c;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#endif
