/* make/kept.c - variables that a caller keeps in registers over the call, since its compiler has seen that the old body does not store to them (gcc
 * -fipa-modref, -fipa-reference; clang likewise), where the new one does: the caller goes on with what was there before. Or the new one reads what
 * the caller stores only behind the call.
 *
 * Of a variable in memory it is told only of callers that do so by their words. Of one of the caller's own, whose address it gives, also if it is not looked at
 * behind the call at all. */
#include <config.h>
#include "a64/a64.h"
#include "a64/regs.h"
#include "base/buf.h"
#include "elf/line.h"
#include "make/relied.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PLACES = 64, MOST_SEEN = 64, MOST_DEPTH = 4, MOST_JOBS = 16 };
#define SAVED UINT32_C(0x1ff80000) /* X19-X28, which a call leaves alone */
#define SP UINT32_C(0x80000000)
#define ARGUMENTS 8

struct place { struct lp_val where; uint8_t bytes; bool reads; }; /* reads: it is stored to by nobody */
struct places { struct place v[MOST_PLACES]; size_t n; uint64_t seen[MOST_SEEN]; size_t nseen; uint32_t escapes; bool many; };

static bool overlap(const struct lp_val *a, unsigned n, const struct lp_val *b, unsigned m)
{
    return a->kind == b->kind && a->arg == b->arg && (a->v - b->v < m || b->v - a->v < n);
}

static bool has(const struct places *p, const struct place *x)
{
    for (size_t i = 0; i < p->n; i++)
        if ((!p->v[i].reads || x->reads) && overlap(&p->v[i].where, p->v[i].bytes, &x->where, x->bytes)) return true;
    return false;
}

/* Arguments that the word gives away. */
static uint32_t given(const struct lp_words *b, size_t i, const struct lp_vals *v, const struct lp_touch *t)
{
    const enum lp_leads leads = lp_leads_of(b->word[i]);
    uint32_t set = 0;
    for (unsigned r = 0; r < ARGUMENTS && (leads == LP_LEADS_CALL || leads == LP_LEADS_CALL_REG); r++)
        if (v[i].r[r].kind == LP_VAL_ARG) set |= UINT32_C(1) << v[i].r[r].arg;
    if (t && t->store && t->rt < 31 && v[i].r[t->rt].kind == LP_VAL_ARG && t->where.kind != LP_VAL_STACK) set |= UINT32_C(1) << v[i].r[t->rt].arg;
    return set;
}

static void stores_of(struct lp_relied *l, const struct lp_words *b, uint32_t unit, struct places *p, unsigned depth);

/* What is called, in the same source file or of the patch. */
static void stores_there(struct lp_relied *l, const struct lp_words *b, size_t i, uint32_t unit, struct places *p, unsigned depth)
{
    const struct lp_func *item;
    const char *name;
    uint64_t to;
    struct lp_words other = {0};
    if (!lp_relied_leaves(l, b, i, &to, &item, &name) || depth >= MOST_DEPTH) return;
    const struct lp_elf_symbol *f = item || !to ? NULL : lp_relied_function(l, to);
    const uint64_t id = item ? (uint64_t)(uintptr_t)item : to;
    if (!item && (!f || lp_unit_of(l->m, f) != unit)) return;
    for (size_t k = 0; k < p->nseen; k++)
        if (p->seen[k] == id) return;
    if (p->nseen == MOST_SEEN) { p->many = true; return; }
    p->seen[p->nseen++] = id;
    if (item ? lp_relied_new(l, item, 1, &other) : lp_relied_old(l, to, &other)) stores_of(l, &other, unit, p, depth + 1);
    lp_relied_free(&other);
}

