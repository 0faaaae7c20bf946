/* flow/inner.h - between flow.c (blocks), tell.c (the result), state.c (what is known where blocks begin), op.c (words), value.c (what
 * a register holds), step.c (what a word does to it), piece.c (what a call does to it) and table.c (jump tables). */
#ifndef LP_FLOW_INNER_H
#define LP_FLOW_INNER_H
#include "flow/flow.h"
#include "flow/fop.h"

/* ---- values: value.c. Each different one has a number; equal numbers are equal values ---- */

typedef uint32_t lp_fv;
enum lp_fv_kind {
    FV_NONE,   /* anything; no address that came from the PC */
    FV_CONST,  /* m[0].v */
    FV_SMALL,  /* anything up to m[0].v; m[0].root = 1: it was compared with that, 0: it has no more bits */
    FV_NAMED,  /* what word m[0].v met last: no address, but equal to all that have this name */
    FV_FOREIGN, /* what a register held that no caller hands over: only code that belongs to another function knows */
    FV_STACK,  /* m[0].v from where SP was in frame m[0].root */
    FV_ADDR,   /* one of n addresses */
    FV_ENTRY,  /* of a jump table at m[0].v with m[0].root entries (0: not known), extended and shifted left;
                * indexed: their number is only what the index has bits for */
    FV_GOAL,   /* the same + m[1].v */
    FV_MANY,   /* one of too many addresses: all were compared where they were made, so that what is added to them means itself */
    FV_OPAQUE, /* part of an address, but it is not known of which */
};
enum { MEMBERS = 4, ID_NONE = 0, ID_ZERO = 1, ID_OPAQUE = 2, ID_MANY = 3, ID_FOREIGN = 4 };
/* Or what is no address; with pages only: or one of too many addresses (FV_MANY), and then the other bit is set, too. */
enum { MAYBE_OTHER = 1, MAYBE_MANY = 2 };
enum lp_fv_space { IN_PAGE, IN_ADDR, IN_TLS };
enum { BY_INDEX = 1, BY_STEPS = 2 }; /* what is added and not known: a register; what ways that met had added */
/* root: of a page, the ref of the word that made it; of an address, what it was when it became one. Two with the same root differ by a step.
 * w, twin_root: the same in the twin; nothing is decided by them. */
struct lp_fv_member { uint64_t v, root; uint32_t space, indexed; uint64_t w, twin_root; };
struct lp_fvalue {
    uint8_t kind, n, maybe;             /* maybe: or something else */
    uint8_t bytes, shift, is_signed;    /* FV_ENTRY, FV_GOAL */
    uint16_t unused;
    struct lp_fv_member m[MEMBERS];
};
struct lp_fv_pool {
    char *v;                            /* each with as many members as count: lp_fv_at(), lp_fv_copy() */
    size_t used, bytes;
    uint32_t *at;                       /* where each is, in units */
    uint32_t *next, *bucket;            /* bucket: of `buckets`, a power of two */
    uint32_t n, cap, buckets, bucket_cap;
    uint32_t *site;                     /* refs of ADRPs whose pages met: a forest (lp_fv_site) */
    size_t site_cap;
    bool failed;
    bool split;                         /* two values that are equal are not in the twin */
};
bool lp_fv_start(struct lp_fv_pool *p); /* anew for the next function */
bool lp_fv_sites(struct lp_fv_pool *p, size_t n); /* so many words that make pages, at most */
void lp_fv_free(struct lp_fv_pool *p);
lp_fv lp_fv_intern(struct lp_fv_pool *p, struct lp_fvalue *v);
lp_fv lp_fv_make(struct lp_fv_pool *p, enum lp_fv_kind kind, uint64_t v, uint64_t root);
lp_fv lp_fv_address(struct lp_fv_pool *p, enum lp_fv_space space, uint64_t v, uint64_t root, uint64_t w);
lp_fv lp_fv_join(struct lp_fv_pool *p, lp_fv a, lp_fv b);
lp_fv lp_fv_pages(struct lp_fv_pool *p, lp_fv a);                            /* without other members, if some are pages */
lp_fv lp_fv_doubt(struct lp_fv_pool *p, lp_fv a);                            /* with `maybe` */
lp_fv lp_fv_add(struct lp_fv_pool *p, lp_fv a, int64_t imm, int64_t twin, bool high); /* + an immediate; high: of which more will follow */
lp_fv lp_fv_sum(struct lp_fv_pool *p, lp_fv a, lp_fv b, bool subtract);      /* + a register; b is shifted already */
lp_fv lp_fv_goal(struct lp_fv_pool *p, lp_fv base, lp_fv entry);                      /* an address + an entry of a table; ID_NONE: it is none */
uint32_t lp_fv_site(struct lp_fv_pool *p, uint32_t ref);                     /* the one that stands for all whose pages met */
enum { FV_UNIT = 8 };
static inline const struct lp_fvalue *lp_fv_at(const struct lp_fv_pool *p, lp_fv id) /* not all of it is there, and not for longer than the next is made */
{
    return (const struct lp_fvalue *)(const void *)(p->v + (size_t)FV_UNIT * p->at[id]);
}
struct lp_fvalue lp_fv_copy(const struct lp_fv_pool *p, lp_fv id);
static inline bool lp_fv_is_address(const struct lp_fv_pool *p, lp_fv id) /* or part of one */
{
    const unsigned kind = lp_fv_at(p, id)->kind;
    return kind == FV_ADDR || kind >= FV_MANY;
}

