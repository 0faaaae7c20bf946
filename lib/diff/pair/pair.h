/* diff/pair/pair.h - of both files: MATCH, what may be which; COMPARE, what is the same; and what no patch can change. No pair makes anything equal. */
#ifndef LP_DIFF_PAIR_PAIR_H
#define LP_DIFF_PAIR_PAIR_H
#include "diff/diff.h"
#include "diff/side/data.h"

/* ---- match.c ---- */
void lp_diff_match(lp_diff *d);
uint64_t lp_body_hash(const struct lp_side *s, uint32_t self); /* of its words, and of what they lead to */
void lp_pair(lp_diff *d, uint32_t a, uint32_t b, enum lp_rule rule);
/* ---- counted.c ---- */
void lp_find_counted(lp_diff *d);
bool lp_same_counted(const struct lp_atom *x, const struct lp_atom *y); /* the same name, but for its number? */
void lp_match_counted_rest(lp_diff *d); /* behind all other rules */
/* ---- numbered.c ---- */
void lp_match_numbered(lp_diff *d);
void lp_match_numbered_rest(lp_diff *d); /* behind COMPARE */
bool lp_same_stem(const struct lp_atom *x, const struct lp_atom *y); /* the same name but for the number at its end? */
/* ---- constant.c ---- */
/* An address of a constant of `o` (the old file, or that with a patch), in its atom a; and one of the new file, in b. One of the two has no name. */
struct lp_constants_asked { const struct lp_side *o; const struct lp_use *u, *n; uint32_t a, b; };
bool lp_same_constant(lp_diff *d, const struct lp_constants_asked *x);
/* For who knows the place, and that so many bytes are all that counts: are they constant there in the old file, and the same, with the patch, too? */
bool lp_is_constant_as(lp_diff *d, uint64_t old, uint64_t addr, uint64_t len);
/* ---- held.c ---- */
/* An address of the old file with the same constant as this use; 0 = none. */
uint64_t lp_old_constant(lp_diff *d, const struct lp_use *u);
void lp_constants_free(lp_diff *d);
/* ---- rest.c ---- */
/* Constants that are the same as far as their atoms go: is that all of them? */
bool lp_same_rest(lp_diff *d, const struct lp_constants_asked *x);
/* ---- around.c ---- */
/* The same: is what is around them, as far as it may be a part of the same table? */
bool lp_same_around(lp_diff *d, const struct lp_constants_asked *x);
bool lp_same_length(const lp_diff *d, const struct lp_side *o, uint32_t a, uint32_t b);
bool lp_part_tables(lp_diff *d);
/* ---- twins.c ---- */
uint64_t lp_twin(lp_diff *d, uint64_t addr); /* the old file's place in the section of constants that holds the same; 0: there is none */
bool lp_are_twins(lp_diff *d, const struct lp_use *u, const struct lp_use *n);
/* ---- compare.c ---- */
void lp_diff_compare(lp_diff *d);
void lp_compare_pair(lp_diff *d, uint32_t i); /* by the old file's */
/* ---- code.c ---- */
/* Is the code of these two atoms equal, references and all, and what they go on in? *why, *at: the first difference. */
bool lp_same_code(lp_diff *d, const struct lp_side *o, uint32_t a, uint32_t b, uint8_t *why, uint32_t *at);
bool lp_same_without_nops(lp_diff *d, uint32_t a, uint32_t b); /* but for NOPs */
bool lp_fall_alike(lp_diff *d, const struct lp_side *o, uint32_t a, uint32_t b); /* do both go on in the same, if they have no end of their own? */
/* One word of each. */
bool lp_same_word(lp_diff *d, uint32_t a, uint64_t off, uint32_t b, uint64_t other);
/* How many words differ, the first `max` offsets of them in off. */
size_t lp_differing_words(lp_diff *d, uint32_t old_atom, uint32_t *off, size_t max);
/* ---- places.c ---- */
/* Of each word, and of the end, how many that are no NOP are in front of it. The caller frees it; NULL = no memory. */
uint32_t *lp_places(const struct lp_side *s, const struct lp_atom *a, uint32_t *count);
/* Are these offsets in the code of a pair the same place? Where one has NOPs that the other one has not, behind those too. */
bool lp_same_place(const struct lp_side *o, uint32_t a, uint64_t off, const struct lp_side *n, uint32_t b, uint64_t other);
/* Where in the old file's one of the pair that place of the new one's is. */
uint64_t lp_old_place(const struct lp_diff *d, const struct lp_atom *b, uint64_t off);
/* ---- completed.c ---- */
bool lp_completes_pages(const struct lp_side *s, uint32_t atom);
/* ---- name.c ---- */
/* Do the two name the same thing? */
bool lp_same_target(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n);
/* In code, but in no function: constants that compilers put there, of which only the content says that they are the same. */
bool lp_same_beside(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n);
/* lp_same_target() of what two filled words hold. */
bool lp_same_slot(lp_diff *d, const struct lp_side *o, const struct lp_word_at *u, const struct lp_word_at *n);
bool lp_surely_ending(const struct lp_side *s, const struct lp_use *u); /* the end (lp_ending()), without doubt */
/* ---- front.c ---- */
/* The array that begins a little behind an address to which an index is added: is it meant, or that in which the address is? LP_NONE = none. */
uint32_t lp_behind(const struct lp_side *s, const struct lp_use *u);
/* Is it meant without doubt: is the use an access with an index, in front of an address that is made? (GCC reaches what is in front of a section anchor so,
 * but of those only the first is where a block of data begins, and the next one 4096 bytes behind it.) */
