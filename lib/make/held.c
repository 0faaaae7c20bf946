/* make/held.c - callers that hold registers over a call because the old body leaves them alone (gcc -fipa-ra does, for functions of the same source
 * file), where the new body changes them; and callers that leave an argument undefined because the old body does not read it (clang does).
 *
 * A warning only: what cannot be known counts as no harm. A callee that is not known changes every register, so that no caller has held one over it. */
#include <config.h>
#include "a64/a64.h"
#include "a64/access.h"
#include "a64/regs.h"
#include "base/bits.h"
#include "base/buf.h"
#include "base/search.h"
#include "elf/cfi.h"
#include "elf/line.h"
#include "elf/put.h"
#include "elf/write.h"
#include "make/relied.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* Sets of registers: bit n Xn, bit 32 + n Vn. */
typedef uint64_t regs;
/* What a callee may change (AAPCS64 6.1): X0-X15, V0-V7, V16-V31. X16-X18 are not held over any call: veneers and platforms use them. */
#define CALL_CLOBBERED (UINT64_C(0xffff) | UINT64_C(0xffff00ff) << 32)
#define RESULTS (UINT64_C(3) | UINT64_C(0xf) << 32) /* X0, X1, V0-V3 */
#define X0 UINT64_C(1)
#define ARGUMENTS (UINT64_C(0xff) | UINT64_C(0xff) << 32) /* X0-X7, V0-V7 */
#define V0 (UINT64_C(1) << 32)
#define FIRST (X0 | V0)                                    /* which a call before this one may have returned */
enum { MOST_DEPTH = 40, MOST_WALK_DEPTH = 6, MOST_KNOWN = 4096, MOST_JOBS = 32, MOST_STEPS = 200000, MOST_SCANNED = 1000000, SITES_TOLD = 3 };

struct known { uint64_t entry; regs changes; bool open; }; /* open: being looked at */
struct job { uint64_t entry; regs changes; };              /* callers of `entry` now meet a function that changes these, too */
struct branch { uint64_t to, from; };
/* replaces: a function of the target, at addr. */
struct seen { uint64_t addr; bool replaces, visited; };
struct look {
    struct lp_maker *m;
    const lp_patch *patch;
    struct seen *item;  /* of the patch, one for each */
    struct known *known;
    size_t nknown, known_cap;
    struct job job[MOST_JOBS], now;
    unsigned njob, steps;
    struct branch *branch; /* all of the target, by where they lead */
    size_t nbranch, branch_cap;
    struct lp_buf list; /* of callers that hold something */
    unsigned ntold;
    bool quiet;
    regs held;
    regs perhaps;       /* arguments of a function that is not known, which may be what a caller has held */
    regs touched;       /* by those who may hold something: what they hold they have set */
    uint64_t scanned;   /* words, for that */
};

/* ---- a word ---- */

struct effect { enum lp_leads kind; regs read, write; uint64_t to; unsigned row; };

static struct effect effect_of(uint32_t word, uint64_t pc)
{
    unsigned row = lp_a64_find(word, LP_A64_ALL);
    struct lp_a64_regs x = lp_a64_regs(row, word), v = lp_a64_vectors(row, word);
    struct effect e = {lp_leads_of_row(row), x.read | (regs)v.read << 32, x.write | (regs)v.write << 32, pc, row};
    if (row == A64_SVC) e.write |= X0; /* Linux's answer */
    lp_a64_target(word, pc, &e.to);
    return e;
}

/* ---- what a function changes ---- */

/* own: by its words. called: by what it calls. sums: X registers that an ADD has made, where a BR to one is a jump table's and leads nowhere else. */
struct tally { regs own, called; uint32_t sums; };

static void count(struct tally *t, uint32_t word, const struct effect *e)
{
    bool sum = e->row == A64_ADD_ext || e->row == A64_ADD_shift || e->row == A64_ADD_reg;
    t->own |= e->write & CALL_CLOBBERED;
    if (e->kind == LP_LEADS_CALL_REG || (e->kind == LP_LEADS_JUMP_REG && !(t->sums >> (word >> 5 & 31) & 1))) t->called = CALL_CLOBBERED;
    t->sums = sum ? t->sums | (uint32_t)e->write : t->sums & ~(uint32_t)e->write;
}

