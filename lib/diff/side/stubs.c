/* diff/side/stubs.c - ATOMS, what a linker moved: a load or store behind an ADRP at the end of a page, which one kind of CPU gets wrong (erratum 843419 of
 * Cortex-A53), stands in a stub, and `b stub` in its place. Both are taken as the instruction was. So is what a linker that relaxes (ld.lld, mold) makes of
 * ADRP and ADD: a patch needs them, because ADR does not lead far enough from where new code is. */
#include <config.h>
#include "diff/side/code.h"
#include "a64/a64.h"
#include "base/bits.h"
#include "base/buf.h"
#include "elf/put.h"

#include <stdlib.h>
#include <string.h>

/* The instruction that stands for the branch at this address: [it; b at + 4] is where that leads. */
static bool moved(const struct lp_side *s, uint64_t at, uint32_t w, uint64_t *stub, uint32_t *word)
{
    if (!lp_a64_is_b(w)) return false;
    *stub = at + (uint64_t)(lp_sext(w, 26) * 4);
    *word = lp_file_word(s, *stub);
    const uint32_t back = lp_a64_is_ldst_pos(*word) ? lp_file_word(s, *stub + 4) : 0; /* unsigned offset */
    return lp_a64_is_b(back) && *stub + 4 + (uint64_t)(lp_sext(back, 26) * 4) == at + 4;
}

/* Or none leads to it: where ADR does for ADRP, GNU ld leaves the instruction in its place, and the stub as well. */
static bool is_stub(const struct lp_side *s, uint64_t addr)
{
    const uint64_t back = addr + (uint64_t)(lp_sext(lp_file_word(s, addr + 4), 26) * 4);
    const uint32_t w = lp_file_word(s, addr), there = lp_file_word(s, back);
    uint64_t stub;
    uint32_t word;
    if (!lp_a64_is_ldst_pos(w) || !lp_a64_is_b(lp_file_word(s, addr + 4))) return false;
    return w == there || (moved(s, back, there, &stub, &word) && stub == addr);
}

/* Code of stubs, padding and the branch around them alone is the linker's. */
static void take_stubs(struct lp_side *s, uint64_t stub)
{
    uint32_t i = lp_side_atom(s, stub);
    struct lp_atom *a = i == LP_NONE ? NULL : &s->atom[i];
    unsigned stubs = 0;
    if (!a || !lp_is_function(a)) return;
    for (uint64_t at = a->start; at < a->end; at += 4) {
        const uint32_t w = lp_file_word(s, at);
        if (is_stub(s, at)) at += 4, stubs++;
        else if (!lp_a64_is_padding(w) && (!lp_a64_is_b(w) || at != a->start)) return;
    }
    if (!stubs) return;
    a->kind = LP_ATOM_PLT;
    if (i && s->atom[i - 1].kind == LP_ATOM_LOOSE && s->atom[i - 1].end - s->atom[i - 1].start == 4 && lp_a64_is_b(lp_file_word(s, s->atom[i - 1].start)) &&
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

/* ---- NOP, ADR: were ADRP, ADD ---- */

static bool is_relaxed(const struct lp_atom *a, const uint8_t *p, uint64_t off, uint64_t *to)
{
    uint32_t field;
    if (off + 8 > a->end - a->start || lp_le32(p + off) != LP_A64_NOP) return false;
    const uint32_t w = lp_le32(p + off + 4);
    return lp_a64_is_adr(w) && (w & 31) != 31 && lp_word_target(w, a->start + off + 4, to, &field) &&
           (*to == a->start || *to - a->start >= a->end - a->start); /* its own address is the old entry's, wherever the body is */
}

/* A bit for each word that branches of the function lead to. */
static uint8_t *entered(struct lp_side *s, const struct lp_atom *a, const uint8_t *p)
{
    const uint64_t n = a->end - a->start;
    uint8_t *set = calloc(1, n / 32 + 1);
    uint64_t to;
    uint32_t field;
    if (!set) s->nomem = true;
    for (uint64_t off = 0; set && off + 4 <= n; off += 4) {
        if (!lp_word_target(lp_le32(p + off), a->start + off, &to, &field)) continue;
        to -= a->start;
        if (to < n) set[to / 32] |= (uint8_t)(1 << to / 4 % 8);
    }
    return set;
}

static void unrelax(struct lp_side *s, const struct lp_atom *a, const uint8_t *p, uint8_t **view)
{
    uint8_t *set = NULL;
    uint64_t to;
    for (uint64_t off = 0; off + 8 <= a->end - a->start && !s->nomem; off += 4) {
        if (!is_relaxed(a, p, off, &to) || (!set && !(set = entered(s, a, p))) || set[(off + 4) / 32] >> (off + 4) / 4 % 8 & 1) continue;
        if (!*view && !(*view = view_of(s, a, p))) break;
        const uint32_t rd = lp_le32(p + off + 4) & 31;
        const uint64_t pages = (to >> 12) - ((a->start + off) >> 12);
        lp_put32(*view + off, 0x90000000 | ((uint32_t)pages & 3) << 29 | ((uint32_t)(pages >> 2) & 0x7ffff) << 5 | rd);
        lp_put32(*view + off + 4, 0x91000000 | ((uint32_t)to & 4095) << 10 | rd << 5 | rd);
    }
    free(set);
}

void lp_diff_stubs(struct lp_side *s)
{
    const bool untold = !lp_elf_made_by(s->elf, ""); /* as in Chromium's programs */
    const bool relaxes = untold || lp_elf_made_by(s->elf, "LLD") || lp_elf_made_by(s->elf, "mold");
    for (size_t i = 0; i < s->natom && !s->nomem; i++) {
        const struct lp_atom *a = &s->atom[i];
        uint64_t avail = 0, stub;
        uint32_t word;
        const uint8_t *p = lp_is_function(a) ? lp_side_bytes(s, a->start, &avail) : NULL;
        uint8_t *view = NULL;
        if (!p || avail < a->end - a->start) continue;
        for (uint64_t off = 0; off + 4 <= a->end - a->start; off += 4) {
            if (!moved(s, a->start + off, lp_le32(p + off), &stub, &word) || (stub >= a->start && stub < a->end)) continue;
            if (!view && !(view = view_of(s, a, p))) return;
            lp_put32(view + off, word);
            take_stubs(s, stub);
        }
        if (a->kind == LP_ATOM_LOOSE) take_stubs(s, a->start);
        if (relaxes) unrelax(s, a, p, &view);
    }
    lp_side_index_views(s);
}