static void stores_of(struct lp_relied *l, const struct lp_words *b, uint32_t unit, struct places *p, unsigned depth)
{
    struct lp_vals *v = lp_vals_of(l, b);
    p->many |= !v;
    for (size_t i = 0; v && i < b->n && !p->many; i++) {
        const enum lp_leads leads = lp_leads_of(b->word[i]);
        struct lp_touch t;
        const bool touches = lp_vals_touch(l, b, i, v, &t);
        if (!depth) p->escapes |= given(b, i, v, touches ? &t : NULL);
        if (leads == LP_LEADS_CALL || leads == LP_LEADS_JUMP) stores_there(l, b, i, unit, p, depth);
        if (!touches || t.where.kind == LP_VAL_STACK || (t.where.kind == LP_VAL_ARG && (depth || !t.store))) continue;
        const struct place x = {t.where, t.bytes, !t.store};
        if (p->n == MOST_PLACES) p->many = true;
        else if (!has(p, &x)) p->v[p->n++] = x;
    }
    free(v);
}

/* ---- a caller ---- */

/* held: registers that have the variable's value; over: that have had it since before the call; made: of such ones, but not stored, perhaps; late: since before
 * the call. May, over all ways. */
struct kept { uint32_t held, over, made, late; bool seen; };
struct does { enum lp_leads leads; struct lp_a64_regs regs; bool touches; struct lp_touch touch; }; /* a word of the caller */
struct caller { const struct lp_words *b; const struct lp_vals *v; const struct does *does; uint64_t callee; struct place x; bool found; };

static bool calls(const struct caller *c, size_t i)
{
    uint64_t to;
    return c->b->base && c->does[i].leads == LP_LEADS_CALL && lp_a64_target(c->b->word[i], c->b->base + 4 * i, &to) && to == c->callee;
}

static void copy(uint32_t *set, uint32_t from, uint32_t to) { *set = (*set & ~to) | (*set & from ? to : 0); }

static void keep_step(struct caller *c, size_t i, struct kept *k)
{
    const uint32_t w = c->b->word[i];
    const enum lp_leads leads = c->does[i].leads;
    const struct lp_a64_regs x = c->does[i].regs;
    const struct lp_touch t = c->does[i].touch;
    const bool mov = (w & 0x7fe0ffe0) == 0x2a0003e0 && (w >> 16 & 31) != 31;
    const uint32_t from = UINT32_C(1) << (w >> 16 & 31), to = UINT32_C(1) << (w & 31);
    const bool at = c->does[i].touches && overlap(&t.where, t.bytes, &c->x.where, c->x.bytes);
    if (leads == LP_LEADS_CALL || leads == LP_LEADS_CALL_REG) {
        if (calls(c, i)) k->over |= k->held, k->late |= k->made;
        k->held &= SAVED, k->over &= SAVED, k->made &= SAVED, k->late &= SAVED;
        return;
    }
    if (mov) {
        /* What is copied into another register that calls leave alone is not used yet. */
        c->found |= !c->x.reads && k->over & from && !(to & SAVED);
        copy(&k->held, from, to), copy(&k->over, from, to), copy(&k->made, from, to), copy(&k->late, from, to);
        return;
    }
    c->found |= (x.read & k->over && !c->x.reads) || (at && t.store && t.rt < 31 && k->late >> t.rt & 1);
    const bool of = x.read & (k->held | k->made), old = x.read & k->late;
    k->held &= ~x.write, k->over &= ~x.write;
    k->made = (k->made & ~x.write) | (of && !at ? x.write & ~SP : 0), k->late = (k->late & ~x.write) | (old && !at ? x.write & ~SP : 0);
    if (at && t.load && t.rt < 31) k->held |= UINT32_C(1) << t.rt;
    if (at && t.store) *k = (struct kept){.held = t.rt < 31 ? UINT32_C(1) << t.rt : 0, .seen = true};
}

static bool keep_join(struct kept *to, const struct kept *from)
{
    const struct kept was = *to;
    to->held |= from->held, to->over |= from->over, to->made |= from->made, to->late |= from->late, to->seen = true;
    return !was.seen || was.held != to->held || was.over != to->over || was.made != to->made || was.late != to->late;
}

