/* control/session.c - the server's side of the protocol. */
#include <config.h>
#include "control/session.h"
#include "control/protocol.h"
#include "base/error.h"
#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lp_request {
    bool revert;
    struct lp_live_options options;
    size_t want, have;  /* items */
    size_t bytes;       /* of patch text so far */
    lp_patch **patches; /* apply */
    char **names;       /* revert */
    lp_status status;   /* the first failure: later items are read and dropped, so that the answer comes at its place */
    struct lp_error err;
};

void lp_session_open(struct lp_session *s, const struct lp_control_config *config, size_t *budget)
{
    *s = (struct lp_session){.config = config, .budget = budget};
    lp_buf_puts(&s->out, LP_CONTROL_GREETING "\n");
}

static void free_request(struct lp_request *r)
{
    if (!r) return;
    for (size_t i = 0; r->patches && i < r->want; i++) lp_patch_free(r->patches[i]);
    for (size_t i = 0; r->names && i < r->want; i++) free(r->names[i]);
    free(r->patches);
    free(r->names);
    free(r);
}

void lp_session_close(struct lp_session *s)
{
    *s->budget += s->held;
    s->held = 0;
    lp_buf_free(&s->in);
    lp_buf_free(&s->out);
    free_request(s->request);
    free(s->text_name);
    s->request = NULL;
    s->text_name = NULL;
}

bool lp_session_half(const struct lp_session *s)
{
    return !s->greeted || s->request || s->in_text || s->in.len > s->used;
}

/* The conversation cannot go on. */
static void give_up(struct lp_session *s, lp_status status, const char *text)
{
    struct lp_error err;
    lp_fail(&err, status, "%s", text);
    lp_control_put_error(&s->out, "error", &err);
    s->closing = true;
}

void lp_session_feed(struct lp_session *s, const char *p, size_t n)
{
    if (s->closing) return;
    if (n > *s->budget) {
        give_up(s, LP_E_BUSY, "too much is being sent at once");
        return;
    }
    *s->budget -= n;
    s->held += n;
    lp_buf_add(&s->in, p, n);
    if (s->in.failed) give_up(s, LP_E_NOMEM, "out of memory");
}

/* Forget consumed input; an empty buffer gives its memory back. */
static void compact(struct lp_session *s)
{
    size_t left = s->in.len - s->used;
    *s->budget += s->used;
    s->held -= s->used;
    if (left == 0) lp_buf_free(&s->in);
    else if (s->used) {
        memmove(s->in.data, s->in.data + s->used, left + 1);
        s->in.len = left;
    }
    s->used = 0;
}

/* ---- answers ---- */

static void report(void *ctx, const struct lp_error *err)
{
    lp_control_put_error(&((struct lp_session *)ctx)->out, "report", err);
}

static int put_row(void *ctx, const struct lp_live_row *row)
{
    struct lp_buf *out = &((struct lp_session *)ctx)->out;
    lp_buf_puts(out, "row");
    lp_control_put_string(out, row->name);
    lp_control_put_string(out, row->version);
    lp_control_put_number(out, row->places);
    lp_control_put_number(out, row->hits);
    lp_control_put_number(out, row->applied_ms);
    lp_control_put_string(out, row->note);
    lp_control_put_number(out, row->trial_ms);
    lp_control_put_number(out, row->deadline_ms);
    lp_buf_puts(out, "\n");
    return out->failed;
}

static int count_row(void *ctx, const struct lp_live_row *row)
{
    (void)row;
    ++*(uint64_t *)ctx;
    return 0;
}

static void finish(struct lp_session *s, lp_status status, const struct lp_live_result *r, const struct lp_error *err)
{
    if (status) {
        lp_control_put_error(&s->out, "error", err);
        return;
    }
    lp_buf_puts(&s->out, "ok");
    lp_control_put_number(&s->out, r->applied);
    lp_control_put_number(&s->out, r->already);
    lp_control_put_number(&s->out, r->reverted);
    lp_control_put_number(&s->out, r->stopped_ns);
    lp_buf_puts(&s->out, "\n");
}

