/* diff/flow_inner.h - between flow.c (blocks, the result), flow_op.c (words), flow_value.c (what a register holds), flow_step.c (what a word does to it)
 * and flow_table.c (jump tables). */
#ifndef LP_DIFF_FLOW_INNER_H
#define LP_DIFF_FLOW_INNER_H
#include "diff/flow.h"

/* What a call may change by the procedure call standard (AAPCS64 6.1.1): X0-X18 and X30. */
enum { LAST_CALL_CLOBBERED = 18, CALL_CLOBBERED = 0x4007ffff };

/* ---- words, decoded once: flow_op.c ---- */

enum { REG_SP = 31, REG_ZR = 32, REG_SINK = 33, REGS = 34, NO_REG = 32 };
enum lp_fop_kind {
    OP_OTHER, OP_ADRP, OP_ADR, OP_CONST, OP_MOVK, OP_ADD_IMM, OP_ADD_REG, OP_MOV, OP_EXTEND, OP_SHIFT, OP_MASK, OP_SELECT, OP_MEM, OP_THREAD,
    OP_BRANCH, OP_BRANCH_IF, OP_CALL, OP_CALL_REG, OP_JUMP_REG, OP_RETURN, OP_STOP, OP_PAD, OP_DATA
};
enum lp_fop_flags {
    F_WIDE = 1,      /* 64 bits */
    F_SETS = 2,      /* the condition flags */
    F_HIGH = 4,      /* OP_ADD_IMM: LSL #12 */
    F_SUB = 8,       /* OP_ADD_REG */
    F_LOAD = 16, F_STORE = 32, F_SIGNED = 64, /* OP_MEM, OP_EXTEND */
    F_SIMPLE = 128,  /* OP_MEM: rd and rt2 are what is transferred */
    F_BACK = 256,    /* OP_MEM: the base becomes base + back */
    F_LITERAL = 512, /* OP_MEM without a base */
    F_LOW = 1024,    /* imm is a field of 12 bits without a sign: what completes a page has one */
};
struct lp_fop {
    uint8_t kind, rd, rn, rm;       /* OP_MEM: rd, rt2 are transferred, rn is the base, rm the index (NO_REG = none) */
    uint8_t rt2, bytes, each, cond; /* each: of one register */
    uint8_t extend, shift;          /* of rm */
    uint16_t flags;
    int32_t back;                   /* OP_CALL: number of the callee in the survey, + 1; 0: it is not there. cond: does it return? */
    int64_t imm;                    /* offset, constant, or address */
    uint32_t read, write;           /* registers, by the tables */
};
void lp_fop_decode(uint32_t word, uint64_t pc, struct lp_fop *op);
/* Is imm an address that the word has by itself? */
static inline bool lp_fop_is_relative(const struct lp_fop *o)
{
    return o->kind == OP_ADRP || o->kind == OP_ADR || o->kind == OP_BRANCH || o->kind == OP_BRANCH_IF || o->kind == OP_CALL || o->flags & F_LITERAL;
}
/* The same; most words have been seen before, and mean the same again but for their distance from the PC. memo: NULL, or of MEMO entries. */
enum { MEMO_BITS = 12, MEMO = 1 << MEMO_BITS };
struct lp_fop_memo { uint32_t word; bool there; struct lp_fop op; };
void lp_fop_known(struct lp_fop_memo *memo, uint32_t word, uint64_t pc, struct lp_fop *op);

