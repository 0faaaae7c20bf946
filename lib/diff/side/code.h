/* diff/side/code.h - one file: what the words of its functions say, and how these go on, REFS. */
#ifndef LP_DIFF_SIDE_CODE_H
#define LP_DIFF_SIDE_CODE_H
#include "diff/side/side.h"

/* ---- refs.c ---- */
/* B, BL, B.cond, CBZ ... TBNZ. */
bool lp_word_is_branch(uint32_t word);
/* Branches, ADR, literal loads, and not many others. */
static inline bool lp_word_may_lead(uint32_t w)
{
    return (w & 0x1c000000) == 0x14000000 || lp_a64_is_adr(w) || lp_a64_is_load_literal(w);
}
/* The target of a branch, ADR or literal load; *mask: its field. */
bool lp_word_target(uint32_t word, uint64_t pc, uint64_t *target, uint32_t *mask);
/* What all functions together tell the dataflow of each; anew where their code is another one. */
void lp_side_survey(struct lp_side *s);
/* One atom's code for a survey; false: it has none. */
bool lp_side_part(const struct lp_side *s, const struct lp_atom *a, struct lp_flow_part *part);
bool lp_side_survey_changed(struct lp_side *s, const struct lp_flow_survey *old, const struct lp_flow_changes *c); /* lp_flow_survey_changed() */
/* The words of a function and its parts. */
enum { LP_MOST_PARTS = 8 };
struct lp_parts { struct lp_flow_part part[LP_MOST_PARTS]; uint32_t atom[LP_MOST_PARTS]; size_t n; };
struct lp_parts lp_parts_of(const struct lp_side *s, uint32_t atom);
/* ---- pads.c ---- */
struct lp_pads { struct lp_flow_pad *v; size_t n, cap; };
void lp_pads_of(const struct lp_side *s, const struct lp_parts *x, struct lp_pads *out); /* none: it has no exception table, or what that says is not known */
void lp_pads_free(struct lp_pads *p);
bool lp_same_pads(const struct lp_pads *p, uint64_t at, const struct lp_pads *q, uint64_t other); /* of functions at these addresses */
/* Their references: those of the file's relocations, else by dataflow. same: NULL, or a file in which the dataflow finds the same for y, if it looks at no
 * data that is in code; true: it has them, too. twin: y is elsewhere (lp_flow_input.twin). */
bool lp_refs_of(struct lp_side *s, const struct lp_parts *x, struct lp_side *same, const struct lp_parts *y, bool twin);
void lp_refs_function(struct lp_side *s, uint32_t atom);
/* Only what a function has in registers where others go on (lp_flow_input.holds). False: no memory, s->nomem; else the caller frees it. */
bool lp_holds_of(struct lp_side *s, uint32_t atom, struct lp_flow *out);
/* ---- lent.c ---- */
void lp_side_lent(struct lp_side *s); /* behind all references */
/* Pages that are made in one function and completed in another, of this one's: which, with whom, and whether it is the one that completes them. */
enum { LP_LENT_PAGES = 64 };
struct lp_lent_pages { struct lp_lent_page { uint64_t page, with; bool borrowed; } v[LP_LENT_PAGES]; unsigned n; bool more; };
void lp_lent_pages(const struct lp_side *s, uint32_t atom, struct lp_lent_pages *p);
/* ---- returns.c ---- */
/* The PLT entry that a call of this address gets to, through veneers; LP_NONE = none. */
uint32_t lp_entry_at(const struct lp_side *s, uint64_t addr);
/* Does a call of this address, which no function begins at, come back? */
bool lp_side_returns(const struct lp_side *s, uint64_t addr);
/* The same while the survey is there: a library may call what it exports (event_errx()) through an entry that is not known by its name. (Another object's
 * function of that name is declared alike.) */
bool lp_side_comes_back(const struct lp_side *s, uint64_t addr);
void lp_note_ends(struct lp_side *s);
bool lp_is_known_to_end(const struct lp_side *s, uint64_t addr); /* by its name */
/* ---- ending.c ---- */
/* What calls say of each import, and what is left of that if the other file is asked, too. */
void lp_side_ending(struct lp_side *s);
void lp_agree_on_endings(struct lp_side *o, struct lp_side *n);
bool lp_is_ending(const struct lp_side *s, const char *name);
/* ---- fall.c ---- */
/* Does a function go on in what is behind it, *to? PERHAPS: if a call at its end comes back, or something that is not seen leads to its last words. */
enum lp_fall { LP_FALL_NONE, LP_FALL_PERHAPS, LP_FALL_SURELY };
bool lp_ends_way(uint32_t word); /* a jump, or what does not go on in the next word for another reason; calls do */
enum lp_fall lp_falls(const struct lp_side *s, uint32_t atom, uint64_t *to);
/* Is a branch in `a` a call that does not come back, as it leads to the start of another function, which knows of nothing but arguments? (A .cold part has the
 * registers of its function, and the other way round.) */
bool lp_is_tail_call(const struct lp_side *s, const struct lp_atom *a, uint32_t word, uint64_t to);
/* ---- field.c ---- */
/* The immediate offset of ADD, SUB, loads and stores, as a signed number of bytes; *bits: of the field, scale: of its unit. */
bool lp_word_offset(uint32_t w, int64_t *off);
/* By how much a load or store moves its base on behind the access (post-index); 0 = it does not. */
int64_t lp_word_back(uint32_t w);
bool lp_word_set_offset(uint32_t *w, int64_t off);
const char *lp_word_lo12_name(uint32_t w); /* the relocation of its offset in a page; NULL = it has none */
#endif
