/* make/signs.c - return addresses that are signed (PACIASP) and authenticated (AUTIASP, RETAA), which a change of words may leave without one another: the
 * function then returns to nowhere. All changes of a function count together; what was so before is nobody's fault. */
#include <config.h>
#include "a64/a64.h"
#include "a64/regs.h"
#include "base/bits.h"
#include "base/buf.h"
#include "elf/suffix.h"
#include "make/maker.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { PLAIN = 1, SIGNED = 2, BOTH = 3 }; /* what x30, or what was saved of it, may be in front of a word */
enum sign { NONE, SIGN, AUTH, AUTH_RET, RET };
struct body {
    struct lp_maker *m;
    const struct lp_elf_symbol *f;
    size_t n;
    uint32_t *word;
    uint64_t *to;       /* by word: where a branch with a relocation leads; 0 = the word says it */
    uint8_t *state;
    size_t *way;        /* words whose state has grown, each once */
    bool *waits;
    size_t nway;
    size_t signs;       /* the first word that signs; n = none */
};

static enum sign sign_of(uint32_t word)
{
    const uint32_t rd = word & 31;
    switch (lp_a64_find(word, LP_A64_ALL)) {
    case A64_PACIASP: case A64_PACIBSP: case A64_PACIAZ: case A64_PACIBZ: return SIGN;
    case A64_AUTIASP: case A64_AUTIBSP: case A64_AUTIAZ: case A64_AUTIBZ: return AUTH;
    case A64_PAC: case A64_PAC_Z: return rd == 30 ? SIGN : NONE;
    case A64_AUT: case A64_AUT_Z: return rd == 30 ? AUTH : NONE;
    case A64_RETA: return AUTH_RET;
    case A64_RET: return (word >> 5 & 31) == 30 ? RET : NONE;
    default: return NONE;
    }
}

static void meet(struct body *b, size_t i, uint8_t state)
{
    if (i >= b->n || (b->state[i] | state) == b->state[i]) return;
    b->state[i] |= state;
    if (!b->waits[i]) b->way[b->nway++] = i, b->waits[i] = true;
}

/* Leads it out of the function, for good? Not to its .cold part, which comes back. */
static bool goes_out(const struct body *b, size_t i, uint64_t *to)
{
    const uint32_t w = b->word[i];
    const bool jump = lp_a64_is_b(w), some = jump || lp_a64_is_b_cond(w) || lp_a64_is_cbz_tbz(w);
    *to = b->to[i];
    if (!some || (!*to && !lp_a64_target(w, b->f->value + 4 * i, to))) return *to = 0, false;
    if (*to - b->f->value < 4 * b->n) return false;
    const struct lp_elf_symbol *s = lp_maker_symbol_at(b->m, *to);
    const size_t n = strlen(b->f->name);
    return !(s && strncmp(s->name, b->f->name, n) == 0 && lp_suffix_kind(s->name + n) == LP_SUFFIX_COLD);
}

/* What is behind a word, and where its branch leads. */
static void step(struct body *b, size_t i)
{
    const uint32_t w = b->word[i];
    const enum sign s = sign_of(w);
    const uint8_t state = s == SIGN ? SIGNED : s == AUTH ? PLAIN : b->state[i];
    const unsigned row = lp_a64_find(w, LP_A64_ALL);
    uint64_t to;
    const bool out = goes_out(b, i, &to);
    if (to && !out && to >= b->f->value) meet(b, (to - b->f->value) / 4, state);
    if (row == A64_B || row == A64_RET || row == A64_RETA || row == A64_BR || row == A64_BRA || row == A64_BRA_Z || row == A64_UDF || row == A64_BRK) return;
    meet(b, i + 1, state);
}

/* From the entry; then what nothing leads to but a jump table, or an exception, as at the indirect branches and calls. */
static void flow(struct body *b)
{
    meet(b, 0, PLAIN);
    for (int rest = 0; rest < 2; rest++) {
        while (b->nway) {
            const size_t i = b->way[--b->nway];
            b->waits[i] = false;
            step(b, i);
        }
        uint8_t seed = 0;
        for (size_t i = 0; i < b->n; i++) {
            const unsigned row = b->state[i] ? lp_a64_find(b->word[i], LP_A64_ALL) : A64_UNDEFINED;
            if (row == A64_BR || row == A64_BL || row == A64_BLR) seed |= b->state[i];
        }
        for (size_t i = 0; i < b->n && !rest && seed; i++)
            if (!b->state[i]) meet(b, i, seed);
    }
}

static bool open_body(struct lp_maker *m, const struct lp_elf_symbol *f, struct body *b)
{
    const size_t n = (size_t)(f->size / 4);
    *b = (struct body){.m = m, .f = f, .n = n, .word = calloc(n + 1, 4), .to = calloc(n + 1, 8), .state = calloc(n + 1, 1)};
    b->way = calloc(n + 1, sizeof *b->way), b->waits = calloc(n + 1, sizeof *b->waits);
    bool good = b->word && b->to && b->state && b->way && b->waits && lp_elf_read(m->elf, f->value, b->word, 4 * n, NULL) == LP_OK;
    for (size_t i = 0; good && i < n; i++) b->word[i] = lp_le32(&b->word[i]);
    return good;
}

