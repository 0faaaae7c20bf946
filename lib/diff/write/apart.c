/* diff/write/apart.c - words that reach what they are for by themselves. Compilers go from one address to several variables (section anchors); in the old file
 * those are not as far from one another, and what is new is elsewhere. Such a word becomes a branch to a stub behind the body, and VERIFY reads the two as
 * the word that they stand for:
 *
 *     ldr w2, [x1, #2056]          b stub          stub: adrp x2, variable
 *     ...                          ...                   add x2, x2, :lo12:variable
 *                                                        ldr w2, [x2]
 *                                                        b behind
 *
 * The register is that which is loaded, or else one that nobody reads behind it, and that callers do not rely on. If an index is in the base, it takes two:
 *
 *     str w2, [x1, #24]            stub: add x16, x1, #0              base and index
 *                                        adrp, add x17, base
 *                                        sub x16, x16, x17            the index
 *                                        adrp, add x17, variable
 *                                        add x16, x16, x17
 *                                        str w2, [x16]
 *                                        b behind
 *
 * ADR, which leads 1 MB far, where new code may be farther away, does the same without a base. A word that completes a page, where what that ADRP is for is
 * on several in the old file (pages.c), does so by itself; one that loads a GOT slot, by the slot's name: it may be one that the patch has. */
#include <config.h>
#include "diff/write/write.h"
#include "diff/side/code.h"
#include "diff/side/seen.h"
#include "a64/a64.h"
#include "base/bits.h"
#include "base/search.h"
#include "elf/put.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STUB_WORDS = 9, IP0 = 16, IP1 = 17, LAST = 15, NO_REG = 31 };

/* ---- which words ---- */

/* ADD and SUB of an immediate, to an X register, without flags; or ADR. */
static bool makes(uint32_t w) { return (w & 0xbf800000) == 0x91000000 || lp_a64_is_adr(w); }

static bool is_tag_pair(uint32_t w) { return (w & 0xfe400000) == 0x68000000; } /* STGP */

/* A load or store of general or SIMD registers with an offset that is scaled, or is not, and their pairs: without writeback, or another meaning. */
static bool accesses(uint32_t w)
{
    if (lp_a64_is_ldst_pos(w)) return true;
    if ((w & 0x3b200c00) == 0x38000000) return true; /* LDUR, STUR */
    return ((w & 0x3b800000) == 0x29000000 || (w & 0x3b800000) == 0x28000000) && !is_tag_pair(w);
}

/* The same that move their base to where they access (pre-indexed), which is no register of theirs. */
static bool moves_on(uint32_t w)
{
    const unsigned rn = (unsigned)lp_bits(w, 5, 5);
    const bool pair = (w & 0x3b800000) == 0x29800000 && !is_tag_pair(w);
    return ((w & 0x3b200c00) == 0x38000c00 && (w & 31) != rn) || (pair && (w & 31) != rn && lp_bits(w, 10, 5) != rn);
}

static bool is_vector(uint32_t w) { return w >> 26 & 1; }

/* Does it load a general register? (What PRFM has there is none.) */
static bool loads(uint32_t w)
{
    if (is_vector(w)) return false;
    if (lp_a64_is_ldst_pair(w)) return w >> 22 & 1;
    return lp_bits(w, 22, 2) && lp_bits(w, 30, 2) * 4 + lp_bits(w, 22, 2) != 14;
}

bool lp_may_be_apart(uint32_t w)
{
    const unsigned rn = (unsigned)lp_bits(w, 5, 5);
    return (rn != 31 || lp_a64_is_adr(w)) && (accesses(w) || moves_on(w) || (makes(w) && (w & 31) != 31));
}

bool lp_may_have_index(uint32_t w) { return lp_may_be_apart(w) && !moves_on(w) && !lp_a64_is_adr(w); }

