/* diff/anchor.c - is an address made only as a base? GCC puts several variables behind one (a section anchor), which is the address of whichever comes
 * first: it means nothing by itself if every use adds an offset, because those words are compared by what they touch. */
#include <config.h>
#include "diff/diff.h"
#include "a64/a64.h"
#include "a64/access.h"
#include "a64/regs.h"
#include "base/bits.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 512, SLOTS = 256, HEADS = 64 };
#define ARGUMENTS UINT32_C(0x1ff)      /* X0-X8 */
#define RESULTS UINT32_C(3)            /* X0, X1 (AAPCS64 6.9) */
#define TEMPORARY UINT32_C(0x7fe00)    /* X9-X18 */
#define PRESERVED UINT32_C(0x3ff80000) /* X19-X29 */
#define KEPT UINT32_C(0x1ff80000)      /* X19-X28, over a call: no address is left in the frame pointer */

/* Where the registers of `mask` hold the address, or it and an index. */
struct scan {
    bool compared, stepped; /* stepped: it is compared with what steps through the array that it ends */
    uint32_t left;          /* argument registers that have it where a function is called */
    unsigned compares, found, ntodo, nseen;
    const struct lp_side *s;
    const struct lp_atom *a;
    struct lp_base_users *users;
    uint64_t end; /* the address */
    uint16_t head[HEADS]; /* of what was seen: lists by place, each index + 1 */
    struct { uint64_t at; uint32_t mask; uint16_t next; } todo[SLOTS], seen[SLOTS]; /* last: not all of it is cleared */
};

static struct scan *scan_of(const struct lp_side *s, uint32_t atom)
{
    struct scan *x = malloc(sizeof *x);
    if (!x) return NULL;
    memset(x, 0, offsetof(struct scan, todo));
    x->s = s, x->a = &s->atom[atom];
    return x;
}

static bool push(struct scan *x, uint64_t at, uint32_t mask)
{
    if (!mask) return true;
    if (at < x->a->start || at >= x->a->end) return false;
    uint16_t *head = &x->head[at / 4 % HEADS];
    for (unsigned i = *head; i; i = x->seen[i - 1].next)
        if (x->seen[i - 1].at == at && (x->seen[i - 1].mask | mask) == x->seen[i - 1].mask) return true;
    if (x->ntodo == SLOTS || x->nseen == SLOTS) return false;
    x->seen[x->nseen].at = at, x->seen[x->nseen].mask = mask, x->seen[x->nseen].next = *head;
    *head = (uint16_t)++x->nseen;
    x->todo[x->ntodo].at = at, x->todo[x->ntodo++].mask = mask;
    return true;
}

/* A word that adds an offset. False: there are too many. */
static bool add_user(struct scan *x, uint64_t at)
{
    struct lp_base_users *u = x->users;
    if (!u || lp_is_user(u, at)) return true;
    if (u->n == LP_BASE_USERS) return false;
    u->at[u->n++] = at;
    return true;
}

static bool has_address(const struct scan *x, uint64_t at)
{
    for (uint32_t lo = 0, hi = x->a->nref; lo < hi;) {
        uint32_t mid = lo + (hi - lo) / 2;
        const struct lp_ref_at *r = &lp_refs_of_atom(x->s, x->a)[mid];
        if (r->at == at) return r->kind == LP_FLOW_ADDR && !(r->flags & (LP_FLOW_STEPS | LP_FLOW_MAYBE));
        if (r->at < at) lo = mid + 1;
        else hi = mid;
    }
    return false;
}

static bool adds_index(uint32_t w) { return (w & 0x7f200000) == 0x0b000000 || (w & 0x7fe00000) == 0x0b200000; } /* ADD of a register */

/* CMP and SUB of two registers, which say how far two addresses are from one another. */
static bool compares(uint32_t w) { return w >> 30 & 1 && ((w & 0x1f200000) == 0x0b000000 || (w & 0x1fe00000) == 0x0b200000); }

/* Where the address is that a word has, if that word does nothing but move it along or add a number. */
static uint32_t moved(uint32_t w) { return lp_a64_is_mov(w) || (w & 0x7f800000) == 0x11000000 ? UINT32_C(1) << (w & 31) & 0x7fffffff : 0; }

/* Is it what an ADD, again and again, makes of an address in the array that ends where this one is? */
static bool steps_there(const struct scan *x, uint64_t end, unsigned reg)
{
    const uint32_t i = lp_side_atom(x->s, end - 1);
    for (uint32_t k = 0; i != LP_NONE && k < x->a->nref; k++) {
        const struct lp_ref_at *r = &lp_refs_of_atom(x->s, x->a)[k];
        const bool inner = r->kind == LP_FLOW_ADDR && r->flags & LP_FLOW_STEPS && r->addr >= x->s->atom[i].start && r->addr <= end;
        if (inner && moved(lp_code_word(x->s, r->at)) == UINT32_C(1) << reg) return true;
    }
    return false;
}

