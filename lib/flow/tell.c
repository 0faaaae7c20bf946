/* flow/tell.c - what the words of a function stand for, once no state changes any more. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/sort.h"
#include "flow/inner.h"

struct lp_flow_ref *lp_frun_ref(struct lp_frun *r, size_t i)
{
    static struct lp_flow_ref lost; /* nobody looks there */
    struct lp_flow *out = r->out;
    if (lp_frun_has_ref(r, i))
        return &out->ref[out->of[i]];
    if (out->nref >= r->cap_ref) {
        const size_t cap = r->cap_ref + r->cap_ref / 2 + 64;
        struct lp_flow_ref *v = realloc(out->ref, cap * sizeof *v);
        if (v == NULL) {
            r->failed = r->nomem = true;
            return &lost;
        }
        out->ref = v;
        r->cap_ref = cap;
    }
    out->of[i] = (uint32_t)out->nref;
    out->ref[out->nref] = (struct lp_flow_ref){.n = 1};
    return &out->ref[out->nref++];
}

/* What a word says without any other. */
void lp_frun_tell_alone(struct lp_frun *r, size_t i)
{
    const struct lp_fop *o = lp_frun_op(r, i);
    const bool relative = lp_fop_is_relative(o);
    if (!relative && !lp_frun_has_ref(r, i)) {
        r->out->of[i] = o->kind == OP_DATA ? REF_DATA : REF_NONE;
        return;
    }
    struct lp_flow_ref *ref = lp_frun_ref(r, i);
    *ref = (struct lp_flow_ref){.n = 1};
    if (!relative)
        return;
    ref->addr = (uint64_t)o->imm;
    ref->kind = o->kind == OP_ADRP ? LP_FLOW_PAGE : LP_FLOW_TARGET;
    ref->width = o->kind == OP_MEM ? o->bytes : 0;
    ref->flags = o->kind == OP_ADRP ? LP_FLOW_ALONE : 0;
}

static void add_table(struct lp_frun *r, const struct lp_flow_table *t)
{
    struct lp_flow_table *v = lp_grow(r->out->table, &r->cap_table, r->out->ntable, sizeof *v);
    if (v == NULL) {
        r->failed = true;
        return;
    }
    r->out->table = v;
    v[r->out->ntable++] = *t;
}

static void add_address(struct lp_frun *r, uint64_t addr)
{
    struct lp_flow *out = r->out;
    uint64_t *a = lp_grow(out->addr, &r->cap_addr, out->naddr, sizeof *a);
    if (a == NULL) {
        r->failed = true;
        return;
    }
    out->addr = a;
    out->addr[out->naddr++] = addr;
}

/* The addresses of a word that has several. */
static void list_addresses(struct lp_frun *r, struct lp_flow_ref *ref, const struct lp_fvalue *v)
{
    const uint64_t off = ref->addr;
    ref->addr = r->out->naddr;
    for (unsigned k = 0; k < v->n; k++)
        add_address(r, v->m[k].v + off);
}

void lp_frun_use_pages(struct lp_frun *r, lp_fv id, uint8_t use)
{
    const struct lp_fvalue *v = lp_fv_at(&r->pool, id);
    for (unsigned k = 0; k < v->n; k++)
        if (v->m[k].space == IN_PAGE)
            r->page_use[lp_fv_site(&r->pool, (uint32_t)v->m[k].root)] |= use;
}

/* Pages that get away, in what was the last run of each block. */
static void find_escapes(struct lp_frun *r)
{
    for (size_t k = 0; k < r->nhead; k++)
        for (uint32_t e = r->head[k].escapes; e != 0; e = r->escape[e - 1].next)
            lp_frun_use_pages(r, r->escape[e - 1].page, PAGE_ESCAPES);
}

/* The values that BRs lead to; NULL = no memory. */
static uint64_t *find_goals(const struct lp_frun *r)
{
    uint64_t *set = calloc(r->pool.n / 64 + 1, sizeof *set);
    for (size_t k = 0; set != NULL && k < r->n && r->bounds; k++)
        if (r->kind[k] == OP_JUMP_REG && lp_fset_has(r->visited, k))
            lp_fset_add(set, lp_flow_ref_of(r->out, k)->told);
    return set;
}

