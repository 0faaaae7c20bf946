/* patch/check.c - checks that need the whole patch: overlapping places, names defined twice. */
#include <config.h>
#include "patch/block.h"

#include <stdlib.h>
#include <string.h>

struct range { const char *symbol; uint64_t start, end; uint32_t object, line; };

static int by_place(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    if (x->object != y->object) return x->object < y->object ? -1 : 1;
    int c = strcmp(x->symbol, y->symbol);
    if (c) return c;
    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

uint64_t lp_item_extent(const struct lp_item *it)
{
    switch (it->kind) {
    case LP_ITEM_SITE: return 4 * (uint64_t)it->site.count;
    case LP_ITEM_SEED: return 4;
    case LP_ITEM_FUNC: return it->func->is_new ? 0 : it->func->old_size;
    case LP_ITEM_SET: return it->set->len;
    default: return 0;
    }
}

/* Places that are written with the same symbol; what different symbols name is known only with the object at hand (resolve.c). */
static void check_overlaps(struct lp_parse *ps)
{
    const struct lp_patch *p = ps->patch;
    size_t n = 0;
    struct range *v = malloc((p->nitem + 1) * sizeof *v);
    if (!v) {
        lp_lex_nomem(ps);
        return;
    }
    for (size_t i = 0; i < p->nitem; i++) {
        const struct lp_item *it = &p->item[i];
        uint64_t len = lp_item_extent(it), end = it->place.off + len;
        if (len && end < len) lp_lex_fail_line(ps, it->line, LP_E_ADDRESS, "the place is at the end of the address space");
        else if (len) v[n++] = (struct range){it->place.symbol ? it->place.symbol : "", it->place.off, end, it->object, it->line};
    }
    qsort(v, n, sizeof *v, by_place);
    for (size_t i = 1, last = 0; i < n; i++) { /* last: the range that reaches furthest */
        bool same = v[i].object == v[last].object && strcmp(v[i].symbol, v[last].symbol) == 0;
        if (same && v[i].start < v[last].end) {
            const struct range *a = &v[last], *b = &v[i];
            if (a->line > b->line) a = &v[i], b = &v[last];
            ps->other = a->line;
            lp_lex_fail_line(ps, b->line, LP_E_OVERLAP, "this place overlaps the one in line %u", a->line);
        }
        if (!same || v[i].end > v[last].end) last = i;
    }
    free(v);
}

static int by_name(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    int c = strcmp(x->symbol, y->symbol);
    return c ? c : (x->line > y->line) - (x->line < y->line);
}

/* `data` and `func ... new` define names for the whole patch. */
static void check_names(struct lp_parse *ps)
{
    const struct lp_patch *p = ps->patch;
    size_t n = 0;
    struct range *v = malloc((p->nitem + 1) * sizeof *v);
    if (!v) {
        lp_lex_nomem(ps);
        return;
    }
    for (size_t i = 0; i < p->nitem; i++) {
        const struct lp_item *it = &p->item[i];
        if (it->kind == LP_ITEM_DATA || (it->kind == LP_ITEM_FUNC &&
                it->func->is_new)) v[n++] = (struct range){.symbol = it->place.symbol, .line = it->line};
    }
    qsort(v, n, sizeof *v, by_name);
    for (size_t i = 1; i < n; i++)
        if (strcmp(v[i].symbol, v[i - 1].symbol) == 0)
            lp_lex_fail_line(ps, v[i].line, LP_E_SYNTAX, "`%.100s` is defined in line %u already", v[i].symbol, v[i - 1].line);
    free(v);
}

void lp_check_parsed(struct lp_parse *ps)
{
    bool lenient = ps->patch->seed && ps->flags & LP_PATCH_LENIENT; /* the original takes a later line for the same address */
    if (ps->status == LP_E_NOMEM) return;
    if (!lenient) check_overlaps(ps);
    check_names(ps);
}
