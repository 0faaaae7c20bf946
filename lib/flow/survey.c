/* flow/survey.c - what the code of a whole file says about functions that are called, and where data begin. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "base/bits.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/search.h"
#include "base/sort.h"
#include "flow/inner.h"

/* What a function that is not here may change (AAPCS64 6.1): X0-X18, and LR. A chain of calls longer than MOST_PASSES is not followed. */
enum { MOST_PASSES = 100, REACH = 64, NEAR_BITS = 8, LINK = 30, UNSURE_STEP = 2 };

struct edge { uint32_t from, to : 31, last : 1, pages; }; /* last: what follows a return of `to` is one of `from`; pages: in which registers pages are */
struct edges { struct edge *v; size_t n, cap; };
struct marks { uint64_t *v; size_t n, cap; };
/* known: the survey says already what those change that are called, and which of them return a page. */
struct look {
    struct lp_flow_survey *s;
    bool (*returns)(void *ctx, uint64_t addr);
    void *ctx;
    struct edges edges;
    struct marks marks;
    bool known;
    struct times *changed; /* NULL: nobody asks */
};
/* When each function was looked at last, and when what others see of it changed: it is looked at again only if something did on which it depends. */
struct times { uint32_t now, *looked, *in, *out; };
/* there: which registers hold theirs, came: of those, from whoever called; ahead: what they hold at branches to what comes later in the function. */
enum { AHEAD = 32 };
struct pages { struct { uint64_t at, page; } of[REGS]; uint32_t there, came; struct { uint64_t to; uint32_t there, came; } ahead[AHEAD]; unsigned nahead; };

static size_t function_at(const struct lp_flow_survey *s, uint64_t addr)
{
    size_t from = 0, to = s->nfn;
    const uint64_t g = s->nfn == 0 || addr < s->fn[0].at ? UINT64_MAX : (addr - s->fn[0].at) >> NEAR_BITS;
    if (g < s->nnear)
        from = s->near[g], to = s->near[g + 1];
    const size_t k = from + lp_count_upto(s->fn + from, to - from, sizeof *s->fn, addr);
    return k != 0 && s->fn[k - 1].at == addr ? k - 1 : SIZE_MAX;
}

/* How many functions begin in front of each stretch of addresses: where to look for one. Without it, everywhere. */
static void index_functions(struct lp_flow_survey *s)
{
    const uint64_t n = s->nfn == 0 ? 0 : ((s->fn[s->nfn - 1].at - s->fn[0].at) >> NEAR_BITS) + 1;
    if (n == 0 || n > s->words || (s->near = malloc((n + 1) * sizeof *s->near)) == NULL)
        return;
    for (size_t i = 0; s->nnear <= n; s->nnear++) {
        while (i < s->nfn && (s->fn[i].at - s->fn[0].at) >> NEAR_BITS < s->nnear)
            i++;
        s->near[s->nnear] = (uint32_t)i;
    }
    s->nnear--;
}

static bool add_edge(struct edges *e, size_t from, size_t to, uint32_t pages, bool last)
{
    struct edge *v = lp_grow(e->v, &e->cap, e->n, sizeof *v);
    if (v == NULL)
        return false;
    e->v = v;
    v[e->n++] = (struct edge){.from = (uint32_t)from, .to = (uint32_t)to & INT32_MAX, .last = last, .pages = pages};
    return true;
}

static bool add_mark(struct marks *m, uint64_t addr)
{
    uint64_t *v = lp_grow(m->v, &m->cap, m->n, sizeof *v);
    if (v == NULL)
        return false;
    m->v = v;
    v[m->n++] = addr;
    return true;
}

static uint32_t pages_there(const struct pages *page) { return page->there & ((UINT32_C(1) << (LAST_CALL_CLOBBERED + 1)) - 1); }