/* ---- values: flow_value.c. Each different one has a number; equal numbers are equal values ---- */

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
enum lp_fv_space { IN_PAGE, IN_ADDR, IN_TLS };
enum { BY_INDEX = 1, BY_STEPS = 2 }; /* what is added and not known: a register; what ways that met had added */
/* root: of a page, the word that made it; of an address, what it was when it became one. Two with the same root differ by a step. */
struct lp_fv_member { uint64_t v, root; uint32_t space, indexed; };
struct lp_fvalue {
    uint8_t kind, n, maybe;             /* maybe: or something that is no address */
    uint8_t bytes, shift, is_signed;    /* FV_ENTRY, FV_GOAL */
    uint16_t unused;
    struct lp_fv_member m[MEMBERS];
};
struct lp_fv_pool {
    struct lp_fvalue *v;
    uint32_t *next, *bucket;            /* bucket: of `buckets`, a power of two */
    uint32_t n, cap, buckets;
    uint32_t *site;                     /* words of ADRPs whose pages met: a forest (lp_fv_site) */
    bool failed;
};
bool lp_fv_init(struct lp_fv_pool *p, size_t words);
void lp_fv_free(struct lp_fv_pool *p);
lp_fv lp_fv_intern(struct lp_fv_pool *p, struct lp_fvalue *v);
lp_fv lp_fv_make(struct lp_fv_pool *p, enum lp_fv_kind kind, uint64_t v, uint64_t root);
lp_fv lp_fv_address(struct lp_fv_pool *p, enum lp_fv_space space, uint64_t v, uint64_t root);
lp_fv lp_fv_join(struct lp_fv_pool *p, lp_fv a, lp_fv b);
lp_fv lp_fv_pages(struct lp_fv_pool *p, lp_fv a);                            /* without other members, if some are pages */
lp_fv lp_fv_doubt(struct lp_fv_pool *p, lp_fv a);                            /* with `maybe` */
lp_fv lp_fv_add(struct lp_fv_pool *p, lp_fv a, int64_t imm, bool high);      /* + an immediate; high: of which more will follow */
lp_fv lp_fv_sum(struct lp_fv_pool *p, lp_fv a, lp_fv b, bool subtract);      /* + a register; b is shifted already */
uint32_t lp_fv_site(struct lp_fv_pool *p, uint32_t word);                    /* the one that stands for all whose pages met */
static inline const struct lp_fvalue *lp_fv_at(const struct lp_fv_pool *p, lp_fv id) { return &p->v[id]; }

/* ---- states ---- */

enum { SLOTS = 240, NAMED_SLOTS = 48, FACTS = 4, GRANULES = 256 }; /* slots after the first 48 are for addresses only */
struct lp_ffact { lp_fv name; uint32_t max, soft; };                         /* a named value is at most that; soft: its bits say so */
struct lp_fstate {
    lp_fv reg[REGS];
    struct lp_ffact fact[FACTS];
    lp_fv slot[SLOTS];
    uint32_t visits;                      /* last: not copied */
};
struct lp_fslot { int64_t off; uint64_t frame; uint8_t width, next; };       /* next: in the granule, + 1 */
struct lp_fcmp { lp_fv name; uint32_t imm; };                                /* what the flags compare; name 0: not known */

struct lp_frun {
    const struct lp_flow_input *in;
    struct lp_flow *out;
    size_t n;
    struct lp_fop *op;
    uint64_t *leader, *pending, *visited, *ahead; /* a bit for each word */
    uint32_t *state_of;                   /* of a leader: index in state + 1 */
    struct lp_fstate *state;
    size_t nstate, cap_state;
    struct lp_fv_pool pool;
    struct lp_fslot slot[SLOTS];
    uint8_t granule[GRANULES];            /* slot + 1 */
    unsigned nslot;
    bool failed, emit;
    uint8_t *page_use;                    /* of a word that makes a page: USED, ALONE */
    size_t cap_addr, cap_table;
};
enum { PAGE_USED = 1, PAGE_ESCAPES = 2 };

/* flow_step.c: run word i on a state; in the last pass (emit) tell what it stands for. */
void lp_frun_step(struct lp_frun *r, struct lp_fstate *s, size_t i, struct lp_fcmp *cmp);
/* What is known after a branch on cmp that was taken, or was not. */
void lp_frun_learn(struct lp_fstate *s, const struct lp_fcmp *cmp, unsigned cond, bool taken);
/* Is this value at most *max? Soft: its bits say so, the program may know better. */
bool lp_frun_bounded(const struct lp_frun *r, const struct lp_fstate *s, lp_fv v, uint32_t *max, bool *soft);
/* flow_table.c: the table behind a BR to this value; false: it is none. table->n = 0: not understood. */
bool lp_frun_table(const struct lp_frun *r, lp_fv goal, uint64_t br_at, struct lp_flow_table *table);
/* flow.c: the word at an address; SIZE_MAX: in no part. */
size_t lp_frun_word(const struct lp_frun *r, uint64_t addr);
uint64_t lp_frun_pc(const struct lp_frun *r, size_t i);
#endif