/* A function whose words are all known. */
static const struct lp_elf_symbol *function_at(const struct look *l, uint64_t addr, const uint8_t **code)
{
    const struct lp_elf_symbol *f = lp_maker_symbol_at(l->m, addr);
    const struct lp_elf_info *info = lp_elf_info(l->m->elf);
    size_t n = f ? strlen(f->name) : 0;
    if (!f || f->type != STT_FUNC || f->size < 4 || (n > 4 && strcmp(f->name + n - 4, "@plt") == 0)) return NULL;
    int64_t off = lp_elf_offset(l->m->elf, f->value);
    if (off < 0 || !lp_within((uint64_t)off, f->size, info->image_size)) return NULL;
    *code = (const uint8_t *)info->image + off;
    return f;
}

static bool leaves(const struct lp_elf_symbol *f, const struct effect *e)
{
    return (e->kind == LP_LEADS_JUMP || e->kind == LP_LEADS_JUMP_IF) && (e->to < f->value || e->to >= f->value + f->size);
}

static regs changes_at(struct look *l, uint64_t addr, bool call, unsigned depth);

static regs changes_of(struct look *l, const struct lp_elf_symbol *f, const uint8_t *code, unsigned depth)
{
    struct tally t = {0};
    for (uint64_t at = 0; at + 4 <= f->size && (t.own | t.called) != CALL_CLOBBERED; at += 4) {
        uint32_t word = lp_le32(code + at);
        struct effect e = effect_of(word, f->value + at);
        count(&t, word, &e);
        if (e.kind == LP_LEADS_CALL || leaves(f, &e)) t.called |= changes_at(l, e.to, e.kind == LP_LEADS_CALL, depth + 1);
    }
    return t.own | t.called;
}

/* call: else code that belongs to what leads there, as .cold parts do and come back from. A compiler does not know of a function what it is compiling,
 * so that a call of one in itself changes everything. */
static regs changes_at(struct look *l, uint64_t addr, bool call, unsigned depth)
{
    const uint8_t *code;
    const struct lp_elf_symbol *f = function_at(l, addr, &code);
    if (!f || depth > MOST_DEPTH || l->nknown == MOST_KNOWN) return CALL_CLOBBERED;
    for (size_t i = 0; i < l->nknown; i++)
        if (l->known[i].entry == f->value) return l->known[i].open && !call ? 0 : l->known[i].changes;
    struct known *v = lp_grow(l->known, &l->known_cap, l->nknown, sizeof *v);
    if (!v) return CALL_CLOBBERED;
    size_t i = l->nknown++;
    l->known = v;
    v[i] = (struct known){f->value, CALL_CLOBBERED, true};
    regs changes = changes_of(l, f, code, depth);
    l->known[i] = (struct known){f->value, changes, false};
    return changes;
}

/* ---- what a function of the patch changes ---- */

static bool item_addr(const struct look *l, const struct lp_item *it, uint64_t *addr)
{
    const struct lp_elf_symbol *sym;
    *addr = it->place.off;
    if (!it->place.symbol) return true;
    if (lp_elf_find(l->m->elf, it->place.symbol, &sym, NULL) != LP_OK) return false;
    *addr += sym->value;
    return true;
}

static struct tally changes_new(struct look *l, size_t item);

static void add_target(struct look *l, const struct lp_expr *x, struct tally *t)
{
    const struct lp_elf_symbol *sym;
    for (size_t i = 0; i < l->patch->nitem && x->symbol; i++) {
        const struct lp_item *it = &l->patch->item[i];
        if (it->kind != LP_ITEM_FUNC || !it->place.symbol || strcmp(it->place.symbol, x->symbol) != 0) continue;
        struct tally more = changes_new(l, i);
        t->own |= more.own, t->called |= more.called;
        return;
    }
    if (!x->symbol) t->called |= changes_at(l, x->addr, true, 0);
    else if (lp_elf_find(l->m->elf, x->symbol, &sym, NULL) == LP_OK) t->called |= changes_at(l, sym->value, true, 0);
    else t->called = CALL_CLOBBERED;
}

