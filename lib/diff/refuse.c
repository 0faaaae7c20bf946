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

static void fill(struct lp_error *e, const struct lp_side *s, enum lp_refusal id, va_list ap)
{
    char text[sizeof e->text];
    vsnprintf(text, sizeof text, rows[id].text, ap);
    lp_fail(e, LP_E_UNSUPPORTED, "%s: %.600s", rows[id].id, text);
    lp_at(e, lp_elf_info(s->elf)->name, 0, 0);
    lp_hint(e, "%s", rows[id].hint);
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
    fill(&e, s, id, ap);
    va_end(ap);
    deliver(d, &e);
}

static void unknown(struct lp_error *e, const struct lp_side *s, ...)
{
    va_list ap;
    va_start(ap, s);
    fill(e, s, LP_E110, ap);
    va_end(ap);
}

void lp_diff_refuse_name(lp_diff *d, const struct lp_side *s, const char *name, const char *text)
{
    struct lp_error e, near;
    const struct lp_elf_symbol *sym;
    unknown(&e, s, name, text);
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