/* Of LDP and STP, the load or store of one of the two registers. */
static uint32_t half(uint32_t w, unsigned k)
{
    static const uint32_t of[2][4] = {{0xb9000000, 0xb9800000, 0xf9000000, 0}, {0xbd000000, 0xfd000000, 0x3d800000, 0}};
    const unsigned size = (unsigned)lp_bits(w, 30, 2);
    const bool load = w >> 22 & 1, sign = !is_vector(w) && size == 1; /* LDPSW */
    return of[is_vector(w)][size] | (load && !sign ? 0x00400000 : 0) | (w & 0x3e0) | (uint32_t)lp_bits(w, k ? 10 : 0, 5);
}

bool lp_may_be_split(uint32_t w, uint64_t first)
{
    const bool pair = lp_a64_is_ldst_pair(w) && lp_may_be_apart(w) && !moves_on(w) && lp_bits(w, 30, 2) != 3;
    return pair && first == UINT64_C(1) << (is_vector(w) ? 2 + lp_bits(w, 30, 2) : w >> 31 ? 3 : 2);
}

/* ---- the register ---- */

/* In which the word itself leaves something, so that the address may be there first. */
static unsigned own_register(uint32_t w)
{
    const bool moves = moves_on(w);
    const unsigned rd = (unsigned)lp_bits(w, moves ? 5 : 0, 5);
    return (moves || makes(w) || loads(w)) && rd <= 28 && rd != 18 ? rd : NO_REG;
}

static uint32_t registers_of(const struct lp_side *s, uint32_t w)
{
    const struct lp_a64_regs r = lp_seen_word(s, w)->regs;
    return r.read | r.write;
}

struct free_registers { uint32_t *live, changed; };

/* It is none of the word's, nor read behind it. */
static bool is_spare(const struct lp_side *s, const struct free_registers *f, uint32_t w, size_t word, unsigned reg)
{
    const bool may = reg == IP0 || reg == IP1 || (reg <= LAST && f->changed >> reg & 1);
    return may && !((f->live[word + 1] | registers_of(s, w)) >> reg & 1);
}

static unsigned spare(const struct lp_side *s, const struct free_registers *f, uint32_t w, size_t word, unsigned but)
{
    for (unsigned reg = IP0; reg <= IP1; reg++)
        if (reg != but && is_spare(s, f, w, word, reg)) return reg;
    for (unsigned reg = LAST + 1; reg-- > 0;)
        if (reg != but && is_spare(s, f, w, word, reg)) return reg;
    return NO_REG;
}

/* For the address. w: the word, or one half of it. */
static bool is_free(const struct lp_side *s, const struct free_registers *f, uint32_t w, uint32_t whole, size_t word, unsigned reg)
{
    if (reg == own_register(w)) return reg != NO_REG;
    return !makes(w) && !moves_on(w) && is_spare(s, f, whole, word, reg);
}

static unsigned choose(const struct lp_side *s, const struct free_registers *f, uint32_t w, uint32_t whole, size_t word)
{
    const unsigned own = own_register(w);
    return own != NO_REG || makes(w) || moves_on(w) ? own : spare(s, f, whole, word, NO_REG);
}

static bool find_free(const struct lp_side *s, uint32_t atom, struct free_registers *f)
{
    f->live = lp_live_registers(s, atom);
    f->changed = lp_changed_registers(s, atom);
    return f->live != NULL;
}

/* ---- EMIT ---- */

/* The word with another base, and no offset. */
static uint32_t on_base(uint32_t w, unsigned reg)
{
    if (moves_on(w)) w &= lp_a64_is_ldst_pair(w) ? ~UINT32_C(0x00800000) : ~UINT32_C(0x00000c00);
    lp_word_set_offset(&w, 0);
    return (w & ~(UINT32_C(31) << 5)) | (uint32_t)reg << 5;
}

