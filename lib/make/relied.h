/* make/relied.h - what callers may rely on of a function that is replaced, because their compiler has seen its old body. */
#ifndef LP_MAKE_RELIED_H
#define LP_MAKE_RELIED_H
#include "make/maker.h"

/* A function's words, as the program has it or as the patch makes it. fix: of each word, or NULL. base: its address; 0 = a new body, which has none yet. */
struct lp_words { uint64_t entry, base; size_t n; uint32_t *word; const struct lp_fixup **fix; };
struct lp_branch { uint64_t to, from; };
struct lp_relied {
    struct lp_maker *m;
    const lp_patch *patch;
    struct lp_branch *branch;           /* all of the target, by where they lead */
    size_t nbranch, branch_cap;
    struct lp_buf list;                 /* of places that are told */
    unsigned ntold, steps;
    bool nomem;
};
enum lp_leads { LP_LEADS_ON, LP_LEADS_CALL, LP_LEADS_CALL_REG, LP_LEADS_JUMP, LP_LEADS_JUMP_IF, LP_LEADS_JUMP_REG, LP_LEADS_RETURN, LP_LEADS_STOP };
enum lp_leads lp_leads_of_row(unsigned row); /* of an instruction, A64_... */
enum lp_leads lp_leads_of(uint32_t word);

/* False: there is none of which all words are known. *out is for lp_relied_free() in any case. */
bool lp_relied_old(const struct lp_relied *l, uint64_t entry, struct lp_words *out);
bool lp_relied_new(const struct lp_relied *l, const struct lp_func *f, uint64_t entry, struct lp_words *out);
void lp_relied_free(struct lp_words *b);
/* Where a direct branch leads: a new function of the patch (*item), or an address, 0 = not known; *name: the symbol's, or NULL. False: into this body. */
bool lp_relied_leaves(const struct lp_relied *l, const struct lp_words *b, size_t i, uint64_t *to, const struct lp_func **item, const char **name);
/* A function of the target whose code is there; NULL = none. */
const struct lp_elf_symbol *lp_relied_function(const struct lp_relied *l, uint64_t addr);
bool lp_relied_replaced(const struct lp_relied *l, const struct lp_elf_symbol *f);
/* The first of the branches that lead there. */
size_t lp_relied_first(const struct lp_relied *l, uint64_t to);
void lp_relied_note(struct lp_relied *l, uint64_t at);          /* a place for the list */
const char *lp_relied_list(struct lp_relied *l, const char **more);

/* unwound.c: callers whose exception tables have no entry for the call. */
void lp_relied_throws(struct lp_relied *l, const struct lp_made *made, const struct lp_words *old, const struct lp_words *now);

/* values.c: what registers hold in front of each word, as far as compilers' code goes: a constant or an address, an argument, the stack pointer at the entry,
 * each with something added. */
enum lp_val_kind { LP_VAL_UNKNOWN, LP_VAL_LEFT, LP_VAL_CONST, LP_VAL_ARG, LP_VAL_STACK }; /* LEFT: on some way, what a call has left there */
struct lp_val { uint8_t kind, arg; uint64_t v; };
struct lp_vals { struct lp_val r[32]; bool seen; };
/* By word; free() it. NULL: the body is too large, or there is no memory. */
struct lp_vals *lp_vals_of(const struct lp_relied *l, const struct lp_words *b);
/* What is accessed at a word, if that is known: bytes at where. */
struct lp_touch { struct lp_val where; uint8_t bytes, rt, rt2; bool load, store; };
bool lp_vals_touch(const struct lp_relied *l, const struct lp_words *b, size_t i, const struct lp_vals *v, struct lp_touch *out);

/* kept.c: variables that callers keep in registers over the call. */
void lp_relied_keeps(struct lp_relied *l, const struct lp_made *made, const struct lp_words *old, const struct lp_words *now);
#endif
