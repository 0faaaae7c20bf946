/* make/relied.c - what callers may rely on, as their compiler has seen the old body of a function, and the new one does not keep. Registers are in held.c,
 * functions without an effect in pure.c; here is each other thing that a compiler finds out about a function and makes use of where it is called.
 *
 * Warnings only: whether a caller comes there is not known. What cannot be known of the old body counts as no harm. */
#include <config.h>
#include "a64/a64.h"
#include "a64/regs.h"
#include "base/bits.h"
#include "base/buf.h"
#include "base/search.h"
#include "elf/line.h"
#include "make/relied.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DEPTH = 8, MOST_STEPS = 1 << 20, SITES_TOLD = 3 };

/* ---- bodies ---- */

enum lp_leads lp_leads_of_row(unsigned row)
{
    switch (row) {
    case A64_BL: return LP_LEADS_CALL;
    case A64_BLR: case A64_BLRA: case A64_BLRA_Z: return LP_LEADS_CALL_REG;
    case A64_B: return LP_LEADS_JUMP;
    case A64_B_cond: case A64_BC_cond: case A64_CBZ: case A64_CBNZ: case A64_TBZ: case A64_TBNZ: return LP_LEADS_JUMP_IF;
    case A64_BR: case A64_BRA: case A64_BRA_Z: return LP_LEADS_JUMP_REG;
    case A64_RET: case A64_RETA: return LP_LEADS_RETURN;
    case A64_UNDEFINED: case A64_UDF: case A64_BRK: case A64_HLT: return LP_LEADS_STOP;
    default: return LP_LEADS_ON;
    }
}

enum lp_leads lp_leads_of(uint32_t word) { return lp_leads_of_row(lp_a64_find(word, LP_A64_ALL)); }

const struct lp_elf_symbol *lp_relied_function(const struct lp_relied *l, uint64_t addr)
{
    const struct lp_elf_symbol *f = lp_maker_symbol_at(l->m, addr);
    const struct lp_elf_info *info = lp_elf_info(l->m->elf);
    const size_t n = f ? strlen(f->name) : 0;
    if (!f || f->type != STT_FUNC || f->size < 4 || (n > 4 && strcmp(f->name + n - 4, "@plt") == 0)) return NULL;
    const int64_t off = lp_elf_offset(l->m->elf, f->value);
    return off >= 0 && lp_within((uint64_t)off, f->size, info->image_size) ? f : NULL;
}

void lp_relied_free(struct lp_words *b) { free(b->word), free(b->fix); }

static bool alloc_body(struct lp_words *b, uint64_t entry, uint64_t base, size_t n)
{
    *b = (struct lp_words){entry, base, n, calloc(n + 1, sizeof *b->word), calloc(n + 1, sizeof *b->fix)};
    return b->word && b->fix;
}

bool lp_relied_old(const struct lp_relied *l, uint64_t entry, struct lp_words *out)
{
    const struct lp_elf_symbol *f = lp_relied_function(l, entry);
    *out = (struct lp_words){0};
    if (!f || !alloc_body(out, f->value, f->value, (size_t)(f->size / 4))) return false;
    if (lp_elf_read(l->m->elf, f->value, out->word, 4 * out->n, NULL) != LP_OK) return false;
    for (size_t i = 0; i < out->n; i++) out->word[i] = lp_le32(&out->word[i]);
    return true;
}

bool lp_relied_new(const struct lp_relied *l, const struct lp_func *f, uint64_t entry, struct lp_words *out)
{
    (void)l;
    if (!alloc_body(out, entry, 0, f->nbody)) return false;
    for (size_t i = 0; i < f->nbody; i++) {
        if (f->body[i].keep_count) return false; /* words of the old body */
        out->word[i] = f->body[i].new_word, out->fix[i] = f->body[i].fix;
    }
    return f->nbody > 0;
}

static bool item_addr(const struct lp_relied *l, const struct lp_item *it, uint64_t *addr)
{
    const struct lp_elf_symbol *sym = NULL;
    if (it->place.symbol && lp_elf_find(l->m->elf, it->place.symbol, &sym, NULL) != LP_OK) return false;
    return *addr = it->place.off + (sym ? sym->value : 0), true;
}

