/* diff/flow.c - what address each word of a function stands for: blocks are run until no state changes, then once more to tell. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "a64/a64.h"
#include "base/bits.h"
#include "base/buf.h"
#include "base/error.h"
#include "diff/flow_inner.h"

/* A state that changed this often becomes one that cannot change (hostile code); rounds of seeding, likewise. */
enum { MOST_VISITS = 100, MOST_ROUNDS = 12 };

void lp_flow_free(struct lp_flow *flow)
{
    free(flow->ref);
    free(flow->addr);
    free(flow->table);
    *flow = (struct lp_flow){0};
}

/* ---- places ---- */

size_t lp_frun_word(const struct lp_frun *r, uint64_t addr)
{
    size_t before = 0;
    for (size_t i = 0; i < r->in->nparts; i++) {
        const struct lp_flow_part *p = &r->in->part[i];
        if (addr - p->at < 4 * (uint64_t)p->words)
            return addr % 4 == 0 ? before + (size_t)(addr - p->at) / 4 : SIZE_MAX;
        before += p->words;
    }
    return SIZE_MAX;
}

uint64_t lp_frun_pc(const struct lp_frun *r, size_t i)
{
    const struct lp_flow_part *p = r->in->part;
    for (; i >= p->words; p++)
        i -= p->words;
    return p->at + 4 * i;
}

/* The first word from i on that is in the set (or, with `out`, is not); n if there is none. */
static size_t next_bit(const uint64_t *set, size_t i, size_t n, bool out)
{
    const uint64_t flip = out ? UINT64_MAX : 0;
    while (i < n) {
        const uint64_t w = (set[i / 64] ^ flip) >> i % 64;
        if (w != 0) {
            i += (size_t)__builtin_ctzll(w);
            return i < n ? i : n;
        }
        i = (i | 63) + 1;
    }
    return n;
}

/* ---- blocks ---- */

/* A way leads to this word with that state. */
static void flow_to(struct lp_frun *r, size_t word, const struct lp_fstate *s)
{
    if (!lp_fset_has(r->leader, word)) {
        lp_fset_add(r->leader, word);
        if (lp_fset_has(r->visited, word)) { /* in the middle of a block that was run: it ends here from now on */
            size_t head = word;
            while (head > 0 && r->state_of[head] == 0)
                head--;
            lp_fset_add(r->pending, head);
        }
    }
    const uint32_t k = r->state_of[word];
    if (!lp_fstate_room(r, r->nstate + (k == 0)))
        return;
    if (k == 0) {
        lp_fstate_copy(r, lp_fstate_at(r, r->nstate), s);
        lp_fstate_at(r, r->nstate)->visits = 0;
        r->state_of[word] = (uint32_t)++r->nstate;
        lp_fset_add(r->pending, word);
        return;
    }
    struct lp_fstate *to = lp_fstate_at(r, k - 1);
    if (lp_fstate_join(r, to, s, to->visits >= MOST_VISITS)) {
        to->visits++;
        lp_fset_add(r->pending, word);
    }
}

/* A BR: to the targets of a table, or to an address that is known. False: to where, is not known. */
static bool jump(struct lp_frun *r, size_t i, const struct lp_fstate *s)
{
    struct lp_flow_table t;
    const lp_fv to = r->told[i] = s->reg[r->op[i].rn];
    const struct lp_fvalue *v = lp_fv_at(&r->pool, to);
    if (!lp_frun_table(r, to, lp_frun_pc(r, i), &t)) {
        if (v->kind != FV_ADDR || v->n != 1 || v->maybe || v->m[0].indexed || v->m[0].space != IN_ADDR)
            return false;
        const size_t w = lp_frun_word(r, v->m[0].v);
        if (w != SIZE_MAX)
            flow_to(r, w, s);
        return true;
    }
    uint64_t avail;
    const uint8_t *bytes = t.n == 0 ? NULL : r->in->bytes(r->in->ctx, t.at, &avail);
    for (uint32_t k = 0; bytes != NULL && k < t.n; k++) {
        const size_t w = lp_frun_word(r, lp_flow_table_target(&t, bytes, k));
        if (w != SIZE_MAX)
            flow_to(r, w, s);
    }
    return t.n != 0;
}

/* Does word i + 1 follow? */
static bool goes_on(struct lp_frun *r, size_t i)
{
    const struct lp_fop *o = &r->op[i];
    switch (o->kind) {
    case OP_CALL: return o->cond;
    case OP_BRANCH: case OP_RETURN: case OP_STOP: case OP_DATA: case OP_JUMP_REG: return false;
    default: return true;
    }
}

