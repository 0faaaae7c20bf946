/* diff/write/cfi.c - EMIT, unwinding: the instructions of an FDE as those of a patch, or that they are the old body's (lpatch(5)). */
#include <config.h>
#include "diff/write/write.h"
#include "base/hash.h"
#include "patch/keep.h"

#include <stdlib.h>
#include <string.h>

enum { CFI_LINE = 64 };

/* Is what the engine makes of the old body's instructions, for one of n words, what the new one has? */
static bool same_moved(const lp_diff *d, uint32_t old_atom, size_t n, const struct lp_buf *own, const struct lp_body_plan *plan)
{
    struct lp_buf moved = {0};
    struct lp_fde old;
    uint32_t *from = lp_keep_from(plan->change, plan->n, n);
    bool same = from && lp_atom_fde(OLD(d), &OLD(d)->atom[old_atom], &old) && lp_cfi_move(&old, from, n, &moved) && moved.len == own->len &&
                memcmp(moved.data, own->data, own->len) == 0;
    free(from), lp_buf_free(&moved);
    return same;
}

/* The same rules as lp_cfi_move() writes them. */
static bool rewritten(const struct lp_fde *f, struct lp_buf *out)
{
    const size_t n = (f->end - f->start) / 4;
    uint32_t *from = malloc((n + 1) * sizeof *from);
    for (size_t i = 0; from && i < n; i++) from[i] = (uint32_t)i;
    bool good = from && lp_cfi_move(f, from, n, out) && out->len;
    free(from);
    return good;
}

static void print_cfi(const struct lp_buf *b, struct lp_buf *out)
{
    char hex[2 * CFI_LINE + 1];
    for (size_t i = 0; i < b->len; i += CFI_LINE) {
        lp_hex(hex, (const uint8_t *)b->data + i, b->len - i < CFI_LINE ? b->len - i : CFI_LINE);
        lp_buf_puts(out, i ? "\ncfi " : "cfi "), lp_buf_puts(out, hex);
    }
    lp_buf_puts(out, "\n");
}

bool lp_emit_cfi(const lp_diff *d, int side, uint32_t atom, const struct lp_body_plan *plan, struct lp_buf *out)
{
    const struct lp_atom *a = &d->side[side].atom[atom];
    struct lp_buf b = {0}, own = {0};
    struct lp_fde f;
    bool good = lp_atom_fde(&d->side[side], a, &f) && lp_cfi_plain(&f, &b);
    bool again = good && plan && f.end == a->end && rewritten(&f, &own);
    if (again && plan->n && same_moved(d, a->pair, (f.end - f.start) / 4, &own, plan)) lp_buf_puts(out, "cfi old\n");
    else if (good) print_cfi(again && own.len < b.len ? &own : &b, out);
    lp_buf_free(&b), lp_buf_free(&own);
    return good;
}

bool lp_emit_cfi_from(const lp_diff *d, uint32_t atom, const struct lp_body_plan *plan, const uint32_t *from, size_t n, struct lp_buf *out)
{
    const struct lp_atom *a = &NEW(d)->atom[atom];
    struct lp_buf own = {0};
    struct lp_fde f;
    if (!lp_atom_fde(NEW(d), a, &f)) return !lp_elf_fde(NEW(d)->elf, a->start, &f);
    const bool good = f.end == a->end && lp_cfi_move(&f, from, n, &own);
    if (good && !own.len) lp_buf_puts(out, "cfi 00\n"); /* a function that never moves SP: DW_CFA_nop */
    else if (good && plan->n && same_moved(d, a->pair, n, &own, plan)) lp_buf_puts(out, "cfi old\n");
    else if (good) print_cfi(&own, out);
    lp_buf_free(&own);
    return good;
}

/* (A function that never moves SP has none.) */
static bool says_nothing(const struct lp_fde *f)
{
    struct lp_cfi_reader r = f->insns;
    struct lp_cfi_insn i;
    while (lp_cfi_next(&f->cie, &r, &i))
        if (i.what != LP_CFI_NOTHING) return false;
    return !r.bad;
}