/* What becomes of a function: another body, or its own with some words changed. */
static bool new_body(const struct lp_relied *l, const struct lp_elf_symbol *f, struct lp_words *out)
{
    uint64_t at;
    *out = (struct lp_words){0};
    for (size_t i = 0; i < l->patch->nitem; i++) {
        const struct lp_item *it = &l->patch->item[i];
        if (it->kind == LP_ITEM_FUNC && !it->func->is_new && item_addr(l, it, &at) && at == f->value) return lp_relied_new(l, it->func, f->value, out);
    }
    if (!lp_relied_old(l, f->value, out)) return false;
    for (size_t i = 0; i < l->patch->nitem; i++) {
        const struct lp_item *it = &l->patch->item[i];
        if (it->kind != LP_ITEM_SITE || !item_addr(l, it, &at)) continue;
        for (size_t k = 0; k < it->site.count; k++, at += 4)
            if (at - f->value < 4 * out->n)
                out->word[(at - f->value) / 4] = it->site.change[k].new_word, out->fix[(at - f->value) / 4] = it->site.change[k].fix;
    }
    return true;
}

bool lp_relied_leaves(const struct lp_relied *l, const struct lp_words *b, size_t i, uint64_t *to, const struct lp_func **item, const char **name)
{
    const struct lp_elf_symbol *sym = NULL;
    const struct lp_expr *x = b->fix[i] ? &b->fix[i]->expr : NULL;
    *item = NULL, *name = x ? x->symbol : NULL, *to = 0;
    for (size_t k = 0; *name && k < l->patch->nitem; k++) {
        const struct lp_item *it = &l->patch->item[k];
        if (it->kind == LP_ITEM_FUNC && it->func->is_new && it->place.symbol && strcmp(it->place.symbol, *name) == 0) return *item = it->func, true;
    }
    if (x && x->symbol) return *to = lp_elf_find(l->m->elf, x->symbol, &sym, NULL) == LP_OK ? sym->value + (uint64_t)x->addend : 0, true;
    if (x) *to = x->addr;
    else if (!lp_a64_target(b->word[i], b->base + 4 * i, to) || *to - b->base < 4 * b->n) return false;
    sym = lp_maker_symbol_at(l->m, *to);
    *name = sym && sym->value == *to ? sym->name : NULL;
    return true;
}

/* ---- callers ---- */

static void collect(void *ctx, const struct lp_maker *m, uint64_t from, uint64_t to)
{
    struct lp_relied *l = ctx;
    struct lp_branch *v = lp_grow(l->branch, &l->branch_cap, l->nbranch, sizeof *v);
    (void)m;
    l->nomem |= !v;
    if (v) l->branch = v, v[l->nbranch++] = (struct lp_branch){to, from};
}

static int by_target(const void *a, const void *b)
{
    const struct lp_branch *x = a, *y = b;
    return x->to != y->to ? (x->to < y->to ? -1 : 1) : (x->from > y->from) - (x->from < y->from);
}

/* They are looked for when they are first needed: mostly nothing is wrong. */
size_t lp_relied_first(const struct lp_relied *l, uint64_t to)
{
    struct lp_relied *own = (struct lp_relied *)l;
    if (!l->branch && !l->nomem) {
        lp_maker_branches(l->m, collect, own);
        if (l->nbranch) qsort(l->branch, l->nbranch, sizeof *l->branch, by_target);
        own->nomem |= !l->nbranch;
    }
    return lp_count_below(l->branch, l->nbranch, sizeof *l->branch, to);
}

bool lp_relied_replaced(const struct lp_relied *l, const struct lp_elf_symbol *f)
{
    for (size_t i = 0; i < l->m->nmade; i++)
        if (l->m->made[i].kind == LP_MADE_FUNC && l->m->made[i].addr == f->value) return true;
    return false;
}

void lp_relied_note(struct lp_relied *l, uint64_t at)
{
    if (l->ntold++ >= SITES_TOLD) return;
    if (l->ntold > 1) lp_buf_puts(&l->list, ", ");
    lp_edit_say(l->m, at, &l->list);
}

