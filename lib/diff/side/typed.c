/* diff/side/typed.c - words of data that hold the addresses of types, and of personality routines, for exception tables. No code refers to them. */
#include <config.h>
#include "diff/side/side.h"
#include "base/sort.h"
#include "elf/lsda.h"

static void add(struct lp_side *s, uint64_t addr)
{
    uint64_t *v = lp_grow(s->typed, &s->typed_cap, s->ntyped, sizeof *v);
    if (!v) {
        s->nomem = true;
        return;
    }
    s->typed = v;
    if (!s->ntyped || v[s->ntyped - 1] != addr) v[s->ntyped++] = addr;
}

static bool add_words(void *ctx, const struct lp_fde *f)
{
    struct lp_side *s = ctx;
    struct lp_lsda l;
    struct lp_lsda_type t;
    uint64_t end, n;
    if (f->cie.personality && f->cie.personality_enc & LP_PE_INDIRECT) add(s, f->cie.personality);
    if (!f->lsda || !lp_elf_lsda(s->elf, f, &l) || !lp_lsda_extent(l, &end, &n)) return !s->nomem;
    for (uint64_t i = 1; i <= n && !s->nomem; i++)
        if (lp_lsda_type(&l, i, &t) && t.addr && t.indirect) add(s, t.addr);
    return !s->nomem;
}

const uint64_t *lp_side_typed(struct lp_side *s, size_t *n)
{
    if (!s->typed) {
        lp_elf_fdes(s->elf, add_words, s);
        s->ntyped = lp_sort_distinct(s->typed, s->ntyped);
    }
    *n = s->ntyped;
    return s->typed;
}