static struct tally changes_new(struct look *l, size_t item)
{
    struct tally t = {0};
    const struct lp_func *f = l->patch->item[item].func;
    if (l->item[item].visited) return t;
    l->item[item].visited = true;
    for (size_t i = 0; i < f->nbody; i++) {
        struct effect e = effect_of(f->body[i].new_word, 0);
        count(&t, f->body[i].new_word, &e);
        if ((e.kind == LP_LEADS_CALL || e.kind == LP_LEADS_JUMP || e.kind == LP_LEADS_JUMP_IF) && f->body[i].fix) add_target(l, &f->body[i].fix->expr, &t);
    }
    regs saved = f->cfi ? lp_cfi_saves(f->cfi, f->cfi_len) : 0;
    return (struct tally){t.own & ~saved, t.called & ~saved, 0};
}

/* What the body writes in front of a RET, where it does not read it any more, is its result: compilers leave nothing that nobody reads. A caller finds
 * that there, and has held nothing in it. */
static regs result_of(const struct lp_func *f)
{
    regs result = 0;
    for (size_t i = 0; i < f->nbody; i++) {
        regs open = effect_of(f->body[i].new_word, 0).kind == LP_LEADS_RETURN ? FIRST : 0;
        for (size_t k = i; open && k-- > 0;) {
            struct effect e = effect_of(f->body[k].new_word, 0);
            if ((e.kind != LP_LEADS_ON && e.kind != LP_LEADS_JUMP_IF) || e.row == A64_SVC) break;
            result |= open & e.write;
            open &= ~(e.read | e.write);
        }
    }
    return result;
}

/* ---- which registers are read behind a call before they are written ---- */

struct way { uint64_t at; regs live; };
struct walk {
    struct look *l;
    const struct lp_elf_symbol *f;
    const uint8_t *code;
    unsigned depth;
    regs *seen;         /* by word */
    struct way *way;
    size_t nway, way_cap;
    regs read, back;    /* back: results that are as they were when it returns */
};

static regs read_from(struct look *l, uint64_t at, regs live, unsigned depth, regs *back);

/* Of a function that is not known, only its first argument is taken for read; others are perhaps. */
static regs read_by_callee(struct look *l, uint64_t to, regs live, unsigned depth)
{
    const uint8_t *code;
    if (!function_at(l, to, &code)) {
        if (!depth) l->perhaps |= live & ARGUMENTS & ~X0;
        return live & X0;
    }
    return depth < MOST_WALK_DEPTH ? read_from(l, to, live, depth + 1, NULL) : 0;
}

/* In a callee: arguments that it stores in its frame without a use, as variadic functions do. */
static bool is_spill(const struct effect *e, uint32_t word)
{
    struct lp_a64_access a;
    return lp_a64_access(e->row, word, &a) && a.store && !a.load && a.base == 31;
}

static void call(struct walk *w, const struct effect *e, regs *live)
{
    w->read |= read_by_callee(w->l, e->to, *live, w->depth);
    *live &= ~changes_at(w->l, e->to, true, 0);
}

static void turn(struct walk *w, const struct effect *e, regs live)
{
    struct way *v = leaves(w->f, e) ? NULL : lp_grow(w->way, &w->way_cap, w->nway, sizeof *v);
    if (v) w->way = v, v[w->nway++] = (struct way){e->to, live};
    if (!leaves(w->f, e)) return;
    call(w, e, &live);
    w->back |= live & RESULTS;
}

/* One word; what is live behind it, on the way that goes straight on. */
static regs step(struct walk *w, uint64_t at, regs live)
{
    uint32_t word = lp_le32(w->code + (at - w->f->value));
    struct effect e = effect_of(word, at);
    if (!w->depth || !is_spill(&e, word)) w->read |= e.read & live;
    else w->l->perhaps |= e.read & live & ARGUMENTS;
    live &= ~(e.read | e.write);
    switch (e.kind) {
    case LP_LEADS_CALL: call(w, &e, &live); return live;
    case LP_LEADS_CALL_REG: w->read |= live & X0; return 0;
    case LP_LEADS_JUMP: turn(w, &e, live); return 0;
    case LP_LEADS_JUMP_IF: turn(w, &e, live); return live;
    case LP_LEADS_RETURN: w->back |= live & RESULTS; return 0;
    case LP_LEADS_JUMP_REG: case LP_LEADS_STOP: return 0;
    default: return live;
    }
}

