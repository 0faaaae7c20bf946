/* diff/write/template.c - CLOSE, code that is read as data, as a template that is copied from its start to its end: who has the address of a function that
 * moves has that of a branch to the new body, and the end is that of the old one. Functions of the file that get such addresses as arguments are looked at,
 * too; other objects' are not, except those that copy. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/code.h"
#include "diff/side/walk.h"
#include "flow/fop.h"
#include "a64/a64.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 32, ARGS = 8, AHEAD = 16 };

/* What a function does with its arguments, as if they were addresses of code: which it copies from, and of which two (the bits ARGS * i + k) it takes the
 * distance. (Which it reads itself says nothing: of an argument that may be this or that, it reads what is no function.) It grows with those of the functions
 * that it calls: askers, by their indices + 1, are then to be looked at again. */
struct summary { uint64_t apart; uint8_t copies; bool asked, waits, seen; uint32_t asker; };
struct summaries {
    struct summary *of; /* each atom */
    struct asker { uint32_t atom, next; } *asker;
    uint32_t *todo;
    size_t nasker, asker_cap, ntodo, todo_cap;
    bool nomem;
};

/* What the registers hold, as one word follows the other (or where a branch comes from that leads ahead), and slots of the stack: addresses of functions; in
 * a summary, 1 to ARGS: an argument; or 0. */
struct walk {
    lp_diff *d;
    const struct lp_side *s;
    uint32_t atom, joined; /* joined: registers that had it in front of a place where others come in */
    struct lp_words code;
    uint64_t reg[32], whole[32]; /* whole: which word made it, just that address; or 0 */
    struct slot { uint64_t v; int64_t off; uint8_t base; } slot[SLOTS];
    struct ahead { uint64_t to; uint64_t reg[32]; } ahead[AHEAD];
    unsigned nslot, nahead;
    bool asks;             /* only to know which summaries it needs */
    struct summary *sum;   /* NULL, or of this function */
    struct summaries *all;
};

static struct lp_atom *function_at(const struct lp_side *s, uint64_t addr)
{
    const uint32_t i = addr ? lp_side_start(s, addr) : LP_NONE;
    return i != LP_NONE && lp_is_function(&s->atom[i]) ? &s->atom[i] : NULL;
}

static bool moves(const struct lp_atom *a) { return a->included && !a->in_place; }

/* Is there nothing but padding between them? */
static bool is_end(const struct lp_side *s, const struct lp_atom *a, const struct lp_atom *b)
{
    uint64_t at = a->end;
    while (at < b->start && (!lp_code_word(s, at) || lp_code_word(s, at) == LP_A64_NOP)) at += 4;
    return at == b->start;
}

static void refuse(const struct walk *w, uint64_t at, const struct lp_atom *a)
{
    char x[32], y[32];
    const struct lp_atom *f = &w->s->atom[w->atom];
    lp_diff_refuse(w->d, w->s, LP_E149, lp_atom_text(f, x), (unsigned long long)(at - f->start), lp_atom_text(a, y));
}

/* The distance of two, of which one is where the other ends. */
static void look_at_both(const struct walk *w, uint64_t at, uint64_t one, uint64_t other)
{
    if (w->sum) {
        if (one && other && one != other) w->sum->apart |= UINT64_C(1) << (ARGS * (one - 1) + (other - 1));
        return;
    }
    if (w->asks) return;
    const struct lp_atom *a = function_at(w->s, one < other ? one : other), *b = function_at(w->s, one < other ? other : one);
    if (a && b && a != b && (moves(a) || (moves(b) && b->pair == LP_NONE)) && is_end(w->s, a, b)) refuse(w, at, a);
}

static void look_at_read(const struct walk *w, uint64_t at, uint64_t v)
{
    const struct lp_atom *a = w->sum || w->asks ? NULL : function_at(w->s, v);
    if (w->sum && v) w->sum->copies |= (uint8_t)(1 << (v - 1));
    if (a && moves(a)) refuse(w, at, a);
}

/* What goes from the second argument to the first. */
static bool is_copy(const struct lp_side *s, uint64_t to)
{
    static const char *const names[] = {"memcpy", "memmove", "__memcpy_chk", "__memmove_chk", "mempcpy", "__mempcpy_chk"};
    const uint32_t i = lp_side_atom(s, lp_side_through(s, to));
    const char *name = i == LP_NONE ? NULL : lp_atom_name(&s->atom[i]);
    for (size_t k = 0; name && k < sizeof names / sizeof *names; k++)
        if (strncmp(name, names[k], strlen(names[k])) == 0 && strchr("@", name[strlen(names[k])])) return true;
    return false;
}

static const struct summary *summary_of(const struct walk *w, uint32_t atom);

