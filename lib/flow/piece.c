/* flow/piece.c - what a short function does that LLVM moved out of others (its outliner, -Oz), and that only these understand: they give it the table of
 * offsets that it reads, or an entry to add to that, or go by what it compared. */
#include <config.h>
#include <string.h>
#include "base/bits.h"
#include "flow/inner.h"

enum { MOST_WORDS = 32, NO_NUMBER = 31 };
/* came: registers that are as the caller left them. */
struct reading { uint32_t came; uint8_t base, entry; struct lp_flow_piece is; };

static bool has(uint32_t set, unsigned reg) { return reg < NO_NUMBER && set >> reg & 1; }
static bool is_entry(const struct lp_fop *o) { return o->kind == OP_MEM && o->flags & F_LOAD && o->flags & F_SIGNED && o->each == 4 && o->rm != NO_REG; }
static bool is_sum(const struct lp_fop *o) { return o->kind == OP_ADD_REG && !(o->flags & F_SUB) && o->flags & F_WIDE && o->shift == 0; }

/* The sum of a table and an entry of it; or of what may be that, as the caller knows. */
static void add(struct reading *x, const struct lp_fop *o)
{
    const bool own = x->entry != NO_NUMBER && ((o->rn == x->base && o->rm == x->entry) || (o->rm == x->base && o->rn == x->entry));
    if (own && has(x->came, x->base))
        x->is.sum = LP_PIECE_READS, x->is.rn = x->base;
    else if (x->is.sum == LP_PIECE_NONE && has(x->came, o->rn) && has(x->came, o->rm))
        x->is.sum = LP_PIECE_ADDS, x->is.rn = o->rn, x->is.rm = o->rm;
}

static void read_word(struct reading *x, const struct lp_fop *o, int64_t imm)
{
    const uint32_t write = o->write | (o->kind == OP_CALL || o->kind == OP_CALL_REG ? (uint32_t)CALL_CLOBBERED : 0);
    const bool reads = is_entry(o) && has(x->came, o->rn);
    if (is_sum(o))
        add(x, o);
    if (o->flags & F_SETS || o->kind == OP_CALL || o->kind == OP_CALL_REG)
        x->is.compares = false;
    if (o->kind == OP_ADD_IMM && o->flags & F_SETS && imm <= 0 && -imm < UINT32_MAX && o->rn < NO_NUMBER)
        x->is.compares = true, x->is.compared = o->rn, x->is.with = (uint32_t)-imm;
    x->came &= ~write;
    if (has(write, x->is.compared))
        x->is.compares = false;
    if (has(write, x->entry))
        x->entry = NO_NUMBER;
    if (reads)
        x->base = o->rn, x->entry = o->rd < NO_NUMBER ? o->rd : NO_NUMBER;
}

/* What is after its first branch, only its own flow can tell. */
struct lp_flow_piece lp_flow_piece_of(struct lp_fop_memo *memo, const struct lp_flow_part *part, uint64_t *on)
{
    struct reading x = {.came = INT32_MAX, .entry = NO_NUMBER};
    size_t i = 0;
    int64_t imm = 0;
    const struct lp_fop *o = NULL;
    for (; i < part->words && i < MOST_WORDS; i++) {
        o = lp_fop_known(memo, lp_le32((const uint8_t *)part->code + 4 * i), part->at + 4 * i, &imm);
        if (o->kind >= OP_BRANCH && o->kind != OP_CALL && o->kind != OP_CALL_REG)
            break;
        read_word(&x, o, imm);
    }
    *on = i == 0 && o != NULL && o->kind == OP_BRANCH ? (uint64_t)imm : 0;
    const bool returns = i < part->words && o != NULL && o->kind == OP_RETURN;
    x.is.compares &= returns;
    x.is.loads = returns && x.entry != NO_NUMBER;
    if (!x.is.compares)
        x.is.compared = 0, x.is.with = 0;
    if (x.is.loads)
        x.is.base = x.base, x.is.entry = x.entry;
    return x.is;
}

bool lp_flow_same_piece(const struct lp_flow_callee *f, const struct lp_flow_callee *g)
{
    static const struct lp_flow_piece none;
    const struct lp_flow_piece *a = f == NULL ? &none : &f->piece, *b = g == NULL ? &none : &g->piece;
    return memcmp(a, b, sizeof none) == 0;
}

/* ---- where one is called ---- */

static lp_fv entry_of(struct lp_frun *r, lp_fv base)
{
    const struct lp_fvalue *b = lp_fv_at(&r->pool, base);
    if (b->kind != FV_ADDR || b->n != 1 || b->maybe || b->m[0].space != IN_ADDR || b->m[0].indexed)
        return ID_NONE;
    struct lp_fvalue v = {.kind = FV_ENTRY, .n = 1, .bytes = 4, .is_signed = 1, .m[0] = {.v = b->m[0].v, .w = b->m[0].w}};
    return lp_fv_intern(&r->pool, &v);
}

/* What it adds: a table's address and an entry of that, in either order. */
static lp_fv sum_of(struct lp_frun *r, const struct lp_fstate *s, const struct lp_flow_piece *p)
{
    if (p->sum == LP_PIECE_READS)
        return lp_fv_goal(&r->pool, s->reg[p->rn], entry_of(r, s->reg[p->rn]));
    if (p->sum == LP_PIECE_NONE)
        return ID_NONE;
    const lp_fv v = lp_fv_goal(&r->pool, s->reg[p->rn], s->reg[p->rm]);
    return v != ID_NONE ? v : lp_fv_goal(&r->pool, s->reg[p->rm], s->reg[p->rn]);
}

lp_fv lp_frun_give(struct lp_frun *r, const struct lp_fstate *s, size_t i, const struct lp_flow_callee *fn)
{
    const struct lp_flow_piece *p = &fn->piece;
    const lp_fv sum = sum_of(r, s, p);
    if (sum != ID_NONE || lp_frun_has_ref(r, i))
        lp_frun_ref(r, i)->told = sum;
    return p->loads ? entry_of(r, s->reg[p->base]) : ID_NONE;
}
