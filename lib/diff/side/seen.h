/* diff/side/seen.h - what words and functions do with registers, kept for those that walk through code. By one thread at a time, as all of a side. */
#ifndef LP_DIFF_SEEN_H
#define LP_DIFF_SEEN_H
#include "a64/regs.h"
#include "diff/side/side.h"

struct lp_seen *lp_seen_new(void);
void lp_seen_free(struct lp_seen *seen);
/* Does a function refer to something of it? */
bool lp_refers_into(const struct lp_side *s, uint32_t self, const struct lp_atom *x);
/* leads: it may go elsewhere than to the next word, or is undefined. */
struct lp_seen_word { uint32_t word; struct lp_a64_regs regs; uint16_t row; bool there, leads; };
/* Until the next one is asked for. */
const struct lp_seen_word *lp_seen_word(const struct lp_side *s, uint32_t w);
/* Has the word nothing to do with these registers? */
static inline bool lp_seen_passes(const struct lp_seen_word *x, uint32_t mask) { return !x->leads && !((x->regs.read | x->regs.write) & mask); }
/* What a function does with registers: reads as it finds them; and if it is no more than a row of words that returns (whole), changes. Compilers know that
 * of functions that they see, and keep values in the registers that those leave alone. seen: there is one. */
struct lp_callee { bool seen, whole; uint32_t read, write; };
struct lp_callee lp_seen_callee(const struct lp_side *s, uint64_t target);
bool lp_seen_stops(const struct lp_side *s, uint64_t target); /* a function of this file whose calls surely do not come back */
/* reading.c: the text that was looked at last, with its 0. */
struct lp_seen_text { uint64_t from, end; };
struct lp_seen_text *lp_seen_text(const struct lp_side *s);
/* Has a function a jump to a register that is no return, as labels need whose addresses are kept? */
bool lp_seen_jumps(const struct lp_side *s, const struct lp_atom *a);
/* sibling.c: of each atom, who refers to it; NULL until it is asked. */
uint32_t **lp_seen_users(const struct lp_side *s);
/* bound.c: the branches of a function; NULL until they are asked for. */
struct lp_search;
struct lp_search **lp_seen_search(const struct lp_side *s);
void lp_search_free(struct lp_search *x);
/* steps.c: the same of pointers that go through arrays. */
struct lp_steps;
struct lp_steps **lp_seen_steps(const struct lp_side *s);
void lp_steps_free(struct lp_steps *x);
/* frame.c: the function that was looked at last; size -1: it has none that is understood. */
struct lp_seen_frame { uint64_t start, end; int64_t size, fp; };
struct lp_seen_frame *lp_seen_frame(const struct lp_side *s);
/* places.c: of a function, by word, how many instructions but NOPs are in front of it; place NULL: not asked yet. */
struct lp_seen_places { uint64_t start, end; uint32_t *place; };
struct lp_seen_places *lp_seen_places(const struct lp_side *s);
/* negative.c: of the function that was asked about last, the references that go back; ref NULL: none was. */
struct lp_seen_back { const struct lp_ref_at *ref; uint32_t nref, n, *v; };
struct lp_seen_back *lp_seen_back(const struct lp_side *s);
/* What has been found out of a word of the text that makes an address: is a number added to it (choice.c), an index, an index of elements that are larger than
 * a byte (uses.c), does a call that gets it read there (readers.c)? One rule for all: an answer is told if it is so for whoever asks, however much of what is
 * there he means, and wherever that ends. So whoever finds it may tell it, and nobody takes it back. */
enum lp_seen_question { LP_SEEN_ADDED, LP_SEEN_INDEXED, LP_SEEN_WIDE, LP_SEEN_GIVEN, LP_SEEN_QUESTIONS };
enum lp_seen_answer { LP_SEEN_NO, LP_SEEN_YES, LP_SEEN_UNKNOWN };
enum lp_seen_answer lp_seen_of(const struct lp_side *s, uint64_t at, enum lp_seen_question what);
void lp_seen_tell(const struct lp_side *s, uint64_t at, enum lp_seen_question what, enum lp_seen_answer is); /* UNKNOWN: nothing */
/* ---- live.c ---- */
/* Of each word of a function, and of its end: which registers (bit n: Xn) may be read from there on as they are in front of it. The caller frees it; NULL = no
 * memory. */
uint32_t *lp_live_registers(const struct lp_side *s, uint32_t atom);
uint32_t lp_changed_registers(const struct lp_side *s, uint32_t atom); /* by a word of the function itself */
/* ---- fate.c ---- */
/* What becomes of an address in one of these registers, on any way from there: an index is added, of elements larger than a byte, it is read or written
 * there, compared; one is added however far it leads; it gets away, so that it is no mere base; a word has to do with it. */
enum lp_fate_kind { LP_FATE_INDEXED, LP_FATE_READ, LP_FATE_WIDE, LP_FATE_COMPARED, LP_FATE_FREE, LP_FATE_AWAY, LP_FATE_USED, LP_FATES };
struct lp_fate { uint32_t is[LP_FATES]; };
struct lp_fates_kept;
struct lp_fates_kept **lp_seen_fates(const struct lp_side *s); /* NULL until they are asked for */
void lp_fates_free(struct lp_fates_kept *k);
void lp_fates_forget(const struct lp_side *s); /* they are made again when they are asked for */
#endif