/* An entry with a sign and the address of its own table, to which no BR leads: compilers make tables of texts and objects like that, which need no
 * relocations. */
static bool adds_offset(const struct lp_frun *r, size_t i, const uint64_t *goals)
{
    const bool adds = r->kind[i] == OP_ADD_REG || r->kind[i] == OP_CALL || r->kind[i] == OP_BRANCH; /* or a piece of it that was moved out does */
    const lp_fv told = adds && lp_fset_has(r->visited, i) ? lp_flow_ref_of(r->out, i)->told : ID_NONE;
    const struct lp_fvalue *v = lp_fv_at(&r->pool, told);
    return v->kind == FV_GOAL && v->bytes == 4 && v->is_signed && v->shift == 0 && v->m[0].v == v->m[1].v && !lp_fset_has(goals, told);
}

/* A piece reads a table, and it is not known which. */
static bool loses_table(struct lp_frun *r, size_t i)
{
    const bool goes = (r->kind[i] == OP_CALL || r->kind[i] == OP_BRANCH) && lp_fset_has(r->visited, i);
    const int32_t fn = goes ? lp_frun_op(r, i)->back : 0;
    return fn != 0 && r->in->survey->fn[fn - 1].piece.sum == LP_PIECE_READS && lp_flow_ref_of(r->out, i)->told == ID_NONE;
}

/* What word i says. */
static void tell(struct lp_frun *r, size_t i, const uint64_t *goals)
{
    struct lp_flow_table t;
    struct lp_flow_ref *ref = lp_frun_ref(r, i);
    if (ref->flags & LP_FLOW_OF_PAGE)
        lp_frun_use_pages(r, ref->told, PAGE_USED);
    if (ref->flags & LP_FLOW_SEVERAL)
        list_addresses(r, ref, lp_fv_at(&r->pool, ref->told));
    if (r->kind[i] == OP_JUMP_REG && lp_fset_has(r->visited, i) && lp_frun_table(r, ref->told, lp_frun_pc(r, i), &t))
        add_table(r, &t);
    r->out->lost |= loses_table(r, i);
    if (adds_offset(r, i, goals)) {
        const uint64_t at = lp_fv_at(&r->pool, ref->told)->m[0].v;
        add_table(r, &(struct lp_flow_table){.br_at = lp_frun_pc(r, i), .at = at, .base = at, .entry_bytes = 4, .is_signed = true, .offsets = true});
    }
}

static bool start_uses(struct lp_frun *r)
{
    if (r->cap_use < r->out->nref) {
        free(r->page_use);
        r->page_use = malloc(r->out->nref);
        r->cap_use = r->page_use == NULL ? 0 : r->out->nref;
    }
    if (r->page_use != NULL)
        memset(r->page_use, 0, r->out->nref);
    return r->page_use != NULL;
}

void lp_frun_tell(struct lp_frun *r)
{
    uint64_t *goals = find_goals(r);
    r->failed |= goals == NULL || !start_uses(r);
    for (size_t i = 0; i < r->n && !r->failed; i++)
        if (lp_frun_has_ref(r, i))
            tell(r, i, goals);
    free(goals);
    if (r->failed)
        return;
    find_escapes(r);
    if (r->nheld != 0)
        lp_frun_use_lent(r);
    for (size_t i = 0; i < r->n; i++)
        if (r->kind[i] == OP_ADRP)
            lp_frun_ref(r, i)->flags = r->page_use[lp_fv_site(&r->pool, r->out->of[i])] == PAGE_USED ? 0 : LP_FLOW_ALONE;
    lp_frun_tell_lent(r);
    lp_sort_by_number(r->out->table, r->out->ntable, sizeof *r->out->table);
}

/* Too much of something: nothing that a register decides is claimed. */
void lp_frun_give_up(struct lp_frun *r)
{
    r->out->gave_up = true;
    r->out->ntable = r->out->naddr = 0;
    for (size_t i = 0; i < r->n; i++) {
        lp_frun_tell_alone(r, i);
        const bool offset = r->kind[i] == OP_ADD_IMM || r->kind[i] == OP_MEM;
        if (offset && lp_frun_op(r, i)->rn != REG_SP && lp_flow_ref_of(r->out, i)->kind == LP_FLOW_NONE)
            lp_frun_ref(r, i)->kind = LP_FLOW_OPAQUE;
    }
}
