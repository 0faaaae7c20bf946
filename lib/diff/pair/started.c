/* diff/pair/started.c - REMARK, constructors: what has run when a patch comes to a running program, and does not run again. */
#include <config.h>
#include "diff/pair/pair.h"
#include "base/bits.h"
#include "elf/image.h"

#include <stdlib.h>
#include <string.h>

/* Of the new file: which atoms are such functions; to which of all atoms anything else leads than their calls. */
struct started { const struct lp_side *s; bool *is, *others, more; };

/* The address that a word of a list holds, in a program for a fixed address, too. */
static uint64_t held(const struct lp_side *s, uint64_t at)
{
    const struct lp_word_at *w = lp_side_word(s, at);
    uint64_t avail;
    const uint8_t *p = w ? NULL : lp_side_bytes(s, at, &avail);
    return w ? w->value : p && avail >= 8 ? lp_le64(p) : 0;
}

static void mark(struct started *x, uint64_t addr)
{
    const uint32_t i = addr ? lp_side_atom(x->s, addr) : LP_NONE;
    if (i != LP_NONE && lp_is_function(&x->s->atom[i])) x->is[i] = true;
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

static void note_use(struct started *x, uint32_t user, uint64_t addr)
{
    const uint32_t i = lp_side_atom(x->s, lp_side_through(x->s, addr));
    if (i != LP_NONE && i != user) x->others[i] = true;
}

/* fn for what each branch of a function leads to. */
static void each_branch(struct started *x, uint32_t function, void (*fn)(struct started *x, uint32_t user, uint64_t addr))
{
    const struct lp_words c = lp_words_of(x->s, function);
    uint64_t to;
    uint32_t mask;
    for (uint64_t pc = c.at; pc + 4 <= c.at + c.len; pc += 4) {
        const uint32_t w = lp_words_at(&c, pc);
        if (lp_word_is_branch(w) && lp_word_target(w, pc, &to, &mask)) fn(x, function, to);
    }
}

static void find_others(struct started *x)
{
    const struct lp_side *s = x->s;
    memset(x->others, 0, s->natom * sizeof *x->others);
    for (uint32_t i = 0; i < s->natom; i++) {
        if (!lp_is_code_atom(&s->atom[i])) continue;
        const struct lp_ref_at *r = lp_refs_of_atom(s, &s->atom[i]);
        const struct lp_words c = lp_words_of(s, i);
        for (uint32_t k = 0; k < s->atom[i].nref; k++)
            if (r[k].kind == LP_FLOW_ADDR || (r[k].kind == LP_FLOW_TARGET && !lp_word_is_branch(lp_words_at(&c, r[k].at)))) note_use(x, i, r[k].addr);
        if (!x->is[i]) each_branch(x, i, note_use);
    }
    for (size_t i = 0; i < s->nword; i++) note_use(x, LP_NONE, s->word[i].value);
    for (size_t i = 0; i < s->dynamic->nsym; i++) note_use(x, LP_NONE, s->dynamic->sym[i].value);
    note_use(x, LP_NONE, lp_elf_info(s->elf)->entry);
}

static void mark_called(struct started *x, uint32_t user, uint64_t addr)
{
    const uint32_t i = lp_side_atom(x->s, lp_side_through(x->s, addr));
    (void)user;
    if (i != LP_NONE && lp_is_function(&x->s->atom[i]) && !x->others[i] && !x->is[i]) x->is[i] = x->more = true;
}

static void mark_callees(struct started *x)
{
    enum { DEPTH = 8 };
    for (int round = 0; round < DEPTH && (!round || x->more); round++) {
        x->more = false;
        find_others(x);
        for (uint32_t i = 0; i < x->s->natom; i++)
            if (x->is[i]) each_branch(x, i, mark_called);
    }
}

/* ---- the remark ---- */

/* Is it known which words of data hold addresses? */
static bool knows_words(const struct lp_side *s) { return lp_elf_info(s->elf)->type != ET_EXEC || s->kept; }

void lp_remark_started(lp_diff *d)
{
    const struct lp_side *s = NEW(d);
    struct started x = {s, calloc(s->natom + 1, sizeof *x.is), calloc(s->natom + 1, sizeof *x.others), false};
    const struct lp_atom *first = NULL;
    unsigned n = 0;
    char buf[32];
    if (x.is) mark_lists(&x);
    if (x.is && x.others && knows_words(s)) mark_callees(&x);
    for (size_t i = 0; i < s->natom && x.is; i++)
        if (x.is[i] && s->atom[i].included && !n++) first = &s->atom[i];
    free(x.is), free(x.others);
    if (n) lp_diff_remark(d, "constructors, and what only they call, have run already in a running program, and do not run again as they are in the patch "
                          "(%u, the first: %s)", n, lp_atom_text(first, buf));
}
