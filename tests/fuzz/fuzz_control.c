/* fuzz/fuzz_control.c - the server's side of the control protocol, fed in pieces; and the fields of answers, as the client reads them. */
#include <config.h>
#include "fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/error.h"
#include <sys/socket.h>
#include <unistd.h>
#include "control/client.h"
#include "control/protocol.h"
#include "control/session.h"

const char *const lp_fuzz_name = "control protocol";
const size_t lp_fuzz_prefixes = 100000, lp_fuzz_head = 0;
const char *const lp_fuzz_words[] = {
    "0", "1", "2", "-1", "4095", "4096", "4097", "67108864", "67108865", "18446744073709551615", "18446744073709551616", "arm64lp", "apply", "revert", "list",
    "status", "stats", "places", "functions", "journal", "place", "function", "event", "read-only", "patch", "name", "%00", "%2D", "%", "%f", "-", "", "error", "SYNTAX", "report", "ok", "\n", NULL};

enum { BUDGET = 1 << 20 };

static lp_status ran(struct lp_live_result *r, lp_report_fn report, void *rctx, struct lp_error *err, size_t n)
{
    *r = (struct lp_live_result){n, 0, 0, 1000};
    if (n % 3 != 2) return LP_OK;
    lp_fail(err, LP_E_BUSY, "no: %%, \n and \xc3\xa9");
    if (report) report(rctx, err);
    return LP_E_BUSY;
}
static lp_status apply(void *ctx, const lp_patch *const *p, size_t n, const struct lp_live_options *o, struct lp_live_result *r,
                       lp_report_fn report, void *rctx, struct lp_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!lp_patch_name(p[i])) abort();
    return ran(r, report, rctx, err, n);
}
static lp_status revert(void *ctx, const char *const *names, size_t n, const struct lp_live_options *o, struct lp_live_result *r,
                        lp_report_fn report, void *rctx, struct lp_error *err)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++) sum += strlen(names[i]);
    return ran(r, report, rctx, err, n + sum);
}
static lp_status list(void *ctx, int (*fn)(void *fctx, const struct lp_live_row *row), void *fctx, struct lp_error *err)
{
    fn(fctx, &(struct lp_live_row){"a patch", NULL, 1, UINT64_MAX, 5, NULL, 0, 0});
    return LP_OK;
}

static lp_status places(void *ctx, int (*fn)(void *fctx, const struct lp_live_place *row), void *fctx, struct lp_error *err)
{
    fn(fctx, &(struct lp_live_place){"p", "main+0x8", "site", UINT64_MAX, 4, 1, 2, 3, 4});
    return LP_OK;
}
static lp_status functions(void *ctx, bool changed, int (*fn)(void *fctx, const struct lp_live_function *row), void *fctx, struct lp_error *err)
{
    if (!changed) fn(fctx, &(struct lp_live_function){"a%b", "-", 1, 2, NULL, 0, 0});
    fn(fctx, &(struct lp_live_function){"main", "prog", 1, 2, "p", 1, UINT64_MAX});
    return LP_OK;
}
static lp_status journal(void *ctx, int (*fn)(void *fctx, const struct lp_live_event *row), void *fctx, struct lp_error *err)
{
    fn(fctx, &(struct lp_live_event){5, "refused", "p", NULL, LP_E_OLD_WORD, 12, 1000, "no: \n", 5});
    return LP_OK;
}
static lp_status stats(void *ctx, struct lp_live_stats *out, struct lp_error *err)
{
    *out = (struct lp_live_stats){1, {2, 3, 4, UINT64_MAX}, {5, 6, 7, 8}};
    return LP_OK;
}

static lp_status read_memory(void *ctx, uint64_t addr, void *buf, size_t len, struct lp_error *err)
{
    if (addr > UINT32_MAX) return lp_fail(err, LP_E_ADDRESS, "nothing is there");
    memset(buf, 0x5a, len);
    return LP_OK;
}

/* The other side: each line of the input as an answer. */
static void answers(const uint8_t *data, size_t len)
{
    char *text = malloc(len + 1), *field[LP_CONTROL_FIELDS];
    memcpy(text, data, len);
    text[len] = 0;
    for (char *line = text, *end; line < text + len; line = end + 1) {
        struct lp_error err;
        uint64_t v;
        end = strchrnul(line, '\n');
        *end = 0;
        int n = lp_control_split(line, field);
        if (n >= 1) (void)lp_control_number(field[0], UINT32_MAX, &v);
        if (n == 8 && lp_control_get_error(field + 1, &err)) {
            char shown[2048];
            lp_error_format(&err, shown, sizeof shown);
        } else {
            for (int i = 0; i < n; i++) (void)lp_control_string(field[i]);
        }
    }
    free(text);
}

/* The same as the answer to each request of a client; the server then goes away. */
static int take_event(void *ctx, const struct lp_live_event *e)
{
    return *(size_t *)ctx += strlen(e->patch) + strlen(e->text) + (e->version ? strlen(e->version) : 0), 0;
}
static int take_place(void *ctx, const struct lp_live_place *e) { return *(size_t *)ctx += strlen(e->patch) + strlen(e->where) + strlen(e->kind), 0; }
static int take_function(void *ctx, const struct lp_live_function *e)
{
    return *(size_t *)ctx += strlen(e->name) + strlen(e->object) + (e->patch ? strlen(e->patch) : 0), 0;
}
static int take_row(void *ctx, const struct lp_live_row *e) { return *(size_t *)ctx += strlen(e->name) + (e->version ? strlen(e->version) : 0), 0; }

