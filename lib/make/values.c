/* make/values.c - what registers hold, word by word, in a function of the program or of the patch. */
#include <config.h>
#include "a64/a64.h"
#include "a64/access.h"
#include "a64/regs.h"
#include "make/relied.h"

#include <stdlib.h>

enum { MOST_WORDS = 8192, SP = 31 };
#define BY_CALLS UINT32_C(0x4007ffff) /* X0-X18, X30 */

/* Of the program; what the patch brings has no address yet. */
static struct lp_val symbol_of(const struct lp_relied *l, const struct lp_expr *x)
{
    const struct lp_elf_symbol *sym = NULL;
    if (x->symbol && lp_elf_find(l->m->elf, x->symbol, &sym, NULL) != LP_OK) return (struct lp_val){0};
    return (struct lp_val){LP_VAL_CONST, 0, (uint64_t)x->addend + (sym ? sym->value : x->addr)};
}

static bool is_simple(const struct lp_fixup *f) { return f && lp_reloc_is_simple(f->reloc); }
static bool is_got(const struct lp_fixup *f) { return f && (f->reloc->op == LP_REL_GOT_ABS || f->reloc->op == LP_REL_GOT_PAGEOFF); }

static struct lp_val plus(struct lp_val v, uint64_t n) { return v.kind <= LP_VAL_LEFT ? (struct lp_val){0} : (struct lp_val){v.kind, v.arg, v.v + n}; }

/* What the word makes of its destination. */
static struct lp_val made_by(const struct lp_relied *l, const struct lp_words *b, size_t i, const struct lp_vals *v)
{
    const uint32_t w = b->word[i];
    const struct lp_fixup *fix = b->fix[i];
    const struct lp_val none = {0}, zero = {LP_VAL_CONST, 0, 0}, rd = v->r[w & 31], rn = v->r[w >> 5 & 31];
    const struct lp_val rm = (w >> 16 & 31) == 31 ? zero : v->r[w >> 16 & 31];
    const uint64_t imm = (uint64_t)(w >> 5 & 0xffff) << 16 * (w >> 21 & 3), mask = w >> 31 ? UINT64_MAX : UINT32_MAX;
    uint64_t to;
    if (is_got(fix)) return symbol_of(l, &fix->expr);
    if (fix) return is_simple(fix) && !lp_a64_is_load_store(w) ? symbol_of(l, &fix->expr) : none;
    if (lp_a64_is_pcrel_address(w) && b->base && lp_a64_target(w, b->base + 4 * i, &to)) return (struct lp_val){LP_VAL_CONST, 0, to};
    if ((w & 0xbf800000) == 0x91000000) {
        const uint64_t add = (uint64_t)(w >> 10 & 0xfff) << (w >> 22 & 1 ? 12 : 0);
        return plus(rn, w >> 30 & 1 ? (uint64_t)0 - add : add);
    }
    if (lp_a64_is_mov(w)) return rm;
    if ((w & 0xffe0ffe0) == 0x2a0003e0) return rm.kind == LP_VAL_CONST ? (struct lp_val){LP_VAL_CONST, 0, rm.v & UINT32_MAX} : none;
    switch (w & 0x7f800000) {
    case 0x52800000: return (struct lp_val){LP_VAL_CONST, 0, imm};
    case 0x12800000: return (struct lp_val){LP_VAL_CONST, 0, ~imm & mask};
    case 0x72800000: return rd.kind == LP_VAL_CONST ? (struct lp_val){LP_VAL_CONST, 0, (rd.v & ~(UINT64_C(0xffff) << 16 * (w >> 21 & 3))) | imm} : none;
    default: return none;
    }
}

