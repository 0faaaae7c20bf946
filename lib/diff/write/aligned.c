/* diff/write/aligned.c - DATA, what is aligned to more in the new file: code may use an exclusive pair there, or the low bits of its address, and what is in
 * the old file stays where it is. No table says what a datum is aligned to; the linker's work does. */
#include <config.h>
#include "diff/write/write.h"

/* What compilers align data to by themselves is less: of sections that grew by that, nothing is to be concluded. */
enum { SURELY = 32 };
enum more { NOT_MORE, PERHAPS_MORE, MORE };

#define OTHER "in the old file it stays at an address that is not"


/* How many bytes are left free in front of it: padding, of which nobody has the address. 0 also at the start of a section. */
static uint64_t gap(const struct lp_side *s, uint32_t i)
{
    const struct lp_atom *b = &s->atom[i];
    uint32_t k = i;
    while (k && s->atom[k - 1].kind == LP_ATOM_PIECE && !s->atom[k - 1].used && s->atom[k - 1].pair == LP_NONE) k--;
    return k && s->atom[k - 1].span == b->span && s->atom[k - 1].end < b->start ? b->start - s->atom[k - 1].end : 0;
}

/* Has new code its address? */
static bool is_used(const struct lp_side *s, const struct lp_atom *b)
{
    for (size_t i = 0; i < s->natom; i++) {
        const struct lp_atom *f = &s->atom[i];
        for (uint32_t k = 0; lp_is_code_atom(f) && f->included && k < f->nref; k++)
            if (s->ref[f->ref + k].addr - b->start < b->end - b->start) return true;
    }
    return false;
}

/* New data beside it that are perhaps aligned to so much as what is left free in front of it needs: of what a source file has, the first begins where all of it
 * is aligned, which is for their sake. (By chance either may be aligned to more.) */
static bool is_for_new(const struct lp_side *s, uint32_t i, uint64_t was)
{
    const uint64_t at = s->atom[i].start & -s->atom[i].start, least = gap(s, i) < was ? was : gap(s, i);
    for (uint32_t k = 0; k < s->natom; k++) {
        const struct lp_atom *b = &s->atom[k];
        const uint64_t n = lp_is_datum(b) && b->span == s->atom[i].span ? lp_alignment(s, b->start) : 0;
        if (n && b->pair == LP_NONE && (b->used || b->kind == LP_ATOM_OBJECT) && n > least && at > least) return true;
    }
    return false;
}

/* Is it a word that faults where its address is no multiple of all that it reads or writes: exclusive, ordered, atomic? */
static bool is_strict(uint32_t w) { return (w & 0x3f000000) == 0x08000000 || (w & 0x3b200c00) == 0x38200000; }

/* New code that has such a word, which is right in the new file. */
static void check_strict(lp_diff *d, uint32_t f, const struct lp_ref_at *r)
{
    const uint32_t i = lp_side_atom(NEW(d), r->addr);
    const struct lp_use u = {r->addr, r->base, f, r->width, r->at};
    const uint64_t n = r->width;
    char buf[32];
    if (i == LP_NONE || n < 2 || r->addr % n || !is_strict(lp_code_word(NEW(d), r->at))) return;
    const struct lp_there t = lp_there(d, &u);
    if (t.known && !t.own && t.addr % n)
        lp_diff_refuse(d, NEW(d), LP_E124, lp_atom_text(&NEW(d)->atom[i], buf), (unsigned long long)n, OTHER);
}

static void check_code(lp_diff *d)
{
    const struct lp_side *s = NEW(d);
    for (uint32_t i = 0; i < s->natom; i++)
        for (uint32_t k = 0; lp_is_code_atom(&s->atom[i]) && s->atom[i].included && k < s->atom[i].nref; k++)
            if (s->ref[s->atom[i].ref + k].kind == LP_FLOW_ADDR) check_strict(d, i, &s->ref[s->atom[i].ref + k]);
}

/* More is left free than what the old address is aligned to would need; or the section is aligned to more now, which this one makes use of. */
static enum more is_aligned_more(const lp_diff *d, uint32_t i, uint64_t *to)
{
    const struct lp_side *s = NEW(d);
    const struct lp_atom *b = &s->atom[i];
    const uint64_t was = OLD(d)->atom[b->pair].start & -OLD(d)->atom[b->pair].start, old = lp_section_alignment(OLD(d), OLD(d)->atom[b->pair].start);
    *to = lp_alignment(s, b->start);
    if (*to > lp_section_alignment(s, b->start)) *to = lp_section_alignment(s, b->start);
    if (*to <= was) return NOT_MORE;
    const bool first = s->span[b->span].start == b->start; /* of a section, which is aligned for all that is in it */
    if (s->objects && gap(s, i) >= was) return MORE;
    if (*to <= old || (first && b->end - b->start < *to) || !is_used(s, b)) return NOT_MORE;
    return *to >= SURELY ? MORE : PERHAPS_MORE;
}

void lp_diff_aligned(lp_diff *d)
{
    const struct lp_side *s = NEW(d);
    bool any = false;
    uint64_t to;
    char buf[32];
    for (size_t i = 0; i < s->natom && !any; i++) any = s->atom[i].included;
    check_code(d);
    for (uint32_t i = 0; any && i < s->natom; i++) {
        const struct lp_atom *b = &s->atom[i];
        const enum more more = lp_is_datum(b) && b->pair != LP_NONE && !lp_is_copied(b) ? is_aligned_more(d, i, &to) : NOT_MORE;
        if (more == NOT_MORE) continue;
        const bool excused = is_for_new(s, i, OLD(d)->atom[b->pair].start & -OLD(d)->atom[b->pair].start);
        if (excused && to < SURELY) continue;
        if (!excused && more == MORE)
            lp_diff_refuse(d, s, LP_E124, lp_atom_text(b, buf), (unsigned long long)to, OTHER);
        else
            lp_diff_remark(d, "`%s` is at a multiple of %llu in the new file, as %s must be; it stays where it is", lp_atom_text(b, buf),
                           (unsigned long long)to, excused ? "new data behind it" : "it or something beside it");
    }
}