static void client(const uint8_t *data, size_t len)
{
    for (int request = 0; request < 7; request++) {
        struct lp_control c = {.peer = "fuzz"};
        struct lp_control_info info;
        struct lp_live_stats v;
        uint8_t bytes[100];
        struct lp_error err;
        size_t sum = 0;
        int fd[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0) abort();
        c.fd = fd[0];
        if (send(fd[1], data, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && len) abort();
        shutdown(fd[1], SHUT_WR);
        lp_status s = request == 0 ? lp_control_list(&c, take_row, &sum, &err) : request == 1 ? lp_control_places(&c, take_place, &sum, &err)
                    : request == 2 ? lp_control_functions(&c, false, take_function, &sum, &err)
                    : request == 3 ? lp_control_journal(&c, take_event, &sum, &err) : request == 4 ? lp_control_info(&c, &info, &err)
                    : request == 5 ? lp_control_read(&c, 4096, bytes, sizeof bytes, &err) : lp_control_stats(&c, &v, &err);
        if (s == LP_OK && request == 4) sum += strlen(info.exe) + strlen(info.version) + strlen(info.build_id);
        if (s != LP_OK && !err.text[0]) abort();
        free(c.status);
        close(fd[0]), close(fd[1]);
    }
}

void lp_fuzz_one(const uint8_t *data, size_t len)
{
    static const struct lp_control_ops ops = {.apply = apply, .revert = revert, .list = list, .places = places, .functions = functions, .journal = journal,
                                              .stats = stats, .read = read_memory};
    static const struct lp_control_config config = {.path = "", .pid = 1, .ops = &ops};
    size_t budget = BUDGET, step = len % 7 ? len % 7 * 5 : len + 1;
    struct lp_session s;
    lp_session_open(&s, &config, &budget);
    for (size_t at = 0; at < len && !s.closing; at += step) {
        lp_session_feed(&s, (const char *)data + at, len - at < step ? len - at : step);
        do {
            s.out.len = 0; /* sent */
            if (s.ready) lp_session_work(&s);
            else lp_session_run(&s);
        } while (s.out.len || s.ready);
        (void)lp_session_half(&s);
    }
    lp_session_close(&s);
    if (budget != BUDGET) {
        fprintf(stderr, "%zu bytes of the budget are lost\n", BUDGET - budget);
        abort();
    }
    answers(data, len);
    client(data, len);
}

#define PATCH "lpatch 1\nname a\n@ main\n- 7100041f\n+ 7100081f\nend\n"
static const char talk[] = "arm64lp 1\nlist\nstatus\nplaces\nfunctions 0\nfunctions 1\njournal\nstats\nrevert 0 0 0\nrevert 2 4 250\nname one\nname two%20words%0A%25\nlist\n"
    "apply 2 0 0\npatch 52 a.lpatch\n" PATCH "patch 41 -\n4001000 D503201F NOP patch for debugging\n\nlist\napply 0 1 5000\nstatus\n";
static const char answer[] = "arm64lp 1\nreport SYNTAX 0 1 7 dir/x.lpatch no%20such%20word -\nrow a%20patch 1.2 3 18446744073709551615 1700000000123\n"
    "status 1 0.1.0 2 read-write /bin/x 1 2 00ff 5\nplace p main%2B0x8 site 4196352 4 1 2 3 4\nfunction main prog 1 2 p 1 5\nevent 5 refused p - OLD_WORD 12 1000 no\nerror OLD_WORD 2 4 5 greet:%20main found%20%25 do%20this\nok 1 2 3\n";

/* Answers to each request by itself. */
static const char *const alone[] = {
    "row a%20patch 1.2 3 18446744073709551615 1700000000123\nrow b - 1 0 5\nok 0 0 0\n",
    "place p main%2B0x8 site 4196352 4 1 2 3 4\nplace q 0x10 set 16 8 0 0 0 0 9\nok 0 0 0\n",
    "function main prog 4196352 20 p 1 5\nfunction a%25b - 1 2 - 0 0\nok 0 0 0\n",
    "event 5 refused p - OLD_WORD 12 1000 no%0A\nevent 6 applied p 1.2 OK 0 0 - 812345\nok 0 0 0 65000\n",
    "status 1 0.1.0 2 read-only /bin/a%20prog 7 18446744073709551615 00ff 12\nok 0 0 0\n",
    "stats 12 1 2 3 4 5 6 7 18446744073709551615\nok 0 0 0 0\n"};

const uint8_t *lp_fuzz_builtin(size_t i, size_t *len)
{
    const char *text = i == 0 ? talk : i == 1 ? answer : i - 2 < sizeof alone / sizeof *alone ? alone[i - 2] : NULL;
    *len = text ? strlen(text) : 0;
    return (const uint8_t *)text;
}