static void branch(struct lp_frun *r, size_t i, struct lp_fstate *s, const struct lp_fcmp *cmp)
{
    const struct lp_fop *o = &r->op[i];
    const size_t to = lp_frun_word(r, (uint64_t)o->imm);
    if (cmp->name == 0) {
        if (to != SIZE_MAX)
            flow_to(r, to, s);
        return;
    }
    struct lp_ffact before[FACTS];
    memcpy(before, s->fact, sizeof before);
    if (to != SIZE_MAX) {
        lp_frun_learn(s, cmp, o->cond, true);
        flow_to(r, to, s);
        memcpy(s->fact, before, sizeof before);
    }
    lp_frun_learn(s, cmp, o->cond, false);
}

/* Where a state may go from that nobody sees: exceptions leave calls, and BRs that are not understood. */
struct elsewhere { struct lp_fstate state; bool any; };

static void leaves(struct lp_frun *r, struct elsewhere *e, const struct lp_fstate *s)
{
    if (!e->any) {
        lp_fstate_copy(r, &e->state, s);
        e->any = true;
        return;
    }
    lp_fstate_join(r, &e->state, s, false);
}

/* The end of the part that has word i. */
static size_t end_of_part(const struct lp_frun *r, size_t i)
{
    size_t end = 0;
    for (size_t k = 0; k < r->in->nparts && end <= i; k++)
        end += r->in->part[k].words;
    return end;
}

static void see(struct lp_frun *r, size_t i, size_t end)
{
    for (size_t next; i < end; i = next) {
        next = (i | 63) + 1 < end ? (i | 63) + 1 : end;
        r->visited[i / 64] |= (UINT64_MAX >> (64 - (next - i))) << i % 64;
    }
}

/* From a leader to the next or to where the code ends. */
static void run_block(struct lp_frun *r, size_t i, struct elsewhere *e)
{
    const size_t end = end_of_part(r, i), k = r->state_of[i] - 1;
    size_t seen = i;
    struct lp_fstate s;
    struct lp_fcmp cmp = {0};
    lp_fstate_copy(r, &s, lp_fstate_at(r, k));
    r->escapes = 0;
    for (bool more = true; more && i < end && !r->failed;) {
        const struct lp_fop *o = &r->op[i];
        lp_frun_step(r, &s, i, &cmp);
        if (o->kind >= OP_BRANCH) {
            see(r, seen, i + 1);
            seen = i + 1;
            if (o->kind == OP_BRANCH || o->kind == OP_BRANCH_IF)
                branch(r, i, &s, &cmp);
            if (((o->kind == OP_JUMP_REG && !jump(r, i, &s)) || o->kind == OP_CALL || o->kind == OP_CALL_REG) && e != NULL)
                leaves(r, e, &s);
            more = goes_on(r, i);
        }
        if (more && ++i < end && lp_fset_has(r->leader, i)) {
            see(r, seen, i);
            seen = end;
            flow_to(r, i, &s);
            break;
        }
    }
    see(r, seen, i < end ? i + 1 : end);
    lp_fstate_at(r, k)->escapes = r->escapes;
}

static void run_pending(struct lp_frun *r)
{
    for (;;) {
        size_t i = next_bit(r->pending, 0, r->n, false);
        if (i == r->n)
            return;
        for (; i < r->n && !r->failed; i = next_bit(r->pending, i, r->n, false)) {
            r->pending[i / 64] &= ~(UINT64_C(1) << i % 64);
            run_block(r, i, NULL);
        }
        if (r->failed)
            return;
    }
}

/* Where a branch of the function leads to. */
static void mark_target(const struct lp_frun *r, size_t i, uint64_t *set)
{
    const bool branch = r->op[i].kind == OP_BRANCH || r->op[i].kind == OP_BRANCH_IF;
    const size_t to = branch ? lp_frun_word(r, (uint64_t)r->op[i].imm) : SIZE_MAX;
    if (to != SIZE_MAX)
        lp_fset_add(set, to);
}

/* Code that no way leads to, from the first word of it and after each end of a block: landing pads, targets of BRs that are not understood. Not where
 * such code in front branches to: that comes with its own state. */
