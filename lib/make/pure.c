/* make/pure.c - functions that compilers have seen to have no effect but their result (gcc -fipa-pure-const, clang's readnone): calls of one in the same
 * source file are merged, moved out of loops and dropped, which is wrong once the function does more. A warning only: what callers have made of it is not
 * seen. */
#include <config.h>
#include "a64/a64.h"
#include "a64/access.h"
#include "a64/regs.h"
#include "base/bits.h"
#include "elf/line.h"
#include "make/maker.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* CONST: it reads nothing but its arguments. */
enum effect { CONST, READS, WRITES };
enum { MOST_DEPTH = 8, MOST_STEPS = 1 << 20 };
/* steps: words that have been looked at. open: bodies of the patch that are being looked at, one in the other */
struct look { struct lp_maker *m; const lp_patch *patch; uint64_t self; unsigned steps; const struct lp_func *open[MOST_DEPTH + 2]; };

static enum effect more(enum effect a, enum effect b) { return a > b ? a : b; }

/* own: registers that are known to lead to the stack or to constants: bit n is Xn. sums: that an ADD has made, where a BR to one is a jump table's. */
struct known { uint32_t own, sums; };
#define STACK UINT32_C(0x80000000)

/* Exceptions, system registers but the thread pointer, barriers; not hints, of which landing pads and signatures are. */
static bool is_special(uint32_t word)
{
    if ((word & 0xfffff01f) == 0xd503201f || lp_a64_is_tpidr(word)) return false;
    return (word & 0xff000000) == 0xd4000000 || (word & 0xffc00000) == 0xd5000000;
}

/* Of a word that is no direct branch. constant: its relocation is about constants. */
static enum effect effect_of(uint32_t word, struct known *k, bool constant)
{
    uint32_t *own = &k->own;
    unsigned row = lp_a64_find(word, LP_A64_ALL), rd = word & 31, rn = word >> 5 & 31;
    struct lp_a64_access a;
    enum effect e = CONST;
    bool accesses = lp_a64_access(row, word, &a);
    if (accesses && !(*own >> a.base & 1) && a.bytes) e = a.store ? WRITES : READS;
    const uint32_t written = lp_a64_regs(row, word).write & ~STACK;
    const bool sum = row == A64_ADD_ext || row == A64_ADD_shift || row == A64_ADD_reg, out = row == A64_BLR || row == A64_BLRA || row == A64_BLRA_Z;
    if (out || ((row == A64_BR || row == A64_BRA || row == A64_BRA_Z) && !(k->sums >> rn & 1))) e = WRITES;
    k->sums = sum ? k->sums | written : k->sums & ~written;
    if (is_special(word) || row == A64_UNDEFINED) e = WRITES;
    uint32_t kept = constant || (lp_a64_is_add_imm(word) && *own >> rn & 1) || (lp_a64_is_mov(word) && *own >> (word >> 16 & 31) & 1) ? UINT32_C(1) << rd : 0;
    *own = (*own & ~written) | kept;
    if (accesses && a.writeback && a.base < 31 && e == CONST) *own |= UINT32_C(1) << a.base;
    return e;
}

/* ---- the old body ---- */

static enum effect old_effect(struct look *l, uint64_t entry, unsigned depth)
{
    const struct lp_elf_symbol *f = lp_maker_symbol_at(l->m, entry);
    const struct lp_elf_info *info = lp_elf_info(l->m->elf);
    int64_t off = f ? lp_elf_offset(l->m->elf, f->value) : -1;
    enum effect e = CONST;
    struct known k = {STACK, 0};
    if (off < 0 || f->type != STT_FUNC || f->value != entry || f->size < 4 || depth > MOST_DEPTH) return WRITES;
    if (!lp_within((uint64_t)off, f->size, info->image_size)) return WRITES;
    for (uint64_t at = 0, to; at + 4 <= f->size && e != WRITES; at += 4) {
        if (++l->steps > MOST_STEPS) return WRITES;
        uint32_t word = lp_le32((const uint8_t *)info->image + off + at);
        bool target = lp_a64_target(word, f->value + at, &to) && !lp_a64_is_pcrel_address(word);
        bool leaves = target && (to < f->value || to >= f->value + f->size);
        if (!target) e = more(e, effect_of(word, &k, false));
        else if (leaves && lp_a64_is_b_bl(word)) e = more(e, old_effect(l, to, depth + 1));
        else if (leaves && !lp_a64_is_load_literal(word)) e = WRITES; /* which reads constants */
    }
    return e;
}

/* ---- the new one ---- */

static const struct lp_item *item_of(const struct look *l, const char *symbol)
{
    for (size_t i = 0; symbol && i < l->patch->nitem; i++)
        if (l->patch->item[i].place.symbol && strcmp(l->patch->item[i].place.symbol, symbol) == 0) return &l->patch->item[i];
    return NULL;
}

static bool is_constant(const struct look *l, const struct lp_expr *x)
{
    const struct lp_item *it = item_of(l, x->symbol);
    const struct lp_elf_symbol *sym = NULL;
    size_t n;
    const struct lp_elf_section *s = lp_elf_sections(l->m->elf, &n);
    if (it) return it->kind == LP_ITEM_DATA && it->data->section == LP_RODATA;
    uint64_t at = !x->symbol ? x->addr : lp_elf_find(l->m->elf, x->symbol, &sym, NULL) == LP_OK ? sym->value : UINT64_MAX;
    for (size_t i = 0; i < n; i++)
        if (s[i].flags & SHF_ALLOC && !(s[i].flags & (SHF_WRITE | SHF_TLS)) && at - s[i].addr < s[i].size) return true;
    return false;
}

static enum effect new_effect(struct look *l, const struct lp_func *f, unsigned depth);