/* The same for an address of which only the place counts, not what is there. */
static bool step_compared(struct scan *x, uint64_t at, uint32_t w, uint32_t mask, uint32_t write)
{
    const unsigned other = mask >> (w >> 5 & 31) & 1 ? w >> 16 & 31 : w >> 5 & 31;
    x->compares += compares(w);
    if (compares(w) && other < 31) x->stepped |= steps_there(x, x->end, other);
    if (lp_a64_is_mov(w)) return push(x, at + 4, (mask & ~write) | (UINT32_C(1) << (w & 31) & 0x7fffffff));
    return compares(w) && push(x, at + 4, mask & ~write);
}

/* Does a function read one of these registers as it finds it, though none is an argument? Code that was moved out of several functions does. */
static bool takes(const struct scan *x, uint64_t target, uint32_t mask)
{
    const uint32_t i = lp_side_atom(x->s, lp_side_through(x->s, target));
    if (i == LP_NONE) return true;
    if (x->s->atom[i].kind == LP_ATOM_PLT) return false;
    mask &= TEMPORARY;
    for (uint64_t at = lp_side_through(x->s, target); at < x->s->atom[i].end && mask; at += 4) {
        const uint32_t w = lp_code_word(x->s, at);
        const struct lp_a64_regs r = lp_a64_regs(lp_a64_find(w, LP_A64_ALL), w);
        if (r.read & mask) return true;
        if (lp_word_is_branch(w) || (w & 0xfe000000) == 0xd6000000) break;
        mask &= ~r.write;
    }
    return false;
}

/* A branch to another function, which knows of nothing but arguments. (The .cold part of this one has its registers.) */
static bool is_tail_call(const struct scan *x, uint32_t w, uint64_t target)
{
    const uint32_t i = w >> 26 == 5 && (target < x->a->start || target >= x->a->end) ? lp_side_atom(x->s, target) : LP_NONE;
    const struct lp_atom *b = i == LP_NONE ? NULL : &x->s->atom[i];
    return b && b->start == target && (b->kind == LP_ATOM_PLT || (b->kind == LP_ATOM_FUNC && b->parent == LP_NONE && x->a->parent == LP_NONE));
}

/* What may still be meant where the function returns: results, but of code that was moved out of several functions, anything of theirs. What is compared
 * is one result at the most. */
static uint32_t returned(const struct scan *x)
{
    if (x->compared) return 1;
    const char *name = lp_atom_name(x->a);
    const bool gcc = lp_linked_by(x->s->elf, "GCC") && !lp_linked_by(x->s->elf, "clang"); /* which moves no code out so */
    const bool whole = name ? strncmp(name, "OUTLINED_FUNCTION", 17) != 0 : gcc;
    return whole ? RESULTS : ARGUMENTS | TEMPORARY;
}

/* One word in the way of mask; false: the address gets away. */
static bool step(struct scan *x, uint64_t at, uint32_t mask)
{
    uint32_t w = lp_code_word(x->s, at), field;
    unsigned row = lp_a64_find(w, LP_A64_ALL);
    struct lp_a64_regs r = lp_a64_regs(row, w);
    struct lp_a64_access m;
    uint64_t target;
    bool branch = lp_word_is_branch(w);
    if (row == A64_UNDEFINED) return false;
    if ((w & 0xfe000000) == 0xd6000000) return (w & 0xfffffc1f) == 0xd65f0000 && !(mask & returned(x)) && !(mask >> 30 & 1); /* RET; BR, BLR: unknown */
    if (w >> 26 == 0x25) {
        if ((mask & ARGUMENTS && !x->compared) || !lp_word_target(w, at, &target, &field) || takes(x, target, mask)) return false;
        x->left |= mask & ARGUMENTS;
        return push(x, at + 4, mask & KEPT);
    }
    if (branch && r.read & mask) return false;
    if (branch && lp_word_target(w, at, &target, &field) && is_tail_call(x, w, target))
        return !(mask & (ARGUMENTS | PRESERVED)) && !takes(x, target, mask);
    if (branch && lp_word_target(w, at, &target, &field)) return push(x, target, mask) && (w >> 26 == 5 || push(x, at + 4, mask));
    if (r.read & mask && x->compared) return step_compared(x, at, w, mask, r.write);
    if (r.read & mask) {
        bool access = lp_a64_access(row, w, &m);
        uint32_t others = access ? r.read & mask & ~(UINT32_C(1) << m.base) : 0;
        if (access ? others || m.writeback || !has_address(x, at) : !has_address(x, at) && !adds_index(w)) return false;
        if (!adds_index(w) && !add_user(x, at)) return false;
        if (access && m.store && ((m.rt < 31 && mask >> m.rt & 1) || (m.rt2 < 31 && mask >> m.rt2 & 1))) return false;
        if (!access && adds_index(w)) return push(x, at + 4, (mask & ~r.write) | (UINT32_C(1) << (w & 31) & 0x7fffffff));
    }
    return push(x, at + 4, mask & ~r.write);
}