/* A call, or a branch out of the function. */
static bool leave(struct look *l, size_t f, uint64_t to, bool last, const struct pages *page)
{
    struct lp_flow_survey *s = l->s;
    const size_t k = function_at(s, to);
    if (k == SIZE_MAX) {
        s->fn[f].clobbers |= CALL_CLOBBERED;
        s->fn[f].returns |= last && (l->returns == NULL || l->returns(l->ctx, to));
        return true;
    }
    if (l->changed != NULL && (pages_there(page) & ~s->fn[k].pages_in) != 0)
        l->changed->in[k] = ++l->changed->now;
    s->fn[k].pages_in |= pages_there(page);
    return add_edge(&l->edges, f, k, pages_there(page), last);
}

/* Words up to the padding behind the last instruction. */
static size_t without_padding(struct lp_fop_memo *memo, const struct lp_flow_part *part)
{
    int64_t imm;
    size_t n = part->words;
    while (n > 0 && lp_fop_known(memo, lp_le32((const uint8_t *)part->code + 4 * (n - 1)), 0, &imm)->kind == OP_PAD)
        n--;
    return n;
}

/* Does a function that is over with this word go on behind its end? */
static bool falls_off(const struct lp_fop *o)
{
    return o->kind != OP_BRANCH && o->kind != OP_CALL && o->kind != OP_JUMP_REG && o->kind != OP_RETURN && o->kind != OP_STOP;
}

/* Pages that some word far away has made: they are part of no address that is made here. */
static void add_pages(struct pages *page, uint32_t there)
{
    for (uint32_t set = there & ~page->there; set != 0; set &= set - 1)
        page->of[__builtin_ctz(set)].at = UINT64_MAX;
    page->there |= there;
}

/* A branch to what comes later: it has these pages, too. (Of registers that have arguments and results, what is there on one way only is mostly none.) */
static void go_ahead(struct pages *page, uint64_t pc, uint64_t to)
{
    const uint32_t there = page->there & ~CALL_ARGUMENTS;
    if (there == 0 || to <= pc || page->nahead == AHEAD)
        return;
    page->ahead[page->nahead].to = to;
    page->ahead[page->nahead].there = there;
    page->ahead[page->nahead++].came = page->came & there;
}

static void arrive(struct pages *page, uint64_t pc)
{
    unsigned n = 0;
    for (unsigned i = 0; i < page->nahead; i++) {
        if (page->ahead[i].to == pc) {
            const uint32_t made = (page->there & ~page->came) | (page->ahead[i].there & ~page->ahead[i].came);
            add_pages(page, page->ahead[i].there);
            page->came = page->there & ~made;
        }
        if (page->ahead[i].to > pc)
            page->ahead[n++] = page->ahead[i];
    }
    page->nahead = n;
}

/* What a call may change of registers. */
static uint32_t changed_by(const struct look *l, const struct lp_fop *o, uint64_t to, const struct lp_flow_callee **fn)
{
    const size_t k = l->known && o->kind == OP_CALL ? function_at(l->s, to) : SIZE_MAX;
    *fn = k == SIZE_MAX || l->s->fn[k].unsure ? NULL : &l->s->fn[k];
    return *fn == NULL ? CALL_CLOBBERED : (*fn)->clobbers & CALL_CLOBBERED;
}

/* Which registers hold pages behind a word; behind the end of a block, those that branches lead there with. */
static void track_pages(const struct look *l, struct pages *page, const struct lp_fop *o, uint64_t pc, int64_t imm)
{
    const bool ends = o->kind == OP_BRANCH || o->kind == OP_JUMP_REG || o->kind == OP_RETURN || o->kind == OP_STOP;
    const struct lp_flow_callee *fn = NULL;
    const uint32_t call = o->kind == OP_CALL || o->kind == OP_CALL_REG ? changed_by(l, o, (uint64_t)imm, &fn) : 0;
    if (l->known && (o->kind == OP_BRANCH || o->kind == OP_BRANCH_IF))
        go_ahead(page, pc, (uint64_t)imm);
    page->there &= ~(ends ? UINT32_MAX : o->write | call);
    page->came &= page->there;
    if (fn != NULL)
        add_pages(page, fn->pages_out);
    if (o->kind != OP_ADRP)
        return;
    page->of[o->rd].at = pc, page->of[o->rd].page = (uint64_t)imm;
    page->there |= o->rd < 31 ? UINT32_C(1) << o->rd : 0;
    page->came &= page->there & ~o->write;
}

