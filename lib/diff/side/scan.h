/* diff/side/scan.h - a walk through a function to see what becomes of an address (scan.c), and of all of them (fate.c). */
#ifndef LP_DIFF_SCAN_H
#define LP_DIFF_SCAN_H
#include "a64/a64.h"
#include "diff/side/seen.h"
#include "diff/side/walk.h"

enum { SLOTS = 1024, HEADS = 256 };
enum { STEPS_MAX = 8192, SOON = 64 }; /* of a walk. One that takes more than SOON, in a large function, asks for what becomes of all addresses there (fate.c) */
#define ARGUMENTS UINT32_C(0x1ff)      /* X0-X8: where a result goes, too */
#define RESULTS UINT32_C(3)            /* X0, X1 (AAPCS64 6.9) */
#define TEMPORARY UINT32_C(0x7fe00)    /* X9-X18 */
#define PRESERVED UINT32_C(0x3ff80000) /* X19-X29 */
#define KEPT UINT32_C(0x1ffffe00)      /* X9-X28, over a call: callers know which ones a function that they see leaves alone, and read no others
                                        * behind it; no address is left in the frame pointer */

/* Where the registers of `mask` hold the address, or it and an index. */
struct scan {
    bool inside;            /* an address in the same array counts as well: one that a number or an index was added to */
    bool single;            /* X1 is no result: two of them are rare */
    bool compared, stepped; /* stepped: it is compared with what steps through the array that it ends, */
    struct lp_stepped stops; /* and that is beside this one; or of none */
    uint32_t left;          /* argument registers that have it where a function is called */
    unsigned compares, found, ntodo, nseen;
    const struct lp_side *s;
    const struct lp_atom *a;
    struct lp_words code;
    struct lp_base_users *users;
    uint64_t end; /* the address */
    uint64_t at;  /* the word that is looked at, where the registers of mask have it */
    uint32_t mask;
    uint64_t before; /* an index that leads no farther than that is none; 0: each is one */
    bool paged;      /* it is a page, end: what is asked for is a word that completes it, the first of them */
    uint64_t user;
    bool others;     /* what it is compared with need not be the function's own */
    bool over; /* a way ends with a call that does not come back */
    bool moves; /* only MOV leaves it an address of the same */
    bool copied; /* handed.c: an address that is made of it is one, too; of no other one does the place count */
    int64_t frame, fp, slot; /* frame.c: 0: not asked yet */
    uint32_t ref;    /* where the references were searched for last */
    uint16_t head[HEADS]; /* of what was seen: lists by place, each index + 1 */
    struct { uint64_t at; uint32_t mask; uint16_t next; } todo[SLOTS], seen[SLOTS]; /* last: not all of it is cleared */
};

enum { INDEXED = 1 << LP_FATE_INDEXED, READ = 1 << LP_FATE_READ, WIDE = 1 << LP_FATE_WIDE, COMPARED = 1 << LP_FATE_COMPARED }; /* uses */

static inline bool adds_index(uint32_t w) { return (w & 0x7f200000) == 0x0b000000 || (w & 0x7fe00000) == 0x0b200000; } /* ADD of a register */

/* CMP and SUB of two registers, which say how far two addresses are from one another. */
static inline bool compares(uint32_t w) { return w >> 30 & 1 && ((w & 0x1f200000) == 0x0b000000 || (w & 0x1fe00000) == 0x0b200000); }

static inline bool mask_has(uint32_t mask, unsigned reg) { return reg < 31 && mask >> reg & 1; }

/* Where the address is that a word has, if that word does nothing but move it along or add a number. */
static inline uint32_t moved(uint32_t w) { return lp_a64_is_mov(w) || lp_a64_is_add_imm_any(w) ? lp_a64_rd_bit(w) : 0; }

/* Where a call leaves the address. */
static inline uint32_t kept(const struct lp_callee *c, uint32_t mask) { return c->whole ? mask & ~c->write & ~(UINT32_C(1) << 30) : mask & KEPT; }

