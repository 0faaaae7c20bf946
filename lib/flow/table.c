/* flow/table.c - jump tables: a BR to base + (entry << shift), entries being 1, 2 or 4 bytes, read at an index that was compared with a bound. */
#include <config.h>
#include "base/bits.h"
#include "flow/inner.h"

/* Without a bound (the compiler knew that the index is in range) a table goes on as long as its entries lead into the function, up to: */
enum { MOST_GUESSED = 1024, BYTE_MAX = 0xff };

uint64_t lp_flow_table_target(const struct lp_flow_table *t, const uint8_t *bytes, uint32_t i)
{
    const uint8_t *p = bytes + (size_t)i * t->entry_bytes;
    return t->base + (lp_le_int(p, t->entry_bytes, t->is_signed) << t->shift);
}

/* The end of the function stands for what cannot happen. */
static bool is_end(const struct lp_flow_input *in, uint64_t addr)
{
    for (size_t i = 0; i < in->nparts; i++)
        if (addr == in->part[i].at + 4 * (uint64_t)in->part[i].words)
            return true;
    return false;
}

/* How many of the entries lead to code of the function. */
static uint32_t good_entries(const struct lp_frun *r, const struct lp_flow_input *in, const struct lp_flow_table *t, const uint8_t *bytes, uint64_t n)
{
    uint32_t i = 0;
    while (i < n) {
        const uint64_t to = lp_flow_table_target(t, bytes, i);
        const size_t w = lp_flow_word(in, to);
        if (w == SIZE_MAX ? !is_end(in, to) : r->kind[w] == OP_DATA)
            break;
        i++;
    }
    return i;
}

void lp_frun_table_at(const struct lp_frun *r, const struct lp_flow_input *in, const struct lp_fvalue *v, struct lp_flow_table *t)
{
    t->n = (uint32_t)v->m[0].root, t->guessed = v->m[0].root == 0;
    const uint64_t most = t->guessed ? MOST_GUESSED : t->n;
    uint64_t avail = 0;
    const uint8_t *bytes = in->bytes == NULL ? NULL : in->bytes(in->ctx, t->at, &avail);
    if (t->guessed || v->m[0].indexed) {
        const uint64_t next = in->survey == NULL ? UINT64_MAX : lp_flow_survey_next(in->survey, t->at);
        avail = avail < next - t->at ? avail : next - t->at;
    }
    const uint64_t there = bytes == NULL ? 0 : avail / t->entry_bytes;
    const uint32_t good = good_entries(r, in, t, bytes, there < most ? there : most);
    if (t->guessed || v->m[0].indexed)
        t->guessed = good < most || most > BYTE_MAX;
    else if (good < most)
        t->n = 0;
    if (t->n != 0 || t->guessed)
        t->n = good;
}

bool lp_frun_table(const struct lp_frun *r, lp_fv id, uint64_t br_at, struct lp_flow_table *t)
{
    const struct lp_fvalue *v = lp_fv_at(&r->pool, id);
    if (v->kind != FV_GOAL)
        return false;
    *t = (struct lp_flow_table){.br_at = br_at, .at = v->m[0].v, .base = v->m[1].v, .entry_bytes = v->bytes, .shift = v->shift, .is_signed = v->is_signed};
    lp_frun_table_at(r, r->in, v, t);
    return true;
}

/* ADR of a place in the function that is no base of the jump table that follows: so a label is handed out. */
bool lp_frun_hands_label(struct lp_frun *r)
{
    enum { NEAR = 8 }; /* compilers have both in one pattern */
    for (size_t i = 0; i < r->n; i++) {
        if (r->kind[i] != OP_ADR)
            continue;
        const uint64_t to = (uint64_t)lp_frun_op(r, i)->imm;
        struct lp_flow_table t = {0};
        size_t k = i + 1;
        while (k < r->n && k <= i + NEAR && r->kind[k] < OP_BRANCH)
            k++;
        const bool jump = k < r->n && r->kind[k] == OP_JUMP_REG && lp_fset_has(r->visited, k) &&
                          lp_frun_table(r, lp_flow_ref_of(r->out, k)->told, lp_frun_pc(r, k), &t);
        if (lp_frun_word(r, to) != SIZE_MAX && !(jump && t.n != 0 && t.base == to))
            return true;
    }
    return false;
}