/* ---- states ---- */

enum { SLOTS = 240, NAMED_SLOTS = 48, FACTS = 4, GRANULES = 256 }; /* slots after the first 48 are for addresses only */
struct lp_ffact { lp_fv name; uint32_t max, soft; };                         /* a named value is at most that; soft: its bits say so */
struct lp_fstate {
    lp_fv reg[REGS];
    struct lp_ffact fact[FACTS];
    uint32_t nslot;                       /* slots that are new since are ID_NONE */
    lp_fv slot[SLOTS];                    /* of a leader, only as many as `room` of the run */
};
/* A word that begins a block. escapes: pages that got away when the block was run last. */
struct lp_fleader { uint32_t state, escapes; uint16_t visits; };
#define NO_STATE UINT32_MAX
struct lp_fslot { int64_t off; uint64_t frame; uint8_t width, next; };       /* next: in the granule, + 1 */
struct lp_fcmp { lp_fv name; uint32_t imm; };                                /* what the flags compare; name 0: not known */

/* The memory is kept for the next function. */
struct lp_frun {
    const struct lp_flow_input *in;
    struct lp_flow *out;
    size_t n, cap;
    struct lp_fop *op;                    /* lp_frun_op: the words that were looked at last, all of most functions */
    uint32_t *op_at;                      /* which those are, + 1 */
    size_t op_mask;
    struct lp_fop_memo *memo;
    uint8_t *kind;                        /* of each word: enum lp_fop_kind */
    uint64_t *leader, *pending, *visited, *ahead, *seeded; /* a bit for each word */
    size_t first, end;                    /* all that are pending since a round began are between these two */
    uint32_t *head_of;                    /* of a leader: index in head + 1 */
    struct lp_fleader *head;
    size_t nhead, cap_head;
    char *state;                          /* struct lp_fstate, with `room` slots each */
    size_t nstate, cap_state, room;
    uint32_t *users;                      /* of a state: how many leaders have it. 0: none, and its first register is the next such, + 1 */
    size_t cap_users;
    uint32_t spare, recent[256];          /* the first such, + 1; states that were made or changed last, + 1 */
    struct lp_fv_pool pool;
    struct lp_fslot slot[SLOTS];
    uint8_t granule[GRANULES];            /* slot + 1 */
    unsigned nslot;
    bool failed;
    bool bounds;                          /* there are jumps to registers: values are named, and what they are compared with is known */
    bool labels;                          /* it makes the address of a place in itself: code that nothing else leads to may be entered after a call */
    struct lp_fescape { lp_fv page; uint32_t next; } *escape; /* lists; next: index + 1 */
    size_t nescape, cap_escape;
    uint32_t escapes;                     /* of the block that runs */
    uint8_t *page_use;                    /* of the ref of a word that makes a page: USED, ALONE */
    struct lp_fheld { uint32_t word; uint8_t reg; lp_fv v; } *held;
    size_t nheld, cap_held;
    bool holding;                         /* the last time: held is made */
    size_t cap_addr, cap_table, cap_ref, cap_use;
    bool nomem;                           /* for refs: not even the least can be said */
    const struct lp_flow_input *twin;     /* NULL: there is none, or it goes another way */
};
void lp_frun_free(struct lp_frun *r);
enum { PAGE_USED = 1, PAGE_ESCAPES = 2 };

/* state.c: the states of leaders. */
static inline size_t lp_fstate_size(size_t room) { return offsetof(struct lp_fstate, slot) + room * sizeof(lp_fv); }
static inline struct lp_fstate *lp_fstate_at(const struct lp_frun *r, size_t k) { return (struct lp_fstate *)(void *)(r->state + k * lp_fstate_size(r->room)); }
/* For n states with as many slots as there are now. */
bool lp_fstate_room(struct lp_frun *r, size_t n);
void lp_fstate_fill(const struct lp_frun *r, struct lp_fstate *s); /* slots that are new */
void lp_fstate_copy(const struct lp_frun *r, struct lp_fstate *to, const struct lp_fstate *from);
/* A state as s, for one user more: the number of one that is there, or of a new one. NO_STATE: r has failed. */
uint32_t lp_fstate_new(struct lp_frun *r, const struct lp_fstate *s);
uint32_t lp_fstate_use(struct lp_frun *r, uint32_t k); /* k, for one user more */
void lp_fstate_drop(struct lp_frun *r, uint32_t k);
/* What is left for one user of k where s comes, too. */
uint32_t lp_fstate_meet(struct lp_frun *r, uint32_t k, const struct lp_fstate *s, bool last, bool *changed);
/* True: `to` is another one now. last: then it will not be again. */
bool lp_fstate_join(struct lp_frun *r, struct lp_fstate *to, const struct lp_fstate *from, bool last);
/* Sets of words. */
static inline bool lp_fset_has(const uint64_t *set, size_t i) { return set[i / 64] >> i % 64 & 1; }
static inline void lp_fset_add(uint64_t *set, size_t i) { set[i / 64] |= UINT64_C(1) << i % 64; }
/* step.c: run word i on a state, and tell what it stands for: the last time counts. */
void lp_frun_step(struct lp_frun *r, struct lp_fstate *s, size_t i, struct lp_fcmp *cmp);
/* What is known after a branch on cmp that was taken, or was not. */
void lp_frun_learn(struct lp_fstate *s, const struct lp_fcmp *cmp, unsigned cond, bool taken);
/* Is this value at most *max? Soft: its bits say so, the program may know better. */
bool lp_frun_bounded(const struct lp_frun *r, const struct lp_fstate *s, lp_fv v, uint32_t *max, bool *soft);
/* lent.c: a state gets the pages that are lent to the function at `at`, or that it returns; at word i, what registers hold is noted; behind a run: which pages
 * are completed elsewhere, and what is told of them. */