const char *lp_relied_list(struct lp_relied *l, const char **more)
{
    *more = l->ntold > SITES_TOLD ? " ..." : "";
    return l->list.data ? l->list.data : "";
}

static void forget(struct lp_relied *l)
{
    lp_buf_free(&l->list);
    l->list = (struct lp_buf){0}, l->ntold = 0;
}

/* ---- that it never returns: there is nothing behind its calls ---- */

/* Does any word of it leave it for its caller, or for what is not known? All words count: compilers leave none that nobody comes to. A BR to what an ADD
 * has made is a jump table's. */
static bool returns(struct lp_relied *l, const struct lp_words *b, unsigned depth)
{
    uint32_t sums = 0;
    for (size_t i = 0; i < b->n; i++) {
        const uint32_t word = b->word[i];
        const unsigned row = lp_a64_find(word, LP_A64_ALL);
        const enum lp_leads leads = lp_leads_of(word);
        const uint32_t written = lp_a64_regs(row, word).write;
        const bool sum = row == A64_ADD_ext || row == A64_ADD_shift || row == A64_ADD_reg;
        const struct lp_func *item;
        const char *name;
        uint64_t to;
        if (++l->steps > MOST_STEPS || leads == LP_LEADS_RETURN) return true;
        if (leads == LP_LEADS_JUMP_REG && !(sums >> (word >> 5 & 31) & 1)) return true;
        if ((leads == LP_LEADS_JUMP || leads == LP_LEADS_JUMP_IF) && lp_relied_leaves(l, b, i, &to, &item, &name)) {
            struct lp_words other = {0};
            const struct lp_elf_symbol *f = to ? lp_relied_function(l, to) : NULL;
            const bool back = f && f->value == b->entry, known = !back && depth < MOST_DEPTH && !item && f && lp_relied_old(l, to, &other);
            const bool out = !back && (!known || returns(l, &other, depth + 1));
            lp_relied_free(&other);
            if (out) return true;
        }
        sums = sum ? sums | written : sums & ~written;
    }
    const enum lp_leads last = b->n ? lp_leads_of(b->word[b->n - 1]) : LP_LEADS_ON;
    return last == LP_LEADS_ON || last == LP_LEADS_JUMP_IF; /* it goes on behind its end */
}

/* Is the call the last word of its function, but for what fills it up? */
static bool is_last(const struct lp_relied *l, const struct lp_elf_symbol *f, uint64_t at)
{
    uint32_t word;
    for (at += 4; at < f->value + f->size; at += 4) {
        if (lp_elf_read(l->m->elf, at, &word, 4, NULL) != LP_OK) return false;
        word = lp_le32(&word);
        if (word != LP_A64_NOP && lp_leads_of(word) != LP_LEADS_STOP) return false;
    }
    return true;
}

/* Those that have nothing behind the call, or (sure false) may have. */
static void note_endless(struct lp_relied *l, const struct lp_elf_symbol *f, bool sure)
{
    const uint32_t unit = lp_unit_of(l->m, f);
    for (size_t k = lp_relied_first(l, f->value); k < l->nbranch && l->branch[k].to == f->value; k++) {
        const uint64_t at = l->branch[k].from;
        const struct lp_elf_symbol *by = lp_relied_function(l, at);
        uint32_t word;
        if (!by || by->value == f->value || lp_relied_replaced(l, by) || lp_elf_read(l->m->elf, at, &word, 4, NULL) != LP_OK) continue;
        if (lp_leads_of(lp_le32(&word)) != LP_LEADS_CALL || !lp_elf_is_code(l->m->elf, at)) continue;
        const bool last = is_last(l, by, at), same = lp_unit_of(l->m, by) == unit && !lp_made_without(l->m->elf, at, "ipa-pure-const");
        if (sure ? last : !last && same) lp_relied_note(l, at);
    }
}