/* Does the ADD make an address of a page that is still in its register? */
static bool completes(const struct pages *page, const struct lp_fop *o, uint64_t pc)
{
    return o->kind == OP_ADD_IMM && o->rn < REG_SP && page->there >> o->rn & 1 && pc - page->of[o->rn].at < REACH;
}

/* A branch, call, return and the like. ends: the function is over with it. */
static bool look_at_branch(struct look *l, size_t f, const struct lp_flow_part *part, const struct lp_fop *o, uint64_t to, bool ends, const struct pages *page)
{
    struct lp_flow_callee *fn = &l->s->fn[f];
    const bool out = to - part->at >= 4 * (uint64_t)part->words, leaves = o->kind == OP_BRANCH && out;
    if ((o->kind == OP_CALL || leaves) && !leave(l, f, to, leaves || ends, page))
        return false;
    fn->returns |= o->kind == OP_RETURN || o->kind == OP_JUMP_REG || (o->kind == OP_BRANCH_IF && out);
    fn->pages_out |= o->kind == OP_RETURN ? pages_there(page) & ~page->came : 0;
    fn->clobbers |= o->kind == OP_CALL_REG ? CALL_CLOBBERED : 0;
    fn->unsure |= o->kind == OP_JUMP_REG;
    return true;
}

/* What a word keeps of the registers that functions leave as they were. (A store of LR alone makes no frame: pieces of functions do that.) */
static void see_frame(struct lp_flow_callee *fn, const struct lp_fop *o)
{
    const bool store = o->kind == OP_MEM && (o->flags & F_STORE) && o->rn == REG_SP;
    fn->frame |= (o->kind == OP_ADD_IMM && o->rd == REG_SP && o->rn == REG_SP) || (store && (o->flags & F_BACK) && o->rd != LINK);
    if (!store)
        return;
    const uint32_t regs = (o->rd < LINK ? UINT32_C(1) << o->rd : 0) | (o->rt2 < LINK ? UINT32_C(1) << o->rt2 : 0);
    *(fn->frame ? &fn->saves : &fn->puts) |= regs;
}

static bool look_at(struct look *l, size_t f, const struct lp_flow_part *part)
{
    struct pages page;
    struct lp_flow_callee *fn = &l->s->fn[f];
    page.there = page.nahead = 0;
    add_pages(&page, page.came = l->known ? fn->pages_in : 0);
    const size_t words = without_padding(l->s->memo, part);
    fn->piece = lp_flow_piece_of(l->s->memo, part, &fn->on);
    uint32_t clobbers = 0;
    for (size_t i = 0; i < words; i++) {
        int64_t imm;
        const uint64_t pc = part->at + 4 * i;
        const uint8_t *code = (const uint8_t *)part->code + 4 * i;
        const struct lp_fop *o = lp_fop_known(l->s->memo, lp_le32(code), pc, &imm);
        struct lp_fop tls;
        if (o->kind == OP_CALL_REG && lp_fop_finds_tls(code, i, &tls))
            o = &tls;
        if (page.nahead != 0)
            arrive(&page, pc);
        clobbers |= o->write;
        if (o->rn == REG_SP)
            see_frame(fn, o);
        if (completes(&page, o, pc) && !add_mark(&l->marks, page.of[o->rn].page + (uint64_t)imm))
            return false;
        if (o->kind >= OP_BRANCH && !look_at_branch(l, f, part, o, (uint64_t)imm, i + 1 == words, &page))
            return false;
        fn->returns |= i + 1 == words && falls_off(o);
        if (o->kind == OP_ADRP || o->kind >= OP_BRANCH)
            track_pages(l, &page, o, pc, imm);
        else
            page.there &= ~o->write, page.came &= ~o->write;
    }
    fn->clobbers |= clobbers & INT32_MAX;
    fn->pages_out &= fn->clobbers; /* what it leaves alone it has not made */
    return true;
}

