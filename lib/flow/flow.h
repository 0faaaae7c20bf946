/* flow/flow.h - what address each word of a function stands for, found by following the values of registers and stack slots along its control flow.
 *
 * Words hold pieces of addresses: a page here, the rest of it some words later, and where functions move, those pieces change. So two builds are compared
 * by what the pieces mean. A word whose ref has kind LP_FLOW_NONE means what its bits say; of every other one the bits of its offset are free to
 * differ as long as its addresses have the same name.
 *
 * Rules for whoever compares (each is needed for "equal" to be a proof):
 *   TARGET, ADDR, TLS  equal if each address of one has the same name as one of the other, and the other way round, and the words are equal apart from
 *                      the offset's bits.
 *   + LP_FLOW_MAYBE    on some way here the base is no address: equal only if the offset's bits are the same, too.
 *   PAGE               part of an address that other words complete: their refs say all, so any page equals any other. But with LP_FLOW_ALONE (in
 *                      either one) the page counts by itself, as an address.
 *   OPAQUE             not known: never equal by proof.
 * Link-time addresses throughout. Thread-safe: no state but what the caller has; a survey is for one thread at a time. */
#ifndef LP_FLOW_FLOW_H
#define LP_FLOW_FLOW_H
#include <arm64lp/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lp_flow_kind {
    LP_FLOW_NONE,   /* the word means itself */
    LP_FLOW_TARGET, /* by itself relative to the PC: B BL B.cond CBZ CBNZ TBZ TBNZ ADR, LDR and PRFM (literal) */
    LP_FLOW_PAGE,   /* ADRP, and ADD and SUB of an immediate that make a part of an address only (LSL #12): addr is what they make */
    LP_FLOW_ADDR,   /* ADD or SUB of an immediate, load, store or prefetch on an address that is known: what it makes or touches */
    LP_FLOW_TLS,    /* the same on the thread pointer: addr is the distance from it */
    LP_FLOW_OPAQUE, /* an offset on a base that came from a page, but it is not known which */
    LP_FLOW_DATA,   /* no code (lp_flow_input.is_code) */
};
enum lp_flow_flags {
    LP_FLOW_INDEXED = 1, /* ADDR, TLS: something that is not known (an index, a loop's step) is added; addr is without it */
    LP_FLOW_MAYBE = 2,   /* on some way here the base is no address */
    LP_FLOW_ALONE = 4,   /* PAGE: used by itself, or by no word of the function */
    LP_FLOW_SEVERAL = 8, /* there are n addresses: lp_flow.addr[ref.addr] and those that follow */
    LP_FLOW_STEPS = 64,  /* INDEXED: ways met that had added different numbers, of which addr has the first only; the words that added them tell */
    LP_FLOW_OF_PAGE = 128, /* the base is a page (of one of the addresses), which nothing but this word is compared for */
};
struct lp_flow_ref {
    uint64_t addr;
    uint8_t kind, flags;
    uint8_t n;      /* addresses; 1 unless LP_FLOW_SEVERAL */
    uint8_t width;  /* bytes that the word touches at each; 0: it only makes the address */
    uint32_t told;  /* the dataflow's own: the value that it is about, or where a BR to a register leads */
};
/* A jump table: n entries of entry_bytes each at `at`; the target of entry e is base + (e << shift). n = 0: there is one, but it is not understood. */
struct lp_flow_table {
    uint64_t br_at, at, base;
    uint32_t n;
    uint8_t entry_bytes, shift;
    bool is_signed;
    bool offsets;                /* no jump: br_at is where an entry is added to the table's own address, and n is 0 */
    bool guessed;                /* no bound was found: n is how many entries lead into the function, and may be too many */
};
enum { LP_FLOW_LENDING = 29, LP_FLOW_OF_CALLEES = LP_FLOW_LENDING }; /* so many registers may have pages that are lent: X0-X28 */
struct lp_flow {
    uint32_t *of;                /* of each word, of the parts in their order: its ref (lp_flow_ref_of). Most have none of their own. */
    size_t n;
    struct lp_flow_ref *ref;
    size_t nref;
    uint64_t *addr;              /* of refs with several */
    size_t naddr;
    struct lp_flow_table *table; /* by br_at */
    size_t ntable;
    bool lost;                   /* a piece of code reads a table of offsets (lp_flow_piece), and from which one this function gives it is not known */
    bool gave_up;                /* the function is too large or too tangled: what is not TARGET is OPAQUE */
    struct lp_flow_held *held;   /* asked for by lp_flow_input.holds */
    size_t nheld;
    uint32_t lent;               /* bit n: the page that callers lend in Xn is completed, and does not get away; OF_CALLEES: that of callees */
    bool kept_lent;              /* of which one got away */
    struct lp_flow_ref *twin;    /* of each ref: what it is in the twin, its addresses in twin_addr; NULL: there is none, or that it follows is not sure */
    uint64_t *twin_addr;
    struct lp_flow_table *twin_table;
};

