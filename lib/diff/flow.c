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

static bool get_bit(const uint64_t *set, size_t i) { return set[i / 64] >> i % 64 & 1; }
static void set_bit(uint64_t *set, size_t i) { set[i / 64] |= UINT64_C(1) << i % 64; }

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

/* ---- states ---- */

static bool new_state(struct lp_frun *r, size_t word)
{
    if (r->nstate == r->cap_state) {
        const size_t cap = r->cap_state ? 2 * r->cap_state : 16;
        struct lp_fstate *s = realloc(r->state, cap * sizeof *s);
        if (s == NULL) {
            r->failed = true;
            return false;
        }
        r->state = s;
        r->cap_state = cap;
    }
    memset(&r->state[r->nstate], 0, sizeof *r->state);
    r->state_of[word] = (uint32_t)++r->nstate;
    return true;
}

/* Slots that are new since are ID_NONE: in states of leaders from the beginning, in the one that runs when they are made. */
static void copy_state(const struct lp_frun *r, struct lp_fstate *to, const struct lp_fstate *from)
{
    memcpy(to, from, offsetof(struct lp_fstate, slot) + r->nslot * sizeof from->slot[0]);
}

static void join_facts(struct lp_fstate *to, const struct lp_fstate *from)
{
    for (unsigned i = 0; i < FACTS; i++) {
        unsigned k = 0;
        while (k < FACTS && (from->fact[k].name != to->fact[i].name || from->fact[k].max > to->fact[i].max))
            k++;
        if (k == FACTS)
            to->fact[i].name = 0;
    }
}

/* Two indices that were compared with bounds on two ways to one table: what meets has the larger bound. */
static lp_fv join(struct lp_frun *r, const struct lp_fstate *to, lp_fv a, const struct lp_fstate *from, lp_fv b)
{
    uint32_t max, other;
    bool soft, other_soft;
    if (!lp_frun_bounded(r, to, a, &max, &soft) || !lp_frun_bounded(r, from, b, &other, &other_soft))
        return lp_fv_join(&r->pool, a, b);
    return lp_fv_make(&r->pool, FV_SMALL, max > other ? max : other, soft || other_soft ? 0 : 1);
}

static bool join_values(struct lp_frun *r, struct lp_fstate *s, lp_fv *to, const struct lp_fstate *other, const lp_fv *from, size_t n, bool last)
{
    bool changed = false;
    for (size_t i = 0; i < n; i++) {
        while (i + 8 < n && memcmp(&to[i], &from[i], 8 * sizeof *to) == 0)
            i += 8;
        if (to[i] == from[i])
            continue;
        const lp_fv v = join(r, s, to[i], other, from[i]);
        changed |= v != to[i];
        to[i] = v == to[i] || !last ? v : ID_OPAQUE;
    }
    return changed;
}

/* A way leads to this word with that state. */
static void flow_to(struct lp_frun *r, size_t word, const struct lp_fstate *s)
{
    if (r->emit)
        return;
    if (!get_bit(r->leader, word)) {
        set_bit(r->leader, word);
        if (get_bit(r->visited, word)) { /* in the middle of a block that was run: it ends here from now on */
            size_t head = word;
            while (head > 0 && r->state_of[head] == 0)
                head--;
            set_bit(r->pending, head);
        }
    }
    if (r->state_of[word] == 0) {
        if (!new_state(r, word))
            return;
        copy_state(r, &r->state[r->nstate - 1], s);
        set_bit(r->pending, word);
        return;
    }
    const uint32_t k = r->state_of[word] - 1;
    struct lp_fstate *to = &r->state[k];
    const struct lp_ffact before[FACTS] = {to->fact[0], to->fact[1], to->fact[2], to->fact[3]};
    const bool last = to->visits >= MOST_VISITS;
    bool changed = join_values(r, to, to->reg, s, s->reg, REGS, last);
    changed |= join_values(r, to, to->slot, s, s->slot, r->nslot, last);
    join_facts(to, s);
    changed |= memcmp(before, to->fact, sizeof before) != 0;
    if (changed) {
        to->visits++;
        set_bit(r->pending, word);
    }
}