/* ---- scan.c ---- */
struct scan *lp_scan_new(const struct lp_side *s, uint32_t atom); /* for free() */
/* The way from there on is still to be gone. False: it leads out of the function, or there are too many. */
bool lp_scan_push(struct scan *x, uint64_t at, uint32_t mask);
/* The next way, if there is one. */
static inline bool lp_scan_take(struct scan *x)
{
    if (x->mask) return true;
    if (!x->ntodo) return false;
    x->ntodo--;
    x->at = x->todo[x->ntodo].at, x->mask = x->todo[x->ntodo].mask;
    return true;
}
/* On to the next word; false: there is none. */
static inline bool lp_scan_go_on(struct scan *x, uint32_t mask)
{
    x->at += 4, x->mask = mask;
    return !mask || x->at < x->a->end;
}
/* On behind a call. One that ends the function does not come back. */
static inline bool lp_scan_go_on_behind(struct scan *x, uint32_t mask) { return lp_scan_go_on(x, x->at + 4 < x->a->end ? mask : 0); }
/* At a branch: both ways, or the one to its target; at a BR: all that its jump table leads to. False: it is not known where that is. */
bool lp_scan_branch(struct scan *x, uint64_t target, bool both, uint32_t mask);
bool lp_scan_jump(struct scan *x, uint32_t mask);
/* The first reference of this word or of one behind it. */
uint32_t lp_scan_ref(struct scan *x, uint64_t at);
bool lp_scan_has_address(struct scan *x, uint64_t at);
/* The one address that it adds an index to; NULL: it does not, or there are several. */
const struct lp_ref_at *lp_scan_indexed(struct scan *x, uint64_t at);
/* Is it a call that finds a thread-local variable, in whose way the registers of the mask are not? */
bool lp_scan_is_passed(const struct scan *x, uint64_t at, uint32_t mask);
/* Does a function read one of these registers as it finds it, though none is an argument? */
bool lp_scan_takes(const struct lp_callee *c, uint32_t mask);
/* In which registers the address may still be meant where the function returns. */
uint32_t lp_scan_returned(const struct scan *x);
/* ---- uses.c ---- */
/* One word that has the address: does it add an index, of elements that are larger than a byte, does it read or write there (and not in front of it), does
 * it compare it with another one? */
unsigned lp_use_of(uint32_t w, unsigned row, uint32_t mask);
/* look for each word that has the address of which the word at this place makes, in which registers; as far as it is only moved along. */
typedef void lp_scan_look(const struct scan *x, uint64_t at, uint32_t w, unsigned row, uint32_t mask, uint64_t size, void *ctx);
void lp_scan_moves(struct scan *x, uint64_t at, unsigned most, lp_scan_look *look, uint64_t size, void *ctx);
/* ---- frame.c ---- */
/* A word that has to do with the frame, where a variable of the function's own (LP_SCAN_SLOT) or a register holds the address: who does behind it. LOST: it is
 * elsewhere, too. */
#define LP_SCAN_SLOT (UINT32_C(1) << 31)
enum lp_framed { LP_NOT_FRAMED, LP_FRAMED, LP_FRAMED_LOST };
enum lp_framed lp_scan_frame(struct scan *x, const struct lp_seen_word *seen, uint32_t *mask);
/* ---- fate.c ---- */
/* Of each word of a large function; NULL: of others, no memory, or, unless they are to be made, that they were not asked for yet. Until those of other
 * functions are asked for: of so many as have few words together, they are kept. */
const struct lp_fate *lp_fates_of(const struct lp_side *s, uint32_t atom, bool make);
/* What becomes of an address in this register from there on; at no place of the function: it gets away. */
static inline bool lp_has_fate(const struct lp_side *s, const struct lp_fate *v, uint32_t atom, uint64_t at, unsigned reg, unsigned kind)
{
    const struct lp_atom *a = &s->atom[atom];
    return at >= a->start && at < a->end ? v[(at - a->start) / 4].is[kind] >> reg & 1 : kind == LP_FATE_AWAY;
}
#endif
