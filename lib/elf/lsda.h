/* elf/lsda.h - exception tables (language-specific data areas) as GCC and LLVM write them for C++, C and others.
 * Source: the C++ ABI for Itanium, "Exception Handling Tables"; the LSB's encodings of pointers. Every bound is checked. */
#ifndef LP_ELF_LSDA_H
#define LP_ELF_LSDA_H
#include "elf/cfi.h"

/* What is behind the header. landing: what landing pads are relative to; lead: that of struct lp_fde. */
struct lp_lsda { struct lp_cfi_reader sites, actions, types; uint64_t landing, lead; uint8_t site_enc, type_enc; bool has_types; };
struct lp_lsda_site { uint64_t start, len, pad, action; }; /* start: from the function's; pad: an address, 0 = none; action: of lp_lsda_action(), 0 = none */
/* filter: > 0 a type that is caught, < 0 a list of those that may pass, 0 a cleanup; next: the action behind it, 0 = none. */
struct lp_lsda_action { int64_t filter; uint64_t next; };
/* addr: of the type's description, or of a word that holds that (indirect); 0 = any type. */
struct lp_lsda_type { uint64_t addr; bool indirect; };

/* At r, of a function that begins at `start`. False: it is malformed. */
bool lp_lsda_read(struct lp_cfi_reader r, uint64_t start, struct lp_lsda *out);
/* False: the function has none, or it is malformed. */
bool lp_elf_lsda(const lp_elf *elf, const struct lp_fde *f, struct lp_lsda *out);
/* False: there are no more, or (sites.bad) the table is cut. */
bool lp_lsda_site(struct lp_lsda *l, struct lp_lsda_site *out);
/* Are the place and its landing pad in the function [start, start + size)? */
bool lp_lsda_site_within(const struct lp_lsda_site *s, uint64_t start, uint64_t size);
bool lp_lsda_action(const struct lp_lsda *l, uint64_t action, struct lp_lsda_action *out);
bool lp_lsda_type(const struct lp_lsda *l, uint64_t number, struct lp_lsda_type *out);
unsigned lp_lsda_type_size(const struct lp_lsda *l); /* of each, in bytes; 0: they have none that is known */
/* Where the table ends, and the largest number of a type that it names; tables of no more than LP_LSDA_STEPS actions. False: it is malformed, or longer. */
enum { LP_LSDA_STEPS = 1 << 20 };
bool lp_lsda_extent(struct lp_lsda l, uint64_t *end, uint64_t *types);
/* The list of a filter below 0: numbers of types, until 0. */
bool lp_lsda_list(const struct lp_lsda *l, int64_t filter, struct lp_cfi_reader *out);
/* The FDE with the personality routine that reads the table of a new body: that of the old body [start, end) (start = end: there is none), if it has one, or
 * the first of the file that has. False: none has. */
bool lp_elf_lsda_reader(const lp_elf *elf, uint64_t start, uint64_t end, struct lp_fde *out);
#endif