bool lp_surely_behind(const struct lp_side *s, const struct lp_use *u);
/* Are both that may be meant there, what is at the address and what is behind it? Then it is all the same which one is: what is at the address is compared. */
bool lp_is_either(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n);
/* Constants that begin within that reach behind an address, from atom `first` on: how far the last of them goes. 0: something else does, too. */
uint64_t lp_constants_behind(const struct lp_side *s, uint64_t addr, uint32_t first);
/* ---- suppose.c ---- */
/* Pairs of data are supposed while two functions are compared, and kept if that shows them equal. */
bool lp_suppose(lp_diff *d, const struct lp_side *o, uint32_t a, uint32_t b);
void lp_suppose_keep(lp_diff *d, bool keep);
void lp_suppose_back(lp_diff *d, size_t to); /* all but the first `to` */
/* Of what has been supposed from `before` on, the pair of a, which stood there for the time being; and all of it if it has shown nothing. */
void lp_suppose_forget(lp_diff *d, size_t before, uint32_t a, bool same);
/* ---- overwritten.c ---- */
/* Does the patch write other bytes over these constants of the old file? Then they are no longer what they were found to be. */
bool lp_overwritten(const lp_diff *d, uint64_t addr, uint64_t len);
bool lp_any_overwritten(const lp_diff *d, uint64_t addr, uint64_t end); /* the same of several pieces */
/* ---- joined.c ---- */
uint32_t lp_head_of(const lp_diff *d, uint32_t new_atom); /* the first of what it comes along together with */
void lp_forget_heads(lp_diff *d); /* in front of each round: what is joined in one stays so in it */
/* ---- chosen.c ---- */
/* Of a use of an address: how far from there is what numbers that are added may lead to? False: nothing is. */
struct lp_chosen { int64_t off[32]; unsigned n; bool more; };
bool lp_chosen(const struct lp_side *s, const struct lp_use *u, struct lp_chosen *c);
/* Is all that is so far from the new file's address the same in both? */
bool lp_same_chosen(lp_diff *d, const struct lp_side *o, const struct lp_use *u, const struct lp_use *n);
/* ---- sibling.c ---- */
/* Does something begin there, or go on, that is more than what fills the room up to a variable that is aligned? */
bool lp_begins_at(const struct lp_side *s, uint64_t addr);
struct lp_stepped;
/* Is the address which this use makes of an array beside it, where what goes through that in steps stops or starts? */
bool lp_passed(const struct lp_side *s, const struct lp_use *u, struct lp_stepped *out);
/* Where a text ends of which the function has the address, too: *first. */
bool lp_ends_text(const struct lp_side *s, const struct lp_use *u, uint64_t *first);
bool lp_ends_alike(const struct lp_side *o, uint64_t at, const struct lp_side *s, uint64_t end); /* nor is there in `o` what only begins with a byte of 0? */
/* The object that ends at an address which this use makes, if its function refers to that, too: is it its end, or what begins there? LP_NONE = none. */
uint32_t lp_ending(const struct lp_side *s, const struct lp_use *u);
bool lp_is_bare_end(const struct lp_side *s, const struct lp_use *u); /* with nothing but padding behind it */
uint32_t lp_array_to(const struct lp_side *s, uint64_t addr); /* the same, whoever uses it */
/* In the new file: the object that is meant by an address at its end, where something else begins, or in front of it, in something else: LP_NONE = that
 * something, by the way it is used. *unsure: it may be either. */