static int put_place(void *ctx, const struct lp_live_place *row)
{
    struct lp_buf *out = &((struct lp_session *)ctx)->out;
    const char *const text[] = {row->patch, row->where, row->kind};
    const uint64_t numbers[] = {row->addr, row->size, row->hits, row->first_ms, row->last_ms, row->threads};
    lp_buf_puts(out, "place");
    for (size_t i = 0; i < 3; i++) lp_control_put_string(out, text[i]);
    for (size_t i = 0; i < 6; i++) lp_control_put_number(out, numbers[i]);
    lp_buf_puts(out, "\n");
    return out->failed;
}

static int put_function(void *ctx, const struct lp_live_function *row)
{
    struct lp_buf *out = &((struct lp_session *)ctx)->out;
    lp_buf_puts(out, "function");
    lp_control_put_string(out, row->name);
    lp_control_put_string(out, row->object);
    lp_control_put_number(out, row->addr);
    lp_control_put_number(out, row->size);
    lp_control_put_string(out, row->patch);
    lp_control_put_number(out, row->places);
    lp_control_put_number(out, row->hits);
    lp_buf_puts(out, "\n");
    return out->failed;
}

static int put_event(void *ctx, const struct lp_live_event *row)
{
    struct lp_buf *out = &((struct lp_session *)ctx)->out;
    lp_buf_puts(out, "event");
    lp_control_put_number(out, row->time_ms);
    lp_control_put_string(out, row->what);
    lp_control_put_string(out, row->patch);
    lp_control_put_string(out, row->version);
    lp_control_put_string(out, lp_status_name(row->status));
    lp_control_put_number(out, (uint64_t)row->pid);
    lp_control_put_number(out, row->uid);
    lp_control_put_string(out, row->text);
    lp_control_put_number(out, row->stopped_ns);
    lp_buf_puts(out, "\n");
    return out->failed;
}

static void do_stats(struct lp_session *s)
{
    struct lp_error err;
    struct lp_live_result none = {0};
    struct lp_live_stats v;
    const struct lp_control_ops *ops = s->config->ops;
    lp_status status = ops->stats ? ops->stats(s->config->ctx, &v, &err) : lp_fail(&err, LP_E_UNSUPPORTED, "this program cannot say that");
    if (status == LP_OK) {
        const uint64_t numbers[] = {v.stops, v.stop.last, v.stop.median, v.stop.p99, v.stop.max, v.reach.last, v.reach.median, v.reach.p99, v.reach.max};
        lp_buf_puts(&s->out, "stats");
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) lp_control_put_number(&s->out, numbers[i]);
        lp_buf_puts(&s->out, "\n");
    }
    finish(s, status, &none, &err);
}

/* What is in the program's memory, patches and all. */
static void do_read(struct lp_session *s, uint64_t addr, uint64_t len)
{
    struct lp_error err;
    struct lp_live_result none = {0};
    uint8_t data[LP_CONTROL_BYTES];
    char text[2 * LP_CONTROL_BYTES + 1];
    const struct lp_control_ops *ops = s->config->ops;
    lp_status status = ops->read ? ops->read(s->config->ctx, addr, data, len, &err) : lp_fail(&err, LP_E_UNSUPPORTED, "this program cannot say that");
    if (status == LP_OK) {
        lp_hex(text, data, len);
        lp_buf_puts(&s->out, "bytes ");
        lp_buf_puts(&s->out, text);
        lp_buf_puts(&s->out, "\n");
    }
    finish(s, status, &none, &err);
}

/* list, places, functions, journal */
static void do_look(struct lp_session *s, const char *what, bool changed_only)
{
    const struct lp_control_ops *ops = s->config->ops;
    void *ctx = s->config->ctx;
    struct lp_error err;
    struct lp_live_result none = {0};
    lp_status status = what[0] == 'l' ? ops->list(ctx, put_row, s, &err)
                     : what[0] == 'p' && ops->places ? ops->places(ctx, put_place, s, &err)
                     : what[0] == 'f' && ops->functions ? ops->functions(ctx, changed_only, put_function, s, &err)
                     : what[0] == 'j' && ops->journal ? ops->journal(ctx, put_event, s, &err)
                     : lp_fail(&err, LP_E_UNSUPPORTED, "this program cannot say that");
    finish(s, status, &none, &err);
}