static void look_at_call(const struct walk *w, uint64_t at, uint32_t word)
{
    uint64_t to, any = 0;
    uint32_t mask;
    if (!(lp_a64_is_b_bl(word) && lp_word_target(word, at, &to, &mask))) return;
    if (is_copy(w->s, to)) {
        look_at_read(w, at, w->reg[1]);
        return;
    }
    for (unsigned i = 0; i < ARGS; i++) any |= w->reg[i];
    const uint32_t f = any ? lp_side_start(w->s, lp_side_through(w->s, to)) : LP_NONE;
    const bool callee = f != LP_NONE && f != w->atom && w->s->atom[f].kind == LP_ATOM_FUNC;
    const struct summary *x = callee ? summary_of(w, f) : NULL;
    for (unsigned i = 0; x && i < ARGS; i++) {
        if (x->copies >> i & 1) look_at_read(w, at, w->reg[i]);
        for (unsigned k = 0; k < ARGS; k++)
            if (x->apart >> (ARGS * i + k) & 1) look_at_both(w, at, w->reg[i], w->reg[k]);
    }
}

/* The address of a function that the word makes, or loads from a slot. */
static uint64_t made(const struct walk *w, const struct lp_ref_at *r, uint32_t word)
{
    const struct lp_word_at *x = r->width == 8 && lp_a64_is_load_store(word) ? lp_side_word(w->s, r->addr) : NULL;
    if (x) return lp_word_own(x);
    return r->width || r->flags & LP_FLOW_INDEXED || (r->kind != LP_FLOW_ADDR && r->kind != LP_FLOW_TARGET) ? 0 : r->addr;
}

/* ---- two that are compared ---- */

/* Do the flags that the words from `pc` on get say but whether two are equal? They look at those up to where others are made. */
static bool ask_equal(const struct walk *w, uint64_t pc, bool more)
{
    enum { MOST = 16 };
    const struct lp_atom *a = &w->s->atom[w->atom];
    for (unsigned i = 0; i < MOST && pc >= a->start && pc + 4 <= a->end; i++, pc += 4) {
        const uint32_t x = lp_words_at(&w->code, pc), select = x & 0x1fe00000;
        const bool asks = select == 0x1a800000 || select == 0x1a400000; /* CSEL, CCMP and the like: the condition is in bits 15..12 */
        uint64_t to;
        uint32_t mask;
        struct lp_fop o;
        if (select == 0x1a000000 || (x & 0xff200400) == 0x1e200400 || (asks && x >> 13 & 7)) return false; /* (ADC; FCCMP, FCSEL) */
        if (lp_a64_is_b_cond(x) && (x >> 1 & 7 || !more || !lp_word_target(x, pc, &to, &mask) || !ask_equal(w, to, false))) return false;
        if (lp_a64_is_b_cond(x)) continue;
        lp_fop_decode(x, pc, &o);
        if (o.flags & F_SETS || lp_a64_is_call(x) || o.kind == OP_RETURN) return true;
        if (o.kind == OP_BRANCH || o.kind == OP_JUMP_REG) return false;
    }
    return false;
}

/* Is it but asked whether two functions are the same one, and not whether what goes through the code of one has come to the other? Then both are the
 * addresses that words just made, and nothing comes in from elsewhere. */
static bool are_compared(const struct walk *w, uint64_t at, uint32_t word)
{
    const uint64_t x = w->whole[word >> 5 & 31], y = w->whole[word >> 16 & 31];
    if ((word & 31) != 31 || !(word & 1u << 29) || !x || !y || !ask_equal(w, at + 4, true)) return false;
    for (uint64_t pc = (x < y ? x : y) + 4; pc <= at; pc += 4)
        if (lp_is_led_to(w->s, w->atom, pc)) return false;
    return true;
}

/* ---- the stack ---- */

static void forget_slots(struct walk *w, uint8_t base, int64_t off, int64_t end)
{
    unsigned n = 0;
    for (unsigned i = 0; i < w->nslot; i++)
        if (w->slot[i].base != base || w->slot[i].off + 8 <= off || w->slot[i].off >= end) w->slot[n++] = w->slot[i];
    w->nslot = n;
}

static uint64_t in_slot(const struct walk *w, uint8_t base, int64_t off)
{
    for (unsigned i = 0; i < w->nslot; i++)
        if (w->slot[i].base == base && w->slot[i].off == off) return w->slot[i].v;
    return 0;
}

static void store(struct walk *w, const struct lp_fop *o)
{
    const uint8_t reg[2] = {o->rd, o->rt2};
    forget_slots(w, o->rn, o->imm, o->imm + o->bytes);
    for (unsigned i = 0; i < o->bytes / 8u && i < 2 && o->flags & F_SIMPLE && o->each == 8; i++)
        if (reg[i] < 31 && w->reg[reg[i]] && w->nslot < SLOTS) w->slot[w->nslot++] = (struct slot){w->reg[reg[i]], o->imm + 8 * i, o->rn};
}