/* ---- blocks ---- */

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

/* A BR: to the targets of a table, or to an address that is known. False: to where, is not known. */
static bool jump(struct lp_frun *r, size_t i, const struct lp_fstate *s)
{
    struct lp_flow_table t;
    const lp_fv to = s->reg[r->op[i].rn];
    const struct lp_fvalue *v = lp_fv_at(&r->pool, to);
    if (!lp_frun_table(r, to, lp_frun_pc(r, i), &t)) {
        if (v->kind != FV_ADDR || v->n != 1 || v->maybe || v->m[0].indexed || v->m[0].space != IN_ADDR)
            return false;
        const size_t w = lp_frun_word(r, v->m[0].v);
        if (w != SIZE_MAX)
            flow_to(r, w, s);
        return true;
    }
    if (r->emit)
        add_table(r, &t);
    uint64_t avail;
    const uint8_t *bytes = t.n == 0 || r->emit ? NULL : r->in->bytes(r->in->ctx, t.at, &avail);
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
    const size_t to = r->emit ? SIZE_MAX : lp_frun_word(r, (uint64_t)o->imm);
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
        copy_state(r, &e->state, s);
        e->any = true;
        return;
    }
    join_values(r, &e->state, e->state.reg, s, s->reg, REGS, false);
    join_values(r, &e->state, e->state.slot, s, s->slot, r->nslot, false);
    join_facts(&e->state, s);
}

static bool starts_part(const struct lp_frun *r, size_t i)
{
    size_t at = 0;
    for (size_t k = 0; k + 1 < r->in->nparts; k++)
        if ((at += r->in->part[k].words) == i)
            return true;
    return false;
}

/* From a leader to the next or to where the code ends. */
static void run_block(struct lp_frun *r, size_t i, struct elsewhere *e)
{
    struct lp_fstate s;
    struct lp_fcmp cmp = {0};
    copy_state(r, &s, &r->state[r->state_of[i] - 1]);
    for (;;) {
        const struct lp_fop *o = &r->op[i];
        set_bit(r->visited, i);
        lp_frun_step(r, &s, i, &cmp);
        if (o->kind == OP_BRANCH || o->kind == OP_BRANCH_IF)
            branch(r, i, &s, &cmp);
        if ((o->kind == OP_JUMP_REG && !jump(r, i, &s)) || o->kind == OP_CALL || o->kind == OP_CALL_REG)
            if (e != NULL)
                leaves(r, e, &s);
        if (!goes_on(r, i) || ++i >= r->n || r->failed || starts_part(r, i))
            return;
        if (get_bit(r->leader, i)) {
            flow_to(r, i, &s);
            return;
        }
    }
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
        set_bit(set, to);
}

/* Code that no way leads to, from the first word of it and after each end of a block: landing pads, targets of BRs that are not understood. Not where
 * such code in front branches to: that comes with its own state. */
static bool find_seeds(struct lp_frun *r, uint64_t *seeded)
{
    bool any = false;
    memset(r->ahead, 0, (r->n / 64 + 1) * sizeof *r->ahead);
    for (size_t i = next_bit(r->visited, 0, r->n, true), end; i < r->n; i = next_bit(r->visited, end, r->n, true)) {
        end = next_bit(r->visited, i, r->n, false);
        for (bool begins = true; i < end; i++) {
            if (r->op[i].kind == OP_PAD || r->op[i].kind == OP_DATA)
                continue;
            if (begins && !get_bit(r->ahead, i)) {
                set_bit(seeded, i);
                any = true;
            }
            mark_target(r, i, r->ahead);
            begins = !goes_on(r, i);
        }
    }
    return any;
}