static uint32_t adrp_of(unsigned reg) { return 0x90000000 | reg; }
static uint32_t add_imm(unsigned rd, unsigned rn) { return 0x91000000 | rn << 5 | rd; }
/* The same load of 8 bytes, whose offset is still to come. */
static uint32_t load_of(uint32_t w, unsigned reg) { return (w & 0xffc0001f) | (uint32_t)reg << 5; }
static bool is_load(uint32_t w) { return (w & 0xffc00000) == 0xf9400000; }
static uint32_t add_reg(unsigned rd, unsigned rm) { return 0x8b000000 | rm << 16 | rd << 5 | rd; } /* to itself */
static uint32_t sub_reg(unsigned rd, unsigned rm) { return 0xcb000000 | rm << 16 | rd << 5 | rd; } /* from itself */
static uint32_t branch(size_t from, size_t to) { return 0x14000000 | ((uint32_t)(to - from) & 0x03ffffff); }

static void put_part(lp_diff *d, struct lp_new_word *out, uint32_t w, const char *reloc, const struct lp_there *t)
{
    out->word = w;
    out->has_reloc = true, out->in_old = !t->own, out->addr = t->addr;
    struct lp_buf *b = lp_reloc_text(d, out);
    lp_buf_printf(b, "%s ", reloc);
    lp_there_print(d, t, b);
}

static size_t put_address(lp_diff *d, struct lp_new_word *word, size_t at, unsigned reg, const struct lp_there *t)
{
    put_part(d, &word[at++], adrp_of(reg), "adr_prel_pg_hi21", t);
    put_part(d, &word[at++], add_imm(reg, reg), "add_abs_lo12_nc", t);
    return at;
}

/* 0: no register is free. */
static size_t put_access(lp_diff *d, const struct free_registers *f, struct lp_new_word *word, size_t site, size_t at, uint32_t w, const struct lp_there *t)
{
    const unsigned reg = choose(NEW(d), f, w, word[site].word, site);
    if (reg == NO_REG) return 0;
    at = put_address(d, word, at, reg, t);
    if (!makes(w)) word[at++].word = on_base(w, reg);
    return at;
}

static size_t put_indexed(lp_diff *d, const struct free_registers *f, struct lp_new_word *word, size_t site, size_t at, const struct lp_there *to,
                          const struct lp_there *base)
{
    const uint32_t w = word[site].word;
    const unsigned reg = choose(NEW(d), f, w, w, site), other = spare(NEW(d), f, w, site, reg);
    if (reg == NO_REG || other == NO_REG) return 0;
    word[at++].word = add_imm(reg, (unsigned)lp_bits(w, 5, 5));
    at = put_address(d, word, at, other, base);
    word[at++].word = sub_reg(reg, other);
    at = put_address(d, word, at, other, to);
    word[at++].word = add_reg(reg, other);
    if (!makes(w)) word[at++].word = on_base(w, reg);
    return at;
}

/* The load of a GOT slot: both words have the relocation's name. 0: no register. */
static size_t put_slot(lp_diff *d, const struct free_registers *f, struct lp_new_word *word, size_t site, size_t at)
{
    struct lp_new_word *from = &word[site];
    const unsigned reg = choose(NEW(d), f, from->word, from->word, site);
    const char *name = strchr(lp_reloc_of(d, from), ' ');
    if (reg == NO_REG || !name) return 0;
    struct lp_buf copy = {0}; /* texts move when they become more */
    lp_buf_puts(&copy, name);
    for (int k = 0; k < 2; k++) {
        struct lp_new_word *out = &word[at++];
        out->word = k ? load_of(from->word, reg) : adrp_of(reg);
        out->has_reloc = true, out->in_old = from->in_old, out->addr = from->addr;
        lp_buf_printf(lp_reloc_text(d, out), "%s%s", k ? "ld64_got_lo12_nc" : "adr_got_page", copy.failed ? "" : copy.data);
    }
    from->has_reloc = false;
    d->nomem |= copy.failed;
    lp_buf_free(&copy);
    return at;
}

