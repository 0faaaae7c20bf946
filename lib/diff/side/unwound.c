/* diff/side/unwound.c - which FDE is that of a function: GCC's -fpatchable-function-entry has NOPs between a function's start and the start of its FDE. */
#include <config.h>
#include "diff/side/side.h"
#include "a64/word.h"
#include "base/bits.h"
#include "base/search.h"

/* Nothing but NOPs and BTI, by which no rule changes. */
static bool does_nothing(const struct lp_side *s, uint64_t at, uint64_t n)
{
    uint64_t avail;
    const uint8_t *p = n ? lp_side_bytes(s, at, &avail) : NULL;
    bool good = !n || (p && avail >= n && !(n & 3));
    for (uint64_t i = 0; good && i < n; i += 4) good = lp_le32(p + i) == LP_A64_NOP || lp_a64_is_bti(lp_le32(p + i));
    return good;
}

/* NULL: there is none, or it begins at another place. */
static const struct lp_fde_at *find(const struct lp_side *s, const struct lp_atom *a)
{
    const size_t i = lp_count_below(s->fde, s->nfde, sizeof *s->fde, a->start);
    const struct lp_fde_at *f = i < s->nfde ? &s->fde[i] : NULL;
    return f && (f->start == a->start || (f->start < a->end && does_nothing(s, a->start, f->start - a->start))) ? f : NULL;
}

bool lp_has_lsda(const struct lp_side *s, const struct lp_atom *a)
{
    const struct lp_fde_at *f = find(s, a);
    return f && f->lsda;
}

bool lp_atom_fde(const struct lp_side *s, const struct lp_atom *a, struct lp_fde *out)
{
    const struct lp_fde_at *f = find(s, a);
    if (!f || !lp_elf_fde(s->elf, f->start, out) || out->start != f->start) return false;
    out->start = a->start, out->lead = f->start - a->start;
    return true;
}