/* They may be entered as `e` says. */
static void enter_seeds(struct lp_frun *r, const struct elsewhere *e, const uint64_t *seeded)
{
    for (size_t i = next_bit(seeded, 0, r->n, false); i < r->n; i = next_bit(seeded, i + 1, r->n, false))
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
    memset(s, 0, sizeof *s); /* ID_NONE */
    s->reg[REG_ZR] = ID_ZERO;
    for (unsigned i = 9; i < 29; i++) /* not X16 and X17 (veneers), X18 (nested functions) */
        s->reg[i] = i < 16 || i > 18 ? ID_FOREIGN : ID_NONE;
    const struct lp_flow_callee *fn = r->in->survey == NULL ? NULL : lp_flow_survey_callee(r->in->survey, r->in->part[0].at);
    for (uint32_t set = fn == NULL ? 0 : fn->pages_in; set != 0; set &= set - 1)
        s->reg[__builtin_ctz(set)] = ID_FOREIGN;
    s->reg[REG_SP] = lp_fv_make(&r->pool, FV_STACK, 0, 0);
}

/* Until nothing changes; seeds go round, since what they reach may leave with more. */
static bool run_seeds(struct lp_frun *r, uint64_t *seeded)
{
    bool more = find_seeds(r, seeded);
    for (unsigned round = 0; more && !r->failed; round++) {
        struct elsewhere e = {0};
        start(&e.state, r);
        e.any = false;
        run_all_for(r, &e);
        for (unsigned k = 0; k < REG_SP && round >= MOST_ROUNDS; k++)
            e.state.reg[k] = ID_OPAQUE;
        enter_seeds(r, &e, seeded);
        more = next_bit(r->pending, 0, r->n, false) != r->n;
        run_pending(r);
        more |= find_seeds(r, seeded);
    }
    return !r->failed;
}

static bool run_to_end(struct lp_frun *r)
{
    struct lp_fstate s;
    uint64_t *seeded = calloc(r->n / 64 + 1, sizeof *seeded);
    if (seeded == NULL)
        return false;
    start(&s, r);
    set_bit(r->leader, 0);
    flow_to(r, 0, &s);
    run_pending(r);
    const bool good = run_seeds(r, seeded);
    free(seeded);
    return good;
}

/* ---- the result ---- */

/* What a word says without any other. */
static void tell_alone(struct lp_frun *r, size_t i, uint64_t pc, uint32_t word)
{
    struct lp_flow_ref *ref = &r->out->ref[i];
    const struct lp_fop *o = &r->op[i];
    (void)pc, (void)word;
    *ref = (struct lp_flow_ref){.n = 1, .kind = o->kind == OP_DATA ? LP_FLOW_DATA : LP_FLOW_NONE};
    if (!lp_fop_is_relative(o))
        return;
    ref->addr = (uint64_t)o->imm;
    ref->kind = o->kind == OP_ADRP ? LP_FLOW_PAGE : LP_FLOW_TARGET;
    ref->width = o->kind == OP_MEM ? o->bytes : 0;
    ref->flags = o->kind == OP_ADRP ? LP_FLOW_ALONE : 0;
}

static void for_words(struct lp_frun *r, void (*fn)(struct lp_frun *r, size_t i, uint64_t pc, uint32_t word))
{
    size_t i = 0;
    for (size_t p = 0; p < r->in->nparts; p++) {
        const struct lp_flow_part *part = &r->in->part[p];
        for (size_t k = 0; k < part->words; k++)
            fn(r, i++, part->at + 4 * k, lp_le32((const uint8_t *)part->code + 4 * k));
    }
}

/* Whom a call calls, and whether it comes back. */
static void find_callee(const struct lp_frun *r, struct lp_fop *o)
{
    const struct lp_flow_callee *fn = r->in->survey == NULL ? NULL : lp_flow_survey_callee(r->in->survey, (uint64_t)o->imm);
    o->back = fn == NULL ? 0 : (int32_t)(fn - r->in->survey->fn) + 1;
    o->cond = fn != NULL ? fn->returns : r->in->returns == NULL || r->in->returns(r->in->ctx, (uint64_t)o->imm);
}

static void decode(struct lp_frun *r, size_t i, uint64_t pc, uint32_t word)
{
    lp_fop_known(r->in->survey == NULL ? NULL : r->in->survey->memo, word, pc, &r->op[i]);
    if (r->op[i].kind == OP_CALL)
        find_callee(r, &r->op[i]);
}