static size_t put_stub(lp_diff *d, const struct free_registers *f, struct lp_new_word *word, size_t site, size_t at)
{
    if (!word[site].slot && !word[site].aim) return 0;
    const struct lp_aim a = word[site].slot ? (struct lp_aim){.to = {0}} : d->aim[word[site].aim - 1];
    const bool split = word[site].split;
    const uint32_t w = word[site].word;
    size_t n = word[site].slot    ? put_slot(d, f, word, site, at) :
               word[site].indexed ? put_indexed(d, f, word, site, at, &a.to, &a.second) :
                                    put_access(d, f, word, site, at, split ? half(w, 0) : w, &a.to);
    if (n && split) n = put_access(d, f, word, site, n, half(w, 1), &a.second);
    if (!n) return 0;
    word[n].word = branch(n, site + 1), word[n].note = LP_NOTE_BACK, word[n].other = (uint32_t)site + 1;
    word[site].word = branch(site, at), word[site].note = LP_NOTE_STUB, word[site].other = (uint32_t)at, word[site].was = w;
    return n + 1;
}

static bool refuse(lp_diff *d, uint32_t atom, size_t word)
{
    char buf[32], text[120];
    snprintf(text, sizeof text, "at +0x%zx no register is free for the address of what is not beside the base in the old file", 4 * word);
    lp_diff_refuse(d, NEW(d), LP_E181, lp_atom_text(&NEW(d)->atom[atom], buf), text);
    return false;
}

static bool put_stubs(lp_diff *d, uint32_t atom, const struct free_registers *f, struct lp_new_word *word, size_t *n, uint32_t *from)
{
    const size_t sites = *n;
    bool good = true;
    for (size_t i = 0; i < sites; i++) {
        const size_t at = *n, end = word[i].apart ? put_stub(d, f, word, i, at) : at;
        if (!end) good = refuse(d, atom, i);
        for (; *n < end; ++*n) from[*n] = (uint32_t)i;
    }
    return good;
}

bool lp_add_stubs(lp_diff *d, uint32_t atom, struct lp_new_word **word, size_t *n, uint32_t **from)
{
    size_t count = 0;
    for (size_t i = 0; i < *n; i++) count += (*word)[i].apart;
    *from = NULL;
    if (!count) return true;
    const size_t most = *n + STUB_WORDS * count, words = (NEW(d)->atom[atom].end - NEW(d)->atom[atom].start) / 4;
    struct free_registers f = {NULL, 0};
    struct lp_new_word *v = realloc(*word, (most + 1) * sizeof *v);
    if (v) *word = v, memset(v + *n, 0, (most + 1 - *n) * sizeof *v);
    *from = v ? malloc((most + 1) * sizeof **from) : NULL;
    bool good = *from && find_free(NEW(d), atom, &f);
    if (!good) d->nomem = true;
    for (size_t i = 0; good && i < *n; i++) (*from)[i] = (uint32_t)(i < words ? i : i - 1);
    good = good && put_stubs(d, atom, &f, v, n, *from);
    free(f.live);
    return good;
}

/* ---- VERIFY ---- */

/* site: the word that has become a branch; last: the word of the stub that has the address; index: that which has base and index; second: the other half's
 * address, or the base. */
struct stub { uint64_t site, last, index, addr, second; uint32_t word; bool split; };
struct reading { const lp_diff *d; const struct free_registers *f; const uint8_t *p; uint64_t start; size_t total; };

static uint32_t word_at(const struct reading *r, size_t pos) { return pos < r->total ? lp_le32(r->p + 4 * pos) : 0; }