static void close_body(struct body *b) { free(b->word), free(b->to), free(b->state), free(b->way), free(b->waits); }

static bool address(const struct lp_maker *m, const char *symbol, uint64_t off, uint64_t *addr)
{
    const struct lp_elf_symbol *s = NULL;
    if (symbol && lp_elf_find(m->elf, symbol, &s, NULL) != LP_OK) return false;
    return *addr = off + (s ? s->value : 0), true;
}

/* ---- the changes, word by word, in order of address ---- */

struct changed { uint64_t at; const struct lp_change *c; };
struct all { struct changed *v; size_t n, cap; };

static int by_at(const void *a, const void *b)
{
    const struct changed *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

static void collect(const struct lp_maker *m, const lp_patch *p, struct all *all)
{
    for (size_t i = 0; i < p->nitem; i++) {
        const struct lp_item *it = &p->item[i];
        uint64_t at;
        if (it->kind != LP_ITEM_SITE || !address(m, it->place.symbol, it->place.off, &at)) continue;
        for (size_t k = 0; k < it->site.count; k++, at += 4) {
            struct changed *v = lp_grow(all->v, &all->cap, all->n, sizeof *v);
            if (!v) return;
            all->v = v;
            v[all->n++] = (struct changed){at, &it->site.change[k]};
        }
    }
    if (all->n) qsort(all->v, all->n, sizeof *all->v, by_at);
}

/* Those from number `first` on that are in the function. */
static void apply(struct body *b, const struct all *all, size_t first)
{
    for (size_t i = first; i < all->n && all->v[i].at - b->f->value < 4 * b->n; i++) {
        const struct lp_change *c = all->v[i].c;
        const size_t index = (size_t)(all->v[i].at - b->f->value) / 4;
        b->word[index] = c->new_word;
        if (c->fix && !address(b->m, c->fix->expr.symbol, (uint64_t)c->fix->expr.addend + c->fix->expr.addr, &b->to[index])) b->to[index] = UINT64_MAX;
    }
}

/* Is it wrong in front of word i? */
static bool wrong(const struct body *b, size_t i, bool *is_signed)
{
    uint64_t to;
    const enum sign s = sign_of(b->word[i]);
    const bool leaves = s == RET || (s == NONE && goes_out(b, i, &to));
    *is_signed = leaves || s == SIGN;
    return b->state[i] & (s == AUTH || s == AUTH_RET ? PLAIN : *is_signed ? SIGNED : 0);
}

static void tell(struct lp_maker *m, const struct lp_origin *from, const struct body *old, const struct body *b, size_t i, bool is_signed)
{
    struct lp_buf at = {0}, by = {0};
    lp_edit_say(m, b->f->value + 4 * i, &at);
    const struct body *signer = b->signs < b->n ? b : old;
    lp_edit_say(m, b->f->value + 4 * signer->signs, &by);
    const char *signs = by.data ? by.data : "", *where = at.data ? at.data : "";
    if (is_signed)
        lp_edit_warn(m, from, "the return address is signed (at %s, paciasp) where the function is left at %s, and nobody returns by it then: `autiasp` is "
                     "needed in front", signs, where);
    else
        lp_edit_warn(m, from, "the return address is not signed any more (at %s, paciasp) where %s authenticates it (autiasp): returning is a "
                     "fault then", signs, where);
    lp_buf_free(&at), lp_buf_free(&by);
}

static const struct lp_made *made_at(const struct lp_maker *m, uint64_t at)
{
    for (size_t i = 0; i < m->nmade; i++)
        if (at - m->made[i].addr < 4 * m->made[i].words) return &m->made[i];
    return NULL;
}

static size_t first_sign(const struct body *b)
{
    size_t i = 0;
    while (i < b->n && sign_of(b->word[i]) != SIGN) i++;
    return i;
}

static void look(struct lp_maker *m, const struct all *all, size_t first, const struct lp_elf_symbol *f)
{
    struct body old = {0}, b = {0};
    bool any = false, was, is;
    const struct lp_made *made = made_at(m, all->v[first].at);
    if (made && open_body(m, f, &old) && open_body(m, f, &b)) {
        apply(&b, all, first);
        old.signs = first_sign(&old), b.signs = first_sign(&b);
        any = old.signs < old.n || b.signs < b.n;
        if (any) flow(&old), flow(&b);
    }
    for (size_t i = 0; any && i < b.n; i++)
        if (wrong(&b, i, &is) && !(wrong(&old, i, &was) && was == is)) {
            tell(m, &made->from, &old, &b, i, is);
            break;
        }
    close_body(&old), close_body(&b);
}

void lp_warn_signs(struct lp_maker *m, const lp_patch *p)
{
    struct all all = {0};
    const struct lp_elf_symbol *f = NULL;
    if (m->warn) collect(m, p, &all);
    for (size_t i = 0; i < all.n; i++) {
        if (f && all.v[i].at - f->value < f->size) continue;
        f = lp_maker_symbol_at(m, all.v[i].at);
        if (f && f->type == STT_FUNC && f->size >= 4) look(m, &all, i, f);
    }
    free(all.v);
}