/* ---- a word ---- */

static bool is_frame(uint8_t reg) { return reg == REG_SP || reg == 29; }

/* Of a register that a word writes: what it has then, of what there was before. */
static uint64_t moved(const struct walk *w, const struct lp_fop *o, uint8_t reg)
{
    const bool plain = o->flags & F_SIMPLE && o->each == 8 && o->rm == NO_REG && is_frame(o->rn);
    if (o->kind == OP_MEM && o->flags & F_LOAD && plain && (reg == o->rd || (reg == o->rt2 && o->bytes == 16)))
        return in_slot(w, o->rn, o->imm + (reg == o->rd ? 0 : 8));
    if (o->kind == OP_MEM) return o->flags & F_BACK && reg == o->rn ? w->reg[reg] : 0; /* (it goes on in the code) */
    if (reg != o->rd || !(o->flags & F_WIDE)) return 0;
    const uint64_t v = o->rn < 31 ? w->reg[o->rn] : 0;
    if (o->kind == OP_ADD_REG && !(o->flags & F_SUB)) return v ? v : o->rm < 31 ? w->reg[o->rm] : 0;
    return o->kind == OP_MOV || o->kind == OP_ADD_IMM ? v : 0;
}

static uint32_t written_by(const struct walk *w, uint64_t at, uint32_t word, const struct lp_fop *o)
{
    uint64_t to;
    uint32_t mask;
    if (lp_a64_is_b(word) || (lp_a64_is_branch_reg(word) && !lp_a64_is_call(word))) return UINT32_MAX;
    if (lp_a64_is_bl(word) && lp_word_target(word, at, &to, &mask) && !lp_side_returns(w->s, to)) return UINT32_MAX;
    return lp_a64_is_call(word) ? CALL_CLOBBERED : o->write;
}

/* Branches that lead ahead: what is known there, if nothing comes from the word in front of it. */
static void look_ahead(struct walk *w, uint64_t at, uint32_t word)
{
    uint64_t to;
    uint32_t mask;
    if (!lp_word_is_branch(word) || lp_a64_is_bl(word) || !lp_word_target(word, at, &to, &mask) || to <= at || to >= w->s->atom[w->atom].end) return;
    for (unsigned i = 0; i < w->nahead; i++)
        if (w->ahead[i].to == to) return;
    if (w->nahead == AHEAD) return;
    w->ahead[w->nahead].to = to;
    memcpy(w->ahead[w->nahead++].reg, w->reg, sizeof w->reg);
}

static void come_in(struct walk *w, uint64_t at, bool alone)
{
    unsigned n = 0;
    for (unsigned i = 0; i < w->nahead; i++) {
        if (w->ahead[i].to == at && alone) memcpy(w->reg, w->ahead[i].reg, sizeof w->reg), memset(w->whole, 0, sizeof w->whole);
        if (w->ahead[i].to > at) w->ahead[n++] = w->ahead[i];
    }
    w->nahead = n;
}

/* False: nothing goes on behind it. */
static bool step(struct walk *w, uint64_t at, uint32_t word, const struct lp_ref_at *r)
{
    const bool sub = (word & 0xdf200000) == 0xcb000000 && !(word >> 10 & 63); /* SUB, SUBS, CMP of X registers */
    uint64_t now[32] = {0};
    struct lp_fop o;
    lp_fop_decode(word, at, &o);
    if (sub && (word >> 5 & 31) != 31 && (word >> 16 & 31) != 31 && !are_compared(w, at, word))
        look_at_both(w, at, w->reg[word >> 5 & 31], w->reg[word >> 16 & 31]);
    if (lp_a64_is_call(word) || lp_a64_is_b(word)) look_at_call(w, at, word);
    look_ahead(w, at, word);
    for (uint32_t left = CALL_PRESERVED & ~w->joined, i; left; left &= left - 1)
        if (w->reg[i = (uint32_t)__builtin_ctz(left)] && lp_is_led_to(w->s, w->atom, at)) w->joined |= UINT32_C(1) << i;
    if (!w->sum && o.kind == OP_MEM && o.flags & F_LOAD && o.rn < 31 && !(w->joined >> o.rn & 1)) look_at_read(w, at, w->reg[o.rn]);
    const uint32_t written = written_by(w, at, word, &o);
    for (uint32_t left = written & 0x7fffffff; left; left &= left - 1) {
        const uint8_t i = (uint8_t)__builtin_ctz(left);
        now[i] = written == UINT32_MAX || lp_a64_is_call(word) ? 0 : moved(w, &o, i);
    }
    const uint64_t v = r && !w->sum ? made(w, r, word) : 0;
    if (v && !lp_a64_is_load_store(word) && function_at(w->s, v) && lp_is_read(w->s, w->atom, at)) look_at_read(w, at, v);
    const bool gets = v && (word & 31) != 31 && (o.kind != OP_ADD_IMM || !now[word & 31]);
    if (gets) now[word & 31] = v;
    if (o.kind == OP_MEM && o.flags & F_STORE && is_frame(o.rn) && o.rm == NO_REG) store(w, &o);
    for (unsigned i = 0; i < 2; i++) {
        const uint8_t base = i ? 29 : REG_SP;
        const bool moves_on = (o.kind == OP_MEM ? o.flags & F_BACK && o.rn == base : o.kind != OP_OTHER && o.rd == base);
        if (moves_on && written != UINT32_MAX) forget_slots(w, base, INT64_MIN / 2, INT64_MAX / 2);
    }
    for (unsigned i = 0; i < 31; i++)
        if (written >> i & 1) w->reg[i] = now[i], w->whole[i] = gets && i == (word & 31) ? at : 0;
    w->joined &= ~written;
    return written != UINT32_MAX;
}

