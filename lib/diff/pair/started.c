/* diff/pair/started.c - REMARK, constructors: what has run when a patch comes to a running program, and does not run again. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/code.h"
#include "diff/side/data.h"
#include "base/bits.h"
#include "elf/image.h"

#include <stdlib.h>
#include <string.h>

/* Of the new file: which atoms are such functions, in the order in which they were found; what else leads to each of all atoms: how many branches, or MANY. */
#define MANY UINT32_MAX
struct started { const struct lp_side *s; bool *is; uint32_t *found, *others, nfound; };

static uint64_t held(const struct lp_side *s, uint64_t at)
{
    const struct lp_word_at *w = lp_side_word(s, at);
    return w && w->sym ? w->value : lp_held_at(s, at);
}

static void mark_atom(struct started *x, uint32_t i)
{
    if (!x->is[i]) x->is[i] = true, x->found[x->nfound++] = i;
}

static void mark(struct started *x, uint64_t addr)
{
    const uint32_t i = addr ? lp_side_atom(x->s, addr) : LP_NONE;
    if (i != LP_NONE && lp_is_function(&x->s->atom[i])) mark_atom(x, i);
}

static void mark_list(struct started *x, uint64_t start, uint64_t size)
{
    uint64_t avail;
    if (!lp_side_bytes(x->s, start, &avail) || size > avail) return;
    for (uint64_t off = 0; off + 8 <= size; off += 8) mark(x, held(x->s, start + off));
}

/* The sections are all that a static program has, and the tags all that a file has without section headers. */
static void mark_lists(struct started *x)
{
    static const struct { int64_t tag, size; const char *name; } list[] = {
        {DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ, ".preinit_array"}, {DT_INIT_ARRAY, DT_INIT_ARRAYSZ, ".init_array"},
    };
    uint64_t at, size;
    for (size_t k = 0; k < sizeof list / sizeof *list; k++) {
        if (lp_elf_dynamic(x->s->elf, list[k].tag, &at) && lp_elf_dynamic(x->s->elf, list[k].size, &size)) mark_list(x, at, size);
        for (size_t i = 0; i < x->s->nspan; i++) {
            const struct lp_span *p = &x->s->span[i];
            if (p->flags & LP_SPAN_LISTED && strcmp(p->name, list[k].name) == 0) mark_list(x, p->start, p->end - p->start);
        }
    }
    if (lp_elf_dynamic(x->s->elf, DT_INIT, &at)) mark(x, at);
}

/* ---- what nothing else calls ---- */

/* fn for each function that a branch of this one leads to, but itself. */
static void each_called(struct started *x, uint32_t user, void (*fn)(struct started *x, uint32_t called))
{
    const struct lp_words c = lp_words_of(x->s, user);
    uint64_t to;
    uint32_t mask;
    for (uint64_t pc = c.at; pc + 4 <= c.at + c.len; pc += 4) {
        const uint32_t w = lp_words_at(&c, pc);
        const uint32_t i = lp_word_is_branch(w) && lp_word_target(w, pc, &to, &mask) ? lp_side_atom(x->s, lp_side_through(x->s, to)) : LP_NONE;
        if (i != LP_NONE && i != user && lp_is_function(&x->s->atom[i])) fn(x, i);
    }
}

static void note_call(struct started *x, uint32_t called) { x->others[called] += x->others[called] != MANY; }

static void note_address(struct started *x, uint32_t user, uint64_t addr)
{
    const uint32_t i = lp_side_atom(x->s, lp_side_through(x->s, addr));
    if (i != LP_NONE && i != user) x->others[i] = MANY;
}

static void note_uses(struct started *x, uint32_t user)
{
    const struct lp_side *s = x->s;
    const struct lp_ref_at *r = lp_refs_of_atom(s, &s->atom[user]);
    const struct lp_words c = lp_words_of(s, user);
    for (uint32_t k = 0; k < s->atom[user].nref; k++)
        if (r[k].kind == LP_FLOW_ADDR || (r[k].kind == LP_FLOW_TARGET && !lp_word_is_branch(lp_words_at(&c, r[k].at)))) note_address(x, user, r[k].addr);
    each_called(x, user, note_call);
}

/* Where nothing says which words are addresses, each may be one. */
static void note_guesses(struct started *x)
{
    for (size_t i = 0; i < x->s->nspan; i++) {
        const struct lp_span *p = &x->s->span[i];
        const uint64_t start = lp_align_up(p->start, 8);
        for (uint64_t at = start; p->bytes && !(p->flags & LP_SPAN_LISTED) && at + 8 <= p->end; at += 8) {
            const uint64_t v = lp_held_at(x->s, at);
            if (v) note_address(x, LP_NONE, v);
        }
    }
}

static void find_others(struct started *x)
{
    const struct lp_side *s = x->s;
    for (uint32_t i = 0; i < s->natom; i++)
        if (lp_is_code_atom(&s->atom[i])) note_uses(x, i);
    for (size_t i = 0; i < s->nword; i++) note_address(x, LP_NONE, s->word[i].value);
    for (size_t i = 0; i < s->dynamic->nsym; i++) note_address(x, LP_NONE, s->dynamic->sym[i].value);
    note_address(x, LP_NONE, lp_elf_info(s->elf)->entry);
    if (lp_side_guesses(s)) note_guesses(x);
}

static void forget_call(struct started *x, uint32_t called)
{
    if (x->others[called] != MANY && !--x->others[called]) mark_atom(x, called);
}

/* Can any of the patch be one? Whatever constructors come to, others too. */
static bool may_call_new(const struct started *x)
{
    struct started all = {x->s, calloc(x->s->natom + 1, sizeof *all.is), calloc(x->s->natom + 1, sizeof *all.found), NULL, 0};
    bool some = !all.is || !all.found;
    for (uint32_t i = 0; i < x->nfound && !some; i++) mark_atom(&all, x->found[i]);
    for (uint32_t i = 0; i < all.nfound && !some; i++) {
        some = !x->is[all.found[i]] && x->s->atom[all.found[i]].included;
        each_called(&all, all.found[i], mark_atom);
    }
    free(all.is), free(all.found);
    return some;
}

/* What only those that are marked call is one, too. */
static void mark_callees(struct started *x)
{
    find_others(x);
    for (uint32_t i = 0; i < x->nfound; i++) each_called(x, x->found[i], forget_call);
}

/* ---- the remark ---- */

void lp_remark_started(lp_diff *d)
{
    const struct lp_side *s = NEW(d);
    const size_t n = s->natom + 1;
    struct started x = {s, calloc(n, sizeof *x.is), calloc(n, sizeof *x.found), calloc(n, sizeof *x.others), 0};
    const struct lp_atom *first = NULL;
    unsigned count = 0;
    char buf[32];
    const bool good = x.is && x.found && x.others;
    if (good) mark_lists(&x);
    if (good && may_call_new(&x)) mark_callees(&x);
    for (size_t i = 0; i < s->natom && good; i++)
        if (x.is[i] && s->atom[i].included && !count++) first = &s->atom[i];
    free(x.is), free(x.found), free(x.others);
    if (count) lp_diff_remark(d, "constructors, and what only they call, have run already in a running program, and do not run again as they are in the patch "
                              "(%u, the first: %s)", count, lp_atom_text(first, buf));
}