static enum effect call_effect(struct look *l, const struct lp_expr *x, unsigned depth)
{
    const struct lp_item *it = item_of(l, x->symbol);
    const struct lp_elf_symbol *sym;
    if (it && it->kind == LP_ITEM_FUNC) return depth < MOST_DEPTH ? new_effect(l, it->func, depth + 1) : WRITES;
    if (!x->symbol) return x->addr == l->self ? CONST : old_effect(l, x->addr, depth + 1);
    if (lp_elf_find(l->m->elf, x->symbol, &sym, NULL) != LP_OK) return WRITES;
    return sym->value == l->self ? CONST : old_effect(l, sym->value, depth + 1);
}

static enum effect new_effect(struct look *l, const struct lp_func *f, unsigned depth)
{
    enum effect e = CONST;
    struct known k = {STACK, 0};
    for (unsigned i = 0; i < depth; i++)
        if (l->open[i] == f) return CONST; /* it calls itself, which by itself is no effect */
    l->open[depth] = f;
    for (size_t i = 0; i < f->nbody && e != WRITES; i++) {
        const struct lp_change *c = &f->body[i];
        const uint32_t word = c->new_word;
        uint64_t to;
        if (++l->steps > MOST_STEPS) return WRITES;
        if (c->keep_count) e = WRITES;
        else if (lp_a64_is_b_bl(word) && c->fix) e = more(e, call_effect(l, &c->fix->expr, depth));
        else if (!lp_a64_target(word, 0, &to) || lp_a64_is_pcrel_address(word)) e = more(e, effect_of(word, &k, c->fix && is_constant(l, &c->fix->expr)));
    }
    return e;
}

/* ---- callers, as the compiler has seen them ---- */

/* A function of the patch that had less effect. at: the first of n calls that are left. */
struct suspect { const struct lp_elf_symbol *f; const struct lp_origin *from; uint32_t unit; enum effect was, now; uint64_t at; size_t n; };
struct suspects { struct lp_maker *m; struct suspect *v; size_t n, cap; };

static bool is_replaced(const struct lp_maker *m, const struct lp_elf_symbol *f)
{
    for (size_t i = 0; i < m->nmade; i++)
        if (m->made[i].kind == LP_MADE_FUNC && m->made[i].addr == f->value) return true;
    return false;
}

static void note_caller(void *ctx, const struct lp_maker *m, uint64_t from, uint64_t to)
{
    struct suspects *s = ctx;
    for (size_t i = 0; i < s->n; i++) {
        struct suspect *x = &s->v[i];
        const struct lp_elf_symbol *by = to == x->f->value ? lp_maker_symbol_at(m, from) : NULL;
        if (!by || by->value == x->f->value || lp_unit_of(s->m, by) != x->unit || !lp_elf_is_code(m->elf, from) || is_replaced(m, by)) continue;
        if (!x->n++) x->at = from;
    }
}

static const struct lp_func *body_of(const struct look *l, uint64_t entry)
{
    const struct lp_elf_symbol *sym;
    for (size_t i = 0; i < l->patch->nitem; i++) {
        const struct lp_item *it = &l->patch->item[i];
        if (it->kind != LP_ITEM_FUNC || it->func->is_new) continue;
        uint64_t at = it->place.off;
        if (it->place.symbol && lp_elf_find(l->m->elf, it->place.symbol, &sym, NULL) == LP_OK) at += sym->value;
        if (at == entry) return it->func;
    }
    return NULL;
}

/* Is its new body more than the old one was? What cannot be known counts as no harm. */
static void suspect(struct suspects *s, const lp_patch *p, const struct lp_made *made)
{
    struct look l = {.m = s->m, .patch = p, .self = made->addr};
    const struct lp_elf_symbol *f = lp_maker_symbol_at(s->m, l.self);
    const struct lp_func *body = made->kind == LP_MADE_FUNC && f && f->value == l.self ? body_of(&l, l.self) : NULL;
    /* Every call of it that the compiler knew is in a function of its own unit. */
    if (body && lp_made_without(s->m->elf, l.self, "ipa-pure-const")) return;
    const enum effect was = body ? old_effect(&l, l.self, 0) : WRITES, now = was < WRITES ? new_effect(&l, body, 0) : CONST;
    struct suspect *v = now > was && l.steps <= MOST_STEPS ? lp_grow(s->v, &s->cap, s->n, sizeof *v) : NULL;
    if (!v) return;
    s->v = v;
    v[s->n++] = (struct suspect){.f = f, .from = &made->from, .unit = lp_unit_of(s->m, f), .was = was, .now = now};
}

static void tell(struct lp_maker *m, const struct suspect *x)
{
    static const char *const was[] = {[CONST] = ", which its arguments alone decide", [READS] = ""};
    struct lp_buf b = {0};
    lp_edit_say(m, x->at, &b);
    lp_edit_warn(m, x->from, "the old body of %.100s has no effect but its result%s, and the new one %s: the compiler may have merged, moved or "
                 "dropped calls of it (gcc -fipa-pure-const), of which %.100s%s is left: see CAVEATS of lpmake(1)", x->f->name, was[x->was],
                 x->now == WRITES ? "has" : "reads memory", b.data ? b.data : "?", x->n > 1 ? " ..." : "");
    lp_buf_free(&b);
}

void lp_warn_pure(struct lp_maker *m, const lp_patch *p)
{
    struct suspects s = {.m = m};
    for (size_t i = 0; m->warn && i < m->nmade; i++) suspect(&s, p, &m->made[i]);
    if (s.n) lp_maker_branches(m, note_caller, &s);
    for (size_t i = 0; i < s.n; i++)
        if (s.v[i].n) tell(m, &s.v[i]);
    free(s.v);
}
