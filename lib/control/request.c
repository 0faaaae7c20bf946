/* control/request.c - lp_control_*: what is asked of a running program, and how its answers are read. */
#include <config.h>
#include <arm64lp/control.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "control/client.h"
#include "patch/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct answer {
    struct lp_live_result *result;
    lp_report_fn report;
    void *report_ctx;
    /* Lines that begin with `word` and have `fields` fields or more go to take(), which returns false for a malformed one. */
    const char *word;
    int fields;
    bool (*take)(struct answer *a, char **f);
    union {
        int (*row)(void *ctx, const struct lp_live_row *row);
        int (*place)(void *ctx, const struct lp_live_place *row);
        int (*function)(void *ctx, const struct lp_live_function *row);
        int (*event)(void *ctx, const struct lp_live_event *row);
    } fn;
    void *fn_ctx;
    struct lp_control *c;
    bool stopped; /* fn does not want more; the rest is read all the same */
};

static lp_status malformed(const struct lp_control *c, const char *what, struct lp_error *err)
{
    lp_fail(err, LP_E_PROTOCOL, "the answer is not understood: %.60s", what);
    return lp_control_fail(c, err);
}

/* Field i as a number. */
static bool number(char **f, int i, uint64_t *v) { return lp_control_number(f[i], UINT64_MAX, v); }
/* As a string; NULL if it is empty. */
static bool optional(char **f, int i, const char **s) { return lp_control_string(f[i]) && (*s = f[i][0] ? f[i] : NULL, true); }
static bool string(char **f, int i, const char **s) { return lp_control_string(f[i]) && (*s = f[i], true); }

static bool take_row(struct answer *a, char **f)
{
    struct lp_live_row row = {0};
    if (!string(f, 1, &row.name) || !optional(f, 2, &row.version) || !number(f, 3, &row.places) || !number(f, 4, &row.hits) ||
        !number(f, 5, &row.applied_ms) || !optional(f, 6, &row.note) || (f[7] && !number(f, 7, &row.trial_ms)) ||
        (f[7] && f[8] && !number(f, 8, &row.deadline_ms)))
        return false;
    if (a->fn.row && !a->stopped) a->stopped = a->fn.row(a->fn_ctx, &row) != 0;
    return true;
}

static bool take_place(struct answer *a, char **f)
{
    struct lp_live_place row;
    if (!string(f, 1, &row.patch) || !string(f, 2, &row.where) || !string(f, 3, &row.kind) || !number(f, 4, &row.addr) || !number(f, 5, &row.size) ||
        !number(f, 6, &row.hits) || !number(f, 7, &row.first_ms) || !number(f, 8, &row.last_ms) || !number(f, 9, &row.threads))
        return false;
    if (a->fn.place && !a->stopped) a->stopped = a->fn.place(a->fn_ctx, &row) != 0;
    return true;
}

static bool take_function(struct answer *a, char **f)
{
    struct lp_live_function row;
    if (!string(f, 1, &row.name) || !string(f, 2, &row.object) || !number(f, 3, &row.addr) || !number(f, 4, &row.size) || !optional(f, 5, &row.patch) ||
        !number(f, 6, &row.places) || !number(f, 7, &row.hits))
        return false;
    if (a->fn.function && !a->stopped) a->stopped = a->fn.function(a->fn_ctx, &row) != 0;
    return true;
}

static bool take_event(struct answer *a, char **f)
{
    struct lp_live_event row = {0};
    uint64_t pid;
    if (!number(f, 1, &row.time_ms) || !string(f, 2, &row.what) || !string(f, 3, &row.patch) || !optional(f, 4, &row.version) ||
        !lp_control_number(f[6], INT64_MAX, &pid) || !number(f, 7, &row.uid) || !string(f, 8, &row.text) ||
        (f[9] && !number(f, 9, &row.stopped_ns)))
        return false;
    row.status = lp_control_status(f[5]);
    row.pid = (int64_t)pid;
    if (a->fn.event && !a->stopped) a->stopped = a->fn.event(a->fn_ctx, &row) != 0;
    return true;
}