void lp_frun_borrow(struct lp_frun *r, struct lp_fstate *s, uint64_t at, bool out);
void lp_frun_doubt(struct lp_frun *r, struct lp_fstate *s, const struct lp_flow_callee *fn);
void lp_frun_hold(struct lp_frun *r, const struct lp_fstate *s, size_t i);
void lp_frun_use_lent(struct lp_frun *r);
void lp_frun_tell_lent(struct lp_frun *r);
void lp_frun_use_pages(struct lp_frun *r, lp_fv id, uint8_t use); /* tell.c */
/* piece.c: what it is; at the call of one, what it adds is told of word i. The entry that it loads; ID_NONE: none. */
struct lp_flow_piece lp_flow_piece_of(struct lp_fop_memo *memo, const struct lp_flow_part *part, uint64_t *on);
lp_fv lp_frun_give(struct lp_frun *r, const struct lp_fstate *s, size_t i, const struct lp_flow_callee *fn);
/* table.c: the table behind a BR to this value; false: it is none. table->n = 0: not understood. */
bool lp_frun_table(const struct lp_frun *r, lp_fv goal, uint64_t br_at, struct lp_flow_table *table);
bool lp_frun_hands_label(struct lp_frun *r); /* a label of its own to others, by ADR */
/* The same of a function (r->in, or the twin), where the table's address and base are known. */
void lp_frun_table_at(const struct lp_frun *r, const struct lp_flow_input *in, const struct lp_fvalue *goal, struct lp_flow_table *t);
size_t lp_flow_word(const struct lp_flow_input *in, uint64_t addr); /* lp_frun_word() */
/* tell.c: the ref of word i, to be changed (the first two are those of all words of code that mean themselves, and of data; the next
 * stand for pages that others lend, in X0 to X28, and what callees lend); what it says without
 * any other; what all words stand for; or, where there is too much of something, the least that is sure. */
enum { REF_NONE, REF_DATA, REF_LENT, REF_LENT_OUT = REF_LENT + LP_FLOW_LENDING, REF_FIRST };
struct lp_flow_ref *lp_frun_ref(struct lp_frun *r, size_t i);
static inline bool lp_frun_has_ref(const struct lp_frun *r, size_t i) { return r->out->of[i] >= REF_FIRST; }
void lp_frun_tell_alone(struct lp_frun *r, size_t i);
void lp_frun_tell(struct lp_frun *r);
void lp_frun_give_up(struct lp_frun *r);
/* flow.c: word i, decoded; until the next one is asked for. */
struct lp_fop *lp_frun_decode(struct lp_frun *r, size_t i);
static inline struct lp_fop *lp_frun_op(struct lp_frun *r, size_t i)
{
    const size_t k = i & r->op_mask;
    return r->op_at[k] == i + 1 ? &r->op[k] : lp_frun_decode(r, i);
}
/* The word at an address; SIZE_MAX: in no part. */
size_t lp_frun_word(const struct lp_frun *r, uint64_t addr);
/* twin.c: the offset of word i of the twin, where that of word i is `imm`; what its ADRP or ADR makes, where it is `addr` here. */
int64_t lp_ftwin_imm(const struct lp_frun *r, size_t i, int64_t imm);
uint64_t lp_ftwin_page(const struct lp_frun *r, size_t i);
uint64_t lp_ftwin_place(const struct lp_frun *r, uint64_t addr);
/* Is an address here the same place of the function that w is of the twin, or none? And do BRs to this value lead there? If not, the twin goes another way. */
void lp_ftwin_same_place(struct lp_frun *r, uint64_t addr, uint64_t w);
void lp_ftwin_same_table(struct lp_frun *r, const struct lp_fvalue *goal, const struct lp_flow_table *t);
/* Behind a run: what its refs are in the twin, if all went the same way. */
void lp_ftwin_tell(struct lp_frun *r);
uint64_t lp_frun_pc(const struct lp_frun *r, size_t i);
#endif