static void follow(struct lp_flow_survey *s, const struct edges *e)
{
    bool more = true;
    for (size_t i = 0; i < e->n; i++) /* a piece of a prologue */
        s->fn[e->v[i].from].saves |= s->fn[e->v[i].from].frame ? s->fn[e->v[i].to].puts : 0;
    for (unsigned pass = 0; more; pass++) {
        more = false;
        for (size_t i = e->n; i-- > 0;) {
            struct lp_flow_callee *a = &s->fn[e->v[i].from];
            const struct lp_flow_callee *b = &s->fn[e->v[i].to];
            const uint32_t clobbers = a->clobbers | (b->clobbers & ~(b->saves & CALL_PRESERVED));
            const bool unsure = a->unsure || b->unsure || pass > MOST_PASSES;
            const bool returns = a->returns || (e->v[i].last && b->returns) || pass > MOST_PASSES;
            more |= clobbers != a->clobbers || unsure != a->unsure || returns != a->returns;
            if (unsure && !a->unsure)
                a->unsure_from = b->unsure && b->unsure_from < UINT32_MAX - UNSURE_STEP ? b->unsure_from + UNSURE_STEP : UINT32_MAX;
            a->clobbers = clobbers;
            a->unsure = unsure;
            a->returns = returns;
        }
    }
}

/* What is a branch only does what is there. */
static void pass_on(struct lp_flow_survey *s)
{
    enum { MOST = 8 };
    for (size_t i = 0; i < s->nfn; i++) {
        size_t k = i;
        for (unsigned n = 0; n < MOST && k != SIZE_MAX && s->fn[k].on != 0; n++)
            k = function_at(s, s->fn[k].on);
        if (k != SIZE_MAX && k != i)
            s->fn[i].piece = s->fn[k].piece;
    }
}

/* A page may go through several functions, if code was moved out of one in pieces: once it is known what each call leaves alone, those are looked at
 * again that call something with a page in a register, or that get one back. */
static bool may_hand_on(const struct lp_flow_survey *s, const struct edge *e)
{
    return e->pages != 0 || s->fn[e->from].pages_in != 0 || s->fn[e->to].pages_out != 0;
}

static bool start_times(struct times *t, size_t n)
{
    *t = (struct times){.now = 1, .looked = calloc(3 * n + 1, sizeof *t->looked)};
    t->in = t->looked + n, t->out = t->in + n;
    return t->looked != NULL;
}

static bool is_old(const struct times *t, const struct edge *e)
{
    const uint32_t looked = t->looked[e->from];
    return looked == 0 || t->in[e->from] > looked || t->out[e->to] > looked;
}

/* Looks at one function again, and notes what that changed: of itself, and of those that it calls, which are in its edges. */
static bool look_again(struct look *l, struct times *t, const struct lp_flow_part *part, uint32_t f)
{
    struct lp_flow_callee *fn = l->s->fn;
    const uint32_t out = fn[f].pages_out;
    const size_t first = l->edges.n;
    l->changed = t;
    t->looked[f] = ++t->now;
    if (!look_at(l, f, part))
        return false;
    if (fn[f].pages_out != out)
        t->out[f] = ++t->now;
    l->edges.n = first, l->marks.n = 0;
    return true;
}

static bool hand_on(struct look *l, const struct lp_flow_part *part)
{
    enum { ROUNDS = 8 };
    struct look again = {.s = l->s, .returns = l->returns, .ctx = l->ctx, .known = true};
    struct times t;
    bool good = start_times(&t, l->s->nfn);
    uint32_t before = 0;
    for (unsigned round = 0; good && round < ROUNDS && t.now != before; round++) {
        uint32_t last = UINT32_MAX;
        before = t.now;
        for (size_t i = 0; good && i < l->edges.n; i++) {
            const struct edge *e = &l->edges.v[i];
            if (e->from == last || !may_hand_on(l->s, e) || !is_old(&t, e)) /* the edges of one function follow one another */
                continue;
            last = e->from;
            good = look_again(&again, &t, &part[last], last);
        }
    }
    free(t.looked);
    free(again.edges.v), free(again.marks.v);
    return good;
}