static void look_at_return(struct lp_relied *l, const struct lp_made *made, const struct lp_words *old, const struct lp_words *now)
{
    const struct lp_elf_symbol *f = lp_maker_symbol_at(l->m, made->addr);
    const char *more, *list;
    l->steps = 0;
    if (returns(l, old, 0) || l->steps > MOST_STEPS) return;
    l->steps = 0;
    if (!returns(l, now, 0)) return;
    note_endless(l, f, true);
    const bool sure = l->ntold > 0;
    if (!sure) note_endless(l, f, false);
    list = lp_relied_list(l, &more);
    if (sure)
        lp_edit_warn(l->m, &made->from, "the old body of %.100s never returns, and the new one does: there is nothing behind calls of it, which run into what "
                     "follows, with any result: %s%s: replace these functions, too", f->name, list, more);
    else if (l->ntold)
        lp_edit_warn(l->m, &made->from, "the old body of %.100s never returns, and the new one does: there may be nothing behind calls of it in the same "
                     "source file, which then run into what follows: %s%s: replace these functions, too, or see CAVEATS of lpmake(1)", f->name, list, more);
}

/* ---- that its result is always the same: nobody looks at it ---- */

/* What X0 is at each RET. UNKNOWN: several things, or it leaves in another way, too. */
static struct lp_val result_of(const struct lp_relied *l, const struct lp_words *b)
{
    struct lp_vals *v = lp_vals_of(l, b);
    struct lp_val x = {0}, none = {0};
    bool any = false, same = v != NULL;
    for (size_t i = 0; same && i < b->n; i++) {
        const enum lp_leads leads = lp_leads_of(b->word[i]);
        const struct lp_func *item;
        const char *name;
        uint64_t to;
        if (leads == LP_LEADS_JUMP_REG || ((leads == LP_LEADS_JUMP || leads == LP_LEADS_JUMP_IF) && lp_relied_leaves(l, b, i, &to, &item, &name))) same = false;
        if (leads != LP_LEADS_RETURN || !v[i].seen) continue;
        const struct lp_val *r = &v[i].r[0];
        same = r->kind == LP_VAL_CONST && (!any || r->v == x.v);
        x = *r, any = true;
    }
    free(v);
    return same && any ? x : none;
}

/* Does it write X0 in front of a RET and not read it any more? Compilers leave nothing that nobody reads. */
static bool sets_result(const struct lp_words *b)
{
    for (size_t i = 0; i < b->n; i++)
        for (size_t k = lp_leads_of(b->word[i]) == LP_LEADS_RETURN ? i : 0; k-- > 0;) {
            const enum lp_leads leads = lp_leads_of(b->word[k]);
            const struct lp_a64_regs x = lp_a64_regs(lp_a64_find(b->word[k], LP_A64_ALL), b->word[k]);
            if (leads != LP_LEADS_ON && leads != LP_LEADS_JUMP_IF) break;
            if (x.write & 1) return true;
            if (x.read & 1) break;
        }
    return false;
}

/* Is X0 behind the call written on every way before anything else can be done with it? */
static bool ignores(const struct lp_relied *l, const struct lp_words *b, size_t from)
{
    bool *seen = calloc(b->n + 1, sizeof *seen), used = !seen;
    size_t *way = calloc(b->n + 1, sizeof *way), n = 0;
    if (way && !used) way[n++] = from;
    used |= !way;
    while (n && !used) {
        for (size_t i = way[--n]; !used; i++) {
            if (i < b->n && seen[i]) break;
            const uint32_t w = i < b->n ? b->word[i] : LP_A64_RET;
            const enum lp_leads leads = lp_leads_of(w);
            const struct lp_a64_regs x = lp_a64_regs(lp_a64_find(w, LP_A64_ALL), w);
            const struct lp_func *item;
            const char *name;
            uint64_t to;
            used = x.read & 1 || (leads != LP_LEADS_ON && leads != LP_LEADS_JUMP && leads != LP_LEADS_JUMP_IF);
            if (used || x.write & 1) break;
            seen[i] = true;
            if (leads == LP_LEADS_ON) continue;
            used = lp_relied_leaves(l, b, i, &to, &item, &name);
            if (!used && lp_a64_target(w, b->base + 4 * i, &to) && !seen[(to - b->base) / 4] && n < b->n) way[n++] = (to - b->base) / 4;
            if (leads == LP_LEADS_JUMP) break;
        }
    }
    free(seen), free(way);
    return !used;
}