uint32_t lp_meant(const lp_diff *d, const struct lp_use *u, bool *unsure);
/* Is something new where an array ends, whose address somebody has to compare it with? */
bool lp_came_there(const lp_diff *d, const struct lp_use *n);
bool lp_is_used_else(const struct lp_side *s, uint32_t function, uint32_t object); /* by another function than this one? */
/* Of an address that is the end of the object, and another one: do calls get the two in one another's stead, never at once? */
bool lp_are_handed_apart(const struct lp_side *s, const struct lp_use *u, uint32_t object);
/* ---- same.c ---- */
/* Bytes of both files. */
struct lp_twice { uint64_t o, n, len; const uint8_t *p, *q; };
/* Are n bytes of data equal, addresses by what they name? *at: the first difference. */
bool lp_same_data(lp_diff *d, const struct lp_side *s, uint64_t o, uint64_t n, uint64_t len, uint64_t *at);
/* Have a datum of the old file and one of the new one the same size and content? Not so of b and its pair: lp_datum_changed(). */
bool lp_same_datum(lp_diff *d, const struct lp_atom *a, const struct lp_atom *b);
bool lp_datum_changed(lp_diff *d, const struct lp_atom *b);
/* A word that the file says nothing about, in an aligned place of a position-dependent program, is one if it may be an address; else it is two, or more. */
bool lp_is_one_word(const lp_diff *d, const struct lp_side *s, const struct lp_twice *t, uint64_t i);
/* ---- led.c ---- */
/* Where one of the two files has one: do both lead to the same? p, q: their bytes. */
bool lp_same_field(lp_diff *d, const struct lp_side *s, uint64_t o, uint64_t n, const uint8_t *p, const uint8_t *q);
/* Where no relocation says so: is the byte at `off`, which differs, part of 4 bytes (or of *width), *at, that lead to the same in both? MAYBE: perhaps so, or
 * perhaps they are numbers. */