/* From `pos` on: ADRP and ADD of one register. Returns where they end; 0: they are others. */
static size_t read_address(const struct reading *r, size_t pos, unsigned *reg, uint64_t *addr)
{
    const uint32_t page = word_at(r, pos), low = word_at(r, pos + 1);
    *reg = page & 31;
    if (!lp_a64_is_adrp(page) || (low & ~UINT32_C(0x003ffc00)) != add_imm(*reg, *reg) || !lp_a64_target(page, r->start + 4 * pos, addr)) return 0;
    *addr += lp_bits(low, 10, 12);
    return pos + 2;
}

/* Does it do what w does, a word of the new file at this place or one half of it? */
static size_t read_access(const struct reading *r, size_t pos, size_t site, uint32_t w, uint32_t whole, uint64_t *addr, uint64_t *last)
{
    unsigned reg;
    const size_t n = read_address(r, pos, &reg, addr);
    if (!n || !is_free(NEW(r->d), r->f, w, whole, site, reg)) return 0;
    *last = r->start + 4 * (makes(w) ? n - 1 : n);
    return makes(w) ? n : word_at(r, n) == on_base(w, reg) ? n + 1 : 0;
}

/* The same of a GOT slot. */
static size_t read_slot(const struct reading *r, size_t pos, size_t site, uint32_t w, uint64_t *addr, uint64_t *last)
{
    const uint32_t page = word_at(r, pos), load = word_at(r, pos + 1);
    const unsigned reg = page & 31;
    int64_t off;
    if (!is_load(w) || !lp_a64_is_adrp(page) || (load & ~UINT32_C(0x003ffc00)) != load_of(w, reg) || !is_free(NEW(r->d), r->f, w, w, site, reg)) return 0;
    if (!lp_a64_target(page, r->start + 4 * pos, addr) || !lp_word_offset(load, &off)) return 0;
    *addr += (uint64_t)off, *last = r->start + 4 * (pos + 1);
    return pos + 2;
}

/* The same with the index that is in its base. */
static size_t read_indexed(const struct reading *r, size_t pos, size_t site, uint32_t w, struct stub *out)
{
    const uint32_t first = word_at(r, pos);
    const unsigned reg = first & 31;
    unsigned other, again;
    if (!lp_may_have_index(w) || first != add_imm(reg, (unsigned)lp_bits(w, 5, 5)) || !is_free(NEW(r->d), r->f, w, w, site, reg)) return 0;
    out->index = r->start + 4 * pos;
    size_t n = read_address(r, pos + 1, &other, &out->second);
    if (!n || other == reg || !is_spare(NEW(r->d), r->f, w, site, other) || word_at(r, n++) != sub_reg(reg, other)) return 0;
    n = read_address(r, n, &again, &out->addr);
    if (!n || again != other || word_at(r, n++) != add_reg(reg, other)) return 0;
    return makes(w) ? n : word_at(r, n) == on_base(w, reg) ? n + 1 : 0;
}

static size_t read_back(const struct reading *r, size_t pos, size_t site) { return pos && word_at(r, pos) == branch(pos, site + 1) ? pos + 1 : 0; }

/* The stub of what the new file has at this word. */
static size_t read_stub(const struct reading *r, size_t pos, size_t site, uint32_t w, struct stub *out)
{
    uint64_t last;
    *out = (struct stub){.site = r->start + 4 * site, .word = w};
    if (!lp_may_be_apart(w)) return 0;
    size_t n = read_back(r, read_access(r, pos, site, w, w, &out->addr, &out->last), site);
    if (!n) n = read_back(r, read_slot(r, pos, site, w, &out->addr, &out->last), site);
    if (!n) n = read_back(r, read_indexed(r, pos, site, w, out), site);
    if (n || !lp_a64_is_ldst_pair(w) || moves_on(w)) return n;
    out->split = true, out->index = 0;
    n = read_access(r, pos, site, half(w, 0), w, &out->addr, &out->last);
    return n ? read_back(r, read_access(r, n, site, half(w, 1), w, &out->second, &last), site) : 0;
}