static bool take_result(struct answer *a, int n, char **f)
{
    uint64_t v[3], stopped = 0;
    for (int i = 0; i < 3; i++)
        if (n < 4 || !lp_control_number(f[i + 1], SIZE_MAX, &v[i])) return false;
    if (n > 4 && !number(f, 4, &stopped)) return false;
    if (a->result) *a->result = (struct lp_live_result){(size_t)v[0], (size_t)v[1], (size_t)v[2], stopped};
    return true;
}

/* Read answer lines up to the last one. */
static lp_status read_answer(struct lp_control *c, int64_t wait_ms, struct answer *a, struct lp_error *err)
{
    int64_t deadline = lp_now_ms() + wait_ms;
    for (;;) {
        char *line, *f[LP_CONTROL_FIELDS] = {NULL}, word[64];
        lp_status s = lp_control_read_line(c, deadline, &line, err);
        if (s) return s;
        snprintf(word, sizeof word, "%s", line);
        int n = lp_control_split(line, f);
        struct lp_error e;
        bool good = n > 0;
        if (good && strcmp(f[0], "ok") == 0) return take_result(a, n, f) ? LP_OK : malformed(c, word, err);
        if (good && a->word && strcmp(f[0], a->word) == 0) good = n >= a->fields && a->take(a, f);
        else if (good && (strcmp(f[0], "report") == 0 || strcmp(f[0], "error") == 0)) {
            good = n >= 8 && lp_control_get_error(f + 1, &e);
            if (good && f[0][0] == 'e') return *err = e, e.status;
            if (good && a->report) a->report(a->report_ctx, &e);
        } else good = false;
        if (!good) return malformed(c, word, err);
    }
}

static void put_request(struct lp_buf *b, const char *verb, size_t n, const struct lp_live_options *o)
{
    lp_buf_puts(b, verb);
    lp_control_put_number(b, n);
    lp_control_put_number(b, o ? o->flags : 0);
    lp_control_put_number(b, o ? o->deadline_ms : 0);
    if (o && o->trial_ms) lp_control_put_number(b, o->trial_ms); /* an older program, which knows no trials, refuses */
    lp_buf_puts(b, "\n");
}

static lp_status ask(struct lp_control *c, struct lp_buf *b, int64_t wait_ms, struct answer *a, struct lp_error *err)
{
    lp_status s = b->failed ? lp_fail(err, LP_E_NOMEM, "out of memory") : lp_control_send(c, b->data, b->len, err);
    lp_buf_free(b);
    return s ? s : read_answer(c, wait_ms, a, err);
}

static int longest(void *ms, const struct lp_live_row *row)
{
    if (row->deadline_ms > *(uint64_t *)ms) *(uint64_t *)ms = row->deadline_ms;
    return 0;
}

/* How long the answer may take: what is reverted, or leaves for what is applied, has a deadline of its own, too. */
static lp_status patience(lp_control *c, const struct lp_live_options *o, const lp_patch *const *patches, size_t n, int64_t *wait_ms, struct lp_error *err)
{
    uint64_t ms = LP_CONTROL_ANSWER_MS;
    lp_status s = o && o->deadline_ms ? LP_OK : lp_control_list(c, longest, &ms, err);
    for (size_t i = 0; i < n; i++)
        if (lp_patch_deadline_ms(patches[i]) > ms) ms = lp_patch_deadline_ms(patches[i]);
    if (o && o->deadline_ms) ms = o->deadline_ms;
    *wait_ms = LP_CONTROL_GRACE_MS + (int64_t)(ms < UINT32_MAX ? ms : UINT32_MAX);
    return s;
}