static void mark_data(struct lp_frun *r)
{
    size_t i = 0;
    for (size_t p = 0; r->in->is_code != NULL && p < r->in->nparts; p++) {
        const struct lp_flow_part *part = &r->in->part[p];
        for (uint64_t k = 0; k < part->words;) {
            uint64_t until = part->at + 4 * k + 4;
            const bool code = r->in->is_code(r->in->ctx, part->at + 4 * k, &until);
            const uint64_t end = until <= part->at + 4 * k ? k + 1 : (until - part->at + 3) / 4;
            for (; k < end && k < part->words; k++)
                if (!code)
                    r->op[i + k] = (struct lp_fop){.kind = OP_DATA};
        }
        i += part->words;
    }
}

/* Words that branches lead to begin blocks. */
static void mark_leader(struct lp_frun *r, size_t i, uint64_t pc, uint32_t word)
{
    (void)pc, (void)word;
    mark_target(r, i, r->leader);
}

static int by_place(const void *a, const void *b)
{
    const struct lp_flow_table *x = a, *y = b;
    return x->br_at < y->br_at ? -1 : x->br_at > y->br_at;
}

static void tell_all(struct lp_frun *r)
{
    for_words(r, tell_alone);
    r->emit = true;
    run_all_for(r, NULL);
    for (size_t i = 0; i < r->n; i++) {
        if (r->op[i].kind != OP_ADRP)
            continue;
        const uint8_t use = r->page_use[lp_fv_site(&r->pool, (uint32_t)i)];
        r->out->ref[i].flags = use == PAGE_USED ? 0 : LP_FLOW_ALONE;
    }
    if (r->out->ntable > 1)
        qsort(r->out->table, r->out->ntable, sizeof *r->out->table, by_place);
}

/* Too much of something: nothing that a register decides is claimed. */
static void give_up(struct lp_frun *r, size_t i, uint64_t pc, uint32_t word)
{
    tell_alone(r, i, pc, word);
    if (r->out->ref[i].kind == LP_FLOW_NONE && (r->op[i].kind == OP_ADD_IMM || r->op[i].kind == OP_MEM) && r->op[i].rn != REG_SP)
        r->out->ref[i].kind = LP_FLOW_OPAQUE;
}

static bool allocate(struct lp_frun *r)
{
    const size_t sets = r->n / 64 + 1;
    r->out->ref = malloc((r->n + 1) * sizeof *r->out->ref);
    r->op = malloc((r->n + 1) * sizeof *r->op);
    r->leader = calloc(4 * sets, sizeof *r->leader);
    r->pending = r->leader + sets;
    r->visited = r->pending + sets;
    r->ahead = r->visited + sets;
    r->state_of = calloc(r->n + 1, sizeof *r->state_of);
    r->page_use = calloc(r->n + 1, 1);
    return lp_fv_init(&r->pool, r->n) && r->out->ref != NULL && r->op != NULL && r->leader != NULL && r->state_of != NULL && r->page_use != NULL;
}

static void release(struct lp_frun *r)
{
    lp_fv_free(&r->pool);
    free(r->op);
    free(r->leader);
    free(r->state_of);
    free(r->page_use);
    free(r->state);
}

lp_status lp_flow_function(const struct lp_flow_input *in, struct lp_flow *out, struct lp_error *err)
{
    struct lp_frun run = {.in = in, .out = out}, *r = &run;
    *out = (struct lp_flow){0};
    for (size_t i = 0; i < in->nparts; i++)
        r->n += in->part[i].words;
    out->n = r->n;
    if (r->n >= UINT32_MAX / 4 || !allocate(r)) {
        release(r);
        return lp_fail(err, LP_E_NOMEM, "out of memory for a function of %zu words", r->n);
    }
    for_words(r, decode);
    mark_data(r);
    for_words(r, mark_leader);
    if (r->n != 0 && run_to_end(r) && !r->pool.failed)
        tell_all(r);
    else if (r->n != 0)
        r->failed = true;
    if (r->failed || r->pool.failed) {
        out->gave_up = true;
        out->ntable = out->naddr = 0;
        for_words(r, give_up);
    }
    release(r);
    return LP_OK;
}