static void follow(struct walk *w, struct way way)
{
    for (uint64_t at = way.at; at - w->f->value + 4 <= w->f->size && w->l->steps < MOST_STEPS; at += 4, w->l->steps++) {
        regs *seen = &w->seen[(at - w->f->value) / 4];
        if (!(way.live &= ~(*seen | w->read))) return;
        *seen |= way.live;
        way.live = step(w, at, way.live);
    }
}

static regs read_from(struct look *l, uint64_t at, regs live, unsigned depth, regs *back)
{
    struct walk w = {.l = l, .depth = depth};
    w.f = function_at(l, at, &w.code);
    w.seen = w.f && !(at & 3) ? calloc(w.f->size / 4 + 1, sizeof *w.seen) : NULL;
    if (w.seen) follow(&w, (struct way){at, live});
    while (w.nway) follow(&w, w.way[--w.nway]);
    free(w.seen), free(w.way);
    if (back) *back = w.back;
    return w.read;
}

/* ---- callers ---- */

static void collect(void *ctx, const struct lp_maker *m, uint64_t from, uint64_t to)
{
    struct look *l = ctx;
    struct branch *v = lp_grow(l->branch, &l->branch_cap, l->nbranch, sizeof *v);
    (void)m;
    if (v) l->branch = v, v[l->nbranch++] = (struct branch){to, from};
}

static int by_target(const void *a, const void *b)
{
    const struct branch *x = a, *y = b;
    return x->to != y->to ? (x->to < y->to ? -1 : 1) : (x->from > y->from) - (x->from < y->from);
}

static bool is_replaced(const struct look *l, uint64_t entry)
{
    for (size_t i = 0; i < l->patch->nitem; i++)
        if (l->item[i].replaces && l->item[i].addr == entry) return true;
    return false;
}

static void add_job(struct look *l, uint64_t entry, regs changes)
{
    for (unsigned i = 0; i < l->njob; i++)
        if (l->job[i].entry == entry) changes &= ~l->job[i].changes;
    if (changes && l->njob < MOST_JOBS) l->job[l->njob++] = (struct job){entry, changes};
    else if (changes) l->touched = CALL_CLOBBERED;
}

/* Does it go on in another part of the same function, as to and from .cold? */
static bool is_in_parts(const struct look *l, const struct lp_elf_symbol *f, const struct effect *e)
{
    const struct lp_elf_symbol *to = leaves(f, e) ? lp_maker_symbol_at(l->m, e->to) : NULL;
    return leaves(f, e) && (!to || to->value != e->to || strstr(to->name, ".cold"));
}

/* f NULL: a caller that is not known. */
static void note_touched(struct look *l, const struct lp_elf_symbol *f, const uint8_t *code)
{
    if (!f || strstr(f->name, ".cold") || (l->scanned += f->size / 4) > MOST_SCANNED) l->touched = CALL_CLOBBERED;
    for (uint64_t at = 0; f && at + 4 <= f->size && (l->touched & CALL_CLOBBERED) != CALL_CLOBBERED; at += 4) {
        const struct effect e = effect_of(lp_le32(code + at), f->value + at);
        l->touched |= is_in_parts(l, f, &e) ? CALL_CLOBBERED : e.read | e.write;
    }
}

static void tell_site(struct look *l, uint64_t at, regs held)
{
    l->held |= held;
    if (l->quiet || l->ntold++ >= SITES_TOLD) return;
    if (l->ntold > 1) lp_buf_puts(&l->list, ", ");
    lp_edit_say(l->m, at, &l->list);
}