static struct lp_flow_part *in_order(const struct lp_flow_part *part, size_t n)
{
    struct lp_flow_part *v = malloc((n + 1) * sizeof *v);
    if (v != NULL && n != 0) {
        memcpy(v, part, n * sizeof *v);
        lp_sort_by_number(v, n, sizeof *v);
    }
    return v;
}

static uint64_t words_of(const struct lp_flow_part *part, size_t n)
{
    uint64_t words = 0;
    for (size_t i = 0; i < n; i++)
        words += part[i].words;
    return words;
}

static bool start_survey(struct lp_flow_survey *s, size_t n, uint64_t words)
{
    *s = (struct lp_flow_survey){.fn = calloc(n + 1, sizeof *s->fn), .words = words, .memo = lp_fop_memo(words), .run = calloc(1, sizeof *s->run)};
    return s->fn != NULL && s->memo != NULL && s->run != NULL && n < INT32_MAX;
}

lp_status lp_flow_survey(const struct lp_flow_part *unordered, size_t n, bool (*returns)(void *ctx, uint64_t addr), void *ctx, struct lp_flow_survey *out,
                         struct lp_error *err)
{
    struct look l = {.s = out, .returns = returns, .ctx = ctx};
    struct lp_flow_part *part = in_order(unordered, n);
    bool good = start_survey(out, n, words_of(unordered, n)) && part != NULL;
    for (size_t i = 0; good && i < n; i++)
        out->fn[i].at = part[i].at;
    out->nfn = good ? n : 0;
    index_functions(out);
    for (size_t i = 0; good && i < n; i++)
        good = look_at(&l, i, &part[i]);
    if (good)
        follow(out, &l.edges);
    good = good && hand_on(&l, part);
    pass_on(out);
    out->mark = l.marks.v;
    out->nmark = l.marks.n;
    lp_sort_numbers(l.marks.v, l.marks.n);
    free(l.edges.v);
    free(part);
    return good ? LP_OK : lp_fail(err, LP_E_NOMEM, "out of memory for a survey of %zu functions", n);
}

/* ---- of code that changed a little ---- */

/* The functions of a survey with what is known of them, and others of which nothing is. */
static bool with_others(struct lp_flow_survey *s, const struct lp_flow_survey *old, const struct lp_flow_part *part, size_t n)
{
    if (!start_survey(s, old->nfn + n, old->memo == NULL ? words_of(part, n) : old->words))
        return false;
    if (old->nfn != 0)
        memcpy(s->fn, old->fn, old->nfn * sizeof *s->fn);
    for (size_t i = 0; i < n; i++)
        s->fn[old->nfn + i].at = part[i].at;
    s->nfn = old->nfn + n;
    if (n != 0)
        lp_sort_by_number(s->fn, s->nfn, sizeof *s->fn);
    index_functions(s);
    return true;
}

static int by_callee(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    if (x->to != y->to)
        return x->to < y->to ? -1 : 1;
    return x->last != y->last ? (x->last < y->last ? -1 : 1) : (x->pages > y->pages) - (x->pages < y->pages);
}

/* A call that f makes only before, or only now: does nothing of it show? All that it may do, f does without it: by itself (before), or as is known (now). */
static bool shows_nothing(const struct lp_flow_survey *s, const struct edge *e, const struct lp_flow_callee *f)
{
    const struct lp_flow_callee *to = &s->fn[e->to];
    const uint32_t clobbers = to->clobbers & ~(to->saves & CALL_PRESERVED);
    if (e->pages != 0 || f->pages_in != 0 || to->pages_out != 0 || to->puts != 0)
        return false;
    return (clobbers & ~f->clobbers) == 0 && to->unsure <= f->unsure && (!e->last || to->returns <= f->returns);
}

