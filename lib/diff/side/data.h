/* diff/side/data.h - one file: what its data are: where pieces begin and end, texts, numbers, addresses, distances. */
#ifndef LP_DIFF_SIDE_DATA_H
#define LP_DIFF_SIDE_DATA_H
#include "diff/side/side.h"

/* ---- pieces.c ---- */
void lp_diff_pieces(struct lp_side *s);
/* ---- reading.c ---- */
/* Does nothing say which words of data are addresses? */
bool lp_side_guesses(const struct lp_side *s);
/* The address that a word of data holds, or may hold where nothing says so; 0 = none, or an import's. */
uint64_t lp_held_at(const struct lp_side *s, uint64_t at);
/* Makes the list of what code touches. */
void lp_side_touch(struct lp_side *s);
/* A text of two letters or more, with the end of another in front of it. */
bool lp_begins_text(const struct lp_side *s, uint64_t at);
enum lp_likeness { LP_LIKE_NO, LP_LIKE_PERHAPS, LP_LIKE_PLAINLY };
enum lp_likeness lp_like_address(const struct lp_side *s, uint64_t at, uint64_t v); /* v is at `at` */
/* Is it certainly no address of anything: neither in the file nor where its last part ends? (Most numbers are so.) */
static inline bool lp_is_far(const struct lp_side *s, uint64_t v)
{
    const size_t own = s->nspan - s->nbrought;
    if (!own || s->nbrought || !s->natom) return false;
    const uint64_t end = s->span[own - 1].end, last = s->atom[s->natom - 1].end;
    return v < s->span[0].start || v > (last > end ? last : end);
}
/* Below where linkers put programs by themselves, numbers are as common as addresses: what begins there says nothing. */
static inline bool lp_is_low(uint64_t v) { return v < 0x200000; }
/* What the value of a word is, of which nothing says it; of a pair of words that are to be the same: what both are. */
enum lp_reading { LP_READ_NUMBER, LP_READ_ADDRESS, LP_READ_EITHER };
enum lp_reading lp_read_word(const struct lp_side *s, uint64_t at, uint64_t v);
enum lp_reading lp_read_number(const struct lp_side *s, const struct lp_ref_at *r); /* of what MOVZ and MOVK make */
enum lp_reading lp_read_words(const struct lp_side *o, uint64_t at, uint64_t v, const struct lp_side *n, uint64_t other, uint64_t w);
/* Length of the text at an address with its 0 byte; 0 = it is no text. */
uint64_t lp_side_text(const struct lp_side *s, uint64_t addr);
bool lp_only_texts(const struct lp_side *s, uint64_t at, uint64_t end); /* and zeros; each ends in front of `end` */
/* ---- texts.c ---- */
bool lp_only_zeros(const struct lp_side *s, uint64_t addr, uint64_t end);
bool lp_are_texts(const struct lp_side *s, uint64_t start, uint64_t end); /* nothing but texts, each to its end, which no numbers are? */
bool lp_begins_long_text(const struct lp_side *s, uint64_t at); /* one that is too long for a number */
/* Where an array of texts ends of so many bytes each as the one that begins there has with the zeros behind it, `most` or a row behind that if it
 * goes on there; `start`: it is none. */
uint64_t lp_rows_end(const struct lp_side *s, uint64_t start, uint64_t most);
/* ---- runs.c ---- */
void lp_find_runs(struct lp_side *s); /* behind PIECES, in front of all else */
bool lp_may_end_at(const struct lp_side *s, uint32_t i); /* is what is in front of this constant one that may end there, and no text? */
bool lp_goes_on(const struct lp_side *s, uint32_t i); /* may the constant in front of this one be one thing with it? */
uint32_t lp_first_of_table(const struct lp_side *s, uint32_t i);
uint32_t lp_last_of_table(const struct lp_side *s, uint32_t i);
uint64_t lp_addresses_in(const struct lp_side *s, uint64_t start, uint64_t end); /* how many words there are that hold addresses, of whole ones */
/* ---- relative.c ---- */
void lp_side_fields(struct lp_side *s); /* makes the list of them */
const struct lp_field_at *lp_side_field(const struct lp_side *s, uint64_t at); /* the one that begins there; NULL = none */
void lp_find_offsets(struct lp_side *s); /* makes their list; behind the cuts of all that refers to data by itself */
/* Where the linker kept nothing: do data look like a table of distances to functions? */
uint64_t lp_may_be_offsets(const struct lp_side *s, const struct lp_atom *a); /* perhaps it is such a table: up to where; 0: it is none */
bool lp_like_distances(const struct lp_side *s, uint64_t start, uint64_t end);
bool lp_may_be_lost(const struct lp_side *s, uint64_t start, uint64_t end); /* a table that code reads of which that is not known */
/* What an address is the start of. */
enum lp_start { LP_START_NONE, LP_START_DATA, LP_START_TEXT, LP_START_FUNC };
enum lp_start lp_start_at(const struct lp_side *s, uint64_t v);
bool lp_is_loose(const struct lp_side *s, uint64_t v); /* code of which nothing says where its functions begin */
uint32_t lp_field_of(const struct lp_side *s, const struct lp_field_at *f); /* the atom whose start its relocation names; LP_NONE = none */
/* ---- extent.c ---- */
static inline bool lp_makes_address(const struct lp_ref_at *r) { return r->kind == LP_FLOW_ADDR && !r->width; }
/* Is it a part of the constant that begins in front of it, whose address was made? Compilers without section anchors of constants (clang) go from one to
 * no other one. */
bool lp_is_inner(const struct lp_side *s, const struct lp_ref_at *r);
/* Are the two the ends of spans of one name, perhaps rounded up? */
bool lp_same_ends(const struct lp_side *o, uint64_t a, const struct lp_side *s, uint64_t b);
/* The same of what functions make twice and compare with itself (crtstuff.c: __TMC_END__ and the list that ends there): what begins there is not meant. */
bool lp_same_ends_twice(const struct lp_side *o, const struct lp_use *u, const struct lp_side *s, const struct lp_use *n);
bool lp_is_end_twice(const struct lp_side *s, const struct lp_atom *f, const struct lp_ref_at *r);
enum { LP_ALL_OF_IT = UINT32_MAX };
/* Makes s->extent: how many bytes of each variable without a name are touched, or LP_ALL_OF_IT. */
void lp_side_extents(struct lp_side *s);
/* How many bytes a piece has: to where the next thing begins. */
uint64_t lp_room(const struct lp_side *s, uint32_t i);
#endif