static lp_status put_patch(struct lp_buf *b, const lp_patch *p, struct lp_error *err)
{
    size_t len;
    char *text = lp_patch_print(p, &len);
    if (!text) return lp_fail(err, LP_E_NOMEM, "out of memory");
    if (len > LP_CONTROL_TEXT) {
        free(text);
        lp_fail(err, LP_E_INVALID, "the patch is %zu bytes long, at most %d can be sent", len, LP_CONTROL_TEXT);
        return lp_at(err, lp_patch_name(p), 0, 0), LP_E_INVALID;
    }
    lp_buf_puts(b, "patch");
    lp_control_put_number(b, len);
    lp_control_put_string(b, p->file); /* for messages; a patch without a name takes it from there too */
    lp_buf_puts(b, "\n");
    lp_buf_add(b, text, len);
    free(text);
    return LP_OK;
}

static lp_status too_many(size_t n, struct lp_error *err)
{
    return lp_fail(err, LP_E_INVALID, "%zu patches in one call, at most %d", n, LP_CONTROL_ITEMS);
}

lp_status lp_control_apply(lp_control *c, const lp_patch *const *patches, size_t n, const struct lp_live_options *o,
                           struct lp_live_result *result, lp_report_fn report, void *ctx, struct lp_error *err)
{
    struct lp_error local;
    if (!err) err = &local;
    if (n > LP_CONTROL_ITEMS) return too_many(n, err);
    struct lp_buf b = {0};
    int64_t wait_ms;
    lp_status bad = patience(c, o, patches, n, &wait_ms, err);
    if (bad) return bad;
    put_request(&b, "apply", n, o);
    for (size_t i = 0; i < n; i++) {
        lp_status s = put_patch(&b, patches[i], err);
        if (s) return lp_buf_free(&b), s;
    }
    struct answer a = {.result = result, .report = report, .report_ctx = ctx};
    return ask(c, &b, wait_ms, &a, err);
}

lp_status lp_control_revert(lp_control *c, const char *const *names, size_t n, const struct lp_live_options *o,
                            struct lp_live_result *result, lp_report_fn report, void *ctx, struct lp_error *err)
{
    struct lp_error local;
    if (!err) err = &local;
    if (n > LP_CONTROL_ITEMS) return too_many(n, err);
    struct lp_buf b = {0};
    int64_t wait_ms;
    lp_status bad = patience(c, o, NULL, 0, &wait_ms, err);
    if (bad) return bad;
    put_request(&b, "revert", n, o);
    for (size_t i = 0; i < n; i++) {
        lp_buf_puts(&b, "name");
        lp_control_put_string(&b, names[i]);
        lp_buf_puts(&b, "\n");
    }
    struct answer a = {.result = result, .report = report, .report_ctx = ctx};
    return ask(c, &b, wait_ms, &a, err);
}

/* A request of one line that is answered with lines. */
static lp_status look(lp_control *c, const char *request, struct answer *a, struct lp_error *err)
{
    struct lp_error local;
    struct lp_buf b = {0};
    lp_buf_puts(&b, request);
    a->c = c;
    return ask(c, &b, LP_CONTROL_LIST_MS, a, err ? err : &local);
}

lp_status lp_control_list(lp_control *c, int (*fn)(void *ctx, const struct lp_live_row *row), void *ctx, struct lp_error *err)
{
    struct answer a = {.word = "row", .fields = 7, .take = take_row, .fn.row = fn, .fn_ctx = ctx};
    return look(c, "list\n", &a, err);
}

lp_status lp_control_places(lp_control *c, int (*fn)(void *ctx, const struct lp_live_place *row), void *ctx, struct lp_error *err)
{
    struct answer a = {.word = "place", .fields = 10, .take = take_place, .fn.place = fn, .fn_ctx = ctx};
    return look(c, "places\n", &a, err);
}

lp_status lp_control_functions(lp_control *c, bool changed_only, int (*fn)(void *ctx, const struct lp_live_function *row), void *ctx, struct lp_error *err)
{
    struct answer a = {.word = "function", .fields = 8, .take = take_function, .fn.function = fn, .fn_ctx = ctx};
    return look(c, changed_only ? "functions 1\n" : "functions 0\n", &a, err);
}