enum lp_led { LP_LED_NOT, LP_LED_MAYBE, LP_LED_SAME };
enum lp_led lp_find_led(lp_diff *d, const struct lp_side *s, const struct lp_twice *t, uint64_t off, uint64_t *at, unsigned *width);
/* ---- away.c ---- */
/* The places that functions which use a datum of the new file make the addresses of: from each of them its words may be distances. */
const uint64_t *lp_away_bases(lp_diff *d, uint32_t atom, unsigned *n);
bool lp_may_be_away(const struct lp_side *s, uint32_t atom, uint64_t base, enum lp_start what); /* from there to such a thing, in this datum? */
enum lp_led lp_led_away(lp_diff *d, const struct lp_side *s, uint64_t o, uint64_t n, unsigned width, const uint8_t *p, const uint8_t *q);
void lp_away_free(lp_diff *d);
/* ---- room.c ---- */
/* So many bytes of two variables without names are touched; UINT64_MAX: not known. */
uint64_t lp_used(lp_diff *d, uint32_t a, uint32_t b);
/* Are the two of the same size? Of variables without names: as far as they are used. */
bool lp_same_room(lp_diff *d, uint32_t a, uint32_t b);
/* If they are not: may other things just be behind it in the new file? Of more room there, that is a guess (--heuristic). */
bool lp_is_resized(const lp_diff *d, uint32_t a, uint32_t b);
bool lp_other_room(lp_diff *d, uint32_t a, uint32_t b);
/* Zeros that only make what begins at `to` aligned, or data that the other file has, too? */
bool lp_is_something_else(const lp_diff *d, const struct lp_side *s, uint64_t from, uint64_t to);
void lp_remark_rooms(lp_diff *d); /* says which ones were guessed */
/* Of a pair: is there more in the old one behind all that is known to be used than padding? */
bool lp_has_more(lp_diff *d, uint32_t a, uint32_t b);
/* ---- lsda.c ---- */
/* lsda.c: NULL if the exception tables of a pair say the same (or there are none), else what differs. */
const char *lp_exceptions_differ(lp_diff *d, uint32_t old_atom);
/* The same of a body that a patch brings, an atom of `o`, which is the patched old file; NULL: it has none. */
struct lp_lsda;
bool lp_same_handlers(lp_diff *d, const struct lp_side *o, uint32_t atom, const struct lp_lsda *l);
/* ---- unnamed.c ---- */
void lp_pair_in_place(lp_diff *d); /* where all functions are where they were; and whether they are */
void lp_pair_unnamed(lp_diff *d);  /* behind the comparison */
/* Does a function use one of two old variables, and not the other one, of which the new one tells which they are? */
bool lp_told_apart(lp_diff *d, uint32_t x, uint32_t y);
/* Of a variable without a pair: may it be one that the old file has? */
bool lp_may_be_old(lp_diff *d, const struct lp_atom *b);
/* ---- users.c ---- */
/* Of data that had no pair when the first of these was asked. Functions are the new file's, of pairs. */
bool lp_uses(lp_diff *d, int side, uint32_t atom, uint32_t func);
uint32_t lp_next_user(lp_diff *d, int side, uint32_t atom, uint32_t from); /* LP_NONE = no more */
bool lp_share_user(lp_diff *d, uint32_t a, uint32_t b); /* is there a function that uses both, in the old file and in the new one? */
bool lp_is_other_thing(lp_diff *d, uint32_t a, uint32_t b); /* both are used, and there is none */
void lp_usage_free(struct lp_usage *u);
/* ---- exchange.c ---- */
bool lp_find_exchanged(lp_diff *d); /* some in-place pairs are others now: what changed is to be compared again */
/* ---- traded.c ---- */
void lp_remark_traded(lp_diff *d);
/* ---- steady.c ---- */
bool lp_find_steady(lp_diff *d); /* behind unnamed.c; true: what is in a section is known by its place, now */
bool lp_same_steady(const struct lp_side *o, const struct lp_atom *x, const struct lp_side *s, const struct lp_atom *y); /* are both in one? */
/* Where an address in b is in the old file; 0: b is in no such section. */
uint64_t lp_steady_place(const lp_diff *d, const struct lp_atom *b, uint64_t addr);
/* ---- slots.c ---- */
bool lp_match_slots(lp_diff *d); /* functions that only tables have are pairs now: what changed is to be compared again */
/* ---- shared.c ---- */
bool lp_pair_shared(lp_diff *d); /* behind all that pairs variables: what changed is to be compared again */
/* ---- threads.c ---- */
void lp_diff_threads(lp_diff *d); /* E160 of thread-local variables without names */
/* ---- line.c ---- */
/* line.c: of a function in which only numbers differ. */
enum lp_line_proof { LP_LINE_NOT, LP_LINE_LIKELY, LP_LINE_PROVED };
enum lp_line_proof lp_line_proof(lp_diff *d, uint32_t old_atom, int64_t *delta);
void lp_remark_lines(lp_diff *d); /* of what is left out, by proof or on request */
/* ---- loader.c ---- */
/* Behind CLOSE: what runs by itself, names and sections, of which a patch changes nothing. */
void lp_diff_loader(lp_diff *d);
/* ---- started.c ---- */
void lp_remark_started(lp_diff *d); /* what a running program does not run again */
/* ---- terms.c ---- */
void lp_diff_terms(lp_diff *d); /* the same of headers and the dynamic section */
/* ---- exports.c ---- */
void lp_diff_exports(lp_diff *d);
/* Its words of the new file that hold the address of what only that exports: they are its own. */
void lp_diff_owned(lp_diff *d);
bool lp_same_version(const struct lp_dynsym *a, const struct lp_dynsym *b); /* or one of the two has none */
/* exports.c: the library's own symbol of this name that other objects find, and the dynamic linker, too, where a slot or a word of data has it by name. */
const struct lp_dynsym *lp_old_export(const lp_diff *d, const char *name, const char *version);
/* What a word leads to in the file itself, by its address, or by a name that others find, too; 0 = nothing. */
uint64_t lp_word_own(const struct lp_word_at *w);
/* ---- bounds.c ---- */
void lp_diff_bounds(lp_diff *d);
#endif
