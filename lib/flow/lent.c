/* flow/lent.c - pages that functions lend one another. LLVM moves pieces that several functions have out of them: what one has made of an address, another one
 * completes. Whoever knows all of a file finds out which registers have which pages at such calls (diff/side/lent.c). */
#include <config.h>
#include <stdlib.h>
#include "base/buf.h"
#include "base/search.h"
#include "flow/inner.h"

/* Those of one function. */
static const struct lp_flow_lent *lent_at(const struct lp_frun *r, uint64_t at, size_t *n)
{
    const struct lp_flow_survey *s = r->in->survey;
    size_t k = s == NULL || s->nlent == 0 ? 0 : lp_count_below(s->lent, s->nlent, sizeof *s->lent, at);
    const struct lp_flow_lent *v = s == NULL || s->nlent == 0 ? NULL : &s->lent[k];
    *n = 0;
    while (v != NULL && k + *n < s->nlent && v[*n].at == at)
        ++*n;
    return v;
}

void lp_frun_borrow(struct lp_frun *r, struct lp_fstate *s, uint64_t at, bool out)
{
    size_t n;
    const struct lp_flow_lent *v = lent_at(r, at, &n);
    for (size_t i = 0; i < n; i++)
        if (v[i].out == out && v[i].reg < LP_FLOW_LENDING && v[i].what != LP_HOLDS_FOREIGN)
            s->reg[v[i].reg] = v[i].what == LP_HOLDS_NONE ? ID_NONE :
                               v[i].what == LP_HOLDS_ADDR ? lp_fv_address(&r->pool, IN_ADDR, v[i].v, v[i].v, v[i].v) :
                               lp_fv_address(&r->pool, IN_PAGE, v[i].v, out ? REF_LENT_OUT : REF_LENT + v[i].reg, v[i].v);
}

/* Registers that functions leave as they were. A callee that changes one, and keeps it nowhere, is a piece of a function: what it leaves is known, or nothing
 * is. */
void lp_frun_doubt(struct lp_frun *r, struct lp_fstate *s, const struct lp_flow_callee *fn)
{
    size_t n;
    const struct lp_flow_lent *v = lent_at(r, fn->at, &n);
    uint32_t left = fn->clobbers & ~fn->saves & CALL_PRESERVED;
    if (!r->in->holds && r->in->survey->nlent == 0)
        return;
    for (size_t i = 0; i < n; i++)
        left &= ~(v[i].out ? UINT32_C(1) << v[i].reg : 0);
    for (; left != 0; left &= left - 1)
        s->reg[__builtin_ctz(left)] = ID_OPAQUE;
}

/* One address or page, and nothing else. */
static bool is_one(const struct lp_fvalue *v, uint32_t space) { return v->n == 1 && !v->maybe && v->m[0].space == space && !v->m[0].indexed; }
static bool is_page(const struct lp_fvalue *v) { return v->kind == FV_ADDR && is_one(v, IN_PAGE); }

/* False: nothing that is of use. */
static bool holds(const struct lp_frun *r, lp_fv id, unsigned reg, uint8_t *what)
{
    enum { FIRST_FOREIGN = 9 };
    const struct lp_fvalue *v = lp_fv_at(&r->pool, id);
    *what = id == ID_FOREIGN ? LP_HOLDS_FOREIGN : is_page(v) ? LP_HOLDS_PAGE : v->kind == FV_ADDR && is_one(v, IN_ADDR) ? LP_HOLDS_ADDR : LP_HOLDS_NONE;
    return *what != LP_HOLDS_NONE || (reg >= FIRST_FOREIGN && v->kind <= FV_STACK && v->kind != FV_FOREIGN);
}