/* The branch behind the body, if that goes on in what is behind it in the new file (body.c): one word, or none. False: it leads elsewhere. */
static bool read_fall(lp_diff *d, const struct lp_side *s, uint32_t i, size_t *pos)
{
    const struct lp_atom *a = &s->atom[i], *b = &NEW(d)->atom[a->pair];
    struct lp_use u = {0, LP_NONE, i, 0, 0}, v = {0, LP_NONE, a->pair, 0, 0};
    const uint64_t at = a->start + (b->end - b->start);
    uint32_t mask;
    *pos = (b->end - b->start) / 4;
    const enum lp_fall how = lp_falls(NEW(d), a->pair, &v.addr);
    if (at >= a->end || !lp_a64_is_b(lp_code_word(s, at))) return how != LP_FALL_SURELY;
    ++*pos;
    return how != LP_FALL_NONE && lp_word_target(lp_code_word(s, at), at, &u.addr, &mask) && lp_same_target(d, s, &u, &v);
}

/* All of them, in their order; false: something else is behind the body, or in it. */
static bool read_stubs(lp_diff *d, const struct lp_side *s, const struct lp_atom *a, uint32_t b, const struct free_registers *f, struct stub *out,
                       size_t *count)
{
    const struct lp_words code = lp_words_of(s, (uint32_t)(a - s->atom));
    const size_t n = (NEW(d)->atom[b].end - NEW(d)->atom[b].start) / 4, total = (a->end - a->start) / 4;
    size_t pos;
    const struct reading r = {d, f, code.p, a->start, total};
    if (code.len < 4 * total || !read_fall(d, s, (uint32_t)(a - s->atom), &pos)) return false;
    for (size_t i = 0; i < n; i++) {
        const uint32_t w = lp_le32(code.p + 4 * i);
        const int64_t to = (int64_t)i + lp_sext(w, 26);
        if (!lp_a64_is_b(w) || to < (int64_t)n || to >= (int64_t)total) continue;
        if (to != (int64_t)pos) return false;
        pos = read_stub(&r, pos, i, lp_code_word(NEW(d), NEW(d)->atom[b].start + 4 * i), &out[*count]);
        if (!pos) return false;
        ++*count;
    }
    return pos == total;
}

/* The one reference of a word, with these flags; NULL: it has others. */
static const struct lp_ref_at *only_ref(const struct lp_ref_at *v, uint32_t n, uint64_t at, uint8_t flags, uint8_t ignored)
{
    const size_t k = lp_count_below(v, n, sizeof *v, at);
    const bool one = k < n && v[k].at == at && (k + 1 == n || v[k + 1].at != at);
    return one && (v[k].kind == LP_FLOW_ADDR || v[k].kind == LP_FLOW_TARGET) && (v[k].flags & ~ignored) == flags ? &v[k] : NULL;
}

/* The address of a stub, as what the word itself says: what the dataflow found; with an index, that it is added to the base that is taken away. (It does not
 * see what remains then.) */
static bool take_address(const struct lp_ref_at *ref, uint32_t n, const struct stub *x, const struct lp_ref_at *as, struct lp_ref_at *out)
{
    const struct lp_ref_at *r = x->index ? only_ref(ref, n, x->index, LP_FLOW_INDEXED, 0) : only_ref(ref, n, x->last, 0, LP_FLOW_OF_PAGE);
    if (!r || r->addr != (x->index ? x->second : x->addr)) return false;
    *out = *r;
    out->at = x->site, out->kind = as->kind, out->addr = x->addr, out->width = as->width, out->base = LP_NONE;
    out->flags = LP_REF_APART | (x->split ? LP_REF_SPLIT : 0) | (x->index ? LP_FLOW_INDEXED : 0);
    return true;
}

