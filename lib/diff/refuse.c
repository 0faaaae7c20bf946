/* diff/refuse.c - reasons why there is no patch, and remarks. */
#include <config.h>
#include "diff/diff.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct { const char *id, *text, *hint; } rows[] = {
#define REFUSAL(id, text, hint) {#id, text, hint},
#include "diff/refuse.def"
#undef REFUSAL
};

/* What to do, as far as it is not done yet: the row's alternatives, the first one of which may be that linkers keep relocations or symbols, the last
 * one that GCC makes no section anchors. */
static void advise(const lp_diff *d, enum lp_refusal id, struct lp_error *e)
{
    static const char relink[] = "relink both files with -Wl,-q", symbols[] = ", or keep the symbols of both files (--debug, of stripped ones)";
    static const char anchors[] = "-fno-section-anchors";
    char hint[256];
    snprintf(hint, sizeof hint, "%s", rows[id].hint);
    char *rest = strncmp(hint, relink, sizeof relink - 1) == 0 ? hint + sizeof relink - 1 : NULL, *end = strstr(hint, symbols);
    if (end && OLD(d)->objects && NEW(d)->objects) *end = 0;
    const bool stripped = OLD(d)->stripped || NEW(d)->stripped, unnamed = !OLD(d)->objects || !NEW(d)->objects;
    const bool bare = !end && ((id == LP_E148 && (stripped || unnamed)) || (id == LP_E130 && stripped));
    const bool guess = id == LP_E110 && end && !(d->opt.flags & LP_DIFF_HEURISTIC);
    end = id == LP_E148 ? strstr(hint, anchors) : NULL;
    if (end && !lp_elf_made_by(OLD(d)->elf, "GCC")) snprintf(end, sizeof hint - (size_t)(end - hint), "-mno-global-merge");
    const char *todo = !rest || !OLD(d)->kept || !NEW(d)->kept ? hint : *rest ? rest + strlen(", or ") : "restart the program with the new file";
    lp_hint(e, "%s%s", bare ? "give both files with their symbols (--debug, of a stripped one); or " : guess ? "try --heuristic, or " : "", todo);
}

static void fill(const lp_diff *d, struct lp_error *e, const struct lp_side *s, enum lp_refusal id, va_list ap)
{
    char text[sizeof e->text];
    vsnprintf(text, sizeof text, rows[id].text, ap);
    lp_fail(e, LP_E_UNSUPPORTED, "%s: %.600s", rows[id].id, text);
    lp_at(e, lp_elf_info(s->elf)->name, 0, 0);
    advise(d, id, e);
}

static void deliver(lp_diff *d, const struct lp_error *e)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *c = e->text; *c; c++) hash = (hash ^ (uint8_t)*c) * UINT64_C(1099511628211);
    for (unsigned i = 0; i < d->refusals && i < LP_REFUSED_KEPT; i++)
        if (d->refused[i] == hash) return; /* said already */
    if (d->refusals < LP_REFUSED_KEPT) d->refused[d->refusals] = hash;
    if (!d->refusals++) d->first = *e;
    if (d->report) d->report(d->ctx, e);
}

void lp_diff_refuse(lp_diff *d, const struct lp_side *s, enum lp_refusal id, ...)
{
    struct lp_error e;
    va_list ap;
    va_start(ap, id);
    fill(d, &e, s, id, ap);
    va_end(ap);
    deliver(d, &e);
}

static void unknown(const lp_diff *d, struct lp_error *e, const struct lp_side *s, ...)
{
    va_list ap;
    va_start(ap, s);
    fill(d, e, s, LP_E110, ap);
    va_end(ap);
}

void lp_diff_refuse_name(lp_diff *d, const struct lp_side *s, const char *name, const char *text)
{
    struct lp_error e, near;
    const struct lp_elf_symbol *sym;
    unknown(d, &e, s, name, text);
    if (lp_elf_find(s->names, name, &sym, &near) == LP_E_SYMBOL) memcpy(e.hint, near.hint, sizeof e.hint);
    deliver(d, &e);
}

void lp_diff_remark(lp_diff *d, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0) return;
    for (const struct lp_remark *k = d->remark; k; k = k->next)
        if (strcmp(k->text, text) == 0) return;
    struct lp_remark *r = calloc(1, sizeof *r + strlen(text) + 1);
    if (!r) return;
    strcpy(r->text, text);
    *d->remark_end = r;
    d->remark_end = &r->next;
}

void lp_diff_remarks(const lp_diff *d, int (*fn)(void *ctx, const char *text), void *ctx)
{
    for (const struct lp_remark *r = d->remark; r; r = r->next)
        if (fn(ctx, r->text)) return;
}