static bool find_seeds(struct lp_frun *r)
{
    bool any = false;
    memset(r->ahead, 0, (r->n / 64 + 1) * sizeof *r->ahead);
    for (size_t i = next_bit(r->visited, 0, r->n, true), end; i < r->n; i = next_bit(r->visited, end, r->n, true)) {
        end = next_bit(r->visited, i, r->n, false);
        for (bool begins = true; i < end; i++) {
            if (r->op[i].kind == OP_PAD || r->op[i].kind == OP_DATA)
                continue;
            if (begins && !lp_fset_has(r->ahead, i)) {
                lp_fset_add(r->seeded, i);
                any = true;
            }
            mark_target(r, i, r->ahead);
            begins = !goes_on(r, i);
        }
    }
    return any;
}

/* They may be entered as `e` says. */
static void enter_seeds(struct lp_frun *r, struct elsewhere *e)
{
    lp_fstate_fill(r, &e->state);
    for (size_t i = next_bit(r->seeded, 0, r->n, false); i < r->n; i = next_bit(r->seeded, i + 1, r->n, false))
        flow_to(r, i, &e->state);
}

static void run_all_for(struct lp_frun *r, struct elsewhere *e)
{
    for (size_t i = 0; i < r->n && !r->failed; i++)
        if (r->state_of[i] != 0)
            run_block(r, i, e);
}

static void start(struct lp_fstate *s, struct lp_frun *r)
{
    memset(s, 0, offsetof(struct lp_fstate, slot)); /* ID_NONE */
    lp_fstate_fill(r, s);
    s->reg[REG_ZR] = ID_ZERO;
    for (unsigned i = 9; i < 29; i++) /* not X16 and X17 (veneers), X18 (nested functions) */
        s->reg[i] = i < 16 || i > 18 ? ID_FOREIGN : ID_NONE;
    const struct lp_flow_callee *fn = r->in->survey == NULL ? NULL : lp_flow_survey_callee(r->in->survey, r->in->part[0].at);
    for (uint32_t set = fn == NULL ? 0 : fn->pages_in; set != 0; set &= set - 1)
        s->reg[__builtin_ctz(set)] = ID_FOREIGN;
    s->reg[REG_SP] = lp_fv_make(&r->pool, FV_STACK, 0, 0);
}

/* Until nothing changes; seeds go round, since what they reach may leave with more. */
static void run_seeds(struct lp_frun *r)
{
    bool more = find_seeds(r);
    for (unsigned round = 0; more && !r->failed; round++) {
        struct elsewhere e;
        start(&e.state, r);
        e.any = false;
        run_all_for(r, &e);
        for (unsigned k = 0; k < REG_SP && round >= MOST_ROUNDS; k++)
            e.state.reg[k] = ID_OPAQUE;
        enter_seeds(r, &e);
        more = next_bit(r->pending, 0, r->n, false) != r->n;
        run_pending(r);
        more |= find_seeds(r);
    }
}

static bool run_to_end(struct lp_frun *r)
{
    struct lp_fstate s;
    start(&s, r);
    lp_fset_add(r->leader, 0);
    flow_to(r, 0, &s);
    run_pending(r);
    run_seeds(r);
    return !r->failed;
}

/* ---- words ---- */

/* What a word says without any other. */
static void tell_alone(struct lp_frun *r, size_t i)
{
    struct lp_flow_ref *ref = &r->out->ref[i];
    const struct lp_fop *o = &r->op[i];
    *ref = (struct lp_flow_ref){.n = 1, .kind = o->kind == OP_DATA ? LP_FLOW_DATA : LP_FLOW_NONE};
    if (!lp_fop_is_relative(o))
        return;
    ref->addr = (uint64_t)o->imm;
    ref->kind = o->kind == OP_ADRP ? LP_FLOW_PAGE : LP_FLOW_TARGET;
    ref->width = o->kind == OP_MEM ? o->bytes : 0;
    ref->flags = o->kind == OP_ADRP ? LP_FLOW_ALONE : 0;
}

/* Whom a call calls, and whether it comes back. */
static void find_callee(const struct lp_frun *r, struct lp_fop *o)
{
    const struct lp_flow_callee *fn = r->in->survey == NULL ? NULL : lp_flow_survey_callee(r->in->survey, (uint64_t)o->imm);
    o->back = fn == NULL ? 0 : (int32_t)(fn - r->in->survey->fn) + 1;
    o->cond = fn != NULL ? fn->returns : r->in->returns == NULL || r->in->returns(r->in->ctx, (uint64_t)o->imm);
}

