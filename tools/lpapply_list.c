/* tools/lpapply_list.c - what is applied in running programs: patches, places, functions, the journal. */
#include <config.h>
#include "cli.h"
#include "lpapply.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct totals { uint64_t patches, places, hits; };

/* RFC 3339, UTC; "-" for never. */
static const char *when(uint64_t ms, char *buf, size_t size)
{
    time_t t = (time_t)(ms / 1000);
    struct tm tm;
    if (!ms || !gmtime_r(&t, &tm) || !strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &tm)) snprintf(buf, size, "-");
    return buf;
}

/* With milliseconds. */
static const char *when_exactly(uint64_t ms, char *buf, size_t size)
{
    when(ms, buf, size);
    size_t n = strlen(buf);
    if (ms) snprintf(buf + n - 1, size - n + 1, ".%03uZ", (unsigned)(ms % 1000));
    return buf;
}

/* A column of text: what is longer pushes the next. */
void column(const char *s, size_t width)
{
    out_text(s);
    for (size_t n = strlen(s); n < width; n++) out_puts(" ");
    out_puts(" ");
}

static void end_row(const struct target *t)
{
    out_uint("pid", (uint64_t)t->pid);
    out_end();
}

/* A time in a record: null for never. */
static void out_time(const char *key, uint64_t ms)
{
    char buf[40];
    out_str(key, ms ? when_exactly(ms, buf, sizeof buf) : NULL);
}

static int add_up(void *ctx, const struct lp_live_row *row)
{
    struct totals *t = ctx;
    t->patches++;
    t->places += row->places;
    t->hits += row->hits;
    return 0;
}

static int print_row(void *ctx, const struct lp_live_row *row)
{
    char time[32];
    when(row->applied_ms, time, sizeof time);
    if (cli.format == OUT_TEXT) {
        column(row->name, 24);
        out_printf("%-10s %8" PRIu64 " %12" PRIu64 "  %s%s", row->version ? row->version : "-", row->places, row->hits, time, row->note ? "  " : "");
        if (row->note) out_text(row->note);
        if (row->trial_ms) out_printf("%son trial for %.1f s", row->note ? ", " : "  ", (double)row->trial_ms / 1e3);
        out_puts("\n");
        return 0;
    }
    out_record("patch");
    out_str("name", row->name);
    out_str("version", row->version);
    out_uint("places", row->places);
    out_uint("hits", row->hits);
    out_str("applied", time);
    out_uint("pid", (uint64_t)((const struct target *)ctx)->pid);
    out_str("note", row->note);
    out_uint("trial_ms", row->trial_ms);
    out_end();
    return 0;
}

static int print_place(void *ctx, const struct lp_live_place *row)
{
    char first[40], last[40];
    if (cli.format == OUT_TEXT) {
        column(row->patch, 20);
        column(row->where, 24);
        out_printf("%-5s %12" PRIu64 " %3" PRIu64 "  %-24s %s\n", row->kind, row->hits, row->threads, when_exactly(row->first_ms, first, sizeof first),
                when_exactly(row->last_ms, last, sizeof last));
        return 0;
    }
    out_record("place");
    out_str("patch", row->patch);
    out_str("where", row->where);
    out_str("kind", row->kind);
    out_hex("address", row->addr);
    out_uint("size", row->size);
    out_uint("hits", row->hits);
    out_time("first", row->first_ms);
    out_time("last", row->last_ms);
    out_uint("threads", row->threads);
    end_row(ctx);
    return 0;
}

static int print_function(void *ctx, const struct lp_live_function *row)
{
    if (cli.format == OUT_TEXT) {
        out_printf("%c %016" PRIx64 " %8" PRIu64 " ", row->patch ? '*' : ' ', row->addr, row->size);
        if (!row->patch) out_text(row->name);
        else {
            column(row->name, 32);
            out_printf("%12" PRIu64 "  ", row->hits);
            out_text(row->patch);
        }
        out_puts("\n");
        return 0;
    }
    out_record("function");
    out_str("name", row->name);
    out_str("object", row->object);
    out_hex("address", row->addr);
    out_uint("size", row->size);
    out_str("patch", row->patch);
    out_uint("places", row->places);
    out_uint("hits", row->hits);
    end_row(ctx);
    return 0;
}

static void print_asker(const struct lp_live_event *row)
{
    if (row->pid) out_printf("  by process %" PRId64 " of user %" PRIu64, row->pid, row->uid);
    if (row->stopped_ns) out_printf(", stopped for %.3f ms", (double)row->stopped_ns / 1e6);
    if (row->text[0]) out_puts(": "), out_text(row->text);
    out_puts("\n");
}