/* What a register has at a call, at a branch out of the function, or at a return: a page, an address, neither (X9 and above), or what the function found
 * there. (Not listed: of several kinds, or parts of addresses.) */
enum lp_flow_holds { LP_HOLDS_PAGE, LP_HOLDS_ADDR, LP_HOLDS_NONE, LP_HOLDS_FOREIGN };
struct lp_flow_held { uint64_t at, v; uint8_t reg, what; };
/* What all lend a function that call it, or (out) what it returns with always (foreign: what it found): of code that was moved out of several functions.
 * completed: a page, by whoever gets it, so that it is compared there; kept: not only so. */
struct lp_flow_lent { uint64_t at, v; uint8_t reg, what; bool out, completed, kept; };

/* What all functions of a file together tell, for use with each one: which registers a callee leaves alone (compilers know that of functions that
 * they see, and keep values there), and where the code says that data begin (a jump table without a bound does not go beyond). */
struct lp_flow_part;
/* A piece that was moved out of functions, and what it does up to its first branch. sum: it adds an entry to the table in Xrn that it reads, or Xrn and Xrm as
 * they come, which may be such. loads: it returns with an entry of the table in Xbase in Xentry. compares: and with the flags of Xcompared with a number. */
enum lp_piece_sum { LP_PIECE_NONE, LP_PIECE_READS, LP_PIECE_ADDS };
struct lp_flow_piece { uint32_t with; uint8_t compares, compared, loads, base, entry, sum, rn, rm; };
struct lp_flow_callee {
    uint64_t at;
    uint32_t clobbers;            /* bit n: it may change Xn */
    uint32_t pages_in, pages_out; /* bit n: a page is in Xn at a call of it, and when it returns (code that was moved out of several functions) */
    uint32_t saves, puts;         /* registers that it keeps in a frame of its own, and so leaves as they were; in a frame that others have */
    bool frame;                   /* it has one */
    bool unsure;                  /* it may change others, too */
    uint32_t unsure_from;         /* why: 0, by itself; else it calls one that is and has less here, so that no ring of calls is unsure by nothing else */
    bool returns;                 /* it has a way to (noreturn functions have none) */
    uint64_t on;                  /* 0, or where it branches at once: that one's piece is its own */
    struct lp_flow_piece piece;
};
struct lp_fop_memo;
struct lp_frun;
/* near: of each stretch of addresses, how many functions begin in front. memo, run: words seen, and memory, for one function after the other. */
struct lp_flow_survey {
    uint64_t words;
    struct lp_flow_callee *fn;
    size_t nfn;
    uint64_t *mark;
    size_t nmark;
    uint32_t *near;
    size_t nnear;
    struct lp_fop_memo *memo;
    struct lp_frun *run;
    const struct lp_flow_lent *lent; /* by `at`: the caller's */
    size_t nlent;
    bool borrowed;                /* fn, near and mark are another survey's, which is there for longer */
};
/* The parts are functions (and .cold parts). *out is for lp_flow_survey_free() in any case. */
lp_status lp_flow_survey(const struct lp_flow_part *part, size_t n, bool (*returns)(void *ctx, uint64_t addr), void *ctx, struct lp_flow_survey *out,
                         struct lp_error *err); /* returns: as in lp_flow_input */
