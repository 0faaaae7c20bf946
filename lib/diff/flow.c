/* diff/flow.c - what address each word of a function stands for. */
#include <config.h>
#include <stdlib.h>
#include "a64/a64.h"
#include "base/bits.h"
#include "base/error.h"
#include "diff/flow.h"

void lp_flow_free(struct lp_flow *flow)
{
    free(flow->ref);
    free(flow->addr);
    free(flow->table);
    *flow = (struct lp_flow){0};
}

uint64_t lp_flow_table_target(const struct lp_flow_table *t, const uint8_t *bytes, uint32_t i)
{
    const uint8_t *p = bytes + (size_t)i * t->entry_bytes;
    const uint64_t e = t->entry_bytes == 1 ? *p : t->entry_bytes == 2 ? lp_le16(p) : t->entry_bytes == 4 ? lp_le32(p) : lp_le64(p);
    return t->base + ((t->is_signed ? (uint64_t)lp_sext(e, 8 * t->entry_bytes) : e) << t->shift);
}

/* What a word says without any other. */
static struct lp_flow_ref alone(uint32_t word, uint64_t at)
{
    struct lp_flow_ref ref = {.n = 1, .kind = LP_FLOW_OPAQUE};
    if (lp_a64_target(word, at, &ref.addr)) {
        const bool page = (word & 0x9f000000) == 0x90000000;
        ref.kind = page ? LP_FLOW_PAGE : LP_FLOW_TARGET;
        ref.flags = page ? LP_FLOW_ALONE : 0;
    }
    return ref;
}

lp_status lp_flow_function(const struct lp_flow_input *in, struct lp_flow *out, struct lp_error *err)
{
    *out = (struct lp_flow){.gave_up = true};
    for (size_t i = 0; i < in->nparts; i++)
        out->n += in->part[i].words;
    out->ref = calloc(out->n + 1, sizeof *out->ref);
    if (out->ref == NULL)
        return lp_fail(err, LP_E_NOMEM, "out of memory for a function of %zu words", out->n);
    struct lp_flow_ref *ref = out->ref;
    for (size_t i = 0; i < in->nparts; i++)
        for (size_t k = 0; k < in->part[i].words; k++)
            *ref++ = alone(lp_le32((const uint8_t *)in->part[i].code + 4 * k), in->part[i].at + 4 * k);
    return LP_OK;
}