void lp_check_unwinding(lp_diff *d, uint32_t atom)
{
    const struct lp_atom *b = &NEW(d)->atom[atom];
    struct lp_buf text = {0};
    struct lp_cfi all;
    struct lp_fde f;
    uint64_t avail;
    char buf[32];
    if (!lp_atom_fde(NEW(d), b, &f)) return;
    const bool good = lp_cfi_plain(&f, &text) ? lp_cfi_run_plain((const uint8_t *)text.data, text.len, UINT64_MAX, &all) :
                      says_nothing(&f) && !f.lsda && !lp_cfi_fault(&f);
    const uint64_t fault = good ? 0 : lp_cfi_fault(&f), at = fault ? fault : f.insns.vaddr;
    const uint8_t *p = lp_side_bytes(NEW(d), at, &avail);
    if (!good) lp_diff_refuse(d, NEW(d), LP_E171, lp_atom_text(b, buf), p ? *p : 0u, (unsigned long long)at);
    lp_buf_free(&text);
}

/* The quick answer; false: look closer. */
static bool same_bytes(const lp_diff *d, const struct lp_atom *a, const struct lp_atom *b)
{
    struct lp_fde f, g;
    const bool have = lp_atom_fde(OLD(d), a, &f), other = lp_atom_fde(NEW(d), b, &g);
    if (!have || !other) return have == other;
    const size_t n = (size_t)(f.insns.end - f.insns.p);
    return f.lead == g.lead && f.cie.code_align == g.cie.code_align && f.cie.data_align == g.cie.data_align && f.cie.ra == g.cie.ra &&
           n == (size_t)(g.insns.end - g.insns.p) && memcmp(f.insns.p, g.insns.p, n) == 0;
}

bool lp_same_unwinding(lp_diff *d, uint32_t old_atom)
{
    const struct lp_atom *a = &OLD(d)->atom[old_atom];
    if (same_bytes(d, a, &NEW(d)->atom[a->pair])) return true;
    struct lp_buf x = {0}, y = {0};
    bool p = lp_emit_cfi(d, 0, old_atom, NULL, &x), q = lp_emit_cfi(d, 1, a->pair, NULL, &y);
    bool same = p == q && x.len == y.len && (!x.len || memcmp(x.data, y.data, x.len) == 0);
    lp_buf_free(&x), lp_buf_free(&y);
    return same;
}

/* (What moved in NOPs only has its instructions elsewhere.) */
void lp_remark_unwinding(lp_diff *d)
{
    unsigned n = 0;
    char buf[32];
    const struct lp_atom *first = NULL;
    for (uint32_t i = 0; i < OLD(d)->natom; i++) {
        const struct lp_atom *a = &OLD(d)->atom[i];
        if (a->kind == LP_ATOM_FUNC && a->pair != LP_NONE && a->state == LP_DIFF_SAME && !a->nops && !lp_same_unwinding(d, i) && !n++) first = a;
    }
    if (n) lp_diff_remark(d, "%u functions of the same code have other unwinding information, which stays; the first: %s", n, lp_atom_text(first, buf));
}

/* Has it a C++ library in itself, and no symbol by which the engine finds the unwinder that is in there? (The name of std::exception's type.) */
static bool throws_unseen(const struct lp_side *s)
{
    static const char type[] = "St9exception", *const shared[] = {"libgcc_s.so", "libstdc++.so", "libc++.so", "libc++abi.so", "libunwind.so"};
    const struct lp_elf_symbol *y;
    for (size_t i = 0; i < s->dynamic->nneeded; i++)
        for (size_t k = 0; k < sizeof shared / sizeof *shared; k++)
            if (strncmp(s->dynamic->needed[i], shared[k], strlen(shared[k])) == 0) return false;
    return lp_elf_find(s->elf, "_Unwind_Find_FDE", &y, NULL) != LP_OK && lp_side_has(s, type, sizeof type);
}

void lp_remark_thrown(lp_diff *d)
{
    char buf[32];
    size_t i = 0;
    while (i < NEW(d)->natom && !(NEW(d)->atom[i].kind == LP_ATOM_FUNC && NEW(d)->atom[i].included && !NEW(d)->atom[i].in_place)) i++;
    if (i == NEW(d)->natom || !throws_unseen(OLD(d))) return;
    lp_diff_remark(d, "an exception that comes to a new body (%s) ends a program that runs with the patch, because the old file has no symbol "
                   "_Unwind_Find_FDE; in the file (lpapply -o) it goes through", lp_atom_text(&NEW(d)->atom[i], buf));
}
