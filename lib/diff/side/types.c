/* diff/side/types.c - LOAD, words of data that hold the addresses of types, or of personality routines, for exception tables. No code refers to them. */
#include <config.h>
#include "diff/side/side.h"
#include "elf/lsda.h"

static void add(struct lp_side *s, uint64_t addr)
{
    uint64_t *v = lp_grow(s->type_word, &s->type_word_cap, s->ntype_word, sizeof *v);
    if (!v) {
        s->nomem = true;
        return;
    }
    s->type_word = v;
    if (!s->ntype_word || v[s->ntype_word - 1] != addr) v[s->ntype_word++] = addr;
}

void lp_add_type_words(struct lp_side *s, const struct lp_fde *f)
{
    struct lp_lsda l;
    struct lp_lsda_type t;
    uint64_t end, n;
    if (f->cie.personality && f->cie.personality_enc & LP_PE_INDIRECT) add(s, f->cie.personality);
    if (!f->lsda || !lp_elf_lsda(s->elf, f, &l) || !lp_lsda_extent(l, &end, &n)) return;
    for (uint64_t i = 1; i <= n && !s->nomem; i++)
        if (lp_lsda_type(&l, i, &t) && t.addr && t.indirect) add(s, t.addr);
}
