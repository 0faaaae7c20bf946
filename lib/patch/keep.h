/* patch/keep.h - words of the old body that a new one keeps (`= +0xOFF N`, `~ +0xOFF N`), and where what they refer to is then. */
#ifndef LP_PATCH_KEEP_H
#define LP_PATCH_KEEP_H
#include "elf/cfi.h"
#include "patch/model.h"

/* The relocation that fills the field of a word that is relative to the PC; NULL: it is not. */
const struct lp_reloc *lp_word_reloc(uint32_t word);

/* A word of a run that is kept with other registers. False: which ones it names is not known. */
bool lp_rename_word(const uint8_t *to, uint32_t *word);

/* Of each word of the old body, which word of the new one it is. */
struct lp_keep_map { uint32_t *where; size_t n; };
/* False: no memory. */
bool lp_keep_map(struct lp_keep_map *k, const struct lp_change *body, size_t nbody, uint64_t old_size);
void lp_keep_map_free(struct lp_keep_map *k);
/* Of each of n words of the new body, which word of the old one it is, or LP_CFI_NEW; freed by the caller. NULL: no memory. */
uint32_t *lp_keep_from(const struct lp_change *body, size_t nbody, size_t n);
/* Where a kept word, in the run `c` that is at word `run` of the new body, leads that led to `to` of the old body; both in bytes. */
enum lp_keep_how {
    LP_KEPT,          /* to *place */
    LP_KEPT_NOWHERE,  /* the new body has not that place */
    LP_KEPT_TWICE,    /* it has several */
    LP_KEPT_START,    /* to the start, which may mean the function or the place, and these are two */
    LP_KEPT_DATA,     /* it is no branch */
};
enum lp_keep_how lp_keep_target(const struct lp_keep_map *k, uint32_t word, const struct lp_change *c, uint32_t run, uint64_t to, uint64_t *place);

/* The words of the old body, which is at `old`, and those that a walk through them has seen and has still to look at. */
struct lp_keep_walk { uint64_t old; size_t n; uint32_t *word, *todo; bool *seen; size_t ntodo; };
bool lp_keep_walk_new(struct lp_keep_walk *k, uint64_t old, size_t n); /* false: no memory; it is to be freed all the same. The caller fills `word` */
void lp_keep_walk_free(struct lp_keep_walk *k);
/* Word i is an ADRP. Is there a way in the old body from there to a word that is kept and uses a place of the body, *place bytes from its start, by the page?
 * Calls are thought to come back, all of them. */
bool lp_keep_page_is_body(const struct lp_keep_map *map, struct lp_keep_walk *k, size_t i, uint64_t *place);
#endif
