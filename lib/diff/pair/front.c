/* diff/pair/front.c - NAME, an address to which an index is added: what is there may be meant, or an array that begins a little behind it: a[i - 1] is from
 * &a[-1] on. */
#include <config.h>
#include "diff/pair/pair.h"
#include "diff/side/code.h"
#include "diff/side/data.h"
#include "diff/side/walk.h"
#include "base/bits.h"
#include "base/search.h"

#include <string.h>

enum { REACH = 64 }; /* bytes that what is meant may be behind the address */

/* Are there words that lead from here, or from where they are, into the function that uses them: a jump table of hand-written code? Not each is used. */
static bool leads_home(const struct lp_side *s, uint32_t self, uint64_t addr)
{
    enum { WORDS = 5, SOME = 4 };
    uint64_t avail = 0;
    const uint8_t *p = lp_side_bytes(s, addr, &avail);
    unsigned n = 0, m = 0;
    for (uint64_t off = 0; p && off < 4 * WORDS && off + 4 <= avail; off += 4) {
        const uint64_t to = addr + (uint64_t)lp_sext(lp_le32(p + off), 32);
        n += lp_le32(p + off) && lp_is_within(s, self, to), m += lp_le32(p + off) && lp_is_within(s, self, to + off);
    }
    return n >= SOME || m >= SOME;
}

/* Does a text begin there of which letters are taken by number, or a table of offsets? Nothing else says that something begins where unnamed data was cut:
 * it was cut because of this very address, and in front of any array there may be the tail of a text or of numbers. */
static bool is_real(const struct lp_side *s, const struct lp_use *u, const struct lp_atom *a)
{
    if (!lp_is_constant(s, a)) return false;
    const struct lp_offsets *x = lp_side_offsets(s, a->start, a->end);
    return (x && x->start == a->start) || leads_home(s, u->self, a->start) || (lp_begins_text(s, a->start) && !lp_is_wide(s, u->self, u->at));
}

/* Of an access with an index: what its base is the start of, if the access is in front of that. */
static uint32_t base_behind(const struct lp_side *s, const struct lp_use *u, int64_t off)
{
    const uint32_t k = off < 0 ? lp_side_start(s, u->addr - (uint64_t)off) : LP_NONE;
    return k != LP_NONE && !lp_is_code_atom(&s->atom[k]) ? k : LP_NONE;
}

/* An access by itself: *off is from its base, which another word makes. */
static bool is_access(const struct lp_side *s, const struct lp_use *u, int64_t *off)
{
    const uint32_t w = lp_code_word(s, u->at);
    return lp_a64_is_load_store(w) && lp_word_offset(w, off) && (u->addr - (uint64_t)*off) & 4095;
}

/* A number less than an address: *off. (An index is added to it, or has been.) */
static bool is_less(const struct lp_side *s, const struct lp_use *u, int64_t *off)
{
    const uint32_t w = lp_code_word(s, u->at);
    return lp_a64_is_add_sub_imm(w) && lp_word_offset(w, off) && *off < 0;
}

/* (No index leads from one section into another one; nor does the place of what is so near to the start of one.) */
bool lp_surely_behind(const struct lp_side *s, const struct lp_use *u)
{
    int64_t off;
    const bool made = u->at && !u->width && u->base == LP_NONE, access = made && is_access(s, u, &off);
    if (!made || (!access && !is_less(s, u, &off))) return false;
    const uint32_t i = lp_side_atom(s, u->addr), k = base_behind(s, u, off);
    if (k == LP_NONE) return false;
    return i == LP_NONE || s->atom[i].span != s->atom[k].span || (access && u->addr - s->span[s->atom[k].span].start < 4096);
}

/* Is this no array that the word may mean: padding, or a text, where it reads what is larger than a letter? */
static bool is_none(const struct lp_side *s, const struct lp_use *u, const struct lp_atom *a)
{
    if (a->kind != LP_ATOM_PIECE || !a->used) return a->kind == LP_ATOM_PIECE;
    return lp_is_constant(s, a) && lp_begins_text(s, a->start) && lp_is_wide(s, u->self, u->at);
}

/* An array that begins a little behind an address, which is in atom i. */
static uint32_t next_array(const struct lp_side *s, const struct lp_use *u, uint32_t i)
{
    const uint64_t addr = u->addr;
    uint32_t k = (uint32_t)lp_count_upto(s->atom, s->natom, sizeof *s->atom, addr);
    if (i != LP_NONE && (lp_is_code_atom(&s->atom[i]) || (s->atom[i].start == addr && s->atom[i].kind != LP_ATOM_PIECE))) return LP_NONE;
    while (k < s->natom && s->atom[k].start - addr <= REACH && is_none(s, u, &s->atom[k])) k++;
    const bool near = k < s->natom && s->atom[k].start - addr <= REACH;
    return near && !lp_is_code_atom(&s->atom[k]) && s->atom[k].kind != LP_ATOM_TABLE ? k : LP_NONE;
}

uint32_t lp_behind(const struct lp_side *s, const struct lp_use *u)
{
    int64_t off;
    if (u->width || u->base != LP_NONE || !u->at || u->self == LP_NONE) return LP_NONE;
    if (is_access(s, u, &off)) return base_behind(s, u, off);
    const uint32_t i = lp_side_atom(s, u->addr), k = next_array(s, u, i);
    if (k == LP_NONE || (i != LP_NONE && s->atom[i].start == u->addr && is_real(s, u, &s->atom[i]))) return LP_NONE;
    return lp_is_indexed_to(s, u->self, u->at, u->addr, s->atom[k].start) ? k : LP_NONE;
}

/* (A table goes on behind a row that has a user of its own.) */
uint64_t lp_constants_behind(const struct lp_side *s, uint64_t addr, uint32_t first)
{
    uint64_t end = 0;
    for (uint32_t i = first; i < s->natom && s->atom[i].start <= addr + REACH; i++) {
        const struct lp_atom *a = &s->atom[i];
        if (!lp_is_constant(s, a) || !lp_is_datum(a)) return 0;
        end = s->atom[lp_last_of_table(s, i)].end;
    }
    return end ? end - addr : 0;
}

/* The array behind has a pair that is as far away, or all are constants that hold the same. (What becomes of an address takes long to find out.) */
bool lp_is_either(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n)
{
    int64_t off;
    const struct lp_side *s = NEW(d);
    const size_t before = d->nsupposed;
    if (o != OLD(d) || !u->at || !n->at || u->width || n->width || is_access(o, u, &off) || is_access(s, n, &off)) return false;
    const uint32_t i = lp_side_atom(o, u->addr), k = lp_side_atom(s, n->addr);
    const uint32_t a = i == LP_NONE || k == LP_NONE ? LP_NONE : next_array(o, u, i), b = a == LP_NONE ? LP_NONE : next_array(s, n, k);
    if (b == LP_NONE || lp_is_copied(&s->atom[b])) return false;
    if (o->atom[a].pair == b && o->atom[a].start - u->addr == s->atom[b].start - n->addr) return true;
    const uint64_t x = lp_constants_behind(o, u->addr, a), y = x ? lp_constants_behind(s, n->addr, b) : 0;
    uint64_t at, avail, len = x > y ? x : y;
    const uint8_t *p = y ? lp_side_bytes(o, u->addr, &avail) : NULL, *q = p && avail >= len ? lp_side_bytes(s, n->addr, &avail) : NULL;
    if (!q || avail < len || memcmp(p, q, len) != 0) return false;
    const bool same = lp_same_data(d, o, u->addr, n->addr, len, &at) && d->nsupposed == before;
    lp_suppose_back(d, before);
    return same;
}
