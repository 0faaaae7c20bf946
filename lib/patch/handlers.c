/* patch/handlers.c - exception tables of new bodies: a datum of the patch, which the object's own language reads. */
#include <config.h>
#include "elf/lsda.h"
#include "patch/plan.h"

/* ---- who reads it ---- */

/* An address of the function whose personality routine is the body's. 0: there is none. */
static uint64_t find_like(struct lp_plan *pl, const struct lp_def *d)
{
    const struct lp_item *it = d->item;
    const struct lp_target *t = pl->bound[it->object];
    struct lp_fde f;
    uint64_t old = 0;
    const bool has_old = !it->func->is_new && lp_plan_place(pl, it, NULL, &old);
    old -= t->bias;
    return lp_elf_lsda_reader(t->elf, old, old + (has_old ? it->func->old_size : 0), &f) ? f.start + f.lead : 0;
}

/* ---- what it says ---- */

/* All places are in the body, to which they are relative. */
static const char *wrong_table(const struct lp_plan *pl, const struct lp_def *d, const struct lp_def *table)
{
    const uint8_t *p = pl->region[table->region].bytes + table->off;
    const uint64_t size = d->item->func->size;
    struct lp_lsda l;
    struct lp_lsda_site s;
    struct lp_lsda_action a;
    if (!lp_lsda_read((struct lp_cfi_reader){p, p + table->item->data->size, table->addr, false}, d->addr, &l)) return "it is malformed";
    if (l.landing != d->addr) return "its landing pads are not relative to the function";
    while (lp_lsda_site(&l, &s)) {
        if (!lp_lsda_site_within(&s, d->addr, size)) return "what it has is not in the function";
        if (s.action && !lp_lsda_action(&l, s.action, &a)) return "it is cut";
    }
    return l.sites.bad ? "it is cut" : NULL;
}

bool lp_plan_handlers(struct lp_plan *pl, struct lp_def *d)
{
    const struct lp_item *it = d->item;
    const struct lp_def *table = lp_plan_def(pl, it->func->lsda);
    const bool data = table && table->item->kind == LP_ITEM_DATA && table->item->data->section == LP_RODATA && table->region == d->region;
    const char *wrong = data ? wrong_table(pl, d, table) : "the patch has no rodata of this name for the same object";
    d->like = wrong ? 0 : find_like(pl, d);
    if (!wrong && !d->like) wrong = "no function of the object has one, which would say who reads it";
    if (wrong) return lp_plan_fail(pl, it->line, LP_E_UNSUPPORTED, "`%s` is no exception table of the function: %s", it->func->lsda, wrong), false;
    d->lsda = table->addr;
    return true;
}
