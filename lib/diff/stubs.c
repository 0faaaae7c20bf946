/* diff/stubs.c - ATOMS, what a linker moved: a load or store behind an ADRP at the end of a page, which one kind of CPU gets wrong (erratum 843419 of
 * Cortex-A53), stands in a stub, and `b stub` in its place. Both are taken as the instruction was. */
#include <config.h>
#include "diff/diff.h"
#include "a64/a64.h"
#include "base/bits.h"
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

/* The instruction that stands for the branch at this address: [it; b at + 4] is where that leads. */
static bool moved(const struct lp_side *s, uint64_t at, uint32_t w, uint64_t *stub, uint32_t *word)
{
    if (w >> 26 != 5) return false;
    *stub = at + (uint64_t)(lp_sext(w, 26) * 4);
    *word = lp_file_word(s, *stub);
    const uint32_t back = (*word & 0x3b000000) == 0x39000000 ? lp_file_word(s, *stub + 4) : 0; /* unsigned offset */
    return back >> 26 == 5 && *stub + 4 + (uint64_t)(lp_sext(back, 26) * 4) == at + 4;
}

static bool is_stub(const struct lp_side *s, uint64_t addr)
{
    const uint64_t back = addr + (uint64_t)(lp_sext(lp_file_word(s, addr + 4), 26) * 4);
    uint64_t stub;
    uint32_t word;
    return moved(s, back, lp_file_word(s, back), &stub, &word) && stub == addr;
}

/* Code of stubs, padding and the branch around them alone is the linker's. */
static void take_stubs(struct lp_side *s, uint64_t stub)
{
    uint32_t i = lp_side_atom(s, stub);
    struct lp_atom *a = i == LP_NONE ? NULL : &s->atom[i];
    if (!a || a->kind == LP_ATOM_PLT || !lp_is_code_atom(a)) return;
    for (uint64_t at = a->start; at < a->end; at += 4) {
        const uint32_t w = lp_file_word(s, at);
        if (is_stub(s, at)) at += 4;
        else if (w != LP_A64_NOP && w >= 0x10000 && (w >> 26 != 5 || at != a->start)) return;
    }
    a->kind = LP_ATOM_PLT;
    if (i && s->atom[i - 1].kind == LP_ATOM_LOOSE && s->atom[i - 1].end - s->atom[i - 1].start == 4 && lp_file_word(s, s->atom[i - 1].start) >> 26 == 5 &&
        a->start - s->atom[i - 1].end <= 8) s->atom[i - 1].kind = LP_ATOM_PLT;
}

static uint8_t *view_of(struct lp_side *s, const struct lp_atom *a, const uint8_t *p)
{
    struct lp_patched *v = lp_grow(s->over, &s->over_cap, s->nover, sizeof *v);
    uint8_t *bytes = v ? malloc(a->end - a->start) : NULL;
    if (v) s->over = v;
    if (!bytes) return s->nomem = true, NULL;
    memcpy(bytes, p, a->end - a->start);
    v[s->nover++] = (struct lp_patched){a->start, a->end, bytes, false};
    return bytes;
}

void lp_diff_stubs(struct lp_side *s)
{
    for (size_t i = 0; i < s->natom && !s->nomem; i++) {
        const struct lp_atom *a = &s->atom[i];
        uint64_t avail = 0, stub;
        uint32_t word;
        const uint8_t *p = lp_is_code_atom(a) && a->kind != LP_ATOM_PLT ? lp_side_bytes(s, a->start, &avail) : NULL;
        uint8_t *view = NULL;
        if (!p || avail < a->end - a->start) continue;
        for (uint64_t off = 0; off + 4 <= a->end - a->start; off += 4) {
            if (!moved(s, a->start + off, lp_le32(p + off), &stub, &word) || (stub >= a->start && stub < a->end)) continue;
            if (!view && !(view = view_of(s, a, p))) return;
            for (int b = 0; b < 4; b++) view[off + (unsigned)b] = (uint8_t)(word >> 8 * b);
            take_stubs(s, stub);
        }
    }
}