/* Words that branches lead to begin blocks. */
static void read_word(struct lp_frun *r, struct lp_fop_memo *memo, size_t i, uint64_t pc, uint32_t word)
{
    struct lp_fop *o = &r->op[i];
    int64_t imm;
    *o = *lp_fop_known(memo, word, pc, &imm);
    o->imm = imm;
    tell_alone(r, i);
    if (o->kind < OP_BRANCH)
        return;
    mark_target(r, i, r->leader);
    if (o->kind == OP_CALL)
        find_callee(r, o);
    r->bounds |= o->kind == OP_JUMP_REG;
}

static void read_part(struct lp_frun *r, struct lp_fop_memo *memo, const struct lp_flow_part *part, size_t i)
{
    for (uint64_t k = 0; k < part->words;) {
        uint64_t until = part->at + 4 * (uint64_t)part->words;
        const bool code = r->in->is_code == NULL || r->in->is_code(r->in->ctx, part->at + 4 * k, &until);
        const uint64_t end = until <= part->at + 4 * k ? k + 1 : (until - part->at + 3) / 4;
        for (; k < end && k < part->words; k++) {
            if (code) {
                read_word(r, memo, i + k, part->at + 4 * k, lp_le32((const uint8_t *)part->code + 4 * k));
                continue;
            }
            r->op[i + k] = (struct lp_fop){.kind = OP_DATA};
            tell_alone(r, i + k);
        }
    }
}

static void read_words(struct lp_frun *r, struct lp_fop_memo *memo)
{
    size_t i = 0;
    for (size_t p = 0; p < r->in->nparts; i += r->in->part[p++].words)
        read_part(r, memo, &r->in->part[p], i);
}

/* ---- the result ---- */

