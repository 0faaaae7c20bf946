/* elf/suffix.h - what compilers add to the names of functions that they make of one: the table of all of it. */
#ifndef LP_ELF_SUFFIX_H
#define LP_ELF_SUFFIX_H

enum lp_suffix {
    LP_SUFFIX_COLD = 1,  /* a part that is away from the rest and belongs to it, with its registers */
    LP_SUFFIX_COPY = 2,  /* a function of its own, which does what the one of the name does, or some of it */
    LP_SUFFIX_NAME = 4,  /* the function itself, as link-time optimisation calls it */
    LP_SUFFIX_ALIAS = 8, /* the same, within its file */
};
/* The first suffix of these kinds; NULL = none. */
const char *lp_suffix_find(const char *name, unsigned kinds);
/* The kind of the suffix that begins here; 0 = none does. */
unsigned lp_suffix_kind(const char *suffix);
#endif