static void do_status(struct lp_session *s)
{
    struct lp_error err;
    struct lp_live_result none = {0};
    uint64_t patches = 0;
    lp_status status = s->config->ops->list(s->config->ctx, count_row, &patches, &err);
    if (status == LP_OK) {
        lp_buf_puts(&s->out, "status");
        lp_control_put_number(&s->out, (uint64_t)s->config->pid);
        lp_control_put_string(&s->out, lp_version());
        lp_control_put_number(&s->out, patches);
        lp_control_put_string(&s->out, s->config->read_only ? "read-only" : "read-write");
        lp_control_put_string(&s->out, s->config->exe);
        lp_control_put_number(&s->out, s->config->dev);
        lp_control_put_number(&s->out, s->config->ino);
        lp_control_put_string(&s->out, s->config->build_id);
        lp_control_put_number(&s->out, s->config->started_ms);
        lp_control_put_number(&s->out, s->config->bias);
        lp_buf_puts(&s->out, "\n");
    }
    finish(s, status, &none, &err);
}

void lp_session_work(struct lp_session *s)
{
    struct lp_request *r = s->request;
    const struct lp_control_ops *ops = s->config->ops;
    struct lp_live_result result = {0};
    lp_status status = r->status;
    if (status == LP_OK && r->revert)
        status = ops->revert(s->config->ctx, (const char *const *)r->names, r->want, &r->options, &result, report, s, &r->err);
    else if (status == LP_OK)
        status = ops->apply(s->config->ctx, (const lp_patch *const *)r->patches, r->want, &r->options, &result, report, s, &r->err);
    finish(s, status, &result, &r->err);
    free_request(r);
    s->request = NULL;
    s->ready = false;
}

/* ---- requests ---- */

static lp_status refuse(struct lp_error *err)
{
    lp_fail(err, LP_E_DENIED, "the program takes no orders that change it");
    return lp_hint(err, "it was started by lprun --read-only-control; -l and -n work"), LP_E_DENIED;
}

/* N FLAGS DEADLINE_MS [TRIAL_MS] */
static bool take_options(int n, char **f, uint64_t *items, struct lp_live_options *o)
{
    uint64_t flags, deadline, trial = 0;
    if (n < 4 || n > 5 || !lp_control_number(f[1], LP_CONTROL_ITEMS, items) || !lp_control_number(f[2], UINT32_MAX, &flags) ||
        !lp_control_number(f[3], UINT32_MAX, &deadline) || (n > 4 && !lp_control_number(f[4], UINT32_MAX, &trial)))
        return false;
    o->flags = (unsigned)flags;
    o->deadline_ms = (uint32_t)deadline;
    o->trial_ms = (uint32_t)trial;
    return !(flags & ~(uint64_t)(LP_LIVE_DRY_RUN | LP_LIVE_REPLACE | LP_LIVE_FORCE));
}

static bool is_gone(void *ctx) { return ((struct lp_session *)ctx)->gone; }

static void start_request(struct lp_session *s, int n, char **f)
{
    struct lp_live_options o = {.pid = s->pid, .uid = s->uid, .cancelled = is_gone, .cancel_ctx = s};
    uint64_t items;
    if (!take_options(n, f, &items, &o)) {
        give_up(s, LP_E_PROTOCOL, "expected: apply or revert, then the number of items, flags and deadline in milliseconds");
        return;
    }
    struct lp_request *r = calloc(1, sizeof *r);
    if (r) {
        r->revert = f[0][0] == 'r';
        r->options = o;
        r->want = (size_t)items;
        if (s->config->read_only && !(o.flags & LP_LIVE_DRY_RUN)) r->status = refuse(&r->err);
        if (r->revert) r->names = calloc(r->want + 1, sizeof *r->names);
        else r->patches = calloc(r->want + 1, sizeof *r->patches);
    }
    s->request = r;
    if (!r || (!r->names && !r->patches)) give_up(s, LP_E_NOMEM, "out of memory");
    else s->ready = r->want == 0;
}

static void take_name(struct lp_session *s, char *name)
{
    struct lp_request *r = s->request;
    char *copy = strdup(name);
    if (!copy) {
        give_up(s, LP_E_NOMEM, "out of memory");
        return;
    }
    r->names[r->have++] = copy;
    s->ready = r->have == r->want;
}