/* The caller may be a leaf to its own callers, which hold registers over it, too; and what it returns may be what it has held. */
static void look_at_site(struct look *l, uint64_t at)
{
    const uint8_t *code;
    const struct lp_elf_symbol *f = function_at(l, at, &code);
    if (f && (f->value == l->now.entry || is_replaced(l, f->value))) return;
    note_touched(l, f, code);
    if (!f) return;
    struct effect e = effect_of(lp_le32(code + (at - f->value)), at);
    regs back = 0, held = e.kind == LP_LEADS_CALL ? read_from(l, at + 4, l->now.changes, 0, &back) : 0;
    if (held && lp_made_without(l->m->elf, at, "ipa-ra")) held = 0; /* what looks like it is the compiler's own, or a result */
    if (held) tell_site(l, at, held);
    add_job(l, f->value, (l->now.changes & ~changes_at(l, f->value, true, 0)) | (back & ~held));
}

static void look_at_callers(struct look *l, uint64_t entry, regs changes)
{
    l->njob = l->steps = 0, l->held = l->perhaps = l->touched = l->scanned = 0;
    add_job(l, entry, changes);
    for (unsigned i = 0; i < l->njob; i++) {
        l->now = l->job[i];
        for (size_t k = lp_count_below(l->branch, l->nbranch, sizeof *l->branch, l->now.entry); k < l->nbranch && l->branch[k].to == l->now.entry; k++)
            if (lp_elf_is_code(l->m->elf, l->branch[k].from)) look_at_site(l, l->branch[k].from);
    }
}

/* ---- what is said ---- */

static void put_regs(struct lp_buf *b, regs set, const char *before, const char *between)
{
    for (unsigned i = 0, n = 0; i < 64; i++)
        if (set >> i & 1) lp_buf_printf(b, "%s%s%c%u", n++ ? between : "", before, i < 32 ? 'x' : 'v', i & 31);
}

static const struct lp_origin *origin(const struct lp_maker *m, uint64_t addr)
{
    for (size_t i = 0; i < m->nmade; i++)
        if (m->made[i].addr == addr) return &m->made[i].from;
    return NULL;
}

/* The registers that a function returns something in, and those that it may: by debug information, if it says it of it, and not of a part or clone of it. */
struct results { regs certain, may; };
static struct results results_at(const struct look *l, uint64_t addr)
{
    static const struct results of[] = {
        [LP_RESULT_UNKNOWN] = {0, RESULTS}, [LP_RESULT_NONE] = {0, 0}, [LP_RESULT_GENERAL] = {X0, X0}, [LP_RESULT_FLOAT] = {V0, V0},
        [LP_RESULT_SMALL] = {0, RESULTS & ~(X0 << 1)}, [LP_RESULT_OTHER] = {0, RESULTS},
    };
    const struct lp_elf_symbol *f = lp_maker_symbol_at(l->m, addr);
    return of[f && f->value == addr && !strchr(f->name, '.') ? lp_elf_result_at(l->m->elf, addr) : LP_RESULT_UNKNOWN];
}

/* Registers that are saved around a body, those of them that may be results after all, and those that are not saved because they may be. */
struct saving { regs set, doubtful, left; };

/* By gcc alone: another compiler may return more in registers than the standard has, and holds none, so that what looks like it is a result. Where code
 * goes around anyway it saves what else the new body changes and callers touch: a walk does not see all that they hold. */
static bool can_save(struct look *l, size_t item, regs held, regs changes, const struct results *results, struct saving *s)
{
    static const char *const gcc[] = {"GCC: "}, *const others[] = {"clang", "rustc"};
    const struct lp_func *f = l->patch->item[item].func;
    const regs open = results->may, more = changes & l->touched & ~held;
    struct lp_wrap *v;
    if (!lp_made_by(l->m, gcc, 1) || lp_made_by(l->m, others, 2) || lp_wrap_results(f, held & open) || !lp_wrap_can(f, held)) return false;
    *s = (struct saving){held | (more & ~open), 0, 0};
    for (regs left = more & open, one; left; left &= ~one) {
        one = left & -left;
        if (!lp_wrap_results(f, one) && !lp_wrap_doubts(f, one)) s->set |= one;
    }
    if (!lp_wrap_can(f, s->set)) s->set = held;
    if (held & open && lp_wrap_doubts(f, held & open)) s->doubtful = held & open;
    s->left = more & ~s->set & l->perhaps;
    if (!(v = lp_grow(l->m->wrap, &l->m->wrap_cap, l->m->nwrap, sizeof *v))) return false;
    l->m->wrap = v;
    v[l->m->nwrap++] = (struct lp_wrap){l->patch->item[item].line, s->set};
    return true;
}