lp_status lp_control_journal(lp_control *c, int (*fn)(void *ctx, const struct lp_live_event *row), void *ctx, struct lp_error *err)
{
    struct answer a = {.word = "event", .fields = 9, .take = take_event, .fn.event = fn, .fn_ctx = ctx};
    return look(c, "journal\n", &a, err);
}

/* The strings outlive the line that they came in. */
static bool take_status(struct answer *a, char **f)
{
    struct lp_control_info *out = a->fn_ctx, v = {0};
    uint64_t pid;
    size_t len = 0;
    if (!lp_control_number(f[1], INT64_MAX, &pid) || !lp_control_string(f[2]) || !number(f, 3, &v.patches) || !lp_control_string(f[5]) ||
        !number(f, 6, &v.dev) || !number(f, 7, &v.ino) || !lp_control_string(f[8]) || !number(f, 9, &v.started_ms) ||
        (f[10] && !number(f, 10, &v.bias)))
        return false;
    const char *const from[3] = {f[2], f[5], f[8]};
    const char **const to[3] = {&v.version, &v.exe, &v.build_id};
    for (int i = 0; i < 3; i++) len += strlen(from[i]) + 1;
    char *p = malloc(len);
    if (!p) return false;
    free(a->c->status);
    a->c->status = p;
    for (int i = 0; i < 3; i++) *to[i] = strcpy(p, from[i]), p += strlen(p) + 1;
    v.pid = (int64_t)pid;
    v.read_only = strcmp(f[4], "read-only") == 0;
    *out = v;
    return true;
}

lp_status lp_control_info(lp_control *c, struct lp_control_info *out, struct lp_error *err)
{
    struct answer a = {.word = "status", .fields = 10, .take = take_status, .fn_ctx = out};
    *out = (struct lp_control_info){.version = "", .exe = "", .build_id = ""};
    return look(c, "status\n", &a, err);
}

struct bytes { uint8_t *to; size_t n; };

static bool take_bytes(struct answer *a, char **f)
{
    struct bytes *b = a->fn_ctx;
    if (strlen(f[1]) != 2 * b->n) return false;
    for (size_t i = 0; i < b->n; i++) {
        int high = lp_hex_digit(f[1][2 * i]), low = lp_hex_digit(f[1][2 * i + 1]);
        if (high < 0 || low < 0) return false;
        b->to[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

lp_status lp_control_read(lp_control *c, uint64_t addr, void *buf, size_t len, struct lp_error *err)
{
    uint8_t *to = buf;
    for (size_t n; len; addr += n, to += n, len -= n) {
        char request[64];
        struct bytes b = {to, n = len < LP_CONTROL_BYTES ? len : LP_CONTROL_BYTES};
        struct answer a = {.word = "bytes", .fields = 2, .take = take_bytes, .fn_ctx = &b};
        snprintf(request, sizeof request, "read %" PRIu64 " %zu\n", addr, n);
        lp_status s = look(c, request, &a, err);
        if (s) return s;
    }
    return LP_OK;
}

static bool take_stats(struct answer *a, char **f)
{
    struct lp_live_stats *v = a->fn_ctx;
    uint64_t *const to[] = {&v->stops, &v->stop.last, &v->stop.median, &v->stop.p99, &v->stop.max,
                            &v->reach.last, &v->reach.median, &v->reach.p99, &v->reach.max};
    for (int i = 0; i < 9; i++)
        if (!number(f, i + 1, to[i])) return false;
    return true;
}

lp_status lp_control_stats(lp_control *c, struct lp_live_stats *out, struct lp_error *err)
{
    struct answer a = {.word = "stats", .fields = 10, .take = take_stats, .fn_ctx = out};
    *out = (struct lp_live_stats){0};
    return look(c, "stats\n", &a, err);
}
