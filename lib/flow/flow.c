/* flow/flow.c - what address each word of a function stands for: blocks are run until no state changes, then once more to tell. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "a64/a64.h"
#include "base/bits.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/search.h"
#include "flow/inner.h"

/* A state that changed this often becomes one that cannot change (hostile code); rounds of seeding, likewise. */
enum { MOST_VISITS = 100, MOST_ROUNDS = 12 };
enum { MOST_OPS = 2048 }; /* words that are kept decoded */

void lp_flow_free(struct lp_flow *flow)
{
    free(flow->of);
    free(flow->ref);
    free(flow->addr);
    free(flow->table);
    free(flow->held);
    free(flow->twin);
    free(flow->twin_addr);
    free(flow->twin_table);
    *flow = (struct lp_flow){0};
}

/* ---- places ---- */

size_t lp_flow_word(const struct lp_flow_input *in, uint64_t addr)
{
    size_t before = 0;
    for (size_t i = 0; i < in->nparts; i++) {
        const struct lp_flow_part *p = &in->part[i];
        if (addr - p->at < 4 * (uint64_t)p->words)
            return addr % 4 == 0 ? before + (size_t)(addr - p->at) / 4 : SIZE_MAX;
        before += p->words;
    }
    return SIZE_MAX;
}

size_t lp_frun_word(const struct lp_frun *r, uint64_t addr) { return lp_flow_word(r->in, addr); }

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

/* The last word in front of i that is in the set; 0 if there is none. */
static size_t last_bit(const uint64_t *set, size_t i)
{
    size_t k = (i - 1) / 64;
    uint64_t w = set[k] & UINT64_MAX >> (63 - (i - 1) % 64);
    while (w == 0 && k > 0)
        w = set[--k];
    return w == 0 ? 0 : 64 * k + 63 - (size_t)__builtin_clzll(w);
}

/* ---- blocks ---- */

/* The block that begins here is to be run. */
static void is_due(struct lp_frun *r, size_t head)
{
    lp_fset_add(r->pending, head);
    r->first = head < r->first ? head : r->first;
    r->end = head < r->end ? r->end : head + 1;
}

/* A block begins at this word. */
static void lead(struct lp_frun *r, size_t word)
{
    if (lp_fset_has(r->leader, word))
        return;
    lp_fset_add(r->leader, word);
    if (lp_fset_has(r->visited, word)) { /* in the middle of a block that was run: it ends here from now on */
        size_t head = word;
        while (head > 0 && r->head_of[head] == 0)
            head = last_bit(r->leader, head);
        is_due(r, head);
    }
}

/* The first way to a word comes with that state. */
static void set_head(struct lp_frun *r, size_t word, uint32_t state)
{
    struct lp_fleader *v = state == NO_STATE ? NULL : lp_grow(r->head, &r->cap_head, r->nhead, sizeof *v);
    if (v == NULL) {
        r->failed = true;
        return;
    }
    r->head = v;
    v[r->nhead++] = (struct lp_fleader){.state = state};
    r->head_of[word] = (uint32_t)r->nhead;
    is_due(r, word);
}

/* A way leads to this word with that state. */
static void flow_to(struct lp_frun *r, size_t word, const struct lp_fstate *s)
{
    lead(r, word);
    const uint32_t k = r->head_of[word];
    if (!lp_fstate_room(r, r->nstate))
        return;
    if (k == 0) {
        set_head(r, word, lp_fstate_new(r, s));
        return;
    }
    struct lp_fleader *h = &r->head[k - 1];
    bool changed;
    h->state = lp_fstate_meet(r, h->state, s, h->visits >= MOST_VISITS, &changed);
    if (!changed)
        return;
    h->visits++;
    is_due(r, word);
}