/* What a callee changes, -fcall-saved would not save: the compiler would take it to be saved there. `all`: what callers hold, whether this body changes
 * it or not; the same source with other registers kept free may change others. saved NULL: nothing is. */
static void tell(struct look *l, uint64_t addr, regs held, regs all, bool by_callee, const struct saving *saved)
{
    static const char debug[] = ": debug information (-g) of the program says what it returns";
    const struct lp_origin *from = origin(l->m, addr);
    const bool many = held & (held - 1), known = lp_elf_result_at(l->m->elf, addr) != LP_RESULT_UNKNOWN;
    struct lp_buf b = {0};
    put_regs(&b, held, "", ", ");
    lp_buf_printf(&b, " may be held by callers over the call (gcc -fipa-ra), because the old body leaves %s alone; the new one changes %s: %s%s: ",
                  many ? "them" : "it", many ? "them" : "it", l->list.data ? l->list.data : "", l->ntold > SITES_TOLD ? " ..." : "");
    if (saved) lp_buf_puts(&b, "the patch saves "), put_regs(&b, saved->set, "", ", "), lp_buf_puts(&b, " around the new body");
    else if (by_callee) lp_buf_puts(&b, "save "), put_regs(&b, all, "", ", "), lp_buf_puts(&b, " around the new body, as lpmake(1) shows in CAVEATS"),
        lp_buf_puts(&b, all & RESULTS && !known ? debug : "");
    else lp_buf_puts(&b, "compile it with "), put_regs(&b, all, "-fcall-saved-", " ");
    if (saved && saved->doubtful) lp_buf_puts(&b, ", which is wrong if it returns a structure in several registers");
    if (saved && saved->left) lp_buf_puts(&b, ", but not "), put_regs(&b, saved->left, "", ", "), lp_buf_puts(&b, ", in which it may return something"),
        lp_buf_puts(&b, known ? "" : debug);
    if (from && b.data) lp_edit_warn(l->m, from, "%s", b.data);
    lp_buf_free(&b);
}

/* ---- arguments that nobody sets ---- */

/* A word of a body of the patch at `pc`: a call or jump to a function of the target leads there. */
static uint32_t word_of_new(const struct look *l, const struct lp_change *c, uint64_t pc)
{
    uint32_t word = c->new_word;
    const struct lp_elf_symbol *to;
    const bool leads = c->fix && c->fix->expr.symbol && (word & 0x7fffffff) == 0x14000000;
    if (leads && lp_elf_find(l->m->elf, c->fix->expr.symbol, &to, NULL) == LP_OK) (word >> 31 ? lp_a64_bl : lp_a64_b)(&word, pc, to->value);
    return word;
}

/* What a body of the patch, thought to be behind the target, reads of these before it writes them, or what it calls does. Of deeper calls it could not be
 * told whether they come that way. */
static regs read_by_new(struct look *l, const struct lp_func *f, regs live)
{
    uint8_t *code = calloc(f->nbody + 1, 4);
    const struct lp_elf_symbol here = {.name = "", .value = lp_align_up(lp_elf_end(l->m->elf), 16), .size = 4 * f->nbody};
    struct walk w = {.l = l, .depth = MOST_WALK_DEPTH - 1, .f = &here, .code = code, .seen = calloc(f->nbody + 1, sizeof *w.seen)};
    for (size_t i = 0; i < f->nbody && code; i++) lp_put32(code + 4 * i, word_of_new(l, &f->body[i], here.value + 4 * i));
    l->steps = 0;
    if (code && w.seen && 4 * f->nbody == f->size) follow(&w, (struct way){here.value, live});
    while (w.nway) follow(&w, w.way[--w.nway]);
    free(code), free(w.seen), free(w.way);
    return w.read & live;
}

static bool is_led_to(const struct look *l, uint64_t at)
{
    size_t k = lp_count_below(l->branch, l->nbranch, sizeof *l->branch, at);
    return k < l->nbranch && l->branch[k].to == at;
}