static void start_text(struct lp_session *s, uint64_t len, const char *name)
{
    if (len > LP_CONTROL_TEXT - s->request->bytes) {
        give_up(s, LP_E_PROTOCOL, "the patches of one request are longer than 64 MiB");
        return;
    }
    s->text_name = strdup(name);
    s->text_left = (size_t)len;
    s->in_text = true;
    if (!s->text_name) give_up(s, LP_E_NOMEM, "out of memory");
}

static void take_item(struct lp_session *s, int n, char **f)
{
    uint64_t len;
    bool revert = s->request->revert;
    if (revert && n == 2 && strcmp(f[0], "name") == 0 && lp_control_string(f[1])) take_name(s, f[1]);
    else if (!revert && n == 3 && strcmp(f[0], "patch") == 0 && lp_control_number(f[1], LP_CONTROL_TEXT, &len) &&
             lp_control_string(f[2]))
        start_text(s, len, f[2]);
    else give_up(s, LP_E_PROTOCOL, revert ? "expected: name NAME" : "expected: patch LENGTH NAME, at most 64 MiB");
}

/* A whole patch text is at the front of the input. The client has decided about unknown words already, hence RAW. */
static void take_text(struct lp_session *s)
{
    struct lp_request *r = s->request;
    const char *text = s->text_left ? s->in.data + s->used : "";
    if (r->status == LP_OK)
        r->status = lp_patch_parse(s->text_name, text, s->text_left, LP_PATCH_RAW, report, s, &r->patches[r->have], &r->err);
    r->bytes += s->text_left;
    s->used += s->text_left;
    r->have++;
    s->in_text = false;
    free(s->text_name);
    s->text_name = NULL;
    s->ready = r->have == r->want;
}

static void greet(struct lp_session *s, const char *line)
{
    s->greeted = lp_control_greets(line);
    if (!s->greeted) give_up(s, LP_E_PROTOCOL, "expected the greeting: " LP_CONTROL_GREETING);
}

static void take_line(struct lp_session *s, char *line)
{
    char *f[LP_CONTROL_FIELDS];
    uint64_t changed, addr, len;
    if (!s->greeted) {
        greet(s, line);
        return;
    }
    int n = lp_control_split(line, f);
    if (n < 1) give_up(s, LP_E_PROTOCOL, "too many fields");
    else if (s->request) take_item(s, n, f);
    else if (strcmp(f[0], "apply") == 0 || strcmp(f[0], "revert") == 0) start_request(s, n, f);
    else if (n == 1 && (strcmp(f[0], "list") == 0 || strcmp(f[0], "places") == 0 || strcmp(f[0], "journal") == 0)) do_look(s, f[0], false);
    else if (n == 2 && strcmp(f[0], "functions") == 0 && lp_control_number(f[1], 1, &changed)) do_look(s, f[0], changed == 1);
    else if (strcmp(f[0], "status") == 0 && n == 1) do_status(s);
    else if (strcmp(f[0], "stats") == 0 && n == 1) do_stats(s);
    else if (n == 3 && strcmp(f[0], "read") == 0 && lp_control_number(f[1], UINT64_MAX, &addr) && lp_control_number(f[2], LP_CONTROL_BYTES, &len) && len)
        do_read(s, addr, len);
    else give_up(s, LP_E_PROTOCOL, "expected: apply, revert, list, places, functions, journal, read, status or stats");
}

/* One step; false if more input is needed. */
static bool step(struct lp_session *s)
{
    size_t left = s->in.len - s->used;
    if (s->in_text) {
        if (left < s->text_left) return false;
        take_text(s);
        return true;
    }
    if (left == 0) return false;
    char *line = s->in.data + s->used, *end = memchr(line, '\n', left);
    if (end ? end - line > LP_CONTROL_LINE : left > LP_CONTROL_LINE) {
        give_up(s, LP_E_PROTOCOL, "a line is too long");
        return true;
    }
    if (!end) return false;
    s->used += (size_t)(end - line) + 1;
    *end = 0;
    if (strlen(line) != (size_t)(end - line)) give_up(s, LP_E_PROTOCOL, "a NUL byte in a line");
    else take_line(s, line);
    return true;
}

void lp_session_run(struct lp_session *s)
{
    while (!s->closing && !s->ready && s->out.len == 0 && step(s)) {}
    if (s->out.failed) s->closing = true;
    compact(s);
}