/* In which registers it is asked where a function goes on that is seen, or where this one ends, if what is there is no address. */
static uint32_t asked_of(struct lp_frun *r, size_t i)
{
    const struct lp_flow_survey *s = r->in->survey;
    const bool seen = s != NULL && r->kind[i] != OP_RETURN && lp_flow_survey_callee(s, (uint64_t)lp_frun_op(r, i)->imm) != NULL;
    const struct lp_flow_callee *own = s == NULL ? NULL : lp_flow_survey_callee(s, r->in->part[0].at);
    const uint32_t lost = own == NULL ? 0 : own->clobbers & ~own->saves & CALL_PRESERVED;
    return seen ? UINT32_MAX : r->kind[i] == OP_CALL ? 0 : lost;
}

void lp_frun_hold(struct lp_frun *r, const struct lp_fstate *s, size_t i)
{
    const bool inside = r->kind[i] != OP_CALL && r->kind[i] != OP_RETURN && lp_frun_word(r, (uint64_t)lp_frun_op(r, i)->imm) != SIZE_MAX;
    if (!r->holding || r->kind[i] == OP_CALL_REG || inside)
        return;
    const uint32_t plain = asked_of(r, i);
    for (uint8_t k = 0; k < LP_FLOW_LENDING; k++) {
        uint8_t what;
        if (!holds(r, s->reg[k], k, &what) || (what >= LP_HOLDS_NONE && !(plain >> k & 1)))
            continue;
        struct lp_fheld *v = lp_grow(r->held, &r->cap_held, r->nheld, sizeof *v);
        if (v == NULL) {
            r->failed = true;
            return;
        }
        r->held = v;
        v[r->nheld++] = (struct lp_fheld){(uint32_t)i, k, s->reg[k]};
    }
}

/* Who has this page then, completes it; and that is compared. */
static bool is_completed(struct lp_frun *r, const struct lp_fheld *h, uint64_t page)
{
    const bool out = r->kind[h->word] == OP_RETURN;
    size_t n;
    const struct lp_flow_lent *v = lent_at(r, out ? r->in->part[0].at : (uint64_t)lp_frun_op(r, h->word)->imm, &n);
    for (size_t i = 0; i < n; i++)
        if (v[i].out == out && v[i].reg == h->reg && v[i].what == LP_HOLDS_PAGE && v[i].v == page)
            return v[i].completed;
    return false;
}

void lp_frun_use_lent(struct lp_frun *r)
{
    for (size_t i = 0; i < r->nheld; i++) {
        const struct lp_fvalue *v = lp_fv_at(&r->pool, r->held[i].v);
        if (is_page(v) && is_completed(r, &r->held[i], v->m[0].v))
            lp_frun_use_pages(r, r->held[i].v, PAGE_USED);
    }
}

static uint8_t use_of(struct lp_frun *r, unsigned ref) { return r->page_use[lp_fv_site(&r->pool, ref)]; }

void lp_frun_tell_lent(struct lp_frun *r)
{
    struct lp_flow *out = r->out;
    if (!r->in->holds && (r->in->survey == NULL || r->in->survey->nlent == 0))
        return;
    for (unsigned k = 0; k < LP_FLOW_LENDING; k++)
        out->lent |= use_of(r, REF_LENT + k) == PAGE_USED ? UINT32_C(1) << k : 0;
    out->lent |= use_of(r, REF_LENT_OUT) == PAGE_USED ? UINT32_C(1) << LP_FLOW_OF_CALLEES : 0;
    out->kept_lent = (use_of(r, REF_LENT_OUT) & PAGE_ESCAPES) != 0;
    if (!r->in->holds || r->nheld == 0 || (out->held = malloc(r->nheld * sizeof *out->held)) == NULL)
        return;
    for (size_t i = 0; i < r->nheld; i++) {
        const struct lp_fheld *h = &r->held[i];
        struct lp_flow_held x = {lp_frun_pc(r, h->word), 0, h->reg, 0};
        holds(r, h->v, h->reg, &x.what);
        if (x.what < LP_HOLDS_NONE)
            x.v = lp_fv_at(&r->pool, h->v)->m[0].v;
        out->held[out->nheld++] = x;
    }
}