static int by_place(const void *a, const void *b)
{
    const struct lp_flow_table *x = a, *y = b;
    return x->br_at < y->br_at ? -1 : x->br_at > y->br_at;
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

static void use_pages(struct lp_frun *r, lp_fv id, uint8_t use)
{
    const struct lp_fvalue *v = lp_fv_at(&r->pool, id);
    for (unsigned k = 0; k < v->n; k++)
        if (v->m[k].space == IN_PAGE)
            r->page_use[lp_fv_site(&r->pool, (uint32_t)v->m[k].root)] |= use;
}

/* Pages that get away, in what was the last run of each block. */
static void find_escapes(struct lp_frun *r)
{
    for (size_t k = 0; k < r->nstate; k++)
        for (uint32_t e = lp_fstate_at(r, k)->escapes; e != 0; e = r->escape[e - 1].next)
            use_pages(r, r->escape[e - 1].page, PAGE_ESCAPES);
}

/* Does a BR lead to the sum that word i makes? */
static bool is_jumped_to(const struct lp_frun *r, size_t i)
{
    for (size_t k = 0; k < r->n && r->bounds; k++)
        if (r->op[k].kind == OP_JUMP_REG && lp_fset_has(r->visited, k) && r->told[k] == r->told[i])
            return true;
    return false;
}

/* An entry with a sign and the address of its own table: compilers make tables of texts and objects like that, which need no relocations. */
static bool adds_offset(const struct lp_frun *r, size_t i)
{
    const struct lp_fvalue *v = r->op[i].kind == OP_ADD_REG && lp_fset_has(r->visited, i) ? lp_fv_at(&r->pool, r->told[i]) : NULL;
    return v != NULL && v->kind == FV_GOAL && v->bytes == 4 && v->is_signed && v->shift == 0 && v->m[0].v == v->m[1].v && !is_jumped_to(r, i);
}

static void tell_all(struct lp_frun *r)
{
    struct lp_flow_table t;
    for (size_t i = 0; i < r->n && !r->failed; i++) {
        struct lp_flow_ref *ref = &r->out->ref[i];
        if (ref->flags & LP_FLOW_OF_PAGE)
            use_pages(r, r->told[i], PAGE_USED);
        if (ref->flags & LP_FLOW_SEVERAL)
            list_addresses(r, ref, lp_fv_at(&r->pool, r->told[i]));
        if (r->op[i].kind == OP_JUMP_REG && lp_fset_has(r->visited, i) && lp_frun_table(r, r->told[i], lp_frun_pc(r, i), &t))
            add_table(r, &t);
        if (adds_offset(r, i)) {
            const uint64_t at = lp_fv_at(&r->pool, r->told[i])->m[0].v;
            add_table(r, &(struct lp_flow_table){.br_at = lp_frun_pc(r, i), .at = at, .base = at, .entry_bytes = 4, .is_signed = true, .offsets = true});
        }
    }
    find_escapes(r);
    for (size_t i = 0; i < r->n; i++)
        if (r->op[i].kind == OP_ADRP)
            r->out->ref[i].flags = r->page_use[lp_fv_site(&r->pool, (uint32_t)i)] == PAGE_USED ? 0 : LP_FLOW_ALONE;
    if (r->out->ntable > 1)
        qsort(r->out->table, r->out->ntable, sizeof *r->out->table, by_place);
}

/* Too much of something: nothing that a register decides is claimed. */
static void give_up(struct lp_frun *r)
{
    r->out->gave_up = true;
    r->out->ntable = r->out->naddr = 0;
    for (size_t i = 0; i < r->n; i++) {
        tell_alone(r, i);
        if (r->out->ref[i].kind == LP_FLOW_NONE && (r->op[i].kind == OP_ADD_IMM || r->op[i].kind == OP_MEM) && r->op[i].rn != REG_SP)
            r->out->ref[i].kind = LP_FLOW_OPAQUE;
    }
}

static bool more_words(struct lp_frun *r)
{
    const size_t cap = r->n + r->n / 2 + 64;
    free(r->op), free(r->leader), free(r->state_of), free(r->told), free(r->page_use);
    r->op = malloc(cap * sizeof *r->op);
    r->leader = malloc(5 * (cap / 64 + 1) * sizeof *r->leader);
    r->state_of = malloc(cap * sizeof *r->state_of);
    r->told = malloc(cap * sizeof *r->told);
    r->page_use = malloc(cap);
    r->cap = r->op != NULL && r->leader != NULL && r->state_of != NULL && r->told != NULL && r->page_use != NULL ? cap : 0;
    return r->cap != 0;
}

static bool begin(struct lp_frun *r, const struct lp_flow_input *in, struct lp_flow *out)
{
    r->in = in;
    r->out = out;
    r->n = out->n;
    r->nstate = r->nescape = 0;
    r->nslot = 0;
    r->room = 8;
    r->cap_addr = r->cap_table = 0;
    r->failed = r->bounds = false;
    memset(r->granule, 0, sizeof r->granule);
    if (r->n >= UINT32_MAX / 4 || (r->n >= r->cap && !more_words(r)))
        return false;
    const size_t sets = r->n / 64 + 1;
    memset(r->leader, 0, 5 * sets * sizeof *r->leader);
    r->pending = r->leader + sets;
    r->visited = r->pending + sets;
    r->ahead = r->visited + sets;
    r->seeded = r->ahead + sets;
    memset(r->state_of, 0, r->n * sizeof *r->state_of);
    memset(r->page_use, 0, r->n);
    out->ref = malloc((r->n + 1) * sizeof *out->ref);
    return out->ref != NULL && lp_fv_start(&r->pool, r->n);
}

static void run(struct lp_frun *r, struct lp_fop_memo *memo)
{
    read_words(r, memo);
    if (r->n == 0)
        return;
    if (run_to_end(r) && !r->pool.failed)
        tell_all(r);
    if (r->failed || r->pool.failed)
        give_up(r);
}

void lp_frun_free(struct lp_frun *r)
{
    if (r == NULL)
        return;
    lp_fv_free(&r->pool);
    free(r->op);
    free(r->leader);
    free(r->state_of);
    free(r->told);
    free(r->escape);
    free(r->page_use);
    free(r->state);
    free(r);
}

lp_status lp_flow_function(const struct lp_flow_input *in, struct lp_flow *out, struct lp_error *err)
{
    *out = (struct lp_flow){0};
    for (size_t i = 0; i < in->nparts; i++)
        out->n += in->part[i].words;
    struct lp_frun *r = in->survey != NULL ? in->survey->run : calloc(1, sizeof *r);
    struct lp_fop_memo *memo = in->survey != NULL ? in->survey->memo : lp_fop_memo(out->n);
    const bool good = r != NULL && memo != NULL && begin(r, in, out);
    if (good)
        run(r, memo);
    if (in->survey == NULL)
        lp_frun_free(r), free(memo);
    return good ? LP_OK : lp_fail(err, LP_E_NOMEM, "out of memory for a function of %zu words", out->n);
}