static void walk(struct walk *w)
{
    const struct lp_atom *a = &w->s->atom[w->atom];
    const struct lp_ref_at *r = w->s->ref + a->ref, *end = r + a->nref;
    bool alone = false;
    w->code = lp_words_of(w->s, w->atom);
    for (uint64_t at = a->start; at + 4 <= a->end; at += 4) {
        while (r < end && r->at < at) r++;
        come_in(w, at, alone);
        alone = !step(w, at, lp_words_at(&w->code, at), r < end && r->at == at ? r : NULL);
    }
}

static void wait_for(struct summaries *all, uint32_t atom)
{
    uint32_t *v = all->of[atom].waits ? all->todo : lp_grow(all->todo, &all->todo_cap, all->ntodo, sizeof *v);
    all->nomem |= !v;
    if (!v || all->of[atom].waits) return;
    all->todo = v;
    v[all->ntodo++] = atom;
    all->of[atom].waits = true;
}

/* As far as it is known yet. */
static const struct summary *summary_of(const struct walk *w, uint32_t atom)
{
    struct summaries *all = w->all;
    struct summary *x = &all->of[atom];
    if (!x->asked) wait_for(all, atom);
    x->asked = true;
    if (!w->sum || w->sum->seen) return x;
    struct asker *v = lp_grow(all->asker, &all->asker_cap, all->nasker, sizeof *v);
    all->nomem |= !v;
    if (!v) return x;
    all->asker = v;
    v[all->nasker] = (struct asker){w->atom, x->asker};
    x->asker = (uint32_t)++all->nasker;
    return x;
}

/* All that was asked for, until nothing grows any more: whatever calls what, and in whichever order they are asked for. */
static void settle(lp_diff *d, struct summaries *all)
{
    while (all->ntodo && !all->nomem) {
        const uint32_t atom = all->todo[--all->ntodo];
        struct summary *x = &all->of[atom];
        const struct summary before = *x;
        struct walk in = {.d = d, .s = NEW(d), .atom = atom, .sum = x, .all = all};
        for (unsigned i = 0; i < ARGS; i++) in.reg[i] = i + 1;
        x->waits = false;
        walk(&in);
        x->seen = true;
        const bool grown = x->apart != before.apart || x->copies != before.copies;
        for (uint32_t k = grown ? x->asker : 0; k; k = all->asker[k - 1].next) wait_for(all, all->asker[k - 1].atom);
    }
}

/* Who has addresses of functions that move, other than to call them? */
void lp_refuse_templates(lp_diff *d)
{
    const struct lp_side *s = NEW(d);
    struct summaries all = {0};
    for (uint32_t i = 0; i < s->natom; i++) {
        const struct lp_atom *a = &s->atom[i];
        bool any = false;
        if (!lp_is_function(a) || (a->pair == LP_NONE && !a->included)) continue;
        for (uint32_t k = a->ref; k < a->ref + a->nref && !any; k++) {
            const struct lp_ref_at *r = &s->ref[k];
            const struct lp_word_at *x = r->width == 8 ? lp_side_word(s, r->addr) : NULL;
            const struct lp_atom *f = r->kind == LP_FLOW_PAGE ? NULL : function_at(s, x ? lp_word_own(x) : r->addr);
            any = f && moves(f);
        }
        if (any && !all.of && !(all.of = calloc(s->natom, sizeof *all.of))) d->nomem = true;
        if (!any || !all.of) continue;
        walk(&(struct walk){.d = d, .s = s, .atom = i, .all = &all, .asks = true});
        settle(d, &all);
        walk(&(struct walk){.d = d, .s = s, .atom = i, .all = &all});
    }
    d->nomem |= all.nomem;
    free(all.of), free(all.asker), free(all.todo);
}