static void step(const struct lp_relied *l, const struct lp_words *b, size_t i, struct lp_vals *v)
{
    const uint32_t w = b->word[i];
    const enum lp_leads leads = lp_leads_of(w);
    const unsigned row = lp_a64_find(w, LP_A64_ALL), rd = w & 31;
    const struct lp_val made = made_by(l, b, i, v);
    uint32_t written = lp_a64_regs(row, w).write;
    struct lp_a64_access a;
    const bool calls = leads == LP_LEADS_CALL || leads == LP_LEADS_CALL_REG;
    if (calls) written |= BY_CALLS;
    const bool back = lp_a64_access(row, w, &a) && a.writeback && a.back_by == LP_A64_NO_REG;
    const struct lp_val base = back ? plus(v->r[a.base], (uint64_t)a.back) : made;
    for (unsigned r = 0; r < 32; r++)
        if (written >> r & 1) v->r[r] = (struct lp_val){.kind = calls && r && r < 8 ? LP_VAL_LEFT : LP_VAL_UNKNOWN};
    if (back) v->r[a.base] = base;
    else if (made.kind != LP_VAL_UNKNOWN && written >> rd & 1 && leads == LP_LEADS_ON) v->r[rd] = made;
}

/* False: nothing new. */
static bool join(struct lp_vals *to, const struct lp_vals *from)
{
    bool changed = !to->seen;
    if (changed) *to = *from;
    to->seen = true;
    for (unsigned r = 0; r < 32; r++) {
        struct lp_val *a = &to->r[r];
        const struct lp_val *c = &from->r[r];
        if (a->kind == LP_VAL_LEFT || (a->kind == c->kind && a->arg == c->arg && a->v == c->v)) continue;
        if (c->kind != LP_VAL_LEFT && a->kind == LP_VAL_UNKNOWN) continue;
        *a = (struct lp_val){.kind = c->kind == LP_VAL_LEFT ? LP_VAL_LEFT : LP_VAL_UNKNOWN}, changed = true;
    }
    return changed;
}

/* Where a word leads in the body, besides to the next one; n = nowhere. */
static size_t turn_of(const struct lp_relied *l, const struct lp_words *b, size_t i)
{
    const struct lp_func *item;
    const char *name;
    uint64_t to;
    if (lp_relied_leaves(l, b, i, &to, &item, &name) || !lp_a64_target(b->word[i], b->base + 4 * i, &to)) return b->n;
    return (size_t)(to - b->base) / 4;
}

struct lp_vals *lp_vals_of(const struct lp_relied *l, const struct lp_words *b)
{
    struct lp_vals *at = b->n <= MOST_WORDS ? calloc(b->n + 1, sizeof *at) : NULL, v = {.seen = true};
    bool again = true;
    if (!at) return NULL;
    for (uint8_t r = 0; r < 8; r++) v.r[r] = (struct lp_val){LP_VAL_ARG, r, 0};
    v.r[SP] = (struct lp_val){LP_VAL_STACK, 0, 0};
    join(&at[0], &v);
    for (unsigned rounds = 0; again && rounds < 200; rounds++) {
        again = false;
        for (size_t i = 0; i < b->n; i++) {
            if (!at[i].seen) continue;
            const enum lp_leads leads = lp_leads_of(b->word[i]);
            v = at[i];
            step(l, b, i, &v);
            if (leads == LP_LEADS_JUMP || leads == LP_LEADS_JUMP_IF) {
                const size_t to = turn_of(l, b, i);
                if (to < b->n) again |= join(&at[to], &v) && to <= i;
            }
            if (leads <= LP_LEADS_CALL_REG || leads == LP_LEADS_JUMP_IF) join(&at[i + 1], &v);
        }
    }
    if (again) free(at), at = NULL;
    return at;
}

bool lp_vals_touch(const struct lp_relied *l, const struct lp_words *b, size_t i, const struct lp_vals *v, struct lp_touch *out)
{
    struct lp_a64_access a;
    const struct lp_fixup *fix = b->fix[i];
    if (!v[i].seen || !lp_a64_access(lp_a64_find(b->word[i], LP_A64_ALL), b->word[i], &a) || !a.bytes || a.index != LP_A64_NO_REG) return false;
    if (fix && !is_simple(fix)) return false;
    *out = (struct lp_touch){fix ? symbol_of(l, &fix->expr) : plus(v[i].r[a.base], (uint64_t)a.off), a.bytes, a.rt, a.rt2, a.load, a.store};
    return out->where.kind != LP_VAL_UNKNOWN;
}
