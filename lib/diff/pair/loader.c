/* diff/pair/loader.c - what the kernel and the dynamic linker run by themselves, at the start and at the end. A patch changes nothing of it. */
#include <config.h>
#include "diff/pair/pair.h"
#include "base/bits.h"
#include "elf/image.h"

#include <string.h>

/* Functions, and lists of functions (size: the tag that has it), by their tags. */
static const struct runs { int64_t tag, size; const char *name; } runs[] = {
    {DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ, ".preinit_array"}, {DT_INIT_ARRAY, DT_INIT_ARRAYSZ, ".init_array"}, {DT_FINI_ARRAY, DT_FINI_ARRAYSZ, ".fini_array"},
    {DT_INIT, 0, "DT_INIT"}, {DT_FINI, 0, "DT_FINI"},
};

static uint64_t value_of(const struct lp_side *s, int64_t tag)
{
    uint64_t v;
    return lp_elf_dynamic(s->elf, tag, &v) ? v : 0;
}

/* The code of .init, which is made of pieces of many files, has no name in a stripped one. */
static bool is_section(const struct lp_side *o, uint64_t a, const struct lp_side *n, uint64_t b)
{
    const struct lp_span *x = lp_side_span(o, a), *y = lp_side_span(n, b);
    return x && y && x->start == a && y->start == b && strcmp(x->name, y->name) == 0 && (strcmp(x->name, ".init") == 0 || strcmp(x->name, ".fini") == 0);
}

static bool same_function(lp_diff *d, uint64_t a, uint64_t b)
{
    const struct lp_use u = {a, LP_NONE, LP_NONE, 0, 0}, n = {b, LP_NONE, LP_NONE, 0, 0};
    if (!a || !b) return a == b;
    const bool same = is_section(OLD(d), a, NEW(d), b) || lp_same_target(d, OLD(d), &u, &n);
    lp_suppose_keep(d, same);
    return same;
}

/* libgcc's, which comes with the first atomic operation: it looks for the instructions of LSE. Where it has not run, LDXR and STXR are used. */
static bool is_of_atomics(const struct lp_side *s, uint64_t at)
{
    const struct lp_word_at *w = lp_side_word(s, at);
    uint64_t avail = 0;
    const uint8_t *p = lp_side_bytes(s, at, &avail);
    const uint32_t i = w ? lp_side_atom(s, w->value) : p && avail >= 8 ? lp_side_atom(s, lp_le64(p)) : LP_NONE;
    return i != LP_NONE && s->atom[i].sym && strcmp(s->atom[i].sym->name, "init_have_lse_atomics") == 0;
}

static bool same_part(lp_diff *d, uint64_t a, uint64_t b, uint64_t n)
{
    uint64_t at;
    return !n || lp_same_data(d, OLD(d), a, b, n, &at);
}

/* The same but for that one, which one of the files has at `off`? (A damaged file says of its list that it has any size.) */
static bool same_but_one(lp_diff *d, uint64_t a, uint64_t n, uint64_t b, uint64_t m)
{
    const struct lp_side *s = m > n ? NEW(d) : OLD(d);
    const uint64_t start = m > n ? b : a, most = m > n ? m : n;
    uint64_t off = 0, avail = 0;
    if ((m > n ? m - n : n - m) != 8 || !lp_side_bytes(s, start, &avail) || avail < most) return false;
    while (off + 8 <= most && !is_of_atomics(s, start + off)) off += 8;
    if (off + 8 > most) return false;
    return same_part(d, a, b, off) && same_part(d, a + off + (m > n ? 0 : 8), b + off + (m > n ? 8 : 0), most - off - 8);
}

static bool same_list(lp_diff *d, uint64_t a, uint64_t n, uint64_t b, uint64_t m)
{
    const bool same = n == m ? same_part(d, a, b, n) : same_but_one(d, a, n, b, m);
    lp_suppose_keep(d, same);
    return same;
}

static const struct lp_span *listed(const struct lp_side *s, const char *name)
{
    for (size_t i = 0; i < s->nspan; i++)
        if (s->span[i].flags & LP_SPAN_LISTED && strcmp(s->span[i].name, name) == 0) return &s->span[i];
    return NULL;
}

/* Lists that are sections, which a static program has, too: of both files, since one may be in one of them only. */
static void check_sections(lp_diff *d)
{
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < d->side[k].nspan; i++) {
            const char *name = d->side[k].span[i].name;
            if (!(d->side[k].span[i].flags & LP_SPAN_LISTED)) continue;
            const struct lp_span *x = listed(OLD(d), name), *y = listed(NEW(d), name);
            if (!x || !y || !same_list(d, x->start, x->end - x->start, y->start, y->end - y->start)) lp_diff_refuse(d, NEW(d), LP_E130, name);
        }
}

/* (Of a library, e_entry says nothing.) */
static bool is_program(const struct lp_side *s)
{
    const struct lp_elf_info *i = lp_elf_info(s->elf);
    return i->interp || i->type == ET_EXEC || value_of(s, DT_FLAGS_1) & DF_1_PIE;
}

void lp_diff_loader(lp_diff *d)
{
    check_sections(d);
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        const struct runs *r = &runs[i];
        const uint64_t a = value_of(OLD(d), r->tag), b = value_of(NEW(d), r->tag);
        if (r->size ? !same_list(d, a, value_of(OLD(d), r->size), b, value_of(NEW(d), r->size)) : !same_function(d, a, b))
            lp_diff_refuse(d, NEW(d), LP_E130, r->name);
    }
    if (is_program(OLD(d)) && is_program(NEW(d)) && !same_function(d, lp_elf_info(OLD(d)->elf)->entry, lp_elf_info(NEW(d)->elf)->entry))
        lp_diff_refuse(d, NEW(d), LP_E130, "the program's entry");
}