static bool follow(const struct lp_side *s, uint32_t atom, uint64_t at, bool compared, struct lp_base_users *users)
{
    struct scan *x = scan_of(s, atom);
    uint32_t w = lp_code_word(s, at);
    if (users) users->n = 0;
    const bool adr = compared && (w & 0x9f000000) == 0x10000000;
    bool only = x && (adr || (w & 0x7f800000) == 0x11000000) && (w & 31) != 31;
    if (only) {
        x->users = users;
        x->compared = compared;
        for (uint32_t i = 0; compared && i < x->a->nref; i++)
            if (lp_refs_of_atom(s, x->a)[i].at == at) x->end = lp_refs_of_atom(s, x->a)[i].addr;
        only = push(x, at + 4, UINT32_C(1) << (w & 31));
    }
    for (unsigned steps = 0; only && x->ntodo; steps++) {
        x->ntodo--;
        only = steps < STEPS_MAX && step(x, x->todo[x->ntodo].at, x->todo[x->ntodo].mask);
    }
    /* What is compared may stay in its register over a call of a function that has no such argument. */
    only = only && (!compared || (x->compares && (!x->left || x->stepped)));
    free(x);
    return only;
}

/* ---- what becomes of an address ---- */

enum { INDEXED = 1, READ = 2, WIDE = 4 };

/* ADD of a register, MADD, SUB of as many elements. */
static bool adds(uint32_t w, uint32_t mask)
{
    return adds_index(w) || (w & 0x7f000000) == 0x1b000000 || ((w & 0x7f200000) == 0x4b000000 && w & 0xfc00 && mask >> (w >> 5 & 31) & 1);
}

/* Of elements that are larger than a byte. */
static bool adds_wide(uint32_t w)
{
    return (w & 0x7f000000) == 0x1b000000 || ((w & 0x1f200000) == 0x0b000000 ? w & 0xfc00 : w & 0x1c00) != 0;
}

/* One word that has the address: does it add an index, of elements that are larger than a byte, does it read or write there (and not in front of it)? */
static unsigned use_of(uint32_t w, unsigned row, uint32_t mask)
{
    struct lp_a64_access m;
    if (!lp_a64_access(row, w, &m)) return !adds(w, mask) ? 0 : adds_wide(w) ? INDEXED | WIDE : INDEXED;
    if (!(mask >> m.base & 1)) return 0;
    if (m.index != LP_A64_NO_REG) return m.bytes > 1 ? INDEXED | READ | WIDE : INDEXED | READ;
    return m.off >= 0 && m.back >= 0 ? READ : 0;
}

/* One word in the way of mask; where a way ends does not matter. */
static void step_uses(struct scan *x, uint64_t at, uint32_t mask)
{
    const uint32_t w = lp_code_word(x->s, at);
    const unsigned row = lp_a64_find(w, LP_A64_ALL);
    const struct lp_a64_regs r = lp_a64_regs(row, w);
    uint64_t target;
    uint32_t field;
    if (row == A64_UNDEFINED || ((w & 0xfe000000) == 0xd6000000 && (w & 0xfffffc1f) != 0xd63f0000)) return; /* RET, BR */
    if (w >> 26 == 0x25 || (w & 0xfffffc1f) == 0xd63f0000) {
        push(x, at + 4, mask & KEPT);
        return;
    }
    if (lp_word_is_branch(w) && lp_word_target(w, at, &target, &field)) {
        push(x, target, mask);
        if (w >> 26 != 5) push(x, at + 4, mask);
        return;
    }
    const bool reads = r.read & mask;
    if (reads) x->found |= use_of(w, row, mask);
    push(x, at + 4, (mask & ~r.write) | (reads ? moved(w) : 0));
}

static unsigned uses(const struct lp_side *s, uint32_t atom, uint64_t at)
{
    const uint32_t made = lp_code_word(s, at);
    struct lp_a64_access m;
    if (lp_a64_access(lp_a64_find(made, LP_A64_ALL), made, &m)) return INDEXED | READ; /* of no width: an index is in its base */
    struct scan *x = scan_of(s, atom);
    if (!x) return INDEXED;
    push(x, at + 4, UINT32_C(1) << (made & 31) & 0x7fffffff);
    for (unsigned steps = 0; x->ntodo && steps < STEPS_MAX; steps++) {
        x->ntodo--;
        step_uses(x, x->todo[x->ntodo].at, x->todo[x->ntodo].mask);
    }
    const unsigned found = x->found;
    free(x);
    return found;
}

bool lp_is_indexed(const struct lp_side *s, uint32_t atom, uint64_t at) { return uses(s, atom, at) & INDEXED; }
bool lp_is_wide(const struct lp_side *s, uint32_t atom, uint64_t at) { return uses(s, atom, at) & WIDE; }
bool lp_is_read(const struct lp_side *s, uint32_t atom, uint64_t at) { return uses(s, atom, at) & READ; }

bool lp_only_base(const struct lp_side *s, uint32_t atom, uint64_t at) { return follow(s, atom, at, false, NULL); }
bool lp_only_compared(const struct lp_side *s, uint32_t atom, uint64_t at) { return follow(s, atom, at, true, NULL); }
bool lp_base_users(const struct lp_side *s, uint32_t atom, uint64_t at, struct lp_base_users *users) { return follow(s, atom, at, false, users); }