/* The same of code in which some functions are others now, of the same size, and some came to it that no other calls; for as long as `old` is there.
 * False: what changed says something else about calls (or there is no memory), so that all must be looked at. */
struct lp_flow_changes { const struct lp_flow_part *before, *after; size_t nchanged; const struct lp_flow_part *added; size_t nadded; };
bool lp_flow_survey_changed(const struct lp_flow_survey *old, const struct lp_flow_changes *c, bool (*returns)(void *ctx, uint64_t addr), void *ctx,
                            struct lp_flow_survey *out);
/* The same for another thread, as long as s is there. False: no memory. *out is for lp_flow_survey_free() in any case. */
bool lp_flow_survey_beside(const struct lp_flow_survey *s, struct lp_flow_survey *out);
void lp_flow_survey_free(struct lp_flow_survey *s);
void lp_flow_survey_rest(struct lp_flow_survey *s); /* frees what only the dataflow needs */
/* The first address behind this one that the code makes by ADRP and ADD; UINT64_MAX if there is none. */
uint64_t lp_flow_survey_next(const struct lp_flow_survey *s, uint64_t addr);
const struct lp_flow_callee *lp_flow_survey_callee(const struct lp_flow_survey *s, uint64_t addr); /* NULL: no part begins there */
void lp_flow_survey_instead(struct lp_flow_survey *s, uint64_t addr, uint64_t body); /* who calls the one gets to the other */
bool lp_flow_same_piece(const struct lp_flow_callee *f, const struct lp_flow_callee *g); /* each may be NULL */

/* Code that belongs together: a function, then its .cold part and the like (which go on with the registers of the function). Entered at its first word. */
struct lp_flow_part { uint64_t at; const void *code; size_t words; };
/* Where exceptions land that leave a call in [from, to). */
struct lp_flow_pad { uint64_t from, to, at; };
struct lp_flow_input {
    const struct lp_flow_part *part;
    size_t nparts;
    /* Bytes at an address that the program does not change and no relocation fills: jump tables. *avail: how many follow. NULL = none. */
    const uint8_t *(*bytes)(void *ctx, uint64_t addr, uint64_t *avail);
    /* The address that 8 bytes there hold for good, as of a literal pool. NULL = it is not known of any. */
    bool (*pool)(void *ctx, uint64_t addr, uint64_t *value);
    /* Is there code at this address? *until: up to where the answer holds. NULL = all is code. */
    bool (*is_code)(void *ctx, uint64_t addr, uint64_t *until);
    /* Does a call of this address come back? Asked of what the survey does not have. NULL = all do. */
    bool (*returns)(void *ctx, uint64_t addr);
    const struct lp_flow_survey *survey; /* NULL = none */
    bool holds;                          /* lp_flow.held is to be made */
    bool caught;                         /* exceptions may leave calls for code that nothing else leads to */
    const struct lp_flow_pad *pad;       /* by `from`, none in another; npad 0: it is not known for which code. With a twin, it has the same */
    size_t npad;
    /* NULL, or (part, bytes, survey, ctx) another function of one part, as this one, of the same words but for pages of ADRP, 12 bits of ADD and of loads
     * and stores that complete them, and where branches lead out of it and calls, which do the same; all is code. It is followed at once: values have two
     * addresses each. If those are in the same order, and equal where those are, each step on the one is the same step on the other. */
    const struct lp_flow_input *twin;
    void *ctx;
};
/* LP_E_NOMEM is the only failure. *out is for lp_flow_free() in any case. */
lp_status lp_flow_function(const struct lp_flow_input *in, struct lp_flow *out, struct lp_error *err);
void lp_flow_free(struct lp_flow *flow);
static inline const struct lp_flow_ref *lp_flow_ref_of(const struct lp_flow *f, size_t word) { return &f->ref[f->of[word]]; }
/* Entry i of a table, as a target; `bytes` are those of the table. */
uint64_t lp_flow_table_target(const struct lp_flow_table *t, const uint8_t *bytes, uint32_t i);
#endif