/* Does a word of it use what a register has had since before the call? */
static void follow(struct caller *c)
{
    const struct lp_words *b = c->b;
    struct kept *at = calloc(b->n + 1, sizeof *at);
    bool again = at != NULL;
    if (at) at[0].seen = true;
    while (again && !c->found) {
        again = false;
        for (size_t i = 0; i < b->n && !c->found; i++) {
            if (!at[i].seen) continue;
            const enum lp_leads leads = c->does[i].leads;
            struct kept k = at[i];
            uint64_t to;
            keep_step(c, i, &k);
            const bool turns = leads == LP_LEADS_JUMP || leads == LP_LEADS_JUMP_IF;
            if (turns && lp_a64_target(b->word[i], b->base + 4 * i, &to) && to - b->base < 4 * b->n) again |= keep_join(&at[(to - b->base) / 4], &k);
            if (leads <= LP_LEADS_CALL_REG || leads == LP_LEADS_JUMP_IF) again |= keep_join(&at[i + 1], &k);
        }
    }
    free(at);
}

/* Is the caller's own variable read, or its address given to others? */
static bool looks(const struct caller *c)
{
    for (size_t i = 0; i < c->b->n; i++) {
        const enum lp_leads leads = c->does[i].leads;
        const struct lp_touch t = c->does[i].touch;
        if (!c->v[i].seen) continue;
        if (leads == LP_LEADS_JUMP_REG) return true;
        if (c->does[i].touches) {
            if (t.load && overlap(&t.where, t.bytes, &c->x.where, c->x.bytes)) return true;
            if (t.store && t.rt < 31 && c->v[i].r[t.rt].kind == LP_VAL_STACK && t.rt != 29) return true;
        }
        for (unsigned r = 0; r < ARGUMENTS && !calls(c, i) && (leads == LP_LEADS_CALL || leads == LP_LEADS_CALL_REG); r++)
            if (c->v[i].r[r].kind == LP_VAL_STACK) return true;
    }
    return false;
}

/* Of a call at `at`: the place as the caller sees it. False: it is not known there. */
static bool seen_by(struct caller *c, uint64_t at, const struct place *x)
{
    const struct lp_vals *v = &c->v[(at - c->b->base) / 4];
    c->x = *x;
    if (x->where.kind != LP_VAL_ARG) return true;
    c->x.where = v->r[x->where.arg], c->x.where.v += x->where.v;
    return v->seen && (c->x.where.kind == LP_VAL_STACK || c->x.where.kind == LP_VAL_CONST);
}

static bool keeps(struct caller *c, uint64_t at, const struct place *x)
{
    if (!seen_by(c, at, x)) return false;
    c->found = false;
    follow(c);
    return c->found || (c->x.where.kind == LP_VAL_STACK && !looks(c));
}

/* A call of job[i], whose caller may keep these ones of the places. */
struct keeper { uint64_t at, places; };
struct keepers { struct keeper *v; size_t n, cap; struct lp_words b; struct lp_vals *vals; struct does *does; };

static void leave_caller(struct keepers *k)
{
    free(k->vals), free(k->does), lp_relied_free(&k->b);
    k->vals = NULL, k->does = NULL, k->b = (struct lp_words){0};
}

/* The words of the caller, and what its registers hold: once for all places, and for all of its calls that follow one another. */
static bool read_caller(struct lp_relied *l, struct keepers *k, uint64_t at)
{
    if (k->does && at - k->b.base < 4 * (uint64_t)k->b.n) return true;
    leave_caller(k);
    k->vals = lp_relied_old(l, at, &k->b) ? lp_vals_of(l, &k->b) : NULL;
    k->does = k->vals ? calloc(k->b.n + 1, sizeof *k->does) : NULL;
    for (size_t i = 0; k->does && i < k->b.n; i++) {
        const uint32_t w = k->b.word[i];
        struct does *x = &k->does[i];
        x->leads = lp_leads_of(w), x->regs = lp_a64_regs(lp_a64_find(w, LP_A64_ALL), w);
        x->touches = lp_vals_touch(l, &k->b, i, k->vals, &x->touch);
    }
    return k->does != NULL;
}