static int print_event(void *ctx, const struct lp_live_event *row)
{
    char time[40];
    when_exactly(row->time_ms, time, sizeof time);
    if (cli.format == OUT_TEXT) {
        out_printf("%s  %-8s ", time, row->what);
        column(row->patch, 20);
        out_text(row->version ? row->version : "-");
        print_asker(row);
        return 0;
    }
    out_record("event");
    out_str("time", time);
    out_str("what", row->what);
    out_str("patch", row->patch);
    out_str("version", row->version);
    out_str("status", lp_status_name(row->status));
    if (row->pid) out_uint("by_pid", (uint64_t)row->pid), out_uint("by_uid", row->uid);
    else out_null("by_pid"), out_null("by_uid");
    out_str("reason", row->text[0] ? row->text : NULL);
    out_uint("pid", (uint64_t)((const struct target *)ctx)->pid);
    out_uint("stopped_ns", row->stopped_ns);
    out_end();
    return 0;
}

static void print_totals(const struct target *target, const struct totals *t, const struct lp_live_stats *v)
{
    const struct lp_live_stop *stop = &v->stop;
    if (cli.format == OUT_TEXT) {
        out_printf("patches %" PRIu64 "\nplaces  %" PRIu64 "\nhits    %" PRIu64 "\nstops   %" PRIu64, t->patches, t->places, t->hits, v->stops);
        if (v->stops) out_printf("  ms: last %.3f, median %.3f, p99 %.3f, max %.3f", (double)stop->last / 1e6, (double)stop->median / 1e6,
                              (double)stop->p99 / 1e6, (double)stop->max / 1e6);
        out_puts("\n");
        return;
    }
    out_record("stats");
    out_uint("patches", t->patches);
    out_uint("places", t->places);
    out_uint("hits", t->hits);
    out_uint("pid", (uint64_t)target->pid);
    out_uint("stops", v->stops);
    out_uint("stop_last_ns", stop->last), out_uint("stop_median_ns", stop->median), out_uint("stop_p99_ns", stop->p99), out_uint("stop_max_ns", stop->max);
    out_end();
}

static void heading(unsigned what)
{
    if (cli.format != OUT_TEXT || cli.level < 1) return;
    if (what == LOOK_LIST) out_printf("%-24s %-10s %8s %12s  %s\n", "NAME", "VERSION", "PLACES", "HITS", "APPLIED");
    if (what == LOOK_PLACES) out_printf("%-20s %-24s %-5s %12s %3s  %-24s %s\n", "PATCH", "PLACE", "KIND", "HITS", "OLD", "FIRST", "LAST");
    if (what == LOOK_FUNCTIONS) out_printf("  %-16s %8s %-32s %12s  %s\n", "ADDRESS", "SIZE", "NAME", "HITS", "PATCH");
}

static lp_status look(struct target *t, unsigned what, struct lp_error *err)
{
    struct totals totals = {0};
    heading(what);
    switch (what) {
    case LOOK_LIST: return lp_control_list(t->control, print_row, t, err);
    case LOOK_PLACES: return lp_control_places(t->control, print_place, t, err);
    case LOOK_FUNCTIONS: return lp_control_functions(t->control, opt.changed, print_function, t, err);
    case LOOK_JOURNAL: return lp_control_journal(t->control, print_event, t, err);
    default: break;
    }
    struct lp_live_stats stats;
    lp_status s = lp_control_list(t->control, add_up, &totals, err);
    if (s == LP_OK) s = lp_control_stats(t->control, &stats, err);
    if (s == LP_OK) print_totals(t, &totals, &stats);
    return s;
}

/* The worst status of all. A program that was found and has ended is left out. */
static lp_status list_one(struct target *t)
{
    static size_t shown;
    if (t->skipped) return LP_OK;
    if (t->status == LP_OK && !targets_one() && cli.format == OUT_TEXT) {
        out_printf("%s", shown++ ? "\n" : "");
        out_text(t->name);
        out_puts(":\n");
    }
    for (unsigned what = LOOK_LIST; what <= LOOK_JOURNAL && t->status == LP_OK; what *= 2)
        if (opt.look & what) t->status = look(t, what, &t->err);
    if (t->status == LP_OK || (t->found && t->state && strcmp(t->state, "gone") == 0)) return LP_OK;
    cli_report(NULL, &t->err);
    return t->status;
}

int do_list(void)
{
    int status = 0;
    targets_run(NULL, false, NULL);
    if (!out_open(opt.output)) return cli_exit_status(LP_E_IO);
    for (size_t i = 0; target_at(i); i++) {
        lp_status s = list_one(target_at(i));
        if (s) status = cli_exit_status(s);
    }
    if (!target_at(0) && cli.format == OUT_TEXT) cli_note(1, "no such program is running");
    if (!status || !targets_one()) return out_close() ? status : cli_exit_status(LP_E_IO);
    out_discard();
    return status;
}