/* Of these, what the straight way to the call at `at` leaves as another call has left it. */
static regs unset_at(const struct look *l, uint64_t at, regs wanted)
{
    const uint8_t *code;
    const struct lp_elf_symbol *f = function_at(l, at, &code);
    if (!f || effect_of(lp_le32(code + (at - f->value)), at).kind != LP_LEADS_CALL) return 0;
    for (; wanted && at > f->value && !is_led_to(l, at); at -= 4) {
        const struct effect e = effect_of(lp_le32(code + (at - 4 - f->value)), at - 4);
        if (e.kind == LP_LEADS_CALL || e.kind == LP_LEADS_CALL_REG) return wanted;
        if (e.kind != LP_LEADS_ON) return 0;
        wanted &= ~e.write;
    }
    return 0;
}

static void look_at_arguments(struct look *l, size_t item)
{
    const uint64_t addr = l->item[item].addr;
    const struct lp_origin *from = origin(l->m, addr);
    l->steps = 0;
    regs wanted = ARGUMENTS & ~FIRST, unset = 0;
    wanted &= ~read_from(l, addr, wanted, 0, NULL);
    if (wanted) wanted = read_by_new(l, l->patch->item[item].func, wanted);
    l->quiet = false, l->ntold = 0;
    for (size_t k = lp_count_below(l->branch, l->nbranch, sizeof *l->branch, addr); wanted && k < l->nbranch && l->branch[k].to == addr; k++) {
        const regs here = lp_elf_is_code(l->m->elf, l->branch[k].from) ? unset_at(l, l->branch[k].from, wanted) : 0;
        if (here) unset |= here, tell_site(l, l->branch[k].from, here);
    }
    struct lp_buf b = {0};
    put_regs(&b, unset, "", ", ");
    if (unset && from && b.data && l->list.data)
        lp_edit_warn(l->m, from, "the new body reads an argument in %s, which the old one does not, and callers of the same source file leave it undefined "
                     "(clang does): %s%s: replace those, too", b.data, l->list.data, l->ntold > SITES_TOLD ? " ..." : "");
    lp_buf_free(&b), lp_buf_free(&l->list);
    l->list = (struct lp_buf){0};
}

static void look_at_item(struct look *l, size_t item)
{
    const uint64_t addr = l->item[item].addr;
    const uint8_t *code;
    if (!l->item[item].replaces || !function_at(l, addr, &code)) return;
    look_at_arguments(l, item);
    for (size_t i = 0; i < l->patch->nitem; i++) l->item[i].visited = false;
    const struct results results = results_at(l, addr);
    regs old = changes_at(l, addr, true, 0), held;
    struct tally t = changes_new(l, item);
    l->quiet = false, l->ntold = 0;
    old |= results.certain | (results.may & result_of(l->patch->item[item].func));
    const regs changes = (t.own | t.called) & CALL_CLOBBERED & ~old;
    look_at_callers(l, addr, changes);
    if ((held = l->held) != 0) {
        struct saving saving;
        l->quiet = true;
        look_at_callers(l, addr, CALL_CLOBBERED & ~old);
        const regs all = l->held | held;
        tell(l, addr, held, all, held & t.called, can_save(l, item, all, changes, &results, &saving) ? &saving : NULL);
    }
    lp_buf_free(&l->list);
    l->list = (struct lp_buf){0};
}

void lp_warn_held(struct lp_maker *m, const lp_patch *p)
{
    struct look l = {.m = m, .patch = p, .item = calloc(p->nitem + 1, sizeof *l.item)};
    bool any = false;
    for (size_t i = 0; i < p->nitem && l.item; i++) {
        const struct lp_item *it = &p->item[i];
        any |= l.item[i].replaces = it->kind == LP_ITEM_FUNC && !it->func->is_new && item_addr(&l, it, &l.item[i].addr);
    }
    if (any) lp_maker_branches(m, collect, &l);
    if (l.nbranch) qsort(l.branch, l.nbranch, sizeof *l.branch, by_target);
    for (size_t i = 0; i < p->nitem && any; i++) look_at_item(&l, i);
    free(l.item), free(l.known), free(l.branch);
}