/* far: it is a caller of a caller, which may have kept only what has an address. */
static void look_at_call(struct lp_relied *l, struct keepers *k, uint64_t at, uint64_t callee, const struct places *p, bool far)
{
    struct keeper x = {at, 0};
    if (!read_caller(l, k, at)) return;
    struct caller c = {.b = &k->b, .v = k->vals, .does = k->does, .callee = callee};
    for (size_t i = 0; i < p->n; i++)
        if ((!far || p->v[i].where.kind == LP_VAL_CONST) && keeps(&c, at, &p->v[i])) x.places |= UINT64_C(1) << i;
    if (!x.places) return;
    struct keeper *v = lp_grow(k->v, &k->cap, k->n, sizeof *v);
    if (!v) { l->nomem = true; return; }
    k->v = v, v[k->n++] = x;
}

static bool has_address(const struct places *p)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->v[i].where.kind == LP_VAL_CONST) return true;
    return false;
}

/* Callers of callers, too, may have kept a variable that has an address. */
static void find_keepers(struct lp_relied *l, const struct lp_elf_symbol *f, const struct places *p, struct keepers *found)
{
    uint64_t job[MOST_JOBS] = {f->value};
    size_t njob = 1;
    const uint32_t unit = lp_unit_of(l->m, f);
    const bool farther = has_address(p);
    for (size_t i = 0; i < njob && p->n; i++)
        for (size_t k = lp_relied_first(l, job[i]); k < l->nbranch && l->branch[k].to == job[i]; k++) {
            const uint64_t at = l->branch[k].from;
            const struct lp_elf_symbol *by = lp_relied_function(l, at);
            size_t n = 0;
            if (!by || lp_unit_of(l->m, by) != unit || lp_relied_replaced(l, by) || !lp_elf_is_code(l->m->elf, at)) continue;
            if (lp_made_without(l->m->elf, at, "ipa-modref") && lp_made_without(l->m->elf, at, "ipa-reference")) continue;
            look_at_call(l, found, at, job[i], p, i != 0);
            while (n < njob && job[n] != by->value) n++;
            if (farther && n == njob && njob < MOST_JOBS) job[njob++] = by->value;
        }
}

/* Only what the old body does not do. */
static void take_new(struct places *is, const struct places *was)
{
    size_t n = 0;
    for (size_t i = 0; i < is->n; i++) {
        const struct place x = is->v[i];
        if (has(was, &x) || (x.where.kind == LP_VAL_ARG && (was->escapes >> x.where.arg & 1 || (int64_t)x.where.v < 0))) continue;
        is->v[n++] = x;
    }
    is->n = n;
}

static void say_place(struct lp_relied *l, const struct place *x, struct lp_buf *b)
{
    if (x->where.kind == LP_VAL_ARG) lp_buf_printf(b, "what x%u leads to, at +0x%llx", x->where.arg, (unsigned long long)x->where.v);
    else lp_edit_say(l->m, x->where.v, b);
}

void lp_relied_keeps(struct lp_relied *l, const struct lp_made *made, const struct lp_words *old, const struct lp_words *now)
{
    const struct lp_elf_symbol *f = lp_maker_symbol_at(l->m, made->addr);
    struct places was = {0}, is = {0};
    struct keepers found = {0};
    const uint32_t unit = lp_unit_of(l->m, f);
    const char *more, *verb = "";
    struct lp_buf b = {0};
    stores_of(l, now, unit, &is, 0);
    if (is.n) stores_of(l, old, unit, &was, 0);
    if (!was.many) take_new(&is, &was), find_keepers(l, f, &is, &found);
    for (size_t i = 0; i < is.n && !was.many; i++) {
        const struct place *x = &is.v[i];
        const unsigned before = l->ntold;
        for (size_t k = 0; k < found.n; k++)
            if (found.v[k].places >> i & 1) lp_relied_note(l, found.v[k].at);
        if (l->ntold > before && !b.len) say_place(l, x, &b), verb = x->reads ? "reads" : "changes";
    }
    leave_caller(&found);
    free(found.v);
    const char *list = lp_relied_list(l, &more);
    if (l->ntold && b.data)
        lp_edit_warn(l->m, &made->from, "the new body %s %.100s, which the old one does not: callers of the same source file may keep it in a register "
                     "over the call: %s%s: replace these, too, or build the program with gcc -fno-ipa-modref -fno-ipa-reference", verb, b.data, list, more);
    lp_buf_free(&b);
}