/* A BR: to the targets of a table, or to an address that is known. False: to where, is not known. */
static bool jump(struct lp_frun *r, size_t i, const struct lp_fstate *s)
{
    struct lp_flow_table t;
    const lp_fv to = s->reg[lp_frun_op(r, i)->rn];
    lp_frun_ref(r, i)->told = to;
    const struct lp_fvalue *v = lp_fv_at(&r->pool, to);
    if (!lp_frun_table(r, to, lp_frun_pc(r, i), &t)) {
        if (v->kind != FV_ADDR || v->n != 1 || v->maybe || v->m[0].indexed || v->m[0].space != IN_ADDR)
            return false;
        const size_t w = lp_frun_word(r, v->m[0].v);
        lp_ftwin_same_place(r, v->m[0].v, v->m[0].w);
        if (w != SIZE_MAX)
            flow_to(r, w, s);
        return true;
    }
    lp_ftwin_same_table(r, v, &t);
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
    switch (r->kind[i]) {
    case OP_CALL: return lp_frun_op(r, i)->cond;
    case OP_BRANCH: case OP_RETURN: case OP_STOP: case OP_DATA: case OP_JUMP_REG: return false;
    default: return true;
    }
}

static void branch(struct lp_frun *r, size_t i, struct lp_fstate *s, const struct lp_fcmp *cmp)
{
    const struct lp_fop *o = lp_frun_op(r, i);
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

/* Where a state may go from that nobody sees: BRs that are not understood, and calls that exceptions leave. */
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

/* An exception may leave this call: then registers that calls preserve have what they had; X0 and X1 are the unwinder's, no
 * addresses of this file, and nobody reads the others. */
static void land(struct lp_frun *r, size_t i, const struct lp_fstate *s)
{
    const uint64_t pc = lp_frun_pc(r, i);
    const size_t k = lp_count_upto(r->in->pad, r->in->npad, sizeof *r->in->pad, pc);
    const struct lp_flow_pad *p = k == 0 ? NULL : &r->in->pad[k - 1];
    const size_t to = p == NULL || pc >= p->to ? SIZE_MAX : lp_frun_word(r, p->at);
    struct lp_fstate landed;
    if (to == SIZE_MAX)
        return;
    lp_fstate_copy(r, &landed, s);
    for (uint32_t set = CALL_CLOBBERED; set != 0; set &= set - 1)
        landed.reg[__builtin_ctz(set)] = ID_NONE;
    flow_to(r, to, &landed);
}

/* From a leader to the next or to where the code ends. */
static void run_block(struct lp_frun *r, size_t i, struct elsewhere *e)
{
    const size_t end = end_of_part(r, i), k = r->head_of[i] - 1;
    size_t seen = i;
    struct lp_fstate s;
    struct lp_fcmp cmp = {0};
    lp_fstate_copy(r, &s, lp_fstate_at(r, r->head[k].state));
    r->escapes = 0;
    for (bool more = true; more && i < end && !r->failed;) {
        const unsigned kind = r->kind[i];
        lp_frun_step(r, &s, i, &cmp);
        if (kind >= OP_BRANCH) {
            see(r, seen, i + 1);
            seen = i + 1;
            if (kind == OP_BRANCH || kind == OP_BRANCH_IF)
                branch(r, i, &s, &cmp);
            more = goes_on(r, i);
            const bool called = kind == OP_CALL || kind == OP_CALL_REG;
            if (((kind == OP_JUMP_REG && !jump(r, i, &s)) || (called && (r->in->caught || r->labels))) && e != NULL)
                leaves(r, e, &s);
            if (called && r->in->npad != 0)
                land(r, i, &s);
            if (called && !more && e != NULL && i + 1 < end && lp_fset_has(r->seeded, i + 1)) /* if it is wrong that the call does not return */
                flow_to(r, i + 1, &s);
        }
        if (more && ++i < end && lp_fset_has(r->leader, i)) {
            see(r, seen, i);
            seen = end;
            flow_to(r, i, &s);
            break;
        }
    }
    see(r, seen, i < end ? i + 1 : end);
    r->head[k].escapes = r->escapes;
}

static void run_pending(struct lp_frun *r)
{
    while (r->first < r->end && !r->failed) {
        size_t end = r->end, i = next_bit(r->pending, r->first, end, false);
        r->first = r->n;
        r->end = 0;
        while (i < end && !r->failed) {
            r->pending[i / 64] &= ~(UINT64_C(1) << i % 64);
            run_block(r, i, NULL);
            end = end < r->end ? r->end : end;
            i = next_bit(r->pending, i, end, false);
        }
    }
}

/* Where a branch of the function leads to. */
static void mark_target(struct lp_frun *r, size_t i, uint64_t *set)
{
    const bool branch = r->kind[i] == OP_BRANCH || r->kind[i] == OP_BRANCH_IF;
    const size_t to = branch ? lp_frun_word(r, (uint64_t)lp_frun_op(r, i)->imm) : SIZE_MAX;
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
            if (r->kind[i] == OP_PAD || r->kind[i] == OP_DATA)
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

/* Behind a call that does not return, and nowhere else that is not seen: if it is entered at all, then with what the call leaves. */
static bool is_behind_call(struct lp_frun *r, size_t i) { return i > 0 && r->kind[i - 1] == OP_CALL && !goes_on(r, i - 1) && i < end_of_part(r, i - 1); }

/* They may be entered as `e` says: thousands in a table that looks like code, most with the same state, so it is looked at once what becomes of that. */
static void enter_seeds(struct lp_frun *r, struct elsewhere *e, bool all)
{
    uint32_t first = NO_STATE, from = NO_STATE, to = NO_STATE; /* of those that are new; what several had before, and have now */
    uint16_t visits = 0;
    bool changed = false;
    lp_fstate_fill(r, &e->state);
    for (size_t i = next_bit(r->seeded, 0, r->n, false); i < r->n && !r->failed; i = next_bit(r->seeded, i + 1, r->n, false)) {
        const uint32_t k = r->head_of[i];
        if (!all && !e->any && is_behind_call(r, i))
            continue;
        if (k != 0 && r->users[r->head[k - 1].state] == 1) {
            flow_to(r, i, &e->state);
            continue;
        }
        lead(r, i);
        if (k == 0) {
            first = first == NO_STATE ? lp_fstate_new(r, &e->state) : first;
            set_head(r, i, lp_fstate_use(r, first));
            continue;
        }
        struct lp_fleader *h = &r->head[k - 1];
        if (h->state != from || h->visits != visits) {
            lp_fstate_drop(r, from), lp_fstate_drop(r, to);
            from = lp_fstate_use(r, h->state);
            visits = h->visits;
            to = lp_fstate_meet(r, lp_fstate_use(r, from), &e->state, visits >= MOST_VISITS, &changed);
        }
        if (!changed || to == NO_STATE)
            continue;
        lp_fstate_drop(r, from);
        h->state = lp_fstate_use(r, to);
        h->visits++;
        is_due(r, i);
    }
    lp_fstate_drop(r, first), lp_fstate_drop(r, from), lp_fstate_drop(r, to);
}

static void run_all_for(struct lp_frun *r, struct elsewhere *e)
{
    for (size_t i = 0; i < r->n && !r->failed; i++)
        if (r->head_of[i] != 0)
            run_block(r, i, e);
}

static void start(struct lp_fstate *s, struct lp_frun *r)
{
    memset(s, 0, offsetof(struct lp_fstate, slot)); /* ID_NONE */
    lp_fstate_fill(r, s);
    s->reg[REG_ZR] = ID_ZERO;
    const struct lp_flow_callee *fn = r->in->survey == NULL ? NULL : lp_flow_survey_callee(r->in->survey, r->in->part[0].at);
    for (uint32_t set = CALL_FOREIGN | (fn == NULL ? 0 : fn->pages_in); set != 0; set &= set - 1)
        s->reg[__builtin_ctz(set)] = ID_FOREIGN;
    lp_frun_borrow(r, s, r->in->part[0].at, false);
    s->reg[REG_SP] = lp_fv_make(&r->pool, FV_STACK, 0, 0);
}

/* Until nothing changes; seeds go round, since what they reach may leave with more. */
static void run_seeds(struct lp_frun *r)
{
    bool more = find_seeds(r);
    for (unsigned round = 0; more && !r->failed; round++) {
        struct elsewhere e;
        const bool labels = r->labels |= lp_frun_hands_label(r);
        start(&e.state, r);
        e.any = false;
        run_all_for(r, &e);
        for (unsigned k = 0; k < REG_SP && round >= MOST_ROUNDS; k++)
            e.state.reg[k] = ID_OPAQUE;
        enter_seeds(r, &e, round >= MOST_ROUNDS);
        more = r->first < r->end;
        run_pending(r);
        more |= find_seeds(r) || labels != r->labels;
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

/* Whom a call calls, and whether it comes back. */
static void find_callee(const struct lp_frun *r, struct lp_fop *o)
{
    const struct lp_flow_callee *fn = r->in->survey == NULL ? NULL : lp_flow_survey_callee(r->in->survey, (uint64_t)o->imm);
    o->back = fn == NULL ? 0 : (int32_t)(fn - r->in->survey->fn) + 1;
    if (o->kind == OP_CALL)
        o->cond = fn != NULL ? fn->returns : r->in->returns == NULL || r->in->returns(r->in->ctx, (uint64_t)o->imm);
}

struct lp_fop *lp_frun_decode(struct lp_frun *r, size_t i)
{
    struct lp_fop *o = &r->op[i & r->op_mask];
    r->op_at[i & r->op_mask] = (uint32_t)i + 1;
    if (r->kind[i] == OP_DATA) {
        *o = (struct lp_fop){.kind = OP_DATA};
        return o;
    }
    const struct lp_flow_part *p = r->in->part;
    size_t k = i;
    int64_t imm;
    for (; k >= p->words; p++)
        k -= p->words;
    *o = *lp_fop_known(r->memo, lp_le32((const uint8_t *)p->code + 4 * k), p->at + 4 * k, &imm);
    o->imm = imm;
    if (o->kind == OP_CALL || (o->kind == OP_BRANCH && lp_frun_word(r, (uint64_t)imm) == SIZE_MAX))
        find_callee(r, o);
    if (o->kind == OP_CALL_REG)
        lp_fop_finds_tls((const uint8_t *)p->code + 4 * k, k, o);
    return o;
}

/* Words that branches lead to begin blocks. */
static void read_word(struct lp_frun *r, size_t i, bool code)
{
    r->kind[i] = code ? OP_OTHER : OP_DATA;
    const struct lp_fop *o = lp_frun_op(r, i);
    const unsigned kind = r->kind[i] = o->kind;
    lp_frun_tell_alone(r, i);
    if (kind < OP_BRANCH)
        return;
    mark_target(r, i, r->leader);
    r->bounds |= kind == OP_JUMP_REG;
}

static void read_part(struct lp_frun *r, const struct lp_flow_part *part, size_t i)
{
    for (uint64_t k = 0; k < part->words;) {
        uint64_t until = part->at + 4 * (uint64_t)part->words;
        const bool code = r->in->is_code == NULL || r->in->is_code(r->in->ctx, part->at + 4 * k, &until);
        const uint64_t end = until <= part->at + 4 * k ? k + 1 : (until - part->at + 3) / 4;
        for (; k < end && k < part->words; k++)
            read_word(r, i + k, code);
    }
}

static void read_words(struct lp_frun *r)
{
    size_t i = 0;
    for (size_t p = 0; p < r->in->nparts; i += r->in->part[p++].words)
        read_part(r, &r->in->part[p], i);
}

/* ---- the run ---- */

static bool more_words(struct lp_frun *r)
{
    const size_t cap = r->n + r->n / 2 + 64;
    size_t ops = 64;
    while (ops < cap && ops < MOST_OPS)
        ops *= 2;
    free(r->op), free(r->op_at), free(r->kind), free(r->leader), free(r->head_of);
    r->op = malloc(ops * sizeof *r->op);
    r->op_at = malloc(ops * sizeof *r->op_at);
    r->op_mask = ops - 1;
    r->kind = malloc(cap);
    r->leader = malloc(5 * (cap / 64 + 1) * sizeof *r->leader);
    r->head_of = malloc(cap * sizeof *r->head_of);
    const bool good = r->op != NULL && r->op_at != NULL && r->kind != NULL && r->leader != NULL && r->head_of != NULL;
    r->cap = good ? cap : 0;
    return good;
}

static bool begin(struct lp_frun *r, const struct lp_flow_input *in, struct lp_flow *out)
{
    r->in = in;
    r->out = out;
    r->twin = in->twin;
    r->n = out->n;
    r->nstate = r->nhead = r->nescape = r->nheld = 0;
    r->spare = 0;
    memset(r->recent, 0, sizeof r->recent);
    r->nslot = 0;
    r->first = r->n;
    r->end = 0;
    r->room = 8;
    r->cap_addr = r->cap_table = 0;
    r->failed = r->bounds = r->labels = r->holding = false;
    memset(r->granule, 0, sizeof r->granule);
    if (r->n >= UINT32_MAX / 4 || (r->n >= r->cap && !more_words(r)))
        return false;
    const size_t sets = r->n / 64 + 1;
    memset(r->leader, 0, 5 * sets * sizeof *r->leader);
    r->pending = r->leader + sets;
    r->visited = r->pending + sets;
    r->ahead = r->visited + sets;
    r->seeded = r->ahead + sets;
    memset(r->head_of, 0, r->n * sizeof *r->head_of);
    memset(r->op_at, 0, (r->n <= r->op_mask ? r->n : r->op_mask + 1) * sizeof *r->op_at);
    r->nomem = false;
    r->cap_ref = r->n / 2 + REF_FIRST;
    out->nref = REF_FIRST;
    out->of = calloc(r->n + 1, sizeof *out->of);
    out->ref = malloc(r->cap_ref * sizeof *out->ref);
    if (out->of == NULL || out->ref == NULL)
        return false;
    out->ref[REF_NONE] = (struct lp_flow_ref){.n = 1};
    out->ref[REF_DATA] = (struct lp_flow_ref){.n = 1, .kind = LP_FLOW_DATA};
    for (unsigned i = REF_LENT; i < REF_FIRST; i++)
        out->ref[i] = (struct lp_flow_ref){.n = 1};
    return lp_fv_start(&r->pool);
}

/* Once more, as nothing changes any more: what registers hold where others go on. */
static bool hold(struct lp_frun *r)
{
    if (!r->in->holds && (r->in->survey == NULL || r->in->survey->nlent == 0))
        return true;
    r->holding = true;
    run_all_for(r, NULL);
    r->holding = false;
    if (r->first < r->end)
        r->nheld = 0;
    return !r->failed;
}

static void run(struct lp_frun *r)
{
    read_words(r);
    if (r->n == 0)
        return;
    r->failed |= !lp_fv_sites(&r->pool, r->out->nref);
    if (!r->failed && run_to_end(r) && hold(r) && !r->pool.failed)
        lp_frun_tell(r);
    if (r->failed || r->pool.failed)
        lp_frun_give_up(r);
    else if (r->twin != NULL)
        lp_ftwin_tell(r);
}

void lp_frun_free(struct lp_frun *r)
{
    if (r == NULL)
        return;
    lp_fv_free(&r->pool);
    free(r->op);
    free(r->op_at);
    free(r->kind);
    free(r->leader);
    free(r->head_of);
    free(r->head);
    free(r->escape);
    free(r->held);
    free(r->page_use);
    free(r->state);
    free(r->users);
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
        r->memo = memo, run(r);
    const bool whole = good && !r->nomem;
    if (in->survey == NULL)
        lp_frun_free(r), free(memo);
    return whole ? LP_OK : lp_fail(err, LP_E_NOMEM, "out of memory for a function of %zu words", out->n);
}
