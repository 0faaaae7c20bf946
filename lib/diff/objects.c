/* diff/objects.c - the data that a patch writes or brings, as rows. */
#include <config.h>
#include "diff/diff.h"
#include "elf/spec.h"
#include "patch/model.h"

#include <stdio.h>
#include <string.h>

enum { SOME = 8, LETTERS = 48 }; /* bytes, and letters of a text, that are shown */

static void put_value(struct lp_buf *out, const struct lp_value *v, uint32_t len)
{
    if (v->any) lp_buf_puts(out, "anything");
    else if (v->expr && v->expr->symbol) lp_buf_printf(out, v->expr->addend ? "&%s%+lld" : "&%s", v->expr->symbol, (long long)v->expr->addend);
    else if (v->expr) lp_buf_printf(out, "&0x%llx", (unsigned long long)v->expr->addr + (unsigned long long)v->expr->addend);
    for (uint32_t i = 0; v->bytes && !v->expr && !v->any && i < len && i < SOME; i++) lp_buf_printf(out, i ? " %02x" : "%02x", v->bytes[i]);
    if (v->bytes && !v->expr && !v->any && len > SOME) lp_buf_puts(out, " ..");
}

/* The text that new data is; nothing if it is none. */
static void put_text(struct lp_buf *out, const struct lp_datum *x)
{
    const struct lp_chunk *c = x->chunk;
    uint64_t n = 0;
    if (x->nchunk < 1 || c->kind != LP_CHUNK_BYTES) return;
    while (n < c->len && c->bytes[n] >= ' ' && c->bytes[n] < 127) n++;
    const bool whole = n + 1 == c->len && x->nchunk == 1 && !c->bytes[n];
    if (!n || (!whole && n < LETTERS)) return;
    lp_quote(out, (const char *)c->bytes, n < LETTERS ? n : LETTERS);
    if (n > LETTERS) lp_buf_puts(out, " ..");
}

static int give(const struct lp_item *it, int (*fn)(void *, const struct lp_diff_object *), void *ctx)
{
    static const char *const section[] = {[LP_RODATA] = "rodata", [LP_DATA] = "data", [LP_BSS] = "bss"};
    struct lp_buf text = {0};
    struct lp_diff_object o = {.name = it->place.symbol, .off = it->place.off, .brought = it->kind == LP_ITEM_DATA};
    if (o.brought) {
        o.size = it->data->size, o.section = section[it->data->section];
        put_text(&text, it->data);
    } else {
        o.size = it->set->len;
        put_value(&text, &it->set->old_value, it->set->len);
        lp_buf_puts(&text, " -> ");
        put_value(&text, &it->set->new_value, it->set->len);
    }
    if (text.data && !text.failed) snprintf(o.detail, sizeof o.detail, "%.250s", text.data);
    lp_buf_free(&text);
    return fn(ctx, &o);
}

void lp_diff_objects(const lp_diff *d, int (*fn)(void *ctx, const struct lp_diff_object *o), void *ctx)
{
    for (size_t i = 0; d->patch && i < d->patch->nitem; i++) {
        const struct lp_item *it = &d->patch->item[i];
        if ((it->kind == LP_ITEM_DATA || it->kind == LP_ITEM_SET) && give(it, fn, ctx)) return;
    }
}