/* By LLVM, which also leaves it out where it is so of a local function, and gcc from 14 on. */
static void look_at_result(struct lp_relied *l, const struct lp_made *made, const struct lp_words *old, const struct lp_words *now)
{
    static const char *const marks[] = {"clang", "rustc", "LLVM", ") 14.", ") 15.", ") 16."};
    const struct lp_elf_symbol *f = lp_maker_symbol_at(l->m, made->addr);
    const enum lp_elf_result kind = lp_elf_result_at(l->m->elf, made->addr);
    const uint32_t unit = lp_unit_of(l->m, f);
    const char *more;
    char always[40] = "sets no result";
    if ((kind != LP_RESULT_GENERAL && kind != LP_RESULT_UNKNOWN) || !lp_made_by(l->m, marks, sizeof marks / sizeof *marks) || !sets_result(now)) return;
    const struct lp_val was = result_of(l, old), is = result_of(l, now);
    const bool same = was.kind == LP_VAL_CONST, set = sets_result(old);
    if (set && same) snprintf(always, sizeof always, "always returns %d", (int32_t)was.v);
    if (set ? !same || (is.kind == LP_VAL_CONST && (uint32_t)is.v == (uint32_t)was.v) : f->bind != STB_LOCAL) return;
    for (size_t k = lp_relied_first(l, f->value); k < l->nbranch && l->branch[k].to == f->value; k++) {
        const uint64_t at = l->branch[k].from;
        const struct lp_elf_symbol *by = lp_relied_function(l, at);
        struct lp_words b = {0};
        if (!by || by->value == f->value || lp_unit_of(l->m, by) != unit || lp_relied_replaced(l, by) || !lp_elf_is_code(l->m->elf, at)) continue;
        const bool calls = lp_relied_old(l, at, &b) && lp_leads_of(b.word[(at - b.base) / 4]) == LP_LEADS_CALL;
        if (calls && ignores(l, &b, (at - b.base) / 4 + 1)) lp_relied_note(l, at);
        lp_relied_free(&b);
    }
    const char *list = lp_relied_list(l, &more);
    if (l->ntold)
        lp_edit_warn(l->m, &made->from, "the old body of %.100s %s, and the new one returns something else: callers of the same source file may know that, and "
                     "do not look at it (clang does so): %s%s: replace these, too", f->name, always, list, more);
}

/* ---- that it does not read an argument: nobody sets it ---- */

enum { MOST_ASKED = 256 }; /* calls that are looked at, each for all that its caller does in front of it: what is beyond is not warned of */

/* Arguments in X1-X7. perhaps: also what those may read that it calls. */
static uint32_t arguments_read(const struct lp_relied *l, const struct lp_words *b, bool perhaps)
{
    struct lp_vals *v = lp_vals_of(l, b);
    uint32_t set = v ? 0 : perhaps ? UINT32_MAX : 0;
    for (size_t i = 0; v && i < b->n; i++) {
        const enum lp_leads leads = lp_leads_of(b->word[i]);
        uint32_t read = lp_a64_regs(lp_a64_find(b->word[i], LP_A64_ALL), b->word[i]).read;
        if (perhaps && leads != LP_LEADS_ON && leads != LP_LEADS_RETURN && leads != LP_LEADS_STOP) read |= 0xff;
        for (unsigned r = 0; r < 31 && v[i].seen; r++)
            if (read >> r & 1 && v[i].r[r].kind == LP_VAL_ARG && !v[i].r[r].v) set |= UINT32_C(1) << v[i].r[r].arg;
    }
    free(v);
    return set & 0xfe;
}

