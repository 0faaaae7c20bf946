/* diff/write/word.h - one word of a new body: where is what it is about (meant.c), and how does the patch say that (words.c)? */
#ifndef LP_DIFF_WRITE_WORD_H
#define LP_DIFF_WRITE_WORD_H
#include "diff/write/write.h"

struct word {
    lp_diff *d;
    const struct lp_side *s;
    uint32_t atom, w;
    uint64_t at;
    const struct lp_ref_at *ref;
    unsigned n;
    struct lp_new_word *out;
    bool refused; /* it has been said why it is nowhere */
};

/* ---- words.c ---- */
/* All false: why there can be no such word. Of base and unresolved, the first of a function. */
bool lp_word_refuse(const struct word *x, enum lp_refusal id, const char *why);
bool lp_word_refuse_base(const struct word *x, const char *why);
bool lp_word_unresolved(const struct word *x);
/* ---- meant.c ---- */
struct lp_there lp_word_there(struct word *x, const struct lp_use *u);
/* Why something is nowhere; false. */
bool lp_word_nowhere(const struct word *x, const struct lp_use *u);
/* Is there, as far from the old file's base, a constant that holds the same, and all that may be meant by it? */
bool lp_word_is_as_far(const struct word *x, const struct lp_use *u, const struct lp_there *base, int64_t off);
/* An address that is made only as a base for others (a section anchor): where it must be so that they are right in the old file, if one place does for
 * all. Else it is what it says. */
struct lp_there lp_word_base(struct word *x, const struct lp_ref_at *r);
/* Where the base of this word is, which other words of the function make, if it is nothing but a base; false: not one place. */
bool lp_word_made_at(struct word *x, const struct lp_ref_at *user, uint64_t base, struct lp_there *out);
#endif