/* Does f still call one that is unsure whatever f does (unsure_from)? That is one with less than f, or with as much, if f is then put behind it by 1, which is
 * half a step: so f stays in front of those that are unsure because they call it. */
static bool stays_unsure(struct lp_flow_survey *s, size_t f, const struct edges *e)
{
    uint32_t *from = &s->fn[f].unsure_from, least = UINT32_MAX;
    for (size_t i = 0; i < e->n; i++) {
        const struct lp_flow_callee *to = &s->fn[e->v[i].to];
        if (to->unsure && e->v[i].to != f && to->unsure_from < least)
            least = to->unsure_from;
    }
    if (!s->fn[f].unsure || least >= (*from | 1))
        return false;
    *from |= least == *from;
    return true;
}

/* Are the calls of a function, before and now, the same for all others? own: what it does by itself. */
static bool same_calls(struct lp_flow_survey *s, size_t f, const struct edges *a, const struct edges *b, struct lp_flow_callee *own)
{
    size_t i = 0, k = 0;
    own->unsure |= stays_unsure(s, f, b);
    lp_sort(a->v, a->n, sizeof *a->v, by_callee);
    lp_sort(b->v, b->n, sizeof *b->v, by_callee);
    while (i < a->n || k < b->n) {
        const int c = i == a->n ? 1 : k == b->n ? -1 : by_callee(&a->v[i], &b->v[k]);
        if (c != 0 && !shows_nothing(s, c < 0 ? &a->v[i] : &b->v[k], c < 0 ? own : &s->fn[f]))
            return false;
        i += c <= 0, k += c >= 0;
    }
    return true;
}

/* What one function says by itself; what is known of it stays. */
static bool look_alone(struct look *l, size_t f, const struct lp_flow_part *part, struct lp_flow_callee *says)
{
    struct lp_flow_callee *fn = &l->s->fn[f], known = *fn;
    *fn = (struct lp_flow_callee){.at = known.at, .pages_in = known.pages_in};
    const bool good = look_at(l, f, part);
    *says = *fn, *fn = known;
    return good;
}

/* The addresses that a function makes, as all were looked at. */
static bool add_made(const struct look *l, struct marks *to, size_t f, const struct lp_flow_part *part)
{
    struct look x = {.s = l->s, .returns = l->returns, .ctx = l->ctx};
    struct lp_flow_callee says;
    bool good = look_alone(&x, f, part, &says);
    for (size_t i = 0; good && i < x.marks.n; i++)
        good = add_mark(to, x.marks.v[i]);
    free(x.edges.v), free(x.marks.v);
    return good;
}

/* Do the two say the same about themselves and others? They may make other addresses: those of before are gone then. */
static bool says_the_same(struct look *l, struct marks *gone, size_t f, const struct lp_flow_part *before, const struct lp_flow_part *after)
{
    struct look a = {.s = l->s, .returns = l->returns, .ctx = l->ctx, .known = true}, b = a;
    struct lp_flow_callee x, y;
    const bool good = look_alone(&a, f, before, &x) && look_alone(&b, f, after, &y);
    const bool same = good && y.clobbers == x.clobbers && y.pages_out == x.pages_out && x.pages_out == l->s->fn[f].pages_out && y.saves == x.saves &&
                      y.unsure == x.unsure && y.returns == x.returns && y.on == x.on && lp_flow_same_piece(&y, &x) &&
                      same_calls(l->s, f, &a.edges, &b.edges, &y);
    const bool made = a.marks.n != b.marks.n || (a.marks.n != 0 && memcmp(a.marks.v, b.marks.v, a.marks.n * sizeof *a.marks.v) != 0);
    free(a.edges.v), free(a.marks.v), free(b.edges.v), free(b.marks.v);
    return same && (!made || (add_made(l, gone, f, before) && add_made(l, &l->marks, f, after)));
}