/* What is in the argument's register at a call: LEFT by another call, or ARG, the caller's own that it has not touched. */
static enum lp_val_kind argument_at(const struct lp_relied *l, uint64_t at, unsigned r, uint64_t *caller, unsigned *asked)
{
    struct lp_words b = {0};
    struct lp_vals *v = *asked < MOST_ASKED && ++*asked && lp_relied_old(l, at, &b) ? lp_vals_of(l, &b) : NULL;
    const struct lp_val x = v ? v[(at - b.base) / 4].r[r] : (struct lp_val){0};
    *caller = b.entry;
    free(v), lp_relied_free(&b);
    return x.kind == LP_VAL_ARG && (x.arg != r || x.v) ? LP_VAL_UNKNOWN : (enum lp_val_kind)x.kind;
}

/* Do callers of this function leave the register undefined, too? Then it is no argument of it. */
static bool is_left(const struct lp_relied *l, uint64_t entry, unsigned r, unsigned depth, unsigned *asked)
{
    uint64_t caller;
    for (size_t k = lp_relied_first(l, entry); depth < MOST_DEPTH / 2 && k < l->nbranch && l->branch[k].to == entry; k++) {
        const uint64_t at = l->branch[k].from;
        const enum lp_val_kind kind = lp_elf_is_code(l->m->elf, at) ? argument_at(l, at, r, &caller, asked) : LP_VAL_UNKNOWN;
        if (kind == LP_VAL_LEFT || (kind == LP_VAL_ARG && caller != entry && is_left(l, caller, r, depth + 1, asked))) return true;
    }
    return false;
}

/* Of LLVM's. What another call of the same caller has left is seen in held.c; here are calls that are the first one of their caller. */
static void look_at_arguments(struct lp_relied *l, const struct lp_made *made, const struct lp_words *old, const struct lp_words *now)
{
    static const char *const marks[] = {"clang", "rustc", "LLVM"};
    const struct lp_elf_symbol *f = lp_maker_symbol_at(l->m, made->addr);
    const uint32_t unit = lp_unit_of(l->m, f);
    uint32_t set = lp_made_by(l->m, marks, sizeof marks / sizeof *marks) ? arguments_read(l, now, false) : 0, told = 0;
    unsigned asked = 0;
    const char *more;
    if (set) set &= ~arguments_read(l, old, true);
    for (unsigned r = 1; r < 8 && set; r++)
        for (size_t k = lp_relied_first(l, f->value); set >> r & 1 && k < l->nbranch && l->branch[k].to == f->value; k++) {
            const uint64_t at = l->branch[k].from;
            const struct lp_elf_symbol *by = lp_relied_function(l, at);
            uint64_t caller;
            if (!by || by->value == f->value || lp_unit_of(l->m, by) != unit || lp_relied_replaced(l, by) || !lp_elf_is_code(l->m->elf, at)) continue;
            if (argument_at(l, at, r, &caller, &asked) != LP_VAL_ARG || !is_left(l, caller, r, 0, &asked)) continue;
            if (!told) told = r;
            if (told == r) lp_relied_note(l, at);
        }
    const char *list = lp_relied_list(l, &more);
    if (told)
        lp_edit_warn(l->m, &made->from, "the new body reads an argument in x%u, which the old one does not, and callers of the same source file do not set it, "
                     "nor do theirs (clang does so): %s%s: replace those, too", told, list, more);
}

/* ---- all of it ---- */

static void (*const looks[])(struct lp_relied *l, const struct lp_made *made, const struct lp_words *old, const struct lp_words *now) = {
    look_at_return, look_at_result, look_at_arguments, lp_relied_throws, lp_relied_keeps,
};

void lp_warn_relied(struct lp_maker *m, const lp_patch *p)
{
    struct lp_relied l = {.m = m, .patch = p};
    const struct lp_elf_symbol *before = NULL;
    for (size_t i = 0; m->warn && i < m->nmade; i++) {
        const struct lp_elf_symbol *f = lp_relied_function(&l, m->made[i].addr);
        struct lp_words old = {0}, now = {0};
        if (!f || f == before) continue;
        if (lp_relied_old(&l, f->value, &old) && new_body(&l, f, &now))
            for (size_t k = 0; k < sizeof looks / sizeof *looks; k++) looks[k](&l, &m->made[i], &old, &now), forget(&l);
        lp_relied_free(&old), lp_relied_free(&now);
        before = f;
    }
    free(l.branch);
}
