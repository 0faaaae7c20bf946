/* diff/side/ending.c - REFS: imports that the code shows not to come back. Compilers end a function with a call only if it does not, and then nothing but a
 * branch leads to what is behind any call of that import, in both files. */
#include <config.h>
#include "diff/side/code.h"
#include "a64/a64.h"
#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

enum { LAST = 1, PASSED = 2 };
/* says: of each PLT entry; led: a bit for each word of a function, to which a branch leads. */
struct look { struct lp_side *s; uint8_t *says; uint64_t *led; size_t nled; };

static int by_name(const void *a, const void *b) { return strcmp(((const struct lp_ending *)a)->name, ((const struct lp_ending *)b)->name); }

/* Does the file say where it ends? */
static bool has_end(const struct lp_side *s, const struct lp_atom *a)
{
    if (a->sym && a->sym->size == a->end - a->start) return true;
    struct lp_fde f;
    return lp_atom_fde(s, a, &f) && f.end == a->end;
}

static void mark_led(struct look *l, const struct lp_words *c)
{
    uint64_t to;
    uint32_t mask;
    memset(l->led, 0, (c->len / 4 + 63) / 64 * sizeof *l->led);
    for (uint64_t off = 0; off + 4 <= c->len; off += 4)
        if (lp_word_is_branch(lp_le32(c->p + off)) && lp_word_target(lp_le32(c->p + off), c->at + off, &to, &mask) && to - c->at < c->len)
            l->led[(to - c->at) / 256] |= UINT64_C(1) << ((to - c->at) / 4 & 63);
}

/* The PLT entry that a word calls; LP_NONE: it calls none. */
static uint32_t called(const struct lp_side *s, uint32_t w, uint64_t at)
{
    uint64_t to;
    uint32_t mask;
    return lp_a64_is_bl(w) && lp_word_target(w, at, &to, &mask) ? lp_entry_at(s, to) : LP_NONE;
}

static void look_through(struct look *l, const struct lp_atom *a)
{
    const struct lp_words c = lp_words_of(l->s, (uint32_t)(a - l->s->atom));
    uint64_t end = c.len & ~UINT64_C(3);
    if (!c.p || c.len / 256 >= l->nled) return;
    mark_led(l, &c);
    while (end && lp_le32(c.p + end - 4) == LP_A64_NOP) end -= 4;
    const bool ends = has_end(l->s, a);
    for (uint64_t off = 0; off < end; off += 4) {
        const uint64_t next = off + 4;
        if (next == end ? !ends : l->led[next / 256] >> (next / 4 & 63) & 1) continue;
        const uint32_t i = called(l->s, lp_le32(c.p + off), c.at + off);
        if (i != LP_NONE) l->says[i] |= next == end ? LAST : PASSED;
    }
}

/* By the names of the imports. */
static void list(struct look *l)
{
    struct lp_side *s = l->s;
    size_t n = 0;
    for (size_t i = 0; i < s->natom; i++) n += l->says[i] != 0;
    s->ending = malloc((n + 1) * sizeof *s->ending);
    if (!s->ending) s->nomem = true;
    for (size_t i = 0; s->ending && i < s->natom; i++) {
        const struct lp_dynsym *y = l->says[i] ? lp_plt_import(s, &s->atom[i]) : NULL;
        if (y && y->name) s->ending[s->nending++] = (struct lp_ending){y->name, l->says[i] & LAST, l->says[i] & PASSED};
    }
    lp_sort(s->ending, s->nending, sizeof *s->ending, by_name);
}

void lp_side_ending(struct lp_side *s)
{
    struct look l = {.s = s, .says = calloc(s->natom + 1, 1)};
    uint64_t most = 0;
    for (size_t i = 0; i < s->natom; i++)
        if (s->atom[i].kind == LP_ATOM_FUNC && s->atom[i].end - s->atom[i].start > most) most = s->atom[i].end - s->atom[i].start;
    l.nled = most / 256 + 1;
    l.led = malloc(l.nled * sizeof *l.led);
    if (!l.led || !l.says) s->nomem = true;
    for (size_t i = 0; !s->nomem && i < s->natom; i++)
        if (s->atom[i].kind == LP_ATOM_FUNC) look_through(&l, &s->atom[i]);
    if (!s->nomem) list(&l);
    free(l.led), free(l.says);
}

void lp_agree_on_endings(struct lp_side *o, struct lp_side *n)
{
    struct lp_ending *all = malloc((o->nending + n->nending + 1) * sizeof *all);
    size_t m = 0;
    if (!all) o->nomem = true;
    for (size_t i = 0, k = 0; all && (i < o->nending || k < n->nending);) {
        const bool olds = k >= n->nending || (i < o->nending && by_name(&o->ending[i], &n->ending[k]) <= 0);
        const struct lp_ending *x = olds ? &o->ending[i++] : &n->ending[k++];
        if (m && strcmp(all[m - 1].name, x->name) == 0) all[m - 1].last |= x->last, all[m - 1].passed |= x->passed;
        else all[m++] = *x;
    }
    free(o->ending), free(n->ending);
    o->nending = 0;
    for (size_t i = 0; i < m; i++)
        if (all[i].last && !all[i].passed) all[o->nending++] = all[i];
    o->ending = n->ending = all, n->nending = o->nending; /* the old file's */
    lp_note_ends(o), lp_note_ends(n);
}

bool lp_is_ending(const struct lp_side *s, const char *name)
{
    return s->nending && bsearch(&(struct lp_ending){name, 0, 0}, s->ending, s->nending, sizeof *s->ending, by_name);
}