/* Where nobody came to it, all that is said is the old one's. */
static void borrow(struct lp_flow_survey *s, const struct lp_flow_survey *old)
{
    free(s->fn), free(s->near);
    s->fn = old->fn, s->nfn = old->nfn;
    s->near = old->near, s->nnear = old->nnear;
    s->mark = old->mark, s->nmark = old->nmark;
    s->borrowed = true;
}

/* Those of before but for what is gone, of each as often as it is. */
static bool join_marks(const struct lp_flow_survey *old, const struct marks *gone, struct look *l)
{
    bool good = true;
    lp_sort_numbers(gone->v, gone->n);
    for (size_t i = 0, k = 0; good && i < old->nmark; i++) {
        while (k < gone->n && gone->v[k] < old->mark[i])
            k++;
        if (k < gone->n && gone->v[k] == old->mark[i])
            k++;
        else
            good = add_mark(&l->marks, old->mark[i]);
    }
    lp_sort_numbers(l->marks.v, l->marks.n);
    l->s->mark = l->marks.v;
    l->s->nmark = l->marks.n;
    return good;
}

bool lp_flow_survey_changed(const struct lp_flow_survey *old, const struct lp_flow_changes *c, bool (*returns)(void *ctx, uint64_t addr), void *ctx,
                            struct lp_flow_survey *out)
{
    struct look l = {.s = out, .returns = returns, .ctx = ctx, .known = true};
    struct marks gone = {0};
    bool same = with_others(out, old, c->added, c->nadded);
    for (size_t i = 0; same && i < c->nchanged; i++) {
        const size_t f = function_at(out, c->after[i].at);
        same = f != SIZE_MAX && says_the_same(&l, &gone, f, &c->before[i], &c->after[i]);
    }
    for (size_t i = 0; same && i < c->nadded; i++)
        same = look_at(&l, function_at(out, c->added[i].at), &c->added[i]);
    if (same && c->nadded == 0 && gone.n == 0 && l.marks.n == 0) {
        borrow(out, old);
        return true;
    }
    if (same)
        follow(out, &l.edges), pass_on(out);
    same = same && join_marks(old, &gone, &l);
    free(l.edges.v), free(gone.v);
    if (!same)
        free(out->mark == NULL ? l.marks.v : NULL), lp_flow_survey_free(out);
    return same;
}

bool lp_flow_survey_beside(const struct lp_flow_survey *s, struct lp_flow_survey *out)
{
    *out = *s;
    out->borrowed = true;
    out->memo = lp_fop_memo(s->words);
    out->run = calloc(1, sizeof *out->run);
    return out->memo != NULL && out->run != NULL;
}

void lp_flow_survey_rest(struct lp_flow_survey *s)
{
    free(s->memo);
    lp_frun_free(s->run);
    s->memo = NULL;
    s->run = NULL;
}

void lp_flow_survey_free(struct lp_flow_survey *s)
{
    if (!s->borrowed)
        free(s->fn), free(s->near), free(s->mark);
    lp_flow_survey_rest(s);
    *s = (struct lp_flow_survey){0};
}

uint64_t lp_flow_survey_next(const struct lp_flow_survey *s, uint64_t addr)
{
    const size_t k = lp_count_upto(s->mark, s->nmark, sizeof *s->mark, addr);
    return k < s->nmark ? s->mark[k] : UINT64_MAX;
}

const struct lp_flow_callee *lp_flow_survey_callee(const struct lp_flow_survey *s, uint64_t addr)
{
    const size_t k = function_at(s, addr);
    return k == SIZE_MAX ? NULL : &s->fn[k];
}

void lp_flow_survey_instead(struct lp_flow_survey *s, uint64_t addr, uint64_t body)
{
    const size_t k = s->borrowed ? SIZE_MAX : function_at(s, addr), b = function_at(s, body);
    if (k != SIZE_MAX && b != SIZE_MAX)
        s->fn[k].piece = s->fn[b].piece;
}
