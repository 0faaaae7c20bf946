/* diff/write/quiet.c - EMIT, words in their place: they change under whoever is in the function, or in code that goes on in its middle. The patch says that
 * nobody may be, as the engine sees to by itself for a function that gets a new body. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/code.h"
#include "base/search.h"
#include "patch/plan.h"

#include <stdlib.h>

/* Two pieces of one function, as a compiler cuts off what is hardly ever executed; part: `other` is the one that goes on in the middle of `atom`. */
struct lp_piece_of { uint64_t atom; uint32_t other; bool part; };

static void add(lp_diff *d, uint32_t atom, uint32_t part)
{
    struct lp_piece_of *v = lp_grow(d->pieces, &d->pieces_cap, d->npieces + 1, sizeof *v);
    if (!v) {
        d->nomem = true;
        return;
    }
    d->pieces = v;
    v[d->npieces++] = (struct lp_piece_of){atom, part, true};
    v[d->npieces++] = (struct lp_piece_of){part, atom, false};
}

/* By its name, and by its jumps into the middle of others. */
static void find_whole(lp_diff *d, uint32_t i)
{
    const struct lp_side *s = OLD(d);
    const struct lp_words c = lp_words_of(s, i);
    uint64_t to;
    uint32_t mask, last = s->atom[i].parent;
    if (last != LP_NONE) add(d, last, i);
    for (uint64_t pc = s->atom[i].start; c.p && pc - c.at < c.len && pc < s->atom[i].end && !d->nomem; pc += 4) {
        const uint32_t w = lp_words_at(&c, pc);
        if (!lp_word_is_branch(w) || lp_a64_is_bl(w) || !lp_word_target(w, pc, &to, &mask) || (to >= s->atom[i].start && to < s->atom[i].end)) continue;
        const uint32_t whole = lp_side_atom(s, to);
        if (whole == LP_NONE || whole == last || !lp_is_function(&s->atom[whole]) || s->atom[whole].start == to) continue;
        add(d, last = whole, i);
    }
}

static int by_atom(const void *a, const void *b)
{
    const struct lp_piece_of *x = a, *y = b;
    if (x->atom != y->atom) return x->atom < y->atom ? -1 : 1;
    return (x->other > y->other) - (x->other < y->other);
}

static void find_pieces(lp_diff *d)
{
    if (d->pieces_known) return;
    d->pieces_known = true;
    for (uint32_t i = 0; i < OLD(d)->natom; i++)
        if (lp_is_function(&OLD(d)->atom[i])) find_whole(d, i);
    if (d->npieces) qsort(d->pieces, d->npieces, sizeof *d->pieces, by_atom);
}

/* Where it ends is to be said: the file has it otherwise, or not. */
static bool wants_size(const lp_diff *d, uint32_t i)
{
    const struct lp_atom *a = &OLD(d)->atom[i];
    return lp_function_size(OLD(d)->elf, a->start) != a->end - a->start;
}

static void print_line(lp_diff *d, uint32_t i, bool part)
{
    const struct lp_atom *a = &OLD(d)->atom[i];
    lp_buf_puts(&d->items, "quiet ");
    lp_old_name(d, i, &d->items);
    if (wants_size(d, i)) lp_buf_printf(&d->items, " size %llu", (unsigned long long)(a->end - a->start));
    lp_buf_puts(&d->items, part ? " part\n" : "\n");
}

static bool has_name(lp_diff *d, uint32_t i)
{
    struct lp_buf b = {0};
    const bool named = lp_old_name(d, i, &b);
    lp_buf_free(&b);
    return named;
}

/* In front of its sites, and of a part's new body, which nothing but the function's new body leads to. What changes, too, has a line of its own. */
bool lp_emit_quiet(lp_diff *d, uint32_t old_atom, bool site)
{
    bool part = false;
    find_pieces(d);
    const size_t first = lp_count_below(d->pieces, d->npieces, sizeof *d->pieces, old_atom);
    for (size_t i = first; i < d->npieces && d->pieces[i].atom == old_atom; i++) part |= !d->pieces[i].part;
    const bool beside = site && !part && !wants_size(d, old_atom) && has_name(d, old_atom);
    lp_buf_puts(&d->items, "\n");
    if (!beside) print_line(d, old_atom, part);
    for (size_t i = first; i < d->npieces && d->pieces[i].atom == old_atom; i++) {
        const struct lp_piece_of *p = &d->pieces[i];
        const struct lp_atom *a = &OLD(d)->atom[p->other];
        const bool again = i > first && p[-1].other == p->other;
        if (!again && !(a->included && a->state == LP_DIFF_CHANGED)) print_line(d, p->other, p->part);
    }
    return beside;
}

void lp_quiet_free(lp_diff *d) { free(d->pieces); }