/* What the new file has there reaches one address in any case, or that and an index; NULL: more. */
static const struct lp_ref_at *new_ref(const lp_diff *d, const struct lp_side *s, uint32_t i, const struct stub *x)
{
    const struct lp_atom *a = &s->atom[i], *b = &NEW(d)->atom[a->pair];
    return only_ref(NEW(d)->ref + b->ref, b->nref, b->start + (x->site - a->start), x->index ? LP_FLOW_INDEXED : 0, x->index ? 0 : LP_FLOW_OF_PAGE);
}

/* LDP and STP: what is of the second register is the same. */
static bool same_second(lp_diff *d, const struct lp_side *s, uint32_t i, const struct stub *x)
{
    const struct lp_ref_at *r = x->split ? new_ref(d, s, i, x) : NULL;
    const uint8_t n = r ? r->width / 2 : 0;
    if (!r) return !x->split;
    const struct lp_use u = {x->second, LP_NONE, i, n, x->site}, w = {r->addr + n, LP_NONE, s->atom[i].pair, n, r->at};
    return lp_may_be_split(x->word, n) && lp_same_target(d, s, &u, &w);
}

/* An ADRP of which no word needs the page any more: what the new file has there does nothing else with it. */
static void forget_page(const lp_diff *d, const struct lp_atom *a, struct lp_ref_at *r)
{
    const struct lp_atom *b = &NEW(d)->atom[a->pair];
    const struct lp_ref_at *v = NEW(d)->ref + b->ref;
    const size_t k = lp_count_below(v, b->nref, sizeof *v, b->start + (r->at - a->start));
    const bool page = k < b->nref && v[k].at - b->start == r->at - a->start && v[k].kind == LP_FLOW_PAGE && !(v[k].flags & LP_FLOW_ALONE);
    if (page && r->kind == LP_FLOW_PAGE) r->flags &= (uint8_t)~LP_FLOW_ALONE;
}

static bool take_refs(const lp_diff *d, struct lp_side *s, uint32_t i, uint64_t end, const struct stub *x, size_t count)
{
    struct lp_atom *a = &s->atom[i];
    const uint32_t n = a->nref;
    struct lp_ref_at *ref = malloc((n + 1) * sizeof *ref), *out = s->ref + a->ref;
    uint32_t first = 0, put = 0;
    bool good = ref != NULL;
    if (!ref) s->nomem = true;
    else if (n) memcpy(ref, out, n * sizeof *ref);
    while (good && first < n && ref[first].at < end) first++;
    good &= first + count <= n; /* each stub has one at least */
    for (uint32_t j = 0, k = 0; good && (j < first || k < count);) {
        const bool own = j < first && (k == count || ref[j].at <= x[k].site);
        const struct lp_ref_at *r = own ? NULL : new_ref(d, s, i, &x[k]);
        if (own) good = k == count || ref[j].at < x[k].site, out[put] = ref[j++], forget_page(d, a, &out[put++]);
        else good = r && take_address(ref + first, n - first, &x[k++], r, &out[put++]);
    }
    if (good) a->nref = put;
    free(ref);
    return good;
}

bool lp_take_stubs(lp_diff *d, struct lp_side *s, uint32_t i, uint8_t *view)
{
    struct lp_atom *a = &s->atom[i];
    const struct lp_atom *b = &NEW(d)->atom[a->pair];
    const uint64_t end = a->start + (b->end - b->start);
    struct free_registers f = {NULL, 0};
    struct stub *x = malloc(((a->end - end) / 12 + 1) * sizeof *x);
    size_t n = 0;
    bool good = x && find_free(NEW(d), a->pair, &f);
    if (!good) s->nomem = true;
    good = good && read_stubs(d, s, a, a->pair, &f, x, &n) && take_refs(d, s, i, end, x, n);
    for (size_t k = 0; good && k < n; k++) good = same_second(d, s, i, &x[k]);
    for (size_t k = 0; good && k < n; k++) lp_put32(view + (x[k].site - a->start), x[k].word);
    if (good) a->end = end;
    free(x), free(f.live);
    return good;
}
